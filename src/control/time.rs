//! This module serves a workspace's clock. Invariant: `advance` answers only when everything that fell due has run.

use std::time::Duration;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::clock::{ClockMode, Timestamp, Waiting};
use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::{Json, JsonBody};
use crate::call::router::Route;
use crate::control::{control, space};
use crate::engine::WorkspaceRuntime;
use crate::world::worker;

/// The control routes of the clock of a workspace.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control(
            "getClock",
            Method::GET,
            "/workspaces/{key}/clock",
            "Answers what time it is in the workspace, and which calls wait for a later one.",
            get,
        ),
        control(
            "setClock",
            Method::PUT,
            "/workspaces/{key}/clock",
            "Lets the clock run with the system, or stand still at a moment.",
            set,
        )
        .example(r#"{"mode": "2030-01-01T00:00:00Z"}"#),
        control(
            "advanceClock",
            Method::POST,
            "/workspaces/{key}/clock/advance",
            "Moves the clock forward, and does on the way what falls due.",
            advance,
        )
        .example(r#"{"ms": 3600000}"#),
        control(
            "settleClock",
            Method::POST,
            "/workspaces/{key}/clock/settle",
            "Does what is due, and answers when nothing is.",
            settle,
        ),
    ]
}

/// What time it is in a workspace.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Clock")]
pub(super) struct ClockView {
    /// The moment.
    pub(super) now: Timestamp,
    /// Whether it goes on with the system.
    pub(super) mode: ClockMode,
    /// How many changes fell due and were made by this call.
    pub(super) moved: usize,
    /// The calls that wait on this clock, and until when.
    pub(super) pending: Vec<Waiting>,
}

fn shown(space: &WorkspaceRuntime, moved: usize) -> Json<ClockView> {
    let clock = &space.clock;
    Json(ClockView { now: clock.now(), mode: clock.mode(), moved, pending: clock.pending() })
}

pub(super) async fn get(call: Call) -> Result<Json<ClockView>, ApiError> {
    Ok(shown(&*space(&call)?, 0))
}

/// Stores the clock's position with the workspace, so that it survives a restart and forks copy it.
pub(crate) async fn keep(space: &WorkspaceRuntime) -> Result<(), ApiError> {
    let mut tx = space.data.begin().await;
    let mut workspace = (*tx.workspace).clone();
    workspace.clock = space.clock.mode();
    tx.put_workspace(workspace)?;
    tx.commit().await?;
    Ok(())
}

/// How a clock is to run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockBody {
    /// The mode is `system`, or a moment at which time stands still, as RFC 3339 or a plain date.
    mode: String,
}

async fn set(call: Call, JsonBody(body): JsonBody<ClockBody>) -> Result<Json<ClockView>, ApiError> {
    let space = space(&call)?;
    let mode: ClockMode = body.mode.parse().map_err(ApiError::bad_request)?;
    space.clock.set(mode);
    keep(&space).await?;
    let moved = worker::settle(&call.engine, &space).await?;
    call.engine.wake(&space);
    Ok(shown(&space, moved))
}

/// The end of the last year that RFC 3339 can write.
const LAST_MOMENT: Timestamp = Timestamp::from_millis(253_402_300_799_999);

/// How far a clock is moved: by `ms`, or to a moment.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AdvanceBody {
    /// By so many milliseconds.
    ms: Option<u64>,
    /// To this moment, which is not past.
    to: Option<Timestamp>,
}

async fn advance(call: Call, JsonBody(body): JsonBody<AdvanceBody>) -> Result<Json<ClockView>, ApiError> {
    let space = space(&call)?;
    let by = match (body.ms, body.to) {
        (Some(ms), None) => Duration::from_millis(ms),
        (None, Some(to)) if to >= space.clock.now() => Duration::from_millis(to.since(space.clock.now())),
        (None, Some(_)) => return Err(ApiError::bad_request("`to` lies in the past; time only moves forward")),
        _ => return Err(ApiError::bad_request("give `ms` or `to`")),
    };
    if space.clock.now().plus(by) > LAST_MOMENT {
        return Err(ApiError::bad_request("that is beyond the year 9999, the last one that a clock shows"));
    }
    let moved = worker::advance(&call.engine, &space, by).await?;
    keep(&space).await?;
    call.engine.wake(&space);
    Ok(shown(&space, moved))
}

async fn settle(call: Call) -> Result<Json<ClockView>, ApiError> {
    let space = space(&call)?;
    let moved = worker::settle(&call.engine, &space).await?;
    Ok(shown(&space, moved))
}
