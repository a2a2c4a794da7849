//! The table of operations: who may call what.
//!
//! An operation without a row fails the test in `authorisation`, so nothing can be added to the API without a decision on who
//! may call it.

use Who::{Anyone, Crew, Gateway, Holder, Person as Someone, PersonOrService, Service, Staff, StaffOrService};

/// Who may call an operation at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Anyone,
    /// A payment gateway, by the signature of what it says; nobody here can make one.
    Gateway,
    /// Whoever has logged in.
    Person,
    /// An administrator.
    Staff,
    /// A committee member or an administrator.
    Crew,
    /// Whose ticket it is, a committee member or an administrator; for anybody else there is none.
    Holder,
    Service,
    PersonOrService,
    StaffOrService,
}

impl Who {
    /// What the document says about it.
    pub fn schemes(self) -> &'static [&'static str] {
        match self {
            Anyone | Gateway => &[],
            Someone | Staff | Crew | Holder => &["access_token"],
            Service => &["service_token"],
            PersonOrService | StaffOrService => &["access_token", "service_token"],
        }
    }

    pub fn has_people(self) -> bool {
        self.schemes().contains(&"access_token")
    }

    pub fn has_services(self) -> bool {
        self.schemes().contains(&"service_token")
    }

    pub fn needs_staff(self) -> bool {
        matches!(self, Staff | StaffOrService)
    }
}

/// An operation and who may call it.
pub struct Row {
    pub operation: &'static str,
    pub method: &'static str,
    /// Where it is; `{name}` stands for a record of [`Cast`].
    pub path: &'static str,
    pub who: Who,
    /// A plausible body, with the same names; empty if the operation takes none.
    pub body: &'static str,
    /// What somebody else than the record's owner is answered, if the operation is about somebody's record.
    pub stranger: Option<u16>,
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
const JOURNEY: &str = r#"{"offer_id":"none","fare_id":"none","passengers":[{"given_name":"Budi"}],"max_total":1,
    "contact":{"name":"Budi","email":"budi@example.com","phone":"+6281234567890"}}"#;
const STAY: &str = r#"{"quote_id":"none","guests":[{"given_name":"Budi"}],
    "contact":{"name":"Budi","email":"budi@example.com","phone":"+6281234567890"}}"#;
const REFUND: &str = r#"{"amount":1,"reason":"it was broken"}"#;

const EVENT: &str =
    r#"{"event_id":"gala","name":"Gala","starts_at":"2030-01-01T00:00:00Z","ends_at":"2030-01-02T00:00:00Z"}"#;
const CHANGE: &str =
    r#"{"name":"Gala","starts_at":"2030-01-01T00:00:00Z","ends_at":"2030-01-02T00:00:00Z","version":9}"#;
const TICKET_TYPE: &str = r#"{"name":"VIP","price":1,"quota":1}"#;

/// Every operation of the API.
pub const OPERATIONS: &[Row] = &[
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
    row("quote_cancellation", "POST", "/bookings/{booking}/cancellation-quote", Someone, "", Some(404)),
    row("cancel_booking", "POST", "/bookings/{booking}/cancel", Someone, r#"{"expected_refund":0}"#, Some(404)),
    row("get_voucher", "GET", "/bookings/{booking}/voucher", Someone, "", Some(404)),
    row("resolve_booking", "POST", "/bookings/{booking}/resolve", Staff, r#"{"outcome":"leave","note":"asked"}"#, None),
    row("search_flights", "GET", "/flights/offers", Anyone, "", None),
    row("get_flight_offer", "GET", "/flights/offers/{nowhere}", Anyone, "", None),
    row("book_flight", "POST", "/flights/bookings", Someone, JOURNEY, None),
    row("search_hotels", "GET", "/hotels/offers", Anyone, "", None),
    row("list_hotel_rooms", "GET", "/hotels/offers/{nowhere}", Anyone, "", None),
    row("quote_hotel_room", "POST", "/hotels/quotes", Someone, r#"{"rate_id":"none"}"#, None),
    row("book_hotel", "POST", "/hotels/bookings", Someone, STAY, None),
    row("list_ferry_ports", "GET", "/ferries/ports", Anyone, "", None),
    row("list_vehicle_classes", "GET", "/ferries/vehicle-classes", Anyone, "", None),
    row("search_ferries", "GET", "/ferries/departures", Anyone, "", None),
    row("book_ferry", "POST", "/ferries/bookings", Someone, JOURNEY, None),
    row("duffel_webhook", "POST", "/webhooks/duffel", Gateway, "{}", None),
    row("ferry_webhook", "POST", "/webhooks/ferry", Gateway, "{}", None),
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
    row("list_events", "GET", "/events", Someone, "", None),
    row("create_event", "POST", "/events", Crew, EVENT, None),
    row("get_event", "GET", "/events/{event}", Someone, "", None),
    row("update_event", "PUT", "/events/{event}", Crew, CHANGE, None),
    row("list_ticket_types", "GET", "/events/{event}/ticket-types", Someone, "", None),
    row("create_ticket_type", "POST", "/events/{event}/ticket-types", Crew, TICKET_TYPE, None),
    row("list_tickets", "GET", "/events/{event}/tickets", Crew, "", None),
    row("issue_ticket", "POST", "/events/{event}/tickets", Crew, r#"{"holder":"Siti","user_id":"{user}"}"#, None),
    row("get_ticket", "GET", "/tickets/{ticket}", Holder, "", None),
    row("get_ticket_qr", "GET", "/tickets/{ticket}/qr.svg", Holder, "", None),
    row("revoke_ticket", "POST", "/tickets/{ticket}/revoke", Crew, "{}", None),
    row("list_ticket_keys", "GET", "/ticket-keys", Crew, "", None),
    row("rotate_ticket_key", "POST", "/ticket-keys/rotate", Staff, "", None),
    row("check_in", "POST", "/checkins", Crew, r#"{"event_id":"evt1","ticket_id":"T"}"#, None),
    row("check_in_batch", "POST", "/checkins/batch", Crew, r#"{"device":"a","checkins":[]}"#, None),
    row("annul_checkin", "POST", "/checkins/{checkin}/annul", Crew, "", None),
    row("get_attendance", "GET", "/attendance/{event}", Crew, "", None),
    // The answer for an event that is there does not end.
    row("follow_attendance", "GET", "/attendance/{nowhere}/live", Crew, "", None),
    row("list_conflicts", "GET", "/attendance/{event}/conflicts", Crew, "", None),
    row("list_revocations", "GET", "/attendance/{event}/revocations", Crew, "", None),
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
