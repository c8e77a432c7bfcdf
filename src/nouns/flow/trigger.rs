//! Why a trigger of a flow instance launches nothing, though it should. Invariant: a trigger that is set up wrongly is stored, as
//! the platform does, and says so where its flow is shown.

use crate::base::error::ApiError;
use crate::engine::directory::Directory;
use crate::nouns::flow::model::schedule::Schedule;
use crate::nouns::flow::model::{Flow, FlowNode, FlowNodeType};
use crate::nouns::{app_event, external_event};

/// What is wrong with a node of a flow instance; none for a trigger that waits, and for any other node.
pub(super) fn problem_of(directory: &Directory<'_>, flow: &Flow, node: &FlowNode) -> Option<ApiError> {
    flow.place.connection.as_ref()?;
    if node.node_type == FlowNodeType::AppEventTrigger {
        return app_event::problem_of(directory.world, node);
    }
    if node.node_type != FlowNodeType::ScheduleTrigger {
        return external_event::problem_of(directory, flow, node);
    }
    match Schedule::of(&node.config) {
        Ok(Some(_)) => None,
        Ok(None) => Some(ApiError::configuration(
            "`config` of the trigger does not say when; give `intervalMinutes`, or `cron` with a `timezone`",
        )),
        Err(error) => Some(ApiError::configuration(error.message.clone())),
    }
}
