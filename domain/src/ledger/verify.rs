//! The proof that the books are whole: everything counted again from the journal.

use std::{collections::BTreeMap, fmt};

use dermaga_ports::{
    auth::Principal,
    ids::AccountId,
    ledger::{Floor, Recount},
    money::Currency,
    paging::{MAX_LIMIT, PageRequest},
};

use super::Books;
use crate::{auth::Permission, error::Result};

/// The most findings that are listed one by one.
const MAX_FINDINGS: usize = 1_000;

/// Something that should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A counter is not what the journal and the holds add up to.
    Counter { account: AccountId, counter: &'static str, stored: i64, counted: i64 },
    /// The last line of an account states a balance that its counters do not have.
    LastBalance { account: AccountId, stored: i64, stated: i64 },
    /// The available balance is below the account's floor.
    BelowFloor { account: AccountId, available: i64, floor: i64 },
    /// The debits of a currency are not its credits.
    Unbalanced { currency: Currency, debits: i128, credits: i128 },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counter { account, counter, stored, counted } => {
                write!(f, "account {account}: {counter} is {stored}, the journal says {counted}")
            }
            Self::LastBalance { account, stored, stated } => {
                write!(f, "account {account}: the balance is {stored}, its last line says {stated}")
            }
            Self::BelowFloor { account, available, floor } => {
                write!(f, "account {account}: {available} is available, below the floor of {floor}")
            }
            Self::Unbalanced { currency, debits, credits } => {
                write!(f, "{currency}: debits are {debits}, credits are {credits}")
            }
        }
    }
}

/// The result of a recount.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many accounts were counted.
    pub accounts: u64,
    /// What is wrong; at most a thousand are listed.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Books {
    /// Counts every balance again. `progress` hears how many accounts of how many are done.
    ///
    /// Each account is compared at one moment of its own, so this can run while money moves.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`], or a store that fails; findings are not errors.
    pub async fn verify(&self, by: &Principal, mut progress: impl FnMut(u64, u64) + Send) -> Result<Report> {
        self.0.authorise(by, Permission::VerifyLedger).await?;
        let ledger = self.0.ports.store.ledger();
        let total = ledger.count_accounts().await?;
        let mut report = Report::default();
        let mut sums: BTreeMap<&str, (Currency, i128, i128)> = BTreeMap::new();
        for row in ledger.trial_balance().await? {
            let sum = sums.entry(row.currency.code()).or_insert((row.currency, 0, 0));
            sum.1 += row.debits;
            sum.2 += row.credits;
        }
        let unbalanced = sums.into_values().filter(|(_, debits, credits)| debits != credits);
        report.findings.extend(unbalanced.map(|(currency, debits, credits)| Finding::Unbalanced {
            currency,
            debits,
            credits,
        }));
        let mut after = None;
        loop {
            let page = ledger.recount(PageRequest::new(after, MAX_LIMIT)).await?;
            report.accounts += page.items.len() as u64;
            let room = MAX_FINDINGS.saturating_sub(report.findings.len());
            report.findings.extend(page.items.iter().flat_map(compare).take(room));
            progress(report.accounts, total.max(report.accounts));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(report),
            }
        }
    }
}

/// What is wrong with one account.
fn compare(recount: &Recount) -> Vec<Finding> {
    let (account, counted) = (&recount.account, &recount.counted);
    let (id, stored) = (account.id, &account.counters);
    let mut findings: Vec<Finding> = [
        ("debits_posted", stored.debits_posted, counted.debits_posted),
        ("debits_pending", stored.debits_pending, counted.debits_pending),
        ("credits_posted", stored.credits_posted, counted.credits_posted),
        ("credits_pending", stored.credits_pending, counted.credits_pending),
    ]
    .into_iter()
    .filter(|(_, stored, counted)| stored != counted)
    .map(|(counter, stored, counted)| Finding::Counter { account: id, counter, stored, counted })
    .collect();
    let balance = stored.balance();
    if balance.posted != recount.last_balance {
        findings.push(Finding::LastBalance { account: id, stored: balance.posted, stated: recount.last_balance });
    }
    if let Floor::AtLeast(floor) = account.floor
        && balance.available < floor
    {
        findings.push(Finding::BelowFloor { account: id, available: balance.available, floor });
    }
    findings
}
