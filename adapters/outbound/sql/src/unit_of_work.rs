//! One transaction, and all repositories on it.

use std::sync::Arc;

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    attendance::{Checkins, Events, TicketKeys, Tickets},
    audit::AuditTrail,
    auth::{Sessions, Throttles, Users},
    booking::Bookings,
    events::{Deliveries, Outbox},
    idempotency::IdempotencyKeys,
    inventory::{Products, Stocks},
    ledger::{Books, Transactions, Transfer, Wallets},
    notifications::Notifications,
    orders::Orders,
    payments::{Inbox, ManualTransfers, Payments, Refunds},
    reports::Reports,
    store::UnitOfWork,
    webhooks::Webhooks,
};
use tokio::sync::Notify;

use uuid::Uuid;

use crate::{
    db::{Dialects, Tx},
    error::from_driver,
    ledger::seal,
    personal::PersonalKeys,
    turns::Turn,
};

/// An open transaction. Dropping it rolls it back.
#[derive(Debug)]
pub struct SqlUnitOfWork {
    tx: Tx,
    /// To write to SQLite; declared behind the transaction, so that it is given back after it.
    _turn: Option<Turn>,
    /// The first failure. After it the database may have rolled back by itself, so nothing more may run.
    failure: Option<StoreError>,
    /// New lines of the journal, which the seal has to cover.
    pub(crate) unsealed: Vec<Transfer>,
    /// Something was put into the outbox.
    pub(crate) has_news: bool,
    /// Rung after a commit that left something to tell.
    bell: Arc<Notify>,
    /// What personal data is sealed with.
    pub(crate) keys: PersonalKeys,
}

impl SqlUnitOfWork {
    pub(crate) fn new(tx: Tx, turn: Option<Turn>, bell: Arc<Notify>, keys: PersonalKeys) -> Self {
        Self { tx, _turn: turn, failure: None, unsealed: Vec::new(), has_news: false, bell, keys }
    }

    /// The transaction, unless it is spent.
    pub(crate) fn open(&mut self) -> Result<&mut Tx, StoreError> {
        match &self.failure {
            None => Ok(&mut self.tx),
            Some(failure) => Err(failure.clone()),
        }
    }

    /// Translates the error of a statement and remembers it.
    pub(crate) fn settle<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        done.map_err(|error| self.spend(from_driver(error)))
    }

    /// Ends the unit of work with this failure.
    pub(crate) fn spend(&mut self, failure: StoreError) -> StoreError {
        self.failure = Some(failure.clone());
        failure
    }

    /// The same for a statement behind a savepoint: a conflict changed nothing and ends nothing.
    pub(crate) fn settle_conflict<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let settled = self.settle(done);
        if matches!(settled, Err(StoreError::Conflict(_))) {
            self.failure = None;
        }
        settled
    }

    /// Which unique rule an insertion ran into that stored nothing: the id's, if `exists` finds it, or else a reference's.
    pub(crate) async fn id_or_reference(&mut self, exists: &'static str, id: Uuid) -> Result<StoreError, StoreError> {
        let same_id: bool = on_tx!(self, |x| sqlx::query_scalar(exists).bind(id).fetch_one(x).await)?;
        Ok(StoreError::Conflict(if same_id { Unique::Id } else { Unique::Reference }))
    }

    /// The statement in the dialect of this database.
    pub(crate) fn dialect(&self, statement: Dialects) -> &'static str {
        match self.tx {
            Tx::Postgres(_) => statement.postgres,
            Tx::Sqlite(_) => statement.sqlite,
        }
    }
}

#[async_trait]
impl UnitOfWork for SqlUnitOfWork {
    fn users(&mut self) -> &mut dyn Users {
        self
    }

    fn sessions(&mut self) -> &mut dyn Sessions {
        self
    }

    fn throttles(&mut self) -> &mut dyn Throttles {
        self
    }

    fn books(&mut self) -> &mut dyn Books {
        self
    }

    fn wallets(&mut self) -> &mut dyn Wallets {
        self
    }

    fn transactions(&mut self) -> &mut dyn Transactions {
        self
    }

    fn payments(&mut self) -> &mut dyn Payments {
        self
    }

    fn refunds(&mut self) -> &mut dyn Refunds {
        self
    }

    fn inbox(&mut self) -> &mut dyn Inbox {
        self
    }

    fn manual_transfers(&mut self) -> &mut dyn ManualTransfers {
        self
    }

    fn idempotency_keys(&mut self) -> &mut dyn IdempotencyKeys {
        self
    }

    fn outbox(&mut self) -> &mut dyn Outbox {
        self
    }

    fn audit(&mut self) -> &mut dyn AuditTrail {
        self
    }

    fn notifications(&mut self) -> &mut dyn Notifications {
        self
    }

    fn deliveries(&mut self) -> &mut dyn Deliveries {
        self
    }

    fn webhooks(&mut self) -> &mut dyn Webhooks {
        self
    }

    fn products(&mut self) -> &mut dyn Products {
        self
    }

    fn stock(&mut self) -> &mut dyn Stocks {
        self
    }

    fn orders(&mut self) -> &mut dyn Orders {
        self
    }

    fn bookings(&mut self) -> &mut dyn Bookings {
        self
    }

    fn reports(&mut self) -> &mut dyn Reports {
        self
    }

    fn attended_events(&mut self) -> &mut dyn Events {
        self
    }

    fn tickets(&mut self) -> &mut dyn Tickets {
        self
    }

    fn checkins(&mut self) -> &mut dyn Checkins {
        self
    }

    fn ticket_keys(&mut self) -> &mut dyn TicketKeys {
        self
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if !self.unsealed.is_empty() {
            seal::extend(&mut self.tx, &self.unsealed).await?;
        }
        self.tx.commit().await.map_err(from_driver)?;
        if self.has_news || !self.unsealed.is_empty() {
            self.bell.notify_one();
        }
        Ok(())
    }
}
