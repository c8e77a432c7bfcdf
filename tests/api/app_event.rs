//! Events of the user's own app: taken in without a token, noted, and the flows that they launch.

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};

use crate::support::{Bed, message, verdict};

const TYPE: &str = "/app-event-types/company-created";

/// An event type whose events say whose they are, and a flow of the demo's connection that waits for it.
async fn prepared(bed: &Bed) -> String {
    let manager = bed.manager();
    let by_customer = json!({"$var": "customerId"});
    let event_type = json!({"key": "company-created", "name": "Company created", "tenantIdFormula": by_customer,
        "schema": {"type": "object", "title": "Company"}});
    manager.ok(Method::POST, "/app-event-types", event_type).await;
    let nodes = json!({"start": {"type": "app-event-trigger", "config": {"appEventType": {"key": "company-created"}},
        "links": [{"key": "tell"}]}, "tell": {"type": "api-request-to-external-app", "config": {"request": {
        "method": "POST", "path": "/companies", "body": {"name": {"$var": "$.input.record.name"}}}}}});
    manager.ok(Method::POST, "/integrations/github/flows", json!({"key": "told", "nodes": nodes})).await;
    bed.ws.upstream("github").stub(Stub::post("/companies").json(200, json!({}))).await.unwrap();
    bed.demo().ok(Method::PUT, "/connections/github-dev/flows/told", Value::Null).await;
    manager.ok(Method::GET, TYPE, Value::Null).await["webhookKey"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_event_launches_the_flows_of_its_tenant() {
    let bed = Bed::start().await;
    let key = prepared(&bed).await;
    let demo = bed.demo();
    let event = json!({"customerId": "demo-tenant", "record": {"name": "Acme"}});

    let taken = bed.nobody().ok(Method::POST, &format!("/webhooks/app-events/{key}"), event.clone()).await;
    bed.ws.settle().await.unwrap();

    let run = taken["launchedFlowRunIds"][0].as_str().unwrap();
    let run = demo.ok(Method::GET, &format!("/flow-runs/{run}"), Value::Null).await;
    assert_eq!((&run["state"], &run["launchedBy"]["type"]), (&json!("completed"), &json!("app-event-trigger")));
    let sent = bed.ws.upstream("github").requests().pop().unwrap();
    assert_eq!(sent.body, Some(json!({"name": "Acme"})));
    let noted = demo.items("/app-events").await;
    assert_eq!((noted.len(), &noted[0]["event"]), (1, &event));
    assert_eq!(noted[0]["launchedFlowRunIds"], taken["launchedFlowRunIds"]);
    let one = format!("/app-events/{}", taken["id"].as_str().unwrap());
    assert_eq!(demo.ok(Method::GET, &one, Value::Null).await["appEventType"]["key"], "company-created");
    assert_eq!(bed.tenant("other").get(&one).await.0, 404);
    assert!(bed.tenant("other").items("/app-events").await.is_empty());
}

#[tokio::test]
async fn a_subscription_has_an_address_of_its_own_and_tells_the_app() {
    let bed = Bed::start().await;
    prepared(&bed).await;
    let demo = bed.demo();
    let at = "/app-event-subscription?appEventTypeKey=company-created&autoCreate=true";

    let own = demo.ok(Method::GET, at, Value::Null).await;
    assert_eq!((&own["isSubscribed"], &own["subscriptionRequest"]), (&json!(false), &json!({"uri": ""})));
    let told = demo.ok(Method::POST, &at.replace('?', "/subscribe?"), Value::Null).await;
    assert_eq!(told["isSubscribed"], true);
    let path = own["webhookUri"].as_str().unwrap().split_once("/webhooks").unwrap().1;
    let taken = bed.nobody().ok(Method::POST, &format!("/webhooks{path}"), json!({"record": {"name": "B"}})).await;
    assert_eq!(taken["launchedFlowRunIds"].as_array().unwrap().len(), 1);
    assert_eq!(demo.items("/app-events").await[0]["appEventSubscriptionId"], own["id"]);
    let schema = demo.ok(Method::GET, &at.replace('?', "/schema?"), Value::Null).await;
    assert_eq!(schema["title"], "Company");
}

#[tokio::test]
async fn an_event_that_cannot_be_taken_says_why() {
    let bed = Bed::start().await;
    let key = prepared(&bed).await;
    let at = format!("/webhooks/app-events/{key}");
    for (path, event, is, says) in [
        ("/webhooks/app-events/x", json!({}), "404 bad_request/not_found", "no app event type"),
        (at.as_str(), json!({}), "400 bad_request/-", "names no tenant"),
        (at.as_str(), json!({"customerId": "nobody"}), "404 bad_request/not_found", "`nobody`"),
    ] {
        let refused = bed.nobody().post(path, event).await;
        assert_eq!(verdict(&refused), is, "{refused:?}");
        assert!(message(&refused).contains(says), "{}", message(&refused));
    }
    bed.manager().ok(Method::DELETE, TYPE, Value::Null).await;
    let archived = bed.nobody().post(&at, json!({"customerId": "demo-tenant"})).await;
    assert!(archived.0 == 404 && message(&archived).contains("archived"), "{archived:?}");
    assert!(bed.demo().items("/app-events").await.is_empty());
}
