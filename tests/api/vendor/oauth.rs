//! The stub vendor's OAuth 2.0, and the engine's part in it: codes, refreshes, refusals. A client that is not ours
//! completes the vendor's flow too.

use http::Method;
use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, PkceCodeChallenge,
    RedirectUrl, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use serde_json::{Value, json};
use url::Url;

use crate::support::pages::{form_encoded, query_value, vendor_page};
use crate::support::{Bed, contacts, id};

impl Bed {
    /// The same as an address to look into.
    async fn leads_to(&self, page: &str, fields: &[(&str, &str)]) -> Url {
        self.press(page, fields).await.parse().unwrap()
    }
}

#[tokio::test]
async fn the_engine_sends_the_user_with_pkce_and_exchanges_the_code_by_http() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let begun = acme.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;

    let to_vendor = vendor_page(&bed, &begun).await;
    let (status, page) = bed.nobody().get(to_vendor.as_str()).await;
    let back = bed.leads_to(to_vendor.as_str(), &[("action", "allow"), ("account", "ann@example.com")]).await;
    let done = bed.nobody().get(back.as_str()).await;

    assert_eq!(
        (query_value(&to_vendor, "response_type"), query_value(&to_vendor, "code_challenge_method")),
        ("code".into(), "S256".into())
    );
    assert_eq!(query_value(&to_vendor, "redirect_uri"), format!("{}/oauth-callback", bed.mock.uri()));
    assert_eq!(status, 200);
    assert!(page.as_str().unwrap().contains("to use Slack?"), "{page}");
    assert_eq!(query_value(&back, "state"), query_value(&to_vendor, "state"));
    assert_eq!(done.0, 200);
    assert!(done.1.as_str().unwrap().contains("newConnectionCreated"), "{}", done.1);
    assert!(!done.1.as_str().unwrap().contains("mock-access"), "no token is in a page");
    assert_eq!(bed.vendor_requests("slack").await, ["/oauth/token?grant_type=authorization_code"]);
    let connection = acme.ok(Method::GET, &format!("/connections/{}", id(&begun)), Value::Null).await;
    assert_eq!((&connection["state"], &connection["connected"]), (&json!("READY"), &json!(true)));
    let granted = bed.control(Method::GET, "/upstreams/slack/tokens", Value::Null).await.1;
    assert_eq!(granted["items"][0]["account"], "ann@example.com");
    let again = bed.nobody().get(back.as_str()).await.1;
    assert!(again.as_str().unwrap().contains("no longer open"), "an attempt ends once: {again}");
}

#[tokio::test]
async fn a_user_who_denies_connects_nothing() {
    let bed = Bed::start().await;
    bed.poke("github-dev", "loseCredentials").await;
    let again = bed.demo().ok(Method::POST, "/connections/github-dev/reconnect", json!({})).await;

    let to_vendor = vendor_page(&bed, &again).await;
    let back = bed.leads_to(to_vendor.as_str(), &[("action", "deny")]).await;
    let (_, page) = bed.nobody().get(back.as_str()).await;

    assert_eq!(query_value(&back, "error"), "access_denied");
    assert!(page.as_str().unwrap().contains("newConnectionFailure"), "{page}");
    let after = bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await;
    assert_eq!(after["state"], "DISCONNECTED", "as it was");
}

#[tokio::test]
async fn a_redirect_says_how_it_went() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let attempt = async |fields: &[(&str, &str)]| {
        let spec = json!({"connectorKey": "slack", "redirectUri": "http://app.test/done?tab=2"});
        let begun = acme.ok(Method::POST, "/connect", spec).await;
        let to_vendor = vendor_page(&bed, &begun).await;
        let back = bed.leads_to(to_vendor.as_str(), fields).await;
        let answer = bed.nobody().request(Method::GET, back.as_str()).send().await.unwrap();
        let to: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
        (begun, to)
    };

    let (begun, fine) = attempt(&[("action", "allow")]).await;
    let (_, denied) = attempt(&[("action", "deny")]).await;

    assert_eq!(fine.as_str(), format!("http://app.test/done?tab=2&connectionId={}", id(&begun)));
    assert_eq!(
        query_value(&denied, "error"),
        "Slack said: the user denied the request (access_denied). Nothing was connected."
    );
    let data: Value = serde_json::from_str(&query_value(&denied, "errorData")).unwrap();
    assert_eq!((&data["type"], &data["key"]), (&json!("bad_request"), &json!("access_denied")));
}

#[tokio::test]
async fn a_refresh_is_an_exchange_at_the_vendor() {
    let bed = Bed::start().await;
    let list = contacts();
    bed.ws.upstream("hubspot").expire_tokens().await.unwrap();

    let calls = futures_util::future::join_all((0..4).map(|_| async { bed.demo().post("/act", list.clone()).await.0 }));

    assert_eq!(calls.await, [200, 200, 200, 200]);
    let asked = bed.vendor_requests("hubspot").await;
    let refreshes = asked.iter().filter(|path| path.contains("grant_type=refresh_token")).count();
    assert_eq!(refreshes, 1, "one refresh serves all who wait: {asked:?}");
}

/// How the `oauth2` crate's requests are sent.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
    let (parts, body) = request.into_parts();
    let sent = client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
    let answer = sent.send().await?;
    let mut response = HttpResponse::new(Vec::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?.to_vec();
    Ok(response)
}

#[tokio::test]
async fn a_client_that_is_not_ours_completes_the_flow() {
    let bed = Bed::start().await;
    let vendor = format!("{}/vendor/{}/github/oauth", bed.mock.uri(), bed.ws.key());
    let own = json!({"parameters": {"clientId": "my-app", "clientSecret": "my secret/+"}});
    bed.manager().ok(Method::PATCH, "/integrations/github", own).await;
    let client_with = |secret: &str| {
        BasicClient::new(ClientId::new("my-app".into()))
            .set_client_secret(ClientSecret::new(secret.into()))
            .set_auth_uri(AuthUrl::new(format!("{vendor}/authorize")).unwrap())
            .set_token_uri(TokenUrl::new(format!("{vendor}/token")).unwrap())
            .set_redirect_uri(RedirectUrl::new("http://127.0.0.1:9/back".into()).unwrap())
    };
    let client = client_with("my secret/+");
    let consent = async || {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scope = Scope::new("repo".into());
        let request = client.authorize_url(CsrfToken::new_random).add_scope(scope).set_pkce_challenge(challenge);
        let (to, csrf) = request.url();
        let back = bed.leads_to(to.as_str(), &[("action", "allow"), ("account", "ann")]).await;
        assert_eq!(query_value(&back, "state"), *csrf.secret());
        (AuthorizationCode::new(query_value(&back, "code")), verifier)
    };
    let refused = |error: RequestTokenError<reqwest::Error, _>| match error {
        RequestTokenError::ServerResponse(response) => {
            let response: oauth2::basic::BasicErrorResponse = response;
            response.error().clone()
        }
        other => panic!("{other:?}"),
    };

    let (code, verifier) = consent().await;
    let tokens = client.exchange_code(code.clone()).set_pkce_verifier(verifier).request_async(&send).await.unwrap();
    assert!(tokens.access_token().secret().starts_with("mock-access-"));
    assert_eq!(tokens.scopes().unwrap(), &[Scope::new("repo".into())]);
    let again = client.exchange_code(code).request_async(&send).await.unwrap_err();
    assert_eq!(refused(again), BasicErrorResponseType::InvalidGrant, "a code is good for once");

    let fresh = client.exchange_refresh_token(tokens.refresh_token().unwrap()).request_async(&send).await.unwrap();
    assert_ne!(fresh.access_token().secret(), tokens.access_token().secret());

    let (code, _) = consent().await;
    let unproven = client.exchange_code(code).request_async(&send).await.unwrap_err();
    assert_eq!(refused(unproven), BasicErrorResponseType::InvalidGrant, "the verifier is missing");
    let (code, verifier) = consent().await;
    let stranger = client_with("wrong").exchange_code(code).set_pkce_verifier(verifier).request_async(&send).await;
    assert_eq!(refused(stranger.unwrap_err()), BasicErrorResponseType::InvalidClient);

    let token = fresh.refresh_token().unwrap().secret().as_str();
    let own = [("token", token), ("client_id", "my-app"), ("client_secret", "my secret/+")];
    let revoked = bed.form(&format!("{vendor}/revoke"), &own).send().await.unwrap();
    assert_eq!(revoked.status(), 200);
    let dead = client.exchange_refresh_token(fresh.refresh_token().unwrap()).request_async(&send).await.unwrap_err();
    assert_eq!(refused(dead), BasicErrorResponseType::InvalidGrant);
}

#[tokio::test]
async fn who_asks_wrongly_is_told_on_the_page() {
    let bed = Bed::start().await;
    let at = format!("/vendor/{}/slack/oauth/authorize", bed.ws.key());
    let asked = |changes: &[(&str, &str)]| {
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", "membrane-slack"),
            ("redirect_uri", "http://127.0.0.1:9/back"),
        ];
        fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        format!("{at}?{}", form_encoded(&fields))
    };

    assert_eq!(bed.nobody().get(&asked(&[])).await.0, 200);
    for (change, says) in [
        (("client_id", "nobody"), "is no client of Slack"),
        (("client_id", ""), "`client_id` is missing"),
        (("redirect_uri", "https://evil.example/"), "`redirect_uri` is no address"),
        (("redirect_uri", "javascript:alert(1)"), "`redirect_uri` is no address"),
        (("response_type", "token"), "`response_type` is not `code`"),
        (("code_challenge_method", "MD5"), ""),
    ] {
        let (status, page) = bed.nobody().get(&asked(&[change])).await;
        let page = page.as_str().unwrap();
        assert!(
            says.is_empty() || status == 400 && page.contains(&says.replace('`', "&#96;")) || page.contains(says),
            "{change:?}: {status} {page}"
        );
    }
    assert_eq!(bed.nobody().get(&at.replace("slack", "nothing")).await.0, 404);
}
