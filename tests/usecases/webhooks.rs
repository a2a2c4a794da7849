//! Webhooks: repeated, forged, too early, about nothing, and while the gateway hangs.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{Code, payments::MethodChoice};
use dermaga_ports::{
    auth::{Principal, Role},
    ledger::SystemAccount,
    paging::PageRequest,
    payments::{PaymentState, Verdict},
};
use dermaga_tests::{
    databases::Engine,
    played::{Played, Trouble},
};

use crate::{desk::Desk, payments::buy};

fn by(method: &str) -> MethodChoice {
    MethodChoice { method: Some(method.to_owned()), ..MethodChoice::default() }
}

#[tokio::test]
async fn it_wakes_a_read_and_the_read_decides() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let payment = buy(&desk, &ani, 50_000, by("qris")).await;
    // It claims a settlement that is not so.
    let (headers, body) = Played::webhook(&payment.reference, "settlement");
    let verdict = desk.app.payments.take_webhook("played", &headers, &body).await.expect("is taken");
    assert_eq!(verdict, Verdict::Accepted);
    desk.look_after().await;
    let found = desk.payment(payment.id).await;
    assert_eq!((found.state, found.verified_at.is_some()), (PaymentState::Pending, true));
    // The same words again, this time true: the early copy does not hide the real one.
    gateway.pay(&payment.reference);
    let verdict = desk.app.payments.take_webhook("played", &headers, &body).await.expect("is taken");
    assert_eq!(verdict, Verdict::Duplicate);
    desk.look_after().await;
    assert_eq!(desk.payment(payment.id).await.state, PaymentState::Paid);
    desk.check().await;
}

#[tokio::test]
async fn a_forgery_changes_nothing_and_takes_nobodys_place() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let payment = buy(&desk, &ani, 50_000, by("qris")).await;
    gateway.pay(&payment.reference);
    let (_, body) = Played::webhook(&payment.reference, "settlement");
    for headers in [vec![], vec![("x-played".to_owned(), "GENUINE".to_owned())]] {
        let refused = desk.app.payments.take_webhook("played", &headers, &body).await.expect_err("forged");
        assert_eq!(refused.code(), Code::WebhookRejected);
    }
    desk.look_after().await;
    assert_eq!(desk.payment(payment.id).await.state, PaymentState::Pending, "nobody has looked");
    let (headers, body) = Played::webhook(&payment.reference, "settlement");
    let verdict = desk.app.payments.take_webhook("played", &headers, &body).await.expect("is taken");
    assert_eq!(verdict, Verdict::Accepted);
    desk.look_after().await;
    assert_eq!(desk.payment(payment.id).await.state, PaymentState::Paid);
    let kept = desk.app.payments.webhooks(&admin, None, PageRequest::first(10)).await.expect("lists").items;
    let verdicts: Vec<Verdict> = kept.iter().map(|webhook| webhook.verdict).collect();
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::BadSignature, Verdict::BadSignature]);
}

#[tokio::test]
async fn twenty_copies_at_once_make_one_transition() {
    for engine in Engine::ALL {
        let (desk, gateway) = Desk::played_on(engine, dermaga_domain::Policy::default()).await;
        let (ani, _) = desk.person("ani").await;
        let payment = buy(&desk, &ani, 50_000, by("qris")).await;
        gateway.pay(&payment.reference);
        let desk = Arc::new(desk);
        let copies = (0..20).map(|_| {
            let (desk, reference) = (desk.clone(), payment.reference.clone());
            tokio::spawn(async move {
                let (headers, body) = Played::webhook(&reference, "settlement");
                let verdict = desk.app.payments.take_webhook("played", &headers, &body).await.expect("is taken");
                desk.look_after().await;
                verdict
            })
        });
        let verdicts = futures::future::join_all(copies).await;
        let verdicts: Vec<Verdict> = verdicts.into_iter().map(|verdict| verdict.expect("no panic")).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Accepted).count(), 1);
        desk.look_after().await;
        assert_eq!(desk.payment(payment.id).await.state, PaymentState::Paid);
        assert_eq!(desk.account(SystemAccount::Merchant { slug: "kopi".to_owned() }).await, 50_000);
        let told = desk.database.texts("SELECT topic FROM outbox WHERE topic = 'payment.paid'").await;
        assert_eq!(told.len(), 1);
        desk.check().await;
    }
}

#[tokio::test]
async fn one_about_nothing_is_kept_and_answered() {
    let (desk, _) = Desk::played().await;
    let (headers, body) = Played::webhook("DMG-unknown", "settlement");
    let verdict = desk.app.payments.take_webhook("played", &headers, &body).await.expect("is taken");
    assert_eq!(verdict, Verdict::Unmatched);
    let payments = desk.app.payments.payments(&Principal::Operator, Default::default(), PageRequest::first(10)).await;
    assert_eq!(payments.expect("lists").items.len(), 0);
}

#[tokio::test]
async fn while_the_gateway_is_silent_it_is_asked_again_later() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let payment = buy(&desk, &ani, 50_000, by("qris")).await;
    gateway.pay(&payment.reference);
    gateway.trouble(&[Trouble::LostAfter, Trouble::LostAfter]);
    let (headers, body) = Played::webhook(&payment.reference, "settlement");
    desk.app.payments.take_webhook("played", &headers, &body).await.expect("is taken");
    desk.look_after().await;
    assert_eq!(desk.payment(payment.id).await.state, PaymentState::Pending);
    for _ in 0..3 {
        desk.pass(Duration::from_secs(5 * 60)).await;
    }
    assert_eq!(desk.payment(payment.id).await.state, PaymentState::Paid);
    desk.check().await;
}
