//! `/ppob`: credits and bills.

use dermaga_domain::{
    Error,
    booking::{NewCredit, NewInquiry, OnSale},
};
use dermaga_ports::booking::ProductKind;
use poem::web::Data;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Header, Query},
    types::ToJSON,
};
use uuid::Uuid;

use super::{
    bills::InquiryBody,
    wire::{Booked, BookingBody},
};
use crate::{
    answer::{Created, Request},
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    payments::PaymentChoice,
    tags::Tag,
    wire::{CurrencyCode, List},
};

/// `/ppob`
pub struct PpobApi;

/// Whether it is paid before it is used, or asked for and paid afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "PpobKind", rename_all = "lowercase")]
enum PpobKindName {
    Prepaid,
    Postpaid,
}

/// A credit that is sold, or a biller whose bills are taken.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct PpobProduct {
    /// What a purchase names
    sku: String,
    kind: PpobKindName,
    name: String,
    /// As `Pulsa`, `Data` or `PLN`
    category: String,
    brand: String,
    description: Option<String>,
    /// What the customer pays, in the currency's smallest unit; of a bill, an inquiry tells
    price: Option<i64>,
    currency: Option<CurrencyCode>,
    /// Whether it can be bought at this moment; some are not sold around midnight
    available: bool,
}

impl From<OnSale> for PpobProduct {
    fn from(on_sale: OnSale) -> Self {
        let OnSale { product, price, available } = on_sale;
        Self {
            sku: product.sku,
            kind: match product.kind {
                ProductKind::Prepaid => PpobKindName::Prepaid,
                ProductKind::Postpaid => PpobKindName::Postpaid,
            },
            name: product.name,
            category: product.category,
            brand: product.brand,
            description: product.description,
            price: price.map(|price| price.amount()),
            currency: price.map(|price| price.currency().into()),
            available,
        }
    }
}

/// A question what somebody owes.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct PpobInquiry {
    #[oai(validator(min_length = 1, max_length = 100))]
    sku: String,
    /// The number of the biller's customer
    #[oai(validator(min_length = 4, max_length = 100))]
    customer_no: String,
    /// Where the customer chooses it, in rupiah
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: Option<i64>,
    /// Of a property tax
    #[oai(validator(minimum(value = "1990"), maximum(value = "2100")))]
    year: Option<u16>,
}

/// What is wanted: a credit by `sku` and `customer_no`, or a bill by `inquiry_id`.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct PpobPurchase {
    #[oai(validator(min_length = 1, max_length = 100))]
    sku: Option<String>,
    /// The number of the telephone, the meter or the account
    #[oai(validator(min_length = 4, max_length = 100))]
    customer_no: Option<String>,
    /// A bill that was asked for today: the id of its booking
    inquiry_id: Option<Uuid>,
    /// The most that you pay for a credit; a higher price by now refuses it
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    max_total: Option<i64>,
    /// How it will be paid. Without it, `POST /payments` starts paying the order
    payment: Option<PaymentChoice>,
}

/// What is bought.
enum Wish {
    Credit(NewCredit),
    Bill(Uuid, Option<dermaga_domain::payments::MethodChoice>),
}

impl PpobPurchase {
    fn read(self) -> Result<Wish, Error> {
        let Self { sku, customer_no, inquiry_id, max_total, payment } = self;
        let payment = payment.map(PaymentChoice::read).transpose().map_err(|error| error.within("/payment"))?;
        match (sku, customer_no, inquiry_id) {
            (None, None, Some(inquiry)) if max_total.is_none() => Ok(Wish::Bill(inquiry, payment)),
            (_, _, Some(_)) => Err(Error::fault("/inquiry_id", "must not be given together with anything but payment")),
            (Some(sku), Some(customer_no), None) => {
                Ok(Wish::Credit(NewCredit { sku, customer_no, max_total, payment }))
            }
            (None, _, None) => Err(Error::fault("/sku", "is required, or inquiry_id")),
            (Some(_), None, None) => Err(Error::fault("/customer_no", "is required")),
        }
    }
}

#[OpenApi(prefix_path = "/ppob", tag = "Tag::Travel")]
impl PpobApi {
    /// What is sold: pulsa, data, PLN tokens; and whose bills are taken
    #[oai(path = "/products", method = "get", operation_id = "list_ppob_products")]
    async fn products(
        &self,
        deps: Data<&Deps>,
        /// As `Pulsa`, in any case
        category: Query<Option<String>>,
    ) -> ApiResult<Json<List<PpobProduct>>> {
        let found = deps.app.bookings.products(category.0.as_deref()).await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }

    /// Ask what somebody owes
    ///
    /// The answer is a booking that can be ordered on the same day in Jakarta: by `POST /ppob/purchases`, or as a line of
    /// an order. Nothing is paid by asking.
    #[oai(path = "/inquiries", method = "post", operation_id = "inquire_ppob_bill")]
    async fn inquire(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<PpobInquiry>,
    ) -> ApiResult<Created<InquiryBody>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let PpobInquiry { sku, customer_no, amount, year } = body.0;
        let new = NewInquiry { sku, customer_no, amount, year };
        let request = Request { deps: &deps, caller: Some(by), operation: "inquire_ppob_bill", key: key.0, content };
        let once = request.once(|seed| async move {
            let found = deps.app.bookings.inquire(by, seed.into(), new).await?;
            Ok(InquiryBody::at(deps.app.orders.now(), found))
        });
        Ok(once.await?.into())
    }

    /// Buy a credit, or pay a bill
    ///
    /// Makes a booking and an order for it. Once the order is paid the credit is bought, and the booking has the serial
    /// number or the token; what cannot be had is paid back.
    #[oai(path = "/purchases", method = "post", operation_id = "buy_ppob")]
    async fn buy(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<PpobPurchase>,
    ) -> ApiResult<Created<Booked>> {
        let by = &person.0;
        let content = body.0.to_json_string();
        let wish = body.0.read()?;
        let request = Request { deps: &deps, caller: Some(by), operation: "buy_ppob", key: key.0, content };
        let once = request.once(|seed| async move {
            let bookings = &deps.app.bookings;
            let (booking, order, payment) = match wish {
                Wish::Credit(new) => bookings.buy_credit(by, seed.into(), new).await?,
                Wish::Bill(inquiry, payment) => bookings.pay_bill(by, seed.into(), inquiry.into(), payment).await?,
            };
            let now = deps.app.orders.now();
            Ok(Booked::at(now, BookingBody::in_a_list(now, booking), (order, payment)))
        });
        Ok(once.await?.into())
    }
}
