//! Orders: from the basket to the goods, or back.
//!
//! # Shape
//! - [`lifecycle`]: which status an order may move to; pure.
//! - [`basket`]: what somebody wants, checked and priced.
//! - [`place`]: an order comes to be: lines, reservation, purchase, attempt to pay and event in one unit of work.
//! - [`settle`]: what payments do to an order, inside their unit of work: it is paid, or its time is over.
//! - [`cancel`], [`complete`], [`elsewhere`]: what people do to it.
//! - [`view`]: orders, read.
//!
//! # Locks
//! Whoever needs several takes them in this order: payments, transaction, ledger accounts, order, stock,
//! bookings.

mod basket;
mod cancel;
mod complete;
mod elsewhere;
mod lifecycle;
mod place;
mod settle;
mod view;

use std::sync::Arc;

use dermaga_ports::{auth::Principal, ids::OrderId, orders::Order, store::UnitOfWork, time::Timestamp};
use serde_json::{Value, json};

pub use basket::{NewLine, NewOrder};
pub use complete::Revision;
pub use elsewhere::TakenElsewhere;
pub use lifecycle::successors;
pub(crate) use view::orders_open;
pub use view::{Moment, OrderView};

use crate::{
    core::{Core, Note},
    error::{Code, Error, Result},
};

/// The use cases of orders.
#[derive(Clone)]
pub struct Orders(Arc<Core>);

impl Orders {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}

fn missing(id: OrderId) -> Error {
    Error::new(Code::OrderNotFound, format!("There is no order {id} among yours."))
}

impl Core {
    /// Files what became of an order. The event is called as the audited action.
    async fn tell_order(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        action: &'static str,
        order: &Order,
        now: Timestamp,
    ) -> Result<()> {
        let detail = match &order.reason {
            Some(reason) => format!("{} {}: {reason}", order.number, order.total),
            None => format!("{} {}", order.number, order.total),
        };
        let note = Note { actor: Some(by), action, subject: format!("order:{}", order.id), detail };
        self.file(uow, note, facts(order), now).await
    }
}

/// The facts of an order that subscribers get.
fn facts(order: &Order) -> Value {
    json!({
        "order_id": order.id,
        "number": order.number.0,
        "user_id": order.buyer,
        "status": order.status.as_str(),
        "amount": order.total.amount(),
        "currency": order.total.currency(),
        "pay_by": order.pay_by.map(|at| at.to_string()),
        "reason": order.reason,
    })
}
