//! Looking at payments, and playing the customer, the bank and the people at the provider.

use serde_json::{Value, json};

use super::refuse;
use crate::{
    call::{Answer, Body},
    midtrans::{self, Act, Status},
    money,
    script::LatePay,
    world::World,
    xendit::{
        book,
        channel::Channel,
        disputes::{self, DisputeStatus},
        invoice::InvoiceAct,
        refunds,
        request::RequestAct,
    },
};

/// What an action did.
enum Done {
    /// It was done.
    Yes,
    /// It cannot be done now.
    NotNow,
    /// There is no such action here.
    NoSuchAction,
    /// It was refused in the provider's own words.
    Refused(Answer),
}

/// `GET /tx`.
pub fn list(world: &World, provider: Option<&str>, reference: Option<&str>) -> Answer {
    let mut found = Vec::new();
    let about = |of: &str| reference.is_none_or(|wanted| wanted == of);
    if provider.is_none_or(|wanted| wanted == "midtrans") {
        let sessions = world.midtrans.sessions.values().filter(|one| about(&one.order_id));
        found.extend(sessions.map(|one| entry("midtrans", "snap", &one.order_id, &one.token, json!(one))));
        let orders = world.midtrans.orders.values().filter(|one| about(&one.order_id));
        let shown = |one: &midtrans::Transaction| {
            entry("midtrans", one.channel.kind(), &one.order_id, &one.transaction_id, json!(one))
        };
        found.extend(orders.map(shown));
    }
    if provider.is_none_or(|wanted| wanted == "xendit") {
        let book = &world.xendit;
        let invoices = book.invoices.values().filter(|one| about(&one.external_id));
        found.extend(invoices.map(|one| entry("xendit", "invoice", &one.external_id, &one.id, json!(one))));
        let requests = book.requests.values().filter(|one| about(&one.reference));
        found.extend(requests.map(|one| entry("xendit", "payment_request", &one.reference, &one.id, json!(one))));
        let refunds = book.refunds.values().filter(|one| about(&one.payment_reference));
        found.extend(refunds.map(|one| entry("xendit", "refund", &one.payment_reference, &one.id, json!(one))));
        let disputes = book.disputes.values().filter(|one| about(&one.reference));
        found.extend(disputes.map(|one| entry("xendit", "dispute", &one.reference, &one.id, json!(one))));
    }
    Answer::json(200, json!(found))
}

fn entry(provider: &str, kind: &str, reference: &str, id: &str, record: Value) -> Value {
    json!({"provider": provider, "kind": kind, "ref": reference, "id": id, "status": record["status"], "record": record})
}

/// `POST /tx/{ref}/{action}`. The reference may be the caller's or the provider's id; of several the last one counts.
pub fn act(world: &mut World, reference: &str, action: &str, body: &Value) -> Answer {
    let amount = match &body["amount"] {
        Value::Null => None,
        given => match money::whole(given) {
            Some(amount) => Some(amount),
            None => return refuse(400, "amount must be a whole number"),
        },
    };
    let order = world.midtrans.order_of(reference).map(str::to_owned);
    let sessions = world.midtrans.sessions.values().filter(|one| one.order_id == reference || one.token == reference);
    // Of the sessions of an order one is open at the most.
    let session = sessions.max_by_key(|one| (one.is_open(), one.created));
    let session = session.map(|one| (one.token.clone(), one.order_id.clone(), one.methods.clone()));
    let done = if let Some(order) = order {
        on_order(world, &order, action, amount, body)
    } else if let Some((token, order, methods)) = session {
        let method = body["method"].as_str().map(str::to_owned).or(methods.first().cloned()).unwrap_or_default();
        if midtrans::choose(world, &token, &method) && action != "choose" {
            on_order(world, &order, action, amount, body)
        } else if action == "choose" && world.midtrans.orders.contains_key(&order) {
            Done::Yes
        } else {
            Done::NotNow
        }
    } else if let Some(id) = invoice(world, reference) {
        on_invoice(world, &id, action, amount, body)
    } else if let Some(id) = request(world, reference) {
        on_request(world, &id, action, amount, body)
    } else {
        return refuse(404, format!("there is no payment {reference}"));
    };
    match done {
        Done::Yes => {
            let Body::Json(Value::Array(entries)) = list(world, None, None).body else { return refuse(500, "no list") };
            let same = |one: &Value| one["ref"] == reference || one["id"] == reference;
            Answer::json(200, entries.into_iter().rev().find(same).unwrap_or_default())
        }
        Done::NotNow => {
            refuse(409, format!("{action} is not possible now; GET /__sandbox/tx?ref= shows how it stands"))
        }
        Done::NoSuchAction => refuse(404, format!("there is no action {action} for this payment")),
        Done::Refused(answer) => answer,
    }
}

fn done<E>(result: Result<(), E>) -> Done {
    if result.is_ok() { Done::Yes } else { Done::NotNow }
}

fn yes(done: bool) -> Done {
    if done { Done::Yes } else { Done::NotNow }
}

fn on_order(world: &mut World, order: &str, action: &str, amount: Option<i64>, body: &Value) -> Done {
    let what = match action {
        // A person may pay whenever money can still be sent, which is later than it should be.
        "pay" => Act::Pay { late: true, amount, by: body["payment_type"].as_str().map(str::to_owned) },
        "settle" => Act::Settle,
        "expire" => Act::Expire,
        "deny" if world.midtrans.find(order).is_some_and(midtrans::Transaction::challenged) => Act::Reject,
        "deny" => Act::Deny,
        "approve" => Act::Approve,
        "fail" => Act::Fail,
        "cancel" => Act::Cancel,
        "reverse" => Act::Reverse,
        "chargeback" => Act::Chargeback(amount),
        "refund" => {
            let answer = midtrans::refund::from_dashboard(world, order, amount);
            let good = matches!(&answer.body, Body::Json(body) if body["status_code"] == "200");
            return if good { Done::Yes } else { Done::Refused(Answer { status: 409, ..answer }) };
        }
        _ => return Done::NoSuchAction,
    };
    // The dashboard does not take back what is settled.
    let settled = world.midtrans.find(order).is_some_and(|one| one.status == Status::Settlement);
    if what == Act::Cancel && settled {
        return Done::NotNow;
    }
    done(midtrans::act(world, order, &what))
}

/// The invoice with that id, or the last one with that reference.
fn invoice(world: &World, reference: &str) -> Option<String> {
    let all = world.xendit.invoices.values().filter(|one| one.id == reference || one.external_id == reference);
    all.max_by_key(|one| one.number).map(|one| one.id.clone())
}

/// The payment request with that id, or the last one with that reference.
fn request(world: &World, reference: &str) -> Option<String> {
    let all = world.xendit.requests.values().filter(|one| one.id == reference || one.reference == reference);
    all.max_by_key(|one| one.number).map(|one| one.id.clone())
}

fn on_invoice(world: &mut World, id: &str, action: &str, amount: Option<i64>, body: &Value) -> Done {
    let channel = body["payment_type"].as_str().and_then(Channel::of_invoice);
    match action {
        "pay" => done(book::pay_invoice(world, id, amount, channel, Some(LatePay::Revives))),
        "settle" => done(book::invoice_act(world, id, InvoiceAct::Settle)),
        "expire" | "cancel" => done(book::invoice_act(world, id, InvoiceAct::Expire)),
        "refund" => refund(world, json!({"invoice_id": id}), amount),
        "chargeback" | "dispute" => {
            let payment =
                world.xendit.invoices.get(id).and_then(|one| one.paid.as_ref()).map(|paid| paid.payment_id.clone());
            dispute(world, payment, action, amount, body)
        }
        _ => Done::NoSuchAction,
    }
}

fn on_request(world: &mut World, id: &str, action: &str, amount: Option<i64>, body: &Value) -> Done {
    match action {
        "pay" => done(book::pay_request(world, id, amount, Some(LatePay::Revives))),
        "expire" => done(book::request_act(world, id, &RequestAct::Expire)),
        "cancel" => done(book::request_act(world, id, &RequestAct::Cancel)),
        "deny" => done(book::request_act(world, id, &RequestAct::Fail("USER_DECLINED_PAYMENT".to_owned()))),
        "fail" => done(book::request_act(world, id, &RequestAct::Fail("SERVER_ERROR".to_owned()))),
        "refund" => refund(world, json!({"payment_request_id": id}), amount),
        "chargeback" | "dispute" => {
            let request = world.xendit.requests.get(id);
            let payment = request.and_then(|one| one.payments.last()).map(|payment| payment.id.clone());
            dispute(world, payment, action, amount, body)
        }
        _ => Done::NoSuchAction,
    }
}

fn refund(world: &mut World, mut body: Value, amount: Option<i64>) -> Done {
    body["reason"] = json!("OTHERS");
    body["reference_id"] = json!(format!("dashboard-{}", world.dice.hex(8)));
    if let Some(amount) = amount {
        body["amount"] = json!(amount);
    }
    let answer = refunds::create(world, &body);
    if answer.status < 400 { Done::Yes } else { Done::Refused(Answer { status: 409, ..answer }) }
}

/// A chargeback is a dispute that is lost at once. `{"to": …}` makes a dispute go on, and makes it first if need be.
fn dispute(world: &mut World, payment: Option<String>, action: &str, amount: Option<i64>, body: &Value) -> Done {
    let Some(payment) = payment else { return Done::NotNow };
    if action == "chargeback" {
        return yes(disputes::charge_back(world, &payment, amount));
    }
    let to = body["to"].as_str().unwrap_or("ACTION_REQUIRED");
    let Some(to) = DisputeStatus::of_wire(to) else {
        return Done::Refused(refuse(400, "to must be ACTION_REQUIRED, UNDER_REVIEW, WON or LOST"));
    };
    let open = world.xendit.disputes.values().find(|one| one.payment == payment && !one.status.over());
    match open.map(|one| one.id.clone()) {
        Some(id) => yes(disputes::go_on(world, &id, to, amount)),
        None if to == DisputeStatus::ActionRequired => yes(disputes::open(world, &payment, amount).is_some()),
        None => match disputes::open(world, &payment, None) {
            Some(id) => yes(disputes::go_on(world, &id, to, amount)),
            None => Done::NotNow,
        },
    }
}
