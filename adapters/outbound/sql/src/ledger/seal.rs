//! The seal in the database: a row that says where the chain ends, and a row for each batch.
//!
//! The end of the chain is the last thing a transaction locks, right before it commits, so that everybody else waits as
//! short as possible. Postgres computes the link itself: the link of the batch before is known only under that lock, and
//! fetching it would be another round trip.

use dermaga_ports::{
    StoreError,
    ledger::{
        Transfer,
        seal::{self, Digest, Head},
    },
};
use sqlx::{FromRow, SqliteConnection};

use crate::{codec, db::Tx, error::from_driver};

/// Tag of a link, content, lines.
const EXTEND: &str = "SELECT ledger_seal_lines($1, $2, $3)";
/// The end of the chain.
pub(super) const HEAD: &str = "SELECT number, link FROM ledger_seal";
pub(super) const MOVE_HEAD: &str = "UPDATE ledger_seal SET number = $1, link = $2";
pub(super) const INSERT: &str = "INSERT INTO ledger_batches (number, content, link, lines) VALUES ($1, $2, $3, $4)";

/// The end of the chain as a row; of `ledger_batches` as well.
#[derive(FromRow)]
pub(super) struct HeadRow {
    number: i64,
    link: Vec<u8>,
}

impl TryFrom<HeadRow> for Head {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, StoreError> {
        Ok(Self { number: row.number.unsigned_abs(), link: codec::digest(&row.link)? })
    }
}

/// What a batch of lines adds to the seal: their hash, and their ids one after the other.
pub(super) fn imprint(lines: &[Transfer]) -> (Digest, Vec<u8>) {
    let ids = lines.iter().flat_map(|line| *line.id.0.as_bytes()).collect();
    (seal::content(lines.iter()), ids)
}

/// Seals the lines of a transaction as one batch, right before it commits.
pub(crate) async fn extend(tx: &mut Tx, lines: &[Transfer]) -> Result<(), StoreError> {
    let (content, ids) = imprint(lines);
    match tx {
        Tx::Postgres(transaction) => {
            let query = sqlx::query(EXTEND).bind(seal::LINK_TAG).bind(content.as_slice()).bind(ids);
            query.execute(&mut **transaction).await.map(drop).map_err(from_driver)
        }
        Tx::Sqlite(transaction) => extend_sqlite(transaction, &content, ids).await,
    }
}

async fn extend_sqlite(connection: &mut SqliteConnection, content: &Digest, ids: Vec<u8>) -> Result<(), StoreError> {
    let row: HeadRow = sqlx::query_as(HEAD).fetch_one(&mut *connection).await.map_err(from_driver)?;
    let head = Head::try_from(row)?.extend(content);
    let (number, link) = (head.number.cast_signed(), head.link.to_vec());
    let moved = sqlx::query(MOVE_HEAD).bind(number).bind(link.clone()).execute(&mut *connection).await;
    moved.map_err(from_driver)?;
    let insert = sqlx::query(INSERT).bind(number).bind(content.to_vec()).bind(link).bind(ids);
    insert.execute(connection).await.map(drop).map_err(from_driver)
}
