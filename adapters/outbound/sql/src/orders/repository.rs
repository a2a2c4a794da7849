//! Orders inside a unit of work.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    error::Entity,
    ids::{OrderId, ProductId, UserId},
    orders::{Order, Orders},
    time::Timestamp,
};
use sqlx::QueryBuilder;

use super::row::{LineRow, OrderRow, select_lines, select_order, ware_id};
use crate::{
    codec::Moment,
    db::{Dialects, pieces},
    unit_of_work::SqlUnitOfWork,
};

const INSERT: &str = "INSERT INTO orders (id, number, buyer, status, amount, currency, pay_by, deadline, reason, \
    created_at, updated_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM orders WHERE id = $1)";
const FIND: Dialects = locking!(select_order!(), " WHERE id = $1");
pub(super) const LINES: &str = concat!(select_lines!(), " = $1 ORDER BY position");
const UPDATE: &str = "UPDATE orders SET status = $3, amount = $4, currency = $5, pay_by = $6, deadline = $7, reason = $8, \
    updated_at = $9, revision = revision + 1 WHERE id = $1 AND revision = $2";
const FORGET_LINES: &str = "DELETE FROM order_lines WHERE order_id = $1";
const NAMES: &str = "SELECT EXISTS (SELECT 1 FROM order_lines WHERE ware = $1)";
const HAS_OPEN: &str = "SELECT EXISTS (SELECT 1 FROM orders WHERE buyer = $1 \
    AND (status = 'PAID' OR (status = 'CONFIRMED' AND deadline > $2)))";

impl SqlUnitOfWork {
    async fn write_lines(&mut self, order: &Order) -> Result<(), StoreError> {
        let numbered: Vec<_> = (0_i32..).zip(&order.lines).collect();
        for piece in pieces(&numbered) {
            on_tx!(self, |x| {
                let mut query = QueryBuilder::new(
                    "INSERT INTO order_lines (order_id, position, kind, ware, title, quantity, unit_price, note) ",
                );
                query.push_values(piece, |mut row, (position, line)| {
                    row.push_bind(order.id.0).push_bind(*position).push_bind(line.ware.kind());
                    row.push_bind(ware_id(line.ware)).push_bind(line.title.as_str()).push_bind(line.quantity);
                    row.push_bind(line.unit_price.amount()).push_bind(line.note.as_deref());
                });
                query.build().execute(x).await.map(drop)
            })?;
        }
        Ok(())
    }
}

#[async_trait]
impl Orders for SqlUnitOfWork {
    async fn add(&mut self, order: &Order) -> Result<(), StoreError> {
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(order.id.0)
                .bind(order.number.0.as_str())
                .bind(order.buyer.0)
                .bind(order.status.as_str())
                .bind(order.total.amount())
                .bind(order.total.currency().code())
                .bind(order.pay_by.map(Moment))
                .bind(order.deadline.map(Moment))
                .bind(order.reason.as_deref())
                .bind(Moment(order.created_at))
                .bind(Moment(order.updated_at))
                .bind(order.revision.cast_signed())
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 0 {
            return Err(self.id_or_reference(EXISTS, order.id.0).await?);
        }
        self.write_lines(order).await
    }

    async fn find(&mut self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let sql = self.dialect(FIND);
        let row: Option<OrderRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        let Some(row) = row else { return Ok(None) };
        let lines: Vec<LineRow> = on_tx!(self, |x| sqlx::query_as(LINES).bind(id.0).fetch_all(x).await)?;
        row.with(lines).map(Some)
    }

    async fn save(&mut self, order: &Order) -> Result<(), StoreError> {
        let saved = on_tx!(self, |x| {
            sqlx::query(UPDATE)
                .bind(order.id.0)
                .bind(order.revision.cast_signed())
                .bind(order.status.as_str())
                .bind(order.total.amount())
                .bind(order.total.currency().code())
                .bind(order.pay_by.map(Moment))
                .bind(order.deadline.map(Moment))
                .bind(order.reason.as_deref())
                .bind(Moment(order.updated_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if saved == 1 { Ok(()) } else { Err(self.spend(StoreError::Stale(Entity::Order))) }
    }

    async fn rewrite(&mut self, order: &Order) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(FORGET_LINES).bind(order.id.0).execute(x).await.map(drop))?;
        self.write_lines(order).await
    }

    async fn names_product(&mut self, product: ProductId) -> Result<bool, StoreError> {
        on_tx!(self, |x| sqlx::query_scalar(NAMES).bind(product.0).fetch_one(x).await)
    }

    async fn has_open(&mut self, buyer: UserId, now: Timestamp) -> Result<bool, StoreError> {
        on_tx!(self, |x| sqlx::query_scalar(HAS_OPEN).bind(buyer.0).bind(Moment(now)).fetch_one(x).await)
    }
}
