//! Whatever keys look like, a selector finds the element it names, or none; never another one, never another tenant's.

use std::collections::HashSet;

use http::Method;
use membrane_mock::testing::{MockMembrane, MockWorkspace};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Bed, id, message};

/// The longest key that a connection may have.
const LONGEST: usize = 100;

/// Keys of two integrations, two connections and three actions.
#[derive(Debug, Clone)]
struct Keys {
    integrations: Vec<String>,
    connections: Vec<String>,
    actions: Vec<String>,
}

/// No spaces at the ends: queries are trimmed. `.` and `..` are no path segments.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,3}(-[a-z0-9]{1,3}){0,2}",
        2 => "[0-9a-f]{24}",
        2 => "[a-z0-9][a-zа-яß漢🙂 /%?#&+=;:@\"'\\\\~_-]{0,10}[a-z0-9]",
        2 => "[a-z]{1,2}(\\.[a-z]{1,2}){1,3}",
        1 => Just("k".repeat(LONGEST)),
        1 => Just("ключ".repeat(LONGEST / 4)),
        1 => prop_oneof![Just("run"), Just("restore"), Just("actions"), Just("0"), Just("null")].prop_map(str::to_owned),
    ]
}

/// So many different keys.
fn different(count: usize) -> impl Strategy<Value = Vec<String>> {
    let distinct = |keys: &Vec<String>| keys.iter().collect::<HashSet<_>>().len() == keys.len();
    prop::collection::vec(key(), count).prop_filter("keys of one kind differ", distinct)
}

/// What has a dot may be `<integrationKey>.<key>`, so that no key begins like one.
fn keys() -> impl Strategy<Value = Keys> {
    let all = (different(2), different(2), different(3));
    let all = all.prop_map(|(integrations, connections, actions)| Keys { integrations, connections, actions });
    all.prop_filter("dots tell one thing", |keys| {
        let dotted =
            |key: &String| key.split_once('.').is_some_and(|(start, _)| keys.integrations.iter().any(|i| i == start));
        !keys.actions.iter().any(dotted) && !keys.integrations.iter().any(|key| key.contains('.'))
    })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn query(fields: &[(&str, &String)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

/// What a selector must find.
#[derive(Debug, Clone, PartialEq)]
enum Found {
    /// This id.
    One(String),
    /// 404.
    None,
    /// 400 that names these ids.
    Many(Vec<String>),
}

impl Found {
    fn of((status, body): &Answer) -> Self {
        let candidates = body["data"]["candidates"].as_array();
        match (status, candidates) {
            (200, _) => Self::One(id(body)),
            (404, _) => Self::None,
            (400, Some(ids)) => Self::Many(ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()),
            _ => Self::One(format!("{status}: {body}")),
        }
    }
}

/// A workspace with elements of these keys.
struct World {
    manager: Api,
    acme: Api,
    other: Api,
    /// The ids of both integrations.
    integrations: Vec<String>,
    /// The ids of acme's connections: one on each integration, in the order of the keys.
    connections: Vec<String>,
    /// The id of the other tenant's connection, which has the first key and is on the first integration.
    foreign: String,
}

impl World {
    async fn of(ws: &MockWorkspace, keys: &Keys) -> Self {
        let tenant = |key: &str| Api::tenant_of(ws, key);
        let (acme, other) = (tenant("acme"), tenant("other"));
        let manager = Api::manager_of(ws);
        let mut integrations = Vec::new();
        for key in &keys.integrations {
            let body = json!({"key": key, "connectorKey": "stripe"});
            integrations.push(id(&manager.ok(Method::POST, "/integrations", body).await));
        }
        let connection = async |api: &Api, key: &str, integration: &str| {
            let body = json!({"key": key, "integrationId": integration, "credentials": {"apiKey": "k"}});
            id(&api.ok(Method::POST, "/connections", body).await)
        };
        let foreign = connection(&other, &keys.connections[0], &integrations[0]).await;
        let mut connections = Vec::new();
        for (key, integration) in keys.connections.iter().zip(&integrations) {
            connections.push(connection(&acme, key, integration).await);
        }
        Self { manager, acme, other, integrations, connections, foreign }
    }

    /// Makes an action, universal or of an integration.
    async fn action(&self, key: &str, integration: Option<&str>) -> String {
        let mut body = json!({"key": key, "type": "run-javascript", "config": {"code": "module.exports = () => 1"}});
        if let Some(integration) = integration {
            body["integrationId"] = json!(integration);
        }
        id(&self.manager.ok(Method::POST, "/actions", body).await)
    }
}

/// Asks and holds the answer against what must be found.
struct Judge {
    wrong: Vec<String>,
}

impl Judge {
    async fn ask(&mut self, api: &Api, path: &str, expected: Found) {
        let found = Found::of(&api.get(path).await);
        let same = match (&found, &expected) {
            (Found::Many(found), Found::Many(expected)) => {
                found.len() == expected.len() && expected.iter().all(|id| found.contains(id))
            }
            (found, expected) => found == expected,
        };
        if !same {
            self.wrong.push(format!("GET {path}: {found:?} instead of {expected:?}"));
        }
    }
}

/// Runs a property in forks of one empty workspace, each case with one of its own.
fn hold(property: impl AsyncFn(MockWorkspace, Keys) -> Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bed = runtime.block_on(Bed::of(MockMembrane::builder().empty()));
    let config =
        ProptestConfig { cases: 24, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&keys(), |keys| {
        let wrong = runtime.block_on(async { property(bed.mock.fork().await.unwrap(), keys).await });
        prop_assert!(wrong.is_empty(), "{wrong:#?}");
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_connection_is_found_by_id_key_and_integration_by_its_own_tenant() {
    hold(async |ws, keys| {
        let world = World::of(&ws, &keys).await;
        let mut judge = Judge { wrong: Vec::new() };
        // A key that is the id of another tenant's connection is nothing but a key.
        let body = json!({"key": world.foreign, "connectorKey": "postmark", "credentials": {"apiKey": "k"}});
        let alike = id(&world.acme.ok(Method::POST, "/connections", body).await);
        let of_acme = |text: &str| {
            let by_key = keys.connections.iter().position(|key| key == text);
            let by_integration = keys.integrations.iter().position(|key| key == text);
            let found = by_key.or(by_integration).map(|index| world.connections[index].clone());
            found.map_or(Found::None, Found::One)
        };

        for text in keys.connections.iter().chain(&keys.integrations).chain(&keys.actions) {
            judge.ask(&world.acme, &format!("/connections/{}", encoded(text)), of_acme(text)).await;
        }
        for (connection, integration) in world.connections.iter().zip(&world.integrations) {
            judge.ask(&world.acme, &format!("/connections/{connection}"), Found::One(connection.clone())).await;
            judge.ask(&world.acme, &format!("/connections/{integration}"), Found::One(connection.clone())).await;
            judge.ask(&world.other, &format!("/connections/{connection}"), Found::None).await;
        }
        judge.ask(&world.acme, &format!("/connections/{}", world.foreign), Found::One(alike)).await;
        for text in [world.foreign.clone(), encoded(&keys.connections[0]), world.integrations[0].clone()] {
            judge.ask(&world.other, &format!("/connections/{text}"), Found::One(world.foreign.clone())).await;
        }
        judge.ask(&world.other, &format!("/connections/{}", world.integrations[1]), Found::None).await;
        judge.wrong
    });
}

#[test]
fn a_connection_may_be_named_by_what_names_it_wherever_a_call_takes_one() {
    hold(async |ws, keys| {
        let world = World::of(&ws, &keys).await;
        let mut wrong = Vec::new();
        let code = "module.exports = ({ connection }) => connection.id";

        for (index, connection) in world.connections.iter().enumerate() {
            for (name, value) in [
                ("connectionId", connection),
                ("connectionKey", &keys.connections[index]),
                ("integrationId", &world.integrations[index]),
                ("integrationKey", &keys.integrations[index]),
            ] {
                let (status, body) = world.acme.post("/act", json!({"code": code, name: value})).await;
                if (status, &body["output"]) != (200, &json!(connection)) {
                    wrong.push(format!("{name} = {value}: {status} {body}"));
                }
            }
        }
        let (status, body) =
            world.other.post("/act", json!({"code": code, "connectionId": world.connections[0]})).await;
        if status != 404 {
            wrong.push(format!("another tenant's: {status} {body}"));
        }
        wrong
    });
}

#[test]
fn an_integration_is_found_by_id_and_key_in_both_spellings() {
    hold(async |ws, keys| {
        let world = World::of(&ws, &keys).await;
        let mut judge = Judge { wrong: Vec::new() };

        for (key, integration) in keys.integrations.iter().zip(&world.integrations) {
            for path in [
                format!("/integrations/{}", encoded(key)),
                format!("/integrations/{integration}"),
                format!("/integration?{}", query(&[("key", key)])),
                format!("/integration?{}", query(&[("id", integration)])),
            ] {
                judge.ask(&world.acme, &path, Found::One(integration.clone())).await;
            }
        }
        for text in keys.connections.iter().chain(&keys.actions).filter(|text| !keys.integrations.contains(text)) {
            judge.ask(&world.acme, &format!("/integrations/{}", encoded(text)), Found::None).await;
        }
        judge.wrong
    });
}

#[test]
fn an_action_is_found_in_its_layer_by_every_spelling_or_is_ambiguous() {
    hold(async |ws, keys| {
        let world = World::of(&ws, &keys).await;
        let mut judge = Judge { wrong: Vec::new() };
        let [first, second] = &world.integrations[..] else { unreachable!("two were made") };
        let [twice, everywhere, single] = &keys.actions[..] else { unreachable!("three were made") };
        let (twice_first, twice_second) =
            (world.action(twice, Some(first)).await, world.action(twice, Some(second)).await);
        let (universal, special) = (world.action(everywhere, None).await, world.action(everywhere, Some(first)).await);
        let only = world.action(single, Some(second)).await;
        let exactly = |id: &String| Found::One(id.clone());
        let many = || Found::Many(vec![twice_first.clone(), twice_second.clone()]);

        for action in [&twice_first, &twice_second, &universal, &special, &only] {
            judge.ask(&world.acme, &format!("/actions/{action}"), exactly(action)).await;
            judge.ask(&world.acme, &format!("/action?id={action}"), exactly(action)).await;
        }
        for (key, alone, at_first, at_second) in [
            (twice, many(), exactly(&twice_first), exactly(&twice_second)),
            (everywhere, exactly(&universal), exactly(&special), exactly(&universal)),
            (single, exactly(&only), Found::None, exactly(&only)),
        ] {
            judge.ask(&world.acme, &format!("/actions/{}", encoded(key)), alone.clone()).await;
            judge.ask(&world.acme, &format!("/action?{}", query(&[("key", key)])), alone).await;
            for (index, expected) in [at_first, at_second].into_iter().enumerate() {
                let scopes = [
                    ("integrationKey", &keys.integrations[index]),
                    ("integrationId", &world.integrations[index]),
                    ("connectionKey", &keys.connections[index]),
                    ("connectionId", &world.connections[index]),
                ];
                for scope in scopes {
                    let singular = query(&[("key", key), scope]);
                    judge.ask(&world.acme, &format!("/action?{singular}"), expected.clone()).await;
                    let plural = format!("/actions/{}?{}", encoded(key), query(&[scope]));
                    judge.ask(&world.acme, &plural, expected.clone()).await;
                }
                // The dotted form is the integration's own version or none (DOC:element-selectors).
                let own = if expected == exactly(&universal) { Found::None } else { expected };
                let dotted = format!("{}.{key}", keys.integrations[index]);
                judge.ask(&world.acme, &format!("/actions/{}", encoded(&dotted)), own.clone()).await;
                judge.ask(&world.acme, &format!("/action?{}", query(&[("key", &dotted)])), own).await;
            }
        }
        judge.wrong
    });
}

#[test]
fn a_connections_own_action_is_its_tenants_alone() {
    hold(async |ws, keys| {
        let world = World::of(&ws, &keys).await;
        let mut judge = Judge { wrong: Vec::new() };
        let key = &keys.actions[0];
        let universal = world.action(key, None).await;
        let [connection, _] = &world.connections[..] else { unreachable!("two were made") };
        let path = format!("/connections/{connection}/actions/{}", encoded(key));

        let copy = id(&world.acme.ok(Method::PUT, &path, Value::Null).await);

        for address in [
            path,
            format!("/actions/{copy}"),
            format!("/action?{}", query(&[("key", key), ("connectionId", connection)])),
            format!("/action?{}", query(&[("key", key), ("connectionKey", &keys.connections[0])])),
        ] {
            judge.ask(&world.acme, &address, Found::One(copy.clone())).await;
        }
        judge.ask(&world.acme, &format!("/action?{}", query(&[("key", key)])), Found::One(universal.clone())).await;
        judge.ask(&world.other, &format!("/actions/{copy}"), Found::None).await;
        judge.ask(&world.other, &format!("/action?id={copy}"), Found::None).await;
        // Its own connection has the same key and no copy.
        let same = query(&[("key", key), ("connectionKey", &keys.connections[0])]);
        judge.ask(&world.other, &format!("/action?{same}"), Found::One(universal)).await;
        judge.wrong
    });
}

#[tokio::test]
async fn a_key_beyond_the_limit_is_refused() {
    let bed = Bed::bare().await;
    let made = async |length: usize| {
        let body = json!({"key": "ü".repeat(length), "connectorKey": "stripe", "credentials": {"apiKey": "k"}});
        bed.tenant("acme").post("/connections", body).await.0
    };

    assert_eq!((made(0).await, made(LONGEST).await, made(LONGEST + 1).await), (400, 200, 400));
}

#[tokio::test]
async fn a_hint_says_where_a_key_is_and_never_names_what_was_asked() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    let of_hubspot = demo.get("/action?key=list-contacts&integrationKey=github").await;
    let misspelt = demo.get("/action?key=list-contact&integrationKey=github").await;
    let layer = demo.get("/action?key=list-contacts&layer=universal").await;

    let elsewhere = "no matching action: `list-contacts` is there only for the integration `hubspot`, `salesforce`; name that and no other, as `hubspot.list-contacts` or by `integrationKey=hubspot`, or a connection of it";
    assert_eq!((of_hubspot.0, message(&of_hubspot)), (404, elsewhere));
    assert_eq!((layer.0, message(&layer)), (404, elsewhere));
    assert!(message(&misspelt).contains("did you mean `list-contacts`?"), "{misspelt:?}");
    let archived = bed.manager();
    let own = json!({"key": "only-here", "name": "Own", "connectionKey": "github-dev", "type": "run-javascript", "config": {}});
    let of_demo = bed.ws.key().to_owned();
    let both = bed.bearing(&json!({"workspaceKey": of_demo, "tenantKey": "demo-tenant", "isAdmin": true}));
    both.ok(Method::POST, "/actions", own).await;
    let of_another = demo.get("/connections/hubspot-prod/actions/only-here").await;
    let here = "no matching action: `only-here` is there only for the connection `github-dev`; name that, as by `connectionKey=github-dev`";
    assert_eq!((of_another.0, message(&of_another)), (404, here));
    let others = bed.tenant("acme").get("/actions/only-here").await;
    assert!(others.0 == 404 && !message(&others).contains("github-dev"), "{others:?}");
    archived.ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;
    let gone = demo.get("/connections/hubspot-prod").await;
    assert!(!message(&gone).contains("did you mean `hubspot-prod`"), "{gone:?}");
}
