//! The shipped scenarios, each played; and scenarios of one's own.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::receivers::receiver;
use crate::support::{Bed, answer, user, verdict};

#[tokio::test]
async fn expire_after_n_acts() {
    let bed = Bed::exact().await;
    let story = bed.ws.scenario("expire-after-n-acts").with("acts", 2).with("connection", "github-dev").start().await;
    let story = story.unwrap();
    assert_eq!((bed.act(user()).await.0, bed.act(user()).await.0), (200, 200));
    let lost = bed.act(user()).await;
    assert_eq!(lost.1["code"], "CONNECTION_DISCONNECTED", "{lost:?}");

    bed.ws.tenant("demo-tenant").connect("github").key("github-dev").complete().await.unwrap();
    bed.ws.settle().await.unwrap();
    assert!(story.is_done());
    assert_eq!(bed.act(user()).await.0, 200);
}

#[tokio::test]
async fn refresh_fails_twice_then_needs_user() {
    let bed = Bed::exact().await;
    bed.ws.scenario("refresh-fails-twice-then-needs-user").with("connection", "github-dev").start().await.unwrap();
    assert_eq!(bed.act(user()).await.0, 400);
    assert_eq!(bed.demo().state("github-dev").await, "READY");
    let record = bed.demo().get("/connections/github-dev").await.1;
    assert_eq!(record["retryAttempts"], 1, "{record:#}");
    bed.ws.clock().advance(Duration::from_secs(5)).await.unwrap();
    assert_eq!(bed.demo().state("github-dev").await, "READY");
    bed.ws.clock().advance(Duration::from_secs(10)).await.unwrap();
    assert_eq!(bed.demo().state("github-dev").await, "DISCONNECTED");
    bed.ws.tenant("demo-tenant").connect("github").key("github-dev").complete().await.unwrap();
    assert_eq!(bed.act(user()).await.0, 200);
}

#[tokio::test]
async fn a_user_cancels_or_comes_as_somebody_else() {
    let bed = Bed::exact().await;
    bed.ws.scenario("user-connects-other-account").with("account", "eve@example.com").start().await.unwrap();
    let connection = bed.ws.tenant("demo-tenant").connect("github").key("github-dev").complete().await.unwrap();
    assert_eq!(connection.account().as_deref(), Some("eve@example.com"));

    bed.ws.scenario("user-cancels-connect").start().await.unwrap();
    let again = json!({"connectionKey": "github-dev", "connectorKey": "github"});
    bed.demo().ok(Method::POST, "/connect", again).await;
    bed.ws.settle().await.unwrap();
    assert_eq!(bed.demo().state("github-dev").await, "READY");
    let log = &bed.demo().items("/connection-attempt-logs").await[0];
    assert_eq!(log["status"], "error", "{log:#}");
}

#[tokio::test]
async fn building_never_finishes_or_fails() {
    for (scenario, ends) in [("building-never-finishes", "BUILDING"), ("connector-setup-fails", "SETUP_FAILED")] {
        let bed = Bed::exact().await;
        bed.ws.scenario(scenario).start().await.unwrap();
        let begun = bed.demo().ok(Method::POST, "/connect", json!({"intent": "frobnicator"})).await;
        bed.ws.clock().advance(Duration::from_hours(1)).await.unwrap();
        let path = format!("/connections/{}", begun["id"].as_str().unwrap());
        assert_eq!(bed.demo().get(&path).await.1["state"], ends, "{scenario}");
    }
}

#[tokio::test]
async fn vendor_outage() {
    let bed = Bed::exact().await;
    let story = bed.ws.scenario("vendor-outage").with("connector", "github").with("minutes", 2).start().await.unwrap();
    let down = bed.act(user()).await;
    assert_eq!(down.1["data"]["response"]["status"], 503, "{down:?}");
    bed.ws.clock().advance(Duration::from_mins(2)).await.unwrap();
    assert!(story.is_done());
    assert_eq!(bed.act(user()).await.0, 200);
}

#[tokio::test]
async fn rate_limited() {
    let bed = Bed::exact().await;
    bed.ws.scenario("rate-limited").with("limit", 2).start().await.unwrap();
    assert_eq!((bed.act(user()).await.0, bed.act(user()).await.0), (200, 200));
    assert_eq!(verdict(&bed.act(user()).await), "429 bad_request/rate_limit_exceeded");
    assert_eq!(bed.tenant("other").get("/connections").await.0, 200, "its bucket is its own");
}

#[tokio::test]
async fn webhook_receiver_down() {
    let receiver = receiver(200).await;
    let bed = Bed::exact().await;
    bed.change_workspace(json!({"webhookUri": receiver.uri()})).await;
    bed.ws.scenario("webhook-receiver-down").with("minutes", 1).start().await.unwrap();
    bed.poke("github-dev", "loseCredentials").await;
    bed.ws.clock().advance(Duration::from_secs(50)).await.unwrap();
    assert!(receiver.received_requests().await.unwrap().is_empty());
    bed.ws.clock().advance(Duration::from_mins(5)).await.unwrap();
    assert_eq!(receiver.received_requests().await.unwrap().len(), 1);
    assert_eq!(bed.ws.webhooks().expect("connection.disconnected").attempts.last().unwrap().status, Some(200));
}

#[tokio::test]
async fn secret_rotated() {
    let bed = Bed::exact().await;
    let before = bed.demo();
    bed.ws.scenario("secret-rotated").with("acts", 1).start().await.unwrap();
    assert_eq!(bed.act(user()).await.0, 200);
    assert_eq!(before.get("/self").await.0, 401);
    assert_eq!(bed.demo().get("/self").await.0, 200, "a token that is signed with the new one");
}

#[tokio::test]
async fn a_scenario_of_ones_own_is_checked_and_played() {
    let bed = Bed::exact().await;
    let own = json!({
        "name": "mine", "parameters": {"after": 1},
        "steps": [{"after": {"acts": "{after}"}, "do": [{"fault": {"name": "gone", "fault": "markDefunct", "on": {"operation": "act"}}}]}]
    });
    assert_eq!(bed.control(Method::POST, "/scenarios", own).await.0, 200);
    assert_eq!(bed.control(Method::POST, "/scenarios/mine/start", Value::Null).await.0, 200);
    assert_eq!((bed.act(user()).await.0, bed.act(user()).await.0), (200, 400));

    for (wrong, says) in [
        (json!({"name": "x", "steps": [{"do": [{"break": {"connection": "*", "by": "hammer"}}]}]}), "hammer"),
        (json!({"name": "x", "steps": [{"do": [{"break": {"connection": "*", "by": "close"}}]}]}), "expireCredentials"),
        (json!({"name": "x", "steps": [{"at": {"clock": "soon"}}]}), "`soon` is no time"),
        (json!({"name": "x", "steps": [{"on": {"event": "connection.eaten"}}]}), "is no event"),
        (json!({"name": "x", "steps": [{"do": [{"fault": {"fault": "close", "nth": 0}}]}]}), "count from 1"),
    ] {
        let (status, body) = bed.control(Method::POST, "/scenarios", wrong).await;
        assert!(status == 400 && body["message"].as_str().unwrap().contains(says), "{says}: {body}");
    }
    let (status, body) = bed.control(Method::POST, "/scenarios/rate-limitet/start", Value::Null).await;
    assert!(status == 404 && body["message"].as_str().unwrap().contains("did you mean `rate-limited`"), "{body}");
    let listed = bed.control(Method::GET, "/scenarios", Value::Null).await.1;
    assert_eq!(listed["items"].as_array().unwrap().len(), 11);
}

#[tokio::test]
async fn a_scenario_of_ones_own_is_yaml_and_an_error_says_line_and_field() {
    let bed = Bed::exact().await;
    let send = async |text: &str| {
        let path = format!("/__mock/workspaces/{}/scenarios", bed.ws.key());
        let request = bed.nobody().request(Method::POST, &path).header("content-type", "application/yaml");
        answer(request.body(text.to_owned())).await
    };
    let good =
        "name: after-two\nsteps:\n  - after: {acts: 2}\n    do:\n      - fault: {on: {operation: act}, fault: close}\n";

    let added = send(good).await;
    bed.control(Method::POST, "/scenarios/after-two/start", Value::Null).await;
    let statuses = [bed.act(user()).await.0, bed.act(user()).await.0];
    let address = bed.mock.uri();
    let third = bed.demo().request(Method::POST, "/act").json(&json!({})).send().await;

    assert_eq!(verdict(&added), verdict(&(200, added.1.clone())), "{added:?}");
    assert_eq!(statuses, [200, 200]);
    assert!(third.is_err(), "{address} closes the third: {third:?}");
    for (text, line, says) in [
        ("name: x\nsteps:\n  - after: {actz: 2}\n", 3, "field `steps[0].after.actz`"),
        ("name: x\nsteps:\n  - do: []\n  - at: {clock: soon}\n", 4, "`soon` is no time"),
        ("name: x\nsteps:\n  - do:\n      - progress: {}\n      - fault: {fault: bang}\n", 5, "unknown variant `bang`"),
        ("name: x\nsteps:\n  - on: {event: connection.lost}\n", 3, "`connection.lost` is no event"),
        ("steps: []\n", 0, "field `name`"),
        ("name: [\n", 1, "field `name`"),
    ] {
        let (status, refused) = send(text).await;
        let why = refused["message"].as_str().unwrap();
        let (at, place) = match line {
            0 => (Value::Null, "the scenario: ".to_owned()),
            line => (json!(line), format!("the scenario:{line}: ")),
        };
        assert_eq!((status, &refused["data"]["line"]), (400, &at), "{text}: {refused}");
        assert!(why.starts_with(&place) && why.contains(says), "{text}: {why}");
    }
    let nowhere = "name: x\nsteps:\n  - do: [{fault: {on: {route: GET /nowhere}, fault: close}}]\n";
    let (status, refused) = send(nowhere).await;
    assert_eq!(status, 400);
    assert!(refused["message"].as_str().unwrap().contains("`GET /nowhere`, which is no route"), "{refused}");
}
