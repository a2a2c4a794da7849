//! What a host can do besides serving.

mod admin;
mod demo;
mod migrate;
mod openapi;
mod rotate;
mod verify;

pub use admin::create_admin;
pub use demo::reset_demo;
pub use migrate::migrate;
pub use openapi::openapi;
pub use rotate::rotate_personal_data;
pub use verify::verify;
