//! This module serves the faults of a workspace: its rules, what they did, and playing the same story again. Invariant:
//! every rule of a list is checked before the first one is added.

use serde::Deserialize;
use serde_json::json;

use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::control::space;
use crate::fault::{Firing, Rule};

pub(super) async fn list(call: Call) -> Result<Reply, ApiError> {
    let (seed, fired) = space(&call)?.faults.story();
    Reply::json(&json!({ "items": space(&call)?.faults.list(), "seed": seed, "fired": fired.len() }))
}

/// Adds one rule, or a list of them. When one is wrong, it fails with a 400 that names the field, and adds none.
pub(super) async fn add(call: Call) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Rules {
        Many(Vec<serde_json::Value>),
        One(serde_json::Value),
    }
    let space = space(&call)?;
    let read = |value| {
        serde_path_to_error::deserialize::<_, Rule>(&value).map_err(|error| {
            let path = error.path().to_string();
            ApiError::bad_request(format!("the fault is wrong at `{path}`: {}", error.into_inner()))
                .with_data(json!({ "field": path }))
        })
    };
    match call.json()? {
        Rules::One(rule) => Reply::json(&space.faults.add(read(rule)?)?),
        Rules::Many(rules) => {
            // Every rule is read and checked before the first is added.
            let rules = rules.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
            rules.iter().try_for_each(Rule::check)?;
            let added = rules.into_iter().map(|rule| space.faults.add(rule)).collect::<Result<Vec<_>, _>>()?;
            Reply::json(&json!({ "items": added }))
        }
    }
}

pub(super) async fn get(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&space(&call)?.faults.get(call.param("id")?)?)
}

pub(super) async fn put(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&space(&call)?.faults.replace(call.param("id")?, call.json()?)?)
}

pub(super) async fn remove(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&space(&call)?.faults.remove(call.param("id")?)?)
}

pub(super) async fn clear(call: Call) -> Result<Reply, ApiError> {
    space(&call)?.faults.clear();
    Ok(Reply::empty())
}

/// Returns the seed and what fired so far; sent back, it makes the same faults happen again.
pub(super) async fn story(call: Call) -> Result<Reply, ApiError> {
    let (seed, fired) = space(&call)?.faults.story();
    Reply::json(&json!({ "seed": seed, "fired": fired }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoryBody {
    /// All chance derives from this seed; when absent, the seed stays as it is.
    seed: Option<u64>,
    /// The faults fire at exactly these calls; when absent or null, the rules decide by themselves again.
    fired: Option<Vec<Firing>>,
}

/// Makes the rules fire as the story says, and starts their counts again at 0.
pub(super) async fn play(call: Call) -> Result<Reply, ApiError> {
    let body: StoryBody = call.json()?;
    space(&call)?.faults.play(body.seed, body.fired.as_deref());
    story(call).await
}
