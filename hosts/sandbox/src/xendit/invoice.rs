//! An invoice: what may happen to it and what then is true of it. It knows no HTTP and no clock.

use serde::Serialize;
use serde_json::{Map, Value};

use super::channel::Channel;
use crate::{
    clock::Moment,
    script::{LatePay, Script},
};

/// `status` of an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvoiceStatus {
    /// It waits for the customer.
    Pending,
    /// Paid.
    Paid,
    /// Paid, and the money has arrived.
    Settled,
    /// Time ran out.
    Expired,
}

impl InvoiceStatus {
    /// As it is written.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Paid => "PAID",
            Self::Settled => "SETTLED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// An invoice.
#[derive(Debug, Clone, Serialize)]
pub struct Invoice {
    /// Xendit's id: 24 hexadecimal digits.
    pub id: String,
    /// Its place in the order of creation.
    pub number: u64,
    /// The merchant's id; several invoices may share it.
    pub external_id: String,
    /// What is asked for, in the currency's whole units.
    pub amount: i64,
    /// The currency.
    pub currency: String,
    /// How it stands.
    pub status: InvoiceStatus,
    /// The methods it offers.
    pub methods: Vec<&'static str>,
    /// When it was made.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
    /// When time runs out.
    pub expires: Moment,
    /// How it was paid.
    pub paid: Option<Paid>,
    /// Members of the request that are told again.
    pub echo: Map<String, Value>,
    /// What shall happen to it.
    pub script: Script,
}

/// How an invoice was paid.
#[derive(Debug, Clone, Serialize)]
pub struct Paid {
    /// When.
    pub at: Moment,
    /// How much.
    pub amount: i64,
    /// Where.
    pub channel: &'static Channel,
    /// The payment's id.
    pub payment_id: String,
    /// The payment method's id.
    pub method_id: String,
    /// The account that it was paid to, or what else says where.
    pub destination: String,
}

/// Something that happens to an invoice.
#[derive(Debug, Clone)]
pub enum InvoiceAct {
    /// The customer pays.
    Pay(Paid, Option<LatePay>),
    /// The money arrives.
    Settle,
    /// Time runs out.
    Expire,
}

/// It may not happen in this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Illegal;

impl Invoice {
    /// Makes it happen.
    ///
    /// # Errors
    /// [`Illegal`] if it may not happen now; nothing has changed then.
    pub fn apply(&mut self, act: InvoiceAct, now: Moment) -> Result<(), Illegal> {
        match (self.status, act) {
            (InvoiceStatus::Pending, InvoiceAct::Pay(paid, _)) => {
                self.paid = Some(paid);
                self.status = InvoiceStatus::Paid;
            }
            (InvoiceStatus::Expired, InvoiceAct::Pay(paid, Some(late))) if self.paid.is_none() => {
                self.paid = Some(paid);
                if late == LatePay::Revives {
                    self.status = InvoiceStatus::Paid;
                }
            }
            (InvoiceStatus::Paid, InvoiceAct::Settle) => self.status = InvoiceStatus::Settled,
            (InvoiceStatus::Pending, InvoiceAct::Expire) => self.status = InvoiceStatus::Expired,
            _ => return Err(Illegal),
        }
        self.updated = now;
        Ok(())
    }

    /// The channel that is used when nobody chooses.
    pub fn default_channel(&self) -> &'static Channel {
        let first = self.methods.iter().find_map(|name| Channel::of_invoice(name));
        first.unwrap_or(&super::channel::CHANNELS[0])
    }
}
