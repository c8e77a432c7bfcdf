//! The handlers of elements, whatever their kind: plural and singular addresses, those below a connection or an
//! integration, and instances.

use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::json::{member, set_member};
use crate::base::page::Page;
use crate::call::{Call, Reply};
use crate::elements;
use crate::elements::model::{Layer, Scope, Selector};
use crate::elements::{Applied, Change, ElementFilter, Kind, Listed, Wanted, by_id};
use crate::engine::Cx;
use crate::nouns::integration::model::Integration;
use crate::store::World;

pub(crate) fn shown<E: Kind>(cx: &Cx, element: &E, at: Option<&Integration>) -> Result<Reply, ApiError> {
    let world = cx.world();
    let lens = cx.view(&world);
    Reply::json(&E::view(&lens, element, at))
}

/// An element that was named, as it is answered. A universal one says which integrations have a version of it.
pub(crate) fn shown_listed<E: Kind>(cx: &Cx, (element, at): &Listed<E>) -> Result<Reply, ApiError> {
    let world = cx.world();
    let applied = elements::applied(&world, &**element);
    if applied.is_empty() { shown(cx, &**element, at.as_deref()) } else { shown_applied(cx, &**element, &applied) }
}

/// A universal element with the versions that integrations have of it, as `appliedToIntegrations`.
fn shown_applied<E: Kind>(cx: &Cx, element: &E, applied: &[Applied<E>]) -> Result<Reply, ApiError> {
    let world = cx.world();
    let lens = cx.view(&world);
    let applied: Vec<Value> = applied
        .iter()
        .map(|(version, at)| json!({ "element": E::bare(&lens, version, None), "integration": lens.bare_integration(at) }))
        .collect();
    let mut shown = serde_json::to_value(E::view(&lens, element, None)).map_err(ApiError::internal)?;
    set_member(&mut shown, "appliedToIntegrations", applied);
    Reply::json(&shown)
}

fn filter<E: Kind>(call: &Call) -> Result<ElementFilter, ApiError> {
    let query = call.query();
    let selector = E::selector(call)?;
    Ok(ElementFilter {
        id: query.text("id"),
        layer: selector.layer,
        scope: selector.scope,
        external_app_id: query.text("externalAppId"),
        search: query.text("search"),
        intent: query.text("intent"),
        instance_key: query.text("instanceKey"),
        parent_id: selector.parent_id,
        universal_parent_id: query.text("universalParentId"),
        tenant: selector.tenant,
        is_universal: query.flag("isUniversal"),
        everywhere: false,
        include_archived: query.flag("includeArchived").unwrap_or(false),
    })
}

fn listed<E: Kind>(call: &Call, filter: &ElementFilter) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let page = elements::list(&cx, filter, E::also(call)?, call.page()?)?;
    let world = cx.world();
    let lens = cx.view(&world);
    let items = page.items.iter().map(|(element, at)| E::view(&lens, element, at.as_deref())).collect();
    Reply::json(&Page { items, cursor: page.cursor.clone() })
}

/// `GET /<kind>` and below an integration or a connection, any token: answers a page of
/// elements. 400 for a wrong filter.
pub(crate) async fn list<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    listed::<E>(&call, &filter::<E>(&call)?)
}

/// `GET /<kind>-instances`, any token: answers a page of instances.
pub(crate) async fn list_instances<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    listed::<E>(&call, &ElementFilter { layer: Some(Layer::Connection), ..filter::<E>(&call)? })
}

/// `POST /<kind>` and below an integration or a connection, a manager's token: makes an element and answers it. Where the workspace's
/// settings say so, a tenant makes one for its own connection.
pub(crate) async fn create<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    if !cx.caller.is_manager() && !E::tenants_may_create(&cx.world()) {
        return Err(elements::manager_only(&format!("POST /{}", E::PLURAL)));
    }
    let mut body: E::Body = call.json()?;
    if let Ok(integration) = call.param("integration") {
        E::at_integration(&mut body, integration);
    }
    if let Ok(connection) = call.param("connection") {
        E::at_connection(&mut body, connection);
    }
    shown(&cx, &*E::create(&cx, body).await?, None)
}

/// The default of [`Kind::get`].
pub(crate) fn get<E: Kind>(call: &Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &elements::get::<E>(&cx, &E::selector(call)?)?)
}

/// `PATCH` of an element, any token: merges the body into it and answers it. 403 for what is
/// no instance unless the caller is a manager.
pub(crate) async fn patch<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &E::update(&cx, &E::selector(&call)?, call.json()?, Change::Merge).await?)
}

/// `PUT` of an element, any token: replaces its definition by the body and answers it. 403 for what is
/// no instance unless the caller is a manager.
pub(crate) async fn put<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &E::update(&cx, &E::selector(&call)?, call.json()?, Change::Replace).await?)
}

/// `DELETE` of an element, any token: archives it and answers it. 403 for what is no
/// instance unless the caller is a manager.
pub(crate) async fn archive<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &elements::archive::<E>(&cx, &E::selector(&call)?).await?)
}

/// `POST …/restore` of an element, any token: restores it and answers it. `already_exists`
/// when its key is taken meanwhile.
pub(crate) async fn restore<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &elements::restore::<E>(&cx, &E::selector(&call)?).await?)
}

/// `POST …/reset` of an element, any token: gives it its parent's definition again and answers
/// it. 400 when it has no parent.
pub(crate) async fn reset<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &elements::reset::<E>(&cx, &E::selector(&call)?).await?)
}

/// `POST …/clone` of an element, a manager's token: makes another one of its definition at the same place, with what the
/// body says over it, and answers that.
pub(crate) async fn clone<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: Option<E::Body> = if call.has_body() { Some(call.json()?) } else { None };
    // Nothing has to be said of a clone, and what is said may be its name or key.
    let names: Value = if call.has_body() { call.json()? } else { Value::Null };
    let text = |name: &str| member(&names, name).as_str().map(str::to_owned);
    let wanted = Wanted { key: text("key"), name: text("name"), ..Wanted::default() };
    let define = |element: &mut E, world: &World| {
        if let Some(body) = body {
            element.define(body, Change::Merge)?;
            element.settle(world);
        }
        Ok(())
    };
    shown(&cx, &*elements::copy(&cx, &E::selector(&call)?, wanted, define).await?, None)
}

/// The integrations that an element is applied to. Source: SDK (legacy).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApplyBody {
    /// The key or id of each.
    integration_keys: Vec<String>,
}

/// `POST …/setup` of an element, any token: answers it; there is nothing to set up.
pub(crate) async fn setup<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    get::<E>(&call)
}

/// `POST …/apply` of a universal element, a manager's token: makes the versions of these integrations and answers the element
/// with them, as `appliedToIntegrations`. 400 for any other element.
pub(crate) async fn apply<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: ApplyBody = call.json()?;
    let (element, applied) = elements::apply::<E>(&cx, &E::selector(&call)?, &body.integration_keys).await?;
    shown_applied(&cx, &*element, &applied)
}

pub(crate) fn instance_selector<E: Kind>(call: &Call) -> Result<Selector, ApiError> {
    let mut selector = E::selector(call)?;
    if let Ok(id) = call.param("instance") {
        let (id, scope) = (Some(id.to_owned()), Scope::default());
        return Ok(Selector { id, any: None, key: None, parent_id: None, parent_key: None, scope, ..selector });
    }
    // Below a connection, the path names the parent's key; a singular address may name an id or a parent.
    if let Some(any) = selector.any.take() {
        selector.key = Some(any);
    }
    Ok(selector)
}

pub(crate) async fn found_instance<E: Kind>(cx: &Cx, call: &Call) -> Result<Arc<E>, ApiError> {
    let selector = instance_selector::<E>(call)?;
    match elements::instance::<E>(cx, &selector).await {
        Ok(element) => Ok(element),
        // Below a connection, an element that is only defined above is the version that serves the connection.
        Err(error) if call.param("connection").is_ok() && !selector.auto_create => {
            let above = Selector {
                any: selector.key.clone().or_else(|| selector.parent_key.clone()),
                key: None,
                ..selector.clone()
            };
            elements::get::<E>(cx, &above).map(|(element, _)| element).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

/// `GET` of an instance, any token: answers it, or below a connection the version above that
/// serves it. 404 when there is none.
pub(crate) async fn get_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let element = found_instance::<E>(&cx, &call).await?;
    shown(&cx, &*element, None)
}

/// `PUT` of an instance and `POST /<kind>-instance`, any token: makes or changes it and answers it; without a body, a
/// missing one is made from its parent. The body's `instanceKey` says which one is meant where the address does not.
pub(crate) async fn put_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: Option<E::Body> = if call.has_body() { Some(call.json()?) } else { None };
    let mut selector = instance_selector::<E>(&call)?;
    if selector.instance_key.is_none() && selector.id.is_none() && call.has_body() {
        let body: Value = call.json()?;
        selector.instance_key = member(&body, "instanceKey").as_str().map(str::to_owned);
    }
    // A POST of one that is there adds to it.
    let change = if call.method == Method::POST { Change::Merge } else { E::PUT_OF_INSTANCE };
    shown(&cx, &*elements::put_instance::<E>(&cx, &selector, body, change).await?, None)
}

/// The instance that a call names, made if it is missing.
pub(crate) async fn made_instance<E: Kind>(cx: &Cx, call: &Call) -> Result<Selector, ApiError> {
    let making = Selector { auto_create: true, ..instance_selector::<E>(call)? };
    Ok(by_id(&*elements::instance::<E>(cx, &making).await?))
}

/// `PATCH` of an instance, any token: merges the body into it, made if it is missing, and answers it.
pub(crate) async fn patch_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let instance = made_instance::<E>(&cx, &call).await?;
    shown_listed(&cx, &E::update(&cx, &instance, call.json()?, Change::Merge).await?)
}

/// `DELETE` of an instance, any token: archives it and answers it; 404 when there is none.
pub(crate) async fn archive_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let existing = elements::instance::<E>(&cx, &instance_selector::<E>(&call)?).await?;
    shown_listed(&cx, &elements::archive::<E>(&cx, &by_id(&*existing)).await?)
}

/// `POST …/restore` of an instance, any token: restores the one that the selector names and answers it. 404 when there is
/// none, `already_exists` when there is another one meanwhile.
pub(crate) async fn restore_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &elements::restore_instance::<E>(&cx, &instance_selector::<E>(&call)?).await?)
}

/// `POST …/setup` of an instance, any token: answers it, made if it is missing;
/// there is nothing else to set up.
pub(crate) async fn setup_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let element = elements::put_instance::<E>(&cx, &instance_selector::<E>(&call)?, None, Change::Merge).await?;
    shown(&cx, &*element, None)
}

/// The default of [`Kind::reset_instance`], for a kind without options.
pub(crate) async fn reset_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let instance = made_instance::<E>(&cx, &call).await?;
    shown_listed(&cx, &elements::reset::<E>(&cx, &instance).await?)
}
