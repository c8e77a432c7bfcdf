//! The binary, as a user runs it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::served::{Served, binary, write_integration};
use crate::support::{Api, GUARD, id};

pub(super) fn run(arguments: &[&str]) -> Output {
    binary(&[]).args(arguments).output().unwrap()
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap().trim().to_owned()
}

impl Served {
    async fn integrations(&self) -> Vec<String> {
        let mut command = binary(&[]);
        command.args(["token"]);
        let command = command.env("MEMBRANE_WORKSPACE_KEY", self.get("workspaceKey"));
        let minted = command.env("MEMBRANE_WORKSPACE_SECRET", self.get("workspaceSecret")).output().unwrap();
        let request = reqwest::Client::new().request(Method::GET, format!("{}/integrations", self.get("url")));
        let page: Value = request.bearer_auth(text(&minted.stdout)).send().await.unwrap().json().await.unwrap();
        page["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect()
    }
}

/// Sends a signal to one process.
pub(super) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success(), "{sent}");
}

#[test]
fn credentials_are_exactly_what_the_platforms_command_prints() {
    let printed: Value = serde_json::from_slice(&run(&["credentials", "--json"]).stdout).unwrap();
    let mut overridden = binary(&[]);
    let overridden = overridden.args(["credentials", "--shell"]).env("MEMBRANE_TENANT_KEY", "acme").output().unwrap();

    let names: Vec<&String> = printed.as_object().unwrap().keys().collect();
    assert_eq!(names, ["apiUri", "workspaceKey", "workspaceSecret", "tenantKey"]);
    assert!(printed["workspaceSecret"].as_str().unwrap().len() >= 64);
    assert!(text(&overridden.stdout).lines().any(|line| line == "MEMBRANE_TENANT_KEY=acme"));
}

#[test]
fn help_has_examples_by_the_name_that_the_program_was_called() {
    let of_fake = text(&run(&["membrane", "act", "--help"]).stdout);
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("membrane");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_membrane-mock"), &link).unwrap();
    let of_link = text(&Command::new(link).args(["act", "--help"]).output().unwrap().stdout);

    let example = "act --connectionKey github-dev --api '{\"method\": \"GET\", \"path\": \"/user\"}'";
    assert!(of_fake.contains(&format!("  # a request to the app\n  membrane-mock membrane {example}\n")), "{of_fake}");
    assert!(of_link.contains(&format!("  # a request to the app\n  membrane {example}\n")), "{of_link}");
}

/// The commands below one, as words.
fn commands_below(words: &[String], found: &mut Vec<Vec<String>>) {
    let help = text(&binary(&[]).args(words).arg("--help").output().unwrap().stdout);
    found.push(words.to_vec());
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        commands_below(&[words, &[name.to_owned()]].concat(), found);
    }
}

/// Each example that ends by itself is run in a workspace of its own, in which there is what it names.
#[tokio::test]
async fn the_examples_of_help_do_what_they_say() {
    // The moments that they name lie ahead of this one.
    let served = Served::by(&[("CLOCK", "2025-01-01T00:00:00Z")]);
    let url = served.get("url").to_owned();
    let control = Api::new(&url, None);
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_membrane-mock"), folder.path().join("membrane-mock")).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let mut commands = Vec::new();
    commands_below(&[], &mut commands);
    let mut count = 0;
    for words in commands {
        let help = text(&binary(&[]).args(&words).arg("--help").output().unwrap().stdout);
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        for line in examples.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            // Servers and tools for agents go on until they are stopped; logs of runs have ids of their own.
            let goes_on = ["", "serve", "exec", "mcp", "membrane login", "membrane action-run-log"];
            if goes_on.iter().any(|known| words.join(" ").trim_end_matches(" get") == *known) {
                continue;
            }
            let space = control.ok(Method::POST, "/__mock/workspaces", json!({})).await;
            let at = |name: &str| space[name].as_str().unwrap().to_owned();
            let below = format!("/__mock/workspaces/{}", at("key"));
            if line.contains("workspace create") {
                control.call(Method::DELETE, "/__mock/workspaces/test-1", None).await;
            } else {
                control.post("/__mock/workspaces", json!({"key": "test-1"})).await;
            }
            let taken = control.ok(Method::POST, &format!("{below}/snapshots"), json!({})).await;
            control.ok(Method::POST, &format!("{below}/scenarios/webhook-receiver-down/start"), json!({})).await;
            // It meets no call of an example: time stands still, and a call that is slow would wait for good.
            let slow = json!({"name": "slow", "on": {"connector": "twilio"}, "fault": {"latency": {"ms": 1}}});
            control.ok(Method::POST, &format!("{below}/faults"), slow).await;
            let line = line.replace("snapshot-1", &id(&taken));
            let line = if line.contains(" connect ") { format!("{line} --non-interactive") } else { line };
            let mut command = binary(&[]);
            let command = command.env("PATH", &path).env("MEMBRANE_HOME", folder.path()).env("MEMBRANE_API_URI", &url);
            let command = command.env("MEMBRANE_WORKSPACE_KEY", at("key"));
            let command = command.env("MEMBRANE_WORKSPACE_SECRET", at("secret"));
            let variables: Vec<_> = command
                .get_envs()
                .map(|(name, value)| (name.to_owned(), value.unwrap_or_default().to_owned()))
                .collect();
            let done = Command::new("sh").args(["-c", &line]).envs(variables).output().unwrap();
            assert!(done.status.success(), "{line}: {}", text(&done.stderr));
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn a_shell_completes_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("script"), run(&["completions", "bash"]).stdout).unwrap();
    let asked = "source ./script; COMP_WORDS=(membrane-mock fault a); COMP_CWORD=2
        _membrane-mock membrane-mock a fault; echo ${COMPREPLY[@]}";
    let output = Command::new("bash").args(["-c", asked]).current_dir(folder.path()).output().unwrap();
    assert_eq!(text(&output.stdout), "add", "{output:?}");
    assert!(!std::fs::read_to_string(folder.path().join("script")).unwrap().contains("js-worker"));
}

#[tokio::test]
async fn a_token_needs_no_server_and_is_accepted_by_one() {
    let served = Served::by(&[]);
    let claims = |token: &str| {
        use base64::Engine as _;
        let payload = token.split('.').nth(1).unwrap();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };

    let tenant = text(&run(&["token", "--tenantKey", "acme", "--expiresIn", "5m"]).stdout);
    let manager: Value = serde_json::from_slice(&run(&["token", "--manager", "--json"]).stdout).unwrap();
    let request = reqwest::Client::new().get(format!("{}/self", served.get("url")));
    let own: Value = request.bearer_auth(&tenant).send().await.unwrap().json().await.unwrap();

    assert_eq!(own["internalId"], "acme");
    assert_eq!(claims(&tenant)["tenantKey"], "acme");
    let manager = claims(manager["token"].as_str().unwrap());
    assert_eq!((&manager["isAdmin"], manager.get("tenantKey")), (&json!(true), None));
}

#[tokio::test]
async fn a_sigint_stops_it_whatever_is_under_way() {
    let mut served = Served::by(&[]);
    let (control, tenant) = (served.control(), served.tenant().await);
    let progress = format!("/__mock/workspaces/{}/progress", served.get("workspaceKey"));
    control.ok(Method::PUT, &progress, json!({"connection.building": "hold"})).await;
    let begun = tenant.ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;
    let waiting = format!("/connections/{}?wait=true&timeout=60", id(&begun));
    let endless =
        "module.exports = async ({ externalApiClient }) => { await externalApiClient.get('/user'); for (;;) {} }";
    let endless = json!({"code": endless, "connectionKey": "github-dev"});

    let calls = [
        tokio::spawn(tenant.request(Method::GET, &waiting).send()),
        tokio::spawn(tenant.request(Method::POST, "/act").json(&endless).send()),
    ];
    let begun = async {
        while served.read("/upstreams/github/requests").await["items"].as_array().is_none_or(Vec::is_empty) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(GUARD, begun).await.expect("the snippet runs");
    signal(&served.child, "INT");
    let stopped = tokio::task::spawn_blocking(move || served.child.wait().unwrap());
    let status = tokio::time::timeout(GUARD, stopped).await.expect("an end in time").unwrap();

    assert!(status.success(), "{status}");
    for call in calls {
        call.await.unwrap().ok();
    }
}

#[test]
fn the_banners_curl_line_works_when_pasted() {
    let answer = pasted(&[]);
    assert!(answer["output"].is_array() && answer["actionRunId"].is_string(), "{answer:#}");
}

#[test]
fn without_the_demo_the_banners_curl_line_asks_who_one_is() {
    let answer = pasted(&[("SEED", "none")]);
    assert!(answer["workspaceKey"].is_string() && answer["internalId"].is_string(), "{answer:#}");
}

/// What the line with `curl` of the banner is answered.
fn pasted(variables: &[(&str, &str)]) -> Value {
    let mut command = binary(&[&[("PORT", "0")], variables].concat());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);

    let curl = lines.find(|line| line.starts_with("curl "));
    let pasted = curl.as_ref().map(|line| Command::new("sh").args(["-c", line.as_str()]).output());
    child.kill().unwrap();
    child.wait().unwrap();

    let pasted = pasted.expect("a line with curl").unwrap();
    assert!(pasted.status.success(), "{}", text(&pasted.stderr));
    serde_json::from_slice(&pasted.stdout).unwrap()
}

#[test]
fn the_ready_file_is_there_while_it_runs_and_gone_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready.json");

    let mut served = Served::with(&["--ready-file", file.to_str().unwrap()], &[]);
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    signal(&served.child, "TERM");
    let status = served.child.wait().unwrap();

    assert_eq!(written, served.ready);
    assert_eq!(written["pid"], served.child.id());
    assert!(status.success(), "a SIGTERM stops it cleanly: {status}");
    assert!(!file.exists());
}

#[test]
fn a_ready_file_takes_the_place_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "mine").unwrap();

    for (path, says) in [(file.as_path(), "holds something else"), (folder.path(), "is a folder")] {
        let refused = run(&["exec", "--ready-file", path.to_str().unwrap(), "--", "true"]);
        assert!(!refused.status.success() && text(&refused.stderr).contains(says), "{}", text(&refused.stderr));
    }

    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn listening_beyond_loopback_without_a_control_token_is_refused() {
    let refused = run(&["serve", "--host", "0.0.0.0", "--port", "0"]);

    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("--control-token"), "{}", text(&refused.stderr));
}

#[test]
fn a_seed_that_cannot_be_read_stops_the_start_with_file_line_and_field() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("workspace.yaml"), "key: w\nsecret: [1]\n").unwrap();

    let refused = run(&["serve", "--port", "0", "--seed", folder.path().to_str().unwrap()]);

    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("workspace.yaml:2") && said.contains("secret"), "{said}");
}

#[test]
fn a_seeds_error_says_field_and_place_once_and_in_the_seeds_words() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.yaml");
    for (text_of_seed, says) in [
        ("connections:\n  - key: x\n    foo: 1\n", "seed.yaml:3: field `connections[0].foo`: unknown field `foo`, "),
        ("workspace: {mock: {progres: 1}}\n", "field `workspace.mock.progres`: unknown field `progres`, "),
        ("externalApps:\n  - foo: 1\n", "field `externalApps[0].foo`: unknown field `foo`, "),
        ("connections:\n  - 3\n", "expected an object of fields"),
    ] {
        std::fs::write(&seed, text_of_seed).unwrap();
        let refused = text(&run(&["serve", "--port", "0", "--seed", seed.to_str().unwrap()]).stderr);
        assert!(refused.contains(says), "{says}: {refused}");
        assert!(!refused.contains("expected struct"), "{refused}");
    }
}

#[tokio::test]
async fn a_watched_seed_is_planted_anew_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    write_integration(folder.path(), "github");
    let mut served = Served::with(&["--watch", "--seed", folder.path().to_str().unwrap()], &[]);

    let before = served.integrations().await;
    write_integration(folder.path(), "slack");
    let said = served.next_line();
    let after = served.integrations().await;

    assert_eq!(before, ["github"]);
    assert!(said.contains("planted anew"), "{said}");
    assert_eq!(after, ["github", "slack"]);
}

#[test]
fn of_servers_that_start_at_once_one_gets_the_ready_file() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let start = || {
        let mut command = binary(&[("PORT", "0"), ("JSON", "true"), ("READY_FILE", ready.to_str().unwrap())]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut all: Vec<Child> = (0..4).map(|_| start()).collect();

    // Whoever serves says so in a line, and whoever does not ends.
    let serving: Vec<bool> = all
        .iter_mut()
        .map(|server| BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok).next().is_some())
        .collect();

    assert_eq!(serving.iter().filter(|serves| **serves).count(), 1, "{serving:?}");
    let written: Value = serde_json::from_slice(&std::fs::read(&ready).unwrap()).unwrap();
    for (server, serves) in all.iter_mut().zip(serving) {
        if serves {
            assert_eq!(written["pid"], server.id());
            server.kill().unwrap();
        }
        let ended = server.wait().unwrap();
        assert!(serves || !ended.success());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
}

#[test]
fn a_ready_file_is_its_servers_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready.json");
    let path = file.to_str().unwrap();
    let mut first = Served::with(&["--ready-file", path], &[]);
    let refused = run(&["serve", "--port", "0", "--ready-file", path]);

    // One that was killed leaves its file behind; while the next one starts, nobody finds it.
    signal(&first.child, "KILL");
    first.child.wait().unwrap();
    assert!(file.exists());
    let without = run(&["serve", "--port", "0", "--ready-file", path, "--seed", "/no/such/seed"]);
    assert!(!file.exists() && !without.status.success());
    let mut second = Served::with(&["--ready-file", path], &[]);
    let others = r#"{"url":"http://127.0.0.1:1","pid":1}"#;
    std::fs::write(&file, others).unwrap();
    signal(&second.child, "HUP");
    let status = second.child.wait().unwrap();

    let said = text(&refused.stderr);
    assert!(!refused.status.success(), "{said}");
    for part in [path, first.get("url"), &first.child.id().to_string(), "--ready-file"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(status.success(), "a terminal that closes stops it cleanly: {status}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), others, "what another one wrote stays");
}

#[tokio::test]
async fn who_waits_for_an_answer_gets_it_before_the_server_ends() {
    let mut served = Served::by(&[]);
    let tenant = served.tenant().await;
    let slow = "module.exports = async ({ externalApiClient }) => { await externalApiClient.get('/user'); \
                await new Promise((done) => setTimeout(done, 300)); return 'done' }";
    let slow = json!({"code": slow, "connectionKey": "github-dev"});

    let call = tokio::spawn(tenant.request(Method::POST, "/act").json(&slow).send());
    let begun = async {
        while served.read("/upstreams/github/requests").await["items"].as_array().is_none_or(Vec::is_empty) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(GUARD, begun).await.expect("the snippet runs");
    signal(&served.child, "TERM");
    let answer: Value = call.await.unwrap().unwrap().json().await.unwrap();
    let status = tokio::task::spawn_blocking(move || served.child.wait().unwrap()).await.unwrap();

    assert_eq!(answer["output"], "done", "{answer}");
    assert!(status.success(), "{status}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn event_streams_end_when_their_clients_go() {
    let served = Served::by(&[]);
    let tenant = served.tenant().await;
    let open = || std::fs::read_dir(format!("/proc/{}/fd", served.child.id())).unwrap().count();
    let before = open();

    let mut streams = Vec::new();
    for _ in 0..40 {
        streams.push(tenant.request(Method::GET, "/sse/workspace").send().await.unwrap());
    }
    let most = open();
    drop(streams);
    let ended = async {
        while open() > before + 10 {
            served.read("").await;
        }
    };

    assert!(most >= before + 40, "{before} {most}");
    tokio::time::timeout(GUARD, ended).await.expect("the next heartbeat is too late");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_that_can_open_nothing_more_says_so_and_recovers() {
    const MOST: usize = 100;
    let served = Served::with_descriptors(u32::try_from(MOST).unwrap());
    let tenant = served.tenant().await;
    let act = json!({"api": {"method": "GET", "path": "/user"}, "connectionKey": "github-dev"});
    let address = served.get("url").trim_start_matches("http://").to_owned();
    // Who comes anew, and asks once.
    let fresh = async || {
        let mut client = tokio::net::TcpStream::connect(&address).await.unwrap();
        client.write_all(b"GET /self HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    };

    // Connections that say nothing hold what they need too.
    let mut held = Vec::new();
    let filled = async {
        loop {
            let answer = fresh().await;
            if answer.starts_with("HTTP/1.1 503 ") {
                break answer;
            }
            assert!(answer.starts_with("HTTP/1.1 401 ") && held.len() < MOST, "{answer}");
            held.push(tokio::net::TcpStream::connect(&address).await.unwrap());
        }
    };
    let turned_away = tokio::time::timeout(GUARD, filled).await.expect("it fills up");
    let refused = tenant.post("/act", act.clone()).await;
    // More come than there is room for, and say nothing: who asks afterwards is answered all the same.
    let more = futures_util::future::join_all((0..MOST).map(|_| tokio::net::TcpStream::connect(&address))).await;
    let answered = tokio::time::timeout(GUARD, fresh()).await.expect("an answer");
    drop((held, more));
    let recovered = async { while tenant.post("/act", act.clone()).await.0 != 200 {} };

    let is_told = |answer: &str| answer.contains("raise `ulimit -n`") && answer.contains("\"type\"");
    assert!(is_told(&turned_away), "{turned_away}");
    // While those before are turned away there may be room for one.
    assert!(is_told(&answered) || answered.starts_with("HTTP/1.1 401 "), "{answered}");
    assert_eq!(refused.0, 503, "{refused:?}");
    assert!(refused.1["message"].as_str().unwrap().contains("raise `ulimit -n`"), "{refused:?}");
    tokio::time::timeout(GUARD, recovered).await.expect("what was held is given back");
}
