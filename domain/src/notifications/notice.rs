//! What people can be told, as facts. The words are made from these at the last moment, so a better wording reaches
//! what is still waiting, and a person who changes their language is understood.

use dermaga_ports::{money::Currency, notifications::Content};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An amount in the currency's smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub amount: i64,
    pub currency: Currency,
}

/// What kind of movement it was, as events call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Topup,
    Payment,
    Transfer,
    Debit,
    Credit,
}

/// What happened, from the point of view of the person who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", content = "data", rename_all = "snake_case")]
pub enum What {
    TopupArrived { sum: Sum },
    MoneyReceived { sum: Sum, from: Option<String> },
    MoneySent { sum: Sum, to: Option<String> },
    MoneyAdded { sum: Sum },
    MoneyTaken { sum: Sum },
    TransferWaiting { sum: Sum },
    TransactionFailed { kind: Kind, sum: Sum },
    TransactionCancelled { kind: Kind, sum: Sum },
    MoneyReturned { kind: Kind, sum: Sum, returned: Sum },
    MoneyReclaimed { sum: Sum, returned: Sum },
    PaymentTaken { sum: Sum },
    PaymentFailed { sum: Sum, reason: Option<String> },
    PaymentExpired { sum: Sum },
    PaymentInReview { sum: Sum },
    PaymentSurplus { sum: Sum },
    RefundMade { sum: Sum },
    RefundFailed { sum: Sum },
    OrderConfirmed { sum: Option<Sum> },
    OrderPaid { sum: Option<Sum> },
    OrderCompleted {},
    OrderCancelled {},
    OrderExpired {},
    TicketIssued { event: String },
    TicketWithdrawn { event: String },
    BookingBought { title: String },
    BookingRefused { title: String, sum: Sum },
    BookingCancelled { title: String },
    BookingMoved { title: String },
}

impl What {
    /// Names the other side, if there is one to be named.
    pub(super) fn with(mut self, other: Option<String>) -> Self {
        if let Self::MoneyReceived { from: name, .. } | Self::MoneySent { to: name, .. } = &mut self {
            *name = other;
        }
        self
    }
}

/// What happened, and the number under which a person can ask about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub what: What,
    /// The id of the transaction, payment or order.
    pub reference: String,
}

/// Where the number is kept beside the facts.
const REFERENCE: &str = "reference";

impl Notice {
    /// As it is kept.
    pub fn content(&self) -> Content {
        let mut told = serde_json::to_value(&self.what).unwrap_or_default();
        let name = told["template"].as_str().unwrap_or_default().to_owned();
        let mut data = told["data"].take();
        data[REFERENCE] = Value::from(self.reference.clone());
        Content::Template { name, data }
    }

    /// From how it is kept.
    ///
    /// # Errors
    /// A template or facts that this version does not know.
    pub fn read(name: &str, data: &Value) -> Result<Self, String> {
        let reference = data[REFERENCE].as_str().unwrap_or_default().to_owned();
        let what = serde_json::from_value(json!({ "template": name, "data": data }));
        what.map(|what| Self { what, reference }).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_reads_back_as_it_is_kept() {
        let sum = Sum { amount: 50_000, currency: Currency::Idr };
        for what in [
            What::MoneyReceived { sum, from: Some("Ani".to_owned()) },
            What::MoneyReturned { kind: Kind::Transfer, sum, returned: Sum { amount: 7, ..sum } },
            What::PaymentFailed { sum, reason: None },
            What::OrderExpired {},
            What::BookingBought { title: "PLN Token 20.000".to_owned() },
            What::BookingRefused { title: "PLN Token 20.000".to_owned(), sum },
            What::BookingCancelled { title: "Garuda CGK-DPS".to_owned() },
            What::BookingMoved { title: "Garuda CGK-DPS".to_owned() },
        ] {
            let notice = Notice { what, reference: "42".to_owned() };
            let Content::Template { name, data } = notice.content() else { panic!("a template") };
            assert_eq!(Notice::read(&name, &data), Ok(notice), "{name}: {data}");
        }
        assert!(Notice::read("of_another_version", &json!({})).is_err());
        assert!(Notice::read("topup_arrived", &json!({ "sum": { "amount": "much" } })).is_err());
    }
}
