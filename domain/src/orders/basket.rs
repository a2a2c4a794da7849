//! What somebody wants to order: checked, and priced by what is offered right now.

use dermaga_ports::{
    booking::Booking,
    ids::{BookingId, OrderId, UserId},
    inventory::ProductStatus,
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

/// The most tickets of a line: each is a record with a code of its own.
const MAX_TICKETS: i64 = 100;
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
            let (most, of) = match line.ware {
                Ware::Ticket(_) => (MAX_TICKETS, " for tickets"),
                Ware::Product(_) | Ware::Booking(_) => (MAX_QUANTITY, ""),
            };
            if !(1..=most).contains(&line.quantity) {
                faults.add(&format!("/lines/{position}/quantity"), format!("must be from 1 to {most}{of}"));
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
/// [`Code::Invalid`] for what is not offered and bookings that cannot be ordered, [`Code::CurrencyMismatch`],
/// [`Code::PriceChanged`] naming the old and the new price.
pub(super) async fn price(uow: &mut dyn UnitOfWork, asking: Asking, wanted: &[NewLine]) -> Result<Priced> {
    let mut offers = offers(uow, wanted, asking.now).await?;
    let mut ids: Vec<BookingId> = wanted.iter().filter_map(|line| line.ware.booking()).collect();
    ids.sort_unstable();
    let mut bookings = Vec::with_capacity(ids.len());
    for id in ids {
        bookings.extend(uow.bookings().find(id).await?.filter(|booking| booking.user == asking.buyer));
    }
    offers.extend(bookings.iter().map(|booking| bookable(booking, asking)));
    let mut faults = Faults::default();
    let mut moved = Vec::new();
    let mut lines = Vec::with_capacity(wanted.len());
    for (position, line) in wanted.iter().enumerate() {
        let field = match line.ware {
            Ware::Product(_) => "product_id",
            Ware::Ticket(_) => "ticket_type_id",
            Ware::Booking(_) => "booking_id",
        };
        let offer = match offers.iter().find(|offer| offer.ware == line.ware) {
            Some(offer @ Offer { refused: None, .. }) => offer,
            found => {
                let told = found.and_then(|offer| offer.refused).unwrap_or("is nothing that you can order");
                faults.add(&format!("/lines/{position}/{field}"), told);
                continue;
            }
        };
        if let Some(seen) = line.unit_price.filter(|seen| *seen != offer.price.amount()) {
            let told = format!("{} costs {} by now, not {seen}", offer.title, offer.price.amount());
            moved.push(Fault::new(format!("/lines/{position}/unit_price"), told));
        }
        lines.push(of(line, offer));
    }
    faults.check()?;
    if !moved.is_empty() {
        let told: Vec<&str> = moved.iter().map(|fault| fault.detail.as_str()).collect();
        return Err(Error::new(Code::PriceChanged, format!("{}.", told.join("; "))).with(moved));
    }
    let total = total(&lines)?;
    Ok(Priced { lines, total, bookings })
}

/// What something costs right now, and what it is called; or why it cannot be ordered.
struct Offer {
    ware: Ware,
    title: String,
    price: Money,
    refused: Option<&'static str>,
}

/// What is wanted, as it is offered right now. What is not there is left out.
async fn offers(uow: &mut dyn UnitOfWork, wanted: &[NewLine], now: Timestamp) -> Result<Vec<Offer>> {
    let (mut products, mut tickets) = (Vec::new(), Vec::new());
    for line in wanted {
        match line.ware {
            Ware::Product(id) => products.push(id),
            Ware::Ticket(id) => tickets.push(id),
            Ware::Booking(_) => {}
        }
    }
    products.sort_unstable();
    products.dedup();
    tickets.sort_unstable();
    tickets.dedup();
    let mut offers: Vec<Offer> = Vec::new();
    if !products.is_empty() {
        offers.extend(uow.products().read(&products).await?.into_iter().map(|product| Offer {
            ware: Ware::Product(product.id),
            title: product.name,
            price: product.price,
            refused: (product.status != ProductStatus::Active).then_some("is not offered any more"),
        }));
    }
    for id in tickets {
        let Some(kind) = uow.attended_events().find_type(id).await? else { continue };
        let refused = match kind {
            _ if !kind.is_on_sale(now) => Some("is not on sale right now"),
            _ if !kind.price.is_positive() => Some("is free, and given away by those who run the event"),
            _ => None,
        };
        let title = format!("{} ({})", kind.name, kind.event);
        offers.push(Offer { ware: Ware::Ticket(id), title, price: kind.price, refused });
    }
    Ok(offers)
}

/// A booking as it is offered: while nobody else has ordered it, and as long as its supplier keeps its word.
fn bookable(booking: &Booking, asking: Asking) -> Offer {
    let refused = match booking {
        _ if booking.order.is_some_and(|order| order != asking.order) => Some("is in another order already"),
        _ if !booking.status_at(asking.now).is_for_sale() => Some("cannot be ordered any more: book again"),
        _ => None,
    };
    Offer { ware: Ware::Booking(booking.id), title: booking.title.clone(), price: booking.price, refused }
}

fn of(line: &NewLine, offer: &Offer) -> Line {
    Line {
        ware: offer.ware,
        title: offer.title.clone(),
        quantity: line.quantity,
        unit_price: offer.price,
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
            return Err(Error::new(Code::CurrencyMismatch, told).at(&format!("/lines/{position}")));
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
            ware: Ware::Product(Uuid::nil().into()),
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
