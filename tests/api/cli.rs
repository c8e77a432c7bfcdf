//! The binary, as a user runs it.

use std::process::{Command, Output};

use reqwest::Method;
use serde_json::{Value, json};

use crate::served::{Served, binary, write_integration};

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

    fn terminate(&self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
    }
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
fn the_ready_file_is_there_while_it_runs_and_gone_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready.json");

    let mut served = Served::with(&["--ready-file", file.to_str().unwrap()], &[]);
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    served.terminate();
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
