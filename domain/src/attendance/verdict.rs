//! Whether what is shown lets in, leaving aside whether somebody came with it before.

use dermaga_ports::{
    attendance::{Admission, Direction, Doors, Entry, Event, Reason, Ticket, TicketState},
    time::Timestamp,
};

use super::codes::Shown;

/// The first reason why not. Whoever asks for duplicates first lets a cancelled ticket look like a used one.
pub(super) fn validity(
    event: &Event,
    shown: &Shown,
    ticket: Option<&Ticket>,
    direction: Direction,
    at: Timestamp,
) -> Result<(), Reason> {
    match (shown, ticket) {
        (Shown::Damaged, _) => return Err(Reason::UnreadableCode),
        (Shown::Forged, _) => return Err(Reason::ForgedCode),
        (Shown::Signed(code), _) if code.event != event.id => return Err(Reason::WrongEvent),
        (_, Some(ticket)) => of_ticket(event, ticket, at)?,
        (Shown::Signed(_), None) => return Err(Reason::NotOnList),
        (Shown::Id(_) | Shown::Other, None) if event.admission == Admission::Listed => {
            return Err(Reason::UnknownCode);
        }
        (Shown::Id(_) | Shown::Other, None) => {}
    }
    if event.entry == Entry::Single && direction == Direction::Exit {
        return Err(Reason::NoExits);
    }
    match event.doors(at) {
        Doors::Open => Ok(()),
        // Whoever is inside may leave at any time.
        Doors::NotYet(_) | Doors::Closed(_) if direction == Direction::Exit => Ok(()),
        Doors::NotYet(_) | Doors::Closed(_) => Err(Reason::ListClosed),
    }
}

fn of_ticket(event: &Event, ticket: &Ticket, at: Timestamp) -> Result<(), Reason> {
    if ticket.event != event.id {
        return Err(Reason::WrongEvent);
    }
    match ticket.state {
        TicketState::Valid => {}
        TicketState::Revoked => return Err(Reason::Revoked),
        TicketState::Cancelled => return Err(Reason::Cancelled),
    }
    if ticket.valid_from.is_some_and(|from| at < from) {
        return Err(Reason::NotYetValid);
    }
    if ticket.valid_until.is_some_and(|until| at >= until) {
        return Err(Reason::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{attendance::TicketCode, ids::TicketId};
    use uuid::Uuid;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn event() -> Event {
        Event {
            id: "evt1".parse().expect("a slug"),
            name: "Konser".to_owned(),
            venue: None,
            starts_at: at(100),
            ends_at: at(200),
            doors_at: Some(at(50)),
            capacity: None,
            admission: Admission::Listed,
            entry: Entry::Single,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn ticket() -> Ticket {
        Ticket {
            id: TicketId(Uuid::from_u128(1)),
            event: event().id,
            ticket_type: None,
            holder: None,
            user: None,
            order: None,
            valid_from: Some(at(60)),
            valid_until: Some(at(150)),
            state: TicketState::Valid,
            ended_at: None,
            ended_because: None,
            created_at: at(0),
        }
    }

    fn signed(event: &str) -> Shown {
        Shown::Signed(TicketCode {
            key: 1,
            event: event.parse().expect("a slug"),
            ticket: ticket().id,
            ticket_type: None,
            valid_from: None,
            valid_until: None,
        })
    }

    fn judged(shown: &Shown, ticket: Option<&Ticket>, when: i64) -> Result<(), Reason> {
        validity(&event(), shown, ticket, Direction::Entry, at(when))
    }

    #[test]
    fn a_ticket_lets_in_within_its_window_and_up_to_its_ends() {
        let good = ticket();
        for (when, expected) in
            [(59, Err(Reason::NotYetValid)), (60, Ok(())), (149, Ok(())), (150, Err(Reason::Expired))]
        {
            for shown in [Shown::Id(good.id), signed("evt1")] {
                assert_eq!(judged(&shown, Some(&good), when), expected, "{when}");
            }
        }
    }

    #[test]
    fn the_doors_open_and_close_for_those_who_come_and_not_for_those_who_leave() {
        let free = Ticket { valid_from: None, valid_until: None, ..ticket() };
        for (when, open) in [(49, false), (50, true), (199, true), (200, false)] {
            let expected = if open { Ok(()) } else { Err(Reason::ListClosed) };
            assert_eq!(judged(&signed("evt1"), Some(&free), when), expected, "{when}");
            let reentry = Event { entry: Entry::Reentry, ..event() };
            let leaves = validity(&reentry, &signed("evt1"), Some(&free), Direction::Exit, at(when));
            assert_eq!(leaves, Ok(()), "{when}");
        }
        let leaves = validity(&event(), &signed("evt1"), Some(&free), Direction::Exit, at(100));
        assert_eq!(leaves, Err(Reason::NoExits));
    }

    #[test]
    fn what_is_wrong_with_a_ticket_is_told_whatever_else_is() {
        let elsewhere = Ticket { event: "evt2".parse().expect("a slug"), ..ticket() };
        let ended = |state| Ticket { state, ended_at: Some(at(1)), ..ticket() };
        let late = 10_000;
        assert_eq!(judged(&Shown::Damaged, None, late), Err(Reason::UnreadableCode));
        assert_eq!(judged(&Shown::Forged, None, late), Err(Reason::ForgedCode));
        assert_eq!(judged(&signed("evt2"), Some(&elsewhere), late), Err(Reason::WrongEvent));
        assert_eq!(judged(&Shown::Id(elsewhere.id), Some(&elsewhere), late), Err(Reason::WrongEvent));
        assert_eq!(judged(&signed("evt1"), None, late), Err(Reason::NotOnList));
        assert_eq!(judged(&Shown::Id(ticket().id), None, late), Err(Reason::UnknownCode));
        assert_eq!(judged(&Shown::Other, None, late), Err(Reason::UnknownCode));
        assert_eq!(judged(&signed("evt1"), Some(&ended(TicketState::Revoked)), late), Err(Reason::Revoked));
        assert_eq!(judged(&signed("evt1"), Some(&ended(TicketState::Cancelled)), late), Err(Reason::Cancelled));
    }

    #[test]
    fn open_admission_takes_anything_but_what_is_known_to_be_bad() {
        let open = Event { admission: Admission::Open, ..event() };
        let judged = |shown: &Shown, ticket| validity(&open, shown, ticket, Direction::Entry, at(100));
        assert_eq!(judged(&Shown::Other, None), Ok(()));
        assert_eq!(judged(&Shown::Id(ticket().id), None), Ok(()));
        assert_eq!(judged(&Shown::Forged, None), Err(Reason::ForgedCode));
        let revoked = Ticket { state: TicketState::Revoked, ended_at: Some(at(1)), ..ticket() };
        assert_eq!(judged(&Shown::Id(revoked.id), Some(&revoked)), Err(Reason::Revoked));
    }
}
