//! How roll-ups come to be: each line counts once, whoever counts and dies meanwhile, and a recount proves it.

use std::time::Duration;

use dermaga_domain::{App, Policy, ledger::StatusChange, reports::Followed};
use dermaga_ports::{
    auth::Principal,
    events::{Event, Subscriber as _},
    ids::UserId,
    ledger::{TransactionKind, TransactionStatus},
    notifications::Senders,
    reports::DayOffset,
    store::Store as _,
};
use dermaga_tests::databases::{Engine, OPTIONS};

use crate::{
    desk::{Desk, rupiah, user},
    reports::{adjust, by, catch_up, counting, findings, january, pay, revenue, rows, transactions},
};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// What the relay would tell.
async fn untold(desk: &Desk) -> Vec<Event> {
    let mut unit = desk.database.store.begin().await.expect("begins");
    let events = unit.outbox().untold(1_000).await.expect("reads");
    events.into_iter().filter(|event| desk.app.reports.topics().contains(&event.topic.as_ref())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_that_count_at_once_count_each_line_once() {
    for engine in Engine::ALL {
        let (desk, ani, wallet) = counting(engine).await;
        for _ in 0..40 {
            pay(&desk, &ani, &wallet, "Kopi", 10).await;
        }
        let other = desk.beside(Senders::default());
        let count = |app: App| tokio::spawn(async move { catch_up(&app).await });
        let (one, two) = (count(desk.app.clone()), count(other));
        for _ in 0..40 {
            pay(&desk, &ani, &wallet, "Kopi", 10).await;
        }
        let counted = one.await.expect("ends") + two.await.expect("ends") + catch_up(&desk.app).await;
        assert_eq!(counted, 81, "80 payments and the first credit");
        assert_eq!(
            rows(&transactions(&desk, &january()).await),
            ["2026-01-01 credit 1 1000000", "2026-01-01 payment 80 800",]
        );
        assert_eq!(findings(&desk.app).await, [""; 0]);
        desk.check().await;
    }
}

#[tokio::test]
async fn a_host_that_dies_between_two_stretches_has_counted_the_first_and_no_part_of_the_second() {
    for engine in Engine::ALL {
        let (desk, ani, wallet) = counting(engine).await;
        for _ in 0..30 {
            pay(&desk, &ani, &wallet, "Kopi", 10).await;
        }
        let first = desk.app.reports.follow_by(7).await.expect("counts");
        assert_eq!(first, Followed::Counted { lines: 7, more: true });
        // The second stretch, by a process that dies before its commit.
        let store = desk.database.second_store(OPTIONS).await;
        let before = store.reports().progress().await.expect("reads");
        let kept =
            store.reports().days("2026-01-01".parse().expect("a day"), "2026-01-01".parse().expect("a day")).await;
        let mut unit = store.begin().await.expect("begins");
        assert_eq!(unit.reports().advance(before, before.position + 7).await, Ok(true));
        unit.reports().add_days(&kept.expect("reads").days).await.expect("adds");
        drop(unit);
        store.close().await;
        assert_eq!(desk.database.store.reports().progress().await, Ok(before));
        assert_eq!(findings(&desk.app).await, [""; 0], "half-way is no mistake");
        assert_eq!(catch_up(&desk.app).await, 24);
        assert_eq!(desk.app.reports.follow().await, Ok(Followed::Idle));
        assert_eq!(findings(&desk.app).await, [""; 0]);
    }
}

/// What is newer than the roll-ups is counted on the spot.
#[tokio::test]
async fn a_report_knows_what_nobody_has_counted_yet() {
    let (desk, ani, wallet) = counting(Engine::Sqlite).await;
    catch_up(&desk.app).await;
    pay(&desk, &ani, &wallet, "Kopi", 10).await;
    let fresh = transactions(&desk, &january()).await;
    assert_eq!(rows(&fresh), ["2026-01-01 credit 1 1000000", "2026-01-01 payment 1 10"]);
    assert_eq!(fresh.behind, 0);
    catch_up(&desk.app).await;
    assert_eq!(transactions(&desk, &january()).await, fresh);
}

#[tokio::test]
async fn what_ends_without_moving_money_is_counted_once_however_often_it_is_told() {
    for engine in Engine::ALL {
        let (desk, ani, _) = counting(engine).await;
        let (budi, _) = desk.person("budi").await;
        let start = async |amount| {
            let (from, to): (UserId, UserId) = (user(&ani), user(&budi));
            let started = desk.app.transactions.start_transfer(&ani, desk.id(), from, to, rupiah(amount)).await;
            started.expect("starts").transaction.id
        };
        let settle = async |id, status| {
            let change = StatusChange { status: Some(status), description: None };
            desk.app.transactions.change(&Principal::Operator, id, change).await.expect("settles");
        };
        settle(start(10).await, TransactionStatus::Failed).await;
        settle(start(20).await, TransactionStatus::Completed).await;
        let (late, overdue) = (start(40).await, start(80).await);
        desk.clock.advance(17 * HOUR);
        settle(late, TransactionStatus::Cancelled).await;
        desk.clock.advance(DAY);
        assert_eq!(desk.app.transactions.expire_overdue().await, Ok(1));
        let told = untold(&desk).await;
        assert_eq!(told.len(), 3, "{overdue} has run out of time");
        for event in told.iter().chain(&told) {
            desk.app.reports.handle(event).await.expect("hears");
        }
        assert_eq!(
            rows(&transactions(&desk, &by("status")).await),
            [
                "2026-01-01 COMPLETED 2 1000020",
                "2026-01-01 FAILED 1 10",
                "2026-01-02 CANCELLED 1 40",
                "2026-01-03 CANCELLED 1 80",
            ]
        );
        assert_eq!(findings(&desk.app).await, [""; 0]);
        desk.app.reports.rebuild(&Principal::Operator).await.expect("begins anew");
        for event in &told {
            desk.app.reports.handle(event).await.expect("hears");
        }
        assert_eq!(transactions(&desk, &by("status")).await.rows.len(), 4);
        assert_eq!(findings(&desk.app).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_roll_up_that_was_changed_is_found_and_counted_anew() {
    for engine in Engine::ALL {
        let (desk, ani, wallet) = counting(engine).await;
        pay(&desk, &ani, &wallet, "Kopi", 500).await;
        catch_up(&desk.app).await;
        let honest = revenue(&desk, &january()).await;
        for (tamper, told) in [
            (
                "UPDATE report_days SET amount = amount + 1 WHERE purpose = 2",
                "kept are 1 lines of 501, the journal has 1 of 500",
            ),
            ("UPDATE report_days SET lines = 2 WHERE purpose = 2", "kept are 2 lines of 500, the journal has 1 of 500"),
            ("DELETE FROM report_days WHERE purpose = 2", "kept are 0 lines of 0, the journal has 1 of 500"),
        ] {
            desk.database.execute(tamper).await.expect("changes");
            let place = "2026-01-01: payment in IDR from wallets to merchant:kopi:IDR: ";
            assert_eq!(findings(&desk.app).await, [format!("{place}{told}")], "{tamper}");
            desk.app.reports.rebuild(&Principal::Operator).await.expect("begins anew");
            assert_eq!(catch_up(&desk.app).await, 2);
            assert_eq!((findings(&desk.app).await, revenue(&desk, &january()).await), (vec![], honest.clone()));
        }
        // A stretch that was passed over.
        desk.database.execute("UPDATE report_state SET position = 1").await.expect("changes");
        assert!(!findings(&desk.app).await.is_empty());
        let ending = "INSERT INTO report_endings (day, currency, kind, status, transactions, amount) \
            VALUES (20454, 'IDR', 'topup', 'FAILED', 1, 7)";
        desk.app.reports.rebuild(&Principal::Operator).await.expect("begins anew");
        desk.database.execute(ending).await.expect("changes");
        let told = "2026-01-01: topup FAILED in IDR: kept are 1 transactions of 7, there are 0 of 0";
        assert_eq!(findings(&desk.app).await, [told]);
    }
}

#[tokio::test]
async fn days_that_end_elsewhere_are_counted_from_the_first_line() {
    let policy = Policy { day_offset: DayOffset::WIB, ..Policy::default() };
    let (desk, _) = Desk::played_on(Engine::Sqlite, policy).await;
    desk.app.reports.begin().await.expect("begins");
    let (ani, wallet) = desk.person("ani").await;
    desk.clock.advance(17 * HOUR);
    adjust(&desk, &ani, TransactionKind::Credit, 100).await;
    pay(&desk, &ani, &wallet, "Kopi", 5).await;
    catch_up(&desk.app).await;
    assert_eq!(revenue(&desk, &january()).await, ["2026-01-02 merchants 5 0 5"]);
    assert_eq!(desk.app.reports.begin().await, Ok(false), "nothing has changed");

    let moved = desk.with_policy(Policy { day_offset: "+00:00".parse().expect("an offset"), ..Policy::default() });
    assert_eq!(moved.reports.begin().await, Ok(true));
    // A host that has not been restarted goes by what the roll-ups say, and does not turn them back.
    assert_eq!(catch_up(&desk.app).await, 2);
    assert_eq!(revenue(&desk, &january()).await, ["2026-01-01 merchants 5 0 5"]);
    assert_eq!(findings(&desk.app).await, [""; 0]);
}
