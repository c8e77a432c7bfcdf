//! A connector: how one app is authenticated and called.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::ids::Id;
use crate::base::patch::Patch;
use crate::elements::model::Meta;
use crate::nouns::external_app::model::ExternalApp;

/// How users authenticate. Source: SDK `CONNECTOR_AUTH_TYPES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuthType {
    /// A JWT signed with the workspace secret is sent (older name).
    IntegrationAppToken,
    /// A JWT signed with the workspace secret is sent.
    MembraneToken,
    /// The user consents at the app.
    Oauth2,
    /// The user consents at the app (OAuth 1).
    Oauth1,
    /// The user types keys into a form.
    ClientCredentials,
    /// No credentials of its own.
    Proxy,
}

impl AuthType {
    /// Whether the user is sent to the app.
    pub fn is_oauth(self) -> bool {
        matches!(self, Self::Oauth2 | Self::Oauth1)
    }

    /// Whether the user has to act at all.
    pub fn needs_user(self) -> bool {
        match self {
            Self::Oauth2 | Self::Oauth1 | Self::ClientCredentials => true,
            Self::IntegrationAppToken | Self::MembraneToken | Self::Proxy => false,
        }
    }
}

/// How credentials go onto a request. Source: our choice: the platform's `makeApiClient` functions reduce to these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Apply {
    /// `Authorization: Bearer <field>`.
    Bearer {
        /// The credential's name.
        field: String,
    },
    /// A header of the app's own.
    Header {
        /// The header's name.
        name: String,
        /// The credential's name.
        field: String,
        /// Text before the value.
        #[serde(default)]
        prefix: String,
    },
    /// A query parameter.
    Query {
        /// The parameter's name.
        name: String,
        /// The credential's name.
        field: String,
    },
    /// HTTP basic authentication.
    Basic {
        /// The credential that is the user name.
        username: String,
        /// The credential that is the password; empty when absent.
        #[serde(default)]
        password: Option<String>,
    },
}

/// OAuth 2 endpoints of the real app; the stub vendor stands in for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OauthConfig {
    /// Where the user consents.
    pub authorize_uri: String,
    /// Where codes are exchanged.
    pub token_uri: String,
    /// What is asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Seconds an access token lives; for ever when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_in: Option<u64>,
}

/// A call that shows whether credentials work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestCall {
    /// Method.
    pub method: String,
    /// Path below the base address.
    pub path: String,
}

/// A connector as stored. Source: SDK `Connector`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connector {
    /// Id.
    pub id: Id<Connector>,
    /// Shared fields.
    #[serde(flatten)]
    pub meta: Meta,
    /// The app.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_app_id: Option<Id<ExternalApp>>,
    /// A picture; one is drawn when there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub logo_uri: Option<String>,
    /// Kinds of app.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The app's API as it really is (`https://api.github.com`); logs show it.
    pub base_uri: String,
    /// Version.
    pub version: String,
    /// How users authenticate.
    #[serde(rename = "type")]
    pub auth_type: AuthType,
    /// The form of a connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_schema: Option<Value>,
    /// The integration's parameters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parameters_schema: Option<Value>,
    /// OAuth endpoints.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oauth: Option<OauthConfig>,
    /// How credentials go onto a request.
    pub apply: Apply,
    /// A call that shows whether credentials work.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub test: Option<TestCall>,
    /// Whether the platform's shared OAuth client exists for it (`docs/behaviour.md#connector-oauth-client`).
    #[serde(rename = "sharedOAuthClient")]
    pub shared_oauth_client: bool,
    /// Higher comes first.
    #[serde(default)]
    pub popularity: u32,
    /// From the catalog.
    #[serde(default)]
    pub is_public: bool,
    /// Function definitions and `options`, kept as given.
    #[serde(default)]
    pub extra: JsonMap,
}

impl Connector {
    /// Its key; connectors always have one.
    pub fn key(&self) -> &str {
        self.meta.key.as_deref().unwrap_or_default()
    }

    /// Where credentials go when nothing else is said.
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

    /// The form of a connection, without the fields that `presets` has.
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

    /// The form of a connector that is built from an intent: one key.
    pub fn key_form() -> Value {
        serde_json::json!({
            "type": "object",
            "required": ["apiKey"],
            "properties": {"apiKey": {"type": "string", "title": "API key", "isSensitive": true}}
        })
    }
}

/// Editable fields. Source: SDK `CreateConnectorRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectorBody {
    /// Handle.
    pub key: Patch<String>,
    /// UUID.
    pub uuid: Patch<String>,
    /// For people.
    pub name: Patch<String>,
    /// For people.
    pub description: Patch<String>,
    /// A picture.
    pub logo_uri: Patch<String>,
    /// The app.
    pub external_app_id: Patch<String>,
    /// Kinds of app.
    pub categories: Patch<Vec<String>>,
    /// How users authenticate.
    #[serde(rename = "type")]
    pub auth_type: Patch<AuthType>,
    /// The form of a connection.
    pub input_schema: Patch<Value>,
    /// The integration's parameters.
    pub parameters_schema: Patch<Value>,
    /// The app's API (ours).
    pub base_uri: Patch<String>,
    /// How credentials go onto a request (ours).
    pub apply: Patch<Apply>,
    /// OAuth endpoints (ours).
    pub oauth: Patch<OauthConfig>,
    /// Whether a shared OAuth client exists (ours).
    #[serde(rename = "sharedOAuthClient")]
    pub shared_oauth_client: Patch<bool>,
    /// Auth options, kept as given.
    pub options: Patch<Value>,
}
