//! Money for an order that came another way than through a gateway of ours.

use dermaga_ports::{
    auth::Principal,
    ids::{OrderId, PaymentId},
    money::Money,
    orders::{Order, OrderStatus},
};
use uuid::Uuid;

use super::{Orders, missing};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    faults::Faults,
    payments::Payments,
};

/// A payment taken elsewhere.
#[derive(Debug, Clone, Default)]
pub struct TakenElsewhere {
    /// Whoever took it calls it so; the same reference again is the same payment.
    pub reference: String,
    /// MUST be the order's total.
    pub amount: i64,
    /// IDR unless named.
    pub currency: Option<String>,
}

impl Orders {
    /// Writes down that an order was paid elsewhere. Idempotent by the reference.
    ///
    /// The money is there, whatever became of the order in the meantime: if its time is over, it goes to the buyer's
    /// wallet.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::OrderNotFound`], [`Code::IllegalTransition`] for a draft, [`Code::ReferenceTaken`]
    /// if the reference stands for another order's payment, [`Code::Invalid`] for an amount that is not the total.
    pub async fn record_payment(&self, by: &Principal, id: OrderId, taken: TakenElsewhere) -> Result<Order> {
        self.0.authorise(by, Permission::RecordPayments).await?;
        let order = self.0.ports.store.orders().order(id).await?.ok_or_else(|| missing(id))?;
        let mut faults = Faults::default();
        let reference = faults.text("/reference", Some(&taken.reference), 100).unwrap_or_default();
        if reference.is_empty() {
            faults.add("/reference", "is required");
        }
        let amount = faults.amount(taken.amount, taken.currency.as_deref());
        faults.check()?;
        if order.status == OrderStatus::Draft {
            return Err(Error::new(Code::IllegalTransition, "The order is a DRAFT: place it first."));
        }
        if amount != order.total {
            return Err(Error::fault("/amount", format!("must be the order's total, {}", total(order.total))));
        }
        let payment = PaymentId(Uuid::new_v5(&id.0, reference.as_bytes()));
        Payments::new(self.0.clone()).record(by, payment, order.transaction(), &reference).await?;
        self.0.ports.store.orders().order(id).await?.ok_or_else(|| missing(id))
    }
}

fn total(money: Money) -> String {
    format!("{} {}", money.currency(), money.amount())
}
