//! The handlers of `/workspaces` and `/org-workspaces`, for managers. Invariant: only what the console's own answers have, the
//! second, contains the secret.

use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::set_member;
use crate::call::{Call, Reply};
use crate::nouns::workspace::model::Workspace;
use crate::nouns::workspace::rules::{self as workspaces, TokenBody};
use crate::nouns::workspace::view::WorkspaceView;

/// `GET /org-workspace-id`, any token: answers the id of the token's workspace, which the workspace CLI asks for before it
/// pushes.
pub(crate) async fn own_id(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    Reply::json(&json!({ "id": cx.world().workspace.id }))
}

/// `GET /workspaces`, a manager's token: answers a list of one, the token's workspace;
/// empty when `workspaceKey` names another.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let world = cx.world();
    let wanted = call.query().text("workspaceKey");
    let fits = wanted.is_none_or(|key| key == world.workspace.key);
    let items: Vec<_> = fits.then(|| WorkspaceView::of(&world.workspace)).into_iter().collect();
    Reply::json(&json!({ "items": items }))
}

/// `GET /workspaces/{selector}`, a manager's token: answers the token's workspace by id or key; 404 for any other.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&WorkspaceView::of(&*workspaces::get(&call.cx()?, call.param("selector")?)?))
}

/// The fields that a PATCH may set, and those of answers that it passes over, so that a record can be sent back.
fn known_fields() -> Vec<&'static str> {
    let read_only = ["id", "key", "orgId", "createdAt", "updatedAt", "isDisabled", "isThrottled", "limits"];
    Workspace::FIELDS.into_iter().chain(Workspace::EXTRA_FIELDS).chain(read_only).collect()
}

/// `PATCH /workspaces/{selector}`, a manager's token: changes the token's workspace and answers it. 400 for a wrong
/// field or setting, 404 for another workspace.
pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let body = call.fields(&known_fields())?;
    let workspace = workspaces::update(&call.cx()?, call.param("selector")?, body).await?;
    Reply::json(&WorkspaceView::of(&workspace))
}

/// `PATCH /workspaces/{selector}/limits`, a manager's token: merges the body into the workspace's limits and answers the
/// workspace. They are kept and shown; nothing here is held to them. 400 for a limit that is no object.
pub(crate) async fn patch_limits(call: Call) -> Result<Reply, ApiError> {
    let workspace = workspaces::set_limits(&call.cx()?, call.param("selector")?, call.json()?).await?;
    Reply::json(&WorkspaceView::of(&workspace))
}

/// A workspace as the console's list of an organisation has it. Source: SDK `OrgWorkspace`.
fn of_org(workspace: &Workspace, base: &str) -> Value {
    let extra = |name: &str| workspace.extra.get(name).cloned();
    let mut shown = json!({
        "id": workspace.id,
        "name": workspace.name,
        "orgId": ORG,
        "apiBaseUri": base,
        "key": workspace.key,
        "secret": workspace.secret,
        "createdAt": workspace.created_at,
        "updatedAt": workspace.created_at,
    });
    for (name, value) in [
        ("logoUri", extra("logoUri")),
        ("limits", extra("limits")),
        ("archivedAt", workspace.archived_at.map(|at| json!(at))),
    ] {
        if let Some(value) = value {
            set_member(&mut shown, name, value);
        }
    }
    shown
}

/// The id of the organisation that all workspaces belong to.
const ORG: &str = "membrane-mock";

fn org_workspace(call: &Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let workspace = workspaces::get(&cx, call.param("id")?)?;
    Reply::json(&of_org(&workspace, cx.engine.base()))
}

/// `GET /org-workspaces`, a manager's token: answers a list of one, the token's workspace, because a workspace's token sees no
/// other; empty where `search` or `orgId` is about another one. 400 for a wrong page.
pub(crate) async fn list_of_org(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let workspace = &cx.world().workspace;
    call.page()?;
    let (search, org) = (call.query().text("search"), call.query().text("orgId"));
    let has = |text: &String| {
        let text = text.to_lowercase();
        workspace.name.to_lowercase().contains(&text) || workspace.key.to_lowercase().contains(&text)
    };
    let fits = search.as_ref().is_none_or(has) && org.is_none_or(|org| org == ORG);
    let items: Vec<_> = fits.then(|| of_org(workspace, cx.engine.base())).into_iter().collect();
    Reply::json(&json!({ "items": items }))
}

/// `GET /org-workspaces/{id}`, a manager's token: answers the token's workspace by id or key; 404 for any other.
pub(crate) async fn get_of_org(call: Call) -> Result<Reply, ApiError> {
    org_workspace(&call)
}

/// `PATCH /org-workspaces/{id}`, a manager's token: sets `limits` and what `PATCH /workspaces/{selector}` sets, and answers the
/// workspace. 400 for a wrong field, and then nothing is changed.
pub(crate) async fn patch_of_org(call: Call) -> Result<Reply, ApiError> {
    let (cx, id) = (call.cx()?, call.param("id")?);
    let mut body = call.fields(&known_fields())?;
    let limits = body.shift_remove("limits");
    limits.clone().map(workspaces::read_limits).transpose()?;
    workspaces::update(&cx, id, body).await?;
    if let Some(limits) = limits {
        workspaces::set_limits(&cx, id, limits).await?;
    }
    org_workspace(&call)
}

/// `DELETE /org-workspaces/{id}`, a manager's token: archives the token's workspace and answers it.
pub(crate) async fn archive_of_org(call: Call) -> Result<Reply, ApiError> {
    let archived = JsonMap::from_iter([("archivedAt".to_owned(), Value::Bool(true))]);
    workspaces::update(&call.cx()?, call.param("id")?, archived).await?;
    org_workspace(&call)
}

/// `POST /org-workspaces/{id}/restore`, a manager's token: restores the token's workspace and answers it.
pub(crate) async fn restore_of_org(call: Call) -> Result<Reply, ApiError> {
    let restored = JsonMap::from_iter([("archivedAt".to_owned(), Value::Null)]);
    workspaces::update(&call.cx()?, call.param("id")?, restored).await?;
    org_workspace(&call)
}

/// `POST /org-workspaces/{id}/rotate-secret`, a manager's token: gives the token's workspace another secret and answers
/// `{secret}`. Tokens that the former one signed are refused from then on.
pub(crate) async fn rotate_secret(call: Call) -> Result<Reply, ApiError> {
    let (cx, id) = (call.cx()?, call.param("id")?);
    let secret = cx.space.ids.secret(32);
    let rotated = JsonMap::from_iter([("secret".to_owned(), Value::from(secret.as_str()))]);
    workspaces::update(&cx, id, rotated).await?;
    Reply::json(&json!({ "secret": secret }))
}

/// `POST /org-workspaces/{id}/access-token`, a manager's token: signs a token of the workspace for `{isAdmin?, tenantKey?,
/// tenantId?, name?, fields?}` and answers `{token}`. Source: SDK `GenerateWorkspaceAccessTokenRequest`.
pub(crate) async fn access_token(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    workspaces::get(&cx, call.param("id")?)?;
    let body: TokenBody = if call.has_body() { call.json()? } else { TokenBody::default() };
    let token = workspaces::access_token(&cx, &body)?;
    Reply::json(&json!({ "token": token }))
}

/// `GET /account`, a manager's token: answers the account as the console shows it, as far as a token of a workspace may see it:
/// whose token it is, and its workspace. Source: SDK `AccountResponse`.
pub(crate) async fn account(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let workspace = &cx.world().workspace;
    let tenant = cx.caller.tenant();
    let name = tenant.map_or("Manager", |tenant| tenant.name.as_str());
    Reply::json(&json!({
        "user": {
            "id": tenant.map_or(workspace.id.as_str(), |tenant| tenant.id.as_str()),
            "email": "manager@example.com",
            "name": name,
            "trialRequested": false,
            "defaultWorkspaceId": workspace.id,
            "isAdmin": true,
        },
        "workspace": of_org(workspace, cx.engine.base()),
    }))
}
