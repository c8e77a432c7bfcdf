//! Planting a seed: turning a [`SeedDocument`] into records of a workspace.

use super::catalog::{Catalog, action_of, connector_of, external_app};
use super::connect::oauth::refresh_due;
use super::directory::Directory;
use super::seed::SeedDocument;
use super::vendor;
use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::ids::{Ids, stable_id};
use crate::model::connection::{Connection, ConnectionHistory, ConnectionState};
use crate::model::element::Meta;
use crate::model::integration::Integration;
use crate::model::scenario::OwnScenario;
use crate::model::stub::Stub;
use crate::model::tenant::Tenant;
use crate::store::Tx;

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
    for connector in &seed.connectors {
        tx.put(connector_of(connector))?;
        for action in &connector.actions {
            tx.put(super::catalog::catalog_action(connector, action))?;
        }
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
    plant_integrations(tx, ids, now, catalog, seed)?;
    for action in &seed.actions {
        let mut record = action_of(stable_id("action", &action.key), action, now);
        record.meta.uuid = ids.uuid();
        tx.put(record)?;
    }
    for scenario in &seed.scenarios {
        tx.put(OwnScenario::of(scenario.clone()))?;
    }
    plant_connections(tx, ids, now, catalog, seed)
}

fn plant_integrations(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    catalog: &Catalog,
    seed: &SeedDocument,
) -> Result<(), ApiError> {
    for integration in &seed.integrations {
        let connector_key = integration.connector_key.as_deref().unwrap_or(&integration.key);
        let world = (**tx).clone();
        let connector = Directory::new(&world, catalog)
            .find_connector(connector_key)
            .map_err(|error| ApiError::bad_request(format!("integration `{}`: {}", integration.key, error.message)))?;
        let synthetic = Integration::synthetic_id(&connector.id);
        let id = if tx.integrations.get(synthetic.as_str()).is_none() {
            synthetic
        } else {
            stable_id("integration", &integration.key)
        };
        let name = integration.name.clone().unwrap_or_else(|| connector.meta.name.clone());
        let mut meta = Meta::new(ids, now, Some(integration.key.clone()), Some(name));
        meta.description = integration.description.clone().or_else(|| connector.meta.description.clone());
        tx.put(Integration {
            id: id.clone(),
            meta,
            connector_id: Some(connector.id.clone()),
            connector_version: None,
            external_app_id: connector.external_app_id.clone(),
            parameters: integration.parameters.clone(),
            options_config: None,
            o_auth_callback_uri: None,
            logo_uri: None,
            is_test: false,
        })?;
        for action in &integration.actions {
            let name = format!("{}/{}", integration.key, action.key);
            let mut record = action_of(stable_id("action", &name), action, now);
            record.meta.uuid = ids.uuid();
            record.integration = Some(id.clone());
            let universal = stable_id("action", &action.key);
            if seed.actions.iter().any(|parent| parent.key == action.key) {
                record.parent = Some(universal);
            }
            tx.put(record)?;
        }
    }
    Ok(())
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
