//! What we have with a supplier: without it nothing is sold.

use dermaga_ports::{auth::Principal, booking::Outcome, money::Money, store::UnitOfWork, time::Timestamp};
use serde_json::json;

use super::Bookings;
use crate::{
    core::{Core, Note},
    error::Result,
};

/// What a supplier of credits has of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    pub supplier: String,
    pub amount: Money,
    /// It is below what the policy wants there.
    pub low: bool,
}

impl Bookings {
    /// Asks for our balance with whoever sells credits; nothing if nobody does, or nobody answers. `was_low` is what the
    /// caller heard last: that it is low is told once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn balance(&self, was_low: bool) -> Result<Option<Balance>> {
        let Some(supplier) = &self.0.ports.suppliers.ppob else { return Ok(None) };
        let Outcome::Done(amount) = supplier.balance().await else { return Ok(None) };
        let low = amount.amount() < self.0.policy.low_balance;
        let found = Balance { supplier: supplier.name().to_owned(), amount, low };
        if low && !was_low {
            let now = self.0.now();
            let told = format!("our balance there is low: {amount}");
            let mut uow = self.0.begin().await?;
            self.0.tell_of_trouble(&mut *uow, &found.supplier, &told, now).await?;
            uow.commit().await?;
        }
        Ok(Some(found))
    }
}

impl Core {
    /// Tells whoever subscribes that something is wrong between a supplier and us. No customer hears of it.
    pub(super) async fn tell_of_trouble(
        &self,
        uow: &mut dyn UnitOfWork,
        supplier: &str,
        what: &str,
        now: Timestamp,
    ) -> Result<()> {
        let by = Principal::Service { name: supplier.to_owned() };
        let facts = json!({"supplier": supplier, "trouble": what});
        let subject = format!("supplier:{supplier}");
        let note = Note { actor: Some(&by), action: "supplier.trouble", subject, detail: what.to_owned() };
        self.file(uow, note, facts, now).await
    }
}
