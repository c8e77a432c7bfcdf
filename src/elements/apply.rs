//! Applying a universal element to integrations. Source: SDK (legacy `apply`), real-use; what it does is assumed.

use std::sync::Arc;

use crate::base::error::ApiError;
use crate::elements::change::{find, refuse_taken};
use crate::elements::model::{Layer, Meta, Selector};
use crate::elements::{Archived, Kind};
use crate::engine::Cx;
use crate::nouns::integration::model::Integration;
use crate::store::World;

/// The version of an element that an integration has, and the integration.
pub type Applied<E> = (Arc<E>, Arc<Integration>);

/// The versions that integrations have of a universal element, in the order of the integrations' keys; none of another one.
pub fn applied<E: Kind>(world: &World, element: &E) -> Vec<Applied<E>> {
    if element.place().layer() != Layer::Universal || element.is_public() {
        return Vec::new();
    }
    let versions = E::table(world).with_key(element.key()).filter(|version| {
        let place = version.place();
        place.layer() == Layer::Integration
            && place.parent.as_ref() == Some(element.id())
            && !version.meta().is_archived()
    });
    let at = |version: &Arc<E>| {
        let integration = world.integrations.get(version.place().integration.as_ref()?.as_str());
        integration.filter(|integration| !integration.meta.is_archived()).cloned()
    };
    let mut applied: Vec<Applied<E>> = versions.filter_map(|it| Some((Arc::clone(it), at(it)?))).collect();
    applied.sort_by(|(_, one), (_, other)| one.key().cmp(other.key()));
    applied
}

/// Makes an integration's own version of a universal element, a copy of it, for each of these integrations that has none, and
/// answers the element with all of their versions. Fails with 400 for an element that is not universal, and with 404 for an
/// unknown integration; then none is made.
pub async fn apply<E: Kind>(
    cx: &Cx,
    selector: &Selector,
    integrations: &[String],
) -> Result<(Arc<E>, Vec<Applied<E>>), ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let element: Arc<E> = directory.element(&cx.caller, selector, Archived::Found)?;
    directory.check_changeable(&*element)?;
    if element.place().layer() != Layer::Universal || element.is_public() {
        let why = format!("only a universal {} is applied to integrations, and `{}` is none", E::NOUN, element.key());
        return Err(ApiError::bad_request(why));
    }
    let mut ids = Vec::new();
    for named in integrations {
        let integration = Arc::clone(directory.find_integration(named)?);
        let is_its = |other: &&Arc<E>| {
            let place = other.place();
            place.layer() == Layer::Integration
                && place.integration.as_ref() == Some(&integration.id)
                && !other.meta().is_archived()
        };
        // One that was applied in this very call is in the transaction alone.
        let known = E::table(&tx).with_key(element.key()).find(is_its).map(|known| known.id().clone());
        let id = match known {
            Some(known) => known,
            None => {
                let (key, name) = (element.meta().key.clone(), element.meta().name.clone());
                let meta = Meta::new(&cx.space.ids, cx.space.clock.now(), key, Some(name));
                let mut version = E::blank(cx.space.ids.id(), meta);
                version.copy_definition(&element);
                let place = version.place_mut();
                (place.integration, place.parent) = (Some(integration.id.clone()), Some(element.id().clone()));
                refuse_taken(&tx, &version)?;
                let id = version.id().clone();
                tx.put(version)?;
                id
            }
        };
        ids.push((id, integration));
    }
    let world = tx.commit().await?;
    cx.wake();
    let applied = ids.into_iter().map(|(id, integration)| Ok((find(&world, &id)?, integration)));
    Ok((element, applied.collect::<Result<_, ApiError>>()?))
}
