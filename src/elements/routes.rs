//! Elements at the three layers over HTTP, whatever their kind: both addresses of an element, those below a connection
//! or an integration, and instances.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::error::ApiError;
use crate::base::page::Page;
use crate::call::router::Route;
use crate::call::{Call, Reply};
use crate::elements;
use crate::elements::model::{Layer, Selector};
use crate::elements::{Change, Element, ElementFilter, Listed};
use crate::engine::Cx;
use crate::engine::view::ViewContext;
use crate::nouns::integration::model::Integration;

/// A kind of element, as it is on the wire.
pub(crate) trait Kind: Element {
    /// What is answered.
    type View<'a>: Serialize;
    /// What is sent.
    type Body: DeserializeOwned + Send;

    /// An element as it is answered; `at` is the integration a universal one is looked at from.
    fn view<'a>(lens: &ViewContext<'a>, element: &'a Self, at: Option<&'a Integration>) -> Self::View<'a>;
    /// A call's element, by the spellings of its kind.
    fn selector(call: &Call) -> Result<Selector, ApiError> {
        call.selector()
    }
    /// What a list is asked of this kind alone.
    fn also(_: &Call) -> Result<impl Fn(&Self) -> bool, ApiError> {
        Ok(|_: &Self| true)
    }
    /// Puts what is sent at an integration.
    fn at_integration(body: &mut Self::Body, integration: &str);
    /// Makes one.
    fn create(cx: &Cx, body: Self::Body) -> impl Future<Output = Result<Arc<Self>, ApiError>> + Send;
    /// Changes one.
    fn update(
        cx: &Cx,
        selector: &Selector,
        body: Self::Body,
        change: Change,
    ) -> impl Future<Output = Result<Listed<Self>, ApiError>> + Send;
    /// Shows one.
    fn get(call: Call) -> impl Future<Output = Result<Reply, ApiError>> + Send {
        std::future::ready(get::<Self>(&call))
    }
    /// The route that runs one.
    fn run_route(path: &str, source: &'static str) -> Route;
    /// Puts a connection's version back to its parent's definition.
    fn reset_instance(call: Call) -> impl Future<Output = Result<Reply, ApiError>> + Send {
        reset_instance::<Self>(call)
    }
    /// Makes or replaces a connection's version.
    fn put_instance(
        cx: &Cx,
        selector: &Selector,
        body: Option<Self::Body>,
    ) -> impl Future<Output = Result<Arc<Self>, ApiError>> + Send;
}

pub(crate) fn shown<E: Kind>(cx: &Cx, element: &E, at: Option<&Integration>) -> Result<Reply, ApiError> {
    let world = cx.world();
    let lens = cx.view(&world);
    Reply::json(&E::view(&lens, element, at))
}

pub(crate) fn shown_listed<E: Kind>(cx: &Cx, (element, at): &Listed<E>) -> Result<Reply, ApiError> {
    shown(cx, &**element, at.as_deref())
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
        tenant: query.text("tenantId").or_else(|| query.text("userId")),
        is_universal: query.flag("isUniversal"),
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

pub(crate) async fn list<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    listed::<E>(&call, &filter::<E>(&call)?)
}

pub(crate) async fn list_instances<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    listed::<E>(&call, &ElementFilter { layer: Some(Layer::Connection), ..filter::<E>(&call)? })
}

pub(crate) async fn create<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let mut body: E::Body = call.json()?;
    if let Ok(integration) = call.param("integration") {
        E::at_integration(&mut body, integration);
    }
    shown(&cx, &*E::create(&cx, body).await?, None)
}

/// What [`Kind::get`] does unless a kind has more to do.
fn get<E: Kind>(call: &Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &elements::get::<E>(&cx, &E::selector(call)?)?)
}

pub(crate) async fn patch<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &E::update(&cx, &E::selector(&call)?, call.json()?, Change::Merge).await?)
}

pub(crate) async fn put<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &E::update(&cx, &E::selector(&call)?, call.json()?, Change::Replace).await?)
}

pub(crate) async fn archive<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &elements::archive::<E>(&cx, &E::selector(&call)?).await?)
}

pub(crate) async fn restore<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &elements::restore::<E>(&cx, &E::selector(&call)?).await?)
}

pub(crate) async fn reset<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &elements::reset::<E>(&cx, &E::selector(&call)?).await?)
}

pub(crate) fn by_id<E: Element>(element: &E) -> Selector {
    Selector { id: Some(element.id().to_string()), ..Selector::default() }
}

pub(crate) fn instance_selector<E: Kind>(call: &Call) -> Result<Selector, ApiError> {
    let mut selector = E::selector(call)?;
    // Below a connection, the path names the parent's key; a singular address may name an id or a parent.
    if let Some(any) = selector.any.take() {
        selector.key = Some(any);
    }
    Ok(selector)
}

async fn found_instance<E: Kind>(cx: &Cx, call: &Call) -> Result<Arc<E>, ApiError> {
    let selector = instance_selector::<E>(call)?;
    match elements::instance::<E>(cx, &selector).await {
        Ok(element) => Ok(element),
        // Below a connection, what is only defined above is its effective version.
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

pub(crate) async fn get_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let element = found_instance::<E>(&cx, &call).await?;
    shown(&cx, &*element, None)
}

pub(crate) async fn put_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: Option<E::Body> = if call.has_body() { Some(call.json()?) } else { None };
    let element = E::put_instance(&cx, &instance_selector::<E>(&call)?, body).await?;
    shown(&cx, &*element, None)
}

/// The instance that a call is about, made if it is missing.
pub(crate) async fn made_instance<E: Kind>(cx: &Cx, call: &Call) -> Result<Selector, ApiError> {
    let making = Selector { auto_create: true, ..instance_selector::<E>(call)? };
    Ok(by_id(&*elements::instance::<E>(cx, &making).await?))
}

pub(crate) async fn patch_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let instance = made_instance::<E>(&cx, &call).await?;
    shown_listed(&cx, &E::update(&cx, &instance, call.json()?, Change::Merge).await?)
}

pub(crate) async fn archive_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let existing = elements::instance::<E>(&cx, &instance_selector::<E>(&call)?).await?;
    shown_listed(&cx, &elements::archive::<E>(&cx, &by_id(&*existing)).await?)
}

/// Makes the instance when it is missing; there is nothing else to set up.
pub(crate) async fn setup_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let element = E::put_instance(&cx, &instance_selector::<E>(&call)?, None).await?;
    shown(&cx, &*element, None)
}

/// What [`Kind::reset_instance`] does unless a kind takes options.
async fn reset_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let instance = made_instance::<E>(&cx, &call).await?;
    shown_listed(&cx, &elements::reset::<E>(&cx, &instance).await?)
}
