//! The end of each world: our bookings against what the suppliers sold, our money against the gateway's.
//!
//! What the suppliers say is read from the server that plays them, and what went back from the gateway that is played:
//! neither knows what we believe.

use std::collections::BTreeMap;

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingFilter, BookingStatus},
    ids::{BookingId, OrderId, PaymentId},
    ledger::SystemAccount,
    money::Currency,
    paging::PageRequest,
    payments::{Payment, PaymentClass, PaymentFilter, Use},
};
use serde_json::Value;

use crate::world::{Person, World};

/// How a person knows what they decide by: of that the supplier's price and papers are not asked.
pub const BY_STAFF: &str = "asked by telephone";
/// What the customer reads of that.
pub const LOOKED_INTO: &str = "a person has looked into it";

impl World {
    /// Everything is at rest and agrees.
    pub async fn close(self) {
        self.close_but(&[]).await;
    }

    /// The same but for bookings about which a person has decided otherwise than their supplier.
    pub async fn close_but(self, decided: &[BookingId]) {
        self.audit_but(&[&self.ani], decided).await;
        self.sandbox.stop().await;
        self.database.dispose().await;
    }

    /// The same for a world in which these people have wallets.
    pub async fn audit(&self, people: &[&Person]) {
        self.audit_but(people, &[]).await;
    }

    async fn audit_but(&self, people: &[&Person], decided: &[BookingId]) {
        let seed = self.seed;
        let report = self.app.books.verify(&Principal::Operator, |_, _| {}).await.expect("verifies");
        assert!(report.is_clean(), "seed {seed}: {:?}", report.findings);
        let bookings = self.bookings().await;
        let mut sold: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for one in self.get("/travel").await {
            sold.entry(one["ref"].as_str().unwrap_or_default().to_owned()).or_default().push(one);
        }
        for booking in &bookings {
            let records = sold.remove(&booking.reference).unwrap_or_default();
            if !decided.contains(&booking.id) {
                self.against_its_supplier(booking, &records);
            }
        }
        // Of an inquiry whose answer was lost nothing is left here, and nothing was sold.
        sold.retain(|_, records| records.iter().any(is_sold));
        assert!(sold.is_empty(), "seed {seed}: sold to nobody: {sold:?}");
        self.inbox_is_whole(&bookings).await;
        let payments = self.payments().await;
        self.refunds_are_right(&bookings, &payments).await;
        self.money_is_there(people, &payments).await;
    }

    fn against_its_supplier(&self, booking: &Booking, records: &[Value]) {
        let told = || format!("seed {}: {booking:?}\n{records:?}", self.seed);
        assert!(records.len() <= 1, "made more than once: {}", told());
        let there = records.first().is_some_and(is_sold);
        let at_rest = match booking.status {
            BookingStatus::Fulfilled => there,
            BookingStatus::Failed | BookingStatus::Lapsed => !there,
            BookingStatus::Cancelled => records.len() == 1 && !there,
            BookingStatus::Quoted | BookingStatus::Held => {
                booking.paid_at.is_none() && !there && booking.status_at(self.now()) == BookingStatus::Lapsed
            }
            BookingStatus::Holding | BookingStatus::Committing | BookingStatus::Unknown | BookingStatus::Cancelling => {
                false
            }
        };
        assert!(at_rest || booking.frozen, "{}", told());
        let found_out = booking.reason.as_deref() == Some(LOOKED_INTO);
        if booking.status == BookingStatus::Fulfilled && !booking.frozen && !found_out {
            assert_eq!(booking.cost.map(|cost| cost.amount()), records.first().map(cost), "{}", told());
            let papers = !booking.delivery.documents.is_empty() || booking.delivery.serial.is_some();
            assert!(papers, "nothing was delivered: {}", told());
        }
    }

    /// Whoever has to decide finds all of them, with the reason and since when.
    async fn inbox_is_whole(&self, bookings: &[Booking]) {
        let mut waiting: Vec<BookingId> = self.inbox().await.iter().map(|booking| booking.id).collect();
        waiting.sort_unstable();
        let frozen: Vec<&Booking> = bookings.iter().filter(|booking| booking.frozen).collect();
        let mut ids: Vec<BookingId> = frozen.iter().map(|booking| booking.id).collect();
        ids.sort_unstable();
        assert_eq!(waiting, ids, "seed {}", self.seed);
        for booking in &frozen {
            assert!(booking.reason.is_some() && booking.updated_at <= self.now(), "seed {}: {booking:?}", self.seed);
        }
        let vitals = self.app.watch.vitals().await.expect("counts");
        assert_eq!(vitals.bookings_frozen, frozen.len() as u64, "seed {}", self.seed);
    }

    async fn refunds_are_right(&self, bookings: &[Booking], payments: &[Payment]) {
        let mut of_orders: BTreeMap<OrderId, Vec<&Booking>> = BTreeMap::new();
        for booking in bookings {
            if let Some(order) = booking.order {
                of_orders.entry(order).or_default().push(booking);
            }
        }
        for (order, bookings) in of_orders {
            let attempts: Vec<&Payment> = payments.iter().filter(|payment| payment.transaction.0 == order.0).collect();
            let told = || format!("seed {}: {bookings:?}\n{attempts:?}", self.seed);
            let funding: Vec<&&Payment> = attempts.iter().filter(|payment| payment.used == Use::Funding).collect();
            let paid = bookings.iter().filter(|booking| booking.paid_at.is_some()).count();
            assert!(funding.len() <= 1, "paid twice: {}", told());
            assert_eq!(paid, if funding.is_empty() { 0 } else { bookings.len() }, "{}", told());
            let Some(funding) = funding.first() else { continue };
            let back = funding.sums.refunded + funding.sums.credited;
            let least: i64 = bookings.iter().map(|booking| owed(booking).0).sum();
            let most: i64 = bookings.iter().map(|booking| owed(booking).1).sum();
            let other = self.order_of(order).await.lines.len() > bookings.len();
            assert!(back >= least && (back <= most || other), "{back}, and not {least} to {most}: {}", told());
        }
    }

    /// What our books say that the gateway holds for us is what it says itself, and everything belongs to somebody.
    async fn money_is_there(&self, people: &[&Person], payments: &[Payment]) {
        let seed = self.seed;
        let charges = self.gateway.charges();
        let mut held = 0;
        for payment in payments {
            let told = || format!("seed {seed}: {payment:?} against {:?}", charges.get(&payment.reference));
            assert!(payment.state.class() != PaymentClass::Open, "left open: {}", told());
            assert!(!payment.frozen && payment.sums.refund_pending == 0, "{}", told());
            let Some(charge) = charges.get(&payment.reference) else { continue };
            assert_eq!(charge.created, 1, "{}", told());
            let captured = if charge.was_paid() { charge.paid.amount() } else { 0 };
            assert_eq!(payment.sums.captured, captured, "{}", told());
            assert_eq!(payment.sums.refunded, charge.refunded(), "{}", told());
            if payment.amount.currency() == Currency::Idr {
                held += captured - charge.refunded();
            }
        }
        let gateway = || "played".to_owned();
        let cash = -self.account(SystemAccount::GatewayCash { gateway: gateway() }).await;
        assert_eq!(cash, held, "seed {seed}: our cash at the gateway");
        let mut owners = self.account(SystemAccount::Surplus { gateway: gateway() }).await;
        owners += self.account(SystemAccount::Suspense { gateway: gateway() }).await;
        assert_eq!(owners, 0, "seed {seed}: money that is nobody's");
        for slug in ["dermaga-travel", "dermaga-shop"] {
            owners += self.account(SystemAccount::Merchant { slug: slug.to_owned() }).await;
        }
        for person in people {
            owners += self.money(person).await;
        }
        assert_eq!(owners, held, "seed {seed}: whose money it is");
    }

    pub async fn bookings(&self) -> Vec<Booking> {
        let mut all = Vec::new();
        let mut after: Option<BookingId> = None;
        loop {
            let page = PageRequest::new(after, 200);
            let found = self.app.bookings.bookings(&self.staff, BookingFilter::default(), page).await.expect("lists");
            all.extend(found.items);
            after = found.next;
            if after.is_none() {
                return all;
            }
        }
    }

    pub async fn payments(&self) -> Vec<Payment> {
        let mut all = Vec::new();
        let mut after: Option<PaymentId> = None;
        loop {
            let page = PageRequest::new(after, 200);
            let found = self.app.payments.payments(&self.staff, PaymentFilter::default(), page).await.expect("lists");
            all.extend(found.items);
            after = found.next;
            if after.is_none() {
                return all;
            }
        }
    }
}

/// Whether the supplier has our money for it, and owes something.
pub fn is_sold(entry: &Value) -> bool {
    let record = &entry["record"];
    let one_of = |words: &[&str]| words.iter().any(|word| record["status"] == *word || record["rc"] == *word);
    match (entry["provider"].as_str(), entry["kind"].as_str()) {
        (Some("duffel"), Some("order")) => !record["paid"].is_null() && record["cancelled"].is_null(),
        (Some("duffel"), Some("stay")) => one_of(&["confirmed", "requested"]),
        (Some("ferry"), _) => one_of(&["confirmed", "ticketed", "used"]),
        (Some("digiflazz"), Some("purchase")) => one_of(&["Success", "Pending"]),
        (Some("digiflazz"), Some("inquiry")) => false,
        other => panic!("nobody knows {other:?}"),
    }
}

/// What it cost us, according to who sold it.
fn cost(entry: &Value) -> i64 {
    let record = &entry["record"];
    let told = [&record["offer"]["total"], &record["rate"]["total"], &record["total"], &record["price"]];
    told.into_iter().find_map(Value::as_i64).expect("a price")
}

/// How much of a booking's money has to be back, at least and at the most.
fn owed(booking: &Booking) -> (i64, i64) {
    let price = booking.price.amount();
    match booking.status {
        _ if booking.paid_at.is_none() => (0, 0),
        // A person has decided, and said why.
        BookingStatus::Failed | BookingStatus::Cancelled if booking.frozen => (0, price),
        BookingStatus::Failed => (price, price),
        BookingStatus::Cancelled => match &booking.cancellation {
            Some(quote) if booking.reason.is_none() => {
                let refund = quote.refund.filter(|_| quote.refund_to.is_money());
                let refund = refund.map_or(0, |refund| refund.amount().min(price));
                (refund, refund)
            }
            _ => (0, price),
        },
        _ => (0, 0),
    }
}
