//! The wire forms of connectors and external apps. They are served in the OpenAPI document, so the comments of fields are for
//! users of the API.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::ids::Id;
use crate::elements::model::Meta;
use crate::engine::Cx;
use crate::engine::view::drawn_logo;
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::connector::rules::is_connected;
use crate::nouns::external_app::model::ExternalApp;

/// A connector, the workspace's own or the catalog's. Source: SDK `Connector`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Connector")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorView<'a> {
    /// The id of the connector.
    id: &'a Id<Connector>,
    /// The UUID, which is the same in every workspace for a connector of the catalog.
    uuid: &'a str,
    /// The key that code names the connector by.
    key: &'a str,
    /// The name that people see.
    name: &'a str,
    /// A description for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    /// The address of the logo: the connector's own or a drawn one.
    logo_uri: String,
    /// The base address of the app's API.
    base_uri: &'a str,
    /// The version of the connector.
    version: &'a str,
    /// A text that changes with each write.
    revision: &'a str,
    /// The categories by which people look for the app.
    categories: &'a [String],
    /// How users of the connector authenticate.
    #[serde(rename = "type")]
    auth_type: AuthType,
    /// The id of the external app; absent when the connector is for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_app_id: Option<&'a Id<ExternalApp>>,
    /// The JSON Schema of what a user types to connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<&'a Value>,
    /// The JSON Schema of the integration's parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_schema: Option<&'a Value>,
    /// Whether the connector is the catalog's.
    is_public: bool,
    /// Orders the catalog: higher comes first.
    popularity: u32,
    /// Whether the connector has a call that tests credentials.
    has_test: bool,
    /// The same as `hasTest`.
    has_auth_test: bool,
    /// Whether the connector can do something by itself.
    has_operations: bool,
    /// Whether the connector has data collections.
    has_data: bool,
    /// How many operations the connector has.
    operations_count: usize,
    /// How many data collections the connector has.
    data_collections_count: usize,
    /// How many events the connector has beside those of records.
    events_count: usize,
    /// Function definitions and `options`, as they were given.
    #[serde(flatten)]
    extra: &'a JsonMap,
}

impl<'a> ConnectorView<'a> {
    pub(super) fn of(cx: &Cx, connector: &'a Connector) -> Self {
        let drawn = || drawn_logo(cx.engine.base(), connector.key());
        Self {
            id: &connector.id,
            uuid: &connector.meta.uuid,
            key: connector.key(),
            name: &connector.meta.name,
            description: connector.meta.description.as_deref(),
            logo_uri: connector.logo_uri.clone().unwrap_or_else(drawn),
            base_uri: &connector.base_uri,
            version: &connector.version,
            revision: &connector.meta.revision,
            categories: &connector.categories,
            auth_type: connector.auth_type,
            external_app_id: connector.external_app_id.as_ref(),
            input_schema: connector.input_schema.as_ref(),
            parameters_schema: connector.parameters_schema.as_ref(),
            is_public: connector.is_public,
            popularity: connector.popularity,
            has_test: connector.test.is_some(),
            has_auth_test: connector.test.is_some(),
            has_operations: !connector.operations.is_empty(),
            has_data: !connector.data_collections.is_empty(),
            operations_count: connector.operations.len(),
            data_collections_count: connector.data_collections.len(),
            events_count: connector.events.len(),
            extra: &connector.extra,
        }
    }
}

/// An external app, the workspace's own or the catalog's. Source: SDK, OAS.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExternalApp")]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppView<'a> {
    /// The id of the app.
    id: &'a Id<ExternalApp>,
    #[serde(flatten)]
    meta: &'a Meta,
    /// The address of the logo: the app's own or a drawn one.
    logo_uri: String,
    /// The address of the app's site.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_uri: Option<&'a str>,
    /// The address of the documentation of the app's API.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_docs_uri: Option<&'a str>,
    /// The categories by which people look for the app.
    categories: &'a [String],
    /// The id of the connector that is used when only the app is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_connector_id: Option<&'a Id<Connector>>,
    /// Orders the catalog: higher comes first.
    popularity: u32,
    /// Whether the app is the catalog's.
    is_public: bool,
    /// The same as `isPublic`.
    is_read_only: bool,
    /// Whether the caller has a working connection to the app.
    is_connected: bool,
}

impl<'a> AppView<'a> {
    pub(super) fn of(cx: &Cx, app: &'a ExternalApp) -> Self {
        let world = cx.world();
        let directory = cx.directory(&world);
        let drawn = || drawn_logo(cx.engine.base(), app.meta.key.as_deref().unwrap_or_default());
        Self {
            id: &app.id,
            meta: &app.meta,
            logo_uri: app.logo_uri.clone().unwrap_or_else(drawn),
            app_uri: app.app_uri.as_deref(),
            api_docs_uri: app.api_docs_uri.as_deref(),
            categories: &app.categories,
            default_connector_id: app.default_connector_id.as_ref(),
            popularity: app.popularity,
            is_public: app.is_public,
            is_read_only: app.is_public,
            is_connected: is_connected(cx, &directory, app),
        }
    }
}
