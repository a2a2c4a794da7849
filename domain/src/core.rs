//! What every use case needs: the ports, the policy, and the papers that go with a change.

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    attendance::TicketSigner,
    audit::AuditEntry,
    auth::{PasswordHasher, Principal, Role, TokenIssuer},
    booking::OfferSeal,
    events::Event,
    ids::{AuditId, EventId},
    ledger::Ledger,
    notifications::Senders,
    reports::DayOffset,
    store::{Store, UnitOfWork},
    system::{Clock, IdGenerator, Secrets},
    time::{DAY, Timestamp},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    booking::Suppliers,
    error::Result,
    payments::{FeeRule, Gateways},
};

/// The plugs: one adapter for each port.
#[derive(Clone)]
pub struct Ports {
    pub store: Arc<dyn Store>,
    pub ledger: Arc<dyn Ledger>,
    pub gateways: Gateways,
    pub suppliers: Suppliers,
    pub senders: Senders,
    pub hasher: Arc<dyn PasswordHasher>,
    pub tokens: Arc<dyn TokenIssuer>,
    pub ticket_signer: Arc<dyn TicketSigner>,
    pub offer_seal: Arc<dyn OfferSeal>,
    pub secrets: Arc<dyn Secrets>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGenerator>,
}

/// What a host may decide about the rules.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Roles that anyone may choose at registration. Never `admin`, whatever is written here.
    pub open_roles: Vec<Role>,
    /// The shortest password that is accepted.
    pub min_password: usize,
    /// How long a login lasts without being used.
    pub session_lifetime: Duration,
    /// When the money of a pending transfer is released by itself.
    pub pending_lifetime: Duration,
    /// How long somebody has to pay a purchase.
    pub payment_window: Duration,
    /// How long a manual transfer that a payer has announced may wait for a person.
    pub review_window: Duration,
    /// Whose money purchases of our own are; what is sold goes to its accounts.
    pub merchant: String,
    /// Whether people may order without a password.
    pub guests: bool,
    /// What is added to the price of credits, in the smallest unit of their currency.
    pub ppob_margin: i64,
    /// What is added to the price of flights, rooms and crossings, in hundredths of a percent.
    pub travel_margin: u16,
    /// Below that, our balance with a supplier is low; in the smallest unit of its currency.
    pub low_balance: i64,
    /// How long somebody has to pay a top-up.
    pub topup_window: Duration,
    /// What payment gateways keep; the first rule that covers a payment counts.
    pub fees: Vec<FeeRule>,
    /// Failed logins of one name before it has to wait.
    pub login_attempts: u32,
    /// Failed logins from one address before it has to wait.
    pub address_attempts: u32,
    /// How long what staff wrote waits before it is sent by itself: time to change or withdraw it.
    pub notification_delay: Duration,
    /// Where the days of reports end.
    pub day_offset: DayOffset,
    /// Webhooks may go to this machine and to private networks. Never in earnest.
    pub private_webhooks: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            open_roles: vec![Role::User],
            min_password: 8,
            session_lifetime: 30 * DAY,
            pending_lifetime: DAY,
            payment_window: Duration::from_secs(10 * 60),
            review_window: DAY,
            merchant: "Dermaga".to_owned(),
            guests: true,
            ppob_margin: 1_500,
            travel_margin: 0,
            low_balance: 500_000,
            topup_window: DAY,
            fees: Vec::new(),
            login_attempts: 5,
            address_attempts: 50,
            notification_delay: Duration::from_secs(60),
            day_offset: DayOffset::WIB,
            private_webhooks: false,
        }
    }
}

/// How much later than the payer's own time money counts at most: what is paid in the last second is told a little later.
const TOLD_LATER: Duration = Duration::from_secs(5 * 60);

impl Policy {
    /// How much longer than the payer's own time a purchase waits for its money: half as long again, five minutes at most.
    pub fn grace(&self) -> Duration {
        TOLD_LATER.min(self.payment_window / 2)
    }
}

/// Shared by the handles of all contexts.
pub(crate) struct Core {
    pub ports: Ports,
    pub policy: Policy,
}

/// How a change is written down: who, what, on what, and what a reviewer needs besides.
pub(crate) struct Note<'a> {
    /// Nobody in particular, if the caller has not shown who they are.
    pub actor: Option<&'a Principal>,
    pub action: &'static str,
    pub subject: String,
    pub detail: String,
}

impl Core {
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    pub fn id<T: From<Uuid>>(&self) -> T {
        self.ports.ids.next().into()
    }

    pub async fn begin(&self) -> Result<Box<dyn UnitOfWork>> {
        Ok(self.ports.store.begin().await?)
    }

    /// The audit entry of a change.
    pub fn entry(&self, note: Note<'_>, now: Timestamp) -> AuditEntry {
        AuditEntry {
            id: self.id::<AuditId>(),
            at: now,
            actor: note.actor.map_or_else(|| "anyone".to_owned(), String::from),
            action: note.action,
            subject: note.subject,
            detail: note.detail,
        }
    }

    /// The event of a change.
    pub fn event(&self, topic: &'static str, subject: String, payload: Value, now: Timestamp) -> Event {
        Event { id: self.id::<EventId>(), at: now, topic: topic.into(), subject, payload }
    }

    /// Files the audit entry and the event of a change in its unit of work. The event is called as the audited action.
    pub async fn file(&self, uow: &mut dyn UnitOfWork, note: Note<'_>, payload: Value, now: Timestamp) -> Result<()> {
        let event = self.event(note.action, note.subject.clone(), payload, now);
        uow.outbox().publish(&event).await?;
        uow.audit().record(&self.entry(note, now)).await?;
        Ok(())
    }
}
