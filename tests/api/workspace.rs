//! The workspace as its managers see it, and its settings.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, contacts, id, message, verdict};

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

#[tokio::test]
async fn an_archived_workspace_answers_nobody_until_it_is_restored() {
    let bed = Bed::exact().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let own = format!("/org-workspaces/{}", bed.ws.key());
    let sent_by = json!({"key": "told", "schema": {}, "tenantIdFormula": {"$var": "$.tenant"}});
    let event_type = manager.ok(Method::POST, "/app-event-types", sent_by).await;
    let address = event_type["globalWebhookUri"].as_str().unwrap().trim_start_matches(bed.mock.uri()).to_owned();
    let event = json!({"tenant": "demo-tenant"});
    assert_eq!(bed.nobody().post(&address, event.clone()).await.0, 200);
    let began = demo.connect(json!({"connectorKey": "github", "connectionKey": "new"})).await;
    let page = began["clientAction"]["uiUrl"].as_str().unwrap().trim_start_matches(bed.mock.uri()).to_owned();
    let refreshed =
        async || bed.manager().ok(Method::GET, "/connections/github-dev", Value::Null).await["updatedAt"].clone();
    let before = refreshed().await;

    let archived = manager.ok(Method::DELETE, &own, Value::Null).await;

    assert!(archived["archivedAt"].is_string(), "{archived}");
    for refused in [
        demo.get("/connections").await,
        demo.post("/act", contacts()).await,
        manager.get("/integrations").await,
        bed.nobody().post(&address, event.clone()).await,
        bed.nobody().get(&page).await,
    ] {
        assert_eq!(verdict(&refused), "403 bad_request/access_denied", "{refused:?}");
        assert!(message(&refused).contains(&format!("{}/restore", archived["id"].as_str().unwrap())), "{refused:?}");
    }
    assert_eq!(manager.get(&own).await.0, 200, "it can be looked at");
    assert_eq!(bed.advance_ms(100 * 3_600_000).await, 0, "nothing moved meanwhile");

    manager.ok(Method::POST, &format!("{own}/restore"), json!({})).await;

    bed.ws.settle().await.unwrap();
    assert_ne!(refreshed().await, before, "what was due moves now");
    assert_eq!(demo.post("/act", contacts()).await.0, 200);
    assert_eq!(bed.nobody().get(&page).await.0, 200);
}
