//! The inbox of gateways' webhooks.

use dermaga_ports::{
    StoreError, Unique,
    ids::{NoticeId, PaymentId},
    payments::{Payment, Verdict, Webhook},
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{
    commit,
    fixtures::*,
    payments::{add, attempt, purchases},
};

/// The n-th webhook: an authentic one about a payment that nobody knows.
fn webhook(n: u32) -> Webhook {
    Webhook {
        id: NoticeId(id(n)),
        gateway: "midtrans".to_owned(),
        received_at: at(i64::from(n)),
        dedupe_key: Some(format!("settlement of {n}")),
        reference: Some("DMG-1".to_owned()),
        payment: None,
        delivery_id: None,
        claims: Some("settlement".to_owned()),
        verdict: Verdict::Unmatched,
        body: b"{}".to_vec(),
    }
}

async fn put(database: &Database, webhook: &Webhook) {
    commit!(database, |unit| unit.inbox().add(webhook));
}

async fn listed(database: &Database, payment: Option<u32>) -> Vec<Webhook> {
    let payment = payment.map(|n| PaymentId(id(n)));
    crate::all_pages!(2, |page| database.store.payments().webhooks(payment, page))
}

pub async fn webhooks_read_back_newest_first(database: &Database) {
    let mut all = Vec::new();
    for (n, verdict) in (1..).zip(Verdict::ALL) {
        let bare = n % 2 == 0;
        let webhook = Webhook {
            dedupe_key: (!bare).then(|| format!("key {n}")),
            reference: (!bare).then(|| "DMG-ü".to_owned()),
            delivery_id: (!bare).then(|| format!("delivery {n}")),
            claims: (!bare).then(|| "PAID".to_owned()),
            payment: (n > 3).then(|| PaymentId(id(7))),
            verdict,
            body: vec![0, 0xff, b'{', 0x80],
            ..webhook(n)
        };
        put(database, &webhook).await;
        all.insert(0, webhook);
    }
    assert_eq!(listed(database, None).await, all);
    assert_eq!(listed(database, Some(7)).await, all[..3]);
    assert_eq!(listed(database, Some(8)).await, []);
}

pub async fn the_same_is_said_once_at_each_gateway(database: &Database) {
    put(database, &webhook(1)).await;
    let again = Webhook { dedupe_key: webhook(1).dedupe_key, ..webhook(2) };
    let mut unit = begin(database).await;
    assert_eq!(unit.inbox().add(&again).await, Err(StoreError::Conflict(Unique::Reference)));
    // The unit of work goes on, and another gateway may say the same.
    let elsewhere = Webhook { gateway: "xendit".to_owned(), ..again };
    unit.inbox().add(&elsewhere).await.expect("another gateway");
    unit.commit().await.expect("commits");
    assert_eq!(listed(database, None).await, [elsewhere, webhook(1)]);
}

pub async fn of_two_copies_at_once_one_is_stored(database: &Database) {
    let mut first = begin(database).await;
    first.inbox().add(&webhook(1)).await.expect("adds");
    let second = must_wait(database, |store| async move {
        let mut unit = store.begin().await.expect("begins");
        unit.inbox().add(&Webhook { dedupe_key: webhook(1).dedupe_key, ..webhook(2) }).await
    })
    .await;
    first.commit().await.expect("commits");
    assert_eq!(second.await.expect("ends"), Err(StoreError::Conflict(Unique::Reference)));
    assert_eq!(listed(database, None).await, [webhook(1)]);
}

pub async fn a_forgery_takes_nobodys_place(database: &Database) {
    let forged = |n| Webhook { dedupe_key: None, verdict: Verdict::BadSignature, reference: None, ..webhook(n) };
    for n in 1..=3 {
        put(database, &forged(n)).await;
    }
    put(database, &webhook(4)).await;
    assert_eq!(listed(database, None).await, [webhook(4), forged(3), forged(2), forged(1)]);
}

pub async fn a_payment_is_known_by_either_name(database: &Database) {
    purchases(database, 1, 1, 1).await;
    add(database, &Payment { provider_id: Some("p-1".to_owned()), ..attempt(1, 1, 1) }).await;
    add(database, &Payment { gateway: "xendit".to_owned(), ..attempt(2, 1, 1) }).await;
    let mut unit = begin(database).await;
    assert_eq!(unit.inbox().payment_of("midtrans", "DMG-1").await, Ok(Some(PaymentId(id(1)))));
    assert_eq!(unit.inbox().payment_of("xendit", "DMG-1").await, Ok(None), "another gateway's reference");
    assert_eq!(unit.inbox().payment_of("xendit", "DMG-2").await, Ok(Some(PaymentId(id(2)))));
    assert_eq!(unit.inbox().payment_by_provider_id("midtrans", "p-1").await, Ok(Some(PaymentId(id(1)))));
    assert_eq!(unit.inbox().payment_by_provider_id("xendit", "p-1").await, Ok(None));
    assert_eq!(unit.inbox().payment_by_provider_id("midtrans", "DMG-1").await, Ok(None), "ours is not theirs");
}

pub async fn a_delivery_is_known_by_the_gateways_id(database: &Database) {
    let delivered = |n, delivery: &str| Webhook { delivery_id: Some(delivery.to_owned()), ..webhook(n) };
    let conflict =
        Webhook { dedupe_key: None, verdict: Verdict::Conflict, body: b"other".to_vec(), ..delivered(3, "D") };
    let elsewhere = Webhook { gateway: "xendit".to_owned(), ..delivered(4, "D") };
    for webhook in [&delivered(1, "D"), &delivered(2, "E"), &conflict, &elsewhere, &webhook(5)] {
        put(database, webhook).await;
    }
    let mut unit = begin(database).await;
    assert_eq!(unit.inbox().delivered("midtrans", "D").await, Ok(vec![delivered(1, "D"), conflict]));
    assert_eq!(unit.inbox().delivered("midtrans", "F").await, Ok(vec![]));
}

pub async fn old_webhooks_are_forgotten_in_parts(database: &Database) {
    for n in 1..=5 {
        put(database, &webhook(n)).await;
    }
    let forget = async |limit| commit!(database, |unit| unit.inbox().forget(at(4), limit));
    assert_eq!(forget(2).await, 2);
    assert_eq!(listed(database, None).await, [webhook(5), webhook(4), webhook(3)], "the oldest go first");
    assert_eq!(forget(2).await, 1);
    assert_eq!(forget(2).await, 0, "what came at that moment stays");
    // What is forgotten may be said again.
    put(database, &Webhook { dedupe_key: webhook(1).dedupe_key, ..webhook(9) }).await;
}
