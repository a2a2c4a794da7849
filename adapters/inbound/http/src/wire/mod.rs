//! Wire types that several contexts share: moments, currencies, pages.

mod csv;
mod moment;
pub mod qr;

pub use csv::{Csv, CsvRows, wants_csv};
use dermaga_ports::{
    auth::Language,
    money::Currency,
    paging::{Page, PageRequest},
};
pub use moment::{DayText, LocalText, Moment};
use poem_openapi::{
    ApiResponse, Enum, Object,
    types::{ParseFromJSON, ToJSON, Type},
};
use uuid::Uuid;

/// A currency, by its ISO 4217 code. IDR and JPY have no decimals here, the others two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Currency")]
pub enum CurrencyCode {
    #[oai(rename = "IDR")]
    Idr,
    #[oai(rename = "USD")]
    Usd,
    #[oai(rename = "SGD")]
    Sgd,
    #[oai(rename = "MYR")]
    Myr,
    #[oai(rename = "EUR")]
    Eur,
    #[oai(rename = "JPY")]
    Jpy,
}

impl CurrencyCode {
    /// The code itself.
    pub fn code(self) -> &'static str {
        Currency::from(self).code()
    }
}

impl From<Currency> for CurrencyCode {
    fn from(currency: Currency) -> Self {
        match currency {
            Currency::Idr => Self::Idr,
            Currency::Usd => Self::Usd,
            Currency::Sgd => Self::Sgd,
            Currency::Myr => Self::Myr,
            Currency::Eur => Self::Eur,
            Currency::Jpy => Self::Jpy,
        }
    }
}

impl From<CurrencyCode> for Currency {
    fn from(code: CurrencyCode) -> Self {
        match code {
            CurrencyCode::Idr => Self::Idr,
            CurrencyCode::Usd => Self::Usd,
            CurrencyCode::Sgd => Self::Sgd,
            CurrencyCode::Myr => Self::Myr,
            CurrencyCode::Eur => Self::Eur,
            CurrencyCode::Jpy => Self::Jpy,
        }
    }
}

/// A language, by its ISO 639-1 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Language", rename_all = "lowercase")]
pub enum LanguageCode {
    /// Indonesian
    Id,
    /// English
    En,
}

impl From<Language> for LanguageCode {
    fn from(language: Language) -> Self {
        match language {
            Language::Id => Self::Id,
            Language::En => Self::En,
        }
    }
}

impl From<LanguageCode> for Language {
    fn from(code: LanguageCode) -> Self {
        match code {
            LanguageCode::Id => Self::Id,
            LanguageCode::En => Self::En,
        }
    }
}

/// The code of a currency, as the use cases read it.
pub fn currency_text(code: Option<CurrencyCode>) -> Option<String> {
    code.map(|code| Currency::from(code).code().to_owned())
}

/// A part of a list.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct List<T: Type + ParseFromJSON + ToJSON> {
    pub items: Vec<T>,
    /// What to send as `after` for the next part; absent on the last
    pub next: Option<String>,
}

impl<T: Type + ParseFromJSON + ToJSON> List<T> {
    /// From a page of records.
    pub fn of<R: Into<T>, K: ToString>(page: Page<R, K>) -> Self {
        Self { items: page.items.into_iter().map(Into::into).collect(), next: page.next.map(|key| key.to_string()) }
    }
}

/// How many rows a list has unless the caller says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;

/// The page that a caller asks for.
pub fn page<K: From<Uuid>>(limit: Option<u32>, after: Option<Uuid>) -> PageRequest<K> {
    PageRequest::new(after.map(K::from), limit.unwrap_or(DEFAULT_LIMIT))
}

/// The same for lists that are ordered by time.
pub fn page_by_time(limit: Option<u32>, after: Option<Moment>) -> PageRequest<dermaga_ports::time::Timestamp> {
    PageRequest::new(after.map(|moment| moment.0), limit.unwrap_or(DEFAULT_LIMIT))
}

/// Done, and nothing to tell.
#[derive(ApiResponse)]
pub enum NoContent {
    /// Done
    #[oai(status = 204)]
    Done,
}
