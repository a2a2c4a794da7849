//! The binary as it is built: it tells its keys, says where everything is, and stops when it is asked to.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

fn sandbox(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dermaga-sandbox"));
    command.args(arguments).env_clear();
    command
}

/// Ends the process whatever happens.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn help_tells_the_default_keys() {
    let output = sandbox(&["--help"]).output().expect("it runs");
    let help = String::from_utf8(output.stdout).expect("a text");
    let defaults = [
        dermaga_sandbox::config::MIDTRANS_SERVER_KEY,
        dermaga_sandbox::config::XENDIT_SECRET_KEY,
        dermaga_sandbox::config::XENDIT_CALLBACK_TOKEN,
        dermaga_sandbox::config::TWILIO_AUTH_TOKEN,
        dermaga_sandbox::config::DUFFEL_TOKEN,
        dermaga_sandbox::config::FERRY_TOKEN,
        dermaga_sandbox::config::DIGIFLAZZ_KEY,
        "9090",
    ];
    for default in defaults {
        assert!(help.contains(default), "{default}");
    }
}

#[test]
fn it_says_where_everything_is_and_answers_there() {
    let mut command = sandbox(&["--port", "0", "--clock", "manual"]);
    let mut child = Started(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts"));
    let lines = BufReader::new(child.0.stdout.take().expect("an output")).lines();
    let told: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.contains("Ctrl-C")).collect();
    let of = |name: &str| {
        let line = told.iter().find(|line| line.trim_start().starts_with(name)).expect(name);
        line.split_whitespace().last().expect("an address").to_owned()
    };
    for (name, end) in [
        ("Midtrans Core", "/midtrans/api"),
        ("Midtrans Snap", "/snap/v1"),
        ("Xendit", "/xendit"),
        ("Duffel", "/duffel"),
        ("Ferries", "/ferries"),
        ("Digiflazz", "/digiflazz/v1"),
    ] {
        assert!(of(name).ends_with(end));
    }
    let home = of("Home").trim_start_matches("http://").trim_end_matches('/').to_owned();
    assert!(home.starts_with("127.0.0.1:"), "the loopback");
    let stream = std::net::TcpStream::connect(home).expect("it listens");
    drop(stream);
}

#[test]
fn wrong_options_are_told_with_the_cure() {
    for (option, value, cure) in [("--clock", "fast", "scaled:600"), ("--epoch", "now", "2026-01-05T03:00:00Z")] {
        let output = sandbox(&[option, value]).output().expect("it runs");
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains(cure), "{option}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = sandbox(&["--port", &port]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("choose another port"));
    assert!(!output.status.success());
}
