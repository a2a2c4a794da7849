//! The suppliers of a host: which there are, and who they are told we are.

use std::sync::Arc;

use dermaga_domain::booking::Suppliers;
use dermaga_sandbox::{
    Running,
    config::{DIGIFLAZZ_KEY, DIGIFLAZZ_USERNAME, DIGIFLAZZ_WEBHOOK_SECRET},
};
use dermaga_security::SystemClock;
use dermaga_suppliers::{ConfigError, Digiflazz, DigiflazzConfig, Environment, KeptPriceList, Secret};

use crate::{HostError, Settings};

/// The demo's: those that the sandbox plays.
pub fn of_the_demo(sandbox: &Running) -> Result<Suppliers, HostError> {
    let config = DigiflazzConfig {
        url: sandbox.digiflazz(),
        webhook_secret: Some(Secret::new(DIGIFLAZZ_WEBHOOK_SECRET)),
        ..DigiflazzConfig::new(Environment::Sandbox, DIGIFLAZZ_USERNAME, DIGIFLAZZ_KEY)
    };
    with(config)
}

/// Those that the settings know how to reach.
pub fn configured(settings: &Settings) -> Result<Suppliers, HostError> {
    let (username, key) = match (&settings.digiflazz_username, &settings.digiflazz_key) {
        (None, None) => return Ok(Suppliers::default()),
        (Some(username), Some(key)) => (username, key),
        _ => {
            let told = "DIGIFLAZZ_USERNAME and DIGIFLAZZ_KEY go together".to_owned();
            return Err(HostError::Settings(told));
        }
    };
    // The key says itself what it is for.
    let environment = if key.starts_with("dev-") { Environment::Sandbox } else { Environment::Production };
    let mut config = DigiflazzConfig::new(environment, username, key);
    if let Some(url) = &settings.digiflazz_url {
        config.url = url.trim_end_matches('/').to_owned();
    }
    config.webhook_secret = settings.digiflazz_webhook_secret.as_deref().map(Secret::new);
    with(config)
}

fn with(config: DigiflazzConfig) -> Result<Suppliers, HostError> {
    let clock = Arc::new(SystemClock);
    let digiflazz = Digiflazz::new(config, clock.clone()).map_err(wrong)?;
    Ok(Suppliers { ppob: Some(Arc::new(KeptPriceList::new(digiflazz, clock))) })
}

fn wrong(error: ConfigError) -> HostError {
    HostError::Settings(error.to_string())
}
