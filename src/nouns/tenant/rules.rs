//! Tenants: made and updated by the tokens that name them, managed by managers.
//!
//! Invariant: keys are unique and not empty; they are checked inside the transaction that writes.

use std::sync::Arc;

use crate::base::error::ApiError;
use crate::base::page::{Page, PageRequest};
use crate::engine::tokens::{Caller, Verified};
use crate::engine::{Cx, WorkspaceRuntime};
use crate::nouns::tenant::model::{Tenant, TenantBody, check_tenant_key};

/// Answers the caller that a verified token stands for. The token's tenant is made when it is first named; its `name`
/// and `fields` follow the token, and an archived tenant is restored. Source: DOC:reference/workspace-elements/tenants.
pub async fn admit(space: &WorkspaceRuntime, verified: Verified) -> Result<Caller, ApiError> {
    let Some(key) = verified.tenant_key else {
        return Ok(if verified.is_manager { Caller::Manager(None) } else { Caller::Workspace });
    };
    let known = space.world().tenants.with_key(&key).next().cloned();
    let news = |tenant: &Tenant| {
        verified.name.as_ref().is_some_and(|name| *name != tenant.name)
            || verified.fields.as_ref().is_some_and(|fields| *fields != tenant.fields)
            || tenant.archived_at.is_some()
            || !tenant.is_active
    };
    let tenant = match known {
        Some(tenant) if !news(&tenant) => tenant,
        _ => {
            let mut tx = space.data.begin().await;
            let now = space.clock.now();
            // Looked up again: another request may have stored the same change meanwhile.
            let mut tenant = match tx.tenants.with_key(&key).next() {
                Some(tenant) => (**tenant).clone(),
                None => Tenant::new(space.ids.id(), key.clone(), None, now),
            };
            if let Some(name) = verified.name.filter(|name| !name.is_empty()) {
                tenant.name = name;
            }
            if let Some(fields) = verified.fields {
                tenant.fields = fields;
            }
            tenant.archived_at = None;
            tenant.is_active = true;
            tenant.last_active_at = Some(now);
            tx.put(tenant.clone())?;
            tx.commit().await?;
            Arc::new(tenant)
        }
    };
    Ok(if verified.is_manager { Caller::Manager(Some(tenant)) } else { Caller::Tenant(tenant) })
}

/// Which tenants a list asks for; an absent field allows all. Source: SDK `FindCustomersQuery`.
#[derive(Debug, Default)]
pub(super) struct TenantFilter {
    /// Text that the name or key contains; case does not matter.
    pub search: Option<String>,
    /// True for only test tenants, false for only others.
    pub is_test: Option<bool>,
    /// True for only active tenants, false for only others.
    pub is_active: Option<bool>,
    /// Whether archived tenants are listed too.
    pub include_archived: bool,
}

/// Answers a page of the tenants that the filter allows, in the order in which they were made.
pub(super) fn list(cx: &Cx, filter: &TenantFilter, page: PageRequest) -> Page<Arc<Tenant>> {
    let world = cx.world();
    let search = filter.search.as_ref().map(|text| text.to_lowercase());
    let wanted = |tenant: &Tenant| {
        (filter.include_archived || tenant.archived_at.is_none())
            && search.as_ref().is_none_or(|text| tenant.matches(text))
            && filter.is_test.is_none_or(|wanted| wanted == tenant.is_test)
            && filter.is_active.is_none_or(|wanted| wanted == tenant.is_active)
    };
    page.take(world.tenants.after(page.after).filter(|(_, tenant)| wanted(tenant)).map(|(at, t)| (at, Arc::clone(t))))
}

/// Answers a tenant by its id or its key; the 404 suggests a similar key.
pub(super) fn get(cx: &Cx, selector: &str) -> Result<Arc<Tenant>, ApiError> {
    let world = cx.world();
    let found = world.tenants.get(selector).or_else(|| world.tenants.with_key(selector).next());
    found.cloned().ok_or_else(|| {
        ApiError::not_found(format!(
            "customer not found: `{selector}`{}",
            crate::engine::directory::hint(selector, world.tenants.iter().map(|tenant| tenant.internal_id.as_str()))
        ))
    })
}

/// Makes a tenant that is inactive until a token names it, and answers it. Fails with 400 without `name` or with an
/// empty key, and with `already_exists` when the key is taken.
pub(super) async fn create(cx: &Cx, body: TenantBody) -> Result<Tenant, ApiError> {
    let Some(name) = body.name.set().cloned() else {
        return Err(ApiError::bad_request("a customer needs a `name`"));
    };
    let mut tx = cx.space.data.begin().await;
    let id = cx.space.ids.id();
    let key = body.internal_id.set().cloned().unwrap_or_else(|| id.to_string());
    refuse_taken(&tx, &key, None)?;
    let mut tenant = Tenant::new(id, key, Some(name), cx.space.clock.now());
    (tenant.is_active, tenant.last_active_at) = (false, None);
    apply(&mut tenant, body)?;
    tx.put(tenant.clone())?;
    tx.commit().await?;
    Ok(tenant)
}

/// Changes a tenant and answers it; `replace` first clears `fields`, `meta`, `credentials` and the credit limit. Fails
/// with 400 when it is archived, and with `already_exists` when the key is taken.
pub(super) async fn update(cx: &Cx, selector: &str, body: TenantBody, replace: bool) -> Result<Tenant, ApiError> {
    let id = get(cx, selector)?.id.clone();
    let mut tx = cx.space.data.begin().await;
    let mut tenant = tx.tenants.get(id.as_str()).map(|t| (**t).clone()).ok_or_else(gone)?;
    if tenant.archived_at.is_some() {
        return Err(ApiError::bad_request(format!("customer `{selector}` is archived; restore it before changing it")));
    }
    if replace {
        tenant.fields.clear();
        (tenant.meta, tenant.credentials, tenant.ai_credits_rolling30_day_limit) = (None, None, None);
    }
    if let Some(key) = body.internal_id.set() {
        refuse_taken(&tx, key, Some(&tenant))?;
    }
    apply(&mut tenant, body)?;
    tx.put(tenant.clone())?;
    tx.commit().await?;
    Ok(tenant)
}

/// Archives or restores a tenant and answers it; archiving again keeps the first date.
pub(super) async fn set_archived(cx: &Cx, selector: &str, archived: bool) -> Result<Tenant, ApiError> {
    let id = get(cx, selector)?.id.clone();
    let mut tx = cx.space.data.begin().await;
    let mut tenant = tx.tenants.get(id.as_str()).map(|t| (**t).clone()).ok_or_else(gone)?;
    tenant.archived_at = archived.then(|| tenant.archived_at.unwrap_or_else(|| cx.space.clock.now()));
    tx.put(tenant.clone())?;
    tx.commit().await?;
    Ok(tenant)
}

fn gone() -> ApiError {
    ApiError::not_found("the customer is gone")
}

fn refuse_taken(world: &crate::store::World, key: &str, own: Option<&Tenant>) -> Result<(), ApiError> {
    check_tenant_key(key).map_err(|why| ApiError::bad_request(format!("`internalId` {why}")))?;
    match world.tenants.with_key(key).next() {
        Some(other) if own.is_none_or(|own| own.id != other.id) => {
            Err(ApiError::already_exists(format!("there is a customer with the internalId `{key}` already")))
        }
        _ => Ok(()),
    }
}

fn apply(tenant: &mut Tenant, body: TenantBody) -> Result<(), ApiError> {
    if let Some(limit) = body.ai_credits_rolling30_day_limit.set()
        && *limit < 0.0
    {
        return Err(ApiError::bad_request("`aiCreditsRolling30DayLimit` is 0 or more, or null"));
    }
    body.name.apply_required(&mut tenant.name);
    body.internal_id.apply_required(&mut tenant.internal_id);
    body.fields.merge(&mut tenant.fields);
    body.meta.apply(&mut tenant.meta);
    body.credentials.apply(&mut tenant.credentials);
    body.ai_credits_rolling30_day_limit.apply(&mut tenant.ai_credits_rolling30_day_limit);
    Ok(())
}
