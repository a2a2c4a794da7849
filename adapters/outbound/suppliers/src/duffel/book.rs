//! Making orders and paying them. Neither is ever sent twice.

use dermaga_ports::{
    booking::{
        BookFlight, FlightOffer, FlightOrder, Gender, IdentityKind, OrderState, Paying, RefusalKind, Title, Traveller,
        TravellerKind,
    },
    money::Money,
};
use serde_json::{Value, json};

use super::{Duffel, offer, order, wire};
use crate::wire::{
    amount::decimal,
    envelope,
    http::Effect,
    mask,
    outcome::{NotDone, Result, invalid, lost, reference, refused, within},
    people::{born_on, email, names, phone},
    text::Text,
};

impl Duffel {
    pub(super) async fn create(&self, booking: &BookFlight) -> Result<FlightOrder> {
        let ours = reference(&booking.reference)?;
        let known = offer::payload(&booking.offer)?;
        let passengers = passengers(booking, &known)?;
        // Offers are sold by others as well: what it costs is what it costs now.
        let (offer, answer) = self.offer_again(&booking.offer).await?;
        within(offer.total, booking.max_total)?;
        suits(booking, &offer)?;
        let mut data = json!({
            "selected_offers": [known.offer], "passengers": passengers, "metadata": {order::REFERENCE: ours},
        });
        match booking.paying {
            // The documentation and what is seen on the wire say `hold`; the client library's `pay_later` is not taken.
            Paying::Later => data["type"] = json!("hold"),
            Paying::Now => {
                let again: wire::Offer = envelope::read(&answer, &[])?;
                data["type"] = json!("instant");
                data["payments"] = json!([payment(&again.total_amount, &again.total_currency)]);
            }
        }
        let told = confidential(booking);
        let hidden: Vec<&str> = told.iter().map(String::as_str).collect();
        let call = self.make("Duffel booking", "/air/orders", &json!({"data": data}));
        let (made, answer): (wire::Order, _) = self.data(call, &hidden).await?;
        order::order(&made, &answer)
    }

    pub(super) async fn pay_order(&self, order_id: &str, total: Money) -> Result<FlightOrder> {
        let held = self.order(order_id).await?;
        match held.state {
            OrderState::Held => {}
            OrderState::Confirmed | OrderState::Ticketed | OrderState::Used => {
                return Err(refused(RefusalKind::AlreadyDone, "the order is paid already"));
            }
            OrderState::Lapsed | OrderState::Cancelled | OrderState::Failed => {
                return Err(refused(RefusalKind::OfferGone, "the order is not held any more"));
            }
            OrderState::Unrecognised(told) => return Err(refused(RefusalKind::Rejected, told)),
        }
        if held.schedule_changed {
            return Err(refused(RefusalKind::ScheduleChanged, "the airline has changed the flight"));
        }
        if held.total != total {
            let told = format!("it costs {} now and not {total}", held.total);
            return Err(refused(RefusalKind::PriceChanged { new: Some(held.total) }, told));
        }
        let (amount, currency) = (decimal(total), total.currency().code());
        let data = json!({"order_id": order_id, "payment": payment(&amount.as_str().into(), &currency.into())});
        let call = self.make("Duffel payment", "/air/payments", &json!({"data": data}));
        let (payment, _): (wire::Payment, _) = self.data(call, &[]).await?;
        match payment.status.or_empty() {
            "succeeded" => {}
            "failed" | "cancelled" => {
                let why = mask::words(payment.failure_reason.get().unwrap_or("no reason is given"), &[]);
                return Err(refused(RefusalKind::Rejected, format!("the payment failed: {why}")));
            }
            _ => return Err(lost(Effect::Makes, "Duffel payment: it is under way")),
        }
        // It is paid, whatever a further question brings.
        match self.order(order_id).await {
            Ok(paid) if paid.state != OrderState::Held => Ok(paid),
            Ok(_) | Err(NotDone::Refused(_) | NotDone::Unknown(_)) => {
                Ok(FlightOrder { state: OrderState::Confirmed, ..held })
            }
        }
    }
}

/// Exactly as Duffel wrote it: it compares.
fn payment(amount: &Text, currency: &Text) -> Value {
    json!({"type": "balance", "amount": amount.or_empty(), "currency": currency.or_empty()})
}

fn suits(booking: &BookFlight, offer: &FlightOffer) -> Result<()> {
    if booking.paying == Paying::Later && offer.hold.is_none() {
        return Err(refused(RefusalKind::Rejected, "this airline wants its money at once: it cannot be held"));
    }
    let without = booking.travellers.iter().position(|traveller| traveller.document.is_none());
    match without {
        Some(at) if offer.documents_required => {
            Err(invalid(format!("travellers[{at}].document"), "this airline wants a passport of everybody"))
        }
        _ => Ok(()),
    }
}

/// In the offer's order. Each infant goes with an adult of its own.
fn passengers(booking: &BookFlight, known: &wire::OfferPayload) -> Result<Vec<Value>> {
    let BookFlight { travellers, contact, .. } = booking;
    if travellers.len() != known.passengers.len() {
        return Err(invalid("travellers", format!("the offer is for {} travellers", known.passengers.len())));
    }
    let (email, phone) = (email(&contact.email)?, phone(&contact.phone)?);
    let of = |wanted| known.passengers.iter().filter(move |(_, kind)| *kind == wanted);
    let mut infants = of(TravellerKind::Infant);
    let mut all = Vec::new();
    for (at, (traveller, (id, kind))) in travellers.iter().zip(&known.passengers).enumerate() {
        if traveller.kind != *kind {
            let told = format!("the offer has an {} here", kind.as_str());
            return Err(invalid(format!("travellers[{at}].kind"), told));
        }
        let mut one = passenger(traveller, at)?;
        one["id"] = json!(id);
        one["email"] = json!(email);
        one["phone_number"] = json!(phone);
        if *kind == TravellerKind::Adult
            && let Some((infant, _)) = infants.next()
        {
            one["infant_passenger_id"] = json!(infant);
        }
        all.push(one);
    }
    if infants.next().is_some() {
        return Err(invalid("travellers", "each infant sits with an adult of its own"));
    }
    Ok(all)
}

fn passenger(traveller: &Traveller, at: usize) -> Result<Value> {
    let missing = |field: &str| invalid(format!("travellers[{at}].{field}"), "the airline wants to know it");
    let (given, family) = names(traveller, at)?;
    let title = match traveller.title.ok_or_else(|| missing("title"))? {
        Title::Mr => "mr",
        Title::Ms => "ms",
        Title::Mrs => "mrs",
        Title::Miss => "miss",
        Title::Dr => "dr",
    };
    let gender = match traveller.gender.ok_or_else(|| missing("gender"))? {
        Gender::Female => "f",
        Gender::Male => "m",
    };
    let mut one = json!({"given_name": given, "family_name": family, "title": title, "gender": gender,
        "born_on": born_on(traveller, at)?});
    // Airlines take passports; the number of an identity card is none of their business.
    if let Some(document) = traveller.document.as_ref().filter(|document| document.kind == IdentityKind::Passport) {
        let expires_on = document.expires_on.ok_or_else(|| missing("document.expires_on"))?;
        one["identity_documents"] = json!([{
            "type": "passport", "unique_identifier": document.number.reveal(),
            "issuing_country_code": document.issued_by, "expires_on": expires_on,
        }]);
    }
    Ok(one)
}

/// What we tell about people, which must not come back in an error's words.
fn confidential(booking: &BookFlight) -> Vec<String> {
    let of = |traveller: &Traveller| {
        let document = traveller.document.as_ref().map(|document| &document.number);
        let told = [Some(&traveller.given_name), traveller.family_name.as_ref(), traveller.born_on.as_ref(), document];
        told.into_iter().flatten().map(|text| text.reveal().to_owned()).collect::<Vec<_>>()
    };
    let contact = [&booking.contact.name, &booking.contact.email, &booking.contact.phone];
    let contact = contact.into_iter().map(|text| text.reveal().to_owned());
    booking.travellers.iter().flat_map(of).chain(contact).collect()
}
