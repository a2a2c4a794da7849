//! Suppliers' webhooks: checked, answered, and nothing but a knock at the door. What is so is asked.

use dermaga_ports::booking::NotAuthentic;

use super::Bookings;
use crate::error::{Code, Error, Result};

impl Bookings {
    /// Takes a webhook of the supplier of that name; names of headers are in any case. Answers whether it is about a
    /// booking of ours.
    ///
    /// # Errors
    /// [`Code::WebhookRejected`] when it is not authentic, [`Code::Invalid`] when it cannot be read, and the store's
    /// failures: then the supplier shall send it again.
    pub async fn take_webhook(&self, supplier: &str, headers: &[(String, String)], body: &[u8]) -> Result<bool> {
        let Some(read) = self.0.ports.suppliers.read_webhook(supplier, headers, body) else {
            return Err(Error::new(Code::WebhookRejected, "This host has no such supplier."));
        };
        let hint = read.map_err(|refusal| match refusal {
            NotAuthentic::Signature => Error::new(Code::WebhookRejected, "The signature is missing or wrong."),
            NotAuthentic::Malformed(what) => Error::fault("", what),
        })?;
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let ours = uow.bookings().wake(supplier, hint.reference.as_deref(), hint.supplier_id.as_deref(), now).await?;
        uow.commit().await?;
        Ok(ours)
    }
}
