//! What is sent to ask for a payment, method by method.

use dermaga_ports::{
    money::Currency,
    payments::{Method, MethodKind, NewCharge, Payer, RefusalKind},
    time::Timestamp,
};
use serde_json::{Map, Value, json};

use super::MidtransConfig;
use crate::wire::{
    NotDone, invalid, moment,
    reference::{clip, reference},
    refused,
};

/// The shortest time that Midtrans gives a payer, in seconds.
const SHORTEST: u64 = 20;

/// The stores of [`MethodKind::Cstore`]; the first is the default.
const STORES: [&str; 2] = ["indomaret", "alfamart"];

/// The banks of [`MethodKind::BankTransfer`]; the first is the default.
pub(super) const BANKS: [&str; 5] = ["bca", "bni", "bri", "cimb", "permata"];

/// The body of Core's charge.
pub(super) fn core(charge: &NewCharge, config: &MidtransConfig, now: Timestamp) -> Result<Value, NotDone> {
    let mut body = common(charge)?;
    let expiry = remaining(charge, now)?;
    body.insert(
        "custom_expiry".to_owned(),
        json!({"order_time": moment::to_wib(now), "expiry_duration": expiry, "unit": "second"}),
    );
    let (name, details) = method(&charge.method, charge, config)?;
    body.insert("payment_type".to_owned(), name.into());
    if let Some(details) = details {
        body.insert(name.to_owned(), details);
    }
    Ok(body.into())
}

/// The body of Snap's transaction: the payer chooses the method on the page.
pub(super) fn snap(charge: &NewCharge, config: &MidtransConfig, now: Timestamp) -> Result<Value, NotDone> {
    if charge.method.kind != MethodKind::Page {
        return Err(refused(RefusalKind::NotSupported, format!("Snap has no method {}", charge.method.kind)));
    }
    let mut body = common(charge)?;
    let minutes = (remaining(charge, now)? / 60).max(1);
    body.insert("expiry".to_owned(), json!({"start_time": moment::to_wib(now), "unit": "minute", "duration": minutes}));
    body.insert("credit_card".to_owned(), json!({"secure": config.three_ds}));
    if let Some(url) = &config.return_url {
        body.insert("callbacks".to_owned(), json!({"finish": url, "error": url}));
    }
    Ok(body.into())
}

fn common(charge: &NewCharge) -> Result<Map<String, Value>, NotDone> {
    let reference = reference(&charge.reference)?;
    if charge.amount.currency() != Currency::Idr {
        return Err(refused(RefusalKind::NotSupported, "Midtrans takes rupiah only"));
    }
    if !charge.amount.is_positive() {
        return Err(invalid("a charge is of more than 0"));
    }
    let mut body = Map::new();
    body.insert(
        "transaction_details".to_owned(),
        json!({"order_id": reference, "gross_amount": charge.amount.amount()}),
    );
    body.insert("custom_field1".to_owned(), reference.into());
    if let Some(description) = &charge.description {
        body.insert("custom_field3".to_owned(), clip(description, 255).into());
    }
    let payer = payer(&charge.payer);
    if !payer.is_empty() {
        body.insert("customer_details".to_owned(), payer.into());
    }
    Ok(body)
}

fn payer(payer: &Payer) -> Map<String, Value> {
    let members = [("first_name", &payer.name), ("email", &payer.email), ("phone", &payer.phone)];
    let told =
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), clip(value.as_ref()?, 255).into())));
    told.collect()
}

/// The seconds that the payer has.
fn remaining(charge: &NewCharge, now: Timestamp) -> Result<u64, NotDone> {
    if charge.expires_at <= now {
        return Err(invalid("the payer's time is over before it began"));
    }
    Ok(charge.expires_at.since(now).as_secs().max(SHORTEST))
}

/// Midtrans' name of the method, and what belongs to it.
fn method(
    method: &Method,
    charge: &NewCharge,
    config: &MidtransConfig,
) -> Result<(&'static str, Option<Value>), NotDone> {
    let callback = config.return_url.as_ref();
    Ok(match method.kind {
        MethodKind::BankTransfer => {
            let bank = chosen(method.bank.as_deref(), &BANKS, "bank")?;
            ("bank_transfer", Some(json!({"bank": bank})))
        }
        MethodKind::Echannel => {
            ("echannel", Some(json!({"bill_info1": "Payment", "bill_info2": clip(&charge.reference, 30)})))
        }
        MethodKind::Qris => ("qris", Some(json!({"acquirer": "gopay"}))),
        MethodKind::Gopay => ("gopay", callback.map(|url| json!({"enable_callback": true, "callback_url": url}))),
        MethodKind::Shopeepay => ("shopeepay", callback.map(|url| json!({"callback_url": url}))),
        MethodKind::CreditCard => {
            let token = method.token.as_ref().ok_or_else(|| invalid("a card is paid with by its token"))?;
            let mut card = json!({"token_id": token.0, "authentication": config.three_ds});
            if method.authorize_only {
                card["type"] = "authorize".into();
            }
            ("credit_card", Some(card))
        }
        MethodKind::Cstore => {
            let store = chosen(method.store.as_deref(), &STORES, "store")?;
            ("cstore", Some(json!({"store": store, "message": clip(&charge.reference, 50)})))
        }
        other => return Err(refused(RefusalKind::NotSupported, format!("Midtrans Core has no method {other}"))),
    })
}

fn chosen<'c>(asked: Option<&str>, known: &[&'c str], what: &str) -> Result<&'c str, NotDone> {
    let Some(asked) = asked else { return Ok(known[0]) };
    let found = known.iter().find(|one| **one == asked);
    found.copied().ok_or_else(|| invalid(format!("the {what} must be one of {}", known.join(", "))))
}
