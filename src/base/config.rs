//! This module holds every setting of a server. Names carry their unit, so no reader has to guess it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use crate::base::clock::ClockMode;
use crate::base::work::Listener;

/// The longest time in ms that a snippet may be given: a day.
pub const LONGEST_SNIPPET_MS: u64 = 86_400_000;

/// The most memory in MB that a snippet may be given.
pub const MOST_SNIPPET_MB: u64 = 65_536;

/// The target says where the server keeps its database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Database {
    /// The database is in memory and is gone when the server stops.
    #[default]
    Memory,
    /// The database is in this file, which outlives the server.
    File(PathBuf),
}

/// The choice says what data a server starts with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SeedChoice {
    /// The server starts with the built-in demo data.
    #[default]
    Demo,
    /// The server starts with a workspace that has nothing but the catalog.
    Empty,
    /// The server starts with the seed in this folder or file.
    Path(PathBuf),
}

impl std::str::FromStr for SeedChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "demo" => Self::Demo,
            "none" => Self::Empty,
            path => Self::Path(path.into()),
        })
    }
}

/// These are the settings of one server. Source: our choice: the defaults suit one developer's laptop.
#[derive(Debug, Clone)]
pub struct Config {
    /// The server listens on this address.
    pub host: IpAddr,
    /// The server listens on this port; 0 picks a free one.
    pub port: u16,
    pub seed: SeedChoice,
    pub database: Database,
    /// Every new workspace's clock starts in this mode.
    pub clock: ClockMode,
    /// This seed makes generated ids the same on every run; without it they differ.
    pub rng_seed: Option<u64>,
    /// The first workspace gets this key instead of the seed's.
    pub workspace_key: Option<String>,
    /// The first workspace gets this secret instead of the seed's.
    pub workspace_secret: Option<String>,
    /// The server may call these hosts beyond loopback, which is always allowed.
    pub allow_egress: Vec<String>,
    /// Control calls must carry this token; a server that listens beyond loopback needs one.
    pub control_token: Option<String>,
    /// Clients are told addresses at this origin, such as `http://mock:6262`; at the one that their call came by when absent.
    pub public_url: Option<String>,
    /// Each workspace's journal keeps this many entries; then the oldest goes.
    pub journal_limit: usize,
    /// Each workspace keeps so many logs of runs and as many of calls to external apps, counted together; then the oldest go.
    pub run_log_limit: usize,
    /// The logs of all workspaces together may have so many megabytes; then the oldest of the workspace with the most go.
    pub run_log_mb: u64,
    /// Moving a clock makes so many changes that fall due on the way; then the call is refused, and a further one goes on.
    pub advance_limit: usize,
    /// The body of a request may pause for this many milliseconds of real time, and take ten times as long. A client that
    /// takes nothing of its answer for as long is disconnected, on Linux.
    pub body_timeout_ms: u64,
    /// A snippet may run for this many milliseconds of real time. Source: DOC:docs/managing-membrane/limits (50 s).
    pub code_timeout_ms: u64,
    /// A snippet may use this many megabytes of memory; only worker processes can hold it to that.
    pub code_memory_mb: u64,
    /// This `membrane-mock` binary runs snippets in child processes; without it they run on threads of this one.
    pub js_worker: Option<PathBuf>,
    /// So many threads answer HTTP requests.
    pub workers: usize,
    /// It is told how far the reading and planting of large seeds and archives is.
    pub listener: Listener,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 6262,
            seed: SeedChoice::Demo,
            database: Database::Memory,
            clock: ClockMode::default(),
            rng_seed: None,
            workspace_key: None,
            workspace_secret: None,
            allow_egress: Vec::new(),
            control_token: None,
            public_url: None,
            journal_limit: 10_000,
            run_log_limit: 20_000,
            run_log_mb: 256,
            advance_limit: 100_000,
            body_timeout_ms: 30_000,
            code_timeout_ms: 50_000,
            code_memory_mb: 512,
            js_worker: None,
            workers: 2,
            listener: Listener::default(),
        }
    }
}

impl Config {
    /// Returns settings for a test: a free port, one worker, a limit of 5 s for snippets, and the binary that runs
    /// snippets from the environment variable `MEMBRANE_MOCK_JS_WORKER`.
    pub fn for_tests() -> Self {
        let js_worker = std::env::var_os("MEMBRANE_MOCK_JS_WORKER").map(PathBuf::from);
        Self { port: 0, workers: 1, code_timeout_ms: 5_000, js_worker, ..Self::default() }
    }
}
