//! Xendit's channels in Indonesia: how one is shown what to pay, how much it may be, what can be given back.

use serde::Serialize;

/// What kind a channel is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// A bank account made for the payment.
    VirtualAccount,
    /// The counter of a shop.
    OverTheCounter,
    /// A QR code.
    QrCode,
    /// A wallet.
    Ewallet,
    /// A card.
    Card,
    /// A lender.
    Paylater,
}

/// What can be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Refunds {
    /// Nothing.
    None,
    /// All or nothing, for that many days.
    Full(u64),
    /// Parts as well, for that many days.
    Partial(u64),
}

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// `channel_code`.
    pub code: &'static str,
    /// The same on an invoice.
    pub invoice: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// The least amount, in rupiah.
    pub least: i64,
    /// The most.
    pub most: i64,
    /// What can be given back.
    pub refunds: Refunds,
}

const M: i64 = 1_000_000;

const fn va(code: &'static str, invoice: &'static str, least: i64, most: i64) -> Channel {
    Channel { code, invoice, kind: Kind::VirtualAccount, least, most, refunds: Refunds::None }
}

const fn wallet(code: &'static str, least: i64, most: i64, refunds: Refunds) -> Channel {
    Channel { code, invoice: code, kind: Kind::Ewallet, least, most, refunds }
}

const fn shop(code: &'static str, most: i64) -> Channel {
    Channel { code, invoice: code, kind: Kind::OverTheCounter, least: 10_000, most, refunds: Refunds::None }
}

const fn lender(code: &'static str, days: u64) -> Channel {
    Channel { code, invoice: code, kind: Kind::Paylater, least: 1_000, most: 50 * M, refunds: Refunds::Partial(days) }
}

/// All of them, the usual one first.
pub const CHANNELS: &[Channel] = &[
    va("BCA_VIRTUAL_ACCOUNT", "BCA", 10_000, 50 * M),
    va("BNI_VIRTUAL_ACCOUNT", "BNI", 1, 50 * M),
    va("BRI_VIRTUAL_ACCOUNT", "BRI", 1, 50_000 * M),
    va("BSI_VIRTUAL_ACCOUNT", "BSI", 1, 50_000 * M),
    va("CIMB_VIRTUAL_ACCOUNT", "CIMB", 1, 50 * M),
    va("MANDIRI_VIRTUAL_ACCOUNT", "MANDIRI", 1, 50_000 * M),
    va("PERMATA_VIRTUAL_ACCOUNT", "PERMATA", 1, 9_999_999_999),
    shop("ALFAMART", 5 * M),
    shop("INDOMARET", 2_500_000),
    Channel {
        code: "QRIS",
        invoice: "QRIS",
        kind: Kind::QrCode,
        least: 1,
        most: 20 * M,
        refunds: Refunds::Partial(30),
    },
    wallet("DANA", 100, 20 * M, Refunds::Partial(30)),
    wallet("OVO", 100, 20 * M, Refunds::Partial(14)),
    wallet("GOPAY", 1, 50 * M, Refunds::Partial(45)),
    wallet("SHOPEEPAY", 1, 20 * M, Refunds::Partial(365)),
    wallet("LINKAJA", 1, 20 * M, Refunds::Full(30)),
    Channel {
        code: "CARDS",
        invoice: "CREDIT_CARD",
        kind: Kind::Card,
        least: 5_000,
        most: 200 * M,
        refunds: Refunds::Partial(365),
    },
    lender("KREDIVO", 14),
    lender("AKULAKU", 3_650),
];

impl Channel {
    /// The channel of a payment request.
    pub fn of_code(code: &str) -> Option<&'static Self> {
        CHANNELS.iter().find(|one| one.code == code)
    }

    /// The channel of an invoice's `payment_methods`.
    pub fn of_invoice(name: &str) -> Option<&'static Self> {
        CHANNELS.iter().find(|one| one.invoice == name)
    }

    /// `payment_method` of an invoice that was paid here.
    pub fn invoice_method(&self) -> &'static str {
        match self.kind {
            Kind::VirtualAccount => "BANK_TRANSFER",
            Kind::OverTheCounter => "RETAIL_OUTLET",
            Kind::QrCode => "QR_CODE",
            Kind::Ewallet => "EWALLET",
            Kind::Card => "CREDIT_CARD",
            Kind::Paylater => "PAYLATER",
        }
    }

    /// Whether the money can be held first.
    pub fn holds(&self) -> bool {
        matches!(self.kind, Kind::Card | Kind::Ewallet)
    }
}

/// What Xendit's test amounts do to a card.
pub fn card_failure(amount: i64) -> Option<&'static str> {
    Some(match amount {
        10_051 => "EXPIRED_CARD",
        10_052 => "SUSPECTED_FRAUDULENT",
        10_053 => "DECLINED_BY_PROCESSOR",
        10_054 => "INSUFFICIENT_BALANCE",
        10_055 => "STOLEN_CARD",
        10_056 => "INACTIVE_OR_UNAUTHORIZED_CARD",
        10_057 => "PROCESSOR_ERROR",
        10_058 => "INVALID_CVV",
        10_059 => "DECLINED_BY_ISSUER",
        _ => return None,
    })
}
