//! Calls through a connection: address, credentials, refresh on a 401, and the exchange for the logs.
//!
//! Invariant: every call to an external app on behalf of a connection goes through [`send`], so that each has an
//! [`Exchange`], and a connection whose credentials stopped working is disconnected.

use bytes::Bytes;
use credentials::apply_credentials;
use credentials::lose;
use evidence::masked_url;
use http::HeaderMap;
use http::Method;
use http::header;
use serde_json::Value;
use url::Url;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::engine::Cx;
use crate::engine::tokens::sign_for_app;
use crate::journal::{Entry, Side};
use crate::nouns::connection::model::{Connection, Transition};
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::run_log::model::{Exchange, ExchangeRequest, ExchangeResponse};
use crate::nouns::{fault as faults, stub_vendor as vendor};
use crate::upstream::{FOR_CALL, OutRequest, OutResponse, StandIn, UpstreamError, has_room};

mod credentials;
mod evidence;

pub(super) use credentials::{Refreshed, refresh};
pub use evidence::{is_only_size, log_exchanges, shown_body, shown_headers, size_if_large, value_of};

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
    cx.directory(&cx.world()).check_usable(connection)?;
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
async fn stand_in(
    cx: &Cx,
    connector: &Connector,
    connection: &Connection,
    nominal: &Url,
) -> Result<Option<StandIn>, ApiError> {
    let world = cx.world();
    let own = world.workspace.mock.upstreams.get(connector.key()).cloned();
    let base = match own {
        Some(base) => base,
        None if nominal.host_str().is_some_and(|host| cx.engine.egress.names(host)) => return Ok(None),
        // The stub server that is not there yet could not start either.
        None if !has_room(FOR_CALL) => return Err(UpstreamError::NoDescriptors { url: nominal.to_string() }.into()),
        None => vendor::stub_base(&cx.engine, &cx.space.key, connector.key()).await,
    };
    let prefix = Url::parse(&connector.base_uri).map(|base| base.path().trim_end_matches('/').to_owned());
    Ok(Some(StandIn {
        nominal: nominal.clone(),
        prefix: prefix.unwrap_or_default(),
        tenant: world
            .tenants
            .get(connection.tenant.as_str())
            .map(|tenant| tenant.internal_id.clone())
            .unwrap_or_default(),
        base: base.trim_end_matches('/').to_owned(),
    }))
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
    let stand_in = stand_in(cx, connector, connection, nominal).await?;
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
        let world = cx.world();
        if let Some(tenant) = world.tenants.get(connection.tenant.as_str()) {
            sign_for_app(&world.workspace, tenant, &mut request.headers)?;
        }
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
            (None, Some(error.into()))
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
