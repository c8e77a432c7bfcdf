//! Seeds: folders and files, and errors that say where.

use std::path::Path;

use http::Method;
use membrane_mock::testing::{MockMembrane, check_seed};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Bed, id};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

const WORKSPACE: &str = "key: acme\nsecret: 0123456789012345678901234567890123456789012345678901234567890123\n\
    name: Acme\ntenants:\n- key: t1\n  name: First\n  fields: {plan: pro}\ndefaultTenant: t1\n";

fn whole() -> TempDir {
    folder(&[
        ("workspace.yaml", WORKSPACE),
        ("external-apps/own.yaml", "- key: own-app\n  name: Own App\n  categories: [own]\n"),
        (
            "connectors/own/spec.yaml",
            "key: own\nname: Own\nexternalApp: own-app\nbaseUri: https://api.own.example/v1\ntype: client-credentials\n\
             apply: {kind: query, name: api_key, field: apiKey}\n",
        ),
        ("integrations/own/spec.yaml", "name: Our own\nconnectorKey: own\nuuid: from-an-export\nrevision: '1'\n"),
        (
            "integrations/own/actions/list-things/spec.yaml",
            "name: List things\ntype: api-request-to-external-app\n\
             config: {request: {method: GET, path: /things, query: {q: {$var: $.input.q}}}}\n",
        ),
        (
            "integrations/own/flows/things/spec.yaml",
            "name: Sync things\nautoCreateInstances: true\nnodes:\n  begin:\n    type: api-trigger\n    links: [{key: list}]\n  \
             list:\n    type: run-action\n    config: {actionKey: list-things, input: {q: {$var: $.input.begin.q}}}\n",
        ),
        ("integrations/own/data-sources/sync/spec.yaml", "name: Sync\n"),
        ("app-data-schemas/thing/spec.yaml", "schema:\n  type: object\n  properties: {q: {type: string}}\n"),
        (
            "actions/hello/spec.json",
            r#"{"type": "run-javascript", "config": {"code": "module.exports = () => 'hello'"}}"#,
        ),
        ("connections/own.yaml", "key: own-1\nintegration: own\ntenant: t1\ncredentials: {apiKey: secret-key}\n"),
        (
            "stubs/own/things.yaml",
            "- request: {method: GET, path: /things, query: {q: x, api_key: secret-key}}\n  respond: {json: [1, 2]}\n",
        ),
        ("README.md", "Prose is passed over."),
    ])
}

#[tokio::test]
async fn a_seeds_flow_runs() {
    let seed = whole();
    let bed = Bed::of(MockMembrane::builder().seed(seed.path())).await;
    let tenant = bed.tenant("t1");

    let instances = tenant.items("/flow-instances").await;
    assert_eq!(instances.len(), 1, "a connection that is planted READY has those that are made by themselves");
    let run = tenant.ok(Method::POST, "/connections/own-1/flows/things/run", json!({"input": {"q": "x"}})).await;
    bed.ws.settle().await.unwrap();
    let output = tenant.ok(Method::GET, &format!("/flow-runs/{}/output/list", id(&run)), Value::Null).await;

    assert_eq!(output, json!([[1, 2]]));
}

#[tokio::test]
async fn a_folder_becomes_a_world_that_works() {
    let seed = whole();
    let bed = Bed::of(MockMembrane::builder().seed(seed.path())).await;
    let tenant = bed.tenant("t1");

    let act = json!({"key": "own.list-things", "input": {"q": "x"}});
    let ran = tenant.post("/act", act).await;

    assert_eq!((bed.ws.key(), tenant.get("/self").await.1["fields"]["plan"].as_str()), ("acme", Some("pro")));
    assert_eq!(tenant.each("/connections", "key").await, ["own-1"]);
    assert_eq!(tenant.each("/integrations", "name").await, ["Our own"]);
    let thing = tenant.ok(Method::GET, "/app-data-schema-instance?key=thing&autoCreate=true", Value::Null).await;
    assert_eq!(thing["schema"]["properties"]["q"]["type"], "string");
    assert_eq!((ran.0, &ran.1["output"]), (200, &json!([1, 2])), "{ran:?}");
    assert_eq!(tenant.post("/act", json!({"key": "hello"})).await.1["output"], "hello");
    let run = ran.1["actionRunId"].as_str().unwrap();
    let details = tenant.get(&format!("/action-run-logs/{run}/details")).await.1;
    let url = details["details"]["request"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://api.own.example/v1/things?q=x"), "{url}");
    assert!(!details.to_string().contains("secret-key"), "a key in the query is masked: {details:#}");
    assert_eq!(tenant.get("/connectors/github").await.0, 200, "the catalog is there too");
}

#[tokio::test]
async fn one_file_holds_a_whole_seed() {
    let seed = folder(&[(
        "seed.json",
        r#"{"workspace": {"key": "one", "tenants": [{"key": "t"}], "settings": {"useMembraneUniverse": true},
            "mock": {"autoConnect": true}},
            "integrations": [{"key": "github", "actions": [{"key": "x", "type": "run-javascript"}]}],
            "connections": [{"key": "gh", "integration": "github", "tenant": "t"}]}"#,
    )]);
    let bed = Bed::of(MockMembrane::builder().seed(seed.path().join("seed.json"))).await;

    assert_eq!(bed.ws.key(), "one");
    assert_eq!(bed.tenant("t").each("/connections", "key").await, ["gh"]);
    let keys = bed.tenant("t").each("/integrations/github/actions", "key").await;
    assert_eq!(keys.iter().filter(|key| !key.is_empty()).collect::<Vec<_>>(), ["x"], "beside the catalog's");
    let begun = bed.tenant("new").post("/connect", json!({"connectorKey": "slack"})).await;
    assert_eq!(begun.1["state"], "READY", "autoConnect");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids_everywhere() {
    let seed = whole();
    let ids = async || {
        let bed = Bed::of(MockMembrane::builder().seed(seed.path())).await;
        let tenant = bed.tenant("t1");
        (tenant.each("/connections", "id").await, tenant.each("/integrations", "id").await)
    };

    assert_eq!(ids().await, ids().await);
}

#[tokio::test]
async fn workspace_yaml_sets_clock_and_progress() {
    let text = format!("{WORKSPACE}clock: 2025-01-01T00:00:00Z\nprogress: {{connection.building: hold}}\n");
    let seed = folder(&[("workspace.yaml", &text)]);

    let started = MockMembrane::builder().seed(seed.path()).start().await;

    let mock = started.unwrap_or_else(|error| panic!("a seed may have both: {error}"));
    assert_eq!(mock.workspace().clock().now().to_string(), "2025-01-01T00:00:00.000Z");
}

#[test]
fn an_error_carries_file_line_and_field() {
    for (file, text, expected) in [
        ("workspace.yaml", "key: a\nsecrte: b\n", ["workspace.yaml:2", "secrte", "secret"]),
        (
            "workspace.yaml",
            "key: a\nsettings:\n  enableApiLogs: maybe\n",
            ["workspace.yaml:3", "settings.enableApiLogs", "maybe"],
        ),
        (
            "connectors/x/spec.yaml",
            "key: x\nname: X\nbaseUri: https://x\ntype: magic\n",
            ["connectors/x/spec.yaml:4", "type", "magic"],
        ),
        (
            "stubs/x/a.yaml",
            "- request: {method: GET, path: /a}\n  respond: {status: many}\n",
            ["stubs/x/a.yaml:2", "respond.status", "many"],
        ),
        ("actions/x/spec.yaml", "name: X\ntype: telepathy\n", ["actions/x/spec.yaml:2", "type", "telepathy"]),
        ("flows/x/spec.yaml", "nodes:\n  a: {type: magic}\n", ["flows/x/spec.yaml:2", "nodes.a.type", "magic"]),
        (
            "flows/x/spec.yaml",
            "name: X\nnodes:\n  a: {type: filter, links: [{key: a}]}\n",
            ["flows/x/spec.yaml:2", "flow `x`", "circle: a → a"],
        ),
        ("flows/x/spec.yaml", "name: X\nnods: {}\n", ["flows/x/spec.yaml:2", "`nods`", "`nodes`"]),
        ("connections/x.yaml", "key: x\n", ["connections/x.yaml", "integration", "missing"]),
        ("connections/x.yaml", "key: x\nintegration: nope\n", ["x", "nope", "integration"]),
        ("workspace.yaml", "key: [unclosed\n", ["workspace.yaml:", "", ""]),
        (
            "scenarios/x.yaml",
            "steps:\n- after: {acts: 1}\n  do:\n  - fault: {on: {route: GET /conections}, fault: reset}\n",
            ["scenarios/x.yaml:4", "steps[0].do[0]", "did you mean `GET /connections`"],
        ),
        ("where/is/this.yaml", "a: 1\n", ["where/is/this.yaml", "no place", "integrations/"]),
        // Files of elements that are faked have one place; nowhere else are they passed over.
        ("actions/y.yaml", "key: y\n", ["actions/y.yaml", "no place", "actions/<key>/"]),
        ("flows/y/z.yaml", "key: y\n", ["flows/y/z.yaml", "no place", "flows/<key>/"]),
        ("integrations/github/app-data-schemas/y/spec.yaml", "key: y\n", ["app-data-schemas/y", "no place", ""]),
        ("app-data-schemas/y/spec.yaml", "schema: {type: 7}\n", ["spec.yaml:1:", "app data schema `y`", "`schema`"]),
        ("integrations/x/actions/y.yaml", "key: y\n", ["integrations/x/actions/y.yaml", "no place", ""]),
        ("integrations/x/actions/y/spec.yaml", "name: y\n", ["integrations/x/actions/y", "integration", "`x`"]),
        ("stubs/x/a.yaml", "request: {method: GET, path: a}\nrespond: {}\n", ["stubs/x/a.yaml", "request.path", "/"]),
    ] {
        let seed = folder(&[(file, text)]);

        let error = check_seed(seed.path()).expect_err(file).to_string();

        for piece in expected {
            assert!(error.contains(piece), "`{piece}` is not in: {error}");
        }
    }
}

/// Whether a message names a file and a line of it.
fn names_line(said: &str, file: &str, line: usize) -> bool {
    said.contains(&format!("{file}:{line}:")) || (said.contains(file) && said.contains(&format!("line {line}")))
}

#[test]
fn what_no_seed_may_say_is_refused_with_its_line() {
    let integration = ("integrations/github/spec.yaml", "connectorKey: github\n");

    for (file, text, line, pieces) in [
        (
            "connections/gh.yaml",
            "- key: gh\n  integration: github\n- integration: nope\n  key: other\n",
            3,
            ["`nope`", "`other`"],
        ),
        ("connections/gh.yaml", "key: gh\nintegration: github\nnam: A\n", 3, ["`nam`", "`name`"]),
        ("integrations/own/spec.yaml", "connectorKey: github\nnam: A\n", 2, ["`nam`", "`name`"]),
        ("actions/x/spec.yaml", "type: run-javascript\nnam: A\n", 2, ["`nam`", "`name`"]),
        ("external-apps/a.yaml", "- key: a\n  nam: A\n  name: A\n", 2, ["`nam`", "`name`"]),
        ("workspace.yaml", "key: w\ntenants:\n- key: t\n  nam: A\n", 4, ["`nam`", "`name`"]),
        (
            "actions/x/spec.json",
            "{\n  \"type\": \"run-javascript\",\n  \"name\": [5]\n}\n",
            3,
            ["`name`", "expected a string"],
        ),
        (
            "connections/gh.json",
            "[\n  {\"key\": \"gh\",\n   \"integration\": {}}\n]\n",
            3,
            ["integration`", "expected a string"],
        ),
    ] {
        let seed = folder(&[integration, (file, text)]);

        let error = check_seed(seed.path()).expect_err(file).to_string();

        assert!(names_line(&error, file, line), "no {file}, line {line}, in: {error}");
        for piece in pieces {
            assert!(error.contains(piece), "{piece} is not in: {error}");
        }
    }
}

#[test]
fn an_error_in_one_file_that_holds_it_all_carries_its_line_too() {
    let text = "{\"workspace\": {\"key\": \"w\"},\n \"actions\": [\n  {\"key\": \"x\", \"name\": [5]}\n]}\n";
    let seed = folder(&[("seed.json", text)]);

    let error = check_seed(&seed.path().join("seed.json")).unwrap_err().to_string();

    assert!(names_line(&error, "seed.json", 3), "{error}");
    assert!(error.contains("actions[0].name"), "{error}");

    let misplaced = "integrations:\n- key: github\n  appDataSchemas:\n  - key: y\n";
    let seed = folder(&[("seed.yaml", misplaced)]);
    let error = check_seed(&seed.path().join("seed.yaml")).unwrap_err().to_string();
    assert!(names_line(&error, "seed.yaml", 4), "{error}");
    assert!(error.contains("an app data schema belongs to no integration; it stands in `appDataSchemas`"), "{error}");
}

#[tokio::test]
async fn stubs_of_a_connector_that_is_nowhere_are_refused() {
    let stub = "request: {method: GET, path: /a}\nrespond: {}\n";
    let misspelt = folder(&[("stubs/githb/a.yaml", stub)]);
    let right = folder(&[("stubs/github/a.yaml", stub)]);

    let refused = MockMembrane::builder().seed(misspelt.path()).start().await.unwrap_err().to_string();
    let started = MockMembrane::builder().seed(right.path()).start().await;

    for piece in ["stubs/githb", "`githb`", "`github`"] {
        assert!(refused.contains(piece), "{piece} is not in: {refused}");
    }
    assert!(started.is_ok(), "the catalog's connectors are there: {:?}", started.err());
}

#[tokio::test]
async fn a_server_does_not_start_on_a_seed_it_cannot_read() {
    let missing = MockMembrane::builder().seed("/nowhere/at/all").start().await;
    let seed = folder(&[("workspace.yaml", "key: 1\nwhat: ever\n")]);
    let broken = MockMembrane::builder().seed(seed.path()).start().await;

    assert!(missing.unwrap_err().to_string().contains("/nowhere/at/all"));
    assert!(broken.unwrap_err().to_string().contains("workspace.yaml:2"));
}

#[test]
fn the_demo_is_a_folder_like_any_other() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");

    check_seed(&demo).unwrap();
}

#[tokio::test]
async fn every_stub_of_the_demo_answers_its_own_example() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    bed.ws.mock_settings(|mock| mock.auto_connect = true).await.unwrap();

    for connector in acme.each("/connectors?limit=1000", "key").await {
        let stubs = bed.control(http::Method::GET, &format!("/upstreams/{connector}/stubs"), Value::Null).await.1;
        acme.ok(http::Method::POST, "/connect", json!({"connectorKey": connector})).await;
        for stub in stubs["items"].as_array().unwrap() {
            let request = &stub["request"];
            let path = request["path"].as_str().unwrap().replace(['{', '}'], "");
            let method = http::Method::from_bytes(request["method"].as_str().unwrap().as_bytes()).unwrap();
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in request["query"].as_object().into_iter().flatten() {
                query.append_pair(name, value.as_str().unwrap());
            }
            let body = request.get("body").cloned().or_else(|| (method != "GET").then(|| json!({})));
            let at = format!("/connections/{connector}/proxy{path}?{}", query.finish());

            let answer = acme.call(method.clone(), &at, body.as_ref()).await;

            assert!(answer.1.get("nearest").is_none() && answer.0 < 500, "{method} {at}: {answer:?}");
        }
    }
    for connector in acme.each("/connectors?limit=1000", "key").await {
        let unmatched = bed.ws.upstream(&connector).requests().into_iter().find(|request| request.unmatched.is_some());
        assert!(unmatched.is_none(), "{unmatched:?}");
    }
}

#[tokio::test]
async fn what_a_seed_makes_has_the_same_ids_and_uuids_at_every_start() {
    let (one, other) = (Bed::start().await, Bed::start().await);
    let names = async |bed: &Bed, list: &str| -> Vec<(Value, Value)> {
        let items = bed.demo().items(list).await;
        items.iter().map(|item| (item["id"].clone(), item["uuid"].clone())).collect()
    };

    for list in ["/integrations", "/actions?integrationKey=github"] {
        let seeded = names(&one, list).await;

        assert!(!seeded.is_empty() && seeded.iter().all(|(_, uuid)| uuid.is_string()), "{list}: {seeded:?}");
        assert_eq!(seeded, names(&other, list).await, "{list}");
    }
}

#[tokio::test]
async fn a_version_that_differs_from_its_parent_is_customised() {
    let universal = "name: Greet\ntype: run-javascript\nconfig: {code: \"module.exports = () => 1\"}\n";
    let flow = "name: Greet\nnodes: {begin: {type: api-trigger, links: [{key: end}]}, end: {type: run-javascript, \
        config: {code: \"module.exports = () => 1\"}}}\n";
    let mapping = "name: Greet\nimportValue: {who: {$var: $.name}}\n";
    let places = [("actions", universal), ("flows", flow), ("field-mappings", mapping)];
    for (kind, text) in places {
        let changed = text.replace("() => 1", "() => 2").replace("$.name", "$.title");
        let files = [
            (format!("{kind}/greet/spec.yaml"), text.to_owned()),
            (format!("integrations/github/{kind}/greet/spec.yaml"), changed),
            (format!("integrations/slack/{kind}/greet/spec.yaml"), text.to_owned()),
        ];
        let mut files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        files.push(("workspace.yaml", WORKSPACE));
        files.push(("integrations/github/spec.yaml", "connectorKey: github\n"));
        files.push(("integrations/slack/spec.yaml", "connectorKey: slack\n"));
        let folder = folder(&files);
        let bed = Bed::of(MockMembrane::builder().seed(folder.path())).await;
        let tenant = bed.tenant("t1");
        for (integration, wanted) in [("github", true), ("slack", false)] {
            let at = format!("/{kind}/greet?integrationKey={integration}");
            let version = tenant.ok(Method::GET, &at, Value::Null).await;
            assert_eq!((&version["layer"], &version["isCustomized"]), (&json!("integration"), &json!(wanted)), "{at}");
        }
    }
}

#[tokio::test]
async fn a_folder_that_the_workspace_cli_has_pulled_is_a_seed() {
    let answered = |more: &str| {
        format!(
            "id: 04adc60e9863517f14522d4c\nuuid: d748af6f-6d48-4c19-b544-edb51d3f4aa5\nkey: greet\nname: Greet\nstate: READY\n\
             type: run-javascript\n{more}"
        )
    };
    let universal = answered("layer: universal\nconfig: {code: \"module.exports = () => 'hello'\"}\n");
    let of_github = answered("layer: integration\nconfig: {code: \"module.exports = () => 'hello, GitHub'\"}\n");
    let listed = answered("layer: universal\nintegrationKey: slack\n");
    let folder = folder(&[
        ("integrations/github/github.yaml", "id: 85df0e052eed000a85fca084\nkey: github\nname: GitHub\n"),
        ("integrations/slack/slack.yaml", "key: slack\nname: Slack\n"),
        ("actions/greet/greet.yaml", &universal),
        ("actions/greet/github/github.yaml", &of_github),
        ("actions/greet/slack/slack.yaml", &listed),
    ]);
    let bed = Bed::of(MockMembrane::builder().seed(folder.path())).await;
    let manager = bed.manager();
    let layer = async |at: &str| manager.ok(Method::GET, at, Value::Null).await["layer"].clone();

    assert_eq!(layer("/actions/greet").await, "universal");
    assert_eq!(layer("/actions/greet?integrationKey=github").await, "integration");
    assert_eq!(layer("/actions/greet?integrationKey=slack").await, "universal");
    let ran = manager.ok(Method::POST, "/act", json!({"key": "greet", "integrationKey": "slack"})).await;
    assert_eq!(ran["output"], "hello");

    let misplaced = [("actions/greet/github/github.yaml", of_github.as_str())];
    let said = check_seed(self::folder(&misplaced).path()).unwrap_err().to_string();
    assert!(said.contains("actions/greet/github/github.yaml") && said.contains("no integration `github`"), "{said}");
}
