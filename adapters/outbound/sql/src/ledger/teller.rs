//! Balances on SQLite, read by a thread of its own: a whole question changes threads once.

use dermaga_ports::{StoreError, time::Timestamp};
use rusqlite::{Connection, OptionalExtension, named_params};
use uuid::Uuid;

use super::wallets::{BalanceRow, balances};
use crate::{
    desk::{Desk, Reply},
    error::from_file,
};

const BALANCE: &str = balances!("a.id = $1");

/// The thread, and the way to it. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Teller(Desk<Question>);

#[derive(Debug)]
struct Question {
    wallets: Vec<Uuid>,
    now: Timestamp,
    reply: Reply<Vec<BalanceRow>>,
}

impl Teller {
    /// Starts the thread.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn start(connection: Connection) -> Result<Self, StoreError> {
        let work = |connection: &mut Connection, Question { wallets, now, reply }| {
            // Whoever asked may have given up.
            let _ = reply.send(read(connection, &wallets, now).map_err(from_file));
        };
        Desk::start("balances", connection, work).map(Self)
    }

    /// What is in those of the wallets that exist, all at one moment.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn balances(&self, wallets: Vec<Uuid>, now: Timestamp) -> Result<Vec<BalanceRow>, StoreError> {
        self.0.order(|reply| Question { wallets, now, reply }).await
    }

    /// Waits until everything that was asked is answered and the connection is closed.
    pub(crate) async fn close(&self) {
        self.0.close().await;
    }
}

fn read(connection: &mut Connection, wallets: &[Uuid], now: Timestamp) -> rusqlite::Result<Vec<BalanceRow>> {
    let moment = connection.transaction()?;
    let mut query = moment.prepare_cached(BALANCE)?;
    let mut found = Vec::with_capacity(wallets.len());
    for wallet in wallets {
        let columns = |row: &rusqlite::Row<'_>| Ok((*wallet, row.get(1)?, row.get(2)?, row.get(3)?));
        let parameters = named_params! { "$1": wallet.as_bytes(), "$2": now.micros() };
        found.extend(query.query_row(parameters, columns).optional()?);
    }
    Ok(found)
}
