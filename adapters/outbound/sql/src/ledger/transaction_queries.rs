//! Transactions, read: lists of either side, and sums.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::{TransactionId, UserId},
    ledger::{
        Transaction, TransactionFilter, TransactionKind, TransactionQueries, TransactionStats, TransactionStatus,
    },
    money::Currency,
    paging::{Page, PageRequest},
    time::Timestamp,
};
use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};
use uuid::Uuid;

use super::transactions::{TransactionRow, select_transaction};
use crate::{
    codec::{Moment, earliest, latest, search_pattern, unfindable},
    store::SqlStore,
};

const FIND: &str = concat!(select_transaction!(), " WHERE id = $1");

/// A transfer between two wallets of one user is sent and received, but it is one transaction.
const STATS: &str = "SELECT CAST(COALESCE(SUM(counted), 0) AS BIGINT) AS transactions, \
    CAST(COALESCE(SUM(CASE WHEN side = 'topup' THEN net ELSE 0 END), 0) AS BIGINT) AS topup, \
    CAST(COALESCE(SUM(CASE WHEN side = 'payment' THEN net ELSE 0 END), 0) AS BIGINT) AS payment, \
    CAST(COALESCE(SUM(CASE WHEN side = 'transfer' THEN net ELSE 0 END), 0) AS BIGINT) AS sent, \
    CAST(COALESCE(SUM(CASE WHEN side = 'received' THEN net ELSE 0 END), 0) AS BIGINT) AS received, \
    CAST(COALESCE(SUM(CASE WHEN side = 'debit' THEN net ELSE 0 END), 0) AS BIGINT) AS debited, \
    CAST(COALESCE(SUM(CASE WHEN side = 'credit' THEN net ELSE 0 END), 0) AS BIGINT) AS credited \
    FROM (SELECT kind AS side, amount - refunded AS net, 1 AS counted FROM transactions \
        WHERE user_id = $1 AND currency = $2 AND created_at >= $3 AND created_at < $4 \
        AND status IN ('COMPLETED', 'PARTIALLY_REFUNDED', 'REFUNDED') \
        UNION ALL SELECT 'received', amount - refunded, CASE WHEN user_id = $1 THEN 0 ELSE 1 END FROM transactions \
        WHERE counterparty_user = $1 AND kind = 'transfer' AND currency = $2 AND created_at >= $3 AND created_at < $4 \
        AND status IN ('COMPLETED', 'PARTIALLY_REFUNDED', 'REFUNDED')) AS sides";

#[derive(FromRow)]
struct StatsRow {
    transactions: i64,
    topup: i64,
    payment: i64,
    sent: i64,
    received: i64,
    debited: i64,
    credited: i64,
}

impl From<StatsRow> for TransactionStats {
    fn from(row: StatsRow) -> Self {
        Self {
            transactions: row.transactions,
            topup: row.topup,
            payment: row.payment,
            sent: row.sent,
            received: row.received,
            debited: row.debited,
            credited: row.credited,
        }
    }
}

/// One page of a list, ready to be put into SQL.
struct Wanted<'f> {
    filter: &'f TransactionFilter,
    pattern: Option<String>,
    before: Uuid,
    rows: i64,
}

impl Wanted<'_> {
    /// The ids of one side, newest first: a range of one index, cut off before it meets the other side.
    fn push_side<D: Database>(&self, query: &mut QueryBuilder<D>, side: Option<(&'static str, Uuid)>)
    where
        for<'e> Uuid: Encode<'e, D> + Type<D>,
        for<'e> i64: Encode<'e, D> + Type<D>,
        for<'e> String: Encode<'e, D> + Type<D>,
        for<'e> &'static str: Encode<'e, D> + Type<D>,
        for<'e> Moment: Encode<'e, D> + Type<D>,
    {
        let filter = self.filter;
        query.push("SELECT id FROM (SELECT id FROM transactions WHERE id < ").push_bind(self.before);
        if let Some((column, id)) = side {
            query.push(" AND ").push(column).push(" = ").push_bind(id);
        }
        if let (Some(user), Some(_)) = (filter.user, filter.wallet) {
            query.push(" AND (user_id = ").push_bind(user.0).push(" OR counterparty_user = ");
            query.push_bind(user.0).push(")");
        }
        if let Some(kind) = filter.kind {
            query.push(" AND kind = ").push_bind(TransactionKind::as_str(kind));
        }
        if let Some(status) = filter.status {
            query.push(" AND status = ").push_bind(TransactionStatus::as_str(status));
        }
        if let Some(from) = filter.from {
            query.push(" AND created_at >= ").push_bind(Moment(from));
        }
        if let Some(to) = filter.to {
            query.push(" AND created_at < ").push_bind(Moment(to));
        }
        if let Some(least) = filter.min_amount {
            query.push(" AND amount >= ").push_bind(least);
        }
        if let Some(most) = filter.max_amount {
            query.push(" AND amount <= ").push_bind(most);
        }
        if let Some(pattern) = &self.pattern {
            query.push(" AND search LIKE ").push_bind(pattern.clone()).push(" ESCAPE '\\'");
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(self.rows).push(") AS side");
    }

    /// The sides that are looked at. A wallet says more than its user.
    fn sides(&self) -> Vec<Option<(&'static str, Uuid)>> {
        match (self.filter.wallet, self.filter.user) {
            (Some(wallet), _) => vec![Some(("wallet_id", wallet.0)), Some(("counterparty_wallet", wallet.0))],
            (None, Some(user)) => vec![Some(("user_id", user.0)), Some(("counterparty_user", user.0))],
            (None, None) => vec![None],
        }
    }
}

#[async_trait]
impl TransactionQueries for SqlStore {
    async fn transaction(&self, id: TransactionId) -> Result<Option<Transaction>, StoreError> {
        let row: Option<TransactionRow> = on_read!(self, |x| sqlx::query_as(FIND).bind(id.0).fetch_optional(x).await)?;
        row.map(Transaction::try_from).transpose()
    }

    async fn transactions(
        &self,
        filter: &TransactionFilter,
        page: PageRequest<TransactionId>,
    ) -> Result<Page<Transaction, TransactionId>, StoreError> {
        if unfindable(&[filter.text.as_deref()]) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let wanted = Wanted {
            filter,
            pattern: filter.text.as_deref().map(search_pattern),
            before: page.after.map_or(Uuid::max(), Uuid::from),
            rows: i64::from(page.limit()) + 1,
        };
        let rows: Vec<TransactionRow> = on_read!(self, |x| {
            let mut query = QueryBuilder::new(concat!(select_transaction!(), " WHERE id IN ("));
            for (index, side) in wanted.sides().into_iter().enumerate() {
                if index > 0 {
                    // What a user sends to another wallet of their own is on both sides; IN finds it once.
                    query.push(" UNION ALL ");
                }
                wanted.push_side(&mut query, side);
            }
            query.push(") ORDER BY id DESC LIMIT ").push_bind(wanted.rows);
            query.build_query_as().fetch_all(x).await
        })?;
        let transactions = rows.into_iter().map(Transaction::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_surplus(transactions, page.limit(), |transaction: &Transaction| transaction.id))
    }

    async fn stats(
        &self,
        user: UserId,
        currency: Currency,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<TransactionStats, StoreError> {
        let from = from.map_or_else(earliest, Moment);
        let to = to.map_or_else(latest, Moment);
        let row: StatsRow = on_read!(self, |x| {
            sqlx::query_as(STATS).bind(user.0).bind(currency.code()).bind(from).bind(to).fetch_one(x).await
        })?;
        Ok(row.into())
    }
}
