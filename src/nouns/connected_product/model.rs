//! The fields of connected products. Pure types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::elements::model::fields::stored_type;

/// Calls a macro with the fields of connected products.
macro_rules! connected_product {
    ($do:ident) => {
        $do! {
            /// A connected product. Source: SDK `BaseConnectedProduct`.
            ConnectedProduct {
                noun: "connected product", plural: "connected-products", singular: "connected-product",
                instance: "connected-product-instance", source: "SDK",
                holders: Nobody, body: ConnectedProductBody, seed: SeedConnectedProduct,
                view: ConnectedProductView as "ConnectedProduct",
                parent: parent_product, parent_product_id as "parentProductId", "parentProductKey",
                parent_product_revision,
                fields: {
                    /// What it is; `app` when absent.
                    r#type: crate::nouns::connected_product::model::ProductType,
                    /// Whom it is for.
                    audience: crate::nouns::connected_product::model::Audience,
                    /// Settings of an agent, such as `agentType`.
                    parameters: crate::base::JsonMap,
                }
            }
        }
    };
}

connected_product!(stored_type);

pub(crate) use connected_product;

/// What a connected product is. Source: SDK `ConnectedProductType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProductType {
    /// An agent.
    AiAgent,
    /// An app.
    App,
}

/// Whom a connected product is for. Source: SDK `ConnectedProductAudience`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Whoever made it.
    Personal,
    /// The customers of whoever made it.
    Customers,
}
