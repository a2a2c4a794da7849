//! E-mail over SMTP, with a pool of connections to one server.

use std::{error::Error as _, net::IpAddr, time::Duration};

use async_trait::async_trait;
use dermaga_ports::{
    ids::NotificationId,
    notifications::{Channel, Message, PATIENCE, Receipt, Recipient, SendError, Sender},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        Error as SmtpError, PoolConfig,
        authentication::Credentials,
        client::{Certificate, TlsParameters},
    },
};

use crate::reason;

/// How the way to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// The connection begins in the clear and MUST be upgraded; a server that does not offer that gets nothing.
    StartTls,
    /// From the first byte, as on port 465.
    Implicit,
    /// Not at all.
    None,
}

/// Where mail is handed in.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Name or address of the server; its certificate must be for this name.
    pub server: String,
    /// 587 or 465 as a rule.
    pub port: u16,
    /// User and password, if the server wants to know.
    pub login: Option<(String, String)>,
    /// `noreply@example.com` or `Example <noreply@example.com>`.
    pub sender: String,
    pub tls: Tls,
    /// Certificates in PEM of an authority that is trusted besides the public ones.
    pub authority: Option<Vec<u8>>,
}

/// One step of the dialogue may take so long.
const STEP: Duration = Duration::from_secs(8);
/// A connection that rested for so long is closed: servers close theirs after five minutes, and sooner under load.
const REST: Duration = Duration::from_secs(30);
/// Connections at once.
const CONNECTIONS: u32 = 8;

const NO_AUTHORITY: &str = "SMTP_CA must name a file with a certificate in PEM";

/// Hands mail to a server.
#[derive(Debug, Clone)]
pub struct SmtpSender {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Behind the @ of every message's id.
    domain: String,
}

impl SmtpSender {
    /// Connects when the first message leaves, not before.
    ///
    /// # Errors
    /// What is wrong with the settings, in a sentence that names them.
    pub fn new(settings: SmtpSettings) -> Result<Self, String> {
        let SmtpSettings { server, port, login, sender, tls, authority } = settings;
        if server.is_empty() || server.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '@')) {
            return Err("SMTP_SERVER must be the name of a mail server, such as smtp.example.com".to_owned());
        }
        if tls == Tls::None && login.is_some() && !is_loopback(&server) {
            let told =
                "SMTP_TLS is none and SMTP_USER is set: the password would travel in the clear. Use starttls or tls";
            return Err(told.to_owned());
        }
        let from: Mailbox = sender.parse().map_err(|_| {
            "SENDER_EMAIL must be an e-mail address, such as noreply@example.com or Example <noreply@example.com>"
                .to_owned()
        })?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server)
            .port(port)
            .timeout(Some(STEP))
            .tls(wrapped(&server, tls, authority.as_deref())?)
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(REST));
        let builder = match login {
            Some((user, password)) => builder.credentials(Credentials::new(user, password)),
            None => builder,
        };
        let domain = from.email.domain().to_owned();
        Ok(Self { transport: builder.build(), from, domain })
    }

    fn letter(&self, message: &Message) -> Result<lettre::Message, SendError> {
        let Recipient::Email { address, name } = &message.to else {
            return Err(SendError::Permanent("this is no e-mail address".to_owned()));
        };
        let unfit = |_| SendError::Permanent("the e-mail address cannot be written to".to_owned());
        let address = address.as_str().parse().map_err(unfit)?;
        let letter = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name.clone(), address))
            .subject(message.subject.clone())
            .message_id(Some(self.message_id(message.id)))
            // Answered by no machine: no "I am on holiday" comes back.
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(message.text.clone());
        letter.map_err(|_| SendError::Permanent("the message cannot be written as an e-mail".to_owned()))
    }

    /// The same in every try, so that a mail program shows a repetition once.
    fn message_id(&self, id: NotificationId) -> String {
        format!("<{id}@{}>", self.domain)
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834).
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn wrapped(server: &str, tls: Tls, authority: Option<&[u8]>) -> Result<lettre::transport::smtp::client::Tls, String> {
    use lettre::transport::smtp::client::Tls as Wrapper;
    if tls == Tls::None {
        return Ok(Wrapper::None);
    }
    let mut parameters = TlsParameters::builder(server.to_owned());
    if let Some(pem) = authority {
        // A file without any certificate reads well, and trusts nobody.
        let any = String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----");
        let certificate = Certificate::from_pem(pem).ok().filter(|_| any).ok_or_else(|| NO_AUTHORITY.to_owned())?;
        parameters = parameters.add_root_certificate(certificate);
    }
    let parameters = parameters.build().map_err(|error| match authority {
        Some(_) => NO_AUTHORITY.to_owned(),
        None => format!("TLS for SMTP_SERVER cannot be set up: {error}"),
    })?;
    Ok(if tls == Tls::Implicit { Wrapper::Wrapper(parameters) } else { Wrapper::Required(parameters) })
}

/// Whether what is said to that server stays on this machine.
fn is_loopback(server: &str) -> bool {
    server == "localhost" || server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[async_trait]
impl Sender for SmtpSender {
    fn channel(&self) -> Channel {
        Channel::Email
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let letter = self.letter(message)?;
        let sent = tokio::time::timeout(PATIENCE, self.transport.send(letter)).await;
        match sent {
            Ok(Ok(_)) => Ok(Receipt { reference: Some(self.message_id(message.id)) }),
            Ok(Err(error)) => Err(judged(&error)),
            Err(_) => Err(SendError::Transient("the mail server did not answer in time".to_owned())),
        }
    }
}

/// Codes that refuse us and not the message: no or a wrong login, no encryption.
const ABOUT_US: [u16; 5] = [454, 530, 534, 535, 538];

fn judged(error: &SmtpError) -> SendError {
    let words = error.source().and_then(|source| reason::line(&source.to_string()));
    let Some(code) = error.status().map(u16::from) else {
        tracing::warn!(%error, cause = words, "the mail server cannot be used");
        let told = if error.is_timeout() {
            "the mail server did not answer in time"
        } else if error.is_tls() {
            "the mail server's certificate is not trusted"
        } else if error.is_response() || error.is_client() {
            "the mail server does not offer what is required of it"
        } else {
            "the mail server cannot be reached"
        };
        return SendError::Transient(told.to_owned());
    };
    let said = reason::with(&code.to_string(), words);
    if ABOUT_US.contains(&code) {
        tracing::warn!(said, "the mail server refuses this host's login");
        return SendError::Transient("the mail server refuses this host's login".to_owned());
    }
    if error.is_permanent() {
        SendError::Permanent(format!("the mail server refused the message: {said}"))
    } else {
        SendError::Transient(format!("the mail server asks to try again later: {said}"))
    }
}
