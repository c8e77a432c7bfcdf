//! This module moves single elements to any state that may legally come next, and plays the user's part of connecting.
//! Invariant: it uses the same functions as the API, so no state is reached that the platform's rules forbid.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::base::JsonMap;
use crate::base::clock::real_now;
use crate::base::error::ApiError;
use crate::base::history;
use crate::base::json::names::values_of;
use crate::call::contract::{Asked, Given, IfLeft, Replied, Shown};
use crate::call::router::Route;
use crate::call::{Call, Reply};
use crate::control::{List, control, space};
use crate::elements::Kind as _;
use crate::engine::Cx;
use crate::engine::directory::{Directory, hint};
use crate::engine::tokens::{Caller, mint};
use crate::engine::view::{Secrets, ViewContext};
use crate::fault::Damage;
use crate::nouns::action::model::ActionState;
use crate::nouns::agent_session::AgentSessionView;
use crate::nouns::agent_session::model::AgentEvent;
use crate::nouns::connection::ConnectionView;
use crate::nouns::connection::connect::{self, Ending};
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState, Transition};
use crate::nouns::fault::strike;
use crate::nouns::flow_run::FlowRunView;
use crate::nouns::flow_run::model::FlowRunEvent;
use crate::nouns::stub_vendor::account_in;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::{action as building, agent_session as agents, flow_run as runs};
use crate::world::job::model::JobEvent;
use crate::world::job::rules as jobs;
use crate::world::job::rules::JobView;
use crate::world::worker;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control(
            "listTenants",
            Method::GET,
            "/workspaces/{key}/tenants",
            "Lists the tenants, each with a token for a day.",
            tenants,
        ),
        control(
            "listConnections",
            Method::GET,
            "/workspaces/{key}/connections",
            "Lists the connections of all tenants that match.",
            connections,
        ),
        control(
            "pokeConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/poke",
            "Moves a connection to a state that may come next.",
            poke_connection,
        )
        .example(r#"{"event": "loseCredentials"}"#),
        control(
            "breakConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/break",
            "Breaks a connection as its vendor would: it is noticed by the next call that needs it.",
            break_connection,
        )
        .example(r#"{"by": "expireCredentials"}"#),
        control(
            "completeConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/complete",
            "Lets the user finish connecting, as on the hosted pages.",
            complete,
        )
        .example(r#"{"account": "ada@example.com"}"#),
        control(
            "cancelConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/cancel",
            "Lets the user give up connecting.",
            cancel,
        ),
        control(
            "failConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/fail",
            "Lets the vendor send the user back with an error.",
            fail,
        )
        .example(r#"{"error": "access_denied"}"#),
        control(
            "pokeAction",
            Method::POST,
            "/workspaces/{key}/actions/{selector}/poke",
            "Ends the building of an action.",
            poke_action,
        )
        .example(r#"{"event": "fail", "error": "no such endpoint"}"#),
        control(
            "pokeAgentSession",
            Method::POST,
            "/workspaces/{key}/agent-sessions/{id}/poke",
            "Moves an agent session to a state that may come next.",
            poke_session,
        )
        .example(r#"{"event": "complete"}"#),
        control(
            "pokeJob",
            Method::POST,
            "/workspaces/{key}/jobs/{id}/poke",
            "Moves a background job to a state that may come next.",
            poke_job,
        )
        .example(r#"{"event": "fail", "error": "disk full"}"#),
        control(
            "pokeFlowRun",
            Method::POST,
            "/workspaces/{key}/flow-runs/{id}/poke",
            "Moves a flow run to a state that may come next.",
            poke_flow_run,
        )
        .example(r#"{"event": "stop"}"#),
    ]
}

/// The events of a connection, under the names that tests send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "ConnectionPoke")]
#[serde(rename_all = "camelCase")]
pub(super) enum Poke {
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
        history::refusal("connection", connection.state, self, &Self::allowed(connection), &connection.history)
    }

    /// The events that a connection's state allows.
    pub(super) fn allowed(connection: &Connection) -> Vec<Self> {
        values_of::<Self>().into_iter().filter(|poke| poke.is_allowed(connection)).collect()
    }
}

/// The event of a connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PokeBody {
    /// What happens.
    event: Poke,
    /// Why, for an event that is a failure.
    #[serde(default)]
    error: Option<String>,
}

/// Whose connection is meant.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct OfTenant {
    /// The key or id of the tenant; anybody's when absent, and then a key that several tenants have is refused.
    tenant: Option<String>,
}

/// Returns the tenant of a key or id, or a 404.
fn tenant_named(cx: &Cx, named: &str) -> Result<Arc<Tenant>, ApiError> {
    let world = cx.world();
    let found = world.tenants.with_key(named).next().or_else(|| world.tenants.get(named)).cloned();
    found.ok_or_else(|| {
        let keys = world.tenants.iter().map(|tenant| tenant.internal_id.as_str());
        ApiError::not_found(format!("tenant not found: `{named}`{}", hint(named, keys)))
    })
}

/// A manager's context in the workspace that a control route names, for a tenant where one is named.
fn manager(call: &Call, tenant: Option<&String>) -> Result<Cx, ApiError> {
    let cx = Cx {
        engine: call.engine.clone(),
        space: space(call)?,
        caller: Caller::Manager(None),
        depth: 0,
        abandoned: CancellationToken::new(),
    };
    let tenant = tenant.map(|named| tenant_named(&cx, named)).transpose()?;
    Ok(Cx { caller: Caller::Manager(tenant), ..cx })
}

/// Returns the connection that a control route names, and a manager's context; a 404 when there is none.
pub(super) fn named(call: &Call, of: &OfTenant) -> Result<(Cx, Arc<Connection>), ApiError> {
    let cx = manager(call, of.tenant.as_ref())?;
    let connection = {
        let world = cx.world();
        Directory::new(&world, &call.engine.catalog).connection(&cx.caller, call.param("selector")?)?
    };
    if cx.caller.tenant().is_some_and(|tenant| tenant.id != connection.tenant) {
        let why = format!("connection not found: `{}` is another tenant's", call.param("selector")?);
        return Err(ApiError::not_found(why));
    }
    Ok((cx, connection))
}

/// A tenant, and what it has.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TenantSummary {
    /// The id.
    pub(super) id: String,
    /// The key, which tokens name.
    pub(super) key: String,
    /// The name that people see.
    pub(super) name: String,
    /// Whether it is archived.
    pub(super) archived: bool,
    /// How many connections it has that are not archived.
    pub(super) connections: usize,
    /// A token of the tenant, valid for a day of real time.
    pub(super) token: String,
}

/// Lists the tenants, in the order in which they were made.
pub(super) async fn tenants(call: Call) -> Result<Shown<List<TenantSummary>>, ApiError> {
    let space = space(&call)?;
    let world = space.world();
    let expires = real_now().plus(Duration::from_hours(24));
    let summary = |tenant: &Arc<Tenant>| {
        let own = world.connections.iter().filter(|it| it.tenant == tenant.id && !it.is_archived());
        Ok(TenantSummary {
            id: tenant.id.to_string(),
            key: tenant.internal_id.clone(),
            name: tenant.name.clone(),
            archived: tenant.archived_at.is_some(),
            connections: own.count(),
            token: mint(&world.workspace.key, &world.workspace.secret, Some(&tenant.internal_id), false, expires)?,
        })
    };
    let items: Result<_, ApiError> = world.tenants.iter().map(summary).collect();
    Ok(Shown(List { items: items? }))
}

/// Which connections are listed: those that have every field that is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct ConnectionsQuery {
    /// The key or id of the tenant.
    pub(super) tenant: Option<String>,
    /// The key or id of the integration.
    pub(super) integration: Option<String>,
    /// The key or id of the connector.
    pub(super) connector: Option<String>,
    /// The state, as the API spells it.
    pub(super) state: Option<ConnectionState>,
}

/// A connection as it is listed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedConnection<'a> {
    #[serde(flatten)]
    connection: ConnectionView<'a>,
    /// The events that its state allows, as `poke` takes them.
    events: Vec<Poke>,
    /// The last changes of its state, oldest first.
    history: Vec<Transition>,
}

/// Lists the connections of all tenants that are not archived, in the order in which they were made.
async fn connections(
    call: Call,
    Asked(query): Asked<ConnectionsQuery>,
) -> Result<Replied<List<ListedConnection<'static>>>, ApiError> {
    let (cx, found) = matching(&call, &query)?;
    let world = cx.world();
    let lens = ViewContext { directory: cx.directory(&world), base: cx.engine.base(), caller: &cx.caller };
    let listed = |it| ListedConnection {
        connection: lens.connection(it, Secrets::Hidden),
        events: Poke::allowed(it),
        history: it.history.iter().cloned().collect(),
    };
    let items: Vec<_> = found.iter().map(|it| listed(it)).collect();
    Reply::json(&List { items }).map(Replied::from)
}

/// Returns the connections that match, and a manager's context.
pub(super) fn matching(call: &Call, query: &ConnectionsQuery) -> Result<(Cx, Vec<Arc<Connection>>), ApiError> {
    let cx = manager(call, query.tenant.as_ref())?;
    let world = cx.world();
    let directory = cx.directory(&world);
    let integration = query.integration.as_ref().map(|named| directory.find_integration(named).map(|it| it.id.clone()));
    let connector = query.connector.as_ref().map(|named| directory.find_connector(named).map(|it| it.id.clone()));
    let (integration, connector) = (integration.transpose()?, connector.transpose()?);
    let tenant = cx.caller.tenant().map(|tenant| tenant.id.clone());
    let wanted = world.connections.iter().filter(|it| {
        !it.is_archived()
            && tenant.as_ref().is_none_or(|of| it.tenant == *of)
            && integration.as_ref().is_none_or(|of| it.integration.as_ref() == Some(of))
            && connector.as_ref().is_none_or(|of| it.connector.as_ref() == Some(of))
            && query.state.is_none_or(|state| it.state == state)
    });
    let found = wanted.cloned().collect();
    Ok((cx, found))
}

async fn poke_connection(
    call: Call,
    Asked(of): Asked<OfTenant>,
    Given(body): Given<PokeBody>,
) -> Result<Replied<ConnectionView<'static>>, ApiError> {
    let (cx, connection) = named(&call, &of)?;
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

/// How a connection is broken.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BreakBody {
    /// What the vendor does.
    by: Damage,
}

/// Breaks a connection. Fails with 400 when it is not READY and its vendor has granted it nothing.
async fn break_connection(
    call: Call,
    Asked(of): Asked<OfTenant>,
    Given(body): Given<BreakBody>,
) -> Result<Replied<ConnectionView<'static>>, ApiError> {
    let (cx, connection) = named(&call, &of)?;
    if !strike(&call.engine, &cx.space, &connection.id, body.by).await? {
        return Err(ApiError::bad_request(
            "there is nothing to break: the connection is not READY, and its vendor has granted it nothing",
        ));
    }
    shown(&cx, connection.id.as_str())
}

fn shown(cx: &Cx, id: &str) -> Result<Replied<ConnectionView<'static>>, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let connection = directory.connection(&cx.caller, id)?;
    let lens = ViewContext { directory, base: cx.engine.base(), caller: &cx.caller };
    Reply::json(&lens.connection(&connection, Secrets::Hidden)).map(Replied::from)
}

/// How the user finishes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CompleteBody {
    /// The user consents at the vendor with this account; when absent, with the workspace's usual one.
    account: Option<String>,
    /// The user types these values into the connector's form, under the names of its fields.
    input: Option<JsonMap>,
}

/// Lets the user finish connecting as on the hosted pages: consent and code exchange, or the filled-in form.
async fn complete(
    call: Call,
    Asked(of): Asked<OfTenant>,
    Given(body): Given<CompleteBody>,
) -> Result<Replied<ConnectionView<'static>>, ApiError> {
    let (cx, connection) = named(&call, &of)?;
    let account = body.account.unwrap_or_else(|| account_in(&cx.world()));
    let done = connect::consent(&cx.engine, &cx.space, &connection, &account, body.input).await?;
    connect::announce(&cx.engine, &cx.space, &done, Ending::Connected).await?;
    shown(&cx, done.id.as_str())
}

/// Lets the user give up connecting, and returns the connection, or 204 when nothing is left of it.
async fn cancel(call: Call, Asked(of): Asked<OfTenant>) -> Result<IfLeft<ConnectionView<'static>>, ApiError> {
    let (cx, connection) = named(&call, &of)?;
    connect::cancel(&cx.engine, &cx.space, &connection).await?;
    connect::announce(&cx.engine, &cx.space, &connection, Ending::Cancelled).await?;
    // Nothing is left when it was the first attempt of a hosted page.
    Ok(IfLeft(shown(&cx, connection.id.as_str()).ok()))
}

/// How the vendor refuses.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FailBody {
    /// The vendor's error code; the default is `access_denied`.
    error: Option<String>,
}

/// Lets the vendor send the user's browser back with an error.
async fn fail(
    call: Call,
    Asked(of): Asked<OfTenant>,
    Given(body): Given<FailBody>,
) -> Result<IfLeft<ConnectionView<'static>>, ApiError> {
    let (cx, connection) = named(&call, &of)?;
    let why = body.error.unwrap_or_else(|| "access_denied".into());
    let ending = connect::refuse(&cx.engine, &cx.space, &connection, &why).await?;
    connect::announce(&cx.engine, &cx.space, &connection, ending).await?;
    Ok(IfLeft(shown(&cx, connection.id.as_str()).ok()))
}

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

async fn poke_session(call: Call, Given(body): Given<SessionPokeBody>) -> Result<Shown<AgentSessionView>, ApiError> {
    let space = space(&call)?;
    let session = agents::poke(&call.engine, &space, call.param("id")?, body.event, body.error).await?;
    Ok(Shown(agents::shown(&space, &session)))
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

async fn poke_job(call: Call, Given(body): Given<JobPokeBody>) -> Result<Shown<JobView>, ApiError> {
    let space = space(&call)?;
    let job = jobs::poke(&call.engine, &space, call.param("id")?, body.event, body.error).await?;
    Ok(Shown(jobs::shown(&call.engine, &space, &job)))
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

async fn poke_flow_run(
    call: Call,
    Given(body): Given<FlowRunPokeBody>,
) -> Result<Replied<FlowRunView<'static>>, ApiError> {
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
    Reply::json(&lens.flow_run(&run)).map(Replied::from)
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

async fn poke_action(call: Call, Given(body): Given<ActionPokeBody>) -> Result<Shown<BuiltAction>, ApiError> {
    let space = space(&call)?;
    let failure = match body.event {
        ActionPoke::FinishBuilding => None,
        ActionPoke::Fail => Some(body.error.unwrap_or_else(|| "the action could not be built".to_owned())),
    };
    let action = building::finish(&call.engine, &space, call.param("selector")?, failure).await?;
    Ok(Shown(BuiltAction { id: action.id.to_string(), key: action.key().to_owned(), state: action.state }))
}
