//! The seal against vectors that another program made from the description of the format: tests/vectors/seal.py.

use std::{collections::HashSet, fmt::Debug, str::FromStr};

use dermaga_ports::{
    ids::{AccountId, TransferId},
    ledger::{
        Purpose, Transfer, TransferKind,
        seal::{Digest, Head, content},
    },
    money::{Currency, Money},
    store::Store as _,
    time::Timestamp,
};
use dermaga_tests::databases::Database;
use serde_json::Value;
use uuid::Uuid;

use crate::{clerk::busy_books, fixtures::*};

const VECTORS: &str = include_str!("../vectors/seal.json");

fn vectors() -> Value {
    serde_json::from_str(VECTORS).expect("is JSON")
}

fn list<'v>(value: &'v Value, name: &str) -> &'v Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is a list"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is a text"))
}

fn integer(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is a number"))
}

fn parsed<T: FromStr<Err: Debug>>(value: &Value) -> T {
    text(value).parse().expect("is well-formed")
}

fn optional<T>(value: &Value, read: impl FnOnce(&Value) -> T) -> Option<T> {
    (!value.is_null()).then(|| read(value))
}

fn digest(value: &Value) -> Digest {
    let text = text(value);
    assert_eq!(text.len(), 64);
    std::array::from_fn(|place| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).expect("is hexadecimal"))
}

fn line_of(value: &Value) -> Transfer {
    let moment = |value: &Value| Timestamp::from_micros(integer(value));
    let id = |value: &Value| TransferId(parsed::<Uuid>(value));
    let kind = TransferKind::ALL.into_iter().find(|kind| kind.as_str() == text(&value["kind"]));
    let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == text(&value["purpose"]));
    Transfer {
        id: id(&value["id"]),
        kind: kind.expect("is a kind"),
        purpose: purpose.expect("is a purpose"),
        debit: AccountId(parsed(&value["debit"])),
        credit: AccountId(parsed(&value["credit"])),
        amount: Money::new(integer(&value["amount"]), parsed::<Currency>(&value["currency"])).expect("in range"),
        refers_to: optional(&value["refers_to"], id),
        expires_at: optional(&value["expires_at"], moment),
        at: moment(&value["at"]),
        debit_balance: integer(&value["debit_balance"]),
        credit_balance: integer(&value["credit_balance"]),
        debit_previous: optional(&value["debit_previous"], id),
        credit_previous: optional(&value["credit_previous"], id),
        description: optional(&value["description"], |value| text(value).to_owned()),
        actor: optional(&value["actor"], |value| text(value).to_owned()),
    }
}

fn lines_of(batch: &Value) -> Vec<Transfer> {
    list(batch, "lines").iter().map(line_of).collect()
}

#[test]
fn another_encoder_agrees_on_every_batch_and_head() {
    let vectors = vectors();
    let mut head = Head::GENESIS;
    for batch in list(&vectors, "batches") {
        let about = text(&batch["about"]);
        let sealed = content(lines_of(batch).iter());
        assert_eq!(sealed, digest(&batch["content"]), "{about}");
        head = head.extend(&sealed);
        assert_eq!((head.number, head.link), (integer(&batch["number"]) as u64, digest(&batch["link"])), "{about}");
        assert_eq!(head.to_string(), text(&batch["link"]), "{about}");
    }
    for far in list(&vectors, "far") {
        let before = Head { number: integer(&far["before"]["number"]) as u64, link: digest(&far["before"]["link"]) };
        let after = before.extend(&digest(&far["content"]));
        assert_eq!((after.number, after.link), (before.number + 1, digest(&far["link"])));
    }
}

#[test]
fn the_vectors_have_everything_that_a_line_can_have() {
    let vectors = vectors();
    let lines: Vec<Transfer> = list(&vectors, "batches").iter().flat_map(lines_of).collect();
    let kinds: HashSet<_> = lines.iter().map(|line| (line.kind, line.purpose)).collect();
    assert_eq!(kinds.len(), TransferKind::ALL.len() * Purpose::ALL.len());
    let currencies: HashSet<_> = lines.iter().map(|line| line.amount.currency().code()).collect();
    assert_eq!(currencies.len(), Currency::ALL.len());
    let is_there: [fn(&Transfer) -> bool; 6] = [
        |line| line.refers_to.is_some(),
        |line| line.expires_at.is_some(),
        |line| line.debit_previous.is_some(),
        |line| line.credit_previous.is_some(),
        |line| line.description.is_some(),
        |line| line.actor.is_some(),
    ];
    let patterns: HashSet<_> = lines.iter().map(|line| is_there.map(|is_there| is_there(line))).collect();
    for place in 0..is_there.len() {
        let mut alone = [false; 6];
        alone[place] = true;
        assert!(patterns.contains(&alone), "only the {place}th");
        assert!(patterns.contains(&alone.map(|is_there| !is_there)), "all but the {place}th");
    }
    assert!(lines.iter().any(|line| line.debit_balance < 0) && lines.iter().any(|line| line.at.micros() < 0));
}

/// A line in which everything is there and nothing is the same as anything else.
fn full() -> Transfer {
    let id = |n| TransferId(id(n));
    Transfer {
        expires_at: Some(at(4)),
        refers_to: Some(id(5)),
        debit_previous: Some(id(6)),
        credit_previous: Some(id(7)),
        description: Some("lunch".to_owned()),
        actor: Some("service:shop".to_owned()),
        debit_balance: -8,
        credit_balance: 9,
        ..line(10, TransferKind::Post, &account(1), &account(2), 3, at(11))
    }
}

#[test]
fn whatever_changes_in_a_line_changes_the_hash() {
    let with = |change: fn(&mut Transfer)| {
        let mut line = full();
        change(&mut line);
        content([line].iter())
    };
    let changes: [fn(&mut Transfer); 30] = [
        |_| {},
        |line| line.id = transfer_id(99),
        |line| line.kind = TransferKind::Hold,
        |line| line.purpose = Purpose::Debit,
        |line| line.debit = account(99).id,
        |line| line.credit = account(99).id,
        |line| std::mem::swap(&mut line.debit, &mut line.credit),
        |line| line.amount = idr(4),
        |line| line.amount = Money::new(3, Currency::Usd).expect("in range"),
        |line| line.refers_to = Some(transfer_id(99)),
        |line| line.refers_to = None,
        |line| line.expires_at = Some(at(5)),
        |line| line.expires_at = None,
        |line| line.at = at(12),
        |line| line.debit_balance = 8,
        |line| line.credit_balance = 10,
        |line| std::mem::swap(&mut line.debit_balance, &mut line.credit_balance),
        |line| line.debit_previous = Some(transfer_id(99)),
        |line| line.debit_previous = None,
        |line| line.credit_previous = None,
        |line| std::mem::swap(&mut line.debit_previous, &mut line.credit_previous),
        // What one option loses is not what the next one gains.
        |line| line.refers_to = line.debit_previous.take(),
        |line| line.description = None,
        |line| line.description = Some(String::new()),
        |line| line.description = Some("lunch ".to_owned()),
        |line| line.actor = None,
        |line| line.actor = line.description.take(),
        |line| std::mem::swap(&mut line.description, &mut line.actor),
        // A byte moves from one text to the next.
        |line| {
            line.description = Some("lunchs".to_owned());
            line.actor = Some("ervice:shop".to_owned());
        },
        |line| {
            line.description = Some("lunc".to_owned());
            line.actor = Some("hservice:shop".to_owned());
        },
    ];
    let hashes: HashSet<Digest> = changes.iter().map(|change| with(*change)).collect();
    assert_eq!(hashes.len(), changes.len(), "no two are the same");
}

#[test]
fn the_order_and_the_number_of_lines_count() {
    let (one, two) = (full(), Transfer { id: transfer_id(98), ..full() });
    let batches: [&[&Transfer]; 7] =
        [&[], &[&one], &[&two], &[&one, &two], &[&two, &one], &[&one, &one], &[&one, &two, &one]];
    let hashes: HashSet<Digest> = batches.iter().map(|batch| content(batch.iter().copied())).collect();
    assert_eq!(hashes.len(), batches.len());
}

#[test]
fn a_link_depends_on_everything_before_it() {
    let (one, two) = (content([full()].iter()), content([full(), full()].iter()));
    let head = Head::GENESIS.extend(&one);
    let heads = [
        Head::GENESIS,
        head,
        Head::GENESIS.extend(&two),
        head.extend(&one),
        head.extend(&two),
        Head::GENESIS.extend(&two).extend(&one),
        // Another number, another link, and one in the place of the other.
        Head { number: 5, ..head }.extend(&two),
        Head { link: two, ..head }.extend(&head.link),
        Head { link: [0; 32], ..head }.extend(&two),
    ];
    let links: HashSet<Digest> = heads.iter().map(|head| head.link).collect();
    assert_eq!(links.len(), heads.len());
    assert!(!links.contains(&one) && !links.contains(&two), "a link is never a content");
}

/// Postgres computes links itself, and both keep lines as rows: what comes back has the same hash as what went in.
pub async fn what_the_database_seals_is_what_the_format_says(database: &Database) {
    busy_books(database).await;
    let mut snapshot = database.store.snapshot().await.expect("begins");
    let mut head = Head::GENESIS;
    for batch in snapshot.batches(0, 1_000).await.expect("reads") {
        assert_eq!(batch.content, content(batch.lines.iter()));
        head = head.extend(&batch.content);
        assert_eq!(batch.head, head);
        assert_eq!(database.store.ledger().head_at(head.number).await, Ok(Some(head)));
    }
    assert_eq!(snapshot.head().await, Ok(Some(head)));
}

/// Both ways into the journal seal the vectors' lines as the other encoder does, as far as a database can hold them.
pub async fn lines_of_the_vectors_keep_their_hash_in_the_database(database: &Database) {
    let vectors = vectors();
    let batch = &list(&vectors, "batches")[4];
    let lines = lines_of(batch);
    let code = |n| dermaga_ports::ledger::Account { floor: dermaga_ports::ledger::Floor::Unlimited, ..account(n) };
    let (debit, credit) = (lines[0].debit, lines[0].credit);
    let accounts = [(1, debit), (2, credit)].map(|(n, id)| dermaga_ports::ledger::Account { id, ..code(n) });
    open(database, &[&accounts[0], &accounts[1]]).await;
    let (first, second) = lines.split_at(4);
    let changes = dermaga_ports::ledger::Changes { transfers: first.to_vec(), ..Default::default() };
    write(database, &changes).await.expect("writes");
    let changes = dermaga_ports::ledger::Changes { transfers: second.to_vec(), ..Default::default() };
    database.store.journal().append(&changes).await.expect("appends");
    let expected = Head::GENESIS.extend(&content(first.iter())).extend(&content(second.iter()));
    assert_eq!(database.store.ledger().head().await, Ok(expected));
    let mut snapshot = database.store.snapshot().await.expect("begins");
    let found: Vec<_> =
        snapshot.batches(0, 100).await.expect("reads").into_iter().flat_map(|batch| batch.lines).collect();
    assert_eq!(content(found.iter()), digest(&batch["content"]));
}
