//! Orders, read.

use std::collections::HashMap;

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::OrderId,
    orders::{Order, OrderFilter, OrderQueries, OrderStatus},
    paging::{Page, PageRequest},
    time::Timestamp,
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    repository::LINES,
    row::{LineRow, OrderRow, select_lines, select_order},
};
use crate::{
    codec::{Moment, unfindable},
    db::id_chunks,
    store::SqlStore,
};

const FIND: &str = concat!(select_order!(), " WHERE id = $1");

impl SqlStore {
    /// Puts each order together with its lines.
    async fn with_lines(&self, rows: Vec<OrderRow>) -> Result<Vec<Order>, StoreError> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut lines: HashMap<Uuid, Vec<LineRow>> = HashMap::new();
        for chunk in id_chunks(&ids) {
            let some: Vec<LineRow> = on_read!(self, |x| {
                let mut query = QueryBuilder::new(concat!(select_lines!(), " IN ("));
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(*id);
                });
                list.push_unseparated(") ORDER BY order_id, position");
                query.build_query_as().fetch_all(x).await
            })?;
            for line in some {
                lines.entry(line.order_id).or_default().push(line);
            }
        }
        rows.into_iter()
            .map(|row| {
                let lines = lines.remove(&row.id).unwrap_or_default();
                row.with(lines)
            })
            .collect()
    }
}

#[async_trait]
impl OrderQueries for SqlStore {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let row: Option<OrderRow> = on_read!(self, |x| sqlx::query_as(FIND).bind(id.0).fetch_optional(x).await)?;
        let Some(row) = row else { return Ok(None) };
        let lines: Vec<LineRow> = on_read!(self, |x| sqlx::query_as(LINES).bind(id.0).fetch_all(x).await)?;
        row.with(lines).map(Some)
    }

    async fn orders(
        &self,
        filter: &OrderFilter,
        now: Timestamp,
        page: PageRequest<OrderId>,
    ) -> Result<Page<Order, OrderId>, StoreError> {
        if unfindable(&[filter.number.as_ref().map(|number| number.0.as_str())]) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let rows: Vec<OrderRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(concat!(select_order!(), " WHERE TRUE"));
            if let Some(buyer) = filter.buyer {
                query.push(" AND buyer = ").push_bind(buyer.0);
            }
            match filter.status {
                // Whether the deadline has passed does not depend on somebody having written it down.
                Some(OrderStatus::Confirmed) => {
                    query.push(" AND status = 'CONFIRMED' AND deadline > ").push_bind(Moment(now));
                }
                Some(OrderStatus::Expired) => {
                    query.push(" AND (status = 'EXPIRED' OR (status = 'CONFIRMED' AND deadline <= ");
                    query.push_bind(Moment(now)).push("))");
                }
                Some(status) => {
                    query.push(" AND status = ").push_bind(status.as_str());
                }
                None => {}
            }
            if let Some(number) = &filter.number {
                query.push(" AND number = ").push_bind(number.0.as_str());
            }
            if let Some(product) = filter.product {
                query.push(" AND EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = orders.id AND l.ware = ");
                query.push_bind(product.0).push(")");
            }
            if let Some(after) = page.after {
                query.push(" AND id < ").push_bind(after.0);
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        let found = self.with_lines(rows).await?;
        Ok(Page::from_surplus(found, page.limit(), |order| order.id))
    }
}
