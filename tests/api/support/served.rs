//! The binary as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use http::Method;
use serde_json::Value;

use crate::support::snippets::run;
use crate::support::{Answer, Api};

/// A program that is told when its terminal closes, also when these tests are not, as under `nohup`: what they ignore, it
/// would ignore too.
#[cfg(target_os = "linux")]
fn hearing_hangups(program: &str) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", program]);
    command
}

#[cfg(not(target_os = "linux"))]
fn hearing_hangups(program: &str) -> Command {
    Command::new(program)
}

/// The binary with these `MEMBRANE_MOCK_…` variables and nothing else of this process's environment that it would read.
pub(crate) fn binary(variables: &[(&str, &str)]) -> Command {
    let mut command = hearing_hangups(env!("CARGO_BIN_EXE_membrane-mock"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MEMBRANE_")) {
        command.env_remove(name);
    }
    for (name, value) in variables {
        command.env(format!("MEMBRANE_MOCK_{name}"), value);
    }
    command
}

/// A running binary; stopped when dropped.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) ready: Value,
    lines: BufReader<ChildStderr>,
}

impl Served {
    /// `membrane-mock` without a command, on a free port unless `variables` say otherwise.
    pub(crate) fn by(variables: &[(&str, &str)]) -> Self {
        Self::with(&[], variables)
    }

    pub(crate) fn with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = binary(&[("PORT", "0"), ("JSON", "true")]);
        for (name, value) in variables {
            command.env(format!("MEMBRANE_MOCK_{name}"), value);
        }
        command.args(arguments);
        Self::of(command)
    }

    /// One that may open so many files and connections.
    pub(crate) fn with_descriptors(most: u32) -> Self {
        let mut command = Command::new("sh");
        let start = format!("ulimit -n {most}; exec \"$0\" --port 0 --json");
        command.args(["-c", &start, env!("CARGO_BIN_EXE_membrane-mock")]);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{command:?}: {error}: `{line}`"));
        Self { child, ready, lines }
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    pub(crate) fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    /// Ends it, and returns all that it has said on standard error and nobody has read.
    pub(crate) fn last_words(mut self) -> String {
        let mut said = String::new();
        self.child.kill().unwrap();
        self.lines.read_to_string(&mut said).unwrap();
        said
    }

    /// How many files and connections it has open.
    #[cfg(target_os = "linux")]
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Who may control it.
    pub(crate) fn control(&self) -> Api {
        Api::new(self.get("url"), self.ready["controlToken"].as_str().map(str::to_owned))
    }

    /// Reads below its workspace's control address.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let path = format!("/__mock/workspaces/{}{path}", self.get("workspaceKey"));
        self.control().ok(Method::GET, &path, Value::Null).await
    }

    pub(crate) async fn api(&self, token: &str) -> Api {
        let workspace = self.read("").await;
        Api::new(self.get("url"), workspace[token].as_str().unwrap().to_owned())
    }

    pub(crate) async fn tenant(&self) -> Api {
        self.api("tenantToken").await
    }

    pub(crate) async fn manager(&self) -> Api {
        self.api("managerToken").await
    }

    pub(crate) async fn code(&self, code: &str) -> Answer {
        run(&self.tenant().await, code).await
    }

    /// The id of its first run, which was made from its random source.
    pub(crate) async fn first_run(&self) -> String {
        self.code("module.exports = () => 1").await.1["actionRunId"].as_str().unwrap().to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Adds an integration to a seed's folder.
pub(crate) fn write_integration(folder: &Path, key: &str) {
    // Whole or not at all: whoever watches sees no half of it.
    let aside = tempfile::tempdir().unwrap();
    std::fs::write(aside.path().join("spec.yaml"), format!("connectorKey: {key}\n")).unwrap();
    let at = folder.join("integrations");
    std::fs::create_dir_all(&at).unwrap();
    std::fs::rename(aside.keep(), at.join(key)).unwrap();
}
