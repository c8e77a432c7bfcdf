//! The wire form of a tenant inside other records. Invariant: it never contains credentials.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::engine::view::ViewContext;
use crate::nouns::tenant::model::Tenant;

/// A tenant inside another record, without its credentials. Source: SDK `BaseCustomer`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TenantInside")]
#[serde(rename_all = "camelCase")]
pub struct TenantView<'a> {
    /// The id of the tenant.
    pub(crate) id: &'a Id<Tenant>,
    /// The name that people see.
    pub(crate) name: &'a str,
    /// The tenant's id in your own system: the tenant key that tokens name.
    pub(crate) internal_id: &'a str,
    /// Your own fields of the tenant; absent when there are none.
    #[serde(skip_serializing_if = "JsonMap::is_empty")]
    pub(crate) fields: &'a JsonMap,
    /// Whether the tenant is for tests.
    pub(crate) is_test: bool,
    /// When the tenant was made, on the workspace's clock.
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
    /// A tenant as it is inside other records; none when there is no such tenant.
    pub fn tenant(&self, id: &Id<Tenant>) -> Option<TenantView<'a>> {
        self.directory.world.tenants.get(id.as_str()).map(|tenant| TenantView::of(tenant))
    }
}
