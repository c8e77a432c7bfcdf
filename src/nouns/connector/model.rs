//! A connector: how one app is authenticated and called. Pure types, stored in a workspace or shared in the catalog.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::ids::{Id, Index, NameFn};
use crate::base::json::patch::Patch;
use crate::elements::model::Meta;
use crate::nouns::data_collection::model::DataCollection;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::external_event::model::ConnectorEvent;
use crate::nouns::operation::model::Operation;

/// How a connector's users authenticate. Source: SDK `CONNECTOR_AUTH_TYPES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuthType {
    /// The app is sent a JWT signed with the workspace secret, under its older name.
    IntegrationAppToken,
    /// The app is sent a JWT signed with the workspace secret.
    MembraneToken,
    /// The user consents at the app (OAuth 2).
    Oauth2,
    /// The user consents at the app (OAuth 1; here it runs as OAuth 2).
    Oauth1,
    /// The user types keys into a form.
    ClientCredentials,
    /// Calls need no credentials of their own.
    Proxy,
}

impl AuthType {
    /// Whether the user is sent to the app to consent.
    pub fn is_oauth(self) -> bool {
        matches!(self, Self::Oauth2 | Self::Oauth1)
    }

    /// Whether the user has to act before the connection is READY.
    pub fn needs_user(self) -> bool {
        match self {
            Self::Oauth2 | Self::Oauth1 | Self::ClientCredentials => true,
            Self::IntegrationAppToken | Self::MembraneToken | Self::Proxy => false,
        }
    }
}

/// How credentials are put onto a request. Source: our choice: the platform's
/// `makeApiClient` functions reduce to these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Apply {
    /// The header `Authorization: Bearer <credential>`; none is sent when the credential is empty.
    Bearer {
        /// The name of the credential that is the token.
        field: String,
    },
    /// A header of the app's own.
    Header {
        /// The name of the header.
        name: String,
        /// The name of the credential that is the value.
        field: String,
        /// Text before the value; empty when absent.
        #[serde(default)]
        prefix: String,
    },
    /// A parameter in the query.
    Query {
        /// The name of the parameter.
        name: String,
        /// The name of the credential that is the value.
        field: String,
    },
    /// The credentials are sent by HTTP basic authentication.
    Basic {
        /// The name of the credential that is the user name.
        username: String,
        /// The name of the credential that is the password; the password is empty when absent.
        #[serde(default)]
        password: Option<String>,
    },
}

/// The OAuth 2 endpoints of the real app. The stub vendor stands in for them unless the user named their host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OauthConfig {
    /// The address where the user consents.
    pub authorize_uri: String,
    /// The address where codes and refresh tokens are exchanged for tokens.
    pub token_uri: String,
    /// The scopes that are asked for; none when absent.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How many seconds an access token of the stub vendor lives; it never expires when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_in: Option<u64>,
}

/// A call that shows whether credentials work: they do when the app answers with a 2xx status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestCall {
    /// The HTTP method, such as `GET`.
    pub method: String,
    /// The path below the connector's base address.
    pub path: String,
}

/// A connector as stored. Source: SDK `Connector`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connector {
    pub id: Id<Connector>,
    #[serde(flatten)]
    pub meta: Meta,
    /// The external app that the connector is for; none when it stands alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_app_id: Option<Id<ExternalApp>>,
    /// The address of a logo; one is drawn when there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logo_uri: Option<String>,
    /// The categories by which people look for apps.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The base address of the app's real API, such as `https://api.github.com`; logs show
    /// it, and calls may not leave it.
    pub base_uri: String,
    pub version: String,
    #[serde(rename = "type")]
    pub auth_type: AuthType,
    /// The JSON Schema of what a user types to connect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_schema: Option<Value>,
    /// The JSON Schema of the integration's parameters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parameters_schema: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oauth: Option<OauthConfig>,
    pub apply: Apply,
    /// The call that tests credentials; without one, credentials count as working.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub test: Option<TestCall>,
    /// Whether the platform has a shared OAuth client for the connector (`docs/behaviour.md#connector-oauth-client`).
    #[serde(rename = "sharedOAuthClient")]
    pub shared_oauth_client: bool,
    /// The collections of records that the app has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_collections: Vec<DataCollection>,
    /// What the connector can do by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// The events that its app tells of beside those of records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ConnectorEvent>,
    /// Orders the catalog: higher comes first.
    #[serde(default)]
    pub popularity: u32,
    /// Whether the connector is the catalog's.
    #[serde(default)]
    pub is_public: bool,
    /// Function definitions and `options`, which are kept and shown as they were given.
    #[serde(default)]
    pub extra: JsonMap,
}

impl Connector {
    /// What it is found by: its UUID.
    pub fn names(&self, name: &mut NameFn<'_>) {
        name(Index::Uuid, &[&self.meta.uuid]);
    }

    /// Whether records of the app have a unified data model.
    pub fn has_udm(&self) -> bool {
        self.data_collections.iter().any(|collection| !collection.udm.is_empty())
    }

    /// The key, which every connector has.
    pub fn key(&self) -> &str {
        self.meta.key.as_deref().unwrap_or_default()
    }

    /// How credentials are put onto a request when the connector does not say.
    pub fn default_apply(auth: AuthType) -> Apply {
        match auth {
            AuthType::Oauth2 | AuthType::Oauth1 => Apply::Bearer { field: "access_token".into() },
            AuthType::ClientCredentials => Apply::Bearer { field: "apiKey".into() },
            AuthType::MembraneToken => {
                Apply::Header { name: "X-Membrane-Token".into(), field: "token".into(), prefix: String::new() }
            }
            AuthType::IntegrationAppToken => {
                Apply::Header { name: "X-Integration-App-Token".into(), field: "token".into(), prefix: String::new() }
            }
            AuthType::Proxy => Apply::Bearer { field: "token".into() },
        }
    }

    /// The form of a connection without the fields that `presets` has values for.
    pub fn form_without(&self, presets: &JsonMap) -> Value {
        let mut form = self.input_schema.clone().unwrap_or_else(Self::key_form);
        if let Some(properties) = form.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| !presets.contains_key(name));
        }
        if let Some(required) = form.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name.as_str().is_none_or(|name| !presets.contains_key(name)));
        }
        form
    }

    /// The form of a connector without an input schema of its own: one API key.
    pub fn key_form() -> Value {
        serde_json::json!({
            "type": "object",
            "required": ["apiKey"],
            "properties": {"apiKey": {"type": "string", "title": "API key", "isSensitive": true}}
        })
    }
}

/// The fields of a connector that a request may set; absent ones keep
/// their value. Source: SDK `CreateConnectorRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectorBody {
    /// The key that code names the connector by; derived from `name` when absent on creation.
    pub key: Patch<String>,
    /// The UUID; one is made when absent on creation.
    pub uuid: Patch<String>,
    /// The name that people see; needed on creation.
    pub name: Patch<String>,
    /// A description for people.
    pub description: Patch<String>,
    /// The address of a logo; one is drawn when absent.
    pub logo_uri: Patch<String>,
    /// The id or key of the external app that the connector is for.
    pub external_app_id: Patch<String>,
    /// The categories by which people look for the app; none when absent on creation.
    pub categories: Patch<Vec<String>>,
    /// How users authenticate; `client-credentials` when absent on creation.
    #[serde(rename = "type")]
    pub auth_type: Patch<AuthType>,
    /// The JSON Schema of what a user types to connect; one field `apiKey` when absent for `client-credentials`.
    pub input_schema: Patch<Value>,
    /// The JSON Schema of the integration's parameters.
    pub parameters_schema: Patch<Value>,
    /// The base address of the app's API, http or https; `https://api.<key>.example` when absent on
    /// creation. A field of the fake's own.
    pub base_uri: Patch<String>,
    /// How credentials are put onto a request; it follows from `type` when absent on
    /// creation. A field of the fake's own.
    pub apply: Patch<Apply>,
    /// The OAuth 2 endpoints of the real app. A field of the fake's own.
    pub oauth: Patch<OauthConfig>,
    /// Whether the platform has a shared OAuth client for the connector; true when absent on
    /// creation. A field of the fake's own.
    #[serde(rename = "sharedOAuthClient")]
    pub shared_oauth_client: Patch<bool>,
    /// The collections of records that the app has. A field of the fake's own: the platform has code for them.
    pub data_collections: Patch<Vec<DataCollection>>,
    /// What the connector can do by itself. A field of the fake's own: the platform has code for it.
    pub operations: Patch<Vec<Operation>>,
    /// The events that its app tells of beside those of records. A field of the fake's own: the platform has code for them.
    pub events: Patch<Vec<ConnectorEvent>>,
    /// Auth options, which are kept and shown as given.
    pub options: Patch<Value>,
}
