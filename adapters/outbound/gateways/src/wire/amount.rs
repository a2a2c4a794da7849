//! Amounts as gateways write them, read digit by digit: what is not exact is not read at all.

use dermaga_ports::{
    money::{Currency, Money},
    payments::SeenAmount,
};

/// The most digits before the point.
const MAX_DIGITS: usize = 13;

/// `150000`, `150000.00` or, where the currency has cents, `12.50`, in smallest units.
///
/// No sign, no exponent, no separators, at most two decimals; `None` for anything else.
pub(crate) fn units(text: &str, currency: Currency) -> Option<i64> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if (1..=2).contains(&fraction.len()) => (whole, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=MAX_DIGITS).contains(&whole.len()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let scale = usize::from(currency.scale());
    let mut padded = format!("{fraction:0<2}");
    let beyond = padded.split_off(scale.min(padded.len()));
    if beyond.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let units: i64 = format!("{whole}{padded}").parse().ok()?;
    Money::new(units, currency).ok().map(Money::amount)
}

/// An amount with its currency, as it was told.
pub(crate) fn seen(amount: Option<&str>, currency: Option<&str>) -> SeenAmount {
    let Some(text) = amount else { return SeenAmount::Missing };
    let told = || SeenAmount::Unreadable(clip(&format!("{text} {}", currency.unwrap_or("without a currency"))));
    let Some(currency) = currency.and_then(|code| code.parse::<Currency>().ok()) else { return told() };
    match units(text, currency).map(|units| Money::new(units, currency)) {
        Some(Ok(money)) => SeenAmount::Exact(money),
        _ => told(),
    }
}

fn clip(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn c10_10_amounts_are_exact_or_unreadable() {
        let idr = |text| units(text, Currency::Idr);
        assert_eq!(idr("10000.00"), Some(10_000));
        assert_eq!(idr("10000"), Some(10_000));
        assert_eq!(idr("10000.0"), Some(10_000));
        assert_eq!(idr("9007199254740"), Some(9_007_199_254_740));
        for bad in [
            "10000.50",
            "10000.01",
            "1e4",
            "-1",
            "+1",
            "",
            ".",
            ".5",
            "5.",
            "1.000",
            "1,000",
            " 1",
            "0x10",
            "NaN",
            "99999999999999",
            "١٠",
        ] {
            assert_eq!(idr(bad), None, "{bad}");
        }
        assert_eq!(units("12.5", Currency::Usd), Some(1_250));
        assert_eq!(units("12", Currency::Usd), Some(1_200));
        assert_eq!(units("9999999999999.99", Currency::Usd), Some(999_999_999_999_999));
    }

    #[test]
    fn c10_40_an_amount_without_a_known_currency_is_told_as_it_came() {
        let text = |seen| match seen {
            SeenAmount::Unreadable(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(text(seen(Some("1.00"), None)), "1.00 without a currency");
        assert_eq!(text(seen(Some("1.00"), Some("XXX"))), "1.00 XXX");
        assert_eq!(text(seen(Some("1.50"), Some("IDR"))), "1.50 IDR");
        assert_eq!(seen(None, Some("IDR")), SeenAmount::Missing);
        let dollars = Money::new(150, Currency::Usd).expect("in range");
        assert_eq!(seen(Some("1.50"), Some("USD")), SeenAmount::Exact(dollars));
    }

    proptest! {
        #[test]
        fn every_rupiah_reads_back_with_and_without_decimals(amount in 0_i64..=9_007_199_254_740) {
            prop_assert_eq!(units(&amount.to_string(), Currency::Idr), Some(amount));
            prop_assert_eq!(units(&format!("{amount}.00"), Currency::Idr), Some(amount));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            for currency in Currency::ALL {
                let _ = units(&text, currency);
            }
        }
    }
}
