//! Every knob of a server, units in the names.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use crate::base::clock::ClockMode;

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Target {
    /// In memory, gone with the server.
    #[default]
    Memory,
    /// In a file that survives it.
    File(PathBuf),
}

/// What a server starts with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SeedChoice {
    /// The built-in demo world.
    #[default]
    Demo,
    /// A workspace with nothing but the catalog.
    Empty,
    /// A folder or file.
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

/// A server's settings. Source: our choice: what a server of one test needs, and of one laptop.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port; 0 for a free one.
    pub port: u16,
    /// What it starts with.
    pub seed: SeedChoice,
    /// Where state is kept.
    pub database: Target,
    /// How time runs in new workspaces.
    pub clock: ClockMode,
    /// Makes ids repeat.
    pub rng_seed: Option<u64>,
    /// Key of the first workspace, instead of the seed's.
    pub workspace_key: Option<String>,
    /// Secret of the first workspace, instead of the seed's.
    pub workspace_secret: Option<String>,
    /// Hosts that may be called beyond loopback.
    pub allow_egress: Vec<String>,
    /// What control calls must carry; needed beyond loopback.
    pub control_token: Option<String>,
    /// Entries kept per journal.
    pub journal_limit: usize,
    /// Wall-clock limit of a snippet, in milliseconds. Source: DOC:docs/managing-membrane/limits (50 s).
    pub code_timeout_ms: u64,
    /// Memory limit of a snippet, in megabytes, where a limit can be held.
    pub code_memory_mb: u64,
    /// The `membrane-mock` binary that runs snippets in child processes; without it they run on threads of this one.
    pub js_worker: Option<PathBuf>,
    /// HTTP worker threads.
    pub workers: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 6262,
            seed: SeedChoice::Demo,
            database: Target::Memory,
            clock: ClockMode::default(),
            rng_seed: None,
            workspace_key: None,
            workspace_secret: None,
            allow_egress: Vec::new(),
            control_token: None,
            journal_limit: 10_000,
            code_timeout_ms: 50_000,
            code_memory_mb: 512,
            js_worker: None,
            workers: 2,
        }
    }
}

impl Config {
    /// A free port, one worker, a short limit for snippets; the binary that runs them from the environment variable
    /// `MEMBRANE_MOCK_JS_WORKER`.
    pub fn for_tests() -> Self {
        let js_worker = std::env::var_os("MEMBRANE_MOCK_JS_WORKER").map(PathBuf::from);
        Self { port: 0, workers: 1, code_timeout_ms: 5_000, js_worker, ..Self::default() }
    }
}
