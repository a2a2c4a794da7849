//! Orders on the wire.

use dermaga_domain::orders::{Moment as Happened, OrderView};
use dermaga_ports::{
    auth::User,
    orders::{Line, Order, OrderStatus, Ware},
    payments::Payment,
    time::Timestamp,
};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::{
    payments::{PaymentBody, PaymentChoice},
    wire::{CurrencyCode, Moment},
};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "OrderStatus", rename_all = "UPPERCASE")]
pub enum OrderStatusName {
    Draft,
    Confirmed,
    Paid,
    Completed,
    Cancelled,
    Expired,
}

impl From<OrderStatus> for OrderStatusName {
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Draft => Self::Draft,
            OrderStatus::Confirmed => Self::Confirmed,
            OrderStatus::Paid => Self::Paid,
            OrderStatus::Completed => Self::Completed,
            OrderStatus::Cancelled => Self::Cancelled,
            OrderStatus::Expired => Self::Expired,
        }
    }
}

impl From<OrderStatusName> for OrderStatus {
    fn from(name: OrderStatusName) -> Self {
        match name {
            OrderStatusName::Draft => Self::Draft,
            OrderStatusName::Confirmed => Self::Confirmed,
            OrderStatusName::Paid => Self::Paid,
            OrderStatusName::Completed => Self::Completed,
            OrderStatusName::Cancelled => Self::Cancelled,
            OrderStatusName::Expired => Self::Expired,
        }
    }
}

/// A line of an order, as it was ordered.
#[derive(Debug, Clone, Object)]
#[oai(rename = "OrderLine", skip_serializing_if_is_none)]
pub struct LineBody {
    pub product_id: Option<Uuid>,
    pub ticket_type_id: Option<Uuid>,
    pub booking_id: Option<Uuid>,
    pub title: String,
    pub quantity: i64,
    /// In the currency's smallest unit
    pub unit_price: i64,
    /// `quantity` times `unit_price`
    pub total: i64,
    pub note: Option<String>,
}

impl From<Line> for LineBody {
    fn from(line: Line) -> Self {
        let (product_id, ticket_type_id) = match line.ware {
            Ware::Product(id) => (Some(id.into()), None),
            Ware::Ticket(id) => (None, Some(id.into())),
            Ware::Booking(_) => (None, None),
        };
        Self {
            product_id,
            ticket_type_id,
            booking_id: line.ware.booking().map(Into::into),
            title: line.title,
            quantity: line.quantity,
            unit_price: line.unit_price.amount(),
            total: line.unit_price.amount() * line.quantity,
            note: line.note,
        }
    }
}

/// An order.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Order", skip_serializing_if_is_none)]
pub struct OrderBody {
    pub id: Uuid,
    /// What people call it
    pub number: String,
    pub user_id: Uuid,
    pub status: OrderStatusName,
    pub lines: Vec<LineBody>,
    /// In the currency's smallest unit
    pub total: i64,
    pub currency: CurrencyCode,
    /// Until when it can be paid
    pub pay_by: Option<Moment>,
    /// Until when money that is told late counts; then everything reserved is free again
    pub expires_at: Option<Moment>,
    /// Why it was cancelled
    pub reason: Option<String>,
    /// Counts the changes
    pub revision: u64,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl OrderBody {
    /// The order as it stands at that moment.
    pub fn at(now: Timestamp) -> impl Fn(Order) -> Self {
        move |order| Self {
            id: order.id.into(),
            status: order.status_at(now).into(),
            number: order.number.0,
            user_id: order.buyer.into(),
            lines: order.lines.into_iter().map(Into::into).collect(),
            total: order.total.amount(),
            currency: order.total.currency().into(),
            pay_by: order.pay_by.map(Into::into),
            expires_at: order.deadline.map(Into::into),
            reason: order.reason,
            revision: order.revision,
            created_at: order.created_at.into(),
            updated_at: order.updated_at.into(),
        }
    }
}

/// An order and what is to be done to pay it.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct PlacedOrder {
    #[oai(flatten)]
    pub order: OrderBody,
    /// The attempt to pay that started with it
    pub payment: Option<PaymentBody>,
}

impl PlacedOrder {
    /// As it stands at that moment.
    pub fn at(now: Timestamp, (order, payment): (Order, Option<Payment>)) -> Self {
        Self { order: OrderBody::at(now)(order), payment: payment.map(Into::into) }
    }
}

/// Who ordered.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Buyer {
    pub id: Uuid,
    pub full_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

impl From<User> for Buyer {
    fn from(user: User) -> Self {
        Self {
            id: user.id.into(),
            full_name: user.full_name,
            email: user.email.map(|email| email.to_string()),
            phone: user.phone.map(|phone| phone.to_string()),
        }
    }
}

/// Something that happened to an order or its payments.
#[derive(Debug, Clone, Object)]
pub struct TimelineEntry {
    pub at: Moment,
    /// As `order.confirmed` or `payment.paid`
    pub what: String,
    /// `buyer`, `staff`, `system`, or the name of a gateway or service; staff sees whom
    pub who: String,
    pub detail: String,
}

impl From<Happened> for TimelineEntry {
    fn from(moment: Happened) -> Self {
        Self { at: moment.at.into(), what: moment.what, who: moment.who, detail: moment.detail }
    }
}

/// An order with everything that belongs to it.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct OrderDetail {
    pub order: OrderBody,
    pub buyer: Option<Buyer>,
    /// Newest first
    pub payments: Vec<PaymentBody>,
    /// Oldest first
    pub timeline: Vec<TimelineEntry>,
    /// The tickets that came with it, once it is paid: `GET /tickets/{id}` has their codes
    pub ticket_ids: Vec<Uuid>,
}

impl OrderDetail {
    /// As it stands at that moment.
    pub fn at(now: Timestamp, view: OrderView) -> Self {
        Self {
            order: OrderBody::at(now)(view.order),
            buyer: view.buyer.map(Into::into),
            payments: view.payments.into_iter().map(Into::into).collect(),
            timeline: view.timeline.into_iter().map(Into::into).collect(),
            ticket_ids: view.tickets.into_iter().map(Into::into).collect(),
        }
    }
}

/// How a draft is placed.
#[derive(Debug, Clone, Default, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Placement {
    /// The total that the buyer agrees to; the draft's unless given. Another one by now refuses it
    pub expected_total: Option<i64>,
    /// How it will be paid. Without it, `POST /payments` starts paying
    pub payment: Option<PaymentChoice>,
}

/// Why an order is called off.
#[derive(Debug, Clone, Default, Object)]
#[oai(rename = "OrderCancellation", skip_serializing_if_is_none)]
pub struct Cancellation {
    #[oai(validator(max_length = 200))]
    pub reason: Option<String>,
    /// The revision that the decision was made on; a newer one refuses it
    pub revision: Option<u64>,
}

/// The next status of an order.
#[derive(Debug, Clone, Object)]
#[oai(rename = "OrderStatusChange", skip_serializing_if_is_none)]
pub struct StatusChange {
    pub status: OrderStatusName,
    #[oai(validator(max_length = 200))]
    pub reason: Option<String>,
    /// The revision that the decision was made on; a newer one refuses it
    pub revision: Option<u64>,
}

/// A payment that was taken elsewhere.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RecordedPayment", skip_serializing_if_is_none)]
pub struct RecordedPayment {
    /// Whoever took it calls it so; the same reference again is the same payment
    #[oai(validator(min_length = 1, max_length = 100))]
    pub reference: String,
    /// The order's total
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub amount: i64,
    /// IDR unless named
    pub currency: Option<CurrencyCode>,
}
