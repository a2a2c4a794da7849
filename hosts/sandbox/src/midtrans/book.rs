//! Midtrans' books: transactions by the merchant's and by their own id, Snap sessions, card tokens, idempotency keys.
//!
//! Whatever happens to a transaction goes through [`act`], which applies it, queues what follows from it and tells the
//! merchant.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    charge::{self, Order},
    notify,
    snap::{self, Session},
    status::Status,
    token::CardToken,
    transaction::{Act, Illegal, Transaction},
};
use crate::{
    call::Answer,
    clock::Moment,
    ledger::Ledger,
    world::{Due, World},
};

/// How long a successful answer is kept under its key.
const KEY_LIFE: Duration = Duration::from_secs(300);

/// Something that is due at Midtrans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something happens to the transaction of that order.
    Act(String, Act),
    /// A charge that took its time is done.
    Commit(String),
    /// The customer chooses a method on Snap's page.
    Choose(String),
}

/// What Midtrans knows.
#[derive(Debug, Default)]
pub struct Book {
    /// Transactions by order.
    pub orders: BTreeMap<String, Transaction>,
    ids: BTreeMap<String, String>,
    /// Snap sessions by token.
    pub sessions: BTreeMap<String, Session>,
    /// Card tokens.
    pub tokens: BTreeMap<String, CardToken>,
    /// Charges that take their time, by order.
    pub under_way: BTreeMap<String, Order>,
    /// How often a script refused a call, by order.
    pub refused: BTreeMap<String, u32>,
    /// Orders whose first call was lost before anything was done.
    pub lost: BTreeSet<String>,
    /// How many virtual accounts of BSI there were.
    pub bsi: u32,
    /// The number of the last refund.
    pub last_refund: u32,
    keys: BTreeMap<String, Key>,
}

/// An idempotency key.
#[derive(Debug, Clone)]
struct Key {
    /// Whether its call still runs.
    busy: bool,
    /// Its answer, if that was a success, and since when.
    answer: Option<(Answer, Moment)>,
}

/// What a key says about a call.
#[derive(Debug, PartialEq)]
pub enum Remembered {
    /// Nothing: go on.
    New,
    /// The first call with it still runs.
    Busy,
    /// It was answered like this.
    Answered(Answer),
}

impl Book {
    /// A transaction by either id.
    pub fn find(&self, id: &str) -> Option<&Transaction> {
        self.orders.get(self.order_of(id)?)
    }

    /// The merchant's id for either id.
    pub fn order_of<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        let known = self.orders.get_key_value(id).map(|(order, _)| order);
        known.or_else(|| self.ids.get(id)).map(String::as_str)
    }

    /// Takes a transaction in.
    pub fn insert(&mut self, transaction: Transaction) {
        self.ids.insert(transaction.transaction_id.clone(), transaction.order_id.clone());
        self.orders.insert(transaction.order_id.clone(), transaction);
    }

    /// What is known of a key. If nothing, its call runs from now on.
    pub fn remember(&mut self, key: &str, now: Moment) -> Remembered {
        match self.keys.get(key) {
            Some(Key { busy: true, .. }) => Remembered::Busy,
            Some(Key { answer: Some((answer, since)), .. }) if now.since(*since) < KEY_LIFE => {
                Remembered::Answered(answer.clone())
            }
            _ => {
                self.keys.insert(key.to_owned(), Key { busy: true, answer: None });
                Remembered::New
            }
        }
    }

    /// Keeps the answer of a key.
    pub fn keep(&mut self, key: &str, answer: &Answer, now: Moment) {
        if let Some(entry) = self.keys.get_mut(key) {
            entry.answer = Some((answer.clone(), now));
        }
    }

    /// The call of a key is answered.
    pub fn finished(&mut self, key: &str) {
        match self.keys.get_mut(key) {
            Some(entry) if entry.answer.is_some() => entry.busy = false,
            // Only successes are kept.
            _ => {
                self.keys.remove(key);
            }
        }
    }

    /// What went through Midtrans.
    pub fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        for transaction in self.orders.values() {
            let (currency, sums) = transaction.sums();
            ledger.add(&transaction.order_id, currency, sums);
        }
        ledger
    }
}

/// Runs what is due. Returns whether it did anything.
pub fn run(world: &mut World, event: Event) -> bool {
    match event {
        Event::Act(order, what) => act(world, &order, &what).is_ok(),
        Event::Commit(order) => charge::commit(world, &order),
        Event::Choose(token) => snap::choose_by_script(world, &token),
    }
}

/// Makes something happen to a transaction, with its consequences, and tells the merchant.
///
/// # Errors
/// [`Illegal`] if it may not happen now, or there is no such transaction.
pub fn act(world: &mut World, order: &str, what: &Act) -> Result<(), Illegal> {
    change(world, order, what)?;
    notify::announce(world, order);
    Ok(())
}

/// The same, but the merchant is told by whoever calls.
///
/// # Errors
/// As [`act`].
pub fn change(world: &mut World, order: &str, what: &Act) -> Result<(), Illegal> {
    let now = world.clock.now();
    let transaction = world.midtrans.orders.get_mut(order).ok_or(Illegal)?;
    let before = transaction.status;
    transaction.apply(what, now)?;
    follow(world, order, what, before);
    Ok(())
}

/// Queues what follows from what happened.
pub fn follow(world: &mut World, order: &str, what: &Act, before: Status) {
    let now = world.clock.now();
    let Some(transaction) = world.midtrans.orders.get(order) else { return };
    for (due, next) in transaction.consequences(what, before, now) {
        world.queue.push(due, Due::Midtrans(Event::Act(order.to_owned(), next)));
    }
}
