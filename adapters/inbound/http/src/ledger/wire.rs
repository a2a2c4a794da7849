//! What wallets and transactions look like on the wire.

use dermaga_domain::{
    ledger::{Movement, NewTransaction, WalletView},
    payments::Topup,
};
use dermaga_ports::ledger::{Counterparty, Entry, Transaction, TransactionKind, TransactionStats, TransactionStatus};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::{
    answer::{Once, Taken},
    edge::Json,
    wire::{CurrencyCode, Moment, currency_text},
};

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
    pub fn of(view: WalletView, at: Option<Moment>) -> Self {
        Self {
            wallet_id: view.wallet.id.into(),
            balance: view.balance.posted,
            available: view.balance.available,
            currency: view.wallet.currency.into(),
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

/// Money to put into a wallet.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Topup", skip_serializing_if_is_none)]
pub struct TopupBody {
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    pub amount: i64,
    /// The wallet's currency unless named
    pub currency: Option<CurrencyCode>,
    /// One of the payment gateway's methods; its first unless named
    pub method: Option<String>,
    #[oai(validator(max_length = 255))]
    pub description: Option<String>,
}

impl From<TopupBody> for Topup {
    fn from(body: TopupBody) -> Self {
        let TopupBody { amount, currency, method, description } = body;
        let topup = NewTransaction { amount, currency: currency_text(currency), description, reference: None };
        Self { topup, method }
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

/// What kind of thing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "TransactionType", rename_all = "lowercase")]
pub enum TypeName {
    Topup,
    Payment,
    Transfer,
    Debit,
    Credit,
}

impl From<TransactionKind> for TypeName {
    fn from(kind: TransactionKind) -> Self {
        match kind {
            TransactionKind::Topup => Self::Topup,
            TransactionKind::Payment => Self::Payment,
            TransactionKind::Transfer => Self::Transfer,
            TransactionKind::Debit => Self::Debit,
            TransactionKind::Credit => Self::Credit,
        }
    }
}

impl From<TypeName> for TransactionKind {
    fn from(name: TypeName) -> Self {
        match name {
            TypeName::Topup => Self::Topup,
            TypeName::Payment => Self::Payment,
            TypeName::Transfer => Self::Transfer,
            TypeName::Debit => Self::Debit,
            TypeName::Credit => Self::Credit,
        }
    }
}

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "TransactionStatus", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StatusName {
    Pending,
    Processing,
    Completed,
    PartiallyRefunded,
    Refunded,
    Failed,
    Cancelled,
}

impl From<TransactionStatus> for StatusName {
    fn from(status: TransactionStatus) -> Self {
        match status {
            TransactionStatus::Pending => Self::Pending,
            TransactionStatus::Processing => Self::Processing,
            TransactionStatus::Completed => Self::Completed,
            TransactionStatus::PartiallyRefunded => Self::PartiallyRefunded,
            TransactionStatus::Refunded => Self::Refunded,
            TransactionStatus::Failed => Self::Failed,
            TransactionStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<StatusName> for TransactionStatus {
    fn from(name: StatusName) -> Self {
        match name {
            StatusName::Pending => Self::Pending,
            StatusName::Processing => Self::Processing,
            StatusName::Completed => Self::Completed,
            StatusName::PartiallyRefunded => Self::PartiallyRefunded,
            StatusName::Refunded => Self::Refunded,
            StatusName::Failed => Self::Failed,
            StatusName::Cancelled => Self::Cancelled,
        }
    }
}

/// What a user did with money.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Transaction", skip_serializing_if_is_none)]
pub struct TransactionBody {
    pub id: Uuid,
    #[oai(rename = "type")]
    pub kind: TypeName,
    pub status: StatusName,
    /// Whose transaction it is
    pub user_id: Uuid,
    pub wallet_id: Uuid,
    /// The receiver of a transfer
    pub receiver_id: Option<Uuid>,
    pub receiver_wallet_id: Option<Uuid>,
    pub merchant: Option<String>,
    pub payment_gateway: Option<String>,
    pub payment_method: Option<String>,
    /// Who moved the money of a debit or credit
    pub by: Option<String>,
    /// In the currency's smallest unit
    pub amount: i64,
    /// How much of it went back
    pub refunded: i64,
    pub currency: CurrencyCode,
    pub description: Option<String>,
    pub reference: Option<String>,
    /// Why it failed or was cancelled
    pub failure: Option<String>,
    /// When the money of a pending transfer is released by itself
    pub expires_at: Option<Moment>,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl From<Transaction> for TransactionBody {
    fn from(transaction: Transaction) -> Self {
        let mut body = Self {
            id: transaction.id.into(),
            kind: transaction.kind.into(),
            status: transaction.status.into(),
            user_id: transaction.user.into(),
            wallet_id: transaction.wallet.into(),
            receiver_id: None,
            receiver_wallet_id: None,
            merchant: None,
            payment_gateway: None,
            payment_method: None,
            by: None,
            amount: transaction.amount.amount(),
            refunded: transaction.refunded,
            currency: transaction.amount.currency().into(),
            description: transaction.description,
            reference: transaction.reference,
            failure: transaction.failure,
            expires_at: transaction.expires_at.map(Moment),
            created_at: transaction.created_at.into(),
            updated_at: transaction.updated_at.into(),
        };
        match transaction.counterparty {
            Counterparty::User { user, wallet } => {
                body.receiver_id = Some(user.into());
                body.receiver_wallet_id = Some(wallet.into());
            }
            Counterparty::Merchant { name } => body.merchant = Some(name),
            Counterparty::Gateway { name, method } => {
                body.payment_gateway = Some(name);
                body.payment_method = Some(method);
            }
            Counterparty::Staff { name } => body.by = Some(name),
        }
        body
    }
}

/// A transaction and what it left in its wallet.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Movement")]
pub struct MovementBody {
    pub transaction: TransactionBody,
    /// The balance of the transaction's wallet right after it, in the currency's smallest unit
    pub balance: i64,
    pub currency: CurrencyCode,
}

impl From<Movement> for MovementBody {
    fn from(movement: Movement) -> Self {
        Self {
            currency: movement.transaction.amount.currency().into(),
            transaction: movement.transaction.into(),
            balance: movement.balance,
        }
    }
}

impl From<Once<MovementBody>> for Taken<MovementBody> {
    fn from(once: Once<MovementBody>) -> Self {
        let settled = once.body.transaction.status == StatusName::Completed;
        let answer = if settled { Taken::Done } else { Taken::Accepted };
        answer(Json(once.body), once.replayed)
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

/// Sums over transactions whose money moved, less what was given back, in the currency's smallest unit.
#[derive(Debug, Clone, Object)]
pub struct Stats {
    pub currency: CurrencyCode,
    pub total_transactions: i64,
    pub total_topup: i64,
    pub total_payment: i64,
    /// Sent to others
    pub total_transfer: i64,
    /// Received from others
    pub total_received: i64,
    pub total_debit: i64,
    pub total_credit: i64,
    /// What came in less what went out
    pub net_amount: i64,
}

impl Stats {
    /// Of the sums in one currency.
    pub fn of(sums: TransactionStats, currency: CurrencyCode) -> Self {
        let incoming = sums.topup + sums.received + sums.credited;
        let outgoing = sums.payment + sums.sent + sums.debited;
        Self {
            currency,
            total_transactions: sums.transactions,
            total_topup: sums.topup,
            total_payment: sums.payment,
            total_transfer: sums.sent,
            total_received: sums.received,
            total_debit: sums.debited,
            total_credit: sums.credited,
            net_amount: incoming - outgoing,
        }
    }
}
