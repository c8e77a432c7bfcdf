//! The HTTP edge: what is no route, no method, no JSON, too large; CORS; spellings of queries.

use http::{HeaderValue, Method};
use membrane_mock::testing::MockMembrane;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Answer, Api, Bed, answer, message, verdict};

impl Bed {
    async fn raw(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        answer(self.demo().request(Method::POST, path).header("content-type", "application/json").body(body)).await
    }
}

#[tokio::test]
async fn an_unknown_route_is_404_naming_the_nearest() {
    let bed = Bed::start().await;

    for (path, near) in [("/conections", "/connections"), ("/integration-s", "/integrations"), ("/actt", "/act")] {
        let answer = bed.demo().get(path).await;

        assert_eq!(verdict(&answer), "404 bad_request/not_found");
        assert!(message(&answer).contains(near), "{answer:?}");
    }
    let nobody = bed.nobody().get("/conections").await;
    assert_eq!(nobody.0, 404, "there is nothing to be let in to");
    let hidden = bed.demo().get("/__moc").await;
    assert!(!message(&hidden).contains("/__mock/"), "control is not advertised: {hidden:?}");
}

#[tokio::test]
async fn an_unknown_method_is_405_with_what_is_allowed() {
    let bed = Bed::start().await;

    let response = bed.demo().request(Method::DELETE, "/connect").send().await.unwrap();

    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "POST");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["type"], "bad_request");
    assert!(body["message"].as_str().unwrap().contains("POST"), "{body}");
}

#[tokio::test]
async fn what_is_not_faked_is_501_and_names_the_fake() {
    let bed = Bed::exact().await;

    let documentation = bed.demo().get("/integrations/github/documentation").await;

    insta::assert_snapshot!(bed.shown(&documentation), @r#"
    501 {
      "type": "internal",
      "message": "membrane-mock does not fake documentation of integrations",
      "data": {
        "see": "BASE/__mock/workspaces/membrane-mock-demo/journal?failed=1&method=GET&path=%2Fintegrations%2Fgithub%2Fdocumentation"
      }
    }
    "#);
}

#[tokio::test]
async fn what_only_managers_may_call_and_is_not_faked_is_501_for_them() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    for (method, path) in [
        (Method::POST, "/workspaces"),
        (Method::POST, "/org-workspaces"),
        (Method::POST, "/org-workspaces/import"),
        (Method::GET, "/integrations/github/global-webhooks"),
    ] {
        let answer = manager.call(method.clone(), path, Some(&json!({}))).await;

        assert_eq!((answer.0, &answer.1["type"]), (501, &json!("internal")), "{method} {path}: {answer:?}");
        assert!(message(&answer).contains("membrane-mock"), "{method} {path}: {answer:?}");
    }
    let cloned = bed.demo().post("/actions/create-contact/clone", json!({})).await;
    assert_eq!(verdict(&cloned), "403 bad_request/access_denied");
}

#[tokio::test]
async fn a_trailing_slash_and_head_are_understood() {
    let bed = Bed::start().await;

    let slash = bed.demo().get("/integrations/").await;
    let head = bed.demo().request(Method::HEAD, "/integrations").send().await.unwrap();

    assert_eq!(slash.0, 200);
    assert_eq!(head.status(), 200);
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_body_of_10_mb_is_read_and_one_byte_more_is_413() {
    let bed = Bed::start().await;
    let (start, end) = ("{\"name\":\"", "\"}");
    let filler = |size: usize| format!("{start}{}{end}", "a".repeat(size - start.len() - end.len()));
    let limit = 10 * 1024 * 1024;

    let most = bed.raw("/connect", filler(limit)).await;
    let more = bed.raw("/connect", filler(limit + 1)).await;
    let much_more = bed.raw("/connect", filler(3 * limit)).await;

    assert_eq!(most.0, 400, "read, and it names nothing to connect to");
    assert!(message(&most).contains("connectorKey"), "{}", message(&most));
    for answer in [more, much_more] {
        assert_eq!((answer.0, &answer.1["type"]), (413, &json!("bad_request")));
        assert!(message(&answer).contains("10 MB"), "{answer:?}");
    }
    let nobody = bed.nobody().request(Method::POST, "/connect").body(filler(limit + 1));
    assert_eq!(answer(nobody).await.0, 401, "who may not call is told that first");
}

#[tokio::test]
async fn malformed_json_is_400_with_the_place() {
    let bed = Bed::exact().await;

    let broken = bed.raw("/connect", "{\n  \"connectorKey\": \"slack\",\n  oops\n}").await;
    let wrong_type = bed.raw("/connect", r#"{"connectorKey": {"a": 1}}"#).await;
    let trailing = bed.raw("/connect", r#"{"connectorKey": "slack"} {"#).await;
    let utf8 = bed.raw("/connect", b"{\"connectorKey\": \"\xff\"}".to_vec()).await;
    let list = bed.raw("/connect", "[]").await;

    insta::assert_snapshot!(bed.shown(&broken), @r#"
    400 {
      "type": "bad_request",
      "message": "the body is not valid JSON: key must be a string at line 3 column 3",
      "data": {
        "field": "?",
        "line": 3,
        "column": 3,
        "see": "BASE/__mock/workspaces/membrane-mock-demo/journal?failed=1&method=POST&path=%2Fconnect"
      }
    }
    "#);
    insta::assert_snapshot!(bed.shown(&wrong_type), @r#"
    400 {
      "type": "bad_request",
      "message": "the body's field `connectorKey` is wrong: invalid type: map, expected a string at line 1 column 17",
      "data": {
        "field": "connectorKey",
        "line": 1,
        "column": 17,
        "see": "BASE/__mock/workspaces/membrane-mock-demo/journal?failed=1&method=POST&path=%2Fconnect"
      }
    }
    "#);
    insta::assert_snapshot!(bed.shown(&utf8), @r#"
    400 {
      "type": "bad_request",
      "message": "the body is not UTF-8 from byte 18 on",
      "data": {
        "byte": 18,
        "see": "BASE/__mock/workspaces/membrane-mock-demo/journal?failed=1&method=POST&path=%2Fconnect"
      }
    }
    "#);
    assert_eq!((trailing.0, list.0), (400, 400));
}

/// A list would otherwise be taken for the fields of what is asked for, in some order.
#[tokio::test]
async fn a_list_is_no_object_of_fields() {
    let bed = Bed::start().await;
    for (method, path) in [
        (Method::POST, "/connections"),
        (Method::POST, "/actions"),
        (Method::PATCH, "/actions/create-contact"),
        (Method::POST, "/connectors"),
        (Method::POST, "/flow-runs"),
        (Method::PATCH, "/connections/github-dev"),
    ] {
        let answer = bed.manager().call(method.clone(), path, Some(&json!(["github", null, "x"]))).await;

        assert_eq!(verdict(&answer), "400 bad_request/-", "{method} {path}");
        assert!(message(&answer).contains("the body is a list"), "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn nesting_without_end_is_400_and_harms_nothing() {
    let bed = Bed::start().await;

    for deep in [
        "[".repeat(200_000),
        "{\"a\":".repeat(200_000),
        format!("{{\"input\":{}1{}}}", "[".repeat(5000), "]".repeat(5000)),
    ] {
        for path in ["/act", "/connect", "/actions/x/run"] {
            assert_eq!(bed.raw(path, deep.clone()).await.0, 400, "{path}");
        }
    }
    assert_eq!(bed.demo().get("/self").await.0, 200);
}

#[tokio::test]
async fn a_post_without_a_body_may_have_any_content_type() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    for content_type in ["application/x-www-form-urlencoded", "text/plain", "application/json"] {
        let request =
            demo.request(Method::POST, "/connections/github-dev/refresh").header("content-type", content_type);
        assert_eq!(answer(request).await.0, 200, "{content_type}");
    }
    let request = demo.request(Method::POST, "/connections/github-dev/test");
    assert_eq!(answer(request).await.0, 200, "or none");
}

#[tokio::test]
async fn flags_are_read_in_every_spelling() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    demo.ok(Method::DELETE, "/connections/github-dev", Value::Null).await;

    for (value, count) in
        [("true", 2), ("1", 2), ("TRUE", 2), ("True", 2), ("false", 1), ("0", 1), ("FALSE", 1), ("", 1)]
    {
        let listed = demo.items(&format!("/connections?includeArchived={value}")).await;
        assert_eq!(listed.len(), count, "includeArchived={value}");
    }
    let repeated = demo.items("/connections?includeArchived=false&includeArchived=true").await;
    assert_eq!(repeated.len(), 2, "of a key given twice the last counts");
}

#[tokio::test]
async fn a_filter_of_a_list_is_read_in_every_style_that_clients_write() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    for query in [
        "integrationKey=+github%20",
        "integrationKey[]=github",
        "integrationKey%5B0%5D=github",
        "integrationKey=github&integrationKey=github",
        "integrationKey=github&integrationKey=",
        "integrationKey=hubspot&integrationKey=github",
        "integrationKey%5B0%5D=hubspot&integrationKey%5B1%5D=github",
    ] {
        assert_eq!(demo.each(&format!("/connections?{query}"), "key").await, ["github-dev"], "{query}");
    }
    let listed = demo.get("/connections?integrationKey=github,hubspot").await;
    assert_eq!(listed.0, 200, "a list with commas is nothing wrong: {listed:?}");
}

#[tokio::test]
async fn cors_is_on_everything_and_on_errors_too() {
    let bed = Bed::start().await;
    let from = |request: RequestBuilder| request.header("origin", "http://app.test");

    let fine = from(bed.demo().request(Method::GET, "/integrations")).send().await.unwrap();
    let refused = from(bed.nobody().request(Method::GET, "/integrations")).send().await.unwrap();
    let missing = from(bed.demo().request(Method::GET, "/nowhere")).send().await.unwrap();
    let unfaked = from(bed.demo().request(Method::GET, "/integrations/github/documentation")).send().await.unwrap();
    let asked = from(bed.nobody().request(Method::OPTIONS, "/act"))
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,membrane-api-version")
        .send()
        .await
        .unwrap();

    for (response, status) in [(&fine, 200), (&refused, 401), (&missing, 404), (&unfaked, 501)] {
        assert_eq!(response.status(), status);
        let origin = response.headers().get("access-control-allow-origin").expect("a CORS header");
        assert!(origin == "*" || origin == "http://app.test", "{origin:?}");
    }
    assert!(asked.status().is_success());
    let allowed = asked.headers()["access-control-allow-headers"].to_str().unwrap().to_lowercase();
    assert!(
        allowed == "*" || allowed.contains("authorization") && allowed.contains("membrane-api-version"),
        "{allowed}"
    );
    assert!(asked.headers()["access-control-allow-methods"].to_str().unwrap().contains("POST"));
}

#[tokio::test]
async fn cors_is_on_what_the_edge_refuses() {
    let bed = Bed::start().await;
    let from = |method: Method| bed.demo().request(method, "/connect").header("origin", "http://app.test");
    let post = |body: Vec<u8>| from(Method::POST).header("content-type", "application/json").body(body);

    for (request, status) in [
        (from(Method::DELETE), 405),
        (post(vec![b' '; 10 * 1024 * 1024 + 1]), 413),
        (post(b"{\"connectorKey\":".to_vec()), 400),
        (post(b"\xff".to_vec()), 400),
    ] {
        let response = request.send().await.unwrap();

        assert_eq!(response.status(), status);
        let origin = response.headers().get("access-control-allow-origin").expect("a CORS header");
        assert!(origin == "*" || origin == "http://app.test", "{status}: {origin:?}");
    }
}

#[tokio::test]
async fn the_control_api_answers_no_page_of_another_origin_and_no_foreign_host() {
    let bed = Bed::start().await;
    let health = || bed.nobody().request(Method::GET, "/__mock/health");

    let plain = answer(health()).await;
    let same = answer(health().header("origin", bed.mock.uri())).await;
    let foreign = health().header("origin", "http://evil.test").send().await.unwrap();
    let null = answer(health().header("origin", "null")).await;
    let odd = HeaderValue::from_bytes(b"http://\xe9vil.test").unwrap();
    assert_eq!(answer(health().header("origin", odd)).await.0, 403, "an origin that is no text");
    for host in ["evil@127.0.0.1", "evil:x@localhost", "localhost/x", "127.0.0.1#x"] {
        assert_eq!(answer(health().header("host", host)).await.0, 403, "{host}");
    }
    // Of several origins each counts, and an address with a host means that host.
    let address = bed.mock.uri().trim_start_matches("http://").to_owned();
    for (line, headers, status) in [
        ("GET /__mock/health", format!("Origin: {}\r\nOrigin: http://evil.test\r\n", bed.mock.uri()), 403),
        ("GET http://evil.test/__mock/health", String::new(), 403),
        ("GET http://localhost:1/__mock/health", String::new(), 200),
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
        let (mut stream, mut said) = (TcpStream::connect(&address).await.unwrap(), String::new());
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {said}");
    }
    let rebound = answer(health().header("host", "evil.test")).await;
    let local = answer(health().header("host", "localhost:1")).await;

    assert_eq!((plain.0, same.0, local.0), (200, 200, 200));
    assert_eq!((foreign.status().as_u16(), null.0, rebound.0), (403, 403, 403));
    assert!(foreign.headers().get("access-control-allow-origin").is_none(), "no CORS on control");
    let asked = bed.nobody().request(Method::OPTIONS, "/__mock/reset").header("origin", "http://evil.test");
    let asked = asked.header("access-control-request-method", "POST").send().await.unwrap();
    assert!(asked.headers().get("access-control-allow-origin").is_none());
    assert!(!asked.status().is_success(), "{}", asked.status());
}

#[tokio::test]
async fn control_wants_json() {
    let bed = Bed::start().await;

    let form = bed.nobody().request(Method::POST, "/__mock/workspaces");
    let form = answer(form.header("content-type", "text/plain").body("{\"key\": \"sneaked-in\"}")).await;

    assert!(form.0 >= 400, "a form of another page can send text/plain without asking: {form:?}");
    let sneaked = json!({"key": "sneaked-in"}).to_string();
    for kind in ["application/jsonx", "application/json-seq", "text/plain; application/json", "\"application/json\""] {
        let odd = bed.nobody().request(Method::POST, "/__mock/workspaces").header("content-type", kind);
        assert_eq!(answer(odd.body(sneaked.clone())).await.0, 415, "{kind}");
    }
    let address = bed.mock.uri().trim_start_matches("http://").to_owned();
    let chunked = format!(
        "POST /__mock/workspaces HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/plain\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{sneaked}\r\n0\r\n\r\n",
        sneaked.len()
    );
    let (mut stream, mut said) = (TcpStream::connect(&address).await.unwrap(), String::new());
    stream.write_all(chunked.as_bytes()).await.unwrap();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 415 "), "in chunks: {said}");
    assert_eq!(bed.nobody().get("/__mock/workspaces/sneaked-in").await.0, 404);
    let spelt = bed.nobody().request(Method::POST, "/__mock/workspaces");
    let spelt = spelt.header("content-type", "Application/JSON ; charset=utf-8").body(sneaked);
    assert_eq!(answer(spelt).await.0, 200);
}

#[tokio::test]
async fn a_control_token_is_always_asked_for() {
    let bed = Bed::of(MockMembrane::builder().control_token("sesame")).await;
    let with = |token: &str| Api::new(bed.mock.uri(), token.to_owned());

    assert_eq!(bed.nobody().get("/__mock/health").await.0, 401);
    assert_eq!(with("open").get("/__mock/workspaces").await.0, 401);
    assert_eq!(with("sesame").get("/__mock/workspaces").await.0, 200);
    assert_eq!(bed.manager().get("/__mock/workspaces").await.0, 401, "a manager is not in control");
}

#[tokio::test]
async fn an_api_version_header_changes_nothing() {
    let bed = Bed::start().await;

    for (name, value) in
        [("API-Version", "1.0"), ("membrane-api-version", "2025-10-21"), ("membrane-api-version", "legacy")]
    {
        assert_eq!(answer(bed.demo().request(Method::GET, "/self").header(name, value)).await.0, 200);
    }
}

#[tokio::test]
async fn clients_are_told_the_public_address_and_the_server_asks_itself_at_its_own() {
    const PUBLIC: &str = "http://mock.test:6262";
    let mock = MockMembrane::builder().public_url(format!("{PUBLIC}/")).start().await.unwrap();
    let workspace = mock.workspace();
    let ada = Api::new(mock.own_address(), workspace.tenant("ada").token());
    let control = Api::new(mock.own_address(), None);
    let at = |below: &str| format!("/__mock/workspaces/{}{below}", workspace.key());

    let begun = ada.connect(json!({"connectorKey": "github", "connectionKey": "code"})).await;
    let page = begun["clientAction"]["uiUrl"].as_str().unwrap();
    assert!(page.starts_with(&format!("{PUBLIC}/connect/")), "{page}");
    let body = answer(ada.request(Method::GET, page.trim_start_matches(PUBLIC))).await.1.to_string();
    assert!(!body.contains(mock.own_address()), "{body}");
    let shown = control.ok(Method::GET, &at(""), Value::Null).await;
    let integration = ada.ok(Method::GET, "/integrations/github", Value::Null).await;
    for told in [&shown["apiUri"], &integration["logoUri"]] {
        assert!(told.as_str().unwrap().starts_with(PUBLIC), "{told}");
    }

    let done = control.ok(Method::POST, &at("/connections/code/complete"), json!({})).await;
    assert_eq!(done["state"], "READY", "the code was exchanged");
    control.ok(Method::POST, &at("/connections/code/break"), json!({"by": "expireCredentials"})).await;
    let call = json!({"connectionKey": "code", "api": {"method": "GET", "path": "/user"}});
    ada.ok(Method::POST, "/act", call).await;

    for (origin, status) in [(PUBLIC, 200), (mock.own_address(), 200), ("http://mock.test", 403)] {
        let asked = control.request(Method::GET, "/__mock/health").header("origin", origin);
        assert_eq!(answer(asked).await.0, status, "{origin}");
    }
}

#[tokio::test]
async fn who_comes_by_another_name_is_told_addresses_that_lead_there() {
    const NAME: &str = "mock.test:6262";
    let bed = Bed::start().await;
    let own = bed.mock.uri().to_owned();
    let by = async |api: &Api, method: Method, path: &str, headers: &[(&str, &str)], body: &Value| {
        let mut request = api.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(if body.is_null() { request } else { request.json(body) }).await.1
    };
    let demo = bed.demo();
    let connect = json!({"connectorKey": "slack", "connectionKey": "named"});

    let begun = by(&demo, Method::POST, "/connect", &[("host", NAME)], &connect).await;
    let page = begun["clientAction"]["uiUrl"].as_str().unwrap().to_owned();
    assert!(page.starts_with(&format!("http://{NAME}/connect/")), "{page}");
    let path = page.trim_start_matches("http://").trim_start_matches(NAME).to_owned();
    let form = [("host", NAME), ("content-type", "application/x-www-form-urlencoded")];
    let mut moved = demo.request(Method::POST, &path).body("action=connect");
    for (name, value) in form {
        moved = moved.header(name, value);
    }
    let moved = moved.send().await.unwrap();
    let vendor = moved.headers()["location"].to_str().unwrap();
    assert!(vendor.starts_with(&format!("http://{NAME}/vendor/")), "{vendor}");
    assert!(vendor.contains("redirect_uri=http%3A%2F%2Fmock.test%3A6262%2Foauth-callback"), "{vendor}");
    let missing = by(&demo, Method::GET, "/connections/nope", &[("host", NAME)], &Value::Null).await;
    assert!(missing["data"]["see"].as_str().unwrap().starts_with(&format!("http://{NAME}/__mock/")), "{missing}");

    // The next caller is told its own, and a user finishes what was begun elsewhere.
    let read = demo.ok(Method::GET, "/connections/named", Value::Null).await;
    assert!(read["clientAction"]["uiUrl"].as_str().unwrap().starts_with(&own), "{read}");
    bed.complete("named").await;

    // What names no host and what anybody may say changes nothing.
    for headers in [[("host", "user@mock.test")], [("x-forwarded-host", "mock.test")], [("x-forwarded-proto", "https")]]
    {
        let shown = by(&demo, Method::GET, "/integrations/github", &headers, &Value::Null).await;
        assert!(shown["logoUri"].as_str().unwrap().starts_with(&own), "{headers:?}: {shown}");
    }
}

#[tokio::test]
async fn a_proxy_is_believed_where_a_control_token_is_set() {
    let bed = Bed::of(MockMembrane::builder().control_token("let-me-in")).await;
    let shown = |headers: &'static [(&'static str, &'static str)]| {
        let request = bed.demo().request(Method::GET, "/integrations/github");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        async move { answer(request).await.1["logoUri"].as_str().unwrap().to_owned() }
    };
    let forwarded = &[("x-forwarded-host", "mock.example, inner"), ("x-forwarded-proto", "https")];
    assert!(shown(forwarded).await.starts_with("https://mock.example/"));
    assert!(shown(&[("host", "mock.test:80")]).await.starts_with("http://mock.test/"));
    let asked = |origin: &'static str| {
        let request = Api::new(bed.mock.uri(), None).request(Method::GET, "/__mock/workspaces");
        let request = request.header("host", "mock.test:6262").header("origin", origin);
        async move { answer(request.bearer_auth("let-me-in")).await.0 }
    };
    assert_eq!((asked("http://mock.test:6262").await, asked("http://mock.example").await), (200, 403));
}
