//! Checkpoints: a workspace goes back to one, however much has happened since; a fork may start from one.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::ConnectionState;
use membrane_mock::testing::{Fault, MockWorkspace, Stub, act};
use serde_json::{Value, json};

use crate::support::{Answer, Api, Bed, THEN, id, message, user, verdict};

impl Bed {
    async fn take(&self, name: &str) -> Value {
        let (status, taken) = self.control(Method::POST, "/snapshots", json!({ "name": name })).await;
        assert_eq!(status, 200, "{taken:#}");
        taken
    }

    async fn go_back(&self, snapshot: &str) -> Answer {
        self.control(Method::POST, &format!("/snapshots/{snapshot}/restore"), Value::Null).await
    }

    async fn snapshots(&self) -> Vec<String> {
        let (_, list) = self.control(Method::GET, "/snapshots", Value::Null).await;
        let names = list["items"].as_array().expect("a list").iter().map(|taken| taken["name"].as_str().unwrap());
        names.map(str::to_owned).collect()
    }
}

const BOTH: [&str; 2] = ["github-dev", "hubspot-prod"];

#[tokio::test]
async fn checkpoints_are_taken_listed_gone_back_to_and_deleted_by_id_or_name() {
    let bed = Bed::exact().await;
    let first = bed.take("first").await;
    bed.demo().ok(Method::DELETE, "/connections/github-dev", Value::Null).await;
    let second = bed.take("second").await;
    let nameless = bed.control(Method::POST, "/snapshots", Value::Null).await.1;
    bed.demo().ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;

    assert_eq!(
        (&first["name"], &first["workspace"], &first["at"]),
        (&json!("first"), &json!(bed.ws.key()), &json!("2025-01-01T00:00:00.000Z"))
    );
    assert_eq!(nameless["name"], nameless["id"]);
    assert_eq!(bed.snapshots().await, ["first", "second", nameless["id"].as_str().unwrap()]);
    let (one, two) = (id(&first), id(&second));
    for (snapshot, keys) in [("first", BOTH.to_vec()), (two.as_str(), vec![BOTH[1]]), (one.as_str(), BOTH.to_vec())] {
        let (status, shown) = bed.go_back(snapshot).await;
        assert_eq!((status, &shown["key"]), (200, &json!(bed.ws.key())));
        assert_eq!(bed.demo().connection_keys("").await, keys);
    }

    bed.demo().ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;
    let again = bed.take("first").await;
    assert_ne!(id(&again), id(&first));
    assert_eq!(bed.go_back(&id(&first)).await.0, 404, "its namesake has replaced it");
    assert_eq!(bed.go_back("first").await.0, 200);
    assert_eq!(bed.demo().connection_keys("").await, [BOTH[0]]);
    let delete =
        async |snapshot: &str| bed.control(Method::DELETE, &format!("/snapshots/{snapshot}"), Value::Null).await;
    assert_eq!((delete("first").await.0, delete(&id(&second)).await.0), (204, 204));
    for gone in [delete("first").await, bed.go_back("second").await] {
        assert_eq!(verdict(&gone), "404 bad_request/not_found");
        assert!(message(&gone).contains("snapshot"), "{gone:?}");
    }
    assert_eq!(bed.snapshots().await, [nameless["id"].as_str().unwrap()]);
    let misspelt = bed.control(Method::POST, "/snapshots", json!({"nmae": "x"})).await;
    assert!(misspelt.0 == 400 && message(&misspelt).contains("nmae"), "{misspelt:?}");
}

#[tokio::test]
async fn going_back_brings_back_state_time_faults_stubs_and_settings_with_the_same_ids() {
    let bed = Bed::exact().await;
    bed.ws.upstream("github").stub(Stub::get("/user").json(200, json!("mine"))).await.unwrap();
    bed.ws.mock_settings(|mock| mock.auto_connect = true).await.unwrap();
    bed.ws.clock().advance(Duration::from_secs(90)).await.unwrap();
    let rule = json!({"name": "second", "on": {"path": "/self"}, "nth": 2, "fault": {"respond": {"status": 503}}});
    assert_eq!(bed.control(Method::POST, "/faults", rule).await.0, 200);
    let seen = async || {
        let ids = bed.demo().each("/connections", "id").await;
        let output = bed.demo().ok(Method::POST, "/act", user()).await["output"].clone();
        let faults = bed.control(Method::GET, "/faults", Value::Null).await.1["items"].clone();
        let statuses = [bed.demo().get("/self").await.0, bed.demo().get("/self").await.0];
        let made = bed.demo().ok(Method::POST, "/connect", json!({"integrationKey": "slack"})).await["state"].clone();
        (bed.ws.clock().now(), ids, output, faults, statuses, made)
    };
    bed.take("it").await;
    let before = seen().await;
    assert_eq!((&before.2, before.4, &before.5), (&json!("mine"), [200, 503], &json!("READY")));

    for _ in 0..2 {
        bed.ws.clock().advance(Duration::from_hours(1)).await.unwrap();
        bed.control(Method::DELETE, "/faults", Value::Null).await;
        bed.control(Method::DELETE, "/upstreams/github/stubs", Value::Null).await;
        bed.ws.mock_settings(|mock| mock.auto_connect = false).await.unwrap();
        bed.demo().ok(Method::DELETE, "/connections/github-dev", Value::Null).await;
        bed.manager().ok(Method::DELETE, "/integrations/slack", Value::Null).await;

        assert_eq!(bed.go_back("it").await.0, 200);

        assert_eq!(seen().await, before, "what happens after does not change the checkpoint");
    }
}

#[tokio::test]
async fn tokens_and_secrets_of_then_work_again() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    bed.take("it").await;
    let secret = bed.ws.secret();
    let change = json!({"secret": "another-secret-of-at-least-sixty-four-bytes-0123456789-0123456789-0123456789"});
    manager.ok(Method::PATCH, &format!("/workspaces/{}", bed.ws.key()), change).await;
    assert_eq!(demo.get("/self").await.0, 401);
    assert_eq!(bed.demo().get("/self").await.0, 200, "with the new secret");

    assert_eq!(bed.go_back("it").await.0, 200);

    assert_eq!(bed.ws.secret(), secret);
    assert_eq!((demo.get("/self").await.0, manager.get("/connectors").await.0), (200, 200));
    assert_eq!(demo.post("/act", user()).await.0, 200);
    bed.ws.upstream("github").expire_tokens().await.unwrap();
    assert_eq!(demo.post("/act", user()).await.0, 200, "the vendor knows the tokens of then: it refreshes them");
}

#[tokio::test]
async fn what_a_vendor_has_taken_back_is_good_again() {
    let bed = Bed::start().await;
    bed.take("it").await;
    bed.ws.upstream("github").revoke_tokens().await.unwrap();
    assert_eq!(bed.demo().post("/act", user()).await.0, 400);

    assert_eq!(bed.go_back("it").await.0, 200);

    assert_eq!(bed.demo().post("/act", user()).await.0, 200);
}

#[tokio::test]
async fn fifty_resets_later_a_checkpoint_is_as_good_as_new() {
    let bed = Bed::exact().await;
    let made = bed.ws.tenant("demo-tenant").connect("slack").key("chat").ready().await.unwrap();
    let shown = bed.demo().ok(Method::GET, "/connections/chat", Value::Null).await;
    let taken = bed.ws.snapshot("with a chat").unwrap();

    for number in 0..50 {
        bed.ws.reset().await.unwrap();
        if number % 10 == 0 {
            assert_eq!(bed.demo().connection_keys("").await, BOTH);
            bed.demo().ok(Method::DELETE, "/connections/github-dev", Value::Null).await;
        }
    }
    bed.ws.restore(&taken).await.unwrap();

    assert_eq!(bed.demo().connection_keys("").await, ["github-dev", "hubspot-prod", "chat"]);
    assert_eq!(bed.demo().ok(Method::GET, "/connections/chat", Value::Null).await, shown);
    assert_eq!(made.state(), ConnectionState::Ready);
    bed.ws.reset().await.unwrap();
    assert_eq!(bed.demo().connection_keys("").await, BOTH, "a reset still leads to the seed");
}

#[tokio::test]
async fn a_fork_starts_from_a_checkpoint_of_another_workspace() {
    let bed = Bed::exact().await;
    bed.ws.clock().advance(Duration::from_mins(1)).await.unwrap();
    let rule = json!({"name": "it", "on": {"path": "/self"}, "fault": {"respond": {"status": 503}}});
    assert_eq!(bed.control(Method::POST, "/faults", rule).await.0, 200);
    let taken = bed.take("then").await;
    bed.ws.clock().advance(Duration::from_mins(1)).await.unwrap();
    bed.demo().ok(Method::DELETE, "/connections/github-dev", Value::Null).await;
    bed.control(Method::DELETE, "/faults", Value::Null).await;
    let ids = bed.demo().each("/connections", "id").await;

    let nobody = bed.nobody();
    let made = nobody.ok(Method::POST, "/__mock/workspaces", json!({"from": taken["id"], "key": "fork"})).await;
    let there = bed.of_created(&made).0;

    assert_ne!(made["secret"], bed.ws.secret());
    assert_eq!(made["clock"]["now"], "2025-01-01T00:01:00.000Z");
    assert_eq!(there.get("/self").await.0, 503);
    assert_eq!(there.post("/act", user()).await.0, 200);
    assert_eq!(there.each("/connections", "key").await, BOTH);
    assert!(there.each("/connections", "id").await.contains(&ids[0]), "a fork keeps its ids");
    there.ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;
    assert_eq!(bed.demo().connection_keys("").await, [BOTH[1]]);
    nobody.ok(Method::POST, "/__mock/reset?workspace=fork", json!({})).await;
    assert_eq!(there.each("/connections", "key").await, BOTH, "the checkpoint is what it started from");
    let unknown = nobody.post("/__mock/workspaces", json!({"from": "snapshot-999"})).await;
    assert!(unknown.0 == 404 && message(&unknown).contains("snapshot-999"), "{unknown:?}");
}

#[tokio::test]
async fn a_checkpoint_is_of_its_workspace_alone() {
    let bed = Bed::start().await;
    let taken = bed.take("mine").await;
    let fork = bed.ws.fork().await.unwrap();
    let there = Api::tenant_of(&fork, "demo-tenant");

    assert!(fork.restore("mine").await.is_err());
    assert!(fork.restore(&id(&taken)).await.is_err());
    let path = format!("/__mock/workspaces/{}/snapshots", fork.key());
    assert!(bed.nobody().items(&path).await.is_empty());
    assert_eq!(bed.nobody().delete(&format!("{path}/mine")).await.0, 404);
    fork.snapshot("mine").unwrap();
    there.ok(Method::DELETE, "/connections/github-dev", Value::Null).await;
    bed.demo().ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;

    fork.restore("mine").await.unwrap();

    assert_eq!(there.each("/connections", "key").await, BOTH);
    assert_eq!(bed.demo().connection_keys("").await, [BOTH[0]], "the other's is not touched");
}

#[tokio::test]
async fn a_deleted_workspace_takes_its_checkpoints_along() {
    let bed = Bed::start().await;
    let nobody = bed.nobody();
    let create = async || nobody.ok(Method::POST, "/__mock/workspaces", json!({"key": "passing"})).await;
    create().await;
    nobody.ok(Method::POST, "/__mock/workspaces/passing/snapshots", json!({"name": "old"})).await;
    assert_eq!(nobody.delete("/__mock/workspaces/passing").await.0, 204);

    create().await;

    assert!(nobody.items("/__mock/workspaces/passing/snapshots").await.is_empty());
}

#[tokio::test]
async fn a_test_in_rust_goes_back_while_it_holds_on_to_what_it_has() {
    let bed = Bed::start().await;
    let tenant = bed.ws.tenant("demo-tenant");
    bed.ws.snapshot("start").unwrap();
    let chat = tenant.connect("slack").key("chat").ready().await.unwrap();
    let rule = bed.ws.fault(Fault::on(act()).respond(503, json!({}))).await;
    assert_eq!(bed.demo().post("/act", user()).await.0, 503);

    bed.ws.restore("start").await.unwrap();

    assert_eq!(chat.state(), ConnectionState::Disconnected, "it is gone");
    assert_eq!(bed.demo().post("/act", user()).await.0, 200, "and so is the fault");
    drop(rule);
    let again = tenant.connect("slack").key("chat").ready().await.unwrap();
    assert_eq!(again.state(), ConnectionState::Ready);
    assert!(bed.ws.restore("nowhere").await.is_err());
}

#[tokio::test]
async fn what_was_begun_goes_on_in_a_fork_and_after_going_back() {
    let bed = Bed::exact().await;
    let outage = json!({"name": "outage", "steps": [
        {"do": [{"fault": {"name": "out", "on": {"operation": "act"}, "fault": {"respond": {"status": 503}}}}]},
        {"at": {"clock": "+1h"}, "do": [{"removeFault": "out"}]},
    ]});
    assert_eq!(bed.control(Method::POST, "/scenarios", outage).await.0, 200);
    assert_eq!(bed.control(Method::POST, "/scenarios/outage/start", json!({})).await.0, 200);
    bed.take("in the outage").await;
    bed.nobody().ok(Method::POST, "/__mock/workspaces", json!({"from": bed.ws.key(), "key": "fork"})).await;
    bed.ws.clock().advance(Duration::from_hours(1)).await.unwrap();
    let over = bed.demo().post("/act", user()).await.0;
    bed.go_back("in the outage").await;
    let again = bed.demo().post("/act", user()).await.0;
    bed.ws.clock().advance(Duration::from_hours(1)).await.unwrap();
    let over_again = bed.demo().post("/act", user()).await.0;

    assert_eq!((over, again, over_again), (200, 503, 200));
    let made = bed.nobody().get("/__mock/workspaces/fork").await.1;
    let fork = bed.of_created(&made).0;
    assert_eq!(fork.post("/act", user()).await.0, 503);
    bed.nobody().ok(Method::POST, "/__mock/workspaces/fork/clock/advance", json!({"ms": 3_600_000})).await;
    assert_eq!(fork.post("/act", user()).await.0, 200);
    let stories = bed.nobody().get("/__mock/workspaces/fork/scenarios").await.1["stories"].clone();
    assert_eq!((&stories[0]["name"], &stories[0]["state"]), (&json!("outage"), &json!("done")));
}

#[tokio::test]
async fn a_story_that_plays_goes_along_too() {
    let bed = Bed::exact().await;
    let rule = json!({"name": "told", "on": {"operation": "act"}, "fault": {"respond": {"status": 503}}});
    bed.control(Method::POST, "/faults", rule).await;
    let story = json!({"seed": 7, "fired": [{"rule": "told", "n": 2}]});
    assert_eq!(bed.control(Method::PUT, "/faults/story", story).await.0, 200);
    bed.take("told").await;
    let exported = bed.control(Method::GET, "/export", Value::Null).await.1;

    for from in [json!(bed.ws.key()), exported] {
        let made = bed.nobody().ok(Method::POST, "/__mock/workspaces", json!({ "from": from })).await;
        let fork = bed.of_created(&made).0;
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(fork.post("/act", user()).await.0);
        }
        assert_eq!(statuses, [200, 503, 200]);
    }
}

#[tokio::test]
async fn a_workspace_goes_to_another_server_as_a_document() {
    let bed = Bed::exact().await;
    bed.ws.upstream("github").stub(Stub::get("/user").json(200, json!({"login": "kept"}))).await.unwrap();
    let begun = bed.demo().ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;
    bed.control(
        Method::POST,
        "/faults",
        json!({"name": "kept", "on": {"operation": "act"}, "nth": 2, "fault": "close"}),
    )
    .await;
    bed.ws.clock().advance(Duration::from_secs(90)).await.unwrap();
    let exported = bed.control(Method::GET, "/export", Value::Null).await.1;

    let other = Bed::start().await;
    let body = json!({"key": "again", "from": exported});
    let (status, made) = other.nobody().call(Method::POST, "/__mock/workspaces", Some(&body)).await;
    let tenant = other.of_created(&made).0;
    let control = async |path: &str| other.nobody().get(&format!("/__mock/workspaces/again{path}")).await.1;
    let (here, there) = (bed.demo().items("/connections").await, tenant.items("/connections").await);
    let again = control("/export").await;

    assert_eq!(status, 200, "{made}");
    assert_eq!(
        (again["clock"]["now"].as_str(), &again["faults"]),
        (Some("2025-01-01T00:01:30.000Z"), &exported["faults"])
    );
    let ids = |items: &[Value]| items.iter().map(|item| (id(item), item["state"].clone())).collect::<Vec<_>>();
    assert_eq!(ids(&here), ids(&there), "in the same order");
    assert!(ids(&there).contains(&(id(&begun), json!("CLIENT_ACTION_REQUIRED"))));
    let of_kind = |export: &Value, kind: &str| -> Vec<Value> {
        export["records"].as_array().unwrap().iter().filter(|record| record["kind"] == kind).cloned().collect()
    };
    for kind in ["connection", "grant", "stub", "tenant", "integration"] {
        let records = of_kind(&exported, kind);
        assert!(!records.is_empty() && records == of_kind(&again, kind), "{kind}");
    }
    let user = tenant.post("/act", user()).await;
    assert_eq!((user.0, &user.1["output"]["login"]), (200, &json!("kept")));
    assert!(tenant.request(Method::POST, "/act").json(&json!({})).send().await.is_err(), "the second meets the fault");
    assert!(
        tenant.ok(Method::POST, "/connect", json!({"connectorKey": "notion"})).await["id"].is_string(),
        "it goes on"
    );
}

#[tokio::test]
async fn what_cannot_be_moved_is_given_up_and_holds_up_nothing() {
    let bed = Bed::exact().await;
    let hold = json!({"action.building": "hold", "connection.building": "hold", "agentSession": "hold"});
    assert_eq!(bed.control(Method::PUT, "/progress", hold).await.0, 200);
    let action = bed.manager().ok(Method::POST, "/actions", json!({"intent": "do a thing"})).await;
    let session = bed.demo().ok(Method::POST, "/agent/sessions", json!({"prompt": "do a thing"})).await;
    let mut exported = bed.control(Method::GET, "/export", Value::Null).await.1;
    // Due, and in a state that no due event leads out of.
    for record in exported["records"].as_array_mut().unwrap() {
        let is_at = |element: &Value| record["id"] == element["id"];
        let (is_action, is_session) = (is_at(&action), is_at(&session));
        if is_action {
            (record["record"]["state"], record["record"]["due"]) = (json!("READY"), json!({"at": THEN}));
        } else if is_session {
            (record["record"]["status"], record["record"]["due"]) = (json!("completed"), json!({"at": THEN}));
        }
    }
    let body = json!({"key": "again", "from": exported});
    let made = bed.nobody().ok(Method::POST, "/__mock/workspaces", body).await;
    let again = bed.of_created(&made).1;
    bed.nobody().ok(Method::POST, "/__mock/workspaces/again/clock/settle", json!({})).await;
    let read = again.ok(Method::GET, &format!("/actions/{}", id(&action)), Value::Null).await;
    let after = bed.nobody().get("/__mock/workspaces/again/export").await.1;

    assert_eq!((&read["state"], &read["errors"][0]["data"]["machine"]), (&json!("READY"), &json!("action")));
    let dues = after["records"].as_array().unwrap().iter().filter(|record| record["record"]["due"].is_object());
    assert_eq!(dues.count(), 0);
}

#[tokio::test]
async fn what_is_no_export_is_refused() {
    let bed = Bed::start().await;
    let exported = bed.control(Method::GET, "/export", Value::Null).await.1;
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut changed = exported.clone();
        change(&mut changed);
        json!({ "from": changed })
    };
    for (body, says) in [
        (json!({"from": {}}), "missing field"),
        (changed(&|export| export["version"] = json!(2)), "an export of version 2"),
        (changed(&|export| export["records"] = json!([])), "no record of its workspace"),
        (changed(&|export| export["records"][0]["kind"] = json!("unicorn")), "its workspace is missing"),
        (changed(&|export| export["records"][1]["record"] = json!({"id": 7})), "no export that can be read"),
        (changed(&|export| export["clock"] = json!({"mode": "sundial"})), "field `clock.mode`"),
    ] {
        let refused = bed.nobody().call(Method::POST, "/__mock/workspaces", Some(&body)).await;
        assert_eq!(refused.0, 400, "{says}: {refused:?}");
        assert!(message(&refused).contains(says), "{says}: {refused:?}");
    }
}

#[tokio::test]
async fn webhooks_that_wait_are_sent_by_the_original_alone() {
    let bed = Bed::exact().await;
    let app = json!({"webhookUri": "http://127.0.0.1:9/hook", "enabledWebhookEvents": ["connection.created"]});
    bed.change_workspace(app).await;
    bed.take("before").await;
    bed.ws.tenant("demo-tenant").connect("slack").key("chat").ready().await.unwrap();
    bed.ws.settle().await.unwrap();
    bed.take("waiting").await;
    let waiting = async |workspace: &MockWorkspace| {
        let list = bed.nobody().get(&format!("/__mock/workspaces/{}/webhooks", workspace.key())).await.1;
        list["items"].as_array().unwrap().iter().filter(|delivery| delivery["state"] == "pending").count()
    };

    let fork = bed.ws.fork().await.unwrap();
    let of_now = json!({"from": bed.ws.key(), "key": "of-now"});
    bed.nobody().ok(Method::POST, "/__mock/workspaces", of_now).await;
    let own = waiting(&bed.ws).await;
    let listed = bed.nobody().get("/__mock/workspaces/of-now/webhooks").await.1;
    bed.go_back("waiting").await;

    assert_eq!(own, 1);
    assert_eq!((waiting(&fork).await, &listed["items"], waiting(&bed.ws).await), (0, &json!([]), 0));
}
