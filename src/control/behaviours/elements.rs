//! Elements: how they are made, changed, listed and archived.

use crate::control::behaviours::{Behaviour, because, begins_a_flow_run, calls, creates, is, names_a_place, runs};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    because(
        "Creates answer 200",
        "OAS",
        "the platform's file has no 201: docs/behaviour.md#element-change",
        calls(|e| e.status == 200 && creates(e)),
    ),
    because(
        "DELETE answers the archived element",
        "assumed",
        "no answer is documented: docs/behaviour.md#element-archive",
        calls(|e| is(e, "DELETE *") && e.status == 200),
    ),
    because(
        "Archived integrations, connections and actions are found by id; by key only to be restored",
        "SEED",
        "its record stays, its use ends: docs/behaviour.md#element-archived",
        calls(|e| is(e, "GET *{selector}") || is(e, "GET /connections/{connection}") || is(e, "POST *restore")),
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
        "Without a scope, a key of several actions, none of them universal, is 400 with the candidates",
        "assumed",
        "a guess would run the wrong one: docs/behaviour.md#element-ambiguous",
        calls(|e| runs(e) && e.status == 400),
    ),
    because(
        "PATCH merges workspace `settings`, integration `parameters` and tenant `fields` one level deep, nothing else",
        "assumed",
        "no depth is documented: docs/behaviour.md#element-change",
        calls(|e| is(e, "PATCH *")),
    ),
    because(
        "A change of a flow merges its nodes by key, null removes one; a new version of the flow leaves customised nodes",
        "assumed",
        "the client has the shapes, not the rules: docs/behaviour.md#flow-nodes",
        calls(|e| is(e, "PATCH *flow*") || is(e, "POST */update-to-latest-flow")),
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
        "`GET /actions` that names nothing lists universal actions alone",
        "SEED",
        "the workspace CLI fails when it gets more: docs/behaviour.md#action-list",
        calls(|e| is(e, "GET /actions") && !names_a_place(e)),
    ),
    because(
        "An element named by its key and an integration alone is the integration's, also where the caller's connection has its own",
        "DOC",
        "a run takes the connection's: docs/behaviour.md#element-selector",
        calls(|e| is(e, "GET *{selector}") && names_a_place(e)),
    ),
    because(
        "Each change of what a workspace defines leaves a checkpoint; `diff` is from it to the element as it is",
        "assumed",
        "the client has the shapes, not when they are made: docs/behaviour.md#checkpoints",
        calls(|e| is(e, "* /checkpoints*")),
    ),
    because(
        "`spec.yaml` of a connector is the connector itself; other files are kept, and their code is not run",
        "assumed",
        "the paths are documented, what they take is not: docs/behaviour.md#connector-files",
        calls(|e| is(e, "* /connectors/{selector}/*file*") || is(e, "* /connectors/{selector}/*load")),
    ),
];
