//! Trips over a real database, with the real suppliers' adapters before a server that plays the suppliers, and time in
//! the test's hands.
//!
//! What the adapters make of each answer is in `suppliers`, and what a person sees over HTTP in `flows`; here is what
//! becomes of the booking, its order and the money, whatever goes wrong in between. After each test our bookings, the
//! suppliers' own and the gateway's have to agree ([`audit`]).

mod audit;
mod cancelling;
mod carriers;
mod changes;
mod deeds;
mod each_kind;
mod holds;
mod hosts;
mod journeys;
mod lost;
mod odd;
mod people;
mod refusals;
mod simulation;
mod trips;
mod world;
