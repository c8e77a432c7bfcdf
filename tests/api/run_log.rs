//! Run logs and external API logs: what every call leaves behind, and who may read it.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};

use crate::support::{Api, Bed, answer, contacts, id, message, user, user_through, verdict};

async fn act(api: &Api, body: Value) -> String {
    let (_, answer) = api.post("/act", body).await;
    answer["actionRunId"].as_str().unwrap_or_else(|| panic!("no run in {answer:#}")).to_owned()
}

#[tokio::test]
async fn a_run_is_logged_whole() {
    let bed = Bed::exact().await;
    bed.ws.upstream("github").stub(Stub::get("/user").json(200, json!({"login": "mia"}))).await.unwrap();
    let demo = bed.demo();
    let run =
        act(&demo, json!({"api": {"method": "GET", "path": "/user"}, "connectionKey": "github-dev", "meta": {"m": 1}}))
            .await;

    let mut log = demo.ok(Method::GET, &format!("/action-run-logs/{run}"), Value::Null).await;

    // Shown elsewhere.
    for embedded in ["connection", "integration", "user"] {
        let element = log.as_object_mut().unwrap().shift_remove(embedded).expect(embedded);
        assert!(element["id"].is_string(), "{embedded}");
    }
    insta::assert_snapshot!(bed.shown(&(200, log)), @r#"
    200 {
      "id": "bf64ef38428ae015ec8122a3",
      "name": "GET /user",
      "userId": "e5d5a81351453e8671ba15d1",
      "tenantId": "e5d5a81351453e8671ba15d1",
      "integrationId": "85df0e052eed000a85fca084",
      "connectionId": "6e109e22396f6c6c6baf305c",
      "externalAppId": "ca6af43ca3ea76062ca585a4",
      "integrationActionId": "",
      "status": "success",
      "createdAt": "2025-01-01T00:00:00.000Z",
      "completedAt": "2025-01-01T00:00:00.000Z",
      "duration": 0,
      "output": {
        "login": "mia"
      },
      "meta": {
        "m": 1
      },
      "action": {
        "id": "",
        "name": "GET /user",
        "type": "api-request-to-external-app",
        "api": {
          "method": "GET",
          "path": "/user"
        },
        "connectionKey": "github-dev",
        "meta": {
          "m": 1
        }
      }
    }
    "#);
}

#[tokio::test]
async fn details_hold_the_raw_exchange_under_both_addresses() {
    let bed = Bed::exact().await;
    bed.ws.upstream("github").stub(Stub::post("/x").json(201, json!({"id": 1}))).await.unwrap();
    let demo = bed.demo();
    let api = json!({"method": "POST", "path": "/x", "body": {"a": 1}, "headers": {"x-mine": "1"}});
    let run = act(&demo, json!({"api": api, "connectionKey": "github-dev"})).await;

    let details = demo.ok(Method::GET, &format!("/action-run-logs/{run}/details"), Value::Null).await;
    let embedded = demo.ok(Method::GET, &format!("/action-run-logs/{run}?includeDetails=true"), Value::Null).await;
    let plain = demo.ok(Method::GET, &format!("/action-run-logs/{run}"), Value::Null).await;

    assert_eq!(details, embedded);
    assert!(plain.get("details").is_none());
    let (request, response) = (&details["details"]["request"], &details["details"]["response"]);
    assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!("https://api.github.com/x")));
    assert_eq!((&request["body"], &request["headers"]["x-mine"]), (&json!({"a": 1}), &json!("1")));
    assert_eq!((&response["status"], &response["data"]), (&json!(201), &json!({"id": 1})));
    assert_eq!(request["headers"]["authorization"], "********", "no secret is kept");
}

#[tokio::test]
async fn a_logged_call_that_is_made_again_needs_what_is_masked_in_it() {
    let bed = Bed::start().await;
    bed.ws.upstream("github").stub(Stub::get("/x").json(200, json!({}))).await.unwrap();
    let demo = bed.demo();
    let api = json!({"method": "GET", "path": "/x", "headers": {"x-api-token": "mine", "x-other": "********"}});
    let run = act(&demo, json!({"api": api, "connectionKey": "github-dev"})).await;
    let mut logged = demo.ok(Method::GET, &format!("/action-run-logs/{run}"), Value::Null).await["action"].clone();
    assert_eq!(logged["api"]["headers"]["x-api-token"], "********");

    let refused = demo.post("/act", logged.clone()).await;
    logged["api"]["headers"]["x-api-token"] = json!("mine");

    let said = "`api.headers.x-api-token` is masked in the log; give it again";
    assert_eq!((refused.0, message(&refused)), (400, said), "{refused:?}");
    assert_eq!(demo.post("/act", logged).await.0, 200);
}

#[tokio::test]
async fn of_a_large_input_body_or_output_the_size_is_kept() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    // As JSON it has two bytes more than its characters.
    let (largest, larger) = ("x".repeat(1024 * 1024 - 2), "x".repeat(1024 * 1024 - 1));
    let echo = |input: &str| json!({"code": "module.exports = ({input}) => input", "input": input, "connectionKey": "github-dev"});
    let run = act(&demo, echo(&largest)).await;
    let whole = demo.ok(Method::GET, &format!("/action-run-logs/{run}?details=true"), Value::Null).await;
    // Whether they are equal is told alone: the text is long.
    let places = ["/input", "/output", "/action/input", "/details/input", "/details/output"];
    assert!(places.iter().all(|place| whole.pointer(place) == Some(&json!(largest))));

    let run = act(&demo, echo(&larger)).await;
    let log = demo.ok(Method::GET, &format!("/action-run-logs/{run}?details=true"), Value::Null).await;
    for place in places {
        assert_eq!(log.pointer(place), Some(&json!("(1048577 bytes)")), "{place}");
    }
    let said = "`input` is kept in the log by its size; give it again";
    let mut logged = log["action"].clone();
    assert_eq!(message(&demo.post("/act", logged.clone()).await), said);
    logged["input"] = json!("small");
    assert_eq!(demo.post("/act", logged).await.1["output"], "small");

    bed.ws.upstream("github").stub(Stub::post("/x").json(200, json!({}))).await.unwrap();
    let api = json!({"method": "POST", "path": "/x", "body": {"a": larger}});
    let run = act(&demo, json!({"api": api, "connectionKey": "github-dev"})).await;
    let logged = demo.ok(Method::GET, &format!("/action-run-logs/{run}"), Value::Null).await["action"].clone();
    assert_eq!(logged["api"]["body"], "(1048583 bytes)");
    let said = "`api.body` is kept in the log by its size; give it again";
    assert_eq!(message(&demo.post("/act", logged).await), said);
}

#[tokio::test]
async fn every_kind_of_failure_is_logged_under_the_id_it_answered() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    bed.ws.upstream("github").stub(Stub::get("/broken").json(500, json!({}))).await.unwrap();
    let needs = json!({"type": "object", "required": ["x"]});
    let code = json!({"code": "module.exports = () => 1"});
    for action in [
        json!({"key": "needs", "type": "run-javascript", "config": code, "inputSchema": needs}),
        json!({"key": "lost", "type": "connector-operation"}),
        json!({"key": "typeless"}),
        json!({"key": "twice", "integrationKey": "github", "type": "run-javascript", "config": code}),
        json!({"key": "twice", "integrationKey": "hubspot", "type": "run-javascript", "config": code}),
    ] {
        manager.ok(Method::POST, "/actions", action).await;
    }
    bed.poke("hubspot-prod", "loseCredentials").await;

    for body in [
        json!({}),
        json!({"key": "a", "code": "b"}),
        json!({"key": "a", "what": "ever"}),
        json!(["a"]),
        json!({"key": "unknown"}),
        json!({"id": "unknown"}),
        json!({"key": "twice"}),
        json!({"key": "needs", "input": {}}),
        json!({"key": "lost"}),
        json!({"key": "typeless"}),
        user_through("unknown"),
        json!({"api": {"method": "GET", "path": "/user"}, "integrationKey": "slack"}),
        json!({"api": {"method": "GET", "path": "/user"}, "integrationKey": "unknown"}),
        json!({"api": {"method": "GET", "path": "/broken"}, "connectionKey": "github-dev"}),
        json!({"api": {"method": "GET", "path": "https://evil.example/"}, "connectionKey": "github-dev"}),
        user_through("hubspot-prod"),
        json!({"code": "throw new Error('x')", "connectionKey": "github-dev"}),
    ] {
        let (status, answer) = demo.post("/act", body.clone()).await;
        assert!(status >= 400, "{body}");
        let run = answer["actionRunId"].as_str().unwrap_or_else(|| panic!("no run for {body}"));

        let log = demo.ok(Method::GET, &format!("/action-run-logs/{run}"), Value::Null).await;

        assert_eq!((log["id"].as_str(), log["status"].as_str()), (Some(run), Some("error")), "{body}");
        assert_eq!(log["error"]["message"], answer["message"], "{body}");
        assert_eq!(answer["data"]["actionRunId"], answer["actionRunId"], "{body}");
    }
    assert_eq!(demo.items("/action-run-logs?status=error").await.len(), 17);
    assert!(demo.items("/action-run-logs?status=success").await.is_empty());
}

#[tokio::test]
async fn what_was_never_a_call_is_not_logged() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    bed.nobody().post("/act", user()).await;
    let malformed = demo.request(Method::POST, "/act").header("content-type", "application/json").body("{\"key\":");
    assert_eq!(answer(malformed).await.0, 400);
    let huge = demo.request(Method::POST, "/act").body(vec![b'x'; 10 * 1024 * 1024 + 1]);
    assert_eq!(answer(huge).await.0, 413);

    assert!(bed.manager().items("/action-run-logs").await.is_empty());
}

#[tokio::test]
async fn required_texts_without_a_value_are_empty() {
    let bed = Bed::start().await;
    let run = act(&bed.demo(), json!({})).await;

    let log = bed.demo().ok(Method::GET, &format!("/action-run-logs/{run}"), Value::Null).await;

    for field in ["integrationId", "connectionId", "integrationActionId"] {
        assert_eq!(log[field], "", "{field}");
    }
    assert!(log["name"].is_string() && log["tenantId"].is_string() && log["userId"] == log["tenantId"]);
}

#[tokio::test]
async fn a_snapshot_posted_back_runs_the_same_again() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let action =
        json!({"key": "echo", "type": "run-javascript", "config": {"code": "module.exports = ({ input }) => input.a"}});
    let made = manager.ok(Method::POST, "/actions", action.clone()).await;
    manager
        .ok(Method::POST, "/actions", {
            let mut own = action;
            own["integrationKey"] = json!("github");
            own
        })
        .await;

    for body in [
        user(),
        json!({"key": "echo", "input": {"a": 1}}),
        json!({"key": "echo", "connectionKey": "github-dev", "input": {"a": 2}, "meta": {"m": 1}}),
        json!({"key": "github.echo", "input": {"a": 3}}),
        json!({"id": made["id"], "input": {"a": 4}}),
        json!({"code": "module.exports = ({ input }) => input.a", "connectionKey": "github-dev", "input": {"a": 5}}),
        contacts(),
    ] {
        let first = demo.ok(Method::POST, "/act", body.clone()).await;
        let path = format!("/action-run-logs/{}", first["actionRunId"].as_str().unwrap());
        let log = demo.ok(Method::GET, &path, Value::Null).await;

        let again = demo.ok(Method::POST, "/act", log["action"].clone()).await;

        assert_eq!(again["output"], first["output"], "{body}");
        let path = format!("/action-run-logs/{}", again["actionRunId"].as_str().unwrap());
        assert_eq!(demo.ok(Method::GET, &path, Value::Null).await["action"], log["action"], "{body}");
    }
}

#[tokio::test]
async fn logs_are_listed_newest_first_a_page_at_a_time() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(act(&demo, user()).await);
    }
    made.reverse();

    let (mut seen, mut cursor) = (Vec::new(), "0".to_owned());
    loop {
        let page = demo.ok(Method::GET, &format!("/action-run-logs?limit=2&cursor={cursor}"), Value::Null).await;
        // What happens between two pages is not on the next one.
        act(&demo, user()).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(id));
        match page["cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }

    assert_eq!(seen, made);
}

#[tokio::test]
async fn every_filter_of_the_run_logs_narrows_them() {
    let bed = Bed::exact().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let action = json!({
        "key": "echo", "integrationKey": "github", "type": "run-javascript", "config": {"code": "module.exports = () => 1"},
    });
    let action = manager.ok(Method::POST, "/actions", action).await;
    let by_action = act(&demo, json!({"id": action["id"]})).await;
    bed.ws.clock().advance(Duration::from_secs(10)).await.unwrap();
    let on_github = act(&demo, user()).await;
    bed.ws.clock().advance(Duration::from_secs(10)).await.unwrap();
    let failed = act(&demo, json!({"api": {"method": "GET", "path": "/nope"}, "connectionKey": "hubspot-prod"})).await;
    bed.ws.clock().advance(Duration::from_secs(10)).await.unwrap();
    let universal = act(&demo, json!({"key": "nothing"})).await;
    let hubspot = demo.ok(Method::GET, "/connections/hubspot-prod", Value::Null).await;
    let field = |name: &str| hubspot[name].as_str().unwrap().to_owned();
    let action = id(&action);

    for (query, expected) in [
        (String::new(), vec![&universal, &failed, &on_github, &by_action]),
        ("status=success".into(), vec![&on_github, &by_action]),
        ("status=error".into(), vec![&universal, &failed]),
        (format!("actionId={action}"), vec![&by_action]),
        (format!("integrationActionId={action}"), vec![&by_action]),
        (format!("universalActionId={action}"), vec![]),
        (format!("connectionActionId={action}"), vec![]),
        (format!("connectionId={}", field("id")), vec![&failed]),
        (format!("integrationId={}", field("integrationId")), vec![&failed]),
        (format!("externalAppId={}", field("externalAppId")), vec![&failed]),
        (format!("tenantId={}", field("tenantId")), vec![&universal, &failed, &on_github, &by_action]),
        ("userId=demo-tenant&status=error".into(), vec![&universal, &failed]),
        ("from=2025-01-01T00:00:15Z".into(), vec![&universal, &failed]),
        ("to=2025-01-01T00:00:15Z".into(), vec![&on_github, &by_action]),
        ("from=2025-01-01T00:00:05Z&to=2025-01-01T00:00:25Z".into(), vec![&failed, &on_github]),
    ] {
        let listed = demo.each(&format!("/action-run-logs?{query}"), "id").await;

        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    for wrong in ["status=done", "from=yesterday"] {
        assert_eq!(demo.get(&format!("/action-run-logs?{wrong}")).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_tenant_sees_its_own_logs_and_a_manager_all() {
    let bed = Bed::start().await;
    let (demo, other, manager) = (bed.demo(), bed.tenant("other"), bed.manager());
    let mine = act(&demo, user()).await;
    let theirs = act(&other, json!({"key": "nope"})).await;

    assert_eq!(demo.each("/action-run-logs", "id").await, [mine.as_str()]);
    assert_eq!(other.each("/action-run-logs", "id").await, [theirs.as_str()]);
    assert!(other.items("/action-run-logs?tenantId=demo-tenant").await.is_empty());
    assert_eq!(manager.each("/action-run-logs", "id").await, [theirs.as_str(), mine.as_str()]);
    assert_eq!(manager.each("/action-run-logs?userId=other", "id").await, [theirs.as_str()]);
    assert_eq!(manager.get(&format!("/action-run-logs/{mine}")).await.0, 200);
    assert_eq!(demo.get(&format!("/action-run-logs/{theirs}")).await.0, 404);
}

#[tokio::test]
async fn a_manager_that_names_a_tenant_reads_every_tenants_logs() {
    let bed = Bed::start().await;
    let other = bed.tenant("other");
    let run = act(&bed.demo(), user()).await;
    let claims = json!({"workspaceKey": bed.ws.key(), "tenantKey": "other", "isAdmin": true});
    let both = bed.bearing(&claims);

    for path in [format!("/action-run-logs/{run}"), format!("/action-run-logs/{run}/details")] {
        let (status, log) = both.get(&path).await;

        assert_eq!((status, &log["id"]), (200, &json!(run)), "{path}: {log:#}");
        assert_eq!(verdict(&other.get(&path).await), "404 bad_request/not_found", "{path}");
    }
    assert_eq!(both.each("/action-run-logs?tenantId=demo-tenant", "id").await, [run]);
    assert!(other.items("/action-run-logs?tenantId=demo-tenant").await.is_empty());
}

#[tokio::test]
async fn run_logs_can_be_switched_off() {
    let bed = Bed::start().await;
    bed.ws.settings(|settings| settings.enable_action_run_logs = Some(false)).await.unwrap();

    act(&bed.demo(), user()).await;

    assert!(bed.demo().items("/action-run-logs").await.is_empty());
}

#[tokio::test]
async fn each_exchange_is_an_external_api_log_with_its_run() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    bed.ws.upstream("github").expire_tokens().await.unwrap();
    let run = act(&demo, user()).await;
    demo.get("/connections/hubspot-prod/proxy/nope").await;

    let all = demo.items("/external-api-logs").await;
    let of_run = demo.items(&format!("/external-api-logs?actionRunId={run}&sortOrder=asc")).await;
    let failed = demo.items("/external-api-logs?isSuccess=false").await;

    let statuses = |logs: &[Value]| logs.iter().map(|log| log["statusCode"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(statuses(&all), [404, 200, 401], "newest first");
    assert_eq!(statuses(&of_run), [401, 200]);
    assert_eq!(statuses(&failed), [404, 401]);
    let details = demo.ok(Method::GET, &format!("/external-api-logs/{}/details", id(&of_run[1])), Value::Null).await;
    assert_eq!((&details["request"]["method"], &details["response"]["status"]), (&json!("GET"), &json!(200)));
    assert_eq!(details["response"]["data"]["login"], "mia-acme");
}

#[tokio::test]
async fn api_logs_can_be_switched_off() {
    let bed = Bed::start().await;
    bed.ws.settings(|settings| settings.enable_api_logs = Some(false)).await.unwrap();

    act(&bed.demo(), user()).await;

    assert!(bed.demo().items("/external-api-logs").await.is_empty());
}

#[tokio::test]
async fn incoming_webhooks_are_empty_until_events_exist() {
    let bed = Bed::start().await;

    assert_eq!(bed.demo().get("/incoming-webhooks").await, (200, json!({"items": []})));
    assert_eq!(bed.demo().get("/incoming-webhooks/x").await.0, 404);
    assert_eq!(bed.demo().get("/incoming-webhooks/x/details").await.0, 404);
}
