//! What is archived stops what stands below it, and restoring it brings all of it back.

use http::Method;
use serde_json::{Value, json};

use crate::support::definitions::says_as;
use crate::support::definitions::{flow, greeting};
use crate::support::{Api, Bed, id, message, verdict};

/// A world in which everything below `github` has a version on the connection `github-dev`.
struct World {
    bed: Bed,
    manager: Api,
    demo: Api,
    action: Value,
    instance: Value,
    flow_instance: Value,
    connection: Value,
}

impl World {
    async fn prepared() -> Self {
        let bed = Bed::exact().await;
        let (manager, demo) = (bed.manager(), bed.demo());
        let mut task = says_as("here", "task");
        task["integrationKey"] = json!("github");
        let action = manager.ok(Method::POST, "/actions", task).await;
        let mut greet = flow("greet", &greeting());
        greet["integrationKey"] = json!("github");
        manager.ok(Method::POST, "/flows", greet).await;
        let instance = demo.ok(Method::PUT, "/connections/github-dev/actions/task", Value::Null).await;
        let flow_instance = demo.ok(Method::PUT, "/connections/github-dev/flows/greet", Value::Null).await;
        let connection = demo.ok(Method::GET, "/connections/github-dev", Value::Null).await;
        Self { bed, manager, demo, action, instance, flow_instance, connection }
    }

    /// Every way to use the action, by what it is called.
    fn runs(&self) -> Vec<(&'static str, String, Value)> {
        let (parent, instance) = (id(&self.action), id(&self.instance));
        vec![
            ("act by the parent's id", "/act".into(), json!({ "id": parent })),
            ("act by the instance's id", "/act".into(), json!({ "id": instance })),
            ("act by key", "/act".into(), json!({ "key": "task", "connectionKey": "github-dev" })),
            ("act by key and integration", "/act".into(), json!({ "key": "task", "integrationKey": "github" })),
            ("run the parent", format!("/actions/{parent}/run"), json!({})),
            ("run the instance", format!("/actions/{instance}/run"), json!({})),
            ("run by query", "/action/run?key=task&connectionKey=github-dev".into(), json!({})),
            ("run below the connection", "/connections/github-dev/actions/task/run".into(), json!({})),
            ("run an instance by id", format!("/action-instance/run?id={instance}"), json!({})),
            (
                "run an instance by its parent",
                "/action-instance/run?parentKey=task&connectionKey=github-dev&autoCreate=true".into(),
                json!({}),
            ),
        ]
    }

    /// Every way to run the flow.
    fn flow_runs(&self) -> Vec<(&'static str, String, Value)> {
        let instance = id(&self.flow_instance);
        vec![
            ("a flow run", "/flow-runs".into(), json!({ "flowInstanceId": instance })),
            ("a flow below the connection", "/connections/github-dev/flows/greet/run".into(), json!({})),
            ("the flow instance", format!("/flows/{instance}/run"), json!({})),
            ("the flow at its connection", "/flows/greet/run?connectionKey=github-dev".into(), json!({})),
            ("the flow by query", "/flow/run?key=greet&connectionKey=github-dev".into(), json!({})),
        ]
    }

    /// What is asked of the connection itself.
    fn calls() -> Vec<(&'static str, String, Value)> {
        vec![
            (
                "act with api",
                "/act".into(),
                json!({ "api": { "method": "GET", "path": "/user" }, "connectionKey": "github-dev" }),
            ),
            (
                "act with code",
                "/act".into(),
                json!({ "code": "module.exports = () => 1", "connectionKey": "github-dev" }),
            ),
            ("a test of the connection", "/connections/github-dev/test".into(), json!({})),
            ("refresh", "/connections/github-dev/refresh".into(), json!({})),
        ]
    }
}

/// Which of the calls went through with 200.
async fn done(api: &Api, calls: &[(&'static str, String, Value)]) -> Vec<&'static str> {
    let mut done = Vec::new();
    for (what, path, body) in calls {
        let answer = api.post(path, body.clone()).await;
        assert!(answer.0 < 500, "{what}: {answer:?}");
        if answer.0 == 200 {
            done.push(*what);
        }
    }
    done
}

fn names(calls: &[(&'static str, String, Value)]) -> Vec<&'static str> {
    calls.iter().map(|(what, ..)| *what).collect()
}

#[tokio::test]
async fn an_archived_action_runs_in_no_way_until_it_is_restored() {
    let world = World::prepared().await;
    let runs = world.runs();
    assert_eq!(done(&world.demo, &runs).await, names(&runs));

    world.manager.ok(Method::DELETE, "/integrations/github/actions/task", Value::Null).await;

    assert_eq!(done(&world.demo, &runs).await, Vec::<&str>::new());
    let refused = world.demo.post("/act", json!({ "id": id(&world.instance) })).await;
    let said = "no matching action: `task` is a version of `task`, which is archived; restore that";
    assert_eq!((refused.0, refused.1["message"].as_str()), (404, Some(said)));
    let instance = format!("/action-instances/{}", id(&world.instance));
    assert_eq!(world.demo.get(&instance).await.0, 200, "it is found by its id");
    assert_eq!(verdict(&world.demo.patch(&instance, json!({ "name": "x" })).await), "400 bad_request/-");
    for list in ["/action-instances", "/connections/github-dev/actions?search=task"] {
        assert!(world.demo.items(list).await.is_empty(), "{list}");
    }
    assert_eq!(world.demo.items("/action-instances?includeArchived=true").await.len(), 1);

    world.manager.ok(Method::POST, "/integrations/github/actions/task/restore", Value::Null).await;
    assert_eq!(done(&world.demo, &runs).await, names(&runs));
}

#[tokio::test]
async fn the_version_above_serves_while_one_below_it_is_archived() {
    let world = World::prepared().await;
    world.manager.ok(Method::POST, "/actions", says_as("above", "task")).await;

    world.manager.ok(Method::DELETE, "/integrations/github/actions/task", Value::Null).await;

    let by_key = json!({ "key": "task", "connectionKey": "github-dev" });
    assert_eq!(world.demo.ok(Method::POST, "/act", by_key).await["output"], "above");
    assert_eq!(world.demo.post("/act", json!({ "id": id(&world.instance) })).await.0, 404);
}

#[tokio::test]
async fn an_archived_flow_runs_in_no_way_and_a_run_that_waits_fails() {
    let world = World::prepared().await;
    world.bed.progress("flowRun", json!("hold")).await;
    let held = world.demo.ok(Method::POST, "/connections/github-dev/flows/greet/run", json!({})).await;
    let runs = world.flow_runs();
    assert_eq!(done(&world.demo, &runs).await, names(&runs));

    world.manager.ok(Method::DELETE, "/integrations/github/flows/greet", Value::Null).await;

    assert_eq!(done(&world.demo, &runs).await, Vec::<&str>::new());
    let poke = format!("/flow-runs/{}/poke", id(&held));
    world.bed.control(Method::POST, &poke, json!({ "event": "start" })).await;
    world.bed.control(Method::POST, &poke, json!({ "event": "complete" })).await;
    world.bed.ws.settle().await.unwrap();
    let over = world.demo.ok(Method::GET, &format!("/flow-runs/{}", id(&held)), Value::Null).await;
    assert_eq!(over["state"], "failed");
    let said = "no matching flow: `greet` is a version of `greet`, which is archived; restore that";
    assert_eq!(over["errors"][0]["message"], said);

    world.manager.ok(Method::POST, "/integrations/github/flows/greet/restore", Value::Null).await;
    assert_eq!(done(&world.demo, &runs).await, names(&runs));
}

#[tokio::test]
async fn an_archived_integration_stops_its_connections_and_all_that_is_theirs() {
    let world = World::prepared().await;
    let all: Vec<_> = world.runs().into_iter().chain(world.flow_runs()).chain(World::calls()).collect();
    assert_eq!(done(&world.demo, &all).await, names(&all));

    world.manager.ok(Method::DELETE, "/integrations/github", Value::Null).await;

    assert_eq!(done(&world.demo, &all).await, Vec::<&str>::new());
    let refused = world.demo.get("/connections/github-dev/proxy/user").await;
    let said = "integration not found: `github` is archived, and its connection `github-dev` with it; restore it";
    assert_eq!((refused.0, refused.1["message"].as_str()), (404, Some(said)));
    let again = json!({ "connectionId": id(&world.connection) });
    assert_eq!(verdict(&world.demo.post("/connect", again).await), "400 bad_request/-");
    assert_eq!(world.demo.get("/connections/github-dev").await.0, 200, "it can be read");
    assert!(world.demo.items("/action-instances").await.is_empty());
    let renamed = json!({ "name": "x" });
    let instance = format!("/action-instances/{}", id(&world.instance));
    assert_eq!(verdict(&world.demo.patch(&instance, renamed).await), "400 bad_request/-");

    world.manager.ok(Method::POST, "/integrations/github/restore", Value::Null).await;
    assert_eq!(done(&world.demo, &all).await, names(&all));
}

#[tokio::test]
async fn an_archived_connection_takes_its_instances_with_it() {
    let world = World::prepared().await;
    let of_instance = |what: &&str| what.contains("instance") && !what.contains("parent");

    world.demo.ok(Method::DELETE, "/connections/github-dev", Value::Null).await;

    let all: Vec<_> = world.runs().into_iter().chain(world.flow_runs()).chain(World::calls()).collect();
    let done = done(&world.demo, &all).await;
    assert!(!done.iter().any(of_instance), "{done:?}");
    assert!(!done.iter().any(|what| what.contains("flow") || what.contains("connection")), "{done:?}");
    let refused = world.demo.post("/act", json!({ "id": id(&world.instance) })).await;
    assert_eq!(refused.0, 404, "{refused:?}");
}

#[tokio::test]
async fn an_archived_tenant_is_served_by_nobody_until_it_comes_back() {
    let world = World::prepared().await;
    let connection = id(&world.connection);
    let act = json!({ "api": { "method": "GET", "path": "/user" }, "connectionId": connection });
    assert_eq!(world.manager.post("/act", act.clone()).await.0, 200);

    world.manager.ok(Method::DELETE, "/customers/demo-tenant", Value::Null).await;

    let refused = world.manager.post("/act", act.clone()).await;
    let said = "tenant not found: `demo-tenant` is archived, and its connection `github-dev` with it; restore it";
    assert_eq!((refused.0, refused.1["message"].as_str()), (404, Some(said)));
    assert_eq!(world.manager.post("/act", json!({ "id": id(&world.instance) })).await.0, 404);
    assert_eq!(world.manager.post("/flow-runs", json!({ "flowInstanceId": id(&world.flow_instance) })).await.0, 404);
    // A token of its own brings it back.
    assert_eq!(world.demo.post("/act", act.clone()).await.0, 200);
    assert_eq!(world.manager.post("/act", act).await.0, 200);
}

#[tokio::test]
async fn nothing_is_made_changed_or_run_below_what_is_archived() {
    let bed = Bed::exact().await;
    let (manager, demo) = (bed.manager(), bed.demo());
    let says_hi = json!({ "code": "module.exports = () => 'hi'" });
    let operation = json!({ "key": "greet", "name": "Greet", "type": "run-javascript", "config": says_hi });
    let schema = json!({ "type": "object", "properties": { "apiKey": { "type": "string" } } });
    let connector = json!({
        "key": "own", "name": "Own", "type": "client-credentials", "baseUri": "http://127.0.0.1:1",
        "inputSchema": schema, "operations": [operation], "events": [{ "key": "sold", "name": "Sold" }],
    });
    manager.ok(Method::POST, "/connectors", connector).await;
    let typed = json!({ "connectorKey": "own", "connectionKey": "mine", "input": { "apiKey": "k" } });
    let connection = id(&demo.ok(Method::POST, "/connect", typed).await);
    let to = json!({ "connectionId": connection, "config": { "type": "connector-event", "eventKey": "sold" } });
    let subscription = id(&demo.ok(Method::POST, "/external-event-subscriptions", to).await);
    let subscription = format!("/external-event-subscriptions/{subscription}");
    let flow = id(&manager.ok(Method::POST, "/flows", flow("greet", &greeting())).await);

    let run = format!("/connections/{connection}/operations/greet/run");
    let at = |path: &str| format!("{subscription}/{path}");
    let made = |key: &str| json!({ "key": key, "name": "X", "connectionId": connection });
    let asked = [
        (
            "POST",
            "/actions".to_owned(),
            json!({ "key": "x", "name": "X", "connectionId": connection, "type": "run-javascript", "config": says_hi }),
        ),
        (
            "POST",
            format!("/connections/{connection}/actions"),
            json!({ "key": "y", "name": "Y", "type": "run-javascript", "config": says_hi }),
        ),
        ("POST", "/flows".into(), json!({ "key": "x", "name": "X", "connectionId": connection, "nodes": greeting() })),
        ("POST", format!("/connections/{connection}/flows"), json!({ "key": "y", "name": "Y", "nodes": greeting() })),
        ("POST", "/data-sources".into(), made("x")),
        ("POST", "/field-mappings".into(), made("x")),
        ("POST", "/data-link-tables".into(), made("x")),
        ("POST", "/flow-instances".into(), json!({ "connectionId": connection, "flowId": flow })),
        ("PATCH", format!("/connections/{connection}"), json!({ "name": "Changed" })),
        ("PUT", format!("/connections/{connection}"), json!({ "name": "Changed" })),
        ("PATCH", format!("/connections/{connection}"), json!({ "credentials": { "apiKey": "other" } })),
        ("PATCH", subscription.clone(), json!({ "name": "Changed" })),
        ("POST", at("subscribe"), Value::Null),
        ("POST", at("resubscribe"), Value::Null),
        ("POST", at("setup"), Value::Null),
    ];
    assert_eq!(demo.ok(Method::POST, &run, json!({})).await["output"], "hi");
    let before = demo.ok(Method::GET, &format!("/connections/{connection}"), Value::Null).await;

    for archived in [format!("/connections/{connection}"), "/integrations/own".into(), "/customers/demo-tenant".into()]
    {
        manager.ok(Method::DELETE, &archived, Value::Null).await;
        let refused = manager.post(&run, json!({})).await;
        assert_eq!(refused.0, 404, "{archived}: {refused:?}");
        for (method, path, body) in &asked {
            let refused = manager.call(method.parse().unwrap(), path, Some(body)).await;
            assert_eq!(refused.0, 400, "{archived}: {method} {path} {body}: {refused:?}");
            assert!(message(&refused).contains("archived"), "{archived}: {method} {path} {body}: {refused:?}");
        }
        manager.ok(Method::POST, &format!("{archived}/restore"), Value::Null).await;
    }

    assert_eq!(demo.ok(Method::POST, &run, json!({})).await["output"], "hi");
    let after = demo.ok(Method::GET, &format!("/connections/{connection}"), Value::Null).await;
    assert_eq!((&after["name"], &after["state"]), (&before["name"], &json!("READY")));
    for kind in ["actions", "flows", "data-sources", "field-mappings", "data-link-tables"] {
        assert_eq!(
            manager.items(&format!("/{kind}?connectionId={connection}&layer=connection")).await,
            Vec::<Value>::new(),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn a_list_has_each_key_once() {
    let world = World::prepared().await;
    world.manager.ok(Method::POST, "/actions", says_as("above", "task")).await;
    world.bed.ws.tenant("other").connect("github").key("theirs").ready().await.unwrap();
    world.bed.tenant("other").ok(Method::PUT, "/connections/theirs/actions/task", Value::Null).await;

    for (list, expected) in [
        ("/actions?integrationKey=github&search=task", &world.action),
        ("/integrations/github/actions?search=task", &world.action),
        ("/actions?connectionKey=github-dev&search=task", &world.instance),
        ("/connections/github-dev/actions?search=task", &world.instance),
        ("/flows?connectionKey=github-dev", &world.flow_instance),
    ] {
        assert_eq!(world.demo.each(list, "id").await, [id(expected)], "{list}");
    }
    let mut by_page = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            world.demo.ok(Method::GET, &format!("/actions?integrationKey=github&limit=1{cursor}"), Value::Null).await;
        by_page.extend(page["items"].as_array().unwrap().iter().map(id));
        let Some(next) = page["cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(by_page, world.demo.each("/actions?integrationKey=github", "id").await);
    assert_eq!(
        world.manager.items("/actions?layer=connection&integrationKey=github").await.len(),
        2,
        "instances are asked for"
    );
    let all = world.manager.each("/actions?integrationKey=github&layer=connection", "tenantId").await;
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn a_connection_whose_connector_was_deleted_says_so() {
    let bed = Bed::start().await;
    let (manager, acme) = (bed.manager(), bed.tenant("acme"));
    let connector = json!({
        "key": "own", "name": "Own", "baseUri": "https://own.example.com", "type": "client-credentials",
        "inputSchema": {"type": "object", "properties": {"apiKey": {"type": "string"}}},
    });
    manager.ok(Method::POST, "/connectors", connector).await;
    let spec = json!({"connectorKey": "own", "connectionKey": "mine", "input": {"apiKey": "k"}});
    let made = acme.ok(Method::POST, "/connect", spec).await;
    assert_eq!(made["state"], "READY");
    manager.ok(Method::DELETE, "/integrations/own", Value::Null).await;
    manager.ok(Method::DELETE, "/connectors/own", Value::Null).await;
    manager.ok(Method::POST, "/integrations/own/restore", Value::Null).await;

    let call = json!({"api": {"method": "GET", "path": "/x"}, "connectionKey": "mine"});
    let acted = acme.post("/act", call).await;
    let proxied = acme.get("/connections/mine/proxy/x").await;
    let again = acme.post("/connections/mine/reconnect", json!({})).await;
    let archived = acme.delete("/connections/mine").await;

    for refused in [&acted, &proxied] {
        assert_eq!(verdict(refused), "404 bad_request/not_found", "{refused:?}");
        assert!(refused.1["message"].as_str().unwrap().contains("was deleted"), "{refused:?}");
    }
    assert!((400..500).contains(&again.0) && again.1["message"].as_str().unwrap().contains("was deleted"), "{again:?}");
    assert_eq!(archived.0, 200, "it can still be tidied up");
}

#[tokio::test]
async fn connections_of_an_archived_tenant_leave_lists() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let listed = async |query: &str| manager.items(&format!("/connections{query}")).await.len();
    let before = listed("").await;
    let tenant = id(&manager.ok(Method::GET, "/customers/demo-tenant", Value::Null).await);
    manager.delete(&format!("/customers/{tenant}")).await;

    assert_eq!((before, listed("").await, listed("?includeArchived=true").await), (2, 0, 2));
    manager.post(&format!("/customers/{tenant}/restore"), Value::Null).await;
    assert_eq!(listed("").await, 2);
}

#[tokio::test]
async fn nothing_is_refreshed_for_an_archived_tenant() {
    let bed = Bed::exact().await;
    let manager = bed.manager();
    let refreshes = async || {
        let seen = bed.control(Method::GET, "/journal?side=upstream&connector=hubspot", Value::Null).await.1;
        seen["items"].as_array().unwrap().len()
    };
    manager.delete("/customers/demo-tenant").await;
    bed.control(Method::POST, "/clock/advance", json!({"ms": 86_400_000})).await;
    assert_eq!(refreshes().await, 0);

    // A token of the tenant's brings it back, and a call gets fresh credentials.
    let acted = bed.demo().post("/act", crate::support::contacts()).await;

    assert_eq!(acted.0, 200, "{acted:?}");
    assert!(refreshes().await > 0);
}
