//! Bookings inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    booking::{Booking, Bookings},
    error::Entity,
    ids::{BookingId, OrderId, UserId},
    time::Timestamp,
};
use sqlx::types::Json;
use uuid::Uuid;

use super::row::{BookingRow, booking_columns, bookings, names, sealed, select_booking};
use crate::{
    codec::{Moment, corrupt, readable, unfindable},
    db::Dialects,
    unit_of_work::SqlUnitOfWork,
};

const INSERT: &str = concat!(
    "INSERT INTO bookings (",
    booking_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
     $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33) ON CONFLICT DO NOTHING"
);
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM bookings WHERE id = $1)";
const FIND: Dialects = locking!(select_booking!(), " WHERE id = $1");
const OF_ORDER: Dialects = locking!(select_booking!(), " WHERE order_id = $1 ORDER BY id");
const UPDATE: &str = "UPDATE bookings SET status = $3, cost = $4, order_id = $5, customer = $6, offer_until = $7, \
    hold_until = $8, price_until = $9, supplier_id = $10, supplier_reference = $11, delivery = $12, sent_at = $13, \
    paid_at = $14, next_check_at = $15, checks = $16, reason = $17, frozen = $18, updated_at = $19, cancellation = $20, \
    revision = revision + 1 WHERE id = $1 AND revision = $2";
const WAKE: &str = "UPDATE bookings SET next_check_at = $4 WHERE id IN (SELECT id FROM bookings \
    WHERE supplier = $1 AND (reference = $2 OR supplier_id = $3)) \
    AND (next_check_at > $4 OR (next_check_at IS NULL AND status = 'FULFILLED' AND NOT frozen))";
const KNOWS: &str =
    "SELECT EXISTS (SELECT 1 FROM bookings WHERE supplier = $1 AND (reference = $2 OR supplier_id = $3))";
const FORGET: &str = "UPDATE bookings SET customer = NULL, delivery = NULL WHERE user_id = $1";

macro_rules! claim {
    ($among:literal, $lock:literal) => {
        concat!(
            "UPDATE bookings SET next_check_at = $2 WHERE id IN (SELECT id FROM bookings WHERE next_check_at <= $1 \
             AND supplier IN (",
            $among,
            ") ORDER BY next_check_at, id LIMIT $3",
            $lock,
            ") RETURNING ",
            booking_columns!()
        )
    };
}

/// Several hosts look after bookings: each takes what no other has, of the suppliers that it reaches.
const CLAIM: Dialects = Dialects {
    postgres: claim!("SELECT jsonb_array_elements_text($4::jsonb)", " FOR NO KEY UPDATE SKIP LOCKED"),
    sqlite: claim!("SELECT value FROM json_each($4)", ""),
};

fn count(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(corrupt)
}

#[async_trait]
impl Bookings for SqlUnitOfWork {
    async fn add(&mut self, booking: &Booking) -> Result<(), StoreError> {
        let revision = count(booking.revision)?;
        let (customer, delivery) = sealed(booking, &self.keys)?;
        let clocks = &booking.clocks;
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(booking.id.0)
                .bind(booking.user.0)
                .bind(booking.kind.as_str())
                .bind(booking.supplier.as_str())
                .bind(booking.status.as_str())
                .bind(booking.reference.as_str())
                .bind(booking.title.as_str())
                .bind(booking.price.amount())
                .bind(booking.price.currency().code())
                .bind(booking.max_cost.amount())
                .bind(booking.max_cost.currency().code())
                .bind(booking.cost.map(|cost| cost.amount()))
                .bind(booking.order.map(Uuid::from))
                .bind(booking.offer.0.as_str())
                .bind(customer.as_deref())
                .bind(booking.policy.as_ref().map(Json))
                .bind(clocks.offer.map(Moment))
                .bind(clocks.hold.map(Moment))
                .bind(clocks.price.map(Moment))
                .bind(clocks.bill.map(|day| day.to_string()))
                .bind(booking.supplier_id.as_deref())
                .bind(booking.supplier_reference.as_deref())
                .bind(delivery.as_deref())
                .bind(booking.cancellation.as_ref().map(Json))
                .bind(booking.sent_at.map(Moment))
                .bind(booking.paid_at.map(Moment))
                .bind(booking.next_check_at.map(Moment))
                .bind(i64::from(booking.checks))
                .bind(booking.reason.as_deref())
                .bind(booking.frozen)
                .bind(Moment(booking.created_at))
                .bind(Moment(booking.updated_at))
                .bind(revision)
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 {
            return Ok(());
        }
        Err(self.id_or_reference(EXISTS, booking.id.0).await?)
    }

    async fn find(&mut self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        let sql = self.dialect(FIND);
        let row: Option<BookingRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn of_order(&mut self, order: OrderId) -> Result<Vec<Booking>, StoreError> {
        let sql = self.dialect(OF_ORDER);
        let rows = on_tx!(self, |x| sqlx::query_as(sql).bind(order.0).fetch_all(x).await)?;
        bookings(rows, &self.keys)
    }

    async fn save(&mut self, booking: &Booking) -> Result<(), StoreError> {
        let revision = count(booking.revision)?;
        let (customer, delivery) = sealed(booking, &self.keys)?;
        let clocks = &booking.clocks;
        let saved = on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(booking.id.0)
                .bind(revision)
                .bind(booking.status.as_str())
                .bind(booking.cost.map(|cost| cost.amount()))
                .bind(booking.order.map(Uuid::from))
                .bind(customer.as_deref())
                .bind(clocks.offer.map(Moment))
                .bind(clocks.hold.map(Moment))
                .bind(clocks.price.map(Moment))
                .bind(booking.supplier_id.as_deref())
                .bind(booking.supplier_reference.as_deref())
                .bind(delivery.as_deref())
                .bind(booking.sent_at.map(Moment))
                .bind(booking.paid_at.map(Moment))
                .bind(booking.next_check_at.map(Moment))
                .bind(i64::from(booking.checks))
                .bind(booking.reason.as_deref())
                .bind(booking.frozen)
                .bind(Moment(booking.updated_at))
                .bind(booking.cancellation.as_ref().map(Json))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if saved == 1 { Ok(()) } else { Err(self.spend(StoreError::Stale(Entity::Booking))) }
    }

    async fn claim_due(
        &mut self,
        suppliers: &[String],
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Booking>, StoreError> {
        let sql = self.dialect(CLAIM);
        let rows: Vec<BookingRow> = on_tx!(self, |x| {
            let query = sqlx::query_as(sql).bind(Moment(now)).bind(Moment(until)).bind(i64::from(limit));
            query.bind(names(suppliers)).fetch_all(x).await
        })?;
        Ok(readable("booking", rows.into_iter().map(|row| (row.id, row.open(&self.keys)))))
    }

    async fn wake<'a>(
        &mut self,
        supplier: &str,
        reference: Option<&'a str>,
        supplier_id: Option<&'a str>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        if unfindable(&[reference, supplier_id]) {
            return Ok(false);
        }
        on_tx!(self, |x| {
            let query = sqlx::query(WAKE).bind(supplier).bind(reference).bind(supplier_id).bind(Moment(at));
            query.execute(x).await.map(drop)
        })?;
        on_tx!(self, |x| {
            let query = sqlx::query_scalar(KNOWS).bind(supplier).bind(reference).bind(supplier_id);
            query.fetch_one(x).await
        })
    }

    async fn forget(&mut self, user: UserId) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(FORGET).bind(user.0).execute(x).await.map(drop))
    }
}
