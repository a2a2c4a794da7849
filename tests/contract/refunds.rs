//! Money that goes back, and disputes about it.

use dermaga_ports::{
    StoreError, Unique,
    ids::{PaymentId, RefundId},
    payments::{Dispute, DisputeProgress, Payment, Refund, RefundState},
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{
    commit,
    fixtures::*,
    payments::{add, attempt, found, purchases},
};

/// The n-th refund, of that attempt.
fn refund(n: u32, of: u32) -> Refund {
    let payment = attempt(of, 1, 1);
    Refund::requested(RefundId(id(n)), &payment, idr(100), "out of stock", at(i64::from(n)))
}

async fn two_payments(database: &Database) {
    purchases(database, 1, 1, 1).await;
    for n in 1..=2 {
        add(database, &attempt(n, 1, 1)).await;
    }
}

async fn of(database: &Database, payment: u32) -> Vec<Refund> {
    database.store.payments().refunds(PaymentId(id(payment))).await.expect("reads")
}

pub async fn every_state_reads_back(database: &Database) {
    two_payments(database).await;
    let mut all = Vec::new();
    for (n, state) in (1..).zip(RefundState::ALL) {
        let refund = Refund {
            state,
            failure: (n % 2 == 0).then(|| "the bank said 'no'".to_owned()),
            external: n == 3,
            next_check_at: (n < 3).then(|| at(50)),
            checks: n,
            amount: idr(9_007_199_254_740_991),
            reason: "Ümit\n".to_owned(),
            ..refund(n, 1)
        };
        commit!(database, |unit| unit.refunds().add(&refund));
        assert_eq!(database.store.payments().refund(refund.id).await, Ok(Some(refund.clone())));
        let mut unit = begin(database).await;
        assert_eq!(unit.refunds().find(refund.id).await, Ok(Some(refund.clone())));
        all.push(refund);
    }
    assert_eq!(of(database, 1).await, all, "oldest first");
    assert_eq!(of(database, 2).await, []);
    let mut unit = begin(database).await;
    assert_eq!(unit.refunds().of_payment(PaymentId(id(1))).await, Ok(all));
    assert_eq!(unit.refunds().find(RefundId(id(9))).await, Ok(None));
    assert_eq!(database.store.payments().refund(RefundId(id(9))).await, Ok(None));
}

pub async fn a_key_is_one_refund_of_its_payment(database: &Database) {
    two_payments(database).await;
    commit!(database, |unit| unit.refunds().add(&refund(1, 1)));
    let mut unit = begin(database).await;
    assert_eq!(unit.refunds().add(&refund(1, 1)).await, Err(StoreError::Conflict(Unique::Id)));
    let same_key = Refund { key: refund(1, 1).key, ..refund(2, 1) };
    assert_eq!(unit.refunds().add(&same_key).await, Err(StoreError::Conflict(Unique::Reference)));
    // The unit of work goes on; another payment has keys of its own.
    let other = Refund { payment: PaymentId(id(2)), ..same_key };
    unit.refunds().add(&other).await.expect("another payment");
    unit.commit().await.expect("commits");
    assert_eq!((of(database, 1).await, of(database, 2).await), (vec![refund(1, 1)], vec![other]));
}

pub async fn a_save_writes_what_may_change(database: &Database) {
    two_payments(database).await;
    commit!(database, |unit| unit.refunds().add(&refund(1, 1)));
    commit!(database, |unit| unit.refunds().add(&refund(2, 1)));
    let after = Refund {
        state: RefundState::Failed,
        failure: Some("declined".to_owned()),
        next_check_at: None,
        checks: 5,
        updated_at: at(90),
        ..refund(1, 1)
    };
    // Amount, reason and key are what was asked for, for ever.
    let tried = Refund { amount: idr(1), reason: "other".to_owned(), key: "other".to_owned(), ..after.clone() };
    commit!(database, |unit| unit.refunds().save(&tried));
    assert_eq!(of(database, 1).await, [after, refund(2, 1)]);
}

pub async fn what_is_due_is_claimed_once_and_not_before(database: &Database) {
    two_payments(database).await;
    for (n, next_check_at) in [(1, Some(at(30))), (2, Some(at(10))), (3, None)] {
        commit!(database, |unit| unit.refunds().add(&Refund { next_check_at, ..refund(n, 1) }));
    }
    let claim = async |now: i64, limit: u32| -> Vec<RefundId> {
        let claimed = commit!(database, |unit| unit.refunds().claim_due(at(now), at(now + 60), limit));
        claimed.into_iter().map(|refund| refund.id).collect()
    };
    assert_eq!(claim(9, 10).await, []);
    assert_eq!(claim(40, 1).await, [RefundId(id(2))], "longest due first");
    assert_eq!(claim(40, 10).await, [RefundId(id(1))]);
    assert_eq!(claim(99, 10).await, []);
    assert_eq!(claim(100, 10).await.len(), 2, "after a while they are somebody else's");
}

pub async fn a_dispute_is_put_twice_and_is_one(database: &Database) {
    two_payments(database).await;
    let dispute = |payment: u32, id_: &str, amount: i64, state: DisputeProgress| Dispute {
        payment: PaymentId(id(payment)),
        id: id_.to_owned(),
        amount: idr(amount),
        state,
        created_at: at(1),
        updated_at: at(2),
    };
    for (n, state) in (1..).zip(DisputeProgress::ALL) {
        commit!(database, |unit| unit.refunds().put_dispute(&dispute(1, &format!("ds-{n}"), n, state)));
    }
    commit!(database, |unit| unit.refunds().put_dispute(&dispute(2, "ds-1", 0, DisputeProgress::Open)));
    let later = Dispute { created_at: at(70), updated_at: at(80), ..dispute(1, "ds-1", 99, DisputeProgress::Lost) };
    commit!(database, |unit| unit.refunds().put_dispute(&later));
    let expected = [
        Dispute { created_at: at(1), ..later },
        dispute(1, "ds-2", 2, DisputeProgress::UnderReview),
        dispute(1, "ds-3", 3, DisputeProgress::Won),
        dispute(1, "ds-4", 4, DisputeProgress::Lost),
    ];
    assert_eq!(database.store.payments().disputes(PaymentId(id(1))).await, Ok(expected.to_vec()));
    let mut unit = begin(database).await;
    assert_eq!(unit.refunds().disputes(PaymentId(id(1))).await, Ok(expected.to_vec()));
    let of_the_other = unit.refunds().disputes(PaymentId(id(2))).await.expect("reads");
    assert_eq!(of_the_other, [dispute(2, "ds-1", 0, DisputeProgress::Open)]);
}

pub async fn impossible_refunds_are_refused_without_the_rules(database: &Database) {
    two_payments(database).await;
    commit!(database, |unit| unit.refunds().add(&refund(1, 1)));
    for impossible in ["amount = 0", "amount = -1", "state = 'LOST'", "checks = -1", "key = NULL"] {
        database.execute(&format!("UPDATE payment_refunds SET {impossible}")).await.expect_err(impossible);
    }
    database.execute("DELETE FROM payments").await.expect_err("a payment with a refund stays");
    assert_eq!(of(database, 1).await, [refund(1, 1)]);
    assert_eq!(found(database, 1).await, Some(Payment { ..attempt(1, 1, 1) }));
    assert_eq!(database.execute("UPDATE payment_refunds SET currency = 'XXX'").await, Ok(1));
    let read = database.store.payments().refund(RefundId(id(1))).await;
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
}
