//! Connectors, external apps, customers, the workspace.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, id, message, verdict};

#[tokio::test]
async fn the_catalog_is_there_in_every_workspace() {
    for bed in [Bed::start().await, Bed::bare().await] {
        let acme = bed.tenant("acme");

        assert!(acme.items("/connectors?limit=1000").await.len() >= 10);
        assert!(acme.items("/external-apps?limit=1000").await.len() >= 40);
    }
}

#[tokio::test]
async fn external_apps_are_searched_by_text_category_and_connection() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    assert_eq!(demo.each("/external-apps?search=HUBSP", "key").await, ["hubspot"]);
    let crms = demo.items("/external-apps?category=crm").await;
    assert!(crms.len() > 1 && crms.iter().all(|app| app["categories"].to_string().contains("crm")), "{crms:#?}");
    let mut connected = demo.each("/external-apps?isConnected=true", "key").await;
    connected.sort();
    assert_eq!(connected, ["github", "hubspot"]);
    assert!(bed.tenant("other").items("/external-apps?isConnected=1").await.is_empty());
    let app = demo.ok(Method::GET, "/external-apps/github", Value::Null).await;
    for field in ["id", "uuid", "key", "name", "logoUri", "appUri", "defaultConnectorId"] {
        assert!(app[field].is_string(), "{field}: {app:#}");
    }
}

#[tokio::test]
async fn a_workspace_has_apps_and_shadows_of_its_own() {
    let bed = Bed::start().await;
    let (manager, other) = (bed.manager(), bed.mock.fork().await.unwrap());
    let elsewhere = crate::support::Api::new(bed.mock.uri(), other.manager_token());

    let made = manager.ok(Method::POST, "/external-apps", json!({"name": "Our App", "key": "ours"})).await;
    manager.ok(Method::PATCH, "/external-apps/github", json!({"name": "Renamed"})).await;

    assert_eq!(manager.get(&format!("/external-apps/{}", id(&made))).await.1["key"], "ours");
    assert_eq!(manager.get("/external-apps/github").await.1["name"], "Renamed");
    assert_eq!(elsewhere.get("/external-apps/ours").await.0, 404);
    assert_eq!(elsewhere.get("/external-apps/github").await.1["name"], "GitHub");
    assert_eq!(manager.delete("/external-apps/ours").await.0, 200);
    assert_eq!(manager.get("/external-apps/ours").await.0, 404, "deleting is final");
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

#[tokio::test]
async fn a_customer_has_three_names_and_a_singular() {
    let bed = Bed::start().await;
    let manager = bed.manager();

    for (index, (plural, singular)) in
        [("customers", "customer"), ("tenants", "tenant"), ("users", "user")].into_iter().enumerate()
    {
        let body = json!({"name": "Acme", "internalId": format!("acme-{index}"), "fields": {"plan": "free"}});
        let made = manager.ok(Method::POST, &format!("/{plural}"), body.clone()).await;
        let taken = manager.post(&format!("/{plural}"), body).await;
        let by_key = manager.ok(Method::GET, &format!("/{plural}/acme-{index}"), Value::Null).await;
        let by_query = manager.ok(Method::GET, &format!("/{singular}?id={}", id(&made)), Value::Null).await;
        let one = format!("/{plural}/{}", id(&made));
        let patched = manager.ok(Method::PATCH, &one, json!({"fields": {"seats": 3}})).await;
        let put = manager.ok(Method::PUT, &one, json!({"name": "New"})).await;
        let archived = manager.ok(Method::DELETE, &one, Value::Null).await;
        let listed = manager.each(&format!("/{plural}?search=acme-{index}"), "internalId").await;
        let refused = manager.patch(&one, json!({"name": "x"})).await;
        let restored = manager.ok(Method::POST, &format!("{one}/restore"), json!({})).await;

        assert_eq!(verdict(&taken), "400 bad_request/already_exists", "{plural}");
        assert_eq!((&by_key["id"], &by_query["id"]), (&made["id"], &made["id"]), "{plural}");
        assert_eq!(patched["fields"], json!({"plan": "free", "seats": 3}), "{plural}");
        assert_eq!(put["name"], "New");
        assert!(put["fields"].as_object().is_none_or(serde_json::Map::is_empty), "{put:#}");
        assert!(archived["archivedAt"].is_string() && restored.get("archivedAt").is_none());
        assert!(listed.is_empty(), "{plural}");
        assert_eq!(refused.0, 400, "{plural}");
    }
    assert_eq!(manager.post("/customers", json!({})).await.0, 400);
    assert_eq!(manager.post("/customers", json!({"name": "n", "aiCreditsRolling30DayLimit": -1})).await.0, 400);
    assert_eq!(manager.get("/customers/nope").await.0, 404);
}

#[tokio::test]
async fn ones_own_credentials_are_kept_and_shown_to_nobody_else() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    let patched = acme
        .ok(Method::PATCH, "/self", json!({"credentials": {"key": "own-secret-key"}, "internalId": "hacked"}))
        .await;
    let seen = bed.manager().ok(Method::GET, "/customers/acme", Value::Null).await;

    assert_eq!(patched["internalId"], "acme", "a tenant's key is not its own to change");
    assert!(!seen.to_string().contains("own-secret-key"), "{seen:#}");
    let connection = acme.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;
    assert!(!connection.to_string().contains("own-secret-key"));
    assert_eq!(bed.manager().patch("/self", json!({})).await.0, 400, "a manager without a tenant has no record");
}

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
