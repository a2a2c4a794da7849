//! Everything there is: the clock, what is due, what was sent, and each player's books.
//!
//! The lower half (clock, queue, dice, journal, faults, post) knows no payment; a new player adds its books and its
//! events here and nothing below changes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    clock::{Clock, Moment},
    config::{SandboxConfig, Settings},
    dice::Dice,
    digiflazz,
    dispatch::Policy,
    duffel,
    faults::Faults,
    ferry,
    journal::{Delivery, DeliveryState, Journal},
    midtrans,
    plans::{self, Plans},
    scheduler::Scheduler,
    script::{self, Script},
    stays, twilio, xendit,
};

/// A thing that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Something happens at Midtrans.
    Midtrans(midtrans::Event),
    /// Something happens at Xendit.
    Xendit(xendit::Event),
    /// Something happens to a flight or a stay.
    Duffel(duffel::Event),
    /// Something happens to a ferry ticket.
    Ferry(ferry::Event),
    /// Something happens to a purchase.
    Digiflazz(digiflazz::Event),
    /// A webhook is sent.
    Send(u64),
}

/// The state of a sandbox.
#[derive(Debug)]
pub struct World {
    start: SandboxConfig,
    /// What can be changed while it runs.
    pub settings: Settings,
    /// Virtual time.
    pub clock: Clock,
    /// What is due.
    pub queue: Scheduler<Due>,
    /// Chance.
    pub dice: Dice,
    /// What was sent and heard.
    pub journal: Journal,
    /// Faults that wait.
    pub faults: Faults,
    /// Scripts that wait.
    pub plans: Plans,
    /// Midtrans.
    pub midtrans: midtrans::Book,
    /// Xendit.
    pub xendit: xendit::Book,
    /// The SMS provider.
    pub twilio: twilio::Book,
    /// Flights.
    pub duffel: duffel::Book,
    /// Hotel rooms.
    pub stays: stays::Book,
    /// Ferries.
    pub ferry: ferry::Book,
    /// Credits and bills.
    pub digiflazz: digiflazz::Book,
    /// Webhooks that wait for the next one of the same payment; empty once that came.
    held: BTreeMap<(&'static str, String), Vec<u64>>,
    /// Where webhooks go that are delivered before the answer to the call that causes them.
    early: Option<Vec<u64>>,
}

/// A webhook to be sent.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Who sends it.
    pub provider: &'static str,
    /// What it tells.
    pub kind: String,
    /// What it is about.
    pub reference: String,
    /// Where it goes; empty: nowhere.
    pub url: String,
    /// Headers beside the content type.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Value,
    /// The member that gets the time of each attempt.
    pub stamp: Option<&'static str>,
    /// How it is repeated.
    pub policy: Policy,
}

impl World {
    /// A world in which nothing has happened.
    pub fn new(start: &SandboxConfig) -> Self {
        let epoch = start.epoch.unwrap_or_else(Moment::of_this_machine);
        Self {
            start: start.clone(),
            settings: start.settings.clone(),
            clock: Clock::new(start.clock, epoch),
            queue: Scheduler::default(),
            dice: Dice::new(start.seed),
            journal: Journal::default(),
            faults: Faults::default(),
            plans: Plans::default(),
            midtrans: midtrans::Book::default(),
            xendit: xendit::Book::default(),
            twilio: twilio::Book::default(),
            duffel: duffel::Book::default(),
            stays: stays::Book::default(),
            ferry: ferry::Book::default(),
            digiflazz: digiflazz::Book::default(),
            held: BTreeMap::new(),
            early: None,
        }
    }

    /// Everything as at the start, settings and clock too.
    pub fn reset(&mut self) {
        *self = Self::new(&self.start.clone());
    }

    /// The script of a payment: the first that it brings itself, or one that was planned for it, or what its amount
    /// stands for, or the one for all.
    pub fn script(&mut self, provider: &str, own: &[Option<&str>], reference: &str, amount: i64) -> Script {
        if own.iter().flatten().any(|text| text.contains('~')) {
            return Script::first_of(own);
        }
        let planned = self.plans.script(provider, reference, amount);
        let magic = self.settings.magic_amounts.then(|| plans::magic(amount)).flatten();
        Script::first_of(&[planned.as_deref(), magic, Some(&self.settings.default_script)])
    }

    /// Runs a thing that is due. Returns whether it did anything: who expires what is paid does nothing.
    pub fn run(&mut self, due: Due) -> bool {
        match due {
            Due::Midtrans(event) => midtrans::run(self, event),
            Due::Xendit(event) => xendit::run(self, event),
            Due::Duffel(event) => duffel::run(self, &event),
            Due::Ferry(event) => ferry::run(self, &event),
            Due::Digiflazz(event) => digiflazz::run(self, &event),
            Due::Send(_) => false,
        }
    }

    /// Does something and returns the webhooks that it causes, for the caller to deliver before anything else.
    pub fn early(&mut self, cause: impl FnOnce(&mut Self)) -> Vec<u64> {
        self.early = Some(Vec::new());
        cause(self);
        self.early.take().unwrap_or_default()
    }

    /// Takes a webhook in and queues it as the script says.
    pub fn post(&mut self, parcel: Parcel, how: &script::Delivery) {
        let due = self.clock.now().plus(how.delay);
        let key = (parcel.provider, parcel.reference.clone());
        let mut ids = self.file(parcel, how);
        if let Some(early) = &mut self.early {
            early.append(&mut ids);
            return;
        }
        if how.reorder {
            match self.held.get_mut(&key) {
                None => {
                    self.held.insert(key, ids);
                    return;
                }
                // The first one has waited for this one; it comes behind it.
                Some(earlier) => ids.append(earlier),
            }
        }
        for id in ids {
            self.queue.push(due, Due::Send(id));
        }
    }

    /// Writes a webhook down, once for each copy. Returns those that are to be sent.
    fn file(&mut self, parcel: Parcel, how: &script::Delivery) -> Vec<u64> {
        let Parcel { provider, kind, reference, url, headers, body, stamp, policy } = parcel;
        if url.is_empty() {
            return Vec::new();
        }
        let state = if how.drop { DeliveryState::Dropped } else { DeliveryState::Waiting };
        let attempts = Vec::new();
        let one = Delivery { id: 0, provider, kind, reference, url, headers, body, stamp, policy, state, attempts };
        if how.drop {
            self.journal.post(one);
            return Vec::new();
        }
        (0..how.copies).map(|_| self.journal.post(one.clone())).collect()
    }

    /// What went through each provider, by currency and by reference.
    pub fn ledger(&self) -> Value {
        json!({"midtrans": self.midtrans.ledger().shown(), "xendit": self.xendit.ledger().shown()})
    }
}
