//! Payments, read.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::{NoticeId, PaymentId, RefundId},
    paging::{COUNTED, Page, PageRequest},
    payments::{Dispute, Payment, PaymentFilter, PaymentQueries, Refund, Waiting, Webhook},
    time::Timestamp,
};
use sqlx::QueryBuilder;

use super::{
    inbox::{WebhookRow, webhook_columns},
    refunds::{DISPUTES, DisputeRow, REFUND, REFUNDS, RefundRow, disputes, refunds},
    row::{PaymentRow, payment_columns, payments, select_payment},
};
use crate::{
    codec::{Moment, unfindable},
    store::SqlStore,
};

const ANYTHING_DUE: &str = "SELECT EXISTS (SELECT 1 FROM payments WHERE next_check_at <= $1) \
    OR EXISTS (SELECT 1 FROM payment_refunds WHERE next_check_at <= $1)";
/// By the indexes of what waits, which hold nothing else.
const WAITING: &str = "SELECT \
    (SELECT COUNT(*) FROM (SELECT 1 FROM payments WHERE next_check_at <= $1 LIMIT $2) AS payments) \
    + (SELECT COUNT(*) FROM (SELECT 1 FROM payment_refunds WHERE next_check_at <= $1 LIMIT $2) AS refunds), \
    (SELECT COUNT(*) FROM (SELECT 1 FROM payments WHERE frozen LIMIT $2) AS frozen)";
const FIND: &str = concat!(select_payment!(), " WHERE id = $1");

#[async_trait]
impl PaymentQueries for SqlStore {
    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        let row: Option<PaymentRow> = on_read!(self, |x| sqlx::query_as(FIND).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn anything_due(&self, now: Timestamp) -> Result<bool, StoreError> {
        on_read!(self, |x| sqlx::query_scalar(ANYTHING_DUE).bind(Moment(now)).fetch_one(x).await)
    }

    async fn waiting(&self, now: Timestamp) -> Result<Waiting, StoreError> {
        let (due, frozen): (i64, i64) = on_read!(self, |x| {
            sqlx::query_as(WAITING).bind(Moment(now)).bind(i64::from(COUNTED)).fetch_one(x).await
        })?;
        Ok(Waiting { due: due.unsigned_abs().min(COUNTED.into()), frozen: frozen.unsigned_abs() })
    }

    async fn payments(
        &self,
        filter: &PaymentFilter,
        page: PageRequest<PaymentId>,
    ) -> Result<Page<Payment, PaymentId>, StoreError> {
        if unfindable(&[filter.gateway.as_deref()]) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let rows: Vec<PaymentRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(concat!(select_payment!(), " WHERE TRUE"));
            if let Some(user) = filter.user {
                query.push(" AND user_id = ").push_bind(user.0);
            }
            if let Some(transaction) = filter.transaction {
                query.push(" AND transaction_id = ").push_bind(transaction.0);
            }
            if let Some(gateway) = &filter.gateway {
                query.push(" AND gateway = ").push_bind(gateway.as_str());
            }
            if let Some(state) = filter.state {
                query.push(" AND state = ").push_bind(state.as_str());
            }
            if let Some(frozen) = filter.frozen {
                query.push(if frozen { " AND frozen" } else { " AND NOT frozen" });
            }
            if let Some(after) = page.after {
                query.push(" AND id < ").push_bind(after.0);
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        Ok(Page::from_surplus(payments(rows, &self.keys)?, page.limit(), |payment| payment.id))
    }

    async fn refunds(&self, payment: PaymentId) -> Result<Vec<Refund>, StoreError> {
        let rows: Vec<RefundRow> = on_read!(self, |x| sqlx::query_as(REFUNDS).bind(payment.0).fetch_all(x).await)?;
        refunds(rows)
    }

    async fn refund(&self, id: RefundId) -> Result<Option<Refund>, StoreError> {
        let row: Option<RefundRow> = on_read!(self, |x| sqlx::query_as(REFUND).bind(id.0).fetch_optional(x).await)?;
        row.map(Refund::try_from).transpose()
    }

    async fn disputes(&self, payment: PaymentId) -> Result<Vec<Dispute>, StoreError> {
        let rows: Vec<DisputeRow> = on_read!(self, |x| sqlx::query_as(DISPUTES).bind(payment.0).fetch_all(x).await)?;
        disputes(rows)
    }

    async fn webhooks(
        &self,
        payment: Option<PaymentId>,
        page: PageRequest<NoticeId>,
    ) -> Result<Page<Webhook, NoticeId>, StoreError> {
        let rows: Vec<WebhookRow> = on_read!(self, |x| {
            let mut query =
                QueryBuilder::new(concat!("SELECT ", webhook_columns!(), " FROM payment_webhooks WHERE TRUE"));
            if let Some(payment) = payment {
                query.push(" AND payment_id = ").push_bind(payment.0);
            }
            if let Some(after) = page.after {
                query.push(" AND id < ").push_bind(after.0);
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(page.limit()) + 1);
            query.build_query_as().fetch_all(x).await
        })?;
        let found: Result<Vec<Webhook>, StoreError> = rows.into_iter().map(|row| row.open(&self.keys)).collect();
        Ok(Page::from_surplus(found?, page.limit(), |webhook| webhook.id))
    }
}
