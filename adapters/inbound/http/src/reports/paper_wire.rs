//! Reports of single transactions and summaries on the wire.

use dermaga_domain::reports::UserSummary;
use dermaga_ports::{
    money::Currency,
    reports::{Summary, TransactionReport},
};
use poem_openapi::Object;
use uuid::Uuid;

use crate::wire::{CurrencyCode, Moment};

/// Which transaction to write down for whom.
#[derive(Debug, Clone, Object)]
pub struct NewReport {
    pub user_id: Uuid,
    pub transaction_id: Uuid,
}

/// A transaction as it was when the report was made.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Report")]
pub struct ReportBody {
    id: Uuid,
    user_id: Uuid,
    transaction_id: Uuid,
    /// `generated`
    status: String,
    transaction_type: String,
    /// The transaction's status when the report was made
    transaction_status: String,
    /// In the currency's smallest unit
    amount: i64,
    currency: CurrencyCode,
    created_at: Moment,
}

impl From<TransactionReport> for ReportBody {
    fn from(report: TransactionReport) -> Self {
        Self {
            id: report.id.into(),
            user_id: report.user.into(),
            transaction_id: report.transaction.into(),
            status: "generated".to_owned(),
            transaction_type: report.kind.as_str().to_owned(),
            transaction_status: report.status.as_str().to_owned(),
            amount: report.amount.amount(),
            currency: report.amount.currency().into(),
            created_at: report.created_at.into(),
        }
    }
}

/// A page of a user's reports.
#[derive(Debug, Clone, Object)]
pub struct ReportList {
    pub user_id: Uuid,
    pub page: u32,
    pub per_page: u32,
    /// How many there are on all pages
    pub total: u64,
    pub reports: Vec<ReportBody>,
}

/// What went through the wallets of one currency.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct CurrencySummary {
    currency: CurrencyCode,
    /// Movements of money; one between two of one's own wallets counts for each
    total_transactions: i64,
    /// Everything that left the wallets, in the currency's smallest unit
    total_spent: i64,
    /// Everything that came in, what was given back included
    total_received: i64,
    /// When money last moved
    last_transaction: Option<Moment>,
}

impl From<Summary> for CurrencySummary {
    fn from(summary: Summary) -> Self {
        Self {
            currency: summary.currency.into(),
            total_transactions: summary.movements,
            total_spent: summary.spent,
            total_received: summary.received,
            last_transaction: summary.last.map(Moment),
        }
    }
}

/// What went through a user's wallets.
#[derive(Debug, Clone, Object)]
pub struct SummaryBody {
    user_id: Uuid,
    #[oai(flatten)]
    summary: CurrencySummary,
    /// Every currency in which there is a wallet
    currencies: Vec<CurrencySummary>,
}

impl SummaryBody {
    pub fn read(found: UserSummary, wanted: Option<Currency>) -> Self {
        let of = |currency| found.currencies.iter().find(|summary| summary.currency == currency);
        let usual = || of(Currency::Idr).or(found.currencies.first()).map_or(Currency::Idr, |summary| summary.currency);
        let currency = wanted.unwrap_or_else(usual);
        let nothing = Summary { currency, movements: 0, spent: 0, received: 0, last: None };
        Self {
            user_id: found.user.into(),
            summary: of(currency).copied().unwrap_or(nothing).into(),
            currencies: found.currencies.into_iter().map(CurrencySummary::from).collect(),
        }
    }
}
