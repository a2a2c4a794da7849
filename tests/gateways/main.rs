//! Payment gateways, tried against the port's rules.
//!
//! `contract` holds what every gateway has to keep, whichever it is. What is peculiar to one is beside it. The remote ones
//! speak to a server that plays them; where a fault matters more than a life (`faults`, `secrets`), to a stub that says
//! exactly what the test wants.
//!
//! A name like `c10_17_...` says which case of the payments' test matrix it proves.

mod bank;
mod bodies;
mod contract;
mod deliveries;
mod faults;
mod kit;
mod midtrans;
mod midtrans_cards;
mod midtrans_refunds;
mod secrets;
mod stage;
mod stub;
mod wallet;
mod webhooks;
mod xendit;
