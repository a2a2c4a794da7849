//! Bills: asked for, and then paid on the same day.

use dermaga_ports::{
    auth::Principal,
    booking::{BillLine, Booking, BookingKind, Clocks, Customer, Day, Inquiry, Product, ProductKind},
    ids::{BookingId, OrderId},
    money::{Currency, Money},
    orders::Order,
    payments::Payment,
    time::{DAY, Timestamp},
};

use super::{
    Bookings, OnSale,
    book::quoted,
    missing,
    ppob::customer_no,
    refusal::answered,
    wanted::{Wanted, WantedBill},
};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    ledger::person,
    once::id_taken,
    payments::MethodChoice,
};

/// How far Jakarta is ahead, in microseconds. It has no summer time.
const AHEAD: i64 = 7 * 60 * 60 * 1_000_000;

/// A question what somebody owes.
#[derive(Debug, Clone)]
pub struct NewInquiry {
    pub sku: String,
    /// The number of the biller's customer.
    pub customer_no: String,
    /// Where the customer chooses it, in rupiah.
    pub amount: Option<i64>,
    /// Of a property tax.
    pub year: Option<u16>,
}

/// What somebody owes: a booking that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillView {
    pub booking: Booking,
    pub period: Option<String>,
    pub lines: Vec<BillLine>,
}

impl Bookings {
    /// Asks what somebody owes, and books it for the rest of the day. Idempotent by `id`.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::OfferGone`] when nothing is owed or nothing is taken now,
    /// [`Code::SupplierUnavailable`].
    pub async fn inquire(&self, by: &Principal, id: BookingId, new: NewInquiry) -> Result<BillView> {
        Permission::OwnBookings.check(by)?;
        let user = person(by)?;
        let number = customer_no(&new.customer_no)?;
        if let Some(known) = self.0.ports.store.bookings().booking(id).await? {
            if known.user != user {
                return Err(id_taken());
            }
            return view(known);
        }
        let amount = new.amount.map(|amount| Money::new(amount, Currency::Idr)).transpose()?;
        let supplier = self.0.ports.suppliers.ppob()?;
        let product = self.biller(&new.sku).await?;
        let name = supplier.name().to_owned();
        let blank = quoted(BookingKind::Ppob, id, user, name, (product.name, Money::zero(Currency::Idr)), self.0.now());
        let inquiry = Inquiry {
            reference: blank.reference.clone(),
            sku: product.sku,
            customer_no: number.clone(),
            year: new.year,
            amount,
        };
        let bill = answered(supplier.inquire(&inquiry).await)?;
        let now = self.0.now();
        // Whatever the biller takes from us, nobody is billed less.
        let price = if bill.cost.amount() > bill.bill.amount() { bill.cost } else { bill.bill };
        if !price.is_positive() || !bill.cost.is_positive() {
            return Err(Error::new(Code::OfferGone, "Nothing is to be paid."));
        }
        let today = bill.payable_on == Day::in_jakarta(now);
        let wanted = WantedBill {
            sku: inquiry.sku,
            payable_on: bill.payable_on,
            cost: bill.cost,
            period: bill.period,
            lines: bill.lines,
        };
        let booking = Booking {
            price,
            max_cost: bill.cost,
            offer: Wanted::Bill(wanted).payload()?,
            customer: Customer { number: Some(number), holder: bill.customer_name, ..Customer::default() },
            clocks: Clocks {
                offer: Some(if today { midnight(now) } else { now }),
                bill: Some(bill.payable_on),
                ..Clocks::default()
            },
            created_at: now,
            updated_at: now,
            ..blank
        };
        if self.keep(by, &booking, now).await? {
            return view(booking);
        }
        // Of one request that came twice at once, both get the answer that is stored.
        let kept = self.0.ports.store.bookings().booking(id).await?;
        view(kept.ok_or_else(|| missing(id))?)
    }

    /// The biller of that name, if it takes bills now.
    async fn biller(&self, sku: &str) -> Result<Product> {
        let now = self.0.now();
        let listed = self.listed(ProductKind::Postpaid).await?;
        let Some(product) = listed.into_iter().find(|product| product.sku == sku) else {
            return Err(Error::fault("/sku", "is no biller"));
        };
        match self.on_sale(product, now) {
            Some(OnSale { product, available: true, .. }) => Ok(product),
            _ => Err(Error::new(Code::OfferGone, "Bills of this biller are not taken right now.").at("/sku")),
        }
    }

    /// Orders a bill that was asked for. Idempotent by `id`, which becomes the order's.
    ///
    /// # Errors
    /// [`Code::Invalid`] for what is none of the caller's inquiries, [`Code::OfferGone`] when its day is over, and those of
    /// [`crate::orders::Orders::create`].
    pub async fn pay_bill(
        &self,
        by: &Principal,
        id: OrderId,
        inquiry: BookingId,
        payment: Option<MethodChoice>,
    ) -> Result<(Booking, Order, Option<Payment>)> {
        Permission::OwnBookings.check(by)?;
        Permission::OwnOrders.check(by)?;
        let user = person(by)?;
        let found = self.0.ports.store.bookings().booking(inquiry).await?;
        let Some(found) = found.filter(|found| found.user == user && found.kind == BookingKind::Ppob) else {
            return Err(Error::fault("/inquiry_id", "is none of your inquiries"));
        };
        if found.order.is_some_and(|order| order != id) {
            return Err(Error::fault("/inquiry_id", "was ordered already"));
        }
        if found.order.is_none() && !found.status_at(self.0.now()).is_for_sale() {
            let told = "The bill could be paid on the day of its inquiry only. Ask again.";
            return Err(Error::new(Code::OfferGone, told).at("/inquiry_id"));
        }
        self.order(by, id, inquiry, payment).await
    }
}

fn view(booking: Booking) -> Result<BillView> {
    match Wanted::of(&booking)? {
        Wanted::Bill(WantedBill { period, lines, .. }) => Ok(BillView { booking, period, lines }),
        Wanted::Credit { .. } | Wanted::Journey(_) => Err(id_taken()),
    }
}

/// When the day ends in Jakarta.
fn midnight(now: Timestamp) -> Timestamp {
    let day = i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX);
    let into = (now.micros() + AHEAD).rem_euclid(day);
    Timestamp::from_micros(now.micros() - into + day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_jakarta() {
        for (now, ends) in [
            ("2026-01-05T03:00:00Z", "2026-01-05T17:00:00Z"),
            ("2026-01-05T16:59:59Z", "2026-01-05T17:00:00Z"),
            ("2026-01-05T17:00:00Z", "2026-01-06T17:00:00Z"),
        ] {
            assert_eq!(midnight(now.parse().expect("a time")), ends.parse().expect("a time"), "{now}");
        }
    }
}
