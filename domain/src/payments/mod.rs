//! How money comes in and how merchants are paid.
//!
//! # Shape
//! - [`transitions`], [`schedule`]: the decisions, pure. What a gateway's answer means, and when it is asked again.
//! - [`start`], [`topup`], [`purchase`], [`confirm`], [`refund`]: what people ask for. Stored first, sent second.
//! - [`manual`], [`proof`]: transfers that a person finds on a bank's statement, and what payers show for them.
//! - [`inbox`]: webhooks, which only wake somebody up.
//! - [`check`]: reading at the gateway, and going on from what is so.
//! - [`apply`], [`import`]: writing down what a gateway said, with everything that follows; [`bookings`]: in the books.
//! - [`pay`]: from a wallet to a merchant, without any gateway.

mod apply;
mod bookings;
mod check;
mod confirm;
mod fees;
mod gateways;
mod import;
mod inbox;
mod manual;
mod pay;
mod proof;
mod purchase;
mod refund;
mod schedule;
mod start;
#[cfg(test)]
mod testing;
mod topup;
mod transitions;
mod view;

use std::sync::Arc;

pub use confirm::Step;
pub use fees::FeeRule;
pub use gateways::{Gateways, MANUAL};
pub use pay::MerchantPayment;
pub(crate) use pay::slug;
pub use proof::{MAX_PICTURE, NewProof};
pub use purchase::{Payable, Purchase};
pub use start::MethodChoice;
pub use topup::Topup;
pub use transitions::{Judgement, judge, successors};
pub use view::PaymentView;

use crate::core::Core;

/// The use cases of payments.
#[derive(Clone)]
pub struct Payments(Arc<Core>);

impl Payments {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}
