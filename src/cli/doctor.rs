//! `membrane-mock doctor`: whether what tests need is there, and how to mend what is not.
//!
//! Invariant: nothing is changed. The server that it starts is its own, on a free port and in memory, and ends with it.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use http::Method;
use serde::Serialize;
use serde_json::json;
use url::Url;

use crate::base::config::Config;
use crate::base::json::member;
use crate::cli::membrane::wait;
use crate::cli::output::{ServerAccess, print};
use crate::cli::redirect::Redirect;
use crate::client::{Client, Request, Tokens};
use crate::server::Server;

#[derive(Debug, Args)]
pub(super) struct DoctorOptions {
    /// Print the findings as one line of JSON: [{what, state, says}]
    #[arg(long)]
    json: bool,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum State {
    /// It is as it should be.
    Ok,
    /// It may be meant, and may surprise.
    Note,
    /// It does not work.
    Problem,
}

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    what: String,
    state: State,
    /// How it stands, and what mends it.
    says: String,
}

impl Finding {
    fn new(what: &str, state: State, says: impl Into<String>) -> Self {
        Self { what: what.to_owned(), state, says: says.into() }
    }
}

/// Under these names programs read the address of the API. Source: real-use.
const ADDRESSES: [&str; 4] =
    ["MEMBRANE_API_URI", "MEMBRANE_API_URL", "NEXT_PUBLIC_MEMBRANE_API_URI", "NEXT_PUBLIC_INTEGRATION_APP_API_URL"];

/// Something that is asked has to answer within this time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command: 0 when there is no problem, else 1.
pub(super) fn run(options: &DoctorOptions) -> ExitCode {
    let mut findings = own_server();
    findings.push(usual_port());
    findings.extend(environment());
    if options.json {
        print(&json!(findings).to_string());
    } else {
        let width = findings.iter().map(|found| found.what.len()).max().unwrap_or(0);
        for Finding { what, state, says } in &findings {
            let state = match state {
                State::Ok => "ok",
                State::Note => "note",
                State::Problem => "problem",
            };
            print(&format!("{state:<7}  {what:<width$}  {says}"));
        }
    }
    let is_well = findings.iter().all(|found| found.state != State::Problem);
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether a server starts here, and runs snippets.
fn own_server() -> Vec<Finding> {
    let config = Config { port: 0, js_worker: std::env::current_exe().ok(), ..Config::default() };
    let server = match Server::start_blocking(config) {
        Ok(server) => server,
        Err(error) => return vec![Finding::new("server", State::Problem, error.to_string())],
    };
    let started = format!("membrane-mock {} starts on this machine", env!("CARGO_PKG_VERSION"));
    let mut findings = vec![Finding::new("server", State::Ok, started)];
    let ran = ServerAccess::of(&server).and_then(|access| {
        let client = Client::new(&access.url, tokens(access.tenant_token))?;
        let body = json!({ "code": "module.exports = () => 6 * 7" });
        let request = Request { body: Some(body), ..Request::to(Method::POST, "/act") };
        let answer = asked(&client, request)?;
        let is_right = answer.is_success() && *member(&answer.body, "output") == json!(42);
        if is_right { Ok(()) } else { Err(answer.reason()) }
    });
    server.stop();
    findings.push(match ran {
        Ok(()) => Finding::new("snippets", State::Ok, "JavaScript of actions runs in processes of its own"),
        Err(why) => Finding::new("snippets", State::Problem, format!("JavaScript of actions does not run: {why}")),
    });
    findings
}

/// Who has the port that `serve` takes.
fn usual_port() -> Finding {
    let Config { host, port, .. } = Config::default();
    let (what, address) = (format!("port {port}"), SocketAddr::new(host, port));
    if TcpListener::bind(address).is_ok() {
        return Finding::new(&what, State::Ok, "is free for `membrane-mock serve`");
    }
    let says = match mock_at(&format!("http://{address}")) {
        Ok(version) => format!("a membrane-mock {version} listens there; another one needs `serve --port`"),
        Err(_) => "another program has it; use `serve --port`, or `exec`, which takes a free one".to_owned(),
    };
    Finding::new(&what, State::Note, says)
}

/// Where programs that read the environment would go.
fn environment() -> Vec<Finding> {
    let set: Vec<(&str, String)> = ADDRESSES.iter().filter_map(|name| Some((*name, variable(name)?))).collect();
    let Some((first, address)) = set.first() else {
        let says = "MEMBRANE_API_URI is not set: run programs by `membrane-mock exec`, or export it";
        return vec![Finding::new("environment", State::Note, says)];
    };
    let mut findings = Vec::new();
    if let Some((other, elsewhere)) = set.iter().find(|(_, other)| other != address) {
        let says = format!("{first} is `{address}` and {other} is `{elsewhere}`: programs go to different servers");
        findings.push(Finding::new("environment", State::Problem, says));
    }
    let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
    if host.as_deref().is_some_and(|host| Redirect::hosts().contains(&host)) {
        let says =
            format!("`{address}` is the platform itself and not the fake; unset it, or run `membrane-mock exec`");
        findings.push(Finding::new(first, State::Note, says));
        return findings;
    }
    match mock_at(address) {
        Ok(version) => {
            findings.push(Finding::new(first, State::Ok, format!("a membrane-mock {version} is at {address}")));
            findings.extend(variable("MEMBRANE_TOKEN").map(|token| of_token(address, token)));
        }
        Err(why) => {
            let says = format!("{why}; start it by `membrane-mock serve`, or run programs by `membrane-mock exec`");
            findings.push(Finding::new(first, State::Problem, says));
        }
    }
    findings
}

/// Whether a server takes a token.
fn of_token(address: &str, token: String) -> Finding {
    let answer =
        Client::new(address, tokens(token)).and_then(|client| asked(&client, Request::to(Method::GET, "/self")));
    match answer {
        Ok(answer) if answer.is_success() => Finding::new("MEMBRANE_TOKEN", State::Ok, "the server takes it"),
        Ok(answer) => Finding::new("MEMBRANE_TOKEN", State::Problem, answer.reason()),
        Err(why) => Finding::new("MEMBRANE_TOKEN", State::Problem, why),
    }
}

/// The version of the fake at an address; an error says why there is none.
fn mock_at(address: &str) -> Result<String, String> {
    let client = Client::new(address, tokens(String::new()))?;
    let answer = asked(&client, Request::to(Method::GET, "/__mock/health").of_control())?;
    match member(&answer.body, "version").as_str() {
        Some(version) if answer.is_success() => Ok(version.to_owned()),
        _ => Err(format!("what answers at {address} is no membrane-mock")),
    }
}

fn asked(client: &Client, request: Request) -> Result<crate::client::Answer, String> {
    let late = |_| format!("no answer from {} within {} s", client.api(), PATIENCE.as_secs());
    wait(async { tokio::time::timeout(PATIENCE, client.send(request)).await.map_err(late)? })
}

fn tokens(token: String) -> Tokens {
    Tokens { tenant: token.clone(), manager: token, control: variable("MEMBRANE_MOCK_CONTROL_TOKEN") }
}

/// A variable of the environment; none when it is empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
