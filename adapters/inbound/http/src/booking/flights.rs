//! `/flights`

use dermaga_domain::booking::{FlightWish, NewFlight, Priced, Then};
use dermaga_ports::booking::{Cabin, FlightOffer};
use poem::web::Data;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};

use super::{
    journey::SliceBody,
    people::{ContactBody, KindName, PassengerBody},
    policy::{ChangeName, PolicyBody, change},
    then::{Ages, BookedJourney, then},
};
use crate::{
    answer::{Created, Request},
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    payments::PaymentChoice,
    tags::Tag,
    wire::{CurrencyCode, DayText, List, Moment},
};

/// `/flights`
pub struct FlightsApi;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Cabin", rename_all = "snake_case")]
enum CabinName {
    Economy,
    PremiumEconomy,
    Business,
    First,
}

impl From<CabinName> for Cabin {
    fn from(name: CabinName) -> Self {
        match name {
            CabinName::Economy => Self::Economy,
            CabinName::PremiumEconomy => Self::PremiumEconomy,
            CabinName::Business => Self::Business,
            CabinName::First => Self::First,
        }
    }
}

/// A flight that can be booked.
#[derive(Debug, Clone, Object)]
#[oai(rename = "FlightOffer", skip_serializing_if_is_none)]
struct FlightOfferBody {
    /// What a booking names; signed, so that nobody else can make one
    id: String,
    /// For everybody and everything, in the currency's smallest unit
    price: i64,
    currency: CurrencyCode,
    carrier: String,
    slices: Vec<SliceBody>,
    /// Who travels, in the order in which a booking must name them
    passengers: Vec<KindName>,
    cancellation: PolicyBody,
    change: ChangeName,
    change_fee: Option<i64>,
    /// After that it cannot be booked
    expires_at: Moment,
    /// Whether seats are kept before they are paid, and until when
    holdable: bool,
    hold_until: Option<Moment>,
    /// The price of what is held may change after that
    price_guaranteed_until: Option<Moment>,
    /// Each passenger needs a passport
    documents_required: bool,
}

impl From<Priced<FlightOffer>> for FlightOfferBody {
    fn from(Priced { id, price, offer }: Priced<FlightOffer>) -> Self {
        let (change, change_fee) = change(offer.change);
        Self {
            id,
            price: price.amount(),
            currency: price.currency().into(),
            carrier: offer.carrier.name,
            slices: offer.slices.into_iter().map(Into::into).collect(),
            passengers: offer.seats.into_iter().map(Into::into).collect(),
            cancellation: (&offer.refund).into(),
            change,
            change_fee,
            expires_at: offer.expires_at.into(),
            holdable: offer.hold.is_some(),
            hold_until: offer.hold.and_then(|hold| hold.pay_by).map(Into::into),
            price_guaranteed_until: offer.hold.and_then(|hold| hold.price_guaranteed_until).map(Into::into),
            documents_required: offer.documents_required,
        }
    }
}

/// A flight that is wanted.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct FlightBooking {
    #[oai(validator(min_length = 1, max_length = 10000))]
    offer_id: String,
    /// In the order of the offer
    #[oai(validator(min_items = 1, max_items = 9))]
    passengers: Vec<PassengerBody>,
    contact: ContactBody,
    /// The most that you pay, in the smallest unit of the offer's currency; a higher price by now refuses it
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    max_total: i64,
    /// `false` books without an order: name the booking as a line of one later. `true` unless given
    order: Option<bool>,
    /// How it will be paid. Without it, `POST /payments` starts paying the order
    payment: Option<PaymentChoice>,
}

#[OpenApi(prefix_path = "/flights", tag = "Tag::Travel")]
impl FlightsApi {
    /// Flights from one place to another
    #[oai(path = "/offers", method = "get", operation_id = "search_flights")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn search(
        &self,
        deps: Data<&Deps>,
        /// Three letters of an airport or a city, as `CGK`
        origin: Query<String>,
        destination: Query<String>,
        /// Of the departure, there
        date: Query<DayText>,
        /// Of the way back
        return_date: Query<Option<DayText>>,
        /// Adults; 1 unless given
        passengers: Query<Option<u32>>,
        /// The ages of children with commas between them, as `9,1`
        children: Query<Option<String>>,
        cabin: Query<Option<CabinName>>,
    ) -> ApiResult<Json<List<FlightOfferBody>>> {
        let Ages(children) = Ages::read(children.0.as_deref())?;
        let wish = FlightWish {
            origin: origin.0,
            destination: destination.0,
            date: date.0.0,
            return_date: return_date.0.map(|day| day.0),
            adults: passengers.0.unwrap_or(1),
            children,
            cabin: cabin.0.map(Into::into),
        };
        let found = deps.app.bookings.flights(wish).await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }

    /// An offer as it is now
    ///
    /// Prices move: look again before somebody types names.
    #[oai(path = "/offers/:id", method = "get", operation_id = "get_flight_offer")]
    async fn offer(&self, deps: Data<&Deps>, id: Path<String>) -> ApiResult<Json<FlightOfferBody>> {
        Ok(Json(deps.app.bookings.flight(&id.0).await?.into()))
    }

    /// Book a flight
    ///
    /// Seats are held where the airline holds any (`HELD`), and an order is made whose deadline keeps to the hold. Once it
    /// is paid the flight is bought, and the booking has the e-tickets; what cannot be had is paid back.
    #[oai(path = "/bookings", method = "post", operation_id = "book_flight")]
    async fn book(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<FlightBooking>,
    ) -> ApiResult<Created<BookedJourney>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let FlightBooking { offer_id, passengers, contact, max_total, order, payment } = body.0;
        let then: Then = then(order, payment)?;
        let passengers = passengers.into_iter().map(Into::into).collect();
        let new = NewFlight { offer_id, passengers, contact: contact.into(), max_total, then };
        let request = Request { deps: &deps, caller: Some(by), operation: "book_flight", key: key.0, content };
        let once = request.once(|seed| async move {
            let booked = deps.app.bookings.book_flight(by, seed.into(), new).await?;
            BookedJourney::at(deps.app.orders.now(), by, booked)
        });
        Ok(once.await?.into())
    }
}
