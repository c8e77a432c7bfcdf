//! Actions as elements: three layers, instances, intents.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, GUARD, id, message, verdict};

fn says(word: &str, key: &str) -> Value {
    json!({"key": key, "type": "run-javascript", "config": {"code": format!("module.exports = () => '{word}'")}})
}

#[tokio::test]
async fn an_action_made_from_a_spec_is_ready_at_once() {
    let bed = Bed::exact().await;

    let body = json!({
        "name": "Get user", "integrationKey": "github", "type": "api-request-to-external-app",
        "config": {"request": {"method": "GET", "path": "/user"}},
    });
    let made = bed.manager().post("/actions", body).await;

    let (status, mut action) = made;
    action.as_object_mut().unwrap().shift_remove("integration");
    insta::assert_snapshot!(bed.shown(&(status, action)), @r#"
    200 {
      "id": "0196b48dd7cb66bf1e07c960",
      "uuid": "3d477b0c-bace-4cb1-830b-4877e976e832",
      "key": "get-user",
      "name": "Get user",
      "revision": "a9386d8f49723931",
      "createdAt": "2025-01-01T00:00:00.000Z",
      "updatedAt": "2025-01-01T00:00:00.000Z",
      "isDeactivated": false,
      "layer": "integration",
      "isUniversal": false,
      "integrationId": "85df0e052eed000a85fca084",
      "integrationKey": "github",
      "externalAppId": "ca6af43ca3ea76062ca585a4",
      "externalAppKey": "github",
      "state": "READY",
      "type": "api-request-to-external-app",
      "config": {
        "request": {
          "method": "GET",
          "path": "/user"
        }
      },
      "inputSchema": {
        "type": "object"
      },
      "outputSchema": {},
      "isCustomized": false,
      "isPublic": false
    }
    "#);
}

#[tokio::test]
async fn the_body_decides_the_layer() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let github = id(&bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await);

    for (scope, layer) in [
        (json!({}), "universal"),
        (json!({"integrationKey": "github"}), "integration"),
        (json!({"connectionId": github}), "connection"),
    ] {
        let mut body = says("x", "layered");
        body.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());

        let made = manager.ok(Method::POST, "/actions", body.clone()).await;
        let again = manager.post("/actions", body).await;

        assert_eq!(made["layer"], layer, "{scope}");
        assert_eq!(verdict(&again), "400 bad_request/already_exists", "{scope}");
    }
    let by_path = manager.ok(Method::POST, "/integrations/hubspot/actions", says("x", "layered")).await;
    assert_eq!((&by_path["layer"], &by_path["integrationKey"]), (&json!("integration"), &json!("hubspot")));
}

#[tokio::test]
async fn an_action_for_an_app_stands_between_integration_and_universal() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let app = id(&manager.ok(Method::GET, "/external-apps/github", Value::Null).await);
    let act = async |connection: &str| {
        let body = json!({"key": "task", "connectionKey": connection});
        demo.ok(Method::POST, "/act", body).await["output"].clone()
    };

    manager.ok(Method::POST, "/actions", says("universal", "task")).await;
    let mut body = says("app", "task");
    body["externalAppId"] = json!(app);
    let made = manager.ok(Method::POST, "/actions", body).await;
    let (for_app, elsewhere) = (act("github-dev").await, act("hubspot-prod").await);
    let mut body = says("integration", "task");
    body["integrationKey"] = json!("github");
    manager.ok(Method::POST, "/actions", body).await;

    assert_eq!(made["externalAppId"], app);
    assert_eq!((for_app, elsewhere), (json!("app"), json!("universal")));
    assert_eq!(act("github-dev").await, "integration");
}

#[tokio::test]
async fn lists_show_universal_ones_or_what_a_scope_serves() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    manager.ok(Method::POST, "/actions", says("u", "zz-one")).await;
    for integration in ["github", "hubspot"] {
        let mut body = says("i", "zz-two");
        body["integrationKey"] = json!(integration);
        manager.ok(Method::POST, "/actions", body).await;
    }

    let unscoped = demo.items("/actions").await;
    let of_github = demo.items("/actions?integrationKey=github").await;
    let searched = demo.items("/actions?search=ZZ-TWO").await;
    let below = demo.items("/integrations/github/actions").await;
    let by_connection = demo.items("/connections/github-dev/actions").await;

    assert!(unscoped.iter().all(|action| action["layer"] == "universal"), "{unscoped:#?}");
    assert!(unscoped.iter().any(|action| action["key"] == "zz-one"));
    let two = of_github.iter().find(|action| action["key"] == "zz-two").expect("its own");
    assert_eq!((&two["layer"], &two["integrationKey"]), (&json!("integration"), &json!("github")));
    assert_eq!(searched.len(), 2);
    for list in [&below, &by_connection] {
        assert!(list.iter().any(|action| action["key"] == "zz-two" && action["integrationKey"] == "github"));
        assert!(!list.iter().any(|action| action["integrationKey"] == "hubspot"));
    }
    assert_eq!(demo.items(&format!("/actions?id={}", id(two))).await.len(), 1);
    assert_eq!(demo.get("/actions?layer=galaxy").await.0, 400);
}

#[tokio::test]
async fn actions_are_read_changed_archived_and_restored_in_every_spelling() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let mut body = says("x", "task");
    body["integrationKey"] = json!("github");
    body["description"] = json!("d");
    let made = manager.ok(Method::POST, "/actions", body).await;
    let made = id(&made);

    for (base, query) in [
        (format!("/actions/{made}"), ""),
        ("/actions/github.task".into(), ""),
        ("/actions/task".into(), "?integrationKey=github"),
        ("/action".into(), "?key=task&integrationKey=github"),
        ("/integrations/github/actions/task".into(), ""),
    ] {
        let at = format!("{base}{query}");
        let patched = manager.ok(Method::PATCH, &at, json!({"name": "Patched"})).await;
        let spec = json!({"key": "task", "name": "Put", "type": "run-javascript", "config": {"code": "module.exports = () => 2"}});
        let put = manager.ok(Method::PUT, &at, spec).await;
        let read = manager.ok(Method::GET, &at, Value::Null).await;
        let archived = manager.ok(Method::DELETE, &at, Value::Null).await;
        let gone = manager.get(&at).await;
        let by_id = manager.ok(Method::GET, &format!("/actions/{made}"), Value::Null).await;
        let refused = manager.patch(&format!("/actions/{made}"), json!({"name": "x"})).await;
        let restored = manager.ok(Method::POST, &format!("/actions/{made}/restore"), json!({})).await;

        assert_eq!((id(&patched), id(&put), id(&read)), (made.clone(), made.clone(), made.clone()), "{at}");
        assert_eq!((&put["name"], put.get("description")), (&json!("Put"), None), "{at}");
        assert!(archived["archivedAt"].is_string() && by_id["archivedAt"].is_string(), "{at}");
        if !base.ends_with(&made) {
            assert_eq!(gone.0, 404, "{at}");
        }
        assert_eq!(refused.0, 400, "{at}");
        assert!(restored.get("archivedAt").is_none(), "{at}");
    }
}

#[tokio::test]
async fn a_spec_that_cannot_be_is_400() {
    let bed = Bed::start().await;

    for (body, named) in [
        (json!({}), "intent"),
        (json!({"key": "x", "type": "magic"}), "type"),
        (json!({"key": "x", "inputSchema": {"type": "strange"}}), "inputSchema"),
        (json!({"key": "x", "config": "text"}), "config"),
    ] {
        let answer = bed.manager().post("/actions", body.clone()).await;

        assert_eq!(answer.0, 400, "{body}");
        assert!(message(&answer).contains(named), "{body}: {answer:?}");
    }
    assert_eq!(bed.manager().post("/actions", json!({"key": "x", "integrationKey": "nope"})).await.0, 404);
}

#[tokio::test]
async fn a_connections_version_is_made_on_demand_changed_and_reset() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let mut parent = says("parent", "task");
    parent["integrationKey"] = json!("github");
    let parent = manager.ok(Method::POST, "/actions", parent).await;
    let at = "/connections/github-dev/actions/task";

    let effective = demo.ok(Method::GET, at, Value::Null).await;
    let made = demo.ok(Method::PUT, at, Value::Null).await;
    let twice = demo.ok(Method::PUT, at, Value::Null).await;
    let changed = json!({"config": {"code": "module.exports = () => 'mine'"}});
    let customized = demo.ok(Method::PATCH, at, changed).await;
    let ran = demo.ok(Method::POST, &format!("{at}/run"), json!({})).await;
    let reset = demo.ok(Method::POST, &format!("{at}/reset"), json!({})).await;
    let ran_again = demo.ok(Method::POST, &format!("{at}/run"), json!({})).await;

    assert_eq!(effective["id"], parent["id"], "until there is one, the parent is shown");
    assert_eq!((&made["layer"], &made["parentId"]), (&json!("connection"), &parent["id"]));
    assert_eq!(twice["id"], made["id"]);
    assert_eq!((&customized["id"], &customized["isCustomized"]), (&made["id"], &json!(true)));
    assert_eq!((&ran["output"], &ran_again["output"]), (&json!("mine"), &json!("parent")));
    assert_eq!((&reset["id"], &reset["isCustomized"]), (&made["id"], &json!(false)));
    assert_eq!(demo.each("/action-instances", "id").await, [id(&made)]);
    assert_eq!(bed.tenant("other").items("/action-instances").await.len(), 0);
}

#[tokio::test]
async fn instances_are_addressed_by_query_with_auto_create_and_instance_key() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let mut parent = says("parent", "task");
    parent["integrationKey"] = json!("github");
    manager.ok(Method::POST, "/actions", parent).await;
    let query = "parentKey=task&connectionKey=github-dev";

    let made = demo.ok(Method::GET, &format!("/action-instance?{query}&autoCreate=true"), Value::Null).await;
    let same = demo.ok(Method::GET, &format!("/action-instance?{query}&autoCreate=1"), Value::Null).await;
    let second = demo.ok(Method::POST, &format!("/action-instance/setup?{query}&instanceKey=two"), Value::Null).await;
    let patched = demo.ok(Method::PATCH, &format!("/action-instance?id={}", id(&made)), json!({"name": "Mine"})).await;
    let archived = demo.ok(Method::DELETE, &format!("/action-instance?id={}", id(&second)), Value::Null).await;

    assert_eq!((&made["layer"], &made["id"]), (&json!("connection"), &same["id"]));
    assert_ne!(second["id"], made["id"]);
    assert_eq!(second["instanceKey"], "two");
    assert_eq!(patched["name"], "Mine");
    assert!(archived["archivedAt"].is_string());
    assert_eq!(demo.items("/action-instances").await.len(), 1);
}

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
async fn settings_let_a_universal_action_dispatch_through_an_integration_not_yet_made() {
    let bed = Bed::bare().await;
    let (acme, manager) = (bed.tenant("acme"), bed.manager());
    manager.ok(Method::POST, "/actions", says("hello", "greet")).await;
    let body = json!({"key": "greet", "integrationKey": "github"});

    let before = acme.post("/act", body.clone()).await;
    let path = format!("/workspaces/{}", bed.ws.key());
    let settings = json!({"settings": {"autoGenerateIntegrationsFromConnectors": true}});
    manager.ok(Method::PATCH, &path, settings).await;
    let after = acme.post("/act", body).await;

    assert_eq!(before.0, 404, "{before:?}");
    assert!(message(&before).starts_with("integration not found"), "{before:?}");
    assert_eq!((after.0, &after.1["output"]), (200, &json!("hello")), "decision 13: {after:?}");
}

#[tokio::test]
async fn a_run_whose_address_makes_no_sense_is_400_with_a_log() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let mut body = says("x", "task");
    body["integrationKey"] = json!("github");
    bed.manager().ok(Method::POST, "/actions", body).await;

    for path in [
        "/actions/task/run?layer=bogus",
        "/action/run?key=task&layer=bogus",
        "/connections/github-dev/actions/task/run?layer=bogus",
        "/action-instance/run?parentKey=task&connectionKey=github-dev&layer=bogus",
    ] {
        let answer = demo.post(path, json!({})).await;

        assert_eq!(verdict(&answer), "400 bad_request/-", "{path}");
        assert!(message(&answer).contains("`layer`"), "{path}: {answer:?}");
        let run = answer.1["actionRunId"].as_str().unwrap_or_else(|| panic!("{path}: no run in {answer:?}"));
        let log = demo.ok(Method::GET, &format!("/action-run-logs/{run}"), Value::Null).await;
        assert_eq!((&log["status"], &log["error"]["message"]), (&json!("error"), &answer.1["message"]), "{path}");
    }
}

#[tokio::test]
async fn extra_properties_are_ignored_also_where_a_nested_alternative_forbids_them() {
    let bed = Bed::start().await;
    let only = |name: &str| {
        json!({
            "type": "object", "required": [name], "properties": {name: {"type": "string"}},
            "additionalProperties": false,
        })
    };
    let mut body = says("fine", "who");
    body["inputSchema"] =
        json!({"type": "object", "required": ["who"], "properties": {"who": {"anyOf": [only("id"), only("email")]}}});
    bed.manager().ok(Method::POST, "/actions", body).await;

    for (who, status) in [
        (json!({"id": "a"}), 200),
        (json!({"id": "a", "more": 1}), 200),
        (json!({"email": "a@b.example", "more": {"deep": true}}), 200),
        (json!({"id": "a", "email": "a@b.example"}), 200),
        (json!({"more": 1}), 400),
        (json!({"id": 1, "more": 1}), 400),
    ] {
        let answer = bed.demo().post("/act", json!({"key": "who", "input": {"who": who}})).await;

        assert_eq!(answer.0, status, "{who}: {answer:?}");
    }
}

#[tokio::test]
async fn what_fits_a_schema_as_it_is_written_is_not_refused() {
    let bed = Bed::start().await;
    let text = json!({"type": "string"});
    let mut body = says("fine", "who");
    // Without `additionalProperties` both would fit what has an e-mail, and `oneOf` none.
    body["inputSchema"] = json!({"type": "object", "oneOf": [
        {"required": ["id"], "properties": {"id": text}, "additionalProperties": false},
        {"required": ["id", "email"], "properties": {"id": text, "email": text}, "additionalProperties": false},
    ]});
    bed.manager().ok(Method::POST, "/actions", body).await;

    for (input, status) in [
        (json!({"id": "a"}), 200),
        (json!({"id": "a", "email": "a@b.example"}), 200),
        (json!({"email": "a@b.example"}), 400),
    ] {
        let answer = bed.demo().post("/act", json!({"key": "who", "input": input})).await;

        assert_eq!(answer.0, status, "{input}: {answer:?}");
    }
}

#[tokio::test]
async fn a_name_that_a_template_has_no_value_for_is_empty() {
    let bed = Bed::start().await;
    let mut body = says("mia", "greet");
    let template = |text: &str, values: Value| json!({"$tpl": {"template": text, "values": values}});
    body["outputMapping"] = json!({
        "one": template("<{who}|{gone}>", json!({"who": {"$var": "$.output"}})),
        "none": template("a{gone}b", json!({})),
    });
    bed.manager().ok(Method::POST, "/actions", body).await;

    let ran = bed.demo().ok(Method::POST, "/act", json!({"key": "greet"})).await;

    assert_eq!(ran["output"], json!({"one": "<mia|>", "none": "ab"}));
}
