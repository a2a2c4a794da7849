//! Attempts, refunds, disputes and webhooks, read.

use dermaga_ports::{
    auth::Principal,
    ids::{NoticeId, PaymentId, TransactionId},
    paging::{Page, PageRequest},
    payments::{Dispute, Payment, PaymentFilter, Refund, Webhook},
};

use super::{Payments, start::missing};
use crate::{auth::Permission, error::Result};

/// An attempt with what became of its money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentView {
    pub payment: Payment,
    pub refunds: Vec<Refund>,
    pub disputes: Vec<Dispute>,
}

impl Payments {
    /// One attempt of the caller, or anybody's for staff.
    ///
    /// # Errors
    /// [`crate::Code::PaymentNotFound`], for somebody else's too.
    pub async fn payment(&self, by: &Principal, id: PaymentId) -> Result<PaymentView> {
        let payment = self.readable(by, id, Permission::ReadPayments).await?;
        let queries = self.0.ports.store.payments();
        let (refunds, disputes) = (queries.refunds(id).await?, queries.disputes(id).await?);
        Ok(PaymentView { payment, refunds, disputes })
    }

    /// Attempts of the caller, or everybody's for staff; newest first.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`].
    pub async fn payments(
        &self,
        by: &Principal,
        filter: PaymentFilter,
        page: PageRequest<PaymentId>,
    ) -> Result<Page<Payment, PaymentId>> {
        let filter = match by {
            Principal::User { id, .. } if self.0.authorise(by, Permission::ReadPayments).await.is_err() => {
                Permission::OwnPayments.check(by)?;
                PaymentFilter { user: Some(*id), ..filter }
            }
            _ => {
                self.0.authorise(by, Permission::ReadPayments).await?;
                filter
            }
        };
        Ok(self.0.ports.store.payments().payments(&filter, page).await?)
    }

    /// The attempts to fund a transaction of the caller, newest first.
    ///
    /// # Errors
    /// As [`Self::payments`].
    pub async fn payments_of(&self, by: &Principal, transaction: TransactionId) -> Result<Vec<Payment>> {
        let filter = PaymentFilter { transaction: Some(transaction), ..PaymentFilter::default() };
        Ok(self.payments(by, filter, PageRequest::first(100)).await?.items)
    }

    /// What gateways told, newest first; of one payment or all.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`].
    pub async fn webhooks(
        &self,
        by: &Principal,
        payment: Option<PaymentId>,
        page: PageRequest<NoticeId>,
    ) -> Result<Page<Webhook, NoticeId>> {
        self.0.authorise(by, Permission::ManagePayments).await?;
        Ok(self.0.ports.store.payments().webhooks(payment, page).await?)
    }

    /// An attempt of the caller, or anybody's for who may manage payments.
    pub(super) async fn own(&self, by: &Principal, id: PaymentId) -> Result<Payment> {
        self.readable(by, id, Permission::ManagePayments).await
    }

    async fn readable(&self, by: &Principal, id: PaymentId, any: Permission) -> Result<Payment> {
        let payment = self.0.ports.store.payments().payment(id).await?.ok_or_else(|| missing(id))?;
        let allowed = self.0.authorise_owner(by, payment.user, Permission::OwnPayments, any).await;
        allowed.map_err(|error| error.hidden_behind(|| missing(id)))?;
        Ok(payment)
    }
}
