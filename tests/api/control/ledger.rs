//! What the fake says of itself: the fidelity ledger and metrics.

use http::Method;
use serde_json::{Value, json};

use crate::support::Bed;

#[tokio::test]
async fn the_ledger_knows_what_a_workspace_leans_on() {
    let bed = Bed::start().await;
    bed.demo().get("/connections").await;
    bed.demo().get("/connections?limit=1").await;
    bed.demo().get("/integrations/github/documentation").await;

    let ledger = bed.nobody().get(&format!("/__mock/fidelity?workspace={}", bed.ws.key())).await.1;

    let route = |path: &str| ledger["routes"].as_array().unwrap().iter().find(|r| r["path"] == path).unwrap().clone();
    let list = route("/connections");
    assert_eq!((&list["level"], &list["uses"], &list["source"]), (&json!("documented"), &json!(2), &json!("SEED")));
    let unfaked = route("/integrations/{selector}/documentation");
    assert_eq!(
        (&unfaked["level"], &unfaked["uses"], &unfaked["method"]),
        (&json!("not-faked"), &json!(1), &json!("GET"))
    );
    let behaviours = ledger["behaviours"].as_array().unwrap();
    let uses = |part: &str| {
        let about = |b: &&Value| b["behaviour"].as_str().unwrap().contains(part);
        behaviours.iter().find(about).unwrap_or_else(|| panic!("nothing says {part}"))["uses"].clone()
    };
    for (part, count) in [
        ("Lists hold 100 unless asked", 1),
        ("A cursor is a decimal number", 1),
        ("Packages answer under", 0),
        ("Both claim vocabularies", 3),
        ("`isAdmin` may be", 0),
        ("Webhooks carry both", 0),
    ] {
        assert_eq!(uses(part), json!(count), "{part}");
    }
    assert_eq!(behaviours.len(), 108);
    let of_nobody = bed.nobody().get("/__mock/fidelity").await.1;
    assert_eq!((&of_nobody["behaviours"][0]["uses"], &of_nobody["routes"][0]["uses"]), (&Value::Null, &Value::Null));
    assert_eq!(bed.nobody().get("/__mock/fidelity?workspace=nope").await.0, 404);
}

#[tokio::test]
async fn a_behaviour_counts_the_calls_in_whose_answers_it_shows() {
    let bed = Bed::exact().await;
    let lost = json!({"connectionKey": "github-dev", "code": "module.exports = () => 1"});
    bed.poke("github-dev", "loseCredentials").await;
    assert_eq!(bed.demo().post("/act", lost).await.0, 400);
    assert_eq!(bed.demo().post("/actions", json!({"name": "mine"})).await.0, 403);
    assert_eq!(bed.tenant("acme").get("/connections/github-dev").await.0, 404);
    bed.manager().ok(Method::POST, "/actions", json!({"intent": "do a thing"})).await;
    let app = json!({"webhookUri": "http://127.0.0.1:9/hook", "enabledWebhookEvents": ["connection.created"]});
    bed.change_workspace(app).await;
    bed.ws.tenant("demo-tenant").connect("slack").ready().await.unwrap();
    bed.ws.clock().advance(std::time::Duration::from_secs(1)).await.unwrap();

    let ledger = bed.nobody().get(&format!("/__mock/fidelity?workspace={}", bed.ws.key())).await.1;

    let uses: Vec<(&str, u64)> = ledger["behaviours"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| (b["behaviour"].as_str().unwrap(), b["uses"].as_u64().unwrap()))
        .collect();
    for (part, count) in [
        ("A call through it is 400", 1),
        ("`code` and `actionRunId` stand at the top level", 1),
        ("Tenants may not POST `/actions`", 1),
        ("Another tenant's elements are 404", 1),
        ("A run through a disconnected connection", 1),
        ("Webhooks carry both payload vocabularies", 1),
        ("Webhooks are tried eight times", 1),
        ("`isAdmin` may be true", 2),
        ("Creates answer 200", 1),
    ] {
        let is = |(what, uses): &(&str, u64)| what.contains(part) && *uses == count;
        assert!(uses.iter().any(is), "{part} is not {count} in {uses:?}");
    }
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_faults_by_name() {
    let bed = Bed::start().await;
    let rule = json!({"name": "gone", "on": {"route": "GET /self"}, "fault": {"respond": {"status": 500}}});
    bed.control(Method::POST, "/faults", rule).await;
    bed.demo().get("/connections").await;
    bed.demo().get("/self").await;
    bed.demo().get("/no/such/route").await;

    let Value::String(text) = bed.nobody().get("/__mock/metrics").await.1 else { panic!("metrics are text") };

    for line in [
        "membrane_mock_requests_total{method=\"GET\",route=\"/connections\",status=\"200\"} 1",
        "membrane_mock_requests_total{method=\"GET\",route=\"/self\",status=\"500\"} 1",
        "membrane_mock_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "membrane_mock_faults_total{fault=\"gone\"} 1",
        "membrane_mock_workspaces 1",
        "membrane_mock_request_duration_seconds_count 3",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in:\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}
