//! `…/snapshots` where a browser asks: the workspace as it stood, and ways back.

use serde_json::json;

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::place::Place;
use crate::control::snapshots::{SnapshotView, list};
use crate::pages::blocks::{Body, Page, Row};
use crate::pages::make::{action, field, form, in_path, note, row, section, table, text, time};

fn snapshot(place: &Place, each: &SnapshotView) -> Row {
    let (base, name) = (format!("{}/snapshots/{}", place.base, in_path(&each.id)), &each.name);
    let actions = vec![
        action("Go back", format!("POST {base}/restore"))
            .body(&json!({}))
            .confirm(format!("Go back to {name}? What happened since is gone."))
            .says("The workspace is as it was.")
            .of(format!("to {name}")),
        action("New workspace", "POST /__mock/workspaces")
            .body(&json!({ "from": each.id }))
            .then("/__mock/workspaces/{key}/")
            .says("A workspace was made of it.")
            .of(format!("from {name}")),
        action("Remove", format!("DELETE {base}")).look("danger").says("The snapshot is removed.").of(name),
    ];
    row(&each.id, vec![vec![text(name), note(&each.id)], vec![time(each.at, place.now)]]).actions(actions)
}

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let Json(all) = list(place.call.clone()).await?;
    let rows = all.items.iter().map(|each| snapshot(&place, each)).collect();
    let empty = "No snapshots. Take one below, and go back to it later.";
    let name = field("name", "Name").hint("One of the same name is replaced.");
    let take = form("snapshot-form", format!("POST {}/snapshots", place.base), "Take snapshot", vec![name])
        .says("The snapshot is taken.");
    let sections = vec![
        section("snapshots", "Snapshots", table(&[("Snapshot", "fill"), ("Taken", "m")], rows, empty)),
        section("new", "Take a snapshot", Body::Form(take)),
    ];
    let lead = "The workspace as it stood: its records, clock and faults.";
    place.page("/snapshots", "Snapshots", lead, sections).await
}
