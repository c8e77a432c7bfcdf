//! `membrane-mock serve`.

use std::process::ExitCode;

use super::ServerOptions;
use super::output::{Access, ReadyFile, print};
use crate::config::Config;

pub(super) fn run(options: &ServerOptions) -> Result<ExitCode, String> {
    let server = options.start(Config::default().port)?;
    let access = Access::of(&server)?;
    let ready = access.json();
    let file = options.ready_file.as_deref().map(|path| ReadyFile::write(path, &ready)).transpose()?;
    print(&if options.json { ready.to_string() } else { access.banner() });
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(stop_asked()).map_err(|error| error.to_string())?;
    drop(file);
    server.stop();
    Ok(ExitCode::SUCCESS)
}

/// Waits for SIGINT or SIGTERM.
pub(super) async fn stop_asked() -> std::io::Result<i32> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => Ok(SignalKind::interrupt().as_raw_value()),
        _ = terminate.recv() => Ok(SignalKind::terminate().as_raw_value()),
    }
}
