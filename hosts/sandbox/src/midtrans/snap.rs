//! Snap: a session whose method the customer chooses on a page.
//!
//! Until then there is no transaction: who asks for its status hears 404.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    book::Event,
    channel::Channel,
    charge,
    validate::{self, Common},
    wire,
};
use crate::{
    call::{Answer, Call, Reply},
    clock::Moment,
    script::Hang,
    world::{Due, World},
};

/// How long a token lives.
const TOKEN_LIFE: Duration = Duration::from_secs(86_400);

/// The methods that a page offers if the merchant does not say.
const METHODS: &[&str] = &[
    "bca_va",
    "bni_va",
    "bri_va",
    "permata_va",
    "echannel",
    "gopay",
    "shopeepay",
    "other_qris",
    "credit_card",
    "indomaret",
    "alfamart",
];

/// A session.
#[derive(Debug, Clone, Serialize)]
pub struct Session {
    /// Its token.
    pub token: String,
    /// The merchant's id.
    pub order_id: String,
    /// In rupiah.
    pub gross: i64,
    /// The methods it offers.
    pub methods: Vec<String>,
    /// Where the browser goes afterwards.
    pub finish: Option<String>,
    /// How it stands.
    pub state: SessionState,
    /// When it was made.
    pub created: Moment,
    /// Until when it is good.
    pub expires: Moment,
    #[serde(skip)]
    common: Common,
    #[serde(skip)]
    expiry: Value,
    #[serde(skip)]
    targets: Vec<String>,
}

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SessionState {
    /// It waits for the customer.
    Open,
    /// A method was chosen: there is a transaction.
    Chosen,
    /// The merchant cancelled it, or made another for the same order.
    Cancelled,
}

impl Session {
    /// Whether the customer can still choose.
    pub fn is_open(&self) -> bool {
        self.state == SessionState::Open
    }
}

/// A refusal in Snap's own form.
pub fn refuse(status: u16, texts: &[String]) -> Answer {
    Answer::json(status, json!({"error_messages": texts}))
}

/// `POST /snap/v1/transactions`.
pub fn create(world: &mut World, call: &Call, body: &Value) -> Reply {
    let common = match validate::common(world, body) {
        Ok(common) => common,
        Err(faults) => return refuse(400, &faults).into(),
    };
    if let Some(reply) = by_script(world, &common) {
        return reply;
    }
    if world.midtrans.orders.contains_key(&common.order_id) {
        let text = "transaction_details.order_id has been paid and utilized, please use another order ID";
        return refuse(400, &[text.to_owned()]).into();
    }
    let now = world.clock.now();
    let wanted = body["enabled_payments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let wanted: Vec<String> = wanted.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let methods = if wanted.is_empty() { METHODS.iter().map(|name| (*name).to_owned()).collect() } else { wanted };
    let expiry = body["expiry"].clone();
    if let Err(fault) = validate::expiry(&Channel::Gopay, &expiry, now) {
        return refuse(400, &[fault]).into();
    }
    // A second request for the same order kills the first one's token.
    for earlier in world.midtrans.sessions.values_mut().filter(|one| one.order_id == common.order_id) {
        earlier.state = SessionState::Cancelled;
    }
    let token = world.dice.uuid().to_string();
    let (moves, early, lost) =
        (common.script.moves(), common.script.delivery.early, common.script.call.hang == Some(Hang::After));
    let session = Session {
        token: token.clone(),
        order_id: common.order_id.clone(),
        gross: common.gross,
        methods,
        finish: body["callbacks"]["finish"].as_str().map(str::to_owned),
        state: SessionState::Open,
        created: now,
        expires: now.plus(TOKEN_LIFE),
        common,
        expiry,
        targets: validate::targets(world, call),
    };
    world.midtrans.sessions.insert(token.clone(), session);
    if moves || early {
        world.queue.push(now, Due::Midtrans(Event::Choose(token.clone())));
    }
    let url = format!("{}/midtrans/app/snap/v3/redirection/{token}", world.settings.public_url);
    let answer = Answer::json(201, json!({"token": token, "redirect_url": url}));
    Reply { answer, first: Vec::new(), lost, key: None }
}

fn by_script(world: &mut World, common: &Common) -> Option<Reply> {
    let call = common.script.call;
    if let Some((code, times)) = call.refuse {
        let met = world.midtrans.refused.entry(common.order_id.clone()).or_default();
        if times.is_none_or(|times| *met < times) {
            *met += 1;
            return Some(refuse(code, &[wire::text_of(code).to_owned()]).into());
        }
    }
    if call.hang == Some(Hang::Before) && world.midtrans.lost.insert(common.order_id.clone()) {
        let answer = refuse(504, &["Gateway timeout".to_owned()]);
        return Some(Reply { answer, first: Vec::new(), lost: true, key: None });
    }
    None
}

/// `POST /snap/v1/transactions/{token}/cancel`.
pub fn cancel(world: &mut World, token: &str) -> Answer {
    let now = world.clock.now();
    match world.midtrans.sessions.get_mut(token) {
        None => refuse(404, &["token not found".to_owned()]),
        Some(Session { state: SessionState::Chosen, .. }) => refuse(400, &["Transaction is on progress".to_owned()]),
        Some(Session { state: SessionState::Cancelled, .. }) => refuse(400, &["token already canceled".to_owned()]),
        Some(session) => {
            session.state = SessionState::Cancelled;
            Answer::json(200, wire::canceled(now))
        }
    }
}

/// The customer chooses a method: now there is a transaction. False if the session is over or does not offer it.
pub fn choose(world: &mut World, token: &str, method: &str) -> bool {
    let now = world.clock.now();
    let Some(session) = world.midtrans.sessions.get(token) else { return false };
    let open = session.state == SessionState::Open && now < session.expires;
    if !open || !session.methods.iter().any(|offered| offered == method) {
        return false;
    }
    let session = session.clone();
    let Some(channel) = Channel::of_snap(method, &mut world.dice) else { return false };
    let expires = validate::expiry(&channel, &session.expiry, now).unwrap_or(now.plus(channel.default_expiry()));
    if let Some(entry) = world.midtrans.sessions.get_mut(token) {
        entry.state = SessionState::Chosen;
    }
    charge::begin(world, session.common, channel, expires, session.targets, true);
    true
}

/// The script's customer takes a card if the script is about one, and else the first method that is offered.
pub fn choose_by_script(world: &mut World, token: &str) -> bool {
    let Some(session) = world.midtrans.sessions.get(token) else { return false };
    let life = &session.common.script.life;
    let by_card = life.challenge || life.authorize || life.three_ds.is_some();
    let offered = |wanted: &str| session.methods.iter().find(|name| *name == wanted);
    let first = session.methods.iter().find(|name| *name != "credit_card").or(session.methods.first());
    let Some(method) = offered("credit_card").filter(|_| by_card).or(first).cloned() else { return false };
    choose(world, token, &method)
}
