//! The place of an element: its layer, its tenant, and what it is a version of. Pure types.

use serde::{Deserialize, Serialize};

use crate::base::ids::{Id, Index, NameFn};
use crate::elements::model::Layer;
use crate::nouns::connection::model::Connection;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;

/// The place of an element of kind `E`. Source: SDK `BaseIntegrationLevelMembraneInterface`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound = "")]
pub struct Place<E> {
    /// The integration; none for a universal element, and for one of a connection without an integration.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub integration: Option<Id<Integration>>,
    /// The connection; none above that layer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connection: Option<Id<Connection>>,
    /// The tenant that owns the connection, or that the instance belongs to without one; none above that layer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tenant: Option<Id<Tenant>>,
    /// The key of this instance where its holder has several of one element.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instance_key: Option<String>,
    /// The external app, for an element that is neither an integration's nor a connection's. Source: assumed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_app: Option<Id<ExternalApp>>,
    /// The element that this one is a version of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<Id<E>>,
}

impl<E> Default for Place<E> {
    /// Answers the place of a universal element.
    fn default() -> Self {
        Self { integration: None, connection: None, tenant: None, instance_key: None, external_app: None, parent: None }
    }
}

impl<E> Place<E> {
    /// The layer of the place; an external app's elements are at the integration layer, a tenant's instances at the
    /// lowest, as those of connections.
    pub fn layer(&self) -> Layer {
        if self.is_instance() {
            Layer::Connection
        } else if self.integration.is_some() || self.external_app.is_some() {
            Layer::Integration
        } else {
            Layer::Universal
        }
    }

    /// Whether the place is that of an instance: at a connection, or a tenant's own.
    pub fn is_instance(&self) -> bool {
        self.connection.is_some() || self.tenant.is_some()
    }

    /// A number that is higher the more specific the place is: instance,
    /// integration, app, universal (`docs/behaviour.md#element-layers`).
    pub fn specificity(&self) -> u8 {
        match (self.is_instance(), &self.integration, &self.external_app) {
            (true, _, _) => 3,
            (false, Some(_), _) => 2,
            (false, None, Some(_)) => 1,
            (false, None, None) => 0,
        }
    }

    /// Tells what an element is found by because of where it is.
    pub fn names(&self, name: &mut NameFn<'_>) {
        if let Some(parent) = &self.parent {
            name(Index::Parent, &[parent.as_str()]);
        }
        // What is nobody's is found together too.
        name(Index::Tenant, &[self.tenant.as_ref().map_or("", Id::as_str)]);
        if let Some(connection) = &self.connection {
            name(Index::Connection, &[connection.as_str()]);
        }
    }

    /// Whether two elements with one key cannot both be here. Source: OAS (“key uniqueness
    /// is per parent and integration”).
    pub fn is_same(&self, other: &Self) -> bool {
        self.connection == other.connection
            && self.tenant == other.tenant
            && self.integration == other.integration
            && self.external_app == other.external_app
            && self.instance_key == other.instance_key
    }
}
