//! A private RabbitMQ broker, made by its own programs: on free ports of this machine, with everything it writes in a
//! temporary folder.
//!
//! A shell is its parent, as for Postgres: it starts and kills the broker when it is told to, and when nobody is left to
//! tell it anything it kills the broker and removes everything. Brokers find each other through a small daemon, epmd; this
//! one has its own, so it neither meets nor leaves behind anything.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

const MISSING: &str = "this test needs the programs of a RabbitMQ broker (rabbitmq-server, epmd); \
    on Debian: apt-get install rabbitmq-server";
/// How long a broker may take to start. Its virtual machine compiles nothing, but it loads a lot.
const PATIENCE: Duration = Duration::from_secs(120);

/// A broker that may be killed and started again on the same data.
#[derive(Debug)]
pub struct Broker {
    folder: PathBuf,
    port: u16,
    parent: Mutex<Parent>,
}

#[derive(Debug)]
struct Parent {
    orders: ChildStdin,
    done: mpsc::Receiver<String>,
}

impl Broker {
    /// The broker of this test process, for tests that leave it alone. Whoever needs a quiet one names its exchange by
    /// itself.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A new one that answers.
    pub fn start() -> Self {
        let server = program("rabbitmq-server").expect(MISSING);
        let epmd = program("epmd").expect(MISSING);
        let folder = tempfile::Builder::new().prefix("dermaga-mq-").tempdir().expect("a temporary folder").keep();
        let [port, distribution, names] = free_ports();
        fs::write(folder.join("rabbitmq.conf"), configuration(port)).expect("writes");
        fs::write(folder.join("enabled_plugins"), "[].\n").expect("writes");
        let mut parent = Command::new("sh");
        parent.args(["-c", SCRIPT, "sh"]).arg(&folder).arg(server).arg(epmd);
        parent
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LANG", "C.UTF-8")
            .env("HOME", &folder)
            .env("ERL_EPMD_PORT", names.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("dermaga{port}@localhost"))
            .env("RABBITMQ_DIST_PORT", distribution.to_string())
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("enabled_plugins"))
            .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_PID_FILE", folder.join("pid"))
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+S 2:2 +sbwt none")
            // Its own process group: an interrupt from the keyboard must leave it alive to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .current_dir("/");
        let mut shell = parent.spawn().expect("sh starts");
        let orders = shell.stdin.take().expect("piped");
        let stdout = shell.stdout.take().expect("piped");
        let (tell, done) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| tell.send(line).ok());
            let _ = shell.wait();
        });
        let broker = Self { folder, port, parent: Mutex::new(Parent { orders, done }) };
        broker.restart();
        broker
    }

    /// Where a host would find it.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// Ends it without asking, as the kernel does when memory is short. Returns when it is gone.
    pub fn kill(&self) {
        self.order("KILL");
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(&self) {
        self.order("TERM");
    }

    /// Starts it on the data that is there and waits until it answers.
    pub fn restart(&self) {
        self.order("start");
        let deadline = Instant::now() + PATIENCE;
        while !self.greets() {
            assert!(Instant::now() < deadline, "RabbitMQ does not start:\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Does one of these, which all take a while, without keeping other tasks of the test waiting.
    pub async fn aside(self: &Arc<Self>, deed: fn(&Self)) {
        let broker = self.clone();
        tokio::task::spawn_blocking(move || deed(&broker)).await.expect("no panic");
    }

    /// Whether somebody behind the port speaks AMQP: to a client of another version it tells its own.
    fn greets(&self) -> bool {
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut answer = [0; 4];
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        stream.write_all(b"AMQP\x00\x00\x00\x00").is_ok()
            && std::io::Read::read_exact(&mut stream, &mut answer).is_ok()
            && &answer == b"AMQP"
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        let logs = fs::read_dir(self.folder.join("log")).into_iter().flatten().flatten();
        let texts = logs.filter_map(|entry| fs::read_to_string(entry.path()).ok());
        texts.chain(fs::read_to_string(self.folder.join("output"))).collect::<Vec<_>>().join("\n")
    }

    fn order(&self, order: &str) {
        let mut parent = self.parent.lock().expect("no panic");
        writeln!(parent.orders, "{order}").expect("the shell listens");
        parent.done.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("`{order}` takes too long:\n{}", self.log()));
    }
}

/// The broker itself is not the program that was started, but its id is in the file that it writes.
const SCRIPT: &str = r#"
    folder=$1 server=$2
    "$3" </dev/null >/dev/null 2>&1 &
    epmd=$!
    broker() { cat "$folder/pid" 2>/dev/null; }
    alive() { pid=$(broker) && [ "$pid" ] && kill -0 "$pid" 2>/dev/null; }
    end() {
        if alive; then
            kill "-$1" "$(broker)"
            while alive; do sleep 0.05; done
        fi
        rm -f "$folder/pid"
    }
    while read -r order; do
        case $order in
            start) "$server" </dev/null >>"$folder/output" 2>&1 & ;;
            *) end "$order" ;;
        esac
        echo done
    done
    end KILL
    kill -KILL "$epmd"
    wait
    rm -rf "$folder"
"#;

fn configuration(port: u16) -> String {
    format!(
        "listeners.tcp.local = 127.0.0.1:{port}\n\
         log.console = false\n\
         log.file = broker.log\n\
         vm_memory_high_watermark.absolute = 512MB\n\
         disk_free_limit.absolute = 10MB\n"
    )
}

/// Ports that nobody has, as far as can be known.
fn free_ports<const N: usize>() -> [u16; N] {
    let taken = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    taken.map(|listener| listener.local_addr().expect("bound").port())
}

/// A program: of RabbitMQ's own folder rather than Debian's wrappers, which insist on a certain user.
fn program(name: &str) -> Option<PathBuf> {
    let own = Path::new("/usr/lib/rabbitmq/bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).map(|folder| folder.join(name));
    std::iter::once(own).chain(in_path).find(|file| file.is_file())
}
