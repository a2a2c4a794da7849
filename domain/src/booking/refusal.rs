//! A supplier's no to a request that somebody waits for, in words for them.

use dermaga_ports::{
    booking::{Outcome, Refusal, RefusalKind},
    money::Money,
};
use serde_json::json;

use crate::error::{Code, Error, Result};

/// What an outcome brought, for whoever asked for it. Nothing was made by asking.
pub(super) fn answered<T>(outcome: Outcome<T>) -> Result<T> {
    match outcome {
        Outcome::Done(done) => Ok(done),
        Outcome::Refused(refusal) => Err(refused(refusal)),
        Outcome::Unknown(_) => Err(away()),
    }
}

/// A refusal as the caller hears it.
pub(super) fn refused(refusal: Refusal) -> Error {
    match refusal.kind {
        RefusalKind::InvalidInput { field } => Error::fault(&pointer(&field), refusal.reason),
        RefusalKind::PriceChanged { new: Some(new) } => {
            let facts = json!({"new": new.amount(), "currency": new.currency()});
            Error::new(Code::PriceChanged, refusal.reason).with_facts(facts)
        }
        RefusalKind::PriceChanged { new: None } => Error::new(Code::PriceChanged, refusal.reason),
        RefusalKind::Unavailable
        | RefusalKind::RateLimited { .. }
        | RefusalKind::InsufficientSupplierBalance
        | RefusalKind::Misconfigured => away(),
        RefusalKind::OfferGone
        | RefusalKind::ScheduleChanged
        | RefusalKind::Rejected
        | RefusalKind::AlreadyDone
        | RefusalKind::NotFound => Error::new(Code::OfferGone, refusal.reason),
    }
}

pub(super) fn away() -> Error {
    Error::new(Code::SupplierUnavailable, "The supplier does not answer. Ask again later.").retry_after(60)
}

/// It costs more than the customer said.
pub(super) fn dearer(what: &str, most: i64, price: Money) -> Error {
    let told = format!("{what} costs {} by now, not {most}.", price.amount());
    let facts = json!({"old": most, "new": price.amount(), "currency": price.currency()});
    Error::new(Code::PriceChanged, told).with_facts(facts).at("/max_total")
}

/// Whether it costs more than that, or something that cannot be compared with it.
pub(super) fn is_dearer(cost: Money, most: Money) -> bool {
    cost.currency() != most.currency() || cost.amount() > most.amount()
}

/// Our pointer for a path in the adapters' commands: `travellers[0].born_on` is `/passengers/0/born_on`.
fn pointer(field: &str) -> String {
    let path = field.replace("travellers", "passengers").replace('[', "/").replace(']', "").replace('.', "/");
    format!("/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_an_adapter_is_a_field_of_the_request() {
        for (field, place) in [
            ("travellers[0].born_on", "/passengers/0/born_on"),
            ("travellers[2].document.number", "/passengers/2/document/number"),
            ("guests[1].given_name", "/guests/1/given_name"),
            ("contact.phone", "/contact/phone"),
            ("customer_no", "/customer_no"),
        ] {
            assert_eq!(pointer(field), place);
        }
    }
}
