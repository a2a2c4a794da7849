//! Why somebody is not let through, in the words of the door.

use dermaga_ports::{
    attendance::{Checkin, Reason},
    time::Timestamp,
};
use serde_json::{Value, json};

use super::Scanned;
use crate::error::{Code, Error};

impl From<Reason> for Code {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::UnknownCode => Self::UnknownCode,
            Reason::UnreadableCode => Self::UnreadableCode,
            Reason::ForgedCode => Self::ForgedCode,
            Reason::WrongEvent => Self::WrongEvent,
            Reason::NotOnList => Self::NotOnList,
            Reason::Revoked => Self::Revoked,
            Reason::Cancelled => Self::Cancelled,
            Reason::NotYetValid => Self::NotYetValid,
            Reason::Expired => Self::Expired,
            Reason::ListClosed => Self::ListClosed,
            Reason::NoExits => Self::NoExits,
            Reason::AlreadyEntered => Self::AlreadyEntered,
            Reason::NotInside => Self::NotInside,
            Reason::EventFull => Self::EventFull,
        }
    }
}

/// When, where and by whom, for people.
fn passage(checkin: &Checkin) -> String {
    let place = match (&checkin.gate, &checkin.device) {
        (Some(gate), Some(device)) => format!(" at {gate} ({device})"),
        (Some(place), None) | (None, Some(place)) => format!(" at {place}"),
        (None, None) => String::new(),
    };
    format!("{}{place}, let in by {}", moment(checkin.at), checkin.by.label())
}

/// To the second: nobody at a door reads more.
fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", text.split('.').next().unwrap_or(&text))
}

/// The same for programs.
fn first_facts(checkin: &Checkin) -> Value {
    json!({
        "checkin_id": checkin.id, "checked_in_at": checkin.at, "checked_in_by": checkin.by.label(),
        "device": checkin.device, "gate": checkin.gate,
    })
}

/// What is absent is left out, as everywhere else on the wire.
fn without_nulls(facts: Value) -> Value {
    match facts {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        other => other,
    }
}

fn words(reason: Reason, first: Option<&Checkin>) -> String {
    match (reason, first) {
        (Reason::UnknownCode, _) => "No ticket has this code. Is it for this event?".to_owned(),
        (Reason::UnreadableCode, _) => {
            "The code is damaged or incomplete. Scan it again, or type the ticket's id.".to_owned()
        }
        (Reason::ForgedCode, _) => "The code looks like a ticket and was not signed here.".to_owned(),
        (Reason::WrongEvent, _) => "This ticket is for another event.".to_owned(),
        (Reason::NotOnList, _) => "The code is genuine, but its ticket is not on the list of this event.".to_owned(),
        (Reason::Revoked, _) => "This ticket was revoked.".to_owned(),
        (Reason::Cancelled, _) => "The order that this ticket was bought with was cancelled.".to_owned(),
        (Reason::NotYetValid, _) => "This ticket is not valid yet.".to_owned(),
        (Reason::Expired, _) => "This ticket is not valid any more.".to_owned(),
        (Reason::ListClosed, _) => "Nobody is let in now: the doors are not open yet, or the event is over.".to_owned(),
        (Reason::NoExits, _) => "This event lets in once and counts nobody out.".to_owned(),
        (Reason::AlreadyEntered, Some(first)) => {
            format!("Somebody has entered with this ticket: {}.", passage(first))
        }
        (Reason::AlreadyEntered, None) => "Somebody has entered with this ticket.".to_owned(),
        (Reason::NotInside, _) => "Nobody is inside with this ticket, so nobody can leave with it.".to_owned(),
        (Reason::EventFull, _) => "All places of this event are taken.".to_owned(),
    }
}

impl Scanned {
    /// Why nobody was let through, if that is what came of it.
    pub fn refusal(&self) -> Option<Error> {
        let reason = self.checkin.reason?;
        let mut facts = json!({ "reason": reason.as_str(), "checkin_id": self.checkin.id });
        if let Some(first) = &self.first {
            facts["first"] = first_facts(first);
        }
        let told = words(reason, self.first.as_ref());
        Some(Error::new(reason.into(), told).with_facts(without_nulls(facts)))
    }
}

/// What a conflict is about, in one line: "passed twice: 10:02 gate 1, 10:04 gate 2".
pub(super) fn summary(passages: &[Checkin]) -> String {
    let each = |checkin: &Checkin| {
        let names = [checkin.device.as_deref(), Some(&*moment(checkin.at)), checkin.gate.as_deref()];
        let mut told = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if let Some(reason) = checkin.reason.filter(|reason| *reason != Reason::AlreadyEntered) {
            told.push_str(&format!(" ({})", reason.as_str()));
        }
        told
    };
    let all = passages.iter().map(each).collect::<Vec<_>>().join(", ");
    match passages.len() {
        1 => format!("passed against the rules: {all}"),
        2 => format!("passed twice: {all}"),
        n => format!("passed {n} times: {all}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_and_its_code_have_the_same_name() {
        for reason in Reason::ALL {
            assert_eq!(Code::from(*reason).as_str(), reason.as_str());
        }
    }
}
