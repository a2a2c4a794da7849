//! `/hotels`

use dermaga_domain::booking::{ConfirmedRate, FreeHouse, HotelWish, NewStay, Priced};
use dermaga_ports::booking::{Personal, RoomRate};
use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Path, Query},
    types::ToJSON,
};

use super::{
    journey::{DueThereBody, HouseBody, StayBody, board},
    people::{ContactBody, GuestBody},
    policy::PolicyBody,
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

/// `/hotels`
pub struct HotelsApi;

/// A house with free rooms.
#[derive(Debug, Clone, Object)]
#[oai(rename = "HotelOffer", skip_serializing_if_is_none)]
struct HotelOfferBody {
    /// What its rooms are asked for with
    id: String,
    hotel: HouseBody,
    /// What the cheapest room costs for all nights, in the currency's smallest unit
    cheapest: Option<i64>,
    currency: Option<CurrencyCode>,
    due_at_hotel: Option<DueThereBody>,
    expires_at: Moment,
}

impl From<FreeHouse> for HotelOfferBody {
    fn from(FreeHouse { id, cheapest, house }: FreeHouse) -> Self {
        Self {
            id,
            cheapest: cheapest.map(|price| price.amount()),
            currency: cheapest.map(|price| price.currency().into()),
            due_at_hotel: house.due_there.map(Into::into),
            expires_at: house.expires_at.into(),
            hotel: house.accommodation.into(),
        }
    }
}

/// A rule of the house.
#[derive(Debug, Clone, Object)]
#[oai(rename = "HouseRule")]
struct RuleBody {
    title: String,
    text: String,
}

/// A room at a price.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RoomRate", skip_serializing_if_is_none)]
struct RoomRateBody {
    /// What a quote names
    id: String,
    room: String,
    /// As `2 single`
    beds: Vec<String>,
    name: Option<String>,
    /// As `breakfast`
    board: String,
    /// For all nights and rooms, in the currency's smallest unit
    price: i64,
    currency: CurrencyCode,
    due_at_hotel: Option<DueThereBody>,
    cancellation: PolicyBody,
    rules: Vec<RuleBody>,
    rooms_left: Option<u32>,
    /// Without the number of that programme it cannot be booked
    loyalty_programme_required: Option<String>,
    expires_at: Moment,
}

impl From<Priced<RoomRate>> for RoomRateBody {
    fn from(Priced { id, price, offer }: Priced<RoomRate>) -> Self {
        Self {
            id,
            room: offer.room,
            beds: offer.beds,
            name: offer.name,
            board: board(&offer.board).to_owned(),
            price: price.amount(),
            currency: price.currency().into(),
            due_at_hotel: offer.due_there.map(Into::into),
            cancellation: (&offer.refund).into(),
            rules: offer.conditions.into_iter().map(|(title, text)| RuleBody { title, text }).collect(),
            rooms_left: offer.left,
            loyalty_programme_required: offer.loyalty_programme_required,
            expires_at: offer.expires_at.into(),
        }
    }
}

/// The room whose price shall be confirmed.
#[derive(Debug, Clone, Object)]
struct HotelQuoteRequest {
    #[oai(validator(min_length = 1, max_length = 20000))]
    rate_id: String,
}

/// A price that was confirmed.
#[derive(Debug, Clone, Object)]
#[oai(rename = "HotelQuote", skip_serializing_if_is_none)]
struct HotelQuoteBody {
    /// What a booking names; signed, so that nobody else can make one
    id: String,
    /// For all nights and rooms, in the currency's smallest unit
    price: i64,
    currency: CurrencyCode,
    stay: StayBody,
    cancellation: PolicyBody,
    expires_at: Option<Moment>,
}

impl From<Priced<ConfirmedRate>> for HotelQuoteBody {
    fn from(Priced { id, price, offer }: Priced<ConfirmedRate>) -> Self {
        Self {
            id,
            price: price.amount(),
            currency: price.currency().into(),
            stay: offer.stay.into(),
            cancellation: (&offer.refund).into(),
            expires_at: offer.expires_at.map(Into::into),
        }
    }
}

/// A room that is wanted.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct HotelBooking {
    #[oai(validator(min_length = 1, max_length = 20000))]
    quote_id: String,
    /// One person in each room at least
    #[oai(validator(min_items = 1, max_items = 36))]
    guests: Vec<GuestBody>,
    contact: ContactBody,
    /// What you ask of the house; it is not bound to it
    #[oai(validator(max_length = 500))]
    requests: Option<String>,
    #[oai(validator(max_length = 50))]
    loyalty_number: Option<String>,
    /// The most that you pay, in the smallest unit of the quote's currency
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    max_total: Option<i64>,
    /// `false` books without an order: name the booking as a line of one later. `true` unless given
    order: Option<bool>,
    /// How it will be paid. Without it, `POST /payments` starts paying the order
    payment: Option<PaymentChoice>,
}

#[OpenApi(prefix_path = "/hotels", tag = "Tag::Travel")]
impl HotelsApi {
    /// Houses with free rooms in a city
    #[oai(path = "/offers", method = "get", operation_id = "search_hotels")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn search(
        &self,
        deps: Data<&Deps>,
        /// By the name that people use
        city: Query<String>,
        check_in: Query<DayText>,
        check_out: Query<DayText>,
        /// Adults; 1 unless given
        guests: Query<Option<u32>>,
        /// The ages of children with commas between them, as `9,1`
        children: Query<Option<String>>,
        /// 1 unless given
        rooms: Query<Option<u32>>,
    ) -> ApiResult<Json<List<HotelOfferBody>>> {
        let Ages(children) = Ages::read(children.0.as_deref())?;
        let wish = HotelWish {
            city: city.0,
            check_in: check_in.0.0,
            check_out: check_out.0.0,
            adults: guests.0.unwrap_or(1),
            children,
            rooms: rooms.0.unwrap_or(1),
        };
        let found = deps.app.bookings.houses(wish).await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }

    /// The rooms of a house that was found, with prices
    #[oai(path = "/offers/:id", method = "get", operation_id = "list_hotel_rooms")]
    async fn rooms(&self, deps: Data<&Deps>, id: Path<String>) -> ApiResult<Json<List<RoomRateBody>>> {
        let found = deps.app.bookings.rooms(&id.0).await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }

    /// Confirm the price of a room
    ///
    /// Nothing is kept by asking.
    #[oai(path = "/quotes", method = "post", operation_id = "quote_hotel_room")]
    async fn quote(
        &self,
        _person: Person,
        deps: Data<&Deps>,
        body: Json<HotelQuoteRequest>,
    ) -> ApiResult<Json<HotelQuoteBody>> {
        Ok(Json(deps.app.bookings.quote_room(&body.rate_id).await?.into()))
    }

    /// Book a room
    ///
    /// Houses keep none without money: the booking is `QUOTED` until its order is paid, and then bought. What cannot be had
    /// is paid back.
    #[oai(path = "/bookings", method = "post", operation_id = "book_hotel")]
    async fn book(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<HotelBooking>,
    ) -> ApiResult<Created<BookedJourney>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let HotelBooking { quote_id, guests, contact, requests, loyalty_number, max_total, order, payment } = body.0;
        let new = NewStay {
            quote_id,
            guests: guests.into_iter().map(Into::into).collect(),
            contact: contact.into(),
            requests,
            loyalty_number: loyalty_number.map(Personal::new),
            max_total,
            then: then(order, payment)?,
        };
        let request = Request { deps: &deps, caller: Some(by), operation: "book_hotel", key: key.0, content };
        let once = request.once(|seed| async move {
            let booked = deps.app.bookings.book_stay(by, seed.into(), new).await?;
            BookedJourney::at(deps.app.orders.now(), by, booked)
        });
        Ok(once.await?.into())
    }
}
