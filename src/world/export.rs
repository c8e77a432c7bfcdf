//! A workspace as a document: its records as the database holds them, its clock and its faults. As in a fork, its logs
//! are left out, and so are the runs of scenarios.
//!
//! Another server makes the same workspace of it, so that a state in which something failed
//! can be sent along with a report.
//!
//! Source: our choice: the platform's own export has what a workspace defines, not what its tenants have.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::clock::{ClockMode, Timestamp};
use crate::base::error::ApiError;
use crate::engine::WorkspaceRuntime;
use crate::engine::scenario_runs::ScenarioRunList;
use crate::engine::snapshot::{FaultState, Snapshot};
use crate::fault::{Rule, Sheet};
use crate::store::{Row, World};

/// The version of the document that is written and read.
const VERSION: u32 = 1;

/// The document of a workspace. It contains the workspace's secrets.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Export {
    /// The version of the document; this program reads its own.
    version: u32,
    /// The key of the workspace.
    workspace: String,
    /// When the document was made, on the workspace's clock.
    at: Timestamp,
    /// What time it is, and whether it goes on.
    clock: ClockMode,
    /// The fault rules, with what fired.
    faults: Sheet,
    /// The records in order of creation; that of the workspace itself comes first.
    records: Vec<Exported>,
}

/// A row of the database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Exported {
    /// The kind of record.
    kind: String,
    /// The id.
    id: String,
    /// Its place in the order of creation.
    seq: u64,
    /// The record as it is stored.
    record: Value,
}

/// Makes the document of a workspace. Fails when the database cannot be read.
pub async fn of(space: &WorkspaceRuntime) -> Result<Export, ApiError> {
    // The turn is held, so that nobody writes meanwhile.
    let turn = space.data.begin().await;
    let (world, faults) = (space.world(), space.faults.sheet());
    drop(turn);
    let rows = world.rows()?;
    let records = rows.into_iter().map(|row| {
        let record = serde_json::from_str(&row.body).map_err(ApiError::internal)?;
        Ok(Exported { kind: row.kind, id: row.id, seq: row.seq, record })
    });
    Ok(Export {
        version: VERSION,
        workspace: space.key.clone(),
        at: space.clock.now(),
        clock: space.clock.mode(),
        faults,
        records: records.collect::<Result<_, ApiError>>()?,
    })
}

impl Export {
    /// The snapshot that the document describes, from which a workspace can be started. Fails with 400 for another
    /// version or wrong records or rules.
    pub fn snapshot(self) -> Result<Arc<Snapshot>, ApiError> {
        if self.version != VERSION {
            let why = format!("`from` is an export of version {}; this server reads version {VERSION}", self.version);
            return Err(ApiError::bad_request(why));
        }
        self.faults.rules.iter().try_for_each(Rule::check)?;
        let workspace = self.workspace;
        let rows = self.records.into_iter().map(|exported| Row {
            workspace: workspace.clone(),
            kind: exported.kind,
            id: exported.id,
            seq: exported.seq,
            body: exported.record.to_string(),
        });
        let wrong = |why: String| ApiError::bad_request(format!("`from` is no export that can be read: {why}"));
        let worlds = World::rebuild(rows.collect()).map_err(|error| wrong(error.to_string()))?;
        let world = worlds.into_iter().next().ok_or_else(|| wrong("it has no record of its workspace".into()))?;
        Ok(Arc::new(Snapshot {
            id: "export".into(),
            name: "export".into(),
            at: self.at,
            workspace,
            world: Arc::new(world),
            clock: self.clock,
            cues: FaultState { faults: self.faults, scenario_runs: ScenarioRunList::default() },
        }))
    }
}
