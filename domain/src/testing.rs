//! Use cases over mocks: a test says what it expects of each port, and whatever else is asked of one fails the test.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    attendance::{
        AttendanceQueries, Checkins, Events, MockAttendanceQueries, MockCheckins, MockEvents, MockTicketKeys,
        MockTicketSigner, MockTickets, TicketKeys, Tickets,
    },
    audit::{AuditQueries, AuditTrail, MockAuditQueries, MockAuditTrail},
    auth::{
        Language, MockPasswordHasher, MockSessions, MockThrottles, MockTokenIssuer, MockUserQueries, MockUsers,
        Principal, Role, Sessions, Throttles, User, UserQueries, UserStatus, Users,
    },
    booking::{BookingQueries, Bookings, MockBookingQueries, MockBookings, MockOfferSeal},
    events::{Deliveries, EventQueries, MockDeliveries, MockEventQueries, MockOutbox, Outbox},
    idempotency::{IdempotencyKeys, MockIdempotencyKeys},
    ids::{SessionId, UserId},
    inventory::{InventoryQueries, MockInventoryQueries, MockProducts, MockStocks, Products, Stocks},
    ledger::{
        Books, Journal, LedgerQueries, MockBooks, MockJournal, MockLedger, MockLedgerQueries, MockTransactionQueries,
        MockTransactions, MockWalletQueries, MockWallets, Snapshot, TransactionQueries, Transactions, WalletQueries,
        Wallets,
    },
    notifications::{
        MockNotificationQueries, MockNotifications, MockSender, NotificationQueries, Notifications, Sender, Senders,
    },
    orders::{MockOrderQueries, MockOrders, OrderQueries, Orders},
    payments::{
        Inbox, ManualTransfers, MockInbox, MockManualTransfers, MockPaymentGateway, MockPaymentQueries, MockPayments,
        MockRefunds, PaymentQueries, Payments, Refunds,
    },
    reports::{MockReportQueries, MockReports, ReportQueries, Reports},
    store::{Store, UnitOfWork},
    system::{ManualClock, MockSecrets, SequentialIds},
    time::Timestamp,
    webhooks::{MockWebhookQueries, MockWebhooks, WebhookQueries, Webhooks},
};
use uuid::Uuid;

use crate::{App, Policy, Ports, booking::Suppliers, payments::Gateways};

macro_rules! store_of_mocks {
    ($($query:ident: $queries:ident = $mock_query:ident,)* ; $($repository:ident: $port:ident = $mock:ident,)*) => {
        /// A store of mocks.
        #[derive(Default)]
        pub struct Shelf {
            $(pub $query: $mock_query,)*
            /// The units of work that may be opened, in order.
            pub units: Mutex<VecDeque<Unit>>,
            /// How many units are open.
            pub open: Arc<AtomicUsize>,
        }

        #[async_trait]
        impl Store for Shelf {
            async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
                let mut unit = self.units.lock().expect("no panic").pop_front().expect("a unit of work too many");
                self.open.fetch_add(1, Ordering::SeqCst);
                unit.open = self.open.clone();
                Ok(Box::new(unit))
            }

            async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
                unreachable!("a recount is tested over real stores")
            }

            async fn ping(&self) -> Result<(), StoreError> {
                Ok(())
            }

            $(fn $query(&self) -> &dyn $queries {
                &self.$query
            })*
        }

        /// A unit of work of mocks.
        #[derive(Default)]
        pub struct Unit {
            $(pub $repository: $mock,)*
            open: Arc<AtomicUsize>,
        }

        #[async_trait]
        impl UnitOfWork for Unit {
            $(fn $repository(&mut self) -> &mut dyn $port {
                &mut self.$repository
            })*

            async fn commit(self: Box<Self>) -> Result<(), StoreError> {
                Ok(())
            }
        }
    };
}

store_of_mocks! {
    users: UserQueries = MockUserQueries,
    ledger: LedgerQueries = MockLedgerQueries,
    journal: Journal = MockJournal,
    wallets: WalletQueries = MockWalletQueries,
    transactions: TransactionQueries = MockTransactionQueries,
    payments: PaymentQueries = MockPaymentQueries,
    audit: AuditQueries = MockAuditQueries,
    notifications: NotificationQueries = MockNotificationQueries,
    events: EventQueries = MockEventQueries,
    webhooks: WebhookQueries = MockWebhookQueries,
    inventory: InventoryQueries = MockInventoryQueries,
    orders: OrderQueries = MockOrderQueries,
    bookings: BookingQueries = MockBookingQueries,
    reports: ReportQueries = MockReportQueries,
    attendance: AttendanceQueries = MockAttendanceQueries,
    ;
    users: Users = MockUsers,
    sessions: Sessions = MockSessions,
    throttles: Throttles = MockThrottles,
    books: Books = MockBooks,
    wallets: Wallets = MockWallets,
    transactions: Transactions = MockTransactions,
    payments: Payments = MockPayments,
    refunds: Refunds = MockRefunds,
    inbox: Inbox = MockInbox,
    manual_transfers: ManualTransfers = MockManualTransfers,
    idempotency_keys: IdempotencyKeys = MockIdempotencyKeys,
    outbox: Outbox = MockOutbox,
    audit: AuditTrail = MockAuditTrail,
    notifications: Notifications = MockNotifications,
    deliveries: Deliveries = MockDeliveries,
    webhooks: Webhooks = MockWebhooks,
    products: Products = MockProducts,
    stock: Stocks = MockStocks,
    orders: Orders = MockOrders,
    bookings: Bookings = MockBookings,
    reports: Reports = MockReports,
    attended_events: Events = MockEvents,
    tickets: Tickets = MockTickets,
    checkins: Checkins = MockCheckins,
    ticket_keys: TicketKeys = MockTicketKeys,
}

impl Drop for Unit {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Unit {
    /// A unit in which events and audit entries may be filed.
    pub fn with_papers() -> Self {
        let mut unit = Self::default();
        unit.outbox.expect_publish().returning(|_| Ok(()));
        unit.audit.expect_record().returning(|_| Ok(()));
        unit
    }
}

/// The ports besides the store.
#[derive(Default)]
pub struct Bench {
    pub gateway: MockPaymentGateway,
    pub hasher: MockPasswordHasher,
    pub tokens: MockTokenIssuer,
    pub ticket_signer: MockTicketSigner,
    pub offer_seal: MockOfferSeal,
    pub secrets: MockSecrets,
    pub ledger: MockLedger,
    pub senders: Vec<MockSender>,
}

pub const NOW: i64 = 1_767_225_600_000_000;

impl Bench {
    /// The use cases over these mocks.
    pub fn app(self, shelf: Shelf) -> App {
        let ports = Ports {
            store: Arc::new(shelf),
            ledger: Arc::new(self.ledger),
            gateways: Gateways::new(vec![Arc::new(self.gateway)]),
            suppliers: Suppliers::default(),
            senders: Senders::new(self.senders.into_iter().map(|sender| Arc::new(sender) as Arc<dyn Sender>)),
            hasher: Arc::new(self.hasher),
            tokens: Arc::new(self.tokens),
            ticket_signer: Arc::new(self.ticket_signer),
            offer_seal: Arc::new(self.offer_seal),
            secrets: Arc::new(self.secrets),
            clock: Arc::new(ManualClock::at(Timestamp::from_micros(NOW))),
            ids: Arc::new(SequentialIds::default()),
        };
        App::new(ports, Policy::default())
    }
}

/// Somebody with an account.
pub fn account(number: u128, role: Role) -> User {
    let now = Timestamp::from_micros(NOW);
    User {
        id: UserId(Uuid::from_u128(number)),
        email: None,
        username: Some("somebody".parse().expect("a username")),
        full_name: None,
        phone: None,
        role,
        language: Language::default(),
        status: UserStatus::Active,
        last_login_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// The same person with an access token.
pub fn logged_in(user: &User) -> Principal {
    Principal::User { id: user.id, role: user.role, session: SessionId(Uuid::from_u128(7)) }
}
