//! The gateways that a host has, by name and by what they offer.

use std::sync::Arc;

use dermaga_ports::payments::{Method, MethodKind, PaymentGateway};

use super::MethodChoice;
use crate::{
    error::{Error, Result},
    faults::Faults,
};

/// The name under which manual transfers are kept: no gateway, but a person who reads the bank's statement.
pub const MANUAL: &str = "manual";

/// The gateways of a host; the first one that offers a method is the default for it.
#[derive(Clone, Default)]
pub struct Gateways {
    all: Vec<Arc<dyn PaymentGateway>>,
    /// The account that manual transfers go to, as the payer reads it.
    manual: Option<String>,
}

impl Gateways {
    /// These gateways, the default first.
    pub fn new(all: Vec<Arc<dyn PaymentGateway>>) -> Self {
        Self { all, manual: None }
    }

    /// And transfers to the merchant's own account, named as the payer shall read it.
    #[must_use]
    pub fn with_manual_transfers(self, account: String) -> Self {
        Self { manual: Some(account), ..self }
    }

    /// The account of manual transfers.
    pub fn manual_account(&self) -> Option<&str> {
        self.manual.as_deref()
    }

    /// The gateway of that name.
    pub fn named(&self, name: &str) -> Option<&Arc<dyn PaymentGateway>> {
        self.all.iter().find(|gateway| gateway.name() == name)
    }

    /// The gateways whose name begins so: several of one company share their webhooks.
    pub fn family<'g>(&'g self, prefix: &'g str) -> impl Iterator<Item = &'g Arc<dyn PaymentGateway>> {
        self.all.iter().filter(move |gateway| gateway.name().starts_with(prefix))
    }

    /// The gateway and the method that somebody chose: the named gateway, or the first that offers the method; the
    /// first gateway's first method if nothing is named.
    ///
    /// # Errors
    /// Faults of `/method`, `/gateway`, `/bank` and `/token` that say what there is.
    pub(super) fn choose(&self, choice: &MethodChoice) -> Result<(String, Method)> {
        let mut faults = Faults::default();
        let offered: Vec<&Arc<dyn PaymentGateway>> = self
            .all
            .iter()
            .filter(|gateway| choice.gateway.as_deref().is_none_or(|name| name == gateway.name()))
            .collect();
        if offered.is_empty() && choice.gateway.as_deref() != Some(MANUAL) {
            return Err(self.nothing_offered(choice));
        }
        let wanted = choice.method.as_deref();
        if wanted == Some(MethodKind::ManualTransfer.as_str()) && self.manual.is_some() {
            return Ok((MANUAL.to_owned(), Method::plain(MethodKind::ManualTransfer)));
        }
        let found = offered.iter().find_map(|gateway| {
            let methods = &gateway.capabilities().methods;
            let kind = match wanted {
                None => methods.first(),
                Some(wanted) => methods.iter().find(|kind| kind.as_str() == wanted),
            };
            kind.map(|kind| (gateway, *kind))
        });
        let Some((gateway, kind)) = found else {
            let mut names: Vec<&str> = Vec::new();
            for kind in offered.iter().flat_map(|gateway| &gateway.capabilities().methods) {
                if !names.contains(&kind.as_str()) {
                    names.push(kind.as_str());
                }
            }
            if self.manual.is_some() {
                names.push(MethodKind::ManualTransfer.as_str());
            }
            return Err(match names.as_slice() {
                [] => Error::fault("/method", "cannot be chosen: this host has no payment gateway"),
                some => Error::fault("/method", format!("must be one of {}", some.join(", "))),
            });
        };
        let mut method = Method::plain(kind);
        if kind == MethodKind::BankTransfer {
            let banks = &gateway.capabilities().banks;
            let bank = choice.bank.as_deref().map(str::to_lowercase);
            match bank.as_deref().or(banks.first().copied()) {
                Some(bank) if banks.contains(&bank) => method.bank = Some(bank.to_owned()),
                _ => faults.add("/bank", format!("must be one of {}", banks.join(", "))),
            }
        }
        if kind == MethodKind::Cstore {
            match choice.store.as_deref().unwrap_or("indomaret") {
                store @ ("indomaret" | "alfamart") => method.store = Some(store.to_owned()),
                _ => faults.add("/store", "must be indomaret or alfamart"),
            }
        }
        if kind == MethodKind::CreditCard {
            match &choice.token {
                Some(token) => method.token = Some(token.clone()),
                None => faults.add("/token", "is required for a card: the gateway gives it to the payer's browser"),
            }
            method.authorize_only = choice.authorize_only;
        }
        method.wallet = choice.wallet.filter(|_| kind == MethodKind::Wallet);
        faults.check()?;
        Ok((gateway.name().to_owned(), method))
    }

    fn nothing_offered(&self, choice: &MethodChoice) -> Error {
        let names: Vec<&str> = self.all.iter().map(|gateway| gateway.name()).collect();
        match (names.as_slice(), &choice.gateway) {
            ([], _) | (_, None) => Error::fault("/method", "cannot be chosen: this host has no payment gateway"),
            (some, Some(_)) => Error::fault("/gateway", format!("must be one of {}", some.join(", "))),
        }
    }
}
