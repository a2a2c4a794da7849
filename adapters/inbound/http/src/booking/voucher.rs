//! The page that a traveller prints, or saves as PDF with the browser's own printing.

use askama::Template;
use dermaga_domain::{
    Error, Result,
    booking::{BookingView, Crossing, Flight, Journey, MOVED, Stay},
};
use dermaga_ports::booking::{Board, Document, DocumentKind, Personal, Traveller};
use poem::{IntoResponse, Response, http::header, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Path,
    payload::Payload,
    registry::{MetaSchema, MetaSchemaRef},
};
use uuid::Uuid;

use super::{journey::board, papers::full_name, policy::in_words, wire::masked};
use crate::{caller::Person, deps::Deps, edge::ApiResult, tags::Tag, wire::qr::drawing};

/// `/bookings/{id}/voucher`
pub struct VouchersApi;

/// A page.
pub struct Page(String);

impl Payload for Page {
    const CONTENT_TYPE: &'static str = "text/html; charset=utf-8";

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        // Whoever has the page has the tickets. It needs nothing from anywhere.
        Response::builder()
            .content_type(Self::CONTENT_TYPE)
            .header(header::CACHE_CONTROL, "private, no-store")
            .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")
            .body(self.0)
    }
}

#[derive(ApiResponse)]
enum Printed {
    /// The page
    #[oai(status = 200)]
    Page(Page),
}

#[OpenApi(prefix_path = "/bookings", tag = "Tag::Travel")]
impl VouchersApi {
    /// The voucher of a booking, to print
    ///
    /// For whoever bought it, once it is bought: reference, who travels, times on the clocks of the places, tickets with
    /// their codes, and the conditions that were sold.
    #[oai(path = "/:id/voucher", method = "get", operation_id = "get_voucher")]
    async fn voucher(&self, person: Person, deps: Data<&Deps>, id: Path<Uuid>) -> ApiResult<Printed> {
        let view = deps.app.bookings.voucher(&person.0, id.0.into()).await?;
        let page = Voucher::of(view, deps.app.bookings.seller())?;
        Ok(Printed::Page(Page(page.render().map_err(Error::internal)?)))
    }
}

/// Something in rows.
struct Part {
    title: String,
    rows: Vec<(String, String)>,
}

struct Paper {
    kind: &'static str,
    number: String,
    name: Option<String>,
    /// A drawing of its code.
    code: Option<String>,
}

#[derive(Template)]
#[template(path = "voucher.html")]
struct Voucher {
    title: String,
    seller: String,
    id: Uuid,
    reference_name: &'static str,
    reference: Option<String>,
    /// A drawing of it, where no paper has a code of its own.
    reference_code: Option<String>,
    warning: Option<String>,
    parts: Vec<Part>,
    people_name: &'static str,
    people: Vec<(String, String)>,
    papers: Vec<Paper>,
    token: Option<String>,
    serial: Option<String>,
    conditions: Vec<String>,
    price: String,
    order: String,
}

impl Voucher {
    fn of(view: BookingView, seller: &str) -> Result<Self> {
        let BookingView { booking, journey, .. } = view;
        let travellers = &booking.customer.travellers;
        let papers = booking.delivery.documents.iter().map(|one| paper(one, travellers)).collect::<Result<Vec<_>>>()?;
        let reference = booking.supplier_reference;
        let bare = papers.iter().all(|paper| paper.code.is_none());
        let reference_code = reference.as_deref().filter(|_| bare).map(drawing).transpose()?;
        let (reference_name, people_name) = match &journey {
            Some(Journey::Stay(_)) => ("Confirmation", "Guests"),
            Some(_) => ("Booking reference", "Passengers"),
            None => ("Reference", ""),
        };
        let conditions = if journey.is_some() { in_words(booking.policy.as_ref()) } else { Vec::new() };
        Ok(Self {
            title: booking.title,
            seller: seller.to_owned(),
            id: booking.id.into(),
            reference_name,
            reference,
            reference_code,
            warning: booking.reason.filter(|reason| reason == MOVED),
            parts: journey.map(parts).unwrap_or_default(),
            people_name,
            people: travellers.iter().map(person).collect(),
            papers,
            token: booking.delivery.token.as_ref().map(in_fours),
            serial: booking.delivery.serial.map(|serial| serial.reveal().to_owned()),
            conditions,
            price: booking.price.to_string(),
            order: booking.order.map(|order| order.to_string()).unwrap_or_default(),
        })
    }
}

fn person(traveller: &Traveller) -> (String, String) {
    let number = traveller.document.as_ref().map(|document| masked(&document.number));
    (full_name(traveller), number.unwrap_or_default())
}

fn paper(document: &Document, travellers: &[Traveller]) -> Result<Paper> {
    let kind = match document.kind {
        DocumentKind::ETicket => "E-ticket",
        DocumentKind::Emd => "Service",
        DocumentKind::Voucher => "Voucher",
        DocumentKind::FerryTicket => "Ferry ticket: exchange it for a boarding pass at the port",
        DocumentKind::VehicleTicket => "Vehicle ticket",
    };
    Ok(Paper {
        kind,
        number: document.number.clone(),
        name: document.traveller.and_then(|at| travellers.get(at)).map(full_name),
        code: document.qr.as_ref().map(|code| drawing(code.reveal())).transpose()?,
    })
}

/// The digits of a token as they are typed into a meter.
fn in_fours(token: &Personal) -> String {
    let digits: Vec<char> = token.reveal().chars().collect();
    digits.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn parts(journey: Journey) -> Vec<Part> {
    match journey {
        Journey::Flight(flight) => flights(flight),
        Journey::Stay(stay) => vec![house(stay)],
        Journey::Crossing(crossing) => vec![ship(crossing)],
    }
}

/// A row, if there is something to say.
fn row(name: &str, text: Option<String>) -> Option<(String, String)> {
    text.filter(|text| !text.is_empty()).map(|text| (name.to_owned(), text))
}

/// A time as it is on the clock there.
fn clock(time: dermaga_ports::booking::LocalTime) -> String {
    let text = time.to_string().replace('T', " ");
    text.strip_suffix(":00").map(str::to_owned).unwrap_or(text)
}

fn flights(flight: Flight) -> Vec<Part> {
    let segments = flight.slices.into_iter().flat_map(|slice| slice.segments);
    let part = |segment: dermaga_ports::booking::Segment| {
        let bags: Vec<_> =
            segment.baggage.iter().map(|bag| format!("{} {}", bag.pieces, bag.kind.replace('_', " "))).collect();
        let place = |place: &dermaga_ports::booking::Place| format!("{} ({})", place.name, place.code);
        let rows = [
            row("From", Some(format!("{}, {}", place(&segment.origin), clock(segment.departs)))),
            row("To", Some(format!("{}, {}", place(&segment.destination), clock(segment.arrives)))),
            row("Operated by", Some(segment.operated_by.name)),
            row("Cabin", segment.cabin),
            row("Baggage", Some(bags.join(", "))),
        ];
        Part { title: format!("Flight {}", segment.number), rows: rows.into_iter().flatten().collect() }
    };
    segments.map(part).collect()
}

fn house(stay: Stay) -> Part {
    let times = |day, from: Option<String>, word: &str| match from {
        Some(from) => format!("{day}, {word} {from}"),
        None => format!("{day}"),
    };
    let meals = match &stay.board {
        Board::RoomOnly => "no meals".to_owned(),
        other => board(other).replace('_', " "),
    };
    let rows = [
        row("Address", [stay.house.address, stay.house.city].into_iter().flatten().reduce(|a, b| format!("{a}, {b}"))),
        row("Arrival", Some(times(stay.check_in, stay.house.check_in_after, "from"))),
        row("Departure", Some(times(stay.check_out, stay.house.check_out_before, "until"))),
        row("Room", Some(format!("{} x {}, {} guests, {meals}", stay.rooms, stay.room, stay.guests))),
        row("Pay at the hotel", stay.due_there.map(|due| due.told)),
        row("How to get in", stay.house.key_collection),
    ];
    Part { title: stay.house.name, rows: rows.into_iter().flatten().collect() }
}

fn ship(crossing: Crossing) -> Part {
    let port = |port: &dermaga_ports::booking::FerryPort| format!("{}, {}", port.name, port.city);
    let rows = [
        row("From", Some(format!("{}, {}", port(&crossing.origin), clock(crossing.departs)))),
        row("To", Some(format!("{}, {}", port(&crossing.destination), clock(crossing.arrives)))),
        row("Check-in from", crossing.check_in_from.map(clock)),
        row("Check-in until", crossing.check_in_until.map(clock)),
        row("Operator", Some(crossing.operator)),
        row("Service", Some(format!("{}, {}", crossing.service, crossing.fare))),
        row("Vehicle class", crossing.vehicle),
    ];
    Part { title: crossing.vessel, rows: rows.into_iter().flatten().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_typed_in_fours() {
        assert_eq!(in_fours(&"12345678901234567890".into()), "1234 5678 9012 3456 7890");
    }

    #[test]
    fn a_clock_shows_no_seconds() {
        assert_eq!(clock("2027-03-01T08:00:00".parse().expect("a local time")), "2027-03-01 08:00");
        assert_eq!(clock("2027-03-01T08:05:30".parse().expect("a local time")), "2027-03-01 08:05:30");
    }
}
