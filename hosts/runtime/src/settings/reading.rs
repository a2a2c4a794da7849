//! Where settings are read from, and what is told of one that is wrong.

use std::{convert::Infallible, path::PathBuf};

use figment::{
    Figment, Metadata, Provider,
    providers::{Env, Format, Serialized, Toml},
    value::{Dict, Map, Value},
};

use super::{Flags, Settings};
use crate::{Host, HostError};

/// Environment names that people know from elsewhere. Every setting can also be given as `DERMAGA_<NAME>`.
const KNOWN_NAMES: &[&str] = &[
    "database_url",
    "jwt_secret",
    "jwt_expiration",
    "personal_data_keys",
    "service_token",
    "port",
    "request_timeout",
    "payment_gateway",
    "payment_gateway_url",
    "payment_gateway_key",
    "midtrans_server_key",
    "xendit_secret_key",
    "xendit_callback_token",
    "duffel_url",
    "duffel_token",
    "duffel_webhook_secret",
    "ferry_url",
    "ferry_token",
    "ferry_webhook_secret",
    "digiflazz_url",
    "digiflazz_username",
    "digiflazz_key",
    "digiflazz_webhook_secret",
    "redis_url",
    "rabbitmq_url",
    "admin_password",
    "committee_password",
    "smtp_server",
    "smtp_port",
    "smtp_user",
    "smtp_password",
    "smtp_tls",
    "smtp_ca",
    "sender_email",
    "sms_url",
    "sms_account",
    "sms_token",
    "sms_sender",
    "sms_country",
    "business_utc_offset",
];

/// The variables of an environment. An empty one is none: that is how compose files and shells pass on what nobody has
/// set.
struct Environment<'d> {
    variables: Env,
    defaults: &'d Dict,
}

impl Environment<'_> {
    /// A value of the kind that its setting has by default. A text stays as it was typed, even a password of digits.
    fn typed(&self, name: &str, value: &str) -> Value {
        match self.defaults.get(name) {
            Some(Value::Num(..) | Value::Bool(..) | Value::Array(..)) => {
                value.parse().unwrap_or_else(|never: Infallible| match never {})
            }
            _ => Value::from(value),
        }
    }
}

impl Provider for Environment<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment")
    }

    fn data(&self) -> Result<Map<figment::Profile, Dict>, figment::Error> {
        let set = self.variables.iter().filter(|(_, value)| !value.is_empty());
        let typed = set.map(|(name, value)| {
            let name = name.as_str().to_ascii_lowercase();
            let value = self.typed(&name, &value);
            (name, value)
        });
        Ok(figment::Profile::Default.collect(typed.collect()))
    }
}

impl Settings {
    /// Reads the settings of a host.
    ///
    /// # Errors
    /// A file that was named and is not there, an unknown setting, a value of the wrong kind: each by name.
    pub fn load(host: &Host, file: Option<PathBuf>, flags: Flags) -> Result<Self, HostError> {
        let toml = match &file {
            Some(path) if !path.is_file() => {
                return Err(HostError::Settings(format!("there is no file {}", path.display())));
            }
            Some(path) => Toml::file_exact(path),
            None => Toml::file("dermaga.toml"),
        };
        let figment = Figment::from(Serialized::defaults(Self::defaults(host)));
        let defaults: Dict = figment.extract().map_err(|error| HostError::Settings(explain(&error)))?;
        let figment = figment
            .merge(toml)
            .merge(Environment { variables: Env::raw().only(KNOWN_NAMES), defaults: &defaults })
            .merge(Environment { variables: Env::prefixed("DERMAGA_"), defaults: &defaults })
            .merge(Serialized::defaults(flags));
        figment.extract().map_err(|error| {
            let told: Vec<String> = error.into_iter().map(|one| explain(&one)).collect();
            HostError::Settings(told.join("; "))
        })
    }
}

/// What is wrong with a setting, where, and what was expected.
fn explain(error: &figment::Error) -> String {
    let place = match &error.metadata {
        Some(metadata) => match &metadata.source {
            Some(figment::Source::File(path)) => format!(" in {}", path.display()),
            _ => format!(" in {}", metadata.name),
        },
        None => String::new(),
    };
    let name = error.path.join(".");
    let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
    format!("{name}{}{place}", error.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_of_the_kind_that_its_setting_has_by_default() {
        let none = Value::serialize(None::<String>).expect("a value");
        let defaults = Dict::from([
            ("port".to_owned(), Value::from(8000_u16)),
            ("guests".to_owned(), Value::from(false)),
            ("cors_origins".to_owned(), Value::from(Vec::<String>::new())),
            ("sms_country".to_owned(), Value::from("62")),
            ("admin_password".to_owned(), none),
        ]);
        let environment = Environment { variables: Env::raw(), defaults: &defaults };
        let typed = |name, value| environment.typed(name, value);
        assert_eq!(typed("port", "80").to_u128(), Some(80));
        assert_eq!(typed("guests", "true").to_bool(), Some(true));
        assert_eq!(typed("cors_origins", r#"["https://a.example"]"#).as_array().map(<[_]>::len), Some(1));
        for name in ["sms_country", "admin_password", "who_knows"] {
            assert_eq!(typed(name, "0123456789").as_str(), Some("0123456789"), "{name}");
        }
    }
}
