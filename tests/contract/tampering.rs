//! Whoever can write to the database can change anything. A recount finds it, and says where.
//!
//! Everything here is done by SQL behind the store's back, one change at a time on the same books; then the tables are
//! put back as they were.

use dermaga_domain::ledger::{Finding, Report};
use dermaga_ports::{
    ids::TransferId,
    ledger::{
        Transfer,
        seal::{self, Head, SealedBatch},
    },
    money::Currency,
    store::Store as _,
};
use dermaga_tests::databases::Database;
use uuid::Uuid;

use crate::{
    clerk::{People, busy_books, drop_guards, recount, sql_bytes, sql_id},
    commit,
    fixtures::*,
};

const TABLES: [&str; 7] = [
    "ledger_transfers",
    "ledger_batches",
    "ledger_seal",
    "ledger_accounts",
    "ledger_holds",
    "ledger_reversals",
    "ledger_waypoints",
];

/// Books that may be tampered with, again and again.
struct Victim<'d> {
    database: &'d Database,
    people: People,
    batches: Vec<SealedBatch>,
    honest: Report,
}

impl<'d> Victim<'d> {
    async fn on(database: &'d Database) -> Self {
        let people = busy_books(database).await;
        drop_guards(database).await;
        for table in TABLES {
            database.execute(&format!("CREATE TABLE saved_{table} AS SELECT * FROM {table}")).await.expect("saves");
        }
        let mut snapshot = database.store.snapshot().await.expect("begins");
        let batches = snapshot.batches(0, 1_000).await.expect("reads");
        drop(snapshot);
        let honest = recount(database).await;
        assert!(honest.is_clean());
        Self { database, people, batches, honest }
    }

    /// Does it, counts again and puts everything back.
    async fn count_after(&self, deeds: &[String]) -> Report {
        for deed in deeds {
            let done = self.database.execute(deed).await;
            assert!(matches!(done, Ok(rows) if rows > 0), "{deed}: {done:?}");
        }
        let report = recount(self.database).await;
        for table in TABLES {
            self.database.execute(&format!("DELETE FROM {table}")).await.expect("empties");
            self.database.execute(&format!("INSERT INTO {table} SELECT * FROM saved_{table}")).await.expect("restores");
        }
        report
    }

    /// All of these are found.
    async fn finds(&self, deeds: &[String], expected: &[Finding]) {
        let findings = self.count_after(deeds).await.findings;
        for finding in expected {
            assert!(findings.contains(finding), "after {deeds:?}: {finding:?} is not in {findings:#?}");
        }
    }

    /// Exactly these are found.
    async fn finds_only(&self, deed: String, expected: &[Finding]) {
        let findings = self.count_after(std::slice::from_ref(&deed)).await.findings;
        assert_eq!(findings, expected, "after {deed}");
    }

    fn id(&self, id: impl Into<Uuid>) -> String {
        sql_id(self.database, id)
    }

    fn on_line(&self, n: u32, change: &str) -> String {
        format!("UPDATE ledger_transfers SET {change} WHERE id = {}", self.id(transfer_id(n)))
    }

    fn line(&self, n: u32) -> &Transfer {
        let mut lines = self.batches.iter().flat_map(|batch| &batch.lines);
        lines.find(|line| line.id == transfer_id(n)).expect("is there")
    }

    /// A batch with other lines in it and everything else in order, as a row.
    fn forge(&self, before: Head, lines: &[Transfer]) -> (Head, String) {
        let content = seal::content(lines.iter());
        let head = before.extend(&content);
        let change = format!(
            "UPDATE ledger_batches SET content = {}, link = {} WHERE number = {}",
            sql_bytes(self.database, &content),
            sql_bytes(self.database, &head.link),
            head.number
        );
        (head, change)
    }
}

pub async fn a_changed_line_is_found(database: &Database) {
    let victim = Victim::on(database).await;
    let People { ani, budi, .. } = victim.people;
    let line = victim.line(104).clone();
    let balance = |account, stated: i64, counted| Finding::Balance { line: line.id, account, stated, counted };
    let content = Finding::Content { batch: 2 };

    let raised = victim.on_line(104, "amount = amount + 1");
    let expected = [
        content.clone(),
        balance(ani, line.debit_balance, line.debit_balance - 1),
        balance(budi, line.credit_balance, line.credit_balance + 1),
    ];
    victim.finds(&[raised], &expected).await;
    let restated = victim.on_line(104, "debit_balance = debit_balance + 7");
    let expected = [content.clone(), balance(ani, line.debit_balance + 7, line.debit_balance)];
    victim.finds_only(restated, &expected).await;
    for change in ["debit_previous = NULL".to_owned(), format!("debit_previous = {}", victim.id(transfer_id(102)))] {
        let expected = [content.clone(), Finding::Trail { line: line.id, account: ani }];
        victim.finds_only(victim.on_line(104, &change), &expected).await;
    }
    let credit = [content.clone(), Finding::Trail { line: line.id, account: budi }];
    victim.finds_only(victim.on_line(104, "credit_previous = NULL"), &credit).await;
    // What no sum depends on is kept by the seal alone.
    for change in ["actor = NULL", "actor = 'service:shoq'", "purpose = 2", "description = ''"] {
        victim.finds_only(victim.on_line(104, change), std::slice::from_ref(&content)).await;
    }
    victim.finds_only(victim.on_line(103, "description = 'Makan malam 🍜'"), std::slice::from_ref(&content)).await;
    // The deadline of a hold stands in two places.
    victim.finds(&[victim.on_line(109, "expires_at = NULL")], &[Finding::Content { batch: 5 }]).await;
    let elsewhere = victim.on_line(112, &format!("refers_to = {}", victim.id(transfer_id(105))));
    let reversed = |n, stored, counted| Finding::Reversed { original: transfer_id(n), stored, counted };
    victim.finds(&[elsewhere], &[Finding::Content { batch: 7 }, reversed(103, 4, 0), reversed(105, 0, 4)]).await;
    assert_eq!(recount(database).await, victim.honest, "everything was put back");
}

pub async fn lines_taken_away_put_in_or_moved_are_found(database: &Database) {
    let victim = Victim::on(database).await;
    let People { ani, budi, .. } = victim.people;
    let delete = format!("DELETE FROM ledger_transfers WHERE id = {}", victim.id(transfer_id(105)));
    let gone = Finding::Missing { batch: 2, line: transfer_id(105) };
    // The next lines of both accounts follow a line that is not there.
    let trails = [Finding::Trail { line: transfer_id(107), account: ani }];
    victim.finds(std::slice::from_ref(&delete), &[&[gone.clone()][..], &trails[..]].concat()).await;

    let columns = "kind, purpose, debit, credit, amount, refers_to, expires_at, at, debit_balance, credit_balance, \
        debit_previous, credit_previous, description, actor";
    let insert = format!(
        "INSERT INTO ledger_transfers (id, {columns}) SELECT {}, {columns} FROM ledger_transfers WHERE id = {}",
        victim.id(transfer_id(999)),
        victim.id(transfer_id(105))
    );
    let unsealed = Finding::Unsealed { line: transfer_id(999) };
    victim.finds_only(insert.clone(), std::slice::from_ref(&unsealed)).await;
    // As many lines as before do not hide it.
    victim.finds(&[insert, delete], &[unsealed, gone]).await;

    let swapped: Vec<u8> = [104, 103, 105].iter().flat_map(|n| *transfer_id(*n).0.as_bytes()).collect();
    let swap = format!("UPDATE ledger_batches SET lines = {} WHERE number = 2", sql_bytes(database, &swapped));
    let trail = |n, account| Finding::Trail { line: transfer_id(n), account };
    let expected = [Finding::Content { batch: 2 }, trail(104, ani), trail(104, budi), trail(103, ani)];
    victim.finds(&[swap], &expected).await;
}

pub async fn batches_taken_away_or_rewritten_are_found(database: &Database) {
    let victim = Victim::on(database).await;
    let remove = |number: u64| format!("DELETE FROM ledger_batches WHERE number = {number}");
    let unsealed = |n| Finding::Unsealed { line: transfer_id(n) };
    victim.finds(&[remove(3)], &[Finding::Link { batch: 4 }, unsealed(106)]).await;
    victim.finds(&[remove(1)], &[Finding::Link { batch: 2 }, unsealed(101), unsealed(102)]).await;
    victim.finds(&[remove(9)], &[Finding::Head { stored: 9, counted: 8 }, unsealed(300)]).await;

    // A line and the hash of its batch: the link of that batch no longer follows, or else that of the next.
    let before = victim.batches[1].head;
    let mut lines = victim.batches[2].lines.clone();
    lines[0].description = Some("forged".to_owned());
    let forged_line = victim.on_line(106, "description = 'forged'");
    let content = sql_bytes(database, &seal::content(lines.iter()));
    let content_only = format!("UPDATE ledger_batches SET content = {content} WHERE number = 3");
    let report = victim.count_after(&[forged_line.clone(), content_only]).await;
    assert_eq!(report.findings, [Finding::Link { batch: 3 }]);
    assert_eq!(report.head, before, "the head is that of the last batch before the first that is wrong");
    let (_, forged_batch) = victim.forge(before, &lines);
    let report = victim.count_after(&[forged_line, forged_batch]).await;
    assert_eq!(report.findings, [Finding::Link { batch: 4 }]);

    // The last batch has no next one: there the head tells.
    let mut lines = victim.batches[8].lines.clone();
    lines[0].actor = Some("operator".to_owned());
    let (_, forged_batch) = victim.forge(victim.batches[7].head, &lines);
    let forged_line = victim.on_line(300, "actor = 'operator'");
    let report = victim.count_after(&[forged_line, forged_batch]).await;
    assert_eq!(report.findings, [Finding::Head { stored: 9, counted: 9 }]);

    let head = |change: &str| format!("UPDATE ledger_seal SET {change}");
    victim.finds_only(head("number = number + 1"), &[Finding::Head { stored: 10, counted: 9 }]).await;
    let zeros = sql_bytes(database, &Head::GENESIS.link);
    victim.finds_only(head(&format!("link = {zeros}")), &[Finding::Head { stored: 9, counted: 9 }]).await;
    victim.finds_only("DELETE FROM ledger_seal".to_owned(), &[Finding::NoHead { counted: 9 }]).await;
}

/// That much nobody can find from the inside; but it is not the chain that was told to others before.
pub async fn whoever_recomputes_the_whole_chain_gets_another_head(database: &Database) {
    let victim = Victim::on(database).await;
    let mut deeds = vec![victim.on_line(103, "description = 'forged'")];
    let mut head = victim.batches[0].head;
    for batch in &victim.batches[1..] {
        let mut lines = batch.lines.clone();
        for line in lines.iter_mut().filter(|line| line.id == transfer_id(103)) {
            line.description = Some("forged".to_owned());
        }
        let (next, change) = victim.forge(head, &lines);
        deeds.push(change);
        head = next;
    }
    deeds.push(format!("UPDATE ledger_seal SET link = {}", sql_bytes(database, &head.link)));
    let report = victim.count_after(&deeds).await;
    assert_eq!(report.findings, []);
    assert_eq!(report.head, head);
    assert_eq!(report.head.number, victim.honest.head.number);
    assert_ne!(report.head.link, victim.honest.head.link);
}

pub async fn counters_and_trails_that_were_changed_are_found(database: &Database) {
    let victim = Victim::on(database).await;
    let People { cash, ani, .. } = victim.people;
    let stored = commit!(database, |unit| unit.books().lock(&[cash])).remove(0).counters;
    let on_account = |change: &str| format!("UPDATE ledger_accounts SET {change} WHERE id = {}", victim.id(cash));
    for (counter, before) in [
        ("debits_posted", stored.debits_posted),
        ("debits_pending", stored.debits_pending),
        ("credits_posted", stored.credits_posted),
        ("credits_pending", stored.credits_pending),
    ] {
        let finding = Finding::Counter { account: cash, counter, stored: before + 1, counted: before };
        let raised = on_account(&format!("{counter} = {counter} + 1"));
        let findings = victim.count_after(&[raised]).await.findings;
        assert_eq!(findings[0], finding);
        let is_posted = counter.ends_with("posted");
        let unbalanced = |finding: &Finding| matches!(finding, Finding::Unbalanced { currency: Currency::Idr, .. });
        assert_eq!(findings[1..].iter().filter(|found| unbalanced(found)).count(), usize::from(is_posted));
    }
    for change in
        ["lines = lines + 1".to_owned(), "last_line = NULL".to_owned(), format!("last_line = {}", victim.id(ani))]
    {
        victim.finds_only(on_account(&change), &[Finding::TrailEnd { account: cash }]).await;
    }
    let later = format!("touched_at = (SELECT at FROM ledger_transfers WHERE id = {})", victim.id(id(300)));
    victim.finds_only(on_account(&later), &[Finding::Touched { account: cash }]).await;
    let delete = format!("DELETE FROM ledger_accounts WHERE id = {}", victim.id(ani));
    victim.finds(&[delete], &[Finding::NoAccount { account: ani }]).await;
}

pub async fn holds_reversals_and_waypoints_that_were_changed_are_found(database: &Database) {
    let victim = Victim::on(database).await;
    let People { cash, ani, budi } = victim.people;
    let on_hold =
        |n, change: &str| format!("UPDATE ledger_holds SET {change} WHERE id = {}", victim.id(transfer_id(n)));
    for (n, is, becomes) in [
        (106, "posted", "open"),
        (106, "posted", "voided"),
        (108, "open", "posted"),
        (108, "open", "voided"),
        // Without a deadline, nothing expires.
        (108, "open", "expired"),
        (110, "voided", "expired"),
    ] {
        let expected = Finding::Hold { hold: transfer_id(n), stored: becomes, counted: is };
        victim.finds(&[on_hold(n, &format!("state = '{becomes}'"))], &[expected]).await;
    }
    let delete =
        |table: &str, column: &str, id: Uuid| format!("DELETE FROM {table} WHERE {column} = {}", victim.id(id));
    let gone = Finding::Hold { hold: transfer_id(108), stored: "gone", counted: "open" };
    victim.finds(&[delete("ledger_holds", "id", id(108))], &[gone]).await;
    let renamed = on_hold(108, &format!("id = {}", victim.id(id(999))));
    let invented = Finding::Hold { hold: transfer_id(999), stored: "open", counted: "nothing of it" };
    victim.finds(&[renamed], &[invented]).await;

    let original: TransferId = transfer_id(103);
    let lowered = format!("UPDATE ledger_reversals SET reversed = 1 WHERE original = {}", victim.id(original));
    victim.finds_only(lowered, &[Finding::Reversed { original, stored: 1, counted: 4 }]).await;
    let later = format!(
        "UPDATE ledger_reversals SET at = (SELECT at FROM ledger_transfers WHERE id = {}) WHERE original = {}",
        victim.id(id(300)),
        victim.id(original)
    );
    victim.finds_only(later, &[Finding::ReversedAt { original }]).await;
    let forgotten = delete("ledger_reversals", "original", original.0);
    victim.finds_only(forgotten, &[Finding::Reversed { original, stored: 0, counted: 4 }]).await;
    let invented = format!(
        "UPDATE ledger_reversals SET original = {0} WHERE original = {1}",
        victim.id(id(105)),
        victim.id(id(103))
    );
    let expected = [(105, 4, 0), (103, 0, 4)].map(|(n, stored, counted)| Finding::Reversed {
        original: transfer_id(n),
        stored,
        counted,
    });
    victim.finds_only(invented, &expected).await;

    let waypoint = |account| Finding::Waypoint { account };
    victim.finds_only(delete("ledger_waypoints", "account", ani.0), &[waypoint(ani)]).await;
    let on_waypoint =
        |change: String| format!("UPDATE ledger_waypoints SET {change} WHERE account = {}", victim.id(cash));
    victim.finds_only(on_waypoint(format!("line = {}", victim.id(id(200)))), &[waypoint(cash)]).await;
    // Moved: not where it is, and missing where it should be.
    victim.finds_only(on_waypoint(format!("account = {}", victim.id(budi))), &[waypoint(budi), waypoint(cash)]).await;
    let later = format!("at = (SELECT at FROM ledger_transfers WHERE id = {})", victim.id(id(300)));
    victim.finds_only(on_waypoint(later), &[waypoint(cash), waypoint(cash)]).await;
}

/// The words of a finding name the place.
pub async fn what_is_found_is_told_with_its_place(database: &Database) {
    let victim = Victim::on(database).await;
    let raised = victim.on_line(104, "amount = amount + 1");
    let told: Vec<_> = victim.count_after(&[raised]).await.findings.iter().map(ToString::to_string).collect();
    assert_eq!(told[0], "batch 2: its lines are not the ones that were sealed");
    assert!(told[1].contains(&transfer_id(104).to_string()) && told[1].contains(&victim.people.ani.to_string()));
}

/// What is reserved is the amount of the hold's line, whatever the hold and the counters agree on.
pub async fn a_hold_of_another_size_is_found(database: &Database) {
    let victim = Victim::on(database).await;
    let People { ani, budi, .. } = victim.people;
    let deeds = [
        format!("UPDATE ledger_holds SET amount = amount + 7 WHERE id = {}", victim.id(transfer_id(108))),
        format!("UPDATE ledger_accounts SET debits_pending = debits_pending + 7 WHERE id = {}", victim.id(budi)),
        format!("UPDATE ledger_accounts SET credits_pending = credits_pending + 7 WHERE id = {}", victim.id(ani)),
    ];
    let told: Vec<_> = victim.count_after(&deeds).await.findings.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains(&transfer_id(108).to_string())), "the hold is named: {told:?}");
}
