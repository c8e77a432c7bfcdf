//! Connectors: those of the catalog and those of a workspace.

use http::Method;
use serde_json::json;

use crate::support::{Bed, verdict};

#[tokio::test]
async fn the_catalog_is_there_in_every_workspace() {
    for bed in [Bed::start().await, Bed::bare().await] {
        let acme = bed.tenant("acme");

        assert!(acme.items("/connectors?limit=1000").await.len() >= 10);
        assert!(acme.items("/external-apps?limit=1000").await.len() >= 40);
    }
}

#[tokio::test]
async fn a_connector_can_be_made_changed_connected_and_deleted() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let form = json!({"type": "object", "required": ["token"], "properties": {"token": {"type": "string"}}});

    let body = json!({"name": "Home Grown", "type": "client-credentials", "inputSchema": form});
    let made = manager.ok(Method::POST, "/connectors", body).await;
    let patched = manager.ok(Method::PATCH, "/connectors/home-grown", json!({"name": "Grown"})).await;
    let begun = bed
        .tenant("acme")
        .ok(Method::POST, "/connect", json!({"connectorKey": "home-grown", "input": {"token": "t"}}))
        .await;
    let nameless = manager.post("/connectors", json!({"type": "oauth2"})).await;
    let strange = manager.post("/connectors", json!({"name": "X", "type": "magic"})).await;
    manager.ok(Method::POST, "/connectors", json!({"name": "Unused", "type": "client-credentials"})).await;
    let deleted = manager.delete("/connectors/unused").await;

    assert_eq!((&made["key"], &patched["name"]), (&json!("home-grown"), &json!("Grown")));
    assert_eq!(begun["state"], "READY");
    assert_eq!((nameless.0, strange.0, deleted.0), (400, 400, 200));
    assert_eq!(verdict(&manager.get("/connectors/unused").await), "404 bad_request/not_found");
}
