//! How somebody pays, and what they have to do for it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::WalletId;

/// A way to pay, as a person chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MethodKind {
    /// Settles at once; the sandbox alone has it.
    Instant,
    /// Refused at once; the sandbox alone has it, so that a client can see what a refusal looks like.
    InstantDeclined,
    /// A transfer to a virtual account of a bank.
    BankTransfer,
    /// A bill at Mandiri.
    Echannel,
    /// A QR code that every Indonesian wallet and bank reads.
    Qris,
    Gopay,
    Shopeepay,
    /// A card, by a token that the gateway gave the payer's browser.
    CreditCard,
    /// Cash at the counter of a shop.
    Cstore,
    /// A page of the gateway on which the payer chooses.
    Page,
    /// From a wallet of this system.
    Wallet,
    /// A transfer to the merchant's own account, which a person compares with the bank's statement.
    ManualTransfer,
}

impl MethodKind {
    /// Every method.
    pub const ALL: [MethodKind; 12] = [
        Self::Instant,
        Self::InstantDeclined,
        Self::BankTransfer,
        Self::Echannel,
        Self::Qris,
        Self::Gopay,
        Self::Shopeepay,
        Self::CreditCard,
        Self::Cstore,
        Self::Page,
        Self::Wallet,
        Self::ManualTransfer,
    ];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::InstantDeclined => "instant_declined",
            Self::BankTransfer => "bank_transfer",
            Self::Echannel => "echannel",
            Self::Qris => "qris",
            Self::Gopay => "gopay",
            Self::Shopeepay => "shopeepay",
            Self::CreditCard => "credit_card",
            Self::Cstore => "cstore",
            Self::Page => "page",
            Self::Wallet => "wallet",
            Self::ManualTransfer => "manual_transfer",
        }
    }
}

impl fmt::Display for MethodKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a card's token may be used for, once. It stands for a card and is no card number; it is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct CardToken(pub String);

impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardToken(hidden)")
    }
}

/// A method with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    pub kind: MethodKind,
    /// Of a bank transfer: `bca`, `bni`, `bri`, `cimb`, `permata`, ...
    pub bank: Option<String>,
    /// Of a payment at a counter: `indomaret` or `alfamart`.
    pub store: Option<String>,
    /// Of a card; forgotten as soon as the gateway has answered.
    pub token: Option<CardToken>,
    /// Of a payment from a wallet: which one.
    pub wallet: Option<WalletId>,
    /// Of a card: only reserve the money; a capture takes it.
    pub authorize_only: bool,
    /// Of a manual transfer: what was added to the amount, so that the line on the bank's statement names the payment. It
    /// is the payer's again once the transfer is accepted.
    pub code: Option<i64>,
}

impl Method {
    /// A method that needs nothing more.
    pub fn plain(kind: MethodKind) -> Self {
        Self { kind, bank: None, store: None, token: None, wallet: None, authorize_only: false, code: None }
    }
}

/// What the payer has to do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PayAction {
    /// Transfer the exact amount to this virtual account.
    VirtualAccount { bank: String, number: String },
    /// Pay this bill at a Mandiri machine or in its application.
    Bill { biller_code: String, bill_key: String },
    /// Scan this code. `qr` is its content, `image` a picture of it.
    Qr { qr: Option<String>, image: Option<String> },
    /// Open this page, or this application by its link.
    Open { url: String },
    /// Show this code at the counter of the shop.
    CounterCode { store: String, code: String },
    /// Transfer to the merchant's account and say so.
    TransferAndConfirm { account: String },
}
