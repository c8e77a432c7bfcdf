//! Rules of faults: how often they fire, how they are kept, which are refused.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::{By, Fault, act, any_call, proxy, route};
use serde_json::{Value, json};

use crate::support::faults::{add, breaking, is_broken, listed};
use crate::support::{Api, Bed, contacts, id, message, user, verdict};

#[tokio::test]
async fn how_often_is_counted_over_the_calls_that_a_rule_is_about() {
    for (often, pattern) in [
        (json!({}), "xxxxx"),
        (json!({"times": 2}), "xx..."),
        (json!({"nth": 3}), "..x.."),
        (json!({"after": 2}), "..xxx"),
        (json!({"after": 1, "times": 2}), ".xx.."),
        (json!({"after": 1, "nth": 2, "times": 1}), ".x..."),
        (json!({"after": 2, "nth": 2}), "....."),
        (json!({"probability": 0.0}), "....."),
        (json!({"probability": 1.0}), "xxxxx"),
        (json!({"probability": 1.0, "after": 3}), "...xx"),
    ] {
        let bed = Bed::start().await;
        let mut rule = breaking(json!({"on": {"path": "/self"}}));
        rule.as_object_mut().unwrap().extend(often.as_object().unwrap().clone());
        add(&bed, rule).await;

        let mut seen = String::new();
        for _ in 0..pattern.len() {
            bed.demo().get("/integrations?limit=1").await;
            seen.push(if is_broken(&bed.demo(), "GET /self", &Value::Null).await { 'x' } else { '.' });
        }

        let standing = listed(&bed).await;
        assert_eq!(seen, pattern, "{often}");
        assert_eq!(standing[0]["matched"], pattern.len(), "{often}");
        assert_eq!(standing[0]["fired"], pattern.matches('x').count(), "{often}");
    }
}

#[tokio::test]
async fn until_is_a_moment_of_the_workspaces_clock() {
    let bed = Bed::exact().await;
    add(&bed, breaking(json!({"until": "2025-01-01T00:01:00Z", "times": 3}))).await;
    let demo = bed.demo();
    let broken = async || is_broken(&demo, "GET /self", &Value::Null).await;

    assert!(broken().await);
    bed.ws.clock().advance(Duration::from_millis(59_999)).await.unwrap();
    assert!(broken().await);
    bed.ws.clock().advance(Duration::from_millis(1)).await.unwrap();
    assert!(!broken().await);
}

#[tokio::test]
async fn the_first_rule_that_answers_a_call_is_the_last_that_sees_it() {
    let bed = Bed::start().await;
    let once = bed.ws.fault(Fault::on(route("GET /self")).once().respond(503, json!({}))).await;
    let always = bed.ws.fault(Fault::on(proxy()).respond(502, json!({}))).await.may_not_fire();
    let then = bed.ws.fault(Fault::on(any_call().method("GET")).respond(504, json!({}))).await;

    let statuses = [bed.demo().get("/self").await.0, bed.demo().get("/self").await.0];

    assert_eq!(statuses, [503, 504]);
    assert_eq!([once.fired(), always.fired(), then.fired()], [1, 0, 1]);
    let seen: Vec<Value> = listed(&bed).await.iter().map(|rule| rule["matched"].clone()).collect();
    assert_eq!(seen, [json!(2), json!(0), json!(1)], "the last saw only the second call");
}

#[tokio::test]
async fn rules_are_listed_read_replaced_and_removed_by_id_or_name() {
    let bed = Bed::start().await;
    let first = add(&bed, json!({"fault": "close", "on": {"path": "/nothing"}})).await;
    let second = add(&bed, json!({"name": "mine", "times": 1, "fault": {"respond": {"status": 503}}})).await;
    let (first, second) = (id(&first), id(&second));
    let at = |name: &str| format!("/faults/{name}");
    let get = async |name: &str| bed.control(Method::GET, &at(name), Value::Null).await;

    assert_eq!(get(&first).await.1["name"], first.as_str(), "a rule without a name is named after its id");
    assert_eq!(get("mine").await.1, get(&second).await.1);
    assert_eq!(get("mine").await.1["fault"], json!({"respond": {"status": 503}}));

    assert_eq!(bed.demo().get("/self").await.0, 503);
    let replaced = json!({"on": {"path": "/self"}, "fault": {"respond": {"status": 502}}});
    let (status, put) = bed.control(Method::PUT, &at("mine"), replaced).await;
    assert_eq!((status, &put["id"], &put["name"]), (200, &json!(second), &json!("mine")));
    assert_eq!((&put["matched"], &put["fired"]), (&json!(1), &json!(1)), "it keeps its counts");
    assert_eq!((bed.demo().get("/self").await.0, bed.demo().get("/connections").await.0), (502, 200));

    add(&bed, json!({"name": "mine", "fault": {"respond": {"status": 500}}})).await;
    let names: Vec<Value> = listed(&bed).await.iter().map(|rule| rule["name"].clone()).collect();
    assert_eq!(names, [json!(first), json!("mine")], "a rule takes the place of its namesake");

    assert_eq!(bed.control(Method::DELETE, &at(&first), Value::Null).await.0, 200);
    assert_eq!(bed.control(Method::DELETE, &at("mine"), Value::Null).await.0, 200);
    for method in [Method::GET, Method::DELETE] {
        let gone = bed.control(method, &at("mine"), Value::Null).await;
        assert_eq!(verdict(&gone), "404 bad_request/not_found");
        assert!(message(&gone).contains("`mine`"), "{gone:?}");
    }
    assert_eq!(bed.control(Method::PUT, &at("mine"), json!({"fault": "close"})).await.0, 404);
    add(&bed, json!({"fault": "close"})).await;
    assert_eq!(bed.control(Method::DELETE, "/faults", Value::Null).await.0, 204);
    assert_eq!((listed(&bed).await.len(), bed.demo().get("/self").await.0), (0, 200));
}

#[tokio::test]
async fn a_rule_cannot_take_the_name_of_another_by_replacing() {
    let bed = Bed::start().await;
    add(&bed, json!({"name": "one", "on": {"path": "/nothing"}, "fault": "close"})).await;
    add(&bed, json!({"name": "two", "on": {"path": "/nothing"}, "fault": "close"})).await;

    bed.control(Method::PUT, "/faults/two", json!({"name": "one", "fault": {"respond": {"status": 503}}})).await;

    let rules = listed(&bed).await;
    assert_eq!(rules.iter().filter(|rule| rule["name"] == "one").count(), 1, "{rules:#?}");
}

#[tokio::test]
async fn a_list_of_rules_is_added_whole_or_not_at_all() {
    let bed = Bed::start().await;
    let rule = |name: &str| json!({"name": name, "on": {"path": "/nothing"}, "fault": "close"});

    let added = bed.control(Method::POST, "/faults", json!([rule("a"), rule("b")])).await;
    let refused = [
        bed.control(Method::POST, "/faults", json!([rule("c"), {"fault": "nope"}])).await,
        bed.control(Method::POST, "/faults", json!([rule("d"), {"fault": "close", "probability": 2}])).await,
    ];

    assert_eq!((added.0, added.1["items"].as_array().unwrap().len()), (200, 2));
    assert!(refused.iter().all(|answer| answer.0 == 400), "{refused:?}");
    let names: Vec<Value> = listed(&bed).await.iter().map(|rule| rule["name"].clone()).collect();
    assert_eq!(names, [json!("a"), json!("b")]);
}

#[tokio::test]
async fn a_wrong_rule_is_refused_with_the_field_that_is_wrong() {
    let bed = Bed::start().await;

    for (rule, field) in [
        (json!({}), "fault"),
        (json!({"fault": "nope"}), "`fault`"),
        (json!({"fault": {"reset": {}, "close": {}}}), "`fault`: it is one name, or an object with one"),
        (json!({"fault": "rateLimit"}), "`fault.rateLimit`: it needs more than its name: {\"rateLimit\": …}"),
        (json!({"fault": {"reset": {}}}), "`fault.reset`: it is its name alone: \"reset\""),
        (json!({"fault": "close", "on": {"oper": 1}}), "on.oper"),
        (json!({"fault": "close", "on": {"tenant": 1}}), "on.tenant"),
        (json!({"fault": "close", "nht": 1}), "nht"),
        (json!({"fault": "close", "nth": 0}), "`nth`"),
        (json!({"fault": "close", "times": 0}), "`times`"),
        (json!({"fault": "close", "times": -1}), "times"),
        (json!({"fault": "close", "probability": 2}), "`probability`"),
        (json!({"fault": "close", "until": "noon"}), "until"),
        (json!({"fault": {"error": {"type": "nope"}}}), "fault.error.type"),
        (json!({"fault": {"error": {"type": "internal", "colour": 1}}}), "fault.error.colour"),
        (json!({"fault": {"respond": {"status": 99}}}), "`respond.status`"),
        (json!({"fault": {"latency": {"ms": -1}}}), "fault.latency.ms"),
        (json!({"fault": {"latency": {"ms": 5, "to": 1}}}), "`latency.to`"),
        (json!({"fault": {"rateLimit": {"limit": 0}}}), "`rateLimit.limit`"),
        (json!({"fault": {"rateLimit": {"limit": 1, "by": "colour"}}}), "fault.rateLimit.by"),
    ] {
        let refused = bed.control(Method::POST, "/faults", rule.clone()).await;
        assert_eq!(refused.0, 400, "{rule}: {refused:?}");
        assert!(message(&refused).contains(field), "{rule}: {refused:?}");
    }
    assert!(listed(&bed).await.is_empty());
}

#[tokio::test]
async fn a_rule_that_can_never_do_what_it_says_is_refused() {
    let bed = Bed::start().await;

    for rule in [
        json!({"fault": {"error": {"type": "internal", "status": 100}}}),
        json!({"fault": {"error": {"type": "internal", "status": 999}}}),
        json!({"fault": "close", "on": {"operation": "dance"}}),
        json!({"fault": "close", "on": {"side": "api", "connector": "github"}}),
        json!({"fault": "close", "on": {"side": "api", "operation": "webhook"}}),
        json!({"fault": "close", "on": {"side": "upstream", "operation": "act"}}),
        json!({"fault": "close", "on": {"connector": "github", "operation": "refresh"}}),
        json!({"fault": "close", "on": {"side": "upstream", "action": "create-issue"}}),
        json!({"fault": "close", "on": {"connector": "github", "route": "GET /connections"}}),
        json!({"fault": {"respond": {"status": 200, "headers": {"no header": "x"}}}}),
    ] {
        let answer = bed.control(Method::POST, "/faults", rule.clone()).await;
        assert_eq!(answer.0, 400, "{rule}: {answer:?}");
    }
}

#[tokio::test]
async fn a_rule_about_webhooks_needs_no_side() {
    let bed = Bed::exact().await;
    let app = json!({"webhookUri": "http://127.0.0.1:9/hook", "enabledWebhookEvents": ["connection.disconnected"]});
    bed.change_workspace(app).await;
    add(&bed, json!({"name": "lost", "on": {"operation": "webhook"}, "fault": {"respond": {"status": 204}}})).await;

    bed.poke("github-dev", "loseCredentials").await;
    bed.ws.settle().await.unwrap();

    assert_eq!(listed(&bed).await[0]["fired"], 1);
    let sent = bed.control(Method::GET, "/webhooks", Value::Null).await.1;
    assert_eq!(sent["items"][0]["attempts"][0]["status"], 204, "{sent}");
}

#[tokio::test]
async fn what_finds_nothing_to_break_has_not_fired() {
    let bed = Bed::exact().await;
    bed.demo()
        .ok(
            Method::POST,
            "/connect",
            json!({"connectorKey": "stripe", "connectionKey": "keyed", "input": {"apiKey": "k"}}),
        )
        .await;
    add(&bed, json!({"name": "nobody", "on": {"route": "GET /self"}, "fault": "disconnect"})).await;
    add(&bed, json!({"name": "no token", "on": {"connection": "keyed"}, "fault": "expireCredentials"})).await;
    add(&bed, json!({"name": "no refresh", "on": {"connection": "keyed"}, "times": 1, "fault": "failRefresh"})).await;
    add(&bed, json!({"name": "lost", "on": {"connection": "keyed"}, "times": 1, "fault": "disconnect"})).await;

    bed.demo().get("/self").await;
    bed.demo().get("/connections/keyed").await;
    bed.demo().get("/connections/keyed").await;

    let fired: Vec<(Value, Value)> =
        listed(&bed).await.iter().map(|rule| (rule["matched"].clone(), rule["fired"].clone())).collect();
    assert_eq!(fired, [(1, 0), (2, 0), (2, 0), (2, 1)].map(|(matched, fired)| (json!(matched), json!(fired))));
    let story = bed.control(Method::GET, "/faults/story", Value::Null).await.1;
    assert_eq!((story["fired"].as_array().unwrap().len(), &story["fired"][0]["rule"]), (1, &json!("lost")));
    let journal = bed.control(Method::GET, "/journal?fault=no%20token", Value::Null).await.1;
    assert_eq!(journal["items"], json!([]));
}

#[tokio::test]
async fn a_reset_removes_rules_and_only_a_fork_of_the_workspace_takes_them_along() {
    let bed = Bed::start().await;
    add(&bed, breaking(json!({"on": {"path": "/self"}, "nth": 2}))).await;
    assert_eq!(bed.demo().get("/self").await.0, 200);

    let copy = bed.ws.fork().await.unwrap();
    let plain = bed.mock.fork().await.unwrap();
    let statuses = async |token: String| {
        let api = Api::new(bed.mock.uri(), token);
        [api.get("/self").await.0, api.get("/self").await.0]
    };

    assert_eq!(statuses(copy.tenant("demo-tenant").token()).await, [200, 400], "counts begin anew");
    assert_eq!(statuses(plain.tenant("demo-tenant").token()).await, [200, 200]);
    assert_eq!(bed.demo().get("/self").await.0, 400, "the first workspace's own count goes on");
    bed.ws.reset().await.unwrap();
    assert!(listed(&bed).await.is_empty());
    let story = copy.story().1;
    assert_eq!(story.iter().map(|fired| (fired.n, fired.call.as_str())).collect::<Vec<_>>(), [(2, "GET /self")]);
}

#[tokio::test]
async fn ten_rules_about_nothing_change_nothing() {
    let (with, without) = (Bed::exact().await, Bed::exact().await);
    for number in 0..10 {
        add(&with, json!({"name": format!("idle-{number}"), "probability": 0, "fault": "reset"})).await;
    }

    for call in ["GET /connections", "GET /integrations?limit=3", "GET /connections/github-dev/proxy/user", "GET /self"]
    {
        let path = call.trim_start_matches("GET ");
        let answers = [with.shown(&with.demo().get(path).await), without.shown(&without.demo().get(path).await)];
        assert_eq!(answers[0], answers[1], "{call}");
    }
    for body in [user(), contacts(), json!({"key": "nowhere"})] {
        let answers = [with.demo().post("/act", body.clone()).await, without.demo().post("/act", body).await];
        assert_eq!(with.shown(&answers[0]), without.shown(&answers[1]));
    }
    assert!(with.ws.journal().iter().all(|entry| entry.faults.is_empty()));
    assert_eq!(with.ws.journal().len(), without.ws.journal().len());
}

#[tokio::test]
async fn a_rule_about_no_route_is_refused_with_what_was_meant() {
    let bed = Bed::start().await;
    for (wanted, says) in [
        ("GET /conections", "did you mean `GET /connections`"),
        ("PATCH /act", "`PATCH /act`, which is no route"),
        ("/connections", "which is no route"),
    ] {
        let rule = json!({"on": {"route": wanted}, "fault": "close"});
        for body in [rule.clone(), json!([rule.clone()])] {
            let refused = bed.control(Method::POST, "/faults", body).await;
            assert_eq!((refused.0, &refused.1["data"]["field"]), (400, &json!("on.route")), "{wanted}: {refused:?}");
            assert!(message(&refused).contains(says), "{refused:?}");
        }
    }
    for known in ["GET /connections/{anything}", "POST /act", "GET /connections/{c}/proxy/{*path}", "GET /connect/{t}"]
    {
        let rule = json!({"on": {"route": known}, "fault": "close"});
        assert_eq!(bed.control(Method::POST, "/faults", rule).await.0, 200, "{known}");
    }
}

#[tokio::test]
async fn rust_writes_every_rule_that_json_can() {
    let spoken = [
        Fault::on(act()).latency_between(5, 9).rule(),
        Fault::on(act()).rate_limit_by(By::Tenant, 3, 1_000).without_retry_after().rule(),
        Fault::on(act()).rate_limit_by(By::Connection, 3, 1_000).rule(),
        Fault::on(act()).respond(503, json!("down")).header("retry-after", "7").rule(),
    ];
    let on = json!({"operation": "act"});
    let limit =
        |by: &str, after: bool| json!({"rateLimit": {"limit": 3, "perMs": 1000, "by": by, "retryAfter": after}});
    let respond = json!({"respond": {"status": 503, "body": "down", "headers": {"retry-after": "7"}}});
    let written = [json!({"latency": {"ms": 5, "to": 9}}), limit("tenant", false), limit("connection", true), respond];

    for (rule, fault) in spoken.iter().zip(written) {
        assert_eq!(serde_json::to_value(rule).unwrap(), json!({"on": on, "fault": fault}));
    }
}
