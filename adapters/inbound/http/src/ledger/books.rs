//! `/ledger`: the books, for those who keep them.

use dermaga_domain::ledger::{Finding, Report};
use dermaga_ports::ledger::{Account, Floor, TrialBalance, seal::Head};
use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::wire::EntryBody;
use crate::{
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    tags::Tag,
    wire::{CurrencyCode, List, Moment, page, page_by_time},
};

/// `/ledger`
pub struct BooksApi;

/// An account of the ledger. A balance is credits less debits, so what is owed to customers is positive.
#[derive(Debug, Clone, Object)]
#[oai(rename = "LedgerAccount", skip_serializing_if_is_none)]
struct AccountBody {
    id: Uuid,
    code: String,
    kind: String,
    currency: CurrencyCode,
    debits_posted: i64,
    debits_pending: i64,
    credits_posted: i64,
    credits_pending: i64,
    balance: i64,
    available: i64,
    /// The available balance may not fall below this; absent for accounts of the system
    floor: Option<i64>,
    closed: bool,
}

impl From<Account> for AccountBody {
    fn from(account: Account) -> Self {
        let (counters, balance) = (account.counters, account.counters.balance());
        Self {
            id: account.id.into(),
            code: account.code,
            kind: account.kind.as_str().to_owned(),
            currency: account.currency.into(),
            debits_posted: counters.debits_posted,
            debits_pending: counters.debits_pending,
            credits_posted: counters.credits_posted,
            credits_pending: counters.credits_pending,
            balance: balance.posted,
            available: balance.available,
            floor: match account.floor {
                Floor::AtLeast(floor) => Some(floor),
                Floor::Unlimited => None,
            },
            closed: account.closed,
        }
    }
}

/// The sums of all accounts of one kind and currency; as texts, because sums may be larger than a JSON number can say.
#[derive(Debug, Clone, Object)]
struct TrialBalanceRow {
    kind: String,
    currency: CurrencyCode,
    accounts: i64,
    debits: String,
    credits: String,
    balance: String,
}

impl From<TrialBalance> for TrialBalanceRow {
    fn from(row: TrialBalance) -> Self {
        Self {
            kind: row.kind.as_str().to_owned(),
            currency: row.currency.into(),
            accounts: row.accounts,
            debits: row.debits.to_string(),
            credits: row.credits.to_string(),
            balance: (row.credits - row.debits).to_string(),
        }
    }
}

/// The sums of the books. They balance when debits equal credits in every currency.
#[derive(Debug, Clone, Object)]
struct TrialBalanceBody {
    rows: Vec<TrialBalanceRow>,
    balanced: bool,
}

/// The end of the chain of hashes over the journal. Keep it elsewhere: as long as it can be found again under its
/// number, nothing before it was changed.
#[derive(Debug, Clone, Object)]
struct SealHead {
    /// How many batches were sealed
    number: u64,
    /// The hash of the last one and of all before it, in hexadecimal
    link: String,
}

impl From<Head> for SealHead {
    fn from(head: Head) -> Self {
        Self { number: head.number, link: head.to_string() }
    }
}

/// The result of a recount.
#[derive(Debug, Clone, Object)]
struct Verification {
    /// Nothing is wrong
    clean: bool,
    /// Lines of the journal that were counted
    lines: u64,
    accounts: u64,
    /// The end of the seal, recomputed; up to the first batch that is wrong
    seal: SealHead,
    /// What is wrong, at most a thousand lines
    findings: Vec<String>,
}

impl From<Report> for Verification {
    fn from(report: Report) -> Self {
        Self {
            clean: report.is_clean(),
            lines: report.lines,
            accounts: report.accounts,
            seal: report.head.into(),
            findings: report.findings.iter().map(Finding::to_string).collect(),
        }
    }
}

#[OpenApi(prefix_path = "/ledger", tag = "Tag::Ledger")]
impl BooksApi {
    /// All accounts
    #[oai(path = "/accounts", method = "get", operation_id = "list_ledger_accounts")]
    async fn accounts(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        after: Query<Option<Uuid>>,
    ) -> ApiResult<Json<List<AccountBody>>> {
        let found = deps.app.books.accounts(&person.0, page(limit.0, after.0)).await?;
        Ok(Json(List::of(found)))
    }

    /// An account's movements in order, each with the balance after it
    #[oai(path = "/accounts/:id/entries", method = "get", operation_id = "list_ledger_entries")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn entries(
        &self,
        person: Person,
        deps: Data<&Deps>,
        id: Path<Uuid>,
        /// Not before this moment
        from: Query<Option<Moment>>,
        /// Before this moment
        to: Query<Option<Moment>>,
        /// At least 1; more than 200 are not given at once
        #[oai(validator(minimum(value = "1")))]
        limit: Query<Option<u32>>,
        /// `next` of the part before
        after: Query<Option<Moment>>,
    ) -> ApiResult<Json<List<EntryBody>>> {
        let (from, to) = (from.0.map(|from| from.0), to.0.map(|to| to.0));
        let page = page_by_time(limit.0, after.0);
        let found = deps.app.books.entries(&person.0, id.0.into(), from, to, page).await?;
        Ok(Json(List::of(found)))
    }

    /// The sums of the books, by kind of account and currency
    #[oai(path = "/trial-balance", method = "get", operation_id = "get_trial_balance")]
    async fn trial_balance(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<TrialBalanceBody>> {
        let rows = deps.app.books.trial_balance(&person.0).await?;
        let balanced = rows.iter().all(|row| {
            let same_currency = rows.iter().filter(|other| other.currency == row.currency);
            same_currency.map(|other| other.credits - other.debits).sum::<i128>() == 0
        });
        let rows = rows.into_iter().map(TrialBalanceRow::from).collect();
        Ok(Json(TrialBalanceBody { rows, balanced }))
    }

    /// The end of the seal, to be kept elsewhere
    #[oai(path = "/seal", method = "get", operation_id = "get_seal")]
    async fn seal(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<SealHead>> {
        Ok(Json(deps.app.books.head(&person.0).await?.into()))
    }

    /// The seal as it was after a batch, to be compared with one that was kept
    #[oai(path = "/seal/:number", method = "get", operation_id = "get_seal_at")]
    async fn seal_at(&self, person: Person, deps: Data<&Deps>, number: Path<u64>) -> ApiResult<Json<SealHead>> {
        Ok(Json(deps.app.books.head_at(&person.0, number.0).await?.into()))
    }

    /// Count everything again from the journal: the seal, every balance, every hold
    #[oai(path = "/verify", method = "post", operation_id = "verify_ledger")]
    async fn verify(&self, person: Person, deps: Data<&Deps>) -> ApiResult<Json<Verification>> {
        let report = deps.app.books.verify(&person.0, |_, _| {}).await?;
        Ok(Json(report.into()))
    }
}
