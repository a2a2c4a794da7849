//! Pages for people: what there is at `/`, and the checkout pages where somebody plays the customer.
//!
//! The templates escape whatever comes from callers.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    call::Answer,
    journal::{Delivery, DeliveryState},
    world::World,
};

/// How many payments the page shows, the newest first.
const ROWS: usize = 200;
/// How many webhooks it shows, and how many messages.
const HOOKS: usize = 50;

/// A checkout page.
#[derive(Debug, Template)]
#[template(path = "checkout.html")]
pub struct Checkout {
    /// Whose page it is.
    pub title: &'static str,
    /// The caller's reference.
    pub reference: String,
    /// What is to be paid.
    pub amount: String,
    /// How it stands.
    pub status: String,
    /// The methods to choose from.
    pub methods: Vec<String>,
    /// What can be done.
    pub buttons: Vec<Button>,
    /// Where the shop is.
    pub back: Option<String>,
}

/// A button of a checkout page.
#[derive(Debug, Clone, Copy)]
pub struct Button {
    /// What it sends.
    pub value: &'static str,
    /// What it says.
    pub label: &'static str,
    /// How it looks.
    pub look: &'static str,
}

/// Pays.
pub const PAY: Button = Button { value: "pay", label: "Pay", look: "go" };
/// Refuses.
pub const DENY: Button = Button { value: "deny", label: "Be refused", look: "stop" };
/// Lets time run out.
pub const EXPIRE: Button = Button { value: "expire", label: "Let it expire", look: "stop" };

/// One payment on the page at `/`.
#[derive(Debug, Clone)]
pub struct Row {
    /// The provider.
    pub provider: &'static str,
    /// The caller's reference.
    pub reference: String,
    /// The same for an address.
    pub path: String,
    /// How it is paid.
    pub method: String,
    /// How much.
    pub amount: String,
    /// How it stands.
    pub status: String,
    /// Since when.
    pub created: String,
    /// What can be done.
    pub actions: Vec<&'static str>,
    /// Where the customer pays.
    pub checkout: Option<String>,
}

struct Hook {
    id: u64,
    provider: &'static str,
    reference: String,
    kind: String,
    state: &'static str,
    attempts: usize,
    last: String,
}

struct Message {
    to: String,
    from: String,
    body: String,
    status: &'static str,
}

#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    /// The path below which the sandbox is.
    root: String,
    now: String,
    clock: String,
    waiting: usize,
    rows: Vec<Row>,
    hooks: Vec<Hook>,
    messages: Vec<Message>,
}

/// The page at `/`.
pub fn index(world: &World) -> Answer {
    let mut rows = world.midtrans.rows();
    rows.extend(world.xendit.rows());
    rows.sort_by(|one, other| other.created.cmp(&one.created));
    rows.truncate(ROWS);
    let now = world.clock.now();
    let messages = world.twilio.messages.iter().rev().take(HOOKS).map(|one| Message {
        to: one.to.clone(),
        from: one.from.clone(),
        body: one.body.clone(),
        status: one.status(now),
    });
    let page = Index {
        root: world.settings.root().to_owned(),
        now: now.utc(),
        clock: world.clock.mode().to_string(),
        waiting: world.queue.len(),
        rows,
        hooks: world.journal.deliveries(None).into_iter().rev().take(HOOKS).map(hook).collect(),
        messages: messages.collect(),
    };
    rendered(&page)
}

fn hook(delivery: &Delivery) -> Hook {
    let last = delivery.attempts.last();
    let answer = last.and_then(|last| last.status.map(|status| status.to_string()).or(last.error.clone()));
    Hook {
        id: delivery.id,
        provider: delivery.provider,
        reference: delivery.reference.clone(),
        kind: delivery.kind.clone(),
        state: match delivery.state {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Delivered => "delivered",
            DeliveryState::GivenUp => "given up",
            DeliveryState::Dropped => "dropped",
        },
        attempts: delivery.attempts.len(),
        last: answer.unwrap_or_default(),
    }
}

/// A page as an answer.
pub fn rendered(page: &impl Template) -> Answer {
    match page.render() {
        Ok(page) => Answer::html(200, page),
        Err(error) => Answer::html(500, format!("The page could not be made: {error}")),
    }
}

/// A page that says that there is nothing.
pub fn nothing(title: &'static str) -> Answer {
    let page = Checkout {
        title,
        reference: "unknown".to_owned(),
        amount: String::new(),
        status: "There is no such payment".to_owned(),
        methods: Vec::new(),
        buttons: Vec::new(),
        back: None,
    };
    Answer { status: 404, ..rendered(&page) }
}

/// `150000` as `Rp 150.000`.
pub fn rupiah(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    format!("{}Rp {grouped}", if amount < 0 { "-" } else { "" })
}

/// A reference as a part of a path.
pub fn in_path(reference: &str) -> String {
    utf8_percent_encode(reference, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rupiah_are_grouped_by_three() {
        for (amount, text) in [(0, "Rp 0"), (999, "Rp 999"), (150_000, "Rp 150.000"), (-1_234_567, "-Rp 1.234.567")] {
            assert_eq!(rupiah(amount), text);
        }
    }
}
