//! From an answer to what the port calls a snapshot: amounts, refunds, disputes, and what the payer has to do.

use dermaga_ports::{
    money::Currency,
    payments::{DisputeProgress, GatewayState, PayAction, RefundProgress, SeenDispute, SeenRefund, Snapshot},
};

use super::{
    answer::{Refund, Transaction},
    state::standing,
};
use crate::wire::{
    NotDone, amount,
    http::{Answer, unreadable},
    lenient::Text,
    link::is_harmless,
    mask, moment,
};

/// Everything that the answer says.
///
/// # Errors
/// Unknown if it speaks of refunds or disputes in amounts that cannot be read.
pub(super) fn snapshot(answer: &Answer, transaction: &Transaction) -> Result<Snapshot, NotDone> {
    let standing = standing(transaction);
    let returned = returned(transaction, standing.charged_back)
        .ok_or_else(|| unreadable(answer, "it names a refund or a dispute without a readable amount"))?;
    let waits = matches!(standing.state, GatewayState::Pending);
    Ok(Snapshot {
        state: standing.state,
        amount: amount::seen(transaction.gross_amount.get(), transaction.currency.get()),
        captured: None,
        settled: standing.settled,
        refunds: returned.refunds,
        refunded: returned.sum,
        disputes: returned.disputes,
        provider_id: transaction.transaction_id.owned(),
        action: waits.then(|| action(transaction)).flatten(),
        expires_at: [&transaction.expiry_time, &transaction.expire_time]
            .into_iter()
            .find_map(Text::get)
            .and_then(moment::from_wib),
        raw: mask::answer(&answer.body),
    })
}

/// What went back to the payer.
struct Returned {
    refunds: Vec<SeenRefund>,
    sum: Option<i64>,
    disputes: Vec<SeenDispute>,
}

/// `None` if an amount cannot be read.
fn returned(transaction: &Transaction, charged_back: bool) -> Option<Returned> {
    let currency = transaction.currency.get().and_then(|code| code.parse().ok()).unwrap_or(Currency::Idr);
    let refunds: Vec<SeenRefund> =
        transaction.refunds.iter().map(|refund| seen(refund, currency)).collect::<Option<_>>()?;
    let listed: i64 = refunds.iter().map(|refund| refund.amount).sum();
    let told = match transaction.refund_amount.get() {
        Some(text) => Some(amount::units(text, currency)?),
        None => None,
    };
    if !charged_back {
        return Some(Returned { refunds, sum: told, disputes: Vec::new() });
    }
    // A full chargeback takes what the refunds left, or more if the sum says so: then the payer was paid twice. For a
    // part there is only the sum, in which the refunds may be.
    let taken = if transaction.transaction_status.word() == "CHARGEBACK" {
        amount::units(transaction.gross_amount.get()?, currency)?.max(told.unwrap_or_default()) - listed
    } else {
        Some(told? - listed).filter(|rest| *rest > 0)?
    };
    let dispute = SeenDispute {
        id: format!("{}.chargeback", transaction.order_id.or_empty()),
        amount: taken,
        state: DisputeProgress::Lost,
    };
    let disputes = if dispute.amount > 0 { vec![dispute] } else { Vec::new() };
    Some(Returned { sum: Some(listed), refunds, disputes })
}

fn seen(refund: &Refund, currency: Currency) -> Option<SeenRefund> {
    // What somebody returned in Midtrans' dashboard may have no key of ours.
    let key = refund.refund_key.owned().or_else(|| refund.refund_chargeback_id.owned().map(|id| format!("id-{id}")))?;
    let amount = amount::units(refund.refund_amount.get()?, currency)?;
    Some(SeenRefund { key, amount, state: progress(refund) })
}

/// A refund by the wallet itself is done when it is accepted; one by hand when the bank has confirmed it.
pub(super) fn progress(refund: &Refund) -> RefundProgress {
    if refund.bank_confirmed_at.get().is_some() || refund.refund_method.word() == "ONLINE" {
        RefundProgress::Succeeded
    } else {
        RefundProgress::Pending
    }
}

/// What the payer has to do, by what the answer holds rather than by what was asked for: Midtrans may change the method.
fn action(transaction: &Transaction) -> Option<PayAction> {
    if let Some(number) = transaction.permata_va_number.owned() {
        return Some(PayAction::VirtualAccount { bank: "permata".to_owned(), number });
    }
    let first = transaction.va_numbers.first();
    if let Some((bank, number)) = first.and_then(|va| va.bank.owned().zip(va.va_number.owned())) {
        return Some(PayAction::VirtualAccount { bank, number });
    }
    if let Some((biller_code, bill_key)) = transaction.biller_code.owned().zip(transaction.bill_key.owned()) {
        return Some(PayAction::Bill { biller_code, bill_key });
    }
    if let Some((store, code)) = transaction.store.owned().zip(transaction.payment_code.owned()) {
        return Some(PayAction::CounterCode { store, code });
    }
    if let Some(url) = link(transaction, "deeplink-redirect").or_else(|| opens(&transaction.redirect_url)) {
        return Some(PayAction::Open { url });
    }
    let image = link(transaction, "generate-qr-code-v2").or_else(|| link(transaction, "generate-qr-code"));
    let qr = transaction.qr_string.owned();
    (qr.is_some() || image.is_some()).then_some(PayAction::Qr { qr, image })
}

/// By name, never by place.
fn link(transaction: &Transaction, name: &str) -> Option<String> {
    transaction.actions.iter().find(|action| action.name.get() == Some(name)).and_then(|action| opens(&action.url))
}

fn opens(url: &Text) -> Option<String> {
    url.owned().filter(|url| is_harmless(url))
}
