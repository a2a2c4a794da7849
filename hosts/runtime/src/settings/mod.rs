//! The settings of a host: defaults, then `dermaga.toml`, then the environment, then flags; the last one wins.

mod reading;

use std::{net::IpAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use dermaga_domain::payments::FeeRule;
use dermaga_ports::auth::Role;

use crate::{Host, Profile, workers::Workers};

/// Everything a host can be told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which adapters to use.
    pub profile: Profile,
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port to listen on; 0 takes any that is free.
    pub port: u16,
    /// Where the embedded database and the development secrets are.
    pub data_dir: PathBuf,
    /// `sqlite:<path>` or `postgres://...`; unless given, a SQLite file in the data folder.
    pub database_url: Option<String>,
    /// Signs access tokens; at least 32 characters. The demo makes one per database.
    pub jwt_secret: Option<String>,
    /// Seconds that an access token is good for.
    pub jwt_expiration: u64,
    /// `name:key,name:key`: what personal data is sealed with at rest. The first key seals, all of them open; a key is 32
    /// bytes in Base64. The demo makes one per database.
    pub personal_data_keys: Option<String>,
    /// The roles that anyone may choose at registration: `user` and, where events are run, `committee`. Never `admin`.
    pub open_roles: Vec<Role>,
    /// The fewest characters of a password.
    pub min_password: usize,
    /// What trusted services send as `X-Service-Token`. The demo makes one per database.
    pub service_token: Option<String>,
    /// The payment gateways, the default first: `midtrans`, `midtrans_snap`, `xendit`, `wallet`, `sandbox` or `none`,
    /// with commas between them. The demo has them all, played in the process.
    pub payment_gateway: Option<String>,
    /// A server that plays the gateways, instead of the gateways themselves.
    pub payment_gateway_url: Option<String>,
    /// Who we are at the gateway; for several gateways, each has a key of its own below.
    pub payment_gateway_key: Option<String>,
    pub midtrans_server_key: Option<String>,
    pub xendit_secret_key: Option<String>,
    /// What Xendit sends with its webhooks.
    pub xendit_callback_token: Option<String>,
    /// The account that manual transfers go to, as the payer shall read it; without it there are none.
    pub manual_transfer_account: Option<String>,
    /// Where the world finds this host, for example `https://pay.example.com`: gateways are told to call back there.
    pub public_url: Option<String>,
    /// Where Duffel is, or a server that plays it; Duffel itself unless given.
    pub duffel_url: Option<String>,
    /// Who we are at Duffel; without it no flights and rooms are sold.
    pub duffel_token: Option<String>,
    /// Signs Duffel's webhooks; without it none is believed.
    pub duffel_webhook_secret: Option<String>,
    /// Where the ferries' server is; without address and token no crossings are sold.
    pub ferry_url: Option<String>,
    pub ferry_token: Option<String>,
    /// Signs the ferries' webhooks; without it none is believed.
    pub ferry_webhook_secret: Option<String>,
    /// Where Digiflazz is, or a server that plays it; Digiflazz itself unless given.
    pub digiflazz_url: Option<String>,
    /// Who we are at Digiflazz; without user and key no credits are sold.
    pub digiflazz_username: Option<String>,
    pub digiflazz_key: Option<String>,
    /// Signs Digiflazz' webhooks; without it none is believed.
    pub digiflazz_webhook_secret: Option<String>,
    /// What is added to the price of credits; never negative, for nothing is sold for less than it costs.
    pub ppob_margin: u32,
    /// What is added to the price of flights, rooms and crossings, in hundredths of a percent.
    pub travel_margin: u16,
    /// Below that, our balance with a supplier is low, and `supplier.trouble` is told.
    pub low_balance: i64,
    /// Seconds that somebody has to pay a purchase.
    pub payment_window: u64,
    /// Seconds that a manual transfer which a payer has announced may wait for a person.
    pub review_window: u64,
    /// Whose accounts the money for what is sold goes to.
    pub merchant_name: String,
    /// People may order without a password.
    pub guests: bool,
    /// Seconds that somebody has to pay a top-up.
    pub topup_window: u64,
    /// What gateways keep of payments; the first that covers one counts.
    pub fees: Vec<FeeRule>,
    /// The mail server; without it the demo logs mail and a host in earnest sends none.
    pub smtp_server: Option<String>,
    /// The mail server's port.
    pub smtp_port: u16,
    /// The mail server's login, if it wants one.
    pub smtp_user: Option<String>,
    pub smtp_password: Option<String>,
    /// `starttls`, `tls` or `none`; `tls` on port 465 and `starttls` on any other, unless given.
    pub smtp_tls: Option<SmtpTls>,
    /// A file with the certificate, in PEM, of an authority of one's own.
    pub smtp_ca: Option<PathBuf>,
    /// Who mail comes from; the mail server's user unless given.
    pub sender_email: Option<String>,
    /// The provider of text messages, in Twilio's wire shape.
    pub sms_url: String,
    /// The provider's account; without it the demo logs text messages and a host in earnest sends none.
    pub sms_account: Option<String>,
    pub sms_token: Option<String>,
    /// The number or name that text messages come from.
    pub sms_sender: Option<String>,
    /// The calling code of numbers that are written with a leading 0.
    pub sms_country: String,
    /// Seconds until a notification that staff wrote is sent by itself.
    pub notification_delay: u64,
    /// Where the days of reports end: how far the business's clock is ahead of UTC, without summer time.
    pub business_utc_offset: String,
    /// `redis://...`: where searches are remembered for all hosts; inside the process unless given.
    pub redis_url: Option<String>,
    /// `amqp://...` or `amqps://...`: the broker that events go over; inside the process unless given.
    pub rabbitmq_url: Option<String>,
    /// Webhooks may go to this machine and to private networks: for development, never in earnest.
    pub private_webhooks: bool,
    /// Seconds until an operation is given up with 504; 0 waits for ever.
    pub request_timeout: u64,
    /// The most bytes of a request's body.
    pub body_limit: usize,
    /// Requests per second and address in the long run; 0 does not limit.
    pub rate_per_second: u32,
    /// Requests of one address at once.
    pub rate_burst: u32,
    /// The web sites whose scripts may call the API; `*` for all.
    pub cors_origins: Vec<String>,
    /// A proxy in front writes `X-Forwarded-For`, and nobody else can.
    pub trust_forwarded: bool,
    /// Threads that work on requests.
    pub workers: Workers,
    /// Seconds that requests get to finish when the host is stopped.
    pub shutdown_grace: u64,
    /// What to log: `error`, `warn`, `info`, `debug`, or a filter such as `dermaga_http=debug,info`.
    pub log: String,
    /// `text` or `json`.
    pub log_format: LogFormat,
    /// The password of the demo's administrator, instead of one that is made and shown once.
    pub admin_password: Option<String>,
    /// The password of the demo's committee member.
    pub committee_password: Option<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    Starttls,
    Tls,
    None,
}

/// What the command line says; it wins over everything else.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Flags {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
}

impl Settings {
    fn defaults(host: &Host) -> Self {
        Self {
            profile: Profile::Demo,
            bind: IpAddr::from([127, 0, 0, 1]),
            port: host.port,
            data_dir: PathBuf::from("dermaga-data"),
            database_url: None,
            jwt_secret: None,
            jwt_expiration: 900,
            personal_data_keys: None,
            open_roles: host.newcomers.roles.to_vec(),
            min_password: host.newcomers.min_password,
            service_token: None,
            payment_gateway: None,
            payment_gateway_url: None,
            payment_gateway_key: None,
            midtrans_server_key: None,
            xendit_secret_key: None,
            xendit_callback_token: None,
            manual_transfer_account: None,
            public_url: None,
            duffel_url: None,
            duffel_token: None,
            duffel_webhook_secret: None,
            ferry_url: None,
            ferry_token: None,
            ferry_webhook_secret: None,
            digiflazz_url: None,
            digiflazz_username: None,
            digiflazz_key: None,
            digiflazz_webhook_secret: None,
            ppob_margin: 1_500,
            travel_margin: 0,
            low_balance: 500_000,
            payment_window: 600,
            review_window: 86_400,
            merchant_name: "Dermaga".to_owned(),
            guests: host.newcomers.guests,
            topup_window: 86_400,
            fees: Vec::new(),
            smtp_server: None,
            smtp_port: 587,
            smtp_user: None,
            smtp_password: None,
            smtp_tls: None,
            smtp_ca: None,
            sender_email: None,
            sms_url: "https://api.twilio.com".to_owned(),
            sms_account: None,
            sms_token: None,
            sms_sender: None,
            sms_country: "62".to_owned(),
            notification_delay: 60,
            business_utc_offset: "+07:00".to_owned(),
            redis_url: None,
            rabbitmq_url: None,
            private_webhooks: false,
            request_timeout: 30,
            body_limit: 1 << 20,
            rate_per_second: 100,
            rate_burst: 200,
            cors_origins: Vec::new(),
            trust_forwarded: false,
            workers: Workers::default(),
            shutdown_grace: 10,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            admin_password: None,
            committee_password: None,
        }
    }

    /// How long an operation may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout)
    }
}
