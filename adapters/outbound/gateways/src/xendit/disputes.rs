//! Disputes of what was paid by card or code.

use dermaga_ports::{
    money::Currency,
    payments::{DisputeProgress, SeenDispute},
};
use serde::Deserialize;

use super::{Client, error::read};
use crate::wire::{
    NotDone, amount,
    http::{Call, unreadable},
    lenient::{Text, list},
    reference::foreign,
    unknown,
};

/// The most pages of a list that are read.
const MAX_PAGES: usize = 10;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Dispute {
    id: Text,
    payment_id: Text,
    status: Text,
    currency: Text,
    amount: Amounts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Amounts {
    /// At stake.
    initial: Text,
    /// Taken back in the end.
    terminal: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Disputes {
    #[serde(deserialize_with = "list")]
    data: Vec<Dispute>,
    pagination: Option<Pagination>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pagination {
    next_cursor: Text,
    has_more: bool,
}

impl Dispute {
    /// `None` if it has no readable id, state or amount.
    fn seen(&self) -> Option<SeenDispute> {
        let state = match self.status.word().as_str() {
            "ACTION_REQUIRED" => DisputeProgress::Open,
            "UNDER_REVIEW" => DisputeProgress::UnderReview,
            "WON" => DisputeProgress::Won,
            "LOST" => DisputeProgress::Lost,
            _ => return None,
        };
        let currency: Currency = self.currency.get()?.parse().ok()?;
        let lost = self.amount.terminal.get().filter(|_| state == DisputeProgress::Lost);
        let amount = amount::units(lost.or(self.amount.initial.get())?, currency)?;
        Some(SeenDispute { id: self.id.owned()?, amount, state })
    }
}

impl Client {
    /// All disputes of a payment, by the payment's own id.
    pub(super) async fn disputes(&self, payment: &str) -> Result<Vec<SeenDispute>, NotDone> {
        let mut disputes = Vec::new();
        let mut after = String::new();
        for _ in 0..MAX_PAGES {
            let url = self.url(&format!("/v1/disputes?payment_id={}&limit=50{after}", foreign(payment)?));
            let answer = self.send(Call::get("Xendit disputes", url)).await?;
            let page: Disputes = read(&answer, &self.confidential())?;
            for dispute in page.data.iter().filter(|dispute| dispute.payment_id.get() == Some(payment)) {
                disputes.push(dispute.seen().ok_or_else(|| unreadable(&answer, "a dispute cannot be read"))?);
            }
            match &page.pagination {
                Some(next) if next.has_more => after = format!("&cursor={}", foreign(next.next_cursor.or_empty())?),
                _ => return Ok(disputes),
            }
        }
        Err(unknown("Xendit disputes: there is no end of the list"))
    }
}
