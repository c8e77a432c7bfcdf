//! What every element of an integration shows, whatever its kind.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::elements::Element;
use crate::elements::app_of;
use crate::elements::model::Layer;
use crate::engine::view::ViewContext;
use crate::nouns::connection::model::Connection;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::integration::view::IntegrationView;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::tenant::view::TenantView;

/// What elements at the three layers have in common on the wire. Source: SDK `BaseIntegrationLevelMembraneInterface`,
/// SEED (`layer`).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ElementView<'a> {
    pub(crate) id: &'a str,
    pub(crate) uuid: &'a str,
    pub(crate) key: &'a str,
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<&'a JsonMap>,
    pub(crate) revision: &'a str,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<Timestamp>,
    pub(crate) is_deactivated: bool,
    pub(crate) layer: Layer,
    pub(crate) is_universal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<Id<Integration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_id: Option<&'a Id<Connection>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instance_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<Id<ExternalApp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<&'a Id<Tenant>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant_id: Option<&'a Id<Tenant>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration: Option<IntegrationView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<TenantView<'a>>,
}

impl<'a> ViewContext<'a> {
    /// What all elements show; `at` is the integration a universal one is looked at from.
    pub fn layered<E: Element>(&self, element: &'a E, at: Option<&'a Integration>) -> ElementView<'a> {
        let (meta, place) = (element.meta(), element.place());
        let own = place.integration.as_ref().and_then(|id| self.directory.world.integrations.get(id.as_str()));
        let own = own.map(|integration| &**integration);
        let shown = own.or(at);
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
            layer: place.layer(),
            is_universal: place.layer() == Layer::Universal,
            integration_id: own.map(|integration| integration.id.clone()),
            integration_key: shown.map(|integration| integration.key().to_owned()),
            connection_id: place.connection.as_ref(),
            instance_key: place.instance_key.as_deref(),
            external_app_id: app.as_ref().map(|app| app.id.clone()),
            external_app_key: app.and_then(|app| app.meta.key.clone()),
            user_id: place.tenant.as_ref(),
            tenant_id: place.tenant.as_ref(),
            integration: shown.map(|integration| self.bare_integration(integration)),
            user: place.tenant.as_ref().and_then(|id| self.tenant(id)),
        }
    }
}
