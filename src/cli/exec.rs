//! This module is `membrane-mock exec -- CMD…`, which runs a server for as long as one command takes. Invariant: it
//! exits with the command's status, or with 128 + n after signal n.

use std::io::IsTerminal as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use clap::Args;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tokio::process::Child;

use crate::base::clock::real_sleep;
use crate::cli::ServerOptions;
use crate::cli::output::{ReadyFile, ServerAccess, complain};
use crate::cli::serve::StopSignals;
use crate::world::report;

#[derive(Debug, Args)]
pub(super) struct ExecOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

pub(super) fn run(options: &ExecOptions) -> Result<ExitCode, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let mut signals = runtime.block_on(async { StopSignals::caught() }).map_err(|error| error.to_string())?;
    let server = options.server.start(0)?;
    let access = ServerAccess::of(&server)?;
    let file = options.server.ready_file.as_deref().map(|path| ReadyFile::write(path, &access.json())).transpose()?;
    let Some((program, arguments)) = options.command.split_first() else { return Err("name a command".into()) };
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .envs(access.environment())
        .env("MEMBRANE_MOCK_CONTROL_URL", format!("{}/__mock", access.url));
    for name in ["NO_PROXY", "no_proxy"] {
        command.env(name, without_proxy(std::env::var(name).ok().as_deref()));
    }
    // These are options of this server, not of one that the command may start.
    command.env_remove("MEMBRANE_MOCK_PORT").env_remove("MEMBRANE_MOCK_READY_FILE").kill_on_drop(true);
    match &access.control_token {
        Some(token) => command.env("MEMBRANE_MOCK_CONTROL_TOKEN", token),
        None => command.env_remove("MEMBRANE_MOCK_CONTROL_TOKEN"),
    };
    let code = runtime.block_on(async {
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                complain(&format!("cannot run `{program}`: {error}"));
                return Ok(code_of_unrunnable(&error));
            }
        };
        tokio::select! {
            status = child.wait() => status.map(code_of).map_err(|error| error.to_string()),
            signal = signals.next() => {
                end(&mut child, signal, &mut signals).await;
                Ok(128 + signal)
            }
        }
    })?;
    if code != 0 {
        for line in report::lines(server.engine()) {
            complain(&line);
        }
    }
    drop(file);
    server.stop();
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// The hosts that a command asks without a proxy: those that it was told, and loopback, where the server is.
fn without_proxy(told: Option<&str>) -> String {
    let own = ["127.0.0.1", "localhost", "::1"];
    let mut hosts: Vec<&str> =
        told.unwrap_or_default().split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
    for host in own {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts.join(",")
}

/// The exit status of a command that cannot be run, as shells have it.
fn code_of_unrunnable(error: &std::io::Error) -> i32 {
    match error.kind() {
        std::io::ErrorKind::NotFound => 127,
        _ => 126,
    }
}

/// A command that is asked to end has this long before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// Passes a signal on, so that the command can clean up; a second signal, or taking longer than
/// [`GRACE`], kills the command.
async fn end(child: &mut Child, signal: i32, signals: &mut StopSignals) {
    // A signal that is typed at a terminal reaches the command by itself.
    let typed = signal == nix::libc::SIGINT && std::io::stdin().is_terminal();
    if let (Some(id), Ok(signal), false) = (child.id(), Signal::try_from(signal), typed)
        && let Ok(id) = i32::try_from(id)
    {
        nix::sys::signal::kill(Pid::from_raw(id), signal).ok();
    }
    tokio::select! {
        _ = child.wait() => return,
        _ = signals.next() => {}
        () = real_sleep(GRACE) => {}
    }
    child.kill().await.ok();
}

/// Returns the command's exit status; ending by signal n counts as 128 + n.
fn code_of(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}
