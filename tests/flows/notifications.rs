//! What people are told, from the request to the mail server: the notification service of the first wallet document.

use std::{collections::BTreeMap, fs};

use dermaga_tests::{
    client::{Client, Person},
    deployment::Deployment,
    hosts::{self, Folder, Host},
    patience::{until, within},
    postgres::{Durability, Server},
    sinks::{
        mail::{Mail, MailSink, Manners, Protection},
        sms::{self, SmsSink},
    },
};
use serde_json::{Value, json};

const LOGIN: (&str, &str) = ("mailer", "s3cret-of-the-mailer");

/// What a host has to know to use these servers.
fn settings(folder: &Folder, mails: &MailSink) -> Vec<(&'static str, String)> {
    let authority = folder.path().join("authority.pem");
    fs::write(&authority, mails.certificate()).expect("writes");
    vec![
        ("SMTP_SERVER", "127.0.0.1".to_owned()),
        ("SMTP_PORT", mails.address().port().to_string()),
        ("SMTP_USER", LOGIN.0.to_owned()),
        ("SMTP_PASSWORD", LOGIN.1.to_owned()),
        ("SMTP_CA", authority.display().to_string()),
        ("SENDER_EMAIL", "noreply@digitalwallet.com".to_owned()),
    ]
}

/// A suite that writes mail, after that many seconds unless it is told to at once.
async fn writing(delay: &str) -> (Host, MailSink) {
    let (folder, mails) = (Folder::new(), MailSink::guarded(Protection::StartTls, Some(LOGIN)).await);
    let mut settings = settings(&folder, &mails);
    settings.push(("DERMAGA_NOTIFICATION_DELAY", delay.to_owned()));
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (Host::start("dermaga", folder, &settings), mails)
}

/// What people got who registered in the test. The demo's customers may be written to as well.
fn letters(mails: &MailSink) -> Vec<Mail> {
    mails.mails().into_iter().filter(|mail| mail.to.ends_with("@example.org")).collect()
}

fn id(body: &Value) -> String {
    format!("/notifications/{}", body["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn the_journey_of_the_document() {
    within(60, async {
        let (host, mails) = writing("60").await;
        let (service, admin) = (Client::service(&host), Client::admin(&host).await);
        let ani = Client::person(&host, "ani", 0).await;
        let message = "Your payment of Rp 50,000 has been successfully processed.";
        let body = json!({ "user_id": ani.id, "message": message });
        let made = service.post_once("/notifications", "key", body.clone()).await.expect(201);
        assert_eq!((&made["status"], &made["message"]), (&json!("PENDING"), &json!(message)));
        assert_eq!((&made["channel"], &made["tries"]), (&json!("EMAIL"), &json!(0)));
        let again = service.post_once("/notifications", "key", body).await;
        assert_eq!((again.header("idempotency-replayed"), again.expect(201)), ("true", made.clone()));

        let path = id(&made);
        let listed = admin.get(&format!("/notifications?user_id={}&status=PENDING", ani.id)).await.expect(200);
        assert_eq!(listed["items"], json!([made]));
        assert_eq!(ani.client.get(&path).await.expect(200), made);
        let change = json!({ "message": "Your payment is being processed.", "status": "PENDING" });
        let changed = service.put(&path, change).await.expect(200);
        assert_eq!(changed["message"], "Your payment is being processed.");

        let sent = service.post(&format!("{path}/send"), json!(null)).await.expect(200);
        assert_eq!((&sent["status"], &sent["tries"]), (&json!("SENT"), &json!(1)));
        assert!(sent["sent_at"].is_string() && sent["next_try_at"].is_null() && sent["last_error"].is_null(), "{sent}");
        let again = service.post(&format!("{path}/send"), json!(null)).await.expect(200);
        assert_eq!(again, sent, "once is enough");
        let mail = &letters(&mails)[..];
        assert_eq!(mail.len(), 1);
        assert!(mail[0].secure && mail[0].user.as_deref() == Some(LOGIN.0));
        assert_eq!((mail[0].from.as_str(), mail[0].to.as_str()), ("noreply@digitalwallet.com", ani.email.as_str()));
        assert!(mail[0].data.contains("Your payment is being processed."), "{}", mail[0].data);

        service.put(&path, json!({ "message": "x" })).await.problem(409, "illegal_transition");
        service.delete(&path).await.problem(409, "illegal_transition");
        let second = service.post("/notifications", json!({ "user_id": ani.id, "message": "wrong" })).await.expect(201);
        assert_eq!(admin.delete(&id(&second)).await.expect(200)["status"], "CANCELLED");
        assert_eq!(admin.delete(&id(&second)).await.expect(200)["status"], "CANCELLED");
        service.post(&format!("{}/send", id(&second)), json!(null)).await.problem(409, "illegal_transition");

        let unknown = "/notifications/0190a000-0000-7000-8000-000000000000";
        service.get(unknown).await.problem(404, "notification_not_found");
        service.put(unknown, json!({ "message": "x" })).await.problem(404, "notification_not_found");
        service.delete(unknown).await.problem(404, "notification_not_found");
        service.post(&format!("{unknown}/send"), json!(null)).await.problem(404, "notification_not_found");
        assert!(!host.log().contains(LOGIN.1), "no password in the log");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_down_refuses_or_comes_back() {
    within(90, async {
        let (host, mut mails) = writing("3600").await;
        let service = Client::service(&host);
        let people = ["ani", "budi", "cici"].map(|name| Client::person(&host, name, 0));
        let [ani, budi, cici] = <[Person; 3]>::try_from(futures::future::join_all(people).await).ok().expect("three");
        let tell = async |person: &Person| {
            let body = json!({ "user_id": person.id, "message": "Halo" });
            id(&service.post("/notifications", body).await.expect(201))
        };
        let (to_ani, to_budi, to_cici) = (tell(&ani).await, tell(&budi).await, tell(&cici).await);

        mails.stop().await;
        let down = service.post(&format!("{to_ani}/send"), json!(null)).await.problem(502, "delivery_failed");
        let told = down["detail"].as_str().expect("a text");
        assert!(told.contains("The mail server cannot be reached") && told.contains("PENDING"), "{told}");
        assert!(!told.contains("127.0.0.1"), "{told}");
        let waiting = ani.client.get(&to_ani).await.expect(200);
        assert_eq!((&waiting["status"], &waiting["tries"]), (&json!("PENDING"), &json!(1)));
        assert_eq!(waiting["last_error"], "the mail server cannot be reached");
        assert!(waiting["next_try_at"].is_string());

        mails.resume().await;
        mails.treat(&budi.email, Manners::Refuses);
        mails.treat(&cici.email, Manners::Greylists(1));
        assert_eq!(service.post(&format!("{to_ani}/send"), json!(null)).await.expect(200)["status"], "SENT");
        let refused = service.post(&format!("{to_budi}/send"), json!(null)).await.problem(502, "delivery_failed");
        assert!(refused["detail"].as_str().expect("a text").contains("550"), "{refused}");
        assert_eq!(service.get(&to_budi).await.expect(200)["status"], "FAILED");
        let later = service.post(&format!("{to_cici}/send"), json!(null)).await.problem(502, "delivery_failed");
        assert!(later["detail"].as_str().expect("a text").contains("451"), "{later}");
        assert_eq!(service.get(&to_cici).await.expect(200)["status"], "PENDING");
        assert_eq!(service.post(&format!("{to_cici}/send"), json!(null)).await.expect(200)["status"], "SENT");
        let reached: Vec<_> = letters(&mails).into_iter().map(|mail| mail.to).collect();
        assert_eq!(reached, [ani.email, cici.email]);
    })
    .await;
}

#[tokio::test]
async fn what_is_due_leaves_by_itself_on_its_channel() {
    within(60, async {
        let (folder, texts) = (Folder::new(), SmsSink::start().await);
        let mails = MailSink::guarded(Protection::StartTls, Some(LOGIN)).await;
        let mut known = settings(&folder, &mails);
        for (name, value) in [
            ("SMS_URL", texts.url()),
            ("SMS_ACCOUNT", sms::ACCOUNT.to_owned()),
            ("SMS_TOKEN", sms::TOKEN.to_owned()),
            ("SMS_SENDER", "TOKO".to_owned()),
            ("DERMAGA_NOTIFICATION_DELAY", "0".to_owned()),
        ] {
            known.push((name, value));
        }
        let known: Vec<_> = known.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let host = Host::start("dermaga-wallet", folder, &known);
        let service = Client::service(&host);
        let ani = Client::person(&host, "ani", 0).await;
        let phone = json!({ "phone": "0812 3456 7890", "language": "en" });
        assert_eq!(ani.client.put(&format!("/users/{}", ani.id), phone).await.expect(200)["language"], "en");
        for channel in ["EMAIL", "SMS"] {
            let body = json!({ "user_id": ani.id, "message": "Halo", "channel": channel });
            service.post("/notifications", body).await.expect(201);
        }
        until("both are sent", async || {
            let sent = ani.client.get("/notifications?status=SENT").await.expect(200);
            (sent["items"].as_array()?.len() == 2).then_some(())
        })
        .await;
        let mails = letters(&mails);
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].header("Subject"), "Notification", "in English");
        let texts = texts.texts();
        assert_eq!((texts.len(), texts[0].to.as_str(), texts[0].body.as_str()), (1, "+6281234567890", "Halo"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_send_everything_once() {
    within(120, async {
        let server = Server::start(Durability::None).await;
        server.execute("postgres", "CREATE DATABASE shop").await.expect("creates");
        let (folder, mails) = (Folder::new(), MailSink::guarded(Protection::StartTls, Some(LOGIN)).await);
        let settings = settings(&folder, &mails);
        let deployment = Deployment::adapted(&server.url("shop"), move |mut command| {
            command.envs(settings.iter().map(|(name, value)| (*name, value.as_str())));
            command.env("DERMAGA_NOTIFICATION_DELAY", "1");
            command
        });
        let hosts = [deployment.host(), deployment.host()];
        let ani = Client::person(&hosts[0], "ani", 0).await;
        let services = [Client::service(&hosts[0]), Client::service(&hosts[1])];
        let asked = (0..60).map(|n| {
            let (service, body) = (&services[n % 2], json!({ "user_id": ani.id, "message": format!("number {n}.") }));
            async move { id(&service.post("/notifications", body).await.expect(201)) }
        });
        let ids = futures::future::join_all(asked).await;
        // People press the button while the jobs are at work: that must not make a second letter of it either.
        let pressed = ids.iter().enumerate().map(|(n, id)| services[n % 2].request_send(id));
        futures::future::join_all(pressed).await;
        until("all of them are sent", async || {
            let sent = ani.client.get("/notifications?status=SENT&limit=200").await.expect(200);
            (sent["items"].as_array()?.len() == 60).then_some(())
        })
        .await;
        let mut counted = BTreeMap::new();
        for mail in letters(&mails) {
            *counted.entry(mail.header("Message-ID").to_owned()).or_insert(0) += 1;
        }
        assert_eq!(counted.len(), 60);
        assert!(counted.values().all(|count| *count == 1), "{counted:?}");
    })
    .await;
}

/// Presses the button, whatever comes of it.
trait Press {
    async fn request_send(&self, id: &str);
}

impl Press for Client {
    async fn request_send(&self, id: &str) {
        let answer = self.post(&format!("{id}/send"), json!(null)).await;
        assert!([200, 409].contains(&answer.status.as_u16()), "{}", answer.text);
    }
}

#[tokio::test]
async fn the_demo_logs_what_it_would_send_and_keeps_the_words_to_itself() {
    within(60, async {
        let host = Host::suite();
        let service = Client::service(&host);
        let ani = Client::person(&host, "ani", 0).await;
        let body = json!({ "user_id": ani.id, "message": "kata rahasia 4711" });
        let path = id(&service.post("/notifications", body).await.expect(201));
        assert_eq!(service.post(&format!("{path}/send"), json!(null)).await.expect(200)["status"], "SENT");
        until("the log has it", async || host.log().contains("a***@example.org").then_some(())).await;
        assert!(!host.log().contains("4711") && !host.log().contains(&ani.email), "{}", host.log());
    })
    .await;
}

#[tokio::test]
async fn a_host_in_earnest_without_a_mail_server_says_so_and_loses_nothing() {
    within(90, async {
        let folder = Folder::new();
        let url = format!("sqlite:{}/shop.db", folder.path().display());
        let host = Deployment::on(&url).host();
        let service = Client::service(&host);
        let ani = Client::person(&host, "ani", 0).await;
        let path = id(&service.post("/notifications", json!({ "user_id": ani.id, "message": "x" })).await.expect(201));
        let refused = service.post(&format!("{path}/send"), json!(null)).await.problem(502, "delivery_failed");
        assert!(refused["detail"].as_str().expect("a text").contains("SMTP_SERVER"), "{refused}");
        assert_eq!(service.get(&path).await.expect(200)["status"], "PENDING");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_a_notification_is_refused_by_field() {
    within(60, async {
        let host = Host::suite();
        let service = Client::service(&host);
        let ani = Client::person(&host, "ani", 0).await;
        let long = "x".repeat(1_601);
        for (body, pointer) in [
            (json!({ "user_id": ani.id, "message": "" }), "/message"),
            (json!({ "user_id": ani.id, "message": "   " }), "/message"),
            (json!({ "user_id": ani.id, "message": long }), "/message"),
            (json!({ "user_id": ani.id, "message": "a\u{0}b" }), "/message"),
            (json!({ "user_id": ani.id, "message": "a\u{1b}[31m" }), "/message"),
            (json!({ "user_id": ani.id, "message": "x", "channel": "PIGEON" }), "/channel"),
            (json!({ "user_id": "1", "message": "x" }), "/user_id"),
            (json!({ "message": "x" }), "/user_id"),
        ] {
            service.post("/notifications", body).await.fault(422, "invalid", pointer);
        }
        let nobody = json!({ "user_id": "0190a000-0000-7000-8000-000000000000", "message": "x" });
        service.post("/notifications", nobody).await.fault(404, "user_not_found", "/user_id");
        service.get("/notifications?status=LOST").await.problem(400, "bad_parameter");
        let john = service.get("/users?text=john@example.com").await.expect(200)["items"][0]["id"].clone();
        let others = format!("/notifications?user_id={}", john.as_str().expect("an id"));
        ani.client.get(&others).await.problem(403, "permission_denied");
    })
    .await;
}

#[test]
fn half_settings_are_refused_at_start_by_name() {
    for (settings, named) in [
        (&[("SMTP_SERVER", "mail.example.com")][..], "SENDER_EMAIL"),
        (&[("SMTP_USER", "me@example.com")], "SMTP_SERVER"),
        (&[("SMTP_SERVER", "mail.example.com"), ("SMTP_USER", "me@example.com")], "SMTP_PASSWORD"),
        (&[("SMTP_SERVER", "mail.example.com"), ("SENDER_EMAIL", "nobody")], "SENDER_EMAIL"),
        (&[("SMTP_SERVER", "mail.example.com"), ("SENDER_EMAIL", "a@b.com"), ("SMTP_TLS", "maybe")], "smtp_tls"),
        (&[("SMTP_SERVER", "mail.example.com"), ("SENDER_EMAIL", "a@b.com"), ("SMTP_PORT", "99999")], "smtp_port"),
        (&[("SMTP_SERVER", "mail.example.com"), ("SENDER_EMAIL", "a@b.com"), ("SMTP_CA", "/nowhere.pem")], "nowhere"),
        (
            &[
                ("SMTP_SERVER", "mail.example.com"),
                ("SMTP_USER", "me@example.com"),
                ("SMTP_PASSWORD", "hunter22"),
                ("SMTP_TLS", "none"),
            ],
            "SMTP_TLS",
        ),
        (&[("SMS_ACCOUNT", "AC1")], "SMS_TOKEN"),
        (&[("SMS_TOKEN", "t")], "SMS_ACCOUNT"),
        (&[("SMS_ACCOUNT", "AC1"), ("SMS_TOKEN", "t"), ("SMS_SENDER", "S"), ("SMS_URL", "http://x.com")], "SMS_URL"),
    ] {
        let folder = Folder::new();
        let mut command = hosts::command("dermaga", &folder);
        command.envs(settings.iter().copied());
        let output = hosts::run(&mut command, "");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{settings:?}: {told}");
        assert!(
            told.contains(named) && !told.contains("hunter22") && !told.contains("panicked"),
            "{settings:?}: {told}"
        );
    }
}
