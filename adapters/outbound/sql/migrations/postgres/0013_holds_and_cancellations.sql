-- What suppliers are asked to keep before it is paid, and what a cancellation would pay back.

ALTER TABLE bookings DROP CONSTRAINT bookings_status_check;
ALTER TABLE bookings ADD CONSTRAINT bookings_status_check CHECK (status IN ('QUOTED', 'HOLDING', 'HELD', 'LAPSED',
    'COMMITTING', 'UNKNOWN', 'FULFILLED', 'FAILED', 'CANCELLING', 'CANCELLED'));
ALTER TABLE bookings ADD COLUMN cancellation jsonb;
