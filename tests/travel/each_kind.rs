//! One trip of each kind, from the search to the papers.

use dermaga_domain::{Code, booking::Journey, ledger::NewWallet};
use dermaga_ports::{
    booking::{Booking, BookingStatus, DocumentKind},
    money::Currency,
    orders::OrderStatus,
};
use dermaga_tests::databases::Engine;

use crate::{
    audit::is_sold,
    deeds::Ordered,
    trips::{METER, Terms, Trip, flight_trip, stay_trip, token_for},
    world::{HOUR, MINUTE, World},
};

/// What is true of everything that was bought.
async fn bought(world: &World, ordered: &Ordered) -> Booking {
    let booking = world.booking(ordered.booking).await;
    assert_eq!(world.order_status(ordered.order).await, OrderStatus::Completed);
    let records = world.records(&ordered.reference).await;
    assert!(records.len() == 1 && is_sold(&records[0]), "{records:?}");
    assert_eq!((world.refunded(), booking.reason.as_deref()), (0, None));
    assert_eq!(world.told("booking.fulfilled").await, 1);
    booking
}

#[tokio::test]
async fn a_flight_is_held_paid_and_ticketed() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.order(&flight_trip(&world.flight(Terms::Flex).await)).await;
        let held = world.booking(ordered.booking).await;
        assert_eq!(held.status, BookingStatus::Held);
        assert!(held.clocks.price < held.clocks.hold && held.clocks.hold.is_some(), "{:?}", held.clocks);
        assert!(!is_sold(&world.records(&ordered.reference).await[0]), "nothing was paid at the airline");
        world.pay(&world.ani, &ordered.payment).await;
        world.look_after().await;
        let sold = world.booking(ordered.booking).await;
        assert_eq!(sold.status, BookingStatus::Unknown, "a reference and no ticket yet");
        assert!(sold.supplier_reference.is_some());
        world.pass(2 * MINUTE).await;
        let booking = bought(&world, &ordered).await;
        let records = world.records(&ordered.reference).await;
        assert_eq!(booking.supplier_reference.as_deref(), records[0]["record"]["pnr"].as_str());
        let [ticket] = &booking.delivery.documents[..] else { panic!("one ticket: {:?}", booking.delivery) };
        assert_eq!((ticket.kind, ticket.number.len(), ticket.traveller), (DocumentKind::ETicket, 13, Some(0)));
        let view = world.app.bookings.voucher(&world.ani.who, ordered.booking).await.expect("prints");
        assert!(matches!(view.journey, Some(Journey::Flight(_))));
        world.close().await;
    }
}

#[tokio::test]
async fn a_flight_that_cannot_be_held_is_bought_once_it_is_paid() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.order(&flight_trip(&world.flight(Terms::Promo).await)).await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Quoted);
        assert!(world.records(&ordered.reference).await.is_empty(), "nobody was asked before it was paid");
        world.pay(&world.ani, &ordered.payment).await;
        world.look_after().await;
        world.pass(2 * MINUTE).await;
        let booking = bought(&world, &ordered).await;
        assert_eq!(booking.delivery.documents.len(), 1);
        world.close().await;
    }
}

#[tokio::test]
async fn a_room_is_found_quoted_and_confirmed_by_its_house() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let rate = world.room("Kuta", "Beach Hotel").await;
        let ordered = world.bought(&stay_trip(&rate)).await;
        let booking = bought(&world, &ordered).await;
        let records = world.records(&ordered.reference).await;
        assert_eq!(booking.supplier_reference.as_deref(), records[0]["record"]["reference"].as_str());
        assert_eq!(booking.delivery.documents[0].kind, DocumentKind::Voucher);
        let view = world.app.bookings.voucher(&world.ani.who, ordered.booking).await.expect("prints");
        let Some(Journey::Stay(stay)) = view.journey else { panic!("a stay") };
        assert!(stay.house.name.contains("Kuta") && stay.house.address.is_some(), "{stay:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn a_house_that_answers_later_is_waited_for() {
    let world = World::open(Engine::Sqlite).await;
    let trip = stay_trip(&world.room("Adamstown", "answers later").await);
    let nowhere = world.try_to_order(&trip).await.err().expect("refused");
    assert_eq!(nowhere.code(), Code::WalletNotFound, "late money would have nowhere to go: {nowhere}");
    let dollars = NewWallet { name: "Dollars".to_owned(), currency: Some("USD".to_owned()) };
    world.app.wallets.create(&world.ani.who, world.id(), dollars).await.expect("opens");
    let ordered = world.paid(&trip).await;
    world.look_after().await;
    world.live(MINUTE, 8).await;
    assert_eq!(world.status(ordered.booking).await, BookingStatus::Unknown, "requested, and no voucher yet");
    world.live(MINUTE, 4).await;
    let booking = bought(&world, &ordered).await;
    assert_eq!(booking.price.currency(), Currency::Usd);
    world.pass(HOUR).await;
    world.close().await;
}

#[tokio::test]
async fn a_crossing_has_a_ticket_with_a_code_for_everybody_and_the_car() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.bought(&world.crossing().await).await;
        let booking = bought(&world, &ordered).await;
        let kinds: Vec<DocumentKind> = booking.delivery.documents.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [DocumentKind::FerryTicket, DocumentKind::VehicleTicket]);
        for document in &booking.delivery.documents {
            let code = document.qr.as_ref().expect("a code").reveal().to_owned();
            assert!(code.starts_with("FERRY:") && code.ends_with(&document.number), "{code}");
        }
        assert!(booking.supplier_reference.is_some());
        world.close().await;
    }
}

#[tokio::test]
async fn a_token_for_a_meter_has_twenty_digits() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let ordered = world.bought(&token_for("pln20", METER)).await;
        let booking = bought(&world, &ordered).await;
        let token = booking.delivery.token.expect("a token");
        assert!(token.reveal().len() == 20 && token.reveal().bytes().all(|byte| byte.is_ascii_digit()));
        world.close().await;
    }
}

#[tokio::test]
async fn a_bill_is_asked_for_and_paid_on_its_day() {
    let world = World::open(Engine::Sqlite).await;
    for number in ["530000000001", "630000000001"] {
        let bill = world.bill(&world.ani, "pln", number).await.expect("asks");
        assert!(bill.booking.customer.holder.is_some() && !bill.lines.is_empty());
        let ordered = world.bought(&Trip::Bill(bill.booking.id)).await;
        assert!(world.booking(ordered.booking).await.delivery.serial.is_some(), "the biller's receipt");
    }
    world.close().await;
}

#[tokio::test]
async fn what_nobody_pays_is_given_back_to_the_supplier() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let flight = world.order(&flight_trip(&world.flight(Terms::Flex).await)).await;
        let crossing = world.order(&world.crossing().await).await;
        world.app.orders.cancel(&world.ani.who, crossing.order, None, None).await.expect("cancels");
        world.look_after().await;
        assert_eq!(world.records(&crossing.reference).await[0]["record"]["status"], "cancelled");
        world.live(MINUTE, 20).await;
        assert_eq!(world.order_status(flight.order).await, OrderStatus::Expired);
        let record = &world.records(&flight.reference).await[0]["record"];
        assert!(!record["cancelled"].is_null(), "others want the seat: {record}");
        for id in [flight.booking, crossing.booking] {
            assert_eq!(world.status(id).await, BookingStatus::Lapsed);
        }
        world.close().await;
    }
}
