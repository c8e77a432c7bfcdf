//! How an action's BUILDING ends: by progress, or by a poke.

use std::sync::Arc;

use serde_json::json;

use crate::base::error::ApiError;
use crate::base::rank;
use crate::elements::{Kind as _, app_of, described};
use crate::engine::directory::Directory;
use crate::engine::moves::Moves;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::action::model::{Action, ActionEvent, ActionState, ActionType};
use crate::nouns::action::rules::sentence;
use crate::nouns::agent_session::model::{AgentEvent, AgentSession};
use crate::nouns::agent_session::{self as agents, NewSession};
use crate::store::{StoreError, Tx, World};

impl Moves for Action {
    fn step(engine: &Engine, space: &WorkspaceRuntime, tx: &mut Tx, action: Self) -> Result<(), ApiError> {
        let failure = action.due.as_ref().and_then(|due| due.failure.clone());
        let why = failure.map(|failure| failure.error.unwrap_or_else(|| "the action could not be built".into()));
        end_building(engine, space, tx, action, why)
    }

    fn give_up(space: &WorkspaceRuntime, tx: &mut Tx, mut action: Self, error: ApiError) -> Result<(), ApiError> {
        // An event that the state does not allow changes nothing.
        action.apply(ActionEvent::Fail, space.clock.now()).ok();
        action.due = None;
        agents::end_building(space, tx, action.id.as_str(), Some(&error))?;
        action.errors = vec![error];
        tx.put(action)?;
        Ok(())
    }
}

/// Begins the agent session of each action that a transaction lets be built. On the platform an agent builds it; here its session
/// is a record that ends with the building. Source: SDK `agentSessionId`.
pub fn notice(space: &WorkspaceRuntime, tx: &mut Tx) -> Result<(), StoreError> {
    for id in tx.changed::<Action>() {
        let Some(action) = tx.actions.get(&id).cloned() else { continue };
        let is_building = action.state == ActionState::Building && !action.meta.is_archived();
        let prompt = action.intent.clone().unwrap_or_else(|| action.meta.name.clone());
        let is_built_by = |session: &Arc<AgentSession>| is_building && session.prompt == prompt;
        let busy: Vec<Arc<AgentSession>> =
            tx.agent_sessions.with_key(&id).filter(|session| !session.status.is_idle()).cloned().collect();
        if !busy.is_empty() && !busy.iter().all(is_built_by) {
            let why = ApiError::configuration("the action is not built any more, or from other words");
            // What is not over may always end.
            agents::end_building(space, tx, &id, Some(&why)).ok();
        }
        if !is_building || busy.iter().any(is_built_by) {
            continue;
        }
        let mut session = agents::new_session(
            space,
            tx,
            action.place.tenant.clone(),
            NewSession {
                prompt,
                workspace_element_type: Some("action".into()),
                workspace_element_id: Some(id),
                agent_name: Some("action-building".into()),
                ..NewSession::default()
            },
        );
        session.due = None;
        // A new session may always run.
        session.apply(AgentEvent::Run, space.clock.now()).ok();
        tx.put(Action { agent_session: Some(session.id.to_string()), ..(*action).clone() })?;
        tx.put(session)?;
    }
    Ok(())
}

fn end_building(
    engine: &Engine,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    mut action: Action,
    failure: Option<String>,
) -> Result<(), ApiError> {
    action.due = None;
    match failure {
        Some(why) => {
            action.apply(ActionEvent::Fail, space.clock.now())?;
            action.errors = vec![ApiError::configuration(why)];
        }
        None => {
            action.apply(ActionEvent::Finish, space.clock.now())?;
            finish_building(engine, tx, &mut action);
        }
    }
    agents::end_building(space, tx, action.id.as_str(), action.errors.first())?;
    action.meta.touch(&space.ids, space.clock.now());
    tx.put(action)?;
    Ok(())
}

/// Ends an action's BUILDING at once, whatever the progress.
pub async fn finish(
    engine: &Engine,
    space: &WorkspaceRuntime,
    selector: &str,
    failure: Option<String>,
) -> Result<Arc<Action>, ApiError> {
    let mut tx = space.data.begin().await;
    let found =
        tx.actions.get(selector).or_else(|| tx.actions.with_key(selector).next()).map(|action| (**action).clone());
    let action = found.ok_or_else(|| ApiError::not_found(format!("no matching action: `{selector}`")))?;
    let id = action.id.clone();
    end_building(engine, space, &mut tx, action, failure)?;
    let world = tx.commit().await?;
    world.actions.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("an action is missing"))
}

/// BUILDING is over: the action becomes a copy of the best match among its app's catalog actions, else one that echoes
/// its input (`docs/behaviour.md#action-intent`).
pub(super) fn finish_building(engine: &Engine, world: &World, action: &mut Action) {
    let directory = Directory::new(world, &engine.catalog);
    let intent = action.intent.clone().unwrap_or_default();
    let app = app_of(&directory, action);
    let seeded = world.actions.iter().filter(|other| other.is_public);
    let candidates: Vec<Arc<Action>> = seeded
        .chain(engine.catalog.actions.iter())
        .filter(|other| app.is_some() && other.place.external_app == app)
        .cloned()
        .collect();
    let best = rank::best(&intent, candidates, |other: &Arc<Action>| described(&**other)).into_iter().next();
    match best {
        Some(best) => {
            let (name, key) = (action.meta.name.clone(), action.meta.key.clone());
            let named_by_intent = name == sentence(&intent);
            action.copy_definition(&best);
            if !named_by_intent {
                action.meta.name = name;
            }
            action.meta.key = key;
        }
        None => {
            action.action_type = Some(ActionType::RunJavascript);
            action.config.insert("code".into(), json!("module.exports = ({ input }) => input"));
            action.input_schema.get_or_insert_with(|| json!({ "type": "object" }));
        }
    }
}
