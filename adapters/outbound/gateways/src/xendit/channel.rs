//! Xendit's names of the methods, and what each wants to know of the payer.

use dermaga_ports::payments::{Method, MethodKind, Refundable, RefusalKind};

use crate::wire::{NotDone, invalid, refused};

/// The banks of [`MethodKind::BankTransfer`]; the first is the default.
pub(super) const BANKS: [&str; 7] = ["bca", "bni", "bri", "mandiri", "permata", "cimb", "bsi"];

/// The stores of [`MethodKind::Cstore`]; the first is the default.
const STORES: [&str; 2] = ["indomaret", "alfamart"];

/// The channel of a method.
pub(super) fn code(method: &Method) -> Result<String, NotDone> {
    let one_of = |asked: Option<&str>, known: &[&str], what: &str| {
        let name = asked.unwrap_or(known[0]);
        let told = || invalid(format!("the {what} must be one of {}", known.join(", ")));
        if known.contains(&name) { Ok(name.to_ascii_uppercase()) } else { Err(told()) }
    };
    match method.kind {
        MethodKind::BankTransfer => {
            one_of(method.bank.as_deref(), &BANKS, "bank").map(|bank| format!("{bank}_VIRTUAL_ACCOUNT"))
        }
        MethodKind::Cstore => one_of(method.store.as_deref(), &STORES, "store"),
        MethodKind::Qris => Ok("QRIS".to_owned()),
        MethodKind::Gopay => Ok("GOPAY".to_owned()),
        MethodKind::Shopeepay => Ok("SHOPEEPAY".to_owned()),
        MethodKind::CreditCard => Ok("CARDS".to_owned()),
        other => Err(refused(RefusalKind::NotSupported, format!("Xendit has no method {other}"))),
    }
}

/// The member in which a channel wants the payer's name.
pub(super) fn name_member(kind: MethodKind) -> Option<&'static str> {
    match kind {
        MethodKind::BankTransfer => Some("display_name"),
        MethodKind::Cstore => Some("payer_name"),
        _ => None,
    }
}

/// What Xendit can return of a payment by this method. Of a page only the payer's choice tells.
pub(super) fn refundable(kind: MethodKind) -> Refundable {
    match kind {
        MethodKind::Qris | MethodKind::Gopay | MethodKind::Shopeepay | MethodKind::CreditCard | MethodKind::Page => {
            Refundable::Partly
        }
        _ => Refundable::No,
    }
}
