//! Who travels and with which papers, as they are shown: numbers of identity documents never as a whole.

use dermaga_ports::booking::{Document, DocumentKind, IdentityKind, Traveller};
use poem_openapi::{Enum, Object};

use super::{
    people::{IdentityName, KindName},
    wire::masked,
};

/// Somebody who travels.
#[derive(Debug, Clone, Object)]
#[oai(rename = "BookedPassenger", skip_serializing_if_is_none)]
pub struct TravellerBody {
    pub kind: KindName,
    pub name: String,
    pub document_kind: Option<IdentityName>,
    /// Only the last four characters
    pub document_number: Option<String>,
}

impl From<&Traveller> for TravellerBody {
    fn from(traveller: &Traveller) -> Self {
        let document = traveller.document.as_ref();
        Self {
            kind: traveller.kind.into(),
            name: full_name(traveller),
            document_kind: document.map(|document| match document.kind {
                IdentityKind::Passport => IdentityName::Passport,
                IdentityKind::Nik => IdentityName::Nik,
            }),
            document_number: document.map(|document| masked(&document.number)),
        }
    }
}

/// As it is printed.
pub fn full_name(traveller: &Traveller) -> String {
    let family = traveller.family_name.as_ref().map(|name| format!(" {}", name.reveal())).unwrap_or_default();
    format!("{}{family}", traveller.given_name.reveal())
}

/// What a paper is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "DocumentKind", rename_all = "snake_case")]
pub enum DocumentName {
    ETicket,
    /// For something beside the seat
    Emd,
    Voucher,
    /// It is exchanged for a boarding pass at the port, and is none itself
    FerryTicket,
    VehicleTicket,
}

impl From<DocumentKind> for DocumentName {
    fn from(kind: DocumentKind) -> Self {
        match kind {
            DocumentKind::ETicket => Self::ETicket,
            DocumentKind::Emd => Self::Emd,
            DocumentKind::Voucher => Self::Voucher,
            DocumentKind::FerryTicket => Self::FerryTicket,
            DocumentKind::VehicleTicket => Self::VehicleTicket,
        }
    }
}

/// A ticket or a voucher.
#[derive(Debug, Clone, Object)]
#[oai(rename = "BookingDocument", skip_serializing_if_is_none)]
pub struct DocumentBody {
    pub kind: DocumentName,
    /// For the customer alone; others see its end
    pub number: String,
    /// Whose it is: a place among the passengers, from 0
    pub passenger: Option<u32>,
    /// The content of a code to be scanned; for the customer alone
    pub qr: Option<String>,
}

impl DocumentBody {
    /// A paper as its customer sees it, or somebody else.
    pub fn of(document: &Document, own: bool) -> Self {
        let number = if own { document.number.clone() } else { masked(&document.number.as_str().into()) };
        let qr = document.qr.as_ref().filter(|_| own).map(|code| code.reveal().to_owned());
        let passenger = document.traveller.and_then(|at| u32::try_from(at).ok());
        Self { kind: document.kind.into(), number, passenger, qr }
    }
}
