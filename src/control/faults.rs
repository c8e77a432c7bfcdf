//! Faults of a workspace: rules, what they did, and playing the same story again.

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

/// One rule, or a list of them.
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
            // All or none.
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

/// The seed and what fired so far: sent back, it plays again.
pub(super) async fn story(call: Call) -> Result<Reply, ApiError> {
    let (seed, fired) = space(&call)?.faults.story();
    Reply::json(&json!({ "seed": seed, "fired": fired }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoryBody {
    /// Chance derives from it.
    seed: Option<u64>,
    /// What fires; the rules decide by themselves when absent or null.
    fired: Option<Vec<Firing>>,
}

/// From here on the rules fire as told, and counts begin anew.
pub(super) async fn play(call: Call) -> Result<Reply, ApiError> {
    let body: StoryBody = call.json()?;
    space(&call)?.faults.play(body.seed, body.fired.as_deref());
    story(call).await
}
