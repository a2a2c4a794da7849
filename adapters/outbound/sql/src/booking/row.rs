//! A booking as a row.

use dermaga_ports::{
    StoreError,
    booking::{Booking, BookingKind, BookingStatus, CancellationQuote, Clocks, Customer, Delivery, Payload, Policy},
    ids::{BookingId, OrderId, UserId},
    money::Money,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt, money, named, parsed_if_any},
    personal::{Column, PersonalKeys},
};

/// The columns of [`BookingRow`], in the order in which they are written.
macro_rules! booking_columns {
    () => {
        "id, user_id, kind, supplier, status, reference, title, price, currency, max_cost, cost_currency, cost, order_id, \
         offer, customer, policy, offer_until, hold_until, price_until, bill_day, supplier_id, supplier_reference, \
         delivery, cancellation, sent_at, paid_at, next_check_at, checks, reason, frozen, created_at, updated_at, revision"
    };
}

macro_rules! select_booking {
    () => {
        concat!("SELECT ", booking_columns!(), " FROM bookings")
    };
}

pub(super) use booking_columns;
pub(super) use select_booking;

#[derive(FromRow)]
pub(super) struct BookingRow {
    pub(super) id: Uuid,
    user_id: Uuid,
    kind: String,
    supplier: String,
    status: String,
    reference: String,
    title: String,
    price: i64,
    currency: String,
    max_cost: i64,
    cost_currency: String,
    cost: Option<i64>,
    order_id: Option<Uuid>,
    offer: String,
    customer: Option<Vec<u8>>,
    policy: Option<Json<Policy>>,
    offer_until: Option<Moment>,
    hold_until: Option<Moment>,
    price_until: Option<Moment>,
    bill_day: Option<String>,
    supplier_id: Option<String>,
    supplier_reference: Option<String>,
    delivery: Option<Vec<u8>>,
    cancellation: Option<Json<CancellationQuote>>,
    sent_at: Option<Moment>,
    paid_at: Option<Moment>,
    next_check_at: Option<Moment>,
    checks: i64,
    reason: Option<String>,
    frozen: bool,
    created_at: Moment,
    updated_at: Moment,
    revision: i64,
}

impl BookingRow {
    pub(super) fn open(self, keys: &PersonalKeys) -> Result<Booking, StoreError> {
        let row = self;
        let max_cost = money(row.max_cost, &row.cost_currency)?;
        let cost = row.cost.map(|cost| Money::new(cost, max_cost.currency())).transpose().map_err(corrupt)?;
        Ok(Booking {
            id: BookingId(row.id),
            user: UserId(row.user_id),
            kind: named(&BookingKind::ALL, BookingKind::as_str, &row.kind)?,
            supplier: row.supplier,
            status: named(&BookingStatus::ALL, BookingStatus::as_str, &row.status)?,
            reference: row.reference,
            title: row.title,
            price: money(row.price, &row.currency)?,
            max_cost,
            cost,
            order: row.order_id.map(OrderId),
            offer: Payload(row.offer),
            customer: unsealed::<Customer>(keys, Column::BookingCustomer, row.id, row.customer.as_deref())?,
            policy: row.policy.map(|policy| policy.0),
            clocks: Clocks {
                offer: row.offer_until.map(|at| at.0),
                hold: row.hold_until.map(|at| at.0),
                price: row.price_until.map(|at| at.0),
                bill: parsed_if_any(row.bill_day.as_deref())?,
            },
            supplier_id: row.supplier_id,
            supplier_reference: row.supplier_reference,
            delivery: unsealed::<Delivery>(keys, Column::BookingDelivery, row.id, row.delivery.as_deref())?,
            cancellation: row.cancellation.map(|quote| quote.0),
            sent_at: row.sent_at.map(|at| at.0),
            paid_at: row.paid_at.map(|at| at.0),
            next_check_at: row.next_check_at.map(|at| at.0),
            checks: u32::try_from(row.checks).map_err(corrupt)?,
            reason: row.reason,
            frozen: row.frozen,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            revision: u64::try_from(row.revision).map_err(corrupt)?,
        })
    }
}

/// All rows as bookings.
pub(super) fn bookings(rows: Vec<BookingRow>, keys: &PersonalKeys) -> Result<Vec<Booking>, StoreError> {
    rows.into_iter().map(|row| row.open(keys)).collect()
}

/// Names as both databases take a list: JSON.
pub(super) fn names(names: &[String]) -> String {
    serde_json::Value::from(names).to_string()
}

/// A value that is sealed, if there is one.
type Sealed = Option<Vec<u8>>;

/// What is sealed of a booking: for whom it is, and what was delivered. What is empty is no value.
pub(super) fn sealed(booking: &Booking, keys: &PersonalKeys) -> Result<(Sealed, Sealed), StoreError> {
    let id = booking.id.0;
    Ok((
        seal(keys, Column::BookingCustomer, id, &booking.customer)?,
        seal(keys, Column::BookingDelivery, id, &booking.delivery)?,
    ))
}

fn seal<T: Default + PartialEq + Serialize>(
    keys: &PersonalKeys,
    column: Column,
    row: Uuid,
    value: &T,
) -> Result<Option<Vec<u8>>, StoreError> {
    if *value == T::default() {
        return Ok(None);
    }
    let text = serde_json::to_vec(value).map_err(corrupt)?;
    keys.seal(column, row, &text).map(Some)
}

fn unsealed<T: Default + DeserializeOwned>(
    keys: &PersonalKeys,
    column: Column,
    row: Uuid,
    sealed: Option<&[u8]>,
) -> Result<T, StoreError> {
    let Some(sealed) = sealed else { return Ok(T::default()) };
    let text = keys.open(column, row, sealed)?;
    // The parser's error would quote what is sealed.
    serde_json::from_slice(&text).map_err(|_| corrupt(format_args!("{} of {row} is of another shape", column.as_str())))
}
