//! What `serve` prints for people: the banner, and a line for each call; to a file and to a terminal.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};

use http::Method;
use serde_json::{Value, json};

use crate::support::jobs::{Files, upload, zipped};
use crate::support::served::binary;
use crate::support::{Api, answer};

/// A server whose time stands still, with its banner and what it prints later; stopped when dropped.
struct Shown {
    child: Child,
    banner: Vec<String>,
    lines: Box<dyn Iterator<Item = String>>,
}

impl Shown {
    /// Starts it with its lines in a pipe.
    fn in_a_pipe(arguments: &[&str]) -> Self {
        let mut command = binary(&[("PORT", "0"), ("CLOCK", "2026-01-01T10:20:30Z")]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut printed = lines_of(child.stdout.take().unwrap());
        let banner = banner_in(&mut printed);
        let lines = Box::new(lines_of(child.stderr.take().unwrap()));
        Self { child, banner, lines }
    }

    /// Starts it in a terminal, which shows both. It ends with the terminal, also where hangups are ignored.
    #[cfg(target_os = "linux")]
    fn in_a_terminal(variables: &[(&str, &str)]) -> Self {
        let server = env!("CARGO_BIN_EXE_membrane-mock");
        let mut command = Command::new("script");
        command.args([
            "-qefc",
            &format!("{server} --port 0 --while-stdin-open --clock 2026-01-01T10:20:30Z"),
            "/dev/null",
        ]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MEMBRANE_")) {
            command.env_remove(name);
        }
        command.env_remove("NO_COLOR").envs(variables.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut printed = lines_of(child.stdout.take().unwrap());
        let banner = banner_in(&mut printed);
        Self { child, banner, lines: Box::new(printed) }
    }

    fn url(&self) -> &str {
        self.banner.iter().find_map(|line| line.split_once("is ready at ")).unwrap().1
    }

    /// The tenant whose token the banner has.
    fn tenant(&self) -> Api {
        let curl = self.banner.iter().find(|line| line.starts_with("curl ")).unwrap();
        let token = curl.split_once("Bearer ").unwrap().1.split('"').next().unwrap();
        Api::new(self.url(), token.to_owned())
    }

    /// The lines up to the one with a word.
    fn until(&mut self, word: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for line in self.lines.by_ref() {
            let is_last = line.contains(word);
            lines.push(line);
            if is_last {
                break;
            }
        }
        lines
    }

    /// Calls that succeed, are refused, are broken, and name what a terminal would take for orders.
    async fn called(&mut self) -> Vec<String> {
        let (tenant, control) = (self.tenant(), Api::new(self.url(), None));
        let act = json!({"connectionKey": "github-dev", "api": {"method": "GET", "path": "/user"}});
        assert_eq!(tenant.post("/act", act.clone()).await.0, 200);
        assert_eq!(tenant.get("/connections/none?token=hidden").await.0, 404);
        let rule = json!({"name": "busy\u{1b}[2J", "on": {"operation": "act"}, "fault": {"error": {"type": "bad_request", "key": "rate_limit_exceeded", "message": "too many", "status": 429}}});
        control.ok(Method::POST, "/__mock/workspaces/membrane-mock-demo/faults", rule).await;
        assert_eq!(tenant.post("/act", act).await.0, 429);
        let other = control.ok(Method::POST, "/__mock/workspaces", json!({"key": "another"})).await;
        let token = other["managerToken"].as_str().unwrap().to_owned();
        assert_eq!(Api::new(self.url(), token).get("/integrations?limit=1&last").await.0, 200);
        let url = self.url().to_owned();
        self.until("last").into_iter().map(|line| line.replace(&url, "URL")).collect()
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn lines_of(from: impl Read + 'static) -> impl Iterator<Item = String> + 'static {
    BufReader::new(from).lines().map_while(Result::ok).map(|line| line.trim_end_matches('\r').to_owned())
}

fn banner_in(lines: &mut impl Iterator<Item = String>) -> Vec<String> {
    let mut banner = Vec::new();
    for line in lines {
        let is_last = line.contains("Stop: Ctrl-C");
        banner.push(line);
        if is_last {
            break;
        }
    }
    banner
}

#[tokio::test]
async fn each_call_is_a_line_that_says_why_it_failed() {
    let mut shown = Shown::in_a_pipe(&[]);
    insta::assert_snapshot!(shown.called().await.join("\n"), @r"
    10:20:30  POST   /act  200  demo-tenant  github-dev
    10:20:30  GET    /connections/none?token=***  404  demo-tenant  connection not found: `none`; there are `github-dev`, `hubspot-prod`  see URL/__mock/workspaces/membrane-mock-demo/journal/3
    10:20:30  POST   /act  429  demo-tenant  github-dev  too many  (fault: busy�[2J)  see URL/__mock/workspaces/membrane-mock-demo/journal/4
    10:20:30  GET    /integrations?limit=1&last  200  [another]  (look at: the query key `last` is not known to this route)
    ");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_shows_it_in_colours() {
    let mut shown = Shown::in_a_terminal(&[]);
    insta::assert_snapshot!(shown.called().await.join("\n").replace('\u{1b}', "␛"), @r"
    ␛[2m10:20:30␛[0m  POST   /act  ␛[32m200␛[0m  ␛[2mdemo-tenant␛[0m  ␛[2mgithub-dev␛[0m
    ␛[2m10:20:30␛[0m  GET    /connections/none?token=***  ␛[31m404␛[0m  ␛[2mdemo-tenant␛[0m  ␛[31mconnection not found: `none`; there are `github-dev`, `hubspot-prod`␛[0m  ␛[2msee URL/__mock/workspaces/membrane-mock-demo/journal/3␛[0m
    ␛[2m10:20:30␛[0m  POST   /act  ␛[31m429␛[0m  ␛[2mdemo-tenant␛[0m  ␛[2mgithub-dev␛[0m  ␛[31mtoo many␛[0m  ␛[33m(fault: busy�[2J)␛[0m  ␛[2msee URL/__mock/workspaces/membrane-mock-demo/journal/4␛[0m
    ␛[2m10:20:30␛[0m  GET    /integrations?limit=1&last  ␛[32m200␛[0m  ␛[2m[another]␛[0m  ␛[33m(look at: the query key `last` is not known to this route)␛[0m
    ");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_without_colours_is_asked_for() {
    let mut shown = Shown::in_a_terminal(&[("NO_COLOR", "1")]);
    let lines = shown.called().await.join("\n");
    assert!(lines.contains("POST") && !lines.contains('\u{1b}'), "{lines}");
}

/// The files of 1,200 actions.
fn many_actions() -> Files {
    let spec = "name: One\ntype: run-javascript\nconfig: {code: module.exports = () => 1}\n";
    (0..1_200).map(|n| (format!("actions/action-{n}/spec.yaml"), spec.to_owned())).collect()
}

fn large_seed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in many_actions() {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    folder
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_shows_how_far_long_work_is() {
    // Each step is written over the one before, and the last one is taken away.
    let read = "\r␛[Kreading 24 of 1200 files\r\r␛[Kreading 48 of 1200 files\r";
    let planted = "\r␛[Kplanting 1176 of 1200 elements\r\r␛[K";
    let seed = large_seed();
    let path = seed.path().to_str().unwrap();
    let mut shown = Shown::in_a_terminal(&[("MEMBRANE_MOCK_SEED", path), ("NO_COLOR", "1")]);
    let told = shown.banner.first().unwrap().replace('\u{1b}', "␛");
    assert!(told.starts_with(read) && told.contains(&format!("{planted}membrane-mock")), "{told:?}");

    let control = Api::new(shown.url(), None);
    let workspace = control.ok(Method::GET, "/__mock/workspaces/workspace-1", Value::Null).await;
    let manager = Api::new(shown.url(), workspace["managerToken"].as_str().unwrap().to_owned());
    let begun = answer(upload(&manager, "?partial=true", &[], &zipped(&many_actions()))).await;
    assert_eq!(begun.0, 200, "{begun:?}");
    let told = shown.until("/import").pop().unwrap().replace('\u{1b}', "␛");
    assert!(told.starts_with(read) && told.contains(&format!("{planted}10:20:30  POST   /import")), "{told:?}");
    manager.ok(Method::GET, "/export", Value::Null).await;
    let told = shown.until("/export").pop().unwrap().replace('\u{1b}', "␛");
    assert!(told.starts_with("\r␛[Kwriting 24 of 1200 actions\r"), "{told:?}");
}

#[test]
fn a_pipe_is_not_told_how_far_long_work_is() {
    let seed = large_seed();
    let mut shown = Shown::in_a_pipe(&["--seed", seed.path().to_str().unwrap()]);
    shown.child.kill().unwrap();
    assert!(shown.banner.first().unwrap().starts_with("membrane-mock"), "{:?}", shown.banner);
    assert_eq!(shown.lines.by_ref().collect::<Vec<_>>(), Vec::<String>::new());
}

#[tokio::test]
async fn a_quiet_server_prints_no_lines() {
    let mut shown = Shown::in_a_pipe(&["--quiet"]);
    assert_eq!(shown.tenant().get("/self").await.0, 200);
    shown.child.kill().unwrap();
    assert_eq!(shown.lines.by_ref().collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_banner_says_where_everything_is_in_twelve_lines() {
    let shown = Shown::in_a_pipe(&[]);
    let (banner, url) = (&shown.banner, shown.url());
    assert!(banner.len() <= 12, "{banner:#?}");
    for wanted in
        [format!("{url}/__mock/"), format!("{url}/__mock"), "membrane-mock-demo, tenant demo-tenant".to_owned()]
    {
        assert!(banner.iter().any(|line| line.ends_with(&wanted)), "{wanted}: {banner:#?}");
    }
}

#[test]
fn the_environment_is_printed_where_it_is_asked_for() {
    let mut command = binary(&[("PORT", "0")]);
    let mut child = command.arg("--env").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = lines_of(child.stdout.take().unwrap());
    let block: Vec<String> = lines.skip_while(|line| !line.starts_with("export ")).take(13).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(block.iter().any(|line| line.starts_with("export MEMBRANE_TOKEN=ey")), "{block:#?}");
    assert!(block.last().unwrap().starts_with("# a manager's token: ey"), "{block:#?}");
    let both = binary(&[("PORT", "0")]).args(["--env", "--json"]).output().unwrap();
    assert!(String::from_utf8_lossy(&both.stderr).contains("cannot be used with"), "{both:?}");
}
