//! Snippets: what they give, how they fail, what stops them, and what they may do.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::{MockMembrane, Stub};
use serde_json::{Value, json};

use crate::support::snippets::run_with;
use crate::support::{Answer, Bed, message};

impl Bed {
    async fn code(&self, code: &str) -> Answer {
        run_with(&self.demo(), code, json!({"a": 2})).await
    }

    async fn output(&self, code: &str) -> Value {
        let answer = self.code(code).await;
        assert_eq!(answer.0, 200, "{code}: {answer:?}");
        answer.1["output"].clone()
    }

    async fn impatient() -> Self {
        Self::of(MockMembrane::builder().code_timeout(Duration::from_millis(300))).await
    }
}

#[tokio::test]
async fn what_the_function_returns_is_the_output() {
    let bed = Bed::start().await;

    for (code, output) in [
        ("module.exports = ({ input }) => input.a + 1", json!(3)),
        ("module.exports = async ({ input }) => ({ doubled: input.a * 2 })", json!({"doubled": 4})),
        ("module.exports = { default: () => 'default export' }", json!("default export")),
        ("exports.default = function (args) { return typeof args.membrane }", json!("object")),
        ("module.exports = () => null", json!(null)),
        ("module.exports = ({ connection }) => connection.key", json!("github-dev")),
        ("module.exports = ({ integration }) => integration.key", json!("github")),
        ("module.exports = () => [1, [2, { a: undefined }]]", json!([1, [2, {}]])),
        ("module.exports = async () => { await null; return new URL('http://x.test/p?q=1').pathname }", json!("/p")),
    ] {
        assert_eq!(bed.output(code).await, output, "{code}");
    }
    let nothing = bed.code("module.exports = () => {}").await;
    assert_eq!((nothing.0, nothing.1.get("output")), (200, None));
}

#[tokio::test]
async fn the_handler_is_given_what_the_api_shows() {
    let bed = Bed::exact().await;
    let demo = bed.demo();
    demo.ok(Method::PATCH, "/self", json!({"credentials": {"key": "of the tenant"}})).await;
    let connection = demo.ok(Method::GET, "/connections/github-dev", Value::Null).await;
    let mut integration = demo.ok(Method::GET, "/integrations/github", Value::Null).await;
    // Only who asks for one integration sees how to connect to it.
    integration.as_object_mut().unwrap().shift_remove("authOptions");
    let mut user = demo.ok(Method::GET, "/self", Value::Null).await;
    assert_eq!(user.as_object_mut().unwrap().shift_remove("credentials"), Some(json!({"key": "of the tenant"})));
    user.as_object_mut().unwrap().shift_remove("workspaceKey");

    let given = bed
        .output(
            "module.exports = ({ input, connection, integration, user }) => ({ input, connection, integration, user })",
        )
        .await;

    assert_eq!(given["input"], json!({"a": 2}));
    assert_eq!(given["connection"], connection);
    assert_eq!(given["integration"], integration);
    assert_eq!(given["user"], user, "without its credentials");
    let names = "module.exports = (args) => Object.keys(args).sort()";
    assert_eq!(
        bed.output(names).await,
        json!([
            "connection",
            "credentials",
            "engineApiClient",
            "externalApiClient",
            "input",
            "integration",
            "internalApiClient",
            "membrane",
            "user"
        ])
    );
}

#[tokio::test]
async fn the_handlers_credentials_are_what_calls_carry_and_cannot_be_renewed() {
    let bed = Bed::start().await;
    let echo = json!({"authorization": {"$var": "$.headers.authorization"}});
    bed.ws.upstream("github").stub(Stub::get("/echo").json(200, echo)).await.unwrap();

    let code = "module.exports = async ({ credentials, connection, externalApiClient }) =>
        [credentials, connection.canRefreshCredentials, (await externalApiClient.get('/echo')).authorization]";
    let output = bed.output(code).await;

    let token = output[0]["access_token"].as_str().expect("the stub vendor's token");
    assert_eq!(output[2], format!("Bearer {token}"));
    assert_eq!(output[0]["token_type"], "bearer");
    assert_eq!(output[1], true, "there is something to renew it with");
    assert_eq!(output[0].get("refresh_token"), None, "which is not the snippet's");
}

#[tokio::test]
async fn the_handlers_clients_all_call_the_api_as_its_caller() {
    let bed = Bed::start().await;
    for client in ["membrane", "engineApiClient", "internalApiClient"] {
        let code = format!(
            "module.exports = async ({{ {client}: client }}) => [
                (await client.self.get()).internalId,
                (await client.connections.find()).items.map((connection) => connection.key),
                (await client.get('/integrations/github')).key,
                (await client.connection('github-dev').proxy.get('/user')).login,
                (await client.action('create-issue').run(
                    {{ repo: 'acme/app', title: 't' }}, {{ connectionKey: 'github-dev' }})).output.title,
                await client.get('/customers').catch((error) => error.data.key),
            ]"
        );
        let expected =
            json!(["demo-tenant", ["github-dev", "hubspot-prod"], "github", "mia-acme", "t", "access_denied"]);
        assert_eq!(bed.output(&code).await, expected, "{client}");
    }
}

#[tokio::test]
async fn the_date_is_the_workspaces() {
    let bed = Bed::exact().await;
    bed.ws.clock().advance(Duration::from_secs(90)).await.unwrap();

    let now = bed.output("module.exports = () => [new Date().toISOString(), Date.now()]").await;

    assert_eq!(now, json!(["2025-01-01T00:01:30.000Z", 1_735_689_690_000_i64]));
}

#[tokio::test]
async fn a_throw_is_custom_code_with_its_message_and_logs() {
    let bed = Bed::start().await;

    let thrown =
        bed.code("module.exports = () => { console.log('so far', { a: 1 }); throw new TypeError('no good') }").await;
    let rejected = bed.code("module.exports = async () => { throw 'just text' }").await;
    let parse = bed.code("module.exports = (").await;
    let none = bed.code("const x = 1").await;

    for (answer, said) in
        [(&thrown, "no good"), (&rejected, "just text"), (&parse, "SyntaxError"), (&none, "module.exports")]
    {
        assert_eq!((answer.0, &answer.1["type"]), (400, &json!("custom_code")), "{answer:?}");
        assert!(message(answer).contains(said), "{answer:?}");
        assert!(answer.1["actionRunId"].is_string());
    }
    assert!(thrown.1["logs"].to_string().contains("so far"), "{thrown:?}");
    let details = bed.demo().run_details(&thrown.1).await;
    assert!(details["details"]["logs"].to_string().contains("so far"), "{details:#}");
}

#[tokio::test]
async fn what_never_ends_is_stopped_wherever_it_hangs() {
    let bed = Bed::impatient().await;

    for code in [
        "module.exports = () => { for (;;) {} }",
        "module.exports = () => { try { for (;;) {} } catch { return 1 } }",
        "module.exports = () => [1].map(() => { while (true) {} })",
        "module.exports = async () => { await null; for (;;) {} }",
        "module.exports = () => { const f = () => f(); return f() }",
        "for (;;) {}",
    ] {
        let answer = bed.code(code).await;

        assert_eq!((answer.0, &answer.1["type"]), (400, &json!("custom_code")), "{code}: {answer:?}");
    }
    assert_eq!(bed.output("module.exports = () => 'still here'").await, "still here");
}

#[tokio::test]
async fn a_promise_that_never_settles_is_told_apart() {
    let bed = Bed::start().await;

    let answer = bed.code("module.exports = () => new Promise(() => {})").await;

    assert_eq!((answer.0, &answer.1["type"]), (400, &json!("custom_code")));
    assert!(message(&answer).contains("never settles"), "{answer:?}");
}

#[tokio::test]
async fn nesting_beyond_reason_is_refused_before_it_is_parsed() {
    let bed = Bed::start().await;

    for code in [
        format!("module.exports = () => {}1{}", "(".repeat(5000), ")".repeat(5000)),
        format!("module.exports = () => {}{}", "[".repeat(20_000), "]".repeat(20_000)),
        format!("module.exports = () => {}1", "!".repeat(50_000)),
    ] {
        let answer = bed.code(&code).await;

        assert_eq!((answer.0, &answer.1["type"]), (400, &json!("custom_code")));
    }
    assert_eq!(bed.output("module.exports = () => 1").await, 1, "the process is alive");
}

#[tokio::test]
async fn a_snippet_calls_the_app_through_the_connection() {
    let bed = Bed::start().await;
    bed.ws.upstream("github").stub(Stub::get("/who").json(200, json!({"name": "github"}))).await.unwrap();
    bed.ws.upstream("hubspot").stub(Stub::get("/who").json(200, json!({"name": "hubspot"}))).await.unwrap();

    for (code, output) in [
        ("async ({ membrane }) => (await membrane.proxy.get('/who')).data.name", json!("github")),
        ("async ({ membrane }) => (await membrane.proxy.get('/who')).status", json!(200)),
        ("async ({ externalApiClient }) => (await externalApiClient.get('/who')).name", json!("github")),
        (
            "async ({ membrane }) => (await membrane.connection('hubspot-prod').proxy.get('/who')).name",
            json!("hubspot"),
        ),
        (
            "async ({ externalApiClient: c }) => { try { await c.get('/nope') } catch (e) { return e.type } }",
            json!("action_run"),
        ),
    ] {
        assert_eq!(bed.output(&format!("module.exports = {code}")).await, output, "{code}");
    }
}

#[tokio::test]
async fn a_snippet_has_its_callers_rights_and_no_more() {
    let bed = Bed::start().await;
    bed.tenant("other").ok(Method::POST, "/connect", json!({"connectorKey": "slack", "connectionKey": "theirs"})).await;

    let caught = |call: &str| {
        format!(
            "module.exports = async ({{ membrane }}) => {{ try {{ await {call}; return 'done' }} catch (e) {{ return e.data.key }} }}"
        )
    };

    assert_eq!(bed.output(&caught("membrane.get('/customers')")).await, "access_denied");
    assert_eq!(bed.output(&caught("membrane.post('/actions', { key: 'x' })")).await, "access_denied");
    assert_eq!(bed.output(&caught("membrane.connection('theirs').get()")).await, "not_found");
    assert_eq!(bed.output(&caught("membrane.get('/__mock/workspaces')")).await, "not_found");
    let own = "module.exports = async ({ membrane }) => (await membrane.connections.find()).items.map((c) => c.key)";
    assert_eq!(bed.output(own).await, json!(["github-dev", "hubspot-prod"]));
}

#[tokio::test]
async fn an_error_of_a_call_that_is_let_through_is_the_cause() {
    let bed = Bed::start().await;

    let answer = bed.code("module.exports = ({ membrane }) => membrane.connection('nope').get()").await;

    assert_eq!((answer.0, &answer.1["type"]), (400, &json!("custom_code")));
    assert_eq!(answer.1["causedByError"]["key"], "not_found");
}

#[tokio::test]
async fn a_snippet_reaches_neither_the_host_nor_the_next_snippet() {
    let bed = Bed::start().await;

    bed.output("module.exports = () => { globalThis.left = 1; Array.prototype.map = 7; return 1 }").await;
    let next = bed.output("module.exports = () => [typeof left, typeof [].map, typeof process, typeof hostCall]").await;

    assert_eq!(next, json!(["undefined", "function", "undefined", "undefined"]));
    for gone in ["fetch('http://127.0.0.1')", "require('fs')"] {
        let answer = bed.code(&format!("module.exports = () => {gone}")).await;
        assert_eq!((answer.0, &answer.1["type"]), (400, &json!("custom_code")), "{gone}");
    }
}

#[tokio::test]
async fn membrane_api_gives_the_body_of_the_apps_answer() {
    let bed = Bed::start().await;
    let echo =
        json!({ "sent": { "$var": "$.body" }, "page": { "$var": "$.query.page" }, "as": { "$var": "$.headers.x-as" } });
    let _echo = bed.ws.upstream("github").stub(Stub::post("/notes").json(200, echo)).await.unwrap();
    let code = "module.exports = async ({ membrane }) => [
        (await membrane.api({ path: '/user' })).login,
        await membrane.api({ method: 'POST', path: '/notes', query: { page: 2 }, body: { a: 1 }, headers: { 'x-as': 'me' } }),
        await membrane.api({ method: 'GET', path: '/nothing' }).catch((error) => error.status),
        await membrane.api({ method: 'BREW', path: '/user' }).catch((error) => error.message),
    ]";

    let output = bed.output(code).await;

    assert!(output[0].is_string(), "{output}");
    assert_eq!(output[1], json!({ "sent": { "a": 1 }, "page": "2", "as": "me" }));
    assert_eq!(output[2], 404);
    assert_eq!(output[3], "membrane.api: the method `BREW` is none of GET, POST, PUT, PATCH, DELETE");
}
