//! Tenants under their three names, and what is theirs.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, id, message, verdict};

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
async fn a_key_that_no_token_could_name_is_refused() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    manager.ok(Method::POST, "/customers", json!({"name": "Known", "internalId": "known"})).await;
    for (key, why) in [
        ("", "is blank"),
        (" ", "is blank"),
        ("a\u{0}b", "has a control character in it"),
        (&"x".repeat(256), "is longer than 255 letters"),
    ] {
        let made = manager.post("/customers", json!({"name": "X", "internalId": key})).await;
        let changed = manager.patch("/customers/known", json!({"internalId": key})).await;
        for refused in [made, changed] {
            assert!(refused.0 == 400 && message(&refused) == format!("`internalId` {why}"), "{key:?}: {refused:?}");
        }
    }
    manager.ok(Method::POST, "/customers", json!({"name": "X", "internalId": "x".repeat(255)})).await;
}
