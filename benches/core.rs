//! What the fake costs, beside a bare actix “hello” in the same run: the floor of this machine at this moment.
//!
//! `cargo bench` prints one table. Times are wall time per call over one keep-alive connection, one caller; CPU is the
//! server's own user and system time per call, so that the caller's cost and other programs on the machine stay out.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run shall say so at once")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use membrane_mock::testing::{MockMembrane, Stub};
use serde_json::json;

fn main() {
    // The floor runs in a process of its own, as the fake does, so that their CPU times can be told apart.
    if std::env::args().any(|argument| argument == "--hello") {
        hello_server();
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("{:<44} {:>10} {:>10} {:>12}", "", "p50", "p99", "CPU/call");
    let mut hello = Process::hello();
    let floor = hello.calls("bare actix hello", "GET", "/", "", 20_000);
    let mut mock = Process::mock();
    println!("{:<44} {:>10}", "process start to first 200", micros(mock.started));
    println!("{:<44} {:>10}", "resident memory at rest", format!("{} kB", mock.resident()));
    let token = mock.token.clone();
    let head = format!("Authorization: Bearer {token}\r\n");
    let list = mock.calls("list GET of 12 integrations", "GET", "/integrations?limit=20", &head, 20_000);
    println!("{:<44} {:>10}", "  … times the CPU of hello", format!("{:.1}x", list / floor));
    mock.calls("GET one connection", "GET", "/connections/github-dev", &head, 20_000);
    mock.act("act with `api` through the stub", &head, 3_000);
    hello.calls("bare actix hello, again", "GET", "/", "", 20_000);
    drop(mock);
    drop(hello);
    runtime.block_on(in_process());
}

fn hello_server() {
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

struct Process {
    child: Child,
    address: String,
    started: Duration,
    token: String,
}

impl Process {
    fn start(mut command: Command) -> Self {
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = ready["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        Connection::open(&address).call("GET", "/__mock/health", "", "");
        Self { child, address, started: begun.elapsed(), token: String::new() }
    }

    fn hello() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--hello");
        Self::start(command)
    }

    fn mock() -> Self {
        let binary = env!("CARGO_BIN_EXE_membrane-mock");
        let mut command = Command::new(binary);
        command.args(["--port", "0", "--json"]);
        let mut process = Self::start(command);
        let minted = Command::new(binary).arg("token").output().unwrap();
        String::from_utf8(minted.stdout).unwrap().trim().clone_into(&mut process.token);
        process
    }

    /// User and system time so far, in microseconds.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        // The kernel counts in hundredths of a second.
        ticks * 10_000.0
    }

    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn calls(&mut self, name: &str, method: &str, path: &str, head: &str, times: usize) -> f64 {
        self.measure(name, times, |connection| connection.call(method, path, head, ""))
    }

    fn act(&mut self, name: &str, head: &str, times: usize) -> f64 {
        let body = r#"{"api":{"method":"GET","path":"/user"},"connectionKey":"github-dev"}"#;
        self.measure(name, times, |connection| connection.call("POST", "/act", head, body))
    }

    fn measure(&mut self, name: &str, times: usize, call: impl Fn(&mut Connection)) -> f64 {
        let mut connection = Connection::open(&self.address);
        for _ in 0..times / 10 {
            call(&mut connection);
        }
        let before = self.cpu();
        let mut taken: Vec<Duration> = (0..times)
            .map(|_| {
                let begun = Instant::now();
                call(&mut connection);
                begun.elapsed()
            })
            .collect();
        let cpu = (self.cpu() - before) / times as f64;
        taken.sort();
        let (p50, p99) = (taken[times / 2], taken[times * 99 / 100]);
        println!("{name:<44} {:>10} {:>10} {:>12}", micros(p50), micros(p99), format!("{cpu:.1} us"));
        cpu
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// One keep-alive connection, read as far as `Content-Length` says.
struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    fn call(&mut self, method: &str, path: &str, head: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut rest = vec![0; length];
        self.stream.read_exact(&mut rest).unwrap();
    }
}

fn micros(duration: Duration) -> String {
    format!("{:.1} us", duration.as_secs_f64() * 1e6)
}

fn report(name: &str, mut taken: Vec<Duration>) {
    taken.sort();
    let (p50, p99) = (taken[taken.len() / 2], taken[taken.len() * 99 / 100]);
    println!("{name:<44} {:>10} {:>10}", micros(p50), micros(p99));
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
    let mut taken = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        workspace.reset().await.unwrap();
        taken.push(begun.elapsed());
    }
    report("reset of the demo workspace", taken);
}
