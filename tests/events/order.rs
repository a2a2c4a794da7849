//! Commits overtake each other, and a refund follows its transfer at once: what is told must make sense all the same.

use std::{collections::HashSet, sync::Arc};

use dermaga_domain::events::Passed;
use dermaga_ports::{auth::Principal, events::Subscriber, store::Store as _};
use dermaga_tests::databases::{Database, Engine};

use crate::{
    hearing::Ear,
    house::{House, event, fresh, relay_all},
    schemes::on_every_database,
};

on_every_database! {
    a_refund_is_never_told_before_its_transfer
}

async fn a_refund_is_never_told_before_its_transfer(database: &Database) {
    let house = Arc::new(House::on(&database.store));
    let ear = Ear::on("ear", &["transaction.*"]);
    let (relay, _) = house.relay(&[ear.clone() as Arc<dyn Subscriber>]);
    let ((ani, from), (_, to)) = (house.person("ani", 5_000).await, house.person("budi", 1).await);
    let spending = tokio::spawn({
        let house = house.clone();
        async move {
            for _ in 0..60 {
                let id = house.transfer(&ani, &from, &to, 1).await.remove(0);
                let refund = house.app.transactions.refund(&Principal::Operator, fresh(), id.0.into(), None, "broken");
                refund.await.expect("refunds");
            }
        }
    });
    while !spending.is_finished() {
        relay.pass().await.expect("passes");
    }
    spending.await.expect("ends");
    relay_all(&relay).await;
    let mut completed = HashSet::new();
    let mut refunded = 0;
    for heard in ear.heard() {
        if heard.topic == "transaction.completed" {
            completed.insert(heard.subject);
        } else if heard.topic == "transaction.refunded" {
            assert!(completed.contains(&heard.subject), "{} is refunded before it was made", heard.subject);
            refunded += 1;
        }
    }
    assert_eq!(refunded, 60);
}

/// Only Postgres has two writers at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_commits_late_is_told_late_and_not_forgotten() {
    let database = Database::migrated(Engine::Postgres).await;
    let house = House::on(&database.store);
    let ear = Ear::on("ear", &["*"]);
    let (relay, _) = house.relay(&[ear.clone() as Arc<dyn Subscriber>]);
    let (early, late) = (event("a.b", "s:1", 1), event("a.b", "s:2", 2));
    let mut slow = database.store.begin().await.expect("begins");
    slow.outbox().publish(&early).await.expect("publishes");
    house.file(std::slice::from_ref(&late)).await;
    assert_eq!(relay.pass().await, Ok(Passed::Told(1)));
    assert_eq!(ear.ids(), [late.id]);
    slow.commit().await.expect("commits");
    assert_eq!(relay.pass().await, Ok(Passed::Told(1)));
    assert_eq!(ear.ids(), [late.id, early.id]);
    database.dispose().await;
}
