//! The bytes of requests, copied together from prepared pieces.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;

use super::Kind;
use crate::{host::SERVICE_TOKEN, world};

/// Writes requests of one kind.
#[derive(Debug)]
pub struct Requests {
    kind: Kind,
    rng: Rng,
    /// The ids of the wallets, as text.
    wallets: Vec<String>,
    /// What each wallet's requests begin with.
    heads: Vec<String>,
}

/// Amounts have one digit, so that every request of a kind is as long as the others and its head can be prepared.
const LARGEST: u8 = 9;

impl Requests {
    /// Prepares everything that can be prepared.
    ///
    /// # Errors
    /// The file of the world cannot be read.
    pub fn new(kind: Kind, path: &Path, seed: u64) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let people: Vec<_> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        ensure!(people.len() > 1, "{} names nobody", path.display());
        let heads = match kind {
            Kind::Uniform | Kind::Hot => people.iter().map(|(wallet, token)| transfer_head(wallet, token)).collect(),
            Kind::Balance => people.iter().map(|(wallet, token)| balance(wallet, token)).collect(),
            Kind::Batch(_) => Vec::new(),
            Kind::Checkin => vec![checkin_head(&world::door(path)?)],
            Kind::Hello => vec!["GET / HTTP/1.1\r\nHost: bench\r\n\r\n".to_owned()],
        };
        let wallets = people.iter().map(|(wallet, _)| (*wallet).to_owned()).collect();
        Ok(Self { kind, rng: Rng::with_seed(seed), wallets, heads })
    }

    /// Writes the next request in place of what is in `request`.
    pub fn next(&mut self, request: &mut Vec<u8>) {
        request.clear();
        match self.kind {
            Kind::Uniform | Kind::Hot => {
                let (from, to) = self.pair();
                request.extend_from_slice(self.heads[from].as_bytes());
                request.extend_from_slice(self.wallets[to].as_bytes());
                request.extend_from_slice(b"\",\"amount\":");
                request.push(self.digit());
                request.push(b'}');
            }
            Kind::Batch(size) => self.batch(size, request),
            Kind::Checkin => {
                request.extend_from_slice(self.heads[0].as_bytes());
                request.extend_from_slice(format!("{:032x}\"}}", self.rng.u128(..)).as_bytes());
            }
            Kind::Balance | Kind::Hello => {
                let one = self.rng.usize(..self.heads.len());
                request.extend_from_slice(self.heads[one].as_bytes());
            }
        }
    }

    fn batch(&mut self, size: usize, request: &mut Vec<u8>) {
        const OPEN: &[u8] = b"{\"transfers\":[";
        const CLOSE: &[u8] = b"]}";
        let each = FROM.len() + 36 + TO.len() + 36 + AMOUNT.len() + 2;
        // One comma less than transfers.
        let length = OPEN.len() + size * each + size - 1 + CLOSE.len();
        let head = format!(
            "POST /v1/transfers/batch HTTP/1.1\r\nHost: bench\r\nX-Service-Token: {SERVICE_TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(OPEN);
        for number in 0..size {
            let (from, to) = self.pair();
            if number > 0 {
                request.push(b',');
            }
            request.extend_from_slice(FROM.as_bytes());
            request.extend_from_slice(self.wallets[from].as_bytes());
            request.extend_from_slice(TO.as_bytes());
            request.extend_from_slice(self.wallets[to].as_bytes());
            request.extend_from_slice(AMOUNT.as_bytes());
            request.push(self.digit());
            request.push(b'}');
        }
        request.extend_from_slice(CLOSE);
    }

    /// Two different wallets.
    fn pair(&mut self) -> (usize, usize) {
        let to = if self.kind == Kind::Hot { 0 } else { self.rng.usize(..self.wallets.len()) };
        let from = self.rng.usize(..self.wallets.len() - 1);
        (from + usize::from(from >= to), to)
    }

    fn digit(&mut self) -> u8 {
        b'0' + self.rng.u8(1..=LARGEST)
    }
}

const FROM: &str = "{\"from_wallet_id\":\"";
const TO: &str = "\",\"to_wallet_id\":\"";
const AMOUNT: &str = "\",\"amount\":";

/// A transfer from this wallet up to where the receiver begins.
fn transfer_head(wallet: &str, token: &str) -> String {
    let length = FROM.len() + wallet.len() + TO.len() + wallet.len() + AMOUNT.len() + 2;
    let mut head = String::new();
    let _ = write!(
        head,
        "POST /v1/payments/transfer HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{FROM}{wallet}{TO}"
    );
    head
}

/// A check-in up to where the ticket begins, which has 32 characters.
fn checkin_head(token: &str) -> String {
    let open = format!("{{\"event_id\":\"{}\",\"ticket_id\":\"", world::EVENT);
    let length = open.len() + 32 + 2;
    format!(
        "POST /v1/checkins HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{open}"
    )
}

fn balance(wallet: &str, token: &str) -> String {
    format!("GET /v1/wallets/{wallet}/balance HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(kind: Kind) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("world");
        let id = |n: u32| format!("00000000-0000-7000-8000-{n:012}");
        let lines: Vec<_> = (0..3).map(|n| format!("{} token{n}", id(n))).collect();
        fs::write(&file, lines.join("\n")).expect("writes");
        fs::write(world::door_file(&file), "token").expect("writes");
        let mut requests = Requests::new(kind, &file, 7).expect("prepares");
        let mut request = Vec::new();
        let mut next = || {
            requests.next(&mut request);
            let text = String::from_utf8(request.clone()).expect("text");
            let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
            assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
            body.to_owned()
        };
        (0..20).map(|_| next()).collect()
    }

    #[test]
    fn every_check_in_is_of_a_ticket_that_nobody_has_shown() {
        let tickets: std::collections::BTreeSet<_> = bodies(Kind::Checkin).into_iter().collect();
        assert_eq!(tickets.len(), 20);
        for body in tickets {
            let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            assert_eq!(body["event_id"], world::EVENT);
        }
    }

    #[test]
    fn a_request_is_as_long_as_it_says_and_never_sends_to_itself() {
        for kind in [Kind::Uniform, Kind::Hot, Kind::Batch(1), Kind::Batch(5)] {
            for body in bodies(kind) {
                let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
                let one = std::slice::from_ref(&body);
                let transfers = body["transfers"].as_array().map_or(one, Vec::as_slice);
                for transfer in transfers {
                    assert_ne!(transfer["from_wallet_id"], transfer["to_wallet_id"]);
                    assert!((1..=9).contains(&transfer["amount"].as_i64().expect("a number")));
                }
            }
        }
    }
}
