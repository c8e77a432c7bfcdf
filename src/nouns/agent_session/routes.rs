//! `/agent/sessions`: a scripted stand-in for the platform's agents.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::engine::Cx;
use crate::nouns::agent_session::model::{AgentSession, Role};
use crate::nouns::agent_session::rules as agents;
use crate::nouns::agent_session::rules::SessionFilter;
use crate::nouns::connection::rules::wait_while;

fn shown(cx: &Cx, session: &AgentSession) -> Result<Reply, ApiError> {
    Reply::json(&agents::shown(&cx.space, session))
}

pub(crate) async fn create(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let session = agents::create(&cx, call.json()?).await?;
    shown(&cx, &session)
}

pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let query = call.query();
    let filter = SessionFilter {
        element_type: query.text("workspaceElementType"),
        element_id: query.text("workspaceElementId"),
        status: query.text("status"),
    };
    let page = agents::list(&cx, &filter, call.page()?).map(|session| agents::shown(&cx.space, &session));
    Reply::json(&page)
}

/// One session; with `wait`, once it is idle or the timeout has passed.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let id = call.param("id")?;
    if let Some(timeout) = call.wait()? {
        wait_while(&cx, timeout, || agents::get(&cx, id).map(|session| !session.status.is_idle())).await?;
    }
    shown(&cx, &*agents::get(&cx, id)?)
}

/// A bare list. Source: PG:src/lib/membrane-agent-api.ts.
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

pub(crate) async fn message(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: MessageBody = call.json()?;
    let session = agents::message(&cx, call.param("id")?, &body.input).await?;
    shown(&cx, &session)
}

pub(crate) async fn interrupt(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let busy = !agents::get(&cx, call.param("id")?)?.status.is_idle();
    agents::stop(&cx, call.param("id")?).await?;
    Reply::json(&json!({ "interrupted": busy }))
}

pub(crate) async fn stop(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let session = agents::stop(&cx, call.param("id")?).await?;
    shown(&cx, &session)
}

pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let session = agents::patch(&cx, call.param("id")?, call.json()?).await?;
    shown(&cx, &session)
}

/// What a page says of the messages: who said what.
pub(crate) fn lines(session: &AgentSession) -> Vec<(&'static str, &str)> {
    let who = |role| match role {
        Role::User => "You",
        Role::Assistant => "Stand-in",
    };
    session.messages.iter().map(|message| (who(message.role), message.text.as_str())).collect()
}
