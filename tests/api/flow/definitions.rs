//! Flows at three layers, and what the nodes of their instances do.

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};

use crate::support::definitions::{flow, greeting, output, ran, transform};
use crate::support::{Bed, id, message, verdict};

#[tokio::test]
async fn a_flow_is_made_found_changed_archived_and_put_back_at_three_layers() {
    let bed = Bed::exact().await;
    let (manager, demo) = (bed.manager(), bed.demo());

    let universal = manager.ok(Method::POST, "/flows", flow("greet", &greeting())).await;
    let own = manager.ok(Method::POST, "/integrations/github/flows", json!({ "key": "greet" })).await;
    let instance = demo.ok(Method::GET, "/connections/github-dev/flows/greet?autoCreate=true", Value::Null).await;

    assert_eq!(
        (&universal["layer"], &own["layer"], &instance["layer"]),
        (&json!("universal"), &json!("integration"), &json!("connection"))
    );
    // A version does what its parent does.
    assert_eq!((&own["nodes"], &own["flowId"]), (&universal["nodes"], &universal["id"]));
    assert_eq!((&instance["flowId"], &instance["universalFlowId"]), (&own["id"], &universal["id"]));
    assert_eq!(instance["connection"]["key"], "github-dev");
    assert_eq!(manager.each("/flows", "layer").await, ["universal"]);
    assert_eq!(demo.each("/integrations/github/flows?layer=integration", "id").await, [id(&own)]);
    assert_eq!(demo.each("/flow-instances?flowKey=greet&enabled=true", "id").await, [id(&instance)]);
    assert!(demo.items("/flow-instances?enabled=false").await.is_empty());
    assert_eq!(verdict(&demo.post("/flows", flow("mine", &json!({}))).await), "403 bad_request/access_denied");
    assert_eq!(
        verdict(&bed.tenant("other").get(&format!("/flows/{}", id(&instance))).await),
        "404 bad_request/not_found"
    );

    let by_query = format!("/flow-instance?flowKey=greet&connectionId={}", id(&instance["connection"]));
    assert_eq!(demo.ok(Method::PATCH, &by_query, json!({ "enabled": false })).await["enabled"], false);
    assert_eq!(demo.ok(Method::DELETE, &by_query, Value::Null).await["id"], instance["id"]);
    assert_eq!(
        verdict(&demo.patch(&format!("/flows/{}", id(&instance)), json!({ "name": "x" })).await),
        "400 bad_request/-"
    );
    let restored = demo.ok(Method::POST, &format!("/flows/{}/restore", id(&instance)), Value::Null).await;
    assert_eq!((&restored["archivedAt"], &restored["enabled"]), (&Value::Null, &json!(false)));
}

#[tokio::test]
async fn what_a_tenant_changes_of_an_instance_stays_until_it_is_reset() {
    let bed = Bed::exact().await;
    let (manager, demo) = (bed.manager(), bed.demo());
    manager.ok(Method::POST, "/flows", flow("greet", &greeting())).await;
    let at = "/connections/github-dev/flows/greet";

    let custom = transform(&json!("custom"), &[]);
    let changed = demo.ok(Method::PATCH, at, json!({ "name": "Mine", "nodes": { "greet": custom } })).await;
    assert_eq!(changed["customized"], json!({ "name": true, "nodes": true }));
    assert_eq!((&changed["isCustomized"], &changed["nodes"]["greet"]["isCustomized"]), (&json!(true), &json!(true)));
    let instance = format!("/flow-instances/{}", id(&changed));

    let newer = json!({ "name": "Newer", "nodes": { "start": { "name": "Begin" }, "greet": { "name": "Greet" }, "more": { "type": "filter" } } });
    manager.ok(Method::PATCH, "/flows/greet", newer).await;
    let updated = demo.ok(Method::POST, &format!("{instance}/update-to-latest-flow"), Value::Null).await;
    assert_eq!((&updated["name"], &updated["nodes"]["start"]["name"]), (&json!("Mine"), &json!("Begin")));
    assert_eq!(updated["nodes"]["greet"]["config"]["output"], "custom");
    assert!(updated["nodes"].get("more").is_some());

    let part = demo.ok(Method::POST, &format!("{instance}/reset"), json!({ "nodes": { "greet": true } })).await;
    assert_eq!((&part["name"], &part["nodes"]["greet"]["name"]), (&json!("Mine"), &json!("Greet")));
    assert_eq!(part["customized"], json!({ "name": true, "nodes": false }));
    let whole = demo.ok(Method::POST, &format!("{at}/reset"), Value::Null).await;
    assert_eq!((&whole["name"], &whole["isCustomized"]), (&json!("Newer"), &json!(false)));
}

#[tokio::test]
async fn what_is_wrong_with_a_flow_is_told_before_it_runs() {
    let bed = Bed::exact().await;
    let manager = bed.manager();

    for (body, says) in [
        (json!({}), "`key` or a `name`"),
        (json!({ "key": "x", "nodes": { "a": { "type": "explode" } } }), "`nodes.a.type`"),
        (json!({ "key": "x", "nodes": { "a": { "name": "no type" } } }), "missing field `type`"),
        (json!({ "key": "x", "nodes": { "a": { "type": "filter", "links": [{ "key": "a" }] } } }), "circle: a → a"),
        (json!({ "key": "x", "parametersSchema": { "type": "nonsense" } }), "`parametersSchema`"),
    ] {
        let refused = manager.post("/flows", body.clone()).await;
        assert_eq!(refused.0, 400, "{body}");
        assert!(message(&refused).contains(says), "{body}: {}", message(&refused));
    }
    manager.ok(Method::POST, "/flows", flow("x", &json!({}))).await;
    assert_eq!(verdict(&manager.post("/flows", flow("x", &json!({}))).await), "400 bad_request/already_exists");
    assert!(manager.items("/flows?search=explode").await.is_empty());
}

#[tokio::test]
async fn a_run_is_queued_then_does_what_its_nodes_say() {
    let bed = Bed::exact().await;

    let run = ran(&bed, flow("greet", &greeting()), json!({ "name": "Ada" })).await;

    assert_eq!(
        (&run["state"], &run["startNodeKey"], &run["launchedBy"]["type"]),
        (&json!("completed"), &json!("start"), &json!("api-trigger"))
    );
    assert_eq!(run["nodes"]["greet"], json!({ "state": "completed", "runs": 1, "erroredRuns": 0, "outputs": 1 }));
    assert_eq!(run["connectionFlowId"], run["flowInstance"]["id"]);
    assert_eq!(output(&bed, &run).await, json!({ "start": [{ "name": "Ada" }], "greet": [{ "text": "Hello Ada" }] }));

    let node = format!("/flow-runs/{}/nodes/greet", id(&run));
    let demo = bed.demo();
    let runs = demo.items(&format!("{node}/runs")).await;
    assert_eq!(runs[0]["input"], json!({ "name": "Ada", "start": { "name": "Ada" } }));
    assert_eq!(runs[0]["upstreamRuns"][0]["nodeKey"], "start");
    assert_eq!(runs[0]["outputs"][0]["data"], json!({ "text": "Hello Ada" }).to_string());
    // As the client asks: its query in the path.
    assert_eq!(demo.items(&format!("{node}/runs/limit=1")).await, runs);
    assert_eq!(demo.ok(Method::GET, &format!("{node}/runs/{}", id(&runs[0])), Value::Null).await, runs[0]);
    let outputs = demo.items(&format!("{node}/outputs?limit=1")).await;
    for spelling in ["output", "outputs"] {
        let one = demo.ok(Method::GET, &format!("{node}/{spelling}/{}", id(&outputs[0])), Value::Null).await;
        assert_eq!(one, outputs[0]);
    }
    assert_eq!(verdict(&demo.get(&format!("{node}/runs/nope")).await), "404 bad_request/not_found");
    assert_eq!(
        verdict(&demo.get(&format!("/flow-runs/{}/nodes/nope/runs", id(&run))).await),
        "404 bad_request/not_found"
    );
    let of_node = format!("/flow-runs/{}/output/greet", id(&run));
    assert_eq!(demo.ok(Method::GET, &of_node, Value::Null).await, json!([{ "text": "Hello Ada" }]));
}

#[tokio::test]
async fn links_branch_by_their_filters_and_by_what_failed() {
    let bed = Bed::exact().await;
    let when =
        |operator: &str, operand: Value| json!({ "$eval": { "$var": "$.input.start.amount" }, operator: operand });
    let failed = |operator: &str| json!({ "$eval": { "$var": "$.error" }, operator: true });
    let nodes = json!({
        "start": { "type": "api-trigger", "links": [
            { "key": "large", "filter": when("gt", json!(100)) }, { "key": "small", "filter": when("lte", json!(100)) },
        ] },
        "large": transform(&json!("large"), &["risky"]),
        "small": transform(&json!("small"), &[]),
        "risky": { "type": "run-javascript", "onError": "continue",
            "config": { "code": "module.exports = () => { throw new Error('no luck') }" },
            "links": [{ "key": "fine", "filter": failed("isEmpty") }, { "key": "sorry", "filter": failed("isNotEmpty") }] },
        "fine": transform(&json!("fine"), &[]),
        "sorry": transform(&json!("sorry"), &[]),
    });

    let run = ran(&bed, flow("branch", &nodes), json!({ "amount": 200 })).await;

    let mut seen: Vec<String> = run["nodes"].as_object().unwrap().keys().cloned().collect();
    seen.sort();
    assert_eq!(
        (&run["state"], seen),
        (&json!("completed"), ["large", "risky", "sorry", "start"].map(str::to_owned).to_vec())
    );
}

#[tokio::test]
async fn a_filter_skips_and_a_loop_gathers() {
    let bed = Bed::exact().await;
    let nodes = json!({
        "start": { "type": "api-trigger", "links": [{ "key": "each" }] },
        "each": { "type": "for-each", "config": { "items": { "$var": "$.input.people" }, "rootNodeKey": "only" }, "links": [{ "key": "all" }] },
        "only": { "type": "filter", "config": { "filter": { "$eval": { "$var": "$.input.each.item.vip" }, "is": true } }, "links": [{ "key": "name" }] },
        "name": transform(&json!({ "$var": "$.input.each.item.name" }), &[]),
        "all": transform(&json!({ "names": { "$var": "$.input.each.name" } }), &[]),
    });

    let people =
        json!([{ "name": "Ada", "vip": true }, { "name": "Bob", "vip": false }, { "name": "Cy", "vip": true }]);
    let run = ran(&bed, flow("vips", &nodes), json!({ "people": people })).await;

    assert_eq!(output(&bed, &run).await["all"], json!([{ "names": ["Ada", "Cy"] }]));
    assert_eq!(run["nodes"]["only"]["runs"], 3);
    let skipped = bed.demo().items(&format!("/flow-runs/{}/nodes/only/runs", id(&run))).await;
    assert_eq!(skipped.iter().filter(|run| run["status"] == "skipped").count(), 1);
}

#[tokio::test]
async fn nodes_call_apps_run_actions_and_tell_your_own_app() {
    let bed = Bed::exact().await;
    bed.ws.upstream("github").stub(Stub::get("/user").json(200, json!({ "login": "ada" }))).await.unwrap();
    let requests = "/upstreams/github/requests";
    let nodes = json!({
        "start": { "type": "api-trigger", "links": [{ "key": "who" }] },
        "who": { "type": "api-request-to-external-app", "config": { "request": { "method": "GET", "path": "/user" } }, "links": [{ "key": "up" }] },
        "up": { "type": "run-javascript", "config": { "code": "module.exports = ({ input }) => { console.log('seen'); return input.who.login.toUpperCase() }" }, "links": [{ "key": "act" }] },
        "act": { "type": "run-action", "config": { "actionKey": "echo", "input": { "name": { "$var": "$.input.up" } } } },
    });
    let echo = json!({ "key": "echo", "type": "run-javascript", "config": { "code": "module.exports = ({ input }) => input" } });
    bed.manager().ok(Method::POST, "/actions", echo).await;

    let run = ran(&bed, flow("who", &nodes), json!({})).await;

    assert_eq!(run["state"], "completed", "{run:#}");
    assert_eq!(output(&bed, &run).await["act"], json!([{ "name": "ADA" }]));
    let logs = |node: &str| format!("/flow-runs/{}/nodes/{node}/runs", id(&run));
    assert_eq!(bed.demo().items(&logs("who")).await[0]["logs"][0]["status"], 200);
    assert!(bed.demo().items(&logs("up")).await[0]["logs"].to_string().contains("seen"));
    let of_action = bed.demo().items(&logs("act")).await[0]["logs"][0]["actionRunId"].as_str().unwrap().to_owned();
    assert_eq!(bed.demo().get(&format!("/action-run-logs/{of_action}")).await.1["status"], "success");
    assert_eq!(bed.control(Method::GET, requests, Value::Null).await.1["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_to_ones_own_app_goes_to_its_address_or_below_its_base() {
    let bed = Bed::exact().await;
    let receiver = Bed::start().await;
    let tell = |uri: &str| {
        let request = json!({ "method": "POST", "uri": uri, "body": { "said": { "$var": "$.input.start" } } });
        json!({
            "start": { "type": "api-trigger", "links": [{ "key": "tell" }] },
            "tell": { "type": "api-request-to-your-app", "config": { "request": request } },
        })
    };

    let without = ran(&bed, flow("lost", &tell("/act")), json!({})).await;
    assert_eq!(without["state"], "failed");
    assert!(without["errors"][0]["message"].as_str().unwrap().contains("`apiBaseUri`"), "{without:#}");

    // Another fake stands in for the app: that it answers 401 shows that it was asked.
    let workspace = format!("/workspaces/{}", bed.ws.key());
    bed.manager().ok(Method::PATCH, &workspace, json!({ "apiBaseUri": receiver.mock.uri() })).await;
    let below = ran(&bed, flow("below", &tell("/act")), json!({})).await;
    assert!(below["errors"][0]["message"].as_str().unwrap().contains("answered 401"), "{below:#}");
    let whole = ran(&bed, flow("whole", &tell(&format!("{}/act", receiver.mock.uri()))), json!({})).await;
    assert!(whole["errors"][0]["message"].as_str().unwrap().contains("answered 401"), "{whole:#}");
}

#[tokio::test]
async fn a_node_that_fails_fails_the_run_and_says_which() {
    let bed = Bed::exact().await;
    bed.ws.upstream("github").stub(Stub::get("/user").json(500, json!({ "message": "down" }))).await.unwrap();
    let nodes = json!({
        "start": { "type": "api-trigger", "links": [{ "key": "who" }, { "key": "other" }, { "key": "gone" }] },
        "who": { "type": "api-request-to-external-app", "config": { "request": { "path": "/user" } }, "links": [{ "key": "after" }] },
        "after": transform(&json!("never"), &[]),
        "other": transform(&json!("still"), &[]),
    });

    let run = ran(&bed, flow("who", &nodes), json!({})).await;

    assert_eq!(run["state"], "failed");
    let error = &run["errors"][0];
    assert_eq!((&error["type"], &error["data"]["nodeKey"]), (&json!("flow_run"), &json!("who")));
    assert!(error["message"].as_str().unwrap().contains("answered 500: down"), "{error:#}");
    assert_eq!((&run["nodes"]["who"]["erroredRuns"], &run["nodes"]["after"]), (&json!(1), &Value::Null));
    // Other ways go on (IAPP:docs/flows).
    assert_eq!(output(&bed, &run).await["other"], json!(["still"]));
}

#[tokio::test]
async fn a_connection_gets_its_instances_as_soon_as_it_is_ready() {
    let bed = Bed::exact().await;
    let manager = bed.manager();
    let auto = |key: &str| json!({ "key": key, "autoCreateInstances": true, "nodes": greeting() });
    manager.ok(Method::POST, "/flows", auto("greet")).await;
    manager.ok(Method::POST, "/integrations/github/flows", auto("greet")).await;
    manager.ok(Method::POST, "/integrations/hubspot/flows", auto("elsewhere")).await;

    bed.ws.tenant("acme").connect("github").ready().await.unwrap();

    let instances = bed.tenant("acme").items("/flow-instances").await;
    let own: Vec<(&str, &str)> =
        instances.iter().map(|flow| (flow["key"].as_str().unwrap(), flow["flow"]["layer"].as_str().unwrap())).collect();
    assert_eq!(own, [("greet", "integration")]);
}

#[tokio::test]
async fn an_instance_keeps_its_key_and_is_made_only_where_its_flow_belongs() {
    let bed = Bed::exact().await;
    let (manager, demo) = (bed.manager(), bed.demo());
    let universal = manager.ok(Method::POST, "/flows", flow("greet", &greeting())).await;
    let own = json!({ "key": "own", "nodes": greeting() });
    let own = manager.ok(Method::POST, "/integrations/github/flows", own).await;
    let at = "/connections/github-dev/flows/greet";
    let instance = demo.ok(Method::PUT, at, Value::Null).await;

    let elsewhere = json!({ "flowId": own["id"], "connectionKey": "hubspot-prod" });
    let wrong =
        json!({ "flowId": universal["id"], "connectionKey": "hubspot-prod", "nodes": { "x": { "type": "no" } } });
    for (refused, says) in [
        (demo.patch(at, json!({ "key": "other" })).await, "has the key of its flow"),
        (demo.patch(at, json!({ "instanceKey": " x" })).await, "`instanceKey`"),
        (manager.patch("/flows/greet", json!({ "key": "k".repeat(101) })).await, "`key`"),
        (demo.post("/flow-instances", elsewhere).await, "belongs to the integration `github`"),
        (demo.post("/flow-instances", wrong).await, "`nodes.x.type`"),
        (
            demo.post(&format!("/flows/{}/run?connectionKey=hubspot-prod", id(&instance)), json!({})).await,
            "another connection",
        ),
        (manager.delete(&format!("/flow-instances/{}", id(&universal))).await, "is no flow instance"),
    ] {
        assert!([400, 404].contains(&refused.0), "{says}: {refused:?}");
        assert!(message(&refused).contains(says), "{says}: {}", message(&refused));
    }
    assert!(demo.items("/flow-instances?connectionKey=hubspot-prod").await.is_empty(), "nothing is half made");

    // What is no instance is not one of several.
    let plain = manager.ok(Method::PATCH, "/flows/greet", json!({ "instanceKey": "k" })).await;
    assert_eq!(plain["instanceKey"], Value::Null);
    manager.ok(Method::DELETE, &format!("/flows/{}", id(&own)), Value::Null).await;
    let archived = demo.post(&format!("/flows/{}/run", id(&own)), json!({})).await;
    assert!(message(&archived).contains("is archived"), "{archived:?}");
}

#[tokio::test]
async fn a_connection_may_have_a_flow_of_its_own() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let connection = id(&demo.ok(Method::GET, "/connections/hubspot-prod", Value::Null).await);
    let nodes = json!({"start": {"type": "api-trigger"}});
    let own = json!({"name": "Own", "connectionId": connection, "instanceKey": "own", "nodes": nodes});

    let made = demo.ok(Method::POST, "/flow-instances", own.clone()).await;
    let of_integration = json!({"name": "Own", "integrationKey": "hubspot", "nodes": nodes});
    let second = demo.ok(Method::POST, "/flow-instances", of_integration).await;
    let others = bed.tenant("acme").post("/flow-instances", own).await;
    let nothing = demo.post("/flow-instances", json!({"name": "Own", "connectionId": connection})).await;
    let nowhere = demo.post("/flow-instances", json!({"name": "Own", "nodes": nodes})).await;

    assert_eq!((&made["layer"], &made["connectionId"]), (&json!("connection"), &json!(connection)), "{made:#}");
    assert_eq!((&made["instanceKey"], made.get("flowId")), (&json!("own"), None));
    assert_eq!(second["connectionId"], json!(connection));
    assert_eq!((others.0, nothing.0, nowhere.0), (404, 400, 400), "{others:?} {nothing:?} {nowhere:?}");
    let run = demo.ok(Method::POST, "/flow-runs", json!({"flowInstanceId": id(&made)})).await;
    assert_eq!(run["flowInstanceId"], made["id"]);
    assert_eq!(demo.delete(&format!("/flow-instances/{}", id(&made))).await.0, 200);
}
