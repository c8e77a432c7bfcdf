//! Connections of all tenants: listed, moved, broken, and connected as their user would.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::history;
use crate::base::json::names::values_of;
use crate::call::contract::{JsonBody, JsonOrNothing, JsonReply, QueryOf};
use crate::call::{Call, Reply};
use crate::control::List;
use crate::control::elements::{OfTenant, manager, named};
use crate::engine::Cx;
use crate::engine::view::{Secrets, ViewContext};
use crate::fault::Damage;
use crate::nouns::connection::ConnectionView;
use crate::nouns::connection::connect::{self, Ending};
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState, Transition};
use crate::nouns::fault::strike;
use crate::nouns::stub_vendor::account_in;

/// The events of a connection, under the names that tests send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "ConnectionPoke")]
#[serde(rename_all = "camelCase")]
pub(in crate::control) enum Poke {
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
    pub(in crate::control) fn allowed(connection: &Connection) -> Vec<Self> {
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

/// Which connections are listed: those that have every field that is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::control) struct ConnectionsQuery {
    /// The key or id of the tenant.
    pub(in crate::control) tenant: Option<String>,
    /// The key or id of the integration.
    pub(in crate::control) integration: Option<String>,
    /// The key or id of the connector.
    pub(in crate::control) connector: Option<String>,
    /// The state, as the API spells it.
    pub(in crate::control) state: Option<ConnectionState>,
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
pub(super) async fn connections(
    call: Call,
    QueryOf(query): QueryOf<ConnectionsQuery>,
) -> Result<JsonReply<List<ListedConnection<'static>>>, ApiError> {
    let (cx, found) = matching(&call, &query)?;
    let world = cx.world();
    let lens = ViewContext { directory: cx.directory(&world), base: cx.engine.base(), caller: &cx.caller };
    let listed = |it| ListedConnection {
        connection: lens.connection(it, Secrets::Hidden),
        events: Poke::allowed(it),
        history: it.history.iter().cloned().collect(),
    };
    let items: Vec<_> = found.iter().map(|it| listed(it)).collect();
    Reply::json(&List { items }).map(JsonReply::from)
}

/// Returns the connections that match, and a manager's context.
pub(in crate::control) fn matching(
    call: &Call,
    query: &ConnectionsQuery,
) -> Result<(Cx, Vec<Arc<Connection>>), ApiError> {
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

pub(super) async fn poke_connection(
    call: Call,
    QueryOf(of): QueryOf<OfTenant>,
    JsonBody(body): JsonBody<PokeBody>,
) -> Result<JsonReply<ConnectionView<'static>>, ApiError> {
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
pub(super) async fn break_connection(
    call: Call,
    QueryOf(of): QueryOf<OfTenant>,
    JsonBody(body): JsonBody<BreakBody>,
) -> Result<JsonReply<ConnectionView<'static>>, ApiError> {
    let (cx, connection) = named(&call, &of)?;
    if !strike(&call.engine, &cx.space, &connection.id, body.by).await? {
        return Err(ApiError::bad_request(
            "there is nothing to break: the connection is not READY, and its vendor has granted it nothing",
        ));
    }
    shown(&cx, connection.id.as_str())
}

fn shown(cx: &Cx, id: &str) -> Result<JsonReply<ConnectionView<'static>>, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let connection = directory.connection(&cx.caller, id)?;
    let lens = ViewContext { directory, base: cx.engine.base(), caller: &cx.caller };
    Reply::json(&lens.connection(&connection, Secrets::Hidden)).map(JsonReply::from)
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
pub(super) async fn complete(
    call: Call,
    QueryOf(of): QueryOf<OfTenant>,
    JsonBody(body): JsonBody<CompleteBody>,
) -> Result<JsonReply<ConnectionView<'static>>, ApiError> {
    let (cx, connection) = named(&call, &of)?;
    let account = body.account.unwrap_or_else(|| account_in(&cx.world()));
    let done = connect::consent(&cx.engine, &cx.space, &connection, &account, body.input).await?;
    connect::announce(&cx.engine, &cx.space, &done, Ending::Connected).await?;
    shown(&cx, done.id.as_str())
}

/// Lets the user give up connecting, and returns the connection, or 204 when nothing is left of it.
pub(super) async fn cancel(
    call: Call,
    QueryOf(of): QueryOf<OfTenant>,
) -> Result<JsonOrNothing<ConnectionView<'static>>, ApiError> {
    let (cx, connection) = named(&call, &of)?;
    connect::cancel(&cx.engine, &cx.space, &connection).await?;
    connect::announce(&cx.engine, &cx.space, &connection, Ending::Cancelled).await?;
    // Nothing is left when it was the first attempt of a hosted page.
    Ok(JsonOrNothing(shown(&cx, connection.id.as_str()).ok()))
}

/// How the vendor refuses.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FailBody {
    /// The vendor's error code; the default is `access_denied`.
    error: Option<String>,
}

/// Lets the vendor send the user's browser back with an error.
pub(super) async fn fail(
    call: Call,
    QueryOf(of): QueryOf<OfTenant>,
    JsonBody(body): JsonBody<FailBody>,
) -> Result<JsonOrNothing<ConnectionView<'static>>, ApiError> {
    let (cx, connection) = named(&call, &of)?;
    let why = body.error.unwrap_or_else(|| "access_denied".into());
    let ending = connect::refuse(&cx.engine, &cx.space, &connection, &why).await?;
    connect::announce(&cx.engine, &cx.space, &connection, ending).await?;
    Ok(JsonOrNothing(shown(&cx, connection.id.as_str()).ok()))
}
