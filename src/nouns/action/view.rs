//! The wire form of an action. It is served in the OpenAPI document, so the comments of
//! fields are for users of the API.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::elements::{parent_of, universal_parent};
use crate::engine::view::ViewContext;
use crate::nouns::action::model::{Action, ActionState, ActionType};
use crate::nouns::action::schemas::OutputSchemas;
use crate::nouns::integration::ElementView;
use crate::nouns::integration::model::Integration;

/// An action at one of the three layers. Source: SDK `ActionApiResponse`, SEED (empty `key` of catalog actions).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Action")]
#[serde(rename_all = "camelCase")]
pub struct ActionView<'a> {
    /// The fields that all elements have.
    #[serde(flatten)]
    pub(crate) element: ElementView<'a>,
    /// The state of the action; it runs while it is READY.
    pub(crate) state: ActionState,
    /// Why the action could not be built; absent when nothing went wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) errors: &'a [ApiError],
    /// The id of the action that this one is a version of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<&'a Id<Action>>,
    /// The action that this one is a version of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Box<ActionView<'a>>>,
    /// The id of the universal action that this one is a version of, directly or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) universal_parent_id: Option<Id<Action>>,
    /// What the action does when it runs; absent for a universal action that only names an intent.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) action_type: Option<ActionType>,
    /// How the action does it: `request` for requests, `code` for snippets.
    pub(crate) config: &'a JsonMap,
    /// The JSON Schema that an input must fit; any object when none was given.
    pub(crate) input_schema: Value,
    /// The JSON Schema of the output: the custom one, else that of what the mapping makes, else the default, else the
    /// parent's custom one; empty when there is none.
    pub(crate) output_schema: Value,
    /// The JSON Schema of the output by default: what was given, or what records, or the operation have; absent where
    /// nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_output_schema: Option<Value>,
    /// The JSON Schema of what the mapping makes; absent without a mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transformed_output_schema: Option<Value>,
    /// The JSON Schema of the output that a user gave; it wins over the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_output_schema: Option<&'a Value>,
    /// The data-mapping formula that makes the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_mapping: Option<&'a Value>,
    /// The id of the agent session that builds the action, or has built it last; absent unless an intent asked for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent_session_id: Option<&'a str>,
    /// Whether the action was changed since it was copied from its parent.
    pub(crate) is_customized: bool,
    /// Whether the action is the catalog's.
    pub(crate) is_public: bool,
}

impl<'a> ViewContext<'a> {
    /// An action; `at` is the integration that a universal one is looked at from.
    pub fn action(&self, action: &'a Action, at: Option<&'a Integration>) -> ActionView<'a> {
        let OutputSchemas { resolved, default, transformed, .. } = OutputSchemas::of(&self.directory, action, at);
        let parent = parent_of(self.directory.world, action);
        ActionView {
            parent: parent.map(|parent| Box::new(self.bare_action(parent, None))),
            default_output_schema: default,
            transformed_output_schema: transformed,
            ..self.alone(action, self.layered(action, at), resolved)
        }
    }

    /// An action alone, as it is inside others. Of the schemas of its output it has the one that holds.
    pub(super) fn bare_action(&self, action: &'a Action, at: Option<&'a Integration>) -> ActionView<'a> {
        let resolved = OutputSchemas::of(&self.directory, action, at).resolved;
        self.alone(action, self.layered_alone(action, at), resolved)
    }

    fn alone(&self, action: &'a Action, element: ElementView<'a>, output_schema: Option<Value>) -> ActionView<'a> {
        ActionView {
            element,
            state: action.state,
            errors: &action.errors,
            parent_id: action.place.parent.as_ref(),
            parent: None,
            universal_parent_id: universal_parent(self.directory.world, action),
            action_type: action.action_type,
            config: &action.config,
            input_schema: action.input_schema.clone().unwrap_or_else(|| json!({ "type": "object" })),
            output_schema: output_schema.unwrap_or_else(|| json!({})),
            default_output_schema: None,
            transformed_output_schema: None,
            custom_output_schema: action.custom_output_schema.as_ref(),
            output_mapping: action.output_mapping.as_ref(),
            agent_session_id: action.agent_session.as_deref(),
            is_customized: action.is_customized,
            is_public: action.is_public,
        }
    }
}
