//! Attempts to connect, driven without a browser: by control and by Rust; and the log of how they went.

use http::Method;
use membrane_mock::testing::ConnectionState;
use serde_json::{Value, json};

use crate::support::pages::page_of;
use crate::support::{Answer, Api, Bed, answer, id, message, next_event, user};

/// What the user of a waiting connection does: `complete`, `cancel` or `fail`.
async fn drive(bed: &Bed, connection: &str, verb: &str, body: Value) -> Answer {
    bed.control(Method::POST, &format!("/connections/{connection}/{verb}"), body).await
}

/// Who consented at a connector's vendor, first to last.
async fn accounts(bed: &Bed, connector: &str) -> Vec<String> {
    let (_, tokens) = bed.control(Method::GET, &format!("/upstreams/{connector}/tokens"), Value::Null).await;
    let granted = tokens["items"].as_array().expect("a list").iter();
    granted.map(|grant| grant["account"].as_str().unwrap().to_owned()).collect()
}

/// How attempts went, newest first: `success`, or `error` and why.
async fn logged(api: &Api, query: &str) -> Vec<String> {
    let logs = api.items(&format!("/connection-attempt-logs{query}")).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = |log: &Value| format!("{} {}", text(&log["status"]), text(&log["error"]["message"]));
    logs.iter().map(|log| told(log).trim().to_owned()).collect()
}

#[tokio::test]
async fn a_user_at_the_vendor_is_one_call() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let gmail = id(&acme.connect(json!({"connectorKey": "gmail"})).await);

    let (status, done) = drive(&bed, &gmail, "complete", json!({"account": "ann@example.com"})).await;

    assert_eq!((status, &done["id"], &done["state"]), (200, &json!(gmail), &json!("READY")), "{done}");
    assert!(done.get("credentials").is_none(), "control shows no credentials either: {done}");
    assert_eq!(accounts(&bed, "gmail").await, ["ann@example.com"]);
    assert_eq!(bed.vendor_requests("gmail").await, ["/oauth/token?grant_type=authorization_code"]);
    let profile = json!({"api": {"method": "GET", "path": "/gmail/v1/users/me/profile"}, "connectionKey": "gmail"});
    assert_eq!(acme.post("/act", profile).await.0, 200);
}

#[tokio::test]
async fn who_is_not_named_is_the_vendors_usual_user() {
    let bed = Bed::start().await;
    let slack = id(&bed.tenant("acme").connect(json!({"connectorKey": "slack"})).await);

    let (status, done) = drive(&bed, &slack, "complete", Value::Null).await;

    assert_eq!((status, &done["state"]), (200, &json!("READY")), "{done}");
    assert_eq!(accounts(&bed, "slack").await, ["demo@example.com"]);
}

#[tokio::test]
async fn a_form_is_filled_in_as_its_page_would_have_it() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let stripe = id(&acme.connect(json!({"connectorKey": "stripe"})).await);

    let wrong = drive(&bed, &stripe, "complete", json!({"input": {"apiKey": ""}})).await;
    let still = acme.connection_with_secrets(&stripe).await;
    let right = drive(&bed, &stripe, "complete", json!({"input": {"apiKey": "sk_test_1"}})).await;

    assert_eq!(wrong.0, 400);
    assert!(message(&wrong).contains("apiKey"), "{wrong:?}");
    assert_eq!(still["state"], "CLIENT_ACTION_REQUIRED");
    assert_eq!((right.0, &right.1["state"]), (200, &json!("READY")), "{right:?}");
    assert_eq!(acme.connection_with_secrets(&stripe).await["credentials"], json!({"apiKey": "sk_test_1"}));
}

#[tokio::test]
async fn what_does_not_wait_for_its_user_cannot_be_driven() {
    let bed = Bed::start().await;
    bed.progress("connection.building", json!("hold")).await;
    let building = id(&bed.demo().connect(json!({"intent": "Frobnicator"})).await);

    for verb in ["complete", "cancel", "fail"] {
        let ready = drive(&bed, "github-dev", verb, Value::Null).await;
        let built = drive(&bed, &building, verb, Value::Null).await;
        let missing = drive(&bed, "nope", verb, Value::Null).await;
        assert_eq!((ready.0, built.0, missing.0), (400, 400, 404), "{verb}: {ready:?} {built:?} {missing:?}");
    }
    let ready = drive(&bed, "github-dev", "complete", Value::Null).await;
    let mistyped = drive(&bed, "github-dev", "complete", json!({"acount": "ann"})).await;

    assert!(message(&ready).contains("connect it again"), "{ready:?}");
    assert!(mistyped.0 == 400 && message(&mistyped).contains("acount"), "{mistyped:?}");
    assert_eq!(bed.demo().connection_with_secrets("github-dev").await["state"], "READY");
    assert_eq!(bed.demo().connection_with_secrets(&building).await["state"], "BUILDING");
}

#[tokio::test]
async fn giving_up_returns_to_the_former_state() {
    for (lost, former) in [(true, "DISCONNECTED"), (false, "READY")] {
        for verb in ["cancel", "fail"] {
            let bed = Bed::start().await;
            if lost {
                bed.poke("github-dev", "loseCredentials").await;
            }
            let github = id(&bed.demo().connect(json!({"connectionKey": "github-dev"})).await);

            let (status, left) = drive(&bed, &github, verb, Value::Null).await;

            assert_eq!((status, &left["state"]), (200, &json!(former)), "{verb}: {left}");
            let user = user();
            assert_eq!(bed.demo().post("/act", user).await.0, if lost { 400 } else { 200 }, "{verb}");
            assert_eq!(accounts(&bed, "github").await.len(), 1, "{verb}: nothing was granted");
        }
    }
}

#[tokio::test]
async fn a_cancelled_first_attempt_of_a_page_leaves_nothing_but_its_log() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let token = bed.ws.tenant("acme").token();
    let page = answer(bed.form("/screens/connect", &[("token", &token), ("connectorKey", "slack")])).await;
    let slack = id(&acme.items("/connections").await[0]);

    let cancelled = drive(&bed, &slack, "cancel", Value::Null).await;

    assert_eq!((page.0, cancelled), (200, (204, Value::Null)));
    assert_eq!(acme.get(&format!("/connections/{slack}")).await.0, 404);
    let log = logged(&acme, &format!("?connectionId={slack}")).await;
    assert_eq!(log, ["error the user cancelled: nothing was connected"]);
}

#[tokio::test]
async fn whoever_listens_to_an_attempt_is_told_how_it_ended() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let spec = json!({"connectorKey": "slack", "connectionKey": "chat", "requestId": "r1"});
    let mut stream = acme.request(Method::GET, "/sse/connection-events/r1").send().await.unwrap();

    let mut heard = Vec::new();
    for verb in ["fail", "cancel", "complete"] {
        let chat = id(&acme.connect(spec.clone()).await);
        assert_eq!(drive(&bed, &chat, verb, Value::Null).await.0, 200, "{verb}");
        heard.push(next_event(&mut stream).await);
    }

    let types: Vec<&Value> = heard.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["newConnectionFailure", "newConnectionFailure", "newConnectionCreated"]);
    assert!(heard.iter().all(|event| event["requestId"] == "r1" && event["source"] == "integration.app"), "{heard:#?}");
    assert_eq!(heard[0]["error"], "Slack said: access_denied. Nothing was connected.");
    assert_eq!((&heard[0]["cancelled"], &heard[1]["cancelled"]), (&json!(false), &json!(true)));
    assert_eq!(heard[2]["connection"]["state"], "READY");
}

#[tokio::test]
async fn another_account_on_reconnect_keeps_the_id_and_is_seen() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let first = id(&acme.connect(json!({"connectorKey": "gmail"})).await);
    drive(&bed, &first, "complete", json!({"account": "ann@example.com"})).await;

    let again = id(&acme.connect(json!({"connectionId": first})).await);
    let (_, done) = drive(&bed, &again, "complete", json!({"account": "bob@example.com"})).await;

    assert_eq!((&again, &done["id"], &done["state"]), (&first, &json!(first), &json!("READY")));
    assert_eq!(accounts(&bed, "gmail").await, ["ann@example.com", "bob@example.com"]);
    let token = bed.ws.tenant("acme").token();
    let (_, page) = answer(bed.form("/screens/connection", &[("token", &token), ("connectionId", &first)])).await;
    let page = page.as_str().unwrap();
    assert!(page.contains("bob@example.com") && !page.contains("ann@example.com"), "{page}");
}

#[tokio::test]
async fn a_test_in_rust_does_the_same() {
    let bed = Bed::start().await;
    let acme = bed.ws.tenant("acme");

    let gmail = acme.connect("gmail").key("mail").account("ann@example.com").complete().await.unwrap();
    let ann = gmail.account();
    let stripe = acme.connect("stripe").input(json!({"apiKey": "sk_test_1"})).complete().await.unwrap();
    let cancelled = acme.connect("slack").key("one").cancel().await.unwrap();
    let denied = acme.connect("slack").key("two").fail("access_denied").await.unwrap();
    let mistyped = acme.connect("stripe").key("other").input(json!({"apiKey": ""})).complete().await.unwrap_err();

    assert_eq!((gmail.state(), ann), (ConnectionState::Ready, Some("ann@example.com".to_owned())));
    assert_eq!(bed.vendor_requests("gmail").await, ["/oauth/token?grant_type=authorization_code"]);
    assert_eq!((stripe.state(), stripe.account()), (ConnectionState::Ready, None));
    assert_eq!((cancelled.state(), cancelled.account()), (ConnectionState::ClientActionRequired, None));
    assert_eq!((denied.state(), denied.account()), (ConnectionState::ClientActionRequired, None));
    assert!(mistyped.to_string().contains("apiKey"), "{mistyped}");

    let kept = acme.connect("gmail").key("mail").cancel().await.unwrap();
    assert_eq!((kept.id(), kept.state(), kept.account()), (gmail.id(), ConnectionState::Ready, gmail.account()));
    let bob = acme.connect("gmail").key("mail").account("bob@example.com").complete().await.unwrap();
    assert_eq!((bob.id(), bob.account()), (gmail.id(), Some("bob@example.com".to_owned())));
}

#[tokio::test]
async fn the_log_tells_how_each_attempt_went_newest_first() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let slack = id(&acme.connect(json!({"connectorKey": "slack"})).await);
    drive(&bed, &slack, "fail", json!({"error": "server_error"})).await;
    let gmail = id(&acme.connect(json!({"connectorKey": "gmail"})).await);
    drive(&bed, &gmail, "complete", Value::Null).await;
    let notion = id(&acme.connect(json!({"connectorKey": "notion"})).await);
    drive(&bed, &notion, "cancel", Value::Null).await;
    let connected = acme.connection_with_secrets(&gmail).await;

    let all = logged(&acme, "").await;
    let list = acme.items("/connection-attempt-logs?status=success").await;
    let log = &list[0];

    assert_eq!(
        all[..3],
        [
            "error the user cancelled: nothing was connected",
            "success",
            "error Slack said: server_error. Nothing was connected.",
        ]
    );
    assert_eq!(list.len(), 1);
    for field in ["integrationId", "connectorId", "externalAppId", "tenantId", "userId"] {
        assert_eq!(log[field], connected[field], "{field} of {log:#}");
    }
    assert!(log["connectionId"] == connected["id"] && log["createdAt"].is_string(), "{log:#}");
    assert_eq!(acme.ok(Method::GET, &format!("/connection-attempt-logs/{}", id(log)), Value::Null).await, *log);

    let integration = log["integrationId"].as_str().unwrap();
    assert_eq!(logged(&acme, &format!("?integrationId={integration}")).await, ["success"]);
    assert_eq!(logged(&acme, &format!("?connectionId={gmail}")).await, ["success"]);
    assert_eq!(logged(&acme, &format!("?connectionId={gmail}&status=error")).await, Vec::<String>::new());
    let errors = acme.each("/connection-attempt-logs?status=error", "status").await;
    assert!(errors.len() == all.len() - 1 && errors.iter().all(|status| status == "error"), "{errors:?}");
    let wrong = acme.get("/connection-attempt-logs?status=cancelled").await;
    assert!(wrong.0 == 400 && message(&wrong).contains("success or error"), "{wrong:?}");

    let page = acme.ok(Method::GET, "/connection-attempt-logs?limit=1", Value::Null).await;
    let next = format!("?limit=1&cursor={}", page["cursor"].as_str().unwrap());
    assert_eq!(logged(&acme, &next).await, ["success"]);
}

#[tokio::test]
async fn attempts_are_their_tenants_own() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let stripe = id(&acme.connect(json!({"connectorKey": "stripe", "input": {"apiKey": "sk"}})).await);
    let log = id(&acme.items("/connection-attempt-logs").await[0]);
    let (demo, manager) = (bed.demo(), bed.manager());

    for query in [String::new(), format!("?connectionId={stripe}"), "?tenantId=acme".to_owned()] {
        assert_eq!(logged(&demo, &query).await, Vec::<String>::new(), "{query}");
    }
    assert_eq!(demo.get(&format!("/connection-attempt-logs/{log}")).await.0, 404);
    assert_eq!(demo.get("/connection-attempt-logs/nope").await.0, 404);

    for query in ["", "?tenantId=acme", "?userId=acme"] {
        assert_eq!(logged(&manager, query).await, ["success"], "{query}");
    }
    assert_eq!(logged(&manager, "?tenantId=demo-tenant").await, Vec::<String>::new());
    assert_eq!(manager.get(&format!("/connection-attempt-logs/{log}")).await.0, 200);
}

#[tokio::test]
async fn building_that_fails_is_one_attempt_in_a_call_and_in_a_page() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let token = bed.ws.tenant("acme").token();
    bed.progress("connection.building", json!({"fail": {"state": "SETUP_FAILED", "error": "no such API"}})).await;

    let called = id(&acme.connect(json!({"intent": "Frobnicator"})).await);
    answer(bed.form("/screens/connect", &[("token", &token), ("intent", "Widgetry")])).await;
    bed.ws.settle().await.unwrap();

    assert_eq!(acme.connection_with_secrets(&called).await["state"], "SETUP_FAILED");
    assert_eq!(logged(&acme, &format!("?connectionId={called}")).await, ["error no such API"]);
    assert_eq!(logged(&acme, "").await, ["error no such API", "error no such API"]);
}

#[tokio::test]
async fn an_attempt_that_its_vendor_refuses_is_one_record() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let acme = bed.tenant("acme");

    // At the vendor's page, by control, and in Rust.
    let again = demo.ok(Method::POST, "/connections/github-dev/reconnect", json!({})).await;
    let to_vendor = bed.press(&page_of(&again), &[("action", "connect")]).await;
    let back = bed.press(&to_vendor, &[("action", "deny")]).await;
    bed.nobody().get(&back).await;
    let slack = id(&acme.connect(json!({"connectorKey": "slack"})).await);
    drive(&bed, &slack, "fail", Value::Null).await;
    let notion = bed.ws.tenant("acme").connect("notion").fail("access_denied").await.unwrap();

    let denied = |app: &str, why: &str| vec![format!("error {app} said: {why}. Nothing was connected.")];
    assert_eq!(logged(&demo, "").await, denied("GitHub", "the user denied the request (access_denied)"));
    assert_eq!(logged(&acme, &format!("?connectionId={slack}")).await, denied("Slack", "access_denied"));
    assert_eq!(logged(&acme, &format!("?connectionId={}", notion.id())).await, denied("Notion", "access_denied"));
}
