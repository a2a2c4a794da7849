//! Tickets of orders, quotas, and events that several people change.

use dermaga_domain::{
    Code,
    attendance::{EventChange, Holder, NewEvent, NewTicket, NewTicketType},
    orders::{NewLine, NewOrder, TakenElsewhere},
};
use dermaga_ports::{
    attendance::{Entry, OrderLine, Ticket, TicketState, TicketType},
    auth::{Principal, Role},
    ids::OrderId,
    ledger::SystemAccount,
    money::Money,
    orders::{Order, OrderStatus, Ware},
    store::Store as _,
    system::Clock as _,
};
use uuid::Uuid;

use crate::{
    desk::user,
    house_of_events::{Door, EVENT, at, new_event, new_type, scan},
};

const LINE: OrderLine = OrderLine { order: OrderId(Uuid::from_u128(77)), line: 1 };

/// Issues in a unit of work of its own, as a paid order does in its.
async fn issue(door: &Door, line: OrderLine, ticket_type: &TicketType, quantity: u32) -> Result<Vec<Ticket>, Code> {
    let mut uow = door.desk.database.store.begin().await.expect("begins");
    let holder = Holder { name: Some("Siti".to_owned()), user: Some(user(&door.panitia)) };
    let issued = door.desk.app.attendance.issue_line(&mut *uow, line, ticket_type.id, quantity, holder).await;
    let issued = issued.map_err(|error| error.code())?;
    uow.commit().await.expect("commits");
    Ok(issued)
}

async fn left(door: &Door, ticket_type: &TicketType) -> u32 {
    let found = door.desk.database.store.attendance().ticket_type(ticket_type.id).await.expect("reads");
    found.expect("is there").left()
}

#[tokio::test]
async fn a_line_has_its_tickets_once() {
    let door = Door::listed().await;
    let regular = door.sell(new_type("Reguler", 3)).await;
    let issued = issue(&door, LINE, &regular, 2).await.expect("issued");
    assert_eq!(issued.len(), 2);
    let (first, second) = (LINE.ticket(0), LINE.ticket(1));
    assert!(issued.iter().all(|ticket| [first, second].contains(&ticket.id) && ticket.order == Some(LINE)));
    assert_eq!(issue(&door, LINE, &regular, 2).await, Ok(issued.clone()), "again, they are found");
    assert_eq!(left(&door, &regular).await, 1);
    assert_eq!(issue(&door, OrderLine { line: 2, ..LINE }, &regular, 2).await, Err(Code::TicketsSoldOut));
    assert_eq!(left(&door, &regular).await, 1, "a refusal writes nothing");
    assert_eq!(door.told(scan(&first.to_string())).await, "ok");
    let told = door.desk.database.texts("SELECT topic FROM outbox WHERE topic = 'ticket.issued'").await;
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn a_cancelled_line_lets_nobody_in_and_can_be_sold_again() {
    let door = Door::listed().await;
    let regular = door.sell(new_type("Reguler", 2)).await;
    let issued = issue(&door, LINE, &regular, 2).await.expect("issued");
    for _ in 0..2 {
        let mut uow = door.desk.database.store.begin().await.expect("begins");
        let taken = door.desk.app.attendance.revoke_line(&mut *uow, LINE, "order cancelled").await.expect("taken back");
        uow.commit().await.expect("commits");
        assert!(taken.iter().all(|ticket| ticket.state == TicketState::Cancelled));
        assert_eq!(left(&door, &regular).await, 2, "they are back once, however often that is said");
    }
    assert_eq!(door.told(scan(&issued[0].id.to_string())).await, "cancelled");
    assert_eq!(issue(&door, OrderLine { line: 2, ..LINE }, &regular, 2).await.map(|all| all.len()), Ok(2));
}

#[tokio::test]
async fn the_last_ticket_is_given_away_once() {
    let door = std::sync::Arc::new(Door::listed().await);
    let vip = door.sell(new_type("VIP", 1)).await;
    let give = |_| {
        let (door, ticket_type) = (door.clone(), Some(vip.id));
        tokio::spawn(async move {
            let new = NewTicket { holder: "Siti".to_owned(), ticket_type, ..NewTicket::default() };
            door.desk.app.attendance.issue(&door.panitia, door.desk.id(), EVENT, new).await
        })
    };
    let mut codes = Vec::new();
    for run in (0..4).map(give).collect::<Vec<_>>() {
        codes.push(run.await.expect("ends").map_err(|error| error.code()).map(drop));
    }
    assert_eq!(codes.iter().filter(|code| code.is_ok()).count(), 1);
    assert_eq!(codes.iter().filter(|code| **code == Err(Code::TicketsSoldOut)).count(), 3);
}

#[tokio::test]
async fn a_ticket_is_its_holders_and_the_committees_to_read() {
    let door = Door::listed().await;
    let (siti, _) = door.desk.person("siti").await;
    let (stranger, _) = door.desk.person("stranger").await;
    let ticket = door.issue(NewTicket { user: Some(user(&siti)), ..NewTicket::default() }).await;
    let code = |by: &Principal| {
        let by = by.clone();
        let attendance = door.desk.app.attendance.clone();
        async move { attendance.ticket_code(&by, ticket.id).await.map(drop).map_err(|error| error.code()) }
    };
    assert_eq!(code(&siti).await, Ok(()));
    assert_eq!(code(&door.panitia).await, Ok(()));
    assert_eq!(code(&stranger).await, Err(Code::TicketNotFound), "as if there was none");
    door.desk.app.attendance.revoke(&door.panitia, ticket.id, None).await.expect("revoked");
    assert_eq!(code(&siti).await, Err(Code::Revoked));
    door.desk.app.auth.close_account(&siti, user(&siti)).await.expect("closed");
    let kept = door.desk.database.store.attendance().ticket(ticket.id).await.expect("reads").expect("is there");
    assert_eq!(kept.holder, None, "the name goes with the account");
}

#[tokio::test]
async fn of_two_who_change_an_event_one_is_told_to_read_it_again() {
    let door = Door::listed().await;
    let change = |name: &str, entry, version| {
        let to = NewEvent { name: name.to_owned(), entry, ..new_event(EVENT) };
        door.desk.app.attendance.change(&door.panitia, EventChange { to, version })
    };
    let changed = change("Konser Besar", Entry::Single, 1).await.expect("changed");
    assert_eq!((changed.version, changed.name.as_str()), (2, "Konser Besar"));
    let stale = change("Konser Kecil", Entry::Single, 1).await.expect_err("somebody else was faster");
    assert_eq!(stale.code(), Code::ConcurrentChange);
    let reentry = change("Konser Besar", Entry::Reentry, 2).await.expect("nobody has come yet");
    assert_eq!(reentry.entry, Entry::Reentry);
    let ticket = door.issue(NewTicket::default()).await.id.to_string();
    assert_eq!(door.told(scan(&ticket)).await, "ok");
    let refused = change("Konser Besar", Entry::Single, 3).await.expect_err("somebody is inside");
    assert_eq!(refused.code(), Code::IllegalTransition);
}

#[tokio::test]
async fn an_event_is_made_once_and_by_the_committee() {
    let door = Door::listed().await;
    let again = door.desk.app.attendance.create(&door.panitia, new_event(EVENT)).await;
    assert_eq!(again, Ok(door.event.clone()), "the same again is the same");
    let other = NewEvent { name: "Lain".to_owned(), ..new_event(EVENT) };
    let taken = door.desk.app.attendance.create(&door.panitia, other).await.expect_err("taken");
    assert_eq!(taken.code(), Code::EventExists);
    let (ani, _) = door.desk.person_of("ani", Role::User).await;
    let denied = door.desk.app.attendance.create(&ani, new_event("evt2")).await.expect_err("a customer");
    assert_eq!(denied.code(), Code::PermissionDenied);
    let broken = NewEvent {
        id: "Evt!".to_owned(),
        name: " ".to_owned(),
        ends_at: door.event.starts_at,
        capacity: Some(0),
        ..new_event(EVENT)
    };
    let refused = door.desk.app.attendance.create(&door.panitia, broken).await.expect_err("four faults");
    let pointers: Vec<_> = refused.faults().iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/event_id", "/name", "/ends_at", "/capacity"]);
}

/// Somebody orders so many tickets.
async fn order(door: &Door, who: &Principal, kind: &TicketType, quantity: i64) -> dermaga_domain::Result<Order> {
    let line = NewLine { ware: Ware::Ticket(kind.id), quantity, unit_price: None, note: None };
    let new = NewOrder { lines: vec![line], ..NewOrder::default() };
    door.desk.app.orders.create(who, door.desk.id(), new).await.map(|(order, _)| order)
}

#[tokio::test]
async fn tickets_are_kept_until_they_are_paid_and_come_with_the_payment() {
    let door = Door::listed().await;
    let (ani, wallet) = door.desk.person("ani").await;
    let operator = Principal::Operator;
    let regular = door.sell(new_type("Reguler", 3)).await;
    let placed = order(&door, &ani, &regular, 2).await.expect("orders");
    assert_eq!(placed.total, Money::new(2 * regular.price.amount(), regular.price.currency()).expect("a sum"));
    let refused = order(&door, &ani, &regular, 2).await.expect_err("only one is left");
    assert_eq!(refused.code(), Code::InsufficientStock);
    assert!(refused.detail().contains("nly 1 of"), "{refused}");
    // Who gives tickets away does not give away what somebody is about to pay.
    let give = |holder: &str| {
        let new = NewTicket { holder: holder.to_owned(), ticket_type: Some(regular.id), ..NewTicket::default() };
        door.desk.app.attendance.issue(&door.panitia, door.desk.id(), EVENT, new)
    };
    give("Siti").await.expect("the last one");
    assert_eq!(give("Budi").await.expect_err("none is left").code(), Code::TicketsSoldOut);

    let taken = TakenElsewhere { reference: "till".to_owned(), amount: placed.total.amount(), currency: None };
    let paid = door.desk.app.orders.record_payment(&operator, placed.id, taken).await.expect("records");
    assert_eq!(paid.status, OrderStatus::Paid);
    let view = door.desk.app.orders.detail(&ani, placed.id).await.expect("answers");
    assert_eq!((view.tickets.len(), left(&door, &regular).await), (2, 0));
    let (ticket, code) = door.desk.app.attendance.ticket(&ani, view.tickets[0]).await.expect("is the buyer's");
    assert_eq!((ticket.state, ticket.user), (TicketState::Valid, Some(user(&ani))));
    assert_eq!(door.told(scan(&code.expect("a code"))).await, "ok");

    let late = door.desk.app.orders.cancel(&ani, placed.id, None, None).await.expect_err("somebody is inside");
    assert_eq!((late.code(), left(&door, &regular).await), (Code::IllegalTransition, 0));

    door.desk.app.orders.cancel(&operator, placed.id, None, None).await.expect("cancels");
    assert_eq!(left(&door, &regular).await, 2);
    assert_eq!(door.told(scan(&view.tickets[1].to_string())).await, "cancelled");
    assert_eq!(door.desk.balance(&ani, &wallet).await.0, placed.total.amount());
    let events = SystemAccount::Merchant { slug: "dermaga-events".to_owned() };
    assert_eq!(door.desk.account(events).await, 0, "the money came to the events' account and left it");
    door.desk.check().await;
}

#[tokio::test]
async fn what_is_not_on_sale_is_not_sold() {
    let door = Door::listed().await;
    let (ani, _) = door.desk.person("ani").await;
    let soon = door.desk.clock.now() + std::time::Duration::from_secs(60);
    let early = door.sell(NewTicketType { sale_from: Some(soon), ..new_type("Early", 3) }).await;
    let refused = order(&door, &ani, &early, 1).await.expect_err("not yet");
    assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), (Code::Invalid, "/lines/0/ticket_type_id"));
    let refused = order(&door, &ani, &early, 101).await.expect_err("too many, whenever they are sold");
    assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), (Code::Invalid, "/lines/0/quantity"));
    assert!(refused.faults()[0].detail.contains("100 for tickets"), "{refused}");
    door.desk.clock.advance(std::time::Duration::from_secs(60));
    order(&door, &ani, &early, 1).await.expect("now");
}

#[tokio::test]
async fn a_ticket_is_good_for_a_time_even_if_one_end_of_it_is_its_type_s() {
    let door = Door::listed().await;
    let from = NewTicketType { valid_from: Some(at(100)), ..new_type("Late", 3) };
    let until = NewTicketType { valid_until: Some(at(100)), ..new_type("Early", 3) };
    let (late, early) = (door.sell(from).await, door.sell(until).await);
    let give = async |kind: &TicketType, from: Option<i64>, until: Option<i64>| {
        let holder = "Siti".to_owned();
        let (valid_from, valid_until) = (from.map(at), until.map(at));
        let new = NewTicket { holder, ticket_type: Some(kind.id), valid_from, valid_until, ..NewTicket::default() };
        door.desk.app.attendance.issue(&door.panitia, door.desk.id(), EVENT, new).await
    };
    for refused in [give(&late, None, Some(100)).await, give(&early, Some(100), None).await] {
        let refused = refused.expect_err("it would never let anybody in");
        assert_eq!((refused.code(), refused.faults()[0].pointer.as_str()), (Code::Invalid, "/valid_until"));
    }
    assert_eq!((left(&door, &late).await, left(&door, &early).await), (3, 3));
    let given = give(&late, None, Some(101)).await.expect("is good for a second");
    assert_eq!((given.valid_from, given.valid_until), (Some(at(100)), Some(at(101))));
}

#[tokio::test]
async fn an_id_that_another_event_s_type_has_is_refused() {
    let door = Door::listed().await;
    let attendance = &door.desk.app.attendance;
    attendance.create(&door.panitia, new_event("evt2")).await.expect("made");
    let id = door.desk.id();
    let made = attendance.create_type(&door.panitia, id, EVENT, new_type("Reguler", 3)).await.expect("made");
    let again = attendance.create_type(&door.panitia, id, EVENT, new_type("Reguler", 3)).await;
    assert_eq!(again.expect("is there"), made);
    let stolen = attendance.create_type(&door.panitia, id, "evt2", new_type("Reguler", 3)).await;
    assert_eq!(stolen.expect_err("refused").code(), Code::TransferConflict);
}
