//! Reports over a clock that is moved by hand: what happened, on the day on which it did.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{
    App, Policy,
    ledger::{Party, StatusChange},
    payments::{FeeRule, MerchantPayment, MethodChoice},
    reports::{Count, Figures, Finding, Followed, Question, Revenue},
};
use dermaga_ports::{
    auth::{Principal, Role},
    ids::TransactionId,
    ledger::{TransactionKind, TransactionStatus, Wallet},
};
use dermaga_tests::databases::Engine;

use crate::{
    desk::{Desk, rupiah, user},
    payments::buy,
};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A house that has begun to count, on the first midnight of 2026 in London, and somebody rich.
pub async fn counting(engine: Engine) -> (Desk, Principal, Wallet) {
    let (desk, _) = Desk::played_on(engine, Policy::default()).await;
    assert_eq!(desk.app.reports.begin().await, Ok(true));
    let (ani, wallet) = desk.person("ani").await;
    adjust(&desk, &ani, TransactionKind::Credit, 1_000_000).await;
    (desk, ani, wallet)
}

pub async fn adjust(desk: &Desk, who: &Principal, kind: TransactionKind, amount: i64) -> TransactionId {
    let party = Party::User(user(who));
    let done = desk.app.transactions.adjust(&Principal::Operator, desk.id(), kind, party, rupiah(amount)).await;
    done.expect("moves").transaction.id
}

pub async fn pay(desk: &Desk, who: &Principal, wallet: &Wallet, merchant: &str, amount: i64) -> TransactionId {
    let payment = MerchantPayment { merchant: merchant.to_owned(), payment: rupiah(amount) };
    desk.app.payments.pay(who, desk.id(), wallet.id, payment).await.expect("pays").transaction.id
}

pub async fn give_back(desk: &Desk, transaction: TransactionId, amount: i64) {
    let refunded =
        desk.app.transactions.refund(&Principal::Operator, desk.id(), transaction, Some(amount), "sorry").await;
    refunded.expect("gives back");
}

/// Counts until there is nothing left, by small stretches.
pub async fn catch_up(app: &App) -> usize {
    let mut counted = 0;
    loop {
        match app.reports.follow_by(7).await.expect("counts") {
            Followed::Counted { lines, .. } => counted += lines,
            Followed::Elsewhere => tokio::task::yield_now().await,
            Followed::Idle => return counted,
        }
    }
}

pub async fn findings(app: &App) -> Vec<String> {
    let checkup = app.reports.verify(&Principal::Operator).await.expect("verifies");
    checkup.findings.iter().map(Finding::to_string).collect()
}

pub fn question(from: &str, to: &str) -> Question {
    Question { from: Some(from.to_owned()), to: Some(to.to_owned()), ..Question::default() }
}

pub fn january() -> Question {
    question("2026-01-01", "2026-01-31")
}

pub fn by(by: &str) -> Question {
    Question { by: Some(by.to_owned()), ..january() }
}

pub async fn transactions(desk: &Desk, question: &Question) -> Figures<Count> {
    desk.app.reports.transactions(&Principal::Operator, question).await.expect("answers")
}

/// `period key count amount` of each row.
pub fn rows(figures: &Figures<Count>) -> Vec<String> {
    let row = |row: &dermaga_domain::reports::Row<Count>| {
        format!("{} {} {} {}", row.period, row.key, row.figures.count, row.figures.amount)
    };
    figures.rows.iter().map(row).collect()
}

/// `period key gross refunds net` of each row.
pub async fn revenue(desk: &Desk, question: &Question) -> Vec<String> {
    let figures = desk.app.reports.revenue(&Principal::Operator, question).await.expect("answers");
    let told = figures.rows.iter().map(|row| {
        let revenue = row.figures;
        let (gross, refunds, net) = (revenue.paid.amount, revenue.refunded.amount, revenue.net());
        format!("{} {} {gross} {refunds} {net}", row.period, row.key)
    });
    told.collect()
}

#[tokio::test]
async fn a_refund_belongs_to_the_day_on_which_it_was_made() {
    for engine in Engine::ALL {
        let (desk, ani, wallet) = counting(engine).await;
        let payment = pay(&desk, &ani, &wallet, "Kopi", 500).await;
        desk.clock.advance(2 * DAY);
        give_back(&desk, payment, 200).await;
        let expected = ["2026-01-01 merchants 500 0 500", "2026-01-03 merchants 0 200 -200"];
        assert_eq!(revenue(&desk, &january()).await, expected);
        catch_up(&desk.app).await;
        assert_eq!(revenue(&desk, &january()).await, expected);
        assert_eq!(revenue(&desk, &question("2026-01-03", "2026-01-03")).await, expected[1..]);
        let refunds = desk.app.reports.refunds(&Principal::Operator, &january()).await.expect("answers");
        assert_eq!(rows(&refunds), ["2026-01-03 merchants 1 200"]);
        let all = desk.app.reports.revenue(&Principal::Operator, &january()).await.expect("answers");
        assert_eq!(all.totals[0].1.net(), 300);
        // What was done is done, whatever went back.
        assert_eq!(rows(&transactions(&desk, &by("status")).await), ["2026-01-01 COMPLETED 2 1000500"]);
    }
}

#[tokio::test]
async fn a_day_ends_at_17_utc_and_a_report_is_grouped_by_whole_weeks_and_months() {
    for engine in Engine::ALL {
        let (desk, ani, wallet) = counting(engine).await;
        desk.clock.advance(17 * HOUR - Duration::from_micros(50));
        pay(&desk, &ani, &wallet, "Kopi", 1).await;
        desk.clock.advance(Duration::from_micros(50));
        pay(&desk, &ani, &wallet, "Kopi", 2).await;
        // The first Monday, and the first of February.
        desk.clock.advance(3 * DAY);
        pay(&desk, &ani, &wallet, "Kopi", 4).await;
        desk.clock.advance(27 * DAY);
        pay(&desk, &ani, &wallet, "Kopi", 8).await;
        catch_up(&desk.app).await;
        let asked = |group: &str| Question { group_by: Some(group.to_owned()), ..question("2026-01-01", "2026-02-28") };
        assert_eq!(
            revenue(&desk, &asked("day")).await,
            [
                "2026-01-01 merchants 1 0 1",
                "2026-01-02 merchants 2 0 2",
                "2026-01-05 merchants 4 0 4",
                "2026-02-01 merchants 8 0 8",
            ]
        );
        assert_eq!(
            revenue(&desk, &asked("week")).await,
            ["2025-12-29 merchants 3 0 3", "2026-01-05 merchants 4 0 4", "2026-01-26 merchants 8 0 8",]
        );
        let months = ["2026-01-01 merchants 7 0 7", "2026-02-01 merchants 8 0 8"];
        assert_eq!(revenue(&desk, &asked("month")).await, months);
        assert_eq!(findings(&desk.app).await, [""; 0]);
    }
}

#[tokio::test]
async fn our_own_merchants_are_told_apart_from_all_others() {
    let (desk, ani, wallet) = counting(Engine::Sqlite).await;
    for (merchant, amount) in [
        ("Dermaga shop", 1),
        ("DERMAGA  Shop!", 2),
        ("Dermaga travel", 4),
        ("Dermaga events", 8),
        ("Kopi", 16),
        ("Dermaga", 32),
    ] {
        pay(&desk, &ani, &wallet, merchant, amount).await;
    }
    adjust(&desk, &ani, TransactionKind::Debit, 64).await;
    let expected = ["events 1 8", "merchants 2 48", "shop 2 3", "travel 1 4", "wallet 2 1000064"];
    assert_eq!(rows(&transactions(&desk, &by("context")).await), expected.map(|row| format!("2026-01-01 {row}")));
}

#[tokio::test]
async fn what_a_gateway_keeps_and_gives_back_is_told_by_its_name() {
    for engine in Engine::ALL {
        let fee = FeeRule { gateway: "played".to_owned(), method: None, basis_points: 70, fixed: 0 };
        let (desk, gateway) = Desk::played_on(engine, Policy { fees: vec![fee], ..Policy::default() }).await;
        desk.app.reports.begin().await.expect("begins");
        let (ani, _) = desk.person("ani").await;
        let (admin, _) = desk.person_of("admin", Role::Admin).await;
        let qris = MethodChoice { method: Some("qris".to_owned()), ..MethodChoice::default() };
        let payment = buy(&desk, &ani, 50_000, qris).await;
        gateway.pay(&payment.reference);
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        desk.app.payments.refund(&admin, desk.id(), payment.id, Some(20_000), "sold out").await.expect("refunds");
        let expected = Revenue {
            paid: Count { count: 1, amount: 50_000 },
            refunded: Count { count: 1, amount: 20_000 },
            charged_back: Count::default(),
            fees: Count { count: 1, amount: 350 },
        };
        for _ in 0..2 {
            let found = desk.app.reports.revenue(&admin, &by("gateway")).await.expect("answers");
            let [row] = found.rows.as_slice() else { panic!("{found:?}") };
            assert_eq!((row.key.as_str(), row.figures, found.totals[0].1), ("played", expected, expected));
            // No part of the business has the fee, and the total does.
            let found = desk.app.reports.revenue(&admin, &by("context")).await.expect("answers");
            let [row] = found.rows.as_slice() else { panic!("{found:?}") };
            assert_eq!((row.figures.fees, found.totals[0].1), (Count::default(), expected));
            let refunds = desk.app.reports.refunds(&admin, &by("gateway")).await.expect("answers");
            assert_eq!(rows(&refunds), ["2026-01-01 played 1 20000"]);
            // The same from the roll-ups.
            catch_up(&desk.app).await;
        }
        assert_eq!(findings(&desk.app).await, [""; 0]);
    }
}

/// Against a sum over all statements.
#[tokio::test]
async fn somebodys_sums_are_those_of_all_statements_refunds_included() {
    for engine in Engine::ALL {
        let (desk, ani, wallet) = counting(engine).await;
        let (budi, other) = desk.person("budi").await;
        let payment = pay(&desk, &ani, &wallet, "Kopi", 300).await;
        give_back(&desk, payment, 120).await;
        adjust(&desk, &ani, TransactionKind::Debit, 50).await;
        let from = (user(&ani), user(&budi));
        let id = desk
            .app
            .transactions
            .start_transfer(&ani, desk.id(), from.0, from.1, rupiah(70))
            .await
            .expect("starts")
            .transaction
            .id;
        let change = StatusChange { status: Some(TransactionStatus::Completed), description: None };
        desk.app.transactions.change(&Principal::Operator, id, change).await.expect("settles");
        // Reserved and not moved: it counts for nothing, and is not the last thing that happened.
        desk.clock.advance(HOUR);
        desk.app.transactions.start_transfer(&ani, desk.id(), from.0, from.1, rupiah(1)).await.expect("starts");
        for (who, wallet, spent, received) in [(&ani, &wallet, 420, 1_000_120), (&budi, &other, 0, 70)] {
            let page = dermaga_ports::paging::PageRequest::first(200);
            let (_, entries) = desk.app.wallets.statement(who, wallet.id, None, None, page).await.expect("reads");
            let entries = entries.items;
            let sum = |sign: i64| entries.iter().map(|entry| (entry.amount * sign).max(0)).sum::<i64>();
            assert_eq!((sum(-1), sum(1)), (spent, received));
            let summary = desk.app.reports.summary(who, user(who)).await.expect("answers");
            let [found] = summary.currencies.as_slice() else { panic!("{summary:?}") };
            assert_eq!((found.spent, found.received), (spent, received));
            assert_eq!(found.movements, i64::try_from(entries.len()).expect("few"));
            assert_eq!(found.last, entries.last().map(|entry| entry.transfer.at));
        }
    }
}

#[tokio::test]
async fn figures_are_for_administrators() {
    let (desk, ani, _) = counting(Engine::Sqlite).await;
    let (admin, _) = desk.person_of("admin", Role::Admin).await;
    let reports = Arc::new(desk.app.reports.clone());
    assert!(reports.revenue(&admin, &january()).await.is_ok());
    for denied in [
        reports.revenue(&ani, &january()).await.map(drop),
        reports.refunds(&ani, &january()).await.map(drop),
        reports.transactions(&ani, &january()).await.map(drop),
        reports.verify(&ani).await.map(drop),
        reports.rebuild(&ani).await.map(drop),
    ] {
        assert_eq!(denied.expect_err("refused").code(), dermaga_domain::Code::PermissionDenied);
    }
}
