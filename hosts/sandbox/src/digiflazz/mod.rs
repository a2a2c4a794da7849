//! Digiflazz at `/digiflazz/v1`: balance, price list, credits, PLN meters and bills.
//!
//! Its documented test numbers do what they are documented to do; other numbers succeed, or do what the script in their
//! reference says.

mod bills;
mod cases;
mod prepaid;
mod products;
mod wire;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

pub use wire::Rc;

use crate::{
    call::{Answer, Call, Reply},
    clock::Moment,
    edge::Player,
    script::Script,
    world::{Due, World},
};

/// A purchase, or an inquiry that may become one.
#[derive(Debug, Clone, Serialize)]
pub struct Purchase {
    /// The caller's reference.
    pub ref_id: String,
    /// The product.
    pub sku: String,
    /// Whose.
    pub customer_no: String,
    /// When it was made.
    pub created: Moment,
    /// How it stands.
    pub rc: Rc,
    /// What it costs the caller.
    pub price: i64,
    /// What was delivered.
    pub sn: String,
    /// Of a bill: what the inquiry said.
    #[serde(skip)]
    pub bill: Option<Value>,
    /// Whether it is more than an inquiry.
    pub bought: bool,
    /// Where its result goes, if not to the dashboard's address.
    pub callback: Option<String>,
    /// How its webhooks travel.
    pub script: Script,
}

/// Everything that Digiflazz has.
#[derive(Debug, Default)]
pub struct Book {
    /// By the caller's reference.
    pub purchases: BTreeMap<String, Purchase>,
    /// What was spent, less what came back and what was added.
    pub spent: i64,
    /// When the price list was last given, by command.
    pub listed: BTreeMap<String, Moment>,
}

/// Something that happens later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A purchase that was pending ends so.
    Ends(String, Rc),
}

/// What is left.
pub fn balance(world: &World) -> i64 {
    world.settings.digiflazz.opening_balance - world.digiflazz.spent
}

/// Makes it happen. Returns whether it did anything.
pub fn run(world: &mut World, event: &Event) -> bool {
    let Event::Ends(ref_id, rc) = event;
    end(world, ref_id, *rc)
}

/// Ends a purchase. A success may still be given back.
pub fn end(world: &mut World, ref_id: &str, rc: Rc) -> bool {
    let token = world.dice.digits(20);
    let Some(purchase) = world.digiflazz.purchases.get_mut(ref_id).filter(|one| one.bought) else { return false };
    let possible = match rc {
        Rc::Returned => purchase.rc == Rc::Success,
        _ => purchase.rc == Rc::Pending,
    };
    if !possible {
        return false;
    }
    purchase.rc = rc;
    if rc == Rc::Success {
        purchase.sn = cases::serial(&purchase.sku, &token);
    } else {
        let price = purchase.price;
        world.digiflazz.spent -= price;
    }
    wire::tell(world, ref_id, "update");
    true
}

/// What the biller or a person at Digiflazz does. `None`: there is no such purchase.
pub fn act(world: &mut World, reference: &str, action: &str, body: &Value) -> Option<Result<(), String>> {
    if reference == "digiflazz" && action == "balance" {
        let Some(amount) = body["amount"].as_i64() else { return Some(Err("say {\"amount\": 500000}".to_owned())) };
        world.digiflazz.spent = world.settings.digiflazz.opening_balance - amount;
        return Some(Ok(()));
    }
    world.digiflazz.purchases.get(reference)?;
    let rc = match action {
        "succeed" => Rc::Success,
        "fail" => Rc::Failed,
        "return" => Rc::Returned,
        _ => return Some(Err("a purchase can succeed, fail or return".to_owned())),
    };
    Some(end(world, reference, rc).then_some(()).ok_or_else(|| format!("{action} is not possible now")))
}

fn queue(world: &mut World, after: std::time::Duration, event: Event) {
    let due = world.clock.now().plus(after);
    world.queue.push(due, Due::Digiflazz(event));
}

/// Digiflazz.
#[derive(Debug, Clone, Copy)]
pub struct Digiflazz;

impl Player for Digiflazz {
    fn name(&self) -> &'static str {
        "digiflazz"
    }

    fn reference(&self, _: &World, call: &Call) -> Option<String> {
        call.json()?["ref_id"].as_str().map(str::to_owned)
    }

    fn answer(&self, world: &mut World, call: &Call) -> Reply {
        let Some(body) = call.json() else { return wire::plain(Rc::Payload, "Payload Error").into() };
        let (method, path) = call.route();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let suffix = match path.as_slice() {
            ["v1", "cek-saldo"] => "depo".to_owned(),
            ["v1", "price-list"] => "pricelist".to_owned(),
            ["v1", "inquiry-pln"] => text("customer_no"),
            _ => text("ref_id"),
        };
        let settings = &world.settings.digiflazz;
        if text("username") != settings.username {
            return wire::refusal(&body, Rc::Username, "Username salah").into();
        }
        if text("sign") != wire::sign(&settings.username, &settings.key, &suffix) {
            return wire::refusal(&body, Rc::Signature, "Signature Anda salah").into();
        }
        let answer = match (method, path.as_slice()) {
            ("POST", ["v1", "cek-saldo"]) => Answer::json(200, json!({"data": {"deposit": balance(world)}})),
            ("POST", ["v1", "price-list"]) => products::list(world, &body),
            ("POST", ["v1", "inquiry-pln"]) => prepaid::meter(&body),
            ("POST", ["v1", "transaction"]) => match body["commands"].as_str() {
                None => prepaid::top_up(world, &body),
                Some("inq-pasca") => bills::inquire(world, &body),
                Some("pay-pasca") => bills::pay(world, &body),
                Some("status-pasca") => bills::status(world, &body),
                Some(_) => wire::refusal(&body, Rc::Payload, "Payload Error"),
            },
            _ => Answer::json(404, json!({"data": {"rc": "40", "message": "Not found", "status": "Gagal"}})),
        };
        answer.into()
    }

    fn failure(&self, _: &World, status: u16) -> Answer {
        Answer::html(status, format!("<html><body><h1>{status}</h1></body></html>"))
    }
}
