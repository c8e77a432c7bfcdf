//! Calls from inside: what a snippet's `membrane` client asks for meets the same routes, rights and faults, but no HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderValue, Method};

use crate::base::error::ApiError;
use crate::base::message::headers;
use crate::call::router::{Access, PreparedCall};
use crate::call::subject::Subject;
use crate::call::{Call, Reply};
use crate::edge::faults;
use crate::edge::serve::replies::{reply_of, with_page};
use crate::edge::serve::{Edge, check_rights};
use crate::engine::{Cx, InnerAnswer, InnerCall};
use crate::journal::{Entry, Side};

/// Answers a call that a snippet makes: the same routes and rights, but no HTTP.
pub async fn inner(edge: &Edge, cx: Cx, call: InnerCall) -> InnerAnswer {
    let path = call.path.clone();
    let space = Arc::clone(&cx.space);
    let mut broken_by = Vec::new();
    let result = inner_reply(edge, cx, call, &mut broken_by).await;
    // The call is part of a run.
    let result = result.map_err(|error| with_page(error, &edge.engine, Some(&space), "runs"));
    let reply = reply_of(result, &path, broken_by.is_empty());
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: BTreeMap<String, String> =
        reply.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    if let Some(content_type) = reply.content_type {
        headers.insert("content-type".into(), content_type.into_owned());
    }
    InnerAnswer {
        status: reply.status.as_u16(),
        headers,
        text: String::from_utf8_lossy(&reply.body).into_owned(),
        run_id: reply.run_id,
    }
}

/// Answers a snippet's call; `broken_by` gets the names of the faults that it met.
async fn inner_reply(edge: &Edge, cx: Cx, call: InnerCall, broken_by: &mut Vec<String>) -> Result<Reply, ApiError> {
    let method = Method::try_from(call.method.to_uppercase().as_str())
        .map_err(|_| ApiError::bad_request(format!("`{}` is no HTTP method", call.method)))?;
    let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let (route, params) = edge.router.find(&method, &path)?;
    if matches!(route.access, Access::Control) {
        return Err(ApiError::not_found(format!("there is no route {method} {path}")));
    }
    check_rights(route, &cx.space, &cx.caller)?;
    let headers = headers::headers_of(&call.headers).map_err(|problem| ApiError::bad_request(problem.to_string()))?;
    let call = Call {
        engine: Arc::clone(&cx.engine),
        // An earlier call may have changed the tenant, so it is looked up again.
        who: Some((Arc::clone(&cx.space), cx.caller.in_world(&cx.space.world()))),
        method,
        path,
        raw_query: query.to_owned(),
        params,
        headers,
        body: call.body.unwrap_or_default().into(),
        depth: cx.depth,
        read: Arc::default(),
    };
    let (method, path) = (call.method.clone(), call.path.clone());
    let PreparedCall { subject, answer } = route.begin(call);
    let met = faults::meet(&cx.engine, subject.as_ref()).await?;
    if let (false, Some(Subject { facts, .. })) = (met.rules.is_empty(), &subject) {
        // A call of a snippet is part of its run, and is in the journal only when a fault broke it.
        let at = cx.space.clock.now();
        cx.space.journal.add(Entry {
            route: Some(route.path.clone()),
            caller: Some("snippet".into()),
            tenant: facts.tenant.clone(),
            connection: facts.connection.clone(),
            faults: met.rules.clone(),
            ..Entry::new(Side::Api, at, method.as_str(), &path)
        });
        broken_by.clone_from(&met.rules);
    }
    let reply = faults::ended(met, answer).await?;
    match reply.cut {
        // There is no wire between, so the call fails as if there had been one.
        Some(cut) => Err(ApiError::internal(format!("the call was cut off by a fault ({cut:?})"))),
        None => Ok(reply),
    }
}
