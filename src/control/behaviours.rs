//! This module lists, as data, the behaviours that clients rely on and that no single route's source
//! settles: where each comes from, what was decided where sources disagree or are silent, and which calls
//! rely on it. The ledger serves the list.

use crate::base::operation::Operation;
use crate::base::pattern::is_like;
use crate::journal::{DEAD_CONNECTION, Entry, Side};
use crate::nouns::webhook::model::{WebhookDelivery, WorkspaceEvent};

/// An entry is one behaviour of the fake.
pub(super) struct Behaviour {
    /// The sentence says what the fake does.
    pub(super) what: &'static str,
    /// The text names the source, in the terms of [`level_of`](crate::control::fidelity::level_of).
    pub(super) source: &'static str,
    /// The text says what settles it where sources disagree or are silent, and names the
    /// rule of `docs/behaviour.md` that says more.
    pub(super) decided: &'static str,
    /// The function finds the calls or webhooks that rely on the behaviour.
    pub(super) leans: Leans,
}

/// What relies on a behaviour: everything whose answer it may change.
#[derive(Clone, Copy)]
pub(super) enum Leans {
    /// Calls of either side rely on it.
    Calls(fn(&Entry) -> bool),
    /// Webhooks to the app rely on it.
    Webhooks(fn(&WebhookDelivery) -> bool),
}

impl Leans {
    /// Returns how many entries and deliveries rely on it, as far back as the journal goes.
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

/// Returns whether a client's call has a method and a route like this pattern.
fn is(entry: &Entry, call: &str) -> bool {
    let route = entry.route.as_deref().filter(|_| entry.side == Side::Api);
    route.is_some_and(|route| is_like(&format!("{} {route}", entry.method), call))
}

/// Returns whether a call's query has a field of this name.
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
    entry.operation == Some(Operation::Act)
}

fn begins_a_flow_run(entry: &Entry) -> bool {
    entry.operation == Some(Operation::FlowRun)
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

/// Returns whether a query for a list of actions names an integration, a connection, an app or something narrower.
fn names_a_place(entry: &Entry) -> bool {
    let places =
        ["integrationId", "integrationKey", "connectionId", "connectionKey", "externalAppId", "externalAppKey"];
    places.iter().chain(&["id", "layer", "search"]).any(|field| asks(entry, field))
}

/// Every behaviour of the ledger, in the order in which it is served.
pub(super) const BEHAVIOURS: [Behaviour; 92] = [
    because(
        "A lost connection reads DISCONNECTED; with `connectionStates: engine` it stays READY with `disconnected: true`",
        "SEED",
        "SEED wins over the client's enum: docs/behaviour.md#connection-states",
        calls(|e| is(e, "GET /connections*")),
    ),
    because(
        "A call through it is 400 `connection` with `code: CONNECTION_DISCONNECTED`; 401 by setting",
        "SEED",
        "400 tells it from a bad token, the code is always there: docs/behaviour.md#connection-lost-call",
        calls(is_dead),
    ),
    because(
        "`code` and `actionRunId` stand at the top level, `actionRunId` in `data` too",
        "SEED",
        "clients read either place: docs/behaviour.md#log-error-place",
        calls(|e| is_dead(e) || (e.status >= 400 && e.action_run_id.is_some())),
    ),
    because(
        "`/act` is closed to unknown fields; every `/run` spelling works beside it",
        "SEED",
        "new code calls the one, older code the other: docs/behaviour.md#run-spellings",
        calls(|e| is(e, "POST /act")),
    ),
    because(
        "Integration parameters: PATCH merges, PUT replaces; read as descriptors with `value`",
        "OAS",
        "the verbs and shapes of both sources are served: docs/behaviour.md#integration-parameters",
        calls(|e| is(e, "* /integrations/*/parameters")),
    ),
    because(
        "Both refresh paths renew the credentials",
        "SDK",
        "two names for one thing: docs/behaviour.md#connection-refresh",
        calls(|e| e.operation == Some(Operation::Refresh)),
    ),
    because(
        "Both claim vocabularies are read, mixed too; contradicting ones are 401",
        "SEED",
        "documents and client name the claims differently: docs/behaviour.md#token-claims",
        calls(is_known),
    ),
    because(
        "`isAdmin` may be true, 1, \"1\" or \"true\", and stand beside a tenant",
        "PG",
        "every form that is seen in use: docs/behaviour.md#token-admin",
        calls(is_manager),
    ),
    because(
        "The logged `action` can be sent back to `/act` as it is",
        "OAS",
        "all that the sources show, in one record: docs/behaviour.md#log-action",
        calls(|e| is(e, "GET /action-run-logs/*")),
    ),
    because(
        "Log details are the whole record with a `details` member",
        "SEED",
        "the record and the raw content at once: docs/behaviour.md#log-details",
        calls(|e| is(e, "GET *logs/{id}/details")),
    ),
    because(
        "Webhooks carry both payload vocabularies at once",
        "DOC",
        "an app written for either page works: docs/behaviour.md#webhook-payload",
        webhooks(|_| true),
    ),
    because(
        "`connection.deleted` is told on archive",
        "DOC",
        "what archives says so, a disconnect has its own event: docs/behaviour.md#webhook-created",
        webhooks(|sent| sent.event_type == WorkspaceEvent::Deleted),
    ),
    because(
        "Creates answer 200",
        "OAS",
        "the platform's file has no 201: docs/behaviour.md#element-change",
        calls(|e| e.status == 200 && creates(e)),
    ),
    because(
        "Snippets get both generations of arguments",
        "SEED",
        "older and newer snippets run: docs/behaviour.md#act-snippet",
        calls(runs),
    ),
    because(
        "`/connect` answers JSON with JSON and a form with pages",
        "SDK",
        "whoever asks in a form wants pages: docs/behaviour.md#connect-json",
        calls(|e| is(e, "POST /connect") || is(e, "POST /screens/connect")),
    ),
    because(
        "DELETE answers the archived element",
        "assumed",
        "no answer is documented: docs/behaviour.md#element-archive",
        calls(|e| is(e, "DELETE *") && e.status == 200),
    ),
    because(
        "Lists hold 100 unless asked, oldest first, logs newest first",
        "assumed",
        "no default is documented: docs/behaviour.md#list-page",
        calls(|e| is_list(e) && !asks(e, "limit")),
    ),
    because(
        "An input that does not fit its schema, and a refusing app, are 400",
        "assumed",
        "no status is documented: docs/behaviour.md#act-input, #act-upstream-error",
        calls(|e| runs(e) && e.status == 400),
    ),
    because(
        "Of several connections the latest READY one is the default",
        "assumed",
        "the sources do not say which: docs/behaviour.md#connection-default",
        calls(|e| runs(e) && !e.connection.is_empty()),
    ),
    because(
        "A known `connectionKey` means reconnect",
        "assumed",
        "the sources do not say what a key that is taken means: docs/behaviour.md#connection-key",
        calls(|e| e.operation == Some(Operation::Connect)),
    ),
    because(
        "Another tenant's elements are 404, not 403",
        "assumed",
        "tenants never see each other's data: docs/behaviour.md#tenant-isolation",
        calls(|e| is_tenant(e) && e.status == 404),
    ),
    because(
        "429 says when to come back only when the rule says so",
        "assumed",
        "no header is documented: docs/behaviour.md#error-429",
        calls(|e| e.status == 429),
    ),
    because(
        "`/act` with `api` answers the app's body alone",
        "SEED",
        "examples use it as the app's data: docs/behaviour.md#act-output",
        calls(|e| is(e, "POST /act") && e.action.is_empty()),
    ),
    because(
        "Intents are matched by words, nothing is thought",
        "our choice",
        "no network, and the same answer each time: docs/behaviour.md#connect-intent, #action-intent",
        calls(|e| e.status < 300 && (is(e, "POST /actions") || e.operation == Some(Operation::Connect))),
    ),
    because(
        "Agent sessions are scripted",
        "our choice",
        "no model, no network: docs/behaviour.md#agent-scripted",
        calls(|e| is(e, "* /agent/sessions*")),
    ),
    because(
        "Tenants may not POST `/actions` or change workspace-level ones: 403; their connections' versions they may",
        "SEED",
        "SEED wins over pages that let tenants make actions: docs/behaviour.md#rights-actions",
        calls(|e| is_tenant(e) && e.status == 403),
    ),
    because(
        "With `mock.tenantMayCreateActions`, tenants make actions for their own connections",
        "SKILLS",
        "agents are told to, and SEED is the default: docs/behaviour.md#rights-actions",
        calls(|e| is_tenant(e) && e.status < 300 && is(e, "POST /actions")),
    ),
    because(
        "Searches rank by words: what is called so first, then names, then descriptions",
        "our choice",
        "the platform's ranking is not published: docs/behaviour.md#search",
        calls(|e| is(e, "GET /search") || is(e, "GET /semantic-search")),
    ),
    because(
        "A body field that looks like one that the route has is 400",
        "our choice",
        "whoever sends one means something by it: docs/behaviour.md#body-fields",
        calls(|e| e.status == 400 && (is(e, "POST *") || is(e, "PATCH *"))),
    ),
    because(
        "Archived integrations, connections and actions are found by id; by key only to be restored",
        "SEED",
        "its record stays, its use ends: docs/behaviour.md#element-archived",
        calls(|e| is(e, "GET *{selector}") || is(e, "GET /connections/{connection}") || is(e, "POST *restore")),
    ),
    because(
        "A new connection replaces the integration's others once READY, unless keyed or `allowMultipleConnections`",
        "IAPP",
        "a key says that another one is meant: docs/behaviour.md#connection-replace",
        calls(|e| e.operation == Some(Operation::Connect)),
    ),
    because(
        "A vendor that does not answer a refresh is asked again after 5, 10, 20, 40 s, then the connection is lost",
        "assumed",
        "no count, pause or trigger is documented: docs/behaviour.md#connection-backoff, #connection-defunct",
        calls(|e| e.side == Side::Upstream && e.path.starts_with("/oauth/token") && !(200..500).contains(&e.status)),
    ),
    because(
        "Webhooks are tried eight times, again after 1, 2, 4 … 64 s; signed only with `webhookSecret`",
        "assumed",
        "no count, pause or signature is documented: docs/behaviour.md#webhook-retry, #webhook-signature",
        webhooks(|sent| sent.attempts.len() > 1),
    ),
    because(
        "A failed build is CONFIGURATION_ERROR or SETUP_FAILED; ERROR comes of a poke, `progress` or `markDefunct`",
        "SEED",
        "SEED wins over the client's enum: docs/behaviour.md#connection-states",
        calls(|e| is(e, "GET /connections*") || e.operation == Some(Operation::Connect)),
    ),
    because(
        "`/act` takes exactly one of `id`, `key`, `api` and `code`, else it is 400",
        "SEED",
        "the sources count three ways or four, all of them one at a time: docs/behaviour.md#act-closed",
        calls(|e| is(e, "POST /act") && e.status == 400),
    ),
    because(
        "Tokens may be signed with HS256, HS384 or HS512, or with a registered ES, RS, PS or EdDSA key",
        "DOC",
        "every algorithm that the sources name: docs/behaviour.md#token-algorithm",
        calls(is_known),
    ),
    because(
        "Actions carry `layer`, and `integrationKey` where there is an integration",
        "SEED",
        "SEED's lists show both: docs/behaviour.md#action-list",
        calls(|e| is(e, "* */actions*") || is(e, "* /action") || is(e, "* /action/*")),
    ),
    because(
        "Catalog actions have an empty `key`",
        "SEED",
        "SEED has it empty, the client optional: docs/behaviour.md#action-catalog",
        calls(|e| is(e, "GET /actions*")),
    ),
    because(
        "An action that could not be built is ERROR",
        "SEED",
        "SEED wins over the client's enum: docs/behaviour.md#action-intent",
        calls(|e| is(e, "GET /actions*")),
    ),
    because(
        "Types of elements are read in any case and answered in kebab case",
        "assumed",
        "the sources spell them in several ways: docs/behaviour.md#agent-type",
        calls(|e| is(e, "* /agent/sessions*")),
    ),
    because(
        "Connections and logs name their tenant as `userId` and `tenantId`",
        "SDK",
        "the sources have three names for it, so all are given: docs/behaviour.md#tenant-ids",
        calls(|e| is(e, "GET /connections*") || is(e, "GET *logs*")),
    ),
    because(
        "Webhooks name it as `customerId` too",
        "SDK",
        "the sources have three names for it, so all are given: docs/behaviour.md#tenant-ids",
        webhooks(|_| true),
    ),
    because(
        "External API logs name it as `customerId` too",
        "SDK",
        "the sources have three names for it, so all are given: docs/behaviour.md#tenant-ids",
        calls(|e| is(e, "GET /external-api-logs*")),
    ),
    because(
        "`tenantId` and `userId` filter connections, actions and logs by a tenant's id or key",
        "PG",
        "the sources have three names for it, so all are given: docs/behaviour.md#tenant-ids",
        calls(|e| asks(e, "tenantId") || asks(e, "userId")),
    ),
    because(
        "`API-Version` and `membrane-api-version` are accepted and change nothing",
        "assumed",
        "documents and client name the header differently: docs/behaviour.md#api-version",
        calls(|e| is_known(e) || is_nobody(e)),
    ),
    because(
        "In snippets `membrane.proxy` answers `{status, headers, data}`, `membrane.connection(…).proxy` the body",
        "DOC",
        "each answers what its own source says: docs/behaviour.md#act-snippet-proxy",
        calls(runs),
    ),
    because(
        "`/connect`, `/connections`, `/connections/ensure` and `/connection-requests` lead through the same states",
        "SDK",
        "one machine behind every way in: docs/behaviour.md#connection-create",
        calls(|e| e.operation == Some(Operation::Connect) || is(e, "POST /connections")),
    ),
    because(
        "`/customers`, `/tenants` and `/users` are one kind",
        "OAS",
        "the sources have three names for it: docs/behaviour.md#tenant-names",
        calls(|e| is(e, "* /customer*") || is(e, "* /tenant*") || is(e, "* /user*")),
    ),
    because(
        "Each connection has `connected` and its opposite `disconnected`; both filter the list",
        "OAS",
        "older and newer sources read either: docs/behaviour.md#connection-flags",
        calls(|e| is(e, "GET /connections*")),
    ),
    because(
        "Ids are 24 hexadecimal digits; a seed's derive from its keys",
        "SEED",
        "documents show several forms, so they are opaque: docs/behaviour.md#element-id",
        calls(|e| is(e, "GET *{selector}") || is(e, "GET *{connection}") || is(e, "GET *{id}")),
    ),
    because(
        "An archived element takes no PATCH or PUT: 400",
        "OAS",
        "its record stays, its use ends: docs/behaviour.md#element-archived",
        calls(|e| (is(e, "PATCH *") || is(e, "PUT *")) && e.status == 400),
    ),
    because(
        "`/act` knows no archived action and no archived connection: 404",
        "SEED",
        "its record stays, its use ends: docs/behaviour.md#element-archived",
        calls(|e| runs(e) && e.status == 404),
    ),
    because(
        "What stands below something archived is out of service with it, and a flow run that waits meanwhile fails",
        "SEED",
        "what is archived can no longer be called; that a run fails is assumed: docs/behaviour.md#element-below-archived",
        calls(|e| e.status == 404 && (runs(e) || begins_a_flow_run(e))),
    ),
    because(
        "A list of an integration or a connection has each key once, in the version that serves it",
        "real-use",
        "a tool per key is made of each item: docs/behaviour.md#element-list-key",
        calls(|e| is(e, "GET *actions") || is(e, "GET *flows")),
    ),
    because(
        "DELETE of a workspace's own connector or external app is for good",
        "OAS",
        "the sources have no restore for them: docs/behaviour.md#connector-delete",
        calls(|e| is(e, "DELETE /connectors/*") || is(e, "DELETE /external-apps/*")),
    ),
    because(
        "A cursor is a decimal number that stands for the last item shown; 0 is the start",
        "assumed",
        "an item archived between two pages skips nothing: docs/behaviour.md#list-cursor",
        calls(|e| asks(e, "cursor") || e.next_cursor.is_some()),
    ),
    because(
        "Without a scope, a key of several actions, none of them universal, is 400 with the candidates",
        "assumed",
        "a guess would run the wrong one: docs/behaviour.md#element-ambiguous",
        calls(|e| runs(e) && e.status == 400),
    ),
    because(
        "Tenants may share a connection key; a manager without a tenant who uses it gets 400",
        "assumed",
        "the sources do not say what a key that is taken means: docs/behaviour.md#connection-key",
        calls(|e| !e.connection.is_empty()),
    ),
    because(
        "POST `/connections` replaces nothing; a key that is taken is 400 `already_exists`",
        "assumed",
        "a program must not undo what a user did: docs/behaviour.md#connection-create",
        calls(|e| is(e, "POST /connections")),
    ),
    because(
        "A restored connection stands where it stood",
        "assumed",
        "archived is no state of the machine: docs/behaviour.md#connection-restore",
        calls(|e| is(e, "POST /connections/*/restore")),
    ),
    because(
        "`isDefunct` is true after the fault `markDefunct`, until the connection is READY again",
        "assumed",
        "no count, pause or trigger is documented: docs/behaviour.md#connection-backoff, #connection-defunct",
        calls(|e| is(e, "GET /connections*")),
    ),
    because(
        "A run through a disconnected connection leaves a run log and no external API log",
        "assumed",
        "nothing was sent: docs/behaviour.md#log-lost",
        calls(|e| is_dead(e) && e.action_run_id.is_some()),
    ),
    because(
        "A tenant sees its own logs, a manager all; one with a tenant lists that tenant's unless told another",
        "assumed",
        "tenants never see each other's data: docs/behaviour.md#log-visibility",
        calls(|e| is(e, "GET *logs*")),
    ),
    because(
        "PATCH merges workspace `settings`, integration `parameters` and tenant `fields` one level deep, nothing else",
        "assumed",
        "no depth is documented: docs/behaviour.md#element-change",
        calls(|e| is(e, "PATCH *")),
    ),
    because(
        "`/workspaces/{id}` takes id or key of the caller's own workspace and never shows the secret",
        "assumed",
        "only PATCH is documented: docs/behaviour.md#workspace-own",
        calls(|e| is(e, "* /workspaces*")),
    ),
    because(
        "Everyone reads what is the workspace's, managers edit it",
        "assumed",
        "rights are documented for some calls, others follow: docs/behaviour.md#rights-manager, #tenant-managers",
        calls(|e| is_tenant(e) && is(e, "GET *")),
    ),
    because(
        "`/workspaces` and `/customers`, under all its names, are for managers alone",
        "assumed",
        "rights are documented for some calls, others follow: docs/behaviour.md#rights-manager, #tenant-managers",
        calls(|e| is(e, "* /workspaces*") || is(e, "* /customer*") || is(e, "* /tenant*") || is(e, "* /user*")),
    ),
    because(
        "There is no `/functions`: 404",
        "assumed",
        "no source has it: docs/behaviour.md#not-faked-data",
        calls(|e| e.route.is_none() && e.path.starts_with("/functions")),
    ),
    because(
        "Packages are 501, under their older name `/scenarios` too",
        "not faked: SDK",
        "the client has one class for both names: docs/behaviour.md#not-faked-data",
        calls(|e| is(e, "* /package*") || is(e, "* /scenarios*")),
    ),
    because(
        "Data sources are 501, so full syncs have no least interval",
        "not faked: DOC",
        "the sources have three numbers for it: docs/behaviour.md#not-faked-data",
        calls(|e| is(e, "* *data-source*")),
    ),
    because(
        "One flow run of a connection goes on at a time, the others wait as `queued`",
        "DOC",
        "the limits page says one: docs/behaviour.md#flow-run-turn",
        calls(begins_a_flow_run),
    ),
    because(
        "A flow run fails when any of its nodes did, though its other ways go on",
        "assumed",
        "the page tells how a node fails, not the run: docs/behaviour.md#flow-run-failed",
        calls(begins_a_flow_run),
    ),
    because(
        "Runs of flows are launched by the API alone: no schedule, event or record begins one",
        "not faked: IAPP:docs/flows",
        "data and events are not faked: docs/behaviour.md#flow-run-api, #flow-run-records",
        calls(|e| is(e, "* *flow*")),
    ),
    because(
        "Nodes on data records and data links can be made; they fail the run",
        "not faked: SDK",
        "data and events are not faked: docs/behaviour.md#flow-run-api, #flow-run-records",
        calls(begins_a_flow_run),
    ),
    because(
        "A run's output is an object of lists by node, as that of a For Each; a node's `data` is JSON text",
        "assumed",
        "the client has the calls, not what they do: docs/behaviour.md#flow-run-output, #flow-run-instance",
        calls(|e| is(e, "GET /flow-runs/*output*")),
    ),
    because(
        "A change of a flow merges its nodes by key, null removes one; a new version of the flow leaves customised nodes",
        "assumed",
        "the client has the shapes, not the rules: docs/behaviour.md#flow-nodes",
        calls(|e| is(e, "PATCH *flow*") || is(e, "POST */update-to-latest-flow")),
    ),
    because(
        "Running a flow at a connection makes its instance when there is none",
        "assumed",
        "the client has the calls, not what they do: docs/behaviour.md#flow-run-output, #flow-run-instance",
        calls(|e| is(e, "POST */flows/*/run") || is(e, "POST /flow/run")),
    ),
    because(
        "An app data schema has an instance for each tenant that asks for one, and none for a connection",
        "assumed",
        "the client has the calls, not what they do: docs/behaviour.md#app-data-schema-instance",
        calls(|e| is(e, "* /app-data-schema-instance*")),
    ),
    because(
        "The `code` of an app data schema is kept and answered; nothing runs it",
        "assumed",
        "no source says what it is for: docs/behaviour.md#app-data-schema-code",
        calls(|e| is(e, "POST /app-data-schema*") || is(e, "P* /app-data-schema*")),
    ),
    because(
        "Calls to your app carry a token that says whose they are; it ends in real time whatever the workspace's clock says",
        "real-use",
        "the vendor's receivers check it; how long it lasts is assumed: docs/behaviour.md#your-app-token",
        calls(|e| runs(e) || begins_a_flow_run(e)),
    ),
    because(
        "Event subscriptions are 501, and with them either meaning of their `webhookUri`",
        "not faked: OAS",
        "the sources give it two meanings: docs/behaviour.md#not-faked-data",
        calls(|e| is(e, "* *event-subscription*")),
    ),
    because(
        "Actions on connector operations or data records can be made; running one is 501",
        "not faked: SDK",
        "their configuration is not documented: docs/behaviour.md#action-types",
        calls(|e| runs(e) && e.status == 501),
    ),
    because(
        "A token without `exp` never expires; there is no leeway",
        "assumed",
        "client tokens of the console do not expire: docs/behaviour.md#token-time",
        calls(is_known),
    ),
    because(
        "A token with neither tenant nor `isAdmin` reads the workspace's own; lists of connections and logs are 400",
        "assumed",
        "no source says what such a token may do: docs/behaviour.md#caller-neither",
        calls(|e| e.caller.as_deref() == Some("workspace")),
    ),
    because(
        "`GET /actions` that names nothing lists universal actions alone",
        "SEED",
        "the workspace CLI fails when it gets more: docs/behaviour.md#action-list",
        calls(|e| is(e, "GET /actions") && !names_a_place(e)),
    ),
    because(
        "Every `/act` and `/run` that could be read writes a run log, also one that is refused",
        "SEED",
        "a refused call needs evidence most: docs/behaviour.md#log-always",
        calls(|e| e.action_run_id.is_some()),
    ),
    because(
        "Logs of calls show the app's real address, and in `sentTo` where they went",
        "our choice",
        "a reader looks for the app's address, not the fake's: docs/behaviour.md#log-address",
        calls(|e| is(e, "GET /external-api-logs*")),
    ),
    because(
        "A catalog action repeats a call that got 429 or 503 as often as `upstreamRetries` says, by default never",
        "our choice",
        "catalog actions have their retries from the platform: docs/behaviour.md#act-retry",
        calls(|e| e.side == Side::Upstream && matches!(e.status, 429 | 503)),
    ),
    because(
        "Catalog connectors come with an OAuth client; half of an own one leads to CONFIGURATION_ERROR",
        "our choice",
        "connecting needs no client of one's own: docs/behaviour.md#connector-oauth-client, #connect-misconfigured",
        calls(|e| e.operation == Some(Operation::Connect)),
    ),
    because(
        "Keys are not fetched from a `jwksUri`: 501",
        "not faked: SDK",
        "nothing is fetched from elsewhere: docs/behaviour.md#token-refused",
        calls(|e| is(e, "PATCH /workspaces/*") && e.status == 501),
    ),
    because(
        "An export has no parameters of integrations; an import keeps those that are there",
        "SDK",
        "the sources name the options, not the effect: docs/behaviour.md#export-parameters, #import-archives",
        calls(|e| is(e, "GET /export") || is(e, "POST /import")),
    ),
    because(
        "An import archives what its archive lacks, unless it is `partial`; `diff` and `force` change nothing",
        "assumed",
        "the sources name the options, not the effect: docs/behaviour.md#export-parameters, #import-archives",
        calls(|e| is(e, "POST /import")),
    ),
];
