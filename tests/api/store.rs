//! What is kept: the same after a restart, under many writers, in many forks, from the same start.

use std::path::Path;

use http::Method;
use membrane_mock::testing::{MockMembrane, Stub};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Api, Bed, THEN, id, user};

/// A call of a random story. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    Connect(usize),
    Authorize(usize),
    Lose(usize),
    Rename(usize),
    Archive(usize),
    Restore(usize),
    Disconnect(usize),
    Reconnect(usize),
    Action(usize),
    PatchAction(usize),
    ArchiveAction(usize),
    Integration(usize),
    Customer(usize),
    Act(usize),
    Setting(bool),
    Stub(usize),
    Advance(u64),
}

const CONNECTORS: [&str; 4] = ["slack", "github", "stripe", "twilio"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let n = 0..4_usize;
    let step = prop_oneof![
        n.clone().prop_map(Step::Connect),
        n.clone().prop_map(Step::Authorize),
        n.clone().prop_map(Step::Lose),
        n.clone().prop_map(Step::Rename),
        n.clone().prop_map(Step::Archive),
        n.clone().prop_map(Step::Restore),
        n.clone().prop_map(Step::Disconnect),
        n.clone().prop_map(Step::Reconnect),
        n.clone().prop_map(Step::Action),
        n.clone().prop_map(Step::PatchAction),
        n.clone().prop_map(Step::ArchiveAction),
        n.clone().prop_map(Step::Integration),
        n.clone().prop_map(Step::Customer),
        n.clone().prop_map(Step::Act),
        any::<bool>().prop_map(Step::Setting),
        n.prop_map(Step::Stub),
        (0..5000_u64).prop_map(Step::Advance),
    ];
    prop::collection::vec(step, 1..25)
}

/// The n-th of what a list holds.
async fn nth(api: &Api, list: &str, n: usize) -> String {
    let ids = api.each(list, "id").await;
    ids.get(n % ids.len().max(1)).cloned().unwrap_or_else(|| "none".into())
}

/// Takes a step. Some are refused by the state of things, and that is fine: a refusal changes nothing either way.
async fn take(bed: &Bed, step: Step) -> Value {
    let (acme, manager) = (bed.tenant("acme"), bed.manager());
    let all = "/connections?includeArchived=1";
    let poke = async |n: usize, event: &str| {
        let path = format!("/connections/{}/poke", nth(&acme, all, n).await);
        bed.control(Method::POST, &path, json!({ "event": event })).await
    };
    let code = |n: usize| json!({"code": format!("module.exports = () => {n}")});
    let (status, body) = match step {
        Step::Connect(n) => {
            let key = (n % 2 == 0).then(|| format!("key-{n}"));
            acme.post("/connect", json!({"connectorKey": CONNECTORS[n], "connectionKey": key})).await
        }
        Step::Authorize(n) => poke(n, "authorize").await,
        Step::Lose(n) => poke(n, "loseCredentials").await,
        Step::Rename(n) => {
            acme.patch(&format!("/connections/{}", nth(&acme, all, n).await), json!({"name": format!("N{n}")})).await
        }
        Step::Archive(n) => acme.delete(&format!("/connections/{}", nth(&acme, all, n).await)).await,
        Step::Restore(n) => acme.post(&format!("/connections/{}/restore", nth(&acme, all, n).await), json!({})).await,
        Step::Disconnect(n) => {
            acme.post(&format!("/connections/{}/disconnect", nth(&acme, all, n).await), json!({})).await
        }
        Step::Reconnect(n) => {
            acme.post(&format!("/connections/{}/reconnect", nth(&acme, all, n).await), json!({})).await
        }
        Step::Action(n) => {
            let body = json!({"key": format!("a{n}"), "type": "run-javascript", "config": code(n)});
            manager.post("/actions", body).await
        }
        Step::PatchAction(n) => manager.patch(&format!("/actions/a{n}"), json!({"description": "changed"})).await,
        Step::ArchiveAction(n) => manager.delete(&format!("/actions/a{n}")).await,
        Step::Integration(n) => {
            manager.post("/integrations", json!({"key": format!("i{n}"), "connectorKey": CONNECTORS[n]})).await
        }
        Step::Customer(n) => manager.post("/customers", json!({"name": "C", "internalId": format!("c{n}")})).await,
        Step::Act(n) => acme.post("/act", json!({"key": format!("a{n}"), "meta": {"n": n}})).await,
        Step::Setting(on) => {
            let path = format!("/workspaces/{}", bed.ws.key());
            manager.patch(&path, json!({"settings": {"useMembraneUniverse": on}})).await
        }
        Step::Stub(n) => {
            let stub = json!({"request": {"method": "GET", "path": format!("/s{n}")}, "respond": {"json": n}});
            bed.control(Method::POST, &format!("/upstreams/{}/stubs", CONNECTORS[n]), stub).await
        }
        Step::Advance(ms) => bed.control(Method::POST, "/clock/advance", json!({ "ms": ms })).await,
    };
    assert!(status < 500, "{status}: {body:#}");
    json!([status, body])
}

/// Everything that can be read of a workspace.
async fn picture(bed: &Bed, bases: &[&str]) -> Value {
    let (acme, manager) = (bed.tenant("acme"), bed.manager());
    let mut seen = serde_json::Map::new();
    for list in [
        "/connections?includeArchived=1&includeSecrets=1&limit=1000",
        "/integrations?includeArchived=1&includeSecrets=1&limit=1000",
        "/actions?includeArchived=1&limit=1000",
        "/action-instances?includeArchived=1",
        "/customers?includeArchived=1&limit=1000",
        "/connectors?includeArchived=1&limit=1000",
        "/external-apps?limit=1000",
        "/workspaces",
        "/action-run-logs?limit=1000",
        "/external-api-logs?limit=1000",
    ] {
        seen.insert(format!("tenant {list}"), acme.get(list).await.1);
        seen.insert(format!("manager {list}"), manager.get(list).await.1);
    }
    for path in
        ["", "/clock", "/progress", "/upstreams/slack/stubs", "/upstreams/github/stubs", "/upstreams/github/tokens"]
    {
        let mut answer = bed.control(Method::GET, path, Value::Null).await.1;
        if let Some(workspace) = answer.as_object_mut() {
            // Tokens are minted for each answer, at the address of the moment.
            workspace.retain(|name, _| !["tenantToken", "managerToken", "apiUri"].contains(&name.as_str()));
        }
        seen.insert(format!("control {path}"), answer);
    }
    // Logs keep the addresses of their time, and the port changes with a restart.
    let text = bases.iter().fold(Value::Object(seen).to_string(), |text, base| text.replace(base, "BASE"));
    serde_json::from_str(&text).unwrap()
}

async fn kept(file: &Path) -> Bed {
    let builder = MockMembrane::builder().database(file).manual_clock(THEN.parse().unwrap());
    Bed::of(builder).await
}

fn differences(before: &Value, after: &Value) -> Vec<String> {
    let names = before.as_object().unwrap().keys();
    names
        .filter(|name| before[*name] != after[*name])
        .map(|name| format!("{name}: {} != {}", before[name], after[name]))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_a_restart_everything_reads_as_before(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let different = runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("mock.db");
            let bed = kept(&file).await;
            for step in steps {
                take(&bed, step).await;
            }
            let first = bed.mock.uri().to_owned();
            let before = picture(&bed, &[&first]).await;
            let Bed { mock, .. } = bed;
            mock.stop();
            let bed = kept(&file).await;
            differences(&before, &picture(&bed, &[&first, bed.mock.uri()]).await)
        });
        prop_assert!(different.is_empty(), "{different:#?}");
    }

    #[test]
    fn the_same_seed_clock_and_calls_give_byte_equal_answers(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (first, second) = runtime.block_on(async {
            let story = async || {
                let bed = Bed::exact().await;
                let mut answers = Vec::new();
                for step in steps.clone() {
                    let answer = take(&bed, step).await.to_string();
                    answers.push(answer.replace(bed.mock.uri(), "BASE"));
                }
                let picture = picture(&bed, &[bed.mock.uri()]).await.to_string();
                answers.push(picture);
                answers
            };
            (story().await, story().await)
        });
        prop_assert_eq!(first, second);
    }
}

#[tokio::test]
async fn a_large_log_is_kept_whole_beside_a_small_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mock.db");
    let bed = kept(&file).await;
    let text = "\"é\n".repeat(100_000);
    for answer in [json!(text), json!("small")] {
        bed.ws.upstream("github").stub(Stub::get("/user").json(200, answer.clone())).await.unwrap();
        assert!(bed.act(user()).await.1["output"] == answer);
    }
    // Whether they are equal is told alone: the text is long.
    let is_whole = async |bed: &Bed| {
        let logs = bed.demo().items("/action-run-logs").await;
        let outputs: Vec<&Value> = logs.iter().map(|log| &log["output"]).collect();
        outputs == [&json!("small"), &json!(text)] && bed.manager().items("/external-api-logs").await.len() == 2
    };
    assert!(is_whole(&bed).await);
    let Bed { mock, .. } = bed;
    mock.stop();
    assert!(is_whole(&kept(&file).await).await);
}

#[tokio::test]
async fn sixteen_concurrent_writers_never_meet_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for bed in [Bed::start().await, kept(&folder.path().join("mock.db")).await] {
        let writers = (0..16).map(|writer| {
            let (api, manager) = (bed.tenant(&format!("tenant-{writer}")), bed.manager());
            tokio::spawn(async move {
                for n in 0..8 {
                    let body =
                        json!({"connectorKey": "stripe", "connectionKey": format!("k{n}"), "input": {"apiKey": "k"}});
                    let made = api.ok(Method::POST, "/connect", body).await;
                    assert_eq!(made["state"], "READY");
                    let body = json!({"code": "module.exports = () => 1", "connectionKey": format!("k{n}")});
                    api.ok(Method::POST, "/act", body).await;
                    let action = json!({"key": format!("w{writer}-{n}"), "type": "run-javascript", "config": {}});
                    manager.ok(Method::POST, "/actions", action).await;
                    api.ok(Method::PATCH, &format!("/connections/k{n}"), json!({"name": format!("{writer}/{n}")}))
                        .await;
                }
                assert_eq!(api.items("/connections").await.len(), 8);
                assert_eq!(api.items("/action-run-logs").await.len(), 8);
            })
        });

        for writer in futures_util::future::join_all(writers).await {
            writer.unwrap();
        }

        assert_eq!(
            bed.manager()
                .items("/actions?search=w&limit=1000")
                .await
                .iter()
                .filter(|a| a["key"].as_str().unwrap().starts_with('w'))
                .count(),
            128
        );
    }
}

#[tokio::test]
async fn two_hundred_forks_at_once_never_cross_a_wire() {
    let bed = Bed::start().await;
    let forks = (0..200).map(async |n: usize| {
        let fork = bed.mock.fork().await.unwrap();
        let api = Api::tenant_of(&fork, "demo-tenant");
        fork.upstream("github").stub(Stub::get("/user").json(200, json!({ "n": n }))).await.unwrap();
        let body = user();

        let answer = api.ok(Method::POST, "/act", body).await;
        api.ok(Method::PATCH, "/connections/github-dev", json!({"name": format!("mine {n}")})).await;
        let read = api.ok(Method::GET, "/connections/github-dev", Value::Null).await;
        let logs = api.items("/action-run-logs").await;

        assert_eq!(answer["output"], json!({ "n": n }));
        assert_eq!(read["name"], format!("mine {n}"));
        assert_eq!((logs.len(), id(&logs[0])), (1, answer["actionRunId"].as_str().unwrap().to_owned()));
        assert_eq!(fork.upstream("github").requests().len(), 1);
        fork.key().to_owned()
    });

    let mut keys = futures_util::future::join_all(forks).await;

    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 200);
    assert!(bed.ws.journal().is_empty());
}

/// The keys of a workspace's connections, as an export has them.
async fn exported(nobody: &Api, key: &str) -> Vec<String> {
    let export = nobody.ok(Method::GET, &format!("/__mock/workspaces/{key}/export"), Value::Null).await;
    let records = export["records"].as_array().unwrap().iter();
    let connections = records.filter(|row| row["kind"] == "connection");
    connections.map(|row| row["record"]["key"].as_str().unwrap().to_owned()).collect()
}

/// Makes a fork of a workspace, which is changed, and a fork of that, and takes both back to where they were: what each then has
/// in common with others was copied or not, as the database is kept.
async fn forked_and_gone_back(bed: &Bed) -> Vec<(String, Vec<String>)> {
    let nobody = bed.nobody();
    let fork = async |from: &str, key: &str| {
        let made = nobody.ok(Method::POST, "/__mock/workspaces", json!({"from": from, "key": key})).await;
        Api::new(bed.mock.uri(), made["tenantToken"].as_str().unwrap().to_owned())
    };
    let connect = async |api: &Api, key: &str| {
        let made = api.post("/connections", json!({"integrationKey": "github", "key": key})).await;
        assert!(made.0 < 300, "{made:?}");
    };
    let first = fork(bed.ws.key(), "first").await;
    connect(&first, "mine").await;
    let kept = nobody.ok(Method::POST, "/__mock/workspaces/first/snapshots", json!({})).await;
    connect(&first, "later").await;
    let second = fork("first", "second").await;
    assert_eq!(second.delete("/connections/mine").await.0, 200);
    connect(&second, "mine").await;
    let restore = format!("/__mock/workspaces/first/snapshots/{}/restore", kept["id"].as_str().unwrap());
    nobody.ok(Method::POST, &restore, json!({})).await;
    let third = fork("second", "third").await;
    nobody.ok(Method::POST, "/__mock/reset?workspace=third", json!({})).await;
    connect(&third, "again").await;
    let mut all = Vec::new();
    for key in ["first", "second", "third"] {
        all.push((key.to_owned(), exported(&nobody, key).await));
    }
    all
}

#[tokio::test]
async fn copies_hold_everything_however_the_database_is_kept() {
    let in_memory = forked_and_gone_back(&Bed::exact().await).await;
    let keys = |nth: usize| in_memory[nth].1.iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(keys(0).last(), Some(&"mine"));
    assert!(keys(1).ends_with(&["mine", "later", "mine"]), "{:?}", keys(1));
    assert!(keys(2).ends_with(&["mine", "later", "mine", "again"]), "{:?}", keys(2));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mock.db");
    let bed = kept(&file).await;
    assert_eq!(forked_and_gone_back(&bed).await, in_memory);
    let Bed { mock, .. } = bed;
    mock.stop();
    let (bed, mut after) = (kept(&file).await, Vec::new());
    for (key, _) in &in_memory {
        after.push((key.clone(), exported(&bed.nobody(), key).await));
    }
    assert_eq!(after, in_memory);
}
