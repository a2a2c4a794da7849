//! What Xendit writes.

use serde_json::{Map, Value, json};

use super::{
    channel::Kind,
    invoice::{Invoice, InvoiceStatus},
    request::{Payment, Request},
};
use crate::{
    call::Answer,
    money,
    script::{AmountText, Currency, Script},
};

/// The business of the sandbox.
pub const BUSINESS: &str = "60f0aa11bb22cc33dd44ee55";
/// Its name.
pub const MERCHANT: &str = "Dermaga Sandbox";

/// A refusal.
pub fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, json!({"error_code": code, "message": message}))
}

/// A body with wrong members.
pub fn invalid(faults: &[(String, String)]) -> Answer {
    let errors: Vec<Value> = faults.iter().map(|(path, message)| json!({"path": path, "message": message})).collect();
    let text = "There was an error with the format submitted to the server.";
    Answer::json(400, json!({"error_code": "API_VALIDATION_ERROR", "message": text, "errors": errors}))
}

/// The usual code of a status.
pub fn code_of(status: u16) -> &'static str {
    match status {
        400 => "API_VALIDATION_ERROR",
        401 => "INVALID_API_KEY",
        403 => "REQUEST_FORBIDDEN_ERROR",
        404 => "DATA_NOT_FOUND",
        409 => "DUPLICATE_ERROR",
        429 => "RATE_LIMIT_EXCEEDED",
        503 => "CHANNEL_UNAVAILABLE",
        _ => "SERVER_ERROR",
    }
}

/// An amount as the script wants it to look.
pub fn amount(script: &Script, amount: i64) -> Value {
    match script.looks.amount {
        AmountText::Plain if script.looks.odd => json!(amount.to_string()),
        AmountText::Plain => json!(amount),
        AmountText::Int => json!(amount.to_string()),
        AmountText::Dec50 => money::number(&format!("{amount}.5")),
        AmountText::Exp => json!(money::exponent(amount)),
        AmountText::Neg => json!(-amount),
        AmountText::Huge => json!(money::HUGE),
    }
}

/// A status as the script wants it to look.
fn status(script: &Script, real: &str) -> Value {
    let shown = script.looks.status.as_deref().unwrap_or(real);
    // They are capitals anyway.
    json!(if script.looks.upper { shown.to_uppercase() } else { shown.to_owned() })
}

fn looks(script: &Script, members: &mut Map<String, Value>) {
    match &script.looks.currency {
        Currency::Right => {}
        Currency::Other(code) => drop(members.insert("currency".to_owned(), json!(code))),
        Currency::Absent => drop(members.remove("currency")),
    }
    if script.looks.odd {
        members.insert("description".to_owned(), Value::Null);
        members.insert("a_member_of_tomorrow".to_owned(), json!({"nested": [1, "two", null]}));
    }
}

/// An invoice as who asks is told.
pub fn invoice(invoice: &Invoice, base: &str) -> Value {
    let named = |kind: Kind, member: &str| -> Vec<Value> {
        let channels = super::channel::CHANNELS.iter().filter(|one| one.kind == kind);
        let offered = channels.filter(|one| invoice.methods.contains(&one.invoice));
        offered.map(|one| json!({ member: one.invoice })).collect()
    };
    let mut banks = named(Kind::VirtualAccount, "bank_code");
    for bank in &mut banks {
        bank["collection_type"] = json!("POOL");
        bank["transfer_amount"] = json!(invoice.amount);
        bank["bank_branch"] = json!("Virtual Account");
        bank["account_holder_name"] = json!(MERCHANT.to_uppercase());
        bank["identity_amount"] = json!(0);
    }
    let mut members = about(invoice);
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("expiry_date", json!(invoice.expires.utc()));
    set("invoice_url", json!(format!("{base}/xendit/web/{}", invoice.id)));
    set("available_banks", json!(banks));
    set("available_retail_outlets", json!(named(Kind::OverTheCounter, "retail_outlet_name")));
    set("available_ewallets", json!(named(Kind::Ewallet, "ewallet_type")));
    set("available_qr_codes", json!(named(Kind::QrCode, "qr_code_type")));
    set("available_direct_debits", json!([]));
    set("available_paylaters", json!(named(Kind::Paylater, "paylater_type")));
    set("should_exclude_credit_card", json!(!invoice.methods.contains(&"CREDIT_CARD")));
    set("should_send_email", json!(false));
    Value::Object(members)
}

/// An invoice as the webhook tells it: flat, without an envelope.
pub fn invoice_webhook(invoice: &Invoice) -> Value {
    let mut members = about(invoice);
    members.insert("is_high".to_owned(), json!(false));
    // Money that came after the end is told as a payment, whatever the record says.
    if invoice.paid.is_some() && invoice.status == InvoiceStatus::Expired {
        members.insert("status".to_owned(), status(&invoice.script, "PAID"));
    }
    Value::Object(members)
}

fn about(invoice: &Invoice) -> Map<String, Value> {
    let script = &invoice.script;
    let mut all = json!({
        "id": invoice.id,
        "external_id": invoice.external_id,
        "user_id": BUSINESS,
        "status": status(script, invoice.status.wire()),
        "merchant_name": MERCHANT,
        "amount": amount(&Script { looks: plain_amount(script), ..script.clone() }, invoice.amount),
        "currency": invoice.currency,
        "created": invoice.created.utc(),
        "updated": invoice.updated.utc(),
    });
    let Value::Object(members) = &mut all else { return Map::new() };
    members.extend(invoice.echo.clone());
    if let Some(paid) = &invoice.paid {
        let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
        set("paid_amount", amount(script, paid.amount));
        set("paid_at", json!(paid.at.utc()));
        set("payment_method", json!(paid.channel.invoice_method()));
        set("payment_channel", json!(paid.channel.invoice));
        set("payment_id", json!(paid.payment_id));
        set("payment_method_id", json!(paid.method_id));
        match paid.channel.kind {
            Kind::VirtualAccount => {
                set("bank_code", json!(paid.channel.invoice));
                set("payment_destination", json!(paid.destination));
            }
            Kind::OverTheCounter => drop(set("retail_outlet_name", json!(paid.channel.invoice))),
            Kind::Ewallet => drop(set("ewallet_type", json!(paid.channel.invoice))),
            Kind::QrCode => {
                set("payment_details", json!({"receipt_id": paid.destination, "source": "GOPAY"}));
            }
            Kind::Card => drop(set("credit_card_charge_id", json!(paid.destination))),
            Kind::Paylater => {}
        }
    }
    looks(script, members);
    std::mem::take(members)
}

/// What was asked for looks odd only where numbers are texts; it is what was paid that the script bends.
fn plain_amount(script: &Script) -> crate::script::Looks {
    crate::script::Looks { amount: AmountText::Plain, ..script.looks.clone() }
}

/// A payment request as who asks is told.
pub fn request(request: &Request, base: &str) -> Value {
    let script = &request.script;
    let mut members = of_request(request);
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("status", status(script, request.status.wire()));
    set("channel_properties", request.properties.clone());
    set("actions", actions(request, base));
    if let Some(payment) = request.payments.last() {
        set("latest_payment_id", json!(payment.id));
    }
    if let Some(code) = &request.failure {
        set("failure_code", json!(code));
    }
    looks(script, &mut members);
    Value::Object(members)
}

/// A payment as who asks is told, and as webhooks tell it.
pub fn payment(request: &Request, payment: &Payment) -> Value {
    let script = &request.script;
    let mut members = of_request(request);
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("payment_id", json!(payment.id));
    set("status", status(script, payment.status.wire()));
    set("created", json!(payment.created.utc()));
    set("updated", json!(payment.updated.utc()));
    if !payment.captures.is_empty() {
        let captures = payment.captures.iter().map(|one| {
            json!({
                "capture_id": one.id,
                "capture_amount": amount(script, one.amount),
                "capture_timestamp": one.at.utc(),
            })
        });
        set("captures", captures.collect());
        set("payment_details", json!({"payer_name": "SARI W", "receipt_id": payment.id, "remark": "-"}));
    }
    if let Some(code) = &payment.failure {
        set("failure_code", json!(code));
    }
    looks(script, &mut members);
    Value::Object(members)
}

fn of_request(request: &Request) -> Map<String, Value> {
    let plain = Script { looks: plain_amount(&request.script), ..request.script.clone() };
    let paid_at = request.script.looks.payment_type.as_deref().filter(|_| !request.payments.is_empty());
    let mut all = json!({
        "business_id": BUSINESS,
        "reference_id": request.reference,
        "payment_request_id": request.id,
        "type": request.kind,
        "country": request.country,
        "currency": request.currency,
        "request_amount": amount(&plain, request.amount),
        "capture_method": if request.manual { "MANUAL" } else { "AUTOMATIC" },
        "channel_code": paid_at.unwrap_or(request.channel.code),
        "created": request.created.utc(),
        "updated": request.updated.utc(),
    });
    let Value::Object(members) = &mut all else { return Map::new() };
    for (name, value) in [("description", &request.description), ("metadata", &request.metadata)] {
        if !value.is_null() {
            members.insert(name.to_owned(), value.clone());
        }
    }
    std::mem::take(members)
}

fn actions(request: &Request, base: &str) -> Value {
    let page = format!("{base}/xendit/pay/{}", request.id);
    let show =
        |descriptor: &str| json!([{"type": "PRESENT_TO_CUSTOMER", "descriptor": descriptor, "value": request.code}]);
    match request.channel.kind {
        Kind::VirtualAccount => show("VIRTUAL_ACCOUNT_NUMBER"),
        Kind::OverTheCounter => show("PAYMENT_CODE"),
        Kind::QrCode => show("QR_STRING"),
        Kind::Ewallet | Kind::Card | Kind::Paylater => {
            json!([{"type": "REDIRECT_CUSTOMER", "descriptor": "WEB_URL", "value": page}])
        }
    }
}

/// The envelope of a webhook; its `created` is filled in at each attempt.
pub fn envelope(event: &str, data: Value) -> Value {
    json!({"event": event, "business_id": BUSINESS, "created": "", "api_version": "v3", "data": data})
}
