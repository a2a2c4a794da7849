//! An order and its lines as rows.

use dermaga_ports::{
    StoreError,
    ids::{BookingId, OrderId, ProductId, TicketTypeId, UserId},
    money::Money,
    orders::{Line, Order, OrderNumber, OrderStatus, Ware},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::codec::{Moment, corrupt, money, named};

/// The columns of [`OrderRow`].
macro_rules! select_order {
    () => {
        "SELECT id, number, buyer, status, amount, currency, pay_by, deadline, reason, created_at, updated_at, revision \
         FROM orders"
    };
}

/// The columns of [`LineRow`].
macro_rules! select_lines {
    () => {
        "SELECT order_id, kind, ware, title, quantity, unit_price, note FROM order_lines WHERE order_id"
    };
}

pub(super) use select_lines;
pub(super) use select_order;

#[derive(FromRow)]
pub(super) struct OrderRow {
    pub(super) id: Uuid,
    number: String,
    buyer: Uuid,
    status: String,
    amount: i64,
    currency: String,
    pay_by: Option<Moment>,
    deadline: Option<Moment>,
    reason: Option<String>,
    created_at: Moment,
    updated_at: Moment,
    revision: i64,
}

#[derive(FromRow)]
pub(super) struct LineRow {
    pub(super) order_id: Uuid,
    kind: String,
    ware: Uuid,
    title: String,
    quantity: i64,
    unit_price: i64,
    note: Option<String>,
}

impl OrderRow {
    /// The order, with its lines in their order.
    pub(super) fn with(self, lines: Vec<LineRow>) -> Result<Order, StoreError> {
        let total = money(self.amount, &self.currency)?;
        let lines = lines.into_iter().map(|line| line.priced_like(total)).collect::<Result<Vec<_>, _>>()?;
        if lines.is_empty() {
            return Err(corrupt(format_args!("order {} has no lines", self.id)));
        }
        Ok(Order {
            id: OrderId(self.id),
            number: OrderNumber(self.number),
            buyer: UserId(self.buyer),
            status: named(&OrderStatus::ALL, OrderStatus::as_str, &self.status)?,
            lines,
            total,
            pay_by: self.pay_by.map(|at| at.0),
            deadline: self.deadline.map(|at| at.0),
            reason: self.reason,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            revision: self.revision.unsigned_abs(),
        })
    }
}

impl LineRow {
    fn priced_like(self, total: Money) -> Result<Line, StoreError> {
        let ware = match self.kind.as_str() {
            "product" => Ware::Product(ProductId(self.ware)),
            "ticket" => Ware::Ticket(TicketTypeId(self.ware)),
            "booking" => Ware::Booking(BookingId(self.ware)),
            other => return Err(corrupt(format_args!("{other:?} is no kind of ware"))),
        };
        Ok(Line {
            ware,
            title: self.title,
            quantity: self.quantity,
            unit_price: Money::new(self.unit_price, total.currency()).map_err(corrupt)?,
            note: self.note,
        })
    }
}

/// The id of what a line is about.
pub(super) fn ware_id(ware: Ware) -> Uuid {
    match ware {
        Ware::Product(id) => id.0,
        Ware::Ticket(id) => id.0,
        Ware::Booking(id) => id.0,
    }
}
