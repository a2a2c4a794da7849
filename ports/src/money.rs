//! Money: whole numbers of a currency's smallest unit, and nothing else.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The largest amount that every client can read exactly: 2^53 - 1, JavaScript's largest safe integer.
pub const MAX_AMOUNT: i64 = (1 << 53) - 1;

/// A currency this system keeps books in, with its number of decimal places.
///
/// The scale is the one used in commerce: rupiah have no sen here, so `50000` is Rp 50.000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    #[default]
    Idr,
    Usd,
    Sgd,
    Myr,
    Eur,
    Jpy,
}

impl Currency {
    /// Every currency, in the order in which lists show them.
    pub const ALL: [Currency; 6] = [Self::Idr, Self::Usd, Self::Sgd, Self::Myr, Self::Eur, Self::Jpy];

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Idr => "IDR",
            Self::Usd => "USD",
            Self::Sgd => "SGD",
            Self::Myr => "MYR",
            Self::Eur => "EUR",
            Self::Jpy => "JPY",
        }
    }

    /// Decimal places: how many digits of an amount are behind the point.
    pub fn scale(self) -> u8 {
        match self {
            Self::Idr | Self::Jpy => 0,
            Self::Usd | Self::Sgd | Self::Myr | Self::Eur => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A currency code that is not in [`Currency::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of IDR, USD, SGD, MYR, EUR, JPY")]
pub struct UnknownCurrency;

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|currency| currency.code() == code).ok_or(UnknownCurrency)
    }
}

/// Why an amount cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies in one sum.
    #[error("{left} and {right} cannot be added up")]
    CurrencyMismatch { left: Currency, right: Currency },
    /// Beyond [`MAX_AMOUNT`] in either direction.
    #[error("the amount exceeds {MAX_AMOUNT}")]
    OutOfRange,
}

/// An amount of one currency in its smallest unit; may be negative, never beyond [`MAX_AMOUNT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Money {
    amount: i64,
    currency: Currency,
}

impl Money {
    /// # Errors
    /// [`MoneyError::OutOfRange`] beyond ±[`MAX_AMOUNT`].
    pub fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount.unsigned_abs() > MAX_AMOUNT as u64 {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { amount, currency })
    }

    /// Nothing, in that currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// The number of smallest units.
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// More than nothing.
    pub const fn is_positive(self) -> bool {
        self.amount > 0
    }

    /// # Errors
    /// Different currencies, or a sum out of range.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        // Two amounts within ±2^53 cannot overflow an i64.
        Self::new(self.amount + other.amount, self.currency)
    }

    /// # Errors
    /// Different currencies, or a difference out of range.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::new(self.amount - other.amount, self.currency)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
    }
}

impl<'de> Deserialize<'de> for Money {
    /// As it was written, and never beyond [`MAX_AMOUNT`].
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            amount: i64,
            currency: Currency,
        }
        let Written { amount, currency } = Written::deserialize(deserializer)?;
        Self::new(amount, currency).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Money {
    /// `IDR 50000`, `USD 12.50`: for logs and messages; a client formats for its own reader.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = u32::from(self.currency.scale());
        let sign = if self.amount < 0 { "-" } else { "" };
        let units = self.amount.unsigned_abs();
        if scale == 0 {
            return write!(f, "{} {sign}{units}", self.currency);
        }
        let one = 10_u64.pow(scale);
        write!(f, "{} {sign}{}.{:0width$}", self.currency, units / one, units % one, width = scale as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idr(amount: i64) -> Money {
        Money::new(amount, Currency::Idr).expect("in range")
    }

    #[test]
    fn the_range_ends_where_javascript_ends() {
        assert!(Money::new(MAX_AMOUNT, Currency::Idr).is_ok());
        assert_eq!(Money::new(MAX_AMOUNT + 1, Currency::Idr), Err(MoneyError::OutOfRange));
        assert_eq!(Money::new(i64::MIN, Currency::Idr), Err(MoneyError::OutOfRange));
        assert_eq!(idr(MAX_AMOUNT).checked_add(idr(1)), Err(MoneyError::OutOfRange));
        assert_eq!(idr(-MAX_AMOUNT).checked_sub(idr(1)), Err(MoneyError::OutOfRange));
    }

    #[test]
    fn currencies_do_not_mix() {
        let usd = Money::new(1, Currency::Usd).expect("in range");
        assert!(matches!(idr(1).checked_add(usd), Err(MoneyError::CurrencyMismatch { .. })));
        assert!(matches!(idr(1).checked_sub(usd), Err(MoneyError::CurrencyMismatch { .. })));
    }

    #[test]
    fn every_code_reads_back_and_no_other_does() {
        for currency in Currency::ALL {
            assert_eq!(currency.code().parse(), Ok(currency));
        }
        assert_eq!("idr".parse::<Currency>(), Err(UnknownCurrency));
        assert_eq!("XXX".parse::<Currency>(), Err(UnknownCurrency));
    }

    #[test]
    fn shown_with_the_decimals_of_its_currency() {
        assert_eq!(idr(50_000).to_string(), "IDR 50000");
        assert_eq!(Money::new(-1_205, Currency::Usd).expect("in range").to_string(), "USD -12.05");
    }
}
