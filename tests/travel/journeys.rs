//! What happens in the simulation: people begin trips, and then anything happens, in any order.

use std::time::Duration;

use dermaga_domain::{
    Code, Error,
    booking::Then,
    orders::{NewLine, NewOrder},
    payments::MethodChoice,
};
use dermaga_ports::{
    booking::{Booking, BookingStatus, DocumentKind},
    ids::{BookingId, OrderId},
    orders::Ware,
    payments::Payment,
};
use dermaga_sandbox::{
    digiflazz, duffel,
    faults::{Matcher, Mode, Rule},
    ferry,
};
use dermaga_tests::played::{Played, Trouble};
use fastrand::Rng;
use futures::future::join;
use serde_json::json;

use crate::{
    trips::{Terms, Trip, crossing_trip, flight_trip, stay_trip, token_for},
    world::{DEPOSIT, MINUTE, Person, SECOND, World, by},
};

/// A trip that was begun.
struct Begun {
    person: usize,
    /// The request's, and its order's.
    id: OrderId,
    trip: Trip,
    then: Then,
    known: Option<(BookingId, String)>,
    order: Option<OrderId>,
    payment: Option<Payment>,
}

pub struct Journeys<'w> {
    world: &'w World,
    people: &'w [Person],
    chance: Rng,
    /// Both hosts look at the same moment.
    side_by_side: bool,
    /// What was found by the last search, which several people book from.
    found: Vec<Trip>,
    young: Vec<Begun>,
}

/// The calls that make something, and one that asks.
const CALLS: [(&str, &str); 10] = [
    ("POST", "/air/orders"),
    ("POST", "/air/payments"),
    ("POST", "/air/order_cancellations/*/actions/confirm"),
    ("POST", "/stays/bookings"),
    ("POST", "/stays/bookings/*/actions/cancel"),
    ("POST", "/ferry/bookings"),
    ("POST", "/ferry/bookings/*/actions/pay"),
    ("POST", "/ferry/cancellations/*/actions/confirm"),
    ("POST", "/v1/transaction"),
    ("GET", "*"),
];

/// How a call goes wrong, and whether it was done all the same. None takes time. What promises that nothing was done
/// keeps its word.
const MISHAPS: [(Mode, bool); 9] = [
    (Mode::Reset, true),
    (Mode::Reset, false),
    (Mode::Truncate, true),
    (Mode::Html, true),
    (Mode::Html, false),
    (Mode::Status(500), true),
    (Mode::Status(502), false),
    (Mode::Status(503), false),
    (Mode::Status(429), false),
];

impl<'w> Journeys<'w> {
    pub fn new(world: &'w World, people: &'w [Person]) -> Self {
        let chance = Rng::with_seed(world.seed);
        let side_by_side = world.seed.is_multiple_of(3);
        Self { world, people, chance, side_by_side, found: Vec::new(), young: Vec::new() }
    }

    /// Begins so many trips in small groups, and lets things happen to those that are young.
    pub async fn run(&mut self, trips: usize) {
        let mut begun = 0;
        while begun < trips {
            self.search().await;
            for _ in 0..5 {
                begun += usize::from(self.begin().await);
            }
            for _ in 0..25 {
                self.happen().await;
            }
            let wait = [1, 5, 30, 90, 300, 900][self.chance.usize(..6)];
            self.world.time(Duration::from_secs(wait)).await;
            self.look_after().await;
            let old = self.young.len().saturating_sub(20);
            self.young.drain(..old);
        }
    }

    async fn look_after(&mut self) {
        let world = self.world;
        if self.side_by_side {
            join(world.look_after_by(&world.app), world.look_after_by(&world.beside)).await;
        } else if self.chance.bool() {
            world.look_after_by(&world.app).await;
        } else {
            world.look_after_by(&world.beside).await;
        }
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.chance.usize(..times) == 0
    }

    /// What there is now. The searches themselves go well: those that do not are told, and that is all.
    async fn search(&mut self) {
        let world = self.world;
        world.sandbox.app.world().faults.clear();
        if !self.found.is_empty() && !self.once_in(3) {
            return;
        }
        self.found = vec![
            flight_trip(&world.flight(Terms::Flex).await),
            flight_trip(&world.flight(Terms::Flex).await),
            flight_trip(&world.flight(Terms::Promo).await),
            stay_trip(&world.room("Kuta", "Beach Hotel").await),
            crossing_trip(&world.fares("2026-03-01", Some("IVA")).await[0], Some("IVA")),
            crossing_trip(&world.fares("2026-03-01", None).await[1], None),
        ];
    }

    async fn wish(&mut self, person: usize) -> Option<Trip> {
        let numbers = ["087800001230", "087800001231", "087800001232", "087800001233", "087800001234"];
        Some(match self.chance.usize(..9) {
            0 => token_for("pln20", ["530000000001", "530000000000"][usize::from(self.once_in(4))]),
            1 => token_for("xld10", numbers[self.chance.usize(..numbers.len())]),
            2 => {
                let bills =
                    [("pln", "530000000001"), ("pln", "630000000001"), ("pdam", "1013230"), ("bpjs", "9801234560005")];
                let (sku, number) = bills[self.chance.usize(..bills.len())];
                Trip::Bill(self.world.bill(&self.people[person], sku, number).await.ok()?.booking.id)
            }
            _ => self.found[self.chance.usize(..self.found.len())].clone(),
        })
    }

    fn method(&mut self, person: usize) -> MethodChoice {
        match self.chance.usize(..4) {
            0 => MethodChoice { wallet: Some(self.people[person].wallet), ..by("wallet") },
            1 => by("bank_transfer"),
            _ => by("qris"),
        }
    }

    /// Whether another trip was begun, and is known to be.
    async fn begin(&mut self) -> bool {
        let person = self.chance.usize(..self.people.len());
        let Some(trip) = self.wish(person).await else { return false };
        let waits = matches!(trip, Trip::Flight(_) | Trip::Stay(_) | Trip::Crossing(_)) && self.once_in(4);
        let then = if waits { Then::Wait } else { Then::Order(Some(self.method(person))) };
        if self.once_in(2) {
            self.mishap();
        }
        let id = self.world.id();
        let begun = Begun { person, id, trip, then, known: None, order: None, payment: None };
        self.young.push(begun);
        let last = self.young.len() - 1;
        self.ask(last).await;
        // Most people pay what they have ordered.
        if !self.once_in(4) {
            self.pay(last).await;
        }
        self.young[last].known.is_some()
    }

    /// Sends a request, perhaps again.
    async fn ask(&mut self, at: usize) {
        let begun = &self.young[at];
        let booked = self.world.book(&self.people[begun.person], begun.id, &begun.trip, begun.then.clone()).await;
        let Some(booked) = self.heard(booked) else { return };
        let begun = &mut self.young[at];
        begun.known = Some((booked.booking.id, booked.booking.reference));
        if let Some((order, payment)) = booked.order {
            begun.order = Some(order.id);
            begun.payment = payment;
        }
    }

    /// People are told no in many ways; that something broke is none of them.
    fn heard<T>(&self, answer: Result<T, Error>) -> Option<T> {
        answer.inspect_err(|error| assert!(error.code() != Code::Internal, "seed {}: {error:?}", self.world.seed)).ok()
    }

    /// The next call of some kind goes wrong.
    fn mishap(&mut self) {
        let (method, path) = CALLS[self.chance.usize(..CALLS.len())];
        let (mode, commits) = MISHAPS[self.chance.usize(..MISHAPS.len())];
        let matcher =
            Matcher { provider: None, method: Some(method.to_owned()), path: Some(path.to_owned()), reference: None };
        let times = if self.once_in(6) { 4 } else { 1 };
        self.world.sandbox.app.world().faults.add(Rule { id: 0, matcher, mode, times, commit: Some(commits) });
    }

    async fn happen(&mut self) {
        if self.young.is_empty() {
            return;
        }
        let at = self.chance.usize(..self.young.len());
        match self.chance.usize(..24) {
            // The payer pays; perhaps too late.
            0..=7 => self.pay(at).await,
            8 => {
                if let Some(payment) = self.young[at].payment.clone() {
                    let says = ["settlement", "pending"][self.chance.usize(..2)];
                    let (headers, body) = Played::webhook(&payment.reference, says);
                    drop(self.world.app.payments.take_webhook("played", &headers, &body).await);
                }
            }
            9 => self.ask(at).await,
            10 if self.once_in(2) => {
                if let Some(order) = self.young[at].order {
                    let who = &self.people[self.young[at].person].who;
                    self.heard(self.world.app.orders.cancel(who, order, None, None).await);
                }
            }
            11..=14 => self.cancel().await,
            15 => self.order_together().await,
            16 | 17 => self.mishap(),
            18 => {
                let trouble = [Trouble::LostBefore, Trouble::LostAfter, Trouble::TryLater][self.chance.usize(..3)];
                self.world.gateway.trouble(&[trouble]);
            }
            19 => {
                let deaf = self.once_in(2);
                self.world.ear.be_deaf(deaf);
            }
            20 => {
                let amount = if self.once_in(4) { 1_000 } else { DEPOSIT };
                let mut sandbox = self.world.sandbox.app.world();
                digiflazz::act(&mut sandbox, "digiflazz", "balance", &json!({"amount": amount}));
            }
            _ => self.supplier_acts(at).await,
        }
    }

    async fn pay(&mut self, at: usize) {
        if self.once_in(3) {
            self.mishap();
        }
        let begun = &self.young[at];
        let Some(payment) = begun.payment.clone() else { return };
        let who = &self.people[begun.person].who;
        let mut says_so = payment.method.wallet.is_some();
        if !says_so {
            // Money may come after the charge has ended, as it does with QR codes.
            self.world.gateway.pay(&payment.reference);
            says_so = self.chance.bool();
        }
        if says_so {
            self.heard(self.world.app.payments.confirm(who, payment.id).await);
        }
    }

    /// Somebody cancels what they have, at the sum that they were told or at another one.
    async fn cancel(&mut self) {
        let mut at = 0;
        // Rather something that is bought.
        for _ in 0..4 {
            at = self.chance.usize(..self.young.len());
            let Some((booking, _)) = self.young[at].known else { continue };
            if self.world.status(booking).await == BookingStatus::Fulfilled {
                break;
            }
        }
        let Some((booking, _)) = self.young[at].known else { return };
        let who = &self.people[self.young[at].person].who;
        if self.once_in(3) {
            self.mishap();
        }
        let quote = self.world.app.bookings.quote_cancellation(who, booking).await;
        let Some(quote) = self.heard(quote) else { return };
        let expected = quote.refund.amount() + i64::from(self.once_in(4));
        if self.once_in(4) {
            self.world.time(30 * MINUTE).await;
        }
        let cancelled = self.heard(self.world.app.bookings.cancel(who, booking, expected).await);
        let told = cancelled.is_none() || expected == quote.refund.amount();
        assert!(told, "seed {}: cancelled at another sum than was agreed", self.world.seed);
    }

    /// Somebody puts what they have booked into one order.
    async fn order_together(&mut self) {
        let person = self.chance.usize(..self.people.len());
        let waits = |begun: &&mut Begun| begun.person == person && begun.order.is_none() && begun.known.is_some();
        let ids: Vec<BookingId> =
            self.young.iter_mut().filter(waits).filter_map(|begun| begun.known.as_ref().map(|known| known.0)).collect();
        if ids.is_empty() {
            return;
        }
        let line = |id| NewLine { ware: Ware::Booking(id), quantity: 1, unit_price: None, note: None };
        let payment = Some(self.method(person));
        let new = NewOrder { lines: ids.iter().map(|id| line(*id)).collect(), draft: false, payment };
        let id = self.world.id();
        let made = self.world.app.orders.create(&self.people[person].who, id, new).await;
        let Some((order, payment)) = self.heard(made) else { return };
        for begun in &mut self.young {
            if begun.known.as_ref().is_some_and(|known| ids.contains(&known.0)) {
                begun.order = Some(order.id);
                begun.payment.clone_from(&payment);
            }
        }
    }

    /// An airline, a ship or a biller does something.
    async fn supplier_acts(&mut self, at: usize) {
        let Some((id, reference)) = self.young[at].known.clone() else { return };
        let booking = self.world.booking(id).await;
        if booking.status == BookingStatus::Fulfilled && self.once_in(12) {
            return self.supplier_takes_back(&booking).await;
        }
        let (add, act) = (self.chance.i64(1..100_000), self.chance.usize(..3));
        let dearer = json!({"amount": booking.price.amount() + add});
        let nothing = json!({});
        let mut sandbox = self.world.sandbox.app.world();
        match (booking.status, act) {
            (BookingStatus::Held | BookingStatus::Committing, 0) => {
                drop(duffel::act(&mut sandbox, &reference, "price", &dearer));
            }
            (BookingStatus::Held | BookingStatus::Committing, 1) => {
                drop(duffel::act(&mut sandbox, &reference, "lapse", &nothing));
                drop(ferry::act(&mut sandbox, &reference, "lapse", &nothing));
            }
            (BookingStatus::Fulfilled, 0) => drop(duffel::act(&mut sandbox, &reference, "change", &nothing)),
            _ => {}
        }
    }

    /// What is sold is taken back. A host that has said 200 to a webhook has written it down; so this one is heard.
    async fn supplier_takes_back(&self, booking: &Booking) {
        self.world.ear.be_deaf(false);
        if booking.delivery.documents.iter().any(|one| one.kind == DocumentKind::ETicket) {
            self.world.airline_cancels(&booking.reference);
        } else {
            let mut sandbox = self.world.sandbox.app.world();
            digiflazz::act(&mut sandbox, &booking.reference, "return", &json!({}));
        }
        self.world.time(SECOND).await;
    }
}
