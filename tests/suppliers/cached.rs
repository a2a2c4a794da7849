//! Searches that are remembered, and what is never remembered.

use std::{sync::Arc, time::Duration};

use dermaga_cache::InProcess;
use dermaga_ports::{
    booking::{FlightSearch, FlightSupplier, Paying, PpobSupplier, ProductKind, RefusalKind},
    system::{Clock, ManualClock},
};
use dermaga_suppliers::{CachedSearch, Digiflazz, Duffel, KeptPriceList};
use serde_json::json;

use crate::{
    flights::{booking, search},
    kit::{done, new_price, refused},
    stage::{Stage, digiflazz_config, duffel_config},
};

fn cached(stage: &Stage, clock: &ManualClock) -> CachedSearch<Duffel> {
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let duffel = Duffel::new(duffel_config(&stage.sandbox.duffel()), shared.clone()).expect("configured");
    CachedSearch::new(duffel, Arc::new(InProcess::with_room_for(1 << 20)), shared, Duration::from_secs(300))
}

#[tokio::test]
async fn a_search_is_asked_once_and_another_one_is_another() {
    let stage = Stage::start().await;
    let cached = cached(&stage, &stage.clock);
    let first = done(cached.search(&search("CGK", "DPS")).await);
    assert_eq!(done(cached.search(&search("CGK", "DPS")).await), first, "the very same offers");
    assert_ne!(done(cached.search(&search("DPS", "CGK")).await), first);
    let fresh = done(stage.duffel.search(&search("CGK", "DPS")).await);
    assert_ne!(fresh[0].id, first[0].id, "whoever asks Duffel gets new ones");
}

#[tokio::test]
async fn what_has_ended_is_not_shown_and_nothing_is_not_remembered() {
    let stage = Stage::start().await;
    let cached = cached(&stage, &stage.clock);
    let first = done(cached.search(&search("CGK", "DPS")).await);
    stage.wait(29 * 60 + 1).await;
    let second = done(cached.search(&search("CGK", "DPS")).await);
    assert_ne!(first[0].id, second[0].id, "less than a minute is of no use");
    let nowhere: FlightSearch = search("PVD", "RAI");
    assert!(done(cached.search(&nowhere).await).is_empty());
}

#[tokio::test]
async fn a_remembered_price_costs_a_question_and_never_money() {
    let stage = Stage::start().await;
    let cached = cached(&stage, &stage.clock);
    done(cached.search(&search("CGK", "DPS")).await);
    let offers = done(cached.search(&search("CGK", "DPS")).await);
    let offer = offers.iter().find(|offer| offer.hold.is_some()).expect("an offer");
    stage.play(&offer.id, "price", json!({"amount": offer.total.amount() + 1})).await;
    let order = dermaga_ports::booking::BookFlight { max_total: offer.total, ..booking("M-1", offer, Paying::Later) };
    assert_eq!(new_price(cached.book(&order).await).map(|new| new.amount()), Some(offer.total.amount() + 1));
}

#[tokio::test]
async fn a_price_list_is_shown_while_no_other_can_be_had_and_each_kind_has_its_own() {
    let stage = Stage::start().await;
    let shared: Arc<dyn Clock> = Arc::new(stage.clock.clone());
    let digiflazz = Digiflazz::new(digiflazz_config(&stage.sandbox.digiflazz()), shared.clone()).expect("configured");
    let kept = KeptPriceList::new(digiflazz, shared);
    let first = done(kept.products(ProductKind::Prepaid).await);
    assert_eq!(done(kept.products(ProductKind::Prepaid).await), first, "nobody was asked too often");
    assert_ne!(done(kept.products(ProductKind::Postpaid).await), first);
    stage.wait(10 * 60).await;
    stage.fault("/v1/price-list", "status:503").await;
    assert_eq!(done(kept.products(ProductKind::Prepaid).await), first, "an old one is better than none");
    stage.wait(6 * 60 * 60).await;
    stage.fault("/v1/price-list", "status:503").await;
    assert_eq!(refused(kept.products(ProductKind::Prepaid).await), RefusalKind::Unavailable, "but not for ever");
    assert_eq!(done(kept.products(ProductKind::Prepaid).await), first);
}
