//! Attendance: events and ticket types, tickets, scans, and the keys that sign codes.

mod checkin_row;
mod checkins;
mod events;
mod keys;
mod queries;
mod tickets;
