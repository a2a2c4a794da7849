//! Use cases over a real database, with the outside world played: the gateway and the clock do what the test says.
//!
//! What a person meets over HTTP is in `flows`; here is what a person cannot make happen on purpose: a gateway that
//! does not answer, a process that dies between two steps, a deadline that passes.

mod at_once;
mod bills;
mod bookings;
mod by_hand;
mod claims;
mod crossings;
mod deadlines;
mod desk;
mod door;
mod house_of_events;
mod identity;
mod notifications;
mod order_money;
mod orders;
mod oversell;
mod payments;
mod refunds;
mod repeats;
mod reports;
mod roll_ups;
mod shop;
mod supplier;
mod tickets;
mod topups;
mod webhooks;
