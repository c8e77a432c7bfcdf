//! Connections that are disconnected or archived, and what is said of them.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, id, message, user, verdict};

#[tokio::test]
async fn a_disconnect_while_connecting_again_ends_disconnected() {
    for former in ["READY", "DISCONNECTED"] {
        let bed = Bed::start().await;
        let demo = bed.demo();
        if former == "DISCONNECTED" {
            bed.poke("github-dev", "loseCredentials").await;
        }
        let before = demo.ok(Method::GET, "/connections/github-dev", Value::Null).await;
        let asked = demo.ok(Method::POST, "/connect", json!({"connectionId": before["id"]})).await;

        let answer = demo.post("/connections/github-dev/disconnect", json!({})).await;
        let after = demo.ok(Method::GET, "/connections/github-dev?includeSecrets=true", Value::Null).await;

        assert_eq!((&before["state"], &asked["state"]), (&json!(former), &json!("CLIENT_ACTION_REQUIRED")));
        assert_eq!(answer, (204, Value::Null), "{former}");
        assert_eq!((&after["state"], &after["connected"]), (&json!("DISCONNECTED"), &json!(false)), "{former}");
        assert!(after["credentials"].is_null() && after["clientAction"].is_null(), "{former}: {after:#}");
        assert_eq!(demo.post("/connections/github-dev/disconnect", json!({})).await.0, 204, "{former}: again");
    }
}

#[tokio::test]
async fn a_connection_that_its_user_disconnected_says_so() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    assert_eq!(demo.post("/connections/github-dev/disconnect", json!({})).await.0, 204);
    let after = demo.ok(Method::GET, "/connections/github-dev", Value::Null).await;
    let body = user();
    let acted = demo.post("/act", body).await;

    for error in [&after["error"], &after["requestError"], &acted.1["causedByError"]] {
        let said = error["message"].as_str().unwrap_or_default();
        assert!(said.contains("disconnected") && !said.contains("no longer accepts"), "{error:#}");
    }
    assert_eq!(acted.1["code"], "CONNECTION_DISCONNECTED");
}

#[tokio::test]
async fn nothing_is_done_through_an_archived_connection_and_it_says_so() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let connection = id(&demo.ok(Method::DELETE, "/connections/github-dev", Value::Null).await);

    for (method, below) in [
        (Method::GET, "proxy/user"),
        (Method::POST, "proxy/user"),
        (Method::POST, "refresh"),
        (Method::POST, "refresh-credentials"),
        (Method::GET, "test"),
        (Method::POST, "test"),
    ] {
        let path = format!("/connections/{connection}/{below}");

        let answer = demo.call(method.clone(), &path, None).await;

        assert_eq!(verdict(&answer), "404 bad_request/not_found", "{method} {below}");
        assert!(message(&answer).contains("archived"), "{method} {below}: {answer:?}");
    }
    assert!(bed.ws.upstream("github").requests().is_empty());
}
