//! Products and stock, read.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::{ItemId, MovementId, OrderId, ProductId},
    inventory::{
        Availability, Hold, InventoryQueries, Movement, MovementKind, Product, ProductFilter, ProductStatus, Recount,
        Stock,
    },
    paging::{Page, PageRequest},
    time::Timestamp,
};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::{
    products::{ProductRow, product_columns},
    stock::{RecountRow, select_recount},
};
use crate::{
    codec::{Moment, named, search_pattern, unfindable},
    store::SqlStore,
};

/// What is there of an item; `$1` is now.
macro_rules! availability {
    () => {
        "COALESCE(s.on_hand, 0) AS on_hand, COALESCE(s.allocated, 0) AS allocated, \
         CAST(COALESCE((SELECT SUM(h.quantity) FROM stock_holds h WHERE h.item = s.item AND h.expires_at > $1), 0) \
            AS BIGINT) AS held"
    };
}

const PRODUCT: &str = concat!(
    "SELECT ",
    product_columns!(),
    ", ",
    availability!(),
    " FROM products LEFT JOIN stock s ON s.item = id WHERE id = $2"
);
/// A page of products. What is not asked for is NULL, and then every row has it.
const PRODUCTS: &str = concat!(
    "SELECT ",
    product_columns!(),
    ", ",
    availability!(),
    " FROM products LEFT JOIN stock s ON s.item = id WHERE status = COALESCE($2, status) \
     AND search LIKE $3 ESCAPE '\\' AND id < $4 ORDER BY id DESC LIMIT $5"
);
const MOVEMENTS: &str = "SELECT id, item, kind, on_hand, allocated, order_id, reason, actor, at FROM stock_movements \
    WHERE item = ";
const HOLDS: &str = "SELECT order_id, item, quantity, expires_at FROM stock_holds WHERE item = ";

#[derive(FromRow)]
struct OfferRow {
    #[sqlx(flatten)]
    product: ProductRow,
    #[sqlx(flatten)]
    counts: CountsRow,
}

#[derive(FromRow)]
struct CountsRow {
    on_hand: i64,
    allocated: i64,
    held: i64,
}

impl CountsRow {
    fn of(self, item: ItemId) -> Availability {
        Availability { stock: Stock { item, on_hand: self.on_hand, allocated: self.allocated }, held: self.held }
    }
}

impl TryFrom<OfferRow> for (Product, Availability) {
    type Error = StoreError;

    fn try_from(row: OfferRow) -> Result<Self, StoreError> {
        let product = Product::try_from(row.product)?;
        let availability = row.counts.of(product.item());
        Ok((product, availability))
    }
}

#[derive(FromRow)]
struct MovementRow {
    id: Uuid,
    item: Uuid,
    kind: String,
    on_hand: i64,
    allocated: i64,
    order_id: Option<Uuid>,
    reason: Option<String>,
    actor: String,
    at: Moment,
}

impl TryFrom<MovementRow> for Movement {
    type Error = StoreError;

    fn try_from(row: MovementRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: MovementId(row.id),
            item: ItemId(row.item),
            kind: named(&MovementKind::ALL, MovementKind::as_str, &row.kind)?,
            on_hand: row.on_hand,
            allocated: row.allocated,
            order: row.order_id.map(OrderId),
            reason: row.reason,
            actor: row.actor,
            at: row.at.0,
        })
    }
}

#[async_trait]
impl InventoryQueries for SqlStore {
    async fn product(&self, id: ProductId, now: Timestamp) -> Result<Option<(Product, Availability)>, StoreError> {
        let row: Option<OfferRow> =
            on_read!(self, |x| sqlx::query_as(PRODUCT).bind(Moment(now)).bind(id.0).fetch_optional(x).await)?;
        row.map(TryInto::try_into).transpose()
    }

    async fn products(
        &self,
        filter: &ProductFilter,
        now: Timestamp,
        page: PageRequest<ProductId>,
    ) -> Result<Page<(Product, Availability), ProductId>, StoreError> {
        if unfindable(&[filter.text.as_deref()]) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let pattern = search_pattern(filter.text.as_deref().unwrap_or_default());
        let rows: Vec<OfferRow> = on_read!(self, |x| {
            sqlx::query_as(PRODUCTS)
                .bind(Moment(now))
                .bind(filter.status.map(ProductStatus::as_str))
                .bind(pattern.as_str())
                .bind(page.after.map_or(Uuid::max(), Uuid::from))
                .bind(i64::from(page.limit()) + 1)
                .fetch_all(x)
                .await
        })?;
        let found: Vec<(Product, Availability)> = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(found, page.limit(), |(product, _)| product.id))
    }

    async fn movements(
        &self,
        item: ItemId,
        page: PageRequest<MovementId>,
    ) -> Result<Page<Movement, MovementId>, StoreError> {
        let rows: Vec<MovementRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(MOVEMENTS);
            query.push_bind(item.0);
            if let Some(after) = page.after {
                query.push(" AND id < ").push_bind(after.0);
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        let found: Vec<Movement> = rows.into_iter().map(Movement::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(found, page.limit(), |movement| movement.id))
    }

    async fn holds(
        &self,
        item: ItemId,
        now: Timestamp,
        page: PageRequest<OrderId>,
    ) -> Result<Page<Hold, OrderId>, StoreError> {
        let rows: Vec<(Uuid, Uuid, i64, Moment)> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(HOLDS);
            query.push_bind(item.0).push(" AND expires_at > ").push_bind(Moment(now));
            if let Some(after) = page.after {
                query.push(" AND order_id > ").push_bind(after.0);
            }
            query.push(" ORDER BY order_id LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        let holds = rows.into_iter().map(|(order, item, quantity, expires_at)| Hold {
            order: OrderId(order),
            item: ItemId(item),
            quantity,
            expires_at: expires_at.0,
        });
        Ok(Page::from_surplus(holds.collect(), page.limit(), |hold| hold.order))
    }

    async fn recounts(&self, page: PageRequest<ItemId>) -> Result<Page<Recount, ItemId>, StoreError> {
        let rows: Vec<RecountRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(concat!(select_recount!(), " WHERE TRUE"));
            if let Some(after) = page.after {
                query.push(" AND s.item > ").push_bind(after.0);
            }
            query.push(" ORDER BY s.item LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        let found: Vec<Recount> = rows.into_iter().map(Recount::from).collect();
        Ok(Page::from_surplus(found, page.limit(), |recount| recount.kept.item))
    }
}
