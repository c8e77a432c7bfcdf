//! What the OpenAPI document says of the control API, held against each of its answers in the suite.

use std::collections::HashMap;
use std::sync::Mutex;

use http::Method;
use jsonschema::Validator;
use membrane_mock::testing::MockMembrane;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::support::Answer;

/// The document of a server of its own, so that asking for it is in nobody's journal.
static DOCUMENT: OnceCell<Value> = OnceCell::const_new();

/// The validators that were built so far, by operation and status.
static VALIDATORS: Mutex<Option<HashMap<String, &'static Validator>>> = Mutex::new(None);

async fn document() -> &'static Value {
    let made = DOCUMENT.get_or_init(|| async {
        let server = MockMembrane::start().await.unwrap();
        let asked = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = asked.get(format!("{}/__mock/openapi.json", server.uri())).send().await.unwrap();
        answer.json().await.unwrap()
    });
    made.await
}

/// Whether a path is of this template.
fn fits(template: &str, path: &str) -> bool {
    let (mut of_template, mut of_path) = (template.split('/'), path.split('/'));
    loop {
        match (of_template.next(), of_path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == found || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// Fails where an answer of the control API is not what the document says.
pub(crate) async fn check(method: &Method, path: &str, (status, body): &Answer) {
    let path = path.split('?').next().unwrap_or_default();
    if !path.starts_with("/__mock/") || path == "/__mock/mcp" {
        return;
    }
    let document = document().await;
    let paths = document["paths"].as_object().unwrap();
    // A name in braces fits anything, so that what is spelt out wins.
    let mut fitting: Vec<&String> = paths.keys().filter(|template| fits(template, path)).collect();
    fitting.sort_by_key(|template| template.matches('{').count());
    let operation =
        fitting.first().map(|template| &document["paths"][template.as_str()][method.as_str().to_lowercase()]);
    let Some(operation) = operation.filter(|operation| operation.is_object()) else { return };
    let response = match status {
        200..300 => &operation["responses"][status.to_string()],
        500.. => &operation["responses"]["5XX"],
        _ => &operation["responses"]["4XX"],
    };
    assert!(response.is_object(), "{method} {path} answered {status}, which the document does not have");
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        return;
    }
    let name = format!("{} {}", operation["operationId"], response["content"]);
    let validator = {
        let mut known = VALIDATORS.lock().unwrap();
        let known = known.get_or_insert_with(HashMap::new);
        *known.entry(name).or_insert_with(|| {
            let whole = json!({ "allOf": [schema], "components": document["components"] });
            Box::leak(Box::new(jsonschema::draft202012::new(&whole).unwrap()))
        })
    };
    let wrong: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).take(5).collect();
    assert!(
        wrong.is_empty(),
        "{method} {path} answered what the document does not say:\n{}\n{body:#}",
        wrong.join("\n")
    );
}
