//! Amounts as suppliers write them, read digit by digit: what is not exact is not read at all.

use dermaga_ports::money::{Currency, Money};

use super::text::Text;

/// The most digits before the point.
const MAX_DIGITS: usize = 13;

/// `45.00` in smallest units of a currency. Rupiah are written with two decimals by some and with none by others: what
/// is behind the point must be nothing then.
///
/// No sign, no exponent, no separators; `None` for anything else.
pub(crate) fn units(text: &str, currency: Currency) -> Option<i64> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if (1..=3).contains(&fraction.len()) => (whole, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=MAX_DIGITS).contains(&whole.len()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let scale = usize::from(currency.scale());
    let mut padded = format!("{fraction:0<3}");
    let beyond = padded.split_off(scale);
    if beyond.bytes().any(|digit| digit != b'0') {
        return None;
    }
    format!("{whole}{padded}").parse().ok()
}

/// An amount with its currency, if both can be read exactly.
pub(crate) fn money(amount: &Text, currency: &Text) -> Option<Money> {
    let currency: Currency = currency.get()?.parse().ok()?;
    Money::new(units(amount.get()?, currency)?, currency).ok()
}

/// Whole rupiah.
pub(crate) fn rupiah(amount: &Text) -> Option<Money> {
    Money::new(units(amount.get()?, Currency::Idr)?, Currency::Idr).ok()
}

/// As suppliers take it: `45.00`, or `1250000` where the currency has no decimals.
pub(crate) fn decimal(money: Money) -> String {
    let scale = u32::from(money.currency().scale());
    let one = 10_i64.pow(scale);
    if scale == 0 {
        return money.amount().to_string();
    }
    let (whole, fraction) = (money.amount() / one, (money.amount() % one).abs());
    format!("{whole}.{fraction:0width$}", width = scale as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn trap_21_rupiah_are_whole_with_and_without_decimals_and_never_rounded() {
        for text in ["129677", "129677.00", "129677.0"] {
            assert_eq!(units(text, Currency::Idr), Some(129_677), "not to hundreds either");
        }
        for bad in ["129677.50", "1e5", "-1", "+1", "", ".", ".5", "5.", "1,000", " 1", "0x1", "99999999999999", "١"] {
            assert_eq!(units(bad, Currency::Idr), None, "{bad}");
        }
        assert_eq!(units("45.5", Currency::Usd), Some(4_550));
        assert_eq!(units("45.555", Currency::Usd), None);
        assert_eq!(units("45.550", Currency::Usd), Some(4_555));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(amount in 0_i64..=9_007_199_254_740) {
            for currency in Currency::ALL {
                let money = Money::new(amount, currency).expect("in range");
                prop_assert_eq!(units(&decimal(money), currency), Some(amount));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            for currency in Currency::ALL {
                let _ = units(&text, currency);
            }
        }
    }
}
