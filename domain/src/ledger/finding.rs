//! What can be wrong with the books, in words that name the place.

use std::fmt;

use dermaga_ports::{
    ids::{AccountId, TransferId},
    money::Currency,
};

/// The most findings that are listed one by one.
const MAX_FINDINGS: usize = 1_000;

/// Something that should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The lines of a batch are not what was sealed.
    Content { batch: u64 },
    /// A batch does not follow from the one before it.
    Link { batch: u64 },
    /// The chain does not end where the books say it ends.
    Head { stored: u64, counted: u64 },
    /// The books do not say where the chain ends.
    NoHead { counted: u64 },
    /// A line that was sealed is gone.
    Missing { batch: u64, line: TransferId },
    /// A line that no batch has.
    Unsealed { line: TransferId },
    /// A line states a balance that does not follow from the lines before it.
    Balance { line: TransferId, account: AccountId, stated: i64, counted: i64 },
    /// A line does not follow the one before it on an account's trail.
    Trail { line: TransferId, account: AccountId },
    /// An account's trail ends elsewhere than its last line.
    TrailEnd { account: AccountId },
    /// A waypoint that marks no line, or the lack of one that should be there.
    Waypoint { account: AccountId },
    /// A hold is not in the state that the journal gives it.
    Hold { hold: TransferId, stored: &'static str, counted: &'static str },
    /// More or less was moved back of a transfer than the books say.
    Reversed { original: TransferId, stored: i64, counted: i64 },
    /// Money was last moved back of a transfer at another moment than the books say.
    ReversedAt { original: TransferId },
    /// An account was last touched at another moment than the books say.
    Touched { account: AccountId },
    /// A counter is not what the journal and the holds add up to.
    Counter { account: AccountId, counter: &'static str, stored: i64, counted: i64 },
    /// The available balance is below the account's floor.
    BelowFloor { account: AccountId, available: i64, floor: i64 },
    /// The journal moves money of an account that is not there.
    NoAccount { account: AccountId },
    /// The debits of a currency are not its credits.
    Unbalanced { currency: Currency, debits: i128, credits: i128 },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content { batch } => write!(f, "batch {batch}: its lines are not the ones that were sealed"),
            Self::Link { batch } => write!(f, "batch {batch}: does not follow from the batch before it"),
            Self::Head { stored, counted } => {
                write!(f, "the seal ends with batch {counted}, the books say {stored}, or another hash")
            }
            Self::NoHead { counted } => write!(f, "the seal ends with batch {counted}, the books do not say where"),
            Self::Missing { batch, line } => write!(f, "batch {batch}: line {line} is gone"),
            Self::Unsealed { line } => write!(f, "line {line}: no batch has it"),
            Self::Balance { line, account, stated, counted } => {
                write!(f, "line {line}: account {account} had {counted} after it, not {stated}")
            }
            Self::Trail { line, account } => {
                write!(f, "line {line}: does not follow the line before it of account {account}")
            }
            Self::TrailEnd { account } => write!(f, "account {account}: its trail does not end with its last line"),
            Self::Waypoint { account } => write!(f, "account {account}: a waypoint is wrong or missing"),
            Self::Hold { hold, stored, counted } => write!(f, "hold {hold}: is {stored}, the journal says {counted}"),
            Self::Reversed { original, stored, counted } => {
                write!(f, "transfer {original}: {stored} was moved back, the journal says {counted}")
            }
            Self::ReversedAt { original } => {
                write!(f, "transfer {original}: money was last moved back at another moment than the books say")
            }
            Self::Touched { account } => {
                write!(f, "account {account}: its last line is of another moment than the books say")
            }
            Self::Counter { account, counter, stored, counted } => {
                write!(f, "account {account}: {counter} is {stored}, the journal says {counted}")
            }
            Self::BelowFloor { account, available, floor } => {
                write!(f, "account {account}: {available} is available, below the floor of {floor}")
            }
            Self::NoAccount { account } => write!(f, "account {account}: is in the journal, but not in the books"),
            Self::Unbalanced { currency, debits, credits } => {
                write!(f, "{currency}: debits are {debits}, credits are {credits}")
            }
        }
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Notes a finding, if there is room for it.
    pub fn add(&mut self, finding: Finding) {
        if self.0.len() < MAX_FINDINGS {
            self.0.push(finding);
        }
    }

    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}
