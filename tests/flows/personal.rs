//! The keys of personal data, as an operator meets them: what is refused, what is made, and how a key is changed.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use dermaga_tests::{
    client::Client,
    databases::{Database, Engine, PERSONAL_DATA_KEYS},
    deployment::Deployment,
    hosts::{self, ADMIN_PASSWORD, Folder, Host},
};
use serde_json::json;

const NEW: &str = "2026-11:bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE=";

/// What a command printed, and what it complained about with exit code 2.
fn told(command: &mut Command) -> (String, String) {
    let output = hosts::run(command, "");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(!err.contains("panicked"), "{err}");
    assert_eq!(output.status.code(), Some(if err.is_empty() { 0 } else { 2 }), "{out}{err}");
    (out, err)
}

#[test]
fn in_earnest_nothing_runs_without_a_key() {
    let folder = Folder::new();
    let standalone = |arguments: &[&str]| {
        let mut command = hosts::command("dermaga", &folder);
        command.env("DERMAGA_PROFILE", "standalone").args(arguments);
        command
    };
    for arguments in [["migrate"], ["serve"]] {
        let (_, err) = told(standalone(&arguments).env_remove("PERSONAL_DATA_KEYS"));
        assert!(err.contains("PERSONAL_DATA_KEYS is required") && err.contains("openssl rand -base64 32"), "{err}");
    }
    for (keys, cure) in [
        ("dGhpcnR5LXR3byBieXRlcyB0aGF0IGFyZSBubyBzZWM=", "name:key"),
        ("a:dGhpcnR5", "32 bytes"),
        ("a:no base64", "Base64"),
        (&format!("{NEW},{NEW}"), "two keys"),
    ] {
        let (_, err) = told(standalone(&["serve"]).env("PERSONAL_DATA_KEYS", keys));
        assert!(err.contains("PERSONAL_DATA_KEYS: ") && err.contains(cure), "{keys}: {err}");
        assert!(!err.contains("dGhpc"), "{err}");
    }
    assert!(!folder.path().join("dermaga.db").exists(), "and nothing was made");
}

#[tokio::test]
async fn the_demo_makes_a_key_that_is_its_owners_alone() {
    let folder = Folder::new();
    let demo = || {
        let mut command = hosts::command("dermaga", &folder);
        command.env_remove("PERSONAL_DATA_KEYS");
        Host::launch(command, folder.clone())
    };
    let host = demo();
    Client::login(&host, "john@example.com", "password123").await;
    // What is written about people: the answer that a key keeps, what they are told, what a gateway tells.
    let siti = json!({ "email": "siti@example.net", "password": "password123", "full_name": "Siti Rahayu" });
    let made = Client::anyone(&host).post_once("/auth/register", "key", siti.clone()).await.expect(201);
    let again = Client::anyone(&host).post_once("/auth/register", "key", siti).await;
    assert_eq!((again.header("idempotency-replayed"), again.expect(201)), ("true", made.clone()));
    let letter = json!({ "user_id": made["id"], "message": "Kiriman ke Jalan Melati 7" });
    let letter = Client::service(&host).post("/notifications", letter).await.expect(201);
    assert_eq!(letter["message"], "Kiriman ke Jalan Melati 7");
    let forged = json!({ "order_id": "nobody", "signature_key": "x", "payer_email": "budi@example.net" });
    Client::anyone(&host).post("/webhooks/midtrans", forged).await;
    assert!(host.stop().1);
    let key = folder.path().join("personal.key");
    assert_eq!(fs::metadata(&key).expect("was made").permissions().mode() & 0o777, 0o600);
    for file in ["demo.db", "demo.db-wal"] {
        let bytes = fs::read(folder.path().join(file)).unwrap_or_default();
        for words in ["John Doe", "john@exa", "Siti Rah", "siti@exa", "Jalan Me", "budi@exa"] {
            assert!(!bytes.windows(8).any(|part| part == words.as_bytes()), "{words} is in {file}");
        }
    }
    let host = demo();
    Client::login(&host, "john@example.com", "password123").await;
    assert!(host.stop().1);
    // With another key nothing starts, rather than that nobody is known any more.
    fs::remove_file(&key).expect("is there");
    let (_, err) = told(hosts::command("dermaga", &folder).env_remove("PERSONAL_DATA_KEYS"));
    assert!(err.contains("PERSONAL_DATA_KEYS does not fit"), "{err}");
}

/// The runbook of docs/operations.md, with a host that is at work while everything is sealed anew.
#[tokio::test]
async fn a_key_is_changed_under_a_working_host() {
    for engine in Engine::ALL {
        let database = Database::empty(engine).await;
        let deployment = Deployment::on(&database.url);
        let with = |keys: &str, arguments: &[&str]| {
            let mut command = deployment.command(arguments);
            command.env("PERSONAL_DATA_KEYS", keys);
            command
        };
        let launch = |keys: &str| Host::launch(with(keys, &["serve"]), Folder::new());
        let changing = format!("{NEW},{PERSONAL_DATA_KEYS}");

        let host = launch(&changing);
        let ani = Client::person(&host, "ani", 1_000).await;
        let new = json!({ "email": "Budi@example.com", "password": "password123", "full_name": "Budi Santoso" });
        Client::anyone(&host).post("/auth/register", new.clone()).await.expect(201);
        let again = Client::anyone(&host).post("/auth/register", new).await;
        again.fault(409, "email_taken", "/email");

        let (out, _) = told(&mut with(&changing, &["rotate-personal-data"]));
        assert!(!out.contains(" 0 of them anew"), "{out}");
        let (out, _) = told(&mut with(&changing, &["rotate-personal-data"]));
        assert!(out.contains(" 0 of them anew"), "{out}");
        assert_eq!(ani.balance().await, (1_000, 1_000));
        assert!(host.stop().1);

        let host = launch(NEW);
        let admin = Client::login(&host, "admin@example.com", ADMIN_PASSWORD).await;
        let budi = admin.get("/users?text=budi@EXAMPLE.com").await.expect(200);
        assert_eq!(budi["items"][0]["full_name"], "Budi Santoso");
        let by_name = admin.get("/users?text=Santoso").await.expect(200);
        assert_eq!(by_name["items"], json!([]));
        assert!(host.stop().1);

        let (_, err) = told(&mut with(PERSONAL_DATA_KEYS, &["serve"]));
        assert!(err.contains("does not fit the database") && err.contains("2026-11"), "{err}");
        database.dispose().await;
    }
}
