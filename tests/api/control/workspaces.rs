//! Test control of workspaces: made, forked, emptied, put back.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};

use crate::support::{Api, Bed, id, message, whoami};

#[tokio::test]
async fn health_tells_that_it_is_seeded() {
    let bed = Bed::start().await;

    let health = bed.nobody().ok(Method::GET, "/__mock/health", Value::Null).await;

    assert_eq!((&health["status"], &health["url"]), (&json!("ok"), &json!(bed.mock.uri())));
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert!(health["uptimeMs"].is_u64());
}

#[tokio::test]
async fn a_fork_shares_nothing_but_the_start() {
    let bed = Bed::start().await;
    let fork = bed.mock.fork().await.unwrap();
    let (here, there) = (bed.demo(), Api::tenant_of(&fork, "demo-tenant"));
    let before = there.each("/connections", "id").await;

    here.ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;
    bed.ws.upstream("github").stub(Stub::get("/user").json(200, json!("mine"))).await.unwrap();
    let (mine, theirs) = (whoami(&here).await, whoami(&there).await);
    bed.ws.clock().advance(Duration::from_hours(1)).await.unwrap();

    assert_eq!(there.each("/connections", "id").await, before, "a fork keeps its ids and its state");
    assert_eq!(here.each("/connections", "id").await.len(), 1);
    assert_eq!((mine, &theirs["login"]), (json!("mine"), &json!("mia-acme")));
    assert_eq!(here.items("/action-run-logs").await.len(), 1);
    assert_eq!(there.items("/action-run-logs").await.len(), 1);
    let callers = |journal: membrane_mock::testing::MockJournal| journal.len();
    assert!(callers(bed.ws.journal()) > 0 && callers(fork.journal()) > 0);
    assert!(fork.journal().iter().all(|entry| !entry.path.contains("hubspot-prod")), "the journal is its own");
    assert!(fork.clock().now() < bed.ws.clock().now());
    assert_ne!((fork.key(), fork.secret()), (bed.ws.key(), bed.ws.secret()));
}

#[tokio::test]
async fn a_token_of_one_workspace_opens_no_other() {
    let bed = Bed::start().await;
    let fork = bed.mock.fork().await.unwrap();
    let demo = bed.demo();
    let connection = demo.ok(Method::GET, "/connections/github-dev", Value::Null).await;
    let theirs = Api::tenant_of(&fork, "acme");

    assert_eq!(theirs.get(&format!("/connections/{}", id(&connection))).await.0, 404);
    assert_eq!(Api::manager_of(&fork).get(&format!("/workspaces/{}", bed.ws.key())).await.0, 404);
}

#[tokio::test]
async fn a_workspace_may_start_from_the_seed_from_another_as_it_stands_or_from_nothing() {
    let bed = Bed::start().await;
    bed.demo().ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;

    let origin = bed.create(json!({})).await;
    let copy = bed.create(json!({"from": bed.ws.key(), "key": "copy"})).await;
    let empty = bed.create(json!({"seed": "none"})).await;
    let demo = bed
        .create(json!({"key": "again", "seed": "demo", "settings": {"useMembraneUniverse": true}, "mock": {"autoConnect": true}}))
        .await;
    let own = bed.create(json!({"seed": {
        "workspace": {"key": "own", "secret": "s".repeat(64), "tenants": [{"key": "t"}], "defaultTenant": "t"},
        "integrations": [{"key": "github"}],
        "connections": [{"key": "gh", "integration": "github"}],
        "actions": [{"key": "hello", "type": "run-javascript", "config": {"code": "module.exports = () => 'hello'"}}],
    }})).await;

    let keys = async |workspace: &Value| bed.of_created(workspace).0.each("/connections", "key").await;
    assert_eq!(keys(&origin).await, ["github-dev", "hubspot-prod"]);
    assert_eq!(keys(&copy).await, ["github-dev"]);
    assert!(keys(&empty).await.is_empty());
    assert_eq!(keys(&demo).await, ["github-dev", "hubspot-prod"]);
    assert_eq!(keys(&own).await, ["gh"]);
    assert_eq!((&copy["key"], &own["key"]), (&json!("copy"), &json!("own")));
    assert_eq!(demo["settings"]["useMembraneUniverse"], true);
    assert_eq!(demo["mock"]["autoConnect"], true);
    let (tenant, _) = bed.of_created(&own);
    assert_eq!(tenant.post("/act", json!({"key": "hello"})).await.1["output"], "hello");
    for (wrong, said) in [
        (json!({"seed": "demo", "from": "copy"}), "not both"),
        (json!({"from": "nowhere"}), "nowhere"),
        (json!({"key": "copy"}), "copy"),
        (json!({"seed": {"conections": []}}), "conections"),
        (json!({"seed": {"connections": [{"key": "x", "integration": "nope"}]}}), "nope"),
        (json!({"mock": {"disconnectedStatus": 500}}), "disconnectedStatus"),
        (json!({"mock": {"exchangesPerRun": 1}}), "`mock.exchangesPerRun` is 2 to 10000"),
        (json!({"sed": "demo"}), "sed"),
        (json!({"secret": ""}), "`secret` is blank"),
        (json!({"secret": " \u{0}\n"}), "`secret` is blank"),
        (json!({"from": bed.ws.key(), "secret": ""}), "`secret` is blank"),
        (json!({"seed": {"workspace": {"secret": " "}}}), "field `secret`: it is blank"),
        (json!({"seed": {"workspace": {"tenants": [{"key": " "}]}}}), "the `key` of a tenant is blank"),
        (json!({"seed": {"workspace": {"defaultTenant": ""}}}), "field `defaultTenant`: it is blank"),
    ] {
        let answer = bed.nobody().post("/__mock/workspaces", wrong.clone()).await;
        assert!([400, 404].contains(&answer.0), "{wrong}: {answer:?}");
        assert!(message(&answer).contains(said), "{wrong}: {answer:?}");
    }
}

#[tokio::test]
async fn a_seed_whose_key_is_taken_gets_a_key_of_its_own() {
    let bed = Bed::start().await;

    let made = bed.create(json!({"seed": "demo"})).await;

    assert_ne!(made["key"], bed.ws.key(), "`key` is optional");
}

#[tokio::test]
async fn workspaces_are_listed_and_a_deleted_one_lets_nobody_in() {
    let bed = Bed::start().await;
    let made = bed.create(json!({"key": "passing"})).await;
    let (tenant, _) = bed.of_created(&made);

    let listed = bed.nobody().each("/__mock/workspaces", "key").await;
    let deleted = bed.nobody().delete("/__mock/workspaces/passing").await;

    assert_eq!(listed, [bed.ws.key(), "passing"]);
    assert_eq!(deleted.0, 204);
    assert_eq!(tenant.get("/self").await.0, 401);
    assert_eq!(bed.nobody().get("/__mock/workspaces/passing").await.0, 404);
}

#[tokio::test]
async fn a_workspace_forks_the_seed_also_when_the_first_one_is_gone() {
    let bed = Bed::start().await;
    bed.demo().ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;

    let deleted = bed.nobody().delete(&format!("/__mock/workspaces/{}", bed.ws.key())).await;
    let made = bed.create(json!({})).await;

    let (tenant, _) = bed.of_created(&made);
    assert_eq!(deleted.0, 204);
    assert_eq!(tenant.each("/connections", "key").await, ["github-dev", "hubspot-prod"]);
    assert_eq!(whoami(&tenant).await["login"], "mia-acme");
    assert_eq!(bed.nobody().each("/__mock/workspaces", "key").await, [made["key"].as_str().unwrap()]);
}

#[tokio::test]
async fn one_workspace_is_emptied_and_the_others_stay() {
    let bed = Bed::start().await;
    let (emptied, _) = bed.of_created(&bed.create(json!({"key": "emptied"})).await);
    let (kept, _) = bed.of_created(&bed.create(json!({"key": "kept"})).await);
    bed.demo().ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;

    let reset = bed.nobody().ok(Method::POST, "/__mock/reset?workspace=emptied&to=empty", json!({})).await;

    assert_eq!(reset["reset"], json!(["emptied"]));
    assert!(emptied.items("/connections").await.is_empty());
    assert!(emptied.items("/integrations").await.is_empty());
    assert_eq!(kept.each("/connections", "key").await, ["github-dev", "hubspot-prod"]);
    assert_eq!(bed.demo().each("/connections", "key").await, ["github-dev"], "nor is it put back");
}

#[tokio::test]
async fn reset_goes_back_to_the_seed_or_to_nothing_with_the_same_ids() {
    let bed = Bed::exact().await;
    let demo = bed.demo();
    let before = demo.each("/connections", "id").await;
    bed.ws.upstream("github").stub(Stub::get("/user").json(200, json!("mine"))).await.unwrap();
    bed.ws.mock_settings(|mock| mock.auto_connect = true).await.unwrap();
    demo.ok(Method::DELETE, "/connections/github-dev", Value::Null).await;
    demo.post("/act", json!({"key": "nope"})).await;

    bed.nobody().ok(Method::POST, &format!("/__mock/reset?workspace={}", bed.ws.key()), json!({})).await;

    assert_eq!(demo.each("/connections", "id").await, before);
    assert_eq!(whoami(&demo).await["login"], "mia-acme", "stubs are gone too");
    assert_eq!(demo.items("/action-run-logs").await.len(), 1, "and logs");
    let begun = demo.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;
    assert_eq!(begun["state"], "CLIENT_ACTION_REQUIRED", "and settings");
    bed.nobody().ok(Method::POST, "/__mock/reset?to=empty", json!({})).await;
    assert!(demo.items("/connections").await.is_empty());
    assert!(demo.items("/integrations").await.is_empty());
    assert_eq!(bed.nobody().post("/__mock/reset?to=mars", json!({})).await.0, 400);
    assert_eq!(bed.nobody().post("/__mock/reset?workspace=nope", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_workspace_that_is_full_says_so_and_takes_what_replaces() {
    let bed = Bed::start().await;
    let stub = json!({"request": {"method": "GET", "path": "/user"}, "respond": {"json": "mine"}});
    let scenario = |nth: usize| json!({"name": format!("nth-{nth}"), "steps": [{"do": [{"progress": {"connection.building": "hold"}}]}]});
    let seed = json!({
        "workspace": {},
        "stubs": {"github": vec![stub.clone(); 5_000]},
        "scenarios": (0..1_000).map(scenario).collect::<Vec<_>>(),
    });
    let control = bed.nobody();
    let made = control.ok(Method::POST, "/__mock/workspaces", json!({"key": "full", "seed": seed})).await;
    let at = |path: &str| format!("/__mock/workspaces/{}{path}", made["key"].as_str().unwrap());

    let many = control.post(&at("/upstreams/github/stubs"), stub.clone()).await;
    let too = control.post(&at("/scenarios"), scenario(1_000)).await;
    assert!(many.0 == 400 && message(&many).contains("at most 5000 stubs"), "{many:?}");
    assert!(too.0 == 400 && message(&too).contains("at most 1000 scenarios"), "{too:?}");
    control.ok(Method::POST, &at("/scenarios"), scenario(7)).await;
    let own = control.ok(Method::GET, &at("/upstreams/github/stubs"), Value::Null).await;
    control.delete(&at(&format!("/upstreams/github/stubs/{}", id(&own["items"][0])))).await;
    control.ok(Method::POST, &at("/upstreams/github/stubs"), stub).await;
}

#[tokio::test]
async fn a_workspace_has_a_name_and_a_label_which_its_report_says() {
    let bed = Bed::start().await;
    let control = bed.nobody();
    let at = |below: &str| format!("/__mock/workspaces/mine{below}");
    let made = json!({"key": "mine", "name": "Mine", "label": "a test of mine"});
    let made = control.ok(Method::POST, "/__mock/workspaces", made).await;
    assert_eq!((&made["name"], &made["label"]), (&json!("Mine"), &json!("a test of mine")));
    let manager = Api::new(bed.mock.uri(), made["managerToken"].as_str().unwrap().to_owned());
    assert_eq!(manager.ok(Method::GET, "/org-workspace-id", Value::Null).await["id"], made["id"]);
    manager.get("/no-such-thing").await;
    let nearest = json!({"method": "POST", "path": "/repos/acme/website/isues"});
    let tenant = Api::new(bed.mock.uri(), made["tenantToken"].as_str().unwrap().to_owned());
    tenant.post("/act", json!({"connectionKey": "github-dev", "api": nearest})).await;

    let report = control.ok(Method::GET, &at("/report"), Value::Null).await;
    let lines = report["items"].as_array().unwrap();
    let of = |field: &str| lines.iter().map(|line| line[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("kind"), ["refused", "unmatched"], "{report:#}");
    assert_eq!((of("workspace"), of("label")), (vec![json!("mine"); 2], vec![json!("a test of mine"); 2]));
    assert_eq!(of("tenant"), [Value::Null, json!("demo-tenant")]);
    assert_eq!(lines[0]["says"], "GET /no-such-thing answered 404");
    assert_eq!(lines[1]["nearest"]["path"], "/repos/{owner}/{repo}/issues");

    let renamed = control.ok(Method::PATCH, &at(""), json!({"name": "Ours", "label": ""})).await;
    assert_eq!((&renamed["name"], renamed.get("label")), (&json!("Ours"), None));
    let fork = control.ok(Method::POST, "/__mock/workspaces", json!({"from": "mine"})).await;
    assert_eq!((&fork["name"], fork.get("label")), (&json!("Ours"), None));
    for wrong in [json!({"name": " "}), json!({"label": "x".repeat(1_001)})] {
        assert_eq!(control.post("/__mock/workspaces", wrong.clone()).await.0, 400, "{wrong}");
        assert_eq!(control.patch(&at(""), wrong).await.0, 400);
    }
}
