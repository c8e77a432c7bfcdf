//! The wire form of a tenant, as other nouns embed it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::engine::view::ViewContext;
use crate::nouns::tenant::model::Tenant;

/// A tenant inside another record: without its credentials. Source: SDK `BaseCustomer`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TenantInside")]
#[serde(rename_all = "camelCase")]
pub struct TenantView<'a> {
    pub(crate) id: &'a Id<Tenant>,
    pub(crate) name: &'a str,
    pub(crate) internal_id: &'a str,
    #[serde(skip_serializing_if = "JsonMap::is_empty")]
    pub(crate) fields: &'a JsonMap,
    pub(crate) is_test: bool,
    pub(crate) created_at: Timestamp,
}

impl<'a> TenantView<'a> {
    fn of(tenant: &'a Tenant) -> Self {
        Self {
            id: &tenant.id,
            name: &tenant.name,
            internal_id: &tenant.internal_id,
            fields: &tenant.fields,
            is_test: tenant.is_test,
            created_at: tenant.created_at,
        }
    }
}

impl<'a> ViewContext<'a> {
    /// A tenant as other nouns embed it; none when there is no such tenant.
    pub fn tenant(&self, id: &Id<Tenant>) -> Option<TenantView<'a>> {
        self.directory.world.tenants.get(id.as_str()).map(|tenant| TenantView::of(tenant))
    }
}
