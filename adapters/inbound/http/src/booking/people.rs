//! Who travels, on the wire.

use dermaga_ports::booking::{
    Contact, FerryVehicle, Gender, IdentityDocument, IdentityKind, Personal, Title, Traveller, TravellerKind,
};
use poem_openapi::{Enum, Object};

use crate::wire::DayText;

/// How a carrier counts somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "PassengerKind", rename_all = "lowercase")]
pub enum KindName {
    Adult,
    Child,
    /// Below two years, without a seat
    Infant,
}

/// As airlines write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Title", rename_all = "lowercase")]
pub enum TitleName {
    Mr,
    Ms,
    Mrs,
    Miss,
    Dr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "Gender", rename_all = "lowercase")]
pub enum GenderName {
    Female,
    Male,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "IdentityKind", rename_all = "lowercase")]
pub enum IdentityName {
    Passport,
    /// The 16 digits of an Indonesian identity card or family card
    Nik,
}

/// A passport or an identity card. Sealed at rest, shown masked, erased with the account.
#[derive(Debug, Clone, Object)]
#[oai(rename = "IdentityDocument", skip_serializing_if_is_none)]
pub struct IdentityBody {
    pub kind: IdentityName,
    #[oai(validator(min_length = 1, max_length = 50))]
    pub number: String,
    /// Two letters of ISO 3166; `ID` unless given
    #[oai(validator(min_length = 2, max_length = 2))]
    pub issued_by: Option<String>,
    pub expires_on: Option<DayText>,
}

/// Somebody who travels.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Passenger", skip_serializing_if_is_none)]
pub struct PassengerBody {
    /// `adult` unless given
    pub kind: Option<KindName>,
    pub title: Option<TitleName>,
    pub gender: Option<GenderName>,
    #[oai(validator(min_length = 1, max_length = 100))]
    pub given_name: String,
    /// Many people have one name only
    #[oai(validator(max_length = 100))]
    pub family_name: Option<String>,
    pub born_on: Option<DayText>,
    pub document: Option<IdentityBody>,
}

/// Somebody who sleeps.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Guest", skip_serializing_if_is_none)]
pub struct GuestBody {
    #[oai(validator(min_length = 1, max_length = 100))]
    pub given_name: String,
    #[oai(validator(max_length = 100))]
    pub family_name: Option<String>,
}

/// Where tickets and changes are told.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Contact")]
pub struct ContactBody {
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: String,
    #[oai(validator(max_length = 254))]
    pub email: String,
    /// In international form: `+6281234567890`
    #[oai(validator(max_length = 20))]
    pub phone: String,
}

/// A vehicle that comes aboard.
#[derive(Debug, Clone, Object)]
#[oai(rename = "FerryVehicle", skip_serializing_if_is_none)]
pub struct VehicleBody {
    /// Its class (golongan), as it was searched for
    #[oai(validator(min_length = 1, max_length = 10))]
    pub class: String,
    /// As `B 1234 XYZ`
    #[oai(validator(min_length = 1, max_length = 20))]
    pub plate: String,
    #[oai(validator(minimum(value = "50"), maximum(value = "3000")))]
    pub length_cm: Option<u32>,
}

impl From<KindName> for TravellerKind {
    fn from(kind: KindName) -> Self {
        match kind {
            KindName::Adult => Self::Adult,
            KindName::Child => Self::Child,
            KindName::Infant => Self::Infant,
        }
    }
}

impl From<TravellerKind> for KindName {
    fn from(kind: TravellerKind) -> Self {
        match kind {
            TravellerKind::Adult => Self::Adult,
            TravellerKind::Child => Self::Child,
            TravellerKind::Infant => Self::Infant,
        }
    }
}

impl From<PassengerBody> for Traveller {
    fn from(body: PassengerBody) -> Self {
        Self {
            kind: body.kind.unwrap_or(KindName::Adult).into(),
            title: body.title.map(|title| match title {
                TitleName::Mr => Title::Mr,
                TitleName::Ms => Title::Ms,
                TitleName::Mrs => Title::Mrs,
                TitleName::Miss => Title::Miss,
                TitleName::Dr => Title::Dr,
            }),
            gender: body.gender.map(|gender| match gender {
                GenderName::Female => Gender::Female,
                GenderName::Male => Gender::Male,
            }),
            given_name: Personal::new(body.given_name),
            family_name: name(body.family_name),
            born_on: body.born_on.map(|day| Personal::new(day.0.to_string())),
            document: body.document.map(Into::into),
        }
    }
}

impl From<IdentityBody> for IdentityDocument {
    fn from(body: IdentityBody) -> Self {
        Self {
            kind: match body.kind {
                IdentityName::Passport => IdentityKind::Passport,
                IdentityName::Nik => IdentityKind::Nik,
            },
            number: Personal::new(body.number),
            issued_by: body.issued_by.map_or_else(|| "ID".to_owned(), |country| country.to_ascii_uppercase()),
            expires_on: body.expires_on.map(|day| day.0),
        }
    }
}

impl From<GuestBody> for (Personal, Option<Personal>) {
    fn from(body: GuestBody) -> Self {
        (Personal::new(body.given_name), name(body.family_name))
    }
}

impl From<ContactBody> for Contact {
    fn from(body: ContactBody) -> Self {
        Self { name: Personal::new(body.name), email: Personal::new(body.email), phone: Personal::new(body.phone) }
    }
}

impl From<VehicleBody> for FerryVehicle {
    fn from(body: VehicleBody) -> Self {
        Self { class: body.class.to_ascii_uppercase(), plate: Personal::new(body.plate), length_cm: body.length_cm }
    }
}

/// An empty name is none.
fn name(text: Option<String>) -> Option<Personal> {
    text.filter(|text| !text.trim().is_empty()).map(Personal::new)
}
