//! Credentials of calls: put onto requests, refreshed once an app refuses them, and lost.

use http::header;
use serde_json::Value;
use std::time::Duration;

use crate::base::JsonMap;
use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::Id;
use crate::base::message::headers::headers_of;
use crate::engine::Cx;
use crate::mapping::formula::plain_text;
use crate::nouns::connection::connect;
use crate::nouns::connection::connect::Exchanged;
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState, Transition};
use crate::nouns::connection::outbound::{CallOutcome, connector_of};
use crate::nouns::connector::model::Apply;
use crate::upstream::OutRequest;

/// The wait before a vendor that did not answer is asked again, on the workspace's clock; each
/// further wait is twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(5);

const MOST_RETRIES: u32 = 5;

/// Disconnects a connection whose credentials do not work and cannot be renewed.
pub(super) async fn lose(cx: &Cx, connection: &Connection, trip: &mut CallOutcome) -> Result<(), ApiError> {
    trip.lost = true;
    trip.transitions.extend(disconnect(cx, &connection.id, None).await?);
    Ok(())
}

async fn disconnect(cx: &Cx, id: &Id<Connection>, why: Option<ApiError>) -> Result<Option<Transition>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let Some(connection) = tx.connections.get(id.as_str()).map(|c| (**c).clone()) else { return Ok(None) };
    if connection.state == ConnectionState::ClientActionRequired && connection.former == Some(ConnectionState::Ready) {
        // A reconnect is under way: it can no longer return to a connection that works.
        let mut connection = connection;
        connection.former = Some(ConnectionState::Disconnected);
        connection.error = Some(why.unwrap_or_else(connect::lost_credentials));
        tx.put(connection)?;
        tx.commit().await?;
        return Ok(None);
    }
    if connection.state != ConnectionState::Ready {
        return Ok(None);
    }
    let from = connection.state;
    connect::move_in(&cx.engine, &cx.space, &mut tx, connection, ConnectionEvent::LoseCredentials, why)?;
    tx.commit().await?;
    Ok(Some(Transition {
        at: cx.space.clock.now(),
        from,
        to: ConnectionState::Disconnected,
        cause: ConnectionEvent::LoseCredentials,
    }))
}

/// What a refresh came to.
#[derive(Debug)]
pub(in crate::nouns::connection) enum Refreshed {
    /// The new credentials, merged over the old ones and stored.
    Credentials(JsonMap),
    /// The vendor refused, and the connection was disconnected.
    Refused(Option<Transition>),
    /// There is no refresh token.
    Impossible,
    /// The vendor gave no usable answer; the credentials stay as they were.
    Failed(ApiError),
}

/// Refreshes a connection's credentials at the vendor. Source: SEED, IAPP:docs/refresh-credentials.
///
/// `refused` is the access token that the app refused: when the connection has another one by now, a call that ran at
/// the same time has refreshed it, and that one is answered. Fails only when the fake itself fails.
pub(in crate::nouns::connection) async fn refresh(
    cx: &Cx,
    id: &Id<Connection>,
    refused: Option<&str>,
) -> Result<Refreshed, ApiError> {
    let turn = cx.space.refresh_turn(id.as_str());
    let _turn = turn.lock().await;
    let Some(connection) = cx.world().connections.get(id.as_str()).cloned() else { return Ok(Refreshed::Impossible) };
    let connector = connector_of(cx, &connection)?;
    if let (Some(refused), Some(held)) = (refused, connection.credential("access_token"))
        && refused != held
    {
        return Ok(Refreshed::Credentials(connection.credentials.clone().unwrap_or_default()));
    }
    let Some(token) = connection.credential("refresh_token") else { return Ok(Refreshed::Impossible) };
    match connect::exchange_refresh_token(&cx.engine, &cx.space, &connection, &connector, token).await {
        Exchanged::Tokens(tokens) => {
            let mut tx = cx.space.data.begin().await;
            let Some(mut connection) = tx.connections.get(id.as_str()).map(|c| (**c).clone()) else {
                return Ok(Refreshed::Impossible);
            };
            let mut credentials = connection.credentials.take().unwrap_or_default();
            if credentials.get("refresh_token").and_then(Value::as_str) != Some(token) {
                // The credentials were erased or replaced while the vendor was asked: the new tokens are dropped.
                return Ok(if credentials.is_empty() {
                    Refreshed::Failed(ApiError::action_run("the connection was disconnected meanwhile"))
                } else {
                    Refreshed::Credentials(credentials)
                });
            }
            credentials.extend(tokens);
            let due = connect::refresh_due(&credentials, cx.space.clock.now());
            connection.next_credentials_refresh_at = cx.space.advances.next_refresh(connection.id.as_str(), due);
            connection.credentials = Some(credentials.clone());
            (connection.retry_attempts, connection.next_retry_timestamp) = (0, None);
            connection.meta.touch(&cx.space.ids, cx.space.clock.now());
            tx.put(connection)?;
            tx.commit().await?;
            Ok(Refreshed::Credentials(credentials))
        }
        // The grant is gone; any other refusal tells nothing about it. Source: RFC 6749 §5.2.
        Exchanged::Refused(why) if why == "invalid_grant" => {
            let why = format!("the external app refused to refresh the credentials: {why}");
            let why = ApiError::connection(ErrorKey::AccessTokenExpired, why);
            Ok(Refreshed::Refused(disconnect(cx, id, Some(why)).await?))
        }
        Exchanged::Refused(why) => {
            let error =
                ApiError::action_run(format!("the external app answered `{why}` when asked for new credentials"));
            note_failure(cx, id, &error).await?;
            Ok(Refreshed::Failed(error))
        }
        Exchanged::Failed(error) => {
            note_failure(cx, id, &error).await?;
            Ok(Refreshed::Failed(error))
        }
    }
}

/// Notes that the vendor gave no usable answer to a refresh: it is asked again later, after longer and longer waits,
/// until the connection is disconnected.
///
/// Source: OAS (`retryAttempts`, `nextRetryTimestamp`); that it starts at 5 s and ends with
/// the 5th failure is our choice.
async fn note_failure(cx: &Cx, id: &Id<Connection>, error: &ApiError) -> Result<(), ApiError> {
    let now = cx.space.clock.now();
    let mut tx = cx.space.data.begin().await;
    let Some(mut connection) = tx.connections.get(id.as_str()).map(|c| (**c).clone()) else { return Ok(()) };
    if !connection.is_connected() || connection.next_retry_timestamp.is_some_and(|at| at > now) {
        // The connection was disconnected meanwhile, or a call asked before the next retry was due.
        return Ok(());
    }
    connection.retry_attempts += 1;
    if connection.retry_attempts >= MOST_RETRIES {
        drop(tx);
        let why = format!("the credentials could not be refreshed in {MOST_RETRIES} tries: {}", error.message);
        disconnect(cx, id, Some(ApiError::connection(ErrorKey::AccessTokenExpired, why))).await?;
        return Ok(());
    }
    connection.next_retry_timestamp = Some(now.plus(FIRST_RETRY * 2_u32.pow(connection.retry_attempts - 1)));
    connection.meta.touch(&cx.space.ids, cx.space.clock.now());
    tx.put(connection)?;
    tx.commit().await?;
    cx.wake();
    Ok(())
}

/// Puts credentials onto a request as the connector says.
pub(super) fn apply_credentials(apply: &Apply, credentials: &JsonMap, request: &mut OutRequest) {
    let text = |name: &str| credentials.get(name).map(plain_text).unwrap_or_default();
    let mut set = |name: &str, value: String| {
        // A name or value that no header can have is left out, as credentials that are missing are.
        for (name, mut value) in headers_of([(name, value)]).unwrap_or_default() {
            value.set_sensitive(true);
            name.map(|name| request.headers.insert(name, value));
        }
    };
    match apply {
        Apply::Bearer { field } => {
            let token = text(field);
            if !token.is_empty() {
                set(header::AUTHORIZATION.as_str(), format!("Bearer {token}"));
            }
        }
        Apply::Header { name, field, prefix } => set(name, format!("{prefix}{}", text(field))),
        Apply::Basic { username, password } => {
            use base64::Engine as _;
            let password = password.as_deref().map(text).unwrap_or_default();
            let pair = format!("{}:{password}", text(username));
            set(
                header::AUTHORIZATION.as_str(),
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)),
            );
        }
        Apply::Query { name, field } => {
            request.url.query_pairs_mut().append_pair(name, &text(field));
        }
    }
}
