//! The pages for people.

use serde_json::{Value, json};

use crate::support::Stage;

async fn page(stage: &Stage, url: &str) -> (u16, String) {
    let response = stage.http.get(url).send().await.expect("a page");
    (response.status().as_u16(), response.text().await.expect("a text"))
}

/// Presses a button.
async fn press(stage: &Stage, url: &str, form: &str) -> (u16, String) {
    let request = stage.http.post(url).header("content-type", "application/x-www-form-urlencoded");
    let response = request.body(form.to_owned()).send().await.expect("a page");
    (response.status().as_u16(), response.text().await.expect("a text"))
}

fn shows(page: &(u16, String), status: &str) {
    assert_eq!(page.0, 200);
    assert!(page.1.contains(&format!("<strong id=\"status\">{status}</strong>")), "{status} in {}", page.1);
}

#[tokio::test]
async fn the_page_lists_payments_with_what_can_be_done() {
    let stage = Stage::still().await;
    stage.charge("A-1", 150_000, json!({"payment_type": "gopay"})).await;
    stage.charge("A-2~pay1s", 50_000, json!({"payment_type": "qris"})).await;
    stage.invoice("A-3", 75_000, json!({})).await;
    stage.request("A-4", 20_000, "QRIS", json!({})).await.body(201);
    stage.advance(1).await;
    let home = format!("{}/", stage.sandbox.base_url);
    let (status, text) = page(&stage, &home).await;
    assert_eq!(status, 200);
    assert_eq!(text.matches("/refund\"").count(), 1, "only what can be refunded has the button");
    for shown in ["A-1", "Rp 150.000", "A-2~pay1s", "settlement", "A-3", "Rp 75.000", "A-4", "2026-01-05T03:00:01.123Z"]
    {
        assert!(text.contains(shown), "{shown}");
    }
    let tx = |path: &str| format!("{}/__sandbox/page/tx/{path}", stage.sandbox.base_url);
    assert!(text.contains("/__sandbox/page/tx/A%2D1/pay"));
    assert_eq!(press(&stage, &tx("A%2D1/pay"), "").await.0, 303);
    assert_eq!(stage.status("A-1").await["transaction_status"], "settlement");
    press(&stage, &tx("A%2D2%7Epay1s/refund"), "").await;
    assert_eq!(stage.status("A-2~pay1s").await["transaction_status"], "refund");
    press(&stage, &tx("A-3/expire"), "").await;
    assert_eq!(stage.look("/tx?ref=A-3").await[0]["status"], "EXPIRED");
    press(&stage, &tx("A-3/refund"), "").await;
    let clock = format!("{}/__sandbox/page/clock", stage.sandbox.base_url);
    press(&stage, &clock, "advance_s=3600").await;
    assert!(page(&stage, &home).await.1.contains("2026-01-05T04:00:01.123Z"));
}

#[tokio::test]
async fn what_callers_send_is_escaped() {
    let stage = Stage::still().await;
    let evil = "<script>alert('x')</script>";
    let told = stage.invoice(evil, 20_000, json!({"success_redirect_url": "https://app.example/\"><script>"})).await;
    stage.advance(0).await;
    let url = told["invoice_url"].as_str().expect("an address").to_owned();
    press(&stage, &url, "do=pay&method=BCA").await;
    stage.advance(0).await;
    for url in [url, format!("{}/", stage.sandbox.base_url)] {
        let (_, text) = page(&stage, &url).await;
        assert!(!text.contains("<script>"), "{text}");
        assert!(text.contains("&#60;script&#62;alert"), "{text}");
    }
}

#[tokio::test]
async fn an_invoice_is_paid_on_its_page() {
    let stage = Stage::still().await;
    let members = json!({"payment_methods": ["BCA", "DANA"], "success_redirect_url": "https://app.example/finish"});
    let told = stage.invoice("I-1", 150_000, members).await;
    let url = told["invoice_url"].as_str().expect("an address");
    let open = page(&stage, url).await;
    shows(&open, "PENDING");
    assert!(open.1.contains("value=\"DANA\"") && !open.1.contains("value=\"OVO\"") && !open.1.contains("finish"));
    let paid = press(&stage, url, "do=pay&method=DANA").await;
    shows(&paid, "PAID");
    assert!(paid.1.contains("https://app.example/finish") && !paid.1.contains("<button"));
    assert_eq!(stage.look("/tx?ref=I-1").await[0]["record"]["paid"]["channel"]["code"], "DANA");
    shows(&press(&stage, url, "do=expire").await, "PAID");
}

#[tokio::test]
async fn snaps_page_makes_the_transaction_and_pays_it() {
    let stage = Stage::still().await;
    let members =
        json!({"enabled_payments": ["gopay", "bca_va"], "callbacks": {"finish": "https://app.example/f?a=1"}});
    let told = stage.snap("/transactions", &Stage::order("S-1", 150_000, members)).await.body(201);
    let url = told["redirect_url"].as_str().expect("an address");
    shows(&page(&stage, url).await, "open");
    shows(&press(&stage, url, "do=pay&method=shopeepay").await, "open");
    shows(&press(&stage, url, "do=choose&method=bca_va").await, "pending");
    assert_eq!(stage.status("S-1").await["payment_type"], "bank_transfer");
    shows(&press(&stage, url, "do=deny").await, "deny");
    let paid = press(&stage, url, "do=pay").await;
    shows(&paid, "settlement");
    let back = "https://app.example/f?a=1&#38;order_id=S-1&#38;status_code=200&#38;transaction_status=settlement";
    assert!(paid.1.contains(back), "{}", paid.1);
}

#[tokio::test]
async fn the_banks_page_ends_as_the_script_says_or_as_one_presses() {
    let stage = Stage::still().await;
    for (order, at_once, end) in
        [("B-1~3ds", "capture", "capture"), ("B-2~3ds.fail", "deny", "deny"), ("B-3", "pending", "capture")]
    {
        let told = stage.card(order, 1_000, "4811111111111114", json!({"authentication": true})).await;
        let url = told["redirect_url"].as_str().expect("an address");
        shows(&page(&stage, url).await, at_once);
        shows(&press(&stage, url, "do=pay").await, end);
    }
    let told = stage.charge("B-4", 1_000, json!({"payment_type": "gopay"})).await;
    let actions = told["actions"].as_array().expect("actions");
    let app = actions.iter().find(|action| action["name"] == "deeplink-redirect").expect("a deep link");
    shows(&press(&stage, app["url"].as_str().expect("an address"), "do=pay").await, "settlement");
    let told = stage.request("B-5", 20_000, "DANA", json!({})).await.body(201);
    let url = told["actions"][0]["value"].as_str().expect("an address");
    shows(&page(&stage, url).await, "REQUIRES_ACTION");
    shows(&press(&stage, url, "do=deny").await, "FAILED");
}

#[tokio::test]
async fn what_is_not_there_has_a_page_that_says_so() {
    let stage = Stage::still().await;
    let base = &stage.sandbox.base_url;
    for path in [
        "/midtrans/app/simulator/x",
        "/midtrans/api/v2/3ds/redirect/x",
        "/midtrans/app/snap/v3/redirection/x",
        "/xendit/web/x",
        "/xendit/pay/x",
    ] {
        let (status, text) = page(&stage, &format!("{base}{path}")).await;
        assert_eq!(status, 404, "{path}");
        assert!(text.contains("no such payment"));
    }
    stage.call(reqwest::Method::GET, &format!("{base}/nowhere"), "", &[], &Value::Null).await.body(404);
}
