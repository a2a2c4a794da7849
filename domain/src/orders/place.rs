//! An order comes to be.
//!
//! Whatever belongs to it is written in one unit of work: the lines at their prices, the reservation of the stock, the
//! purchase that will carry the money, the first attempt to pay, the event and the audit entry. There is no order without
//! its goods, and no goods are kept without an order.

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    booking::Booking,
    ids::{ItemId, OrderId, PaymentId, UserId},
    ledger::{Counterparty, Transaction, TransactionKind, TransactionStatus, Wallet},
    money::{Currency, Money},
    orders::{Line, Order, OrderNumber, OrderStatus, Ware},
    payments::{Payment, PaymentState},
    store::UnitOfWork,
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    NewLine, NewOrder, Orders,
    basket::{self, Asking, Priced},
    lifecycle::may_move,
    missing,
};
use crate::{
    auth::Permission,
    booking,
    error::{Code, Error, Result},
    inventory::shelf,
    ledger::{Draft, meant, person},
    once::{id_taken, made_once},
    payments::{MethodChoice, Payments},
};

/// Numbers that are tried before it is called a fault. The chance that one is taken is one in a million at a million
/// orders.
const NUMBERS: u8 = 8;

impl Orders {
    /// Makes an order, and starts paying it if a method is chosen. Idempotent by `id`.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::InsufficientStock`] naming what is available, [`Code::PriceChanged`],
    /// [`Code::CurrencyMismatch`], [`Code::WalletNotFound`] if there is none in the order's currency: money that comes too
    /// late goes there.
    pub async fn create(&self, by: &Principal, id: OrderId, new: NewOrder) -> Result<(Order, Option<Payment>)> {
        Permission::OwnOrders.check(by)?;
        let buyer = person(by)?;
        new.check()?;
        let (order, payment) = made_once(|| self.made_before(buyer, id), self.make(by, buyer, id, new)).await?;
        Ok((order, self.send(payment).await?))
    }

    async fn make(
        &self,
        by: &Principal,
        buyer: UserId,
        id: OrderId,
        new: NewOrder,
    ) -> Result<(Order, Option<Payment>)> {
        if let Some(choice) = &new.payment {
            Payments::new(self.0.clone()).may_choose(by, choice).await.map_err(|error| error.within("/payment"))?;
        }
        let wallets = self.0.wallets_of(buyer).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let items: Vec<ItemId> = new.lines.iter().filter_map(|line| line.ware.item()).collect();
        // The prices are read after the locks: a product that is taken off the list right now is gone or it is ours.
        let there = if new.draft { Vec::new() } else { shelf::look(&mut *uow, &items, now).await? };
        let asking = Asking { buyer, order: id, now };
        let Priced { lines, total, bookings } = basket::price(&mut *uow, asking, &new.lines).await?;
        let mut order = Order {
            id,
            number: OrderNumber::of(id, 0),
            buyer,
            status: OrderStatus::Draft,
            lines,
            total,
            pay_by: None,
            deadline: None,
            reason: None,
            created_at: now,
            updated_at: now,
            revision: 0,
        };
        if new.draft {
            self.add(&mut *uow, &mut order).await?;
            self.0.tell_order(&mut *uow, by, "order.drafted", &order, now).await?;
            uow.commit().await?;
            return Ok((order, None));
        }
        shelf::sufficient(&order, &there)?;
        let wallet = late_money(wallets, total.currency())?;
        self.start_the_clock(&mut order, &bookings, now)?;
        self.add(&mut *uow, &mut order).await?;
        booking::put_into(&mut *uow, &order, bookings, now).await?;
        let payment = self.reserve(&mut *uow, by, &order, &wallet, new.payment.as_ref(), now).await?;
        uow.commit().await?;
        Ok((order, payment))
    }

    /// Places a draft. `expected` is the total that the buyer agreed to; the draft's own unless given.
    ///
    /// # Errors
    /// As [`Orders::create`], and [`Code::OrderNotFound`], [`Code::IllegalTransition`], [`Code::PriceChanged`] if the total
    /// is another one by now: place it again with the new one.
    pub async fn place(
        &self,
        by: &Principal,
        id: OrderId,
        expected: Option<i64>,
        payment: Option<MethodChoice>,
    ) -> Result<(Order, Option<Payment>)> {
        let seen = self.own(by, id, Permission::ManageOrders).await?;
        // A repetition may come after the payment, and after the goods have left.
        if matches!(seen.status_at(self.0.now()), OrderStatus::Confirmed | OrderStatus::Paid | OrderStatus::Completed) {
            let payment = self.first_attempt(id).await?;
            return Ok((seen, self.send(payment).await?));
        }
        let now = self.0.now();
        if let Some(choice) = &payment {
            Payments::new(self.0.clone()).may_choose(by, choice).await.map_err(|error| error.within("/payment"))?;
        }
        let wallet = late_money(self.0.wallets_of(seen.buyer).await?, seen.total.currency())?;
        let mut uow = self.0.begin().await?;
        let mut order = uow.orders().find(id).await?.ok_or_else(|| missing(id))?;
        may_move(order.status_at(now), OrderStatus::Confirmed)?;
        let items: Vec<ItemId> = order.items().into_iter().map(|(item, _)| item).collect();
        let there = shelf::look(&mut *uow, &items, now).await?;
        let wanted: Vec<NewLine> = order.lines.iter().map(again).collect();
        let asking = Asking { buyer: order.buyer, order: id, now };
        let Priced { lines, total, bookings } = basket::price(&mut *uow, asking, &wanted).await?;
        let agreed = expected.unwrap_or(order.total.amount());
        if total.amount() != agreed {
            let told = format!(
                "The order costs {total} by now, not {agreed}. Place it with expected_total {}.",
                total.amount()
            );
            return Err(Error::new(Code::PriceChanged, told).at("/expected_total"));
        }
        (order.lines, order.total) = (lines, total);
        shelf::sufficient(&order, &there)?;
        self.start_the_clock(&mut order, &bookings, now)?;
        booking::put_into(&mut *uow, &order, bookings, now).await?;
        order.updated_at = now;
        uow.orders().save(&order).await?;
        order.revision += 1;
        uow.orders().rewrite(&order).await?;
        let payment = self.reserve(&mut *uow, by, &order, &wallet, payment.as_ref(), now).await?;
        uow.commit().await?;
        Ok((order, self.send(payment).await?))
    }

    /// What a repeated request finds.
    async fn made_before(&self, buyer: UserId, id: OrderId) -> Result<Option<(Order, Option<Payment>)>> {
        let Some(known) = self.0.ports.store.orders().order(id).await? else { return Ok(None) };
        if known.buyer != buyer {
            return Err(id_taken());
        }
        let payment = self.first_attempt(id).await?;
        Ok(Some((known, payment)))
    }

    async fn first_attempt(&self, order: OrderId) -> Result<Option<Payment>> {
        Ok(self.0.ports.store.payments().payment(first_payment(order)).await?)
    }

    /// From now on the buyer has to pay, while suppliers keep what is booked.
    ///
    /// # Errors
    /// [`Code::OfferGone`] if they do not keep it long enough for anybody to pay.
    fn start_the_clock(&self, order: &mut Order, bookings: &[Booking], now: Timestamp) -> Result<()> {
        let grace = self.0.policy.grace();
        let deadline = booking::cut(now + self.0.policy.payment_window + grace, bookings);
        if deadline.since(now) <= grace {
            let told = "What is booked is not kept long enough to be paid. Book again.";
            return Err(Error::new(Code::OfferGone, told));
        }
        order.status = OrderStatus::Confirmed;
        order.pay_by = Some(now + (deadline.since(now) - grace));
        order.deadline = Some(deadline);
        Ok(())
    }

    /// Stores a new order under the first number that is free.
    async fn add(&self, uow: &mut dyn UnitOfWork, order: &mut Order) -> Result<()> {
        for attempt in 0..NUMBERS {
            order.number = OrderNumber::of(order.id, attempt);
            match uow.orders().add(order).await {
                Err(StoreError::Conflict(Unique::Reference)) => {}
                other => return Ok(other?),
            }
        }
        Err(Error::internal("no order number is free"))
    }

    /// Keeps the goods of an order that is stored, and writes down what its money will be: the purchase of the same id,
    /// and the first attempt to pay it.
    async fn reserve(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        order: &Order,
        wallet: &Wallet,
        choice: Option<&MethodChoice>,
        now: Timestamp,
    ) -> Result<Option<Payment>> {
        shelf::hold(uow, order).await?;
        let transaction = self.purchase(order, wallet, now);
        uow.transactions().add(&transaction).await?;
        let payments = Payments::new(self.0.clone());
        let payment = match choice {
            Some(choice) => {
                let id = first_payment(order.id);
                Some(
                    payments
                        .begin_attempt(uow, by, id, &transaction, choice, now)
                        .await
                        .map_err(|e| e.within("/payment"))?,
                )
            }
            None => None,
        };
        self.0.tell_order(uow, by, "order.confirmed", order, now).await?;
        Ok(payment)
    }

    /// What the order's money will be.
    fn purchase(&self, order: &Order, wallet: &Wallet, now: Timestamp) -> Transaction {
        let draft = Draft {
            id: order.transaction(),
            kind: TransactionKind::Payment,
            wallet,
            counterparty: Counterparty::Merchant {
                name: format!("{} {}", self.0.policy.merchant, business(&order.lines)),
            },
            amount: order.total,
            description: Some(described(&order.lines, order.total)),
            reference: Some(order.number.0.clone()),
        };
        Transaction { expires_at: order.deadline, ..draft.transaction(TransactionStatus::Pending, now) }
    }

    /// Sends an attempt that is stored and not sent.
    async fn send(&self, payment: Option<Payment>) -> Result<Option<Payment>> {
        let Some(payment) = payment else { return Ok(None) };
        if payment.state != PaymentState::Created {
            return Ok(Some(payment));
        }
        Payments::new(self.0.clone()).submit(payment.id).await.map(Some)
    }
}

/// The wallet that takes money which comes too late.
fn late_money(wallets: Vec<Wallet>, currency: Currency) -> Result<Wallet> {
    meant(wallets, currency).ok_or_else(|| {
        let told = format!("There is no wallet in {currency}; open one first: money that comes too late goes there.");
        Error::new(Code::WalletNotFound, told)
    })
}

/// The attempt that starts with an order.
fn first_payment(order: OrderId) -> PaymentId {
    PaymentId(Uuid::new_v5(&order.0, b"first payment"))
}

fn again(line: &Line) -> NewLine {
    NewLine { ware: line.ware, quantity: line.quantity, unit_price: None, note: line.note.clone() }
}

/// Which of our businesses earns the money of an order; the shop, where it is of several.
fn business(lines: &[Line]) -> &'static str {
    let all = |of: fn(&Ware) -> bool| lines.iter().all(|line| of(&line.ware));
    if all(|ware| matches!(ware, Ware::Ticket(_))) {
        "events"
    } else if all(|ware| matches!(ware, Ware::Booking(_))) {
        "travel"
    } else {
        "shop"
    }
}

/// What a bank statement or a gateway's page says of the order.
fn described(lines: &[Line], total: Money) -> String {
    let first = lines.first().map_or("", |line| line.title.as_str());
    let first: String = first.chars().take(100).collect();
    match lines.len() {
        0 | 1 => first,
        more => format!("{first} and {} more, {total}", more - 1),
    }
}
