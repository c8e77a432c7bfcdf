//! Credentials that live for a while: refreshed before they expire, asked for again when the vendor gives no answer,
//! given up when it refuses.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::MockMembrane;
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Answer, Bed, THEN, contacts, id, message};

async fn connect_again(bed: &Bed, connection: &str) -> String {
    let again = bed.demo().ok(Method::POST, "/connect", json!({"connectionId": connection})).await;
    assert_eq!(again["state"], "CLIENT_ACTION_REQUIRED");
    id(&again)
}

/// A vendor of one's own at a named host, whose token endpoint answers as it is told, and a connection to it.
struct Vendor {
    server: MockServer,
    connection: String,
}

impl Vendor {
    async fn connected() -> (Bed, Self) {
        let server = MockServer::start().await;
        let builder = MockMembrane::builder().manual_clock(THEN.parse().unwrap()).allow_egress("127.0.0.1");
        let bed = Bed::of(builder).await;
        let oauth = json!({
            "authorizeUri": "https://flaky.example/authorize", "tokenUri": format!("{}/token", server.uri()),
        });
        let base = format!("{}/api", server.uri());
        let own = json!({"key": "flaky", "name": "Flaky", "type": "oauth2", "baseUri": base, "oauth": oauth});
        bed.manager().ok(Method::POST, "/connectors", own).await;
        let begun = bed.demo().ok(Method::POST, "/connect", json!({"connectorKey": "flaky"})).await;
        let vendor = Self { server, connection: id(&begun) };
        vendor.grants().await;
        bed.complete(&vendor.connection).await;
        (bed, vendor)
    }

    /// From now on it answers so, and its API so.
    async fn answers(&self, tokens: ResponseTemplate, api: u16) {
        self.server.reset().await;
        Mock::given(path("/token")).respond_with(tokens).mount(&self.server).await;
        let api = ResponseTemplate::new(api).set_body_json(json!({"who": "ann"}));
        Mock::given(path("/api/me")).respond_with(api).mount(&self.server).await;
    }

    /// Tokens that live for 100 seconds, which are refreshed after 90.
    async fn grants(&self) {
        let tokens = json!({"access_token": "of-the-vendor", "refresh_token": "again", "expires_in": 100});
        self.answers(ResponseTemplate::new(200).set_body_json(tokens), 200).await;
    }

    async fn fails(&self) {
        self.answers(ResponseTemplate::new(500), 200).await;
    }

    /// How often tokens were asked for since it last changed its mind.
    async fn asked(&self) -> usize {
        let requests = self.server.received_requests().await.expect("a record");
        requests.iter().filter(|request| request.url.path() == "/token").count()
    }

    async fn act(&self, bed: &Bed) -> Answer {
        let me = json!({"api": {"method": "GET", "path": "/me"}, "connectionKey": "flaky"});
        bed.demo().post("/act", me).await
    }

    /// State, tries in vain, when the next is, when credentials are refreshed: of the record, and the same of the list.
    async fn standing(&self, bed: &Bed) -> [Value; 4] {
        let fields = ["state", "retryAttempts", "nextRetryTimestamp", "nextCredentialsRefreshAt"];
        let record = bed.demo().connection_with_secrets(&self.connection).await;
        let listed = bed.demo().items("/connections").await;
        let listed = listed.iter().find(|listed| listed["id"] == self.connection.as_str()).expect("it is listed");
        let of = |connection: &Value| fields.map(|field| connection[field].clone());
        assert_eq!(of(&record), of(listed));
        of(&record)
    }
}

fn token(connection: &Value) -> &str {
    connection["credentials"]["access_token"].as_str().expect("a token")
}

#[tokio::test]
async fn credentials_are_refreshed_before_they_expire() {
    let bed = Bed::exact().await;

    let first = bed.demo().connection_with_secrets("hubspot-prod").await;
    bed.advance_secs(1739).await;
    let before = bed.demo().connection_with_secrets("hubspot-prod").await;
    let acted_before = bed.act(contacts()).await;
    bed.advance_secs(1).await;
    let after = bed.demo().connection_with_secrets("hubspot-prod").await;
    let acted_after = bed.act(contacts()).await;

    assert_eq!(first["nextCredentialsRefreshAt"], "2025-01-01T00:29:00.000Z", "a minute before they expire");
    assert_eq!(token(&before), token(&first));
    assert_ne!(token(&after), token(&first));
    assert_eq!(after["nextCredentialsRefreshAt"], "2025-01-01T00:58:00.000Z");
    assert_eq!((acted_before.0, acted_after.0), (200, 200), "{acted_before:?} {acted_after:?}");
    assert_eq!(bed.vendor_requests("hubspot").await, ["/oauth/token?grant_type=refresh_token"]);
}

#[tokio::test]
async fn many_that_are_due_at_one_moment_are_all_refreshed() {
    // More than go at once.
    const MANY: usize = 150;
    let (bed, vendor) = Vendor::connected().await;
    for nth in 0..MANY {
        let tenant = bed.tenant(&format!("tenant-{nth}"));
        let begun = tenant.ok(Method::POST, "/connect", json!({"connectorKey": "flaky"})).await;
        bed.complete(&id(&begun)).await;
    }
    vendor.grants().await;

    bed.advance_secs(90).await;

    assert_eq!(vendor.asked().await, MANY + 1);
    let (_, list) = bed.control(Method::GET, "/connections?connector=flaky&state=READY", Value::Null).await;
    let next: Vec<&Value> =
        list["items"].as_array().unwrap().iter().map(|it| &it["nextCredentialsRefreshAt"]).collect();
    assert_eq!(next.len(), MANY + 1);
    assert!(next.iter().all(|at| **at == "2025-01-01T00:03:00.000Z"), "{next:?}");
}

#[tokio::test]
async fn however_long_nobody_looked_the_credentials_are_fresh() {
    let bed = Bed::exact().await;

    bed.advance_secs(24 * 3600).await;
    let acted = bed.act(contacts()).await;

    assert_eq!(acted.0, 200, "{acted:?}");
    let answers: Vec<u16> = bed.ws.upstream("hubspot").requests().iter().map(|request| request.status).collect();
    assert_eq!(answers, [200], "the app has turned nothing down");
    let next = bed.demo().connection_with_secrets("hubspot-prod").await["nextCredentialsRefreshAt"].clone();
    assert!(next.as_str().unwrap() > "2025-01-02T00:00:00.000Z", "{next}");
}

#[tokio::test]
async fn what_does_not_expire_or_is_archived_is_left_alone() {
    let bed = Bed::exact().await;
    let slack = bed.ws.tenant("demo-tenant").connect("slack").key("chat").ready().await.unwrap();
    let slack = bed.demo().connection_with_secrets(slack.id()).await;
    let hubspot = id(&bed.demo().connection_with_secrets("hubspot-prod").await);
    assert_eq!(bed.demo().delete(&format!("/connections/{hubspot}")).await.0, 200);

    bed.advance_secs(24 * 3600).await;

    assert!(slack.get("nextCredentialsRefreshAt").is_none(), "{slack:#}");
    assert_eq!(token(&bed.demo().connection_with_secrets("chat").await), token(&slack));
    for connector in ["slack", "hubspot"] {
        assert_eq!(bed.vendor_requests(connector).await, Vec::<String>::new(), "{connector}");
    }
}

#[tokio::test]
async fn a_refused_refresh_disconnects_until_the_user_has_connected_again() {
    let bed = Bed::exact().await;
    let first = bed.demo().connection_with_secrets("hubspot-prod").await;
    let (_, granted) = bed.control(Method::GET, "/upstreams/hubspot/tokens", Value::Null).await;
    let refuse = format!("/upstreams/hubspot/tokens/{}/refuse-refresh", id(&granted["items"][0]));
    assert_eq!(bed.control(Method::POST, &refuse, Value::Null).await.0, 200);

    let before = bed.act(contacts()).await;
    bed.advance_secs(1740).await;
    let lost = bed.demo().connection_with_secrets("hubspot-prod").await;
    let during = bed.act(contacts()).await;
    let again = connect_again(&bed, "hubspot-prod").await;
    let waiting = bed.act(contacts()).await;
    bed.complete(&again).await;
    let connected = bed.demo().connection_with_secrets("hubspot-prod").await;
    let after = bed.act(contacts()).await;
    bed.advance_secs(1740).await;
    let later = bed.demo().connection_with_secrets("hubspot-prod").await;

    assert_eq!((before.0, after.0), (200, 200), "{before:?} {after:?}");
    assert_eq!((&lost["state"], &lost["connected"]), (&json!("DISCONNECTED"), &json!(false)));
    assert!(lost["error"]["message"].as_str().unwrap().contains("invalid_grant"), "{lost:#}");
    for refused in [during, waiting] {
        assert_eq!((refused.0, &refused.1["code"]), (400, &json!("CONNECTION_DISCONNECTED")), "{refused:?}");
        assert_eq!(refused.1["data"]["connectionId"], first["id"]);
    }
    assert_eq!((json!(again), &connected["id"]), (first["id"].clone(), &first["id"]));
    assert!(connected["error"].is_null() && connected["state"] == "READY", "{connected:#}");
    assert_eq!(
        (&later["state"], token(&later) == token(&connected)),
        (&json!("READY"), false),
        "it is refreshed again"
    );
}

#[tokio::test]
async fn a_refusal_while_the_user_connects_again_is_what_a_cancel_returns_to() {
    let bed = Bed::exact().await;
    bed.ws.upstream("hubspot").refuse_refresh().await.unwrap();
    let again = connect_again(&bed, "hubspot-prod").await;

    let acted = bed.act(contacts()).await;
    bed.advance_secs(1740).await;
    let waiting = bed.demo().connection_with_secrets("hubspot-prod").await;
    let acted_after = bed.act(contacts()).await;
    let (_, cancelled) = bed.control(Method::POST, &format!("/connections/{again}/cancel"), Value::Null).await;

    assert_eq!((acted.0, acted_after.0), (200, 400), "{acted_after:?}");
    assert_eq!(
        (&waiting["state"], &waiting["connected"]),
        (&json!("CLIENT_ACTION_REQUIRED"), &json!(false)),
        "{waiting:#}"
    );
    assert_eq!(cancelled["state"], "DISCONNECTED");
}

#[tokio::test]
async fn a_vendor_that_does_not_answer_is_asked_again_later_and_later() {
    let (bed, vendor) = Vendor::connected().await;
    let at = |time: &str| json!(format!("2025-01-01T00:{time}.000Z"));
    let due = at("01:30");
    assert_eq!(vendor.standing(&bed).await, [json!("READY"), Value::Null, Value::Null, due.clone()]);
    assert_eq!(vendor.act(&bed).await.0, 200);

    vendor.fails().await;
    for (seconds, tries, next) in [(90, 1, "01:35"), (5, 2, "01:45"), (10, 3, "02:05"), (20, 4, "02:45")] {
        bed.advance_secs(seconds).await;
        assert_eq!(vendor.standing(&bed).await, [json!("READY"), json!(tries), at(next), due.clone()]);
        assert_eq!(vendor.act(&bed).await.0, 200, "what it holds still works");
    }
    vendor.grants().await;
    bed.advance_secs(39).await;
    assert_eq!(vendor.asked().await, 0, "not before its time");
    bed.advance_secs(1).await;

    assert_eq!(vendor.standing(&bed).await, [json!("READY"), Value::Null, Value::Null, at("04:15")]);
    vendor.fails().await;
    bed.advance_secs(90).await;
    assert_eq!(vendor.standing(&bed).await, [json!("READY"), json!(1), at("04:20"), at("04:15")], "from the start");
}

#[tokio::test]
async fn a_call_that_asks_in_between_does_not_count() {
    let (bed, vendor) = Vendor::connected().await;
    vendor.fails().await;
    bed.advance_secs(90).await;
    let before = vendor.standing(&bed).await;

    vendor.answers(ResponseTemplate::new(500), 401).await;
    let refused = vendor.act(&bed).await;

    assert_eq!((refused.0, &refused.1["data"]["response"]["status"]), (400, &json!(401)), "{refused:?}");
    assert_eq!(vendor.asked().await, 1, "a call whose token is turned down asks at once");
    assert_eq!(vendor.standing(&bed).await, before);
    vendor.grants().await;
    assert_eq!(vendor.act(&bed).await.0, 200);
}

#[tokio::test]
async fn a_vendor_that_stays_silent_is_given_up() {
    let (bed, vendor) = Vendor::connected().await;
    vendor.fails().await;

    bed.advance_secs(3600).await;
    let refused = vendor.act(&bed).await;

    assert_eq!(vendor.standing(&bed).await[0], "DISCONNECTED");
    assert_eq!((refused.0, &refused.1["code"]), (400, &json!("CONNECTION_DISCONNECTED")), "{refused:?}");
    let record = bed.demo().connection_with_secrets(&vendor.connection).await;
    let why = record["error"]["message"].as_str().unwrap();
    assert!(why.contains("could not be refreshed") && why.contains("answered 500"), "{why}");
}

#[tokio::test]
async fn the_fifth_try_in_vain_is_the_last() {
    let (bed, vendor) = Vendor::connected().await;
    vendor.fails().await;

    for seconds in [90, 5, 10, 20] {
        bed.advance_secs(seconds).await;
        assert_eq!(vendor.standing(&bed).await[0], "READY");
    }
    bed.advance_secs(40).await;

    assert_eq!(vendor.standing(&bed).await[0], "DISCONNECTED");
    assert!(
        message(&(0, bed.demo().connection_with_secrets(&vendor.connection).await["error"].clone()))
            .contains("5 tries")
    );
}

#[tokio::test]
async fn a_connection_made_again_has_its_tries_before_it() {
    let (bed, vendor) = Vendor::connected().await;
    vendor.fails().await;
    bed.advance_secs(3600).await;
    connect_again(&bed, &vendor.connection).await;

    vendor.grants().await;
    let done = bed.complete(&vendor.connection).await;
    bed.ws.settle().await.unwrap();

    assert_eq!(done["id"], vendor.connection.as_str());
    assert_eq!(vendor.asked().await, 1, "for the code, and nothing is to be refreshed yet");
    assert_eq!((&done["retryAttempts"], &done["nextRetryTimestamp"]), (&Value::Null, &Value::Null));
    assert_eq!(vendor.act(&bed).await.0, 200);
}

#[tokio::test]
async fn a_refusal_that_says_nothing_about_the_grant_keeps_the_connection() {
    let (bed, vendor) = Vendor::connected().await;
    let refusal = |error: &str| ResponseTemplate::new(400).set_body_json(json!({"error": error}));

    vendor.answers(refusal("temporarily_unavailable"), 200).await;
    bed.advance_secs(90).await;
    let waits = vendor.standing(&bed).await;
    vendor.answers(ResponseTemplate::new(401).set_body_json(json!({"error": "invalid_client"})), 200).await;
    bed.advance_secs(5).await;
    let still = vendor.standing(&bed).await;
    vendor.answers(refusal("invalid_grant"), 200).await;
    bed.advance_secs(10).await;
    let lost = vendor.standing(&bed).await;

    assert_eq!((&waits[0], &waits[1]), (&json!("READY"), &json!(1)), "{waits:?}");
    assert_eq!((&still[0], &still[1]), (&json!("READY"), &json!(2)), "{still:?}");
    assert_eq!(lost[0], "DISCONNECTED");
}

#[tokio::test]
async fn a_refresh_does_not_bring_back_what_was_erased_meanwhile() {
    let (bed, vendor) = Vendor::connected().await;
    let tokens = json!({"access_token": "too-late", "refresh_token": "again", "expires_in": 100});
    let slowly = ResponseTemplate::new(200).set_body_json(tokens).set_delay(Duration::from_secs(3));
    vendor.answers(slowly, 200).await;
    let (api, refresh) = (bed.demo(), format!("/connections/{}/refresh", vendor.connection));

    let refreshing = tokio::spawn(async move { api.post(&refresh, Value::Null).await });
    while vendor.asked().await == 0 {
        tokio::task::yield_now().await;
    }
    bed.demo().ok(Method::POST, &format!("/connections/{}/disconnect", vendor.connection), Value::Null).await;
    let refreshed = refreshing.await.unwrap();
    let after = bed.demo().connection_with_secrets(&vendor.connection).await;

    assert_eq!(refreshed.0, 400, "{refreshed:?}");
    assert_eq!((&after["state"], &after["credentials"]), (&json!("DISCONNECTED"), &Value::Null), "{after:#}");
}
