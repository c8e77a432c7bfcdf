//! Connecting to an app by the address of its site.
//!
//! Invariant: looking up and making are one transaction, so two callers at the same time get one connection.

use crate::base::error::ApiError;
use crate::engine::Cx;
use crate::nouns::connection::connect::{begin_in, finish};
use crate::nouns::connection::model::Connection;
use crate::nouns::connection_request::model::ConnectSpec;
use serde_json::json;
use std::sync::Arc;

/// Answers the caller's connection to the app of an address, or begins one. Fails with 400 for a text that is no
/// address, and for a caller without a tenant. Source: OAS `/connections/ensure`.
pub async fn ensure(cx: &Cx, app_url: &str, name: Option<String>) -> Result<Arc<Connection>, ApiError> {
    cx.tenant()?;
    let host = host_of(app_url)?;
    // Two callers get one connection, because it is looked up and made in one transaction.
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let app = directory.apps().find(|app| app.owns_host(&host));
    let existing = {
        let mut own = directory.connections(&cx.caller).rev();
        let wanted = name_of_host(&host);
        own.find(|connection| {
            let is_of_it = match &app {
                Some(app) => connection.external_app.as_ref() == Some(&app.id),
                None => connection.intent.as_deref() == Some(&wanted),
            };
            is_of_it && directory.check_usable(connection).is_ok()
        })
    };
    if let Some(connection) = existing {
        return Ok(Arc::clone(connection));
    }
    let spec = match app {
        Some(app) => ConnectSpec { external_app_id: Some(app.id.to_string()), name, ..ConnectSpec::default() },
        None => ConnectSpec { intent: Some(name_of_host(&host)), name, ..ConnectSpec::default() },
    };
    let id = begin_in(cx, &mut tx, &spec, None)?;
    finish(cx, tx, &id).await
}

pub(crate) fn name_of_host(host: &str) -> String {
    host.trim_start_matches("www.").to_owned()
}

/// The host of an address or domain, in lower case. Fails with 400 unless it has a dot and is no
/// IP address. Source: SDK `EnsureConnectionRequest`.
pub(crate) fn host_of(app_url: &str) -> Result<String, ApiError> {
    let wrong = || {
        ApiError::bad_request(format!("`appUrl` is `{app_url}`; it is an address or a domain such as slack.com"))
            .with_data(json!({ "field": "appUrl" }))
    };
    if app_url.is_empty() || app_url.chars().count() > 2000 {
        return Err(wrong());
    }
    let full = if app_url.contains("://") { app_url.to_owned() } else { format!("https://{app_url}") };
    match url::Url::parse(&full).map_err(|_| wrong())?.host() {
        Some(url::Host::Domain(host)) if host.contains('.') => Ok(host.to_lowercase()),
        _ => Err(wrong()),
    }
}
