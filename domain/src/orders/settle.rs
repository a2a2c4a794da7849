//! What payments do to an order, inside their own unit of work.
//!
//! A purchase that belongs to no order passes through: then there is none of its id.

use dermaga_ports::{
    auth::Principal,
    booking::Booking,
    ids::{OrderId, RefundId},
    ledger::Transaction,
    orders::{Order, OrderStatus},
    store::UnitOfWork,
    time::Timestamp,
};

use crate::{booking, core::Core, error::Result, inventory::shelf};

impl Core {
    /// The order that a purchase belongs to, locked. Purchase and order have one id.
    async fn order_of(&self, uow: &mut dyn UnitOfWork, purchase: &Transaction) -> Result<Option<Order>> {
        Ok(uow.orders().find(OrderId(purchase.id.0)).await?)
    }

    /// Whether money for this purchase still buys something: its order waits for it, and the goods are there.
    pub(crate) async fn still_wanted(
        &self,
        uow: &mut dyn UnitOfWork,
        purchase: &Transaction,
        now: Timestamp,
    ) -> Result<bool> {
        match self.order_of(uow, purchase).await? {
            None => Ok(true),
            Some(order) if order.status_at(now) != OrderStatus::Confirmed => Ok(false),
            Some(order) => {
                Ok(shelf::can_have(uow, &order, now).await? && booking::all_for_sale(uow, &order, now).await?)
            }
        }
    }

    /// The purchase has its money: the goods are put aside.
    pub(crate) async fn order_paid(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        purchase: &Transaction,
        now: Timestamp,
    ) -> Result<()> {
        let Some(mut order) = self.order_of(uow, purchase).await? else { return Ok(()) };
        order.status = OrderStatus::Paid;
        order.updated_at = now;
        uow.orders().save(&order).await?;
        self.allocate(uow, by, &order, now).await?;
        self.buy_bookings(uow, by, &order, now).await?;
        self.tell_order(uow, by, "order.paid", &order, now).await
    }

    /// Writes down that the time to pay a purchase is over. Its holds have ended by themselves.
    pub(crate) async fn order_expired(
        &self,
        uow: &mut dyn UnitOfWork,
        purchase: &Transaction,
        now: Timestamp,
    ) -> Result<()> {
        let Some(mut order) = self.order_of(uow, purchase).await? else { return Ok(()) };
        if order.status != OrderStatus::Confirmed {
            return Ok(());
        }
        order.status = OrderStatus::Expired;
        order.updated_at = now;
        uow.orders().save(&order).await?;
        uow.stock().release(order.id).await?;
        self.let_bookings_lapse(uow, &Principal::Operator, &order, now).await?;
        self.tell_order(uow, &Principal::Operator, "order.expired", &order, now).await
    }

    /// Moves the moment until which money for a purchase counts, and what is reserved with it.
    pub(crate) async fn move_deadline(
        &self,
        uow: &mut dyn UnitOfWork,
        purchase: &mut Transaction,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let order = self.order_of(uow, purchase).await?;
        let deadline = match &order {
            Some(order) if !order.bookings().is_empty() => {
                booking::cut(deadline, &uow.bookings().of_order(order.id).await?)
            }
            _ => deadline,
        };
        purchase.expires_at = Some(deadline);
        purchase.updated_at = now;
        uow.transactions().save(purchase).await?;
        let Some(mut order) = order else { return Ok(()) };
        if order.status != OrderStatus::Confirmed {
            return Ok(());
        }
        order.deadline = Some(deadline);
        order.updated_at = now;
        uow.orders().save(&order).await?;
        Ok(uow.stock().extend(order.id, deadline).await?)
    }

    /// What a gateway took back after the goods were put aside: they are free again. Goods that have left stay away, and
    /// a person has to look after the money.
    pub(crate) async fn order_unpaid(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        purchase: &Transaction,
        now: Timestamp,
    ) -> Result<()> {
        let Some(mut order) = self.order_of(uow, purchase).await? else { return Ok(()) };
        if order.status == OrderStatus::Completed {
            // What was bought may still be undone at its supplier, by a person.
            return self.stop_bookings(uow, by, &order, now).await;
        }
        if order.status != OrderStatus::Paid {
            return Ok(());
        }
        order.status = OrderStatus::Cancelled;
        order.reason = Some("the payment was taken back".to_owned());
        order.updated_at = now;
        uow.orders().save(&order).await?;
        self.free(uow, by, &order, now).await?;
        self.stop_bookings(uow, by, &order, now).await?;
        self.tell_order(uow, by, "order.cancelled", &order, now).await
    }

    /// An order of nothing but bookings ends by itself once each of them has ended. `bookings` are all of the order's.
    pub(crate) async fn end_with_bookings(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        mut order: Order,
        bookings: &[Booking],
        now: Timestamp,
    ) -> Result<()> {
        let waits = |booking: &Booking| booking.frozen || booking.status.is_under_way();
        let alone = order.lines.iter().all(|line| line.ware.booking().is_some());
        if order.status != OrderStatus::Paid || !alone || bookings.iter().any(waits) {
            return Ok(());
        }
        let action = if bookings.iter().all(|booking| booking.status.is_void()) {
            order.status = OrderStatus::Cancelled;
            order.reason = Some("nothing is left of what it booked".to_owned());
            "order.cancelled"
        } else {
            order.status = OrderStatus::Completed;
            "order.completed"
        };
        order.updated_at = now;
        uow.orders().save(&order).await?;
        self.tell_order(uow, by, action, &order, now).await
    }

    /// Whether a refund of a purchase has to reach the buyer, whatever its gateway says: the order was cancelled, or it is
    /// for a booking that could not be had. What does not go back through the gateway then goes to the buyer's wallet.
    pub(crate) async fn is_owed(
        &self,
        uow: &mut dyn UnitOfWork,
        purchase: &Transaction,
        refund: RefundId,
    ) -> Result<bool> {
        let order = self.order_of(uow, purchase).await?;
        let of_a_booking = |order: &Order| order.bookings().into_iter().any(|id| booking::refund_of(id) == refund);
        Ok(order.is_some_and(|order| order.status == OrderStatus::Cancelled || of_a_booking(&order)))
    }
}
