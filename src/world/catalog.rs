//! The catalog of external apps, connectors, their actions and stubs, made from the demo seed.
//!
//! Invariant: it is shared by all workspaces and never written; ids derive from keys, so they are the same everywhere.

use std::sync::Arc;
use std::sync::OnceLock;

use crate::base::clock::Timestamp;
use crate::base::ids::{Id, stable_id, stable_uuid};
use crate::elements::SeedForm as _;
use crate::elements::model::{Meta, title_of};
use crate::engine::catalog::{Catalog, CatalogTable};
use crate::nouns::action::model::Action;
use crate::nouns::action::seed::SeedAction;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::operation::model::Operation;
use crate::nouns::stub::model::{StoredStub, StubSpec};
use crate::world::seed::{SeedApp, SeedConnector, SeedDocument, SeedError};

/// The date of all entries of the catalog (2024-01-01).
const EPOCH: Timestamp = Timestamp::from_millis(1_704_067_200_000);

/// The two parts of the demo seed: the catalog, and what is planted in the demo workspace.
struct BuiltIn {
    catalog: Arc<Catalog>,
    demo: Arc<SeedDocument>,
}

/// Both parts, read once per process.
fn built_in() -> Result<&'static BuiltIn, SeedError> {
    static BUILT_IN: OnceLock<Result<BuiltIn, SeedError>> = OnceLock::new();
    BUILT_IN.get_or_init(|| SeedDocument::demo().map(BuiltIn::of)).as_ref().map_err(Clone::clone)
}

/// The built-in catalog; an error means that the built-in files are broken.
pub fn catalog() -> Result<Arc<Catalog>, SeedError> {
    built_in().map(|built_in| Arc::clone(&built_in.catalog))
}

/// The demo seed without the part that is the catalog.
pub fn demo() -> Result<Arc<SeedDocument>, SeedError> {
    built_in().map(|built_in| Arc::clone(&built_in.demo))
}

impl BuiltIn {
    fn of(mut demo: SeedDocument) -> Self {
        let mut connectors = std::mem::take(&mut demo.connectors);
        connectors.sort_by_key(|connector| std::cmp::Reverse(connector.popularity));
        let mut apps = std::mem::take(&mut demo.external_apps);
        apps.sort_by_key(|app| std::cmp::Reverse(app.popularity));
        let stubs = std::mem::take(&mut demo.stubs);
        let default_connector = |app: &SeedApp| {
            let own = connectors.iter().find(|connector| connector.external_app.as_deref() == Some(&app.key));
            own.map(|connector| stable_id("connector", &connector.key))
        };
        let apps = apps.iter().map(|app| external_app(app, default_connector(app))).collect();
        let actions = connectors
            .iter()
            .flat_map(|connector| connector.actions.iter().map(move |action| catalog_action(connector, action)))
            .collect();
        let catalog = Catalog {
            apps: CatalogTable::new(apps, |app| app.id.to_string(), |app| app.meta.key.clone()),
            connectors: CatalogTable::new(
                connectors.iter().map(connector_of).collect(),
                |connector: &Connector| connector.id.to_string(),
                |connector| connector.meta.key.clone(),
            ),
            actions: CatalogTable::new(actions, |action: &Action| action.id.to_string(), |_| None),
            stubs: stubs.into_iter().map(|(key, specs)| (key.clone(), stubs_of(&key, specs))).collect(),
        };
        Self { catalog: Arc::new(catalog), demo: Arc::new(demo) }
    }
}

fn stubs_of(connector: &str, specs: Vec<StubSpec>) -> Vec<Arc<StoredStub>> {
    let stub = |(index, spec): (usize, StubSpec)| {
        Arc::new(StoredStub {
            id: stable_id("stub", &format!("{connector}/{index}")),
            connector_key: connector.to_owned(),
            spec,
            created_at: EPOCH,
        })
    };
    specs.into_iter().enumerate().map(stub).collect()
}

/// The id of a catalog app, derived from its key.
pub fn app_id(key: &str) -> Id<ExternalApp> {
    stable_id("app", key)
}

/// The external app that a seed describes.
pub fn external_app(app: &SeedApp, default_connector_id: Option<Id<Connector>>) -> ExternalApp {
    ExternalApp {
        id: app_id(&app.key),
        meta: Meta::planted(("app", &app.key), &app.key, &app.name, app.description.clone(), EPOCH),
        app_uri: app.app_uri.clone(),
        api_docs_uri: app.api_docs_uri.clone(),
        logo_uri: app.logo_uri.clone(),
        categories: app.categories.clone(),
        default_connector_id,
        popularity: app.popularity,
        is_public: true,
    }
}

/// The connector that a seed describes.
pub fn connector_of(seed: &SeedConnector) -> Connector {
    Connector {
        id: stable_id("connector", &seed.key),
        meta: Meta::planted(("connector", &seed.key), &seed.key, &seed.name, seed.description.clone(), EPOCH),
        external_app_id: seed.external_app.as_deref().map(app_id),
        logo_uri: seed.logo_uri.clone(),
        categories: seed.categories.clone(),
        base_uri: seed.base_uri.clone(),
        version: seed.version.clone().unwrap_or_else(|| "1.0.0".into()),
        auth_type: seed.auth_type,
        input_schema: seed.input_schema.clone(),
        parameters_schema: seed.parameters_schema.clone(),
        oauth: seed.oauth.clone(),
        apply: seed.apply.clone().unwrap_or_else(|| Connector::default_apply(seed.auth_type)),
        test: seed.test.clone(),
        data_collections: seed.data_collections.clone(),
        operations: operations_of(seed),
        events: seed.events.clone(),
        shared_oauth_client: seed.shared_oauth_client,
        popularity: seed.popularity,
        is_public: true,
        extra: seed.options.iter().map(|options| ("options".to_owned(), options.clone())).collect(),
    }
}

/// The operations that a seed gives a connector: those that it names, and what the actions of its folder do.
fn operations_of(seed: &SeedConnector) -> Vec<Operation> {
    let named = |key: &str| seed.operations.iter().any(|operation| operation.key == key);
    let of_actions = seed.actions.iter().filter(|action| !named(&action.key)).filter_map(|action| {
        let action_type = action.action_type.filter(|of| Operation::can_be(*of))?;
        Some(Operation {
            key: action.key.clone(),
            name: action.name.clone().unwrap_or_else(|| title_of(&action.key)),
            description: action.description.clone(),
            input_schema: action.input_schema.clone(),
            output_schema: action.custom_output_schema.clone().or_else(|| action.output_schema.clone()),
            action_type,
            config: action.config.clone(),
            output_mapping: action.output_mapping.clone(),
        })
    });
    seed.operations.iter().cloned().chain(of_actions).collect()
}

/// The id of a catalog action, by the key of its connector and its own.
pub fn catalog_action_id(connector: &str, key: Option<&str>) -> Id<Action> {
    stable_id("catalog-action", &format!("{connector}/{}", key.unwrap_or_default()))
}

/// The catalog action of a connector's app that a seed describes.
pub fn catalog_action(connector: &SeedConnector, seed: &SeedAction) -> Action {
    let name = format!("{}/{}", connector.key, seed.key);
    let mut action = seed.fresh(catalog_action_id(&connector.key, Some(&seed.key)), EPOCH);
    action.meta.uuid = stable_uuid("catalog-action", &name);
    action.place.external_app = connector.external_app.as_deref().map(app_id);
    action.is_public = true;
    action
}
