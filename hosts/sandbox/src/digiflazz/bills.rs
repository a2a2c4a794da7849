//! Bills: an inquiry, and a payment under the same reference on the same day in Jakarta.

use serde_json::{Value, json};

use super::{
    Event, Purchase, balance,
    cases::{self, Biller},
    prepaid::PENDING,
    queue,
    wire::{self, Rc},
};
use crate::{call::Answer, world::World};

/// `inq-pasca`.
pub fn inquire(world: &mut World, body: &Value) -> Answer {
    let now = world.clock.now();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (ref_id, sku, customer) = (text("ref_id"), text("buyer_sku_code"), text("customer_no"));
    let Some(biller) = cases::biller(&sku) else {
        return wire::refusal(body, Rc::NoProduct, Rc::NoProduct.message());
    };
    if let Some(known) = world.digiflazz.purchases.get(&ref_id)
        && (known.bought || known.sku != sku || known.customer_no != customer)
    {
        return wire::refusal(body, Rc::NotUnique, Rc::NotUnique.message());
    }
    let known = biller.ok.iter().chain(biller.pending).chain([&biller.payment_fails, &biller.pending_fails]);
    if customer == biller.inquiry_fails || !known.into_iter().any(|one| *one == customer) {
        let rc = if customer == biller.inquiry_fails { Rc::NoBill } else { Rc::WrongNumber };
        return wire::refusal(body, rc, rc.message());
    }
    let two = [biller.ok, biller.pending].iter().any(|numbers| numbers.get(1) == Some(&customer.as_str()));
    let (price, bill) = bill(biller, if two { 2 } else { 1 }, body["amount"].as_i64());
    let script = world.script("digiflazz", &[Some(&ref_id)], &ref_id, price);
    let one = Purchase {
        ref_id: ref_id.clone(),
        sku,
        customer_no: customer,
        created: now,
        rc: Rc::Success,
        price,
        sn: String::new(),
        bill: Some(bill),
        bought: false,
        callback: None,
        script,
    };
    world.digiflazz.purchases.insert(ref_id.clone(), one);
    wire::shown(world, &ref_id)
}

/// What it costs us, and what the customer is told.
fn bill(biller: &Biller, bills: i64, chosen: Option<i64>) -> (i64, Value) {
    let lines = |detail: Vec<Value>, mut desc: Value| {
        desc["lembar_tagihan"] = json!(bills);
        desc["detail"] = json!(detail);
        desc
    };
    let month = |number: i64| format!("2019{number:02}");
    let (selling, admin, desc) = match biller.sku {
        "pln" => {
            let detail = |number| {
                json!({"periode": month(number), "nilai_tagihan": if number == 1 { "8000" } else { "11500" },
                    "admin": "2500", "denda": if number == 1 { "500" } else { "0" }})
            };
            let detail: Vec<Value> = (1..=bills).map(detail).collect();
            (
                if bills == 1 { 11_000 } else { 25_000 },
                2_500 * bills,
                lines(detail, json!({"tarif": "R1", "daya": 1300})),
            )
        }
        "pdam" => {
            let detail =
                vec![json!({"periode": "201901", "nilai_tagihan": "8000", "denda": "500", "meter_awal": "00080000",
                "meter_akhir": "00090000", "biaya_lain": "1500"})];
            (
                12_500,
                2_500,
                lines(detail, json!({"tarif": "3A", "alamat": "WONOKROMO S.S 3 2-4", "jatuh_tempo": "1-15 DES 2014"})),
            )
        }
        "internet" => {
            let detail = [("MEI 2019", "8000"), ("JUN 2019", "11500")]
                .map(|(period, amount)| json!({"periode": period, "nilai_tagihan": amount, "admin": "2500"}));
            (24_500, 5_000, lines(detail.to_vec(), json!({})))
        }
        _ => {
            let amount = chosen.unwrap_or(20_000);
            let detail = vec![json!({"periode": "201901", "nilai_tagihan": amount.to_string(), "admin": "2500"})];
            (amount + 2_500, 2_500, lines(detail, json!({"alamat": "JALAN SANDBOX 1"})))
        }
    };
    // One thousand of the biller's fee is ours, for each bill.
    let commission = if biller.sku == "internet" { 2_000 } else { 1_000 * bills };
    let price = selling - commission;
    (
        price,
        json!({"customer_name": "Nama Pelanggan Pertama", "admin": admin, "periode": "201901",
        "selling_price": selling, "desc": desc}),
    )
}

/// `pay-pasca`.
pub fn pay(world: &mut World, body: &Value) -> Answer {
    let now = world.clock.now();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let ref_id = text("ref_id");
    let Some(one) = world.digiflazz.purchases.get(&ref_id).filter(|one| one.bill.is_some()).cloned() else {
        return wire::refusal(body, Rc::NotFound, Rc::NotFound.message());
    };
    if one.sku != text("buyer_sku_code") || one.customer_no != text("customer_no") {
        return wire::refusal(body, Rc::NotUnique, Rc::NotUnique.message());
    }
    if one.bought {
        return wire::shown(world, &ref_id);
    }
    if one.created.wib()[..10] != now.wib()[..10] {
        return wire::refusal(body, Rc::NotFound, "Inquiry bukan dari hari ini");
    }
    if balance(world) < one.price {
        return wire::refusal(body, Rc::NoBalance, Rc::NoBalance.message());
    }
    let Some(biller) = cases::biller(&one.sku) else {
        return wire::refusal(body, Rc::NoProduct, Rc::NoProduct.message());
    };
    let customer = one.customer_no.as_str();
    let pending = biller.pending.contains(&customer) || customer == biller.pending_fails;
    let rc = if customer == biller.payment_fails || one.script.life.deny {
        Rc::Failed
    } else if pending || one.script.life.pay.is_some() {
        Rc::Pending
    } else {
        Rc::Success
    };
    let result = if customer == biller.pending_fails { Rc::Failed } else { Rc::Success };
    if let Some(purchase) = world.digiflazz.purchases.get_mut(&ref_id) {
        purchase.bought = true;
        purchase.rc = rc;
        if rc == Rc::Success {
            purchase.sn = biller.serial.to_owned();
        }
    }
    if rc != Rc::Failed {
        world.digiflazz.spent += one.price;
    }
    if rc == Rc::Pending {
        queue(world, one.script.life.pay.unwrap_or(PENDING), Event::Ends(ref_id.clone(), result));
    }
    wire::shown(world, &ref_id)
}

/// `status-pasca`.
pub fn status(world: &World, body: &Value) -> Answer {
    let ref_id = body["ref_id"].as_str().unwrap_or_default();
    match world.digiflazz.purchases.get(ref_id) {
        Some(one) if one.bought => wire::shown(world, ref_id),
        _ => wire::refusal(body, Rc::NotFound, Rc::NotFound.message()),
    }
}
