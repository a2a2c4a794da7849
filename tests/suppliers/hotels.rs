//! What the port of hotels promises, and Duffel's test hotels.

use dermaga_ports::booking::{
    Board, BookHotel, Expected, HotelQuote, HotelResult, HotelSearch, HotelState, HotelSupplier, ProbeKey, RefusalKind,
    RoomRate, Seat, TravellerKind, Where,
};
use dermaga_suppliers::Duffel;

use crate::{
    kit::{any_price, at, contact, day, done, found, new_price, nothing, refused, unknown, wrong_field},
    stage::Stage,
};

pub fn around(latitude: &str, longitude: &str) -> HotelSearch {
    let place = Where::Around { latitude: latitude.to_owned(), longitude: longitude.to_owned(), radius_km: 30 };
    let guests = vec![Seat { kind: TravellerKind::Adult, age: None }];
    HotelSearch { place, check_in: day("2026-02-10"), check_out: day("2026-02-12"), rooms: 1, guests }
}

async fn results(duffel: &Duffel, search: &HotelSearch) -> Vec<HotelResult> {
    done(HotelSupplier::search(duffel, search).await)
}

/// The hotel whose name ends so.
async fn test_hotel(stage: &Stage, name: &str) -> HotelResult {
    let all = results(&stage.duffel, &around("-24.38", "-128.32")).await;
    all.into_iter().find(|one| one.accommodation.name.ends_with(name)).expect("a test hotel")
}

async fn rate(stage: &Stage, result: &HotelResult, board: Board) -> RoomRate {
    let rates = done(stage.duffel.rates(&result.payload).await);
    rates.into_iter().find(|rate| rate.board == board).expect("a rate")
}

async fn quote(stage: &Stage, name: &str) -> HotelQuote {
    let rate = rate(stage, &test_hotel(stage, name).await, Board::Breakfast).await;
    done(HotelSupplier::quote(&stage.duffel, &rate.payload).await)
}

fn booking(reference: &str, quote: &HotelQuote) -> BookHotel {
    BookHotel {
        reference: reference.to_owned(),
        quote: quote.payload.clone(),
        guests: vec![("Budi".into(), Some("Santoso".into()))],
        contact: contact(),
        requests: Some("A quiet room".to_owned()),
        loyalty_number: None,
        max_total: any_price(quote.total),
    }
}

fn key(booking: &BookHotel) -> ProbeKey {
    ProbeKey { reference: booking.reference.clone(), offer: booking.quote.clone() }
}

#[tokio::test]
async fn a_room_is_searched_rated_quoted_booked_and_cancelled_by_its_conditions() {
    let stage = Stage::start().await;
    let bali = results(&stage.duffel, &around("-8.65", "115.22")).await;
    assert!(bali.len() >= 2 && bali.iter().all(|one| one.cheapest.is_some()), "{bali:?}");
    let rate = rate(&stage, &bali[0], Board::Breakfast).await;
    let quote = done(HotelSupplier::quote(&stage.duffel, &rate.payload).await);
    assert_eq!((quote.total, &quote.refund), (rate.total, &rate.refund), "as it was offered");
    let order = BookHotel { max_total: quote.total, ..booking("H-1", &quote) };
    let booked = done(HotelSupplier::book(&stage.duffel, &order).await);
    assert_eq!((&booked.state, booked.total), (&HotelState::Confirmed, Some(quote.total)));
    assert!(booked.house_reference.is_some() && booked.accommodation.key_collection.is_some());
    assert!(!booked.raw.contains("Santoso") && !booked.raw.contains("identity card"), "{}", booked.raw);
    assert_eq!(found(HotelSupplier::probe(&stage.duffel, &key(&order)).await).id, booked.id);
    let full = done(HotelSupplier::quote_cancellation(&stage.duffel, &booked).await);
    assert_eq!((full.refund, full.fee.map(|fee| fee.amount())), (Some(quote.total), Some(0)));
    let left = done(HotelSupplier::cancel(&stage.duffel, &booked, &full).await);
    assert_eq!(left.refund, Some(quote.total));
    let cancelled = done(HotelSupplier::read(&stage.duffel, &booked.id).await);
    assert_eq!((cancelled.state, cancelled.house_reference), (HotelState::Cancelled, None));
    assert_eq!(
        refused(
            HotelSupplier::quote_cancellation(
                &stage.duffel,
                &done(HotelSupplier::read(&stage.duffel, &booked.id).await)
            )
            .await
        ),
        RefusalKind::AlreadyDone
    );
}

#[tokio::test]
async fn trap_07_a_cancellation_after_its_step_has_ended_pays_the_next_one_and_asks_first() {
    let stage = Stage::start().await;
    let bali = results(&stage.duffel, &around("-8.65", "115.22")).await;
    let rate = rate(&stage, &bali[0], Board::Breakfast).await;
    let quote = done(HotelSupplier::quote(&stage.duffel, &rate.payload).await);
    let booked = done(HotelSupplier::book(&stage.duffel, &booking("H-2", &quote)).await);
    // The house is in Bali, where the stay begins at 14:00, which is 06:00 UTC; three days before is the step's end.
    let ends = at("2026-02-07T06:00:00Z");
    let all = done(HotelSupplier::quote_cancellation(&stage.duffel, &booked).await);
    assert_eq!(all.expires_at, Some(ends));
    stage.wait(ends.since(crate::kit::start()).as_secs()).await;
    let half = new_price(HotelSupplier::cancel(&stage.duffel, &booked, &all).await).expect("the new refund");
    assert_eq!(half.amount(), quote.total.amount() / 2);
    let now = done(HotelSupplier::quote_cancellation(&stage.duffel, &booked).await);
    assert_eq!(done(HotelSupplier::cancel(&stage.duffel, &booked, &now).await).refund, Some(half));
}

#[tokio::test]
async fn a_saver_is_not_refunded_from_the_first_moment() {
    let stage = Stage::start().await;
    let bali = results(&stage.duffel, &around("-8.65", "115.22")).await;
    let saver = rate(&stage, &bali[0], Board::RoomOnly).await;
    assert!(
        matches!(saver.refund.at(crate::kit::start(), false, saver.total), Expected::Refund(back) if back.amount() == 0)
    );
}

#[tokio::test]
async fn trap_08_what_is_due_at_the_desk_is_shown_and_not_charged() {
    let stage = Stage::start().await;
    let quote = quote(&stage, "something is due there").await;
    let due = quote.due_there.clone().expect("something");
    assert_eq!((due.told.as_str(), due.amount), ("39.95 CHF", None), "a currency that we keep no books in");
    let booked = done(HotelSupplier::book(&stage.duffel, &booking("H-3", &quote)).await);
    assert_eq!(booked.total, Some(quote.total));
}

#[tokio::test]
async fn a_rate_that_is_gone_and_a_room_that_somebody_else_booked() {
    let stage = Stage::start().await;
    let gone = rate(&stage, &test_hotel(&stage, "the rate expires").await, Board::Breakfast).await;
    assert_eq!(refused(HotelSupplier::quote(&stage.duffel, &gone.payload).await), RefusalKind::OfferGone);
    let taken = quote(&stage, "somebody else books first").await;
    assert_eq!(refused(HotelSupplier::book(&stage.duffel, &booking("H-4", &taken)).await), RefusalKind::OfferGone);
    let bali = results(&stage.duffel, &around("-8.65", "115.22")).await;
    stage.wait(31 * 60).await;
    assert_eq!(refused(stage.duffel.rates(&bali[0].payload).await), RefusalKind::OfferGone);
}

#[tokio::test]
async fn a_quote_that_rose_is_told_before_anything_is_booked() {
    let stage = Stage::start().await;
    let quote = quote(&stage, "the price rises").await;
    let strict = BookHotel { max_total: quote.total, ..booking("H-5", &quote) };
    let new = new_price(HotelSupplier::book(&stage.duffel, &strict).await).expect("the new price");
    assert_eq!(new.amount(), quote.total.amount() + 1_000);
    nothing(HotelSupplier::probe(&stage.duffel, &key(&strict)).await);
}

#[tokio::test]
async fn a_house_that_answers_later_has_no_reference_until_it_does() {
    let stage = Stage::start().await;
    let quote = quote(&stage, "the house answers later").await;
    let booked = done(HotelSupplier::book(&stage.duffel, &booking("H-6", &quote)).await);
    assert_eq!((&booked.state, &booked.house_reference), (&HotelState::Requested, &None));
    assert_eq!(refused(HotelSupplier::quote_cancellation(&stage.duffel, &booked).await), RefusalKind::Rejected);
    stage.wait(601).await;
    let confirmed = done(HotelSupplier::read(&stage.duffel, &booked.id).await);
    assert!(confirmed.state == HotelState::Confirmed && confirmed.house_reference.is_some());
}

#[tokio::test]
async fn a_programme_that_wants_a_number_says_so() {
    let stage = Stage::start().await;
    let hotel = test_hotel(&stage, "loyalty number required").await;
    let rate = rate(&stage, &hotel, Board::Breakfast).await;
    assert!(rate.loyalty_programme_required.is_some());
    let quote = done(HotelSupplier::quote(&stage.duffel, &rate.payload).await);
    let order = booking("H-7", &quote);
    assert_eq!(wrong_field(HotelSupplier::book(&stage.duffel, &order).await), "loyalty_number");
    let member = BookHotel { loyalty_number: Some("998877".into()), ..order };
    done(HotelSupplier::book(&stage.duffel, &member).await);
}

#[tokio::test]
async fn a_booking_whose_answer_is_lost_is_found_and_one_that_never_arrived_is_not() {
    let stage = Stage::start().await;
    for (reference, mode, is_there) in
        [("H-8", "timeout_after_commit", true), ("H-9", "timeout_before_commit", false), ("H-10", "truncate", true)]
    {
        let quote = quote(&stage, "something is due there").await;
        let order = booking(reference, &quote);
        stage.fault("/stays/bookings", mode).await;
        unknown(HotelSupplier::book(&stage.duffel, &order).await);
        let probe = HotelSupplier::probe(&stage.duffel, &key(&order)).await;
        if is_there {
            assert_eq!(found(probe).reference.as_deref(), Some(reference));
        } else {
            nothing(probe);
        }
    }
}

#[tokio::test]
async fn a_city_is_found_by_its_name_and_an_unknown_one_has_no_houses() {
    let stage = Stage::start().await;
    let city =
        |name: &str| HotelSearch { place: Where::City { name: name.to_owned(), radius_km: 10 }, ..around("0", "0") };
    let found = results(&stage.duffel, &city("yogyakarta")).await;
    assert_eq!(found.iter().map(|one| one.accommodation.name.as_str()).collect::<Vec<_>>(), ["Griya Malioboro"]);
    assert!(results(&stage.duffel, &city("Atlantis")).await.is_empty());
    assert_eq!(wrong_field(HotelSupplier::search(&stage.duffel, &city(" ")).await), "city");
}

#[tokio::test]
async fn what_was_asked_wrongly_is_named() {
    let stage = Stage::start().await;
    let odd = |change: fn(&mut HotelSearch)| {
        let mut search = around("-8.65", "115.22");
        change(&mut search);
        search
    };
    for (search, field) in [
        (odd(|search| search.check_out = search.check_in), "check_out"),
        (odd(|search| search.guests.clear()), "guests"),
        (odd(|search| search.guests[0] = Seat { kind: TravellerKind::Child, age: None }), "guests[0].age"),
        (around("south", "115.22"), "latitude"),
    ] {
        assert_eq!(wrong_field(HotelSupplier::search(&stage.duffel, &search).await), field);
    }
    let houses = HotelSearch { place: Where::Houses(vec!["acc_0000000000bali02".into()]), ..around("0", "0") };
    assert_eq!(results(&stage.duffel, &houses).await.len(), 1);
}
