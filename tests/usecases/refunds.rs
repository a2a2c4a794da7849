//! Refunds through the gateway: in parts, at once, denied, lost on the way, and made behind our back.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{Code, payments::MethodChoice};
use dermaga_ports::{
    auth::{Principal, Role},
    ids::{PaymentId, RefundId, TransactionId},
    ledger::{SystemAccount, TransactionStatus},
    payments::{DisputeProgress, Payment, RefundProgress, RefundState, SeenDispute, SeenRefund},
};
use dermaga_tests::{
    databases::Engine,
    played::{Played, Trouble},
};

use crate::{desk::Desk, payments::buy};

fn by(method: &str) -> MethodChoice {
    MethodChoice { method: Some(method.to_owned()), ..MethodChoice::default() }
}

async fn paid(desk: &Desk, gateway: &Played, who: &Principal, method: &str) -> Payment {
    let payment = buy(desk, who, 50_000, by(method)).await;
    gateway.pay(&payment.reference);
    desk.app.payments.confirm(who, payment.id).await.expect("asks")
}

async fn merchant(desk: &Desk) -> i64 {
    desk.account(SystemAccount::Merchant { slug: "kopi".to_owned() }).await
}

#[tokio::test]
async fn in_parts_up_to_what_was_paid_and_never_beyond() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let payment = paid(&desk, &gateway, &ani, "qris").await;
    let refunds = &desk.app.payments;
    let denied = refunds.refund(&ani, desk.id(), payment.id, None, "please").await.expect_err("not the payer's");
    assert_eq!(denied.code(), Code::PermissionDenied);
    let id: RefundId = desk.id();
    for _ in 0..2 {
        let refund = refunds.refund(&admin, id, payment.id, Some(20_000), "sold out").await.expect("refunds");
        assert_eq!((refund.id, refund.state), (id, RefundState::Succeeded));
    }
    let other = refunds.refund(&admin, id, payment.id, Some(1), "sold out").await.expect_err("another amount");
    assert_eq!(other.code(), Code::TransferConflict);
    let transaction = desk.app.transactions.transaction(&admin, payment.transaction).await.expect("is there");
    assert_eq!((transaction.status, transaction.refunded), (TransactionStatus::PartiallyRefunded, 20_000));
    let beyond = refunds.refund(&admin, desk.id(), payment.id, Some(30_001), "too much").await.expect_err("beyond");
    assert_eq!(beyond.code(), Code::RefundExceeds);
    refunds.refund(&admin, desk.id(), payment.id, None, "the rest").await.expect("refunds");
    let transaction = desk.app.transactions.transaction(&admin, payment.transaction).await.expect("is there");
    assert_eq!((transaction.status, transaction.refunded), (TransactionStatus::Refunded, 50_000));
    assert_eq!((merchant(&desk).await, gateway.charges()[&payment.reference].refunded()), (0, 50_000));
    desk.check().await;
}

#[tokio::test]
async fn many_at_once_give_back_no_more_than_there_is() {
    for engine in Engine::ALL {
        let (desk, gateway) = Desk::played_on(engine, dermaga_domain::Policy::default()).await;
        let (ani, _) = desk.person("ani").await;
        let (admin, _) = desk.person_of("admin", Role::Admin).await;
        let payment = paid(&desk, &gateway, &ani, "qris").await;
        let desk = Arc::new(desk);
        let attempts = (0..16).map(|_| {
            let (desk, admin) = (desk.clone(), admin.clone());
            let id: RefundId = desk.id();
            tokio::spawn(async move { desk.app.payments.refund(&admin, id, payment.id, Some(20_000), "at once").await })
        });
        let done = futures::future::join_all(attempts).await;
        let (made, refused): (Vec<_>, Vec<_>) = done.into_iter().map(|d| d.expect("no panic")).partition(Result::is_ok);
        assert_eq!(made.len(), 2);
        assert!(refused.into_iter().all(|error| error.expect_err("refused").code() == Code::RefundExceeds));
        assert_eq!((merchant(&desk).await, gateway.charges()[&payment.reference].refunded()), (10_000, 40_000));
        desk.check().await;
    }
}

#[tokio::test]
async fn denied_by_the_gateway_the_money_is_free_again() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let payment = paid(&desk, &gateway, &ani, "qris").await;
    gateway.refunds_end(&[RefundProgress::Failed { reason: "denied by the bank".to_owned() }]);
    let refund = desk.app.payments.refund(&admin, desk.id(), payment.id, None, "sorry").await.expect("answers");
    assert_eq!((refund.state, refund.failure.as_deref()), (RefundState::Failed, Some("denied by the bank")));
    let found = desk.payment(payment.id).await;
    assert_eq!((found.sums.refund_pending, found.sums.refunded, merchant(&desk).await), (0, 0, 50_000));
    let again = desk.app.payments.refund(&admin, desk.id(), payment.id, None, "once more").await.expect("answers");
    assert_eq!(again.state, RefundState::Succeeded);
    desk.check().await;
}

#[tokio::test]
async fn lost_on_the_way_it_is_found_by_its_key_and_made_once() {
    for trouble in [Trouble::LostBefore, Trouble::LostAfter, Trouble::TryLater] {
        let (desk, gateway) = Desk::played().await;
        let (ani, _) = desk.person("ani").await;
        let (admin, _) = desk.person_of("admin", Role::Admin).await;
        let payment = paid(&desk, &gateway, &ani, "qris").await;
        gateway.trouble(&[trouble]);
        let refund =
            desk.app.payments.refund(&admin, desk.id(), payment.id, Some(20_000), "late").await.expect("answers");
        assert_eq!(refund.state, RefundState::Requested, "{trouble:?}");
        assert_eq!(desk.payment(payment.id).await.sums.refund_pending, 20_000);
        for _ in 0..4 {
            desk.pass(Duration::from_secs(60)).await;
        }
        assert_eq!(desk.payment(payment.id).await.sums.refunded, 20_000, "{trouble:?}");
        let made = &gateway.charges()[&payment.reference].refunds;
        assert_eq!(made.len(), 1, "{trouble:?}");
        desk.check().await;
    }
}

#[tokio::test]
async fn a_pending_one_is_reserved_until_the_gateway_is_sure() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let payment = paid(&desk, &gateway, &ani, "qris").await;
    gateway.refunds_end(&[RefundProgress::Pending]);
    let refund = desk.app.payments.refund(&admin, desk.id(), payment.id, None, "slow").await.expect("answers");
    assert_eq!(refund.state, RefundState::Pending);
    let beyond = desk.app.payments.refund(&admin, desk.id(), payment.id, Some(1), "more").await.expect_err("reserved");
    assert_eq!(beyond.code(), Code::RefundExceeds);
    desk.pass(Duration::from_secs(3_600)).await;
    assert_eq!(desk.payment(payment.id).await.sums.refund_pending, 50_000, "still thinking");
    gateway.happen(&payment.reference, |charge| charge.refunds[0].state = RefundProgress::Succeeded);
    desk.pass(Duration::from_secs(3_600)).await;
    let found = desk.payment(payment.id).await;
    assert_eq!((found.sums.refund_pending, found.sums.refunded, merchant(&desk).await), (0, 50_000, 0));
    desk.check().await;
}

#[tokio::test]
async fn what_the_payer_has_spent_cannot_be_refunded() {
    let (desk, gateway) = Desk::played().await;
    let (ani, wallet) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let id: TransactionId = desk.id();
    desk.topup(&ani, id, &wallet, 50_000).await.expect("starts");
    let payment = desk.payment(PaymentId(id.0)).await;
    gateway.pay(&payment.reference);
    desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    let spend =
        dermaga_domain::payments::MerchantPayment { merchant: "Kopi".to_owned(), payment: crate::desk::rupiah(30_000) };
    desk.app.payments.pay(&ani, desk.id(), wallet.id, spend).await.expect("pays");
    let refused = desk.app.payments.refund(&admin, desk.id(), payment.id, None, "all").await.expect_err("spent");
    assert_eq!(refused.code(), Code::InsufficientFunds);
    desk.app.payments.refund(&admin, desk.id(), payment.id, Some(20_000), "the rest").await.expect("is there");
    assert_eq!(desk.balance(&ani, &wallet).await, (0, 0));
    // By hand in the books, it would leave the gateway out.
    let books = desk.app.transactions.refund(&admin, desk.id(), id, Some(1), "by hand").await.expect_err("refused");
    assert_eq!(books.code(), Code::NotRefundable);
    desk.check().await;
}

#[tokio::test]
async fn some_methods_cannot_be_refunded_and_say_what_to_do() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let payment = paid(&desk, &gateway, &ani, "bank_transfer").await;
    let refused = desk.app.payments.refund(&admin, desk.id(), payment.id, None, "no").await.expect_err("by bank");
    assert_eq!(refused.code(), Code::NotRefundable);
    assert!(refused.detail().contains("wallet"), "{}", refused.detail());
    // The ledger alone would say that the money is back, and it would not be.
    let books = desk.app.transactions.refund(&admin, desk.id(), payment.transaction, None, "by hand").await;
    assert_eq!(books.expect_err("refused").code(), Code::NotRefundable);
    // What no gateway has is not sent to one.
    let payment = buy(&desk, &ani, 50_000, by("manual_transfer")).await;
    desk.app.payments.confirm(&ani, payment.id).await.expect("announces");
    desk.app.payments.accept(&admin, payment.id).await.expect("accepts");
    let books = desk.app.transactions.refund(&admin, desk.id(), payment.transaction, None, "by hand").await;
    let refused = books.expect_err("refused");
    assert_eq!(refused.code(), Code::NotRefundable);
    assert!(refused.detail().contains("by hand") && !refused.detail().contains("/payments/"), "{refused}");
    desk.check().await;
}

#[tokio::test]
async fn one_that_somebody_made_at_the_gateway_is_booked_here() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let payment = paid(&desk, &gateway, &ani, "qris").await;
    let outside = SeenRefund { key: "dashboard-1".to_owned(), amount: 15_000, state: RefundProgress::Succeeded };
    gateway.happen(&payment.reference, |charge| charge.refunds.push(outside));
    for _ in 0..2 {
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    }
    let view = desk.app.payments.payment(&ani, payment.id).await.expect("is there");
    assert_eq!((view.refunds.len(), view.refunds[0].external, view.payment.sums.refunded), (1, true, 15_000));
    assert_eq!(merchant(&desk).await, 35_000);
    desk.check().await;
}

#[tokio::test]
async fn a_gateways_sum_beyond_what_is_known_here_is_for_a_person() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let payment = paid(&desk, &gateway, &ani, "qris").await;
    let look = async || desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    desk.app.payments.refund(&admin, desk.id(), payment.id, Some(10_000), "sorry").await.expect("is made");
    gateway.refunds_end(&[RefundProgress::Pending]);
    desk.app.payments.refund(&admin, desk.id(), payment.id, Some(5_000), "slow").await.expect("is under way");
    // What is on its way may be in the sum, and so may what somebody else has asked for and what a bank took back.
    for told in [10_000, 15_000] {
        gateway.happen(&payment.reference, |charge| charge.told = Some(told));
        assert!(!look().await.frozen, "{told}");
    }
    gateway.happen(&payment.reference, |charge| {
        charge.refunds.push(SeenRefund { key: "theirs".to_owned(), amount: 7_000, state: RefundProgress::Pending });
        let lost = SeenDispute { id: "D-1".to_owned(), amount: 3_000, state: DisputeProgress::Lost };
        charge.disputes.push(lost);
        charge.told = Some(25_000);
    });
    let explained = look().await;
    assert_eq!((explained.frozen, explained.sums.charged_back), (false, 3_000));
    gateway.happen(&payment.reference, |charge| charge.told = Some(25_001));
    let frozen = look().await;
    assert!(frozen.frozen && frozen.reason.as_ref().is_some_and(|reason| reason.contains("25001")), "{frozen:?}");
    let told = async || desk.database.texts("SELECT topic FROM outbox WHERE topic = 'payment.frozen'").await.len();
    assert_eq!(told().await, 1);
    look().await;
    assert_eq!(told().await, 1, "it is said once");
}
