//! Integrations, and what the workspace's settings make of the catalog.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Bed, id, message, verdict};

async fn one(api: &Api, path: &str) -> Value {
    api.ok(Method::GET, path, Value::Null).await
}

#[tokio::test]
async fn key_name_and_connector_make_an_integration() {
    let bed = Bed::bare().await;
    assert!(bed.manager().items("/integrations").await.is_empty());

    let body = json!({"key": "github", "name": "GitHub", "connectorKey": "github"});
    let made = bed.manager().post("/integrations", body).await;

    insta::assert_snapshot!(bed.shown(&made), @r#"
    200 {
      "id": "85df0e052eed000a85fca084",
      "integrationId": "85df0e052eed000a85fca084",
      "uuid": "0ee1c3e9-277b-4a5f-b38c-2b4138464858",
      "key": "github",
      "name": "GitHub",
      "description": "Repositories, issues, pull requests and users on GitHub",
      "state": "READY",
      "revision": "dc72af3cb661ca01",
      "createdAt": "2025-01-01T00:00:00.000Z",
      "updatedAt": "2025-01-01T00:00:00.000Z",
      "isDeactivated": false,
      "isTest": false,
      "logoUri": "BASE/logos/github.svg",
      "connectorId": "4147586d73ec599721eacca4",
      "connectorKey": "github",
      "externalAppId": "ca6af43ca3ea76062ca585a4",
      "appUuid": "f6d26d93-4be6-4aa0-8667-f62765ae4a0d",
      "authType": "oauth2",
      "hasMissingParameters": false,
      "hasDocumentation": false,
      "hasOperations": true,
      "hasData": true,
      "hasEvents": true,
      "hasGlobalWebhooks": false,
      "hasUdm": true
    }
    "#);
    assert_eq!(bed.tenant("acme").each("/integrations", "key").await, ["github"]);
}

#[tokio::test]
async fn an_app_resolves_to_its_default_connector_and_a_wrong_name_is_404() {
    let bed = Bed::bare().await;
    let manager = bed.manager();
    let app = one(&manager, "/external-apps/slack").await;

    let made = manager.ok(Method::POST, "/integrations", json!({"key": "chat", "externalAppId": app["id"]})).await;
    let taken = manager.post("/integrations", json!({"key": "chat", "connectorKey": "slack"})).await;
    let unknown = manager.post("/integrations", json!({"key": "x", "connectorKey": "slakc"})).await;

    assert_eq!(made["connectorId"], one(&manager, "/connectors/slack").await["id"]);
    assert_eq!(verdict(&taken), "400 bad_request/already_exists");
    assert_eq!(unknown.0, 404);
    assert!(message(&unknown).contains("slack"), "{unknown:?}");
}

#[tokio::test]
async fn an_integration_is_found_by_id_uuid_key_and_in_the_singular() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let github = one(&demo, "/integrations/github").await;

    for path in [
        format!("/integrations/{}", id(&github)),
        format!("/integrations/{}", github["uuid"].as_str().unwrap()),
        format!("/integration?id={}", id(&github)),
        "/integration?key=github".to_owned(),
    ] {
        assert_eq!(one(&demo, &path).await["id"], github["id"], "{path}");
    }
    let missing = demo.get("/integrations/githib").await;
    assert_eq!(verdict(&missing), "404 bad_request/not_found");
    assert!(message(&missing).starts_with("integration not found"), "{missing:?}");
}

#[tokio::test]
async fn patch_merges_put_replaces_and_each_changes_the_revision() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let first = one(&manager, "/integrations/github").await;

    let patched = manager.ok(Method::PATCH, "/integrations/github", json!({"name": "Code", "meta": {"a": 1}})).await;
    let again = manager.ok(Method::PATCH, "/integrations/github", json!({"description": "d"})).await;
    let put = manager
        .ok(Method::PUT, "/integrations/github", json!({"key": "github", "name": "Git", "connectorKey": "github"}))
        .await;

    assert_eq!((&again["name"], &again["meta"]), (&json!("Code"), &json!({"a": 1})));
    assert_eq!((&put["name"], put.get("meta"), put.get("description")), (&json!("Git"), None, None));
    let revisions = [&first, &patched, &again, &put].map(|record| record["revision"].as_str().unwrap().to_owned());
    for (index, revision) in revisions.iter().enumerate() {
        assert!(!revision.is_empty() && !revisions[..index].contains(revision));
    }
    assert_eq!(put["id"], first["id"]);
}

#[tokio::test]
async fn an_archived_integration_leaves_the_list_and_comes_back() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let github = id(&one(&manager, "/integrations/github").await);

    let archived = manager.ok(Method::DELETE, "/integrations/github", Value::Null).await;
    let listed = manager.each("/integrations?limit=1000", "key").await;
    let with_archived = manager.each("/integrations?includeArchived=TRUE&limit=1000", "key").await;
    let by_id = one(&manager, &format!("/integrations/{github}")).await;
    let by_key = manager.get("/integrations/github").await;
    let patched = manager.patch(&format!("/integrations/{github}"), json!({"name": "x"})).await;
    let restored = manager.ok(Method::POST, &format!("/integrations/{github}/restore"), json!({})).await;

    assert!(archived["archivedAt"].is_string() && by_id["archivedAt"].is_string());
    assert!(!listed.contains(&"github".to_owned()) && with_archived.contains(&"github".to_owned()));
    assert_eq!((by_key.0, patched.0), (404, 400));
    assert!(restored.get("archivedAt").is_none());
    assert_eq!(one(&manager, "/integrations/github").await["id"], github);
}

#[tokio::test]
async fn a_masked_parameter_that_is_sent_back_stays_as_it_is() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let (integration, path) = ("/integrations/slack", "/integrations/slack/parameters");
    manager.ok(Method::PATCH, path, json!({"clientId": "mine", "clientSecret": "hush"})).await;
    let read = one(&manager, path).await;
    let masked = json!({"clientId": "mine", "clientSecret": "********"});
    let kept = async || {
        let now = one(&manager, &format!("{path}?includeSecrets=true")).await;
        (now["clientId"]["value"].clone(), now["clientSecret"]["value"].clone())
    };

    for (method, at, body) in [
        (Method::PATCH, path, read.clone()),
        (Method::PUT, path, read.clone()),
        (Method::PATCH, path, masked.clone()),
        (Method::PATCH, integration, json!({ "parameters": masked })),
        (
            Method::PUT,
            integration,
            json!({"key": "slack", "name": "Slack", "connectorKey": "slack", "parameters": masked}),
        ),
    ] {
        let answer = manager.call(method.clone(), at, Some(&body)).await;
        assert!(answer.0 < 300, "{method} {at} {body}: {answer:?}");
        assert_eq!(kept().await, (json!("mine"), json!("hush")), "{method} {at} {body}");
    }
    let other = manager.patch("/integrations/github/parameters", json!({"clientSecret": "********"})).await;
    assert_eq!(
        (other.0, message(&other)),
        (400, "`parameters.clientSecret` is masked in answers, and there is none yet; give it")
    );
    // A name that is no secret's may have any value.
    manager.ok(Method::PATCH, path, json!({"clientId": "********"})).await;
    assert_eq!(kept().await.0, "********");
}

#[tokio::test]
async fn parameters_are_described_merged_and_masked() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let path = "/integrations/slack/parameters";

    let before = one(&bed.demo(), path).await;
    manager.ok(Method::PATCH, path, json!({"clientId": "mine"})).await;
    manager.ok(Method::PATCH, path, json!({"clientSecret": "hush"})).await;
    let tenant = one(&bed.demo(), path).await;
    let secret = one(&manager, &format!("{path}?includeSecrets=true")).await;
    let put = manager.put(path, json!({"clientId": "other"})).await;
    let after = one(&manager, &format!("{path}?includeSecrets=true")).await;

    assert_eq!(before["clientId"]["name"], "clientId");
    assert_eq!(before["clientId"]["type"], "string");
    assert!(before["clientId"].get("value").is_none_or(Value::is_null), "{before:#}");
    assert_eq!(tenant["clientId"]["value"], "mine");
    assert!(!tenant.to_string().contains("hush"), "{tenant:#}");
    assert_eq!(secret["clientSecret"]["value"], "hush");
    assert_eq!(put, (204, Value::Null));
    assert_eq!(after["clientId"]["value"], "other");
    assert!(!after.to_string().contains("hush"), "PUT replaces: {after:#}");
}

#[tokio::test]
async fn the_callers_connection_is_embedded() {
    let bed = Bed::start().await;

    let own = one(&bed.demo(), "/integrations/github").await;
    let listed = bed.demo().items("/integrations?search=github").await;
    let other = one(&bed.tenant("other"), "/integrations/github").await;

    assert_eq!(own["connection"]["key"], "github-dev");
    assert_eq!(listed[0]["connection"]["key"], "github-dev");
    assert!(other.get("connection").is_none(), "{other:#}");
}

#[tokio::test]
async fn a_setting_shows_the_catalogs_connectors_as_integrations_and_a_query_overrides_it() {
    let bed = Bed::bare().await;
    let acme = bed.tenant("acme");
    let connectors = acme.items("/connectors?limit=1000").await.len();
    let apps = acme.items("/external-apps?limit=1000").await.len();
    assert!(acme.items("/integrations?limit=1000").await.is_empty(), "false unless set");

    assert_eq!(acme.items("/integrations?limit=1000&connectors=1").await.len(), connectors);
    let by_apps = acme.items("/integrations?limit=1000&externalApps=1").await.len();
    assert!(by_apps >= 40 && by_apps <= apps, "{by_apps} of {apps}");
    let space = format!("/workspaces/{}", bed.ws.key());
    let settings = json!({"settings": {"autoGenerateIntegrationsFromConnectors": true}});
    bed.manager().ok(Method::PATCH, &space, settings).await;

    assert_eq!(acme.items("/integrations?limit=1000").await.len(), connectors);
    assert!(acme.items("/integrations?limit=1000&connectors=0").await.is_empty());
}

#[tokio::test]
async fn a_candidate_carries_what_a_real_one_does_and_keeps_its_id_when_made() {
    let bed = Bed::bare().await;
    let acme = bed.tenant("acme");
    let listed = acme.items("/integrations?connectors=1&search=slack").await;
    let candidate = &listed[0];
    for field in ["id", "key", "name", "logoUri", "connectorId", "connectorKey", "externalAppId"] {
        assert!(candidate[field].is_string(), "{field}: {candidate:#}");
    }
    assert!(candidate.get("integrationId").is_none());

    let read = one(&acme, &format!("/integrations/{}", id(candidate))).await;
    let begun = acme.ok(Method::POST, "/connect", json!({"integrationId": candidate["id"]})).await;
    let made = one(&acme, "/integrations/slack").await;

    assert_eq!(read["id"], candidate["id"]);
    assert_eq!(begun["integrationId"], candidate["id"]);
    assert_eq!((&made["id"], &made["integrationId"]), (&candidate["id"], &candidate["id"]));
    assert_eq!(acme.items("/integrations?connectors=1&search=slack").await.len(), 1, "listed once");
}

#[tokio::test]
async fn lists_search_name_key_and_description_in_any_case() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    bed.manager().ok(Method::PATCH, "/integrations/linear", json!({"description": "Where tickets LIVE"})).await;

    assert_eq!(demo.each("/integrations?search=HubSp", "key").await, ["hubspot"]);
    assert_eq!(demo.each("/integrations?search=tickets+live", "key").await, ["linear"]);
    assert!(demo.items("/integrations?search=nothing+of+the+sort").await.is_empty());
}

#[tokio::test]
async fn an_integrations_connector_spec_setup_and_refresh_are_served() {
    let bed = Bed::start().await;

    let spec = one(&bed.demo(), "/integrations/github/connector-spec").await;

    assert_eq!(spec["key"], "github");
    let (auth, by_key) = (&spec["auth"], &spec["auth"]["options"]["default"]);
    assert_eq!((&auth["type"], &by_key["type"]), (&json!("oauth2"), &json!("oauth2")), "{spec}");
    for verb in ["setup", "refresh"] {
        let path = format!("/integrations/github/{verb}");
        assert_eq!(bed.manager().post(&path, json!({})).await.1["key"], "github", "{verb}");
        assert_eq!(bed.demo().post(&path, json!({})).await.0, 403, "{verb}");
    }
}

#[tokio::test]
async fn missing_parameters_are_told() {
    let bed = Bed::bare().await;
    let manager = bed.manager();
    let schema = json!({"type": "object", "required": ["region"], "properties": {"region": {"type": "string"}}});
    let connector = json!({"name": "Regional", "type": "oauth2", "parametersSchema": schema});
    manager.ok(Method::POST, "/connectors", connector).await;

    let made = manager.ok(Method::POST, "/integrations", json!({"key": "regional", "connectorKey": "regional"})).await;
    manager.ok(Method::PATCH, "/integrations/regional/parameters", json!({"region": "eu"})).await;
    let after = one(&manager, "/integrations/regional").await;

    assert_eq!((&made["hasMissingParameters"], &after["hasMissingParameters"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn the_list_is_narrowed_to_an_app_by_its_uuid() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let of = async |app: &str, more: &str| {
        let app = one(&demo, &format!("/external-apps/{app}")).await;
        demo.each(&format!("/integrations?appUuid={}{more}", app["uuid"].as_str().unwrap()), "key").await
    };

    assert_eq!(of("slack", "").await, ["slack"]);
    assert!(of("twilio", "").await.is_empty(), "it is no integration yet");
    assert_eq!(of("twilio", "&connectors=1").await, ["twilio"]);
    assert!(demo.items("/integrations?appUuid=nope&connectors=1").await.is_empty());
}

#[tokio::test]
async fn pictures_options_and_the_app_are_kept_as_given() {
    let bed = Bed::bare().await;
    let manager = bed.manager();
    let app = one(&manager, "/external-apps/slack").await;
    let options = json!({"oauth": {"disabled": true, "parameters": {"scope": "read"}}});
    let body = json!({
        "key": "chat", "externalAppUuid": app["uuid"], "logoBase64": "aGVsbG8=", "optionsConfig": options,
        "oAuthCallbackUri": "https://app.example/callback",
    });

    let made = manager.ok(Method::POST, "/integrations", body).await;
    let read = one(&manager, "/integrations/chat").await;

    for record in [&made, &read] {
        assert_eq!(record["externalAppId"], app["id"]);
        assert_eq!(record["optionsConfig"], options);
        assert_eq!(record["oAuthCallbackUri"], "https://app.example/callback");
        assert!(record["logoUri"].as_str().unwrap().ends_with(";base64,aGVsbG8="), "{record:#}");
    }
}

#[tokio::test]
async fn a_callback_address_is_an_address_or_empty() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let github = one(&manager, "/integrations/github").await;

    for wrong in ["not an address", "/callback"] {
        let body = json!({"key": "own", "connectorKey": "twilio", "oAuthCallbackUri": wrong});
        let made = manager.post("/integrations", body).await;
        let patched = manager.patch("/integrations/github", json!({"oAuthCallbackUri": wrong})).await;

        for answer in [made, patched] {
            assert_eq!(answer.0, 400, "{wrong}");
            assert!(message(&answer).contains("`oAuthCallbackUri`") && message(&answer).contains(wrong), "{answer:?}");
        }
    }
    assert_eq!(manager.get("/integrations/own").await.0, 404);
    assert_eq!(one(&manager, "/integrations/github").await["revision"], github["revision"], "nothing has changed");
    assert_eq!(manager.patch("/integrations/github", json!({"oAuthCallbackUri": ""})).await.0, 200);
}

#[tokio::test]
async fn one_integration_has_the_ways_to_authenticate_and_a_list_does_not() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    let stripe = one(&acme, "/integrations/stripe").await;
    let github = one(&acme, "/integrations/github").await;
    let listed = acme.items("/integrations").await;

    assert_eq!(stripe["appUuid"], one(&acme, "/external-apps/stripe").await["uuid"], "how the sample app matches them");
    let form = &stripe["authOptions"][0];
    assert_eq!((&form["key"], &form["type"]), (&json!("default"), &stripe["authType"]));
    assert!(form["inputSchema"]["properties"]["apiKey"].is_object(), "{form:#}");
    assert_eq!(form["ui"]["schema"], form["inputSchema"]);
    let consent = json!([{
        "key": "default", "type": "oauth2", "title": "GitHub",
        "inputSchema": {"type": "object", "properties": {}}, "ui": {"schema": {"type": "object", "properties": {}}},
    }]);
    assert_eq!(github["authOptions"], consent);
    assert!(listed.iter().all(|item| item.get("authOptions").is_none()), "{listed:#?}");
}
