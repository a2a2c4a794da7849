//! Suppliers that leave something out: a price, a total.

use std::sync::Arc;

use dermaga_domain::{
    Code,
    booking::{FerryWish, FlightWish, HotelWish, Suppliers},
};
use dermaga_ports::{
    booking::{
        Accommodation, BookingStatus, CancellationQuote, Departure, Fare, FlightOffer, HotelBooking, HotelResult,
        HotelState, MockFerrySupplier, MockFlightSupplier, MockHotelSupplier, Outcome, Policy, RefundTo, RoomRate,
    },
    money::Money,
};
use dermaga_tests::databases::Engine;

use crate::{
    trips::{DAY_OF_TRAVEL, Terms, day, stay_trip},
    world::{MINUTE, World},
};

/// As much of that money as nothing costs.
fn nothing(like: Money) -> Money {
    Money::zero(like.currency())
}

#[tokio::test]
async fn a_flight_without_a_price_is_not_shown_and_not_sold() {
    let world = World::open(Engine::Sqlite).await;
    let priced = world.flight(Terms::Flex).await;
    let offer = priced.offer.clone();
    let free = FlightOffer { total: nothing(offer.total), ..offer.clone() };
    let mut airline = MockFlightSupplier::new();
    airline.expect_name().return_const("duffel".to_owned());
    let both = vec![free.clone(), offer];
    airline.expect_search().returning(move |_| Outcome::Done(both.clone()));
    airline.expect_reprice().returning(move |_| Outcome::Done(free.clone()));
    let host = world.buying_from(Suppliers { flights: Some(Arc::new(airline)), ..Suppliers::default() });
    let wish = FlightWish {
        origin: "CGK".to_owned(),
        destination: "DPS".to_owned(),
        date: day(DAY_OF_TRAVEL),
        return_date: None,
        adults: 1,
        children: Vec::new(),
        cabin: None,
    };
    let shown = host.bookings.flights(wish).await.expect("searches");
    assert_eq!(shown.iter().map(|one| one.price).collect::<Vec<_>>(), [priced.price]);
    assert_eq!(host.bookings.flight(&priced.id).await.expect_err("refused").code(), Code::OfferGone);
    world.close().await;
}

#[tokio::test]
async fn a_room_without_a_price_is_not_shown() {
    let world = World::open(Engine::Sqlite).await;
    let wish = || HotelWish {
        city: "Kuta".to_owned(),
        check_in: day("2026-02-10"),
        check_out: day("2026-02-12"),
        adults: 1,
        children: Vec::new(),
        rooms: 1,
    };
    let house = world.app.bookings.houses(wish()).await.expect("searches").remove(0);
    let room = world.app.bookings.rooms(&house.id).await.expect("asks").remove(0);
    let (cost, rate) = (room.offer.total, room.offer);
    let mut houses = MockHotelSupplier::new();
    houses.expect_name().return_const("duffel".to_owned());
    let found = HotelResult { cheapest: Some(nothing(cost)), ..house.house };
    houses.expect_search().returning(move |_| Outcome::Done(vec![found.clone()]));
    let both = vec![RoomRate { total: nothing(cost), ..rate.clone() }, rate];
    houses.expect_rates().returning(move |_| Outcome::Done(both.clone()));
    let host = world.buying_from(Suppliers { hotels: Some(Arc::new(houses)), ..Suppliers::default() });
    let shown = host.bookings.houses(wish()).await.expect("searches");
    assert_eq!(shown.iter().map(|one| one.cheapest).collect::<Vec<_>>(), [None], "nobody is told that it is free");
    let rooms = host.bookings.rooms(&shown[0].id).await.expect("asks");
    assert_eq!(rooms.iter().map(|one| one.price).collect::<Vec<_>>(), [room.price]);
    world.close().await;
}

#[tokio::test]
async fn a_fare_without_a_price_is_not_shown() {
    let world = World::open(Engine::Sqlite).await;
    let wish = || FerryWish {
        origin: "MRK".to_owned(),
        destination: "BKH".to_owned(),
        date: day(DAY_OF_TRAVEL),
        adults: 1,
        children: 0,
        infants: 0,
        vehicle: None,
    };
    let ship = world.app.bookings.departures(wish()).await.expect("searches").remove(0);
    let fare = ship.fares[0].offer.clone();
    let free = Fare { total: nothing(fare.total), ..fare.clone() };
    let leaves = Departure { fares: vec![free, fare], ..ship.departure };
    let mut ships = MockFerrySupplier::new();
    ships.expect_name().return_const("ferry".to_owned());
    ships.expect_departures().returning(move |_| Outcome::Done(vec![leaves.clone()]));
    let host = world.buying_from(Suppliers { ferries: Some(Arc::new(ships)), ..Suppliers::default() });
    let shown = host.bookings.departures(wish()).await.expect("searches");
    let fares: Vec<Money> = shown.iter().flat_map(|ship| &ship.fares).map(|fare| fare.price).collect();
    assert_eq!(fares, [ship.fares[0].price]);
    world.close().await;
}

#[tokio::test]
async fn a_stay_without_a_total_costs_what_was_quoted_and_gives_back_by_that() {
    for engine in Engine::ALL {
        let world = World::open(engine).await;
        let rate = world.room("Kuta", "Beach Hotel").await;
        let ordered = world.paid(&stay_trip(&rate)).await;
        world.fault("/stays/bookings", "reset").await;
        world.look_after().await;
        assert_eq!(world.status(ordered.booking).await, BookingStatus::Unknown);
        // A currency that nobody knows is no total.
        world.sandbox.app.world().stays.bookings.values_mut().for_each(|one| one.rate.currency = "???");
        world.live(MINUTE, 3).await;
        let booking = world.booking(ordered.booking).await;
        assert_eq!((booking.status, booking.cost), (BookingStatus::Fulfilled, Some(rate.price)), "as it was quoted");
        let silent = HotelBooking {
            id: booking.supplier_id.clone().expect("it has one"),
            house_reference: None,
            reference: None,
            state: HotelState::Confirmed,
            accommodation: Accommodation::default(),
            check_in: day("2026-02-10"),
            check_out: day("2026-02-12"),
            total: None,
            refund: Policy::Unknown,
            confirmed_at: None,
            cancelled_at: None,
            raw: String::new(),
        };
        let mut houses = MockHotelSupplier::new();
        houses.expect_name().return_const("duffel".to_owned());
        houses.expect_read().returning(move |_| Outcome::Done(silent.clone()));
        let sold = (booking.cost, booking.policy.clone().expect("conditions"));
        houses.expect_quote_cancellation().returning(move |stay| {
            assert_eq!((stay.total, &stay.refund), (sold.0, &sold.1), "what was sold counts");
            Outcome::Done(CancellationQuote {
                id: stay.id.clone(),
                order_id: stay.id.clone(),
                refund: stay.total,
                fee: None,
                refund_to: RefundTo::Balance,
                expires_at: None,
            })
        });
        let host = world.buying_from(Suppliers { hotels: Some(Arc::new(houses)), ..Suppliers::default() });
        let quote = host.bookings.quote_cancellation(&world.ani.who, ordered.booking).await.expect("quotes");
        assert_eq!(quote.refund, rate.price);
        world.close().await;
    }
}
