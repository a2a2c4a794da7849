//! `/v3/payment_requests` and `/v3/payments`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    book::{self, Event},
    channel::{Channel, Kind, card_failure},
    invoices,
    request::{Request, RequestAct, Standing},
    wire,
};
use crate::{
    call::{Answer, Call, Reply},
    clock::Moment,
    money,
    script::Hang,
    world::World,
};

const DAY: u64 = 86_400;

/// `POST /v3/payment_requests`. No idempotency key is documented here, and none is read.
pub fn create(world: &mut World, call: &Call) -> Reply {
    let Some(body) = call.json() else {
        return wire::refusal(400, "API_VALIDATION_ERROR", "The request body is not JSON").into();
    };
    let request = match make(world, &body) {
        Ok(request) => request,
        Err(refusal) => return refusal.into(),
    };
    if let Some(reply) = invoices::by_script(world, &request.reference, request.script.call) {
        return reply;
    }
    let same = |other: &Request| other.channel.kind == Kind::Card && other.reference == request.reference;
    if request.channel.kind == Kind::Card && world.xendit.requests.values().any(same) {
        return wire::refusal(409, "DUPLICATE_ERROR", "A payment request with this reference_id exists").into();
    }
    let (id, script) = (request.id.clone(), request.script.clone());
    let refused = at_once(&request);
    schedule(world, &request);
    world.xendit.requests.insert(id.clone(), request);
    if let Some(code) = refused {
        // It is fresh, so it may.
        let _ = book::request_act(world, &id, &RequestAct::Fail(code));
    }
    let answer = shown(world, &id, 201);
    let first = if script.delivery.early {
        world.early(|world| {
            // It is fresh, so it may, unless it was refused.
            let _ = book::pay_request(world, &id, None, None);
        })
    } else {
        Vec::new()
    };
    Reply { answer, first, lost: script.call.hang == Some(Hang::After), key: None }
}

/// Why a request fails as it is made.
fn at_once(request: &Request) -> Option<String> {
    let card = request.channel.kind == Kind::Card;
    let by_amount = card.then(|| card_failure(request.amount)).flatten();
    let by_script = request.script.life.deny.then_some(if card { "CARD_DECLINED" } else { "USER_DECLINED_PAYMENT" });
    by_amount.or(by_script).map(str::to_owned)
}

fn make(world: &mut World, body: &Value) -> Result<Request, Answer> {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let mut faults = Vec::new();
    let mut fault = |path: &str, message: &str| faults.push((format!("/body/{path}"), message.to_owned()));
    let reference = text("reference_id").to_owned();
    if !(1..=255).contains(&reference.chars().count()) {
        fault("reference_id", "must be a text of 1 to 255 characters");
    }
    if !matches!(text("type"), "PAY" | "PAY_AND_SAVE" | "REUSABLE_PAYMENT_CODE") {
        fault("type", "must be PAY, PAY_AND_SAVE or REUSABLE_PAYMENT_CODE");
    }
    for (name, only) in [("country", "ID"), ("currency", "IDR")] {
        if text(name) != only {
            fault(name, "is not supported here");
        }
    }
    if !matches!(body["capture_method"].as_str(), None | Some("AUTOMATIC" | "MANUAL")) {
        fault("capture_method", "must be AUTOMATIC or MANUAL");
    }
    let channel = Channel::of_code(text("channel_code"));
    if channel.is_none() {
        fault("channel_code", "is not a channel");
    }
    let amount = money::cut(&body["request_amount"]);
    if amount.is_none() {
        fault("request_amount", "must be number");
    }
    let wish = &body["channel_properties"]["expires_at"];
    let wished = wish.as_str().and_then(Moment::parse);
    let now = world.clock.now();
    if !wish.is_null() && wished.is_none_or(|end| end <= now) {
        fault("channel_properties/expires_at", "must be a time to come");
    }
    let (Some(channel), Some(amount), []) = (channel, amount, faults.as_slice()) else {
        return Err(wire::invalid(&faults));
    };
    if amount < channel.least || amount > channel.most {
        let told = format!("request_amount must be from {} to {} for {}", channel.least, channel.most, channel.code);
        return Err(wire::refusal(400, "INVALID_VALUE_ERROR", &told));
    }
    let script = invoices::script(world, body, &reference, amount);
    let manual = body["capture_method"] == "MANUAL" || script.life.authorize;
    if manual && !channel.holds() {
        return Err(wire::refusal(400, "INVALID_VALUE_ERROR", "capture_method MANUAL is not supported by the channel"));
    }
    let reusable = text("type") == "REUSABLE_PAYMENT_CODE";
    let payments = if reusable { Vec::new() } else { vec![book::fresh_payment(world, now)] };
    Ok(Request {
        id: format!("pr-{}", world.dice.uuid()),
        number: world.xendit.number(),
        kind: text("type").to_owned(),
        country: "ID".to_owned(),
        currency: "IDR".to_owned(),
        amount,
        manual,
        channel,
        properties: body["channel_properties"].clone(),
        description: body["description"].clone(),
        metadata: body["metadata"].clone(),
        code: code(world, channel, amount),
        status: if reusable { Standing::AcceptingPayments } else { Standing::RequiresAction },
        failure: None,
        payments,
        created: now,
        updated: now,
        expires: wished.unwrap_or(now.plus(usual_time(channel))),
        script,
        reference,
    })
}

fn usual_time(channel: &Channel) -> Duration {
    Duration::from_secs(match channel.kind {
        Kind::VirtualAccount | Kind::OverTheCounter => DAY,
        _ => 1_800,
    })
}

fn code(world: &mut World, channel: &Channel, amount: i64) -> String {
    match channel.kind {
        Kind::QrCode => format!("00020101021226{}5204581253033605405{amount}5802ID6304ABCD", world.dice.digits(20)),
        Kind::OverTheCounter => world.dice.digits(12),
        _ => world.dice.digits(16),
    }
}

fn schedule(world: &mut World, request: &Request) {
    let life = &request.script.life;
    let pay = life.pay.or_else(|| life.chargeback.map(|_| Duration::ZERO));
    let events = [
        pay.map(|after| (after, Event::PayRequest(request.id.clone(), None))),
        life.fail.map(|after| (after, Event::Request(request.id.clone(), RequestAct::Fail("SERVER_ERROR".to_owned())))),
        life.cancel.map(|after| (after, Event::Request(request.id.clone(), RequestAct::Cancel))),
        life.expire
            .or_else(|| life.late_pay.map(|_| Duration::ZERO))
            .map(|after| (after, Event::Request(request.id.clone(), RequestAct::Expire))),
    ];
    for (after, event) in events.into_iter().flatten() {
        book::queue(world, request.created.plus(after), event);
    }
    book::queue(world, request.expires, Event::Request(request.id.clone(), RequestAct::Expire));
}

fn shown(world: &World, id: &str, status: u16) -> Answer {
    match world.xendit.requests.get(id) {
        Some(request) => Answer::json(status, wire::request(request, &world.settings.public_url)),
        None => wire::refusal(404, "DATA_NOT_FOUND", "The payment request was not found"),
    }
}

/// `GET /v3/payment_requests/{id}`.
pub fn get(world: &World, id: &str) -> Answer {
    if id.len() != 39 {
        return wire::invalid(&[("/params/payment_request_id".to_owned(), "must have 39 characters".to_owned())]);
    }
    shown(world, id, 200)
}

/// `POST /v3/payment_requests/{id}/cancel`.
pub fn cancel(world: &mut World, id: &str) -> Answer {
    let Some(request) = world.xendit.requests.get(id) else { return shown(world, id, 200) };
    match request.status {
        Standing::Expired | Standing::Canceled | Standing::Failed => {
            wire::refusal(400, "INACTIVE_PAYMENT_REQUEST", "The payment request is not active any more")
        }
        Standing::Succeeded => {
            wire::refusal(400, "INELIGIBLE_TRANSACTION_STATUS", "The payment request is paid already")
        }
        _ => {
            // It is open or held, so it may.
            let _ = book::request_act(world, id, &RequestAct::Cancel);
            shown(world, id, 200)
        }
    }
}

/// `POST /v3/payment_requests/{id}/simulate`: the customer pays.
pub fn simulate(world: &mut World, id: &str, body: &Value) -> Answer {
    if !world.xendit.requests.contains_key(id) {
        return shown(world, id, 200);
    }
    let amount = match &body["amount"] {
        Value::Null => None,
        given => match money::cut(given) {
            Some(amount) if amount > 0 => Some(amount),
            _ => return wire::invalid(&[("/body/amount".to_owned(), "must be number".to_owned())]),
        },
    };
    match book::pay_request(world, id, amount, None) {
        Ok(()) => Answer::json(200, json!({"status": "PENDING", "message": "The payment is being simulated"})),
        Err(_) => wire::refusal(400, "INACTIVE_PAYMENT_REQUEST", "The payment request cannot be paid any more"),
    }
}

/// `GET /v3/payments/{id}`.
pub fn get_payment(world: &World, id: &str) -> Answer {
    match world.xendit.payment(id) {
        Some((request, payment)) => Answer::json(200, wire::payment(request, payment)),
        None => wire::refusal(404, "DATA_NOT_FOUND", "The payment was not found"),
    }
}

/// `POST /v3/payments/{id}/capture`: takes what was held, or part of it.
pub fn capture(world: &mut World, id: &str, body: &Value) -> Answer {
    let Some((request, payment)) = world.xendit.payment(id) else { return get_payment(world, id) };
    let (owner, held) = (request.id.clone(), request.amount);
    if payment.status != Standing::Authorized {
        return wire::refusal(400, "INELIGIBLE_TRANSACTION_STATUS", "The payment is not authorized");
    }
    match money::cut(&body["capture_amount"]) {
        Some(amount) if amount > held => {
            wire::refusal(400, "CAPTURE_AMOUNT_EXCEEDED", "The amount is more than was authorized")
        }
        Some(amount) if amount > 0 => {
            let capture = format!("cap-{}", world.dice.uuid());
            // It is authorized, so it may.
            let _ = book::request_act(world, &owner, &RequestAct::Capture { amount, capture });
            get_payment(world, id)
        }
        _ => wire::invalid(&[("/body/capture_amount".to_owned(), "must be number".to_owned())]),
    }
}

/// `POST /v3/payments/{id}/cancel`: gives back what was held.
pub fn void(world: &mut World, id: &str) -> Answer {
    let Some((request, payment)) = world.xendit.payment(id) else { return get_payment(world, id) };
    let owner = request.id.clone();
    if payment.status != Standing::Authorized {
        return wire::refusal(400, "INELIGIBLE_TRANSACTION_STATUS", "The payment is not authorized");
    }
    // It is authorized, so it may.
    let _ = book::request_act(world, &owner, &RequestAct::Cancel);
    get_payment(world, id)
}
