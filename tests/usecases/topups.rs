//! Top-ups when the gateway says no, says nothing, or the process dies before it hears.

use std::time::Duration;

use dermaga_domain::{Code, ledger::Party, payments::Topup};
use dermaga_ports::{
    ids::{PaymentId, TransactionId},
    ledger::TransactionStatus,
    money::MAX_AMOUNT,
    payments::{Capabilities, MethodKind, MockPaymentGateway, Outcome, PaymentState, Refusal, RefusalKind, Snapshot},
};
use dermaga_tests::played::Played;

use crate::{
    desk::{Desk, answering, gateway, paid, rupiah, settling},
    shop::{by, staff},
};

fn unknown() -> Outcome<Snapshot> {
    Outcome::Unknown("no answer in time".to_owned())
}

#[tokio::test]
async fn a_refused_charge_leaves_no_money_and_a_failed_transaction() {
    let refusal = Outcome::Refused(Refusal { kind: RefusalKind::Declined, reason: "the card is blocked".to_owned() });
    let desk = Desk::with(answering(vec![refusal])).await;
    let (ani, wallet) = desk.person("ani").await;
    let id: TransactionId = desk.id();
    let error = desk.topup(&ani, id, &wallet, 500).await.expect_err("refused");
    assert_eq!(error.code(), Code::PaymentRefused);
    assert!(error.detail().contains("the card is blocked"));
    let transaction = desk.app.transactions.transaction(&ani, id).await.expect("is there");
    assert_eq!(transaction.status, TransactionStatus::Failed);
    // Repeated, it is not charged again: the gateway has no second answer.
    assert_eq!(desk.topup(&ani, id, &wallet, 500).await.expect_err("still").code(), Code::PaymentRefused);
    assert_eq!(desk.balance(&ani, &wallet).await, (0, 0));
    desk.check().await;
}

#[tokio::test]
async fn an_unknown_outcome_is_neither_paid_nor_given_up_nor_charged_again() {
    let desk = Desk::with(answering(vec![unknown()])).await;
    let (ani, wallet) = desk.person("ani").await;
    let id: TransactionId = desk.id();
    for _ in 0..2 {
        let movement = desk.topup(&ani, id, &wallet, 500).await.expect("is under way");
        assert_eq!(movement.transaction.status, TransactionStatus::Pending);
    }
    assert_eq!(desk.balance(&ani, &wallet).await, (0, 0));
    // Nobody settles it by hand, least of all its owner.
    let change = dermaga_domain::ledger::StatusChange {
        status: Some(TransactionStatus::Completed),
        ..dermaga_domain::ledger::StatusChange::default()
    };
    let error = desk.app.transactions.change(&ani, id, change).await.expect_err("refused");
    assert_eq!(error.code(), Code::IllegalTransition);
    // And the account cannot be closed over it.
    let error = desk.app.auth.close_account(&ani, crate::desk::user(&ani)).await.expect_err("refused");
    assert_eq!(error.code(), Code::AccountNotEmpty);
    desk.check().await;
}

#[tokio::test]
async fn a_process_that_dies_at_the_gateway_is_carried_on_by_another() {
    // The first process never hears what the gateway did, and the gateway never heard of it.
    let mut dying = gateway();
    dying.expect_create().times(1).returning(|_| panic!("the process dies here"));
    let desk = std::sync::Arc::new(Desk::with(dying).await);
    let (ani, wallet) = desk.person("ani").await;
    let id: TransactionId = desk.id();
    let first = tokio::spawn({
        let (desk, ani, wallet) = (desk.clone(), ani.clone(), wallet.clone());
        async move { desk.topup(&ani, id, &wallet, 500).await }
    });
    assert!(first.await.is_err(), "it died");
    let desk = std::sync::Arc::into_inner(desk).expect("nobody else");
    assert_eq!(desk.payment(PaymentId(id.0)).await.state, PaymentState::Submitting, "stored before the call");

    let second = Played::new("played", desk.clock.clone());
    let desk = desk.restarted(second.clone());
    // Asked for again, it is not sent again: nobody knows yet whether the first one arrived.
    let again = desk.topup(&ani, id, &wallet, 500).await.expect("is under way");
    assert_eq!(again.transaction.status, TransactionStatus::Pending);
    assert!(second.charges().is_empty());
    for _ in 0..6 {
        desk.pass(Duration::from_secs(60)).await;
    }
    let payment = desk.payment(PaymentId(id.0)).await;
    assert_eq!((payment.state, second.charges().len()), (PaymentState::Pending, 1));
    second.pay(&payment.reference);
    desk.pass(Duration::from_secs(601)).await;
    let movement = desk.topup(&ani, id, &wallet, 500).await.expect("has settled");
    assert_eq!((movement.transaction.status, movement.balance), (TransactionStatus::Completed, 500));
    desk.check().await;
}

#[tokio::test]
async fn two_repetitions_at_once_credit_once() {
    let mut once = gateway();
    once.expect_create().times(1).returning(|charge| Outcome::Done(paid(charge)));
    let desk = std::sync::Arc::new(Desk::with(once).await);
    let (ani, wallet) = desk.person("ani").await;
    let id: TransactionId = desk.id();
    let attempts = (0..8).map(|_| {
        let (desk, ani, wallet) = (desk.clone(), ani.clone(), wallet.clone());
        tokio::spawn(async move { desk.topup(&ani, id, &wallet, 500).await })
    });
    for attempt in futures::future::join_all(attempts).await {
        attempt.expect("no panic").expect("settles or is under way");
    }
    assert_eq!(desk.topup(&ani, id, &wallet, 500).await.expect("settled").balance, 500);
    assert_eq!(desk.balance(&ani, &wallet).await, (500, 500));
    desk.check().await;
}

#[tokio::test]
async fn a_repetition_is_answered_whatever_has_become_of_the_wallet_and_the_gateways() {
    let desk = Desk::with(settling()).await;
    let (ani, wallet) = desk.person("ani").await;
    let id: TransactionId = desk.id();
    // There is no room for as much again.
    let first = desk.topup(&ani, id, &wallet, MAX_AMOUNT - 1).await.expect("settles");
    assert_eq!(desk.topup(&ani, id, &wallet, MAX_AMOUNT - 1).await.expect("settled"), first);
    let other: TransactionId = desk.id();
    let refused = desk.topup(&ani, other, &wallet, MAX_AMOUNT - 1).await.expect_err("too much");
    assert_eq!(refused.code(), Code::BalanceLimit);

    let mut renamed = MockPaymentGateway::new();
    renamed.expect_name().return_const("another".to_owned());
    renamed.expect_capabilities().return_const(Capabilities {
        methods: vec![MethodKind::Page],
        banks: vec![],
        unfindable: vec![],
        reviews: false,
    });
    let desk = desk.restarted(renamed);
    assert_eq!(desk.topup(&ani, id, &wallet, MAX_AMOUNT - 1).await.expect("settled"), first);
    desk.check().await;
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused() {
    let desk = Desk::with(settling()).await;
    let (ani, wallet) = desk.person("ani").await;
    let id: TransactionId = desk.id();
    desk.topup(&ani, id, &wallet, 500).await.expect("settles");
    assert_eq!(desk.topup(&ani, id, &wallet, 501).await.expect_err("refused").code(), Code::TransferConflict);
    // Somebody else who guesses the id learns nothing and gets nothing.
    let (budi, other) = desk.person("budi").await;
    assert_eq!(desk.topup(&budi, id, &other, 500).await.expect_err("refused").code(), Code::TransferConflict);
    desk.check().await;
}

#[tokio::test]
async fn of_two_equal_transfers_into_wallets_each_has_an_amount_of_its_own() {
    let (desk, _) = Desk::played().await;
    let admin = staff(&desk, "budi").await;
    let mut announced = Vec::new();
    for name in ["ani", "eka"] {
        let (who, wallet) = desk.person(name).await;
        let id: TransactionId = desk.id();
        let topup = Topup { topup: rupiah(50_000), choice: by("manual_transfer") };
        for _ in 0..2 {
            let same = desk.app.payments.topup(&who, id, Party::Wallet(wallet.id), topup.clone()).await;
            let (movement, payment) = same.expect("starts, and is answered again");
            assert_eq!((movement.transaction.amount.amount(), payment.net()), (50_000, 50_000));
        }
        let payment = desk.payment(PaymentId(id.0)).await;
        assert!((50_001..=50_999).contains(&payment.amount.amount()), "{}", payment.amount);
        desk.app.payments.confirm(&who, payment.id).await.expect("announces");
        announced.push((who, wallet, payment));
    }
    // On the statement is the second one's amount alone.
    let on_the_statement = announced[1].2.amount;
    let found: Vec<_> = announced.iter().filter(|(.., payment)| payment.amount == on_the_statement).collect();
    let [(eka, theirs, payment)] = found[..] else { panic!("one amount names {} payments", found.len()) };
    desk.app.payments.accept(&admin, payment.id).await.expect("accepts");
    assert_eq!(desk.balance(eka, theirs).await.0, on_the_statement.amount(), "the code is the payer's");
    assert_eq!(desk.balance(&announced[0].0, &announced[0].1).await.0, 0);
    desk.check().await;
}
