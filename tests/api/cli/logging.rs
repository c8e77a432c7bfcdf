//! The binary as a process of its own.

use http::Method;
use serde_json::json;

use crate::support::served::{Served, write_integration};

#[tokio::test]
async fn a_fault_that_cuts_a_snippets_call_is_no_error_of_the_fakes() {
    let mut served = Served::by(&[("LOG", "debug")]);
    let tenant = served.tenant().await;
    let rule = json!({"name": "cut", "on": {"route": "GET /self"}, "fault": "close"});
    let faults = format!("/__mock/workspaces/{}/faults", served.get("workspaceKey"));
    served.control().ok(Method::POST, &faults, rule).await;
    let code = "module.exports = async ({ membrane }) => { try { await membrane.get('/self') } catch (e) { return e.message } }";
    let answer = tenant.post("/act", json!({"code": code, "connectionKey": "github-dev"})).await;
    tenant.get("/connections/this-is-the-last-one").await;

    let mut lines = String::new();
    while !lines.contains("this-is-the-last-one") {
        lines.push_str(&served.next_line());
    }

    assert!(answer.1["output"].as_str().unwrap().contains("cut off by a fault"), "{answer:?}");
    assert!(!lines.contains("ERROR") && !lines.contains("failed inside the fake"), "{lines}");
}

#[tokio::test]
async fn a_request_is_a_span_without_tokens_or_bodies() {
    let mut served = Served::by(&[("LOG", "debug")]);
    let tenant = served.tenant().await;
    let (token, secret) = (served.read("").await["tenantToken"].as_str().unwrap().to_owned(), "hunter2-in-a-body");
    tenant.post("/act", json!({"code": "module.exports = ({ input }) => input", "connectionKey": "github-dev", "input": {"note": secret}})).await;
    tenant.get(&format!("/self?token={token}")).await;
    tenant.get("/connections/this-is-the-last-one").await;

    let mut lines = String::new();
    while !lines.contains("this-is-the-last-one") {
        lines.push_str(&served.next_line());
    }

    let of_act = lines.lines().find(|line| line.contains("/act")).unwrap_or_else(|| panic!("no line: {lines}"));
    for part in ["request", "http.method=POST", "http.path=\"/act\"", "http.status=200"] {
        assert!(of_act.contains(part), "{part}: {of_act}");
    }
    assert!(!lines.contains(secret) && !lines.contains(&token), "{lines}");
}

#[test]
fn by_default_it_says_what_deserves_a_look_and_nothing_else() {
    let seed = tempfile::tempdir().unwrap();
    write_integration(seed.path(), "github");
    std::fs::create_dir_all(seed.path().join("flows/sync")).unwrap();
    std::fs::write(seed.path().join("flows/sync/spec.yaml"), "name: Sync\ncolour: red\n").unwrap();

    let mut served = Served::by(&[("SEED", seed.path().to_str().unwrap())]);

    let first = served.next_line();
    assert!(first.contains("WARN") && first.contains("flows/sync/spec.yaml") && first.contains("colour"), "{first}");
    served.child.kill().unwrap();
    assert_eq!(served.next_line(), "", "nothing about requests, nothing about starting");
}
