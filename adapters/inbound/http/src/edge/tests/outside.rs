//! What only shows from outside: on a socket, and in the log.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

/// Sends bytes to a server of its own and reads until it hangs up.
async fn over_a_socket(request: &str) -> String {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a free port");
    let address = acceptor.local_addr()[0].as_socket_addr().copied().expect("an address");
    let slice = slice((Toy, Second), "Toy", "Goes wrong.", "1.2.3");
    let config = EdgeConfig { trust_forwarded: false, ..config() };
    let app = edge(slice, String::new(), Probes::default(), metrics(), config, App { name: "toy" });
    let server = tokio::spawn(Server::new_with_acceptor(acceptor).run(app));

    let mut socket = TcpStream::connect(address).await.expect("a connection");
    socket.write_all(request.replace('\n', "\r\n").as_bytes()).await.expect("a request");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    server.abort();
    answer
}

#[tokio::test]
async fn the_peer_is_the_client_whatever_a_header_claims() {
    let request = "GET /v1/whoami HTTP/1.1\nHost: x\nX-Forwarded-For: 203.0.113.7\nConnection: close\n\n";
    let answer = over_a_socket(request).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#"["127.0.0.1","#), "{answer}");
}

#[tokio::test]
async fn a_chunked_body_is_counted_as_it_comes() {
    let chunk = format!("1000\n{}\n", " ".repeat(0x1000));
    let head = "POST /v1/orders HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/json\nTransfer-Encoding: chunked\n\n";
    let answer = over_a_socket(&format!("{head}{chunk}{chunk}0\n\n")).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
}

#[tokio::test]
async fn a_head_request_gets_no_body() {
    let answer = over_a_socket("HEAD /v1/nothing HTTP/1.1\nHost: x\nConnection: close\n\n").await;
    assert!(answer.starts_with("HTTP/1.1 404") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn bytes(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_the_cause_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    // For the whole process: what a thread of its own sees depends on which test met a call site first.
    tracing_subscriber::fmt().json().with_writer(move || writer.clone()).init();

    let client = client();
    let request = |path: &str| client.get(path).header("X-Request-Id", "trace-me");
    request("/v1/refuse/internal?token=in-the-query").header("Authorization", "Bearer in-the-header").send().await;
    request("/v1/panic").send().await;
    request("/v1/refuse/invalid").send().await;

    let log = String::from_utf8(log.bytes().clone()).expect("text");
    let log: String = log.lines().filter(|line| line.contains("trace-me")).map(|line| format!("{line}\n")).collect();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |level: &str| lines.iter().filter(|line| line["level"] == level).collect::<Vec<_>>();
    let causes: Vec<_> = of("ERROR").iter().map(|line| line["fields"]["cause"].clone()).collect();
    assert_eq!(causes, ["SELECT password FROM users", "panic: the password is hunter2"]);
    assert!(of("ERROR").iter().all(|line| line["fields"]["request_id"] == "trace-me"), "{log}");

    let access = of("INFO");
    assert_eq!(access.len(), 3, "one line per request: {log}");
    let first = &access[0]["fields"];
    assert_eq!(
        (&first["method"], &first["path"], &first["status"]),
        (&"GET".into(), &"/v1/refuse/internal".into(), &500.into())
    );
    assert!(first["ms"].is_number() && first["client"] == "unknown" && first["request_id"] == "trace-me");
    assert!(!log.contains("in-the-query") && !log.contains("in-the-header"), "{log}");
}
