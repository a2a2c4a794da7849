//! Deadlines count by themselves; the job only writes them down.

use std::time::Duration;

use dermaga_domain::{Code, ledger::StatusChange};
use dermaga_ports::{
    auth::Principal,
    ids::TransactionId,
    ledger::{TransactionFilter, TransactionStatus},
    paging::PageRequest,
};

use crate::desk::{Desk, rupiah, settling, user};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn pending(desk: &Desk) -> (Principal, dermaga_ports::ledger::Wallet, TransactionId) {
    let (ani, wallet) = desk.person("ani").await;
    let (budi, _) = desk.person("budi").await;
    desk.topup(&ani, desk.id(), &wallet, 500).await.expect("settles");
    let id: TransactionId = desk.id();
    let (sender, receiver) = (user(&ani), user(&budi));
    desk.app.transactions.start_transfer(&ani, id, sender, receiver, rupiah(300)).await.expect("reserves");
    (ani, wallet, id)
}

#[tokio::test]
async fn reserved_money_is_free_after_a_day_whether_or_not_a_job_has_run() {
    let desk = Desk::with(settling()).await;
    let (ani, wallet, id) = pending(&desk).await;
    assert_eq!(desk.balance(&ani, &wallet).await, (500, 200));
    desk.clock.advance(DAY - Duration::from_micros(1));
    assert_eq!(desk.balance(&ani, &wallet).await, (500, 200));
    desk.clock.advance(Duration::from_micros(1));
    assert_eq!(desk.balance(&ani, &wallet).await, (500, 500));

    let seen = desk.app.transactions.transaction(&ani, id).await.expect("is there");
    assert_eq!((seen.status, seen.failure.as_deref()), (TransactionStatus::Cancelled, Some("expired")));
    let complete = StatusChange { status: Some(TransactionStatus::Completed), description: None };
    let error = desk.app.transactions.change(&ani, id, complete).await.expect_err("too late");
    assert_eq!(error.code(), Code::HoldExpired);
    desk.check().await;
}

#[tokio::test]
async fn the_job_writes_down_what_is_true_already_and_only_once() {
    let desk = Desk::with(settling()).await;
    let (ani, wallet, id) = pending(&desk).await;
    assert_eq!(desk.app.transactions.expire_overdue().await, Ok(0));
    desk.clock.advance(DAY);
    let before = desk.app.transactions.transaction(&ani, id).await.expect("is there");
    assert_eq!(desk.app.transactions.expire_overdue().await, Ok(1));
    assert_eq!(desk.app.transactions.expire_overdue().await, Ok(0));
    let after = desk.app.transactions.transaction(&ani, id).await.expect("is there");
    assert_eq!((before.status, &before.failure), (after.status, &after.failure));
    assert_eq!(desk.balance(&ani, &wallet).await, (500, 500));
    let filter = TransactionFilter { status: Some(TransactionStatus::Cancelled), ..TransactionFilter::default() };
    let list = desk.app.transactions.transactions(&ani, filter, PageRequest::first(10)).await.expect("lists");
    assert_eq!(list.items.len(), 1);
    desk.check().await;
}

#[tokio::test]
async fn cancelling_what_has_expired_is_no_error_of_the_system() {
    let desk = Desk::with(settling()).await;
    let (ani, wallet, id) = pending(&desk).await;
    desk.clock.advance(DAY);
    let cancelled = desk.app.transactions.cancel(&ani, id).await.expect("it is cancelled already");
    assert_eq!(cancelled.status, TransactionStatus::Cancelled);
    assert_eq!(desk.balance(&ani, &wallet).await, (500, 500));
    desk.check().await;
}
