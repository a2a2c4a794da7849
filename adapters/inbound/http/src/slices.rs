//! Which operations a host serves.
//!
//! A slice is a type: the document follows from it without a database, and a route that two APIs claim is found when the
//! slice is built, not when it is called.

use crate::{
    audit::AuditApi,
    auth::{LoginApi, RolesApi, UsersApi},
    dead_letters::DeadLettersApi,
    edge::{Slice, slice},
    ledger::{BooksApi, TransactionsApi, TransfersApi, WalletsApi},
    notifications::NotificationsApi,
    payments::{AttemptsApi, InboxApi, PaymentsApi},
    reports::{FiguresApi, ReportsApi},
    webhooks::WebhooksApi,
};

/// Accounts, wallets, transactions, wallet payments and the books.
pub fn wallet() -> Slice {
    let money = (WalletsApi, TransactionsApi, TransfersApi, PaymentsApi, AttemptsApi, InboxApi, BooksApi);
    let told = (NotificationsApi, ReportsApi, FiguresApi);
    let apis = ((LoginApi, RolesApi, UsersApi), money, told, AuditApi, DeadLettersApi, WebhooksApi);
    slice(apis, "Dermaga wallet", WALLET, env!("CARGO_PKG_VERSION"))
}

/// Everything.
pub fn suite() -> Slice {
    let money = (WalletsApi, TransactionsApi, TransfersApi, PaymentsApi, AttemptsApi, InboxApi, BooksApi);
    let told = (NotificationsApi, ReportsApi, FiguresApi);
    let apis = ((LoginApi, RolesApi, UsersApi), money, told, AuditApi, DeadLettersApi, WebhooksApi);
    slice(apis, "Dermaga", SUITE, env!("CARGO_PKG_VERSION"))
}

const SUITE: &str = "A commerce back end: accounts, wallets, a double-entry ledger, and payments through gateways. Amounts are whole numbers of \
the currency's smallest unit (IDR has no decimals), times are RFC 3339 in UTC, refusals are RFC 9457 problems.";

const WALLET: &str = "The wallet host of Dermaga. Amounts are whole numbers of the currency's smallest unit (IDR has \
no decimals), times are RFC 3339 in UTC, refusals are RFC 9457 problems.";
