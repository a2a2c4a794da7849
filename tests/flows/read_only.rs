//! A database that may only be read: a replica, a file without permission, an operator's precaution. Whoever reads is
//! served, whoever writes is told to come back, and the log says why.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use dermaga_tests::{
    client::{Answer, Client, Person},
    deployment::{Deployment, assert_books_are_whole},
    disks::obeying_modes,
    hosts::{self, Folder, Host},
    patience::{until, within},
    postgres::{Durability, Server},
};
use serde_json::json;

use crate::load::{assert_told_to_come_back, readiness};

const REASON: &str = "the database is read-only";

async fn pay(client: &Client, person: &Person) -> Answer {
    client.post("/payments/pay", json!({ "wallet_id": person.wallet, "merchant": "Kopi", "amount": 1 })).await
}

/// Reading works, with a login from before; writing does not, and neither does logging in, which is written down.
async fn assert_serves_readers_only(host: &Host, person: &Person) {
    let client = person.client.on(host);
    let wallet = format!("/wallets/{}/balance", person.wallet);
    for path in ["/auth/me", "/wallets", "/transactions", &wallet] {
        client.get(path).await.expect(200);
    }
    assert_told_to_come_back(&pay(&client, person).await);
    let login = json!({ "email": person.email, "password": dermaga_tests::client::PASSWORD });
    assert_told_to_come_back(&client.post("/auth/login", login).await);
    assert!(host.log().contains(REASON), "{}", host.log());
    readiness(host, 200).await;
}

/// What changes the database gives up and says why; what counts does so.
fn assert_commands_tell(deployment: &Deployment) {
    let create = ["admin", "create", "--email", "other@example.com", "--password-stdin"];
    let output = hosts::run(&mut deployment.command(&create), "long enough");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("cannot be reached or written"), "{told}");
    deployment.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_that_is_opened_read_only_serves_readers() {
    within(60, async {
        let folder = Folder::new();
        let url = format!("sqlite:{}/dermaga.db", folder.path().display());
        let deployment = Deployment::on(&url);
        let ani = somebody(&deployment).await;
        let found = deployment.found(&format!("{url}?mode=ro"), |command| command);
        assert_serves_readers_only(&found.host(), &ani).await;
        assert_commands_tell(&found);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_in_a_file_without_permission_serves_readers() {
    within(60, async {
        let folder = Folder::new();
        let file = folder.path().join("dermaga.db");
        let url = format!("sqlite:{}", file.display());
        let deployment = Deployment::on(&url);
        let ani = somebody(&deployment).await;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).expect("is one's own");
        let found = deployment.found(&url, |command: Command| obeying_modes(&command));
        assert_serves_readers_only(&found.host(), &ani).await;
        assert_commands_tell(&found);

        // SQLite has made its log with the mode of the file, so that has to be given back, too.
        for entry in fs::read_dir(folder.path()).expect("a folder").flatten() {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o600)).expect("is one's own");
        }
        let host = found.host();
        pay(&ani.client.on(&host), &ani).await.expect(201);
        assert_books_are_whole(&host).await;
    })
    .await;
}

/// Somebody with money, of a host that has stopped.
async fn somebody(deployment: &Deployment) -> Person {
    let host = deployment.host();
    let ani = Client::person(&host, "ani", 1_000).await;
    pay(&ani.client, &ani).await.expect(201);
    assert!(tokio::task::spawn_blocking(|| host.stop()).await.expect("no panic").1, "it stops well");
    ani
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_turns_read_only_serves_readers_until_it_turns_back() {
    within(120, async {
        let server = Server::start(Durability::None).await;
        server.execute("postgres", "CREATE DATABASE shop").await.expect("creates");
        let deployment = Deployment::on(&server.url("shop"));
        let host = deployment.host();
        let ani = Client::person(&host, "ani", 1_000).await;
        pay(&ani.client, &ani).await.expect(201);

        let only = "ALTER DATABASE shop SET default_transaction_read_only = on";
        server.execute("postgres", only).await.expect("alters");
        hang_up(&server).await;
        until("the host has noticed", async || {
            assert_told_to_come_back(&pay(&ani.client, &ani).await);
            host.log().contains(REASON).then_some(())
        })
        .await;
        assert_serves_readers_only(&host, &ani).await;
        assert_serves_readers_only(&deployment.host(), &ani).await;
        assert_commands_tell(&deployment);

        server.execute("postgres", "ALTER DATABASE shop RESET default_transaction_read_only").await.expect("alters");
        hang_up(&server).await;
        until("payments succeed", async || (pay(&ani.client, &ani).await.status == 201).then_some(())).await;
        assert_eq!(ani.balance().await, (998, 998), "what was refused was not done");
        assert_books_are_whole(&host).await;
        deployment.verify();
    })
    .await;
}

/// Sessions keep the setting that they began with, so they have to begin anew.
async fn hang_up(server: &Server) {
    let hang_up = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dermaga'";
    server.execute("postgres", hang_up).await.expect("hangs up");
}
