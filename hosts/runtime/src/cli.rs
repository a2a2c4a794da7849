//! The command line that all hosts share.

use std::{net::IpAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{Host, HostError, Profile, Settings, commands, logs, serve, settings::Flags};

const AFTER_HELP: &str = "\
Without a command, the host serves. Without settings, it serves the profile `demo`: an embedded database with
customers and money in the folder dermaga-data, and a payment sandbox that settles at once.

Settings come from dermaga.toml, then from the environment (DATABASE_URL, JWT_SECRET, JWT_EXPIRATION, PERSONAL_DATA_KEYS,
SERVICE_TOKEN, PORT, REQUEST_TIMEOUT, PAYMENT_GATEWAY, RABBITMQ_URL, SMTP_SERVER, SMTP_PORT, SMTP_USER, SMTP_PASSWORD, SENDER_EMAIL, or any setting as
DERMAGA_<NAME>), then from flags; the last one wins.

In earnest:
  export JWT_SECRET=$(openssl rand -hex 32) DATABASE_URL=sqlite:/var/lib/dermaga/dermaga.db
  export PERSONAL_DATA_KEYS=1:$(openssl rand -base64 32)    # keep it: without it accounts cannot be read
  dermaga --profile standalone migrate
  dermaga --profile standalone admin create --email you@example.com
  dermaga --profile standalone serve";

#[derive(Parser)]
#[command(version, after_help = AFTER_HELP, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Common {
    /// Which adapters to use
    #[arg(long, global = true, value_enum)]
    profile: Option<Profile>,
    /// Read this configuration file instead of ./dermaga.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// `sqlite:<path>` or `postgres://...`
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// The folder of the embedded database and the development secrets
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// The port to listen on; 0 takes any that is free
    #[arg(long, global = true)]
    port: Option<u16>,
    /// The address to listen on; 0.0.0.0 for every one of the machine
    #[arg(long, global = true, value_name = "ADDRESS")]
    bind: Option<IpAddr>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (the default)
    Serve,
    /// Bring the schema of the database up to date
    Migrate,
    /// Print the OpenAPI document of this host
    Openapi {
        /// Write it to this file instead
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
    /// Manage administrators
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Seal all personal data with the first key of PERSONAL_DATA_KEYS; hosts may go on working
    RotatePersonalData,
    /// Recount every balance and every report from the journal; exit code 1 if something is wrong
    Verify,
    /// Manage the data of the profile `demo`
    #[command(subcommand)]
    Demo(DemoCommand),
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Make an administrator; asks for the password
    Create(NewAdmin),
}

/// Who becomes an administrator.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub struct NewAdmin {
    /// To log in with
    #[arg(long)]
    pub email: Option<String>,
    /// To log in with
    #[arg(long)]
    pub username: Option<String>,
    /// Read the password from standard input instead of asking for it
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Subcommand)]
enum DemoCommand {
    /// Throw the demo's data away and make it anew
    Reset {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Reads the command line and does what it says.
pub fn run(host: Host) -> ExitCode {
    let about = format!("{}. Commerce back end: accounts, wallets, a double-entry ledger.", host.title);
    let matches = <Cli as clap::CommandFactory>::command().name(host.name).about(about).get_matches();
    let cli = <Cli as clap::FromArgMatches>::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match execute(host, cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}: {error}", host.name);
            ExitCode::from(2)
        }
    }
}

fn execute(host: Host, cli: Cli) -> Result<ExitCode, HostError> {
    // The document depends on nothing but the program: no settings, no database.
    if let Some(Command::Openapi { write }) = cli.command {
        return commands::openapi(host, write);
    }
    let Common { profile, config, database_url, data_dir, port, bind } = cli.common;
    let settings = Settings::load(&host, config, Flags { profile, bind, port, data_dir, database_url })?;
    logs::start(&settings)?;
    // Whoever makes calls with TLS asks for it. That somebody has chosen already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = settings.workers.start().map_err(HostError::Server)?;
    runtime.block_on(async {
        match cli.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(host, settings).await.map(|()| ExitCode::SUCCESS),
            Command::Migrate => commands::migrate(&settings).await,
            Command::Openapi { write } => commands::openapi(host, write),
            Command::Admin(AdminCommand::Create(new)) => commands::create_admin(&settings, new).await,
            Command::RotatePersonalData => commands::rotate_personal_data(&settings).await,
            Command::Verify => commands::verify(&settings).await,
            Command::Demo(DemoCommand::Reset { yes }) => commands::reset_demo(&settings, yes).await,
        }
    })
}
