//! What can be set: at the start by [`SandboxConfig`], later by `PUT /__sandbox/config`.

mod travel;

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::{ClockMode, Moment};
pub use travel::{
    BearerSettings, DIGIFLAZZ_KEY, DIGIFLAZZ_USERNAME, DIGIFLAZZ_WEBHOOK_SECRET, DUFFEL_TOKEN, DUFFEL_WEBHOOK_SECRET,
    DigiflazzSettings, FERRY_TOKEN, FERRY_WEBHOOK_SECRET,
};

/// The server key of Midtrans unless another is set.
pub const MIDTRANS_SERVER_KEY: &str = "SB-Mid-server-dermaga-sandbox";
/// The client key of Midtrans unless another is set.
pub const MIDTRANS_CLIENT_KEY: &str = "SB-Mid-client-dermaga-sandbox";
/// The secret key of Xendit unless another is set.
pub const XENDIT_SECRET_KEY: &str = "xnd_development_dermaga_sandbox";
/// The callback token of Xendit unless another is set.
pub const XENDIT_CALLBACK_TOKEN: &str = "dermaga-sandbox-callback-token";
/// The SMS account unless another is set.
pub const TWILIO_ACCOUNT_SID: &str = "AC00000000000000000000000000000000";
/// The SMS account's token unless another is set.
pub const TWILIO_AUTH_TOKEN: &str = "dermaga-sandbox-auth-token";

/// How a sandbox starts.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// The address to listen on. Nobody has to prove anything to the admin API: keep it on the loopback.
    pub bind: IpAddr,
    /// The port to listen on; 0 takes any that is free.
    pub port: u16,
    /// How fast virtual time passes.
    pub clock: ClockMode,
    /// What the clock shows at the start; the machine's time if nothing is said.
    pub epoch: Option<Moment>,
    /// The seed of ids and jitter. The same seed and the same calls give the same ids.
    pub seed: u64,
    /// Keys, addresses and habits, which can be changed later.
    pub settings: Settings,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            clock: ClockMode::Real,
            epoch: None,
            seed: 1,
            settings: Settings::default(),
        }
    }
}

/// What can be changed while the sandbox runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address under which callers and browsers reach the sandbox. Filled in at the start if it is empty.
    pub public_url: String,
    /// How long a call hangs whose answer is lost, in real milliseconds.
    pub hang_ms: u64,
    /// Whether the last three digits of an amount are a script.
    pub magic_amounts: bool,
    /// What happens to payments that nobody says anything about; empty: nothing. `~pay5s` suits a demonstration.
    pub default_script: String,
    /// Midtrans.
    pub midtrans: MidtransSettings,
    /// Xendit.
    pub xendit: XenditSettings,
    /// The SMS provider.
    pub twilio: TwilioSettings,
    /// Flights and hotel rooms.
    pub duffel: BearerSettings,
    /// Ferries.
    pub ferry: BearerSettings,
    /// Credits and bills.
    pub digiflazz: DigiflazzSettings,
}

/// Whether failures of Midtrans' Core API have a status of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpErrors {
    /// Most are 200 with the code in the body.
    Classic,
    /// All have the status of their code.
    Modern,
}

/// How far apart Midtrans' repetitions are. The sources disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// 2, 10, 30, 90 and 210 minutes.
    Table,
    /// One minute each.
    Minute,
}

/// How Midtrans behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MidtransSettings {
    /// Proves calls and signs notifications.
    pub server_key: String,
    /// For browsers that turn a card into a token.
    pub client_key: String,
    /// Where notifications go, as set in the dashboard. Empty: nowhere.
    pub webhook_url: String,
    /// See [`HttpErrors`].
    pub http_errors: HttpErrors,
    /// See [`Spacing`].
    pub retry_spacing: Spacing,
    /// How long a notification waits for its answer, in real milliseconds.
    pub timeout_ms: u64,
    /// Methods that cannot be refunded in part.
    pub full_refund_only: Vec<String>,
    /// Whether ShopeePay refuses direct refunds from 23:55 to 06:00 in Jakarta.
    pub night_refusals: bool,
}

/// How Xendit behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XenditSettings {
    /// Proves calls.
    pub secret_key: String,
    /// Goes with each webhook.
    pub callback_token: String,
    /// Where webhooks go, by what they are about.
    pub webhook_urls: XenditUrls,
    /// Whether webhooks carry `webhook-id`.
    pub webhook_id: bool,
    /// How many calls each endpoint takes in a minute; 0: any number.
    pub rate_limit: u32,
    /// How long a webhook waits for its answer, in real milliseconds.
    pub timeout_ms: u64,
}

/// Where Xendit's webhooks go. Empty: nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XenditUrls {
    /// Invoices.
    pub invoice: String,
    /// Payment requests and their payments.
    pub payment: String,
    /// Refunds.
    pub refund: String,
    /// Disputes.
    pub dispute: String,
}

impl XenditUrls {
    /// One address for everything.
    pub fn all(url: &str) -> Self {
        Self { invoice: url.to_owned(), payment: url.to_owned(), refund: url.to_owned(), dispute: url.to_owned() }
    }
}

/// The account with the SMS provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioSettings {
    /// The account, which is also the user name.
    pub account_sid: String,
    /// The password.
    pub auth_token: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: String::new(),
            hang_ms: 60_000,
            magic_amounts: false,
            default_script: String::new(),
            midtrans: MidtransSettings {
                server_key: MIDTRANS_SERVER_KEY.to_owned(),
                client_key: MIDTRANS_CLIENT_KEY.to_owned(),
                webhook_url: String::new(),
                http_errors: HttpErrors::Classic,
                retry_spacing: Spacing::Table,
                timeout_ms: 15_000,
                full_refund_only: vec!["shopeepay".to_owned(), "ovo".to_owned()],
                night_refusals: false,
            },
            xendit: XenditSettings {
                secret_key: XENDIT_SECRET_KEY.to_owned(),
                callback_token: XENDIT_CALLBACK_TOKEN.to_owned(),
                webhook_urls: XenditUrls::default(),
                webhook_id: true,
                rate_limit: 0,
                timeout_ms: 30_000,
            },
            twilio: TwilioSettings {
                account_sid: TWILIO_ACCOUNT_SID.to_owned(),
                auth_token: TWILIO_AUTH_TOKEN.to_owned(),
            },
            duffel: BearerSettings::duffel(),
            ferry: BearerSettings::ferry(),
            digiflazz: DigiflazzSettings::default(),
        }
    }
}

impl Settings {
    /// The path of the public address: nothing, unless the sandbox is a part of another server.
    pub fn root(&self) -> &str {
        let address = self.public_url.split_once("://").map_or("", |(_, address)| address);
        address.find('/').map_or("", |path| address[path..].trim_end_matches('/'))
    }

    /// How long a call hangs whose answer is lost.
    pub fn hang(&self) -> Duration {
        Duration::from_millis(self.hang_ms)
    }

    /// The same with the members of `change` in place of its own; what is not named stays.
    ///
    /// # Errors
    /// A sentence about the member that is unknown or of a wrong type.
    pub fn changed(&self, change: &Value) -> Result<Self, String> {
        let mut members = serde_json::to_value(self).map_err(|error| error.to_string())?;
        let Value::Object(change) = change else { return Err("the body is an object of settings".to_owned()) };
        merge(&mut members, change);
        serde_json::from_value(members).map_err(|error| error.to_string())
    }

    /// For people to look at: secrets are masked.
    pub fn shown(&self) -> Value {
        let mut shown = self.clone();
        for secret in [
            &mut shown.midtrans.server_key,
            &mut shown.xendit.secret_key,
            &mut shown.xendit.callback_token,
            &mut shown.twilio.auth_token,
            &mut shown.duffel.token,
            &mut shown.duffel.webhook_secret,
            &mut shown.ferry.token,
            &mut shown.ferry.webhook_secret,
            &mut shown.digiflazz.key,
            &mut shown.digiflazz.webhook_secret,
        ] {
            *secret = "***".to_owned();
        }
        serde_json::to_value(shown).unwrap_or_default()
    }
}

fn merge(into: &mut Value, change: &Map<String, Value>) {
    let Value::Object(members) = into else { return };
    for (name, value) in change {
        match (members.get_mut(name), value) {
            (Some(inner @ Value::Object(_)), Value::Object(deeper)) => merge(inner, deeper),
            _ => {
                members.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_named_stays() {
        let change =
            json!({"hang_ms": 5, "midtrans": {"webhook_url": "http://127.0.0.1:1/x", "http_errors": "modern"}});
        let changed = Settings::default().changed(&change).expect("good");
        assert_eq!(changed.hang_ms, 5);
        assert_eq!(changed.midtrans.http_errors, HttpErrors::Modern);
        assert_eq!(changed.midtrans.server_key, MIDTRANS_SERVER_KEY);
    }

    #[test]
    fn a_setting_that_nobody_knows_is_named() {
        let told = Settings::default().changed(&json!({"midtrans": {"sever_key": "x"}})).expect_err("unknown");
        assert!(told.contains("sever_key"), "{told}");
        assert!(Settings::default().changed(&json!([])).is_err());
    }

    #[test]
    fn the_root_is_the_path_of_the_public_address() {
        for (url, root) in
            [("http://127.0.0.1:9090", ""), ("https://a.example/", ""), ("http://a/b/c/", "/b/c"), ("", "")]
        {
            let settings = Settings { public_url: url.to_owned(), ..Settings::default() };
            assert_eq!(settings.root(), root);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = Settings::default().shown().to_string();
        for secret in [
            MIDTRANS_SERVER_KEY,
            XENDIT_SECRET_KEY,
            XENDIT_CALLBACK_TOKEN,
            TWILIO_AUTH_TOKEN,
            DUFFEL_TOKEN,
            DUFFEL_WEBHOOK_SECRET,
            FERRY_TOKEN,
            FERRY_WEBHOOK_SECRET,
            DIGIFLAZZ_KEY,
            DIGIFLAZZ_WEBHOOK_SECRET,
        ] {
            assert!(!shown.contains(secret));
        }
    }
}
