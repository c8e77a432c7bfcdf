//! The verbs of agent sessions. A session answers its prompt with a fixed sentence, after the time that
//! the progress settings give it.
//!
//! Source: OAS (`/agent/sessions`), SDK `AgentSession`; that no agent thinks is our choice.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::base::page::{Page, PageRequest};
use crate::engine::moves::Moves;
use crate::engine::{Cx, Engine, WorkspaceRuntime};
use crate::nouns::agent_session::model::{AgentEvent, AgentSession, AgentStatus, Message, Role, element_type};
use crate::nouns::tenant::model::Tenant;
use crate::store::Tx;

/// The most messages that are kept of a session; older ones are dropped.
const MOST_MESSAGES: usize = 200;

/// A request to begin a session. Source: SDK `CreateAgentSession`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NewSession {
    /// What the agent should do.
    pub prompt: String,
    /// The type of the element to work on; `app` when absent.
    pub workspace_element_type: Option<String>,
    /// The id of that element; none when absent.
    pub workspace_element_id: Option<String>,
    /// The name of the agent; `membrane` when absent.
    pub agent_name: Option<String>,
    /// Whether the caller runs the agent itself; false when absent.
    pub is_external: Option<bool>,
}

/// Makes a queued session; the caller has to store it.
pub fn new_session(space: &WorkspaceRuntime, tx: &Tx, tenant: Option<Id<Tenant>>, new: NewSession) -> AgentSession {
    let now = space.clock.now();
    let title: String = new.prompt.chars().take(60).collect();
    let is_external = new.is_external.unwrap_or(false);
    AgentSession {
        id: space.ids.id(),
        tenant,
        element_type: new.workspace_element_type.map_or_else(|| "app".to_owned(), |kind| element_type(&kind)),
        element_id: new.workspace_element_id.unwrap_or_default(),
        agent_name: new.agent_name.unwrap_or_else(|| "membrane".to_owned()),
        messages: vec![said(space, Role::User, &new.prompt)],
        prompt: new.prompt,
        title: Some(title),
        summary: None,
        status: AgentStatus::Queued,
        error: None,
        output: None,
        is_external,
        history: History::default(),
        // An agent of the caller's own says itself when it is done.
        due: tx.workspace.mock.progress.agent_session.due(now).filter(|_| !is_external),
        created_at: now,
        updated_at: now,
    }
}

/// Adds a message; the oldest goes when there are too many.
fn add(session: &mut AgentSession, message: Message) {
    session.messages.push(message);
    let more = session.messages.len().saturating_sub(MOST_MESSAGES);
    session.messages.drain(..more);
}

fn said(space: &WorkspaceRuntime, role: Role, text: &str) -> Message {
    Message { id: space.ids.id::<AgentSession>().to_string(), role, text: text.to_owned() }
}

/// Begins a session and answers it. Fails with 400 without a prompt, and for a caller that is
/// neither a manager nor a tenant.
pub(super) async fn create(cx: &Cx, new: NewSession) -> Result<Arc<AgentSession>, ApiError> {
    if new.prompt.trim().is_empty() {
        return Err(ApiError::bad_request("`prompt` is missing: say what the agent should do"));
    }
    // A caller that could not read the session must not make one.
    if !cx.caller.is_manager() {
        cx.tenant()?;
    }
    let mut tx = cx.space.data.begin().await;
    let session = new_session(&cx.space, &tx, cx.caller.tenant().map(|tenant| tenant.id.clone()), new);
    let id = session.id.clone();
    tx.put(session)?;
    committed(cx, tx, id.as_str()).await
}

/// Commits and answers the session as it was written, before anything that is due for it happens.
async fn committed(cx: &Cx, tx: Tx, id: &str) -> Result<Arc<AgentSession>, ApiError> {
    let world = tx.commit().await?;
    cx.wake();
    world.agent_sessions.get(id).cloned().ok_or_else(|| ApiError::internal("an agent session is missing"))
}

/// Answers a session, and counts the read where progress waits for reads. 404 when the caller may not see it.
pub fn get(cx: &Cx, id: &str) -> Result<Arc<AgentSession>, ApiError> {
    let session = cx.world().agent_sessions.get(id).cloned();
    if session.as_ref().and_then(|session| session.due.as_ref()).is_some_and(|due| due.reads.is_some()) {
        cx.space.count_read(id);
        cx.wake();
    }
    let visible = session.filter(|session| may_see(cx, session));
    visible.ok_or_else(|| {
        ApiError::not_found(format!("agent session not found: `{id}`; list them with GET /agent/sessions"))
    })
}

fn may_see(cx: &Cx, session: &AgentSession) -> bool {
    session.tenant.as_ref().map_or_else(|| cx.caller.is_manager(), |tenant| cx.caller.may_see(tenant.as_str()))
}

/// Which sessions a list asks for; an absent field allows all. Source: OAS.
#[derive(Debug, Clone, Default)]
pub(super) struct SessionFilter {
    /// The type of the element that the agent works on, in any spelling.
    pub element_type: Option<String>,
    pub element_id: Option<String>,
    pub status: Option<String>,
}

/// Answers a page of the sessions that the caller may see, newest first.
pub(super) fn list(cx: &Cx, filter: &SessionFilter, page: PageRequest) -> Page<Arc<AgentSession>> {
    let world = cx.world();
    let is = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted == own);
    let of_type = filter.element_type.as_deref().map(element_type);
    let all: Vec<(u64, &Arc<AgentSession>)> = world.agent_sessions.after(0).collect();
    let all = all.into_iter().rev().filter(|(_, session)| {
        let status = json!(session.status);
        may_see(cx, session)
            && is(&of_type, &session.element_type)
            && is(&filter.element_id, &session.element_id)
            && is(&filter.status, status.as_str().unwrap_or_default())
    });
    page.take(all.map(|(seq, session)| (u64::MAX - seq, Arc::clone(session))))
}

async fn change(
    cx: &Cx,
    id: &str,
    change: impl FnOnce(&mut AgentSession, &Tx) -> Result<(), ApiError>,
) -> Result<Arc<AgentSession>, ApiError> {
    get(cx, id)?;
    let mut tx = cx.space.data.begin().await;
    let mut session = tx
        .agent_sessions
        .get(id)
        .map(|session| (**session).clone())
        .ok_or_else(|| ApiError::not_found(format!("agent session not found: `{id}`")))?;
    let before = session.clone();
    change(&mut session, &tx)?;
    if session == before {
        return Ok(Arc::new(before));
    }
    session.updated_at = cx.space.clock.now();
    tx.put(session)?;
    committed(cx, tx, id).await
}

/// Stops a session and answers it; one that has ended stays as it is.
pub(super) async fn stop(cx: &Cx, id: &str) -> Result<Arc<AgentSession>, ApiError> {
    change(cx, id, |session, _| {
        if session.status.is_idle() { Ok(()) } else { session.apply(AgentEvent::Stop, cx.space.clock.now()) }
    })
    .await
}

/// Continues a session with a message and answers it. Fails with 400 without a
/// text. Source: OAS (`POST /agent/sessions/{id}/message`).
pub(super) async fn message(cx: &Cx, id: &str, text: &str) -> Result<Arc<AgentSession>, ApiError> {
    if text.trim().is_empty() {
        return Err(ApiError::bad_request("`input` is missing: say what the agent should do next"));
    }
    change(cx, id, |session, tx| {
        if session.status.is_idle() {
            session.apply(AgentEvent::Resume, cx.space.clock.now())?;
        }
        add(session, said(&cx.space, Role::User, text));
        session.due = tx.workspace.mock.progress.agent_session.due(cx.space.clock.now());
        Ok(())
    })
    .await
}

/// The fields that a client which runs an agent may set. Source: OAS (`PATCH /agent/sessions/{id}`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SessionPatch {
    status: Option<AgentStatus>,
    title: Option<String>,
    summary: Option<String>,
    error: Option<ApiError>,
    output: Option<JsonMap>,
}

/// Sets what a client's own agent reports, and answers the session. Fails when the status cannot move as asked.
pub(super) async fn patch(cx: &Cx, id: &str, patch: SessionPatch) -> Result<Arc<AgentSession>, ApiError> {
    change(cx, id, |session, _| {
        if let Some(status) = patch.status.filter(|status| *status != session.status) {
            let event = match status {
                AgentStatus::Queued => AgentEvent::Resume,
                AgentStatus::Starting => AgentEvent::Start,
                AgentStatus::Running => AgentEvent::Run,
                AgentStatus::Completed => AgentEvent::Complete,
                AgentStatus::Failed => AgentEvent::Fail,
                AgentStatus::Cancelled => AgentEvent::Stop,
            };
            session.apply(event, cx.space.clock.now())?;
        }
        session.title = patch.title.or(session.title.take());
        session.summary = patch.summary.or(session.summary.take());
        session.error = patch.error.or(session.error.take());
        session.output = patch.output.or(session.output.take());
        Ok(())
    })
    .await
}

/// Ends a session that is due: it completes with a fixed sentence, or fails with the reason.
pub(super) fn end(
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    mut session: AgentSession,
    failure: Option<String>,
) -> Result<(), ApiError> {
    let (event, text) = match &failure {
        None => (
            AgentEvent::Complete,
            "Done. (membrane-mock stands in for the agent: nothing was thought or built.)".to_owned(),
        ),
        Some(why) => (AgentEvent::Fail, why.clone()),
    };
    session.apply(event, space.clock.now())?;
    add(&mut session, said(space, Role::Assistant, &text));
    session.error = failure.map(ApiError::configuration);
    session.summary = session.error.is_none().then(|| "Done by a stand-in".to_owned());
    session.updated_at = space.clock.now();
    tx.put(session)?;
    Ok(())
}

/// Moves a session of any tenant by an event and answers it, whatever the progress settings say. Fails with 404 for an
/// unknown session, and when the status does not allow the event.
pub async fn poke(
    engine: &Engine,
    space: &WorkspaceRuntime,
    id: &str,
    event: AgentEvent,
    error: Option<String>,
) -> Result<Arc<AgentSession>, ApiError> {
    let unknown = || ApiError::not_found(format!("agent session not found: `{id}`"));
    let mut tx = space.data.begin().await;
    let mut session = tx.agent_sessions.get(id).map(|session| (**session).clone()).ok_or_else(unknown)?;
    let failure = || error.unwrap_or_else(|| "the agent failed".to_owned());
    match event {
        AgentEvent::Complete => end(space, &mut tx, session, None)?,
        AgentEvent::Fail => end(space, &mut tx, session, Some(failure()))?,
        AgentEvent::Start | AgentEvent::Run | AgentEvent::Stop | AgentEvent::Resume => {
            session.apply(event, space.clock.now())?;
            session.updated_at = space.clock.now();
            tx.put(session)?;
        }
    }
    let world = tx.commit().await?;
    engine.wake(space);
    world.agent_sessions.get(id).cloned().ok_or_else(unknown)
}

/// Ends the sessions that build an element, because its building has ended.
pub fn end_building(
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    element: &str,
    failure: Option<&ApiError>,
) -> Result<(), ApiError> {
    let building: Vec<AgentSession> = tx
        .agent_sessions
        .with_key(element)
        .filter(|session| !session.status.is_idle())
        .map(|s| (**s).clone())
        .collect();
    for session in building {
        end(space, tx, session, failure.map(|error| error.message.clone()))?;
    }
    Ok(())
}

impl Moves for AgentSession {
    fn step(_: &Engine, space: &WorkspaceRuntime, tx: &mut Tx, session: Self) -> Result<(), ApiError> {
        let failure = session.due.as_ref().and_then(|due| due.failure.clone());
        let why = failure.map(|failure| failure.error.unwrap_or_else(|| "the agent gave up".into()));
        end(space, tx, session, why)
    }

    fn give_up(space: &WorkspaceRuntime, tx: &mut Tx, mut session: Self, error: ApiError) -> Result<(), ApiError> {
        // An event that the state does not allow changes nothing.
        session.apply(AgentEvent::Fail, space.clock.now()).ok();
        session.due = None;
        session.error = Some(error);
        tx.put(session)?;
        Ok(())
    }
}
