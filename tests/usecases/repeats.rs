//! Requests that come again, at once or after a crash.

use std::time::Duration;

use dermaga_domain::{
    Code,
    idempotency::{Attempt, Claim, Idempotency},
    ledger::{NewTransaction, Party, StatusChange, TransferOrder},
};
use dermaga_ports::{
    auth::Role,
    idempotency::KeyScope,
    ids::{TransactionId, TransferId},
    ledger::{TransactionKind, TransactionStatus, Wallet},
};

use crate::desk::{Desk, rupiah, settling, user};

/// The claim of a request that has to be done.
async fn claimed(keys: &Idempotency, scope: &KeyScope, content: &str) -> Claim {
    match keys.claim(scope, content).await {
        Ok(Attempt::Run(claim)) => claim,
        Ok(Attempt::Replay { status, .. }) => panic!("answered before with {status}"),
        Err(refused) => panic!("{refused}"),
    }
}

async fn refusal(keys: &Idempotency, scope: &KeyScope, content: &str) -> Code {
    match keys.claim(scope, content).await {
        Err(refused) => refused.code(),
        Ok(_) => panic!("not refused"),
    }
}

async fn is_answered(keys: &Idempotency, scope: &KeyScope, expected: &str) {
    match keys.claim(scope, "body").await {
        Ok(Attempt::Replay { status: 201, body }) => assert_eq!(body, expected),
        _ => panic!("it was answered"),
    }
}

#[tokio::test]
async fn a_claim_is_made_once_and_its_seed_survives_the_process() {
    let desk = Desk::with(settling()).await;
    let keys = &desk.app.idempotency;
    let scope = keys.scope(None, "transfer", "key").expect("a legal key");
    let first = claimed(keys, &scope, "body").await;
    assert_eq!(refusal(keys, &scope, "body").await, Code::IdempotencyInProgress);
    assert_eq!(refusal(keys, &scope, "other").await, Code::IdempotencyKeyReused);
    // The first process has died: its lease runs out, and the next one gets the same seed.
    desk.clock.advance(Duration::from_secs(61));
    let second = claimed(keys, &scope, "body").await;
    assert_eq!(second.seed(), first.seed());
    // It had only been slow. Whoever runs in its place has the word, until there is an answer.
    first.release().await.expect("goes without a trace");
    assert_eq!(refusal(keys, &scope, "body").await, Code::IdempotencyInProgress);
    let seed = second.seed();
    second.answer(201, "{}".to_owned()).await.expect("kept");
    is_answered(keys, &scope, "{}").await;
    // After a day it is a new key.
    desk.clock.advance(Duration::from_secs(25 * 60 * 60));
    assert_eq!(keys.tidy().await, Ok(1));
    assert_ne!(claimed(keys, &scope, "body").await.seed(), seed);
}

#[tokio::test]
async fn a_claim_that_is_let_go_of_is_given_back_and_overwrites_no_answer() {
    let desk = Desk::with(settling()).await;
    let keys = &desk.app.idempotency;
    let scope = keys.scope(None, "transfer", "key").expect("a legal key");
    let first = claimed(keys, &scope, "body").await;
    let seed = first.seed();
    drop(first);
    assert_eq!(refusal(keys, &scope, "body").await, Code::IdempotencyInProgress);
    assert_eq!(keys.catch_up().await, Ok(1));
    let second = claimed(keys, &scope, "body").await;
    assert_eq!((second.seed(), keys.catch_up().await), (seed, Ok(0)));
    // It takes so long that another one runs in its place, and answers.
    desk.clock.advance(Duration::from_secs(61));
    claimed(keys, &scope, "body").await.answer(201, "third".to_owned()).await.expect("kept");
    drop(second);
    assert_eq!(keys.catch_up().await, Ok(1));
    is_answered(keys, &scope, "third").await;
}

fn order(id: TransactionId, from: &Wallet, to: Party, terms: NewTransaction) -> TransferOrder {
    TransferOrder { id: id.into(), from: from.id, to, terms }
}

#[tokio::test]
async fn a_transfer_that_comes_again_moves_money_once() {
    let desk = Desk::with(settling()).await;
    let (ani, from) = desk.person("ani").await;
    let (budi, to) = desk.person("budi").await;
    desk.topup(&ani, desk.id(), &from, 500).await.expect("settles");
    let id: TransactionId = desk.id();
    let party = Party::User(user(&budi));
    let first = desk.app.transactions.transfer(&ani, order(id, &from, party, rupiah(200))).await.expect("moves");
    desk.topup(&ani, desk.id(), &from, 1).await.expect("settles");
    let again = desk.app.transactions.transfer(&ani, order(id, &from, party, rupiah(200))).await.expect("moved before");
    assert_eq!(first, again, "the first answer, with the balance of then");
    let other = desk.app.transactions.transfer(&ani, order(id, &from, party, rupiah(201))).await;
    assert_eq!(other.expect_err("refused").code(), Code::TransferConflict);
    assert_eq!(desk.balance(&budi, &to).await, (200, 200));
    desk.check().await;
}

#[tokio::test]
async fn a_wish_that_is_fulfilled_already_is_not_announced_again() {
    let desk = Desk::with(settling()).await;
    let (ani, from) = desk.person("ani").await;
    let (budi, _) = desk.person("budi").await;
    desk.topup(&ani, desk.id(), &from, 500).await.expect("settles");
    let id: TransactionId = desk.id();
    desk.app.transactions.start_transfer(&ani, id, user(&ani), user(&budi), rupiah(200)).await.expect("reserves");
    for change in [
        StatusChange { status: None, description: Some("rent".to_owned()) },
        StatusChange::default(),
        StatusChange { status: Some(TransactionStatus::Completed), description: None },
        StatusChange { status: Some(TransactionStatus::Completed), description: None },
    ] {
        desk.app.transactions.change(&ani, id, change).await.expect("is fulfilled");
    }
    let sql = format!("SELECT topic FROM outbox WHERE subject = 'transaction:{id}' ORDER BY id");
    assert_eq!(
        desk.database.texts(&sql).await,
        ["transaction.pending", "transaction.described", "transaction.completed"]
    );
}

#[tokio::test]
async fn a_refund_that_comes_again_gives_back_once() {
    let desk = Desk::with(settling()).await;
    let (ani, from) = desk.person("ani").await;
    let (budi, _) = desk.person("budi").await;
    let (admin, _) = desk.person_of("boss", Role::Admin).await;
    desk.topup(&ani, desk.id(), &from, 500).await.expect("settles");
    let id: TransactionId = desk.id();
    let party = Party::User(user(&budi));
    desk.app.transactions.transfer(&ani, order(id, &from, party, rupiah(200))).await.expect("moves");
    let refund: TransferId = desk.id();
    for _ in 0..2 {
        let refunded = desk.app.transactions.refund(&admin, refund, id, Some(50), "broken").await.expect("gives back");
        assert_eq!((refunded.refunded, refunded.status), (50, TransactionStatus::PartiallyRefunded));
    }
    // Also when the whole is given back, whose second attempt finds nothing left.
    let rest: TransferId = desk.id();
    for _ in 0..2 {
        let refunded = desk.app.transactions.refund(&admin, rest, id, None, "all of it").await.expect("gives back");
        assert_eq!((refunded.refunded, refunded.status), (200, TransactionStatus::Refunded));
    }
    assert_eq!(desk.balance(&ani, &from).await, (500, 500));
    desk.check().await;
}

#[tokio::test]
async fn a_reference_moves_money_once_even_from_many_callers() {
    let desk = std::sync::Arc::new(Desk::with(settling()).await);
    let (ani, wallet) = desk.person("ani").await;
    let service = dermaga_ports::auth::Principal::Service { name: "orders".to_owned() };
    let attempts = (0..8).map(|_| {
        let (desk, service, ani) = (desk.clone(), service.clone(), ani.clone());
        tokio::spawn(async move {
            let new = NewTransaction { reference: Some("order-7".to_owned()), ..rupiah(70) };
            let (id, party) = (desk.id(), Party::User(user(&ani)));
            desk.app.transactions.adjust(&service, id, TransactionKind::Credit, party, new).await
        })
    });
    let answers = futures::future::join_all(attempts).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("no panic").expect("credited")).collect();
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(desk.balance(&ani, &wallet).await, (70, 70));
    desk.check().await;
}
