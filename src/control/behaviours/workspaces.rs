//! Workspaces, who may do what in them, and what they are made of.

use crate::base::operation::Operation;
use crate::control::behaviours::{Behaviour, asks, because, calls, is, is_known, is_manager, is_tenant, webhooks};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    because(
        "Integration parameters: PATCH merges, PUT replaces; read as descriptors with `value`",
        "OAS",
        "the verbs and shapes of both sources are served: docs/behaviour.md#integration-parameters",
        calls(|e| is(e, "* /integrations/*/parameters")),
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
        "Another tenant's elements are 404, not 403",
        "assumed",
        "tenants never see each other's data: docs/behaviour.md#tenant-isolation",
        calls(|e| is_tenant(e) && e.status == 404),
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
        "Tokens may be signed with HS256, HS384 or HS512, or with a registered ES, RS, PS or EdDSA key",
        "DOC",
        "every algorithm that the sources name: docs/behaviour.md#token-algorithm",
        calls(is_known),
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
        "`/customers`, `/tenants` and `/users` are one kind",
        "OAS",
        "the sources have three names for it: docs/behaviour.md#tenant-names",
        calls(|e| is(e, "* /customer*") || is(e, "* /tenant*") || is(e, "* /user*")),
    ),
    because(
        "DELETE of a workspace's own connector or external app is for good",
        "OAS",
        "the sources have no restore for them: docs/behaviour.md#connector-delete",
        calls(|e| is(e, "DELETE /connectors/*") || is(e, "DELETE /external-apps/*")),
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
