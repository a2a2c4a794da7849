//! The money of orders: called off, taken back, transferred by hand, taken elsewhere.

use std::time::Duration;

use dermaga_domain::{
    Code,
    orders::TakenElsewhere,
    payments::{MAX_PICTURE, NewProof, Step},
};
use dermaga_ports::{
    auth::Principal,
    ledger::TransactionStatus,
    orders::OrderStatus,
    payments::{DisputeProgress, GatewayState, PaymentState, RefundProgress, SeenDispute, SeenRefund, Use},
};

use crate::{
    desk::Desk,
    shop::{Sold, bought, check, counts, earned, order, product, staff, status},
};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_order_that_is_called_off_frees_its_goods_and_its_payment() {
    let (desk, gateway) = Desk::played().await;
    let (ani, wallet) = desk.person("ani").await;
    let (eka, _) = desk.person("eka").await;
    let shoes = product(&desk, 5).await;
    let (placed, payment) = bought(&desk, &ani, shoes, 2).await;
    let foreign = desk.app.orders.cancel(&eka, placed.id, None, None).await.expect_err("refused");
    assert_eq!(foreign.code(), Code::OrderNotFound);
    desk.app.orders.cancel(&ani, placed.id, Some("too dear"), None).await.expect("cancels");
    desk.app.orders.cancel(&ani, placed.id, None, None).await.expect("twice is once");
    assert_eq!((status(&desk, placed.id).await, counts(&desk, shoes).await), (OrderStatus::Cancelled, (5, 0, 0, 5)));
    assert_eq!(desk.payment(payment.id).await.state, PaymentState::Cancelled, "the gateway was told");
    // Whoever was quicker than the gateway gets the money back.
    gateway.happen(&payment.reference, |charge| charge.state = GatewayState::Paid);
    desk.pass(Duration::from_secs(2 * 60 * 60)).await;
    let late = desk.payment(payment.id).await;
    assert_eq!((late.used, late.sums.refunded), (Use::Surplus, 2_000));
    assert_eq!(desk.balance(&ani, &wallet).await, (0, 0));
    check(&desk).await;
}

#[tokio::test]
async fn a_paid_order_that_is_called_off_gives_the_money_back() {
    // By the gateway; to the wallet where the gateway cannot; to the wallet where it could and did not.
    for (method, denied, to_wallet) in [("qris", false, 0), ("bank_transfer", false, 2_000), ("qris", true, 2_000)] {
        let (desk, gateway) = Desk::played().await;
        let (ani, wallet) = desk.person("ani").await;
        let shoes = product(&desk, 5).await;
        let (placed, payment) = order(&desk, &ani, shoes, 2, Some(method)).await.expect("orders");
        let payment = payment.expect("is being paid");
        gateway.pay(&payment.reference);
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        if denied {
            gateway.refunds_end(&[RefundProgress::Failed { reason: "denied by the bank".to_owned() }]);
        }
        desk.app.orders.cancel(&ani, placed.id, None, None).await.expect("cancels");
        desk.pass(Duration::from_secs(2 * 60 * 60)).await;
        assert_eq!(
            (status(&desk, placed.id).await, counts(&desk, shoes).await),
            (OrderStatus::Cancelled, (5, 0, 0, 5))
        );
        let found = desk.payment(payment.id).await;
        assert_eq!((found.sums.refunded, found.sums.credited), (2_000 - to_wallet, to_wallet), "{method}, {denied}");
        assert_eq!(desk.balance(&ani, &wallet).await, (to_wallet, to_wallet), "{method}, {denied}");
        let transaction = desk.app.transactions.transaction(&Principal::Operator, placed.transaction()).await;
        assert_eq!(transaction.expect("is there").status, TransactionStatus::Refunded);
        assert_eq!(earned(&desk).await, 0);
        let refused = desk.app.payments.refund(&Principal::Operator, desk.id(), payment.id, None, "again").await;
        assert_eq!(refused.expect_err("nothing is left").code(), Code::RefundExceeds);
        check(&desk).await;
    }
}

#[tokio::test]
async fn money_that_the_gateway_takes_back_frees_the_goods() {
    Sold::by("bank_transfer").await.is_reversed().await;
}

#[tokio::test]
async fn a_payment_that_is_taken_back_after_its_refund_frees_the_goods() {
    let sold = Sold::by("qris").await;
    sold.refund(None).await;
    sold.is_reversed().await;
}

#[tokio::test]
async fn no_goods_leave_for_money_that_went_back() {
    for way in ["a refund", "a refund at the gateway", "a lost dispute"] {
        let sold = Sold::by("qris").await;
        let (orders, admin) = (&sold.desk.app.orders, &sold.admin);
        match way {
            "a refund" => sold.refund(None).await,
            "a refund at the gateway" => {
                let refund = SeenRefund { key: "theirs".to_owned(), amount: 2_000, state: RefundProgress::Succeeded };
                sold.becomes(|charge| charge.refunds.push(refund)).await;
            }
            _ => {
                let dispute = SeenDispute { id: "D-1".to_owned(), amount: 2_000, state: DisputeProgress::Lost };
                sold.becomes(|charge| charge.disputes.push(dispute)).await;
            }
        }
        sold.look().await;
        assert_eq!(status(&sold.desk, sold.order).await, OrderStatus::Paid, "{way} says nothing about the order");
        let refused = orders.complete(admin, sold.order, None).await.expect_err("refused");
        assert_eq!(refused.code(), Code::IllegalTransition, "{way}");
        assert!(refused.detail().contains("cancel it"), "{refused}");
        assert_eq!(sold.counts().await, (5, 2, 0, 3), "{way}");
        orders.cancel(admin, sold.order, None, None).await.expect("cancels");
        assert_eq!((sold.counts().await, earned(&sold.desk).await), ((5, 0, 0, 5), 0), "{way}");
        check(&sold.desk).await;
    }
}

#[tokio::test]
async fn what_is_partly_paid_back_is_delivered_all_the_same() {
    let sold = Sold::by("qris").await;
    sold.refund(Some(1_999)).await;
    sold.desk.app.orders.complete(&sold.admin, sold.order, None).await.expect("completes");
    assert_eq!((sold.counts().await, earned(&sold.desk).await), ((3, 0, 0, 3), 1));
    check(&sold.desk).await;
}

#[tokio::test]
async fn a_transfer_that_is_announced_in_time_waits_for_a_person_once() {
    let (desk, _) = Desk::played().await;
    let (ani, wallet) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let shoes = product(&desk, 9).await;
    for accepted in [true, false] {
        let (placed, payment) = order(&desk, &ani, shoes, 1, Some("manual_transfer")).await.expect("orders");
        let payment = payment.expect("is being paid");
        desk.pass(9 * MINUTE).await;
        desk.app.payments.confirm(&ani, payment.id).await.expect("announces");
        desk.pass(20 * 60 * MINUTE).await;
        desk.app.transactions.expire_overdue().await.expect("tidies up");
        assert_eq!(status(&desk, placed.id).await, OrderStatus::Confirmed, "somebody has to look first");
        assert_eq!(counts(&desk, shoes).await.2, 1);
        if accepted {
            desk.app.payments.accept(&admin, payment.id).await.expect("accepts");
            assert_eq!(status(&desk, placed.id).await, OrderStatus::Paid);
            desk.app.orders.complete(&admin, placed.id, None).await.expect("completes");
        } else {
            desk.app.payments.step(&admin, payment.id, Step::Deny).await.expect("rejects");
            assert_eq!(status(&desk, placed.id).await, OrderStatus::Expired, "its own time is over");
            assert_eq!(counts(&desk, shoes).await.2, 0);
        }
    }
    // Nobody looks for a day: the goods are free, and money that is found then is the payer's.
    let (placed, payment) = order(&desk, &ani, shoes, 1, Some("manual_transfer")).await.expect("orders");
    let payment = payment.expect("is being paid");
    desk.app.payments.confirm(&ani, payment.id).await.expect("announces");
    desk.pass(25 * 60 * MINUTE).await;
    assert_eq!(status(&desk, placed.id).await, OrderStatus::Expired);
    desk.app.payments.accept(&admin, payment.id).await.expect("accepts");
    assert_eq!(desk.payment(payment.id).await.used, Use::Surplus);
    // With the code, and the code of the first one.
    assert!(desk.balance(&ani, &wallet).await.0 > 1_000);
    check(&desk).await;
}

#[tokio::test]
async fn each_open_transfer_has_an_amount_of_its_own_and_the_code_is_the_payers() {
    let (desk, _) = Desk::played().await;
    let (ani, wallet) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let shoes = product(&desk, 50).await;
    let mut amounts = Vec::new();
    let mut last = None;
    for _ in 0..40 {
        let (placed, payment) = order(&desk, &ani, shoes, 1, Some("manual_transfer")).await.expect("orders");
        let payment = payment.expect("is being paid");
        assert_eq!((placed.total.amount(), payment.net()), (1_000, 1_000));
        assert!((1_001..=1_999).contains(&payment.amount.amount()), "{}", payment.amount);
        amounts.push(payment.amount.amount());
        last = Some((placed, payment));
    }
    amounts.sort_unstable();
    amounts.dedup();
    assert_eq!(amounts.len(), 40);
    let (placed, payment) = last.expect("some");
    desk.app.payments.confirm(&ani, payment.id).await.expect("announces");
    desk.app.payments.accept(&admin, payment.id).await.expect("accepts");
    let code = payment.method.code.expect("a code");
    assert_eq!((status(&desk, placed.id).await, earned(&desk).await), (OrderStatus::Paid, 1_000));
    assert_eq!(desk.balance(&ani, &wallet).await.0, code);
    desk.app.orders.cancel(&admin, placed.id, None, None).await.expect("cancels");
    assert_eq!((desk.balance(&ani, &wallet).await.0, earned(&desk).await), (1_000 + code, 0));
    check(&desk).await;
}

#[tokio::test]
async fn a_proof_goes_to_review_and_is_seen_by_those_who_review() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (eka, _) = desk.person("eka").await;
    let admin = staff(&desk, "budi").await;
    let shoes = product(&desk, 5).await;
    let (_, payment) = order(&desk, &ani, shoes, 1, Some("manual_transfer")).await.expect("orders");
    let id = payment.expect("is being paid").id;
    let shown = NewProof {
        sender: Some("Ani".to_owned()),
        picture: Some(b"\xff\xd8\xff\xe0 pixels".to_vec()),
        ..NewProof::default()
    };
    let foreign = desk.app.payments.show(&eka, id, shown.clone()).await.expect_err("refused");
    assert_eq!(foreign.code(), Code::PaymentNotFound);
    for (faulty, pointer) in [
        (NewProof { picture: Some(b"<svg/>".to_vec()), ..NewProof::default() }, "/image"),
        (
            NewProof { picture: Some([&b"\xff\xd8\xff"[..], &vec![0; MAX_PICTURE]].concat()), ..NewProof::default() },
            "/image",
        ),
        (NewProof { amount: Some(0), ..NewProof::default() }, "/amount"),
    ] {
        let refused = desk.app.payments.show(&ani, id, faulty).await.expect_err("refused");
        assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), (Code::Invalid, pointer));
    }
    assert_eq!(desk.payment(id).await.state, PaymentState::Pending, "what is refused says nothing");
    assert_eq!(desk.app.payments.show(&ani, id, shown.clone()).await.expect("shows").state, PaymentState::Review);
    for who in [&ani, &admin] {
        let found = desk.app.payments.proof(who, id).await.expect("is there");
        assert_eq!(
            (found.sender.as_deref(), found.picture.map(|one| one.media_type)),
            (Some("Ani"), Some("image/jpeg"))
        );
    }
    assert_eq!(desk.app.payments.proof(&eka, id).await.expect_err("refused").code(), Code::PaymentNotFound);
    desk.app.payments.proof(&Principal::Operator, id).await.expect("is there");
    let looked = "SELECT actor FROM audit_entries WHERE action = 'payment.proof_seen' ORDER BY id";
    let others = [String::from(&admin), String::from(&Principal::Operator)];
    assert_eq!(desk.database.texts(looked).await, others, "whoever looks at other people's papers is written down");
    desk.app.payments.accept(&admin, id).await.expect("accepts");
    let late = desk.app.payments.show(&ani, id, shown).await.expect_err("refused");
    assert_eq!(late.code(), Code::IllegalTransition);
}

#[tokio::test]
async fn money_taken_elsewhere_is_written_down_once() {
    let (desk, _) = Desk::played().await;
    let (ani, wallet) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let shoes = product(&desk, 9).await;
    let (placed, _) = order(&desk, &ani, shoes, 2, None).await.expect("orders");
    let taken = |reference: &str, amount| TakenElsewhere { reference: reference.to_owned(), amount, currency: None };
    let own = desk.app.orders.record_payment(&ani, placed.id, taken("POS-1", 2_000)).await.expect_err("refused");
    assert_eq!(own.code(), Code::PermissionDenied);
    let short = desk.app.orders.record_payment(&admin, placed.id, taken("POS-1", 1_999)).await.expect_err("refused");
    assert_eq!((short.code(), short.faults()[0].pointer.as_str()), (Code::Invalid, "/amount"));
    for _ in 0..2 {
        let paid = desk.app.orders.record_payment(&admin, placed.id, taken("POS-1", 2_000)).await.expect("records");
        assert_eq!(paid.status, OrderStatus::Paid);
    }
    assert_eq!((earned(&desk).await, counts(&desk, shoes).await), (2_000, (9, 2, 0, 7)));
    let (second, _) = order(&desk, &ani, shoes, 2, None).await.expect("orders");
    let reused = desk.app.orders.record_payment(&admin, second.id, taken("POS-1", 2_000)).await.expect_err("refused");
    assert_eq!(reused.code(), Code::ReferenceTaken);
    desk.pass(60 * MINUTE).await;
    let late = desk.app.orders.record_payment(&admin, second.id, taken("POS-2", 2_000)).await.expect("is there anyway");
    assert_ne!(late.status, OrderStatus::Paid);
    assert_eq!(desk.balance(&ani, &wallet).await.0, 2_000, "it came too late");
    check(&desk).await;
}
