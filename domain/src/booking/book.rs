//! What booking a flight, a room and a crossing have in common: from an offer to a booking that is kept, and its order.

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    booking::{Booking, BookingKind, BookingStatus, Clocks, Customer, Delivery, Payload, Policy},
    ids::{BookingId, OrderId, UserId},
    money::Money,
    orders::Order,
    payments::Payment,
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    Bookings,
    journey::Journey,
    missing,
    reach::Reach,
    refusal::{away, dearer},
    wanted::{Wanted, WantedJourney},
};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    ledger::person,
    once::id_taken,
    payments::MethodChoice,
};

/// What shall follow once it is booked.
#[derive(Debug, Clone)]
pub enum Then {
    /// Nothing yet: it is put into an order later, perhaps with other things.
    Wait,
    /// An order of its own; with a method, the attempt to pay starts with it.
    Order(Option<MethodChoice>),
}

/// A booking, and its order if there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    pub booking: Booking,
    pub order: Option<(Order, Option<Payment>)>,
}

/// A price that was shown, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced<T> {
    /// What a booking names. It is sealed: nobody else can make one.
    pub id: String,
    /// What the customer pays.
    pub price: Money,
    pub offer: T,
}

/// A journey that somebody wants, at what it costs us now.
pub(super) struct Draft {
    pub kind: BookingKind,
    pub supplier: String,
    pub payload: Payload,
    pub journey: Journey,
    pub cost: Money,
    pub policy: Policy,
    /// Until when the supplier stands by it.
    pub until: Option<Timestamp>,
    pub customer: Customer,
}

impl Bookings {
    /// Who books, and under which id: one for each request.
    pub(super) fn traveller(&self, by: &Principal, id: OrderId) -> Result<(UserId, BookingId)> {
        Permission::OwnBookings.check(by)?;
        Permission::OwnOrders.check(by)?;
        Ok((person(by)?, BookingId(Uuid::new_v5(&id.0, b"booking"))))
    }

    /// Whether the request was heard before. If the supplier did not say then whether it keeps it, it is asked now.
    ///
    /// # Errors
    /// [`Code::OfferGone`] if it came to nothing, and those of [`Bookings::hold`].
    pub(super) async fn heard(&self, by: &Principal, user: UserId, id: BookingId) -> Result<bool> {
        let Some(known) = self.0.ports.store.bookings().booking(id).await? else { return Ok(false) };
        if known.user != user {
            return Err(id_taken());
        }
        match known.status_at(self.0.now()) {
            BookingStatus::Holding => {
                let reach = self.0.ports.suppliers.reach(&known).ok_or_else(away)?;
                self.look_for_hold(by, &reach, &known).await?;
            }
            BookingStatus::Lapsed if known.order.is_none() => {
                let why = known.reason.as_deref().unwrap_or("its time is over");
                return Err(Error::new(Code::OfferGone, format!("Nothing is booked: {why}. Search again.")));
            }
            _ => {}
        }
        Ok(true)
    }

    /// A booking at our price, which may eat up our margin until it is bought.
    ///
    /// # Errors
    /// [`Code::PriceChanged`] if the customer pays no more than `most`.
    pub(super) fn draft(&self, user: UserId, id: BookingId, draft: Draft, most: Option<i64>) -> Result<Booking> {
        let Draft { kind, supplier, payload, journey, cost, policy, until, customer } = draft;
        let price = self.asked(cost)?;
        let title = journey.title();
        if let Some(most) = most.filter(|most| price.amount() > *most) {
            return Err(dearer(&title, most, price));
        }
        Ok(Booking {
            cost: Some(cost),
            offer: Wanted::Journey(WantedJourney { payload, journey }).payload()?,
            customer,
            policy: Some(policy),
            clocks: Clocks { offer: until, ..Clocks::default() },
            ..quoted(kind, id, user, supplier, (title, price), self.0.now())
        })
    }

    /// Stores what was quoted; answers whether it is new: of one request that comes twice at once, one stores it.
    pub(super) async fn keep(&self, by: &Principal, booking: &Booking, now: Timestamp) -> Result<bool> {
        let mut uow = self.0.begin().await?;
        match uow.bookings().add(booking).await {
            Err(StoreError::Conflict(Unique::Id)) => return Ok(false),
            other => other?,
        }
        self.0.tell_booking(&mut *uow, by, "booking.quoted", booking, now).await?;
        uow.commit().await?;
        Ok(true)
    }

    /// Stores a booking; if the supplier keeps such things, it is asked to.
    pub(super) async fn take(&self, by: &Principal, reach: Option<&Reach>, booking: Booking) -> Result<()> {
        match reach {
            Some(reach) => self.hold(by, reach, booking).await,
            None => {
                let now = self.0.now();
                self.keep(by, &booking, now).await.map(drop)
            }
        }
    }

    /// Does what shall follow.
    pub(super) async fn then(&self, by: &Principal, id: OrderId, booking: BookingId, then: Then) -> Result<Booked> {
        if let Then::Order(payment) = then {
            let (booking, order, payment) = self.order(by, id, booking, payment).await?;
            return Ok(Booked { booking, order: Some((order, payment)) });
        }
        let found = self.0.ports.store.bookings().booking(booking).await?;
        Ok(Booked { booking: found.ok_or_else(|| missing(booking))?, order: None })
    }
}

/// A booking that is quoted, of nothing and for nobody yet.
pub(super) fn quoted(
    kind: BookingKind,
    id: BookingId,
    user: UserId,
    supplier: String,
    (title, price): (String, Money),
    now: Timestamp,
) -> Booking {
    Booking {
        id,
        user,
        kind,
        supplier,
        status: BookingStatus::Quoted,
        reference: format!("B{}", id.0.simple()),
        title,
        price,
        max_cost: price,
        cost: None,
        order: None,
        offer: Payload(String::new()),
        customer: Customer::default(),
        policy: None,
        clocks: Clocks::default(),
        supplier_id: None,
        supplier_reference: None,
        delivery: Delivery::default(),
        cancellation: None,
        sent_at: None,
        paid_at: None,
        next_check_at: None,
        checks: 0,
        reason: None,
        frozen: false,
        created_at: now,
        updated_at: now,
        revision: 0,
    }
}
