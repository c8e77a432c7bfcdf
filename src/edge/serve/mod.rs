//! This module leads an HTTP request to its route and back: authentication, rights, errors in their envelope, the
//! journal. Invariant: every request gets an answer, and all but control calls and OPTIONS get an entry in a journal.

mod inner;
mod replies;

pub use inner::inner;
pub(crate) use replies::with_page;
use replies::{failures_of, guard_page, page_of, reply_of, to_http, under_way_until_sent};

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method, header};
use tracing::Instrument as _;

use crate::base::clock::{Timestamp, as_a_call, monotonic};
use crate::base::error::ApiError;
use crate::base::operation::Operation;
use crate::base::redact::masked;
use crate::call::router::{Access, PreparedCall, Route, Router};
use crate::call::similar;
use crate::call::subject::Subject;
use crate::call::{Call, Query, Reply, TokenPlace, is_form, token_in_form, token_of};
use crate::edge::decoding::{check_fields, decoded};
use crate::edge::departure::{departed, end_soon};
use crate::edge::faults;
use crate::edge::incoming::{LARGEST_BODY, headers_of, is_handshake, length_of, origin_reached, read_body};
use crate::edge::page;
use crate::edge::under_way::UnderWay;
use crate::elements::manager_only;
use crate::engine::{Engine, WorkspaceRuntime, tokens as auth};
use crate::fault;
use crate::journal;
use crate::journal::{DEAD_CONNECTION, Entry, Side};
use crate::nouns::connection::model::attempt::Theme;
use crate::nouns::hosted_page::theme_of;
use crate::nouns::tenant::admit;
use crate::world::scenario::rules as scenarios;

/// The journal shows this status for a call whose client did not wait. Source: our choice: nginx's.
const CLIENT_HUNG_UP: u16 = 499;

/// The state that every worker thread shares.
#[derive(Debug, Clone)]
pub struct Edge {
    pub engine: Arc<Engine>,
    pub router: Arc<Router>,
    /// The pages of the dashboard, which are for browsers alone.
    pub pages: Arc<Router>,
    pub under_way: Arc<UnderWay>,
}

/// The facts about a call that the journal needs.
#[derive(Default)]
struct Seen {
    space: Option<Arc<WorkspaceRuntime>>,
    caller: Option<String>,
    route: Option<String>,
    token_in_query: bool,
    /// The call came at this moment of the workspace's own clock.
    started: Option<Timestamp>,
    /// The call met the faults with these names.
    faults: Vec<String>,
    /// The subject is the call as rules see it.
    subject: Option<Subject>,
    /// Each warning is a sentence for the journal about something that a tester should look at.
    warnings: Vec<String>,
    /// When set, an error becomes a page, because a person looks at the answer.
    page: Option<ErrorPage>,
    /// A page of the dashboard was asked for, which is no call of the app.
    is_dashboard: bool,
}

/// The page that an error becomes.
#[derive(Debug, Clone, Copy)]
enum ErrorPage {
    /// One like the hosted pages, in this theme.
    Hosted(Theme),
    /// One like those of the dashboard.
    Dashboard,
}

/// Answers one HTTP request and notes it in a journal.
pub async fn serve(edge: &Edge, request: HttpRequest, payload: Payload) -> HttpResponse {
    let origin = origin_reached(&headers_of(&request), edge.engine.config.control_token.is_some());
    edge.engine.reached_by(origin.as_deref(), served(edge, request, payload)).await
}

async fn served(edge: &Edge, request: HttpRequest, payload: Payload) -> HttpResponse {
    let method = Method::try_from(request.method().as_str()).unwrap_or(Method::GET);
    let uri = request.uri();
    let (path, raw_query) = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
    let mut headers = headers_of(&request);
    // Where the address has a host, that is the one that is meant (RFC 9112 §3.2.2).
    if let Some(host) = uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok()) {
        headers.insert(header::HOST, host);
    }
    let loopback = request.peer_addr().is_none_or(|peer| peer.ip().is_loopback());
    let end = is_handshake(&method, &headers).then(|| length_of(&headers));
    let under_way = edge.under_way.begin();
    let patience = Duration::from_millis(edge.engine.config.body_timeout_ms);
    let body = read_body(payload, end, patience).await.and_then(|body| decoded(&mut headers, body, LARGEST_BODY));
    let body = body.and_then(|body| check_fields(&headers, body));
    // Whatever else comes on the connection is the rest of that body, whatever the answer.
    let is_given_up = body.as_ref().err().is_some_and(|error| error.status() == 408);
    let mut seen = Seen::default();
    let begun = monotonic();
    let started = edge.engine.first_space().map(|space| space.clock.now()).ok();
    let incoming = IncomingCall { method, path, raw_query, headers, loopback };
    // Only the path is shown, because a query may carry a token.
    let shown = masked(&incoming.path);
    let span = tracing::info_span!("request", http.method = %incoming.method, http.path = shown);
    let name = format!("{} {shown}", incoming.method);
    // Until the call is noted, no clock that it waited for moves on.
    let mut still_awake = None;
    let result = tokio::select! {
        answer = AssertUnwindSafe(Box::pin(as_a_call(name, answer(edge, &incoming, body, &mut seen))).instrument(span.clone())).catch_unwind() => {
            match answer {
                Ok((answer, awake)) => {
                    still_awake = Some(awake);
                    answer
                }
                Err(_) => Err(ApiError::internal("a call panicked; please report it")),
            }
        }
        // Nobody sees this answer, but the journal has it.
        () = departed(&request) => Err(ApiError::bad_request("the client hung up").with_status(CLIENT_HUNG_UP)),
    };
    let result = result.or_else(|error| match seen.page {
        Some(ErrorPage::Hosted(theme)) => page_of(theme, &error, seen.space.as_deref()),
        Some(ErrorPage::Dashboard) => page::problem(&error, &incoming.path),
        None if is_noted(&incoming, &seen) => {
            let calls = failures_of(incoming.method.as_str(), &incoming.path);
            Err(with_page(error, &edge.engine, seen.space.as_deref(), &calls))
        }
        None => Err(error),
    });
    let mut reply = reply_of(result, &incoming.path, seen.faults.is_empty());
    guard_page(&mut reply, &incoming.path);
    span.in_scope(|| note(edge, &incoming, &reply, seen, started, begun));
    drop(still_awake);
    if is_given_up {
        end_soon(&request);
    }
    // A stream never ends by itself, so nobody waits for it.
    let is_endless = reply.stream.is_some() || reply.cut.is_some();
    let response = to_http(reply, &incoming, &request, is_given_up);
    if is_endless { response } else { under_way_until_sent(response, under_way) }
}

struct IncomingCall {
    method: Method,
    path: String,
    raw_query: String,
    headers: HeaderMap,
    loopback: bool,
}

impl IncomingCall {
    /// Whether a browser asks for a page. Programs take anything, and get the API's answers.
    fn wants_page(&self) -> bool {
        let accepts = self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        matches!(self.method, Method::GET | Method::HEAD) && accepts.contains("text/html")
    }
}

/// Answers with a page of the dashboard, or what belongs to one; none where the call is for something else.
async fn dashboard(
    edge: &Edge,
    incoming: &IncomingCall,
    body: Option<&Bytes>,
    wants_page: bool,
    seen: &mut Seen,
) -> Option<Result<Reply, ApiError>> {
    let (route, params) = edge.pages.find(&incoming.method, &incoming.path).ok()?;
    if route.access != Access::Public {
        if !wants_page {
            return None;
        }
        match crate::edge::guard::check(&edge.engine, &incoming.headers, incoming.loopback) {
            // The start page has credentials only for those who may see them; anybody else is told what this is.
            Err(_) if incoming.path == "/" => return None,
            Err(error) => {
                seen.page = Some(ErrorPage::Dashboard);
                return Some(Err(error));
            }
            Ok(()) => {}
        }
    }
    seen.page = Some(ErrorPage::Dashboard);
    seen.is_dashboard = true;
    let call = Call {
        engine: Arc::clone(&edge.engine),
        who: None,
        method: incoming.method.clone(),
        path: incoming.path.clone(),
        raw_query: incoming.raw_query.clone(),
        params,
        headers: incoming.headers.clone(),
        body: body.cloned().unwrap_or_default(),
        depth: 0,
        read: Arc::default(),
    };
    Some(route.begin(call).answer.await)
}

async fn answer(
    edge: &Edge,
    incoming: &IncomingCall,
    body: Result<Bytes, ApiError>,
    seen: &mut Seen,
) -> Result<Reply, ApiError> {
    if matches!(incoming.method, Method::CONNECT | Method::TRACE) {
        return Err(ApiError::bad_request(format!("{} is not served", incoming.method)).with_status(405));
    }
    if incoming.method == Method::OPTIONS && !incoming.path.starts_with("/__mock") {
        return Ok(Reply::empty());
    }
    if let Some((token, _)) = token_of(&incoming.headers, &incoming.raw_query) {
        // A call without a route, too, belongs to the journal of the workspace that its token names.
        seen.space = auth::claimed_workspace(&token).and_then(|key| edge.engine.space(&key));
        seen.caller = Some("unauthenticated".into());
    }
    let wants_page = incoming.wants_page();
    if let Some(reply) = dashboard(edge, incoming, body.as_ref().ok(), wants_page, seen).await {
        return reply;
    }
    let found = edge.router.find(&incoming.method, &incoming.path);
    if found.is_err() && wants_page {
        seen.page = Some(ErrorPage::Dashboard);
    }
    let (route, params) = found?;
    seen.route = Some(route.path.clone());
    let accepts = incoming.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Screens as elements have the addresses of pages, so whoever looks for a page there gets one.
    let is_page = matches!(route.access, Access::Form | Access::Public) || incoming.path.starts_with("/screens/");
    if is_page && accepts.contains("text/html") {
        let form = body.as_ref().ok().filter(|_| is_form(&incoming.headers));
        let form = form.map_or_else(|| incoming.raw_query.clone(), |body| String::from_utf8_lossy(body).into_owned());
        seen.page = Some(ErrorPage::Hosted(theme_of(&Query::parse(&form))));
    }
    let who = authorize(edge, route, incoming, body.as_ref().ok(), seen).await?;
    let call = Call {
        engine: Arc::clone(&edge.engine),
        who,
        method: incoming.method.clone(),
        path: incoming.path.clone(),
        raw_query: if seen.token_in_query { without_token(&incoming.raw_query) } else { incoming.raw_query.clone() },
        params,
        headers: incoming.headers.clone(),
        body: body?,
        depth: 0,
        read: Arc::default(),
    };
    let (read, query) = (Arc::clone(&call.read), call.raw_query.clone());
    let PreparedCall { subject, answer } = route.begin(call);
    if let (Access::Public, Some(subject)) = (route.access, &subject)
        && let Err(error) = subject.space.world().workspace.check_in_service()
    {
        seen.started = Some(subject.space.clock.now());
        seen.space = Some(Arc::clone(&subject.space));
        return Err(error);
    }
    let mut met = faults::meet(&edge.engine, subject.as_ref()).await?;
    seen.faults = std::mem::take(&mut met.rules);
    if let Some(subject) = subject {
        if seen.space.is_none() && subject.facts.side == fault::Side::Api {
            seen.started = Some(subject.space.clock.now());
            seen.space = Some(Arc::clone(&subject.space));
        }
        seen.subject = Some(subject);
    }
    let reply = faults::ended(met, answer).await;
    if reply.as_ref().is_ok_and(|reply| reply.status.is_success()) && route.is_faked() {
        // Which fields a route knows is known when it has read them. Where it has done something meanwhile, the finding
        // has to be enough.
        if incoming.method == Method::GET
            && matches!(route.access, Access::Anyone | Access::Manager)
            && let Some((field, meant)) = read.misspelt(&incoming.path, Query::parse(&query).names())
        {
            return Err(similar::refusal("query field", &field, &incoming.path, &meant));
        }
        seen.warnings.extend(read.warnings(&incoming.method, Query::parse(&query).names()));
    }
    if let (Some(Subject { facts, .. }), Some(space)) = (&seen.subject, &seen.space)
        && facts.operation == Some(Operation::Act)
    {
        scenarios::acted(&edge.engine, space, &facts.connection).await;
    }
    reply
}

/// Removes the token from a query once it is read, because no handler needs it.
fn without_token(raw_query: &str) -> String {
    let is_token = |pair: &&str| pair.split('=').next().is_none_or(|name| !Query::parse(name).is("token"));
    raw_query.split('&').filter(is_token).collect::<Vec<_>>().join("&")
}

async fn authorize(
    edge: &Edge,
    route: &Route,
    incoming: &IncomingCall,
    body: Option<&Bytes>,
    seen: &mut Seen,
) -> Result<Option<(Arc<WorkspaceRuntime>, auth::Caller)>, ApiError> {
    match route.access {
        Access::Public => return Ok(None),
        Access::Control => {
            return crate::edge::guard::check(&edge.engine, &incoming.headers, incoming.loopback).map(|()| None);
        }
        Access::Anyone | Access::Manager | Access::Form | Access::Optional => {}
    }
    let of_form = body.filter(|_| route.access == Access::Form && is_form(&incoming.headers));
    let token = match (token_of(&incoming.headers, &incoming.raw_query), of_form) {
        (None, Some(body)) => token_in_form(body)?.map(|token| (token, TokenPlace::Hidden)),
        (token, _) => token,
    };
    let Some((token, place)) = token else {
        if route.access == Access::Optional {
            return Ok(None);
        }
        return Err(ApiError::not_authenticated("no token; send `Authorization: Bearer <token>`"));
    };
    let in_query = place == TokenPlace::Query;
    seen.token_in_query = in_query;
    // Pages and event streams have no other place for it.
    let has_no_header = matches!(route.access, Access::Form | Access::Optional) || route.path.starts_with("/sse/");
    if in_query && !has_no_header {
        seen.warnings.push("the token is in the query string".to_owned());
    }
    let (space, mut verified) = auth::verify(&edge.engine, &token)?;
    seen.warnings.append(&mut verified.unread);
    let caller = admit(&space, verified).await?;
    seen.caller = Some(caller.shown());
    seen.started = Some(space.clock.now());
    seen.space = Some(Arc::clone(&space));
    check_rights(route, &space, &caller)?;
    Ok(Some((space, caller)))
}

/// Refuses with 403 a tenant where a manager is needed, and everybody where the workspace is archived, but who looks at the
/// workspace or restores it.
fn check_rights(route: &Route, space: &WorkspaceRuntime, caller: &auth::Caller) -> Result<(), ApiError> {
    let is_about_workspaces = route.path.starts_with("/workspaces") || route.path.starts_with("/org-workspace");
    if !is_about_workspaces {
        space.world().workspace.check_in_service()?;
    }
    if route.access == Access::Manager && !caller.is_manager() {
        let method = route.method.as_ref().map_or("call", Method::as_str);
        return Err(manager_only(&format!("{method} {}", route.path)));
    }
    Ok(())
}

/// Whether the call comes into a journal.
fn is_noted(incoming: &IncomingCall, seen: &Seen) -> bool {
    !incoming.path.starts_with("/__mock") && incoming.method != Method::OPTIONS && !seen.is_dashboard
}

fn note(edge: &Edge, incoming: &IncomingCall, reply: &Reply, seen: Seen, started: Option<Timestamp>, begun: Instant) {
    if !is_noted(incoming, &seen) {
        return;
    }
    let method = incoming.method.as_str();
    let route = seen.route.as_deref();
    tracing::debug!(http.method = method, http.route = route, http.status = reply.status.as_u16(), "answered");
    edge.engine.metrics.request(method, route, reply.status.as_u16(), begun.elapsed(), &seen.faults);
    if let (Some(space), Some(route)) = (&seen.space, route) {
        space.count_use(method, route);
    }
    let now = seen.space.as_ref().map(|space| space.clock.now());
    let at = now.or(started).unwrap_or(Timestamp::from_millis(0));
    let path = if incoming.raw_query.is_empty() {
        incoming.path.clone()
    } else {
        format!("{}?{}", incoming.path, incoming.raw_query)
    };
    let mut warnings = seen.warnings;
    let space = seen.space;
    if reply.is_dead_connection {
        warnings.push(DEAD_CONNECTION.to_owned());
    }
    let (facts, input) = seen.subject.map(|subject| (subject.facts, subject.input)).unwrap_or_default();
    let entry = Entry {
        operation: facts.operation,
        tenant: facts.tenant,
        integration: facts.integration,
        connection: facts.connection,
        action: facts.action,
        flow: facts.flow,
        body: input.as_deref().map(journal::kept),
        // Who asks by a body says there which page.
        next_cursor: cursor_in(&reply.body).filter(|_| incoming.method == Method::GET),
        route: seen.route,
        caller: seen.caller,
        status: reply.status.as_u16(),
        duration_ms: seen.started.map_or(0, |started| at.since(started)),
        action_run_id: reply.run_id.clone(),
        error: reply.refusal.clone(),
        warnings,
        faults: seen.faults,
        ..Entry::new(Side::Api, at, incoming.method.as_str(), &path)
    };
    edge.engine.note_call(space.as_deref(), entry);
}

/// Returns the cursor at the end of a page (`{"items": […], "cursor": "7"}`) without parsing the page.
fn cursor_in(body: &Bytes) -> Option<String> {
    const LONGEST: usize = 64;
    let end = body.get(body.len().saturating_sub(LONGEST)..)?;
    let (_, cursor) = std::str::from_utf8(end).ok()?.strip_suffix("\"}")?.rsplit_once("\"cursor\":\"")?;
    Some(cursor.to_owned())
}
