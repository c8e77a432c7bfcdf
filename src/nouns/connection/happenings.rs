//! What the app of a workspace is told of connections.
//!
//! Source: DOC:docs/managing-membrane/monitoring-troubleshooting/webhook-notifications.

use serde_json::json;

use crate::nouns::connection::model::Connection;
use crate::nouns::webhook::model::{Happening, WorkspaceEvent};
use crate::store::{Tx, World};

/// What the changes of a transaction mean to the app, in the order in which connections were first written.
pub fn happenings(before: &World, tx: &Tx) -> Vec<Happening> {
    let changed = tx.changed::<Connection>();
    let happened = changed.iter().filter_map(|id| {
        let after = tx.connections.get(id)?;
        let event = WorkspaceEvent::of(before.connections.get(id).map(|before| &**before), after)?;
        Some(of_connection(tx, after, event))
    });
    happened.collect()
}

fn of_connection(world: &World, connection: &Connection, event: WorkspaceEvent) -> Happening {
    let integration = connection.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
    let user = world.tenants.get(connection.tenant.as_str());
    let names = [Some(connection.id.to_string()), connection.meta.key.clone()];
    let fields = json!({
        "id": connection.id,
        "key": connection.meta.key,
        "name": connection.meta.name,
        "integrationId": connection.integration,
        "integrationKey": integration.map(|integration| integration.key()),
        "connected": connection.is_connected(),
        "disconnected": !connection.is_connected(),
        "customerId": connection.tenant,
        "userId": connection.tenant,
        "tenantId": connection.tenant,
    });
    Happening::new(
        event,
        names.into_iter().flatten().collect(),
        ("connection", fields),
        [
            ("user", user.map(|user| json!({ "id": user.id, "internalId": user.internal_id, "name": user.name }))),
            ("integration", integration.map(|i| json!({ "id": i.id, "key": i.key(), "name": i.meta.name }))),
        ],
    )
}
