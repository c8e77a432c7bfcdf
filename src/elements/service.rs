//! Whether an element is in service: neither it nor anything that it stands below is archived.
//!
//! Invariant: this is looked up and never stored, so that restoring what was archived brings back all below it.

use std::fmt;

use crate::base::error::ApiError;
use crate::elements::Kind;
use crate::elements::list::ancestors;
use crate::engine::directory::Directory;

/// What is archived, so that an element is out of service. It is displayed as “is archived” or “…, which is archived”.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawn {
    /// The element itself.
    Itself,
    /// An element that it is a version of, by key.
    Parent(String),
    /// Its integration, by key.
    Integration(String),
    /// Its connection, by key or name.
    Connection(String),
    /// Its tenant, by key.
    Tenant(String),
}

impl fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Itself => write!(f, "is archived; restore it"),
            Self::Parent(key) => write!(f, "is a version of `{key}`, which is archived; restore that"),
            Self::Integration(key) => write!(f, "belongs to the integration `{key}`, which is archived; restore that"),
            Self::Connection(name) => write!(f, "belongs to the connection `{name}`, which is archived; restore that"),
            Self::Tenant(key) => write!(f, "belongs to the tenant `{key}`, who is archived; restore that"),
        }
    }
}

impl Directory<'_> {
    /// What puts an element out of service; none when it is in service.
    pub fn withdrawn<E: Kind>(&self, element: &E) -> Option<Withdrawn> {
        let (world, place) = (self.world, element.place());
        if element.meta().is_archived() {
            return Some(Withdrawn::Itself);
        }
        if let Some(parent) = ancestors(world, element).find(|above| above.meta().is_archived()) {
            return Some(Withdrawn::Parent(parent.key().to_owned()));
        }
        let integration = place.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
        if let Some(integration) = integration.filter(|integration| integration.meta.is_archived()) {
            return Some(Withdrawn::Integration(integration.key().to_owned()));
        }
        let connection = place.connection.as_ref().and_then(|id| world.connections.get(id.as_str()));
        if let Some(connection) = connection.filter(|connection| connection.is_archived()) {
            let name = connection.meta.key.clone().unwrap_or_else(|| connection.meta.name.clone());
            return Some(Withdrawn::Connection(name));
        }
        let tenant = place.tenant.as_ref().and_then(|id| world.tenants.get(id.as_str()));
        let tenant = tenant.filter(|tenant| tenant.archived_at.is_some())?;
        Some(Withdrawn::Tenant(tenant.internal_id.clone()))
    }

    /// Refuses with 404 to use an element that is out of service, and says what has to be restored.
    pub fn check_in_service<E: Kind>(&self, element: &E) -> Result<(), ApiError> {
        self.withdrawn(element).map_or(Ok(()), |why| Err(Self::out_of_service(element, &why)))
    }

    /// Refuses with 400 to change an element that is out of service. Source: OAS (“archived elements cannot be patched”).
    pub fn check_changeable<E: Kind>(&self, element: &E) -> Result<(), ApiError> {
        element.meta().refuse_archived(E::NOUN)?;
        self.check_in_service(element).map_err(|error| ApiError::bad_request(error.message.clone()))
    }

    pub(super) fn out_of_service<E: Kind>(element: &E, why: &Withdrawn) -> ApiError {
        let which = Some(element.key()).filter(|key| !key.is_empty()).unwrap_or(&element.meta().name);
        ApiError::not_found(format!("no matching {}: `{which}` {why}", E::NOUN))
    }
}
