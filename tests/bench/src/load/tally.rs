//! Counting: what came back, how long it took, and what of it lies in the time that is measured.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;

use super::{Kind, Report, connection::Answer};

/// The time that is measured.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub begin: Instant,
    pub end: Instant,
}

impl Window {
    fn holds(&self, moment: Instant) -> bool {
        (self.begin..self.end).contains(&moment)
    }
}

/// Everything counted so far.
#[derive(Debug)]
pub struct Tally {
    kind: Kind,
    window: Window,
    latency: Histogram<u64>,
    measured: u64,
    done: u64,
    /// Requests that were sent and not answered yet.
    pub under_way: u64,
    /// Requests whose connection broke.
    pub broken: u64,
    unwanted: BTreeMap<u16, u64>,
    first_unwanted: Option<String>,
    /// Processor time of this process when the window began.
    pub cpu_before: Duration,
}

/// Longer than any host lets a request take.
const LONGEST: Duration = Duration::from_secs(120);

impl Tally {
    /// # Errors
    /// Never; the bounds are legal.
    pub fn new(kind: Kind, window: Window) -> Result<Self> {
        let longest = u64::try_from(LONGEST.as_micros())?;
        Ok(Self {
            kind,
            window,
            latency: Histogram::new_with_bounds(1, longest, 3)?,
            measured: 0,
            done: 0,
            under_way: 0,
            broken: 0,
            unwanted: BTreeMap::new(),
            first_unwanted: None,
            cpu_before: Duration::ZERO,
        })
    }

    /// The time that is measured.
    pub fn window(&self) -> Window {
        self.window
    }

    /// What was done so far.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Counts an answer to a request that was due at `due`.
    pub fn answered(&mut self, answer: &Answer<'_>, due: Instant, now: Instant) {
        let wanted = match self.kind {
            Kind::Uniform | Kind::Hot | Kind::Checkin => 201,
            Kind::Batch(_) | Kind::Balance | Kind::Hello => 200,
        };
        let mut done = 0;
        if answer.status == wanted {
            done = if matches!(self.kind, Kind::Batch(_)) { completed(answer.body) } else { 1 };
            let refused = self.kind.transfers().saturating_sub(done);
            if refused > 0 {
                self.unwanted(0, refused, answer.body);
            }
        } else {
            self.unwanted(answer.status, 1, answer.body);
        }
        self.done += done;
        if self.window.holds(now) {
            self.measured += done;
        }
        // By when it was due, not by when it was done: an answer that is late is late, however late.
        if self.window.holds(due) {
            let micros = u64::try_from(now.saturating_duration_since(due).as_micros()).unwrap_or(u64::MAX);
            self.latency.saturating_record(micros.max(1));
        }
    }

    fn unwanted(&mut self, status: u16, times: u64, body: &[u8]) {
        *self.unwanted.entry(status).or_default() += times;
        if self.first_unwanted.is_none() {
            self.first_unwanted = Some(String::from_utf8_lossy(&body[..body.len().min(500)]).into_owned());
        }
    }

    /// Notes why a connection broke, if it is the first trouble.
    pub fn broke(&mut self, error: &std::io::Error) {
        self.broken += 1;
        self.first_unwanted.get_or_insert_with(|| error.to_string());
    }

    /// Ends the measured time now rather than when it was planned.
    pub fn end_now(&mut self, now: Instant) {
        self.window.end = self.window.end.min(now);
    }

    /// The sum of it.
    ///
    /// # Errors
    /// The processor time cannot be read.
    pub fn report(self, cpu_after: Duration) -> Report {
        let seconds = (self.window.end - self.window.begin).as_secs_f64();
        let millis = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1e3;
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let rate = self.measured as f64 / seconds;
        Report {
            seconds,
            rate,
            p50: millis(self.latency.value_at_quantile(0.5)),
            p99: millis(self.latency.value_at_quantile(0.99)),
            max: millis(self.latency.max()),
            done: self.done,
            unknown: self.broken + self.under_way,
            unwanted: self.unwanted,
            first_unwanted: self.first_unwanted,
            cpu: cpu_after.saturating_sub(self.cpu_before).as_secs_f64() / seconds,
        }
    }
}

/// How many transfers of a batch were completed. Reading the whole answer as JSON would cost more than sending it.
fn completed(body: &[u8]) -> u64 {
    let text = std::str::from_utf8(body).unwrap_or_default();
    text.matches("\"COMPLETED\"").count() as u64
}

/// The processor time that this process has taken.
///
/// # Errors
/// The system does not say, as only Linux does.
pub fn cpu() -> Result<Duration> {
    /// What Linux counts in, on every machine that it runs on today.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("a name")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
}
