//! What the fake says of itself: the fidelity ledger, metrics, OpenAPI.

use serde_json::{Value, json};

use crate::support::Bed;

#[tokio::test]
async fn the_ledger_knows_what_a_workspace_leans_on() {
    let bed = Bed::start().await;
    bed.demo().get("/connections").await;
    bed.demo().get("/connections?limit=1").await;
    bed.demo().get("/flows").await;

    let ledger = bed.nobody().get(&format!("/__mock/fidelity?workspace={}", bed.ws.key())).await.1;

    let route = |path: &str| ledger["routes"].as_array().unwrap().iter().find(|r| r["path"] == path).unwrap().clone();
    let list = route("/connections");
    assert_eq!((&list["level"], &list["uses"], &list["source"]), (&json!("documented"), &json!(2), &json!("SEED")));
    let flows = route("/flows");
    assert_eq!((&flows["level"], &flows["uses"], &flows["method"]), (&json!("not-faked"), &json!(1), &json!("ANY")));
    assert!(ledger["behaviours"].as_array().unwrap().len() >= 25);
    assert_eq!(bed.nobody().get("/__mock/fidelity?workspace=nope").await.0, 404);
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_faults_by_name() {
    let bed = Bed::start().await;
    let rule = json!({"name": "gone", "on": {"route": "GET /self"}, "fault": {"respond": {"status": 500}}});
    bed.control(http::Method::POST, "/faults", rule).await;
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

#[tokio::test]
async fn the_documents_name_every_route_once() {
    let bed = Bed::start().await;
    let faked = bed.nobody().get("/docs-json").await.1;
    let both = bed.nobody().get("/__mock/openapi.json").await.1;

    assert!(faked["paths"]["/act"]["post"].is_object() && faked["paths"]["/__mock/health"].is_null());
    assert!(both["paths"]["/act"]["post"].is_object() && both["paths"]["/__mock/health"]["get"].is_object());
    let operations = both["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
}
