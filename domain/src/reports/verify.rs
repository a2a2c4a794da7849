//! The proof that the roll-ups say what the journal says.
//!
//! The roll-ups were made line by line, in the program; the count is one plain question to the database over the whole
//! journal. What was sealed after the roll-ups' position is counted apart and taken away again.

use std::{collections::HashMap, fmt};

use dermaga_ports::{
    StoreError,
    auth::Principal,
    ids::AccountId,
    reports::{DayKey, DayOffset, EndingKey, EndingTotal, ReportCheck},
};

use super::{Reports, follow::STRETCH, rollup::Totals};
use crate::{auth::Permission, error::Result};

/// The most findings that are listed one by one.
const MAX_FINDINGS: usize = 1_000;

/// A count and a sum.
type Pair = (i64, i128);

/// A roll-up that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The lines of a day.
    Day { key: DayKey, sides: [String; 2], kept: Pair, counted: Pair },
    /// The transactions of a day that ended without moving money.
    Ending { key: EndingKey, kept: Pair, counted: Pair },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day { key, sides: [debit, credit], kept, counted } => write!(
                f,
                "{}: {} in {} from {debit} to {credit}: kept are {} lines of {}, the journal has {} of {}",
                key.day,
                key.purpose.as_str(),
                key.currency,
                kept.0,
                kept.1,
                counted.0,
                counted.1
            ),
            Self::Ending { key, kept, counted } => write!(
                f,
                "{}: {} {} in {}: kept are {} transactions of {}, there are {} of {}",
                key.day,
                key.kind.as_str(),
                key.status.as_str(),
                key.currency,
                kept.0,
                kept.1,
                counted.0,
                counted.1
            ),
        }
    }
}

/// The result of a recount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    /// The lines that roll-ups were compared with.
    pub lines: u64,
    /// The totals of days that were compared with them.
    pub totals: u64,
    /// The last sealed batch that is in the roll-ups.
    pub position: u64,
    /// The last sealed batch.
    pub head: u64,
    /// Transactions that ended without moving money and were not counted yet: their events are on their way.
    pub uncounted: u64,
    /// What is wrong; at most a thousand are listed.
    pub findings: Vec<Finding>,
}

impl Checkup {
    /// Nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Reports {
    /// Compares the roll-ups with the journal and with the transactions, all at one moment, and writes nothing.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`], or a store that fails; findings are not errors.
    pub async fn verify(&self, by: &Principal) -> Result<Checkup> {
        self.0.authorise(by, Permission::RebuildFigures).await?;
        let mut check = self.0.ports.store.reports().check().await?;
        let progress = check.progress().await?;
        // Without an offset nothing was ever counted, so there must be nothing.
        let offset = progress.offset.unwrap_or(self.0.policy.day_offset);
        let mut kept = Totals::default();
        check.days().await?.iter().for_each(|total| kept.total(total));
        let mut counted = Totals::default();
        // At the very beginning there must be nothing, however much there is to count.
        if progress.position > 0 {
            check.journal(offset).await?.iter().for_each(|total| counted.total(total));
            counted.without(&tail(&mut *check, progress.position, offset).await?);
        }
        let endings = endings(check.endings().await?, check.transactions(offset).await?);
        let uncounted = check.uncounted().await?;
        // The names of accounts are asked for beside the snapshot, which must not keep a connection meanwhile.
        drop(check);
        let mut findings = self.days(&kept, &counted).await?;
        findings.extend(endings);
        findings.truncate(MAX_FINDINGS);
        Ok(Checkup {
            lines: counted.iter().map(|(_, count, _)| count.unsigned_abs()).sum(),
            totals: kept.iter().count() as u64,
            position: progress.position,
            head: progress.head,
            uncounted,
            findings,
        })
    }

    /// The days that differ, with the names of the accounts.
    async fn days(&self, kept: &Totals, counted: &Totals) -> Result<Vec<Finding>> {
        let mut keys: Vec<DayKey> = kept.iter().chain(counted.iter()).map(|(key, ..)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| kept.get(key) != counted.get(key));
        keys.truncate(MAX_FINDINGS);
        let accounts: Vec<AccountId> = keys.iter().flat_map(|key| [key.debit, key.credit]).flatten().collect();
        let accounts = self.0.ports.store.journal().accounts(&accounts).await?;
        let codes: HashMap<AccountId, String> =
            accounts.into_iter().map(|account| (account.id, account.code)).collect();
        let name = |side: Option<AccountId>| match side {
            None => "wallets".to_owned(),
            Some(account) => codes.get(&account).cloned().unwrap_or_else(|| format!("account {account}")),
        };
        let finding = |key: DayKey| Finding::Day {
            key,
            sides: [name(key.debit), name(key.credit)],
            kept: kept.get(&key),
            counted: counted.get(&key),
        };
        Ok(keys.into_iter().map(finding).collect())
    }
}

/// What was sealed after a batch.
async fn tail(
    check: &mut dyn ReportCheck,
    mut position: u64,
    offset: DayOffset,
) -> std::result::Result<Totals, StoreError> {
    let mut totals = Totals::default();
    while let Some(sealed) = check.sealed_lines(position, STRETCH).await? {
        sealed.lines.iter().for_each(|line| totals.line(line, offset));
        position = sealed.end;
    }
    Ok(totals)
}

/// The endings that differ.
fn endings(kept: Vec<EndingTotal>, counted: Vec<EndingTotal>) -> Vec<Finding> {
    let pairs = |totals: Vec<EndingTotal>| -> HashMap<EndingKey, Pair> {
        totals.into_iter().map(|total| (total.key, (total.count, i128::from(total.amount)))).collect()
    };
    let (kept, counted) = (pairs(kept), pairs(counted));
    let mut keys: Vec<EndingKey> = kept.keys().chain(counted.keys()).copied().collect();
    keys.sort_unstable_by_key(|key| (key.day, key.currency, key.kind.as_str(), key.status.as_str()));
    keys.dedup();
    let of = |totals: &HashMap<EndingKey, Pair>, key: &EndingKey| totals.get(key).copied().unwrap_or_default();
    keys.retain(|key| of(&kept, key) != of(&counted, key));
    let finding = |key: EndingKey| Finding::Ending { key, kept: of(&kept, &key), counted: of(&counted, &key) };
    keys.into_iter().map(finding).collect()
}
