//! Accounts: four counters and a floor.

use std::fmt;

use uuid::Uuid;

use crate::{
    ids::{AccountId, TransferId},
    money::{Currency, MAX_AMOUNT},
    time::Timestamp,
};

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// A customer's money.
    Wallet,
    /// What we owe a merchant.
    Merchant,
    /// What a payment gateway holds for us (negative: an asset).
    GatewayCash,
    /// What trusted services moved in and out of wallets for reasons of their own.
    Clearing,
    /// What payment gateways keep for their work (negative: an expense).
    GatewayFees,
    /// Payers' money that came too late or twice and waits to go back.
    Surplus,
    /// Money that nobody can place yet.
    Suspense,
    /// What gateways took back and nobody has made good yet (negative: a claim).
    Chargebacks,
}

impl AccountKind {
    /// Every kind.
    pub const ALL: [AccountKind; 8] = [
        Self::Wallet,
        Self::Merchant,
        Self::GatewayCash,
        Self::Clearing,
        Self::GatewayFees,
        Self::Surplus,
        Self::Suspense,
        Self::Chargebacks,
    ];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Merchant => "merchant",
            Self::GatewayCash => "gateway_cash",
            Self::Clearing => "clearing",
            Self::GatewayFees => "gateway_fees",
            Self::Surplus => "surplus",
            Self::Suspense => "suspense",
            Self::Chargebacks => "chargebacks",
        }
    }
}

/// How low the available balance may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// Not below this; 0 for a wallet, less for one with credit.
    AtLeast(i64),
    /// Anywhere: an account of the system, whose balance mirrors the others.
    Unlimited,
}

/// Everything that ever went through an account, in smallest units. Each counter is at most [`MAX_AMOUNT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    pub debits_posted: i64,
    pub debits_pending: i64,
    pub credits_posted: i64,
    pub credits_pending: i64,
}

impl Counters {
    /// What is there.
    pub fn balance(&self) -> Balance {
        // Counters are within 0 ..= 2^53, so these cannot overflow.
        let posted = self.credits_posted - self.debits_posted;
        Balance { posted, available: posted - self.debits_pending }
    }

    /// All four are counts that a client can read exactly.
    pub fn is_legal(&self) -> bool {
        [self.debits_posted, self.debits_pending, self.credits_posted, self.credits_pending]
            .iter()
            .all(|counter| (0..=MAX_AMOUNT).contains(counter))
    }
}

/// A balance, in smallest units of the account's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Credits minus debits.
    pub posted: i64,
    /// The same less what is reserved by holds. Money on its way in does not count before it is there.
    pub available: i64,
}

/// Every so many lines of an account, one is marked: so a moment of the past is found without an index over all of them.
pub const WAYPOINT_EVERY: u64 = 64;

/// Where an account's history ends. Each line names the line before it on either side, so from here one walks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trail {
    /// How many lines moved money to or from the account.
    pub lines: u64,
    /// The last of them.
    pub last: Option<TransferId>,
}

/// A line on an account's trail that can be found by its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waypoint {
    pub account: AccountId,
    pub at: Timestamp,
    pub line: TransferId,
}

/// An account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub kind: AccountKind,
    /// What people call it: `wallet:<id>`, `gateway_cash:sandbox:IDR`.
    pub code: String,
    pub currency: Currency,
    pub floor: Floor,
    pub counters: Counters,
    /// A closed account takes no further transfers.
    pub closed: bool,
    /// When the last transfer touched it. Each transfer is dated later than this, so an account's times are unique.
    pub touched_at: Timestamp,
    pub trail: Trail,
    /// Counts the changes that were stored: a decision on one revision can be stored on no other.
    pub revision: u64,
}

impl Account {
    /// A new, empty account.
    pub fn open(
        id: AccountId,
        kind: AccountKind,
        code: String,
        currency: Currency,
        floor: Floor,
        now: Timestamp,
    ) -> Self {
        let (counters, trail) = (Counters::default(), Trail::default());
        Self { id, kind, code, currency, floor, counters, closed: false, touched_at: now, trail, revision: 0 }
    }
}

/// An account that nobody owns but the books need. Its id follows from its code, so every host knows it unasked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SystemAccount {
    /// Money that this gateway holds for us.
    GatewayCash { gateway: String },
    /// Money that belongs to this merchant; the name is a slug.
    Merchant { slug: String },
    /// The other side of debits and credits made by services and administrators.
    Clearing,
    /// What this gateway keeps for its work.
    GatewayFees { gateway: String },
    /// Payers' money that this gateway took too late or twice and that waits to go back.
    Surplus { gateway: String },
    /// Money at this gateway that nobody can place yet.
    Suspense { gateway: String },
    /// What this gateway took back and nobody has made good yet.
    Chargebacks { gateway: String },
}

/// The name space of the ids that follow from codes: this project's own, drawn once.
const SYSTEM_ACCOUNTS: Uuid = Uuid::from_u128(0x5d1c_2f3e_9a47_4b60_8c15_77e0_d3a9_416b);

impl SystemAccount {
    /// The account itself, in one currency, as it is when it is new.
    pub fn open(&self, currency: Currency, now: Timestamp) -> Account {
        let code = format!("{self}:{currency}");
        let kind = match self {
            Self::GatewayCash { .. } => AccountKind::GatewayCash,
            Self::Merchant { .. } => AccountKind::Merchant,
            Self::Clearing => AccountKind::Clearing,
            Self::GatewayFees { .. } => AccountKind::GatewayFees,
            Self::Surplus { .. } => AccountKind::Surplus,
            Self::Suspense { .. } => AccountKind::Suspense,
            Self::Chargebacks { .. } => AccountKind::Chargebacks,
        };
        Account::open(self.id(currency), kind, code, currency, Floor::Unlimited, now)
    }

    /// Its id in one currency.
    pub fn id(&self, currency: Currency) -> AccountId {
        AccountId(Uuid::new_v5(&SYSTEM_ACCOUNTS, format!("{self}:{currency}").as_bytes()))
    }
}

impl fmt::Display for SystemAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GatewayCash { gateway } => write!(f, "gateway_cash:{gateway}"),
            Self::Merchant { slug } => write!(f, "merchant:{slug}"),
            Self::Clearing => f.write_str("clearing"),
            Self::GatewayFees { gateway } => write!(f, "gateway_fees:{gateway}"),
            Self::Surplus { gateway } => write!(f, "surplus:{gateway}"),
            Self::Suspense { gateway } => write!(f, "suspense:{gateway}"),
            Self::Chargebacks { gateway } => write!(f, "chargebacks:{gateway}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_reserve_and_incoming_money_does_not_count_yet() {
        let counters = Counters { debits_posted: 30, debits_pending: 5, credits_posted: 100, credits_pending: 50 };
        assert_eq!(counters.balance(), Balance { posted: 70, available: 65 });
    }

    #[test]
    fn a_system_account_has_one_id_per_currency() {
        let cash = SystemAccount::GatewayCash { gateway: "sandbox".to_owned() };
        assert_eq!(cash.id(Currency::Idr), cash.open(Currency::Idr, Timestamp::from_micros(0)).id);
        assert_ne!(cash.id(Currency::Idr), cash.id(Currency::Usd));
        assert_ne!(cash.id(Currency::Idr), SystemAccount::Clearing.id(Currency::Idr));
    }
}
