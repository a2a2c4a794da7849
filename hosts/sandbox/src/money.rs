//! Amounts in whole rupiah, and the text they arrive in. Nothing here, or anywhere in the sandbox, is a float.

use serde_json::{Number, Value};

/// The largest amount that any caller can hold exactly.
pub const MOST: i64 = 9_007_199_254_740_991;

/// An amount as Midtrans takes it: a whole number, not a text and without decimals.
pub fn whole(value: &Value) -> Option<i64> {
    value.as_i64().filter(|amount| amount.abs() <= MOST)
}

/// An amount as Xendit takes it: a number, of which decimals are cut off.
pub fn cut(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else { return None };
    cut_text(&number.to_string())
}

/// The same of a text. An exponent is no amount.
pub fn cut_text(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    whole.parse().ok().filter(|amount: &i64| amount.abs() <= MOST)
}

/// As Midtrans writes it: `150000.00`.
pub fn two_decimals(amount: i64) -> String {
    format!("{amount}.00")
}

/// The amount with an exponent: `15e4`.
pub fn exponent(amount: i64) -> String {
    let (mut digits, mut zeros) = (amount, 0);
    while digits != 0 && digits % 10 == 0 {
        digits /= 10;
        zeros += 1;
    }
    format!("{digits}e{zeros}")
}

/// More than anybody has, and more than 64 bits hold.
pub const HUGE: &str = "99999999999999999999";

/// A number with a fraction, spelled out.
pub fn number(text: &str) -> Value {
    serde_json::from_str::<Number>(text).map_or_else(|_| Value::from(text), Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn decimals_are_cut_off_and_nothing_is_rounded() {
        for (value, amount) in [
            (json!(4550.5), Some(4550)),
            (json!(4550.99), Some(4550)),
            (json!(150_000), Some(150_000)),
            (json!(-3), Some(-3)),
            (json!("150000"), None),
            (json!(1e300), None),
            (json!(i64::MAX), None),
            (json!(null), None),
        ] {
            assert_eq!(cut(&value), amount, "{value}");
        }
        assert_eq!(exponent(150_000), "15e4");
        assert_eq!(exponent(0), "0e0");
        assert_eq!(cut_text("1e5"), None);
        assert_eq!(cut_text("12.5x"), None);
    }

    #[test]
    fn midtrans_takes_whole_numbers_alone() {
        assert_eq!(whole(&json!(150_000)), Some(150_000));
        for wrong in [json!(150_000.0), json!("150000"), json!(null), json!(MOST + 1)] {
            assert_eq!(whole(&wrong), None, "{wrong}");
        }
    }
}
