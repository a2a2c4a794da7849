//! Suppliers' answers, in one vocabulary for every kind of thing.

use dermaga_ports::{
    booking::{
        BillPayment, Booking, Delivery, Found, Outcome, Personal, ProductKind, Purchase, Refusal, RefusalKind, Sale,
        SaleRef, SaleState,
    },
    money::Money,
    time::Timestamp,
};

use super::wanted::{Wanted, WantedBill};
use crate::error::{Error, Result};

/// What a customer hears when the reason is between the supplier and us.
pub(super) const NOT_NOW: &str = "the supplier cannot sell it right now";

/// What became of a booking, as far as its supplier knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Supplied {
    Bought(Bought),
    /// It is sold, with what is known of that; the papers are still to come.
    Underway(Bought, String),
    /// It is under way, or nobody knows: ask again.
    Unsure(String),
    /// Nothing was made, and the same call may be made again, not before then.
    NotNow(String, Option<Timestamp>),
    /// The same, for a reason that staff has to see to; the customer is not told the supplier's words.
    OurTrouble(String),
    /// Nothing was made, and nothing will be.
    Refused(String),
    /// It was sold, and the supplier gave us the money back. Whether the customer has something is not known.
    Returned(String),
    /// No question leads any further.
    AskAPerson(String),
}

/// What was bought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bought {
    pub cost: Option<Money>,
    pub supplier_id: Option<String>,
    pub supplier_reference: Option<String>,
    pub delivery: Delivery,
}

/// The call that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Making {
    Credit(Purchase),
    Bill(BillPayment),
}

/// Whose telephone or meter it is for.
fn number(booking: &Booking) -> Result<Personal> {
    let number = booking.customer.number.clone();
    number.ok_or_else(|| Error::internal(format!("booking {} is for no number", booking.id)))
}

/// The purchase of a credit, or the payment of a bill.
pub(super) fn making(booking: &Booking) -> Result<Making> {
    let (reference, customer_no) = (booking.reference.clone(), number(booking)?);
    Ok(match Wanted::of(booking)? {
        Wanted::Credit { sku } => Making::Credit(Purchase { reference, sku, customer_no, max_price: booking.max_cost }),
        Wanted::Bill(WantedBill { sku, payable_on, cost, .. }) => {
            Making::Bill(BillPayment { reference, sku, customer_no, payable_on, cost })
        }
        Wanted::Journey(_) => return Err(odd(booking)),
    })
}

fn odd(booking: &Booking) -> Error {
    Error::internal(format!("booking {} is neither a credit nor a bill", booking.id))
}

/// The question how it went.
pub(super) fn question(booking: &Booking, begun_at: Timestamp) -> Result<SaleRef> {
    let (kind, sku, max_price) = match Wanted::of(booking)? {
        Wanted::Credit { sku } => (ProductKind::Prepaid, sku, Some(booking.max_cost)),
        Wanted::Bill(bill) => (ProductKind::Postpaid, bill.sku, None),
        Wanted::Journey(_) => return Err(odd(booking)),
    };
    let (reference, customer_no) = (booking.reference.clone(), number(booking)?);
    Ok(SaleRef { reference, kind, sku, customer_no, begun_at, max_price })
}

/// The answer to a purchase.
pub(super) fn bought(outcome: Outcome<Sale>) -> Supplied {
    match outcome {
        Outcome::Done(sale) => sold(sale),
        Outcome::Unknown(told) => Supplied::Unsure(told),
        Outcome::Refused(refusal) => not_made(refusal),
    }
}

/// A call that was to make something, and was refused.
pub(super) fn not_made(Refusal { kind, reason, .. }: Refusal) -> Supplied {
    match kind {
        RefusalKind::RateLimited { retry_at } => Supplied::NotNow(reason, retry_at),
        RefusalKind::Unavailable => Supplied::NotNow(reason, None),
        RefusalKind::InsufficientSupplierBalance | RefusalKind::Misconfigured => {
            Supplied::OurTrouble(format!("{}: {reason}", kind.as_str()))
        }
        // Something is there under our reference: the question tells what.
        RefusalKind::AlreadyDone => Supplied::Unsure(reason),
        _ => Supplied::Refused(reason),
    }
}

/// The answer to the question how it went.
pub(super) fn told(outcome: Outcome<Found<Sale>>) -> Supplied {
    match outcome {
        Outcome::Done(Found::Record(sale)) => sold(*sale),
        Outcome::Done(Found::Nothing) => Supplied::Unsure("the supplier shows nothing yet".to_owned()),
        Outcome::Unknown(told) => Supplied::Unsure(told),
        Outcome::Refused(refusal) => not_told(refusal),
    }
}

/// A question that was refused; that says nothing about what was asked for.
pub(super) fn not_told(Refusal { kind, reason, .. }: Refusal) -> Supplied {
    match kind {
        RefusalKind::Unavailable | RefusalKind::RateLimited { .. } => Supplied::Unsure(reason),
        RefusalKind::Misconfigured => Supplied::Unsure("the supplier does not answer us right now".to_owned()),
        _ => Supplied::AskAPerson(reason),
    }
}

fn sold(sale: Sale) -> Supplied {
    let told = if sale.message.is_empty() { sale.code } else { sale.message };
    match sale.state {
        SaleState::Pending => Supplied::Unsure(told),
        SaleState::Failed(_) => Supplied::Refused(told),
        SaleState::Returned => Supplied::Returned(told),
        SaleState::Succeeded => Supplied::Bought(Bought {
            cost: sale.cost,
            delivery: Delivery { serial: sale.serial, token: sale.token, ..Delivery::default() },
            ..Bought::default()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T>(kind: RefusalKind) -> Outcome<T> {
        Outcome::Refused(Refusal { kind, code: None, reason: "no".to_owned() })
    }

    #[test]
    fn only_a_purchase_that_was_refused_for_good_is_over() {
        let no = || "no".to_owned();
        for (kind, first, asked) in [
            (RefusalKind::Rejected, Supplied::Refused(no()), Supplied::AskAPerson(no())),
            (RefusalKind::OfferGone, Supplied::Refused(no()), Supplied::AskAPerson(no())),
            (RefusalKind::PriceChanged { new: None }, Supplied::Refused(no()), Supplied::AskAPerson(no())),
            (RefusalKind::AlreadyDone, Supplied::Unsure(no()), Supplied::AskAPerson(no())),
            (RefusalKind::Unavailable, Supplied::NotNow(no(), None), Supplied::Unsure(no())),
            (RefusalKind::RateLimited { retry_at: None }, Supplied::NotNow(no(), None), Supplied::Unsure(no())),
            (
                RefusalKind::InsufficientSupplierBalance,
                Supplied::OurTrouble("insufficient_supplier_balance: no".to_owned()),
                Supplied::AskAPerson(no()),
            ),
            (
                RefusalKind::Misconfigured,
                Supplied::OurTrouble("misconfigured: no".to_owned()),
                Supplied::Unsure("the supplier does not answer us right now".to_owned()),
            ),
        ] {
            assert_eq!(bought(refused(kind.clone())), first, "{kind:?}");
            assert_eq!(told(refused(kind.clone())), asked, "{kind:?}");
        }
        assert_eq!(bought(Outcome::Unknown(no())), Supplied::Unsure(no()));
        assert_eq!(told(Outcome::Unknown(no())), Supplied::Unsure(no()));
        assert!(matches!(told(Outcome::Done(Found::Nothing)), Supplied::Unsure(_)));
    }
}
