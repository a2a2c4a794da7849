//! A private Redis server, made by its own program: on a free port of this machine, without files.
//!
//! A shell is its parent, as for Postgres: it starts, stops and ends the server when it is told to, and when nobody is
//! left to tell it anything it ends the server: however this process ends, the pipe closes with it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{ChildStdin, Command, Stdio},
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

const MISSING: &str =
    "this test needs the program of a Redis server (redis-server); on Debian: apt-get install redis-server";
/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that may be ended and started again, empty.
#[derive(Debug)]
pub struct Server {
    port: u16,
    parent: Mutex<(ChildStdin, mpsc::Receiver<String>)>,
}

impl Server {
    /// A new one that answers.
    pub fn start() -> Self {
        let program = program().expect(MISSING);
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").port();
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh"]).arg(program).arg(port.to_string());
        // Its own process group: an interrupt from the keyboard must leave it alive to clean up.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).current_dir("/");
        let mut shell = shell.spawn().expect("sh starts");
        let orders = shell.stdin.take().expect("piped");
        let stdout = shell.stdout.take().expect("piped");
        let (tell, done) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| tell.send(line).ok());
            let _ = shell.wait();
        });
        let server = Self { port, parent: Mutex::new((orders, done)) };
        server.restart();
        server
    }

    /// Where a host would find it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Ends it without asking. Returns when it is gone.
    pub fn kill(&self) {
        self.order("KILL");
    }

    /// It neither answers nor goes away.
    pub fn freeze(&self) {
        self.order("STOP");
    }

    /// It goes on.
    pub fn thaw(&self) {
        self.order("CONT");
    }

    /// Starts it, empty, and waits until it answers.
    pub fn restart(&self) {
        self.order("start");
        let deadline = Instant::now() + PATIENCE;
        while !self.answers() {
            assert!(Instant::now() < deadline, "Redis does not start");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut answer = [0; 5];
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut answer).is_ok() && &answer == b"+PONG"
    }

    fn order(&self, order: &str) {
        let mut parent = self.parent.lock().expect("no panic");
        writeln!(parent.0, "{order}").expect("the shell listens");
        parent.1.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("`{order}` takes too long"));
    }
}

const SCRIPT: &str = r#"
    server=
    while read -r order; do
        case $order in
            start)
                "$1" --port "$2" --bind 127.0.0.1 --save '' --appendonly no --maxmemory 64mb </dev/null >/dev/null 2>&1 &
                server=$! ;;
            KILL) kill -KILL "$server"; wait "$server" 2>/dev/null; server= ;;
            *) kill "-$order" "$server" ;;
        esac
        echo done
    done
    if [ "$server" ]; then kill -KILL "$server"; fi
    wait
"#;

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/bin"), PathBuf::from("/usr/local/bin")]);
    folders.map(|folder| folder.join("redis-server")).find(|file| file.is_file())
}
