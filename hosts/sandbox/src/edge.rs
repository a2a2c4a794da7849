//! Between the wire and a player: reads a request to its end, applies faults, keeps the journal, writes the answer.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::stream;
use poem::{Body, Endpoint, Request, Response, Result, http::StatusCode};

use crate::{
    app::App,
    call::{Answer, Call, Reply},
    clock::Moment,
    dispatch,
    faults::{Fault, Mode},
    journal::{Heard, masked, masked_headers},
    world::World,
};

/// The most that is read of a body.
const BODY_LIMIT: usize = 256 * 1024;

/// Somebody the sandbox plays.
pub trait Player: Send + Sync + 'static {
    /// The name in the journal and in faults.
    fn name(&self) -> &'static str;

    /// The caller's reference of what the call is about.
    fn reference(&self, world: &World, call: &Call) -> Option<String>;

    /// Answers a call. Everything that it changes is changed when it returns.
    fn answer(&self, world: &mut World, call: &Call) -> Reply;

    /// What this provider answers when it fails with that status.
    fn failure(&self, world: &World, status: u16) -> Answer;

    /// The answer to the call with that idempotency key is written.
    fn finished(&self, _: &mut World, _key: &str) {}
}

/// A player at its address.
pub struct Edge<P> {
    app: Arc<App>,
    player: Arc<P>,
}

impl<P: Player> Edge<P> {
    /// Puts a player to its address.
    pub fn new(app: Arc<App>, player: P) -> Self {
        Self { app, player: Arc::new(player) }
    }

    fn hear(
        &self,
        world: &mut World,
        call: &Call,
        reference: Option<String>,
        fault: Option<Fault>,
        status: u16,
    ) -> u64 {
        let now = world.clock.now();
        tracing::info!(
            provider = self.player.name(),
            method = call.method.as_str(),
            path = call.path,
            status,
            fault = fault.map(|fault| String::from(fault.mode)),
            "heard"
        );
        world.journal.hear(heard(self.player.name(), now, call, reference, fault, status))
    }

    async fn serve(&self, call: Call) -> Response {
        let started = Instant::now();
        let (fault, prepared) = {
            let mut world = self.app.world();
            let reference = self.player.reference(&world, &call);
            let method = call.method.as_str();
            let fault = world.faults.meet(self.player.name(), method, &call.path, reference.as_deref());
            let refused = fault.filter(|fault| !fault.commits);
            let reply = match refused {
                Some(Fault { mode: Mode::Status(status), .. }) => self.player.failure(&world, status).into(),
                Some(_) => self.player.failure(&world, 504).into(),
                None => self.player.answer(&mut world, &call),
            };
            // A charge gets its reference from the answer's making.
            let reference = reference.or_else(|| self.player.reference(&world, &call));
            let heard = self.hear(&mut world, &call, reference, fault, reply.answer.status);
            let hang = world.settings.hang();
            (fault, (reply, heard, hang))
        };
        let (reply, heard, hang) = prepared;
        self.app.wake.notify_one();
        let response = self.write(reply, fault, hang).await;
        self.app.world().journal.answered(heard, started.elapsed());
        response
    }

    async fn write(&self, reply: Reply, fault: Option<Fault>, hang: Duration) -> Response {
        // Gives the key back even if the caller goes away.
        let _busy = reply.key.map(|key| Busy { app: self.app.clone(), player: self.player.clone(), key });
        dispatch::deliver_in_order(self.app.clone(), reply.first).await;
        if reply.lost {
            drop(_busy);
            tokio::time::sleep(hang).await;
            return plain(&reply.answer);
        }
        let Some(fault) = fault else { return plain(&reply.answer) };
        tokio::time::sleep(fault.delay()).await;
        match fault.mode {
            Mode::TimeoutBeforeCommit | Mode::TimeoutAfterCommit => {
                tokio::time::sleep(hang).await;
                plain(&reply.answer)
            }
            Mode::Reset => broken(&[], 1),
            Mode::Truncate => {
                let (_, bytes) = reply.answer.content();
                broken(&bytes[..bytes.len() / 2], bytes.len())
            }
            Mode::Html => plain(&Answer::html(502, "<html><body><h1>502 Bad Gateway</h1></body></html>".to_owned())),
            Mode::Status(status) => plain(&self.player.failure(&self.app.world(), status)),
            Mode::Slow(_) => plain(&reply.answer),
        }
    }
}

impl<P: Player> Endpoint for Edge<P> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let body = request.take_body();
        let Ok(body) = body.into_bytes_limit(BODY_LIMIT).await else {
            return Ok(plain(&self.player.failure(&self.app.world(), 413)));
        };
        let call = Call::new(request.method().clone(), request.uri(), request.headers().clone(), body);
        Ok(self.serve(call).await)
    }
}

/// A call whose answer is not written yet.
struct Busy<P: Player> {
    app: Arc<App>,
    player: Arc<P>,
    key: String,
}

impl<P: Player> Drop for Busy<P> {
    fn drop(&mut self) {
        self.player.finished(&mut self.app.world(), &self.key);
    }
}

fn heard(
    provider: &'static str,
    at: Moment,
    call: &Call,
    reference: Option<String>,
    fault: Option<Fault>,
    status: u16,
) -> Heard {
    Heard {
        id: 0,
        at,
        provider,
        method: call.method.to_string(),
        path: call.path.clone(),
        reference,
        headers: masked_headers(&call.headers),
        body: masked(&call.body),
        fault: fault.map(|fault| fault.mode.into()),
        status,
        latency_ms: 0,
    }
}

/// An answer as it is.
pub fn plain(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (kind, bytes) = answer.content();
    let mut response = Response::builder().status(status);
    if !kind.is_empty() {
        response = response.content_type(kind);
    }
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    response.body(bytes)
}

/// Some of an answer, and then the connection breaks.
fn broken(sent: &[u8], promised: usize) -> Response {
    let parts = [Ok(Bytes::copy_from_slice(sent)), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    let body = Body::from_bytes_stream(stream::iter(parts));
    Response::builder().content_type("application/json").header("content-length", promised).body(body)
}
