//! What has states beside connections, moved by hand: agent sessions, jobs, flow runs, and actions that are being built.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::error::ApiError;
use crate::call::contract::{Json, JsonBody, JsonReply};
use crate::call::{Call, Reply};
use crate::control::space;
use crate::elements::Kind as _;
use crate::engine::directory::Directory;
use crate::engine::tokens::Caller;
use crate::engine::view::ViewContext;
use crate::nouns::action::model::ActionState;
use crate::nouns::agent_session::AgentSessionView;
use crate::nouns::agent_session::model::AgentEvent;
use crate::nouns::flow_run::FlowRunView;
use crate::nouns::flow_run::model::FlowRunEvent;
use crate::nouns::{action as building, agent_session as agents, flow_run as runs};
use crate::world::job::model::JobEvent;
use crate::world::job::rules as jobs;
use crate::world::job::view::JobView;
use crate::world::worker;

/// The event of an agent session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionPokeBody {
    /// The event is `start`, `run`, `complete`, `fail`, `stop` or `resume`.
    event: AgentEvent,
    /// Why, for an event that is a failure.
    #[serde(default)]
    error: Option<String>,
}

pub(super) async fn poke_session(
    call: Call,
    JsonBody(body): JsonBody<SessionPokeBody>,
) -> Result<Json<AgentSessionView>, ApiError> {
    let space = space(&call)?;
    let session = agents::poke(&call.engine, &space, call.param("id")?, body.event, body.error).await?;
    Ok(Json(AgentSessionView::of(&space, &session)))
}

/// The event of a background job.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JobPokeBody {
    /// The event is `start`, `complete`, `fail` or `cancel`.
    event: JobEvent,
    /// Why, for an event that is a failure.
    #[serde(default)]
    error: Option<String>,
}

pub(super) async fn poke_job(call: Call, JsonBody(body): JsonBody<JobPokeBody>) -> Result<Json<JobView>, ApiError> {
    let space = space(&call)?;
    let job = jobs::poke(&call.engine, &space, call.param("id")?, body.event, body.error).await?;
    Ok(Json(JobView::of(&call.engine, &space, &job)))
}

/// The event of a flow run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FlowRunPokeBody {
    /// The event is `start`, `complete`, `fail` or `stop`.
    event: FlowRunEvent,
    /// Why, for an event that is a failure.
    #[serde(default)]
    error: Option<String>,
}

pub(super) async fn poke_flow_run(
    call: Call,
    JsonBody(body): JsonBody<FlowRunPokeBody>,
) -> Result<JsonReply<FlowRunView<'static>>, ApiError> {
    let space = space(&call)?;
    let id = call.param("id")?;
    let mut run = runs::poke(&call.engine, &space, id, body.event, body.error).await?;
    if body.event == FlowRunEvent::Complete {
        // The run is due at once; the answer tells how it ended.
        worker::settle(&call.engine, &space).await?;
        run = space.world().flow_runs.get(id).cloned().unwrap_or(run);
    }
    let world = space.world();
    let caller = Caller::Manager(None);
    let lens = ViewContext {
        directory: Directory::new(&world, &call.engine.catalog),
        base: call.engine.base(),
        caller: &caller,
    };
    Reply::json(&lens.flow_run(&run)).map(JsonReply::from)
}

/// The events of an action.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum ActionPoke {
    /// BUILDING has ended well.
    #[serde(alias = "finish")]
    FinishBuilding,
    /// The action could not be built.
    Fail,
}

/// The event of an action.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionPokeBody {
    /// What happens.
    event: ActionPoke,
    /// Why, for an event that is a failure.
    #[serde(default)]
    error: Option<String>,
}

/// An action after its building.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BuiltAction {
    /// The id.
    id: String,
    /// The key; empty when it has none.
    key: String,
    /// The state that it has come to.
    state: ActionState,
}

pub(super) async fn poke_action(
    call: Call,
    JsonBody(body): JsonBody<ActionPokeBody>,
) -> Result<Json<BuiltAction>, ApiError> {
    let space = space(&call)?;
    let failure = match body.event {
        ActionPoke::FinishBuilding => None,
        ActionPoke::Fail => Some(body.error.unwrap_or_else(|| "the action could not be built".to_owned())),
    };
    let action = building::finish(&call.engine, &space, call.param("selector")?, failure).await?;
    Ok(Json(BuiltAction { id: action.id.to_string(), key: action.key().to_owned(), state: action.state }))
}
