//! Values as the databases keep them.
//!
//! A row is read into plain columns first and becomes a record second, through the record's own constructors: what
//! they refuse is [`StoreError::Corrupt`], so a row that somebody changed by hand cannot pass for a record.

use dermaga_ports::{
    StoreError,
    ledger::{Purpose, TransferKind},
    money::{Currency, Money},
    time::Timestamp,
};
use sqlx::{
    Decode, Encode, Postgres, Sqlite, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef},
    sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// A moment: `timestamptz` in Postgres, microseconds in SQLite. The driver's own choice for SQLite is RFC 3339 text
/// with an optional fraction, which does not sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

/// When Postgres begins to count, in microseconds since 1970.
const YEAR_2000: i64 = 946_684_800_000_000;

impl Type<Postgres> for Moment {
    fn type_info() -> PgTypeInfo {
        <OffsetDateTime as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Moment {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <OffsetDateTime as Encode<Postgres>>::encode(self.0.to_datetime(), buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Moment {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        // What the server sends is a count already; a calendar's date made of it would only be counted back.
        Ok(Self(match value.format() {
            PgValueFormat::Binary => {
                let since_2000 = <i64 as Decode<Postgres>>::decode(value)?;
                Timestamp::from_micros(since_2000.saturating_add(YEAR_2000))
            }
            PgValueFormat::Text => Timestamp::from(<OffsetDateTime as Decode<Postgres>>::decode(value)?),
        }))
    }
}

impl Type<Sqlite> for Moment {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }

    fn compatible(actual: &SqliteTypeInfo) -> bool {
        <i64 as Type<Sqlite>>::compatible(actual)
    }
}

impl Encode<'_, Sqlite> for Moment {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <i64 as Encode<Sqlite>>::encode(self.0.micros(), buffer)
    }
}

impl<'r> Decode<'r, Sqlite> for Moment {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(Timestamp::from_micros(<i64 as Decode<Sqlite>>::decode(value)?)))
    }
}

/// Before everything that was ever stored.
pub(crate) fn earliest() -> Moment {
    Moment(Timestamp::from_micros(i64::MIN))
}

/// After everything that was ever stored.
pub(crate) fn latest() -> Moment {
    Moment(Timestamp::from_micros(i64::MAX))
}

/// A row that cannot be.
pub(crate) fn corrupt(what: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(what.to_string())
}

/// Those that can be read. One that cannot must not keep what is due behind it from being looked after.
pub(crate) fn readable<T>(what: &str, rows: impl Iterator<Item = (Uuid, Result<T, StoreError>)>) -> Vec<T> {
    let told =
        |id: Uuid, error: &StoreError| tracing::error!(%error, %id, "a {what} cannot be read, and is left alone");
    rows.filter_map(|(id, row)| row.inspect_err(|error| told(id, error)).ok()).collect()
}

/// The one among `all` of that name.
pub(crate) fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Result<T, StoreError> {
    all.iter()
        .copied()
        .find(|candidate| name(*candidate) == text)
        .ok_or_else(|| corrupt(format_args!("{text:?} is no {}", short_type_name::<T>())))
}

fn short_type_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

/// A text through the constructor that made it.
pub(crate) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| corrupt(format_args!("{text:?} is no {}", short_type_name::<T>())))
}

/// The same for a text that may be missing.
pub(crate) fn parsed_if_any<T: std::str::FromStr>(text: Option<&str>) -> Result<Option<T>, StoreError> {
    text.map(parsed).transpose()
}

/// An amount with its currency.
pub(crate) fn money(amount: i64, currency: &str) -> Result<Money, StoreError> {
    Money::new(amount, parsed::<Currency>(currency)?).map_err(corrupt)
}

/// A digest, which is stored as bytes of any number.
pub(crate) fn digest(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| corrupt("a digest of another length"))
}

/// The kinds of transfers as the journal abbreviates them. The ones that moved money come first, so that `kind <= 3`
/// picks them and partial indexes leave the others out.
pub(crate) fn kind_code(kind: TransferKind) -> i16 {
    match kind {
        TransferKind::Post => 1,
        TransferKind::PostHold => 2,
        TransferKind::Reverse => 3,
        TransferKind::Hold => 4,
        TransferKind::VoidHold => 5,
    }
}

/// The reverse of [`kind_code`].
pub(crate) fn kind(code: i16) -> Result<TransferKind, StoreError> {
    let found = TransferKind::ALL.into_iter().find(|kind| kind_code(*kind) == code);
    found.ok_or_else(|| corrupt(format_args!("{code} is no kind of transfer")))
}

/// The purposes as the journal abbreviates them.
pub(crate) fn purpose_code(purpose: Purpose) -> i16 {
    match purpose {
        Purpose::Topup => 1,
        Purpose::Payment => 2,
        Purpose::Transfer => 3,
        Purpose::Debit => 4,
        Purpose::Credit => 5,
        Purpose::Refund => 6,
        Purpose::Fee => 7,
        Purpose::Surplus => 8,
        Purpose::Suspense => 9,
        Purpose::Chargeback => 10,
    }
}

/// The reverse of [`purpose_code`].
pub(crate) fn purpose(code: i16) -> Result<Purpose, StoreError> {
    let found = Purpose::ALL.into_iter().find(|purpose| purpose_code(*purpose) == code);
    found.ok_or_else(|| corrupt(format_args!("{code} is no purpose")))
}

/// What a search looks through: the texts in lower case, one after the other. The program lowers them, because SQLite
/// knows the case of ASCII only and Postgres that of its locale. The separator is a character nobody types.
pub(crate) fn search_text(texts: &[Option<&str>]) -> String {
    let mut all = String::new();
    for text in texts.iter().flatten() {
        if !all.is_empty() {
            all.push('\u{1f}');
        }
        all.push_str(&text.to_lowercase());
    }
    all
}

/// The pattern that finds `text` anywhere in a [`search_text`], for `LIKE .. ESCAPE '\'`.
pub(crate) fn search_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// Whether any of these can occur in a row at all: Postgres keeps no text with a NUL in it and refuses to look for one.
pub(crate) fn unfindable(texts: &[Option<&str>]) -> bool {
    texts.iter().flatten().any(|text| text.contains('\0'))
}

/// A text from outside as it can be kept: Postgres has no NUL in its texts.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for value in TransferKind::ALL {
            assert_eq!(kind(kind_code(value)), Ok(value));
            assert_eq!(kind_code(value) <= 3, value.moves_money(), "{value:?}");
        }
        for value in Purpose::ALL {
            assert_eq!(purpose(purpose_code(value)), Ok(value));
        }
        assert!(kind(0).is_err());
        assert!(purpose(11).is_err());
    }

    #[test]
    fn what_a_person_types_is_no_pattern() {
        assert_eq!(search_pattern("100%_\\Ok"), "%100\\%\\_\\\\ok%");
        assert_eq!(search_text(&[Some("Ärger"), None, Some("B")]), "ärger\u{1f}b");
    }

    #[test]
    fn a_name_nobody_knows_is_corrupt() {
        use dermaga_ports::ledger::AccountKind;
        assert_eq!(named(&AccountKind::ALL, AccountKind::as_str, "clearing"), Ok(AccountKind::Clearing));
        let refused = named(&AccountKind::ALL, AccountKind::as_str, "piggy bank");
        assert_eq!(refused, Err(StoreError::Corrupt("\"piggy bank\" is no AccountKind".to_owned())));
    }
}
