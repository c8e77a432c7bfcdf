//! Processes, connections and figures that the benchmarks share.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server in a process of its own.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) started: Duration,
    pub(crate) token: String,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = ready["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        Connection::open(&address).call("GET", "/__mock/health", "", "");
        Self { child, address, started: begun.elapsed(), token: String::new() }
    }

    pub(crate) fn hello() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--hello");
        Self::start(command)
    }

    pub(crate) fn mock(arguments: &[&str]) -> Self {
        let binary = env!("CARGO_BIN_EXE_membrane-mock");
        let mut command = Command::new(binary);
        command.args(["--port", "0", "--json"]).args(arguments);
        let mut process = Self::start(command);
        let minted = Command::new(binary).arg("token").output().unwrap();
        String::from_utf8(minted.stdout).unwrap().trim().clone_into(&mut process.token);
        process
    }

    /// User and system time so far, in microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        // The kernel counts in hundredths of a second.
        ticks * 10_000.0
    }

    /// CPU of one call, in microseconds.
    pub(crate) fn cpu_of(&self, times: usize, call: impl Fn(&mut Connection)) -> f64 {
        let mut connection = Connection::open(&self.address);
        let before = self.cpu();
        (0..times).for_each(|_| call(&mut connection));
        (self.cpu() - before) / times as f64
    }

    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn calls(&self, name: &str, method: &str, path: &str, head: &str, times: usize) -> f64 {
        self.measure(name, times, |connection| {
            connection.call(method, path, head, "");
        })
    }

    pub(crate) fn act(&self, name: &str, body: &str, times: usize) -> f64 {
        let head = self.head();
        self.measure(name, times, |connection| {
            connection.call("POST", "/act", &head, body);
        })
    }

    /// A call of test control below the demo workspace, which has to succeed.
    pub(crate) fn control(&self, method: &str, path: &str, body: &str) {
        let path = format!("/__mock/workspaces/membrane-mock-demo{path}");
        let (status, _) = Connection::open(&self.address).call(method, &path, "", body);
        assert!(status.contains(" 20"), "{method} {path}: {status}");
    }

    /// The header that signs in.
    pub(crate) fn head(&self) -> String {
        format!("Authorization: Bearer {}\r\n", self.token)
    }

    pub(crate) fn measure(&self, name: &str, times: usize, call: impl Fn(&mut Connection)) -> f64 {
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
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// One call; its status line and body.
    pub(crate) fn call(&mut self, method: &str, path: &str, head: &str, body: &str) -> (String, Vec<u8>) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.trim().to_owned();
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
        (status, rest)
    }
}

pub(crate) fn micros(duration: Duration) -> String {
    format!("{:.1} us", duration.as_secs_f64() * 1e6)
}

pub(crate) fn report(name: &str, mut taken: Vec<Duration>) {
    taken.sort();
    let (p50, p99) = (taken[taken.len() / 2], taken[taken.len() * 99 / 100]);
    println!("{name:<44} {:>10} {:>10}", micros(p50), micros(p99));
}
