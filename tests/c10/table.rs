//! The table of cases in docs/payments-cases.md: whole, and nothing in it that is not there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every test function of these files, as `file::function`.
fn tests_in(folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root().join(folder)).expect("a folder") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let source = fs::read_to_string(&path).expect("a source");
        let functions = source.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
        found.extend(functions.map(|function| format!("{name}::{function}")));
    }
    found
}

/// The tests that a cell names: `file::function` in backquotes.
fn named(cell: &str) -> BTreeSet<String> {
    cell.split('`').filter(|word| word.contains("::")).map(str::to_owned).collect()
}

/// The cases that a test's own name claims.
fn claimed(test: &str) -> Vec<u32> {
    test.match_indices("c10_").filter_map(|(at, _)| test.get(at + 4..at + 6)?.parse().ok()).collect()
}

#[test]
fn the_table_names_every_proof_and_only_proofs() {
    let text = fs::read_to_string(root().join("docs/payments-cases.md")).expect("the table");
    let (adapters, whole) = (tests_in("tests/gateways"), tests_in("tests/c10"));
    let mut proofs: [BTreeMap<u32, BTreeSet<String>>; 2] = Default::default();
    for (level, tests) in [&adapters, &whole].into_iter().enumerate() {
        for test in tests {
            for case in claimed(test) {
                proofs[level].entry(case).or_default().insert(test.clone());
            }
        }
    }
    let mut seen = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let Ok(case) = cells[0].parse::<u32>() else { continue };
        seen.push(case);
        for (level, tests) in [&adapters, &whole].into_iter().enumerate() {
            let cell = named(cells[2 + level]);
            let missing: Vec<&String> = cell.difference(tests).collect();
            assert!(missing.is_empty(), "case {case} names tests that are not there: {missing:?}");
            let expected = proofs[level].remove(&case).unwrap_or_default();
            let unnamed: Vec<&String> = expected.difference(&cell).collect();
            assert!(unnamed.is_empty(), "case {case} does not name {unnamed:?}");
        }
        let proven = !named(cells[2]).is_empty() || !named(cells[3]).is_empty();
        assert!(proven || cells[4].len() > 1, "case {case} has no proof and does not say why");
    }
    assert_eq!(seen, (1..=58).collect::<Vec<u32>>(), "each case has a row");
    assert!(proofs.iter().all(BTreeMap::is_empty), "tests of cases that the table does not have: {proofs:?}");
}

#[test]
fn every_case_runs() {
    let listed = fs::read_to_string(root().join("tests/c10/main.rs")).expect("the list");
    let listed: BTreeSet<&str> = listed.lines().map(str::trim).collect();
    for test in tests_in("tests/c10").iter().filter(|test| test.contains("::c10_")) {
        assert!(listed.contains(test.as_str()), "{test} is in no list, so it does not run");
    }
}
