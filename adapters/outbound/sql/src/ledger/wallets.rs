//! Wallets, and wallets together with their accounts.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    ids::{UserId, WalletId},
    ledger::{Account, Balance, Counters, MAX_WALLETS, Title, Wallet, WalletName, WalletQueries, Wallets},
    time::Timestamp,
};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{
    accounts::{AccountRow, legal, live_account_columns},
    books::ascending,
};
use crate::{
    codec::{Moment, corrupt, parsed},
    db::Db,
    deadline::in_time,
    lane::{Lane, asked},
    store::SqlStore,
    unit_of_work::SqlUnitOfWork,
};

macro_rules! wallet_columns {
    () => {
        "w.id, w.owner, w.name, w.currency, w.is_default, w.closed, w.created_at"
    };
}

const INSERT: &str = "INSERT INTO wallets (id, owner, name, currency, is_default, closed, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
/// Which conflict it was, the same on both databases.
const TAKEN: &str = "SELECT EXISTS (SELECT 1 FROM wallets WHERE id = $1) AS id, \
    EXISTS (SELECT 1 FROM wallets WHERE owner = $2 AND currency = $3 AND name = $4) AS name";
const FIND: &str = concat!("SELECT ", wallet_columns!(), " FROM wallets w WHERE w.id = $1");
const OF_USER: &str =
    concat!("SELECT ", wallet_columns!(), " FROM wallets w WHERE w.owner = $1 ORDER BY w.created_at, w.id");
const CLOSE_ALL: &str = "UPDATE wallets SET closed = TRUE WHERE owner = $1";

/// The wallet's columns, then the account's that the wallet does not have as well.
macro_rules! with_account {
    ($filter:literal) => {
        concat!(
            "SELECT w.owner, w.name, w.is_default, w.closed, w.created_at, ",
            live_account_columns!(),
            " FROM wallets w JOIN ledger_accounts a ON a.id = w.id WHERE ",
            $filter
        )
    };
}

/// The counters that make a balance, as a [`BalanceRow`]. Wallets have accounts of their own kind, so no other table is
/// asked.
macro_rules! balances {
    ($filter:literal) => {
        concat!(
            "SELECT a.id, a.debits_posted, ",
            $crate::ledger::accounts::live_pending!("debit"),
            ", a.credits_posted FROM ledger_accounts a WHERE a.kind = 'wallet' AND ",
            $filter
        )
    };
}

pub(super) use balances;

const WALLET: &str = with_account!("w.id = $1");
// One text for any number of wallets: each database takes a list in its own way.
const BALANCES_POSTGRES: &str = balances!("a.id = ANY($1)");
const TITLES_POSTGRES: &str = "SELECT id, owner, currency FROM wallets WHERE id = ANY($1)";
const TITLES_SQLITE: &str =
    "SELECT id, owner, currency FROM wallets WHERE id IN (SELECT unhex(value) FROM json_each($1))";
const DEFAULT: &str = with_account!("w.owner = $1 AND w.is_default");
const WALLETS: &str = with_account!("w.owner = $1 ORDER BY w.created_at, w.id LIMIT $3");

/// Ids as SQLite reads a list of them.
pub(crate) fn hexadecimal(ids: &[Uuid]) -> Json<Vec<String>> {
    Json(ids.iter().map(|id| id.simple().to_string()).collect())
}

#[derive(FromRow)]
struct WalletRow {
    id: Uuid,
    owner: Uuid,
    name: String,
    currency: String,
    is_default: bool,
    closed: bool,
    created_at: Moment,
}

/// Account, debits posted and pending, credits posted: by their place, because that is quicker than by name.
pub(super) type BalanceRow = (Uuid, i64, i64, i64);

fn balance((id, debits_posted, debits_pending, credits_posted): BalanceRow) -> Result<(WalletId, Balance), StoreError> {
    let counters = Counters { debits_posted, debits_pending, credits_posted, credits_pending: 0 };
    Ok((WalletId(id), legal(id, counters)?.balance()))
}

#[derive(FromRow)]
struct WithAccountRow {
    #[sqlx(flatten)]
    wallet: WalletRow,
    #[sqlx(flatten)]
    account: AccountRow,
}

impl TryFrom<WalletRow> for Wallet {
    type Error = StoreError;

    fn try_from(row: WalletRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: WalletId(row.id),
            owner: UserId(row.owner),
            name: parsed::<WalletName>(&row.name)?,
            currency: parsed(&row.currency)?,
            is_default: row.is_default,
            closed: row.closed,
            created_at: row.created_at.0,
        })
    }
}

impl TryFrom<WithAccountRow> for (Wallet, Account) {
    type Error = StoreError;

    fn try_from(row: WithAccountRow) -> Result<Self, StoreError> {
        Ok((row.wallet.try_into()?, row.account.try_into()?))
    }
}

#[async_trait]
impl Wallets for SqlUnitOfWork {
    async fn add(&mut self, wallet: &Wallet) -> Result<(), StoreError> {
        let added = on_tx!(self, |x| {
            sqlx::query(INSERT)
                .bind(wallet.id.0)
                .bind(wallet.owner.0)
                .bind(wallet.name.as_str())
                .bind(wallet.currency.code())
                .bind(wallet.is_default)
                .bind(wallet.closed)
                .bind(Moment(wallet.created_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 {
            return Ok(());
        }
        let (id, name): (bool, bool) = on_tx!(self, |x| {
            let query = sqlx::query_as(TAKEN).bind(wallet.id.0).bind(wallet.owner.0);
            query.bind(wallet.currency.code()).bind(wallet.name.as_str()).fetch_one(x).await
        })?;
        Err(match (id, name) {
            (true, _) => StoreError::Conflict(Unique::Id),
            (_, true) => StoreError::Conflict(Unique::WalletName),
            // Nobody can ask for that: the rules make one wallet the default, once.
            _ => self.spend(corrupt(format_args!("a second default wallet of user {}", wallet.owner))),
        })
    }

    async fn find(&mut self, id: WalletId) -> Result<Option<Wallet>, StoreError> {
        let row: Option<WalletRow> = on_tx!(self, |x| sqlx::query_as(FIND).bind(id.0).fetch_optional(x).await)?;
        row.map(Wallet::try_from).transpose()
    }

    async fn of_user(&mut self, owner: UserId) -> Result<Vec<Wallet>, StoreError> {
        let rows: Vec<WalletRow> = on_tx!(self, |x| sqlx::query_as(OF_USER).bind(owner.0).fetch_all(x).await)?;
        rows.into_iter().map(Wallet::try_from).collect()
    }

    async fn close_all(&mut self, owner: UserId) -> Result<(), StoreError> {
        on_tx!(self, |x| sqlx::query(CLOSE_ALL).bind(owner.0).execute(x).await.map(drop))
    }
}

async fn balances_postgres(lane: &Lane, ids: &[Uuid], now: Timestamp) -> Result<Vec<BalanceRow>, sqlx::Error> {
    let mut held = lane.hold().await?;
    let query = sqlx::query_as(BALANCES_POSTGRES).bind(ids).bind(Moment(now));
    let found = in_time(held.limit(), query.fetch_all(&mut held.connection)).await;
    held.give_back(found)
}

async fn titles_postgres(lane: &Lane, ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid, String)>, sqlx::Error> {
    let mut held = lane.hold().await?;
    let query = sqlx::query_as(TITLES_POSTGRES).bind(ids);
    let found = in_time(held.limit(), query.fetch_all(&mut held.connection)).await;
    held.give_back(found)
}

#[async_trait]
impl WalletQueries for SqlStore {
    async fn wallet(&self, id: WalletId, now: Timestamp) -> Result<Option<(Wallet, Account)>, StoreError> {
        let row: Option<WithAccountRow> =
            on_read!(self, |x| sqlx::query_as(WALLET).bind(id.0).bind(Moment(now)).fetch_optional(x).await)?;
        row.map(TryInto::try_into).transpose()
    }

    async fn balances(&self, ids: &[WalletId], now: Timestamp) -> Result<Vec<(WalletId, Balance)>, StoreError> {
        let ids = ascending(ids);
        self.reachable().await?;
        let found = match &self.db {
            Db::Postgres { gather, .. } => self.heard(asked(|| balances_postgres(gather, &ids, now)).await).await?,
            Db::Sqlite { tell, .. } => tell.balances(ids, now).await?,
        };
        found.into_iter().map(balance).collect()
    }

    async fn titles(&self, ids: &[WalletId]) -> Result<Vec<(WalletId, Title)>, StoreError> {
        let ids = ascending(ids);
        self.reachable().await?;
        let found: Result<Vec<(Uuid, Uuid, String)>, _> = match &self.db {
            Db::Postgres { gather, .. } => asked(|| titles_postgres(gather, &ids)).await,
            Db::Sqlite { read, .. } => sqlx::query_as(TITLES_SQLITE).bind(hexadecimal(&ids)).fetch_all(read).await,
        };
        let title = |(id, owner, currency): (Uuid, Uuid, String)| {
            Ok((WalletId(id), Title { owner: UserId(owner), currency: parsed(&currency)? }))
        };
        self.heard(found).await?.into_iter().map(title).collect()
    }

    async fn default_wallet(&self, owner: UserId, now: Timestamp) -> Result<Option<(Wallet, Account)>, StoreError> {
        let row: Option<WithAccountRow> =
            on_read!(self, |x| sqlx::query_as(DEFAULT).bind(owner.0).bind(Moment(now)).fetch_optional(x).await)?;
        row.map(TryInto::try_into).transpose()
    }

    async fn wallets(&self, owner: UserId, now: Timestamp) -> Result<Vec<(Wallet, Account)>, StoreError> {
        let rows: Vec<WithAccountRow> = on_read!(self, |x| {
            sqlx::query_as(WALLETS).bind(owner.0).bind(Moment(now)).bind(MAX_WALLETS as i64).fetch_all(x).await
        })?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}
