//! Clients that stop sending, that take nothing, and that send what is no HTTP.

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::served::Served;
use crate::support::{Bed, GUARD};

/// What a server answers to these bytes, after which the client sends no more.
async fn told(address: &str, request: &str, ends: bool) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    if ends {
        stream.shutdown().await.unwrap();
    }
    let mut answer = String::new();
    tokio::time::timeout(GUARD, stream.read_to_string(&mut answer)).await.expect("an answer in time").unwrap();
    answer
}

#[tokio::test]
async fn a_body_that_stops_coming_is_408_in_the_envelope() {
    let served = Served::by(&[("BODY_TIMEOUT_MS", "50")]);
    let address = served.get("url").trim_start_matches("http://");
    let token = served.read("").await["tenantToken"].as_str().unwrap().to_owned();
    let plain = format!("POST /act HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n");
    let head = format!("{plain}Authorization: Bearer {token}\r\n");

    let nobodys = told(address, &format!("{plain}Content-Length: 9\r\n\r\n"), false).await;
    assert!(nobodys.starts_with("HTTP/1.1 401 "), "the connection ends, whatever the answer: {nobodys}");
    let stopped = told(address, &format!("{head}Content-Length: 100\r\n\r\n{{\"key\""), false).await;
    let in_pieces = told(address, &format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n"), false).await;

    for answer in [stopped, in_pieces] {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 408 "), "{answer}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["type"], "bad_request");
        assert!(body["message"].as_str().unwrap().contains("the body broke off after"), "{body}");
    }
    let journal = served.read("/journal").await;
    assert!(journal["items"].as_array().unwrap().iter().any(|entry| entry["status"] == 408), "{journal:#}");
}

/// Clients that ask for long answers and take nothing of them neither hold up others nor stay.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn clients_that_take_nothing_hold_up_nobody_and_are_let_go() {
    let served = Served::by(&[("BODY_TIMEOUT_MS", "10000")]);
    let address = served.get("url").trim_start_matches("http://");
    let tenant = served.tenant().await;
    let open = || served.descriptors();
    let act = json!({"connectionKey": "github-dev", "api": {"method": "GET", "path": "/user/repos"}});
    tenant.ok(Method::POST, "/act", act.clone()).await;
    let at_rest = open();

    let asked = format!("GET /docs-json HTTP/1.1\r\nHost: {address}\r\n\r\n").repeat(20);
    let mut idle = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(asked.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    for _ in 0..5 {
        tenant.ok(Method::POST, "/act", act.clone()).await;
    }
    let held = open();
    let let_go = async {
        while open() > at_rest + 10 {
            tenant.get("/self").await;
        }
    };
    tokio::time::timeout(GUARD, let_go).await.expect("they are let go in time");

    assert!(held >= at_rest + 100, "all of them were waiting: {held} of {at_rest}");
    assert_eq!(idle.len(), 100);
}

#[tokio::test]
async fn a_client_that_only_stops_sending_is_answered() {
    let bed = Bed::start().await;
    let address = bed.mock.uri().trim_start_matches("http://").to_owned();
    let code = "module.exports = () => new Promise((done) => setTimeout(() => done('late'), 300))";
    let body = json!({"code": code, "connectionKey": "github-dev"}).to_string();
    let token = bed.ws.tenant("demo-tenant").token();
    for version in ["1.0", "1.1"] {
        let request = format!(
            "POST /act HTTP/{version}\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );

        let answer = told(&address, &request, true).await;

        assert!(answer.contains(" 200 OK") && answer.contains("\"output\":\"late\""), "{version}: {answer}");
        // A client of HTTP/1.0 knows no answer before the answer.
        assert_eq!(answer.contains(" 100 Continue"), version == "1.1", "{answer}");
        let journal = bed.ws.journal();
        assert_eq!(journal.last().map(|entry| entry.status), Some(200));
    }
}

#[tokio::test]
async fn the_server_as_a_whole_has_options() {
    let bed = Bed::start().await;
    let address = bed.mock.uri().trim_start_matches("http://").to_owned();
    let request = format!("OPTIONS * HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");

    let answer = told(&address, &request, false).await;

    let one = told(&address, &request.replace('*', "/act"), false).await;
    let status = |answer: &str| answer.lines().next().unwrap_or_default().to_owned();
    assert!(one.starts_with("HTTP/1.1 20"), "{one}");
    assert_eq!(status(&answer), status(&one), "{answer}");
}

#[tokio::test]
async fn a_long_answer_comes_whole() {
    let bed = Bed::start().await;
    let code = "module.exports = () => 'x'.repeat(1_000_000)";
    let ran = bed.demo().ok(Method::POST, "/act", json!({"code": code, "connectionKey": "github-dev"})).await;
    assert_eq!(ran["output"].as_str().map(str::len), Some(1_000_000));
}

#[tokio::test]
async fn an_address_may_have_characters_that_other_servers_take() {
    let bed = Bed::start().await;
    let address = bed.mock.uri().trim_start_matches("http://").to_owned();
    let token = bed.ws.tenant("demo-tenant").token();
    for (target, key) in [
        ("/connections?search=git{hub}", None),
        ("/connections?filter={\"a\":1}&search=github", Some("github-dev")),
        ("/connections?search=é", None),
    ] {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        let answer = told(&address, &request, false).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{target}: {answer}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["items"][0]["key"].as_str(), key, "{target}: {body}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_as_http_is_told_why_and_noted() {
    let bed = Bed::start().await;
    let address = bed.mock.uri().trim_start_matches("http://").to_owned();
    let token = bed.ws.tenant("demo-tenant").token();
    let bearer = format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n");
    let many = "X-Y: z\r\n".repeat(120);
    for (request, status, says) in [
        (format!("GET /self HTTP/1.1\r\n{bearer}b c: d\r\n\r\n"), 400, "the header `b c` cannot be read"),
        (format!("GET /self HTTP/1.1\r\n{bearer}{many}\r\n"), 431, "more than 96 headers"),
        (format!("GET /self HTTP/1.1\r\n{bearer}X: {}\r\n\r\n", "y".repeat(150_000)), 431, "too large"),
        ("hello there\r\n\r\n".into(), 400, "this is no request of HTTP/1.1"),
        (format!("GET /self?x={} HTTP/1.1\r\n{bearer}\r\n", "y".repeat(70_000)), 414, "the address is too long"),
    ] {
        let answer = told(&address, &request, false).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{says}: {answer}"));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{says}: {answer}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["type"], "bad_request");
        assert!(body["message"].as_str().unwrap().contains(says), "{says}: {body}");
    }
    let journal = bed.ws.journal();
    let told: Vec<_> = journal.iter().flat_map(|entry| &entry.warnings).collect();
    assert!(told.iter().any(|warning| warning.contains("more than 96 headers")), "{told:?}");
    assert!(!format!("{journal:?}").contains(&token));
    let nobodys = bed.nobody().ok(Method::GET, "/__mock/journal", Value::Null).await;
    assert!(nobodys.to_string().contains("this is no request of HTTP/1.1"), "{nobodys:#}");
}
