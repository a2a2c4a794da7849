//! Reports of the business on the wire.

use dermaga_domain::{
    Error, Result,
    reports::{Checkup, Count, Figures, Finding, Revenue},
};
use dermaga_ports::{money::Currency, reports::Progress};
use poem_openapi::Object;

use crate::wire::CurrencyCode;

/// A sum as JSON can say it.
fn number(sum: i128) -> Result<i64> {
    i64::try_from(sum).map_err(|_| Error::internal("a sum beyond 64 bits"))
}

/// A row of a report: one period, one currency, one key.
#[derive(Debug, Clone, Object)]
pub struct CountRow {
    /// The first day of the period
    pub period: String,
    pub currency: CurrencyCode,
    /// What the row is told apart by, see `by`
    pub key: String,
    pub count: i64,
    /// In the currency's smallest unit
    pub amount: i64,
}

/// The sum of all rows of one currency.
#[derive(Debug, Clone, Object)]
pub struct CountTotal {
    pub currency: CurrencyCode,
    pub count: i64,
    pub amount: i64,
}

/// How often, and how much.
#[derive(Debug, Clone, Object)]
pub struct CountReport {
    /// The first day
    pub from: String,
    /// The last day
    pub to: String,
    pub group_by: String,
    pub by: String,
    /// Days end where this clock says
    pub utc_offset: String,
    pub rows: Vec<CountRow>,
    /// By currency
    pub totals: Vec<CountTotal>,
    /// The last sealed batch of the journal that is in the report
    pub counted: u64,
    /// How many batches were sealed since and are not in it yet
    pub behind: u64,
}

impl CountReport {
    pub fn read(report: Figures<Count>) -> Result<Self> {
        let rows = report.rows.into_iter().map(|row| {
            Ok(CountRow {
                period: row.period.to_string(),
                currency: row.currency.into(),
                key: row.key,
                count: row.figures.count,
                amount: number(row.figures.amount)?,
            })
        });
        let total = |(currency, Count { count, amount }): (Currency, Count)| {
            Ok(CountTotal { currency: currency.into(), count, amount: number(amount)? })
        };
        Ok(Self {
            from: report.first.to_string(),
            to: report.last.to_string(),
            group_by: report.group.as_str().to_owned(),
            by: report.by.as_str().to_owned(),
            utc_offset: report.offset.to_string(),
            rows: rows.collect::<Result<_>>()?,
            totals: report.totals.into_iter().map(total).collect::<Result<_>>()?,
            counted: report.counted,
            behind: report.behind,
        })
    }
}

/// What merchants were paid and gave back, in the currency's smallest unit.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct RevenueFigures {
    /// How many payments there were
    pub payments: i64,
    /// What merchants were paid
    pub gross: i64,
    pub refund_count: i64,
    /// What merchants gave back
    pub refunds: i64,
    /// Gross less refunds
    pub net: i64,
    /// What gateways took back from merchants
    pub chargebacks: i64,
    /// What gateways keep for their work; absent where rows are parts of the business, which it belongs to none of
    pub fees: Option<i64>,
}

impl RevenueFigures {
    fn read(revenue: Revenue, with_fees: bool) -> Result<Self> {
        Ok(Self {
            payments: revenue.paid.count,
            gross: number(revenue.paid.amount)?,
            refund_count: revenue.refunded.count,
            refunds: number(revenue.refunded.amount)?,
            net: number(revenue.net())?,
            chargebacks: number(revenue.charged_back.amount)?,
            fees: if with_fees { Some(number(revenue.fees.amount)?) } else { None },
        })
    }
}

/// A row of the report: one period, one currency, one key.
#[derive(Debug, Clone, Object)]
pub struct RevenueRow {
    /// The first day of the period
    pub period: String,
    pub currency: CurrencyCode,
    /// What the row is told apart by, see `by`
    pub key: String,
    #[oai(flatten)]
    pub figures: RevenueFigures,
}

/// The sum of all rows of one currency.
#[derive(Debug, Clone, Object)]
pub struct RevenueTotal {
    pub currency: CurrencyCode,
    #[oai(flatten)]
    pub figures: RevenueFigures,
}

/// Gross, refunds and net.
#[derive(Debug, Clone, Object)]
pub struct RevenueReport {
    /// The first day
    pub from: String,
    /// The last day
    pub to: String,
    pub group_by: String,
    pub by: String,
    /// Days end where this clock says
    pub utc_offset: String,
    pub rows: Vec<RevenueRow>,
    /// By currency
    pub totals: Vec<RevenueTotal>,
    /// The last sealed batch of the journal that is in the report
    pub counted: u64,
    /// How many batches were sealed since and are not in it yet
    pub behind: u64,
}

impl RevenueReport {
    pub fn read(report: Figures<Revenue>) -> Result<Self> {
        let with_fees = report.by == dermaga_domain::reports::By::Gateway;
        let rows = report.rows.into_iter().map(|row| {
            Ok(RevenueRow {
                period: row.period.to_string(),
                currency: row.currency.into(),
                key: row.key,
                figures: RevenueFigures::read(row.figures, with_fees)?,
            })
        });
        let total = |(currency, revenue): (Currency, Revenue)| {
            Ok(RevenueTotal { currency: currency.into(), figures: RevenueFigures::read(revenue, true)? })
        };
        Ok(Self {
            from: report.first.to_string(),
            to: report.last.to_string(),
            group_by: report.group.as_str().to_owned(),
            by: report.by.as_str().to_owned(),
            utc_offset: report.offset.to_string(),
            rows: rows.collect::<Result<_>>()?,
            totals: report.totals.into_iter().map(total).collect::<Result<_>>()?,
            counted: report.counted,
            behind: report.behind,
        })
    }
}

/// The result of a recount of the roll-ups.
#[derive(Debug, Clone, Object)]
pub struct CheckupBody {
    /// Nothing is wrong
    clean: bool,
    /// Lines of the journal that the roll-ups were compared with
    lines: u64,
    /// Totals of days that were compared
    totals: u64,
    /// The last sealed batch that is in the roll-ups
    counted: u64,
    /// The last sealed batch
    sealed: u64,
    /// Transactions that failed or were cancelled a moment ago and are not in the roll-ups yet
    endings_under_way: u64,
    /// What is wrong, at most a thousand lines
    findings: Vec<String>,
}

impl From<Checkup> for CheckupBody {
    fn from(checkup: Checkup) -> Self {
        Self {
            clean: checkup.is_clean(),
            lines: checkup.lines,
            totals: checkup.totals,
            counted: checkup.position,
            sealed: checkup.head,
            endings_under_way: checkup.uncounted,
            findings: checkup.findings.iter().map(Finding::to_string).collect(),
        }
    }
}

/// How far the roll-ups have come.
#[derive(Debug, Clone, Object)]
pub struct ProgressBody {
    /// The last sealed batch that is in the roll-ups
    counted: u64,
    /// The last sealed batch
    sealed: u64,
}

impl From<Progress> for ProgressBody {
    fn from(progress: Progress) -> Self {
        Self { counted: progress.position, sealed: progress.head }
    }
}
