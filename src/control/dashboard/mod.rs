//! The dashboard: pages for people, at the addresses of the control API. Each page is made of what handlers of the control API
//! answer, and each button and form makes one call that stands in its attributes.
//!
//! Invariant: a page changes nothing, and its reading is in no journal. What a page can do, the API can do.

mod changed;
mod fidelity;
mod happened;
mod home;
mod landing;
mod overview;
mod place;
mod there;

use http::{HeaderValue, Method, StatusCode, header};

use crate::base::error::ApiError;
use crate::call::router::{Access, Route, route};
use crate::call::{Call, Reply};
use crate::control::OURS;
use crate::control::dashboard::changed::{clock, faults, scenarios, snapshots};
use crate::control::dashboard::happened::{calls, journal, runs, webhooks};
use crate::control::dashboard::there::{connection, connections, elements, tenant, upstream, upstreams};
use crate::edge::guard::sign_in;
use crate::edge::page::{SESSION, reply, signed_in};
use crate::pages::assets;
use crate::pages::blocks::Page;

/// A route at which a browser gets a page.
fn page<R>(path: &str, make: fn(Call) -> R) -> Route
where
    R: Future<Output = Result<Page, ApiError>> + Send + 'static,
{
    let handler = move |call: Call| async move { reply(StatusCode::OK, make(call).await?) };
    route(Some(Method::GET), path, Access::Control, OURS, handler)
}

/// A route at which a browser gets a page of a workspace.
fn of_workspace<R>(below: &str, make: fn(Call) -> R) -> Route
where
    R: Future<Output = Result<Page, ApiError>> + Send + 'static,
{
    page(&format!("/__mock/workspaces/{{key}}{below}"), make)
}

/// Returns the pages, and the files that they load. They are a table of their own: programs do not see it.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        page("/", landing::page),
        page("/__mock", home::page),
        page("/__mock/workspaces", home::page),
        of_workspace("", overview::page),
        of_workspace("/journal", journal::page),
        of_workspace("/journal/{seq}", calls::page),
        of_workspace("/runs", runs::page),
        of_workspace("/runs/{id}", runs::one),
        of_workspace("/webhooks", webhooks::page),
        of_workspace("/connections", connections::page),
        of_workspace("/connections/{selector}", connection::page),
        of_workspace("/tenants/{tenant}", tenant::page),
        of_workspace("/elements", elements::page),
        of_workspace("/upstreams", upstreams::page),
        of_workspace("/upstreams/{connector}", upstream::page),
        of_workspace("/faults", faults::page),
        of_workspace("/scenarios", scenarios::page),
        of_workspace("/clock", clock::page),
        of_workspace("/snapshots", snapshots::page),
        of_workspace("/fidelity", fidelity::page),
        route(Some(Method::GET), "/__mock/assets/{name}", Access::Public, OURS, asset),
        route(Some(Method::POST), SESSION, Access::Public, OURS, session),
    ]
}

/// `GET /__mock/assets/{name}`, anybody: answers the style sheet or the script. Their addresses have a version, so they may be
/// kept; they tell nothing of any workspace.
async fn asset(call: Call) -> Result<Reply, ApiError> {
    let name = call.param("name")?;
    let asset = assets::named(name).ok_or_else(|| ApiError::not_found(format!("there is no file `{name}`")))?;
    let mut reply = Reply::of(StatusCode::OK, Some(asset.content_type.into()), asset.text.into());
    let kept = if call.query().text("v").as_deref() == Some(assets::version()) {
        "max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    reply.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    reply.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(reply)
}

/// `POST /__mock/session`, anybody, with the control token as the field `token` of a form: answers a cookie and sends the browser
/// on to `?next=`. 401 for another token, 404 where none is set.
async fn session(call: Call) -> Result<Reply, ApiError> {
    let cookie = sign_in(&call.engine, &call.headers, &call.form().text("token").unwrap_or_default())?;
    Ok(signed_in(cookie, call.query().text("next").as_deref()))
}
