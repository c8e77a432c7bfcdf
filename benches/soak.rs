//! What a server holds after much use: fifty thousand acts, five thousand snippets, five thousand forks and five hundred
//! event streams, in rounds with a reset between them; and fifty thousand acts of one workspace that is never reset.
//! `cargo bench -- soak` alone runs it; it takes minutes.
//!
//! What a round leaves behind is what the next ones would add to. So memory and descriptors are level from the second round
//! on, once caches are full, workers run and logs are as many as are kept: the bench fails where they are not.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::{Connection, Process};

const ROUNDS: usize = 5;
/// In each round.
const ACTS: usize = 10_000;
const SNIPPETS: usize = 1_000;
const FORKS: usize = 1_000;
const STREAMS: usize = 100;
/// By how much the memory after the last round may be above that after the second.
const MOST_GROWTH: f64 = 0.1;
/// So many descriptors may still be about to close when they are counted; a round that leaks has a hundred streams.
const CLOSING: usize = 8;
/// Callers at the same time.
const CALLERS: usize = 4;

pub(crate) fn run() {
    println!("{:<44} {:>10} {:>12}", "", "memory", "descriptors");
    rounds("a reset", one_round);
    rounds("no reset", |mock| acts(mock, &created()));
}

/// Does the same several times to a server of its own, and fails when it holds more and more.
fn rounds(then: &str, round: impl Fn(&Process)) {
    let mock = Process::mock(&[]);
    tell("at rest", &mock);
    let mut held = Vec::new();
    for nth in 1..=ROUNDS {
        round(&mock);
        held.push((mock.resident(), open_descriptors(&mock)));
        tell(&format!("after round {nth} and {then}"), &mock);
    }
    let (second, last) = (held[1], held[ROUNDS - 1]);
    let growth = last.0 as f64 / second.0 as f64 - 1.0;
    println!("{:<44} {:>10}", "from the second round to the last", format!("{:+.1} %", growth * 100.0));
    assert!(growth <= MOST_GROWTH, "memory grows from round to round");
    assert!(last.1 <= second.1 + CLOSING, "descriptors grow from round to round: {} to {}", second.1, last.1);
}

fn open_descriptors(mock: &Process) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", mock.child.id())).unwrap().count()
}

fn tell(when: &str, mock: &Process) {
    let open = open_descriptors(mock);
    println!("{when:<44} {:>10} {open:>12}", format!("{} MB", mock.resident() / 1024));
}

/// A call that leaves a log of some kilobytes.
fn created() -> Value {
    let issue = json!({"title": "soak", "body": "x".repeat(5_000)});
    let api = json!({"method": "POST", "path": "/repos/acme/website/issues", "body": issue});
    json!({"connectionKey": "github-dev", "api": api})
}

fn acts(mock: &Process, act: &Value) {
    by_callers(mock, ACTS, |connection, head| called(connection, "POST", "/act", head, act));
}

fn one_round(mock: &Process) {
    acts(mock, &created());
    let code = "module.exports = async ({ externalApiClient }) => (await externalApiClient.get('/user')).login";
    let snippet = json!({"connectionKey": "github-dev", "code": code});
    by_callers(mock, SNIPPETS, |connection, head| called(connection, "POST", "/act", head, &snippet));
    by_callers(mock, FORKS, |connection, _| {
        let fork = called(connection, "POST", "/__mock/workspaces", "", &json!({"from": "membrane-mock-demo"}));
        let key = fork["key"].as_str().unwrap();
        connection.call("DELETE", &format!("/__mock/workspaces/{key}"), "", "");
    });
    for _ in 0..STREAMS {
        let mut stream = TcpStream::connect(&mock.address).unwrap();
        let head = mock.head();
        stream.write_all(format!("GET /sse/workspace HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n").as_bytes()).unwrap();
    }
    let mut connection = Connection::open(&mock.address);
    called(&mut connection, "POST", "/__mock/reset", "", &json!({}));
    connection.call("DELETE", "/__mock/workspaces/membrane-mock-demo/journal", "", "");
}

/// Makes calls by several callers at once, so many in all.
fn by_callers<T>(mock: &Process, times: usize, call: impl Fn(&mut Connection, &str) -> T + Sync) {
    let head = mock.head();
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let mut connection = Connection::open(&mock.address);
                for _ in 0..times / CALLERS {
                    call(&mut connection, &head);
                }
            });
        }
    });
}

/// A call that has to succeed, and its answer.
fn called(connection: &mut Connection, method: &str, path: &str, head: &str, body: &Value) -> Value {
    let (status, answer) = connection.call(method, path, head, &body.to_string());
    assert!(status.contains(" 20"), "{method} {path}: {status} {}", String::from_utf8_lossy(&answer));
    serde_json::from_slice(&answer).unwrap_or_default()
}
