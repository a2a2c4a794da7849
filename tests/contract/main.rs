//! What the ports promise, tried on every adapter that implements them.
//!
//! A contract is a function over a fresh database. It is listed once, in `listed`, and runs on SQLite and on Postgres; a
//! contract that is not listed is dead code and a warning. What is said about both at once is in `both`;
//! what only a server does that is elsewhere, in `silence`.

mod attendance;
mod audit_outbox;
mod auth;
mod bookings;
mod both;
mod clerk;
mod deliveries;
mod door;
mod due_payments;
mod fixtures;
mod idempotency;
mod inbox;
mod journal;
mod ledger_books;
mod ledger_history;
mod ledger_schema;
mod line_audits;
mod line_lists;
mod manual_transfers;
mod notifications;
mod orders;
mod papers;
mod payments;
mod personal;
mod recount;
mod refunds;
mod report_papers;
mod reports;
mod seal;
mod senders;
mod sessions;
mod silence;
mod statements;
mod stock;
mod store;
mod tampering;
mod transaction_lists;
mod transactions;
mod wallets;
mod webhooks;

/// One test for each contract and database, named `sqlite::auth::emails_are_unique`.
macro_rules! contracts {
    ($($module:ident { $($name:ident)* })*) => {
        contracts!(engine sqlite, Sqlite, $($module { $($name)* })*);
        contracts!(engine postgres, Postgres, $($module { $($name)* })*);
    };
    (engine $engine:ident, $variant:ident, $($module:ident { $($name:ident)* })*) => {
        mod $engine {
            $(mod $module {
                use dermaga_tests::databases::{Database, Engine};

                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let database = Database::migrated(Engine::$variant).await;
                    crate::$module::$name(&database).await;
                    database.dispose().await;
                })*
            })*
        }
    };
}

// Behind the macro that it uses.
mod listed;
