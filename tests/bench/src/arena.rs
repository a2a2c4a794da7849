//! A database with one or more hosts on it, for one scenario.
//!
//! It counts what the hosts said they did. When the scenario is over, the journal has to say the same: a benchmark that
//! loses transfers has measured nothing.

use std::{cell::Cell, net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, Result};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::{
    host::{self, Host},
    lab::Lab,
    load::{self, Amount, Kind, Load, Report},
    progress, world,
};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

#[derive(Debug)]
enum Database {
    Postgres { name: String },
    Sqlite { file: PathBuf },
}

/// A database that is used by hosts.
#[derive(Debug)]
pub struct Arena<'a> {
    lab: &'a Lab,
    program: PathBuf,
    // Before the folders: the hosts are stopped first.
    hosts: Vec<Host>,
    database: Database,
    folder: TempDir,
    lines_before: i64,
    done: Cell<u64>,
    unknown: Cell<u64>,
}

impl<'a> Arena<'a> {
    /// Copies the settled database and starts hosts on it.
    ///
    /// # Errors
    /// A host does not start.
    pub async fn open(lab: &'a Lab, engine: Engine, hosts: usize) -> Result<Self> {
        Self::open_with(lab, engine, hosts, lab.program.clone()).await
    }

    /// The same with another program than the wallet.
    ///
    /// # Errors
    /// A host does not start.
    pub async fn open_with(lab: &'a Lab, engine: Engine, hosts: usize, program: PathBuf) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("arena-").tempdir_in(lab.folder())?;
        let database = match engine {
            Engine::Postgres => {
                let name = format!("arena_{}", lab.number());
                lab.copy_postgres(&name).await?;
                Database::Postgres { name }
            }
            Engine::Sqlite => Database::Sqlite { file: lab.copy_sqlite(folder.path())? },
        };
        let (done, unknown) = (Cell::new(0), Cell::new(0));
        let mut arena = Self { lab, program, hosts: Vec::new(), database, folder, lines_before: 0, done, unknown };
        arena.lines_before = arena.number(world::JOURNAL).await?;
        for _ in 0..hosts {
            arena.serve()?;
        }
        Ok(arena)
    }

    /// Starts one more host on the database.
    ///
    /// # Errors
    /// It does not start.
    pub fn serve(&mut self) -> Result<()> {
        self.hosts.push(Host::start(&self.program, &self.url(), self.folder.path())?);
        Ok(())
    }

    fn url(&self) -> String {
        match &self.database {
            Database::Postgres { name } => self.lab.cluster.url(name),
            Database::Sqlite { file } => format!("sqlite:{}", file.display()),
        }
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        match self.database {
            Database::Postgres { .. } => Engine::Postgres,
            Database::Sqlite { .. } => Engine::Sqlite,
        }
    }

    /// Where the hosts listen.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.hosts.iter().map(Host::address).collect()
    }

    /// Sends a load to all hosts.
    ///
    /// # Errors
    /// The load generator fails; that requests are refused is no error but a fault in the report.
    pub async fn load(&self, kind: Kind, amount: Amount, connections: usize) -> Result<Report> {
        self.load_at(self.addresses(), kind, amount, connections).await
    }

    /// Sends a load to some hosts.
    ///
    /// # Errors
    /// See [`Arena::load`].
    pub async fn load_at(
        &self,
        addresses: Vec<SocketAddr>,
        kind: Kind,
        amount: Amount,
        connections: usize,
    ) -> Result<Report> {
        let report = send(self.lab, addresses, kind, amount, connections).await?;
        if kind.writes() {
            self.done.set(self.done.get() + report.done);
            self.unknown.set(self.unknown.get() + report.unknown * kind.transfers());
        }
        Ok(report)
    }

    /// Writes everything to its place, so that what comes next does not pay for what was before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn checkpoint(&self) -> Result<()> {
        match &self.database {
            Database::Postgres { .. } => self.lab.cluster.checkpoint().await,
            Database::Sqlite { file } => {
                let connection = Connection::open(file)?;
                // Passive: it takes nothing away from a host that is running.
                connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
                Ok(())
            }
        }
    }

    /// Stops the hosts and leaves the database.
    ///
    /// # Errors
    /// A host does not stop.
    pub fn stop(&mut self) -> Result<()> {
        self.hosts.drain(..).try_for_each(Host::stop)
    }

    /// What the database takes on the disk, once everything is in its place. The hosts have been stopped.
    ///
    /// # Errors
    /// What the database says.
    pub async fn bytes(&self) -> Result<i64> {
        match &self.database {
            Database::Postgres { .. } => {
                self.lab.cluster.checkpoint().await?;
                self.number("SELECT pg_database_size(current_database())").await
            }
            Database::Sqlite { file } => {
                let connection = Connection::open(file)?;
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
                drop(connection);
                Ok(i64::try_from(std::fs::metadata(file)?.len())?)
            }
        }
    }

    /// How many transfers the hosts said they did.
    pub fn done(&self) -> u64 {
        self.done.get()
    }

    /// The number that a question to the database is answered with.
    ///
    /// # Errors
    /// What the database says.
    pub async fn number(&self, sql: &str) -> Result<i64> {
        match &self.database {
            Database::Postgres { name } => self.lab.cluster.number(name, sql).await,
            Database::Sqlite { file } => {
                // To read, a reader of the log must be able to write its place in it.
                let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                connection.busy_timeout(std::time::Duration::from_secs(10))?;
                Ok(connection.query_row(sql, [], |row| row.get(0))?)
            }
        }
    }

    /// Has the books counted again by the host's own command, and tells how long it took.
    ///
    /// # Errors
    /// They are not whole.
    pub fn verify(&self) -> Result<(String, std::time::Duration)> {
        host::verify(&self.lab.program, &self.url(), self.folder.path())
    }

    /// What is wrong with the journal, if anything: it must hold as many new lines as transfers were answered well, and
    /// at most as many more as requests were left without an answer.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn audit(&self) -> Result<Option<String>> {
        let written = self.number(world::JOURNAL).await? - self.lines_before;
        let (done, unknown) = (i64::try_from(self.done.get())?, i64::try_from(self.unknown.get())?);
        let whole = (done..=done + unknown).contains(&written);
        let told =
            format!("{done} transfers were answered well, {unknown} not at all, the journal has {written} more lines");
        Ok((!whole).then_some(told))
    }

    /// Stops the hosts, audits the journal and removes the database; answers what was wrong.
    ///
    /// # Errors
    /// Something cannot be stopped, asked or removed.
    pub async fn close(mut self) -> Result<Option<String>> {
        self.stop()?;
        let found = self.audit().await?;
        if let Database::Postgres { name } = &self.database {
            self.lab.cluster.remove(name).await?;
        }
        self.folder.close().context("the folder of an arena")?;
        Ok(found)
    }
}

/// Sends a load and shows how it goes.
///
/// # Errors
/// The load generator fails.
pub async fn send(
    lab: &Lab,
    addresses: Vec<SocketAddr>,
    kind: Kind,
    amount: Amount,
    connections: usize,
) -> Result<Report> {
    let what = format!("{kind}, {connections} connections");
    let bar = match amount {
        Amount::Requests(requests) => progress::bar(&what, requests * kind.transfers()),
        Amount::Closed { seconds } | Amount::Open { seconds, .. } => progress::spinner(format!("{what}, {seconds} s")),
    };
    let world = lab.world.file().to_owned();
    let load = Load { kind, amount, connections, addresses, world, seed: lab.number() };
    let report = load::measure(&load, &bar).await?;
    let Report { rate, p50, p99, cpu, .. } = &report;
    let told = format!("{what}: {rate:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, generator {cpu:.2} of a core");
    progress::done(&bar, &told);
    if let Some(fault) = report.fault() {
        eprintln!("    {fault}");
    }
    Ok(report)
}
