//! What may be asked of a report.

use dermaga_ports::{
    money::Currency,
    reports::{Day, DayOffset},
    time::Timestamp,
};

use crate::{error::Result, faults::Faults};

/// The longest period of a report: three years and their leap day.
const MOST_DAYS: i64 = 3 * 365 + 1;
/// How many days a report covers unless the caller says otherwise.
const USUAL_DAYS: i32 = 30;

/// What a report is about, as the caller put it.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The first day; as many days before the last as make thirty of them, unless named.
    pub from: Option<String>,
    /// The last day; today unless named.
    pub to: Option<String>,
    /// `day`, `week` or `month`; `day` unless named.
    pub group_by: Option<String>,
    /// What rows are told apart by.
    pub by: Option<String>,
    /// All currencies unless named.
    pub currency: Option<String>,
}

/// How long the periods of a report are. Weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Day,
    Week,
    Month,
}

impl Group {
    const ALL: [Group; 3] = [Self::Day, Self::Week, Self::Month];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The first day of the period in which a day lies.
    pub fn begin(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            Self::Week => day.week(),
            Self::Month => day.month(),
        }
    }
}

/// What the rows of a period are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// What was done: `topup`, `payment`, `transfer`, `debit` or `credit`.
    Kind,
    /// Which part of the business it belongs to.
    Context,
    /// Which way the money took.
    Gateway,
    /// How it ended.
    Status,
}

impl By {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Context => "context",
            Self::Gateway => "gateway",
            Self::Status => "status",
        }
    }
}

/// A question that can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub first: Day,
    pub last: Day,
    pub group: Group,
    pub by: By,
    pub currency: Option<Currency>,
}

impl Question {
    /// Reads the question. `allowed` is what rows of this report can be told apart by, the usual way first.
    pub(super) fn read(&self, allowed: &[By], now: Timestamp, offset: DayOffset) -> Result<Asked> {
        let mut faults = Faults::default();
        let last = faults.parse("/to", self.to.as_deref());
        let first = faults.parse("/from", self.from.as_deref());
        let currency = faults.parse("/currency", self.currency.as_deref());
        let groups = Group::ALL.map(|group| (group, group.as_str()));
        let group = one_of(&mut faults, "/group_by", self.group_by.as_deref(), &groups);
        let ways: Vec<(By, &str)> = allowed.iter().map(|by| (*by, by.as_str())).collect();
        let by = one_of(&mut faults, "/by", self.by.as_deref(), &ways);
        let last = last.unwrap_or_else(|| Day::of(now, offset));
        let first: Day = first.unwrap_or_else(|| last.plus(1 - USUAL_DAYS));
        match first.days_until(last) {
            ..1 => faults.add("/from", "must not be after `to`"),
            days if days > MOST_DAYS => {
                faults.add("/from", format!("must be at most {MOST_DAYS} days before `to`, both counted"));
            }
            _ => {}
        }
        faults.check()?;
        Ok(Asked { first, last, group, by, currency })
    }
}

/// The choice of that name, or else the first; a fault that names them all if there is no such choice.
fn one_of<T: Copy>(faults: &mut Faults, pointer: &str, name: Option<&str>, choices: &[(T, &str)]) -> T {
    let usual = choices[0].0;
    let Some(name) = name else { return usual };
    let found = choices.iter().find(|(_, known)| *known == name);
    if found.is_none() {
        let names: Vec<&str> = choices.iter().map(|(_, known)| *known).collect();
        faults.add(pointer, format!("must be one of {}", names.join(", ")));
    }
    found.map_or(usual, |(choice, _)| *choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAYS: [By; 2] = [By::Context, By::Gateway];

    fn read(from: &str, to: &str) -> Result<Asked> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let question = Question { from: given(from), to: given(to), ..Question::default() };
        question.read(&WAYS, "2026-01-31T17:00:00Z".parse().expect("a moment"), DayOffset::WIB)
    }

    #[test]
    fn unless_named_it_is_the_last_thirty_days_of_the_business() {
        let asked = read("", "").expect("a question");
        assert_eq!((asked.first.to_string(), asked.last.to_string()), ("2026-01-03".into(), "2026-02-01".into()));
        assert_eq!((asked.group, asked.by, asked.currency), (Group::Day, By::Context, None));
    }

    #[test]
    fn a_period_has_at_least_a_day_and_at_most_three_years() {
        assert!(read("2026-01-31", "2026-01-31").is_ok());
        assert!(read("2024-01-01", "2026-12-31").is_ok());
        for (from, to) in [("2026-02-01", "2026-01-31"), ("2023-12-31", "2026-12-31"), ("0000-01-01", "9999-12-31")] {
            let refused = read(from, to).expect_err("refused");
            assert_eq!(refused.faults()[0].pointer, "/from", "{from} {to}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once_with_what_is_allowed() {
        let wrong = || Some("year".to_owned());
        let question = Question { from: wrong(), to: wrong(), group_by: wrong(), by: wrong(), currency: wrong() };
        let refused = question.read(&WAYS, Timestamp::from_micros(0), DayOffset::WIB).expect_err("refused");
        let faults: Vec<_> = refused.faults().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(faults, ["/to", "/from", "/currency", "/group_by", "/by"]);
        assert_eq!(refused.faults()[3].detail, "must be one of day, week, month");
        assert_eq!(refused.faults()[4].detail, "must be one of context, gateway");
    }
}
