//! An integration: an app as this workspace offers it. Pure types.
//!
//! Invariant: the id of a candidate is derived from its connector or app, and the integration
//! that it becomes keeps that id.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use serde_json::Value;

use crate::base::ids::{Id, Index, NameFn};
use crate::base::json::patch::Patch;
use crate::base::{JsonMap, ids};
use crate::elements::model::Meta;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;

/// An integration as stored. Source: SDK `BaseIntegration`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    pub id: Id<Integration>,
    #[serde(flatten)]
    pub meta: Meta,
    /// The connector; when none is set, the default connector of the app is used.
    pub connector_id: Option<Id<Connector>>,
    /// The connector version that was asked for; it is stored and has no effect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connector_version: Option<String>,
    /// The external app; when none is set, the connector's app is meant.
    pub external_app_id: Option<Id<ExternalApp>>,
    /// The parameters, among them the OAuth client (`clientId`, `clientSecret`). They are secret unless a manager asks.
    #[serde(default)]
    pub parameters: JsonMap,
    /// Settings by auth option: `disabled` and `parameters`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub options_config: Option<JsonMap>,
    /// The address that vendors send browsers back to, in place of the fake's own; empty means the fake's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub o_auth_callback_uri: Option<String>,
    /// The address of a logo, in place of the drawn one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logo_uri: Option<String>,
    /// Whether the integration is for tests; nothing here sets it, so it is false.
    #[serde(default)]
    pub is_test: bool,
}

/// The key of the only auth option that a connector has here.
pub const ONLY_OPTION: &str = "default";

impl Integration {
    /// What it is found by: its UUID and its connector.
    pub fn names(&self, name: &mut NameFn<'_>) {
        name(Index::Uuid, &[&self.meta.uuid]);
        if let Some(connector) = &self.connector_id {
            name(Index::Connector, &[connector.as_str()]);
        }
    }

    /// An integration without connector, app and parameters.
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

    /// The values that the integration has set for its users: its parameters, and over them those of the auth option.
    /// Users are not asked for these fields. Source: OAS, SDK (`optionsConfig`).
    pub fn presets(&self) -> JsonMap {
        let mut presets = self.parameters.clone();
        let of_option = self.option().and_then(|option| option.get("parameters")).and_then(Value::as_object);
        presets.extend(of_option.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
        presets
    }

    /// The integration as it holds for a connection with parameters of its own, which win over
    /// the integration's. Source: SDK `ConnectPayload.connectorParameters`.
    #[must_use]
    pub fn with_parameters(&self, own: Option<&Value>) -> Self {
        let mut integration = self.clone();
        let own = own.and_then(Value::as_object).into_iter().flatten();
        integration.parameters.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        integration
    }

    /// Whether its auth option is switched off, so that nobody can connect.
    pub fn is_option_disabled(&self) -> bool {
        self.option().is_some_and(|option| option.get("disabled") == Some(&Value::Bool(true)))
    }

    fn option(&self) -> Option<&JsonMap> {
        self.options_config.as_ref()?.get(ONLY_OPTION)?.as_object()
    }

    /// The id under which a connector without an integration is listed, and
    /// which its integration keeps (`docs/behaviour.md#integration-synthetic`).
    pub fn synthetic_id(connector: &Id<Connector>) -> Id<Integration> {
        ids::stable_id("integration-of", connector.as_str())
    }

    /// The id under which an app without a connector is listed.
    pub fn synthetic_app_id(app: &Id<ExternalApp>) -> Id<Integration> {
        ids::stable_id("integration-of-app", app.as_str())
    }

    /// The id under which a connector is offered, and which its integration keeps.
    pub fn offered_id(connector: &Connector) -> Id<Integration> {
        match &connector.external_app_id {
            // A connector that was built for an app takes over the id under which the app was offered.
            Some(app) if !connector.is_public => Self::synthetic_app_id(app),
            _ => Self::synthetic_id(&connector.id),
        }
    }

    /// The key; empty text when there is none.
    pub fn key(&self) -> &str {
        self.meta.key.as_deref().unwrap_or_default()
    }

    /// Its own OAuth client, as id and secret, when both are set.
    pub fn oauth_client(&self) -> Option<(String, String)> {
        let given = |name: &str| self.parameters.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Some((given("clientId")?, given("clientSecret")?))
    }

    /// What is wrong with the OAuth client: only half of one is set, or none while the connector has no shared one.
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

/// The fields of an integration that a request may set; absent ones keep
/// their value. Source: SDK `CreateIntegrationRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IntegrationBody {
    /// The key that code names the integration by, unique in the workspace; derived from the connector or
    /// `name` when absent on creation.
    pub key: Patch<String>,
    /// The UUID; one is made when absent on creation.
    pub uuid: Patch<String>,
    /// The name that people see; the connector's name when absent on creation.
    pub name: Patch<String>,
    /// A description for people.
    pub description: Patch<String>,
    /// Any JSON object of your own; it replaces the stored one.
    pub meta: Patch<JsonMap>,
    /// The address of a logo; one is drawn when there is none.
    pub logo_uri: Patch<String>,
    /// A PNG logo in base64; it wins over `logoUri`.
    pub logo_base64: Patch<String>,
    /// The id or key of the external app; its default connector is used when no connector is named.
    pub external_app_id: Option<String>,
    /// The UUID of the external app; an alternative to `externalAppId`.
    pub external_app_uuid: Option<String>,
    /// The older name of `externalAppUuid`.
    pub app_uuid: Option<String>,
    /// The id or key of the connector.
    pub connector_id: Option<String>,
    /// The UUID of the connector; an alternative to `connectorId`.
    pub connector_uuid: Option<String>,
    /// The key of the connector; an alternative to `connectorId`.
    pub connector_key: Option<String>,
    /// The connector version; it is stored and has no effect.
    pub connector_version: Patch<String>,
    /// The address that vendors send browsers back to; the fake's own when absent or empty.
    pub o_auth_callback_uri: Patch<String>,
    /// The parameters, among them the OAuth client (`clientId`, `clientSecret`). Members are merged one level
    /// deep; a null member is removed.
    pub parameters: Patch<JsonMap>,
    /// Settings by auth option: `disabled` and `parameters`. There is one option, `default`.
    pub options_config: Patch<JsonMap>,
}
