//! What is bought from suppliers, over HTTP.

mod api;
mod inbox;
mod ppob;
mod wire;

pub use api::BookingsApi;
pub use inbox::SupplierInboxApi;
pub use ppob::PpobApi;
