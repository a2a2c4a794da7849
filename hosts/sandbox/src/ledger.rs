//! What has to agree with the application's own books at the end of a test.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

/// Sums of money, in the currency's smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sums {
    /// Taken from customers and not handed back by a reversal.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
    /// Taken away by disputes.
    pub charged_back: i64,
}

/// The sums of one provider by reference and currency.
#[derive(Debug, Default)]
pub struct Ledger(BTreeMap<(String, String), Sums>);

impl Ledger {
    /// Adds what went through one payment. A reference may have several.
    pub fn add(&mut self, reference: &str, currency: &str, sums: Sums) {
        let entry = self.0.entry((reference.to_owned(), currency.to_owned())).or_default();
        entry.captured += sums.captured;
        entry.refunded += sums.refunded;
        entry.charged_back += sums.charged_back;
    }

    /// As the admin API shows it.
    pub fn shown(&self) -> Value {
        let mut currencies: BTreeMap<&str, Sums> = BTreeMap::new();
        let mut references = Vec::new();
        for ((reference, currency), sums) in &self.0 {
            let total = currencies.entry(currency).or_default();
            total.captured += sums.captured;
            total.refunded += sums.refunded;
            total.charged_back += sums.charged_back;
            let Sums { captured, refunded, charged_back } = sums;
            references.push(json!({
                "ref": reference, "currency": currency, "captured": captured, "refunded": refunded,
                "charged_back": charged_back,
            }));
        }
        json!({"currencies": currencies, "references": references})
    }
}
