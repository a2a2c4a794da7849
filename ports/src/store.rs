//! The store: where records live, and the unit of work that changes them together.
//!
//! # Shape
//! [`Store`] answers questions: its query traits take `&self`, need no transaction and see what was committed last.
//! [`Store::begin`] opens a [`UnitOfWork`]: one transaction that hands out a repository for each kind of record. Its
//! records are locked as they are read, so what a rule decided on stays true until [`UnitOfWork::commit`].
//!
//! # Rules
//! - `commit` consumes the unit; dropping it instead rolls everything back.
//! - `&mut` on each repository makes one operation at a time a matter of types.
//! - No remote call while a unit of work is open: an embedded database has one writer.

use async_trait::async_trait;

use crate::{
    StoreError,
    attendance::{AttendanceQueries, Checkins, Events, TicketKeys, Tickets},
    audit::{AuditQueries, AuditTrail},
    auth::{Sessions, Throttles, UserQueries, Users},
    booking::{BookingQueries, Bookings},
    events::{Deliveries, EventQueries, Outbox},
    idempotency::IdempotencyKeys,
    inventory::{InventoryQueries, Products, Stocks},
    ledger::{Books, Journal, LedgerQueries, Snapshot, TransactionQueries, Transactions, WalletQueries, Wallets},
    notifications::{NotificationQueries, Notifications},
    orders::{OrderQueries, Orders},
    payments::{Inbox, ManualTransfers, PaymentQueries, Payments, Refunds},
    reports::{ReportQueries, Reports},
    webhooks::{WebhookQueries, Webhooks},
};

/// All records of this system.
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a transaction. MUST be able to wait for its turn and answer [`StoreError::Busy`] when that takes too long.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Whether the store can be read right now; for health checks.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Everything the ledger holds, at this moment.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    fn users(&self) -> &dyn UserQueries;
    fn ledger(&self) -> &dyn LedgerQueries;
    fn journal(&self) -> &dyn Journal;
    fn wallets(&self) -> &dyn WalletQueries;
    fn transactions(&self) -> &dyn TransactionQueries;
    fn payments(&self) -> &dyn PaymentQueries;
    fn audit(&self) -> &dyn AuditQueries;
    fn notifications(&self) -> &dyn NotificationQueries;
    fn events(&self) -> &dyn EventQueries;
    fn webhooks(&self) -> &dyn WebhookQueries;
    fn inventory(&self) -> &dyn InventoryQueries;
    fn orders(&self) -> &dyn OrderQueries;
    fn bookings(&self) -> &dyn BookingQueries;
    fn reports(&self) -> &dyn ReportQueries;
    fn attendance(&self) -> &dyn AttendanceQueries;
}

/// An open transaction.
#[async_trait]
pub trait UnitOfWork: Send {
    fn users(&mut self) -> &mut dyn Users;
    fn sessions(&mut self) -> &mut dyn Sessions;
    fn throttles(&mut self) -> &mut dyn Throttles;
    fn books(&mut self) -> &mut dyn Books;
    fn wallets(&mut self) -> &mut dyn Wallets;
    fn transactions(&mut self) -> &mut dyn Transactions;
    fn payments(&mut self) -> &mut dyn Payments;
    fn refunds(&mut self) -> &mut dyn Refunds;
    fn inbox(&mut self) -> &mut dyn Inbox;
    fn manual_transfers(&mut self) -> &mut dyn ManualTransfers;
    fn idempotency_keys(&mut self) -> &mut dyn IdempotencyKeys;
    fn outbox(&mut self) -> &mut dyn Outbox;
    fn audit(&mut self) -> &mut dyn AuditTrail;
    fn notifications(&mut self) -> &mut dyn Notifications;
    fn deliveries(&mut self) -> &mut dyn Deliveries;
    fn webhooks(&mut self) -> &mut dyn Webhooks;
    fn products(&mut self) -> &mut dyn Products;
    fn stock(&mut self) -> &mut dyn Stocks;
    fn orders(&mut self) -> &mut dyn Orders;
    fn bookings(&mut self) -> &mut dyn Bookings;
    fn reports(&mut self) -> &mut dyn Reports;
    /// What people attend; what happened is in the outbox.
    fn attended_events(&mut self) -> &mut dyn Events;
    fn tickets(&mut self) -> &mut dyn Tickets;
    fn checkins(&mut self) -> &mut dyn Checkins;
    fn ticket_keys(&mut self) -> &mut dyn TicketKeys;

    /// Makes everything durable. Once this has answered `Ok`, no crash may lose it.
    ///
    /// # Errors
    /// [`StoreError::Busy`] or [`StoreError::Unavailable`]; then nothing was written, except that a connection lost
    /// during the commit leaves it unknown. Records are idempotent by id, so the caller may repeat.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
