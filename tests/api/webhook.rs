//! Webhooks to the app: which events, what they say, how often they are tried, where they may go.

use std::time::Duration;

use hmac::{Hmac, Mac as _};
use http::Method;
use membrane_mock::testing::DeliveryState;
use membrane_mock::testing::Progress;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use wiremock::{MockServer, ResponseTemplate};

use crate::support::receivers::{answering, answers, receiver};
use crate::support::{Api, Bed, GUARD, id, panic_of};

/// What a receiver was told, each as JSON.
async fn told(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.expect("a record");
    requests.iter().map(|request| request.body_json().expect("JSON")).collect()
}

impl Bed {
    async fn settle(&self) {
        self.ws.settle().await.unwrap();
    }

    async fn deliveries(&self) -> Vec<Value> {
        let (_, webhooks) = self.control(Method::GET, "/webhooks", Value::Null).await;
        webhooks["items"].as_array().expect("a list").clone()
    }

    /// A connection of the demo's tenant lives and dies: connected, lost, connected again, archived. Its id.
    async fn life_of_a_connection(&self) -> String {
        let chat = self.ws.tenant("demo-tenant").connect("slack").key("chat").ready().await.unwrap();
        self.settle().await;
        self.poke("chat", "loseCredentials").await;
        self.settle().await;
        let again = self.ws.tenant("demo-tenant").connect("slack").key("chat").ready().await.unwrap();
        assert_eq!(again.id(), chat.id());
        self.settle().await;
        self.demo().ok(Method::DELETE, "/connections/chat", Value::Null).await;
        self.settle().await;
        chat.id().to_owned()
    }
}

const LIFE: [&str; 4] =
    ["connection.created", "connection.disconnected", "connection.reconnected", "connection.deleted"];

fn types(told: &[Value]) -> Vec<&str> {
    told.iter().map(|payload| payload["eventType"].as_str().expect("a type")).collect()
}

#[tokio::test]
async fn the_life_of_a_connection_is_told_in_both_vocabularies() {
    let app = receiver(200).await;
    let bed = Bed::exact().await;
    bed.change_workspace(json!({"webhookUri": format!("{}/hook?of=us", app.uri())})).await;

    let chat = bed.life_of_a_connection().await;

    let payloads = told(&app).await;
    assert_eq!(types(&payloads), LIFE);
    for payload in &payloads {
        assert_eq!(payload["event"], payload["eventType"]);
        let (newer, older) = (&payload["data"]["connection"], &payload["data"]);
        for field in ["id", "key", "name", "integrationId", "integrationKey", "disconnected", "customerId"] {
            assert!(!newer[field].is_null(), "{field}: {payload:#}");
            assert_eq!(newer[field], older[field], "{field}");
        }
        assert_eq!((&newer["id"], &newer["integrationKey"]), (&json!(chat), &json!("slack")));
    }
    let lost: Vec<&Value> = payloads.iter().map(|payload| &payload["data"]["disconnected"]).collect();
    assert_eq!(lost[..3], [&json!(false), &json!(true), &json!(false)]);
    let requests = app.received_requests().await.unwrap();
    for request in &requests {
        assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/hook"));
        assert_eq!(request.url.query(), Some("of=us"));
        assert_eq!(request.headers["content-type"], "application/json");
        assert!(!request.headers.contains_key("x-signature"), "nobody has a secret to sign with");
        let text = String::from_utf8_lossy(&request.body);
        assert!(!text.contains("access_token") && !text.contains("credentials"), "{text}");
    }
}

#[tokio::test]
async fn only_what_happens_is_told() {
    let app = receiver(200).await;
    let bed = Bed::exact().await;
    bed.change_workspace(json!({"webhookUri": app.uri()})).await;
    let tenant = bed.ws.tenant("demo-tenant");

    let begun = tenant.connect("slack").key("chat").begin().await.unwrap();
    bed.settle().await;
    assert_eq!(types(&told(&app).await), Vec::<&str>::new(), "a user who has yet to act");
    begun.cancel().await.unwrap();
    bed.demo().ok(Method::PATCH, "/connections/github-dev", json!({"name": "Renamed"})).await;
    bed.demo().call(Method::POST, "/connections/github-dev/refresh", None).await;
    bed.settle().await;
    assert_eq!(types(&told(&app).await), Vec::<&str>::new(), "nothing came of it");

    bed.poke("github-dev", "loseCredentials").await;
    bed.settle().await;
    let again = tenant.connect("github").key("github-dev").begin().await.unwrap();
    again.cancel().await.unwrap();
    bed.settle().await;
    assert_eq!(types(&told(&app).await), ["connection.disconnected"], "and not once more");
    bed.demo().ok(Method::DELETE, "/connections/github-dev", Value::Null).await;
    bed.demo().delete("/connections/github-dev").await;
    bed.settle().await;
    assert_eq!(types(&told(&app).await), ["connection.disconnected", "connection.deleted"]);
}

#[tokio::test]
async fn a_connection_that_replaces_another_deletes_it() {
    let app = receiver(200).await;
    let bed = Bed::exact().await;
    let before = id(&bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await);
    bed.change_workspace(json!({"webhookUri": app.uri()})).await;

    let after = bed.ws.tenant("demo-tenant").connect("github").ready().await.unwrap();
    bed.settle().await;

    let payloads = told(&app).await;
    let mut happened: Vec<(&str, &str)> = types(&payloads)
        .into_iter()
        .zip(payloads.iter().map(|payload| payload["data"]["id"].as_str().expect("an id")))
        .collect();
    happened.sort_unstable();
    assert_eq!(happened, [("connection.created", after.id()), ("connection.deleted", before.as_str())]);
}

#[tokio::test]
async fn an_app_hears_what_it_wants_to_and_nothing_without_an_address() {
    let app = receiver(200).await;
    for (wanted, heard) in [
        (json!(["connection.deleted", "connection.created"]), vec![LIFE[0], LIFE[3]]),
        (json!(["connection.reconnected"]), vec![LIFE[2]]),
        (json!([]), vec![]),
        (Value::Null, LIFE.to_vec()),
    ] {
        app.reset().await;
        answers(&app, ResponseTemplate::new(200)).await;
        let bed = Bed::exact().await;
        bed.change_workspace(json!({"webhookUri": app.uri(), "enabledWebhookEvents": wanted})).await;
        bed.life_of_a_connection().await;
        assert_eq!(types(&told(&app).await), heard, "{wanted}");
    }
    app.reset().await;
    for address in [Value::Null, json!("")] {
        let bed = Bed::exact().await;
        bed.change_workspace(json!({"webhookUri": address})).await;
        bed.life_of_a_connection().await;
        assert!(bed.ws.webhooks().all().is_empty(), "{address}");
    }
    assert!(told(&app).await.is_empty());
}

#[tokio::test]
async fn a_webhook_is_signed_when_the_workspace_has_a_secret_for_it() {
    let app = receiver(200).await;
    let bed = Bed::exact().await;
    bed.ws.mock_settings(|mock| mock.webhook_secret = Some("a secret of the app".into())).await.unwrap();
    bed.change_workspace(json!({"webhookUri": app.uri()})).await;

    bed.life_of_a_connection().await;

    let requests = app.received_requests().await.unwrap();
    assert_eq!(requests.len(), 4);
    for request in requests {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"a secret of the app").unwrap();
        mac.update(&request.body);
        let expected = hex::encode(mac.finalize().into_bytes());
        assert_eq!(request.headers["x-signature"], expected.as_str());
    }
    let journal = bed.control(Method::GET, "/journal", Value::Null).await.1.to_string();
    assert!(!journal.contains("a secret of the app"));
}

#[tokio::test]
async fn a_receiver_that_is_down_is_tried_again_later_and_later_and_given_up() {
    let app = receiver(503).await;
    let bed = Bed::exact().await;
    bed.change_workspace(json!({"webhookUri": app.uri()})).await;
    bed.poke("github-dev", "loseCredentials").await;
    bed.settle().await;

    let at = |time: &str| json!(format!("2025-01-01T00:{time}.000Z"));
    for (next, wait) in
        [("00:01", 1), ("00:03", 2), ("00:07", 4), ("00:15", 8), ("00:31", 16), ("01:03", 32), ("02:07", 64)]
    {
        let delivery = bed.deliveries().await.remove(0);
        assert_eq!((&delivery["state"], &delivery["nextAttemptAt"]), (&json!("pending"), &at(next)));
        bed.advance_secs(wait).await;
    }

    let delivery = bed.deliveries().await.remove(0);
    assert_eq!((&delivery["state"], delivery.get("nextAttemptAt")), (&json!("failed"), None));
    let attempts = delivery["attempts"].as_array().unwrap();
    let tried: Vec<&Value> = attempts.iter().map(|attempt| &attempt["at"]).collect();
    let times = ["00:00", "00:01", "00:03", "00:07", "00:15", "00:31", "01:03", "02:07"].map(at);
    assert_eq!(tried, times.iter().collect::<Vec<_>>());
    assert!(attempts.iter().all(|attempt| attempt["status"] == 503), "{attempts:#?}");
    bed.advance_secs(24 * 3600).await;
    let payloads = told(&app).await;
    assert_eq!(payloads.len(), 8, "it is not tried any more");
    assert!(payloads.iter().all(|payload| *payload == payloads[0]), "each try says the same");
}

#[tokio::test]
async fn a_receiver_that_comes_back_is_told_once() {
    let app = receiver(500).await;
    let bed = Bed::exact().await;
    bed.change_workspace(json!({"webhookUri": app.uri()})).await;
    bed.poke("github-dev", "loseCredentials").await;
    bed.advance_secs(3).await;
    assert_eq!(told(&app).await.len(), 3);

    app.reset().await;
    answers(&app, ResponseTemplate::new(204)).await;
    bed.advance_secs(3600).await;

    assert_eq!(told(&app).await.len(), 1);
    let delivery = bed.ws.webhooks().expect("connection.disconnected");
    assert_eq!((delivery.state, delivery.attempts.len()), (DeliveryState::Delivered, 4));
    assert_eq!(delivery.attempts[3].status, Some(204));
    let told = panic_of(|| drop(bed.ws.webhooks().expect("connection.created"))).expect("there was none");
    assert!(told.contains("`connection.created`") && told.contains("connection.disconnected"), "{told}");
}

#[tokio::test]
async fn deliveries_are_listed_with_what_was_tried_and_when_the_next_try_is() {
    let app = receiver(500).await;
    let bed = Bed::exact().await;
    bed.change_workspace(json!({"webhookUri": app.uri()})).await;
    bed.poke("github-dev", "loseCredentials").await;
    bed.settle().await;

    let mut delivery = bed.deliveries().await.remove(0);

    let payload = delivery["payload"].take();
    assert_eq!(payload, told(&app).await[0]);
    let known = delivery.as_object_mut().unwrap();
    assert!(known.shift_remove("id").is_some_and(|id| id.is_string()));
    assert_eq!(
        delivery,
        json!({
            "eventType": "connection.disconnected",
            "url": app.uri(),
            "payload": null,
            "state": "pending",
            "attempts": [{"at": "2025-01-01T00:00:00.000Z", "status": 500}],
            "nextAttemptAt": "2025-01-01T00:00:01.000Z",
            "createdAt": "2025-01-01T00:00:00.000Z",
        })
    );
}

#[tokio::test]
async fn a_webhook_goes_to_loopback_and_named_hosts_only() {
    let bed = Bed::exact().await;
    let outward = answering(ResponseTemplate::new(307).insert_header("location", "http://192.0.2.1/hook")).await;

    for (address, why) in [
        ("http://192.0.2.1/hook".to_owned(), "egress to `192.0.2.1` is refused"),
        ("http://example.com/hook".to_owned(), "egress to `example.com` is refused"),
        ("http://[2001:db8::1]/hook".to_owned(), "is refused"),
        ("http://169.254.169.254/latest".to_owned(), "is refused"),
        (outward.uri(), "egress to `192.0.2.1` is refused"),
        (format!("{}/__mock/reset", bed.mock.uri()), "membrane-mock itself"),
    ] {
        bed.ws.reset().await.unwrap();
        bed.change_workspace(json!({"webhookUri": address})).await;
        bed.poke("github-dev", "loseCredentials").await;
        bed.settle().await;

        let delivery = bed.ws.webhooks().expect("connection.disconnected");
        assert_eq!(delivery.state, DeliveryState::Pending, "{address}");
        let error = delivery.attempts[0].error.clone().unwrap_or_default();
        assert!(error.contains(why), "{address}: {error}");
    }
}

#[tokio::test]
async fn an_address_that_nothing_can_call_is_refused() {
    let bed = Bed::exact().await;
    for field in ["webhookUri", "apiBaseUri"] {
        for address in [json!("ftp://127.0.0.1/hook"), json!("somewhere"), json!(7)] {
            let path = format!("/workspaces/{}", bed.ws.key());
            let (status, answer) = bed.manager().patch(&path, json!({field: address})).await;
            assert_eq!((status, &answer["data"]["field"]), (400, &json!(field)), "{address}: {answer}");
        }
    }
}

#[tokio::test]
async fn without_a_manual_clock_webhooks_go_out_by_themselves() {
    let app = receiver(200).await;
    let bed = Bed::start().await;
    bed.change_workspace(json!({"webhookUri": app.uri()})).await;

    bed.poke("github-dev", "loseCredentials").await;

    let told = async {
        loop {
            let payloads = told(&app).await;
            if !payloads.is_empty() {
                return payloads;
            }
            tokio::task::yield_now().await;
        }
    };
    let payloads = tokio::time::timeout(GUARD, told).await.expect("a webhook");
    assert_eq!(types(&payloads), ["connection.disconnected"]);
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_neither_its_workspace_nor_another() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bed = Bed::exact().await;
    let hook = format!("http://{}/hook", listener.local_addr().unwrap());
    bed.change_workspace(json!({"webhookUri": hook})).await;
    bed.poke("github-dev", "loseCredentials").await;
    // Held open, and never answered.
    let _held = tokio::time::timeout(GUARD, listener.accept()).await.expect("a try").unwrap();

    let other = bed.mock.fork().await.unwrap();
    other.progress(|progress| progress.connection_building = Progress::After(1_000)).await.unwrap();
    let there = Api::tenant_of(&other, "acme");
    let built = there.ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;
    assert_eq!(built["state"], "BUILDING");
    other.clock().advance(Duration::from_secs(1)).await.unwrap();
    let built = there.ok(Method::GET, &format!("/connections/{}", id(&built)), Value::Null).await;
    assert_eq!(built["state"], "CLIENT_ACTION_REQUIRED");

    let here = bed.demo();
    let again = here.ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;
    let done = async {
        let path = format!("/connections/{}", id(&again));
        while here.ok(Method::GET, &path, Value::Null).await["state"] == "BUILDING" {}
    };
    tokio::time::timeout(GUARD, done).await.expect("the worker goes on");
    assert_eq!(bed.deliveries().await[0]["state"], "pending");
}

#[tokio::test]
async fn webhooks_are_of_their_workspace_and_gone_after_a_reset() {
    let app = receiver(500).await;
    let bed = Bed::exact().await;
    bed.change_workspace(json!({"webhookUri": app.uri()})).await;
    bed.poke("github-dev", "loseCredentials").await;
    bed.settle().await;
    let other = bed.mock.fork().await.unwrap();

    assert!(other.webhooks().all().is_empty());
    bed.ws.reset().await.unwrap();
    bed.advance_secs(3600).await;

    assert!(bed.deliveries().await.is_empty());
    assert_eq!(told(&app).await.len(), 1, "nothing is tried any more");
    bed.poke("github-dev", "loseCredentials").await;
    bed.settle().await;
    assert_eq!(told(&app).await.len(), 1, "and the address is the seed's again");
}
