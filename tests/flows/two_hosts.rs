//! Two hosts on one Postgres: neither knows of the other, and the money does not mind.

use std::time::{Duration, Instant};

use dermaga_tests::{
    client::{Answer, Client, PASSWORD, Person},
    deployment::{Deployment, assert_books_are_whole},
    hosts::Host,
    patience::within,
    postgres::{Durability, Server},
};
use futures::future::join_all;
use serde_json::json;

/// A server, a deployment on it and two of its hosts.
async fn two_hosts() -> (Server, Deployment, [Host; 2]) {
    let server = Server::start(Durability::None).await;
    server.execute("postgres", "CREATE DATABASE shop").await.expect("creates");
    let deployment = Deployment::on(&server.url("shop"));
    let hosts = [deployment.host(), deployment.host()];
    (server, deployment, hosts)
}

/// The person's own client on the other host.
async fn elsewhere(host: &Host, person: &Person) -> Client {
    Client::login(host, &person.email, PASSWORD).await
}

async fn balance(client: &Client, wallet: &str) -> i64 {
    let body = client.get(&format!("/wallets/{wallet}/balance")).await.expect(200);
    body["available"].as_i64().expect("a number")
}

fn deadlocks(server: &Server) -> usize {
    server.log().matches("deadlock detected").count()
}

/// One of three ways to spend 500.
async fn spend(client: &Client, ani: &Person, budi: &Person, way: usize) -> Answer {
    match way % 3 {
        0 => {
            let body = json!({ "wallet_id": ani.wallet, "merchant": "Kopi", "amount": 500 });
            client.post("/payments/pay", body).await
        }
        1 => {
            let body = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 500 });
            client.post("/payments/transfer", body).await
        }
        _ => {
            let body = json!({ "type": "transfer", "sender_id": ani.id, "receiver_id": budi.id, "amount": 500 });
            client.post("/transactions", body).await
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_spenders_on_two_hosts_exactly_what_fits_succeeds() {
    within(120, async {
        let (server, deployment, [one, other]) = two_hosts().await;
        let ani = Client::person(&one, "ani", 20 * 500 + 499).await;
        let budi = Client::person(&other, "budi", 0).await;
        let clients = [ani.client.clone(), elsewhere(&other, &ani).await];
        // Every way on each host: neighbours share a host, and there are three ways.
        let answers = join_all((0..64).map(|n| spend(&clients[n % 2], &ani, &budi, n))).await;
        let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.as_u16() == 201);
        for answer in &refused {
            answer.problem(409, "insufficient_funds");
        }
        assert_eq!((done.len(), refused.len()), (20, 44));
        for client in &clients {
            assert_eq!(balance(client, &ani.wallet).await, 499);
        }
        for host in [&one, &other] {
            assert_books_are_whole(host).await;
        }
        assert_eq!(deadlocks(&server), 0, "{}", server.log());
        deployment.verify();
    })
    .await;
}

/// How many people send money to each other, and what each of them has in the beginning.
const PEOPLE: usize = 4;
const BALANCE: i64 = 10_000;
/// Senders of each person on each host.
const SENDERS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_in_all_directions_on_two_hosts_neither_block_each_other_nor_lose_money() {
    within(120, async {
        let (server, deployment, hosts) = two_hosts().await;
        let names = ["ani", "budi", "citra", "dewi"];
        // One after the other: a host that has too many passwords to hash at once sends some callers away.
        let (mut people, mut on_other) = (Vec::new(), Vec::new());
        for name in names {
            let person = Client::person(&hosts[0], name, BALANCE).await;
            on_other.push(elsewhere(&hosts[1], &person).await);
            people.push(person);
        }
        let until = Instant::now() + Duration::from_secs(3);
        let senders = (0..2 * PEOPLE * SENDERS).map(|number| {
            let (from, host) = (number % PEOPLE, number / PEOPLE % 2);
            let client = if host == 0 { &people[from].client } else { &on_other[from] };
            let people = &people;
            async move {
                let mut done = 0;
                // Any sequence that goes in all directions will do, and the same one every time can be repeated.
                let mut dice = number;
                while Instant::now() < until {
                    dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let to = &people[(from + 1 + (dice >> 33) % (PEOPLE - 1)) % PEOPLE];
                    // Now and then more than there is.
                    let amount = 1 + (dice >> 40) % 4_000;
                    let body = json!({ "from_wallet_id": people[from].wallet, "to_user_id": to.id, "amount": amount });
                    let answer = client.post("/payments/transfer", body).await;
                    if answer.status == 201 {
                        done += 1;
                    } else {
                        answer.problem(409, "insufficient_funds");
                    }
                }
                done
            }
        });
        let done: Vec<usize> = join_all(senders).await;
        assert!(done.iter().all(|count| *count > 0), "everybody has sent something: {done:?}");
        assert_eq!(deadlocks(&server), 0, "{}", server.log());

        let mut sum = 0;
        for (person, client) in people.iter().zip(&on_other) {
            let seen = balance(client, &person.wallet).await;
            assert_eq!(balance(&person.client, &person.wallet).await, seen, "both hosts agree");
            assert!(seen >= 0, "{seen}");
            sum += seen;
        }
        assert_eq!(sum, BALANCE * i64::try_from(PEOPLE).expect("few"));
        for host in &hosts {
            assert_books_are_whole(host).await;
        }
        deployment.verify();
    })
    .await;
}
