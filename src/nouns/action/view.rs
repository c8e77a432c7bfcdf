//! The wire form of an action.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::elements::universal_parent;
use crate::engine::view::ViewContext;
use crate::nouns::action::model::Action;
use crate::nouns::action::model::ActionState;
use crate::nouns::action::model::ActionType;
use crate::nouns::integration::element_view::ElementView;
use crate::nouns::integration::model::Integration;

/// An action on the wire. Source: SDK `ActionApiResponse`, SEED (empty `key` of catalog actions).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Action")]
#[serde(rename_all = "camelCase")]
pub struct ActionView<'a> {
    #[serde(flatten)]
    pub(crate) element: ElementView<'a>,
    pub(crate) state: ActionState,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) errors: &'a [ApiError],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<&'a Id<Action>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) universal_parent_id: Option<Id<Action>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) action_type: Option<ActionType>,
    pub(crate) config: &'a JsonMap,
    pub(crate) input_schema: Value,
    pub(crate) output_schema: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_output_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_output_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_mapping: Option<&'a Value>,
    pub(crate) is_customized: bool,
    pub(crate) is_public: bool,
}

impl<'a> ViewContext<'a> {
    /// An action; `at` is the integration a universal one is looked at from.
    pub fn action(&self, action: &'a Action, at: Option<&'a Integration>) -> ActionView<'a> {
        ActionView {
            element: self.layered(action, at),
            state: action.state,
            errors: &action.errors,
            parent_id: action.place.parent.as_ref(),
            universal_parent_id: universal_parent(self.directory.world, action),
            action_type: action.action_type,
            config: &action.config,
            input_schema: action.input_schema.clone().unwrap_or_else(|| json!({ "type": "object" })),
            output_schema: action.effective_output_schema().cloned().unwrap_or_else(|| json!({})),
            default_output_schema: action.output_schema.as_ref(),
            custom_output_schema: action.custom_output_schema.as_ref(),
            output_mapping: action.output_mapping.as_ref(),
            is_customized: action.is_customized,
            is_public: action.is_public,
        }
    }
}
