//! Webhooks as they really come: twice, forged, early, about nothing, under another name.

use dermaga_ports::{
    payments::{PaymentState, Use, Verdict},
    system::Clock as _,
};
use dermaga_tests::databases::Engine;
use serde_json::json;

use crate::house::{CORE, EACH, House, INVOICE, MINUTE, PRICE, REQUEST, SECOND, SNAP};

/// The payment is paid, once, and the outside was told once.
pub async fn paid_once(house: &House, id: dermaga_ports::ids::PaymentId, about: &str) {
    let payment = house.payment(id).await;
    assert_eq!((payment.state, payment.used), (PaymentState::Paid, Use::Funding), "{about}: {payment:?}");
    assert_eq!(house.told("payment.paid").await, 1, "{about}");
    assert_eq!(house.merchant().await, PRICE, "{about}");
}

pub async fn c10_02_copies_of_a_webhook_make_one_transition(engine: Engine) {
    for way in EACH {
        let house = House::open(engine).await;
        let payment = house.buy(way, "~pay1s~dup3").await;
        if way == SNAP {
            house.play(&payment, "pay", json!({"method": "gopay"})).await;
        }
        house.time(5 * SECOND).await;
        let heard = house.ear.answers();
        assert!(heard.len() >= 3, "{way:?}: {heard:?}");
        house.look_after().await;
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        let answers = house.redeliver(&payment, 20).await;
        assert_eq!(answers, [200; 20], "{way:?}");
        house.look_after().await;
        paid_once(&house, payment.id, &format!("{way:?}, twenty more")).await;
        house.close().await;
    }
}

pub async fn c10_03_the_settlement_before_the_pending_one_counts(engine: Engine) {
    for way in [CORE, SNAP] {
        let house = House::open(engine).await;
        let payment = house.buy(way, "~pay1s~reorder").await;
        if way == SNAP {
            house.play(&payment, "choose", json!({"method": "gopay"})).await;
        }
        house.live(SECOND, 5).await;
        let claims: Vec<String> = house.webhooks().await.into_iter().rev().filter_map(|one| one.claims).collect();
        assert_eq!(claims, ["settlement", "pending"], "{way:?}");
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        house.close().await;
    }
}

pub async fn c10_04_an_expiry_after_the_settlement_is_stale(engine: Engine) {
    for way in EACH {
        let house = House::open(engine).await;
        let payment = house.paid(way).await;
        let word = if way.provider() == "xendit" { "status" } else { "transaction_status" };
        let told = if way == REQUEST { json!({"data": {"status": "EXPIRED"}}) } else { json!({word: "expire"}) };
        let told = if way == INVOICE { json!({"status": "EXPIRED"}) } else { told };
        let forged = json!({"provider": way.provider(), "ref": payment.reference, "overrides": told});
        assert_eq!(house.inject(forged).await, 200, "{way:?}");
        house.look_after().await;
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        house.close().await;
    }
}

pub async fn c10_07_what_is_forged_is_refused_and_changes_nothing(engine: Engine) {
    for way in [CORE, SNAP] {
        let house = House::open(engine).await;
        let payment = house.buy(way, "").await;
        if way == SNAP {
            house.play(&payment, "choose", json!({"method": "gopay"})).await;
        }
        for signature in [json!("0".repeat(128)), json!(null), json!("A".repeat(128)), json!("")] {
            let overrides = json!({"transaction_status": "settlement", "signature_key": signature});
            let forged = json!({"provider": "midtrans", "ref": payment.reference, "overrides": overrides});
            assert_eq!(house.inject(forged).await, 401, "{way:?} {signature}");
        }
        house.look_after().await;
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Pending, "{way:?}");
        house.close().await;
    }
}

pub async fn c10_08_a_replay_with_another_status_is_suspicious_and_changes_nothing(engine: Engine) {
    for way in [CORE, SNAP] {
        let house = House::open(engine).await;
        let payment = house.choose(way, "").await;
        house.pass(SECOND).await;
        let overrides = json!({"transaction_status": "settlement"});
        let forged =
            json!({"provider": "midtrans", "ref": payment.reference, "overrides": overrides, "keep_signature": true});
        assert_eq!(house.inject(forged).await, 200);
        house.look_after().await;
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Pending);
        assert_eq!(house.webhooks().await[0].verdict, Verdict::Suspicious);
        assert_eq!(house.told("payment.paid").await, 0);
        // The real one still counts.
        house.play(&payment, "pay", json!({})).await;
        house.pass(5 * SECOND).await;
        paid_once(&house, payment.id, &format!("{way:?}, the real one")).await;
        house.close().await;
    }
}

pub async fn c10_11_a_webhook_about_nothing_is_kept_and_answered(engine: Engine) {
    for way in EACH {
        let house = House::open(engine).await;
        let before = (house.payments().await.len(), house.told("payment.created").await);
        for _ in 0..2 {
            let unknown = json!({"provider": way.provider(), "ref": "DMG-nobody-knows"});
            assert_eq!(house.inject(unknown).await, 200, "{way:?}");
        }
        house.look_after().await;
        let kept = house.webhooks().await;
        assert_eq!((kept.len(), kept[0].verdict, kept[0].payment), (1, Verdict::Unmatched, None), "{way:?}");
        assert_eq!((house.payments().await.len(), house.told("payment.created").await), before, "{way:?}");
        assert_eq!(house.merchant().await, 0);
        house.close().await;
    }
}

pub async fn c10_44_a_webhook_before_the_answer_counts_once(engine: Engine) {
    for way in [CORE, INVOICE, REQUEST] {
        let house = House::open(engine).await;
        let payment = house.buy(way, "~early~pay1s").await;
        assert!(!house.ear.answers().is_empty(), "{way:?}: it came before the answer");
        house.pass(10 * SECOND).await;
        house.live(MINUTE, 2).await;
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        assert_eq!(house.payments().await.len(), 2, "{way:?}: the first top-up and one attempt");
        house.close().await;
    }
}

pub async fn c10_45_a_webhook_and_a_look_at_once_make_one_transition(engine: Engine) {
    for way in EACH {
        let house = House::open(engine).await;
        let payment = house.buy(way, "").await;
        house.play(&payment, "pay", json!({"method": "gopay"})).await;
        house.time(2 * SECOND).await;
        // Everybody at once: copies of the webhook, two hosts that look after what is due, and the payer who asks.
        for _ in 0..3 {
            let looks = futures::future::join_all((0..4).map(|_| house.app.payments.look_after_due()));
            let asks = futures::future::join_all((0..4).map(|_| house.app.payments.confirm(&house.ani, payment.id)));
            let (answers, looks, asks) = futures::join!(house.redeliver(&payment, 8), looks, asks);
            assert_eq!(answers, [200; 8], "{way:?}");
            assert!(looks.iter().all(Result::is_ok), "{way:?}: {looks:?}");
            assert!(asks.iter().all(Result::is_ok), "{way:?}: {asks:?}");
        }
        // Whoever gave up leaves locks for a moment, and what is locked is left to the next look: a host looks all the time.
        dermaga_tests::patience::until("nothing is due", async || {
            house.look_after().await;
            let due = house.app.watch.vitals().await.expect("counts").payments_due;
            (due == 0).then_some(())
        })
        .await;
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        house.close().await;
    }
}

pub async fn c10_48_another_callback_token_is_refused(engine: Engine) {
    for way in [INVOICE, REQUEST] {
        let house = House::open(engine).await;
        let payment = house.buy(way, "").await;
        for token in [json!("dermaga-sandbox-callback-tokem"), json!(null), json!(""), json!("xnd_production_token")] {
            let headers = json!({"x-callback-token": token});
            let overrides = json!({"status": "PAID"});
            let forged =
                json!({"provider": "xendit", "ref": payment.reference, "headers": headers, "overrides": overrides});
            assert_eq!(house.inject(forged).await, 401, "{way:?} {token}");
        }
        house.look_after().await;
        assert_eq!(house.payment(payment.id).await.state, PaymentState::Pending, "{way:?}");
        let verdicts: Vec<Verdict> = house.webhooks().await.iter().map(|webhook| webhook.verdict).collect();
        assert_eq!(verdicts, [Verdict::BadSignature; 4], "{way:?}");
        house.close().await;
    }
}

pub async fn c10_49_the_same_event_under_another_delivery_is_one(engine: Engine) {
    for way in [INVOICE, REQUEST] {
        let house = House::open(engine).await;
        let payment = house.paid(way).await;
        let before = house.webhooks().await.len();
        let first = house.webhooks().await[0].clone();
        let again = |id: &str| json!({"provider": "xendit", "ref": payment.reference, "headers": {"webhook-id": id}});
        for id in ["one", "another", "one"] {
            assert_eq!(house.inject(again(id)).await, 200, "{way:?} {id}");
        }
        assert_eq!(house.webhooks().await.len(), before, "{way:?}: what it says counts, not the delivery");
        assert_eq!(house.webhooks().await[0], first);
        house.look_after().await;
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        house.close().await;
    }
}

/// One id of a delivery, and something else in it: a person is told, and nothing that it speaks of is lost.
pub async fn c10_49_another_body_under_a_known_delivery_is_flagged_and_wakes(engine: Engine) {
    for way in [INVOICE, REQUEST] {
        let house = House::open(engine).await;
        let payment = house.buy(way, "~drop").await;
        let told = |status: &str, note: &str| {
            let said = json!({"status": status, "note": note});
            let overrides = if way == REQUEST { json!({"data": said}) } else { said };
            let headers = json!({"webhook-id": "one"});
            json!({"provider": "xendit", "ref": payment.reference, "headers": headers, "overrides": overrides})
        };
        let verdicts = async || house.webhooks().await.iter().map(|told| told.verdict).collect::<Vec<_>>();
        let waits = async || house.payment(payment.id).await.next_check_at.is_some_and(|at| at <= house.clock.now());
        assert_eq!(house.inject(told("PENDING", "first")).await, 200, "{way:?}");
        assert_eq!(verdicts().await.len(), 1, "{way:?}");
        house.look_after().await;
        house.play(&payment, "pay", json!({})).await;
        house.look_after().await;
        assert_eq!(house.told("payment.paid").await, 0, "{way:?}: nobody was told");
        // It claims another thing: it counts, and is flagged.
        assert_eq!(house.inject(told("PAID", "second")).await, 200, "{way:?}");
        assert_eq!(verdicts().await[0], Verdict::Conflict, "{way:?}");
        house.look_after().await;
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        // It claims the same thing in other words, after everything is settled: it is flagged and looked into as well.
        assert!(!waits().await);
        assert_eq!(house.inject(told("PAID", "third")).await, 200, "{way:?}");
        assert_eq!((verdicts().await[0], verdicts().await.len()), (Verdict::Conflict, 3), "{way:?}");
        assert!(waits().await, "{way:?}: a look is due");
        house.look_after().await;
        // And a copy of each is a copy.
        for note in ["third", "first"] {
            let status = if note == "first" { "PENDING" } else { "PAID" };
            assert_eq!(house.inject(told(status, note)).await, 200, "{way:?}");
        }
        paid_once(&house, payment.id, &format!("{way:?}")).await;
        house.close().await;
    }
}

pub async fn c10_57_a_refunds_webhook_in_two_envelopes_wakes_the_payment(engine: Engine) {
    let house = House::open(engine).await;
    let payment = house.paid_with(REQUEST, "~pay1s~nest").await;
    let refund = house.id().into();
    let refunding = house.app.payments.refund(
        &dermaga_ports::auth::Principal::Operator,
        refund,
        payment.id,
        Some(50_000),
        "out of stock",
    );
    refunding.await.expect("is asked for");
    house.live(20 * SECOND, 5).await;
    let refund_told = house.webhooks().await.into_iter().find(|one| one.claims.as_deref() == Some("refund.succeeded"));
    let told = refund_told.expect("it was told");
    assert_eq!((told.payment, told.verdict), (Some(payment.id), Verdict::Accepted));
    assert_eq!(house.payment(payment.id).await.sums.refunded, 50_000);
    house.close().await;
}
