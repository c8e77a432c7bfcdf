//! `/connectors`, `/external-apps`, and drawn logos.

use std::sync::Arc;

use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::call::{Call, Reply};
use crate::elements::Change;
use crate::elements::model::Meta;
use crate::engine::Cx;
use crate::engine::view::drawn_logo;
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::connector::rules as connectors;
use crate::nouns::connector::rules::{CatalogFilter, is_connected};
use crate::nouns::external_app::model::ExternalApp;

/// A connector on the wire. Source: SDK `Connector`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Connector")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorView<'a> {
    id: &'a Id<Connector>,
    uuid: &'a str,
    key: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    logo_uri: String,
    base_uri: &'a str,
    version: &'a str,
    revision: &'a str,
    categories: &'a [String],
    #[serde(rename = "type")]
    auth_type: AuthType,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_app_id: Option<&'a Id<ExternalApp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_schema: Option<&'a Value>,
    is_public: bool,
    popularity: u32,
    has_test: bool,
    has_auth_test: bool,
    has_operations: bool,
    has_data: bool,
    operations_count: u32,
    data_collections_count: u32,
    events_count: u32,
    #[serde(flatten)]
    extra: &'a JsonMap,
}

impl<'a> ConnectorView<'a> {
    fn of(cx: &Cx, connector: &'a Connector) -> Self {
        let drawn = || drawn_logo(cx.engine.base(), connector.key());
        Self {
            id: &connector.id,
            uuid: &connector.meta.uuid,
            key: connector.key(),
            name: &connector.meta.name,
            description: connector.meta.description.as_deref(),
            logo_uri: connector.logo_uri.clone().unwrap_or_else(drawn),
            base_uri: &connector.base_uri,
            version: &connector.version,
            revision: &connector.meta.revision,
            categories: &connector.categories,
            auth_type: connector.auth_type,
            external_app_id: connector.external_app_id.as_ref(),
            input_schema: connector.input_schema.as_ref(),
            parameters_schema: connector.parameters_schema.as_ref(),
            is_public: connector.is_public,
            popularity: connector.popularity,
            has_test: connector.test.is_some(),
            has_auth_test: connector.test.is_some(),
            has_operations: false,
            has_data: false,
            operations_count: 0,
            data_collections_count: 0,
            events_count: 0,
            extra: &connector.extra,
        }
    }
}

/// An app on the wire. Source: SDK, OAS.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExternalApp")]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppView<'a> {
    id: &'a Id<ExternalApp>,
    #[serde(flatten)]
    meta: &'a Meta,
    logo_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_docs_uri: Option<&'a str>,
    categories: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    default_connector_id: Option<&'a Id<Connector>>,
    popularity: u32,
    is_public: bool,
    is_read_only: bool,
    is_connected: bool,
}

impl<'a> AppView<'a> {
    fn of(cx: &Cx, app: &'a ExternalApp) -> Self {
        let world = cx.world();
        let directory = cx.directory(&world);
        let drawn = || drawn_logo(cx.engine.base(), app.meta.key.as_deref().unwrap_or_default());
        Self {
            id: &app.id,
            meta: &app.meta,
            logo_uri: app.logo_uri.clone().unwrap_or_else(drawn),
            app_uri: app.app_uri.as_deref(),
            api_docs_uri: app.api_docs_uri.as_deref(),
            categories: &app.categories,
            default_connector_id: app.default_connector_id.as_ref(),
            popularity: app.popularity,
            is_public: app.is_public,
            is_read_only: app.is_public,
            is_connected: is_connected(cx, &directory, app),
        }
    }
}

fn filter(call: &Call) -> CatalogFilter {
    let query = call.query();
    CatalogFilter {
        search: query.text("search"),
        category: query.text("category"),
        is_connected: query.flag("isConnected"),
        include_archived: query.flag("includeArchived").unwrap_or(false),
    }
}

fn shown(cx: &Cx, connector: &Arc<Connector>) -> Result<Reply, ApiError> {
    Reply::json(&ConnectorView::of(cx, connector))
}

fn shown_app(cx: &Cx, app: &Arc<ExternalApp>) -> Result<Reply, ApiError> {
    Reply::json(&AppView::of(cx, app))
}

pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let page = connectors::list(&cx, &filter(&call), call.page()?);
    let views: Vec<_> = page.items.iter().map(|connector| ConnectorView::of(&cx, connector)).collect();
    Reply::json(&crate::base::page::Page { items: views, cursor: page.cursor.clone() })
}

pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::get(&cx, call.param("selector")?)?)
}

pub(crate) async fn create(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::create(&cx, call.json()?).await?)
}

pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::update(&cx, call.param("selector")?, call.json()?, Change::Merge).await?)
}

pub(crate) async fn put(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::update(&cx, call.param("selector")?, call.json()?, Change::Replace).await?)
}

pub(crate) async fn delete(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::delete(&cx, call.param("selector")?).await?)
}

pub(crate) async fn list_apps(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let page = connectors::list_apps(&cx, &filter(&call), call.page()?);
    let views: Vec<_> = page.items.iter().map(|app| AppView::of(&cx, app)).collect();
    Reply::json(&crate::base::page::Page { items: views, cursor: page.cursor.clone() })
}

pub(crate) async fn get_app(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_app(&cx, &connectors::get_app(&cx, call.param("selector")?)?)
}

pub(crate) async fn create_app(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_app(&cx, &connectors::create_app(&cx, call.json()?).await?)
}

pub(crate) async fn patch_app(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_app(&cx, &connectors::update_app(&cx, call.param("selector")?, call.json()?).await?)
}

pub(crate) async fn delete_app(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_app(&cx, &connectors::delete_app(&cx, call.param("selector")?).await?)
}

/// A monogram in place of an app's picture: nothing is loaded from elsewhere.
pub(crate) async fn logo(call: Call) -> Result<Reply, ApiError> {
    let name = call.param("name")?.trim_end_matches(".svg").to_owned();
    let letter = name.chars().find(|c| c.is_alphanumeric()).unwrap_or('?').to_uppercase().to_string();
    let hue = name.bytes().fold(0_u32, |hue, byte| (hue * 31 + u32::from(byte)) % 360);
    let svg = crate::pages::logo(&letter, hue)?;
    Ok(Reply::of(StatusCode::OK, Some("image/svg+xml".into()), svg.into()))
}
