//! Tokens: who gets in, as whom, and who does not.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use membrane_mock::base::clock::real_now;
use membrane_mock::testing::TokenClock;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use serde_json::{Value, json};

use crate::support::tokens::{by_secret, signed};
use crate::support::{Api, Bed, id, message, user, verdict};

/// Key pairs as PEM, made anew for each run of the tests.
struct Keys {
    rsa_private: String,
    rsa_public: String,
    ec_private: String,
    ec_public: String,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let rsa = rsa::RsaPrivateKey::new(&mut rand::rngs::OsRng, 2048).unwrap();
    let ec = p256::SecretKey::random(&mut rand::rngs::OsRng);
    Keys {
        rsa_private: rsa.to_pkcs8_pem(LineEnding::LF).unwrap().to_string(),
        rsa_public: rsa.to_public_key().to_public_key_pem(LineEnding::LF).unwrap(),
        ec_private: ec.to_pkcs8_pem(LineEnding::LF).unwrap().to_string(),
        ec_public: ec.public_key().to_public_key_pem(LineEnding::LF).unwrap(),
    }
});

const UNAUTHENTICATED: &str = "401 bad_request/not_authenticated";
const DENIED: &str = "403 bad_request/access_denied";

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(header), part(claims))
}

/// A token that asks its reader to know an extension.
fn critical(secret: &str, claims: &Value) -> String {
    let header = Header { crit: Some(vec!["http://example.com/known".to_owned()]), ..Header::default() };
    encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

impl Bed {
    fn with_token(&self, token: String) -> Api {
        Api::new(self.mock.uri(), token)
    }

    async fn register_keys(&self) {
        let keys = json!([{"name": "rsa", "publicKey": KEYS.rsa_public}, {"name": "ec", "publicKey": KEYS.ec_public}]);
        self.change_workspace(json!({ "publicKeys": keys })).await;
    }
}

#[tokio::test]
async fn a_token_that_does_not_hold_good_is_401_and_says_why() {
    let bed = Bed::start().await;
    let (key, secret) = (bed.ws.key().to_owned(), bed.ws.secret());
    let now = real_now().seconds();
    let wrong = [
        ("not a jwt", "garbage".to_owned()),
        ("two parts", "a.b".to_owned()),
        ("a personal access token", "pat-123".to_owned()),
        ("another secret", by_secret("x", &json!({"workspaceKey": key, "tenantKey": "t"}))),
        ("no such workspace", by_secret(&secret, &json!({"workspaceKey": "nowhere", "tenantKey": "t"}))),
        ("no workspace", by_secret(&secret, &json!({"tenantKey": "t"}))),
        ("expired", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": "t", "exp": now - 1}))),
        ("exp that is no number", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": "t", "exp": "soon"}))),
        ("exp that is null", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": "t", "exp": null}))),
        ("exp in ms", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": "t", "exp": (now + 60) * 1000}))),
        ("nbf that is null", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": "t", "nbf": null}))),
        ("a tenant that is an object", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": {}}))),
        ("a tenant that is a list", by_secret(&secret, &json!({"workspaceKey": key, "id": ["t"]}))),
        ("a tenant that is true", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": true}))),
        ("a blank tenant", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": " "}))),
        ("a tenant with NUL", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": "a\u{0}b"}))),
        ("a long tenant", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": "x".repeat(256)}))),
        ("an unknown crit", critical(&secret, &json!({"workspaceKey": key, "tenantKey": "t"}))),
        ("not yet", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": "t", "nbf": now + 600}))),
        ("two workspaces", by_secret(&secret, &json!({"workspaceKey": key, "iss": "other", "tenantKey": "t"}))),
        ("two tenants", by_secret(&secret, &json!({"workspaceKey": key, "tenantKey": "t", "id": "u"}))),
        ("alg none", unsigned(&json!({"alg": "none"}), &json!({"workspaceKey": key, "tenantKey": "t"}))),
        ("alg None", unsigned(&json!({"alg": "None"}), &json!({"workspaceKey": key, "tenantKey": "t"}))),
        ("no signature", unsigned(&json!({"alg": "HS256"}), &json!({"workspaceKey": key, "tenantKey": "t"}))),
    ];

    for (what, token) in wrong {
        let answer = bed.with_token(token).get("/self").await;

        assert_eq!(verdict(&answer), UNAUTHENTICATED, "{what}");
        assert!(!message(&answer).is_empty(), "{what}");
    }
    assert_eq!(verdict(&bed.nobody().get("/self").await), UNAUTHENTICATED);
}

#[tokio::test]
async fn a_refusal_is_told_in_the_envelope() {
    let bed = Bed::exact().await;

    let nobody = bed.nobody().get("/integrations").await;
    let tenant = bed.demo().post("/import", json!({})).await;
    let missing = bed.demo().get("/connections/nope").await;

    insta::assert_snapshot!(bed.shown(&nobody), @r#"
    401 {
      "type": "bad_request",
      "key": "not_authenticated",
      "message": "no token; send `Authorization: Bearer <token>`",
      "data": {
        "see": "BASE/__mock/"
      }
    }
    "#);
    insta::assert_snapshot!(bed.shown(&tenant), @r#"
    403 {
      "type": "bad_request",
      "key": "access_denied",
      "message": "only a manager token may POST /import; mint one with `isAdmin: true`",
      "data": {
        "see": "BASE/__mock/workspaces/membrane-mock-demo/journal?failed=1&method=POST&path=%2Fimport"
      }
    }
    "#);
    insta::assert_snapshot!(bed.shown(&missing), @r#"
    404 {
      "type": "bad_request",
      "key": "not_found",
      "message": "connection not found: `nope`; there are `github-dev`, `hubspot-prod`",
      "data": {
        "see": "BASE/__mock/workspaces/membrane-mock-demo/journal?failed=1&method=GET&path=%2Fconnections%2Fnope"
      }
    }
    "#);
}

#[tokio::test]
async fn a_refusal_leads_to_its_page_in_the_dashboard() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let page = async |answer: &(u16, Value)| {
        let address = answer.1["data"]["see"].as_str().unwrap();
        let page = reqwest::Client::new().get(address).header("accept", "text/html").send().await.unwrap();
        assert_eq!(page.status(), 200, "{address}");
        page.text().await.unwrap()
    };
    assert_eq!(demo.get("/connections/none").await.0, 404);
    let missing = page(&demo.get("/connections/nope").await).await;
    assert!(missing.contains("onnection not found: `nope`") && !missing.contains("`none`"), "{missing}");
    let code = "module.exports = () => { throw new Error('it was told to') }";
    let failed = demo.post("/act", json!({"code": code, "connectionKey": "github-dev"})).await;
    let run = page(&failed).await;
    assert!(run.contains(failed.1["actionRunId"].as_str().unwrap()) && run.contains("it was told to"), "{run}");

    // A snippet's call is part of its run, and a call of the control API is in no journal.
    let code =
        "module.exports = ({ membrane }) => membrane.connection('nope').get().catch((error) => error.data.data.see)";
    let caught = demo.post("/act", json!({"code": code, "connectionKey": "github-dev"})).await;
    assert_eq!(caught.1["output"], json!(format!("{}/__mock/workspaces/{}/runs", bed.mock.uri(), bed.ws.key())));
    let of_control = bed.control(Method::GET, "/connections/nope", Value::Null).await;
    assert!(of_control.0 == 404 && !of_control.1.to_string().contains("\"see\""), "{of_control:?}");
}

#[tokio::test]
async fn both_vocabularies_name_the_same_tenant() {
    let bed = Bed::start().await;
    let key = bed.ws.key();

    let mut ids = Vec::new();
    for claims in [
        json!({"workspaceKey": key, "tenantKey": "acme"}),
        json!({"iss": key, "id": "acme"}),
        json!({"workspaceKey": key, "id": "acme"}),
        json!({"iss": key, "tenantKey": "acme"}),
        json!({"workspaceKey": key, "iss": key, "tenantKey": "acme", "id": "acme"}),
    ] {
        let own = bed.bearing(&claims).ok(Method::GET, "/self", Value::Null).await;
        assert_eq!(own["internalId"], "acme");
        assert_eq!(own["workspaceKey"], key);
        ids.push(id(&own));
    }

    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn is_admin_is_understood_in_all_its_spellings() {
    let bed = Bed::start().await;
    let with = |is_admin: Value| bed.bearing(&json!({"workspaceKey": bed.ws.key(), "isAdmin": is_admin}));

    for yes in [json!(true), json!(1), json!("1"), json!("true")] {
        assert_eq!(with(yes.clone()).get("/customers").await.0, 200, "{yes}");
    }
    for no in [json!(false), json!(0), json!("0"), json!("false"), json!("yes"), json!(2), json!({}), Value::Null] {
        assert_eq!(verdict(&with(no.clone()).get("/customers").await), DENIED, "{no}");
    }
}

#[tokio::test]
async fn a_manager_that_names_a_tenant_acts_for_it() {
    let bed = Bed::start().await;

    let both = bed.bearing(&json!({"iss": bed.ws.key(), "id": "demo-tenant", "isAdmin": 1}));

    assert_eq!(both.ok(Method::GET, "/self", Value::Null).await["internalId"], "demo-tenant");
    assert_eq!(both.get("/customers").await.0, 200);
    assert_eq!(both.each("/connections", "key").await, ["github-dev", "hubspot-prod"]);
}

#[tokio::test]
async fn a_tenant_is_403_where_a_manager_is_needed() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let github = id(&demo.ok(Method::GET, "/integrations/github", Value::Null).await);
    let action = id(&demo.items("/actions").await[0]);
    let space = format!("/workspaces/{}", bed.ws.key());

    for (method, path) in [
        (Method::POST, "/actions".to_owned()),
        (Method::PATCH, format!("/actions/{action}")),
        (Method::PUT, format!("/actions/{action}")),
        (Method::DELETE, format!("/actions/{action}")),
        (Method::POST, format!("/actions/{action}/restore")),
        (Method::POST, "/integrations".to_owned()),
        (Method::PATCH, format!("/integrations/{github}")),
        (Method::DELETE, format!("/integrations/{github}")),
        (Method::PATCH, format!("/integrations/{github}/parameters")),
        (Method::PUT, format!("/integrations/{github}/parameters")),
        (Method::POST, "/import".to_owned()),
        (Method::GET, "/export".to_owned()),
        (Method::PATCH, space),
        (Method::GET, "/customers".to_owned()),
        (Method::GET, "/tenants".to_owned()),
        (Method::GET, "/users".to_owned()),
        (Method::POST, "/connectors".to_owned()),
        (Method::POST, "/external-apps".to_owned()),
    ] {
        let answer = demo.call(method.clone(), &path, Some(&json!({}))).await;

        assert_eq!(verdict(&answer), DENIED, "{method} {path}");
    }
}

#[tokio::test]
async fn rights_are_checked_before_501() {
    let bed = Bed::start().await;

    let webhooks = "/integrations/github/global-webhooks";
    assert_eq!(verdict(&bed.nobody().get(webhooks).await), UNAUTHENTICATED);
    assert_eq!(verdict(&bed.demo().get(webhooks).await), DENIED);
    assert_eq!(bed.manager().get(webhooks).await.0, 501);
    // What a tenant may not change is refused before it is said that nobody can; what is its own is not.
    let path = "/integrations/github/documentation";
    assert_eq!(bed.demo().get(path).await.0, 501, "{path}");
    assert_eq!(verdict(&bed.demo().call(Method::PATCH, path, Some(&json!({}))).await), DENIED, "{path}");
    assert_eq!(bed.manager().call(Method::PATCH, path, Some(&json!({}))).await.0, 501, "{path}");
    assert_eq!(bed.demo().post("/agent/tools/anything", json!({})).await.0, 501);
}

#[tokio::test]
async fn a_token_with_neither_tenant_nor_rights_reads_workspace_elements_only() {
    let bed = Bed::start().await;
    let bare = bed.bearing(&json!({"workspaceKey": bed.ws.key()}));

    for path in ["/integrations", "/connectors", "/external-apps", "/actions"] {
        assert_eq!(bare.get(path).await.0, 200, "{path}");
    }
    for answer in [
        bare.get("/connections").await,
        bare.post("/connect", json!({"connectorKey": "github"})).await,
        bare.get("/action-run-logs").await,
    ] {
        assert_eq!(answer.0, 400, "{answer:?}");
        assert!(message(&answer).contains("tenantKey"), "{answer:?}");
    }
    assert_eq!(verdict(&bare.get("/customers").await), DENIED);
}

#[tokio::test]
async fn exp_is_optional_and_held_against_real_time() {
    let bed = Bed::exact().await;
    let claims = |exp: i64| json!({"workspaceKey": bed.ws.key(), "tenantKey": "t", "exp": exp});
    let soon = bed.bearing(&claims(real_now().seconds() + 600));
    let never = bed.bearing(&json!({"workspaceKey": bed.ws.key(), "tenantKey": "t"}));

    bed.ws.clock().advance(Duration::from_hours(24)).await.unwrap();

    assert_eq!(soon.get("/self").await.0, 200);
    assert_eq!(never.get("/self").await.0, 200);
}

#[tokio::test]
async fn with_token_clock_workspace_time_is_real_time_plus_what_was_advanced() {
    let bed = Bed::exact().await;
    bed.ws.mock_settings(|mock| mock.token_clock = TokenClock::Workspace).await.unwrap();
    let now = real_now().seconds();
    let claims = |field: &str, at: i64| json!({"workspaceKey": bed.ws.key(), "tenantKey": "t", field: at});
    let (expiring, coming) = (bed.bearing(&claims("exp", now + 3000)), bed.bearing(&claims("nbf", now + 3000)));

    assert_eq!(expiring.get("/self").await.0, 200);
    assert_eq!(coming.get("/self").await.0, 401);
    bed.ws.clock().advance(Duration::from_hours(1)).await.unwrap();

    assert_eq!(expiring.get("/self").await.0, 401);
    assert_eq!(coming.get("/self").await.0, 200);
}

#[tokio::test]
async fn hmac_of_each_size_and_registered_keys_are_accepted() {
    let bed = Bed::start().await;
    let claims = json!({"workspaceKey": bed.ws.key(), "tenantKey": "t"});
    let secret = EncodingKey::from_secret(bed.ws.secret().as_bytes());
    let rsa = EncodingKey::from_rsa_pem(KEYS.rsa_private.as_bytes()).unwrap();
    let ec = EncodingKey::from_ec_pem(KEYS.ec_private.as_bytes()).unwrap();
    let by_key = [
        (Algorithm::RS256, &rsa),
        (Algorithm::RS384, &rsa),
        (Algorithm::RS512, &rsa),
        (Algorithm::PS256, &rsa),
        (Algorithm::PS384, &rsa),
        (Algorithm::PS512, &rsa),
        (Algorithm::ES256, &ec),
    ];

    for (algorithm, key) in by_key {
        let early = bed.with_token(signed(algorithm, key, &claims)).get("/self").await;
        assert_eq!(verdict(&early), UNAUTHENTICATED, "{algorithm:?} before it is registered");
    }
    bed.register_keys().await;

    for (algorithm, key) in by_key {
        assert_eq!(bed.with_token(signed(algorithm, key, &claims)).get("/self").await.0, 200, "{algorithm:?}");
    }
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        assert_eq!(bed.with_token(signed(algorithm, &secret, &claims)).get("/self").await.0, 200, "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let bed = Bed::start().await;
    bed.register_keys().await;
    let claims = json!({"workspaceKey": bed.ws.key(), "isAdmin": true});

    for pem in [&*KEYS.rsa_public, KEYS.rsa_public.trim_end(), &*KEYS.ec_public, KEYS.ec_public.trim_end()] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let forged = signed(algorithm, &EncodingKey::from_secret(pem.as_bytes()), &claims);
            assert_eq!(verdict(&bed.with_token(forged).get("/customers").await), UNAUTHENTICATED, "{algorithm:?}");
        }
    }
    let forged = unsigned(&json!({"alg": "RS256"}), &claims);
    assert_eq!(verdict(&bed.with_token(forged).get("/customers").await), UNAUTHENTICATED);
}

#[tokio::test]
async fn a_key_that_is_no_pem_is_refused_when_it_is_registered() {
    let bed = Bed::start().await;
    let path = format!("/workspaces/{}", bed.ws.key());

    let answer = bed.manager().patch(&path, json!({"publicKeys": [{"name": "k", "publicKey": "hello"}]})).await;

    assert_eq!(answer.0, 400);
    assert!(message(&answer).contains("`k`"), "{answer:?}");
}

#[tokio::test]
async fn the_older_field_for_one_public_key_registers_it_too() {
    let bed = Bed::start().await;
    let path = format!("/workspaces/{}", bed.ws.key());
    let ec = EncodingKey::from_ec_pem(KEYS.ec_private.as_bytes()).unwrap();
    let token = signed(Algorithm::ES256, &ec, &json!({"workspaceKey": bed.ws.key(), "tenantKey": "t"}));
    let by_key = bed.with_token(token);

    let early = by_key.get("/self").await;
    let refused = bed.manager().patch(&path, json!({"publicKey": "hello"})).await;
    bed.manager().ok(Method::PATCH, &path, json!({"publicKey": KEYS.ec_public})).await;
    let late = by_key.get("/self").await;

    assert_eq!(verdict(&early), UNAUTHENTICATED);
    assert_eq!((refused.0, late.0), (400, 200), "{refused:?} {late:?}");
}

#[tokio::test]
async fn disable_secret_key_auth_leaves_only_registered_keys() {
    let bed = Bed::start().await;
    bed.register_keys().await;
    let by_secret = bed.manager();
    let ec = EncodingKey::from_ec_pem(KEYS.ec_private.as_bytes()).unwrap();
    let claims = json!({"workspaceKey": bed.ws.key(), "isAdmin": true});
    let by_key = bed.with_token(signed(Algorithm::ES256, &ec, &claims));
    let path = format!("/workspaces/{}", bed.ws.key());

    by_secret.ok(Method::PATCH, &path, json!({"settings": {"disableSecretKeyAuth": true}})).await;

    assert_eq!(verdict(&by_secret.get("/self").await), UNAUTHENTICATED);
    assert_eq!(by_key.get("/customers").await.0, 200);
    by_key.ok(Method::PATCH, &path, json!({"settings": {"disableSecretKeyAuth": false}})).await;
    assert_eq!(by_secret.get("/self").await.0, 200);
}

#[tokio::test]
async fn a_rotated_secret_holds_at_once_and_is_never_shown() {
    let bed = Bed::start().await;
    let (before, manager) = (bed.demo(), bed.manager());
    let path = format!("/workspaces/{}", bed.ws.key());

    let answer = manager.ok(Method::PATCH, &path, json!({"secret": "a-new-secret"})).await;

    assert!(!answer.to_string().contains("a-new-secret"), "{answer}");
    assert_eq!(verdict(&before.get("/self").await), UNAUTHENTICATED);
    assert_eq!(verdict(&manager.get("/self").await), UNAUTHENTICATED);
    assert_eq!(bed.ws.secret(), "a-new-secret");
    assert_eq!(bed.demo().get("/self").await.0, 200);
}

#[tokio::test]
async fn a_tenant_is_made_on_first_sight_and_kept_up_to_date() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let claims = |more: Value| {
        let mut claims = json!({"workspaceKey": bed.ws.key(), "tenantKey": "acme"});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    assert_eq!(manager.get("/customers/acme").await.0, 404);

    let first = bed.bearing(&claims(json!({"name": "Acme", "fields": {"plan": "free", "seats": 3}})));
    let seen = first.ok(Method::GET, "/self", Value::Null).await;
    bed.bearing(&claims(json!({}))).ok(Method::GET, "/self", Value::Null).await;
    let kept = manager.ok(Method::GET, "/customers/acme", Value::Null).await;
    bed.bearing(&claims(json!({"name": "Acme Inc", "fields": {"plan": "pro"}}))).get("/integrations").await;
    let renewed = manager.ok(Method::GET, "/customers/acme", Value::Null).await;

    assert_eq!((&seen["internalId"], &seen["name"]), (&json!("acme"), &json!("Acme")));
    assert_eq!((&kept["name"], &kept["fields"]), (&json!("Acme"), &json!({"plan": "free", "seats": 3})));
    assert_eq!((&renewed["name"], &renewed["fields"]["plan"]), (&json!("Acme Inc"), &json!("pro")));
    assert_eq!(id(&seen), id(&renewed));
}

#[tokio::test]
async fn what_belongs_to_another_tenant_is_404() {
    let bed = Bed::start().await;
    let (demo, other) = (bed.demo(), bed.tenant("other"));
    let connection = id(&demo.ok(Method::GET, "/connections/github-dev", Value::Null).await);
    let act = user();
    let run = demo.ok(Method::POST, "/act", act).await["actionRunId"].as_str().unwrap().to_owned();
    let request = demo.ok(Method::POST, "/connection-requests", json!({"connectorKey": "slack"})).await;
    let request = request["requestId"].as_str().unwrap().to_owned();
    let instance = demo.ok(Method::PUT, &format!("/connections/{connection}/actions/create-issue"), Value::Null).await;

    for path in [
        format!("/connections/{connection}"),
        format!("/connections/{connection}/proxy/user"),
        format!("/connections/{connection}/test"),
        format!("/action-run-logs/{run}"),
        format!("/action-run-logs/{run}/details"),
        format!("/connection-requests/{request}"),
        format!("/actions/{}", id(&instance)),
    ] {
        assert_eq!(demo.get(&path).await.0, 200, "its own: {path}");

        assert_eq!(verdict(&other.get(&path).await), "404 bad_request/not_found", "{path}");
    }
    let acted = other.post("/act", json!({"id": id(&instance), "input": {}})).await;
    assert_eq!(acted.0, 404, "{acted:?}");
    let acted =
        other.post("/act", json!({"api": {"method": "GET", "path": "/user"}, "connectionId": connection})).await;
    assert_eq!(acted.0, 404, "{acted:?}");
    assert!(other.items("/connections").await.is_empty());
    assert!(other.items("/action-run-logs?status=success").await.is_empty());
    for (method, path) in [(Method::DELETE, ""), (Method::PATCH, ""), (Method::POST, "/disconnect")] {
        let path = format!("/connections/{connection}{path}");
        assert_eq!(other.call(method.clone(), &path, Some(&json!({}))).await.0, 404, "{method} {path}");
    }
}

#[tokio::test]
async fn another_tenants_external_api_logs_are_404() {
    let bed = Bed::start().await;
    let (demo, other) = (bed.demo(), bed.tenant("other"));
    let act = user();
    demo.ok(Method::POST, "/act", act).await;

    let logged = demo.items("/external-api-logs").await;

    assert_eq!(logged.len(), 1, "the call is logged");
    let log = format!("/external-api-logs/{}", id(&logged[0]));
    assert_eq!(demo.get(&log).await.0, 200);
    assert_eq!((other.get(&log).await.0, other.get(&format!("{log}/details")).await.0), (404, 404));
    assert!(other.items("/external-api-logs").await.is_empty());
}

#[tokio::test]
async fn a_token_also_travels_in_the_query_string_with_a_warning() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("demo-tenant").token();

    let answer = bed.nobody().get(&format!("/self?token={token}")).await;

    assert_eq!(answer.0, 200);
    let journal = bed.ws.journal();
    let entry = journal.last().unwrap();
    assert!(!entry.path.contains(&token), "{}", entry.path);
    assert_eq!(entry.warnings, ["the token is in the query string"]);
}
