//! Text messages over HTTP, in the wire shape of Twilio, which many providers speak.

use std::{net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use dermaga_ports::notifications::{Channel, Message, PATIENCE, Receipt, Recipient, SendError, Sender};
use reqwest::{Client, StatusCode, Url, redirect::Policy};
use serde::Deserialize;

use crate::{phone::international, reason};

/// Where text messages are handed in.
#[derive(Clone)]
pub struct SmsSettings {
    /// The provider's address, such as `https://api.twilio.com`.
    pub url: String,
    /// The account's name, which is also the user of the request.
    pub account: String,
    pub token: String,
    /// The number or name that messages come from, or a messaging service (`MG...`).
    pub sender: String,
    /// The calling code of numbers that are written with a leading 0, without a plus.
    pub country: String,
}

/// Hands text messages to a provider.
#[derive(Debug, Clone)]
pub struct SmsSender {
    http: Client,
    endpoint: Url,
    account: String,
    token: String,
    sender: String,
    country: String,
}

/// What a provider answers if it took the message.
#[derive(Deserialize)]
struct Taken {
    sid: Option<String>,
}

/// What it answers if not.
#[derive(Deserialize, Default)]
struct Refused {
    code: Option<u32>,
    message: Option<String>,
}

/// The provider's codes for what is wrong with us: the number or name that messages come from, or its full queue. The other refusals of a
/// request are about the number that it goes to or the text: 21211 no number, 21610 unsubscribed, 21614 no mobile.
const ABOUT_US: [u32; 8] = [20_003, 21_212, 21_603, 21_606, 21_611, 21_659, 21_660, 21_661];

impl SmsSender {
    /// Connects when the first message leaves, not before.
    ///
    /// # Errors
    /// What is wrong with the settings, in a sentence that names them.
    pub fn new(settings: SmsSettings) -> Result<Self, String> {
        let SmsSettings { url, account, token, sender, country } = settings;
        let base = Url::parse(&url).ok().filter(|url| url.has_host() && !url.cannot_be_a_base());
        let mut endpoint = base.ok_or("SMS_URL must be an address such as https://api.twilio.com")?;
        let private = endpoint.scheme() == "https" || (endpoint.scheme() == "http" && is_loopback(&endpoint));
        if !private {
            return Err("SMS_URL must begin with https: the token would travel in the clear".to_owned());
        }
        if !account.chars().all(|c| c.is_ascii_alphanumeric()) || account.is_empty() {
            return Err("SMS_ACCOUNT must be the account's id: letters and digits".to_owned());
        }
        if country.is_empty() || !country.chars().all(|c| c.is_ascii_digit()) {
            return Err("SMS_COUNTRY must be a calling code of digits, such as 62".to_owned());
        }
        if let Ok(mut path) = endpoint.path_segments_mut() {
            path.pop_if_empty().extend(["2010-04-01", "Accounts", &account, "Messages.json"]);
        }
        let http = client().map_err(|error| format!("the client for SMS_URL cannot be set up: {error}"))?;
        Ok(Self { http, endpoint, account, token, sender, country })
    }

    async fn hand_in(&self, to: &str, text: &str) -> Result<Receipt, SendError> {
        // A service picks one of its numbers by itself.
        let from = if self.sender.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let form = [("To", to), (from, &self.sender), ("Body", text)];
        let request = self.http.post(self.endpoint.clone()).basic_auth(&self.account, Some(&self.token)).form(&form);
        let response = request.send().await.map_err(|error| {
            tracing::warn!(error = %error.without_url(), "the provider of text messages cannot be used");
            SendError::Transient("the provider of text messages cannot be reached".to_owned())
        })?;
        let status = response.status();
        let body = response.bytes().await.unwrap_or_default();
        if status.is_success() {
            let taken = serde_json::from_slice::<Taken>(&body).ok();
            return Ok(Receipt { reference: taken.and_then(|taken| taken.sid) });
        }
        Err(judged(status, &serde_json::from_slice(&body).unwrap_or_default()))
    }
}

/// A client that trusts the public authorities, follows no redirect and repeats nothing.
fn client() -> Result<Client, reqwest::Error> {
    let authorities = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the versions of TLS")
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(5))
        .timeout(PATIENCE - Duration::from_secs(5))
        .build()
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn judged(status: StatusCode, refused: &Refused) -> SendError {
    let words = refused.message.as_deref().and_then(reason::line);
    let code = refused.code.map_or_else(|| status.as_u16().to_string(), |code| code.to_string());
    let said = reason::with(&code, words);
    let about_us = refused.code.is_some_and(|code| ABOUT_US.contains(&code));
    match status.as_u16() {
        400 if !about_us => SendError::Permanent(format!("the provider of text messages refused the message: {said}")),
        400 | 401 | 403 | 404 => {
            tracing::warn!(said, "the provider of text messages refuses this host's account or sender");
            SendError::Transient("the provider of text messages refuses this host's account or sender".to_owned())
        }
        _ => SendError::Transient(format!("the provider of text messages asks to try again later: {said}")),
    }
}

#[async_trait]
impl Sender for SmsSender {
    fn channel(&self) -> Channel {
        Channel::Sms
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let Recipient::Phone(phone) = &message.to else {
            return Err(SendError::Permanent("this is no telephone number".to_owned()));
        };
        self.hand_in(&international(phone, &self.country), &message.text).await
    }
}
