//! Making and changing elements. Invariant: names and rights are checked inside the transaction that writes.

use std::sync::Arc;

use serde_json::json;

use crate::base::error::ApiError;
use crate::base::ids::{Id, Index};
use crate::base::text::article;
use crate::elements::model::{Layer, Meta, Scope, Selector, check_key, free_key};
use crate::elements::{Archived, Holder, Kind, Listed, SeedForm as _, restore_instance};
use crate::engine::Cx;
use crate::store::{Tx, World};

/// The place and the names of a new element.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The integration or connection that the element will belong to.
    pub scope: Scope,
    /// The id or key of the external app that it will be for.
    pub external_app: Option<String>,
    /// The id of the element that it will be a version of; else the nearest one with its key is meant.
    pub parent: Option<String>,
    /// The key; derived from the name when there is none.
    pub key: Option<String>,
    /// The name that people see; derived from the key when there is none.
    pub name: Option<String>,
    /// Whether the key is numbered when it is taken; otherwise a taken key is refused.
    pub any_key: bool,
}

/// Makes an element and answers it: at the connection layer when a connection is named, at the integration layer when
/// only an integration is, else universal. `define` gives it its definition. Fails with 404 for an unknown scope, app
/// or parent, and with `already_exists` when the key is taken. Source: SEED; OAS.
pub async fn create<E: Kind>(
    cx: &Cx,
    wanted: Wanted,
    define: impl FnOnce(&mut E, &World) -> Result<(), ApiError>,
) -> Result<Arc<E>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let resolved = directory.scope(&cx.caller, &wanted.scope)?;
    // Whose connection it is was asked when it was looked up.
    if !cx.caller.is_manager() && !wanted.scope.names_connection() {
        return Err(manager_only(&format!(
            "POST /{} without `connectionId` or `connectionKey`, which would be for every tenant",
            E::PLURAL
        )));
    }
    if wanted.scope.names_integration() && resolved.integration.is_none() {
        return Err(ApiError::not_found(
            "integration not found: it exists only as a catalog candidate; create it with POST /integrations or connect to it",
        ));
    }
    let (id, now) = (cx.space.ids.id(), cx.space.clock.now());
    let mut element =
        E::blank(id, Meta::new(&cx.space.ids, now, wanted.key.filter(|key| !key.is_empty()), wanted.name));
    if wanted.scope.names_connection() {
        let connection = resolved.connection.clone().ok_or_else(|| ApiError::not_found("connection not found"))?;
        directory.check_changeable_connection(&connection)?;
        Holder::Connection(connection).take(element.place_mut());
    } else if let Some(integration) = &resolved.integration {
        element.place_mut().integration = Some(integration.id.clone());
    } else if let Some(text) = &wanted.external_app {
        element.place_mut().external_app = Some(directory.find_app(text)?.id.clone());
    }
    let parent = match &wanted.parent {
        Some(id) => {
            let parent = directory
                .element_by_id::<E>(&cx.caller, id)
                .ok_or_else(|| directory.no_element::<E>(Some(&cx.caller), id))?;
            if parent.place().is_instance() {
                let (article, noun) = (article(E::NOUN), E::NOUN);
                let why = format!("`{id}` is an instance; {article} {noun} is made of one that others have as well");
                return Err(ApiError::bad_request(why));
            }
            Some(parent.id().clone())
        }
        None => parent_of(&world, &element),
    };
    element.place_mut().parent = parent;
    let own_uuid = element.meta().uuid.clone();
    define(&mut element, &world)?;
    check_names(&mut element)?;
    refuse_known_uuid(&world, &element, &own_uuid)?;
    if wanted.any_key {
        let key = element.meta().key.clone().unwrap_or_default();
        let free = free_key(&key, |key| {
            let mut probe = element.clone();
            probe.meta_mut().key = Some(key.to_owned());
            refuse_taken(&world, &probe).is_err()
        });
        element.meta_mut().key = Some(free).filter(|key| !key.is_empty());
    }
    refuse_taken(&world, &element)?;
    let id = element.id().clone();
    tx.put(element)?;
    let world = tx.commit().await?;
    cx.wake();
    find(&world, &id)
}

/// Makes an element with the definition of another one at the same place, changed by `define`, and answers it. It has a name
/// and key of its own where `wanted` gives none. Fails with 400 for an instance, and as [`create`] does. Source: OAS (`clone`).
pub async fn copy<E: Kind>(
    cx: &Cx,
    selector: &Selector,
    wanted: Wanted,
    define: impl FnOnce(&mut E, &World) -> Result<(), ApiError>,
) -> Result<Arc<E>, ApiError> {
    let world = cx.world();
    let mut original: Arc<E> = cx.directory(&world).element(&cx.caller, selector, Archived::Hidden)?;
    let is_named = [&selector.id, &selector.any].into_iter().flatten().any(|named| *original.id() == **named);
    if original.place().is_instance() && !is_named && !selector.scope.names_connection() {
        // A key that the caller's own version serves means what others have as well.
        let above = original.place().parent.as_ref().and_then(|id| E::table(&world).get(id.as_str()));
        original = above.cloned().unwrap_or(original);
    }
    let place = original.place();
    if place.is_instance() {
        let (article, noun) = (article(E::NOUN), E::NOUN);
        return Err(ApiError::bad_request(format!("{article} {noun} instance is not cloned; clone what it is one of")));
    }
    let id = |id: &Id<_>| id.to_string();
    let wanted = Wanted {
        scope: Scope { integration_id: place.integration.as_ref().map(id), ..Scope::default() },
        external_app: place.external_app.as_ref().map(ToString::to_string),
        any_key: wanted.key.is_none(),
        key: wanted.key.or_else(|| original.meta().key.as_ref().map(|key| format!("{key}-copy"))),
        name: Some(wanted.name.unwrap_or_else(|| format!("Copy of {}", original.meta().name))),
        parent: None,
    };
    create(cx, wanted, |element: &mut E, world| {
        E::Seed::redefine(element, (*original).clone());
        element.meta_mut().description.clone_from(&original.meta().description);
        element.meta_mut().meta.clone_from(&original.meta().meta);
        define(element, world)
    })
    .await
}

/// Refuses a UUID that was given, in the place of `own`, and that another element of the kind has: a UUID is one element's in
/// every workspace.
fn refuse_known_uuid<E: Kind>(world: &World, element: &E, own: &str) -> Result<(), ApiError> {
    let uuid = &element.meta().uuid;
    if uuid == own || E::table(world).with(Index::Uuid, &[uuid]).next().is_none() {
        return Ok(());
    }
    let (article, noun) = (article(E::NOUN), E::NOUN);
    Err(ApiError::already_exists(format!("there is {article} {noun} with the uuid `{uuid}` already; leave `uuid` out")))
}

/// Refuses with 400 names that could not be found again. Only an instance has an instance key.
pub(crate) fn check_names<E: Kind>(element: &mut E) -> Result<(), ApiError> {
    if let Some(key) = element.meta().key.as_ref().filter(|_| !element.is_public()) {
        check_key(key, "key")?;
    }
    let place = element.place_mut();
    if place.layer() != Layer::Connection {
        place.instance_key = None;
    }
    place.instance_key.as_ref().map_or(Ok(()), |key| check_key(key, "instanceKey"))
}

pub(crate) fn find<E: Kind>(world: &World, id: &Id<E>) -> Result<Arc<E>, ApiError> {
    let found = E::table(world).get(id.as_str()).cloned();
    found.ok_or_else(|| ApiError::internal(format!("{} `{id}` is missing", E::NOUN)))
}

/// The nearest version above with the same key.
fn parent_of<E: Kind>(world: &World, element: &E) -> Option<Id<E>> {
    let key = element.meta().key.as_deref()?;
    let place = element.place();
    E::table(world)
        .with_key(key)
        .filter(|other| !other.meta().is_archived() && !other.is_public())
        .filter(|other| other.place().specificity() < place.specificity())
        .filter(|other| other.place().integration.is_none() || other.place().integration == place.integration)
        .max_by_key(|other| other.place().specificity())
        .map(|other| other.id().clone())
}

/// Refuses with `already_exists` a key that another element has at the same place. Source: OAS (“key uniqueness
/// is per parent and integration”).
pub(crate) fn refuse_taken<E: Kind>(world: &World, element: &E) -> Result<(), ApiError> {
    let Some(key) = element.meta().key.as_deref() else { return Ok(()) };
    let same_place = |other: &&Arc<E>| {
        other.id() != element.id()
            && !other.meta().is_archived()
            && !other.is_public()
            && other.place().is_same(element.place())
    };
    match E::table(world).with_key(key).find(same_place) {
        Some(other) => Err(ApiError::already_exists(format!(
            "there is {} {} `{key}` at this place already ({}); change it or choose another key",
            article(E::NOUN),
            E::NOUN,
            other.id()
        ))),
        None => Ok(()),
    }
}

/// How a change treats what it does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The rest stays as it is, as with PATCH.
    Merge,
    /// The rest is cleared, as with PUT.
    Replace,
}

/// Changes an element and answers it. Fails with 400 when it is archived or would get a wrong key, and with 403 when
/// the caller may not change it. Source: SEED (PATCH merges, PUT replaces); OAS.
pub async fn update<E: Kind>(
    cx: &Cx,
    selector: &Selector,
    change: impl FnOnce(&mut E, &World) -> Result<(), ApiError>,
) -> Result<Listed<E>, ApiError> {
    changed(cx, selector, |element: &mut E, world| {
        cx.directory(world).check_changeable(&*element)?;
        let (known_as, own_uuid) = (element.meta().key.clone(), element.meta().uuid.clone());
        change(element, world)?;
        refuse_known_uuid(world, element, &own_uuid)?;
        let is_version = element.place().layer() == Layer::Connection && element.place().parent.is_some();
        if is_version && element.meta().key != known_as {
            let why = format!("an instance has the key of its {}; it cannot have another one", E::NOUN);
            return Err(ApiError::bad_request(why).with_data(json!({ "field": "key" })));
        }
        check_names(element)?;
        refuse_taken(world, element)
    })
    .await
}

async fn changed<E: Kind>(
    cx: &Cx,
    selector: &Selector,
    change: impl FnOnce(&mut E, &World) -> Result<(), ApiError>,
) -> Result<Listed<E>, ApiError> {
    let (mut element, mut tx) = own::<E>(cx, selector).await?;
    change(&mut element, &tx)?;
    element.meta_mut().touch(&cx.space.ids, cx.space.clock.now());
    let id = element.id().clone();
    tx.put(element)?;
    let world = tx.commit().await?;
    cx.wake();
    Ok((find(&world, &id)?, None))
}

/// An element of this workspace with the transaction to change it in. Fails with 403 for the catalog's elements, and
/// for those above connections unless the caller is a manager.
async fn own<E: Kind>(cx: &Cx, selector: &Selector) -> Result<(E, Tx), ApiError> {
    let tx = cx.space.data.begin().await;
    let directory = cx.directory(&tx);
    let element = directory.element::<E>(&cx.caller, selector, Archived::Found)?;
    let by_id = [&selector.id, &selector.any]
        .into_iter()
        .flatten()
        .any(|text| *element.id() == **text || element.meta().uuid == *text);
    if selector.scope.names_integration() && !by_id && element.place().integration.is_none() {
        // An element that is named through an integration is that integration's own version, or none.
        return Err(directory.no_element::<E>(Some(&cx.caller), selector.shown()));
    }
    if selector.scope.names_connection() && !by_id && !element.place().is_instance() {
        // Likewise through a connection: what serves others as well is not changed for one.
        let scope = directory.scope(&cx.caller, &selector.scope)?;
        let holder = scope.connection.map(|connection| Holder::Connection(connection).to_string()).unwrap_or_default();
        return Err(ApiError::not_found(format!(
            "no matching {}: `{}` has no instance on {holder}; change `{}` itself without naming a connection",
            E::NOUN,
            element.key(),
            element.id(),
        )));
    }
    if E::table(&tx).get(element.id().as_str()).is_none() {
        return Err(ApiError::access_denied(format!(
            "{} `{}` is the catalog's and cannot be changed; create your own with POST /{}",
            E::NOUN,
            element.meta().name,
            E::PLURAL
        )));
    }
    if element.place().layer() != Layer::Connection && !cx.caller.is_manager() {
        return Err(manager_only(&format!("change a workspace-level {}", E::NOUN)));
    }
    Ok(((*element).clone(), tx))
}

/// A 403 for what only a manager may do.
pub fn manager_only(what: &str) -> ApiError {
    ApiError::access_denied(format!("only a manager token may {what}; mint one with `isAdmin: true`"))
}

/// Archives an element and answers it; archiving again keeps the first date.
pub async fn archive<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Listed<E>, ApiError> {
    let now = cx.space.clock.now();
    changed(cx, selector, |element: &mut E, _| {
        element.meta_mut().archived_at.get_or_insert(now);
        Ok(())
    })
    .await
}

/// Restores an element and answers it. Fails with `already_exists` when its key is taken meanwhile.
pub async fn restore<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Listed<E>, ApiError> {
    if selector.scope.names_connection() && selector.id.is_none() {
        let key = selector.any.clone().or_else(|| selector.key.clone());
        return restore_instance(cx, &Selector { any: None, key, ..selector.clone() }).await;
    }
    bring_back(cx, &archived_selector::<E>(cx, selector)).await
}

/// Restores the element that a selector names exactly.
pub(super) async fn bring_back<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Listed<E>, ApiError> {
    changed(cx, selector, |element: &mut E, world| {
        element.meta_mut().archived_at = None;
        refuse_taken(world, element)
    })
    .await
}

/// When no live element has a key, the key means the archived one that was made last.
fn archived_selector<E: Kind>(cx: &Cx, selector: &Selector) -> Selector {
    let world = cx.world();
    let directory = cx.directory(&world);
    let text = selector.key.as_deref().or(selector.any.as_deref()).unwrap_or_default();
    let dotted = text.split_once('.').filter(|(integration, _)| directory.integration_with_key(integration).is_some());
    let (integration, key) = match dotted {
        Some((integration, key)) => (directory.integration_with_key(integration).cloned(), key),
        None => (directory.scope(&cx.caller, &selector.scope).unwrap_or_default().integration, text),
    };
    // What an integration names by key is its own, and not the universal one that stands in for it.
    let found = directory.element::<E>(&cx.caller, selector, Archived::Found);
    if found.is_ok_and(|found| integration.is_none() || found.place().integration.is_some() || *found.id() == *text) {
        return selector.clone();
    }
    let archived = E::table(&world).with_key(key).filter(|element| {
        element.meta().is_archived()
            && element.place().tenant.as_ref().is_none_or(|owner| cx.caller.may_see(owner.as_str()))
            && (integration.is_none() || element.place().integration.as_ref() == integration.as_ref().map(|i| &i.id))
    });
    // One that stands above others is meant before an instance, and the later one before the earlier.
    match archived.max_by_key(|element| !element.place().is_instance()) {
        Some(element) => Selector { id: Some(element.id().to_string()), ..Selector::default() },
        None => selector.clone(),
    }
}

/// Gives an element its parent's definition again, and answers it. Fails with 400 when it has
/// no parent. Source: OAS (`reset`).
pub async fn reset<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Listed<E>, ApiError> {
    update(cx, selector, |element: &mut E, world| {
        let parent = element.place().parent.as_ref().and_then(|id| E::table(world).get(id.as_str()));
        let Some(parent) = parent else {
            let name = &element.meta().name;
            return Err(ApiError::bad_request(format!("{} `{name}` has no parent to go back to", E::NOUN)));
        };
        element.copy_definition(parent);
        Ok(())
    })
    .await
}
