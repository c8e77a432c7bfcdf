//! The connection machine over HTTP: every state, and what leads there.

use http::Method;
use membrane_mock::testing::ConnectionStates;
use serde_json::{Value, json};

use crate::support::pages::page_of;
use crate::support::{Api, Bed, GUARD, id, message, user};

/// What a client sees of where a connection stands.
fn flags(connection: &Value) -> String {
    let flag = |name: &'static str| if connection[name] == json!(true) { name } else { "-" };
    let action = if connection["clientAction"].is_object() { "clientAction" } else { "-" };
    let state = connection["state"].as_str().unwrap_or("?");
    format!("{state} {} {} {action}", flag("connected"), flag("disconnected"))
}

impl Bed {
    async fn building(&self) -> (Api, String) {
        self.progress("connection.building", json!("hold")).await;
        let acme = self.tenant("acme");
        let connection = acme.connect(json!({"intent": "Frobnicator"})).await;
        assert_eq!(connection["state"], "BUILDING");
        (acme, id(&connection))
    }
}

#[tokio::test]
async fn an_intent_is_built_then_waits_for_its_user_then_is_finalised_and_ready() {
    let bed = Bed::start().await;
    let (acme, connection) = bed.building().await;

    let mut seen = vec![flags(&acme.connection(&connection).await)];
    bed.poke(&connection, "finishBuilding").await;
    seen.push(flags(&acme.connection(&connection).await));
    bed.poke(&connection, "authorize").await;
    seen.push(flags(&acme.connection(&connection).await));
    bed.poke(&connection, "finishBuilding").await;
    seen.push(flags(&acme.connection(&connection).await));
    bed.poke(&connection, "loseCredentials").await;
    seen.push(flags(&acme.connection(&connection).await));

    assert_eq!(
        seen,
        [
            "BUILDING - disconnected -",
            "CLIENT_ACTION_REQUIRED - disconnected clientAction",
            "BUILDING - disconnected -",
            "READY connected - -",
            "DISCONNECTED - disconnected -",
        ]
    );
}

#[tokio::test]
async fn building_fails_in_three_ways_and_each_can_be_connected_again() {
    for (event, state) in
        [("failConfiguration", "CONFIGURATION_ERROR"), ("failSetup", "SETUP_FAILED"), ("fail", "ERROR")]
    {
        let bed = Bed::start().await;
        let (acme, connection) = bed.building().await;

        bed.poke(&connection, event).await;
        let failed = acme.connection(&connection).await;
        let again = acme.connect(json!({"connectionId": connection})).await;

        assert_eq!(flags(&failed), format!("{state} - disconnected -"));
        assert!(!failed["errors"][0]["message"].as_str().unwrap().is_empty(), "{failed:#}");
        assert_eq!(id(&again), connection);
        assert!(["BUILDING", "CLIENT_ACTION_REQUIRED"].contains(&again["state"].as_str().unwrap()), "{again:#}");
    }
}

#[tokio::test]
async fn a_poke_may_bring_the_error_along() {
    let bed = Bed::start().await;
    let (acme, connection) = bed.building().await;

    let path = format!("/connections/{connection}/poke");
    bed.control(Method::POST, &path, json!({"event": "failSetup", "error": "no API found"})).await;

    assert_eq!(acme.connection(&connection).await["errors"][0]["message"], "no API found");
}

#[tokio::test]
async fn an_illegal_poke_is_400_and_names_both_sides() {
    let bed = Bed::start().await;

    let allowed = json!(["loseCredentials", "fail", "reconnect", "rebuild", "disconnect"]);
    for event in ["authorize", "cancel", "failSetup", "finishBuilding"] {
        let answer = bed.control(Method::POST, "/connections/github-dev/poke", json!({"event": event})).await;

        assert_eq!(answer.0, 400, "{event}");
        assert!(message(&answer).contains("READY") && message(&answer).contains(&format!("`{event}`")), "{answer:?}");
        let data = &answer.1["data"];
        assert_eq!(
            (&data["machine"], &data["state"], &data["event"], &data["events"]),
            (&json!("connection"), &json!("READY"), &json!(event), &allowed)
        );
    }
    assert_eq!(bed.demo().get("/connections/github-dev").await.1["state"], "READY");
    assert_eq!(bed.control(Method::POST, "/connections/github-dev/poke", json!({"event": "explode"})).await.0, 400);
    assert_eq!(bed.control(Method::POST, "/connections/nope/poke", json!({"event": "cancel"})).await.0, 404);
}

#[tokio::test]
async fn an_illegal_poke_tells_how_the_connection_came_there() {
    let bed = Bed::start().await;
    bed.poke("github-dev", "loseCredentials").await;

    let (_, refused) = bed.control(Method::POST, "/connections/github-dev/poke", json!({"event": "authorize"})).await;

    let last = &refused["data"]["history"][0];
    assert_eq!((&last["from"], &last["to"]), (&json!("READY"), &json!("DISCONNECTED")), "{refused}");
}

#[tokio::test]
async fn reconnecting_keeps_the_id_and_stays_disconnected_until_it_succeeds() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let before = id(&demo.connection("github-dev").await);
    bed.poke("github-dev", "loseCredentials").await;

    let again = demo.connect(json!({"connectionId": before})).await;
    bed.poke("github-dev", "authorize").await;
    let ready = demo.connection(&before).await;

    assert_eq!(id(&again), before);
    assert_eq!(flags(&again), "CLIENT_ACTION_REQUIRED - disconnected clientAction");
    assert_eq!(flags(&ready), "READY connected - -");
    assert!(ready["error"].is_null() && ready["requestError"].is_null(), "{ready:#}");
    assert_eq!(demo.items("/connections").await.len(), 2);
}

#[tokio::test]
async fn a_known_key_and_the_reconnect_route_connect_the_same_record() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let before = id(&demo.connection("github-dev").await);
    bed.poke("github-dev", "loseCredentials").await;

    let by_key = demo.connect(json!({"connectorKey": "github", "connectionKey": "github-dev"})).await;
    bed.poke("github-dev", "cancel").await;
    let by_route = demo.ok(Method::POST, "/connections/github-dev/reconnect", json!({})).await;

    assert_eq!((id(&by_key), id(&by_route)), (before.clone(), before));
}

#[tokio::test]
async fn a_cancel_returns_to_the_former_state() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    for (first, former) in [(None, "READY connected - -"), (Some("loseCredentials"), "DISCONNECTED - disconnected -")] {
        if let Some(event) = first {
            bed.poke("github-dev", event).await;
        }
        let asked = demo.connect(json!({"connectionId": demo.connection("github-dev").await["id"]})).await;
        bed.poke("github-dev", "cancel").await;

        assert_eq!(asked["state"], "CLIENT_ACTION_REQUIRED");
        assert_eq!(flags(&demo.connection("github-dev").await), former);
    }
}

#[tokio::test]
async fn a_lost_connection_tells_why() {
    let bed = Bed::exact().await;

    bed.poke("github-dev", "loseCredentials").await;
    let lost = bed.demo().connection("github-dev").await;

    insta::assert_snapshot!(
        bed.shown(&(200, json!({
            "state": lost["state"], "error": lost["error"], "requestError": lost["requestError"],
            "isDefunct": lost["isDefunct"],
        }))),
        @r#"
        200 {
          "state": "DISCONNECTED",
          "error": {
            "type": "connection",
            "key": "access_token_expired",
            "message": "the external app no longer accepts the credentials"
          },
          "requestError": {
            "type": "connection",
            "key": "access_token_expired",
            "message": "the external app no longer accepts the credentials"
          },
          "isDefunct": false
        }
        "#
    );
}

#[tokio::test]
async fn with_engine_states_a_lost_connection_stays_inside_the_clients_enum() {
    let bed = Bed::start().await;
    bed.ws.mock_settings(|mock| mock.connection_states = ConnectionStates::Engine).await.unwrap();

    bed.poke("github-dev", "loseCredentials").await;

    let demo = bed.demo();
    assert_eq!(flags(&demo.connection("github-dev").await), "READY - disconnected -");
    assert_eq!(flags(&demo.items("/connections").await[0]), "READY - disconnected -");
    let answer = demo.post("/act", user()).await;
    assert_eq!((answer.0, &answer.1["code"]), (400, &json!("CONNECTION_DISCONNECTED")));
}

#[tokio::test]
async fn an_intent_without_a_match_builds_a_connector_named_after_it() {
    let bed = Bed::exact().await;
    let (acme, connection) = bed.building().await;

    bed.poke(&connection, "finishBuilding").await;

    let built = acme.ok(Method::GET, "/connectors/frobnicator", Value::Null).await;
    assert_eq!(built["name"], "Frobnicator");
    assert_eq!(acme.get("/integrations/frobnicator").await.0, 200);
    let page = page_of(&acme.connection(&connection).await);
    let form = bed.nobody().get(&page).await.1;
    assert!(form.as_str().unwrap().contains("name=\"apiKey\""), "{form}");
}

#[tokio::test]
async fn an_intent_that_names_an_app_of_the_catalog_ends_at_its_connector() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    let first = acme.connect(json!({"intent": "connect my Slack account"})).await;
    let waited = acme.ok(Method::GET, &format!("/connections/{}?wait=1", id(&first)), Value::Null).await;

    let slack = acme.ok(Method::GET, "/connectors/slack", Value::Null).await;
    assert_eq!(waited["state"], "CLIENT_ACTION_REQUIRED");
    assert_eq!(waited["connectorId"], slack["id"]);
}

#[tokio::test]
async fn auto_connect_answers_ready_for_every_connector_of_the_catalog() {
    let bed = Bed::start().await;
    bed.ws.mock_settings(|mock| mock.auto_connect = true).await.unwrap();
    let acme = bed.tenant("acme");

    for connector in acme.each("/connectors", "key").await {
        let connection = acme.connect(json!({"connectorKey": connector})).await;

        assert_eq!(flags(&connection), "READY connected - -", "{connector}");
        let tested = acme.get(&format!("/connections/{}/test", id(&connection))).await;
        assert_eq!(tested, (200, json!({"success": true})), "{connector}: a real exchange gives credentials that work");
    }
}

#[tokio::test]
async fn half_an_oauth_client_is_a_configuration_error() {
    let bed = Bed::start().await;
    let (acme, manager) = (bed.tenant("acme"), bed.manager());
    manager.ok(Method::PATCH, "/integrations/slack/parameters", json!({"clientId": "mine"})).await;

    let first = acme.connect(json!({"integrationKey": "slack"})).await;
    let failed = acme.ok(Method::GET, &format!("/connections/{}?wait=1", id(&first)), Value::Null).await;
    manager.ok(Method::PATCH, "/integrations/slack/parameters", json!({"clientSecret": "secret"})).await;
    let again = acme.connect(json!({"connectionId": first["id"]})).await;

    assert_eq!(first["state"], "BUILDING");
    assert_eq!(failed["state"], "CONFIGURATION_ERROR");
    assert!(failed["errors"][0]["message"].as_str().unwrap().contains("clientSecret"), "{failed:#}");
    assert_eq!((id(&again), &again["state"]), (id(&first), &json!("CLIENT_ACTION_REQUIRED")));
}

#[tokio::test]
async fn a_long_poll_is_woken_by_the_commit_that_ends_building() {
    let bed = Bed::start().await;
    let (acme, connection) = bed.building().await;
    let path = format!("/connections/{connection}?wait=true&timeout=60");
    let (waiting_acme, other) = (acme.clone(), bed.tenant("other"));

    let waiting = tokio::spawn(async move { waiting_acme.get(&path).await });
    // Commits that do not concern it let it wait on.
    for _ in 0..3 {
        other.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;
    }
    assert!(!waiting.is_finished());
    bed.poke(&connection, "finishBuilding").await;
    let (status, woken) = tokio::time::timeout(GUARD, waiting).await.expect("woken").unwrap();

    assert_eq!((status, &woken["state"]), (200, &json!("CLIENT_ACTION_REQUIRED")));
}

#[tokio::test]
async fn a_long_poll_ends_with_its_timeout_and_answers_what_there_is() {
    let bed = Bed::start().await;
    let (acme, connection) = bed.building().await;

    let ended = acme.get(&format!("/connections/{connection}?wait=true&timeout=1")).await;
    let ready = bed.demo().get("/connections/github-dev?wait=true&timeout=60").await;

    assert_eq!((ended.0, &ended.1["state"]), (200, &json!("BUILDING")));
    assert_eq!(ready.1["state"], "READY", "what is not BUILDING is not waited for");
    for timeout in ["0", "61", "soon", "-1"] {
        let answer = acme.get(&format!("/connections/{connection}?wait=true&timeout={timeout}")).await;
        assert_eq!(answer.0, 400, "timeout={timeout}");
    }
}

#[tokio::test]
async fn with_engine_states_no_record_leaves_the_clients_enum() {
    let known = ["BUILDING", "CLIENT_ACTION_REQUIRED", "CONFIGURATION_ERROR", "SETUP_FAILED", "READY", "DISCONNECTING"];
    let bed = Bed::start().await;
    bed.ws.mock_settings(|mock| mock.connection_states = ConnectionStates::Engine).await.unwrap();
    let (acme, connection) = bed.building().await;
    let demo = bed.demo();

    bed.poke(&connection, "fail").await;
    bed.poke("github-dev", "fail").await;
    demo.post("/connections/hubspot-prod/disconnect", json!({})).await;

    for (api, selector) in [(&acme, connection.as_str()), (&demo, "github-dev"), (&demo, "hubspot-prod")] {
        let shown = api.connection(selector).await;
        assert!(known.contains(&shown["state"].as_str().unwrap()), "{selector}: {}", shown["state"]);
        assert_eq!((&shown["connected"], &shown["disconnected"]), (&json!(false), &json!(true)), "{selector}");
    }
}

#[tokio::test]
async fn an_action_may_be_disconnected_in_one_tenant_and_work_in_another() {
    let bed = Bed::start().await;
    bed.ws.mock_settings(|mock| mock.auto_connect = true).await.unwrap();
    let (demo, acme) = (bed.demo(), bed.tenant("acme"));
    acme.connect(json!({"connectorKey": "github", "connectionKey": "github-dev"})).await;
    let own = id(&demo.connection("github-dev").await);

    bed.poke(&own, "loseCredentials").await;

    let body = user();
    assert_eq!(demo.post("/act", body.clone()).await.0, 400);
    assert_eq!(acme.post("/act", body).await.0, 200);
}
