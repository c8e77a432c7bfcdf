//! Planting a seed: making the records of a workspace from a [`SeedDocument`].
//!
//! Invariant: ids derive from keys, so that the same seed gives the same ids everywhere,
//! and planting twice changes nothing.

mod elements;

pub(crate) use elements::is_defined;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::{Id, Ids, stable_id, stable_uuid};
use crate::base::work::Work;
use crate::elements::model::Meta;
use crate::engine::catalog::Catalog;
use crate::engine::directory::Directory;
use crate::nouns::connection::connect::refresh_due;
use crate::nouns::connection::model::{Connection, ConnectionHistory, ConnectionState};
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::stub::model::StoredStub;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::{flow as flows, stub_vendor as vendor};
use crate::store::{Record, Tx};
use crate::world::catalog::{catalog_action, connector_of, external_app};
use crate::world::plant::elements::{Of, PlantingKinds, SettlingKinds, elements_in, names_of};
use crate::world::scenario::model::OwnScenario;
use crate::world::seed::{SeedDocument, each_kind};

/// Plants a seed in a new workspace. Fails with 400 when an integration or connection names what is not there.
pub fn plant(tx: &mut Tx, ids: &Ids, now: Timestamp, catalog: &Catalog, seed: &SeedDocument) -> Result<(), ApiError> {
    for tenant in &seed.workspace.tenants {
        let mut record = Tenant::new(stable_id("tenant", &tenant.key), tenant.key.clone(), tenant.name.clone(), now);
        record.fields.clone_from(&tenant.fields);
        tx.put(record)?;
    }
    for (connector, stubs) in &seed.stubs {
        for (index, spec) in stubs.iter().enumerate() {
            spec.check()?;
            tx.put(StoredStub {
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

/// What planting changed, as the places of elements in a seed.
#[derive(Debug, Serialize)]
pub struct Changes {
    /// The elements that were not there.
    pub created: Vec<String>,
    /// The elements that were there and were changed.
    pub updated: Vec<String>,
    /// The elements that were there and stayed as they were.
    pub unchanged: Vec<String>,
    /// The elements that were there and were archived.
    pub archived: Vec<String>,
    /// The planting itself, element by element.
    #[serde(skip)]
    work: Work,
}

impl Changes {
    /// Begins to plant a seed.
    fn begin(seed: &SeedDocument) -> Self {
        let (created, updated, unchanged, archived) = Default::default();
        let work = seed.listener.begin("planting", "elements", elements_in(seed));
        Self { created, updated, unchanged, archived, work }
    }

    /// Writes an element, unless it is there and equal.
    fn write<R: Record + PartialEq>(
        &mut self,
        tx: &mut Tx,
        place: String,
        known: Option<Arc<R>>,
        mut wanted: R,
        touch: impl FnOnce(&mut R),
    ) -> Result<(), ApiError> {
        self.work.one_done();
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

/// The shared fields of a known element, with what a seed says over them.
fn meta_of(known: &Meta, wanted: &Meta) -> Meta {
    Meta {
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        meta: wanted.meta.clone(),
        archived_at: None,
        ..known.clone()
    }
}

/// Plants connectors, integrations, actions and flows, over those that the workspace has under the same
/// keys, and answers what changed.
pub fn plant_elements(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    catalog: &Catalog,
    seed: &SeedDocument,
) -> Result<Changes, ApiError> {
    let mut changes = Changes::begin(seed);
    plant_apps(tx, ids, now, seed, &mut changes)?;
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
                is_public: known.is_public,
                ..fresh
            },
            // The id that this connector gets everywhere may belong to another connector, whose key was changed since.
            None => {
                let is_taken = tx.connectors.get(fresh.id.as_str()).is_some();
                let id = if is_taken { ids.id() } else { fresh.id };
                let mut meta = fresh.meta;
                meta.uuid = connector.uuid.clone().unwrap_or(meta.uuid);
                Connector { id, meta, is_public: !seed.is_archive, ..fresh }
            }
        };
        let app = wanted.external_app_id.clone();
        let place = format!("connectors/{}", connector.key);
        changes.write(tx, place, known, wanted, |connector| connector.meta.touch(ids, now))?;
        for action in &connector.actions {
            let mut action = catalog_action(connector, action);
            action.place.external_app.clone_from(&app);
            tx.put(action)?;
        }
    }
    let names = names_of(Directory::new(tx, catalog), seed);
    // The universal elements come first, because an integration's element customises one.
    let of = Of::Document(seed);
    each_kind(&mut PlantingKinds { tx, ids, now, catalog, of, names: &names, changes: &mut changes })?;
    plant_integrations(tx, ids, now, catalog, seed, &names, &mut changes)?;
    // An element may name one that was planted after it.
    each_kind(&mut SettlingKinds { tx, catalog, seed })?;
    Ok(changes)
}

fn plant_apps(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    seed: &SeedDocument,
    changes: &mut Changes,
) -> Result<(), ApiError> {
    for app in &seed.external_apps {
        // An archive does not say which connector is its default.
        let mut own = seed.connectors.iter().filter(|_| !seed.is_archive);
        let own = own.find(|connector| connector.external_app.as_deref() == Some(&app.key));
        let fresh = external_app(app, own.map(|connector| stable_id("connector", &connector.key)));
        let known = tx.external_apps.with_key(&app.key).next().cloned();
        let wanted = match &known {
            Some(known) => ExternalApp {
                id: known.id.clone(),
                meta: meta_of(&known.meta, &fresh.meta),
                default_connector_id: known.default_connector_id.clone().or(fresh.default_connector_id),
                is_public: known.is_public,
                ..fresh
            },
            // The id that this app gets everywhere may belong to another one, whose key was changed since.
            None => {
                let is_taken = tx.external_apps.get(fresh.id.as_str()).is_some();
                let id = if is_taken { ids.id() } else { fresh.id };
                let mut meta = fresh.meta;
                meta.uuid = app.uuid.clone().unwrap_or(meta.uuid);
                ExternalApp { id, meta, is_public: !seed.is_archive, ..fresh }
            }
        };
        changes.write(tx, format!("external-apps/{}", app.key), known, wanted, |app| app.meta.touch(ids, now))?;
    }
    Ok(())
}

fn plant_integrations(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    catalog: &Catalog,
    seed: &SeedDocument,
    names: &BTreeMap<String, String>,
    changes: &mut Changes,
) -> Result<(), ApiError> {
    for integration in &seed.integrations {
        let world = (**tx).clone();
        let connector = Directory::new(&world, catalog)
            .find_connector(integration.connector())
            .map_err(|error| ApiError::bad_request(format!("integration `{}`: {}", integration.key, error.message)))?;
        // The live one is meant, else the one that was archived last.
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
        // What an archive lacks is not there; a seed leaves it out.
        let of_connector = || connector.meta.description.clone().filter(|_| !seed.is_archive);
        let description = integration.description.clone().or_else(of_connector);
        let mut wanted = match &known {
            Some(known) => (**known).clone(),
            None => {
                let meta = Meta::new(ids, now, Some(integration.key.clone()), Some(name.clone()));
                Integration::blank(id.clone(), meta)
            }
        };
        (wanted.meta.name, wanted.meta.description, wanted.meta.archived_at) = (name, description, None);
        wanted.meta.meta.clone_from(&integration.meta);
        if known.is_none() {
            wanted.meta.uuid = uuid_of(integration.uuid.as_ref(), "integration", id.as_str());
        }
        (wanted.connector_id, wanted.external_app_id) = (Some(connector.id.clone()), connector.external_app_id.clone());
        // An export has no parameters, so those that are there stay.
        wanted.parameters.extend(integration.parameters.clone());
        wanted.options_config.clone_from(&integration.options_config);
        wanted.o_auth_callback_uri.clone_from(&integration.o_auth_callback_uri);
        wanted.logo_uri.clone_from(&integration.logo_uri);
        wanted.connector_version.clone_from(&integration.connector_version);
        let place = format!("integrations/{}", integration.key);
        changes.write(tx, place, known, wanted, |integration| integration.meta.touch(ids, now))?;
        let of = Of::Integration(integration, &id);
        each_kind(&mut PlantingKinds { tx, ids, now, catalog, of, names, changes })?;
    }
    Ok(())
}

/// The UUID of something new: the seed's, or one that is the same at every start, as ids are.
fn uuid_of(given: Option<&String>, kind: &str, id: &str) -> String {
    given.cloned().unwrap_or_else(|| stable_uuid(kind, id))
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
        let id = stable_id("connection", &format!("{tenant_key}/{}", connection.key));
        let mut meta = Meta::new(ids, now, Some(connection.key.clone()), Some(name));
        meta.uuid = uuid_of(None, "connection", id.as_str());
        let planted = Connection {
            id,
            meta,
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
        };
        tx.put(planted.clone())?;
        flows::connected(tx, ids, now, &planted)?;
    }
    Ok(())
}
