//! Manual transfers: amounts that nobody else transfers, and what payers show.

use dermaga_ports::{
    ids::PaymentId,
    money::{Currency, Money},
    payments::{Picture, Proof},
};
use dermaga_tests::databases::Database;

use crate::{
    commit,
    fixtures::*,
    payments::{add, attempt, purchases},
};

pub async fn an_amount_is_one_payments_until_its_time_is_over(database: &Database) {
    let take = |payment: u32, amount: Money, until, now| async move {
        commit!(database, |unit| unit.manual_transfers().take_amount(
            PaymentId(id(payment)),
            amount,
            at(until),
            at(now)
        ))
    };
    assert!(take(1, idr(1_007), 100, 0).await);
    assert!(!take(2, idr(1_007), 500, 99).await);
    assert!(take(2, idr(1_008), 500, 99).await);
    let dollars = Money::new(1_007, Currency::Usd).expect("an amount");
    assert!(take(3, dollars, 500, 99).await, "another currency is another account");
    let mut unit = begin(database).await;
    let taken = |now| (idr(1_000), 999, at(now));
    let (base, most, now) = taken(99);
    let mut found = unit.manual_transfers().taken_amounts(base, most, now).await.expect("reads");
    found.sort_unstable();
    assert_eq!(found, [1_007, 1_008]);
    let (base, most, now) = taken(100);
    assert_eq!(unit.manual_transfers().taken_amounts(base, most, now).await, Ok(vec![1_008]));
    assert_eq!(
        unit.manual_transfers().taken_amounts(idr(1_008), 999, at(0)).await,
        Ok(vec![]),
        "the base itself is none"
    );
    drop(unit);
    assert!(take(2, idr(1_007), 900, 100).await, "it is free again by itself");
}

pub async fn of_two_who_want_one_amount_one_gets_it(database: &Database) {
    let mut unit = begin(database).await;
    let wanted = idr(1_500);
    assert_eq!(unit.manual_transfers().take_amount(PaymentId(id(1)), wanted, at(100), at(0)).await, Ok(true));
    let waiting = must_wait(database, move |store| async move {
        let mut unit = dermaga_ports::store::Store::begin(&store).await.expect("begins");
        unit.manual_transfers().take_amount(PaymentId(id(2)), wanted, at(100), at(0)).await
    })
    .await;
    unit.commit().await.expect("commits");
    assert_eq!(waiting.await.expect("no panic"), Ok(false));
}

pub async fn proofs_read_back_sealed_and_are_replaced(database: &Database) {
    purchases(database, 1, 1, 1).await;
    add(database, &attempt(1, 1, 1)).await;
    let bytes = [&b"\x89PNG\r\n\x1a\n"[..], b"secret pixels"].concat();
    let first = Proof {
        payment: PaymentId(id(1)),
        bank: Some("BCA".to_owned()),
        sender: Some("Ümit Secretname".to_owned()),
        amount: Some(1_007),
        transferred_at: Some(at(7)),
        note: Some("\"quoted\"\nnote".to_owned()),
        picture: Some(Picture { media_type: "image/png", bytes }),
        shown_at: at(9),
    };
    commit!(database, |unit| unit.manual_transfers().show(&first));
    let mut unit = begin(database).await;
    assert_eq!(unit.manual_transfers().proof(PaymentId(id(1))).await, Ok(Some(first.clone())));
    assert_eq!(unit.manual_transfers().proof(PaymentId(id(2))).await, Ok(None));
    drop(unit);
    let kept = database.everything().await;
    for secret in [&b"Secretname"[..], b"secret pixels", b"quoted"] {
        assert!(!kept.windows(secret.len()).any(|part| part == secret), "{secret:?} can be read");
    }
    let second = Proof {
        bank: None,
        sender: None,
        amount: None,
        transferred_at: None,
        note: None,
        picture: None,
        shown_at: at(10),
        ..first
    };
    commit!(database, |unit| unit.manual_transfers().show(&second));
    let mut unit = begin(database).await;
    assert_eq!(unit.manual_transfers().proof(PaymentId(id(1))).await, Ok(Some(second)));
}
