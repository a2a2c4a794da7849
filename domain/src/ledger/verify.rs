//! The proof that the books are whole: everything counted again from the journal, in the order in which it was sealed.

use dermaga_ports::{
    StoreError,
    auth::Principal,
    ledger::{Snapshot, seal::Head},
};

use super::{
    Books,
    finding::{Finding, Findings},
    recount::Recount,
};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
};

/// Records that are fetched at a time.
const PAGE: usize = 5_000;

/// What counting answers: only the store can fail.
type Counted<T> = std::result::Result<T, StoreError>;

/// Visits every record of a list, page by page; each page is asked for with the key that the one before ends with.
macro_rules! in_pages {
    ($snapshot:ident.$list:ident, |$record:ident| $visit:expr, $key:expr) => {{
        let mut after = None;
        loop {
            let page = $snapshot.$list(after, PAGE).await?;
            for $record in &page {
                $visit;
            }
            let Some($record) = page.last() else { break };
            after = Some($key);
        }
    }};
}

/// The result of a recount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many lines of the journal were counted.
    pub lines: u64,
    /// How many accounts were compared with them.
    pub accounts: u64,
    /// The end of the seal, recomputed up to the first batch that is wrong. Keep it elsewhere: it proves later what the
    /// books were now.
    pub head: Head,
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
    /// Counts everything again: the seal, each line's balances and its place on both trails, the counters, holds and
    /// reversals. `progress` hears how many lines of how many are done.
    ///
    /// All of it is of one moment, so this can run while money moves. Memory grows with the number of accounts and holds,
    /// not with the journal.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], or a store that fails; findings are not errors.
    pub async fn verify(&self, by: &Principal, mut progress: impl FnMut(u64, u64) + Send) -> Result<Report> {
        self.0.authorise(by, Permission::VerifyLedger).await?;
        let mut snapshot = self.0.ports.store.snapshot().await?;
        Ok(recount(&mut *snapshot, &mut progress).await?)
    }

    /// The end of the seal. Whoever keeps it elsewhere can prove later that nothing before it was changed.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn head(&self, by: &Principal) -> Result<Head> {
        self.0.authorise(by, Permission::VerifyLedger).await?;
        Ok(self.0.ports.store.ledger().head().await?)
    }

    /// The seal as it was after a batch.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::SealNotFound`].
    pub async fn head_at(&self, by: &Principal, number: u64) -> Result<Head> {
        self.0.authorise(by, Permission::VerifyLedger).await?;
        let missing = || Error::new(Code::SealNotFound, format!("There is no batch {number} yet."));
        self.0.ports.store.ledger().head_at(number).await?.ok_or_else(missing)
    }
}

/// The recount of a ledger at one moment.
///
/// # Errors
/// When the store fails; findings are not errors.
pub async fn recount(snapshot: &mut dyn Snapshot, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Counted<Report> {
    let extent = snapshot.extent().await?;
    let mut recount = Recount::default();
    let mut findings = Findings::default();
    loop {
        let batches = snapshot.batches(recount.head().number, PAGE).await?;
        if batches.is_empty() {
            break;
        }
        batches.iter().for_each(|batch| recount.batch(batch, &mut findings));
        progress(recount.lines(), extent.lines.max(recount.lines()));
    }
    recount.end(snapshot.head().await?, &mut findings);
    if recount.lines() != extent.lines {
        unsealed(snapshot, &mut findings).await?;
    }
    in_pages!(snapshot.holds, |hold| recount.hold(hold, &mut findings), hold.id);
    in_pages!(snapshot.reversals, |reversed| recount.reversal(reversed, &mut findings), reversed.original);
    in_pages!(
        snapshot.waypoints,
        |waypoint| recount.waypoint(waypoint, &mut findings),
        (waypoint.account, waypoint.at)
    );
    recount.nothing_left(&mut findings);
    let mut accounts = 0;
    in_pages!(
        snapshot.accounts,
        |account| {
            accounts += 1;
            recount.account(account, &mut findings);
        },
        account.id
    );
    recount.balance(&mut findings);
    Ok(Report { lines: recount.lines(), accounts, head: recount.sealed(), findings: findings.into_vec() })
}

/// Names the lines that no batch has. Only when there are any: this is the one question that needs all ids at once.
async fn unsealed(snapshot: &mut dyn Snapshot, findings: &mut Findings) -> Counted<()> {
    let mut sealed = Vec::new();
    let mut number = 0;
    loop {
        let batches = snapshot.batches(number, PAGE).await?;
        let Some(last) = batches.last() else { break };
        number = last.head.number;
        sealed.extend(batches.iter().flat_map(|batch| batch.ids.iter().copied()));
    }
    sealed.sort_unstable();
    in_pages!(
        snapshot.line_ids,
        |id| if sealed.binary_search(id).is_err() {
            findings.add(Finding::Unsealed { line: *id });
        },
        *id
    );
    Ok(())
}
