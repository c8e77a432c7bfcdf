//! Pages in the client's frame beside connecting, what an integration settles for its users, and apps that are called
//! with the workspace's own token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::pages::leads_to;
use crate::support::receivers::answering;
use crate::support::{Answer, Bed, answer, id};

/// A page as a browser gets it, as this tenant: status and HTML, in which the token never is.
async fn page_for(bed: &Bed, tenant: &str, path: &str) -> (u16, String) {
    let token = bed.ws.tenant(tenant).token();
    let request = bed.nobody().request(Method::GET, &format!("{path}?theme=dark&token={token}"));
    html(answer(request.header("accept", "text/html")).await, &token)
}

fn html((status, page): Answer, token: &str) -> (u16, String) {
    let page = page.as_str().expect("a page").to_owned();
    assert!(page.starts_with("<!doctype html>") && !page.contains(token), "{page}");
    (status, page)
}

#[tokio::test]
async fn the_main_page_lists_what_there_is_and_how_it_stands() {
    let bed = Bed::start().await;
    let marked = json!({"key": "marked", "name": "<i>Marked</i>", "connectorKey": "twilio"});
    bed.manager().ok(Method::POST, "/integrations", marked).await;
    bed.manager().delete("/integrations/notion").await;

    let (status, of_demo) = page_for(&bed, "demo-tenant", "/embed/main").await;
    let (_, of_acme) = page_for(&bed, "acme", "/embed/main").await;

    assert_eq!(status, 200);
    assert!(of_demo.contains("data-screen=\"integrations\"") && of_demo.contains("data-theme=\"dark\""), "{of_demo}");
    assert!(of_demo.contains("Reconnect GitHub") && of_demo.contains("Connect Slack"), "{of_demo}");
    assert!(of_acme.contains("\"Connect GitHub\""), "another's connection is not one's own: {of_acme}");
    assert!(of_demo.contains("&#60;i&#62;Marked") && !of_demo.contains("<i>"), "{of_demo}");
    assert!(!of_demo.contains("Notion"), "it is archived");
    assert!(of_demo.contains("Mock"), "it says what it is");
}

#[tokio::test]
async fn a_lost_connection_says_so_and_its_button_connects_it_again() {
    let bed = Bed::start().await;
    bed.poke("github-dev", "loseCredentials").await;
    let github = id(&bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await);

    let (status, page) = page_for(&bed, "demo-tenant", "/embed/integrations/github").await;
    let (pressed, connect) = answer(bed.form(leads_to(&page), &[])).await;

    assert_eq!((status, pressed), (200, 200));
    assert!(page.contains("<h1>GitHub</h1>") && page.contains("Disconnected"), "{page}");
    let connect = connect.as_str().unwrap();
    assert!(connect.contains("GitHub") && connect.contains("value=\"connect\""), "{connect}");
    let to_vendor = bed.press(leads_to(connect), &[("action", "connect")]).await;
    let back = bed.press(&to_vendor, &[("action", "allow")]).await;
    bed.nobody().get(&back).await;
    let after = bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await;
    assert_eq!((id(&after), &after["state"]), (github, &json!("READY")));
}

#[tokio::test]
async fn the_page_of_one_integration_connects_it() {
    let bed = Bed::start().await;
    let (_, page) = page_for(&bed, "acme", "/embed/integrations/stripe").await;

    let (_, form) = answer(bed.form(leads_to(&page), &[])).await;
    let form = form.as_str().unwrap();
    let done = answer(bed.form(leads_to(form), &[("action", "connect"), ("apiKey", "sk_test_1")])).await;

    assert!(page.contains("Not connected") && page.contains("Connect Stripe"), "{page}");
    assert_eq!(done.0, 200);
    assert_eq!(bed.tenant("acme").each("/connections", "state").await, ["READY"]);
    let (status, missing) = page_for(&bed, "acme", "/embed/integrations/nope").await;
    assert!(status == 404 && missing.contains("Integration not found"), "{status} {missing}");
}

#[tokio::test]
async fn what_has_nothing_to_configure_says_so_plainly() {
    let bed = Bed::start().await;

    let demo = bed.demo();
    let call = json!({"key": "create-issue", "connectionKey": "github-dev"});
    let made = demo.ok(Method::POST, "/action-instance?parentKey=create-issue&connectionKey=github-dev", call).await;
    let flow = json!({"key": "sync", "integrationKey": "github", "nodes": {"start": {"type": "api-trigger"}}});
    bed.manager().ok(Method::POST, "/flows", flow).await;
    let query = "?flowKey=sync&connectionKey=github-dev&autoCreate=true";
    let instance = id(&demo.ok(Method::GET, &format!("/flow-instance{query}"), Value::Null).await);
    let run = demo.ok(Method::POST, "/flow-runs", json!({"flowInstanceId": instance})).await;

    for path in [
        format!("/embed/action-instances/{}/configuration", id(&made)),
        format!("/isolated-embed/flow-runs/{}/editor", id(&run)),
        "/embed/flows/github.sync/configuration".into(),
    ] {
        let (status, page) = page_for(&bed, "demo-tenant", &path).await;
        let what = path.split_once("embed/").unwrap().1;
        assert_eq!(status, 200, "{path}: {page}");
        assert!(page.contains(what) && page.contains("there is nothing to set"), "{path}: {page}");
        let (others, _) = page_for(&bed, "acme", &path).await;
        assert_eq!(others, if path.contains("/flows/") { 200 } else { 404 }, "{path}: what is another's is not there");
    }
    for path in [
        format!("/embed/action-instances/{}/settings", id(&made)),
        format!("/embed/flow-instances/{instance}/settings"),
    ] {
        let (status, page) = page_for(&bed, "demo-tenant", &path).await;
        assert!(status == 404 && page.contains("There is no page"), "{path}: {page}");
    }
}

#[tokio::test]
async fn a_page_of_nothing_says_which() {
    let bed = Bed::start().await;

    for (path, status, says) in [
        ("/embed/action-instances/x/configuration", 404, "No matching action instance: `x`"),
        ("/embed/flow-runs/x/editor", 404, "Flow run not found"),
        ("/embed/flows/x/editor", 404, "No matching flow"),
        ("/embed/actions/create-contact/colours", 404, "There is no page"),
        ("/embed/nonsense", 404, "There is no page"),
        ("/isolated-embed/data-source-instances/x/configuration", 404, "No matching data source instance: `x`"),
    ] {
        let (found, page) = page_for(&bed, "acme", path).await;
        assert!(found == status && page.contains(says), "{path}: {found} {page}");
    }
    let (_, page) = page_for(&bed, "acme", "/embed/flows/<script>alert(1)</script>/editor").await;
    assert!(!page.contains("<script>alert"), "{page}");
}

#[tokio::test]
async fn an_agent_sessions_page_shows_what_was_said() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("acme").token();
    let prompt = json!({"prompt": "Add <b>bold</b> fields"});
    let session = id(&bed.tenant("acme").ok(Method::POST, "/agent/sessions", prompt).await);
    bed.ws.settle().await.unwrap();
    let open = async |token: &str, session: &str| {
        let form = bed.form("/screens/agent-session", &[("token", token), ("sessionId", session), ("theme", "dark")]);
        html(answer(form.header("accept", "text/html")).await, token)
    };

    let (status, page) = open(&token, &session).await;
    let (missing, _) = open(&token, "nope").await;
    let (others, _) = open(&bed.ws.tenant("other").token(), &session).await;
    let unnamed = answer(bed.form("/screens/agent-session", &[("token", &token)])).await;

    assert_eq!((status, missing, others, unnamed.0), (200, 404, 404, 400));
    assert!(page.contains("data-theme=\"dark\"") && page.contains("<strong>completed</strong>"), "{page}");
    assert!(page.contains("Add &#60;b&#62;bold") && !page.contains("<b>bold"), "{page}");
    assert!(page.contains("membrane-mock stands in for the agent"), "{page}");
}

#[tokio::test]
async fn without_a_token_a_page_says_so() {
    let bed = Bed::start().await;

    for path in ["/embed/main", "/embed/integrations/github", "/embed/flows/x/editor", "/isolated-embed/flows/x/editor"]
    {
        for query in ["", "?token=nonsense"] {
            let request = bed.nobody().request(Method::GET, &format!("{path}{query}"));
            let (status, page) = html(answer(request.header("accept", "text/html")).await, "nonsense");
            assert!(status == 401 && page.contains("data-screen=\"problem\""), "{path}{query}: {status} {page}");
        }
        assert_eq!(bed.nobody().get(path).await.1["key"], "not_authenticated", "{path}: a program gets JSON");
    }
    let form = bed.form("/screens/agent-session", &[("sessionId", "x")]).header("accept", "text/html");
    assert_eq!(html(answer(form).await, "none-was-sent").0, 401);
    let nobodys = bed.manager().get("/embed/main").await;
    assert_eq!(nobodys.0, 400, "a page belongs to a tenant: {nobodys:?}");
}

#[tokio::test]
async fn what_an_integration_has_settled_is_not_asked_for() {
    let settled = [
        json!({"optionsConfig": {"default": {"parameters": {"accountSid": "AC-ours"}}}}),
        json!({"parameters": {"accountSid": "AC-ours"}}),
    ];
    for settings in settled {
        let bed = Bed::start().await;
        bed.manager().ok(Method::POST, "/integrations", json!({"key": "twilio", "connectorKey": "twilio"})).await;
        bed.manager().ok(Method::PATCH, "/integrations/twilio", settings.clone()).await;
        let acme = bed.tenant("acme");

        let options = acme.ok(Method::POST, "/connection-options", json!({"integrationKey": "twilio"})).await;
        let of_the_connector = acme.ok(Method::POST, "/connection-options", json!({"connectorKey": "twilio"})).await;
        let begun = acme.ok(Method::POST, "/connect", json!({"integrationKey": "twilio"})).await;
        let at = begun["clientAction"]["uiUrl"].as_str().unwrap();
        let (_, page) = bed.nobody().get(at).await;
        let typed = [("action", "connect"), ("accountSid", "AC-theirs"), ("authToken", "secret")];
        let done = answer(bed.form(at, &typed)).await;

        let form = &options[0]["inputSchema"];
        assert_eq!(form["required"], json!(["authToken"]), "{settings}");
        assert!(form["properties"].get("accountSid").is_none(), "{form}");
        assert_eq!(of_the_connector[0]["inputSchema"]["required"], json!(["accountSid", "authToken"]));
        let page = page.as_str().unwrap();
        assert!(page.contains("name=\"authToken\"") && !page.contains("accountSid"), "{page}");
        assert!(!page.contains("AC-ours"), "what is settled is not the user's to see: {page}");
        assert_eq!(done.0, 200);
        let path = format!("/connections/{}?includeSecrets=1", id(&begun));
        let made = acme.ok(Method::GET, &path, Value::Null).await;
        assert_eq!(made["state"], "READY");
        assert_eq!(made["credentials"]["accountSid"], "AC-ours", "{settings}");
        assert_eq!(made["credentials"]["authToken"], "secret");
    }
}

#[tokio::test]
async fn a_way_to_authenticate_that_is_switched_off_is_no_option() {
    let bed = Bed::start().await;
    let off = json!({"optionsConfig": {"default": {"disabled": true}}});
    bed.manager().ok(Method::PATCH, "/integrations/slack", off).await;
    let demo = bed.demo();

    let named = demo.ok(Method::POST, "/connection-options", json!({"integrationKey": "slack"})).await;
    let other = demo.ok(Method::POST, "/connection-options", json!({"integrationKey": "github"})).await;
    let on = json!({"optionsConfig": {"default": {"disabled": false}}});
    bed.manager().ok(Method::PATCH, "/integrations/slack", on).await;
    let again = demo.ok(Method::POST, "/connection-options", json!({"integrationKey": "slack"})).await;

    assert_eq!(named, json!([]));
    assert_eq!((&other[0]["type"], &again[0]["type"]), (&json!("oauth2"), &json!("oauth2")));
}

#[tokio::test]
async fn an_app_behind_membranes_own_token_learns_whose_call_it_is() {
    for kind in ["membrane-token", "integration-app-token"] {
        let bed = Bed::start().await;
        let app = answering(ResponseTemplate::new(200).set_body_json(json!({"ok": true}))).await;
        let manager = bed.manager();
        let customer = json!({"internalId": "acme", "name": "Acme", "fields": {"plan": "pro"}});
        manager.ok(Method::POST, "/customers", customer).await;
        let own = json!({"key": "own", "name": "Own", "type": kind, "baseUri": "https://own.example/v1"});
        manager.ok(Method::POST, "/connectors", own).await;
        bed.ws.upstream("own").at(&app.uri()).await.unwrap();
        let acme = bed.tenant("acme");

        let connected = acme.ok(Method::POST, "/connect", json!({"connectorKey": "own"})).await;
        let me = json!({"api": {"method": "GET", "path": "/me"}, "connectionKey": "own"});
        let run = acme.ok(Method::POST, "/act", me).await;

        assert_eq!(connected["state"], "READY", "its user has nothing to do");
        let requests = app.received_requests().await.expect("a record");
        let header = |name: &str| requests[0].headers[name].to_str().unwrap().to_owned();
        let token = header("x-membrane-token");
        assert_eq!(header("x-integration-app-token"), token);
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(claims["iss"], bed.ws.key());
        assert_eq!((&claims["sub"], &claims["id"]), (&json!("acme"), &json!("acme")));
        assert_eq!(claims["fields"], json!({"plan": "pro"}));
        let secret = DecodingKey::from_secret(bed.ws.secret().as_bytes());
        jsonwebtoken::decode::<Value>(&token, &secret, &Validation::new(Algorithm::HS256)).expect("signed and in time");

        let details = acme.run_details(&run).await;
        let sent = &details["details"]["exchanges"][0]["request"]["headers"];
        for name in ["x-membrane-token", "x-integration-app-token"] {
            assert_eq!(sent[name], "********", "{details:#}");
        }
        assert!(!details.to_string().contains(&token), "{details:#}");
    }
}
