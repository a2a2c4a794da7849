//! Accounts of people, their logins and the brake on guessing.

mod sessions;
mod throttles;
mod users;
