//! Passwords: Argon2id, off the threads that serve requests.
//!
//! A hash costs memory and time on purpose. As many run at once as there are cores; the others wait in a queue instead
//! of taking the memory of all of them together.

use std::{fmt, sync::Arc, thread};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher as _, PasswordVerifier as _, phc},
};
use async_trait::async_trait;
use dermaga_ports::auth::{PasswordError, PasswordHash, PasswordHasher};
use tokio::{sync::Semaphore, task};

/// How dear a hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingCost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes that could run in parallel.
    pub lanes: u32,
}

impl HashingCost {
    /// The least that Argon2 accepts. For tests: it protects nothing.
    pub const CHEAPEST: Self = Self { memory: 8, passes: 1, lanes: 1 };
}

impl Default for HashingCost {
    /// What OWASP recommends: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory: 19 * 1_024, passes: 2, lanes: 1 }
    }
}

/// Passwords in Argon2id.
#[derive(Clone)]
pub struct Argon2Hasher {
    argon2: Argon2<'static>,
    /// A hash that no password has, at the same cost: what is verified against when there is no account.
    dummy: Arc<str>,
    cores: Arc<Semaphore>,
}

impl Argon2Hasher {
    /// A hasher of that cost. Hashes that were made at another cost are verified at theirs.
    ///
    /// # Errors
    /// [`PasswordError`] for a cost that Argon2 cannot have.
    pub fn new(cost: HashingCost) -> Result<Self, PasswordError> {
        let params = Params::new(cost.memory, cost.passes, cost.lanes, None)
            .map_err(|error| PasswordError(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        // Written down, not computed: starting a host should not cost a hash.
        let (nobody, nothing) = ("bm9ib2R5J3MgYWNjb3VudA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let HashingCost { memory, passes, lanes } = cost;
        let dummy = format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${nobody}${nothing}");
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { argon2, dummy: dummy.into(), cores: Arc::new(Semaphore::new(cores)) })
    }

    /// Runs slow work on a thread that may block, when a core is free.
    async fn run<T, F>(&self, work: F) -> Result<T, PasswordError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, PasswordError> + Send + 'static,
    {
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|error| PasswordError(error.to_string()))?;
        let done = task::spawn_blocking(move || {
            // Held by the work, not by whoever waits for it: a caller that gives up does not free the core.
            let _core = core;
            work()
        });
        done.await.map_err(|error| PasswordError(error.to_string()))?
    }
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher").field("params", self.argon2.params()).finish_non_exhaustive()
    }
}

fn failed(error: password_hash::Error) -> PasswordError {
    PasswordError(error.to_string())
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError> {
        let (argon2, password) = (self.argon2.clone(), password.to_owned());
        self.run(move || {
            let hash: phc::PasswordHash = argon2.hash_password(password.as_bytes()).map_err(failed)?;
            Ok(PasswordHash(hash.to_string()))
        })
        .await
    }

    async fn verify<'a>(&self, password: &str, hash: Option<&'a PasswordHash>) -> Result<bool, PasswordError> {
        let (argon2, password) = (self.argon2.clone(), password.to_owned());
        let exists = hash.is_some();
        let text = hash.map_or_else(|| self.dummy.to_string(), |hash| hash.0.clone());
        self.run(move || {
            let hash = phc::PasswordHash::new(&text).map_err(|error| PasswordError(error.to_string()))?;
            match argon2.verify_password(password.as_bytes(), &hash) {
                Ok(()) => Ok(exists),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(failed(error)),
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn cheap() -> Argon2Hasher {
        Argon2Hasher::new(HashingCost::CHEAPEST).expect("a legal cost")
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let hasher = cheap();
        let hash = hasher.hash("correct horse").await.expect("hashes");
        assert_eq!(hasher.verify("correct horse", Some(&hash)).await, Ok(true));
        for wrong in ["Correct horse", "correct horse ", ""] {
            assert_eq!(hasher.verify(wrong, Some(&hash)).await, Ok(false), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn salts_are_fresh_and_the_cost_is_in_the_hash() {
        let hasher = cheap();
        let (one, other) = (hasher.hash("same").await.expect("hashes"), hasher.hash("same").await.expect("hashes"));
        assert_ne!(one.0, other.0);
        assert!(one.0.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", one.0);
        // A hash from before a change of cost is still good.
        let dearer = Argon2Hasher::new(HashingCost { memory: 16, passes: 2, lanes: 1 }).expect("a legal cost");
        assert_eq!(dearer.verify("same", Some(&one)).await, Ok(true));
        let default = HashingCost::default();
        assert_eq!((default.memory, default.passes, default.lanes), (19_456, 2, 1));
    }

    #[tokio::test]
    async fn nobody_has_no_password_not_even_an_empty_one() {
        for password in ["", "guess"] {
            assert_eq!(cheap().verify(password, None).await, Ok(false), "{password:?}");
        }
    }

    #[tokio::test]
    async fn nobody_takes_as_long_as_somebody() {
        let hasher = Argon2Hasher::new(HashingCost { memory: 2_048, passes: 2, lanes: 1 }).expect("a legal cost");
        let hash = hasher.hash("secret").await.expect("hashes");
        let time = async |hash: Option<&PasswordHash>| {
            let start = Instant::now();
            hasher.verify("guess", hash).await.expect("verifies");
            start.elapsed()
        };
        // By turns, so that whatever else the machine does is in the way of both.
        let (mut somebody, mut nobody) = (Duration::MAX, Duration::MAX);
        for _ in 0..10 {
            somebody = somebody.min(time(Some(&hash)).await);
            nobody = nobody.min(time(None).await);
        }
        // Generous, because machines are busy: without the dummy it would be a hundredth.
        assert!(nobody * 3 > somebody && somebody * 3 > nobody, "{nobody:?} for nobody, {somebody:?} for somebody");
    }

    #[tokio::test]
    async fn a_hash_that_is_none_is_an_error_and_not_a_refusal() {
        let broken = PasswordHash("plain text".to_owned());
        assert!(cheap().verify("plain text", Some(&broken)).await.is_err());
        assert!(Argon2Hasher::new(HashingCost { memory: 0, passes: 0, lanes: 0 }).is_err());
    }

    #[tokio::test]
    async fn hashing_blocks_nobody_else() {
        // One thread serves requests here, and it has something else to do while four passwords are hashed.
        let hasher = Argon2Hasher::new(HashingCost { memory: 8_192, passes: 2, lanes: 1 }).expect("a legal cost");
        let hashes = tokio::spawn(async move {
            for _ in 0..4 {
                hasher.hash("secret").await.expect("hashes");
            }
        });
        let mut turns = 0;
        while !hashes.is_finished() {
            task::yield_now().await;
            turns += 1;
        }
        hashes.await.expect("ends");
        assert!(turns > 10, "{turns}");
    }
}
