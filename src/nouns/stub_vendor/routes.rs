//! The OAuth endpoints of the stub vendors: consent page, tokens, revocation. They are no part of the faked API.
//!
//! Invariant: what the endpoints answered is in the journal, without the tokens.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};

use crate::base::error::ApiError;
use crate::call::router::Route;
use crate::call::subject::Subject;
use crate::call::{Call, Reply};
use crate::engine::WorkspaceRuntime;
use crate::engine::oauth_codes::Asking;
use crate::engine::view::logo_on_page;
use crate::journal::{Entry, Side};
use crate::nouns::hosted_page::theme_of;
use crate::nouns::stub_vendor::oauth;
use crate::nouns::stub_vendor::oauth::TokenAnswer;
use crate::nouns::stub_vendor::rules::account_in;
use crate::pages::{Account, Trail, VendorPage};
use crate::store::World;
use crate::{fault, pages as screens};

fn space_of(call: &Call) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    let key = call.param("workspace")?;
    call.engine.space(key).ok_or_else(|| ApiError::not_found("this page is of a workspace that is gone"))
}

/// `GET /vendor/{workspace}/{connector}/oauth/authorize`, no token: answers the consent page. What is wrong with the
/// request is shown to the person, because there is no safe address to send the browser back to.
pub(crate) async fn consent_page(call: Call) -> Result<Reply, ApiError> {
    match asked(&call) {
        Ok((space, asking)) => page(&call, &space, &asking),
        Err(error) => refused(&call, &error),
    }
}

fn asked(call: &Call) -> Result<(Arc<WorkspaceRuntime>, Asking), ApiError> {
    let space = space_of(call)?;
    let query = call.query();
    let asking = oauth::asking(&call.engine, &space, call.param("connector")?, |name| query.text(name))?;
    Ok((space, asking))
}

/// How long the vendor takes that was told to be slow, on the workspace's clock.
const SLOW: Duration = Duration::from_secs(5);
/// How many accounts the page offers that have consented before.
const MOST_KNOWN: usize = 3;
/// Somebody else, for whoever rehearses that the wrong person connects.
const STRANGER: &str = "somebody.else@example.com";

fn page(call: &Call, space: &WorkspaceRuntime, asking: &Asking) -> Result<Reply, ApiError> {
    let world = space.world();
    let page = VendorPage {
        theme: asking.theme,
        app: &asking.connector.meta.name,
        logo: logo_on_page(call.engine.base(), &[asking.connector.logo_uri.as_deref()], asking.connector.key()),
        client: &world.workspace.name,
        accounts: accounts_of(&world, asking.connector.key()),
        scopes: &asking.scopes,
        slow_seconds: SLOW.as_secs(),
        trail: Trail::upstream(&space.key, asking.connector.key()),
    };
    let mut reply = Reply::html(StatusCode::OK, screens::html(&page)?);
    reply.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(reply)
}

/// The accounts to choose from: the workspace's usual one, who consented lately, and somebody else.
fn accounts_of(world: &World, connector: &str) -> Vec<Account> {
    let usual = account_in(world);
    let mut known: Vec<&str> = Vec::new();
    for grant in world.grants.iter().rev().filter(|grant| grant.connector_key == connector && grant.account != usual) {
        if known.len() < MOST_KNOWN && !known.contains(&grant.account.as_str()) && grant.account != STRANGER {
            known.push(&grant.account);
        }
    }
    let account = |name: &str, note| Account {
        name: name.to_owned(),
        initial: name.chars().next().map(|first| first.to_uppercase().to_string()).unwrap_or_default(),
        note,
    };
    let known = known.into_iter().map(|name| account(name, "Has allowed it before"));
    let stranger = (usual != STRANGER).then(|| account(STRANGER, "Somebody else"));
    [account(&usual, "Signed in")].into_iter().chain(known).chain(stranger).collect()
}

fn refused(call: &Call, error: &ApiError) -> Result<Reply, ApiError> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    Ok(Reply::html(
        status,
        screens::problem(
            theme_of(&call.query()),
            "This request cannot be answered",
            &error.message,
            "Correct the request of the app's OAuth client. Nothing was granted.",
            call.param("workspace").map(Trail::failures).unwrap_or_default(),
        )?,
    ))
}

/// `POST /vendor/{workspace}/{connector}/oauth/authorize`, no token: the buttons of the consent page. `action=allow`, of an
/// `account` or of `another` one, allows the `scope`s that are chosen where the form has `scopes`, else all; `slow` does the
/// same a while later; `deny` and `error` allow nothing. The query is still the client's. Redirects to the client with a code
/// or an error.
pub(crate) async fn consent(call: Call) -> Result<Reply, ApiError> {
    let (space, mut asking) = match asked(&call) {
        Ok(asked) => asked,
        Err(error) => return refused(&call, &error),
    };
    let form = call.form();
    let account = form.text("another").or_else(|| form.text("account"));
    let account = account.unwrap_or_else(|| account_in(&space.world()));
    let action = form.text("action");
    if form.is("scopes") {
        let chosen: Vec<String> = form.pairs().filter(|(name, _)| name == "scope").map(|(_, scope)| scope).collect();
        asking.scopes.retain(|scope| chosen.contains(scope));
    }
    let back = match action.as_deref() {
        Some("allow") => asking.allow(&space, &account),
        Some("slow") => {
            space.clock.sleep(SLOW).await;
            asking.allow(&space, &account)
        }
        Some("deny") => asking.refuse("access_denied", "the user denied the request"),
        Some("error") => asking.refuse("server_error", "the vendor has failed, as it was told to"),
        _ => {
            return refused(&call, &ApiError::bad_request("`action` is `allow`, `slow`, `deny` or `error`"));
        }
    };
    Reply::redirect(back.as_str())
}

/// `POST /vendor/{workspace}/{connector}/oauth/token`, client authentication: exchanges a code or a refresh token for
/// tokens. Source: RFC 6749 §5.
pub(crate) async fn token(call: Call) -> Result<Reply, ApiError> {
    let space = space_of(&call)?;
    let form = call.form();
    let connector = call.param("connector")?;
    let answer = oauth::token(&call.engine, &space, connector, &call.headers, |name| form.text(name)).await?;
    // The tokens are secret; the journal tells who asked and the status.
    told(&space, connector, "token", &form.text("grant_type").unwrap_or_default(), &answer)
}

/// `POST /vendor/{workspace}/{connector}/oauth/revoke`, client authentication: revokes a token. Source: RFC 7009.
pub(crate) async fn revoke(call: Call) -> Result<Reply, ApiError> {
    let space = space_of(&call)?;
    let form = call.form();
    let connector = call.param("connector")?;
    let answer = oauth::revoke(&call.engine, &space, connector, &call.headers, |name| form.text(name)).await?;
    told(&space, connector, "revoke", "", &answer)
}

/// Shows an answer of the vendor and notes it in the journal.
fn told(
    space: &WorkspaceRuntime,
    connector: &str,
    endpoint: &str,
    grant_type: &str,
    answer: &TokenAnswer,
) -> Result<Reply, ApiError> {
    let query = if grant_type.is_empty() { String::new() } else { format!("?grant_type={grant_type}") };
    space.journal.add(Entry {
        // This name keeps it apart from the requests to the app's API.
        route: Some(format!("{connector}/oauth")),
        status: answer.status,
        ..Entry::new(Side::Upstream, space.clock.now(), "POST", &format!("/oauth/{endpoint}{query}"))
    });
    let mut reply = Reply::json(&answer.body)?;
    reply.status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
    reply.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(reply)
}

/// What a call of a vendor's consent page is about: the app's own page, so it is of the upstream side.
pub(crate) fn about(call: &Call, route: &Route) -> Option<Subject> {
    let space = call.engine.space(call.param("workspace").ok()?);
    let mut subject = Subject::of_page(call, route, || Some((space?, None)))?;
    if call.who.is_none() {
        subject.facts.side = fault::Side::Upstream;
        "/oauth/authorize".clone_into(&mut subject.facts.path);
        subject.facts.connector = call.param("connector").ok().map(str::to_owned);
    }
    Some(subject)
}
