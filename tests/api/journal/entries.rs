//! Entries of the journal: both sides, filters, the stream, what is kept and what is masked.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::support::journal::{issue, journal, send};
use crate::support::{Api, Bed, contacts, next_event, whoami};

#[tokio::test]
async fn the_journal_holds_both_sides_in_order_and_no_secret() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("demo-tenant").token();
    whoami(&bed.demo()).await;
    bed.demo().get("/connections/github-dev/proxy/user?access_token=hush&q=1").await;
    bed.nobody().get(&format!("/self?token={token}")).await;
    let tenant_secret = bed.demo().ok(Method::GET, "/connections/github-dev?includeSecrets=1", Value::Null).await;
    let access = tenant_secret["credentials"]["access_token"].as_str().unwrap().to_owned();

    let journal = bed.control(Method::GET, "/journal", Value::Null).await.1;

    let entries = journal["items"].as_array().unwrap();
    let sides: Vec<&str> = entries.iter().map(|entry| entry["side"].as_str().unwrap()).collect();
    assert_eq!(sides, ["upstream", "api", "upstream", "api", "api", "api"]);
    let sequence: Vec<u64> = entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert!(sequence.is_sorted(), "{sequence:?}");
    assert_eq!((&entries[1]["route"], &entries[1]["caller"]), (&json!("/act"), &json!("tenant:demo-tenant")));
    assert!(entries[1]["actionRunId"].is_string());
    let text = journal.to_string();
    for secret in [&token, &access, "hush", &bed.ws.secret()] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert_eq!(bed.control(Method::DELETE, "/journal", Value::Null).await.0, 204);
    assert!(bed.ws.journal().is_empty());
}

#[tokio::test]
async fn an_unauthenticated_call_is_journalled_where_it_claims_to_belong() {
    let bed = Bed::start().await;
    let token = bed.ws.tenant("acme").token();
    let forged = format!("{}x", &token[..token.len() - 8]);

    Api::new(bed.mock.uri(), forged).get("/self").await;
    bed.nobody().get("/self?from=nobody").await;

    let own = bed.ws.journal();
    assert_eq!((own.len(), own[0].caller.as_deref(), own[0].status), (1, Some("unauthenticated"), 401));
    let servers = bed.nobody().items("/__mock/journal").await;
    assert!(servers.iter().any(|entry| entry["path"] == "/self?from=nobody"), "{servers:#?}");
}

#[tokio::test]
async fn the_journal_is_filtered_by_what_a_call_was_about() {
    let bed = Bed::start().await;
    issue(&bed, "one").await;
    bed.act(contacts()).await;
    bed.demo().get("/connections/github-dev?x=1").await;
    bed.tenant("acme").get("/self").await;
    bed.demo().get("/nowhere").await;
    let (github, hubspot) = ("POST /act", "POST /act");
    let app = "POST /repos/acme/app/issues";
    let read = "GET /connections/github-dev?x=1";

    for (query, calls) in [
        ("?operation=act", vec![github, hubspot]),
        ("?operation=connect", vec![]),
        ("?side=upstream&route=github", vec![app]),
        ("?side=api&method=get", vec![read, "GET /self", "GET /nowhere"]),
        ("?path=/connections/github-dev", vec![read]),
        ("?path=/connections/*", vec![read]),
        ("?path=*/issues&side=upstream", vec![app]),
        ("?route=/connections/%7Bconnection%7D", vec![read]),
        ("?route=GET%20/connections/%7Bconnection%7D", vec![read]),
        ("?route=GET%20/connections/%7Bany%7D", vec![read]),
        ("?route=PUT%20/connections/%7Bconnection%7D", vec![]),
        ("?tenant=demo-tenant&operation=act", vec![github, hubspot]),
        ("?tenant=acme&operation=act", vec![]),
        ("?connection=github-dev&operation=act", vec![github]),
        ("?integration=hubspot", vec![hubspot]),
        ("?action=list-contacts", vec![hubspot]),
        ("?status=404", vec!["GET /nowhere"]),
        ("?status=201", vec![app]),
        ("?fault=none", vec![]),
    ] {
        let journal = journal(&bed, query).await;
        let text = |entry: &Value, name: &str| entry[name].as_str().expect("text").to_owned();
        let found = journal["items"].as_array().expect("a list").iter();
        let found: Vec<String> = found.map(|e| format!("{} {}", text(e, "method"), text(e, "path"))).collect();
        assert_eq!(found, calls, "{query}");
    }
    for wrong in ["?side=inside", "?status=well"] {
        assert_eq!(bed.control(Method::GET, &format!("/journal{wrong}"), Value::Null).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn any_call_has_its_tenant_and_its_connection_in_the_journal() {
    let bed = Bed::start().await;
    bed.demo().get("/connections/github-dev").await;
    bed.tenant("acme").get("/self").await;

    for (query, path) in [
        ("?tenant=demo-tenant", "/connections/github-dev"),
        ("?connection=github-dev", "/connections/github-dev"),
        ("?integration=github", "/connections/github-dev"),
        ("?tenant=acme", "/self"),
    ] {
        let items = journal(&bed, query).await["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{query}: {items:#}");
        assert_eq!(items[0]["path"], path, "{query}");
    }
}

#[tokio::test]
async fn the_stream_tells_of_a_call_as_it_is_made() {
    let bed = Bed::start().await;
    let path = format!("/__mock/workspaces/{}/journal/stream", bed.ws.key());
    let mut stream = bed.nobody().request(Method::GET, &path).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");

    bed.demo().get("/self?api_key=hush").await;

    let told = next_event(&mut stream).await;
    assert_eq!((&told["path"], &told["status"]), (&json!("/self?api_key=***"), &json!(200)));
    assert_eq!(told, journal(&bed, "").await["items"][0]);
}

#[tokio::test]
async fn a_journal_is_bounded_by_its_bytes_and_counts_what_it_forgot() {
    const CALLS: usize = 700;
    let bed = Bed::start().await;
    let demo = bed.demo();
    let large =
        |size: usize| json!({"key": "nowhere", "connectionKey": "github-dev", "input": {"x": "x".repeat(size)}});

    for _ in 0..CALLS / 50 {
        join_all((0..50).map(|_| demo.post("/act", large(60_000)))).await;
    }
    demo.post("/act", large(70_000)).await;

    let entries = bed.ws.journal();
    let bytes: usize = entries.iter().map(|entry| entry.body.as_ref().unwrap().to_string().len()).sum();
    assert!(bytes < 33 << 20, "{} entries take {bytes} bytes", entries.len());
    assert!(entries.len() > 300, "{} are left", entries.len());
    let forgotten = journal(&bed, "?path=/nowhere").await["forgotten"].as_u64().unwrap();
    assert_eq!(usize::try_from(forgotten).unwrap() + entries.len(), CALLS + 1);
    assert_eq!(entries[0].seq, forgotten + 1, "the oldest go first");
    let last = entries.last().unwrap().body.clone().unwrap();
    assert!(last.as_str().unwrap().starts_with("(about 70"), "a body over 64 KB is told by its size: {last}");
    assert_eq!(bed.control(Method::DELETE, "/journal", Value::Null).await.0, 204);
    assert_eq!(journal(&bed, "").await, json!({"items": [], "forgotten": 0, "findings": []}));
}

#[tokio::test]
async fn secrets_are_masked_in_inputs_and_in_what_an_app_is_sent() {
    let bed = Bed::start().await;
    let secrets = json!({
        "title": "seen", "password": "hush-1", "nested": [{"apiKey": "hush-2", "Access_Token": "hush-3"}],
        "clientSecret": "hush-4",
    });
    let mut input = secrets.clone();
    input["repo"] = json!("acme/app");
    bed.act(json!({"key": "create-issue", "connectionKey": "github-dev", "input": input})).await;
    let query = json!({"access_token": "hush-5", "q": "seen"});
    send(&bed, json!({"method": "POST", "path": "/things", "body": secrets, "query": query})).await;
    bed.demo().post("/connections/github-dev/proxy/things?api_key=hush-6", secrets).await;

    let text = journal(&bed, "").await.to_string();

    assert!(!text.contains("hush"), "{text}");
    assert_eq!(text.matches(r#""password":"***""#).count(), 3, "{text}");
    assert!(text.contains(r#""title":"seen""#) && text.contains("q=seen"), "{text}");
}

#[tokio::test]
async fn secrets_are_masked_whatever_their_shape() {
    let bed = Bed::start().await;
    let body = json!({"token": {"value": "hush-1"}, "tokens": ["hush-2"], "secret": 123_454_321});
    send(&bed, json!({"method": "POST", "path": "/things", "body": body})).await;
    send(&bed, json!({"method": "POST", "path": "/things", "body": "client_secret=hush-3&q=seen"})).await;

    let text = journal(&bed, "").await.to_string();

    for secret in ["hush-1", "hush-2", "hush-3", "123454321"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn a_journal_is_of_its_workspace_alone() {
    let bed = Bed::start().await;
    issue(&bed, "here").await;
    let fork = bed.mock.fork().await.unwrap();

    fork.journal().acts().expect(0);
    bed.ws.fork().await.unwrap().journal().acts().expect(0);
    bed.ws.journal().acts().expect(1);
    bed.ws.reset().await.unwrap();
    bed.ws.journal().acts().expect(0);
}
