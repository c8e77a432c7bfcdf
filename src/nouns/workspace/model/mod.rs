//! A workspace: credentials, the platform's settings, and the fake's own settings beside them.

pub mod progress;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::{ClockMode, Timestamp};
use crate::base::ids::Id;
use crate::nouns::workspace::model::progress::ProgressSettings;

/// A workspace as stored. The wire form, without the secret, is `api::workspace::WorkspaceView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// Id.
    pub id: Id<Workspace>,
    /// What tokens name.
    pub key: String,
    /// What tokens are signed with.
    pub secret: String,
    /// For people.
    pub name: String,
    /// The tenant that `credentials` and `token` name when not told.
    pub default_tenant: String,
    /// Keys of asymmetric tokens.
    #[serde(default)]
    pub public_keys: Vec<PublicKey>,
    /// The platform's settings.
    #[serde(default)]
    pub settings: Settings,
    /// The fake's settings.
    #[serde(default)]
    pub mock: MockSettings,
    /// Time, so that it persists and is forked.
    #[serde(default)]
    pub clock: ClockMode,
    /// Fields that are kept and answered but change nothing here (`logoUri`, `webhookUri`, `featureFlags`, …).
    #[serde(default)]
    pub extra: JsonMap,
    /// When it was made.
    pub created_at: Timestamp,
    /// Set when archived.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub archived_at: Option<Timestamp>,
}

/// A registered key. Source: SDK `WorkspacePublicKey`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// For people.
    pub name: String,
    /// PEM.
    #[serde(rename = "publicKey")]
    pub public_key: String,
}

/// The platform's settings. Source: SDK `WorkspaceSettingsSchema`; the three of SEED change discovery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Keep external API logs; on unless false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_api_logs: Option<bool>,
    /// Keep webhook logs; on unless false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_webhook_logs: Option<bool>,
    /// Keep action run logs; on unless false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_action_run_logs: Option<bool>,
    /// Refuse tokens signed with the secret.
    pub disable_secret_key_auth: bool,
    /// Discovery spans the catalog's actions.
    pub use_membrane_universe: bool,
    /// Kept, changes nothing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_remote_repository: Option<bool>,
    /// Lists show catalog connectors as integrations.
    pub auto_generate_integrations_from_connectors: bool,
    /// Lists show external apps as integrations.
    pub auto_generate_integrations_from_external_apps: bool,
    /// Kept, changes nothing here: nothing leaves loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_generate_integrations_from_web_search: Option<bool>,
}

/// Names of the platform's settings, to refuse a misspelt one.
pub const SETTING_NAMES: [&str; 9] = [
    "enableApiLogs",
    "enableWebhookLogs",
    "enableActionRunLogs",
    "disableSecretKeyAuth",
    "useMembraneUniverse",
    "useRemoteRepository",
    "autoGenerateIntegrationsFromConnectors",
    "autoGenerateIntegrationsFromExternalApps",
    "autoGenerateIntegrationsFromWebSearch",
];

/// The fake's own settings of one workspace. Source: our choice (`docs/behaviour.md#workspace-mock`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MockSettings {
    /// Connecting completes at once, by a real exchange.
    pub auto_connect: bool,
    /// Whether states outside the client's enum are shown.
    pub connection_states: ConnectionStates,
    /// The status of a call through a disconnected connection: 400 or 401.
    pub disconnected_status: u16,
    /// Which time a token's `exp` is held against.
    pub token_clock: TokenClock,
    /// When state machines move.
    pub progress: ProgressSettings,
    /// How often a catalog action retries a 429 or 503 of the app.
    pub upstream_retries: u32,
    /// Who consents at vendors when nobody is named; `demo@example.com` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What webhooks are signed with, in `X-Signature`; they are not when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// Connectors whose app is the user's own, at this address, instead of the stub server.
    pub upstreams: BTreeMap<String, String>,
}

impl Default for MockSettings {
    fn default() -> Self {
        Self {
            auto_connect: false,
            connection_states: ConnectionStates::Seed,
            disconnected_status: 400,
            token_clock: TokenClock::System,
            progress: ProgressSettings::default(),
            upstream_retries: 0,
            account: None,
            webhook_secret: None,
            upstreams: BTreeMap::new(),
        }
    }
}

/// Which connection states are shown (`docs/behaviour.md#connection-states`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConnectionStates {
    /// SEED's: with DISCONNECTED and ERROR.
    Seed,
    /// The client's enum: a lost connection stays READY with `disconnected: true`.
    Engine,
}

/// Which time a token's `exp` is held against (`docs/behaviour.md#token-clock`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenClock {
    /// Real time.
    System,
    /// The workspace's clock.
    Workspace,
}

impl Workspace {
    /// The fields of `extra` that a PATCH may set. Source: SDK `UpdateWorkspaceRequest`.
    pub const EXTRA_FIELDS: [&'static str; 15] = [
        "logoUri",
        "auth",
        "credentialsSchema",
        "apiClient",
        "userFieldsSchema",
        "webhookUri",
        "enabledWebhookEvents",
        "apiBaseUri",
        "apiRequestHeaders",
        "apiRequestQuery",
        "alertDeliverySettings",
        "type",
        "jwksUri",
        "featureFlags",
        "isReadOnly",
    ];

    /// Sets one of [`Self::EXTRA_FIELDS`].
    pub fn set_extra(&mut self, name: &str, value: Value) {
        if value.is_null() {
            self.extra.shift_remove(name);
        } else {
            self.extra.insert(name.to_owned(), value);
        }
    }
}
