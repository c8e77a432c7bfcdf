//! Pages however they are opened: by a form, in a frame, in a theme.

use http::Method;
use serde_json::{Value, json};

use crate::support::pages::{form_encoded, leads_to, page_of, vendor_page};
use crate::support::{Answer, Bed, answer, message, next_event};

#[tokio::test]
async fn a_popup_is_opened_by_a_form_of_plain_fields_too() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("acme").token();
    let fields = [("token", token.as_str()), ("connectorKey", "slack"), ("connectionKey", "team-a")];

    let (status, page) = answer(bed.form("/connection-popup", &fields)).await;
    let asked = bed.nobody().get(&format!("/connection-popup?{}", form_encoded(&fields))).await;

    assert!(status == 200 && page.as_str().unwrap().contains("Connect Slack"), "{status} {page}");
    assert_eq!(asked.0, 200);
    assert_eq!(bed.tenant("acme").each("/connections", "key").await, ["team-a"], "both ask for the same");
}

#[tokio::test]
async fn who_asks_in_json_is_answered_in_json() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");

    let named = acme.ok(Method::POST, "/connection-popup", json!({"integrationKey": "gmail"})).await;
    let of_query = acme.ok(Method::POST, "/connection-popup?integrationId=slack", json!({})).await;
    let connect = acme.ok(Method::POST, "/connect", json!({"connectorKey": "jira"})).await;

    for begun in [&named, &of_query] {
        assert_eq!(begun["state"], "CLIENT_ACTION_REQUIRED");
        assert_eq!(begun.as_object().unwrap().len(), connect.as_object().unwrap().len(), "{begun:#}");
    }
    let nothing = acme.post("/connection-popup", json!({"name": "x"})).await;
    assert!(nothing.0 == 400 && message(&nothing).contains("say what to connect to"), "{nothing:?}");
}

#[tokio::test]
async fn a_form_whose_json_is_broken_is_told_which_field() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("acme").token();

    // The token would be within the payload, which is why nobody knows whose call it is.
    let nobody = answer(bed.form("/connection-popup", &[("payload", "{oops")])).await;
    let query = format!("/connection-popup?token={token}&connectorKey=slack&connectorParameters=%7Boops");
    let parameters = bed.nobody().get(&query).await;
    let whole = answer(bed.form("/connect", &[("payload", "{}")])).await;

    for (said, field) in [(nobody, "payload"), (parameters, "connectorParameters")] {
        let told = said.1["message"].as_str().unwrap_or_default().starts_with(&format!("`{field}` is not valid JSON"));
        assert!(said.0 == 400 && told, "{field}: {said:?}");
    }
    assert_eq!(whole.0, 401, "JSON without a token: {whole:?}");
}

#[tokio::test]
async fn nobody_puts_a_consent_page_in_a_frame() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let begun = acme.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;
    let page = page_of(&begun);
    let to_vendor = vendor_page(&bed, &begun).await;
    let policy = async |address: &str| {
        let answer = bed.nobody().request(Method::GET, address).send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (header("content-security-policy").unwrap_or_default(), header("x-frame-options"))
    };

    for address in ["/", to_vendor.as_str(), "/oauth-callback?state=none", "/screens-of-nobody"] {
        let (policy, older) = policy(address).await;
        let is_page = !policy.is_empty();
        assert_eq!(is_page, address != "/screens-of-nobody", "only pages have a policy: {address}");
        assert_eq!(policy.contains("frame-ancestors 'none'"), is_page, "{address}: {policy}");
        assert_eq!(older.as_deref(), is_page.then_some("DENY"), "{address}");
    }
    let embedded = format!("/embed/main?token={}", bed.ws.tenant("acme").token());
    let popup = format!("/connection-popup?connectorKey=slack&token={}", bed.ws.tenant("acme").token());
    for address in [page.as_str(), &embedded, &popup] {
        let (policy, older) = policy(address).await;
        assert!(policy.contains("base-uri 'none'") && !policy.contains("frame-ancestors"), "{address}: {policy}");
        assert_eq!(older, None, "the client shows it in a frame");
    }
}

#[tokio::test]
async fn a_theme_is_kept_from_page_to_page() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("acme").token();
    let opened = |fields: &[(&str, &str)]| {
        let fields: Vec<(&str, &str)> =
            [("token", token.as_str()), ("theme", "dark")].iter().chain(fields).copied().collect();
        bed.form("/screens/connect", &fields).header("accept", "text/html")
    };
    let is_dark = |(_, page): &Answer| page.as_str().is_some_and(|page| page.contains("data-theme=\"dark\""));

    let connect = answer(opened(&[("integrationKey", "gmail")])).await;
    let form = leads_to(connect.1.as_str().unwrap());
    let to_vendor = bed.press(form, &[("action", "connect")]).await;
    let vendor = bed.nobody().get(&to_vendor).await;
    let back = bed.press(&to_vendor, &[("action", "allow")]).await;
    let done = bed.nobody().get(&back).await;
    let unknown = answer(opened(&[("integrationKey", "no-such-app")])).await;
    let choose = answer(opened(&[])).await;
    bed.control(Method::PUT, "/progress", json!({"connection.building": "hold"})).await;
    let building = answer(opened(&[("intent", "Acme Rocketry")])).await;

    for (what, page) in [
        ("connect", &connect),
        ("vendor", &vendor),
        ("done", &done),
        ("unknown", &unknown),
        ("choose", &choose),
        ("building", &building),
    ] {
        assert!(is_dark(page), "{what}: {page:?}");
    }
    assert_eq!(unknown.0, 404);
}

#[tokio::test]
async fn what_is_typed_is_sent_as_the_form_has_it() {
    let bed = Bed::start().await;
    let property = |kind: Value| json!({ "type": kind });
    let form = json!({"type": "object", "required": ["key", "port"], "properties": {
        "key": property(json!("string")), "port": property(json!("integer")), "ratio": property(json!(["number"])),
        "zip": property(json!(["string", "integer"])), "live": property(json!("boolean")),
    }});
    let shop = json!({"key": "shop", "name": "Shop", "type": "client-credentials", "baseUri": "https://shop.example", "inputSchema": form});
    bed.manager().ok(Method::POST, "/connectors", shop).await;
    let begun = bed.demo().ok(Method::POST, "/connect", json!({"connectorKey": "shop"})).await;
    let page = begun["clientAction"]["uiUrl"].as_str().unwrap();
    let typed = [
        ("key", "12345"),
        ("port", "8080"),
        ("ratio", "0.5"),
        ("zip", "01234"),
        ("live", "false"),
        ("action", "connect"),
    ];

    let (status, ended) = answer(bed.form(page, &typed)).await;
    let held = bed.demo().ok(Method::GET, "/connections/shop?includeSecrets=1", Value::Null).await;

    assert_eq!(status, 200, "{ended}");
    let sent = json!({"key": "12345", "port": 8080, "ratio": 0.5, "zip": "01234", "live": false});
    assert_eq!(held["credentials"], sent);
}

#[tokio::test]
async fn the_legacy_client_names_in_the_address_what_it_connects_to() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("acme").token();
    let mut stream = bed.nobody().request(Method::GET, "/sse/connection-events/r-legacy").send().await.unwrap();
    let opened = async |query: &str, more: Value| {
        let mut payload = json!({ "token": token, "requestId": "r-legacy" });
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let fields = [("payload", payload.to_string())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        answer(bed.form(&format!("/connection-popup?{query}"), &fields).header("accept", "text/html")).await
    };

    let (status, page) = opened("integrationId=github", json!({ "name": "Mine" })).await;
    assert!(status == 200 && page.as_str().unwrap().contains("Connect GitHub"), "{status} {page}");
    let mine = &bed.tenant("acme").items("/connections").await[0];
    assert_eq!((&mine["name"], &mine["integration"]["key"]), (&json!("Mine"), &json!("github")));

    let (status, _) = opened(&format!("connectionId={}", mine["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(bed.tenant("acme").items("/connections").await.len(), 1, "it connects the same one again");
    bed.complete(mine["id"].as_str().unwrap()).await;
    let told = next_event(&mut stream).await;
    assert_eq!((&told["requestId"], &told["type"]), (&json!("r-legacy"), &json!("newConnectionCreated")));

    let wrong = bed.nobody().request(Method::GET, "/sse/connection-events/r?token=wrong").send().await.unwrap();
    assert_eq!(wrong.status(), 401, "a token that comes has to be valid");
    let nothing = opened("", json!({})).await;
    assert!(nothing.1.as_str().unwrap().contains("say what to connect to"), "{nothing:?}");
}
