//! Integrations: listing them with candidates, making and changing them, and their parameters.
//!
//! Invariant: keys are checked inside the transaction that writes, so two live integrations never share one.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::member;
use crate::base::json::patch::{Patch, merge_members};
use crate::base::page::{Page, PageRequest};
use crate::base::redact::MASK;
use crate::elements::model::{Meta, check_key};
use crate::elements::{CATALOG_START, Change};
use crate::engine::Cx;
use crate::engine::directory::{Connectable, Directory};
use crate::nouns::connection::connect::new_integration;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::{Integration, IntegrationBody};
use crate::nouns::integration::view::{is_secret_parameter, masked_parameters};

/// Which integrations a list asks for; an absent field allows all. Source: SDK `FindIntegrationsQuery`.
#[derive(Debug, Clone, Default)]
pub(super) struct IntegrationFilter {
    /// Text that the name, key, description or a category of the connector contains; case does not matter.
    pub search: Option<String>,
    /// Whether archived integrations are listed too.
    pub include_archived: bool,
    /// The id or UUID of the external app.
    pub app: Option<String>,
    /// Whether connectors without an integration are listed as candidates; the workspace's setting when absent.
    pub connectors: Option<bool>,
    /// Whether apps without a connector are listed as candidates; the workspace's setting when absent.
    pub external_apps: Option<bool>,
}

/// An entry of a list of integrations.
#[derive(Debug, Clone)]
pub(super) enum ListedIntegration {
    /// An integration that exists.
    Real(Arc<Integration>),
    /// A connector that becomes an integration when somebody connects to it.
    Connector(Arc<Connector>),
    /// An app for which a connector and an integration are made when somebody connects to it.
    App(Arc<ExternalApp>),
}

/// Answers a page of integrations, then of candidates. Source: SEED (`integration list`).
pub(super) fn list(cx: &Cx, filter: &IntegrationFilter, page: PageRequest) -> Page<ListedIntegration> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let settings = &world.workspace.settings;
    let connectors = filter.connectors.unwrap_or(settings.auto_generate_integrations_from_connectors);
    let apps = filter.external_apps.unwrap_or(settings.auto_generate_integrations_from_external_apps);
    let search = filter.search.as_ref().map(|text| text.to_lowercase());
    let about_connector = |connector: &Connector, text: &str| {
        connector.meta.matches(text) || connector.categories.iter().any(|c| c.to_lowercase().contains(text))
    };
    let wanted = |integration: &Integration| {
        let connector = || directory.connector_for(integration);
        let app =
            || integration.external_app_id.clone().or_else(|| connector().and_then(|c| c.external_app_id.clone()));
        (filter.include_archived || !integration.meta.is_archived())
            && search.as_ref().is_none_or(|text| {
                integration.meta.matches(text) || connector().is_some_and(|connector| about_connector(&connector, text))
            })
            && filter.app.as_ref().is_none_or(|wanted| {
                let app = app().and_then(|id| directory.app(id.as_str()));
                app.is_some_and(|app| app.meta.uuid == *wanted || app.id == **wanted)
            })
    };
    let real = world
        .integrations
        .after(page.after)
        .filter(|(_, integration)| wanted(integration))
        .map(|(at, integration)| (at, ListedIntegration::Real(Arc::clone(integration))));
    let candidates = directory
        .connectors()
        .filter(|connector| connectors && directory.integration_of(connector).is_none())
        .filter(|connector| search.as_ref().is_none_or(|text| about_connector(connector, text)))
        .filter(|connector| {
            filter.app.as_ref().is_none_or(|wanted| {
                let app = connector.external_app_id.as_ref().and_then(|id| directory.app(id.as_str()));
                app.is_some_and(|app| app.meta.uuid == *wanted || app.id == **wanted)
            })
        })
        .map(ListedIntegration::Connector);
    let more = directory
        .apps()
        .filter(|app| apps && !is_offered(&directory, app, connectors))
        .filter(|app| search.as_ref().is_none_or(|text| app.matches(text)))
        .filter(|app| filter.app.as_ref().is_none_or(|wanted| app.meta.uuid == *wanted || app.id == **wanted))
        .map(ListedIntegration::App);
    let synthetic = candidates.chain(more).enumerate().map(|(index, listed)| (CATALOG_START + index as u64, listed));
    page.take(real.chain(synthetic))
}

/// Whether an app is in the list already: by an integration, or by its connector when connectors are listed.
fn is_offered(directory: &Directory<'_>, app: &ExternalApp, connectors: bool) -> bool {
    let mut live = directory.world.integrations.iter().filter(|integration| !integration.meta.is_archived());
    let of_app = |integration: &Arc<Integration>| {
        let own = integration.external_app_id.clone();
        own.or_else(|| directory.connector_for(integration)?.external_app_id.clone()).as_ref() == Some(&app.id)
    };
    live.any(of_app) || (connectors && directory.connector_of_app(app).is_some())
}

/// Answers an integration by id or key, or the candidate under a derived id; 404 when there is neither.
pub(super) fn get(cx: &Cx, selector: &str) -> Result<ListedIntegration, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    match directory.connectable(selector)? {
        Connectable::Integration(integration) => Ok(ListedIntegration::Real(integration)),
        // An archived integration is still what its id shows.
        Connectable::Connector(connector) => Ok(directory
            .integration(selector)
            .map_or(ListedIntegration::Connector(connector), |own| ListedIntegration::Real(Arc::clone(own)))),
        Connectable::App(app) => Ok(ListedIntegration::App(app)),
    }
}

/// Makes an integration and answers it. Fails with 400 when the body names nothing, with 404 for an unknown connector
/// or app, and with `already_exists` when the key is taken. Source: SEED
/// (`POST /integrations {key, name, connectorKey}`).
pub(super) async fn create(cx: &Cx, body: IntegrationBody) -> Result<Arc<Integration>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let connector = named_connector(&directory, &body)?;
    let app = named_app(&directory, &body)?;
    let connector = connector
        .or_else(|| app.as_ref().and_then(|app| directory.connector_of_app(app)))
        // A key that a connector has names that connector, when neither connector nor app is given (assumed).
        .or_else(|| body.key.set().filter(|_| app.is_none()).and_then(|key| directory.find_connector(key).ok()));
    if let Some(key) = body.key.set() {
        check_key(key, "key")?;
    }
    let mut integration = match (&connector, body.key.set(), body.name.set()) {
        (Some(connector), _, _) => new_integration(&cx.space, &directory, connector),
        (None, None, None) => {
            return Err(ApiError::bad_request(
                "an integration needs a `connectorKey` (or `connectorId`, `externalAppId`), or a `key` or `name`",
            ));
        }
        (None, key, name) => {
            let meta = Meta::new(&cx.space.ids, cx.space.clock.now(), key.cloned(), name.cloned());
            Integration::blank(cx.space.ids.id(), meta)
        }
    };
    if let Some(app) = app {
        integration.external_app_id = Some(app.id.clone());
    }
    if body.key.set().is_none()
        && let Some(name) = body.name.set()
    {
        integration.meta.key = Some(crate::elements::model::key_of(name)).filter(|key| !key.is_empty());
    }
    apply(&directory, &mut integration, &JsonMap::new(), body)?;
    refuse_taken(&directory, &integration)?;
    let id = integration.id.clone();
    tx.put(integration)?;
    let world = tx.commit().await?;
    world.integrations.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a new integration is missing"))
}

fn named_connector(directory: &Directory<'_>, body: &IntegrationBody) -> Result<Option<Arc<Connector>>, ApiError> {
    let named = [&body.connector_id, &body.connector_key, &body.connector_uuid].into_iter().flatten().next();
    named.map(|text| directory.find_connector(text)).transpose()
}

fn named_app(directory: &Directory<'_>, body: &IntegrationBody) -> Result<Option<Arc<ExternalApp>>, ApiError> {
    let named = [&body.external_app_id, &body.external_app_uuid, &body.app_uuid].into_iter().flatten().next();
    named.map(|text| directory.find_app(text)).transpose()
}

fn refuse_taken(directory: &Directory<'_>, integration: &Integration) -> Result<(), ApiError> {
    let Some(other) = directory.integration_with_key(integration.key()) else { return Ok(()) };
    if other.id == integration.id || integration.key().is_empty() {
        return Ok(());
    }
    Err(ApiError::already_exists(format!(
        "there is an integration `{}` already; choose another key",
        integration.key()
    ))
    .with_data(json!({ "integrationId": other.id })))
}

/// Sets what a body says; `former` is the parameters that there were.
fn apply(
    directory: &Directory<'_>,
    integration: &mut Integration,
    former: &JsonMap,
    mut body: IntegrationBody,
) -> Result<(), ApiError> {
    // Answers masked what the connector had as secret until now.
    if let Some(given) = body.parameters.set() {
        let connector = directory.connector_for(integration);
        body.parameters = Patch::Set(unmasked(connector.as_deref(), former, given)?);
    }
    if let Some(uri) = body.o_auth_callback_uri.set()
        && !uri.is_empty()
        && url::Url::parse(uri).is_err()
    {
        return Err(ApiError::bad_request(format!("`oAuthCallbackUri` is `{uri}`; it is an address or empty")));
    }
    if let Some(connector) = named_connector(directory, &body)? {
        integration.connector_id = Some(connector.id.clone());
        integration.external_app_id = connector.external_app_id.clone().or(integration.external_app_id.take());
    }
    if let Some(app) = named_app(directory, &body)? {
        integration.external_app_id = Some(app.id.clone());
    }
    if let Some(key) = body.key.set() {
        check_key(key, "key")?;
    }
    body.key.apply(&mut integration.meta.key);
    body.uuid.apply_required(&mut integration.meta.uuid);
    body.name.apply_required(&mut integration.meta.name);
    body.description.apply(&mut integration.meta.description);
    body.meta.apply(&mut integration.meta.meta);
    body.logo_uri.apply(&mut integration.logo_uri);
    if let Some(data) = body.logo_base64.set() {
        integration.logo_uri = Some(format!("data:image/png;base64,{data}"));
    }
    body.connector_version.apply(&mut integration.connector_version);
    body.o_auth_callback_uri.apply(&mut integration.o_auth_callback_uri);
    body.parameters.merge(&mut integration.parameters);
    body.options_config.apply(&mut integration.options_config);
    Ok(())
}

/// Changes an integration and answers it. Fails with 400 when it is archived or a field is wrong, and with
/// `already_exists` when the key is taken.
pub(super) async fn update(
    cx: &Cx,
    selector: &str,
    body: IntegrationBody,
    change: Change,
) -> Result<Arc<Integration>, ApiError> {
    modify(cx, selector, |directory, integration| {
        integration.meta.refuse_archived("integration")?;
        let former = integration.parameters.clone();
        if change == Change::Replace {
            integration.meta.description = None;
            integration.meta.meta = None;
            integration.parameters.clear();
            integration.options_config = None;
            integration.connector_version = None;
            integration.o_auth_callback_uri = None;
            integration.logo_uri = None;
        }
        apply(directory, integration, &former, body)?;
        refuse_taken(directory, integration)
    })
    .await
}

/// Gives an integration the definition that its portable form has, restores it where it is archived, and answers it; parameters
/// stay, since the form has none. Fails with `already_exists` where another one has its key by now.
pub async fn redefine(cx: &Cx, id: &str, mut portable: Value) -> Result<Arc<Integration>, ApiError> {
    if let Some(fields) = portable.as_object_mut() {
        fields.shift_remove("uuid");
        for name in ["description", "meta", "logoUri", "optionsConfig", "connectorVersion", "oAuthCallbackUri"] {
            fields.entry(name).or_insert(Value::Null);
        }
    }
    let body: IntegrationBody = serde_json::from_value(portable).map_err(ApiError::internal)?;
    modify(cx, id, |directory, integration| {
        integration.meta.archived_at = None;
        let former = integration.parameters.clone();
        apply(directory, integration, &former, body)?;
        refuse_taken(directory, integration)
    })
    .await
}

/// Archives or restores an integration and answers it. Restoring fails with `already_exists` when the key is taken
/// meanwhile. Source: SEED (“Archived integrations are hidden from list-integrations”).
pub(super) async fn set_archived(cx: &Cx, selector: &str, archived: bool) -> Result<Arc<Integration>, ApiError> {
    let now = cx.space.clock.now();
    let selector = &if archived { selector.to_owned() } else { archived_with_key(cx, selector) };
    modify(cx, selector, |directory, integration| {
        integration.meta.archived_at = archived.then(|| integration.meta.archived_at.unwrap_or(now));
        if archived { Ok(()) } else { refuse_taken(directory, integration) }
    })
    .await
}

/// When no live integration has a key, the key means the archived one that was made last.
fn archived_with_key(cx: &Cx, selector: &str) -> String {
    let world = cx.world();
    if cx.directory(&world).integration(selector).is_some() {
        return selector.to_owned();
    }
    let archived = world.integrations.with_key(selector).filter(|integration| integration.meta.is_archived());
    archived.last().map_or_else(|| selector.to_owned(), |integration| integration.id.to_string())
}

/// Answers an integration with a new revision: refresh and setup find nothing to do here.
/// Fails with 400 when it is archived.
pub(super) async fn touch(cx: &Cx, selector: &str) -> Result<Arc<Integration>, ApiError> {
    modify(cx, selector, |_, integration| integration.meta.refuse_archived("integration")).await
}

async fn modify(
    cx: &Cx,
    selector: &str,
    change: impl FnOnce(&Directory<'_>, &mut Integration) -> Result<(), ApiError>,
) -> Result<Arc<Integration>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let mut integration = (**directory.find_integration(selector)?).clone();
    change(&directory, &mut integration)?;
    integration.meta.touch(&cx.space.ids, cx.space.clock.now());
    let id = integration.id.clone();
    tx.put(integration)?;
    let world = tx.commit().await?;
    world.integrations.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("an integration is missing"))
}

/// The parameters by name, each as a descriptor with its `value`; secret values are masked unless `shown`. Source: OAS
/// (descriptor), SEED (set as plain values).
pub(super) fn parameters(cx: &Cx, selector: &str, shown: bool) -> Result<JsonMap, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let integration = directory.find_integration(selector)?;
    let connector = directory.connector_for(integration);
    let schema = connector.as_ref().and_then(|connector| connector.parameters_schema.clone()).unwrap_or_default();
    let required =
        |name: &str| member(&schema, "required").as_array().is_some_and(|names| names.iter().any(|n| n == name));
    let values = if shown {
        integration.parameters.clone()
    } else {
        masked_parameters(&integration.parameters, connector.as_deref())
    };
    let mut names: Vec<String> =
        member(&schema, "properties").as_object().map(|p| p.keys().cloned().collect()).unwrap_or_default();
    names.extend(values.keys().filter(|name| member(&schema, "properties").get(name.as_str()).is_none()).cloned());
    let mut out = JsonMap::new();
    for name in names {
        let field = member(member(&schema, "properties"), &name);
        let mut descriptor = JsonMap::new();
        descriptor.insert("name".into(), name.clone().into());
        descriptor.insert("type".into(), field.get("type").cloned().unwrap_or_else(|| json!("string")));
        for member in ["title", "description", "default"] {
            if let Some(value) = field.get(member) {
                descriptor.insert(member.into(), value.clone());
            }
        }
        descriptor.insert("required".into(), required(&name).into());
        if let Some(value) = values.get(&name) {
            descriptor.insert("value".into(), value.clone());
        }
        out.insert(name, Value::Object(descriptor));
    }
    Ok(out)
}

/// Sets parameters: PATCH merges them, PUT replaces them all. A descriptor as [`parameters`] answers it counts as its
/// value. Fails with 400 when the integration is archived.
pub(super) async fn set_parameters(cx: &Cx, selector: &str, given: JsonMap, change: Change) -> Result<(), ApiError> {
    let given: JsonMap = given
        .into_iter()
        .map(|(name, value)| {
            let descriptor = value.get("name").and_then(Value::as_str) == Some(name.as_str());
            let value = if descriptor { value.get("value").cloned().unwrap_or(Value::Null) } else { value };
            (name, value)
        })
        .collect();
    modify(cx, selector, |directory, integration| {
        integration.meta.refuse_archived("integration")?;
        let connector = directory.connector_for(integration);
        let given = unmasked(connector.as_deref(), &integration.parameters, &given)?;
        if change == Change::Replace {
            integration.parameters.clear();
        }
        merge_members(&mut integration.parameters, given);
        Ok(())
    })
    .await
    .map(|_| ())
}

/// Parameters as they were given, but for secrets that stand there as answers mask them: those stay as they are in `former`.
/// Fails with 400 for one that is masked and was never there.
fn unmasked(connector: Option<&Connector>, former: &JsonMap, given: &JsonMap) -> Result<JsonMap, ApiError> {
    let mut out = given.clone();
    for (name, value) in &mut out {
        // What is no secret may have that value.
        if value.as_str() == Some(MASK) && is_secret_parameter(name, connector) {
            let known = former.get(name).cloned();
            *value = known.ok_or_else(|| {
                ApiError::bad_request(format!(
                    "`parameters.{name}` is masked in answers, and there is none yet; give it"
                ))
            })?;
        }
    }
    Ok(out)
}

/// Answers the connector of an integration or candidate. Fails with 404 for an unknown one, and with
/// 400 when it has no connector yet.
pub(super) fn connector(cx: &Cx, selector: &str) -> Result<Arc<Connector>, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    match directory.connectable(selector)? {
        Connectable::Connector(connector) => Ok(connector),
        Connectable::App(app) => directory.connector_of_app(&app).ok_or_else(|| {
            ApiError::bad_request(format!("{} has no connector yet; connect to it first", app.meta.name))
        }),
        Connectable::Integration(integration) => directory
            .connector_for(&integration)
            .ok_or_else(|| ApiError::bad_request(format!("integration `{}` has no connector yet", integration.key()))),
    }
}
