//! Connectors and external apps: the catalog as this workspace sees it, and the workspace's own.
//!
//! Invariant: the catalog is never written. A change of a catalog entry makes a copy under the same id in the
//! workspace, which hides the entry (`docs/behaviour.md#catalog`).

use std::sync::Arc;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Index;
use crate::base::json::patch::Patch;
use crate::base::json::schema;
use crate::base::page::{Page, PageRequest};
use crate::base::text::http_address;
use crate::elements::model::{Meta, check_key, free_key};
use crate::elements::{CATALOG_START, Change};
use crate::engine::Cx;
use crate::engine::directory::{Directory, hint};
use crate::nouns::connector::model::{AuthType, Connector, ConnectorBody};
use crate::nouns::data_collection::model::{DataCollection, check_collections};
use crate::nouns::external_app::model::{ExternalApp, ExternalAppBody};
use crate::nouns::external_event::model::{ConnectorEvent, check_events};
use crate::nouns::operation::model::check_operations;
use crate::world::connector_file::model::{ConnectorFile, ConnectorVersion};

/// Which connectors or apps a list asks for; an absent field allows all.
#[derive(Debug, Clone, Default)]
pub(super) struct CatalogFilter {
    /// Text that the name, key, description or a category contains; case does not matter.
    pub search: Option<String>,
    /// The category of an app; lists of connectors do not read it.
    pub category: Option<String>,
    /// Whether the caller has a working connection to the app; lists of connectors do not read it.
    pub is_connected: Option<bool>,
    /// Whether archived entries are listed too.
    pub include_archived: bool,
    /// Whether the catalog's alone are listed, as they are for everybody.
    pub only_shared: bool,
}

/// Answers a page of connectors: the workspace's own, then the catalog's.
pub(super) fn list(cx: &Cx, filter: &CatalogFilter, page: PageRequest) -> Page<Arc<Connector>> {
    let world = cx.world();
    let search = filter.search.as_ref().map(|text| text.to_lowercase());
    let wanted = |connector: &Connector| {
        (filter.include_archived || !connector.meta.is_archived())
            && search.as_ref().is_none_or(|text| {
                connector.meta.matches(text) || connector.categories.iter().any(|c| c.to_lowercase().contains(text))
            })
    };
    let own = world.connectors.after(0).filter(|_| !filter.only_shared);
    let own = own.map(|(at, connector)| (at, Arc::clone(connector)));
    let shared = cx.engine.catalog.connectors.iter().enumerate();
    let shared = shared
        .filter(|(_, connector)| filter.only_shared || world.connectors.get(connector.id.as_str()).is_none())
        .map(|(index, connector)| (CATALOG_START + index as u64, Arc::clone(connector)));
    page.take(own.chain(shared).filter(|(_, connector)| wanted(connector)))
}

/// Answers a page of external apps: the workspace's own, then the catalog's.
pub(super) fn list_apps(cx: &Cx, filter: &CatalogFilter, page: PageRequest) -> Page<Arc<ExternalApp>> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let search = filter.search.as_ref().map(|text| text.to_lowercase());
    let wanted = |app: &ExternalApp| {
        (filter.include_archived || !app.meta.is_archived())
            && search.as_ref().is_none_or(|text| app.matches(text))
            && filter
                .category
                .as_ref()
                .is_none_or(|wanted| app.categories.iter().any(|c| c.eq_ignore_ascii_case(wanted)))
            && filter.is_connected.is_none_or(|wanted| is_connected(cx, &directory, app) == wanted)
    };
    let own = world.external_apps.after(0).filter(|_| !filter.only_shared);
    let own = own.map(|(at, app)| (at, Arc::clone(app)));
    let shared = cx.engine.catalog.apps.iter().enumerate();
    let shared = shared
        .filter(|(_, app)| filter.only_shared || world.external_apps.get(app.id.as_str()).is_none())
        .map(|(index, app)| (CATALOG_START + index as u64, Arc::clone(app)));
    page.take(own.chain(shared).filter(|(_, app)| wanted(app)))
}

/// Whether the caller has a working connection to an app.
pub(super) fn is_connected(cx: &Cx, directory: &Directory<'_>, app: &ExternalApp) -> bool {
    let mut own = directory.connections(&cx.caller);
    own.any(|connection| connection.external_app.as_ref() == Some(&app.id) && connection.is_connected())
}

/// Answers a connector by id, UUID or key, the workspace's own first; 404 when there is none.
pub fn get(cx: &Cx, selector: &str) -> Result<Arc<Connector>, ApiError> {
    let world = cx.world();
    cx.directory(&world).find_connector(selector)
}

/// Answers an external app by id, UUID or key, the workspace's own first; 404 when there is none.
pub(super) fn get_app(cx: &Cx, selector: &str) -> Result<Arc<ExternalApp>, ApiError> {
    let world = cx.world();
    cx.directory(&world).find_app(selector)
}

/// Makes a connector and answers it. Fails with 400 without `name` or for a wrong schema or base address, and with
/// `already_exists` when the key is taken. Source: SDK `CreateConnectorRequest`.
pub(super) async fn create(cx: &Cx, body: ConnectorBody) -> Result<Arc<Connector>, ApiError> {
    let Some(name) = body.name.set().cloned() else {
        return Err(ApiError::bad_request("a connector needs a `name`"));
    };
    let auth_type = body.auth_type.set().copied().unwrap_or(AuthType::ClientCredentials);
    let meta = Meta::new(&cx.space.ids, cx.space.clock.now(), body.key.set().cloned(), Some(name));
    let key = meta.key.clone().unwrap_or_default();
    let mut connector = Connector {
        id: cx.space.ids.id(),
        meta,
        external_app_id: None,
        logo_uri: None,
        categories: Vec::new(),
        base_uri: format!("https://api.{key}.example"),
        version: "1.0.0".into(),
        auth_type,
        input_schema: (auth_type == AuthType::ClientCredentials).then(Connector::key_form),
        parameters_schema: None,
        oauth: None,
        apply: Connector::default_apply(auth_type),
        test: None,
        data_collections: Vec::new(),
        operations: Vec::new(),
        events: Vec::new(),
        shared_oauth_client: true,
        popularity: 0,
        is_public: false,
        extra: JsonMap::new(),
    };
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    if directory.find_connector(&key).is_ok() {
        return Err(ApiError::already_exists(format!("there is a connector `{key}` already; choose another key")));
    }
    apply(&directory, &mut connector, body)?;
    let id = connector.id.clone();
    tx.put(connector)?;
    let world = tx.commit().await?;
    world.connectors.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a new connector is missing"))
}

/// Makes a connector of the workspace's own that is as another one, with its files, changed by the body, and answers it. Its key is numbered
/// where the body gives none. Fails as [`create`] does. Source: OAS (`clone`).
pub(super) async fn copy(cx: &Cx, selector: &str, body: ConnectorBody) -> Result<Arc<Connector>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let original = directory.find_connector(selector)?;
    let is_taken = |key: &str| directory.find_connector(key).is_ok();
    let given = body.key.set().cloned();
    if let Some(key) = given.as_ref().filter(|key| is_taken(key)) {
        return Err(ApiError::already_exists(format!("there is a connector `{key}` already; choose another key")));
    }
    let key = given.unwrap_or_else(|| free_key(&format!("{}-copy", original.key()), is_taken));
    let name = format!("Copy of {}", original.meta.name);
    let meta = Meta::new(&cx.space.ids, cx.space.clock.now(), Some(key), Some(name));
    let meta = Meta { description: original.meta.description.clone(), ..meta };
    let mut connector = Connector { id: cx.space.ids.id(), meta, is_public: false, ..(*original).clone() };
    apply(&directory, &mut connector, body)?;
    let id = connector.id.clone();
    tx.put(connector)?;
    for file in world.connector_files.with_key(original.id.as_str()) {
        let file = ConnectorFile { id: cx.space.ids.id(), connector: id.clone(), ..(**file).clone() };
        tx.put(file)?;
    }
    let world = tx.commit().await?;
    world.connectors.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a new connector is missing"))
}

fn apply(directory: &Directory<'_>, connector: &mut Connector, body: ConnectorBody) -> Result<(), ApiError> {
    match &body.key {
        Patch::Set(key) => check_key(key, "key")?,
        Patch::Clear => return Err(ApiError::bad_request("`key` of a connector is text; leave it out to keep it")),
        Patch::Keep => {}
    }
    if body.name.set().is_some_and(|name| name.trim().is_empty()) {
        return Err(ApiError::bad_request("`name` of a connector has at least one letter"));
    }
    for (schema_of, field) in
        [(body.input_schema.set(), "inputSchema"), (body.parameters_schema.set(), "parametersSchema")]
    {
        if let Some(schema_of) = schema_of {
            schema::check_schema(schema_of, field)?;
        }
    }
    if let Some(uri) = body.base_uri.set()
        && http_address(uri).is_none()
    {
        return Err(ApiError::bad_request(format!("`baseUri` is `{uri}`; it is an http or https address")));
    }
    if let Some(collections) = body.data_collections.set() {
        check_collections(collections)?;
    }
    if let Some(operations) = body.operations.set() {
        check_operations(operations)?;
    }
    if let Some(events) = body.events.set() {
        check_events(events)?;
    }
    if let Some(app) = body.external_app_id.set() {
        connector.external_app_id = Some(directory.find_app(app)?.id.clone());
    }
    body.key.apply(&mut connector.meta.key);
    body.uuid.apply_required(&mut connector.meta.uuid);
    body.name.apply_required(&mut connector.meta.name);
    body.description.apply(&mut connector.meta.description);
    body.logo_uri.apply(&mut connector.logo_uri);
    body.categories.apply_required(&mut connector.categories);
    body.auth_type.apply_required(&mut connector.auth_type);
    body.input_schema.apply(&mut connector.input_schema);
    body.parameters_schema.apply(&mut connector.parameters_schema);
    body.base_uri.apply_required(&mut connector.base_uri);
    body.apply.apply_required(&mut connector.apply);
    body.oauth.apply(&mut connector.oauth);
    body.data_collections.apply_required(&mut connector.data_collections);
    body.operations.apply_required(&mut connector.operations);
    body.events.apply_required(&mut connector.events);
    body.shared_oauth_client.apply_required(&mut connector.shared_oauth_client);
    match body.options {
        Patch::Keep => {}
        Patch::Clear => drop(connector.extra.shift_remove("options")),
        Patch::Set(options) => drop(connector.extra.insert("options".into(), options)),
    }
    Ok(())
}

/// Changes a connector and answers it; a catalog connector is copied into the workspace first. Fails with 404 for an
/// unknown one and 400 for a wrong field.
pub async fn update(cx: &Cx, selector: &str, body: ConnectorBody) -> Result<Arc<Connector>, ApiError> {
    change(cx, selector, body, Change::Merge).await
}

/// Gives a connector another version, and answers it; a catalog connector is copied into the workspace first.
pub async fn publish(cx: &Cx, selector: &str, version: &str) -> Result<Arc<Connector>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let mut connector = (*cx.directory(&tx).find_connector(selector)?).clone();
    version.clone_into(&mut connector.version);
    connector.meta.touch(&cx.space.ids, cx.space.clock.now());
    let id = connector.id.clone();
    tx.put(connector)?;
    let world = tx.commit().await?;
    world.connectors.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connector is missing"))
}

/// As [`update`]; with [`Change::Replace`], what the body leaves out is cleared.
pub(super) async fn change(
    cx: &Cx,
    selector: &str,
    body: ConnectorBody,
    change: Change,
) -> Result<Arc<Connector>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let mut connector = (*directory.find_connector(selector)?).clone();
    let taken = body.key.set().and_then(|key| directory.find_connector(key).ok());
    if let Some(other) = taken.filter(|other| other.id != connector.id) {
        let why = format!("there is a connector `{}` already; choose another key", other.key());
        return Err(ApiError::already_exists(why));
    }
    if change == Change::Replace {
        connector.meta.description = None;
        connector.categories.clear();
        connector.input_schema = None;
        connector.parameters_schema = None;
    }
    apply(&directory, &mut connector, body)?;
    connector.meta.touch(&cx.space.ids, cx.space.clock.now());
    let id = connector.id.clone();
    tx.put(connector)?;
    let world = tx.commit().await?;
    world.connectors.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connector is missing"))
}

/// Deletes a connector for good and answers it; of a changed catalog connector, only the workspace's copy. Fails with
/// 403 for an unchanged catalog connector and with 400 while an integration uses it. Source: OAS, which has no restore.
pub(super) async fn delete(cx: &Cx, selector: &str) -> Result<Arc<Connector>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let connector = cx.directory(&tx).find_connector(selector)?;
    if tx.connectors.get(connector.id.as_str()).is_none() {
        return Err(ApiError::access_denied(format!(
            "connector `{}` is the catalog's and cannot be deleted",
            connector.key()
        )));
    }
    let of_it = [connector.id.as_str()];
    if tx.integrations.with(Index::Connector, &of_it).any(|integration| !integration.meta.is_archived()) {
        return Err(ApiError::bad_request(format!(
            "connector `{}` is used by an integration; archive that first",
            connector.key()
        )));
    }
    let id = connector.id.as_str();
    tx.remove::<Connector>(id);
    let files: Vec<_> = tx.connector_files.with_key(id).map(|file| file.id.clone()).collect();
    let versions: Vec<_> = tx.connector_versions.with_key(id).map(|version| version.id.clone()).collect();
    for file in files {
        tx.remove::<ConnectorFile>(file.as_str());
    }
    for version in versions {
        tx.remove::<ConnectorVersion>(version.as_str());
    }
    tx.commit().await?;
    Ok(connector)
}

impl Connector {
    /// The collection of a key. Fails with 404 where the connector has none such, and names the nearest.
    pub fn data_collection(&self, key: &str) -> Result<&DataCollection, ApiError> {
        self.data_collections.iter().find(|collection| collection.key == key).ok_or_else(|| {
            let known = hint(key, self.data_collections.iter().map(|collection| collection.key.as_str()));
            ApiError::not_found(format!("data collection not found: `{}` has no `{key}`{known}", self.key()))
        })
    }

    /// The event of a key. Fails with 404 where the connector has none such, and names the nearest.
    pub fn event(&self, key: &str) -> Result<&ConnectorEvent, ApiError> {
        self.events.iter().find(|event| event.key == key).ok_or_else(|| {
            let known = hint(key, self.events.iter().map(|event| event.key.as_str()));
            ApiError::not_found(format!("event not found: connector `{}` has no `{key}`{known}", self.key()))
        })
    }
}

/// Makes an external app and answers it. Fails with 400 without `name`, and with
/// `already_exists` when the key is taken.
pub(super) async fn create_app(cx: &Cx, body: ExternalAppBody) -> Result<Arc<ExternalApp>, ApiError> {
    let Some(name) = body.name.set().cloned() else {
        return Err(ApiError::bad_request("an external app needs a `name`"));
    };
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let meta = Meta::new(&cx.space.ids, cx.space.clock.now(), body.key.set().cloned(), Some(name));
    let key = meta.key.clone().unwrap_or_default();
    if directory.find_app(&key).is_ok() {
        return Err(ApiError::already_exists(format!("there is an external app `{key}` already; choose another key")));
    }
    let mut app = ExternalApp {
        id: cx.space.ids.id(),
        meta,
        app_uri: None,
        api_docs_uri: None,
        logo_uri: None,
        categories: Vec::new(),
        default_connector_id: None,
        popularity: 0,
        is_public: false,
    };
    apply_app(&directory, &mut app, body)?;
    let id = app.id.clone();
    tx.put(app)?;
    let world = tx.commit().await?;
    world.external_apps.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a new app is missing"))
}

fn apply_app(directory: &Directory<'_>, app: &mut ExternalApp, body: ExternalAppBody) -> Result<(), ApiError> {
    if let Some(connector) = body.default_connector_id.set() {
        app.default_connector_id = Some(directory.find_connector(connector)?.id.clone());
    }
    body.key.apply(&mut app.meta.key);
    body.name.apply_required(&mut app.meta.name);
    body.description.apply(&mut app.meta.description);
    body.app_uri.apply(&mut app.app_uri);
    body.api_docs_uri.apply(&mut app.api_docs_uri);
    body.logo_uri.apply(&mut app.logo_uri);
    body.categories.apply_required(&mut app.categories);
    Ok(())
}

/// Changes an app and answers it; a catalog app is copied into the workspace first. Fails with 404 for an
/// unknown app or default connector.
pub(super) async fn update_app(cx: &Cx, selector: &str, body: ExternalAppBody) -> Result<Arc<ExternalApp>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let mut app = (*directory.find_app(selector)?).clone();
    apply_app(&directory, &mut app, body)?;
    app.meta.touch(&cx.space.ids, cx.space.clock.now());
    let id = app.id.clone();
    tx.put(app)?;
    let world = tx.commit().await?;
    world.external_apps.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("an app is missing"))
}

/// Deletes an app for good and answers it; of a changed catalog app, only the workspace's copy. Fails with
/// 403 for an unchanged catalog app.
pub(super) async fn delete_app(cx: &Cx, selector: &str) -> Result<Arc<ExternalApp>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let app = cx.directory(&tx).find_app(selector)?;
    if tx.external_apps.get(app.id.as_str()).is_none() {
        return Err(ApiError::access_denied(format!(
            "external app `{}` is the catalog's and cannot be deleted",
            app.meta.name
        )));
    }
    tx.remove::<ExternalApp>(app.id.as_str());
    tx.commit().await?;
    Ok(app)
}
