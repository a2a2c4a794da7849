//! The baseline on Postgres: pgbench running the strongest SQL we know for one transfer a transaction.
//!
//! One statement writes the line of the journal and both balances, so there is one round trip and no time between the
//! locks and the commit. It does much less than Dermaga: no HTTP, no rights, no floor that a balance may not go below, no
//! idempotency, no names, 8-byte keys. Nobody who writes transfers one by one in SQL is faster on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    rc::Rc,
};

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use crate::{cluster::Cluster, world::PEOPLE};

/// Clients of pgbench: more are not faster on two cores, see the notes in the results.
pub const CLIENTS: usize = 16;

/// Which accounts the transfers go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Between any two.
    Uniform,
    /// From any to the same one.
    Hot,
    /// No balances: a row, and nothing else.
    Row,
}

/// A database with the baseline's tables, and the scripts that use them.
#[derive(Debug)]
pub struct Pgbench {
    cluster: Rc<Cluster>,
    database: String,
    folder: PathBuf,
}

/// Between any two accounts: both balances in one update, which locks them in the order of the index, so that no two
/// transactions wait for each other.
const UNIFORM: &str = "WITH line AS (INSERT INTO transfers (id, debit, credit, amount, created_at) \
    VALUES (gen_random_uuid(), :debit, :credit, :amount, now())) \
    UPDATE accounts SET debits = debits + CASE WHEN id = :debit THEN :amount ELSE 0 END, \
    credits = credits + CASE WHEN id = :credit THEN :amount ELSE 0 END WHERE id IN (:debit, :credit);";

/// To one account: everything else first, so that the lock that everybody waits for is held for the commit alone. Postgres
/// runs the parts of a WITH that nobody reads from after the statement, the last one first. It is a third faster than
/// the other one here, and slower there.
const HOT: &str = "WITH receiver AS (UPDATE accounts SET credits = credits + :amount WHERE id = :credit), \
    sender AS (UPDATE accounts SET debits = debits + :amount WHERE id = :debit) \
    INSERT INTO transfers (id, debit, credit, amount, created_at) \
    VALUES (gen_random_uuid(), :debit, :credit, :amount, now());";

/// The least that a transaction can write.
const ROW: &str = "INSERT INTO transfers (id, debit, credit, amount, created_at) \
    VALUES (gen_random_uuid(), :debit, :credit, :amount, now());";

impl Pgbench {
    /// Makes the tables; `indexes` is how many of the two indexes for statements the journal has.
    ///
    /// # Errors
    /// What the database says.
    pub async fn prepare(cluster: Rc<Cluster>, folder: &Path, indexes: u8) -> Result<Self> {
        let database = format!("pgbench_{indexes}");
        cluster.create(&database, None).await?;
        let tables = format!(
            "CREATE TABLE accounts (id bigint PRIMARY KEY, debits bigint NOT NULL, credits bigint NOT NULL)
                WITH (fillfactor = 50);
             INSERT INTO accounts SELECT id, 0, 0 FROM generate_series(1, {PEOPLE}) AS id;
             CREATE TABLE transfers (id uuid PRIMARY KEY, debit bigint NOT NULL, credit bigint NOT NULL,
                amount bigint NOT NULL, created_at timestamptz NOT NULL)"
        );
        cluster.execute(&database, &tables).await?;
        for side in ["debit", "credit"].into_iter().take(indexes.into()) {
            cluster.execute(&database, &format!("CREATE INDEX ON transfers ({side}, created_at)")).await?;
        }
        let pgbench = Self { cluster, database, folder: folder.to_owned() };
        fs::write(pgbench.script(Spread::Uniform), script(&format!("random(1, {PEOPLE})"), UNIFORM))?;
        fs::write(pgbench.script(Spread::Hot), script("1", HOT))?;
        fs::write(pgbench.script(Spread::Row), script(&format!("random(1, {PEOPLE})"), ROW))?;
        Ok(pgbench)
    }

    fn script(&self, spread: Spread) -> PathBuf {
        self.folder.join(format!("{spread:?}.sql"))
    }

    /// Transfers a second, from an empty journal and after a second that is not measured.
    ///
    /// # Errors
    /// What pgbench says, or transfers are missing afterwards.
    pub async fn measure(&self, spread: Spread, clients: usize, seconds: f64) -> Result<f64> {
        self.cluster.execute(&self.database, "TRUNCATE transfers").await?;
        self.cluster.execute(&self.database, "VACUUM ANALYZE accounts").await?;
        self.cluster.execute(&self.database, "VACUUM ANALYZE transfers").await?;
        self.run(spread, clients, 1).await?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some seconds")]
        self.run(spread, clients, seconds.ceil() as u32).await
    }

    async fn run(&self, spread: Spread, clients: usize, seconds: u32) -> Result<f64> {
        const COUNT: &str = "SELECT count(*) FROM transfers";
        let before = self.cluster.number(&self.database, COUNT).await?;
        let mut command = Command::from(self.cluster.program("pgbench"));
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--client", &clients.to_string()]);
        command.args(["--time", &seconds.to_string(), "--file"]).arg(self.script(spread)).arg(&self.database);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await.context("pgbench")?;
        let told = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "pgbench: {told}\n{}", String::from_utf8_lossy(&output.stderr));
        let value = |label: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(label));
            line.and_then(|rest| rest.split_whitespace().next()).with_context(|| format!("no {label:?} in {told}"))
        };
        let written = self.cluster.number(&self.database, COUNT).await? - before;
        let processed: i64 = value("number of transactions actually processed:")?.parse()?;
        ensure!(written == processed, "pgbench counts {processed} transfers, the journal {written}");
        Ok(value("tps =")?.parse()?)
    }
}

/// The script of pgbench; the receiver is what `credit` draws, the sender anybody else.
fn script(credit: &str, statement: &str) -> String {
    format!(
        "\\set credit {credit}\n\\set other random(1, {})\n\\set debit :other + (case when :other >= :credit then 1 else \
         0 end)\n\\set amount random(1, 9)\n{statement}\n",
        PEOPLE - 1
    )
}
