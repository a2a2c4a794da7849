//! Who was on either side of a line, and which part of the business it belongs to.

use dermaga_ports::ledger::{Account, AccountKind};

use crate::payments::slug;

/// One side of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Side {
    Customer,
    /// Money at a gateway.
    Gateway(String),
    /// By the slug of the merchant's name.
    Merchant(String),
    /// Any other account of the system, with the gateway that it belongs to, if it does.
    System(Option<String>),
}

impl Side {
    /// The side that an account is; what is not told apart is a customer's.
    pub fn of(account: &Account) -> Self {
        // `kind:name:currency`, or `kind:currency`.
        let name = account.code.split_once(':').and_then(|(_, rest)| rest.rsplit_once(':'));
        let name = name.map(|(name, _)| name.to_owned());
        match (account.kind, name) {
            (AccountKind::Wallet, _) => Self::Customer,
            (AccountKind::GatewayCash, Some(name)) => Self::Gateway(name),
            (AccountKind::Merchant, Some(slug)) => Self::Merchant(slug),
            (_, name) => Self::System(name),
        }
    }

    /// The gateway that has to do with it.
    pub fn gateway(&self) -> Option<&str> {
        match self {
            Self::Gateway(name) | Self::System(Some(name)) => Some(name),
            Self::Customer | Self::Merchant(_) | Self::System(None) => None,
        }
    }

    pub fn merchant(&self) -> Option<&str> {
        match self {
            Self::Merchant(slug) => Some(slug),
            _ => None,
        }
    }
}

/// What money is called that moved without a gateway: from the wallets' own balance.
const BALANCE: &str = "wallet";

/// Which way the money took.
pub(super) fn gateway<'a>(debit: &'a Side, credit: &'a Side) -> &'a str {
    debit.gateway().or(credit.gateway()).unwrap_or(BALANCE)
}

/// Which part of the business a line belongs to: that of the merchant, or else the wallets. Our own merchants are called
/// after `own`; all others are customers like any other.
pub(super) fn context(merchant: Option<&str>, own: &str) -> &'static str {
    let Some(merchant) = merchant else { return "wallet" };
    let part = slug(own).and_then(|own| merchant.strip_prefix(&own)?.strip_prefix('-'));
    match part {
        Some("shop") => "shop",
        Some("travel") => "travel",
        Some("events") => "events",
        _ => "merchants",
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{ledger::SystemAccount, money::Currency, time::Timestamp};

    use super::*;

    fn side(account: &SystemAccount) -> Side {
        Side::of(&account.open(Currency::Idr, Timestamp::from_micros(0)))
    }

    #[test]
    fn an_account_says_by_its_code_whose_it_is() {
        let gateway = || "midtrans".to_owned();
        assert_eq!(side(&SystemAccount::GatewayCash { gateway: gateway() }), Side::Gateway(gateway()));
        assert_eq!(side(&SystemAccount::Merchant { slug: "kopi".to_owned() }), Side::Merchant("kopi".to_owned()));
        assert_eq!(side(&SystemAccount::GatewayFees { gateway: gateway() }), Side::System(Some(gateway())));
        assert_eq!(side(&SystemAccount::Clearing), Side::System(None));
    }

    #[test]
    fn only_our_own_merchants_are_told_apart() {
        for (merchant, expected) in [
            (None, "wallet"),
            (Some("toko-kita-shop"), "shop"),
            (Some("toko-kita-travel"), "travel"),
            (Some("toko-kita-events"), "events"),
            (Some("toko-kita"), "merchants"),
            (Some("toko-kita-shopping"), "merchants"),
            (Some("other-toko-kita-shop"), "merchants"),
            (Some("kopi"), "merchants"),
        ] {
            assert_eq!(context(merchant, "Toko Kita"), expected, "{merchant:?}");
        }
        assert_eq!(context(Some("-shop"), "!"), "merchants");
    }
}
