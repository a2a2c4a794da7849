//! Who has a message in hand: hosts that are slow, dead, or two. And when nobody needs it any more.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{
    Code,
    notifications::{LEASE, NotificationChange},
};
use dermaga_ports::notifications::{Channel, MockSender, Receipt, SendError, Sender, Senders, Status};
use dermaga_tests::sinks::mail::{MailSink, Protection};
use tokio::sync::Semaphore;

use crate::{
    desk::Desk,
    notifications::{MINUTE, SERVICE, next, only, over_smtp, reachable, told, writing},
};

/// A sender that says when it has a message in hand, and waits for permission.
fn waiting(permits: &Arc<Semaphore>, at_hand: &Arc<Semaphore>) -> Arc<dyn Sender> {
    struct Waiting(Arc<Semaphore>, Arc<Semaphore>);
    #[async_trait::async_trait]
    impl Sender for Waiting {
        fn channel(&self) -> Channel {
            Channel::Email
        }
        async fn send(&self, _: &dermaga_ports::notifications::Message) -> Result<Receipt, SendError> {
            self.1.add_permits(1);
            self.0.acquire().await.expect("open").forget();
            Ok(Receipt::default())
        }
    }
    Arc::new(Waiting(permits.clone(), at_hand.clone()))
}

#[tokio::test]
async fn while_one_host_has_it_in_hand_nobody_else_touches_it() {
    let (permits, at_hand) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let desk = Desk::telling(Senders::new([waiting(&permits, &at_hand)])).await;
    let ani = reachable(&desk, "ani").await;
    let id = told(&desk, &ani).await.notification.id;
    let first = tokio::spawn({
        let app = desk.app.clone();
        async move { app.notifications.send(&SERVICE(), id).await }
    });
    at_hand.acquire().await.expect("open").forget();
    // A mock that expects nothing fails the test when it is given anything.
    let mut idle = MockSender::new();
    idle.expect_channel().return_const(Channel::Email);
    let second = desk.beside(Senders::new([Arc::new(idle) as Arc<dyn Sender>]));
    desk.clock.advance(LEASE - Duration::from_secs(1));
    assert_eq!(second.notifications.send_next().await, Ok(None));
    let busy = |error: dermaga_domain::Error| assert_eq!(error.code(), Code::ConcurrentChange);
    busy(second.notifications.send(&SERVICE(), id).await.expect_err("in hand"));
    busy(second.notifications.withdraw(&SERVICE(), id).await.expect_err("in hand"));
    busy(second.notifications.change(&SERVICE(), id, NotificationChange::default()).await.expect_err("in hand"));
    // No unit of work is open during the call: an embedded database would let nobody else write.
    told(&desk, &ani).await;
    permits.add_permits(1);
    let sent = first.await.expect("no panic").expect("leaves");
    assert_eq!(sent.notification.state.status(), Status::Sent);
}

#[tokio::test]
async fn a_host_that_dies_with_a_message_in_hand_loses_its_claim() {
    let (permits, at_hand) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let desk = Desk::telling(Senders::new([waiting(&permits, &at_hand)])).await;
    let ani = reachable(&desk, "ani").await;
    told(&desk, &ani).await;
    desk.clock.advance(MINUTE);
    let first = tokio::spawn({
        let app = desk.app.clone();
        async move { app.notifications.send_next().await }
    });
    at_hand.acquire().await.expect("open").forget();
    let sink = MailSink::start(Protection::StartTls).await;
    let second = desk.beside(Senders::new([over_smtp(&sink)]));
    assert_eq!(second.notifications.send_next().await, Ok(None), "the lease still runs");
    desk.clock.advance(LEASE);
    let taken_over = second.notifications.send_next().await.expect("answers").expect("is due");
    assert_eq!((taken_over.status, taken_over.tries), (Status::Sent, 2));
    // The first one was not dead but slow: what it says now counts no more, and harms nothing.
    let settled = only(&desk).await;
    permits.add_permits(1);
    let late = first.await.expect("no panic").expect("answers").expect("it had one");
    assert_eq!(late.status, Status::Sent);
    assert_eq!(only(&desk).await, settled);
}

#[tokio::test]
async fn what_was_sent_is_forgotten_after_ninety_days_and_what_waits_is_not() {
    let (desk, sink) = writing().await;
    let ani = reachable(&desk, "ani").await;
    told(&desk, &ani).await;
    desk.clock.advance(2 * MINUTE);
    while next(&desk).await.is_some() {}
    assert_eq!(sink.mails().len(), 1);
    let day = MINUTE * 60 * 24;
    desk.clock.advance(89 * day);
    assert_eq!(desk.app.notifications.tidy().await.expect("tidies"), 0);
    let waiting = told(&desk, &ani).await;
    desk.clock.advance(2 * day);
    assert_eq!(desk.app.notifications.tidy().await.expect("tidies"), 1);
    assert_eq!(only(&desk).await.notification.id, waiting.notification.id);
    desk.clock.advance(200 * day);
    assert_eq!(desk.app.notifications.tidy().await.expect("tidies"), 0, "it was never told");
}
