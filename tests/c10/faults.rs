//! Calls that go wrong on the way, and what somebody else does under our name.

use dermaga_ports::{
    ledger::TransactionStatus,
    payments::{PaymentState, Use},
};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::house::{CARD, CORE, EACH, HOUR, House, INVOICE, MINUTE, PRICE, REQUEST, SECOND, SNAP};

pub async fn c10_14_c10_15_a_charge_is_repeated_under_one_key_for_five_minutes(engine: Engine) {
    let house = House::open(engine).await;
    for _ in 0..6 {
        house.fault("/v2/charge", "timeout_before_commit").await;
    }
    let payment = house.buy(CORE, "").await;
    house.live(30 * SECOND, 40).await;
    assert_eq!(house.payment(payment.id).await.state, PaymentState::Pending);
    let all = house.get(&format!("/requests?ref={}", payment.reference)).await;
    let charge = |one: &&serde_json::Value| one["method"] == "POST" && one["path"].to_string().contains("/charge");
    let calls: Vec<_> = all.as_array().expect("a list").iter().filter(charge).collect();
    let keys: Vec<&str> =
        calls.iter().map(|call| call["headers"]["idempotency-key"].as_str().expect("a key")).collect();
    assert_eq!(keys.len(), 7, "{calls:?}");
    assert_eq!(keys[0], keys[1], "the gateway still knows it");
    assert_ne!(keys[0], keys[6], "it has forgotten it, so the reference has to tell");
    assert_eq!(house.records(&payment).await.len(), 1);
    house.play(&payment, "pay", json!({})).await;
    house.live(SECOND, 3).await;
    assert_eq!((house.payment(payment.id).await.used, house.merchant().await), (Use::Funding, PRICE));
    house.close().await;
}

pub async fn c10_19_who_is_over_in_time_is_over_on_both_sides(engine: Engine) {
    for way in EACH {
        let house = House::open(engine).await;
        let payment = house.buy(way, "~drop").await;
        if way == SNAP {
            house.play(&payment, "choose", json!({"method": "gopay"})).await;
        }
        house.live(10 * MINUTE, 8).await;
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Expired, "{way:?}");
        assert_eq!(house.status(&payment).await, TransactionStatus::Cancelled, "{way:?}");
        let late = house.records(&payment).await;
        assert!(late.iter().all(|record| record["status"] != "pending" && record["status"] != "PENDING"), "{late:?}");
        house.close().await;
    }
}

pub async fn c10_50_a_second_invoice_under_our_name_is_for_a_person(engine: Engine) {
    for both_at_once in [true, false] {
        let house = House::open(engine).await;
        let ours = house.buy(INVOICE, "").await;
        let body = json!({"external_id": ours.reference, "amount": PRICE, "currency": "IDR"});
        let second = house.raw("/v2/invoices", &body).await;
        let second = second["id"].as_str().expect("an id").to_owned();
        house.play(&ours, "pay", json!({})).await;
        if !both_at_once {
            house.live(SECOND, 3).await;
            assert_eq!(house.payment(ours.id).await.used, Use::Funding);
        }
        let first = ours.provider_id.clone().expect("an id");
        for id in [first, second] {
            // One of the two is paid already.
            house.post(&format!("/tx/{id}/pay"), &json!({})).await;
        }
        house.live(SECOND, 3).await;
        house.live(MINUTE, 3).await;
        let found = house.payment(ours.id).await;
        assert!(found.frozen && found.reason.is_some(), "{both_at_once}: {found:?}");
        let funded = if both_at_once { 0 } else { PRICE };
        assert_eq!((found.sums.captured, house.merchant().await), (funded, funded), "{both_at_once}");
        assert_eq!(house.told("payment.frozen").await, 1, "{both_at_once}");
        // A person has to find out whose the rest is.
        house.close_with(2 * PRICE - funded).await;
    }
}

pub async fn c10_54_a_charge_that_met_a_fault_is_made_once(engine: Engine) {
    for (way, path) in [(CORE, "/v2/charge"), (SNAP, "*/transactions"), (INVOICE, "/v2/invoices")] {
        for mode in ["reset", "truncate", "html", "status:503"] {
            let house = House::open(engine).await;
            house.fault(path, mode).await;
            let payment = house.buy(way, "").await;
            assert_eq!(payment.state, PaymentState::Submitting, "{way:?} {mode}: nobody knows");
            house.live(15 * SECOND, 12).await;
            let found = house.payment(payment.id).await;
            assert_eq!(found.state, PaymentState::Pending, "{way:?} {mode}: {found:?}");
            house.play(&payment, "pay", json!({"method": "gopay"})).await;
            // Another page takes the place of the first one, on which nobody can pay any more.
            let records = house.records(&payment).await;
            let charges = records.iter().filter(|record| record["kind"] != "snap").count();
            assert_eq!(charges, 1, "{way:?} {mode}: {records:?}");
            house.live(SECOND, 3).await;
            assert_eq!(house.payment(payment.id).await.used, Use::Funding, "{way:?} {mode}");
            house.close().await;
        }
    }
}

pub async fn c10_54_a_read_that_met_a_fault_is_made_again_soon(engine: Engine) {
    for way in EACH {
        for mode in ["reset", "truncate", "html", "status:503", "status:429"] {
            let house = House::open(engine).await;
            let payment = house.buy(way, "").await;
            house.fault_of("GET", "*", mode).await;
            house.play(&payment, "pay", json!({"method": "gopay"})).await;
            house.pass(SECOND).await;
            assert_eq!(house.told("payment.failed").await, 0, "{way:?} {mode}");
            house.live(30 * SECOND, 3).await;
            let found = house.payment(payment.id).await;
            assert_eq!((found.state, found.used), (PaymentState::Paid, Use::Funding), "{way:?} {mode}: {found:?}");
            house.close().await;
        }
    }
}

pub async fn c10_55_what_we_call_a_payment_every_gateway_takes(engine: Engine) {
    let house = House::open(engine).await;
    for way in EACH {
        let payment = house.buy(way, "").await;
        let legal = |c: char| c.is_ascii_alphanumeric() || "-_~.".contains(c);
        assert!(payment.reference.len() <= 50 && payment.reference.chars().all(legal), "{payment:?}");
        assert_eq!(house.records(&payment).await.len(), 1, "{way:?}");
    }
    house.close().await;
}

pub async fn c10_56_a_cards_token_is_forgotten_and_nothing_secret_is_kept(engine: Engine) {
    let house = House::open(engine).await;
    for way in [CARD, CORE, SNAP, INVOICE, REQUEST] {
        let payment = if way == CARD { house.buy(way, "~settle").await } else { house.paid(way).await };
        house.live(SECOND, 3).await;
        let payment = house.payment(payment.id).await;
        assert_eq!((payment.state, payment.method.token), (PaymentState::Paid, None), "{way:?}");
    }
    let table = async |table: &str, columns: &[&str]| {
        for column in columns {
            let sql = format!("SELECT COALESCE(CAST({column} AS TEXT), '') FROM {table}");
            for kept in house.database.texts(&sql).await {
                for secret in ["SB-Mid-server-", "xnd_development_", "callback-token", "4811111111111114", "tok-"] {
                    assert!(!kept.contains(secret), "{table}.{column} holds {secret}: {kept}");
                }
            }
        }
    };
    table("payments", &["raw", "token", "reason", "action"]).await;
    table("payment_webhooks", &["dedupe_key", "reference", "claims", "delivery_id"]).await;
    table("outbox", &["payload"]).await;
    table("audit_entries", &["detail"]).await;
    for webhook in house.webhooks().await {
        let body = String::from_utf8_lossy(&webhook.body).into_owned();
        for secret in ["SB-Mid-server-", "xnd_development_", "callback-token", "4811111111111114"] {
            assert!(!body.contains(secret), "{body}");
        }
    }
    house.live(HOUR, 1).await;
    house.close().await;
}

/// Its charge cannot be asked about by our name; the webhook tells the gateway's.
pub async fn c10_12_a_request_whose_answer_is_lost_is_never_charged_twice(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.buy(REQUEST, "~hang.after").await;
    assert_eq!(payment.state, PaymentState::Submitting);
    house.live(MINUTE, 20).await;
    assert_eq!(house.records(&payment).await.len(), 1, "it is not sent again");
    assert_eq!(house.payment(payment.id).await.state, PaymentState::Submitting);
    house.live(10 * MINUTE, 6).await;
    assert_eq!(house.payment(payment.id).await.state, PaymentState::Expired, "it ends with its time");
    house.close().await;
}
