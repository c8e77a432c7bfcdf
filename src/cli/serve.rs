//! This module is `membrane-mock serve`, which runs a server until SIGINT or SIGTERM.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::base::config::Config;
use crate::cli::ServerOptions;
use crate::cli::output::{ReadyFile, ServerAccess, print};

pub(super) fn run(options: &ServerOptions) -> Result<ExitCode, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    // Signals are caught before anybody is told that the server runs, because whoever is told may stop it at once.
    let mut signals = runtime.block_on(async { StopSignals::caught() }).map_err(|error| error.to_string())?;
    let server = options.start(Config::default().port)?;
    let access = ServerAccess::of(&server)?;
    let ready = access.json();
    let file = options.ready_file.as_deref().map(|path| ReadyFile::write(path, &ready)).transpose()?;
    print(&if options.json { ready.to_string() } else { access.banner() });
    runtime.block_on(signals.next());
    drop(file);
    server.stop();
    Ok(ExitCode::SUCCESS)
}

/// A receiver of SIGINT and SIGTERM, which no longer end the process by themselves.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Begins to catch the signals; it must be called within a runtime.
    pub(super) fn caught() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next signal and returns its number.
    pub(super) async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
        }
    }
}
