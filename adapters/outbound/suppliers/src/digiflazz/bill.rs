//! Inquiries: what somebody owes.

use dermaga_ports::booking::{Bill, BillLine, Day, Inquiry, Personal, ProductKind};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{
    Digiflazz,
    codes::{Verdict, refused, verdict},
    data,
    sale::numbered,
};
use crate::wire::{
    amount::rupiah,
    http::{Effect, unreadable},
    outcome::{Result, reference},
    text::{Text, list},
};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Told {
    ref_id: Text,
    customer_name: Text,
    admin: Text,
    message: Text,
    status: Text,
    rc: Text,
    periode: Text,
    price: Text,
    selling_price: Text,
    desc: Option<Box<RawValue>>,
}

/// Everything besides the lines differs from biller to biller.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Desc {
    #[serde(deserialize_with = "list")]
    detail: Vec<Line>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Line {
    periode: Text,
    nilai_tagihan: Text,
    admin: Text,
    denda: Text,
    biaya_lain: Text,
}

impl Digiflazz {
    pub(super) async fn ask_bill(&self, inquiry: &Inquiry) -> Result<Bill> {
        let Inquiry { reference: ours, sku, customer_no, year, amount } = inquiry;
        reference(ours)?;
        numbered(customer_no, ProductKind::Postpaid)?;
        // The day on which it is sent: should midnight pass on the way, the bill is asked for again, and no harm is done.
        let payable_on = Day::in_jakarta(self.clock.now());
        let mut body = json!({"commands": "inq-pasca", "buyer_sku_code": sku, "customer_no": customer_no.reveal(),
            "ref_id": ours});
        if let Some(year) = year {
            body["year"] = json!(year.to_string());
        }
        if let Some(amount) = amount {
            body["amount"] = json!(amount.amount());
        }
        let answer = self.call("Digiflazz bill inquiry", Effect::Nothing, "transaction", ours, body).await?;
        let told: Told = data(&answer)?;
        let now = self.clock.now();
        if verdict(told.rc.or_empty(), told.status.or_empty(), now) != Verdict::Success {
            return Err(refused(told.rc.or_empty(), told.message.or_empty(), &self.confidential(customer_no), now));
        }
        if told.ref_id.get() != Some(ours.as_str()) {
            return Err(unreadable(&answer, "it speaks of another reference"));
        }
        let (Some(cost), Some(bill)) = (rupiah(&told.price), rupiah(&told.selling_price)) else {
            return Err(unreadable(&answer, "it names no sum in whole rupiah"));
        };
        let details = told.desc.as_ref().map_or("{}", |desc| desc.get());
        let desc: Desc = serde_json::from_str(details).unwrap_or_default();
        Ok(Bill {
            reference: ours.clone(),
            sku: sku.clone(),
            customer_no: customer_no.clone(),
            customer_name: told.customer_name.get().map(Personal::new),
            bill,
            cost,
            admin: rupiah(&told.admin),
            period: told.periode.owned(),
            lines: desc.detail.iter().map(line).collect(),
            payable_on,
            details: Personal::new(details),
        })
    }
}

fn line(line: &Line) -> BillLine {
    BillLine {
        period: line.periode.or_empty().to_owned(),
        amount: rupiah(&line.nilai_tagihan),
        penalty: rupiah(&line.denda),
        admin: rupiah(&line.admin),
        other: rupiah(&line.biaya_lain),
    }
}
