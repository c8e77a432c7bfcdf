//! The verbs that only actions have. Running is in [`crate::nouns::action::run`], what actions
//! share with flows in [`crate::elements`].
//!
//! Invariant: an action that is being built from an intent is BUILDING until the worker or a poke ends it.

use std::sync::Arc;

use serde_json::json;

use crate::base::error::ApiError;
use crate::base::json::patch::Patch;
use crate::base::json::schema;
use crate::base::text::check_intent;
use crate::elements;
use crate::elements::model::Selector;
use crate::elements::model::bodies::apply_names;
use crate::elements::{Change, Kind as _, Listed, Wanted};
use crate::engine::Cx;
use crate::nouns::action::model::{Action, ActionBody, ActionState};
use crate::nouns::action::schemas::is_typed;
use crate::store::World;

/// What a body says of the place and names of a new action. Fails with 400 when it has neither an intent nor a
/// specification.
pub(super) fn wanted(body: &ActionBody) -> Result<Wanted, ApiError> {
    let intent = intent_of(body);
    check_intent(intent.as_deref().unwrap_or_default())?;
    if intent.is_none() && body.action_type.set().is_none() && body.key.set().is_none() && body.name.set().is_none() {
        return Err(ApiError::bad_request("an action needs an `intent`, or a spec: `key` or `name`, `type`, `config`"));
    }
    Ok(Wanted {
        scope: body.scope(),
        external_app: body.external_app(),
        parent: body.parent_id.clone(),
        key: body.key.set().cloned(),
        name: body.name.set().cloned().or_else(|| intent.map(|intent| sentence(&intent))),
        // The key comes from the intent, and the same words may be asked for again: then the key is numbered.
        any_key: body.key.set().is_none() && body.name.set().is_none(),
    })
}

/// The intent of a body; a blank one is none.
fn intent_of(body: &ActionBody) -> Option<String> {
    body.intent.clone().filter(|intent| !intent.trim().is_empty())
}

/// Makes an action and answers it: READY from a specification, BUILDING from an intent. Fails with 400 when
/// the body has neither, with 404 for an unknown scope or parent, and with `already_exists` when the key is
/// taken. Source: SEED (`action create`).
pub(super) async fn create(cx: &Cx, body: ActionBody) -> Result<Arc<Action>, ApiError> {
    let (intent, wanted) = (intent_of(&body), wanted(&body)?);
    elements::create(cx, wanted, |action: &mut Action, world| {
        apply(action, body)?;
        if let Some(parent) = action.place.parent.as_ref().and_then(|id| world.actions.get(id.as_str())) {
            action.compare_with_parent(parent);
        }
        build(cx, action, intent, world);
        Ok(())
    })
    .await
}

/// Starts building the action when there is an intent; the progress settings say when that ends.
fn build(cx: &Cx, action: &mut Action, intent: Option<String>, world: &World) {
    if let Some(intent) = intent {
        action.intent = Some(intent);
        action.state = ActionState::Building;
        action.due = world.workspace.mock.progress.action_building.due(cx.space.clock.now());
    }
}

pub(crate) fn sentence(intent: &str) -> String {
    let mut chars = intent.trim().chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

fn apply(action: &mut Action, body: ActionBody) -> Result<(), ApiError> {
    for (schema_of, field) in [
        (body.input_schema.set(), "inputSchema"),
        (body.output_schema.set(), "outputSchema"),
        (body.default_output_schema.set(), "defaultOutputSchema"),
        (body.custom_output_schema.set(), "customOutputSchema"),
    ] {
        if let Some(schema_of) = schema_of {
            schema::check_schema(schema_of, field)?;
        }
    }
    apply_names!(body to action);
    body.action_type.apply(&mut action.action_type);
    match body.config {
        Patch::Keep => {}
        Patch::Clear => action.config.clear(),
        Patch::Set(config) => action.config = config,
    }
    // An answer shows any object where no schema was given.
    let is_any = body.revision.is_some() && body.input_schema.set() == Some(&json!({ "type": "object" }));
    let input_schema = if is_any { Patch::Clear } else { body.input_schema };
    input_schema.apply(&mut action.input_schema);
    match action.action_type {
        Some(action_type) if is_typed(action_type) => action.output_schema = None,
        _ if body.revision.is_some() => body.default_output_schema.apply(&mut action.output_schema),
        _ => body.output_schema.apply(&mut action.output_schema),
    }
    body.output_mapping.apply(&mut action.output_mapping);
    body.custom_output_schema.apply(&mut action.custom_output_schema);
    Ok(())
}

/// Changes an action as a body says; with `Change::Replace`, fields that the body leaves out are cleared.
pub(super) fn define(action: &mut Action, body: ActionBody, change: Change) -> Result<(), ApiError> {
    if change == Change::Replace {
        action.meta.clear();
        action.config.clear();
        action.action_type = None;
        action.input_schema = None;
        action.output_schema = None;
        action.output_mapping = None;
        action.custom_output_schema = None;
    }
    apply(action, body)
}

/// Changes an action and answers it. Fails with 400 when it is archived or a schema is wrong, with 403 for another's or
/// the catalog's. Source: SEED (PATCH merges, PUT replaces).
pub(super) async fn update(
    cx: &Cx,
    selector: &Selector,
    body: ActionBody,
    change: Change,
) -> Result<Listed<Action>, ApiError> {
    check_intent(body.intent.as_deref().unwrap_or_default())?;
    elements::update(cx, selector, |action: &mut Action, world| {
        build(cx, action, intent_of(&body), world);
        let before = action.clone();
        define(action, body, change)?;
        action.mark_change(&before);
        Ok(())
    })
    .await
}

/// Answers an action by any selector, with the integration it is looked at from. A read counts
/// where building waits for reads.
pub(super) fn get(cx: &Cx, selector: &Selector) -> Result<Listed<Action>, ApiError> {
    let found = elements::get::<Action>(cx, selector)?;
    let action = &found.0;
    if action.state == ActionState::Building && action.due.as_ref().is_some_and(|due| due.reads.is_some()) {
        cx.space.count_read(action.id.as_str());
        cx.wake();
    }
    Ok(found)
}
