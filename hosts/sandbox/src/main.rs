//! The binary: a sandbox on a port of its own.

use std::{
    io::IsTerminal,
    net::{IpAddr, Ipv4Addr},
    process::ExitCode,
};

use clap::Parser;
use dermaga_sandbox::{ClockMode, Moment, Running, Sandbox, SandboxConfig, Settings, XenditUrls, config};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Plays Midtrans, Xendit, an SMS provider, Duffel, a ferry and Digiflazz. No real money moves here.
#[derive(Debug, Parser)]
#[command(name = "dermaga-sandbox", version)]
struct Options {
    /// The port to listen on; 0 takes any that is free.
    #[arg(long, default_value_t = 9090)]
    port: u16,
    /// The address to listen on. The admin API asks nobody who they are: keep it on the loopback.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// The application's base address: webhooks go to /webhooks/midtrans, xendit, duffel, ferry and digiflazz below it.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// How fast virtual time passes: real, manual, or scaled:600 for 600 times as fast.
    #[arg(long, default_value_t = ClockMode::Real)]
    clock: ClockMode,
    /// What the clock shows at the start, as 2026-01-05T03:00:00Z; the machine's time if nothing is said.
    #[arg(long, value_parser = moment)]
    epoch: Option<Moment>,
    /// The seed of ids and jitter.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The address under which browsers and callers reach the sandbox, if it is not the one it listens on.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Makes the last three digits of an amount a script: 901 is refused, 905 is paid late, and so on.
    #[arg(long)]
    magic_amounts: bool,
    /// What happens to payments that nobody says anything about, as ~pay5s.
    #[arg(long, value_name = "TOKENS", default_value = "")]
    default_script: String,
    /// How long a call hangs whose answer is lost, in milliseconds.
    #[arg(long, default_value_t = 60_000)]
    hang_ms: u64,
    /// The server key of Midtrans.
    #[arg(long, default_value = config::MIDTRANS_SERVER_KEY)]
    midtrans_server_key: String,
    /// The secret key of Xendit.
    #[arg(long, default_value = config::XENDIT_SECRET_KEY)]
    xendit_secret_key: String,
    /// The token that goes with Xendit's webhooks.
    #[arg(long, default_value = config::XENDIT_CALLBACK_TOKEN)]
    xendit_callback_token: String,
    /// The account with the SMS provider.
    #[arg(long, default_value = config::TWILIO_ACCOUNT_SID)]
    twilio_account_sid: String,
    /// Its token.
    #[arg(long, default_value = config::TWILIO_AUTH_TOKEN)]
    twilio_auth_token: String,
    /// The token of Duffel.
    #[arg(long, default_value = config::DUFFEL_TOKEN)]
    duffel_token: String,
    /// The token of the ferry.
    #[arg(long, default_value = config::FERRY_TOKEN)]
    ferry_token: String,
    /// The user of Digiflazz.
    #[arg(long, default_value = config::DIGIFLAZZ_USERNAME)]
    digiflazz_username: String,
    /// The user's key.
    #[arg(long, default_value = config::DIGIFLAZZ_KEY)]
    digiflazz_key: String,
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text).ok_or_else(|| format!("{text:?} is no time: write 2026-01-05T03:00:00Z"))
}

impl Options {
    fn config(self) -> SandboxConfig {
        let mut settings = Settings {
            public_url: self.public_url.unwrap_or_default(),
            hang_ms: self.hang_ms,
            magic_amounts: self.magic_amounts,
            default_script: self.default_script,
            ..Settings::default()
        };
        settings.midtrans.server_key = self.midtrans_server_key;
        settings.xendit.secret_key = self.xendit_secret_key;
        settings.xendit.callback_token = self.xendit_callback_token;
        settings.twilio.account_sid = self.twilio_account_sid;
        settings.twilio.auth_token = self.twilio_auth_token;
        settings.duffel.token = self.duffel_token;
        settings.ferry.token = self.ferry_token;
        settings.digiflazz.username = self.digiflazz_username;
        settings.digiflazz.key = self.digiflazz_key;
        if let Some(base) = self.webhook_url {
            let base = base.trim_end_matches('/');
            settings.midtrans.webhook_url = format!("{base}/webhooks/midtrans");
            settings.xendit.webhook_urls = XenditUrls::all(&format!("{base}/webhooks/xendit"));
            settings.duffel.webhook_url = format!("{base}/webhooks/duffel");
            settings.ferry.webhook_url = format!("{base}/webhooks/ferry");
            settings.digiflazz.webhook_url = format!("{base}/webhooks/digiflazz");
        }
        let Self { bind, port, clock, epoch, seed, .. } = self;
        SandboxConfig { bind, port, clock, epoch, seed, settings }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let clock = options.clock;
    match Sandbox::start(options.config()).await {
        Ok(running) => {
            announce(&running, clock);
            wait().await;
            running.stop().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("dermaga-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells the person at the terminal where everything is.
fn announce(running: &Running, clock: ClockMode) {
    println!("Dermaga sandbox {}\n", env!("CARGO_PKG_VERSION"));
    println!("  Home           {}/", running.base_url);
    println!("  Midtrans Core  {}", running.midtrans_api());
    println!("  Midtrans Snap  {}", running.midtrans_snap());
    println!("  Xendit         {}", running.xendit());
    println!("  SMS            {}", running.twilio());
    println!("  Duffel         {}", running.duffel());
    println!("  Ferries        {}", running.ferry());
    println!("  Digiflazz      {}", running.digiflazz());
    println!("  Admin API      {}/__sandbox", running.base_url);
    println!("  Clock          {clock}");
    println!("\n  Stop with Ctrl-C.");
}

/// Until the process is asked to stop.
async fn wait() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return drop(tokio::signal::ctrl_c().await) };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
