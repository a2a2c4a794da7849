//! What must be the same in both databases, and how a database is opened.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt as _};

use dermaga_ports::{StoreError, store::Store as _};
use dermaga_sql::{SqlOptions, SqlStore};
use dermaga_tests::databases::{Database, Engine, OPTIONS, personal_keys};
use sqlx::{Connection as _, SqliteConnection};

/// `table.column type [not null]` of every column, in the words of Postgres.
async fn columns(database: &Database) -> BTreeSet<String> {
    let sql = match database.engine {
        Engine::Sqlite => {
            "SELECT t.name || '.' || c.name || ' ' || c.type || CASE WHEN c.\"notnull\" THEN ' not null' ELSE '' END \
             FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
        }
        Engine::Postgres => {
            "SELECT table_name || '.' || column_name || ' ' || CASE data_type WHEN 'uuid' THEN 'BLOB' \
                WHEN 'bytea' THEN 'BLOB' WHEN 'text' THEN 'TEXT' WHEN 'jsonb' THEN 'TEXT' ELSE 'INTEGER' END \
                || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let columns = database.texts(sql).await;
    columns.into_iter().filter(|column| !column.starts_with("_sqlx") && !column.starts_with("sqlite_")).collect()
}

/// `table: columns [unique] [where]` of every index that has a name of ours.
async fn indexes(database: &Database) -> BTreeSet<String> {
    let sql = match database.engine {
        Engine::Sqlite => {
            "SELECT l.name || ' on ' || t.name || ' (' || (SELECT group_concat(name, ', ') FROM \
                (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) || ')' \
                || CASE WHEN l.\"unique\" THEN ' unique' ELSE '' END || CASE WHEN l.partial THEN ' partial' ELSE '' END \
             FROM sqlite_master t JOIN pragma_index_list(t.name) l WHERE t.type = 'table' AND l.origin = 'c'"
        }
        Engine::Postgres => {
            "SELECT i.relname || ' on ' || t.relname || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.place) \
                FROM unnest(x.indkey) WITH ORDINALITY AS k (number, place) \
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) || ')' \
                || CASE WHEN x.indisunique THEN ' unique' ELSE '' END \
                || CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END \
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
             JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public' AND NOT x.indisprimary"
        }
    };
    database.texts(sql).await.into_iter().collect()
}

/// `table references table` of every foreign key.
async fn foreign_keys(database: &Database) -> BTreeSet<String> {
    let sql = match database.engine {
        Engine::Sqlite => {
            "SELECT t.name || '.' || f.\"from\" || ' references ' || f.\"table\" \
             FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'"
        }
        Engine::Postgres => {
            "SELECT c.conrelid::regclass || '.' || a.attname || ' references ' || c.confrelid::regclass \
             FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
             WHERE c.contype = 'f'"
        }
    };
    database.texts(sql).await.into_iter().collect()
}

#[tokio::test]
async fn both_schemas_are_the_same() {
    let sqlite = Database::migrated(Engine::Sqlite).await;
    let postgres = Database::migrated(Engine::Postgres).await;
    assert!(columns(&sqlite).await.len() > 50, "the question finds the columns");
    assert_eq!(columns(&sqlite).await, columns(&postgres).await);
    assert!(indexes(&sqlite).await.len() > 20, "the question finds the indexes");
    assert_eq!(indexes(&sqlite).await, indexes(&postgres).await);
    assert!(foreign_keys(&sqlite).await.len() > 4, "the question finds the foreign keys");
    assert_eq!(foreign_keys(&sqlite).await, foreign_keys(&postgres).await);
    sqlite.dispose().await;
    postgres.dispose().await;
}

/// Postgres has an advisory lock for this. Here both hosts have seen that nothing is applied when the first one may
/// write, unless it is the write lock that they wait for before they look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_hosts_migrate_in_turn() {
    let database = Database::empty(Engine::Sqlite).await;
    let second = database.second_store(OPTIONS).await;
    let log = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, \
        execution_time BIGINT NOT NULL)";
    database.execute(log).await.expect("creates");
    let mut writer = SqliteConnection::connect(&database.url).await.expect("connects");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut writer).await.expect("locks");
    let hosts = [database.store.clone(), second.clone()];
    let hosts = hosts.map(|store| tokio::spawn(async move { store.migrate().await }));
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    sqlx::query("ROLLBACK").execute(&mut writer).await.expect("lets go");
    for host in hosts {
        assert_eq!(host.await.expect("ends"), Ok(()));
    }
    second.close().await;
    database.dispose().await;
}

#[tokio::test]
async fn a_sqlite_file_is_private_and_its_folder_is_made() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data/deep/dermaga.db");
    for url in [format!("sqlite:{}", path.display()), format!("sqlite://{}", path.display())] {
        let store = SqlStore::connect(&url, SqlOptions::default(), personal_keys()).await.expect("connects");
        store.migrate().await.expect("migrates");
        store.ping().await.expect("answers");
        for file in ["dermaga.db", "dermaga.db-wal"] {
            let mode = std::fs::metadata(path.with_file_name(file)).expect("is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        store.close().await;
    }
}

/// Whoever builds outside this folder, where `.cargo/config.toml` is not read, gets a SQLite whose connections share a lock.
#[tokio::test]
async fn connections_to_sqlite_have_their_pages_to_themselves() {
    let database = Database::empty(Engine::Sqlite).await;
    let options = database.texts("SELECT compile_options FROM pragma_compile_options").await;
    let has = |wanted: &str| options.iter().any(|option| option == wanted);
    assert!(has("DEFAULT_MEMSTATUS=0") && !has("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
    database.dispose().await;
}

#[tokio::test]
async fn what_cannot_be_opened_is_unavailable() {
    let options = SqlOptions { patience: std::time::Duration::from_secs(1), ..OPTIONS };
    for url in [
        "dermaga.db",
        "mysql://localhost/dermaga",
        "sqlite::memory:",
        "sqlite:/proc/nowhere/dermaga.db",
        "sqlite:/",
        "postgres://dermaga@localhost/dermaga?host=/nowhere",
        "postgres://dermaga@127.0.0.1:1/dermaga",
    ] {
        let refused = SqlStore::connect(url, options, personal_keys()).await.map(drop);
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{url}: {refused:?}");
    }
}

#[tokio::test]
async fn a_vanished_database_is_unavailable_and_not_busy() {
    let options = SqlOptions { patience: std::time::Duration::from_secs(1), ..OPTIONS };
    let database = Database::migrated(Engine::Postgres).await;
    let store = database.second_store(options).await;
    store.ping().await.expect("answers");
    database.dispose().await;
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.begin().await.map(drop), Err(StoreError::Unavailable(_))));
}
