//! The price list.

use dermaga_ports::booking::{CutOff, Product, ProductKind};
use serde::Deserialize;
use serde_json::json;

use super::{Digiflazz, Whole, codes};
use crate::wire::{
    amount::rupiah,
    http::{Effect, faulty},
    outcome::Result,
    text::Text,
};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    product_name: Text,
    category: Text,
    brand: Text,
    price: Text,
    admin: Text,
    commission: Text,
    buyer_sku_code: Text,
    buyer_product_status: Option<bool>,
    seller_product_status: Option<bool>,
    unlimited_stock: Option<bool>,
    stock: Text,
    multi: Option<bool>,
    start_cut_off: Text,
    end_cut_off: Text,
    desc: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    rc: Text,
    message: Text,
}

impl Digiflazz {
    pub(super) async fn list(&self, kind: ProductKind) -> Result<Vec<Product>> {
        let word = match kind {
            ProductKind::Prepaid => "prepaid",
            ProductKind::Postpaid => "pasca",
        };
        let answer =
            self.call("Digiflazz price list", Effect::Nothing, "price-list", "pricelist", json!({"cmd": word})).await?;
        let whole: Whole = serde_json::from_str(&answer.body).map_err(|error| faulty(&answer, &error))?;
        if whole.data.get().starts_with('[') {
            let items: Vec<Item> = serde_json::from_str(whole.data.get()).map_err(|error| faulty(&answer, &error))?;
            return Ok(items.iter().filter_map(|item| product(item, kind)).collect());
        }
        let refused: Refused = serde_json::from_str(whole.data.get()).map_err(|error| faulty(&answer, &error))?;
        let nobody = "".into();
        let confidential = self.confidential(&nobody);
        Err(codes::refused(refused.rc.or_empty(), refused.message.or_empty(), &confidential, self.clock.now()))
    }
}

/// One that has no code or, if it is prepaid, no price cannot be sold.
fn product(item: &Item, kind: ProductKind) -> Option<Product> {
    let sku = item.buyer_sku_code.owned()?;
    let price = rupiah(&item.price);
    if kind == ProductKind::Prepaid && price.is_none() {
        tracing::warn!(sku, "a product without a readable price is left out");
        return None;
    }
    let in_stock = kind == ProductKind::Postpaid
        || item.unlimited_stock == Some(true)
        || item.stock.number::<i64>().is_some_and(|stock| stock > 0);
    let on = item.buyer_product_status == Some(true) && item.seller_product_status == Some(true);
    let cut_off = minute(&item.start_cut_off).zip(minute(&item.end_cut_off));
    Some(Product {
        sku,
        kind,
        name: item.product_name.or_empty().to_owned(),
        category: item.category.or_empty().to_owned(),
        brand: item.brand.or_empty().to_owned(),
        description: item.desc.owned().filter(|desc| desc != "-"),
        price,
        admin: rupiah(&item.admin),
        commission: rupiah(&item.commission),
        active: on && in_stock,
        repeatable: item.multi.unwrap_or(false),
        cut_off: cut_off.map(|(from, until)| CutOff { from, until }),
    })
}

/// `23:45` or `0:30`.
fn minute(text: &Text) -> Option<u16> {
    let (hours, minutes) = text.get()?.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(changes: serde_json::Value) -> Item {
        let mut item = json!({"product_name": "XL 10.000", "category": "Pulsa", "brand": "XL", "price": 10000,
            "buyer_sku_code": "xld10", "buyer_product_status": true, "seller_product_status": true,
            "unlimited_stock": true, "stock": 0, "multi": true, "start_cut_off": "23:45", "end_cut_off": "0:30"});
        for (name, value) in changes.as_object().expect("an object") {
            item[name] = value.clone();
        }
        serde_json::from_value(item).expect("an item")
    }

    #[test]
    fn a_product_is_sold_if_both_sides_switched_it_on_and_it_is_in_stock() {
        let active = |changes| product(&item(changes), ProductKind::Prepaid).expect("a product").active;
        assert!(active(json!({})));
        assert!(active(json!({"unlimited_stock": false, "stock": 3})));
        for changes in [
            json!({"buyer_product_status": false}),
            json!({"seller_product_status": null}),
            json!({"unlimited_stock": false, "stock": 0}),
        ] {
            assert!(!active(changes.clone()), "{changes}");
        }
        assert_eq!(
            product(&item(json!({})), ProductKind::Prepaid).expect("one").cut_off,
            Some(CutOff { from: 1_425, until: 30 })
        );
    }

    #[test]
    fn what_has_no_exact_price_is_left_out() {
        for price in [json!(null), json!(10000.5), json!("1e4"), json!(-1)] {
            assert!(product(&item(json!({"price": price})), ProductKind::Prepaid).is_none());
        }
        assert!(product(&item(json!({"price": null})), ProductKind::Postpaid).is_some());
    }
}
