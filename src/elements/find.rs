//! Finding elements by any spelling of their selectors. Source: DOC:element-selectors.
//!
//! Invariant: an element of a tenant that the caller may not see is answered as if it did not exist.

use std::sync::Arc;

use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::{Id, Index};
use crate::elements::Kind;
use crate::elements::model::Selector;
use crate::elements::model::place::Place;
use crate::engine::directory::{Directory, Resolved};
use crate::engine::tokens::Caller;
use crate::nouns::connection::model::Connection;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;

/// Where something is looked for that serves: an integration, a connection of it, and the key of the instances that are
/// meant there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spot<'a> {
    pub integration: Option<&'a Id<Integration>>,
    pub connection: Option<&'a Id<Connection>>,
    pub instance_key: Option<&'a str>,
}

impl<'a> Spot<'a> {
    /// The spot of a connection, with the key of the instances that are meant there.
    pub fn of(connection: &'a Connection, instance_key: Option<&'a str>) -> Self {
        Self { integration: connection.integration.as_ref(), connection: Some(&connection.id), instance_key }
    }

    /// Whether an element at a place is one of those that a key may mean here: an instance of this connection with this
    /// instance key, an element of this integration, of its app, or a universal one.
    fn is_served_from<E>(&self, place: &Place<E>, app: Option<&Id<ExternalApp>>) -> bool {
        match (&place.connection, &place.integration, &place.external_app) {
            (Some(of), _, _) => self.connection == Some(of) && place.instance_key.as_deref() == self.instance_key,
            (None, Some(of), _) => self.integration == Some(of),
            (None, None, Some(of)) => app == Some(of),
            (None, None, None) => true,
        }
    }
}

/// Whether archived elements are found by their id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archived {
    /// An archived element is found.
    Found,
    /// An archived element is answered as a 404.
    Hidden,
}

impl Directory<'_> {
    /// An element that the caller may see, by its id or UUID, archived or not.
    pub fn element_by_id<E: Kind>(&self, caller: &Caller, id: &str) -> Option<Arc<E>> {
        let shared = || E::shared(self.catalog).and_then(|shelf| shelf.get(id));
        let by_uuid = || is_uuid(id).then(|| E::table(self.world).with(Index::Uuid, &[id]).next()).flatten();
        E::table(self.world)
            .get(id)
            .or_else(shared)
            .or_else(by_uuid)
            .filter(|element| element.place().tenant.as_ref().is_none_or(|owner| caller.may_see(owner.as_str())))
            .cloned()
    }

    /// The element with a key that serves a scope: the connection's, else the integration's, the app's or the universal
    /// one. Fails with 404 when there is none.
    ///
    /// Without a scope, a key must be universal or be there once; else it fails with 400
    /// and names the candidates (DOC:element-selectors).
    pub fn element_by_key<E: Kind>(
        &self,
        caller: &Caller,
        key: &str,
        scope: &Resolved,
        selector: &Selector,
    ) -> Result<Arc<E>, ApiError> {
        let live: Vec<&Arc<E>> = E::table(self.world)
            .with_key(key)
            .filter(|element| !element.meta().is_archived() && !element.is_public())
            // A tenant's instance is found by its id, or by way of the element that it is an instance of.
            .filter(|element| element.place().connection.is_some() || !element.place().is_instance())
            .filter(|element| element.place().tenant.as_ref().is_none_or(|owner| caller.may_see(owner.as_str())))
            .filter(|element| selector.layer.is_none_or(|layer| element.place().layer() == layer))
            .collect();
        let (live, withdrawn): (Vec<_>, Vec<_>) =
            live.into_iter().partition(|element| self.withdrawn(&***element).is_none());
        let app = scope.external_app(self);
        let spot = Spot {
            integration: scope.integration.as_ref().map(|integration| &integration.id),
            connection: scope.connection.as_ref().map(|connection| &connection.id),
            instance_key: selector.instance_key.as_deref(),
        };
        let serves = |element: &&&Arc<E>| spot.is_served_from(element.place(), app.as_ref());
        if let Some(element) = live.iter().filter(serves).max_by_key(|element| element.place().specificity()) {
            return Ok(Arc::clone(element));
        }
        if scope.integration.is_none() && scope.connection.is_none() {
            // An element with another one above it is a version of that, not another meaning of the key.
            let above = |element: &E| {
                live.iter().any(|other| {
                    other.id() != element.id()
                        && (element.place().parent.as_ref() == Some(other.id())
                            || (element.place().connection.is_some()
                                && other.place().connection.is_none()
                                && other.place().integration.is_some()
                                && other.place().integration == element.place().integration))
                })
            };
            let tops: Vec<&Arc<E>> = live.iter().copied().filter(|element| !above(element)).collect();
            match tops.as_slice() {
                [one] => return Ok(Arc::clone(one)),
                [] => {}
                [..] => return Err(self.ambiguous(key, &tops)),
            }
        }
        // The one that would serve says what has to be restored.
        let out = withdrawn.iter().filter(serves).max_by_key(|element| element.place().specificity());
        let why = out.and_then(|element| Some((element, self.withdrawn(&***element)?)));
        Err(why.map_or_else(
            || self.no_element::<E>(Some(caller), key),
            |(element, why)| Self::out_of_service(&***element, &why),
        ))
    }

    /// The element of an id, UUID or key that serves at a spot: the most specific version of it, that of the instance key
    /// where there is one. Fails with 404 when there is none.
    pub fn serving<E: Kind>(&self, spot: Spot<'_>, named: &str) -> Result<Arc<E>, ApiError> {
        let all = E::table(self.world);
        let serves = |element: &&Arc<E>| {
            let place = element.place();
            self.withdrawn(&***element).is_none()
                && !element.meta().is_archived()
                && (place.connection.is_none() || place.connection.as_ref() == spot.connection)
                && (place.integration.is_none() || place.integration.as_ref() == spot.integration)
                && (place.instance_key.is_none() || place.instance_key.as_deref() == spot.instance_key)
        };
        let of_key = |key: &str| {
            let of_key = all.with_key(key).filter(serves);
            of_key.max_by_key(|element| (element.place().specificity(), element.place().instance_key.is_some()))
        };
        let by_uuid = || is_uuid(named).then(|| all.with(Index::Uuid, &[named]).find(serves)).flatten();
        // What stands above connections is there in a version of each.
        let version = |element: &Arc<E>| {
            let key = element.meta().key.as_deref().filter(|_| element.place().connection.is_none());
            key.and_then(of_key).filter(|version| version.place().specificity() > element.place().specificity())
        };
        let found = match all.get(named).filter(serves).or_else(by_uuid) {
            Some(element) => Some(version(element).unwrap_or(element)),
            None => of_key(named),
        };
        found.cloned().ok_or_else(|| self.no_element::<E>(None, named))
    }

    /// Resolves any spelling of an element's selector; `archived` says whether an archived one is found by id. Fails
    /// with 400 for a selector that names nothing or several, and with 404 for an unknown one.
    pub fn element<E: Kind>(
        &self,
        caller: &Caller,
        selector: &Selector,
        archived: Archived,
    ) -> Result<Arc<E>, ApiError> {
        let by_id = |id: &str| {
            let element: Arc<E> = self.element_by_id(caller, id)?;
            let checked = if archived == Archived::Found { Ok(()) } else { self.check_in_service(&*element) };
            Some(checked.map(|()| element))
        };
        if let Some(id) = &selector.id {
            return by_id(id).unwrap_or_else(|| Err(self.no_element::<E>(Some(caller), id)));
        }
        let mut scope = self.scope(caller, &selector.scope)?;
        if selector.scope.names_integration() && !selector.scope.names_connection() {
            // The integration's version is meant, and not that of the caller's connection (DOC:element-selectors).
            scope.connection = None;
        }
        if let Some(text) = &selector.any {
            if let Some(found) = by_id(text) {
                return found;
            }
            return self.element_by_any_key(caller, text, &scope, selector);
        }
        match &selector.key {
            Some(key) => self.element_by_any_key(caller, key, &scope, selector),
            None => Err(ApiError::bad_request(format!("name the {} by `id` or `key`", E::NOUN))),
        }
    }

    /// Finds an element by `<integrationKey>.<key>`, else by a key that has dots of its own; either key may have them.
    pub(super) fn element_by_any_key<E: Kind>(
        &self,
        caller: &Caller,
        text: &str,
        scope: &Resolved,
        selector: &Selector,
    ) -> Result<Arc<E>, ApiError> {
        for (dot, _) in text.match_indices('.') {
            let (integration, dotted) = text.split_at_checked(dot).unwrap_or((text, ""));
            let key = dotted.strip_prefix('.').unwrap_or_default();
            let Some(integration) = self.integration_with_key(integration) else { continue };
            let connection = scope.connection.clone().filter(|c| c.integration.as_ref() == Some(&integration.id));
            let scope = Resolved { integration: Some(Arc::clone(integration)), connection };
            match self.element_by_key::<E>(caller, key, &scope, selector) {
                // The dotted form names the integration's own version only (DOC:element-selectors).
                Ok(own) if own.place().integration.is_some() => return Ok(own),
                Err(error) if error.key != Some(ErrorKey::NotFound) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        self.element_by_key(caller, text, scope, selector)
    }
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}
