//! What a snippet costs, beside Node for the same snippet, and how soon a hostile one is stopped: whole `POST /act`
//! calls. Needs `node` for the last rows.

use std::process::Command;
use std::time::{Duration, Instant};

use membrane_mock::testing::MockMembrane;
use serde_json::{Value, json};

use crate::support::{Connection, Process, micros, report};

const ECHO: &str = "module.exports = ({ input }) => input";

pub(crate) fn run() {
    println!("{:<52} {:>10} {:>10} {:>12}", "", "p50", "p99", "server CPU");
    in_workers();
    on_threads();
    breaches();
    hostile();
    node();
}

fn act_body(code: &str) -> String {
    json!({"code": code, "connectionKey": "github-dev", "input": {"a": 1, "b": ["x", "y"]}}).to_string()
}

fn in_workers() {
    let mock = Process::mock(&[]);
    let head = mock.head();
    let begun = Instant::now();
    Connection::open(&mock.address).call("POST", "/act", &head, &act_body(ECHO));
    println!("{:<52} {:>10}", "the first echo: a worker starts", micros(begun.elapsed()));
    mock.act("warm echo in a worker", &act_body(ECHO), 2_000);
    let call = "module.exports = async ({ externalApiClient }) => (await externalApiClient.get('/user')).login";
    mock.act("with one call of the external app", &act_body(call), 500);
    let call = "module.exports = async ({ membrane }) => (await membrane.self.get()).id";
    mock.act("with one call of the API (loads the client)", &act_body(call), 500);
    let buffer = "module.exports = ({ input }) => Buffer.from(JSON.stringify(input)).toString('base64')";
    mock.act("with Buffer", &act_body(buffer), 200);
    let (callers, each) = (4, 1_000);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                let mut connection = Connection::open(&mock.address);
                for _ in 0..each {
                    let (status, _) = connection.call("POST", "/act", &head, &act_body(ECHO));
                    assert!(status.ends_with("200 OK"), "{status}");
                }
            });
        }
    });
    let per_second = f64::from(callers * each) / begun.elapsed().as_secs_f64();
    println!("{:<52} {:>10}", "echoes per second, four callers", format!("{per_second:.0}"));
}

fn on_threads() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mock = runtime.block_on(MockMembrane::start()).unwrap();
    let token = mock.workspace().tenant("demo-tenant").token();
    let mut connection = Connection::open(mock.uri().trim_start_matches("http://"));
    let echoes = (0..500).map(|_| {
        let begun = Instant::now();
        connection.call("POST", "/act", &format!("Authorization: Bearer {token}\r\n"), &act_body(ECHO));
        begun.elapsed()
    });
    report("echo on a thread of the process", echoes.collect());
}

/// How much later than the limit the answer to a hostile snippet comes.
fn breaches() {
    const LIMIT_MS: u64 = 500;
    let mock = Process::mock(&["--code-timeout-ms", "500", "--code-memory-mb", "128"]);
    let head = mock.head();
    let snippets = [
        ("an endless loop", "module.exports = () => { for (;;); }"),
        ("an endless loop in a callback", "module.exports = () => [1].map(() => { for (;;); })"),
        ("a regular expression", "module.exports = () => /^(a+)+$/.test('a'.repeat(32) + 'b')"),
        ("awaits for ever", "module.exports = async () => { for (;;) await null }"),
        ("an array that grows", "module.exports = () => { const a = []; for (;;) a.push({}) }"),
    ];
    for (name, code) in snippets {
        let mut connection = Connection::open(&mock.address);
        let late = (0..20).map(|_| {
            let begun = Instant::now();
            let (status, _) = connection.call("POST", "/act", &head, &act_body(code));
            assert!(status.contains("400"), "{name}: {status}");
            begun.elapsed().saturating_sub(Duration::from_millis(LIMIT_MS))
        });
        report(&format!("beyond the limit: {name}"), late.collect());
    }
    for (name, code) in [
        ("text that doubles", "module.exports = () => { let s = 'x'; for (;;) s += s }"),
        ("a text of 25 GB", "module.exports = () => 'x'.repeat(2 ** 30).length"),
    ] {
        let mut connection = Connection::open(&mock.address);
        let taken = (0..20).map(|_| {
            let begun = Instant::now();
            let (status, body) = connection.call("POST", "/act", &head, &act_body(code));
            assert!(status.contains("400"), "{name}: {status} {}", String::from_utf8_lossy(&body));
            begun.elapsed()
        });
        report(&format!("until it ends: {name}"), taken.collect());
    }
}

/// The worst of the table of hostile snippets: how much later than the limit each answer comes that has to be an error.
fn hostile() {
    const LIMIT_MS: u64 = 200;
    const SHOWN: usize = 5;
    let table: Vec<Value> = serde_yaml_ng::from_str(include_str!("../tests/snippets/hostile.yaml")).unwrap();
    let ends_well = |case: &Value| match &case["ends"] {
        Value::Array(endings) => endings.iter().any(|ending| ending == "harmless"),
        ending => ending == "harmless",
    };
    let mock = Process::mock(&["--code-timeout-ms", &LIMIT_MS.to_string(), "--code-memory-mb", "128"]);
    let head = mock.head();
    let mut connection = Connection::open(&mock.address);
    let mut late: Vec<(Duration, &str)> = table
        .iter()
        .filter(|case| !ends_well(case))
        .map(|case| {
            let (name, code) = (case["name"].as_str().unwrap(), case["code"].as_str().unwrap());
            let begun = Instant::now();
            let (status, body) = connection.call("POST", "/act", &head, &act_body(code));
            let taken = begun.elapsed();
            assert!(status.contains("400"), "{name}: {status} {}", String::from_utf8_lossy(&body));
            (taken.saturating_sub(Duration::from_millis(LIMIT_MS)), name)
        })
        .collect();
    late.sort_unstable();
    late.reverse();
    let within = late.iter().filter(|(late, _)| *late <= Duration::from_millis(200)).count();
    println!("hostile snippets within the limit and 200 ms: {within} of {}; the worst:", late.len());
    for (late, name) in late.iter().take(SHOWN) {
        println!("{:<52} {:>10}", format!("beyond the limit: {name}"), format!("{:.0} ms", late.as_secs_f64() * 1e3));
    }
}

/// The same snippet in Node: a fresh context of a process that runs, and a fresh process.
fn node() {
    let in_vm = "const vm = require('vm');
        const code = 'const module = {exports: {}};' + process.argv[1] + ';JSON.stringify(module.exports({input}))';
        const times = [];
        for (let i = 0; i < 500; i++) {
          const begun = process.hrtime.bigint();
          vm.runInNewContext(code, {input: {a: 1, b: ['x', 'y']}});
          times.push(Number(process.hrtime.bigint() - begun));
        }
        console.log(JSON.stringify(times));";
    let Ok(output) = Command::new("node").args(["-e", in_vm, ECHO]).output() else {
        println!("no node here");
        return;
    };
    let times: Vec<u64> = serde_json::from_slice(&output.stdout).unwrap();
    report("Node: a fresh vm context", times.into_iter().map(Duration::from_nanos).collect());
    let once = "const module = {exports: {}}; eval(process.argv[1]);
        console.log(JSON.stringify(module.exports({input: {a: 1, b: ['x', 'y']}})));";
    let fresh = (0..30).map(|_| {
        let begun = Instant::now();
        Command::new("node").args(["-e", once, ECHO]).output().unwrap();
        begun.elapsed()
    });
    report("Node: a fresh process", fresh.collect());
}
