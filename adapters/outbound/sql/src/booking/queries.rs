//! Bookings, read.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    booking::{Booking, BookingFilter, BookingQueries},
    ids::BookingId,
    paging::{COUNTED, Page, PageRequest},
    time::Timestamp,
};
use sqlx::QueryBuilder;

use super::row::{BookingRow, booking_columns, bookings, names, select_booking};
use crate::{codec::Moment, db::Dialects, store::SqlStore};

const FIND: &str = concat!(select_booking!(), " WHERE id = $1");

macro_rules! anything_due {
    ($among:literal) => {
        concat!("SELECT EXISTS (SELECT 1 FROM bookings WHERE next_check_at <= $1 AND supplier IN (", $among, "))")
    };
}

const ANYTHING_DUE: Dialects = Dialects {
    postgres: anything_due!("SELECT jsonb_array_elements_text($2::jsonb)"),
    sqlite: anything_due!("SELECT value FROM json_each($2)"),
};
const FROZEN: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM bookings WHERE frozen LIMIT $1) AS frozen";

#[async_trait]
impl BookingQueries for SqlStore {
    async fn booking(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        let row: Option<BookingRow> = on_read!(self, |x| sqlx::query_as(FIND).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn bookings(
        &self,
        filter: &BookingFilter,
        page: PageRequest<BookingId>,
    ) -> Result<Page<Booking, BookingId>, StoreError> {
        let rows: Vec<BookingRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(concat!(select_booking!(), " WHERE TRUE"));
            if let Some(user) = filter.user {
                query.push(" AND user_id = ").push_bind(user.0);
            }
            if let Some(kind) = filter.kind {
                query.push(" AND kind = ").push_bind(kind.as_str());
            }
            if let Some(status) = filter.status {
                query.push(" AND status = ").push_bind(status.as_str());
            }
            if let Some(frozen) = filter.frozen {
                query.push(if frozen { " AND frozen" } else { " AND NOT frozen" });
            }
            if let Some(order) = filter.order {
                query.push(" AND order_id = ").push_bind(order.0);
            }
            if let Some(after) = page.after {
                query.push(" AND id < ").push_bind(after.0);
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        let found = bookings(rows, &self.keys)?;
        Ok(Page::from_surplus(found, page.limit(), |booking| booking.id))
    }

    async fn anything_due(&self, suppliers: &[String], now: Timestamp) -> Result<bool, StoreError> {
        let sql = self.db.dialect(ANYTHING_DUE);
        on_read!(self, |x| sqlx::query_scalar(sql).bind(Moment(now)).bind(names(suppliers)).fetch_one(x).await)
    }

    async fn frozen(&self) -> Result<u64, StoreError> {
        let count: i64 = on_read!(self, |x| sqlx::query_scalar(FROZEN).bind(i64::from(COUNTED)).fetch_one(x).await)?;
        Ok(count.unsigned_abs())
    }
}
