//! Cancelling flights: a quote, and the confirmation of that quote and no other.

use dermaga_ports::booking::{
    CancellationQuote, FlightOrder, FlightSupplier, OrderState, Paying, RefundTo, RefusalKind,
};

use crate::{
    flights::{booking, offer},
    kit::{done, new_price, refused},
    stage::Stage,
};

async fn paid(stage: &Stage, reference: &str, origin: &str, destination: &str) -> FlightOrder {
    let offer = offer(stage, origin, destination, Paying::Later).await;
    let held = done(stage.duffel.book(&booking(reference, &offer, Paying::Later)).await);
    done(stage.duffel.pay(&held.id, held.total).await)
}

#[tokio::test]
async fn a_paid_order_gives_back_what_the_quote_said() {
    let stage = Stage::start().await;
    let order = paid(&stage, "X-1", "CGK", "DPS").await;
    let quote = done(stage.duffel.quote_cancellation(&order.id).await);
    let refund = quote.refund.expect("a sum");
    assert_eq!(
        (refund.amount(), &quote.refund_to),
        (order.total.amount() - order.total.amount() / 4, &RefundTo::Balance)
    );
    let done_ = done(stage.duffel.cancel(&quote).await);
    assert_eq!((done_.refund, &done_.refund_to), (Some(refund), &RefundTo::Balance));
    assert_eq!(done(stage.duffel.read(&order.id).await).state, OrderState::Cancelled);
    assert_eq!(done(stage.duffel.cancel(&quote).await), done_, "confirmed twice, it is cancelled once");
    assert_eq!(refused(stage.duffel.quote_cancellation(&order.id).await), RefusalKind::AlreadyDone);
}

#[tokio::test]
async fn a_hold_is_given_back_for_nothing() {
    let stage = Stage::start().await;
    let offer = offer(&stage, "CGK", "DPS", Paying::Later).await;
    let held = done(stage.duffel.book(&booking("X-2", &offer, Paying::Later)).await);
    let quote = done(stage.duffel.quote_cancellation(&held.id).await);
    assert_eq!((quote.refund.map(|refund| refund.amount()), &quote.refund_to), (Some(0), &RefundTo::NothingPaid));
    done(stage.duffel.cancel(&quote).await);
}

#[tokio::test]
async fn only_the_newest_quote_can_be_confirmed_and_only_for_an_hour() {
    let stage = Stage::start().await;
    let order = paid(&stage, "X-3", "CGK", "DPS").await;
    let first = done(stage.duffel.quote_cancellation(&order.id).await);
    let second = done(stage.duffel.quote_cancellation(&order.id).await);
    assert_eq!(refused(stage.duffel.cancel(&first).await), RefusalKind::OfferGone);
    stage.wait(3_600).await;
    assert_eq!(refused(stage.duffel.cancel(&second).await), RefusalKind::OfferGone);
    let third = done(stage.duffel.quote_cancellation(&order.id).await);
    done(stage.duffel.cancel(&third).await);
}

#[tokio::test]
async fn another_refund_than_expected_cancels_nothing() {
    let stage = Stage::start().await;
    let order = paid(&stage, "X-4", "CGK", "DPS").await;
    let quote = done(stage.duffel.quote_cancellation(&order.id).await);
    let more = CancellationQuote { refund: Some(order.total), ..quote.clone() };
    assert_eq!(new_price(stage.duffel.cancel(&more).await), quote.refund);
    assert_ne!(done(stage.duffel.read(&order.id).await).state, OrderState::Cancelled);
}

#[tokio::test]
async fn trap_32_a_refund_in_credits_is_no_money() {
    let stage = Stage::start().await;
    let order = paid(&stage, "X-5", "LTN", "SYD").await;
    let quote = done(stage.duffel.quote_cancellation(&order.id).await);
    assert_eq!((quote.refund, &quote.refund_to), (None, &RefundTo::Credits));
    let done_ = done(stage.duffel.cancel(&quote).await);
    assert!(!done_.refund_to.is_money() && done_.refund.is_none());
    assert_eq!(done_.credits.len(), 1, "the code is told once it is confirmed");
}

#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_seen_on_the_order() {
    let stage = Stage::start().await;
    let order = paid(&stage, "X-6", "CGK", "DPS").await;
    let quote = done(stage.duffel.quote_cancellation(&order.id).await);
    stage.fault("/air/order_cancellations/*/actions/confirm", "timeout_after_commit").await;
    crate::kit::unknown(stage.duffel.cancel(&quote).await);
    assert_eq!(done(stage.duffel.read(&order.id).await).state, OrderState::Cancelled);
}
