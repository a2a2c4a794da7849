//! Where payments, refunds, disputes and webhooks are kept.

use async_trait::async_trait;

use super::{Dispute, Payment, PaymentState, Refund, Webhook};
use crate::{
    StoreError,
    ids::{NoticeId, PaymentId, RefundId, TransactionId, UserId},
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// Payments inside a unit of work. Who changes a payment and its transaction locks the payment first.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Payments: Send {
    /// # Errors
    /// [`crate::Unique::Id`] if the id is there, [`crate::Unique::Reference`] if the gateway has another one of this
    /// reference.
    async fn add(&mut self, payment: &Payment) -> Result<(), StoreError>;

    /// The payment, locked until the unit of work ends.
    async fn find(&mut self, id: PaymentId) -> Result<Option<Payment>, StoreError>;

    /// All payments of a transaction, locked, in ascending order of id.
    async fn of_transaction(&mut self, transaction: TransactionId) -> Result<Vec<Payment>, StoreError>;

    /// Writes everything that can change, and counts the revision on.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the payment no longer has the revision that was read.
    async fn save(&mut self, payment: &Payment) -> Result<(), StoreError>;

    /// At most `limit` payments whose next check is due, with their next check put off to `until`: until then nobody
    /// else gets them. Their revision stays. One that cannot be read is put off and left out: it MUST NOT keep the others
    /// waiting.
    async fn claim_due(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Payment>, StoreError>;

    /// Makes a payment due now, whatever was planned, and counts its revision on: a read that began before is not
    /// applied any more. Nothing happens to one that is not there.
    async fn wake(&mut self, id: PaymentId, now: Timestamp) -> Result<(), StoreError>;
}

/// Refunds and disputes inside a unit of work; protected by the lock of their payment.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Refunds: Send {
    /// # Errors
    /// [`crate::Unique::Id`] if the id is there, [`crate::Unique::Reference`] if the payment has another refund of this
    /// key.
    async fn add(&mut self, refund: &Refund) -> Result<(), StoreError>;

    /// All refunds of a payment, in the order of their ids.
    async fn of_payment(&mut self, payment: PaymentId) -> Result<Vec<Refund>, StoreError>;

    async fn find(&mut self, id: RefundId) -> Result<Option<Refund>, StoreError>;

    /// Writes state, failure, next check, number of checks and time of change.
    async fn save(&mut self, refund: &Refund) -> Result<(), StoreError>;

    /// As [`Payments::claim_due`].
    async fn claim_due(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Refund>, StoreError>;

    /// All disputes of a payment, in the order of their ids.
    async fn disputes(&mut self, payment: PaymentId) -> Result<Vec<Dispute>, StoreError>;

    /// Adds a dispute, or writes amount, state and time of change of one that is there.
    async fn put_dispute(&mut self, dispute: &Dispute) -> Result<(), StoreError>;
}

/// The inbox of webhooks inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Inbox: Send {
    /// # Errors
    /// [`crate::Unique::Reference`] if the same gateway has said the same before; nothing is stored then.
    async fn add(&mut self, webhook: &Webhook) -> Result<(), StoreError>;

    /// The payment of this reference at this gateway.
    async fn payment_of(&mut self, gateway: &str, reference: &str) -> Result<Option<PaymentId>, StoreError>;

    /// The payment that the gateway calls so.
    async fn payment_by_provider_id(&mut self, gateway: &str, id: &str) -> Result<Option<PaymentId>, StoreError>;

    /// What the gateway sent under this id of a delivery, in the order of their ids.
    async fn delivered(&mut self, gateway: &str, delivery: &str) -> Result<Vec<Webhook>, StoreError>;

    /// Forgets webhooks received before that moment; answers how many.
    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// Which payments a list shows; everything that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    pub user: Option<UserId>,
    pub transaction: Option<TransactionId>,
    pub gateway: Option<String>,
    pub state: Option<PaymentState>,
    /// Only those that a person has to look at.
    pub frozen: Option<bool>,
}

/// What waits, each up to [`COUNTED`](crate::paging::COUNTED).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Payments and refunds that are due to be looked after.
    pub due: u64,
    /// Payments that a person has to look at.
    pub frozen: u64,
}

/// Payments, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PaymentQueries: Send + Sync {
    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError>;

    /// Whether a payment or refund is due to be looked after; cheap, so that a job may ask often.
    async fn anything_due(&self, now: Timestamp) -> Result<bool, StoreError>;

    /// How many wait for a look, and how many for a person. Cheap.
    async fn waiting(&self, now: Timestamp) -> Result<Waiting, StoreError>;

    /// Newest first.
    async fn payments(
        &self,
        filter: &PaymentFilter,
        page: PageRequest<PaymentId>,
    ) -> Result<Page<Payment, PaymentId>, StoreError>;

    /// All refunds of a payment, oldest first.
    async fn refunds(&self, payment: PaymentId) -> Result<Vec<Refund>, StoreError>;

    async fn refund(&self, id: RefundId) -> Result<Option<Refund>, StoreError>;

    /// All disputes of a payment, oldest first.
    async fn disputes(&self, payment: PaymentId) -> Result<Vec<Dispute>, StoreError>;

    /// Webhooks, newest first; of one payment or all.
    async fn webhooks(
        &self,
        payment: Option<PaymentId>,
        page: PageRequest<NoticeId>,
    ) -> Result<Page<Webhook, NoticeId>, StoreError>;
}
