//! The wire form of an integration, and of a connector or app that becomes one when somebody connects to it. It is
//! served in the OpenAPI document, so the comments of fields are for users of the API.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::base::json::member;
use crate::base::redact::MASK;
use crate::elements::model::Meta;
use crate::engine::view::{Secrets, ViewContext};
use crate::nouns::connection::ConnectionView;
use crate::nouns::connection::model::Connection;
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::{Integration, ONLY_OPTION};

/// An integration, or a connector or app that becomes one when somebody connects to it.
/// Source: SDK `IntegrationApiResponse`, `IntegrationListItem`, SEED.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Integration")]
#[serde(rename_all = "camelCase")]
pub struct IntegrationView<'a> {
    /// The id; a candidate has the one that its integration will have.
    pub(crate) id: Id<Integration>,
    /// The same as `id`; absent for a candidate that is not an integration yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<&'a Id<Integration>>,
    /// The UUID, which stays the same when the integration is exported to another workspace.
    pub(crate) uuid: &'a str,
    /// The key that code names the integration by; empty when there is none.
    pub(crate) key: &'a str,
    /// The name that people see.
    pub(crate) name: &'a str,
    /// A description for people; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    /// Any JSON object of your own; absent when none was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<&'a JsonMap>,
    /// The state; here it is always `READY`.
    pub(crate) state: &'static str,
    /// A text that changes with each write.
    pub(crate) revision: &'a str,
    /// When the integration was made, on the workspace's clock.
    pub(crate) created_at: Timestamp,
    /// When the integration was last written, on the workspace's clock.
    pub(crate) updated_at: Timestamp,
    /// When the integration was archived; absent while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<Timestamp>,
    /// Always false: integrations are not deactivated here.
    pub(crate) is_deactivated: bool,
    /// Whether the integration is for tests.
    pub(crate) is_test: bool,
    /// The address of the logo: its own, the connector's or a drawn one.
    pub(crate) logo_uri: String,
    /// The id of the connector; absent when there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_id: Option<Id<Connector>>,
    /// The key of the connector; absent when there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_key: Option<String>,
    /// The connector version that was asked for; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_version: Option<&'a str>,
    /// The id of the external app; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<Id<ExternalApp>>,
    /// The UUID of the external app, by which older apps match it; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_uuid: Option<String>,
    /// How users authenticate; absent when there is no connector yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auth_type: Option<AuthType>,
    /// The address that vendors send browsers back to, in place of the fake's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) o_auth_callback_uri: Option<&'a str>,
    /// Whether a parameter that connecting needs is not set.
    pub(crate) has_missing_parameters: bool,
    /// Always false: documentation of integrations is not faked.
    pub(crate) has_documentation: bool,
    /// Whether the connector has operations.
    pub(crate) has_operations: bool,
    /// Whether the connector has data collections.
    pub(crate) has_data: bool,
    /// Whether the connector tells of events.
    pub(crate) has_events: bool,
    /// Always false: global webhooks are not faked.
    pub(crate) has_global_webhooks: bool,
    /// Whether a data collection of the connector has a unified data model.
    pub(crate) has_udm: bool,
    /// The parameters by name; secret ones are masked unless a manager asks for secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<JsonMap>,
    /// Settings by auth option; absent when none were set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) options_config: Option<&'a JsonMap>,
    /// The ways to authenticate, in the older form that apps still read; only where one integration is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auth_options: Option<Vec<AuthOption<'a>>>,
    /// The caller's connection: a working one, else the newest; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<Box<ConnectionView<'a>>>,
}

/// A way to authenticate, of which a connector has one. Source: SDK `IntegrationAuthOption`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthOption<'a> {
    /// The key that names the way when somebody connects.
    pub(crate) key: &'static str,
    /// How users authenticate.
    #[serde(rename = "type")]
    pub(crate) auth_type: AuthType,
    /// What people see.
    pub(crate) title: &'a str,
    /// What users are asked for, as a JSON schema; it has no properties when they are asked for nothing.
    pub(crate) input_schema: Value,
    /// What a form of one's own needs.
    pub(crate) ui: AuthOptionUi,
}

/// What a form for connecting shows.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AuthOptionUi {
    /// The same as `inputSchema`.
    pub(crate) schema: Value,
}

/// The ways to authenticate with a connector; none when the integration switches its only one off.
pub(super) fn auth_options<'a>(connector: &'a Connector, integration: Option<&Integration>) -> Vec<AuthOption<'a>> {
    if integration.is_some_and(Integration::is_option_disabled) {
        return Vec::new();
    }
    let presets = integration.map(Integration::presets).unwrap_or_default();
    let asks_nothing = || json!({ "type": "object", "properties": {} });
    let input_schema = if connector.input_schema.is_some() { connector.form_without(&presets) } else { asks_nothing() };
    vec![AuthOption {
        key: ONLY_OPTION,
        auth_type: connector.auth_type,
        title: &connector.meta.name,
        ui: AuthOptionUi { schema: input_schema.clone() },
        input_schema,
    }]
}

impl<'a> ViewContext<'a> {
    /// An integration with the caller's connection: a working one, else the newest.
    pub fn integration(&self, integration: &'a Integration, secrets: Secrets) -> IntegrationView<'a> {
        let mut view = self.bare_integration(integration);
        if self.caller.tenant().is_some() {
            let mut own = self.directory.connections(self.caller).rev();
            let of_it = |c: &&'a std::sync::Arc<Connection>| c.integration.as_ref() == Some(&integration.id);
            let found = {
                let ready = self.directory.connections(self.caller).rev().filter(of_it).find(|c| c.is_connected());
                ready.or_else(|| own.find(of_it))
            };
            view.connection = found.map(|found| Box::new(self.bare_connection(found, Secrets::Hidden)));
        }
        if secrets == Secrets::Shown {
            view.parameters = Some(integration.parameters.clone());
        }
        view
    }

    /// An integration alone, as it is inside other records.
    pub fn bare_integration(&self, integration: &'a Integration) -> IntegrationView<'a> {
        let connector = self.directory.connector_for(integration);
        let app = integration
            .external_app_id
            .clone()
            .or_else(|| connector.as_ref().and_then(|connector| connector.external_app_id.clone()));
        let drawn = connector.as_ref().map_or_else(|| integration.key().to_owned(), |c| c.key().to_owned());
        IntegrationView {
            integration_id: Some(&integration.id),
            logo_uri: self.logo(integration.logo_uri.as_deref(), &drawn),
            connector_id: connector.as_ref().map(|connector| connector.id.clone()),
            connector_key: connector.as_ref().map(|connector| connector.key().to_owned()),
            has_operations: connector.as_ref().is_some_and(|connector| !connector.operations.is_empty()),
            has_data: connector.as_ref().is_some_and(|connector| !connector.data_collections.is_empty()),
            has_events: connector.as_ref().is_some_and(|connector| !connector.events.is_empty()),
            has_udm: connector.as_ref().is_some_and(|connector| connector.has_udm()),
            connector_version: integration.connector_version.as_deref(),
            app_uuid: self.app_uuid(app.as_ref()),
            external_app_id: app,
            auth_type: connector.as_ref().map(|connector| connector.auth_type),
            o_auth_callback_uri: integration.o_auth_callback_uri.as_deref(),
            has_missing_parameters: integration.has_missing_parameters(connector.as_deref()),
            parameters: (!integration.parameters.is_empty())
                .then(|| masked_parameters(&integration.parameters, connector.as_deref())),
            options_config: integration.options_config.as_ref(),
            is_test: integration.is_test,
            ..Self::integration_of_meta(integration.id.clone(), &integration.meta)
        }
    }

    fn app_uuid(&self, app: Option<&Id<ExternalApp>>) -> Option<String> {
        Some(self.directory.app(app?.as_str())?.meta.uuid.clone())
    }

    fn integration_of_meta(id: Id<Integration>, meta: &'a Meta) -> IntegrationView<'a> {
        IntegrationView {
            id,
            integration_id: None,
            uuid: &meta.uuid,
            key: meta.key.as_deref().unwrap_or_default(),
            name: &meta.name,
            description: meta.description.as_deref(),
            meta: meta.meta.as_ref(),
            state: "READY",
            revision: &meta.revision,
            created_at: meta.created_at,
            updated_at: meta.updated_at,
            archived_at: meta.archived_at,
            is_deactivated: false,
            is_test: false,
            logo_uri: String::new(),
            connector_id: None,
            connector_key: None,
            connector_version: None,
            external_app_id: None,
            app_uuid: None,
            auth_type: None,
            o_auth_callback_uri: None,
            has_missing_parameters: false,
            has_documentation: false,
            has_operations: false,
            has_data: false,
            has_events: false,
            has_global_webhooks: false,
            has_udm: false,
            parameters: None,
            options_config: None,
            auth_options: None,
            connection: None,
        }
    }

    /// A connector as the integration that it becomes when somebody connects to it. Source: SEED.
    pub fn candidate(&self, connector: &'a Connector) -> IntegrationView<'a> {
        IntegrationView {
            logo_uri: self.logo(connector.logo_uri.as_deref(), connector.key()),
            connector_id: Some(connector.id.clone()),
            connector_key: Some(connector.key().to_owned()),
            has_operations: !connector.operations.is_empty(),
            has_data: !connector.data_collections.is_empty(),
            has_events: !connector.events.is_empty(),
            has_udm: connector.has_udm(),
            app_uuid: self.app_uuid(connector.external_app_id.as_ref()),
            external_app_id: connector.external_app_id.clone(),
            auth_type: Some(connector.auth_type),
            ..Self::integration_of_meta(Integration::synthetic_id(&connector.id), &connector.meta)
        }
    }

    /// An app without a connector as the integration that it becomes when somebody connects to it. Source: SEED.
    pub fn app_candidate(&self, app: &'a ExternalApp) -> IntegrationView<'a> {
        IntegrationView {
            logo_uri: self.logo(app.logo_uri.as_deref(), app.meta.key.as_deref().unwrap_or_default()),
            external_app_id: Some(app.id.clone()),
            app_uuid: Some(app.meta.uuid.clone()),
            ..Self::integration_of_meta(Integration::synthetic_app_id(&app.id), &app.meta)
        }
    }
}

/// Whether a parameter is secret: the connector's schema marks it as sensitive, or `secret` is in its name.
pub(super) fn is_secret_parameter(name: &str, connector: Option<&Connector>) -> bool {
    let schema = connector.and_then(|connector| connector.parameters_schema.as_ref());
    let property = schema.map(|schema| member(member(schema, "properties"), name));
    property.is_some_and(|property| *member(property, "isSensitive") == Value::Bool(true))
        || name.to_lowercase().contains("secret")
}

/// Parameters with secret values masked.
pub(super) fn masked_parameters(parameters: &JsonMap, connector: Option<&Connector>) -> JsonMap {
    let mut masked = parameters.clone();
    for (name, value) in &mut masked {
        if is_secret_parameter(name, connector) {
            *value = Value::String(MASK.into());
        }
    }
    masked
}
