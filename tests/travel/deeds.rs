//! What people do in these tests, and what they look at afterwards.

use dermaga_domain::{Error, booking::Then};
use dermaga_ports::{
    booking::{Booking, BookingFilter, BookingStatus},
    ids::{BookingId, OrderId},
    orders::{Order, OrderStatus},
    paging::PageRequest,
    payments::Payment,
};
use dermaga_sandbox::duffel::notify;
use dermaga_tests::played::Charge;
use serde_json::{Value, json};

use crate::{
    trips::Trip,
    world::{MINUTE, World, by},
};

/// A booking that is in an order of its own.
pub struct Ordered {
    pub booking: BookingId,
    pub order: OrderId,
    pub payment: Payment,
    /// Ours, at the supplier.
    pub reference: String,
    pub price: i64,
}

impl World {
    /// Ani books and orders; she has to pay.
    pub async fn order(&self, trip: &Trip) -> Ordered {
        self.try_to_order(trip).await.expect("books")
    }

    pub async fn try_to_order(&self, trip: &Trip) -> Result<Ordered, Error> {
        let booked = self.book(&self.ani, self.id(), trip, Then::Order(Some(by("qris")))).await?;
        let (order, payment) = booked.order.expect("it is in an order");
        Ok(Ordered {
            booking: booked.booking.id,
            order: order.id,
            payment: payment.expect("is being paid"),
            reference: booked.booking.reference,
            price: booked.booking.price.amount(),
        })
    }

    /// The same, and she pays.
    pub async fn paid(&self, trip: &Trip) -> Ordered {
        let ordered = self.order(trip).await;
        self.pay(&self.ani, &ordered.payment).await;
        assert_eq!(self.status(ordered.booking).await, BookingStatus::Committing, "nobody was asked before");
        ordered
    }

    /// The same, and everything comes as it should.
    pub async fn bought(&self, trip: &Trip) -> Ordered {
        let ordered = self.paid(trip).await;
        self.look_after().await;
        self.live(MINUTE, 2).await;
        let booking = self.booking(ordered.booking).await;
        assert_eq!(booking.status, BookingStatus::Fulfilled, "{:?}", booking.reason);
        ordered
    }

    pub async fn booking(&self, id: BookingId) -> Booking {
        self.app.bookings.booking(&self.staff, id).await.expect("is there").booking
    }

    pub async fn status(&self, id: BookingId) -> BookingStatus {
        self.booking(id).await.status
    }

    pub async fn order_of(&self, id: OrderId) -> Order {
        self.app.orders.order(&self.staff, id).await.expect("is there")
    }

    pub async fn order_status(&self, id: OrderId) -> OrderStatus {
        self.order_of(id).await.status_at(self.now())
    }

    /// What went back through the gateway.
    pub fn refunded(&self) -> i64 {
        self.gateway.charges().values().map(Charge::refunded).sum()
    }

    /// What waits for a person.
    pub async fn inbox(&self) -> Vec<Booking> {
        let filter = BookingFilter { frozen: Some(true), ..BookingFilter::default() };
        self.app.bookings.bookings(&self.staff, filter, PageRequest::first(200)).await.expect("lists").items
    }

    /// How often something was told to those who subscribe.
    pub async fn told(&self, topic: &str) -> usize {
        self.database.texts("SELECT topic FROM outbox").await.iter().filter(|told| *told == topic).count()
    }

    /// An airline, a house, a ship or a biller does something.
    pub async fn play(&self, reference: &str, action: &str, body: Value) {
        let status = self.post(&format!("/travel/{reference}/{action}"), &body).await;
        assert_eq!(status, 200, "{action} of {reference} is possible");
    }

    /// The next call of that kind meets a fault.
    pub async fn fault(&self, path: &str, mode: &str) {
        self.faults(path, mode, 1).await;
    }

    /// The next ones do.
    pub async fn faults(&self, path: &str, mode: &str, times: u32) {
        self.rule(&json!({"match": {"method": "POST", "path": path}, "mode": mode, "times": times})).await;
    }

    /// A fault in the server's own words.
    pub async fn rule(&self, rule: &Value) {
        assert_eq!(self.post("/faults", rule).await, 201);
    }

    /// An airline cancels what it has sold, and tells us.
    pub fn airline_cancels(&self, reference: &str) {
        let mut world = self.sandbox.app.world();
        let now = world.clock.now();
        let order = world.duffel.orders.values_mut().find(|order| order.reference() == reference).expect("was sold");
        order.cancelled = Some(now);
        let id = order.id.clone();
        notify::order(&mut world, &id, "order.updated");
    }

    async fn post(&self, path: &str, body: &Value) -> u16 {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        self.http.post(url).json(body).send().await.expect("answers").status().as_u16()
    }

    /// What the suppliers have under a reference.
    pub async fn records(&self, reference: &str) -> Vec<Value> {
        self.get(&format!("/travel?ref={reference}")).await
    }

    /// The calls that they heard about it, as `POST /air/orders`.
    pub async fn heard(&self, reference: &str) -> Vec<String> {
        let calls = self.get(&format!("/requests?ref={reference}")).await;
        let text = |call: &Value, name: &str| call[name].as_str().unwrap_or_default().to_owned();
        calls.iter().map(|call| format!("{} {}", text(call, "method"), text(call, "path"))).collect()
    }

    pub(crate) async fn get(&self, path: &str) -> Vec<Value> {
        let url = format!("{}/__sandbox{path}", self.sandbox.base_url);
        let all: Value = self.http.get(url).send().await.expect("answers").json().await.expect("JSON");
        all.as_array().expect("a list").clone()
    }
}
