//! An order is called off: what is reserved is free again, and money goes back.

use dermaga_ports::{
    auth::Principal,
    ids::{OrderId, RefundId},
    ledger::{Transaction, TransactionStatus},
    orders::{Order, OrderStatus},
    payments::{Payment, PaymentClass, Use},
    store::UnitOfWork,
    time::Timestamp,
};

use super::{
    Orders,
    complete::{Revision, as_seen},
    lifecycle::may_move,
    missing,
};
use crate::{
    auth::Permission,
    booking,
    error::{Code, Error, Result},
    faults::Faults,
    inventory::shelf,
    ledger::{note, payload},
    payments::Payments,
};

/// How often a cancellation is tried while payments come in.
const ATTEMPTS: u32 = 5;

impl Orders {
    /// Cancels an order of the caller, or anybody's for staff. The money of one that is paid goes back the way it came, or
    /// to the buyer's wallet if that way does not exist. Cancelling twice is once.
    ///
    /// # Errors
    /// [`crate::Code::OrderNotFound`] for somebody else's, [`crate::Code::IllegalTransition`] for one that is over
    /// and for the buyer's own once one of its tickets has let somebody in,
    /// [`crate::Code::ConcurrentChange`].
    pub async fn cancel(&self, by: &Principal, id: OrderId, reason: Option<&str>, revision: Revision) -> Result<Order> {
        let mut faults = Faults::default();
        let reason = faults.text("/reason", reason, 200);
        faults.check()?;
        let seen = self.own(by, id, Permission::ManageOrders).await?;
        if seen.status == OrderStatus::Cancelled {
            return Ok(seen);
        }
        for _ in 0..ATTEMPTS {
            if let Some(order) = self.try_to_cancel(by, &seen, reason.clone(), revision).await? {
                return Ok(order);
            }
        }
        Err(Error::new(Code::ConcurrentChange, "The order is being paid right now. Read it again and repeat."))
    }

    /// One try; none comes of it if a payment slipped in between the locks.
    async fn try_to_cancel(
        &self,
        by: &Principal,
        seen: &Order,
        reason: Option<String>,
        revision: Revision,
    ) -> Result<Option<Order>> {
        let id = seen.id;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let attempts = uow.payments().of_transaction(seen.transaction()).await?;
        let transaction = uow.transactions().find(seen.transaction()).await?;
        let funding = attempts.iter().find(|payment| payment.used == Use::Funding).cloned();
        let payments = Payments::new(self.0.clone());
        if let Some((payment, transaction)) = &funding.clone().zip(transaction.clone()) {
            payments.lock_books(&mut *uow, payment, transaction, now).await?;
        }
        let mut order = uow.orders().find(id).await?.ok_or_else(|| missing(id))?;
        let from = order.status_at(now);
        may_move(from, OrderStatus::Cancelled)?;
        as_seen(&order, revision)?;
        shelf::lock(&mut *uow, &order, now).await?;
        booking::may_be_called_off(&mut *uow, &order).await?;
        order.status = OrderStatus::Cancelled;
        order.reason = reason;
        order.updated_at = now;
        uow.orders().save(&order).await?;
        let mut refund = None;
        match from {
            OrderStatus::Paid => {
                // It was stored after the attempts were locked. Its lock comes before those that are held here.
                let Some((payment, transaction)) = funding.zip(transaction) else { return Ok(None) };
                let why = order.reason.as_deref().unwrap_or("the order was cancelled");
                refund = payments.give_back(&mut *uow, by, payment, transaction, why, now).await?;
                self.0.free(&mut *uow, by, &order, now).await?;
                if matches!(by, Principal::User { id, .. } if *id == order.buyer) {
                    nobody_has_come(&mut *uow, &order).await?;
                }
            }
            OrderStatus::Confirmed => {
                uow.stock().release(id).await?;
                self.0.let_bookings_lapse(&mut *uow, by, &order, now).await?;
                if let Some(transaction) = transaction {
                    self.call_off(&mut *uow, by, transaction, now).await?;
                }
            }
            _ => {}
        }
        self.0.tell_order(&mut *uow, by, "order.cancelled", &order, now).await?;
        uow.commit().await?;
        order.revision += 1;
        self.tidy_up(&payments, attempts, refund).await;
        Ok(Some(order))
    }

    /// The purchase of an order that will not be paid.
    async fn call_off(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        mut transaction: Transaction,
        now: Timestamp,
    ) -> Result<()> {
        transaction.status = TransactionStatus::Cancelled;
        transaction.failure = Some("the order was cancelled".to_owned());
        transaction.updated_at = now;
        uow.transactions().save(&transaction).await?;
        self.0.file(uow, note(Some(by), &transaction), payload(&transaction), now).await
    }

    /// Tells the gateways. Whatever does not work now is done by whoever looks after payments: a refund is repeated, and
    /// money that still comes goes back.
    async fn tidy_up(&self, payments: &Payments, attempts: Vec<Payment>, refund: Option<RefundId>) {
        if let Some(refund) = refund {
            payments.pursue(refund).await.map(drop).unwrap_or_default();
        }
        for payment in attempts.into_iter().filter(|payment| payment.state.class() == PaymentClass::Open) {
            payments.call_off(payment).await.map(drop).unwrap_or_default();
        }
    }
}

/// Who has been let in has had what was paid for. The tickets are locked, so nobody enters meanwhile.
async fn nobody_has_come(uow: &mut dyn UnitOfWork, order: &Order) -> Result<()> {
    for (line, ..) in shelf::tickets(order) {
        for ticket in uow.tickets().of_line(line).await? {
            if uow.checkins().entered(&ticket.event, &ticket.id.to_string()).await?.is_some() {
                let told = "Somebody was let in with a ticket of this order. Ask the organiser to cancel it.";
                return Err(Error::new(Code::IllegalTransition, told));
            }
        }
    }
    Ok(())
}
