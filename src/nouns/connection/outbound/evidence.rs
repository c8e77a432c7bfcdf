//! What of an exchange is kept as evidence, with what is secret masked.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::header;
use serde_json::Value;
use url::Url;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::{only_size, size_above};
use crate::base::message::body;
use crate::base::redact::MASK;
use crate::engine::Cx;
use crate::nouns::connection::model::Connection;
use crate::nouns::connector::model::Apply;
use crate::nouns::run_log::model::{ApiLog, Exchange, RunLog};
use crate::store::Tx;

/// The largest body, input or output in bytes of JSON that logs keep; of a larger one they keep the size.
const LARGEST_KEPT: usize = 1024 * 1024;

pub(super) fn masked_url(url: &Url, apply: &Apply) -> String {
    let Apply::Query { name, .. } = apply else { return url.to_string() };
    let mut masked = url.clone();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if pairs.iter().any(|(key, _)| key == name) {
        masked
            .query_pairs_mut()
            .clear()
            .extend_pairs(pairs.iter().map(|(key, value)| (key.as_str(), if key == name { MASK } else { value })));
    }
    masked.to_string()
}

/// Headers as logs keep them: those with credentials are masked.
pub fn shown_headers(headers: &HeaderMap, apply: Option<&Apply>) -> JsonMap {
    let own = match apply {
        Some(Apply::Header { name, .. }) => Some(name.to_lowercase()),
        _ => None,
    };
    let mut shown = JsonMap::new();
    for (name, value) in headers {
        let secret = name == header::AUTHORIZATION
            || name.as_str().ends_with("-token")
            || name == header::COOKIE
            || name == header::SET_COOKIE
            || own.as_deref() == Some(name.as_str());
        let text = if secret { MASK.to_owned() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() };
        shown.insert(name.to_string(), text.into());
    }
    shown
}

/// A body as logs keep it: JSON, else text; none when empty, its size when it is large.
pub fn shown_body(body: &Bytes) -> Option<Arc<Value>> {
    if body.is_empty() {
        return None;
    }
    if body.len() > LARGEST_KEPT {
        return Some(Arc::new(only_size(body.len())));
    }
    Some(Arc::new(value_of(body)))
}

/// What logs keep of an input or output that is large: its size. None for one that they keep whole.
pub fn size_if_large(value: &Value) -> Option<Value> {
    size_above(value, LARGEST_KEPT).map(only_size)
}

/// Says whether a value is what logs keep of a large one.
pub fn is_only_size(value: &Value) -> bool {
    let bytes = value.as_str().and_then(|text| text.strip_prefix('(')?.strip_suffix(" bytes)")?.parse::<usize>().ok());
    bytes.is_some_and(|bytes| bytes > LARGEST_KEPT)
}

/// A body as a value: JSON, else text; null when empty.
pub fn value_of(body: &Bytes) -> Value {
    body::decode(body.clone(), &HeaderMap::new())
}

/// Stores the exchanges of a call as external API logs, unless the workspace's settings turn them off.
pub fn log_exchanges(
    cx: &Cx,
    tx: &mut Tx,
    connection: &Connection,
    run: Option<&Id<RunLog>>,
    exchanges: &[Exchange],
) -> Result<(), ApiError> {
    if tx.workspace.settings.enable_api_logs == Some(false) {
        return Ok(());
    }
    for exchange in exchanges {
        let status = exchange.response.as_ref().map_or(0, |response| response.status);
        let log = ApiLog {
            id: cx.space.ids.id(),
            workspace_id: tx.workspace.id.to_string(),
            customer_id: connection.tenant.to_string(),
            user_id: connection.tenant.to_string(),
            tenant_id: connection.tenant.to_string(),
            integration_id: connection.integration.as_ref().map(Id::to_string).unwrap_or_default(),
            connection_id: connection.id.to_string(),
            external_app_id: connection.external_app.clone(),
            action_run_id: run.cloned(),
            status_code: status,
            is_success: (200..300).contains(&status),
            s3_uri: String::new(),
            request_url: exchange.request.url.clone(),
            sent_to: exchange.request.sent_to.clone(),
            method: exchange.request.method.clone(),
            duration: exchange.time_ms,
            created_at: exchange.at,
        };
        tx.add_api_log(&log, exchange)?;
    }
    Ok(())
}
