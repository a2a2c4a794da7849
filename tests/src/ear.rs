//! Where others send their webhooks: a small server that hands each knock to the application, or misbehaves.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use dermaga_domain::{App, Code, Error};
use futures::future::BoxFuture;
use poem::{
    Endpoint, IntoResponse as _, Request, Response, Server,
    http::StatusCode,
    listener::{Acceptor as _, Listener as _, TcpListener},
};
use tokio::task::JoinHandle;

/// How a call is answered instead of being taken.
#[derive(Debug, Clone, Copy)]
pub enum Mood {
    Status(u16),
    /// The answer comes too late.
    Silence(Duration),
}

/// What was sent.
pub struct Knock {
    /// The last part of the address: a gateway, a supplier.
    pub to: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What is done with a knock.
type Take = Box<dyn Fn(App, Knock) -> BoxFuture<'static, Result<(), Error>> + Send + Sync>;

struct State {
    take: Take,
    app: Mutex<Option<App>>,
    deaf: Mutex<bool>,
    moods: Mutex<VecDeque<Mood>>,
    answers: Mutex<Vec<(String, u16)>>,
}

/// The running server. Whoever may knock has a path of its own.
pub struct Ear {
    pub url: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl Ear {
    pub async fn start<T, F>(take: impl Fn(App, Knock) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let listening = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a free port");
        let address = *listening.local_addr()[0].as_socket_addr().expect("an address");
        let state = Arc::new(State {
            take: Box::new(move |app, knock| {
                let taken = take(app, knock);
                Box::pin(async move { taken.await.map(drop) })
            }),
            app: Mutex::default(),
            deaf: Mutex::default(),
            moods: Mutex::default(),
            answers: Mutex::default(),
        });
        let serving = Server::new_with_acceptor(listening).run(Listening(state.clone()));
        let server = tokio::spawn(async move { serving.await.expect("serves") });
        Self { url: format!("http://{address}"), state, server }
    }

    /// Who takes what comes. While there is nobody, nothing is taken.
    pub fn give_to(&self, app: Option<App>) {
        *self.state.app.lock().expect("no panic") = app;
    }

    /// Whether nothing is taken: each knock is answered with 200 and forgotten, as by a host that dies right after it.
    pub fn be_deaf(&self, deaf: bool) {
        *self.state.deaf.lock().expect("no panic") = deaf;
    }

    /// The next calls are answered so.
    pub fn be(&self, moods: impl IntoIterator<Item = Mood>) {
        self.state.moods.lock().expect("no panic").extend(moods);
    }

    /// Who knocked, and what was answered, in order.
    pub fn answers(&self) -> Vec<(String, u16)> {
        self.state.answers.lock().expect("no panic").clone()
    }

    /// What was answered, whoever knocked.
    pub fn statuses(&self) -> Vec<u16> {
        self.answers().into_iter().map(|(_, status)| status).collect()
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
        let to = request.uri().path().trim_matches('/').to_owned();
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = request.take_body().into_vec().await?;
        if *self.0.deaf.lock().expect("no panic") {
            return Ok(StatusCode::OK.into_response());
        }
        let mood = self.0.moods.lock().expect("no panic").pop_front();
        let app = self.0.app.lock().expect("no panic").clone();
        let status = match (mood, app) {
            (Some(Mood::Status(status)), _) => status,
            (Some(Mood::Silence(time)), _) => {
                tokio::time::sleep(time).await;
                503
            }
            (None, None) => 503,
            // As the HTTP adapter maps it.
            (None, Some(app)) => match (self.0.take)(app, Knock { to: to.clone(), headers, body }).await {
                Ok(()) => 200,
                Err(error) => match error.code() {
                    Code::WebhookRejected => 401,
                    Code::Invalid => 400,
                    _ => 503,
                },
            },
        };
        self.0.answers.lock().expect("no panic").push((to, status));
        let mut answer = StatusCode::from_u16(status).expect("a status").into_response();
        if (300..400).contains(&status) {
            let elsewhere = "/elsewhere".parse().expect("a header");
            answer.headers_mut().insert("location", elsewhere);
        }
        Ok(answer)
    }
}
