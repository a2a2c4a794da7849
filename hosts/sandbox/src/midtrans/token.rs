//! Card tokens: what the browser makes of a card before it is charged.

use serde::Serialize;
use serde_json::json;

use super::{channel::CardClass, wire};
use crate::{
    call::{Answer, Call},
    world::World,
};

/// A card under another name.
#[derive(Debug, Clone, Serialize)]
pub struct CardToken {
    /// How its bank will answer.
    pub class: CardClass,
    /// First and last digits.
    pub masked: String,
    /// Whether it was charged: a token is good for once.
    pub used: bool,
}

/// `GET /v2/token`. It is the browser that asks, with the client key.
pub fn make(world: &mut World, call: &Call) -> Answer {
    if call.asked("client_key") != Some(world.settings.midtrans.client_key.as_str()) {
        return wire::refusal(world, 401, wire::text_of(401));
    }
    let number = call.asked("card_number").unwrap_or_default();
    let good = (13..=19).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
    let missing = ["card_exp_month", "card_exp_year", "card_cvv"].into_iter().filter(|name| call.asked(name).is_none());
    let mut faults: Vec<String> = missing.map(|name| format!("{name} is required")).collect();
    if !good {
        faults.push("card_number does not match with the list of accepted pattern".to_owned());
    }
    if !faults.is_empty() {
        return wire::invalid(&mut world.dice, &faults);
    }
    let class = CardClass::of_number(number);
    let masked = format!("{}-{}", &number[..8], &number[number.len() - 4..]);
    let id = format!("tok-{}-{}", class.tag(), world.dice.uuid());
    world.midtrans.tokens.insert(id.clone(), CardToken { class, masked: masked.clone(), used: false });
    let text = "Credit card token is created as Token ID.";
    let body = json!({"status_code": "200", "status_message": text, "token_id": id, "hash": masked});
    // Pages of any site may ask.
    Answer::json(200, body).with("access-control-allow-origin", "*")
}
