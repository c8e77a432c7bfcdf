//! The handlers of `/connections`, the proxy and its older forms.
//!
//! Invariant: credentials, connector parameters and input are shown only to a caller that asks by `includeSecrets`.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::page::Page;
use crate::call::{Call, Reply};
use crate::elements::Change;
use crate::elements::model::{Scope, Selector};
use crate::engine::Cx;
use crate::engine::directory::Directory;
use crate::engine::view::Secrets;
use crate::nouns::action::run;
use crate::nouns::action::run::{Dispatch, RunRequest};
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connection::outbound::Outgoing;
use crate::nouns::connection::rules::ConnectionFilter;
use crate::nouns::connection::{outbound, rules as connections};

/// Answers a connection with its tenant and integration.
pub(crate) fn shown(cx: &Cx, connection: &Connection, secrets: Secrets) -> Result<Reply, ApiError> {
    let world = cx.world();
    let lens = cx.view(&world);
    Reply::json(&lens.connection(connection, secrets))
}

/// Secrets are shown to a caller that asks by `includeSecrets=true` and may see
/// the connection. Source: SDK (`includeSecrets`).
fn secrets(call: &Call) -> Secrets {
    if call.query().flag("includeSecrets") == Some(true) { Secrets::Shown } else { Secrets::Hidden }
}

/// `GET /connections`, a tenant's or manager's token: answers a page of connections.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let query = call.query();
    let filter = ConnectionFilter {
        integration_id: query.text("integrationId"),
        integration_key: query.text("integrationKey"),
        connector_id: query.text("connectorId"),
        connector_version: query.text("connectorVersion"),
        external_app_id: query.text("externalAppId"),
        connected: query.flag("connected"),
        disconnected: query.flag("disconnected"),
        is_test: query.flag("isTest"),
        tenant: query.text("tenantId").or_else(|| query.text("userId")),
        search: query.text("search"),
        include_archived: query.flag("includeArchived").unwrap_or(false),
    };
    let page = connections::list(&cx, &filter, call.page()?)?;
    let world = cx.world();
    let lens = cx.view(&world);
    let secrets = secrets(&call);
    let items = page.items.iter().map(|connection| lens.connection(connection, secrets)).collect();
    Reply::json(&Page { items, cursor: page.cursor.clone() })
}

/// `POST /connections`, a tenant's token: makes a connection and answers it.
/// `already_exists` when the tenant has the key.
pub(crate) async fn create(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::create(&cx, call.json()?).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// `GET /connections/{connection}`, a tenant's or manager's token: answers a connection by id or key; with `wait`, once
/// it has left BUILDING or the timeout has passed. 404 when the caller may not see it.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::get(&cx, call.param("connection")?)?;
    let Some(timeout) = call.wait()? else { return shown(&cx, &connection, secrets(&call)) };
    let id = connection.id.to_string();
    let current = || Directory::new(&cx.world(), &cx.engine.catalog).connection(&cx.caller, &id);
    let building = || current().map(|connection| connection.state == ConnectionState::Building);
    connections::wait_while(&cx, timeout, building).await?;
    shown(&cx, &*current()?, secrets(&call))
}

/// `PATCH /connections/{connection}`, any token: merges the body into a connection and answers it. 400 for another app.
pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::update(&cx, call.param("connection")?, call.json()?, Change::Merge).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// `PUT /connections/{connection}`, any token: the same, but `meta`, `connectorParameters`, `authOptionKey` and
/// `connectorVersion` are cleared when the body leaves them out.
pub(crate) async fn put(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::update(&cx, call.param("connection")?, call.json()?, Change::Replace).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// `DELETE /connections/{connection}`, any token: archives a connection and answers it; 404 when there is none.
pub(crate) async fn archive(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::set_archived(&cx, call.param("connection")?, true).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// `POST /connections/{connection}/restore`, any token: restores a connection and answers it. `already_exists`
/// when its key is taken meanwhile.
pub(crate) async fn restore(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::set_archived(&cx, call.param("connection")?, false).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// `POST /connections/{connection}/refresh` and `…/refresh-credentials`, a tenant's or manager's token: refreshes the
/// credentials and answers the connection; an error when the vendor refuses.
pub(crate) async fn refresh(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::refresh(&cx, call.param("connection")?).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// `GET` or `POST /connections/{connection}/test`, a tenant's or manager's token: answers
/// `{success}` of the connector's test call.
pub(crate) async fn test(call: Call) -> Result<Reply, ApiError> {
    let success = connections::test(&call.cx()?, call.param("connection")?).await?;
    Reply::json(&serde_json::json!({ "success": success }))
}

/// `POST /connections/{connection}/disconnect`, a tenant's or manager's token: revokes and erases
/// the credentials and answers 204.
pub(crate) async fn disconnect(call: Call) -> Result<Reply, ApiError> {
    connections::disconnect(&call.cx()?, call.param("connection")?).await?;
    Ok(Reply::empty())
}

/// `POST /integrations/{selector}/disconnect`, a tenant's or manager's token: archives the caller's connections of the
/// integration and answers 204. Source: real-use; that they are archived is assumed.
pub(crate) async fn disconnect_all(call: Call) -> Result<Reply, ApiError> {
    connections::archive_all(&call.cx()?, call.param("selector")?).await?;
    Ok(Reply::empty())
}

/// Whether a header of the caller's is passed on to the app. Source: DOC:api-proxy.
fn is_passed_on(name: &HeaderName) -> bool {
    let name = name.as_str();
    let infrastructure = [
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "authorization",
        "membrane-api-version",
        "x-request-id",
        "x-real-ip",
        "x-scheme",
        "x-original-forwarded-for",
        "x-request-start",
        "x-amzn-trace-id",
        "cdn-loop",
        "proxy-protocol",
        "accept-encoding",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "cookie",
    ];
    !infrastructure.contains(&name) && !name.starts_with("x-forwarded-") && !name.starts_with("cf-")
}

/// `ANY /connections/{connection}/proxy/{rest}`, a tenant's or manager's token:
/// sends the call through the connection and answers the app's status, headers and
/// body as they are. Source: DOC:docs/how-membrane-works/connections/api-proxy.
pub(crate) async fn proxy(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::get(&cx, call.param("connection")?)?;
    let headers = call.headers.iter().filter(|(name, _)| is_passed_on(name));
    let out = Outgoing {
        method: call.method.clone(),
        path: target(&call),
        query: Vec::new(),
        headers: headers.map(|(name, value)| (name.clone(), value.clone())).collect(),
        body: call.body.clone(),
    };
    pass(&cx, &connection, out).await
}

/// The text after `/proxy/` as it was sent: a path with its query, or a whole address.
fn target(call: &Call) -> String {
    let rest = call.param("rest").unwrap_or_default();
    let path = match rest.split_once(":/") {
        // Some clients and servers reduce `//` to `/`.
        Some((scheme @ ("http" | "https"), rest)) => format!("{scheme}://{}", rest.trim_start_matches('/')),
        _ => format!("/{rest}"),
    };
    if call.raw_query.is_empty() { path } else { format!("{path}?{}", call.whole_query()) }
}

async fn pass(cx: &Cx, connection: &Connection, out: Outgoing) -> Result<Reply, ApiError> {
    let mut trip = outbound::send(cx, connection, out).await?;
    let mut tx = cx.space.data.begin().await;
    outbound::log_exchanges(cx, &mut tx, connection, None, &trip.exchanges)?;
    tx.commit().await?;
    let Some(response) = trip.response.take() else {
        return Err(trip.error.unwrap_or_else(|| ApiError::internal("a call left no trace")));
    };
    let content_type = response.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut reply = Reply::of(response.status, content_type.map(|text| text.to_owned().into()), response.body);
    let hop = |name: &HeaderName| {
        ["connection", "transfer-encoding", "content-length", "content-type", "keep-alive", "trailer", "upgrade"]
            .contains(&name.as_str())
    };
    reply.headers = response.headers.iter().filter(|(n, _)| !hop(n)).map(|(n, v)| (n.clone(), v.clone())).collect();
    Ok(reply)
}

/// `POST /connections/{connection}/api/{rest}`, a tenant's or manager's token: posts the JSON body to the app and
/// passes its answer on. Source: SDK `request()`.
pub(crate) async fn legacy_api(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::get(&cx, call.param("connection")?)?;
    let mut headers = HeaderMap::new();
    if let Some(kind) = call.headers.get(header::CONTENT_TYPE).filter(|_| call.has_body()) {
        headers.insert(header::CONTENT_TYPE, kind.clone());
    }
    let body = if call.has_body() { call.body.clone() } else { Bytes::new() };
    let out = Outgoing { method: Method::POST, path: target(&call), query: Vec::new(), headers, body };
    pass(&cx, &connection, out).await
}

#[derive(Debug, Deserialize)]
struct ExecuteRequest {
    key: String,
    #[serde(default)]
    payload: Option<Value>,
}

/// `POST /connections/{connection}/execute-request` with `{key, payload}`, a tenant's or manager's token: runs the
/// app's catalog action with that key and answers its output alone. 404 for an unknown key.
///
/// Source: SDK `connectionRequest()` (path and body); what `key` names is assumed.
pub(crate) async fn execute_request(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: ExecuteRequest = call.json()?;
    let connection = connections::get(&cx, call.param("connection")?)?;
    let scope = Scope { connection_id: Some(connection.id.to_string()), ..Scope::default() };
    let action = {
        let of_app =
            cx.engine.catalog.actions.iter().filter(|action| action.place.external_app == connection.external_app);
        let known: Vec<_> = of_app.collect();
        let found = known.iter().find(|action| action.meta.key.as_deref() == Some(&body.key));
        found.map(|action| action.id.to_string()).ok_or_else(|| {
            let keys = known.iter().filter_map(|action| action.meta.key.as_deref());
            let hint = crate::engine::directory::hint(&body.key, keys);
            ApiError::not_found(format!("the connection's app has no request `{}`{hint}", body.key))
        })?
    };
    let selector = Selector { id: Some(action), scope: scope.clone(), ..Selector::default() };
    let mut snapshot = crate::base::JsonMap::new();
    snapshot.insert("connectionId".into(), connection.id.to_string().into());
    let request = RunRequest {
        dispatch: Ok(Dispatch::Action(selector)),
        scope,
        input: body.payload.map(Arc::new),
        meta: None,
        snapshot,
        resolution: None,
    };
    let reply = run::run(&cx, request).await?;
    let run_id = reply.id.to_string();
    let mut answer = match reply.result? {
        Some(output) => Reply::json(&output)?,
        None => Reply::of(StatusCode::OK, None, Bytes::new()),
    };
    answer.run_id = Some(run_id);
    Ok(answer)
}

/// `GET /connections/{connection}/logs`, any token: answers a page of the last changes of the connection's state, newest first:
/// `{id, connectionId, from, to, cause, createdAt}`. Source: OAS has the call; its form is our choice.
pub(crate) async fn logs(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::get(&cx, call.param("connection")?)?;
    let changes: Vec<_> = connection.history.iter().collect();
    // Ten changes are kept, so a place among those of one millisecond has one digit.
    let place = |index: usize| {
        let earlier = changes.iter().take(index).filter(|other| changes.get(index).is_some_and(|it| it.at == other.at));
        earlier.count()
    };
    let items = changes.iter().enumerate().rev().map(|(index, change)| {
        let (moment, nth) = (u64::try_from(change.at.millis()).unwrap_or_default(), place(index) as u64);
        let at = u64::MAX - (moment.saturating_mul(10).saturating_add(nth));
        let entry = json!({
            "id": format!("{}-{moment}-{nth}", connection.id),
            "connectionId": connection.id,
            "from": change.from,
            "to": change.to,
            "cause": change.cause,
            "createdAt": change.at,
        });
        (at, entry)
    });
    Reply::json(&call.page()?.take(items))
}
