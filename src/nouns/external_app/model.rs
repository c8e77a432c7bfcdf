//! An external app: the product behind a connector, found by search.

use serde::{Deserialize, Serialize};

use crate::base::ids::Id;
use crate::base::patch::Patch;
use crate::elements::model::Meta;
use crate::nouns::connector::model::Connector;

/// An external app as stored. Source: SDK, OAS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalApp {
    /// Id.
    pub id: Id<ExternalApp>,
    /// Shared fields.
    #[serde(flatten)]
    pub meta: Meta,
    /// The app's site.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub app_uri: Option<String>,
    /// Its API's documentation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub api_docs_uri: Option<String>,
    /// A picture; one is drawn when there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logo_uri: Option<String>,
    /// Kinds of app.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The connector used when only the app is named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub default_connector_id: Option<Id<Connector>>,
    /// Higher comes first in search.
    #[serde(default)]
    pub popularity: u32,
    /// From the catalog.
    #[serde(default)]
    pub is_public: bool,
}

impl ExternalApp {
    /// Whether `text` (lower case) is in name, key, description or a category.
    pub fn matches(&self, text: &str) -> bool {
        self.meta.matches(text) || self.categories.iter().any(|category| category.to_lowercase().contains(text))
    }

    /// Whether `host` is the app's own (`hubspot.com` for `app.hubspot.com`).
    pub fn owns_host(&self, host: &str) -> bool {
        let Some(own) = self.app_uri.as_deref().and_then(|uri| url::Url::parse(uri).ok()) else { return false };
        let Some(own) = own.host_str() else { return false };
        let own = own.trim_start_matches("www.");
        let host = host.trim_start_matches("www.");
        host.eq_ignore_ascii_case(own)
            || host.to_ascii_lowercase().ends_with(&format!(".{own}"))
            || own.ends_with(&format!(".{}", host.to_ascii_lowercase()))
    }
}

/// Editable fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalAppBody {
    /// Handle.
    pub key: Patch<String>,
    /// For people.
    pub name: Patch<String>,
    /// For people.
    pub description: Patch<String>,
    /// The app's site.
    pub app_uri: Patch<String>,
    /// Its API's documentation.
    pub api_docs_uri: Patch<String>,
    /// A picture.
    pub logo_uri: Patch<String>,
    /// Kinds of app.
    pub categories: Patch<Vec<String>>,
    /// By id.
    pub default_connector_id: Patch<String>,
}
