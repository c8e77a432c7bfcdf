//! The main job in every form of the product: in this process and as a binary, in memory and in a file.

use http::Method;
use membrane_mock::testing::MockMembrane;
use serde_json::{Value, json};

use crate::support::served::Served;
use crate::support::{Api, Bed};

/// Lists, connects, acts, reads the log, meets the broken connection, connects again.
async fn main_job(tenant: &Api, control: &Api, workspace: &str) {
    let poke = async |id: &str, event: &str| {
        let at = format!("/__mock/workspaces/{workspace}/connections/{id}/poke");
        control.ok(Method::POST, &at, json!({"event": event})).await
    };
    let listed = tenant.ok(Method::GET, "/integrations?search=slack", Value::Null).await;
    assert_eq!(listed["items"][0]["key"], "slack");

    let begun = tenant.ok(Method::POST, "/connect", json!({"integrationKey": "slack", "connectionKey": "team"})).await;
    let id = begun["id"].as_str().unwrap();
    assert_eq!(
        (&begun["state"], &begun["clientAction"]["type"]),
        (&json!("CLIENT_ACTION_REQUIRED"), &json!("connect"))
    );
    poke(id, "authorize").await;

    let act = json!({"api": {"method": "GET", "path": "/auth.test"}, "connectionKey": "team"});
    let (status, done) = tenant.post("/act", act.clone()).await;
    assert_eq!((status, &done["output"]["ok"]), (200, &json!(true)), "{done}");
    let at = format!("/action-run-logs/{}", done["actionRunId"].as_str().unwrap());
    let log = tenant.ok(Method::GET, &at, Value::Null).await;
    assert_eq!(log["status"], "success");

    poke(id, "loseCredentials").await;
    let (status, broken) = tenant.post("/act", act.clone()).await;
    assert_eq!((status, &broken["code"]), (400, &json!("CONNECTION_DISCONNECTED")));
    let again = tenant.ok(Method::POST, "/connect", json!({"connectionId": id})).await;
    assert_eq!(again["id"], id);
    poke(id, "authorize").await;
    assert_eq!(tenant.post("/act", act).await.0, 200);
}

#[tokio::test]
async fn in_this_process() {
    let folder = tempfile::tempdir().unwrap();
    for builder in [MockMembrane::builder(), MockMembrane::builder().database(folder.path().join("state.db"))] {
        let bed = Bed::of(builder).await;
        main_job(&bed.demo(), &Api::new(bed.mock.uri(), None), bed.ws.key()).await;
    }
}

#[tokio::test]
async fn as_a_binary() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.db");
    let in_file = [("DATABASE", file.to_str().unwrap())];
    for variables in [&[][..], &in_file[..]] {
        let served = Served::by(variables);
        main_job(&served.tenant().await, &served.control(), served.get("workspaceKey")).await;
    }
}
