//! Where suppliers send their webhooks: a small server that hands them to the application, or hears nothing.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use dermaga_domain::{App, Code};
use poem::{
    Endpoint, IntoResponse as _, Request, Response, Server,
    http::StatusCode,
    listener::{Acceptor as _, Listener as _, TcpListener},
};
use tokio::task::JoinHandle;

#[derive(Default)]
struct State {
    app: Mutex<Option<App>>,
    deaf: AtomicBool,
    answers: Mutex<Vec<(String, u16)>>,
}

/// The running server: `/duffel`, `/ferry` and `/digiflazz`.
pub struct Ear {
    pub url: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl Ear {
    pub async fn start() -> Self {
        let listening = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a free port");
        let address = *listening.local_addr()[0].as_socket_addr().expect("an address");
        let state = Arc::new(State::default());
        let serving = Server::new_with_acceptor(listening).run(Listening(state.clone()));
        let server = tokio::spawn(async move { serving.await.expect("serves") });
        Self { url: format!("http://{address}"), state, server }
    }

    /// Who takes what comes.
    pub fn give_to(&self, app: App) {
        *self.state.app.lock().expect("no panic") = Some(app);
    }

    /// Whether nothing is taken: each knock is answered with 200 and forgotten, as by a host that dies right after it.
    pub fn be_deaf(&self, deaf: bool) {
        self.state.deaf.store(deaf, Ordering::Relaxed);
    }

    /// Who knocked, and what was answered, in order.
    pub fn answers(&self) -> Vec<(String, u16)> {
        self.state.answers.lock().expect("no panic").clone()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Listening(Arc<State>);

impl Endpoint for Listening {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let supplier = request.uri().path().trim_matches('/').to_owned();
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = request.take_body().into_bytes().await?;
        if self.0.deaf.load(Ordering::Relaxed) {
            return Ok(StatusCode::OK.into_response());
        }
        let app = self.0.app.lock().expect("no panic").clone();
        let status = match app {
            None => 503,
            // As the HTTP adapter maps it.
            Some(app) => match app.bookings.take_webhook(&supplier, &headers, &body).await {
                Ok(_) => 200,
                Err(error) => match error.code() {
                    Code::WebhookRejected => 401,
                    Code::Invalid => 400,
                    _ => 503,
                },
            },
        };
        self.0.answers.lock().expect("no panic").push((supplier, status));
        Ok(StatusCode::from_u16(status).expect("a status").into_response())
    }
}
