//! This module serves a workspace's clock. Invariant: `advance` answers only when everything that fell due has run.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::base::clock::{ClockMode, Timestamp};
use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::control::check_no_body;
use crate::control::space;
use crate::engine::WorkspaceRuntime;
use crate::world::worker;

fn shown(space: &WorkspaceRuntime, moved: usize) -> Result<Reply, ApiError> {
    Reply::json(&json!({
        "now": space.clock.now(),
        "mode": space.clock.mode(),
        "moved": moved,
        // The list has the calls that wait on this clock, and until when.
        "pending": space.clock.pending(),
    }))
}

pub(super) async fn get(call: Call) -> Result<Reply, ApiError> {
    shown(&*space(&call)?, 0)
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    /// The mode is `system`, or a moment at which time stands still, as RFC 3339 or a plain date.
    mode: String,
}

pub(super) async fn set(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let body: ClockBody = call.json()?;
    let mode: ClockMode = body.mode.parse().map_err(ApiError::bad_request)?;
    space.clock.set(mode);
    keep(&space).await?;
    let moved = worker::settle(&call.engine, &space).await?;
    call.engine.wake.notify_one();
    shown(&space, moved)
}

/// The end of the last year that RFC 3339 can write.
const LAST_MOMENT: Timestamp = Timestamp::from_millis(253_402_300_799_999);

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct AdvanceBody {
    ms: Option<u64>,
    to: Option<Timestamp>,
}

pub(super) async fn advance(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let body: AdvanceBody = call.json()?;
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
    call.engine.wake.notify_one();
    shown(&space, moved)
}

pub(super) async fn settle(call: Call) -> Result<Reply, ApiError> {
    check_no_body(&call)?;
    let space = space(&call)?;
    let moved = worker::settle(&call.engine, &space).await?;
    shown(&space, moved)
}
