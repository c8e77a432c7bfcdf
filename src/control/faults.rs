//! This module serves the faults of a workspace: its rules, what they did, and playing the same story again. Invariant:
//! every rule of a list is checked before the first one is added.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::error::ApiError;
use crate::base::json::said_at;
use crate::call::Call;
use crate::call::contract::{Done, Json, JsonBody};
use crate::call::router::Route;
use crate::control::{control, space};
use crate::fault::{Firing, Rule, Standing};

/// The control routes of faults.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control(
            "listFaults",
            Method::GET,
            "/workspaces/{key}/faults",
            "Lists the fault rules with how often each met and broke a call.",
            list,
        ),
        control(
            "addFault",
            Method::POST,
            "/workspaces/{key}/faults",
            "Adds a fault rule, or several, of which either all are added or none.",
            add,
        ).example(r#"{"on": {"operation": "act", "connection": "github-dev"}, "times": 2, "fault": {"respond": {"status": 503}}}"#),
        control("clearFaults", Method::DELETE, "/workspaces/{key}/faults", "Removes all fault rules.", clear),
        control(
            "getFaultStory",
            Method::GET,
            "/workspaces/{key}/faults/story",
            "Answers which faults fired, so that the same can happen again.",
            story,
        ),
        control(
            "setFaultStory",
            Method::PUT,
            "/workspaces/{key}/faults/story",
            "Makes the same faults fire again, at the same calls.",
            play,
        ).example(r#"{"seed": 7}"#),
        control("getFault", Method::GET, "/workspaces/{key}/faults/{id}", "Answers a fault rule.", get),
        control(
            "replaceFault",
            Method::PUT,
            "/workspaces/{key}/faults/{id}",
            "Replaces a fault rule; it keeps its place and its counts.",
            put,
        ).example(r#"{"on": {"side": "upstream", "connector": "github"}, "fault": {"latency": {"ms": 5000}}}"#),
        control(
            "removeFault",
            Method::DELETE,
            "/workspaces/{key}/faults/{id}",
            "Removes a fault rule and answers it.",
            remove,
        ),
    ]
}

/// The rules of a workspace.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Faults {
    /// The rules, in the order in which they are asked.
    pub(super) items: Vec<Standing>,
    /// All chance derives from this seed.
    pub(super) seed: u64,
    /// How often any rule broke a call.
    pub(super) fired: usize,
}

pub(super) async fn list(call: Call) -> Result<Json<Faults>, ApiError> {
    let space = space(&call)?;
    let (seed, fired) = space.faults.story();
    Ok(Json(Faults { items: space.faults.list(), seed, fired: fired.len() }))
}

/// One rule, or several of which either all are added or none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(untagged)]
pub(super) enum Rules {
    /// Several rules.
    Many(#[schemars(with = "Vec<Rule>")] Vec<serde_json::Value>),
    /// One rule.
    One(#[schemars(with = "Rule")] serde_json::Value),
}

/// The rules that were added.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Added {
    /// Those of a list.
    Many {
        /// The rules.
        items: Vec<Standing>,
    },
    /// The one.
    One(Box<Standing>),
}

/// Adds one rule, or a list of them. When one is wrong, it fails with a 400 that names the field, and adds none.
async fn add(call: Call, JsonBody(rules): JsonBody<Rules>) -> Result<Json<Added>, ApiError> {
    let space = space(&call)?;
    let read = |value| {
        serde_path_to_error::deserialize::<_, Rule>(&value).map_err(|error| {
            let path = error.path().to_string();
            ApiError::bad_request(format!("the fault is wrong at `{path}`: {}", said_at(&path, error.inner())))
                .with_data(json!({ "field": path }))
        })
    };
    match rules {
        Rules::One(rule) => Ok(Json(Added::One(Box::new(space.faults.add(read(rule)?)?)))),
        Rules::Many(rules) => {
            // Every rule is read and checked before the first is added.
            let rules = rules.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
            space.faults.add_all(rules).map(|items| Json(Added::Many { items }))
        }
    }
}

async fn get(call: Call) -> Result<Json<Standing>, ApiError> {
    space(&call)?.faults.get(call.param("id")?).map(Json)
}

async fn put(call: Call, JsonBody(rule): JsonBody<Rule>) -> Result<Json<Standing>, ApiError> {
    space(&call)?.faults.replace(call.param("id")?, rule).map(Json)
}

async fn remove(call: Call) -> Result<Json<Standing>, ApiError> {
    space(&call)?.faults.remove(call.param("id")?).map(Json)
}

async fn clear(call: Call) -> Result<Done, ApiError> {
    space(&call)?.faults.clear();
    Ok(Done)
}

/// Which faults fired.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Story {
    /// All chance derives from this seed.
    pub(super) seed: u64,
    /// What fired, in the order in which it did.
    pub(super) fired: Vec<Firing>,
}

/// Returns the seed and what fired so far; sent back, it makes the same faults happen again.
pub(super) async fn story(call: Call) -> Result<Json<Story>, ApiError> {
    let (seed, fired) = space(&call)?.faults.story();
    Ok(Json(Story { seed, fired }))
}

/// What is to happen again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StoryBody {
    /// All chance derives from this seed; when absent, the seed stays as it is.
    seed: Option<u64>,
    /// The faults fire at exactly these calls; when absent or null, the rules decide by themselves again.
    fired: Option<Vec<Firing>>,
}

/// Makes the rules fire as the story says, and starts their counts again at 0.
async fn play(call: Call, JsonBody(body): JsonBody<StoryBody>) -> Result<Json<Story>, ApiError> {
    space(&call)?.faults.play(body.seed, body.fired.as_deref());
    story(call).await
}
