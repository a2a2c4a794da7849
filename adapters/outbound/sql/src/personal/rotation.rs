//! Everything under the first key: what `rotate-personal-data` does.
//!
//! Column by column and batch by batch, in the order of ids. A batch locks its rows, so what a host writes at the same
//! time is not overwritten, and it is short, so that hosts hardly wait. What is sealed with the first key already is
//! left as it is; a rotation that was interrupted is simply begun again.

use dermaga_ports::StoreError;
use uuid::Uuid;

use super::sealed::Column;
use crate::{
    codec::{corrupt, parsed},
    db::Dialects,
    error::from_driver,
    store::SqlStore,
    unit_of_work::SqlUnitOfWork,
};

/// Rows that are locked together.
const BATCH: i64 = 256;

/// What a rotation has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Values that there are.
    pub seen: u64,
    /// Of these, how many were sealed with another key than the first and no longer are.
    pub rewritten: u64,
}

/// How the values of a column are counted, taken and put back.
struct Statements {
    count: &'static str,
    take: Dialects,
    put: &'static str,
}

macro_rules! statements {
    ($table:literal, $column:literal) => {
        statements!($table, $column, "id")
    };
    ($table:literal, $column:literal, $id:literal) => {
        Statements {
            count: concat!("SELECT COUNT(*) FROM ", $table, " WHERE ", $column, " IS NOT NULL"),
            take: locking!(
                "SELECT ",
                $id,
                ", ",
                $column,
                " FROM ",
                $table,
                " WHERE ",
                $id,
                " > $1 AND ",
                $column,
                " IS NOT NULL ORDER BY ",
                $id,
                " LIMIT $2"
            ),
            put: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $2 WHERE ",
                $id,
                " = $1 AND ",
                $column,
                " IS NOT NULL"
            ),
        }
    };
}

fn statements(column: Column) -> Statements {
    match column {
        Column::UserEmail => statements!("users", "email"),
        Column::UserPhone => statements!("users", "phone"),
        Column::UserFullName => statements!("users", "full_name"),
        Column::PaymentToken => statements!("payments", "token"),
        Column::SigningKey => statements!("webhook_endpoints", "signing_key"),
        Column::PreviousKey => statements!("webhook_endpoints", "previous_key"),
        Column::NoticeBody => statements!("payment_webhooks", "body"),
        Column::NotificationMessage => statements!("notifications", "message"),
        Column::NotificationData => statements!("notifications", "data"),
        Column::ProofDetails => statements!("payment_proofs", "details", "payment_id"),
        Column::ProofPicture => statements!("payment_proofs", "picture", "payment_id"),
        Column::BookingCustomer => statements!("bookings", "customer"),
        Column::BookingDelivery => statements!("bookings", "delivery"),
        Column::KeptAnswer => statements!("idempotency_keys", "sealed", "seed"),
        Column::TicketHolder => statements!("tickets", "holder"),
        Column::TicketKey => statements!("ticket_keys", "secret_key"),
    }
}

const PUT_DIGEST: &str = "UPDATE users SET email_digest = $2 WHERE id = $1";

impl SqlStore {
    /// Seals all personal data with the first key of the ring. Idempotent, and hosts may be at work meanwhile.
    /// `progress` is told how many values are done, of how many.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a value that no key of the ring opens; what was done until then stays done.
    pub async fn rotate_personal_data(&self, mut progress: impl FnMut(u64, u64)) -> Result<Rotation, StoreError> {
        let mut total = 0;
        for column in Column::ALL {
            let sql = statements(column).count;
            let count: i64 = on_read!(self, |x| sqlx::query_scalar(sql).fetch_one(x).await)?;
            total += count.unsigned_abs();
        }
        let mut done = Rotation::default();
        for column in Column::ALL {
            let mut after = Uuid::nil();
            loop {
                let (transaction, turn) = self.db.begin().await.map_err(from_driver)?;
                let mut unit = SqlUnitOfWork::new(transaction, turn, self.bell.clone(), self.keys.clone());
                let batch = unit.rotate(column, after).await?;
                dermaga_ports::store::UnitOfWork::commit(Box::new(unit)).await?;
                done.seen += batch.done.seen;
                done.rewritten += batch.done.rewritten;
                progress(done.seen, total.max(done.seen));
                match batch.last {
                    Some(last) => after = last,
                    None => break,
                }
            }
        }
        Ok(done)
    }
}

struct Batch {
    done: Rotation,
    /// The last row, unless there are no more.
    last: Option<Uuid>,
}

impl SqlUnitOfWork {
    async fn rotate(&mut self, column: Column, after: Uuid) -> Result<Batch, StoreError> {
        let (take, put, keys) = (self.dialect(statements(column).take), statements(column).put, self.keys.clone());
        let rows: Vec<(Uuid, Vec<u8>)> =
            on_tx!(self, |x| sqlx::query_as(take).bind(after).bind(BATCH).fetch_all(x).await)?;
        let mut batch = Batch { done: Rotation::default(), last: rows.last().map(|(id, _)| *id) };
        for (id, sealed) in rows {
            batch.done.seen += 1;
            // Opened even if nothing is to be done: whoever takes a key away wants to know that all is well.
            let value = keys.open(column, id, &sealed)?;
            if keys.is_fresh(&sealed) {
                continue;
            }
            let again = keys.seal(column, id, &value)?;
            on_tx!(self, |x| sqlx::query(put).bind(id).bind(again.as_slice()).execute(x).await.map(drop))?;
            if column == Column::UserEmail {
                let email = parsed(&String::from_utf8(value).map_err(|_| corrupt("an address that is no text"))?)?;
                let digest = keys.digest(&email);
                on_tx!(self, |x| sqlx::query(PUT_DIGEST).bind(id).bind(digest).execute(x).await.map(drop))?;
            }
            batch.done.rewritten += 1;
        }
        Ok(batch)
    }
}
