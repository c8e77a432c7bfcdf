//! This folder is the HTTP edge: the route table with every path on one screen, and the code that turns calls into
//! answers. Invariant: the fake serves no path beside this table and the one of the control API.

pub mod serve;

pub mod departure;

pub(crate) mod wire;

mod decoding;
mod events;
mod faults;
pub(crate) mod guard;
mod incoming;
mod kinds;
pub mod openapi;
pub(crate) mod page;
mod schemas;
pub mod under_way;
mod unimplemented;

use std::sync::OnceLock;

use http::Method;

use crate::base::operation::Operation;
use crate::call::router::{Access, Handle, Route, resolved_route, route};
use crate::edge::kinds::RoutesOfKinds;
use crate::nouns::action::routes as actions;
use crate::nouns::agent_session::routes as agents;
use crate::nouns::app_event::routes as app_events;
use crate::nouns::connection::connect::routes as connect;
use crate::nouns::connection::routes as connections;
use crate::nouns::connector::routes as connectors;
use crate::nouns::data_collection::{Verb, routes as data};
use crate::nouns::data_link_table::routes as links;
use crate::nouns::external_event::Step;
use crate::nouns::external_event::routes as external_events;
use crate::nouns::file::routes as files;
use crate::nouns::flow::routes as flows;
use crate::nouns::hosted_page::routes as screens;
use crate::nouns::hosted_page::routes::{attempt, embed};
use crate::nouns::integration::routes as integrations;
use crate::nouns::operation::routes as operations;
use crate::nouns::run_log::routes as logs;
use crate::nouns::stub_vendor::routes as vendor;
use crate::nouns::tenant::routes as tenants;
use crate::nouns::workspace::routes as workspaces;
use crate::world::checkpoint::routes as checkpoints;
use crate::world::connector_file::routes as connector_files;
use crate::world::job::routes as jobs;
use crate::world::portable;
use crate::world::search;
use crate::world::seed::each_kind;
use Access::{Anyone, Form, Manager, Public};
use Operation::{Act, Connect, FlowRun, Proxy, Refresh};

use crate::base::pattern::name_routes;

fn get(path: &str, access: Access, source: &'static str, handler: impl Handle) -> Route {
    route(Some(Method::GET), path, access, source, handler)
}

fn post(path: &str, access: Access, source: &'static str, handler: impl Handle) -> Route {
    route(Some(Method::POST), path, access, source, handler)
}

fn patch(path: &str, access: Access, source: &'static str, handler: impl Handle) -> Route {
    route(Some(Method::PATCH), path, access, source, handler)
}

fn put(path: &str, access: Access, source: &'static str, handler: impl Handle) -> Route {
    route(Some(Method::PUT), path, access, source, handler)
}

fn delete(path: &str, access: Access, source: &'static str, handler: impl Handle) -> Route {
    route(Some(Method::DELETE), path, access, source, handler)
}

const POST: Option<Method> = Some(Method::POST);

fn any(path: &str, access: Access, source: &'static str, handler: impl Handle) -> Route {
    route(None, path, access, source, handler)
}

/// Returns the routes for callers that only look at them; they are built once.
pub(crate) fn known_routes() -> &'static [Route] {
    static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();
    ROUTES.get_or_init(routes)
}

/// Tells the rules which routes exist. It must be called before the first rule is read.
pub(crate) fn announce_routes() {
    name_routes(|| known_routes().iter().map(|route| format!("{route:?}")).collect());
}

#[expect(clippy::too_many_lines, reason = "every path on one screen")]
/// Returns every route of the faked API. The crate docs explain the sources.
pub fn routes() -> Vec<Route> {
    let mut all = vec![
        // self, workspaces
        get("/self", Anyone, "SDK", tenants::own),
        patch("/self", Anyone, "SDK", tenants::patch_own),
        get("/org-workspace-id", Anyone, "real-use", workspaces::own_id),
        get("/workspaces", Manager, "SDK", workspaces::list),
        get("/workspaces/{selector}", Manager, "SDK", workspaces::get),
        patch("/workspaces/{selector}", Manager, "SEED", workspaces::patch),
        // external apps, connectors
        get("/external-apps", Anyone, "SEED", connectors::list_apps),
        post("/external-apps", Manager, "OAS", connectors::create_app),
        get("/external-apps/{selector}", Anyone, "OAS", connectors::get_app),
        patch("/external-apps/{selector}", Manager, "OAS", connectors::patch_app),
        delete("/external-apps/{selector}", Manager, "OAS", connectors::delete_app),
        get("/connectors", Anyone, "SDK", connectors::list),
        post("/connectors", Manager, "DOC:api-reference/connectors/create-a-new-connector", connectors::create),
        get("/connectors/{selector}", Anyone, "OAS", connectors::get),
        patch("/connectors/{selector}", Manager, "OAS", connectors::patch),
        put("/connectors/{selector}", Manager, "OAS", connectors::put),
        delete("/connectors/{selector}", Manager, "OAS", connectors::delete),
        post("/connectors/{selector}/clone", Manager, "OAS", connectors::clone),
        // The universe is the catalog: what is not the workspace's own.
        get("/universe/apps", Anyone, "OAS", connectors::list_shared_apps),
        get("/v2/universe/apps", Anyone, "OAS", connectors::list_shared_apps),
        get("/universe/connectors", Anyone, "OAS", connectors::list_shared),
        post("/connectors/{selector}/generate-options", Anyone, "SDK", connect::generate_options),
        post("/connection-options", Anyone, "SDK", connect::connection_options),
        // integrations
        get("/integrations", Anyone, "SEED", integrations::list),
        post("/integrations", Manager, "SEED", integrations::create),
        get("/integrations/{selector}/parameters", Anyone, "SEED", integrations::parameters).about(integrations::about),
        patch("/integrations/{selector}/parameters", Manager, "SEED", integrations::patch_parameters)
            .about(integrations::about),
        put("/integrations/{selector}/parameters", Manager, "OAS", integrations::put_parameters)
            .about(integrations::about),
        post("/integrations/{selector}/disconnect", Anyone, "real-use", connections::disconnect_all)
            .about(integrations::about),
        post("/integrations/{selector}/setup", Manager, "SDK", integrations::touch).about(integrations::about),
        post("/integrations/{selector}/refresh", Manager, "OAS", integrations::touch).about(integrations::about),
        get("/integrations/{selector}/connector-spec", Anyone, "SDK", integrations::connector_spec)
            .about(integrations::about),
        get("/integrations/{selector}/export", Manager, "OAS", portable::export_integration).about(integrations::about),
        get("/integrations/{selector}/operations", Anyone, "SDK", operations::list_of_integration)
            .about(integrations::about),
        get("/integrations/{selector}/operations/{key}", Anyone, "SDK", operations::get_of_integration)
            .about(integrations::about),
        get("/integrations/{selector}/events", Anyone, "real-use", external_events::list_of_integration)
            .about(integrations::about),
        get("/integrations/{selector}/events/{key}", Anyone, "real-use", external_events::get_of_integration)
            .about(integrations::about),
        get("/integrations/{selector}/udm", Anyone, "real-use", data::list_models).about(integrations::about),
        get("/integrations/{selector}/udm/{key}", Anyone, "real-use", data::get_model).about(integrations::about),
        get("/integrations/{selector}/data-collection-specs", Anyone, "real-use", data::list_specs)
            .about(integrations::about),
        get("/integrations/{selector}/data", Anyone, "SDK", data::list_of_integration).about(integrations::about),
        get("/integrations/{selector}/data/{key}", Anyone, "SDK", data::get_of_integration).about(integrations::about),
        // connections
        get("/connections", Anyone, "SEED", connections::list),
        post("/connections", Anyone, "SDK", connections::create),
        post("/connections/ensure", Anyone, "OAS", connect::ensure).operation(Connect).about(connect::about),
        get("/connections/{connection}", Anyone, "SEED", connections::get),
        patch("/connections/{connection}", Anyone, "SEED", connections::patch),
        put("/connections/{connection}", Anyone, "OAS", connections::put),
        delete("/connections/{connection}", Anyone, "SEED", connections::archive),
        post("/connections/{connection}/restore", Anyone, "SEED", connections::restore),
        post("/connections/{connection}/refresh", Anyone, "SEED", connections::refresh).operation(Refresh),
        post("/connections/{connection}/refresh-credentials", Anyone, "SDK", connections::refresh).operation(Refresh),
        get("/connections/{connection}/test", Anyone, "SDK", connections::test),
        post("/connections/{connection}/test", Anyone, "SDK", connections::test),
        post("/connections/{connection}/disconnect", Anyone, "OAS", connections::disconnect),
        post("/connections/{connection}/reconnect", Anyone, "real-use", connect::reconnect)
            .operation(Connect)
            .about(connect::about),
        any("/connections/{connection}/proxy", Anyone, "DOC:api-proxy", connections::proxy).operation(Proxy),
        any("/connections/{connection}/proxy/{*rest}", Anyone, "DOC:api-proxy", connections::proxy).operation(Proxy),
        post("/connections/{connection}/api/{*rest}", Anyone, "SDK", connections::legacy_api),
        post("/connections/{connection}/execute-request", Anyone, "SDK", connections::execute_request),
        get("/connections/{connection}/data", Anyone, "OAS", data::list_of_connection),
        get("/connections/{connection}/data/{key}", Anyone, "SDK", data::get_of_connection),
        get(
            "/connections/{connection}/operations",
            Anyone,
            "assumed: as those of integrations",
            operations::list_of_connection,
        ),
        get("/connections/{connection}/operations/{key}", Anyone, "SDK", operations::get_of_connection),
        post("/connections/{connection}/operations/{key}/run", Anyone, "SDK", operations::run_of_connection),
        get("/connections/{connection}/export", Anyone, "OAS", portable::export_connection),
        get("/connections/{connection}/dependencies", Anyone, "OAS", portable::dependencies_of_connection),
        post("/files", Anyone, "OAS", files::create),
        get("/connectors/{selector}/files", Manager, "OAS", connector_files::list),
        get("/connectors/{selector}/files/{*path}", Manager, "OAS", connector_files::get),
        put("/connectors/{selector}/files/{*path}", Manager, "OAS", connector_files::put),
        delete("/connectors/{selector}/files/{*path}", Manager, "OAS", connector_files::delete),
        delete("/connectors/{selector}/directories/{*path}", Manager, "OAS", connector_files::delete_folder),
        get("/connectors/{selector}/download", Manager, "OAS", connector_files::download),
        get("/connectors/{selector}/export-files", Manager, "OAS", connector_files::export_files),
        get("/connectors/{selector}/export-json", Manager, "OAS", connector_files::export_json),
        post("/connectors/{selector}/import", Manager, "OAS", connector_files::import),
        post("/connectors/{selector}/upload", Manager, "OAS", connector_files::upload),
        post("/connectors/{selector}/publish-version", Manager, "OAS", connector_files::publish),
        get("/connectors/{selector}/versions", Anyone, "OAS", connector_files::list_versions),
        delete("/connectors/{selector}/versions/{version}", Manager, "OAS", connector_files::delete_version),
        post("/integrations/{selector}/upload-connector", Manager, "OAS", connector_files::upload_of_integration)
            .about(integrations::about),
        post("/integrations/{selector}/switch-connector-version", Manager, "OAS", connector_files::switch)
            .about(integrations::about),
        get("/checkpoints", Manager, "OAS", checkpoints::list),
        get("/checkpoints/{id}", Manager, "OAS", checkpoints::get),
        get("/checkpoints/{id}/diff", Manager, "OAS", checkpoints::diff),
        post("/checkpoints/{id}/revert", Manager, "OAS", checkpoints::revert),
        get("/account", Manager, "SDK (type); the path is not confirmed", workspaces::account),
        get("/org-workspaces", Manager, "OAS", workspaces::list_of_org),
        get("/org-workspaces/{id}", Manager, "OAS", workspaces::get_of_org),
        patch("/org-workspaces/{id}", Manager, "OAS", workspaces::patch_of_org),
        delete("/org-workspaces/{id}", Manager, "OAS", workspaces::archive_of_org),
        post("/org-workspaces/{id}/restore", Manager, "OAS", workspaces::restore_of_org),
        post("/org-workspaces/{id}/rotate-secret", Manager, "OAS", workspaces::rotate_secret),
        post("/org-workspaces/{id}/access-token", Manager, "OAS", workspaces::access_token),
        patch(
            "/workspaces/{selector}/limits",
            Manager,
            "SDK (type); the path is not confirmed",
            workspaces::patch_limits,
        ),
        post("/agent/tools/search-apps", Anyone, "OAS", agents::search_apps),
        post("/agent/tools/websearch", Anyone, "OAS", agents::web_search),
        get("/universe/packages", Anyone, "OAS", connectors::list_shared_packages),
        post("/connections/{connection}/data/{key}/refresh", Anyone, "OAS", data::get_of_connection),
        get("/files/{ticket}", Public, "our choice: the bytes behind `downloadUri`", files::get).about(files::about),
        get("/connections/{connection}/logs", Anyone, "OAS", connections::logs),
        get("/data-links", Anyone, "OAS", links::list_all),
        delete("/data-links/{id}", Anyone, "OAS", links::delete_one),
        get("/app-events", Anyone, "SDK", app_events::list),
        get("/app-events/{id}", Anyone, "OAS", app_events::get),
        any("/webhooks/app-events/{key}", Public, "real-use", app_events::receive).about(app_events::about),
        get("/external-event-subscriptions", Anyone, "SDK", external_events::list),
        post("/external-event-subscriptions", Anyone, "OAS", external_events::create),
        get("/external-event-subscriptions/{id}", Anyone, "SDK", external_events::get),
        patch("/external-event-subscriptions/{id}", Anyone, "OAS", external_events::patch),
        post("/external-event-subscriptions/{id}/pull-events", Anyone, "SDK", external_events::pull),
        post("/external-event-subscriptions/{id}/refresh", Anyone, "OAS", external_events::get),
        get("/external-event-subscriptions/{id}/dependencies", Anyone, "OAS", external_events::dependencies),
        post("/webhooks/external-events/{key}", Public, "assumed: as for app events", external_events::receive)
            .about(external_events::about),
        post("/connect", Form, "SEED; SDK (as a form)", connect::connect).operation(Connect).about(connect::about),
        post("/connection-requests", Anyone, "SDK", connect::create_request).operation(Connect).about(connect::about),
        get("/connection-requests/{id}", Anyone, "SDK", connect::get_request),
        patch("/connection-requests/{id}", Anyone, "SDK", connect::get_request),
        get("/connect/{ticket}", Public, "our choice: the page behind `clientAction.uiUrl`", attempt::page)
            .about(attempt::about_ticket),
        post("/connect/{ticket}", Public, "our choice: the page's buttons", attempt::page_answer)
            .about(attempt::about_ticket),
        get("/oauth-callback", Public, "DOC:docs/connectors (OAuth); RFC 6749 §4.1.2", attempt::oauth_callback)
            .about(attempt::about_state),
        get("/sse/connection-events/{id}", Access::Optional, "SDK", events::connection_events),
        get("/sse/workspace", Anyone, "SDK", events::workspace),
        get("/connection-popup", Form, "IAPP:connection-ui-without-the-front-end-sdk", screens::popup),
        post("/connection-popup", Form, "IAPP:connection-ui-without-the-front-end-sdk", screens::popup),
        post("/screens/connect", Form, "SDK (ui.connect)", screens::connect).operation(Connect).about(connect::about),
        post("/screens/connection", Form, "SDK (ui.connection)", screens::connection),
        post("/screens/integrations/{integration}/connect", Form, "SDK (openNewConnectionV2)", screens::connect),
        post("/screens/visits/{visit}", Public, "our choice: the buttons of a hosted page", screens::visit)
            .about(screens::about_visit),
        get("/screens/visits/{visit}", Public, "our choice: what a hosted page waits for", screens::visit_state)
            .about(screens::about_visit),
        get("/screens/connections", Public, "SDK (getConnectionRequestUrl)", screens::request),
        post("/screens/agent-session", Form, "SDK (ui.UNSAFE_agentSession)", embed::agent_session),
        // agent sessions
        get("/agent/sessions", Anyone, "OAS", agents::list),
        post("/agent/sessions", Anyone, "SDK", agents::create),
        get("/agent/sessions/{id}", Anyone, "OAS", agents::get),
        patch("/agent/sessions/{id}", Manager, "OAS", agents::patch),
        get("/agent/sessions/{id}/messages", Anyone, "PG", agents::messages),
        post("/agent/sessions/{id}/message", Anyone, "OAS", agents::message),
        post("/agent/sessions/{id}/interrupt", Anyone, "OAS", agents::interrupt),
        patch("/agent/sessions/{id}/stop", Anyone, "OAS", agents::stop),
        get("/vendor/{workspace}/{connector}/oauth/authorize", Public, "RFC 6749 §4.1.1", vendor::consent_page)
            .about(vendor::about),
        post(
            "/vendor/{workspace}/{connector}/oauth/authorize",
            Public,
            "our choice: the page's buttons",
            vendor::consent,
        )
        .about(vendor::about),
        post("/vendor/{workspace}/{connector}/oauth/token", Public, "RFC 6749 §5", vendor::token),
        post("/vendor/{workspace}/{connector}/oauth/revoke", Public, "RFC 7009", vendor::revoke),
        // actions and runs
        resolved_route(POST, "/act", Anyone, "SEED", actions::read_act, actions::run).operation(Act),
        resolved_route(
            POST,
            "/connections/{connection}/actions/{selector}/run",
            Anyone,
            "SDK",
            actions::read_bare,
            actions::run,
        )
        .operation(Act),
        resolved_route(POST, "/action-instance/run", Anyone, "SDK", actions::read_bare, actions::run_instance)
            .operation(Act),
        // flow instances and flow runs, beside what all elements have
        post("/flow-instances", Anyone, "SDK", flows::create_instance),
        post("/flow-instances/{instance}/update-to-latest-flow", Anyone, "SDK", flows::update_to_latest),
        post("/connections/{connection}/flows/{selector}/run", Anyone, "SDK", flows::run)
            .operation(FlowRun)
            .about(flows::about_run),
        get("/flow-runs", Anyone, "SDK", flows::list_runs),
        post("/flow-runs", Anyone, "SDK", flows::create_run).operation(FlowRun).about(flows::about_created_run),
        get("/flow-runs/{id}", Anyone, "SDK", flows::get_run),
        post("/flow-runs/{id}/stop", Anyone, "SDK", flows::stop_run),
        get("/flow-runs/{id}/output", Anyone, "SDK", flows::output),
        get("/flow-runs/{id}/output/{node}", Anyone, "OAS", flows::output_of_node),
        get("/flow-runs/{id}/nodes/{node}/runs", Anyone, "OAS", flows::node_runs),
        get("/flow-runs/{id}/nodes/{node}/runs/{run}", Anyone, "SDK", flows::node_run),
        get("/flow-runs/{id}/nodes/{node}/outputs", Anyone, "SDK", flows::node_outputs),
        get("/flow-runs/{id}/nodes/{node}/outputs/{output}", Anyone, "OAS", flows::node_output),
        get("/flow-runs/{id}/nodes/{node}/output/{output}", Anyone, "SDK (getNodeOutput)", flows::node_output),
        // logs
        get("/action-run-logs", Anyone, "SEED", logs::list_runs),
        get("/action-run-logs/{id}", Anyone, "SEED", logs::get_run),
        get("/action-run-logs/{id}/details", Anyone, "SEED", logs::get_run_details),
        get("/external-api-logs", Anyone, "SDK", logs::list_api_logs),
        get("/external-api-logs/{id}", Anyone, "SDK", logs::get_api_log),
        get("/external-api-logs/{id}/details", Anyone, "OAS", logs::get_api_log_details),
        get("/connection-attempt-logs", Anyone, "SDK", logs::list_attempts),
        get("/connection-attempt-logs/{id}", Anyone, "assumed: as the other logs", logs::get_attempt),
        get("/incoming-webhooks", Anyone, "OAS", external_events::list_webhooks),
        get("/incoming-webhooks/{id}", Anyone, "OAS", external_events::get_webhook),
        get("/incoming-webhooks/{id}/details", Anyone, "OAS", external_events::get_webhook_details),
        get("/external-event-log-records", Anyone, "OAS", external_events::list_events),
        get("/external-event-log-records/{id}", Anyone, "OAS", external_events::get_event),
        get("/external-event-log-records/{id}/details", Anyone, "OAS", external_events::get_event),
        get("/external-event-pulls", Anyone, "OAS", external_events::list_pulls),
        get("/external-event-pulls/{id}", Anyone, "OAS", external_events::get_pull),
        get("/external-event-pulls/{id}/logs", Anyone, "OAS", external_events::pull_logs),
        get("/external-event-pulls/{id}/telemetry", Anyone, "OAS", external_events::pull_telemetry),
        // everything that has a name
        get("/search", Anyone, "OAS", search::search),
        get("/semantic-search", Anyone, "OAS", search::semantic),
        // what a workspace defines, as an archive
        get("/export", Manager, "SEED", jobs::export),
        post("/import", Manager, "SEED", jobs::import),
        get("/background-jobs/{job}", Manager, "SDK", jobs::get),
        get("/downloads/{ticket}", Public, "our choice: the archive behind `downloadUrl`", jobs::download)
            .about(jobs::about),
        // pictures
        get("/logos/{name}", Public, "our choice: nothing is loaded from elsewhere", connectors::logo),
        get("/docs-json", Public, "OAS", openapi::docs),
        get("/", Public, "our choice: says what this is", screens::welcome),
        get("/llms.txt", Public, "our choice: says it to programs that write programs", openapi::llms),
    ];
    for base in ["/embed", "/isolated-embed"] {
        let at = |below: &str| format!("{base}{below}");
        all.extend([
            get(&at("/integrations/{integration}/connect"), Form, "SDK (openNewConnection)", screens::connect),
            get(&at("/connections/{connection}/refresh"), Form, "SDK (openReconnectUI)", screens::reconnect),
            get(&at("/main"), Form, "SDK (client.open)", embed::main),
            get(&at("/integrations/{integration}"), Form, "SDK (integration.open)", embed::integration),
            get(&at("/flow-runs/{id}/{page}"), Form, "SDK (flowRun.embedEditor)", embed::flow_run),
            get(&at("/{*rest}"), Form, "SDK", embed::unknown),
        ]);
    }
    let subscription = "/external-event-subscriptions/{id}";
    all.extend([
        delete(subscription, Anyone, "OAS", |call| external_events::take(call, Step::Archive)),
        post(&format!("{subscription}/restore"), Anyone, "OAS", |call| external_events::take(call, Step::Restore)),
        post(&format!("{subscription}/setup"), Anyone, "SDK", |call| external_events::take(call, Step::Subscribe)),
        post(&format!("{subscription}/subscribe"), Anyone, "SDK", |call| external_events::take(call, Step::Subscribe)),
        post(&format!("{subscription}/unsubscribe"), Anyone, "SDK", |call| {
            external_events::take(call, Step::Unsubscribe)
        }),
        post(&format!("{subscription}/resubscribe"), Anyone, "SDK", |call| {
            external_events::take(call, Step::Resubscribe)
        }),
        post(&format!("{subscription}/refresh-webhook"), Anyone, "SDK", |call| {
            external_events::take(call, Step::RefreshWebhook)
        }),
    ]);
    for verb in Verb::ALL {
        let path = format!("/connections/{{connection}}/data/{{key}}/{}", verb.name());
        all.push(post(&path, Anyone, "SDK", move |call| data::perform_of_connection(call, verb)));
    }
    let mut of_kinds = RoutesOfKinds(Vec::new());
    let Ok(()) = each_kind(&mut of_kinds);
    all.extend(of_kinds.0);
    for base in ["/integrations/{selector}", "/integration"] {
        all.extend([
            get(base, Anyone, "SEED", integrations::get).about(integrations::about),
            patch(base, Manager, "SEED", integrations::patch).about(integrations::about),
            put(base, Manager, "OAS", integrations::put).about(integrations::about),
            delete(base, Manager, "SEED", integrations::archive).about(integrations::about),
            post(&format!("{base}/restore"), Manager, "SEED", integrations::restore).about(integrations::about),
        ]);
    }
    // The three names stand for one kind of element: docs/behaviour.md#tenant-names.
    for (plural, singular) in [("/customers", "/customer"), ("/tenants", "/tenant"), ("/users", "/user")] {
        all.push(get(plural, Manager, "SDK", tenants::list));
        all.push(post(plural, Manager, "SDK", tenants::create));
        for base in [format!("{plural}/{{selector}}"), singular.to_owned()] {
            all.extend([
                get(&base, Manager, "SDK", tenants::get),
                patch(&base, Manager, "SDK", tenants::patch),
                put(&base, Manager, "SDK", tenants::put),
                delete(&base, Manager, "SDK", tenants::archive),
                post(&format!("{base}/restore"), Manager, "SDK", tenants::restore),
            ]);
        }
    }
    all.extend(unimplemented::routes());
    all
}
