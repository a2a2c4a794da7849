//! What the ledger port promises.

use std::time::Duration;

use dermaga_ports::{
    audit::{AuditEntry, AuditFilter},
    events::Event,
    ids::{AuditId, EventId, TransactionId, WalletId},
    ledger::{
        Counterparty, Floor, Instruction, NewTransfer, Posting, Purpose, RefusalReason, Transaction, TransactionKind,
        TransactionStatus, Voucher,
    },
    money::{Currency, MAX_AMOUNT},
    paging::PageRequest,
    store::Store,
    system::Clock,
};
use serde_json::json;
use uuid::Uuid;

use crate::world::{CASH, World, account, hold, idr, new, post, transfer};

pub async fn an_answer_carries_the_balances(world: &World) {
    world.fund("ani", 100).await;
    world.fund("budi", 5).await;
    let lines = world.post(post("t1", "ani", "budi", 30)).await.expect("posted");
    assert_eq!((lines[0].transfer.debit_balance, lines[0].transfer.credit_balance), (70, 35));
    assert!(!lines[0].replayed);
    // Later movements do not change the first answer.
    world.post(post("t2", "ani", "budi", 10)).await.expect("posted");
    let again = world.post(post("t1", "ani", "budi", 30)).await.expect("posted before");
    assert_eq!(again[0].transfer, lines[0].transfer);
    assert!(again[0].replayed);
}

pub async fn a_refusal_does_not_hinder_its_neighbours(world: &World) {
    world.fund("ani", 100).await;
    let postings = vec![
        post("t1", "ani", "budi", 60).into(),
        post("t2", "ani", "budi", 60).into(),
        Posting::linked(vec![post("t3", "ani", "cici", 10), post("t4", "ani", "cici", 31)]).expect("two"),
        post("t5", "ani", "budi", 40).into(),
    ];
    let outcomes = world.post_all(postings).await;
    assert!(outcomes[0].is_ok() && outcomes[3].is_ok());
    assert!(matches!(
        outcomes[1].as_ref().expect_err("refused").reason,
        RefusalReason::InsufficientFunds { available: 40, needed: 60, .. }
    ));
    assert_eq!(outcomes[2].as_ref().expect_err("refused").index, 1, "the second of the linked ones is named");
    assert_eq!((world.balance("ani").await, world.balance("budi").await, world.balance("cici").await), (0, 100, 0));
}

pub async fn later_postings_see_earlier_ones(world: &World) {
    let chain = vec![
        post("t1", CASH, "ani", 10).into(),
        hold("h1", "ani", "budi", 10).into(),
        new("c1", Instruction::PostHold { hold: transfer("h1"), amount: None }).into(),
        post("t2", "budi", "cici", 10).into(),
        new("r1", Instruction::Reverse { original: transfer("t2"), amount: Some(idr(4)) }).into(),
    ];
    assert!(world.post_all(chain).await.iter().all(Result::is_ok));
    assert_eq!((world.balance("budi").await, world.balance("cici").await), (4, 6));
}

pub async fn a_repeated_batch_changes_nothing(world: &World) {
    let batch = || -> Vec<Posting> {
        let funded = (0..50).map(|n| post(&format!("f{n}"), CASH, "ani", 10));
        let spent = (0..50).map(|n| post(&format!("s{n}"), "ani", "budi", 10));
        funded.chain(spent).map(Posting::from).collect()
    };
    let first = world.post_all(batch()).await;
    world.clock.advance(Duration::from_secs(5));
    let second = world.post_all(batch()).await;
    for (first, second) in first.iter().zip(&second) {
        let (first, second) = (first.as_ref().expect("posted"), second.as_ref().expect("posted before"));
        assert_eq!(first[0].transfer, second[0].transfer);
        assert!(!first[0].replayed && second[0].replayed);
    }
    assert_eq!(world.balance("budi").await, 500);
}

pub async fn papers_are_filed_once(world: &World) {
    let owner = world.owner("ani").await;
    let id = transfer("t1");
    let voucher = |amount: i64| Voucher {
        posting: NewTransfer::new(
            id,
            Purpose::Topup,
            Instruction::Post { debit: account(CASH), credit: account("ani"), amount: idr(amount) },
        )
        .expect("legal")
        .into(),
        transaction: Some(Transaction {
            id: TransactionId(id.0),
            kind: TransactionKind::Topup,
            status: TransactionStatus::Completed,
            user: owner,
            wallet: WalletId(account("ani").0),
            counterparty: Counterparty::Gateway { name: "test".to_owned(), method: "instant".to_owned() },
            amount: idr(amount),
            refunded: 0,
            description: None,
            reference: None,
            failure: None,
            transfer: Some(id),
            expires_at: None,
            created_at: world.clock.now(),
            updated_at: world.clock.now(),
        }),
        event: Some(Event {
            id: EventId(Uuid::new_v5(&id.0, b"event")),
            at: world.clock.now(),
            topic: "transaction.completed".into(),
            subject: "transaction:t1".to_owned(),
            payload: json!({ "amount": amount }),
        }),
        audit: Some(AuditEntry {
            id: AuditId(Uuid::new_v5(&id.0, b"audit")),
            at: world.clock.now(),
            actor: "operator".to_owned(),
            action: "transaction.completed",
            subject: "transaction:t1".to_owned(),
            detail: String::new(),
        }),
    };
    let refused = world.ledger.post(vec![Voucher { posting: post("x", "ani", "budi", 1).into(), ..voucher(1) }]).await;
    assert!(refused.expect("answers")[0].is_err());
    let store = &world.database.store;
    assert_eq!(
        store.transactions().transaction(TransactionId(id.0)).await,
        Ok(None),
        "a refused posting has no papers"
    );
    for _ in 0..2 {
        assert!(world.ledger.post(vec![voucher(10)]).await.expect("answers")[0].is_ok());
    }
    assert!(store.transactions().transaction(TransactionId(id.0)).await.expect("answers").is_some());
    let trail = store.audit().audit(&AuditFilter::default(), PageRequest::first(10)).await.expect("answers");
    assert_eq!(trail.items.len(), 1);
}

pub async fn every_refusal_has_its_reason(world: &World) {
    world.open("dollars", Currency::Usd, Floor::AtLeast(0)).await;
    world.open("rich", Currency::Idr, Floor::Unlimited).await;
    world.fund("ani", 100).await;
    let reason = async |transfer| world.post(transfer).await.expect_err("refused").reason;

    let found = reason(post("x1", "ani", "dollars", 1)).await;
    assert_eq!(found, RefusalReason::CurrencyMismatch { account: account("dollars"), currency: Currency::Usd });
    assert_eq!(reason(post("x2", "nobody", "ani", 1)).await, RefusalReason::AccountNotFound(account("nobody")));

    world.open("vault", Currency::Idr, Floor::Unlimited).await;
    world.post(post("big", "vault", "rich", MAX_AMOUNT)).await.expect("as much as there can be");
    assert_eq!(reason(post("x3", "rich", "ani", MAX_AMOUNT)).await, RefusalReason::CounterOverflow(account("ani")));

    let mut unit = world.database.store.begin().await.expect("begins");
    unit.books().close(account("cici")).await.expect("closes");
    unit.commit().await.expect("commits");
    assert_eq!(reason(post("x4", "ani", "cici", 1)).await, RefusalReason::AccountClosed(account("cici")));
    assert_eq!(reason(post("x5", "cici", "ani", 1)).await, RefusalReason::AccountClosed(account("cici")));
}

pub async fn an_account_has_one_line_at_a_time(world: &World) {
    // The clock stands still, even runs backwards, and yet every line of an account has its own later moment.
    world.fund("ani", 100).await;
    let batch = (0..20).map(|n| post(&format!("t{n}"), "ani", "budi", 1).into()).collect();
    world.post_all(batch).await;
    world.post(post("t20", "ani", "cici", 1)).await.expect("posted");
    let queries = world.database.store.ledger();
    let page = queries.entries(account("ani"), None, None, PageRequest::first(100)).await.expect("answers");
    let times: Vec<_> = page.items.iter().map(|entry| entry.transfer.at).collect();
    assert_eq!(times.len(), 22);
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    let balances: Vec<_> = page.items.iter().map(|entry| entry.balance).collect();
    assert_eq!(balances, (79..=100).rev().collect::<Vec<_>>());
}

pub async fn balances_are_known_at_every_past_moment(world: &World) {
    let mut expected = vec![(world.clock.now(), 0)];
    let mut balance = 0;
    for n in 0..30 {
        world.clock.advance(Duration::from_secs(60));
        let (from, to, change) = if n % 3 == 2 { ("ani", CASH, -7) } else { (CASH, "ani", 10) };
        world.post(post(&format!("t{n}"), from, to, i64::abs(change))).await.expect("posted");
        balance += change;
        expected.push((world.clock.now(), balance));
    }
    let queries = world.database.store.ledger();
    for (moment, balance) in expected {
        assert_eq!(queries.balance_at(account("ani"), moment).await, Ok(balance));
        let later = moment + Duration::from_secs(59);
        assert_eq!(queries.balance_at(account("ani"), later).await, Ok(balance));
    }
}
