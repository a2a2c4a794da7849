//! Telephone numbers as providers want them.

use dermaga_ports::auth::Phone;

/// The number in the international form of E.164: a plus, the country, the number.
///
/// People write the numbers of their own country with a leading 0, and leave the plus out.
pub(crate) fn international(phone: &Phone, country: &str) -> String {
    let number = phone.as_str();
    match number.strip_prefix('0') {
        _ if number.starts_with('+') => number.to_owned(),
        Some(abroad) if abroad.starts_with('0') => format!("+{}", &abroad[1..]),
        Some(national) => format!("+{country}{national}"),
        None => format!("+{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_number_is_one_number() {
        for written in ["+62 812 3456 7890", "0812-3456-7890", "62 812 3456 7890", "0062 812 3456 7890"] {
            let phone: Phone = written.parse().expect("a number");
            assert_eq!(international(&phone, "62"), "+6281234567890", "{written}");
        }
    }
}
