//! The admin API at `/__sandbox`, and the page at `/`: what a test or a person does to the sandbox.
//!
//! Nobody has to prove anything here; it is why the sandbox listens on the loopback.

mod transactions;
mod travel;
mod webhooks;

use std::{sync::Arc, time::Duration};

use poem::{Endpoint, Request, Response, Result};
use serde_json::{Value, json};

use crate::{
    app::App,
    call::{Answer, Call},
    clock::Moment,
    config::Settings,
    edge::plain,
    faults::Rule,
    page,
    plans::Plan,
    twilio,
    world::World,
};

/// The most that is read of a body.
const BODY_LIMIT: usize = 256 * 1024;
/// The furthest the clock is put forward at once: ten years.
const FURTHEST: u64 = 10 * 365 * 86_400;

/// The admin API.
pub struct Admin(pub Arc<App>);

/// The page at `/`.
pub struct Home(pub Arc<App>);

/// Something cannot be done, and why.
fn refuse(status: u16, why: impl Into<String>) -> Answer {
    Answer::json(status, json!({"error": why.into()}))
}

impl Endpoint for Home {
    type Output = Response;

    async fn call(&self, _: Request) -> Result<Response> {
        Ok(plain(&page::index(&self.0.world())))
    }
}

impl Endpoint for Admin {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let Ok(body) = request.take_body().into_bytes_limit(BODY_LIMIT).await else {
            return Ok(plain(&refuse(413, "the body is too large")));
        };
        let call = Call::new(request.method().clone(), request.uri(), request.headers().clone(), body);
        // A browser that goes away must not stop time half way.
        let app = self.0.clone();
        let answer = tokio::spawn(async move { answer(&app, &call).await }).await;
        self.0.wake.notify_one();
        Ok(plain(&answer.unwrap_or_else(|_| refuse(500, "the sandbox failed; its log says why"))))
    }
}

async fn answer(app: &Arc<App>, call: &Call) -> Answer {
    let (method, path) = call.route();
    match (method, path.as_slice()) {
        ("POST", ["clock"]) => advance(app, call).await,
        ("POST", ["page", "clock"]) => {
            let form = call.form();
            let seconds = form.iter().find(|(name, _)| name == "advance_s").and_then(|(_, value)| value.parse().ok());
            app.advance(Duration::from_secs(seconds.unwrap_or(0).min(FURTHEST))).await;
            home(app)
        }
        ("POST", ["page", "tx", reference, action]) => {
            // What cannot be done leaves the page as it is.
            transactions::act(&mut app.world(), reference, action, &json!({}));
            home(app)
        }
        ("POST", ["webhooks", "inject"]) => webhooks::inject(app, &body(call)).await,
        ("POST", ["webhooks", id, "redeliver"]) => webhooks::redeliver(app, id, call).await,
        _ => at_once(&mut app.world(), call),
    }
}

/// Back to the page.
fn home(app: &App) -> Answer {
    let root = format!("{}/", app.world().settings.root());
    Answer::see_other(&root)
}

/// What takes no time.
fn at_once(world: &mut World, call: &Call) -> Answer {
    let (method, path) = call.route();
    match (method, path.as_slice()) {
        ("POST", ["reset"]) => {
            let public_url = world.settings.public_url.clone();
            world.reset();
            world.settings.public_url = public_url;
            Answer::json(200, json!({"reset": true}))
        }
        ("GET", ["config"]) => Answer::json(200, world.settings.shown()),
        ("PUT", ["config"]) => configure(world, &body(call)),
        ("GET", ["clock"]) => clock(world, 0),
        ("GET", ["tx"]) => transactions::list(world, call.asked("provider"), call.asked("ref")),
        ("POST", ["tx", reference, action]) => match call.json() {
            None if !call.body.is_empty() => refuse(400, "the body is not JSON"),
            given => transactions::act(world, reference, action, &given.unwrap_or(json!({}))),
        },
        ("GET", ["travel"]) => travel::list(world, call.asked("provider"), call.asked("ref")),
        ("POST", ["travel", reference, action]) => travel::act(world, reference, action, &body(call)),
        ("GET", ["webhooks"]) => Answer::json(200, json!(world.journal.deliveries(call.asked("ref")))),
        ("GET", ["requests"]) => Answer::json(200, json!(world.journal.calls(call.asked("ref")))),
        ("GET", ["faults"]) => Answer::json(200, json!(world.faults.list())),
        ("POST", ["faults"]) => read(call, |world, rule: Rule| world.faults.add(rule).into(), world),
        ("DELETE", ["faults"]) => {
            world.faults.clear();
            Answer::json(200, json!([]))
        }
        ("GET", ["plans"]) => Answer::json(200, json!(world.plans.list())),
        ("POST", ["plans"]) => read(call, |world, plan: Plan| world.plans.add(plan).into(), world),
        ("DELETE", ["plans"]) => {
            world.plans.clear();
            Answer::json(200, json!([]))
        }
        ("GET", ["assert", "ledger"]) => Answer::json(200, world.ledger()),
        ("GET", ["sms"]) => Answer::json(200, json!(world.twilio.to(call.asked("to"), world.clock.now()))),
        ("POST", ["sms", "refuse"]) => {
            let add = |world: &mut World, refusal: twilio::Refusal| {
                world.twilio.refusals.push(refusal);
                json!(world.twilio.refusals.len())
            };
            read(call, add, world)
        }
        ("DELETE", ["sms", "refuse"]) => {
            world.twilio.refusals.clear();
            Answer::json(200, json!([]))
        }
        _ => refuse(404, format!("the admin API has no {method} /{}", path.join("/"))),
    }
}

fn body(call: &Call) -> Value {
    call.json().unwrap_or(Value::Null)
}

/// Reads a thing from the body, takes it in and tells its number.
fn read<T: serde::de::DeserializeOwned>(
    call: &Call,
    take: impl FnOnce(&mut World, T) -> Value,
    world: &mut World,
) -> Answer {
    match serde_json::from_slice(&call.body) {
        Ok(thing) => Answer::json(201, json!({"id": take(world, thing)})),
        Err(error) => refuse(400, error.to_string()),
    }
}

fn configure(world: &mut World, change: &Value) -> Answer {
    match Settings::changed(&world.settings, change) {
        Ok(settings) => {
            world.settings = settings;
            Answer::json(200, world.settings.shown())
        }
        Err(why) => refuse(400, why),
    }
}

fn clock(world: &World, ran: usize) -> Answer {
    let next = world.queue.next_due();
    Answer::json(
        200,
        json!({
            "now": world.clock.now(), "clock": world.clock.mode(), "ran": ran,
            "waiting": world.queue.len(), "next_due": next,
        }),
    )
}

/// Puts the clock forward, by a span or to a moment, and tells how many things ran.
async fn advance(app: &Arc<App>, call: &Call) -> Answer {
    let body = body(call);
    let now = app.world().clock.now();
    let millis =
        |name: &str, unit: u64| body[name].as_u64().map(|count| Duration::from_millis(count.saturating_mul(unit)));
    let to = body["to"].as_str().and_then(Moment::parse).filter(|to| *to >= now).map(|to| to.since(now));
    let span = millis("advance_s", 1_000).or(millis("advance_ms", 1)).or(to);
    let Some(span) = span.filter(|span| span.as_secs() <= FURTHEST) else {
        return refuse(400, "say {\"advance_s\": 900}, or {\"to\": \"2026-01-05T03:00:00Z\"} with a time to come");
    };
    let ran = app.advance(span).await;
    clock(&app.world(), ran)
}
