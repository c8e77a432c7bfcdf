//! An external app: the product behind a connector, found by search. Pure types.

use serde::{Deserialize, Serialize};

use crate::base::ids::{Id, Index, NameFn};
use crate::base::json::patch::Patch;
use crate::elements::model::Meta;
use crate::nouns::connector::model::Connector;

/// An external app as stored. Source: SDK, OAS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalApp {
    pub id: Id<ExternalApp>,
    #[serde(flatten)]
    pub meta: Meta,
    /// The address of the app's site.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub app_uri: Option<String>,
    /// The address of the documentation of the app's API.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub api_docs_uri: Option<String>,
    /// The address of a logo; one is drawn when there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logo_uri: Option<String>,
    /// The categories by which people look for apps.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The connector that is used when only the app is named; none means that one is built.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub default_connector_id: Option<Id<Connector>>,
    /// Orders the catalog: higher comes first.
    #[serde(default)]
    pub popularity: u32,
    /// Whether the app is the catalog's.
    #[serde(default)]
    pub is_public: bool,
}

impl ExternalApp {
    /// What it is found by: its UUID.
    pub fn names(&self, name: &mut NameFn<'_>) {
        name(Index::Uuid, &[&self.meta.uuid]);
    }

    /// Whether the name, key, description or a category contains `text`, which is lower case.
    pub fn matches(&self, text: &str) -> bool {
        self.meta.matches(text) || self.categories.iter().any(|category| category.to_lowercase().contains(text))
    }

    /// Whether `host` belongs to the app's site: the same host or one below or
    /// above it (`hubspot.com` for `app.hubspot.com`).
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

/// The fields of an external app that a request may set; absent ones keep their value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalAppBody {
    /// The key that code names the app by; derived from `name` when absent on creation.
    pub key: Patch<String>,
    pub name: Patch<String>,
    pub description: Patch<String>,
    /// The address of the app's site.
    pub app_uri: Patch<String>,
    /// The address of the documentation of the app's API.
    pub api_docs_uri: Patch<String>,
    /// The address of a logo.
    pub logo_uri: Patch<String>,
    /// The categories by which people look for apps.
    pub categories: Patch<Vec<String>>,
    /// The id, UUID or key of the connector that is used when only the app is named.
    pub default_connector_id: Patch<String>,
}
