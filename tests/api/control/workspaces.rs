//! Test control: workspaces, forks, stubs, journal, clock.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};

use crate::support::{Api, Bed, id, message};

impl Bed {
    async fn create(&self, body: Value) -> Value {
        self.nobody().ok(Method::POST, "/__mock/workspaces", body).await
    }

    /// A tenant and a manager of a workspace made over HTTP.
    fn of_created(&self, workspace: &Value) -> (Api, Api) {
        let api = |name: &str| Api::new(self.mock.uri(), workspace[name].as_str().unwrap().to_owned());
        (api("tenantToken"), api("managerToken"))
    }
}

async fn user(api: &Api) -> Value {
    let body = json!({"api": {"method": "GET", "path": "/user"}, "connectionKey": "github-dev"});
    api.ok(Method::POST, "/act", body).await["output"].clone()
}

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
    let (here, there) = (bed.demo(), Api::new(bed.mock.uri(), fork.tenant("demo-tenant").token()));
    let before = there.each("/connections", "id").await;

    here.ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;
    bed.ws.upstream("github").stub(Stub::get("/user").json(200, json!("mine"))).await.unwrap();
    let (mine, theirs) = (user(&here).await, user(&there).await);
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
    let theirs = Api::new(bed.mock.uri(), fork.tenant("acme").token());

    assert_eq!(theirs.get(&format!("/connections/{}", id(&connection))).await.0, 404);
    assert_eq!(
        Api::new(bed.mock.uri(), fork.manager_token()).get(&format!("/workspaces/{}", bed.ws.key())).await.0,
        404
    );
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
        (json!({"sed": "demo"}), "sed"),
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
    assert_eq!(user(&tenant).await["login"], "mia-acme");
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
    assert_eq!(user(&demo).await["login"], "mia-acme", "stubs are gone too");
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
async fn stubs_are_tried_by_priority_then_newest_first_and_only_so_often() {
    let bed = Bed::start().await;
    let github = bed.ws.upstream("github");
    let demo = bed.demo();

    assert_eq!(user(&demo).await["login"], "mia-acme", "the catalog's");
    github.stub(Stub::get("/user").json(200, json!("older"))).await.unwrap();
    let newer = github.stub(Stub::get("/user").json(200, json!("newer"))).await.unwrap();
    assert_eq!(user(&demo).await, "newer");
    github.stub(Stub::get("/user").json(200, json!("urgent")).priority(1).times(2)).await.unwrap();
    assert_eq!((user(&demo).await, user(&demo).await), (json!("urgent"), json!("urgent")));
    assert_eq!(user(&demo).await, "newer");
    newer.remove().await.unwrap();
    assert_eq!(user(&demo).await, "older");
}

#[tokio::test]
async fn stubs_are_mounted_listed_and_removed_over_http() {
    let bed = Bed::start().await;
    let stub = json!({"request": {"method": "GET", "path": "/user"}, "respond": {"json": "mine"}});

    let made = bed.control(Method::POST, "/upstreams/github/stubs", stub.clone()).await.1;
    let listed = bed.control(Method::GET, "/upstreams/github/stubs", Value::Null).await.1;
    let mine = user(&bed.demo()).await;
    let removed = bed.control(Method::DELETE, &format!("/upstreams/github/stubs/{}", id(&made)), Value::Null).await;
    let theirs = user(&bed.demo()).await;
    bed.control(Method::POST, "/upstreams/github/stubs", stub).await;
    let cleared = bed.control(Method::DELETE, "/upstreams/github/stubs", Value::Null).await;

    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["from"]), (&made["id"], &json!("workspace")));
    assert!(listed["items"].as_array().unwrap().iter().any(|stub| stub["from"] == "catalog"));
    assert_eq!((mine, &theirs["login"]), (json!("mine"), &json!("mia-acme")));
    assert_eq!((removed.0, cleared.0), (204, 204));
    for wrong in [
        json!({"request": {"method": "GET", "path": "user"}, "respond": {}}),
        json!({"request": {"method": "GET", "path": "/user"}, "respond": {"status": 42}}),
        json!({"request": {"method": "GET", "path": "/user"}, "respond": {"json": 1, "text": "x"}}),
        json!({"request": {"path": "/user"}, "respond": {}}),
        json!({"request": {"method": "GET", "path": "/user"}, "respond": {}, "whenever": 1}),
    ] {
        assert_eq!(bed.control(Method::POST, "/upstreams/github/stubs", wrong.clone()).await.0, 400, "{wrong}");
    }
    assert_eq!(bed.control(Method::GET, "/upstreams/nope/stubs", Value::Null).await.0, 404);
}

#[tokio::test]
async fn an_unmatched_request_is_listed_with_the_nearest_stub_and_its_difference() {
    let bed = Bed::start().await;
    let stub = Stub::post("/things").query("page", "1").body(json!({"a": {"b": 1}})).json(200, json!({}));
    bed.ws.upstream("github").stub(stub).await.unwrap();
    let api = json!({"method": "POST", "path": "/things", "query": {"page": 2}, "body": {"a": {"b": 2}}});

    let answer = bed.demo().post("/act", json!({"api": api, "connectionKey": "github-dev"})).await;

    assert_eq!(answer.1["data"]["response"]["status"], 404);
    let requests = bed.control(Method::GET, "/upstreams/github/requests", Value::Null).await.1;
    let unmatched = requests["items"][0]["unmatched"].to_string();
    for field in ["query.page", "body.a.b"] {
        assert!(unmatched.contains(field), "{field}: {unmatched}");
    }
    assert!(!unmatched.contains("\"method\",") && unmatched.contains("/things"), "{unmatched}");
}

#[tokio::test]
async fn the_journal_holds_both_sides_in_order_and_no_secret() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("demo-tenant").token();
    user(&bed.demo()).await;
    bed.demo().get("/connections/github-dev/proxy/user?access_token=hush&q=1").await;
    bed.nobody().get(&format!("/self?token={token}")).await;
    let tenant_secret = bed.demo().ok(Method::GET, "/connections/github-dev?includeSecrets=1", Value::Null).await;
    let access = tenant_secret["credentials"]["access_token"].as_str().unwrap().to_owned();

    let journal = bed.control(Method::GET, "/journal", Value::Null).await.1;

    let entries = journal["items"].as_array().unwrap();
    let sides: Vec<&str> = entries.iter().map(|entry| entry["side"].as_str().unwrap()).collect();
    assert_eq!(sides, ["upstream", "api", "upstream", "api", "api", "api"]);
    let sequence: Vec<u64> = entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert!(sequence.is_sorted(), "{sequence:?}");
    assert_eq!((&entries[1]["route"], &entries[1]["caller"]), (&json!("/act"), &json!("tenant:demo-tenant")));
    assert!(entries[1]["actionRunId"].is_string());
    let text = journal.to_string();
    for secret in [&token, &access, "hush", &bed.ws.secret()] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert_eq!(bed.control(Method::DELETE, "/journal", Value::Null).await.0, 204);
    assert!(bed.ws.journal().is_empty());
}

#[tokio::test]
async fn an_unauthenticated_call_is_journalled_where_it_claims_to_belong() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("acme").token();
    let forged = format!("{}x", &token[..token.len() - 8]);

    Api::new(bed.mock.uri(), forged).get("/self").await;
    bed.nobody().get("/self?from=nobody").await;

    let own = bed.ws.journal();
    assert_eq!((own.len(), own[0].caller.as_deref(), own[0].status), (1, Some("unauthenticated"), 401));
    let servers = bed.nobody().items("/__mock/journal").await;
    assert!(servers.iter().any(|entry| entry["path"] == "/self?from=nobody"), "{servers:#?}");
}

#[tokio::test]
async fn the_clock_is_set_advanced_and_read() {
    let bed = Bed::exact().await;
    let clock = async |method: Method, path: &str, body: Value| bed.control(method, path, body).await;

    let start = clock(Method::GET, "/clock", Value::Null).await.1;
    let by = clock(Method::POST, "/clock/advance", json!({"ms": 90_000})).await.1;
    let to = clock(Method::POST, "/clock/advance", json!({"to": "2025-01-02T00:00:00Z"})).await.1;
    let set = clock(Method::PUT, "/clock", json!({"mode": "2030-06-01T00:00:00Z"})).await.1;

    assert_eq!(start["now"], "2025-01-01T00:00:00.000Z");
    assert_eq!(by["now"], "2025-01-01T00:01:30.000Z");
    assert_eq!(to["now"], "2025-01-02T00:00:00.000Z");
    assert_eq!(set["now"], "2030-06-01T00:00:00.000Z");
    assert_eq!(clock(Method::POST, "/clock/settle", json!({})).await.0, 200);
    for wrong in [
        json!({}),
        json!({"ms": 1, "to": "2031-01-01T00:00:00Z"}),
        json!({"to": "2001-01-01T00:00:00Z"}),
        json!({"ms": -1}),
    ] {
        assert_eq!(clock(Method::POST, "/clock/advance", wrong.clone()).await.0, 400, "{wrong}");
    }
    assert_eq!(clock(Method::PUT, "/clock", json!({"mode": "noon"})).await.0, 400);
}

#[tokio::test]
async fn a_control_route_that_is_not_there_says_so() {
    let bed = Bed::start().await;

    assert_eq!(bed.nobody().get("/__mock/nothing").await.0, 404);
    assert_eq!(bed.nobody().get("/__mock/workspaces/nope/clock").await.0, 404);
}
