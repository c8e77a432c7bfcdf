//! The page behind `clientAction.uiUrl`, and connection requests.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Bed, answer, id, message};

impl Bed {
    /// Posts the page's form as a browser does.
    async fn submit(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        answer(self.form(page, fields)).await
    }

    /// Goes from the connect page to the vendor, presses a button there, and comes back as a browser does.
    async fn at_vendor(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let to_vendor = self.press(page, &[("action", "connect")]).await;
        let back = self.press(&to_vendor, fields).await;
        self.nobody().get(&back).await
    }
}

fn page_of(connection: &Value) -> String {
    connection["clientAction"]["uiUrl"].as_str().expect("a page").to_owned()
}

async fn state(api: &Api, connection: &Value) -> Value {
    api.ok(Method::GET, &format!("/connections/{}", id(connection)), Value::Null).await["state"].clone()
}

#[tokio::test]
async fn an_oauth_page_has_a_connect_and_a_cancel_button() {
    let bed = Bed::start().await;
    let begun = bed.tenant("acme").ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;

    let (status, page) = bed.nobody().get(&page_of(&begun)).await;

    let page = page.as_str().expect("a page").to_owned();
    assert_eq!(status, 200);
    for piece in ["Slack", "acme", "value=\"connect\"", "value=\"cancel\"", "channels:read"] {
        assert!(page.contains(piece), "{piece} is not on {page}");
    }
    assert!(!page.contains("http://") || page.contains(bed.mock.uri()), "nothing is loaded from elsewhere");
}

#[tokio::test]
async fn pressing_connect_makes_it_ready_and_closes_the_page() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let begun = acme.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;
    let page = page_of(&begun);

    let (status, done) = bed.at_vendor(&page, &[("action", "allow"), ("account", "mia")]).await;

    assert_eq!(status, 200);
    assert!(done.as_str().unwrap().contains("connected"), "{done}");
    assert_eq!(state(&acme, &begun).await, "READY");
    assert_eq!(bed.nobody().get(&page).await.0, 404, "a ticket is good for one attempt");
    assert_eq!(bed.submit(&page, &[("action", "connect")]).await.0, 404);
    let tokens = bed.control(Method::GET, "/upstreams/slack/tokens", Value::Null).await.1;
    assert_eq!(tokens["items"][0]["account"], "mia");
}

#[tokio::test]
async fn pressing_cancel_on_a_reconnect_leaves_it_as_it_was() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    bed.poke("github-dev", "loseCredentials").await;
    let again = demo.ok(Method::POST, "/connections/github-dev/reconnect", json!({})).await;

    let (status, _) = bed.submit(&page_of(&again), &[("action", "cancel")]).await;

    assert_eq!(status, 200);
    assert_eq!(state(&demo, &again).await, "DISCONNECTED");
}

#[tokio::test]
async fn each_attempt_has_a_page_of_its_own() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    let first = demo.ok(Method::POST, "/connections/github-dev/reconnect", json!({})).await;
    bed.poke("github-dev", "cancel").await;
    let second = demo.ok(Method::POST, "/connections/github-dev/reconnect", json!({})).await;

    assert_ne!(page_of(&first), page_of(&second));
    assert_eq!(bed.nobody().get(&page_of(&first)).await.0, 404);
    assert_eq!(bed.nobody().get(&page_of(&second)).await.0, 200);
}

#[tokio::test]
async fn a_key_auth_page_is_a_form_from_the_connectors_schema() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let begun = acme.ok(Method::POST, "/connect", json!({"connectorKey": "stripe"})).await;
    let page = page_of(&begun);

    let (_, form) = bed.nobody().get(&page).await;
    let (wrong_status, wrong) = bed.submit(&page, &[("action", "connect"), ("apiKey", "")]).await;
    let still = state(&acme, &begun).await;
    let (right_status, _) = bed.submit(&page, &[("action", "connect"), ("apiKey", "sk_test_1")]).await;

    let form = form.as_str().unwrap();
    assert!(form.contains("name=\"apiKey\"") && form.contains("Secret key"), "{form}");
    assert!(form.contains("type=\"password\""), "a secret is not shown while it is typed: {form}");
    assert_eq!(wrong_status, 400);
    assert!(wrong.as_str().unwrap().contains("apiKey"), "it says what is wrong: {wrong}");
    assert_eq!(still, "CLIENT_ACTION_REQUIRED");
    assert_eq!(right_status, 200);
    assert_eq!(state(&acme, &begun).await, "READY");
}

#[tokio::test]
async fn input_in_the_connect_call_needs_no_page() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    let right = acme.ok(Method::POST, "/connect", json!({"connectorKey": "stripe", "input": {"apiKey": "sk"}})).await;
    let wrong = acme.post("/connect", json!({"connectorKey": "postmark", "input": {"apiKey": "sk"}})).await;

    assert_eq!(right["state"], "READY");
    assert_eq!(wrong.0, 400);
    assert!(wrong.1.to_string().contains("serverToken"), "{wrong:?}");
}

#[tokio::test]
async fn what_a_user_types_is_not_markup() {
    let bed = Bed::start().await;
    let acme = bed.tenant("<b>acme</b>");
    let begun = acme.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;

    let (_, page) = bed.nobody().get(&page_of(&begun)).await;

    assert!(!page.as_str().unwrap().contains("<b>acme</b>"), "{page}");
}

#[tokio::test]
async fn a_ticket_that_fits_nothing_is_404() {
    let bed = Bed::start().await;

    for ticket in ["x", "AAAA", "bWVtYnJhbmUtbW9jay1kZW1vL3gveQ"] {
        assert_eq!(bed.nobody().get(&format!("/connect/{ticket}")).await.0, 404, "{ticket}");
        assert_eq!(bed.submit(&format!("/connect/{ticket}"), &[("action", "connect")]).await.0, 404, "{ticket}");
    }
}

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
    assert!(text.as_str().unwrap().contains("several workspaces have this request"), "{text}");
}
