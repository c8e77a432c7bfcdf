//! The holder of an instance, a connection or a tenant: which of them a kind allows, and which one a selector means. Making
//! instances and finding them both ask here.

use std::fmt;
use std::sync::Arc;

use crate::base::error::ApiError;
use crate::base::text::article;
use crate::elements::Kind;
use crate::elements::list::is_tenant;
use crate::elements::model::Selector;
use crate::elements::model::place::Place;
use crate::engine::Cx;
use crate::engine::directory::{Directory, Resolved, hint};
use crate::nouns::connection::model::Connection;
use crate::nouns::tenant::model::Tenant;

/// Who customises the universal elements of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    /// Integrations and connections do: the kind stands at the three layers.
    Connections,
    /// Tenants do: the kind knows neither integrations nor connections.
    Tenants,
    /// Nobody does: an element is the whole workspace's.
    Nobody,
}

/// What an instance belongs to. It is displayed as messages name it, such as ``connection `github` ``.
#[derive(Debug, Clone)]
pub enum Holder {
    /// A connection, whose instance serves its tenant's calls through it.
    Connection(Arc<Connection>),
    /// A tenant, whose instance serves all its calls.
    Tenant(Arc<Tenant>),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(connection) => {
                write!(f, "connection `{}`", connection.meta.key.as_deref().unwrap_or(&connection.meta.name))
            }
            Self::Tenant(tenant) => write!(f, "tenant `{}`", tenant.internal_id),
        }
    }
}

impl Holder {
    /// Whether a place is an instance's of this holder.
    pub fn has<E>(&self, place: &Place<E>) -> bool {
        match self {
            Self::Connection(connection) => place.connection.as_ref() == Some(&connection.id),
            Self::Tenant(tenant) => place.connection.is_none() && place.tenant.as_ref() == Some(&tenant.id),
        }
    }

    /// Makes a place that of an instance of this holder.
    pub fn take<E>(&self, place: &mut Place<E>) {
        match self {
            Self::Connection(connection) => {
                place.connection = Some(connection.id.clone());
                place.integration.clone_from(&connection.integration);
                place.tenant = Some(connection.tenant.clone());
            }
            Self::Tenant(tenant) => place.tenant = Some(tenant.id.clone()),
        }
    }

    /// The holder that a selector names, `resolved` being what its scope does; a kind that tenants customise is the
    /// caller's own where no tenant is named. Fails with 400 where nothing names one, and with 404 for an unknown tenant.
    pub(super) fn of<E: Kind>(
        cx: &Cx,
        directory: &Directory<'_>,
        selector: &Selector,
        resolved: &Resolved,
    ) -> Result<Self, ApiError> {
        let needs = |holder: &str, how: &str| {
            let (article, noun) = (article(E::NOUN), E::NOUN);
            ApiError::bad_request(format!("an instance of {article} {noun} belongs to a {holder}; name it by {how}"))
        };
        match E::HOLDERS {
            Holders::Connections => resolved
                .connection
                .clone()
                .map(Self::Connection)
                .ok_or_else(|| needs("connection", "`connectionId`, `connectionKey` or `integrationKey`")),
            Holders::Tenants => match &selector.tenant {
                Some(named) => tenant(cx, directory, named).map(Self::Tenant),
                None => cx
                    .caller
                    .tenant()
                    .cloned()
                    .map(Self::Tenant)
                    .ok_or_else(|| needs("tenant", "`tenantId`, or call with a token that has a `tenantKey`")),
            },
            Holders::Nobody => Err(ApiError::bad_request(format!(
                "{} {} has no instances; it is the whole workspace's",
                article(E::NOUN),
                E::NOUN
            ))),
        }
    }
}

/// The tenant with this id or key. One that the caller may not see is answered as if it did not exist.
fn tenant(cx: &Cx, directory: &Directory<'_>, named: &str) -> Result<Arc<Tenant>, ApiError> {
    let may_see = |tenant: &&Arc<Tenant>| cx.caller.may_see(tenant.id.as_str());
    let seen: Vec<&Arc<Tenant>> = directory.world.tenants.iter().filter(may_see).collect();
    let found = seen.iter().find(|tenant| is_tenant(directory.world, &tenant.id, named));
    found.map(|tenant| Arc::clone(tenant)).ok_or_else(|| {
        let keys = seen.iter().map(|tenant| tenant.internal_id.as_str());
        ApiError::not_found(format!("tenant not found: `{named}`{}", hint(named, keys)))
    })
}
