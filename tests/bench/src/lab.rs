//! Everything that the scenarios share: the cluster, the people, the program that is measured.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::{baselines::pgbench::Pgbench, cluster::Cluster, host, machine, options::Options, progress, world::World};

/// The name of the database that every arena on Postgres is a copy of.
const TEMPLATE: &str = "world";

/// What the scenarios share.
#[derive(Debug)]
pub struct Lab {
    pub options: Options,
    pub cluster: Rc<Cluster>,
    pub world: World,
    /// The host that is measured.
    pub program: PathBuf,
    /// The host whose check-ins are measured.
    pub door: PathBuf,
    /// The baseline with as many indexes as the options say.
    pub pgbench: Pgbench,
    numbers: Cell<u64>,
    // The last field: by now the cluster has ended.
    work: TempDir,
}

impl Lab {
    /// Builds what is missing, starts what is shared, settles the people in one database of each kind.
    ///
    /// # Errors
    /// Something of it does not work.
    pub async fn open(options: Options) -> Result<Self> {
        let program = host::program(&root(), host::WALLET)?;
        let door = host::program(&root(), host::DOOR)?;
        let mut place = tempfile::Builder::new();
        place.prefix("dermaga-bench-");
        let work = match &options.folder {
            Some(folder) => place.tempdir_in(folder)?,
            None => place.tempdir()?,
        };
        let filesystem = machine::filesystem(work.path());
        ensure!(filesystem != "tmpfs", "{} is in memory: name a folder on a disk with --folder", work.path().display());

        let bar = progress::spinner("starting a Postgres of our own");
        let cluster = Rc::new(Cluster::start(work.path()).await?);
        bar.set_message("settling people on Postgres");
        let world = World::draw(work.path())?;
        cluster.create(TEMPLATE, None).await?;
        let url = cluster.url(TEMPLATE);
        host::migrate(&program, &url, work.path())?;
        world.settle(&url).await.context("settling people on Postgres")?;
        cluster.execute(TEMPLATE, "VACUUM ANALYZE").await?;
        bar.set_message("settling people on SQLite");
        let file = work.path().join("world.db");
        let url = format!("sqlite:{}", file.display());
        host::migrate(&program, &url, work.path())?;
        world.settle(&url).await.context("settling people on SQLite")?;
        bar.set_message("making the baseline's tables");
        let pgbench = Pgbench::prepare(cluster.clone(), work.path(), options.indexes).await?;
        progress::done(&bar, "a Postgres of our own is running; everybody has a wallet with money in it");
        Ok(Self { options, cluster, world, program, door, pgbench, numbers: Cell::new(0), work })
    }

    /// Where files go.
    pub fn folder(&self) -> &Path {
        self.work.path()
    }

    /// A number that has not been given out before.
    pub fn number(&self) -> u64 {
        self.numbers.replace(self.numbers.get() + 1)
    }

    /// Makes a copy of the settled database on Postgres.
    ///
    /// # Errors
    /// What the database says.
    pub async fn copy_postgres(&self, name: &str) -> Result<()> {
        self.cluster.create(name, Some(TEMPLATE)).await
    }

    /// Makes a copy of the settled database on SQLite.
    ///
    /// # Errors
    /// The disk is full.
    pub fn copy_sqlite(&self, folder: &Path) -> Result<PathBuf> {
        let file = folder.join("dermaga.db");
        fs::copy(self.folder().join("world.db"), &file)?;
        // A copy that is still on its way to the disk would slow down the first measurement.
        fs::File::open(&file)?.sync_all()?;
        Ok(file)
    }

    /// Lets the machine come to rest between two measurements.
    pub async fn rest(&self) {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}
