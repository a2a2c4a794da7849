//! Transactions, read: lists of either side, and sums.
//!
//! They come from two places: rows of their own, and lines of the journal that need none (see [`super::lines`]). A list
//! takes as many as it wants from each and merges them. What belongs to a wallet or a user is in the order of time, as
//! the trail is; everything together is in the order of ids, as the journal is.

use std::{cmp::Reverse, ops::ControlFlow};

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

use super::{
    lines::AtOnce,
    transactions::{TransactionRow, select_transaction},
};
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

/// A place in a list: everything behind it comes before that moment, or with it and before that id.
type Place = (Timestamp, Uuid);

/// One page of a list, ready to be put into SQL.
struct Wanted<'f> {
    filter: &'f TransactionFilter,
    pattern: Option<String>,
    text: Option<String>,
    before: Place,
    rows: usize,
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
        query.push("SELECT id FROM (SELECT id FROM transactions WHERE ");
        if let Some((column, id)) = side {
            query.push(column).push(" = ").push_bind(id).push(" AND (created_at, id) < (");
            query.push_bind(Moment(self.before.0)).push(", ").push_bind(self.before.1).push(")");
        } else {
            query.push("id < ").push_bind(self.before.1);
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
        query.push(if side.is_some() { " ORDER BY created_at DESC, id DESC" } else { " ORDER BY id DESC" });
        query.push(" LIMIT ").push_bind(self.rows as i64).push(") AS side");
    }

    /// The sides that are looked at. A wallet says more than its user.
    fn sides(&self) -> Vec<Option<(&'static str, Uuid)>> {
        match (self.filter.wallet, self.filter.user) {
            (Some(wallet), _) => vec![Some(("wallet_id", wallet.0)), Some(("counterparty_wallet", wallet.0))],
            (None, Some(user)) => vec![Some(("user_id", user.0)), Some(("counterparty_user", user.0))],
            (None, None) => vec![None],
        }
    }

    fn is_of_somebody(&self) -> bool {
        self.filter.wallet.is_some() || self.filter.user.is_some()
    }

    /// The same question to a transfer that is only a line.
    fn matches(&self, transaction: &Transaction) -> bool {
        let filter = self.filter;
        let amount = transaction.amount.amount();
        let at = transaction.created_at;
        let is_before = !self.is_of_somebody() || (at, transaction.id.0) < self.before;
        is_before
            && filter.user.is_none_or(|user| transaction.concerns(user))
            && filter.kind.is_none_or(|kind| kind == transaction.kind)
            && filter.status.is_none_or(|status| status == transaction.status)
            && filter.from.is_none_or(|from| at >= from)
            && filter.to.is_none_or(|to| at < to)
            && filter.min_amount.is_none_or(|least| amount >= least)
            && filter.max_amount.is_none_or(|most| amount <= most)
            && self.text.as_ref().is_none_or(|text| {
                transaction.description.as_ref().is_some_and(|description| description.to_lowercase().contains(text))
            })
    }

    /// Takes a transfer that is only a line, until there are enough.
    fn take(&self, found: &mut Vec<Transaction>, enough: usize, transaction: Transaction) -> ControlFlow<()> {
        if self.matches(&transaction) {
            found.push(transaction);
        }
        if found.len() < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

impl SqlStore {
    /// The transfers at once that are wanted.
    async fn lines_wanted(&self, wanted: &Wanted<'_>) -> Result<Vec<Transaction>, StoreError> {
        let mut found = Vec::new();
        if wanted.filter.kind.is_some_and(|kind| kind != TransactionKind::Transfer) {
            return Ok(found);
        }
        let (from, to) = (wanted.filter.from.unwrap_or(earliest().0), wanted.filter.to.unwrap_or(latest().0));
        let wallets = match (wanted.filter.wallet, wanted.filter.user) {
            (Some(wallet), _) => vec![wallet.0],
            (None, Some(user)) => self.wallet_ids(user).await?,
            (None, None) => {
                let visit = |line: AtOnce| wanted.take(&mut found, wanted.rows, line.transaction);
                self.newest_at_once(wanted.before.1, from, to, visit).await?;
                return Ok(found);
            }
        };
        let behind = Timestamp::from_micros(wanted.before.0.micros().saturating_add(1));
        let until = behind.min(to);
        for wallet in wallets {
            let enough = found.len() + wanted.rows;
            self.at_once_of(wallet, from, until, |line| wanted.take(&mut found, enough, line.transaction)).await?;
        }
        Ok(found)
    }

    /// What a user sent and received at once, in wallets of one currency.
    async fn line_stats(
        &self,
        user: UserId,
        currency: Currency,
        from: Timestamp,
        to: Timestamp,
        stats: &mut TransactionStats,
    ) -> Result<(), StoreError> {
        for wallet in self.wallet_ids(user).await? {
            let visit = |line: AtOnce| {
                let transaction = line.transaction;
                if transaction.amount.currency() != currency {
                    return ControlFlow::Break(());
                }
                let net = transaction.amount.amount() - transaction.refunded;
                if transaction.wallet.0 == wallet {
                    stats.sent += net;
                    stats.transactions += 1;
                } else {
                    stats.received += net;
                    stats.transactions += i64::from(transaction.user != user);
                }
                ControlFlow::Continue(())
            };
            self.at_once_of(wallet, from, to, visit).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl TransactionQueries for SqlStore {
    async fn transaction(&self, id: TransactionId) -> Result<Option<Transaction>, StoreError> {
        let row: Option<TransactionRow> = on_read!(self, |x| sqlx::query_as(FIND).bind(id.0).fetch_optional(x).await)?;
        match row {
            Some(row) => row.try_into().map(Some),
            None => Ok(self.at_once(id.0).await?.map(|found| found.transaction)),
        }
    }

    async fn transactions(
        &self,
        filter: &TransactionFilter,
        page: PageRequest<TransactionId>,
    ) -> Result<Page<Transaction, TransactionId>, StoreError> {
        if unfindable(&[filter.text.as_deref()]) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let last = (latest().0, Uuid::max());
        let before = match page.after {
            None => last,
            Some(after) if filter.wallet.is_none() && filter.user.is_none() => (last.0, after.0),
            Some(after) => match self.transaction(after).await? {
                Some(found) => (found.created_at, found.id.0),
                None => return Ok(Page { items: Vec::new(), next: None }),
            },
        };
        let wanted = Wanted {
            filter,
            pattern: filter.text.as_deref().map(search_pattern),
            text: filter.text.as_deref().map(str::to_lowercase),
            before,
            rows: page.limit() as usize + 1,
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
            query.push(")");
            query.build_query_as().fetch_all(x).await
        })?;
        let mut transactions = rows.into_iter().map(Transaction::try_from).collect::<Result<Vec<_>, _>>()?;
        transactions.extend(self.lines_wanted(&wanted).await?);
        if wanted.is_of_somebody() {
            transactions.sort_by_key(|transaction| Reverse((transaction.created_at, transaction.id)));
        } else {
            transactions.sort_by_key(|transaction| Reverse(transaction.id));
        }
        transactions.dedup_by_key(|transaction| transaction.id);
        transactions.truncate(wanted.rows);
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
        let mut stats = row.into();
        self.line_stats(user, currency, from.0, to.0, &mut stats).await?;
        Ok(stats)
    }
}
