//! The fields of screens. Pure types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::JsonMap;
use crate::elements::model::fields::stored_type;

/// Calls a macro with the fields of screens.
macro_rules! screen {
    ($do:ident) => {
        $do! {
            /// A screen. Source: SDK `BaseScreen`.
            Screen {
                noun: "screen", plural: "screens", singular: "screen",
                instance: "screen-instance", source: "SDK",
                holders: Nobody, body: ScreenBody, seed: SeedScreen,
                view: ScreenView as "Screen",
                parent: parent_screen, parent_screen_id as "parentScreenId", "parentScreenKey",
                parent_screen_revision,
                fields: {
                    /// What the screen is of.
                    r#type: crate::nouns::screen::model::ScreenType,
                    /// What it shows, from top to bottom.
                    blocks: Vec<crate::nouns::screen::model::ScreenBlock>,
                }
            }
        }
    };
}

screen!(stored_type);

pub(crate) use screen;

/// What a screen is of. Source: SDK `ScreenType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScreenType {
    /// An integration, whose key is the screen's.
    Integration,
}

/// A block of a screen. Source: SDK `ScreenBlock`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScreenBlock {
    /// What the block shows.
    #[serde(rename = "type")]
    pub block_type: BlockType,
    /// Any fields of the block, such as the key of the element.
    #[serde(flatten)]
    pub more: JsonMap,
}

/// What a block shows. Source: SDK `ScreenBlockType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BlockType {
    /// A flow.
    Flow,
    /// A field mapping.
    FieldMapping,
    /// A data source.
    DataSource,
    /// An action.
    Action,
}
