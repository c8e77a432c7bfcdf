//! `membrane-mock exec`, and what becomes of its command.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use reqwest::Method;
use serde_json::{Value, json};

use super::commands::{run, signal, text};
use crate::support::Bed;
use crate::support::served::binary;

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
fn exec_writes_what_calls_met_to_a_file_however_its_command_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let file = file.to_str().unwrap();
    // As test suites do: a workspace for each test, deleted at its end.
    let script = r#"
        json='Content-Type: application/json'
        made=$(curl -s "$MEMBRANE_MOCK_CONTROL_URL/workspaces" -H "$json" -d '{"key":"one","label":"syncs contacts"}')
        token=$(echo "$made" | sed 's/.*"tenantToken":"\([^"]*\)".*/\1/')
        curl -s "$MEMBRANE_API_URI/act" -H "Authorization: Bearer $token" -H "$json" \
            -d '{"api":{"method":"GET","path":"/nope"},"connectionKey":"github-dev"}' >/dev/null
        curl -s -X DELETE "$MEMBRANE_MOCK_CONTROL_URL/workspaces/one"
    "#;
    let done = run(&["exec", "--report", file, "--", "sh", "-c", script]);
    assert_eq!((done.status.code(), text(&done.stderr)), (Some(0), String::new()));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!((&report["status"], &report["version"]), (&json!(0), &json!(env!("CARGO_PKG_VERSION"))));
    let line = &report["lines"][0];
    assert_eq!((&line["kind"], &line["label"]), (&json!("unmatched"), &json!("syncs contacts")), "{report:#}");
    assert_eq!(line["says"], "no stub of github answered GET /nope");
    assert!(line["nearest"]["differs"].is_array());

    let failed = run(&["exec", "--report", file, "--", "sh", "-c", "exit 3"]);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!((failed.status.code(), &report["status"], &report["lines"]), (Some(3), &json!(3), &json!([])));
    let failing = script.replace("-X DELETE", "-X DELETE -o /dev/null") + "\nexit 1";
    let told = binary(&[]).env("GITHUB_ACTIONS", "true").args(["exec", "--", "sh", "-c", &failing]).output().unwrap();
    let annotation =
        "::warning title=membrane-mock%3A syncs contacts::[one, syncs contacts] no stub of github answered";
    assert!(text(&told.stdout).lines().any(|line| line.starts_with(annotation)), "{}", text(&told.stdout));

    let nowhere = run(&["exec", "--report", "/no/such/folder/report.json", "--", "true"]);
    assert!(text(&nowhere.stderr).contains("cannot write the report to"), "{}", text(&nowhere.stderr));
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
        curl -s "$MEMBRANE_API_URI/integrations/before-clearing/documentation" -H "Authorization: Bearer $MEMBRANE_TOKEN"
        curl -s -X DELETE "$MEMBRANE_MOCK_CONTROL_URL/workspaces/$MEMBRANE_WORKSPACE_KEY/journal"
        exit 1
    "#;

    let failed = binary(&[]).args(["exec", "--", "sh", "-c", script]).output().unwrap();

    let said = text(&failed.stderr);
    for what in [
        "[test-1] GET /integrations/of-1/documentation answered 501",
        "[test-2] GET /integrations/of-2/documentation answered 501",
        "/integrations/before-reset/documentation answered 501",
        "/integrations/before-clearing/documentation answered 501",
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
    let shown = |upper: Option<&str>, lower: Option<&str>, host: &str| {
        let mut command = binary(&[]);
        for (name, told) in [("NO_PROXY", upper), ("no_proxy", lower)] {
            command.env_remove(name).envs(told.map(|told| (name, told)));
        }
        command.args(["exec", "--host", host, "--", "sh", "-c", "echo \"$NO_PROXY\"; echo \"$no_proxy\""]);
        text(&command.output().unwrap().stdout)
    };
    let own = "127.0.0.1,localhost,::1";

    // What is told in one of both is meant by it alone, where the other is not set.
    let told = format!("internal.example,{own}");
    assert_eq!(shown(Some("internal.example, 127.0.0.1"), None, "127.0.0.1"), format!("{told}\n{told}"));
    assert_eq!(shown(None, Some("internal.example"), "127.0.0.1"), format!("{told}\n{told}"));
    assert_eq!(shown(Some("a"), Some("b"), "127.0.0.1"), format!("a,{own}\nb,{own}"));
    assert_eq!(shown(Some("*"), None, "127.0.0.1"), "*\n*");
    assert_eq!(shown(None, None, "127.0.0.2"), format!("{own},127.0.0.2\n{own},127.0.0.2"));
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
    assert_eq!(status.code(), Some(3), "the command's own, because it ended by itself");
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
    for (name, times) in [("HUP", 1), ("INT", 2)] {
        let mut command = binary(&[]);
        command.args(["exec", "--", "sh", "-c", &asking_at(name, times)]).stdin(Stdio::null());
        let mut exec = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(exec.stdout.take().unwrap()).lines().map_while(Result::ok);

        assert_eq!(lines.next().as_deref(), Some("up"));
        for _ in 0..times {
            signal(&exec, name);
            assert_eq!(lines.next().as_deref(), Some("200"), "{name}");
        }
        assert_eq!((exec.wait().unwrap().code(), lines.next()), (Some(0), None), "{name}");
    }
}

#[test]
fn nothing_that_exec_started_outlives_it() {
    // The pipe closes when the last of them is gone, also the one that heeds no signal of its own, or none at all.
    let heedless = "sh -c 'trap \"\" TERM HUP; echo up; while :; do sleep 0.05; done' & wait";
    let scripts = ["sh -c 'while :; do sleep 0.05; done' & echo up; wait", heedless];
    for (name, script) in ["TERM", "HUP"].into_iter().flat_map(|name| scripts.map(|script| (name, script))) {
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

#[test]
fn what_a_command_started_has_time_to_clean_up_when_the_command_is_gone() {
    // The command itself ends by the signal at once; what it started says goodbye a little later.
    let script =
        "sh -c 'trap \"sleep 0.3; echo cleaned up; exit 0\" TERM; echo up; while :; do sleep 0.05; done' & wait";
    let mut command = binary(&[]);
    command.args(["exec", "--", "sh", "-c", script]).stdin(Stdio::null());
    let mut exec = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(exec.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("up"));

    signal(&exec, "TERM");

    assert_eq!(lines.next().as_deref(), Some("cleaned up"));
    assert_eq!((exec.wait().unwrap().code(), lines.next()), (Some(128 + 15), None));
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
