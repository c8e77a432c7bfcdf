//! The handlers of `/action-run-logs`, `/external-api-logs`,
//! `/connection-attempt-logs` and `/incoming-webhooks` (SEED).
//!
//! Invariant: a log of a tenant that the caller may not see is answered as if it did not exist.

use serde_json::Value;

use crate::base::error::ApiError;
use crate::base::json::set_member;
use crate::call::{Call, Reply};
use crate::engine::Cx;
use crate::engine::tokens::Caller;
use crate::nouns::connection::connect::{AttemptFilter, attempts_logged};
use crate::nouns::run_log::model::{ApiLog, Exchange, RunDetails, RunLog};
use crate::store::logs;
use crate::store::logs::{ApiLogFilter, RunLogFilter};

/// Reads whose logs are asked for: a tenant's own; for a manager, those of the tenant that it names by id or key, or of
/// its own, else all. 400 for a token without tenant and manager's rights.
fn owner(cx: &Cx, call: &Call) -> Result<Option<String>, ApiError> {
    let query = call.query();
    let asked = query.text("tenantId").or_else(|| query.text("userId"));
    let world = cx.world();
    let id_of = |text: String| {
        let by_key = world.tenants.with_key(&text).next().map(|tenant| tenant.id.to_string());
        by_key.unwrap_or(text)
    };
    match &cx.caller {
        Caller::Manager(_) => Ok(asked.map(id_of).or_else(|| cx.caller.tenant().map(|tenant| tenant.id.to_string()))),
        Caller::Tenant(tenant) => match asked.map(id_of) {
            // Another tenant's logs are asked for: no tenant has this id, so none are found.
            Some(other) if tenant.id != *other => Ok(Some(String::from("-"))),
            _ => Ok(Some(tenant.id.to_string())),
        },
        Caller::Workspace => Err(ApiError::bad_request("logs belong to a tenant; put a `tenantKey` in the token")),
    }
}

fn status(call: &Call) -> Result<Option<String>, ApiError> {
    match call.query().text("status") {
        Some(status) if status != "success" && status != "error" => {
            Err(ApiError::bad_request(format!("`status` is `{status}`; it is success or error")))
        }
        status => Ok(status),
    }
}

/// `GET /action-run-logs`, a tenant's or manager's token: answers a page of run logs. 400 for a wrong filter.
pub(crate) async fn list_runs(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let query = call.query();
    let filter = RunLogFilter {
        tenant: owner(&cx, &call)?,
        action_id: query.text("actionId"),
        universal_action_id: query.text("universalActionId"),
        integration_action_id: query.text("integrationActionId"),
        connection_action_id: query.text("connectionActionId"),
        integration_id: query.text("integrationId"),
        connection_id: query.text("connectionId"),
        status: status(&call)?,
        external_app_id: query.text("externalAppId"),
        from: query.moment("from")?,
        to: query.moment("to")?,
    };
    Reply::json(&logs::find_runs(cx.space.data.db(), &cx.space.key, &filter, call.page()?, cx.engine.base()).await?)
}

async fn run(cx: &Cx, call: &Call) -> Result<(RunLog, RunDetails), ApiError> {
    let id = call.param("id")?;
    let found = logs::run(cx.space.data.db(), &cx.space.key, id, cx.engine.base()).await?;
    found.filter(|(log, _)| cx.caller.may_see(&log.tenant_id)).ok_or_else(|| {
        let gone = gone(cx);
        ApiError::not_found(format!("action run log not found: `{id}`{gone}; list them with GET /action-run-logs"))
    })
}

/// What is said of the logs that a workspace no longer keeps; nothing where it keeps all.
fn gone(cx: &Cx) -> String {
    match cx.space.data.db().logs_gone(&cx.space.key) {
        0 => String::new(),
        count => format!(
            "; the {count} oldest logs of this workspace are gone, see --run-log-limit ({}) and --run-log-mb ({})",
            cx.engine.config.run_log_limit, cx.engine.config.run_log_mb
        ),
    }
}

fn with_details(log: &RunLog, details: &RunDetails) -> Result<Reply, ApiError> {
    let mut record = serde_json::to_value(log).map_err(ApiError::internal)?;
    set_member(&mut record, "details", serde_json::to_value(details).map_err(ApiError::internal)?);
    Reply::json(&record)
}

/// `GET /action-run-logs/{id}`, any token: answers a run log, with `details` or `includeDetails` its details too. 404 when
/// the caller may not see it. Source: SEED (`details`), SDK.
pub(crate) async fn get_run(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (log, details) = run(&cx, &call).await?;
    let query = call.query();
    let is_whole = ["includeDetails", "details"].iter().any(|name| query.flag(name) == Some(true));
    if is_whole { with_details(&log, &details) } else { Reply::json(&log) }
}

/// `GET /action-run-logs/{id}/details`, any token: answers a run log with its details. 404
/// when the caller may not see it.
pub(crate) async fn get_run_details(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (log, details) = run(&cx, &call).await?;
    with_details(&log, &details)
}

/// `GET /external-api-logs`, a tenant's or manager's token: answers a page of exchanges with external apps, newest
/// first unless `sortOrder=asc`. 400 for a wrong filter.
pub(crate) async fn list_api_logs(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let query = call.query();
    let ascending = match query.text("sortOrder").as_deref() {
        None | Some("desc") => false,
        Some("asc") => true,
        Some(other) => return Err(ApiError::bad_request(format!("`sortOrder` is `{other}`; it is asc or desc"))),
    };
    let filter = ApiLogFilter {
        tenant: owner(&cx, &call)?,
        integration_id: query.text("integrationId"),
        connection_id: query.text("connectionId"),
        is_success: query.flag("isSuccess"),
        external_app_id: query.text("externalAppId"),
        action_run_id: query.text("actionRunId"),
        from: query.moment("from")?,
        to: query.moment("to")?,
        ascending,
    };
    Reply::json(&logs::find_api_logs(cx.space.data.db(), &cx.space.key, &filter, call.page()?).await?)
}

async fn api_log(call: &Call) -> Result<(ApiLog, Exchange), ApiError> {
    let cx = call.cx()?;
    let id = call.param("id")?;
    let found = logs::api_log(cx.space.data.db(), &cx.space.key, id).await?;
    found
        .filter(|(log, _)| cx.caller.may_see(&log.tenant_id))
        .ok_or_else(|| ApiError::not_found(format!("external API log not found: `{id}`{}", gone(&cx))))
}

/// `GET /external-api-logs/{id}`, any token: answers one exchange without bodies. 404 when the caller may not see it.
pub(crate) async fn get_api_log(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&api_log(&call).await?.0)
}

/// `GET /external-api-logs/{id}/details`, any token: answers one exchange with its request and response. 404 when the
/// caller may not see it. Source: OAS: `{request, response: {data, status}, timeMs}`.
pub(crate) async fn get_api_log_details(call: Call) -> Result<Reply, ApiError> {
    let (log, exchange) = api_log(&call).await?;
    let mut record = serde_json::to_value(&log).map_err(ApiError::internal)?;
    let details = serde_json::to_value(&exchange).map_err(ApiError::internal)?;
    if let (Some(record), Value::Object(details)) = (record.as_object_mut(), details) {
        record.extend(details);
    }
    Reply::json(&record)
}

/// `GET /connection-attempt-logs`, a tenant's or manager's token: answers a page of attempts to connect, newest first.
/// 400 for a wrong `status`.
pub(crate) async fn list_attempts(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let query = call.query();
    let filter = AttemptFilter {
        tenant: owner(&cx, &call)?,
        connection_id: query.text("connectionId"),
        integration_id: query.text("integrationId"),
        status: status(&call)?,
    };
    Reply::json(&attempts_logged(&cx.space, &filter, call.page()?))
}

/// `GET /connection-attempt-logs/{id}`, any token: answers one attempt to connect. 404 when the caller may not see it.
pub(crate) async fn get_attempt(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let id = call.param("id")?;
    let found = cx.world().attempt_logs.get(id).filter(|log| cx.caller.may_see(log.tenant_id.as_str())).cloned();
    let log = found.ok_or_else(|| ApiError::not_found(format!("connection attempt log not found: `{id}`")))?;
    Reply::json(&*log)
}
