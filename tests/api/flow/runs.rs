//! Runs of flow instances: how they begin, wait, progress and end, and what is told of them.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::Progress;
use serde_json::{Value, json};

use crate::support::definitions::{again, begun, flow, greeting, output, ran, transform};
use crate::support::{Answer, Bed, id, message, verdict};

async fn state(bed: &Bed, run: &str) -> String {
    let run = bed.demo().ok(Method::GET, &format!("/flow-runs/{run}"), Value::Null).await;
    run["state"].as_str().unwrap().to_owned()
}

async fn poke(bed: &Bed, run: &str, body: Value) -> Answer {
    bed.control(Method::POST, &format!("/flow-runs/{run}/poke"), body).await
}

#[tokio::test]
async fn ones_own_app_breaks_on_cue_and_stories_go_on_by_what_became_of_a_run() {
    let bed = Bed::exact().await;
    let app = Bed::start().await;
    let uri = format!("{}/__mock/health", app.mock.uri());
    let nodes = json!({
        "start": { "type": "api-trigger", "links": [{ "key": "ask" }] },
        "ask": { "type": "http-request", "config": { "request": { "uri": uri } } },
    });
    let down =
        json!({ "name": "down", "on": { "side": "upstream", "path": "/__mock/*" }, "times": 1, "fault": "reset" });
    bed.control(Method::POST, "/faults", down).await;
    let lost = json!({ "break": { "connection": "github-dev", "by": "disconnect" } });
    let story = json!({ "name": "after", "steps": [{ "on": { "event": "flowRun.failed" }, "do": [lost] }] });
    let added = bed.control(Method::POST, "/scenarios", story).await;
    assert_eq!(added.0, 200, "{added:?}");
    bed.control(Method::POST, "/scenarios/after/start", json!({})).await;

    let failed = ran(&bed, flow("ask", &nodes), json!({})).await;
    let entries = bed.control(Method::GET, "/journal?side=upstream", Value::Null).await.1;

    assert_eq!((&failed["state"], &entries["items"][0]["faults"]), (&json!("failed"), &json!(["down"])), "{failed:#}");
    assert_eq!(bed.demo().get("/connections/github-dev").await.1["state"], "DISCONNECTED");
}

#[tokio::test]
async fn a_run_is_refused_that_could_not_begin() {
    let bed = Bed::exact().await;
    let (manager, demo) = (bed.manager(), bed.demo());
    let universal = manager.ok(Method::POST, "/flows", flow("greet", &greeting())).await;
    manager.ok(Method::POST, "/flows", json!({ "key": "empty" })).await;

    for (path, body, says) in [
        ("/flow-runs", json!({}), "`flowInstanceId` is missing"),
        (
            "/flow-runs",
            json!({ "flowInstanceId": "nope" }),
            "no matching flow instance: `nope`; list them with GET /flow-instances",
        ),
        ("/flow-runs", json!({ "flowInstanceId": universal["id"] }), "is of no connection"),
        ("/connections/github-dev/flows/empty/run", json!({}), "no trigger"),
        (
            "/connections/github-dev/flows/greet/run",
            json!({ "nodeKey": "x" }),
            "has no node `x`; there are `greet`, `start`",
        ),
        ("/connections/github-dev/flows/nope/run", json!({}), "no matching flow"),
    ] {
        let refused = demo.post(path, body.clone()).await;
        assert!((400..500).contains(&refused.0), "{path} {body}: {refused:?}");
        assert!(message(&refused).contains(says), "{path} {body}: {}", message(&refused));
    }
    assert!(demo.items("/flow-runs").await.is_empty());
    assert_eq!(verdict(&demo.get("/flow-runs?state=flying").await), "400 bad_request/-");
    assert_eq!(verdict(&demo.get("/flow-runs?from=yesterday").await), "400 bad_request/-");
}

/// Holds runs, and begins two of one connection and one of another.
async fn held(bed: &Bed) -> [String; 3] {
    bed.ws.progress(|progress| progress.flow_run = Progress::Hold).await.unwrap();
    let first = begun(bed, flow("greet", &greeting()), json!({ "name": "1" })).await;
    let second = again(bed, "greet", json!({ "name": "2" })).await;
    let path = "/connections/hubspot-prod/flows/greet/run";
    let elsewhere = id(&bed.demo().ok(Method::POST, path, json!({ "input": { "name": "3" } })).await);
    bed.ws.settle().await.unwrap();
    [first, second, elsewhere]
}

#[tokio::test]
async fn a_turn_comes_in_the_order_of_creation_though_the_clock_is_set_back() {
    let bed = Bed::exact().await;
    let [first, second, _] = held(&bed).await;
    let earlier = json!({ "mode": "2020-01-01T00:00:00Z" });
    assert_eq!(bed.control(Method::PUT, "/clock", earlier).await.0, 200);
    let third = again(&bed, "greet", json!({ "name": "later" })).await;

    assert_eq!(poke(&bed, &first, json!({ "event": "complete" })).await.0, 200);

    assert_eq!([state(&bed, &second).await, state(&bed, &third).await], ["running", "queued"]);
    assert_eq!(poke(&bed, &second, json!({ "event": "complete" })).await.0, 200);
    assert_eq!(state(&bed, &third).await, "running");
}

#[tokio::test]
async fn runs_of_one_connection_wait_for_each_other() {
    let bed = Bed::exact().await;
    let [first, second, elsewhere] = held(&bed).await;
    assert_eq!(
        [state(&bed, &first).await, state(&bed, &second).await, state(&bed, &elsewhere).await],
        ["running", "queued", "running"]
    );

    let (status, done) = poke(&bed, &first, json!({ "event": "complete" })).await;
    assert_eq!((status, &done["state"]), (200, &json!("completed")));
    assert_eq!(output(&bed, &done).await["greet"], json!([{ "text": "Hello 1" }]));
    assert_eq!(state(&bed, &second).await, "running");

    let demo = bed.demo();
    assert_eq!(demo.ok(Method::POST, &format!("/flow-runs/{second}/stop"), Value::Null).await["state"], "stopped");
    assert_eq!(verdict(&demo.post(&format!("/flow-runs/{second}/stop"), json!({})).await), "400 bad_request/-");
    assert_eq!(demo.each("/flow-runs?state=stopped", "id").await, std::slice::from_ref(&second));
    assert_eq!(demo.each("/flow-runs", "id").await, [elsewhere.clone(), second.clone(), first]);
    assert!(bed.tenant("other").items("/flow-runs").await.is_empty());
    assert_eq!(
        verdict(&bed.tenant("other").post(&format!("/flow-runs/{elsewhere}/stop"), json!({})).await),
        "404 bad_request/not_found"
    );
}

#[tokio::test]
async fn an_illegal_poke_of_a_run_names_machine_state_event_and_history() {
    let bed = Bed::exact().await;
    let [first, second, elsewhere] = held(&bed).await;

    let refused = poke(&bed, &second, json!({ "event": "complete" })).await;
    assert_eq!(verdict(&refused), "400 bad_request/-");
    assert_eq!(
        message(&refused),
        "a flow run that is queued cannot take the event `complete`; it takes `start`, `fail`, `stop`"
    );
    // A poke does not wait for its turn.
    assert_eq!(poke(&bed, &second, json!({ "event": "start" })).await.1["state"], "running");
    poke(&bed, &first, json!({ "event": "fail", "error": "out of luck" })).await;
    let failed = bed.demo().ok(Method::GET, &format!("/flow-runs/{first}"), Value::Null).await;
    assert_eq!((&failed["state"], &failed["errors"][0]["message"]), (&json!("failed"), &json!("out of luck")));
    let data = &poke(&bed, &first, json!({ "event": "start" })).await.1["data"];
    let named = (&data["machine"], &data["state"], &data["event"]);
    assert_eq!(named, (&json!("flow run"), &json!("failed"), &json!("start")));
    assert_eq!(data["history"][1]["to"], "failed");
    assert_eq!(poke(&bed, &elsewhere, json!({ "event": "stop" })).await.1["state"], "stopped");
    assert_eq!(poke(&bed, "nope", json!({ "event": "stop" })).await.0, 404);
}

#[tokio::test]
async fn runs_progress_by_the_clock_by_reads_or_to_a_failure() {
    let bed = Bed::exact().await;
    bed.ws.progress(|progress| progress.flow_run = Progress::After(5_000)).await.unwrap();
    let slow = begun(&bed, flow("greet", &greeting()), json!({})).await;
    bed.ws.clock().advance(Duration::from_millis(4_999)).await.unwrap();
    assert_eq!(state(&bed, &slow).await, "running");
    bed.ws.clock().advance(Duration::from_millis(1)).await.unwrap();
    assert_eq!(state(&bed, &slow).await, "completed");

    bed.ws.progress(|progress| progress.flow_run = Progress::Reads(2)).await.unwrap();
    let read = again(&bed, "greet", json!({})).await;
    bed.ws.settle().await.unwrap();
    for expected in ["running", "running", "completed"] {
        assert_eq!(state(&bed, &read).await, expected);
        bed.ws.settle().await.unwrap();
    }

    let fails = json!({ "flowRun": { "fail": { "error": "quota is used up" } } });
    assert_eq!(bed.control(Method::PUT, "/progress", fails).await.0, 200);
    let failing = again(&bed, "greet", json!({})).await;
    bed.ws.settle().await.unwrap();
    let failed = bed.demo().ok(Method::GET, &format!("/flow-runs/{failing}"), Value::Null).await;
    assert_eq!((&failed["state"], &failed["errors"][0]["message"]), (&json!("failed"), &json!("quota is used up")));
}

#[tokio::test]
async fn the_app_is_told_of_each_state_of_a_run() {
    let bed = Bed::exact().await;
    let receiver = Bed::start().await;
    let workspace = format!("/workspaces/{}", bed.ws.key());
    bed.manager()
        .ok(Method::PATCH, &workspace, json!({ "webhookUri": format!("{}/nobody", receiver.mock.uri()) }))
        .await;

    let run = ran(&bed, flow("greet", &greeting()), json!({ "name": "Ada" })).await;
    ran(&bed, flow("bad", &json!({ "start": { "type": "api-trigger", "links": [{ "key": "find" }] }, "find": { "type": "find-data-link" } })), json!({})).await;

    let (_, told) = bed.control(Method::GET, "/webhooks", Value::Null).await;
    let told = told["items"].as_array().unwrap();
    let mut names: Vec<&str> = told.iter().map(|delivery| delivery["eventType"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "flowRun.completed",
            "flowRun.failed",
            "flowRun.queued",
            "flowRun.queued",
            "flowRun.started",
            "flowRun.started"
        ]
    );
    let done = told.iter().find(|delivery| delivery["eventType"] == "flowRun.completed").unwrap();
    let of_run = &done["payload"]["data"]["flowRun"];
    assert_eq!(
        (&of_run["id"], &of_run["state"], &of_run["startNodeKey"]),
        (&run["id"], &json!("completed"), &json!("start"))
    );
    let failed = told.iter().find(|delivery| delivery["eventType"] == "flowRun.failed").unwrap();
    assert!(failed["payload"]["data"]["errors"][0]["message"].as_str().unwrap().contains("find"));
}

#[tokio::test]
async fn flows_and_their_runs_are_carried_by_forks_and_restores() {
    let bed = Bed::exact().await;
    let [first, ..] = held(&bed).await;
    bed.ws.snapshot("held").unwrap();

    poke(&bed, &first, json!({ "event": "complete" })).await;
    assert_eq!(state(&bed, &first).await, "completed");
    bed.ws.restore("held").await.unwrap();
    assert_eq!(state(&bed, &first).await, "running");
    let done = poke(&bed, &first, json!({ "event": "complete" })).await.1;
    assert_eq!(output(&bed, &done).await["greet"], json!([{ "text": "Hello 1" }]));
}

#[tokio::test]
async fn a_run_without_end_is_cut_off() {
    let bed = Bed::exact().await;
    let items: Vec<u32> = (0..1_500).collect();
    let nodes = json!({
        "start": { "type": "api-trigger", "links": [{ "key": "each" }] },
        "each": { "type": "for-each-v2", "config": { "items": items, "rootNodeKey": "one" } },
        "one": transform(&json!(1), &[]),
    });

    let run = ran(&bed, flow("many", &nodes), json!({})).await;

    assert_eq!(run["state"], "failed");
    assert!(run["errors"].to_string().contains("1000 runs of nodes"), "{}", run["errors"]);
}

#[tokio::test]
async fn loops_nest_as_deep_as_it_is_safe() {
    let bed = Bed::exact().await;
    let nested = |depth: usize| {
        let mut nodes = json!({ "start": { "type": "api-trigger", "links": [{ "key": "n0" }] } });
        for level in 0..depth {
            let config = json!({ "items": [1], "rootNodeKey": format!("n{}", level + 1) });
            nodes[format!("n{level}")] = json!({ "type": "for-each", "config": config });
        }
        nodes[format!("n{depth}")] = transform(&json!("deep"), &[]);
        nodes
    };

    let fine = ran(&bed, flow("fine", &nested(10)), json!({})).await;
    let deep = ran(&bed, flow("deep", &nested(190)), json!({})).await;

    assert_eq!(output(&bed, &fine).await["n10"], json!(["deep"]));
    // A loop's output has what is in it, and a loop in it has its own.
    assert_eq!(output(&bed, &fine).await["n8"], json!([{ "n9": [{ "n10": ["deep"] }] }]));
    assert_eq!(deep["state"], "failed");
    assert!(deep["errors"].to_string().contains("nest at most 10 deep"), "{}", deep["errors"]);
}

#[tokio::test]
async fn a_run_whose_flow_or_connection_is_gone_by_its_turn_fails() {
    let bed = Bed::exact().await;
    let [first, second, elsewhere] = held(&bed).await;
    bed.demo().ok(Method::PATCH, "/connections/github-dev/flows/greet", json!({ "nodes": { "start": null } })).await;
    bed.demo().ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;

    let without_start = poke(&bed, &first, json!({ "event": "complete" })).await.1;
    let archived = poke(&bed, &elsewhere, json!({ "event": "complete" })).await.1;

    let why = |run: &Value| run["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(why(&without_start).contains("has no node `start`"), "{without_start:#}");
    assert!(why(&archived).contains("archived"), "{archived:#}");
    assert_eq!(state(&bed, &second).await, "running");
}

#[tokio::test]
async fn what_would_grow_without_end_is_cut_off_and_the_rest_goes_on() {
    let bed = Bed::exact().await;
    let mut chain = json!({});
    for n in 0..150 {
        let before = json!({ "$var": format!("$.input.n{}", n - 1) });
        let next = format!("n{}", n + 1);
        chain[format!("n{n}")] = transform(&json!({ "in": before, "n": n }), &[next.as_str()]);
    }
    chain["start"] = json!({ "type": "api-trigger", "links": [{ "key": "n0" }] });
    let links: Vec<Value> = (0..5_000).map(|_| json!({ "key": "leaf" })).collect();
    let wide = json!({ "start": { "type": "api-trigger", "links": links }, "leaf": transform(&json!(1), &[]) });
    let items = json!({ "$var": "$.input.items" });
    let nowhere = json!({
        "start": { "type": "api-trigger", "links": [{ "key": "each" }] },
        "each": { "type": "for-each", "config": { "items": items, "rootNodeKey": "nope" } },
    });

    for (key, nodes, says) in [
        ("deep", &chain, "nests deeper than 100 levels"),
        ("wide", &wide, "1000 runs of nodes"),
        ("nowhere", &nowhere, "names no node"),
    ] {
        let run = ran(&bed, flow(key, nodes), json!({ "items": vec![1; 5_000] })).await;
        assert_eq!(run["state"], "failed", "{key}");
        assert!(run["errors"].to_string().contains(says), "{key}: {}", run["errors"]);
    }
}
