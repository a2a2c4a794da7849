//! `/v1/disputes`: a customer takes the money back through the card's bank.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::{channel::Kind, funds::Funds, notify, wire};
use crate::{
    call::{Answer, Call},
    clock::Moment,
    money,
    script::Script,
    world::World,
};

/// How long the merchant has to answer.
const DEADLINE: Duration = Duration::from_secs(14 * 86_400);

/// `status` of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisputeStatus {
    /// The merchant has to answer.
    ActionRequired,
    /// The bank looks at the answer.
    UnderReview,
    /// The merchant keeps the money.
    Won,
    /// The customer gets it.
    Lost,
}

impl DisputeStatus {
    /// The event that tells it.
    pub fn event(self) -> &'static str {
        match self {
            Self::ActionRequired => "dispute.action_required",
            Self::UnderReview => "dispute.under_review",
            Self::Won => "dispute.won",
            Self::Lost => "dispute.lost",
        }
    }

    /// As it is written.
    pub fn of_wire(text: &str) -> Option<Self> {
        Some(match text {
            "ACTION_REQUIRED" => Self::ActionRequired,
            "UNDER_REVIEW" => Self::UnderReview,
            "WON" => Self::Won,
            "LOST" => Self::Lost,
            _ => return None,
        })
    }

    /// Whether it is over.
    pub fn over(self) -> bool {
        matches!(self, Self::Won | Self::Lost)
    }
}

/// A dispute.
#[derive(Debug, Clone, Serialize)]
pub struct Dispute {
    /// `mi-dspt-…`.
    pub id: String,
    /// Its place in the order of creation.
    pub number: u64,
    /// The payment.
    pub payment: String,
    /// The merchant's id of the payment.
    pub reference: String,
    /// Where it was paid.
    pub channel: &'static str,
    /// The currency.
    pub currency: String,
    /// What the customer wants.
    pub initial: i64,
    /// What the customer gets.
    pub terminal: Option<i64>,
    /// How it stands.
    pub status: DisputeStatus,
    /// Why.
    pub reason: Option<&'static str>,
    /// When it was made.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
    /// The script of what was paid.
    pub script: Script,
}

impl Dispute {
    /// What it took from the merchant.
    pub fn taken(&self) -> i64 {
        if self.status == DisputeStatus::Lost { self.terminal.unwrap_or(self.initial) } else { 0 }
    }

    /// As it is told: amounts are texts here.
    pub fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "channel_code": self.channel,
            "card_brands": (self.channel == "CARDS").then_some("VISA"),
            "status": self.status,
            "status_reason": self.reason,
            "currency": self.currency,
            "amount": {
                "initial": money::two_decimals(self.initial),
                "terminal": self.terminal.map(money::two_decimals),
            },
            "created_at": self.created.utc(),
            "updated_at": self.updated.utc(),
            "due_date": self.created.plus(DEADLINE).utc(),
            "related_disputes": [],
            "evidences": [],
            "payment_id": self.payment,
            "reference_id": self.reference,
        })
    }
}

/// A customer wants that much back, or all. `None` if there is no such payment or it was not that much.
pub fn open(world: &mut World, payment: &str, amount: Option<i64>) -> Option<String> {
    let funds = world.xendit.funds().into_iter().find(|one: &Funds| one.payment == payment)?;
    let initial = amount.unwrap_or(funds.amount);
    if initial < 1 || initial > funds.amount {
        return None;
    }
    let now = world.clock.now();
    let id = format!("mi-dspt-{}", world.dice.uuid());
    let dispute = Dispute {
        id: id.clone(),
        number: world.xendit.number(),
        payment: funds.payment,
        reference: funds.reference,
        channel: funds.channel.code,
        currency: funds.currency,
        initial,
        terminal: None,
        status: DisputeStatus::ActionRequired,
        reason: None,
        created: now,
        updated: now,
        script: funds.script,
    };
    notify::dispute(world, &dispute);
    world.xendit.disputes.insert(id.clone(), dispute);
    Some(id)
}

/// The dispute goes on. Of a lost one the customer gets that much, or all. False if it is over, or it is not that much.
pub fn go_on(world: &mut World, id: &str, to: DisputeStatus, terminal: Option<i64>) -> bool {
    let now = world.clock.now();
    let Some(dispute) = world.xendit.disputes.get_mut(id) else { return false };
    let terminal = terminal.unwrap_or(dispute.initial);
    if dispute.status.over() || to == dispute.status || !(1..=dispute.initial).contains(&terminal) {
        return false;
    }
    dispute.status = to;
    dispute.updated = now;
    (dispute.reason, dispute.terminal) = match to {
        DisputeStatus::Lost => (Some("ACCEPTED"), Some(terminal)),
        DisputeStatus::Won => (Some("CHALLENGED"), None),
        _ => (None, None),
    };
    let dispute = dispute.clone();
    notify::dispute(world, &dispute);
    true
}

/// A dispute that is lost as soon as it is made.
pub fn charge_back(world: &mut World, payment: &str, amount: Option<i64>) -> bool {
    let Some(id) = open(world, payment, amount) else { return false };
    go_on(world, &id, DisputeStatus::Lost, None)
}

/// `GET /v1/disputes`.
pub fn list(world: &World, call: &Call) -> Answer {
    let fits = |one: &&Dispute| {
        call.asked("payment_id").is_none_or(|wanted| one.payment == wanted)
            && call.asked("status").is_none_or(|wanted| DisputeStatus::of_wire(wanted) == Some(one.status))
            && call.asked("cursor").and_then(|at| at.parse().ok()).is_none_or(|at: u64| one.number > at)
    };
    let mut found: Vec<&Dispute> = world.xendit.disputes.values().filter(fits).collect();
    found.sort_by_key(|one| one.number);
    let limit = call.asked("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10usize);
    let more = found.len() > limit;
    found.truncate(limit);
    let cursor = found.last().filter(|_| more).map(|one| one.number.to_string());
    let data: Vec<Value> = found.into_iter().map(Dispute::shown).collect();
    Answer::json(200, json!({"data": data, "pagination": {"next_cursor": cursor, "has_more": more}}))
}

/// `GET /v1/disputes/{id}`.
pub fn get(world: &World, id: &str) -> Answer {
    match world.xendit.disputes.get(id) {
        Some(dispute) => Answer::json(200, dispute.shown()),
        None => wire::refusal(404, "DATA_NOT_FOUND", "The dispute was not found"),
    }
}

/// `POST /v1/disputes/simulate`.
pub fn simulate(world: &mut World, body: &Value) -> Answer {
    let payment = body["payment_id"].as_str().unwrap_or_default().to_owned();
    let Some(funds) = world.xendit.funds().into_iter().find(|one| one.payment == payment) else {
        return wire::refusal(404, "DATA_NOT_FOUND", "The payment was not found");
    };
    if !matches!(funds.channel.kind, Kind::Card | Kind::QrCode) {
        return wire::refusal(400, "INVALID_VALUE_ERROR", "Only card and QR payments can be disputed");
    }
    let amount = match &body["amount"] {
        Value::Null => None,
        Value::String(text) => money::cut_text(text),
        number => money::cut(number),
    };
    if amount.is_none() && !body["amount"].is_null() {
        return wire::invalid(&[("/body/amount".to_owned(), "must be an amount".to_owned())]);
    }
    let open_one = world.xendit.disputes.values().find(|one| one.payment == payment && !one.status.over());
    let open_one = open_one.map(|one| one.id.clone());
    let done = match body["scenario"].as_str() {
        Some("CREATE_DISPUTE") => open(world, &payment, amount),
        Some("CREATE_DISPUTE_EXCEED_DEADLINE") => {
            let id = open(world, &payment, amount);
            id.filter(|id| go_on(world, id, DisputeStatus::Lost, None)).inspect(|id| {
                if let Some(dispute) = world.xendit.disputes.get_mut(id) {
                    dispute.reason = Some("EXCEEDED_DEADLINE");
                }
            })
        }
        Some("DISPUTE_WON") => open_one.filter(|id| go_on(world, id, DisputeStatus::Won, None)),
        Some("DISPUTE_LOST") => open_one.filter(|id| go_on(world, id, DisputeStatus::Lost, amount)),
        _ => return wire::invalid(&[("/body/scenario".to_owned(), "is unknown".to_owned())]),
    };
    match done {
        Some(id) => get(world, &id),
        None => wire::refusal(400, "INELIGIBLE_TRANSACTION_STATUS", "The payment has no dispute that could do this"),
    }
}
