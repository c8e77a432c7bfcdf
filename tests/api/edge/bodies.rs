//! Bodies as clients send them: compressed, or with a mark before the text; and tokens in any case.

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Answer, Api, Bed, answer, message};

/// `{"name":"Squeezed"}` in each coding.
const SQUEEZED: [(&str, &str); 7] = [
    ("gzip", "1f8b0800000000000003ab56ca4bcc4d55b2520a2e2c4d4dad4a4d51aa0500ae0c771913000000"),
    ("GZip", "1f8b0800000000000003ab56ca4bcc4d55b2520a2e2c4d4dad4a4d51aa0500ae0c771913000000"),
    ("deflate", "789cab56ca4bcc4d55b2520a2e2c4d4dad4a4d51aa050040aa06a2"),
    ("deflate", "ab56ca4bcc4d55b2520a2e2c4d4dad4a4d51aa0500"),
    ("br", "0b09807b226e616d65223a2253717565657a6564227d03"),
    ("br, gzip", "1f8b0800000000000003e3e66ca856ca4bcc4d55b2520a2e2c4d4dad4a4d51aa650600655d8ded17000000"),
    ("identity", "7b226e616d65223a2253717565657a6564227d"),
];
/// Eleven megabytes of nothing, by `br`.
const BOMB: &str = "cbffff3ff82700e2b14020f7fe2fffff5ff04f00c4611180eefd0b";

/// A PATCH of the demo's connection with a body as it is.
async fn sent(api: &Api, coding: &str, body: Vec<u8>) -> Answer {
    let request = api.request(Method::PATCH, "/connections/github-dev").header("content-type", "application/json");
    answer(request.header("content-encoding", coding).body(body)).await
}

#[tokio::test]
async fn a_compressed_body_is_read() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    for (coding, body) in SQUEEZED {
        demo.ok(Method::PATCH, "/connections/github-dev", json!({ "name": "Plain" })).await;

        let patched = sent(&demo, coding, hex::decode(body).unwrap()).await;

        assert_eq!((patched.0, patched.1["name"].as_str()), (200, Some("Squeezed")), "{coding}: {patched:?}");
    }
}

#[tokio::test]
async fn a_compressed_body_that_is_wrong_or_becomes_too_large_is_refused() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let whole = hex::decode(SQUEEZED[0].1).unwrap();
    for (coding, body, status, says) in [
        ("br", hex::decode(BOMB).unwrap(), 413, "larger than 10485760 bytes (10 MB) when it is unpacked"),
        ("gzip", whole[..20].to_vec(), 400, "the body is not gzip, as it says"),
        ("deflate", b"plain text".to_vec(), 400, "the body is not deflate, as it says"),
        ("br", b"plain text".to_vec(), 400, "the body is not br, as it says"),
        ("zstd", whole.clone(), 415, "`Content-Encoding: zstd` is not known; gzip, deflate and br are"),
        ("gzip, gzip, gzip", whole.clone(), 415, "3 codings; 2 are the most"),
    ] {
        let refused = sent(&demo, coding, body).await;
        assert_eq!(refused.0, status, "{coding}: {refused:?}");
        assert!(message(&refused).contains(says), "{coding}: {}", message(&refused));
    }
    assert_ne!(demo.ok(Method::GET, "/connections/github-dev", Value::Null).await["name"], "Squeezed");
}

#[tokio::test]
async fn a_proxied_body_goes_on_unpacked() {
    let bed = Bed::start().await;
    let _all = bed
        .ws
        .upstream("github")
        .stub(membrane_mock::testing::Stub::post("/notes").json(200, json!({ "$var": "$.body" })))
        .await;
    let request = bed.demo().request(Method::POST, "/connections/github-dev/proxy/notes");
    let request = request.header("content-type", "application/json").header("content-encoding", "gzip");

    let passed = answer(request.body(hex::decode(SQUEEZED[0].1).unwrap())).await;

    assert_eq!(passed, (200, json!({ "name": "Squeezed" })));
}

#[tokio::test]
async fn a_mark_before_the_text_is_no_part_of_it() {
    let bed = Bed::start().await;

    let patched = sent(&bed.demo(), "identity", b"\xef\xbb\xbf{\"name\": \"Marked\"}".to_vec()).await;

    assert_eq!((patched.0, patched.1["name"].as_str()), (200, Some("Marked")));
}

#[tokio::test]
async fn the_scheme_of_a_token_is_read_in_any_case() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("demo-tenant").token();
    for scheme in ["Bearer", "bearer", "BEARER", "bEARER "] {
        let request = bed.nobody().request(Method::GET, "/self").header("authorization", format!("{scheme} {token}"));
        assert_eq!(answer(request).await.0, 200, "{scheme}");
    }
}

#[tokio::test]
async fn a_request_for_another_protocol_is_answered_as_any_other() {
    let bed = Bed::start().await;
    let address = bed.mock.uri().trim_start_matches("http://").to_owned();
    let token = bed.ws.tenant("demo-tenant").token();
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let json = "Content-Type: application/json\r\n";
    for (line, headers, body, status) in [
        ("GET /self", upgrade.to_owned(), "", 200),
        ("GET /nowhere", upgrade.to_owned(), "", 404),
        ("GET /self", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n".to_owned(), "", 200),
        (
            "PATCH /connections/github-dev",
            format!("{upgrade}{json}Content-Length: 17\r\n"),
            r#"{"name":"Shaken"}"#,
            200,
        ),
        (
            "PATCH /connections/github-dev",
            format!("{upgrade}{json}Transfer-Encoding: chunked\r\n"),
            "2\r\n{}\r\n0\r\n\r\n",
            200,
        ),
        ("CONNECT example.com:80", String::new(), "", 405),
        ("CONNECT example.com:80", "Content-Length: 2\r\n".to_owned(), "{}", 405),
    ] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head = format!("{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{headers}\r\n");

        // The connection stays open on this side: the answer must not wait for its end.
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();

        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line} {headers}: {answer}");
    }
    assert_eq!(bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await["name"], "Shaken");
    assert!(bed.nobody().get("/__mock/journal").await.1.to_string().contains("CONNECT"), "it is in the journal");
}

#[tokio::test]
async fn a_field_that_looks_like_one_is_refused_before_anything_happens() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let acme = bed.tenant("acme");
    let (workspace, org) = (format!("/workspaces/{}", bed.ws.key()), format!("/org-workspaces/{}", bed.ws.key()));
    for (api, method, path, body, says) in [
        (&acme, Method::POST, "/connect", json!({"key": "slack"}), "`connectorKey`"),
        (&acme, Method::POST, "/connect", json!({"integration": "slack"}), "`integrationId` or `integrationKey`"),
        (&acme, Method::POST, "/connection-requests", json!({"key": "slack"}), "`integrationKey`"),
        (&manager, Method::POST, "/actions", json!({"actionKey": "a", "name": "A"}), "did you mean `key`?"),
        (&manager, Method::POST, "/actions", json!({"key": "a", "integration": "github"}), "`integrationKey`"),
        (&manager, Method::POST, "/actions", json!({"key": "a", "input_schema": {}}), "did you mean `inputSchema`?"),
        (&manager, Method::POST, "/integrations", json!({"integrationKey": "x", "connectorKey": "slack"}), "`key`"),
        (&manager, Method::PATCH, "/integrations/github", json!({"integrationKey": "x"}), "did you mean `key`?"),
        (
            &acme,
            Method::POST,
            "/connections",
            json!({"integrationKey": "stripe", "conectorKey": "x"}),
            "`connectorKey`",
        ),
        (
            &acme,
            Method::POST,
            "/connect",
            json!({"integrationKey": "stripe", "parameters": {}}),
            "`connectorParameters`",
        ),
        (&manager, Method::PATCH, "/connections/github-dev", json!({"parameters": {}}), "`connectorParameters`"),
        (&manager, Method::POST, "/external-apps", json!({"appKey": "x", "name": "X"}), "did you mean `key`?"),
        (
            &manager,
            Method::PATCH,
            &workspace,
            json!({"webhookUrl": "http://127.0.0.1:1"}),
            "did you mean `webhookUri`?",
        ),
        (&manager, Method::PATCH, &workspace, json!({"nam": "X"}), "did you mean `name`?"),
        (&manager, Method::PATCH, &workspace, json!({"setings": {}}), "did you mean `settings`?"),
        (&manager, Method::PATCH, &org, json!({"limit": {}}), "did you mean `limits`?"),
    ] {
        let refused = api.call(method.clone(), path, Some(&body)).await;
        assert_eq!(refused.0, 400, "{method} {path} {body}: {refused:?}");
        assert!(message(&refused).contains(says), "{method} {path} {body}: {}", message(&refused));
    }
    assert!(acme.items("/connections").await.is_empty());
    assert!(manager.get("/actions/a").await.0 == 404 && manager.get("/integrations/x").await.0 == 404);
    // What means the same is taken.
    let made = manager.ok(Method::POST, "/customers", json!({"tenantKey": "new", "name": "New"})).await;
    assert_eq!(made["internalId"], "new");
}

#[tokio::test]
async fn a_query_field_that_looks_like_one_is_refused_where_something_is_read() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    for (path, says) in [
        ("/actions?integration=github", "did you mean `integrationId` or `integrationKey`?"),
        ("/actions?conectionId=x", "did you mean `connectionId`?"),
        ("/connections?include_archived=true", "did you mean `includeArchived`?"),
        ("/connections?tenantKey=x", "did you mean `tenantId`?"),
        ("/connections?connectorKey=github", "did you mean `connectorId`?"),
        ("/actions?externalAppKey=github", "did you mean `externalAppId`?"),
        ("/flow-runs?flowKey=x", "did you mean `flowId`"),
        ("/search?q=github&type=action", "did you mean `elementType`?"),
    ] {
        let refused = demo.get(path).await;
        assert!(refused.0 == 400 && message(&refused).contains(says), "{path}: {refused:?}");
    }
    // Others are noted, see the journal's findings.
    demo.ok(Method::GET, "/connections?colour=red&hash=1", Value::Null).await;
}

#[tokio::test]
async fn a_record_can_be_sent_back_to_be_changed() {
    let bed = Bed::start().await;
    let manager = bed.bearing(&json!({"workspaceKey": bed.ws.key(), "tenantKey": "demo-tenant", "isAdmin": true}));
    bed.action(json!({"key": "own", "integrationKey": "github", "type": "run-javascript", "config": {}})).await;
    manager.ok(Method::POST, "/flows", json!({"key": "own", "integrationKey": "github", "nodes": {}})).await;
    manager.ok(Method::POST, "/app-data-schemas", json!({"key": "own", "schema": {"type": "object"}})).await;
    manager
        .ok(Method::POST, "/connectors", json!({"key": "own", "name": "Own", "baseUri": "http://127.0.0.1:1"}))
        .await;
    for path in [
        "/connections/github-dev",
        "/integrations/github",
        "/actions/github.own",
        "/flows/github.own",
        "/app-data-schemas/own",
        "/customers/demo-tenant",
        "/connectors/own",
        "/self",
    ] {
        let record = manager.ok(Method::GET, path, Value::Null).await;
        let patched = manager.call(Method::PATCH, path, Some(&record)).await;
        assert_eq!(patched.0, 200, "{path}: {patched:?}");
    }
}

#[tokio::test]
async fn many_small_values_are_refused_by_number() {
    let bed = Bed::start().await;
    let many = format!("{{\"input\": {{\"a\": [{}1]}}}}", "1,".repeat(500_000));

    let refused = sent(&bed.demo(), "identity", many.into_bytes()).await;

    assert_eq!(refused.0, 400);
    assert_eq!(message(&refused), "the body has more than 500000 values");
    let form = bed.demo().request(Method::POST, "/connections/github-dev/proxy/user");
    let form = form.header("content-type", "application/x-www-form-urlencoded").body("a=1&".repeat(50_001));
    let refused = answer(form).await;
    assert_eq!((refused.0, message(&refused)), (400, "the form has more than 50000 fields"));
}
