//! Card numbers stay out.
//!
//! A card's number goes from the payer's browser to the gateway, which answers a token; only the token comes here. Whoever
//! sends the number by mistake is refused before anything is stored or logged, and without it being repeated.

use dermaga_domain::{Error, error::Fault};

/// Refuses texts that carry a card number.
///
/// # Errors
/// A fault for each such text, which names the field and not what is in it.
pub fn refuse<'t>(texts: impl Iterator<Item = (&'static str, &'t str)>) -> Result<(), Error> {
    let told = "must not contain a card number: let the gateway's script turn the card into a token";
    let faults: Vec<Fault> =
        texts.filter(|(_, text)| has_card_number(text)).map(|(pointer, _)| Fault::new(pointer, told)).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Whether a run of 13 to 19 digits, perhaps in groups, begins like a card of a known scheme and has its check digit.
fn has_card_number(text: &str) -> bool {
    let mut run: Vec<u8> = Vec::new();
    for byte in text.bytes().chain([b'.']) {
        match byte {
            b'0'..=b'9' => run.push(byte - b'0'),
            b' ' | b'-' => {}
            _ => {
                if is_card_number(&run) {
                    return true;
                }
                run.clear();
            }
        }
    }
    false
}

fn is_card_number(digits: &[u8]) -> bool {
    let schemes =
        |first: u8, second: u8| matches!((first, second), (4, _) | (5, 0..=8) | (2, 2..=7) | (3, 4..=8) | (6, _));
    (13..=19).contains(&digits.len()) && schemes(digits[0], digits[1]) && luhn(digits)
}

/// The check digit of card numbers: doubled from the right, every second one.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_found_in_any_spelling() {
        for text in ["4811111111111114", "4811 1111 1111 1114", "card 5211-1111-1111-1117 please", "378282246310005"] {
            assert!(has_card_number(text), "{text}");
        }
    }

    #[test]
    fn tokens_and_other_numbers_pass() {
        let innocent = [
            "481111-1114-0b4e8f5e-52d6-4f2f-9b57-0e2c2b8d9f10",
            "tok-accept-0b4e8f5e-52d6-4f2f-9b57-0e2c2b8d9f10",
            "4811111111111115",
            "+62 811 0000 0001",
            "order 1234567890123456",
        ];
        for text in innocent {
            assert!(!has_card_number(text), "{text}");
        }
    }

    #[test]
    fn the_refusal_does_not_repeat_the_number() {
        let error = refuse([("/token", "4811111111111114")].into_iter()).expect_err("refused");
        assert!(!error.to_string().contains("4811"));
        assert_eq!(error.faults()[0].pointer, "/token");
    }
}
