//! Who may call what: every operation of the API, tried by everybody who might.
//!
//! The table below has one row for each operation. An operation without a row fails the test, so nothing can be added
//! to the API without a decision on who may call it; and each row is tried against the real host, so the decision is
//! what the host does, not what the code seems to say.

use std::collections::{BTreeMap, BTreeSet};

use dermaga_tests::{
    client::{Answer, Client, Person},
    hosts::{COMMITTEE_PASSWORD, Host},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use Who::{Anyone, Gateway, Person as Someone, PersonOrService, Service, Staff, StaffOrService};

/// Who may call an operation at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anyone,
    /// A payment gateway, by the signature of what it says; nobody here can make one.
    Gateway,
    /// Whoever has logged in.
    Person,
    /// An administrator.
    Staff,
    Service,
    PersonOrService,
    StaffOrService,
}

impl Who {
    /// What the document says about it.
    fn schemes(self) -> &'static [&'static str] {
        match self {
            Anyone | Gateway => &[],
            Someone | Staff => &["access_token"],
            Service => &["service_token"],
            PersonOrService | StaffOrService => &["access_token", "service_token"],
        }
    }

    fn has_people(self) -> bool {
        self.schemes().contains(&"access_token")
    }

    fn has_services(self) -> bool {
        self.schemes().contains(&"service_token")
    }

    fn needs_staff(self) -> bool {
        matches!(self, Staff | StaffOrService)
    }
}

/// An operation and who may call it.
struct Row {
    operation: &'static str,
    method: &'static str,
    /// Where it is; `{name}` stands for a record of [`Cast`].
    path: &'static str,
    who: Who,
    /// A plausible body, with the same names; empty if the operation takes none.
    body: &'static str,
    /// What somebody else than the record's owner is answered, if the operation is about somebody's record.
    stranger: Option<u16>,
}

const fn row(
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    who: Who,
    body: &'static str,
    stranger: Option<u16>,
) -> Row {
    Row { operation, method, path, who, body, stranger }
}

const LOGIN: &str = r#"{"email":"{email}","password":"correct horse"}"#;
const REGISTER: &str = r#"{"email":"newcomer@example.org","password":"correct horse"}"#;
const CREATE: &str = r#"{"email":"employee@example.org","password":"correct horse"}"#;
const ADJUST: &str = r#"{"action":"debit","amount":1,"reference":"order-1"}"#;
const START: &str = r#"{"type":"transfer","sender_id":"{user}","receiver_id":"{receiver}","amount":1}"#;
const PAY: &str = r#"{"wallet_id":"{wallet}","merchant":"Toko","amount":1}"#;
const TRANSFER: &str = r#"{"from_wallet_id":"{wallet}","to_user_id":"{receiver}","amount":1}"#;
const BATCH: &str =
    r#"{"transfers":[{"from_wallet_id":"{wallet}","to_user_id":"{receiver}","amount":1}],"atomic":true}"#;
const BUY: &str = r#"{"merchant":"Toko","amount":1}"#;
const NOTIFY: &str = r#"{"user_id":"{user}","message":"Halo"}"#;
const REPORT: &str = r#"{"user_id":"{user}","transaction_id":"{payment}"}"#;
const ENDPOINT: &str = r#"{"url":"https://hooks.example.org/","topics":["transaction.*"]}"#;
const RECORD: &str = r#"{"reference":"till 1","amount":1}"#;
const CREDIT: &str = r#"{"sku":"xld10","customer_no":"087800001230"}"#;
const REFUND: &str = r#"{"amount":1,"reason":"it was broken"}"#;

const OPERATIONS: &[Row] = &[
    row("register", "POST", "/auth/register", Anyone, REGISTER, None),
    row("login", "POST", "/auth/login", Anyone, LOGIN, None),
    row("refresh", "POST", "/auth/refresh", Anyone, r#"{"refresh_token":"{refresh}"}"#, None),
    row("logout", "POST", "/auth/logout", Someone, "", None),
    row("me", "GET", "/auth/me", Someone, "", None),
    row("verify_token", "GET", "/users/verify", Someone, "", None),
    row("list_accounts", "GET", "/auth/users", Staff, "", None),
    row("get_account", "GET", "/auth/users/{user}", Staff, "", None),
    row("change_role", "PUT", "/auth/users/{user}/role", Staff, r#"{"role":"user"}"#, None),
    // An account for somebody else needs an administrator; a guest's needs nobody. See below.
    row("create_user", "POST", "/users", Anyone, CREATE, None),
    row("list_users", "GET", "/users", StaffOrService, "", None),
    row("get_user", "GET", "/users/{user}", PersonOrService, "", Some(403)),
    row("update_user", "PUT", "/users/{user}", Someone, r#"{"full_name":"Changed"}"#, Some(403)),
    row("get_user_balance", "GET", "/users/{user}/balance", PersonOrService, "", Some(403)),
    row("top_up_user", "POST", "/users/{user}/topup", Someone, r#"{"amount":1}"#, Some(403)),
    row("get_user_internally", "GET", "/internal/users/{user}", Service, "", None),
    row("adjust_user_balance", "PUT", "/internal/users/{user}/balance", Service, ADJUST, None),
    row("list_wallets", "GET", "/wallets", Someone, "", None),
    row("create_wallet", "POST", "/wallets", Someone, r#"{"name":"Travel"}"#, None),
    row("get_wallet", "GET", "/wallets/{wallet}", PersonOrService, "", Some(404)),
    row("get_wallet_balance", "GET", "/wallets/{wallet}/balance", PersonOrService, "", Some(404)),
    row("get_statement", "GET", "/wallets/{wallet}/statement", PersonOrService, "", Some(404)),
    row("top_up_wallet", "POST", "/wallets/{wallet}/topup", Someone, r#"{"amount":1}"#, Some(404)),
    row("deduct_wallet", "POST", "/wallets/{wallet}/deduct", Service, r#"{"amount":1}"#, None),
    row("create_transaction", "POST", "/transactions", PersonOrService, START, Some(403)),
    row("list_transactions", "GET", "/transactions", PersonOrService, "", None),
    row("get_transaction_stats", "GET", "/transactions/stats", Someone, "", None),
    row("list_transactions_of_user", "GET", "/transactions/user/{user}", PersonOrService, "", Some(404)),
    row("list_transactions_of_wallet", "GET", "/transactions/wallet/{wallet}", PersonOrService, "", Some(404)),
    row("get_transaction", "GET", "/transactions/{pending}", PersonOrService, "", Some(404)),
    row("update_transaction", "PUT", "/transactions/{pending}", PersonOrService, r#"{"description":"x"}"#, Some(404)),
    row("cancel_transaction", "POST", "/transactions/{pending}/cancel", PersonOrService, "", Some(404)),
    row("delete_transaction", "DELETE", "/transactions/{pending}", PersonOrService, "", Some(404)),
    row("refund_transaction", "POST", "/transactions/{payment}/refund", Staff, REFUND, None),
    row("pay_merchant", "POST", "/payments/pay", Someone, PAY, Some(404)),
    row("transfer", "POST", "/payments/transfer", Someone, TRANSFER, Some(404)),
    row("list_payments", "GET", "/payments", PersonOrService, "", None),
    row("create_payment", "POST", "/payments", Someone, BUY, None),
    row("get_payment", "GET", "/payments/{attempt}", PersonOrService, "", Some(404)),
    row("list_payments_of_transaction", "GET", "/payments/transaction/{payment}", PersonOrService, "", None),
    row("confirm_payment", "POST", "/payments/confirm", Someone, r#"{"payment_id":"{attempt}"}"#, Some(404)),
    row("accept_payment", "POST", "/payments/{attempt}/confirm", Staff, "", None),
    row("capture_payment", "POST", "/payments/{attempt}/capture", Staff, "", None),
    row("approve_payment", "POST", "/payments/{attempt}/approve", Staff, "", None),
    row("deny_payment", "POST", "/payments/{attempt}/deny", Staff, "", None),
    row("cancel_payment", "POST", "/payments/{attempt}/cancel", Someone, "", Some(404)),
    row("refund_payment", "POST", "/payments/{attempt}/refund", Staff, REFUND, None),
    row("show_payment_proof", "POST", "/payments/{attempt}/proof", Someone, "{}", Some(404)),
    row("get_payment_proof", "GET", "/payments/{attempt}/proof", Someone, "", Some(404)),
    row("list_payment_webhooks", "GET", "/payments/{attempt}/webhooks", Staff, "", None),
    row("payment_webhook", "POST", "/webhooks/payment", Gateway, "{}", None),
    row("midtrans_webhook", "POST", "/webhooks/midtrans", Gateway, "{}", None),
    row("xendit_webhook", "POST", "/webhooks/xendit", Gateway, "{}", None),
    row("transfer_batch", "POST", "/transfers/batch", PersonOrService, BATCH, Some(404)),
    row("create_notification", "POST", "/notifications", StaffOrService, NOTIFY, None),
    row("list_notifications", "GET", "/notifications", PersonOrService, "", None),
    row("get_notification", "GET", "/notifications/{notification}", PersonOrService, "", Some(404)),
    row("update_notification", "PUT", "/notifications/{notification}", StaffOrService, r#"{"message":"x"}"#, None),
    row("send_notification", "POST", "/notifications/{notification}/send", StaffOrService, "", None),
    row("delete_notification", "DELETE", "/notifications/{notification}", StaffOrService, "", None),
    row("list_products", "GET", "/products", Anyone, "", None),
    row("create_product", "POST", "/products", Staff, r#"{"name":"Tas","price":1,"stock":5}"#, None),
    row("get_product", "GET", "/products/{product}", Anyone, "", None),
    row("update_product", "PUT", "/products/{product}", Staff, r#"{"name":"Tas"}"#, None),
    row("check_stock", "GET", "/products/{product}/check-stock", Anyone, "", None),
    row("change_stock", "PUT", "/products/{product}/stock", StaffOrService, r#"{"add":1}"#, None),
    row("list_stock_movements", "GET", "/products/{product}/movements", StaffOrService, "", None),
    row("list_stock_holds", "GET", "/products/{product}/holds", StaffOrService, "", None),
    row("verify_stock", "POST", "/inventory/verify", Staff, "", None),
    row("repair_stock", "POST", "/inventory/repair", Staff, "", None),
    row("create_order", "POST", "/orders", Someone, r#"{"product_id":"{product}","quantity":1}"#, None),
    row("list_orders", "GET", "/orders", PersonOrService, "", None),
    row("list_orders_of_user", "GET", "/orders/user/{user}", PersonOrService, "", Some(404)),
    row("get_order", "GET", "/orders/{order}", PersonOrService, "", Some(404)),
    row("get_order_detail", "GET", "/orders/{order}/detail", PersonOrService, "", Some(404)),
    row("list_payments_of_order", "GET", "/payments/order/{order}", PersonOrService, "", Some(404)),
    row("place_order", "POST", "/orders/{order}/place", Someone, "{}", Some(404)),
    row("complete_order", "PUT", "/orders/{order}/confirm", Staff, "", None),
    row("set_order_status", "PUT", "/orders/{order}/status", Staff, r#"{"status":"COMPLETED"}"#, None),
    row("record_order_payment", "PUT", "/orders/{order}/payment", StaffOrService, RECORD, None),
    row("cancel_order", "POST", "/orders/{order}/cancel", Someone, "{}", Some(404)),
    row("list_ppob_products", "GET", "/ppob/products", Anyone, "", None),
    row("inquire_ppob_bill", "POST", "/ppob/inquiries", Someone, r#"{"sku":"pln","customer_no":"530000000001"}"#, None),
    row("buy_ppob", "POST", "/ppob/purchases", Someone, CREDIT, None),
    row("list_bookings", "GET", "/bookings", PersonOrService, "", None),
    row("get_booking", "GET", "/bookings/{booking}", PersonOrService, "", Some(404)),
    row("digiflazz_webhook", "POST", "/webhooks/digiflazz", Gateway, "{}", None),
    row("delete_product", "DELETE", "/products/{product}", Staff, "", None),
    row("report_transactions", "GET", "/reports/transactions", Staff, "", None),
    row("report_revenue", "GET", "/reports/revenue", Staff, "", None),
    row("report_refunds", "GET", "/reports/refunds", Staff, "", None),
    row("verify_reports", "POST", "/reports/verify", Staff, "", None),
    row("rebuild_reports", "POST", "/reports/rebuild", Staff, "", None),
    row("create_report", "POST", "/reports", StaffOrService, REPORT, None),
    row("get_report", "GET", "/reports/{report}", Someone, "", Some(404)),
    row("list_reports_of_user", "GET", "/reports/user/{user}", Someone, "", Some(404)),
    row("get_summary_of_user", "GET", "/summaries/user/{user}", Someone, "", Some(404)),
    row("list_ledger_accounts", "GET", "/ledger/accounts", Staff, "", None),
    row("list_ledger_entries", "GET", "/ledger/accounts/{wallet}/entries", Staff, "", None),
    row("get_trial_balance", "GET", "/ledger/trial-balance", Staff, "", None),
    row("get_seal", "GET", "/ledger/seal", Staff, "", None),
    row("get_seal_at", "GET", "/ledger/seal/1", Staff, "", None),
    row("verify_ledger", "POST", "/ledger/verify", Staff, "", None),
    row("list_audit_entries", "GET", "/audit", Staff, "", None),
    row("list_dead_letters", "GET", "/dead-letters", Staff, "", None),
    row("replay_dead_letter", "POST", "/dead-letters/{subscriber}/{user}/replay", Staff, "", None),
    row("list_webhook_endpoints", "GET", "/webhook-endpoints", Staff, "", None),
    row("create_webhook_endpoint", "POST", "/webhook-endpoints", Staff, ENDPOINT, None),
    row("get_webhook_endpoint", "GET", "/webhook-endpoints/{user}", Staff, "", None),
    row("delete_webhook_endpoint", "DELETE", "/webhook-endpoints/{user}", Staff, "", None),
    row("rotate_webhook_secret", "POST", "/webhook-endpoints/{user}/rotate-secret", Staff, "", None),
    row("enable_webhook_endpoint", "POST", "/webhook-endpoints/{user}/enable", Staff, "", None),
    row("list_webhook_deliveries", "GET", "/webhook-endpoints/{user}/deliveries", Staff, "", None),
    row("replay_webhook_delivery", "POST", "/webhook-endpoints/{user}/deliveries/{wallet}/replay", Staff, "", None),
    // The last, because it may end the account.
    row("close_user", "DELETE", "/users/{user}", Someone, "", Some(403)),
];

/// Everybody who calls, and the owner's records.
struct Cast {
    anyone: Client,
    owner: Person,
    stranger: Person,
    committee: Client,
    admin: Client,
    service: Client,
    records: Vec<(&'static str, String)>,
}

impl Cast {
    async fn on(host: &Host) -> Self {
        let anyone = Client::anyone(host);
        let owner = Client::person(host, "owner", 10_000).await;
        let receiver = Client::person(host, "receiver", 0).await;
        let login = json!({ "username": "panitia1", "password": COMMITTEE_PASSWORD });
        let committee = anyone.post("/auth/login", login).await.expect(200);
        let mut cast = Self {
            committee: anyone.with_token(committee["access_token"].as_str().expect("a token")),
            stranger: Client::person(host, "stranger", 10_000).await,
            admin: Client::admin(host).await,
            service: Client::service(host),
            records: vec![
                ("{email}", owner.email.clone()),
                ("{user}", owner.id.clone()),
                ("{wallet}", owner.wallet.clone()),
                ("{receiver}", receiver.id),
                ("{subscriber}", "webhooks".to_owned()),
            ],
            anyone,
            owner,
        };
        for (name, operation, value) in [
            ("{pending}", "create_transaction", "/transaction/id"),
            ("{payment}", "pay_merchant", "/transaction/id"),
            ("{attempt}", "create_payment", "/id"),
            ("{notification}", "create_notification", "/id"),
            ("{product}", "create_product", "/id"),
            ("{order}", "create_order", "/id"),
            ("{booking}", "buy_ppob", "/booking/id"),
            ("{report}", "create_report", "/id"),
            ("{refresh}", "login", "/refresh_token"),
        ] {
            let row = OPERATIONS.iter().find(|row| row.operation == operation).expect("has a row");
            let caller = match row.who {
                Anyone => &cast.anyone,
                StaffOrService => &cast.service,
                Staff => &cast.admin,
                _ => &cast.owner.client,
            };
            let made = cast.send(caller, row).await;
            assert!(made.status.is_success(), "{operation}: {}", made.text);
            cast.records.push((name, made.json().pointer(value).and_then(Value::as_str).expect("an id").to_owned()));
        }
        cast
    }

    fn fill(&self, template: &str) -> String {
        self.records.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// The operation of a row on the owner's records.
    fn request(&self, caller: &Client, row: &Row) -> RequestBuilder {
        let method = Method::from_bytes(row.method.as_bytes()).expect("a method");
        let request = caller.request(method, &self.fill(row.path));
        if row.body.is_empty() {
            return request;
        }
        let body: Value = serde_json::from_str(&self.fill(row.body)).expect("the body of the row is JSON");
        request.json(&body)
    }

    async fn send(&self, caller: &Client, row: &Row) -> Answer {
        caller.send(self.request(caller, row)).await
    }

    async fn refused(&self, row: &Row, what: &str, caller: &Client, status: u16) {
        is_refusal(row, what, &self.send(caller, row).await, status);
    }

    async fn heard(&self, row: &Row, what: &str, caller: &Client) {
        let answer = self.send(caller, row).await;
        let refused = [401, 403].contains(&answer.status.as_u16());
        assert!(!refused, "{} as {what}: {} {}", row.operation, answer.status, answer.text);
        assert!(!answer.status.is_server_error(), "{} as {what}: {}", row.operation, answer.text);
    }
}

fn is_refusal(row: &Row, what: &str, answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{} as {what}: {}", row.operation, answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{} as {what}", row.operation);
    let challenge = answer.header("www-authenticate");
    assert_eq!(status == 401, !challenge.is_empty(), "{} as {what}: {challenge:?}", row.operation);
}

/// A path as both the document and the table write it: without the names of its parameters.
fn shape(path: &str) -> String {
    let is_parameter = |part: &str| part.starts_with('{') || part.parse::<u64>().is_ok();
    path.split('/').map(|part| if is_parameter(part) { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_operation_has_a_row_that_says_what_the_document_says() {
    let host = Host::suite();
    // Also sets up the cryptography without which no request can be sent.
    let anyone = Client::anyone(&host);
    let document = anyone.send(reqwest::Client::new().get(host.url("/openapi.json"))).await.expect(200);
    let mut documented = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            let schemes = operation["security"].as_array().into_iter().flatten();
            let schemes: BTreeSet<String> =
                schemes.flat_map(|one| one.as_object().expect("a scheme").keys().cloned()).collect();
            assert!(documented.insert(id, (method.to_uppercase(), shape(path), schemes)).is_none());
        }
    }
    let mut decided = BTreeMap::new();
    for row in OPERATIONS {
        let schemes: BTreeSet<String> = row.who.schemes().iter().map(|&scheme| scheme.to_owned()).collect();
        let known = decided.insert(row.operation.to_owned(), (row.method.to_owned(), shape(row.path), schemes));
        assert!(known.is_none(), "{} has two rows", row.operation);
    }
    let without_row: Vec<_> = documented.keys().filter(|id| !decided.contains_key(*id)).collect();
    assert!(without_row.is_empty(), "decide who may call {without_row:?}");
    for (id, row) in &decided {
        assert_eq!(documented.get(id), Some(row), "{id}: left is the document, right is the row");
    }
}

#[tokio::test]
async fn whoever_may_not_call_an_operation_is_refused_and_changes_nothing() {
    let host = Host::suite();
    let cast = Cast::on(&host).await;
    let garbage = cast.anyone.with_token("garbage");
    let before = cast.owner.balance().await;
    for row in OPERATIONS.iter().filter(|row| row.who == Gateway) {
        cast.refused(row, "nobody", &cast.anyone, 401).await;
        cast.refused(row, "an administrator", &cast.admin, 401).await;
        cast.refused(row, "a service", &cast.service, 401).await;
    }
    for row in OPERATIONS.iter().filter(|row| !matches!(row.who, Anyone | Gateway)) {
        cast.refused(row, "nobody", &cast.anyone, 401).await;
        cast.refused(row, "a garbage token", &garbage, 401).await;
        for (what, plain) in [("a stranger", &cast.stranger.client), ("a committee member", &cast.committee)] {
            if !row.who.has_people() {
                cast.refused(row, what, plain, 401).await;
            } else if row.who.needs_staff() {
                cast.refused(row, what, plain, 403).await;
            } else if let Some(status) = row.stranger {
                cast.refused(row, what, plain, status).await;
            }
        }
        if !row.who.has_people() {
            cast.refused(row, "an administrator", &cast.admin, 401).await;
        }
        if row.who.needs_staff() {
            cast.refused(row, "the record's owner", &cast.owner.client, 403).await;
        }
        if row.who.has_services() {
            let garbage = cast.request(&cast.anyone, row).header("X-Service-Token", "garbage");
            is_refusal(row, "a garbage service", &cast.anyone.send(garbage).await, 401);
        } else {
            cast.refused(row, "a service", &cast.service, 401).await;
        }
    }
    assert_eq!(cast.owner.balance().await, before);
    let pending = OPERATIONS.iter().find(|row| row.operation == "get_transaction").expect("has a row");
    assert_eq!(cast.send(&cast.owner.client, pending).await.expect(200)["status"], "PENDING");
}

#[tokio::test]
async fn an_account_for_somebody_else_is_made_by_an_administrator() {
    let host = Host::suite();
    let cast = Cast::on(&host).await;
    let row = OPERATIONS.iter().find(|row| row.operation == "create_user").expect("has a row");
    cast.refused(row, "a garbage token", &cast.anyone.with_token("garbage"), 401).await;
    for (what, plain) in [("a stranger", &cast.stranger.client), ("a committee member", &cast.committee)] {
        cast.refused(row, what, plain, 403).await;
    }
    cast.refused(row, "a guest with a password", &cast.anyone, 422).await;
    assert_eq!(cast.send(&cast.admin, row).await.status.as_u16(), 201);
}

#[tokio::test]
async fn whoever_may_call_an_operation_is_heard() {
    let host = Host::suite();
    let cast = Cast::on(&host).await;
    for row in OPERATIONS {
        if row.who == Anyone {
            cast.heard(row, "anyone", &cast.anyone).await;
        } else if row.who.needs_staff() {
            cast.heard(row, "an administrator", &cast.admin).await;
        } else if row.who.has_people() {
            cast.heard(row, "the owner", &cast.owner.client).await;
        }
        if row.who.has_services() {
            cast.heard(row, "a service", &cast.service).await;
        }
    }
}
