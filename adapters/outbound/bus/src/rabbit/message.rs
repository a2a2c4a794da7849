//! An event as a message: JSON, because others may listen too.

use dermaga_ports::{events::Event, ids::EventId, time::Timestamp};
use lapin::BasicProperties;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Kept on the disk until it is acknowledged.
const PERSISTENT: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Message {
    id: Uuid,
    at: String,
    topic: String,
    subject: String,
    payload: Value,
}

/// The body of an event's message.
pub(super) fn body(event: &Event) -> Vec<u8> {
    let message = Message {
        id: event.id.0,
        at: event.at.to_string(),
        topic: event.topic.to_string(),
        subject: event.subject.clone(),
        payload: event.payload.clone(),
    };
    serde_json::to_vec(&message).expect("texts and JSON become JSON")
}

/// What a broker and its tools want to know besides.
pub(super) fn properties(event: &Event) -> BasicProperties {
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(event.id.to_string().as_str().into())
        .with_type(event.topic.as_ref().into())
        .with_timestamp(u64::try_from(event.at.micros() / 1_000_000).unwrap_or_default())
}

/// The event in a message; `None` if there is none.
pub(super) fn read(body: &[u8]) -> Option<Event> {
    let message: Message = serde_json::from_slice(body).ok()?;
    // Postgres keeps no text with a NUL, so it could never be accounted for, and everything behind it would wait.
    if [&message.topic, &message.subject].into_iter().any(|text| text.contains('\0')) || has_nul(&message.payload) {
        return None;
    }
    let at: Timestamp = message.at.parse().ok()?;
    let (id, topic) = (EventId(message.id), message.topic.into());
    Some(Event { id, at, topic, subject: message.subject, payload: message.payload })
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_reads_back_to_the_microsecond() {
        let event = Event {
            id: EventId(Uuid::from_u128(7)),
            at: Timestamp::from_micros(1_767_225_600_000_001),
            topic: "payment.paid".into(),
            subject: "payment:1".to_owned(),
            payload: json!({ "amount": 9_007_199_254_740_991_i64, "name": "Ümit" }),
        };
        assert_eq!(read(&body(&event)), Some(event));
    }

    #[test]
    fn what_is_no_event_is_none() {
        for body in ["", "{}", "null", r#"{"id":"7","at":"now","topic":"a.b","subject":"a","payload":1}"#] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        let told = |topic: &str, subject: &str, payload: Value| {
            let (id, topic) = (EventId(Uuid::from_u128(7)), topic.to_owned().into());
            read(&body(&Event { id, at: Timestamp::from_micros(1), topic, subject: subject.to_owned(), payload }))
        };
        assert!(told("a.b", "a:1", json!([{ "a": "b" }])).is_some());
        for event in [
            told("a.\0", "a:1", json!(1)),
            told("a.b", "a:\0", json!(1)),
            told("a.b", "a:1", json!([{ "a": "\0" }])),
            told("a.b", "a:1", json!({ "\0": 1 })),
        ] {
            assert_eq!(event, None, "it cannot be kept");
        }
    }
}
