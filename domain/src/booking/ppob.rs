//! What there is on the price list, and buying credits.

use dermaga_ports::{
    auth::Principal,
    booking::{Booking, BookingKind, Clocks, Customer, Outcome, Personal, Product, ProductKind, RefusalKind},
    ids::{BookingId, OrderId},
    money::Money,
    orders::{Order, Ware},
    payments::Payment,
    time::{DAY, Timestamp},
};
use uuid::Uuid;

use super::{Bookings, book::quoted, missing, refusal::dearer, wanted::Wanted};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    faults::Faults,
    ledger::person,
    once::id_taken,
    orders::{NewLine, NewOrder, Orders},
    payments::MethodChoice,
};

/// How long we stand by a price.
const STANDS: std::time::Duration = DAY;

/// A credit that is wanted.
#[derive(Debug, Clone)]
pub struct NewCredit {
    pub sku: String,
    /// The number of the telephone, the meter or the account.
    pub customer_no: String,
    /// The most that the customer pays; a higher price by now refuses it.
    pub max_total: Option<i64>,
    /// How it will be paid; the attempt starts with the order.
    pub payment: Option<MethodChoice>,
}

/// Something on the price list, at our price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnSale {
    pub product: Product,
    /// What the customer pays; of a bill nothing is known before it was asked for.
    pub price: Option<Money>,
    /// Whether it can be bought at this moment.
    pub available: bool,
}

impl Bookings {
    /// The credits that are sold and the bills that are taken, those of a category if one is named.
    ///
    /// # Errors
    /// [`Code::SupplierUnavailable`].
    pub async fn products(&self, category: Option<&str>) -> Result<Vec<OnSale>> {
        let now = self.0.now();
        let mut listed = self.listed(ProductKind::Prepaid).await?;
        listed.extend(self.listed(ProductKind::Postpaid).await?);
        let wanted = |product: &Product| category.is_none_or(|wanted| product.category.eq_ignore_ascii_case(wanted));
        Ok(listed.into_iter().filter(wanted).filter_map(|product| self.on_sale(product, now)).collect())
    }

    pub(super) async fn listed(&self, kind: ProductKind) -> Result<Vec<Product>> {
        match self.0.ports.suppliers.ppob()?.products(kind).await {
            Outcome::Done(products) => Ok(products),
            Outcome::Refused(refusal) => {
                let error = Error::new(Code::SupplierUnavailable, "The price list cannot be had right now.");
                let RefusalKind::RateLimited { retry_at: Some(at) } = refusal.kind else { return Err(error) };
                Err(error.retry_after(at.since(self.0.now()).as_secs().max(1)))
            }
            Outcome::Unknown(_) => {
                Err(Error::new(Code::SupplierUnavailable, "The price list cannot be had right now."))
            }
        }
    }

    /// What has no price that we could ask for is not sold.
    pub(super) fn on_sale(&self, product: Product, now: Timestamp) -> Option<OnSale> {
        let available = product.sellable(now);
        if product.kind == ProductKind::Postpaid {
            return Some(OnSale { available, price: None, product });
        }
        let cost = product.price.filter(|cost| cost.is_positive())?;
        let price = cost.amount().checked_add(self.0.policy.ppob_margin)?;
        let price = Money::new(price, cost.currency()).ok().filter(|price| price.is_positive())?;
        Some(OnSale { available, price: Some(price), product })
    }

    /// Books a credit and orders it. Idempotent by `id`, which becomes the order's.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::OfferGone`] while it is not sold, [`Code::PriceChanged`] naming the old and the new
    /// price, [`Code::SupplierUnavailable`], and those of [`Orders::create`].
    pub async fn buy_credit(
        &self,
        by: &Principal,
        id: OrderId,
        new: NewCredit,
    ) -> Result<(Booking, Order, Option<Payment>)> {
        Permission::OwnBookings.check(by)?;
        Permission::OwnOrders.check(by)?;
        let user = person(by)?;
        let booking = BookingId(Uuid::new_v5(&id.0, b"booking"));
        let number = customer_no(&new.customer_no)?;
        let store = &self.0.ports.store;
        match store.bookings().booking(booking).await? {
            Some(known) if known.user != user => {
                return Err(id_taken());
            }
            Some(_) => {}
            None => self.quote(by, booking, &new, number).await?,
        }
        self.order(by, id, booking, new.payment).await
    }

    /// Orders a booking, alone.
    pub(super) async fn order(
        &self,
        by: &Principal,
        id: OrderId,
        booking: BookingId,
        payment: Option<MethodChoice>,
    ) -> Result<(Booking, Order, Option<Payment>)> {
        let line = NewLine { ware: Ware::Booking(booking), quantity: 1, unit_price: None, note: None };
        let wanted = NewOrder { lines: vec![line], draft: false, payment };
        let (order, payment) = Orders::new(self.0.clone()).create(by, id, wanted).await?;
        let found = self.0.ports.store.bookings().booking(booking).await?;
        Ok((found.ok_or_else(|| missing(booking))?, order, payment))
    }

    /// Stores what is wanted at the price of this moment.
    async fn quote(&self, by: &Principal, id: BookingId, new: &NewCredit, number: Personal) -> Result<()> {
        let now = self.0.now();
        let supplier = self.0.ports.suppliers.ppob()?.name().to_owned();
        let listed = self.listed(ProductKind::Prepaid).await?;
        let product = listed.into_iter().find(|product| product.sku == new.sku);
        let offer = product.and_then(|product| self.on_sale(product, now));
        let Some(OnSale { product, price: Some(price), available }) = offer else {
            return Err(Error::fault("/sku", "is no product"));
        };
        if !available {
            let told = format!("{} is not sold right now.", product.name);
            return Err(Error::new(Code::OfferGone, told).at("/sku"));
        }
        if let Some(most) = new.max_total.filter(|most| price.amount() > *most) {
            return Err(dearer(&product.name, most, price));
        }
        let booking = Booking {
            offer: Wanted::Credit { sku: product.sku }.payload()?,
            customer: Customer { number: Some(number), ..Customer::default() },
            clocks: Clocks { offer: Some(now + STANDS), ..Clocks::default() },
            // What it costs us may rise until nothing is left for us.
            ..quoted(BookingKind::Ppob, id, person(by)?, supplier, (product.name, price), now)
        };
        self.keep(by, &booking, now).await.map(drop)
    }
}

/// A customer's number, as people write it: with spaces and dashes between the digits. The tax on a vehicle has two
/// numbers of digits, with a comma between them.
pub(super) fn customer_no(text: &str) -> Result<Personal> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let mut faults = Faults::default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '_');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let two = plain.split_once(',').is_some_and(|(first, second)| digits(first) && digits(second));
    if !(4..=50).contains(&plain.len()) || !(two || plain.chars().all(fits)) {
        faults
            .add("/customer_no", "must have 4 to 50 letters, digits, or . @ _, or be two numbers with a comma between");
    }
    faults.check()?;
    Ok(Personal::new(plain))
}
