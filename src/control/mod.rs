//! This folder serves test control, everything under `/__mock/`. Invariant: it never shadows the real API, sends no
//! CORS headers, and answers only calls from loopback or with the control token (`docs/behaviour.md#control`).

mod behaviours;
mod dashboard;
mod elements;
mod faults;
pub mod fidelity;
mod journal;
mod scenarios;
mod server;
mod snapshots;
mod time;
mod upstreams;
mod workspaces;

pub(crate) use dashboard::routes as pages;
pub(crate) use time::keep as keep_clock;
pub(crate) use upstreams::add as add_stub;

#[cfg(feature = "cli")]
pub(crate) use fidelity::in_words as ledger_in_words;

use std::sync::Arc;

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::{Typed, typed};
use crate::call::router::{Access, Route};
use crate::engine::WorkspaceRuntime;
use crate::world::spaces::no_workspace;

const OURS: &str = "our choice";

/// A whole list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListOf{T}")]
struct List<T> {
    /// What there is, in its order.
    items: Vec<T>,
}

fn control<Taken, H: Typed<Taken>>(
    name: &'static str,
    method: Method,
    path: &str,
    says: &'static str,
    handler: H,
) -> Route {
    typed(name, method, format!("/__mock{path}"), Access::Control, OURS, says, handler)
}

/// Returns every route of the control API.
pub fn routes() -> Vec<Route> {
    let all = [
        server::routes(),
        fidelity::routes(),
        workspaces::routes(),
        time::routes(),
        elements::routes(),
        faults::routes(),
        upstreams::routes(),
        journal::routes(),
        scenarios::routes(),
        snapshots::routes(),
    ];
    all.into_iter().flatten().collect()
}

/// Returns the workspace that a control route names, or a 404.
fn space(call: &Call) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    space_named(call, call.param("key")?)
}

/// Returns the workspace with a key, or a 404.
pub(crate) fn space_named(call: &Call, key: &str) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    call.engine.space(key).ok_or_else(|| no_workspace(&call.engine, key))
}
