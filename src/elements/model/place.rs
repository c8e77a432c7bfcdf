//! Where an element of an integration stands: at which of the three layers, for whom, and as a version of what.

use serde::{Deserialize, Serialize};

use crate::base::ids::Id;
use crate::elements::model::{Layer, Meta};
use crate::nouns::connection::model::Connection;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;

/// The place of an `E`. Source: SDK `BaseIntegrationLevelMembraneInterface`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound = "")]
pub struct Place<E> {
    /// Of which integration.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub integration: Option<Id<Integration>>,
    /// Of which connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connection: Option<Id<Connection>>,
    /// Whose, when of a connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tenant: Option<Id<Tenant>>,
    /// One of several on a connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instance_key: Option<String>,
    /// For which app, when it is neither of an integration nor of a connection. Source: assumed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_app: Option<Id<ExternalApp>>,
    /// What it customises.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<Id<E>>,
}

impl<E> Default for Place<E> {
    /// For every integration.
    fn default() -> Self {
        Self { integration: None, connection: None, tenant: None, instance_key: None, external_app: None, parent: None }
    }
}

impl<E> Place<E> {
    /// The layer it is at.
    pub fn layer(&self) -> Layer {
        if self.connection.is_some() {
            Layer::Connection
        } else if self.integration.is_some() || self.external_app.is_some() {
            Layer::Integration
        } else {
            Layer::Universal
        }
    }

    /// How specific it is: connection, integration, app, universal (`docs/behaviour.md#element-layers`).
    pub fn specificity(&self) -> u8 {
        match (&self.connection, &self.integration, &self.external_app) {
            (Some(_), _, _) => 3,
            (None, Some(_), _) => 2,
            (None, None, Some(_)) => 1,
            (None, None, None) => 0,
        }
    }

    /// Whether two elements with one key would stand in each other's way.
    /// Source: OAS (“key uniqueness is per parent and integration”).
    pub fn is_same(&self, other: &Self) -> bool {
        self.connection == other.connection
            && self.integration == other.integration
            && self.external_app == other.external_app
            && self.instance_key == other.instance_key
    }
}

/// An element that stands at one of the three layers, with versions of it further down.
pub trait Layered: Sized + Clone + 'static {
    /// What it is called in messages.
    const NOUN: &'static str;
    /// Where its kind is listed.
    const PLURAL: &'static str;

    /// Id.
    fn id(&self) -> &Id<Self>;
    /// Shared fields.
    fn meta(&self) -> &Meta;
    /// Shared fields.
    fn meta_mut(&mut self) -> &mut Meta;
    /// Where it stands.
    fn place(&self) -> &Place<Self>;
    /// Where it stands.
    fn place_mut(&mut self) -> &mut Place<Self>;
    /// Universal, as if nothing had been said of it.
    fn blank(id: Id<Self>, meta: Meta) -> Self;
    /// Takes over what another version does; it is no longer customised then.
    fn copy_definition(&mut self, from: &Self);

    /// Whether it is the catalog's: dispatched by id, shown with an empty key.
    fn is_public(&self) -> bool {
        false
    }

    /// Its key; empty for catalog elements (SEED).
    fn key(&self) -> &str {
        if self.is_public() { "" } else { self.meta().key.as_deref().unwrap_or_default() }
    }
}
