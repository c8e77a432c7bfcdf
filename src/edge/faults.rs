//! Faults on the faked API: what a call is, in the words of rules, and what a rule makes of its answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use serde_json::Value;

use crate::base::clock::real_sleep;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::call::router::Route;
use crate::call::{Call, Reply};
use crate::edge::departure::{hung_up, reset};
use crate::elements::Archived;
use crate::elements::model::{Scope, Selector};
use crate::engine::Space;
use crate::engine::directory::{Directory, Resolved};
use crate::fault::{Effect, Side, Subject};
use crate::nouns::action::model::Action;
use crate::nouns::action::routes as actions;
use crate::nouns::connection::connect as connecting;
use crate::nouns::connection::model::Connection;
use crate::nouns::fault::effects as faults;
use crate::nouns::fault::effects::Met;
use crate::upstream::raw_server::{Cut, Play};
use crate::world::job::rules as jobs;

/// What a call is about, for rules and for the journal.
pub(crate) struct About {
    /// Where.
    pub(crate) space: Arc<Space>,
    /// In the words of rules.
    pub(crate) subject: Subject,
    /// The connection that a rule may break.
    connection: Option<Id<Connection>>,
    /// What an action is given.
    pub(crate) input: Option<Value>,
}

/// What a call is about: one with a token, or of a page that names its workspace otherwise.
pub(crate) fn about(call: &Call, route: &Route) -> Option<About> {
    if call.who.is_some() { about_of(call, route).ok() } else { about_page(call, route) }
}

/// Pages have no token: a ticket names workspace and connection, as do a visit and the state that a vendor gives back.
fn about_page(call: &Call, route: &Route) -> Option<About> {
    let of_ticket = |ticket: &str| {
        let (space, connection) = connecting::redeem(&call.engine, ticket).ok()?;
        Some((space, Some(connection)))
    };
    let (space, connection) = match route.path.as_str() {
        "/connect/{ticket}" => of_ticket(call.param("ticket").ok()?)?,
        "/oauth-callback" => of_ticket(&call.query().text("state")?)?,
        "/screens/visits/{visit}" => {
            let (space, visit) = call.engine.visit(call.param("visit").ok()?)?;
            let connection = visit.spec.connection_id.and_then(|id| space.world().connections.get(&id).cloned());
            (space, connection)
        }
        "/downloads/{ticket}" => (jobs::redeem(&call.engine, call.param("ticket").ok()?)?.0, None),
        // The app's own page, not the API's.
        "/vendor/{workspace}/{connector}/oauth/authorize" => (call.engine.space(call.param("workspace").ok()?)?, None),
        _ => return None,
    };
    let connector = call.param("connector").ok().map(str::to_owned);
    let world = space.world();
    let integration = connection.as_ref().and_then(|connection| connection.integration.as_ref());
    let integration = integration.and_then(|id| world.integrations.get(id.as_str()));
    let tenant = connection.as_ref().and_then(|connection| world.tenants.get(connection.tenant.as_str()));
    let subject = Subject {
        side: if connector.is_some() { Side::Upstream } else { Side::Api },
        operation: None,
        route: format!("{} {}", call.method, route.path),
        method: call.method.to_string(),
        path: if connector.is_some() { "/oauth/authorize".to_owned() } else { call.path.clone() },
        tenant: tenant.map(|tenant| tenant.internal_id.clone()),
        integration: integration.map(|i| names(i.id.as_str(), i.meta.key.as_deref())).unwrap_or_default(),
        connection: connection.as_ref().map(|c| names(c.id.as_str(), c.meta.key.as_deref())).unwrap_or_default(),
        action: Vec::new(),
        connector,
    };
    let connection = connection.map(|connection| connection.id.clone());
    Some(About { space, subject, connection, input: None })
}

/// An element under all its names.
fn names(id: &str, key: Option<&str>) -> Vec<String> {
    [Some(id), key].into_iter().flatten().map(str::to_owned).collect()
}

/// Holds a call against the workspace's rules.
pub(crate) async fn meet(call: &Call, about: Option<&About>) -> Result<Met, ApiError> {
    let Some(about) = about else { return Ok(Met::default()) };
    faults::meet(&call.engine, &about.space, &about.subject, about.connection.as_ref()).await
}

/// What a call is named after, when it has a name.
fn operation_of(path: &str) -> Option<&'static str> {
    match path {
        "/act" => Some("act"),
        "/connect" | "/connection-requests" | "/screens/connect" | "/connections/ensure" => Some("connect"),
        path if path.ends_with("/run") => Some("act"),
        path if path.starts_with("/connections/{connection}/proxy") => Some("proxy"),
        path if path.starts_with("/connections/{connection}/refresh") => Some("refresh"),
        path if path.ends_with("/reconnect") => Some("connect"),
        _ => None,
    }
}

fn about_of(call: &Call, route: &Route) -> Result<About, ApiError> {
    let cx = call.cx()?;
    let operation = operation_of(&route.path);
    let mut scope = call.scope();
    if route.path.starts_with("/integrations/{selector}") || route.path == "/integration" {
        scope.integration_id = call.param("selector").ok().map(str::to_owned).or(scope.integration_id);
    }
    let mut action: Vec<String> = Vec::new();
    let mut input = None;
    if matches!(operation, Some("act" | "connect")) {
        let body: Option<Value> = serde_json::from_slice(&call.body).ok();
        let text = |name: &str| body.as_ref()?.get(name).and_then(Value::as_str).map(str::to_owned);
        scope = Scope {
            integration_id: scope.integration_id.or_else(|| text("integrationId")),
            integration_key: scope.integration_key.or_else(|| text("integrationKey")),
            connection_id: scope.connection_id.or_else(|| text("connectionId")),
            connection_key: scope.connection_key.or_else(|| text("connectionKey")),
        };
        action.extend([text("id"), text("key")].into_iter().flatten());
        input = body.filter(|_| operation == Some("act")).and_then(|body| actions::input_of(&route.path, body));
    }
    if operation == Some("act") {
        let query = call.query();
        let named = [call.param("selector").ok().map(str::to_owned), query.text("key"), query.text("id")];
        action.extend(named.into_iter().flatten());
    }
    // `<integrationKey>.<key>` is the action too, and the integration.
    let dotted: Vec<(String, String)> =
        action.iter().filter_map(|name| name.split_once('.')).map(|(i, k)| (i.to_owned(), k.to_owned())).collect();
    if let (true, Some((integration, _))) = (scope.is_empty(), dotted.first()) {
        scope.integration_key = Some(integration.clone());
    }
    action.extend(dotted.into_iter().map(|(_, key)| key));
    let plain = |names: Vec<String>| Subject {
        side: Side::Api,
        operation,
        route: format!("{} {}", call.method, route.path),
        method: call.method.to_string(),
        path: call.path.clone(),
        tenant: cx.caller.tenant().map(|tenant| tenant.internal_id.clone()),
        integration: Vec::new(),
        connection: Vec::new(),
        action: names,
        connector: None,
    };
    if scope.is_empty() && operation.is_none() {
        return Ok(About { space: Arc::clone(&cx.space), subject: plain(Vec::new()), connection: None, input });
    }

    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let mut found = directory.scope(&cx.caller, &scope).unwrap_or_default();
    if operation == Some("act") && scope.is_empty() {
        found = Resolved { connection: directory.workspace_default(&cx.caller), integration: None };
    }
    if let (None, Some(connection)) = (&found.integration, &found.connection) {
        let id = connection.integration.as_ref();
        found.integration = id.and_then(|id| world.integrations.get(id.as_str())).cloned();
    }
    let connection = found.connection.as_ref();
    // Under all its names: as it was called, its id and its key.
    for name in action.clone() {
        let selector = Selector { any: Some(name), scope: scope.clone(), ..Selector::default() };
        if let Ok(known) = directory.element::<Action>(&cx.caller, &selector, Archived::Hidden) {
            action.extend([Some(known.id.to_string()), known.meta.key.clone()].into_iter().flatten());
        }
    }
    let mut once = BTreeSet::new();
    action.retain(|name| !name.is_empty() && once.insert(name.clone()));
    let subject = Subject {
        integration: found
            .integration
            .as_ref()
            .map(|i| names(i.id.as_str(), i.meta.key.as_deref()))
            .unwrap_or_default(),
        connection: connection.map(|c| names(c.id.as_str(), c.meta.key.as_deref())).unwrap_or_default(),
        ..plain(action)
    };
    let connection = connection.map(|connection| connection.id.clone());
    Ok(About { space: Arc::clone(&cx.space), subject, connection, input })
}

/// The answer of a call that a rule ends: its own, or the handler's gone wrong on the wire.
pub(crate) async fn ended(met: Met, handled: impl Future<Output = Result<Reply, ApiError>>) -> Result<Reply, ApiError> {
    let Some(fired) = met.ending else { return handled.await };
    if let Effect::Error(error) = &fired.effect {
        // As any error of the engine: a page where a person looks at it.
        return Err(error.error(&fired.rule));
    }
    match faults::answer_of(&fired) {
        Some(play) => Ok(reply_of(play)),
        None => {
            // The work is done; its answer is what goes wrong.
            let mut reply = handled.await.unwrap_or_else(|error| Reply::error(&error));
            reply.cut = faults::cut_of(&fired.effect);
            Ok(reply)
        }
    }
}

fn reply_of(play: Play) -> Reply {
    let content_type = play.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut reply = Reply::of(play.status, content_type.map(|text| text.to_owned().into()), play.body);
    reply.headers = play.headers;
    reply.headers.remove(http::header::CONTENT_TYPE);
    reply.cut = play.cut;
    reply
}

/// Why a body breaks off.
#[derive(Debug, thiserror::Error)]
#[error("a fault cut the answer")]
struct CutOff;

type Body = BoxStream<'static, Result<Bytes, CutOff>>;

/// An answer that goes wrong on the wire.
pub(crate) fn cut(mut builder: HttpResponseBuilder, body: &Bytes, cut: Cut, request: &HttpRequest) -> HttpResponse {
    builder.force_close();
    let length = u64::try_from(body.len().max(1)).unwrap_or(u64::MAX);
    let pieces: Body = match cut {
        Cut::Reset | Cut::Close => {
            if cut == Cut::Reset {
                reset(request);
            }
            stream::iter([Err(CutOff)]).boxed()
        }
        Cut::Truncate => {
            let half = body.slice(..body.len() / 2);
            // The half has to be on its way before the end.
            let end = stream::once(async {
                real_sleep(Duration::from_millis(20)).await;
                Err(CutOff)
            });
            stream::iter([Ok(half)]).chain(end).boxed()
        }
        Cut::Stall => {
            let left = hung_up(request);
            stream::once(async {
                left.await;
                Err(CutOff)
            })
            .boxed()
        }
        // Nothing comes slowly.
        Cut::Dribble { .. } if body.is_empty() => return builder.finish(),
        Cut::Dribble { bytes, every } => {
            let pieces: Vec<Bytes> = body.chunks(bytes.max(1)).map(Bytes::copy_from_slice).collect();
            stream::iter(pieces)
                .then(move |piece| async move {
                    real_sleep(every).await;
                    Ok(piece)
                })
                .boxed()
        }
    };
    builder.body(SizedStream::new(length, pieces))
}
