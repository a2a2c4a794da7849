//! `/refunds`: they wait at first, and one at a time; the end is told by webhook.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    book::{self, Event},
    channel::Refunds,
    funds::Funds,
    notify, wire,
};
use crate::{
    call::{Answer, Call},
    clock::Moment,
    money,
    script::Script,
    world::World,
};

/// How long a refund takes.
const USUAL: Duration = Duration::from_secs(5);
const DAY: u64 = 86_400;
const REASONS: &[&str] = &["FRAUDULENT", "DUPLICATE", "REQUESTED_BY_CUSTOMER", "CANCELLATION", "OTHERS"];

/// `status` of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundStatus {
    /// It is under way.
    Pending,
    /// It was passed to the channel.
    Succeeded,
    /// It failed.
    Failed,
    /// The merchant cancelled it.
    Cancelled,
}

impl RefundStatus {
    /// The event that tells it.
    pub fn event(self) -> &'static str {
        if self == Self::Succeeded { "refund.succeeded" } else { "refund.failed" }
    }
}

/// A refund.
#[derive(Debug, Clone, Serialize)]
pub struct Refund {
    /// `rfd-…`.
    pub id: String,
    /// Its place in the order of creation.
    pub number: u64,
    /// The invoice that was paid, if it was one.
    pub invoice: Option<String>,
    /// The payment request that was paid, if it was one.
    pub request: Option<String>,
    /// The payment.
    pub payment: String,
    /// The merchant's id of the payment.
    pub payment_reference: String,
    /// The merchant's id of the refund.
    pub reference: String,
    /// Kind and code of the channel.
    pub channel: (Value, &'static str),
    /// The currency.
    pub currency: String,
    /// How much.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// How it stands.
    pub status: RefundStatus,
    /// The merchant's members.
    pub metadata: Value,
    /// When it was made.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
    /// What shall happen to it: its own script, or that of the payment.
    pub script: Script,
}

impl Refund {
    /// What it gave back.
    pub fn given_back(&self) -> i64 {
        if self.status == RefundStatus::Succeeded { self.amount } else { 0 }
    }

    /// What it keeps from being given back again.
    fn taken_up(&self) -> i64 {
        let open = matches!(self.status, RefundStatus::Pending | RefundStatus::Succeeded);
        if open { self.amount } else { 0 }
    }

    /// As it is told.
    pub fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "payment_request_id": self.request,
            "payment_id": self.payment,
            "invoice_id": self.invoice,
            "payment_method_type": self.channel.0,
            "channel_code": self.channel.1,
            "reference_id": self.reference,
            "currency": self.currency,
            "amount": wire::amount(&self.script, self.amount),
            "status": self.status,
            "reason": self.reason,
            "failure_code": (self.status == RefundStatus::Failed).then_some("REFUND_FAILED"),
            "refund_fee_amount": null,
            "metadata": self.metadata,
            "created": self.created.utc(),
            "updated": self.updated.utc(),
        })
    }
}

/// `POST /refunds`.
pub fn create(world: &mut World, body: &Value) -> Answer {
    let text = |name: &str| body[name].as_str();
    let mut faults = Vec::new();
    if !text("reason").is_some_and(|reason| REASONS.contains(&reason)) {
        faults.push(("/body/reason".to_owned(), format!("must be one of {}", REASONS.join(", "))));
    }
    if text("payment_request_id").or(text("invoice_id")).is_none() {
        faults.push(("/body/payment_request_id".to_owned(), "is required".to_owned()));
    }
    let asked = money::cut(&body["amount"]);
    if !body["amount"].is_null() && asked.is_none_or(|amount| amount < 1) {
        faults.push(("/body/amount".to_owned(), "must be a number above 0".to_owned()));
    }
    if !faults.is_empty() {
        return wire::invalid(&faults);
    }
    let (funds, amount) = match payable(world, body, asked) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let refund = make(world, body, funds, amount);
    let shown = refund.shown();
    let due = refund.created.plus(refund.script.life.refund_pending.unwrap_or(USUAL));
    book::queue(world, due, Event::EndRefund(refund.id.clone()));
    world.xendit.refunds.insert(refund.id.clone(), refund);
    Answer::json(200, shown)
}

/// The payment that can give back, and how much.
fn payable(world: &World, body: &Value, asked: Option<i64>) -> Result<(Funds, i64), Answer> {
    let refusal = |status, code, message| Err(wire::refusal(status, code, message));
    let (request, invoice) = (body["payment_request_id"].as_str(), body["invoice_id"].as_str());
    let known = request.is_some_and(|id| world.xendit.requests.contains_key(id))
        || invoice.is_some_and(|id| world.xendit.invoices.contains_key(id));
    if !known {
        return refusal(404, "DATA_NOT_FOUND", "The payment was not found");
    }
    // Of several payments of one request the last one.
    let of = |one: &Funds| {
        if request.is_some() { one.request.as_deref() == request } else { one.invoice.as_deref() == invoice }
    };
    let Some(funds) = world.xendit.funds().into_iter().rev().find(of) else {
        return refusal(400, "INELIGIBLE_TRANSACTION_STATUS", "The payment did not succeed");
    };
    let days = match funds.channel.refunds {
        Refunds::None => return refusal(403, "REFUND_NOT_SUPPORTED", "The channel does not support refunds"),
        Refunds::Full(days) | Refunds::Partial(days) => days,
    };
    if world.clock.now().since(funds.at) > Duration::from_secs(days * DAY) {
        return refusal(400, "INELIGIBLE_TRANSACTION_STATUS", "The payment is too old to be refunded");
    }
    let earlier: Vec<&Refund> = world.xendit.refunds.values().filter(|one| one.payment == funds.payment).collect();
    if body["reference_id"].as_str().is_some_and(|new| earlier.iter().any(|one| one.reference == new)) {
        return refusal(409, "DUPLICATE_ERROR", "A refund with this reference_id exists");
    }
    if earlier.iter().any(|one| one.status == RefundStatus::Pending) {
        return refusal(400, "REFUND_IN_PROGRESS", "Another refund of this payment is under way");
    }
    let left = funds.amount - earlier.iter().map(|one| one.taken_up()).sum::<i64>();
    let amount = asked.unwrap_or(left);
    if amount < 1 || amount > left {
        return refusal(400, "REFUND_AMOUNT_EXCEEDED", "The amount is more than is left of the payment");
    }
    if matches!(funds.channel.refunds, Refunds::Full(_)) && amount != funds.amount {
        return refusal(403, "PARTIAL_REFUND_NOT_SUPPORTED", "The channel does not support refunds in part");
    }
    Ok((funds, amount))
}

fn make(world: &mut World, body: &Value, funds: Funds, amount: i64) -> Refund {
    let now = world.clock.now();
    let id = format!("rfd-{}", world.dice.uuid());
    let reference = body["reference_id"].as_str().unwrap_or(&id).to_owned();
    let own = Script::first_of(&[body["metadata"]["sandbox"].as_str(), Some(&reference)]);
    Refund {
        number: world.xendit.number(),
        reference,
        invoice: funds.invoice,
        request: funds.request,
        payment: funds.payment,
        payment_reference: funds.reference,
        channel: (json!(funds.channel.kind), funds.channel.code),
        currency: funds.currency,
        amount,
        reason: body["reason"].as_str().unwrap_or_default().to_owned(),
        status: RefundStatus::Pending,
        metadata: body["metadata"].clone(),
        created: now,
        updated: now,
        script: if own == Script::default() { funds.script } else { own },
        id,
    }
}

/// The channel's word: done, or not. False if nothing waits for it.
pub fn end(world: &mut World, id: &str) -> bool {
    let now = world.clock.now();
    let waiting = world.xendit.refunds.get_mut(id).filter(|one| one.status == RefundStatus::Pending);
    let Some(refund) = waiting else { return false };
    let failed = refund.script.life.refund_denied;
    refund.status = if failed { RefundStatus::Failed } else { RefundStatus::Succeeded };
    refund.updated = now;
    let refund = refund.clone();
    notify::refund(world, &refund);
    true
}

/// `GET /refunds/{id}`.
pub fn get(world: &World, id: &str) -> Answer {
    match world.xendit.refunds.get(id) {
        Some(refund) => Answer::json(200, refund.shown()),
        None => wire::refusal(404, "DATA_NOT_FOUND", "The refund was not found"),
    }
}

/// `GET /refunds`.
pub fn list(world: &World, call: &Call) -> Answer {
    let same = |asked: Option<&str>, own: &Option<String>| asked.is_none_or(|asked| own.as_deref() == Some(asked));
    let number = |name: &str| call.asked(name).and_then(|id| world.xendit.refunds.get(id)).map(|one| one.number);
    let (after, before) = (number("after_id"), number("before_id"));
    let fits = |one: &&Refund| {
        same(call.asked("payment_request_id"), &one.request)
            && same(call.asked("invoice_id"), &one.invoice)
            && after.is_none_or(|after| one.number > after)
            && before.is_none_or(|before| one.number < before)
    };
    let mut found: Vec<&Refund> = world.xendit.refunds.values().filter(fits).collect();
    found.sort_by_key(|one| one.number);
    let limit = call.asked("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10usize);
    let more = found.len() > limit;
    let data: Vec<Value> = found.into_iter().take(limit).map(Refund::shown).collect();
    Answer::json(200, json!({"data": data, "has_more": more}))
}

/// `POST /refunds/{id}/cancel`.
pub fn cancel(world: &mut World, id: &str) -> Answer {
    let now = world.clock.now();
    match world.xendit.refunds.get_mut(id) {
        None => wire::refusal(404, "DATA_NOT_FOUND", "The refund was not found"),
        Some(refund) if refund.status == RefundStatus::Pending => {
            refund.status = RefundStatus::Cancelled;
            refund.updated = now;
            Answer::json(200, refund.shown())
        }
        Some(_) => wire::refusal(400, "INELIGIBLE_TRANSACTION_STATUS", "The refund is not pending any more"),
    }
}
