//! Webhooks of flights and stays.

use dermaga_ports::{
    booking::{Hint, NotAuthentic},
    time::Timestamp,
};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::wire::{
    Secret, mask,
    outcome::{id, reference},
    signature::{check_timed, digest, header},
    text::Text,
};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Event {
    id: Text,
    #[serde(rename = "type")]
    kind: Text,
    data: Data,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Data {
    object: Object,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Object {
    id: Text,
    order_id: Text,
    /// Of a ferry booking.
    client_reference: Text,
    metadata: Option<BTreeMap<String, Text>>,
}

/// Reads one, of Duffel or of who signs and writes as Duffel does.
pub(crate) fn read(
    headers: &[(String, String)],
    body: &[u8],
    from: (&str, &str),
    secret: Option<&Secret>,
    now: Timestamp,
) -> Result<Hint, NotAuthentic> {
    let (supplier, signature) = from;
    check_timed(header(headers, signature), secret, body, now)?;
    let malformed = || NotAuthentic::Malformed(format!("the body is no webhook of {supplier}"));
    let event: Event = serde_json::from_slice(body).map_err(|_| malformed())?;
    let (Some(event_id), Some(kind)) = (event.id.get(), event.kind.get()) else { return Err(malformed()) };
    let object = event.data.object;
    let kept = object.metadata.as_ref().and_then(|all| all.get(super::order::REFERENCE)).and_then(Text::owned);
    Ok(Hint {
        reference: kept.or(object.client_reference.owned()).filter(|ours| reference(ours).is_ok()),
        supplier_id: object.order_id.owned().or(object.id.owned()).filter(|theirs| id(theirs).is_ok()),
        dedupe_key: digest(&[supplier, event_id]),
        claims: mask::words(kind, &[]),
    })
}
