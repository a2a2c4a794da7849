//! All use cases in one place, wired to the ports that a host chose.

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    auth::{PasswordHasher, Role, TokenIssuer},
    ledger::Ledger,
    payments::PaymentGateway,
    store::Store,
    system::{Clock, IdGenerator, Secrets},
    time::DAY,
};

use crate::{
    audit::Audit,
    auth::Auth,
    core::Core,
    idempotency::Idempotency,
    ledger::{Books, Transactions, Wallets},
    payments::Payments,
};

/// The plugs: one adapter for each port.
#[derive(Clone)]
pub struct Ports {
    pub store: Arc<dyn Store>,
    pub ledger: Arc<dyn Ledger>,
    pub gateway: Arc<dyn PaymentGateway>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub tokens: Arc<dyn TokenIssuer>,
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
    /// Failed logins of one name before it has to wait.
    pub login_attempts: u32,
    /// Failed logins from one address before it has to wait.
    pub address_attempts: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            open_roles: vec![Role::User],
            min_password: 8,
            session_lifetime: 30 * DAY,
            pending_lifetime: DAY,
            login_attempts: 5,
            address_attempts: 50,
        }
    }
}

/// Every use case. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub auth: Auth,
    pub wallets: Wallets,
    pub transactions: Transactions,
    pub payments: Payments,
    pub books: Books,
    pub audit: Audit,
    pub idempotency: Idempotency,
}

impl App {
    /// Wires the use cases to these ports.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let core = Arc::new(Core { ports, policy });
        Self {
            auth: Auth::new(core.clone()),
            wallets: Wallets::new(core.clone()),
            transactions: Transactions::new(core.clone()),
            payments: Payments::new(core.clone()),
            books: Books::new(core.clone()),
            audit: Audit::new(core.clone()),
            idempotency: Idempotency::new(core),
        }
    }
}
