//! `/v2/invoices` and `/invoices/{id}/expire!`.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{
    book::{self, Event},
    channel::{CHANNELS, Channel},
    invoice::{Invoice, InvoiceAct, InvoiceStatus},
    wire,
};
use crate::{
    call::{Answer, Call, Reply},
    clock::Moment,
    money,
    script::{Call as CallScript, Hang, Script},
    world::World,
};

const LEAST: i64 = 10_000;
const MOST: i64 = 1_000_000_000;
const DAY: u64 = 86_400;
/// Members of the request that are told again.
const ECHO: &[&str] = &[
    "payer_email",
    "description",
    "customer",
    "customer_notification_preference",
    "success_redirect_url",
    "failure_redirect_url",
    "items",
    "fees",
    "locale",
    "metadata",
];

/// `POST /v2/invoices`. There is no idempotency here: the same request twice makes two invoices.
pub fn create(world: &mut World, call: &Call) -> Reply {
    let Some(body) = call.json() else {
        return wire::refusal(400, "INVALID_JSON_FORMAT", "The request body is not JSON").into();
    };
    let external_id = body["external_id"].as_str().unwrap_or_default().to_owned();
    let amount = match checked(&body, &external_id) {
        Ok(amount) => amount,
        Err(refusal) => return refusal.into(),
    };
    let script = script(world, &body, &external_id, amount);
    if let Some(reply) = by_script(world, &external_id, script.call) {
        return reply;
    }
    let invoice = make(world, &body, external_id, amount, script);
    let answer = Answer::json(200, wire::invoice(&invoice, &world.settings.public_url));
    let (id, delivery) = (invoice.id.clone(), invoice.script.delivery.clone());
    let lost = invoice.script.call.hang == Some(Hang::After);
    schedule(world, &invoice);
    world.xendit.invoices.insert(id.clone(), invoice);
    let first = if delivery.early {
        world.early(|world| {
            // It is fresh, so it may.
            let _ = book::pay_invoice(world, &id, None, None, None);
        })
    } else {
        Vec::new()
    };
    Reply { answer, first, lost, key: None }
}

/// The script of what is paid, wherever it stands.
pub fn script(world: &mut World, body: &Value, reference: &str, amount: i64) -> Script {
    world.script("xendit", &[body["metadata"]["sandbox"].as_str(), Some(reference)], reference, amount)
}

/// What the script makes of the call before anything is done.
pub fn by_script(world: &mut World, reference: &str, call: CallScript) -> Option<Reply> {
    if let Some((status, times)) = call.refuse {
        let met = world.xendit.refused.entry(reference.to_owned()).or_default();
        if times.is_none_or(|times| *met < times) {
            *met += 1;
            return Some(wire::refusal(status, wire::code_of(status), "Refused by the script").into());
        }
    }
    if call.hang == Some(Hang::Before) && world.xendit.lost.insert(reference.to_owned()) {
        let answer = wire::refusal(504, "SERVER_ERROR", "Gateway timeout");
        return Some(Reply { answer, first: Vec::new(), lost: true, key: None });
    }
    None
}

fn checked(body: &Value, external_id: &str) -> Result<i64, Answer> {
    let mut faults = Vec::new();
    let mut fault = |path: &str, message: &str| faults.push((format!("/body/{path}"), message.to_owned()));
    if !(1..=255).contains(&external_id.chars().count()) {
        fault("external_id", "must be a text of 1 to 255 characters");
    }
    let amount = money::cut(&body["amount"]);
    if amount.is_none() {
        fault("amount", "must be number");
    }
    let duration = &body["invoice_duration"];
    if !duration.is_null() && !duration.as_u64().is_some_and(|seconds| (1..=31_536_000).contains(&seconds)) {
        fault("invoice_duration", "must be a number of seconds from 1 to 31536000");
    }
    for (name, most) in [("items", 75), ("fees", 10)] {
        if body[name].as_array().is_some_and(|list| list.len() > most) {
            fault(name, "has too many entries");
        }
    }
    for name in ["success_redirect_url", "failure_redirect_url"] {
        if body[name].as_str().is_some_and(|url| url.len() > 255) {
            fault(name, "is too long");
        }
    }
    let (Some(amount), []) = (amount, faults.as_slice()) else { return Err(wire::invalid(&faults)) };
    let refusal = |code: &str, text: &str| Err(wire::refusal(400, code, text));
    if body["payer_email"].as_str().is_some_and(|email| !email.contains('@')) {
        return refusal("EMAIL_FORMAT_ERROR", "The email format is not valid");
    }
    match body["currency"].as_str().unwrap_or("IDR") {
        "IDR" if amount < LEAST => refusal("MINIMAL_TRANSFER_AMOUNT_ERROR", "The amount must be at least 10000"),
        "IDR" if amount > MOST => refusal("MAXIMUM_TRANSFER_AMOUNT_ERROR", "The amount must be at most 1000000000"),
        "IDR" | "USD" | "THB" | "VND" | "PHP" | "MYR" if amount > 0 => methods(body).map(|_| amount),
        "USD" | "THB" | "VND" | "PHP" | "MYR" => refusal("MINIMAL_TRANSFER_AMOUNT_ERROR", "The amount is too small"),
        _ => refusal("UNSUPPORTED_CURRENCY", "The currency is not supported"),
    }
}

/// The methods that are asked for, or all.
fn methods(body: &Value) -> Result<Vec<&'static str>, Answer> {
    let Some(asked) = body["payment_methods"].as_array() else {
        return Ok(CHANNELS.iter().map(|one| one.invoice).collect());
    };
    let found: Option<Vec<_>> =
        asked.iter().map(|name| name.as_str().and_then(Channel::of_invoice).map(|one| one.invoice)).collect();
    let refusal = |code: &str, text: &str| Err(wire::refusal(400, code, text));
    match found {
        None => refusal("UNAVAILABLE_PAYMENT_METHOD_ERROR", "One of the payment methods is not available"),
        Some(found) if found.is_empty() => refusal("NO_COLLECTION_METHODS_ERROR", "No payment method is left"),
        Some(found) => Ok(found),
    }
}

fn make(world: &mut World, body: &Value, external_id: String, amount: i64, script: Script) -> Invoice {
    let now = world.clock.now();
    let seconds = body["invoice_duration"].as_u64().unwrap_or(DAY);
    let echo: Map<String, Value> = ECHO
        .iter()
        .filter(|name| !body[**name].is_null())
        .map(|name| ((*name).to_owned(), body[*name].clone()))
        .collect();
    Invoice {
        id: world.dice.hex(24),
        number: world.xendit.number(),
        external_id,
        amount,
        currency: body["currency"].as_str().unwrap_or("IDR").to_owned(),
        status: InvoiceStatus::Pending,
        methods: methods(body).unwrap_or_default(),
        created: now,
        updated: now,
        expires: now.plus(Duration::from_secs(seconds)),
        paid: None,
        echo,
        script,
    }
}

/// What the script queues, and the end of the customer's time.
fn schedule(world: &mut World, invoice: &Invoice) {
    let life = &invoice.script.life;
    let implied = life.chargeback.is_some() || life.settle;
    let pay = life.pay.or_else(|| implied.then_some(Duration::ZERO));
    let end = life.expire.or(life.cancel).or_else(|| life.late_pay.map(|_| Duration::ZERO));
    if let Some(after) = pay {
        book::queue(world, invoice.created.plus(after), Event::PayInvoice(invoice.id.clone(), None));
    }
    let end = end.map_or(invoice.expires, |after| invoice.created.plus(after).min(invoice.expires));
    book::queue(world, end, Event::ExpireInvoice(invoice.id.clone()));
}

/// `GET /v2/invoices/{id}`.
pub fn get(world: &World, id: &str) -> Answer {
    match world.xendit.invoices.get(id) {
        Some(invoice) => Answer::json(200, wire::invoice(invoice, &world.settings.public_url)),
        None => wire::refusal(404, "INVOICE_NOT_FOUND_ERROR", "Could not find invoice"),
    }
}

/// `POST /invoices/{id}/expire!`.
pub fn expire(world: &mut World, id: &str) -> Answer {
    match world.xendit.invoices.get(id).map(|invoice| invoice.status) {
        None => wire::refusal(404, "INVOICE_NOT_FOUND_ERROR", "Could not find invoice"),
        Some(InvoiceStatus::Pending) => {
            // It is pending, so it may.
            let _ = book::invoice_act(world, id, InvoiceAct::Expire);
            get(world, id)
        }
        Some(_) => wire::refusal(400, "INVOICE_ALREADY_FINAL_ERROR", "The invoice is paid or expired already"),
    }
}

/// `GET /v2/invoices`: a bare array, the newest first.
pub fn list(world: &World, call: &Call) -> Answer {
    let moment = |name: &str| call.asked(name).and_then(Moment::parse);
    let statuses = wanted(call, "statuses");
    let channels = wanted(call, "payment_channels");
    let limit = call.asked("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10usize);
    let last = call.asked("last_invoice").and_then(|id| world.xendit.invoices.get(id)).map(|one| one.number);
    let fits = |one: &&Invoice| {
        let paid = one.paid.as_ref();
        call.asked("external_id").is_none_or(|wanted| one.external_id == wanted)
            && (statuses.is_empty() || statuses.iter().any(|wanted| wanted == one.status.wire()))
            && (channels.is_empty() || paid.is_some_and(|paid| channels.iter().any(|it| it == paid.channel.invoice)))
            && moment("created_after").is_none_or(|since| one.created >= since)
            && moment("created_before").is_none_or(|until| one.created <= until)
            && moment("paid_after").is_none_or(|since| paid.is_some_and(|paid| paid.at >= since))
            && moment("expired_after").is_none_or(|since| one.expires >= since)
            && last.is_none_or(|last| one.number < last)
    };
    let mut found: Vec<&Invoice> = world.xendit.invoices.values().filter(fits).collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.number));
    let base = &world.settings.public_url;
    Answer::json(200, found.into_iter().take(limit).map(|one| wire::invoice(one, base)).collect())
}

/// A list in the query: repeated, with commas, or as JSON.
fn wanted(call: &Call, name: &str) -> Vec<String> {
    let values = call.query.iter().filter(|(key, _)| key == name || key.strip_suffix("[]") == Some(name));
    values
        .flat_map(|(_, value)| match serde_json::from_str::<Vec<String>>(value) {
            Ok(list) => list,
            Err(_) => value.split(',').map(str::to_owned).collect(),
        })
        .collect()
}
