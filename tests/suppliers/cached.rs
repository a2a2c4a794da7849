//! Searches that are remembered, and what is never remembered.

use std::{sync::Arc, time::Duration};

use dermaga_cache::InProcess;
use dermaga_ports::{
    booking::{
        FerrySupplier, FlightSearch, FlightSupplier, HotelSearch, HotelSupplier, Paying, PpobSupplier, ProductKind,
        RefusalKind,
    },
    system::{Clock, ManualClock},
};
use dermaga_suppliers::{CachedSearch, Digiflazz, Duffel, Ferry, KeptPriceList};
use serde_json::json;

use crate::{
    ferries,
    flights::{booking, search},
    hotels::around,
    kit::{day, done, new_price, refused},
    stage::{Stage, digiflazz_config, duffel_config, ferry_config},
};

fn remembering<S>(supplier: S, clock: &ManualClock) -> CachedSearch<S> {
    let cache = Arc::new(InProcess::with_room_for(1 << 20));
    CachedSearch::new(supplier, cache, Arc::new(clock.clone()), Duration::from_secs(300))
}

fn cached(stage: &Stage, clock: &ManualClock) -> CachedSearch<Duffel> {
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let duffel = Duffel::new(duffel_config(&stage.sandbox.duffel()), shared).expect("configured");
    remembering(duffel, clock)
}

#[tokio::test]
async fn a_search_is_asked_once_and_another_one_is_another() {
    let stage = Stage::start().await;
    let cached = cached(&stage, &stage.clock);
    let first = done(FlightSupplier::search(&cached, &search("CGK", "DPS")).await);
    assert_eq!(done(FlightSupplier::search(&cached, &search("CGK", "DPS")).await), first, "the very same offers");
    assert_ne!(done(FlightSupplier::search(&cached, &search("DPS", "CGK")).await), first);
    let fresh = done(FlightSupplier::search(&stage.duffel, &search("CGK", "DPS")).await);
    assert_ne!(fresh[0].id, first[0].id, "whoever asks Duffel gets new ones");
}

#[tokio::test]
async fn what_has_ended_is_not_shown_and_nothing_is_not_remembered() {
    let stage = Stage::start().await;
    let cached = cached(&stage, &stage.clock);
    let first = done(FlightSupplier::search(&cached, &search("CGK", "DPS")).await);
    stage.wait(29 * 60 + 1).await;
    let second = done(FlightSupplier::search(&cached, &search("CGK", "DPS")).await);
    assert_ne!(first[0].id, second[0].id, "less than a minute is of no use");
    let nowhere: FlightSearch = search("PVD", "RAI");
    assert!(done(FlightSupplier::search(&cached, &nowhere).await).is_empty());
}

#[tokio::test]
async fn a_remembered_price_costs_a_question_and_never_money() {
    let stage = Stage::start().await;
    let cached = cached(&stage, &stage.clock);
    done(FlightSupplier::search(&cached, &search("CGK", "DPS")).await);
    let offers = done(FlightSupplier::search(&cached, &search("CGK", "DPS")).await);
    let offer = offers.iter().find(|offer| offer.hold.is_some()).expect("an offer");
    stage.play(&offer.id, "price", json!({"amount": offer.total.amount() + 1})).await;
    let order = dermaga_ports::booking::BookFlight { max_total: offer.total, ..booking("M-1", offer, Paying::Later) };
    assert_eq!(
        new_price(FlightSupplier::book(&cached, &order).await).map(|new| new.amount()),
        Some(offer.total.amount() + 1)
    );
}

#[tokio::test]
async fn houses_are_remembered_while_they_can_be_booked_and_their_rooms_are_asked_for() {
    let stage = Stage::start().await;
    let cached = cached(&stage, &stage.clock);
    let search = async |place: &HotelSearch| done(HotelSupplier::search(&cached, place).await);
    let bali = around("-8.65", "115.22");
    let first = search(&bali).await;
    assert_eq!(search(&bali).await, first, "the very same houses");
    assert_ne!(search(&around("-24.38", "-128.32")).await, first);
    assert_ne!(search(&HotelSearch { check_out: day("2026-02-13"), ..bali.clone() }).await, first, "a night more");
    let rooms = done(cached.rates(&first[0].payload).await);
    let again = done(cached.rates(&first[0].payload).await);
    assert_ne!(rooms[0].id, again[0].id, "rooms and their prices are of the moment");
    let usable = first[0].expires_at.since(stage.clock.now()).as_secs() - 60;
    stage.wait(usable).await;
    let later = search(&bali).await;
    assert_ne!(later[0].id, first[0].id, "less than a minute is of no use");
    assert!(search(&around("0", "0")).await.is_empty());
}

#[tokio::test]
async fn departures_and_ports_are_remembered_and_fares_are_quoted_anew() {
    let stage = Stage::start().await;
    let shared: Arc<dyn Clock> = Arc::new(stage.clock.clone());
    let ferry = Ferry::new(ferry_config(&stage.sandbox.ferry()), shared).expect("configured");
    let cached = remembering(ferry, &stage.clock);
    let on_foot = ferries::search(1, None);
    let first = done(cached.departures(&on_foot).await);
    assert_eq!(done(cached.departures(&on_foot).await), first, "the very same fares");
    assert_ne!(done(cached.departures(&ferries::search(1, Some("IVA"))).await), first);
    assert_ne!(done(cached.departures(&ferries::search(2, None)).await), first);
    let (ports, classes) = (done(cached.ports().await), done(cached.vehicle_classes().await));
    let fare = &first[0].fares[0];
    stage.play(&fare.id, "price", json!({"amount": fare.total.amount() + 1})).await;
    assert_eq!(done(cached.departures(&on_foot).await)[0].fares[0].total, fare.total, "as it was found");
    assert_eq!(done(cached.quote(&fare.payload).await).total.amount(), fare.total.amount() + 1, "and as it is");
    stage.sandbox.configure(|played| played.ferry.token = "another".to_owned());
    assert_eq!(
        (done(cached.ports().await), done(cached.vehicle_classes().await)),
        (ports, classes),
        "nobody was asked"
    );
    assert_eq!(refused(cached.departures(&ferries::search(3, None)).await), RefusalKind::Misconfigured);
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
