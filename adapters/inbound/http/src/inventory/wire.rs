//! Products and stock on the wire.

use dermaga_domain::inventory::{NewProduct, Offer, ProductChange, StockFinding, Sufficiency};
use dermaga_ports::inventory::{Hold, Movement, ProductStatus};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::wire::{CurrencyCode, Moment, currency_text};

/// Whether a product is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "ProductStatus", rename_all = "UPPERCASE")]
pub enum ProductStatusName {
    Active,
    Retired,
}

impl From<ProductStatus> for ProductStatusName {
    fn from(status: ProductStatus) -> Self {
        match status {
            ProductStatus::Active => Self::Active,
            ProductStatus::Retired => Self::Retired,
        }
    }
}

impl From<ProductStatusName> for ProductStatus {
    fn from(name: ProductStatusName) -> Self {
        match name {
            ProductStatusName::Active => Self::Active,
            ProductStatusName::Retired => Self::Retired,
        }
    }
}

/// A product to offer.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewProduct", skip_serializing_if_is_none)]
pub struct NewProductBody {
    #[oai(validator(min_length = 1, max_length = 200))]
    pub name: String,
    #[oai(validator(max_length = 5000))]
    pub description: Option<String>,
    /// Of one piece, in the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub price: i64,
    /// IDR unless named
    pub currency: Option<CurrencyCode>,
    /// How many are there; none unless given
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000")))]
    pub stock: Option<i64>,
}

impl From<NewProductBody> for NewProduct {
    fn from(body: NewProductBody) -> Self {
        let NewProductBody { name, description, price, currency, stock } = body;
        Self { name, description, price, currency: currency_text(currency), stock }
    }
}

/// New values of a product; what is absent stays.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ProductUpdate {
    #[oai(validator(min_length = 1, max_length = 200))]
    pub name: Option<String>,
    /// An empty text takes it away
    #[oai(validator(max_length = 5000))]
    pub description: Option<String>,
    /// Orders that are placed keep the old one
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub price: Option<i64>,
    pub status: Option<ProductStatusName>,
    /// The revision that the change was made from; a newer one refuses it
    pub revision: Option<u64>,
}

impl From<ProductUpdate> for ProductChange {
    fn from(body: ProductUpdate) -> Self {
        let ProductUpdate { name, description, price, status, revision } = body;
        Self { name, description, price, status: status.map(Into::into), revision }
    }
}

/// A product and what is there of it.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Product", skip_serializing_if_is_none)]
pub struct ProductBody {
    pub id: Uuid,
    pub name: String,
    pub description: Option<String>,
    /// Of one piece, in the currency's smallest unit
    pub price: i64,
    pub currency: CurrencyCode,
    pub status: ProductStatusName,
    /// How many are on hand
    pub stock: i64,
    /// How many of them belong to orders that are paid and not delivered
    pub allocated: i64,
    /// How many of them are kept for orders that have still to be paid
    pub held: i64,
    /// How many can be ordered right now
    pub available: i64,
    /// Counts the changes
    pub revision: u64,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl From<Offer> for ProductBody {
    fn from(Offer { product, availability }: Offer) -> Self {
        Self {
            id: product.id.into(),
            name: product.name,
            description: product.description,
            price: product.price.amount(),
            currency: product.price.currency().into(),
            status: product.status.into(),
            stock: availability.stock.on_hand,
            allocated: availability.stock.allocated,
            held: availability.held,
            available: availability.available(),
            revision: product.revision,
            created_at: product.created_at.into(),
            updated_at: product.updated_at.into(),
        }
    }
}

/// Whether so many can be ordered right now.
#[derive(Debug, Clone, Object)]
pub struct StockCheck {
    pub available: i64,
    pub sufficient: bool,
}

impl From<Sufficiency> for StockCheck {
    fn from(found: Sufficiency) -> Self {
        Self { available: found.available, sufficient: found.sufficient }
    }
}

/// How the stock of a product changes: one of `set` and `add`.
#[derive(Debug, Clone, Object)]
#[oai(rename = "StockChange", skip_serializing_if_is_none)]
pub struct StockChangeBody {
    /// So many are on hand
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000000")))]
    pub set: Option<i64>,
    /// So many came in; below 0, so many are gone
    #[oai(validator(minimum(value = "-1000000000"), maximum(value = "1000000000")))]
    pub add: Option<i64>,
    /// For the journal
    #[oai(validator(max_length = 200))]
    pub reason: Option<String>,
}

/// An entry of the stock journal.
#[derive(Debug, Clone, Object)]
#[oai(rename = "StockMovement", skip_serializing_if_is_none)]
pub struct MovementEntry {
    pub id: Uuid,
    /// `RECEIVED`, `ADJUSTED`, `ALLOCATED`, `RELEASED`, `SOLD` or `REPAIRED`
    pub kind: String,
    /// What was added to what is on hand
    pub on_hand: i64,
    /// What was added to what belongs to paid orders
    pub allocated: i64,
    pub order_id: Option<Uuid>,
    pub reason: Option<String>,
    /// As the audit trail names whoever did it
    pub actor: String,
    pub at: Moment,
}

impl From<Movement> for MovementEntry {
    fn from(movement: Movement) -> Self {
        Self {
            id: movement.id.into(),
            kind: movement.kind.as_str().to_owned(),
            on_hand: movement.on_hand,
            allocated: movement.allocated,
            order_id: movement.order.map(Into::into),
            reason: movement.reason,
            actor: movement.actor,
            at: movement.at.into(),
        }
    }
}

/// What an order keeps until it is paid.
#[derive(Debug, Clone, Object)]
#[oai(rename = "StockHold")]
pub struct HoldBody {
    pub order_id: Uuid,
    pub quantity: i64,
    /// Then it is free again by itself
    pub expires_at: Moment,
}

impl From<Hold> for HoldBody {
    fn from(hold: Hold) -> Self {
        Self { order_id: hold.order.into(), quantity: hold.quantity, expires_at: hold.expires_at.into() }
    }
}

/// Two counters of an item.
#[derive(Debug, Clone, Object)]
#[oai(rename = "StockCounters")]
pub struct Counters {
    pub on_hand: i64,
    pub allocated: i64,
}

/// An item whose counters are wrong.
#[derive(Debug, Clone, Object)]
#[oai(rename = "StockFinding")]
pub struct FindingBody {
    pub item_id: Uuid,
    /// What the counters say
    pub kept: Counters,
    /// What the journal says they should be
    pub counted: Counters,
    /// What paid orders wait for
    pub promised: i64,
    /// Whether it was mended
    pub repaired: bool,
}

impl From<StockFinding> for FindingBody {
    fn from(StockFinding { recount, repaired }: StockFinding) -> Self {
        let counters =
            |stock: dermaga_ports::inventory::Stock| Counters { on_hand: stock.on_hand, allocated: stock.allocated };
        Self {
            item_id: recount.kept.item.into(),
            kept: counters(recount.kept),
            counted: counters(recount.counted),
            promised: recount.promised,
            repaired,
        }
    }
}

/// What came of counting the stock again.
#[derive(Debug, Clone, Object)]
pub struct StockReport {
    /// How many items were counted
    pub items: u64,
    /// Whether all of them were right before
    pub whole: bool,
    pub findings: Vec<FindingBody>,
}

impl StockReport {
    /// From what the use case answers.
    pub fn of((items, findings): (u64, Vec<StockFinding>)) -> Self {
        let whole = findings.is_empty();
        Self { items, whole, findings: findings.into_iter().map(Into::into).collect() }
    }
}
