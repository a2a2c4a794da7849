//! Faults on demand: the next call of that kind meets a time-out, a reset or nonsense.
//!
//! Scripts say what happens to one payment; faults say what happens to calls, of whatever provider.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Which calls meet a fault. What is not said matches everything; `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matcher {
    /// The player: `midtrans`, `snap`, `xendit`, `twilio`, `duffel`, `ferry`, `digiflazz`.
    pub provider: Option<String>,
    /// The method.
    pub method: Option<String>,
    /// The path below the player's address.
    pub path: Option<String>,
    /// The caller's reference.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Mode {
    /// It hangs and nothing was done.
    TimeoutBeforeCommit,
    /// It hangs though all was done.
    TimeoutAfterCommit,
    /// The connection breaks.
    Reset,
    /// The answer comes, but later.
    Slow(u64),
    /// Half of the answer comes.
    Truncate,
    /// A page of some proxy comes instead.
    Html,
    /// Another status comes.
    Status(u16),
}

impl TryFrom<String> for Mode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |digits: &str| digits.parse::<u64>().ok();
        let mode = match text.split_once(':').unwrap_or((&text, "")) {
            ("timeout_before_commit", "") => Some(Self::TimeoutBeforeCommit),
            ("timeout_after_commit", "") => Some(Self::TimeoutAfterCommit),
            ("reset", "") => Some(Self::Reset),
            ("truncate", "") => Some(Self::Truncate),
            ("html", "") => Some(Self::Html),
            ("slow", millis) => number(millis).map(Self::Slow),
            ("status", code) => code.parse().ok().filter(|code| (400..=599).contains(code)).map(Self::Status),
            _ => None,
        };
        mode.ok_or_else(|| {
            format!(
                "{text:?} is no fault: write timeout_before_commit, timeout_after_commit, reset, slow:3000, truncate, \
                 html or status:503"
            )
        })
    }
}

impl From<Mode> for String {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::TimeoutBeforeCommit => "timeout_before_commit".to_owned(),
            Mode::TimeoutAfterCommit => "timeout_after_commit".to_owned(),
            Mode::Reset => "reset".to_owned(),
            Mode::Slow(millis) => format!("slow:{millis}"),
            Mode::Truncate => "truncate".to_owned(),
            Mode::Html => "html".to_owned(),
            Mode::Status(code) => format!("status:{code}"),
        }
    }
}

/// A fault that waits for its calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its number.
    #[serde(default, skip_deserializing)]
    pub id: u64,
    /// Which calls.
    #[serde(default, rename = "match")]
    pub matcher: Matcher,
    /// What they meet.
    pub mode: Mode,
    /// How many calls; one if nothing is said.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether the work is done all the same. If nothing is said: yes, except for a status, which is a refusal.
    #[serde(default)]
    pub commit: Option<bool>,
}

fn once() -> u32 {
    1
}

/// A fault that a call has met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What it is.
    pub mode: Mode,
    /// Whether the work is done all the same.
    pub commits: bool,
}

impl Fault {
    /// How much later the answer comes.
    pub fn delay(&self) -> Duration {
        match self.mode {
            Mode::Slow(millis) => Duration::from_millis(millis),
            _ => Duration::ZERO,
        }
    }
}

/// All faults that wait.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<Rule>,
    last: u64,
}

impl Faults {
    /// One more.
    pub fn add(&mut self, mut rule: Rule) -> u64 {
        self.last += 1;
        rule.id = self.last;
        self.rules.push(rule);
        self.last
    }

    /// Those that wait.
    pub fn list(&self) -> &[Rule] {
        &self.rules
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The fault that this call meets, if any. It has then met it.
    pub fn meet(&mut self, provider: &str, method: &str, path: &str, reference: Option<&str>) -> Option<Fault> {
        let fits = |rule: &Rule| {
            let Matcher { provider: who, method: how, path: place, reference: whose } = &rule.matcher;
            like(who.as_deref(), Some(provider))
                && like(how.as_deref(), Some(method))
                && like(place.as_deref(), Some(path))
                && like(whose.as_deref(), reference)
        };
        let place = self.rules.iter().position(fits)?;
        let rule = &mut self.rules[place];
        let commits = match rule.mode {
            Mode::TimeoutBeforeCommit => false,
            Mode::TimeoutAfterCommit => true,
            Mode::Status(_) => rule.commit.unwrap_or(false),
            _ => rule.commit.unwrap_or(true),
        };
        let fault = Fault { mode: rule.mode, commits };
        rule.times = rule.times.saturating_sub(1);
        if rule.times == 0 {
            self.rules.remove(place);
        }
        Some(fault)
    }
}

/// Whether a text is like a pattern, in which `*` stands for any text. No pattern is like everything.
pub fn like(pattern: Option<&str>, text: Option<&str>) -> bool {
    match (pattern, text) {
        (None | Some("*"), _) => true,
        (Some(_), None) => false,
        (Some(pattern), Some(text)) => glob(pattern, text),
    }
}

fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| glob(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(value: serde_json::Value) -> Rule {
        serde_json::from_value(value).expect("a rule")
    }

    #[test]
    fn a_fault_is_met_as_often_as_was_said_and_by_nobody_else() {
        let mut faults = Faults::default();
        faults.add(rule(
            json!({"match": {"method": "POST", "path": "/v2/*/refund", "ref": "A-*"}, "mode": "reset", "times": 2}),
        ));
        assert_eq!(faults.meet("midtrans", "GET", "/v2/A-1/refund", Some("A-1")), None);
        assert_eq!(faults.meet("midtrans", "POST", "/v2/B-1/refund", Some("B-1")), None);
        assert_eq!(faults.meet("midtrans", "POST", "/v2/A-1/refund", None), None);
        let met = Some(Fault { mode: Mode::Reset, commits: true });
        assert_eq!(faults.meet("midtrans", "POST", "/v2/A-1/refund", Some("A-1")), met);
        assert_eq!(faults.meet("midtrans", "POST", "/v2/A-2/refund", Some("A-2")), met);
        assert_eq!(faults.meet("midtrans", "POST", "/v2/A-2/refund", Some("A-2")), None);
    }

    #[test]
    fn a_refusal_does_no_work_unless_it_is_told_to() {
        let mut faults = Faults::default();
        faults.add(rule(json!({"mode": "status:503"})));
        faults.add(rule(json!({"mode": "status:503", "commit": true})));
        faults.add(rule(json!({"mode": "html", "commit": false})));
        let commits: Vec<_> =
            (0..3).filter_map(|_| faults.meet("xendit", "POST", "/", None)).map(|met| met.commits).collect();
        assert_eq!(commits, [false, true, false]);
    }

    #[test]
    fn a_fault_that_nobody_knows_is_refused_with_the_cure() {
        for mode in ["statu:503", "status:200", "slow:x", "slow", "", "reset:1"] {
            let told = serde_json::from_value::<Rule>(json!({"mode": mode})).expect_err("refused").to_string();
            assert!(told.contains("timeout_before_commit"), "{mode}: {told}");
        }
    }
}
