//! The workspace as its managers see it, and its settings.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, id, message};

#[tokio::test]
async fn a_workspace_is_read_and_changed_by_id_or_key_and_never_shows_its_secret() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let path = format!("/workspaces/{}", bed.ws.key());

    let listed = manager.items("/workspaces").await;
    let by_key = manager.ok(Method::GET, &path, Value::Null).await;
    let by_id = manager.ok(Method::GET, &format!("/workspaces/{}", id(&by_key)), Value::Null).await;
    let webhook = json!({"webhookUri": "http://127.0.0.1:1/hook", "settings": {"enableApiLogs": true}});
    let patched = manager.ok(Method::PATCH, &path, webhook).await;

    assert_eq!((listed.len(), &by_id), (1, &by_key));
    assert!(!by_key.to_string().contains(&bed.ws.secret()), "{by_key:#}");
    assert_eq!(patched["webhookUri"], "http://127.0.0.1:1/hook");
    assert_eq!(
        (&patched["settings"]["enableApiLogs"], &patched["settings"]["useMembraneUniverse"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(manager.get("/workspaces/other").await.0, 404);
    for (settings, named) in
        [(json!({"useMembraneUnivers": true}), "useMembraneUniverse"), (json!({"enableApiLogs": 1}), "true or false")]
    {
        let answer = manager.patch(&path, json!({"settings": settings})).await;
        assert_eq!(answer.0, 400);
        assert!(message(&answer).contains(named), "{answer:?}");
    }
}

#[tokio::test]
async fn the_universe_setting_lets_discovery_span_the_catalogs_actions() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let catalog = async |query: &str| {
        let items = demo.items(&format!("/actions?{query}")).await;
        items.iter().filter(|action| action["key"] == "").count()
    };
    let before = catalog("integrationKey=github").await;
    let path = format!("/workspaces/{}", bed.ws.key());

    manager.ok(Method::PATCH, &path, json!({"settings": {"useMembraneUniverse": true}})).await;

    assert_eq!(before, 0);
    assert!(catalog("integrationKey=github").await >= 5);
    assert!(catalog("search=list+contacts").await >= 1);
}

#[tokio::test]
async fn any_token_learns_the_id_of_its_workspace() {
    let bed = Bed::start().await;
    let own = bed.manager().ok(Method::GET, &format!("/workspaces/{}", bed.ws.key()), Value::Null).await;
    assert_eq!(bed.demo().ok(Method::GET, "/org-workspace-id", Value::Null).await, json!({"id": own["id"]}));
}
