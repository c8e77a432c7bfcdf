//! The binary as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api};

/// The binary with these `MEMBRANE_MOCK_…` variables and nothing else of this process's environment that it would read.
pub(crate) fn binary(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_membrane-mock"));
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
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{variables:?}: {error}: `{line}`"));
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
        self.tenant().await.post("/act", json!({"code": code, "connectionKey": "github-dev"})).await
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

#[tokio::test]
async fn a_fault_that_cuts_a_snippets_call_is_no_error_of_the_fakes() {
    let mut served = Served::by(&[("LOG", "debug")]);
    let tenant = served.tenant().await;
    let rule = json!({"name": "cut", "on": {"route": "GET /self"}, "fault": "close"});
    let faults = format!("/__mock/workspaces/{}/faults", served.get("workspaceKey"));
    served.control().ok(Method::POST, &faults, rule).await;
    let code = "module.exports = async ({ membrane }) => { try { await membrane.get('/self') } catch (e) { return e.message } }";
    let answer = tenant.post("/act", json!({"code": code, "connectionKey": "github-dev"})).await;
    tenant.get("/connections/this-is-the-last-one").await;

    let mut lines = String::new();
    while !lines.contains("this-is-the-last-one") {
        lines.push_str(&served.next_line());
    }

    assert!(answer.1["output"].as_str().unwrap().contains("cut off by a fault"), "{answer:?}");
    assert!(!lines.contains("ERROR") && !lines.contains("failed inside the fake"), "{lines}");
}

#[tokio::test]
async fn a_request_is_a_span_without_tokens_or_bodies() {
    let mut served = Served::by(&[("LOG", "debug")]);
    let tenant = served.tenant().await;
    let (token, secret) = (served.read("").await["tenantToken"].as_str().unwrap().to_owned(), "hunter2-in-a-body");
    tenant.post("/act", json!({"code": "module.exports = ({ input }) => input", "connectionKey": "github-dev", "input": {"note": secret}})).await;
    tenant.get(&format!("/self?token={token}")).await;
    tenant.get("/connections/this-is-the-last-one").await;

    let mut lines = String::new();
    while !lines.contains("this-is-the-last-one") {
        lines.push_str(&served.next_line());
    }

    let of_act = lines.lines().find(|line| line.contains("/act")).unwrap_or_else(|| panic!("no line: {lines}"));
    for part in ["request", "http.method=POST", "http.path=\"/act\"", "http.status=200"] {
        assert!(of_act.contains(part), "{part}: {of_act}");
    }
    assert!(!lines.contains(secret) && !lines.contains(&token), "{lines}");
}

#[test]
fn by_default_it_says_what_deserves_a_look_and_nothing_else() {
    let seed = tempfile::tempdir().unwrap();
    write_integration(seed.path(), "github");
    std::fs::create_dir_all(seed.path().join("packages/sync")).unwrap();
    std::fs::write(seed.path().join("packages/sync/spec.yaml"), "name: Sync\n").unwrap();

    let mut served = Served::by(&[("SEED", seed.path().to_str().unwrap())]);

    let first = served.next_line();
    assert!(first.contains("WARN") && first.contains("packages/sync/spec.yaml"), "{first}");
    served.child.kill().unwrap();
    assert_eq!(served.next_line(), "", "nothing about requests, nothing about starting");
}
