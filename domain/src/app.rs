//! All use cases in one place, wired to the ports that a host chose.

use std::sync::Arc;

use crate::{
    attendance::Attendance,
    audit::Audit,
    auth::Auth,
    booking::Bookings,
    core::{Core, Policy, Ports},
    events::Events,
    idempotency::Idempotency,
    inventory::Inventory,
    ledger::{Books, Transactions, Wallets},
    notifications::Notifications,
    orders::Orders,
    payments::Payments,
    reports::Reports,
    watch::Watch,
    webhooks::Webhooks,
};

/// Every use case. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub auth: Auth,
    pub wallets: Wallets,
    pub transactions: Transactions,
    pub payments: Payments,
    pub inventory: Inventory,
    pub orders: Orders,
    pub bookings: Bookings,
    pub books: Books,
    pub attendance: Attendance,
    pub notifications: Notifications,
    pub audit: Audit,
    pub events: Events,
    pub webhooks: Webhooks,
    pub reports: Reports,
    pub idempotency: Idempotency,
    pub watch: Watch,
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
            inventory: Inventory::new(core.clone()),
            orders: Orders::new(core.clone()),
            bookings: Bookings::new(core.clone()),
            books: Books::new(core.clone()),
            attendance: Attendance::new(core.clone()),
            notifications: Notifications::new(core.clone()),
            audit: Audit::new(core.clone()),
            events: Events::new(core.clone()),
            webhooks: Webhooks::new(core.clone()),
            reports: Reports::new(core.clone()),
            idempotency: Idempotency::new(core.clone()),
            watch: Watch::new(core),
        }
    }
}
