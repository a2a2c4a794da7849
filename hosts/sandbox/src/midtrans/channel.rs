//! The ways to pay that Midtrans offers, and what is special about each.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::dice::Dice;

/// How a transaction is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A virtual account at a bank.
    Va { bank: String, number: String },
    /// A bill at Mandiri.
    Bill { key: String, biller: String },
    /// GoPay.
    Gopay,
    /// A QR code.
    Qris { acquirer: String },
    /// ShopeePay.
    Shopeepay,
    /// A card.
    Card(Card),
    /// At the counter of a shop.
    Cstore { store: String, code: String },
    /// Another wallet or lender, by its name.
    Other(String),
}

/// A card as far as it may be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    /// First and last digits.
    pub masked: String,
    /// How its bank will answer.
    pub class: CardClass,
    /// The bank that takes the payment.
    pub bank: String,
    /// Whether the money is only held.
    pub hold: bool,
    /// Whether its bank asks the owner first.
    pub three_ds: bool,
}

/// How a card's bank answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CardClass {
    /// Good.
    Accept,
    /// Refused.
    Deny,
    /// A person has to look.
    Challenge,
    /// Refused as fraud.
    FraudDeny,
}

impl CardClass {
    /// As it stands in a token.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Deny => "deny",
            Self::Challenge => "challenge",
            Self::FraudDeny => "fdsdeny",
        }
    }

    /// What the official test cards do. Any other card is good.
    pub fn of_number(number: &str) -> Self {
        match number {
            "4911111111111113" | "4711111111111115" | "5111111111111118" | "5511111111111114" => Self::Deny,
            "4511111111111117" | "5510111111111115" => Self::Challenge,
            "4611111111111116" | "5411111111111115" => Self::FraudDeny,
            _ => Self::Accept,
        }
    }
}

/// The banks with virtual accounts.
const BANKS: &[&str] = &["bca", "bni", "bri", "cimb", "permata", "bsi", "danamon", "seabank"];
/// Wallets and lenders without members of their own.
const OTHERS: &[&str] = &["dana", "ovo", "kredivo", "akulaku"];

impl Channel {
    /// What a charge asks for, apart from cards.
    ///
    /// # Errors
    /// The sentences of the fields that are wrong.
    pub fn of_charge(kind: &str, body: &Value, dice: &mut Dice) -> Result<Self, String> {
        let member = |name: &str| body[kind][name].as_str();
        match kind {
            "bank_transfer" => {
                let bank = member("bank").ok_or("bank_transfer.bank is required")?;
                Self::va(bank, member("va_number"), dice).ok_or_else(|| format!("bank_transfer.bank {bank} is unknown"))
            }
            "permata" => Self::va("permata", None, dice).ok_or_else(String::new),
            "echannel" => {
                for info in ["bill_info1", "bill_info2"] {
                    member(info).ok_or(format!("echannel.{info} is required"))?;
                }
                let key = member("bill_key").map_or_else(|| dice.digits(12), str::to_owned);
                Ok(Self::Bill { key, biller: "70012".to_owned() })
            }
            "gopay" => Ok(Self::Gopay),
            "qris" => match member("acquirer").unwrap_or("gopay") {
                acquirer @ ("gopay" | "airpay shopee") => Ok(Self::Qris { acquirer: acquirer.to_owned() }),
                other => Err(format!("qris.acquirer {other} is unknown")),
            },
            "shopeepay" => Ok(Self::Shopeepay),
            "cstore" => match member("store") {
                Some(store @ ("indomaret" | "alfamart")) => {
                    Ok(Self::Cstore { store: store.to_owned(), code: dice.digits(14) })
                }
                _ => Err("cstore.store must be indomaret or alfamart".to_owned()),
            },
            other if OTHERS.contains(&other) => Ok(Self::Other(other.to_owned())),
            other => Err(format!("payment_type {other} is not supported")),
        }
    }

    /// What a name in Snap's list of methods stands for.
    pub fn of_snap(name: &str, dice: &mut Dice) -> Option<Self> {
        match name {
            "credit_card" => Some(Self::Card(Card::unknown())),
            "bank_transfer" | "other_va" => Self::va("bca", None, dice),
            "echannel" => Some(Self::Bill { key: dice.digits(12), biller: "70012".to_owned() }),
            "gopay" => Some(Self::Gopay),
            "qris" | "other_qris" => Some(Self::Qris { acquirer: "gopay".to_owned() }),
            "shopeepay" => Some(Self::Shopeepay),
            "cstore" => Some(Self::Cstore { store: "alfamart".to_owned(), code: dice.digits(14) }),
            "indomaret" | "alfamart" => Some(Self::Cstore { store: name.to_owned(), code: dice.digits(14) }),
            other if OTHERS.contains(&other) => Some(Self::Other(other.to_owned())),
            other => Self::va(other.strip_suffix("_va")?, None, dice),
        }
    }

    fn va(bank: &str, wanted: Option<&str>, dice: &mut Dice) -> Option<Self> {
        let digits = if bank == "permata" { 16 } else { 11 };
        let number = match wanted {
            Some(wanted) => format!("{}{wanted}", dice.digits(5)),
            None => dice.digits(digits),
        };
        BANKS.contains(&bank).then(|| Self::Va { bank: bank.to_owned(), number })
    }

    /// Whether it is a card.
    pub fn is_card(&self) -> bool {
        matches!(self, Self::Card(_))
    }

    /// `payment_type`.
    pub fn kind(&self) -> &str {
        match self {
            Self::Va { .. } => "bank_transfer",
            Self::Bill { .. } => "echannel",
            Self::Gopay => "gopay",
            Self::Qris { .. } => "qris",
            Self::Shopeepay => "shopeepay",
            Self::Card(_) => "credit_card",
            Self::Cstore { .. } => "cstore",
            Self::Other(name) => name,
        }
    }

    /// How long the customer has.
    pub fn default_expiry(&self) -> Duration {
        Duration::from_secs(match self {
            Self::Card(_) => 600,
            Self::Va { .. } | Self::Bill { .. } | Self::Cstore { .. } => 86_400,
            _ => 900,
        })
    }

    /// How long the merchant may let the customer have.
    pub fn longest_expiry(&self) -> Duration {
        const DAY: u64 = 86_400;
        Duration::from_secs(match self {
            Self::Gopay => 7 * DAY,
            Self::Qris { acquirer } if acquirer == "gopay" => 7 * DAY,
            Self::Qris { .. } | Self::Shopeepay | Self::Other(_) => 5 * DAY,
            _ => 180 * DAY,
        })
    }

    /// For how many days a payment can be given back; `None`: not at all.
    pub fn refund_days(&self) -> Option<u64> {
        match self {
            Self::Va { .. } | Self::Bill { .. } | Self::Cstore { .. } => None,
            Self::Qris { .. } | Self::Gopay => Some(45),
            Self::Shopeepay | Self::Card(_) => Some(365),
            Self::Other(name) => Some(match name.as_str() {
                "dana" => 45,
                "ovo" => 7,
                "kredivo" => 14,
                _ => 3_650,
            }),
        }
    }

    /// Whether charges of this kind know no idempotency key.
    pub fn without_key(body: &Value) -> bool {
        match body["payment_type"].as_str() {
            Some("permata" | "cimb_clicks" | "bca_klikbca") => true,
            Some("bank_transfer") => body["bank_transfer"]["bank"] == "permata",
            Some("cstore") => body["cstore"]["store"] == "indomaret",
            _ => false,
        }
    }

    /// The sentence with which a charge is accepted.
    pub fn created(&self) -> String {
        match self {
            Self::Va { bank, .. } if bank == "permata" => "Success, PERMATA VA transaction is successful".to_owned(),
            Self::Va { .. } => "Success, Bank Transfer transaction is created".to_owned(),
            Self::Bill { .. } => "OK, Mandiri Bill transaction is successful".to_owned(),
            Self::Gopay => "GO-PAY transaction is created".to_owned(),
            Self::Qris { .. } => "QRIS transaction is created".to_owned(),
            Self::Shopeepay => "ShopeePay transaction is created".to_owned(),
            Self::Card(_) => "Success, Credit Card transaction is successful".to_owned(),
            Self::Cstore { .. } => "Success, cstore transaction is successful".to_owned(),
            Self::Other(name) => format!("{} transaction is created", name.to_uppercase()),
        }
    }

    /// The members of a transaction that only this kind has.
    pub fn members(&self) -> Value {
        match self {
            Self::Va { bank, number } if bank == "permata" => json!({"permata_va_number": number}),
            Self::Va { bank, number } => json!({"va_numbers": [{"bank": bank, "va_number": number}]}),
            Self::Bill { key, biller } => json!({"bill_key": key, "biller_code": biller}),
            Self::Qris { acquirer } => json!({"acquirer": acquirer}),
            Self::Cstore { store, code } => json!({"store": store, "payment_code": code}),
            Self::Card(card) => json!({"masked_card": card.masked, "card_type": "credit", "bank": card.bank}),
            Self::Gopay | Self::Shopeepay | Self::Other(_) => json!({}),
        }
    }
}

impl Card {
    /// The card of a customer on Snap's page.
    pub fn unknown() -> Self {
        Self {
            masked: "48111111-1114".to_owned(),
            class: CardClass::Accept,
            bank: "bni".to_owned(),
            hold: false,
            three_ds: false,
        }
    }
}
