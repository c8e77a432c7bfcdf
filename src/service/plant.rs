//! Planting a seed: turning a [`SeedDocument`] into records of a workspace.

use super::catalog::{Catalog, action_of, connector_of, external_app};
use super::connect::oauth::refresh_due;
use super::directory::Directory;
use super::seed::{SeedAction, SeedDocument};
use super::vendor;
use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::ids::{Id, Ids, stable_id};
use crate::model::action::Action;
use crate::model::connection::{Connection, ConnectionHistory, ConnectionState};
use crate::model::connector::Connector;
use crate::model::element::Meta;
use crate::model::integration::Integration;
use crate::model::place::Place;
use crate::model::scenario::OwnScenario;
use crate::model::stub::Stub;
use crate::model::tenant::Tenant;
use crate::store::{Record, Tx};
use serde::Serialize;
use std::sync::Arc;

/// Plants a seed. Ids derive from keys, so that the same seed gives the same ids everywhere.
pub fn plant(tx: &mut Tx, ids: &Ids, now: Timestamp, catalog: &Catalog, seed: &SeedDocument) -> Result<(), ApiError> {
    for tenant in &seed.workspace.tenants {
        let mut record = Tenant::new(stable_id("tenant", &tenant.key), tenant.key.clone(), tenant.name.clone(), now);
        record.fields.clone_from(&tenant.fields);
        tx.put(record)?;
    }
    for app in &seed.external_apps {
        let own = seed.connectors.iter().find(|connector| connector.external_app.as_deref() == Some(&app.key));
        tx.put(external_app(app, own.map(|connector| stable_id("connector", &connector.key))))?;
    }
    for (connector, stubs) in &seed.stubs {
        for (index, spec) in stubs.iter().enumerate() {
            spec.check()?;
            tx.put(Stub {
                id: stable_id("seed-stub", &format!("{connector}/{index}")),
                connector_key: connector.clone(),
                spec: spec.clone(),
                created_at: now,
            })?;
        }
    }
    plant_elements(tx, ids, now, catalog, seed)?;
    for scenario in &seed.scenarios {
        tx.put(OwnScenario::of(scenario.clone()))?;
    }
    plant_connections(tx, ids, now, catalog, seed)
}

/// What planting elements came to: where each stands in a seed.
#[derive(Debug, Default, Serialize)]
pub struct Changes {
    /// Was not there.
    pub created: Vec<String>,
    /// Was there and is another now.
    pub updated: Vec<String>,
    /// Was there already.
    pub unchanged: Vec<String>,
    /// Was there and is archived now.
    pub archived: Vec<String>,
}

impl Changes {
    /// Writes an element unless it is there as it should be.
    fn write<R: Record + PartialEq>(
        &mut self,
        tx: &mut Tx,
        place: String,
        known: Option<Arc<R>>,
        mut wanted: R,
        touch: impl FnOnce(&mut R),
    ) -> Result<(), ApiError> {
        match known {
            Some(known) if *known == wanted => {
                self.unchanged.push(place);
                return Ok(());
            }
            Some(_) => {
                touch(&mut wanted);
                self.updated.push(place);
            }
            None => self.created.push(place),
        }
        tx.put(wanted)?;
        Ok(())
    }
}

/// What a seed says of an element over what is known of it.
fn meta_of(known: &Meta, wanted: &Meta) -> Meta {
    Meta {
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        meta: wanted.meta.clone(),
        archived_at: None,
        ..known.clone()
    }
}

pub(super) fn touched(meta: &mut Meta, ids: &Ids, now: Timestamp) {
    (meta.updated_at, meta.revision) = (now, ids.revision());
}

/// Plants connectors, integrations and actions, over those that the workspace has under the same keys.
pub fn plant_elements(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    catalog: &Catalog,
    seed: &SeedDocument,
) -> Result<Changes, ApiError> {
    let mut changes = Changes::default();
    for connector in &seed.connectors {
        let mut fresh = connector_of(connector);
        if let Some(key) = &connector.external_app {
            let world = (**tx).clone();
            fresh.external_app_id =
                Directory::new(&world, catalog).find_app(key).ok().map(|app| app.id.clone()).or(fresh.external_app_id);
        }
        let known = tx.connectors.with_key(&connector.key).next().cloned();
        let wanted = match &known {
            Some(known) => Connector {
                id: known.id.clone(),
                meta: meta_of(&known.meta, &fresh.meta),
                external_app_id: fresh.external_app_id.or_else(|| known.external_app_id.clone()),
                logo_uri: known.logo_uri.clone(),
                is_public: known.is_public,
                extra: known.extra.clone(),
                ..fresh
            },
            // Another connector may have the id that this one gets everywhere, under another key by now.
            None if tx.connectors.get(fresh.id.as_str()).is_some() => Connector { id: ids.id(), ..fresh },
            None => Connector { is_public: !seed.is_archive, ..fresh },
        };
        let place = format!("connectors/{}", connector.key);
        changes.write(tx, place, known, wanted, |connector| touched(&mut connector.meta, ids, now))?;
        for action in &connector.actions {
            tx.put(super::catalog::catalog_action(connector, action))?;
        }
    }
    // An integration's action customises a universal one.
    for action in &seed.actions {
        plant_action(tx, ids, now, action, None, &mut changes)?;
    }
    plant_integrations(tx, ids, now, catalog, seed, &mut changes)?;
    Ok(changes)
}

fn plant_integrations(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    catalog: &Catalog,
    seed: &SeedDocument,
    changes: &mut Changes,
) -> Result<(), ApiError> {
    for integration in &seed.integrations {
        let connector_key = integration.connector_key.as_deref().unwrap_or(&integration.key);
        let world = (**tx).clone();
        let connector = Directory::new(&world, catalog)
            .find_connector(connector_key)
            .map_err(|error| ApiError::bad_request(format!("integration `{}`: {}", integration.key, error.message)))?;
        // The live one, else the one that was archived last.
        let known =
            world.integrations.with_key(&integration.key).max_by_key(|known| !known.meta.is_archived()).cloned();
        let synthetic = Integration::offered_id(&connector);
        let id = match &known {
            Some(known) => known.id.clone(),
            None if tx.integrations.get(synthetic.as_str()).is_none() => synthetic,
            None => {
                let stable: Id<Integration> = stable_id("integration", &integration.key);
                if tx.integrations.get(stable.as_str()).is_none() { stable } else { ids.id() }
            }
        };
        let name = integration.name.clone().unwrap_or_else(|| connector.meta.name.clone());
        let description = integration.description.clone().or_else(|| connector.meta.description.clone());
        let mut wanted = match &known {
            Some(known) => (**known).clone(),
            None => {
                let meta = Meta::new(ids, now, Some(integration.key.clone()), Some(name.clone()));
                Integration::blank(id.clone(), meta)
            }
        };
        (wanted.meta.name, wanted.meta.description, wanted.meta.archived_at) = (name, description, None);
        wanted.meta.meta.clone_from(&integration.meta);
        if let (Some(uuid), None) = (&integration.uuid, &known) {
            wanted.meta.uuid.clone_from(uuid);
        }
        (wanted.connector_id, wanted.external_app_id) = (Some(connector.id.clone()), connector.external_app_id.clone());
        // No export has parameters: those that are there stay.
        wanted.parameters.extend(integration.parameters.clone());
        wanted.options_config.clone_from(&integration.options_config);
        wanted.o_auth_callback_uri.clone_from(&integration.o_auth_callback_uri);
        wanted.logo_uri.clone_from(&integration.logo_uri);
        let place = format!("integrations/{}", integration.key);
        changes.write(tx, place, known, wanted, |integration| touched(&mut integration.meta, ids, now))?;
        for action in &integration.actions {
            plant_action(tx, ids, now, action, Some((&id, &integration.key)), changes)?;
        }
    }
    Ok(())
}

/// The workspace's own action at a place: the live one, else the one that was archived last.
fn own_action(tx: &Tx, key: &str, integration: Option<&Id<Integration>>) -> Option<Arc<Action>> {
    let all =
        tx.actions.with_key(key).filter(|action| is_own(action) && action.place.integration.as_ref() == integration);
    all.max_by_key(|action| !action.meta.is_archived()).cloned()
}

/// Whether an action is the workspace's, and no connection's and no catalog's.
fn is_own(action: &Action) -> bool {
    !action.is_public && action.place.connection.is_none() && action.place.external_app.is_none()
}

/// The same, and there.
pub(super) fn is_defined(action: &Action) -> bool {
    is_own(action) && !action.meta.is_archived()
}

fn plant_action(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    action: &SeedAction,
    integration: Option<(&Id<Integration>, &str)>,
    changes: &mut Changes,
) -> Result<(), ApiError> {
    let name = match integration {
        Some((_, key)) => format!("{key}/{}", action.key),
        None => action.key.clone(),
    };
    let place = match integration {
        Some((_, key)) => format!("integrations/{key}/actions/{}", action.key),
        None => format!("actions/{}", action.key),
    };
    let known = own_action(tx, &action.key, integration.map(|(id, _)| id));
    let stable = stable_id("action", &name);
    let id = if tx.actions.get(stable.as_str()).is_none() { stable } else { ids.id() };
    let universal = integration
        .and_then(|_| tx.actions.with_key(&action.key).find(|a| is_defined(a) && a.place.integration.is_none()));
    let universal = universal.map(|universal| universal.id.clone());
    let mut fresh = action_of(id, action, now);
    fresh.meta.meta.clone_from(&action.meta);
    let wanted = match &known {
        Some(known) => Action {
            meta: meta_of(&known.meta, &fresh.meta),
            place: Place { parent: known.place.parent.clone().or(universal), ..known.place.clone() },
            action_type: fresh.action_type,
            config: fresh.config,
            input_schema: fresh.input_schema,
            output_schema: fresh.output_schema,
            output_mapping: fresh.output_mapping,
            custom_output_schema: fresh.custom_output_schema,
            ..(**known).clone()
        },
        None => {
            fresh.meta.uuid = action.uuid.clone().unwrap_or_else(|| ids.uuid());
            fresh.place.integration = integration.map(|(id, _)| id.clone());
            fresh.place.parent = universal;
            fresh
        }
    };
    changes.write(tx, place, known, wanted, |action| touched(&mut action.meta, ids, now))
}

fn plant_connections(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    catalog: &Catalog,
    seed: &SeedDocument,
) -> Result<(), ApiError> {
    for connection in &seed.connections {
        let tenant_key = connection.tenant.as_ref().or(seed.workspace.default_tenant.as_ref());
        let tenant_key = tenant_key.map_or("demo-tenant", String::as_str);
        let known = tx.tenants.with_key(tenant_key).next().map(|tenant| tenant.id.clone());
        let tenant = match known {
            Some(id) => id,
            None => {
                let tenant = Tenant::new(stable_id("tenant", tenant_key), tenant_key.to_owned(), None, now);
                let id = tenant.id.clone();
                tx.put(tenant)?;
                id
            }
        };
        let world = (**tx).clone();
        let directory = Directory::new(&world, catalog);
        let integration = directory.find_integration(&connection.integration)?;
        let Some(connector) = directory.connector_for(integration) else {
            return Err(ApiError::bad_request(format!(
                "connection `{}`: the integration `{}` has no connector",
                connection.key, connection.integration
            )));
        };
        let credentials = match &connection.credentials {
            Some(credentials) => credentials.clone(),
            None => vendor::default_credentials(tx, ids, now, &connector, vendor::DEFAULT_ACCOUNT, None)?,
        };
        let name = connection.name.clone().unwrap_or_else(|| integration.meta.name.clone());
        tx.put(Connection {
            id: stable_id("connection", &format!("{tenant_key}/{}", connection.key)),
            meta: Meta::new(ids, now, Some(connection.key.clone()), Some(name)),
            tenant,
            integration: Some(integration.id.clone()),
            external_app: connector.external_app_id.clone(),
            connector: Some(connector.id.clone()),
            connector_version: None,
            auth_option_key: None,
            state: ConnectionState::Ready,
            former: None,
            next_credentials_refresh_at: refresh_due(&credentials, now),
            credentials: Some(credentials),
            connector_parameters: None,
            input: None,
            error: None,
            errors: Vec::new(),
            intent: None,
            ticket: None,
            attempt: None,
            request: None,
            replaces_others: false,
            due: None,
            retry_attempts: 0,
            next_retry_timestamp: None,
            building_agent_session: None,
            history: ConnectionHistory::default(),
            last_active_at: None,
            is_test: false,
        })?;
    }
    Ok(())
}
