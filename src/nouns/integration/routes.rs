//! The handlers of `/integrations`, and of `/integration` with the selector in the query.
//!
//! Invariant: parameters are masked unless a manager asks for them with `includeSecrets`.

use std::sync::Arc;

use serde_json::json;

use crate::base::error::ApiError;
use crate::base::json::patch::Patch;
use crate::base::json::set_member;
use crate::base::page::Page;
use crate::call::router::Route;
use crate::call::subject::Subject;
use crate::call::{Call, Reply};
use crate::elements::Change;
use crate::engine::Cx;
use crate::engine::view::{Secrets, ViewContext, drawn_logo};
use crate::nouns::connector::model::Connector;
use crate::nouns::integration::model::{Integration, IntegrationBody, ONLY_OPTION};
use crate::nouns::integration::rules as integrations;
use crate::nouns::integration::rules::{IntegrationFilter, ListedIntegration};
use crate::nouns::integration::view::auth_options;
use crate::store::World;

fn lens<'a>(cx: &'a Cx, world: &'a World) -> ViewContext<'a> {
    ViewContext { directory: cx.directory(world), base: cx.engine.base(), caller: &cx.caller }
}

/// Reads which integration a call names: by `/integrations/{selector}`, or by `/integration` with `id`, `key` or
/// `integrationKey` in the query. 400 when none is given.
fn selector(call: &Call) -> Result<String, ApiError> {
    if let Ok(selector) = call.param("selector") {
        return Ok(selector.to_owned());
    }
    let query = call.query();
    let named = query.text("id").or_else(|| query.text("key")).or_else(|| query.text("integrationKey"));
    named.ok_or_else(|| ApiError::bad_request("name the integration by `id` or `key`"))
}

/// Secrets are shown to managers who ask by `includeSecrets=true`.
fn secrets(call: &Call, cx: &Cx) -> Secrets {
    let asked = call.query().flag("includeSecrets") == Some(true);
    if asked && cx.caller.is_manager() { Secrets::Shown } else { Secrets::Hidden }
}

/// `GET /integrations`, any token: answers a page of integrations, then of candidates that
/// would become one on connecting.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let query = call.query();
    let filter = IntegrationFilter {
        search: query.text("search"),
        include_archived: query.flag("includeArchived").unwrap_or(false),
        app: query.text("appUuid").or_else(|| query.text("externalAppId")),
        connectors: query.flag("connectors"),
        external_apps: query.flag("externalApps"),
    };
    let page = integrations::list(&cx, &filter, call.page()?);
    let world = cx.world();
    let lens = lens(&cx, &world);
    let items: Vec<_> = page
        .items
        .iter()
        .map(|listed| match listed {
            ListedIntegration::Real(integration) => lens.integration(integration, Secrets::Hidden),
            ListedIntegration::Connector(connector) => lens.candidate(connector),
            ListedIntegration::App(app) => lens.app_candidate(app),
        })
        .collect();
    Reply::json(&Page { items, cursor: page.cursor.clone() })
}

/// `GET /integrations/{selector}`, any token: answers an integration with the caller's connection, or a candidate by
/// its id; 404 when there is none.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let listed = integrations::get(&cx, &selector(&call)?)?;
    let world = cx.world();
    let lens = lens(&cx, &world);
    let connector;
    let mut view = match &listed {
        ListedIntegration::Real(integration) => lens.integration(integration, secrets(&call, &cx)),
        ListedIntegration::Connector(connector) => lens.candidate(connector),
        ListedIntegration::App(app) => lens.app_candidate(app),
    };
    view.auth_options = match &listed {
        ListedIntegration::Real(integration) => {
            connector = lens.directory.connector_for(integration);
            connector.as_deref().map(|connector| auth_options(connector, Some(integration)))
        }
        ListedIntegration::Connector(connector) => Some(auth_options(connector, None)),
        ListedIntegration::App(_) => None,
    };
    Reply::json(&view)
}

pub(crate) fn shown(cx: &Cx, integration: &Arc<Integration>) -> Result<Reply, ApiError> {
    let world = cx.world();
    Reply::json(&lens(cx, &world).integration(integration, Secrets::Hidden))
}

/// `POST /integrations`, a manager's token: makes an integration and answers it. 400 when nothing is named, 404 for an
/// unknown connector or app, `already_exists` when the key is taken.
pub(crate) async fn create(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &integrations::create(&cx, call.json()?).await?)
}

/// `PATCH /integrations/{selector}`, a manager's token: merges the body into an integration and
/// answers it. 400 when it is archived.
pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &integrations::update(&cx, &selector(&call)?, call.json()?, Change::Merge).await?)
}

/// `PUT /integrations/{selector}`, a manager's token: the same, but fields that the body leaves out are cleared.
pub(crate) async fn put(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &integrations::update(&cx, &selector(&call)?, call.json()?, Change::Replace).await?)
}

/// `DELETE /integrations/{selector}`, a manager's token: archives an integration and answers it.
pub(crate) async fn archive(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &integrations::set_archived(&cx, &selector(&call)?, true).await?)
}

/// `POST /integrations/{selector}/restore`, a manager's token: restores an integration and answers it. `already_exists`
/// when its key is taken meanwhile.
pub(crate) async fn restore(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &integrations::set_archived(&cx, &selector(&call)?, false).await?)
}

/// `POST /integrations/{selector}/setup` and `…/refresh`, a manager's token: answers the integration with a new
/// revision; there is nothing else to do.
pub(crate) async fn touch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &integrations::touch(&cx, &selector(&call)?).await?)
}

/// `GET /integrations/{selector}/parameters`, any token: answers a descriptor for each parameter, with
/// values masked unless a manager asks.
pub(crate) async fn parameters(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let shown = secrets(&call, &cx) == Secrets::Shown;
    Reply::json(&integrations::parameters(&cx, &selector(&call)?, shown)?)
}

/// `PATCH /integrations/{selector}/parameters`, a manager's token: merges parameters and answers them, masked.
pub(crate) async fn patch_parameters(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let selector = selector(&call)?;
    integrations::set_parameters(&cx, &selector, call.json()?, Change::Merge).await?;
    Reply::json(&integrations::parameters(&cx, &selector, false)?)
}

/// `PUT /integrations/{selector}/parameters`, a manager's token: replaces all parameters and answers 204.
pub(crate) async fn put_parameters(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    integrations::set_parameters(&cx, &selector(&call)?, call.json()?, Change::Replace).await?;
    Ok(Reply::empty())
}

/// `GET /integrations/{selector}/connector-spec`, any token: answers what a form for connecting needs to know. 400 when
/// there is no connector yet. Source: SDK `ConnectorSpec`.
pub(crate) async fn connector_spec(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connector = integrations::connector(&cx, &selector(&call)?)?;
    let mut auth = json!({ "type": connector.auth_type, "title": connector.meta.name });
    let mut spec = json!({
        "key": connector.key(),
        "name": connector.meta.name,
        "logoUri": drawn_logo(cx.engine.base(), connector.key()),
        "hasReadme": false,
        "operations": connector.operations.iter().map(|it| json!({ "key": it.key, "name": it.name })).collect::<Vec<_>>(),
    });
    if let Some(form) = &connector.input_schema {
        set_member(&mut auth, "inputSchema", form.clone());
        set_member(&mut auth, "ui", json!({ "schema": form }));
        set_member(&mut spec, "inputSchema", form.clone());
        set_member(&mut spec, "ui", json!({ "parametersSchema": form }));
    }
    if let Some(parameters) = &connector.parameters_schema {
        set_member(&mut spec, "parametersSchema", parameters.clone());
    }
    if let Some(app) = &connector.external_app_id {
        set_member(&mut spec, "externalAppId", json!(app));
    }
    // Who knows the key of an option looks it up here, who knows none reads what stands beside it.
    let options = json!({ ONLY_OPTION: auth.clone() });
    set_member(&mut auth, "options", options);
    set_member(&mut spec, "auth", auth);
    Reply::json(&spec)
}

/// The connector of the integration that the path selects. Fails with 404 when it has none.
pub(crate) fn connector_at(call: &Call) -> Result<Arc<Connector>, ApiError> {
    let cx = call.cx()?;
    let world = cx.world();
    let directory = cx.directory(&world);
    let integration = directory.find_integration(call.param("selector")?)?;
    directory.connector_for(integration).ok_or_else(|| {
        let key = integration.key();
        ApiError::not_found(format!("integration `{key}` has no connector, so there is nothing that its app can do"))
    })
}

/// Sets the version of the connector that an integration uses, and answers the integration.
pub(crate) async fn switch_version(cx: &Cx, selector: &str, version: String) -> Result<Reply, ApiError> {
    let body = IntegrationBody { connector_version: Patch::Set(version), ..IntegrationBody::default() };
    shown(cx, &integrations::update(cx, selector, body, Change::Merge).await?)
}

/// What a call to one integration is about: the integration that its path selects.
pub(crate) fn about(call: &Call, route: &Route) -> Option<Subject> {
    let mut scope = call.scope();
    scope.integration_id = call.param("selector").ok().map(str::to_owned).or(scope.integration_id);
    Subject::of_scope(call, route, &scope)
}
