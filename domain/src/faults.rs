//! Collects everything that is wrong with a request, so that a caller can mend it in one go.

use std::{fmt::Display, str::FromStr};

use dermaga_ports::money::{Currency, Money};

use crate::error::{Error, Fault, Result};

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, pointer: &str, detail: impl Display) {
        self.0.push(Fault::new(pointer, detail));
    }

    /// Reads an optional field; notes a fault if it is there and wrong.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, pointer: &str, text: Option<&str>) -> Option<T> {
        let text = text?;
        text.parse().map_err(|error| self.add(pointer, error)).ok()
    }

    /// Reads a positive amount in a currency that is IDR unless named.
    pub fn amount(&mut self, amount: i64, currency: Option<&str>) -> Money {
        let currency = self.parse("/currency", currency).unwrap_or(Currency::Idr);
        match Money::new(amount, currency) {
            Ok(money) if money.is_positive() => money,
            Ok(money) => {
                self.add("/amount", "must be more than 0");
                money
            }
            Err(error) => {
                self.add("/amount", error);
                Money::zero(currency)
            }
        }
    }

    /// Bounds a text in characters and refuses control characters.
    pub fn text(&mut self, pointer: &str, text: Option<&str>, max: usize) -> Option<String> {
        let text = text?.trim();
        if text.chars().count() > max {
            self.add(pointer, format!("must have at most {max} characters"));
        }
        if text.chars().any(char::is_control) {
            self.add(pointer, "must not contain control characters");
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// All faults at once, if there are any.
    pub fn check(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(self.0)) }
    }
}
