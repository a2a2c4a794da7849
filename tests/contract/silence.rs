//! A Postgres that goes without a word, one that another takes the place of, and requests that are dropped half way. What
//! they leave behind shows in whoever comes next.

use std::{process::Command, time::Duration};

use dermaga_ports::{StoreError, error::Entity, ledger::Balance, store::Store as _};
use dermaga_sql::{SqlOptions, SqlStore};
use dermaga_tests::{
    databases::{Database, Engine, OPTIONS},
    patience::{until, within},
};
use futures::FutureExt as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    clerk::{Clerk, funding, moving, recount},
    fixtures::*,
    journal::{decide, pair},
};

/// A store with one connection, and with less patience than a test.
async fn hasty(database: &Database) -> SqlStore {
    let options = SqlOptions { connections: 1, patience: Duration::from_secs(2), ..OPTIONS };
    database.second_store(options).await
}

/// The server's process behind a connection, which neither answers nor hangs up.
struct Silent(String);

impl Silent {
    /// The one whose last statement was like this.
    async fn of(database: &Database, like: &str) -> Self {
        let question = format!(
            "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
             AND application_name = 'dermaga' AND query LIKE '{like}'"
        );
        let [pid] = database.texts(&question).await.try_into().expect("one process");
        signal("-STOP", &pid);
        Self(pid)
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().expect("kill").success());
}

fn is_unavailable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_goes_on_when_its_connection_falls_silent() {
    within(60, async {
        let database = Database::migrated(Engine::Postgres).await;
        let (one, other) = pair(&database).await;
        let store = hasty(&database).await;
        let (_, wallet) = add_customer(&database, 9).await;
        let wallets = [wallet.id];
        let first = decide(&store, 101, one.id, other.id).await;
        store.journal().append(&first).await.expect("appends");
        let balance = Ok(vec![(wallet.id, Balance { posted: 0, available: 0 })]);
        assert_eq!(store.wallets().balances(&wallets, at(0)).await, balance);

        let appending = Silent::of(&database, "SELECT CASE WHEN ledger_store%").await;
        let asking = Silent::of(&database, "%a.kind = ''wallet''%").await;
        let second = decide(&store, 102, one.id, other.id).await;
        // Whoever asks at once hears that it is away; after a rest, the silence is noticed before.
        let (appended, asked) =
            tokio::join!(store.journal().append(&second), store.wallets().balances(&wallets, at(0)));
        assert!(is_unavailable(&appended) || appended == Err(StoreError::Stale(Entity::Journal)), "{appended:?}");
        assert!(is_unavailable(&asked) || asked == balance, "{asked:?}");
        assert_eq!(store.wallets().balances(&wallets, at(0)).await, balance);
        until("it goes on", async || store.journal().append(&second).await.ok()).await;
        // What was given up reaches the server after all, and changes nothing.
        drop((appending, asking));
        let third = decide(&store, 103, one.id, other.id).await;
        store.journal().append(&third).await.expect("appends");
        let report = recount(&database).await;
        assert_eq!((report.findings, report.lines), (vec![], 3));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_in_the_pool_is_free_again_when_its_connection_falls_silent() {
    within(60, async {
        let database = Database::migrated(Engine::Postgres).await;
        let store = hasty(&database).await;
        let mut unit = store.begin().await.expect("begins");
        unit.users().find(user(1).id).await.expect("asks");
        let _silent = Silent::of(&database, "%FROM users%").await;
        drop(unit);
        until("another connection takes its place", async || store.begin().await.ok()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_dropped_while_beginning_leaves_nothing_open() {
    within(60, async {
        let database = Database::migrated(Engine::Postgres).await;
        let store = hasty(&database).await;
        let open = "SELECT state FROM pg_stat_activity WHERE datname = current_database() \
            AND state LIKE 'idle in transaction%'";
        for _ in 0..20 {
            store.ping().await.expect("answers");
            drop(store.snapshot().now_or_never());
            store.ping().await.expect("answers");
            let unit = store.begin().await.expect("begins");
            unit.commit().await.expect("commits");
            drop(store.begin().now_or_never());
            store.ping().await.expect("answers");
            until("nothing is open", async || database.texts(open).await.is_empty().then_some(())).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_leaves_a_server_that_does_not_write() {
    within(60, async {
        let database = Database::migrated(Engine::Postgres).await;
        let (one, other) = pair(&database).await;
        let name = database.texts("SELECT current_database()::text").await.remove(0);
        let setting = async |value: &str| {
            // Its owner says so in sessions of their own, which may write.
            let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
            let mut owner = PgConnection::connect(&database.url.replace(&name, "postgres")).await.expect("connects");
            sqlx::query(AssertSqlSafe(sql)).execute(&mut owner).await.expect("sets");
        };
        setting("on").await;
        let store = hasty(&database).await;
        let changes = decide(&store, 101, one.id, other.id).await;
        assert!(is_unavailable(&store.journal().append(&changes).await));
        setting("off").await;
        // Nobody has hung up: the session that may not write is still there.
        let another = store.journal().append(&changes).await;
        assert_eq!(another, Err(StoreError::Stale(Entity::Journal)));
        store.journal().append(&changes).await.expect("appends");
    })
    .await;
}

/// A database with the same name that has not heard of what was acknowledged last.
struct Standby {
    name: String,
    server: String,
}

impl Standby {
    /// It has heard of everything until now.
    async fn of(database: &Database) -> Self {
        let name = database.texts("SELECT current_database()::text").await.remove(0);
        let standby = Self { server: database.url.replace(&name, "postgres"), name };
        let copy = format!("CREATE DATABASE {0}_standby TEMPLATE {0}", standby.name);
        standby.execute(&[&copy]).await;
        standby
    }

    /// It takes the other one's place.
    async fn promote(self) {
        let away = format!("ALTER DATABASE {0} RENAME TO {0}_lost", self.name);
        let here = format!("ALTER DATABASE {0}_standby RENAME TO {0}", self.name);
        self.execute(&[&away, &here]).await;
    }

    /// While nobody is connected.
    async fn execute(&self, statements: &[&str]) {
        let mut owner = PgConnection::connect(&self.server).await.expect("connects");
        let hang_up =
            format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        for sql in [hang_up.as_str()].iter().chain(statements) {
            sqlx::query(AssertSqlSafe((*sql).to_owned())).execute(&mut owner).await.expect(sql);
        }
    }
}

/// Longer than a connection may rest without being asked how it is.
async fn rest() {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_that_is_gone_had_acknowledged_is_not_remembered() {
    within(60, async {
        let database = Database::migrated(Engine::Postgres).await;
        let (cash, ani) = (system_account(1), account(2));
        open(&database, &[&cash, &ani]).await;
        let clerk = Clerk::of(&database);
        clerk.pay(1, funding(101, cash.id, ani.id, 100)).await;
        let standby = Standby::of(&database).await;
        rest().await;
        clerk.pay(2, funding(102, cash.id, ani.id, 20)).await;
        clerk.pay(3, moving(103, ani.id, cash.id, 3)).await;
        standby.promote().await;
        rest().await;
        // Another host is the first to move the money of the server that took the place.
        let beside = Clerk::on(&database.second_store(OPTIONS).await);
        beside.pay(4, funding(104, cash.id, ani.id, 7)).await;
        beside.pay(5, funding(105, cash.id, ani.id, 5)).await;
        clerk.pay(6, funding(106, cash.id, ani.id, 1)).await;

        let report = recount(&database).await;
        assert_eq!((report.findings, report.lines), (vec![], 4));
        let [ani] =
            <[_; 1]>::try_from(database.store.journal().accounts(&[ani.id]).await.expect("reads")).expect("one");
        assert_eq!(ani.counters.balance().posted, 113);
    })
    .await;
}
