//! How things are said: one file for each language, and amounts as its readers write them.
//!
//! Plain functions over typed facts: the compiler finds a text that is missing in a language, and a fact that a text asks
//! for and does not get.

mod en;
mod id;

use dermaga_ports::{
    auth::Language,
    money::{Currency, Money},
    notifications::{Content, Notification},
};

use super::notice::{Notice, Sum};

/// A notification in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// One line, for e-mail.
    pub subject: String,
    /// What happened, in a sentence or two. All that a text message says.
    pub message: String,
    /// Under which number one can ask about it.
    reference: Option<String>,
}

impl Words {
    /// The words of a notification.
    ///
    /// # Errors
    /// A template or facts that this version does not know.
    pub fn of(notification: &Notification) -> Result<Self, String> {
        match &notification.content {
            Content::Plain { message } => {
                let subject = match notification.language {
                    Language::Id => id::SUBJECT,
                    Language::En => en::SUBJECT,
                };
                Ok(Self { subject: subject.to_owned(), message: message.clone(), reference: None })
            }
            Content::Template { name, data } => {
                let Notice { what, reference } = Notice::read(name, data)?;
                let (subject, message) = match notification.language {
                    Language::Id => id::say(&what),
                    Language::En => en::say(&what),
                };
                Ok(Self { subject, message, reference: Some(reference).filter(|number| !number.is_empty()) })
            }
        }
    }

    /// The words as a list shows them: one that cannot be read must not hide the others.
    pub(super) fn shown(notification: &Notification) -> Self {
        Self::of(notification).unwrap_or_else(|_| {
            let name = notification.template().unwrap_or_default().to_owned();
            Self { subject: name.clone(), message: name, reference: None }
        })
    }

    /// The body of an e-mail to somebody of that name.
    pub fn letter(&self, language: Language, name: Option<&str>) -> String {
        match language {
            Language::Id => id::letter(self, name),
            Language::En => en::letter(self, name),
        }
    }
}

/// How a language writes numbers.
struct Digits {
    thousands: char,
    decimals: char,
}

impl Digits {
    /// An amount as people write it: the sign they know, groups of three, the decimals of the currency.
    fn money(&self, sum: Sum) -> String {
        // What is kept was checked when it was moved. Whatever else it may be, it is shown and not hidden.
        let amount = Money::new(sum.amount, sum.currency).map_or(sum.amount, Money::amount);
        let one = 10_u64.pow(u32::from(sum.currency.scale()));
        let (whole, rest) = (amount.unsigned_abs() / one, amount.unsigned_abs() % one);
        let minus = if amount < 0 { "-" } else { "" };
        let mut text = format!("{minus}{} {}", sign(sum.currency), self.grouped(whole));
        if sum.currency.scale() > 0 {
            text.push(self.decimals);
            text.push_str(&format!("{rest:0width$}", width = usize::from(sum.currency.scale())));
        }
        text
    }

    fn grouped(&self, number: u64) -> String {
        let digits = number.to_string();
        let mut grouped = String::with_capacity(digits.len() * 4 / 3);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped.push(self.thousands);
            }
            grouped.push(digit);
        }
        grouped
    }
}

/// How a currency is written before an amount.
fn sign(currency: Currency) -> &'static str {
    match currency {
        Currency::Idr => "Rp",
        Currency::Usd => "US$",
        Currency::Sgd => "S$",
        Currency::Myr => "RM",
        Currency::Eur => "€",
        Currency::Jpy => "¥",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifications::{Kind, What};

    fn sum(amount: i64, currency: Currency) -> Sum {
        Sum { amount, currency }
    }

    #[test]
    fn amounts_are_written_as_people_write_them() {
        for (amount, currency, indonesian, english) in [
            (50_000, Currency::Idr, "Rp 50.000", "Rp 50,000"),
            (1_250_000_000, Currency::Idr, "Rp 1.250.000.000", "Rp 1,250,000,000"),
            (999, Currency::Idr, "Rp 999", "Rp 999"),
            (0, Currency::Idr, "Rp 0", "Rp 0"),
            (-1_000, Currency::Idr, "-Rp 1.000", "-Rp 1,000"),
            (123_405, Currency::Usd, "US$ 1.234,05", "US$ 1,234.05"),
            (5, Currency::Eur, "€ 0,05", "€ 0.05"),
            (70_000, Currency::Jpy, "¥ 70.000", "¥ 70,000"),
        ] {
            assert_eq!(id::DIGITS.money(sum(amount, currency)), indonesian);
            assert_eq!(en::DIGITS.money(sum(amount, currency)), english);
        }
    }

    /// One of each.
    fn everything() -> Vec<What> {
        let sum = sum(50_000, Currency::Idr);
        let mut all = vec![
            What::TopupArrived { sum },
            What::MoneyReceived { sum, from: None },
            What::MoneySent { sum, to: None },
            What::MoneyAdded { sum },
            What::MoneyTaken { sum },
            What::TransferWaiting { sum },
            What::MoneyReclaimed { sum, returned: sum },
            What::PaymentTaken { sum },
            What::PaymentFailed { sum, reason: None },
            What::PaymentExpired { sum },
            What::PaymentInReview { sum },
            What::PaymentSurplus { sum },
            What::RefundMade { sum },
            What::RefundFailed { sum },
            What::OrderConfirmed { sum: Some(sum) },
            What::OrderPaid { sum: Some(sum) },
        ];
        for kind in [Kind::Topup, Kind::Payment, Kind::Transfer, Kind::Debit, Kind::Credit] {
            all.push(What::TransactionFailed { kind, sum });
            all.push(What::TransactionCancelled { kind, sum });
            all.push(What::MoneyReturned { kind, sum, returned: sum });
        }
        all
    }

    #[test]
    fn every_text_about_money_says_how_much_and_fits_where_it_is_shown() {
        for what in everything() {
            for (language, (subject, message), amount) in
                [("id", id::say(&what), "Rp 50.000"), ("en", en::say(&what), "Rp 50,000")]
            {
                assert!(message.contains(amount), "{language} {what:?}: {message}");
                assert!(subject.len() <= 60 && !subject.contains('\n'), "{language} {what:?}: {subject}");
                // Two text messages at most.
                assert!(message.len() <= 306, "{language} {what:?}: {message}");
                assert!(message.ends_with('.') && !message.contains("  "), "{language} {what:?}: {message}");
            }
        }
    }

    #[test]
    fn names_and_reasons_are_said_if_there_are_any() {
        let sum = sum(50_000, Currency::Idr);
        let (_, named) = id::say(&What::MoneyReceived { sum, from: Some("Ani".to_owned()) });
        assert_eq!(named, "Anda menerima Rp 50.000 dari Ani.");
        let (_, nameless) = en::say(&What::MoneyReceived { sum, from: None });
        assert_eq!(nameless, "You have received Rp 50,000.");
        let (_, why) = en::say(&What::PaymentFailed { sum, reason: Some("card expired".to_owned()) });
        assert!(why.contains("card expired"), "{why}");
    }
}
