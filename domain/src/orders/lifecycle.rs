//! Which status an order may move to.
//!
//! ```text
//! DRAFT ─> CONFIRMED ─> PAID ─> COMPLETED
//!   │          ├─> EXPIRED  (by its deadline)
//!   └──────────┴────────┴──> CANCELLED  (paid: the money goes back)
//! ```

use dermaga_ports::orders::OrderStatus;

use crate::error::{Code, Error, Result};

/// Where an order may go from a status.
pub fn successors(status: OrderStatus) -> &'static [OrderStatus] {
    use OrderStatus::{Cancelled, Completed, Confirmed, Draft, Expired, Paid};
    match status {
        Draft => &[Confirmed, Cancelled],
        Confirmed => &[Paid, Expired, Cancelled],
        Paid => &[Completed, Cancelled],
        Completed | Cancelled | Expired => &[],
    }
}

/// Whether an order may make this move.
///
/// # Errors
/// [`Code::IllegalTransition`], naming the present status and where it leads.
pub(super) fn may_move(from: OrderStatus, to: OrderStatus) -> Result<()> {
    if successors(from).contains(&to) {
        return Ok(());
    }
    let next: Vec<&str> = successors(from).iter().map(|status| status.as_str()).collect();
    let told = match next.as_slice() {
        [] => format!("The order is {}, and stays so.", from.as_str()),
        some => format!(
            "The order is {}; from there it goes to {}, not to {}.",
            from.as_str(),
            some.join(" or "),
            to.as_str()
        ),
    };
    Err(Error::new(Code::IllegalTransition, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_to_an_end_and_stays_there() {
        for status in OrderStatus::ALL {
            let mut reached = vec![status];
            while let Some(next) = reached.iter().flat_map(|at| successors(*at)).find(|to| !reached.contains(to)) {
                reached.push(*next);
            }
            assert!(reached.iter().any(|at| successors(*at).is_empty()), "{status:?}");
            assert!(!successors(status).contains(&status), "{status:?}");
        }
    }

    #[test]
    fn nothing_is_delivered_that_was_not_paid() {
        for status in OrderStatus::ALL {
            let delivers = successors(status).contains(&OrderStatus::Completed);
            assert_eq!(delivers, status == OrderStatus::Paid, "{status:?}");
        }
        let told = may_move(OrderStatus::Confirmed, OrderStatus::Completed).expect_err("refused");
        assert!(told.detail().contains("PAID or EXPIRED or CANCELLED"), "{told}");
    }
}
