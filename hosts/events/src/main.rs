//! The events host: events, tickets and check-in at the door.

fn main() {}
