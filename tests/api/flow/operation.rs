//! A flow run is an operation of its own: what is said of acts is not said of it, and it is resolved once for all.

use http::Method;
use serde_json::{Value, json};

use crate::support::definitions::{flow, greeting};
use crate::support::faults::{add, listed};
use crate::support::journal::{journal, verify};
use crate::support::{Bed, id, message, user};

const RUN: &str = "/connections/github-dev/flows/greet/run";

/// A world with one flow, whose instance on `github-dev` is there; returns the instance's id.
async fn with_flow(bed: &Bed) -> String {
    bed.manager().ok(Method::POST, "/flows", flow("greet", &greeting())).await;
    id(&bed.demo().ok(Method::PUT, "/connections/github-dev/flows/greet", Value::Null).await)
}

/// The statuses of every way to run the flow, each called once.
async fn run_every_way(bed: &Bed, instance: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    for (path, body) in [
        (RUN.to_owned(), json!({ "input": { "name": "Ada" } })),
        (format!("/flows/{instance}/run"), json!({})),
        ("/flow/run?key=greet&connectionKey=github-dev".to_owned(), json!({})),
        ("/flow-runs".to_owned(), json!({ "flowInstanceId": instance })),
    ] {
        statuses.push(bed.demo().post(&path, body).await.0);
    }
    statuses
}

#[tokio::test]
async fn a_rule_on_acts_does_not_see_flow_runs() {
    let bed = Bed::exact().await;
    let instance = with_flow(&bed).await;
    add(&bed, json!({ "name": "acts", "on": { "operation": "act" }, "fault": { "respond": { "status": 418 } } })).await;

    assert_eq!(run_every_way(&bed, &instance).await, [200; 4]);
    assert_eq!(listed(&bed).await[0]["matched"], 0);

    assert_eq!(bed.act(user()).await.0, 418);
}

#[tokio::test]
async fn a_rule_on_flow_runs_sees_each_way_to_run_a_flow_and_no_act() {
    let bed = Bed::exact().await;
    let instance = with_flow(&bed).await;
    let teapot = json!({ "respond": { "status": 418 } });
    add(&bed, json!({ "name": "runs", "on": { "operation": "flowRun" }, "fault": teapot })).await;

    assert_eq!(bed.act(user()).await.0, 200);
    assert_eq!(run_every_way(&bed, &instance).await, [418; 4]);
}

#[tokio::test]
async fn a_rule_names_a_flow_by_key_or_id_and_the_connection_it_runs_on() {
    let bed = Bed::exact().await;
    let instance = with_flow(&bed).await;
    let universal = id(&bed.manager().ok(Method::GET, "/flows/greet", Value::Null).await);
    for on in [
        json!({ "operation": "flowRun", "flow": universal }),
        json!({ "operation": "flowRun", "flow": "greet" }),
        json!({ "operation": "flowRun", "flow": instance }),
        json!({ "operation": "flowRun", "connection": "github-dev", "integration": "github" }),
    ] {
        let rule = json!({ "name": "one", "on": on, "times": 1, "fault": { "respond": { "status": 418 } } });
        let added = add(&bed, rule).await;
        let by_id = json!({ "flowInstanceId": instance });
        assert_eq!(bed.demo().post("/flow-runs", by_id).await.0, 418, "{on}");
        bed.control(Method::DELETE, &format!("/faults/{}", added["name"].as_str().unwrap()), Value::Null).await;
    }

    let other = json!({ "name": "other", "on": { "flow": "another" }, "fault": { "respond": { "status": 418 } } });
    add(&bed, other).await;
    assert_eq!(run_every_way(&bed, &instance).await, [200; 4]);
}

#[tokio::test]
async fn scenarios_that_count_acts_do_not_count_flow_runs() {
    let bed = Bed::exact().await;
    let instance = with_flow(&bed).await;
    let scenario =
        bed.ws.scenario("expire-after-n-acts").with("acts", 2).with("connection", "github-dev").start().await;
    let scenario = scenario.unwrap();

    assert_eq!(run_every_way(&bed, &instance).await, [200; 4]);
    assert_eq!((bed.act(user()).await.0, bed.act(user()).await.0), (200, 200));

    assert_eq!(bed.act(user()).await.1["code"], "CONNECTION_DISCONNECTED");
    drop(scenario);
}

#[tokio::test]
async fn the_journal_names_flow_runs_and_the_flow() {
    let bed = Bed::exact().await;
    let instance = with_flow(&bed).await;
    run_every_way(&bed, &instance).await;
    bed.act(user()).await;

    let runs = journal(&bed, "?operation=flowRun").await;
    let runs = runs["items"].as_array().unwrap().clone();
    assert_eq!(runs.len(), 4, "{runs:#?}");
    for run in &runs {
        assert!(run["flow"].as_array().unwrap().contains(&json!(instance)), "{run:#}");
        assert!(run["connection"].as_array().unwrap().contains(&json!("github-dev")), "{run:#}");
        assert_eq!(run.get("action"), None, "{run:#}");
    }
    assert_eq!(runs[0]["body"], json!({ "name": "Ada" }));
    assert_eq!(journal(&bed, "?operation=act").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(journal(&bed, "?flow=greet").await["items"].as_array().unwrap().len(), 4);
    bed.ws.journal().flow_runs().flow("greet").expect(4);
    bed.ws.journal().acts().expect(1);

    let unknown = bed.control(Method::GET, "/journal?operation=run", Value::Null).await;
    assert_eq!(unknown.0, 400);
    assert!(message(&unknown).contains("`act`, `flowRun`"), "{}", message(&unknown));
}

#[tokio::test]
async fn verifications_tell_flow_runs_from_acts() {
    let bed = Bed::exact().await;
    let instance = with_flow(&bed).await;
    run_every_way(&bed, &instance).await;

    let acts = verify(&bed, json!({ "calls": { "operation": "act" }, "times": 0 })).await;
    let runs = verify(&bed, json!({ "calls": { "operation": "flowRun", "flow": "greet" }, "times": 4 })).await;

    assert_eq!((&acts["satisfied"], &runs["satisfied"]), (&json!(true), &json!(true)), "{acts:#} {runs:#}");
}

#[tokio::test]
async fn an_instance_runs_on_its_own_connection_whatever_else_is_named() {
    let bed = Bed::exact().await;
    let instance = with_flow(&bed).await;
    bed.demo().post(&format!("/flows/{instance}/run?integrationKey=hubspot"), json!({})).await;

    let runs = journal(&bed, "?operation=flowRun").await;

    assert_eq!(runs["items"][0]["connection"][1], "github-dev", "{runs:#}");
}

#[tokio::test]
async fn a_run_whose_flow_cannot_be_read_is_a_flow_run_all_the_same() {
    let bed = Bed::exact().await;
    let teapot = json!({ "name": "runs", "on": { "operation": "flowRun" }, "fault": { "respond": { "status": 418 } } });
    add(&bed, teapot).await;

    assert_eq!(bed.demo().post("/flows/greet/run?layer=none", json!({})).await.0, 418);
}
