//! The client's embedded pages beside connecting: all integrations, one integration, an agent session, and a plain page
//! for elements of which nothing can be set. Source: SDK (addresses); what they show is our choice.

use http::StatusCode;

use crate::base::error::ApiError;
use crate::base::ids::Index;
use crate::call::{Call, Reply};
use crate::elements;
use crate::elements::Kind;
use crate::engine::view::{ViewContext, logo_on_page};
use crate::engine::{Cx, Visit};
use crate::nouns::agent_session as agents;
use crate::nouns::agent_session::lines;
use crate::nouns::connection::model::attempt::Theme;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::connector::model::Connector;
use crate::nouns::flow_run as flow_runs;
use crate::nouns::hosted_page::routes::theme_of;
use crate::nouns::integration::model::Integration;
use crate::nouns::model::for_each_kind;
use crate::pages as screens;
use crate::pages::{IntegrationRow, IntegrationsPage, PlainPage, SessionPage, SettingsLink, Trail, in_full};

/// The picture of an integration: its own, else its connector's.
pub(super) fn logo_of(cx: &Cx, integration: &Integration, connector: Option<&Connector>) -> String {
    let own = [integration.logo_uri.as_deref(), connector.and_then(|connector| connector.logo_uri.as_deref())];
    logo_on_page(cx.engine.base(), &own, connector.map_or_else(|| integration.key(), Connector::key))
}

/// An integration as a row of a page. It opens the visit behind the row's button.
fn row(cx: &Cx, integration: &Integration, theme: Theme) -> Result<IntegrationRow, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let connection = directory.default_connection(&cx.caller, integration);
    let spec = ConnectSpec {
        integration_id: Some(integration.id.to_string()),
        connection_id: connection.as_ref().map(|connection| connection.id.to_string()),
        theme,
        ..ConnectSpec::default()
    };
    let tenant = cx.tenant()?.id.clone();
    let connector = directory.connector_for(integration);
    Ok(IntegrationRow {
        name: integration.meta.name.clone(),
        description: integration.meta.description.clone().unwrap_or_default(),
        logo: logo_of(cx, integration, connector.as_deref()),
        // A first attempt that its user has not finished does not count as a connection yet.
        connected: connection
            .as_ref()
            .filter(|connection| {
                connection.former.is_some() || connection.state != ConnectionState::ClientActionRequired
            })
            .map(|connection| connection.is_connected()),
        visit: cx.space.open_visit(Visit { tenant, spec, waits: false }),
    })
}

macro_rules! settable {
    (
        records { $($records:tt)* }
        elements {
            $($(#[$doc:meta])* $kind:ident($name:literal) in $table:ident: $element:ty, by $key:expr $(, waits $agenda:expr)? $(, queues $queue:expr)?;)*
        }
    ) => {
        /// The ways to the pages of a connection's instances of which something can be set.
        fn settable(call: &Call, lens: &ViewContext<'_>, connection: &Connection) -> Vec<SettingsLink> {
            let mut links = Vec::new();
            $(links.extend(settable_of::<$element>(call, lens, connection));)*
            links
        }
    };
}

for_each_kind!(settable);

fn settable_of<E: Kind>(call: &Call, lens: &ViewContext<'_>, connection: &Connection) -> Vec<SettingsLink> {
    // A page in a frame of its own has pages like it.
    let (folder, _) = call.path.trim_start_matches('/').split_once('/').unwrap_or_default();
    let at_it = [connection.id.as_str()];
    let own = E::table(lens.directory.world)
        .with(Index::Connection, &at_it)
        .filter(|element| !element.meta().is_archived() && !E::settings(lens, element).is_empty());
    own.map(|element| SettingsLink {
        name: element.meta().name.clone(),
        noun: E::NOUN,
        address: format!("/{folder}/{}s/{}/configuration", E::INSTANCE, element.id()),
    })
    .collect()
}

/// `GET /embed/main`, any token: answers a page of every integration, and whether it
/// is connected. Source: SDK (`client.open`).
pub(crate) async fn main(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let theme = theme_of(&call.query());
    let world = cx.world();
    let live = world.integrations.iter().filter(|integration| !integration.meta.is_archived());
    let rows = live.map(|integration| row(&cx, integration, theme)).collect::<Result<Vec<_>, _>>()?;
    let (workspace, settings) = (&world.workspace.name, Vec::new());
    let trail = Trail::connections(&cx.space.key);
    let page = IntegrationsPage { theme, title: "Integrations", workspace, rows, settings, trail };
    Ok(Reply::html(StatusCode::OK, screens::html(&page)?))
}

/// `GET /embed/integrations/{integration}`, any token: answers a page of one integration; 404 when there
/// is none. Source: SDK (`integration(i).open`).
pub(crate) async fn integration(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let theme = theme_of(&call.query());
    let world = cx.world();
    let integration = cx.directory(&world).find_integration(call.param("integration")?)?.clone();
    let rows = vec![row(&cx, &integration, theme)?];
    let connection = cx.directory(&world).default_connection(&cx.caller, &integration);
    let settings = connection.as_ref().map(|own| settable(&call, &cx.view(&world), own)).unwrap_or_default();
    let (title, workspace) = (&integration.meta.name, &world.workspace.name);
    let trail = match &connection {
        Some(connection) => Trail::connection(&cx.space.key, connection.id.as_str()),
        None => Trail::connections(&cx.space.key),
    };
    let page = IntegrationsPage { theme, title, workspace, rows, settings, trail };
    Ok(Reply::html(StatusCode::OK, screens::html(&page)?))
}

/// Refuses with 404 a page that no element has.
pub(super) fn check_page(call: &Call) -> Result<(), ApiError> {
    if matches!(call.param("page")?, "configuration" | "editor") { Ok(()) } else { Err(no_page(call)) }
}

/// Stands for the configuration or editor page of an element of which nothing can be set, and says so.
pub(super) fn plain(call: &Call, trail: Trail) -> Result<Reply, ApiError> {
    check_page(call)?;
    let what = call.path.trim_start_matches("/isolated-embed/").trim_start_matches("/embed/").trim_matches('/');
    let page = PlainPage { theme: theme_of(&call.query()), what, trail };
    Ok(Reply::html(StatusCode::OK, screens::html(&page)?))
}

fn no_page(call: &Call) -> ApiError {
    ApiError::not_found(format!("there is no page {}; elements have …/configuration and …/editor", call.path))
}

/// `GET /embed/<kind>/{selector}/{page}`, any token: stands for a page of an element; 404 when there is none.
pub(crate) async fn element<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    elements::get::<E>(&cx, &E::selector(&call)?)?;
    plain(&call, Trail::runs(&cx.space.key))
}

/// `GET /embed/flow-runs/{id}/{page}`, any token: stands for a page of a run of a flow.
pub(crate) async fn flow_run(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let run = call.param("id")?;
    flow_runs::get(&cx, run)?;
    plain(&call, Trail::run(&cx.space.key, run))
}

/// `GET /embed/{rest}`, any token: 404, because everything that has a page has a route of its own.
pub(crate) async fn unknown(call: Call) -> Result<Reply, ApiError> {
    call.cx()?;
    Err(no_page(&call))
}

/// `POST /screens/agent-session`, any token: answers a page of one agent session; 404 when the caller may not
/// see it. Source: SDK (`ui.UNSAFE_agentSession`).
pub(crate) async fn agent_session(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let fields = call.form();
    let id = fields.text("sessionId").ok_or_else(|| ApiError::bad_request("`sessionId` is missing"))?;
    let session = agents::get(&cx, &id)?;
    let status = serde_json::to_value(session.status).map_err(ApiError::internal)?;
    let theme = theme_of(&fields);
    let page = SessionPage {
        theme,
        title: session.title.as_deref().unwrap_or("Agent session"),
        status: status.as_str().unwrap_or_default(),
        problem: session.error.as_ref().map(|error| in_full(&error.message)),
        trail: Trail::run(&cx.space.key, &id),
        lines: lines(&session),
    };
    Ok(Reply::html(StatusCode::OK, screens::html(&page)?))
}
