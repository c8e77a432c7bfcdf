//! Connectors, apps, integrations and connections found by id, key or UUID for every verb: a workspace's own first, then the
//! catalog's.
//!
//! Invariant: a workspace's own record hides the catalog's record with the same id.

use std::sync::Arc;

use crate::base::error::{ApiError, nearest};
use crate::base::ids::Index;
use crate::elements::model::Scope;
use crate::engine::catalog::Catalog;
use crate::engine::tokens::Caller;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::store::World;

/// A directory reads one workspace's state over the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Directory<'a> {
    pub world: &'a World,
    pub catalog: &'a Catalog,
}

/// What can be connected to: an integration that exists, or one that connecting would create.
#[derive(Debug, Clone)]
pub enum Connectable {
    /// The integration exists.
    Integration(Arc<Integration>),
    /// Connecting would make an integration of this connector.
    Connector(Arc<Connector>),
    /// The app has no connector yet; connecting would build one.
    App(Arc<ExternalApp>),
}

impl<'a> Directory<'a> {
    /// Makes the directory of one workspace.
    pub fn new(world: &'a World, catalog: &'a Catalog) -> Self {
        Self { world, catalog }
    }

    /// Returns the connector with this id, archived ones too.
    pub fn connector(&self, id: &str) -> Option<Arc<Connector>> {
        self.world.connectors.get(id).or_else(|| self.catalog.connectors.get(id)).cloned()
    }

    /// Returns the connector with this id, UUID or key, or a 404 that suggests a key.
    pub fn find_connector(&self, text: &str) -> Result<Arc<Connector>, ApiError> {
        let alive = |connector: &Arc<Connector>| !connector.meta.is_archived();
        let own = self.world.connectors.with_key(text).find(|connector| alive(connector)).cloned();
        self.connector(text)
            .or(own)
            .or_else(|| {
                let connector = self.catalog.connectors.with_key(text)?;
                self.connector(connector.id.as_str())
            })
            .or_else(|| self.connectors().find(|connector| connector.meta.uuid == text))
            .ok_or_else(|| {
                let keys: Vec<String> = self.connectors().map(|connector| connector.key().to_owned()).collect();
                ApiError::not_found(format!(
                    "connector not found: `{text}`{}",
                    hint(text, keys.iter().map(String::as_str))
                ))
            })
    }

    /// Returns the connector behind a connection, or nothing while it is still being built.
    pub fn connector_behind(&self, connection: &Connection) -> Option<Arc<Connector>> {
        self.connector(connection.connector.as_ref()?.as_str())
    }

    /// Returns all live connectors: first the workspace's own, then the catalog's.
    pub fn connectors(&self) -> impl Iterator<Item = Arc<Connector>> + use<'a> {
        let world = self.world;
        let own = world.connectors.iter().filter(|connector| !connector.meta.is_archived()).cloned();
        let shared = self.catalog.connectors.iter().filter(move |c| world.connectors.get(c.id.as_str()).is_none());
        own.chain(shared.cloned())
    }

    /// Returns the app with this id, archived ones too.
    pub fn app(&self, id: &str) -> Option<Arc<ExternalApp>> {
        self.world.external_apps.get(id).or_else(|| self.catalog.apps.get(id)).cloned()
    }

    /// Returns the app with this id, UUID or key, or a 404 that suggests a key.
    pub fn find_app(&self, text: &str) -> Result<Arc<ExternalApp>, ApiError> {
        let own = self.world.external_apps.with_key(text).find(|app| !app.meta.is_archived()).cloned();
        self.app(text)
            .or(own)
            .or_else(|| self.catalog.apps.with_key(text).and_then(|app| self.app(app.id.as_str())))
            .or_else(|| self.apps().find(|app| app.meta.uuid == text))
            .ok_or_else(|| {
                let keys: Vec<String> = self.apps().filter_map(|app| app.meta.key.clone()).collect();
                ApiError::not_found(format!(
                    "external app not found: `{text}`{}",
                    hint(text, keys.iter().map(String::as_str))
                ))
            })
    }

    /// Returns all live apps: first the workspace's own, then the catalog's.
    pub fn apps(&self) -> impl Iterator<Item = Arc<ExternalApp>> + use<'a> {
        let world = self.world;
        let own = world.external_apps.iter().filter(|app| !app.meta.is_archived()).cloned();
        let shared = self.catalog.apps.iter().filter(move |app| world.external_apps.get(app.id.as_str()).is_none());
        own.chain(shared.cloned())
    }

    /// Returns the connector that serves an app when a call names only the app.
    pub fn connector_of_app(&self, app: &ExternalApp) -> Option<Arc<Connector>> {
        app.default_connector_id
            .as_ref()
            .and_then(|id| self.connector(id.as_str()))
            .or_else(|| self.connectors().find(|connector| connector.external_app_id.as_ref() == Some(&app.id)))
    }

    /// Returns the live integration with this key.
    pub fn integration_with_key(&self, key: &str) -> Option<&'a Arc<Integration>> {
        self.world.integrations.with_key(key).find(|integration| !integration.meta.is_archived())
    }

    /// Returns the integration with this id (archived ones too), key or UUID.
    pub fn integration(&self, text: &str) -> Option<&'a Arc<Integration>> {
        let world = self.world;
        world
            .integrations
            .get(text)
            .or_else(|| self.integration_with_key(text))
            .or_else(|| world.integrations.with(Index::Uuid, &[text]).next())
    }

    /// Returns the integration with this id, key or UUID, or a 404 that suggests a key. Source:
    /// SEED words the beginning.
    pub fn find_integration(&self, text: &str) -> Result<&'a Arc<Integration>, ApiError> {
        self.integration(text).ok_or_else(|| {
            let keys = self.world.integrations.iter().filter(|i| !i.meta.is_archived()).map(|i| i.key());
            ApiError::not_found(format!(
                "integration not found: `{text}`{}; list them with GET /integrations",
                hint(text, keys)
            ))
        })
    }

    /// Returns the live integration of a connector.
    pub fn integration_of(&self, connector: &Connector) -> Option<&'a Arc<Integration>> {
        let of_it = [connector.id.as_str()];
        self.world.integrations.with(Index::Connector, &of_it).find(|integration| !integration.meta.is_archived())
    }

    /// Returns the integration with this id, key or UUID, or the connector or app that stands under this synthetic id;
    /// a 404 when there is neither.
    pub fn connectable(&self, text: &str) -> Result<Connectable, ApiError> {
        let candidate = || self.connectors().find(|connector| Integration::synthetic_id(&connector.id) == *text);
        if let Some(integration) = self.integration(text) {
            // Once its integration is archived, a connector is on offer again under the same id.
            let again = integration.meta.is_archived().then(candidate).flatten();
            return Ok(again.map_or_else(|| Connectable::Integration(Arc::clone(integration)), Connectable::Connector));
        }
        if let Some(connector) = candidate() {
            return Ok(Connectable::Connector(connector));
        }
        let app = self.apps().find(|app| Integration::synthetic_app_id(&app.id) == *text);
        app.map(Connectable::App)
            .map_or_else(|| self.find_integration(text).map(|found| Connectable::Integration(Arc::clone(found))), Ok)
    }

    /// Returns the connector of an integration, by way of its app when it names none.
    pub fn connector_for(&self, integration: &Integration) -> Option<Arc<Connector>> {
        if let Some(id) = &integration.connector_id {
            return self.connector(id.as_str());
        }
        let app = self.app(integration.external_app_id.as_ref()?.as_str())?;
        self.connector_of_app(&app)
    }

    /// Returns the live connections that the caller means: a tenant's own, or all of them
    /// for a manager without a tenant.
    pub fn connections(&self, caller: &Caller) -> impl DoubleEndedIterator<Item = &'a Arc<Connection>> + use<'a> {
        let all = &self.world.connections;
        let (of_tenant, of_all) = match caller {
            Caller::Tenant(tenant) | Caller::Manager(Some(tenant)) => {
                (Some(all.with(Index::Tenant, &[tenant.id.as_str()])), None)
            }
            Caller::Manager(None) => (None, Some(all.iter())),
            Caller::Workspace => (None, None),
        };
        let meant = of_tenant.into_iter().flatten().chain(of_all.into_iter().flatten());
        meant.filter(|connection| !connection.is_archived())
    }

    /// Returns the connection with this id (archived ones too), this key, or of the integration with this id or key. It
    /// fails with a 404, or with a 400 when several tenants have the key.
    ///
    /// Another tenant's connection is not found (`docs/behaviour.md#tenant-isolation`).
    pub fn connection(&self, caller: &Caller, text: &str) -> Result<Arc<Connection>, ApiError> {
        if let Some(connection) = self.world.connections.get(text)
            && caller.may_see(connection.tenant.as_str())
        {
            return Ok(Arc::clone(connection));
        }
        let by_key: Vec<&Arc<Connection>> = self
            .world
            .connections
            .with_key(text)
            .filter(|connection| !connection.is_archived() && caller.means(connection.tenant.as_str()))
            .collect();
        match by_key.as_slice() {
            [one] => return Ok(Arc::clone(one)),
            [] => {}
            [..] => {
                let ids = by_key.iter().map(|connection| {
                    let tenant = self.world.tenants.get(connection.tenant.as_str());
                    format!("`{}` of `{}`", connection.id, tenant.map_or("?", |tenant| tenant.internal_id.as_str()))
                });
                let (count, ids) = (by_key.len(), ids.collect::<Vec<_>>().join(", "));
                return Err(ApiError::bad_request(format!(
                    "{count} tenants have a connection `{text}`; use an id: {ids}"
                )));
            }
        }
        if let Some(integration) = self.integration(text)
            && let Some(connection) = self.default_connection(caller, integration)
        {
            return Ok(connection);
        }
        let keys: Vec<&str> = self.connections(caller).filter_map(|c| c.meta.key.as_deref()).collect();
        let known = if keys.is_empty() {
            "; this tenant has no connections".to_owned()
        } else {
            hint(text, keys.iter().copied())
        };
        Err(ApiError::not_found(format!("connection not found: `{text}`{known}")))
    }

    /// Refuses with 404 a call through a connection that is archived, or whose integration or tenant is, and one whose
    /// connector was deleted.
    pub fn check_usable(&self, connection: &Connection) -> Result<(), ApiError> {
        let withdrawn = |what: &str, name: &str, below: &str| {
            Err(ApiError::not_found(format!("{what} not found: `{name}` is archived{below}; restore it")))
        };
        if connection.is_archived() {
            return withdrawn("connection", connection.id.as_str(), "");
        }
        let name = connection.meta.key.as_deref().unwrap_or(&connection.meta.name);
        let below = format!(", and its connection `{name}` with it");
        let integration = connection.integration.as_ref().and_then(|id| self.world.integrations.get(id.as_str()));
        if let Some(integration) = integration.filter(|integration| integration.meta.is_archived()) {
            return withdrawn("integration", integration.key(), &below);
        }
        if let Some(gone) = connection.connector.as_ref().filter(|id| self.connector(id.as_str()).is_none()) {
            return Err(ApiError::not_found(format!(
                "connector not found: `{gone}` was deleted, and its connection `{name}` cannot be used any more; archive it"
            )));
        }
        let tenant = self.world.tenants.get(connection.tenant.as_str());
        match tenant.filter(|tenant| tenant.archived_at.is_some()) {
            Some(tenant) => withdrawn("tenant", &tenant.internal_id, &below),
            None => Ok(()),
        }
    }

    /// Refuses with 400 what would change such a connection, or make something for it.
    pub fn check_changeable_connection(&self, connection: &Connection) -> Result<(), ApiError> {
        self.check_usable(connection).map_err(|error| ApiError::bad_request(error.message.clone()))
    }

    /// Returns the caller's connection of an integration: the latest that works, or else the
    /// latest of all (`docs/behaviour.md#connection-default`).
    pub fn default_connection(&self, caller: &Caller, integration: &Integration) -> Option<Arc<Connection>> {
        // A manager without a tenant has to name a connection; it has no default one.
        let both = [caller.tenant()?.id.as_str(), integration.id.as_str()];
        let live = || {
            let of_it = self.world.connections.with(Index::TenantIntegration, &both).rev();
            of_it.filter(|connection| !connection.is_archived())
        };
        live().find(|connection| connection.is_connected()).or_else(|| live().next()).cloned()
    }

    /// Finds what a call's scope names: first the connection's id, then its key, then the
    /// integration's default connection. Source: SEED (`act`).
    pub fn scope(&self, caller: &Caller, scope: &Scope) -> Result<Resolved, ApiError> {
        let named = [&scope.connection_id, &scope.connection_key].into_iter().flatten().next();
        let integration = match [&scope.integration_id, &scope.integration_key].into_iter().flatten().next() {
            Some(text) => match self.connectable(text) {
                Ok(Connectable::Integration(integration)) => Some(integration),
                Ok(Connectable::Connector(_) | Connectable::App(_)) => None,
                // The settings let a universal action run for an app that has no integration yet.
                Err(_) if self.generates(text) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        if let Some(text) = named {
            let connection = self.connection(caller, text)?;
            let own = connection.integration.as_ref().and_then(|id| self.world.integrations.get(id.as_str()));
            return Ok(Resolved { integration: own.cloned().or(integration), connection: Some(connection) });
        }
        let connection = integration.as_ref().and_then(|found| self.default_connection(caller, found));
        Ok(Resolved { integration, connection })
    }

    /// Returns whether the workspace makes an integration of this key by itself when a call needs it.
    fn generates(&self, key: &str) -> bool {
        let settings = &self.world.workspace.settings;
        (settings.auto_generate_integrations_from_connectors && self.find_connector(key).is_ok())
            || (settings.auto_generate_integrations_from_external_apps && self.find_app(key).is_ok())
    }

    /// Returns the tenant's default connection, which is its latest READY one (`docs/behaviour.md#connection-default`).
    pub fn workspace_default(&self, caller: &Caller) -> Option<Arc<Connection>> {
        caller.tenant()?;
        self.connections(caller).rev().find(|connection| connection.state == ConnectionState::Ready).cloned()
    }
}

/// The result of looking up a call's scope.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// The integration is absent when the scope names none, or one that does not exist yet.
    pub integration: Option<Arc<Integration>>,
    /// The connection is absent when the scope names none and the integration has no default one.
    pub connection: Option<Arc<Connection>>,
}

impl Resolved {
    /// Returns the id of the app behind the connection or the integration.
    pub fn external_app(&self, directory: &Directory<'_>) -> Option<crate::base::ids::Id<ExternalApp>> {
        if let Some(app) = self.connection.as_ref().and_then(|connection| connection.external_app.clone()) {
            return Some(app);
        }
        let integration = self.integration.as_ref()?;
        integration
            .external_app_id
            .clone()
            .or_else(|| directory.connector_for(integration).and_then(|connector| connector.external_app_id.clone()))
    }
}

/// Returns the end of a message: “; did you mean `x`?”, or which keys there are. What was asked for is never named: it is
/// known, and means something else here.
pub fn hint<'k>(asked: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().filter(|key| !key.is_empty() && *key != asked).collect();
    if let Some(near) = nearest(asked, known.iter().copied()) {
        return format!("; did you mean `{near}`?");
    }
    let mut shown: Vec<&str> = Vec::new();
    for key in known {
        if !shown.contains(&key) {
            shown.push(key);
        }
    }
    match shown.len() {
        0 => String::new(),
        1..=8 => format!("; there are `{}`", shown.join("`, `")),
        more => format!("; there are {more} of them"),
    }
}
