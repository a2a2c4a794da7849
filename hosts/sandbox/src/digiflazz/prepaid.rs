//! Credits: one call that buys, and that asks how it went.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Event, Purchase, balance, cases, products, queue,
    wire::{self, Rc},
};
use crate::{call::Answer, timetable::local, world::World};

/// After that a reference is forgotten, and the same call buys again.
const REMEMBERED: Duration = Duration::from_secs(90 * 86_400);
/// How long what is pending is pending.
pub const PENDING: Duration = Duration::from_secs(30);

/// `POST /inquiry-pln`.
pub fn meter(body: &Value) -> Answer {
    let number = body["customer_no"].as_str().unwrap_or_default();
    let fits = (11..=12).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    if !fits || number.ends_with("000") {
        let (code, status) = Rc::WrongNumber.told();
        return Answer::json(
            200,
            json!({"data": {"message": Rc::WrongNumber.message(), "status": status, "rc": code,
            "customer_no": number, "meter_no": "", "subscriber_id": "", "name": "", "segment_power": ""}}),
        );
    }
    Answer::json(
        200,
        json!({"data": {"message": "Transaksi Sukses", "status": "Sukses", "rc": "00",
        "customer_no": number, "meter_no": number, "subscriber_id": format!("5{number}"), "name": "BUDI SANTOSO",
        "segment_power": "R1 /000001300"}}),
    )
}

/// `POST /transaction` without a command.
pub fn top_up(world: &mut World, body: &Value) -> Answer {
    let now = world.clock.now();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (ref_id, sku, customer) = (text("ref_id"), text("buyer_sku_code"), text("customer_no"));
    if ref_id.is_empty() || sku.is_empty() || customer.is_empty() {
        return wire::refusal(body, Rc::Payload, "Payload Error");
    }
    if let Some(known) = world.digiflazz.purchases.get(&ref_id).filter(|known| now.since(known.created) < REMEMBERED) {
        if known.sku != sku || known.customer_no != customer {
            return wire::refusal(body, Rc::NotUnique, Rc::NotUnique.message());
        }
        return wire::shown(world, &ref_id);
    }
    let Some((.., price, cut_off)) = products::find(&sku).copied() else {
        return wire::refusal(body, Rc::NoProduct, Rc::NoProduct.message());
    };
    let clock = local(now, 7)[11..16].to_owned();
    let padded = |time: &str| format!("{time:0>5}");
    let (from, until) = (padded(cut_off.0), padded(cut_off.1));
    let closed = if from <= until { from <= clock && clock < until } else { clock >= from || clock < until };
    let script = world.script("digiflazz", &[Some(&ref_id)], &ref_id, price);
    let rc = if closed {
        Rc::CutOff
    } else if body["max_price"].as_i64().is_some_and(|most| price > most) {
        Rc::TooDear
    } else if balance(world) < price {
        Rc::NoBalance
    } else {
        outcome(&sku, &customer, &script.life)
    };
    // A refusal at the door leaves no purchase, and the reference can be used again.
    if matches!(rc, Rc::TooDear | Rc::NoBalance) {
        return wire::refusal(body, rc, rc.message());
    }
    let callback = body["cb_url"].as_str().map(str::to_owned);
    let sn = if rc == Rc::Success { cases::serial(&sku, &world.dice.digits(20)) } else { String::new() };
    let (life, late) = (script.life.clone(), PENDING);
    let pending = rc == Rc::Pending;
    let one = Purchase {
        ref_id: ref_id.clone(),
        sku: sku.clone(),
        customer_no: customer.clone(),
        created: now,
        rc,
        price,
        sn,
        bill: None,
        bought: true,
        callback,
        script,
    };
    world.digiflazz.purchases.insert(ref_id.clone(), one);
    if matches!(rc, Rc::Success | Rc::Pending) {
        world.digiflazz.spent += price;
    }
    if pending {
        let (after, result) = match (life.pay, life.fail) {
            (Some(after), _) => (after, Rc::Success),
            (None, Some(after)) => (after, Rc::Failed),
            _ if customer == "087800001234" => (late, Rc::Failed),
            _ => (late, Rc::Success),
        };
        queue(world, after, Event::Ends(ref_id.clone(), result));
        wire::tell(world, &ref_id, "create");
    }
    if let Some(after) = life.reverse {
        queue(world, after, Event::Ends(ref_id.clone(), Rc::Returned));
    }
    wire::shown(world, &ref_id)
}

/// What becomes of a purchase at once.
fn outcome(sku: &str, customer: &str, life: &crate::script::Life) -> Rc {
    let digits = customer.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match customer {
        _ if life.deny => Rc::Failed,
        _ if life.pay.is_some() || life.fail.is_some() => Rc::Pending,
        "087800001232" => Rc::Failed,
        "087800001233" | "087800001234" => Rc::Pending,
        _ if !digits || customer.len() < 9 => Rc::WrongNumber,
        _ if sku.starts_with("pln") && customer.ends_with("000") => Rc::WrongNumber,
        _ => Rc::Success,
    }
}
