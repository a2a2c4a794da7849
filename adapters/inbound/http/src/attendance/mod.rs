//! Events that people attend, tickets, and the door.

mod checkins;
mod events;
mod live;
mod report;
mod tickets;
mod wire;

pub use checkins::CheckinsApi;
pub use events::AttendedEventsApi;
pub use report::AttendanceApi;
pub use tickets::TicketsApi;
