//! This module describes the faked API and the control API as OpenAPI 3.1 documents. Invariant: they are derived from
//! the route table, so a route cannot be missing.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::base::error::ApiError;
use crate::base::json::set_member;
use crate::call::contract::{AnswerShape, Contract};
use crate::call::router::{Access, Route};
use crate::call::{Call, Reply};
use crate::edge::schemas::{self, Shapes};

/// The shape of a route's answer when all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The answer is a page of a list, `{items, cursor?}`.
    List,
    /// The answer is a JSON array.
    Bare,
    /// The answer is a JSON object.
    Object,
    /// The answer is a 204 without a body.
    Empty,
    /// The answer is a page, an event stream, a picture or another app's answer, as its content type says.
    Other,
}

/// Returns the shape of a route's answer, from its path and method.
fn shape_of(route: &Route) -> Shape {
    let path = route.path.as_str();
    let is_get = route.method == Some(Method::GET);
    let pages = [
        "/screens/",
        "/embed/",
        "/isolated-embed/",
        "/vendor/",
        "/logos/",
        "/sse/",
        "/connection-popup",
        "/connect/",
        "/downloads/",
        "/connectors/{selector}/download",
        "/connectors/{selector}/files/{*path}",
        "/llms.txt",
    ];
    if path == "/" || path == "/oauth-callback" || path.ends_with("/stream") || path == "/__mock/mcp" {
        return Shape::Other;
    }
    if pages.iter().any(|start| path.starts_with(start)) || path.contains("/proxy") || path.contains("/api/{*rest}") {
        return Shape::Other;
    }
    // What is deleted in a collection is answered with nothing.
    let deletes_records = path.ends_with("/collection/delete") || path.ends_with("/data/{key}/delete");
    if path == "/connect" || path.ends_with("/execute-request") || deletes_records {
        return Shape::Other;
    }
    let bare = [
        "/semantic-search",
        "/connection-options",
        "/generate-options",
        "/checkpoints",
        "/checkpoints/{id}/diff",
        "/messages",
        "/output/{node}",
        "/data",
        "/dependencies",
        "/operations",
        "/integrations/{selector}/events",
        "/integrations/{selector}/udm",
        "/data-collection-specs",
        "/external-event-pulls/{id}/logs",
    ];
    if bare.iter().any(|end| path.ends_with(end)) {
        return Shape::Bare;
    }
    let lists = [
        "/workspaces",
        "/external-apps",
        "/connectors",
        "/integrations",
        "/connections",
        "/flow-runs",
        "/data-links",
        "/links",
        "/nodes/{node}/runs",
        "/nodes/{node}/outputs",
        "/customers",
        "/tenants",
        "/users",
        "-logs",
        "/incoming-webhooks",
        "/external-event-subscriptions",
        "/external-event-log-records",
        "/external-event-pulls",
        "/sessions",
    ];
    if is_get && (schemas::lists_elements(route) || lists.iter().any(|end| path.ends_with(end))) {
        return Shape::List;
    }
    let empty = [
        "POST /connections/{connection}/disconnect",
        "POST /integrations/{selector}/disconnect",
        "PUT /integrations/{selector}/parameters",
    ];
    let name = format!("{} {path}", route.method.as_ref().map_or("ANY", Method::as_str));
    if empty.contains(&name.as_str()) { Shape::Empty } else { Shape::Object }
}

/// Makes the document of some routes.
pub fn document(routes: &[Route], title: &str, server: &str) -> Value {
    let (mut paths, mut shapes) = (Map::new(), Shapes::new());
    for route in routes {
        let path = route.path.replace("{*", "{");
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        let methods: Vec<&str> = match &route.method {
            Some(method) => vec![method.as_str()],
            None => vec!["GET", "POST", "PUT", "PATCH", "DELETE"],
        };
        for method in methods {
            // Of two routes that take a method, the first one is served.
            if entry.get(method.to_lowercase()).is_some() {
                continue;
            }
            set_member(entry, method.to_lowercase(), operation(route, method, &mut shapes));
        }
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Served by membrane-mock, an in-process fake; generated from its route table.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": server }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
    });
    shapes.finish(&mut document);
    document
}

/// Makes the document of a part of the routes: it has the shapes that those refer to, and no others.
pub fn part(routes: &[Route], title: &str, server: &str) -> Value {
    let mut document = document(routes, title, server);
    let mut shapes = match document.pointer_mut("/components/schemas") {
        Some(Value::Object(shapes)) => std::mem::take(shapes),
        _ => Map::new(),
    };
    let mut open: Vec<String> = Vec::new();
    referred_in(document.get("paths").unwrap_or(&Value::Null), &mut open);
    let mut kept = Map::new();
    while let Some(name) = open.pop() {
        if let Some(shape) = shapes.remove(&name) {
            referred_in(&shape, &mut open);
            kept.insert(name, shape);
        }
    }
    kept.sort_keys();
    if let Some(place) = document.pointer_mut("/components/schemas") {
        *place = Value::Object(kept);
    }
    document
}

/// Adds the names of the shapes to which something refers.
fn referred_in(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let at = fields.get("$ref").and_then(Value::as_str);
            found.extend(at.and_then(|at| at.strip_prefix("#/components/schemas/")).map(str::to_owned));
            fields.values().for_each(|field| referred_in(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| referred_in(item, found)),
        _ => {}
    }
}

/// What the names in paths stand for.
const NAMES: [(&str, &str); 9] = [
    ("key", "The key of the workspace, or of the element."),
    ("selector", "The id or key of the element."),
    ("connection", "The id or key of the connection."),
    ("integration", "The id or key of the integration."),
    ("connector", "The id or key of the connector."),
    ("id", "The id; of what has a name, the name too."),
    ("name", "The name, or the id of what was started."),
    ("seq", "The number of the call in the journal."),
    ("event", "What happens: `expire`, `revoke`, `refuse-refresh` or `scopes`."),
];

/// The parameters in the path of a route.
fn in_path(route: &Route) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let name = name.trim_start_matches('*');
        let known = NAMES.iter().find(|(known, _)| *known == name).map(|(_, says)| *says);
        let mut shown = json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
        if let Some(says) = known {
            set_member(&mut shown, "description", says);
        }
        shown
    };
    names.map(parameter).collect()
}

/// The parameters in a query, of the struct that it is read into.
fn in_query(shape: &Value) -> Vec<Value> {
    let required = |name: &str| {
        let names = shape.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|known| known == name))
    };
    let properties = shape.get("properties").and_then(Value::as_object).into_iter().flatten();
    let parameter = |(name, of): (&String, &Value)| {
        let mut of = of.clone();
        let says = of.as_object_mut().and_then(|of| of.shift_remove("description"));
        let mut shown = json!({ "name": name, "in": "query", "required": required(name), "schema": of });
        if let Some(says) = says {
            set_member(&mut shown, "description", says);
        }
        shown
    };
    properties.map(parameter).collect()
}

/// What a route is about, in a word: of the control API what it does to a workspace, of the platform's API what its path
/// begins with.
pub(crate) fn tag_of(path: &str) -> &str {
    if !path.starts_with("/__mock") {
        return path.split('/').find(|part| !part.is_empty() && !part.starts_with('{')).unwrap_or("pages");
    }
    let of_workspace = path.strip_prefix("/__mock/workspaces/{key}/").and_then(|rest| rest.split('/').next());
    of_workspace.unwrap_or(if path.starts_with("/__mock/workspaces") { "workspaces" } else { "server" })
}

/// The operation of a route whose handler says by types what it takes and answers.
fn typed_operation(route: &Route, contract: &Contract, mut operation: Value, shapes: &mut Shapes) -> Value {
    set_member(&mut operation, "operationId", contract.name);
    set_member(&mut operation, "summary", contract.says);
    let mut parameters = in_path(route);
    if let Some(query) = contract.query {
        parameters.extend(in_query(&shapes.read(query)));
    }
    if !parameters.is_empty() {
        set_member(&mut operation, "parameters", parameters);
    }
    if let Some(body) = contract.body {
        let schema = shapes.read(body.shape);
        let mut shown = json!({ "schema": schema });
        if let Some(example) = contract.example.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            set_member(&mut shown, "example", example);
        }
        let content: Map<String, Value> = body.kinds.iter().map(|kind| ((*kind).to_owned(), shown.clone())).collect();
        // A body without fields is an object in which nothing is said.
        set_member(&mut operation, "requestBody", json!({ "required": shapes.requires(&schema), "content": content }));
    }
    let error = error_response();
    let mut responses = Map::new();
    match contract.answer {
        AnswerShape::Json(shape) | AnswerShape::JsonOrNothing(shape) => {
            let schema = shapes.written(shape);
            let good = json!({ "description": "Done", "content": { "application/json": { "schema": schema } } });
            responses.insert("200".to_owned(), good);
        }
        AnswerShape::Other(kind) => {
            let good = json!({ "description": "Done", "content": { kind: { "schema": { "type": "string" } } } });
            responses.insert("200".to_owned(), good);
        }
        AnswerShape::Nothing => {}
    }
    if matches!(contract.answer, AnswerShape::Nothing | AnswerShape::JsonOrNothing(_)) {
        responses.insert("204".to_owned(), json!({ "description": "Done, and there is nothing to show" }));
    }
    responses.extend([("4XX".to_owned(), error.clone()), ("5XX".to_owned(), error)]);
    set_member(&mut operation, "responses", responses);
    operation
}

fn operation(route: &Route, method: &str, shapes: &mut Shapes) -> Value {
    let words: Vec<String> = std::iter::once(method.to_lowercase())
        .chain(route.path.split(['/', '{', '}', '*', '_']).filter(|part| !part.is_empty()).map(str::to_owned))
        .collect();
    let mut operation = json!({
        "operationId": words.join("-"),
        "tags": [tag_of(&route.path)],
        "description": if route.is_faked() { format!("Source: {}", route.source) } else { "Not faked: 501".to_owned() },
    });
    if let Some(contract) = &route.contract {
        return typed_operation(route, contract, operation, shapes);
    }
    let parameters = in_path(route);
    set_member(&mut operation, "responses", responses(route));
    if !parameters.is_empty() {
        set_member(&mut operation, "parameters", parameters);
    }
    if matches!(method, "POST" | "PUT" | "PATCH") {
        let schema = schemas::sent(route).map_or_else(|| json!({}), |name| referred(&name));
        let mut content = json!({ "application/json": { "schema": schema } });
        if route.path == "/import" {
            let archive = json!({ "type": "string", "contentMediaType": "application/zip" });
            let fields = json!({ "file": archive, "dryRun": { "type": "boolean" } });
            let schema = json!({ "type": "object", "required": ["file"], "properties": fields });
            content = json!({ "multipart/form-data": { "schema": schema } });
        }
        if route.access == Access::Form {
            set_member(&mut content, "application/x-www-form-urlencoded", json!({ "schema": { "type": "object" } }));
        }
        set_member(&mut operation, "requestBody", json!({ "required": false, "content": content }));
    }
    match route.access {
        Access::Public => set_member(&mut operation, "security", json!([])),
        Access::Manager => set_member(&mut operation, "x-access", "manager"),
        Access::Optional => set_member(&mut operation, "security", json!([{}, { "bearer": [] }])),
        Access::Anyone | Access::Form | Access::Control => {}
    }
    operation
}

fn referred(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The answer that tells of an error.
fn error_response() -> Value {
    json!({
        "description": "What went wrong, and what would work",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    })
}

fn responses(route: &Route) -> Value {
    let json_of = |schema: Value| json!({ "application/json": { "schema": schema } });
    let error = error_response();
    if !route.is_faked() {
        return json!({ "501": error });
    }
    let item = schemas::answered(route).map_or_else(|| json!({ "type": "object" }), |name| referred(&name));
    let (status, good) = match shape_of(route) {
        Shape::List => {
            let page = json!({
                "type": "object",
                "required": ["items"],
                "properties": { "items": { "type": "array", "items": item }, "cursor": { "type": "string" } },
            });
            ("200", json!({ "description": "A page of a list", "content": json_of(page) }))
        }
        Shape::Bare => ("200", json!({ "description": "A list", "content": json_of(json!({ "type": "array" })) })),
        Shape::Object => ("200", json!({ "description": "Done", "content": json_of(item) })),
        Shape::Empty => ("204", json!({ "description": "Done" })),
        Shape::Other => ("200", json!({ "description": "Done", "content": { "*/*": { "schema": {} } } })),
    };
    json!({ status: good, "4XX": error, "5XX": error })
}

/// Answers `GET /docs-json` with the document of the faked API. Source: OAS.
pub(crate) async fn docs(call: Call) -> Result<Reply, ApiError> {
    let [known, _] = &call.engine.documents;
    Ok(served(known, || document(crate::edge::known_routes(), "Membrane API, faked", call.engine.own_base())))
}

/// `GET /llms.txt`, no token: answers how to begin, for agents; at most 8 kB.
pub(crate) async fn llms(_: Call) -> Result<Reply, ApiError> {
    let text = include_str!("../../docs/llms.txt");
    Ok(Reply::of(StatusCode::OK, Some("text/plain; charset=utf-8".into()), text.into()))
}

/// A document that is the same as long as the server runs. Making one takes longer than any other answer.
pub(crate) fn served(known: &OnceLock<Bytes>, make: impl FnOnce() -> Value) -> Reply {
    let document = known.get_or_init(|| make().to_string().into());
    Reply::of(StatusCode::OK, Some("application/json; charset=utf-8".into()), document.clone())
}
