//! The dashboard: what a browser gets at the addresses of the control API.

use http::Method;
use membrane_mock::testing::MockMembrane;
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::{Bed, id};

/// What a browser sends when a person opens an address.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A text that would do something if a page held it as it is.
const EVIL: &str = "\"><script>alert('x')</script>";

async fn open(bed: &Bed, path: &str) -> Response {
    bed.nobody().request(Method::GET, path).header("accept", BROWSER).send().await.unwrap()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// Opens a page that has to be there, and returns its text.
async fn read(bed: &Bed, path: &str) -> String {
    let response = open(bed, path).await;
    assert_eq!(
        (response.status().as_u16(), header(&response, "content-type")),
        (200, "text/html; charset=utf-8"),
        "{path}"
    );
    assert!(
        header(&response, "content-security-policy").starts_with("default-src 'none'; style-src 'self';"),
        "{path}"
    );
    assert_eq!(
        (header(&response, "x-frame-options"), header(&response, "cache-control")),
        ("DENY", "no-store"),
        "{path}"
    );
    assert!(header(&response, "vary").starts_with("accept"), "{path}");
    response.text().await.unwrap()
}

/// Fills the workspace so that no page is empty, with names that are markup.
async fn furnish(bed: &Bed) {
    let control = async |method: Method, path: &str, body: Value| {
        let (status, said) = bed.control(method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {said}");
        said
    };
    control(Method::PATCH, "", json!({"name": EVIL, "label": EVIL})).await;
    bed.manager().ok(Method::POST, "/tenants", json!({"internalId": EVIL, "name": EVIL})).await;
    let evil = bed.tenant(EVIL);
    let waits = json!({"integrationKey": "github", "connectionKey": "evil", "name": EVIL});
    bed.complete(&id(&evil.ok(Method::POST, "/connect", waits).await)).await;
    evil.ok(Method::POST, "/connect", json!({"integrationKey": "hubspot", "name": EVIL})).await;
    let stub =
        json!({"name": EVIL, "request": {"method": "GET", "path": "/evil"}, "respond": {"json": {"evil": EVIL}}});
    control(Method::POST, "/upstreams/github/stubs", stub).await;
    for path in ["/evil", "/none?a=%22%3E%3Cscript%3Ealert('x')%3C/script%3E"] {
        evil.post("/act", json!({"connectionKey": "evil", "api": {"method": "GET", "path": path}})).await;
    }
    let rule = json!({"name": EVIL, "on": {"path": "/self", "tenant": EVIL}, "fault": {"error": {"type": "internal", "message": EVIL}}});
    control(Method::POST, "/faults", rule).await;
    evil.get("/self").await;
    evil.post("/act", json!({"key": EVIL, "connectionKey": "evil", "input": {"evil": EVIL}})).await;
    control(Method::POST, "/snapshots", json!({"name": EVIL})).await;
    let scenario =
        json!({"name": "evil", "description": EVIL, "parameters": {"evil": EVIL}, "steps": [{"at": {"clock": "+1h"}}]});
    control(Method::POST, "/scenarios", scenario).await;
    control(Method::POST, "/scenarios/evil/start", json!({})).await;
    let flow =
        json!({"key": "evil", "name": EVIL, "nodes": {"start": {"type": "api-trigger"}}, "integrationKey": "github"});
    bed.manager().ok(Method::POST, "/flows", flow).await;
    evil.ok(Method::POST, "/connections/evil/flows/evil/run", json!({})).await;
    bed.manager().ok(Method::POST, "/agent/sessions", json!({"prompt": EVIL})).await;
}

/// The addresses of the pages of the bed's workspace.
async fn pages(bed: &Bed) -> Vec<String> {
    let (_, journal) = bed.control(Method::GET, "/journal", Value::Null).await;
    let entries = journal["items"].as_array().unwrap();
    let run = entries.iter().find_map(|entry| entry["actionRunId"].as_str()).unwrap();
    let calls = entries.iter().map(|entry| format!("/journal/{}", entry["seq"]));
    let fixed = [
        "",
        "/",
        "/journal",
        "/journal?failed=1&side=api",
        "/runs",
        "/webhooks",
        "/connections",
        "/connections?state=READY",
        "/connections/github-dev",
        "/connections/evil",
        "/tenants/demo-tenant",
        "/elements",
        "/elements?kind=flows",
        "/elements?kind=actions&search=e",
        "/upstreams",
        "/upstreams/github",
        "/upstreams/github?method=GET&path=%22%3E%3Cscript%3E",
        "/faults",
        "/scenarios",
        "/clock",
        "/snapshots",
        "/fidelity",
        "/fidelity?used=&level=assumed&search=%3Cscript%3E",
    ];
    let fixed = fixed.into_iter().map(str::to_owned);
    let of_run = format!("/runs/{run}");
    let evil = "/tenants/%22%3E%3Cscript%3Ealert('x')%3C%2Fscript%3E".to_owned();
    let own =
        fixed.chain(calls).chain([of_run, evil]).map(|below| format!("/__mock/workspaces/{}{below}", bed.ws.key()));
    ["/", "/__mock", "/__mock/", "/__mock/workspaces"].into_iter().map(str::to_owned).chain(own).collect()
}

#[tokio::test]
async fn every_page_is_there_and_no_data_is_markup() {
    let bed = Bed::start().await;
    furnish(&bed).await;
    let before = bed.control(Method::GET, "/journal", Value::Null).await.1;
    let lost = bed.nobody().ok(Method::GET, "/__mock/journal", Value::Null).await;

    for path in pages(&bed).await {
        let text = read(&bed, &path).await;
        assert!(text.starts_with("<!doctype html>") && text.trim_end().ends_with("</html>"), "{path}");
        assert!(!text.contains("<script>") && !text.contains("alert('x')"), "{path}: {text}");
        assert_eq!(text.matches("<script").count(), 1, "{path}");
        assert_eq!(text.matches("<h1>").count(), 1, "{path}");
    }

    assert_eq!(bed.control(Method::GET, "/journal", Value::Null).await.1, before, "reading is in no journal");
    assert_eq!(bed.nobody().ok(Method::GET, "/__mock/journal", Value::Null).await, lost);
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_a_browser_and_json_for_a_program() {
    let bed = Bed::start().await;
    let key = bed.ws.key();

    for path in [
        "/nothing".to_owned(),
        "/__mock/nothing".to_owned(),
        "/__mock/workspaces/nowhere/".to_owned(),
        "/__mock/workspaces/nowhere/journal".to_owned(),
        format!("/__mock/workspaces/{key}/tenants/nobody"),
        format!("/__mock/workspaces/{key}/connections/nothing"),
        format!("/__mock/workspaces/{key}/runs/nothing"),
        format!("/__mock/workspaces/{key}/journal/0"),
        format!("/__mock/workspaces/{key}/journal/x"),
        format!("/__mock/workspaces/{key}/upstreams/nothing"),
        format!("/__mock/workspaces/{key}/elements?kind=nothing"),
    ] {
        let page = open(&bed, &path).await;
        assert_eq!(page.status(), 404, "{path}");
        assert!(page.text().await.unwrap().contains("<h1>Not found</h1>"), "{path}");
        let (status, said) = bed.nobody().get(&path).await;
        assert!([404, 405].contains(&status) && said["type"] == "bad_request", "{path}: {said}");
    }
}

#[tokio::test]
async fn a_program_gets_what_it_got_at_every_address() {
    let bed = Bed::start().await;
    let at = |below: &str| format!("/__mock/workspaces/{}{below}", bed.ws.key());

    for path in
        ["/__mock/workspaces".to_owned(), at(""), at("/journal"), at("/faults"), at("/clock"), at("/connections")]
    {
        for accept in ["*/*", "application/json", ""] {
            let answer = bed.nobody().request(Method::GET, &path).header("accept", accept).send().await.unwrap();
            assert_eq!(header(&answer, "content-type"), "application/json; charset=utf-8", "{path} for {accept}");
        }
    }
    let welcome = bed.nobody().request(Method::GET, "/").header("accept", "*/*").send().await.unwrap();
    let secret = bed.nobody().ok(Method::GET, &at(""), Value::Null).await["secret"].as_str().unwrap().to_owned();
    assert!(!welcome.text().await.unwrap().contains(&secret));
    assert!(read(&bed, "/").await.contains(&secret));
}

#[tokio::test]
async fn pages_are_closed_to_other_origins_and_without_the_control_token() {
    let bed = Bed::start().await;
    let guarded = Bed::of(MockMembrane::builder().control_token("sesame")).await;
    let key = bed.ws.key();
    let secret =
        bed.nobody().ok(Method::GET, &format!("/__mock/workspaces/{key}"), Value::Null).await["secret"].clone();
    let secret = secret.as_str().unwrap();

    for path in ["/__mock/".to_owned(), format!("/__mock/workspaces/{key}/")] {
        let foreign = bed.nobody().request(Method::GET, &path).header("accept", BROWSER);
        let foreign = foreign.header("origin", "https://elsewhere.example").send().await.unwrap();
        assert_eq!(foreign.status(), 403, "{path}");
        let text = foreign.text().await.unwrap();
        assert!(text.contains("<h1>Not allowed</h1>") && !text.contains(secret), "{path}");
        assert_eq!(open(&guarded, &path).await.status(), 401, "{path}");
        let let_in = guarded.nobody().request(Method::GET, &path).header("accept", BROWSER).bearer_auth("sesame");
        assert_eq!(let_in.send().await.unwrap().status(), 200, "{path}");
    }

    let foreign = bed.nobody().request(Method::GET, "/").header("accept", BROWSER);
    let foreign = foreign.header("origin", "https://elsewhere.example").send().await.unwrap().text().await.unwrap();
    assert!(!foreign.contains(secret), "the start page tells others what this is, and no more");
    let closed = open(&guarded, "/").await.text().await.unwrap();
    assert!(!closed.contains("MEMBRANE") && !closed.contains("Workspace secret"));
}

#[tokio::test]
async fn a_browser_gives_the_control_token_once() {
    let bed = Bed::of(MockMembrane::builder().control_token("open; sesame")).await;
    let path = format!("/__mock/workspaces/{}/faults", bed.ws.key());
    let asks = open(&bed, &path).await.text().await.unwrap();
    let session = format!("/__mock/session?next={}", path.replace('/', "%2F"));
    assert!(asks.contains(&format!("method=\"post\" action=\"{session}\"")), "{asks}");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let give = async |token: &str, origin: &str, next: &str| {
        let address = format!("{}{next}", bed.mock.uri());
        let form = client.post(address).header("accept", BROWSER).header("origin", origin);
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        form.body(format!("token={}", token.replace("; ", "%3B+"))).send().await.unwrap()
    };
    let own = bed.mock.uri();

    let wrong = give("sesame", own, &session).await;
    assert_eq!((wrong.status().as_u16(), header(&wrong, "set-cookie")), (401, ""));
    assert!(wrong.text().await.unwrap().contains("This is not the control token."));
    assert_eq!(give("open; sesame", "https://elsewhere.example", &session).await.status(), 403);
    let elsewhere = give("open; sesame", own, "/__mock/session?next=//elsewhere.example").await;
    assert_eq!(header(&elsewhere, "location"), "/__mock/");
    let given = give("open; sesame", own, &session).await;
    assert_eq!((given.status().as_u16(), header(&given, "location")), (303, path.as_str()));
    let cookie = header(&given, "set-cookie");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/__mock"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();

    let with =
        |method: Method, path: &str| bed.nobody().request(method, path).header("cookie", format!("a=b; {cookie}"));
    assert_eq!(with(Method::GET, &path).header("accept", BROWSER).send().await.unwrap().status(), 200);
    let added = with(Method::POST, &path).json(&json!({"fault": "close"})).send().await.unwrap();
    assert_eq!(added.status(), 200);
    let foreign =
        with(Method::POST, &path).header("origin", "https://elsewhere.example").json(&json!({"fault": "close"}));
    assert_eq!(foreign.send().await.unwrap().status(), 403);

    let open_to_all = Bed::start().await;
    let unasked = client.post(format!("{}/__mock/session", open_to_all.mock.uri()));
    assert_eq!(unasked.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn what_pages_load_needs_no_token_and_is_kept_by_its_version() {
    let guarded = Bed::of(MockMembrane::builder().control_token("sesame")).await;
    let bed = Bed::start().await;
    let page = read(&bed, "/__mock/").await;

    for (name, kind) in [("dashboard.css", "text/css"), ("dashboard.js", "text/javascript")] {
        let start = page.find(&format!("/__mock/assets/{name}?v=")).unwrap();
        let address = page[start..].split('"').next().unwrap();
        let asset = guarded.nobody().request(Method::GET, address).send().await.unwrap();
        assert_eq!(asset.status(), 200, "{address}");
        assert!(header(&asset, "content-type").starts_with(kind));
        assert!(header(&asset, "cache-control").contains("immutable"));
        let other =
            guarded.nobody().request(Method::GET, &format!("/__mock/assets/{name}?v=old")).send().await.unwrap();
        assert_eq!(header(&other, "cache-control"), "no-cache");
    }
    assert_eq!(open(&guarded, "/__mock/assets/nothing.js").await.status(), 404);
}

#[tokio::test]
async fn a_call_tells_why_it_was_refused_and_what_to_do() {
    let bed = Bed::start().await;
    bed.act(json!({"connectionKey": "github-dev", "api": {"method": "GET", "path": "/orgs/acme/teams"}})).await;
    bed.demo().get("/connections/none").await;

    let (_, journal) = bed.control(Method::GET, "/journal?failed=true&side=api", Value::Null).await;
    let seq = |index: usize| journal["items"][index]["seq"].clone();
    let at = |seq: &Value| format!("/__mock/workspaces/{}/journal/{seq}", bed.ws.key());
    let unmatched = read(&bed, &at(&seq(0))).await;
    assert!(unmatched.contains("No stub of github answers it."), "{unmatched}");
    assert!(unmatched.contains("/upstreams/github?method=GET&#38;path=%2Forgs%2Facme%2Fteams#new-stub"), "{unmatched}");
    assert!(unmatched.contains("Open run") && unmatched.contains("Answer of the app"));
    let refused = read(&bed, &at(&seq(1))).await;
    assert!(refused.contains("Why it is 404") && refused.contains("onnection not found"), "{refused}");
    let one = bed.nobody().ok(Method::GET, &at(&seq(1)), Value::Null).await;
    assert_eq!((&one["error"]["type"], &one["error"]["key"]), (&json!("bad_request"), &json!("not_found")));
    assert_eq!(one, journal["items"][1]);
}

#[tokio::test]
async fn calls_are_listed_in_pages() {
    let bed = Bed::start().await;
    for _ in 0..5 {
        bed.demo().get("/self").await;
    }
    let seqs = async |query: &str| {
        let (_, journal) = bed.control(Method::GET, &format!("/journal?{query}"), Value::Null).await;
        journal["items"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect::<Vec<_>>()
    };

    assert_eq!(seqs("limit=2").await, [4, 5]);
    assert_eq!(seqs("limit=2&before=4").await, [2, 3]);
    assert_eq!(seqs("before=2").await, [1]);
    assert_eq!(seqs("failed=true").await, Vec::<u64>::new());
    assert_eq!(seqs("failed=false&limit=1").await, [5]);
    assert_eq!(bed.control(Method::GET, "/journal?failed=1", Value::Null).await.0, 400);
}

#[tokio::test]
async fn connections_tell_what_they_take_and_how_they_came_there() {
    let bed = Bed::start().await;
    bed.poke("github-dev", "loseCredentials").await;

    let (_, found) = bed.control(Method::GET, "/connections?integration=github", Value::Null).await;

    let shown = &found["items"][0];
    assert_eq!(shown["events"], json!(["reconnect", "rebuild"]));
    let change = shown["history"].as_array().unwrap().last().unwrap();
    assert_eq!((&change["from"], &change["to"]), (&json!("READY"), &json!("DISCONNECTED")));
    assert_eq!(change["cause"], "loseCredentials");
}

#[tokio::test]
async fn every_kind_of_element_is_listed() {
    let bed = Bed::start().await;
    let elements = format!("/__mock/workspaces/{}/elements", bed.ws.key());
    let tables = json!({"key": "people", "name": "The table of people"});
    bed.manager().ok(Method::POST, "/data-link-tables", tables).await;

    let page = read(&bed, &elements).await;

    for kind in ["External apps", "Flows", "Data link tables", "External event types", "Connected products"] {
        assert!(page.contains(&format!(">{kind}</option>")), "{kind}");
    }
    assert!(read(&bed, &format!("{elements}?kind=data-link-tables")).await.contains("The table of people"));
}
