//! Finding things: one workspace's state over the shared catalog.
//!
//! Invariant: a workspace's own record shadows the catalog's with the same id.

use std::sync::Arc;

use crate::base::error::{ApiError, nearest};
use crate::elements::model::Scope;
use crate::engine::catalog::Catalog;
use crate::engine::tokens::Caller;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::store::World;

/// One workspace's state over the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Directory<'a> {
    /// The workspace.
    pub world: &'a World,
    /// The catalog.
    pub catalog: &'a Catalog,
}

/// An integration that exists, or a catalog connector that would become one.
#[derive(Debug, Clone)]
pub enum Offer {
    /// Exists.
    Real(Arc<Integration>),
    /// Would be made on connecting.
    Candidate(Arc<Connector>),
    /// An app that has no connector yet: it would be built.
    App(Arc<ExternalApp>),
}

impl<'a> Directory<'a> {
    /// Over a workspace.
    pub fn new(world: &'a World, catalog: &'a Catalog) -> Self {
        Self { world, catalog }
    }

    /// A connector by id.
    pub fn connector(&self, id: &str) -> Option<Arc<Connector>> {
        self.world.connectors.get(id).or_else(|| self.catalog.connectors.get(id)).cloned()
    }

    /// A connector by id, UUID or key.
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

    /// The connector behind a connection, when it has one by now.
    pub fn connector_behind(&self, connection: &Connection) -> Option<Arc<Connector>> {
        self.connector(connection.connector.as_ref()?.as_str())
    }

    /// All live connectors: the workspace's own, then the catalog's.
    pub fn connectors(&self) -> impl Iterator<Item = Arc<Connector>> + use<'a> {
        let world = self.world;
        let own = world.connectors.iter().filter(|connector| !connector.meta.is_archived()).cloned();
        let shared = self.catalog.connectors.iter().filter(move |c| world.connectors.get(c.id.as_str()).is_none());
        own.chain(shared.cloned())
    }

    /// An app by id.
    pub fn app(&self, id: &str) -> Option<Arc<ExternalApp>> {
        self.world.external_apps.get(id).or_else(|| self.catalog.apps.get(id)).cloned()
    }

    /// An app by id, UUID or key.
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

    /// All live apps: the workspace's own, then the catalog's.
    pub fn apps(&self) -> impl Iterator<Item = Arc<ExternalApp>> + use<'a> {
        let world = self.world;
        let own = world.external_apps.iter().filter(|app| !app.meta.is_archived()).cloned();
        let shared = self.catalog.apps.iter().filter(move |app| world.external_apps.get(app.id.as_str()).is_none());
        own.chain(shared.cloned())
    }

    /// The connector an app is connected with, when only the app is named.
    pub fn connector_of_app(&self, app: &ExternalApp) -> Option<Arc<Connector>> {
        app.default_connector_id
            .as_ref()
            .and_then(|id| self.connector(id.as_str()))
            .or_else(|| self.connectors().find(|connector| connector.external_app_id.as_ref() == Some(&app.id)))
    }

    /// A live integration by key.
    pub fn integration_with_key(&self, key: &str) -> Option<&'a Arc<Integration>> {
        self.world.integrations.with_key(key).find(|integration| !integration.meta.is_archived())
    }

    /// An integration by id (archived ones too), UUID or key.
    pub fn integration(&self, text: &str) -> Option<&'a Arc<Integration>> {
        let world = self.world;
        world
            .integrations
            .get(text)
            .or_else(|| self.integration_with_key(text))
            .or_else(|| world.integrations.iter().find(|integration| integration.meta.uuid == text))
    }

    /// The same, or 404 with what would work. Source: SEED words the beginning.
    pub fn find_integration(&self, text: &str) -> Result<&'a Arc<Integration>, ApiError> {
        self.integration(text).ok_or_else(|| {
            let keys = self.world.integrations.iter().filter(|i| !i.meta.is_archived()).map(|i| i.key());
            ApiError::not_found(format!(
                "integration not found: `{text}`{}; list them with GET /integrations",
                hint(text, keys)
            ))
        })
    }

    /// The live integration of a connector.
    pub fn integration_of(&self, connector: &Connector) -> Option<&'a Arc<Integration>> {
        let mut live = self.world.integrations.iter().filter(|integration| !integration.meta.is_archived());
        live.find(|integration| integration.connector_id.as_ref() == Some(&connector.id))
    }

    /// An integration, or the candidate that stands under this synthetic id.
    pub fn offer(&self, text: &str) -> Result<Offer, ApiError> {
        let candidate = || self.connectors().find(|connector| Integration::synthetic_id(&connector.id) == *text);
        if let Some(integration) = self.integration(text) {
            // Once its integration is archived, a connector is on offer again under the same id.
            return match candidate() {
                Some(connector) if integration.meta.is_archived() => Ok(Offer::Candidate(connector)),
                _ => Ok(Offer::Real(Arc::clone(integration))),
            };
        }
        if let Some(connector) = candidate() {
            return Ok(Offer::Candidate(connector));
        }
        let app = self.apps().find(|app| Integration::synthetic_app_id(&app.id) == *text);
        app.map(Offer::App).map_or_else(|| self.find_integration(text).map(|found| Offer::Real(Arc::clone(found))), Ok)
    }

    /// The connector of an integration.
    pub fn connector_for(&self, integration: &Integration) -> Option<Arc<Connector>> {
        if let Some(id) = &integration.connector_id {
            return self.connector(id.as_str());
        }
        let app = self.app(integration.external_app_id.as_ref()?.as_str())?;
        self.connector_of_app(&app)
    }

    /// What the caller's connections are.
    pub fn connections<'c>(
        &self,
        caller: &'c Caller,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<Connection>> + use<'a, 'c> {
        let live = self.world.connections.iter().filter(|connection| !connection.is_archived());
        live.filter(move |connection| caller.means(connection.tenant.as_str()))
    }

    /// A connection by id (archived ones too), key, or its integration's id or key.
    ///
    /// Another tenant's is not found (`docs/behaviour.md#tenant-isolation`).
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
                return Err(ApiError::bad_request(format!(
                    "{} tenants have a connection `{text}`; use its id, or a token with a `tenantKey`",
                    by_key.len()
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

    /// The caller's connection of an integration: the only one, else the latest that is READY
    /// (`docs/behaviour.md#connection-default`).
    pub fn default_connection(&self, caller: &Caller, integration: &Integration) -> Option<Arc<Connection>> {
        // A manager without a tenant names a connection; it has no default one.
        caller.tenant()?;
        let of_it = |connection: &&Arc<Connection>| connection.integration.as_ref() == Some(&integration.id);
        self.connections(caller)
            .rev()
            .filter(of_it)
            .find(|connection| connection.is_connected())
            .or_else(|| self.connections(caller).rev().find(of_it))
            .cloned()
    }

    /// What a call's scope comes to: connection id, connection key, integration's default. Source: SEED (`act`).
    pub fn scope(&self, caller: &Caller, scope: &Scope) -> Result<Resolved, ApiError> {
        let named = [&scope.connection_id, &scope.connection_key].into_iter().flatten().next();
        let integration = match [&scope.integration_id, &scope.integration_key].into_iter().flatten().next() {
            Some(text) => match self.offer(text) {
                Ok(Offer::Real(integration)) => Some(integration),
                Ok(Offer::Candidate(_) | Offer::App(_)) => None,
                // The settings let a universal action run for an app that is no integration yet.
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

    /// Whether the workspace makes an integration of this key by itself when it is needed.
    fn generates(&self, key: &str) -> bool {
        let settings = &self.world.workspace.settings;
        (settings.auto_generate_integrations_from_connectors && self.find_connector(key).is_ok())
            || (settings.auto_generate_integrations_from_external_apps && self.find_app(key).is_ok())
    }

    /// The tenant's default connection: the only usable one, else the latest READY one
    /// (`docs/behaviour.md#connection-default`).
    pub fn workspace_default(&self, caller: &Caller) -> Option<Arc<Connection>> {
        caller.tenant()?;
        self.connections(caller).rev().find(|connection| connection.state == ConnectionState::Ready).cloned()
    }
}

/// What a scope came to.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// The integration.
    pub integration: Option<Arc<Integration>>,
    /// The connection.
    pub connection: Option<Arc<Connection>>,
}

impl Resolved {
    /// The app behind it.
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

/// “; did you mean `x`?” or what there is.
pub fn hint<'k>(asked: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().filter(|key| !key.is_empty()).collect();
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
