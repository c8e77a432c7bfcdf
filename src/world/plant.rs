//! Planting a seed: making the records of a workspace from a [`SeedDocument`].
//!
//! Invariant: ids derive from keys, so that the same seed gives the same ids everywhere,
//! and planting twice changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::{Id, Ids, stable_id, stable_uuid};
use crate::elements::model::Meta;
use crate::elements::{Kind, SeedForm};
use crate::engine::catalog::Catalog;
use crate::engine::directory::Directory;
use crate::nouns::connection::connect::oauth::refresh_due;
use crate::nouns::connection::model::{Connection, ConnectionHistory, ConnectionState};
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::stub::model::StoredStub;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::{flow as flows, references, stub_vendor as vendor};
use crate::store::{Record, Tx, World};
use crate::world::catalog::{connector_of, external_app};
use crate::world::scenario::model::OwnScenario;
use crate::world::seed::{EachKind, SeedDocument, SeedIntegration, Seeded, each_kind, place_in};

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
#[derive(Debug, Default, Serialize)]
pub struct Changes {
    /// The elements that were not there.
    pub created: Vec<String>,
    /// The elements that were there and were changed.
    pub updated: Vec<String>,
    /// The elements that were there and stayed as they were.
    pub unchanged: Vec<String>,
    /// The elements that were there and were archived.
    pub archived: Vec<String>,
}

impl Changes {
    /// Writes an element, unless it is there and equal.
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
    let mut changes = Changes::default();
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
        let place = format!("connectors/{}", connector.key);
        changes.write(tx, place, known, wanted, |connector| connector.meta.touch(ids, now))?;
        for action in &connector.actions {
            tx.put(crate::world::catalog::catalog_action(connector, action))?;
        }
    }
    let names = names_of(tx, seed);
    // The universal elements come first, because an integration's element customises one.
    each_kind(&mut PlantingKinds { tx, ids, now, of: Of::Document(seed), names: &names, changes: &mut changes })?;
    plant_integrations(tx, ids, now, catalog, seed, &names, &mut changes)?;
    // An element may name one that was planted after it.
    each_kind(&mut SettlingKinds { tx, seed })?;
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

/// The UUIDs that elements of the workspace have, by those that a seed has for the same elements, where these differ.
fn names_of(world: &World, seed: &SeedDocument) -> BTreeMap<String, String> {
    struct Naming<'a> {
        world: &'a World,
        seed: &'a SeedDocument,
        names: BTreeMap<String, String>,
    }
    impl EachKind for Naming<'_> {
        type Error = std::convert::Infallible;

        fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
            for (element, integration) in elements_of::<K>(self.world, self.seed) {
                let known = known_at::<K>(self.world, element.key(), integration.as_ref());
                if let Some((given, known)) = element.uuid().zip(known).filter(|(given, it)| **given != it.meta().uuid)
                {
                    self.names.insert(given.clone(), known.meta().uuid.clone());
                }
            }
            Ok(())
        }
    }
    let mut naming = Naming { world, seed, names: BTreeMap::new() };
    let Ok(()) = each_kind(&mut naming);
    naming.names
}

/// The elements of a kind that a seed has, each with the integration that it stands at in the workspace.
fn elements_of<'a, K: Seeded>(
    world: &'a World,
    seed: &'a SeedDocument,
) -> impl Iterator<Item = (&'a K::Seed, Option<Id<Integration>>)> {
    let universal = K::of_document(seed).iter().map(|element| (element, None));
    let at = |integration: &SeedIntegration| {
        let live = world.integrations.with_key(&integration.key).max_by_key(|known| !known.meta.is_archived());
        live.map(|known| known.id.clone())
    };
    let own = seed.integrations.iter().filter_map(move |it| Some((it, at(it)?)));
    let own = own.flat_map(|(it, id)| K::of_integration(it).iter().map(move |element| (element, Some(id.clone()))));
    universal.chain(own)
}

/// The workspace's own element of a key at a place: the live one, else the one that was archived last.
fn known_at<E: Kind>(world: &World, key: &str, integration: Option<&Id<Integration>>) -> Option<Arc<E>> {
    let own = E::table(world).with_key(key).filter(|element| is_own(&***element));
    let at_place = own.filter(|element| element.place().integration.as_ref() == integration);
    at_place.max_by_key(|element| !element.meta().is_archived()).cloned()
}

/// Puts in order what the planted elements say of others, once all are there.
struct SettlingKinds<'a> {
    tx: &'a mut Tx,
    seed: &'a SeedDocument,
}

impl EachKind for SettlingKinds<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        let world = (**self.tx).clone();
        for (element, integration) in elements_of::<K>(&world, self.seed) {
            let Some(known) = known_at::<K>(&world, element.key(), integration.as_ref()) else { continue };
            let mut settled = (*known).clone();
            settled.settle(&world);
            if settled != *known {
                self.tx.put(settled)?;
            }
        }
        Ok(())
    }
}

/// What has elements in a seed: the document, or an integration, which has this id in the workspace.
#[derive(Clone, Copy)]
enum Of<'a> {
    Document(&'a SeedDocument),
    Integration(&'a SeedIntegration, &'a Id<Integration>),
}

/// Plants the elements of each kind.
struct PlantingKinds<'a> {
    tx: &'a mut Tx,
    ids: &'a Ids,
    now: Timestamp,
    of: Of<'a>,
    /// See [`names_of`].
    names: &'a BTreeMap<String, String>,
    changes: &'a mut Changes,
}

impl EachKind for PlantingKinds<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        let (elements, integration) = match self.of {
            Of::Document(document) => (K::of_document(document), None),
            Of::Integration(integration, id) => (K::of_integration(integration), Some((id, integration.key.as_str()))),
        };
        elements.iter().try_for_each(|element| {
            let named = renamed(element, self.names)?;
            plant_element(self.tx, self.ids, self.now, named.as_ref().unwrap_or(element), integration, self.changes)
        })
    }
}

/// A description in which others are named as the workspace has them; none where that changes nothing.
fn renamed<S: SeedForm>(seed: &S, names: &BTreeMap<String, String>) -> Result<Option<S>, ApiError> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut description = serde_json::to_value(seed).map_err(ApiError::internal)?;
    references::rename(&mut description, names);
    serde_json::from_value(description).map(Some).map_err(ApiError::internal)
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
        each_kind(&mut PlantingKinds { tx, ids, now, of: Of::Integration(integration, &id), names, changes })?;
    }
    Ok(())
}

/// Whether an element is the workspace's own, no instance and not the catalog's.
fn is_own<E: Kind>(element: &E) -> bool {
    !element.is_public() && !element.place().is_instance() && element.place().external_app.is_none()
}

/// Whether an element is the workspace's own and not archived.
pub(crate) fn is_defined<E: Kind>(element: &E) -> bool {
    is_own(element) && !element.meta().is_archived()
}

fn plant_element<S: SeedForm>(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    seed: &S,
    integration: Option<(&Id<Integration>, &str)>,
    changes: &mut Changes,
) -> Result<(), ApiError> {
    let key = seed.key();
    let (name, place) = match integration {
        Some((_, of)) => (format!("{of}/{key}"), format!("integrations/{of}/{}", place_in::<S::Of>(key))),
        None => (key.to_owned(), place_in::<S::Of>(key)),
    };
    let table = S::Of::table(tx);
    let known = known_at::<S::Of>(tx, key, integration.map(|(id, _)| id));
    let stable = stable_id(<S::Of as Kind>::NOUN, &name);
    let id = if table.get(stable.as_str()).is_none() { stable } else { ids.id() };
    let is_universal = |element: &&Arc<S::Of>| is_defined(&***element) && element.place().integration.is_none();
    let by_uuid = |uuid: &String| table.iter().filter(is_universal).find(|above| above.meta().uuid == *uuid);
    let named = seed.parent_uuid().and_then(by_uuid);
    let universal = integration.and_then(|_| named.or_else(|| table.with_key(key).find(is_universal))).cloned();
    let mut fresh = seed.fresh(id, now);
    fresh.meta_mut().meta = seed.meta().cloned();
    let parent = universal.as_ref().map(|above| above.id().clone());
    let mut wanted = match &known {
        Some(known) => {
            let mut wanted = (**known).clone();
            *wanted.meta_mut() = meta_of(known.meta(), fresh.meta());
            wanted.place_mut().parent = known.place().parent.clone().or(parent);
            S::redefine(&mut wanted, fresh);
            wanted
        }
        None => {
            // A UUID is one element's: whose key was changed since has it still.
            let is_free = |uuid: &&String| !table.iter().any(|other| other.meta().uuid == **uuid);
            let given = seed.uuid().filter(is_free);
            fresh.meta_mut().uuid = uuid_of(given, <S::Of as Kind>::NOUN, fresh.id().as_str());
            fresh.place_mut().integration = integration.map(|(id, _)| id.clone());
            fresh.place_mut().parent = parent;
            fresh
        }
    };
    wanted.settle(tx);
    if let Some(universal) = universal.filter(|above| wanted.place().parent.as_ref() == Some(above.id())) {
        wanted.compare_with_parent(&universal);
    }
    changes.write(tx, place, known, wanted, |element| element.meta_mut().touch(ids, now))
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
