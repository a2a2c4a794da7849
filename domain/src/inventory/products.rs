//! Products: what is offered, and at which price.

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    ids::{MovementId, ProductId},
    inventory::{Availability, MAX_STOCK, Movement, MovementKind, Product, ProductFilter, ProductStatus},
    money::Money,
    paging::{Page, PageRequest},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Inventory;
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
    faults::Faults,
};

/// The longest name of a product.
const MAX_NAME: usize = 200;
/// The longest description.
const MAX_DESCRIPTION: usize = 5_000;

/// A product to offer.
#[derive(Debug, Clone, Default)]
pub struct NewProduct {
    pub name: String,
    pub description: Option<String>,
    /// Of one piece, in the currency's smallest unit.
    pub price: i64,
    /// IDR unless named.
    pub currency: Option<String>,
    /// How many are there; none unless given.
    pub stock: Option<i64>,
}

/// What changes about a product; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ProductChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub price: Option<i64>,
    pub status: Option<ProductStatus>,
    /// The revision that the change was made from; a newer one refuses it.
    pub revision: Option<u64>,
}

/// A product and what is there of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub product: Product,
    pub availability: Availability,
}

/// What became of a product that was to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Removed,
    /// It was sold before, so it is kept and no longer offered.
    Retired(Offer),
}

pub(super) fn missing(id: ProductId) -> Error {
    Error::new(Code::ProductNotFound, format!("There is no product {id}."))
}

fn facts(product: &Product) -> Value {
    json!({
        "product_id": product.id,
        "name": product.name,
        "price": product.price.amount(),
        "currency": product.price.currency(),
        "status": product.status.as_str(),
    })
}

impl Inventory {
    /// Offers a product, with some of it in stock. Idempotent by `id`.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::Invalid`].
    pub async fn create(&self, by: &Principal, id: ProductId, new: NewProduct) -> Result<Offer> {
        self.0.authorise(by, Permission::ManageProducts).await?;
        let mut faults = Faults::default();
        let name = name(&mut faults, &new.name);
        let description = faults.text("/description", new.description.as_deref(), MAX_DESCRIPTION);
        let currency = faults.parse("/currency", new.currency.as_deref()).unwrap_or_default();
        let price = price(&mut faults, new.price);
        let stock = new.stock.unwrap_or(0);
        if !(0..=MAX_STOCK).contains(&stock) {
            faults.add("/stock", format!("must be from 0 to {MAX_STOCK}"));
        }
        faults.check()?;
        let now = self.0.now();
        let product = Product {
            id,
            name,
            description,
            price: Money::new(price, currency)?,
            status: ProductStatus::Active,
            created_at: now,
            updated_at: now,
            revision: 0,
        };
        let mut uow = self.0.begin().await?;
        match uow.products().add(&product).await {
            Err(StoreError::Conflict(Unique::Id)) => {
                drop(uow);
                return self.offer(id).await;
            }
            other => other?,
        }
        uow.stock().open(product.item()).await?;
        if stock > 0 {
            let movement = Movement {
                id: MovementId(Uuid::new_v5(&id.0, b"first stock")),
                item: product.item(),
                kind: MovementKind::Received,
                on_hand: stock,
                allocated: 0,
                order: None,
                reason: Some("first stock".to_owned()),
                actor: by.into(),
                at: now,
            };
            uow.stock().record(&movement).await?;
        }
        self.0.file(&mut *uow, note(by, "product.created", &product), facts(&product), now).await?;
        uow.commit().await?;
        self.offer(id).await
    }

    /// A product and what is there of it. Anyone may ask.
    ///
    /// # Errors
    /// [`Code::ProductNotFound`].
    pub async fn offer(&self, id: ProductId) -> Result<Offer> {
        let found = self.0.ports.store.inventory().product(id, self.0.now()).await?;
        let (product, availability) = found.ok_or_else(|| missing(id))?;
        Ok(Offer { product, availability })
    }

    /// Products, newest first. Anyone may ask.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn offers(&self, filter: &ProductFilter, page: PageRequest<ProductId>) -> Result<Page<Offer, ProductId>> {
        let found = self.0.ports.store.inventory().products(filter, self.0.now(), page).await?;
        Ok(found.map(|(product, availability)| Offer { product, availability }))
    }

    /// Changes a product. Orders that are placed keep the name and price that they were placed at.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::ProductNotFound`], [`Code::ConcurrentChange`] if it has a newer revision than
    /// the change was made from, [`Code::Invalid`].
    pub async fn change(&self, by: &Principal, id: ProductId, change: ProductChange) -> Result<Offer> {
        self.0.authorise(by, Permission::ManageProducts).await?;
        let mut faults = Faults::default();
        let name = change.name.as_deref().map(|text| name(&mut faults, text));
        let description = faults.text("/description", change.description.as_deref(), MAX_DESCRIPTION);
        let price = change.price.map(|amount| price(&mut faults, amount));
        faults.check()?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut product = uow.products().find(id).await?.ok_or_else(|| missing(id))?;
        if change.revision.is_some_and(|revision| revision != product.revision) {
            let told = format!("It has revision {} by now. Read it again and repeat.", product.revision);
            return Err(Error::new(Code::ConcurrentChange, told).at("/revision"));
        }
        product.name = name.unwrap_or(product.name);
        product.description = if change.description.is_some() { description } else { product.description };
        product.price = price.map_or(Ok(product.price), |amount| Money::new(amount, product.price.currency()))?;
        product.status = change.status.unwrap_or(product.status);
        product.updated_at = now;
        uow.products().save(&product).await?;
        self.0.file(&mut *uow, note(by, "product.changed", &product), facts(&product), now).await?;
        uow.commit().await?;
        self.offer(id).await
    }

    /// Removes a product that was never ordered; one that was is retired.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::ProductNotFound`], [`Code::ProductInUse`] while orders wait for it.
    pub async fn remove(&self, by: &Principal, id: ProductId) -> Result<Removal> {
        self.0.authorise(by, Permission::ManageProducts).await?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        // The stock first, as orders do it: whoever orders right now has either held some or waits for this.
        let stock = uow.stock().lock(&[id.into()]).await?;
        let mut product = uow.products().find(id).await?.ok_or_else(|| missing(id))?;
        let held = uow.stock().held(&[id.into()], now).await?.first().map_or(0, |(_, held)| *held);
        let allocated = stock.first().map_or(0, |stock| stock.allocated);
        if held > 0 || allocated > 0 {
            let told = format!(
                "Orders wait for it: {held} are held until they are paid, {allocated} are paid and not delivered. \
                 Complete or cancel those orders first, or set the product's status to RETIRED."
            );
            return Err(Error::new(Code::ProductInUse, told));
        }
        let sold = uow.orders().names_product(id).await?;
        if sold {
            product.status = ProductStatus::Retired;
            product.updated_at = now;
            uow.products().save(&product).await?;
        } else {
            uow.products().remove(id).await?;
        }
        let action = if sold { "product.retired" } else { "product.removed" };
        self.0.file(&mut *uow, note(by, action, &product), facts(&product), now).await?;
        uow.commit().await?;
        Ok(if sold { Removal::Retired(self.offer(id).await?) } else { Removal::Removed })
    }
}

fn note<'a>(by: &'a Principal, action: &'static str, product: &Product) -> Note<'a> {
    Note {
        actor: Some(by),
        action,
        subject: format!("product:{}", product.id),
        detail: format!("{} at {}", product.name, product.price),
    }
}

fn name(faults: &mut Faults, text: &str) -> String {
    let name = faults.text("/name", Some(text), MAX_NAME);
    name.unwrap_or_else(|| {
        faults.add("/name", "is required");
        String::new()
    })
}

fn price(faults: &mut Faults, amount: i64) -> i64 {
    if Money::new(amount, Default::default()).is_err() || amount <= 0 {
        faults.add("/price", format!("must be from 1 to {}", dermaga_ports::money::MAX_AMOUNT));
    }
    amount
}
