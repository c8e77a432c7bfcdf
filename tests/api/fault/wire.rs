//! Faults: rules that break calls on cue, on both sides, as the peer's kernel sees it.

use std::io::ErrorKind;
use std::time::Duration;

use http::Method;
use membrane_mock::testing::{Fault, act, any_call, route, upstream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Bed, user, verdict};

/// What came back of a call on a bare socket: bytes, and how it ended.
async fn bare(bed: &Bed, path: &str) -> (String, Option<ErrorKind>) {
    let (got, end, _) = bare_in_pieces(bed, path).await;
    (got, end)
}

/// The same, and how many reads it took.
async fn bare_in_pieces(bed: &Bed, path: &str) -> (String, Option<ErrorKind>, usize) {
    let address = bed.mock.uri().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let token = bed.ws.tenant("demo-tenant").token();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut got, mut piece, mut reads) = (Vec::new(), [0; 4096], 0);
    let end = loop {
        match stream.read(&mut piece).await {
            Ok(0) => break None,
            Ok(read) => got.extend_from_slice(&piece[..read]),
            Err(error) => break Some(error.kind()),
        }
        reads += 1;
    };
    (String::from_utf8_lossy(&got).into_owned(), end, reads)
}

fn promised(head_and_body: &str) -> (usize, usize) {
    let (head, body) = head_and_body.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    (length.parse().unwrap(), body.len())
}

#[tokio::test]
async fn a_reset_is_an_rst_and_a_close_is_an_end_of_file() {
    let bed = Bed::start().await;
    let list = || route("GET /connections");
    let fault = bed.ws.fault(Fault::on(list()).reset()).await;
    assert_eq!(bare(&bed, "/connections").await, (String::new(), Some(ErrorKind::ConnectionReset)));
    drop(fault);

    let fault = bed.ws.fault(Fault::on(list()).close()).await;
    assert_eq!(bare(&bed, "/connections").await, (String::new(), None));
    drop(fault);

    assert_eq!(bed.demo().get("/integrations?limit=1").await.0, 200, "other calls are as ever");
}

#[tokio::test]
async fn an_answer_breaks_off_or_comes_in_pieces() {
    let bed = Bed::start().await;
    let fault = bed.ws.fault(Fault::on(any_call()).truncate()).await;
    let (got, end) = bare(&bed, "/connections").await;
    let (length, came) = promised(&got);
    assert!(came > 0 && came < length && end.is_none(), "{came} of {length}, then {end:?}");
    drop(fault);

    let fault = bed.ws.fault(Fault::on(any_call()).dribble(128, 20)).await;
    let (got, end, reads) = bare_in_pieces(&bed, "/connections").await;
    let (length, came) = promised(&got);
    assert_eq!((came, end), (length, None));
    assert!(reads > 3, "{length} bytes came in {reads} pieces");
    drop(fault);
    let empty = bed.ws.fault(Fault::on(any_call()).dribble(1, 1)).await;
    let (status, body) = bed.demo().post("/connections/github-dev/disconnect", json!({})).await;
    assert_eq!((status, body.is_null(), empty.fired()), (204, true, 1), "nothing comes slowly");
    drop(empty);

    let fault = bed.ws.fault(Fault::on(any_call()).stall()).await;
    let address = bed.mock.uri().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let token = bed.ws.tenant("demo-tenant").token();
    let request = format!("GET /self HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0);
    }
    assert_eq!(fault.fired(), 1);
    let more = stream.try_read(&mut [0; 16]).map_err(|error| error.kind());
    assert_eq!(more, Err(ErrorKind::WouldBlock), "no body follows, and the connection is open");
}

#[tokio::test]
async fn the_second_act_meets_a_connection_that_was_lost() {
    let bed = Bed::start().await;
    let api = bed.demo();
    let _fault = bed.ws.fault(Fault::on(act().connection("github-dev")).named("lost").nth(2).disconnect()).await;
    let call = user();

    assert_eq!(api.post("/act", call.clone()).await.0, 200);
    let lost = api.post("/act", call).await;
    assert_eq!((lost.0, &lost.1["code"]), (400, &json!("CONNECTION_DISCONNECTED")), "{lost:?}");
    bed.ws.journal().acts().connection("github-dev").status(400).expect(1);
    let entries = bed.control(Method::GET, "/journal?fault=lost", Value::Null).await.1;
    assert_eq!(entries["items"].as_array().unwrap().len(), 1, "{entries:#}");
}

#[tokio::test]
async fn the_apps_side_fails_over_real_http() {
    let bed = Bed::start().await;
    let api = bed.demo();
    let call = user();
    for fault in [
        Fault::on(upstream("github")).reset(),
        Fault::on(upstream("github")).close(),
        Fault::on(upstream("github")).truncate(),
    ] {
        let _fault = bed.ws.fault(fault).await;
        let answer = api.post("/act", call.clone()).await;
        assert_eq!(verdict(&answer), "400 action_run/-", "{answer:?}");
    }
    let _fault =
        bed.ws.fault(Fault::on(upstream("github").path("/user")).respond(503, json!({"message": "down"}))).await;
    let answer = api.post("/act", call.clone()).await;
    assert_eq!(answer.1["data"]["response"]["status"], 503, "{answer:?}");
    assert_eq!(answer.1["data"]["response"]["data"]["message"], "down");
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back_and_the_clock_fills_the_bucket() {
    let bed = Bed::exact().await;
    let _fault = bed.ws.fault(Fault::on(route("GET /integrations")).rate_limit(2, 60_000)).await;
    let statuses = async || {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(bed.demo().get("/integrations").await.0);
        }
        statuses
    };
    assert_eq!(statuses().await, [200, 200, 429]);
    bed.ws.clock().advance(Duration::from_mins(1)).await.unwrap();
    assert_eq!(statuses().await, [200, 200, 429]);
}

#[tokio::test]
async fn the_same_seed_breaks_the_same_calls_and_a_story_plays_again() {
    let broken = async |bed: &Bed| {
        let mut broken = Vec::new();
        for _ in 0..20 {
            broken.push(bed.demo().get("/integrations?limit=1").await.0);
        }
        broken
    };
    let rule = || Fault::on(route("GET /integrations")).named("flaky").probability(0.4).respond(503, json!({}));
    let (one, other) = (Bed::exact().await, Bed::exact().await);
    let _faults = [one.ws.fault(rule()).await, other.ws.fault(rule()).await];

    let first = broken(&one).await;
    assert!(first.contains(&503) && first.contains(&200), "{first:?}");
    assert_eq!(first, broken(&other).await);

    let third = Bed::start().await;
    let _fault = third.ws.fault(rule()).await;
    let story = one.control(Method::GET, "/faults/story", Value::Null).await.1;
    assert_eq!(third.control(Method::PUT, "/faults/story", story).await.0, 200);
    assert_eq!(first, broken(&third).await);
}

#[tokio::test]
async fn a_checkpoint_brings_state_clock_and_faults_back() {
    let bed = Bed::exact().await;
    let rule = json!({"name": "slow", "on": {"operation": "act"}, "fault": {"latency": {"ms": 10}}});
    assert_eq!(bed.control(Method::POST, "/faults", rule).await.0, 200);
    let taken = bed.control(Method::POST, "/snapshots", json!({"name": "before"})).await.1;
    let at = bed.ws.clock().now();
    bed.demo().ok(Method::DELETE, "/connections/github-dev", Value::Null).await;
    bed.ws.clock().advance(Duration::from_mins(1)).await.unwrap();
    bed.control(Method::DELETE, "/faults", Value::Null).await;

    assert_eq!(bed.control(Method::POST, "/snapshots/before/restore", Value::Null).await.0, 200);

    assert_eq!(bed.demo().get("/connections/github-dev").await.0, 200);
    assert_eq!(bed.ws.clock().now(), at);
    let faults = bed.control(Method::GET, "/faults", Value::Null).await.1;
    assert_eq!(faults["items"][0]["name"], "slow");
    let fork = bed.nobody().post("/__mock/workspaces", json!({"from": taken["id"]})).await;
    assert_eq!(fork.0, 200, "{fork:?}");
}

#[tokio::test]
async fn a_webhook_is_retried_on_the_clock_until_it_is_taken() {
    let receiver = wiremock::MockServer::start().await;
    let down = wiremock::Mock::given(wiremock::matchers::any()).respond_with(wiremock::ResponseTemplate::new(500));
    down.up_to_n_times(2).mount(&receiver).await;
    let up = wiremock::Mock::given(wiremock::matchers::any()).respond_with(wiremock::ResponseTemplate::new(200));
    up.mount(&receiver).await;
    let bed = Bed::exact().await;
    let change = json!({"webhookUri": receiver.uri(), "enabledWebhookEvents": ["connection.disconnected"]});
    bed.change_workspace(change).await;

    bed.poke("github-dev", "loseCredentials").await;
    bed.ws.settle().await.unwrap();
    assert_eq!(bed.ws.webhooks().expect("connection.disconnected").attempts.len(), 1);
    bed.ws.clock().advance(Duration::from_secs(1)).await.unwrap();
    bed.ws.clock().advance(Duration::from_secs(2)).await.unwrap();

    let told = bed.ws.webhooks().expect("connection.disconnected");
    assert_eq!(
        told.attempts.iter().map(|attempt| attempt.status).collect::<Vec<_>>(),
        [Some(500), Some(500), Some(200)]
    );
    let got = receiver.received_requests().await.unwrap();
    let payload: Value = got[0].body_json().unwrap();
    assert_eq!(
        (&payload["eventType"], &payload["event"]),
        (&json!("connection.disconnected"), &json!("connection.disconnected"))
    );
    assert_eq!(payload["data"]["connection"]["id"], payload["data"]["id"]);
}

#[tokio::test]
async fn an_app_that_never_sends_its_body_is_given_up_by_its_caller() {
    let bed = Bed::start().await;
    let fault = bed.ws.fault(Fault::on(upstream("github")).stall()).await;
    let user = user();

    let (api, call) = (bed.demo(), user.clone());
    let hung = tokio::spawn(async move { api.post("/act", call).await });
    while fault.fired() == 0 {
        tokio::task::yield_now().await;
    }
    let other = bed.demo().get("/connections/github-dev").await;
    let is_waiting = !hung.is_finished();
    drop(fault);
    hung.abort();
    let after = bed.demo().post("/act", user).await;

    assert!(is_waiting, "the body never comes");
    assert_eq!((other.0, after.0), (200, 200), "others are answered meanwhile, and it works again");
}
