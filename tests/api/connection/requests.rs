//! Connection requests, and the options that one has to connect.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, message};

#[tokio::test]
async fn a_request_is_pending_then_succeeds_with_its_connection() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let body = json!({"connectorKey": "slack", "connectionKey": "chat", "redirectUri": "http://app.test/done?a=1"});

    let made = acme.ok(Method::POST, "/connection-requests", body).await;
    let path = format!("/connection-requests/{}", made["requestId"].as_str().unwrap());
    let page = made["url"].as_str().unwrap();
    let to_vendor = bed.press(page, &[("action", "connect")]).await;
    let back = bed.press(&to_vendor, &[("action", "allow"), ("account", "mia")]).await;
    let answered = bed.nobody().request(Method::GET, &back).send().await.unwrap();
    let done = acme.ok(Method::GET, &path, Value::Null).await;
    let patched = acme.ok(Method::PATCH, &path, json!({})).await;

    assert_eq!((&made["status"], made.get("resultConnectionId")), (&json!("pending"), None));
    assert_eq!(made["tenantId"], acme.ok(Method::GET, "/self", Value::Null).await["id"]);
    assert_eq!(answered.status(), 303);
    let connection = done["resultConnectionId"].as_str().unwrap();
    assert_eq!(
        answered.headers()["location"].to_str().unwrap(),
        format!("http://app.test/done?a=1&connectionId={connection}")
    );
    assert_eq!((&done["status"], &patched["status"]), (&json!("success"), &json!("success")));
    assert_eq!(acme.ok(Method::GET, "/connections/chat", Value::Null).await["id"], connection);
}

#[tokio::test]
async fn a_request_can_be_cancelled_or_fail() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let cancelled = acme.ok(Method::POST, "/connection-requests", json!({"connectorKey": "slack"})).await;
    bed.submit(cancelled["url"].as_str().unwrap(), &[("action", "cancel")]).await;
    bed.control(Method::PUT, "/progress", json!({"connection.building": {"fail": {"state": "SETUP_FAILED"}}})).await;
    let failed = acme.ok(Method::POST, "/connection-requests", json!({"intent": "Frobnicator"})).await;
    bed.ws.settle().await.unwrap();

    let status = async |made: &Value| {
        let path = format!("/connection-requests/{}", made["requestId"].as_str().unwrap());
        acme.ok(Method::GET, &path, Value::Null).await
    };

    assert_eq!(status(&cancelled).await["status"], "cancelled");
    let failed = status(&failed).await;
    assert_eq!(failed["status"], "error");
    assert!(!failed["resultError"].is_null(), "{failed:#}");
}

#[tokio::test]
async fn a_request_names_at_least_one_thing() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    for body in [json!({}), json!({"name": "x"}), json!({"connectorKey": "slack", "redirectUri": "not an address"})] {
        let answer = acme.post("/connection-requests", body.clone()).await;

        assert_eq!(answer.0, 400, "{body}");
        assert!(!message(&answer).is_empty());
    }
    assert_eq!(acme.get("/connection-requests/nope").await.0, 404);
}

#[tokio::test]
async fn connection_options_are_a_bare_list_under_both_addresses() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    let oauth = acme.ok(Method::POST, "/connection-options", json!({"integrationKey": "slack"})).await;
    let key = acme.ok(Method::POST, "/connectors/stripe/generate-options", json!({})).await;
    let own = bed.demo().ok(Method::POST, "/connection-options", json!({"connectionId": "github-dev"})).await;
    let none = acme.post("/connection-options", json!({})).await;

    assert_eq!(oauth[0]["type"], "oauth2");
    assert_eq!(oauth[0]["oAuthCallbackUri"], format!("{}/oauth-callback", bed.mock.uri()));
    assert_eq!(key[0]["type"], "client-credentials");
    assert_eq!(key[0]["inputSchema"]["required"], json!(["apiKey"]));
    assert_eq!(own[0]["type"], "oauth2");
    assert_eq!(none.0, 400);
}

#[tokio::test]
async fn a_requests_page_that_could_be_of_two_workspaces_is_neithers() {
    let bed = Bed::start().await;
    let made = bed.tenant("acme").ok(Method::POST, "/connection-requests", json!({"connectorKey": "slack"})).await;
    let page = format!("/screens/connections?connectionRequestId={}", made["requestId"].as_str().unwrap());

    let to = bed.nobody().request(Method::GET, &page).send().await.unwrap();
    assert_eq!(
        (to.status().as_u16(), to.headers()["location"].to_str().unwrap()),
        (303, made["url"].as_str().unwrap())
    );

    bed.nobody().ok(Method::POST, "/__mock/workspaces", json!({"from": bed.ws.key()})).await;
    let (status, text) = bed.nobody().get(&page).await;
    assert_eq!(status, 400);
    assert!(text.as_str().unwrap().contains("Several workspaces have this request"), "{text}");
}
