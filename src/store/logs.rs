//! This module reads run logs and external API logs, straight from SQLite, because logs are many
//! and are not kept in memory; which are kept at all is in `retention.rs`.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sqlx::Row as _;

use crate::base::clock::Timestamp;
use crate::base::page::{Page, PageRequest};
use crate::nouns::run_log::model::{ApiLog, Exchange, RunDetails, RunLog};
use crate::store::{Db, StoreError};

/// The filter says which run logs are asked for; a field that is absent admits all. Source: OAS `/action-run-logs`.
#[derive(Debug, Clone, Default)]
pub struct RunLogFilter {
    /// The run belongs to the tenant with this id.
    pub tenant: Option<String>,
    /// One of the ids that the run's action has at its layers is this one.
    pub action_id: Option<String>,
    /// The run is of this universal action.
    pub universal_action_id: Option<String>,
    /// The run is of this integration-level action.
    pub integration_action_id: Option<String>,
    /// The run is of this connection-level action.
    pub connection_action_id: Option<String>,
    /// The run went through this integration.
    pub integration_id: Option<String>,
    /// The run went through this connection.
    pub connection_id: Option<String>,
    /// The run ended with this status, `success` or `error`.
    pub status: Option<String>,
    /// The run was for this external app.
    pub external_app_id: Option<String>,
    /// The run began at this moment or later.
    pub from: Option<Timestamp>,
    /// The run began at this moment or earlier.
    pub to: Option<Timestamp>,
}

/// The filter says which external API logs are asked for; a field that is absent admits all. Source: SDK
/// `ListExternalApiLogsQuery`.
#[derive(Debug, Clone, Default)]
pub struct ApiLogFilter {
    /// The call belongs to the tenant with this id.
    pub tenant: Option<String>,
    /// The call went through this integration.
    pub integration_id: Option<String>,
    /// The call went through this connection.
    pub connection_id: Option<String>,
    /// The external app did (true) or did not (false) answer with 2xx.
    pub is_success: Option<bool>,
    /// The call went to this external app.
    pub external_app_id: Option<String>,
    /// The call was made during the action run with this id.
    pub action_run_id: Option<String>,
    /// The call was made at this moment or later.
    pub from: Option<Timestamp>,
    /// The call was made at this moment or earlier.
    pub to: Option<Timestamp>,
    /// The list begins with the oldest log instead of the newest.
    pub ascending: bool,
}

const FIND_RUNS: &str = "
select seq, body from action_run
where workspace = ?1 and (?2 = 0 or seq < ?2)
  and (?3 is null or tenant = ?3)
  and (?4 is null or ?4 in (body ->> '$.actionId', body ->> '$.universalActionId',
        body ->> '$.integrationActionId', body ->> '$.connectionActionId'))
  and (?5 is null or body ->> '$.universalActionId' = ?5)
  and (?6 is null or body ->> '$.integrationActionId' = ?6)
  and (?7 is null or body ->> '$.connectionActionId' = ?7)
  and (?8 is null or body ->> '$.integrationId' = ?8)
  and (?9 is null or body ->> '$.connectionId' = ?9)
  and (?10 is null or status = ?10)
  and (?11 is null or body ->> '$.externalAppId' = ?11)
  and (?12 is null or created_at >= ?12)
  and (?13 is null or created_at <= ?13)
order by seq desc limit ?14";

const FIND_API_LOGS: &str = "
select seq, body from api_log
where workspace = ?1 and (?2 = 0 or (case when ?12 then seq > ?2 else seq < ?2 end))
  and (?3 is null or tenant = ?3)
  and (?4 is null or body ->> '$.integrationId' = ?4)
  and (?5 is null or body ->> '$.connectionId' = ?5)
  and (?6 is null or body ->> '$.isSuccess' = ?6)
  and (?7 is null or body ->> '$.externalAppId' = ?7)
  and (?8 is null or body ->> '$.actionRunId' = ?8)
  and (?9 is null or created_at >= ?9)
  and (?10 is null or created_at <= ?10)
order by case when ?12 then seq else -seq end limit ?11";

/// A stored log, as the JSON text it was written as.
pub type RawRecord = Box<RawValue>;

/// This text stands for the server's own address in stored logs, because the address may differ after a restart.
pub const OWN_ADDRESS: &str = "membrane-mock://own-address";

/// Returns a stored text with the server's current address in it.
fn addressed(text: String, base: &str) -> String {
    if text.contains(OWN_ADDRESS) { text.replace(OWN_ADDRESS, base) } else { text }
}

/// Returns a page of run logs, newest first, with `base` as the server's address.
pub async fn find_runs(
    db: &Db,
    workspace: &str,
    filter: &RunLogFilter,
    page: PageRequest,
    base: &str,
) -> Result<Page<RawRecord>, StoreError> {
    let rows = sqlx::query(FIND_RUNS)
        .bind(workspace)
        .bind(signed(page.after))
        .bind(&filter.tenant)
        .bind(&filter.action_id)
        .bind(&filter.universal_action_id)
        .bind(&filter.integration_action_id)
        .bind(&filter.connection_action_id)
        .bind(&filter.integration_id)
        .bind(&filter.connection_id)
        .bind(&filter.status)
        .bind(&filter.external_app_id)
        .bind(filter.from.map(|at| at.to_string()))
        .bind(filter.to.map(|at| at.to_string()))
        .bind(one_more(page))
        .fetch_all(db.pool())
        .await?;
    to_page(rows, page, base)
}

/// Returns a page of external API logs, newest first unless the filter says otherwise.
pub async fn find_api_logs(
    db: &Db,
    workspace: &str,
    filter: &ApiLogFilter,
    page: PageRequest,
) -> Result<Page<RawRecord>, StoreError> {
    let rows = sqlx::query(FIND_API_LOGS)
        .bind(workspace)
        .bind(signed(page.after))
        .bind(&filter.tenant)
        .bind(&filter.integration_id)
        .bind(&filter.connection_id)
        .bind(filter.is_success)
        .bind(&filter.external_app_id)
        .bind(&filter.action_run_id)
        .bind(filter.from.map(|at| at.to_string()))
        .bind(filter.to.map(|at| at.to_string()))
        .bind(one_more(page))
        .bind(filter.ascending)
        .fetch_all(db.pool())
        .await?;
    to_page(rows, page, OWN_ADDRESS)
}

/// Returns a run log and its details, with `base` as the server's address, or nothing when there is none.
pub async fn run(db: &Db, workspace: &str, id: &str, base: &str) -> Result<Option<(RunLog, RunDetails)>, StoreError> {
    let row = sqlx::query("select id, body, details from action_run where workspace = ?1 and id = ?2")
        .bind(workspace)
        .bind(id)
        .fetch_optional(db.pool())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (log, mut details): (RunLog, RunDetails) = decode_pair("action-run", &row, base)?;
    details.fill(&log);
    Ok(Some((log, details)))
}

/// Returns an external API log and its exchange, or nothing when there is none.
pub async fn api_log(db: &Db, workspace: &str, id: &str) -> Result<Option<(ApiLog, Exchange)>, StoreError> {
    let row = sqlx::query("select id, body, details from api_log where workspace = ?1 and id = ?2")
        .bind(workspace)
        .bind(id)
        .fetch_optional(db.pool())
        .await?;
    row.map(|row| decode_pair("api-log", &row, OWN_ADDRESS)).transpose()
}

fn decode_pair<A: DeserializeOwned, B: DeserializeOwned>(
    kind: &str,
    row: &sqlx::sqlite::SqliteRow,
    base: &str,
) -> Result<(A, B), StoreError> {
    let (id, body, details): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        kind: kind.to_owned(),
        id: id.clone(),
        why: error.to_string(),
    };
    let (body, details) = (addressed(body, base), addressed(details, base));
    Ok((serde_json::from_str(&body).map_err(corrupt)?, serde_json::from_str(&details).map_err(corrupt)?))
}

fn to_page(rows: Vec<sqlx::sqlite::SqliteRow>, page: PageRequest, base: &str) -> Result<Page<RawRecord>, StoreError> {
    let more = rows.len() > page.limit;
    let mut items = Vec::with_capacity(rows.len());
    let mut last = 0_i64;
    for row in rows.into_iter().take(page.limit) {
        last = row.try_get(0)?;
        items.push(RawValue::from_string(addressed(row.try_get(1)?, base))?);
    }
    Ok(Page { items, cursor: more.then(|| last.to_string()) })
}

fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

fn one_more(page: PageRequest) -> i64 {
    i64::try_from(page.limit).unwrap_or(i64::MAX - 1) + 1
}
