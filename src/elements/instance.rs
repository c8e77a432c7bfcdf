//! Instances: the versions that connections have of elements, found or made from the version above.
//!
//! Invariant: an instance has the key of what it is a version of, and a connection has one
//! for each key and instance key.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::Ids;
use crate::base::text::article;
use crate::elements::Kind;
use crate::elements::change::{check_names, find, place_at_connection};
use crate::elements::model::{Meta, Selector};
use crate::engine::Cx;
use crate::engine::directory::{Directory, Resolved};
use crate::nouns::connection::model::Connection;
use crate::store::World;

/// Answers the connection's version of an element; a missing one is made as a copy of its parent when `auto_create` is
/// set, else it is a 404. Source: SDK instances.
pub async fn instance<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Arc<E>, ApiError> {
    match look_for::<E>(cx, selector)? {
        Found::Own(own) => Ok(own),
        Found::Above(parent, connection) if selector.auto_create => {
            create_instance(cx, &*parent, &connection, selector, |_| Ok(())).await
        }
        Found::Above(parent, connection) => Err(ApiError::not_found(format!(
            "no matching {}: `{}` has no instance on connection `{}`; pass autoCreate=true to make one",
            E::NOUN,
            parent.key(),
            connection.meta.key.as_deref().unwrap_or(&connection.meta.name)
        ))),
    }
}

/// Answers the connection's version of an element, with true when it was there; a missing one is made as a copy of
/// its parent, changed by `define`.
pub async fn instance_with<E: Kind>(
    cx: &Cx,
    selector: &Selector,
    define: impl FnOnce(&mut E) -> Result<(), ApiError>,
) -> Result<(Arc<E>, bool), ApiError> {
    match look_for::<E>(cx, selector)? {
        Found::Own(own) => Ok((own, true)),
        Found::Above(parent, connection) => {
            create_instance(cx, &*parent, &connection, selector, define).await.map(|made| (made, false))
        }
    }
}

enum Found<E> {
    /// The connection has its own version.
    Own(Arc<E>),
    /// The connection has no version yet; one can be made of this element, for this connection.
    Above(Arc<E>, Arc<Connection>),
}

fn look_for<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Found<E>, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    if let Some(id) = &selector.id {
        let element = directory.element_by_id(&cx.caller, id);
        return element.map(Found::Own).ok_or_else(|| directory.no_element::<E>(id));
    }
    let resolved = directory.scope(&cx.caller, &selector.scope)?;
    let connection = resolved.connection.clone().ok_or_else(|| {
        ApiError::bad_request(format!(
            "an instance of {} {} belongs to a connection; name it by `connectionId`, `connectionKey` or `integrationKey`",
            article(E::NOUN),
            E::NOUN
        ))
    })?;
    let parent: Option<Arc<E>> = parent_for(cx, &directory, selector, &resolved)?;
    let key = parent.as_ref().map_or_else(|| selector.key.clone(), |p| p.meta().key.clone());
    let own = key.as_deref().and_then(|key| there_is(&world, key, &connection, selector.instance_key.as_deref()));
    match (own, parent) {
        (Some(own), _) => Ok(Found::Own(Arc::clone(own))),
        (None, Some(parent)) => Ok(Found::Above(parent, connection)),
        (None, None) => Err(directory.no_element::<E>(selector.shown())),
    }
}

/// Refuses with 400 to make a version of an archived element, of another connection's version, or of
/// another integration's or app's element.
fn check_fits<E: Kind>(world: &World, parent: &E, connection: &Connection) -> Result<(), ApiError> {
    parent.meta().refuse_archived(E::NOUN)?;
    let (place, name) = (parent.place(), connection.meta.key.as_deref().unwrap_or(&connection.meta.name));
    let refused = |belongs: String| {
        let said = format!("{} `{}` {belongs}, and connection `{name}` is another one's", E::NOUN, parent.meta().name);
        Err(ApiError::bad_request(said))
    };
    if place.connection.is_some() {
        return refused("is an instance of its own connection".into());
    }
    match (&place.integration, &place.external_app) {
        (Some(of), _) if connection.integration.as_ref() != Some(of) => {
            let key = world.integrations.get(of.as_str()).map(|integration| integration.key().to_owned());
            refused(format!("belongs to the integration `{}`", key.unwrap_or_default()))
        }
        (None, Some(app)) if connection.external_app.as_ref() != Some(app) => refused("is for one app".into()),
        _ => Ok(()),
    }
}

fn parent_for<E: Kind>(
    cx: &Cx,
    directory: &Directory<'_>,
    selector: &Selector,
    resolved: &Resolved,
) -> Result<Option<Arc<E>>, ApiError> {
    if let Some(id) = &selector.parent_id {
        return directory.element_by_id(&cx.caller, id).map(Some).ok_or_else(|| directory.no_element::<E>(id));
    }
    let Some(key) = selector.parent_key.as_ref().or(selector.key.as_ref()).or(selector.any.as_ref()) else {
        return Err(ApiError::bad_request(format!("name the {} by `parentKey`, `parentId` or `id`", E::NOUN)));
    };
    if let Some(element) = directory.element_by_id(&cx.caller, key) {
        return Ok(Some(element));
    }
    let above = Resolved { integration: resolved.integration.clone(), connection: None };
    let app_scope = Resolved { connection: resolved.connection.clone(), ..above.clone() };
    // The connection's own version is being looked for, so its parent has to be above.
    let found = directory
        .element_by_key(&cx.caller, key, &above, &Selector::default())
        .or_else(|_| directory.element_by_key(&cx.caller, key, &app_scope, &Selector::default()));
    match found {
        Ok(element) => Ok(Some(element)),
        Err(error) if error.key == Some(ErrorKey::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the connection's version of an element, changed by `define`, and answers it.
async fn create_instance<E: Kind>(
    cx: &Cx,
    parent: &E,
    connection: &Connection,
    selector: &Selector,
    define: impl FnOnce(&mut E) -> Result<(), ApiError>,
) -> Result<Arc<E>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    check_fits(&tx, parent, connection)?;
    let instance_key = selector.instance_key.as_deref();
    let (ids, now) = (&cx.space.ids, cx.space.clock.now());
    let Some(mut instance) = instance_of(&tx, ids, now, parent, connection, instance_key) else {
        // Somebody else has made it meanwhile, so that one is answered.
        let key = parent.meta().key.as_deref().unwrap_or_default();
        let made = there_is::<E>(&tx, key, connection, instance_key).cloned();
        return made.ok_or_else(|| ApiError::internal("an instance is missing"));
    };
    let key = instance.meta().key.clone();
    define(&mut instance)?;
    instance.meta_mut().key = key;
    check_names(&mut instance)?;
    let id = instance.id().clone();
    tx.put(instance)?;
    let world = tx.commit().await?;
    find(&world, &id)
}

fn there_is<'w, E: Kind>(
    world: &'w World,
    key: &str,
    connection: &Connection,
    instance_key: Option<&str>,
) -> Option<&'w Arc<E>> {
    E::table(world).with_key(key).find(|element| {
        !element.meta().is_archived()
            && element.place().connection.as_ref() == Some(&connection.id)
            && element.place().instance_key.as_deref() == instance_key
    })
}

/// Makes the connection's version of an element, to be stored; none when there is one already.
pub fn instance_of<E: Kind>(
    world: &World,
    ids: &Ids,
    now: Timestamp,
    parent: &E,
    connection: &Connection,
    instance_key: Option<&str>,
) -> Option<E> {
    let key = parent.meta().key.clone();
    if there_is::<E>(world, key.as_deref().unwrap_or_default(), connection, instance_key).is_some() {
        return None;
    }
    let meta = Meta::new(ids, now, key, Some(parent.meta().name.clone()));
    let mut element = E::blank(ids.id(), meta);
    element.copy_definition(parent);
    let place = element.place_mut();
    place_at_connection(place, connection);
    place.parent = Some(parent.id().clone());
    place.instance_key = instance_key.map(str::to_owned);
    Some(element)
}
