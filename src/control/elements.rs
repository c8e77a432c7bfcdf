//! This module moves single elements to any state that may legally come next, and plays the user's part of connecting.
//! Invariant: it uses the same functions as the API, so no state is reached that the platform's rules forbid.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::history;
use crate::base::json::names::values_of;
use crate::call::{Call, Reply};
use crate::control::check_no_body;
use crate::control::space;
use crate::elements::Kind as _;
use crate::engine::Cx;
use crate::engine::directory::Directory;
use crate::engine::tokens::Caller;
use crate::engine::view::{Secrets, ViewContext};
use crate::nouns::agent_session::model::AgentEvent;
use crate::nouns::connection::connect;
use crate::nouns::connection::connect::attempt;
use crate::nouns::connection::connect::attempt::Ending;
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState};
use crate::nouns::flow_run::model::FlowRunEvent;
use crate::nouns::stub_vendor::account_in;
use crate::nouns::{action as building, agent_session as agents, flow_run as runs};
use crate::world::job::model::JobEvent;
use crate::world::job::rules as jobs;
use crate::world::worker;

/// The events of a connection, under the names that tests send.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
enum Poke {
    /// The user has authorized, and the connection becomes READY.
    Authorize,
    /// The user has given up.
    Cancel,
    /// The credentials have stopped working.
    LoseCredentials,
    /// BUILDING has ended well.
    FinishBuilding,
    /// The integration's parameters are wrong.
    FailConfiguration,
    /// The connector could not be built.
    FailSetup,
    /// The connection has failed for another reason.
    Fail,
    /// The connection starts again, and the user has to act.
    Reconnect,
    /// The connection starts again, and its connector is built first.
    Rebuild,
    /// The user authorized, and the connector is finalised.
    Finalize,
    /// The app has begun to revoke the credentials.
    Disconnect,
    /// The credentials have been revoked and are erased.
    Disconnected,
}

impl Poke {
    /// The event of the machine; none for the end of BUILDING, which is what building comes to.
    fn event(self) -> Option<ConnectionEvent> {
        match self {
            Self::Authorize => Some(ConnectionEvent::Finish),
            Self::Cancel => Some(ConnectionEvent::Cancel),
            Self::LoseCredentials => Some(ConnectionEvent::LoseCredentials),
            Self::FinishBuilding => None,
            Self::FailConfiguration => Some(ConnectionEvent::FailConfiguration),
            Self::FailSetup => Some(ConnectionEvent::FailSetup),
            Self::Fail => Some(ConnectionEvent::Fail),
            Self::Reconnect => Some(ConnectionEvent::Reconnect),
            Self::Rebuild => Some(ConnectionEvent::Rebuild),
            Self::Finalize => Some(ConnectionEvent::Finalize),
            Self::Disconnect => Some(ConnectionEvent::Disconnect),
            Self::Disconnected => Some(ConnectionEvent::Disconnected),
        }
    }

    /// Whether a connection's state allows it.
    fn is_allowed(self, connection: &Connection) -> bool {
        match self.event() {
            Some(event) => connection.state.on(event, connection.former).is_some(),
            None => connection.state == ConnectionState::Building,
        }
    }

    /// The refusal of one that a connection's state does not allow: it names those that the state does.
    fn refusal(self, connection: &Connection) -> ApiError {
        let allowed: Vec<Self> = values_of::<Self>().into_iter().filter(|poke| poke.is_allowed(connection)).collect();
        history::refusal("connection", connection.state, self, &allowed, &connection.history)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PokeBody {
    event: Poke,
    #[serde(default)]
    error: Option<String>,
}

/// Returns the connection that a control route names, whichever tenant owns it, and a manager's context;
/// a 404 when there is none.
fn named(call: &Call) -> Result<(Cx, Arc<Connection>), ApiError> {
    let cx = Cx {
        engine: call.engine.clone(),
        space: space(call)?,
        caller: Caller::Manager(None),
        depth: 0,
        abandoned: CancellationToken::new(),
    };
    let connection = {
        let world = cx.world();
        Directory::new(&world, &call.engine.catalog).connection(&cx.caller, call.param("selector")?)?
    };
    Ok((cx, connection))
}

pub(super) async fn poke_connection(call: Call) -> Result<Reply, ApiError> {
    let body: PokeBody = call.json()?;
    let (cx, connection) = named(&call)?;
    let (space, id) = (cx.space.clone(), connection.id.clone());
    if !body.event.is_allowed(&connection) {
        return Err(body.event.refusal(&connection));
    }
    let error = body.error.map(ApiError::configuration);
    match body.event.event() {
        Some(event) => drop(connect::poke(&call.engine, &space, &id, event, error).await?),
        None => connect::finish_building_now(&call.engine, &space, &id).await?,
    }
    shown(&cx, id.as_str())
}

fn shown(cx: &Cx, id: &str) -> Result<Reply, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let connection = directory.connection(&cx.caller, id)?;
    let lens = ViewContext { directory, base: cx.engine.base(), caller: &cx.caller };
    Reply::json(&lens.connection(&connection, Secrets::Hidden))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CompleteBody {
    /// The user consents at the vendor with this account; when absent, with the workspace's usual one.
    account: Option<String>,
    /// The user types these values into the connector's form, under the names of its fields.
    input: Option<JsonMap>,
}

/// Lets the user finish connecting as on the hosted pages: consent and code exchange, or the filled-in form.
pub(super) async fn complete(call: Call) -> Result<Reply, ApiError> {
    let body: CompleteBody = call.json()?;
    let (cx, connection) = named(&call)?;
    let account = body.account.unwrap_or_else(|| account_in(&cx.world()));
    let done = attempt::consent(&cx.engine, &cx.space, &connection, &account, body.input).await?;
    attempt::announce(&cx.engine, &cx.space, &done, Ending::Connected).await?;
    shown(&cx, done.id.as_str())
}

/// Lets the user give up connecting, and returns the connection, or 204 when nothing is left of it.
pub(super) async fn cancel(call: Call) -> Result<Reply, ApiError> {
    check_no_body(&call)?;
    let (cx, connection) = named(&call)?;
    connect::cancel(&cx.engine, &cx.space, &connection).await?;
    attempt::announce(&cx.engine, &cx.space, &connection, Ending::Cancelled).await?;
    // Nothing is left when it was the first attempt of a hosted page.
    shown(&cx, connection.id.as_str()).or_else(|_| Ok(Reply::empty()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FailBody {
    /// The vendor's error code; the default is `access_denied`.
    error: Option<String>,
}

/// Lets the vendor send the user's browser back with an error.
pub(super) async fn fail(call: Call) -> Result<Reply, ApiError> {
    let body: FailBody = call.json()?;
    let (cx, connection) = named(&call)?;
    let why = body.error.unwrap_or_else(|| "access_denied".into());
    let ending = attempt::refuse(&cx.engine, &cx.space, &connection, &why).await?;
    attempt::announce(&cx.engine, &cx.space, &connection, ending).await?;
    shown(&cx, connection.id.as_str()).or_else(|_| Ok(Reply::empty()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionPokeBody {
    /// The event is `start`, `run`, `complete`, `fail`, `stop` or `resume`.
    event: AgentEvent,
    #[serde(default)]
    error: Option<String>,
}

pub(super) async fn poke_session(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let body: SessionPokeBody = call.json()?;
    let session = agents::poke(&call.engine, &space, call.param("id")?, body.event, body.error).await?;
    Reply::json(&agents::shown(&space, &session))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobPokeBody {
    /// The event is `start`, `complete`, `fail` or `cancel`.
    event: JobEvent,
    #[serde(default)]
    error: Option<String>,
}

pub(super) async fn poke_job(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let body: JobPokeBody = call.json()?;
    let job = jobs::poke(&call.engine, &space, call.param("id")?, body.event, body.error).await?;
    Reply::json(&jobs::shown(&call.engine, &space, &job))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowRunPokeBody {
    /// The event is `start`, `complete`, `fail` or `stop`.
    event: FlowRunEvent,
    #[serde(default)]
    error: Option<String>,
}

pub(super) async fn poke_flow_run(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let body: FlowRunPokeBody = call.json()?;
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
    Reply::json(&lens.flow_run(&run))
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ActionPoke {
    /// BUILDING has ended well.
    #[serde(alias = "finish")]
    FinishBuilding,
    /// The action could not be built.
    Fail,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionPokeBody {
    event: ActionPoke,
    #[serde(default)]
    error: Option<String>,
}

pub(super) async fn poke_action(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let body: ActionPokeBody = call.json()?;
    let failure = match body.event {
        ActionPoke::FinishBuilding => None,
        ActionPoke::Fail => Some(body.error.unwrap_or_else(|| "the action could not be built".to_owned())),
    };
    let action = building::finish(&call.engine, &space, call.param("selector")?, failure).await?;
    Reply::json(&json!({ "id": action.id, "key": action.key(), "state": action.state }))
}
