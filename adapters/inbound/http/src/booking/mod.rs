//! What is bought from suppliers, over HTTP.

mod api;
mod bills;
mod cancelling;
mod ferries;
mod flights;
mod hotels;
mod inbox;
mod journey;
mod papers;
mod people;
mod policy;
mod ppob;
mod then;
mod voucher;
mod wire;

pub use api::BookingsApi;
pub use cancelling::CancellingApi;
pub use ferries::FerriesApi;
pub use flights::FlightsApi;
pub use hotels::HotelsApi;
pub use inbox::SupplierInboxApi;
pub use ppob::PpobApi;
pub use voucher::VouchersApi;
