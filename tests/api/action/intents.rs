//! Actions by intent: built when asked for, ranked when looked for.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, GUARD, id, message};

#[tokio::test]
async fn an_intent_builds_a_copy_of_the_best_match_of_the_apps_catalog() {
    let bed = Bed::start().await;
    bed.control(Method::PUT, "/progress", json!({"action.building": "hold"})).await;
    let (demo, manager) = (bed.demo(), bed.manager());

    let begun = manager
        .ok(Method::POST, "/actions", json!({"intent": "show me a list of contacts", "integrationKey": "hubspot"}))
        .await;
    let early = demo.post("/act", json!({"id": begun["id"], "connectionKey": "hubspot-prod"})).await;
    let poke = format!("/actions/{}/poke", id(&begun));
    assert_eq!(bed.control(Method::POST, &poke, json!({"event": "finishBuilding"})).await.0, 200);
    let ready = demo.ok(Method::GET, &format!("/actions/{}?wait=true", id(&begun)), Value::Null).await;
    let ran = demo.ok(Method::POST, "/act", json!({"id": begun["id"], "connectionKey": "hubspot-prod"})).await;

    assert_eq!(begun["state"], "BUILDING");
    assert_eq!(early.0, 400);
    assert!(message(&early).contains("BUILDING"), "{early:?}");
    assert_eq!(ready["state"], "READY");
    assert_eq!(ready["config"]["request"]["path"], "/crm/v3/objects/contacts");
    assert!(ran["output"]["results"].is_array());
}

#[tokio::test]
async fn an_intent_without_a_match_builds_an_echo() {
    let bed = Bed::exact().await;
    let manager = bed.manager();

    let begun = manager.ok(Method::POST, "/actions", json!({"intent": "frobnicate the widgets"})).await;
    let ready = manager.ok(Method::GET, &format!("/actions/{}?wait=true", id(&begun)), Value::Null).await;
    let ran = bed.demo().ok(Method::POST, "/act", json!({"id": begun["id"], "input": {"a": 1}})).await;

    assert_eq!((&begun["state"], &ready["state"]), (&json!("BUILDING"), &json!("READY")));
    assert_eq!(ready["type"], "run-javascript");
    assert_eq!(ran["output"], json!({"a": 1}));
}

#[tokio::test]
async fn an_intent_that_cannot_be_built_ends_in_error() {
    let bed = Bed::exact().await;
    bed.control(Method::PUT, "/progress", json!({"action.building": {"fail": {"state": "ERROR", "error": "no idea"}}}))
        .await;
    let manager = bed.manager();

    let begun = manager.ok(Method::POST, "/actions", json!({"intent": "x", "integrationKey": "github"})).await;
    bed.ws.settle().await.unwrap();
    let failed = manager.ok(Method::GET, &format!("/actions/{}", id(&begun)), Value::Null).await;

    assert_eq!(failed["state"], "ERROR");
    assert_eq!(failed["errors"][0]["message"], "no idea");
    assert_eq!(bed.demo().post("/act", json!({"id": begun["id"]})).await.0, 400);
}

#[tokio::test]
async fn a_long_poll_of_an_action_is_woken_when_it_leaves_building() {
    let bed = Bed::start().await;
    bed.control(Method::PUT, "/progress", json!({"action.building": "hold"})).await;
    let manager = bed.manager();
    let begun = manager.ok(Method::POST, "/actions", json!({"intent": "frobnicate"})).await;
    let path = format!("/actions/{}?wait=true&timeout=60", id(&begun));

    let waiting = tokio::spawn(async move { manager.get(&path).await });
    let poke = format!("/actions/{}/poke", id(&begun));
    bed.control(Method::POST, &poke, json!({"event": "fail", "error": "no idea"})).await;
    let (status, woken) = tokio::time::timeout(GUARD, waiting).await.expect("woken").unwrap();

    assert_eq!((status, &woken["state"]), (200, &json!("ERROR")));
    assert_eq!(woken["errors"][0]["message"], "no idea");
}

#[tokio::test]
async fn with_a_connection_an_intent_ranks_the_actions() {
    let bed = Bed::start().await;

    let path = "/actions?connectionKey=hubspot-prod&intent=list+all+contacts";
    let ranked = bed.demo().items(path).await;
    let long = bed.demo().get(&format!("/actions?connectionKey=hubspot-prod&intent={}", "x".repeat(201))).await;

    assert!(!ranked.is_empty() && ranked.len() <= 10);
    assert!(ranked[0]["name"].as_str().unwrap().to_lowercase().contains("contacts"), "{:#}", ranked[0]);
    assert_eq!(long.0, 400);
}
