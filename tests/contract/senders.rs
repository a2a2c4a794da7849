//! Senders over servers that answer as the test wants: what leaves, and what comes of a refusal.

use dermaga_mail::{LogSender, SmsSender, SmsSettings, SmtpSender, SmtpSettings, Tls};
use dermaga_ports::{
    ids::NotificationId,
    notifications::{Channel, Message, Receipt, Recipient, SendError, Sender},
};
use dermaga_tests::sinks::{
    mail::{MailSink, Manners, Protection},
    sms::{self, SmsSink},
};

use crate::fixtures::id;

fn letter(to: &str) -> Message {
    Message {
        id: NotificationId(id(1)),
        to: Recipient::Email { address: to.parse().expect("an address"), name: Some("Ani, \"Bos\"".to_owned()) },
        subject: "Pembayaran berhasil".to_owned(),
        text: "Halo Ani,\n\n.satu titik\nRp 50.000\n".to_owned(),
    }
}

fn text(to: &str) -> Message {
    Message { to: Recipient::Phone(to.parse().expect("a number")), ..letter("ani@example.com") }
}

fn settings(sink: &MailSink, tls: Tls) -> SmtpSettings {
    SmtpSettings {
        server: "127.0.0.1".to_owned(),
        port: sink.address().port(),
        login: None,
        sender: "Dermaga <noreply@toko.example>".to_owned(),
        tls,
        authority: Some(sink.certificate().as_bytes().to_vec()),
    }
}

fn smtp(settings: SmtpSettings) -> SmtpSender {
    SmtpSender::new(settings).expect("right settings")
}

fn provider(sink: &SmsSink) -> SmsSettings {
    SmsSettings {
        url: sink.url(),
        account: sms::ACCOUNT.to_owned(),
        token: sms::TOKEN.to_owned(),
        sender: "+15005550006".to_owned(),
        country: "62".to_owned(),
    }
}

fn permanent(outcome: Result<Receipt, SendError>) -> String {
    match outcome {
        Err(SendError::Permanent(reason)) => reason,
        other => panic!("not refused for good: {other:?}"),
    }
}

fn transient(outcome: Result<Receipt, SendError>) -> String {
    match outcome {
        Err(SendError::Transient(reason)) => reason,
        other => panic!("not refused for now: {other:?}"),
    }
}

#[tokio::test]
async fn mail_leaves_encrypted_with_a_name_that_stays() {
    for (protection, tls) in [(Protection::StartTls, Tls::StartTls), (Protection::Implicit, Tls::Implicit)] {
        let sink = MailSink::guarded(protection, Some(("mailer", "s3cret"))).await;
        let login = Some(("mailer".to_owned(), "s3cret".to_owned()));
        let sender = smtp(SmtpSettings { login, ..settings(&sink, tls) });
        assert_eq!(sender.channel(), Channel::Email);
        for _ in 0..2 {
            let receipt = sender.send(&letter("ani@example.com")).await.expect("leaves");
            assert_eq!(receipt.reference, Some(format!("<{}@toko.example>", id(1))));
        }
        let mails = sink.mails();
        assert_eq!(mails.len(), 2);
        for mail in mails {
            assert!(mail.secure, "{protection:?}");
            assert_eq!(mail.user.as_deref(), Some("mailer"));
            assert_eq!((mail.from.as_str(), mail.to.as_str()), ("noreply@toko.example", "ani@example.com"));
            assert_eq!(mail.header("Message-ID"), format!("<{}@toko.example>", id(1)));
            assert_eq!(mail.header("From"), "Dermaga <noreply@toko.example>");
            assert_eq!(mail.header("Subject"), "Pembayaran berhasil");
            assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
            assert!(mail.data.contains("\r\n.satu titik\r\nRp 50.000\r\n"), "{}", mail.data);
        }
    }
}

#[tokio::test]
async fn without_encryption_nothing_is_said() {
    let login = Some(("mailer".to_owned(), "s3cret".to_owned()));
    for (login, sink) in [
        (None, MailSink::start(Protection::None).await),
        (login, MailSink::guarded(Protection::None, Some(("mailer", "s3cret"))).await),
    ] {
        for tls in [Tls::StartTls, Tls::Implicit] {
            let sender = smtp(SmtpSettings { login: login.clone(), ..settings(&sink, tls) });
            transient(sender.send(&letter("ani@example.com")).await);
        }
        assert!(sink.mails().is_empty());
        // The negative control: the server would have taken it, and the password.
        let sender = smtp(SmtpSettings { login, ..settings(&sink, Tls::None) });
        sender.send(&letter("ani@example.com")).await.expect("leaves in the clear, as asked for");
        assert!(sink.mails().iter().all(|mail| !mail.secure));
    }
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_not_trusted() {
    for (protection, tls) in [(Protection::StartTls, Tls::StartTls), (Protection::Implicit, Tls::Implicit)] {
        let sink = MailSink::start(protection).await;
        let stranger = SmtpSettings { authority: None, ..settings(&sink, tls) };
        transient(smtp(stranger).send(&letter("ani@example.com")).await);
        assert!(sink.mails().is_empty());
        smtp(settings(&sink, tls)).send(&letter("ani@example.com")).await.expect("trusted, it leaves");
    }
}

#[tokio::test]
async fn what_a_server_refuses_for_good_and_for_now_is_told_apart() {
    let sink = MailSink::start(Protection::StartTls).await;
    let sender = smtp(settings(&sink, Tls::StartTls));
    sink.treat("nobody@example.com", Manners::Refuses);
    sink.treat("grey@example.com", Manners::Greylists(1));
    let reason = permanent(sender.send(&letter("nobody@example.com")).await);
    assert_eq!(reason, "the mail server refused the message: 550: 5.1.1 no such user here");
    let reason = transient(sender.send(&letter("grey@example.com")).await);
    assert!(reason.ends_with("451: 4.7.1 greylisted, try again later"), "{reason}");
    sender.send(&letter("grey@example.com")).await.expect("the second time it is taken");
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn a_wrong_password_is_the_host_s_fault_and_not_the_person_s() {
    let sink = MailSink::guarded(Protection::StartTls, Some(("mailer", "s3cret"))).await;
    let login = Some(("mailer".to_owned(), "hunter22".to_owned()));
    let reason =
        transient(smtp(SmtpSettings { login, ..settings(&sink, Tls::StartTls) }).send(&letter("a@b.example")).await);
    assert_eq!(reason, "the mail server refuses this host's login");
    let nobody = transient(smtp(settings(&sink, Tls::StartTls)).send(&letter("a@b.example")).await);
    assert_eq!(nobody, "the mail server refuses this host's login");
}

#[tokio::test]
async fn a_mail_server_that_went_away_is_used_again_when_it_is_back() {
    let mut sink = MailSink::start(Protection::StartTls).await;
    let sender = smtp(settings(&sink, Tls::StartTls));
    sender.send(&letter("ani@example.com")).await.expect("leaves");
    sink.stop().await;
    // Also on the connection that was kept.
    for _ in 0..2 {
        let reason = transient(sender.send(&letter("ani@example.com")).await);
        assert!(!reason.contains("127.0.0.1"), "{reason}");
    }
    sink.resume().await;
    sender.send(&letter("ani@example.com")).await.expect("leaves again");
    assert_eq!(sink.mails().len(), 2);
}

#[tokio::test]
async fn a_line_that_is_cut_before_the_answer_may_be_tried_again() {
    let sink = MailSink::start(Protection::StartTls).await;
    sink.treat("ani@example.com", Manners::HangsUp(1));
    let sender = smtp(settings(&sink, Tls::StartTls));
    transient(sender.send(&letter("ani@example.com")).await);
    // It must not have been repeated by itself.
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn wrong_settings_of_mail_are_told_by_name() {
    let sink = MailSink::start(Protection::StartTls).await;
    let right = settings(&sink, Tls::StartTls);
    let refused = |settings: SmtpSettings| SmtpSender::new(settings).map(drop).expect_err("refused");
    let sender = "nobody".to_owned();
    assert!(refused(SmtpSettings { sender, ..right.clone() }).contains("SENDER_EMAIL"));
    let server = "smtp://mail.example.com".to_owned();
    assert!(refused(SmtpSettings { server, ..right.clone() }).contains("SMTP_SERVER"));
    let authority = Some(b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----".to_vec());
    assert!(refused(SmtpSettings { authority, ..right.clone() }).contains("SMTP_CA"));
    let authority = Some(b"nothing at all".to_vec());
    assert!(refused(SmtpSettings { authority, ..right.clone() }).contains("SMTP_CA"));
    let (server, login) = ("mail.example.com".to_owned(), Some(("u".to_owned(), "hunter22".to_owned())));
    let clear = refused(SmtpSettings { server: server.clone(), login, tls: Tls::None, ..right.clone() });
    assert!(clear.contains("SMTP_TLS") && !clear.contains("hunter22"), "{clear}");
    SmtpSender::new(SmtpSettings { server, tls: Tls::None, ..right }).expect("in the clear, but no password");
}

#[tokio::test]
async fn a_text_message_leaves_in_the_provider_s_shape() {
    let sink = SmsSink::start().await;
    let sender = SmsSender::new(provider(&sink)).expect("right settings");
    assert_eq!(sender.channel(), Channel::Sms);
    let receipt = sender.send(&text("0812 3456 7890")).await.expect("leaves");
    assert_eq!(receipt.reference.as_deref(), Some("SM00000000000000000000000000000001"));
    let body = letter("ani@example.com").text;
    let expected = sms::Text { from: "+15005550006".to_owned(), to: "+6281234567890".to_owned(), body };
    assert_eq!(sink.texts(), [expected]);
}

#[tokio::test]
async fn the_provider_s_codes_are_told_apart() {
    let mut sink = SmsSink::start().await;
    let sender = SmsSender::new(provider(&sink)).expect("right settings");
    for (status, code, for_good) in [
        (400, 21_211, true),
        (400, 21_610, true),
        (400, 21_614, true),
        (429, 20_429, false),
        (500, 20_500, false),
        (503, 0, false),
    ] {
        sink.refuse("+628123456", status, code);
        let outcome = sender.send(&text("+628123456")).await;
        let reason = if for_good { permanent(outcome) } else { transient(outcome) };
        assert!(reason.contains(&format!("{code}: refused by the sink")), "{reason}");
    }
    sink.refuse("+628123456", 400, 21_606);
    let ours = transient(sender.send(&text("+628123456")).await);
    assert!(ours.contains("account or sender"), "{ours}");
    let stranger = SmsSettings { token: "wrong".to_owned(), ..provider(&sink) };
    let reason = transient(SmsSender::new(stranger).expect("right settings").send(&text("+628123457")).await);
    assert!(!reason.contains("wrong"), "{reason}");
    sink.stop().await;
    transient(sender.send(&text("+628123457")).await);
    assert!(sink.texts().is_empty());
}

#[tokio::test]
async fn wrong_settings_of_text_messages_are_told_by_name() {
    let sink = SmsSink::start().await;
    let right = provider(&sink);
    let refused = |settings: SmsSettings| SmsSender::new(settings).map(drop).expect_err("refused");
    for url in ["api.example.com", "mailto:x@example.com", "http://api.example.com", "ftp://127.0.0.1"] {
        assert!(refused(SmsSettings { url: url.to_owned(), ..right.clone() }).contains("SMS_URL"), "{url}");
    }
    let account = "../../other".to_owned();
    assert!(refused(SmsSettings { account, ..right.clone() }).contains("SMS_ACCOUNT"));
    assert!(refused(SmsSettings { country: "+62".to_owned(), ..right }).contains("SMS_COUNTRY"));
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused_and_not_guessed() {
    let (mails, texts) = (MailSink::start(Protection::StartTls).await, SmsSink::start().await);
    permanent(smtp(settings(&mails, Tls::StartTls)).send(&text("+628123456")).await);
    permanent(SmsSender::new(provider(&texts)).expect("right settings").send(&letter("ani@example.com")).await);
    assert!(mails.mails().is_empty() && texts.texts().is_empty());
    for channel in Channel::ALL {
        let log = LogSender(channel);
        assert_eq!(log.channel(), channel);
        log.send(&text("+628123456")).await.expect("logs");
    }
}
