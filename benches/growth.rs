//! What calls cost beside what a workspace holds: the same work with no other connection, a thousand, twenty thousand.
//!
//! Everything belongs to one tenant and one integration, which is the hardest case: nothing sets apart what a call is about
//! but its own name. `cargo bench -- growth` alone runs it.

use serde_json::{Value, json};

use crate::support::{Connection, Process, micros};

/// So many connections are there already.
const BESIDE: [usize; 3] = [0, 1_000, 20_000];

/// A kind of call, and how often it is made for a figure.
struct Work {
    name: &'static str,
    times: usize,
    call: fn(usize) -> (&'static str, String, Value),
}

const WORK: [Work; 9] = [
    Work { name: "GET a connection by key", times: 4_000, call: |_| ("GET", "/connections/own".into(), Value::Null) },
    Work {
        name: "list of 20 connections",
        times: 2_000,
        call: |_| ("GET", "/connections?limit=20".into(), Value::Null),
    },
    Work {
        name: "connection created",
        times: 500,
        call: |n| ("POST", "/connections".into(), json!({"integrationKey": "github", "key": format!("made-{n}")})),
    },
    Work {
        name: "connection changed",
        times: 1_000,
        call: |n| ("PATCH", "/connections/own".into(), json!({"name": format!("Name {n}")})),
    },
    Work {
        name: "act with `api`",
        times: 1_000,
        call: |_| ("POST", "/act".into(), json!({"api": {"method": "GET", "path": "/user"}, "connectionKey": "own"})),
    },
    Work {
        name: "act of an action by key",
        times: 1_000,
        call: |_| ("POST", "/act".into(), json!({"key": "echo", "connectionKey": "own", "input": {"n": 1}})),
    },
    Work { name: "fork", times: 200, call: |_| ("POST", "/__mock/workspaces".into(), json!({"from": "growth"})) },
    Work {
        name: "snapshot",
        times: 200,
        call: |_| ("POST", "/__mock/workspaces/growth/snapshots".into(), json!({"name": "now"})),
    },
    Work {
        name: "restore of a snapshot",
        times: 50,
        call: |_| ("POST", "/__mock/workspaces/growth/snapshots/now/restore".into(), Value::Null),
    },
];

pub(crate) fn run() {
    let header: Vec<String> = BESIDE.iter().map(|count| format!("{count:>12}")).collect();
    println!("{:<44}{}", "CPU per call beside so many connections", header.concat());
    let columns: Vec<Vec<String>> = BESIDE.iter().map(|count| column(*count)).collect();
    let rows = WORK.iter().map(|work| work.name).chain(["resident memory, then"]);
    for (nth, name) in rows.enumerate() {
        let figures: Vec<String> = columns.iter().map(|column| format!("{:>12}", column[nth])).collect();
        println!("{name:<44}{}", figures.concat());
    }
}

/// The figures beside so many connections, in the order of the work.
fn column(count: usize) -> Vec<String> {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), seed(count).to_string()).unwrap();
    let mut mock = Process::mock(&["--seed", file.path().to_str().unwrap(), "--quiet"]);
    let (_, shown) = Connection::open(&mock.address).call("GET", "/__mock/workspaces/growth", "", "");
    let shown: Value = serde_json::from_slice(&shown).unwrap();
    shown["tenantToken"].as_str().unwrap().clone_into(&mut mock.token);
    let mock = mock;
    let figures = WORK.iter().map(|work| {
        let head = format!("Authorization: Bearer {}\r\n", mock.token);
        let call = |connection: &mut Connection, n: usize| {
            let (method, path, body) = (work.call)(n);
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let (status, answer) = connection.call(method, &path, &head, &body);
            assert!(status.contains(" 20"), "{method} {path}: {status}: {}", String::from_utf8_lossy(&answer));
        };
        let mut connection = Connection::open(&mock.address);
        call(&mut connection, work.times);
        let before = mock.cpu();
        (0..work.times).for_each(|n| call(&mut connection, n));
        let spent = (mock.cpu() - before) / work.times as f64;
        micros(std::time::Duration::from_secs_f64(spent / 1e6))
    });
    let mut figures: Vec<String> = figures.collect();
    figures.push(format!("{} MB", mock.resident() / 1024));
    figures
}

fn seed(count: usize) -> Value {
    let connection = |key: String| json!({"key": key, "tenant": "acme", "integration": "github"});
    let beside = (0..count).map(|n| connection(format!("beside-{n}")));
    json!({
        "workspace": {
            "key": "growth", "secret": "x".repeat(64), "defaultTenant": "acme", "tenants": [{"key": "acme"}],
            "mock": {"autoConnect": true},
        },
        "integrations": [{"key": "github", "name": "GitHub", "connectorKey": "github"}],
        "connections": beside.chain([connection("own".into())]).collect::<Vec<_>>(),
        "actions": [{
            "key": "echo", "name": "Echo", "type": "run-javascript",
            "config": {"code": "module.exports = ({ input }) => input"},
        }],
    })
}
