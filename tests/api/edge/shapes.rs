//! Whatever the shape of what callers send, the server answers it: with what was asked, or with what is wrong.
//!
//! Short by default; `PROPTEST_CASES=2000 cargo test --test api shapes::` runs long.

use http::Method;
use membrane_mock::testing::{Fault, Stub, route};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use serde_json::{Map, Value, json};

use crate::support::{Api, Bed, cases, id, message, user, verdict};

/// More names than a map of headers can hold.
fn many_headers() -> Value {
    (0..33_000).map(|n| (format!("x-{n}"), json!("1"))).collect::<Map<String, Value>>().into()
}

#[tokio::test]
async fn a_credential_that_is_missing_is_asked_for_by_name() {
    let bed = Bed::start().await;
    let spec = json!({ "integrationKey": "github", "connectionKey": "odd", "credentials": { "apiKey": "x" } });
    let odd = bed.demo().ok(Method::POST, "/connections", spec).await;

    let disconnected = bed.poke(&id(&odd), "disconnect").await;

    assert_eq!(disconnected["state"], "DISCONNECTING");
}

#[tokio::test]
async fn more_headers_than_a_map_can_hold_are_refused_wherever_they_come_from() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let mut api = user();
    api["api"]["headers"] = many_headers();
    let act = demo.post("/act", api).await;
    assert_eq!((verdict(&act).as_str(), message(&act)), ("400 bad_request/-", "`api.headers` has at most 200 names"));

    let config = json!({ "request": { "method": "GET", "path": "/user", "headers": many_headers() } });
    let action = json!({ "key": "many", "type": "api-request-to-external-app", "config": config });
    bed.manager().ok(Method::POST, "/actions", action).await;
    let by_config = demo.post("/act", json!({ "key": "many", "connectionKey": "github-dev" })).await;
    assert_eq!(by_config.0, 400);
    assert!(
        message(&by_config).contains("`config.request.headers` has 33000 names; 200 are the most"),
        "{by_config:?}"
    );

    for call in ["externalApiClient.get('/user', { headers })", "membrane.get('/self', {}, { headers })"] {
        let code = format!(
            "module.exports = async ({{ externalApiClient, membrane }}) => {{
                const headers = {{}};
                for (let n = 0; n < 33000; n++) headers['x-' + n] = '1';
                return await {call};
            }}"
        );
        let snippet = demo.post("/act", json!({ "code": code, "connectionKey": "github-dev" })).await;
        assert_eq!(snippet.0, 400, "{call}");
        assert!(message(&snippet).contains("names; 200 are the most"), "{call}: {snippet:?}");
    }

    let answer = json!({ "status": 200, "headers": many_headers() });
    let rule = json!({ "on": { "operation": "act" }, "fault": { "respond": answer } });
    let refused = bed.control(Method::POST, "/faults", rule).await;
    assert_eq!((refused.0, message(&refused)), (400, "`respond`: `headers` has 33000 names; 200 are the most"));
    let stub = json!({ "request": { "method": "GET", "path": "/user" }, "respond": answer });
    let refused = bed.control(Method::POST, "/upstreams/github/stubs", stub).await;
    assert_eq!((refused.0, message(&refused)), (400, "`respond`: `headers` has 33000 names; 200 are the most"));
    assert_eq!(demo.post("/act", user()).await.0, 200);
}

#[tokio::test]
async fn numbers_at_their_ends_do_not_overflow() {
    let bed = Bed::bare().await;
    let all = u64::MAX;
    let _limited = bed.ws.fault(Fault::on(route("GET /self")).rate_limit(all, all)).await.may_not_fire();
    assert_eq!(bed.demo().get("/self").await.0, 200);
    bed.advance_ms(i64::MAX.unsigned_abs()).await;
    assert_eq!(bed.demo().get("/self").await.0, 200);

    let settings = json!({ "mock": { "upstreamRetries": 21 } });
    let refused = bed.control(Method::PATCH, "", settings).await;
    assert_eq!((refused.0, message(&refused)), (400, "`mock.upstreamRetries` is at most 20"));
}

#[tokio::test]
async fn retries_end_where_the_clock_does() {
    let bed = Bed::bare().await;
    let demo = bed.demo();
    // There is no later moment to wait for, so the waits between the retries are over at once.
    bed.ws.clock().advance(std::time::Duration::from_millis(i64::MAX.unsigned_abs())).await.unwrap();
    bed.control(Method::PATCH, "", json!({ "mock": { "upstreamRetries": 20 } })).await;
    bed.ws.upstream("stripe").stub(Stub::get("/v1/customers").status(503)).await.unwrap();
    demo.ok(
        Method::POST,
        "/connections",
        json!({ "connectorKey": "stripe", "key": "s", "credentials": { "apiKey": "x" } }),
    )
    .await;
    let app = demo.items("/external-apps?search=stripe").await;
    let actions = demo.items(&format!("/actions?externalAppId={}", id(&app[0]))).await;
    let list = actions.iter().find(|action| action["name"] == "List customers").unwrap();

    let run = bed.act(json!({ "id": list["id"], "connectionKey": "s" })).await;

    assert_eq!((run.0, run.1["data"]["response"]["status"].as_u64()), (400, Some(503)), "{run:?}");
    assert_eq!(bed.ws.upstream("stripe").requests().len(), 21);
}

/// JSON of any shape, with the numbers and names at which code breaks.
fn shape() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![Just(0), Just(-1), Just(1), Just(i64::MAX), Just(i64::MIN)].prop_map(Value::from),
        prop_oneof![Just(u64::MAX), Just(u64::from(u32::MAX))].prop_map(Value::from),
        Just(json!(1e308)),
        ".{0,8}".prop_map(Value::from),
        prop_oneof![Just("object"), Just("$.input"), Just("github"), Just("run-javascript")].prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just(String::new()),
        Just("__proto__".to_owned()),
        ".{0,4}",
        prop_oneof![
            Just("access_token"),
            Just("type"),
            Just("properties"),
            Just("required"),
            Just("request"),
            Just("headers"),
            Just("$var"),
            Just("$eval"),
            Just("enum"),
            Just("status"),
            Just("json"),
        ]
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..5)
                .prop_map(|members| members.into_iter().collect::<Map<String, Value>>().into()),
        ]
    })
    .boxed()
}

/// An answer may refuse, or say that something is not faked, but nothing breaks.
async fn holds(api: &Api, method: Method, path: &str, body: &Value) -> Value {
    let answer = api.call(method.clone(), path, Some(body)).await;
    assert!(answer.0 < 500 || answer.0 == 501, "{method} {path} {body}: {answer:?}");
    answer.1
}

const POKES: [&str; 12] = [
    "authorize",
    "cancel",
    "loseCredentials",
    "finishBuilding",
    "failConfiguration",
    "failSetup",
    "fail",
    "reconnect",
    "rebuild",
    "finalize",
    "disconnect",
    "disconnected",
];

/// Puts one shape in every place that takes any, and sends what came of it through every verb and poke.
async fn put_everywhere(shape: Value) {
    let bed = Bed::start().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let control = bed.nobody();
    let at = format!("/__mock/workspaces/{}", bed.ws.key());
    for integration in ["github", "stripe"] {
        for name in ["credentials", "connectorParameters", "input"] {
            let mut spec = json!({ "integrationKey": integration, "connectorKey": integration });
            spec[name] = shape.clone();
            let made = holds(&demo, Method::POST, "/connections", &spec).await;
            holds(&demo, Method::POST, "/connect", &spec).await;
            let Some(made) = made["id"].as_str() else { continue };
            let path = format!("/connections/{made}");
            holds(&demo, Method::PATCH, &path, &json!({ name: shape })).await;
            let act = json!({ "api": { "method": "GET", "path": "/x" }, "connectionId": made });
            for poke in POKES {
                let poke = json!({ "event": poke, "error": shape });
                holds(&control, Method::POST, &format!("{at}{path}/poke"), &poke).await;
                holds(&demo, Method::POST, "/act", &act).await;
            }
            for verb in ["refresh", "test", "disconnect", "reconnect", "restore"] {
                holds(&demo, Method::POST, &format!("{path}/{verb}"), &shape).await;
            }
            holds(&demo, Method::PUT, &path, &json!({ name: shape })).await;
            holds(&demo, Method::DELETE, &path, &shape).await;
        }
    }
    for (path, field) in [
        ("/actions", "config"),
        ("/actions", "inputSchema"),
        ("/actions", "outputMapping"),
        ("/actions", "meta"),
        ("/flows", "nodes"),
        ("/flows", "parameters"),
        ("/flows", "parametersSchema"),
        ("/app-data-schemas", "schema"),
        ("/integrations", "parameters"),
        ("/integrations", "optionsConfig"),
        ("/customers", "fields"),
    ] {
        for kind in ["run-javascript", "api-request-to-external-app", "http-request", "api-request-to-your-app"] {
            let mut body = json!({ "name": format!("{field} {kind}"), "connectorKey": "slack" });
            if path == "/actions" {
                body["type"] = kind.into();
            }
            body[field] = shape.clone();
            let made = holds(&manager, Method::POST, path, &body).await;
            let Some(made) = made["id"].as_str() else { continue };
            for method in [Method::PATCH, Method::PUT] {
                holds(&manager, method, &format!("{path}/{made}"), &json!({ field: shape })).await;
            }
            let run = json!({ "id": made, "connectionKey": "github-dev", "input": shape });
            holds(&demo, Method::POST, "/act", &run).await;
            if path == "/flows" {
                let run = json!({ "input": shape });
                holds(&demo, Method::POST, &format!("/flows/{made}/run?connectionKey=github-dev"), &run).await;
            }
            holds(&manager, Method::DELETE, &format!("{path}/{made}"), &shape).await;
        }
    }
    for (path, body) in [
        ("/faults", json!({ "on": shape, "fault": { "close": true } })),
        ("/faults", json!({ "on": { "operation": "act" }, "fault": shape })),
        ("/upstreams/github/stubs", json!({ "request": shape, "respond": shape })),
        ("/scenarios", json!({ "name": "s", "steps": shape })),
        ("/clock", shape.clone()),
        ("/progress", shape.clone()),
        ("/journal/verify", shape.clone()),
    ] {
        for method in [Method::POST, Method::PUT] {
            holds(&control, method, &format!("{at}{path}"), &body).await;
        }
    }
    let journal = bed.control(Method::GET, "/journal", Value::Null).await.1;
    for broken in ["panicked", "was cut off"] {
        assert!(!journal.to_string().contains(broken), "{broken} by {shape}");
    }
}

proptest! {
    #![proptest_config(cases(6))]

    #[test]
    fn any_shape_is_answered(shape in shape()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(put_everywhere(shape));
    }
}
