//! Looking at what was ordered from suppliers, and playing airlines, houses, ships and billers.

use serde_json::{Value, json};

use super::refuse;
use crate::{call::Answer, digiflazz, duffel, ferry, world::World};

/// `GET /travel`.
pub fn list(world: &World, provider: Option<&str>, reference: Option<&str>) -> Answer {
    let wanted = |name: &str| provider.is_none_or(|wanted| wanted == name);
    let about = |ours: &str, id: &str| reference.is_none_or(|wanted| wanted == ours || wanted == id);
    let mut found = Vec::new();
    let mut entry = |provider: &str, kind: &str, ours: &str, id: &str, record: Value| {
        if wanted(provider) && about(ours, id) {
            found.push(json!({"provider": provider, "kind": kind, "ref": ours, "id": id, "record": record}));
        }
    };
    for one in world.duffel.orders.values() {
        entry("duffel", "order", one.reference(), &one.id, json!(one));
    }
    for one in world.stays.bookings.values() {
        entry("duffel", "stay", one.ours(), &one.id, json!(one));
    }
    for one in world.ferry.bookings.values() {
        entry("ferry", "booking", &one.client_reference, &one.id, json!(one));
    }
    for one in world.digiflazz.purchases.values() {
        entry("digiflazz", if one.bought { "purchase" } else { "inquiry" }, &one.ref_id, &one.ref_id, json!(one));
    }
    Answer::json(200, json!(found))
}

/// `POST /travel/{ref}/{action}`.
pub fn act(world: &mut World, reference: &str, action: &str, body: &Value) -> Answer {
    let done = duffel::act(world, reference, action, body)
        .or_else(|| ferry::act(world, reference, action, body))
        .or_else(|| digiflazz::act(world, reference, action, body));
    match done {
        None => refuse(404, format!("there is nothing called {reference}")),
        Some(Err(why)) => refuse(409, why),
        Some(Ok(())) => list(world, None, Some(reference)),
    }
}
