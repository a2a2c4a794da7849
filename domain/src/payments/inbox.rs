//! Webhooks: stored, answered, and only then looked into.
//!
//! A webhook changes no state. It says that a read is due, and the read decides; so one that is forged, replayed,
//! repeated or late can at worst cause a read too many.

use std::time::Duration;

use dermaga_ports::{
    StoreError, Unique,
    ids::NoticeId,
    payments::{Hint, NotAuthentic, PaymentClass, Verdict, Webhook},
};

use super::Payments;
use crate::{
    error::{Code, Error, Result},
    events::before,
};

/// How much is kept of a body that is not authentic.
const FORGED_BYTES: usize = 1_024;
/// How long webhooks are kept: longer than any gateway repeats them.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

impl Payments {
    /// Takes a webhook of the gateways whose name begins with `family`; names of headers are in lower case.
    ///
    /// Answers what was made of it. Duplicates and payments that are not known here are no errors: the gateway shall
    /// not send them again.
    ///
    /// # Errors
    /// [`Code::WebhookRejected`] when it is not authentic, [`Code::Invalid`] when it cannot be read, and the store's
    /// failures: then the gateway shall send it again.
    pub async fn take_webhook(&self, family: &str, headers: &[(String, String)], body: &[u8]) -> Result<Verdict> {
        let mut refusal = NotAuthentic::Malformed("this host has no such gateway".to_owned());
        for gateway in self.0.ports.gateways.family(family) {
            match gateway.read_webhook(headers, body) {
                Ok(hint) => return self.receive(family, hint, body).await,
                // Several may be asked: one that knows the form and misses the signature says more than one that does not.
                Err(error) if refusal != NotAuthentic::Signature => refusal = error,
                Err(_) => {}
            }
        }
        match refusal {
            NotAuthentic::Signature => {
                self.keep(self.webhook(family, None, Verdict::BadSignature, &body[..body.len().min(FORGED_BYTES)]))
                    .await?;
                Err(Error::new(Code::WebhookRejected, "The signature is missing or wrong."))
            }
            NotAuthentic::Malformed(what) => Err(Error::fault("", what)),
        }
    }

    fn webhook(&self, family: &str, hint: Option<&Hint>, verdict: Verdict, body: &[u8]) -> Webhook {
        Webhook {
            id: self.0.id::<NoticeId>(),
            gateway: family.to_owned(),
            received_at: self.0.now(),
            dedupe_key: hint.map(|hint| hint.dedupe_key.clone()),
            reference: hint.and_then(|hint| hint.reference.clone()),
            payment: None,
            delivery_id: hint.and_then(|hint| hint.delivery_id.clone()),
            claims: hint.map(|hint| hint.claims.clone()),
            verdict,
            body: body.to_vec(),
        }
    }

    async fn keep(&self, webhook: Webhook) -> Result<()> {
        let mut uow = self.0.begin().await?;
        uow.inbox().add(&webhook).await?;
        Ok(uow.commit().await?)
    }

    async fn receive(&self, family: &str, hint: Hint, body: &[u8]) -> Result<Verdict> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = None;
        for gateway in self.0.ports.gateways.family(family) {
            if payment.is_none()
                && let Some(reference) = &hint.reference
            {
                payment = uow.inbox().payment_of(gateway.name(), reference).await?;
            }
            if payment.is_none()
                && let Some(id) = &hint.provider_id
            {
                payment = uow.inbox().payment_by_provider_id(gateway.name(), id).await?;
            }
        }
        let conflicts = match &hint.delivery_id {
            Some(delivery) => {
                let earlier = uow.inbox().delivered(family, delivery).await?;
                !earlier.is_empty() && earlier.iter().all(|earlier| earlier.body != body)
            }
            None => false,
        };
        let verdict = match payment {
            _ if conflicts => Verdict::Conflict,
            None => Verdict::Unmatched,
            Some(_) if hint.suspicious => Verdict::Suspicious,
            Some(_) => Verdict::Accepted,
        };
        let webhook = Webhook { payment, ..self.webhook(family, Some(&hint), verdict, body) };
        let verdict = match uow.inbox().add(&webhook).await {
            Ok(()) => verdict,
            Err(StoreError::Conflict(Unique::Reference)) if conflicts => {
                // The same claim in other words: kept for a person, without taking the first one's place.
                uow.inbox().add(&Webhook { dedupe_key: None, ..webhook }).await?;
                verdict
            }
            Err(StoreError::Conflict(Unique::Reference)) => Verdict::Duplicate,
            Err(other) => return Err(other.into()),
        };
        if let Some(payment) = payment {
            // A copy wakes it as well, if nothing came of the first: a replayed early copy must not hide the real one.
            let found = uow.payments().find(payment).await?;
            let unresolved = found.as_ref().is_some_and(|payment| payment.state.class() == PaymentClass::Open);
            if let Some(mut found) = found
                && found.provider_id.is_none()
                && hint.provider_id.is_some()
            {
                // After a lost answer this may be the only way to learn it. A read that goes by it checks whose it is.
                found.provider_id.clone_from(&hint.provider_id);
                uow.payments().save(&found).await?;
            }
            if verdict != Verdict::Duplicate || unresolved {
                uow.payments().wake(payment, now).await?;
            }
        }
        uow.commit().await?;
        Ok(verdict)
    }

    /// Forgets webhooks that no gateway will repeat any more; answers how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_webhooks(&self) -> Result<u64> {
        let mut uow = self.0.begin().await?;
        let forgotten = uow.inbox().forget(before(self.0.now(), KEPT), 1_000).await?;
        uow.commit().await?;
        Ok(forgotten)
    }
}
