//! The journal as a witness: calls that are expected, in order, and what came near.

use http::Method;
use serde_json::{Value, json};

use crate::support::journal::{issue, send, verify};
use crate::support::{Bed, message, panic_of};

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
        (json!({"calls": {"connector": "github"}}), true, 3),
        (json!({"calls": {"connector": "github", "method": "GET"}, "times": 1}), true, 1),
        (json!({"calls": {"connector": "slack"}}), false, 0),
        (json!({"calls": {"connector": "github", "side": "api"}}), false, 0),
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
