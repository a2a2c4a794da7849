//! Transfers at once, which are only lines of the journal, in the audit trail.

use std::slice;

use dermaga_ports::{
    audit::{AuditEntry, AuditFilter, AuditRecord, TRANSACTION_COMPLETED},
    ids::AuditId,
    ledger::{WAYPOINT_EVERY, Wallet},
    paging::PageRequest,
    store::Store as _,
};
use dermaga_tests::databases::{Database, Engine, OPTIONS};

use crate::{
    all_pages,
    clerk::{Clerk, funding, moving, seen},
    commit,
    fixtures::*,
    statements::reads_of_the_journal,
};

/// Two people with a wallet each, and one with a second.
async fn people(database: &Database) -> (Clerk, [Wallet; 3]) {
    let (one, first) = add_customer(database, 1).await;
    let (_, second) = add_customer(database, 2).await;
    let savings = wallet(3, &one, "savings");
    add_wallet(database, &savings).await;
    let cash = system_account(5);
    open(database, &[&cash]).await;
    let clerk = Clerk::of(database);
    let wallets = [first, second, savings];
    clerk.post((0..3).map(|n| funding(10 + n, cash.id, wallets[n as usize].id, 1_000_000)).collect()).await;
    (clerk, wallets)
}

async fn list(database: &Database, filter: &AuditFilter) -> Vec<AuditRecord> {
    database.store.audit().audit(filter, PageRequest::first(200)).await.expect("reads").items
}

fn record_of(entry: &AuditEntry) -> AuditRecord {
    AuditRecord {
        id: entry.id,
        at: entry.at,
        actor: entry.actor.clone(),
        action: entry.action.to_owned(),
        subject: entry.subject.clone(),
        detail: entry.detail.clone(),
    }
}

fn text(text: impl ToString) -> Option<String> {
    Some(text.to_string())
}

pub async fn a_line_is_its_own_entry(database: &Database) {
    let (clerk, [first, second, _]) = people(database).await;
    let own = clerk.pay(50, moving(50, first.id, second.id, 700)).await;
    let by_service = moving(51, first.id, second.id, 900).by(text("service:shop"));
    let by_service = clerk.pay(51, by_service).await;
    let payer = format!("user:{}", first.owner);
    let entry = |n, actor: &str, detail: &str| AuditRecord {
        id: AuditId(id(n)),
        at: at(i64::from(n)),
        actor: actor.to_owned(),
        action: "transaction.completed".to_owned(),
        subject: format!("transaction:{}", id(n)),
        detail: detail.to_owned(),
    };
    let (one, two) = (entry(50, &payer, "transfer IDR 700"), entry(51, "service:shop", "transfer IDR 900"));
    let everything = AuditFilter::default();
    assert_eq!(list(database, &everything).await, [two.clone(), one.clone()]);
    assert_eq!(one, AuditRecord::of_transfer(&seen(&own, &first, &second), None));
    assert_eq!(two, AuditRecord::of_transfer(&seen(&by_service, &first, &second), text("service:shop")));

    let actor = |actor: &str| AuditFilter { actor: text(actor), ..everything.clone() };
    assert_eq!(list(database, &actor(&payer)).await, slice::from_ref(&one), "not what others asked for");
    assert_eq!(list(database, &actor("service:shop")).await, slice::from_ref(&two));
    assert_eq!(list(database, &actor(&format!("user:{}", second.owner))).await, [], "who receives does nothing");
    assert_eq!(list(database, &actor("user:nobody")).await, []);
    let subject = |subject: String| AuditFilter { subject: text(subject), ..everything.clone() };
    assert_eq!(list(database, &subject(one.subject.clone())).await, slice::from_ref(&one));
    assert_eq!(list(database, &subject(one.subject.to_uppercase())).await, []);
    assert_eq!(list(database, &subject(format!("transaction:{}", id(10)))).await, [], "a top-up has papers of its own");
    assert_eq!(list(database, &subject(format!("wallet:{}", first.id))).await, []);
    let wrong = AuditFilter { actor: text("service:shop"), ..subject(one.subject.clone()) };
    assert_eq!(list(database, &wrong).await, []);
    let action = |action: &str| AuditFilter { action: text(action), ..everything.clone() };
    assert_eq!(list(database, &action(TRANSACTION_COMPLETED)).await, [two.clone(), one.clone()]);
    assert_eq!(list(database, &action("transaction.refunded")).await, []);
    let time = |from, to| AuditFilter { from: Some(at(from)), to: Some(at(to)), ..everything.clone() };
    assert_eq!(list(database, &time(50, 51)).await, [one]);
    assert_eq!(list(database, &time(51, 52)).await, [two]);
    assert_eq!(list(database, &time(52, 99)).await, []);
}

/// An actor's oldest entries are found behind however many newer ones.
pub async fn what_an_actor_did_long_ago_is_found(database: &Database) {
    let (clerk, [first, second, _]) = people(database).await;
    for actor in ["service:shop", "operator"] {
        let base = if actor == "operator" { 5_000 } else { 1_000 };
        let asked = |n| moving(n, first.id, second.id, 1).by(text(actor));
        for n in [base, base + 1] {
            clerk.pay(i64::from(n), asked(n)).await;
        }
        clerk.wait_until(i64::from(base) + 100);
        clerk.post((base + 100..base + 400).map(asked).collect()).await;
        let filter = AuditFilter { actor: text(actor), to: Some(at(i64::from(base) + 50)), ..AuditFilter::default() };
        let found = all_pages!(1, |request| database.store.audit().audit(&filter, request));
        let found: Vec<_> = found.iter().map(|record| record.id).collect();
        assert_eq!(found, [base + 1, base].map(|n| AuditId(id(n))), "{actor}");
    }
}

/// The trail is walked from the waypoint behind the time that is asked for, and no further back than that.
pub async fn the_past_of_a_person_is_found_without_what_came_later_or_before(database: &Database) {
    let (clerk, [first, second, _]) = people(database).await;
    let lines: Vec<_> = (0..600).map(|n| moving(1_000 + n, first.id, second.id, 1)).collect();
    let mut posted = Vec::new();
    for (hour, batch) in (1..).zip(lines.chunks(100)) {
        clerk.wait_until(1_000 * hour);
        posted.extend(clerk.post(batch.to_vec()).await);
    }
    let filter = AuditFilter {
        actor: text(format!("user:{}", first.owner)),
        from: Some(posted[250].at),
        to: Some(posted[260].at),
        ..AuditFilter::default()
    };
    // A host of its own, because Postgres adds up what a connection has read when it is closed.
    let host = database.second_store(OPTIONS).await;
    let before = if database.engine == Engine::Postgres { reads_of_the_journal(database).await } else { (0, 0) };
    let found = host.audit().audit(&filter, PageRequest::first(200)).await.expect("reads").items;
    host.close().await;
    let expected: Vec<_> = posted[250..260].iter().rev().map(|line| AuditId(line.id.0)).collect();
    assert_eq!(found.iter().map(|record| record.id).collect::<Vec<_>>(), expected);
    if database.engine == Engine::Postgres {
        let after = reads_of_the_journal(database).await;
        // Of either wallet at most a stretch between waypoints, the ten, and one that is too old.
        let most = 2 * (WAYPOINT_EVERY + 11);
        assert!(after.1 - before.1 <= most, "{} rows were read", after.1 - before.1);
        assert_eq!(after.0, before.0, "the journal is never scanned");
    }
}

/// Whether a filter wants an entry, in the plainest words.
fn wants(filter: &AuditFilter, record: &AuditRecord) -> bool {
    filter.actor.as_ref().is_none_or(|actor| *actor == record.actor)
        && filter.action.as_ref().is_none_or(|action| *action == record.action)
        && filter.subject.as_ref().is_none_or(|subject| *subject == record.subject)
        && filter.from.is_none_or(|from| record.at >= from)
        && filter.to.is_none_or(|to| record.at < to)
}

/// Lines and entries in one list, by ids that are in another order than moments, against a plain list.
pub async fn mixed_trails_are_like_a_plain_list(database: &Database) {
    let (clerk, wallets) = people(database).await;
    let users = [&wallets[0], &wallets[1]].map(|wallet| format!("user:{}", wallet.owner));
    let mut dice = Dice(11);
    let mut all = Vec::new();
    for n in 0..100_i64 {
        let number = 1_000 + (n as u32 * 37) % 101;
        let moment = 100 + n;
        let mut pair = [0, 1, 2];
        pair.rotate_left(dice.throw(3) as usize);
        let (from, to) = (&wallets[pair[0]], &wallets[pair[1]]);
        if dice.throw(3) > 0 {
            // Also people who are not the payer: administrators have wallets too.
            let actor = dice.maybe(&["service:shop", "operator", users[0].as_str(), users[1].as_str()]);
            let actor = actor.filter(|actor| *actor != format!("user:{}", from.owner)).map(str::to_owned);
            let line = clerk.pay(moment, moving(number, from.id, to.id, 5).by(actor.clone())).await;
            all.push(AuditRecord::of_transfer(&seen(&line, from, to), actor));
        } else {
            let entry = AuditEntry {
                id: AuditId(id(number)),
                at: at(moment),
                actor: dice.pick(&["service:shop".to_owned(), users[0].clone(), users[1].clone()]),
                action: dice.pick(&[TRANSACTION_COMPLETED, "auth.registered"]),
                subject: format!("transaction:{}", id(1_000 + dice.throw(101) as u32)),
                detail: String::new(),
            };
            commit!(database, |unit| unit.audit().record(&entry));
            all.push(record_of(&entry));
        }
    }
    all.sort_by_key(|record| std::cmp::Reverse(record.id));
    let subjects: Vec<_> = all.iter().map(|record| record.subject.clone()).collect();
    let actors = [
        "service:shop".to_owned(),
        "service:shop".to_owned(),
        "operator".to_owned(),
        users[0].clone(),
        users[1].clone(),
    ];
    for round in 0..200 {
        let filter = AuditFilter {
            actor: dice.maybe(&actors),
            action: dice.maybe(&[TRANSACTION_COMPLETED, TRANSACTION_COMPLETED, "auth.registered"]).map(str::to_owned),
            subject: dice.maybe(&subjects).filter(|_| round % 3 == 0),
            from: dice.maybe(&[at(100), at(120), at(150)]),
            to: dice.maybe(&[at(140), at(180), at(199)]),
        };
        let expected: Vec<_> = all.iter().filter(|record| wants(&filter, record)).cloned().collect();
        let limit = dice.pick(&[1, 3, 10, 200]);
        let found = all_pages!(limit, |request| database.store.audit().audit(&filter, request));
        assert_eq!(found, expected, "pages of {limit}: {filter:?}");
    }
}
