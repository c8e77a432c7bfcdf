//! The fields that every element shows, whatever its kind. They are served in the OpenAPI document, so their comments
//! are for users of the API.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::elements::model::Layer;
use crate::elements::{Holders, Kind, app_of, parent_of};
use crate::engine::view::ViewContext;
use crate::nouns::connection::model::Connection;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::integration::view::IntegrationView;
use crate::nouns::tenant::TenantView;
use crate::nouns::tenant::model::Tenant;

/// The fields that all kinds of element have in common. Source:
/// SDK `BaseIntegrationLevelMembraneInterface`, SEED (`layer`).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ElementView<'a> {
    /// The id of the element.
    pub(crate) id: &'a str,
    /// The UUID, which stays the same when the element is exported to another workspace.
    pub(crate) uuid: &'a str,
    /// The key that code names the element by; empty for elements of the catalog.
    pub(crate) key: &'a str,
    /// The name that people see.
    pub(crate) name: &'a str,
    /// A description for people; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    /// Any JSON object of your own; absent when none was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<&'a JsonMap>,
    /// A text that changes with each write.
    pub(crate) revision: &'a str,
    /// When the element was made, on the workspace's clock.
    pub(crate) created_at: Timestamp,
    /// When the element was last written, on the workspace's clock.
    pub(crate) updated_at: Timestamp,
    /// When the element was archived; absent while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<Timestamp>,
    /// Always false: elements are not deactivated here.
    pub(crate) is_deactivated: bool,
    /// The layer of the element: for every integration, for one, or for one connection; absent for kinds without layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) layer: Option<Layer>,
    /// Whether the element is at the universal layer; absent for kinds without layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_universal: Option<bool>,
    /// The id of the integration that the element belongs to; absent for a universal element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<Id<Integration>>,
    /// The key of that integration, or of the one that a universal element is looked at from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_key: Option<String>,
    /// The id of the connection that the element belongs to; absent at other layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_id: Option<&'a Id<Connection>>,
    /// The key of this instance where a connection or tenant has several; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instance_key: Option<&'a str>,
    /// The UUID of what the element is a version of; absent for one of nothing, and for kinds without layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_uuid: Option<&'a str>,
    /// The key of what the element is a version of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_key: Option<&'a str>,
    /// The id of the external app that the element is for; absent when it is for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<Id<ExternalApp>>,
    /// The key of the external app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_key: Option<String>,
    /// The id of the tenant that owns the connection or the instance; absent at other layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<&'a Id<Tenant>>,
    /// The id of the tenant; the same as `userId`, under its newer name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant_id: Option<&'a Id<Tenant>>,
    /// The integration that the element belongs to or is looked at from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration: Option<IntegrationView<'a>>,
    /// The tenant that owns the connection or the instance; absent at other layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<TenantView<'a>>,
}

impl<'a> ViewContext<'a> {
    /// The fields that all elements have; `at` is the integration that a universal one is looked at from.
    pub fn layered<E: Kind>(&self, element: &'a E, at: Option<&'a Integration>) -> ElementView<'a> {
        let place = element.place();
        ElementView {
            integration: self.integration_of(element).or(at).map(|integration| self.bare_integration(integration)),
            user: place.tenant.as_ref().and_then(|id| self.tenant(id)),
            ..self.layered_alone(element, at)
        }
    }

    /// The integration that an element belongs to.
    fn integration_of<E: Kind>(&self, element: &E) -> Option<&'a Integration> {
        let id = element.place().integration.as_ref()?;
        self.directory.world.integrations.get(id.as_str()).map(|integration| &**integration)
    }

    /// The same without the records that an element belongs to, as it is inside others.
    pub fn layered_alone<E: Kind>(&self, element: &'a E, at: Option<&'a Integration>) -> ElementView<'a> {
        let (meta, place) = (element.meta(), element.place());
        let layer = (E::HOLDERS == Holders::Connections).then(|| place.layer());
        let own = self.integration_of(element);
        let shown = own.or(at);
        let parent = parent_of(self.directory.world, element).filter(|_| layer.is_some());
        let app = app_of(&self.directory, element).and_then(|id| self.directory.app(id.as_str()));
        ElementView {
            id: element.id().as_str(),
            uuid: &meta.uuid,
            key: element.key(),
            name: &meta.name,
            description: meta.description.as_deref(),
            meta: meta.meta.as_ref(),
            revision: &meta.revision,
            created_at: meta.created_at,
            updated_at: meta.updated_at,
            archived_at: meta.archived_at,
            is_deactivated: false,
            layer,
            is_universal: layer.map(|layer| layer == Layer::Universal),
            integration_id: own.map(|integration| integration.id.clone()),
            integration_key: shown.map(|integration| integration.key().to_owned()),
            connection_id: place.connection.as_ref(),
            instance_key: place.instance_key.as_deref(),
            parent_uuid: parent.map(|parent| parent.meta().uuid.as_str()),
            parent_key: parent.and_then(|parent| parent.meta().key.as_deref()),
            external_app_id: app.as_ref().map(|app| app.id.clone()),
            external_app_key: app.and_then(|app| app.meta.key.clone()),
            user_id: place.tenant.as_ref(),
            tenant_id: place.tenant.as_ref(),
            integration: None,
            user: None,
        }
    }
}
