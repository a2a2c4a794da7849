//! The results as people read them: on the terminal and in docs/performance.md.

use std::fmt::Write as _;

use crate::{
    machine::Facts,
    row::{Met, Row},
    scenarios::Limit,
};

const HEAD: [&str; 8] = ["load", "ours", "baseline", "ratio", "wanted", "p50 ms", "p99 ms", "met?"];

fn cells(row: &Row) -> [&str; 8] {
    let met = match row.met {
        Met::Yes => "yes",
        Met::No => "**no**",
        Met::Information => "–",
        Met::Faulty => "**errors**",
        Met::NotMeasured => "not measured",
    };
    let wanted = if row.wanted.is_empty() { "–" } else { &row.wanted };
    [&row.load, &row.ours, &row.baseline, &row.ratio, wanted, &row.p50, &row.p99, met]
}

/// The rows as a table of Markdown whose columns line up, so that a terminal can show it as well.
pub fn table(rows: &[Row]) -> String {
    let lines: Vec<_> = rows.iter().map(cells).collect();
    lined_up(&HEAD, &lines)
}

fn lined_up<const N: usize>(head: &[&str; N], lines: &[[&str; N]]) -> String {
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    let mut write = |line: &[&str; N]| {
        for (cell, width) in line.iter().zip(widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
    };
    write(head);
    let rules = widths.map(|width| "-".repeat(width));
    write(&std::array::from_fn(|column| rules[column].as_str()));
    lines.iter().for_each(write);
    text
}

/// What else there is to say about each row.
pub fn notes(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| !row.notes.is_empty()) {
        let notes: Vec<_> = row.notes.iter().map(|note| note.trim_end_matches('.')).collect();
        let _ = writeln!(text, "- {}: {}.", row.load, notes.join("; "));
    }
    text
}

/// The baselines by themselves.
pub fn limits(limits: &[Limit]) -> String {
    let lines: Vec<_> = limits.iter().map(|limit| [limit.what, limit.rate.as_str(), limit.remark]).collect();
    lined_up(&["baseline", "per second", "what it is"], &lines)
}

/// The page.
pub fn page(rows: &[Row], found: &[Limit], facts: &Facts, indexes: u8) -> String {
    let mut page = INTRODUCTION.to_owned();
    let _ = write!(page, "\n{}\n{NUMBERS}\n## The machine\n\n", table(rows));
    for (name, value) in facts {
        let _ = writeln!(page, "- {name}: {value}");
    }
    let _ = write!(page, "\n## The baselines\n\n{}", BASELINES.replace("{indexes}", &indexes.to_string()));
    if !found.is_empty() {
        let _ = write!(page, "\n{}", limits(found));
    }
    let _ = write!(page, "\n## Row by row\n\n{}", notes(rows));
    page
}

const INTRODUCTION: &str = "\
# Performance

This page is written by `cargo run --release -p bench`, which measures Dermaga over HTTP and the baselines beside it in
one run on one machine. Do not edit it.
";

const NUMBERS: &str = "\
Rates are per second: transfers, or requests where nothing is transferred. A number is the median of the repeats, with
the smallest and the largest behind it; the ratio is taken within each repeat. Latency is seen by the client. Load
generator, host and database share the machine, so whatever one of them saves the others have.

After each scenario the journal is counted: it has to hold exactly the transfers that were answered well. A row with
errors says so instead of whether it was met.
";

const BASELINES: &str = "\
- **pgbench** runs one prepared statement a transfer, on the same Postgres with the same settings, over the same kind of
  socket: it writes the line of the journal ({indexes} secondary indexes) and both balances of 10,000 accounts. It has
  no HTTP, no rights, no floor, no idempotency and shorter keys; it is what one would write by hand. Its journal is
  emptied before each measurement, ours is not.
- **poem saying hello** is the same HTTP server on the same run time, without anything of ours.
- **ours, empty**: the same measurement on a journal without transfers. Before each window, on both sides, everything is
  written to its place by a checkpoint and the disk gets some seconds of rest.
- **back to back**: as many requests as 64 connections can send. The row beside it sends half as many at a fixed rate,
  and counts latency from the moment a request was due, sent or not.
";
