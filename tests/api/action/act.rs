//! `/act` and the `run` addresses: what is dispatched, through which connection, in which version.

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};

use crate::support::definitions::{says, says_as, with};
use crate::support::{Answer, Api, Bed, id, message, user, verdict};

impl Bed {
    /// Stubs `GET /who` of two apps, which answer with their names.
    async fn with_who(self) -> Self {
        for app in ["github", "hubspot", "slack"] {
            self.ws.upstream(app).stub(Stub::get("/who").json(200, json!(app))).await.unwrap();
        }
        self
    }
}

async fn who(api: &Api, scope: Value) -> Value {
    let body = with(json!({"api": {"method": "GET", "path": "/who"}}), &scope);
    api.ok(Method::POST, "/act", body).await["output"].clone()
}

fn names_fields(answer: &Answer) -> bool {
    ["id", "key", "api", "code"].iter().all(|name| message(answer).contains(&format!("`{name}`")))
}

#[tokio::test]
async fn exactly_one_dispatch_is_taken() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let api = json!({"method": "GET", "path": "/user"});

    for body in [
        json!({}),
        json!({"input": {}}),
        json!({"id": "a", "key": "b"}),
        json!({"key": "b", "api": api}),
        json!({"api": api, "code": "module.exports = () => 1"}),
        json!({"id": "a", "key": "b", "api": api, "code": "c"}),
    ] {
        let answer = demo.post("/act", body.clone()).await;

        assert_eq!(verdict(&answer), "400 bad_request/-", "{body}");
        assert!(names_fields(&answer), "{answer:?}");
        assert!(answer.1["actionRunId"].is_string(), "{answer:?}");
    }
}

#[tokio::test]
async fn the_schema_of_act_is_closed() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let api = |more: Value| with(json!({"method": "GET", "path": "/user"}), &more);

    for (body, named) in [
        (json!({"key": "list-contacts", "connection": "hubspot-prod"}), "connection"),
        (json!({"key": "list-contacts", "autoCreate": true}), "autoCreate"),
        (json!({"key": 7}), "key"),
        (json!({"key": "x", "meta": "m"}), "meta"),
        (json!({"key": "x", "connectionKey": ["a"]}), "connectionKey"),
        (json!({"api": "GET /user"}), "api"),
        (json!({"api": api(json!({"timeout": 1}))}), "timeout"),
        (json!({"api": {"method": "HEAD", "path": "/user"}}), "method"),
        (json!({"api": {"method": "GET"}}), "path"),
        (json!({"api": api(json!({"headers": {"x": 1}}))}), "headers.x"),
        (json!({"api": api(json!({"query": {"x": [1]}}))}), "query.x"),
        (json!([]), "object"),
    ] {
        let answer = demo.post("/act", body.clone()).await;

        assert_eq!(answer.0, 400, "{body}");
        assert!(message(&answer).contains(named), "{body}: {answer:?}");
    }
}

#[tokio::test]
async fn url_and_data_are_other_names_of_path_and_body() {
    let bed = Bed::start().await;
    let stub =
        Stub::post("/things").query("n", "1").query("yes", "true").body(json!({"a": 1})).json(201, json!("made"));
    bed.ws.upstream("github").stub(stub).await.unwrap();
    let api = json!({"method": "POST", "url": "/things", "data": {"a": 1}, "query": {"n": 1, "yes": true}});

    let answer = bed.demo().post("/act", json!({"api": api, "connectionKey": "github-dev"})).await;

    assert_eq!((answer.0, &answer.1["output"]), (200, &json!("made")));
}

#[tokio::test]
async fn api_answers_the_apps_data_alone() {
    let bed = Bed::exact().await;
    bed.ws.upstream("github").stub(Stub::get("/user").json(200, json!({"login": "mia"}))).await.unwrap();
    let body = user();

    let answer = bed.demo().post("/act", body).await;

    insta::assert_snapshot!(bed.shown(&answer), @r#"
    200 {
      "output": {
        "login": "mia"
      },
      "actionRunId": "bf64ef38428ae015ec8122a3"
    }
    "#);
}

#[tokio::test]
async fn a_connection_is_resolved_by_id_then_key_then_integration_then_default() {
    let bed = Bed::start().await.with_who().await;
    let demo = bed.demo();
    let github = id(&demo.ok(Method::GET, "/connections/github-dev", Value::Null).await);
    let of_github = demo.ok(Method::GET, "/integrations/github", Value::Null).await;

    let by_id = json!({"connectionId": github, "connectionKey": "hubspot-prod", "integrationKey": "hubspot"});
    assert_eq!(who(&demo, by_id).await, "github");
    assert_eq!(who(&demo, json!({"connectionKey": "github-dev", "integrationKey": "hubspot"})).await, "github");
    assert_eq!(who(&demo, json!({"integrationKey": "github"})).await, "github");
    assert_eq!(who(&demo, json!({"integrationId": of_github["id"]})).await, "github");
    assert_eq!(who(&demo, json!({})).await, "hubspot", "the latest that is READY");
    bed.poke("hubspot-prod", "loseCredentials").await;
    assert_eq!(who(&demo, json!({})).await, "github");
}

#[tokio::test]
async fn api_and_code_without_a_connection_are_400() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    for body in [
        json!({"api": {"method": "GET", "path": "/user"}}),
        json!({"code": "module.exports = () => 1"}),
        json!({"api": {"method": "GET", "path": "/user"}, "integrationKey": "github"}),
    ] {
        let answer = acme.post("/act", body.clone()).await;

        assert_eq!(answer.0, 400, "{body}");
        assert!(message(&answer).contains("no connection"), "{answer:?}");
    }
    let missing = acme.post("/act", json!({"code": "module.exports = () => 1", "connectionKey": "nope"})).await;
    assert_eq!(missing.0, 404);
}

#[tokio::test]
async fn a_manager_acts_through_a_connection_id() {
    let bed = Bed::start().await.with_who().await;
    let manager = bed.manager();
    let github = id(&bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await);

    let through = who(&manager, json!({"connectionId": github})).await;
    let without = manager.post("/act", json!({"api": {"method": "GET", "path": "/who"}})).await;

    assert_eq!(through, "github");
    assert_eq!(without.0, 400);
    assert!(message(&without).contains("tenantKey"), "{without:?}");
}

#[tokio::test]
async fn the_most_specific_of_three_layers_wins() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let act = async |scope: Value| {
        demo.ok(Method::POST, "/act", with(json!({"key": "greet"}), &scope)).await["output"].clone()
    };
    let second = json!({"connectorKey": "github", "connectionKey": "second", "allowMultipleConnections": true});
    demo.ok(Method::POST, "/connect", second).await;
    bed.poke("second", "authorize").await;

    let universal = bed.action(says_as("universal", "greet")).await;
    assert_eq!(act(json!({"connectionKey": "github-dev"})).await, "universal");
    let at_github = bed.action(with(says("integration"), &json!({"key": "greet", "integrationKey": "github"}))).await;
    assert_eq!(act(json!({"connectionKey": "github-dev"})).await, "integration");
    let github = demo.ok(Method::GET, "/connections/github-dev", Value::Null).await;
    let own = bed.action(with(says("connection"), &json!({"key": "greet", "connectionId": github["id"]}))).await;

    assert_eq!(act(json!({"connectionKey": "github-dev"})).await, "connection");
    assert_eq!(act(json!({"connectionKey": "second"})).await, "integration");
    assert_eq!(act(json!({"connectionKey": "hubspot-prod"})).await, "universal");
    assert_eq!(act(json!({"integrationKey": "hubspot"})).await, "universal");
    let layers: Vec<&Value> = [&universal, &at_github, &own].iter().map(|action| &action["layer"]).collect();
    assert_eq!(layers, ["universal", "integration", "connection"]);
    assert_eq!(own["parentId"], at_github["id"]);
    assert_eq!(at_github["parentId"], universal["id"]);
}

#[tokio::test]
async fn the_connections_version_runs_however_the_action_is_named() {
    let bed = Bed::start().await;
    bed.ws.mock_settings(|mock| mock.auto_connect = true).await.unwrap();
    let (demo, acme) = (bed.demo(), bed.tenant("acme"));
    acme.ok(Method::POST, "/connect", json!({"integrationKey": "github"})).await;
    let connection = demo.ok(Method::GET, "/connections/github-dev", Value::Null).await;
    let above = bed.action(with(says("integration"), &json!({"key": "t1", "integrationKey": "github"}))).await;
    let own = bed.action(with(says("connection"), &json!({"key": "t1", "connectionId": connection["id"]}))).await;
    let by_id = format!("/actions/{}/run?connectionKey=github-dev", id(&above));

    for (path, body) in [
        ("/act", json!({"key": "t1"})),
        ("/act", json!({"key": "github.t1"})),
        ("/act", json!({"key": "t1", "integrationKey": "github"})),
        ("/act", json!({"key": "t1", "connectionKey": "github-dev"})),
        ("/act", json!({"id": above["id"], "connectionKey": "github-dev"})),
        ("/act", json!({"id": own["id"]})),
        ("/actions/github.t1/run", json!({})),
        ("/actions/t1/run?connectionKey=github-dev", json!({})),
        (by_id.as_str(), json!({})),
    ] {
        let answer = demo.post(path, body.clone()).await;

        assert_eq!((answer.0, &answer.1["output"]), (200, &json!("connection")), "{path} {body}: {answer:?}");
    }
    assert_eq!(own["parentId"], above["id"]);
    for key in ["t1", "github.t1"] {
        let theirs = acme.ok(Method::POST, "/act", json!({ "key": key })).await;
        assert_eq!(theirs["output"], "integration", "another tenant's version is not its own: {key}");
    }
}

#[tokio::test]
async fn a_key_that_stands_twice_is_400_naming_the_candidates_and_a_dotted_key_decides() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let first = bed.action(with(says("gh"), &json!({"key": "greet", "integrationKey": "github"}))).await;
    let alone = demo.ok(Method::POST, "/act", json!({"key": "greet"})).await;
    let second = bed.action(with(says("hs"), &json!({"key": "greet", "integrationKey": "hubspot"}))).await;

    let ambiguous = demo.post("/act", json!({"key": "greet"})).await;
    let dotted = demo.ok(Method::POST, "/act", json!({"key": "hubspot.greet"})).await;
    let by_id = demo.ok(Method::POST, "/act", json!({"id": first["id"]})).await;

    assert_eq!(alone["output"], "gh", "a key that stands once needs no scope");
    assert_eq!(ambiguous.0, 400);
    for candidate in [id(&first), id(&second)] {
        assert!(message(&ambiguous).contains(&candidate), "{ambiguous:?}");
    }
    assert_eq!((&dotted["output"], &by_id["output"]), (&json!("hs"), &json!("gh")));
}

#[tokio::test]
async fn an_unknown_or_archived_action_is_404() {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let action = bed.action(says_as("x", "greet")).await;
    manager.ok(Method::DELETE, &format!("/actions/{}", id(&action)), Value::Null).await;

    for body in [json!({"key": "nope"}), json!({"id": "nope"}), json!({"key": "greet"}), json!({"id": action["id"]})] {
        let answer = demo.post("/act", body.clone()).await;

        assert_eq!(verdict(&answer), "404 bad_request/not_found", "{body}");
        assert!(message(&answer).starts_with("no matching action"), "{answer:?}");
        assert!(answer.1["actionRunId"].is_string());
    }
}

#[tokio::test]
async fn a_catalog_action_has_an_empty_key_and_runs_by_its_id() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let app = id(&demo.ok(Method::GET, "/external-apps/hubspot", Value::Null).await);
    let listed = demo.items(&format!("/actions?externalAppId={app}&search=List+contacts")).await;
    let catalog = listed.iter().find(|action| action["key"] == "").expect("a catalog action");

    let body = json!({"id": catalog["id"], "connectionKey": "hubspot-prod", "input": {"limit": 1}});
    let ran = demo.ok(Method::POST, "/act", body).await;
    let wrong = demo.post("/act", json!({"id": catalog["id"], "connectionKey": "github-dev"})).await;

    assert!(catalog["config"]["request"]["path"].is_string(), "{catalog:#}");
    assert!(ran["output"]["results"].is_array(), "{ran:#}");
    assert_eq!(wrong.0, 400, "an app's request is not sent to another app");
}

#[tokio::test]
async fn every_spelling_of_run_does_the_same() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let made = bed
        .action(json!({
            "key": "echo", "integrationKey": "github", "type": "run-javascript",
            "config": {"code": "module.exports = ({ input }) => input.a"},
        }))
        .await;
    let connection = id(&demo.ok(Method::GET, "/connections/github-dev", Value::Null).await);
    let (wrapped, bare) = (json!({"input": {"a": 1}}), json!({"a": 1}));

    for (path, body) in [
        (format!("/actions/{}/run", id(&made)), &wrapped),
        ("/actions/github.echo/run".into(), &wrapped),
        (format!("/actions/echo/run?connectionId={connection}"), &wrapped),
        ("/actions/echo/run?integrationKey=github".into(), &wrapped),
        (format!("/action/run?id={}", id(&made)), &wrapped),
        ("/action/run?key=echo&integrationKey=github".into(), &wrapped),
        ("/integrations/github/actions/echo/run".into(), &wrapped),
        (format!("/connections/{connection}/actions/echo/run"), &bare),
        ("/connections/github-dev/actions/echo/run".into(), &bare),
        (format!("/action-instance/run?parentKey=echo&connectionId={connection}&autoCreate=true"), &bare),
    ] {
        let answer = demo.post(&path, body.clone()).await;

        assert_eq!((answer.0, &answer.1["output"]), (200, &json!(1)), "{path}: {answer:?}");
        assert!(answer.1["actionRunId"].is_string(), "{path}");
    }
    let unknown = demo.post("/actions/nope/run", wrapped).await;
    assert_eq!(unknown.0, 404);
    assert!(unknown.1["actionRunId"].is_string(), "{unknown:?}");
}

#[tokio::test]
async fn settings_let_a_universal_action_dispatch_through_an_integration_not_yet_made() {
    let bed = Bed::bare().await;
    let (acme, manager) = (bed.tenant("acme"), bed.manager());
    manager.ok(Method::POST, "/actions", says_as("hello", "greet")).await;
    let body = json!({"key": "greet", "integrationKey": "github"});

    let before = acme.post("/act", body.clone()).await;
    let path = format!("/workspaces/{}", bed.ws.key());
    let settings = json!({"settings": {"autoGenerateIntegrationsFromConnectors": true}});
    manager.ok(Method::PATCH, &path, settings).await;
    let after = acme.post("/act", body).await;

    assert_eq!(before.0, 404, "{before:?}");
    assert!(message(&before).starts_with("integration not found"), "{before:?}");
    assert_eq!((after.0, &after.1["output"]), (200, &json!("hello")), "the setting makes it run: {after:?}");
}

#[tokio::test]
async fn a_run_whose_address_makes_no_sense_is_400_with_a_log() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let mut body = says_as("x", "task");
    body["integrationKey"] = json!("github");
    bed.manager().ok(Method::POST, "/actions", body).await;

    for path in [
        "/actions/task/run?layer=bogus",
        "/action/run?key=task&layer=bogus",
        "/connections/github-dev/actions/task/run?layer=bogus",
        "/action-instance/run?parentKey=task&connectionKey=github-dev&layer=bogus",
    ] {
        let answer = demo.post(path, json!({})).await;

        assert_eq!(verdict(&answer), "400 bad_request/-", "{path}");
        assert!(message(&answer).contains("`layer`"), "{path}: {answer:?}");
        let run = answer.1["actionRunId"].as_str().unwrap_or_else(|| panic!("{path}: no run in {answer:?}"));
        let log = demo.ok(Method::GET, &format!("/action-run-logs/{run}"), Value::Null).await;
        assert_eq!((&log["status"], &log["error"]["message"]), (&json!("error"), &answer.1["message"]), "{path}");
    }
}
