//! What managers may do with their workspace. Source: SEED (`PATCH /workspaces/:id`), SDK `UpdateWorkspaceRequest`.
//!
//! Invariant: a setting or public key that could not be read later is refused before anything is stored.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::clock::real_now;
use crate::base::error::{ApiError, nearest};
use crate::base::json::patch::merge_members;
use crate::base::json::{said_at, set_member};
use crate::base::text::http_address;
use crate::engine::Cx;
use crate::engine::tokens::{Minted, read_public_key, sign, verify};
use crate::nouns::workspace::model::{MockSettings, PublicKey, SETTING_NAMES, Settings, Workspace, check_secret};

/// Answers the caller's workspace by id or key; 404 for any other.
pub(super) fn get(cx: &Cx, selector: &str) -> Result<Arc<Workspace>, ApiError> {
    let workspace = Arc::clone(&cx.world().workspace);
    if workspace.id == *selector || workspace.key == selector {
        return Ok(workspace);
    }
    Err(ApiError::not_found(format!("workspace not found: `{selector}`; this token belongs to `{}`", workspace.key)))
}

/// Changes the fields of the caller's workspace that the body names, and answers it. Fails with 400 for a wrong field,
/// and with 501 for a `jwksUri`; unknown fields are ignored.
pub(super) async fn update(cx: &Cx, selector: &str, body: JsonMap) -> Result<Arc<Workspace>, ApiError> {
    get(cx, selector)?;
    let mut tx = cx.space.data.begin().await;
    let mut workspace = (*tx.workspace).clone();
    for (name, value) in body {
        apply(&mut workspace, &name, value, cx)?;
    }
    tx.put_workspace(workspace)?;
    let world = tx.commit().await?;
    // What fell due while it was archived goes on once it is restored.
    cx.wake();
    Ok(Arc::clone(&world.workspace))
}

fn apply(workspace: &mut Workspace, name: &str, value: Value, cx: &Cx) -> Result<(), ApiError> {
    let wrong = |what: &str| ApiError::bad_request(format!("`{name}` is {what}")).with_data(json!({ "field": name }));
    match name {
        "name" => {
            let name = value.as_str().filter(|name| !name.is_empty());
            name.ok_or_else(|| wrong("text that is not empty"))?.clone_into(&mut workspace.name);
        }
        "webhookUri" | "apiBaseUri" if !is_address(&value) => return Err(wrong("an http or https address, or null")),
        "logoUri" if !(value.is_null() || value.is_string()) => return Err(wrong("text")),
        "secret" => {
            let secret = value.as_str().filter(|secret| check_secret(secret).is_ok());
            secret.ok_or_else(|| wrong("text that is not blank"))?.clone_into(&mut workspace.secret);
        }
        // `publicKey` is the older spelling of a list of one.
        "publicKey" => {
            let key = |text: &str| json!([{ "name": "publicKey", "publicKey": text }]);
            workspace.public_keys = read_keys(value.as_str().map_or(Value::Null, key))?;
        }
        "jwksUri" if !value.is_null() => {
            return Err(ApiError::not_faked("fetching keys from a `jwksUri`; give `publicKeys`"));
        }
        "publicKeys" => workspace.public_keys = read_keys(value)?,
        "settings" => merge_settings(&mut workspace.settings, value)?,
        "archivedAt" => workspace.archived_at = if value.is_null() { None } else { Some(cx.space.clock.now()) },
        extra if Workspace::EXTRA_FIELDS.contains(&extra) => workspace.set_extra(extra, value),
        // Read-only fields are sent back with a whole record, and unknown ones are ignored.
        _ => {}
    }
    Ok(())
}

/// Whether a value is an address that can be called, or says that there is none.
fn is_address(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.is_empty() || http_address(text).is_some())
}

/// The limits that a workspace may have. Source: SDK `WorkspaceLimitsSchema`.
const LIMIT_NAMES: [&str; 41] = [
    "parallelEventPulls",
    "parallelIncrementalEventPullsPerConnection",
    "parallelFullSyncEventPullsPerConnection",
    "parallelFlowRuns",
    "parallelFlowRunsPerConnection",
    "parallelApiRequests",
    "parallelSseRequests",
    "parallelBackgroundJobs",
    "parallelEventProcessingJobs",
    "parallelEventProcessingJobsPerConnection",
    "parallelInstantTasksActiveJobs",
    "parallelAgentSessions",
    "parallelCustomCodeRuns",
    "ParallelWriteDatabaseRequests",
    "fileUploadsMbPerHour",
    "apiRequestsPerSecond",
    "apiRequestsPerHour",
    "webhookRequestsPerSecond",
    "webhookRequestsPerHour",
    "workspaceElementCreationsPerSecond",
    "workspaceElementCreationsPerHour",
    "workspaceElementSearchIndexingPerMinute",
    "mcpOAuthAuthorizationsPerHour",
    "mcpOAuthTokensPerHour",
    "totalNumberOfCustomers",
    "totalNumberOfConnections",
    "totalNumberOfWorkspaceElements",
    "totalNumberOfWorkspaceDatabaseRecords",
    "flowRunsQueueSizePerConnection",
    "instantTasksQueueSize",
    "QueuedTasksQueueSize",
    "parallelApiRequestsPerCustomer",
    "parallelBackgroundJobsPerCustomer",
    "parallelCustomCodeRunsPerCustomer",
    "totalNumberOfDatabaseEntitiesPerCustomer",
    "apiRequestsPerCustomerPerSecond",
    "apiRequestsPerCustomerPerHour",
    "webhookRequestsPerCustomerPerSecond",
    "webhookRequestsPerCustomerPerHour",
    "externalEventsPerCustomerPerDay",
    "defaultTenantAiCreditsRolling30DayLimit",
];

/// Reads limits by name, each `{value, defaultValue, unit}` or null. Fails with 400 for another shape. Source: SDK
/// `WorkspaceLimitsSchema`.
pub(super) fn read_limits(given: Value) -> Result<JsonMap, ApiError> {
    let Value::Object(given) = given else {
        return Err(ApiError::bad_request("`limits` is an object of limits by name"));
    };
    let is_number = |limit: &Value, name: &str| limit.get(name).is_none_or(Value::is_number);
    let is_limit = |limit: &Value| {
        let unit = limit.get("unit").and_then(Value::as_str);
        matches!(unit, Some("number" | "msec" | "Mb")) && is_number(limit, "value") && is_number(limit, "defaultValue")
    };
    if let Some((name, _)) = given.iter().find(|(_, limit)| !limit.is_null() && !is_limit(limit)) {
        let why =
            format!("`limits.{name}` is {{value?, defaultValue?, unit}}, numbers in the unit `number`, `msec` or `Mb`");
        return Err(ApiError::bad_request(why).with_data(json!({ "field": format!("limits.{name}") })));
    }
    if let Some(name) = given.keys().find(|name| !LIMIT_NAMES.contains(&name.as_str())) {
        let near = nearest(name, LIMIT_NAMES).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(ApiError::bad_request(format!("`{name}` is no limit of a workspace{near}"))
            .with_data(json!({ "field": format!("limits.{name}") })));
    }
    Ok(given)
}

/// Merges limits into those of the caller's workspace, one level deep, and answers it. Fails with 400 for one that is no object.
pub(super) async fn set_limits(cx: &Cx, selector: &str, given: Value) -> Result<Arc<Workspace>, ApiError> {
    get(cx, selector)?;
    let given = read_limits(given)?;
    let mut tx = cx.space.data.begin().await;
    let mut workspace = (*tx.workspace).clone();
    let mut limits = workspace.extra.get("limits").and_then(Value::as_object).cloned().unwrap_or_default();
    merge_members(&mut limits, given);
    limits.retain(|_, limit| !limit.is_null());
    workspace.set_extra("limits", Value::Object(limits));
    tx.put_workspace(workspace)?;
    Ok(Arc::clone(&tx.commit().await?.workspace))
}

/// How long a token of [`access_token`] lasts. Source: our choice.
const TOKENS_LAST: Duration = Duration::from_hours(24);

/// Whose token is signed. Source: SDK `GenerateWorkspaceAccessTokenRequest`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TokenBody {
    is_admin: bool,
    tenant_id: Option<String>,
    tenant_key: Option<String>,
    name: Option<String>,
    fields: Option<JsonMap>,
}

/// Signs a token of the caller's workspace. Fails with 404 for an unknown tenant's id.
pub(super) fn access_token(cx: &Cx, body: &TokenBody) -> Result<String, ApiError> {
    let world = cx.world();
    let of_id = |id: &String| {
        let known = world.tenants.get(id.as_str()).map(|tenant| tenant.internal_id.clone());
        known.ok_or_else(|| ApiError::not_found(format!("tenant not found: `{id}`")))
    };
    let tenant = body.tenant_id.as_ref().map(of_id).transpose()?.or_else(|| body.tenant_key.clone());
    if tenant.as_deref() == Some("") {
        return Err(ApiError::bad_request("`tenantKey` is empty; name the tenant, or leave it out"));
    }
    let claims = Minted {
        workspace_key: &world.workspace.key,
        tenant_key: tenant.as_deref(),
        is_admin: body.is_admin,
        name: body.name.as_deref(),
        fields: body.fields.as_ref(),
        exp: real_now().plus(TOKENS_LAST).seconds(),
    };
    let token = sign(&claims, &world.workspace.secret)?;
    // What would be refused is not handed out.
    verify(&cx.engine, &token).map_err(|error| ApiError::bad_request(error.message.clone()))?;
    Ok(token)
}

fn read_keys(value: Value) -> Result<Vec<PublicKey>, ApiError> {
    let keys: Vec<PublicKey> = serde_json::from_value(if value.is_null() { json!([]) } else { value })
        .map_err(|error| ApiError::bad_request(format!("`publicKeys` is a list of {{name, publicKey}}: {error}")))?;
    for key in &keys {
        if read_public_key(&key.public_key).is_none() {
            return Err(ApiError::bad_request(format!(
                "the public key `{}` is no PEM of an RSA, EC or Ed25519 public key",
                key.name
            )));
        }
    }
    Ok(keys)
}

/// Merges settings one level deep. Fails with 400 for a misspelt setting or one that is not true or false.
pub fn merge_settings(settings: &mut Settings, value: Value) -> Result<(), ApiError> {
    let Value::Object(given) = value else { return Err(ApiError::bad_request("`settings` is an object")) };
    let mut merged = serde_json::to_value(&*settings).map_err(ApiError::internal)?;
    for (name, value) in given {
        if !SETTING_NAMES.contains(&name.as_str()) {
            let near = nearest(&name, SETTING_NAMES).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            return Err(ApiError::bad_request(format!("`settings.{name}` is no setting{near}")));
        }
        if !value.is_boolean() {
            return Err(ApiError::bad_request(format!("`settings.{name}` is true or false")));
        }
        set_member(&mut merged, name, value);
    }
    *settings = serde_json::from_value(merged).map_err(ApiError::internal)?;
    Ok(())
}

/// Answers the fake's settings with a change merged into them, one level deep. Fails with 400 for an
/// unknown field or a wrong value.
pub fn merged_mock(mock: &MockSettings, change: Value) -> Result<MockSettings, ApiError> {
    let Value::Object(change) = change else { return Err(ApiError::bad_request("`mock` is an object")) };
    let mut merged = serde_json::to_value(mock).map_err(ApiError::internal)?;
    for (name, value) in change {
        let both = match (merged.get(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => {
                let mut both = old.clone();
                merge_members(&mut both, new);
                Value::Object(both)
            }
            (_, value) => value,
        };
        set_member(&mut merged, name, both);
    }
    let mock: MockSettings = serde_path_to_error::deserialize(merged).map_err(|error| {
        let path = error.path().to_string();
        ApiError::bad_request(format!("`mock`: field `{path}`: {}", said_at(&path, error.inner())))
    })?;
    mock.check()?;
    Ok(mock)
}
