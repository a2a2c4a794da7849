//! Duffel as the port of hotels sees it.

use std::time::Duration;

use async_trait::async_trait;
use dermaga_ports::booking::{
    BookHotel, CancellationQuote, Cancelled, Expected, Found, Hint, HotelBooking, HotelQuote, HotelResult, HotelSearch,
    HotelState, HotelSupplier, NotAuthentic, Outcome, Payload, Policy, ProbeKey, RefundTo, RefusalKind, RoomRate,
    TravellerKind, Until, Where,
};
use serde_json::{Value, json};

use super::{APPEARS_WITHIN, Duffel, order::REFERENCE, stay, webhook};
use crate::wire::{
    amount::money,
    envelope,
    http::{Answer, unreadable},
    outcome::{Result, id, invalid, outcome, reference, refused, within},
    people::{email, name, phone},
    text::Text,
};

/// How many pages of bookings are looked through for one of ours. The newest come first.
const PAGES: usize = 5;

impl Duffel {
    async fn houses(&self, search: &HotelSearch) -> Result<Vec<HotelResult>> {
        let Some(place) = self.located(&search.place).await? else { return Ok(Vec::new()) };
        let body = json!({"data": request(&HotelSearch { place, ..search.clone() })?});
        let (found, _): (stay::Results, _) = self.data(self.ask("Duffel stays", "/stays/search", &body), &[]).await?;
        Ok(found.results.iter().filter_map(result).collect())
    }

    /// Duffel searches around points: a city's name is looked up first. `None`: nobody knows it.
    async fn located(&self, place: &Where) -> Result<Option<Where>> {
        let Where::City { name, radius_km } = place else { return Ok(Some(place.clone())) };
        if name.trim().is_empty() || name.chars().count() > 100 {
            return Err(invalid("city", "a city has a name of 1 to 100 characters"));
        }
        let call = self.get("Duffel places", "/places/suggestions").query("query", name.trim());
        let (known, _): (Vec<stay::Suggestion>, _) = self.data(call, &[]).await?;
        Ok(known.iter().find_map(|one| {
            let (latitude, longitude) = (one.latitude.owned()?, one.longitude.owned()?);
            Some(Where::Around { latitude, longitude, radius_km: *radius_km })
        }))
    }

    async fn rooms(&self, result: &Payload) -> Result<Vec<RoomRate>> {
        let path = format!("/stays/search_results/{}/actions/fetch_all_rates", payload(result)?.id);
        let (found, _): (stay::Found, _) =
            self.data(self.ask("Duffel rates", &path, &json!({"data": {}})), &[]).await?;
        let rooms = found.accommodation.rooms.iter();
        Ok(rooms.flat_map(|room| room.rates.iter().filter_map(move |told| rate(room, told))).collect())
    }

    async fn fix(&self, rate: &Payload) -> Result<HotelQuote> {
        let known = payload(rate)?;
        let body = json!({"data": {"rate_id": known.id}});
        let (told, answer): (stay::Quote, _) =
            self.data(self.ask("Duffel stay quote", "/stays/quotes", &body), &[]).await?;
        quote(&told, &answer, known.policy)
    }

    async fn stay(&self, booking: &BookHotel) -> Result<HotelBooking> {
        let ours = reference(&booking.reference)?;
        let known = payload(&booking.quote)?;
        let (email, phone) = (email(&booking.contact.email)?, phone(&booking.contact.phone)?);
        if booking.guests.is_empty() {
            return Err(invalid("guests", "a room is booked for somebody"));
        }
        let mut guests = Vec::new();
        for (at, (given, family)) in booking.guests.iter().enumerate() {
            let given = name(given, &format!("guests[{at}].given_name"))?;
            let family = match family {
                Some(family) => name(family, &format!("guests[{at}].family_name"))?,
                None => given,
            };
            guests.push(json!({"given_name": given, "family_name": family}));
        }
        let path = format!("/stays/quotes/{}", known.id);
        let (told, answer): (stay::Quote, _) = self.data(self.get("Duffel stay quote", &path), &[]).await?;
        within(quote(&told, &answer, known.policy)?.total, booking.max_total)?;
        let mut data = json!({"quote_id": known.id, "guests": guests, "email": email, "phone_number": phone,
            "metadata": {REFERENCE: ours}});
        if let Some(requests) = &booking.requests {
            data["accommodation_special_requests"] = json!(requests);
        }
        if let Some(number) = &booking.loyalty_number {
            data["loyalty_programme_account_number"] = json!(number.reveal());
        }
        let hidden: Vec<&str> = booking
            .guests
            .iter()
            .flat_map(|(given, family)| [Some(given), family.as_ref()])
            .flatten()
            .chain([&booking.contact.name, &booking.contact.email, &booking.contact.phone])
            .chain(&booking.loyalty_number)
            .map(|text| text.reveal())
            .collect();
        let call = self.make("Duffel stay", "/stays/bookings", &json!({"data": data}));
        let (made, answer): (stay::Booking, _) = self.data(call, &hidden).await?;
        stay::booking(&made, &answer)
    }

    async fn find_stay(&self, key: &ProbeKey) -> Result<Found<HotelBooking>> {
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let mut call = self.get("Duffel stays booked", "/stays/bookings").query("limit", "200");
            if let Some(cursor) = &after {
                call = call.query("after", cursor);
            }
            let answer = self.send(call).await?;
            let (all, next): (Vec<stay::Booking>, _) = envelope::page(&answer, &[self.config.token.expose()])?;
            let is_ours = |one: &&stay::Booking| {
                let kept = one.metadata.as_ref().and_then(|all| all.get(REFERENCE));
                kept.and_then(Text::get) == Some(&key.reference)
            };
            if let Some(told) = all.iter().find(is_ours) {
                return Ok(Found::Record(Box::new(stay::booking(told, &answer)?)));
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        Ok(Found::Nothing)
    }

    async fn booked(&self, booking_id: &str) -> Result<HotelBooking> {
        let call = self.get("Duffel stay booked", &format!("/stays/bookings/{}", id(booking_id)?));
        let (told, answer): (stay::Booking, _) = self.data(call, &[]).await?;
        if told.id.get() != Some(booking_id) {
            return Err(unreadable(&answer, "it speaks of another booking"));
        }
        stay::booking(&told, &answer)
    }

    /// There is no quote on the wire: the conditions say what comes back, and until when.
    fn by_conditions(&self, booking: &HotelBooking) -> Result<CancellationQuote> {
        match booking.state {
            HotelState::Confirmed => {}
            HotelState::Cancelled | HotelState::CancellationRequested => {
                return Err(refused(RefusalKind::AlreadyDone, "the booking is cancelled already"));
            }
            _ => return Err(refused(RefusalKind::Rejected, "a booking is cancelled after it was confirmed")),
        }
        let now = self.clock.now();
        let refund = booking.total.map(|paid| booking.refund.at(now, false, paid));
        let refund = match refund {
            Some(Expected::Refund(refund)) => Some(refund),
            _ => None,
        };
        let next = match &booking.refund {
            Policy::Steps(steps) => steps.iter().find_map(|step| match step.until {
                Until::At(moment) if now < moment => Some(moment),
                _ => None,
            }),
            _ => None,
        };
        let fee = booking.total.zip(refund).and_then(|(paid, back)| paid.checked_sub(back).ok());
        Ok(CancellationQuote {
            id: booking.id.clone(),
            order_id: booking.id.clone(),
            refund,
            fee,
            refund_to: RefundTo::Balance,
            expires_at: next,
        })
    }

    async fn leave(&self, booking: &HotelBooking, expected: &CancellationQuote) -> Result<Cancelled> {
        let now = self.booked(&booking.id).await?;
        // The conditions are those that were sold; where the booking does not repeat them, ours count.
        let sold = if now.refund == Policy::Unknown { booking.refund.clone() } else { now.refund.clone() };
        let total = now.total.or(booking.total);
        let quote = self.by_conditions(&HotelBooking { refund: sold, total, ..now })?;
        if quote.refund != expected.refund {
            return Err(refused(RefusalKind::PriceChanged { new: quote.refund }, "the refund is another one now"));
        }
        let path = format!("/stays/bookings/{}/actions/cancel", booking.id);
        let call = self.make("Duffel stay cancellation", &path, &json!({"data": {}}));
        let (done, answer): (stay::Booking, _) = self.data(call, &[]).await?;
        let done = stay::booking(&done, &answer)?;
        if done.state != HotelState::Cancelled {
            return Err(unreadable(&answer, "it is not cancelled yet"));
        }
        Ok(Cancelled {
            order_id: booking.id.clone(),
            refund: quote.refund,
            refund_to: quote.refund_to,
            credits: Vec::new(),
            at: done.cancelled_at,
        })
    }
}

fn payload(payload: &Payload) -> Result<stay::StayPayload> {
    let foreign = |_| refused(RefusalKind::NotFound, "the offer is none of Duffel");
    let read: stay::StayPayload = serde_json::from_str(&payload.0).map_err(foreign)?;
    id(&read.id)?;
    Ok(read)
}

fn pack(id: &str, policy: Option<&Policy>) -> Payload {
    let packed = stay::StayPayload { id: id.to_owned(), policy: policy.cloned() };
    Payload(serde_json::to_string(&packed).unwrap_or_default())
}

fn request(search: &HotelSearch) -> Result<Value> {
    if search.check_out <= search.check_in {
        return Err(invalid("check_out", "a stay ends after the day on which it begins"));
    }
    if search.rooms == 0 || search.guests.len() < usize::try_from(search.rooms).unwrap_or(usize::MAX) {
        return Err(invalid("guests", "each room has a guest"));
    }
    let mut guests = Vec::new();
    for (at, guest) in search.guests.iter().enumerate() {
        guests.push(match (guest.kind, guest.age) {
            (TravellerKind::Adult, _) => json!({"type": "adult"}),
            (_, Some(age @ 0..=17)) => json!({"type": "child", "age": age}),
            _ => return Err(invalid(format!("guests[{at}].age"), "a child is 0 to 17 years old")),
        });
    }
    let mut request = json!({"check_in_date": search.check_in, "check_out_date": search.check_out,
        "rooms": search.rooms, "guests": guests});
    match &search.place {
        Where::Around { latitude, longitude, radius_km } => {
            let degrees = |name: &str, text: &str| -> Result<Value> {
                let number: std::result::Result<serde_json::Number, _> = serde_json::from_str(text);
                number.map(Value::Number).map_err(|_| invalid(name, "a degree is a decimal number, as -8.65"))
            };
            request["location"] = json!({"radius": radius_km, "geographic_coordinates":
                {"latitude": degrees("latitude", latitude)?, "longitude": degrees("longitude", longitude)?}});
        }
        // It was looked up before.
        Where::City { .. } => return Err(invalid("city", "nobody knows where that is")),
        Where::Houses(ids) => request["accommodation"] = json!({"ids": ids, "fetch_rates": false}),
    }
    Ok(request)
}

fn result(told: &stay::Found) -> Option<HotelResult> {
    let id = told.id.owned()?;
    Some(HotelResult {
        payload: pack(&id, None),
        accommodation: stay::house(&told.accommodation),
        cheapest: money(&told.cheapest_rate_total_amount, &told.cheapest_rate_currency),
        due_there: stay::due_there(
            &told.cheapest_rate_due_at_accommodation_amount,
            &told.cheapest_rate_due_at_accommodation_currency,
        ),
        expires_at: told.expires_at.moment()?,
        id,
    })
}

/// One that our balance does not pay, or whose price is not exact, is left out.
fn rate(room: &stay::Room, told: &stay::Rate) -> Option<RoomRate> {
    let id = told.id.owned()?;
    let methods = &told.available_payment_methods;
    if !methods.is_empty() && !methods.iter().any(|method| method.get() == Some("balance")) {
        return None;
    }
    let refund = stay::policy(told.cancellation_timeline.as_deref());
    let required = told.supported_loyalty_programme.owned().filter(|_| told.loyalty_programme_required);
    Some(RoomRate {
        payload: pack(&id, Some(&refund)),
        room: room.name.or_empty().to_owned(),
        beds: room.beds.iter().map(|bed| format!("{} {}", bed.count.or_empty(), bed.kind.or_empty())).collect(),
        name: told.name.owned(),
        board: stay::board(&told.board_type),
        total: money(&told.total_amount, &told.total_currency)?,
        due_there: stay::due_there(&told.due_at_accommodation_amount, &told.due_at_accommodation_currency),
        refund,
        conditions: told
            .conditions
            .iter()
            .map(|one| (one.title.or_empty().to_owned(), one.description.or_empty().to_owned()))
            .collect(),
        left: told.quantity_available.number(),
        loyalty_programme_required: required,
        expires_at: told.expires_at.moment()?,
        id,
    })
}

fn quote(told: &stay::Quote, answer: &Answer, sold: Option<Policy>) -> Result<HotelQuote> {
    let id = told.id.owned().ok_or_else(|| unreadable(answer, "id is missing"))?;
    let total = money(&told.total_amount, &told.total_currency);
    let rate = stay::sold(&told.accommodation);
    let timeline = rate.and_then(|rate| rate.cancellation_timeline.as_deref());
    let refund = match (timeline, sold) {
        (None, Some(sold)) => sold,
        (timeline, _) => stay::policy(timeline),
    };
    Ok(HotelQuote {
        payload: pack(&id, Some(&refund)),
        accommodation: stay::house(&told.accommodation),
        total: total.ok_or_else(|| unreadable(answer, "total_amount is missing or not exact"))?,
        due_there: stay::due_there(&told.due_at_accommodation_amount, &told.due_at_accommodation_currency),
        refund,
        // A quote that says nothing of its end is good as long as its rate.
        expires_at: told.expires_at.moment().or_else(|| rate.and_then(|rate| rate.expires_at.moment())),
        id,
    })
}

#[async_trait]
impl HotelSupplier for Duffel {
    fn name(&self) -> &str {
        "duffel"
    }

    fn appears_within(&self) -> Duration {
        APPEARS_WITHIN
    }

    async fn search(&self, search: &HotelSearch) -> Outcome<Vec<HotelResult>> {
        outcome(self.houses(search).await)
    }

    async fn rates(&self, result: &Payload) -> Outcome<Vec<RoomRate>> {
        outcome(self.rooms(result).await)
    }

    async fn quote(&self, rate: &Payload) -> Outcome<HotelQuote> {
        outcome(self.fix(rate).await)
    }

    async fn book(&self, booking: &BookHotel) -> Outcome<HotelBooking> {
        outcome(self.stay(booking).await)
    }

    async fn probe(&self, key: &ProbeKey) -> Outcome<Found<HotelBooking>> {
        outcome(self.find_stay(key).await)
    }

    async fn read(&self, booking_id: &str) -> Outcome<HotelBooking> {
        outcome(self.booked(booking_id).await)
    }

    async fn quote_cancellation(&self, booking: &HotelBooking) -> Outcome<CancellationQuote> {
        outcome(self.by_conditions(booking))
    }

    async fn cancel(&self, booking: &HotelBooking, quote: &CancellationQuote) -> Outcome<Cancelled> {
        outcome(self.leave(booking, quote).await)
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> std::result::Result<Hint, NotAuthentic> {
        let from = ("Duffel", "x-duffel-signature");
        webhook::read(headers, body, from, self.config.webhook_secret.as_ref(), self.clock.now())
    }
}
