//! The socket for those who sell credits (pulsa, data, PLN tokens) and take bills (PLN, water, BPJS).
//!
//! # One reference, one purchase
//! The reference is the supplier's key as well: the same reference, product and number is the same purchase, for ninety
//! days. Nothing can be cancelled; only the supplier itself gives money back ([`SaleState::Returned`]), also after it said
//! that all went well.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Day, Found, Hint, NotAuthentic, Outcome, Personal, RefusalKind};
use crate::{money::Money, time::Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// Paid before it is used.
    Prepaid,
    /// A bill: asked for first, then paid.
    Postpaid,
}

/// The part of each day in which a product is not sold, in minutes after midnight in Jakarta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutOff {
    pub from: u16,
    pub until: u16,
}

impl CutOff {
    /// Whether it is now. It may cross midnight; one that ends where it begins never is.
    pub fn holds(self, now: Timestamp) -> bool {
        let there = now.to_datetime().to_offset(super::JAKARTA);
        let minute = u16::from(there.hour()) * 60 + u16::from(there.minute());
        if self.from <= self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

/// Something on the price list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub sku: String,
    pub kind: ProductKind,
    pub name: String,
    pub category: String,
    pub brand: String,
    pub description: Option<String>,
    /// What it costs us; of a bill, nothing is known before it was asked for.
    pub price: Option<Money>,
    /// What the biller's customer is charged on top of a bill.
    pub admin: Option<Money>,
    /// What we keep of that.
    pub commission: Option<Money>,
    /// Switched on by us and by its seller, and in stock.
    pub active: bool,
    /// The same number may be served more than once a day.
    pub repeatable: bool,
    pub cut_off: Option<CutOff>,
}

impl Product {
    /// Whether it can be bought now.
    pub fn sellable(&self, now: Timestamp) -> bool {
        self.active && !self.cut_off.is_some_and(|cut_off| cut_off.holds(now))
    }
}

/// A question what somebody owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// Ours, and the one of the payment that may follow. 1 to 50 of `A-Z a-z 0-9 - _ ~ .`.
    pub reference: String,
    pub sku: String,
    pub customer_no: Personal,
    /// Of a property tax.
    pub year: Option<u16>,
    /// Where the customer chooses it.
    pub amount: Option<Money>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillLine {
    /// In the biller's spelling.
    pub period: String,
    pub amount: Option<Money>,
    pub penalty: Option<Money>,
    pub admin: Option<Money>,
    pub other: Option<Money>,
}

/// What somebody owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    pub reference: String,
    pub sku: String,
    pub customer_no: Personal,
    pub customer_name: Option<Personal>,
    /// What the customer is billed.
    pub bill: Money,
    /// What it costs us.
    pub cost: Money,
    pub admin: Option<Money>,
    pub period: Option<String>,
    pub lines: Vec<BillLine>,
    /// It can be paid on this day in Jakarta and on no other.
    pub payable_on: Day,
    /// Everything else that the biller told, as JSON. It has the customer's address in it.
    pub details: Personal,
}

/// Whose meter it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlnCustomer {
    pub meter_no: Option<Personal>,
    pub subscriber_id: Option<Personal>,
    pub name: Option<Personal>,
    /// Tariff and power: `R1 /000001300`.
    pub segment_power: Option<String>,
}

/// A credit that shall be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub reference: String,
    pub sku: String,
    pub customer_no: Personal,
    /// The most that it may cost us.
    pub max_price: Money,
}

/// A bill that shall be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillPayment {
    /// That of the inquiry.
    pub reference: String,
    pub sku: String,
    pub customer_no: Personal,
    /// [`Bill::payable_on`].
    pub payable_on: Day,
    /// [`Bill::cost`].
    pub cost: Money,
}

/// A purchase as it is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleRef {
    pub reference: String,
    pub kind: ProductKind,
    pub sku: String,
    pub customer_no: Personal,
    /// When it was first sent.
    pub begun_at: Timestamp,
    /// Of a prepaid purchase: the most that it may cost.
    pub max_price: Option<Money>,
}

/// How a purchase stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaleState {
    Pending,
    Succeeded,
    /// For good. A new try needs a new reference.
    Failed(RefusalKind),
    /// The supplier gave the money back, perhaps long after a success.
    Returned,
}

/// A purchase as the supplier tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    pub reference: String,
    pub state: SaleState,
    /// What it cost us.
    pub cost: Option<Money>,
    /// What was delivered or the biller's receipt, as it came: kept for ever, and worth money, so `Debug` hides it. Some
    /// successes have none.
    pub serial: Option<Personal>,
    /// The twenty digits of a PLN token, if there is one in the serial.
    pub token: Option<Personal>,
    /// In the supplier's words.
    pub message: String,
    pub code: String,
    /// Masked.
    pub raw: String,
}

/// Who sells credits and takes bills. No call may be made while a unit of work is open.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PpobSupplier: Send + Sync {
    fn name(&self) -> &str;

    /// Everything on the list. Suppliers answer once in some minutes, and the list lags behind: keep it, and protect
    /// purchases with [`Purchase::max_price`].
    async fn products(&self, kind: ProductKind) -> Outcome<Vec<Product>>;

    /// What somebody owes. Changes nothing.
    async fn inquire(&self, inquiry: &Inquiry) -> Outcome<Bill>;

    /// Whose meter it is, before a token is bought for it.
    async fn pln_customer(&self, customer_no: &Personal) -> Outcome<PlnCustomer>;

    /// Buys. Dearer than [`Purchase::max_price`] is [`RefusalKind::PriceChanged`]. [`SaleState::Pending`] is the usual
    /// answer.
    async fn buy(&self, purchase: &Purchase) -> Outcome<Sale>;

    /// Pays. On another day than that of the inquiry it is [`RefusalKind::OfferGone`], and nobody is called.
    async fn pay_bill(&self, payment: &BillPayment) -> Outcome<Sale>;

    /// How a purchase stands. Of a prepaid one this repeats the purchase: if the first call never arrived it is made
    /// now, once. MUST refuse what is too old to be repeated safely. Not more often than once a minute.
    async fn status(&self, sale: &SaleRef) -> Outcome<Found<Sale>>;

    /// What we have with the supplier.
    async fn balance(&self) -> Outcome<Money>;

    /// Reads a webhook. Names of headers are in any case.
    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> Result<Hint, NotAuthentic>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn trap_16_a_cut_off_may_cross_midnight_in_jakarta() {
        let night = CutOff { from: 23 * 60 + 45, until: 30 };
        for (now, holds) in [
            ("2026-01-05T16:44:59Z", false),
            ("2026-01-05T16:45:00Z", true),
            ("2026-01-05T17:00:00Z", true),
            ("2026-01-05T17:29:59Z", true),
            ("2026-01-05T17:30:00Z", false),
            ("2026-01-05T03:00:00Z", false),
        ] {
            assert_eq!(night.holds(at(now)), holds, "{now}");
        }
        let noon = CutOff { from: 12 * 60, until: 13 * 60 };
        assert!(noon.holds(at("2026-01-05T05:30:00Z")) && !noon.holds(at("2026-01-05T06:00:00Z")));
        for minute in [0, 600, 1439] {
            assert!(!CutOff { from: minute, until: minute }.holds(at("2026-01-05T03:00:00Z")), "equal times: none");
        }
    }
}
