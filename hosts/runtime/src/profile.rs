//! Which adapters a deployment uses: each profile is one function that can be read from top to bottom.

use std::{path::Path, sync::Arc, time::Duration};

use clap::ValueEnum;
use dermaga_coalesce::{Coalescer, GatheringStore, Limits};
use dermaga_domain::{App, Policy, Ports, booking::Suppliers, ledger::Poster};
use dermaga_http::ServiceTokens;
use dermaga_ports::{
    StoreError, auth::UserFilter, events::Subscriber, ledger::Ledger, notifications::Senders, paging::PageRequest,
    store::Store, system::Secrets,
};
use dermaga_sandbox::{Running, Sandbox, SandboxConfig, XenditUrls};
use dermaga_security::{
    Argon2Hasher, Ed25519Signer, HashingCost, HmacSeal, JwtIssuer, OsSecrets, RememberedTokens, SystemClock, UuidV7Ids,
};
use dermaga_sql::{PersonalKeys, SqlOptions, SqlStore};
use serde::{Deserialize, Serialize};

use crate::{HostError, Settings, demo, gateways, secrets, senders, suppliers, telling::Telling};

/// A way to deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// An embedded database with demo data, a sandbox that pays at once, secrets made on the spot.
    Demo,
    /// One machine in earnest: your database, your secrets.
    Standalone,
}

/// A host's adapters, plugged in.
pub struct Plugs {
    pub store: SqlStore,
    pub app: App,
    pub services: ServiceTokens,
    /// How events get to those who want to know.
    pub telling: Telling,
    /// The demo's payment gateways, played in this process.
    pub sandbox: Option<Running>,
    /// What the operator should know about how it was plugged.
    pub notes: Vec<String>,
}

/// The database of a profile.
pub fn database_url(settings: &Settings) -> String {
    let file = match settings.profile {
        Profile::Demo => "demo.db",
        Profile::Standalone => "dermaga.db",
    };
    let default = || format!("sqlite:{}", settings.data_dir.join(file).display());
    settings.database_url.clone().unwrap_or_else(default)
}

/// What a person may read of the database's URL: where it is, without a password.
pub fn database_place(settings: &Settings) -> String {
    let url = database_url(settings);
    if url.starts_with("sqlite") { url } else { "the Postgres database".to_owned() }
}

/// Opens the database of a profile; an embedded one is made if it is not there.
pub async fn open_store(settings: &Settings) -> Result<SqlStore, HostError> {
    let keys = personal_keys(settings)?;
    let opened = SqlStore::connect(&database_url(settings), SqlOptions::default(), keys).await;
    opened.map_err(|source| HostError::Open { database: database_place(settings), source })
}

/// What personal data is sealed with. Only the demo makes a key by itself: whoever loses one loses the data.
fn personal_keys(settings: &Settings) -> Result<PersonalKeys, HostError> {
    let given = settings.personal_data_keys.as_deref();
    let text = match (settings.profile, given) {
        (_, Some(given)) => given.to_owned(),
        (Profile::Demo, None) => format!("demo:{}", secrets::given_or_made(None, &settings.data_dir, "personal.key")?),
        (Profile::Standalone, None) => {
            let told = "PERSONAL_DATA_KEYS is required: it seals e-mail addresses, names, telephone numbers and secrets in \
                the database. Make a key with `openssl rand -base64 32`, give it a name, such as \
                PERSONAL_DATA_KEYS=2026-11:<the key>, and keep it: without it the data is lost";
            return Err(HostError::Settings(told.to_owned()));
        }
    };
    text.parse().map_err(|error| HostError::Settings(format!("PERSONAL_DATA_KEYS: {error}")))
}

/// Whether the keys open what is in the database: better told now than to whoever logs in first.
async fn require_fitting_keys(store: &SqlStore) -> Result<(), HostError> {
    match store.users().users(&UserFilter::default(), PageRequest::first(1)).await {
        Err(StoreError::Corrupt(reason)) => {
            let told = format!("PERSONAL_DATA_KEYS does not fit the database: {reason}");
            Err(HostError::Settings(told))
        }
        other => Ok(other.map(drop)?),
    }
}

/// The use cases as an operator needs them: no secrets, no gateway, and nothing is made that was not there.
pub async fn operate(settings: &Settings) -> Result<(SqlStore, App), HostError> {
    let url = database_url(settings);
    let file = url.strip_prefix("sqlite://").or(url.strip_prefix("sqlite:"));
    if let Some(file) = file
        && !Path::new(file.split('?').next().unwrap_or(file)).exists()
    {
        return Err(HostError::Refused(format!("There is no database at {file}. The command `migrate` makes one.")));
    }
    let store = open_store(settings).await?;
    require_current_schema(&store).await?;
    require_fitting_keys(&store).await?;
    let nobody_signs_with_this = OsSecrets.token();
    let app =
        app(settings, &store, gateways::none(), Suppliers::default(), Senders::default(), &nobody_signs_with_this)?;
    Ok((store, app))
}

async fn require_current_schema(store: &SqlStore) -> Result<(), HostError> {
    match store.pending_migrations().await?.len() {
        0 => Ok(()),
        pending => Err(HostError::OldSchema(pending)),
    }
}

/// Plugs everything together as the profile says. The schema must be up to date.
///
/// `home` is where this host listens.
pub async fn plug(settings: &Settings, home: &str) -> Result<Plugs, HostError> {
    match settings.profile {
        Profile::Demo => demo(settings, home).await,
        Profile::Standalone => standalone(settings).await,
    }
}

/// The first minute: nothing to configure, nothing to lose.
async fn demo(settings: &Settings, home: &str) -> Result<Plugs, HostError> {
    let store = open_store(settings).await?;
    store.migrate().await?;
    require_fitting_keys(&store).await?;
    if !demo::may_seed(&store).await? {
        let told = format!(
            "{} holds accounts that the demo did not make, and the demo gives money away. \
             Use --profile standalone for it.",
            database_place(settings)
        );
        return Err(HostError::Refused(told));
    }
    let jwt_secret = secrets::given_or_made(settings.jwt_secret.as_deref(), &settings.data_dir, "jwt.secret")?;
    let service_token = secrets::given_or_made(settings.service_token.as_deref(), &settings.data_dir, "service.token")?;
    let mut notes = Vec::new();
    if settings.service_token.is_none() {
        notes.push(format!("Service token  {}", settings.data_dir.join("service.token").display()));
    }
    let sandbox = play(home).await?;
    let senders = senders::or_logged(settings)?;
    let suppliers = suppliers::of_the_demo(&sandbox)?;
    let app = app(settings, &store, gateways::of_the_demo(&sandbox), suppliers, senders, &jwt_secret)?;
    notes.push(format!(
        "Gateways       {}/ plays Midtrans and Xendit: pay there. Suppliers are played, too",
        sandbox.base_url
    ));
    Ok(Plugs {
        telling: Telling::in_process(settings, &app, subscribers(&app))?,
        app,
        services: ServiceTokens::new([("internal".to_owned(), service_token)]),
        store,
        sandbox: Some(sandbox),
        notes,
    })
}

/// Starts the sandbox in this process, on any free port of the loopback, telling the host at `home`.
async fn play(home: &str) -> Result<Running, HostError> {
    let mut config = SandboxConfig::default();
    config.settings.midtrans.webhook_url = gateways::webhooks(home, "midtrans");
    config.settings.xendit.webhook_urls = XenditUrls::all(&gateways::webhooks(home, "xendit"));
    config.settings.duffel.webhook_url = gateways::webhooks(home, "duffel");
    config.settings.ferry.webhook_url = gateways::webhooks(home, "ferry");
    config.settings.digiflazz.webhook_url = gateways::webhooks(home, "digiflazz");
    // Demonstrations shall not end with our balance.
    config.settings.digiflazz.opening_balance = 1_000_000_000;
    Sandbox::start(config).await.map_err(|error| HostError::Refused(format!("The payment sandbox: {error}")))
}

/// The shortest service token that a host in earnest accepts.
const MIN_SERVICE_TOKEN: usize = 24;

/// One machine in earnest: no secret has a default, no gateway gives money away.
async fn standalone(settings: &Settings) -> Result<Plugs, HostError> {
    let store = open_store(settings).await?;
    require_current_schema(&store).await?;
    require_fitting_keys(&store).await?;
    let jwt_secret = settings.jwt_secret.as_deref().ok_or_else(|| {
        HostError::Settings("JWT_SECRET is required: make one with `openssl rand -hex 32`".to_owned())
    })?;
    let (senders, unheard) = senders::configured(settings)?;
    let mut notes = Vec::new();
    if gateways::gives_money_away(settings) {
        notes.push("Warning        the sandbox gives money away: never use it in production".to_owned());
    }
    if settings.service_token.as_ref().is_some_and(|token| token.len() < MIN_SERVICE_TOKEN) {
        let told = format!("SERVICE_TOKEN must have at least {MIN_SERVICE_TOKEN} characters: it moves money");
        return Err(HostError::Settings(told));
    }
    notes.extend(unheard);
    let service_token = settings.service_token.iter().map(|token| ("internal".to_owned(), token.clone()));
    let suppliers = suppliers::configured(settings)?;
    let app = app(settings, &store, gateways::configured(settings), suppliers, senders, jwt_secret)?;
    let telling = match &settings.rabbitmq_url {
        Some(url) => Telling::over_rabbit(url, settings, &app, subscribers(&app))?,
        None => Telling::in_process(settings, &app, subscribers(&app))?,
    };
    Ok(Plugs { telling, app, services: ServiceTokens::new(service_token), store, sandbox: None, notes })
}

/// Who hears of what happens.
fn subscribers(app: &App) -> Vec<Arc<dyn Subscriber>> {
    let mut all: Vec<Arc<dyn Subscriber>> = vec![Arc::new(app.webhooks.clone())];
    all.extend(app.notifications.subscriber());
    all.push(Arc::new(app.reports.clone()));
    all
}

fn app(
    settings: &Settings,
    store: &SqlStore,
    gateways: gateways::Build<'_>,
    suppliers: Suppliers,
    senders: Senders,
    jwt_secret: &str,
) -> Result<App, HostError> {
    let lifetime = Duration::from_secs(settings.jwt_expiration);
    let tokens = JwtIssuer::new(jwt_secret.as_bytes(), lifetime)
        .map_err(|error| HostError::Settings(format!("JWT_SECRET: {error}")))?;
    let hasher = Argon2Hasher::new(HashingCost::default()).map_err(dermaga_domain::Error::internal)?;
    let store: Arc<dyn Store> = Arc::new(GatheringStore::start(Arc::new(store.clone())));
    let clock = Arc::new(SystemClock);
    let poster = Arc::new(Poster::new(store.clone(), clock.clone()));
    let ledger: Arc<dyn Ledger> = Arc::new(Coalescer::start(poster, Limits::default()));
    let base = gateways::Base { store: store.clone(), ledger: ledger.clone(), clock: clock.clone() };
    let ports = Ports {
        gateways: gateways(&base)?,
        suppliers,
        ledger,
        store,
        senders,
        hasher: Arc::new(hasher),
        tokens: Arc::new(RememberedTokens::of(tokens)),
        ticket_signer: Arc::new(Ed25519Signer),
        offer_seal: Arc::new(HmacSeal::of(jwt_secret.as_bytes())),
        secrets: Arc::new(OsSecrets),
        clock,
        ids: Arc::new(UuidV7Ids),
    };
    let day_offset = settings.business_utc_offset.parse();
    let day_offset = day_offset.map_err(|error| HostError::Settings(format!("BUSINESS_UTC_OFFSET {error}")))?;
    let policy = Policy {
        day_offset,
        open_roles: settings.open_roles.clone(),
        min_password: settings.min_password,
        notification_delay: Duration::from_secs(settings.notification_delay),
        private_webhooks: settings.private_webhooks,
        payment_window: Duration::from_secs(settings.payment_window),
        review_window: Duration::from_secs(settings.review_window),
        merchant: settings.merchant_name.clone(),
        guests: settings.guests,
        ppob_margin: settings.ppob_margin.into(),
        travel_margin: settings.travel_margin,
        low_balance: settings.low_balance,
        topup_window: Duration::from_secs(settings.topup_window),
        fees: settings.fees.clone(),
        ..Policy::default()
    };
    Ok(App::new(ports, policy))
}
