//! What can be asked of test control; see [`super::verbs`]. Our choice: the verbs of a test, for terminals and agents.

use clap::Args;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::text::milliseconds;
use crate::client::Request;
use crate::client::actions::{json, object};

/// A verb of test control.
pub(crate) trait ControlVerb {
    /// The call that does it; `workspace` is the key of the one that is meant where the verb names none. Fails for a name that
    /// no path can have.
    fn request(&self, workspace: &str) -> Result<Request, String>;
}

/// A call below a workspace. Each further `{}` of `path` stands for the next of `names`.
fn below(workspace: &str, method: Method, path: &str, names: &[&str]) -> Result<Request, String> {
    let names: Vec<&str> = std::iter::once(workspace).chain(names.iter().copied()).collect();
    Ok(Request::new(method, &format!("/__mock/workspaces/{{}}{path}"), &names)?.of_control())
}

/// Makes a workspace of its own for a test: a copy of the first one as it began, unless another seed or original is named.
/// Answers its key, secret and tokens.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateWorkspace {
    /// Its key; one is made up when absent
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Start from `demo` or from `none`
    #[arg(long, value_name = "demo|none")]
    seed: Option<String>,
    /// Start as a copy of the workspace with this key as it is now, or of the snapshot with this id
    #[arg(long, value_name = "KEY-OR-ID")]
    from: Option<String>,
    /// `system`, or a moment at which time stands still, such as 2026-01-01T00:00:00Z
    #[arg(long, value_name = "system|RFC3339")]
    clock: Option<String>,
}

impl ControlVerb for CreateWorkspace {
    fn request(&self, _: &str) -> Result<Request, String> {
        Ok(Request::to(Method::POST, "/__mock/workspaces").sending(self).of_control())
    }
}

/// Asks whether the server is ready.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReadHealth;

impl ControlVerb for ReadHealth {
    fn request(&self, _: &str) -> Result<Request, String> {
        Ok(Request::to(Method::GET, "/__mock/health").of_control())
    }
}

/// Reads what went wrong in calls of the workspace, a sentence each.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReadReport;

impl ControlVerb for ReadReport {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::GET, "/report", &[])
    }
}

/// Breaks a connection as its vendor does.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct BreakConnection {
    /// The id or key of the connection
    #[arg(value_name = "SELECTOR")]
    #[serde(skip)]
    selector: String,
    /// What the vendor does: `expireCredentials`, `failRefresh`, `disconnect` or `markDefunct`
    #[arg(value_name = "DAMAGE")]
    by: String,
}

impl ControlVerb for BreakConnection {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        Ok(below(workspace, Method::POST, "/connections/{}/break", &[&self.selector])?.sending(self))
    }
}

/// Lists the workspaces of the server.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListWorkspaces;

impl ControlVerb for ListWorkspaces {
    fn request(&self, _: &str) -> Result<Request, String> {
        Ok(Request::to(Method::GET, "/__mock/workspaces").of_control())
    }
}

/// Reads a workspace, with its secret and tokens.
#[derive(Debug, Clone, Args)]
pub(crate) struct GetWorkspace {
    /// The key of the workspace; the session's when absent
    #[arg(value_name = "KEY")]
    key: Option<String>,
}

impl ControlVerb for GetWorkspace {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(self.key.as_deref().unwrap_or(workspace), Method::GET, "", &[])
    }
}

/// Deletes a workspace, with all that is in it.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeleteWorkspace {
    /// The key of the workspace
    #[arg(value_name = "KEY")]
    key: String,
}

impl ControlVerb for DeleteWorkspace {
    fn request(&self, _: &str) -> Result<Request, String> {
        below(&self.key, Method::DELETE, "", &[])
    }
}

/// Reads the journal: what was asked of the workspace, and what it asked of apps.
#[derive(Debug, Clone, Default, Args, Serialize)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadJournal {
    /// Only calls of this side: `api` or `upstream`
    #[arg(long, value_name = "SIDE")]
    side: Option<String>,
    /// Only calls that were answered so, such as 404
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Only this operation, such as `act`
    #[arg(long, value_name = "OPERATION")]
    operation: Option<String>,
    /// Only calls of this method
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// Only calls of this path
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// Only calls of this tenant
    #[arg(long, value_name = "KEY")]
    tenant: Option<String>,
    /// Only calls through this connection
    #[arg(long, value_name = "KEY")]
    connection: Option<String>,
    /// Only calls of the app behind this connector
    #[arg(long, value_name = "KEY")]
    connector: Option<String>,
    /// Only calls that met this fault
    #[arg(long, value_name = "NAME")]
    fault: Option<String>,
}

impl ReadJournal {
    /// All that was asked of the workspace.
    pub(crate) fn of_api() -> Self {
        Self { side: Some("api".into()), ..Self::default() }
    }
}

impl ControlVerb for ReadJournal {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        Ok(below(workspace, Method::GET, "/journal", &[])?.asking(self))
    }
}

/// Moves a connection to another state: break it, or let its user act. Events are `authorize`, `cancel`, `loseCredentials`,
/// `finishBuilding`, `failConfiguration`, `failSetup`, `fail`, `reconnect`, `rebuild`, `finalize`, `disconnect` and `disconnected`.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PokeConnection {
    /// The id or key of the connection
    #[arg(value_name = "ID-OR-KEY")]
    #[serde(skip_serializing)]
    connection: String,
    /// What happens to it
    #[arg(value_name = "EVENT")]
    event: String,
    /// Why, for an event that is a failure
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
}

impl ControlVerb for PokeConnection {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        Ok(below(workspace, Method::POST, "/connections/{}/poke", &[&self.connection])?.sending(self))
    }
}

/// Lists the faults of the workspace, with how often each was met.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListFaults;

impl ControlVerb for ListFaults {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::GET, "/faults", &[])
    }
}

/// Lets calls go wrong from now on: `on` says which (`{operation, connection, status, …}`), `fault` how (`{error}`, `{delay}`,
/// `close`, …), `times` how often.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AddFault {
    /// Its name, which replaces another of the same name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Which calls, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    on: Option<JsonMap>,
    /// What goes wrong, as JSON
    #[arg(long, value_name = "JSON", value_parser = json)]
    fault: Value,
    /// How often; always when absent
    #[arg(long, value_name = "N")]
    times: Option<u32>,
}

impl ControlVerb for AddFault {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        Ok(below(workspace, Method::POST, "/faults", &[])?.sending(self))
    }
}

/// Ends a fault, or all of them.
#[derive(Debug, Clone, Args)]
pub(crate) struct RemoveFault {
    /// The id or name of the fault; all when absent
    #[arg(value_name = "ID-OR-NAME")]
    fault: Option<String>,
}

impl ControlVerb for RemoveFault {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        match &self.fault {
            Some(fault) => below(workspace, Method::DELETE, "/faults/{}", &[fault]),
            None => below(workspace, Method::DELETE, "/faults", &[]),
        }
    }
}

/// Lists the scenarios of the workspace.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListScenarios;

impl ControlVerb for ListScenarios {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::GET, "/scenarios", &[])
    }
}

/// Adds a scenario to those of the workspace; `scenario start` plays it.
#[derive(Debug, Clone, Args)]
pub(crate) struct AddScenario {
    /// The scenario, as a JSON object
    #[arg(value_name = "JSON", value_parser = object)]
    scenario: JsonMap,
}

impl ControlVerb for AddScenario {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        let request = below(workspace, Method::POST, "/scenarios", &[])?;
        Ok(Request { body: Some(self.scenario.clone().into()), ..request })
    }
}

/// Starts a scenario of the workspace.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct StartScenario {
    /// The name of the scenario
    #[arg(value_name = "NAME")]
    #[serde(skip)]
    name: String,
    /// The values of its parameters, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    parameters: Option<JsonMap>,
}

impl ControlVerb for StartScenario {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        Ok(below(workspace, Method::POST, "/scenarios/{}/start", &[&self.name])?.sending(self))
    }
}

/// Stops a scenario.
#[derive(Debug, Clone, Args)]
pub(crate) struct StopScenario {
    /// The name of the scenario
    #[arg(value_name = "NAME")]
    name: String,
}

impl ControlVerb for StopScenario {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::POST, "/scenarios/{}/stop", &[&self.name])
    }
}

/// Reads the workspace's clock.
#[derive(Debug, Clone, Args)]
pub(crate) struct GetClock;

impl ControlVerb for GetClock {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::GET, "/clock", &[])
    }
}

/// Moves the workspace's clock forward; what falls due on the way happens at its own moment. Give one of the two.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AdvanceClock {
    /// By so many milliseconds; a command takes 90s, 15m, 1h or 7d too
    #[arg(value_name = "DURATION", value_parser = duration)]
    ms: Option<u64>,
    /// To this moment, such as 2026-02-01T00:00:00Z
    #[arg(long, value_name = "RFC3339", conflicts_with = "ms")]
    to: Option<String>,
}

/// Reads a duration as milliseconds.
fn duration(text: &str) -> Result<u64, String> {
    milliseconds(text, 1).ok_or_else(|| format!("`{text}` is no duration such as 500, 90s, 15m, 1h or 7d"))
}

impl ControlVerb for AdvanceClock {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        Ok(below(workspace, Method::POST, "/clock/advance", &[])?.sending(self))
    }
}

/// Lets the workspace's clock run, or stand still at a moment.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct SetClock {
    /// `system`, or the moment at which it stands still
    #[arg(value_name = "system|RFC3339")]
    mode: String,
}

impl ControlVerb for SetClock {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        Ok(below(workspace, Method::PUT, "/clock", &[])?.sending(self))
    }
}

/// Lets everything happen that is due.
#[derive(Debug, Clone, Args)]
pub(crate) struct SettleClock;

impl ControlVerb for SettleClock {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::POST, "/clock/settle", &[])
    }
}

/// Lists the snapshots of the workspace.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListSnapshots;

impl ControlVerb for ListSnapshots {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::GET, "/snapshots", &[])
    }
}

/// Keeps the workspace as it is now.
#[derive(Debug, Clone, Args)]
pub(crate) struct TakeSnapshot;

impl ControlVerb for TakeSnapshot {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::POST, "/snapshots", &[])
    }
}

/// Takes the workspace back to a snapshot.
#[derive(Debug, Clone, Args)]
pub(crate) struct RestoreSnapshot {
    /// The id of the snapshot
    #[arg(value_name = "ID")]
    snapshot: String,
}

impl ControlVerb for RestoreSnapshot {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::POST, "/snapshots/{}/restore", &[&self.snapshot])
    }
}

/// Forgets a snapshot.
#[derive(Debug, Clone, Args)]
pub(crate) struct RemoveSnapshot {
    /// The id of the snapshot
    #[arg(value_name = "ID")]
    snapshot: String,
}

impl ControlVerb for RemoveSnapshot {
    fn request(&self, workspace: &str) -> Result<Request, String> {
        below(workspace, Method::DELETE, "/snapshots/{}", &[&self.snapshot])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_milliseconds() {
        let read = ["500", "500ms", "90s", "15m", "1h", "7d"].map(|text| duration(text).unwrap());
        assert_eq!(read, [500, 500, 90_000, 900_000, 3_600_000, 604_800_000]);
        for wrong in ["", "h", "1y", "-1s", "99999999999999999999d", "1.5h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
