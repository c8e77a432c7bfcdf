//! This module has the routes that the platform has and this fake does not. Each answers a 501 that names what
//! is missing, after rights were checked.

use std::sync::Arc;

use http::Method;

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::router::{Access, Route, route};
use crate::nouns::integration::routes as integrations;

/// Who may call what is not faked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rights {
    /// Any token.
    Anyone,
    /// Any token reads, and a manager's changes. Source: DOC:docs/tenants.
    ManagersChange,
    /// A manager's token.
    Managers,
}

use Rights::{Anyone, Managers, ManagersChange};

/// These paths take any method.
const PATHS: &[(&str, Rights, &str)] = &[
    ("/integrations/{selector}/documentation", ManagersChange, "documentation of integrations"),
    ("/integrations/{selector}/global-webhooks", Managers, "global webhooks"),
    ("/agent/{*rest}", Anyone, "this tool, or part, of agents; those that are faked are in GET /docs-json"),
    ("/org-workspaces/{id}/user-settings", Managers, "settings of the console's users"),
    ("/org-workspaces/import", Managers, "making workspaces; use POST /__mock/workspaces"),
    (
        "/external-event-subscriptions/{id}/download-full-sync-snapshot",
        Anyone,
        "snapshots of a full sync; list the records of the collection",
    ),
];

/// These single calls are missing on paths that are faked otherwise.
const CALLS: &[(Method, &str, Access, &str)] = &[
    (Method::POST, "/workspaces", Access::Manager, "making workspaces; use POST /__mock/workspaces"),
    (Method::POST, "/org-workspaces", Access::Manager, "making workspaces; use POST /__mock/workspaces"),
];

/// These pages and streams carry their token elsewhere, so no token is asked for.
const PAGES: &[(&str, &str)] = &[("/webhooks/{*rest}", "incoming events")];

/// Returns every route that answers 501.
pub(crate) fn routes() -> Vec<Route> {
    let mut all = Vec::new();
    all.extend(PATHS.iter().flat_map(|&(path, rights, what)| refusals(path, rights, what)));
    all.extend(CALLS.iter().map(|(method, path, access, what)| refusal_of(Some(method.clone()), path, *access, *what)));
    all.extend(PAGES.iter().map(|&(path, what)| refusal_of(None, path, Access::Public, what)));
    all
}

/// Makes the routes of a path: where readers need other rights than who changes something, these are two.
fn refusals(path: &str, rights: Rights, what: impl Into<Arc<str>>) -> Vec<Route> {
    let what = what.into();
    match rights {
        Anyone => vec![refusal_of(None, path, Access::Anyone, what)],
        Managers => vec![refusal_of(None, path, Access::Manager, what)],
        ManagersChange => vec![
            refusal_of(Some(Method::GET), path, Access::Anyone, Arc::clone(&what)),
            refusal_of(None, path, Access::Manager, what),
        ],
    }
}

fn refusal_of(method: Option<Method>, path: &str, access: Access, what: impl Into<Arc<str>>) -> Route {
    let what = what.into();
    let lacks = Some(Arc::clone(&what));
    let mut route = route(method, path, access, "OAS", move |_: Call| {
        let what = Arc::clone(&what);
        async move { Err(ApiError::not_faked(&what)) }
    });
    route.lacks = lacks;
    // As of the routes that are faked, the path selects the integration that a call is about.
    if path.starts_with("/integrations/{selector}") { route.about(integrations::about) } else { route }
}
