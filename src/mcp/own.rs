//! The fake's own tools: what a test does through the control API, for agents. Each is a call of that API, so that a tool can do
//! nothing that a test cannot.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::json::member;
use crate::client::actions::GetRunLog;
use crate::client::control::{AddFault, AdvanceClock, ControlVerb, CreateWorkspace, PokeConnection, ReadJournal};
use crate::client::{Answer, Verb as _};
use crate::mcp::Session;
use crate::mcp::table::{Effect, OneTool, answer, tool};

/// Explains the last call of the workspace that failed: what was asked, what was answered, which fault met it, and the log of its
/// run with the requests that were sent to the app.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainFailure {}

/// The log of a call whose answer names a run, with what it sent.
async fn run_log(session: &Session, run: &str) -> Result<Option<Value>, String> {
    let of: GetRunLog = serde_json::from_value(json!({ "actionRunId": run, "includeDetails": true }))
        .map_err(|error| format!("a run is wrong: {error}"))?;
    // A manager sees the runs of every tenant.
    let log = session.client()?.send(of.request()?.by_manager()).await?;
    Ok(log.is_success().then_some(log.body))
}

/// What went wrong last, from the journal.
async fn explained(session: &Session) -> Result<Answer, String> {
    let journal = session.client()?.send(ReadJournal::of_api().request(&session.workspace)?).await?;
    if !journal.is_success() {
        return Ok(journal);
    }
    // Reading the log of a run is a call too, and may have failed for reasons of its own.
    let is_own =
        |entry: &Value| member(entry, "path").as_str().is_some_and(|path| path.starts_with("/action-run-logs/"));
    let has_failed =
        |entry: &&Value| member(entry, "status").as_u64().is_some_and(|status| status >= 400) && !is_own(entry);
    let entries = member(&journal.body, "items").as_array();
    let Some(entry) = entries.and_then(|entries| entries.iter().rev().find(has_failed)) else {
        return Ok(answer(json!({ "explanation": "no call of this workspace has failed since its journal began" })));
    };
    let run = match member(entry, "actionRunId").as_str() {
        Some(run) => run_log(session, run).await?,
        None => None,
    };
    let text = |name: &str| member(entry, name).as_str().unwrap_or_default();
    let of_run = run.as_ref().and_then(|run| run.pointer("/error/message")?.as_str());
    let of_entry = || member(entry, "warnings").as_array()?.first()?.as_str();
    let reason = of_run.or_else(of_entry).unwrap_or("the answer to the call itself says why");
    let faults = member(entry, "faults").as_array().filter(|faults| !faults.is_empty());
    let by = faults.map_or_else(String::new, |faults| {
        let names: Vec<String> = faults.iter().map(ToString::to_string).collect();
        format!(" It was broken on cue, by {}.", names.join(", "))
    });
    let explanation =
        format!("{} {} was answered {}: {reason}.{by}", text("method"), text("path"), member(entry, "status"));
    Ok(answer(json!({ "explanation": explanation, "entry": entry, "run": run })))
}

/// A tool that makes one call of the control API.
fn verb<V>(name: &'static str, effect: Effect) -> OneTool
where
    V: ControlVerb + DeserializeOwned + JsonSchema + Send + Sync + 'static,
{
    tool(name, effect, async |session: Session, verb: V| {
        Ok((session.client()?.send(verb.request(&session.workspace)?).await?, None))
    })
}

/// The fake's own tools.
pub(super) fn tools() -> Vec<OneTool> {
    vec![
        // Over stdio later tools use the new workspace; over HTTP each request says which it means.
        tool("mock-create-workspace", Effect::Adds, async |session: Session, of: CreateWorkspace| {
            let made = session.client()?.send(of.request(&session.workspace)?).await?;
            let text = |name: &str| member(&made.body, name).as_str().map(str::to_owned);
            let next = text("key").zip(text("secret")).filter(|_| made.is_success());
            let next = next.map(|(workspace, secret)| Session { workspace, secret, ..session });
            Ok((made, next))
        }),
        verb::<PokeConnection>("mock-poke-connection", Effect::Destroys),
        verb::<AdvanceClock>("mock-advance-clock", Effect::Adds),
        verb::<AddFault>("mock-add-fault", Effect::Adds),
        tool("mock-explain-failure", Effect::Reads, async |session: Session, _: ExplainFailure| {
            Ok((explained(&session).await?, None))
        }),
    ]
}
