//! What a client may lean on and no route's source tells, as data: where it comes from, what was decided where sources
//! disagree or are silent, and which calls lean on it.

use crate::base::pattern::is_like;
use crate::journal::{DEAD_CONNECTION, Entry, Side};
use crate::nouns::webhook::model::{WebhookDelivery, WorkspaceEvent};

/// One behaviour.
pub(super) struct Behaviour {
    /// What it is.
    pub(super) what: &'static str,
    /// Where it comes from.
    pub(super) source: &'static str,
    /// What settles it where sources disagree or are silent.
    pub(super) decided: &'static str,
    /// What leans on it.
    pub(super) leans: Leans,
}

/// What leans on a behaviour: everything in whose answer it may count.
#[derive(Clone, Copy)]
pub(super) enum Leans {
    /// Calls, of either side.
    Calls(fn(&Entry) -> bool),
    /// Webhooks to the app.
    Webhooks(fn(&WebhookDelivery) -> bool),
}

impl Leans {
    /// How often, as far as the journal goes back.
    pub(super) fn count<'a>(
        self,
        entries: impl Iterator<Item = &'a Entry>,
        deliveries: impl Iterator<Item = &'a WebhookDelivery>,
    ) -> usize {
        match self {
            Self::Calls(leans) => entries.filter(|entry| leans(entry)).count(),
            Self::Webhooks(leans) => deliveries.filter(|delivery| leans(delivery)).count(),
        }
    }
}

const fn because(what: &'static str, source: &'static str, decided: &'static str, leans: Leans) -> Behaviour {
    Behaviour { what, source, decided, leans }
}

const fn calls(leans: fn(&Entry) -> bool) -> Leans {
    Leans::Calls(leans)
}

const fn webhooks(leans: fn(&WebhookDelivery) -> bool) -> Leans {
    Leans::Webhooks(leans)
}

/// Whether a client's call has a method and a route like these.
fn is(entry: &Entry, call: &str) -> bool {
    let route = entry.route.as_deref().filter(|_| entry.side == Side::Api);
    route.is_some_and(|route| is_like(&format!("{} {route}", entry.method), call))
}

/// Whether a call's query has a field.
fn asks(entry: &Entry, field: &str) -> bool {
    let mut query = entry.path.split(['?', '&']).skip(1);
    query.any(|part| part.split('=').next() == Some(field))
}

fn is_dead(entry: &Entry) -> bool {
    entry.warnings.iter().any(|warning| warning == DEAD_CONNECTION)
}

fn is_nobody(entry: &Entry) -> bool {
    entry.caller.as_deref() == Some("unauthenticated")
}

fn is_known(entry: &Entry) -> bool {
    entry.caller.is_some() && !is_nobody(entry)
}

fn is_manager(entry: &Entry) -> bool {
    entry.caller.as_deref().is_some_and(|caller| caller.starts_with("manager"))
}

fn is_tenant(entry: &Entry) -> bool {
    entry.caller.as_deref().is_some_and(|caller| caller.starts_with("tenant:"))
}

fn runs(entry: &Entry) -> bool {
    entry.operation == Some("act")
}

fn begins_a_flow_run(entry: &Entry) -> bool {
    ["POST /flow-runs", "POST */flows/*/run", "POST /flow/run"].iter().any(|call| is(entry, call))
}

fn is_list(entry: &Entry) -> bool {
    let below = ["GET *details", "GET *parameters", "GET *messages"];
    is(entry, "GET *s") && entry.status == 200 && !below.iter().any(|call| is(entry, call))
}

fn creates(entry: &Entry) -> bool {
    let plural =
        ["POST /connections", "POST *actions", "POST /integrations", "POST /external-apps", "POST /connectors"];
    let tenants =
        ["POST /customers", "POST /tenants", "POST /users", "POST /connection-requests", "POST /agent/sessions"];
    plural.iter().chain(&tenants).any(|call| is(entry, call))
}

/// The query of a list of actions says of which integration, connection or app.
fn names_a_place(entry: &Entry) -> bool {
    let places =
        ["integrationId", "integrationKey", "connectionId", "connectionKey", "externalAppId", "externalAppKey"];
    places.iter().chain(&["id", "layer", "search"]).any(|field| asks(entry, field))
}

/// All of them.
pub(super) const BEHAVIOURS: [Behaviour; 85] = [
    because(
        "A lost connection reads DISCONNECTED; with `connectionStates: engine` it stays READY with `disconnected: true`",
        "SEED",
        "gaps 1",
        calls(|e| is(e, "GET /connections*")),
    ),
    because(
        "A call through it is 400 `connection` with `code: CONNECTION_DISCONNECTED`; 401 by setting",
        "SEED",
        "gaps 2",
        calls(is_dead),
    ),
    because(
        "`code` and `actionRunId` stand at the top level, `actionRunId` in `data` too",
        "SEED",
        "gaps 3",
        calls(|e| is_dead(e) || (e.status >= 400 && e.action_run_id.is_some())),
    ),
    because(
        "`/act` is closed to unknown fields; every `/run` spelling works beside it",
        "SEED",
        "gaps 4",
        calls(|e| is(e, "POST /act")),
    ),
    because(
        "Integration parameters: PATCH merges, PUT replaces; read as descriptors with `value`",
        "OAS",
        "gaps 6, 7",
        calls(|e| is(e, "* /integrations/*/parameters")),
    ),
    because("Both refresh paths renew the credentials", "SDK", "gaps 8", calls(|e| e.operation == Some("refresh"))),
    because(
        "Both claim vocabularies are read, mixed too; contradicting ones are 401",
        "SEED",
        "gaps 11",
        calls(is_known),
    ),
    because(
        "`isAdmin` may be true, 1, \"1\" or \"true\", and stand beside a tenant",
        "PG",
        "gaps 12",
        calls(is_manager),
    ),
    because(
        "The logged `action` can be sent back to `/act` as it is",
        "OAS",
        "gaps 14",
        calls(|e| is(e, "GET /action-run-logs/*")),
    ),
    because(
        "Log details are the whole record with a `details` member",
        "SEED",
        "gaps 15",
        calls(|e| is(e, "GET *logs/{id}/details")),
    ),
    because("Webhooks carry both payload vocabularies at once", "DOC", "gaps 20", webhooks(|_| true)),
    because(
        "`connection.deleted` is told on archive",
        "DOC",
        "gaps 21",
        webhooks(|sent| sent.event_type == WorkspaceEvent::Deleted),
    ),
    because("Creates answer 200", "OAS", "gaps 24", calls(|e| e.status == 200 && creates(e))),
    because("Snippets get both generations of arguments", "SEED", "gaps 25, 26", calls(runs)),
    because(
        "`/connect` answers JSON with JSON and a form with pages",
        "SDK",
        "gaps 27",
        calls(|e| is(e, "POST /connect") || is(e, "POST /screens/connect")),
    ),
    because(
        "DELETE answers the archived element",
        "assumed",
        "gaps B1",
        calls(|e| is(e, "DELETE *") && e.status == 200),
    ),
    because(
        "Lists hold 100 unless asked, oldest first, logs newest first",
        "assumed",
        "gaps B2",
        calls(|e| is_list(e) && !asks(e, "limit")),
    ),
    because(
        "An input that does not fit its schema, and a refusing app, are 400",
        "assumed",
        "gaps B3",
        calls(|e| runs(e) && e.status == 400),
    ),
    because(
        "Of several connections the latest READY one is the default",
        "assumed",
        "gaps B4",
        calls(|e| runs(e) && !e.connection.is_empty()),
    ),
    because("A known `connectionKey` means reconnect", "assumed", "gaps B6", calls(|e| e.operation == Some("connect"))),
    because(
        "Another tenant's elements are 404, not 403",
        "assumed",
        "gaps B13",
        calls(|e| is_tenant(e) && e.status == 404),
    ),
    because("429 says when to come back only when the rule says so", "assumed", "gaps B14", calls(|e| e.status == 429)),
    because(
        "`/act` with `api` answers the app's body alone",
        "SEED",
        "gaps B17",
        calls(|e| is(e, "POST /act") && e.action.is_empty()),
    ),
    because(
        "Intents are matched by words, nothing is thought",
        "our choice",
        "decisions 5, 12",
        calls(|e| e.status < 300 && (is(e, "POST /actions") || e.operation == Some("connect"))),
    ),
    because("Agent sessions are scripted", "our choice", "docs-behaviour 14", calls(|e| is(e, "* /agent/sessions*"))),
    because(
        "Tenants may not POST `/actions` or change workspace-level ones: 403; their connections' versions they may",
        "SEED",
        "gaps 9, 10",
        calls(|e| is_tenant(e) && e.status == 403),
    ),
    because(
        "Archived integrations, connections and actions are found by id; by key only to be restored",
        "SEED",
        "gaps 35",
        calls(|e| is(e, "GET *{selector}") || is(e, "GET /connections/{connection}") || is(e, "POST *restore")),
    ),
    because(
        "A new connection replaces the integration's others once READY, unless keyed or `allowMultipleConnections`",
        "IAPP",
        "gaps B7",
        calls(|e| e.operation == Some("connect")),
    ),
    because(
        "A vendor that does not answer a refresh is asked again after 5, 10, 20, 40 s, then the connection is lost",
        "assumed",
        "gaps B9",
        calls(|e| e.side == Side::Upstream && e.path.starts_with("/oauth/token") && !(200..500).contains(&e.status)),
    ),
    because(
        "Webhooks are tried eight times, again after 1, 2, 4 … 64 s; signed only with `webhookSecret`",
        "assumed",
        "gaps B16",
        webhooks(|sent| sent.attempts.len() > 1),
    ),
    because(
        "A failed build is CONFIGURATION_ERROR or SETUP_FAILED; ERROR comes of a poke, `progress` or `markDefunct`",
        "SEED",
        "gaps 1",
        calls(|e| is(e, "GET /connections*") || e.operation == Some("connect")),
    ),
    because(
        "`/act` takes exactly one of `id`, `key`, `api` and `code`, else it is 400",
        "SEED",
        "gaps 5",
        calls(|e| is(e, "POST /act") && e.status == 400),
    ),
    because(
        "Tokens may be signed with HS256, HS384 or HS512, or with a registered ES, RS, PS or EdDSA key",
        "DOC",
        "gaps 13",
        calls(is_known),
    ),
    because(
        "Actions carry `layer`, and `integrationKey` where there is an integration",
        "SEED",
        "gaps 16",
        calls(|e| is(e, "* */actions*") || is(e, "* /action") || is(e, "* /action/*")),
    ),
    because("Catalog actions have an empty `key`", "SEED", "gaps 17", calls(|e| is(e, "GET /actions*"))),
    because("An action that could not be built is ERROR", "SEED", "gaps 18", calls(|e| is(e, "GET /actions*"))),
    because(
        "Types of elements are read in any case and answered in kebab case",
        "assumed",
        "gaps 19",
        calls(|e| is(e, "* /agent/sessions*")),
    ),
    because(
        "Connections and logs name their tenant as `userId` and `tenantId`",
        "SDK",
        "gaps 22",
        calls(|e| is(e, "GET /connections*") || is(e, "GET *logs*")),
    ),
    because("Webhooks name it as `customerId` too", "SDK", "gaps 22", webhooks(|_| true)),
    because(
        "External API logs name it as `customerId` too",
        "SDK",
        "gaps 22",
        calls(|e| is(e, "GET /external-api-logs*")),
    ),
    because(
        "`tenantId` and `userId` filter connections, actions and logs by a tenant's id or key",
        "PG",
        "gaps 22",
        calls(|e| asks(e, "tenantId") || asks(e, "userId")),
    ),
    because(
        "`API-Version` and `membrane-api-version` are accepted and change nothing",
        "assumed",
        "gaps 23",
        calls(|e| is_known(e) || is_nobody(e)),
    ),
    because(
        "In snippets `membrane.proxy` answers `{status, headers, data}`, `membrane.connection(…).proxy` the body",
        "DOC",
        "gaps 25",
        calls(runs),
    ),
    because(
        "`/connect`, `/connections`, `/connections/ensure` and `/connection-requests` lead through the same states",
        "SDK",
        "gaps 28",
        calls(|e| e.operation == Some("connect") || is(e, "POST /connections")),
    ),
    because(
        "`/customers`, `/tenants` and `/users` are one kind",
        "OAS",
        "gaps 29",
        calls(|e| is(e, "* /customer*") || is(e, "* /tenant*") || is(e, "* /user*")),
    ),
    because(
        "Each connection has `connected` and its opposite `disconnected`; both filter the list",
        "OAS",
        "gaps 1, 33",
        calls(|e| is(e, "GET /connections*")),
    ),
    because(
        "Ids are 24 hexadecimal digits; a seed's derive from its keys",
        "SEED",
        "gaps 34",
        calls(|e| is(e, "GET *{selector}") || is(e, "GET *{connection}") || is(e, "GET *{id}")),
    ),
    because(
        "An archived element takes no PATCH or PUT: 400",
        "OAS",
        "gaps 35",
        calls(|e| (is(e, "PATCH *") || is(e, "PUT *")) && e.status == 400),
    ),
    because(
        "`/act` knows no archived action and no archived connection: 404",
        "SEED",
        "gaps 35",
        calls(|e| runs(e) && e.status == 404),
    ),
    because(
        "DELETE of a workspace's own connector or external app is for good",
        "OAS",
        "gaps B1, docs-behaviour 4",
        calls(|e| is(e, "DELETE /connectors/*") || is(e, "DELETE /external-apps/*")),
    ),
    because(
        "A cursor is a decimal number that stands for the last item shown; 0 is the start",
        "assumed",
        "gaps B2, decisions 15",
        calls(|e| asks(e, "cursor") || e.next_cursor.is_some()),
    ),
    because(
        "Without a scope, a key of several actions, none of them universal, is 400 with the candidates",
        "assumed",
        "gaps B5, decisions 11",
        calls(|e| runs(e) && e.status == 400),
    ),
    because(
        "Tenants may share a connection key; a manager without a tenant who uses it gets 400",
        "assumed",
        "gaps B6",
        calls(|e| !e.connection.is_empty()),
    ),
    because(
        "POST `/connections` replaces nothing; a key that is taken is 400 `already_exists`",
        "assumed",
        "gaps B6, B7",
        calls(|e| is(e, "POST /connections")),
    ),
    because(
        "A restored connection stands where it stood",
        "assumed",
        "gaps B8, decisions 1",
        calls(|e| is(e, "POST /connections/*/restore")),
    ),
    because(
        "`isDefunct` is true after the fault `markDefunct`, until the connection is READY again",
        "assumed",
        "gaps B9",
        calls(|e| is(e, "GET /connections*")),
    ),
    because(
        "A run through a disconnected connection leaves a run log and no external API log",
        "assumed",
        "gaps B10",
        calls(|e| is_dead(e) && e.action_run_id.is_some()),
    ),
    because(
        "A tenant sees its own logs, a manager all; one with a tenant lists that tenant's unless told another",
        "assumed",
        "gaps B11",
        calls(|e| is(e, "GET *logs*")),
    ),
    because(
        "PATCH merges workspace `settings`, integration `parameters` and tenant `fields` one level deep, nothing else",
        "assumed",
        "gaps B12",
        calls(|e| is(e, "PATCH *")),
    ),
    because(
        "`/workspaces/{id}` takes id or key of the caller's own workspace and never shows the secret",
        "assumed",
        "gaps B15",
        calls(|e| is(e, "* /workspaces*")),
    ),
    because(
        "Everyone reads what is the workspace's, managers edit it",
        "assumed",
        "gaps B18",
        calls(|e| is_tenant(e) && is(e, "GET *")),
    ),
    because(
        "`/workspaces` and `/customers`, under all its names, are for managers alone",
        "assumed",
        "gaps B18",
        calls(|e| is(e, "* /workspaces*") || is(e, "* /customer*") || is(e, "* /tenant*") || is(e, "* /user*")),
    ),
    because(
        "There is no `/functions`: 404",
        "assumed",
        "gaps B20",
        calls(|e| e.route.is_none() && e.path.starts_with("/functions")),
    ),
    because(
        "Packages are 501, under their older name `/scenarios` too",
        "not faked: SDK",
        "gaps 30",
        calls(|e| is(e, "* /package*") || is(e, "* /scenarios*")),
    ),
    because(
        "Data sources are 501, so full syncs have no least interval",
        "not faked: DOC",
        "gaps 31",
        calls(|e| is(e, "* *data-source*")),
    ),
    because(
        "One flow run of a connection goes on at a time, the others wait as `queued`",
        "DOC",
        "docs-behaviour 11",
        calls(begins_a_flow_run),
    ),
    because(
        "A flow run fails when any of its nodes did, though its other ways go on",
        "assumed",
        "IAPP:docs/flows",
        calls(begins_a_flow_run),
    ),
    because(
        "Runs of flows are launched by the API alone: no schedule, event or record begins one",
        "not faked: IAPP:docs/flows",
        "docs-http-api 12",
        calls(|e| is(e, "* *flow*")),
    ),
    because(
        "Nodes on data records and data links can be made; they fail the run",
        "not faked: SDK",
        "docs-http-api 12",
        calls(begins_a_flow_run),
    ),
    because(
        "A run's output is an object of lists by node, as that of a For Each; a node's `data` is JSON text",
        "assumed",
        "sdk-endpoints 9",
        calls(|e| is(e, "GET /flow-runs/*output*")),
    ),
    because(
        "A change of a flow merges its nodes by key, null removes one; a new version of the flow leaves customised nodes",
        "assumed",
        "sdk-schemas flows",
        calls(|e| is(e, "PATCH *flow*") || is(e, "POST */update-to-latest-flow")),
    ),
    because(
        "Running a flow at a connection makes its instance when there is none",
        "assumed",
        "sdk-endpoints 9",
        calls(|e| is(e, "POST */flows/*/run") || is(e, "POST /flow/run")),
    ),
    because(
        "Requests to your app go out without credentials",
        "assumed",
        "docs-behaviour 12",
        calls(|e| runs(e) || begins_a_flow_run(e)),
    ),
    because(
        "Event subscriptions are 501, and with them either meaning of their `webhookUri`",
        "not faked: OAS",
        "gaps 32",
        calls(|e| is(e, "* *event-subscription*")),
    ),
    because(
        "Actions on connector operations or data records can be made; running one is 501",
        "not faked: SDK",
        "gaps B19, decisions 12",
        calls(|e| runs(e) && e.status == 501),
    ),
    because("A token without `exp` never expires; there is no leeway", "assumed", "decisions 7", calls(is_known)),
    because(
        "A token with neither tenant nor `isAdmin` reads the workspace's own; lists of connections and logs are 400",
        "assumed",
        "decisions 8",
        calls(|e| e.caller.as_deref() == Some("workspace")),
    ),
    because(
        "`GET /actions` that names nothing lists universal actions alone",
        "SEED",
        "decisions 10",
        calls(|e| is(e, "GET /actions") && !names_a_place(e)),
    ),
    because(
        "Every `/act` and `/run` that could be read writes a run log, also one that is refused",
        "SEED",
        "decisions 16",
        calls(|e| e.action_run_id.is_some()),
    ),
    because(
        "Logs of calls show the app's real address, and in `sentTo` where they went",
        "our choice",
        "decisions 18",
        calls(|e| is(e, "GET /external-api-logs*")),
    ),
    because(
        "A catalog action repeats a call that got 429 or 503 as often as `upstreamRetries` says, by default never",
        "our choice",
        "decisions 19",
        calls(|e| e.side == Side::Upstream && matches!(e.status, 429 | 503)),
    ),
    because(
        "Catalog connectors come with an OAuth client; half of an own one leads to CONFIGURATION_ERROR",
        "our choice",
        "decisions 5",
        calls(|e| e.operation == Some("connect")),
    ),
    because(
        "Keys are not fetched from a `jwksUri`: 501",
        "not faked: SDK",
        "docs-behaviour 1",
        calls(|e| is(e, "PATCH /workspaces/*") && e.status == 501),
    ),
    because(
        "An export has no parameters of integrations; an import keeps those that are there",
        "SDK",
        "docs-http-api 11",
        calls(|e| is(e, "GET /export") || is(e, "POST /import")),
    ),
    because(
        "An import archives what its archive lacks, unless it is `partial`; `diff` and `force` change nothing",
        "assumed",
        "docs-http-api 11",
        calls(|e| is(e, "POST /import")),
    ),
];
