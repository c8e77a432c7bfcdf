//! What to connect to: an integration, a connector that becomes one, or an app for which a connector has to be built.
//!
//! Invariant: a connector has one live integration, which is made when somebody first connects to it.

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::text::check_intent;
use crate::base::{JsonMap, rank};
use crate::elements::model::{Meta, free_key, key_of};
use crate::engine::directory::{Connectable, Directory};
use crate::engine::{Cx, WorkspaceRuntime};
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::connector::model::{Apply, AuthType, Connector};
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::workspace::model::progress::Failure;
use crate::store::{Tx, World};
use std::sync::Arc;

/// The target of a new connection.
pub(crate) enum ConnectTarget {
    /// A connector, through its integration, which is made on demand.
    Known { integration: Id<Integration>, connector: Arc<Connector> },
    /// A connector has to be found or built, for an app or by a name.
    Build { app: Option<Arc<ExternalApp>>, name: String },
}

/// A connection's integration with the connection's own parameters over it; none while it has no integration.
pub fn integration_for(world: &World, connection: &Connection) -> Option<Integration> {
    let integration = world.integrations.get(connection.integration.as_ref()?.as_str())?;
    Some(integration.with_parameters(connection.connector_parameters.as_ref()))
}

/// Why a connector cannot be authorized with the parameters that are set;
/// none when it can (`docs/behaviour.md#connect-misconfigured`).
pub(crate) fn misconfigured(tx: &Tx, connector: &Connector, connection: &Connection) -> Option<Failure> {
    let why = integration_for(tx, connection)?.oauth_fault(connector)?;
    Some(Failure {
        state: ConnectionState::ConfigurationError,
        error: Some(format!("connector `{}` {why}", connector.key())),
    })
}

/// The target that a call names. Fails with 400 when it names none, with 404 for an unknown one.
/// Source: SEED (“Hand connect one of”).
pub(crate) fn target_of(cx: &Cx, tx: &mut Tx, spec: &ConnectSpec) -> Result<ConnectTarget, ApiError> {
    let world = (**tx).clone();
    let directory = cx.directory(&world);
    if let Some(text) = spec.integration_id.as_ref().or(spec.integration_key.as_ref()) {
        return match directory.connectable(text)? {
            Connectable::Integration(integration) => {
                integration.meta.refuse_archived("integration")?;
                match directory.connector_for(&integration) {
                    Some(connector) => Ok(ConnectTarget::Known { integration: integration.id.clone(), connector }),
                    None => Ok(build_for(&directory, &integration)),
                }
            }
            Connectable::Connector(connector) => known(cx, tx, &directory, connector),
            Connectable::App(app) => Ok(ConnectTarget::Build { name: app.meta.name.clone(), app: Some(app) }),
        };
    }
    if let Some(text) = spec.connector_id.as_ref().or(spec.connector_key.as_ref()) {
        let connector = directory.find_connector(text)?;
        return known(cx, tx, &directory, connector);
    }
    if let Some(text) = &spec.external_app_id {
        let app = directory.find_app(text)?;
        return match directory.connector_of_app(&app) {
            Some(connector) => known(cx, tx, &directory, connector),
            None => Ok(ConnectTarget::Build { name: app.meta.name.clone(), app: Some(app) }),
        };
    }
    match spec.intent.as_deref().map(str::trim) {
        Some(intent) if !intent.is_empty() => {
            check_intent(intent)?;
            Ok(ConnectTarget::Build { app: None, name: name_of_intent(intent) })
        }
        _ => Err(ApiError::bad_request(
            "say what to connect to: `integrationKey`, `integrationId`, `connectorKey`, `connectorId`, \
             `externalAppId`, `intent`, or `connectionId` to connect again",
        )),
    }
}

pub(crate) fn build_for(directory: &Directory<'_>, integration: &Integration) -> ConnectTarget {
    let app = integration.external_app_id.as_ref().and_then(|id| directory.app(id.as_str()));
    ConnectTarget::Build { name: integration.meta.name.clone(), app }
}

pub(crate) fn name_of_intent(intent: &str) -> String {
    let words: Vec<&str> = intent
        .split_whitespace()
        .filter(|word| {
            !["connect", "my", "our", "the", "a", "an", "to", "account"].contains(&word.to_lowercase().as_str())
        })
        .collect();
    let name = if words.is_empty() { intent.to_owned() } else { words.join(" ") };
    name.chars().take(60).collect()
}

/// The target of a connector, whose integration is made when there is none (SEED).
pub(crate) fn known(
    cx: &Cx,
    tx: &mut Tx,
    directory: &Directory<'_>,
    connector: Arc<Connector>,
) -> Result<ConnectTarget, ApiError> {
    if let Some(integration) = directory.integration_of(&connector) {
        return Ok(ConnectTarget::Known { integration: integration.id.clone(), connector });
    }
    let integration = new_integration(&cx.space, directory, &connector);
    let id = integration.id.clone();
    tx.put(integration)?;
    Ok(ConnectTarget::Known { integration: id, connector })
}

/// The integration that a connector becomes: under the id that the connector was offered under,
/// with its key when that is free.
pub fn new_integration(space: &WorkspaceRuntime, directory: &Directory<'_>, connector: &Connector) -> Integration {
    let synthetic = Integration::offered_id(connector);
    let id = if directory.world.integrations.get(synthetic.as_str()).is_none() { synthetic } else { space.ids.id() };
    let key = free_key(connector.key(), |key| directory.integration_with_key(key).is_some());
    let mut meta = Meta::new(&space.ids, space.clock.now(), Some(key), Some(connector.meta.name.clone()));
    meta.description.clone_from(&connector.meta.description);
    Integration {
        connector_id: Some(connector.id.clone()),
        external_app_id: connector.external_app_id.clone(),
        logo_uri: connector.logo_uri.clone(),
        ..Integration::blank(id, meta)
    }
}

pub(crate) fn best_match(directory: &Directory<'_>, connection: &Connection) -> Option<Arc<Connector>> {
    let intent = connection.intent.as_deref()?;
    let connectors: Vec<Arc<Connector>> = directory.connectors().collect();
    let text = |connector: &Arc<Connector>| {
        format!("{} {} {}", connector.meta.name, connector.key(), connector.categories.join(" "))
    };
    let best = rank::best(intent, connectors, text).into_iter().next()?;
    // A connector whose name shares no word with the intent is not what was meant.
    (rank::score(&best.meta.name, intent) > 0.0 || rank::score(best.key(), intent) > 0.0).then_some(best)
}

/// Builds a connector for this workspace, named after the app or intent, with a stub upstream
/// and an API key (`docs/behaviour.md#connect-intent`).
pub(crate) fn build_connector(
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    directory: &Directory<'_>,
    connection: &Connection,
) -> Result<Arc<Connector>, ApiError> {
    let app = connection.external_app.as_ref().and_then(|id| directory.app(id.as_str()));
    let name = match (&app, &connection.intent) {
        (Some(app), _) => app.meta.name.clone(),
        (None, Some(intent)) => name_of_intent(intent),
        (None, None) => connection.meta.name.clone(),
    };
    let base = key_of(&name);
    let base = if base.is_empty() { "connector" } else { &base };
    let key = free_key(base, |key| directory.find_connector(key).is_ok());
    let site = app.as_ref().and_then(|app| app.app_uri.clone());
    let connector = Connector {
        id: space.ids.id(),
        base_uri: site.unwrap_or_else(|| format!("https://api.{key}.example")),
        meta: Meta::new(&space.ids, space.clock.now(), Some(key), Some(name)),
        external_app_id: app.map(|app| app.id.clone()),
        logo_uri: None,
        categories: Vec::new(),
        version: "1.0.0".into(),
        auth_type: AuthType::ClientCredentials,
        input_schema: Some(Connector::key_form()),
        parameters_schema: None,
        oauth: None,
        apply: Apply::Bearer { field: "apiKey".into() },
        test: None,
        data_collections: Vec::new(),
        operations: Vec::new(),
        events: Vec::new(),
        shared_oauth_client: true,
        popularity: 0,
        is_public: false,
        extra: JsonMap::new(),
    };
    tx.put(connector.clone())?;
    Ok(Arc::new(connector))
}
