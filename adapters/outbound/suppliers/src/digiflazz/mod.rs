//! Digiflazz: credits and bills.
//!
//! # What is peculiar
//! - Business refusals come with HTTP 200 and a code (`rc`) in the body, and sometimes with 4xx: the body is read first.
//! - The reference is the key of a purchase. To ask how a prepaid one stands is to repeat it; after ninety days that
//!   would be a new purchase.
//! - A bill is paid on the day of its inquiry, in Jakarta, or never.
//! - `price` is what it costs us and `selling_price` what the customer owes.

mod bill;
mod codes;
mod products;
mod sale;
mod webhook;

use std::sync::Arc;

use async_trait::async_trait;
use dermaga_ports::{
    booking::{
        Bill, BillPayment, Found, Hint, Inquiry, NotAuthentic, Outcome, Personal, PlnCustomer, PpobSupplier, Product,
        ProductKind, Purchase, Sale, SaleRef,
    },
    money::Money,
    system::Clock,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};

use crate::wire::{
    ConfigError, Environment, Secret, Timeouts, amount, base_url,
    http::{Answer, Call, Effect, Http, faulty, unreadable},
    outcome::{Result, outcome},
    signature::md5_hex,
    text::Text,
    token,
};

/// How to reach Digiflazz, and as whom.
#[derive(Debug, Clone)]
pub struct DigiflazzConfig {
    pub environment: Environment,
    pub username: String,
    /// The development key begins with `dev-`.
    pub key: Secret,
    /// Signs webhooks. Without it none is believed.
    pub webhook_secret: Option<Secret>,
    pub url: String,
    /// Where the results of our purchases go, in place of the address in Digiflazz' dashboard.
    pub callback_url: Option<String>,
    pub timeouts: Timeouts,
}

impl DigiflazzConfig {
    /// Digiflazz' own server.
    pub fn new(environment: Environment, username: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            environment,
            username: username.into(),
            key: Secret::new(key),
            webhook_secret: None,
            url: "https://api.digiflazz.com/v1".to_owned(),
            callback_url: None,
            timeouts: Timeouts::default(),
        }
    }
}

/// Digiflazz.
pub struct Digiflazz {
    http: Http,
    config: DigiflazzConfig,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct Whole {
    data: Box<RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Deposit {
    deposit: Text,
    rc: Text,
    message: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Meter {
    rc: Text,
    message: Text,
    meter_no: Text,
    subscriber_id: Text,
    name: Text,
    segment_power: Text,
}

impl Digiflazz {
    /// # Errors
    /// A key or address that cannot be right.
    pub fn new(mut config: DigiflazzConfig, clock: Arc<dyn Clock>) -> std::result::Result<Self, ConfigError> {
        if config.username.trim().is_empty() {
            return Err(ConfigError::Empty("Digiflazz user name"));
        }
        let key = token("Digiflazz key", &config.key)?.expose();
        if key.starts_with("dev-") && config.environment == Environment::Production {
            return Err(ConfigError::TestKey("Digiflazz key"));
        }
        config.url = base_url("Digiflazz URL", &config.url, config.environment)?;
        if let Some(url) = &config.callback_url {
            base_url("callback URL", url, config.environment)?;
        }
        let http = Http::new(None, config.timeouts)?;
        Ok(Self { http, config, clock })
    }

    /// Sends a signed call.
    async fn call(
        &self,
        what: &'static str,
        effect: Effect,
        path: &str,
        suffix: &str,
        mut body: Value,
    ) -> Result<Answer> {
        body["username"] = json!(self.config.username);
        body["sign"] = json!(md5_hex(&[&self.config.username, self.config.key.expose(), suffix]));
        if self.config.environment == Environment::Sandbox && path == "transaction" {
            body["testing"] = json!(true);
        }
        let url = format!("{}/{path}", self.config.url);
        let call = match effect {
            Effect::Nothing => Call::ask(what, url, &body, self.config.timeouts.read),
            Effect::Makes => Call::make(what, url, &body, self.config.timeouts.create),
        };
        self.http.send(call).await
    }

    /// What is confidential in every call, and the customer's number.
    fn confidential<'c>(&'c self, customer: &'c Personal) -> [&'c str; 3] {
        [self.config.key.expose(), &self.config.username, customer.reveal()]
    }

    async fn ask_balance(&self) -> Result<Money> {
        let answer =
            self.call("Digiflazz balance", Effect::Nothing, "cek-saldo", "depo", json!({"cmd": "deposit"})).await?;
        let read: Deposit = data(&answer)?;
        if let Some(rc) = read.rc.get().filter(|rc| *rc != "00") {
            let nobody = "".into();
            return Err(codes::refused(rc, read.message.or_empty(), &self.confidential(&nobody), self.clock.now()));
        }
        amount::rupiah(&read.deposit).ok_or_else(|| unreadable(&answer, "it tells no balance in whole rupiah"))
    }

    async fn ask_meter(&self, customer: &Personal) -> Result<PlnCustomer> {
        let body = json!({"customer_no": customer.reveal()});
        let answer =
            self.call("Digiflazz PLN inquiry", Effect::Nothing, "inquiry-pln", customer.reveal(), body).await?;
        let read: Meter = data(&answer)?;
        if read.rc.get() != Some("00") {
            let confidential = self.confidential(customer);
            return Err(codes::refused(read.rc.or_empty(), read.message.or_empty(), &confidential, self.clock.now()));
        }
        let personal = |text: &Text| text.get().map(Personal::new);
        Ok(PlnCustomer {
            meter_no: personal(&read.meter_no),
            subscriber_id: personal(&read.subscriber_id),
            name: personal(&read.name),
            segment_power: read.segment_power.owned(),
        })
    }
}

/// What is in the envelope, whatever the status says.
fn data<T: DeserializeOwned>(answer: &Answer) -> Result<T> {
    let whole: Whole = serde_json::from_str(&answer.body).map_err(|error| faulty(answer, &error))?;
    if !whole.data.get().starts_with('{') {
        return Err(unreadable(answer, "it holds no object"));
    }
    serde_json::from_str(whole.data.get()).map_err(|error| faulty(answer, &error))
}

#[async_trait]
impl PpobSupplier for Digiflazz {
    fn name(&self) -> &str {
        "digiflazz"
    }

    async fn products(&self, kind: ProductKind) -> Outcome<Vec<Product>> {
        outcome(self.list(kind).await)
    }

    async fn inquire(&self, inquiry: &Inquiry) -> Outcome<Bill> {
        outcome(self.ask_bill(inquiry).await)
    }

    async fn pln_customer(&self, customer_no: &Personal) -> Outcome<PlnCustomer> {
        outcome(self.ask_meter(customer_no).await)
    }

    async fn buy(&self, purchase: &Purchase) -> Outcome<Sale> {
        outcome(self.purchase(purchase).await)
    }

    async fn pay_bill(&self, payment: &BillPayment) -> Outcome<Sale> {
        outcome(self.settle(payment).await)
    }

    async fn status(&self, sale: &SaleRef) -> Outcome<Found<Sale>> {
        outcome(self.ask_sale(sale).await)
    }

    async fn balance(&self) -> Outcome<Money> {
        outcome(self.ask_balance().await)
    }

    fn read_webhook(&self, headers: &[(String, String)], body: &[u8]) -> std::result::Result<Hint, NotAuthentic> {
        webhook::read(headers, body, self.config.webhook_secret.as_ref())
    }
}
