//! Fields of a connection that say what it is a connection of.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, message};

#[tokio::test]
async fn a_change_may_name_the_connections_own_integration_and_no_unknown_one() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let path = "/connections/github-dev";
    let before = demo.ok(Method::GET, path, Value::Null).await;

    for method in [Method::PATCH, Method::PUT] {
        let body = |integration: &str| json!({"name": "GitHub", "key": "github-dev", "integrationKey": integration});
        let unknown = demo.call(method.clone(), path, Some(&body("nope"))).await;
        let own = demo.call(method.clone(), path, Some(&body("github"))).await;

        assert!([400, 404].contains(&unknown.0), "{method}: {unknown:?}");
        assert!(message(&unknown).contains("`nope`"), "{method}: {unknown:?}");
        assert_eq!((own.0, &own.1["integrationId"]), (200, &before["integrationId"]), "{method}: {own:?}");
    }
    assert_eq!(demo.ok(Method::GET, path, Value::Null).await["state"], "READY");
}

#[tokio::test]
async fn the_connectors_version_is_kept_and_narrows_the_list() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let credentials = json!({"apiKey": "sk_1"});
    let body = |key: &str| json!({"connectorKey": "stripe", "key": key, "credentials": credentials});
    let mut versioned = body("old");
    versioned["connectorVersion"] = json!("0.9.0");

    let made = acme.ok(Method::POST, "/connections", versioned).await;
    acme.ok(Method::POST, "/connections", body("new")).await;
    let read = acme.ok(Method::GET, "/connections/old", Value::Null).await;

    assert_eq!((&made["connectorVersion"], &read["connectorVersion"]), (&json!("0.9.0"), &json!("0.9.0")));
    assert_eq!(acme.each("/connections?connectorVersion=0.9.0", "key").await, ["old"]);
    assert!(acme.items("/connections?connectorVersion=9.9.9").await.is_empty());
}
