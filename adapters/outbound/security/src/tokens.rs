//! Access tokens: JSON web tokens, signed with HS256.
//!
//! The classic holes are closed by saying less: one algorithm, one key, one issuer, whatever a header asks for. The
//! moment comes from the caller, so that the library's own clock and its minute of leeway play no part.

use std::{fmt, time::Duration};

use dermaga_ports::{
    auth::{AccessToken, Claims, Role, TokenError, TokenIssuer},
    ids::{SessionId, UserId},
    time::Timestamp,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The least bytes of a secret: as many as the hash has. A shorter one can be found by trying.
pub const MIN_SECRET: usize = 32;

const ISSUER: &str = "dermaga";
const MICROS: i64 = 1_000_000;

/// A secret that could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret must have at least {MIN_SECRET} bytes")]
pub struct WeakSecret;

/// Issues and reads tokens with one secret that all hosts share.
#[derive(Clone)]
pub struct JwtIssuer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    lifetime: Duration,
}

impl JwtIssuer {
    /// An issuer whose tokens are good for `lifetime`.
    ///
    /// # Errors
    /// [`WeakSecret`] below [`MIN_SECRET`] bytes.
    pub fn new(secret: &[u8], lifetime: Duration) -> Result<Self, WeakSecret> {
        if secret.len() < MIN_SECRET {
            return Err(WeakSecret);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // Against the caller's clock instead, below.
        validation.validate_exp = false;
        Ok(Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            lifetime,
        })
    }
}

impl fmt::Debug for JwtIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtIssuer").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// What is in a token. Whole seconds, as everybody writes them.
#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    sub: Uuid,
    role: Role,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

impl TokenIssuer for JwtIssuer {
    fn issue(&self, user: UserId, role: Role, session: SessionId, now: Timestamp) -> AccessToken {
        let end = (now + self.lifetime).micros();
        let payload = Payload {
            iss: ISSUER.to_owned(),
            sub: user.0,
            role,
            sid: session.0,
            iat: now.micros().div_euclid(MICROS),
            // Rounded up: a token is not good for less than what is said of it.
            exp: end.div_euclid(MICROS) + i64::from(end.rem_euclid(MICROS) > 0),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &payload, &self.encoding)
            .expect("six plain values and a key of the right kind can be signed");
        AccessToken { token, expires_in: self.lifetime }
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let payload: Payload =
            jsonwebtoken::decode(token, &self.decoding, &self.validation).map_err(|_| TokenError::Invalid)?.claims;
        let moment = |seconds: i64| Timestamp::from_micros(seconds.saturating_mul(MICROS));
        let claims = Claims {
            user: UserId(payload.sub),
            role: payload.role,
            session: SessionId(payload.sid),
            issued_at: moment(payload.iat),
            expires_at: moment(payload.exp),
        };
        if now >= claims.expires_at {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const QUARTER: Duration = Duration::from_secs(900);

    fn issuer() -> JwtIssuer {
        JwtIssuer::new(SECRET, QUARTER).expect("a long secret")
    }

    fn now() -> Timestamp {
        Timestamp::from_micros(1_767_225_600_000_000)
    }

    fn token() -> String {
        issuer().issue(UserId(Uuid::from_u128(1)), Role::User, SessionId(Uuid::from_u128(2)), now()).token
    }

    fn honest() -> Value {
        let (sub, sid) = (Uuid::from_u128(1), Uuid::from_u128(2));
        json!({ "iss": "dermaga", "sub": sub, "role": "user", "sid": sid, "iat": 1_767_225_600, "exp": 1_767_226_500 })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut payload = honest();
        payload[name] = value;
        payload
    }

    fn part(value: &Value) -> String {
        BASE64.encode(value.to_string())
    }

    fn signed(algorithm: Algorithm, payload: &Value, secret: &[u8]) -> String {
        let key = EncodingKey::from_secret(secret);
        jsonwebtoken::encode(&Header::new(algorithm), payload, &key).expect("signs")
    }

    fn refused(token: &str, why: &str) {
        assert_eq!(issuer().verify(token, now()), Err(TokenError::Invalid), "{why}");
    }

    #[test]
    fn reads_back_what_it_wrote() {
        let issued = issuer().issue(UserId(Uuid::from_u128(1)), Role::Admin, SessionId(Uuid::from_u128(2)), now());
        assert_eq!(issued.expires_in, QUARTER);
        let claims = Claims {
            user: UserId(Uuid::from_u128(1)),
            role: Role::Admin,
            session: SessionId(Uuid::from_u128(2)),
            issued_at: now(),
            expires_at: now() + QUARTER,
        };
        assert_eq!(issuer().verify(&issued.token, now()), Ok(claims));
        // The forgeries below differ from this in one thing each.
        assert!(issuer().verify(&signed(Algorithm::HS256, &honest(), SECRET), now()).is_ok());
    }

    #[test]
    fn expires_at_its_moment_by_the_callers_clock() {
        let token = token();
        let last = Timestamp::from_micros((now() + QUARTER).micros() - 1);
        assert!(issuer().verify(&token, last).is_ok());
        assert_eq!(issuer().verify(&token, now() + QUARTER), Err(TokenError::Expired));
        // Between two seconds: never shorter than what was said.
        let between = Timestamp::from_micros(now().micros() + 1);
        let token = issuer().issue(UserId(Uuid::nil()), Role::User, SessionId(Uuid::nil()), between).token;
        assert!(issuer().verify(&token, now() + QUARTER).is_ok());
    }

    #[test]
    fn an_expired_forgery_is_a_forgery() {
        let stale = with("exp", json!(1));
        assert_eq!(issuer().verify(&signed(Algorithm::HS256, &stale, SECRET), now()), Err(TokenError::Expired));
        refused(&signed(Algorithm::HS256, &stale, b"another secret of thirty-two byte"), "key");
    }

    #[test]
    fn takes_no_other_key_and_no_other_algorithm() {
        refused(&signed(Algorithm::HS256, &honest(), b"another secret of thirty-two byte"), "key");
        refused(&signed(Algorithm::HS256, &honest(), b""), "empty key");
        refused(&signed(Algorithm::HS384, &honest(), SECRET), "HS384");
        refused(&signed(Algorithm::HS512, &honest(), SECRET), "HS512");
        let body = part(&honest());
        for algorithm in ["none", "None", "NONE", "RS256", "EdDSA", ""] {
            let head = part(&json!({ "alg": algorithm, "typ": "JWT" }));
            refused(&format!("{head}.{body}."), algorithm);
            let signature = token().rsplit('.').next().map(str::to_owned).expect("three parts");
            refused(&format!("{head}.{body}.{signature}"), algorithm);
        }
    }

    #[test]
    fn takes_no_changed_content() {
        let token = token();
        let parts: Vec<&str> = token.split('.').collect();
        let [head, _, signature] = parts[..] else { panic!("three parts") };
        for (name, value) in [("role", json!("admin")), ("sub", json!(Uuid::from_u128(9))), ("exp", json!(i64::MAX))] {
            refused(&format!("{head}.{}.{signature}", part(&with(name, value))), name);
        }
        let kid = part(&json!({ "alg": "HS256", "typ": "JWT", "kid": "other" }));
        refused(&format!("{kid}.{}.{signature}", parts[1]), "header");
        for end in 0..token.len() {
            refused(&token[..end], "truncated");
        }
        refused(&format!("{token}A"), "longer");
        refused(&format!("{token}.{token}"), "doubled");
        refused(&format!(" {token}"), "space");
    }

    #[test]
    fn takes_no_foreign_content_even_if_signed() {
        for (name, value) in [
            ("iss", json!("somebody")),
            ("sub", json!("john")),
            ("sub", Value::Null),
            ("sid", json!("1")),
            ("role", json!("root")),
            ("role", json!("ADMIN")),
            ("exp", json!("never")),
            ("aud", json!("elsewhere")),
        ] {
            refused(&signed(Algorithm::HS256, &with(name, value), SECRET), name);
        }
        for name in ["iss", "sub", "sid", "role", "iat", "exp"] {
            let mut payload = honest();
            payload.as_object_mut().expect("an object").remove(name);
            refused(&signed(Algorithm::HS256, &payload, SECRET), name);
        }
    }

    #[test]
    fn takes_no_short_secret_and_shows_none() {
        assert_eq!(JwtIssuer::new(&SECRET[1..], QUARTER).map(drop), Err(WeakSecret));
        assert_eq!(JwtIssuer::new(b"", QUARTER).map(drop), Err(WeakSecret));
        assert_eq!(format!("{:?}", issuer()), "JwtIssuer { lifetime: 900s, .. }");
    }
}
