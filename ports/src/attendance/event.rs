//! Events, and when their doors are open.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What an event is called in addresses and on paper: 2 to 64 lower-case letters, digits, dashes and underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventSlug(String);

impl EventSlug {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EventSlug {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        let first = text.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if first && (2..=64).contains(&text.len()) && text.chars().all(inner) {
            return Ok(Self(text.to_owned()));
        }
        Err("must have 2 to 64 lower-case letters, digits, dashes or underscores, and begin with a letter or digit")
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [$name] = &[$(Self::$variant,)*];

            /// The name in the database and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    )*};
}

pub(super) use words;

words! {
    /// Who is let in.
    Admission {
        /// Whoever has a ticket that was issued here.
        Listed = "listed",
        /// Whoever shows a code that nobody has shown before.
        Open = "open",
    }
    /// How often.
    Entry {
        /// Once, and that is it.
        Single = "single",
        /// In and out, as long as only one person is inside on one ticket.
        Reentry = "re-entry",
    }
}

/// What people attend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventSlug,
    pub name: String,
    pub venue: Option<String>,
    pub starts_at: Timestamp,
    /// After this nobody is let in.
    pub ends_at: Timestamp,
    /// Before this nobody is let in; at any time unless given.
    pub doors_at: Option<Timestamp>,
    /// How many may have come, or be inside where one may come back; as many as want unless given.
    pub capacity: Option<u32>,
    pub admission: Admission,
    pub entry: Entry,
    /// Counts changes, so that two people who change an event at once do not undo each other's work.
    pub version: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Whether anybody is let in at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    Open,
    /// They open then.
    NotYet(Timestamp),
    /// They have closed then.
    Closed(Timestamp),
}

impl Event {
    /// Whether anybody is let in at that moment.
    pub fn doors(&self, at: Timestamp) -> Doors {
        match self.doors_at {
            Some(doors_at) if at < doors_at => Doors::NotYet(doors_at),
            _ if at >= self.ends_at => Doors::Closed(self.ends_at),
            _ => Doors::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_readable_and_fits_into_an_address() {
        for good in ["evt1", "konser-2026", "a_b", "1a", &"x".repeat(64)] {
            assert_eq!(good.parse::<EventSlug>().map(|slug| slug.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "a", "Evt1", "-a", "a b", "a/b", "é1", &"x".repeat(65)] {
            assert!(bad.parse::<EventSlug>().is_err(), "{bad:?}");
        }
    }
}
