//! A paid order is delivered.

use dermaga_ports::{
    auth::Principal,
    ids::OrderId,
    ledger::{Transaction, TransactionStatus},
    orders::{Order, OrderStatus},
    payments::{Payment, Use},
};

use super::{Orders, lifecycle::may_move, missing};
use crate::{
    auth::Permission,
    booking,
    error::{Code, Error, Result},
    inventory::shelf,
};

/// What staff saw when they decided: a newer revision refuses the decision.
pub type Revision = Option<u64>;

impl Orders {
    /// PAID to COMPLETED: what was put aside leaves the stock.
    ///
    /// Of two who complete it at once one does, and the other hears how it stands.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::OrderNotFound`], [`Code::IllegalTransition`], also once its money went back,
    /// [`Code::ConcurrentChange`].
    pub async fn complete(&self, by: &Principal, id: OrderId, revision: Revision) -> Result<Order> {
        self.0.authorise(by, Permission::ManageOrders).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        // Locked before the order: whoever gives its money back decides before this or after it.
        let attempts = uow.payments().of_transaction(id.into()).await?;
        let purchase = uow.transactions().find(id.into()).await?;
        let mut order = uow.orders().find(id).await?.ok_or_else(|| missing(id))?;
        may_move(order.status_at(now), OrderStatus::Completed)?;
        as_seen(&order, revision)?;
        still_paid(&attempts, purchase.as_ref())?;
        shelf::lock(&mut *uow, &order, now).await?;
        booking::have_ended(&mut *uow, &order).await?;
        order.status = OrderStatus::Completed;
        order.updated_at = now;
        uow.orders().save(&order).await?;
        shelf::sell(&mut *uow, by, &order, now).await?;
        self.0.tell_order(&mut *uow, by, "order.completed", &order, now).await?;
        uow.commit().await?;
        order.revision += 1;
        Ok(order)
    }

    /// Moves an order by naming its next status, as far as a person decides that.
    ///
    /// # Errors
    /// As [`Orders::complete`], [`Orders::cancel`] and [`Orders::place`]; [`Code::IllegalTransition`] for PAID and EXPIRED,
    /// which payments and the deadline decide.
    pub async fn set_status(
        &self,
        by: &Principal,
        id: OrderId,
        to: OrderStatus,
        reason: Option<&str>,
        revision: Revision,
    ) -> Result<Order> {
        self.0.authorise(by, Permission::ManageOrders).await?;
        let order = self.0.ports.store.orders().order(id).await?.ok_or_else(|| missing(id))?;
        let from = order.status_at(self.0.now());
        may_move(from, to)?;
        match to {
            OrderStatus::Completed => self.complete(by, id, revision).await,
            OrderStatus::Cancelled => self.cancel(by, id, reason, revision).await,
            OrderStatus::Confirmed => {
                as_seen(&order, revision)?;
                Ok(self.place(by, id, None, None).await?.0)
            }
            OrderStatus::Paid => {
                let told =
                    "An order is PAID by its payment: see PUT /orders/{id}/payment for money that came elsewhere.";
                Err(Error::new(Code::IllegalTransition, told))
            }
            OrderStatus::Expired => {
                let told = "An order expires by its deadline. To end it before, name CANCELLED.";
                Err(Error::new(Code::IllegalTransition, told))
            }
            OrderStatus::Draft => Err(Error::new(Code::IllegalTransition, "No order becomes a draft again.")),
        }
    }
}

/// No goods leave for money that went back, whichever way it went: by a refund, at the gateway, or to the payer's bank,
/// which changes the payment alone.
fn still_paid(attempts: &[Payment], purchase: Option<&Transaction>) -> Result<()> {
    let refunded = purchase.is_some_and(|purchase| purchase.status == TransactionStatus::Refunded);
    let spent = |payment: &Payment| payment.used == Use::Funding && payment.sums.left() <= 0;
    if refunded || attempts.iter().any(spent) {
        return Err(Error::new(Code::IllegalTransition, "The money of this order went back: cancel it."));
    }
    Ok(())
}

/// Refuses a decision that was made on what is no longer so.
pub(super) fn as_seen(order: &Order, revision: Revision) -> Result<()> {
    if revision.is_none_or(|seen| seen == order.revision) {
        return Ok(());
    }
    let told = format!(
        "The order is {} and has revision {} by now. Read it again and repeat.",
        order.status.as_str(),
        order.revision
    );
    Err(Error::new(Code::ConcurrentChange, told).at("/revision"))
}
