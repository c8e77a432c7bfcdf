//! The server: its start, its memory, its calls, its workspaces.

use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use membrane_mock::base::clock::Timestamp;
use membrane_mock::journal::{Entry, Journal, Side};
use membrane_mock::testing::{MockMembrane, Stub};
use serde_json::json;

use crate::support::{Connection, Process, micros, report};

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("{:<44} {:>10} {:>10} {:>12}", "", "p50", "p99", "CPU/call");
    let hello = Process::hello();
    let floor = hello.calls("bare actix hello", "GET", "/", "", 20_000);
    let mock = Process::mock(&[]);
    println!("{:<44} {:>10}", "process start to first 200", micros(mock.started));
    println!("{:<44} {:>10}", "resident memory at rest", format!("{} kB", mock.resident()));
    let head = mock.head();
    let list = mock.calls("list GET of 20 external apps", "GET", "/external-apps?limit=20", &head, 20_000);
    println!("{:<44} {:>10}", "  … times the CPU of hello", format!("{:.1}x", list / floor));
    let journal = journal();
    println!("{:<44} {:>10} {:>10}", "  … of which is the journal", micros(journal), share(journal, list));
    let (without, with) = beside_faults(&mock, &head);
    println!("{:<44} {:>34}", "  … beside ten inactive faults", format!("{with:.1} us"));
    println!("{:<44} {:>34}", "  … the same without", format!("{without:.1} us"));
    println!("{:<44} {:>10}", "  … cost more", format!("{:.1} %", (with / without - 1.0) * 100.0));
    mock.calls("GET one connection", "GET", "/connections/github-dev", &head, 20_000);
    let api = r#"{"api":{"method":"GET","path":"/user"},"connectionKey":"github-dev"}"#;
    mock.act("act with `api` through the stub", api, 3_000);
    hello.calls("bare actix hello, again", "GET", "/", "", 20_000);
    drop(mock);
    drop(hello);
    runtime.block_on(in_process());
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(parallel());
}

/// CPU of a list GET without faults and beside ten that are about other calls, by turns, so that whatever else the machine
/// does is shared.
fn beside_faults(mock: &Process, head: &str) -> (f64, f64) {
    const TURNS: usize = 10;
    const TIMES: usize = 4_000;
    let (mut without, mut with) = (0.0, 0.0);
    let list = || mock.cpu_of(TIMES, |connection| drop(connection.call("GET", "/external-apps?limit=20", head, "")));
    for _ in 0..TURNS {
        without += list();
        for n in 0..10 {
            let on = json!({"operation": "act", "connection": "none"});
            let rule = json!({"name": format!("inactive {n}"), "on": on, "fault": "close"});
            mock.control("POST", "/faults", &rule.to_string());
        }
        with += list();
        mock.control("DELETE", "/faults", "");
    }
    (without / TURNS as f64, with / TURNS as f64)
}

/// What it costs to write a call like that of a list into a journal that is full.
fn journal() -> Duration {
    const TIMES: u32 = 200_000;
    let journal = Journal::new(10_000);
    let begun = Instant::now();
    for n in 0..TIMES {
        journal.add(Entry {
            route: Some("/external-apps".into()),
            caller: Some("tenant:demo-tenant".into()),
            tenant: Some("demo-tenant".into()),
            status: 200,
            ..Entry::new(Side::Api, Timestamp::from_millis(i64::from(n)), "GET", "/external-apps?limit=20")
        });
    }
    begun.elapsed() / TIMES
}

/// A part of a call's processor time.
fn share(part: Duration, whole_us: f64) -> String {
    format!("{:.1} %", part.as_secs_f64() * 1e6 / whole_us * 100.0)
}

/// The floor: a bare actix server.
pub(crate) fn hello() {
    actix_web::rt::System::new().block_on(async {
        let server =
            HttpServer::new(|| App::new().default_service(web::to(|| async { HttpResponse::Ok().body("hello") })))
                .workers(2)
                .bind(("127.0.0.1", 0))
                .unwrap();
        println!("{}", json!({ "url": format!("http://{}", server.addrs()[0]) }));
        server.run().await.unwrap();
    });
}

async fn in_process() {
    let begun = Instant::now();
    let mut taken = Vec::new();
    for _ in 0..400 {
        let begun = Instant::now();
        let mock = MockMembrane::start().await.unwrap();
        let health = format!("{}/__mock/health", mock.uri());
        let address = mock.uri().trim_start_matches("http://").to_owned();
        Connection::open(&address).call("GET", &health, "", "");
        taken.push(begun.elapsed());
        drop(mock);
    }
    let all = begun.elapsed();
    report("in-process start to first 200", taken);
    println!("{:<44} {:>10}", "in-process start+stop per second", format!("{:.0}", 400.0 / all.as_secs_f64()));

    let mock = MockMembrane::start().await.unwrap();
    let mut early = Vec::new();
    let mut late = Vec::new();
    for n in 0..1_100 {
        let begun = Instant::now();
        let fork = mock.fork().await.unwrap();
        let took = begun.elapsed();
        if n < 100 {
            early.push(took);
        }
        if n >= 1_000 {
            late.push(took);
        }
        drop(fork);
    }
    report("fork of the demo workspace, the first 100", early);
    report("fork of the demo workspace, after 1,000", late);

    let workspace = mock.workspace();
    workspace.upstream("github").stub(Stub::get("/bench").json(200, json!({}))).await.unwrap();
    // Each costs the same however much was put back before.
    let (mut reset, mut taken, mut restored) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..1_100 {
        let begun = Instant::now();
        workspace.reset().await.unwrap();
        reset.push(begun.elapsed());
        let begun = Instant::now();
        workspace.snapshot("bench").unwrap();
        taken.push(begun.elapsed());
        let begun = Instant::now();
        workspace.restore("bench").await.unwrap();
        restored.push(begun.elapsed());
    }
    for (what, all) in [("reset", reset), ("snapshot", taken), ("restore", restored)] {
        report(&format!("{what} of the demo workspace, the first 100"), all[..100].to_vec());
        report(&format!("{what} of the demo workspace, after 1,000"), all[1_000..].to_vec());
    }
}

/// Tests in parallel, each with a workspace of its own, and writers of one workspace.
async fn parallel() {
    let mock = MockMembrane::start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let (mock, client) = (&mock, &client);
    let begun = Instant::now();
    let tests = (0..200).map(|n| async move {
        let workspace = mock.fork().await.unwrap();
        let tenant = workspace.tenant("acme");
        let login = format!("user-{n}");
        workspace.upstream("github").stub(Stub::get("/user").json(200, json!({"login": login}))).await.unwrap();
        tenant.connect("github").key("mine").ready().await.unwrap();
        let call = client.post(format!("{}/act", mock.uri())).bearer_auth(tenant.token());
        let call = call.json(&json!({"api": {"method": "GET", "path": "/user"}, "connectionKey": "mine"}));
        let answer: serde_json::Value = call.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["output"]["login"], login.as_str(), "a crossed wire: {answer}");
        let logs = client.get(format!("{}/action-run-logs", mock.uri())).bearer_auth(tenant.token());
        let logs: serde_json::Value = logs.send().await.unwrap().json().await.unwrap();
        assert_eq!(logs["items"].as_array().map(Vec::len), Some(1), "a crossed wire: {logs}");
    });
    futures_util::future::join_all(tests).await;
    println!("{:<44} {:>10}", "200 parallel tests, a workspace each", micros(begun.elapsed()));

    let tenant = mock.workspace().tenant("demo-tenant");
    let token = &tenant.token();
    let begun = Instant::now();
    let writers = (0..16).map(|_| async move {
        for _ in 0..50 {
            let call = client.post(format!("{}/act", mock.uri())).bearer_auth(token);
            let call = call.json(&json!({"api": {"method": "GET", "path": "/user"}, "connectionKey": "github-dev"}));
            assert_eq!(call.send().await.unwrap().status(), 200);
        }
    });
    futures_util::future::join_all(writers).await;
    let per_second = 800.0 / begun.elapsed().as_secs_f64();
    println!("{:<44} {:>10}", "acts per second, 16 writers of a workspace", format!("{per_second:.0}"));
}
