//! Secrets that cannot be printed, and settings that are checked before the first call.

use std::fmt;

/// A key or token that must not be read in a log.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes it as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Never hand it to a formatter.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Whether money is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// The supplier's place to try things, or a server that plays it.
    Sandbox,
    Production,
}

/// Why a supplier cannot be started. It names the setting's purpose, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the {0} is empty")]
    Empty(&'static str),
    #[error("the {0} holds a blank or a line break: copy it again without it")]
    Whitespace(&'static str),
    #[error("the {0} is one for tests, but production is configured")]
    TestKey(&'static str),
    #[error("the {0} is one for production, but the sandbox is configured")]
    ProductionKey(&'static str),
    #[error("the {0} is not a URL that begins with https:// (or http:// for a sandbox)")]
    Url(&'static str),
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
}

/// Something that can be sent in a header or signed with.
pub(crate) fn token<'s>(name: &'static str, secret: &'s Secret) -> Result<&'s Secret, ConfigError> {
    if secret.expose().is_empty() {
        return Err(ConfigError::Empty(name));
    }
    if secret.expose().chars().any(|c| c.is_whitespace() || c.is_control() || !c.is_ascii()) {
        return Err(ConfigError::Whitespace(name));
    }
    Ok(secret)
}

/// The beginning of all URLs of a supplier, without the slash at the end. Only a sandbox may be spoken to in the clear.
pub(crate) fn base_url(name: &'static str, url: &str, environment: Environment) -> Result<String, ConfigError> {
    let parsed = reqwest::Url::parse(url).map_err(|_| ConfigError::Url(name))?;
    let clear = parsed.scheme() == "http" && environment == Environment::Sandbox;
    // A key in the address would end in somebody's log.
    let bare = parsed.query().is_none() && parsed.username().is_empty() && parsed.password().is_none();
    if (parsed.scheme() != "https" && !clear) || parsed.host_str().is_none() || !bare {
        return Err(ConfigError::Url(name));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed_and_has_no_blanks() {
        assert_eq!(format!("{:?}", Secret::new("abc")), "Secret(hidden)");
        assert_eq!(token("key", &Secret::new("a b")).err(), Some(ConfigError::Whitespace("key")));
        assert_eq!(token("key", &Secret::new("")).err(), Some(ConfigError::Empty("key")));
    }

    #[test]
    fn trap_29_an_address_carries_no_key_and_production_is_never_spoken_to_in_the_clear() {
        let base = |url, environment| base_url("base", url, environment);
        assert_eq!(base("http://127.0.0.1:9/x/", Environment::Sandbox), Ok("http://127.0.0.1:9/x".to_owned()));
        for url in ["http://127.0.0.1:9", "https://a/?api_key=x", "https://user:key@a/", "api.example"] {
            assert_eq!(base(url, Environment::Production), Err(ConfigError::Url("base")), "{url}");
        }
    }
}
