//! Bills on the wire.

use dermaga_domain::booking::BillView;
use dermaga_ports::{booking::BillLine, time::Timestamp};
use poem_openapi::Object;

use super::wire::BookingBody;

/// A part of a bill.
#[derive(Debug, Clone, Object)]
#[oai(rename = "BillLine", skip_serializing_if_is_none)]
pub struct BillLineBody {
    /// In the biller's spelling
    pub period: String,
    /// In the currency's smallest unit, as everything here
    pub amount: Option<i64>,
    pub penalty: Option<i64>,
    pub admin: Option<i64>,
    pub other: Option<i64>,
}

impl From<BillLine> for BillLineBody {
    fn from(line: BillLine) -> Self {
        Self {
            period: line.period,
            amount: line.amount.map(|amount| amount.amount()),
            penalty: line.penalty.map(|amount| amount.amount()),
            admin: line.admin.map(|amount| amount.amount()),
            other: line.other.map(|amount| amount.amount()),
        }
    }
}

/// What somebody owes.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Bill", skip_serializing_if_is_none)]
pub struct InquiryBody {
    /// What to order; its price is what is to be paid
    pub booking: BookingBody,
    /// Whose bill it is, as the biller writes it
    pub customer_name: Option<String>,
    pub period: Option<String>,
    pub lines: Vec<BillLineBody>,
}

impl InquiryBody {
    /// As it stands at that moment.
    pub fn at(now: Timestamp, view: BillView) -> Self {
        let BillView { booking, period, lines } = view;
        Self {
            customer_name: booking.customer.holder.as_ref().map(|name| name.reveal().to_owned()),
            booking: BookingBody::in_a_list(now, booking),
            period,
            lines: lines.into_iter().map(Into::into).collect(),
        }
    }
}
