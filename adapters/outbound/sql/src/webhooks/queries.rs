//! Endpoints and webhooks, read.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use dermaga_ports::{
    StoreError,
    ids::{EndpointId, WebhookId},
    paging::{Page, PageRequest},
    webhooks::{Attempt, Endpoint, Webhook, WebhookQueries, WebhookState},
};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::endpoints::{EndpointRow, endpoint_columns};
use crate::{
    codec::{Moment, corrupt},
    db::id_chunks,
    events::EventRow,
    store::SqlStore,
};

macro_rules! webhook_columns {
    () => {
        "id, endpoint, event, at, topic, subject, payload, state, tries, next_try_at, created_at"
    };
}

pub(super) use webhook_columns;

const ENDPOINTS: &str = concat!("SELECT ", endpoint_columns!(), " FROM webhook_endpoints ORDER BY created_at, id");
const ENDPOINT: &str = concat!("SELECT ", endpoint_columns!(), " FROM webhook_endpoints WHERE id = $1");
const HAS_ENABLED: &str = "SELECT EXISTS (SELECT 1 FROM webhook_endpoints WHERE disabled_at IS NULL)";
const LIST: &str =
    concat!("SELECT ", webhook_columns!(), " FROM webhooks WHERE endpoint = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
const ATTEMPTS: &str = "SELECT webhook, at, status, latency, answer FROM webhook_attempts WHERE webhook IN (";

#[derive(FromRow)]
pub(super) struct WebhookRow {
    id: Uuid,
    endpoint: Uuid,
    #[sqlx(flatten)]
    event: EventRow,
    state: String,
    tries: i64,
    next_try_at: Option<Moment>,
    created_at: Moment,
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = StoreError;

    fn try_from(row: WebhookRow) -> Result<Self, StoreError> {
        let state = match (row.state.as_str(), row.next_try_at) {
            ("waiting", Some(Moment(next_try_at))) => WebhookState::Waiting { next_try_at },
            ("delivered", None) => WebhookState::Delivered,
            ("failed", None) => WebhookState::Failed,
            (state, _) => return Err(corrupt(format_args!("a webhook that is half {state}"))),
        };
        Ok(Self {
            id: WebhookId(row.id),
            endpoint: EndpointId(row.endpoint),
            event: row.event.into(),
            state,
            tries: u32::try_from(row.tries).map_err(corrupt)?,
            created_at: row.created_at.0,
            attempts: Vec::new(),
        })
    }
}

/// A state in columns: its name and the next attempt.
pub(super) fn columns(state: WebhookState) -> (&'static str, Option<Moment>) {
    match state {
        WebhookState::Waiting { next_try_at } => ("waiting", Some(Moment(next_try_at))),
        WebhookState::Delivered => ("delivered", None),
        WebhookState::Failed => ("failed", None),
    }
}

#[derive(FromRow)]
struct AttemptRow {
    webhook: Uuid,
    at: Moment,
    status: Option<i64>,
    latency: i64,
    answer: String,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = StoreError;

    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        let status = row.status.map(u16::try_from).transpose().map_err(corrupt)?;
        let latency = Duration::from_millis(row.latency.unsigned_abs());
        Ok(Self { at: row.at.0, status, latency, answer: row.answer })
    }
}

#[async_trait]
impl WebhookQueries for SqlStore {
    async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let rows: Vec<EndpointRow> = on_read!(self, |x| sqlx::query_as(ENDPOINTS).fetch_all(x).await)?;
        rows.into_iter().map(|row| row.open(&self.keys)).collect()
    }

    async fn endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        let row: Option<EndpointRow> = on_read!(self, |x| sqlx::query_as(ENDPOINT).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn has_enabled(&self) -> Result<bool, StoreError> {
        on_read!(self, |x| sqlx::query_scalar(HAS_ENABLED).fetch_one(x).await)
    }

    async fn webhooks(
        &self,
        endpoint: EndpointId,
        page: PageRequest<WebhookId>,
    ) -> Result<Page<Webhook, WebhookId>, StoreError> {
        let before = page.after.map_or(Uuid::max(), Uuid::from);
        let rows: Vec<WebhookRow> = on_read!(self, |x| {
            let query = sqlx::query_as(LIST).bind(endpoint.0).bind(before).bind(i64::from(page.limit()) + 1);
            query.fetch_all(x).await
        })?;
        let webhooks = rows.into_iter().map(Webhook::try_from).collect::<Result<_, _>>()?;
        let mut page = Page::from_surplus(webhooks, page.limit(), |webhook: &Webhook| webhook.id);
        let ids: Vec<Uuid> = page.items.iter().map(|webhook| webhook.id.0).collect();
        let mut attempts = self.attempts(&ids).await?;
        for webhook in &mut page.items {
            webhook.attempts = attempts.remove(&webhook.id.0).unwrap_or_default();
        }
        Ok(page)
    }
}

impl SqlStore {
    /// The log of these webhooks.
    async fn attempts(&self, webhooks: &[Uuid]) -> Result<HashMap<Uuid, Vec<Attempt>>, StoreError> {
        let mut found: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
        for chunk in id_chunks(webhooks) {
            let rows: Vec<AttemptRow> = on_read!(self, |x| {
                let mut query = QueryBuilder::new(ATTEMPTS);
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(*id);
                });
                list.push_unseparated(") ORDER BY number");
                query.build_query_as().fetch_all(x).await
            })?;
            for row in rows {
                found.entry(row.webhook).or_default().push(row.try_into()?);
            }
        }
        Ok(found)
    }
}
