//! How each route wants to be called, for the tests that call all of them.

use http::Method;
use membrane_mock::call::router::Route;
use membrane_mock::testing::{MockWorkspace, Progress, Stub};
use serde_json::{Value, json};

use crate::support::pages::{form_encoded, page_of};
use crate::support::routes::{filled, method_of};
use crate::support::{Answer, Api, Bed, answer, id, jobs, user};

/// The kinds that are their fields and stand at the three layers.
const FIELDED: [&str; 5] = ["data-sources", "field-mappings", "data-link-tables", "packages", "external-event-types"];

pub(super) fn singular(plural: &str) -> &str {
    plural.strip_suffix('s').unwrap_or(plural)
}

/// The word by which instances name what they are one of, such as `dataSource`.
pub(super) fn named_by(plural: &str) -> String {
    let mut words = singular(plural).split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

/// What singular addresses carry in their query.
pub(super) fn query_of(path: &str, nothing: bool) -> String {
    let value = |text: &str| if nothing { "nope" } else { text }.to_owned();
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    // Kinds that are their fields are named alike.
    if first == "scenario" || FIELDED.iter().any(|kind| first == singular(kind)) {
        let scope = match path.rsplit('/').next() {
            Some("apply" | "clone") => "",
            Some("reset") => "&connectionKey=github-dev",
            _ => "&integrationKey=github",
        };
        return format!("?key={}{scope}", value("task"));
    }
    if let Some(kind) = FIELDED.iter().find(|kind| first == format!("{}-instance", singular(kind))) {
        if path.ends_with("/restore") {
            return format!("?id={}", value("INSTANCE"));
        }
        let own = named_by(kind);
        return format!("?{own}Key={}&connectionKey=github-dev&autoCreate=true", value("task"));
    }
    match first {
        // Only a universal element is applied.
        "action" | "flow" if path.ends_with("/apply") || path.ends_with("/clone") => format!("?key={}", value("task")),
        "action" => format!("?key={}&integrationKey=github", value("task")),
        "integration" => format!("?key={}", value("github")),
        "customer" | "tenant" | "user" => format!("?id={}", value("acme")),
        "flow" => format!("?key={}&integrationKey=github&connectionKey=github-dev", value("task")),
        // Nothing else can be wrong with it.
        "search" | "semantic-search" if nothing => "?q=task&elementType=nope".to_owned(),
        "search" | "semantic-search" => "?q=task".to_owned(),
        "checkpoints" => format!("?elementType={}&elementId=x", if nothing { "nope" } else { "action" }),
        "flow-instance" if path.ends_with("/restore") => format!("?id={}", value("INSTANCE")),
        "flow-instance" => format!("?flowKey={}&connectionKey=github-dev&autoCreate=true", value("task")),
        "app-data-schema" | "app-event-type" | "screen" | "connected-product" => format!("?key={}", value("task")),
        "app-event-subscription" if path.ends_with("/restore") => format!("?id={}", value("INSTANCE")),
        "app-event-subscription" => format!("?appEventTypeKey={}&autoCreate=true", value("task")),
        "app-data-schema-instance" => format!("?appDataSchemaKey={}&autoCreate=true", value("task")),
        "action-instance" if path.ends_with("/restore") => format!("?id={}", value("INSTANCE")),
        "action-instance" => format!("?parentKey={}&connectionKey=github-dev&autoCreate=true", value("task")),
        _ => String::new(),
    }
}

/// A workspace in which every route has something to find.
pub(super) async fn prepared(bed: &Bed) -> MockWorkspace {
    let manager = bed.manager();
    let code = json!({"code": "module.exports = () => 1"});
    let universal = json!({"key": "task", "type": "run-javascript", "config": code});
    manager.ok(Method::POST, "/actions", universal).await;
    let task = json!({"key": "task", "integrationKey": "github", "type": "run-javascript", "config": code});
    manager.ok(Method::POST, "/actions", task).await;
    let nodes = json!({"start": {"type": "api-trigger"}});
    for at in ["/flows", "/integrations/github/flows"] {
        manager.ok(Method::POST, at, json!({"key": "task", "nodes": nodes})).await;
    }
    manager.ok(Method::POST, "/app-data-schemas", json!({"key": "task"})).await;
    manager.ok(Method::POST, "/connected-products", json!({"key": "task"})).await;
    manager.ok(Method::POST, "/screens", json!({"key": "task", "type": "integration"})).await;
    let by_customer = json!({"$var": "customerId"});
    manager.ok(Method::POST, "/app-event-types", json!({"key": "task", "tenantIdFormula": by_customer})).await;
    let collection = json!({"key": "task", "name": "Notes", "fieldsSchema": {"type": "object"}, "records": [{"id": "task"}],
        "udm": {"task": {"extract": {}, "parse": {}}}});
    let request = json!({"method": "GET", "path": "/user"});
    let operation = json!({"key": "task", "name": "Task", "config": {"request": request}});
    let event = json!({"key": "task", "name": "Task"});
    let github = json!({"dataCollections": [collection], "operations": [operation], "events": [event]});
    manager.ok(Method::PATCH, "/connectors/github", github).await;
    for kind in FIELDED {
        for at in [format!("/{kind}"), format!("/integrations/github/{kind}")] {
            let body = if kind == "data-sources" {
                json!({"key": "task", "collectionKey": "task", "udm": "task"})
            } else {
                json!({"key": "task"})
            };
            manager.ok(Method::POST, &at, body).await;
        }
    }
    manager.ok(Method::POST, "/customers", json!({"name": "Acme", "internalId": "acme"})).await;
    manager.ok(Method::POST, "/external-apps", json!({"name": "Own", "key": "own"})).await;
    manager.ok(Method::POST, "/connectors", json!({"name": "Own", "key": "own", "type": "client-credentials"})).await;
    for stub in [Stub::get("/"), Stub::get("/nope"), Stub::post("/user")] {
        bed.ws.upstream("github").stub(stub.json(200, json!({}))).await.unwrap();
    }
    bed.ws.clone()
}

/// What a good call to the route sends.
pub(super) fn good_body(method: &Method, path: &str) -> Value {
    if *method == Method::GET || *method == Method::DELETE {
        return Value::Null;
    }
    let action = json!({"key": "fresh", "type": "run-javascript", "config": {"code": "module.exports = () => 1"}});
    let last = path.rsplit('/').next().unwrap_or_default();
    match (method.as_str(), path) {
        ("POST", "/act") => json!({"code": "module.exports = () => 1", "connectionKey": "github-dev"}),
        ("POST", path) if path.ends_with("/actions") => action,
        ("POST", path) if path.ends_with("/flows") => json!({"key": "fresh"}),
        ("POST", "/app-data-schemas" | "/app-event-types") => json!({"key": "fresh"}),
        ("POST", path) if path.starts_with("/agent/tools/") => json!({"query": "github"}),
        ("POST", path) if last == "switch-connector-version" && path.starts_with("/integrations/") => {
            json!({"connectorVersion": "latest"})
        }
        ("POST" | "PUT", path) if path == "/screens" || path.starts_with("/screen") => {
            json!({"key": "fresh", "type": "integration"})
        }
        ("POST", "/files") => json!({"any": "bytes"}),
        ("POST", "/connected-products") => json!({"key": "fresh"}),
        ("PUT", path) if path.starts_with("/connected-product") => json!({"key": "task", "name": "Task"}),
        ("POST", "/scenarios") => json!({"key": "fresh"}),
        ("PUT", path) if path.starts_with("/scenario") => json!({"key": "task", "name": "Task"}),
        ("POST", "/external-event-subscriptions") => {
            json!({"connectionKey": "github-dev", "config": {"type": "connector-event", "eventKey": "task"}})
        }
        ("POST", path) if path.ends_with("/links") => json!({"externalRecordId": "task", "appRecordId": "7"}),
        ("POST", "/webhooks/app-events/{key}") => json!({"customerId": "demo-tenant"}),
        ("POST", path) if FIELDED.iter().any(|kind| path.ends_with(&format!("/{kind}"))) => json!({"key": "fresh"}),
        ("PUT", path) if FIELDED.iter().any(|kind| path.contains(singular(kind))) => {
            json!({"key": "task", "name": "Task", "collectionKey": "task"})
        }
        ("POST", path) if path.contains("/collection/") || path.contains("/data/") => match last {
            "search" => json!({"query": "a"}),
            "match" => json!({"query": {"id": "task"}}),
            "find-by-id" | "delete" => json!({"id": "task"}),
            "update" => json!({"id": "task", "fields": {"a": 1}}),
            "create" => json!({"fields": {"a": 1}}),
            _ => json!({}),
        },
        ("POST", "/flow-instances") => json!({"flowId": "FLOW", "connectionId": "github-dev"}),
        ("POST", "/flow-runs") => json!({"flowInstanceId": "INSTANCE"}),
        ("PUT", path) if path.contains("flow") => {
            json!({"key": "task", "name": "Task", "nodes": {"start": {"type": "api-trigger"}}})
        }
        ("PUT", path) if path.contains("action") => json!({"key": "task", "name": "Task", "type": "run-javascript"}),
        ("POST", "/integrations") => json!({"key": "twilio", "connectorKey": "twilio"}),
        ("PUT", path) if path.starts_with("/integration") && last != "parameters" => {
            json!({"key": "github", "name": "GitHub", "connectorKey": "github"})
        }
        ("POST", "/connectors") => json!({"name": "New", "type": "client-credentials"}),
        ("PUT", path) if path.starts_with("/connectors") => json!({"name": "Own", "type": "client-credentials"}),
        ("POST", "/external-apps" | "/customers" | "/tenants" | "/users") => json!({"name": "New"}),
        ("PUT", path) if ["/customer", "/tenant", "/user"].iter().any(|noun| path.starts_with(noun)) => {
            json!({"name": "New"})
        }
        ("POST", "/connections") => json!({"connectorKey": "stripe", "credentials": {"apiKey": "k"}}),
        ("POST", "/connections/ensure") => json!({"appUrl": "slack.com"}),
        ("POST", "/connect" | "/connection-requests" | "/connection-options") => json!({"connectorKey": "slack"}),
        ("POST", "/connections/{connection}/execute-request") => json!({"key": "list-repositories"}),
        ("POST", _) if last == "apply" => json!({"integrationKeys": ["hubspot"]}),
        ("POST", "/agent/sessions") => json!({"prompt": "Do it"}),
        ("POST", "/agent/sessions/{id}/message") => json!({"input": "Go on"}),
        _ => json!({}),
    }
}

/// Makes what the path of a route names, and answers its id.
pub(super) async fn found_for(api: &Api, space: &MockWorkspace, path: &str) -> String {
    let mut found = String::new();
    if path.starts_with("/agent/sessions/") {
        found = id(&api.ok(Method::POST, "/agent/sessions", json!({"prompt": "Do it"})).await);
    } else if path.starts_with("/connection-attempt-logs/") {
        let stripe = json!({"connectorKey": "stripe", "input": {"apiKey": "k"}});
        api.ok(Method::POST, "/connect", stripe).await;
        found = id(&api.items("/connection-attempt-logs").await[0]);
    } else if path.contains("-logs/") {
        let act = user();
        api.ok(Method::POST, "/act", act).await;
        let list = if path.starts_with("/action-run") { "/action-run-logs" } else { "/external-api-logs" };
        found = api.items(list).await.first().map(id).unwrap_or_default();
    } else if path.starts_with("/connection-requests/") {
        let request = api.ok(Method::POST, "/connection-requests", json!({"connectorKey": "slack"})).await;
        request["requestId"].as_str().unwrap().clone_into(&mut found);
    } else if path.starts_with("/connect/") {
        let begun = api.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;
        let page = begun["clientAction"]["uiUrl"].as_str().unwrap();
        page.rsplit('/').next().unwrap().clone_into(&mut found);
    } else if path.starts_with("/checkpoints/") {
        let task = id(&api.ok(Method::GET, "/actions/task", Value::Null).await);
        let all = api.get(&format!("/checkpoints?elementType=action&elementId={task}")).await.1;
        found = id(&all[0]);
    } else if path.starts_with("/org-workspaces/") {
        found = space.key().to_owned();
    } else if path.starts_with("/connectors/{selector}/files/") || path.contains("/directories/") {
        api.ok(Method::PUT, "/connectors/own/files/task/list.js", json!({"content": "x"})).await;
        let at = if path.contains("/directories/") { "task" } else { "task/list.js" };
        at.clone_into(&mut found);
    } else if path.contains("/versions/") {
        found = id(&api.ok(Method::POST, "/connectors/own/publish-version", json!({})).await);
    } else if path.contains("flow") {
        let instance = api.ok(Method::PUT, "/connections/github-dev/flows/task", Value::Null).await;
        found = id(&instance);
        if path.contains("/flow-runs/") {
            let stays = if path.ends_with("/stop") { Progress::Hold } else { Progress::Immediate };
            space.progress(|progress| progress.flow_run = stays).await.unwrap();
            found = id(&api.ok(Method::POST, "/flow-runs", json!({"flowInstanceId": found})).await);
            // A run that is held waits to be stopped; any other is over by then.
            space.settle().await.unwrap();
        }
    } else if path.starts_with("/scenario") {
        found = id(&api.ok(Method::PUT, "/connections/github-dev/packages/task", Value::Null).await);
    } else if let Some(kind) = FIELDED.iter().find(|kind| path.contains(singular(kind))) {
        let at = format!("/connections/github-dev/{kind}/task");
        found = id(&api.ok(Method::PUT, &at, Value::Null).await);
    } else if path.starts_with("/data-links/") {
        let link = json!({"externalRecordId": "task", "appRecordId": "7"});
        found = id(&api.ok(Method::POST, "/data-link-tables/github.task/links?connectionKey=github-dev", link).await);
    } else if path.starts_with("/files/") {
        let sent = api.ok(Method::POST, "/files", json!({"any": "bytes"})).await;
        sent["downloadUri"].as_str().unwrap().rsplit('/').next().unwrap().clone_into(&mut found);
    } else if path.starts_with("/external-event")
        || path.starts_with("/incoming-webhooks/")
        || path.contains("external-events/")
    {
        found = of_external_events(api, path).await;
    } else if path.contains("/app-event-subscription") {
        found = id(&api.ok(Method::PUT, "/app-event-subscription?appEventTypeKey=task", Value::Null).await);
    } else if path.starts_with("/app-events/") || path.starts_with("/webhooks/") {
        let kind = api.ok(Method::GET, "/app-event-types/task", Value::Null).await;
        kind["webhookKey"].as_str().unwrap().clone_into(&mut found);
        if path.starts_with("/app-events/") {
            let at = format!("/webhooks/app-events/{found}");
            found = id(&api.ok(Method::POST, &at, json!({"customerId": "demo-tenant"})).await);
        }
    } else if path.contains("/app-data-schema-instance") {
        found = id(&api.ok(Method::PUT, "/app-data-schema-instance?appDataSchemaKey=task", Value::Null).await);
    } else if path.contains("instance") || path.starts_with("/connections/{connection}/actions/") {
        found = id(&api.ok(Method::PUT, "/connections/github-dev/actions/task", Value::Null).await);
    }
    if found.is_empty() {
        "none".clone_into(&mut found);
    }
    found
}

/// Makes a subscription to external events, with an event that a webhook brought, and answers what the path names of it.
pub(super) async fn of_external_events(api: &Api, path: &str) -> String {
    let config = json!({"type": "connector-event", "eventKey": "task"});
    let body = json!({"connectionKey": "github-dev", "config": config});
    let made = api.ok(Method::POST, "/external-event-subscriptions", body).await;
    let key = made["incomingWebhookUri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let subscription = format!("/external-event-subscriptions/{}", id(&made));
    api.ok(Method::POST, &format!("/webhooks/external-events/{key}"), json!({})).await;
    api.ok(Method::POST, &format!("{subscription}/pull-events"), Value::Null).await;
    let list = path.split('/').nth(1).unwrap_or_default();
    match list {
        "webhooks" => key,
        "external-event-subscriptions" => {
            if path.ends_with("/restore") {
                api.ok(Method::DELETE, &subscription, Value::Null).await;
            }
            id(&made)
        }
        list => id(&api.items(&format!("/{list}")).await[0]),
    }
}

/// The lists whose elements the seed has as universal ones and, for GitHub, as versions of them.
const ELEMENTS: [&str; 8] = [
    "actions",
    "flows",
    "data-sources",
    "field-mappings",
    "data-link-tables",
    "packages",
    "scenarios",
    "external-event-types",
];

/// Calls a route as it wants to be called, in a workspace of its own.
pub(super) async fn called_well(bed: &Bed, base: &MockWorkspace, route: &Route) -> Answer {
    if ["/import", "/background-jobs/", "/downloads/"].iter().any(|beginning| route.path.starts_with(beginning)) {
        return called_with_a_job(bed, base, route).await;
    }
    let in_a_flow = ["/vendor/", "/oauth-callback", "/sse/", "/connection-popup", "/screens/"];
    if in_a_flow.iter().any(|beginning| route.path.starts_with(beginning)) {
        return called_in_a_flow(bed, base, route).await;
    }
    let space = base.fork().await.unwrap();
    let claims = json!({"workspaceKey": space.key(), "tenantKey": "demo-tenant", "isAdmin": true});
    let api = Api::bearing(&space, &claims);
    let method = method_of(route);
    let mut path = route.path.clone();
    let found = found_for(&api, &space, &path).await;
    let mut part = String::new();
    if path.contains("/nodes/") {
        let list = if path.contains("/output") { "outputs" } else { "runs" };
        part = id(&api.items(&format!("/flow-runs/{found}/nodes/start/{list}")).await[0]);
    }
    let query = query_of(&path, false).replace("INSTANCE", &found);
    let owner = path.clone();
    path = filled(&path, |name| match (name, owner.split('/').nth(1).unwrap_or_default()) {
        ("integration", _) => "github".into(),
        ("connection", _) => "github-dev".into(),
        ("rest", _) => "user".into(),
        ("path" | "version", _) => found.clone(),
        ("name", _) => "github.svg".into(),
        ("page", _) => "configuration".into(),
        ("id" | "ticket" | "instance", _) => found.clone(),
        ("node", _) => "start".into(),
        ("run" | "output", _) => part.clone(),
        (_, "workspaces") => space.key().to_owned(),
        (_, "external-apps" | "connectors") => "own".into(),
        (_, "customers" | "tenants" | "users") => "acme".into(),
        ("key", "webhooks") => found.clone(),
        ("key", _) => "task".into(),
        (_, "integrations") if !owner.contains("{integration}") => "github".into(),
        (_, noun) if ELEMENTS.contains(&noun) => {
            let is_universal = owner.ends_with("/apply") || owner.ends_with("/clone");
            if is_universal { "task".into() } else { "github.task".into() }
        }
        (_, _) => "task".into(),
    });
    let mut query = query;
    if method == Method::DELETE && path.ends_with("/links") {
        let link = json!({"externalRecordId": "task", "appRecordId": "7"});
        api.ok(Method::POST, &format!("{path}{query}"), link).await;
        query += if query.is_empty() { "?" } else { "&" };
        query += "externalRecordId=task";
    }
    if path.ends_with("/upload") || path.ends_with("/upload-connector") {
        let archive = jobs::zipped(&jobs::one("list.js", "module.exports = () => 1"));
        return answer(api.request(method, &path).body(archive)).await;
    }
    let mut body = good_body(&method, &route.path);
    if body["flowInstanceId"].is_string() {
        body["flowInstanceId"] = found.into();
    } else if body["flowId"].is_string() {
        body["flowId"] = id(&api.items("/flows").await[0]).into();
    }
    api.call(method, &format!("{path}{query}"), if body.is_null() { None } else { Some(&body) }).await
}

/// The same for what jobs take and give.
pub(super) async fn called_with_a_job(bed: &Bed, base: &MockWorkspace, route: &Route) -> Answer {
    let space = base.fork().await.unwrap();
    let api = Api::manager_of(&space);
    if route.path == "/import" {
        let archive = jobs::zipped(&jobs::one("actions/a/spec.yaml", "type: run-javascript\n"));
        return answer(jobs::upload(&api, "", &[], &archive)).await;
    }
    let begun = api.ok(Method::GET, "/export", Value::Null).await;
    let job = jobs::address(&begun);
    space.settle().await.unwrap();
    let done = api.get(&job).await;
    match done.1["result"]["downloadUrl"].as_str() {
        Some(archive) if route.path.starts_with("/downloads/") => bed.nobody().get(archive).await,
        _ => done,
    }
}

/// The same for the routes of an OAuth flow, each of which needs what the one before it gave.
pub(super) async fn called_in_a_flow(bed: &Bed, base: &MockWorkspace, route: &Route) -> Answer {
    let space = base.fork().await.unwrap();
    let api = Api::tenant_of(&space, "demo-tenant");
    let post = async |at: &str, fields: &[(&str, &str)]| answer(bed.form(at, fields)).await;
    let page = async |at: &str, fields: &[(&str, &str)]| {
        let token = space.tenant("demo-tenant").token();
        let fields: Vec<_> = [("token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        post(at, &fields).await
    };
    match (method_of(route).as_str(), route.path.as_str()) {
        ("GET", path) if path.starts_with("/sse/") => {
            // Its body never ends.
            let listening = api.request(Method::GET, &path.replace("{id}", "x")).send().await.unwrap();
            return (listening.status().as_u16(), Value::Null);
        }
        ("GET", "/connection-popup") => return api.get("/connection-popup?connectorKey=slack").await,
        ("POST", "/connection-popup") => {
            let payload = json!({"token": space.tenant("demo-tenant").token(), "connectorKey": "slack"}).to_string();
            return post("/connection-popup", &[("payload", &payload)]).await;
        }
        ("POST", "/screens/connect") => return page("/screens/connect", &[("connectorKey", "slack")]).await,
        ("POST", "/screens/integrations/{integration}/connect") => {
            return page("/screens/integrations/github/connect", &[]).await;
        }
        ("POST", "/screens/agent-session") => {
            let session = api.ok(Method::POST, "/agent/sessions", json!({"prompt": "Do it"})).await;
            return page("/screens/agent-session", &[("sessionId", &id(&session))]).await;
        }
        ("POST", "/screens/connection") => return page("/screens/connection", &[("connectionId", "github-dev")]).await,
        ("GET", "/screens/connections") => {
            let request = api.ok(Method::POST, "/connection-requests", json!({"connectorKey": "slack"})).await;
            let id = request["requestId"].as_str().unwrap();
            return bed.nobody().get(&format!("/screens/connections?connectionRequestId={id}")).await;
        }
        ("GET" | "POST", "/screens/visits/{visit}") => {
            let (_, choose) = page("/screens/connect", &[]).await;
            let visit = choose.as_str().unwrap().split("/screens/visits/").nth(1).unwrap().split('"').next().unwrap();
            let choice = choose.as_str().unwrap().split("name=\"choice\" value=\"").nth(1).unwrap();
            let choice = choice.split('"').next().unwrap();
            if *route.method.as_ref().unwrap() == Method::GET {
                return bed.nobody().get(&format!("/screens/visits/{visit}")).await;
            }
            return post(&format!("/screens/visits/{visit}"), &[("choice", choice)]).await;
        }
        _ => {}
    }
    if route.path == "/oauth-callback" {
        let begun = api.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await;
        let to_vendor = bed.press(&page_of(&begun), &[("action", "connect")]).await;
        let back = bed.press(&to_vendor, &[("action", "allow")]).await;
        return bed.nobody().get(&back).await;
    }
    let at = format!("/vendor/{}/slack/oauth", space.key());
    let (client, back) = (("client_id", "membrane-slack"), ("redirect_uri", "http://127.0.0.1:9/back"));
    let query = [("response_type", "code"), client, back];
    let query = form_encoded(&query);
    let page = format!("{at}/authorize?{query}");
    match (method_of(route).as_str(), route.path.rsplit('/').next().unwrap()) {
        ("GET", _) => bed.nobody().get(&page).await,
        (_, "authorize") => post(&page, &[("action", "allow")]).await,
        (_, "token") => {
            let to = bed.press(&page, &[("action", "allow")]).await;
            let code = to.split("code=").nth(1).unwrap();
            let secret = ("client_secret", "shared-secret-of-slack");
            let grant = ("grant_type", "authorization_code");
            post(&format!("{at}/token"), &[client, secret, back, grant, ("code", code)]).await
        }
        (_, _) => {
            let secret = ("client_secret", "shared-secret-of-slack");
            post(&format!("{at}/revoke"), &[client, secret, ("token", "any")]).await
        }
    }
}
