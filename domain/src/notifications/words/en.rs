//! English.

use super::{Digits, Sum, Words};
use crate::notifications::notice::{Kind, What};

pub(super) const DIGITS: Digits = Digits { thousands: ',', decimals: '.' };

/// The subject of what staff wrote themselves.
pub(super) const SUBJECT: &str = "Notification";

fn rp(sum: Sum) -> String {
    DIGITS.money(sum)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Topup => "top-up",
        Kind::Payment => "payment",
        Kind::Transfer => "transfer",
        Kind::Debit => "debit",
        Kind::Credit => "credit",
    }
}

/// "Reason: …", or nothing.
fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" Reason: {}.", reason.trim_end_matches('.'))).unwrap_or_default()
}

/// Subject and message.
pub(super) fn say(what: &What) -> (String, String) {
    match what {
        What::TopupArrived { sum } => {
            ("Top-up successful".to_owned(), format!("Your top-up of {} has arrived in your wallet.", rp(*sum)))
        }
        What::MoneyReceived { sum, from } => {
            let from = from.as_ref().map(|name| format!(" from {name}")).unwrap_or_default();
            ("You have received money".to_owned(), format!("You have received {}{from}.", rp(*sum)))
        }
        What::MoneySent { sum, to } => {
            let to = to.as_ref().map(|name| format!(" to {name}")).unwrap_or_default();
            ("Transfer successful".to_owned(), format!("Your transfer of {}{to} was successful.", rp(*sum)))
        }
        What::MoneyAdded { sum } => ("Money was added".to_owned(), format!("{} was added to your balance.", rp(*sum))),
        What::MoneyTaken { sum } => {
            ("Money was taken".to_owned(), format!("{} was taken from your balance.", rp(*sum)))
        }
        What::TransferWaiting { sum } => (
            "Transfer awaits confirmation".to_owned(),
            format!("Your transfer of {} awaits confirmation. The money is reserved.", rp(*sum)),
        ),
        What::TransactionFailed { kind: which, sum } => (
            "Transaction failed".to_owned(),
            format!("Your {} of {} has failed. No money was taken.", kind(*which), rp(*sum)),
        ),
        What::TransactionCancelled { kind: which, sum } => (
            "Transaction cancelled".to_owned(),
            format!("Your {} of {} was cancelled. No money was taken.", kind(*which), rp(*sum)),
        ),
        What::MoneyReturned { kind: which, sum, returned } => (
            "Money returned".to_owned(),
            format!("Of your {} of {}, {} has been returned so far.", kind(*which), rp(*sum), rp(*returned)),
        ),
        What::MoneyReclaimed { sum, returned } => (
            "Money returned to its sender".to_owned(),
            format!("Of the {} that you received, {} has been returned to the sender so far.", rp(*sum), rp(*returned)),
        ),
        What::PaymentTaken { sum } => {
            ("Payment successful".to_owned(), format!("Your payment of {} has been successfully processed.", rp(*sum)))
        }
        What::PaymentFailed { sum, reason } => (
            "Payment failed".to_owned(),
            format!("Your payment of {} has failed.{}", rp(*sum), because(reason.as_deref())),
        ),
        What::PaymentExpired { sum } => (
            "Time to pay is over".to_owned(),
            format!("The time to pay {} is over. Please do not pay any more.", rp(*sum)),
        ),
        What::PaymentInReview { sum } => (
            "Payment under review".to_owned(),
            format!("We are reviewing your payment of {}. You will hear from us.", rp(*sum)),
        ),
        What::PaymentSurplus { sum } => (
            "Late or double payment".to_owned(),
            format!("Your payment of {} arrived late or twice. Your money is safe.", rp(*sum)),
        ),
        What::RefundMade { sum } => ("Refund made".to_owned(), format!("{} has been refunded to you.", rp(*sum))),
        What::RefundFailed { sum } => (
            "Refund delayed".to_owned(),
            format!("Your refund of {} did not go through yet. We are taking care of it.", rp(*sum)),
        ),
        What::OrderConfirmed { sum } => {
            let pay = sum.map(|sum| format!(" Please pay {}.", rp(sum))).unwrap_or_default();
            ("Order awaits payment".to_owned(), format!("We have received your order.{pay}"))
        }
        What::OrderPaid { sum } => {
            let paid = sum.map(|sum| format!(" of {}", rp(sum))).unwrap_or_default();
            ("Order paid".to_owned(), format!("We have received the payment{paid} for your order."))
        }
        What::OrderCompleted {} => ("Order completed".to_owned(), "Your order is completed.".to_owned()),
        What::OrderCancelled {} => ("Order cancelled".to_owned(), "Your order was cancelled.".to_owned()),
        What::TicketIssued { event } => {
            ("Your ticket".to_owned(), format!("Here is your ticket for {event}. Show its code at the entrance."))
        }
        What::TicketWithdrawn { event } => {
            ("Your ticket is no longer valid".to_owned(), format!("Your ticket for {event} is no longer valid."))
        }
        What::OrderExpired {} => (
            "Order expired".to_owned(),
            "The time to pay for your order is over, and the order was cancelled.".to_owned(),
        ),
        What::BookingBought { title } => {
            (format!("{title} is yours"), format!("We have bought {title} for you. You find it among your bookings."))
        }
        What::BookingRefused { title, sum } => (
            format!("{title} could not be bought"),
            format!("We could not buy {title} for you. {} will be returned to you.", rp(*sum)),
        ),
        What::BookingCancelled { title } => {
            (format!("{title} is cancelled"), format!("{title} is cancelled. What was bought is no longer valid."))
        }
        What::BookingMoved { title } => (
            format!("{title}: the departure has changed"),
            format!("The carrier has changed the departure of {title}. Please ask us what it is now."),
        ),
    }
}

/// The whole e-mail.
pub(super) fn letter(words: &Words, name: Option<&str>) -> String {
    let greeting = name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"));
    let reference = match &words.reference {
        Some(number) => {
            format!("\n\nReference: {number}\nIf you do not recognise this, please contact us at once.")
        }
        None => String::new(),
    };
    format!("{greeting}\n\n{}{reference}\n\nThis message was sent automatically.\n", words.message)
}
