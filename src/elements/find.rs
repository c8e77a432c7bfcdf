//! Finding elements by any spelling of their selectors. Source: DOC:element-selectors.
//!
//! Invariant: an element of a tenant that the caller may not see is answered as if it did not exist.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::{Id, Index};
use crate::elements::Kind;
use crate::elements::model::Selector;
use crate::engine::directory::{Directory, Resolved, hint};
use crate::engine::tokens::Caller;
use crate::nouns::connection::model::Connection;
use crate::nouns::integration::model::Integration;

/// Where something is looked for that serves: an integration, a connection of it, and the key of the instances that are
/// meant there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spot<'a> {
    pub integration: Option<&'a Id<Integration>>,
    pub connection: Option<&'a Id<Connection>>,
    pub instance_key: Option<&'a str>,
}

/// So many connections are named in a message.
const MOST_NAMED: usize = 3;

impl<'a> Spot<'a> {
    /// The spot of a connection, with the key of the instances that are meant there.
    pub fn of(connection: &'a Connection, instance_key: Option<&'a str>) -> Self {
        Self { integration: connection.integration.as_ref(), connection: Some(&connection.id), instance_key }
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
        let serves = |element: &&&Arc<E>| {
            let by_connection = element
                .place()
                .connection
                .as_ref()
                .is_none_or(|of| scope.connection.as_ref().is_some_and(|connection| connection.id == *of));
            let by_instance =
                element.place().connection.is_none() || element.place().instance_key == selector.instance_key;
            let by_integration = element.place().connection.is_some()
                || element
                    .place()
                    .integration
                    .as_ref()
                    .is_none_or(|of| scope.integration.as_ref().is_some_and(|integration| integration.id == *of));
            let by_app = element.place().external_app.as_ref().is_none_or(|of| {
                element.place().integration.is_some()
                    || element.place().connection.is_some()
                    || app.as_ref() == Some(of)
            });
            by_connection && by_instance && by_integration && by_app
        };
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

    fn ambiguous<E: Kind>(&self, key: &str, candidates: &[&Arc<E>]) -> ApiError {
        let names: Vec<String> = candidates
            .iter()
            .map(|element| {
                let of = element.place().integration.as_ref().and_then(|id| self.world.integrations.get(id.as_str()));
                match of {
                    Some(integration) => format!("`{}.{key}` ({})", integration.key(), element.id()),
                    None => format!("`{}`", element.id()),
                }
            })
            .collect();
        ApiError::bad_request(format!(
            "{} `{key}` matches {} elements: {}; add `integrationKey` or use an id",
            E::NOUN,
            names.len(),
            names.join(", ")
        ))
        .with_data(serde_json::json!({ "candidates": candidates.iter().map(|a| a.id()).collect::<Vec<_>>() }))
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

    /// A 404 for an element, with where its key is, or a similar key. Keys of a connection are told to whose it is, and none of
    /// these without a caller. Source: SEED words the beginning.
    pub fn no_element<E: Kind>(&self, caller: Option<&Caller>, text: &str) -> ApiError {
        // `github.task` asks for the `task` of an integration.
        let dotted = text.split_once('.').filter(|(integration, _)| self.integration_with_key(integration).is_some());
        let key = dotted.map_or(text, |(_, key)| key);
        // Keys of a tenant's own elements are not told to others.
        let shared = |element: &&Arc<E>| !element.meta().is_archived() && element.place().tenant.is_none();
        let elsewhere: Vec<&str> = E::table(self.world)
            .with_key(key)
            .filter(shared)
            .filter_map(|element| {
                Some(self.world.integrations.get(element.place().integration.as_ref()?.as_str())?.key())
            })
            .collect();
        if !elsewhere.is_empty() {
            let (of, first) = (elsewhere.join("`, `"), elsewhere.first().copied().unwrap_or_default());
            return ApiError::not_found(format!(
                "no matching {}: `{key}` is there only for the integration `{of}`; name that and no other, as `{first}.{key}` \
                 or by `integrationKey={first}`, or a connection of it",
                E::NOUN
            ));
        }
        let is_own = |element: &&Arc<E>| {
            let tenant = element.place().tenant.as_ref();
            !element.meta().is_archived() && tenant.zip(caller).is_some_and(|(of, caller)| caller.means(of.as_str()))
        };
        let own = E::table(self.world).with_key(key).filter(is_own).filter_map(|element| {
            let connection = self.world.connections.get(element.place().connection.as_ref()?.as_str())?;
            Some(connection.meta.key.as_deref().unwrap_or(connection.id.as_str()))
        });
        let own: BTreeSet<&str> = own.collect();
        if let Some(first) = own.first() {
            let mut of = own.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join("`, `");
            if own.len() > MOST_NAMED {
                of = format!("{of}` and {} more, such as `{first}", own.len() - MOST_NAMED);
            }
            return ApiError::not_found(format!(
                "no matching {}: `{key}` is there only for the connection `{of}`; name that, as by `connectionKey={first}`",
                E::NOUN
            ));
        }
        let keys = E::table(self.world).iter().filter(shared).map(|element| element.key());
        ApiError::not_found(format!(
            "no matching {}: `{text}`{}; list them with GET /{}",
            E::NOUN,
            hint(text, keys),
            E::PLURAL
        ))
    }

    /// A 404 for an instance that an id does not name.
    pub fn no_instance<E: Kind>(id: &str) -> ApiError {
        ApiError::not_found(format!("no matching {0} instance: `{id}`; list them with GET /{1}s", E::NOUN, E::INSTANCE))
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
