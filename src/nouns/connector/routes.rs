//! The handlers of `/connectors` and `/external-apps`, and of the logos that are drawn for them.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use crate::base::error::ApiError;
use crate::base::page::{Page, PageRequest};
use crate::call::{Call, Reply};
use crate::elements::Change;
use crate::engine::Cx;
use crate::nouns::connector::model::{Connector, ConnectorBody};
use crate::nouns::connector::rules as connectors;
use crate::nouns::connector::rules::CatalogFilter;
use crate::nouns::connector::view::{AppView, ConnectorView};
use crate::nouns::external_app::model::ExternalApp;

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
