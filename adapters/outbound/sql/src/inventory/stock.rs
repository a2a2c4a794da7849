//! Stock inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::{ItemId, MovementId, OrderId},
    inventory::{Hold, Movement, Recount, Stock, Stocks},
    time::Timestamp,
};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use crate::{
    codec::Moment,
    db::{Dialects, id_chunks, pieces},
    unit_of_work::SqlUnitOfWork,
};

const OPEN: &str = "INSERT INTO stock (item, on_hand, allocated) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING";
const EXTEND: &str = "UPDATE stock_holds SET expires_at = $2 WHERE order_id = $1";
const RELEASE: &str = "DELETE FROM stock_holds WHERE order_id = $1";
const JOURNAL: &str = "INSERT INTO stock_movements (id, item, kind, on_hand, allocated, order_id, reason, actor, at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
/// The bounds are the schema's too; here they make a missing lock an answer instead of a broken unit of work.
const COUNT: &str = "UPDATE stock SET on_hand = on_hand + $2, allocated = allocated + $3 WHERE item = $1 \
    AND on_hand + $2 >= allocated + $3 AND allocated + $3 >= 0 AND on_hand + $2 <= 1000000000";
const HAS_MOVEMENT: &str = "SELECT EXISTS (SELECT 1 FROM stock_movements WHERE id = $1)";
const RESET: &str = "UPDATE stock SET on_hand = $2, allocated = $3 WHERE item = $1";
const ONE: Dialects = locking!("SELECT item, on_hand, allocated FROM stock WHERE item = $1");

/// An item's counters beside its journal and its orders.
macro_rules! select_recount {
    () => {
        "SELECT s.item, s.on_hand, s.allocated, \
            CAST(COALESCE((SELECT SUM(m.on_hand) FROM stock_movements m WHERE m.item = s.item), 0) AS BIGINT) \
                AS journal_on_hand, \
            CAST(COALESCE((SELECT SUM(m.allocated) FROM stock_movements m WHERE m.item = s.item), 0) AS BIGINT) \
                AS journal_allocated, \
            CAST(COALESCE((SELECT SUM(l.quantity) FROM order_lines l JOIN orders o ON o.id = l.order_id \
                WHERE l.ware = s.item AND o.status = 'PAID'), 0) AS BIGINT) AS promised \
         FROM stock s"
    };
}

pub(super) use select_recount;

const RECOUNT: &str = concat!(select_recount!(), " WHERE s.item = $1");

#[derive(FromRow)]
struct StockRow {
    item: Uuid,
    on_hand: i64,
    allocated: i64,
}

impl From<StockRow> for Stock {
    fn from(row: StockRow) -> Self {
        Self { item: ItemId(row.item), on_hand: row.on_hand, allocated: row.allocated }
    }
}

#[derive(FromRow)]
pub(super) struct RecountRow {
    item: Uuid,
    on_hand: i64,
    allocated: i64,
    journal_on_hand: i64,
    journal_allocated: i64,
    promised: i64,
}

impl From<RecountRow> for Recount {
    fn from(row: RecountRow) -> Self {
        let item = ItemId(row.item);
        Self {
            kept: Stock { item, on_hand: row.on_hand, allocated: row.allocated },
            counted: Stock { item, on_hand: row.journal_on_hand, allocated: row.journal_allocated },
            promised: row.promised,
        }
    }
}

#[async_trait]
impl Stocks for SqlUnitOfWork {
    async fn open(&mut self, item: ItemId) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(OPEN).bind(item.0).execute(x).await.map(drop))
    }

    async fn lock(&mut self, items: &[ItemId]) -> Result<Vec<Stock>, StoreError> {
        let lock = self.dialect(Dialects { postgres: " FOR NO KEY UPDATE", sqlite: "" });
        let mut ids: Vec<Uuid> = items.iter().map(|item| item.0).collect();
        ids.sort_unstable();
        let mut found: Vec<StockRow> = Vec::new();
        for chunk in id_chunks(&ids) {
            let rows: Vec<StockRow> = on_tx!(self, |x| {
                let mut query = QueryBuilder::new("SELECT item, on_hand, allocated FROM stock WHERE item IN (");
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(*id);
                });
                list.push_unseparated(") ORDER BY item");
                query.push(lock);
                query.build_query_as().fetch_all(x).await
            })?;
            found.extend(rows);
        }
        Ok(found.into_iter().map(Stock::from).collect())
    }

    async fn held(&mut self, items: &[ItemId], now: Timestamp) -> Result<Vec<(ItemId, i64)>, StoreError> {
        let ids: Vec<Uuid> = items.iter().map(|item| item.0).collect();
        let mut found: Vec<(Uuid, i64)> = Vec::new();
        for chunk in id_chunks(&ids) {
            let rows: Vec<(Uuid, i64)> = on_tx!(self, |x| {
                let mut query = QueryBuilder::new(
                    "SELECT item, CAST(SUM(quantity) AS BIGINT) FROM stock_holds WHERE expires_at > ",
                );
                query.push_bind(Moment(now)).push(" AND item IN (");
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(*id);
                });
                list.push_unseparated(") GROUP BY item");
                query.build_query_as().fetch_all(x).await
            })?;
            found.extend(rows);
        }
        Ok(found.into_iter().map(|(item, quantity)| (ItemId(item), quantity)).collect())
    }

    async fn hold(&mut self, holds: &[Hold]) -> Result<(), StoreError> {
        for piece in pieces(holds) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new("INSERT INTO stock_holds (order_id, item, quantity, expires_at) ");
                query.push_values(piece, |mut row, hold| {
                    row.push_bind(hold.order.0).push_bind(hold.item.0);
                    row.push_bind(hold.quantity).push_bind(Moment(hold.expires_at));
                });
                query.push(
                    " ON CONFLICT (order_id, item) DO UPDATE SET quantity = excluded.quantity, \
                     expires_at = excluded.expires_at",
                );
                query.build().execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }

    async fn extend(&mut self, order: OrderId, until: Timestamp) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(EXTEND).bind(order.0).bind(Moment(until)).execute(x).await.map(drop))
    }

    async fn release(&mut self, order: OrderId) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(RELEASE).bind(order.0).execute(x).await.map(drop))
    }

    async fn record(&mut self, movement: &Movement) -> Result<(), StoreError> {
        let counted = on_tx!(self, |x| {
            let query = sqlx::query(COUNT).bind(movement.item.0).bind(movement.on_hand).bind(movement.allocated);
            query.execute(x).await.map(|done| done.rows_affected())
        })?;
        if counted != 1 {
            return Err(self.spend(StoreError::Stale(Entity::Stock)));
        }
        on_tx!(self, |x| {
            sqlx::query(JOURNAL)
                .bind(movement.id.0)
                .bind(movement.item.0)
                .bind(movement.kind.as_str())
                .bind(movement.on_hand)
                .bind(movement.allocated)
                .bind(movement.order.map(Uuid::from))
                .bind(movement.reason.as_deref())
                .bind(movement.actor.as_str())
                .bind(Moment(movement.at))
                .execute(x)
                .await
                .map(drop)
        })
    }

    async fn has_movement(&mut self, id: MovementId) -> Result<bool, StoreError> {
        on_tx!(self, |x| sqlx::query_scalar(HAS_MOVEMENT).bind(id.0).fetch_one(x).await)
    }

    async fn reset(&mut self, stock: Stock) -> Result<(), StoreError> {
        on_tx!(self, |x| {
            let query = sqlx::query(RESET).bind(stock.item.0).bind(stock.on_hand).bind(stock.allocated);
            query.execute(x).await.map(drop)
        })
    }

    async fn recount(&mut self, item: ItemId) -> Result<Option<Recount>, StoreError> {
        let sql = self.dialect(ONE);
        let locked: Option<StockRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(item.0).fetch_optional(x).await)?;
        if locked.is_none() {
            return Ok(None);
        }
        // A statement of its own: it sees what was committed while the lock was waited for.
        let row: Option<RecountRow> = on_tx!(self, |x| sqlx::query_as(RECOUNT).bind(item.0).fetch_optional(x).await)?;
        Ok(row.map(Recount::from))
    }
}
