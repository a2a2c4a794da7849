//! Searching for flights, and looking at an offer again.

use dermaga_ports::booking::{Cabin, FlightOffer, FlightSearch, Payload, TravellerKind};
use serde_json::{Value, json};

use super::{Duffel, offer, wire};
use crate::wire::{
    http::{Answer, unreadable},
    outcome::{Result, invalid},
};

/// How long Duffel may wait for airlines, in milliseconds: less than we wait for Duffel.
const SUPPLIER_TIMEOUT: &str = "20000";

impl Duffel {
    pub(super) async fn offers(&self, search: &FlightSearch) -> Result<Vec<FlightOffer>> {
        let body = json!({"data": request(search)?});
        let call = self.ask("Duffel search", "/air/offer_requests", &body);
        let call = call.query("return_offers", "true").query("supplier_timeout", SUPPLIER_TIMEOUT);
        let (found, _): (wire::OfferRequest, _) = self.data(call, &[]).await?;
        let mut offers: Vec<FlightOffer> = found.offers.iter().filter_map(readable).collect();
        offers.sort_by_key(|offer| offer.total.amount());
        Ok(offers)
    }

    pub(super) async fn offer_again(&self, payload: &Payload) -> Result<(FlightOffer, Answer)> {
        let known = offer::payload(payload)?;
        let call = self.get("Duffel offer", &format!("/air/offers/{}", known.offer));
        let (told, answer): (wire::Offer, _) = self.data(call, &[]).await?;
        if told.id.get() != Some(&known.offer) {
            return Err(unreadable(&answer, "it speaks of another offer"));
        }
        match offer::offer(&told) {
            Ok(offer) => Ok((offer, answer)),
            Err(member) => Err(unreadable(&answer, &format!("{member} is missing or not exact"))),
        }
    }
}

fn readable(told: &wire::Offer) -> Option<FlightOffer> {
    offer::offer(told).inspect_err(|member| tracing::warn!(member, "an offer that cannot be read is left out")).ok()
}

fn request(search: &FlightSearch) -> Result<Value> {
    if search.legs.is_empty() || search.legs.len() > 6 {
        return Err(invalid("legs", "a journey has one to six legs"));
    }
    let mut slices = Vec::new();
    for (at, leg) in search.legs.iter().enumerate() {
        for (name, code) in [("origin", &leg.origin), ("destination", &leg.destination)] {
            if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return Err(invalid(format!("legs[{at}].{name}"), "a place is three capital letters, as CGK"));
            }
        }
        slices.push(json!({"origin": leg.origin, "destination": leg.destination, "departure_date": leg.day}));
    }
    let mut passengers = Vec::new();
    for (at, seat) in search.seats.iter().enumerate() {
        passengers.push(match (seat.kind, seat.age) {
            (TravellerKind::Adult, _) => json!({"type": "adult"}),
            (TravellerKind::Child, Some(age @ 2..=17)) | (TravellerKind::Infant, Some(age @ 0..=1)) => {
                json!({"age": age})
            }
            _ => {
                let told = "a child is 2 to 17 years old on the day of departure, and an infant younger";
                return Err(invalid(format!("seats[{at}].age"), told));
            }
        });
    }
    let adults = search.seats.iter().filter(|seat| seat.kind == TravellerKind::Adult).count();
    let infants = search.seats.iter().filter(|seat| seat.kind == TravellerKind::Infant).count();
    if passengers.is_empty() || passengers.len() > 9 {
        return Err(invalid("seats", "one to nine travel together"));
    }
    if infants > adults {
        return Err(invalid("seats", "each infant sits with an adult of its own"));
    }
    let mut request = json!({"slices": slices, "passengers": passengers});
    if let Some(cabin) = search.cabin {
        request["cabin_class"] = json!(match cabin {
            Cabin::Economy => "economy",
            Cabin::PremiumEconomy => "premium_economy",
            Cabin::Business => "business",
            Cabin::First => "first",
        });
    }
    if let Some(connections) = search.max_connections {
        request["max_connections"] = json!(connections.min(2));
    }
    Ok(request)
}
