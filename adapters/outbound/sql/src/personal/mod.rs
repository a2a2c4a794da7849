//! Personal data at rest: what the database keeps of it can be read only with a key that the database does not have.
//!
//! # Shape
//! [`PersonalKeys`] is the ring of keys that an operator gives. `sealed` turns one value into bytes and back; a value
//! knows its column and its row, so it cannot be put anywhere else. `rotation` writes everything anew under the first
//! key of the ring. The repositories call `seal` and `open` where they make columns and records.
//!
//! # What is found without being read
//! An e-mail address is unique and people log in with it. Beside its sealed value stands a digest under a key of its
//! own (HMAC-SHA-256): the same for the same address, and worthless to whoever has only the database.

mod keys;
mod rotation;
mod sealed;

pub use keys::PersonalKeys;
pub use rotation::Rotation;
pub(crate) use sealed::Column;
