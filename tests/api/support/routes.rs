//! The routes of the table, and what the documents say of them.

use http::Method;
use membrane_mock::call::router::Route;
use serde_json::{Value, json};

pub(crate) fn method_of(route: &Route) -> Method {
    route.method.clone().unwrap_or(Method::GET)
}

pub(crate) fn named(route: &Route) -> String {
    format!("{} {}", route.method.as_ref().map_or("ANY", Method::as_str), route.path)
}

/// The route's path with each `{name}` replaced.
pub(crate) fn filled(path: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').expect("a closed name");
        out.push_str(before);
        out.push_str(&value(name.trim_start_matches('*')));
        rest = tail;
    }
    out + rest
}

/// Where a good answer is not what the served OpenAPI document says.
pub(crate) fn differs(document: &Value, route: &Route, status: u16, body: &Value) -> Option<String> {
    let path = route.path.replace("{*", "{");
    let operation = &document["paths"][&path][method_of(route).as_str().to_lowercase()];
    let Some(responses) = operation["responses"].as_object() else { return Some("it is not documented".into()) };
    if (300..400).contains(&status) {
        return None;
    }
    let class = format!("{}XX", status / 100);
    let Some(response) = responses.get(&status.to_string()).or_else(|| responses.get(&class)) else {
        let known: Vec<&String> = responses.keys().collect();
        return Some(format!("documented are {known:?}"));
    };
    let schema = response["content"]["application/json"]["schema"].clone();
    if schema.is_null() {
        return None;
    }
    let whole = json!({"allOf": [schema], "components": document["components"]});
    jsonschema::validator_for(&whole).unwrap().validate(body).err().map(|error| error.to_string())
}
