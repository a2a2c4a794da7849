//! Manual transfers inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::PaymentId,
    money::Money,
    payments::{ManualTransfers, Picture, Proof},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    codec::{Moment, corrupt},
    personal::Column,
    unit_of_work::SqlUnitOfWork,
};

const TAKEN: &str = "SELECT amount FROM manual_amounts WHERE currency = $1 AND amount > $2 AND amount <= $3 \
    AND reserved_until > $4";
const TAKE: &str = "INSERT INTO manual_amounts (currency, amount, payment_id, reserved_until) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (currency, amount) DO UPDATE SET payment_id = excluded.payment_id, \
    reserved_until = excluded.reserved_until WHERE manual_amounts.reserved_until <= $5";
const SHOW: &str = "INSERT INTO payment_proofs (payment_id, details, picture, shown_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (payment_id) DO UPDATE SET details = excluded.details, picture = excluded.picture, \
    shown_at = excluded.shown_at";
const SHOWN: &str = "SELECT details, picture, shown_at FROM payment_proofs WHERE payment_id = $1";

/// What is sealed of a proof besides its picture.
#[derive(Serialize, Deserialize)]
struct Details {
    bank: Option<String>,
    sender: Option<String>,
    amount: Option<i64>,
    transferred_at: Option<i64>,
    note: Option<String>,
}

#[async_trait]
impl ManualTransfers for SqlUnitOfWork {
    async fn taken_amounts(&mut self, base: Money, most: i64, now: Timestamp) -> Result<Vec<i64>, StoreError> {
        on_tx!(self, |x| {
            sqlx::query_scalar(TAKEN)
                .bind(base.currency().code())
                .bind(base.amount())
                .bind(base.amount().saturating_add(most))
                .bind(Moment(now))
                .fetch_all(x)
                .await
        })
    }

    async fn take_amount(
        &mut self,
        payment: PaymentId,
        amount: Money,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let taken = on_tx!(self, |x| {
            sqlx::query(TAKE)
                .bind(amount.currency().code())
                .bind(amount.amount())
                .bind(payment.0)
                .bind(Moment(until))
                .bind(Moment(now))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        Ok(taken == 1)
    }

    async fn show(&mut self, proof: &Proof) -> Result<(), StoreError> {
        let details = Details {
            bank: proof.bank.clone(),
            sender: proof.sender.clone(),
            amount: proof.amount,
            transferred_at: proof.transferred_at.map(Timestamp::micros),
            note: proof.note.clone(),
        };
        let details = serde_json::to_vec(&details).map_err(corrupt)?;
        let details = self.keys.seal(Column::ProofDetails, proof.payment.0, &details)?;
        let picture = proof.picture.as_ref();
        let picture =
            picture.map(|one| self.keys.seal(Column::ProofPicture, proof.payment.0, &one.bytes)).transpose()?;
        on_tx!(self, |x| {
            let query = sqlx::query(SHOW).bind(proof.payment.0).bind(details.as_slice()).bind(picture.as_deref());
            query.bind(Moment(proof.shown_at)).execute(x).await.map(drop)
        })
    }

    async fn proof(&mut self, payment: PaymentId) -> Result<Option<Proof>, StoreError> {
        let row: Option<(Vec<u8>, Option<Vec<u8>>, Moment)> =
            on_tx!(self, |x| sqlx::query_as(SHOWN).bind(payment.0).fetch_optional(x).await)?;
        let Some((details, picture, shown_at)) = row else { return Ok(None) };
        let details = self.keys.open(Column::ProofDetails, payment.0, &details)?;
        let details: Details = serde_json::from_slice(&details).map_err(corrupt)?;
        let bytes = picture.map(|sealed| self.keys.open(Column::ProofPicture, payment.0, &sealed)).transpose()?;
        let picture = bytes.map(|bytes| {
            let media_type = Picture::media_type(&bytes).ok_or_else(|| corrupt("a picture of no known kind"))?;
            Ok::<_, StoreError>(Picture { media_type, bytes })
        });
        Ok(Some(Proof {
            payment,
            bank: details.bank,
            sender: details.sender,
            amount: details.amount,
            transferred_at: details.transferred_at.map(Timestamp::from_micros),
            note: details.note,
            picture: picture.transpose()?,
            shown_at: shown_at.0,
        }))
    }
}
