//! What Digiflazz' codes mean. The table is the documentation's, with what each means for what comes next.

use std::time::Duration;

use dermaga_ports::{
    booking::{Refusal, RefusalKind},
    time::Timestamp,
};

use crate::wire::{mask, outcome::NotDone};

/// What a code says about a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Success,
    Pending,
    /// For good.
    Failed(RefusalKind),
    /// The biller did not answer in time. It is documented as a failure, and believed after a later look only.
    Doubtful,
    /// The money came back.
    Returned,
    /// There is no such purchase.
    Absent,
    /// Nobody documented it, or it contradicts itself.
    Unreadable,
}

/// The verdict of a code, with the status that came with it.
pub(super) fn verdict(rc: &str, status: &str, now: Timestamp) -> Verdict {
    let expected = match rc {
        "00" => "Sukses",
        "03" | "99" => "Pending",
        _ => "Gagal",
    };
    // A success and a failure in one answer prove neither. A refusal may come without a status.
    if !status.is_empty() && !status.eq_ignore_ascii_case(expected) {
        return Verdict::Unreadable;
    }
    match rc {
        "00" if status.is_empty() => Verdict::Unreadable,
        "00" => Verdict::Success,
        "03" | "99" => Verdict::Pending,
        "01" | "70" => Verdict::Doubtful,
        "50" => Verdict::Absent,
        "74" => Verdict::Returned,
        _ => kind(rc, now).map_or(Verdict::Unreadable, Verdict::Failed),
    }
}

fn kind(rc: &str, now: Timestamp) -> Option<RefusalKind> {
    let field = |name: &str| RefusalKind::InvalidInput { field: name.to_owned() };
    let later = |seconds| RefusalKind::RateLimited { retry_at: Some(now + Duration::from_secs(seconds)) };
    Some(match rc {
        "40" | "41" | "42" | "45" | "61" | "80" | "81" | "82" | "88" => RefusalKind::Misconfigured,
        "44" => RefusalKind::InsufficientSupplierBalance,
        "49" => RefusalKind::AlreadyDone,
        "51" | "52" | "54" | "57" | "59" | "60" | "72" => field("customer_no"),
        "73" => field("sku"),
        "84" | "87" => field("amount"),
        // Not to be had now; another seller's may be.
        "43" | "53" | "55" | "56" | "58" | "62" | "66" | "67" | "68" | "71" => RefusalKind::OfferGone,
        "69" => RefusalKind::PriceChanged { new: None },
        "83" => later(300),
        "85" => later(60),
        "86" => RefusalKind::RateLimited { retry_at: None },
        "02" | "47" | "63" | "64" | "65" => RefusalKind::Rejected,
        _ => return None,
    })
}

/// A question that was refused.
pub(super) fn refused(rc: &str, message: &str, confidential: &[&str], now: Timestamp) -> NotDone {
    let kind = match rc {
        "50" => RefusalKind::NotFound,
        "01" | "03" | "70" | "99" => RefusalKind::Unavailable,
        _ => kind(rc, now).unwrap_or(RefusalKind::Unavailable),
    };
    refusal(kind, rc, message, confidential)
}

pub(super) fn refusal(kind: RefusalKind, rc: &str, message: &str, confidential: &[&str]) -> NotDone {
    let said = mask::words(message, confidential);
    let reason = if said.is_empty() { format!("Digiflazz refused with code {}", mask::words(rc, &[])) } else { said };
    NotDone::Refused(Refusal { kind, code: Some(rc.chars().take(10).collect()), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-05T03:00:00Z".parse().expect("a time")
    }

    #[test]
    fn every_documented_code_has_a_verdict() {
        let failed: Vec<u32> =
            (2..=2).chain(40..=45).chain([47, 49]).chain(51..=69).chain(71..=73).chain(80..=88).collect();
        for code in failed.into_iter().filter(|code| !matches!(code, 46)) {
            let rc = format!("{code:02}");
            assert!(matches!(verdict(&rc, "Gagal", now()), Verdict::Failed(_)), "{rc}");
        }
        assert_eq!(verdict("00", "Sukses", now()), Verdict::Success);
        assert_eq!(verdict("03", "Pending", now()), Verdict::Pending);
        assert_eq!(verdict("99", "Pending", now()), Verdict::Pending);
        assert_eq!(verdict("01", "Gagal", now()), Verdict::Doubtful);
        assert_eq!(verdict("70", "Gagal", now()), Verdict::Doubtful);
        assert_eq!(verdict("50", "Gagal", now()), Verdict::Absent);
    }

    #[test]
    fn what_contradicts_itself_or_is_new_proves_nothing() {
        for (rc, status) in
            [("00", "Gagal"), ("02", "Sukses"), ("46", "Gagal"), ("", "Sukses"), ("00", ""), ("03", "Sukses")]
        {
            assert_eq!(verdict(rc, status, now()), Verdict::Unreadable, "{rc} {status}");
        }
    }

    #[test]
    fn trap_15_the_price_list_is_limited_for_five_minutes() {
        let NotDone::Refused(refusal) = refused("83", "limit", &[], now()) else { panic!("refused") };
        let in_five_minutes = Some(now() + Duration::from_secs(300));
        assert_eq!(refusal.kind, RefusalKind::RateLimited { retry_at: in_five_minutes });
    }
}
