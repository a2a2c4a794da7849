//! Telling people when the mail server, the clock and a second host do what they like.

use std::{sync::Arc, time::Duration};

use dermaga_domain::{
    Code,
    auth::ProfileChange,
    notifications::{Delivery, NewNotification, NotificationChange, NotificationView, TRIES},
};
use dermaga_mail::{SmsSender, SmsSettings, SmtpSender, SmtpSettings, Tls};
use dermaga_ports::{
    auth::{Language, Principal, Role},
    events::{Event, NotHandled, Subscriber as _},
    ids::{EventId, NotificationId, UserId},
    notifications::{Channel, NotificationFilter, Sender, Senders, Status},
    paging::PageRequest,
};
use dermaga_tests::sinks::{
    mail::{MailSink, Manners, Protection},
    sms::{self, SmsSink},
};
use serde_json::json;

use crate::desk::{Desk, user};

pub const SERVICE: fn() -> Principal = || Principal::Service { name: "orders".to_owned() };
pub const MINUTE: Duration = Duration::from_secs(60);

pub fn over_smtp(sink: &MailSink) -> Arc<dyn Sender> {
    let settings = SmtpSettings {
        server: "127.0.0.1".to_owned(),
        port: sink.address().port(),
        login: None,
        sender: "noreply@toko.example".to_owned(),
        tls: Tls::StartTls,
        authority: Some(sink.certificate().as_bytes().to_vec()),
    };
    Arc::new(SmtpSender::new(settings).expect("right settings"))
}

fn over_http(sink: &SmsSink) -> Arc<dyn Sender> {
    let settings = SmsSettings {
        url: sink.url(),
        account: sms::ACCOUNT.to_owned(),
        token: sms::TOKEN.to_owned(),
        sender: "TOKO".to_owned(),
        country: "62".to_owned(),
    };
    Arc::new(SmsSender::new(settings).expect("right settings"))
}

/// A desk that writes mail to a server of its own.
pub async fn writing() -> (Desk, MailSink) {
    let sink = MailSink::start(Protection::StartTls).await;
    (Desk::telling(Senders::new([over_smtp(&sink)])).await, sink)
}

/// Somebody with an e-mail address and a telephone.
pub async fn reachable(desk: &Desk, name: &str) -> Principal {
    let (person, _) = desk.person(name).await;
    let change = ProfileChange {
        email: Some(format!("{name}@example.com")),
        phone: Some("081234567890".to_owned()),
        full_name: Some(name.to_uppercase()),
        ..ProfileChange::default()
    };
    desk.app.auth.change_profile(&Principal::Operator, user(&person), change).await.expect("changes");
    person
}

pub async fn told(desk: &Desk, to: &Principal) -> NotificationView {
    let new = NewNotification { user: user(to), message: "Halo dari kami".to_owned(), channel: None };
    desk.app.notifications.create(&SERVICE(), desk.id(), new).await.expect("is kept")
}

/// The only notification there is.
pub async fn only(desk: &Desk) -> NotificationView {
    let mut all = everything(desk, &SERVICE()).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn everything(desk: &Desk, by: &Principal) -> Vec<NotificationView> {
    let filter = NotificationFilter::default();
    desk.app.notifications.list(by, filter, PageRequest::first(100)).await.expect("lists").items
}

pub async fn next(desk: &Desk) -> Option<Delivery> {
    desk.app.notifications.send_next().await.expect("the store answers")
}

fn event(topic: &'static str, number: u128, payload: serde_json::Value) -> Event {
    let id = EventId(uuid::Uuid::from_u128(number));
    let at = dermaga_ports::time::Timestamp::from_micros(0);
    Event { id, at, topic: topic.into(), subject: "transaction:42".to_owned(), payload }
}

fn moved(kind: &str, from: UserId, to: Option<UserId>) -> serde_json::Value {
    json!({ "type": kind, "user_id": from, "counterparty_user_id": to, "amount": 50_000, "currency": "IDR" })
}

#[tokio::test]
async fn both_sides_of_a_transfer_get_a_letter_in_their_language_and_only_one() {
    let (desk, sink) = writing().await;
    let (ani, budi) = (reachable(&desk, "ani").await, reachable(&desk, "budi").await);
    let subscriber = desk.app.notifications.subscriber().expect("wants to hear");
    assert!(subscriber.topics().iter().any(|topic| dermaga_ports::events::covers(topic, "transaction.completed")));
    let english = ProfileChange { language: Some(Language::En), ..ProfileChange::default() };
    desk.app.auth.change_profile(&budi, user(&budi), english).await.expect("changes");
    let completed = event("transaction.completed", 1, moved("transfer", user(&ani), Some(user(&budi))));
    // At least once is what a relay promises.
    for _ in 0..3 {
        subscriber.handle(&completed).await.expect("is handled");
    }
    while next(&desk).await.is_some() {}
    let mut mails = sink.mails();
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert_eq!((mails[0].to.as_str(), mails[0].header("Subject")), ("ani@example.com", "Transfer berhasil"));
    assert!(mails[0].data.contains("Transfer Anda sebesar Rp 50.000 kepada BUDI berhasil."), "{}", mails[0].data);
    assert_eq!((mails[1].to.as_str(), mails[1].header("Subject")), ("budi@example.com", "You have received money"));
    assert!(mails[1].data.contains("You have received Rp 50,000 from ANI."), "{}", mails[1].data);
    assert!(mails.iter().all(|mail| mail.data.contains("42")), "the number to ask about");
    // Each sees their own.
    let own = everything(&desk, &budi).await;
    assert_eq!((own.len(), own[0].words.message.as_str()), (1, "You have received Rp 50,000 from ANI."));
    assert_eq!(own[0].notification.state.status(), Status::Sent);
}

/// Everything that was announced so far, as a relay would hand it over.
async fn announced(desk: &Desk) -> Vec<Event> {
    let rows = "SELECT json_object('id', hex(id), 'topic', topic, 'subject', subject, 'payload', json(payload)) \
        FROM outbox ORDER BY id";
    let event = |row: String| {
        let row: serde_json::Value = serde_json::from_str(&row).expect("JSON");
        let text = |name: &str| row[name].as_str().expect("a text").to_owned();
        Event {
            id: EventId(text("id").parse().expect("an id")),
            at: dermaga_ports::time::Timestamp::from_micros(0),
            topic: text("topic").into(),
            subject: text("subject"),
            payload: row["payload"].clone(),
        }
    };
    desk.database.texts(rows).await.into_iter().map(event).collect()
}

#[tokio::test]
async fn what_the_use_cases_announce_is_understood() {
    let (desk, _sink) = writing().await;
    let ani = reachable(&desk, "ani").await;
    let wallet = desk.app.wallets.list(&ani).await.expect("lists").remove(0).wallet;
    desk.topup(&ani, desk.id(), &wallet, 50_000).await.expect("settles");
    let (payment, id) = (crate::desk::rupiah(7_000), desk.id());
    let kopi = dermaga_domain::payments::MerchantPayment { merchant: "Kopi".to_owned(), payment };
    desk.app.payments.pay(&ani, id, wallet.id, kopi).await.expect("pays");
    let events = announced(&desk).await;
    assert!(events.iter().any(|event| event.topic == "payment.paid"), "{events:?}");
    for event in &events {
        desk.app.notifications.handle(event).await.expect("is understood");
    }
    let mut told: Vec<String> = everything(&desk, &ani).await.into_iter().map(|view| view.words.message).collect();
    told.sort();
    let expected =
        ["Pembayaran Anda sebesar Rp 7.000 berhasil.", "Top up Rp 50.000 berhasil dan sudah masuk ke dompet Anda."];
    assert_eq!(told, expected, "once each");
}

#[tokio::test]
async fn many_subscribers_at_once_tell_once() {
    let (desk, _sink) = writing().await;
    let ani = reachable(&desk, "ani").await;
    let desk = Arc::new(desk);
    let attempts = (0..8).map(|_| {
        let (desk, topup) = (desk.clone(), event("transaction.completed", 1, moved("topup", user(&ani), None)));
        tokio::spawn(async move { desk.app.notifications.handle(&topup).await })
    });
    for attempt in futures::future::join_all(attempts).await {
        attempt.expect("no panic").expect("is handled");
    }
    assert_eq!(only(&desk).await.words.subject, "Top up berhasil");
}

#[tokio::test]
async fn nobody_is_told_who_cannot_be_and_a_broken_event_is_for_a_person() {
    let (desk, _sink) = writing().await;
    let (nameless, _) = desk.person("nameless").await;
    let closed = reachable(&desk, "closed").await;
    desk.app.auth.close_account(&closed, user(&closed)).await.expect("closes");
    for (number, person) in [(1, &nameless), (2, &closed)] {
        let topup = event("transaction.completed", number, moved("topup", user(person), None));
        desk.app.notifications.handle(&topup).await.expect("is nobody's concern");
    }
    assert!(everything(&desk, &SERVICE()).await.is_empty());
    let broken = event("transaction.completed", 3, json!({ "type": "topup" }));
    assert!(matches!(desk.app.notifications.handle(&broken).await, Err(NotHandled::Never(_))));
}

#[tokio::test]
async fn whoever_has_only_a_telephone_gets_a_text_message() {
    let (mails, texts) = (MailSink::start(Protection::StartTls).await, SmsSink::start().await);
    let desk = Desk::telling(Senders::new([over_smtp(&mails), over_http(&texts)])).await;
    let (ani, _) = desk.person("ani").await;
    let phone = ProfileChange { phone: Some("0812 3456 7890".to_owned()), ..ProfileChange::default() };
    desk.app.auth.change_profile(&ani, user(&ani), phone).await.expect("changes");
    desk.app
        .notifications
        .handle(&event("transaction.completed", 1, moved("topup", user(&ani), None)))
        .await
        .expect("ok");
    assert_eq!(next(&desk).await.map(|delivery| delivery.channel), Some(Channel::Sms));
    let text = texts.texts().remove(0);
    assert_eq!((text.to.as_str(), text.from.as_str()), ("+6281234567890", "TOKO"));
    assert_eq!(text.body, "Top up Rp 50.000 berhasil dan sudah masuk ke dompet Anda.");
    assert!(mails.mails().is_empty());
}

#[tokio::test]
async fn a_server_that_comes_back_gets_what_it_missed() {
    let (desk, mut sink) = writing().await;
    let ani = reachable(&desk, "ani").await;
    told(&desk, &ani).await;
    assert_eq!(next(&desk).await, None, "whoever wrote it may still change it");
    desk.clock.advance(MINUTE);
    sink.stop().await;
    for (tries, wait) in [(1, 1), (2, 5), (3, 30)] {
        let delivery = next(&desk).await.expect("is due");
        assert_eq!((delivery.status, delivery.tries), (Status::Pending, tries));
        assert_eq!(next(&desk).await, None, "not before its time");
        desk.clock.advance(MINUTE * wait - Duration::from_secs(1));
        assert_eq!(next(&desk).await, None, "not a second before its time");
        desk.clock.advance(Duration::from_secs(1));
    }
    sink.resume().await;
    assert_eq!(next(&desk).await.map(|delivery| (delivery.status, delivery.tries)), Some((Status::Sent, 4)));
    assert_eq!(sink.mails().len(), 1);
    desk.clock.advance(MINUTE * 600);
    assert_eq!(next(&desk).await, None, "what was sent is not sent again");
    assert_eq!(only(&desk).await.notification.last_error, None);
}

#[tokio::test]
async fn a_server_that_stays_away_is_given_up() {
    let (desk, mut sink) = writing().await;
    let ani = reachable(&desk, "ani").await;
    told(&desk, &ani).await;
    sink.stop().await;
    let mut tried = 0;
    for _ in 0..20 * 60 {
        desk.clock.advance(MINUTE);
        tried += u32::from(next(&desk).await.is_some());
    }
    let given_up = only(&desk).await.notification;
    assert_eq!((tried, given_up.tries, given_up.state.status()), (TRIES, TRIES, Status::Failed));
}

#[tokio::test]
async fn an_address_that_is_refused_is_not_tried_again() {
    let (desk, sink) = writing().await;
    let (ani, budi) = (reachable(&desk, "ani").await, reachable(&desk, "budi").await);
    sink.treat("ani@example.com", Manners::Refuses);
    sink.treat("budi@example.com", Manners::Greylists(1));
    for person in [&ani, &budi] {
        told(&desk, person).await;
    }
    desk.clock.advance(MINUTE);
    assert_eq!(next(&desk).await.map(|delivery| delivery.status), Some(Status::Failed));
    assert_eq!(next(&desk).await.map(|delivery| delivery.status), Some(Status::Pending));
    desk.clock.advance(MINUTE);
    assert_eq!(next(&desk).await.map(|delivery| delivery.status), Some(Status::Sent));
    assert_eq!(next(&desk).await, None);
    let failed = everything(&desk, &ani).await.remove(0).notification;
    assert!(failed.last_error.expect("a reason").contains("550"));
}

#[tokio::test]
async fn a_person_may_mend_what_was_refused() {
    let (desk, sink) = writing().await;
    let ani = reachable(&desk, "ani").await;
    sink.treat("ani@example.com", Manners::Refuses);
    let id = told(&desk, &ani).await.notification.id;
    let refused = desk.app.notifications.send(&SERVICE(), id).await.expect_err("refused");
    assert_eq!(refused.code(), Code::DeliveryFailed);
    assert!(refused.detail().contains("550") && refused.detail().contains("FAILED"), "{}", refused.detail());
    // The address is looked up when it is sent.
    let moved = ProfileChange { email: Some("ani@example.org".to_owned()), ..ProfileChange::default() };
    desk.app.auth.change_profile(&ani, user(&ani), moved).await.expect("changes");
    let sent = desk.app.notifications.send(&SERVICE(), id).await.expect("leaves");
    assert_eq!(sent.notification.state.status(), Status::Sent);
    let again = desk.app.notifications.send(&SERVICE(), id).await.expect("was sent before");
    assert_eq!(again, sent);
    assert_eq!(sink.mails().iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ani@example.org"]);
}

#[tokio::test]
async fn what_was_sent_or_withdrawn_stays_so() {
    let (desk, sink) = writing().await;
    let ani = reachable(&desk, "ani").await;
    let (sent, withdrawn) = (told(&desk, &ani).await.notification.id, told(&desk, &ani).await.notification.id);
    let desk_of = &desk.app.notifications;
    desk_of.send(&SERVICE(), sent).await.expect("leaves");
    for _ in 0..2 {
        let view = desk_of.withdraw(&SERVICE(), withdrawn).await.expect("is withdrawn");
        assert_eq!(view.notification.state.status(), Status::Cancelled);
    }
    for id in [sent, withdrawn] {
        let change = NotificationChange { message: Some("other".to_owned()), ..NotificationChange::default() };
        let refused = desk_of.change(&SERVICE(), id, change).await.expect_err("stays");
        assert_eq!(refused.code(), Code::IllegalTransition);
    }
    assert_eq!(desk_of.withdraw(&SERVICE(), sent).await.expect_err("gone").code(), Code::IllegalTransition);
    assert_eq!(desk_of.send(&SERVICE(), withdrawn).await.expect_err("withdrawn").code(), Code::IllegalTransition);
    desk.clock.advance(MINUTE * 60);
    assert_eq!(next(&desk).await, None);
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn a_host_without_senders_keeps_what_it_cannot_send() {
    let desk = Desk::telling(Senders::default()).await;
    let ani = reachable(&desk, "ani").await;
    desk.app
        .notifications
        .handle(&event("transaction.completed", 1, moved("topup", user(&ani), None)))
        .await
        .expect("ok");
    assert!(desk.app.notifications.subscriber().is_none());
    assert!(everything(&desk, &SERVICE()).await.is_empty(), "events pile up nothing that would come out years later");
    let id = told(&desk, &ani).await.notification.id;
    desk.clock.advance(MINUTE * 600);
    assert_eq!(next(&desk).await, None);
    let refused = desk.app.notifications.send(&SERVICE(), id).await.expect_err("nobody to send it");
    assert_eq!(refused.code(), Code::DeliveryFailed);
    assert!(refused.detail().contains("SMTP_SERVER"), "{}", refused.detail());
    assert_eq!(
        (only(&desk).await.notification.tries, only(&desk).await.notification.state.status()),
        (0, Status::Pending)
    );
}

#[tokio::test]
async fn an_account_that_closed_is_not_written_to_and_its_letters_are_forgotten() {
    let (desk, sink) = writing().await;
    let (ani, budi) = (reachable(&desk, "ani").await, reachable(&desk, "budi").await);
    let ids = [told(&desk, &ani).await.notification.id, told(&desk, &budi).await.notification.id];
    desk.app.auth.close_account(&ani, user(&ani)).await.expect("closes");
    desk.clock.advance(MINUTE);
    assert_eq!(next(&desk).await.map(|delivery| delivery.id), Some(ids[1]));
    assert_eq!(next(&desk).await, None);
    assert!(sink.mails().iter().all(|mail| mail.to == "budi@example.com"));
    let gone = desk.app.notifications.notification(&SERVICE(), ids[0]).await.expect_err("forgotten");
    assert_eq!(gone.code(), Code::NotificationNotFound);
    let closed = NewNotification { user: user(&ani), message: "x".to_owned(), channel: None };
    let refused = desk.app.notifications.create(&SERVICE(), desk.id(), closed).await.expect_err("closed");
    assert_eq!(refused.code(), Code::UserNotFound);
}

#[tokio::test]
async fn what_is_asked_for_twice_is_written_down_once_and_audited() {
    let (desk, _sink) = writing().await;
    let ani = reachable(&desk, "ani").await;
    let (admin, _) = desk.person_of("boss", Role::Admin).await;
    let id: NotificationId = desk.id();
    let new = || NewNotification { user: user(&ani), message: "Halo".to_owned(), channel: None };
    let first = desk.app.notifications.create(&admin, id, new()).await.expect("is kept");
    assert_eq!(desk.app.notifications.create(&admin, id, new()).await, Ok(first));
    let requeue = NotificationChange { status: Some(Status::Pending), ..NotificationChange::default() };
    desk.app.notifications.change(&admin, id, requeue).await.expect("is changed");
    let wish = NotificationChange { status: Some(Status::Sent), ..NotificationChange::default() };
    let refused = desk.app.notifications.change(&admin, id, wish).await.expect_err("cannot be wished for");
    assert_eq!(refused.code(), Code::IllegalTransition);
    let sql =
        format!("SELECT action || ' ' || detail FROM audit_entries WHERE subject = 'notification:{id}' ORDER BY id");
    let detail = format!("EMAIL to user {}", user(&ani));
    let expected = [format!("notification.created {detail}"), format!("notification.changed {detail}")];
    assert_eq!(desk.database.texts(&sql).await, expected);
    assert!(matches!(
        desk.app.notifications.create(&ani, desk.id(), new()).await.map_err(|error| error.code()),
        Err(Code::PermissionDenied)
    ));
}
