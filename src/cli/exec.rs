//! This module is `membrane-mock exec -- CMD…`, which runs a server for as long as one command takes. Invariant: it
//! exits with the command's own status, or with 128 + n where signal n ended it, and the command does not outlive it.
//!
//! The command is started by this binary once more (`run-command`), which lets the system end it when this process is
//! killed, and then becomes the command.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use clap::Args;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::json;
use tokio::process::Child;

use crate::base::clock::real_sleep;
use crate::cli::ServerOptions;
use crate::cli::descriptors;
use crate::cli::output::{ReadyFile, ServerAccess, complain, print};
use crate::cli::redirect::Redirect;
use crate::cli::serve::StopSignals;
use crate::engine::past::ReportLine;
use crate::world::report;

#[derive(Debug, Args)]
pub(super) struct ExecOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Send what Node and Python programs say to the platform's public hosts here
    #[arg(long)]
    redirect: bool,
    /// Write what went wrong in calls to this file, as JSON, however the command ends
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// What a process that is to become a command is told.
#[derive(Debug, Args)]
pub(super) struct BecomeOptions {
    /// The process without which the command ends
    #[arg(long)]
    parent: i32,
    /// How many files the command may open
    #[arg(long)]
    files: Option<u64>,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Becomes a command, and answers the exit status of a process that could not.
pub(super) fn become_command(options: &BecomeOptions) -> ExitCode {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).ok();
    if nix::unistd::getppid().as_raw() != options.parent {
        // It was killed before it could be waited for.
        return ExitCode::FAILURE;
    }
    if let Some(soft) = options.files {
        descriptors::limit_to(soft);
    }
    let Some((program, arguments)) = options.command.split_first() else { return ExitCode::FAILURE };
    let error = std::process::Command::new(program).args(arguments).exec();
    complain(&format!("cannot run `{}`: {error}", program.to_string_lossy()));
    ExitCode::from(code_of_unrunnable(&error))
}

pub(super) fn run(options: &ExecOptions) -> Result<ExitCode, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let mut signals = runtime.block_on(async { StopSignals::caught() }).map_err(|error| error.to_string())?;
    let ready_file = options.server.ready_file.as_deref().map(ReadyFile::claim).transpose()?;
    let files = descriptors::raise();
    let server = options.server.start(0)?;
    let access = ServerAccess::of(&server)?;
    let file = ready_file.map(|file| file.write(&access.json())).transpose()?;
    let own = std::env::current_exe().map_err(|error| format!("cannot find its own binary: {error}"))?;
    let mut command = tokio::process::Command::new(own);
    command.args(["run-command", "--parent", &std::process::id().to_string()]);
    if let Some(files) = files {
        command.args(["--files", &files.to_string()]);
    }
    // What is typed at a terminal reaches a command only in the terminal's own group. Elsewhere it gets one of its own, in
    // which all that it starts is told to end.
    let in_group = !std::io::stdin().is_terminal();
    if in_group {
        command.process_group(0);
    }
    command
        .arg("--")
        .args(&options.command)
        .envs(access.environment())
        .env("MEMBRANE_MOCK_CONTROL_URL", format!("{}/__mock", server.own_address()));
    let redirect = options.redirect.then(Redirect::written).transpose()?;
    if let Some(redirect) = &redirect {
        command.envs(redirect.environment(server.own_address(), |name| std::env::var_os(name)));
    }
    let redirected: &[&str] = if redirect.is_some() { Redirect::hosts() } else { &[] };
    let hosts = [server.own_address(), access.url.as_str()].map(|address| {
        let host = url::Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
        // An address in brackets is one only in a URL.
        host.map(|host| host.trim_matches(['[', ']']).to_owned())
    });
    let own: Vec<&str> = hosts.iter().flatten().map(String::as_str).chain(redirected.iter().copied()).collect();
    for (name, other) in [("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")] {
        // Programs read one of both, and what was set in the other is meant as well.
        let told = std::env::var(name).or_else(|_| std::env::var(other)).ok();
        command.env(name, without_proxy(told.as_deref(), &own));
    }
    // These are options of this server, not of one that the command may start.
    command.env_remove("MEMBRANE_MOCK_PORT").env_remove("MEMBRANE_MOCK_READY_FILE").kill_on_drop(true);
    match &access.control_token {
        Some(token) => command.env("MEMBRANE_MOCK_CONTROL_TOKEN", token),
        None => command.env_remove("MEMBRANE_MOCK_CONTROL_TOKEN"),
    };
    let code = runtime.block_on(async {
        let mut child = command.spawn().map_err(|error| format!("cannot start a process: {error}"))?;
        tokio::select! {
            status = child.wait() => status.map(code_of).map_err(|error| error.to_string()),
            signal = signals.next() => {
                let own = end(&mut child, signal, &mut signals, in_group).await;
                Ok(own.map_or(128 + signal, code_of))
            }
        }
    })?;
    let lines = if code != 0 || options.report.is_some() { report::lines(server.engine()) } else { Vec::new() };
    if let Some(path) = &options.report {
        let report = json!({ "version": env!("CARGO_PKG_VERSION"), "status": code, "lines": lines });
        std::fs::write(path, format!("{report:#}\n"))
            .map_err(|error| format!("cannot write the report to `{}`: {error}", path.display()))?;
    }
    if code != 0 {
        let annotates = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        for line in lines {
            complain(&line.to_string());
            if annotates {
                print(&annotation(&line));
            }
        }
    }
    drop(file);
    server.stop();
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// A line of the report as GitHub Actions shows it beside the run. Source: GitHub's workflow commands, `::warning`.
fn annotation(line: &ReportLine) -> String {
    let escaped = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let title =
        line.label.as_deref().map_or_else(|| "membrane-mock".to_owned(), |label| format!("membrane-mock: {label}"));
    let title = escaped(&title).replace(':', "%3A").replace(',', "%2C");
    format!("::warning title={title}::{}", escaped(&line.to_string()))
}

/// The hosts that a command asks without a proxy: those that it was told, loopback, where the server is, and those that are
/// redirected there.
fn without_proxy(told: Option<&str>, own: &[&str]) -> String {
    let own = ["127.0.0.1", "localhost", "::1"].iter().chain(own);
    let mut hosts: Vec<&str> =
        told.unwrap_or_default().split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
    // All of them are meant already, and some programs take that for a host's name in a list.
    if hosts.contains(&"*") {
        return "*".to_owned();
    }
    for host in own {
        if !hosts.contains(host) {
            hosts.push(host);
        }
    }
    hosts.join(",")
}

/// The exit status of a command that cannot be run, as shells have it.
fn code_of_unrunnable(error: &std::io::Error) -> u8 {
    match error.kind() {
        std::io::ErrorKind::NotFound => 127,
        _ => 126,
    }
}

/// A command that is asked to end, and not by somebody at the keyboard, has this long before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// Whether what a command has started is still there is looked at so often.
const LOOK: Duration = Duration::from_millis(20);

/// A command that was interrupted so often is killed.
const MOST_INTERRUPTS: usize = 3;

/// Passes signals on, so that the command can clean up, with the server still there. Taking longer than [`GRACE`] after
/// SIGTERM or SIGHUP kills it, and so does a third signal. Answers how it ended, unless it was killed.
async fn end(child: &mut Child, first: i32, signals: &mut StopSignals, in_group: bool) -> Option<ExitStatus> {
    let (mut signal, mut is_late) = (first, false);
    let group = child.id().and_then(|id| i32::try_from(id).ok()).filter(|_| in_group).map(Pid::from_raw);
    let mut late = std::pin::pin!(real_sleep(GRACE));
    for _ in 1..MOST_INTERRUPTS {
        pass_on(child, signal, in_group);
        let hurries = first != nix::libc::SIGINT;
        tokio::select! {
            _ = child.wait() => break,
            next = signals.next() => signal = next,
            () = &mut late, if hurries => {
                is_late = true;
                break;
            }
        }
    }
    let own = child.try_wait().ok().flatten();
    if !is_late && own.is_some() {
        // What it has started has the rest of the time to clean up.
        let is_there = || group.is_some_and(|group| nix::sys::signal::killpg(group, None).is_ok());
        while is_there() {
            tokio::select! {
                () = real_sleep(LOOK) => {}
                () = &mut late => break,
            }
        }
    }
    child.kill().await.ok();
    if let Some(group) = group {
        nix::sys::signal::killpg(group, Signal::SIGKILL).ok();
    }
    own
}

/// Sends a signal to a command, and to all that it has started when it has a group of its own.
fn pass_on(child: &Child, signal: i32, in_group: bool) {
    // What is typed at a terminal reaches the command by itself.
    let is_typed = signal == nix::libc::SIGINT && !in_group;
    if let (Some(id), Ok(signal), false) = (child.id(), Signal::try_from(signal), is_typed)
        && let Ok(id) = i32::try_from(id)
    {
        nix::sys::signal::kill(Pid::from_raw(if in_group { -id } else { id }), signal).ok();
    }
}

/// Returns the command's exit status; ending by signal n counts as 128 + n.
fn code_of(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}
