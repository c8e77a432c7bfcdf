//! An attempt to connect, from the user's consent to its end, whoever drives it: hosted pages, the control API or Rust.
//!
//! Invariant: every attempt that ends is logged and announced to whoever waits for it.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use url::Url;

use crate::base::JsonMap;
use crate::base::error::{ApiError, ErrorType};
use crate::base::ids::Id;
use crate::base::json::set_member;
use crate::base::page::{Page, PageRequest};
use crate::engine::directory::Directory;
use crate::engine::view::{Secrets, ViewContext};
use crate::engine::{AttemptEnd, Engine, WorkspaceRuntime};
use crate::nouns::attempt_log::model::AttemptLog;
use crate::nouns::connection::connect::moves::{Consent, complete, end_attempt};
use crate::nouns::connection::connect::oauth;
use crate::nouns::connection::connect::oauth::Exchanged;
use crate::nouns::connection::connect::ticket::as_owner;
use crate::nouns::connection::model::attempt::Attempt;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connection_request::model::RequestStatus;
use crate::nouns::connector::model::Connector;
use crate::nouns::stub_vendor as oauth_vendor;
use crate::nouns::tenant::model::Tenant;
use crate::store::Tx;

/// The most attempts that a workspace's log keeps; older ones are dropped.
const MOST_LOGGED: usize = 1_000;

/// The end of an attempt to connect.
#[derive(Debug, Clone)]
pub enum Ending {
    /// The connection was made.
    Connected,
    /// The user gave up.
    Cancelled,
    /// Connecting failed with this error.
    Failed(ApiError),
}

/// What is told to those who wait for an attempt.
#[derive(Debug)]
pub struct Announcement {
    /// The address that the browser goes to; none when the caller gave none.
    pub redirect: Option<Url>,
    /// The message to the window that opened the page. Source: SDK `connect()`.
    pub message: Value,
    /// The title of the result page.
    pub title: &'static str,
    /// The text of the result page.
    pub text: String,
    /// Whether the attempt failed or was cancelled.
    pub failed: bool,
}

/// Tells the end of an attempt to everyone who waits for it, and answers what the browser shows.
///
/// Source: SDK `connect()` (messages), DOC:custom-connection-ui (`connectionId`, `error`, `errorData`).
pub async fn announce(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    connection: &Connection,
    ending: Ending,
) -> Result<Announcement, ApiError> {
    let attempt = connection.attempt.clone().unwrap_or_default();
    let (problem, cancelled) = match ending {
        Ending::Connected => {
            let cx = as_owner(engine, space, connection)?;
            let world = cx.world();
            let directory = Directory::new(&world, &engine.catalog);
            let lens = ViewContext { directory, base: engine.base(), caller: &cx.caller };
            let mut message = message_of(&attempt, "newConnectionCreated");
            let shown =
                serde_json::to_value(lens.connection(connection, Secrets::Hidden)).map_err(ApiError::internal)?;
            set_member(&mut message, "connection", shown);
            let (title, what) = match connection.state {
                ConnectionState::Building => ("Almost there", "is being set up"),
                _ => ("Connected", "is connected"),
            };
            let redirect = attempt.address_with(&[("connectionId", connection.id.as_str())]);
            space.attempts.send(AttemptEnd { tenant: connection.tenant.clone(), message: message.clone() }).ok();
            let text = format!("{} {what}. You can close this window.", connection.meta.name);
            return Ok(Announcement { redirect, message, title, text, failed: false });
        }
        Ending::Cancelled => (ApiError::bad_request("the user cancelled: nothing was connected"), true),
        Ending::Failed(problem) => (problem, false),
    };
    failure(space, connection.tenant.clone(), &attempt, Some(connection), &problem, cancelled)
}

/// The same for an attempt that failed, perhaps before there was a connection.
pub fn failure(
    space: &WorkspaceRuntime,
    tenant: Id<Tenant>,
    attempt: &Attempt,
    connection: Option<&Connection>,
    problem: &ApiError,
    cancelled: bool,
) -> Result<Announcement, ApiError> {
    let data = serde_json::to_value(problem).map_err(ApiError::internal)?;
    let redirect = attempt.address_with(&[("error", &problem.message), ("errorData", &data.to_string())]);
    let mut message = message_of(attempt, "newConnectionFailure");
    set_member(&mut message, "error", problem.message.clone());
    set_member(&mut message, "errorData", data);
    if let Some(connection) = connection {
        set_member(&mut message, "connectionId", connection.id.to_string());
    }
    // This is for our own page in the client's frame, which then closes.
    set_member(&mut message, "cancelled", cancelled);
    let title = if cancelled { "Cancelled" } else { "Not connected" };
    space.attempts.send(AttemptEnd { tenant, message: message.clone() }).ok();
    let text = if cancelled { "Nothing was connected.".to_owned() } else { problem.message.clone() };
    Ok(Announcement { redirect, message, title, text, failed: true })
}

fn message_of(attempt: &Attempt, kind: &str) -> Value {
    let mut message = json!({ "source": "integration.app", "type": kind });
    if let Some(id) = &attempt.request_id {
        set_member(&mut message, "requestId", id.as_str());
    }
    if let Some(state) = &attempt.custom_state {
        set_member(&mut message, "customState", state.as_str());
    }
    message
}

/// Logs the end of an attempt. Source: SDK `ConnectionAttemptLogApiResponse`.
pub(crate) fn log_attempt(
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    connection: &Connection,
    error: Option<ApiError>,
) -> Result<(), ApiError> {
    let log = AttemptLog::of(space.ids.id(), connection, error, space.clock.now());
    tx.put(log)?;
    while tx.attempt_logs.len() > MOST_LOGGED {
        let oldest = tx.attempt_logs.iter().next().map(|log| log.id.to_string());
        let Some(oldest) = oldest else { break };
        tx.remove::<AttemptLog>(&oldest);
    }
    Ok(())
}

/// Which attempts a list asks for; an absent field allows all. Source: SDK `FindConnectionAttemptLogsQuery`.
#[derive(Debug, Clone, Default)]
pub struct AttemptFilter {
    /// The id of the tenant.
    pub tenant: Option<String>,
    /// The id of the connection.
    pub connection_id: Option<String>,
    /// The id of the integration.
    pub integration_id: Option<String>,
    /// The result, `success` or `error`.
    pub status: Option<String>,
}

/// Answers a page of logged attempts, newest first.
pub fn attempts_logged(space: &WorkspaceRuntime, filter: &AttemptFilter, page: PageRequest) -> Page<Arc<AttemptLog>> {
    let world = space.world();
    let is = |wanted: &Option<String>, own: Option<&str>| wanted.is_none() || wanted.as_deref() == own;
    let all: Vec<(u64, &Arc<AttemptLog>)> = world.attempt_logs.after(0).collect();
    let wanted = all.into_iter().rev().filter(|(_, log)| {
        let status = if log.error.is_some() { "error" } else { "success" };
        is(&filter.tenant, Some(log.tenant_id.as_str()))
            && is(&filter.connection_id, log.connection_id.as_deref())
            && is(&filter.integration_id, log.integration_id.as_deref())
            && is(&filter.status, Some(status))
    });
    // Positions rise from the newest to the oldest, as pages need it.
    page.take(wanted.map(|(seq, log)| (u64::MAX - seq, Arc::clone(log))))
}

/// Consents in place of the user: at the vendor as `account`, or by filling in the form with `input`. Answers the
/// connection; fails with 400 when it does not wait for its user.
///
/// An OAuth connection goes the whole way that the user's browser would: the vendor gives a code, which is exchanged.
pub async fn consent(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    connection: &Connection,
    account: &str,
    input: Option<JsonMap>,
) -> Result<Arc<Connection>, ApiError> {
    let waits = || {
        ApiError::bad_request(format!(
            "the connection does not wait for its user: it is {:?}; connect it again first",
            connection.state
        ))
    };
    if connection.state != ConnectionState::ClientActionRequired {
        return Err(waits());
    }
    let connector = connector_of(engine, space, connection)?;
    if !connector.auth_type.is_oauth() {
        let consent = input.map_or_else(|| Consent::Account(account.to_owned()), Consent::Input);
        return complete(engine, space, &connection.id, consent).await;
    }
    let to = oauth::authorize_address(engine, space, connection, &connector).ok_or_else(waits)?;
    if !to.as_str().starts_with(engine.base()) {
        return Err(ApiError::bad_request(format!("`{to}` is a real vendor's page; only its user can consent there")));
    }
    let asked: HashMap<String, String> = to.query_pairs().into_owned().collect();
    let asking = oauth_vendor::asking(engine, space, connector.key(), |name| asked.get(name).cloned())?;
    let back = asking.allow(space, account);
    let code = back.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
    come_back(engine, space, connection, &connector, &code.unwrap_or_default()).await
}

/// Exchanges the code with which the user's browser came back, and answers the connection. A
/// refusal by the vendor is the error.
pub async fn come_back(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    connection: &Connection,
    connector: &Connector,
    code: &str,
) -> Result<Arc<Connection>, ApiError> {
    match oauth::exchange_code(engine, space, connection, connector, code).await {
        Exchanged::Tokens(tokens) => complete(engine, space, &connection.id, Consent::Granted(tokens)).await,
        Exchanged::Refused(why) => {
            let why = format!("{} refused the code: {why}. Begin to connect again.", connector.meta.name);
            let why = ApiError::of(ErrorType::Connection, None, why);
            Err(end_or_retry(engine, space, connection, why).await?)
        }
        Exchanged::Failed(error) => Err(note_failure(space, connection, error).await?),
    }
}

/// Logs an attempt that failed and may be tried again.
async fn note_failure(space: &WorkspaceRuntime, connection: &Connection, why: ApiError) -> Result<ApiError, ApiError> {
    let mut tx = space.data.begin().await;
    log_attempt(space, &mut tx, connection, Some(why.clone()))?;
    tx.commit().await?;
    Ok(why)
}

/// Ends an attempt because the vendor or its user refused, and answers how.
pub async fn refuse(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    connection: &Connection,
    why: &str,
) -> Result<Ending, ApiError> {
    let connector = connector_of(engine, space, connection)?;
    let why = ApiError::access_denied(format!("{} said: {why}. Nothing was connected.", connector.meta.name));
    Ok(Ending::Failed(end_or_retry(engine, space, connection, why).await?))
}

/// Ends an attempt, unless a page in the client's frame began it: that page is still open, and its user may try again.
async fn end_or_retry(
    engine: &Engine,
    space: &WorkspaceRuntime,
    connection: &Connection,
    why: ApiError,
) -> Result<ApiError, ApiError> {
    let attempt = connection.attempt.clone().unwrap_or_default();
    if attempt.hosted && attempt.request_id.is_none() && attempt.redirect_uri.is_none() {
        return note_failure(space, connection, why).await;
    }
    end_attempt(engine, space, connection, RequestStatus::Error, why.clone()).await?;
    Ok(why)
}

/// Answers the connector of a connection whose user is about to act. Fails with 400 when there is none yet.
pub fn connector_of(
    engine: &Engine,
    space: &WorkspaceRuntime,
    connection: &Connection,
) -> Result<Arc<Connector>, ApiError> {
    let world = space.world();
    let connector = Directory::new(&world, &engine.catalog).connector_behind(connection);
    connector
        .ok_or_else(|| ApiError::bad_request("the connection has no connector yet; wait until it has left BUILDING"))
}
