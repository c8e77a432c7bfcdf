//! The moments at which the schedules of a flow instance launch it, kept with the instance.
//!
//! Invariant: they are set in the transaction that changes the instance, so a stored instance waits exactly while it is enabled
//! and not archived.

use std::collections::BTreeMap;

use serde_json::json;

use crate::base::agenda::{Agenda, Wait};
use crate::base::error::ApiError;
use crate::engine::moves::Moves;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::flow::model::schedule::Schedule;
use crate::nouns::flow::model::{Flow, FlowNode, FlowNodeType};
use crate::nouns::flow_run::{self as flow_runs, Launch};
use crate::store::{StoreError, Tx, World};

impl Flow {
    /// The next moment at which a schedule launches it.
    pub fn agenda(&self) -> Agenda {
        Agenda::of_state(self.due.values().min().copied().map(Wait::At))
    }

    fn is_scheduled(&self) -> bool {
        self.place.connection.is_some() && self.enabled && !self.meta.is_archived()
    }
}

/// The schedule of a node; none for another kind of node and where it is wrong, as what was imported may be.
fn schedule_of(node: &FlowNode) -> Option<Schedule> {
    (node.node_type == FlowNodeType::ScheduleTrigger).then(|| Schedule::of(&node.config).ok()).flatten().flatten()
}

/// Keeps the moments of a flow instance that a transaction changed: a trigger that is new, changed or enabled counts from now,
/// one that is as it was goes on.
pub(super) fn keep_up(space: &WorkspaceRuntime, before: &World, tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let Some(flow) = tx.flows.get(id).cloned() else { return Ok(()) };
    let was = before.flows.get(id).filter(|was| was.is_scheduled());
    let mut due = BTreeMap::new();
    for (key, node) in flow.nodes.iter().filter(|_| flow.is_scheduled()) {
        let Some(schedule) = schedule_of(node) else { continue };
        let is_same = was.and_then(|was| was.nodes.get(key)).is_some_and(|was| was.config == node.config);
        let kept = flow.due.get(key).copied().filter(|_| is_same);
        due.extend(kept.or_else(|| schedule.next(space.clock.now())).map(|at| (key.clone(), at)));
    }
    if due == flow.due {
        return Ok(());
    }
    tx.put(Flow { due, ..(*flow).clone() })
}

/// A flow instance launches itself when a schedule of its own says so.
impl Moves for Flow {
    fn step(engine: &Engine, space: &WorkspaceRuntime, tx: &mut Tx, mut flow: Self) -> Result<(), ApiError> {
        let now = space.clock.now();
        let due: Vec<_> = flow.due.iter().filter(|(_, at)| **at <= now).map(|(key, at)| (key.clone(), *at)).collect();
        for (key, at) in due {
            let launch = Launch { by: "schedule-trigger", ids: Vec::new() };
            let queued =
                flow_runs::queue(&engine.catalog, space, tx, &flow, &key, vec![json!({ "triggeredAt": at })], launch);
            // What cannot run is passed over: a schedule has nobody to tell. The next moment is then one that is to come.
            let after = if queued.is_ok() { at } else { now };
            let next = flow.nodes.get(&key).and_then(schedule_of).and_then(|schedule| schedule.next(after));
            match next {
                Some(next) => drop(flow.due.insert(key, next)),
                None => drop(flow.due.remove(&key)),
            }
        }
        Ok(tx.put(flow)?)
    }

    fn give_up(_: &WorkspaceRuntime, tx: &mut Tx, mut flow: Self, _: ApiError) -> Result<(), ApiError> {
        flow.due.clear();
        Ok(tx.put(flow)?)
    }
}
