//! Connections and lists of them.

use serde_json::Value;

use crate::support::{Api, Bed, id};

/// A connection whose user has consented where one has to.
pub(crate) async fn ready(api: &Api, bed: &Bed, body: Value) -> Value {
    let begun = api.connect(body).await;
    if begun["state"] != "READY" {
        bed.poke(&id(&begun), "authorize").await;
    }
    api.connection(&id(&begun)).await
}

/// The keys of the connections that a query of the list leaves.
pub(crate) async fn keys(api: &Api, query: &str) -> Vec<String> {
    api.each(&format!("/connections{query}"), "key").await
}
