//! This folder is the command line, with one file per command.
//!
//! Invariant: no command has behaviour of its own; `serve` and `exec` are the library's [`crate::server::Server`].

mod credentials;
mod descriptors;
mod doctor;
mod examples;
mod exec;
mod lines;
mod mapping;
mod mcp;
mod membrane;
mod mock;
mod output;
mod redirect;
mod routes;
mod serve;
mod token;
mod watch;
mod work;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::{BoolishValueParser, RangedU64ValueParser};
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::base::clock::ClockMode;
use crate::base::config::{Config, Database, LONGEST_SNIPPET_MS, MOST_SNIPPET_MB, SeedChoice};
use crate::base::text::origin;
use crate::base::work::Listener;
use crate::cli::examples::with_examples;
use crate::cli::watch::Watched;
use crate::server::Server;

/// An in-process fake of the Membrane engine for hermetic tests, offline development and rehearsed failures.
#[derive(Debug, Parser)]
#[command(name = "membrane-mock", version, about, after_help = "Without a command: serve, with its options.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server and listen until a signal stops it (the default).
    Serve(serve::ServeOptions),
    /// Start a server on a free port, run a command with the address and credentials in its
    /// environment, return its status.
    Exec(exec::ExecOptions),
    /// Print a token for a client. Needs no server.
    Token(token::TokenOptions),
    /// Print the workspace's credentials. Needs no server.
    Credentials(credentials::CredentialsOptions),
    /// Do what the platform's own command line does: connect, act, list, …
    #[command(subcommand)]
    Membrane(membrane::Membrane),
    #[command(flatten)]
    Mock(mock::Mock),
    /// Serve the tools of agents on standard input and output (MCP)
    Mcp(Box<mcp::McpOptions>),
    /// Evaluate a formula of the data-mapping language. Needs no server.
    Mapping(mapping::MappingOptions),
    /// Say whether this machine can run tests, and how to mend what is wrong.
    Doctor(doctor::DoctorOptions),
    /// Print which operations of the platform are faked. Needs no server.
    Routes(routes::RoutesOptions),
    /// Print what makes a shell complete these commands. Needs no server.
    Completions(examples::CompletionsOptions),
    /// Become the command of an `exec` that started this process.
    #[command(name = "run-command", hide = true)]
    Become(exec::BecomeOptions),
    /// Run snippets for a server that started this process.
    #[command(name = "js-worker", hide = true)]
    JsWorker {
        /// Limits, as the server gives them
        arguments: Vec<String>,
    },
}

/// Reads an address, which may stand in brackets as in a URL, or a name that this machine knows.
fn host_of(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse() {
        return Ok(address);
    }
    let unknown =
        |why: &dyn std::fmt::Display| format!("it is neither an address nor a name that is known here: {why}");
    let found: Vec<IpAddr> =
        (bare, 0).to_socket_addrs().map_err(|error| unknown(&error))?.map(|address| address.ip()).collect();
    // Clients try the older family first where a name has both.
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| unknown(&"it has no address"))
}

/// Options of `serve` and `exec`; each is an environment variable too.
#[derive(Debug, Clone, Args)]
struct ServerOptions {
    /// Listen on this address
    #[arg(long, env = "MEMBRANE_MOCK_HOST", default_value = "127.0.0.1", value_parser = host_of)]
    host: IpAddr,
    /// Listen on this port; 0 picks a free one [default: 6262; exec: 0]
    #[arg(long, env = "MEMBRANE_MOCK_PORT")]
    port: Option<u16>,
    /// Write {url, workspaceKey, …} to this file when ready; it is removed at exit
    #[arg(long, env = "MEMBRANE_MOCK_READY_FILE", value_name = "PATH")]
    ready_file: Option<PathBuf>,
    /// Start with this data: `demo`, `none`, or the seed in a folder or file
    #[arg(long, env = "MEMBRANE_MOCK_SEED", default_value = "demo", value_name = "PATH|demo|none")]
    seed: SeedChoice,
    /// Plant the seed anew whenever its files change
    #[arg(long, env = "MEMBRANE_MOCK_WATCH", value_parser = BoolishValueParser::new())]
    watch: bool,
    /// Keep state in this file instead of memory
    #[arg(long, env = "MEMBRANE_MOCK_DATABASE", value_name = "PATH")]
    database: Option<PathBuf>,
    /// Run time as `system`, or let it stand still at this moment
    #[arg(long, env = "MEMBRANE_MOCK_CLOCK", default_value = "system", value_name = "system|RFC3339")]
    clock: ClockMode,
    /// Make generated ids repeat from run to run
    #[arg(long, env = "MEMBRANE_MOCK_RNG_SEED", value_name = "N")]
    rng_seed: Option<u64>,
    /// Use this key for the workspace, instead of the seed's
    #[arg(long, env = "MEMBRANE_MOCK_WORKSPACE_KEY", value_name = "KEY")]
    workspace_key: Option<String>,
    /// Use this secret for the workspace, instead of the seed's
    #[arg(long, env = "MEMBRANE_MOCK_WORKSPACE_SECRET", value_name = "SECRET", hide_env_values = true)]
    workspace_secret: Option<String>,
    /// Allow calls to these hosts beyond loopback
    #[arg(long, env = "MEMBRANE_MOCK_ALLOW_EGRESS", value_name = "HOST", value_delimiter = ',')]
    allow_egress: Vec<String>,
    /// Require this token of control calls; needed to listen beyond loopback
    #[arg(long, env = "MEMBRANE_MOCK_CONTROL_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    control_token: Option<String>,
    /// Name this origin in what clients are told, such as `http://mock:6262` [default: the one that a call came by]
    #[arg(long, env = "MEMBRANE_MOCK_PUBLIC_URL", value_name = "URL", value_parser = origin)]
    public_url: Option<String>,
    /// Keep at most this many entries in each journal
    #[arg(long, env = "MEMBRANE_MOCK_JOURNAL_LIMIT", default_value_t = 10_000, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000_000))]
    journal_limit: usize,
    /// Keep the last so many logs of runs and of calls to external apps of each workspace
    #[arg(long, env = "MEMBRANE_MOCK_RUN_LOG_LIMIT", default_value_t = 20_000, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000_000))]
    run_log_limit: usize,
    /// Keep at most so many megabytes of such logs in all workspaces together
    #[arg(long, env = "MEMBRANE_MOCK_RUN_LOG_MB", default_value_t = 256, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=768))]
    run_log_mb: u64,
    /// Make at most this many changes that fall due in one move of a clock
    #[arg(long, env = "MEMBRANE_MOCK_ADVANCE_LIMIT", default_value_t = 100_000, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000_000))]
    advance_limit: usize,
    /// Give up a request whose body pauses, or whose answer nobody takes, for so long
    #[arg(long, env = "MEMBRANE_MOCK_BODY_TIMEOUT_MS", default_value_t = 30_000, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    body_timeout_ms: u64,
    /// Limit how long a snippet may run
    #[arg(long, env = "MEMBRANE_MOCK_CODE_TIMEOUT_MS", default_value_t = 50_000, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=LONGEST_SNIPPET_MS))]
    code_timeout_ms: u64,
    /// Limit how much memory a snippet may use
    #[arg(long, env = "MEMBRANE_MOCK_CODE_MEMORY_MB", default_value_t = 512, value_name = "MB", value_parser = clap::value_parser!(u64).range(16..=MOST_SNIPPET_MB))]
    code_memory_mb: u64,
    /// Log at this level: error, warn, info, debug, or a tracing filter
    #[arg(long, env = "MEMBRANE_MOCK_LOG", default_value = "warn", value_name = "FILTER")]
    log: String,
    /// Print one line of JSON when ready instead of the banner
    #[arg(long, env = "MEMBRANE_MOCK_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

impl ServerOptions {
    fn config(&self, default_port: u16) -> Config {
        Config {
            host: self.host,
            port: self.port.unwrap_or(default_port),
            seed: self.seed.clone(),
            database: self.database.clone().map_or(Database::Memory, Database::File),
            clock: self.clock,
            rng_seed: self.rng_seed,
            workspace_key: self.workspace_key.clone().filter(|key| !key.is_empty()),
            workspace_secret: self.workspace_secret.clone().filter(|secret| !secret.is_empty()),
            allow_egress: self.allow_egress.clone(),
            control_token: self.control_token.clone().filter(|token| !token.is_empty()),
            public_url: self.public_url.clone().filter(|url| !url.is_empty()),
            journal_limit: self.journal_limit,
            run_log_limit: self.run_log_limit,
            run_log_mb: self.run_log_mb,
            advance_limit: self.advance_limit,
            body_timeout_ms: self.body_timeout_ms,
            code_timeout_ms: self.code_timeout_ms,
            code_memory_mb: self.code_memory_mb,
            // The binary runs itself as its worker, so snippets run in child processes.
            js_worker: std::env::current_exe().ok(),
            workers: Config::default().workers,
            // A program that reads the one line of JSON reads nothing else.
            listener: if self.json { Listener::default() } else { work::on_terminal() },
        }
    }

    /// Starts the server, and with `--watch` the task that watches its seed. The error is a sentence for the user.
    fn start(&self, default_port: u16) -> Result<Server, String> {
        self.start_logging()?;
        let watched = match (&self.seed, self.watch) {
            (SeedChoice::Path(path), true) => Some(Watched::of(path)),
            (SeedChoice::Demo | SeedChoice::Empty, true) => {
                return Err("--watch needs a --seed that is a folder or file".into());
            }
            (_, false) => None,
        };
        let comes_back = self.database.as_deref().filter(|path| path.metadata().is_ok_and(|file| file.len() > 0));
        let server = Server::start_blocking(self.config(default_port)).map_err(|error| error.to_string())?;
        if let Some(path) = comes_back {
            output::complain(&format!(
                "{}: workspaces and clocks are as they were; faults, scenarios, snapshots and the journal are not kept",
                path.display()
            ));
        }
        if let Some(watched) = watched {
            server.runtime().spawn(watch::run(Arc::downgrade(server.engine()), watched));
        }
        Ok(server)
    }

    fn start_logging(&self) -> Result<(), String> {
        let filter = tracing_subscriber::EnvFilter::try_new(&self.log)
            .map_err(|error| format!("--log (MEMBRANE_MOCK_LOG) `{}` is no filter: {error}", self.log))?;
        // An answer that a fault cuts off is not a failure of the HTTP server's, so its log lines are turned off.
        let filter = match "actix_http::h1::dispatcher=off".parse() {
            Ok(directive) if !self.log.contains("actix") => filter.add_directive(directive),
            _ => filter,
        };
        // What a client of tools asks for wrongly is told to it, and not noted here.
        let filter = match "rmcp=error".parse() {
            Ok(directive) if !self.log.contains("rmcp") => filter.add_directive(directive),
            _ => filter,
        };
        let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        subscriber.with_ansi(std::io::stderr().is_terminal()).compact().try_init().ok();
        Ok(())
    }
}

/// The platform's command line, played by `membrane-mock`, a fake of its engine.
#[derive(Debug, Parser)]
#[command(name = "membrane", version, about)]
struct MembraneCli {
    #[command(subcommand)]
    command: membrane::Membrane,
}

/// Whether the program was called `membrane`, as by a link.
fn is_called_membrane(arguments: &[OsString]) -> bool {
    arguments.first().map(Path::new).and_then(Path::file_stem).is_some_and(|name| name == "membrane")
}

/// Returns the arguments with `serve` put in when no command is named: `membrane-mock --port 0` means `membrane-mock serve --port 0`.
fn with_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let first = arguments.get(1).map(|first| first.to_string_lossy().into_owned());
    let is_of_program = |first: &str| matches!(first, "-h" | "--help" | "-V" | "--version");
    if first.is_none_or(|first| first.starts_with('-') && !is_of_program(&first)) {
        arguments.insert(1.min(arguments.len()), "serve".into());
    }
    arguments
}

/// Reads the command line of a program, whose help has examples. Where it cannot be read, or help is asked for, the process ends.
fn parsed<P: Parser>(program: &str, words: &str, arguments: Vec<OsString>) -> P {
    let command = with_examples(P::command(), program, words);
    P::from_arg_matches(&command.get_matches_from(arguments)).unwrap_or_else(|error| error.exit())
}

/// Runs the command line of this process, and returns its exit status.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let command = if is_called_membrane(&arguments) {
        Command::Membrane(parsed::<MembraneCli>("membrane", "membrane", arguments).command)
    } else {
        parsed::<Cli>("membrane-mock", "", with_command(arguments)).command
    };
    let result = match command {
        Command::Serve(options) => serve::run(&options),
        Command::Exec(options) => exec::run(&options),
        Command::Token(options) => token::run(&options, None),
        Command::Credentials(options) => credentials::run(&options, None),
        Command::Membrane(command) => membrane::run(command),
        Command::Mock(command) => mock::run(command),
        Command::Mcp(options) => mcp::run(&options),
        Command::Mapping(options) => mapping::run(options),
        Command::Doctor(options) => Ok(doctor::run(&options)),
        Command::Routes(options) => Ok(routes::run(&options)),
        Command::Completions(options) => {
            examples::completions(&options, &Cli::command());
            Ok(ExitCode::SUCCESS)
        }
        Command::Become(options) => Ok(exec::become_command(&options)),
        Command::JsWorker { arguments } => Ok(crate::sandbox::worker::main(&arguments)),
    };
    result.unwrap_or_else(|message| {
        output::complain(&message);
        ExitCode::FAILURE
    })
}
