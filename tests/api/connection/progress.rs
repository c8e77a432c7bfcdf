//! How connections progress by themselves: at a moment, after reads, to a failure.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, id, message};

#[tokio::test]
async fn the_first_answer_is_building_even_when_progress_is_immediate() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    let first = acme.connect(json!({"intent": "Frobnicator"})).await;
    let waited = acme.ok(Method::GET, &format!("/connections/{}?wait=true", id(&first)), Value::Null).await;

    assert_eq!(first["state"], "BUILDING");
    assert_eq!(waited["state"], "CLIENT_ACTION_REQUIRED");
}

#[tokio::test]
async fn progress_after_moves_at_its_moment_and_not_before() {
    let bed = Bed::exact().await;
    bed.progress("connection.building", json!({"after": 5000})).await;
    let acme = bed.tenant("acme");
    let connection = id(&acme.connect(json!({"intent": "Frobnicator"})).await);

    bed.ws.clock().advance(Duration::from_millis(4999)).await.unwrap();
    let before = acme.connection(&connection).await;
    bed.ws.clock().advance(Duration::from_millis(1)).await.unwrap();
    let after = acme.connection(&connection).await;

    assert_eq!((&before["state"], &after["state"]), (&json!("BUILDING"), &json!("CLIENT_ACTION_REQUIRED")));
    assert_eq!(after["updatedAt"], "2025-01-01T00:00:05.000Z");
}

#[tokio::test]
async fn progress_reads_moves_after_so_many_reads_by_the_worker_and_never_by_one() {
    let bed = Bed::exact().await;
    bed.progress("connection.building", json!({"reads": 2})).await;
    let acme = bed.tenant("acme");
    let connection = id(&acme.connect(json!({"intent": "Frobnicator"})).await);

    let first = acme.connection(&connection).await;
    bed.ws.settle().await.unwrap();
    let second = acme.connection(&connection).await;
    bed.ws.settle().await.unwrap();
    let third = acme.connection(&connection).await;

    let states = [&first["state"], &second["state"], &third["state"]];
    assert_eq!(states, ["BUILDING", "BUILDING", "CLIENT_ACTION_REQUIRED"]);
}

#[tokio::test]
async fn progress_fail_ends_in_the_state_it_names() {
    for state in ["CONFIGURATION_ERROR", "SETUP_FAILED", "ERROR"] {
        let bed = Bed::exact().await;
        bed.progress("connection.building", json!({"fail": {"state": state, "error": "out of luck"}})).await;
        let acme = bed.tenant("acme");

        let first = acme.connect(json!({"intent": "Frobnicator"})).await;
        bed.ws.settle().await.unwrap();
        let failed = acme.connection(&id(&first)).await;

        assert_eq!(first["state"], "BUILDING");
        assert_eq!((&failed["state"], &failed["errors"][0]["message"]), (&json!(state), &json!("out of luck")));
    }
}

#[tokio::test]
async fn client_action_progress_may_act_for_the_user() {
    let bed = Bed::exact().await;
    let acme = bed.tenant("acme");

    bed.progress("connection.clientAction", json!({"after": 1000})).await;
    let later = acme.connect(json!({"connectorKey": "slack"})).await;
    bed.ws.clock().advance(Duration::from_secs(1)).await.unwrap();
    bed.progress("connection.clientAction", json!("immediate")).await;
    let at_once = acme.connect(json!({"connectorKey": "notion"})).await;

    assert_eq!(later["state"], "CLIENT_ACTION_REQUIRED");
    assert_eq!(acme.connection(&id(&later)).await["state"], "READY");
    assert_eq!(at_once["state"], "READY");
}

#[tokio::test]
async fn progress_that_makes_no_sense_is_400() {
    let bed = Bed::start().await;

    for wrong in [
        json!({"connection.bilding": "hold"}),
        json!({"connection.building": "later"}),
        json!({"connection.building": {"after": "soon"}}),
        json!({"connection.building": {"fail": {"state": "BROKEN"}}}),
    ] {
        let answer = bed.control(Method::PUT, "/progress", wrong.clone()).await;

        assert_eq!(answer.0, 400, "{wrong}");
        assert!(!message(&answer).is_empty());
    }
}

#[tokio::test]
async fn whatever_progresses_does_so_after_so_many_reads() {
    let bed = Bed::exact().await;
    let reads = json!({"reads": 2});
    let all = json!({"connection.clientAction": reads, "action.building": reads, "agentSession": reads});
    assert_eq!(bed.control(Method::PUT, "/progress", all).await.0, 200);
    let (demo, manager) = (bed.demo(), bed.manager());
    let connection = demo.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;
    let action = manager.ok(Method::POST, "/actions", json!({"intent": "do a thing"})).await;
    let session = demo.ok(Method::POST, "/agent/sessions", json!({"prompt": "do it"})).await;

    for (api, path, field, waits, done) in [
        (&demo, format!("/connections/{}", id(&connection)), "state", "CLIENT_ACTION_REQUIRED", "READY"),
        (&manager, format!("/actions/{}", id(&action)), "state", "BUILDING", "READY"),
        (&demo, format!("/agent/sessions/{}", id(&session)), "status", "queued", "completed"),
    ] {
        bed.ws.settle().await.unwrap();
        assert_eq!(api.get(&path).await.1[field], waits, "{path}");
        bed.ws.settle().await.unwrap();
        assert_eq!(api.get(&path).await.1[field], waits, "{path}: what the second read finds is what there was");
        bed.ws.settle().await.unwrap();
        assert_eq!(api.get(&path).await.1[field], done, "{path}");
    }
}
