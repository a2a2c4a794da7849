//! How Digiflazz writes: codes, answers, signatures and webhooks.

use std::time::Duration;

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use serde::Serialize;
use serde_json::{Value, json};
use sha1::Sha1;

use super::{Purchase, balance};
use crate::{
    call::Answer,
    dispatch::{Outcome, Policy},
    script::Signature,
    world::{Parcel, World},
};

/// The codes that are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Rc {
    Success,
    Timeout,
    Failed,
    Pending,
    Payload,
    Signature,
    Username,
    NoProduct,
    NoBalance,
    NotUnique,
    NotFound,
    WrongNumber,
    CutOff,
    NoBill,
    TooDear,
    ListLimit,
    Returned,
}

impl Rc {
    /// As it is written, with the status that goes with it.
    pub fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Success => ("00", "Sukses"),
            Self::Pending => ("03", "Pending"),
            Self::Timeout => ("01", "Gagal"),
            Self::Failed => ("02", "Gagal"),
            Self::Payload => ("40", "Gagal"),
            Self::Signature => ("41", "Gagal"),
            Self::Username => ("42", "Gagal"),
            Self::NoProduct => ("43", "Gagal"),
            Self::NoBalance => ("44", "Gagal"),
            Self::NotUnique => ("49", "Gagal"),
            Self::NotFound => ("50", "Gagal"),
            Self::WrongNumber => ("54", "Gagal"),
            Self::CutOff => ("58", "Gagal"),
            Self::NoBill => ("60", "Gagal"),
            Self::TooDear => ("69", "Gagal"),
            Self::ListLimit => ("83", "Gagal"),
            Self::Returned => ("74", "Gagal"),
        }
    }

    /// In Digiflazz' words.
    pub fn message(self) -> &'static str {
        match self {
            Self::Success => "Transaksi Sukses",
            Self::Pending => "Transaksi Pending",
            Self::Timeout => "Timeout",
            Self::NoProduct => "SKU tidak di temukan atau Non-Aktif",
            Self::NoBalance => "Saldo tidak cukup",
            Self::NotUnique => "Ref ID tidak unik",
            Self::NotFound => "Transaksi Tidak Ditemukan",
            Self::WrongNumber => "Nomor Tujuan Salah",
            Self::CutOff => "Produk Sedang Cut Off",
            Self::NoBill => "Tagihan belum tersedia",
            Self::TooDear => "Harga seller lebih besar dari ketentuan harga Buyer",
            Self::Returned => "Transaksi Dikembalikan",
            _ => "Transaksi Gagal",
        }
    }
}

/// Lower-case MD5 of user, key and what is asked for.
pub fn sign(username: &str, key: &str, suffix: &str) -> String {
    let hash = Md5::digest(format!("{username}{key}{suffix}"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A refusal without a purchase.
pub fn plain(rc: Rc, message: &str) -> Answer {
    let (code, status) = rc.told();
    Answer::json(400, json!({"data": {"rc": code, "status": status, "message": message}}))
}

/// A refusal of what was asked for; the status of HTTP is not always 200.
pub fn refusal(asked: &Value, rc: Rc, message: &str) -> Answer {
    let (code, status) = rc.told();
    Answer::json(
        if matches!(rc, Rc::Signature | Rc::Username | Rc::Payload) { 400 } else { 200 },
        json!({"data": {"ref_id": asked["ref_id"], "customer_no": asked["customer_no"],
            "buyer_sku_code": asked["buyer_sku_code"], "message": message, "status": status, "rc": code}}),
    )
}

/// A purchase as it is written. Failures are shorter.
pub fn value(world: &World, one: &Purchase) -> Value {
    let (code, status) = one.rc.told();
    let mut told = json!({"ref_id": one.ref_id, "customer_no": one.customer_no, "buyer_sku_code": one.sku,
        "message": one.rc.message(), "status": status, "rc": code});
    if matches!(one.rc, Rc::Success | Rc::Pending) {
        told["buyer_last_saldo"] = json!(balance(world));
        told["price"] = json!(one.price);
        told["sn"] = json!(one.sn);
        if let Some(Value::Object(bill)) = &one.bill {
            for (name, value) in bill {
                told[name.as_str()] = value.clone();
            }
        } else {
            told["tele"] = json!("");
            told["wa"] = json!("");
        }
    }
    told
}

/// The answer about a purchase.
pub fn shown(world: &World, ref_id: &str) -> Answer {
    match world.digiflazz.purchases.get(ref_id) {
        Some(one) => Answer::json(200, json!({"data": value(world, one)})),
        None => plain(Rc::NotFound, Rc::NotFound.message()),
    }
}

/// A webhook about a purchase.
pub fn tell(world: &mut World, ref_id: &str, event: &str) {
    let Some(one) = world.digiflazz.purchases.get(ref_id).cloned() else { return };
    let mut data = value(world, &one);
    data["trx_id"] = json!(format!("trx-{:016x}", crate::timetable::hash(ref_id)));
    let body = json!({"data": data});
    let settings = &world.settings.digiflazz;
    let agent = if one.bill.is_some() { "DigiFlazz-Pasca-Hookshot" } else { "Digiflazz-Hookshot" };
    let secret = settings.webhook_secret.clone();
    let url = one.callback.clone().unwrap_or_else(|| settings.webhook_url.clone());
    let mut headers = vec![
        ("user-agent".to_owned(), agent.to_owned()),
        ("X-Digiflazz-Event".to_owned(), event.to_owned()),
        ("X-Digiflazz-Delivery".to_owned(), world.dice.uuid().to_string()),
    ];
    let signature = match one.script.delivery.signature {
        Signature::Right if secret.is_empty() => None,
        Signature::Right => Some(hmac(&secret, &body)),
        Signature::Wrong => Some(hmac("somebody-elses-secret", &body)),
        Signature::Missing => None,
    };
    headers.extend(signature.map(|hex| ("X-Hub-Signature".to_owned(), format!("sha1={hex}"))));
    let policy = Policy {
        waits: [1, 5, 15, 60].map(|minutes| Duration::from_secs(minutes * 60)).to_vec(),
        jitter_percent: 0,
        repetitions: |outcome: &Outcome| if outcome.taken() { 0 } else { 4 },
        redirects: 0,
        timeout: Duration::from_secs(15),
    };
    let reference = one.ref_id.clone();
    let kind = format!("{event} {}", one.rc.told().1);
    let parcel = Parcel { provider: "digiflazz", kind, reference, url, headers, body, stamp: None, policy };
    world.post(parcel, &one.script.delivery);
}

fn hmac(secret: &str, body: &Value) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body.to_string().as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v2_to_v6_calls_are_signed_by_what_they_ask_for() {
        for (suffix, signature) in [
            ("depo", "680ed2bdd77da07ad6a2cbb4d330d77a"),
            ("pricelist", "73062088ec53737c45cdd3bece34ab79"),
            ("TRX-000001", "01efa49556aec95e511092b687064f6c"),
            ("530000000001", "6f388b9145123327f9c10e480cae2ae9"),
        ] {
            assert_eq!(sign("sandbox", "dev-0000-1111", suffix), signature, "{suffix}");
        }
    }

    #[test]
    fn every_code_has_the_status_that_goes_with_it() {
        assert_eq!((Rc::Success.told(), Rc::Pending.told()), (("00", "Sukses"), ("03", "Pending")));
        for rc in [Rc::Failed, Rc::Timeout, Rc::NoBalance, Rc::Returned, Rc::ListLimit] {
            assert_eq!(rc.told().1, "Gagal", "{rc:?}");
        }
    }
}
