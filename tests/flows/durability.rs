//! What was answered is there, however the process ended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use dermaga_tests::{
    client::{Client, PASSWORD},
    hosts::{Folder, Host, command, run},
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_host_loses_nothing_that_was_answered() {
    let folder = Folder::new();
    let host = Host::start("dermaga", folder.clone(), &[]);
    let (ani, budi) = (Client::person(&host, "ani", 1_000_000).await, Client::person(&host, "budi", 0).await);
    let stop = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (client, stop, count) = (ani.client.clone(), stop.clone(), count.clone());
            let body = json!({ "from_wallet_id": ani.wallet, "to_user_id": budi.id, "amount": 1 });
            tokio::spawn(async move {
                let mut answered = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let request = client.request(reqwest::Method::POST, "/payments/transfer").json(&body);
                    // The last request finds nobody: that one was not answered.
                    let Ok(response) = request.send().await else { break };
                    let Ok(body) = response.json::<Value>().await else { break };
                    answered.push(body["transaction"]["id"].as_str().expect("an id").to_owned());
                    count.fetch_add(1, Ordering::Relaxed);
                }
                answered
            })
        })
        .collect();
    let deadline = Instant::now() + Duration::from_secs(30);
    while count.load(Ordering::Relaxed) < 300 {
        assert!(Instant::now() < deadline, "{count:?} in half a minute");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    host.kill();
    stop.store(true, Ordering::Relaxed);
    let mut answered = Vec::new();
    for writer in writers {
        answered.extend(writer.await.expect("no panic"));
    }

    let report = run(command("dermaga", &folder).arg("verify"), "");
    assert!(report.status.success(), "{}", String::from_utf8_lossy(&report.stdout));
    let host = Host::start("dermaga", folder, &[]);
    let ani = Client::login(&host, &ani.email, PASSWORD).await;
    for id in &answered {
        assert_eq!(ani.get(&format!("/transactions/{id}")).await.expect(200)["status"], "COMPLETED");
    }
    let budi = Client::login(&host, &budi.email, PASSWORD).await;
    let received = budi.get("/wallets").await.expect(200)["items"][0]["balance"].as_i64().expect("a number");
    // One for each writer may have been written without being answered.
    let answered = i64::try_from(answered.len()).expect("few");
    assert!((answered..=answered + 8).contains(&received), "{answered} answered, {received} received");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_host_finishes_what_it_has_begun() {
    let folder = Folder::new();
    let host = Host::start("dermaga", folder.clone(), &[]);
    let login = json!({ "email": "john@example.com", "password": "password123" });
    let login = Client::anyone(&host).post("/auth/login", login).await.expect(200);
    // Logins take a while: some are under way when the signal comes, others may find the door closed already.
    let jane = json!({ "email": "jane@example.com", "password": "password123" });
    let client = Client::anyone(&host);
    let under_way: Vec<_> = (0..6)
        .map(|_| {
            let request = client.request(reqwest::Method::POST, "/auth/login").json(&jane);
            tokio::spawn(async move { request.send().await.map(|response| response.status().as_u16()) })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let (folder, ended_well) = tokio::task::spawn_blocking(move || host.stop()).await.expect("no panic");
    assert!(ended_well);
    let mut answers = Vec::new();
    for login in under_way {
        answers.extend(login.await.expect("no panic"));
    }
    assert!(!answers.is_empty() && answers.iter().all(|status| [200, 429].contains(status)), "{answers:?}");

    // A login survives the restart, and so does everything else.
    let host = Host::start("dermaga", folder, &[]);
    let refresh = json!({ "refresh_token": login["refresh_token"] });
    let next = Client::anyone(&host).post("/auth/refresh", refresh).await.expect(200);
    let john = Client::anyone(&host).with_token(next["access_token"].as_str().expect("a token"));
    assert_eq!(john.get("/wallets").await.expect(200)["items"][0]["balance"], 1_000_000);
}
