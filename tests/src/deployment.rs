//! A deployment in earnest: the profile standalone on a database of one's own, and any number of hosts on it.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    client::Client,
    hosts::{self, ADMIN_PASSWORD, Folder, Host},
};

/// A database with today's schema and an administrator.
pub struct Deployment {
    url: String,
    folder: Folder,
    adapt: Box<dyn Fn(Command) -> Command + Send + Sync>,
}

impl Deployment {
    /// Prepares an empty database as an operator would.
    pub fn on(url: &str) -> Self {
        Self::adapted(url, |command| command)
    }

    /// The same, where every command needs a change to find the database.
    pub fn adapted(url: &str, adapt: impl Fn(Command) -> Command + Send + Sync + 'static) -> Self {
        let deployment = Self { url: url.to_owned(), folder: Folder::new(), adapt: Box::new(adapt) };
        deployment.done(&["migrate"], "");
        let admin = ["admin", "create", "--email", "admin@example.com", "--password-stdin"];
        deployment.done(&admin, ADMIN_PASSWORD);
        deployment
    }

    /// The same database as somebody else finds it.
    pub fn found(&self, url: &str, adapt: impl Fn(Command) -> Command + Send + Sync + 'static) -> Self {
        Self { url: url.to_owned(), folder: self.folder.clone(), adapt: Box::new(adapt) }
    }

    /// A command of the suite on it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of("dermaga", arguments)
    }

    fn command_of(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = hosts::command(name, &self.folder);
        command.env("DERMAGA_PROFILE", "standalone").env("DATABASE_URL", &self.url);
        // Somebody has to give the money that is moved here. The time-out is short, so that a test sees what hangs.
        command.env("PAYMENT_GATEWAY", "sandbox").env("REQUEST_TIMEOUT", REQUEST_TIMEOUT.to_string());
        command.args(arguments);
        (self.adapt)(command)
    }

    /// A host on it.
    pub fn host(&self) -> Host {
        Host::launch(self.command(&["serve"]), self.folder.clone())
    }

    /// Another kind of host on it.
    pub fn host_of(&self, name: &str) -> Host {
        Host::launch(self.command_of(name, &["serve"]), self.folder.clone())
    }

    /// Counts every balance again, with the command for it.
    #[track_caller]
    pub fn verify(&self) {
        self.done(&["verify"], "");
    }

    #[track_caller]
    fn done(&self, arguments: &[&str], input: &str) {
        let mut command = self.command(arguments);
        let output = hosts::run(&mut command, input);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    }
}

/// Seconds until a host of a deployment gives an operation up.
pub const REQUEST_TIMEOUT: u64 = 10;

/// The books of a host are whole and balanced: asked over HTTP, of a host that must not have stopped for it.
pub async fn assert_books_are_whole(host: &Host) {
    let admin = Client::admin(host).await;
    let report = admin.post("/ledger/verify", json!(null)).await.expect(200);
    assert_eq!((&report["clean"], &report["findings"]), (&json!(true), &json!([])));
    let trial = admin.get("/ledger/trial-balance").await.expect(200);
    assert_eq!(trial["balanced"], Value::Bool(true), "{trial}");
}
