//! An SMS provider in Twilio's shape: it takes messages, keeps them for who wants to look, and refuses on demand.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::{
    call::{Answer, Call, Reply},
    clock::Moment,
    edge::Player,
    world::World,
};

/// The longest text, in characters.
const LONGEST: usize = 1_600;

/// A message.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// Its id.
    pub sid: String,
    /// Who gets it.
    pub to: String,
    /// Who sends it: a number, a name or a messaging service.
    pub from: String,
    /// The text.
    pub body: String,
    /// When it was taken.
    pub created: Moment,
}

impl Message {
    /// How it stands: it takes a second to be sent and three to arrive.
    pub fn status(&self, now: Moment) -> &'static str {
        match now.since(self.created) {
            waited if waited < Duration::from_secs(1) => "queued",
            waited if waited < Duration::from_secs(3) => "sent",
            _ => "delivered",
        }
    }

    fn shown(&self, account: &str, now: Moment) -> Value {
        let path = format!("/2010-04-01/Accounts/{account}/Messages/{}", self.sid);
        let service = self.from.starts_with("MG");
        json!({
            "sid": self.sid,
            "account_sid": account,
            "api_version": "2010-04-01",
            "to": self.to,
            "from": if service { Value::Null } else { json!(self.from) },
            "messaging_service_sid": if service { json!(self.from) } else { Value::Null },
            "body": self.body,
            "status": self.status(now),
            "direction": "outbound-api",
            "num_segments": self.body.chars().count().div_ceil(160).max(1).to_string(),
            "num_media": "0",
            "date_created": self.created.rfc2822(),
            "date_updated": now.rfc2822(),
            "date_sent": if self.status(now) == "queued" { Value::Null } else { json!(now.rfc2822()) },
            "error_code": null,
            "error_message": null,
            "price": null,
            "price_unit": "USD",
            "uri": format!("{path}.json"),
            "subresource_uris": {"media": format!("{path}/Media.json")},
        })
    }
}

/// Messages to that number are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The number; `*` for all.
    #[serde(default = "anybody")]
    pub to: String,
    /// Twilio's code.
    pub code: u32,
    /// The status of HTTP.
    #[serde(default = "bad_request")]
    pub status: u16,
    /// How many messages; all if nothing is said.
    #[serde(default)]
    pub times: Option<u32>,
}

fn anybody() -> String {
    "*".to_owned()
}

fn bad_request() -> u16 {
    400
}

/// What the provider knows.
#[derive(Debug, Default)]
pub struct Book {
    /// The messages that were taken, in their order.
    pub messages: Vec<Message>,
    /// What is refused.
    pub refusals: Vec<Refusal>,
}

impl Book {
    /// The messages to that number, or all.
    pub fn to(&self, number: Option<&str>, now: Moment) -> Vec<Value> {
        let all = self.messages.iter().filter(|one| number.is_none_or(|wanted| one.to == wanted));
        all.map(|one| {
            let mut shown = json!(one);
            shown["status"] = json!(one.status(now));
            shown
        })
        .collect()
    }

    fn refuses(&mut self, to: &str) -> Option<(u16, u32)> {
        let place = self.refusals.iter().position(|one| one.to == "*" || one.to == to)?;
        let refusal = &mut self.refusals[place];
        let told = (refusal.status, refusal.code);
        if let Some(times) = &mut refusal.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.refusals.remove(place);
            }
        }
        Some(told)
    }
}

/// What Twilio's own test numbers stand for.
fn magic(to: &str, from: &str) -> Option<u32> {
    match (to, from) {
        ("+15005550001", _) => Some(21_211),
        ("+15005550002", _) => Some(21_612),
        ("+15005550003", _) => Some(21_408),
        ("+15005550004", _) => Some(21_610),
        ("+15005550009", _) => Some(21_614),
        (_, "+15005550001") => Some(21_212),
        (_, "+15005550007") => Some(21_606),
        (_, "+15005550008") => Some(21_611),
        _ => None,
    }
}

fn refusal(status: u16, code: u32) -> Answer {
    let text = match code {
        20_003 => "Authenticate",
        20_404 => "The requested resource was not found",
        20_429 => "Too Many Requests",
        21_211 => "Invalid 'To' Phone Number",
        21_212 => "Invalid 'From' Phone Number",
        21_408 => "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
        21_602 => "Message body is required.",
        21_603 => "A 'From' phone number is required.",
        21_604 => "A 'To' phone number is required.",
        21_606 => "The 'From' phone number provided is not a valid message-capable Twilio phone number",
        21_610 => "Attempt to send to unsubscribed recipient",
        21_611 => "This 'From' number has exceeded the maximum number of queued messages",
        21_612 => "The 'To' phone number is not currently reachable via SMS",
        21_614 => "'To' number is not a valid mobile number",
        21_617 => "The concatenated message body exceeds the 1600 character limit",
        _ => "The request failed",
    };
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    Answer::json(status, json!({"code": code, "message": text, "more_info": more, "status": status}))
}

/// `+` and 7 to 15 digits.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// The provider.
#[derive(Debug, Clone, Copy)]
pub struct Sms;

impl Player for Sms {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn reference(&self, _: &World, call: &Call) -> Option<String> {
        call.form().into_iter().find(|(name, _)| name == "To").map(|(_, to)| to)
    }

    fn answer(&self, world: &mut World, call: &Call) -> Reply {
        let now = world.clock.now();
        let (method, path) = call.route();
        let ["2010-04-01", "Accounts", account, rest @ ..] = path.as_slice() else {
            return refusal(404, 20_404).into();
        };
        if !proven(world, call, account) {
            return refusal(401, 20_003).with("www-authenticate", "Basic realm=\"Twilio API\"").into();
        }
        match (method, rest) {
            ("POST", ["Messages.json"]) => send(world, call, account).into(),
            ("GET", ["Messages", file]) => {
                let sid = file.strip_suffix(".json").unwrap_or(file);
                let found = world.twilio.messages.iter().find(|one| one.sid == sid);
                found.map_or_else(|| refusal(404, 20_404), |one| Answer::json(200, one.shown(account, now))).into()
            }
            _ => refusal(404, 20_404).into(),
        }
    }

    fn failure(&self, _: &World, status: u16) -> Answer {
        let code = match status {
            401 => 20_003,
            404 => 20_404,
            429 => 20_429,
            _ => 20_500,
        };
        refusal(status, code)
    }
}

fn proven(world: &World, call: &Call, account: &str) -> bool {
    let settings = &world.settings.twilio;
    let token = settings.auth_token.as_bytes();
    let right = |user: String, password: String| {
        user == settings.account_sid && bool::from(password.as_bytes().ct_eq(token)) && account == settings.account_sid
    };
    call.basic().is_some_and(|(user, password)| right(user, password))
}

fn send(world: &mut World, call: &Call, account: &str) -> Answer {
    let form = call.form();
    let field = |wanted: &str| {
        let found = form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.trim().to_owned());
        found.filter(|value| !value.is_empty())
    };
    let from = field("From").or_else(|| field("MessagingServiceSid"));
    let (to, from, body) = match (field("To"), from, field("Body")) {
        (None, _, _) => return refusal(400, 21_604),
        (_, None, _) => return refusal(400, 21_603),
        (_, _, None) => return refusal(400, 21_602),
        (Some(to), Some(from), Some(body)) => (to, from, body),
    };
    if let Some(code) = magic(&to, &from) {
        return refusal(400, code);
    }
    if !is_number(&to) {
        return refusal(400, 21_211);
    }
    if body.chars().count() > LONGEST {
        return refusal(400, 21_617);
    }
    if let Some((status, code)) = world.twilio.refuses(&to) {
        return refusal(status, code);
    }
    let now = world.clock.now();
    let message = Message { sid: format!("SM{}", world.dice.hex(32)), to, from, body, created: now };
    let shown = message.shown(account, now);
    world.twilio.messages.push(message);
    Answer::json(201, shown)
}
