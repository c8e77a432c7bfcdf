//! The journal as a witness: filters, verification with near misses, the stream, what is kept and what is masked.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Bed, message, next_event, panic_of};

async fn act(bed: &Bed, body: Value) -> Answer {
    bed.demo().post("/act", body).await
}

/// Creates an issue, which is one call of the API and one of the app.
async fn issue(bed: &Bed, title: &str) {
    let input = json!({"repo": "acme/app", "title": title, "labels": ["a", "b"], "body": title.to_uppercase()});
    let made = act(bed, json!({"key": "create-issue", "connectionKey": "github-dev", "input": input})).await;
    assert_eq!(made.0, 200, "{made:?}");
}

/// Any call of the external app.
async fn send(bed: &Bed, api: Value) -> Answer {
    act(bed, json!({"api": api, "connectionKey": "github-dev"})).await
}

async fn verify(bed: &Bed, expectation: Value) -> Value {
    let said = expectation.to_string();
    let (status, verdict) = bed.control(Method::POST, "/journal/verify", expectation).await;
    assert_eq!(status, 200, "{said}: {verdict:#}");
    verdict
}

async fn journal(bed: &Bed, query: &str) -> Value {
    let (status, journal) = bed.control(Method::GET, &format!("/journal{query}"), Value::Null).await;
    assert_eq!(status, 200, "{journal:#}");
    journal
}

#[tokio::test]
async fn calls_are_counted_as_a_test_expects_them() {
    let bed = Bed::start().await;
    issue(&bed, "one").await;
    issue(&bed, "two").await;
    send(&bed, json!({"method": "GET", "path": "/user"})).await;
    let issues = json!({"action": "create-issue"});

    for (expectation, satisfied, count) in [
        (json!({"calls": issues}), true, 2),
        (json!({"calls": issues, "times": 2}), true, 2),
        (json!({"calls": issues, "times": 1}), false, 2),
        (json!({"calls": issues, "times": 3}), false, 2),
        (json!({"calls": issues, "atLeast": 2}), true, 2),
        (json!({"calls": issues, "atLeast": 3}), false, 2),
        (json!({"calls": issues, "atMost": 2}), true, 2),
        (json!({"calls": issues, "atMost": 1}), false, 2),
        (json!({"calls": issues, "atLeast": 1, "atMost": 3}), true, 2),
        (json!({"calls": {"operation": "connect"}}), false, 0),
        (json!({"calls": {"operation": "connect"}, "times": 0}), true, 0),
        (json!({"calls": {"operation": "connect"}, "atMost": 0}), true, 0),
        (json!({"calls": {"operation": "act", "connection": "github-dev", "tenant": "demo-tenant"}}), true, 3),
        (json!({"calls": {"operation": "act", "integration": "github", "status": 200}}), true, 3),
        (json!({"calls": {"side": "api"}, "times": 3}), true, 3),
        (json!({"calls": {"side": "upstream", "route": "github", "path": "/repos/acme/app/issues"}}), true, 2),
        (json!({"calls": {"side": "upstream", "method": "post", "input": {"title": "one"}}, "times": 1}), true, 1),
    ] {
        let said = expectation.to_string();
        let verdict = verify(&bed, expectation).await;
        assert_eq!((&verdict["satisfied"], &verdict["count"]), (&json!(satisfied), &json!(count)), "{said}");
        assert!(!satisfied || verdict["nearMisses"] == json!([]), "{said}: {verdict:#}");
        assert!(verdict["message"].as_str().unwrap().contains(&count.to_string()), "{said}: {verdict:#}");
    }
}

#[tokio::test]
async fn an_input_has_at_least_what_is_asked_for() {
    let bed = Bed::start().await;
    issue(&bed, "one").await;

    for (input, satisfied) in [
        (json!({}), true),
        (json!({"title": "one"}), true),
        (json!({"labels": ["a", "b"], "body": "ONE"}), true),
        (json!({"title": "on"}), false),
        (json!({"labels": ["a"]}), false),
        (json!({"labels": ["b", "a"]}), false),
        (json!({"title": null}), false),
        (json!({"title": {"deep": 1}}), false),
        (json!("one"), false),
    ] {
        let said = input.to_string();
        let verdict = verify(&bed, json!({"calls": {"operation": "act", "input": input}})).await;
        assert_eq!(verdict["satisfied"], satisfied, "{said}");
    }
}

#[tokio::test]
async fn near_misses_tell_the_difference_field_by_field() {
    let bed = Bed::start().await;
    issue(&bed, "one").await;
    issue(&bed, "two").await;
    let acts = |input: Value| json!({"calls": {"action": "create-issue", "input": input}});

    let verdict = verify(&bed, acts(json!({"title": "three", "labels": ["a", "c"]}))).await;
    let misnamed = verify(&bed, json!({"calls": {"action": "create-isue", "status": 201}})).await;

    let near = verdict["nearMisses"].as_array().unwrap();
    assert_eq!(near.len(), 2, "{verdict:#}");
    assert_eq!(near[0]["call"], "POST /act → 200");
    assert_eq!(
        near[0]["differences"],
        json!([
            {"field": "input.title", "wanted": "three", "found": "two"},
            {"field": "input.labels[1]", "wanted": "c", "found": "b"},
        ])
    );
    assert!(near[0]["seq"].as_u64() > near[1]["seq"].as_u64(), "of equally near ones the latest");
    let mut misnamed = misnamed;
    // The action's id comes after its key.
    misnamed["nearMisses"][0]["differences"][0]["found"].as_array_mut().unwrap().truncate(1);
    assert_eq!(
        misnamed["nearMisses"][0]["differences"],
        json!([
            {"field": "action", "wanted": "create-isue", "found": ["create-issue"]},
            {"field": "status", "wanted": 201, "found": 200},
        ])
    );
    let nearer = verify(&bed, acts(json!({"title": "one", "labels": ["a"]}))).await;
    assert_eq!(nearer["nearMisses"][0]["differences"][0]["field"], "input.labels", "the nearest comes first");
}

#[tokio::test]
async fn the_nearest_miss_is_a_call_of_the_same_action() {
    let bed = Bed::start().await;
    issue(&bed, "one").await;
    bed.demo().get("/self").await;

    let calls = json!({"action": "create-issue", "input": {"title": "three", "labels": ["a"]}});
    let verdict = verify(&bed, json!({"calls": calls})).await;

    assert_eq!(verdict["nearMisses"][0]["call"], "POST /act → 200", "{verdict:#}");
}

#[tokio::test]
async fn order_is_verified_with_other_calls_between() {
    let bed = Bed::start().await;
    issue(&bed, "one").await;
    bed.demo().get("/self").await;
    issue(&bed, "two").await;
    let of = |title: &str| json!({"action": "create-issue", "input": {"title": title}});

    let in_order = verify(&bed, json!({"inOrder": [of("one"), of("two")]})).await;
    let with_others = verify(&bed, json!({"inOrder": [{"side": "upstream"}, {"path": "/self"}, of("two")]})).await;
    let reversed = verify(&bed, json!({"inOrder": [of("two"), of("one")]})).await;
    let twice = verify(&bed, json!({"inOrder": [of("one"), of("one")]})).await;

    assert_eq!((&in_order["satisfied"], &in_order["count"]), (&json!(true), &json!(2)));
    assert_eq!(with_others["satisfied"], true);
    assert_eq!((&reversed["satisfied"], &reversed["count"]), (&json!(false), &json!(1)));
    assert!(reversed["message"].as_str().unwrap().contains("number 2"), "{reversed:#}");
    assert_eq!(reversed["nearMisses"][0]["differences"][0]["field"], "input.title");
    assert_eq!(twice["satisfied"], false, "one call is not two");
}

#[tokio::test]
async fn a_wrong_expectation_is_refused_with_its_field() {
    let bed = Bed::start().await;

    for (expectation, field) in [
        (json!({"calls": {"colour": 1}}), "calls.colour"),
        (json!({"calls": {"side": "inside"}}), "calls.side"),
        (json!({"calls": {"status": "ok"}}), "calls.status"),
        (json!({"time": 1}), "time"),
        (json!({"times": -1}), "times"),
        (json!({"inOrder": [{}, {"actoin": "x"}]}), "actoin"),
    ] {
        let refused = bed.control(Method::POST, "/journal/verify", expectation.clone()).await;
        assert_eq!(refused.0, 400, "{expectation}: {refused:?}");
        assert!(message(&refused).contains(field), "{expectation}: {refused:?}");
    }
}

#[tokio::test]
async fn the_journal_is_filtered_by_what_a_call_was_about() {
    let bed = Bed::start().await;
    issue(&bed, "one").await;
    act(&bed, json!({"key": "list-contacts", "connectionKey": "hubspot-prod"})).await;
    bed.demo().get("/connections/github-dev?x=1").await;
    bed.tenant("acme").get("/self").await;
    bed.demo().get("/nowhere").await;
    let (github, hubspot) = ("POST /act", "POST /act");
    let app = "POST /repos/acme/app/issues";
    let read = "GET /connections/github-dev?x=1";

    for (query, calls) in [
        ("?operation=act", vec![github, hubspot]),
        ("?operation=connect", vec![]),
        ("?side=upstream&route=github", vec![app]),
        ("?side=api&method=get", vec![read, "GET /self", "GET /nowhere"]),
        ("?path=/connections/github-dev", vec![read]),
        ("?path=/connections/*", vec![read]),
        ("?path=*/issues&side=upstream", vec![app]),
        ("?route=/connections/%7Bconnection%7D", vec![read]),
        ("?route=GET%20/connections/%7Bconnection%7D", vec![read]),
        ("?route=GET%20/connections/%7Bany%7D", vec![read]),
        ("?route=PUT%20/connections/%7Bconnection%7D", vec![]),
        ("?tenant=demo-tenant&operation=act", vec![github, hubspot]),
        ("?tenant=acme&operation=act", vec![]),
        ("?connection=github-dev&operation=act", vec![github]),
        ("?integration=hubspot", vec![hubspot]),
        ("?action=list-contacts", vec![hubspot]),
        ("?status=404", vec!["GET /nowhere"]),
        ("?status=201", vec![app]),
        ("?fault=none", vec![]),
    ] {
        let journal = journal(&bed, query).await;
        let text = |entry: &Value, name: &str| entry[name].as_str().expect("text").to_owned();
        let found = journal["items"].as_array().expect("a list").iter();
        let found: Vec<String> = found.map(|e| format!("{} {}", text(e, "method"), text(e, "path"))).collect();
        assert_eq!(found, calls, "{query}");
    }
    for wrong in ["?side=inside", "?status=well"] {
        assert_eq!(bed.control(Method::GET, &format!("/journal{wrong}"), Value::Null).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn any_call_has_its_tenant_and_its_connection_in_the_journal() {
    let bed = Bed::start().await;
    bed.demo().get("/connections/github-dev").await;
    bed.tenant("acme").get("/self").await;

    for (query, path) in [
        ("?tenant=demo-tenant", "/connections/github-dev"),
        ("?connection=github-dev", "/connections/github-dev"),
        ("?integration=github", "/connections/github-dev"),
        ("?tenant=acme", "/self"),
    ] {
        let items = journal(&bed, query).await["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{query}: {items:#}");
        assert_eq!(items[0]["path"], path, "{query}");
    }
}

#[tokio::test]
async fn the_stream_tells_of_a_call_as_it_is_made() {
    let bed = Bed::start().await;
    let path = format!("/__mock/workspaces/{}/journal/stream", bed.ws.key());
    let mut stream = bed.nobody().request(Method::GET, &path).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");

    bed.demo().get("/self?api_key=hush").await;

    let told = next_event(&mut stream).await;
    assert_eq!((&told["path"], &told["status"]), (&json!("/self?api_key=***"), &json!(200)));
    assert_eq!(told, journal(&bed, "").await["items"][0]);
}

#[tokio::test]
async fn a_journal_is_bounded_by_its_bytes_and_counts_what_it_forgot() {
    const CALLS: usize = 700;
    let bed = Bed::start().await;
    let demo = bed.demo();
    let large =
        |size: usize| json!({"key": "nowhere", "connectionKey": "github-dev", "input": {"x": "x".repeat(size)}});

    for _ in 0..CALLS / 50 {
        join_all((0..50).map(|_| demo.post("/act", large(60_000)))).await;
    }
    demo.post("/act", large(70_000)).await;

    let entries = bed.ws.journal();
    let bytes: usize = entries.iter().map(|entry| entry.body.as_ref().unwrap().to_string().len()).sum();
    assert!(bytes < 33 << 20, "{} entries take {bytes} bytes", entries.len());
    assert!(entries.len() > 300, "{} are left", entries.len());
    let forgotten = journal(&bed, "?path=/nowhere").await["forgotten"].as_u64().unwrap();
    assert_eq!(usize::try_from(forgotten).unwrap() + entries.len(), CALLS + 1);
    assert_eq!(entries[0].seq, forgotten + 1, "the oldest go first");
    let last = entries.last().unwrap().body.clone().unwrap();
    assert!(last.as_str().unwrap().starts_with("(about 70"), "a body over 64 KB is told by its size: {last}");
    assert_eq!(bed.control(Method::DELETE, "/journal", Value::Null).await.0, 204);
    assert_eq!(journal(&bed, "").await, json!({"items": [], "forgotten": 0, "findings": []}));
}

#[tokio::test]
async fn an_input_is_read_as_the_route_reads_it() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let wrapped = json!({"input": {"repo": "acme/app", "title": "wrapped"}});
    demo.post("/actions/create-issue/run?connectionKey=github-dev", wrapped.clone()).await;
    // Where the body is the input itself, a field `input` is a field like others.
    demo.post("/connections/github-dev/actions/create-issue/run", wrapped).await;

    for (input, times) in [(json!({"title": "wrapped"}), 1), (json!({"input": {"title": "wrapped"}}), 1)] {
        let verdict = verify(&bed, json!({"calls": {"operation": "act", "input": input}, "times": times})).await;
        assert_eq!(verdict["satisfied"], true, "{input}: {verdict}");
    }
}

#[tokio::test]
async fn secrets_are_masked_in_inputs_and_in_what_an_app_is_sent() {
    let bed = Bed::start().await;
    let secrets = json!({
        "title": "seen", "password": "hush-1", "nested": [{"apiKey": "hush-2", "Access_Token": "hush-3"}],
        "clientSecret": "hush-4",
    });
    let mut input = secrets.clone();
    input["repo"] = json!("acme/app");
    act(&bed, json!({"key": "create-issue", "connectionKey": "github-dev", "input": input})).await;
    let query = json!({"access_token": "hush-5", "q": "seen"});
    send(&bed, json!({"method": "POST", "path": "/things", "body": secrets, "query": query})).await;
    bed.demo().post("/connections/github-dev/proxy/things?api_key=hush-6", secrets).await;

    let text = journal(&bed, "").await.to_string();

    assert!(!text.contains("hush"), "{text}");
    assert_eq!(text.matches(r#""password":"***""#).count(), 3, "{text}");
    assert!(text.contains(r#""title":"seen""#) && text.contains("q=seen"), "{text}");
}

#[tokio::test]
async fn secrets_are_masked_whatever_their_shape() {
    let bed = Bed::start().await;
    let body = json!({"token": {"value": "hush-1"}, "tokens": ["hush-2"], "secret": 123_454_321});
    send(&bed, json!({"method": "POST", "path": "/things", "body": body})).await;
    send(&bed, json!({"method": "POST", "path": "/things", "body": "client_secret=hush-3&q=seen"})).await;

    let text = journal(&bed, "").await.to_string();

    for secret in ["hush-1", "hush-2", "hush-3", "123454321"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn what_deserves_a_look_is_told_once_with_how_often() {
    let bed = Bed::start().await;
    assert_eq!(journal(&bed, "").await["findings"], json!([]));
    let token = bed.ws.tenant("demo-tenant").token();
    bed.nobody().get(&format!("/self?token={token}")).await;
    bed.poke("github-dev", "loseCredentials").await;
    send(&bed, json!({"method": "GET", "path": "/user"})).await;
    bed.demo().get("/connections/github-dev/proxy/user").await;

    let findings = journal(&bed, "?side=upstream").await["findings"].clone();

    let told: Vec<(&str, u64)> = findings
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["what"].as_str().unwrap(), finding["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        told,
        [("the token is in the query string", 1), ("the call went to a connection that is disconnected", 2)],
        "a filter hides calls and no findings"
    );
    assert_eq!(findings[1]["firstSeq"], 2);
    assert!(!findings.to_string().contains(&token));
}

#[tokio::test]
async fn a_test_in_rust_counts_calls_and_fails_with_what_came_near() {
    let bed = Bed::start().await;
    let issues = || bed.ws.journal().acts().action("create-issue");
    let by_drop = issues().expect_by_drop(2);
    issue(&bed, "one").await;
    issue(&bed, "two").await;

    issues().expect(2);
    issues().input(json!({"title": "one"})).connection("github-dev").integration("github").expect(1);
    issues().tenant("demo-tenant").status(200).method("POST").path("/act").expect(2);
    bed.ws.journal().connects().expect(0);
    bed.ws.journal().calls().path("/act").expect(2);
    bed.ws.journal().upstream("github").input(json!({"title": "two"})).expect(1);
    assert_eq!(issues().tenant("acme").count(), 0);
    drop(by_drop);

    let told = panic_of(|| issues().input(json!({"title": "three"})).expect(1)).expect("there was none");
    for part in ["expected 1 calls", "there were 0", "POST /act", "input.title: wanted \"three\", found \"two\""] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let unmet = issues().expect_by_drop(3);
    let told = panic_of(move || drop(unmet)).expect("there were two");
    assert!(told.contains("expected 3 calls") && told.contains("there were 2"), "{told}");
    let unmet = issues().expect_by_drop(3);
    let why = "something else";
    let told = panic_of(move || {
        let _unmet = unmet;
        panic!("{why} went wrong");
    });
    assert_eq!(told.as_deref(), Some("something else went wrong"), "a failing test fails once");
}

#[tokio::test]
async fn a_test_in_rust_expects_calls_in_order() {
    let bed = Bed::start().await;
    issue(&bed, "one").await;
    bed.demo().get("/self").await;
    issue(&bed, "two").await;
    let of = |title: &str| bed.ws.journal().acts().input(json!({"title": title}));
    let self_read = || bed.ws.journal().calls().path("/self");

    bed.ws.journal().expect_in_order(&[of("one"), self_read(), of("two")]);
    bed.ws.journal().expect_in_order(&[bed.ws.journal().upstream("github"), self_read()]);

    let told = panic_of(|| bed.ws.journal().expect_in_order(&[of("two"), of("one")])).expect("it was the other way");
    assert!(told.contains("number 2 in order"), "{told}");
    assert!(told.contains("input.title: wanted \"one\", found \"two\""), "{told}");
}

#[tokio::test]
async fn a_journal_is_of_its_workspace_alone() {
    let bed = Bed::start().await;
    issue(&bed, "here").await;
    let fork = bed.mock.fork().await.unwrap();

    fork.journal().acts().expect(0);
    bed.ws.fork().await.unwrap().journal().acts().expect(0);
    bed.ws.journal().acts().expect(1);
    bed.ws.reset().await.unwrap();
    bed.ws.journal().acts().expect(0);
}

#[tokio::test]
async fn what_nobody_reads_is_a_finding() {
    let bed = Bed::start().await;
    let found = async |bed: &Bed| -> Vec<String> {
        let findings = journal(bed, "").await["findings"].clone();
        let told = findings.as_array().unwrap().iter().map(|finding| finding["what"].as_str().unwrap().to_owned());
        told.collect()
    };
    bed.demo().items("/connections?limit=5&integrationKey=github&search=g").await;
    bed.demo().get("/connections/github-dev/proxy/user?whatever=1").await;
    bed.demo().ok(Method::PATCH, "/connections/github-dev", json!({"name": "Mine"})).await;
    let record = bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await;
    bed.demo().ok(Method::PUT, "/connections/github-dev", record).await;
    assert_eq!(found(&bed).await, [""; 0], "all of it means something, or is a record that is sent back");

    bed.demo().items("/connections?sort=name&sort=key").await;
    bed.demo().ok(Method::PATCH, "/connections/github-dev", json!({"nmae": "Mine", "name": "Mine"})).await;
    bed.demo().get("/connections/no-such-connection?color=red").await;

    assert_eq!(
        found(&bed).await,
        ["the query key `sort` is not known to this route", "the field `nmae` is not known to this route",],
        "a call that failed may not have been read to its end"
    );
    let entries = journal(&bed, "").await["items"].clone();
    let warned = entries.as_array().unwrap().iter().filter(|entry| entry.get("warnings").is_some()).count();
    assert_eq!(warned, 2);
}

#[tokio::test]
async fn pages_that_nobody_read_are_a_finding() {
    let bed = Bed::start().await;
    let unread = async || -> Vec<Value> {
        let findings = journal(&bed, "").await["findings"].as_array().unwrap().clone();
        findings.into_iter().filter(|finding| finding["what"].as_str().unwrap().contains("more pages")).collect()
    };

    let first = bed.demo().ok(Method::GET, "/connections?limit=1", Value::Null).await;
    let found = unread().await;
    assert_eq!((found.len(), &found[0]["count"], &found[0]["firstSeq"]), (1, &json!(1), &json!(1)));

    let next = format!("/connections?limit=1&cursor={}", first["cursor"].as_str().unwrap());
    let last = bed.demo().ok(Method::GET, &next, Value::Null).await;
    assert_eq!((last.get("cursor"), unread().await), (None, vec![]), "it was read to its end");

    bed.demo().items("/connections?limit=1").await;
    assert_eq!(unread().await.len(), 1, "begun again, and not read on");
    assert_eq!(bed.demo().items("/connections").await.len(), 2);
}

#[tokio::test]
async fn polling_without_a_pause_is_a_finding() {
    let bed = Bed::start().await;
    let found = async |bed: &Bed| journal(bed, "").await["findings"].to_string();
    for _ in 0..9 {
        bed.demo().get("/connections/github-dev").await;
        bed.ws.clock().advance(std::time::Duration::from_millis(100)).await.unwrap();
    }
    let nine = found(&bed).await;
    for _ in 0..20 {
        bed.demo().get("/connections/hubspot-prod?wait=true").await;
        bed.ws.clock().advance(std::time::Duration::from_millis(100)).await.unwrap();
    }
    let waiting = found(&bed).await;
    bed.demo().get("/connections/github-dev").await;
    for _ in 0..12 {
        bed.demo().get("/connections/github-dev").await;
        bed.ws.clock().advance(std::time::Duration::from_millis(100)).await.unwrap();
    }
    let polled = found(&bed).await;

    assert_eq!((nine.as_str(), waiting.as_str()), ("[]", "[]"));
    assert!(polled.contains("read ten times in a row"), "{polled}");
}
