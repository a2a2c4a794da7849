//! How money comes in and how merchants are paid.

mod pay;
mod topup;

use std::sync::Arc;

pub use pay::MerchantPayment;
pub use topup::Topup;

use crate::core::Core;

/// The use cases of payments.
#[derive(Clone)]
pub struct Payments(Arc<Core>);

impl Payments {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}
