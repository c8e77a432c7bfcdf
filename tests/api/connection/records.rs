//! Connections as records: selecting, changing, archiving, what they are connections of.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, id, message, user, verdict};

#[tokio::test]
async fn a_connection_that_waits_for_its_user_reads_like_this() {
    let bed = Bed::exact().await;

    let begun = bed.tenant("acme").post("/connect", json!({"connectorKey": "stripe", "connectionKey": "pay"})).await;

    insta::assert_snapshot!(bed.shown(&begun), @r#"
    200 {
      "id": "bf64ef38428ae015ec8122a3",
      "key": "pay",
      "name": "Stripe",
      "userId": "a5deff128111b85161463ca0",
      "tenantId": "a5deff128111b85161463ca0",
      "integrationId": "0f1a30bf9d4a459589c47eaa",
      "connectorId": "d945b0e629c585f7e8928105",
      "externalAppId": "0256f8f13db44b6e9a9c8161",
      "state": "CLIENT_ACTION_REQUIRED",
      "connected": false,
      "disconnected": true,
      "isDefunct": false,
      "isTest": false,
      "isDeactivated": false,
      "clientAction": {
        "type": "connect",
        "description": "Open the link and enter the credentials of Stripe to finish connecting",
        "uiUrl": "BASE/connect/bWVtYnJhbmUtbW9jay1kZW1vL2JmNjRlZjM4NDI4YWUwMTVlYzgxMjJhMy8yNzY3Mjg3N2M0NWM5MTQ4MGMxY2ViNDg"
      },
      "createdAt": "2025-01-01T00:00:00.000Z",
      "updatedAt": "2025-01-01T00:00:00.000Z",
      "canTest": true,
      "canRefreshCredentials": false,
      "user": {
        "id": "a5deff128111b85161463ca0",
        "name": "acme",
        "internalId": "acme",
        "isTest": false,
        "createdAt": "2025-01-01T00:00:00.000Z"
      },
      "integration": {
        "id": "0f1a30bf9d4a459589c47eaa",
        "integrationId": "0f1a30bf9d4a459589c47eaa",
        "uuid": "a6d7adf6-1e42-43b3-828c-67462003d4ee",
        "key": "stripe",
        "name": "Stripe",
        "description": "Customers, payments, invoices and subscriptions in Stripe",
        "state": "READY",
        "revision": "e820f5f3dcee91bf",
        "createdAt": "2025-01-01T00:00:00.000Z",
        "updatedAt": "2025-01-01T00:00:00.000Z",
        "isDeactivated": false,
        "isTest": false,
        "logoUri": "BASE/logos/stripe.svg",
        "connectorId": "d945b0e629c585f7e8928105",
        "connectorKey": "stripe",
        "externalAppId": "0256f8f13db44b6e9a9c8161",
        "appUuid": "3a5959f1-fc1e-4381-b867-0c006f53dabc",
        "authType": "client-credentials",
        "hasMissingParameters": false,
        "hasDocumentation": false,
        "hasOperations": true,
        "hasData": true,
        "hasEvents": true,
        "hasGlobalWebhooks": false,
        "hasUdm": true
      }
    }
    "#);
}

#[tokio::test]
async fn a_connection_is_selected_by_id_key_or_integration() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let by_key = demo.ok(Method::GET, "/connections/hubspot-prod", Value::Null).await;

    for selector in [id(&by_key), "hubspot".into(), by_key["integrationId"].as_str().unwrap().into()] {
        let found = demo.ok(Method::GET, &format!("/connections/{selector}"), Value::Null).await;
        assert_eq!(found["id"], by_key["id"], "{selector}");
    }
    let missing = demo.get("/connections/hubspot-prd").await;
    assert_eq!(verdict(&missing), "404 bad_request/not_found");
    assert!(message(&missing).contains("hubspot-prod"), "{missing:?}");
}

#[tokio::test]
async fn an_archived_connection_leaves_lists_and_comes_back_as_it_was() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let connection = id(&demo.ok(Method::GET, "/connections/github-dev", Value::Null).await);
    let act = json!({"api": {"method": "GET", "path": "/user"}, "connectionId": connection});

    let archived = demo.ok(Method::DELETE, "/connections/github-dev", Value::Null).await;
    let listed = demo.connection_keys("").await;
    let with_archived = demo.connection_keys("?includeArchived=1").await;
    let by_id = demo.ok(Method::GET, &format!("/connections/{connection}"), Value::Null).await;
    let by_key = demo.get("/connections/github-dev").await;
    let patched = demo.patch(&format!("/connections/{connection}"), json!({"name": "x"})).await;
    let acted = demo.post("/act", act.clone()).await;
    let restored = demo.ok(Method::POST, &format!("/connections/{connection}/restore"), Value::Null).await;

    assert_eq!((&archived["state"], archived["archivedAt"].is_string()), (&json!("READY"), true));
    assert_eq!(listed, ["hubspot-prod"]);
    assert_eq!(with_archived, ["github-dev", "hubspot-prod"]);
    assert!(by_id["archivedAt"].is_string());
    assert_eq!((by_key.0, patched.0, acted.0), (404, 400, 404));
    assert_eq!((&restored["state"], restored.get("archivedAt")), (&json!("READY"), None));
    assert_eq!(demo.post("/act", act).await.0, 200);
}

#[tokio::test]
async fn restoring_is_refused_when_the_key_was_taken_meanwhile() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let old = id(&demo.ok(Method::DELETE, "/connections/github-dev", Value::Null).await);
    bed.ready(&demo, json!({"connectorKey": "github", "connectionKey": "github-dev"})).await;

    let answer = demo.post(&format!("/connections/{old}/restore"), json!({})).await;

    assert_eq!(verdict(&answer), "400 bad_request/already_exists");
}

#[tokio::test]
async fn patch_merges_and_put_replaces() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let path = "/connections/github-dev";

    let first = demo.ok(Method::PATCH, path, json!({"name": "Mine", "meta": {"a": 1}})).await;
    let second = demo.ok(Method::PATCH, path, json!({"key": "renamed"})).await;
    let replaced = demo.ok(Method::PUT, "/connections/renamed", json!({"name": "Other"})).await;

    assert_eq!(
        (&second["name"], &second["meta"], &second["key"]),
        (&json!("Mine"), &json!({"a": 1}), &json!("renamed"))
    );
    assert_eq!((&replaced["name"], replaced.get("meta")), (&json!("Other"), None));
    assert_eq!(first["id"], replaced["id"]);
    assert_eq!(replaced["state"], "READY");
}

#[tokio::test]
async fn a_key_is_1_to_100_characters_and_unique_for_its_tenant() {
    let bed = Bed::start().await;
    let (demo, acme) = (bed.demo(), bed.tenant("acme"));

    for key in [String::new(), "k".repeat(101)] {
        let answer = demo.post("/connect", json!({"connectorKey": "slack", "connectionKey": key})).await;
        assert_eq!(answer.0, 400, "{} characters", key.len());
    }
    assert_eq!(demo.post("/connect", json!({"connectorKey": "slack", "connectionKey": "k".repeat(100)})).await.0, 200);
    let taken = demo.patch("/connections/hubspot-prod", json!({"key": "github-dev"})).await;
    assert_eq!(verdict(&taken), "400 bad_request/already_exists");
    let same = acme.post("/connect", json!({"connectorKey": "github", "connectionKey": "github-dev"})).await;
    assert_eq!(same.0, 200, "another tenant may use it");
}

#[tokio::test]
async fn a_connection_without_a_key_replaces_the_former_one_only_once_it_is_ready() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let first = bed.ready(&acme, json!({"integrationKey": "slack"})).await;

    let second = acme.ok(Method::POST, "/connect", json!({"integrationKey": "slack"})).await;
    let during = acme.items("/connections").await.len();
    bed.poke(&id(&second), "authorize").await;
    let after = acme.each("/connections", "id").await;

    assert_ne!(first["id"], second["id"]);
    assert_eq!(during, 2, "the first works on until the second is READY");
    assert_eq!(after, [id(&second)]);
}

#[tokio::test]
async fn keys_and_allow_multiple_connections_let_them_stand_side_by_side() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    bed.ready(&acme, json!({"integrationKey": "slack"})).await;
    bed.ready(&acme, json!({"integrationKey": "slack", "connectionKey": "second"})).await;
    bed.ready(&acme, json!({"integrationKey": "slack", "allowMultipleConnections": true})).await;

    assert_eq!(acme.items("/connections").await.len(), 3);
}

#[tokio::test]
async fn connecting_names_something_that_exists() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    for (body, status, said) in [
        (json!({}), 400, "connectorKey"),
        (json!({"integrationKey": "githb"}), 404, "github"),
        (json!({"connectorKey": "slakc"}), 404, "slack"),
        (json!({"externalAppId": "nope"}), 404, "nope"),
        (json!({"connectionId": "nope"}), 404, "nope"),
    ] {
        let answer = acme.post("/connect", body.clone()).await;

        assert_eq!(answer.0, status, "{body}");
        assert!(message(&answer).contains(said), "{body}: {answer:?}");
    }
}

#[tokio::test]
async fn connecting_by_connector_makes_the_integration() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    assert_eq!(acme.get("/integrations/twilio").await.0, 404);

    let begun = acme.ok(Method::POST, "/connect", json!({"connectorKey": "twilio"})).await;

    let made = acme.ok(Method::GET, "/integrations/twilio", Value::Null).await;
    assert_eq!(begun["integrationId"], made["id"]);
    assert_eq!(begun["integration"]["key"], "twilio");
}

#[tokio::test]
async fn connecting_by_app_goes_through_its_connector() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let app = id(&acme.ok(Method::GET, "/external-apps/jira", Value::Null).await);

    let begun = acme.ok(Method::POST, "/connect", json!({"externalAppId": app})).await;

    assert_eq!(begun["externalAppId"], app);
    assert_eq!(begun["state"], "CLIENT_ACTION_REQUIRED");
}

#[tokio::test]
async fn credentials_given_make_it_ready_and_are_shown_only_when_asked_for() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let body = json!({"connectorKey": "stripe", "key": "pay", "credentials": {"apiKey": "sk_1"}, "meta": {"a": 1}});

    let made = acme.ok(Method::POST, "/connections", body.clone()).await;
    let secret = acme.ok(Method::GET, "/connections/pay?includeSecrets=true", Value::Null).await;
    let again = acme.post("/connections", body).await;

    assert_eq!((&made["state"], &made["meta"], made.get("credentials")), (&json!("READY"), &json!({"a": 1}), None));
    assert_eq!(secret["credentials"], json!({"apiKey": "sk_1"}));
    assert_eq!(verdict(&again), "400 bad_request/already_exists");
}

#[tokio::test]
async fn disconnect_is_204_and_erases_the_credentials() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    let answer = demo.post("/connections/github-dev/disconnect", json!({})).await;
    let after = demo.ok(Method::GET, "/connections/github-dev?includeSecrets=true", Value::Null).await;
    let tokens = bed.control(Method::GET, "/upstreams/github/tokens", Value::Null).await.1;
    let repeated = demo.post("/connections/github-dev/disconnect", json!({})).await;

    assert_eq!(answer, (204, Value::Null));
    assert_eq!((&after["state"], &after["connected"]), (&json!("DISCONNECTED"), &json!(false)));
    assert!(after["credentials"].is_null(), "{after:#}");
    assert_eq!(tokens["items"][0]["revoked"], true);
    assert_eq!(repeated.0, 204);
    let acted = demo.post("/act", user()).await;
    assert_eq!(acted.1["code"], "CONNECTION_DISCONNECTED");
}

#[tokio::test]
async fn refresh_gives_new_credentials_under_both_names() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let token = async || {
        let shown = demo.ok(Method::GET, "/connections/github-dev?includeSecrets=1", Value::Null).await;
        shown["credentials"]["access_token"].as_str().unwrap().to_owned()
    };

    let first = token().await;
    let refreshed = demo.ok(Method::POST, "/connections/github-dev/refresh", json!({})).await;
    let second = token().await;
    demo.ok(Method::POST, "/connections/github-dev/refresh-credentials", json!({})).await;
    let third = token().await;

    assert_eq!(refreshed["key"], "github-dev");
    assert!(first != second && second != third && first != third);
}

#[tokio::test]
async fn a_refresh_that_is_refused_disconnects() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    bed.ws.upstream("github").refuse_refresh().await.unwrap();

    let answer = demo.post("/connections/github-dev/refresh", json!({})).await;

    assert_eq!((answer.0, &answer.1["code"]), (400, &json!("CONNECTION_DISCONNECTED")));
    assert_eq!(demo.get("/connections/github-dev").await.1["state"], "DISCONNECTED");
}

#[tokio::test]
async fn test_really_asks_the_app() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    let works = demo.ok(Method::POST, "/connections/github-dev/test", json!({})).await;
    bed.ws.upstream("github").revoke_tokens().await.unwrap();
    let fails = demo.ok(Method::GET, "/connections/github-dev/test", Value::Null).await;

    assert_eq!((works, fails), (json!({"success": true}), json!({"success": false})));
    assert!(!bed.ws.upstream("github").requests().is_empty());
}

#[tokio::test]
async fn ensure_finds_what_there_is_or_begins_it() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    let known =
        demo.ok(Method::POST, "/connections/ensure", json!({"appUrl": "https://github.com/x", "name": "N"})).await;
    let begun = demo.ok(Method::POST, "/connections/ensure", json!({"appUrl": "slack.com", "name": "Chat"})).await;
    let again = demo.ok(Method::POST, "/connections/ensure", json!({"appUrl": "https://www.slack.com"})).await;
    let unknown = demo.ok(Method::POST, "/connections/ensure", json!({"appUrl": "crm.example.org"})).await;
    let unknown_again = demo.ok(Method::POST, "/connections/ensure", json!({"appUrl": "crm.example.org"})).await;

    assert_eq!((&known["key"], &known["name"]), (&json!("github-dev"), &json!("GitHub")));
    assert_eq!((&begun["state"], &begun["name"]), (&json!("CLIENT_ACTION_REQUIRED"), &json!("Chat")));
    assert_eq!(begun["id"], again["id"]);
    assert_eq!(unknown["id"], unknown_again["id"]);
    for wrong in ["", "localhost", "http://10.0.0.1/x", "not a url"] {
        let answer = demo.post("/connections/ensure", json!({"appUrl": wrong})).await;
        assert_eq!(answer.0, 400, "`{wrong}`: {answer:?}");
    }
}

#[tokio::test]
async fn a_key_may_hold_anything_that_can_be_encoded() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    for key in ["a/b", "a b", "ünï", "github.x", "100%", "?q#h"] {
        let begun = acme.ok(Method::POST, "/connect", json!({"connectorKey": "slack", "connectionKey": key})).await;
        let encoded = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC).to_string();

        let found = acme.ok(Method::GET, &format!("/connections/{encoded}"), Value::Null).await;

        assert_eq!((&found["id"], &found["key"]), (&begun["id"], &json!(key)), "{key}");
    }
}

#[tokio::test]
async fn the_same_key_asked_for_many_times_at_once_is_one_connection() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let body = json!({"connectorKey": "slack", "connectionKey": "chat"});

    let begun = futures_util::future::join_all((0..20).map(|_| acme.post("/connect", body.clone()))).await;

    for answer in &begun {
        assert_eq!((answer.0, &answer.1["id"]), (200, &begun[0].1["id"]));
    }
    assert_eq!(acme.items("/connections").await.len(), 1);
    assert_eq!(bed.manager().items("/customers?search=acme").await.len(), 1, "and one tenant");
}

#[tokio::test]
async fn a_change_may_name_the_connections_own_integration_and_no_unknown_one() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let path = "/connections/github-dev";
    let before = demo.ok(Method::GET, path, Value::Null).await;

    for method in [Method::PATCH, Method::PUT] {
        let body = |integration: &str| json!({"name": "GitHub", "key": "github-dev", "integrationKey": integration});
        let unknown = demo.call(method.clone(), path, Some(&body("nope"))).await;
        let own = demo.call(method.clone(), path, Some(&body("github"))).await;

        assert!([400, 404].contains(&unknown.0), "{method}: {unknown:?}");
        assert!(message(&unknown).contains("`nope`"), "{method}: {unknown:?}");
        assert_eq!((own.0, &own.1["integrationId"]), (200, &before["integrationId"]), "{method}: {own:?}");
    }
    assert_eq!(demo.ok(Method::GET, path, Value::Null).await["state"], "READY");
}

#[tokio::test]
async fn the_connectors_version_is_kept_and_narrows_the_list() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let credentials = json!({"apiKey": "sk_1"});
    let body = |key: &str| json!({"connectorKey": "stripe", "key": key, "credentials": credentials});
    let mut versioned = body("old");
    versioned["connectorVersion"] = json!("0.9.0");

    let made = acme.ok(Method::POST, "/connections", versioned).await;
    acme.ok(Method::POST, "/connections", body("new")).await;
    let read = acme.ok(Method::GET, "/connections/old", Value::Null).await;

    assert_eq!((&made["connectorVersion"], &read["connectorVersion"]), (&json!("0.9.0"), &json!("0.9.0")));
    assert_eq!(acme.each("/connections?connectorVersion=0.9.0", "key").await, ["old"]);
    assert!(acme.items("/connections?connectorVersion=9.9.9").await.is_empty());
}

#[tokio::test]
async fn a_connection_is_renamed_by_either_name_of_its_key() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    let renamed = demo.ok(Method::PATCH, "/connections/github-dev", json!({ "connectionKey": "renamed" })).await;
    let same = demo.ok(Method::PUT, "/connections/renamed", json!({ "key": "other", "connectionKey": "other" })).await;
    let torn = demo.patch("/connections/other", json!({ "key": "a", "connectionKey": "b" })).await;
    let spec = json!({ "connectorKey": "stripe", "connectionKey": "mine", "credentials": { "apiKey": "k" } });
    let made = demo.ok(Method::POST, "/connections", spec).await;

    assert_eq!((&renamed["key"], &same["key"], &made["key"]), (&json!("renamed"), &json!("other"), &json!("mine")));
    assert_eq!(torn.0, 400);
    assert!(message(&torn).contains("`key` and `connectionKey` are one field"), "{torn:?}");
}

#[tokio::test]
async fn what_a_client_action_asks_for_may_be_patched_in() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let begun = demo.connect(json!({ "connectorKey": "stripe", "connectionKey": "s" })).await;
    assert_eq!(begun["state"], "CLIENT_ACTION_REQUIRED");

    let part = demo.ok(Method::PATCH, "/connections/s", json!({ "input": { "other": "x" } })).await;
    assert_eq!(part["state"], "CLIENT_ACTION_REQUIRED", "it is not all that is asked for");
    let whole = demo.ok(Method::PATCH, "/connections/s", json!({ "input": { "apiKey": "sk_test" } })).await;
    assert!(["READY", "BUILDING"].contains(&whole["state"].as_str().unwrap()), "{whole}");
    bed.ws.settle().await.unwrap();
    assert_eq!(demo.state("s").await, "READY");

    // Connector parameters answer it as well, and they are settled: what is typed beside them does not win.
    let begun = demo.connect(json!({ "connectorKey": "stripe", "connectionKey": "t" })).await;
    assert_eq!(begun["state"], "CLIENT_ACTION_REQUIRED");
    let given = json!({ "connectorParameters": { "apiKey": "sk_settled" }, "input": { "apiKey": "sk_typed" } });
    demo.ok(Method::PATCH, "/connections/t", given).await;
    bed.ws.settle().await.unwrap();
    assert_eq!(demo.state("t").await, "READY");
    let shown = demo.ok(Method::GET, "/connections/t?includeSecrets=true", Value::Null).await;
    assert_eq!(shown["credentials"]["apiKey"], "sk_settled");
}

#[tokio::test]
async fn an_integration_is_disconnected_with_all_of_the_callers_connections() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    bed.ws.tenant("other").connect("github").key("theirs").ready().await.unwrap();

    assert_eq!(demo.post("/integrations/github/disconnect", json!({})).await.0, 204);

    assert_eq!(demo.connection_keys("").await, ["hubspot-prod"]);
    assert_eq!(bed.tenant("other").connection_keys("").await, ["theirs"]);
    assert_eq!(verdict(&demo.post("/integrations/github/disconnect", json!({})).await), "404 bad_request/not_found");
    assert_eq!(verdict(&demo.post("/integrations/nope/disconnect", json!({})).await), "404 bad_request/not_found");
}

#[tokio::test]
async fn a_key_that_several_tenants_have_is_refused_with_the_ids() {
    let bed = Bed::start().await;
    let mut ids = Vec::new();
    for tenant in ["acme", "globex"] {
        let made = json!({ "integrationKey": "stripe", "key": "billing", "credentials": { "apiKey": "x" } });
        ids.push((tenant, id(&bed.tenant(tenant).ok(Method::POST, "/connections", made).await)));
    }

    let by_manager = bed.manager().get("/connections/billing").await;
    let by_control = bed.control(Method::POST, "/connections/billing/poke", json!({"event": "disconnect"})).await;

    for refused in [by_manager, by_control] {
        assert_eq!(refused.0, 400, "{refused:?}");
        for (tenant, id) in &ids {
            assert!(message(&refused).contains(&format!("`{id}` of `{tenant}`")), "{}", message(&refused));
        }
    }
    let (_, of_acme) = &ids[0];
    assert_eq!(bed.manager().get(&format!("/connections/{of_acme}")).await.0, 200);
}
