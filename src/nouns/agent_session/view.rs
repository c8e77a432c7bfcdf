//! The wire form of an agent session.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::engine::WorkspaceRuntime;
use crate::nouns::agent_session::model::{AgentSession, AgentStatus};
use crate::nouns::tenant::model::Tenant;

/// Whether anything is done for a session.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Activity {
    /// Nothing is, and nothing will be.
    Idle,
    /// Something is or will be.
    Busy,
}

/// A session as it is sent. Source: SDK `AgentSession`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentSession")]
#[serde(rename_all = "camelCase")]
pub struct AgentSessionView {
    /// The id.
    id: Id<AgentSession>,
    /// The id of the workspace.
    workspace_id: String,
    /// The type of element that it is about, such as `app`.
    workspace_element_type: String,
    /// The id of that element; may be empty.
    workspace_element_id: String,
    /// The name of the agent; the same as `agentName`.
    #[serde(rename = "type")]
    agent_type: String,
    /// The name of the agent.
    agent_name: String,
    /// How far it is.
    status: AgentStatus,
    /// Whether anything is done for it.
    state: Activity,
    /// What was asked for.
    prompt: String,
    /// Whether a worker is at it.
    has_worker: bool,
    /// Whether the caller runs the agent itself.
    is_external: bool,
    /// When anything happened last, on the workspace's clock.
    last_activity_at: Timestamp,
    /// When it was made, on the workspace's clock.
    created_at: Timestamp,
    /// When it was changed last, on the workspace's clock.
    updated_at: Timestamp,
    /// The id of the tenant; absent for a manager's.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Id<Tenant>>,
    /// The id of the tenant; the same as `userId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<Id<Tenant>>,
    /// What people see; absent until there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What was done; absent until it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// Why it failed; absent unless it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ApiError>,
    /// What came of it; absent until something has.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<JsonMap>,
}

impl AgentSessionView {
    /// A session of a workspace in the form of its answers.
    pub fn of(space: &WorkspaceRuntime, session: &AgentSession) -> Self {
        let is_idle = session.status.is_idle();
        Self {
            id: session.id.clone(),
            workspace_id: space.world().workspace.id.to_string(),
            workspace_element_type: session.element_type.clone(),
            workspace_element_id: session.element_id.clone(),
            agent_type: session.agent_name.clone(),
            agent_name: session.agent_name.clone(),
            status: session.status,
            state: if is_idle { Activity::Idle } else { Activity::Busy },
            prompt: session.prompt.clone(),
            has_worker: !is_idle && session.status != AgentStatus::Queued,
            is_external: session.is_external,
            last_activity_at: session.updated_at,
            created_at: session.created_at,
            updated_at: session.updated_at,
            user_id: session.tenant.clone(),
            tenant_id: session.tenant.clone(),
            title: session.title.clone(),
            summary: session.summary.clone(),
            error: session.error.clone(),
            output: session.output.clone(),
        }
    }
}
