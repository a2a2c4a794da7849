//! What can be set of those who sell journeys, credits and bills.

use serde::{Deserialize, Serialize};

/// The token of Duffel unless another is set.
pub const DUFFEL_TOKEN: &str = "duffel_test_dermaga_sandbox";
/// What signs Duffel's webhooks unless another is set.
pub const DUFFEL_WEBHOOK_SECRET: &str = "dermaga-sandbox-duffel-secret";
/// The token of the ferry unless another is set.
pub const FERRY_TOKEN: &str = "ferry_test_dermaga_sandbox";
/// What signs the ferry's webhooks unless another is set.
pub const FERRY_WEBHOOK_SECRET: &str = "dermaga-sandbox-ferry-secret";
/// The user of Digiflazz unless another is set.
pub const DIGIFLAZZ_USERNAME: &str = "dermaga-sandbox";
/// The key of Digiflazz unless another is set.
pub const DIGIFLAZZ_KEY: &str = "dev-dermaga-sandbox";
/// What signs Digiflazz' webhooks unless another is set.
pub const DIGIFLAZZ_WEBHOOK_SECRET: &str = "dermaga-sandbox-digiflazz-secret";

/// How Duffel, or the ferry, behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BearerSettings {
    /// Proves calls.
    pub token: String,
    /// Signs webhooks.
    pub webhook_secret: String,
    /// Where they go. Empty: nowhere.
    pub webhook_url: String,
}

impl BearerSettings {
    /// Duffel's.
    pub fn duffel() -> Self {
        Self::of(DUFFEL_TOKEN, DUFFEL_WEBHOOK_SECRET)
    }

    /// The ferry's.
    pub fn ferry() -> Self {
        Self::of(FERRY_TOKEN, FERRY_WEBHOOK_SECRET)
    }

    fn of(token: &str, secret: &str) -> Self {
        Self { token: token.to_owned(), webhook_secret: secret.to_owned(), webhook_url: String::new() }
    }
}

/// How Digiflazz behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigiflazzSettings {
    /// Who calls.
    pub username: String,
    /// Signs calls.
    pub key: String,
    /// Signs webhooks; empty: they are not signed.
    pub webhook_secret: String,
    /// Where they go. Empty: nowhere.
    pub webhook_url: String,
    /// What is there at the start, in rupiah.
    pub opening_balance: i64,
    /// Whether the whole price list is given once in five minutes only.
    pub price_list_limit: bool,
}

impl Default for DigiflazzSettings {
    fn default() -> Self {
        Self {
            username: DIGIFLAZZ_USERNAME.to_owned(),
            key: DIGIFLAZZ_KEY.to_owned(),
            webhook_secret: DIGIFLAZZ_WEBHOOK_SECRET.to_owned(),
            webhook_url: String::new(),
            opening_balance: 1_000_000,
            price_list_limit: true,
        }
    }
}
