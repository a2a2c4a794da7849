//! Orders: placed, paid, delivered; called off, expired, paid too late.

use std::time::Duration;

use dermaga_domain::{
    Code, Policy,
    auth::GuestDetails,
    inventory::{ProductChange, Removal, StockChange},
    orders::{NewOrder, TakenElsewhere},
    payments::{MethodChoice, Payable},
};
use dermaga_ports::{
    auth::{Principal, Role},
    inventory::ProductStatus,
    orders::{OrderFilter, OrderStatus},
    paging::PageRequest,
};
use dermaga_tests::databases::Engine;

use crate::{
    desk::{Desk, user},
    shop::{bought, by, check, counts, earned, line, nobody, order, product, staff, status},
};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn ordered_paid_and_delivered_the_stock_falls_once() {
    for engine in Engine::ALL {
        let (desk, gateway) = Desk::played_on(engine, Policy::default()).await;
        let (ani, _) = desk.person("ani").await;
        let admin = staff(&desk, "budi").await;
        let shoes = product(&desk, 10).await;
        let (placed, payment) = bought(&desk, &ani, shoes, 3).await;
        assert_eq!(
            (placed.status, placed.total.amount(), payment.amount),
            (OrderStatus::Confirmed, 3_000, placed.total)
        );
        assert_eq!(counts(&desk, shoes).await, (10, 0, 3, 7));
        gateway.pay(&payment.reference);
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!(status(&desk, placed.id).await, OrderStatus::Paid);
        assert_eq!(counts(&desk, shoes).await, (10, 3, 0, 7));
        desk.app.orders.complete(&admin, placed.id, None).await.expect("completes");
        assert_eq!(status(&desk, placed.id).await, OrderStatus::Completed);
        assert_eq!(counts(&desk, shoes).await, (7, 0, 0, 7));
        assert_eq!(earned(&desk).await, 3_000);
        let again = desk.app.orders.complete(&admin, placed.id, None).await.expect_err("refused");
        assert_eq!(again.code(), Code::IllegalTransition);
        assert!(again.detail().contains("COMPLETED"), "{again}");
        check(&desk).await;
    }
}

#[tokio::test]
async fn not_paid_in_time_the_stock_is_free_by_itself_and_late_money_returns() {
    for (method, to_wallet) in [("qris", 0), ("bank_transfer", 3_000)] {
        let policy = Policy { payment_window: Duration::from_secs(10), ..Policy::default() };
        let (desk, gateway) = Desk::played_on(Engine::Sqlite, policy).await;
        let (ani, wallet) = desk.person("ani").await;
        let shoes = product(&desk, 3).await;
        let (placed, payment) = order(&desk, &ani, shoes, 3, Some(method)).await.expect("orders");
        desk.clock.advance(Duration::from_secs(15));
        // Nobody has written anything down.
        assert_eq!(status(&desk, placed.id).await, OrderStatus::Expired);
        assert_eq!(counts(&desk, shoes).await, (3, 0, 0, 3));
        let (other, _) = bought(&desk, &ani, shoes, 3).await;
        desk.app.transactions.expire_overdue().await.expect("tidies up");
        assert_eq!(status(&desk, placed.id).await, OrderStatus::Expired);
        gateway.pay(&payment.expect("is being paid").reference);
        desk.pass(Duration::from_secs(60 * 60)).await;
        assert_eq!(status(&desk, placed.id).await, OrderStatus::Expired, "late money buys nothing");
        assert_eq!(desk.balance(&ani, &wallet).await.0, to_wallet, "{method}");
        assert_eq!(earned(&desk).await, 0);
        assert_eq!(status(&desk, other.id).await, OrderStatus::Expired);
        check(&desk).await;
    }
}

#[tokio::test]
async fn the_last_second_counts_and_the_next_does_not() {
    for (seconds, becomes) in [(899, OrderStatus::Paid), (900, OrderStatus::Expired)] {
        let (desk, gateway) = Desk::played().await;
        let (ani, _) = desk.person("ani").await;
        let shoes = product(&desk, 1).await;
        let (placed, payment) = bought(&desk, &ani, shoes, 1).await;
        desk.clock.advance(Duration::from_secs(seconds));
        gateway.pay(&payment.reference);
        desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
        assert_eq!(status(&desk, placed.id).await, becomes, "after {seconds} seconds");
        desk.look_after().await;
        check(&desk).await;
    }
}

#[tokio::test]
async fn too_many_are_refused_by_line_with_what_is_there() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (shoes, bags) = (product(&desk, 5).await, product(&desk, 1).await);
    // Two lines of one product are one wish.
    let lines = vec![line(shoes, 3), line(bags, 1), line(shoes, 3)];
    let new = NewOrder { lines, ..NewOrder::default() };
    let refused = desk.app.orders.create(&ani, desk.id(), new).await.expect_err("refused");
    assert_eq!(refused.code(), Code::InsufficientStock);
    let places: Vec<&str> = refused.faults().iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(places, ["/lines/0/quantity", "/lines/2/quantity"]);
    assert!(refused.detail().contains("nly 5 of \"Sepatu\" are available"), "{refused}");
    assert_eq!(
        (counts(&desk, shoes).await, counts(&desk, bags).await),
        ((5, 0, 0, 5), (1, 0, 0, 1)),
        "nothing half done"
    );
    let orders = desk.app.orders.orders(&ani, OrderFilter::default(), PageRequest::first(9)).await.expect("lists");
    assert!(orders.items.is_empty());
}

#[tokio::test]
async fn what_cannot_be_ordered_is_named() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let shoes = product(&desk, 5).await;
    let old = product(&desk, 5).await;
    let retire = ProductChange { status: Some(ProductStatus::Retired), ..ProductChange::default() };
    desk.app.inventory.change(&Principal::Operator, old, retire).await.expect("changes");
    let mut seen = line(shoes, 1);
    seen.unit_price = Some(999);
    for (lines, code, pointer) in [
        (vec![], Code::Invalid, "/lines"),
        (vec![line(shoes, 0)], Code::Invalid, "/lines/0/quantity"),
        (vec![line(shoes, -1)], Code::Invalid, "/lines/0/quantity"),
        (vec![line(shoes, i64::MAX)], Code::Invalid, "/lines/0/quantity"),
        (vec![line(nobody(), 1)], Code::Invalid, "/lines/0/product_id"),
        (vec![line(shoes, 1), line(old, 1)], Code::Invalid, "/lines/1/product_id"),
        (vec![seen], Code::PriceChanged, "/lines/0/unit_price"),
        ((0..101).map(|_| line(shoes, 1)).collect(), Code::Invalid, "/lines"),
    ] {
        let new = NewOrder { lines, ..NewOrder::default() };
        let refused = desk.app.orders.create(&ani, desk.id(), new).await.expect_err("refused");
        assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), (code, pointer), "{refused}");
    }
    assert_eq!(counts(&desk, shoes).await, (5, 0, 0, 5));
}

#[tokio::test]
async fn the_same_request_again_is_the_same_order() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let (eka, _) = desk.person("eka").await;
    let shoes = product(&desk, 5).await;
    let id = desk.id();
    let new = NewOrder { lines: vec![line(shoes, 2)], draft: false, payment: Some(by("qris")) };
    let (first, paying) = desk.app.orders.create(&ani, id, new.clone()).await.expect("orders");
    let (again, paying_again) = desk.app.orders.create(&ani, id, new.clone()).await.expect("answers");
    assert_eq!((first.id, first.number, paying.map(|p| p.id)), (again.id, again.number, paying_again.map(|p| p.id)));
    assert_eq!(counts(&desk, shoes).await, (5, 0, 2, 3));
    assert_eq!(gateway.charges().len(), 1);
    let stolen = desk.app.orders.create(&eka, id, new).await.expect_err("refused");
    assert_eq!(stolen.code(), Code::TransferConflict);
}

#[tokio::test]
async fn a_draft_reserves_nothing_and_is_placed_at_the_price_of_the_moment() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let shoes = product(&desk, 5).await;
    let new = NewOrder { lines: vec![line(shoes, 2)], draft: true, payment: None };
    let (draft, _) = desk.app.orders.create(&ani, desk.id(), new).await.expect("drafts");
    assert_eq!((draft.status, counts(&desk, shoes).await), (OrderStatus::Draft, (5, 0, 0, 5)));
    let choice = MethodChoice::default();
    let early = desk.app.payments.start(&ani, desk.id(), Payable::Order(draft.id), choice).await.expect_err("refused");
    assert_eq!(early.code(), Code::IllegalTransition);
    let dearer = ProductChange { price: Some(1_500), ..ProductChange::default() };
    desk.app.inventory.change(&Principal::Operator, shoes, dearer).await.expect("changes");
    let refused = desk.app.orders.place(&ani, draft.id, None, None).await.expect_err("refused");
    assert_eq!(refused.code(), Code::PriceChanged);
    assert!(refused.detail().contains("3000") && refused.detail().contains("2000"), "{refused}");
    let (placed, _) = desk.app.orders.place(&ani, draft.id, Some(3_000), None).await.expect("places");
    assert_eq!((placed.status, placed.total.amount()), (OrderStatus::Confirmed, 3_000));
    assert_eq!(counts(&desk, shoes).await, (5, 0, 2, 3));
    let (again, _) = desk.app.orders.place(&ani, draft.id, Some(3_000), None).await.expect("answers");
    assert_eq!((again.revision, counts(&desk, shoes).await), (placed.revision, (5, 0, 2, 3)));
    check(&desk).await;
}

#[tokio::test]
async fn placed_again_after_it_was_paid_or_delivered_it_is_the_same_order() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let shoes = product(&desk, 5).await;
    let new = NewOrder { lines: vec![line(shoes, 2)], draft: true, payment: None };
    let (draft, _) = desk.app.orders.create(&ani, desk.id(), new).await.expect("drafts");
    let place = async || desk.app.orders.place(&ani, draft.id, Some(2_000), Some(by("qris"))).await;
    let payment = place().await.expect("places").1.expect("is being paid");
    gateway.pay(&payment.reference);
    desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    for becomes in [OrderStatus::Paid, OrderStatus::Completed] {
        let (again, paying) = place().await.expect("answers");
        assert_eq!((again.status, paying.map(|one| one.id)), (becomes, Some(payment.id)));
        if becomes == OrderStatus::Paid {
            desk.app.orders.complete(&admin, draft.id, None).await.expect("completes");
        }
    }
    assert_eq!((gateway.charges().len(), counts(&desk, shoes).await), (1, (3, 0, 0, 3)));
    check(&desk).await;
}

#[tokio::test]
async fn a_draft_is_confirmed_as_it_was_seen() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let shoes = product(&desk, 5).await;
    let new = NewOrder { lines: vec![line(shoes, 2)], draft: true, payment: None };
    let (draft, _) = desk.app.orders.create(&ani, desk.id(), new).await.expect("drafts");
    let confirm = async |revision| {
        desk.app.orders.set_status(&admin, draft.id, OrderStatus::Confirmed, None, Some(revision)).await
    };
    let stale = confirm(draft.revision + 1).await.expect_err("refused");
    assert_eq!((stale.code(), stale.faults()[0].pointer.as_str()), (Code::ConcurrentChange, "/revision"));
    assert_eq!(confirm(draft.revision).await.expect("confirms").status, OrderStatus::Confirmed);
}

#[tokio::test]
async fn staff_decides_on_what_it_saw() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let shoes = product(&desk, 9).await;
    let (placed, _) = order(&desk, &ani, shoes, 2, None).await.expect("orders");
    for to in [OrderStatus::Paid, OrderStatus::Expired, OrderStatus::Completed, OrderStatus::Draft] {
        let refused = desk.app.orders.set_status(&admin, placed.id, to, None, None).await.expect_err("refused");
        assert_eq!(refused.code(), Code::IllegalTransition, "{to:?}");
    }
    let taken = TakenElsewhere { reference: "POS-1".to_owned(), amount: 2_000, currency: None };
    let paid = desk.app.orders.record_payment(&admin, placed.id, taken).await.expect("records");
    let stale = desk.app.orders.complete(&admin, placed.id, Some(placed.revision)).await.expect_err("refused");
    assert_eq!(stale.code(), Code::ConcurrentChange);
    assert!(stale.detail().contains("PAID"), "{stale}");
    let done = desk.app.orders.set_status(&admin, placed.id, OrderStatus::Completed, None, Some(paid.revision)).await;
    assert_eq!(done.expect("completes").status, OrderStatus::Completed);
    let over = desk.app.orders.cancel(&admin, placed.id, None, None).await.expect_err("refused");
    assert_eq!(over.code(), Code::IllegalTransition);
    check(&desk).await;
}

#[tokio::test]
async fn a_product_that_orders_wait_for_stays() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let (shoes, unsold) = (product(&desk, 9).await, product(&desk, 9).await);
    let (placed, _) = order(&desk, &ani, shoes, 2, None).await.expect("orders");
    let refused = desk.app.inventory.remove(&admin, shoes).await.expect_err("refused");
    assert_eq!(refused.code(), Code::ProductInUse);
    let promised = desk.app.inventory.change_stock(&admin, desk.id(), shoes, StockChange::Set(1), None).await;
    assert_eq!(promised.expect_err("refused").code(), Code::StockPromised);
    desk.app.orders.cancel(&ani, placed.id, None, None).await.expect("cancels");
    let removed = desk.app.inventory.remove(&admin, shoes).await.expect("removes");
    assert!(matches!(removed, Removal::Retired(offer) if offer.product.status == ProductStatus::Retired));
    assert_eq!(desk.app.inventory.remove(&admin, unsold).await, Ok(Removal::Removed));
    assert_eq!(desk.app.inventory.offer(unsold).await.expect_err("is gone").code(), Code::ProductNotFound);
    let counted = desk.app.orders.order(&ani, placed.id).await.expect("is there");
    assert_eq!(counted.lines[0].title, "Sepatu", "the order remembers");
}

#[tokio::test]
async fn what_somebody_did_to_the_counters_is_found_and_mended() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let shoes = product(&desk, 9).await;
    let (_, payment) = bought(&desk, &ani, shoes, 2).await;
    gateway.pay(&payment.reference);
    desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    desk.database.execute("UPDATE stock SET on_hand = 12, allocated = 0").await.expect("tampers");
    let (items, found) = desk.app.inventory.verify(&admin).await.expect("recounts");
    assert_eq!((items, found.len(), found[0].recount.kept.on_hand), (1, 1, 12));
    let (_, mended) = desk.app.inventory.repair(&admin).await.expect("repairs");
    assert!(mended.len() == 1 && mended[0].repaired, "{mended:?}");
    assert_eq!(counts(&desk, shoes).await, (9, 2, 0, 7));
    check(&desk).await;
}

#[tokio::test]
async fn a_guest_has_orders_and_nothing_else() {
    let (desk, gateway) = Desk::played().await;
    let shoes = product(&desk, 5).await;
    let details = GuestDetails { full_name: Some("Ani".to_owned()), phone: Some("+62812000111".to_owned()) };
    let tokens = desk.app.auth.create_guest(desk.id(), details).await.expect("makes a guest");
    let guest = desk.app.auth.principal(&tokens.access_token).expect("is valid");
    assert!(matches!(guest, Principal::User { role: Role::Guest, .. }));
    let (placed, payment) = bought(&desk, &guest, shoes, 1).await;
    gateway.pay(&payment.reference);
    desk.app.payments.confirm(&guest, payment.id).await.expect("asks");
    assert_eq!(status(&desk, placed.id).await, OrderStatus::Paid);
    assert_eq!(desk.app.wallets.list(&guest).await.expect_err("refused").code(), Code::PermissionDenied);
    let (ani, _) = desk.person("ani").await;
    let foreign = desk.app.orders.order(&guest, order(&desk, &ani, shoes, 1, None).await.expect("orders").0.id).await;
    assert_eq!(foreign.expect_err("refused").code(), Code::OrderNotFound);
    let next = desk.app.auth.refresh(&tokens.refresh_token).await.expect("goes on");
    assert_eq!(next.user.id, user(&guest));
    for faulty in [GuestDetails::default(), GuestDetails { phone: Some("call me".to_owned()), ..Default::default() }] {
        assert_eq!(desk.app.auth.create_guest(desk.id(), faulty).await.expect_err("refused").code(), Code::Invalid);
    }
}

#[tokio::test]
async fn whoever_waits_for_an_order_stays() {
    let (desk, _) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let shoes = product(&desk, 5).await;
    let (placed, _) = order(&desk, &ani, shoes, 1, None).await.expect("orders");
    let refused = desk.app.auth.close_account(&ani, user(&ani)).await.expect_err("refused");
    assert_eq!(refused.code(), Code::AccountNotEmpty);
    desk.app.orders.cancel(&ani, placed.id, None, None).await.expect("cancels");
    desk.app.auth.close_account(&ani, user(&ani)).await.expect("closes");
}

#[tokio::test]
async fn the_timeline_tells_who_did_what() {
    let (desk, gateway) = Desk::played().await;
    let (ani, _) = desk.person("ani").await;
    let admin = staff(&desk, "budi").await;
    let shoes = product(&desk, 5).await;
    let (placed, payment) = bought(&desk, &ani, shoes, 1).await;
    gateway.pay(&payment.reference);
    desk.pass(MINUTE).await;
    desk.app.payments.confirm(&ani, payment.id).await.expect("asks");
    desk.app.orders.complete(&admin, placed.id, None).await.expect("completes");
    let view = desk.app.orders.detail(&ani, placed.id).await.expect("answers");
    let told: Vec<(&str, &str)> =
        view.timeline.iter().map(|moment| (moment.what.as_str(), moment.who.as_str())).collect();
    for wanted in [
        ("order.confirmed", "buyer"),
        ("order.paid", "played"),
        ("payment.paid", "played"),
        ("order.completed", "staff"),
    ] {
        assert!(told.contains(&wanted), "{wanted:?} is not among {told:?}");
    }
    // The payment and the delivery are of one moment.
    let of_the_order: Vec<&str> =
        told.iter().map(|(what, _)| *what).filter(|what| what.starts_with("order.")).collect();
    assert_eq!(of_the_order, ["order.confirmed", "order.paid", "order.completed"]);
    let inside = desk.app.orders.detail(&admin, placed.id).await.expect("answers");
    assert!(inside.timeline.iter().any(|moment| moment.who == format!("user:{}", user(&admin))));
    assert_eq!(view.payments.len(), 1);
}
