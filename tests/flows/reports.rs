//! Reports over HTTP, on both databases: what is told, as JSON and as CSV, to whom, and how it is proven.

use std::collections::BTreeMap;

use dermaga_tests::{
    client::{Answer, Client, Person},
    databases::{Database, Engine},
    deployment::Deployment,
    hosts::{self, Folder, Host},
    patience::until,
};
use reqwest::Method;
use serde_json::{Value, json};

/// A host in earnest on a fresh database, with two gateways.
struct House {
    host: Host,
    database: Database,
    deployment: Deployment,
    admin: Client,
}

impl House {
    async fn open(engine: Engine) -> Self {
        let database = Database::empty(engine).await;
        let deployment = Deployment::adapted(&database.url, |mut command| {
            command.env("PAYMENT_GATEWAY", "sandbox,wallet");
            command
        });
        let host = deployment.host();
        let admin = Client::admin(&host).await;
        Self { host, database, deployment, admin }
    }

    /// A report of the last thirty days.
    async fn report(&self, path: &str) -> Value {
        let report = self.admin.get(path).await.expect(200);
        assert_eq!(report["behind"], 0, "{report}");
        report
    }
}

/// The sums of a column by key: a test may run over a midnight.
fn sums(report: &Value, column: &str) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in report["rows"].as_array().expect("rows") {
        *sums.entry(row["key"].as_str().expect("a key").to_owned()).or_default() +=
            row[column].as_i64().expect("a number");
    }
    sums
}

fn expected<const N: usize>(sums: [(&str, i64); N]) -> BTreeMap<String, i64> {
    sums.map(|(key, sum)| (key.to_owned(), sum)).into()
}

async fn pay(from: &Person, merchant: &str, amount: i64) -> String {
    let body = json!({ "wallet_id": from.wallet, "merchant": merchant, "amount": amount });
    let paid = from.client.post("/payments/pay", body).await.expect(201);
    paid["transaction"]["id"].as_str().expect("an id").to_owned()
}

async fn csv(client: &Client, path: &str) -> Answer {
    client.send(client.request(Method::GET, path).header("Accept", "text/csv")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_reads_what_the_business_turned_over() {
    for engine in Engine::ALL {
        let house = House::open(engine).await;
        let ani = Client::person(&house.host, "ani", 10_000).await;
        let budi = Client::person(&house.host, "budi", 0).await;
        let kopi = pay(&ani, "Kopi", 300).await;
        pay(&ani, "Dermaga shop", 200).await;
        // Straight through a gateway, and from the wallet as if it were one: that takes two lines and is one payment.
        let bought = |body: Value| ani.client.post("/payments", body);
        bought(json!({ "merchant": "Dermaga travel", "amount": 1_000, "method": "instant" })).await.expect(201);
        let from_wallet = json!({ "merchant": "Kopi", "amount": 50, "method": "wallet", "wallet_id": ani.wallet });
        let attempt = bought(from_wallet).await.expect(201);
        // Reserved until somebody takes it.
        let path = format!("/payments/{}/capture", attempt["id"].as_str().expect("an id"));
        assert_eq!(house.admin.post(&path, Value::Null).await.expect(200)["state"], "PAID");
        let sent = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 25 });
        ani.client.post("/payments/transfer", sent).await.expect(201);
        let back = json!({ "amount": 100, "reason": "cold" });
        house.admin.post(&format!("/transactions/{kopi}/refund"), back).await.expect(200);

        let revenue = house.report("/reports/revenue").await;
        assert_eq!(sums(&revenue, "gross"), expected([("merchants", 350), ("shop", 200), ("travel", 1_000)]));
        assert_eq!(sums(&revenue, "refunds"), expected([("merchants", 100), ("shop", 0), ("travel", 0)]));
        assert_eq!(sums(&revenue, "net"), expected([("merchants", 250), ("shop", 200), ("travel", 1_000)]));
        assert_eq!(revenue["utc_offset"], "+07:00");
        assert!(revenue["rows"][0].get("fees").is_none(), "{revenue}");
        let total = json!([{
            "currency": "IDR", "payments": 4, "gross": 1_550, "refund_count": 1, "refunds": 100, "net": 1_450,
            "chargebacks": 0, "fees": 0,
        }]);
        assert_eq!(revenue["totals"], total);
        let by_gateway = house.report("/reports/revenue?by=gateway&group_by=month").await;
        assert_eq!(sums(&by_gateway, "gross"), expected([("sandbox", 1_000), ("wallet", 550)]));
        assert!(by_gateway["rows"][0]["period"].as_str().expect("a date").ends_with("-01"));

        let done = house.report("/reports/transactions").await;
        assert_eq!(sums(&done, "amount"), expected([("payment", 1_550), ("topup", 10_000), ("transfer", 25)]));
        assert_eq!(sums(&done, "count"), expected([("payment", 4), ("topup", 1), ("transfer", 1)]));
        let ways = house.report("/reports/transactions?by=gateway&currency=IDR").await;
        assert_eq!(sums(&ways, "amount"), expected([("sandbox", 11_000), ("wallet", 575)]));
        assert_eq!(house.report("/reports/transactions?currency=USD").await["rows"], json!([]));
        let refunds = house.report("/reports/refunds").await;
        assert_eq!(sums(&refunds, "amount"), expected([("merchants", 100)]));

        // The same as CSV.
        let file = csv(&house.admin, "/reports/revenue").await;
        assert_eq!((file.status.as_u16(), file.header("content-type")), (200, "text/csv; charset=utf-8"));
        let mut lines = file.text.lines();
        assert_eq!(lines.next(), Some("period,currency,key,payments,gross,refund_count,refunds,net,chargebacks,fees"));
        let row = &revenue["rows"][0];
        let (period, key) = (row["period"].as_str().expect("a date"), row["key"].as_str().expect("a key"));
        let line = format!(
            "{period},IDR,{key},{},{},{},{},{},0,",
            row["payments"], row["gross"], row["refund_count"], row["refunds"], row["net"]
        );
        assert_eq!(lines.next(), Some(line.as_str()));
        assert_eq!(lines.count() + 1, revenue["rows"].as_array().expect("rows").len());
        let file = csv(&house.admin, "/reports/refunds?by=gateway").await;
        assert!(
            file.text.starts_with("period,currency,key,count,amount\n") && file.text.ends_with(",IDR,wallet,1,100\n"),
            "{}",
            file.text
        );
        let file = csv(&house.admin, "/reports/transactions?currency=USD").await;
        assert_eq!(file.text, "period,currency,key,count,amount\n");
        csv(&ani.client, "/reports/transactions").await.problem(403, "permission_denied");
    }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_answered_with_what_does() {
    let house = House::open(Engine::Sqlite).await;
    let ask = async |path: &str| house.admin.get(path).await;
    ask("/reports/revenue?from=2026-02-01&to=2026-01-31").await.fault(422, "invalid", "/from");
    ask("/reports/revenue?from=2020-01-01&to=2026-01-31").await.fault(422, "invalid", "/from");
    ask("/reports/revenue?from=2026-02-30").await.fault(422, "invalid", "/from");
    ask("/reports/refunds?to=tomorrow").await.fault(422, "invalid", "/to");
    let refused = ask("/reports/transactions?group_by=year").await.fault(422, "invalid", "/group_by");
    assert!(refused.to_string().contains("must be one of day, week, month"), "{refused}");
    let refused = ask("/reports/revenue?by=status").await.fault(422, "invalid", "/by");
    assert!(refused.to_string().contains("must be one of context, gateway"), "{refused}");
    ask("/reports/refunds?by=kind").await.fault(422, "invalid", "/by");
    ask("/reports/revenue?currency=XXX").await.problem(400, "bad_parameter");
    ask("/reports/nothing").await.problem(404, "path_id_invalid");
    let user = "018f0000-0000-7000-8000-000000000000";
    ask(&format!("/reports/{user}")).await.problem(404, "report_not_found");
    ask(&format!("/summaries/user/{user}")).await.problem(404, "user_not_found");
    ask(&format!("/reports/user/{user}")).await.problem(404, "user_not_found");
    ask(&format!("/reports/user/{user}?page=0")).await.problem(400, "bad_parameter");
    ask(&format!("/reports/user/{user}?per_page=201")).await.problem(400, "bad_parameter");
    let report = house.admin.post("/reports", json!({ "user_id": user })).await;
    report.fault(422, "invalid", "/transaction_id");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_transfer_is_told_of_though_it_moved_nothing() {
    for engine in Engine::ALL {
        let house = House::open(engine).await;
        let ani = Client::person(&house.host, "ani", 1_000).await;
        let budi = Client::person(&house.host, "budi", 0).await;
        let body = json!({ "type": "transfer", "sender_id": ani.id, "receiver_id": budi.id, "amount": 60 });
        let started = ani.client.post("/transactions", body).await.expect(201);
        let path = format!("/transactions/{}", started["transaction"]["id"].as_str().expect("an id"));
        ani.client.delete(&path).await.expect(200);
        let counted = until("the cancelled transfer is in the report", async || {
            let report = house.report("/reports/transactions?by=status").await;
            sums(&report, "amount").contains_key("CANCELLED").then_some(report)
        });
        let counted = counted.await;
        assert_eq!(sums(&counted, "amount"), expected([("COMPLETED", 1_000), ("CANCELLED", 60)]));
        assert_eq!(sums(&counted, "count"), expected([("COMPLETED", 1), ("CANCELLED", 1)]));
        let checked = house.admin.post("/reports/verify", Value::Null).await.expect(200);
        assert_eq!((&checked["clean"], &checked["endings_under_way"]), (&json!(true), &json!(0)), "{checked}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roll_up_that_was_changed_is_found_by_the_command_too_and_a_rebuild_mends_it() {
    for engine in Engine::ALL {
        let house = House::open(engine).await;
        let ani = Client::person(&house.host, "ani", 1_000).await;
        pay(&ani, "Kopi", 300).await;
        let verify = async || house.admin.post("/reports/verify", Value::Null).await.expect(200);
        let all_counted = async || {
            until("everything is counted", async || {
                let checked = verify().await;
                (checked["counted"] == checked["sealed"]).then_some(checked)
            })
            .await
        };
        let honest = all_counted().await;
        assert_eq!((&honest["clean"], &honest["lines"], &honest["totals"]), (&json!(true), &json!(2), &json!(2)));

        let tamper = "UPDATE report_days SET amount = 299 WHERE amount = 300";
        assert_eq!(house.database.execute(tamper).await, Ok(1));
        let found = verify().await;
        assert_eq!(found["clean"], false);
        let finding = found["findings"][0].as_str().expect("a finding");
        assert!(
            finding.ends_with(
                "payment in IDR from wallets to merchant:kopi:IDR: kept are 1 lines of 299, the journal has 1 of 300"
            ),
            "{finding}"
        );
        let output = hosts::run(&mut house.deployment.command(&["verify"]), "");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && told.contains(finding) && told.contains("the books are whole"), "{told}");

        house.admin.post("/reports/rebuild", Value::Null).await.expect(200);
        assert_eq!(sums(&house.report("/reports/revenue").await, "gross"), expected([("merchants", 300)]));
        assert_eq!(all_counted().await, honest);
        house.deployment.verify();
        let trail = house.admin.get("/audit?action=reports.rebuilt").await.expect(200);
        assert_eq!(trail["items"].as_array().map(Vec::len), Some(1), "{trail}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_reports_transactions_and_everybody_reads_their_own() {
    for engine in Engine::ALL {
        let house = House::open(engine).await;
        let service = Client::service(&house.host);
        let ani = Client::person(&house.host, "ani", 1_000).await;
        let budi = Client::person(&house.host, "budi", 0).await;
        let first = pay(&ani, "Kopi", 300).await;
        let of = |user: &Person, transaction: &str| json!({ "user_id": user.id, "transaction_id": transaction });
        let made = service.post("/reports", of(&ani, &first)).await.expect(201);
        assert_eq!((&made["status"], &made["transaction_status"]), (&json!("generated"), &json!("COMPLETED")));
        assert_eq!(
            (&made["amount"], &made["currency"], &made["transaction_id"]),
            (&json!(300), &json!("IDR"), &json!(first))
        );
        assert_eq!(house.admin.post("/reports", of(&ani, &first)).await.expect(201), made, "once for each pair");
        let missing = "018f0000-0000-7000-8000-000000000000";
        service.post("/reports", of(&ani, missing)).await.problem(404, "transaction_not_found");
        service.post("/reports", of(&budi, &first)).await.fault(422, "invalid", "/transaction_id");
        ani.client.post("/reports", of(&ani, &first)).await.problem(403, "permission_denied");

        // A transfer at once belongs to both sides.
        let sent = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 25 });
        let sent = ani.client.post("/payments/transfer", sent).await.expect(201);
        let sent = sent["transaction"]["id"].as_str().expect("an id");
        for person in [&ani, &budi] {
            service.post("/reports", of(person, sent)).await.expect(201);
        }
        let list = ani.client.get(&format!("/reports/user/{}?page=1&per_page=1", ani.id)).await.expect(200);
        assert_eq!((&list["total"], &list["page"], &list["per_page"]), (&json!(2), &json!(1), &json!(1)));
        assert_eq!(list["reports"][0]["amount"], 25);
        let second = ani.client.get(&format!("/reports/user/{}?page=2&per_page=1", ani.id)).await.expect(200);
        assert_eq!(second["reports"], json!([made]));
        let beyond =
            house.admin.get(&format!("/reports/user/{}?page=4294967295&per_page=200", ani.id)).await.expect(200);
        assert_eq!((&beyond["reports"], &beyond["total"]), (&json!([]), &json!(2)));
        budi.client.get(&format!("/reports/user/{}", ani.id)).await.problem(404, "user_not_found");
        let path = format!("/reports/{}", made["id"].as_str().expect("an id"));
        assert_eq!(ani.client.get(&path).await.expect(200), made);
        budi.client.get(&path).await.problem(404, "report_not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_summary_has_what_went_through_the_wallets() {
    for engine in Engine::ALL {
        let house = House::open(engine).await;
        let ani = Client::person(&house.host, "ani", 1_000).await;
        let budi = Client::person(&house.host, "budi", 0).await;
        let path = format!("/summaries/user/{}", ani.id);
        let payment = pay(&ani, "Kopi", 300).await;
        let back = json!({ "amount": 100, "reason": "cold" });
        house.admin.post(&format!("/transactions/{payment}/refund"), back).await.expect(200);
        let summary = ani.client.get(&path).await.expect(200);
        assert_eq!(summary["user_id"], json!(ani.id));
        assert_eq!((&summary["total_transactions"], &summary["currency"]), (&json!(3), &json!("IDR")));
        assert_eq!((&summary["total_spent"], &summary["total_received"]), (&json!(300), &json!(1_100)));
        let statement = ani.client.get(&format!("/wallets/{}/statement", ani.wallet)).await.expect(200);
        assert_eq!(summary["last_transaction"], statement["items"][2]["at"], "{statement}");
        ani.client.post("/wallets", json!({ "name": "Trip", "currency": "USD" })).await.expect(201);
        let both = house.admin.get(&path).await.expect(200);
        assert_eq!(both["currencies"].as_array().map(Vec::len), Some(2));
        assert_eq!(both["total_spent"], 300);
        let dollars = ani.client.get(&format!("{path}?currency=USD")).await.expect(200);
        assert_eq!((&dollars["total_transactions"], &dollars["currency"]), (&json!(0), &json!("USD")));
        assert!(dollars.get("last_transaction").is_none(), "{dollars}");
        budi.client.get(&path).await.problem(404, "user_not_found");
    }
}

#[tokio::test]
async fn where_days_end_is_a_setting_and_changing_it_counts_anew() {
    let folder = Folder::new();
    let start = |offset: &str| Host::start("dermaga", folder.clone(), &[("BUSINESS_UTC_OFFSET", offset)]);
    let asked = async |host: &Host| Client::admin(host).await.get("/reports/revenue").await.expect(200);
    let said = "reports are counted from the first line on";
    let host = start("+07:00");
    until("counting begins", async || host.log().contains(said).then_some(())).await;
    assert_eq!(asked(&host).await["utc_offset"], "+07:00");
    host.stop();
    let host = start("-03:30");
    until("counting begins again", async || host.log().contains(said).then_some(())).await;
    assert_eq!(asked(&host).await["utc_offset"], "-03:30");
    host.stop();
    let host = start("-03:30");
    assert_eq!(asked(&host).await["utc_offset"], "-03:30");
    assert!(!host.log().contains(said), "nothing has changed");
    host.stop();
    let mut wrong = hosts::command("dermaga", &folder);
    let wrong = hosts::run(wrong.env("BUSINESS_UTC_OFFSET", "Jakarta").arg("verify"), "");
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && told.contains("BUSINESS_UTC_OFFSET must be an offset"), "{told}");
}
