//! Who travels, and whom to write to. Suppliers and manifests want to know more about people than anybody else does, so
//! what is personal says so in its type: it has no Debug text, and whoever stores it seals it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Day;

/// Text about a person, or text that is as good as money in anybody's hands. `Debug` hides it; it is revealed by name
/// where it has to go onto a ticket.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Never hand it to a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// As a name it can stand on a ticket: Latin letters, blanks, hyphens and apostrophes, 20 at the most.
    pub fn fits_a_ticket(&self) -> bool {
        let text = self.0.trim();
        let letter = |c: char| {
            c.is_ascii_alphabetic()
                || matches!(c, ' ' | '-' | '\'')
                || (('\u{c0}'..='\u{17f}').contains(&c) && c.is_alphabetic())
        };
        (1..=20).contains(&text.chars().count()) && text.chars().all(letter)
    }

    /// As a telephone number it is in international form: `+6281234567890`.
    pub fn is_international(&self) -> bool {
        let digits = self.0.strip_prefix('+').unwrap_or_default();
        (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// As a number of an identity card it has its 16 digits.
    pub fn is_nik(&self) -> bool {
        self.0.len() == 16 && self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(hidden)")
    }
}

impl From<&str> for Personal {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// How a carrier counts somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TravellerKind {
    Adult,
    Child,
    /// Below two years, without a seat.
    Infant,
}

impl TravellerKind {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adult => "adult",
            Self::Child => "child",
            Self::Infant => "infant",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Title {
    Mr,
    Ms,
    Mrs,
    Miss,
    Dr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    Female,
    Male,
}

/// What proves who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    Passport,
    /// The 16 digits of an Indonesian identity card or family card.
    Nik,
}

/// A passport or an identity card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityDocument {
    pub kind: IdentityKind,
    pub number: Personal,
    /// Two letters of ISO 3166.
    pub issued_by: String,
    pub expires_on: Option<Day>,
}

/// Somebody who travels or sleeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traveller {
    pub kind: TravellerKind,
    pub title: Option<Title>,
    pub gender: Option<Gender>,
    pub given_name: Personal,
    /// Many people have one name only.
    pub family_name: Option<Personal>,
    /// As `YYYY-MM-DD`.
    pub born_on: Option<Personal>,
    pub document: Option<IdentityDocument>,
}

/// Where tickets and changes are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: Personal,
    pub email: Personal,
    /// In international form: `+6281234567890`.
    pub phone: Personal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_personal_is_not_printed() {
        let budi = Traveller {
            kind: TravellerKind::Adult,
            title: Some(Title::Mr),
            gender: Some(Gender::Male),
            given_name: "SECRET".into(),
            family_name: Some("SECRET".into()),
            born_on: Some("SECRET".into()),
            document: Some(IdentityDocument {
                kind: IdentityKind::Nik,
                number: "SECRET".into(),
                issued_by: "ID".to_owned(),
                expires_on: None,
            }),
        };
        let contact = Contact { name: "SECRET".into(), email: "SECRET".into(), phone: "SECRET".into() };
        let told = format!("{budi:?} {contact:?}");
        assert!(!told.contains("SECRET") && told.contains("Adult"), "{told}");
        assert_eq!(budi.given_name.reveal(), "SECRET");
    }
}
