//! Signatures: of webhooks over their raw bytes, compared in constant time; of calls where a supplier wants them.

use std::fmt::Write;

use dermaga_ports::{booking::NotAuthentic, time::Timestamp};
use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Secret;

/// How old, and how far ahead, a signed time may be.
const TOLERANCE: std::time::Duration = std::time::Duration::from_secs(300);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The MD5 of all parts together, as Digiflazz signs calls.
pub(crate) fn md5_hex(parts: &[&str]) -> String {
    let mut hash = Md5::new();
    parts.iter().for_each(|part| hash.update(part.as_bytes()));
    hex(&hash.finalize())
}

/// The SHA-256 of parts with their lengths, as the key under which copies of a message meet.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = <Sha256 as sha2::Digest>::new();
    for part in parts {
        sha2::Digest::update(&mut hash, (part.len() as u64).to_be_bytes());
        sha2::Digest::update(&mut hash, part.as_bytes());
    }
    hex(&sha2::Digest::finalize(hash))
}

/// HMAC-SHA256 of `<t>.<body>`, as Duffel signs webhooks.
fn timed_hmac(secret: &Secret, time: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("any length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

/// HMAC-SHA1 of the body, as Digiflazz signs webhooks.
fn plain_hmac(secret: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes()).expect("any length");
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// A header of any case.
pub(crate) fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// `t=<unix>,v1=<hex>`: right, and of now.
pub(crate) fn check_timed(
    signature: Option<&str>,
    secret: Option<&Secret>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), NotAuthentic> {
    // Without a secret nothing can be told from a forgery.
    let (Some(signature), Some(secret)) = (signature, secret) else { return Err(NotAuthentic::Signature) };
    let member =
        |name: &str| signature.split(',').find_map(|part| part.trim().split_once('=').filter(|(key, _)| *key == name));
    let (Some((_, time)), Some((_, given))) = (member("t"), member("v1")) else { return Err(NotAuthentic::Signature) };
    let Some(signed) = time.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000_000)) else {
        return Err(NotAuthentic::Signature);
    };
    let signed = Timestamp::from_micros(signed);
    let recent = now.since(signed) <= TOLERANCE && signed.since(now) <= TOLERANCE;
    if same(&timed_hmac(secret, time, body), given) && recent {
        return Ok(());
    }
    Err(NotAuthentic::Signature)
}

/// `sha1=<hex>`.
pub(crate) fn check_plain(signature: Option<&str>, secret: Option<&Secret>, body: &[u8]) -> Result<(), NotAuthentic> {
    let (Some(signature), Some(secret)) = (signature, secret) else { return Err(NotAuthentic::Signature) };
    let right = format!("sha1={}", plain_hmac(secret, body));
    if same(&right, signature) { Ok(()) } else { Err(NotAuthentic::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1_BODY: &str = r#"{"created_at":"2022-01-08T18:44:56.129339Z","data":{"changes":{},"object":{}},"id":"eve_0000AFEsrBKZAcKgGtZCnQ","live_mode":false,"object":"order","type":"order.updated"}"#;
    const V1: &str = "691f25ffb1f206c0fda5bb7b1a9d60fafe42c5f42819d44a06a7cfe09486f102";
    const V7_BODY: &str = r#"{"data":{"ref_id":"TRX-000001","customer_no":"087800001230","buyer_sku_code":"xld10","message":"Transaksi Sukses","status":"Sukses","rc":"00","buyer_last_saldo":990000,"sn":"1234567890","price":10000,"tele":"","wa":""}}"#;
    const V7: &str = "sha1=ee5278ac05c44285dbc87e869c919105227d5adb";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn v1_a_webhook_of_duffel_is_signed_over_its_time_and_its_bytes() {
        let secret = Secret::new("a_secret");
        assert_eq!(timed_hmac(&secret, "1641667496", V1_BODY.as_bytes()), V1);
        let header = format!("t=1641667496,v1={V1}");
        let check = |header: &str, body: &str, now| check_timed(Some(header), Some(&secret), body.as_bytes(), now);
        assert_eq!(check(&header, V1_BODY, at(1_641_667_496)), Ok(()));
        assert_eq!(check(&header, V1_BODY, at(1_641_667_496 + 300)), Ok(()));
        for (header, body, now) in [
            (header.clone(), V1_BODY.to_owned(), at(1_641_667_496 + 301)),
            (header.clone(), V1_BODY.to_owned(), at(1_641_667_496 - 301)),
            (header.clone(), V1_BODY.replace(':', ": "), at(1_641_667_496)),
            (format!("t=1641667497,v1={V1}"), V1_BODY.to_owned(), at(1_641_667_496)),
            (format!("v1={V1}"), V1_BODY.to_owned(), at(1_641_667_496)),
            (format!("t=9223372036854775807,v1={V1}"), V1_BODY.to_owned(), at(1_641_667_496)),
            (String::new(), V1_BODY.to_owned(), at(1_641_667_496)),
        ] {
            assert_eq!(check(&header, &body, now), Err(NotAuthentic::Signature), "{header}");
        }
    }

    #[test]
    fn v2_to_v6_calls_of_digiflazz_are_signed_by_what_they_ask_for() {
        for (suffix, signature) in [
            ("depo", "680ed2bdd77da07ad6a2cbb4d330d77a"),
            ("pricelist", "73062088ec53737c45cdd3bece34ab79"),
            ("deposit", "17fca8581402f4e6f5bd141aaf9cf010"),
            ("TRX-000001", "01efa49556aec95e511092b687064f6c"),
            ("530000000001", "6f388b9145123327f9c10e480cae2ae9"),
        ] {
            assert_eq!(md5_hex(&["sandbox", "dev-0000-1111", suffix]), signature, "{suffix}");
        }
    }

    #[test]
    fn v7_trap_17_a_webhook_of_digiflazz_is_signed_over_its_bytes_and_unsigned_is_refused() {
        let secret = Secret::new("hook-secret");
        assert_eq!(check_plain(Some(V7), Some(&secret), V7_BODY.as_bytes()), Ok(()));
        let reformatted = V7_BODY.replace(',', ", ");
        for (signature, secret, body) in [
            (Some(V7), Some(&secret), reformatted.as_str()),
            (Some("sha1=00"), Some(&secret), V7_BODY),
            (None, Some(&secret), V7_BODY),
            (Some(V7), None, V7_BODY),
            (None, None, V7_BODY),
        ] {
            assert_eq!(check_plain(signature, secret, body.as_bytes()), Err(NotAuthentic::Signature));
        }
    }

    #[test]
    fn trap_17_names_of_headers_have_no_case() {
        let headers = [("X-HUB-Signature".to_owned(), " sha1=x ".to_owned())];
        assert_eq!(header(&headers, "x-hub-signature"), Some("sha1=x"));
        assert_eq!(header(&headers, "x-other"), None);
    }
}
