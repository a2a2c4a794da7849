//! Orders, read.

use dermaga_ports::{
    attendance::OrderLine,
    audit::{AuditFilter, AuditRecord},
    auth::{Principal, User},
    ids::{OrderId, TicketId, UserId},
    orders::{Order, OrderFilter, OrderStatus},
    paging::{Page, PageRequest},
    payments::{Payment, PaymentFilter},
    time::Timestamp,
};

use super::{Orders, missing};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    inventory::shelf,
};

/// Something that happened to an order or its payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub at: Timestamp,
    /// What happened, as `order.confirmed` or `payment.paid`.
    pub what: String,
    /// Who did it: `buyer`, `staff`, `system`, or the name of a gateway or service. Staff sees whom.
    pub who: String,
    pub detail: String,
}

/// An order with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderView {
    pub order: Order,
    pub buyer: Option<User>,
    /// Newest first.
    pub payments: Vec<Payment>,
    /// Oldest first.
    pub timeline: Vec<Moment>,
    /// The tickets that came with it, once it is paid.
    pub tickets: Vec<TicketId>,
}

impl Orders {
    /// An order of the caller, or anybody's for staff.
    ///
    /// # Errors
    /// [`Code::OrderNotFound`], for somebody else's too.
    pub async fn order(&self, by: &Principal, id: OrderId) -> Result<Order> {
        self.own(by, id, Permission::ReadOrders).await
    }

    /// The same with buyer, payments and timeline.
    ///
    /// # Errors
    /// As [`Orders::order`].
    pub async fn detail(&self, by: &Principal, id: OrderId) -> Result<OrderView> {
        let order = self.order(by, id).await?;
        let store = &self.0.ports.store;
        let buyer = store.users().user(order.buyer).await?;
        let filter = PaymentFilter { transaction: Some(order.transaction()), ..PaymentFilter::default() };
        let payments = store.payments().payments(&filter, PageRequest::first(100)).await?.items;
        let insider = !matches!(by, Principal::User { id, .. } if *id == order.buyer);
        let subjects = std::iter::once(format!("order:{id}"))
            .chain(payments.iter().map(|payment| format!("payment:{}", payment.id)));
        let mut timeline = Vec::new();
        for subject in subjects {
            let filter = AuditFilter { subject: Some(subject), ..AuditFilter::default() };
            let entries = store.audit().audit(&filter, PageRequest::first(100)).await?.items;
            // Oldest first, also of what happened at one moment.
            timeline.extend(entries.into_iter().rev().map(|entry| moment(entry, order.buyer, insider)));
        }
        timeline.sort_by_key(|moment| moment.at);
        let issued = matches!(order.status, OrderStatus::Paid | OrderStatus::Completed);
        let of_line =
            |(line, _, quantity): (OrderLine, _, u32)| (0..quantity).map(move |position| line.ticket(position));
        let tickets = if issued { shelf::tickets(&order).into_iter().flat_map(of_line).collect() } else { Vec::new() };
        Ok(OrderView { order, buyer, payments, timeline, tickets })
    }

    /// Orders of the caller, or everybody's for staff; newest first.
    ///
    /// # Errors
    /// [`Code::UserNotFound`] for somebody else's.
    pub async fn orders(
        &self,
        by: &Principal,
        filter: OrderFilter,
        page: PageRequest<OrderId>,
    ) -> Result<Page<Order, OrderId>> {
        let filter = match (by, filter.buyer) {
            // Somebody who asks for their own needs no more rights than that.
            (Principal::User { id, .. }, Some(buyer)) if *id == buyer => {
                Permission::OwnOrders.check(by)?;
                filter
            }
            (Principal::User { id, .. }, None) if Permission::ReadOrders.check(by).is_err() => {
                Permission::OwnOrders.check(by)?;
                OrderFilter { buyer: Some(*id), ..filter }
            }
            (_, Some(buyer)) => {
                let missing = || Error::new(Code::UserNotFound, format!("There is no user {buyer}."));
                let allowed = self.0.authorise(by, Permission::ReadOrders).await;
                allowed.map_err(|error| error.hidden_behind(missing))?;
                filter
            }
            (_, None) => {
                self.0.authorise(by, Permission::ReadOrders).await?;
                filter
            }
        };
        Ok(self.0.ports.store.orders().orders(&filter, self.0.now(), page).await?)
    }

    /// The moment that deadlines are judged by; see [`Order::status_at`].
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// The attempts to pay an order of the caller, newest first; anybody's for staff.
    ///
    /// # Errors
    /// As [`Orders::order`].
    pub async fn payments(&self, by: &Principal, id: OrderId) -> Result<Vec<Payment>> {
        let order = self.own(by, id, Permission::ReadPayments).await?;
        let filter = PaymentFilter { transaction: Some(order.transaction()), ..PaymentFilter::default() };
        Ok(self.0.ports.store.payments().payments(&filter, PageRequest::first(100)).await?.items)
    }

    /// An order of the caller, or anybody's for who has that permission.
    pub(super) async fn own(&self, by: &Principal, id: OrderId, any: Permission) -> Result<Order> {
        let order = self.0.ports.store.orders().order(id).await?.ok_or_else(|| missing(id))?;
        let allowed = self.0.authorise_owner(by, order.buyer, Permission::OwnOrders, any).await;
        allowed.map_err(|error: Error| error.hidden_behind(|| missing(id)))?;
        Ok(order)
    }
}

fn moment(entry: AuditRecord, buyer: UserId, insider: bool) -> Moment {
    let who = match entry.actor.split_once(':') {
        _ if entry.actor == format!("user:{buyer}") => "buyer",
        Some(("user", _)) if insider => entry.actor.as_str(),
        Some(("user", _)) => "staff",
        Some(("service", name)) => name,
        _ => "system",
    };
    Moment { at: entry.at, what: entry.action, who: who.to_owned(), detail: entry.detail }
}

/// Closing an account waits until nobody waits for it any more.
pub(crate) fn orders_open() -> Error {
    let told = "There are orders that are not finished. Cancel them, or wait until they are delivered.";
    Error::new(Code::AccountNotEmpty, told)
}
