//! The pages on which a person plays the customer: Snap, the card's bank, and the app that a deep link opens.

use super::{
    book::{self, Book},
    snap,
    snap::SessionState,
    status::Status,
    transaction::{Act, Transaction},
    wire,
};
use crate::{
    call::{Answer, Call},
    page::{self, Button, Checkout, DENY, EXPIRE, PAY, Row},
    script::ThreeDs,
    world::World,
};

const PAID: Act = Act::Pay { late: false, amount: None, by: None };

/// What the form says.
fn pressed(call: &Call, name: &str) -> Option<String> {
    let form = call.form();
    form.into_iter().find(|(key, _)| key == name).map(|(_, value)| value).filter(|_| call.method == "POST")
}

fn done(world: &mut World, order: &str, button: &str) {
    let what = match button {
        "pay" => PAID,
        "deny" => Act::Deny,
        "expire" => Act::Expire,
        _ => return,
    };
    // Somebody may have been faster; the page shows how it stands.
    let _ = book::act(world, order, &what);
}

fn checkout(title: &'static str, transaction: &Transaction, back: Option<String>) -> Answer {
    let open = transaction.status == Status::Pending || transaction.snap && transaction.status == Status::Deny;
    let buttons: &[Button] = if open { &[PAY, DENY, EXPIRE] } else { &[] };
    page::rendered(&Checkout {
        title,
        reference: transaction.order_id.clone(),
        amount: page::rupiah(transaction.gross),
        status: transaction.status.wire().to_owned(),
        methods: Vec::new(),
        buttons: buttons.to_vec(),
        back: back.filter(|_| !open),
    })
}

/// What a deep link opens.
pub fn simulator(world: &mut World, call: &Call, id: &str) -> Answer {
    let Some(order) = world.midtrans.order_of(id).map(str::to_owned) else { return page::nothing("Payment") };
    if let Some(button) = pressed(call, "do") {
        done(world, &order, &button);
    }
    world.midtrans.find(&order).map_or_else(|| page::nothing("Payment"), |found| checkout("Payment", found, None))
}

/// Where the card's bank asks. If the script says how it ends, it ends so as soon as somebody looks.
pub fn three_ds(world: &mut World, call: &Call, id: &str) -> Answer {
    let Some(transaction) = world.midtrans.find(id).cloned() else { return page::nothing("Your bank") };
    let order = &transaction.order_id;
    let scripted = match transaction.script.life.three_ds {
        Some(ThreeDs::Passes) => Some("pay"),
        Some(ThreeDs::Fails) => Some("deny"),
        Some(ThreeDs::Abandoned) | None => None,
    };
    if let Some(button) = pressed(call, "do").as_deref().or(scripted) {
        done(world, order, button);
    }
    world.midtrans.find(order).map_or_else(|| page::nothing("Your bank"), |found| checkout("Your bank", found, None))
}

/// Snap's page: choose a method and pay.
pub fn snap(world: &mut World, call: &Call, token: &str) -> Answer {
    if let Some(button) = pressed(call, "do") {
        let method = pressed(call, "method").unwrap_or_default();
        snap::choose(world, token, &method);
        if let Some(order) = world.midtrans.sessions.get(token).map(|session| session.order_id.clone()) {
            done(world, &order, &button);
        }
    }
    let Some(session) = world.midtrans.sessions.get(token).cloned() else { return page::nothing("Snap") };
    match (session.state, world.midtrans.orders.get(&session.order_id)) {
        (SessionState::Chosen, Some(transaction)) => {
            let back = session.finish.map(|url| finish(&url, transaction));
            checkout("Snap", transaction, back)
        }
        (state, _) => {
            let open = state == SessionState::Open && world.clock.now() < session.expires;
            let wait = Button { value: "choose", label: "Choose and pay later", look: "" };
            page::rendered(&Checkout {
                title: "Snap",
                reference: session.order_id,
                amount: page::rupiah(session.gross),
                status: if open { "open".to_owned() } else { "over".to_owned() },
                methods: if open { session.methods } else { Vec::new() },
                buttons: if open { vec![PAY, wait, DENY] } else { Vec::new() },
                back: None,
            })
        }
    }
}

/// Where the browser goes. What it says there proves nothing.
fn finish(url: &str, transaction: &Transaction) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("order_id", &transaction.order_id);
    query.append_pair("status_code", &wire::state_code(transaction).to_string());
    query.append_pair("transaction_status", transaction.status.wire());
    let join = if url.contains('?') { '&' } else { '?' };
    format!("{url}{join}{}", query.finish())
}

impl Book {
    /// The transactions and open sessions, for the page.
    pub fn rows(&self) -> Vec<Row> {
        let sessions = self.sessions.values().filter(|one| one.state == SessionState::Open).map(|one| Row {
            provider: "midtrans",
            reference: one.order_id.clone(),
            path: page::in_path(&one.order_id),
            method: "snap".to_owned(),
            amount: page::rupiah(one.gross),
            status: "open".to_owned(),
            created: one.created.utc(),
            actions: vec!["pay"],
            checkout: Some(format!("/midtrans/app/snap/v3/redirection/{}", one.token)),
        });
        let transactions = self.orders.values().map(|one| Row {
            provider: "midtrans",
            reference: one.order_id.clone(),
            path: page::in_path(&one.order_id),
            method: one.channel.kind().to_owned(),
            amount: page::rupiah(one.received()),
            status: one.status.wire().to_owned(),
            created: one.created.utc(),
            actions: match one.status {
                Status::Pending => vec!["pay", "expire"],
                Status::Settlement | Status::PartialRefund if one.channel.refund_days().is_some() => vec!["refund"],
                _ => Vec::new(),
            },
            checkout: None,
        });
        transactions.chain(sessions).collect()
    }
}
