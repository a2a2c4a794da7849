//! The price list.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    cases,
    wire::{self, Rc},
};
use crate::{call::Answer, world::World};

/// How often the whole list is given.
const SPACING: Duration = Duration::from_secs(300);

/// A prepaid product: sku, name, category, brand, price, and the cut-off.
pub type Prepaid = (&'static str, &'static str, &'static str, &'static str, i64, (&'static str, &'static str));

const ALWAYS: (&str, &str) = ("0:00", "0:00");
const NIGHT: (&str, &str) = ("23:45", "0:30");

/// Those that there are. Tokens are not sold around midnight, but for one, so that a demo has something to show then.
pub const PREPAID: &[Prepaid] = &[
    ("xld10", "XL 10.000", "Pulsa", "XL", 10_000, ALWAYS),
    ("xld25", "XL 25.000", "Pulsa", "XL", 24_900, ALWAYS),
    ("tsel5", "Telkomsel 5.000", "Pulsa", "TELKOMSEL", 5_325, ALWAYS),
    ("tsel50", "Telkomsel 50.000", "Pulsa", "TELKOMSEL", 49_850, ALWAYS),
    ("isat20", "Indosat 20.000", "Pulsa", "INDOSAT", 19_975, ALWAYS),
    ("tseldata5", "Telkomsel Data 5 GB 30 Hari", "Data", "TELKOMSEL", 52_400, ALWAYS),
    ("xldata10", "XL Xtra Combo 10 GB", "Data", "XL", 67_100, ALWAYS),
    ("pln20", "PLN Token 20.000", "PLN", "PLN", 20_200, NIGHT),
    ("pln50", "PLN Token 50.000", "PLN", "PLN", 50_200, NIGHT),
    ("pln100", "PLN Token 100.000", "PLN", "PLN", 100_200, ALWAYS),
    ("pln200", "PLN Token 200.000", "PLN", "PLN", 200_200, NIGHT),
    ("gopay50", "GoPay 50.000", "E-Money", "GO PAY", 50_750, ALWAYS),
];

/// The one with that sku.
pub fn find(sku: &str) -> Option<&'static Prepaid> {
    PREPAID.iter().find(|one| one.0 == sku)
}

/// `POST /price-list`.
pub fn list(world: &mut World, body: &Value) -> Answer {
    let now = world.clock.now();
    let command = body["cmd"].as_str().unwrap_or_default().to_owned();
    let asked = |name: &str, value: &str| body[name].as_str().is_none_or(|wanted| wanted == value);
    let whole = ["code", "category", "brand", "type"].iter().all(|name| body[*name].is_null());
    if whole && world.settings.digiflazz.price_list_limit {
        let last = world.digiflazz.listed.get(&command);
        if last.is_some_and(|last| now.since(*last) < SPACING) {
            return wire::refusal(
                body,
                Rc::ListLimit,
                "Anda telah mencapai limitasi pengecekan pricelist, silahkan coba beberapa saat lagi",
            );
        }
        world.digiflazz.listed.insert(command.clone(), now);
    }
    let items: Vec<Value> = match command.as_str() {
        "prepaid" => PREPAID
            .iter()
            .filter(|one| asked("code", one.0) && asked("category", one.2) && asked("brand", one.3))
            .map(|(sku, name, category, brand, price, cut_off)| {
                json!({"product_name": name, "category": category, "brand": brand, "type": "Umum",
                    "seller_name": "PT Sandbox", "price": price, "buyer_sku_code": sku, "buyer_product_status": true,
                    "seller_product_status": true, "unlimited_stock": true, "stock": 0, "multi": true,
                    "start_cut_off": cut_off.0, "end_cut_off": cut_off.1, "desc": "-"})
            })
            .collect(),
        "pasca" => cases::BILLERS
            .iter()
            .filter(|one| asked("code", one.sku) && asked("brand", one.brand))
            .map(|one| {
                json!({"product_name": one.name, "category": "Pascabayar", "brand": one.brand,
                    "seller_name": "PT Sandbox", "admin": 2_500, "commission": 1_000, "buyer_sku_code": one.sku,
                    "buyer_product_status": true, "seller_product_status": true, "desc": "-"})
            })
            .collect(),
        _ => return wire::refusal(body, Rc::Payload, "Payload Error"),
    };
    Answer::json(200, json!({"data": items}))
}
