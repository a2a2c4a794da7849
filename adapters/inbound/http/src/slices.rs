//! Which operations a host serves.
//!
//! A slice is a type: the document follows from it without a database, and a route that two APIs claim is found when the
//! slice is built, not when it is called.

use crate::{
    attendance::{AttendanceApi, AttendedEventsApi, CheckinsApi, TicketsApi},
    audit::AuditApi,
    auth::{LoginApi, RolesApi, UsersApi},
    booking::{BookingsApi, CancellingApi, FerriesApi, FlightsApi, HotelsApi, PpobApi, SupplierInboxApi, VouchersApi},
    dead_letters::DeadLettersApi,
    edge::{Slice, slice},
    inventory::{ProductsApi, StockApi},
    ledger::{BooksApi, TransactionsApi, TransfersApi, WalletsApi},
    notifications::NotificationsApi,
    orders::{OrderDeskApi, OrdersApi},
    payments::{AttemptsApi, InboxApi, PaymentsApi, ProofsApi},
    reports::{FiguresApi, ReportsApi},
    webhooks::WebhooksApi,
};

/// Accounts, wallets, transactions, wallet payments and the books.
pub fn wallet() -> Slice {
    let money = (WalletsApi, TransactionsApi, TransfersApi, PaymentsApi, AttemptsApi, ProofsApi, InboxApi, BooksApi);
    let told = (NotificationsApi, ReportsApi, FiguresApi);
    let apis = ((LoginApi, RolesApi, UsersApi), money, told, AuditApi, DeadLettersApi, WebhooksApi);
    slice(apis, "Dermaga wallet", WALLET, env!("CARGO_PKG_VERSION"))
}

/// Accounts, products, orders and the payments for them.
pub fn shop() -> Slice {
    let shop = (ProductsApi, StockApi, OrdersApi, OrderDeskApi, AttemptsApi, ProofsApi, InboxApi);
    let told = (NotificationsApi, ReportsApi, FiguresApi);
    let apis = ((LoginApi, RolesApi, UsersApi), shop, told, AuditApi, DeadLettersApi, WebhooksApi);
    slice(apis, "Dermaga shop", SHOP, env!("CARGO_PKG_VERSION"))
}

/// Accounts, events, tickets and the door.
pub fn events() -> Slice {
    let door = (AttendedEventsApi, TicketsApi, CheckinsApi, AttendanceApi);
    let sale = (OrdersApi, OrderDeskApi, AttemptsApi, ProofsApi, InboxApi);
    let people = (LoginApi, RolesApi, UsersApi);
    let apis = (people, door, sale, NotificationsApi, AuditApi, DeadLettersApi, WebhooksApi);
    slice(apis, "Dermaga events", EVENTS, env!("CARGO_PKG_VERSION"))
}

/// Accounts and wallets, what is bought from suppliers, and the orders and payments for it.
pub fn travel() -> Slice {
    let journeys = (FlightsApi, HotelsApi, FerriesApi, PpobApi);
    let travel = (BookingsApi, CancellingApi, VouchersApi, SupplierInboxApi, OrdersApi, OrderDeskApi);
    let money = (WalletsApi, AttemptsApi, ProofsApi, InboxApi);
    let told = (NotificationsApi, ReportsApi, FiguresApi);
    let apis = ((LoginApi, RolesApi, UsersApi), journeys, travel, money, told, AuditApi, DeadLettersApi, WebhooksApi);
    slice(apis, "Dermaga travel", TRAVEL, env!("CARGO_PKG_VERSION"))
}

/// Everything.
pub fn suite() -> Slice {
    let money = (WalletsApi, TransactionsApi, TransfersApi, PaymentsApi, AttemptsApi, ProofsApi, InboxApi, BooksApi);
    let shop = (ProductsApi, StockApi, OrdersApi, OrderDeskApi);
    let journeys = (FlightsApi, HotelsApi, FerriesApi, PpobApi);
    let travel = (journeys, BookingsApi, CancellingApi, VouchersApi, SupplierInboxApi);
    let told = (NotificationsApi, ReportsApi, FiguresApi);
    let door = (AttendedEventsApi, TicketsApi, CheckinsApi, AttendanceApi);
    let people = (LoginApi, RolesApi, UsersApi);
    let apis = (people, money, shop, travel, door, told, AuditApi, DeadLettersApi, WebhooksApi);
    slice(apis, "Dermaga", SUITE, env!("CARGO_PKG_VERSION"))
}

const SUITE: &str = "A commerce back end: accounts, wallets, a double-entry ledger, payments through gateways, products and \
orders, flights, ferries, hotels and bills, and the doors of events. Amounts are whole numbers of the currency's smallest \
unit (IDR has no decimals), times are RFC 3339 in UTC, refusals are RFC 9457 problems.";

const SHOP: &str = "The shop host of Dermaga. Amounts are whole numbers of the currency's smallest unit (IDR has \
no decimals), times are RFC 3339 in UTC, refusals are RFC 9457 problems.";

const EVENTS: &str = "The events host of Dermaga: tickets, and who is let in. Amounts are whole numbers of the \
currency's smallest unit (IDR has no decimals), times are RFC 3339 in UTC, refusals are RFC 9457 problems.";

const TRAVEL: &str = "The travel host of Dermaga. Amounts are whole numbers of the currency's smallest unit (IDR has \
no decimals), times are RFC 3339 in UTC, refusals are RFC 9457 problems.";

const WALLET: &str = "The wallet host of Dermaga. Amounts are whole numbers of the currency's smallest unit (IDR has \
no decimals), times are RFC 3339 in UTC, refusals are RFC 9457 problems.";
