//! `POST /v2/{id}/refund` and `/refund/online/direct`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    actions,
    book::Event,
    channel::Channel,
    notify,
    status::Status,
    transaction::{Act, Refund, Transaction},
    wire,
};
use crate::{
    call::Answer,
    clock::Moment,
    money,
    world::{Due, World},
};

const DAY: u64 = 86_400;
/// For how long a refund may be asked for again under its key.
const KEY_LIFE: Duration = Duration::from_secs(7 * DAY);
/// How long the bank takes to confirm.
const CONFIRMATION: Duration = Duration::from_secs(20);

/// A refund that was asked for.
struct Wish {
    key: String,
    amount: i64,
    reason: String,
    online: bool,
}

/// Gives money back.
pub fn refund(world: &mut World, id: &str, body: &Value, online: bool) -> Answer {
    let Some(transaction) = world.midtrans.find(id).cloned() else { return actions::unknown(world) };
    let wish = match read(&transaction, body, online) {
        Ok(wish) => wish,
        Err(faults) => return wire::invalid(&mut world.dice, &faults),
    };
    let now = world.clock.now();
    if let Some(first) = transaction.refunds.iter().find(|one| one.key == wish.key) {
        return again(world, &transaction, first, now);
    }
    let elsewhere = |other: &Transaction| other.refunds.iter().any(|one| one.key == wish.key);
    if world.midtrans.orders.values().any(elsewhere) {
        return wire::refusal(world, 406, "Duplicate refund key");
    }
    if let Some((code, text)) = forbidden(world, &transaction, &wish, now) {
        return wire::refusal(world, code, text);
    }
    if transaction.script.life.refund_denied || at_night(world, &transaction, &wish, now) {
        return denied(world, &transaction, &wish);
    }
    book(world, &transaction.order_id, wish)
}

/// A refund that somebody makes in the dashboard, under a key that the merchant does not know.
pub fn from_dashboard(world: &mut World, order: &str, amount: Option<i64>) -> Answer {
    let key = format!("dashboard-{}", world.dice.hex(8));
    let mut body = json!({"refund_key": key, "reason": "refunded in the dashboard"});
    if let Some(amount) = amount {
        body["amount"] = json!(amount);
    }
    refund(world, order, &body, false)
}

fn read(transaction: &Transaction, body: &Value, online: bool) -> Result<Wish, Vec<String>> {
    let mut faults = Vec::new();
    let key = body["refund_key"].as_str().unwrap_or_default();
    if !key.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign)) || key.is_empty() {
        faults.push("refund_key is required and holds letters, digits, - and _ only".to_owned());
    }
    let reason = body["reason"].as_str().unwrap_or_default();
    if reason.chars().count() > 255 {
        faults.push("reason length must be less than or equal to 255".to_owned());
    }
    let amount = match &body["amount"] {
        Value::Null => Some(transaction.received() - transaction.refunded()),
        given => money::whole(given),
    };
    if amount.is_none() {
        faults.push("amount must be a whole number".to_owned());
    }
    match amount {
        Some(amount) if faults.is_empty() => {
            Ok(Wish { key: key.to_owned(), amount, reason: reason.to_owned(), online })
        }
        _ => Err(faults),
    }
}

/// The same key again: the first answer, for a week.
fn again(world: &mut World, transaction: &Transaction, first: &Refund, now: Moment) -> Answer {
    if now.since(first.created) > KEY_LIFE {
        return wire::refusal(world, 406, "Duplicate refund key");
    }
    Answer::json(200, wire::refunded(transaction, first, "Success, refund request is approved"))
}

fn forbidden(world: &World, transaction: &Transaction, wish: &Wish, now: Moment) -> Option<(u16, &'static str)> {
    let not_now = Some((412, "Merchant cannot modify the status of the transaction"));
    if !matches!(transaction.status, Status::Settlement | Status::PartialRefund) {
        return not_now;
    }
    let Some(days) = transaction.channel.refund_days() else { return not_now };
    if transaction.settled.is_some_and(|paid| now.since(paid) > Duration::from_secs(days * DAY)) {
        return not_now;
    }
    if wish.online && transaction.channel.is_card() {
        return not_now;
    }
    let left = transaction.received() - transaction.refunded();
    let whole_only = world.settings.midtrans.full_refund_only.iter().any(|kind| kind == transaction.channel.kind());
    let too_much = wish.amount < 1 || wish.amount > left;
    (too_much || whole_only && wish.amount != left).then_some((414, "Refund rejected due to invalid amount"))
}

/// ShopeePay does not refund at night.
fn at_night(world: &World, transaction: &Transaction, wish: &Wish, now: Moment) -> bool {
    let clock = now.wib();
    let hour = clock.get(11..16).unwrap_or_default();
    let night = !("06:00".."23:55").contains(&hour);
    world.settings.midtrans.night_refusals && wish.online && transaction.channel == Channel::Shopeepay && night
}

fn denied(world: &World, transaction: &Transaction, wish: &Wish) -> Answer {
    let key = &world.settings.midtrans.server_key;
    let mut body = wire::told(transaction, 202, "Refund denied by the bank", key);
    body["refund_amount"] = json!("0.00");
    body["refund_key"] = json!(wish.key);
    Answer::json(200, body)
}

fn book(world: &mut World, order: &str, wish: Wish) -> Answer {
    let now = world.clock.now();
    world.midtrans.last_refund += 1;
    let number = world.midtrans.last_refund;
    let Wish { key, amount, reason, online } = wish;
    let refund = Refund { key: key.clone(), number, amount, reason, created: now, confirmed: None, online };
    let Some(transaction) = world.midtrans.orders.get_mut(order) else { return actions::unknown(world) };
    if transaction.refund(refund.clone()).is_err() {
        return wire::refusal(world, 412, wire::text_of(412));
    }
    let answer = wire::refunded(transaction, &refund, "Success, refund request is approved");
    let wait = transaction.script.life.refund_pending.unwrap_or(CONFIRMATION);
    // The first of two notifications; the second comes with the bank's word.
    notify::announce(world, order);
    world.queue.push(now.plus(wait), Due::Midtrans(Event::Act(order.to_owned(), Act::Confirm(key))));
    Answer::json(200, answer)
}
