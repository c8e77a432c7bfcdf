//! A workspace: its credentials, the platform's settings, and the fake's own settings beside them. Pure types.

pub mod progress;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::{ClockMode, Timestamp};
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::nouns::workspace::model::progress::ProgressSettings;

/// A workspace as stored. The wire form, without the secret, is `WorkspaceView` in `view.rs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    pub id: Id<Workspace>,
    /// The key, which tokens name as `workspaceKey` or `iss`.
    pub key: String,
    /// The secret that tokens are signed with.
    pub secret: String,
    pub name: String,
    /// What it is for, in the words of whoever made it, such as the name of a test; reports have it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// The key of the tenant that `credentials` and `token` name unless told otherwise.
    pub default_tenant: String,
    /// The public keys that verify tokens signed with a private key.
    #[serde(default)]
    pub public_keys: Vec<PublicKey>,
    #[serde(default)]
    pub settings: Settings,
    #[serde(default)]
    pub mock: MockSettings,
    /// How the workspace's clock runs; kept here so that it survives a restart and is copied with the workspace.
    #[serde(default)]
    pub clock: ClockMode,
    /// Fields of [`Self::EXTRA_FIELDS`], kept and answered as given. Only `webhookUri`
    /// and `enabledWebhookEvents` have an effect.
    #[serde(default)]
    pub extra: JsonMap,
    pub created_at: Timestamp,
    /// When the workspace was archived; none while it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub archived_at: Option<Timestamp>,
}

/// A public key that verifies tokens. Source: SDK `WorkspacePublicKey`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    pub name: String,
    /// The key in PEM: RSA, EC or Ed25519.
    #[serde(rename = "publicKey")]
    pub public_key: String,
}

/// The platform's settings of a workspace. Source: SDK `WorkspaceSettingsSchema`; the three of SEED change discovery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Whether external API logs are kept; true when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_api_logs: Option<bool>,
    /// Whether webhook logs are kept; true when absent. What came in while they are not is not in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_webhook_logs: Option<bool>,
    /// Whether action run logs are kept; true when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_action_run_logs: Option<bool>,
    /// Whether tokens signed with the secret are refused.
    pub disable_secret_key_auth: bool,
    /// Whether lists of actions span the catalog.
    pub use_membrane_universe: bool,
    /// Kept, and changes nothing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_remote_repository: Option<bool>,
    /// Whether lists of integrations show connectors that have none as candidates.
    pub auto_generate_integrations_from_connectors: bool,
    /// Whether lists of integrations show external apps that have none as candidates.
    pub auto_generate_integrations_from_external_apps: bool,
    /// Kept, and changes nothing here: nothing leaves loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_generate_integrations_from_web_search: Option<bool>,
}

/// The names of all settings, by which a misspelt one is refused.
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MockSettings {
    /// Whether connecting completes at once, without a user.
    pub auto_connect: bool,
    /// Whether connection states outside the client's enum are shown.
    pub connection_states: ConnectionStates,
    /// The HTTP status of a call through a connection that does not work: 400 or 401.
    pub disconnected_status: u16,
    /// Which clock a token's `exp` is compared with.
    pub token_clock: TokenClock,
    /// When state machines move by themselves.
    pub progress: ProgressSettings,
    /// How often a catalog action retries when the app answers 429 or 503.
    pub upstream_retries: u32,
    /// How many exchanges with apps, calls of the API and changes of state the details of a run keep, of each the
    /// first half and the last.
    pub exchanges_per_run: usize,
    /// Whether a tenant may make actions for its own connections with `POST /actions`, as agents do; else only managers
    /// make any.
    pub tenant_may_create_actions: bool,
    /// The account that consents at vendors when nobody is named; `demo@example.com` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The secret that webhooks are signed with, in `X-Signature`; they are not signed when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// The base addresses of the user's own fakes of apps, by connector key; the stub server answers for all others.
    pub upstreams: BTreeMap<String, String>,
    /// What agents find on the web, by a text that their query has; they find nothing for another query.
    pub web_search: BTreeMap<String, Vec<Value>>,
}

/// The most retries of one call that a workspace may ask for.
const MOST_RETRIES: u32 = 20;

/// The most exchanges of one run that a workspace may keep.
const MOST_EXCHANGES: usize = 10_000;

impl MockSettings {
    /// Refuses with 400 settings that make no sense, and names the one.
    pub fn check(&self) -> Result<(), ApiError> {
        self.progress.check()?;
        if !matches!(self.disconnected_status, 400 | 401) {
            return Err(ApiError::bad_request("`mock.disconnectedStatus` is 400 or 401"));
        }
        if self.upstream_retries > MOST_RETRIES {
            return Err(ApiError::bad_request(format!("`mock.upstreamRetries` is at most {MOST_RETRIES}")));
        }
        if !(2..=MOST_EXCHANGES).contains(&self.exchanges_per_run) {
            return Err(ApiError::bad_request(format!("`mock.exchangesPerRun` is 2 to {MOST_EXCHANGES}")));
        }
        Ok(())
    }
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
            exchanges_per_run: 100,
            tenant_may_create_actions: false,
            account: None,
            webhook_secret: None,
            upstreams: BTreeMap::new(),
            web_search: BTreeMap::new(),
        }
    }
}

/// Which connection states the API shows (`docs/behaviour.md#connection-states`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConnectionStates {
    /// All states that SEED documents, with DISCONNECTED and ERROR.
    Seed,
    /// Only the states of the client's enum: a lost connection stays READY, with `disconnected: true`.
    Engine,
}

/// The clock that a token's `exp` is compared with (`docs/behaviour.md#token-clock`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenClock {
    /// Tokens expire by the real time of the system.
    System,
    /// Tokens expire by the workspace's clock.
    Workspace,
}

/// Says what is wrong with a secret, as the end of a sentence: it is blank, so that anybody could sign with it.
pub fn check_secret(secret: &str) -> Result<(), String> {
    let is_blank = secret.chars().all(|letter| letter.is_whitespace() || letter.is_control());
    if is_blank { Err("is blank, and anybody could sign with that".into()) } else { Ok(()) }
}

impl Workspace {
    /// The fields that a PATCH may set beside [`Self::EXTRA_FIELDS`].
    pub const FIELDS: [&'static str; 6] = ["name", "secret", "publicKey", "publicKeys", "settings", "archivedAt"];

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

    /// Refuses with 403 what is asked of a workspace that is archived (`docs/behaviour.md#workspace-archived`).
    pub fn check_in_service(&self) -> Result<(), ApiError> {
        if self.archived_at.is_none() {
            return Ok(());
        }
        Err(ApiError::access_denied(format!(
            "workspace `{}` is archived; restore it with POST /org-workspaces/{}/restore",
            self.key, self.id
        )))
    }

    /// The address that the app listens at; none when it is told of nothing. Source: SDK `Workspace.webhookUri`.
    pub fn webhook_uri(&self) -> Option<&str> {
        self.extra.get("webhookUri")?.as_str().filter(|uri| !uri.is_empty())
    }

    /// The same for an event that the app wants to be told of; without a list it wants every one. Source: SDK
    /// `Workspace.enabledWebhookEvents`.
    pub fn webhook_uri_for(&self, event: &str) -> Option<&str> {
        let enabled = self.extra.get("enabledWebhookEvents").and_then(Value::as_array);
        let is_wanted = enabled.is_none_or(|events| events.iter().any(|wanted| wanted == event));
        self.webhook_uri().filter(|_| is_wanted)
    }

    /// Sets one of [`Self::EXTRA_FIELDS`]; null removes it.
    pub fn set_extra(&mut self, name: &str, value: Value) {
        if value.is_null() {
            self.extra.shift_remove(name);
        } else {
            self.extra.insert(name.to_owned(), value);
        }
    }
}
