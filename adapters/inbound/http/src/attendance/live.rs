//! Following an event as it happens.
//!
//! Several hosts may have doors of one event, so what happens is read from where they all write it: once a second, what
//! was recorded lately. Records do not appear in the order of their moments, because a unit of work takes a while; so each
//! look goes back a little, and what was told already is remembered for as long.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use dermaga_domain::App;
use dermaga_ports::{attendance::Checkin, auth::Principal, ids::CheckinId, time::Timestamp};
use futures::{StreamExt, stream, stream::BoxStream};
use poem::web::sse;
use poem_openapi::{ApiResponse, payload::EventStream, types::ToJSON};
use uuid::Uuid;

use super::wire::RecordBody;
use crate::edge::ApiResult;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// How far back: longer than a unit of work may wait for its locks.
const BACK: Duration = Duration::from_secs(15);
/// A comment now and then, so that proxies do not hang up.
const ALIVE: Duration = Duration::from_secs(15);

#[derive(ApiResponse)]
pub enum Live {
    /// What happens, as it happens
    #[oai(status = 200)]
    Following(EventStream<BoxStream<'static, RecordBody>>),
}

struct Follower {
    app: Arc<App>,
    principal: Principal,
    token: String,
    event: String,
    since: Timestamp,
    /// What was told of, and whether it was annulled by then.
    told: BTreeSet<(CheckinId, bool)>,
}

fn back(from: Timestamp, length: Duration) -> Timestamp {
    Timestamp::from_micros(from.micros().saturating_sub(i64::try_from(length.as_micros()).unwrap_or(i64::MAX)))
}

/// The moment in the id of a record; ids of version 7 begin with it.
fn moment(id: &str) -> Option<Timestamp> {
    let id: Uuid = id.split('.').next()?.parse().ok()?;
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1_000))?;
    Some(Timestamp::from_micros(micros))
}

impl Follower {
    /// What is new. The first error ends the stream: the token has expired, or the store is away.
    async fn look(&mut self) -> Option<Vec<Checkin>> {
        self.app.auth.principal(&self.token).ok()?;
        let now = self.app.attendance.now();
        let found = self.app.attendance.changes(&self.principal, &self.event, self.since).await.ok()?;
        self.since = back(now, BACK).max(self.since);
        let mut fresh = Vec::new();
        let mut still_seen = BTreeSet::new();
        for checkin in found {
            let key = (checkin.id, checkin.annulled_at.is_some());
            still_seen.insert(key);
            if !self.told.contains(&key) {
                fresh.push(checkin);
            }
        }
        // What is not seen any more will not come again.
        self.told = still_seen;
        Some(fresh)
    }
}

/// Follows an event. The first look is made before the answer begins, so that a refusal is one.
pub async fn follow(
    app: Arc<App>,
    principal: Principal,
    token: String,
    event: String,
    last: Option<&str>,
) -> ApiResult<Live> {
    let now = app.attendance.now();
    let since = last.and_then(moment).map_or(now, |last| back(last, BACK));
    app.attendance.changes(&principal, &event, now).await?;
    let follower = Follower { app, principal, token, event, since, told: BTreeSet::new() };
    let looks = stream::unfold((follower, false), |(mut follower, begun)| async move {
        if begun {
            tokio::time::sleep(EVERY).await;
        }
        let fresh = follower.look().await?;
        Some((stream::iter(fresh), (follower, true)))
    });
    let records = looks.flatten().map(RecordBody::from).boxed();
    let told = EventStream::new(records).keep_alive(ALIVE).to_event(|record| {
        let name = record.event_name();
        sse::Event::message(record.to_json_string()).event_type(name).id(record.id.to_string())
    });
    Ok(Live::Following(told))
}
