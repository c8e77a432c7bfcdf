//! Seeds: a folder or one file of YAML or JSON that describes a workspace (`docs/behaviour.md#seed`).
//!
//! Invariant: a seed is read completely and checked, by itself and against the catalog, before anything is planted; an
//! error has file, line and field.

mod bounds;
mod file;
mod folder;
mod kinds;
mod read;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::file::SeedError;
use self::file::SeedFile;
pub(crate) use self::file::{error_at, parse_text};
pub use self::folder::folder_of_key;
use crate::base::JsonMap;
use crate::base::clock::ClockMode;
use crate::base::work::Listener;
use crate::elements::Kind;
use crate::elements::origin::Origin;
use crate::nouns::action::seed::SeedAction;
use crate::nouns::connector::model::{Apply, AuthType, Connector, OauthConfig, TestCall};
use crate::nouns::data_collection::model::DataCollection;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::external_event::model::ConnectorEvent;
use crate::nouns::integration::model::Integration;
use crate::nouns::model::for_each_kind;
use crate::nouns::operation::model::Operation;
use crate::nouns::stub::model::StubSpec;
use crate::nouns::workspace::model::progress::ProgressSettings;
use crate::nouns::workspace::model::{MockSettings, Settings};
use crate::world::scenario::model::Scenario;

/// The two places where a seed has elements, with a list for each kind.
macro_rules! documents {
    (
        records { $($records:tt)* }
        elements {
            $($(#[$doc:meta])* $kind:ident($name:literal) in $table:ident: $element:ty, by $key:expr $(, waits $agenda:expr)? $(, queues $queue:expr)?;)*
        }
    ) => {
        /// A seed that was read.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
        pub struct SeedDocument {
            /// The workspace itself and its tenants.
            pub workspace: SeedWorkspace,
            /// External apps beside the catalog's.
            pub external_apps: Vec<SeedApp>,
            /// Connectors beside the catalog's.
            pub connectors: Vec<SeedConnector>,
            /// Integrations with their elements.
            pub integrations: Vec<SeedIntegration>,
            $(
                /// Universal elements of the kind, which those of integrations customise.
                pub $table: Vec<<$element as Kind>::Seed>,
            )*
            /// Connections, which are READY.
            pub connections: Vec<SeedConnection>,
            /// Stubs by the key of their connector.
            pub stubs: BTreeMap<String, Vec<StubSpec>>,
            /// Scenarios beside the shipped ones.
            pub scenarios: Vec<Scenario>,
            /// What was ignored: fields that have no meaning here.
            #[serde(skip)]
            pub passed_over: Vec<String>,
            /// Whether the document is an archive that is imported, and not a seed.
            #[serde(skip)]
            pub is_archive: bool,
            /// The files that the document was read from, for errors that are found later.
            #[serde(skip)]
            files: Vec<SeedFile>,
            /// It is told how far reading and planting are.
            #[serde(skip)]
            pub listener: Listener,
        }

        /// An integration in a seed. Fields of a real export that have no meaning here are ignored.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct SeedIntegration {
            /// The key; the folder's name when absent.
            #[serde(default)]
            pub key: String,
            /// The name that people see; the connector's when absent.
            #[serde(default)]
            pub name: Option<String>,
            /// A description for people; the connector's when absent.
            #[serde(default)]
            pub description: Option<String>,
            /// The key of the connector; the integration's own key when absent.
            #[serde(default)]
            pub connector_key: Option<String>,
            /// The id of the connector where no key is given, as a folder that was pulled has it.
            #[serde(default)]
            pub connector_id: Option<String>,
            /// The version of the connector that connections use; the newest when absent.
            #[serde(default)]
            pub connector_version: Option<String>,
            /// The parameters, among them the OAuth client (`clientId`, `clientSecret`).
            #[serde(default, skip_serializing_if = "JsonMap::is_empty")]
            pub parameters: JsonMap,
            /// Settings by auth option: `disabled` and `parameters`.
            #[serde(default)]
            pub options_config: Option<JsonMap>,
            /// The address that vendors send browsers back to, in place of the fake's own.
            #[serde(default)]
            pub o_auth_callback_uri: Option<String>,
            /// The address of a logo, in place of the drawn one.
            #[serde(default)]
            pub logo_uri: Option<String>,
            /// Any JSON object of the user's own.
            #[serde(default)]
            pub meta: Option<JsonMap>,
            /// The UUID, which is the same in every workspace that the integration was exported to; one is made when absent.
            #[serde(default)]
            pub uuid: Option<String>,
            $(
                #[serde(default, skip_serializing_if = "Vec::is_empty")]
                pub $table: Vec<<$element as Kind>::Seed>,
            )*
            #[serde(skip)]
            origin: Origin,
        }

        impl SeedIntegration {
            /// The key or id of its connector.
            pub fn connector(&self) -> &str {
                self.connector_key.as_deref().or(self.connector_id.as_deref()).unwrap_or(&self.key)
            }

            /// The description of an integration in an export, without its elements and, as on the platform, without
            /// its parameters. Source: SDK `IntegrationExportProperties`.
            pub fn of(integration: &Integration, connector: &Connector) -> Self {
                Self {
            key: integration.key().to_owned(),
            name: Some(integration.meta.name.clone()),
            description: integration.meta.description.clone(),
            connector_key: Some(connector.key().to_owned()),
            connector_id: None,
            connector_version: integration.connector_version.clone(),
            parameters: JsonMap::new(),
            meta: integration.meta.meta.clone(),
            options_config: integration.options_config.clone(),
            o_auth_callback_uri: integration.o_auth_callback_uri.clone(),
            logo_uri: integration.logo_uri.clone(),
            uuid: Some(integration.meta.uuid.clone()),
            $($table: Vec::new(),)*
            origin: Origin::default(),
                }
            }
        }

        $(impl Seeded for $element {
            fn of_document(document: &SeedDocument) -> &Vec<Self::Seed> {
                &document.$table
            }

            fn of_document_mut(document: &mut SeedDocument) -> &mut Vec<Self::Seed> {
                &mut document.$table
            }

            fn of_integration(integration: &SeedIntegration) -> &Vec<Self::Seed> {
                &integration.$table
            }

            fn of_integration_mut(integration: &mut SeedIntegration) -> &mut Vec<Self::Seed> {
                &mut integration.$table
            }
        })*

        /// Does something for each kind of element, in the order of the list.
        pub fn each_kind<E: EachKind>(each: &mut E) -> Result<(), E::Error> {
            $(each.kind::<$element>()?;)*
            Ok(())
        }
    };
}

for_each_kind!(documents);

/// A kind of element in seeds: where they keep its forms.
pub trait Seeded: Kind {
    fn of_document(document: &SeedDocument) -> &Vec<Self::Seed>;
    fn of_document_mut(document: &mut SeedDocument) -> &mut Vec<Self::Seed>;
    fn of_integration(integration: &SeedIntegration) -> &Vec<Self::Seed>;
    fn of_integration_mut(integration: &mut SeedIntegration) -> &mut Vec<Self::Seed>;
}

/// Something that is done for each kind of element.
pub trait EachKind {
    /// Why it could not be done.
    type Error;

    /// Does it for one kind.
    fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error>;
}

/// The names of the folders that hold elements, such as `flows`.
pub fn folders_of_kinds() -> Vec<&'static str> {
    struct Folders(Vec<&'static str>);
    impl EachKind for Folders {
        type Error = std::convert::Infallible;
        fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
            self.0.push(K::PLURAL);
            Ok(())
        }
    }
    let mut folders = Folders(Vec::new());
    let Ok(()) = each_kind(&mut folders);
    folders.0
}

/// The name, beside others of its kind, of an element that is for one external app alone.
pub(crate) fn for_app(key: &str, app: &ExternalApp) -> String {
    format!("{key}@{}", name_of_app(app))
}

/// The key of an app, else its id.
pub(crate) fn name_of_app(app: &ExternalApp) -> String {
    app.meta.key.clone().unwrap_or_else(|| app.id.to_string())
}

/// The path of an element in a seed or an archive, below its integration's folder.
pub(crate) fn place_in<K: Kind>(key: &str) -> String {
    format!("{}/{key}", K::PLURAL)
}

/// The file `workspace.yaml` of a seed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SeedWorkspace {
    /// The workspace key; one is made when absent or taken.
    pub key: Option<String>,
    /// The secret that tokens are signed with; one is made when absent.
    pub secret: Option<String>,
    /// The name that people see; the key when absent.
    pub name: Option<String>,
    pub tenants: Vec<SeedTenant>,
    /// The key of the tenant that `credentials` and `token` name; `demo-tenant` when absent.
    pub default_tenant: Option<String>,
    pub settings: Settings,
    pub mock: MockSettings,
    /// `system`, or a moment at which time stands still.
    pub clock: Option<String>,
    /// When state machines move; it wins over `mock.progress`.
    pub progress: Option<ProgressSettings>,
}

impl SeedWorkspace {
    /// The fake's settings, with `progress` in its place.
    pub fn mock(&self) -> MockSettings {
        let mut mock = self.mock.clone();
        if let Some(progress) = &self.progress {
            mock.progress = progress.clone();
        }
        mock
    }

    /// How the workspace's clock runs; none when the seed does not say. Fails for a text that is
    /// neither `system` nor a moment.
    pub fn clock(&self) -> Result<Option<ClockMode>, String> {
        self.clock.as_deref().map(str::parse).transpose()
    }
}

/// A tenant in a seed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedTenant {
    /// The tenant key, which tokens name.
    pub key: String,
    /// The name that people see; the key when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Fields of the user's own.
    #[serde(default)]
    pub fields: JsonMap,
}

/// An external app in a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedApp {
    /// The key that code names the app by.
    pub key: String,
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    /// The address of the app's site.
    #[serde(default)]
    pub app_uri: Option<String>,
    /// The address of the documentation of the app's API.
    #[serde(default)]
    pub api_docs_uri: Option<String>,
    /// The categories by which people look for apps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The address of a logo, in place of the drawn one.
    #[serde(default)]
    pub logo_uri: Option<String>,
    /// Orders the catalog: higher comes first; 0 when absent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub popularity: u32,
    /// The UUID, which is the same in every workspace that the app was exported to; one is made when absent.
    #[serde(default)]
    pub uuid: Option<String>,
}

impl SeedApp {
    /// The description of an app of the workspace's own in an export.
    pub fn of(app: &ExternalApp) -> Self {
        Self {
            key: app.meta.key.clone().unwrap_or_default(),
            name: app.meta.name.clone(),
            description: app.meta.description.clone(),
            app_uri: app.app_uri.clone(),
            api_docs_uri: app.api_docs_uri.clone(),
            categories: app.categories.clone(),
            logo_uri: app.logo_uri.clone(),
            popularity: app.popularity,
            uuid: Some(app.meta.uuid.clone()),
        }
    }
}

/// A connector in a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedConnector {
    /// The key that code names the connector by.
    pub key: String,
    pub name: String,
    /// The key of the external app; none when absent.
    #[serde(default)]
    pub external_app: Option<String>,
    /// The categories by which people look for the app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    #[serde(default)]
    pub description: Option<String>,
    /// The base address of the app's real API.
    pub base_uri: String,
    #[serde(rename = "type")]
    pub auth_type: AuthType,
    /// The OAuth 2 endpoints of the real app.
    #[serde(default)]
    pub oauth: Option<OauthConfig>,
    /// The JSON Schema of what a user types to connect.
    #[serde(default)]
    pub input_schema: Option<Value>,
    /// The JSON Schema of the integration's parameters.
    #[serde(default)]
    pub parameters_schema: Option<Value>,
    /// How credentials are put onto a request; it follows from the type when absent.
    #[serde(default)]
    pub apply: Option<Apply>,
    /// The call that tests credentials; without one, credentials count as working.
    #[serde(default)]
    pub test: Option<TestCall>,
    /// The version; `1.0.0` when absent.
    #[serde(default)]
    pub version: Option<String>,
    /// Orders the catalog: higher comes first; 0 when absent.
    #[serde(default)]
    pub popularity: u32,
    /// Whether the platform has a shared OAuth client for the connector; true when absent.
    #[serde(default = "yes", rename = "sharedOAuthClient")]
    pub shared_oauth_client: bool,
    /// The collections of records that the app has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_collections: Vec<DataCollection>,
    /// What the connector can do by itself, beside what its actions do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// The events that its app tells of beside those of records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ConnectorEvent>,
    /// The address of a logo, in place of the drawn one.
    #[serde(default)]
    pub logo_uri: Option<String>,
    /// Auth options, which are kept and shown as given.
    #[serde(default)]
    pub options: Option<Value>,
    /// The UUID, which is the same in every workspace that the connector was exported to; one is made when absent.
    #[serde(default)]
    pub uuid: Option<String>,
    /// The catalog actions of the connector's app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<SeedAction>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn yes() -> bool {
    true
}

/// A connection in a seed. It is planted READY.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedConnection {
    /// The key that code names the connection by.
    pub key: String,
    /// The key of the tenant; the default tenant when absent.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The key of the integration, which the seed must have.
    pub integration: String,
    /// The name that people see; the integration's when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The credentials of calls; the stub vendor issues some when absent.
    #[serde(default)]
    pub credentials: Option<JsonMap>,
    #[serde(skip)]
    origin: Origin,
}

impl SeedConnector {
    /// The description of a connector of the workspace's own in an export, without the catalog actions of its app.
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
            data_collections: connector.data_collections.clone(),
            operations: connector.operations.clone(),
            events: connector.events.clone(),
            logo_uri: connector.logo_uri.clone(),
            options: connector.extra.get("options").cloned(),
            uuid: Some(connector.meta.uuid.clone()),
            actions: Vec::new(),
        }
    }
}
