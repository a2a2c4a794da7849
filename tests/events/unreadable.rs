//! Others may publish to the exchange as well. What is no event is put aside, and hinders nothing.

use std::sync::Arc;

use dermaga_ports::events::{EventBus as _, Subscriber};
use dermaga_tests::{
    databases::{Database, Engine},
    patience::{until, within},
    rabbit::Broker,
};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions},
};

use crate::{
    hearing::Ear,
    house::{House, event, exchange, rabbit},
};

/// Publishes something and waits until the broker has it.
async fn publish(channel: &Channel, exchange: &str, body: &[u8]) {
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let sent = channel.basic_publish(exchange.into(), "a.b".into(), options, body, properties).await;
    assert!(sent.expect("publishes").await.expect("confirms").is_ack());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_event_is_put_aside() {
    within(120, async {
        let database = Database::migrated(Engine::Sqlite).await;
        let house = House::on(&database.store);
        let (ear, name) = (Ear::on("ear", &["a.*"]), exchange());
        let dispatcher = Arc::new(house.app.events.dispatcher(vec![ear.clone() as Arc<dyn Subscriber>]));
        let bus = rabbit(Broker::shared(), dispatcher, &name);
        until("the subscriber listens", async || bus.check().await.ok()).await;
        let connection = Connection::connect(&Broker::shared().url(), ConnectionProperties::default()).await;
        let connection = connection.expect("connects");
        let channel = connection.create_channel().await.expect("a channel");
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");

        // Before, between and behind what can be read, so that each kind is the last of a batch now and then.
        for round in 0..20 {
            publish(&channel, &name, b"no event").await;
            publish(&channel, &name, b"{}").await;
            bus.publish(&[event("a.b", "s:1", round)]).await.expect("publishes");
            if round % 2 == 0 {
                publish(&channel, &name, &[0xff, 0xfe]).await;
            }
        }
        until("all events are heard", async || (ear.count() >= 20).then_some(())).await;
        let aside = format!("{name}.unreadable");
        let mut found = 0;
        until("all others are put aside", async || {
            let got = channel.basic_get(aside.as_str().into(), BasicGetOptions { no_ack: true }).await;
            found += usize::from(got.expect("answers").is_some());
            (found == 50).then_some(())
        })
        .await;
        assert_eq!(ear.count(), 20);
        database.dispose().await;
    })
    .await;
}
