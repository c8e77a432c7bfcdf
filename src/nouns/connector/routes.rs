//! The handlers of `/connectors` and `/external-apps`, and of the logos that are drawn for them.

use std::sync::Arc;

use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::page::{Page, PageRequest};
use crate::call::{Call, Reply};
use crate::elements::Change;
use crate::elements::model::Meta;
use crate::engine::Cx;
use crate::engine::view::drawn_logo;
use crate::nouns::connector::model::{AuthType, Connector, ConnectorBody};
use crate::nouns::connector::rules as connectors;
use crate::nouns::connector::rules::{CatalogFilter, is_connected};
use crate::nouns::external_app::model::ExternalApp;

/// A connector, the workspace's own or the catalog's. Source: SDK `Connector`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Connector")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorView<'a> {
    /// The id of the connector.
    id: &'a Id<Connector>,
    /// The UUID, which is the same in every workspace for a connector of the catalog.
    uuid: &'a str,
    /// The key that code names the connector by.
    key: &'a str,
    /// The name that people see.
    name: &'a str,
    /// A description for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    /// The address of the logo: the connector's own or a drawn one.
    logo_uri: String,
    /// The base address of the app's API.
    base_uri: &'a str,
    /// The version of the connector.
    version: &'a str,
    /// A text that changes with each write.
    revision: &'a str,
    /// The categories by which people look for the app.
    categories: &'a [String],
    /// How users of the connector authenticate.
    #[serde(rename = "type")]
    auth_type: AuthType,
    /// The id of the external app; absent when the connector is for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_app_id: Option<&'a Id<ExternalApp>>,
    /// The JSON Schema of what a user types to connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<&'a Value>,
    /// The JSON Schema of the integration's parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_schema: Option<&'a Value>,
    /// Whether the connector is the catalog's.
    is_public: bool,
    /// Orders the catalog: higher comes first.
    popularity: u32,
    /// Whether the connector has a call that tests credentials.
    has_test: bool,
    /// The same as `hasTest`.
    has_auth_test: bool,
    /// Whether the connector can do something by itself.
    has_operations: bool,
    /// Whether the connector has data collections.
    has_data: bool,
    /// How many operations the connector has.
    operations_count: usize,
    /// How many data collections the connector has.
    data_collections_count: usize,
    /// How many events the connector has beside those of records.
    events_count: usize,
    /// Function definitions and `options`, as they were given.
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
            has_operations: !connector.operations.is_empty(),
            has_data: !connector.data_collections.is_empty(),
            operations_count: connector.operations.len(),
            data_collections_count: connector.data_collections.len(),
            events_count: connector.events.len(),
            extra: &connector.extra,
        }
    }
}

/// An external app, the workspace's own or the catalog's. Source: SDK, OAS.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExternalApp")]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppView<'a> {
    /// The id of the app.
    id: &'a Id<ExternalApp>,
    #[serde(flatten)]
    meta: &'a Meta,
    /// The address of the logo: the app's own or a drawn one.
    logo_uri: String,
    /// The address of the app's site.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_uri: Option<&'a str>,
    /// The address of the documentation of the app's API.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_docs_uri: Option<&'a str>,
    /// The categories by which people look for the app.
    categories: &'a [String],
    /// The id of the connector that is used when only the app is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_connector_id: Option<&'a Id<Connector>>,
    /// Orders the catalog: higher comes first.
    popularity: u32,
    /// Whether the app is the catalog's.
    is_public: bool,
    /// The same as `isPublic`.
    is_read_only: bool,
    /// Whether the caller has a working connection to the app.
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
        only_shared: false,
        search: query.text("search"),
        category: query.text("category"),
        is_connected: query.flag("isConnected"),
        include_archived: query.flag("includeArchived").unwrap_or(false),
    }
}

pub(crate) fn shown(cx: &Cx, connector: &Arc<Connector>) -> Result<Reply, ApiError> {
    Reply::json(&ConnectorView::of(cx, connector))
}

fn shown_app(cx: &Cx, app: &Arc<ExternalApp>) -> Result<Reply, ApiError> {
    Reply::json(&AppView::of(cx, app))
}

/// `GET /connectors`, any token: answers a page of the workspace's connectors, then the catalog's.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let page = connectors::list(&cx, &filter(&call), call.page()?);
    let views: Vec<_> = page.items.iter().map(|connector| ConnectorView::of(&cx, connector)).collect();
    Reply::json(&Page { items: views, cursor: page.cursor.clone() })
}

/// `GET /universe/connectors`, any token: answers a page of the catalog's connectors.
pub(crate) async fn list_shared(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let filter = CatalogFilter { only_shared: true, ..filter(&call) };
    let page = connectors::list(&cx, &filter, call.page()?);
    let views: Vec<_> = page.items.iter().map(|connector| ConnectorView::of(&cx, connector)).collect();
    Reply::json(&Page { items: views, cursor: page.cursor.clone() })
}

/// `POST /connectors/{selector}/clone`, a manager's token: makes a connector of the workspace's own that is as another one,
/// with what the body says over it, and answers it. 400 for a key that is taken.
pub(crate) async fn clone(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: ConnectorBody = if call.has_body() { call.json()? } else { ConnectorBody::default() };
    shown(&cx, &connectors::copy(&cx, call.param("selector")?, body).await?)
}

/// `GET /connectors/{selector}`, any token: answers a connector by id, UUID or key; 404 when there is none.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::get(&cx, call.param("selector")?)?)
}

/// `POST /connectors`, a manager's token: makes a connector and answers it. 400 without `name` or for a wrong schema or
/// address, `already_exists` when the key is taken.
pub(crate) async fn create(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::create(&cx, call.json()?).await?)
}

/// `PATCH /connectors/{selector}`, a manager's token: merges the body into a connector and answers it. A catalog
/// connector is changed for this workspace alone.
pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::change(&cx, call.param("selector")?, call.json()?, Change::Merge).await?)
}

/// `PUT /connectors/{selector}`, a manager's token: the same, but fields that the body leaves out are cleared.
pub(crate) async fn put(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::change(&cx, call.param("selector")?, call.json()?, Change::Replace).await?)
}

/// `DELETE /connectors/{selector}`, a manager's token: deletes a connector for good and answers it. 403 for one of the
/// catalog, 400 while an integration uses it.
pub(crate) async fn delete(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &connectors::delete(&cx, call.param("selector")?).await?)
}

/// `GET /external-apps`, any token: answers a page of the workspace's apps, then the catalog's.
pub(crate) async fn list_apps(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let page = connectors::list_apps(&cx, &filter(&call), call.page()?);
    let views: Vec<_> = page.items.iter().map(|app| AppView::of(&cx, app)).collect();
    Reply::json(&Page { items: views, cursor: page.cursor.clone() })
}

/// The apps that a text finds, as they are answered.
pub(crate) fn apps_found(cx: &Cx, text: &str) -> Vec<Value> {
    let filter = CatalogFilter { search: Some(text.to_lowercase()), ..CatalogFilter::default() };
    let page = connectors::list_apps(cx, &filter, PageRequest::default());
    page.items.iter().filter_map(|app| serde_json::to_value(AppView::of(cx, app)).ok()).collect()
}

/// `GET /universe/packages`, any token: answers a page of the packages of the catalog, which has none: `isPublic` is false of
/// each that there is.
pub(crate) async fn list_shared_packages(call: Call) -> Result<Reply, ApiError> {
    call.page()?;
    Reply::json(&Page::<Value> { items: Vec::new(), cursor: None })
}

/// `GET /universe/apps`, any token: answers a page of the catalog's apps.
pub(crate) async fn list_shared_apps(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let filter = CatalogFilter { only_shared: true, ..filter(&call) };
    let page = connectors::list_apps(&cx, &filter, call.page()?);
    let views: Vec<_> = page.items.iter().map(|app| AppView::of(&cx, app)).collect();
    Reply::json(&Page { items: views, cursor: page.cursor.clone() })
}

/// `GET /external-apps/{selector}`, any token: answers an app; 404 when there is none.
pub(crate) async fn get_app(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_app(&cx, &connectors::get_app(&cx, call.param("selector")?)?)
}

/// `POST /external-apps`, a manager's token: makes an app and answers it. 400 without `name`,
/// `already_exists` when the key is taken.
pub(crate) async fn create_app(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_app(&cx, &connectors::create_app(&cx, call.json()?).await?)
}

/// `PATCH /external-apps/{selector}`, any token: merges the body into an app and answers it. A catalog app is
/// changed for this workspace alone.
pub(crate) async fn patch_app(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_app(&cx, &connectors::update_app(&cx, call.param("selector")?, call.json()?).await?)
}

/// `DELETE /external-apps/{selector}`, a manager's token: deletes an app for good and answers
/// it. 403 for one of the catalog.
pub(crate) async fn delete_app(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_app(&cx, &connectors::delete_app(&cx, call.param("selector")?).await?)
}

/// `GET /logos/{name}`, no token: answers an SVG with two letters of the name, because
/// nothing is loaded from elsewhere.
pub(crate) async fn logo(call: Call) -> Result<Reply, ApiError> {
    let name = call.param("name")?.trim_end_matches(".svg").to_owned();
    let svg = crate::pages::logo(&name)?;
    Ok(Reply::of(StatusCode::OK, Some("image/svg+xml".into()), svg.into()))
}
