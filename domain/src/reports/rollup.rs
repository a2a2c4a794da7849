//! Lines of the journal, added up by day.

use std::collections::BTreeMap;

use dermaga_ports::reports::{Day, DayKey, DayOffset, DayTotal, MovedLine};

use crate::error::{Error, Result};

/// Totals that are being added up, in the order of their keys.
#[derive(Debug, Default)]
pub(super) struct Totals(BTreeMap<DayKey, (i64, i128)>);

impl Totals {
    /// Counts a line on the day in which it lies.
    pub fn line(&mut self, line: &MovedLine, offset: DayOffset) {
        let key = DayKey {
            day: Day::of(line.at, offset),
            currency: line.amount.currency(),
            purpose: line.purpose,
            debit: line.debit,
            credit: line.credit,
        };
        self.add(key, 1, i128::from(line.amount.amount()));
    }

    /// Counts what was added up before.
    pub fn total(&mut self, total: &DayTotal) {
        self.add(total.key, total.count, i128::from(total.amount));
    }

    /// Takes away what should not have been counted.
    pub fn without(&mut self, other: &Self) {
        for (key, (count, amount)) in &other.0 {
            self.add(*key, -count, -amount);
        }
        self.0.retain(|_, total| *total != (0, 0));
    }

    fn add(&mut self, key: DayKey, count: i64, amount: i128) {
        let total = self.0.entry(key).or_default();
        total.0 += count;
        total.1 += amount;
    }

    pub fn get(&self, key: &DayKey) -> (i64, i128) {
        self.0.get(key).copied().unwrap_or_default()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&DayKey, i64, i128)> {
        self.0.iter().map(|(key, (count, amount))| (key, *count, *amount))
    }

    /// As they are stored.
    ///
    /// # Errors
    /// A sum of one day beyond 64 bits, which is more money than there is.
    pub fn into_vec(self) -> Result<Vec<DayTotal>> {
        let total = |(key, (count, amount)): (DayKey, (i64, i128))| {
            let amount = i64::try_from(amount).map_err(|_| Error::internal("a day's sum beyond 64 bits"))?;
            Ok(DayTotal { key, count, amount })
        };
        self.0.into_iter().map(total).collect()
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{
        ids::AccountId,
        ledger::Purpose,
        money::{Currency, MAX_AMOUNT, Money},
    };
    use uuid::Uuid;

    use super::*;

    fn line(at: &str, purpose: Purpose, amount: i64, credit: Option<u128>) -> MovedLine {
        MovedLine {
            at: at.parse().expect("a moment"),
            purpose,
            amount: Money::new(amount, Currency::Idr).expect("in range"),
            debit: None,
            credit: credit.map(|n| AccountId(Uuid::from_u128(n))),
        }
    }

    fn rolled(lines: &[MovedLine]) -> Vec<(String, i64, i64)> {
        let mut totals = Totals::default();
        lines.iter().for_each(|line| totals.line(line, DayOffset::WIB));
        let totals = totals.into_vec().expect("small sums");
        totals.into_iter().map(|total| (total.key.day.to_string(), total.count, total.amount)).collect()
    }

    #[test]
    fn what_is_alike_on_one_day_of_the_business_is_one_total() {
        let lines = [
            line("2026-01-31T16:59:59Z", Purpose::Transfer, 5, None),
            line("2026-01-30T17:00:00Z", Purpose::Transfer, 6, None),
            line("2026-01-31T17:00:00Z", Purpose::Transfer, 7, None),
            line("2026-01-31T10:00:00Z", Purpose::Payment, 8, Some(1)),
            line("2026-01-31T10:00:00Z", Purpose::Payment, 9, Some(2)),
        ];
        let day = |text: &str, count, amount| (text.to_owned(), count, amount);
        let expected =
            [day("2026-01-31", 1, 8), day("2026-01-31", 1, 9), day("2026-01-31", 2, 11), day("2026-02-01", 1, 7)];
        assert_eq!(rolled(&lines), expected);
    }

    #[test]
    fn what_is_taken_away_again_leaves_nothing() {
        let lines = [line("2026-01-31T10:00:00Z", Purpose::Transfer, 5, None); 3];
        let (mut all, mut some) = (Totals::default(), Totals::default());
        lines.iter().for_each(|line| all.line(line, DayOffset::WIB));
        lines[..2].iter().for_each(|line| some.line(line, DayOffset::WIB));
        all.without(&some);
        assert_eq!(all.iter().map(|(_, count, amount)| (count, amount)).collect::<Vec<_>>(), [(1, 5)]);
        some.without(&all);
        some.without(&all);
        assert_eq!(some.iter().count(), 0);
    }

    #[test]
    fn a_sum_that_cannot_be_stored_is_not_stored_wrong() {
        let most = line("2026-01-31T10:00:00Z", Purpose::Transfer, MAX_AMOUNT, None);
        let mut totals = Totals::default();
        (0..1_025).for_each(|_| totals.line(&most, DayOffset::WIB));
        assert!(totals.into_vec().is_err());
    }
}
