//! What somebody wants to order: checked, and priced by what is offered right now.

use dermaga_ports::{
    booking::Booking,
    ids::{BookingId, OrderId, ProductId, UserId},
    inventory::{Product, ProductStatus},
    money::{MAX_AMOUNT, Money},
    orders::{Line, MAX_LINES, MAX_QUANTITY, Ware},
    store::UnitOfWork,
    time::Timestamp,
};

use crate::{
    error::{Code, Error, Fault, Result},
    faults::Faults,
    payments::MethodChoice,
};

/// The longest note to a line.
const MAX_NOTE: usize = 500;

/// A line to order.
#[derive(Debug, Clone)]
pub struct NewLine {
    pub ware: Ware,
    pub quantity: i64,
    /// What the buyer saw; another price by now refuses the order.
    pub unit_price: Option<i64>,
    pub note: Option<String>,
}

/// An order to make.
#[derive(Debug, Clone, Default)]
pub struct NewOrder {
    pub lines: Vec<NewLine>,
    /// Only put together: nothing is reserved, and no time runs.
    pub draft: bool,
    /// How it will be paid; the attempt starts with the order.
    pub payment: Option<MethodChoice>,
}

impl NewOrder {
    /// Looks at what can be judged without the store.
    ///
    /// # Errors
    /// [`Code::Invalid`] with every fault.
    pub(super) fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        if self.lines.is_empty() {
            faults.add("/lines", "must have at least one line");
        }
        if self.lines.len() > MAX_LINES {
            faults.add("/lines", format!("must have at most {MAX_LINES} lines"));
        }
        for (position, line) in self.lines.iter().enumerate().take(MAX_LINES) {
            if !(1..=MAX_QUANTITY).contains(&line.quantity) {
                faults.add(&format!("/lines/{position}/quantity"), format!("must be from 1 to {MAX_QUANTITY}"));
            }
            if line.ware.booking().is_some() && line.quantity != 1 {
                faults.add(&format!("/lines/{position}/quantity"), "must be 1 for a booking");
            }
            let before = &self.lines[..position];
            if line.ware.booking().is_some() && before.iter().any(|other| other.ware == line.ware) {
                faults.add(&format!("/lines/{position}/booking_id"), "must not be there twice");
            }
            faults.text(&format!("/lines/{position}/note"), line.note.as_deref(), MAX_NOTE);
        }
        if self.draft && self.payment.is_some() {
            faults.add("/payment", "must not be given for a draft: place it first");
        }
        faults.check()
    }
}

/// Who orders, which order it is, and when.
#[derive(Clone, Copy)]
pub(super) struct Asking {
    pub buyer: UserId,
    pub order: OrderId,
    pub now: Timestamp,
}

/// What an order comes to.
pub(super) struct Priced {
    pub lines: Vec<Line>,
    pub total: Money,
    /// The bookings among the lines, locked.
    pub bookings: Vec<Booking>,
}

/// The lines at the prices of this moment, and their sum.
///
/// # Errors
/// [`Code::Invalid`] for products that are not offered and bookings that cannot be ordered, [`Code::CurrencyMismatch`],
/// [`Code::PriceChanged`] naming the old and the new price.
pub(super) async fn price(uow: &mut dyn UnitOfWork, asking: Asking, wanted: &[NewLine]) -> Result<Priced> {
    let mut ids: Vec<ProductId> = wanted.iter().filter_map(|line| product(line.ware)).collect();
    ids.sort_unstable();
    ids.dedup();
    let products = if ids.is_empty() { Vec::new() } else { uow.products().read(&ids).await? };
    let mut ids: Vec<BookingId> = wanted.iter().filter_map(|line| line.ware.booking()).collect();
    ids.sort_unstable();
    let mut bookings = Vec::with_capacity(ids.len());
    for id in ids {
        bookings.extend(uow.bookings().find(id).await?.filter(|booking| booking.user == asking.buyer));
    }
    let mut faults = Faults::default();
    let mut moved = Vec::new();
    let mut lines = Vec::with_capacity(wanted.len());
    for (position, line) in wanted.iter().enumerate() {
        let offer = match line.ware {
            Ware::Product(id) => offered(&products, id).map_err(|told| (format!("/lines/{position}/product_id"), told)),
            Ware::Booking(id) => {
                bookable(&bookings, id, asking).map_err(|told| (format!("/lines/{position}/booking_id"), told))
            }
        };
        let (title, price) = match offer {
            Ok(offer) => offer,
            Err((place, told)) => {
                faults.add(&place, told);
                continue;
            }
        };
        if let Some(seen) = line.unit_price.filter(|seen| *seen != price.amount()) {
            let told = format!("{title} costs {} by now, not {seen}", price.amount());
            moved.push(Fault::new(format!("/lines/{position}/unit_price"), told));
        }
        lines.push(of(line, title, price));
    }
    faults.check()?;
    if !moved.is_empty() {
        let told: Vec<&str> = moved.iter().map(|fault| fault.detail.as_str()).collect();
        return Err(Error::new(Code::PriceChanged, format!("{}.", told.join("; "))).with(moved));
    }
    let total = total(&lines)?;
    Ok(Priced { lines, total, bookings })
}

fn product(ware: Ware) -> Option<ProductId> {
    match ware {
        Ware::Product(id) => Some(id),
        Ware::Booking(_) => None,
    }
}

/// Name and price of a product, or why it cannot be ordered.
fn offered(products: &[Product], id: ProductId) -> std::result::Result<(&str, Money), &'static str> {
    let product = products.iter().find(|product| product.id == id).ok_or("is no product")?;
    match product.status {
        ProductStatus::Active => Ok((&product.name, product.price)),
        ProductStatus::Retired => Err("is not offered any more"),
    }
}

/// The same of a booking: while nobody has ordered it, and as long as its supplier keeps its word.
fn bookable(bookings: &[Booking], id: BookingId, asking: Asking) -> std::result::Result<(&str, Money), &'static str> {
    let booking = bookings.iter().find(|booking| booking.id == id).ok_or("is none of your bookings")?;
    if booking.order.is_some_and(|order| order != asking.order) {
        return Err("is in another order already");
    }
    if !booking.status_at(asking.now).is_for_sale() {
        return Err("cannot be ordered any more: book again");
    }
    Ok((&booking.title, booking.price))
}

fn of(line: &NewLine, title: &str, price: Money) -> Line {
    Line {
        ware: line.ware,
        title: title.to_owned(),
        quantity: line.quantity,
        unit_price: price,
        note: line.note.as_deref().map(str::trim).filter(|note| !note.is_empty()).map(str::to_owned),
    }
}

/// The sum of the lines.
fn total(lines: &[Line]) -> Result<Money> {
    let Some(first) = lines.first() else { return Err(Error::internal("an order without lines")) };
    let currency = first.unit_price.currency();
    let mut sum: i64 = 0;
    for (position, line) in lines.iter().enumerate() {
        if line.unit_price.currency() != currency {
            let told = format!("costs {}, and the first line {currency}: order them apart", line.unit_price.currency());
            return Err(Error::new(Code::CurrencyMismatch, told).at(&format!("/lines/{position}/product_id")));
        }
        let with_line = line.unit_price.amount().checked_mul(line.quantity).and_then(|amount| sum.checked_add(amount));
        sum = with_line.filter(|sum| *sum <= MAX_AMOUNT).ok_or_else(|| {
            let told = format!("makes the order cost more than {MAX_AMOUNT}");
            Error::fault(&format!("/lines/{position}/quantity"), told)
        })?;
    }
    Ok(Money::new(sum, currency)?)
}

#[cfg(test)]
mod tests {
    use dermaga_ports::money::Currency;
    use uuid::Uuid;

    use super::*;

    fn line(price: i64, currency: Currency, quantity: i64) -> Line {
        Line {
            ware: Ware::Product(ProductId(Uuid::nil())),
            title: "Tas".to_owned(),
            quantity,
            unit_price: Money::new(price, currency).expect("an amount"),
            note: None,
        }
    }

    #[test]
    fn sums_are_exact_or_refused() {
        let sum = total(&[line(250_000, Currency::Idr, 2), line(150_000, Currency::Idr, 1)]).expect("a sum");
        assert_eq!(sum, Money::new(650_000, Currency::Idr).expect("an amount"));
        let code = |lines: &[Line]| total(lines).expect_err("refused").code();
        assert_eq!(code(&[line(MAX_AMOUNT, Currency::Idr, 2)]), Code::Invalid);
        assert_eq!(code(&[line(MAX_AMOUNT, Currency::Idr, 1), line(1, Currency::Idr, 1)]), Code::Invalid);
        assert_eq!(code(&[line(1, Currency::Idr, 1), line(1, Currency::Usd, 1)]), Code::CurrencyMismatch);
    }
}
