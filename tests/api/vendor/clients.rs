//! What a connector's vendor holds to, and whose client asks there: scopes, clients, refusals, each way to authenticate.

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};

use crate::support::pages::{query_value, vendor_page};
use crate::support::{Answer, Bed, answer, contacts, id, message};

/// Asks a vendor's endpoint as a client of one's own.
async fn ask(bed: &Bed, connector: &str, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
    let at = format!("/vendor/{}/{connector}/oauth/{endpoint}", bed.ws.key());
    answer(bed.form(&at, fields)).await
}

#[tokio::test]
async fn a_token_without_the_scope_is_403_at_the_vendor() {
    let bed = Bed::start().await;
    let create = json!({"key": "create-contact", "connectionKey": "hubspot-prod", "input": {"email": "a@example.com"}});
    let list = contacts();

    let before = bed.demo().post("/act", create.clone()).await;
    bed.ws.upstream("hubspot").grant_scopes(&["crm.objects.contacts.read"]).await.unwrap();
    let refused = bed.demo().post("/act", create.clone()).await;
    let listed = bed.demo().post("/act", list).await;
    let tokens = bed.control(Method::GET, "/upstreams/hubspot/tokens", Value::Null).await.1;
    let change = format!("/upstreams/hubspot/tokens/{}/scopes", tokens["items"][0]["id"].as_str().unwrap());
    bed.control(Method::POST, &change, json!({"scopes": ["crm.objects.contacts.write"]})).await;
    let after = bed.demo().post("/act", create).await;

    assert_eq!((before.0, listed.0, after.0), (200, 200, 200), "{after:?}");
    assert_eq!(refused.0, 400, "{refused:?}");
    let (said, connection) = (refused.1.to_string(), bed.demo().get("/connections/hubspot-prod").await.1);
    assert!(said.contains("403") && said.contains("crm.objects.contacts.write"), "{said}");
    assert_eq!(connection["state"], "READY", "a token that may do less is still good");
}

#[tokio::test]
async fn a_stub_of_ones_own_asks_for_a_scope_too() {
    let bed = Bed::start().await;
    let stub = Stub::get("/repos/a/b/keys").scope("admin:public_key").json(200, json!([]));
    bed.ws.upstream("github").stub(stub).await.unwrap();

    let refused = bed.demo().get("/connections/github-dev/proxy/repos/a/b/keys").await;
    bed.ws.upstream("github").grant_scopes(&["admin:public_key"]).await.unwrap();
    let allowed = bed.demo().get("/connections/github-dev/proxy/repos/a/b/keys").await;

    assert_eq!((refused.0, &refused.1["error"]), (403, &json!("insufficient_scope")), "{refused:?}");
    assert_eq!(allowed, (200, json!([])));
}

#[tokio::test]
async fn the_next_refresh_is_refused_and_only_that() {
    let bed = Bed::exact().await;
    let list = contacts();
    bed.ws.upstream("hubspot").expire_tokens().await.unwrap();
    bed.ws.upstream("hubspot").refuse_refresh().await.unwrap();

    let refused = bed.demo().post("/act", list.clone()).await;
    let tokens = bed.control(Method::GET, "/upstreams/hubspot/tokens", Value::Null).await.1;
    let again = bed.demo().ok(Method::POST, "/connections/hubspot-prod/reconnect", json!({})).await;
    bed.complete(&id(&again)).await;
    bed.ws.upstream("hubspot").expire_tokens().await.unwrap();
    let refreshed = bed.demo().post("/act", list).await;

    assert_eq!((refused.0, &refused.1["code"]), (400, &json!("CONNECTION_DISCONNECTED")), "{refused:?}");
    assert_eq!(tokens["items"][0]["refuseRefresh"], false, "it has been refused: {tokens}");
    assert_eq!(refreshed.0, 200, "{refreshed:?}");
}

#[tokio::test]
async fn tokens_are_of_the_client_that_asked_for_them() {
    let bed = Bed::start().await;
    let begun = bed.tenant("acme").ok(Method::POST, "/connect", json!({"connectorKey": "hubspot"})).await;
    bed.complete(&id(&begun)).await;
    let own = json!({"parameters": {"clientId": "mine", "clientSecret": "of-mine"}});
    bed.manager().ok(Method::PATCH, "/integrations/hubspot", own).await;
    let held = format!("/connections/{}?includeSecrets=1", id(&begun));
    let held = bed.tenant("acme").ok(Method::GET, &held, Value::Null).await;
    let token = held["credentials"]["refresh_token"].as_str().unwrap().to_owned();
    let mine = [("client_id", "mine"), ("client_secret", "of-mine")];
    let shared = [("client_id", "membrane-hubspot"), ("client_secret", "shared-secret-of-hubspot")];
    let with = |client: [(&'static str, &'static str); 2], more: &[(&'static str, String)]| {
        let mut fields: Vec<(&str, String)> = client.map(|(name, value)| (name, value.to_owned())).to_vec();
        fields.extend_from_slice(more);
        fields
    };
    let ask = async |endpoint: &str, fields: Vec<(&str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ask(&bed, "hubspot", endpoint, &fields).await
    };
    let refresh = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.clone())];
    let revoke = [("token", token.clone())];

    assert_eq!(ask("token", with(mine, &refresh)).await.1["error"], "invalid_grant");
    assert_eq!(ask("token", with(shared, &refresh)).await.0, 200);
    assert_eq!(ask("revoke", revoke.to_vec()).await, (401, ask("revoke", revoke.to_vec()).await.1));
    assert_eq!(ask("revoke", with(mine, &revoke)).await.1["error"], "invalid_grant");
    assert_eq!(ask("revoke", with(shared, &[])).await.1["error"], "invalid_request");
    assert_eq!(ask("token", with(shared, &refresh)).await.0, 200, "nobody has revoked it yet");
    assert_eq!(ask("revoke", with(shared, &revoke)).await.0, 200);
    assert_eq!(ask("token", with(shared, &refresh)).await.1["error"], "invalid_grant");
    let unknown = with(shared, &[("token", "nobody-has-it".to_owned())]);
    assert_eq!(ask("revoke", unknown).await.0, 200, "RFC 7009 §2.2");
}

#[tokio::test]
async fn parameters_that_come_with_a_connection_are_its_own_client() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let own = |parameters: Value| json!({"integrationKey": "gmail", "connectorParameters": parameters});

    let mine = acme.ok(Method::POST, "/connect", own(json!({"clientId": "mine", "clientSecret": "s"}))).await;
    let to_vendor = vendor_page(&bed, &mine).await;
    let done = bed.complete(&id(&mine)).await;
    let half = acme.ok(Method::POST, "/connect", own(json!({"clientId": "mine"}))).await;
    let failed = acme.ok(Method::GET, &format!("/connections/{}?wait=1", id(&half)), Value::Null).await;
    let mended = json!({"connectionId": id(&half), "connectorParameters": {"clientId": "b", "clientSecret": "s"}});
    let again = acme.ok(Method::POST, "/connect", mended).await;
    let wrong = acme.post("/connect", own(json!("clientId"))).await;
    let others = bed.tenant("other").ok(Method::POST, "/connect", json!({"integrationKey": "gmail"})).await;

    assert_eq!(query_value(&to_vendor, "client_id"), "mine");
    assert_eq!(done["state"], "READY");
    assert_eq!(failed["state"], "CONFIGURATION_ERROR", "{failed:#}");
    assert!(failed["error"]["message"].as_str().unwrap().contains("no `clientSecret`"), "{failed:#}");
    assert_eq!(query_value(&vendor_page(&bed, &again).await, "client_id"), "b");
    assert_eq!(wrong.0, 400);
    assert!(message(&wrong).contains("`connectorParameters` is an object"), "{wrong:?}");
    assert_eq!(
        query_value(&vendor_page(&bed, &others).await, "client_id"),
        "membrane-gmail",
        "it is of one connection"
    );
}

#[tokio::test]
async fn parameters_that_come_with_a_connection_are_not_asked_for() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let given = json!({"accountSid": "AC00000000000000000000000000000000"});

    let options = json!({"connectorKey": "twilio", "connectorParameters": given});
    let (_, shown) = acme.post("/connection-options", options).await;
    let spec = json!({"connectorKey": "twilio", "connectorParameters": given});
    let begun = acme.ok(Method::POST, "/connect", spec).await;
    let page = bed.nobody().get(begun["clientAction"]["uiUrl"].as_str().unwrap()).await.1;
    let complete = format!("/connections/{}/complete", id(&begun));
    let (status, done) = bed.control(Method::POST, &complete, json!({"input": {"authToken": "secret"}})).await;

    let fields = |option: &Value| -> Vec<String> {
        option["inputSchema"]["properties"].as_object().expect("fields").keys().cloned().collect()
    };
    assert_eq!(fields(&shown[0]), ["authToken"], "{shown:#}");
    let page = page.as_str().unwrap();
    assert!(page.contains("name=\"authToken\"") && !page.contains("name=\"accountSid\""), "{page}");
    assert_eq!((status, &done["state"]), (200, &json!("READY")), "{done:#}");
}

#[tokio::test]
async fn a_connector_without_a_shared_client_needs_ones_own() {
    let bed = Bed::start().await;
    let oauth = json!({"authorizeUri": "https://own.example/authorize", "tokenUri": "https://own.example/token"});
    let spec = json!({"key": "own-only", "name": "Own Only", "type": "oauth2", "baseUri": "https://own.example",
        "oauth": oauth, "sharedOAuthClient": false});
    bed.manager().ok(Method::POST, "/connectors", spec).await;
    let acme = bed.tenant("acme");

    let begun = acme.ok(Method::POST, "/connect", json!({"connectorKey": "own-only"})).await;
    let failed = acme.ok(Method::GET, &format!("/connections/{}?wait=1", id(&begun)), Value::Null).await;
    let integration = failed["integrationId"].as_str().unwrap();
    let stranger = ask(&bed, "own-only", "token", &[("client_id", "membrane-own-only"), ("client_secret", "x")]).await;
    let own = json!({"parameters": {"clientId": "mine", "clientSecret": "s"}});
    bed.manager().ok(Method::PATCH, &format!("/integrations/{integration}"), own).await;
    let again = acme.ok(Method::POST, "/connect", json!({"connectionId": id(&begun)})).await;
    let to_vendor = vendor_page(&bed, &again).await;
    let done = bed.complete(&id(&again)).await;

    assert_eq!(begun["state"], "BUILDING");
    assert_eq!(failed["state"], "CONFIGURATION_ERROR", "{failed:#}");
    let why = failed["errors"][0]["message"].as_str().unwrap();
    assert!(why.contains("no shared OAuth client; set `clientId` and `clientSecret`"), "{why}");
    assert_eq!((stranger.0, &stranger.1["error"]), (401, &json!("invalid_client")));
    assert_eq!(
        (again["state"].as_str(), query_value(&to_vendor, "client_id")),
        (Some("CLIENT_ACTION_REQUIRED"), "mine".into())
    );
    assert_eq!((id(&done), &done["state"]), (id(&begun), &json!("READY")));
}

/// Each way to authenticate, through the same pages and to a call that carries what it has to.
#[tokio::test]
async fn each_way_to_authenticate_leads_to_a_call() {
    let bed = Bed::start().await;
    let oauth = json!({"authorizeUri": "https://x.example/authorize", "tokenUri": "https://x.example/token"});
    let ways = [
        ("oauth2", json!({"oauth": oauth}), &[("action", "allow"), ("account", "ann")][..], "Bearer mock-access-"),
        ("oauth1", json!({"oauth": oauth}), &[("action", "allow"), ("account", "ann")][..], "Bearer mock-access-"),
        ("client-credentials", json!({}), &[("action", "connect"), ("apiKey", "k-1")][..], "Bearer k-1"),
        ("membrane-token", json!({}), &[][..], "eyJ"),
        ("integration-app-token", json!({}), &[][..], "eyJ"),
        ("proxy", json!({}), &[][..], ""),
    ];
    for (way, more, answered, carries) in ways {
        let mut spec = json!({"key": way, "name": way, "type": way, "baseUri": "https://x.example"});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bed.manager().ok(Method::POST, "/connectors", spec).await;
        let header = if way.ends_with("token") { "x-membrane-token" } else { "authorization" };
        let seen = json!({"seen": {"$var": format!("$.headers.{header}")}});
        bed.ws.upstream(way).stub(Stub::get("/me").json(200, seen)).await.unwrap();

        let begun = bed.demo().ok(Method::POST, "/connect", json!({"connectorKey": way})).await;
        if !answered.is_empty() {
            let page = begun["clientAction"]["uiUrl"].as_str().expect(way).to_owned();
            if way.starts_with("oauth") {
                let to_vendor = bed.press(&page, &[("action", "connect")]).await;
                let back = bed.press(&to_vendor, answered).await;
                let (status, page) = bed.nobody().get(&back).await;
                assert!(status == 200 && page.as_str().unwrap().contains("newConnectionCreated"), "{way}: {page}");
            } else {
                let (status, page) = answer(bed.form(&page, answered)).await;
                assert!(status == 200 && page.as_str().unwrap().contains("newConnectionCreated"), "{way}: {page}");
            }
        }
        let connection = bed.demo().ok(Method::GET, &format!("/connections/{}", id(&begun)), Value::Null).await;
        let me = json!({"api": {"method": "GET", "path": "/me"}, "connectionId": id(&begun)});
        let (status, run) = bed.demo().post("/act", me).await;

        assert_eq!(connection["state"], "READY", "{way}: {connection:#}");
        assert_eq!(status, 200, "{way}: {run}");
        let seen = run["output"]["seen"].as_str().unwrap_or_default();
        assert!(seen.starts_with(carries) && seen.is_empty() == carries.is_empty(), "{way}: {run}");
    }
}
