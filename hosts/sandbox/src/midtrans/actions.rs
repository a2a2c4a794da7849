//! Asking for a transaction and acting on it: status, approve, deny, cancel, expire, capture.

use serde_json::Value;

use super::{
    book,
    status::Status,
    transaction::{Act, Transaction},
    wire,
};
use crate::{call::Answer, money, world::World};

/// `GET /v2/{id}/status`.
pub fn status(world: &mut World, id: &str) -> Answer {
    match world.midtrans.find(id) {
        Some(transaction) => {
            let code = wire::state_code(transaction);
            let key = &world.settings.midtrans.server_key;
            Answer::json(200, wire::told(transaction, code, "Success, transaction is found", key))
        }
        None => unknown(world),
    }
}

/// `POST /v2/{id}/{name}`; `None` if there is no such action.
pub fn action(world: &mut World, id: &str, name: &str) -> Option<Answer> {
    let (what, code, text) = match name {
        "approve" => (Act::Approve, 200, "Success, transaction is approved"),
        "deny" => (Act::Reject, 200, "Success, transaction is denied"),
        "cancel" => (Act::Cancel, 200, "Success, transaction is canceled"),
        "expire" => (Act::Expire, 407, "Success, transaction has expired"),
        _ => return None,
    };
    Some(perform(world, id, &what, code, text))
}

/// `POST /v2/capture`: takes what was held, or part of it.
pub fn capture(world: &mut World, body: &Value) -> Answer {
    let id = body["transaction_id"].as_str().unwrap_or_default();
    let Some(transaction) = world.midtrans.find(id) else { return unknown(world) };
    let transaction: &Transaction = transaction;
    let amount = match &body["gross_amount"] {
        Value::Null => Some(transaction.gross),
        given => money::whole(given),
    };
    let Some(amount) = amount else {
        return wire::invalid(&mut world.dice, &["gross_amount must be a whole number".to_owned()]);
    };
    // The bank refuses to pay what it had promised; the hold stays as it is.
    if transaction.script.life.deny && transaction.status == Status::Authorize {
        let mut refused = transaction.clone();
        refused.status = Status::Deny;
        let body = wire::told(&refused, 202, "Capture denied by the bank", &world.settings.midtrans.server_key);
        return Answer::json(200, body);
    }
    perform(world, id, &Act::Capture(amount), 200, "Success, Credit Card capture transaction is successful")
}

fn perform(world: &mut World, id: &str, what: &Act, code: u16, text: &str) -> Answer {
    let Some(order) = world.midtrans.order_of(id).map(str::to_owned) else { return unknown(world) };
    if book::act(world, &order, what).is_err() {
        return refuse(world, id);
    }
    match world.midtrans.find(&order) {
        Some(transaction) => {
            Answer::json(200, wire::told(transaction, code, text, &world.settings.midtrans.server_key))
        }
        None => unknown(world),
    }
}

fn refuse(world: &mut World, id: &str) -> Answer {
    match world.midtrans.find(id) {
        Some(_) => wire::refusal(world, 412, wire::text_of(412)),
        None => unknown(world),
    }
}

/// No such transaction.
pub fn unknown(world: &mut World) -> Answer {
    wire::refusal(world, 404, wire::text_of(404))
}
