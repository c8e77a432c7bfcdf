//! What connected products have of their own as a kind of element.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::error::ApiError;
use crate::engine::view::ViewContext;
use crate::nouns::connected_product::model::{ConnectedProduct, ProductType, connected_product};
use crate::nouns::kind::{FieldRules, kind_of_fields};

connected_product!(kind_of_fields);

/// What an answer has beside what is stored.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct More {
    /// Always false: nothing here notes which product calls.
    is_connected: bool,
    /// What it is, where it was not said.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    of_type: Option<ProductType>,
}

impl FieldRules for ConnectedProduct {
    type More<'a> = More;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        Ok(())
    }

    fn more<'a>(&'a self, _: &ViewContext<'a>) -> More {
        More { is_connected: false, of_type: self.r#type.is_none().then_some(ProductType::App) }
    }
}
