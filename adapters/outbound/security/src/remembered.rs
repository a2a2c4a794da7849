//! Tokens that were found good once need not be computed again.
//!
//! A token is a proof by itself: the same bytes say the same thing until they expire, and nothing revokes an access token
//! before that. Checking a signature is a good part of a short request, so what was good is remembered under the whole
//! token; only its deadline is looked at again. What was refused is not remembered, so nobody can fill the memory with
//! inventions.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use dermaga_ports::{
    auth::{AccessToken, Claims, Role, TokenError, TokenIssuer},
    ids::{SessionId, UserId},
    time::Timestamp,
};

/// Tokens that are remembered: a few megabytes.
const REMEMBERED: usize = 16_384;

/// The port over another issuer.
pub struct RememberedTokens<I> {
    issuer: I,
    good: RwLock<HashMap<Box<str>, Claims>>,
}

impl<I: TokenIssuer> RememberedTokens<I> {
    /// Remembers what `issuer` found good.
    pub fn of(issuer: I) -> Self {
        Self { issuer, good: RwLock::default() }
    }
}

impl<I: TokenIssuer> TokenIssuer for RememberedTokens<I> {
    fn issue(&self, user: UserId, role: Role, session: SessionId, now: Timestamp) -> AccessToken {
        self.issuer.issue(user, role, session, now)
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if let Some(claims) = self.good.read().unwrap_or_else(PoisonError::into_inner).get(token) {
            return if now < claims.expires_at { Ok(claims.clone()) } else { Err(TokenError::Expired) };
        }
        let claims = self.issuer.verify(token, now)?;
        let mut good = self.good.write().unwrap_or_else(PoisonError::into_inner);
        if good.len() >= REMEMBERED {
            good.clear();
        }
        good.insert(token.into(), claims.clone());
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use uuid::Uuid;

    use super::*;

    /// Takes one token as good for ten seconds, and counts how often it is asked.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    impl TokenIssuer for Counting {
        fn issue(&self, _: UserId, _: Role, _: SessionId, _: Timestamp) -> AccessToken {
            AccessToken { token: "good".to_owned(), expires_in: Duration::from_secs(10) }
        }

        fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            match token {
                "good" if now < moment(10) => Ok(Claims {
                    user: UserId(Uuid::from_u128(1)),
                    role: Role::User,
                    session: SessionId(Uuid::from_u128(2)),
                    issued_at: moment(0),
                    expires_at: moment(10),
                }),
                "good" => Err(TokenError::Expired),
                _ => Err(TokenError::Invalid),
            }
        }
    }

    #[test]
    fn a_good_token_is_computed_once_and_still_expires() {
        let tokens = RememberedTokens::of(Counting::default());
        let first = tokens.verify("good", moment(1));
        assert_eq!(tokens.verify("good", moment(9)), first);
        assert_eq!(tokens.issuer.0.load(Ordering::SeqCst), 1);
        assert_eq!(tokens.verify("good", moment(10)), Err(TokenError::Expired));
    }

    #[test]
    fn a_refused_token_is_refused_anew_every_time() {
        let tokens = RememberedTokens::of(Counting::default());
        tokens.verify("good", moment(1)).expect("good");
        for (times, wrong) in ["goo", "good ", "GOOD", ""].into_iter().enumerate() {
            assert_eq!(tokens.verify(wrong, moment(1)), Err(TokenError::Invalid));
            assert_eq!(tokens.issuer.0.load(Ordering::SeqCst), times + 2);
        }
        assert_eq!(tokens.good.read().expect("no panic").len(), 1);
    }

    #[test]
    fn the_memory_has_an_end() {
        let tokens = RememberedTokens::of(Counting::default());
        let claims = tokens.verify("good", moment(1)).expect("good");
        let many = (0..REMEMBERED).map(|n| (n.to_string().into_boxed_str(), claims.clone()));
        *tokens.good.write().expect("no panic") = many.collect();
        tokens.verify("good", moment(1)).expect("good");
        assert_eq!(tokens.good.read().expect("no panic").len(), 1);
    }
}
