//! Quotes, bookings, payments and cancellations.

use dermaga_ports::{
    booking::{
        BookFerry, CancellationQuote, Cancelled, Document, DocumentKind, FerryBooking, FerryQuote, Found, Gender,
        IdentityKind, OrderState, Paying, Payload, Personal, ProbeKey, RefundTo, Traveller,
    },
    money::Money,
};
use serde_json::{Value, json};

use super::{Ferry, wire};
use crate::wire::{
    amount::{decimal, money},
    http::{Answer, unreadable},
    mask,
    outcome::{Result, id, invalid, reference, within},
    people::{born_on, email, names, phone},
};

impl Ferry {
    pub(super) async fn fix(&self, fare: &Payload) -> Result<FerryQuote> {
        let body = json!({"data": {"fare_id": id(&fare.0)?}});
        let (told, answer): (wire::Quote, _) = self.data(self.ask("ferry quote", "/ferry/quotes", &body), &[]).await?;
        quote(&told, &answer)
    }

    pub(super) async fn create(&self, booking: &BookFerry) -> Result<FerryBooking> {
        let ours = reference(&booking.reference)?;
        let path = format!("/ferry/quotes/{}", id(&booking.quote.0)?);
        let data = manifest(booking, ours)?;
        let (told, answer): (wire::Quote, _) = self.data(self.get("ferry quote", &path), &[]).await?;
        let total = quote(&told, &answer)?.total;
        within(total, booking.max_total)?;
        let mut data = data;
        if booking.paying == Paying::Now {
            data["payments"] = json!([payment(total)]);
        }
        let hidden = confidential(booking);
        let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
        let body = json!({"data": data});
        let call = self.make("ferry booking", "/ferry/bookings", format!("book-{ours}"), &body);
        let (made, answer): (wire::Booking, _) = self.data(call, &hidden).await?;
        read(&made, &answer)
    }

    pub(super) async fn settle(&self, booking_id: &str, total: Money) -> Result<FerryBooking> {
        let path = format!("/ferry/bookings/{}/actions/pay", id(booking_id)?);
        let body = json!({"data": {"amount": decimal(total), "currency": total.currency().code(),
            "payment": {"type": "balance"}}});
        let key = format!("pay-{booking_id}-{}", total.amount());
        let (paid, answer): (wire::Booking, _) = self.data(self.make("ferry payment", &path, key, &body), &[]).await?;
        read(&paid, &answer)
    }

    pub(super) async fn find(&self, key: &ProbeKey) -> Result<Found<FerryBooking>> {
        let ours = reference(&key.reference)?;
        let call = self.get("ferry bookings", "/ferry/bookings").query("client_reference", ours);
        let (all, answer): (Vec<wire::Booking>, _) = self.data(call, &[]).await?;
        match all.iter().find(|one| one.client_reference.get() == Some(ours)) {
            Some(told) => Ok(Found::Record(Box::new(read(told, &answer)?))),
            None => Ok(Found::Nothing),
        }
    }

    pub(super) async fn booked(&self, booking_id: &str) -> Result<FerryBooking> {
        let call = self.get("ferry booking", &format!("/ferry/bookings/{}", id(booking_id)?));
        let (told, answer): (wire::Booking, _) = self.data(call, &[]).await?;
        if told.id.get() != Some(booking_id) {
            return Err(unreadable(&answer, "it speaks of another booking"));
        }
        read(&told, &answer)
    }

    pub(super) async fn price_of_leaving(&self, booking_id: &str) -> Result<CancellationQuote> {
        let body = json!({"data": {"booking_id": id(booking_id)?}});
        let call = self.ask("ferry cancellation quote", "/ferry/cancellations", &body);
        let (told, answer): (wire::Cancellation, _) = self.data(call, &[]).await?;
        if told.booking_id.get() != Some(booking_id) {
            return Err(unreadable(&answer, "it speaks of another booking"));
        }
        let refund = money(&told.refund_amount, &told.refund_currency);
        let refund = refund.ok_or_else(|| unreadable(&answer, "refund_amount is missing or not exact"))?;
        Ok(CancellationQuote {
            id: told.id.owned().ok_or_else(|| unreadable(&answer, "id is missing"))?,
            order_id: booking_id.to_owned(),
            refund: Some(refund),
            fee: money(&told.fee_amount, &told.refund_currency),
            refund_to: RefundTo::Balance,
            expires_at: told.expires_at.moment(),
        })
    }

    pub(super) async fn leave(&self, quote: &CancellationQuote) -> Result<Cancelled> {
        let Some(refund) = quote.refund else {
            return Err(invalid("quote.refund", "a ferry's quote has a refund"));
        };
        let path = format!("/ferry/cancellations/{}/actions/confirm", id(&quote.id)?);
        let body = json!({"data": {"expected_refund_amount": decimal(refund),
            "expected_refund_currency": refund.currency().code()}});
        let key = format!("cancel-{}", quote.id);
        let call = self.make("ferry cancellation", &path, key, &body);
        let (done, answer): (wire::Cancellation, _) = self.data(call, &[]).await?;
        if done.confirmed_at.get().is_none() {
            return Err(unreadable(&answer, "it says neither yes nor no"));
        }
        Ok(Cancelled {
            order_id: quote.order_id.clone(),
            refund: money(&done.refund_amount, &done.refund_currency),
            refund_to: RefundTo::Balance,
            credits: Vec::new(),
            at: done.confirmed_at.moment(),
        })
    }
}

fn payment(total: Money) -> Value {
    json!({"type": "balance", "amount": decimal(total), "currency": total.currency().code()})
}

fn quote(told: &wire::Quote, answer: &Answer) -> Result<FerryQuote> {
    let missing = |member: &str| unreadable(answer, &format!("{member} is missing or not exact"));
    let id = told.id.owned().ok_or_else(|| missing("id"))?;
    Ok(FerryQuote {
        payload: Payload(id.clone()),
        id,
        total: money(&told.total_amount, &told.total_currency).ok_or_else(|| missing("total_amount"))?,
        expires_at: told.expires_at.moment().ok_or_else(|| missing("expires_at"))?,
        pay_by_if_held: told.payment_required_by_if_held.moment(),
    })
}

fn manifest(booking: &BookFerry, ours: &str) -> Result<Value> {
    let BookFerry { quote, contact, passengers, vehicle, paying, .. } = booking;
    let mut named = Vec::new();
    for (at, traveller) in passengers.iter().enumerate() {
        named.push(passenger(traveller, at)?);
    }
    if named.is_empty() {
        return Err(invalid("travellers", "somebody travels, also with a vehicle"));
    }
    let plain =
        |text: &str| (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
    let vehicle = match vehicle {
        Some(vehicle) if !plain(vehicle.plate.reveal()) => {
            return Err(invalid("vehicle.plate", "a plate is written as B 1234 XYZ"));
        }
        Some(vehicle) => {
            json!({"class": vehicle.class, "plate": vehicle.plate.reveal(), "length_cm": vehicle.length_cm})
        }
        None => Value::Null,
    };
    let (email, phone) = (email(&contact.email)?, phone(&contact.phone)?);
    let kind = match paying {
        Paying::Later => "hold",
        Paying::Now => "instant",
    };
    Ok(json!({
        "quote_id": quote.0, "type": kind, "client_reference": ours, "passengers": named, "vehicle": vehicle,
        "contact": {"name": contact.name.reveal(), "email": email, "phone_number": phone},
    }))
}

fn passenger(traveller: &Traveller, at: usize) -> Result<Value> {
    let missing = |field: &str, told: &str| invalid(format!("travellers[{at}].{field}"), told);
    let (given, family) = names(traveller, at)?;
    let Some(document) = &traveller.document else {
        return Err(missing("document", "the manifest wants an identity card or a passport of everybody"));
    };
    let number = document.number.reveal();
    let kind = match document.kind {
        IdentityKind::Nik => "nik",
        IdentityKind::Passport => "passport",
    };
    if document.kind == IdentityKind::Nik && !document.number.is_nik() {
        return Err(missing("document.number", "the number of an identity card (NIK) has 16 digits"));
    }
    let gender = traveller.gender.map(|gender| match gender {
        Gender::Female => "f",
        Gender::Male => "m",
    });
    Ok(json!({"type": traveller.kind.as_str(), "given_name": given, "family_name": family, "gender": gender,
        "born_on": born_on(traveller, at)?, "identity": {"type": kind, "number": number}}))
}

pub(super) fn read(told: &wire::Booking, answer: &Answer) -> Result<FerryBooking> {
    let missing = |member: &str| unreadable(answer, &format!("{member} is missing or not exact"));
    let state = match told.status.or_empty() {
        "held" => OrderState::Held,
        "confirmed" => OrderState::Confirmed,
        "ticketed" => OrderState::Ticketed,
        "partially_used" | "used" => OrderState::Used,
        "cancelled" => OrderState::Cancelled,
        "expired" => OrderState::Lapsed,
        "failed" => OrderState::Failed,
        other => OrderState::Unrecognised(other.chars().take(50).collect()),
    };
    let document = |ticket: &wire::Ticket| {
        let kind = if ticket.vehicle { DocumentKind::VehicleTicket } else { DocumentKind::FerryTicket };
        let traveller = ticket.passenger_index.number();
        Some(Document {
            kind,
            number: ticket.number.owned()?,
            traveller,
            qr: ticket.qr_payload.get().map(Personal::new),
        })
    };
    Ok(FerryBooking {
        id: told.id.owned().ok_or_else(|| missing("id"))?,
        booking_reference: told.reference.owned().ok_or_else(|| missing("reference"))?,
        reference: told.client_reference.owned(),
        revision: told.revision.number().unwrap_or_default(),
        state,
        total: money(&told.total_amount, &told.total_currency).ok_or_else(|| missing("total_amount"))?,
        pay_by: told.payment_required_by.moment(),
        documents: told.tickets.iter().filter_map(document).collect(),
        refund: wire::policy(told.conditions.as_ref(), &told.total_currency),
        can_cancel: told.available_actions.iter().any(|action| action.get() == Some("cancel")),
        raw: mask::answer(&answer.body),
    })
}

fn confidential(booking: &BookFerry) -> Vec<String> {
    let of = |traveller: &Traveller| {
        let document = traveller.document.as_ref().map(|document| &document.number);
        let told = [Some(&traveller.given_name), traveller.family_name.as_ref(), traveller.born_on.as_ref(), document];
        told.into_iter().flatten().map(|text| text.reveal().to_owned()).collect::<Vec<_>>()
    };
    let plate = booking.vehicle.as_ref().map(|vehicle| vehicle.plate.reveal().to_owned());
    let contact = [&booking.contact.name, &booking.contact.email, &booking.contact.phone];
    let contact = contact.into_iter().map(|text| text.reveal().to_owned());
    booking.passengers.iter().flat_map(of).chain(plate).chain(contact).collect()
}
