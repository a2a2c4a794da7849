//! Attempts to pay: on time, late, twice, with the wrong sum, taken back, disputed, lost on the way.

use std::time::Duration;

use dermaga_domain::{
    Code, Policy,
    payments::{FeeRule, MethodChoice, Payable, Purchase, Step},
};
use dermaga_ports::{
    auth::{Principal, Role},
    ids::TransactionId,
    ledger::{SystemAccount, TransactionStatus},
    money::{Currency, Money},
    payments::{CardToken, DisputeProgress, GatewayState, Payment, PaymentState, RefundProgress, SeenDispute, Use},
};
use dermaga_tests::{databases::Engine, played::Trouble};
use uuid::Uuid;

use crate::desk::{Desk, rupiah};

const MINUTE: Duration = Duration::from_secs(60);

fn by(method: &str) -> MethodChoice {
    MethodChoice { method: Some(method.to_owned()), ..MethodChoice::default() }
}

/// Somebody buys at "Kopi" for that sum.
pub async fn buy(desk: &Desk, who: &Principal, amount: i64, choice: MethodChoice) -> Payment {
    let purchase = Purchase { merchant: "Kopi".to_owned(), terms: rupiah(amount) };
    let id: Uuid = desk.id();
    desk.app.payments.start(who, id, Payable::Purchase(purchase), choice).await.expect("starts")
}

fn merchant() -> SystemAccount {
    SystemAccount::Merchant { slug: "kopi".to_owned() }
}

fn cash() -> SystemAccount {
    SystemAccount::GatewayCash { gateway: "played".to_owned() }
}

async fn status(desk: &Desk, payment: &Payment) -> TransactionStatus {
    let found = desk.app.transactions.transaction(&Principal::Operator, payment.transaction).await;
    found.expect("is there").status
}

#[tokio::test]
async fn paid_in_time_the_merchant_has_the_money() {
    let fees = vec![FeeRule { gateway: "played".to_owned(), method: None, basis_points: 70, fixed: 0 }];
    for engine in Engine::ALL {
        let policy = Policy { fees: fees.clone(), ..Policy::default() };
        let (desk, gateway) = Desk::played_on(engine, policy).await;
        let (ani, wallet) = desk.person("ani").await;
        let payment = buy(&desk, &ani, 50_000, by("qris")).await;
        assert_eq!((payment.state, status(&desk, &payment).await), (PaymentState::Pending, TransactionStatus::Pending));
        gateway.pay(&payment.reference);
        let confirmed = desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!((confirmed.state, confirmed.used, confirmed.late), (PaymentState::Paid, Use::Funding, false));
        assert_eq!(status(&desk, &payment).await, TransactionStatus::Completed);
        assert_eq!(desk.account(merchant()).await, 50_000);
        // The gateway keeps 350 of what it took; the merchant's share is the merchant's.
        assert_eq!(desk.account(cash()).await, -49_650);
        assert_eq!(desk.account(SystemAccount::GatewayFees { gateway: "played".to_owned() }).await, -350);
        assert_eq!(desk.balance(&ani, &wallet).await, (0, 0));
        // Confirmed again, nothing happens again.
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!(desk.account(merchant()).await, 50_000);
        desk.check().await;
    }
}

#[tokio::test]
async fn money_that_comes_late_goes_back_or_to_the_wallet() {
    for (method, to_wallet) in [("qris", 0), ("bank_transfer", 50_000)] {
        let (desk, gateway) = Desk::played().await;
        let (ani, wallet) = desk.person("ani").await;
        let payment = buy(&desk, &ani, 50_000, by(method)).await;
        desk.pass(Duration::from_secs(16 * 60)).await;
        desk.app.transactions.expire_overdue().await.expect("tidies up");
        assert_eq!(desk.payment(payment.id).await.state, PaymentState::Expired);
        assert_eq!(status(&desk, &payment).await, TransactionStatus::Cancelled);
        gateway.pay(&payment.reference);
        desk.pass(Duration::from_secs(60 * 60)).await;
        let late = desk.payment(payment.id).await;
        assert_eq!((late.state, late.used, late.late), (PaymentState::Paid, Use::Surplus, true));
        assert_eq!(status(&desk, &payment).await, TransactionStatus::Cancelled, "the purchase stays dead");
        assert_eq!(desk.account(merchant()).await, 0);
        assert_eq!(desk.balance(&ani, &wallet).await.0, to_wallet, "{method}");
        assert_eq!(gateway.charges()[&payment.reference].refunded(), 50_000 - to_wallet);
        assert_eq!(late.sums.refunded, 50_000 - to_wallet);
        desk.check().await;
    }
}

#[tokio::test]
async fn late_money_whose_refund_is_denied_goes_to_the_wallet() {
    let (desk, gateway) = Desk::played().await;
    let (ani, wallet) = desk.person("ani").await;
    let payment = buy(&desk, &ani, 50_000, by("qris")).await;
    desk.pass(Duration::from_secs(16 * 60)).await;
    gateway.pay(&payment.reference);
    gateway.refunds_end(&[RefundProgress::Failed { reason: "denied by the bank".to_owned() }]);
    desk.pass(Duration::from_secs(60 * 60)).await;
    let found = desk.payment(payment.id).await;
    assert_eq!((found.used, found.sums.refunded, found.sums.refund_pending), (Use::Surplus, 0, 0));
    assert_eq!(desk.balance(&ani, &wallet).await, (50_000, 50_000));
    assert_eq!(desk.account(SystemAccount::Surplus { gateway: "played".to_owned() }).await, 0);
    desk.check().await;
}

#[tokio::test]
async fn the_deadline_decides_and_not_whether_a_job_has_run() {
    for (seconds, used) in [(15 * 60 - 1, Use::Funding), (15 * 60, Use::Surplus)] {
        let (desk, gateway) = Desk::played().await;
        let (ani, _) = desk.person("ani").await;
        let payment = buy(&desk, &ani, 50_000, by("qris")).await;
        gateway.pay(&payment.reference);
        desk.clock.advance(Duration::from_secs(seconds));
        let found = desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!((found.state, found.used), (PaymentState::Paid, used), "after {seconds} seconds");
        desk.look_after().await;
        desk.check().await;
    }
}

#[tokio::test]
async fn of_two_attempts_that_are_paid_one_funds_and_the_other_goes_back() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let first = buy(&desk, &ani, 50_000, by("qris")).await;
    let again = Payable::Transaction(first.transaction);
    let second = desk.app.payments.start(&ani, desk.id(), again, by("credit_card_missing")).await;
    assert_eq!(second.expect_err("no such method").faults()[0].pointer, "/method");
    let again = Payable::Transaction(first.transaction);
    let second = desk.app.payments.start(&ani, desk.id(), again, by("page")).await.expect("starts");
    gateway.pay(&first.reference);
    gateway.pay(&second.reference);
    desk.pass(10 * MINUTE).await;
    let (first, second) = (desk.payment(first.id).await, desk.payment(second.id).await);
    let mut used = [first.used, second.used];
    used.sort_by_key(|used| used.as_str());
    assert_eq!(used, [Use::Funding, Use::Surplus]);
    assert_eq!(first.sums.refunded + second.sums.refunded, 50_000);
    assert_eq!((desk.account(merchant()).await, desk.account(cash()).await), (50_000, -50_000));
    // A purchase that is paid takes no third attempt.
    let third = desk.app.payments.start(&ani, desk.id(), Payable::Transaction(first.transaction), by("qris")).await;
    assert_eq!(third.expect_err("is paid").code(), Code::IllegalTransition);
    desk.check().await;
}

#[tokio::test]
async fn another_sum_than_was_asked_for_waits_for_a_person() {
    for (paid, currency) in [(49_999, Currency::Idr), (50_001, Currency::Idr), (50_000, Currency::Usd)] {
        let (desk, gateway) = Desk::played().await;
        let (ani, _) = desk.person("ani").await;
        let payment = buy(&desk, &ani, 50_000, by("qris")).await;
        gateway.happen(&payment.reference, |charge| charge.paid = Money::new(paid, currency).expect("in range"));
        gateway.pay(&payment.reference);
        let found = desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!((found.state, found.used, found.frozen), (PaymentState::Pending, Use::Suspense, true));
        assert_eq!(desk.account(merchant()).await, 0);
        assert_eq!(status(&desk, &payment).await, TransactionStatus::Pending);
        let suspense = SystemAccount::Suspense { gateway: "played".to_owned() };
        let booked = desk.account_in(&suspense, currency).await;
        assert_eq!(booked, paid);
        // Looked at again, it is not booked again.
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!(desk.account_in(&suspense, currency).await, paid);
        desk.check().await;
    }
}

#[tokio::test]
async fn a_payment_that_the_bank_takes_back_is_taken_back_from_whoever_has_it() {
    let (desk, gateway) = Desk::played().await;
    let (ani, wallet) = desk.person("ani").await;
    let id: TransactionId = desk.id();
    for spent in [false, true] {
        let id = if spent { desk.id() } else { id };
        desk.topup(&ani, id, &wallet, 50_000).await.expect("starts");
        let payment = desk.payment(dermaga_ports::ids::PaymentId(id.0)).await;
        gateway.pay(&payment.reference);
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!(desk.balance(&ani, &wallet).await.0, 50_000);
        if spent {
            let merchant =
                dermaga_domain::payments::MerchantPayment { merchant: "Kopi".into(), payment: rupiah(30_000) };
            desk.app.payments.pay(&ani, desk.id(), wallet.id, merchant).await.expect("pays");
        }
        gateway.happen(&payment.reference, |charge| {
            charge.state = GatewayState::Denied { reason: "reversed by the bank".to_owned() };
        });
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        let found = desk.payment(payment.id).await;
        assert_eq!((found.state, found.frozen), (PaymentState::Reversed, spent));
        let chargebacks = desk.account(SystemAccount::Chargebacks { gateway: "played".to_owned() }).await;
        let expected = if spent { (20_000, -50_000) } else { (0, 0) };
        assert_eq!((desk.balance(&ani, &wallet).await.0, chargebacks), expected);
        desk.check().await;
    }
}

#[tokio::test]
async fn a_lost_dispute_costs_the_merchant_once() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let payment = buy(&desk, &ani, 50_000, by("qris")).await;
    gateway.pay(&payment.reference);
    desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    for state in [DisputeProgress::Open, DisputeProgress::UnderReview, DisputeProgress::Lost, DisputeProgress::Lost] {
        let dispute = SeenDispute { id: "d-1".to_owned(), amount: 20_000, state };
        gateway.happen(&payment.reference, |charge| charge.disputes = vec![dispute]);
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    }
    let found = desk.payment(payment.id).await;
    assert_eq!((found.sums.charged_back, found.frozen), (20_000, false));
    assert_eq!((desk.account(merchant()).await, desk.account(cash()).await), (30_000, -30_000));
    desk.check().await;
}

#[tokio::test]
async fn what_was_lost_on_the_way_is_found_and_charged_once() {
    for trouble in [Trouble::LostBefore, Trouble::LostAfter, Trouble::TryLater] {
        let (desk, gateway) = Desk::played().await;
        let (ani, _) = desk.person("ani").await;
        gateway.trouble(&[trouble]);
        let payment = buy(&desk, &ani, 50_000, by("qris")).await;
        assert_eq!(payment.state, PaymentState::Submitting, "{trouble:?}");
        for _ in 0..5 {
            desk.pass(MINUTE).await;
        }
        assert_eq!(desk.payment(payment.id).await.state, PaymentState::Pending, "{trouble:?}");
        let charges = gateway.charges();
        assert_eq!((charges.len(), charges[&payment.reference].created), (1, 1), "{trouble:?}");
        gateway.pay(&payment.reference);
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!(desk.account(merchant()).await, 50_000);
        desk.check().await;
    }
}

#[tokio::test]
async fn a_card_that_is_authorised_is_captured_or_released() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let card = MethodChoice { token: Some(CardToken("tok-1".to_owned())), authorize_only: true, ..by("credit_card") };
    let without = desk.app.payments.start(
        &ani,
        desk.id(),
        Payable::Purchase(Purchase { merchant: "Kopi".to_owned(), terms: rupiah(1) }),
        by("credit_card"),
    );
    assert_eq!(without.await.expect_err("no token").faults()[0].pointer, "/token");
    for step in [Step::Capture, Step::Cancel] {
        let payment = buy(&desk, &ani, 50_000, card.clone()).await;
        assert_eq!((payment.state, &payment.method.token), (PaymentState::Authorized, &None), "the token is forgotten");
        let refused = desk.app.payments.step(&ani, payment.id, Step::Capture).await.expect_err("not the payer's");
        assert_eq!(refused.code(), Code::PermissionDenied);
        let stepped = desk.app.payments.step(&admin, payment.id, step).await.expect("steps");
        let expected = if step == Step::Capture { PaymentState::Paid } else { PaymentState::Cancelled };
        assert_eq!(stepped.state, expected);
        let again = desk.app.payments.step(&admin, payment.id, Step::Capture).await.expect_err("is over");
        assert_eq!(again.code(), Code::IllegalTransition);
    }
    assert_eq!(desk.account(merchant()).await, 50_000);
    // Captured and not settled yet: a cancellation voids it, and the merchant gives it back.
    let paid = gateway.charges().into_iter().find(|(_, charge)| charge.was_paid()).expect("one was paid").0;
    gateway.happen(&paid, |charge| charge.state = GatewayState::Cancelled);
    let all =
        desk.app.payments.payments(&admin, Default::default(), dermaga_ports::paging::PageRequest::first(10)).await;
    let payment = all.expect("lists").items.into_iter().find(|payment| payment.reference == paid).expect("is there");
    desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    assert_eq!(desk.payment(payment.id).await.state, PaymentState::Voided);
    assert_eq!((desk.account(merchant()).await, desk.account(cash()).await), (0, 0));
    desk.check().await;
}

#[tokio::test]
async fn a_review_is_decided_by_staff() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    for (step, expected) in [(Step::Approve, PaymentState::Paid), (Step::Deny, PaymentState::Failed)] {
        let payment = buy(&desk, &ani, 10_000, by("qris")).await;
        gateway.happen(&payment.reference, |charge| charge.state = GatewayState::Review);
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!(desk.payment(payment.id).await.state, PaymentState::Review);
        assert_eq!(desk.app.payments.step(&admin, payment.id, step).await.expect("steps").state, expected);
    }
    assert_eq!(desk.account(merchant()).await, 10_000);
    desk.check().await;
}

#[tokio::test]
async fn a_manual_transfer_is_said_reviewed_and_accepted() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let payment = buy(&desk, &ani, 10_000, by("manual_transfer")).await;
    let early = desk.app.payments.accept(&admin, payment.id).await.expect_err("nobody has said that it was paid");
    assert_eq!(early.code(), Code::IllegalTransition);
    assert_eq!(desk.app.payments.confirm(&ani, payment.id).await.expect("says so").state, PaymentState::Review);
    let approved = desk.app.payments.step(&admin, payment.id, Step::Approve).await.expect_err("no gateway reviews it");
    assert_eq!(approved.code(), Code::IllegalTransition);
    let cure = format!("POST /payments/{}/confirm", payment.id);
    assert!(approved.detail().contains(&cure), "{approved:?}");
    let own = desk.app.payments.accept(&ani, payment.id).await.expect_err("not one's own");
    assert_eq!(own.code(), Code::PermissionDenied);
    desk.pass(Duration::from_secs(3_600)).await;
    assert_eq!(desk.payment(payment.id).await.state, PaymentState::Review, "a review has no deadline");
    assert_eq!(desk.app.payments.accept(&admin, payment.id).await.expect("accepts").state, PaymentState::Paid);
    desk.app.payments.accept(&admin, payment.id).await.expect("again changes nothing");
    let code = payment.method.code.expect("a code");
    assert_eq!(desk.account(SystemAccount::GatewayCash { gateway: "manual".to_owned() }).await, -10_000 - code);
    assert_eq!(desk.account(merchant()).await, 10_000, "the code is the payer's");
    // What a gateway has to say is never accepted by hand.
    let other = buy(&desk, &ani, 10_000, by("qris")).await;
    assert_eq!(desk.app.payments.accept(&admin, other.id).await.expect_err("refused").code(), Code::IllegalTransition);
    // And one that nobody said anything about ends with its time.
    let silent = buy(&desk, &ani, 10_000, by("manual_transfer")).await;
    desk.pass(Duration::from_secs(20 * 60)).await;
    assert_eq!(desk.payment(silent.id).await.state, PaymentState::Expired);
    let late = desk.app.payments.confirm(&ani, other.id).await.expect_err("too late");
    assert_eq!(late.code(), Code::PaymentWindowClosed);
    desk.check().await;
}

#[tokio::test]
async fn somebody_elses_payment_is_not_there() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (budi, _) = desk.person("budi").await;
    let payment = buy(&desk, &ani, 10_000, by("qris")).await;
    let codes = [
        desk.app.payments.payment(&budi, payment.id).await.expect_err("hidden").code(),
        desk.app.payments.confirm(&budi, payment.id).await.expect_err("hidden").code(),
        desk.app.payments.step(&budi, payment.id, Step::Cancel).await.expect_err("hidden").code(),
    ];
    assert_eq!(codes, [Code::PaymentNotFound; 3]);
    let theirs = Payable::Transaction(payment.transaction);
    let error = desk.app.payments.start(&budi, desk.id(), theirs, by("qris")).await.expect_err("hidden");
    assert_eq!(error.code(), Code::TransactionNotFound);
    assert_eq!(desk.app.payments.payments_of(&budi, payment.transaction).await.expect("lists").len(), 0);
}

#[tokio::test]
async fn what_is_authorised_is_taken_whole() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let card = MethodChoice { token: Some(CardToken("tok-1".to_owned())), authorize_only: true, ..by("credit_card") };
    let held = buy(&desk, &ani, 50_000, card).await;
    assert_eq!(held.state, PaymentState::Authorized);
    for part in [1, 49_999, 50_001] {
        let refused = desk.app.payments.capture(&admin, held.id, Some(part)).await.expect_err("not the whole");
        assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), (Code::Invalid, "/amount"), "{part}");
        assert!(refused.faults()[0].detail.contains("50000"), "{refused:?}");
    }
    assert_eq!(gateway.charges()[&held.reference].state, GatewayState::Authorized, "nobody was asked");
    let own = desk.app.payments.capture(&ani, held.id, Some(1)).await.expect_err("not one's own");
    assert_eq!(own.code(), Code::PermissionDenied);
    let nowhere = desk.app.payments.capture(&admin, desk.id(), Some(1)).await.expect_err("is not there");
    assert_eq!(nowhere.code(), Code::PaymentNotFound);
    let taken = desk.app.payments.capture(&admin, held.id, Some(50_000)).await.expect("all of it");
    assert_eq!((taken.state, taken.sums.captured), (PaymentState::Paid, 50_000));
    desk.check().await;
}
