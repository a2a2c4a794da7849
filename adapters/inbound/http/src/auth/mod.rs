//! Accounts and logins over HTTP.

mod login;
mod roles;
mod users;
mod wire;

pub use login::LoginApi;
pub use roles::RolesApi;
pub use users::UsersApi;
