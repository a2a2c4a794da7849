//! Postgres or a host of it dies in the middle of the work. What was answered is there, what was not is done at most
//! once, and nobody has to be called out of bed.

use dermaga_tests::{
    client::{Client, Person},
    deployment::{Deployment, assert_books_are_whole},
    disks::Ceiling,
    patience::{until, within},
    postgres::{Death, Durability, Server},
};

use crate::load::{CLIENTS, Load, Notes, again, readiness};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_outlives_the_sudden_death_of_postgres() {
    within(150, an_outage(Death::Kill)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_outlives_an_immediate_stop_of_postgres() {
    within(150, an_outage(Death::Immediate)).await;
}

async fn an_outage(death: Death) {
    let (server, deployment) = shop().await;
    let host = deployment.host();
    let (ani, budi) = (Client::person(&host, "ani", 1_000_000).await, Client::person(&host, "budi", 0).await);
    let load = Load::start(&ani, &budi);
    load.goes_on_for(200).await;

    server.die(death);
    // Each client at least once from the beginning to the end of a request.
    load.is_refused(2 * CLIENTS).await;
    let report = readiness(&host, 503).await;
    assert_eq!((&report["status"], &report["parts"]["database"]["status"]), (&"degraded".into(), &"down".into()));
    assert_eq!(reqwest::get(host.url("/health/live")).await.expect("answers").status(), 200);

    server.restart().await;
    readiness(&host, 200).await;
    load.goes_on_for(100).await;
    let notes = load.stop().await;
    assert!(server.log().contains("automatic recovery in progress"), "it had time to shut down:\n{}", server.log());
    assert!(host.log().contains("a part of this host is down"), "{}", host.log());

    settle(&server, notes, &ani, &budi).await;
    assert_books_are_whole(&host).await;
    deployment.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_outlives_a_postgres_that_cannot_write_its_log() {
    within(150, async {
        let (server, deployment) = shop().await;
        let host = deployment.host();
        let (ani, budi) = (Client::person(&host, "ani", 1_000_000).await, Client::person(&host, "budi", 0).await);
        let load = Load::start(&ani, &budi);
        load.goes_on_for(100).await;

        // Without room for the log there is no way on: one connection crashes the server, which starts again by itself.
        let one = "SELECT pid FROM pg_stat_activity WHERE application_name = 'dermaga' LIMIT 1";
        let pid = server.numbers("postgres", one).await[0];
        Ceiling::lower_for_server(u32::try_from(pid).expect("a process"));
        load.is_refused(1).await;
        load.goes_on_for(100).await;
        let notes = load.stop().await;
        assert!(server.log().contains("was terminated by signal 6: Aborted"), "{}", server.log());

        settle(&server, notes, &ani, &budi).await;
        assert_books_are_whole(&host).await;
        deployment.verify();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_killed_on_postgres_is_replaced_by_another() {
    within(150, async {
        let (server, deployment) = shop().await;
        let host = deployment.host();
        let (ani, budi) = (Client::person(&host, "ani", 1_000_000).await, Client::person(&host, "budi", 0).await);
        let load = Load::start(&ani, &budi);
        load.goes_on_for(300).await;
        host.kill();
        let notes = load.stop().await;
        assert_eq!(notes.unsettled.len(), CLIENTS, "all were at work when the host was killed");
        deployment.verify();

        let host = deployment.host();
        let (ani, budi) = (again(&host, ani).await, again(&host, budi).await);
        a_minute_later(&server).await;
        settle(&server, notes, &ani, &budi).await;
        assert_books_are_whole(&host).await;
        deployment.verify();
    })
    .await;
}

const DATABASE: &str = "shop";

/// A server that keeps what it acknowledges, and a deployment on it.
async fn shop() -> (Server, Deployment) {
    let server = Server::start(Durability::Default).await;
    server.execute("postgres", &format!("CREATE DATABASE {DATABASE}")).await.expect("creates");
    let deployment = Deployment::on(&server.url(DATABASE));
    (server, deployment)
}

/// Settles up once the host has given back every key whose request it could not bring to an end.
async fn settle(server: &Server, notes: Notes, from: &Person, to: &Person) {
    let in_use = "SELECT count(*)::int FROM idempotency_keys WHERE state = 'running' AND lease_until > created_at";
    until("no key is in use", async || (server.numbers(DATABASE, in_use).await == [0]).then_some(())).await;
    notes.settle(from, to).await;
}

/// A host that is killed gives nothing back; nobody here waits for the minute in which a key is taken for in use.
async fn a_minute_later(server: &Server) {
    let ended = "UPDATE idempotency_keys SET lease_until = created_at WHERE state = 'running'";
    server.execute(DATABASE, ended).await.expect("lets go of the keys");
}
