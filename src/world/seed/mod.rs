//! Seeds: a folder or one file of YAML or JSON that describes a workspace (`docs/behaviour.md#seed`).
//!
//! Invariant: a seed is read whole and held against itself and the catalog before anything is planted; an error carries
//! file, line and field.

mod bounds;
mod element;
mod file;
mod read;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::element::place_in;
pub use self::element::{SeedElement, SeedFlow};
pub use self::file::SeedError;
use self::file::{Origin, SeedFile};
pub(crate) use self::file::{Step, error_at, parse_text};
pub use self::read::folder_of_key;
use crate::base::JsonMap;
use crate::base::clock::ClockMode;
use crate::nouns::action::model::ActionType;
use crate::nouns::connector::model::{Apply, AuthType, Connector, OauthConfig, TestCall};
use crate::nouns::integration::model::Integration;
use crate::nouns::stub::model::StubSpec;
use crate::nouns::workspace::model::progress::ProgressSettings;
use crate::nouns::workspace::model::{MockSettings, Settings};
use crate::world::scenario::model::Scenario;

/// A seed, read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SeedDocument {
    /// The workspace.
    pub workspace: SeedWorkspace,
    /// External apps.
    pub external_apps: Vec<SeedApp>,
    /// Connectors.
    pub connectors: Vec<SeedConnector>,
    /// Integrations with their actions.
    pub integrations: Vec<SeedIntegration>,
    /// Universal actions.
    pub actions: Vec<SeedAction>,
    /// Universal flows.
    pub flows: Vec<SeedFlow>,
    /// Connections, READY unless said.
    pub connections: Vec<SeedConnection>,
    /// Stubs per connector.
    pub stubs: BTreeMap<String, Vec<StubSpec>>,
    /// Scenarios, beside the shipped ones.
    pub scenarios: Vec<Scenario>,
    /// What was passed over: files of element types that are not faked, fields that mean nothing here.
    #[serde(skip)]
    pub passed_over: Vec<String>,
    /// Whether it came in as an archive, and not as a seed.
    #[serde(skip)]
    pub is_archive: bool,
    /// What it was read from, for errors that are found later.
    #[serde(skip)]
    files: Vec<SeedFile>,
}

/// `workspace.yaml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SeedWorkspace {
    /// Key.
    pub key: Option<String>,
    /// Secret.
    pub secret: Option<String>,
    /// For people.
    pub name: Option<String>,
    /// Tenants.
    pub tenants: Vec<SeedTenant>,
    /// The tenant that `credentials` names.
    pub default_tenant: Option<String>,
    /// The platform's settings.
    pub settings: Settings,
    /// The fake's settings.
    pub mock: MockSettings,
    /// `system`, or a moment at which time stands still.
    pub clock: Option<String>,
    /// When state machines move; the same as `mock.progress`.
    pub progress: Option<ProgressSettings>,
}

impl SeedWorkspace {
    /// The fake's settings with `progress` in its place.
    pub fn mock(&self) -> MockSettings {
        let mut mock = self.mock.clone();
        if let Some(progress) = &self.progress {
            mock.progress = progress.clone();
        }
        mock
    }

    /// How time runs, when the seed says.
    pub fn clock(&self) -> Result<Option<ClockMode>, String> {
        self.clock.as_deref().map(str::parse).transpose()
    }
}

/// A tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedTenant {
    /// The tenant key.
    pub key: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// The user's own.
    #[serde(default)]
    pub fields: JsonMap,
}

/// An external app.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedApp {
    /// Handle.
    pub key: String,
    /// For people.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// The app's site.
    #[serde(default)]
    pub app_uri: Option<String>,
    /// Its API's documentation.
    #[serde(default)]
    pub api_docs_uri: Option<String>,
    /// Kinds of app.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Higher comes first.
    #[serde(default)]
    pub popularity: u32,
}

/// A connector.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedConnector {
    /// Handle.
    pub key: String,
    /// For people.
    pub name: String,
    /// The app, by key.
    #[serde(default)]
    pub external_app: Option<String>,
    /// Kinds of app.
    #[serde(default)]
    pub categories: Vec<String>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// The real app's API.
    pub base_uri: String,
    /// How users authenticate.
    #[serde(rename = "type")]
    pub auth_type: AuthType,
    /// OAuth endpoints.
    #[serde(default)]
    pub oauth: Option<OauthConfig>,
    /// The form of a connection.
    #[serde(default)]
    pub input_schema: Option<Value>,
    /// The integration's parameters.
    #[serde(default)]
    pub parameters_schema: Option<Value>,
    /// How credentials go onto a request.
    #[serde(default)]
    pub apply: Option<Apply>,
    /// A call that shows whether credentials work.
    #[serde(default)]
    pub test: Option<TestCall>,
    /// Version.
    #[serde(default)]
    pub version: Option<String>,
    /// Higher comes first.
    #[serde(default)]
    pub popularity: u32,
    /// Whether the platform's shared OAuth client exists for it.
    #[serde(default = "yes", rename = "sharedOAuthClient")]
    pub shared_oauth_client: bool,
    /// Actions of its app's catalog.
    #[serde(default)]
    pub actions: Vec<SeedAction>,
}

fn yes() -> bool {
    true
}

/// An integration. Fields of a real export that mean nothing here are let be.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeedIntegration {
    /// Handle; the folder's name when absent.
    #[serde(default)]
    pub key: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// By key; its own key when absent.
    #[serde(default)]
    pub connector_key: Option<String>,
    /// OAuth client and other parameters.
    #[serde(default)]
    pub parameters: JsonMap,
    /// Per auth option.
    #[serde(default)]
    pub options_config: Option<JsonMap>,
    /// Overrides the callback address.
    #[serde(default)]
    pub o_auth_callback_uri: Option<String>,
    /// Overrides the app's picture.
    #[serde(default)]
    pub logo_uri: Option<String>,
    /// The user's own.
    #[serde(default)]
    pub meta: Option<JsonMap>,
    /// The same in every workspace that it was exported to.
    #[serde(default)]
    pub uuid: Option<String>,
    /// Its actions.
    #[serde(default)]
    pub actions: Vec<SeedAction>,
    /// Its flows.
    #[serde(default)]
    pub flows: Vec<SeedFlow>,
    #[serde(skip)]
    origin: Origin,
}

/// An action. Fields of a real export that mean nothing here are let be.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeedAction {
    /// Handle; the folder's name when absent.
    #[serde(default)]
    pub key: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// What it does.
    #[serde(rename = "type", default)]
    pub action_type: Option<ActionType>,
    /// How.
    #[serde(default)]
    pub config: JsonMap,
    /// What it takes.
    #[serde(default)]
    pub input_schema: Option<Value>,
    /// What it gives.
    #[serde(default)]
    pub output_schema: Option<Value>,
    /// Shapes the output.
    #[serde(default)]
    pub output_mapping: Option<Value>,
    /// What it gives, when said.
    #[serde(default)]
    pub custom_output_schema: Option<Value>,
    /// The user's own.
    #[serde(default)]
    pub meta: Option<JsonMap>,
    /// The same in every workspace that it was exported to.
    #[serde(default)]
    pub uuid: Option<String>,
    #[serde(skip)]
    origin: Origin,
}

/// A connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedConnection {
    /// Handle.
    pub key: String,
    /// The tenant's key; the default tenant when absent.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The integration's key.
    pub integration: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// Its own credentials, instead of ones from the stub vendor.
    #[serde(default)]
    pub credentials: Option<JsonMap>,
    #[serde(skip)]
    origin: Origin,
}

impl SeedIntegration {
    /// How a seed would describe an integration, without its actions and, as on the platform, without its parameters.
    /// Source: SDK `IntegrationExportProperties`.
    pub fn of(integration: &Integration, connector: &Connector) -> Self {
        Self {
            key: integration.key().to_owned(),
            name: Some(integration.meta.name.clone()),
            description: integration.meta.description.clone(),
            connector_key: Some(connector.key().to_owned()),
            parameters: JsonMap::new(),
            meta: integration.meta.meta.clone(),
            options_config: integration.options_config.clone(),
            o_auth_callback_uri: integration.o_auth_callback_uri.clone(),
            logo_uri: integration.logo_uri.clone(),
            uuid: Some(integration.meta.uuid.clone()),
            actions: Vec::new(),
            flows: Vec::new(),
            origin: Origin::default(),
        }
    }
}

impl SeedConnector {
    /// How a seed would describe a connector of the workspace's own.
    pub fn of(connector: &Connector, external_app: Option<String>) -> Self {
        Self {
            key: connector.key().to_owned(),
            name: connector.meta.name.clone(),
            external_app,
            categories: connector.categories.clone(),
            description: connector.meta.description.clone(),
            base_uri: connector.base_uri.clone(),
            auth_type: connector.auth_type,
            oauth: connector.oauth.clone(),
            input_schema: connector.input_schema.clone(),
            parameters_schema: connector.parameters_schema.clone(),
            apply: Some(connector.apply.clone()),
            test: connector.test.clone(),
            version: Some(connector.version.clone()),
            popularity: connector.popularity,
            shared_oauth_client: connector.shared_oauth_client,
            actions: Vec::new(),
        }
    }
}
