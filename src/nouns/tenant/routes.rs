//! The handlers of `/self` and of `/customers` with its other names, `/tenants` and `/users`.
//!
//! Invariant: a tenant's credentials are shown by `/self` alone.

use serde_json::json;

use crate::base::error::ApiError;
use crate::base::json::patch::Patch;
use crate::base::json::set_member;
use crate::call::{Call, Reply};
use crate::engine::Cx;
use crate::nouns::tenant::model::{Tenant, TenantBody};
use crate::nouns::tenant::rules as tenants;
use crate::nouns::tenant::rules::TenantFilter;

/// Answers the caller's own record with the key of its workspace. A caller without a tenant is shown the workspace's id
/// and name (assumed). Source: SDK `TenantSelfResponse`.
fn own_record(cx: &Cx, tenant: Option<&Tenant>) -> Result<Reply, ApiError> {
    let world = cx.world();
    let workspace = &world.workspace;
    let mut record = match tenant {
        Some(tenant) => serde_json::to_value(tenant).map_err(ApiError::internal)?,
        None => json!({ "id": workspace.id, "name": workspace.name, "internalId": "" }),
    };
    set_member(&mut record, "workspaceKey", workspace.key.as_str());
    Reply::json(&record)
}

/// `GET /self`, any token: answers the caller's tenant with `workspaceKey`, or its workspace when it has no tenant.
pub(crate) async fn own(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    own_record(&cx, cx.caller.tenant().map(|tenant| &**tenant))
}

/// `PATCH /self`, a tenant's token: changes the caller's own tenant and answers it. Its key and credit limit cannot be
/// changed here. Refused for a caller without a tenant.
pub(crate) async fn patch_own(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let mut body: TenantBody = call.json()?;
    // A tenant's key and limits are not its own to change.
    body.internal_id = Patch::Keep;
    body.ai_credits_rolling30_day_limit = Patch::Keep;
    let id = cx.tenant()?.id.clone();
    Reply::json(&tenants::update(&cx, id.as_str(), body, false).await?)
}

/// Reads which tenant a call names: by `/customers/{selector}`, or by `/customer` with `id`, `key` or `internalId` in
/// the query. 400 when none is given.
fn selector(call: &Call) -> Result<String, ApiError> {
    if let Ok(selector) = call.param("selector") {
        return Ok(selector.to_owned());
    }
    let query = call.query();
    let named = query.text("id").or_else(|| query.text("key")).or_else(|| query.text("internalId"));
    named.ok_or_else(|| ApiError::bad_request("name the customer by `id`"))
}

fn shown(tenant: &Tenant) -> Result<Reply, ApiError> {
    Reply::json(&Tenant { credentials: None, ..tenant.clone() })
}

/// `GET /customers`, a manager's token: answers a page of tenants without their credentials.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let query = call.query();
    let filter = TenantFilter {
        search: query.text("search"),
        is_test: query.flag("isTest"),
        is_active: query.flag("isActive"),
        include_archived: query.flag("includeArchived").unwrap_or(false),
    };
    let page = tenants::list(&call.cx()?, &filter, call.page()?);
    Reply::json(&page.map(|tenant| Tenant { credentials: None, ..(*tenant).clone() }))
}

/// `POST /customers`, a manager's token: makes a tenant and answers it. 400 without `name`,
/// `already_exists` when the key is taken.
pub(crate) async fn create(call: Call) -> Result<Reply, ApiError> {
    shown(&tenants::create(&call.cx()?, call.json()?).await?)
}

/// `GET /customers/{selector}`, a manager's token: answers a tenant by id or key; 404 when there is none.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    shown(&*tenants::get(&call.cx()?, &selector(&call)?)?)
}

/// `PATCH /customers/{selector}`, a manager's token: merges the body into a tenant and
/// answers it. 400 when it is archived.
pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    shown(&tenants::update(&call.cx()?, &selector(&call)?, call.json()?, false).await?)
}

/// `PUT /customers/{selector}`, a manager's token: replaces a tenant's optional fields by the body's and answers it.
/// 400 when it is archived.
pub(crate) async fn put(call: Call) -> Result<Reply, ApiError> {
    shown(&tenants::update(&call.cx()?, &selector(&call)?, call.json()?, true).await?)
}

/// `DELETE /customers/{selector}`, a manager's token: archives a tenant and answers it; 404 when there is none.
pub(crate) async fn archive(call: Call) -> Result<Reply, ApiError> {
    shown(&tenants::set_archived(&call.cx()?, &selector(&call)?, true).await?)
}

/// `POST /customers/{selector}/restore`, a manager's token: restores a tenant and answers it; 404 when there is none.
pub(crate) async fn restore(call: Call) -> Result<Reply, ApiError> {
    shown(&tenants::set_archived(&call.cx()?, &selector(&call)?, false).await?)
}
