//! What faults do: to answers of the API, to connections, and on the way to an external app and its vendor.

use http::Method;
use membrane_mock::testing::Side;
use membrane_mock::testing::{Fault, act, proxy, route, upstream};
use serde_json::{Value, json};

use crate::support::faults::add;
use crate::support::{Api, Bed, GUARD, contacts, message, under_way, user, verdict};

/// Until when the workspace's calls wait, as soon as some do.
async fn pending(bed: &Bed) -> Vec<String> {
    let asked = async {
        loop {
            let clock = bed.control(Method::GET, "/clock", Value::Null).await.1;
            let pending = clock["pending"].as_array().expect("who waits");
            if !pending.is_empty() {
                assert!(pending.iter().all(|waiting| waiting["call"] == "POST /act"), "{pending:?}");
                return pending.iter().map(|waiting| waiting["until"].as_str().expect("a moment").to_owned()).collect();
            }
        }
    };
    tokio::time::timeout(GUARD, asked).await.expect("a call that waits")
}

/// Status and `Retry-After`.
async fn limited(api: &Api, path: &str) -> (u16, Option<String>) {
    let answer = api.request(Method::GET, path).send().await.expect("an answer");
    let after = answer.headers().get("retry-after").map(|value| value.to_str().expect("text").to_owned());
    (answer.status().as_u16(), after)
}

/// The paths of what was sent to an app and its vendor, with what was answered.
fn sent(bed: &Bed) -> Vec<(String, u16)> {
    let journal = bed.ws.journal();
    let upstream = journal.iter().filter(|entry| entry.side == Side::Upstream);
    upstream.map(|entry| (entry.path.clone(), entry.status)).collect()
}

const REFRESH: &str = "/oauth/token?grant_type=refresh_token";

#[tokio::test]
async fn any_error_of_the_engine_has_its_family_key_and_status() {
    let bed = Bed::start().await;

    for (kind, key, status) in [
        ("bad_request", None, 400),
        ("bad_request", Some("not_found"), 404),
        ("bad_request", Some("not_authenticated"), 401),
        ("bad_request", Some("access_denied"), 403),
        ("bad_request", Some("already_exists"), 400),
        ("bad_request", Some("rate_limit_exceeded"), 429),
        ("connection", Some("connection_is_defunct"), 400),
        ("connection", Some("access_token_expired"), 400),
        ("configuration", None, 400),
        ("dependency_error", None, 400),
        ("flow_run", None, 400),
        ("flow_instance_setup", None, 400),
        ("concurrency", Some("lock_timeout"), 400),
        ("internal", None, 500),
        ("action_run", None, 400),
        ("action_instance_setup", None, 400),
        ("unit_run", None, 400),
        ("custom_code", None, 400),
        ("insufficient_credit", None, 400),
        ("openrouter_not_configured", None, 400),
    ] {
        add(&bed, json!({"name": "it", "fault": {"error": {"type": kind, "key": key}}})).await;
        let answer = bed.demo().get("/self").await;
        assert_eq!(verdict(&answer), format!("{status} {kind}/{}", key.unwrap_or("-")));
        assert!(message(&answer).contains("`it`"), "the rule is named: {answer:?}");
    }
    let own = json!({
        "type": "connection", "key": "access_token_expired", "code": "CONNECTION_DISCONNECTED", "message": "gone",
        "status": 401,
    });
    add(&bed, json!({"name": "it", "fault": {"error": own}})).await;

    let (status, body) = bed.demo().post("/act", user()).await;

    assert_eq!((status, &body["code"], &body["message"]), (401, &json!("CONNECTION_DISCONNECTED"), &json!("gone")));
}

#[tokio::test]
async fn any_answer_can_be_given_with_its_headers() {
    let bed = Bed::start().await;
    let headers = json!({"retry-after": "7", "content-type": "text/plain"});
    add(&bed, json!({"name": "it", "fault": {"respond": {"status": 429, "body": "later", "headers": headers}}})).await;
    let answer = bed.demo().request(Method::GET, "/self").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(answer.text().await.unwrap(), "later");

    add(&bed, json!({"name": "it", "fault": {"respond": {"status": 200, "body": {"items": []}}}})).await;
    assert_eq!(bed.demo().get("/connections").await, (200, json!({"items": []})));
    add(&bed, json!({"name": "it", "fault": {"respond": {"status": 503}}})).await;
    assert_eq!(bed.demo().get("/connections").await, (503, Value::Null));
}

#[tokio::test]
async fn a_call_that_is_answered_by_a_fault_does_nothing() {
    let bed = Bed::start().await;
    let fault = bed.ws.fault(Fault::on(route("DELETE /connections/{connection}")).respond(500, json!({}))).await;

    assert_eq!(bed.demo().delete("/connections/github-dev").await.0, 500);

    assert_eq!(bed.demo().get("/connections/github-dev").await.0, 200);
    drop(fault);
    assert_eq!(bed.demo().delete("/connections/github-dev").await.0, 200);
}

#[tokio::test]
async fn a_slow_call_waits_for_the_workspaces_clock_and_is_listed_meanwhile() {
    let bed = Bed::exact().await;
    let _slow = bed.ws.fault(Fault::on(act()).named("slow").latency(5_000)).await;
    let call = under_way(bed.demo(), user());

    assert_eq!(pending(&bed).await, ["2025-01-01T00:00:05.000Z"]);
    bed.advance_ms(4_999).await;
    assert_eq!(pending(&bed).await, ["2025-01-01T00:00:05.000Z"]);
    assert!(!call.is_finished());
    assert_eq!(bed.demo().get("/self").await.0, 200, "others do not wait");
    bed.advance_ms(1).await;

    assert_eq!(call.await.unwrap().0, 200);
    let (_, clock) = bed.control(Method::GET, "/clock", Value::Null).await;
    assert_eq!(clock["pending"], json!([]));
    let journal = bed.ws.journal();
    let entry = journal.iter().find(|entry| entry.path == "/act").expect("it is there");
    assert_eq!((entry.duration_ms, entry.faults.as_slice()), (5_000, ["slow".to_owned()].as_slice()));
}

#[tokio::test]
async fn latency_lies_between_its_bounds_and_repeats_with_the_seed() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let bed = Bed::exact().await;
        add(&bed, json!({"name": "slow", "fault": {"latency": {"ms": 1_000, "to": 2_000}}})).await;
        let call = under_way(bed.demo(), user());
        seen.push(pending(&bed).await);
        bed.advance_ms(2_000).await;
        assert_eq!(call.await.unwrap().0, 200);
    }

    assert_eq!(seen[0], seen[1]);
    let until = seen[0][0].as_str();
    assert!(("2025-01-01T00:00:01.000Z".."2025-01-01T00:00:02.000Z").contains(&until), "{until}");
}

#[tokio::test]
async fn a_call_that_waits_twice_is_answered_within_one_advance_at_its_own_moments() {
    let bed = Bed::exact().await;
    let _slow_call = bed.ws.fault(Fault::on(act()).latency(1_000)).await;
    let _slow_app = bed.ws.fault(Fault::on(upstream("github")).latency(500)).await;
    let call = under_way(bed.demo(), user());
    pending(&bed).await;

    bed.advance_ms(60_000).await;

    let (_, clock) = bed.control(Method::GET, "/clock", Value::Null).await;
    assert_eq!(clock["pending"], json!([]), "everything that fell due has run");
    assert_eq!(call.await.unwrap().0, 200);
    let at: Vec<String> = bed.ws.journal().iter().map(|entry| entry.at.to_string()).collect();
    assert_eq!(at, ["2025-01-01T00:00:01.500Z", "2025-01-01T00:00:01.500Z"]);
}

#[tokio::test]
async fn a_call_that_waits_for_a_clock_is_let_go_when_its_workspace_is_put_back_or_deleted() {
    for ends_it in ["reset", "restore", "delete"] {
        let bed = Bed::exact().await;
        bed.ws.snapshot("start").unwrap();
        let _slow = bed.ws.fault(Fault::on(act()).latency(1_000)).await;
        let call = under_way(bed.demo(), user());
        pending(&bed).await;

        match ends_it {
            "reset" => bed.ws.reset().await.unwrap(),
            "restore" => bed.ws.restore("start").await.unwrap(),
            _ => assert_eq!(bed.control(Method::DELETE, "", Value::Null).await.0, 204),
        }

        // Nobody can advance the clock that it waits for any more.
        let ended = tokio::time::timeout(GUARD / 3, call).await;
        assert!(ended.is_ok(), "{ends_it}: the call waits for ever");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_while_its_call_waits_waits_no_more() {
    let bed = Bed::exact().await;
    let _slow = bed.ws.fault(Fault::on(act()).latency(1_000)).await;
    let call = under_way(bed.demo(), user());
    pending(&bed).await;

    call.abort();

    let gone = async { while bed.control(Method::GET, "/clock", Value::Null).await.1["pending"] != json!([]) {} };
    tokio::time::timeout(GUARD, gone).await.expect("the call is given up");
    assert!(bed.demo().items("/action-run-logs").await.is_empty(), "and was never made");
}

#[tokio::test]
async fn a_rate_limit_counts_the_workspaces_a_tenants_or_a_connections_calls_together() {
    let after = |seconds: &str| (429, Some(seconds.to_owned()));
    for (by, of_another_connection, of_another_tenant) in [
        ("workspace", after("10"), after("10")),
        ("tenant", after("10"), (200, None)),
        ("connection", (200, None), (200, None)),
    ] {
        let bed = Bed::exact().await;
        bed.ws.tenant("acme").connect("github").key("github-dev").ready().await.unwrap();
        let limit = json!({"rateLimit": {"limit": 1, "perMs": 10_000, "by": by, "retryAfter": true}});
        add(&bed, json!({"on": {"route": "GET /connections/{connection}"}, "fault": limit})).await;
        let (demo, acme) = (bed.demo(), bed.tenant("acme"));

        assert_eq!(limited(&demo, "/connections/github-dev").await, (200, None), "{by}");
        assert_eq!(limited(&demo, "/connections/github-dev").await, after("10"), "{by}");
        assert_eq!(limited(&demo, "/connections/hubspot-prod").await, of_another_connection, "{by}");
        assert_eq!(limited(&acme, "/connections/github-dev").await, of_another_tenant, "{by}");
        bed.advance_ms(9_500).await;
        assert_eq!(limited(&demo, "/connections/github-dev").await, after("1"), "{by}");
        bed.advance_ms(500).await;
        assert_eq!(limited(&demo, "/connections/github-dev").await, (200, None), "{by}");
    }
}

#[tokio::test]
async fn a_rate_limit_answers_in_the_envelope_and_need_not_say_when_to_come_back() {
    let bed = Bed::exact().await;
    add(&bed, json!({"on": {"path": "/self"}, "fault": {"rateLimit": {"limit": 2}}})).await;

    let statuses = [limited(&bed.demo(), "/self").await, limited(&bed.demo(), "/self").await];
    let refused = bed.demo().get("/self").await;

    assert_eq!(statuses, [(200, None), (200, None)]);
    assert_eq!(verdict(&refused), "429 bad_request/rate_limit_exceeded");
    assert_eq!(limited(&bed.demo(), "/self").await, (429, None));
}

#[tokio::test]
async fn whoever_comes_back_when_told_to_is_let_in() {
    let bed = Bed::exact().await;
    let limit = json!({"rateLimit": {"limit": 1, "perMs": 6_000, "retryAfter": true}});
    add(&bed, json!({"on": {"path": "/self"}, "fault": limit})).await;
    assert_eq!(limited(&bed.demo(), "/self").await, (200, None));

    bed.advance_ms(1_000).await;
    assert_eq!(limited(&bed.demo(), "/self").await, (429, Some("5".to_owned())));
    bed.advance_ms(5_000).await;

    assert_eq!(limited(&bed.demo(), "/self").await, (200, None));
}

#[tokio::test]
async fn malformed_json_is_announced_as_json_and_is_none() {
    let bed = Bed::start().await;
    let _fault = bed.ws.fault(Fault::on(route("GET /connections")).malformed_json()).await;

    let answer = bed.demo().request(Method::GET, "/connections").send().await.unwrap();

    assert_eq!(answer.status().as_u16(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
    assert!(serde_json::from_str::<Value>(&answer.text().await.unwrap()).is_err());
}

#[tokio::test]
async fn expired_credentials_are_refreshed_and_the_call_succeeds() {
    let bed = Bed::start().await;
    let _fault = bed.ws.fault(Fault::on(act().connection("github-dev")).nth(2).expire_credentials()).await;

    let statuses = [
        bed.demo().post("/act", user()).await.0,
        bed.demo().post("/act", user()).await.0,
        bed.demo().post("/act", contacts()).await.0,
    ];

    assert_eq!(statuses, [200; 3]);
    let said = |path: &str, status: u16| (path.to_owned(), status);
    assert_eq!(
        sent(&bed)[..4],
        [said("/user", 200), said("/user", 401), said(REFRESH, 200), said("/user", 200)],
        "it was the app that turned the token down"
    );
    assert_eq!(bed.demo().state("github-dev").await, "READY");
}

#[tokio::test]
async fn expired_credentials_whose_refresh_fails_disconnect() {
    let bed = Bed::start().await;
    let _expired = bed.ws.fault(Fault::on(act()).once().expire_credentials()).await;
    let _refused = bed.ws.fault(Fault::on(act()).once().fail_refresh()).await;

    let lost = bed.demo().post("/act", user()).await;

    assert_eq!(verdict(&lost), "400 connection/access_token_expired");
    assert_eq!(lost.1["code"], "CONNECTION_DISCONNECTED");
    assert_eq!(
        (bed.demo().state("github-dev").await, bed.demo().state("hubspot-prod").await),
        (json!("DISCONNECTED"), json!("READY"))
    );
    assert_eq!(sent(&bed), [("/user".to_owned(), 401), (REFRESH.to_owned(), 400)]);
    let again = bed.ws.tenant("demo-tenant").connect("github").key("github-dev").ready().await.unwrap();
    assert_eq!(bed.demo().post("/act", user()).await.0, 200, "{} is connected again", again.id());
}

#[tokio::test]
async fn a_refresh_that_will_fail_does_no_harm_before() {
    let bed = Bed::start().await;
    let _refused = bed.ws.fault(Fault::on(act()).once().fail_refresh()).await;

    let before = [bed.demo().post("/act", user()).await.0, bed.demo().post("/act", user()).await.0];
    let refused = bed.demo().call(Method::POST, "/connections/github-dev/refresh", None).await;

    assert_eq!(before, [200, 200]);
    assert_eq!(verdict(&refused), "400 connection/access_token_expired");
    assert_eq!(bed.demo().state("github-dev").await, "DISCONNECTED");
}

#[tokio::test]
async fn a_defunct_connection_says_so_until_its_user_connects_anew() {
    let bed = Bed::start().await;
    let _fault = bed.ws.fault(Fault::on(act()).once().mark_defunct()).await;

    let refused = [bed.demo().post("/act", user()).await, bed.demo().post("/act", user()).await];

    for refused in &refused {
        assert_eq!(verdict(refused), "400 connection/connection_is_defunct");
    }
    let record = bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await;
    assert_eq!(
        [&record["isDefunct"], &record["connected"], &record["disconnected"]],
        [&json!(true), &json!(false), &json!(true)]
    );
    assert_eq!(record["error"]["key"], "connection_is_defunct");
    bed.ws.tenant("demo-tenant").connect("github").key("github-dev").ready().await.unwrap();
    let record = bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await;
    assert_eq!((&record["isDefunct"], &record["state"]), (&json!(false), &json!("READY")));
    assert_eq!(bed.demo().post("/act", user()).await.0, 200);
}

#[tokio::test]
async fn credentials_are_lost_on_the_way_through_the_proxy_too() {
    let bed = Bed::start().await;
    let _fault = bed.ws.fault(Fault::on(proxy().connection("github-dev")).once().disconnect()).await;

    let proxied = bed.demo().get("/connections/github-dev/proxy/user").await;

    assert_eq!(verdict(&proxied), "400 connection/access_token_expired");
    assert_eq!(bed.demo().state("github-dev").await, "DISCONNECTED");
    let granted = bed.control(Method::GET, "/upstreams/github/tokens", Value::Null).await.1;
    assert_eq!(granted["items"][0]["revoked"], true, "the vendor has taken the token back");
}

#[tokio::test]
async fn an_app_answers_as_a_fault_has_it() {
    for (fault, status) in [
        (json!({"error": {"type": "internal"}}), 500),
        (json!({"respond": {"status": 503, "body": {"message": "down"}}}), 503),
        (json!({"rateLimit": {"limit": 1, "perMs": 5_000, "retryAfter": true}}), 429),
    ] {
        let bed = Bed::exact().await;
        add(&bed, json!({"name": "it", "on": {"connector": "github"}, "fault": fault})).await;
        if status == 429 {
            assert_eq!(bed.demo().post("/act", user()).await.0, 200);
        }

        let acted = bed.demo().post("/act", user()).await;
        let proxied = limited(&bed.demo(), "/connections/github-dev/proxy/user").await;

        assert_eq!(
            (verdict(&acted), &acted.1["data"]["response"]["status"]),
            ("400 action_run/-".into(), &json!(status))
        );
        assert_eq!(proxied, (status, (status == 429).then(|| "5".to_owned())));
        let logged = bed.demo().run_details(&acted.1).await;
        assert_eq!(logged["details"]["exchanges"][0]["response"]["status"], status, "{logged:#}");
        let named = bed.ws.journal().iter().filter(|entry| entry.faults == ["it"] && entry.status == status).count();
        assert_eq!(named, 2);
        assert_eq!(bed.demo().post("/act", contacts()).await.0, 200, "other apps are well");
    }
}

#[tokio::test]
async fn an_app_is_slow_on_the_workspaces_clock() {
    let bed = Bed::exact().await;
    let _slow = bed.ws.fault(Fault::on(upstream("github")).latency(3_000)).await;
    let call = under_way(bed.demo(), user());

    assert_eq!(pending(&bed).await, ["2025-01-01T00:00:03.000Z"]);
    assert_eq!(bed.demo().post("/act", contacts()).await.0, 200);
    bed.advance_ms(3_000).await;

    assert_eq!(call.await.unwrap().0, 200);
}

#[tokio::test]
async fn an_apps_answer_comes_slowly_and_whole_or_is_no_json() {
    let bed = Bed::start().await;
    let whole = bed.demo().ok(Method::POST, "/act", user()).await["output"].clone();
    let dribbles = bed.ws.fault(Fault::on(upstream("github")).dribble(100, 0)).await;
    let slowly = bed.demo().ok(Method::POST, "/act", user()).await["output"].clone();
    assert_eq!((slowly, dribbles.fired()), (whole, 1));
    drop(dribbles);

    let _malformed = bed.ws.fault(Fault::on(upstream("github")).malformed_json()).await;
    let acted = bed.demo().post("/act", user()).await;

    assert!(acted.0 == 400 || acted.1["output"].is_string(), "no value is made up: {acted:?}");
}

#[tokio::test]
async fn one_request_to_an_app_is_one_entry_of_the_journal() {
    let bed = Bed::start().await;
    let _dribbles = bed.ws.fault(Fault::on(upstream("github")).named("slow").dribble(100, 0)).await;

    bed.demo().ok(Method::POST, "/act", user()).await;

    assert_eq!(sent(&bed), [("/user".to_owned(), 200)]);
    bed.ws.journal().upstream("github").expect(1);
}

#[tokio::test]
async fn an_app_that_breaks_off_is_named_by_its_own_address() {
    let bed = Bed::start().await;
    let _reset = bed.ws.fault(Fault::on(upstream("github")).reset()).await;

    let acted = bed.demo().post("/act", user()).await;

    assert_eq!(verdict(&acted), "400 action_run/-");
    assert!(message(&acted).contains("api.github.com"), "{acted:?}");
    assert!(!message(&acted).contains("127.0.0.1"), "{acted:?}");
}

#[tokio::test]
async fn a_vendor_that_fails_or_refuses_a_refresh_is_a_matter_of_its_answer() {
    let bed = Bed::exact().await;
    let down = Fault::on(upstream("github").path("/oauth/token")).once().respond(503, json!({}));
    let _down = bed.ws.fault(down).await;
    let _expired = bed.ws.fault(Fault::on(act()).once().expire_credentials()).await;

    let first = bed.demo().post("/act", user()).await;
    let record = bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await;
    let second = bed.demo().post("/act", user()).await;

    assert_eq!((first.0, &first.1["data"]["response"]["status"]), (400, &json!(401)), "{first:?}");
    assert_eq!((&record["state"], &record["retryAttempts"]), (&json!("READY"), &json!(1)));
    assert_eq!(second.0, 200, "the vendor is there again: {second:?}");
    let invalid_grant = json!({"error": "invalid_grant"});
    let refuses = Fault::on(upstream("hubspot").path("/oauth/token")).respond(400, invalid_grant);
    let _refuses = bed.ws.fault(refuses).await;
    bed.advance_ms(30 * 60 * 1_000).await;
    assert_eq!(
        (bed.demo().state("hubspot-prod").await, bed.demo().state("github-dev").await),
        (json!("DISCONNECTED"), json!("READY"))
    );
}
