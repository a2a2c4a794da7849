//! Wallets, what is in them, and what moves money into and out of them.

use dermaga_domain::ledger::{Funds, NewTransaction, WalletView};
use dermaga_ports::ledger::Entry;
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::wire::{CurrencyCode, Moment, currency_text};

/// A wallet with what is in it.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Wallet")]
pub struct WalletBody {
    pub id: Uuid,
    pub user_id: Uuid,
    pub name: String,
    pub currency: CurrencyCode,
    /// In the currency's smallest unit
    pub balance: i64,
    /// The balance less what is reserved
    pub available: i64,
    /// The wallet that is meant when only its owner is named
    pub is_default: bool,
    pub status: WalletStatus,
    pub created_at: Moment,
}

/// Whether a wallet can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "UPPERCASE")]
pub enum WalletStatus {
    Active,
    Closed,
}

impl From<WalletView> for WalletBody {
    fn from(view: WalletView) -> Self {
        let WalletView { wallet, balance } = view;
        Self {
            id: wallet.id.into(),
            user_id: wallet.owner.into(),
            name: wallet.name.to_string(),
            currency: wallet.currency.into(),
            balance: balance.posted,
            available: balance.available,
            is_default: wallet.is_default,
            status: if wallet.closed { WalletStatus::Closed } else { WalletStatus::Active },
            created_at: wallet.created_at.into(),
        }
    }
}

/// A new wallet.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct NewWalletBody {
    /// 1 to 50 characters
    pub name: String,
    /// IDR unless named
    pub currency: Option<CurrencyCode>,
}

/// A balance.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct WalletBalance {
    pub wallet_id: Uuid,
    /// In the currency's smallest unit
    pub balance: i64,
    /// The balance less what is reserved
    pub available: i64,
    pub currency: CurrencyCode,
    /// The moment it was asked for
    pub at: Option<Moment>,
}

impl WalletBalance {
    /// What was in a wallet at a moment, or is now.
    pub fn of(funds: Funds, at: Option<Moment>) -> Self {
        Self {
            wallet_id: funds.wallet.into(),
            balance: funds.balance.posted,
            available: funds.balance.available,
            currency: funds.currency.into(),
            at,
        }
    }
}

/// What is in a user's default wallet.
#[derive(Debug, Clone, Object)]
pub struct UserBalance {
    pub user_id: Uuid,
    pub wallet_id: Uuid,
    /// In the currency's smallest unit
    pub balance: i64,
    /// The balance less what is reserved
    pub available: i64,
    pub currency: CurrencyCode,
}

impl From<WalletView> for UserBalance {
    fn from(view: WalletView) -> Self {
        Self {
            user_id: view.wallet.owner.into(),
            wallet_id: view.wallet.id.into(),
            balance: view.balance.posted,
            available: view.balance.available,
            currency: view.wallet.currency.into(),
        }
    }
}

/// Which way a service moves money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum AdjustAction {
    Debit,
    Credit,
}

/// Money that a service moves.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Adjustment {
    pub action: AdjustAction,
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub amount: i64,
    /// IDR unless named
    pub currency: Option<CurrencyCode>,
    /// The caller's own name for it; the same reference moves money once
    #[oai(validator(min_length = 1, max_length = 255))]
    pub reference: String,
    #[oai(validator(max_length = 255))]
    pub description: Option<String>,
}

/// Money to take out of a wallet.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Deduction {
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub amount: i64,
    /// The wallet's currency unless named
    pub currency: Option<CurrencyCode>,
    /// The caller's own name for it; the same reference moves money once
    #[oai(validator(max_length = 255))]
    pub reference: Option<String>,
    #[oai(validator(max_length = 255))]
    pub description: Option<String>,
}

impl From<Deduction> for NewTransaction {
    fn from(body: Deduction) -> Self {
        let Deduction { amount, currency, reference, description } = body;
        Self { amount, currency: currency_text(currency), description, reference }
    }
}

/// A line of a statement.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Entry", skip_serializing_if_is_none)]
pub struct EntryBody {
    /// Unique among the wallet's entries; lists page by it
    pub at: Moment,
    pub transfer_id: Uuid,
    /// Why the money moved
    pub purpose: String,
    /// Positive if the wallet gained, negative if it lost
    pub amount: i64,
    /// The balance after it
    pub balance: i64,
    /// The movement that this one completes or gives back
    pub refers_to: Option<Uuid>,
}

impl From<Entry> for EntryBody {
    fn from(entry: Entry) -> Self {
        Self {
            at: entry.transfer.at.into(),
            transfer_id: entry.transfer.id.into(),
            purpose: entry.transfer.purpose.as_str().to_owned(),
            amount: entry.amount,
            balance: entry.balance,
            refers_to: entry.transfer.refers_to.map(Uuid::from),
        }
    }
}
