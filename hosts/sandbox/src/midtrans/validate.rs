//! Reading a charge or a Snap request: all faults are told at once.

use std::time::Duration;

use serde_json::{Map, Value};

use super::channel::Channel;
use crate::{call::Call, clock::Moment, money, script::Script, world::World};

/// The longest text of a member, in characters.
const NAME: usize = 50;
const CUSTOM_FIELD: usize = 255;
/// The shortest time a customer may have.
const SHORTEST: Duration = Duration::from_secs(20);

/// What a request says about the order.
#[derive(Debug, Clone)]
pub struct Common {
    /// The merchant's id.
    pub order_id: String,
    /// In rupiah.
    pub gross: i64,
    /// Members that are told again.
    pub echo: Map<String, Value>,
    /// What shall happen.
    pub script: Script,
}

/// Letters, digits and `-_~.`, 50 at the most.
fn order_id_fault(order_id: &str) -> Option<String> {
    let member = "transaction_details.order_id";
    if order_id.is_empty() {
        Some(format!("{member} is required"))
    } else if order_id.chars().count() > 50 {
        Some(format!("{member} length must be less than or equal to 50"))
    } else if !order_id.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_~.".contains(sign)) {
        Some(format!("{member} contains invalid characters"))
    } else {
        None
    }
}

/// What charges and Snap requests have in common.
///
/// # Errors
/// A sentence for each fault.
pub fn common(world: &mut World, body: &Value) -> Result<Common, Vec<String>> {
    let details = &body["transaction_details"];
    let order_id = details["order_id"].as_str().unwrap_or_default();
    let mut faults: Vec<String> = order_id_fault(order_id).into_iter().collect();
    let gross = match money::whole(&details["gross_amount"]) {
        Some(gross) if gross >= 1 => gross,
        Some(_) => {
            faults.push("transaction_details.gross_amount must be greater than or equal to 0.01".to_owned());
            0
        }
        None => {
            faults.push("transaction_details.gross_amount must be a whole number".to_owned());
            0
        }
    };
    if let Some(items) = body["item_details"].as_array() {
        item_faults(items, gross, &mut faults);
    }
    let mut echo = Map::new();
    for name in ["custom_field1", "custom_field2", "custom_field3"] {
        if let Some(text) = body[name].as_str() {
            if text.chars().count() > CUSTOM_FIELD {
                faults.push(format!("{name} length must be less than or equal to {CUSTOM_FIELD}"));
            }
            echo.insert(name.to_owned(), Value::from(text));
        }
    }
    if body["metadata"].is_object() {
        echo.insert("metadata".to_owned(), body["metadata"].clone());
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let own = [body["metadata"]["sandbox"].as_str(), body["custom_field3"].as_str(), Some(order_id)];
    let script = world.script("midtrans", &own, order_id, gross);
    Ok(Common { order_id: order_id.to_owned(), gross, echo, script })
}

fn item_faults(items: &[Value], gross: i64, faults: &mut Vec<String>) {
    let mut sum = 0i64;
    for (place, item) in items.iter().enumerate() {
        let number = |name: &str| money::whole(&item[name]);
        match (number("price"), number("quantity").filter(|quantity| *quantity > 0)) {
            (Some(price), Some(quantity)) => sum = sum.saturating_add(price.saturating_mul(quantity)),
            (None, _) => faults.push(format!("item_details[{place}].price must be a whole number")),
            (_, None) => faults.push(format!("item_details[{place}].quantity must be a whole number above 0")),
        }
        match item["name"].as_str() {
            None => faults.push(format!("item_details[{place}].name is required")),
            Some(name) if name.chars().count() > NAME => {
                faults.push(format!("item_details[{place}].name length must be less than or equal to {NAME}"));
            }
            Some(_) => {}
        }
    }
    if sum != gross {
        faults.push("transaction_details.gross_amount is not equal to the sum of item_details".to_owned());
    }
}

/// When a transaction expires: as asked for, or as is usual for the method.
///
/// # Errors
/// A sentence about what is wrong with the wish.
pub fn expiry(channel: &Channel, wish: &Value, now: Moment) -> Result<Moment, String> {
    let spelled = |name: &str, other: &str| if wish[name].is_null() { wish[other].clone() } else { wish[name].clone() };
    if wish.is_null() {
        return Ok(now.plus(channel.default_expiry()));
    }
    // A charge and Snap spell the members differently.
    let duration = spelled("expiry_duration", "duration");
    let start = spelled("order_time", "start_time");
    let unit = match wish["unit"].as_str().unwrap_or("minute") {
        "second" | "seconds" => 1,
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        other => return Err(format!("expiry unit {other} is unknown")),
    };
    let count = duration.as_u64().ok_or("expiry duration must be a whole number")?;
    let span = Duration::from_secs(count.saturating_mul(unit));
    if span < SHORTEST || span > channel.longest_expiry() {
        return Err("expiry duration is out of range for this payment type".to_owned());
    }
    let from = match start.as_str() {
        None => now,
        Some(text) => Moment::parse_spaced(text).ok_or("expiry start must look like 2026-01-05 10:00:00 +0700")?,
    };
    Ok(from.plus(span))
}

/// Where the notifications of this call's transaction go.
pub fn targets(world: &World, call: &Call) -> Vec<String> {
    let listed = |name: &str| -> Vec<String> {
        let header = call.header(name).unwrap_or_default();
        header.split(',').map(str::trim).filter(|url| !url.is_empty()).take(2).map(str::to_owned).collect()
    };
    let instead = listed("x-override-notification");
    if !instead.is_empty() {
        return instead;
    }
    let dashboard = world.settings.midtrans.webhook_url.clone();
    let mut all: Vec<String> = Some(dashboard).into_iter().filter(|url| !url.is_empty()).collect();
    all.extend(listed("x-append-notification"));
    all
}
