//! Totals of days become a report.
//!
//! # What counts as what
//! - A *transaction* is what people did: a top-up, a payment, a transfer, a debit, a credit. Paying from a wallet as if it
//!   were a gateway takes two lines, from the wallet to the gateway and on to the merchant; the first of them is a leg
//!   of the second and counts for nothing by itself.
//! - *Gross* is what merchants were paid, on the day on which they were. *Refunds* are what merchants gave back, on the day
//!   on which they did, whenever the payment was. *Net* is the difference. What banks took back from merchants and what
//!   gateways keep stand apart.
//! - Sums are of one currency, always.

use std::collections::{BTreeMap, HashMap};

use dermaga_ports::{
    auth::Principal,
    ids::AccountId,
    ledger::Purpose,
    money::Currency,
    reports::{Day, DayOffset, EndingTotal, Rollup},
};

use super::{
    Reports,
    follow::STRETCH,
    question::{Asked, By, Group, Question},
    rollup::Totals,
    sides::{self, Side},
};
use crate::{auth::Permission, error::Result};

/// Something that can be added up.
pub(super) trait Sum: Default + Copy {
    fn add(&mut self, other: Self);
}

/// How many and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub count: i64,
    pub amount: i128,
}

impl Sum for Count {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.amount += other.amount;
    }
}

/// What merchants were paid, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Revenue {
    /// What was paid to merchants: gross.
    pub paid: Count,
    /// What they gave back.
    pub refunded: Count,
    /// What gateways took back from them.
    pub charged_back: Count,
    /// What gateways keep for their work; known by gateway, and by no part of the business.
    pub fees: Count,
}

impl Revenue {
    /// Gross less refunds.
    pub fn net(&self) -> i128 {
        self.paid.amount - self.refunded.amount
    }
}

impl Sum for Revenue {
    fn add(&mut self, other: Self) {
        self.paid.add(other.paid);
        self.refunded.add(other.refunded);
        self.charged_back.add(other.charged_back);
        self.fees.add(other.fees);
    }
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<R> {
    /// The first day of the period, as the calendar has it: it may lie before the first day that was asked for.
    pub period: Day,
    pub currency: Currency,
    pub key: String,
    pub figures: R,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures<R> {
    pub first: Day,
    pub last: Day,
    pub group: Group,
    pub by: By,
    pub offset: DayOffset,
    /// By period, currency and key.
    pub rows: Vec<Row<R>>,
    /// By currency: never one sum over two of them.
    pub totals: Vec<(Currency, R)>,
    /// The last sealed batch that is in it.
    pub counted: u64,
    /// How many batches were sealed after it that are not in it.
    pub behind: u64,
}

/// A report that is being made.
struct Sheet<R> {
    asked: Asked,
    rows: BTreeMap<(Day, Currency, String), R>,
    totals: BTreeMap<Currency, R>,
}

impl<R: Sum> Sheet<R> {
    fn of(asked: Asked) -> Self {
        Self { asked, rows: BTreeMap::new(), totals: BTreeMap::new() }
    }

    fn add(&mut self, day: Day, currency: Currency, key: &str, figures: R) {
        self.rows.entry((self.asked.group.begin(day), currency, key.to_owned())).or_default().add(figures);
        self.add_to_total(currency, figures);
    }

    fn add_to_total(&mut self, currency: Currency, figures: R) {
        self.totals.entry(currency).or_default().add(figures);
    }

    fn finish(self, source: &Source) -> Figures<R> {
        let Asked { first, last, group, by, .. } = self.asked;
        let row = |((period, currency, key), figures)| Row { period, currency, key, figures };
        Figures {
            first,
            last,
            group,
            by,
            offset: source.offset,
            rows: self.rows.into_iter().map(row).collect(),
            totals: self.totals.into_iter().collect(),
            counted: source.counted,
            behind: source.behind,
        }
    }
}

/// What reports are made of: the totals of the days that were asked for, up to the end of the seal.
struct Source {
    totals: Totals,
    sides: HashMap<AccountId, Side>,
    offset: DayOffset,
    counted: u64,
    behind: u64,
}

/// A total with the names of both sides.
struct Told<'a> {
    day: Day,
    currency: Currency,
    purpose: Purpose,
    debit: &'a Side,
    credit: &'a Side,
    count: Count,
}

impl Source {
    fn side(&self, account: Option<AccountId>) -> &Side {
        account.and_then(|account| self.sides.get(&account)).unwrap_or(&Side::Customer)
    }

    fn told(&self, asked: &Asked) -> impl Iterator<Item = Told<'_>> {
        let (first, last, currency) = (asked.first, asked.last, asked.currency);
        let wanted = move |key: &dermaga_ports::reports::DayKey| {
            (first..=last).contains(&key.day) && currency.is_none_or(|wanted| wanted == key.currency)
        };
        self.totals.iter().filter(move |(key, ..)| wanted(key)).map(|(key, count, amount)| Told {
            day: key.day,
            currency: key.currency,
            purpose: key.purpose,
            debit: self.side(key.debit),
            credit: self.side(key.credit),
            count: Count { count, amount },
        })
    }
}

impl Told<'_> {
    /// What people did, if the line says so, and the merchant who was paid.
    fn transaction(&self) -> Option<(&'static str, Option<&str>)> {
        match self.purpose {
            Purpose::Payment => self.credit.merchant().map(|merchant| (self.purpose.as_str(), Some(merchant))),
            Purpose::Topup | Purpose::Transfer | Purpose::Debit | Purpose::Credit => {
                Some((self.purpose.as_str(), None))
            }
            Purpose::Refund | Purpose::Fee | Purpose::Surplus | Purpose::Suspense | Purpose::Chargeback => None,
        }
    }

    /// Whether it is a refund by itself: what a gateway hands on to a wallet is the second leg of one.
    fn is_refund(&self) -> bool {
        self.purpose == Purpose::Refund && !matches!(self.debit, Side::Gateway(_))
    }

    /// What it means to merchants, and to which.
    fn revenue(&self) -> Option<(Revenue, Option<&str>)> {
        let (none, count) = (Revenue::default(), self.count);
        match (self.purpose, self.debit.merchant(), self.credit.merchant()) {
            (Purpose::Payment, _, Some(to)) => Some((Revenue { paid: count, ..none }, Some(to))),
            (Purpose::Refund, Some(from), _) => Some((Revenue { refunded: count, ..none }, Some(from))),
            (Purpose::Chargeback, Some(from), _) => Some((Revenue { charged_back: count, ..none }, Some(from))),
            (Purpose::Fee, ..) => Some((Revenue { fees: count, ..none }, None)),
            _ => None,
        }
    }

    fn gateway(&self) -> &str {
        sides::gateway(self.debit, self.credit)
    }
}

/// How a transaction ended whose money moved.
const COMPLETED: &str = "COMPLETED";

impl Reports {
    /// What people did: how often, and how much money it moved. By status it also tells what ended without moving any.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`], [`crate::Code::Invalid`].
    pub async fn transactions(&self, by: &Principal, question: &Question) -> Result<Figures<Count>> {
        let allowed = [By::Kind, By::Context, By::Gateway, By::Status];
        let (asked, source) = self.source(by, question, &allowed).await?;
        let mut sheet = Sheet::of(asked);
        for told in source.told(&asked) {
            let Some((kind, merchant)) = told.transaction() else { continue };
            let key = match asked.by {
                By::Kind => kind,
                By::Context => sides::context(merchant, &self.0.policy.merchant),
                By::Gateway => told.gateway(),
                By::Status => COMPLETED,
            };
            sheet.add(told.day, told.currency, key, told.count);
        }
        if asked.by == By::Status {
            let endings = self.0.ports.store.reports().endings(asked.first, asked.last).await?;
            for EndingTotal { key, count, amount } in endings {
                if asked.currency.is_none_or(|wanted| wanted == key.currency) {
                    let count = Count { count, amount: i128::from(amount) };
                    sheet.add(key.day, key.currency, key.status.as_str(), count);
                }
            }
        }
        Ok(sheet.finish(&source))
    }

    /// What merchants were paid and gave back.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`], [`crate::Code::Invalid`].
    pub async fn revenue(&self, by: &Principal, question: &Question) -> Result<Figures<Revenue>> {
        let (asked, source) = self.source(by, question, &[By::Context, By::Gateway]).await?;
        let mut sheet = Sheet::of(asked);
        for told in source.told(&asked) {
            match (told.revenue(), asked.by) {
                (None, _) => {}
                (Some((revenue, _)), By::Gateway) => sheet.add(told.day, told.currency, told.gateway(), revenue),
                // What a gateway keeps belongs to no part of the business.
                (Some((revenue, None)), _) => sheet.add_to_total(told.currency, revenue),
                (Some((revenue, merchant)), _) => {
                    let context = sides::context(merchant, &self.0.policy.merchant);
                    sheet.add(told.day, told.currency, context, revenue);
                }
            }
        }
        Ok(sheet.finish(&source))
    }

    /// What was given back, on the day on which it was: by merchants, and between wallets.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`], [`crate::Code::Invalid`].
    pub async fn refunds(&self, by: &Principal, question: &Question) -> Result<Figures<Count>> {
        let (asked, source) = self.source(by, question, &[By::Context, By::Gateway]).await?;
        let mut sheet = Sheet::of(asked);
        for told in source.told(&asked).filter(Told::is_refund) {
            let key = match asked.by {
                By::Gateway => told.gateway(),
                _ => sides::context(told.debit.merchant(), &self.0.policy.merchant),
            };
            sheet.add(told.day, told.currency, key, told.count);
        }
        Ok(sheet.finish(&source))
    }

    /// Reads a question and what answers it. What was sealed since the roll-ups were last brought up to date is counted
    /// on the spot, so a report knows of everything that has happened, unless that is more than one stretch.
    async fn source(&self, by: &Principal, question: &Question, allowed: &[By]) -> Result<(Asked, Source)> {
        self.0.authorise(by, Permission::ReadFigures).await?;
        let reports = self.0.ports.store.reports();
        // Where days end is what the roll-ups were made with, not what this host would have them made with.
        let offset = reports.progress().await?.offset.unwrap_or(self.0.policy.day_offset);
        let asked = question.read(allowed, self.0.now(), offset)?;
        let Rollup { progress, days } = reports.days(asked.first, asked.last).await?;
        let offset = progress.offset.unwrap_or(offset);
        let mut totals = Totals::default();
        days.iter().for_each(|total| totals.total(total));
        let mut counted = progress.position;
        if progress.position < progress.head
            && let Some(sealed) = reports.check().await?.sealed_lines(progress.position, STRETCH).await?
        {
            sealed.lines.iter().for_each(|line| totals.line(line, offset));
            counted = sealed.end;
        }
        let mut accounts: Vec<AccountId> =
            totals.iter().flat_map(|(key, ..)| [key.debit, key.credit]).flatten().collect();
        accounts.sort_unstable();
        accounts.dedup();
        let accounts = self.0.ports.store.journal().accounts(&accounts).await?;
        let sides = accounts.iter().map(|account| (account.id, Side::of(account))).collect();
        let behind = progress.head.saturating_sub(counted);
        Ok((asked, Source { totals, sides, offset, counted, behind }))
    }
}
