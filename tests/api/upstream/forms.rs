//! Forms to apps: sent as the content type says, and read as objects by stubs.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, message, verdict};

const URLENCODED: &str = "application/x-www-form-urlencoded";

/// A connection of `acme` to Stripe.
async fn stripe(bed: &Bed) -> crate::support::Api {
    let acme = bed.tenant("acme");
    let spec = json!({"integrationKey": "stripe", "input": {"apiKey": "sk_test_1"}});
    acme.ok(Method::POST, "/connect", spec).await;
    acme
}

fn customer(content_type: &str, body: &Value) -> Value {
    json!({
        "integrationKey": "stripe",
        "api": {"method": "POST", "path": "/v1/customers", "headers": {"Content-Type": content_type}, "body": body},
    })
}

#[tokio::test]
async fn an_object_is_sent_as_the_form_that_its_type_names() {
    let bed = Bed::start().await;
    let acme = stripe(&bed).await;
    let sent = json!({"email": "ada@example.com", "name": "Ada & Co", "metadata": {"plan": 3}, "tags": ["a", "b"]});
    let read = json!({"email": "ada@example.com", "name": "Ada & Co", "metadata": {"plan": "3"}, "tags": ["a", "b"]});
    for (content_type, text) in [
        (URLENCODED, json!("email=ada%40example.com&name=Ada+%26+Co&metadata%5Bplan%5D=3&tags%5B0%5D=a&tags%5B1%5D=b")),
        ("multipart/form-data", Value::Null),
    ] {
        let ran = acme.ok(Method::POST, "/act", customer(content_type, &sent)).await;

        assert_eq!(ran["output"]["email"], "ada@example.com", "{content_type}: {ran:#}");
        assert_eq!(ran["output"]["name"], "Ada & Co", "{content_type}: {ran:#}");
        let seen = bed.ws.upstream("stripe").requests().pop().unwrap();
        assert_eq!(seen.body, Some(read.clone()), "{content_type}");
        let log = format!("/action-run-logs/{}/details", ran["actionRunId"].as_str().unwrap());
        let log = acme.ok(Method::GET, &log, Value::Null).await;
        let request = &log["details"]["exchanges"][0]["request"];
        let shown = request["headers"]["content-type"].as_str().unwrap_or_default();
        assert!(shown.starts_with(content_type), "{log:#}");
        assert!(text.is_null() || request["body"] == text, "{log:#}");
    }
    // What is text already is sent as it is, and what cannot be a form is refused before it is sent.
    let as_text = acme.ok(Method::POST, "/act", customer(URLENCODED, &json!("email=b%40example.com"))).await;
    assert_eq!(as_text["output"]["email"], "b@example.com");
    let list = acme.post("/act", customer(URLENCODED, &json!(["a"]))).await;
    assert_eq!(verdict(&list), "400 bad_request/-");
    assert!(message(&list).contains("`api.body` is an object or text"), "{}", message(&list));
}

#[tokio::test]
async fn actions_and_snippets_send_forms_too() {
    let bed = Bed::start().await;
    let acme = stripe(&bed).await;
    let request = json!({
        "method": "POST", "path": "/v1/customers", "headers": {"content-type": URLENCODED},
        "body": {"email": {"$var": "$.input.email"}},
    });
    let action = json!({
        "key": "sign-up", "integrationKey": "stripe", "type": "api-request-to-external-app",
        "config": {"request": request},
    });
    bed.manager().ok(Method::POST, "/actions", action).await;
    let run = json!({"key": "sign-up", "integrationKey": "stripe", "input": {"email": "c@example.com"}});
    let code = "module.exports = ({ externalApiClient }) => externalApiClient.post('/v1/customers', \
                { email: 'd@example.com' }, { headers: { 'content-type': 'application/x-www-form-urlencoded' } })";

    let of_action = acme.ok(Method::POST, "/act", run).await;
    let of_snippet = acme.ok(Method::POST, "/act", json!({"integrationKey": "stripe", "code": code})).await;

    assert_eq!(of_action["output"]["email"], "c@example.com", "{of_action:#}");
    assert_eq!(of_snippet["output"]["email"], "d@example.com", "{of_snippet:#}");
}

#[tokio::test]
async fn stubs_match_and_answer_by_fields_of_a_form() {
    let bed = Bed::start().await;
    let acme = stripe(&bed).await;
    let spec = json!({
        "request": {"method": "POST", "path": "/v1/customers", "body": {"metadata": {"plan": "pro"}}},
        "respond": {"json": {"plan": {"$var": "$.body.metadata.plan"}, "file": {"$var": "$.body.logo.filename"}}},
    });
    assert_eq!(bed.control(Method::POST, "/upstreams/stripe/stubs", spec).await.0, 200);
    let form = "--b\r\ncontent-disposition: form-data; name=\"metadata[plan]\"\r\n\r\npro\r\n\
                --b\r\ncontent-disposition: form-data; name=\"logo\"; filename=\"a.png\"\r\n\r\nPNG\r\n--b--\r\n";

    let urlencoded = acme.ok(Method::POST, "/act", customer(URLENCODED, &json!({"metadata": {"plan": "pro"}}))).await;
    let uploaded = acme.ok(Method::POST, "/act", customer("multipart/form-data; boundary=b", &json!(form))).await;

    assert_eq!(urlencoded["output"], json!({"plan": "pro"}));
    assert_eq!(uploaded["output"], json!({"plan": "pro", "file": "a.png"}));
}
