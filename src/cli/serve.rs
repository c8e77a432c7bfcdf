//! This module is `membrane-mock serve`, which runs a server until SIGINT, SIGTERM or SIGHUP.

use std::process::ExitCode;

use clap::Args;
use clap::builder::BoolishValueParser;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::base::config::Config;
use crate::cli::ServerOptions;
use crate::cli::descriptors;
use crate::cli::lines;
use crate::cli::output::{ReadyFile, ServerAccess, print};

#[derive(Debug, Args)]
pub(super) struct ServeOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// End when standard input does, as it does with the program that started the server
    #[arg(long)]
    while_stdin_open: bool,
    /// Print no line for each call
    #[arg(long, short, env = "MEMBRANE_MOCK_QUIET", value_parser = BoolishValueParser::new())]
    quiet: bool,
    /// Print the environment to export for programs, too
    #[arg(long = "env", conflicts_with = "json")]
    environment: bool,
}

pub(super) fn run(options: &ServeOptions) -> Result<ExitCode, String> {
    let ServeOptions { server: options, while_stdin_open, quiet, environment } = options;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let ready_file = options.ready_file.as_deref().map(ReadyFile::claim).transpose()?;
    // Signals are caught before anybody is told that the server runs, because whoever is told may stop it at once.
    let mut signals = runtime.block_on(async { StopSignals::caught() }).map_err(|error| error.to_string())?;
    descriptors::raise();
    let server = options.start(Config::default().port)?;
    let access = ServerAccess::of(&server)?;
    let ready = access.json();
    let file = ready_file.map(|file| file.write(&ready)).transpose()?;
    // A program that started the server reads the one line of JSON, and has the journal.
    if !quiet && !options.json {
        let (calls, first, base) = (server.engine().calls(), access.key.clone(), access.url.clone());
        std::thread::spawn(move || lines::print(calls, &first, &base, lines::has_colours()));
    }
    print(&if options.json { ready.to_string() } else { access.banner(*environment) });
    runtime.block_on(async {
        tokio::select! {
            _ = signals.next() => {}
            () = stdin_ended(), if *while_stdin_open => {}
        }
    });
    drop(file);
    server.stop();
    Ok(ExitCode::SUCCESS)
}

/// Waits until standard input has ended. A thread reads it, which ends with the process.
async fn stdin_ended() {
    let (ended, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).ok();
        ended.send(()).ok();
    });
    told.await.ok();
}

/// A receiver of SIGINT, SIGTERM and SIGHUP, which no longer end the process by themselves. SIGHUP comes when a terminal
/// closes, unless whoever started the process had it ignored, as `nohup` does.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl StopSignals {
    /// Begins to catch the signals; it must be called within a runtime.
    pub(super) fn caught() -> std::io::Result<Self> {
        let hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, hangup })
    }

    /// Waits for the next signal and returns its number.
    pub(super) async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            () = hung_up(self.hangup.as_mut()) => SignalKind::hangup().as_raw_value(),
        }
    }
}

async fn hung_up(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether this process was started with SIGHUP ignored. Systems without `/proc` do not tell.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    // The first bit stands for the first signal.
    ignored.is_some_and(|signals| signals & (1 << (SignalKind::hangup().as_raw_value() - 1)) != 0)
}
