//! What keeps accounts safe: passwords, tokens and the sources of what nobody may guess.
//!
//! Everything cryptographic here is somebody else's well-kept library; this crate chooses the parameters and refuses
//! the choices that a caller or a token should not have: no algorithm by header, no short secret, no answer that takes
//! a different time for an account that does not exist.
//!
//! The clock, the ids and the randomness of the machine are adapters too, and this is the only crate that may touch
//! them (`clippy.toml` bans them elsewhere).

mod offers;
mod passwords;
mod remembered;
mod system;
mod tickets;
mod tokens;

pub use offers::HmacSeal;
pub use passwords::{Argon2Hasher, HashingCost};
pub use remembered::RememberedTokens;
pub use system::{OsSecrets, SystemClock, UuidV7Ids};
pub use tickets::Ed25519Signer;
pub use tokens::{JwtIssuer, MIN_SECRET, WeakSecret};
