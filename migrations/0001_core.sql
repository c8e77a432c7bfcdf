-- The truth of the fake. Everything that is state is one row of `record`: its kind, its place in the order of
-- creation, and its JSON. This process is the only writer and answers reads from a model of these rows in memory, so
-- a row has the columns that identify and order it, and what is worth looking at by hand is a view over the JSON.
create table record (
  workspace text not null,
  kind text not null,
  id text not null,
  seq integer not null,
  body text not null check (json_valid(body)),
  primary key (workspace, kind, id)
) strict, without rowid;

-- A tenant's live connections have distinct keys, and so have a workspace's tenants: held here as well as by the code.
create unique index record_connection_key
  on record (workspace, body ->> '$.tenant', body ->> '$.key')
  where kind = 'connection' and body ->> '$.archivedAt' is null and body ->> '$.key' is not null;
create unique index record_tenant_key on record (workspace, body ->> '$.internalId') where kind = 'tenant';

-- Evidence only grows and may be large, so it stays here and is not part of the model in memory.
create table action_run (
  workspace text not null,
  seq integer not null,
  id text not null,
  body text not null check (json_valid(body)),
  details text not null check (json_valid(details)),
  tenant text generated always as (body ->> '$.tenantId') virtual,
  status text generated always as (body ->> '$.status') virtual,
  created_at text generated always as (body ->> '$.createdAt') virtual,
  primary key (workspace, seq)
) strict, without rowid;
create unique index action_run_id on action_run (workspace, id);

create table api_log (
  workspace text not null,
  seq integer not null,
  id text not null,
  body text not null check (json_valid(body)),
  details text not null check (json_valid(details)),
  tenant text generated always as (body ->> '$.tenantId') virtual,
  created_at text generated always as (body ->> '$.createdAt') virtual,
  primary key (workspace, seq)
) strict, without rowid;
create unique index api_log_id on api_log (workspace, id);

create view connection as
  select workspace, id, body ->> '$.tenant' as tenant, body ->> '$.key' as key, body ->> '$.state' as state,
    body ->> '$.integration' as integration, body ->> '$.archivedAt' as archived_at, body
  from record where kind = 'connection' order by workspace, seq;
create view integration as
  select workspace, id, body ->> '$.key' as key, body ->> '$.name' as name, body ->> '$.archivedAt' as archived_at, body
  from record where kind = 'integration' order by workspace, seq;
create view action as
  select workspace, id, body ->> '$.key' as key, body ->> '$.type' as type, body ->> '$.integration' as integration,
    body ->> '$.connection' as connection, body ->> '$.archivedAt' as archived_at, body
  from record where kind = 'action' order by workspace, seq;
create view tenant as
  select workspace, id, body ->> '$.internalId' as key, body ->> '$.name' as name, body
  from record where kind = 'tenant' order by workspace, seq;
