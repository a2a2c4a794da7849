//! The seal from outside: a link that was kept is found again, until somebody changes what it covers.

use dermaga_tests::{
    client::Client,
    hosts::{Folder, Host, command, run},
};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

#[tokio::test]
async fn a_kept_link_proves_that_nothing_before_it_was_changed() {
    let folder = Folder::new();
    let host = Host::start("dermaga", folder.clone(), &[]);
    let admin = Client::admin(&host).await;
    let ani = Client::person(&host, "ani", 1_000).await;
    let budi = Client::person(&host, "budi", 0).await;
    let kept = admin.get("/ledger/seal").await.expect(200);
    let transfer = json!({ "from_wallet_id": ani.wallet, "to_wallet_id": budi.wallet, "amount": 10 });
    let sent = ani.client.post("/payments/transfer", transfer).await.expect(201);

    let number = kept["number"].as_u64().expect("a number");
    assert_eq!(admin.get(&format!("/ledger/seal/{number}")).await.expect(200), kept);
    let head = admin.get("/ledger/seal").await.expect(200);
    assert_eq!(head["number"], number + 1);
    assert_ne!(head["link"], kept["link"]);
    let far = admin.get(&format!("/ledger/seal/{}", number + 2)).await;
    far.problem(404, "seal_not_found");
    admin.get(&format!("/ledger/seal/{}", u64::MAX)).await.problem(404, "seal_not_found");

    // An owner of the database makes it 900 instead of 10, and every counter with it.
    host.stop();
    let id = sent["transaction"]["id"].as_str().expect("an id").replace('-', "");
    let (payer, payee) = (ani.wallet.replace('-', ""), budi.wallet.replace('-', ""));
    let url = format!("sqlite:{}/demo.db", folder.path().display());
    let mut database = SqliteConnection::connect(&url).await.expect("connects");
    for sql in [
        "DROP TRIGGER ledger_transfers_keep".to_owned(),
        format!(
            "UPDATE ledger_transfers SET amount = 900, debit_balance = 100, credit_balance = 900 WHERE id = x'{id}'"
        ),
        format!("UPDATE ledger_accounts SET debits_posted = debits_posted + 890 WHERE id = x'{payer}'"),
        format!("UPDATE ledger_accounts SET credits_posted = credits_posted + 890 WHERE id = x'{payee}'"),
    ] {
        let done = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut database).await;
        done.expect("the database does as it is told");
    }
    database.close().await.expect("closes");
    let report = run(command("dermaga", &folder).arg("verify"), "");
    let told = String::from_utf8_lossy(&report.stdout).into_owned();
    assert!(!report.status.success(), "{told}");
    // The sums are right, and the seal still knows.
    assert!(told.contains(&format!("batch {}: its lines are not the ones that were sealed", number + 1)), "{told}");
    assert!(!told.contains("debits"), "{told}");
}
