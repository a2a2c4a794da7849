//! Products as rows, and products inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    error::Entity,
    ids::ProductId,
    inventory::{Product, ProductStatus, Products},
};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use crate::{
    codec::{Moment, money, named, search_text},
    db::{Dialects, id_chunks},
    unit_of_work::SqlUnitOfWork,
};

/// The columns of [`ProductRow`].
macro_rules! product_columns {
    () => {
        "id, name, description, price, currency, status, created_at, updated_at, revision"
    };
}

pub(super) use product_columns;

const INSERT: &str = concat!(
    "INSERT INTO products (",
    product_columns!(),
    ", search) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
);
const FIND: Dialects = locking!("SELECT ", product_columns!(), " FROM products WHERE id = $1");
const UPDATE: &str = "UPDATE products SET name = $3, description = $4, price = $5, currency = $6, status = $7, \
    updated_at = $8, search = $9, revision = revision + 1 WHERE id = $1 AND revision = $2";
const REMOVE_STOCK: &str = "DELETE FROM stock WHERE item = $1";
const REMOVE: &str = "DELETE FROM products WHERE id = $1";

#[derive(FromRow)]
pub(super) struct ProductRow {
    id: Uuid,
    name: String,
    description: Option<String>,
    price: i64,
    currency: String,
    status: String,
    created_at: Moment,
    updated_at: Moment,
    revision: i64,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ProductId(row.id),
            name: row.name,
            description: row.description,
            price: money(row.price, &row.currency)?,
            status: named(&ProductStatus::ALL, ProductStatus::as_str, &row.status)?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            revision: row.revision.unsigned_abs(),
        })
    }
}

fn search(product: &Product) -> String {
    search_text(&[Some(&product.name), product.description.as_deref()])
}

#[async_trait]
impl Products for SqlUnitOfWork {
    async fn add(&mut self, product: &Product) -> Result<(), StoreError> {
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(product.id.0)
                .bind(product.name.as_str())
                .bind(product.description.as_deref())
                .bind(product.price.amount())
                .bind(product.price.currency().code())
                .bind(product.status.as_str())
                .bind(Moment(product.created_at))
                .bind(Moment(product.updated_at))
                .bind(product.revision.cast_signed())
                .bind(search(product))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 { Ok(()) } else { Err(StoreError::Conflict(Unique::Id)) }
    }

    async fn find(&mut self, id: ProductId) -> Result<Option<Product>, StoreError> {
        let sql = self.dialect(FIND);
        let row: Option<ProductRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(Product::try_from).transpose()
    }

    async fn read(&mut self, ids: &[ProductId]) -> Result<Vec<Product>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let mut found = Vec::new();
        for chunk in id_chunks(&ids) {
            let rows: Vec<ProductRow> = on_tx!(self, |x| {
                let mut query =
                    QueryBuilder::new(concat!("SELECT ", product_columns!(), " FROM products WHERE id IN ("));
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(*id);
                });
                list.push_unseparated(")");
                query.build_query_as().fetch_all(x).await
            })?;
            found.extend(rows);
        }
        let mut found: Vec<Product> = found.into_iter().map(Product::try_from).collect::<Result<_, _>>()?;
        found.sort_unstable_by_key(|product| product.id);
        Ok(found)
    }

    async fn save(&mut self, product: &Product) -> Result<(), StoreError> {
        let saved = on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(product.id.0)
                .bind(product.revision.cast_signed())
                .bind(product.name.as_str())
                .bind(product.description.as_deref())
                .bind(product.price.amount())
                .bind(product.price.currency().code())
                .bind(product.status.as_str())
                .bind(Moment(product.updated_at))
                .bind(search(product))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if saved == 1 { Ok(()) } else { Err(self.spend(StoreError::Stale(Entity::Product))) }
    }

    async fn remove(&mut self, id: ProductId) -> Result<(), StoreError> {
        for sql in [REMOVE_STOCK, REMOVE] {
            on_tx!(self, |x| sqlx::query(sql).bind(id.0).execute(x).await.map(drop))?;
        }
        Ok(())
    }
}
