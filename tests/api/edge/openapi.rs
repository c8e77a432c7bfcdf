//! The OpenAPI documents.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Bed;

/// The names of the shapes that a document refers to.
fn referred(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            found.extend(reference.and_then(|at| at.strip_prefix("#/components/schemas/")).map(str::to_owned));
            fields.values().for_each(|field| referred(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| referred(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_shape_that_a_document_refers_to_is_in_it() {
    let bed = Bed::start().await;
    for path in ["/docs-json", "/__mock/openapi.json"] {
        let document = bed.nobody().get(path).await.1;
        let mut names = BTreeSet::new();
        referred(&document, &mut names);
        assert!(names.contains("Action") && names.len() > 20, "{path}: {names:?}");
        for name in names {
            assert!(
                document["components"]["schemas"][&name].is_object(),
                "{path}: `{name}` is referred to and missing"
            );
        }
    }
}

#[tokio::test]
async fn the_documents_name_every_route_once() {
    let bed = Bed::start().await;
    let faked = bed.nobody().get("/docs-json").await.1;
    let both = bed.nobody().get("/__mock/openapi.json").await.1;

    assert!(faked["paths"]["/act"]["post"].is_object() && faked["paths"]["/__mock/health"].is_null());
    assert!(both["paths"]["/act"]["post"].is_object() && both["paths"]["/__mock/health"]["get"].is_object());
    let operations = both["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
}
