//! What Midtrans writes: codes, texts, amounts with two decimals, Jakarta times, signatures.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha512};

use super::{
    channel::Channel,
    links,
    status::Status,
    transaction::{Refund, Transaction},
};
use crate::{
    call::Answer,
    clock::Moment,
    config::HttpErrors,
    dice::Dice,
    money,
    script::{AmountText, Currency},
    world::World,
};

/// The merchant of the sandbox.
pub const MERCHANT: &str = "G000000001";

/// SHA-512 of order, code, amount and server key, in lower-case hexadecimal digits.
pub fn signature(order_id: &str, status_code: &str, gross_amount: &str, server_key: &str) -> String {
    format!("{:x}", Sha512::digest([order_id, status_code, gross_amount, server_key].concat()))
}

/// The code of a refusal with its text. Whether the status of HTTP says the same is a setting.
pub fn refusal(world: &mut World, code: u16, text: &str) -> Answer {
    let id = world.dice.uuid().to_string();
    let status = match world.settings.midtrans.http_errors {
        HttpErrors::Modern => code,
        HttpErrors::Classic if matches!(code, 400 | 413) => code,
        HttpErrors::Classic => 200,
    };
    Answer::json(status, json!({"status_code": code.to_string(), "status_message": text, "id": id}))
}

/// A request with wrong fields.
pub fn invalid(dice: &mut Dice, faults: &[String]) -> Answer {
    let id = dice.uuid().to_string();
    let text = "One or more parameters in the payload is invalid.";
    let body = json!({"status_code": "400", "status_message": text, "validation_messages": faults, "id": id});
    Answer::json(400, body)
}

/// The usual text of a code.
pub fn text_of(code: u16) -> &'static str {
    match code {
        400 => "One or more parameters in the payload is invalid.",
        401 => "Access denied due to unauthorized transaction, please check client or server key",
        402 => "Payment channel is not activated.",
        403 => "The requested resource is not capable of generating content in the accepting headers",
        404 => "Transaction doesn't exist.",
        406 => {
            "The request could not be completed due to a conflict with the current state of the target resource, \
             please try again"
        }
        410 => "Merchant account is deactivated",
        411 => "Credit card token is no longer available. Please create a new one.",
        412 => "Transaction status cannot be updated.",
        413 => "The request cannot be processed due to malformed syntax in the request body",
        414 => "Refund rejected due to invalid amount",
        429 => "Too many requests",
        500 => "Sorry, our system is recovering from unexpected issues. Please retry.",
        503 => "Bank/partner is experiencing connection issue.",
        505 => "Unable to create va_number for this transaction",
        _ => "Request failed",
    }
}

/// The code of a transaction as it stands.
pub fn state_code(transaction: &Transaction) -> u16 {
    match transaction.status {
        _ if transaction.challenged() => 201,
        Status::Pending => 201,
        Status::Deny | Status::Failure => 202,
        Status::Expire => 407,
        _ => 200,
    }
}

/// The same in a notification, where all bad ends are 202.
fn notified_code(transaction: &Transaction) -> u16 {
    match transaction.status {
        Status::Cancel | Status::Expire => 202,
        _ => state_code(transaction),
    }
}

/// The answer to a charge.
pub fn charged(transaction: &Transaction, base: &str) -> Value {
    let code = state_code(transaction);
    let text = match transaction.status {
        Status::Deny if transaction.channel == Channel::Gopay => "GO-PAY transaction is rejected".to_owned(),
        Status::Deny => "Deny by Bank".to_owned(),
        _ => transaction.channel.created(),
    };
    let mut members = plain_members(transaction, code, &text);
    let set = &mut |name: &str, value: Value| members.insert(name.to_owned(), value);
    let (refused, paid) = (transaction.status == Status::Deny, transaction.status != Status::Pending);
    match &transaction.channel {
        Channel::Gopay => {
            set("channel_response_code", json!(if refused { "900" } else { "200" }));
            set("channel_response_message", json!(if refused { "Internal error" } else { "Success" }));
            if !refused {
                set("actions", links::wallet(transaction, base, true));
            }
        }
        Channel::Qris { .. } => {
            set("qr_string", json!(links::qr_string(transaction)));
            set("actions", links::qr(transaction, base));
        }
        Channel::Shopeepay => {
            set("channel_response_code", json!("0"));
            set("channel_response_message", json!("success"));
            set("actions", links::wallet(transaction, base, false));
        }
        Channel::Other(_) => {
            set("actions", links::wallet(transaction, base, false));
        }
        Channel::Card(_) if !paid => {
            set("redirect_url", json!(format!("{base}/midtrans/api/v2/3ds/redirect/{}", transaction.transaction_id)));
            set("three_ds_version", json!("2"));
        }
        _ => {}
    }
    Value::Object(members)
}

/// The answer to somebody who asks, and to an action.
pub fn told(transaction: &Transaction, code: u16, text: &str, server_key: &str) -> Value {
    let mut members = members(transaction, code, text);
    sign(transaction, &mut members, server_key);
    Value::Object(members)
}

/// A notification.
pub fn notification(transaction: &Transaction, server_key: &str) -> Value {
    let mut members = members(transaction, notified_code(transaction), "midtrans payment notification");
    if let Some(refund) = transaction.refunds.last() {
        members.insert("refund_key".to_owned(), json!(refund.key));
    }
    sign(transaction, &mut members, server_key);
    Value::Object(members)
}

/// The answer to a refund.
pub fn refunded(transaction: &Transaction, refund: &Refund, text: &str) -> Value {
    let mut members = members(transaction, 200, text);
    members.remove("refunds");
    members.insert("refund_chargeback_id".to_owned(), json!(refund.number));
    members.insert("refund_amount".to_owned(), json!(money::two_decimals(refund.amount)));
    members.insert("refund_key".to_owned(), json!(refund.key));
    Value::Object(members)
}

/// The members that every answer about a transaction has, as the script wants them to look.
fn members(transaction: &Transaction, code: u16, text: &str) -> Map<String, Value> {
    let mut members = plain_members(transaction, code, text);
    let looks = &transaction.script.looks;
    members.insert("gross_amount".to_owned(), json!(amount_text(transaction)));
    match &looks.currency {
        Currency::Right => {}
        Currency::Other(code) => drop(members.insert("currency".to_owned(), json!(code))),
        Currency::Absent => drop(members.remove("currency")),
    }
    if let Some(kind) = transaction.paid_by.as_ref().or(looks.payment_type.as_ref()) {
        members.insert("payment_type".to_owned(), json!(kind));
    }
    let status = looks.status.as_deref().unwrap_or(transaction.status.wire());
    let status = if looks.upper { status.to_uppercase() } else { status.to_owned() };
    members.insert("transaction_status".to_owned(), json!(status));
    if looks.odd {
        members.remove("fraud_status");
        members.insert("approval_code".to_owned(), Value::Null);
        members.insert("a_member_of_tomorrow".to_owned(), json!({"nested": [1, "two", null]}));
    }
    members
}

fn plain_members(transaction: &Transaction, code: u16, text: &str) -> Map<String, Value> {
    let mut all = json!({
        "status_code": code.to_string(),
        "status_message": text,
        "transaction_id": transaction.transaction_id,
        "order_id": transaction.order_id,
        "merchant_id": MERCHANT,
        "gross_amount": money::two_decimals(transaction.gross),
        "currency": "IDR",
        "payment_type": transaction.channel.kind(),
        "transaction_time": transaction.created.wib(),
        "transaction_status": transaction.status.wire(),
        "expiry_time": transaction.expires.wib(),
    });
    let Value::Object(members) = &mut all else { return Map::new() };
    if let Value::Object(own) = transaction.channel.members() {
        members.extend(own);
    }
    members.extend(transaction.echo.clone());
    if transaction.channel.is_card() {
        members.extend(bank_members(transaction));
    }
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    if let Some(fraud) = transaction.fraud.filter(|_| !matches!(transaction.channel, Channel::Cstore { .. })) {
        set("fraud_status", json!(fraud.wire()));
    }
    if let Some(settled) = transaction.settled {
        set("settlement_time", json!(settled.wib()));
        if let Channel::Va { bank, .. } = &transaction.channel {
            let paid = json!([{"paid_at": settled.wib(), "amount": money::two_decimals(transaction.received())}]);
            set("payment_amounts", if bank == "bni" { paid } else { json!([]) });
        }
        if let Channel::Qris { acquirer } = &transaction.channel {
            set("transaction_type", json!("on-us"));
            set("issuer", json!(acquirer));
            set("merchant_cross_reference_id", json!(transaction.transaction_id));
        }
        if transaction.channel == Channel::Gopay {
            set("payment_option_type", json!("GOPAY_WALLET"));
        }
    }
    // One sum for whatever went back, by refunds or by the bank.
    let back = transaction.refunded() + transaction.charged_back;
    if back > 0 {
        set("refund_amount", json!(money::two_decimals(back)));
    }
    if !transaction.refunds.is_empty() {
        let odd = transaction.script.looks.odd;
        set("refunds", transaction.refunds.iter().map(|one| refund_member(one, odd)).collect());
    }
    std::mem::take(members)
}

/// What the card's bank has said.
fn bank_members(transaction: &Transaction) -> Map<String, Value> {
    let said = match transaction.status {
        Status::Pending | Status::Expire | Status::Failure => json!({}),
        Status::Deny => json!({"channel_response_code": "05", "channel_response_message": "Do not honour"}),
        _ => json!({
            "channel_response_code": "00", "channel_response_message": "Approved", "eci": "05",
            "approval_code": transaction.created.millis().to_string(),
        }),
    };
    said.as_object().cloned().unwrap_or_default()
}

fn refund_member(refund: &Refund, odd: bool) -> Value {
    let mut member = json!({
        "refund_chargeback_id": refund.number,
        "refund_amount": money::two_decimals(refund.amount),
        "created_at": refund.created.wib(),
        "reason": refund.reason,
        "refund_key": refund.key,
        "refund_method": if refund.online { "online" } else { "offline" },
    });
    if odd {
        member["refund_chargeback_id"] = json!(refund.number.to_string());
    }
    if let Some(confirmed) = refund.confirmed {
        member["bank_confirmed_at"] = json!(confirmed.wib());
    }
    member
}

fn sign(transaction: &Transaction, members: &mut Map<String, Value>, server_key: &str) {
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let signed = signature(&transaction.order_id, text("status_code"), text("gross_amount"), server_key);
    members.insert("signature_key".to_owned(), json!(signed));
}

fn amount_text(transaction: &Transaction) -> String {
    let amount = transaction.received();
    match transaction.script.looks.amount {
        AmountText::Plain => money::two_decimals(amount),
        AmountText::Int => amount.to_string(),
        AmountText::Dec50 => format!("{amount}.50"),
        AmountText::Exp => money::exponent(amount),
        AmountText::Neg => money::two_decimals(-amount),
        AmountText::Huge => money::HUGE.to_owned() + ".00",
    }
}

/// `{"canceled_at": …}` of a Snap session.
pub fn canceled(at: Moment) -> Value {
    json!({"canceled_at": at.wib()})
}
