//! A store whose questions about wallets are gathered; everything else goes straight through.

use std::sync::Arc;

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    attendance::AttendanceQueries,
    audit::AuditQueries,
    auth::UserQueries,
    booking::BookingQueries,
    events::EventQueries,
    inventory::InventoryQueries,
    ledger::{Journal, LedgerQueries, Snapshot, TransactionQueries, WalletQueries},
    notifications::NotificationQueries,
    orders::OrderQueries,
    payments::PaymentQueries,
    reports::ReportQueries,
    store::{Store, UnitOfWork},
    webhooks::WebhookQueries,
};

use crate::{sealed::Sealed, wallets::GatheredWallets};

/// The store port over another store.
pub struct GatheringStore {
    store: Arc<dyn Store>,
    wallets: GatheredWallets,
    sealed: Sealed,
}

impl GatheringStore {
    /// Starts the task that asks; call it inside the run time.
    pub fn start(store: Arc<dyn Store>) -> Self {
        Self { wallets: GatheredWallets::start(store.clone()), sealed: Sealed::of(store.clone()), store }
    }
}

#[async_trait]
impl Store for GatheringStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.store.begin().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.store.snapshot().await
    }

    fn users(&self) -> &dyn UserQueries {
        self.store.users()
    }

    fn ledger(&self) -> &dyn LedgerQueries {
        self.store.ledger()
    }

    fn journal(&self) -> &dyn Journal {
        &self.sealed
    }

    fn wallets(&self) -> &dyn WalletQueries {
        &self.wallets
    }

    fn transactions(&self) -> &dyn TransactionQueries {
        self.store.transactions()
    }

    fn payments(&self) -> &dyn PaymentQueries {
        self.store.payments()
    }

    fn audit(&self) -> &dyn AuditQueries {
        self.store.audit()
    }

    fn notifications(&self) -> &dyn NotificationQueries {
        self.store.notifications()
    }

    fn events(&self) -> &dyn EventQueries {
        self.store.events()
    }

    fn attendance(&self) -> &dyn AttendanceQueries {
        self.store.attendance()
    }

    fn webhooks(&self) -> &dyn WebhookQueries {
        self.store.webhooks()
    }

    fn inventory(&self) -> &dyn InventoryQueries {
        self.store.inventory()
    }

    fn orders(&self) -> &dyn OrderQueries {
        self.store.orders()
    }

    fn bookings(&self) -> &dyn BookingQueries {
        self.store.bookings()
    }

    fn reports(&self) -> &dyn ReportQueries {
        &self.sealed
    }
}
