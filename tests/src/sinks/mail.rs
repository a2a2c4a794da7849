//! A mail server that speaks SMTP (RFC 5321) with STARTTLS and AUTH, and answers each recipient as the test wants.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::{Server, tls};

/// How a server protects what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Not at all, and it offers nothing.
    None,
    /// After STARTTLS; it takes no mail before.
    StartTls,
    /// From the first byte.
    Implicit,
}

/// What a recipient's server does with mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// "550 no such user", for ever.
    Refuses,
    /// "451 try again later", so many times.
    Greylists(u32),
    /// Takes the mail, and the line is cut before the answer, so many times.
    HangsUp(u32),
}

/// A mail as it came.
#[derive(Debug, Clone)]
pub struct Mail {
    pub from: String,
    pub to: String,
    /// It came encrypted.
    pub secure: bool,
    /// Who logged in before it.
    pub user: Option<String>,
    /// Header and body.
    pub data: String,
}

impl Mail {
    /// A line of the header, without its name.
    pub fn header(&self, name: &str) -> &str {
        let head = self.data.split("\r\n\r\n").next().unwrap_or_default();
        let line = head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_default()
    }
}

/// A mail server. Stops when it is dropped.
pub struct MailSink {
    server: Server,
    house: Arc<House>,
    certificate: String,
}

struct House {
    protection: Protection,
    acceptor: TlsAcceptor,
    /// Who may hand mail in; everybody unless given.
    login: Option<(String, String)>,
    manners: Mutex<HashMap<String, Manners>>,
    mails: Mutex<Vec<Mail>>,
}

impl MailSink {
    /// A server for everybody.
    pub async fn start(protection: Protection) -> Self {
        Self::guarded(protection, None).await
    }

    /// A server that wants a login.
    pub async fn guarded(protection: Protection, login: Option<(&str, &str)>) -> Self {
        let (acceptor, certificate) = tls::acceptor();
        let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let house = Arc::new(House { protection, acceptor, login, manners: Mutex::default(), mails: Mutex::default() });
        let server = Server::start(House::serve(&house)).await;
        Self { server, house, certificate }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Its certificate, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// How mail to this address is treated from now on.
    pub fn treat(&self, address: &str, manners: Manners) {
        self.house.manners.lock().expect("no panic").insert(address.to_owned(), manners);
    }

    /// Everything it took.
    pub fn mails(&self) -> Vec<Mail> {
        self.house.mails.lock().expect("no panic").clone()
    }

    /// Goes down; whoever is connected hears nothing more.
    pub async fn stop(&mut self) {
        self.server.stop().await;
    }

    /// Comes back at the same address.
    pub async fn resume(&mut self) {
        self.server.resume(House::serve(&self.house)).await;
    }
}

/// A connection, encrypted or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}
type Line = BufReader<Box<dyn Wire>>;

/// What has been said on a connection so far.
#[derive(Default)]
struct Talk {
    secure: bool,
    user: Option<String>,
    from: String,
    to: String,
}

impl House {
    fn serve(house: &Arc<Self>) -> impl Fn(TcpStream) -> futures::future::BoxFuture<'static, ()> + Send + Sync + use<> {
        let house = house.clone();
        move |stream| {
            let house = house.clone();
            Box::pin(async move {
                // A client that hangs up is no concern of the server.
                let _ = house.greet(stream).await;
            })
        }
    }

    async fn greet(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut talk = Talk::default();
        let mut line: Line = if self.protection == Protection::Implicit {
            talk.secure = true;
            BufReader::new(Box::new(self.acceptor.accept(stream).await?))
        } else {
            BufReader::new(Box::new(stream))
        };
        say(&mut line, "220 sink ESMTP").await?;
        let mut said = String::new();
        loop {
            said.clear();
            if line.read_line(&mut said).await? == 0 {
                return Ok(());
            }
            let command = said.trim_end();
            let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let offer = match (self.protection, talk.secure) {
                        (Protection::StartTls, false) => "250-sink\r\n250 STARTTLS",
                        _ if self.login.is_some() => "250-sink\r\n250 AUTH PLAIN",
                        _ => "250 sink",
                    };
                    say(&mut line, offer).await?;
                }
                "STARTTLS" => {
                    say(&mut line, "220 go ahead").await?;
                    line = BufReader::new(Box::new(self.acceptor.accept(line.into_inner()).await?));
                    talk = Talk { secure: true, ..Talk::default() };
                }
                "AUTH" => {
                    talk.user = self.admitted(command);
                    say(&mut line, if talk.user.is_some() { "235 welcome" } else { "535 wrong password" }).await?;
                }
                "MAIL" if self.protection == Protection::StartTls && !talk.secure => {
                    say(&mut line, "530 STARTTLS first").await?;
                }
                "MAIL" if self.login.is_some() && talk.user.is_none() => say(&mut line, "530 log in first").await?,
                "MAIL" => {
                    talk.from = address(command);
                    say(&mut line, "250 ok").await?;
                }
                "RCPT" => {
                    talk.to = address(command);
                    let answer = self.door(&talk.to);
                    say(&mut line, answer).await?;
                }
                "DATA" => {
                    say(&mut line, "354 go on").await?;
                    let data = read_data(&mut line).await?;
                    let Talk { secure, user, from, to } = &talk;
                    let (from, to) = (from.clone(), to.clone());
                    let cut = self.is_cut(&to);
                    let mail = Mail { from, to, secure: *secure, user: user.clone(), data };
                    self.mails.lock().expect("no panic").push(mail);
                    if cut {
                        return Ok(());
                    }
                    say(&mut line, "250 taken").await?;
                }
                "QUIT" => {
                    say(&mut line, "221 bye").await?;
                    return Ok(());
                }
                _ => say(&mut line, "250 ok").await?,
            }
        }
    }

    /// Who it is that logs in with `AUTH PLAIN`, if they may.
    fn admitted(&self, command: &str) -> Option<String> {
        let proof = STANDARD.decode(command.rsplit(' ').next()?).ok()?;
        let proof = String::from_utf8(proof).ok()?;
        let mut parts = proof.split('\0').skip(1);
        let (user, password) = (parts.next()?, parts.next()?);
        let (known, secret) = self.login.as_ref()?;
        (user == known && password == secret).then(|| user.to_owned())
    }

    fn door(&self, to: &str) -> &'static str {
        let mut manners = self.manners.lock().expect("no panic");
        match manners.get_mut(to) {
            Some(Manners::Refuses) => "550 5.1.1 no such user here",
            Some(Manners::Greylists(times)) if *times > 0 => {
                *times -= 1;
                "451 4.7.1 greylisted, try again later"
            }
            _ => "250 ok",
        }
    }

    fn is_cut(&self, to: &str) -> bool {
        let mut manners = self.manners.lock().expect("no panic");
        match manners.get_mut(to) {
            Some(Manners::HangsUp(times)) if *times > 0 => {
                *times -= 1;
                true
            }
            _ => false,
        }
    }
}

async fn say(line: &mut Line, words: &str) -> std::io::Result<()> {
    let wire = line.get_mut();
    wire.write_all(format!("{words}\r\n").as_bytes()).await?;
    wire.flush().await
}

/// The mail up to the lone dot, without the dots that were doubled.
async fn read_data(line: &mut Line) -> std::io::Result<String> {
    let mut data = String::new();
    loop {
        let mut one = String::new();
        if line.read_line(&mut one).await? == 0 || one == ".\r\n" {
            return Ok(data);
        }
        data.push_str(one.strip_prefix('.').unwrap_or(&one));
    }
}

/// What is between the angles of `MAIL FROM:<..>`.
fn address(command: &str) -> String {
    let inside = command.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
