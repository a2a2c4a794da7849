//! Serving: from plugged adapters to a host that answers, and back down without losing a request.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use dermaga_http::{
    Deps,
    edge::{EdgeConfig, Probe, Probes, edge, prometheus},
};
use dermaga_ports::{StoreError, events::EventBus, store::Store};
use dermaga_sql::SqlStore;
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Host, HostError, Profile, Settings, demo, folder, jobs, landing, profile};

/// Serves until the process is asked to stop.
pub async fn run(host: Host, settings: Settings) -> Result<(), HostError> {
    // A database of one's own choice is nobody's to throw away.
    let _in_use = settings.database_url.is_none().then(|| folder::share(&settings)).transpose()?;
    // The door first: whoever cannot have it should not have made anything, least of all passwords nobody sees.
    let address = SocketAddr::new(settings.bind, settings.port);
    let listening = TcpListener::bind(address).into_acceptor().await;
    let acceptor = listening.map_err(|source| HostError::Listen { address, source })?;
    let bound = acceptor.local_addr().first().and_then(|local| local.as_socket_addr().copied()).unwrap_or(address);

    let plugs = profile::plug(&settings, &format!("http://{}", reachable(bound))).await?;
    let mut notes = plugs.notes;
    if settings.profile == Profile::Demo {
        notes.extend(demo::seed(&plugs.app, &settings).await?);
    }

    let probes = Probes::new(vec![Arc::new(Database(plugs.store.clone())), Arc::new(Bus(plugs.telling.bus()))]);
    let deps = Deps { app: Arc::new(plugs.app.clone()), services: plugs.services };
    let page = landing::page(&host, bound);
    // Before the edge, whose counters count where the recorder listens.
    let recorder = prometheus().install_recorder().map_err(|error| HostError::Refused(error.to_string()))?;
    let endpoint = edge((host.slice)(), page, probes.clone(), recorder, edge_config(&host, &settings), deps);
    let jobs = (jobs::start(plugs.app.clone()), plugs.telling.start(plugs.store.bell()));

    announce(&host, &settings, bound, &notes);
    let stop = stop_signal(probes)?;
    let grace = Duration::from_secs(settings.shutdown_grace);
    let served = Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(endpoint, stop, Some(grace)).await;
    drop(jobs);
    // Requests that took longer than the grace have just been let go of.
    if let Err(error) = plugs.app.idempotency.catch_up().await {
        tracing::warn!(%error, "idempotency keys could not be given back; their leases end in a minute");
    }
    if let Some(sandbox) = plugs.sandbox {
        sandbox.stop().await;
    }
    plugs.store.close().await;
    tracing::info!("stopped");
    served.map_err(HostError::Server)
}

/// Where programs on this machine find a host that listens there.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

fn edge_config(host: &Host, settings: &Settings) -> EdgeConfig {
    let anyone_in_demo = settings.profile == Profile::Demo && settings.cors_origins.is_empty();
    EdgeConfig {
        service: host.name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        body_limit: settings.body_limit,
        request_timeout: settings.timeout(),
        rate_per_second: settings.rate_per_second,
        rate_burst: settings.rate_burst,
        cors_origins: if anyone_in_demo { vec!["*".to_owned()] } else { settings.cors_origins.clone() },
        trust_forwarded: settings.trust_forwarded,
    }
}

/// Tells the person at the terminal where everything is.
fn announce(host: &Host, settings: &Settings, bound: SocketAddr, notes: &[String]) {
    let home = format!("http://{bound}");
    let place = profile::database_place(settings);
    println!("{} {}\n", host.title, env!("CARGO_PKG_VERSION"));
    println!("  Home           {home}/");
    println!("  API            {home}/v1");
    println!("  Documentation  {home}/docs");
    println!("  Data           {place}");
    for note in notes {
        println!("  {note}");
    }
    println!("\n  Stop with Ctrl-C.");
}

/// Resolves when the process is asked to stop; from then on the host says that it is not ready.
fn stop_signal(probes: Probes) -> Result<impl Future<Output = ()>, HostError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(HostError::Server)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping: no new requests, those under way may finish");
        probes.stop();
    })
}

/// Asks the database how it is.
struct Database(SqlStore);

#[async_trait]
impl Probe for Database {
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self) -> Result<(), String> {
        self.0.ping().await.map_err(|error| match error {
            StoreError::Busy => "is busy".to_owned(),
            _ => "cannot be reached".to_owned(),
        })
    }
}

/// Asks the bus how it is. Without it events wait and everything else goes on, so nobody has to be sent elsewhere.
struct Bus(Arc<dyn EventBus>);

#[async_trait]
impl Probe for Bus {
    fn name(&self) -> &str {
        "bus"
    }

    async fn check(&self) -> Result<(), String> {
        self.0.check().await
    }

    fn is_vital(&self) -> bool {
        false
    }
}
