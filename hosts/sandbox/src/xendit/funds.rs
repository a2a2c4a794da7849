//! Money that came in, whatever it pays: what refunds and disputes are about.

use super::{book::Book, channel::Channel};
use crate::{
    clock::Moment,
    script::{Currency, Script},
};

/// A payment, whatever it pays.
#[derive(Debug, Clone)]
pub struct Funds {
    /// The invoice, if it pays one.
    pub invoice: Option<String>,
    /// The payment request, if it pays one.
    pub request: Option<String>,
    /// The payment's id.
    pub payment: String,
    /// The merchant's id.
    pub reference: String,
    /// Where it was paid.
    pub channel: &'static Channel,
    /// How much.
    pub amount: i64,
    /// In which currency.
    pub currency: String,
    /// When.
    pub at: Moment,
    /// The script of what it pays.
    pub script: Script,
}

impl Book {
    /// All payments that have brought money.
    pub fn funds(&self) -> Vec<Funds> {
        let invoices = self.invoices.values().filter_map(|invoice| {
            let paid = invoice.paid.as_ref()?;
            Some(Funds {
                invoice: Some(invoice.id.clone()),
                request: None,
                payment: paid.payment_id.clone(),
                reference: invoice.external_id.clone(),
                channel: paid.channel,
                amount: paid.amount,
                currency: currency(&invoice.script, &invoice.currency),
                at: paid.at,
                script: invoice.script.clone(),
            })
        });
        let requests = self.requests.values().flat_map(|request| {
            let funded = request.payments.iter().filter(|payment| payment.captured() > 0);
            funded.map(|payment| Funds {
                invoice: None,
                request: Some(request.id.clone()),
                payment: payment.id.clone(),
                reference: request.reference.clone(),
                channel: request.channel,
                amount: payment.captured(),
                currency: currency(&request.script, &request.currency),
                at: payment.updated,
                script: request.script.clone(),
            })
        });
        invoices.chain(requests).collect()
    }
}

/// The currency that is told.
fn currency(script: &Script, real: &str) -> String {
    match &script.looks.currency {
        Currency::Other(code) => code.clone(),
        Currency::Right | Currency::Absent => real.to_owned(),
    }
}
