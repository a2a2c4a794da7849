//! The binary as it is built: it runs, knows its version, and prints the document of the travel host.

use std::process::{Command, Output};

fn dermaga_travel(argument: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dermaga-travel")).arg(argument).env_clear().output().expect("the binary runs")
}

#[test]
fn it_tells_its_version() {
    let output = dermaga_travel("--version");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("dermaga-travel {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn it_prints_the_document_of_the_travel_host() {
    let output = dermaga_travel("openapi");
    assert!(output.status.success());
    let document = String::from_utf8(output.stdout).expect("a text");
    assert!(document.starts_with('{'));
    assert!(document.contains(r#""title": "Dermaga travel""#), "the title is that of the travel host");
}
