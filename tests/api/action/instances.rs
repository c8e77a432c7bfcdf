//! Instances of actions: the version that a connection has for itself.

use http::Method;
use serde_json::{Value, json};

use crate::support::definitions::says_as;
use crate::support::{Bed, id, message, verdict};

#[tokio::test]
async fn a_connections_version_is_made_on_demand_changed_and_reset() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let mut parent = says_as("parent", "task");
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
    let mut parent = says_as("parent", "task");
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
async fn an_archived_instance_is_restored_by_every_selector_that_named_it() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let mut parent = says_as("parent", "task");
    parent["integrationKey"] = json!("github");
    let parent = manager.ok(Method::POST, "/actions", parent).await;
    let named = [
        "parentKey=task&connectionKey=github-dev".to_owned(),
        "key=task&connectionKey=github-dev".to_owned(),
        "parentKey=task&integrationKey=github".to_owned(),
        format!("parentId={}&connectionKey=github-dev", id(&parent)),
    ];

    for by in &named {
        let made = demo.ok(Method::GET, &format!("/action-instance?{by}&autoCreate=true"), Value::Null).await;
        demo.ok(Method::DELETE, &format!("/action-instance?{by}"), Value::Null).await;
        let restored = demo.ok(Method::POST, &format!("/action-instance/restore?{by}"), Value::Null).await;
        assert_eq!((&restored["id"], &restored["archivedAt"]), (&made["id"], &Value::Null), "{by}");
        let again = demo.ok(Method::POST, &format!("/action-instance/restore?{by}"), Value::Null).await;
        assert_eq!(again["id"], made["id"], "{by}: what is there is restored already");
    }
    let absent = demo.post(&format!("/action-instance/restore?{}&instanceKey=two", named[0]), Value::Null).await;
    assert_eq!(verdict(&absent), "404 bad_request/not_found");
}

#[tokio::test]
async fn a_version_without_a_type_says_that_it_has_none() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    bed.action(says_as("here", "task")).await;
    let path = "/connections/github-dev/actions/task";
    demo.ok(Method::PUT, path, json!({})).await;
    demo.ok(Method::PUT, path, json!({})).await;

    let ran = demo.post(&format!("{path}/run"), json!({})).await;

    assert_eq!((ran.0, message(&ran)), (400, "action `task` has no `type`, so there is nothing to run"));
}
