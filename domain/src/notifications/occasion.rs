//! Which events tell whom what.
//!
//! An event that concerns nobody, or of which no person has to hear, yields nothing. One that should yield something and
//! lacks the facts for it is an error: it will never work, and a person has to look at it.

use dermaga_ports::{events::Event, ids::UserId, money::Currency};
use serde::{Deserialize, de::DeserializeOwned};

use super::notice::{Kind, Notice, Sum, What};

/// One person who is told one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Occasion {
    pub user: UserId,
    pub notice: Notice,
    /// Who is on the other side, to be named if they have a name.
    pub other: Option<UserId>,
}

/// The topics that [`of`] understands.
pub(super) const TOPICS: &[&str] = &["transaction.*", "payment.*", "refund.*", "order.*", "ticket.*", "booking.*"];

/// The longest reason that is passed on.
const MAX_REASON: usize = 200;

/// The facts of a transaction.
#[derive(Deserialize)]
struct Transaction {
    r#type: Kind,
    user_id: UserId,
    counterparty_user_id: Option<UserId>,
    #[serde(flatten)]
    sum: Sum,
    #[serde(default)]
    refunded: i64,
}

/// The facts of a payment or of a refund.
#[derive(Deserialize)]
struct Payment {
    user_id: Option<UserId>,
    /// What it pays for: then that tells when it is paid, and when money goes back.
    transaction_id: Option<serde::de::IgnoredAny>,
    #[serde(flatten)]
    sum: Sum,
    reason: Option<String>,
}

/// The facts of an order. A guest's has no user.
#[derive(Deserialize)]
struct Order {
    user_id: Option<UserId>,
    amount: Option<i64>,
    currency: Option<Currency>,
}

/// The facts of a ticket. One that was given to nobody with an account has no user.
#[derive(Deserialize)]
struct Ticket {
    user_id: Option<UserId>,
    event_id: String,
    event_name: Option<String>,
}

/// The facts of a booking.
#[derive(Deserialize)]
struct Booking {
    user_id: UserId,
    title: String,
    #[serde(flatten)]
    sum: Sum,
    frozen: bool,
}

/// Who has to be told of an event, and what.
///
/// # Errors
/// What is wrong with the event.
pub(super) fn of(event: &Event) -> Result<Vec<Occasion>, String> {
    let told = match event.topic.split_once('.') {
        Some(("transaction", what)) => transaction(event, what)?,
        Some(("payment", what)) => payment(event, what)?,
        Some(("refund", what)) => refund(event, what)?,
        Some(("order", what)) => order(event, what)?,
        Some(("ticket", what)) => ticket(event, what)?,
        Some(("booking", what)) => booking(event, what)?,
        _ => Vec::new(),
    };
    let reference = event.subject.split_once(':').map_or(event.subject.as_str(), |(_, id)| id);
    let occasion =
        |(user, what, other)| Occasion { user, other, notice: Notice { what, reference: reference.to_owned() } };
    Ok(told.into_iter().map(occasion).collect())
}

type Told = Vec<(UserId, What, Option<UserId>)>;

fn facts<T: DeserializeOwned>(event: &Event) -> Result<T, String> {
    T::deserialize(&event.payload).map_err(|error| format!("event {} ({}): {error}", event.id, event.topic))
}

fn transaction(event: &Event, happened: &str) -> Result<Told, String> {
    if !matches!(happened, "pending" | "completed" | "failed" | "cancelled" | "refunded") {
        return Ok(Vec::new());
    }
    let Transaction { r#type: kind, user_id: user, counterparty_user_id: other, sum, refunded } = facts(event)?;
    let returned = Sum { amount: refunded, ..sum };
    let own = |what| (user, what, other);
    Ok(match (happened, kind) {
        ("pending", Kind::Transfer) => vec![own(What::TransferWaiting { sum })],
        // Whatever else is pending is done in a moment, and is told of then.
        ("pending", _) => Vec::new(),
        ("completed", Kind::Topup) => vec![own(What::TopupArrived { sum })],
        ("completed", Kind::Payment) => vec![own(What::PaymentTaken { sum })],
        ("completed", Kind::Credit) => vec![own(What::MoneyAdded { sum })],
        ("completed", Kind::Debit) => vec![own(What::MoneyTaken { sum })],
        ("completed", Kind::Transfer) => {
            let sent = own(What::MoneySent { sum, to: None });
            let received = |receiver| (receiver, What::MoneyReceived { sum, from: None }, Some(user));
            std::iter::once(sent).chain(other.map(received)).collect()
        }
        // What was to be paid through a gateway: its payment tells, and knows why.
        ("failed" | "cancelled", Kind::Topup | Kind::Payment) => Vec::new(),
        ("failed", _) => vec![own(What::TransactionFailed { kind, sum })],
        ("cancelled", _) => vec![own(What::TransactionCancelled { kind, sum })],
        ("refunded", _) => {
            let returning = own(What::MoneyReturned { kind, sum, returned });
            let giving = |receiver| (receiver, What::MoneyReclaimed { sum, returned }, Some(user));
            std::iter::once(returning).chain(other.map(giving)).collect()
        }
        _ => Vec::new(),
    })
}

fn payment(event: &Event, happened: &str) -> Result<Told, String> {
    if !matches!(happened, "paid" | "failed" | "cancelled" | "expired" | "review" | "surplus") {
        return Ok(Vec::new());
    }
    let Payment { user_id, transaction_id, sum, reason } = facts(event)?;
    let what = match happened {
        "paid" if transaction_id.is_some() => return Ok(Vec::new()),
        "paid" => What::PaymentTaken { sum },
        "failed" => What::PaymentFailed { sum, reason: reason.and_then(|reason| told(&reason)) },
        "cancelled" => What::TransactionCancelled { kind: Kind::Payment, sum },
        "expired" => What::PaymentExpired { sum },
        "review" => What::PaymentInReview { sum },
        _ => What::PaymentSurplus { sum },
    };
    Ok(user_id.map(|user| (user, what, None)).into_iter().collect())
}

fn refund(event: &Event, happened: &str) -> Result<Told, String> {
    if !matches!(happened, "succeeded" | "failed") {
        return Ok(Vec::new());
    }
    let Payment { user_id, transaction_id, sum, .. } = facts(event)?;
    if happened == "succeeded" && transaction_id.is_some() {
        return Ok(Vec::new());
    }
    let what = if happened == "succeeded" { What::RefundMade { sum } } else { What::RefundFailed { sum } };
    Ok(user_id.map(|user| (user, what, None)).into_iter().collect())
}

fn order(event: &Event, happened: &str) -> Result<Told, String> {
    if !matches!(happened, "confirmed" | "paid" | "completed" | "cancelled" | "expired") {
        return Ok(Vec::new());
    }
    let Order { user_id, amount, currency } = facts(event)?;
    let sum = amount.zip(currency).map(|(amount, currency)| Sum { amount, currency });
    let what = match happened {
        "confirmed" => What::OrderConfirmed { sum },
        "paid" => What::OrderPaid { sum },
        "completed" => What::OrderCompleted {},
        "cancelled" => What::OrderCancelled {},
        _ => What::OrderExpired {},
    };
    Ok(user_id.map(|user| (user, what, None)).into_iter().collect())
}

fn ticket(event: &Event, happened: &str) -> Result<Told, String> {
    if !matches!(happened, "issued" | "revoked" | "cancelled") {
        return Ok(Vec::new());
    }
    let Ticket { user_id, event_id, event_name } = facts(event)?;
    let name = event_name.unwrap_or(event_id);
    let what = match happened {
        "issued" => What::TicketIssued { event: name },
        _ => What::TicketWithdrawn { event: name },
    };
    Ok(user_id.map(|user| (user, what, None)).into_iter().collect())
}

/// Only what the supplier decided: orders and payments tell the rest. Money that a person has to return is not promised.
fn booking(event: &Event, happened: &str) -> Result<Told, String> {
    if !matches!(happened, "fulfilled" | "failed" | "cancelled" | "moved") {
        return Ok(Vec::new());
    }
    let Booking { user_id, title, sum, frozen } = facts(event)?;
    let title = told(&title).unwrap_or_default();
    let what = match happened {
        "fulfilled" => What::BookingBought { title },
        // What comes back is told by the refund.
        "cancelled" => What::BookingCancelled { title },
        "moved" => What::BookingMoved { title },
        _ if frozen => return Ok(Vec::new()),
        _ => What::BookingRefused { title, sum },
    };
    Ok(vec![(user_id, what, None)])
}

/// A reason from outside, fit to be shown: one line of bounded length.
fn told(reason: &str) -> Option<String> {
    let line: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_REASON).collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{ids::EventId, time::Timestamp};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn event(topic: &'static str, payload: Value) -> Event {
        let id = EventId(Uuid::from_u128(1));
        let at = Timestamp::from_micros(0);
        Event { id, at, topic: topic.into(), subject: "transaction:42".to_owned(), payload }
    }

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn moved(kind: &str, receiver: Option<UserId>) -> Value {
        json!({
            "transaction_id": Uuid::from_u128(42), "type": kind, "status": "COMPLETED", "user_id": user(1),
            "wallet_id": Uuid::from_u128(9), "counterparty_user_id": receiver, "amount": 50_000, "refunded": 700,
            "currency": "IDR",
        })
    }

    fn told_of(topic: &'static str, payload: Value) -> Vec<(UserId, What)> {
        let occasions = of(&event(topic, payload)).expect("understood");
        assert!(occasions.iter().all(|occasion| occasion.notice.reference == "42"));
        occasions.into_iter().map(|occasion| (occasion.user, occasion.notice.what)).collect()
    }

    const SUM: Sum = Sum { amount: 50_000, currency: Currency::Idr };

    #[test]
    fn both_sides_of_a_transfer_hear_of_it() {
        let sent = (user(1), What::MoneySent { sum: SUM, to: None });
        let received = (user(2), What::MoneyReceived { sum: SUM, from: None });
        assert_eq!(told_of("transaction.completed", moved("transfer", Some(user(2)))), [sent, received]);
        let returned = Sum { amount: 700, ..SUM };
        let back = (user(1), What::MoneyReturned { kind: Kind::Transfer, sum: SUM, returned });
        let reclaimed = (user(2), What::MoneyReclaimed { sum: SUM, returned });
        assert_eq!(told_of("transaction.refunded", moved("transfer", Some(user(2)))), [back, reclaimed]);
    }

    #[test]
    fn what_moved_money_is_told_and_what_passes_is_not() {
        assert_eq!(
            told_of("transaction.completed", moved("topup", None)),
            [(user(1), What::TopupArrived { sum: SUM })]
        );
        assert_eq!(told_of("transaction.pending", moved("topup", None)), []);
        assert_eq!(
            told_of("transaction.pending", moved("transfer", Some(user(2)))),
            [(user(1), What::TransferWaiting { sum: SUM })]
        );
        for silent in ["transaction.processing", "transaction.described", "wallet.created", "payment.started"] {
            assert_eq!(told_of(silent, json!({})), [], "{silent}");
        }
    }

    #[test]
    fn what_becomes_of_a_payment_is_told_once_by_it_or_by_its_transaction() {
        let mut paid = json!({ "payment_id": "p", "user_id": user(1), "amount": 50_000, "currency": "IDR" });
        assert_eq!(told_of("payment.paid", paid.clone()), [(user(1), What::PaymentTaken { sum: SUM })]);
        assert_eq!(told_of("payment.surplus", paid.clone()), [(user(1), What::PaymentSurplus { sum: SUM })]);
        assert_eq!(told_of("refund.succeeded", paid.clone()), [(user(1), What::RefundMade { sum: SUM })]);
        paid["transaction_id"] = Value::Null;
        assert_eq!(told_of("payment.paid", paid.clone()), [(user(1), What::PaymentTaken { sum: SUM })]);
        paid["transaction_id"] = json!(user(3));
        assert_eq!(told_of("payment.paid", paid.clone()), []);
        assert_eq!(told_of("refund.succeeded", paid.clone()), []);
        assert_eq!(told_of("refund.failed", paid.clone()), [(user(1), What::RefundFailed { sum: SUM })]);
        assert_eq!(told_of("payment.expired", paid), [(user(1), What::PaymentExpired { sum: SUM })]);
        for ended in ["transaction.failed", "transaction.cancelled"] {
            assert_eq!(told_of(ended, moved("topup", None)), [], "its payment tells");
            assert_eq!(told_of(ended, moved("transfer", Some(user(2)))).len(), 1);
        }
    }

    #[test]
    fn whoever_has_a_ticket_in_their_account_hears_of_it() {
        let facts = json!({ "user_id": user(1), "event_id": "evt1", "event_name": "Konser" });
        let issued = What::TicketIssued { event: "Konser".to_owned() };
        assert_eq!(told_of("ticket.issued", facts), [(user(1), issued)]);
        assert_eq!(told_of("ticket.issued", json!({ "user_id": null, "event_id": "evt1" })), []);
        let withdrawn = What::TicketWithdrawn { event: "evt1".to_owned() };
        let facts = json!({ "user_id": user(1), "event_id": "evt1", "event_name": null });
        assert_eq!(told_of("ticket.revoked", facts), [(user(1), withdrawn)]);
    }

    #[test]
    fn what_a_supplier_decides_is_told_and_no_money_is_promised_that_a_person_has_to_return() {
        let facts = |frozen| {
            json!({ "booking_id": "b", "user_id": user(1), "title": "PLN Token 50.000", "amount": 50_000,
                "currency": "IDR", "frozen": frozen })
        };
        let title = || "PLN Token 50.000".to_owned();
        assert_eq!(told_of("booking.fulfilled", facts(false)), [(user(1), What::BookingBought { title: title() })]);
        let refused = What::BookingRefused { title: title(), sum: SUM };
        assert_eq!(told_of("booking.failed", facts(false)), [(user(1), refused)]);
        let cancelled = What::BookingCancelled { title: title() };
        assert_eq!(told_of("booking.cancelled", facts(true)), [(user(1), cancelled)]);
        assert_eq!(told_of("booking.moved", facts(false)), [(user(1), What::BookingMoved { title: title() })]);
        for (topic, frozen) in [("booking.failed", true), ("booking.unknown", false), ("booking.frozen", true)] {
            assert_eq!(told_of(topic, facts(frozen)), [], "{topic}");
        }
    }

    #[test]
    fn a_reason_is_one_line() {
        let failed = json!({ "user_id": user(1), "amount": 50_000, "currency": "IDR", "reason": "no\r\nSubject: x" });
        let reason = Some("no  Subject: x".to_owned());
        assert_eq!(told_of("payment.failed", failed), [(user(1), What::PaymentFailed { sum: SUM, reason })]);
    }

    #[test]
    fn a_guest_s_order_tells_nobody_and_a_broken_event_is_an_error() {
        assert_eq!(told_of("order.paid", json!({ "order_id": "o" })), []);
        let paid = json!({ "user_id": user(1), "amount": 50_000, "currency": "IDR" });
        assert_eq!(told_of("order.paid", paid), [(user(1), What::OrderPaid { sum: Some(SUM) })]);
        assert!(of(&event("transaction.completed", json!({ "type": "topup" }))).is_err());
        assert!(of(&event("payment.paid", json!({ "user_id": user(1), "amount": 5, "currency": "XXX" }))).is_err());
    }
}
