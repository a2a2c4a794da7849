//! The suppliers of a host: which there are, and who they are told we are.

use std::{sync::Arc, time::Duration};

use dermaga_cache::{InProcess, Redis};
use dermaga_domain::booking::Suppliers;
use dermaga_ports::{cache::Cache, system::Clock};
use dermaga_sandbox::{
    Running,
    config::{
        DIGIFLAZZ_KEY, DIGIFLAZZ_USERNAME, DIGIFLAZZ_WEBHOOK_SECRET, DUFFEL_TOKEN, DUFFEL_WEBHOOK_SECRET, FERRY_TOKEN,
        FERRY_WEBHOOK_SECRET,
    },
};
use dermaga_security::SystemClock;
use dermaga_suppliers::{
    CachedSearch, ConfigError, Digiflazz, DigiflazzConfig, Duffel, DuffelConfig, Environment, Ferry, FerryConfig,
    KeptPriceList, Secret,
};

use crate::{HostError, Settings};

/// How long a search is found again.
const KEEP: Duration = Duration::from_secs(3 * 60);
/// The most that searches take in the process.
const ROOM: u64 = 32 << 20;

/// How to reach each supplier, if it is to be reached.
#[derive(Default)]
struct Configs {
    duffel: Option<DuffelConfig>,
    ferry: Option<FerryConfig>,
    digiflazz: Option<DigiflazzConfig>,
}

/// The demo's: those that the sandbox plays.
pub fn of_the_demo(sandbox: &Running) -> Result<Suppliers, HostError> {
    let duffel = DuffelConfig {
        url: sandbox.duffel(),
        webhook_secret: Some(Secret::new(DUFFEL_WEBHOOK_SECRET)),
        ..DuffelConfig::new(Environment::Sandbox, DUFFEL_TOKEN)
    };
    let ferry = FerryConfig {
        webhook_secret: Some(Secret::new(FERRY_WEBHOOK_SECRET)),
        ..FerryConfig::new(Environment::Sandbox, sandbox.ferry(), FERRY_TOKEN)
    };
    let digiflazz = DigiflazzConfig {
        url: sandbox.digiflazz(),
        webhook_secret: Some(Secret::new(DIGIFLAZZ_WEBHOOK_SECRET)),
        ..DigiflazzConfig::new(Environment::Sandbox, DIGIFLAZZ_USERNAME, DIGIFLAZZ_KEY)
    };
    let configs = Configs { duffel: Some(duffel), ferry: Some(ferry), digiflazz: Some(digiflazz) };
    with(configs, Arc::new(InProcess::with_room_for(ROOM)))
}

/// Those that the settings know how to reach.
pub fn configured(settings: &Settings) -> Result<Suppliers, HostError> {
    let cache: Arc<dyn Cache> = match &settings.redis_url {
        Some(url) => {
            let redis = Redis::new(url, "dermaga:");
            Arc::new(redis.map_err(|error| HostError::Settings(format!("REDIS_URL: {error}")))?)
        }
        None => Arc::new(InProcess::with_room_for(ROOM)),
    };
    let configs = Configs { duffel: duffel(settings), ferry: ferry(settings)?, digiflazz: digiflazz(settings)? };
    with(configs, cache)
}

fn duffel(settings: &Settings) -> Option<DuffelConfig> {
    let token = settings.duffel_token.as_deref()?;
    // The token says itself what it is for.
    let mut config = DuffelConfig::new(environment(token.starts_with("duffel_test_")), token);
    if let Some(url) = &settings.duffel_url {
        config.url = url.trim_end_matches('/').to_owned();
    }
    config.webhook_secret = settings.duffel_webhook_secret.as_deref().map(Secret::new);
    Some(config)
}

fn ferry(settings: &Settings) -> Result<Option<FerryConfig>, HostError> {
    let (url, token) = match (&settings.ferry_url, &settings.ferry_token) {
        (None, None) => return Ok(None),
        (Some(url), Some(token)) => (url.trim_end_matches('/'), token),
        _ => return Err(HostError::Settings("FERRY_URL and FERRY_TOKEN go together".to_owned())),
    };
    let mut config = FerryConfig::new(environment(token.starts_with("ferry_test_")), url, token);
    config.webhook_secret = settings.ferry_webhook_secret.as_deref().map(Secret::new);
    Ok(Some(config))
}

fn digiflazz(settings: &Settings) -> Result<Option<DigiflazzConfig>, HostError> {
    let (username, key) = match (&settings.digiflazz_username, &settings.digiflazz_key) {
        (None, None) => return Ok(None),
        (Some(username), Some(key)) => (username, key),
        _ => return Err(HostError::Settings("DIGIFLAZZ_USERNAME and DIGIFLAZZ_KEY go together".to_owned())),
    };
    let mut config = DigiflazzConfig::new(environment(key.starts_with("dev-")), username, key);
    if let Some(url) = &settings.digiflazz_url {
        config.url = url.trim_end_matches('/').to_owned();
    }
    config.webhook_secret = settings.digiflazz_webhook_secret.as_deref().map(Secret::new);
    Ok(Some(config))
}

fn environment(for_tests: bool) -> Environment {
    if for_tests { Environment::Sandbox } else { Environment::Production }
}

fn with(configs: Configs, cache: Arc<dyn Cache>) -> Result<Suppliers, HostError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut suppliers = Suppliers::default();
    if let Some(config) = configs.duffel {
        let flights = Duffel::new(config.clone(), clock.clone()).map_err(wrong)?;
        let hotels = Duffel::new(config, clock.clone()).map_err(wrong)?;
        suppliers.flights = Some(Arc::new(CachedSearch::new(flights, cache.clone(), clock.clone(), KEEP)));
        suppliers.hotels = Some(Arc::new(CachedSearch::new(hotels, cache.clone(), clock.clone(), KEEP)));
    }
    if let Some(config) = configs.ferry {
        let ferries = Ferry::new(config, clock.clone()).map_err(wrong)?;
        suppliers.ferries = Some(Arc::new(CachedSearch::new(ferries, cache, clock.clone(), KEEP)));
    }
    if let Some(config) = configs.digiflazz {
        let digiflazz = Digiflazz::new(config, clock.clone()).map_err(wrong)?;
        suppliers.ppob = Some(Arc::new(KeptPriceList::new(digiflazz, clock)));
    }
    Ok(suppliers)
}

fn wrong(error: ConfigError) -> HostError {
    HostError::Settings(error.to_string())
}
