//! Endpoints as rows.
//!
//! The keys that sign webhooks are sealed at rest: whoever has the database cannot sign.

use dermaga_ports::{
    StoreError,
    ids::EndpointId,
    webhooks::{Endpoint, EndpointState, PreviousKey, SigningKey, SigningKeys},
};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt},
    personal::{Column, PersonalKeys},
};

macro_rules! endpoint_columns {
    () => {
        "id, url, topics, description, signing_key, previous_key, previous_until, failing_since, disabled_at, \
         disabled_reason, created_at"
    };
}

pub(super) use endpoint_columns;

#[derive(FromRow)]
pub(super) struct EndpointRow {
    id: Uuid,
    url: String,
    topics: Json<Vec<String>>,
    description: Option<String>,
    signing_key: Vec<u8>,
    previous_key: Option<Vec<u8>>,
    previous_until: Option<Moment>,
    failing_since: Option<Moment>,
    disabled_at: Option<Moment>,
    disabled_reason: Option<String>,
    created_at: Moment,
}

impl EndpointRow {
    pub(super) fn open(self, keys: &PersonalKeys) -> Result<Endpoint, StoreError> {
        let row = self;
        let key = |column, sealed: &[u8]| {
            let bytes = keys.open(column, row.id, sealed)?;
            SigningKey::new(bytes).ok_or_else(|| corrupt("a signing key of another length"))
        };
        let previous = match (&row.previous_key, row.previous_until) {
            (Some(sealed), Some(Moment(until))) => Some(PreviousKey { key: key(Column::PreviousKey, sealed)?, until }),
            _ => None,
        };
        let current = key(Column::SigningKey, &row.signing_key)?;
        let state = match (row.disabled_at, row.disabled_reason) {
            (Some(Moment(since)), Some(reason)) => EndpointState::Disabled { since, reason },
            _ => EndpointState::Enabled { failing_since: row.failing_since.map(|moment| moment.0) },
        };
        Ok(Endpoint {
            id: EndpointId(row.id),
            url: row.url,
            topics: row.topics.0,
            description: row.description,
            keys: SigningKeys { current, previous },
            state,
            created_at: row.created_at.0,
        })
    }
}

/// What can change about an endpoint, in columns.
pub(super) struct Columns<'e> {
    pub(super) signing_key: Vec<u8>,
    pub(super) previous_key: Option<Vec<u8>>,
    pub(super) previous_until: Option<Moment>,
    pub(super) failing_since: Option<Moment>,
    pub(super) disabled_at: Option<Moment>,
    pub(super) disabled_reason: Option<&'e str>,
}

impl<'e> Columns<'e> {
    pub(super) fn of(endpoint: &'e Endpoint, keys: &PersonalKeys) -> Result<Self, StoreError> {
        let seal = |column, key: &SigningKey| keys.seal(column, endpoint.id.0, key.expose());
        let previous = endpoint.keys.previous.as_ref();
        let (failing_since, disabled) = match &endpoint.state {
            EndpointState::Enabled { failing_since } => (failing_since.map(Moment), None),
            EndpointState::Disabled { since, reason } => (None, Some((Moment(*since), reason.as_str()))),
        };
        Ok(Self {
            signing_key: seal(Column::SigningKey, &endpoint.keys.current)?,
            previous_key: previous.map(|previous| seal(Column::PreviousKey, &previous.key)).transpose()?,
            previous_until: previous.map(|previous| Moment(previous.until)),
            failing_since,
            disabled_at: disabled.map(|(since, _)| since),
            disabled_reason: disabled.map(|(_, reason)| reason),
        })
    }
}
