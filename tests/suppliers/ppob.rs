//! What the port of credits and bills promises, and Digiflazz' documented test numbers.

use dermaga_ports::booking::{
    Bill, BillPayment, Inquiry, Personal, PpobSupplier, ProductKind, Purchase, RefusalKind, SaleRef, SaleState,
};
use serde_json::json;

use crate::{
    kit::{at, day, done, found, new_price, nothing, refused, rupiah, start, unknown, wrong_field},
    stage::Stage,
};

pub fn purchase(reference: &str, sku: &str, customer: &str) -> Purchase {
    Purchase {
        reference: reference.to_owned(),
        sku: sku.to_owned(),
        customer_no: customer.into(),
        max_price: rupiah(500_000),
    }
}

pub fn asked(purchase: &Purchase) -> SaleRef {
    SaleRef {
        reference: purchase.reference.clone(),
        kind: ProductKind::Prepaid,
        sku: purchase.sku.clone(),
        customer_no: purchase.customer_no.clone(),
        begun_at: start(),
        max_price: Some(purchase.max_price),
    }
}

fn inquiry(reference: &str, sku: &str, customer: &str) -> Inquiry {
    Inquiry { reference: reference.into(), sku: sku.into(), customer_no: customer.into(), year: None, amount: None }
}

fn payment(bill: &Bill) -> BillPayment {
    BillPayment {
        reference: bill.reference.clone(),
        sku: bill.sku.clone(),
        customer_no: bill.customer_no.clone(),
        payable_on: bill.payable_on,
        cost: bill.cost,
    }
}

fn bill_asked(bill: &Bill) -> SaleRef {
    SaleRef {
        reference: bill.reference.clone(),
        kind: ProductKind::Postpaid,
        sku: bill.sku.clone(),
        customer_no: bill.customer_no.clone(),
        begun_at: start(),
        max_price: None,
    }
}

#[tokio::test]
async fn the_documented_numbers_of_credits_do_what_they_are_for() {
    let stage = Stage::start().await;
    let before = done(stage.digiflazz.balance().await);
    let sold = done(stage.digiflazz.buy(&purchase("C-1", "xld10", "087800001230")).await);
    assert_eq!(
        (&sold.state, sold.serial.as_ref().map(Personal::reveal), sold.cost),
        (&SaleState::Succeeded, Some("1234567890"), Some(rupiah(10_000)))
    );
    let after = done(stage.digiflazz.balance().await);
    assert_eq!(before.amount() - after.amount(), 10_000);
    let failed = stage.digiflazz.buy(&purchase("C-2", "xld10", "087800001232")).await;
    assert_eq!(refused(failed), RefusalKind::Rejected);
    for (reference, number, ends) in [
        ("C-3", "087800001233", SaleState::Succeeded),
        ("C-4", "087800001234", SaleState::Failed(RefusalKind::Rejected)),
    ] {
        let order = purchase(reference, "xld10", number);
        assert_eq!(done(stage.digiflazz.buy(&order).await).state, SaleState::Pending);
        assert_eq!(found(stage.digiflazz.status(&asked(&order)).await).state, SaleState::Pending);
        stage.wait(60).await;
        assert_eq!(found(stage.digiflazz.status(&asked(&order)).await).state, ends);
    }
    assert_eq!(after.amount() - done(stage.digiflazz.balance().await).amount(), 10_000, "only what succeeded costs");
}

#[tokio::test]
async fn the_same_reference_is_the_same_purchase() {
    let stage = Stage::start().await;
    let order = purchase("S-1", "tsel50", "081200000001");
    let first = done(stage.digiflazz.buy(&order).await);
    assert_eq!(done(stage.digiflazz.buy(&order).await), first);
    assert_eq!(stage.records("S-1").await.len(), 1);
    let other = purchase("S-1", "tsel50", "081200000002");
    assert_eq!(refused(stage.digiflazz.buy(&other).await), RefusalKind::AlreadyDone);
    assert_eq!(refused(stage.digiflazz.status(&asked(&other)).await), RefusalKind::AlreadyDone);
}

#[tokio::test]
async fn a_token_for_a_meter_is_looked_up_bought_and_read() {
    let stage = Stage::start().await;
    let customer = done(stage.digiflazz.pln_customer(&"530000000001".into()).await);
    assert_eq!(customer.segment_power.as_deref(), Some("R1 /000001300"));
    assert!(customer.name.is_some());
    let wrong = stage.digiflazz.pln_customer(&"530000000000".into()).await;
    assert_eq!(wrong_field(wrong), "customer_no");
    let sold = done(stage.digiflazz.buy(&purchase("T-1", "pln50", "530000000001")).await);
    let token = sold.token.expect("a token").reveal().to_owned();
    assert!(token.len() == 20 && token.bytes().all(|digit| digit.is_ascii_digit()));
    assert!(sold.serial.is_some_and(|serial| serial.reveal().contains("/BUDI SANTOSO/")), "the whole is kept");
    assert!(!sold.raw.contains(&token) && !sold.raw.contains("530000000001"), "{}", sold.raw);
    let wrong = stage.digiflazz.buy(&purchase("T-2", "pln50", "530000000000")).await;
    assert_eq!(wrong_field(wrong), "customer_no");
}

#[tokio::test]
async fn a_price_above_the_limit_buys_nothing() {
    let stage = Stage::start().await;
    let order = Purchase { max_price: rupiah(9_999), ..purchase("P-1", "xld10", "087800001230") };
    assert_eq!(new_price(stage.digiflazz.buy(&order).await), None);
    assert!(stage.records("P-1").await.is_empty());
    assert_eq!(
        done(stage.digiflazz.buy(&Purchase { max_price: rupiah(10_000), ..order }).await).state,
        SaleState::Succeeded
    );
}

#[tokio::test]
async fn an_empty_balance_is_ours_to_fill() {
    let stage = Stage::start().await;
    stage.play("digiflazz", "balance", json!({"amount": 9_999})).await;
    assert_eq!(done(stage.digiflazz.balance().await), rupiah(9_999));
    let order = purchase("B-1", "xld10", "087800001230");
    assert_eq!(refused(stage.digiflazz.buy(&order).await), RefusalKind::InsufficientSupplierBalance);
    stage.play("digiflazz", "balance", json!({"amount": 10_000})).await;
    assert_eq!(done(stage.digiflazz.buy(&order).await).state, SaleState::Succeeded);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_and_a_call_that_was_lost_is_made_then_once() {
    let stage = Stage::start().await;
    for (reference, mode) in
        [("U-1", "timeout_after_commit"), ("U-2", "timeout_before_commit"), ("U-3", "html"), ("U-4", "status:500")]
    {
        let order = purchase(reference, "xld25", "087800000001");
        let before = done(stage.digiflazz.balance().await);
        stage.fault("/v1/transaction", mode).await;
        unknown(stage.digiflazz.buy(&order).await);
        stage.wait(60).await;
        assert_eq!(found(stage.digiflazz.status(&asked(&order)).await).state, SaleState::Succeeded, "{mode}");
        done(stage.digiflazz.buy(&order).await);
        let spent = before.amount() - done(stage.digiflazz.balance().await).amount();
        assert_eq!(spent, 24_900, "{mode}: bought once");
    }
}

#[tokio::test]
async fn trap_12_what_is_older_than_ninety_days_is_not_asked_about_because_that_would_buy_again() {
    let stage = Stage::start().await;
    let order = purchase("O-1", "xld10", "087800001230");
    done(stage.digiflazz.buy(&order).await);
    stage.wait(88 * 86_400).await;
    assert_eq!(found(stage.digiflazz.status(&asked(&order)).await).state, SaleState::Succeeded);
    stage.wait(3 * 86_400).await;
    let heard = stage.heard("O-1").await.len();
    let before = done(stage.digiflazz.balance().await);
    assert_eq!(refused(stage.digiflazz.status(&asked(&order)).await), RefusalKind::Rejected);
    assert_eq!(
        (stage.heard("O-1").await.len(), done(stage.digiflazz.balance().await)),
        (heard, before),
        "nobody was called"
    );
    done(stage.digiflazz.buy(&order).await);
    assert!(done(stage.digiflazz.balance().await) != before, "the trap is there: the same call buys again");
}

#[tokio::test]
async fn trap_33_a_bill_has_the_customers_sum_and_ours() {
    let stage = Stage::start().await;
    for (at, (sku, number, billed, cost, lines)) in [
        ("pln", "530000000001", 11_000, 10_000, 1),
        ("pln", "530000000002", 25_000, 23_000, 2),
        ("pdam", "1013226", 12_500, 11_500, 1),
        ("internet", "6391601001", 24_500, 22_500, 2),
    ]
    .into_iter()
    .enumerate()
    {
        let bill = done(stage.digiflazz.inquire(&inquiry(&format!("I-{at}"), sku, number)).await);
        assert_eq!((bill.bill, bill.cost, bill.lines.len()), (rupiah(billed), rupiah(cost), lines), "{sku} {number}");
        let of = |sum: Option<dermaga_ports::money::Money>| sum.map_or(0, |sum| sum.amount());
        let parts: i64 =
            bill.lines.iter().map(|line| of(line.amount) + of(line.penalty) + of(line.admin) + of(line.other)).sum();
        let once = if bill.lines.iter().any(|line| line.admin.is_some()) { 0 } else { of(bill.admin) };
        assert_eq!(parts + once, billed, "{sku}: the lines are the bill");
        assert!(!format!("{bill:?}").contains(number), "a customer's number is personal");
        let paid = done(stage.digiflazz.pay_bill(&payment(&bill)).await);
        assert_eq!((paid.state, paid.cost), (SaleState::Succeeded, Some(rupiah(cost))));
    }
}

/// Every documented biller: good, no bill, payment fails, pending and good, pending and failed.
const BILLERS: [(&str, [&str; 5]); 15] = [
    ("pln", ["530000000001", "530000000003", "530000000006", "630000000001", "630000000006"]),
    ("pdam", ["1013226", "1013227", "1013230", "2013226", "2013230"]),
    ("internet", ["6391601001", "6391601002", "6391601005", "7391601001", "7391601005"]),
    ("bpjs", ["8801234560001", "8801234560002", "8801234560005", "9801234560001", "9801234560005"]),
    ("multifinance", ["6391601201", "6391601202", "6391601205", "7391601201", "7391601205"]),
    (
        "cimahi",
        ["329801092375999991", "329801092375999992", "329801092375999995", "429801092375999991", "429801092375999995"],
    ),
    ("pdl", ["3298010921", "3298010922", "3298010923", "4298010921", "4298010923"]),
    ("pgas", ["0110014601", "0110014603", "0110014605", "1110014601", "1110014605"]),
    ("tv", ["127246500101", "127246500102", "127246500105", "227246500101", "227246500105"]),
    ("bpjstk", ["8102051011270001", "8102051011270002", "8102051011270003", "9102051011270001", "9102051011270003"]),
    ("bpjstkpu", ["400000100001", "400000100002", "400000100003", "500000100001", "500000100003"]),
    ("plnnontaglist", ["3225030005921", "3225030005922", "3225030005923", "4225030005921", "4225030005923"]),
    ("emoney", ["082100000001", "082100000002", "082100000003", "082110000001", "082110000003"]),
    (
        "samsat",
        [
            "9658548523568701,0212502110170100",
            "9658548523568702,0212502110170100",
            "9658548523568705,0212502110170100",
            "0658548523568701,0212502110170100",
            "0658548523568705,0212502110170100",
        ],
    ),
    ("hp", ["081234554320", "081234554321", "081234554324", "081244554320", "081244554324"]),
];

#[tokio::test]
async fn the_documented_numbers_of_every_biller_do_what_they_are_for() {
    let stage = Stage::start().await;
    for (sku, [good, none, fails, later, fails_later]) in BILLERS {
        let ask = |case: &str, number| inquiry(&format!("{sku}-{case}"), sku, number);
        assert_eq!(wrong_field(stage.digiflazz.inquire(&ask("none", none)).await), "customer_no", "{sku}");
        let bill = done(stage.digiflazz.inquire(&ask("good", good)).await);
        nothing(stage.digiflazz.status(&bill_asked(&bill)).await);
        assert_eq!(done(stage.digiflazz.pay_bill(&payment(&bill)).await).state, SaleState::Succeeded, "{sku}");
        let bill = done(stage.digiflazz.inquire(&ask("fails", fails)).await);
        assert_eq!(refused(stage.digiflazz.pay_bill(&payment(&bill)).await), RefusalKind::Rejected, "{sku}");
        for (number, ends) in [(later, SaleState::Succeeded), (fails_later, SaleState::Failed(RefusalKind::Rejected))] {
            let bill = done(stage.digiflazz.inquire(&ask(&format!("later-{number}").replace(',', "."), number)).await);
            assert_eq!(done(stage.digiflazz.pay_bill(&payment(&bill)).await).state, SaleState::Pending, "{sku}");
            stage.wait(31).await;
            assert_eq!(found(stage.digiflazz.status(&bill_asked(&bill)).await).state, ends, "{sku} {number}");
        }
    }
}

#[tokio::test]
async fn trap_13_a_success_may_have_no_serial() {
    let stage = Stage::start().await;
    let bill = done(stage.digiflazz.inquire(&inquiry("K-1", "bpjstk", "8102051011270001")).await);
    let paid = done(stage.digiflazz.pay_bill(&payment(&bill)).await);
    assert_eq!((paid.state, paid.serial), (SaleState::Succeeded, None));
}

#[tokio::test]
async fn trap_14_a_bill_is_paid_on_the_day_of_its_inquiry_in_jakarta() {
    let stage = Stage::start().await;
    let bill = done(stage.digiflazz.inquire(&inquiry("D-1", "pln", "530000000001")).await);
    assert_eq!(bill.payable_on, day("2026-01-05"));
    stage.wait(at("2026-01-05T16:59:59Z").since(start()).as_secs()).await;
    let late = done(stage.digiflazz.inquire(&inquiry("D-2", "pln", "530000000001")).await);
    assert_eq!(late.payable_on, day("2026-01-05"), "a second before midnight");
    done(stage.digiflazz.pay_bill(&payment(&late)).await);
    stage.wait(1).await;
    let heard = stage.heard("D-1").await.len();
    assert_eq!(refused(stage.digiflazz.pay_bill(&payment(&bill)).await), RefusalKind::OfferGone);
    assert_eq!(stage.heard("D-1").await.len(), heard, "nobody was called");
    let new = done(stage.digiflazz.inquire(&inquiry("D-3", "pln", "530000000001")).await);
    assert_eq!(new.payable_on, day("2026-01-06"));
    done(stage.digiflazz.pay_bill(&payment(&new)).await);
}

#[tokio::test]
async fn trap_15_the_price_list_is_given_once_in_five_minutes() {
    let stage = Stage::start().await;
    let products = done(stage.digiflazz.products(ProductKind::Prepaid).await);
    assert!(products.iter().any(|one| one.category == "Data") && products.iter().all(|one| one.price.is_some()));
    assert!(done(stage.digiflazz.products(ProductKind::Postpaid).await).len() >= 15);
    let RefusalKind::RateLimited { retry_at } = refused(stage.digiflazz.products(ProductKind::Prepaid).await) else {
        panic!("limited")
    };
    assert_eq!(retry_at, Some(at("2026-01-05T03:05:00Z")));
    stage.wait(300).await;
    done(stage.digiflazz.products(ProductKind::Prepaid).await);
}

#[tokio::test]
async fn trap_16_a_product_is_not_sold_in_its_cut_off_across_midnight() {
    let stage = Stage::start().await;
    let products = done(stage.digiflazz.products(ProductKind::Prepaid).await);
    let token = products.iter().find(|one| one.sku == "pln20").expect("a token");
    stage.wait(at("2026-01-05T17:10:00Z").since(start()).as_secs()).await;
    assert!(!token.sellable(at("2026-01-05T17:10:00Z")), "ten past midnight");
    let order = purchase("N-1", "pln20", "530000000001");
    assert_eq!(refused(stage.digiflazz.buy(&order).await), RefusalKind::OfferGone);
    stage.wait(20 * 60).await;
    assert!(token.sellable(at("2026-01-05T17:30:00Z")));
    let again = purchase("N-2", "pln20", "530000000001");
    assert_eq!(done(stage.digiflazz.buy(&again).await).state, SaleState::Succeeded);
}

#[tokio::test]
async fn trap_18_money_may_come_back_after_a_success() {
    let stage = Stage::start().await;
    let order = purchase("R-1", "xld10", "087800001230");
    assert_eq!(done(stage.digiflazz.buy(&order).await).state, SaleState::Succeeded);
    let before = done(stage.digiflazz.balance().await);
    stage.play("R-1", "return", json!({})).await;
    assert_eq!(found(stage.digiflazz.status(&asked(&order)).await).state, SaleState::Returned);
    assert_eq!(done(stage.digiflazz.balance().await).amount(), before.amount() + 10_000);
}

#[tokio::test]
async fn a_payment_whose_answer_is_lost_is_seen_by_its_status_and_one_that_never_arrived_is_not() {
    let stage = Stage::start().await;
    for (reference, mode, there) in [("V-1", "timeout_after_commit", true), ("V-2", "timeout_before_commit", false)] {
        let bill = done(stage.digiflazz.inquire(&inquiry(reference, "pdam", "1013226")).await);
        stage.fault("/v1/transaction", mode).await;
        unknown(stage.digiflazz.pay_bill(&payment(&bill)).await);
        let status = stage.digiflazz.status(&bill_asked(&bill)).await;
        if there {
            assert_eq!(found(status).state, SaleState::Succeeded);
        } else {
            nothing(status);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_a_number_or_a_product_is_named_and_refused() {
    let stage = Stage::start().await;
    for number in ["", "12", "0812 3456", "0812<script>", "081200000001,081200000002"] {
        assert_eq!(
            wrong_field(stage.digiflazz.buy(&purchase("W-1", "xld10", number)).await),
            "customer_no",
            "{number}"
        );
    }
    assert_eq!(wrong_field(stage.digiflazz.buy(&purchase("a b", "xld10", "087800001230")).await), "reference");
    assert!(stage.heard("W-1").await.is_empty());
    assert_eq!(refused(stage.digiflazz.buy(&purchase("W-2", "nosuch", "087800001230")).await), RefusalKind::OfferGone);
    for number in ["9658548523568701,", "budi,0212502110170100", "9658,5485,2356"] {
        let asked = stage.digiflazz.inquire(&inquiry("W-5", "samsat", number)).await;
        assert_eq!(wrong_field(asked), "customer_no", "{number}");
    }
    let none = stage.digiflazz.inquire(&inquiry("W-3", "nosuch", "530000000001")).await;
    assert_eq!(refused(none), RefusalKind::OfferGone);
    let kind = wrong_field(stage.digiflazz.inquire(&inquiry("W-4", "pln", "999999999999")).await);
    assert_eq!(kind, "customer_no");
}
