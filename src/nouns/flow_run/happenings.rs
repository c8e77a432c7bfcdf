//! What the app of a workspace is told of flow runs.
//!
//! Source: DOC:docs/managing-membrane/monitoring-troubleshooting/webhook-notifications (`data.flowRun`).

use serde_json::json;

use crate::base::json::set_member;
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::webhook::model::{Happening, WorkspaceEvent};
use crate::store::{Tx, World};

/// What the changes of a transaction mean to the app, in the order in which runs were first written.
pub fn happenings(before: &World, tx: &Tx) -> Vec<Happening> {
    let changed = tx.changed::<FlowRun>();
    let happened = changed.iter().filter_map(|id| {
        let after = tx.flow_runs.get(id)?;
        let event = WorkspaceEvent::of_run(before.flow_runs.get(id).map(|before| &**before), after)?;
        Some(of_flow_run(tx, after, event))
    });
    happened.collect()
}

fn of_flow_run(world: &World, run: &FlowRun, event: WorkspaceEvent) -> Happening {
    let mut names = vec![run.id.to_string(), run.flow.to_string()];
    names.extend(world.flows.get(run.flow.as_str()).and_then(|flow| flow.meta.key.clone()));
    let parent = world.flows.get(run.flow.as_str()).and_then(|flow| flow.place.parent.as_ref());
    let above = parent.and_then(|id| world.flows.get(id.as_str())).filter(|flow| flow.place.integration.is_some());
    let mut fields = json!({
        "id": run.id,
        "connectionFlowId": run.flow,
        "integrationFlowId": above.map(|flow| &flow.id),
        "connectionId": run.connection,
        "integrationId": run.integration,
        "state": run.state,
        "startTime": run.started_at,
        "endTime": run.ended_at,
        "startNodeKey": run.start_node,
        "launchedBy": { "type": "api-trigger" },
        "customerId": run.tenant,
        "userId": run.tenant,
        "tenantId": run.tenant,
    });
    if !run.errors.is_empty() {
        set_member(&mut fields, "errors", json!(run.errors));
    }
    Happening::new(event, names, ("flowRun", fields), [])
}
