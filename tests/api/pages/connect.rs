//! The page behind `clientAction.uiUrl`.

use http::Method;
use serde_json::{Value, json};

use crate::support::pages::page_of;
use crate::support::{Answer, Bed, id};

impl Bed {
    /// Goes from the connect page to the vendor, presses a button there, and comes back as a browser does.
    async fn at_vendor(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let to_vendor = self.press(page, &[("action", "connect")]).await;
        let back = self.press(&to_vendor, fields).await;
        self.nobody().get(&back).await
    }
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
    assert_eq!(acme.state(&id(&begun)).await, "READY");
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
    assert_eq!(demo.state(&id(&again)).await, "DISCONNECTED");
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
    let still = acme.state(&id(&begun)).await;
    let (right_status, _) = bed.submit(&page, &[("action", "connect"), ("apiKey", "sk_test_1")]).await;

    let form = form.as_str().unwrap();
    assert!(form.contains("name=\"apiKey\"") && form.contains("Secret key"), "{form}");
    assert!(form.contains("type=\"password\""), "a secret is not shown while it is typed: {form}");
    assert_eq!(wrong_status, 400);
    assert!(wrong.as_str().unwrap().contains("apiKey"), "it says what is wrong: {wrong}");
    assert_eq!(still, "CLIENT_ACTION_REQUIRED");
    assert_eq!(right_status, 200);
    assert_eq!(acme.state(&id(&begun)).await, "READY");
}

/// A shop's connector: its vendor has an address for each shop, so its users say which.
async fn with_shops(bed: &Bed) {
    let schema = json!({
        "type": "object", "required": ["shop"],
        "properties": {
            "shop": {"type": "string", "title": "Shop", "minLength": 3},
            "pin": {"type": "string", "title": "PIN", "isSensitive": true},
        },
    });
    let connector = json!({"key": "shops", "name": "Shops", "type": "oauth2", "inputSchema": schema});
    bed.manager().ok(Method::POST, "/connectors", connector).await;
}

#[tokio::test]
async fn what_an_oauth_connector_asks_for_is_asked_before_the_vendor_is() {
    let bed = Bed::start().await;
    with_shops(&bed).await;
    let acme = bed.tenant("acme");
    let begun = acme.ok(Method::POST, "/connect", json!({"connectorKey": "shops"})).await;
    let page = page_of(&begun);

    let form = bed.nobody().get(&page).await.1;
    let (missing, says) = bed.submit(&page, &[("action", "connect")]).await;
    let (short, says_too) = bed.submit(&page, &[("action", "connect"), ("shop", "ab")]).await;
    let kept = acme.state(&id(&begun)).await;
    let fields = [("action", "connect"), ("shop", "hats"), ("pin", "1234")];
    let to_vendor = bed.press(&page, &fields).await;
    let back = bed.press(&to_vendor, &[("action", "allow")]).await;
    let (done, _) = bed.nobody().get(&back).await;

    let form = form.as_str().unwrap();
    assert!(form.contains("name=\"shop\"") && form.contains("Shop</label>"), "{form}");
    assert_eq!((missing, short), (400, 400));
    assert!(says.to_string().contains("shop"), "{says}");
    assert!(says_too.to_string().contains("value=\\\"ab\\\""), "what was typed is still there: {says_too}");
    assert_eq!(kept, "CLIENT_ACTION_REQUIRED");
    assert_eq!(done, 200);
    let made = acme.ok(Method::GET, &format!("/connections/{}?includeSecrets=1", id(&begun)), Value::Null).await;
    assert_eq!(made["state"], "READY");
    assert_eq!(made["input"], json!({"shop": "hats", "pin": "1234"}));
    assert!(made["credentials"]["access_token"].is_string(), "the consent of the vendor is what counts: {made}");
}

#[tokio::test]
async fn what_the_app_knows_stands_in_the_form_already_and_a_secret_does_not() {
    let bed = Bed::start().await;
    with_shops(&bed).await;
    let acme = bed.tenant("acme");
    let given = json!({"connectorKey": "shops", "input": {"shop": "hats", "pin": "1234"}});
    let begun = acme.ok(Method::POST, "/connect", given).await;
    let page = page_of(&begun);

    let form = bed.nobody().get(&page).await.1;
    let to_vendor = bed.press(&page, &[("action", "connect"), ("shop", "shoes")]).await;
    let back = bed.press(&to_vendor, &[("action", "allow")]).await;
    bed.nobody().get(&back).await;

    let form = form.as_str().unwrap();
    assert!(form.contains("value=\"hats\"") && !form.contains("1234"), "{form}");
    let made = acme.ok(Method::GET, &format!("/connections/{}?includeSecrets=1", id(&begun)), Value::Null).await;
    assert_eq!((&made["state"], &made["input"]), (&json!("READY"), &json!({"shop": "shoes", "pin": "1234"})));
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
