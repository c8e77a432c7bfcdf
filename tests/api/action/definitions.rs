//! Actions as elements: three layers, lists, changes.

use http::Method;
use serde_json::{Value, json};

use crate::support::definitions::{says_as, with};
use crate::support::{Bed, id, message, verdict};

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
      "id": "a5deff128111b85161463ca0",
      "uuid": "aab0913b-6081-43f2-877d-82c67f70974b",
      "key": "get-user",
      "name": "Get user",
      "revision": "bf64ef38428ae015",
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
        let mut body = says_as("x", "layered");
        body.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());

        let made = manager.ok(Method::POST, "/actions", body.clone()).await;
        let again = manager.post("/actions", body).await;

        assert_eq!(made["layer"], layer, "{scope}");
        assert_eq!(verdict(&again), "400 bad_request/already_exists", "{scope}");
    }
    let by_path = manager.ok(Method::POST, "/integrations/hubspot/actions", says_as("x", "layered")).await;
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

    manager.ok(Method::POST, "/actions", says_as("universal", "task")).await;
    let mut body = says_as("app", "task");
    body["externalAppId"] = json!(app);
    let made = manager.ok(Method::POST, "/actions", body).await;
    let (for_app, elsewhere) = (act("github-dev").await, act("hubspot-prod").await);
    let mut body = says_as("integration", "task");
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
    manager.ok(Method::POST, "/actions", says_as("u", "zz-one")).await;
    for integration in ["github", "hubspot"] {
        let mut body = says_as("i", "zz-two");
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
async fn an_integrations_list_has_what_is_universal_where_it_applies() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    manager.ok(Method::POST, "/actions", says_as("u", "says")).await;
    // Of the demo's own, `create-contact` has no type and a version for HubSpot.
    manager.ok(Method::POST, "/actions", json!({"key": "intended", "name": "Intended"})).await;

    let listed = async |at: &str| {
        let items = demo.items(at).await;
        let of = |key: &str| items.iter().find(|item| item["key"] == key).map(|item| item["layer"].clone());
        [of("says"), of("create-contact"), of("intended")]
    };
    let (universal, integration) = (Some(json!("universal")), Some(json!("integration")));

    assert_eq!(listed("/actions").await, [universal.clone(), universal.clone(), universal.clone()]);
    assert_eq!(listed("/actions?integrationKey=notion").await, [universal.clone(), None, None]);
    assert_eq!(listed("/actions?integrationKey=hubspot").await, [universal.clone(), integration, None]);
    assert_eq!(listed("/actions?connectionKey=github-dev").await, [universal, None, None]);
}

#[tokio::test]
async fn actions_are_read_changed_archived_and_restored_in_every_spelling() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let mut body = says_as("x", "task");
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
async fn tenants_make_actions_for_their_own_connections_where_the_workspace_lets_them() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let own = json!({"key": "mine", "intent": "Say hello", "connectionKey": "github-dev"});
    let before = demo.post("/actions", own.clone()).await;
    let setting = json!({"mock": {"tenantMayCreateActions": true}});
    assert_eq!(bed.control(Method::PATCH, "", setting).await.0, 200);

    let made = demo.ok(Method::POST, "/actions", own.clone()).await;
    let universal = demo.post("/actions", json!({"key": "all", "intent": "Say hello"})).await;
    let integration = demo.post("/actions", json!({"key": "all", "integrationKey": "github"})).await;
    let others = bed.tenant("acme").post("/actions", own).await;
    let flow = demo.post("/flows", json!({"key": "flow", "connectionKey": "github-dev", "nodes": {}})).await;

    assert_eq!(verdict(&before), "403 bad_request/access_denied");
    assert_eq!((&made["layer"], &made["key"]), (&json!("connection"), &json!("mine")), "{made:#}");
    for refused in [universal, integration, flow] {
        assert_eq!(verdict(&refused), "403 bad_request/access_denied", "{refused:?}");
    }
    assert_eq!(others.0, 404, "{others:?}");
}

#[tokio::test]
async fn a_universal_action_is_applied_to_integrations() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    bed.action(says_as("hi", "greet")).await;
    bed.action(with(says_as("servus", "greet"), &json!({"integrationKey": "slack"}))).await;
    let keys = json!({"integrationKeys": ["github", "slack", "github"]});

    let applied = manager.ok(Method::POST, "/action/apply?key=greet", keys).await;
    let again = manager.ok(Method::POST, "/actions/greet/apply", json!({"integrationKeys": ["github"]})).await;
    let unknown = manager.post("/actions/greet/apply", json!({"integrationKeys": ["notion", "nope"]})).await;
    let no_universal = manager.post("/actions/github.greet/apply", json!({"integrationKeys": ["notion"]})).await;
    let nothing = manager.post("/actions/greet/apply", json!({})).await;
    let tenant = bed.demo().post("/actions/greet/apply", json!({"integrationKeys": ["github"]})).await;

    let at = |index: usize| &applied["appliedToIntegrations"][index];
    assert_eq!((&applied["key"], &applied["layer"]), (&json!("greet"), &json!("universal")));
    assert_eq!(at(0)["integration"]["key"], "github");
    assert_eq!((&at(0)["element"]["layer"], &at(0)["element"]["parentId"]), (&json!("integration"), &applied["id"]));
    assert_eq!(at(0)["element"]["id"], at(2)["element"]["id"], "one version for each");
    assert!(at(1)["element"].to_string().contains("servus"), "what is there stays: {applied:#}");
    assert_eq!(again["appliedToIntegrations"][0]["element"]["id"], at(0)["element"]["id"]);
    assert_eq!((unknown.0, no_universal.0, nothing.0, tenant.0), (404, 400, 400, 403));
    assert_eq!(manager.get("/actions/notion.greet").await.0, 404, "none was made");
    let ran = bed.demo().ok(Method::POST, "/act", json!({"key": "greet", "integrationKey": "github"})).await;
    assert_eq!(ran["output"], "hi");
}
