//! Stubs of external apps: which one answers, and what is said when none does.

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};

use crate::support::{Bed, id, whoami};

#[tokio::test]
async fn stubs_are_tried_by_priority_then_newest_first_and_only_so_often() {
    let bed = Bed::start().await;
    let github = bed.ws.upstream("github");
    let demo = bed.demo();

    assert_eq!(whoami(&demo).await["login"], "mia-acme", "the catalog's");
    github.stub(Stub::get("/user").json(200, json!("older"))).await.unwrap();
    let newer = github.stub(Stub::get("/user").json(200, json!("newer"))).await.unwrap();
    assert_eq!(whoami(&demo).await, "newer");
    github.stub(Stub::get("/user").json(200, json!("urgent")).priority(1).times(2)).await.unwrap();
    assert_eq!((whoami(&demo).await, whoami(&demo).await), (json!("urgent"), json!("urgent")));
    assert_eq!(whoami(&demo).await, "newer");
    newer.remove().await.unwrap();
    assert_eq!(whoami(&demo).await, "older");
}

#[tokio::test]
async fn stubs_are_mounted_listed_and_removed_over_http() {
    let bed = Bed::start().await;
    let stub = json!({"request": {"method": "GET", "path": "/user"}, "respond": {"json": "mine"}});

    let made = bed.control(Method::POST, "/upstreams/github/stubs", stub.clone()).await.1;
    let listed = bed.control(Method::GET, "/upstreams/github/stubs", Value::Null).await.1;
    let mine = whoami(&bed.demo()).await;
    let removed = bed.control(Method::DELETE, &format!("/upstreams/github/stubs/{}", id(&made)), Value::Null).await;
    let theirs = whoami(&bed.demo()).await;
    bed.control(Method::POST, "/upstreams/github/stubs", stub).await;
    let cleared = bed.control(Method::DELETE, "/upstreams/github/stubs", Value::Null).await;

    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["from"]), (&made["id"], &json!("workspace")));
    assert!(listed["items"].as_array().unwrap().iter().any(|stub| stub["from"] == "catalog"));
    assert_eq!((mine, &theirs["login"]), (json!("mine"), &json!("mia-acme")));
    assert_eq!((removed.0, cleared.0), (204, 204));
    for wrong in [
        json!({"request": {"method": "GET", "path": "user"}, "respond": {}}),
        json!({"request": {"method": "GET", "path": "/user"}, "respond": {"status": 42}}),
        json!({"request": {"method": "GET", "path": "/user"}, "respond": {"json": 1, "text": "x"}}),
        json!({"request": {"path": "/user"}, "respond": {}}),
        json!({"request": {"method": "GET", "path": "/user"}, "respond": {}, "whenever": 1}),
    ] {
        assert_eq!(bed.control(Method::POST, "/upstreams/github/stubs", wrong.clone()).await.0, 400, "{wrong}");
    }
    assert_eq!(bed.control(Method::GET, "/upstreams/nope/stubs", Value::Null).await.0, 404);
}

#[tokio::test]
async fn an_unmatched_request_is_listed_with_the_nearest_stub_and_its_difference() {
    let bed = Bed::start().await;
    let stub = Stub::post("/things").query("page", "1").body(json!({"a": {"b": 1}})).json(200, json!({}));
    bed.ws.upstream("github").stub(stub).await.unwrap();
    let api = json!({"method": "POST", "path": "/things", "query": {"page": 2}, "body": {"a": {"b": 2}}});

    let answer = bed.demo().post("/act", json!({"api": api, "connectionKey": "github-dev"})).await;

    assert_eq!(answer.1["data"]["response"]["status"], 404);
    let requests = bed.control(Method::GET, "/upstreams/github/requests", Value::Null).await.1;
    let unmatched = requests["items"][0]["unmatched"].to_string();
    for field in ["query.page", "body.a.b"] {
        assert!(unmatched.contains(field), "{field}: {unmatched}");
    }
    assert!(!unmatched.contains("\"method\",") && unmatched.contains("/things"), "{unmatched}");
}
