//! App data schemas: universal ones, and the versions that tenants have of them.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Bed, id, message, verdict};

/// A contact with an address to write to.
async fn contact(manager: &Api) -> Value {
    let schema = json!({ "type": "object", "properties": { "email": { "type": "string" } } });
    let body = json!({ "key": "contact", "name": "Contact", "schema": schema, "code": "// none" });
    manager.ok(Method::POST, "/app-data-schemas", body).await
}

#[tokio::test]
async fn a_schema_is_made_found_changed_archived_and_restored() {
    let bed = Bed::exact().await;
    let (manager, demo) = (bed.manager(), bed.demo());

    let made = contact(&manager).await;
    let company = manager.ok(Method::POST, "/app-data-schemas", json!({ "name": "Big Company" })).await;

    assert_eq!((&made["state"], made.get("layer"), &made["isCustomized"]), (&json!("READY"), None, &json!(false)));
    assert_eq!((&made["schema"]["properties"]["email"]["type"], &made["code"]), (&json!("string"), &json!("// none")));
    assert_eq!((&company["key"], company.get("schema")), (&json!("big-company"), None));
    assert_eq!(demo.each("/app-data-schemas", "key").await, ["contact", "big-company"]);
    assert_eq!(demo.each("/app-data-schemas?search=BIG", "key").await, ["big-company"]);
    for at in [
        format!("/app-data-schemas/{}", id(&made)),
        "/app-data-schemas/contact".into(),
        "/app-data-schema?key=contact".into(),
    ] {
        let patched = manager.ok(Method::PATCH, &at, json!({ "description": at })).await;
        assert_eq!((&patched["description"], &patched["code"]), (&json!(at), &json!("// none")));
        let put = manager.ok(Method::PUT, &at, json!({ "schema": { "type": "object" }, "code": "// none" })).await;
        assert_eq!((&put["schema"], put.get("description")), (&json!({ "type": "object" }), None));
        assert!(manager.ok(Method::DELETE, &at, Value::Null).await["archivedAt"].is_string());
        let back = at
            .split_once('?')
            .map_or_else(|| format!("{at}/restore"), |(path, query)| format!("{path}/restore?{query}"));
        assert_eq!(manager.ok(Method::POST, &back, Value::Null).await["archivedAt"], Value::Null);
        assert_eq!(demo.ok(Method::GET, &at, Value::Null).await["id"], made["id"]);
    }

    for refused in [
        demo.post("/app-data-schemas", json!({ "key": "mine" })).await,
        demo.patch("/app-data-schemas/contact", json!({ "name": "Mine" })).await,
        demo.delete("/app-data-schema?key=contact").await,
    ] {
        assert_eq!(verdict(&refused), "403 bad_request/access_denied");
    }
    let again = manager.post("/app-data-schemas", json!({ "key": "contact" })).await;
    assert_eq!(verdict(&again), "400 bad_request/already_exists");
    for (body, says) in
        [(json!({}), "a `key` or a `name`"), (json!({ "key": "x", "schema": { "type": 7 } }), "`schema`")]
    {
        let refused = manager.post("/app-data-schemas", body).await;
        assert_eq!(refused.0, 400);
        assert!(message(&refused).contains(says), "{refused:?}");
    }
}

#[tokio::test]
async fn each_tenant_has_a_version_of_its_own() {
    let bed = Bed::exact().await;
    let (manager, demo, other) = (bed.manager(), bed.demo(), bed.tenant("other"));
    let universal = contact(&manager).await;
    let at = "/app-data-schema-instance?appDataSchemaKey=contact";

    let none = demo.get(at).await;
    assert_eq!(verdict(&none), "404 bad_request/not_found");
    assert!(message(&none).contains("no instance on tenant `demo-tenant`; pass autoCreate=true"), "{none:?}");
    let mine = demo.ok(Method::GET, &format!("{at}&autoCreate=true"), Value::Null).await;
    let theirs = other
        .ok(Method::POST, &format!("/app-data-schema-instance/setup?appDataSchemaId={}", id(&universal)), Value::Null)
        .await;
    assert_eq!((&mine["schema"], &mine["appDataSchemaId"]), (&universal["schema"], &universal["id"]));
    assert_eq!(
        (&mine["appDataSchemaRevision"], &mine["appDataSchema"]["key"]),
        (&universal["revision"], &json!("contact"))
    );
    assert_eq!((&mine["user"]["internalId"], &mine["tenantId"]), (&json!("demo-tenant"), &mine["userId"]));
    assert_eq!(mine["isCustomized"], false);
    assert_ne!(mine["id"], theirs["id"]);

    let own = json!({ "schema": { "type": "object", "properties": { "phone": { "type": "string" } } } });
    let changed = demo.ok(Method::PATCH, at, own.clone()).await;
    assert_eq!(
        (&changed["id"], &changed["schema"], &changed["isCustomized"]),
        (&mine["id"], &own["schema"], &json!(true))
    );
    assert_eq!(other.ok(Method::GET, at, Value::Null).await["schema"], universal["schema"]);
    assert_eq!(demo.ok(Method::GET, "/app-data-schemas/contact", Value::Null).await["id"], universal["id"]);
    let second = demo.ok(Method::PUT, &format!("{at}&instanceKey=two"), own.clone()).await;
    assert_eq!((&second["instanceKey"], &second["key"]), (&json!("two"), &json!("contact")));
    assert_eq!(demo.each("/app-data-schema-instances", "id").await, [id(&mine), id(&second)]);
    assert_eq!(demo.each("/app-data-schema-instances?instanceKey=two", "id").await, [id(&second)]);
    assert_eq!(demo.each("/app-data-schemas", "id").await, [id(&universal)]);

    // A tenant sees and names only itself; a manager names any.
    assert_eq!(
        verdict(&other.get(&format!("/app-data-schema-instance?id={}", id(&mine))).await),
        "404 bad_request/not_found"
    );
    assert_eq!(verdict(&other.get(&format!("{at}&userId=demo-tenant")).await), "404 bad_request/not_found");
    let named = manager.ok(Method::GET, &format!("{at}&tenantId=demo-tenant"), Value::Null).await;
    assert_eq!(named["id"], mine["id"]);
    assert_eq!(manager.each("/app-data-schema-instances?userId=other", "id").await, [id(&theirs)]);
    let nobody = manager.get(at).await;
    assert_eq!(nobody.0, 400);
    assert!(message(&nobody).contains("an instance of an app data schema belongs to a tenant"), "{nobody:?}");

    demo.ok(Method::DELETE, at, Value::Null).await;
    assert_eq!(verdict(&demo.get(at).await), "404 bad_request/not_found");
    let restored = demo.ok(Method::POST, &at.replace("instance?", "instance/restore?"), Value::Null).await;
    assert_eq!((&restored["id"], &restored["archivedAt"]), (&mine["id"], &Value::Null));
}

#[tokio::test]
async fn a_key_means_the_universal_one_whatever_tenants_have_of_it() {
    let bed = Bed::exact().await;
    let (manager, demo, other) = (bed.manager(), bed.demo(), bed.tenant("other"));
    let universal = contact(&manager).await;
    let at = "/app-data-schema-instance?appDataSchemaKey=contact";
    let mine = demo.ok(Method::PUT, at, Value::Null).await;
    other.ok(Method::PUT, at, Value::Null).await;

    manager.ok(Method::DELETE, "/app-data-schemas/contact", Value::Null).await;

    assert_eq!(verdict(&demo.get("/app-data-schemas/contact").await), "404 bad_request/not_found");
    assert_eq!(demo.patch(&format!("/app-data-schema-instances/{}", id(&mine)), json!({ "name": "x" })).await.0, 400);
    let restored = manager.ok(Method::POST, "/app-data-schemas/contact/restore", Value::Null).await;
    assert_eq!((&restored["id"], &restored["archivedAt"]), (&universal["id"], &Value::Null));
    let named = manager.ok(Method::GET, &format!("{at}&tenantId=demo-tenant"), Value::Null).await;
    assert_eq!(named["id"], mine["id"]);

    let copy = manager.post("/app-data-schemas", json!({ "key": "copy", "appDataSchemaId": mine["id"] })).await;
    assert_eq!(copy.0, 400);
    assert!(message(&copy).contains("is an instance"), "{copy:?}");
}

#[tokio::test]
async fn a_tenant_has_one_instance_of_each_instance_key() {
    let bed = Bed::exact().await;
    let demo = bed.demo();
    contact(&bed.manager()).await;
    let at = "/app-data-schema-instance?appDataSchemaKey=contact";
    let first = demo.ok(Method::POST, at, json!({})).await;

    let named = demo.ok(Method::POST, at, json!({ "instanceKey": "two", "description": "Second" })).await;
    let again = demo.ok(Method::POST, at, json!({ "instanceKey": "two" })).await;
    let taken = demo.post(&format!("{at}&instanceKey=three"), json!({ "instanceKey": "two" })).await;

    assert_ne!(named["id"], first["id"]);
    assert_eq!((&again["id"], &again["description"]), (&named["id"], &json!("Second")), "a POST adds to it");
    assert_eq!(named["schema"]["type"], "object", "it begins as a copy of its parent");
    let put = demo.ok(Method::PUT, at, json!({ "instanceKey": "two" })).await;
    assert_eq!((&put["id"], put.get("description"), put.get("schema")), (&named["id"], None, None), "a PUT replaces");
    assert_eq!(put["isCustomized"], true);
    assert_eq!(verdict(&taken), "400 bad_request/already_exists");
    assert_eq!(demo.items("/app-data-schema-instances").await.len(), 2);
}

#[tokio::test]
async fn no_integration_and_no_connection_has_one() {
    let bed = Bed::exact().await;
    contact(&bed.manager()).await;

    for path in ["/integrations/github/app-data-schemas", "/connections/github-dev/app-data-schemas/contact"] {
        assert_eq!(bed.demo().get(path).await.0, 404, "{path}");
    }
}
