//! The proxy and its legacy forms: the app's own answer, whatever it is.

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Bed, answer, verdict};

#[tokio::test]
async fn status_headers_and_body_pass_through_as_they_are() {
    let bed = Bed::start().await;
    let github = bed.ws.upstream("github");
    github.stub(Stub::get("/teapot").text(418, "short and stout").header("x-brewed", "yes")).await.unwrap();

    let request = bed.demo().request(Method::GET, "/connections/github-dev/proxy/teapot");
    let response = request.send().await.unwrap();

    assert_eq!(response.status(), 418);
    assert_eq!(response.headers()["x-brewed"], "yes");
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(response.text().await.unwrap(), "short and stout");
}

#[tokio::test]
async fn errors_of_the_app_keep_their_status() {
    let bed = Bed::start().await;
    let github = bed.ws.upstream("github");

    for status in [400_u16, 403, 404, 409, 422, 429, 500, 502, 503] {
        github.stub(Stub::get("/broken").json(status, json!({"why": status})).times(1)).await.unwrap();

        let answer = bed.demo().get("/connections/github-dev/proxy/broken").await;

        assert_eq!(answer, (status, json!({"why": status})));
    }
}

#[tokio::test]
async fn any_method_with_body_and_query_reaches_the_app() {
    let bed = Bed::start().await;
    let github = bed.ws.upstream("github");
    let body = json!({"a": [1, 2]});

    for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let stub = Stub::on(&method, "/things/{id}").query("q", "a b").json(200, json!({"id": {"$var": "$.path.id"}}));
        let stub = if method == Method::GET { stub } else { stub.body(body.clone()) };
        github.stub(stub).await.unwrap();

        let sent = if method == Method::GET { None } else { Some(&body) };
        let path = "/connections/github/proxy/things/7?q=a+b";
        let answer = bed.demo().call(method.clone(), path, sent).await;

        assert_eq!(answer, (200, json!({"id": "7"})), "{method}");
    }
}

#[tokio::test]
async fn the_app_sees_the_connections_credentials_and_no_infrastructure() {
    let bed = Bed::start().await;
    let seen = json!({"auth": {"$var": "$.headers.authorization"}, "headers": {"$var": "$.headers"}});
    bed.ws.upstream("github").stub(Stub::get("/seen").json(200, seen)).await.unwrap();
    let token = bed.ws.tenant("demo-tenant").token();

    let request = bed.demo().request(Method::GET, "/connections/github-dev/proxy/seen");
    let request = request.header("x-forwarded-for", "1.2.3.4").header("cf-ray", "1").header("x-mine", "kept");
    let (_, seen) = answer(request.header("x-request-id", "9")).await;

    assert!(seen["auth"].as_str().unwrap().starts_with("Bearer "), "{seen}");
    assert!(!seen.to_string().contains(&token), "our own token stays here");
    assert_eq!(seen["headers"]["x-mine"], "kept");
    for gone in ["x-forwarded-for", "cf-ray", "x-request-id"] {
        assert!(seen["headers"].get(gone).is_none(), "{gone}");
    }
}

#[tokio::test]
async fn each_way_of_applying_credentials_reaches_the_app() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let seen =
        json!({"auth": {"$var": "$.headers.authorization"}, "own": {"$var": "$.headers.x-postmark-server-token"}});
    for (connector, input) in [("stripe", json!({"apiKey": "sk"})), ("postmark", json!({"serverToken": "pm"}))] {
        bed.ws.upstream(connector).stub(Stub::get("/seen").json(200, seen.clone())).await.unwrap();
        acme.ok(Method::POST, "/connect", json!({"connectorKey": connector, "input": input})).await;
    }

    let basic = acme.ok(Method::GET, "/connections/stripe/proxy/seen", Value::Null).await;
    let header = acme.ok(Method::GET, "/connections/postmark/proxy/seen", Value::Null).await;

    assert_eq!(basic["auth"], "Basic c2s6", "`sk:` in base64");
    assert_eq!(header["own"], "pm");
}

#[tokio::test]
async fn a_whole_address_must_lie_within_the_connectors_base() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    let inside = demo.get("/connections/github-dev/proxy/https://api.github.com/user").await;
    let outside = demo.get("/connections/github-dev/proxy/https://evil.example/user").await;
    let near = demo.get("/connections/github-dev/proxy/https://api.github.com.evil.example/user").await;

    assert_eq!((inside.0, &inside.1["login"]), (200, &json!("mia-acme")));
    assert_eq!(verdict(&outside), "400 bad_request/-");
    assert_eq!(verdict(&near), "400 bad_request/-");
}

#[tokio::test]
async fn an_unmatched_request_is_404_with_the_nearest_stub_and_why() {
    let bed = Bed::start().await;

    let (status, body) = bed.demo().get("/connections/github-dev/proxy/user/repoz").await;

    assert_eq!(status, 404);
    let text = body.to_string();
    assert!(text.contains("/user/repos") && text.contains("path"), "{body:#}");
    let requests = bed.ws.upstream("github").requests();
    assert!(requests.last().unwrap().unmatched.is_some());
}

#[tokio::test]
async fn an_expired_token_is_refreshed_once_and_the_call_made_again() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    bed.ws.upstream("github").expire_tokens().await.unwrap();

    let answer = demo.get("/connections/github-dev/proxy/user").await;

    assert_eq!(answer.0, 200);
    let statuses: Vec<u16> = bed.ws.upstream("github").requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [401, 200]);
}

#[tokio::test]
async fn when_the_refresh_fails_the_original_answer_is_passed_on_and_the_connection_disconnected() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let github = bed.ws.upstream("github");
    github.expire_tokens().await.unwrap();
    github.refuse_refresh().await.unwrap();

    let first = demo.get("/connections/github-dev/proxy/user").await;
    let second = demo.get("/connections/github-dev/proxy/user").await;

    assert_eq!(first.0, 401);
    assert!(first.1.get("code").is_none(), "the app's own answer: {first:?}");
    assert_eq!(demo.get("/connections/github-dev").await.1["state"], "DISCONNECTED");
    assert_eq!((second.0, &second.1["code"]), (400, &json!("CONNECTION_DISCONNECTED")));
}

#[tokio::test]
async fn the_legacy_api_route_passes_a_post_on() {
    let bed = Bed::start().await;
    let stub = Stub::post("/user/repos").body(json!({"name": "n"})).json(201, json!({"id": 1}));
    bed.ws.upstream("github").stub(stub).await.unwrap();

    let answer = bed.demo().post("/connections/github-dev/api/user/repos", json!({"name": "n"})).await;

    assert_eq!(answer, (201, json!({"id": 1})));
}

#[tokio::test]
async fn execute_request_runs_the_apps_own_action() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    let ran = demo.post("/connections/hubspot-prod/execute-request", json!({"key": "list-contacts"})).await;
    let unknown = demo.post("/connections/hubspot-prod/execute-request", json!({"key": "list-contcts"})).await;

    assert_eq!(ran.0, 200);
    assert!(ran.1["results"].is_array(), "{ran:?}");
    assert_eq!(unknown.0, 404);
}

#[tokio::test]
async fn a_redirect_of_the_app_stays_among_its_stubs() {
    // Stubs are written below the connector's base address: https://api.github.com, https://slack.com/api.
    for (connector, location) in [
        ("github", "/new?q=1"),
        ("github", "new?q=1"),
        ("github", "https://api.github.com/new?q=1"),
        ("slack", "/api/new?q=1"),
        ("slack", "new?q=1"),
        ("slack", "https://slack.com/api/new?q=1"),
    ] {
        let bed = Bed::start().await;
        bed.ws.mock_settings(|mock| mock.auto_connect = true).await.unwrap();
        let (acme, app) = (bed.tenant("acme"), bed.ws.upstream(connector));
        acme.ok(Method::POST, "/connect", json!({"connectorKey": connector})).await;
        app.stub(Stub::get("/old").status(302).header("location", location)).await.unwrap();
        let seen = json!({"auth": {"$var": "$.headers.authorization"}});
        app.stub(Stub::get("/new").query("q", "1").json(200, seen)).await.unwrap();

        let (status, seen) = acme.get(&format!("/connections/{connector}/proxy/old")).await;

        assert_eq!(status, 200, "{connector} {location}: {seen:#}");
        assert!(
            seen["auth"].as_str().is_some_and(|auth| auth.starts_with("Bearer ")),
            "{connector} {location}: {seen}"
        );
        let statuses: Vec<u16> = app.requests().iter().map(|request| request.status).collect();
        assert_eq!(statuses, [302, 200], "{connector} {location}");
    }
}

#[tokio::test]
async fn a_redirect_elsewhere_takes_no_credentials_along_and_does_not_come_back() {
    let bed = Bed::start().await;
    bed.ws.mock_settings(|mock| mock.auto_connect = true).await.unwrap();
    let acme = bed.tenant("acme");
    let elsewhere = MockServer::start().await;
    let landed = json!({"landed": true});
    let on = ResponseTemplate::new(302).insert_header("location", "/landed");
    Mock::given(path("/first")).respond_with(on).mount(&elsewhere).await;
    let end = ResponseTemplate::new(200).set_body_json(&landed);
    Mock::given(path("/landed")).respond_with(end).mount(&elsewhere).await;
    let location = format!("{}/first", elsewhere.uri());

    // A bearer, a user name, a header and a query field.
    for connector in ["github", "stripe", "postmark", "pipedrive"] {
        let away = Stub::get("/away").status(302).header("location", &location);
        bed.ws.upstream(connector).stub(away).await.unwrap();
        acme.ok(Method::POST, "/connect", json!({"connectorKey": connector})).await;

        let answer = acme.get(&format!("/connections/{connector}/proxy/away")).await;

        assert_eq!(answer, (200, landed.clone()), "{connector}");
    }

    let requests = elsewhere.received_requests().await.unwrap();
    assert_eq!(requests.len(), 8);
    for request in requests {
        for name in ["authorization", "x-postmark-server-token", "cookie"] {
            assert!(request.headers.get(name).is_none(), "{name}: {request:?}");
        }
        assert_eq!(request.url.query(), None);
    }
}
