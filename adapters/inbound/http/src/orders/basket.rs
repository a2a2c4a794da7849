//! What somebody wants to order: the body of `POST /orders`.

use dermaga_domain::{
    Error,
    orders::{NewLine, NewOrder},
};
use dermaga_ports::orders::Ware;
use poem_openapi::{Object, types::Any};
use serde_json::Value;
use uuid::Uuid;

use crate::payments::PaymentChoice;

/// A line to order: so many of a product, or a booking.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewOrderLine", skip_serializing_if_is_none)]
pub struct NewLineBody {
    /// A product; or else a kind of ticket, or one's own booking
    pub product_id: Option<Uuid>,
    pub ticket_type_id: Option<Uuid>,
    pub booking_id: Option<Uuid>,
    /// 1 unless given for a booking; required otherwise
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
    pub quantity: Option<i64>,
    /// The price that the buyer saw; another one by now refuses the order
    pub unit_price: Option<i64>,
    #[oai(validator(max_length = 500))]
    pub note: Option<String>,
}

/// An order to make: `lines`, or one line in short as `product_id` or `ticket_type_id` and `quantity`, or as `service_type`,
/// `service_id` and `quantity`.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewOrder", skip_serializing_if_is_none)]
pub struct NewOrderBody {
    #[oai(validator(min_items = 1, max_items = 100))]
    pub lines: Option<Vec<NewLineBody>>,
    pub product_id: Option<Uuid>,
    pub ticket_type_id: Option<Uuid>,
    /// `product` or `ticket`
    pub service_type: Option<String>,
    pub service_id: Option<Uuid>,
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
    pub quantity: Option<i64>,
    /// Kept with the line as its note
    pub booking_details: Option<Any<Value>>,
    /// `false` for a draft: nothing is reserved, and no time runs until it is placed. `true` unless given
    pub confirm: Option<bool>,
    /// How it will be paid. Without it, `POST /payments` starts paying
    pub payment: Option<PaymentChoice>,
}

/// How an order is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Lines,
    /// One line in short, as `product_id` or `ticket_type_id`.
    Short,
    /// One line in short, as `service_type` and `service_id`.
    Service,
}

impl Form {
    /// A refusal in the fields that the caller sent: an order in short has no line to point at.
    pub fn named(self, error: Error) -> Error {
        error.renamed(|pointer| {
            let field = pointer.strip_prefix("/lines/0/").filter(|_| self != Self::Lines)?;
            Some(match field {
                "product_id" | "ticket_type_id" if self == Self::Service => "/service_id".to_owned(),
                "note" => "/booking_details".to_owned(),
                same => format!("/{same}"),
            })
        })
    }
}

impl NewOrderBody {
    /// How it is written down.
    pub fn form(&self) -> Form {
        match (&self.lines, self.service_id) {
            (Some(_), _) => Form::Lines,
            (None, Some(_)) => Form::Service,
            (None, None) => Form::Short,
        }
    }

    /// What is to be ordered.
    pub fn read(self) -> Result<NewOrder, Error> {
        let short = self.product_id.is_some()
            || self.ticket_type_id.is_some()
            || self.service_id.is_some()
            || self.service_type.is_some();
        let lines = match self.lines {
            Some(_) if short || self.quantity.is_some() => {
                return Err(Error::fault("/lines", "must not be given together with a line in short"));
            }
            Some(lines) => lines.into_iter().enumerate().map(line).collect::<Result<_, _>>()?,
            None if !short => return Err(Error::fault("/lines", "is required, unless a line is given in short")),
            None => {
                let ware = match (self.service_type.as_deref(), self.service_id) {
                    (None, None) => ware("", self.product_id, self.ticket_type_id)?,
                    _ if self.product_id.is_some() || self.ticket_type_id.is_some() => {
                        return Err(Error::fault(
                            "/service_type",
                            "must not be given together with a product or ticket",
                        ));
                    }
                    (Some("product"), Some(id)) => Ware::Product(id.into()),
                    (Some("ticket"), Some(id)) => Ware::Ticket(id.into()),
                    (Some("product" | "ticket"), None) => return Err(Error::fault("/service_id", "is required")),
                    (Some(_), _) => return Err(Error::fault("/service_type", "must be product or ticket")),
                    (None, Some(_)) => return Err(Error::fault("/service_type", "is required: product or ticket")),
                };
                let quantity = self.quantity.ok_or_else(|| Error::fault("/quantity", "is required"))?;
                let note = self.booking_details.map(|Any(details)| details.to_string());
                vec![NewLine { ware, quantity, unit_price: None, note }]
            }
        };
        let payment = self.payment.map(PaymentChoice::read).transpose().map_err(|error| error.within("/payment"))?;
        Ok(NewOrder { lines, draft: self.confirm == Some(false), payment })
    }
}

fn line((position, body): (usize, NewLineBody)) -> Result<NewLine, Error> {
    let NewLineBody { product_id, ticket_type_id, booking_id, quantity, unit_price, note } = body;
    let at = |field: &str| format!("/lines/{position}/{field}");
    let (ware, quantity) = match booking_id {
        Some(_) if product_id.is_some() || ticket_type_id.is_some() => {
            return Err(Error::fault(&at("booking_id"), "must not be given together with a product or ticket"));
        }
        Some(booking) => (Ware::Booking(booking.into()), quantity.unwrap_or(1)),
        None => {
            let ware = ware(&format!("/lines/{position}"), product_id, ticket_type_id)?;
            (ware, quantity.ok_or_else(|| Error::fault(&at("quantity"), "is required"))?)
        }
    };
    Ok(NewLine { ware, quantity, unit_price, note })
}

/// What a line below that place is about.
fn ware(place: &str, product: Option<Uuid>, ticket_type: Option<Uuid>) -> Result<Ware, Error> {
    match (product, ticket_type) {
        (Some(product), None) => Ok(Ware::Product(product.into())),
        (None, Some(ticket_type)) => Ok(Ware::Ticket(ticket_type.into())),
        (Some(_), Some(_)) => {
            Err(Error::fault(&format!("{place}/ticket_type_id"), "must not be given together with product_id"))
        }
        (None, None) => {
            Err(Error::fault(&format!("{place}/product_id"), "is required, unless ticket_type_id is given"))
        }
    }
}
