//! External apps: those of the catalog and those of a workspace.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Bed, id};

#[tokio::test]
async fn external_apps_are_searched_by_text_category_and_connection() {
    let bed = Bed::start().await;
    let demo = bed.demo();

    assert_eq!(demo.each("/external-apps?search=HUBSP", "key").await, ["hubspot"]);
    let crms = demo.items("/external-apps?category=crm").await;
    assert!(crms.len() > 1 && crms.iter().all(|app| app["categories"].to_string().contains("crm")), "{crms:#?}");
    let mut connected = demo.each("/external-apps?isConnected=true", "key").await;
    connected.sort();
    assert_eq!(connected, ["github", "hubspot"]);
    assert!(bed.tenant("other").items("/external-apps?isConnected=1").await.is_empty());
    let app = demo.ok(Method::GET, "/external-apps/github", Value::Null).await;
    for field in ["id", "uuid", "key", "name", "logoUri", "appUri", "defaultConnectorId"] {
        assert!(app[field].is_string(), "{field}: {app:#}");
    }
}

#[tokio::test]
async fn a_workspace_has_apps_and_shadows_of_its_own() {
    let bed = Bed::start().await;
    let (manager, other) = (bed.manager(), bed.mock.fork().await.unwrap());
    let elsewhere = Api::manager_of(&other);

    let made = manager.ok(Method::POST, "/external-apps", json!({"name": "Our App", "key": "ours"})).await;
    manager.ok(Method::PATCH, "/external-apps/github", json!({"name": "Renamed"})).await;

    assert_eq!(manager.get(&format!("/external-apps/{}", id(&made))).await.1["key"], "ours");
    assert_eq!(manager.get("/external-apps/github").await.1["name"], "Renamed");
    assert_eq!(elsewhere.get("/external-apps/ours").await.0, 404);
    assert_eq!(elsewhere.get("/external-apps/github").await.1["name"], "GitHub");
    assert_eq!(manager.delete("/external-apps/ours").await.0, 200);
    assert_eq!(manager.get("/external-apps/ours").await.0, 404, "deleting is final");
}
