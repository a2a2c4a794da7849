//! A server that plays the payment gateways Midtrans and Xendit, an SMS provider, and suppliers of flights, hotel rooms,
//! ferry tickets, credits and bills, with faults on demand.
//!
//! # Shape
//! The lower half knows no payment: [`clock`] and [`scheduler`] make virtual time, [`journal`] remembers what was sent
//! and heard, [`faults`] breaks calls, [`dispatch`] sends webhooks, [`edge`] stands between the wire and a player.
//! Above it each provider is a player with books of its own: [`midtrans`], [`xendit`], [`twilio`], [`duffel`] with
//! [`stays`], [`ferry`], [`digiflazz`]. [`admin`] and [`page`] are for tests and people.
//!
//! It shares no code with the adapters that talk to these providers: it is an independent witness of what they send
//! and understand.

pub mod admin;
pub mod app;
pub mod call;
pub mod clock;
pub mod config;
pub mod dice;
pub mod digiflazz;
pub mod dispatch;
pub mod duffel;
pub mod edge;
mod error;
pub mod faults;
pub mod ferry;
pub mod journal;
pub mod ledger;
pub mod midtrans;
pub mod money;
pub mod page;
pub mod plans;
pub mod scheduler;
pub mod script;
pub mod stays;
pub mod timetable;
pub mod twilio;
pub mod world;
pub mod xendit;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use poem::{
    Route, Server,
    listener::{Acceptor, Listener, TcpListener},
};
use tokio::{sync::oneshot, task::JoinHandle};

pub use clock::{ClockMode, Moment};
pub use config::{
    BearerSettings, DigiflazzSettings, MidtransSettings, SandboxConfig, Settings, TwilioSettings, XenditSettings,
    XenditUrls,
};
pub use error::SandboxError;

use admin::{Admin, Home};
use app::App;
use edge::Edge;
use world::World;

/// How long open calls may go on after the sandbox was told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Starts sandboxes.
#[derive(Debug, Clone, Copy)]
pub struct Sandbox;

/// A sandbox that runs. Dropping it stops it as well, without waiting.
#[derive(Debug)]
pub struct Running {
    /// Where it is: `http://127.0.0.1:9090`, without a slash at the end.
    pub base_url: String,
    /// What is inside, for who runs it in the same process.
    pub app: Arc<App>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    _driver: Driver,
}

/// Time passes as long as this lives.
#[derive(Debug)]
pub struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Sandbox {
    /// Starts a sandbox on its own address.
    ///
    /// # Errors
    /// [`SandboxError::Listen`] if the address is taken, [`SandboxError::Client`] if no webhook could be sent.
    pub async fn start(mut config: SandboxConfig) -> Result<Running, SandboxError> {
        let address = SocketAddr::new(config.bind, config.port);
        let listening = TcpListener::bind(address).into_acceptor().await;
        let acceptor = listening.map_err(|source| SandboxError::Listen { address, source })?;
        let bound = acceptor.local_addr().first().and_then(|local| local.as_socket_addr().copied()).unwrap_or(address);
        let base_url = format!("http://{bound}");
        if config.settings.public_url.is_empty() {
            config.settings.public_url.clone_from(&base_url);
        }
        let (routes, app, driver) = routes(&config)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(
            routes,
            async move { drop(stopped.await) },
            Some(GRACE),
        );
        let server = tokio::spawn(async move {
            if let Err(error) = served.await {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        Ok(Running { base_url, app, stop: Some(stop), server, _driver: driver })
    }
}

impl Running {
    /// The base address of Midtrans' Core API.
    pub fn midtrans_api(&self) -> String {
        format!("{}/midtrans/api", self.base_url)
    }

    /// The base address of Snap's API.
    pub fn midtrans_snap(&self) -> String {
        format!("{}/midtrans/app/snap/v1", self.base_url)
    }

    /// The base address of Xendit.
    pub fn xendit(&self) -> String {
        format!("{}/xendit", self.base_url)
    }

    /// The base address of Duffel.
    pub fn duffel(&self) -> String {
        format!("{}/duffel", self.base_url)
    }

    /// The base address of the ferry.
    pub fn ferry(&self) -> String {
        format!("{}/ferries", self.base_url)
    }

    /// The base address of Digiflazz.
    pub fn digiflazz(&self) -> String {
        format!("{}/digiflazz/v1", self.base_url)
    }

    /// The base address of the SMS provider.
    pub fn twilio(&self) -> String {
        format!("{}/twilio", self.base_url)
    }

    /// Changes what is set while it runs: an application that learns its own address late sets its webhooks so.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.app.world().settings);
    }

    /// Stops it, and waits until it has stopped.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // If nobody listens any more it has stopped.
            let _ = stop.send(());
        }
        // A server that panicked has stopped as well.
        let _ = self.server.await;
    }
}

/// The sandbox as a part of another server. Time passes in it as long as the driver lives.
///
/// # Errors
/// [`SandboxError::Client`] if no webhook could be sent.
pub fn routes(config: &SandboxConfig) -> Result<(Route, Arc<App>, Driver), SandboxError> {
    let app = App::new(World::new(config), dispatch::client().map_err(SandboxError::Client)?);
    let driver = Driver(tokio::spawn(app.clone().drive()));
    let routes = Route::new()
        .nest("/midtrans/api", Edge::new(app.clone(), midtrans::Core))
        .nest("/midtrans/app", Edge::new(app.clone(), midtrans::SnapApp))
        .nest("/xendit", Edge::new(app.clone(), xendit::Xendit))
        .nest("/twilio", Edge::new(app.clone(), twilio::Sms))
        .nest("/duffel", Edge::new(app.clone(), duffel::Duffel))
        .nest("/ferries", Edge::new(app.clone(), ferry::Ferry))
        .nest("/digiflazz", Edge::new(app.clone(), digiflazz::Digiflazz))
        .nest("/__sandbox", Admin(app.clone()))
        .at("/", Home(app.clone()));
    Ok((routes, app, driver))
}
