//! Who may call what: every operation of the API, tried by everybody who might.
//!
//! The table in `operations` has one row for each of them, and each row is tried against the real host: the decision is what
//! the host does, not what the code seems to say.

use std::collections::{BTreeMap, BTreeSet};

use dermaga_tests::{
    client::{Answer, Client, Person},
    hosts::{COMMITTEE_PASSWORD, Host},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::operations::{
    OPERATIONS, Row,
    Who::{Anyone, Crew, Gateway, Holder, Staff, StaffOrService},
};

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
                ("{event}", "evt1".to_owned()),
                ("{nowhere}", "nowhere".to_owned()),
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
            ("{ticket}", "issue_ticket", "/id"),
            ("{checkin}", "check_in", "/record/id"),
        ] {
            let row = OPERATIONS.iter().find(|row| row.operation == operation).expect("has a row");
            let caller = match row.who {
                Anyone => &cast.anyone,
                StaffOrService => &cast.service,
                Staff => &cast.admin,
                Crew => &cast.committee,
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
            } else if matches!(row.who, Crew | Holder) {
                // The committee is among those who may.
            } else if let Some(status) = row.stranger {
                cast.refused(row, what, plain, status).await;
            }
        }
        match row.who {
            Crew => {
                cast.refused(row, "a stranger", &cast.stranger.client, 403).await;
                cast.refused(row, "the ticket's holder", &cast.owner.client, 403).await;
            }
            Holder => cast.refused(row, "a stranger", &cast.stranger.client, 404).await,
            _ => {}
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
        } else if row.who == Crew {
            cast.heard(row, "a committee member", &cast.committee).await;
            cast.heard(row, "an administrator", &cast.admin).await;
        } else if row.who == Holder {
            cast.heard(row, "the holder", &cast.owner.client).await;
            cast.heard(row, "a committee member", &cast.committee).await;
            cast.heard(row, "an administrator", &cast.admin).await;
        } else if row.who.has_people() {
            cast.heard(row, "the owner", &cast.owner.client).await;
        }
        if row.who.has_services() {
            cast.heard(row, "a service", &cast.service).await;
        }
    }
}
