//! The handlers of `/agent/sessions`. Each answers a session as an [`AgentSessionView`].

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::engine::Cx;
use crate::nouns::agent_session::AgentSessionView;
use crate::nouns::agent_session::model::{AgentSession, Role};
use crate::nouns::agent_session::rules as agents;
use crate::nouns::agent_session::rules::SessionFilter;
use crate::nouns::connection::wait_while;
use crate::nouns::connector::apps_found;

fn shown(cx: &Cx, session: &AgentSession) -> Result<Reply, ApiError> {
    Reply::json(&AgentSessionView::of(&cx.space, session))
}

/// `POST /agent/sessions`, any token: begins a session and answers it, queued. 400 without `prompt`.
pub(crate) async fn create(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let session = agents::create(&cx, call.json()?).await?;
    shown(&cx, &session)
}

/// `GET /agent/sessions`, any token: answers a page of the sessions that the caller may see, newest first.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let query = call.query();
    let filter = SessionFilter {
        element_type: query.text("workspaceElementType"),
        element_id: query.text("workspaceElementId"),
        status: query.text("status"),
    };
    let page = agents::list(&cx, &filter, call.page()?).map(|session| AgentSessionView::of(&cx.space, &session));
    Reply::json(&page)
}

/// `GET /agent/sessions/{id}`, any token: answers a session; with `wait`, once it has ended or the timeout has passed.
/// 404 when the caller may not see it.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let id = call.param("id")?;
    if let Some(timeout) = call.wait()? {
        wait_while(&cx, timeout, || agents::get(&cx, id).map(|session| !session.status.is_idle())).await?;
    }
    shown(&cx, &*agents::get(&cx, id)?)
}

/// `GET /agent/sessions/{id}/messages`, any token: answers the messages as a bare
/// list, oldest first. Source: PG:src/lib/membrane-agent-api.ts.
pub(crate) async fn messages(call: Call) -> Result<Reply, ApiError> {
    let session = agents::get(&call.cx()?, call.param("id")?)?;
    let items: Vec<Value> = session
        .messages
        .iter()
        .map(|message| {
            json!({
                "info": { "id": message.id, "role": message.role },
                "parts": [{ "type": "text", "text": message.text }],
            })
        })
        .collect();
    Reply::json(&items)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MessageBody {
    input: String,
}

/// `POST /agent/sessions/{id}/message`, any token: continues a session with `input` and
/// answers it. 400 without `input`.
pub(crate) async fn message(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: MessageBody = call.json()?;
    let session = agents::message(&cx, call.param("id")?, &body.input).await?;
    shown(&cx, &session)
}

/// `POST /agent/sessions/{id}/interrupt`, any token: stops a session and answers whether it was at work.
pub(crate) async fn interrupt(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let busy = !agents::get(&cx, call.param("id")?)?.status.is_idle();
    agents::stop(&cx, call.param("id")?).await?;
    Reply::json(&json!({ "interrupted": busy }))
}

/// `PATCH /agent/sessions/{id}/stop`, any token: stops a session and answers it; one that has ended stays as it is.
pub(crate) async fn stop(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let session = agents::stop(&cx, call.param("id")?).await?;
    shown(&cx, &session)
}

/// `PATCH /agent/sessions/{id}`, a manager's token: sets what an agent of the caller's own reports. 400 for a status
/// that the session cannot move to.
pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let session = agents::patch(&cx, call.param("id")?, call.json()?).await?;
    shown(&cx, &session)
}

/// What an agent's tool is asked.
#[derive(Debug, Deserialize)]
struct ToolBody {
    query: String,
    limit: Option<usize>,
}

/// How many results a tool answers where nobody says.
const TOOL_RESULTS: usize = 10;

/// `POST /agent/tools/search-apps`, any token: answers `{items}`, the apps that a `query` finds. 400 without one.
pub(crate) async fn search_apps(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: ToolBody = call.json()?;
    let mut apps = apps_found(&cx, &body.query);
    apps.truncate(body.limit.unwrap_or(TOOL_RESULTS));
    Reply::json(&json!({ "items": apps }))
}

/// `POST /agent/tools/websearch`, any token: answers `{results}`, what `mock.webSearch` has for a text that the `query` has;
/// nothing is asked outside. 400 without a query.
pub(crate) async fn web_search(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: ToolBody = call.json()?;
    let query = body.query.to_lowercase();
    let world = cx.world();
    let found = world.workspace.mock.web_search.iter().filter(|(text, _)| query.contains(&text.to_lowercase()));
    let results: Vec<&Value> =
        found.flat_map(|(_, results)| results).take(body.limit.unwrap_or(TOOL_RESULTS)).collect();
    Reply::json(&json!({ "results": results }))
}

/// The messages of a session as lines of a page: the author's name and the text.
pub(crate) fn lines(session: &AgentSession) -> Vec<(&'static str, &str)> {
    let who = |role| match role {
        Role::User => "You",
        Role::Assistant => "Stand-in",
    };
    session.messages.iter().map(|message| (who(message.role), message.text.as_str())).collect()
}
