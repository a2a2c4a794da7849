//! `POST /v2/charge`.

use std::time::Duration;

use serde_json::Value;

use super::{
    book::{self, Event},
    channel::{Card, CardClass, Channel},
    notify,
    status::{Fraud, Status},
    transaction::{Act, Transaction},
    validate::{self, Common},
    wire,
};
use crate::{
    call::{Answer, Call, Reply},
    clock::Moment,
    script::{Hang, ThreeDs},
    world::{Due, World},
};

/// How long a charge is under way that takes its time.
const UNDER_WAY: Duration = Duration::from_secs(3);

/// A charge that was found good.
#[derive(Debug, Clone)]
pub struct Order {
    common: Common,
    channel: Channel,
    expires: Moment,
    targets: Vec<String>,
    key: Option<String>,
}

/// Answers a charge.
pub fn charge(world: &mut World, call: &Call, body: &Value, key: Option<&str>) -> Reply {
    let mut order = match read(world, call, body) {
        Ok(order) => order,
        Err(faults) => return wire::invalid(&mut world.dice, &faults).into(),
    };
    order.key = key.map(str::to_owned);
    if let Some(reply) = by_script(world, &order) {
        return reply;
    }
    if world.midtrans.orders.contains_key(&order.common.order_id) {
        return wire::refusal(world, 406, wire::text_of(406)).into();
    }
    if !take_token(world, body) {
        return wire::refusal(world, 411, wire::text_of(411)).into();
    }
    let (early, lost) = (order.common.script.delivery.early, order.common.script.call.hang == Some(Hang::After));
    let order_id = order.common.order_id.clone();
    let answer = open(world, order);
    let first = if early { pay_early(world, &order_id) } else { Vec::new() };
    Reply { answer, first, lost, key: None }
}

/// What the script makes of the call before anything is done.
fn by_script(world: &mut World, order: &Order) -> Option<Reply> {
    let order_id = &order.common.order_id;
    let call = order.common.script.call;
    if let Some((code, times)) = call.refuse {
        let met = world.midtrans.refused.entry(order_id.clone()).or_default();
        if times.is_none_or(|times| *met < times) {
            *met += 1;
            return Some(wire::refusal(world, code, wire::text_of(code)).into());
        }
    }
    if call.hang == Some(Hang::Before) && world.midtrans.lost.insert(order_id.clone()) {
        let answer = Answer { status: 504, ..wire::refusal(world, 504, "Gateway timeout") };
        return Some(Reply { answer, first: Vec::new(), lost: true, key: None });
    }
    let known = world.midtrans.orders.contains_key(order_id);
    if call.in_process && !known {
        if !world.midtrans.under_way.contains_key(order_id) {
            world.midtrans.under_way.insert(order_id.clone(), order.clone());
            let due = world.clock.now().plus(UNDER_WAY);
            world.queue.push(due, Due::Midtrans(Event::Commit(order_id.clone())));
        }
        return Some(in_process().into());
    }
    None
}

/// The first call still runs.
pub fn in_process() -> Answer {
    Answer::json(202, serde_json::json!({}))
}

/// A charge that took its time is done. Its answer is kept for who repeats the call.
pub fn commit(world: &mut World, order_id: &str) -> bool {
    let Some(order) = world.midtrans.under_way.remove(order_id) else { return false };
    let key = order.key.clone();
    let answer = open(world, order);
    if let Some(key) = key {
        let now = world.clock.now();
        world.midtrans.remember(&key, now);
        world.midtrans.keep(&key, &answer, now);
        world.midtrans.finished(&key);
    }
    true
}

fn read(world: &mut World, call: &Call, body: &Value) -> Result<Order, Vec<String>> {
    let mut faults = Vec::new();
    let common = validate::common(world, body).map_err(|found| faults.extend(found)).ok();
    let kind = body["payment_type"].as_str().unwrap_or_default();
    let channel = match kind {
        "" => Err("payment_type is required".to_owned()),
        "credit_card" => card(world, &body["credit_card"]),
        other => Channel::of_charge(other, body, &mut world.dice),
    };
    let channel = channel.map_err(|fault| faults.push(fault)).ok();
    let now = world.clock.now();
    let expires = channel.as_ref().and_then(|channel| {
        validate::expiry(channel, &body["custom_expiry"], now).map_err(|fault| faults.push(fault)).ok()
    });
    match (common, channel, expires) {
        (Some(common), Some(channel), Some(expires)) if faults.is_empty() => {
            let targets = validate::targets(world, call);
            Ok(Order { common, channel, expires, targets, key: None })
        }
        _ => Err(faults),
    }
}

fn card(world: &World, asked: &Value) -> Result<Channel, String> {
    let id = asked["token_id"].as_str().ok_or("credit_card.token_id is required")?;
    let token = world.midtrans.tokens.get(id);
    Ok(Channel::Card(Card {
        masked: token.map_or_else(String::new, |token| token.masked.clone()),
        class: token.map_or(CardClass::Accept, |token| token.class),
        bank: asked["bank"].as_str().unwrap_or("bni").to_owned(),
        hold: asked["type"] == "authorize",
        three_ds: asked["authentication"] == true,
    }))
}

/// Uses up the card token. False if it is unknown or was used.
fn take_token(world: &mut World, body: &Value) -> bool {
    if body["payment_type"] != "credit_card" {
        return true;
    }
    let id = body["credit_card"]["token_id"].as_str().unwrap_or_default();
    match world.midtrans.tokens.get_mut(id) {
        Some(token) if !token.used => {
            token.used = true;
            true
        }
        _ => false,
    }
}

fn open(world: &mut World, order: Order) -> Answer {
    let Order { common, channel, expires, targets, .. } = order;
    let order_id = common.order_id.clone();
    begin(world, common, channel, expires, targets, false);
    let base = world.settings.public_url.clone();
    match world.midtrans.orders.get(&order_id) {
        Some(transaction) => Answer::json(200, wire::charged(transaction, &base)),
        None => wire::refusal(world, 500, wire::text_of(500)),
    }
}

/// Makes the transaction, and queues what its script says.
pub fn begin(world: &mut World, common: Common, channel: Channel, expires: Moment, targets: Vec<String>, snap: bool) {
    let Common { order_id, gross, echo, script } = common;
    let transaction = Transaction {
        transaction_id: transaction_id(world, &channel, &order_id),
        order_id: order_id.clone(),
        gross,
        channel,
        status: Status::Pending,
        fraud: Some(Fraud::Accept),
        created: world.clock.now(),
        expires,
        settled: None,
        snap,
        paid: None,
        paid_by: None,
        refunds: Vec::new(),
        charged_back: 0,
        targets,
        echo,
        script,
    };
    world.midtrans.insert(transaction);
    start(world, &order_id);
}

/// Mostly a UUID. Every seventh BSI account has the order's id instead, as was seen, to catch who takes it for one.
fn transaction_id(world: &mut World, channel: &Channel, order_id: &str) -> String {
    if matches!(channel, Channel::Va { bank, .. } if bank == "bsi") {
        world.midtrans.bsi += 1;
        if world.midtrans.bsi.is_multiple_of(7) {
            return order_id.to_owned();
        }
    }
    world.dice.uuid().to_string()
}

/// What happens at once, and what is queued.
fn start(world: &mut World, order_id: &str) {
    let Some(transaction) = world.midtrans.orders.get(order_id).cloned() else { return };
    let life = &transaction.script.life;
    let pay = Act::Pay { late: false, amount: None, by: None };
    let at_once = match &transaction.channel {
        Channel::Card(_) if life.deny && !life.authorize => Some(Act::Deny),
        Channel::Card(card) => (!card.three_ds && life.three_ds.is_none() && !transaction.snap).then(|| pay.clone()),
        _ if life.deny => Some(Act::Deny),
        _ => None,
    };
    if let Some(what) = at_once {
        // A fresh transaction may do either.
        let _ = book::change(world, order_id, &what);
    }
    notify::announce(world, order_id);
    for (after, what) in plan(&transaction, &pay) {
        let due = transaction.created.plus(after);
        world.queue.push(due, Due::Midtrans(Event::Act(order_id.to_owned(), what)));
    }
    world.queue.push(transaction.expires, Due::Midtrans(Event::Act(order_id.to_owned(), Act::Expire)));
}

/// What the script queues, counted from the beginning.
fn plan(transaction: &Transaction, pay: &Act) -> Vec<(Duration, Act)> {
    let life = &transaction.script.life;
    // What follows a payment says that there is one.
    let implied = life.reverse.is_some() || life.chargeback.is_some();
    let card =
        transaction.channel.is_card() && (transaction.snap && transaction.script.moves() || life.three_ds.is_some());
    let paid = life.pay.or_else(|| implied.then_some(Duration::ZERO));
    let mut plan = Vec::new();
    match life.three_ds {
        Some(ThreeDs::Abandoned) => {}
        Some(ThreeDs::Fails) => plan.push((paid.unwrap_or(Duration::from_secs(1)), Act::Deny)),
        Some(ThreeDs::Passes) => plan.push((paid.unwrap_or(Duration::from_secs(1)), pay.clone())),
        None if card && (life.challenge || life.authorize) => {
            plan.push((paid.unwrap_or_default(), pay.clone()));
        }
        None => plan.extend(paid.map(|after| (after, pay.clone()))),
    }
    let expire = life.expire.or_else(|| life.late_pay.map(|_| Duration::ZERO));
    plan.extend(expire.map(|after| (after, Act::Expire)));
    plan.extend(life.fail.map(|after| (after, Act::Fail)));
    plan.extend(life.cancel.map(|after| (after, Act::Cancel)));
    plan
}

/// The customer was faster than the answer.
fn pay_early(world: &mut World, order_id: &str) -> Vec<u64> {
    world.early(|world| {
        // A card may be paid already.
        let _ = book::act(world, order_id, &Act::Pay { late: false, amount: None, by: None });
    })
}
