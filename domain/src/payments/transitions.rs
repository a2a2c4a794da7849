//! What a gateway's answer means for an attempt to pay: a table, and one pure function that reads it.
//!
//! ```text
//! open:      CREATED ─> SUBMITTING ─> PENDING ─> REVIEW ─> AUTHORIZED      (only forward)
//! closed:    FAILED, CANCELLED, EXPIRED      from any open state; money may still come late
//! funded:    PAID                            from any open or closed state, when verified
//! unfunded:  VOIDED, REVERSED                from PAID, when the gateway says so itself
//! ```
//!
//! Times decide nothing here: messages overtake each other, so an answer is judged by what it says and by what is known.

use dermaga_ports::payments::{
    GatewayState, Payment, PaymentClass,
    PaymentState::{
        self, Authorized, Cancelled, Created, Expired, Failed, Paid, Pending, Reversed, Review, Submitting, Voided,
    },
    SeenAmount, Snapshot,
};

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The attempt moves there, with the gateway's reason if it gave one.
    Move(PaymentState, Option<String>),
    /// It says what is known already.
    Same,
    /// It says what is no longer so, or never can be after what is known.
    Stale,
    /// Money is there, but it is not what was asked for: a person has to look at it.
    Mismatch(String),
    /// The gateway took the money back before and now says it is paid: a person has to look at it.
    Returned,
    /// A word that this version does not know: nothing moves, it is asked again.
    Unrecognised(String),
}

/// The states that can follow a state.
pub fn successors(state: PaymentState) -> &'static [PaymentState] {
    match state {
        Created => &[Submitting, Pending, Review, Authorized, Failed, Cancelled, Expired, Paid],
        Submitting => &[Pending, Review, Authorized, Failed, Cancelled, Expired, Paid],
        Pending => &[Review, Authorized, Failed, Cancelled, Expired, Paid],
        Review => &[Authorized, Failed, Cancelled, Expired, Paid],
        Authorized => &[Failed, Cancelled, Expired, Paid],
        // Verified money beats everything that was believed before.
        Failed | Cancelled | Expired => &[Paid],
        Paid => &[Voided, Reversed],
        Voided | Reversed => &[],
    }
}

/// Judges an authoritative answer against what is known of the attempt.
pub fn judge(payment: &Payment, seen: &Snapshot) -> Judgement {
    let (to, reason) = match target(payment, &seen.state) {
        Ok(target) => target,
        Err(judgement) => return judgement,
    };
    if to == payment.state {
        // What could be read once and cannot any more is more than one payment under one name.
        let unclear = to == Paid && matches!(seen.amount, SeenAmount::Unreadable(_));
        return mismatch(payment, seen).filter(|_| unclear).map_or(Judgement::Same, Judgement::Mismatch);
    }
    if to == Paid {
        if payment.state.class() == PaymentClass::Unfunded {
            return Judgement::Returned;
        }
        if let Some(mismatch) = mismatch(payment, seen) {
            return Judgement::Mismatch(mismatch);
        }
    }
    let retry = matches!(&seen.state, GatewayState::Pending) && payment.state == Failed;
    if successors(payment.state).contains(&to) || (retry && reopens(payment)) {
        Judgement::Move(to, reason)
    } else {
        Judgement::Stale
    }
}

/// On a page of the gateway, a payer whose card was declined may try again under the same reference.
fn reopens(payment: &Payment) -> bool {
    payment.method.kind == dermaga_ports::payments::MethodKind::Page
}

/// Where the gateway's word leads from the present state.
fn target(payment: &Payment, seen: &GatewayState) -> Result<(PaymentState, Option<String>), Judgement> {
    let was_paid = payment.state.class() == PaymentClass::Funded;
    Ok(match seen {
        GatewayState::Pending => (Pending, None),
        GatewayState::Review => (Review, None),
        GatewayState::Authorized => (Authorized, None),
        GatewayState::Paid => (Paid, None),
        GatewayState::Denied { reason } if was_paid || payment.state == Reversed => (Reversed, Some(reason.clone())),
        GatewayState::Denied { reason } | GatewayState::Failed { reason } => (Failed, Some(reason.clone())),
        // What was captured and never settled can be cancelled; what was settled cannot.
        GatewayState::Cancelled if was_paid && !payment.settled => (Voided, None),
        GatewayState::Cancelled if payment.state == Voided => (Voided, None),
        GatewayState::Cancelled if payment.state == Review => (Failed, Some("rejected after a review".to_owned())),
        GatewayState::Cancelled => (Cancelled, None),
        GatewayState::Expired => (Expired, None),
        GatewayState::Unrecognised(word) => return Err(Judgement::Unrecognised(word.clone())),
    })
}

/// What is wrong with the money that the gateway says it took.
fn mismatch(payment: &Payment, seen: &Snapshot) -> Option<String> {
    let wanted = payment.amount;
    match &seen.amount {
        SeenAmount::Exact(amount) if *amount != wanted => Some(format!("{wanted} was asked for, {amount} was paid")),
        SeenAmount::Exact(_) => match seen.captured {
            Some(captured) if captured != wanted.amount() => {
                Some(format!("{wanted} was asked for, {captured} was captured"))
            }
            _ => None,
        },
        SeenAmount::Unreadable(text) => Some(format!("{wanted} was asked for, the gateway names {text:?}")),
        SeenAmount::Missing => Some(format!("{wanted} was asked for, the gateway names no amount")),
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{
        money::{Currency, Money},
        payments::{Method, MethodKind},
    };

    use super::*;
    use crate::payments::testing::{payment, seen};

    fn states() -> [GatewayState; 9] {
        [
            GatewayState::Pending,
            GatewayState::Review,
            GatewayState::Authorized,
            GatewayState::Paid,
            GatewayState::Denied { reason: "no".to_owned() },
            GatewayState::Failed { reason: "broken".to_owned() },
            GatewayState::Cancelled,
            GatewayState::Expired,
            GatewayState::Unrecognised("on_hold".to_owned()),
        ]
    }

    /// The class rule, over every state and every word a gateway has.
    #[test]
    fn money_beats_belief_and_nothing_but_the_gateway_takes_it_back() {
        for from in PaymentState::ALL {
            for word in states() {
                let judged = judge(&payment(from), &seen(word.clone()));
                let Judgement::Move(to, _) = judged else { continue };
                let allowed = match (from.class(), to.class()) {
                    (PaymentClass::Open, PaymentClass::Open) => {
                        let rank = |state| PaymentState::ALL.iter().position(|s| *s == state);
                        rank(from) < rank(to)
                    }
                    (PaymentClass::Open, PaymentClass::Closed | PaymentClass::Funded)
                    | (PaymentClass::Closed, PaymentClass::Funded) => true,
                    (PaymentClass::Funded, PaymentClass::Unfunded) => {
                        matches!(word, GatewayState::Denied { .. } | GatewayState::Cancelled)
                    }
                    _ => false,
                };
                assert!(allowed, "{from:?} and {word:?} became {to:?}");
            }
        }
    }

    #[test]
    fn a_verified_payment_is_taken_however_late() {
        for from in [Created, Submitting, Pending, Review, Authorized, Failed, Cancelled, Expired] {
            assert_eq!(judge(&payment(from), &seen(GatewayState::Paid)), Judgement::Move(Paid, None), "{from:?}");
        }
        assert_eq!(judge(&payment(Paid), &seen(GatewayState::Paid)), Judgement::Same);
        for from in [Voided, Reversed] {
            assert_eq!(judge(&payment(from), &seen(GatewayState::Paid)), Judgement::Returned);
        }
    }

    #[test]
    fn old_news_changes_nothing() {
        for word in [GatewayState::Pending, GatewayState::Expired, GatewayState::Failed { reason: String::new() }] {
            assert_eq!(judge(&payment(Paid), &seen(word)), Judgement::Stale);
        }
        assert_eq!(judge(&payment(Authorized), &seen(GatewayState::Pending)), Judgement::Stale);
        assert_eq!(judge(&payment(Expired), &seen(GatewayState::Cancelled)), Judgement::Stale);
    }

    #[test]
    fn what_was_settled_cannot_be_voided() {
        let mut settled = payment(Paid);
        settled.settled = true;
        assert_eq!(judge(&settled, &seen(GatewayState::Cancelled)), Judgement::Stale);
        assert_eq!(judge(&payment(Paid), &seen(GatewayState::Cancelled)), Judgement::Move(Voided, None));
    }

    #[test]
    fn both_shapes_of_a_rejected_review_are_one_result() {
        let cancelled = judge(&payment(Review), &seen(GatewayState::Cancelled));
        let denied =
            judge(&payment(Review), &seen(GatewayState::Denied { reason: "rejected after a review".to_owned() }));
        assert_eq!(cancelled, denied);
    }

    #[test]
    fn only_a_page_lets_the_payer_try_again() {
        let mut declined = payment(Failed);
        assert_eq!(judge(&declined, &seen(GatewayState::Pending)), Judgement::Stale);
        declined.method = Method::plain(MethodKind::Page);
        assert_eq!(judge(&declined, &seen(GatewayState::Pending)), Judgement::Move(Pending, None));
    }

    #[test]
    fn other_money_than_was_asked_for_funds_nothing() {
        let amounts = [
            SeenAmount::Exact(Money::new(50_001, Currency::Idr).expect("in range")),
            SeenAmount::Exact(Money::new(50_000, Currency::Usd).expect("in range")),
            SeenAmount::Unreadable("1e4".to_owned()),
            SeenAmount::Missing,
        ];
        for amount in amounts {
            let paid = Snapshot { amount: amount.clone(), ..seen(GatewayState::Paid) };
            assert!(matches!(judge(&payment(Pending), &paid), Judgement::Mismatch(_)), "{amount:?}");
            // Without money there is nothing to compare.
            let pending = Snapshot { amount, ..seen(GatewayState::Pending) };
            assert_eq!(judge(&payment(Submitting), &pending), Judgement::Move(Pending, None));
        }
        // Paid before, and now there is more under the same name.
        let several = Snapshot { amount: SeenAmount::Unreadable("2 are paid".to_owned()), ..seen(GatewayState::Paid) };
        assert!(matches!(judge(&payment(Paid), &several), Judgement::Mismatch(_)));
        let part = Snapshot { captured: Some(49_999), ..seen(GatewayState::Paid) };
        assert!(matches!(judge(&payment(Authorized), &part), Judgement::Mismatch(_)));
    }
}
