//! The suppliers that a host has.

use std::{collections::BTreeSet, sync::Arc};

use dermaga_ports::booking::{FerrySupplier, FlightSupplier, Hint, HotelSupplier, NotAuthentic, PpobSupplier};

use crate::error::{Code, Error, Result};

/// At most one supplier of each kind. Cheap to clone.
#[derive(Clone, Default)]
pub struct Suppliers {
    pub flights: Option<Arc<dyn FlightSupplier>>,
    pub hotels: Option<Arc<dyn HotelSupplier>>,
    pub ferries: Option<Arc<dyn FerrySupplier>>,
    /// Of credits and bills.
    pub ppob: Option<Arc<dyn PpobSupplier>>,
}

impl Suppliers {
    /// # Errors
    /// [`Code::SupplierUnavailable`] if this host has none; so for the others.
    pub(super) fn flights(&self) -> Result<&Arc<dyn FlightSupplier>> {
        self.flights.as_ref().ok_or_else(|| nobody("flights"))
    }

    pub(super) fn hotels(&self) -> Result<&Arc<dyn HotelSupplier>> {
        self.hotels.as_ref().ok_or_else(|| nobody("hotel rooms"))
    }

    pub(super) fn ferries(&self) -> Result<&Arc<dyn FerrySupplier>> {
        self.ferries.as_ref().ok_or_else(|| nobody("ferry tickets"))
    }

    pub(super) fn ppob(&self) -> Result<&Arc<dyn PpobSupplier>> {
        self.ppob.as_ref().ok_or_else(|| nobody("credits and bills"))
    }

    /// The names of all, each once.
    pub(super) fn names(&self) -> Vec<String> {
        let names = [
            self.flights.as_ref().map(|one| one.name().to_owned()),
            self.hotels.as_ref().map(|one| one.name().to_owned()),
            self.ferries.as_ref().map(|one| one.name().to_owned()),
            self.ppob.as_ref().map(|one| one.name().to_owned()),
        ];
        names.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What a webhook of the supplier of that name says; nothing if there is no such supplier here. One that sells several
    /// kinds of things writes the same for all of them.
    pub(super) fn read_webhook(
        &self,
        name: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Option<std::result::Result<Hint, NotAuthentic>> {
        let flights = self.flights.as_ref().filter(|one| one.name() == name).map(|one| one.read_webhook(headers, body));
        let hotels =
            || self.hotels.as_ref().filter(|one| one.name() == name).map(|one| one.read_webhook(headers, body));
        let ferries =
            || self.ferries.as_ref().filter(|one| one.name() == name).map(|one| one.read_webhook(headers, body));
        let ppob = || self.ppob.as_ref().filter(|one| one.name() == name).map(|one| one.read_webhook(headers, body));
        flights.or_else(hotels).or_else(ferries).or_else(ppob)
    }
}

fn nobody(what: &str) -> Error {
    Error::new(Code::SupplierUnavailable, format!("Nobody sells {what} here."))
}
