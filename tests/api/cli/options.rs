//! Every option of the server as an environment variable, by its effect on a user.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use http::Method;
use serde_json::{Value, json};

use super::commands::{run, text as said_by};
use crate::support::served::{Served, binary, write_integration};
use crate::support::{Api, message};

const SECRET: &str = "a-secret-of-my-own-that-is-long-enough-for-every-algorithm-there-is";

/// What it says when it does not start. `exec` takes the options of `serve`, and ends if it does start.
fn refusal(variables: &[(&str, &str)]) -> String {
    let output = binary(variables).args(["exec", "--", "true"]).output().unwrap();
    assert!(!output.status.success(), "{variables:?} is taken");
    String::from_utf8(output.stderr).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn host_port_and_ready_file_say_where_it_listens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready.json");

    let refused = refusal(&[("HOST", "0.0.0.0")]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let started = Served::by(&[("HOST", "127.0.0.1"), ("PORT", port.as_str()), ("READY_FILE", text(&file))]);
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let health = started.control().get("/__mock/health").await;

    assert!(refused.contains("0.0.0.0") && refused.contains("--control-token"), "{refused}");
    assert_eq!(started.get("url"), format!("http://127.0.0.1:{port}"));
    assert_eq!(written, started.ready);
    assert_eq!(health.0, 200);
}

#[tokio::test]
async fn a_host_may_be_a_name_or_stand_in_brackets() {
    let named = Served::by(&[("HOST", "localhost"), ("PORT", "0")]);
    assert_eq!(named.control().get("/__mock/health").await.0, 200);
    // Not every machine has the newer family; then it says so, and not that the address is none.
    let bracketed = binary(&[("HOST", "[::1]")]).args(["exec", "--", "true"]).output().unwrap();
    let said = String::from_utf8(bracketed.stderr).unwrap();
    assert!(bracketed.status.success() || said.contains("cannot listen on [::1]:"), "{said}");
    let unknown = refusal(&[("HOST", "no.such.name.invalid")]);
    assert!(unknown.contains("neither an address nor a name that is known here"), "{unknown}");
}

#[test]
fn a_port_in_use_says_how_to_get_a_free_one() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let refused = refusal(&[("PORT", &port)]);

    assert!(refused.contains("`--port 0` picks a free port"), "{refused}");
}

#[tokio::test]
async fn credentials_of_the_workspace_are_the_users_own() {
    let own = [("WORKSPACE_KEY", "mine"), ("WORKSPACE_SECRET", SECRET)];
    let started = Served::by(&own);

    let token = binary(&[])
        .arg("token")
        .env("MEMBRANE_WORKSPACE_KEY", "mine")
        .env("MEMBRANE_WORKSPACE_SECRET", SECRET)
        .output()
        .unwrap();
    let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
    let (status, itself) = Api::new(started.get("url"), token).get("/self").await;
    let within = binary(&own).args(["exec", "--", "sh", "-c", "echo $MEMBRANE_WORKSPACE_KEY"]).output().unwrap();

    assert_eq!((started.get("workspaceKey"), started.get("workspaceSecret")), ("mine", SECRET));
    assert_eq!((status, &itself["workspaceKey"]), (200, &json!("mine")));
    assert_eq!(String::from_utf8(within.stdout).unwrap().trim(), "mine", "the variables are those of `exec` too");
}

#[tokio::test]
async fn the_control_token_is_asked_for() {
    let started = Served::by(&[("CONTROL_TOKEN", "only-with-this")]);
    let path = format!("/__mock/workspaces/{}", started.get("workspaceKey"));

    let without = Api::new(started.get("url"), None).get(&path).await;
    let with = Api::new(started.get("url"), "only-with-this".to_owned()).get(&path).await;

    assert_eq!((without.0, with.0), (401, 200));
    assert_eq!(started.get("controlToken"), "only-with-this");
}

#[tokio::test]
async fn clock_journal_limit_and_code_timeout_are_kept_to() {
    let started = Served::by(&[("CLOCK", "2026-01-01T00:00:00Z"), ("JOURNAL_LIMIT", "3"), ("CODE_TIMEOUT_MS", "200")]);

    let clock = started.read("/clock").await;
    let endless = started.code("module.exports = () => { for (;;) {} }").await;
    let tenant = started.tenant().await;
    for _ in 0..4 {
        tenant.ok(Method::GET, "/self", Value::Null).await;
    }
    let journal = started.read("/journal").await;

    assert_eq!(clock["now"], "2026-01-01T00:00:00.000Z");
    assert_eq!((endless.0, &endless.1["type"]), (400, &json!("custom_code")), "{endless:?}");
    assert!(message(&endless).contains("200 ms"), "{endless:?}");
    assert_eq!((journal["items"].as_array().unwrap().len(), &journal["forgotten"]), (3, &json!(2)), "{journal:#}");
}

#[tokio::test]
async fn logs_of_runs_are_kept_to_a_number_and_a_size() {
    let few = Served::by(&[("RUN_LOG_LIMIT", "20")]);
    let tenant = few.tenant().await;
    let call = json!({ "connectionKey": "github-dev", "api": { "method": "GET", "path": "/user" } });
    let first = tenant.ok(Method::POST, "/act", call.clone()).await;
    for _ in 0..30 {
        tenant.ok(Method::POST, "/act", call.clone()).await;
    }
    let (runs, calls) = (tenant.items("/action-run-logs").await, tenant.items("/external-api-logs").await);
    // Each act leaves one of either.
    assert!((20..=21).contains(&(runs.len() + calls.len())), "{} and {}", runs.len(), calls.len());
    let gone = tenant.get(&format!("/action-run-logs/{}", first["actionRunId"].as_str().unwrap())).await;
    assert!(
        gone.0 == 404 && message(&gone).contains("oldest logs of this workspace are gone, see --run-log-limit (20)"),
        "{gone:?}"
    );
    assert_eq!(tenant.get(&format!("/action-run-logs/{}", runs[0]["id"].as_str().unwrap())).await.0, 200);

    let small = Served::by(&[("RUN_LOG_MB", "1")]);
    let tenant = small.tenant().await;
    let large = json!({ "connectionKey": "github-dev", "api": {
        "method": "POST", "path": "/repos/acme/website/issues", "body": { "title": "Long", "body": "x".repeat(150_000) },
    } });
    for _ in 0..20 {
        tenant.ok(Method::POST, "/act", large.clone()).await;
    }
    let kept = tenant.items("/action-run-logs").await.len();
    assert!((1..10).contains(&kept), "{kept} runs of more than 150 kB are kept in 1 MB");
}

#[tokio::test]
async fn a_clock_that_meets_too_much_on_its_way_stops_and_goes_on() {
    let started = Served::by(&[("CLOCK", "2026-01-01T00:00:00Z"), ("ADVANCE_LIMIT", "20")]);
    let end = "2027-01-01T00:00:00.000Z";
    let advance = format!("/__mock/workspaces/{}/clock/advance", started.get("workspaceKey"));

    let mut stops = Vec::new();
    let last = loop {
        let (status, told) = started.control().post(&advance, json!({ "to": end })).await;
        if status == 200 {
            break told;
        }
        assert_eq!((status, &told["data"]["now"]), (400, &started.read("/clock").await["now"]), "{told}");
        assert!(message(&(status, told.clone())).contains("call again to go on"), "{told}");
        stops.push(told["data"]["now"].as_str().unwrap().to_owned());
    };

    assert!(stops.len() > 1 && stops.is_sorted(), "each call goes on where the one before stopped: {stops:?}");
    assert_eq!(last["now"], end);
}

#[tokio::test]
async fn the_rng_seed_makes_ids_repeat() {
    let first = Served::by(&[("RNG_SEED", "7")]).first_run().await;
    let second = Served::by(&[("RNG_SEED", "7")]).first_run().await;
    let other = Served::by(&[("RNG_SEED", "8")]).first_run().await;

    assert_eq!(first, second);
    assert_ne!(first, other);
}

#[tokio::test]
async fn the_database_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mock.db");
    let variables = [("DATABASE", text(&file))];

    let first = Served::by(&variables);
    let renamed = first.tenant().await.patch("/connections/github-dev", json!({"name": "Kept"})).await;
    drop(first);
    let kept = Served::by(&variables).tenant().await.get("/connections/github-dev").await;

    assert_eq!((renamed.0, kept.0), (200, 200));
    assert_eq!(kept.1["name"], "Kept");
}

#[tokio::test]
async fn a_seed_is_a_folder_that_can_be_watched_or_none() {
    let folder = tempfile::tempdir().unwrap();
    write_integration(folder.path(), "github");

    let none = Served::by(&[("SEED", "none")]).tenant().await.each("/integrations", "key").await;
    let mut watching = Served::by(&[("SEED", text(folder.path())), ("WATCH", "true")]);
    let before = watching.tenant().await.each("/integrations", "key").await;
    write_integration(folder.path(), "slack");
    let said = watching.next_line();
    let after = watching.tenant().await.each("/integrations", "key").await;

    assert_eq!(none, Vec::<String>::new());
    assert_eq!(before, ["github"]);
    assert!(said.contains("planted anew"), "{said}");
    assert_eq!(after, ["github", "slack"]);
}

#[tokio::test]
async fn hosts_that_may_be_called_are_a_list() {
    let started = Served::by(&[("ALLOW_EGRESS", "one.invalid,two.invalid")]);
    let (manager, tenant) = (started.manager().await, started.tenant().await);

    for (host, is_refused) in [("one.invalid", false), ("two.invalid", false), ("three.invalid", true)] {
        let config = json!({"request": {"method": "GET", "uri": format!("http://{host}/")}});
        let body = json!({"key": host.replace('.', "-"), "type": "http-request", "config": config});
        let action = manager.ok(Method::POST, "/actions", body).await;

        let answer = tenant.post("/act", json!({"id": action["id"]})).await;

        assert_eq!(answer.0, 400, "no name under .invalid leads anywhere: {answer:?}");
        assert_eq!(message(&answer).contains("egress"), is_refused, "{host}: {answer:?}");
    }
}

#[test]
fn the_log_says_as_much_as_is_asked_for() {
    let mut started = Served::by(&[("LOG", "debug")]);

    let said = started.next_line();

    assert!(said.contains("DEBUG"), "{said}");
}

#[test]
fn without_json_there_is_a_banner() {
    let mut command = binary(&[("PORT", "0"), ("JSON", "false")]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    assert!(line.contains("ready at http://127.0.0.1:"), "{line}");
}

#[tokio::test]
async fn a_flag_wins_over_its_variable() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let variables = [
        ("HOST", "0.0.0.0"),
        ("PORT", port.as_str()),
        ("SEED", "/no/such/folder"),
        ("DATABASE", "/no/such/folder/mock.db"),
        ("CLOCK", "2020-01-01"),
        ("WORKSPACE_KEY", "by-variable"),
        ("JOURNAL_LIMIT", "1"),
        ("CODE_TIMEOUT_MS", "1"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("mock.db");
    let flags = [
        ["--host", "127.0.0.1"],
        ["--port", "0"],
        ["--seed", "demo"],
        ["--database", text(&database)],
        ["--clock", "2026-01-01"],
        ["--workspace-key", "by-flag"],
        ["--journal-limit", "2"],
        ["--code-timeout-ms", "5000"],
    ];

    // With and without the command's name: the options of both are the same.
    for command in [&["serve"][..], &[]] {
        let arguments: Vec<&str> = command.iter().copied().chain(flags.as_flattened().iter().copied()).collect();
        let started = Served::with(&arguments, &variables);
        let clock = started.read("/clock").await;
        let ran = started.code("module.exports = () => 1").await;
        for _ in 0..2 {
            started.tenant().await.ok(Method::GET, "/self", Value::Null).await;
        }
        let journal = started.read("/journal").await;

        assert_eq!(started.get("workspaceKey"), "by-flag");
        assert_eq!(clock["now"], "2026-01-01T00:00:00.000Z");
        assert_eq!(ran.0, 200, "{ran:?}");
        assert_eq!(journal["items"].as_array().unwrap().len(), 2, "{journal:#}");
    }
    assert!(database.exists());
}

#[test]
fn a_value_that_cannot_be_is_refused_by_name() {
    for (name, value, said) in [
        ("HOST", "nowhere", "--host"),
        ("PORT", "http", "--port"),
        ("PORT", "70000", "--port"),
        ("READY_FILE", "/no/such/folder/ready.json", "/no/such/folder/ready.json"),
        ("SEED", "/no/such/seed", "/no/such/seed"),
        ("WATCH", "perhaps", "--watch"),
        ("CLOCK", "yesterday", "--clock"),
        ("RNG_SEED", "-1", "--rng-seed"),
        ("WORKSPACE_KEY", "two words", "two words"),
        ("JOURNAL_LIMIT", "many", "--journal-limit"),
        ("JOURNAL_LIMIT", "0", "--journal-limit"),
        ("ADVANCE_LIMIT", "0", "--advance-limit"),
        ("RUN_LOG_LIMIT", "0", "--run-log-limit"),
        ("RUN_LOG_MB", "10000", "--run-log-mb"),
        ("CODE_TIMEOUT_MS", "1s", "--code-timeout-ms"),
        ("CODE_TIMEOUT_MS", "86400001", "--code-timeout-ms"),
        ("CODE_MEMORY_MB", "18446744073709551615", "--code-memory-mb"),
        ("JSON", "perhaps", "--json"),
    ] {
        let refused = refusal(&[(name, value)]);

        assert!(refused.contains(said) && refused.contains(value), "{name}={value}: {refused}");
    }
    let nothing_to_watch = refusal(&[("WATCH", "true")]);
    assert!(nothing_to_watch.contains("--watch") && nothing_to_watch.contains("--seed"), "{nothing_to_watch}");
}

#[tokio::test]
async fn a_public_address_is_an_origin() {
    let started = Served::by(&[("PUBLIC_URL", "http://mock.test:6262/")]);
    assert_eq!(started.get("url"), "http://mock.test:6262");
    let wrong = run(&["serve", "--public-url", "http://mock.test/below"]);
    assert!(said_by(&wrong.stderr).contains("it is an origin such as http://mock:6262"), "{}", said_by(&wrong.stderr));
    let script =
        "echo \"$MEMBRANE_API_URI $MEMBRANE_MOCK_CONTROL_URL\"; curl -sf \"$MEMBRANE_MOCK_CONTROL_URL/health\"";
    let told = run(&["exec", "--public-url", "http://mock.test:6262", "--", "sh", "-c", script]);
    let said = said_by(&told.stdout);
    assert!(
        said.starts_with("http://mock.test:6262 http://127.0.0.1:") && said.contains("\"status\":\"ok\""),
        "{said}"
    );
}
