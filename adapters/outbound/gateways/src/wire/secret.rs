//! Secrets that cannot be printed, and keys that are checked before the first call.

use std::fmt;

use subtle::ConstantTimeEq;

/// A key, token or anything else that must not be read in a log.
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

    /// Whether it is that text, in a time that does not depend on where they differ.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
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
    /// The gateway's place to try things, or a server that plays it.
    Sandbox,
    Production,
}

/// Why a gateway cannot be started. It names the setting's purpose, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the {0} is empty")]
    Empty(&'static str),
    #[error("the {0} holds a blank or a line break: copy it again without it")]
    Whitespace(&'static str),
    #[error("the {0} is one of the gateway's sandbox, but production is configured")]
    SandboxKey(&'static str),
    #[error("the {0} is one of production, but the sandbox is configured")]
    ProductionKey(&'static str),
    #[error("the {0} is the public key for browsers; the secret one is needed")]
    PublicKey(&'static str),
    #[error("the {0} is not a URL that begins with https:// (or http:// for a sandbox)")]
    Url(&'static str),
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
}

/// How the keys of one kind begin.
pub(crate) struct KeyForm {
    pub name: &'static str,
    pub sandbox: &'static [&'static str],
    pub production: &'static [&'static str],
    pub public: &'static [&'static str],
}

impl KeyForm {
    /// A key that fits the environment.
    pub fn check(&self, key: &Secret, environment: Environment) -> Result<(), ConfigError> {
        let key = token(self.name, key)?.expose();
        let begins = |starts: &[&str]| starts.iter().any(|start| key.starts_with(start));
        if begins(self.public) {
            return Err(ConfigError::PublicKey(self.name));
        }
        match environment {
            Environment::Production if begins(self.sandbox) => Err(ConfigError::SandboxKey(self.name)),
            Environment::Sandbox if begins(self.production) => Err(ConfigError::ProductionKey(self.name)),
            _ => Ok(()),
        }
    }
}

/// Something that can be sent in a header.
pub(crate) fn token<'s>(name: &'static str, secret: &'s Secret) -> Result<&'s Secret, ConfigError> {
    if secret.expose().is_empty() {
        return Err(ConfigError::Empty(name));
    }
    if secret.expose().chars().any(|c| c.is_whitespace() || c.is_control() || !c.is_ascii()) {
        return Err(ConfigError::Whitespace(name));
    }
    Ok(secret)
}

/// The beginning of all URLs of a gateway, without the slash at the end. Only a sandbox may be spoken to in the clear.
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

    const FORM: KeyForm =
        KeyForm { name: "key", sandbox: &["SB-Mid-server-"], production: &["Mid-server-"], public: &["Mid-client-"] };

    fn check(key: &str, environment: Environment) -> Result<(), ConfigError> {
        FORM.check(&Secret::new(key), environment)
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("abc")), "Secret(hidden)");
        assert!(Secret::new("abc").is("abc"));
        assert!(!Secret::new("abc").is("abd") && !Secret::new("abc").is("ab"));
    }

    #[test]
    fn a_key_of_the_other_environment_does_not_start() {
        assert_eq!(check("SB-Mid-server-x", Environment::Sandbox), Ok(()));
        assert_eq!(check("Mid-server-x", Environment::Production), Ok(()));
        assert_eq!(check("SB-Mid-server-x", Environment::Production), Err(ConfigError::SandboxKey("key")));
        assert_eq!(check("Mid-server-x", Environment::Sandbox), Err(ConfigError::ProductionKey("key")));
        assert_eq!(check("Mid-client-x", Environment::Production), Err(ConfigError::PublicKey("key")));
    }

    #[test]
    fn a_key_has_no_blanks() {
        for key in ["SB-Mid-server-x\n", " SB-Mid-server-x", "SB Mid"] {
            assert_eq!(check(key, Environment::Sandbox), Err(ConfigError::Whitespace("key")));
        }
        assert_eq!(check("", Environment::Sandbox), Err(ConfigError::Empty("key")));
    }

    #[test]
    fn real_money_is_never_spoken_of_in_the_clear() {
        let base = |url, environment| base_url("base", url, environment);
        assert_eq!(base("http://127.0.0.1:9/x/", Environment::Sandbox), Ok("http://127.0.0.1:9/x".to_owned()));
        assert_eq!(base("http://127.0.0.1:9", Environment::Production), Err(ConfigError::Url("base")));
        for url in ["https://a/?api_key=x", "https://user:key@a/", "https://user@a/"] {
            assert_eq!(base(url, Environment::Production), Err(ConfigError::Url("base")), "{url}");
        }
        assert_eq!(base("ftp://x", Environment::Sandbox), Err(ConfigError::Url("base")));
        assert_eq!(base("api.example", Environment::Sandbox), Err(ConfigError::Url("base")));
    }
}
