//! `/ppob`: credits.

use dermaga_domain::booking::{NewCredit, OnSale};
use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Query},
    types::ToJSON,
};

use super::wire::{Booked, BookingBody};
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

/// A credit that is sold.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct PpobProduct {
    /// What a purchase names
    sku: String,
    name: String,
    /// As `Pulsa`, `Data` or `PLN`
    category: String,
    brand: String,
    description: Option<String>,
    /// What the customer pays, in the currency's smallest unit
    price: i64,
    currency: CurrencyCode,
    /// Whether it can be bought at this moment; some are not sold around midnight
    available: bool,
}

impl From<OnSale> for PpobProduct {
    fn from(on_sale: OnSale) -> Self {
        let OnSale { product, price, available } = on_sale;
        Self {
            sku: product.sku,
            name: product.name,
            category: product.category,
            brand: product.brand,
            description: product.description,
            price: price.amount(),
            currency: price.currency().into(),
            available,
        }
    }
}

/// A credit that is wanted.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct PpobPurchase {
    #[oai(validator(min_length = 1, max_length = 100))]
    sku: String,
    /// The number of the telephone, the meter or the account
    #[oai(validator(min_length = 4, max_length = 100))]
    customer_no: String,
    /// The most that you pay; a higher price by now refuses it
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    max_total: Option<i64>,
    /// How it will be paid. Without it, `POST /payments` starts paying the order
    payment: Option<PaymentChoice>,
}

#[OpenApi(prefix_path = "/ppob", tag = "Tag::Travel")]
impl PpobApi {
    /// Credits that are sold: pulsa, data, PLN tokens
    #[oai(path = "/products", method = "get", operation_id = "list_ppob_products")]
    async fn products(
        &self,
        deps: Data<&Deps>,
        /// As `Pulsa`, in any case
        category: Query<Option<String>>,
    ) -> ApiResult<Json<List<PpobProduct>>> {
        let found = deps.app.bookings.credits(category.0.as_deref()).await?;
        Ok(Json(List { items: found.into_iter().map(Into::into).collect(), next: None }))
    }

    /// Buy a credit
    ///
    /// Makes a booking and an order for it. Once the order is paid the credit is bought, and the booking has the serial
    /// number or the token; what cannot be had is paid back.
    #[oai(path = "/purchases", method = "post", operation_id = "buy_ppob_credit")]
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
        let PpobPurchase { sku, customer_no, max_total, payment } = body.0;
        let payment = payment.map(PaymentChoice::read).transpose().map_err(|error| error.within("/payment"))?;
        let new = NewCredit { sku, customer_no, max_total, payment };
        let request = Request { deps: &deps, caller: Some(by), operation: "buy_ppob_credit", key: key.0, content };
        let once = request.once(|seed| async move {
            let (booking, order, payment) = deps.app.bookings.buy_credit(by, seed.into(), new).await?;
            let now = deps.app.orders.now();
            Ok(Booked::at(now, BookingBody::in_a_list(now, booking), (order, payment)))
        });
        Ok(once.await?.into())
    }
}
