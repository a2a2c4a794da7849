//! Purchases: buying, paying a bill, and asking how either stands.

use std::time::Duration;

use dermaga_ports::{
    booking::{BillPayment, Day, Found, Personal, ProductKind, Purchase, RefusalKind, Sale, SaleRef, SaleState},
    money::{Currency, Money},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Digiflazz,
    codes::{Verdict, refusal, verdict},
    data,
};
use crate::wire::{
    amount::rupiah,
    http::{Answer, Effect, unreadable},
    mask,
    outcome::{NotDone, Result, invalid, lost, reference, refused},
    text::Text,
};

/// Digiflazz forgets a reference after ninety days, and would buy again. One day less, for its clock and ours.
const REMEMBERED: Duration = Duration::from_secs(89 * 24 * 60 * 60);

/// A time-out in answer to a question is not what became of the purchase before that: where the purchase was lost on its
/// way, the question has bought, and its biller is still at work.
const DOUBTED: Duration = Duration::from_secs(10 * 60);

/// Only the first members are sure to be there: failures are shorter.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Told {
    ref_id: Text,
    message: Text,
    status: Text,
    rc: Text,
    sn: Text,
    price: Text,
}

impl Digiflazz {
    pub(super) async fn purchase(&self, purchase: &Purchase) -> Result<Sale> {
        let Purchase { reference, sku, customer_no, max_price } = purchase;
        let (_, told, verdict, raw) = self.top_up(reference, sku, customer_no, Some(*max_price)).await?;
        self.first_answer(reference, customer_no, &told, verdict, raw)
    }

    /// The call that buys, and that asks how it went.
    async fn top_up(
        &self,
        ours: &str,
        sku: &str,
        customer: &Personal,
        most: Option<Money>,
    ) -> Result<(Answer, Told, Verdict, String)> {
        reference(ours)?;
        numbered(customer, ProductKind::Prepaid)?;
        let mut body = json!({"buyer_sku_code": sku, "customer_no": customer.reveal(), "ref_id": ours});
        if let Some(most) = most {
            if most.currency() != Currency::Idr || !most.is_positive() {
                return Err(invalid("max_price", "a price is in rupiah and more than 0"));
            }
            body["max_price"] = json!(most.amount());
        }
        if customer.reveal().contains('.') {
            body["allow_dot"] = json!(true);
        }
        if let Some(url) = &self.config.callback_url {
            body["cb_url"] = json!(url);
        }
        self.exchange("Digiflazz purchase", Effect::Makes, ours, body).await
    }

    pub(super) async fn settle(&self, payment: &BillPayment) -> Result<Sale> {
        let BillPayment { reference: ours, sku, customer_no, payable_on, .. } = payment;
        reference(ours)?;
        numbered(customer_no, ProductKind::Postpaid)?;
        let today = Day::in_jakarta(self.clock.now());
        if today != *payable_on {
            let told = format!("the bill was asked for on {payable_on} and can be paid on that day only: ask again");
            return Err(refused(RefusalKind::OfferGone, told));
        }
        let body = json!({"commands": "pay-pasca", "buyer_sku_code": sku, "customer_no": customer_no.reveal(),
            "ref_id": ours});
        let (_, told, verdict, raw) = self.exchange("Digiflazz bill payment", Effect::Makes, ours, body).await?;
        self.first_answer(ours, customer_no, &told, verdict, raw)
    }

    async fn exchange(
        &self,
        what: &'static str,
        effect: Effect,
        ours: &str,
        body: Value,
    ) -> Result<(Answer, Told, Verdict, String)> {
        let answer = self.call(what, effect, "transaction", ours, body).await?;
        let told: Told = data(&answer)?;
        let verdict = verdict(told.rc.or_empty(), told.status.or_empty(), self.clock.now());
        if verdict == Verdict::Unreadable {
            return Err(unreadable(&answer, "its code and its status say nothing that is documented"));
        }
        // A refusal may come without it; what speaks of another purchase proves nothing about this one.
        if told.ref_id.get().is_some_and(|of| of != ours) {
            return Err(unreadable(&answer, "it speaks of another reference"));
        }
        let raw = mask::answer(&answer.body);
        Ok((answer, told, verdict, raw))
    }

    /// The answer to the call that makes a purchase.
    fn first_answer(
        &self,
        ours: &str,
        customer: &Personal,
        told: &Told,
        verdict: Verdict,
        raw: String,
    ) -> Result<Sale> {
        let state = match verdict {
            Verdict::Success => SaleState::Succeeded,
            Verdict::Pending => SaleState::Pending,
            Verdict::Returned => SaleState::Returned,
            Verdict::Absent => {
                let confidential = self.confidential(customer);
                return Err(refusal(RefusalKind::NotFound, told.rc.or_empty(), told.message.or_empty(), &confidential));
            }
            Verdict::Failed(kind) => {
                return Err(refusal(kind, told.rc.or_empty(), told.message.or_empty(), &self.confidential(customer)));
            }
            Verdict::Doubtful | Verdict::Unreadable => {
                return Err(lost(
                    Effect::Makes,
                    "the biller did not answer Digiflazz in time: ask again in some minutes",
                ));
            }
        };
        Ok(self.sale(ours, customer, told, state, raw))
    }

    pub(super) async fn ask_sale(&self, sale: &SaleRef) -> Result<Found<Sale>> {
        reference(&sale.reference)?;
        let (answer, told, verdict, raw) = match sale.kind {
            ProductKind::Prepaid => {
                if self.clock.now().since(sale.begun_at) >= REMEMBERED {
                    let told = "it is so old that asking would buy again: ask the people at Digiflazz";
                    return Err(refused(RefusalKind::Rejected, told));
                }
                self.top_up(&sale.reference, &sale.sku, &sale.customer_no, sale.max_price).await?
            }
            ProductKind::Postpaid => {
                let body = json!({"commands": "status-pasca", "buyer_sku_code": sale.sku,
                    "customer_no": sale.customer_no.reveal(), "ref_id": sale.reference});
                self.exchange("Digiflazz bill status", Effect::Nothing, &sale.reference, body).await?
            }
        };
        let state = match verdict {
            Verdict::Success => SaleState::Succeeded,
            Verdict::Pending => SaleState::Pending,
            Verdict::Returned => SaleState::Returned,
            Verdict::Absent => return Ok(Found::Nothing),
            // These refuse the question and say nothing about the purchase.
            Verdict::Failed(
                kind @ (RefusalKind::Misconfigured | RefusalKind::RateLimited { .. } | RefusalKind::AlreadyDone),
            ) => {
                let confidential = self.confidential(&sale.customer_no);
                return Err(refusal(kind, told.rc.or_empty(), told.message.or_empty(), &confidential));
            }
            Verdict::Failed(kind) => SaleState::Failed(kind),
            // Asked again later, the time-out is what became of it.
            Verdict::Doubtful if self.clock.now().since(sale.begun_at) < DOUBTED => {
                return Err(NotDone::Unknown("the biller did not answer Digiflazz in time".to_owned()));
            }
            Verdict::Doubtful => SaleState::Failed(RefusalKind::Rejected),
            Verdict::Unreadable => return Err(unreadable(&answer, "it says nothing that is documented")),
        };
        Ok(Found::Record(Box::new(self.sale(&sale.reference, &sale.customer_no, &told, state, raw))))
    }

    fn sale(&self, ours: &str, customer: &Personal, told: &Told, state: SaleState, raw: String) -> Sale {
        Sale {
            reference: ours.to_owned(),
            state,
            cost: rupiah(&told.price),
            serial: told.sn.get().map(Personal::new),
            token: told.sn.get().and_then(meter_token).map(Personal::new),
            message: mask::words(told.message.or_empty(), &self.confidential(customer)),
            code: told.rc.or_empty().to_owned(),
            raw,
        }
    }
}

/// A customer's number: what billers print. The tax on a vehicle has two, of digits alone, with a comma between them.
pub(super) fn numbered(customer: &Personal, kind: ProductKind) -> Result<()> {
    let text = customer.reveal();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'@' | b'_');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let two = text.split_once(',').is_some_and(|(first, second)| digits(first) && digits(second));
    if (4..=50).contains(&text.len()) && (text.bytes().all(fits) || (two && kind == ProductKind::Postpaid)) {
        return Ok(());
    }
    Err(invalid("customer_no", "a customer's number has 4 to 50 letters and digits"))
}

/// The twenty digits at the beginning of a serial, with or without dashes, alone or before a slash.
fn meter_token(serial: &str) -> Option<String> {
    let first = serial.split('/').next().unwrap_or_default().trim();
    let digits: String = first.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_twenty_digits_however_it_is_written() {
        let token = Some("12345678901234567890".to_owned());
        for serial in [
            "1234-5678-9012-3456-7890/BUDI SANTOSO/R1/1300/32,1",
            "12345678901234567890",
            "1234 5678 9012 3456 7890 / BUDI",
        ] {
            assert_eq!(meter_token(serial), token, "{serial}");
        }
        for serial in ["1234567890", "", "S1234554321N", "1234-5678-9012-3456-789/BUDI", "123456789012345678901"] {
            assert_eq!(meter_token(serial), None, "{serial}");
        }
    }
}
