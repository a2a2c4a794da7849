//! One line of the results: what was measured by turns, what was wanted, and whether it was met.

use std::fmt;

use crate::load::Report;

/// Median, smallest and largest of some repeats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// Of at least one value.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Self { median, min: values[0], max: values[values.len() - 1] }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, min, max] = [self.median, self.min, self.max].map(number);
        if median == min && median == max { f.write_str(&median) } else { write!(f, "{median} ({min}–{max})") }
    }
}

/// As people read numbers: three digits that matter, or all of those before the point, in groups.
pub fn number(value: f64) -> String {
    if value.abs() < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{:.0}", value.abs());
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group)).collect();
    format!("{}{}", if value < 0.0 { "-" } else { "" }, groups.join(","))
}

/// Ours and the baseline, measured one after the other.
#[derive(Debug, Clone)]
pub struct Pair {
    pub ours: Report,
    /// Per second.
    pub baseline: f64,
    /// The baseline's latency, where it is known.
    pub baseline_p99: Option<f64>,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wanted {
    /// Ours is at least so many times the baseline.
    Ratio(f64),
    /// 99 of 100 requests take at most so many milliseconds.
    P99(f64),
    /// The same, as so many times the baseline's.
    P99Ratio(f64),
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio(least) => write!(f, "≥ {least} x"),
            Self::P99(most) => write!(f, "p99 ≤ {most} ms"),
            Self::P99Ratio(most) => write!(f, "p99 ≤ {most} x"),
        }
    }
}

/// Whether what was wanted came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    Yes,
    No,
    /// Nothing was wanted.
    Information,
    /// There were errors, so the numbers count for nothing.
    Faulty,
    /// It could not be measured.
    NotMeasured,
}

/// A line of the results.
#[derive(Debug, Clone)]
pub struct Row {
    pub load: String,
    pub ours: String,
    pub baseline: String,
    pub ratio: String,
    pub wanted: String,
    pub p50: String,
    pub p99: String,
    pub met: Met,
    /// What else is to be said.
    pub notes: Vec<String>,
}

impl Row {
    /// A comparison that was repeated.
    pub fn compared(load: &str, baseline: &str, pairs: &[Pair], wanted: &[Wanted]) -> Self {
        let ratio = Spread::of(pairs.iter().map(|pair| pair.ours.rate / pair.baseline));
        let p50 = Spread::of(pairs.iter().map(|pair| pair.ours.p50));
        let p99 = Spread::of(pairs.iter().map(|pair| pair.ours.p99));
        let slower = pairs.iter().filter_map(|pair| Some(pair.ours.p99 / pair.baseline_p99?));
        let slower: Vec<_> = slower.collect();
        let holds = |wanted: &Wanted| match wanted {
            Wanted::Ratio(least) => ratio.median >= *least,
            Wanted::P99(most) => p99.median <= *most,
            Wanted::P99Ratio(most) => !slower.is_empty() && Spread::of(slower.iter().copied()).median <= *most,
        };
        let mut notes = Vec::new();
        if !slower.is_empty() {
            notes.push(format!("p99 as times of the baseline's: {}", Spread::of(slower.iter().copied())));
        }
        let cpu = Spread::of(pairs.iter().map(|pair| pair.ours.cpu));
        notes.push(format!("the load generator took {cpu} of a core"));
        let mut row = Self {
            load: load.to_owned(),
            ours: Spread::of(pairs.iter().map(|pair| pair.ours.rate)).to_string(),
            baseline: format!("{}: {}", baseline, Spread::of(pairs.iter().map(|pair| pair.baseline))),
            ratio: ratio.to_string(),
            wanted: wanted.iter().map(Wanted::to_string).collect::<Vec<_>>().join(", "),
            p50: p50.to_string(),
            p99: p99.to_string(),
            met: match wanted {
                [] => Met::Information,
                _ if wanted.iter().all(holds) => Met::Yes,
                _ => Met::No,
            },
            notes,
        };
        for fault in pairs.iter().filter_map(|pair| pair.ours.fault()) {
            row.fault(fault);
        }
        row
    }

    /// A value that shall not exceed another.
    pub fn at_most(load: &str, value: f64, most: f64, unit: &str) -> Self {
        Self {
            load: load.to_owned(),
            ours: format!("{} {unit}", number(value)),
            baseline: "–".to_owned(),
            ratio: "–".to_owned(),
            wanted: format!("≤ {most} {unit}"),
            p50: "–".to_owned(),
            p99: "–".to_owned(),
            met: if value <= most { Met::Yes } else { Met::No },
            notes: Vec::new(),
        }
    }

    /// A scenario that did not come about.
    pub fn not_measured(load: &str, why: &str) -> Self {
        let nothing = || "–".to_owned();
        Self {
            load: load.to_owned(),
            ours: nothing(),
            baseline: nothing(),
            ratio: nothing(),
            wanted: nothing(),
            p50: nothing(),
            p99: nothing(),
            met: Met::NotMeasured,
            notes: vec![why.to_owned()],
        }
    }

    /// Notes something that makes the numbers worthless.
    pub fn fault(&mut self, fault: String) {
        self.met = Met::Faulty;
        self.notes.push(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(rate: f64, baseline: f64) -> Pair {
        let ours = Report { rate, p50: 1.0, p99: 4.0, ..Report::default() };
        Pair { ours, baseline, baseline_p99: Some(3.0) }
    }

    #[test]
    fn the_median_counts_and_the_rest_is_shown() {
        let pairs = [pair(30_000.0, 10_000.0), pair(10_000.0, 10_000.0), pair(22_000.0, 10_000.0)];
        let row = Row::compared("load", "baseline", &pairs, &[Wanted::Ratio(2.0), Wanted::P99(5.0)]);
        assert_eq!((row.ratio.as_str(), row.ours.as_str()), ("2.20 (1.00–3.00)", "22,000 (10,000–30,000)"));
        assert_eq!(row.met, Met::Yes);
        assert_eq!(Row::compared("load", "baseline", &pairs, &[Wanted::Ratio(2.5)]).met, Met::No);
        assert_eq!(Row::compared("load", "baseline", &pairs, &[Wanted::P99Ratio(1.2)]).met, Met::No);
    }

    #[test]
    fn errors_outweigh_any_number() {
        let mut bad = pair(30_000.0, 10_000.0);
        bad.ours.unwanted.insert(500, 1);
        assert_eq!(Row::compared("load", "baseline", &[bad], &[Wanted::Ratio(2.0)]).met, Met::Faulty);
    }
}
