//! An integration: an app as this workspace offers it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use serde_json::Value;

use crate::base::JsonMap;
use crate::base::ids;
use crate::base::ids::Id;
use crate::base::patch::Patch;
use crate::elements::model::Meta;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;

/// An integration as stored. Source: SDK `BaseIntegration`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// Id.
    pub id: Id<Integration>,
    /// Shared fields.
    #[serde(flatten)]
    pub meta: Meta,
    /// Its connector; an app's default one when only the app is named.
    pub connector_id: Option<Id<Connector>>,
    /// Pinned version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connector_version: Option<String>,
    /// The app.
    pub external_app_id: Option<Id<ExternalApp>>,
    /// OAuth client and other parameters.
    #[serde(default)]
    pub parameters: JsonMap,
    /// Per auth option: disabled, parameters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub options_config: Option<JsonMap>,
    /// Overrides the callback address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub o_auth_callback_uri: Option<String>,
    /// Overrides the app's picture.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logo_uri: Option<String>,
    /// A test integration.
    #[serde(default)]
    pub is_test: bool,
}

/// The name of the one way to authenticate that a connector here has.
pub const ONLY_OPTION: &str = "default";

impl Integration {
    /// One of nothing yet.
    pub fn blank(id: Id<Integration>, meta: Meta) -> Self {
        Self {
            id,
            meta,
            connector_id: None,
            connector_version: None,
            external_app_id: None,
            parameters: JsonMap::new(),
            options_config: None,
            o_auth_callback_uri: None,
            logo_uri: None,
            is_test: false,
        }
    }

    /// What the integration has settled for its users: parameters, and those of the auth option. Their fields are not
    /// asked for any more. Source: OAS, SDK (`optionsConfig`).
    pub fn presets(&self) -> JsonMap {
        let mut presets = self.parameters.clone();
        let of_option = self.option().and_then(|option| option.get("parameters")).and_then(Value::as_object);
        presets.extend(of_option.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
        presets
    }

    /// The integration as it holds for a connection that brings parameters of its own, which win. Source: SDK
    /// `ConnectPayload.connectorParameters`.
    #[must_use]
    pub fn with_parameters(&self, own: Option<&Value>) -> Self {
        let mut integration = self.clone();
        let own = own.and_then(Value::as_object).into_iter().flatten();
        integration.parameters.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        integration
    }

    /// Whether its way to authenticate is switched off.
    pub fn is_option_disabled(&self) -> bool {
        self.option().is_some_and(|option| option.get("disabled") == Some(&Value::Bool(true)))
    }

    fn option(&self) -> Option<&JsonMap> {
        self.options_config.as_ref()?.get(ONLY_OPTION)?.as_object()
    }

    /// The id under which a connector that is no integration yet is listed, and which it keeps once it is
    /// (`docs/behaviour.md#integration-synthetic`).
    pub fn synthetic_id(connector: &Id<Connector>) -> Id<Integration> {
        ids::stable_id("integration-of", connector.as_str())
    }

    /// The same for an app without a connector.
    pub fn synthetic_app_id(app: &Id<ExternalApp>) -> Id<Integration> {
        ids::stable_id("integration-of-app", app.as_str())
    }

    /// The id under which a connector is offered, and which the integration that it becomes keeps.
    pub fn offered_id(connector: &Connector) -> Id<Integration> {
        match &connector.external_app_id {
            // Built for an app: the app's own offer becomes real.
            Some(app) if !connector.is_public => Self::synthetic_app_id(app),
            _ => Self::synthetic_id(&connector.id),
        }
    }

    /// Its key, or nothing.
    pub fn key(&self) -> &str {
        self.meta.key.as_deref().unwrap_or_default()
    }

    /// Its own OAuth client, id and secret, when both are given.
    pub fn oauth_client(&self) -> Option<(String, String)> {
        let given = |name: &str| self.parameters.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Some((given("clientId")?, given("clientSecret")?))
    }

    /// What is wrong with its OAuth client: half of one, or none where none is shared.
    pub fn oauth_fault(&self, connector: &Connector) -> Option<&'static str> {
        if !connector.auth_type.is_oauth() {
            return None;
        }
        let given = |name: &str| {
            self.parameters.get(name).and_then(|value| value.as_str()).is_some_and(|text| !text.is_empty())
        };
        match (given("clientId"), given("clientSecret")) {
            (true, true) => None,
            (false, false) if connector.shared_oauth_client => None,
            (false, false) => {
                Some("has no shared OAuth client; set `clientId` and `clientSecret` in the integration's parameters")
            }
            (true, false) => Some("has a `clientId` but no `clientSecret` in the integration's parameters"),
            (false, true) => Some("has a `clientSecret` but no `clientId` in the integration's parameters"),
        }
    }

    /// Whether a parameter that connecting needs is not set. Source: SDK `hasMissingParameters`.
    pub fn has_missing_parameters(&self, connector: Option<&Connector>) -> bool {
        if connector.is_some_and(|connector| self.oauth_fault(connector).is_some()) {
            return true;
        }
        let required = connector.and_then(|c| c.parameters_schema.as_ref()).and_then(|s| s.get("required"));
        required.and_then(serde_json::Value::as_array).is_some_and(|names| {
            names.iter().filter_map(serde_json::Value::as_str).any(|name| !self.parameters.contains_key(name))
        })
    }
}

/// Editable fields. Source: SDK `CreateIntegrationRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IntegrationBody {
    /// Handle.
    pub key: Patch<String>,
    /// UUID.
    pub uuid: Patch<String>,
    /// For people.
    pub name: Patch<String>,
    /// For people.
    pub description: Patch<String>,
    /// The user's own.
    pub meta: Patch<JsonMap>,
    /// A picture.
    pub logo_uri: Patch<String>,
    /// A picture as data.
    pub logo_base64: Patch<String>,
    /// By id.
    pub external_app_id: Option<String>,
    /// By UUID.
    pub external_app_uuid: Option<String>,
    /// By UUID (older name).
    pub app_uuid: Option<String>,
    /// By id.
    pub connector_id: Option<String>,
    /// By UUID.
    pub connector_uuid: Option<String>,
    /// By key.
    pub connector_key: Option<String>,
    /// Pinned version.
    pub connector_version: Patch<String>,
    /// An address, or the empty text.
    pub o_auth_callback_uri: Patch<String>,
    /// OAuth client and other parameters; merged one level deep.
    pub parameters: Patch<JsonMap>,
    /// Per auth option.
    pub options_config: Patch<JsonMap>,
}
