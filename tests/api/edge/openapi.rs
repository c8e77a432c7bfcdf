//! The OpenAPI documents.

use crate::support::Bed;

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
