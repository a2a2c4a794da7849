//! The books at one moment, and everything counted again from them.

use dermaga_domain::ledger::recount as count_again;
use dermaga_ports::{
    ledger::{Extent, HoldState, Reversed, TransferKind, seal::Head},
    store::Store as _,
};
use dermaga_tests::databases::{Database, OPTIONS};

use crate::{
    clerk::{Clerk, busy_books, moving, recount},
    fixtures::*,
};

pub async fn honest_books_are_clean(database: &Database) {
    let nothing = recount(database).await;
    assert_eq!((nothing.lines, nothing.accounts, nothing.head), (0, 0, Head::GENESIS));
    assert!(nothing.is_clean());

    busy_books(database).await;
    let report = recount(database).await;
    assert_eq!(report.findings, []);
    assert_eq!((report.lines, report.accounts, report.head.number), (84, 3, 9));
    assert_eq!(database.store.ledger().head().await, Ok(report.head));
}

pub async fn the_count_tells_how_far_it_is(database: &Database) {
    busy_books(database).await;
    let mut heard = Vec::new();
    let mut snapshot = database.store.snapshot().await.expect("begins");
    count_again(&mut *snapshot, &mut |done, all| heard.push((done, all))).await.expect("counts");
    assert_eq!(heard.last(), Some(&(84, 84)));
}

/// The moment is that of the first question.
pub async fn a_snapshot_is_of_one_moment(database: &Database) {
    let people = busy_books(database).await;
    let mut snapshot = database.store.snapshot().await.expect("begins");
    let before = snapshot.extent().await.expect("reads");
    let clerk = Clerk::of(database);
    clerk.post(vec![moving(400, people.cash, people.ani, 1)]).await;
    database.execute("UPDATE ledger_accounts SET credits_posted = credits_posted + 1").await.expect("updates");
    let report = count_again(&mut *snapshot, &mut |_, _| {}).await.expect("counts");
    assert_eq!((report.lines, report.findings), (before.lines, vec![]));
    drop(snapshot);
    assert_eq!(recount(database).await.lines, before.lines + 1);
}

pub async fn a_snapshot_writes_nothing_and_hinders_nobody(database: &Database) {
    let people = busy_books(database).await;
    let mut snapshot = database.store.snapshot().await.expect("begins");
    snapshot.head().await.expect("reads");
    Clerk::of(database).post(vec![moving(400, people.cash, people.ani, 1)]).await;
    drop(snapshot);
    assert!(recount(database).await.is_clean());
}

/// A page may be on its way when nobody wants it any more.
pub async fn a_count_that_is_given_up_leaves_nothing_open(database: &Database) {
    let people = busy_books(database).await;
    let host = database.second_store(OPTIONS).await;
    // More often than there are connections.
    for _ in 0..20 {
        let mut snapshot = host.snapshot().await.expect("begins");
        assert_eq!(snapshot.batches(0, 1).await.expect("reads").len(), 1);
    }
    Clerk::of(database).post(vec![moving(400, people.cash, people.ani, 1)]).await;
    tokio::time::timeout(OPTIONS.patience, host.close()).await.expect("nothing is open");
    assert!(recount(database).await.is_clean());
}

pub async fn a_snapshot_comes_in_pages_without_gaps(database: &Database) {
    busy_books(database).await;
    let mut snapshot = database.store.snapshot().await.expect("begins");
    let expected = Extent { lines: 84, accounts: 3, holds: 4, reversals: 2, waypoints: 2 };
    assert_eq!(snapshot.extent().await, Ok(expected));
    let batches = snapshot.batches(0, 5_000).await.expect("reads");
    let sizes: Vec<_> = batches.iter().map(|batch| batch.lines.len()).collect();
    assert_eq!(sizes, [2, 3, 1, 1, 2, 2, 2, 70, 1]);
    for batch in &batches {
        assert_eq!(batch.ids, batch.lines.iter().map(|line| line.id).collect::<Vec<_>>());
    }
    let kinds: std::collections::HashSet<_> =
        batches.iter().flat_map(|batch| &batch.lines).map(|line| line.kind).collect();
    assert_eq!(kinds.len(), TransferKind::ALL.len(), "every kind of line");
    // A page ends with the batch that reaches the limit, however large that is.
    for limit in [1, 2, 4, 71, 84, 85] {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let page = snapshot.batches(after, limit).await.expect("reads");
            let Some(last) = page.last() else { break };
            after = last.head.number;
            let lines = |batches: &[dermaga_ports::ledger::seal::SealedBatch]| -> usize {
                batches.iter().map(|batch| batch.lines.len()).sum()
            };
            assert!(lines(&page[..page.len() - 1]) < limit, "no more than are wanted");
            assert!(lines(&page) >= limit || after == 9, "as many as are wanted");
            found.extend(page);
        }
        assert_eq!(found, batches, "pages of {limit}");
    }

    // Whatever is asked in between, and in whatever order.
    for after in [0, 1, 5, 2] {
        assert_eq!(snapshot.batches(after, 1).await.expect("reads"), batches[after as usize..][..1]);
        assert_eq!(snapshot.accounts(None, 10).await.expect("reads").len(), 3);
    }

    macro_rules! in_pages {
        ($question:ident, |$last:ident| $key:expr) => {{
            let whole = snapshot.$question(None, 1_000).await.expect("reads");
            for limit in [1, 2, whole.len(), whole.len() + 1] {
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let page = snapshot.$question(after, limit).await.expect("reads");
                    assert!(page.len() <= limit);
                    let Some($last) = page.last() else { break };
                    after = Some($key);
                    found.extend(page);
                }
                assert_eq!(found, whole, "pages of {limit}");
            }
            whole
        }};
    }
    assert_eq!(in_pages!(line_ids, |last| *last).len(), 84);
    assert_eq!(in_pages!(accounts, |last| last.id).len(), 3);
    let states: Vec<_> = in_pages!(holds, |last| last.id).iter().map(|hold| hold.state).collect();
    assert_eq!(states, [HoldState::Posted, HoldState::Open, HoldState::Expired, HoldState::Voided]);
    let reversals = in_pages!(reversals, |last| last.original);
    let reversed = |n, total, moment| Reversed { original: transfer_id(n), total, at: at(moment) };
    assert_eq!(reversals, [reversed(103, 4, 1_000), reversed(104, 20, 1_001)]);
    assert_eq!(in_pages!(waypoints, |last| (last.account, last.at)).len(), 2);
}
