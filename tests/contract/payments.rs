//! Attempts to pay: what is kept of them, who may change them, and who looks after which.

use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    ids::{PaymentId, TransactionId, UserId},
    ledger::Transaction,
    paging::PageRequest,
    payments::{CardToken, Method, MethodKind, PayAction, Payment, PaymentFilter, PaymentState, Sums, Use},
    store::Store as _,
};
use dermaga_tests::databases::Database;

use crate::{commit, fixtures::*};

/// A user with a wallet and so many purchases, which have the ids from `first` on.
pub async fn purchases(database: &Database, owner: u32, first: u32, count: u32) {
    let (_, wallet) = add_customer(database, owner).await;
    let mut unit = begin(database).await;
    for n in first..first + count {
        unit.transactions()
            .add(&Transaction { id: TransactionId(id(n)), ..payment(n, &wallet, 500) })
            .await
            .expect("adds");
    }
    unit.commit().await.expect("commits");
}

/// The n-th attempt, to fund that purchase of that user; as plain as it gets.
pub fn attempt(n: u32, owner: u32, purchase: u32) -> Payment {
    Payment {
        id: PaymentId(id(n)),
        transaction: TransactionId(id(purchase)),
        user: UserId(id(owner)),
        gateway: "midtrans".to_owned(),
        reference: format!("DMG-{n}"),
        provider_id: None,
        amount: idr(500),
        method: Method::plain(MethodKind::Qris),
        state: PaymentState::Created,
        used: Use::Nothing,
        sums: Sums::default(),
        settled: false,
        late: false,
        reason: None,
        frozen: false,
        action: None,
        description: None,
        idempotency_key: format!("key {n}"),
        sent_at: None,
        expires_at: at(1_000),
        verified_at: None,
        next_check_at: None,
        checks: 0,
        raw: None,
        created_at: at(1),
        updated_at: at(2),
        revision: 0,
    }
}

pub async fn add(database: &Database, payment: &Payment) {
    commit!(database, |unit| unit.payments().add(payment));
}

pub async fn found(database: &Database, n: u32) -> Option<Payment> {
    database.store.payments().payment(PaymentId(id(n))).await.expect("reads")
}

/// The same attempt with something in everything that can change.
fn changed(before: &Payment, state: PaymentState, used: Use) -> Payment {
    Payment {
        provider_id: Some("57d5293c-e65f".to_owned()),
        state,
        used,
        sums: Sums { captured: 9_007_199_254_740_991, refunded: 2, refund_pending: 3, charged_back: 4, credited: 5 },
        settled: true,
        late: true,
        reason: Some("the gateway says \"on hold\"\n'Ümit'".to_owned()),
        frozen: true,
        action: Some(PayAction::VirtualAccount { bank: "bca".to_owned(), number: "812785002530231".to_owned() }),
        idempotency_key: "another".to_owned(),
        sent_at: Some(at(11)),
        expires_at: at(12),
        verified_at: Some(at(13)),
        next_check_at: Some(at(14)),
        checks: 15,
        raw: Some("{\"masked\": true}".to_owned()),
        updated_at: at(16),
        ..before.clone()
    }
}

pub async fn every_field_reads_back(database: &Database) {
    purchases(database, 1, 1, 1).await;
    let actions = [
        PayAction::Bill { biller_code: "70012".to_owned(), bill_key: "99".to_owned() },
        PayAction::Qr { qr: Some("000201".to_owned()), image: None },
        PayAction::Open { url: "https://pay.example/?a=b&c=ü".to_owned() },
        PayAction::CounterCode { store: "indomaret".to_owned(), code: "1".to_owned() },
        PayAction::TransferAndConfirm { account: "BCA 123".to_owned() },
    ];
    let mut n = 0;
    for (kind, state) in MethodKind::ALL.into_iter().zip(PaymentState::ALL.into_iter().cycle()) {
        n += 1;
        let method = Method {
            kind,
            bank: Some("bca".to_owned()),
            store: Some("indomaret".to_owned()),
            token: Some(CardToken("481111-1114-secret".to_owned())),
            wallet: Some(dermaga_ports::ids::WalletId(id(77))),
            authorize_only: n % 2 == 0,
            code: (n % 3 == 0).then_some(123),
        };
        let plain = Payment { method, description: Some("Kopi & Ümit".to_owned()), ..attempt(n, 1, 1) };
        // Only one may have funded the purchase.
        let used = [Use::Nothing, Use::Surplus, Use::Suspense][n as usize % 3];
        let full = Payment {
            action: actions.get(n as usize).cloned(),
            revision: u64::from(n) + 4_294_967_296,
            ..changed(&plain, state, used)
        };
        add(database, &full).await;
        assert_eq!(found(database, n).await, Some(full.clone()));
        let mut unit = begin(database).await;
        assert_eq!(unit.payments().find(full.id).await, Ok(Some(full)));
    }
    add(database, &attempt(30, 1, 1)).await;
    assert_eq!(found(database, 30).await, Some(attempt(30, 1, 1)), "without anything that may be missing");
    assert_eq!(found(database, 40).await, None);
    let mut unit = begin(database).await;
    assert_eq!(unit.payments().find(PaymentId(id(40))).await, Ok(None));
    let of = unit.payments().of_transaction(TransactionId(id(1))).await.expect("reads");
    let ids: Vec<PaymentId> = of.iter().map(|payment| payment.id).collect();
    let all: Vec<PaymentId> = (1..=n).chain([30]).map(|n| PaymentId(id(n))).collect();
    assert_eq!(ids, all, "in the order of their ids");
    assert_eq!(unit.payments().of_transaction(TransactionId(id(9))).await, Ok(vec![]));
}

pub async fn ids_and_references_are_unique(database: &Database) {
    purchases(database, 1, 1, 1).await;
    add(database, &attempt(1, 1, 1)).await;
    let mut unit = begin(database).await;
    assert_eq!(unit.payments().add(&attempt(1, 1, 1)).await, Err(StoreError::Conflict(Unique::Id)));
    let taken = Payment { reference: "DMG-1".to_owned(), ..attempt(2, 1, 1) };
    assert_eq!(unit.payments().add(&taken).await, Err(StoreError::Conflict(Unique::Reference)));
    // The unit of work goes on; another gateway has references of its own.
    let elsewhere = Payment { gateway: "xendit".to_owned(), ..taken };
    unit.payments().add(&elsewhere).await.expect("another gateway");
    unit.commit().await.expect("commits");
    assert_eq!(found(database, 1).await, Some(attempt(1, 1, 1)), "nothing was written over");
    assert_eq!(found(database, 2).await, Some(elsewhere));
}

pub async fn a_save_writes_what_may_change_and_counts(database: &Database) {
    purchases(database, 1, 1, 1).await;
    let before = Payment {
        method: Method { token: Some(CardToken("once".to_owned())), ..Method::plain(MethodKind::CreditCard) },
        ..attempt(1, 1, 1)
    };
    add(database, &before).await;
    let mut after = changed(&before, PaymentState::Paid, Use::Funding);
    after.method.token = None;
    commit!(database, |unit| unit.payments().save(&after));
    after.revision = 1;
    assert_eq!(found(database, 1).await, Some(after));
}

pub async fn a_save_of_what_was_changed_in_between_is_refused(database: &Database) {
    purchases(database, 1, 1, 1).await;
    let read = attempt(1, 1, 1);
    add(database, &read).await;
    commit!(database, |unit| unit.payments().save(&read));
    let stale = Payment { state: PaymentState::Paid, ..read.clone() };
    let mut unit = begin(database).await;
    assert_eq!(unit.payments().save(&stale).await, Err(StoreError::Stale(Entity::Payment)));
    drop(unit);
    let mut unit = begin(database).await;
    let unknown = attempt(2, 1, 1);
    assert_eq!(unit.payments().save(&unknown).await, Err(StoreError::Stale(Entity::Payment)));
    drop(unit);
    assert_eq!(found(database, 1).await, Some(Payment { revision: 1, ..read }));
}

pub async fn a_found_payment_is_locked(database: &Database) {
    purchases(database, 1, 1, 1).await;
    let before = attempt(1, 1, 1);
    add(database, &before).await;
    let after = Payment { state: PaymentState::Pending, ..before.clone() };
    let seen = Payment { revision: 1, ..after.clone() };
    for by_transaction in [false, true] {
        let mut unit = begin(database).await;
        let found = unit.payments().find(before.id).await.expect("finds").expect("is there");
        let second = must_wait(database, move |store| async move {
            let mut unit = store.begin().await.expect("begins");
            if by_transaction {
                unit.payments().of_transaction(TransactionId(id(1))).await.expect("finds").remove(0)
            } else {
                unit.payments().find(PaymentId(id(1))).await.expect("finds").expect("is there")
            }
        })
        .await;
        unit.payments().save(&Payment { revision: found.revision, ..after.clone() }).await.expect("saves");
        unit.commit().await.expect("commits");
        let revision = seen.revision + u64::from(by_transaction);
        assert_eq!(second.await.expect("ends"), Payment { revision, ..seen.clone() });
    }
}

pub async fn at_most_one_attempt_funds_a_transaction(database: &Database) {
    purchases(database, 1, 1, 2).await;
    let funding = |n, purchase| Payment { used: Use::Funding, ..attempt(n, 1, purchase) };
    add(database, &funding(1, 1)).await;
    add(database, &attempt(2, 1, 1)).await;
    let mut unit = begin(database).await;
    let second = unit.payments().save(&funding(2, 1)).await;
    assert!(matches!(second, Err(StoreError::Corrupt(_))), "{second:?}");
    drop(unit);
    assert_eq!(found(database, 2).await, Some(attempt(2, 1, 1)));
    add(database, &funding(3, 2)).await;
    commit!(database, |unit| unit.payments().save(&Payment { used: Use::Surplus, ..attempt(2, 1, 1) }));
}

async fn listed(database: &Database, filter: &PaymentFilter) -> Vec<u32> {
    let found = crate::all_pages!(2, |page| database.store.payments().payments(filter, page));
    let number = |payment: &Payment| (1..=20).find(|n| payment.id.0 == id(*n)).expect("a known id");
    found.iter().map(number).collect()
}

pub async fn lists_are_newest_first_and_filtered(database: &Database) {
    purchases(database, 1, 1, 2).await;
    purchases(database, 2, 3, 1).await;
    for n in 1..=6 {
        let (owner, purchase) = if n % 2 == 0 { (2, 3) } else { (1, 1 + n % 3 % 2) };
        let gateway = if n > 4 { "xendit" } else { "midtrans" }.to_owned();
        let state = if n < 3 { PaymentState::Paid } else { PaymentState::Pending };
        add(database, &Payment { gateway, state, frozen: n == 3, ..attempt(n, owner, purchase) }).await;
    }
    let all = PaymentFilter::default();
    let only = |change: fn(&mut PaymentFilter)| {
        let mut filter = PaymentFilter::default();
        change(&mut filter);
        filter
    };
    assert_eq!(listed(database, &all).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(listed(database, &only(|filter| filter.user = Some(UserId(id(2))))).await, [6, 4, 2]);
    assert_eq!(listed(database, &only(|filter| filter.transaction = Some(TransactionId(id(2))))).await, [1]);
    assert_eq!(listed(database, &only(|filter| filter.gateway = Some("xendit".to_owned()))).await, [6, 5]);
    assert_eq!(listed(database, &only(|filter| filter.gateway = Some("x\0".to_owned()))).await, [0; 0]);
    assert_eq!(listed(database, &only(|filter| filter.state = Some(PaymentState::Paid))).await, [2, 1]);
    assert_eq!(listed(database, &only(|filter| filter.frozen = Some(true))).await, [3]);
    assert_eq!(listed(database, &only(|filter| filter.frozen = Some(false))).await, [6, 5, 4, 2, 1]);
    let both = PaymentFilter { user: Some(UserId(id(1))), state: Some(PaymentState::Pending), ..all.clone() };
    assert_eq!(listed(database, &both).await, [5, 3], "everything that is given must match");
    let page = database.store.payments().payments(&all, PageRequest::new(Some(PaymentId(id(5))), 2)).await;
    assert_eq!(page.expect("reads").next, Some(PaymentId(id(3))));
}

pub async fn impossible_payments_are_refused_without_the_rules(database: &Database) {
    purchases(database, 1, 1, 1).await;
    add(database, &attempt(1, 1, 1)).await;
    for impossible in [
        "captured = -1",
        "refunded = -1",
        "refund_pending = -1",
        "charged_back = -1",
        "amount = 0",
        "state = 'LOST'",
        "used = 'twice'",
        "checks = -1",
        "reference = NULL",
        "expires_at = NULL",
    ] {
        database.execute(&format!("UPDATE payments SET {impossible}")).await.expect_err(impossible);
    }
    assert_eq!(found(database, 1).await, Some(attempt(1, 1, 1)));
    // Nor by the store itself.
    let below = Payment { sums: Sums { refund_pending: -1, ..Sums::default() }, ..attempt(1, 1, 1) };
    let mut unit = begin(database).await;
    let saved = unit.payments().save(&below).await;
    assert!(matches!(saved, Err(StoreError::Corrupt(_))), "{saved:?}");
}

pub async fn a_payment_that_cannot_be_is_corrupt(database: &Database) {
    purchases(database, 1, 1, 1).await;
    add(database, &attempt(1, 1, 1)).await;
    for (wrong, right) in [("method = 'barter'", "method = 'qris'"), ("currency = 'XXX'", "currency = 'IDR'")] {
        assert_eq!(database.execute(&format!("UPDATE payments SET {wrong}")).await, Ok(1));
        let read = database.store.payments().payment(PaymentId(id(1))).await;
        assert!(matches!(read, Err(StoreError::Corrupt(_))), "{wrong}: {read:?}");
        let listed = database.store.payments().payments(&PaymentFilter::default(), PageRequest::first(10)).await;
        assert!(matches!(listed, Err(StoreError::Corrupt(_))), "{wrong}: {listed:?}");
        assert_eq!(database.execute(&format!("UPDATE payments SET {right}")).await, Ok(1));
    }
    assert_eq!(found(database, 1).await, Some(attempt(1, 1, 1)));
}
