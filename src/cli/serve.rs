//! `membrane-mock serve`.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::base::config::Config;
use crate::cli::ServerOptions;
use crate::cli::output::{Access, ReadyFile, print};

pub(super) fn run(options: &ServerOptions) -> Result<ExitCode, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    // Before anybody is told that it is there: whoever is told may stop it at once.
    let mut signals = runtime.block_on(async { StopSignals::caught() }).map_err(|error| error.to_string())?;
    let server = options.start(Config::default().port)?;
    let access = Access::of(&server)?;
    let ready = access.json();
    let file = options.ready_file.as_deref().map(|path| ReadyFile::write(path, &ready)).transpose()?;
    print(&if options.json { ready.to_string() } else { access.banner() });
    runtime.block_on(signals.next());
    drop(file);
    server.stop();
    Ok(ExitCode::SUCCESS)
}

/// SIGINT and SIGTERM, caught from here on.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Catches them; within a runtime.
    pub(super) fn caught() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one; its number.
    pub(super) async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
        }
    }
}
