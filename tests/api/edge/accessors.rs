//! Every verb of an accessor takes every selector of that accessor, for every kind of element, and reaches the element that
//! is meant and no other.

use http::Method;
use membrane_mock::testing::MockWorkspace;
use membrane_mock::world::seed::folders_of_kinds;
use serde_json::{Value, json};

use crate::support::{Api, Bed, id};

/// Whom a row means.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Meant {
    /// The element above, which a manager changes.
    Parent,
    /// The tenant's own version of it.
    Instance,
}

/// What a row can be asked: method, and what stands behind the address.
const VERBS: [(&str, &str, Method); 11] = [
    ("get", "", Method::GET),
    ("patch", "", Method::PATCH),
    ("put", "", Method::PUT),
    ("setup", "/setup", Method::POST),
    ("reset", "/reset", Method::POST),
    ("archive", "", Method::DELETE),
    ("restore", "/restore", Method::POST),
    ("export", "/export", Method::GET),
    ("dependencies", "/dependencies", Method::GET),
    ("refresh", "/refresh", Method::POST),
    ("clone", "/clone", Method::POST),
];

/// A kind with an element of the key `zz`, an instance of it, and an instance that somebody else has.
struct World {
    space: MockWorkspace,
    manager: Api,
    tenant: Api,
    plural: &'static str,
    singular: &'static str,
    parent: Value,
    instance: Value,
    others: Value,
    connection: String,
}

/// Whether anybody has versions of the kind's elements.
fn has_instances(plural: &str) -> bool {
    !["screens", "connected-products"].contains(&plural)
}

/// Whether the kind stands at the three layers, so that integrations and connections have versions.
fn has_layers(plural: &str) -> bool {
    !["app-data-schemas", "app-event-types"].contains(&plural)
}

/// The name of an instance of the kind in paths.
fn instance_of(singular: &str) -> String {
    if singular == "app-event-type" { "app-event-subscription".to_owned() } else { format!("{singular}-instance") }
}

async fn prepared(bed: &Bed, plural: &'static str) -> World {
    let singular = plural.strip_suffix('s').unwrap();
    bed.ws.tenant("other").connect("github").key("theirs").ready().await.unwrap();
    let (manager, tenant, other) = (bed.manager(), bed.demo(), bed.tenant("other"));
    let mut body = json!({ "key": "zz", "name": "Zz" });
    if plural == "actions" {
        body["type"] = "run-javascript".into();
        body["config"] = json!({ "code": "module.exports = () => 1" });
    }
    let at = if has_layers(plural) { format!("/integrations/github/{plural}") } else { format!("/{plural}") };
    let parent = manager.ok(Method::POST, &at, body).await;
    let instance = |connection: &str| {
        if has_layers(plural) {
            format!("/connections/{connection}/{plural}/zz")
        } else {
            format!("/{}?parentKey=zz", instance_of(singular))
        }
    };
    let own = tenant.ok(Method::PUT, &instance("github-dev"), Value::Null).await;
    let others = other.ok(Method::PUT, &instance("theirs"), Value::Null).await;
    let connection = id(&tenant.ok(Method::GET, "/connections/github-dev", Value::Null).await);
    World { space: bed.ws.clone(), manager, tenant, plural, singular, parent, instance: own, others, connection }
}

/// Path, query and whom they mean, for each way of the client and of plain HTTP to name an element.
fn rows(world: &World) -> Vec<(String, String, Meant)> {
    let World { plural, singular, connection, .. } = world;
    let (parent, instance) = (id(&world.parent), id(&world.instance));
    let (parent_uuid, uuid) = (world.parent["uuid"].as_str().unwrap(), world.instance["uuid"].as_str().unwrap());
    let integration = world.parent["integrationId"].as_str().unwrap_or_default();
    let mut rows = Vec::new();
    let mut add = |path: String, query: &str, meant| rows.push((path, query.to_owned(), meant));
    for selector in [&parent, parent_uuid, "zz"] {
        add(format!("/{plural}/{selector}"), "", Meant::Parent);
    }
    for selector in [&instance, uuid] {
        add(format!("/{plural}/{selector}"), "", Meant::Instance);
        add(format!("/{}s/{selector}", instance_of(singular)), "", Meant::Instance);
        add(format!("/{}", instance_of(singular)), &format!("id={selector}"), Meant::Instance);
    }
    add(format!("/{singular}"), &format!("id={parent}"), Meant::Parent);
    add(format!("/{singular}"), &format!("id={parent_uuid}"), Meant::Parent);
    add(format!("/{singular}"), "key=zz", Meant::Parent);
    let mut scopes = vec![String::new()];
    if has_layers(plural) {
        for selector in [&parent, "zz"] {
            for owner in ["github", integration] {
                add(format!("/integrations/{owner}/{plural}/{selector}"), "", Meant::Parent);
            }
        }
        add(format!("/{plural}/github.zz"), "", Meant::Parent);
        add(format!("/{singular}"), "key=github.zz", Meant::Parent);
        for scope in ["integrationKey=github".to_owned(), format!("integrationId={integration}")] {
            add(format!("/{plural}/zz"), &scope, Meant::Parent);
            add(format!("/{singular}"), &format!("key=zz&{scope}"), Meant::Parent);
        }
        for scope in ["connectionKey=github-dev".to_owned(), format!("connectionId={connection}")] {
            add(format!("/{plural}/zz"), &scope, Meant::Instance);
            add(format!("/{singular}"), &format!("key=zz&{scope}"), Meant::Instance);
        }
        for owner in ["github-dev", connection, "github"] {
            for selector in ["zz", "github.zz", &parent, parent_uuid, &instance] {
                add(format!("/connections/{owner}/{plural}/{selector}"), "", Meant::Instance);
            }
        }
        scopes = vec![
            "&connectionKey=github-dev".to_owned(),
            format!("&connectionId={connection}"),
            "&integrationKey=github".to_owned(),
            format!("&integrationId={integration}"),
        ];
    }
    // `flowKey` and the like are the kind's own words for `parentKey`.
    let mut words = singular.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    let own = words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..]);
    for scope in scopes {
        for (field, value) in [("parentKey", "zz"), ("parentId", &parent), ("parentId", parent_uuid), ("key", "zz")] {
            add(format!("/{}", instance_of(singular)), &format!("{field}={value}{scope}"), Meant::Instance);
        }
        if *plural != "actions" {
            add(format!("/{}", instance_of(singular)), &format!("{own}Key=zz{scope}"), Meant::Instance);
            add(format!("/{}", instance_of(singular)), &format!("{own}Id={parent}{scope}"), Meant::Instance);
        }
    }
    rows
}

/// Why a row is not asked a verb; nothing when it is.
fn not_asked(plural: &str, path: &str, verb: &str, meant: Meant) -> bool {
    let is_instance_address =
        ["-instance", "-subscription"].iter().any(|end| path.contains(end)) || path.starts_with("/connections/");
    match verb {
        // Only instances are set up, and only at their own addresses. What has nothing above it cannot be reset.
        "setup" => !is_instance_address,
        "reset" => meant == Meant::Parent || !has_layers(plural),
        // These are of elements, at their own addresses; an instance is not cloned, and only a manager refreshes.
        "dependencies" => is_instance_address,
        "refresh" => is_instance_address || meant == Meant::Instance,
        "clone" => is_instance_address || meant == Meant::Instance || !has_layers(plural),
        _ => false,
    }
}

#[tokio::test]
async fn every_verb_takes_every_selector_and_reaches_what_is_meant() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    for plural in folders_of_kinds().into_iter().filter(|plural| has_instances(plural)) {
        let bed = Bed::start().await;
        let world = prepared(&bed, plural).await;
        world.space.snapshot("prepared").unwrap();
        for (path, query, meant) in rows(&world) {
            for (verb, below, method) in VERBS {
                if not_asked(plural, &path, verb, meant) {
                    continue;
                }
                asked += 1;
                let (api, target) = match meant {
                    Meant::Parent => (&world.manager, &world.parent),
                    Meant::Instance => (&world.tenant, &world.instance),
                };
                if verb == "restore" {
                    api.ok(Method::DELETE, &format!("/{plural}/{}", id(target)), Value::Null).await;
                }
                let query = if query.is_empty() { String::new() } else { format!("?{query}") };
                let body = (method == Method::PATCH || method == Method::PUT).then(|| json!({ "name": "Changed" }));
                let call = format!("{path}{below}{query}");
                let answer = api.call(method.clone(), &call, body.as_ref()).await;
                let is_meant = match verb {
                    "export" => answer.1["uuid"] == target["uuid"],
                    "dependencies" => answer.1 == json!([]),
                    "clone" => answer.1["name"] == "Copy of Zz" && answer.1["id"] != target["id"],
                    _ => answer.1["id"] == target["id"],
                };
                if answer.0 != 200 || !is_meant {
                    wrong.push(format!("{verb} {method} {call} ({meant:?}): {} {}", answer.0, answer.1["message"]));
                }
                for (whose, other) in
                    [("the parent", &world.parent), ("the instance", &world.instance), ("another's", &world.others)]
                {
                    if other["id"] == target["id"] {
                        continue;
                    }
                    let now = world.manager.ok(Method::GET, &format!("/{plural}/{}", id(other)), Value::Null).await;
                    // What nobody has customised follows its parent; an instance of a flow is a copy.
                    let follows = meant == Meant::Parent && body.is_some() && plural != "flows";
                    if follows && now["name"] == "Changed" && now["isCustomized"] == false {
                        continue;
                    }
                    if follows || now["revision"] != other["revision"] {
                        wrong.push(format!("{verb} {method} {call} ({meant:?}) changed {whose}"));
                    }
                }
                world.space.restore("prepared").await.unwrap();
            }
        }
    }
    // The table shrinks only with the selectors that a client may send.
    assert!(asked > 1_100, "{asked} calls were made");
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn what_is_named_through_a_connection_is_never_the_element_above() {
    for plural in folders_of_kinds().into_iter().filter(|plural| has_instances(plural) && has_layers(plural)) {
        let bed = Bed::start().await;
        let world = prepared(&bed, plural).await;
        let at = format!("/{plural}/zz?connectionKey=github-dev");
        world.tenant.ok(Method::DELETE, &at, Value::Null).await;

        for (method, body) in [
            (Method::DELETE, None),
            (Method::PATCH, Some(json!({ "name": "Changed" }))),
            (Method::PUT, Some(json!({ "name": "Changed" }))),
        ] {
            let refused =
                world.manager.call(method.clone(), &at.replace("github-dev", &world.connection), body.as_ref()).await;
            assert_eq!(refused.0, 404, "{method} {at}: {refused:?}");
        }
        let parent = world.manager.ok(Method::GET, &format!("/{plural}/{}", id(&world.parent)), Value::Null).await;
        assert_eq!((&parent["revision"], parent.get("archivedAt")), (&world.parent["revision"], None), "{plural}");
    }
}

#[tokio::test]
async fn what_an_integration_names_by_key_is_restored_and_not_the_universal_one() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    for (plural, singular, body) in [
        ("actions", "action", json!({"type": "run-javascript", "config": {"code": "module.exports = () => 1"}})),
        ("flows", "flow", json!({"nodes": {"start": {"type": "api-trigger"}}})),
    ] {
        let with = |more: Value| crate::support::definitions::with(body.clone(), &more);
        manager.ok(Method::POST, &format!("/{plural}"), with(json!({"key": "twice"}))).await;
        let own = json!({"key": "twice", "integrationKey": "github"});
        let own = manager.ok(Method::POST, &format!("/{plural}"), with(own)).await;
        for address in [
            format!("/{singular}/restore?key=twice&integrationKey=github"),
            format!("/{plural}/github.twice/restore"),
            format!("/integrations/github/{plural}/twice/restore"),
        ] {
            manager.ok(Method::DELETE, &format!("/{plural}/{}", own["id"].as_str().unwrap()), Value::Null).await;
            let restored = manager.ok(Method::POST, &address, Value::Null).await;
            assert_eq!((&restored["id"], restored.get("archivedAt")), (&own["id"], None), "{address}");
        }
    }
}
