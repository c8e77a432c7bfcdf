//! Listing elements, and what is known of one from those around it. Source: SDK
//! `CommonListElementsQuery` and its kin, SEED.

use std::sync::Arc;

use crate::base::error::ApiError;
use crate::base::ids::{Id, Index};
use crate::base::page::{Page, PageRequest};
use crate::base::rank;
use crate::elements::model::{Layer, Scope, Selector};
use crate::elements::{Archived, Kind};
use crate::engine::Cx;
use crate::engine::catalog::CatalogTable;
use crate::engine::directory::{Directory, Resolved};
use crate::engine::tokens::Caller;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;
use crate::store::{Table, World};

/// Which elements a list asks for; an absent field allows all. Source: SDK `FindActionsQuery`, `FindFlowsQuery`.
#[derive(Debug, Clone, Default)]
pub struct ElementFilter {
    /// The id of the only element that is wanted.
    pub id: Option<String>,
    /// The layer of the elements.
    pub layer: Option<Layer>,
    /// The integration or connection that the elements serve.
    pub scope: Scope,
    /// The id or key of the external app that the elements are for; the catalog's are then listed too.
    pub external_app_id: Option<String>,
    /// Text that the name, key or description contains; case does not matter.
    pub search: Option<String>,
    /// What is wanted, in words of at most 200 characters; with a connection, the results are ranked by it.
    pub intent: Option<String>,
    /// The key of the instance where its holder has several.
    pub instance_key: Option<String>,
    /// The id of the element that they are versions of.
    pub parent_id: Option<String>,
    /// The id of the universal element that they are versions of.
    pub universal_parent_id: Option<String>,
    /// The id or key of the tenant that owns the connection, or the instance.
    pub tenant: Option<String>,
    /// True for only universal elements, false for only others.
    pub is_universal: Option<bool>,
    /// Whether all layers are listed, and the catalog too where the workspace's lists span it.
    pub everywhere: bool,
    /// Whether archived elements are listed too.
    pub include_archived: bool,
}

impl ElementFilter {
    /// Whether nothing says where to look, so that only universal elements are listed.
    fn is_unscoped(&self) -> bool {
        !self.everywhere
            && self.scope.is_empty()
            && self.external_app_id.is_none()
            && self.id.is_none()
            && self.layer.is_none()
            && self.search.is_none()
            && self.tenant.is_none()
            && self.parent_id.is_none()
            && self.universal_parent_id.is_none()
    }

    /// Whether elements are asked for as versions of others, and not as what serves a place.
    fn asks_for_versions(&self) -> bool {
        self.id.is_some()
            || self.layer.is_some()
            || self.instance_key.is_some()
            || self.parent_id.is_some()
            || self.universal_parent_id.is_some()
            || self.tenant.is_some()
            || self.is_universal.is_some()
    }
}

/// An element, and the integration that it is looked at from.
pub type Listed<E> = (Arc<E>, Option<Arc<Integration>>);

/// Answers a page of elements; `also` is a filter of their kind. Without any filter, only universal elements are listed
/// (SEED). Fails with 400 for a long intent, and with 404 for an unknown scope or app.
pub fn list<E: Kind>(
    cx: &Cx,
    filter: &ElementFilter,
    also: impl Fn(&E) -> bool,
    page: PageRequest,
) -> Result<Page<Listed<E>>, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    if filter.intent.as_ref().is_some_and(|intent| intent.chars().count() > 200) {
        return Err(ApiError::bad_request("`intent` has at most 200 characters"));
    }
    let scope = directory.scope(&cx.caller, &filter.scope)?;
    let app = match &filter.external_app_id {
        Some(text) => Some(directory.find_app(text)?.id.clone()),
        None => scope.external_app(&directory),
    };
    let unscoped = filter.is_unscoped();
    let search = filter.search.as_ref().map(|text| text.to_lowercase());
    let serves = |element: &E| {
        if unscoped {
            return element.place().layer() == Layer::Universal;
        }
        let by_app = |element: &E| app.is_some() && app_of(&directory, element) == app;
        let place = element.place();
        match (&place.connection, &place.integration, &place.external_app) {
            (Some(of), _, _) if filter.scope.names_connection() => {
                scope.connection.as_ref().is_some_and(|c| c.id == *of)
            }
            (Some(_), of, _) if filter.scope.names_integration() => {
                of.is_some() && of.as_ref() == scope.integration.as_ref().map(|i| &i.id)
            }
            (None, Some(of), _) if !filter.scope.is_empty() => scope.integration.as_ref().is_some_and(|i| i.id == *of),
            (None, None, Some(_)) => by_app(element) || (filter.scope.is_empty() && filter.external_app_id.is_none()),
            // A universal element serves every app, so a list for one app does not have it.
            (_, _, _) => filter.external_app_id.is_none() || by_app(element),
        }
    };
    // What serves an integration or a connection is listed once per key, unless instances or layers are asked for. What is
    // universal is listed where it applies.
    let by_key = !filter.scope.is_empty() && !filter.asks_for_versions();
    let visible = |element: &E| element.place().tenant.as_ref().is_none_or(|owner| cx.caller.may_see(owner.as_str()));
    let is_of_key = |element: &E| {
        let place = element.place();
        place.instance_key.is_none()
            && (filter.scope.names_connection() || !place.is_instance())
            && (place.layer() != Layer::Universal || element.applies_by_itself())
    };
    let is_overridden = |element: &E| {
        // Elements of the catalog are shown without a key.
        let key = element.meta().key.as_deref().filter(|_| !element.is_public());
        let mut others = key.into_iter().flat_map(|key| E::table(&world).with_key(key));
        others.any(|other| {
            let other = &**other;
            other.place().specificity() > element.place().specificity()
                && directory.withdrawn(other).is_none()
                && !other.is_public()
                && visible(other)
                && is_of_key(other)
                && serves(other)
        })
    };
    let wanted = |element: &E| {
        visible(element)
            && filter.id.as_ref().is_none_or(|id| *element.id() == **id)
            && filter.layer.is_none_or(|layer| element.place().layer() == layer)
            && filter.is_universal.is_none_or(|universal| (element.place().layer() == Layer::Universal) == universal)
            && filter.instance_key.as_ref().is_none_or(|key| element.place().instance_key.as_ref() == Some(key))
            && filter
                .parent_id
                .as_ref()
                .is_none_or(|id| element.place().parent.as_ref().is_some_and(|p| p == id.as_str()))
            && filter
                .universal_parent_id
                .as_ref()
                .is_none_or(|id| ancestors(&world, element).any(|above| *above.id() == **id))
            && filter
                .tenant
                .as_ref()
                .is_none_or(|named| element.place().tenant.as_ref().is_some_and(|own| is_tenant(&world, own, named)))
            && search.as_ref().is_none_or(|text| element.meta().matches(text))
            && serves(element)
            && also(element)
            // What stands above an element is looked up last, since it costs most.
            && (filter.include_archived || directory.withdrawn(element).is_none())
            && (!by_key || (is_of_key(element) && !is_overridden(element)))
    };
    let catalog_too = filter.external_app_id.is_some()
        || filter.id.is_some()
        || (world.workspace.settings.use_membrane_universe && (app.is_some() || search.is_some() || filter.everywhere));
    let own = seen_by(&cx.caller, E::table(&world), page.after)
        .filter(|(_, element)| wanted(element))
        .map(|(at, element)| (at, Arc::clone(element)));
    let shared =
        E::shared(&cx.engine.catalog).into_iter().flat_map(CatalogTable::iter).enumerate().filter(|(_, element)| {
            catalog_too && wanted(element) && (app.is_none() || element.place().external_app == app)
        });
    // Elements of the catalog come after the workspace's own, at positions that no record has.
    let shared = shared.map(|(index, element)| (CATALOG_START + index as u64, Arc::clone(element)));
    let at = scope.integration.clone();
    let listed = move |element: Arc<E>| (element, at.clone());
    let all = own.chain(shared);
    if let (Some(intent), true) = (&filter.intent, filter.scope.names_connection()) {
        let ranked =
            rank::best(intent, all.map(|(_, element)| element).collect(), |element: &Arc<E>| described(&**element));
        let limit = if page.limit == PageRequest::default().limit { 10 } else { page.limit };
        return Ok(Page { items: ranked.into_iter().take(limit).map(listed).collect(), cursor: None });
    }
    Ok(page.take(all).map(listed))
}

/// Records of a kind after a position, with all that the caller may see: a tenant sees its own and nobody's, and those of others
/// are not looked at.
fn seen_by<'w, E: Kind>(
    caller: &Caller,
    table: &'w Table<E>,
    position: u64,
) -> impl Iterator<Item = (u64, &'w Arc<E>)> + use<'w, E> {
    let (of_owners, of_all) = match caller {
        Caller::Tenant(tenant) => {
            let of = |owner: &str| table.with_after(Index::Tenant, &[owner], position);
            (Some(in_order(of(""), of(tenant.id.as_str()))), None)
        }
        Caller::Manager(_) | Caller::Workspace => (None, Some(table.after(position))),
    };
    of_owners.into_iter().flatten().chain(of_all.into_iter().flatten())
}

/// Both, in rising order of position, as each of them comes.
fn in_order<T>(
    one: impl Iterator<Item = (u64, T)>,
    other: impl Iterator<Item = (u64, T)>,
) -> impl Iterator<Item = (u64, T)> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some((first, _)), Some((second, _))) if first > second => other.next(),
        (Some(_), _) => one.next(),
        (None, _) => other.next(),
    })
}

/// The first position of catalog entries in lists, which is higher than that of any record.
pub const CATALOG_START: u64 = 1 << 52;

/// The external app that an element is for: its own, or that of its integration.
pub fn app_of<E: Kind>(directory: &Directory<'_>, element: &E) -> Option<Id<ExternalApp>> {
    element.place().external_app.clone().or_else(|| {
        let integration = directory.world.integrations.get(element.place().integration.as_ref()?.as_str())?;
        Resolved { integration: Some(Arc::clone(integration)), connection: None }.external_app(directory)
    })
}

/// The text of an element that a ranking compares with an intent.
pub fn described<E: Kind>(element: &E) -> String {
    let key = element.meta().key.as_deref().unwrap_or_default().replace('-', " ");
    format!("{} {key} {}", element.meta().name, element.meta().description.as_deref().unwrap_or_default())
}

/// The element that an element is a version of; none when there is none.
pub fn parent_of<'w, E: Kind>(world: &'w World, element: &E) -> Option<&'w E> {
    ancestors(world, element).next().map(|above| &**above)
}

/// The elements that an element is a version of, nearest first.
pub fn ancestors<'w, E: Kind>(world: &'w World, element: &E) -> impl Iterator<Item = &'w Arc<E>> + use<'w, E> {
    let above = move |id: &Id<E>| E::table(world).get(id.as_str());
    let nearest = element.place().parent.as_ref().and_then(above);
    // There are three layers, and an element may be below another one of its own layer.
    std::iter::successors(nearest, move |element| element.place().parent.as_ref().and_then(above)).take(4)
}

/// Whether a tenant is the one with this id or key.
pub fn is_tenant(world: &World, tenant: &Id<Tenant>, named: &str) -> bool {
    *tenant == *named || world.tenants.with_key(named).any(|known| known.id == *tenant)
}

/// The id of the universal element that an element is a version of; none when there is none.
pub fn universal_parent<E: Kind>(world: &World, element: &E) -> Option<Id<E>> {
    let mut above = ancestors(world, element);
    above.find(|above| above.place().layer() == Layer::Universal).map(|above| above.id().clone())
}

/// Answers an element to work with, by any selector. Fails with 404 for one that is archived or stands below something that
/// is, and as finding it does.
pub fn in_service<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Arc<E>, ApiError> {
    let (element, _) = get::<E>(cx, selector)?;
    cx.directory(&cx.world()).check_in_service(&*element)?;
    Ok(element)
}

/// Answers an element by any selector, archived or not, with the integration it is looked at
/// from. Fails as finding it does.
pub fn get<E: Kind>(cx: &Cx, selector: &Selector) -> Result<Listed<E>, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let element = directory.element(&cx.caller, selector, Archived::Found)?;
    let scope = directory.scope(&cx.caller, &selector.scope)?;
    Ok((element, scope.integration))
}
