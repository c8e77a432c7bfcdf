//! Instances: the versions that connections or tenants have of elements, found or made from the version above.
//!
//! Invariant: an instance has the key of what it is a version of, and a holder has one
//! for each key and instance key.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::Ids;
use crate::elements::change::{bring_back, check_names, find, refuse_taken};
use crate::elements::model::{Meta, Selector};
use crate::elements::{Change, Holder, Kind, Listed};
use crate::engine::Cx;
use crate::engine::directory::{Directory, Resolved};
use crate::store::World;

/// Answers the instance of an element that a selector names; a missing one is made as a copy of its parent when
/// `auto_create` is set, else it is a 404. Source: SDK instances.
pub async fn instance<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Arc<E>, ApiError> {
    match look_for::<E>(cx, selector)? {
        Found::Own(own) => {
            if selector.id.is_none() {
                // By its id it is found whatever it stands below, and says nothing of what may be done with it.
                let world = cx.world();
                cx.directory(&world).check_in_service(&*own)?;
            }
            Ok(own)
        }
        Found::Above(parent, holder) if selector.auto_create => {
            create_instance(cx, &*parent, &holder, selector, |_| Ok(())).await
        }
        Found::Above(parent, holder) => Err(ApiError::not_found(format!(
            "no matching {}: `{}` has no instance on {holder}; pass autoCreate=true to make one",
            E::NOUN,
            parent.key(),
        ))),
    }
}

/// Answers the instance of an element that a selector names, with true when it was there; a missing one is made as a
/// copy of its parent, changed by `define`.
async fn instance_with<E: Kind>(
    cx: &Cx,
    selector: &Selector,
    define: impl FnOnce(&mut E) -> Result<(), ApiError>,
) -> Result<(Arc<E>, bool), ApiError> {
    match look_for::<E>(cx, selector)? {
        Found::Own(own) => Ok((own, true)),
        Found::Above(parent, holder) => {
            create_instance(cx, &*parent, &holder, selector, define).await.map(|made| (made, false))
        }
    }
}

/// Makes or changes the instance of an element that a selector names, and answers it. A missing one is made as a copy of
/// its parent with what the body says over it; of one that is there, `change` says what stays.
pub async fn put_instance<E: Kind>(
    cx: &Cx,
    selector: &Selector,
    body: Option<E::Body>,
    change: Change,
) -> Result<Arc<E>, ApiError> {
    let making = Selector { auto_create: true, ..selector.clone() };
    let Some(body) = body else { return instance(cx, &making).await };
    let define = |element: &mut E| element.define(body.clone(), Change::Merge);
    match instance_with(cx, &making, define).await? {
        (element, true) => E::update(cx, &by_id(&*element), body, change).await.map(|(element, _)| element),
        (element, false) => Ok(element),
    }
}

/// Restores the instance that a selector names, and answers it; when there is a live one, that is meant, else the one that
/// was archived last. Fails with 404 when there is none, and as restoring an element does.
pub async fn restore_instance<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Listed<E>, ApiError> {
    if selector.id.is_some() {
        return bring_back(cx, selector).await;
    }
    let world = cx.world();
    let directory = cx.directory(&world);
    let resolved = directory.scope(&cx.caller, &selector.scope)?;
    let holder = Holder::of::<E>(cx, &directory, selector, &resolved)?;
    let parent: Option<Arc<E>> = parent_for(cx, &directory, selector, &resolved)?;
    let named = selector.parent_key.as_ref().or(selector.key.as_ref());
    let key = parent.as_ref().map_or(named, |parent| parent.meta().key.as_ref()).map_or("", String::as_str);
    let instances = versions::<E>(&world, key, &holder, selector.instance_key.as_deref());
    let meant = instances.max_by_key(|instance| (!instance.meta().is_archived(), instance.meta().archived_at));
    let meant = meant.ok_or_else(|| directory.no_element::<E>(Some(&cx.caller), selector.shown()))?;
    bring_back(cx, &by_id(&**meant)).await
}

/// The selector that names an element by its id.
pub fn by_id<E: Kind>(element: &E) -> Selector {
    Selector { id: Some(element.id().to_string()), ..Selector::default() }
}

enum Found<E> {
    /// The holder has its own version.
    Own(Arc<E>),
    /// The holder has no version yet; one can be made of this element.
    Above(Arc<E>, Holder),
}

fn look_for<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Found<E>, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    if let Some(id) = &selector.id {
        let element: Arc<E> = directory.element_by_id(&cx.caller, id).ok_or_else(|| Directory::no_instance::<E>(id))?;
        if !element.place().is_instance() {
            let (noun, name, plural) = (E::NOUN, &element.meta().name, E::PLURAL);
            let why = format!("{noun} `{name}` is no {noun} instance; it is at /{plural}/{}", element.id());
            return Err(ApiError::not_found(why));
        }
        return Ok(Found::Own(element));
    }
    let resolved = directory.scope(&cx.caller, &selector.scope)?;
    let holder = Holder::of::<E>(cx, &directory, selector, &resolved)?;
    let parent: Option<Arc<E>> = parent_for(cx, &directory, selector, &resolved)?;
    let key = parent.as_ref().map_or_else(|| selector.key.clone(), |p| p.meta().key.clone());
    let own = key.as_deref().and_then(|key| there_is(&world, key, &holder, selector.instance_key.as_deref()));
    match (own, parent) {
        (Some(own), _) => Ok(Found::Own(Arc::clone(own))),
        (None, Some(parent)) => Ok(Found::Above(parent, holder)),
        (None, None) => Err(directory.no_element::<E>(Some(&cx.caller), selector.shown())),
    }
}

/// Refuses with 400 to make a version of an archived element, of another holder's version, or of
/// another integration's or app's element.
fn check_fits<E: Kind>(directory: &Directory<'_>, parent: &E, holder: &Holder) -> Result<(), ApiError> {
    directory.check_changeable(parent)?;
    if let Holder::Connection(connection) = holder {
        directory.check_changeable_connection(connection)?;
    }
    let (world, place) = (directory.world, parent.place());
    let refused = |belongs: String| {
        let said = format!("{} `{}` {belongs}, and {holder} is another one's", E::NOUN, parent.meta().name);
        Err(ApiError::bad_request(said))
    };
    if place.connection.is_some() {
        return refused("is an instance of its own connection".into());
    }
    if place.tenant.is_some() {
        return refused("is an instance of its own tenant".into());
    }
    let Holder::Connection(connection) = holder else { return Ok(()) };
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
        return directory
            .element_by_id(&cx.caller, id)
            .map(Some)
            .ok_or_else(|| directory.no_element::<E>(Some(&cx.caller), id));
    }
    let Some(text) = selector.parent_key.as_ref().or(selector.key.as_ref()).or(selector.any.as_ref()) else {
        return Err(ApiError::bad_request(format!("name the {} by `parentKey`, `parentId` or `id`", E::NOUN)));
    };
    if let Some(element) = directory.element_by_id(&cx.caller, text) {
        return Ok(Some(element));
    }
    let above = Resolved { integration: resolved.integration.clone(), connection: None };
    let app_scope = Resolved { connection: resolved.connection.clone(), ..above.clone() };
    // The holder's own version is being looked for, so its parent has to be above.
    let found = directory
        .element_by_any_key(&cx.caller, text, &above, &Selector::default())
        .or_else(|_| directory.element_by_any_key(&cx.caller, text, &app_scope, &Selector::default()));
    match found {
        Ok(element) => Ok(Some(element)),
        Err(error) if error.key == Some(ErrorKey::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the holder's version of an element, changed by `define`, and answers it.
async fn create_instance<E: Kind>(
    cx: &Cx,
    parent: &E,
    holder: &Holder,
    selector: &Selector,
    define: impl FnOnce(&mut E) -> Result<(), ApiError>,
) -> Result<Arc<E>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    check_fits(&cx.directory(&tx), parent, holder)?;
    let instance_key = selector.instance_key.as_deref();
    let (ids, now) = (&cx.space.ids, cx.space.clock.now());
    let Some(mut instance) = instance_of(&tx, ids, now, parent, holder, instance_key) else {
        // Somebody else has made it meanwhile, so that one is answered.
        let key = parent.meta().key.as_deref().unwrap_or_default();
        let made = there_is::<E>(&tx, key, holder, instance_key).cloned();
        return made.ok_or_else(|| ApiError::internal("an instance is missing"));
    };
    let key = instance.meta().key.clone();
    let copy = instance.clone();
    define(&mut instance)?;
    instance.mark_change(&copy);
    instance.meta_mut().key = key;
    check_names(&mut instance)?;
    refuse_taken(&tx, &instance)?;
    let id = instance.id().clone();
    tx.put(instance)?;
    let world = tx.commit().await?;
    find(&world, &id)
}

/// The versions of a key that a holder has under an instance key, archived ones too, oldest first.
fn versions<'w, E: Kind>(
    world: &'w World,
    key: &str,
    holder: &Holder,
    instance_key: Option<&str>,
) -> impl Iterator<Item = &'w Arc<E>> {
    E::table(world)
        .with_key(key)
        .filter(move |element| holder.has(element.place()) && element.place().instance_key.as_deref() == instance_key)
}

fn there_is<'w, E: Kind>(
    world: &'w World,
    key: &str,
    holder: &Holder,
    instance_key: Option<&str>,
) -> Option<&'w Arc<E>> {
    versions::<E>(world, key, holder, instance_key).find(|element| !element.meta().is_archived())
}

/// Makes the holder's version of an element, to be stored; none when there is one already.
pub fn instance_of<E: Kind>(
    world: &World,
    ids: &Ids,
    now: Timestamp,
    parent: &E,
    holder: &Holder,
    instance_key: Option<&str>,
) -> Option<E> {
    let key = parent.meta().key.clone();
    if there_is::<E>(world, key.as_deref().unwrap_or_default(), holder, instance_key).is_some() {
        return None;
    }
    let meta = Meta::new(ids, now, key, Some(parent.meta().name.clone()));
    let mut element = E::blank(ids.id(), meta);
    element.copy_definition(parent);
    let place = element.place_mut();
    holder.take(place);
    place.parent = Some(parent.id().clone());
    place.instance_key = instance_key.map(str::to_owned);
    Some(element)
}
