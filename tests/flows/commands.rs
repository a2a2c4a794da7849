//! The command line: what a person at a terminal is told, and what a script reads from the exit code.
//!
//! Every mistake here is one that somebody makes on the first day: a typo in a setting, a secret forgotten, a schema not
//! migrated, a port taken. Each must end with one sentence that names the cause, never with a panic.

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
};

use dermaga_tests::{
    client::Client,
    hosts::{self, ADMIN_PASSWORD, Folder, Host},
};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

/// What a command said and how it ended.
struct Told {
    code: Option<i32>,
    out: String,
    err: String,
}

fn told(output: Output) -> Told {
    let text = |bytes| String::from_utf8(bytes).expect("a text");
    Told { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Told {
    /// It went well; answers what it printed.
    #[track_caller]
    fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// It was given up with exit code 2 and a message that says all of this.
    #[track_caller]
    fn given_up(&self, message: &[&str]) {
        assert_eq!(self.code, Some(2), "{}{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        assert!(message.iter().all(|part| self.err.contains(part)), "{message:?} is not all in: {}", self.err);
    }
}

/// `dermaga` on a folder, with these arguments.
fn dermaga(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = hosts::command("dermaga", folder);
    command.args(arguments);
    command
}

fn run(folder: &Folder, arguments: &[&str]) -> Told {
    told(hosts::run(&mut dermaga(folder, arguments), ""))
}

/// `dermaga` in the profile `standalone`.
fn standalone(folder: &Folder, arguments: &[&str]) -> Command {
    dermaga(folder, &[&["--profile", "standalone"], arguments].concat())
}

/// A customer of the demo: the client, the id and the wallet.
async fn john(host: &Host) -> (Client, String, String) {
    let client = Client::login(host, "john@example.com", "password123").await;
    let me = client.get("/auth/me").await.expect(200);
    let wallets = client.get("/wallets").await.expect(200);
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    (client, text(&me["id"]), text(&wallets["items"][0]["id"]))
}

#[test]
fn help_teaches_without_the_manual() {
    let folder = Folder::new();
    for name in ["dermaga", "dermaga-wallet", "dermaga-events"] {
        let help = told(hosts::run(hosts::command(name, &folder).arg("--help"), "")).well();
        assert!(help.contains(&format!("Usage: {name}")), "{help}");
        for word in ["serve", "migrate", "openapi", "admin", "verify", "demo", "DATABASE_URL", "JWT_SECRET", "--port"] {
            assert!(help.contains(word), "{word} is not in: {help}");
        }
        let version = told(hosts::run(hosts::command(name, &folder).arg("--version"), "")).well();
        assert_eq!(version, format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
    }
    for (arguments, words) in [
        (["admin", "create", "--help"], ["--email", "--username", "--password-stdin"]),
        (["demo", "reset", "--help"], ["--yes", "--data-dir", "--profile"]),
    ] {
        let help = run(&folder, &arguments).well();
        assert!(words.iter().all(|word| help.contains(word)), "{help}");
    }
}

#[test]
fn what_cannot_be_understood_is_named() {
    let folder = Folder::new();
    run(&folder, &["--colour"]).given_up(&["--colour", "--help"]);
    run(&folder, &["fly"]).given_up(&["fly", "--help"]);
    run(&folder, &["--port", "many"]).given_up(&["many", "--port"]);
    run(&folder, &["--profile", "prod", "verify"]).given_up(&["prod", "demo", "standalone"]);
    run(&folder, &["admin", "create"]).given_up(&["--email"]);
    assert_eq!(fs::read_dir(folder.path()).expect("is there").count(), 0, "nothing was begun");
}

#[test]
fn a_setting_that_is_wrong_is_named_wherever_it_stands() {
    let folder = Folder::new();
    let from_environment = [
        ("DERMAGA_COLOUR", "red", "colour"),
        ("DERMAGA_RATE_BURST", "many", "rate_burst"),
        ("DERMAGA_RATE_BURST", "-1", "rate_burst"),
        ("DERMAGA_PROFILE", "prod", "profile"),
        ("DERMAGA_LOG_FORMAT", "loud", "log_format"),
        ("PORT", "many", "port"),
        ("REQUEST_TIMEOUT", "soon", "request_timeout"),
        ("DERMAGA_WORKERS", "0", "workers: must be 1 to 255"),
        ("DERMAGA_WORKERS", "256", "workers: must be 1 to 255"),
    ];
    for (name, value, setting) in from_environment {
        let told = told(hosts::run(dermaga(&folder, &["verify"]).env(name, value), ""));
        assert!(!told.err.contains(".rs"), "the program's own insides are no help: {}", told.err);
        told.given_up(&["configuration", setting, "environment"]);
    }
    // An empty variable is one that nobody has set.
    for name in ["PORT", "SERVICE_TOKEN", "PAYMENT_GATEWAY", "DATABASE_URL", "REQUEST_TIMEOUT", "ADMIN_PASSWORD"] {
        let told = told(hosts::run(dermaga(&folder, &["verify"]).env(name, ""), ""));
        told.given_up(&["no database", "migrate"]);
    }
    assert!(!folder.path().join("demo.db").exists(), "looking makes nothing");
    let file = folder.path().join("dermaga.toml");
    let from_file = [
        ("colour = \"red\"", "colour"),
        ("port = \"many\"", "port"),
        ("body_limit = -1", "body_limit"),
        ("ppob_margin = -1", "ppob_margin"),
        ("cors_origins = \"*\"", "cors_origins"),
        ("port = ", "dermaga.toml"),
    ];
    for (line, setting) in from_file {
        fs::write(&file, line).expect("can be written");
        // Without the environment's port, which would win over the file's.
        let told = told(hosts::run(dermaga(&folder, &["verify"]).env_remove("PORT"), ""));
        told.given_up(&["configuration", setting, "dermaga.toml"]);
    }
    fs::remove_file(file).expect("is there");
    run(&folder, &["--config", "elsewhere.toml", "verify"]).given_up(&["elsewhere.toml"]);
    fs::write(folder.path().join("other.toml"), "port = \"many\"").expect("can be written");
    let other = ["--config", "other.toml", "verify"];
    let told = told(hosts::run(dermaga(&folder, &other).env_remove("PORT"), ""));
    told.given_up(&["port", "other.toml"]);
}

#[test]
fn the_document_is_printed_or_written_without_settings_or_database() {
    let folder = Folder::new();
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../openapi/suite.json");
    let kept = fs::read_to_string(kept).expect("is checked in");
    let printed = told(hosts::run(dermaga(&folder, &["openapi"]).env("PORT", "many"), "")).well();
    assert!(printed == kept, "differs from openapi/suite.json");
    let written = run(&folder, &["openapi", "--write", "document.json"]).well();
    assert!(written.is_empty(), "{written}");
    assert!(fs::read_to_string(folder.path().join("document.json")).expect("was written") == kept);
    run(&folder, &["openapi", "--write", "no/such/folder.json"]).given_up(&["no/such/folder.json"]);
}

#[tokio::test]
async fn in_earnest_nothing_runs_on_defaults() {
    let folder = Folder::new();
    told(hosts::run(&mut standalone(&folder, &["serve"]), "")).given_up(&["migrate"]);
    let migrated = told(hosts::run(&mut standalone(&folder, &["migrate"]), "")).well();
    assert!(migrated.contains("applied") && migrated.contains("up to date"), "{migrated}");
    let again = told(hosts::run(&mut standalone(&folder, &["migrate"]), "")).well();
    assert!(!again.contains("applied") && again.contains("up to date"), "{again}");
    let without = told(hosts::run(standalone(&folder, &["serve"]).env_remove("JWT_SECRET"), ""));
    without.given_up(&["JWT_SECRET", "required"]);
    told(hosts::run(standalone(&folder, &["serve"]).env("JWT_SECRET", "short"), "")).given_up(&["JWT_SECRET", "32"]);
    let guessable = told(hosts::run(standalone(&folder, &["serve"]).env("SERVICE_TOKEN", "short"), ""));
    guessable.given_up(&["SERVICE_TOKEN", "24"]);
    let gateway = told(hosts::run(standalone(&folder, &["serve"]).env("PAYMENT_GATEWAY", "bank"), ""));
    gateway.given_up(&["PAYMENT_GATEWAY", "bank", "sandbox", "none"]);

    let create = ["admin", "create", "--email", "a@example.com", "--password-stdin"];
    told(hosts::run(&mut standalone(&folder, &create), "short\n")).given_up(&["/password"]);
    let made = told(hosts::run(&mut standalone(&folder, &create), "long enough\n")).well();
    assert!(made.contains("administrator") && !made.contains("long enough"), "{made}");
    told(hosts::run(&mut standalone(&folder, &create), "long enough\n")).given_up(&["/email"]);

    let host = Host::start("dermaga", folder, &[("DERMAGA_PROFILE", "standalone")]);
    let admin = Client::login(&host, "a@example.com", "long enough").await;
    assert_eq!(admin.get("/auth/me").await.expect(200)["role"], "admin");
    let john = json!({ "email": "john@example.com", "password": "password123" });
    Client::anyone(&host).post("/auth/login", john).await.problem(401, "invalid_credentials");
    let ani = Client::person(&host, "ani", 0).await;
    let topup = ani.client.post(&format!("/wallets/{}/topup", ani.wallet), json!({ "amount": 1_000 })).await;
    topup.fault(422, "invalid", "/method");
    assert_eq!(ani.balance().await, (0, 0));
    let from_a_site = ani.client.request(reqwest::Method::GET, "/wallets").header("Origin", "https://shop.example");
    let from_a_site = ani.client.send(from_a_site).await;
    assert_eq!(from_a_site.header("access-control-allow-origin"), "", "no site is let in unless it is named");
}

#[tokio::test]
async fn verify_says_by_its_exit_code_whether_the_books_are_whole() {
    let host = Host::suite();
    let ani = Client::person(&host, "ani", 1_000).await;
    let (folder, well) = host.stop();
    assert!(well);
    assert!(run(&folder, &["verify"]).well().contains("the books are whole"));

    let url = format!("sqlite:{}", folder.path().join("demo.db").display());
    let mut database = SqliteConnection::connect(&url).await.expect("opens");
    let id: Uuid = ani.wallet.parse().expect("an id");
    let tamper = "UPDATE ledger_accounts SET credits_posted = credits_posted + 1 WHERE kind = 'wallet' AND id = ?";
    let changed = sqlx::query(tamper).bind(id).execute(&mut database).await.expect("changes it");
    assert_eq!(changed.rows_affected(), 1);
    database.close().await.expect("closes");

    let found = run(&folder, &["verify"]);
    assert_eq!(found.code, Some(1), "{}{}", found.out, found.err);
    let finding = found.out.lines().find(|line| line.contains(&ani.wallet)).unwrap_or_else(|| panic!("{}", found.out));
    assert!(finding.contains("credits_posted is 1001, the journal says 1000"), "{finding}");
    assert!(found.out.contains("findings"), "{}", found.out);
}

#[tokio::test]
async fn the_demo_is_thrown_away_only_when_nobody_uses_it() {
    let host = Host::suite();
    let folder = host.folder();
    let (client, id, wallet) = john(&host).await;
    let payment = json!({ "wallet_id": wallet, "merchant": "Toko", "amount": 400_000 });
    client.post("/payments/pay", payment).await.expect(201);
    run(&folder, &["demo", "reset", "--yes"]).given_up(&["in use", "Stop it"]);
    assert_eq!(client.get(&format!("/users/{id}/balance")).await.expect(200)["balance"], 600_000);
    let (folder, _) = host.stop();

    let asked = told(hosts::run(&mut dermaga(&folder, &["demo", "reset"]), "no\n"));
    assert_eq!(asked.code, Some(1), "{}{}", asked.out, asked.err);
    assert!(asked.out.contains("Nothing was changed"), "{}", asked.out);
    let elsewhere = ["--database-url", "sqlite:elsewhere.db", "demo", "reset", "--yes"];
    run(&folder, &elsewhere).given_up(&["DATABASE_URL"]);
    told(hosts::run(&mut standalone(&folder, &["demo", "reset", "--yes"]), "")).given_up(&["profile demo"]);

    let reset = run(&folder, &["demo", "reset", "--yes"]).well();
    assert!(reset.contains("as new") && reset.contains(ADMIN_PASSWORD), "{reset}");
    let host = Host::start("dermaga", folder, &[]);
    let (client, id, _) = john(&host).await;
    assert_eq!(client.get(&format!("/users/{id}/balance")).await.expect(200)["balance"], 1_000_000);
    let verified = Client::admin(&host).await.post("/ledger/verify", json!({})).await.expect(200);
    assert_eq!(verified["clean"], true);
}

#[test]
fn a_taken_port_is_told_with_the_cure() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("is bound").port().to_string();
    let folder = Folder::new();
    run(&folder, &["--port", &port]).given_up(&["Cannot listen", &port, "--port"]);
    assert!(!folder.path().join("demo.db").exists(), "and no password was made that nobody sees");
}

#[tokio::test]
async fn the_demo_gives_no_money_away_in_somebody_elses_database() {
    let folder = Folder::new();
    told(hosts::run(&mut standalone(&folder, &["migrate"]), "")).well();
    let create = ["admin", "create", "--email", "a@example.com", "--password-stdin"];
    told(hosts::run(&mut standalone(&folder, &create), "long enough\n")).well();
    let url = format!("sqlite:{}", folder.path().join("dermaga.db").display());
    let forgotten_profile = run(&folder, &["--port", "0", "--database-url", &url]);
    forgotten_profile.given_up(&["dermaga.db", "did not make", "--profile standalone"]);
    let host = Host::start("dermaga", folder, &[("DERMAGA_PROFILE", "standalone")]);
    let admin = Client::login(&host, "a@example.com", "long enough").await;
    assert_eq!(admin.get("/users").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_place_that_cannot_hold_data_is_told() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    fs::write(&file, "").expect("can be written");
    for place in [file.clone(), file.join("below")] {
        let place = place.to_str().expect("a text");
        run(&folder, &["--data-dir", place]).given_up(&[place]);
        run(&folder, &["--data-dir", place, "verify"]).given_up(&[place]);
        run(&folder, &["--data-dir", place, "demo", "reset", "--yes"]).given_up(&[place]);
    }
    let url = format!("sqlite:{}", folder.path().display());
    for command in ["serve", "migrate", "verify"] {
        run(&folder, &["--database-url", &url, command]).given_up(&["database", "cannot be opened"]);
    }
    fs::write(&file, "this is no database, and long enough to be taken for the head of one; ".repeat(20))
        .expect("can be written");
    let url = format!("sqlite:{}", file.display());
    run(&folder, &["--database-url", &url, "migrate"]).given_up(&["database"]);
    run(&folder, &["--database-url", "mysql://localhost/x", "migrate"]).given_up(&["sqlite:", "postgres:"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).expect("can be made");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).expect("is one's own");
    if fs::File::create(closed.join("probe")).is_ok() {
        // The superuser may write everywhere, so for them there is no such folder.
        return;
    }
    let place = closed.to_str().expect("a text");
    run(&folder, &["--data-dir", place]).given_up(&[place, "ermission denied"]);
    run(&folder, &["--data-dir", place, "verify"]).given_up(&[place, "ermission denied"]);
}
