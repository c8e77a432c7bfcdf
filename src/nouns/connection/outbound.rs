//! Calls through a connection: address, credentials, refresh on a 401, and the exchange for the logs.
//!
//! Invariant: every call to an external app on behalf of a connection goes through [`send`], so that each has an
//! [`Exchange`], and a connection whose credentials stopped working is disconnected.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::Value;
use url::Url;

use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::Id;
use crate::base::{JsonMap, depth};
use crate::engine::Cx;
use crate::engine::tokens::mint_for_app;
use crate::journal::{Entry, Side};
use crate::mapping::formula::plain_text;
use crate::nouns::connection::connect;
use crate::nouns::connection::connect::oauth::Exchanged;
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState, Transition};
use crate::nouns::connector::model::{Apply, AuthType, Connector};
use crate::nouns::run_log::model::{ApiLog, Exchange, ExchangeRequest, ExchangeResponse, RunLog};
use crate::nouns::{fault as faults, vendor};
use crate::store::Tx;
use crate::upstream::{OutRequest, OutResponse, StandIn, UpstreamError};

/// The largest body in bytes that logs keep; of a larger one they keep the size.
const LARGEST_KEPT: usize = 1024 * 1024;
/// The wait before a vendor that did not answer is asked again, on the workspace's clock; each
/// further wait is twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(5);
const MOST_RETRIES: u32 = 5;
const MASK: &str = "********";

/// A call to make to the connection's app.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub method: Method,
    /// The path below the connector's base address, or an address within it.
    pub path: String,
    /// Pairs that are added to the path's own query.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What a call came to.
#[derive(Debug, Default)]
pub struct CallOutcome {
    /// Every exchange, in order: a call is sent again after its credentials were refreshed.
    pub exchanges: Vec<Exchange>,
    /// The app's last answer; none when nothing came back.
    pub response: Option<OutResponse>,
    /// Why there is no answer.
    pub error: Option<ApiError>,
    /// The changes of the connection's state that the call caused.
    pub transitions: Vec<Transition>,
    /// Whether the credentials turned out not to work and could not be renewed.
    pub lost: bool,
}

/// Sends a call through a connection, once more after a refresh when the app answers 401. An error means that nothing
/// was sent: the connection is archived or does not work, or the address is outside the connector's base.
pub async fn send(cx: &Cx, connection: &Connection, out: Outgoing) -> Result<CallOutcome, ApiError> {
    connection.refuse_archived_call()?;
    let connector = connector_of(cx, connection)?;
    if !connection.is_connected() {
        let status = cx.world().workspace.mock.disconnected_status;
        return Err(connection.disconnected_error(connector.key(), status));
    }
    let nominal = nominal_url(&connector, &out)?;
    let mut out = out;
    strip_hop_headers(&mut out.headers);
    let mut trip = CallOutcome::default();
    let credentials = connection.credentials.clone().unwrap_or_default();
    once(cx, &connector, connection, &credentials, &nominal, &out, &mut trip).await?;
    if trip.response.as_ref().is_some_and(|response| response.status == 401) {
        let refused = credentials.get("access_token").and_then(Value::as_str);
        match refresh(cx, &connection.id, refused).await? {
            // The second answer is passed on, whatever it is (DOC:api-proxy).
            Refreshed::Credentials(credentials) => {
                once(cx, &connector, connection, &credentials, &nominal, &out, &mut trip).await?;
            }
            Refreshed::Refused(transition) => {
                trip.lost = true;
                trip.transitions.extend(transition);
            }
            Refreshed::Impossible => lose(cx, connection, &mut trip).await?,
            // The vendor gave no answer, so the app's 401 stands, and the next call tries again.
            Refreshed::Failed(_) => {}
        }
    }
    Ok(trip)
}

/// Removes headers that belong to one hop, or that the HTTP client sets by itself.
pub fn strip_hop_headers(headers: &mut HeaderMap) {
    for name in [
        header::HOST,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::UPGRADE,
        header::TE,
        header::TRAILER,
        header::EXPECT,
    ] {
        headers.remove(name);
    }
}

/// Disconnects a connection whose credentials do not work and cannot be renewed.
async fn lose(cx: &Cx, connection: &Connection, trip: &mut CallOutcome) -> Result<(), ApiError> {
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
pub(super) enum Refreshed {
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
pub(super) async fn refresh(cx: &Cx, id: &Id<Connection>, refused: Option<&str>) -> Result<Refreshed, ApiError> {
    let turn = cx.space.refresh_turn(id.as_str());
    let _turn = turn.lock().await;
    let Some(connection) = cx.world().connections.get(id.as_str()).cloned() else { return Ok(Refreshed::Impossible) };
    let connector = connector_of(cx, &connection)?;
    let held = |name: &str| connection.credentials.as_ref().and_then(|c| c.get(name)).and_then(Value::as_str);
    if let (Some(refused), Some(held)) = (refused, held("access_token"))
        && refused != held
    {
        return Ok(Refreshed::Credentials(connection.credentials.clone().unwrap_or_default()));
    }
    let Some(token) = held("refresh_token") else { return Ok(Refreshed::Impossible) };
    match connect::oauth::exchange_refresh_token(&cx.engine, &cx.space, &connection, &connector, token).await {
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
            connection.next_credentials_refresh_at = connect::oauth::refresh_due(&credentials, cx.space.clock.now());
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
    cx.engine.wake.notify_one();
    Ok(())
}

/// Answers the connector of a connection; a connection without one does not work yet, which is the error.
pub fn connector_of(cx: &Cx, connection: &Connection) -> Result<std::sync::Arc<Connector>, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let connector = directory.connector_behind(connection);
    connector.ok_or_else(|| connection.disconnected_error("", world.workspace.mock.disconnected_status))
}

/// The address of a call at the real app (`docs/behaviour.md#log-address`). Fails with 400 for an absolute one outside
/// the connector's base address (`docs/behaviour.md#proxy-address`).
fn nominal_url(connector: &Connector, out: &Outgoing) -> Result<Url, ApiError> {
    let base = connector.base_uri.trim_end_matches('/');
    let is_absolute = out.path.starts_with("http://") || out.path.starts_with("https://");
    let text = match (is_absolute, out.path.strip_prefix('/')) {
        (true, _) => out.path.clone(),
        (false, Some(rest)) => format!("{base}/{rest}"),
        (false, None) => format!("{base}/{}", out.path),
    };
    let mut url =
        Url::parse(&text).map_err(|error| ApiError::bad_request(format!("`{text}` is not an address: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ApiError::bad_request("an address with a user name in it is not called"));
    }
    let within = Url::parse(base).is_ok_and(|base| {
        let prefix = base.path().trim_end_matches('/');
        url.origin() == base.origin()
            && url.path().strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if !within {
        return Err(ApiError::bad_request(format!(
            "`{}` lies outside the connector's base address `{base}`; give a path below it",
            out.path
        )));
    }
    if !out.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&out.query);
    }
    Ok(url)
}

/// The server that answers in place of the app: the user's own fake or the stub server. None when the user named the
/// real host, which is then called.
async fn stand_in(cx: &Cx, connector: &Connector, nominal: &Url) -> Option<StandIn> {
    let own = cx.world().workspace.mock.upstreams.get(connector.key()).cloned();
    let base = match own {
        Some(base) => base,
        None if nominal.host_str().is_some_and(|host| cx.engine.egress.names(host)) => return None,
        None => vendor::stub_base(&cx.engine, &cx.space.key, connector.key()).await,
    };
    let prefix = Url::parse(&connector.base_uri).map(|base| base.path().trim_end_matches('/').to_owned());
    Some(StandIn {
        nominal: nominal.clone(),
        prefix: prefix.unwrap_or_default(),
        base: base.trim_end_matches('/').to_owned(),
    })
}

async fn once(
    cx: &Cx,
    connector: &Connector,
    connection: &Connection,
    credentials: &JsonMap,
    nominal: &Url,
    out: &Outgoing,
    trip: &mut CallOutcome,
) -> Result<(), ApiError> {
    let stand_in = stand_in(cx, connector, nominal).await;
    let actual = match &stand_in {
        Some(app) => app.locate(nominal).map_err(|error| {
            ApiError::configuration(format!("the upstream `{}` is not an address: {error}", app.base))
        })?,
        None => nominal.clone(),
    };
    let mut request =
        OutRequest { method: out.method.clone(), url: actual, headers: out.headers.clone(), body: out.body.clone() };
    apply_credentials(&connector.apply, credentials, &mut request);
    if matches!(connector.auth_type, AuthType::MembraneToken | AuthType::IntegrationAppToken) {
        sign(cx, connection.tenant.as_str(), &mut request)?;
    }
    let at = cx.space.clock.now();
    let sent = ExchangeRequest {
        method: out.method.to_string(),
        url: masked_url(nominal, &connector.apply),
        sent_to: masked_url(&request.url, &connector.apply),
        headers: shown_headers(&request.headers, Some(&connector.apply)),
        body: shown_body(&out.body),
    };
    let go = |request| cx.engine.http.send_to(request, stand_in);
    let call = || faults::upstream_call(&cx.space, connection, connector, &out.method, nominal.path());
    let result = faults::send(&cx.engine, &cx.space, call, Some(&connection.id), nominal, request, go).await?;
    let time_ms = cx.space.clock.now().since(at);
    let (response, error) = match result {
        Ok(response) => (Some(response), None),
        Err(error) => {
            note_refusal(cx, &sent, &error);
            (None, Some(ApiError::action_run(error.to_string())))
        }
    };
    trip.exchanges.push(Exchange {
        at,
        time_ms,
        request: sent,
        response: response.as_ref().map(|response| ExchangeResponse {
            status: response.status.as_u16(),
            headers: shown_headers(&response.headers, None),
            data: shown_body(&response.body),
        }),
        error: error.clone(),
    });
    (trip.response, trip.error) = (response, error);
    Ok(())
}

/// Notes in the journal a call that was refused before it was sent.
pub fn note_refusal(cx: &Cx, request: &ExchangeRequest, error: &UpstreamError) {
    if matches!(error, UpstreamError::EgressRefused { .. }) {
        let entry = Entry::new(Side::Upstream, cx.space.clock.now(), &request.method, &request.url);
        cx.space.journal.add(Entry { refused: Some(error.to_string()), ..entry });
    }
}

/// How long an app may accept a signed token.
const SIGNED_FOR: Duration = Duration::from_hours(1);

/// Adds a token that tells the app whose call this is, signed by the workspace, under its present and its former name.
fn sign(cx: &Cx, tenant: &str, request: &mut OutRequest) -> Result<(), ApiError> {
    let world = cx.world();
    let tenant = world.tenants.get(tenant).ok_or_else(|| ApiError::internal("a connection's tenant is missing"))?;
    let token = mint_for_app(&world.workspace, tenant, cx.space.clock.now().plus(SIGNED_FOR))?;
    for name in ["x-membrane-token", "x-integration-app-token"] {
        let mut value = HeaderValue::try_from(&token).map_err(ApiError::internal)?;
        value.set_sensitive(true);
        request.headers.insert(HeaderName::from_static(name), value);
    }
    Ok(())
}

/// Puts credentials onto a request as the connector says.
fn apply_credentials(apply: &Apply, credentials: &JsonMap, request: &mut OutRequest) {
    let text = |name: &str| credentials.get(name).map(plain_text).unwrap_or_default();
    let mut set = |name: &str, value: String| {
        if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            value.set_sensitive(true);
            request.headers.insert(name, value);
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

fn masked_url(url: &Url, apply: &Apply) -> String {
    let Apply::Query { name, .. } = apply else { return url.to_string() };
    let mut masked = url.clone();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if pairs.iter().any(|(key, _)| key == name) {
        masked
            .query_pairs_mut()
            .clear()
            .extend_pairs(pairs.iter().map(|(key, value)| (key.as_str(), if key == name { MASK } else { value })));
    }
    masked.to_string()
}

/// Headers as logs keep them: those with credentials are masked.
pub fn shown_headers(headers: &HeaderMap, apply: Option<&Apply>) -> JsonMap {
    let own = match apply {
        Some(Apply::Header { name, .. }) => Some(name.to_lowercase()),
        _ => None,
    };
    let mut shown = JsonMap::new();
    for (name, value) in headers {
        let secret = name == header::AUTHORIZATION
            || name.as_str().ends_with("-token")
            || name == header::COOKIE
            || name == header::SET_COOKIE
            || own.as_deref() == Some(name.as_str());
        let text = if secret { MASK.to_owned() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() };
        shown.insert(name.to_string(), text.into());
    }
    shown
}

/// A body as logs keep it: JSON, else text; none when empty, its size when it is large.
pub fn shown_body(body: &Bytes) -> Option<Value> {
    if body.is_empty() {
        return None;
    }
    if body.len() > LARGEST_KEPT {
        return Some(Value::String(format!("({} bytes)", body.len())));
    }
    Some(value_of(body))
}

/// A body as a value: JSON, else text; null when empty.
pub fn value_of(body: &Bytes) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    let text = || Value::String(String::from_utf8_lossy(body).into_owned());
    if depth::exceeds(body) {
        return text();
    }
    serde_json::from_slice(body).unwrap_or_else(|_| text())
}

/// Stores the exchanges of a call as external API logs, unless the workspace's settings turn them off.
pub fn log_exchanges(
    cx: &Cx,
    tx: &mut Tx,
    connection: &Connection,
    run: Option<&Id<RunLog>>,
    exchanges: &[Exchange],
) -> Result<(), ApiError> {
    if tx.workspace.settings.enable_api_logs == Some(false) {
        return Ok(());
    }
    for exchange in exchanges {
        let status = exchange.response.as_ref().map_or(0, |response| response.status);
        let log = ApiLog {
            id: cx.space.ids.id(),
            workspace_id: tx.workspace.id.to_string(),
            customer_id: connection.tenant.to_string(),
            user_id: connection.tenant.to_string(),
            tenant_id: connection.tenant.to_string(),
            integration_id: connection.integration.as_ref().map(Id::to_string).unwrap_or_default(),
            connection_id: connection.id.to_string(),
            external_app_id: connection.external_app.clone(),
            action_run_id: run.cloned(),
            status_code: status,
            is_success: (200..300).contains(&status),
            s3_uri: String::new(),
            request_url: exchange.request.url.clone(),
            sent_to: exchange.request.sent_to.clone(),
            method: exchange.request.method.clone(),
            duration: exchange.time_ms,
            created_at: exchange.at,
        };
        tx.add_api_log(&log, exchange)?;
    }
    Ok(())
}
