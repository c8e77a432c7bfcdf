//! The binary, as a user runs it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::served::{Served, binary, write_integration};
use crate::support::{Bed, GUARD, id};

fn run(arguments: &[&str]) -> Output {
    binary(&[]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
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
fn signal(child: &Child, name: &str) {
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

#[test]
fn exec_gives_its_command_the_environment_and_returns_its_status() {
    let shown =
        run(&["exec", "--", "sh", "-c", "echo $MEMBRANE_API_URI $MEMBRANE_TENANT_KEY $MEMBRANE_MOCK_CONTROL_URL"]);
    let failed = run(&["exec", "--", "sh", "-c", "exit 7"]);
    let killed = run(&["exec", "--", "sh", "-c", "kill -9 $$"]);
    let missing = run(&["exec", "--", "no-such-command-anywhere"]);

    let words = text(&shown.stdout);
    let words: Vec<&str> = words.split(' ').collect();
    assert!(words[0].starts_with("http://127.0.0.1:") && words[1] == "demo-tenant", "{words:?}");
    assert_eq!(words[2], format!("{}/__mock", words[0]));
    assert_eq!((shown.status.code(), failed.status.code()), (Some(0), Some(7)));
    assert_eq!(killed.status.code(), Some(128 + 9), "a signal counts as 128 + n");
    assert!(!missing.status.success() && text(&missing.stderr).contains("no-such-command-anywhere"));
}

#[test]
fn exec_says_what_was_unmatched_when_its_command_fails() {
    let call = r#"curl -s "$MEMBRANE_API_URI/act" -H "Authorization: Bearer $MEMBRANE_TOKEN" -H 'Content-Type: application/json' -d '{"api":{"method":"GET","path":"/nope"},"connectionKey":"github-dev"}' >/dev/null; exit 1"#;

    let failed = run(&["exec", "--", "sh", "-c", call]);

    assert!(text(&failed.stderr).contains("no stub of github answered GET /nope"), "{}", text(&failed.stderr));
}

#[test]
fn exec_says_what_was_refused_when_its_command_fails() {
    let script = r#"
        own="Authorization: Bearer $MEMBRANE_TOKEN"
        manager="Authorization: Bearer $("$BINARY" token --manager)"
        post() { curl -s "$MEMBRANE_API_URI$1" -H "$2" -H 'Content-Type: application/json' -d "$3"; }
        curl -s "$MEMBRANE_API_URI/nowhere" -H "$own"
        curl -s "$MEMBRANE_API_URI/customers" -H "$own"
        away='{"key":"away","type":"http-request","config":{"request":{"method":"GET","uri":"http://10.1.2.3/"}}}'
        post /actions "$manager" "$away"
        post /act "$own" '{"key":"away"}'
        curl -s -X PUT "$MEMBRANE_MOCK_CONTROL_URL/workspaces/$MEMBRANE_WORKSPACE_KEY/upstreams/github" \
            -H 'Content-Type: application/json' -d '{"url":"http://10.4.5.6"}'
        post /act "$own" '{"api":{"method":"GET","path":"/user"},"connectionKey":"github-dev"}'
        exit 1
    "#;
    let mut command = binary(&[]);
    command.env("BINARY", env!("CARGO_BIN_EXE_membrane-mock"));

    let failed = command.args(["exec", "--", "sh", "-c", script]).output().unwrap();

    let said = text(&failed.stderr);
    assert_eq!(failed.status.code(), Some(1));
    for (what, why) in [("/nowhere", "404"), ("/customers", "403"), ("10.1.2.3", "egress"), ("10.4.5.6", "egress")] {
        assert!(said.lines().any(|line| line.contains(what) && line.contains(why)), "{what}, {why}: {said}");
    }
}

#[test]
fn exec_says_what_workspaces_met_that_are_gone() {
    // As test suites do: a workspace for each test, deleted at its end.
    let script = r#"
        json='Content-Type: application/json'
        for n in 1 2; do
            made=$(curl -s "$MEMBRANE_MOCK_CONTROL_URL/workspaces" -H "$json" -d "{\"key\": \"test-$n\"}")
            token=$(printf %s "$made" | jq -r .tenantToken)
            curl -s "$MEMBRANE_API_URI/integrations/of-$n/documentation" -H "Authorization: Bearer $token"
            curl -s -X DELETE "$MEMBRANE_MOCK_CONTROL_URL/workspaces/test-$n"
        done
        curl -s "$MEMBRANE_API_URI/integrations/before-reset/documentation" -H "Authorization: Bearer $MEMBRANE_TOKEN"
        curl -s -X POST "$MEMBRANE_MOCK_CONTROL_URL/reset"
        exit 1
    "#;

    let failed = binary(&[]).args(["exec", "--", "sh", "-c", script]).output().unwrap();

    let said = text(&failed.stderr);
    for what in [
        "[test-1] GET /integrations/of-1/documentation answered 501",
        "[test-2] GET /integrations/of-2/documentation answered 501",
        "/integrations/before-reset/documentation answered 501",
    ] {
        assert!(said.lines().any(|line| line.contains(what)), "{what}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn exec_ends_as_shells_do_when_its_command_cannot_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "no program").unwrap();
    let run = |program: &str| binary(&[]).args(["exec", "--", program]).output().unwrap();

    for (program, code) in [("no-such-command-anywhere", 127), (plain.to_str().unwrap(), 126)] {
        let ended = run(program);
        assert_eq!(ended.status.code(), Some(code), "{program}: {}", text(&ended.stderr));
        assert!(text(&ended.stderr).contains(&format!("cannot run `{program}`")), "{}", text(&ended.stderr));
    }
}

#[test]
fn exec_keeps_its_server_out_of_proxies() {
    let mut command = binary(&[]);
    command.env("NO_PROXY", "internal.example, 127.0.0.1").env_remove("no_proxy");

    let shown = command.args(["exec", "--", "sh", "-c", "echo $NO_PROXY; echo $no_proxy"]).output().unwrap();

    assert_eq!(text(&shown.stdout), "internal.example,127.0.0.1,localhost,::1\n127.0.0.1,localhost,::1");
}

#[tokio::test]
async fn exec_says_what_fired_and_what_deserves_a_look_when_its_command_fails() {
    let script = r#"
        control="$MEMBRANE_MOCK_CONTROL_URL/workspaces/$MEMBRANE_WORKSPACE_KEY"
        curl -s "$control/faults" -H 'Content-Type: application/json' \
            -d '{"name": "flaky", "on": {"route": "GET /self"}, "nth": 2, "fault": {"respond": {"status": 503}}}'
        for n in 1 2 3; do curl -s "$MEMBRANE_API_URI/self" -H "Authorization: Bearer $MEMBRANE_TOKEN"; done
        curl -s "$MEMBRANE_API_URI/connections?limit=1&sort=name" -H "Authorization: Bearer $MEMBRANE_TOKEN"
        exit 1
    "#;

    let failed = binary(&[]).args(["exec", "--", "sh", "-c", script]).output().unwrap();

    let said = text(&failed.stderr);
    for what in ["the query key `sort` is not known", "more pages, which nobody read", "answered 503 (fault flaky)"] {
        assert!(said.lines().any(|line| line.contains(what)), "{what}: {said}");
    }
    let story = said.lines().find_map(|line| line.split_once("faults fired: ")).map(|(_, story)| story);
    let story: Value = serde_json::from_str(story.unwrap_or_else(|| panic!("no story: {said}"))).unwrap();
    assert_eq!(story["fired"], json!([{"rule": "flaky", "n": 2}]));
    // Whoever reads it plays it again: the rule alone would never fire at the second call.
    let bed = Bed::start().await;
    let rule =
        json!({"name": "flaky", "on": {"route": "GET /self"}, "after": 9, "fault": {"respond": {"status": 503}}});
    bed.control(Method::POST, "/faults", rule).await;
    assert_eq!(bed.control(Method::PUT, "/faults/story", story).await.0, 200);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(bed.demo().get("/self").await.0);
    }
    assert_eq!(statuses, [200, 503, 200]);
}

#[test]
fn exec_passes_a_sigterm_on_and_lets_its_command_end() {
    // A shell answers a signal while it waits, and not while it runs something.
    let script = "trap 'kill $!; echo bye; exit 3' TERM; sleep 60 >/dev/null 2>&1 & echo up; wait";
    let mut command = binary(&[]);
    let mut exec = command.args(["exec", "--", "sh", "-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(exec.stdout.take().unwrap());
    let (mut first, mut rest) = (String::new(), String::new());

    stdout.read_line(&mut first).unwrap();
    signal(&exec, "TERM");
    stdout.read_to_string(&mut rest).unwrap();
    let status = exec.wait().unwrap();

    assert_eq!((first.trim(), rest.trim()), ("up", "bye"));
    assert_eq!(status.code(), Some(128 + 15));
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

/// A shell that asks the server how it is at each of these signals, and ends at the last.
fn asking_at(signals: &str, times: u32) -> String {
    format!(
        "times=0; ask() {{ times=$((times + 1)); curl -s -o /dev/null -w '%{{http_code}}\\n' \
         \"$MEMBRANE_MOCK_CONTROL_URL/health\"; [ $times -lt {times} ] || exit 0; }}; \
         trap ask {signals}; echo up; while :; do sleep 0.05; done"
    )
}

#[test]
fn exec_keeps_its_server_up_while_its_command_cleans_up() {
    for (name, times, code) in [("HUP", 1, 128 + 1), ("INT", 2, 128 + 2)] {
        let mut command = binary(&[]);
        command.args(["exec", "--", "sh", "-c", &asking_at(name, times)]).stdin(Stdio::null());
        let mut exec = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(exec.stdout.take().unwrap()).lines().map_while(Result::ok);

        assert_eq!(lines.next().as_deref(), Some("up"));
        for _ in 0..times {
            signal(&exec, name);
            assert_eq!(lines.next().as_deref(), Some("200"), "{name}");
        }
        assert_eq!((exec.wait().unwrap().code(), lines.next()), (Some(code), None), "{name}");
    }
}

#[test]
fn nothing_that_exec_started_outlives_it() {
    // The pipe closes when the last of them is gone, also the one that heeds no signal of its own.
    let script = "sh -c 'while :; do sleep 0.05; done' & echo up; wait";
    for name in ["TERM", "HUP"] {
        let mut command = binary(&[]);
        command.args(["exec", "--", "sh", "-c", script]).stdin(Stdio::null());
        let mut exec = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(exec.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("up"));

        signal(&exec, name);

        assert_eq!(lines.next(), None, "{name}");
        exec.wait().unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_ends_with_an_exec_that_is_killed() {
    let mut command = binary(&[]);
    command.args(["exec", "--", "sh", "-c", "echo up; while :; do :; done"]).stdin(Stdio::null());
    let mut exec = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(exec.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("up"));

    signal(&exec, "KILL");

    assert_eq!(lines.next(), None, "the pipe closes with its last writer");
    exec.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn exec_passes_arguments_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let mut command = binary(&[]);
    command.args(["exec", "--", "sh", "-c", "printf '%s' \"$1\"", "sh"]).arg(std::ffi::OsStr::from_bytes(b"a\xff"));

    let ended = command.output().unwrap();

    assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(0), &b"a\xff"[..]), "{}", text(&ended.stderr));
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
    let open = || std::fs::read_dir(format!("/proc/{}/fd", served.child.id())).unwrap().count();

    // Connections that say nothing hold what they need too.
    let mut held = Vec::new();
    let filled = async {
        while open() < MOST - 6 {
            held.push(tokio::net::TcpStream::connect(&address).await.unwrap());
            tenant.ok(Method::GET, "/self", Value::Null).await;
        }
    };
    tokio::time::timeout(GUARD, filled).await.expect("it fills up");
    let refused = tenant.post("/act", act.clone()).await;
    drop(held);
    let recovered = async { while tenant.post("/act", act.clone()).await.0 != 200 {} };

    assert_eq!(refused.0, 503, "{refused:?}");
    assert!(refused.1["message"].as_str().unwrap().contains("raise `ulimit -n`"), "{refused:?}");
    tokio::time::timeout(GUARD, recovered).await.expect("what was held is given back");
}
