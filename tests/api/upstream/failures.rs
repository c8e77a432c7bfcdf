//! When the external app or the connection to it fails.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::{MockMembrane, Stub};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::receivers::answering;
use crate::support::{Bed, GUARD, contacts, id, message, user};

impl Bed {
    async fn fetcher(&self, uri: &str) {
        let body =
            json!({"key": "fetch", "type": "http-request", "config": {"request": {"uri": uri, "method": "GET"}}});
        self.manager().ok(Method::POST, "/actions", body).await;
    }
}

#[tokio::test]
async fn an_apps_refusal_is_400_with_what_it_said() {
    let bed = Bed::exact().await;
    let stub = Stub::get("/user").json(422, json!({"message": "no such user"})).header("x-why", "because");
    bed.ws.upstream("github").stub(stub).await.unwrap();

    let answer = bed.act(user()).await;

    let (status, mut body) = answer.clone();
    body["data"]["response"]["headers"].as_object_mut().unwrap().retain(|name, _| name.starts_with("x-"));
    insta::assert_snapshot!(bed.shown(&(status, body)), @r#"
    400 {
      "type": "action_run",
      "message": "GET https://api.github.com/user failed: the external app answered 422: no such user",
      "data": {
        "request": {
          "url": "https://api.github.com/user",
          "method": "GET"
        },
        "response": {
          "status": 422,
          "data": {
            "message": "no such user"
          },
          "headers": {
            "x-why": "because"
          }
        },
        "actionRunId": "bf64ef38428ae015ec8122a3",
        "see": "BASE/__mock/workspaces/membrane-mock-demo/runs/bf64ef38428ae015ec8122a3"
      },
      "causedByError": {
        "type": "bad_request",
        "message": "the external app answered 422: no such user"
      },
      "actionRunId": "bf64ef38428ae015ec8122a3"
    }
    "#);
    let log = bed.demo().run_details(&answer.1).await;
    assert_eq!((&log["status"], &log["details"]["response"]["status"]), (&json!("error"), &json!(422)));
}

#[tokio::test]
async fn any_error_status_of_the_app_is_400_and_names_it() {
    let bed = Bed::start().await;

    for status in [400_u16, 403, 404, 409, 418, 429, 500, 503] {
        bed.ws.upstream("github").stub(Stub::get("/user").json(status, json!({})).times(1)).await.unwrap();

        let answer = bed.act(user()).await;

        assert_eq!((answer.0, &answer.1["type"]), (400, &json!("action_run")), "{status}");
        assert_eq!(answer.1["data"]["response"]["status"], status);
        assert!(answer.1["causedByError"].is_object());
        assert_eq!(answer.1["data"]["actionRunId"], answer.1["actionRunId"]);
    }
    assert_eq!(bed.demo().get("/connections/github-dev").await.1["state"], "READY");
}

#[tokio::test]
async fn an_expired_token_is_renewed_within_the_call() {
    let bed = Bed::start().await;
    let tail = async || {
        let tokens = bed.control(Method::GET, "/upstreams/github/tokens", Value::Null).await.1;
        let items = tokens["items"].as_array().unwrap().clone();
        items.iter().map(|token| token["accessTokenEndsWith"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = tail().await;
    bed.ws.upstream("github").expire_tokens().await.unwrap();

    let answer = bed.act(user()).await;
    let again = bed.act(user()).await;

    assert_eq!((answer.0, again.0), (200, 200));
    assert_ne!(before, tail().await);
    let statuses: Vec<u16> = bed.ws.upstream("github").requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [401, 200, 200], "the new token is used from then on");
    let details = bed.demo().run_details(&answer.1).await;
    assert_eq!(details["details"]["exchanges"].as_array().unwrap().len(), 2);
    assert_eq!(details["details"]["stateTransitions"], json!([]));
}

#[tokio::test]
async fn a_refused_refresh_disconnects_by_itself_and_is_told_so() {
    let bed = Bed::exact().await;
    let github = bed.ws.upstream("github");
    github.expire_tokens().await.unwrap();
    github.refuse_refresh().await.unwrap();

    let first = bed.act(user()).await;
    let second = bed.act(user()).await;
    let connection = bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await;

    insta::assert_snapshot!(bed.shown(&first), @r#"
    400 {
      "type": "connection",
      "key": "access_token_expired",
      "code": "CONNECTION_DISCONNECTED",
      "message": "connection `github-dev` is disconnected; connect again with its `connectionId`",
      "data": {
        "connectionId": "6e109e22396f6c6c6baf305c",
        "connectorKey": "github",
        "actionRunId": "a5deff128111b85161463ca0",
        "see": "BASE/__mock/workspaces/membrane-mock-demo/runs/a5deff128111b85161463ca0"
      },
      "causedByError": {
        "type": "connection",
        "key": "access_token_expired",
        "message": "the external app refused to refresh the credentials: invalid_grant"
      },
      "actionRunId": "a5deff128111b85161463ca0"
    }
    "#);
    assert_eq!(second.1["code"], "CONNECTION_DISCONNECTED");
    assert_eq!(
        (&connection["state"], &connection["connected"], &connection["disconnected"]),
        (&json!("DISCONNECTED"), &json!(false), &json!(true))
    );
    let moved = &bed.demo().run_details(&first.1).await["details"]["stateTransitions"];
    assert_eq!((&moved[0]["from"], &moved[0]["to"]), (&json!("READY"), &json!("DISCONNECTED")));
    assert!(moved[0]["at"].is_string() && moved[0]["cause"].is_string(), "{moved}");
    assert_eq!(github.requests().len(), 1, "a disconnected connection is not tried again");
}

#[tokio::test]
async fn a_key_that_is_no_longer_accepted_disconnects_by_itself() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    acme.ok(Method::POST, "/connect", json!({"connectorKey": "stripe", "input": {"apiKey": "sk"}})).await;
    bed.ws.upstream("stripe").stub(Stub::get("/v1/charges").json(401, json!({"error": "bad key"}))).await.unwrap();

    let body = json!({"api": {"method": "GET", "path": "/v1/charges"}, "integrationKey": "stripe"});
    let answer = acme.post("/act", body).await;

    assert_eq!((answer.0, &answer.1["code"]), (400, &json!("CONNECTION_DISCONNECTED")));
    assert_eq!(acme.get("/connections/stripe").await.1["state"], "DISCONNECTED");
}

#[tokio::test]
async fn the_status_of_a_disconnected_call_can_be_401() {
    let bed = Bed::start().await;
    bed.poke("github-dev", "loseCredentials").await;
    let by_default = bed.act(user()).await;
    bed.ws.mock_settings(|mock| mock.disconnected_status = 401).await.unwrap();

    let answer = bed.act(user()).await;

    assert_eq!((by_default.0, answer.0), (400, 401));
    for body in [by_default.1, answer.1] {
        assert_eq!((&body["type"], &body["code"]), (&json!("connection"), &json!("CONNECTION_DISCONNECTED")));
        assert_eq!(body["data"]["connectorKey"], "github");
        assert!(body["data"]["connectionId"].is_string() && body["actionRunId"].is_string(), "{body:#}");
    }
}

#[tokio::test]
async fn code_and_catalog_actions_meet_a_disconnected_connection_alike() {
    let bed = Bed::start().await;
    bed.poke("hubspot-prod", "loseCredentials").await;
    let demo = bed.demo();

    for body in [json!({"code": "module.exports = () => 1", "connectionKey": "hubspot-prod"}), contacts()] {
        let answer = demo.post("/act", body.clone()).await;

        assert_eq!((answer.0, &answer.1["code"]), (400, &json!("CONNECTION_DISCONNECTED")), "{body}: {answer:?}");
    }
    assert!(bed.ws.upstream("hubspot").requests().is_empty());
}

#[tokio::test]
async fn a_reconnected_connection_works_again() {
    let bed = Bed::start().await;
    let github = bed.ws.upstream("github");
    github.revoke_tokens().await.unwrap();
    assert_eq!(bed.act(user()).await.1["code"], "CONNECTION_DISCONNECTED");
    let demo = bed.demo();
    let before = id(&demo.ok(Method::GET, "/connections/github-dev", Value::Null).await);

    demo.ok(Method::POST, "/connect", json!({"connectionId": before})).await;
    bed.poke(&before, "authorize").await;

    assert_eq!(bed.act(user()).await.0, 200);
}

#[tokio::test]
async fn an_http_request_reaches_loopback() {
    let bed = Bed::start().await;
    let own = answering(ResponseTemplate::new(200).set_body_json(json!({"hi": 1}))).await;
    bed.fetcher(&format!("{}/x?y=1", own.uri())).await;

    let answer = bed.demo().post("/act", json!({"key": "fetch"})).await;

    assert_eq!((answer.0, &answer.1["output"]), (200, &json!({"hi": 1})));
    let seen = own.received_requests().await.unwrap();
    assert!(seen[0].headers.get("authorization").is_none(), "no credentials are applied");
}

#[tokio::test]
async fn egress_beyond_loopback_is_refused_by_name_and_by_address() {
    let refused =
        ["http://10.1.2.3/x", "http://example.com/x", "http://[2001:db8::1]/x", "http://169.254.169.254/latest"];
    for uri in refused {
        let bed = Bed::start().await;
        bed.fetcher(uri).await;

        let answer = bed.demo().post("/act", json!({"key": "fetch"})).await;

        assert_eq!((answer.0, &answer.1["type"]), (400, &json!("action_run")), "{uri}: {answer:?}");
        let host = url::Url::parse(uri).unwrap().host_str().unwrap().to_owned();
        assert!(message(&answer).contains(host.trim_matches(['[', ']'])), "{uri}: {answer:?}");
        assert!(message(&answer).contains("egress"), "{uri}: {answer:?}");
    }
}

#[tokio::test]
async fn a_redirect_does_not_get_around_the_rule_nor_does_our_own_port() {
    let bed = Bed::start().await;
    let away = ResponseTemplate::new(302).insert_header("location", "http://10.1.2.3/secret");
    let own = answering(away).await;
    bed.fetcher(&own.uri()).await;

    let redirected = bed.demo().post("/act", json!({"key": "fetch"})).await;
    let other = Bed::start().await;
    other.fetcher(&format!("{}/__mock/health", other.mock.uri())).await;
    let itself = other.demo().post("/act", json!({"key": "fetch"})).await;

    assert_eq!(redirected.0, 400);
    assert!(message(&redirected).contains("10.1.2.3"), "{redirected:?}");
    assert_eq!(itself.0, 400, "our own port is never called: {itself:?}");
}

#[tokio::test]
async fn an_upstream_may_be_ones_own_server_and_the_log_shows_both_addresses() {
    let bed = Bed::start().await;
    let own = answering(ResponseTemplate::new(200).set_body_json(json!({"me": true}))).await;
    bed.ws.upstream("github").at(&own.uri()).await.unwrap();

    let answer = bed.act(user()).await;
    let request = bed.demo().run_details(&answer.1).await["details"]["request"].clone();
    bed.control(Method::PUT, "/upstreams/github", json!({"url": null})).await;
    let back = bed.act(user()).await;

    assert_eq!(answer.1["output"], json!({"me": true}));
    assert_eq!(request["url"], "https://api.github.com/user");
    assert_eq!(request["sentTo"], format!("{}/user", own.uri()));
    assert_eq!(back.1["output"]["login"], "mia-acme");
}

#[tokio::test]
async fn an_app_dates_its_answers_by_the_workspaces_clock() {
    let bed = Bed::exact().await;

    let answer = bed.act(user()).await;

    let exchange = bed.demo().run_details(&answer.1).await["details"].clone();
    assert_eq!(exchange["response"]["headers"]["date"], "Wed, 01 Jan 2025 00:00:00 GMT", "{exchange:#}");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_an_error_of_the_run() {
    let bed = Bed::start().await;
    // Nobody listens at this port, and no system gives it to whoever asks for a free one.
    bed.ws.upstream("github").at("http://127.0.0.1:9").await.unwrap();

    let answer = bed.act(user()).await;

    assert_eq!((answer.0, &answer.1["type"]), (400, &json!("action_run")), "{answer:?}");
    assert_eq!(bed.demo().run_details(&answer.1).await["status"], "error");
    assert_eq!(bed.demo().get("/connections/github-dev").await.1["state"], "READY");
}

#[tokio::test]
async fn a_named_host_may_be_called() {
    let bed = Bed::of(MockMembrane::builder().allow_egress("mock.invalid")).await;
    bed.fetcher("http://mock.invalid/x").await;

    let answer = bed.demo().post("/act", json!({"key": "fetch"})).await;

    assert_eq!(answer.0, 400);
    assert!(!message(&answer).contains("egress"), "it is looked up, and is not there: {answer:?}");
}

#[tokio::test]
async fn catalog_actions_retry_an_overloaded_app_with_backoff_on_the_clock() {
    let bed = Bed::exact().await;
    bed.ws.mock_settings(|mock| mock.upstream_retries = 2).await.unwrap();
    let hubspot = bed.ws.upstream("hubspot");
    hubspot.stub(Stub::get("/crm/v3/objects/contacts").status(503).times(1)).await.unwrap();
    hubspot.stub(Stub::get("/crm/v3/objects/contacts").status(429).times(1)).await.unwrap();
    let demo = bed.demo();
    let listed = demo.items("/actions?integrationKey=hubspot&externalAppId=hubspot&search=list+contacts").await;
    let catalog = listed.iter().find(|action| action["key"] == "").expect("a catalog action").clone();

    let body = json!({"id": catalog["id"], "connectionKey": "hubspot-prod"});
    let acting = tokio::spawn(async move { demo.post("/act", body).await });
    while !acting.is_finished() {
        bed.ws.clock().advance(Duration::from_secs(1)).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = tokio::time::timeout(GUARD, acting).await.unwrap().unwrap();
    let by_key = bed.act(user()).await;

    assert_eq!(answer.0, 200, "{answer:?}");
    let mut statuses: Vec<u16> = hubspot.requests().iter().map(|request| request.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 429, 503]);
    let run = answer.1["actionRunId"].as_str().unwrap();
    let logs = bed.demo().items(&format!("/external-api-logs?actionRunId={run}")).await;
    assert_eq!(logs.len(), 3, "each try is an external API log");
    assert_eq!(by_key.0, 200);
}

#[tokio::test]
async fn nothing_is_retried_unless_asked_for() {
    let bed = Bed::start().await;
    bed.ws.upstream("github").stub(Stub::get("/user").status(503)).await.unwrap();

    let answer = bed.act(user()).await;

    assert_eq!(answer.0, 400);
    assert_eq!(bed.ws.upstream("github").requests().len(), 1);
}

#[tokio::test]
async fn many_calls_at_once_on_an_expired_token_all_succeed() {
    let bed = Bed::start().await;
    bed.ws.upstream("github").expire_tokens().await.unwrap();

    let answers = futures_util::future::join_all((0..20).map(|_| bed.act(user()))).await;

    for answer in answers {
        assert_eq!(answer.0, 200, "{answer:?}");
    }
    assert_eq!(bed.demo().get("/connections/github-dev").await.1["state"], "READY");
}

#[tokio::test]
async fn the_stub_server_answers_calls_through_connections_alone() {
    let bed = Bed::start().await;
    let once = Stub::get("/user").json(200, json!({"login": "once"})).times(1);
    bed.ws.upstream("github").stub(once).await.unwrap();
    let nothing = json!({"api": {"method": "GET", "path": "/nothing"}, "connectionKey": "github-dev"});
    let details = bed.demo().run_details(&bed.act(nothing).await.1).await["details"].clone();
    let stubs = details["request"]["sentTo"].as_str().unwrap().replace("/nothing", "/user");
    bed.fetcher(&stubs).await;

    let fetched = bed.demo().post("/act", json!({"key": "fetch"})).await;
    let from_outside = reqwest::get(&stubs).await.unwrap().status();

    assert!(message(&fetched).contains("membrane-mock itself"), "{fetched:?}");
    assert_eq!(from_outside, 403);
    assert_eq!(bed.act(user()).await.1["output"]["login"], "once", "nobody took the stub's one answer");
}

#[tokio::test]
async fn a_name_of_this_machine_does_not_hide_our_own_port() {
    let bed = Bed::start().await;
    let port = bed.mock.uri().rsplit(':').next().unwrap().to_owned();
    for host in ["localhost", "app.localhost", "127.1.2.3", "[::1]"] {
        bed.manager().delete("/actions/fetch").await;
        bed.fetcher(&format!("http://{host}:{port}/__mock/health")).await;
        let fetched = bed.demo().post("/act", json!({"key": "fetch"})).await;
        assert!(message(&fetched).contains("never an upstream"), "{host}: {fetched:?}");
    }
}
