//! Reading tokens.

use std::time::Duration;

use super::{AmountText, Currency, DenyShape, Hang, LatePay, Script, Signature, ThreeDs};

impl Script {
    /// Reads tokens; what stands before the first `~` is none.
    pub fn parse(text: &str) -> Self {
        let mut script = Self { tokens: text[text.find('~').unwrap_or(text.len())..].to_owned(), ..Self::default() };
        for token in text.split('~').skip(1) {
            // Whoever numbers attempts does it behind everything: `ORDER-7~pay1s-2`.
            let token = token.split('-').next().unwrap_or_default();
            if !token.is_empty() && script.take(token).is_none() {
                script.unknown.push(format!("~{token}"));
            }
        }
        script
    }

    fn take(&mut self, token: &str) -> Option<()> {
        let (name, argument) = token.split_once('.').unwrap_or((token, ""));
        match (name, argument) {
            ("settle", "") => self.life.settle = true,
            ("latepay", "") => self.life.late_pay = Some(LatePay::Revives),
            ("latepay", "keep") => self.life.late_pay = Some(LatePay::Keeps),
            ("deny", "") => self.life.deny = true,
            ("challenge", "") => self.life.challenge = true,
            ("denyshape", "cancel") => self.life.deny_shape = DenyShape::Cancel,
            ("denyshape", "deny") => self.life.deny_shape = DenyShape::Deny,
            ("3ds", "") => self.life.three_ds = Some(ThreeDs::Passes),
            ("3ds", "abandon") => self.life.three_ds = Some(ThreeDs::Abandoned),
            ("3ds", "fail") => self.life.three_ds = Some(ThreeDs::Fails),
            ("auth", "") => self.life.authorize = true,
            ("rfdeny", "") => self.life.refund_denied = true,
            // Two notifications for each refund is what Midtrans does anyway.
            ("rf2n", "") => {}
            ("reorder", "") => self.delivery.reorder = true,
            ("early", "") => self.delivery.early = true,
            ("drop", "") => self.delivery.drop = true,
            ("badsig", "") => self.delivery.signature = Signature::Wrong,
            ("nosig", "") => self.delivery.signature = Signature::Missing,
            ("amt", shift) => self.looks.shift = signed(shift)?,
            ("amtfmt", form) => self.looks.amount = amount_text(form)?,
            ("cur", "none") => self.looks.currency = Currency::Absent,
            ("cur", code) if !code.is_empty() => self.looks.currency = Currency::Other(code.to_owned()),
            ("ptype", kind) if !kind.is_empty() => self.looks.payment_type = Some(kind.to_owned()),
            ("st", status) if !status.is_empty() => self.looks.status = Some(status.to_owned()),
            ("upper", "") => self.looks.upper = true,
            ("shape", "odd") => self.looks.odd = true,
            ("nest", "") => self.looks.nested = true,
            ("hang", "after") => self.call.hang = Some(Hang::After),
            ("hang", "before") => self.call.hang = Some(Hang::Before),
            ("inproc", "") => self.call.in_process = true,
            _ => return self.take_timed(name, argument),
        }
        Some(())
    }

    /// Tokens with a number behind their name.
    fn take_timed(&mut self, name: &str, argument: &str) -> Option<()> {
        let after = |prefix: &str| name.strip_prefix(prefix);
        if let Some(partial) = after("cbp") {
            self.life.chargeback = Some((span(partial)?, Some(argument.parse().ok().filter(|amount| *amount > 0)?)));
        } else if let Some(code) = after("e").filter(|code| code.len() == 3).and_then(|code| code.parse().ok()) {
            let times = if argument.is_empty() { None } else { Some(argument.parse().ok()?) };
            self.call.refuse = Some((code, times));
        } else if !argument.is_empty() {
            return None;
        } else if let Some(copies) = after("dup") {
            self.delivery.copies = copies.parse().ok().filter(|copies| (1..=100).contains(copies))?;
        } else if let Some(time) = after("pay") {
            self.life.pay = Some(span(time)?);
        } else if let Some(time) = after("exp") {
            self.life.expire = Some(span(time)?);
        } else if let Some(time) = after("fail") {
            self.life.fail = Some(span(time)?);
        } else if let Some(time) = after("cancel") {
            self.life.cancel = Some(span(time)?);
        } else if let Some(time) = after("reverse") {
            self.life.reverse = Some(span(time)?);
        } else if let Some(time) = after("cb") {
            self.life.chargeback = Some((span(time)?, None));
        } else if let Some(time) = after("rfpend") {
            self.life.refund_pending = Some(span(time)?);
        } else if let Some(time) = after("delay") {
            self.delivery.delay = span(time)?;
        } else {
            return None;
        }
        Some(())
    }
}

/// `1s`, `2m`, `500ms`, `3h`, `7d`; nothing is at once.
fn span(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|sign: char| sign.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let millis: u64 = match unit {
        "" if number.is_empty() => return Some(Duration::ZERO),
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(millis).map(Duration::from_millis)
}

fn signed(text: &str) -> Option<i64> {
    let number = |digits: &str| digits.parse::<u32>().ok().map(i64::from);
    match text.split_at_checked(1)? {
        ("p", digits) => number(digits),
        ("m", digits) => number(digits).map(|less| -less),
        _ => None,
    }
}

fn amount_text(form: &str) -> Option<AmountText> {
    Some(match form {
        "int" => AmountText::Int,
        "dec50" => AmountText::Dec50,
        "exp" => AmountText::Exp,
        "neg" => AmountText::Neg,
        "huge" => AmountText::Huge,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Call, Delivery, Life, Looks},
        *,
    };

    fn wishes(script: &Script) -> (&Life, &Delivery, &Looks, &Call) {
        (&script.life, &script.delivery, &script.looks, &script.call)
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn every_documented_token_is_known_and_asks_for_something() {
        for token in [
            "pay1s",
            "pay2m",
            "settle",
            "exp",
            "exp5s",
            "latepay",
            "latepay.keep",
            "deny",
            "fail",
            "challenge",
            "denyshape.cancel",
            "3ds",
            "3ds.abandon",
            "3ds.fail",
            "auth",
            "cancel5s",
            "reverse180s",
            "cb1h",
            "cbp1h.5000",
            "rfdeny",
            "rfpend1h",
            "dup3",
            "reorder",
            "early",
            "drop",
            "delay3s",
            "badsig",
            "nosig",
            "amt.p1",
            "amt.m1",
            "amtfmt.int",
            "amtfmt.dec50",
            "amtfmt.exp",
            "amtfmt.neg",
            "amtfmt.huge",
            "cur.USD",
            "cur.none",
            "ptype.qris",
            "st.on_hold",
            "upper",
            "shape.odd",
            "nest",
            "hang.after",
            "hang.before",
            "inproc",
            "e402",
            "e503.2",
        ] {
            let script = Script::parse(&format!("ORDER-1~{token}"));
            assert!(script.unknown.is_empty(), "{token} is known");
            assert_ne!(wishes(&script), wishes(&Script::default()), "{token} asks for something");
        }
        let defaults = Script::parse("~rf2n~denyshape.deny");
        assert_eq!(wishes(&defaults), wishes(&Script::default()), "what is so anyway may be said");
        assert_eq!(defaults.tokens, "~rf2n~denyshape.deny");
    }

    #[test]
    fn tokens_add_up_and_carry_their_numbers() {
        let script = Script::parse("ORDER-1~pay1500ms~cbp2h.700~amt.m12~e503.2~dup3");
        assert_eq!(script.life.pay, Some(Duration::from_millis(1500)));
        assert_eq!(script.life.chargeback, Some((Duration::from_secs(7200), Some(700))));
        assert_eq!(script.looks.shift, -12);
        assert_eq!(script.call.refuse, Some((503, Some(2))));
        assert_eq!(script.delivery.copies, 3);
    }

    #[test]
    fn what_is_no_token_is_kept_apart() {
        let wrong =
            ["payx", "pay1w", "dup0", "dupx", "amt.1", "amtfmt.x", "e5", "cbp1s.x", "cbp1s.0", "st", "hang", "fly"];
        for token in wrong {
            let script = Script::parse(&format!("~{token}"));
            assert_eq!(script.unknown, [format!("~{token}")]);
            assert!(!script.moves(), "{token}");
        }
    }

    #[test]
    fn the_first_source_with_a_token_wins() {
        let from = |sources: &[Option<&str>]| Script::first_of(sources).life.pay;
        assert_eq!(from(&[None, Some("attempt=1"), Some("ORDER-1~pay1s")]), Some(SECOND));
        assert_eq!(from(&[Some("~pay3s"), Some("~pay2s"), Some("ORDER-1~pay1s")]), Some(3 * SECOND));
        assert_eq!(from(&[None, None, Some("ORDER-1~pay1s-2")]), Some(SECOND));
        assert_eq!(from(&[None, None, Some("ORDER-1")]), None);
    }

    #[test]
    fn a_script_moves_if_something_happens_by_itself() {
        for token in
            ["pay", "exp", "latepay", "deny", "fail", "cancel1s", "reverse1s", "cb", "3ds", "auth", "challenge"]
        {
            assert!(Script::parse(&format!("~{token}")).moves(), "{token}");
        }
        for token in ["drop", "dup2", "settle", "rfdeny", "hang.after", "e505", "rfpend1s"] {
            assert!(!Script::parse(&format!("~{token}")).moves(), "{token}");
        }
    }
}
