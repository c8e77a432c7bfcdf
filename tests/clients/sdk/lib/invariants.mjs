// What holds of a workspace whatever happened to it, judged by its records as the database has them
// (`GET /__mock/workspaces/{key}/export`). Everything that was due is done.

/** Where an element points to. Kinds without versions, such as screens, have the fields of a place, too, and leave them out. */
const layered = (parent) => ({ integration: '?integration', connection: '?connection', tenant: '?tenant', parent: `?${parent}` });

/**
 * Kinds of records, and where each points to. A `?` may be missing; a `catalog:` may be shared by all workspaces; what was
 * there `once:` may be gone, as a first attempt of a hosted page that is cancelled leaves nothing behind.
 */
const KINDS = {
  ...Object.fromEntries(
    [
      'data-source',
      'field-mapping',
      'data-link-table',
      'package',
      'external-event-type',
      'app-data-schema',
      'app-event-type',
      'screen',
      'connected-product',
    ].map((kind) => [kind, layered(kind)]),
  ),
  'external-event-subscription': { tenant: 'tenant', connection: 'connection', integration: '?integration' },
  workspace: {},
  tenant: {},
  'external-app': {},
  connector: { externalAppId: '?catalog:external-app' },
  integration: { connectorId: '?catalog:connector', externalAppId: '?catalog:external-app' },
  connection: {
    tenant: 'tenant',
    integration: '?integration',
    connector: '?catalog:connector',
    externalApp: '?catalog:external-app',
    request: '?connection-request',
    buildingAgentSession: '?agent-session',
  },
  action: {
    integration: '?integration',
    connection: '?connection',
    tenant: '?tenant',
    externalApp: '?catalog:external-app',
    parent: '?catalog:action',
  },
  flow: {
    integration: '?integration',
    connection: '?connection',
    tenant: '?tenant',
    externalApp: '?catalog:external-app',
    parent: '?flow',
  },
  'flow-run': { tenant: 'tenant', flow: 'flow', connection: 'connection', integration: '?integration' },
  'connection-request': { tenant: 'tenant', connection: 'once:connection' },
  'connection-attempt-log': {
    tenantId: 'tenant',
    userId: 'tenant',
    integrationId: '?integration',
    connectionId: 'once:connection',
    connectorId: '?catalog:connector',
    externalAppId: '?catalog:external-app',
    connectionRequestId: '?connection-request',
  },
  'agent-session': { tenant: '?tenant' },
  // Its element is of the kind that it names.
  checkpoint: {},
  'connector-file': { connector: 'catalog:connector' },
  'connector-version': { connector: 'catalog:connector' },
  job: {},
  grant: {},
  'webhook-delivery': {},
  scenario: {},
  stub: {},
};

/** What no two live records of a kind have in common. */
const DISTINCT = {
  tenant: ({ internalId }) => internalId,
  connector: ({ key }) => key,
  integration: ({ key }) => key,
  connection: ({ tenant, key }) => key && `${tenant} ${key}`,
  action: ({ integration, connection, instanceKey, isPublic, key }) =>
    !isPublic && key && [integration, connection, instanceKey, key].join(' '),
  flow: ({ integration, connection, instanceKey, key }) => key && [integration, connection, instanceKey, key].join(' '),
  'connector-file': ({ connector, path }) => `${connector} ${path}`,
  'connector-version': ({ connector, version }) => `${connector} ${version}`,
  grant: ({ accessToken }) => accessToken,
  checkpoint: ({ elementId, checkpointNumber }) => `${elementId} ${checkpointNumber}`,
};

// The machines, as in `src/nouns/<noun>/model`: state, event, what comes of it

const BEFORE = ['READY', 'DISCONNECTED', 'ERROR', 'CONFIGURATION_ERROR', 'SETUP_FAILED'];
const BROKEN = BEFORE.filter((state) => state !== 'READY');
const AGAIN = { reconnect: ['CLIENT_ACTION_REQUIRED'], rebuild: ['BUILDING'] };
/** `ConnectionState::on`. A cancel leads back to where the connection was. */
const CONNECTION = {
  BUILDING: {
    askUser: ['CLIENT_ACTION_REQUIRED'],
    finish: ['READY'],
    failConfiguration: ['CONFIGURATION_ERROR'],
    failSetup: ['SETUP_FAILED'],
    fail: ['ERROR'],
  },
  CLIENT_ACTION_REQUIRED: {
    finish: ['READY'],
    finalize: ['BUILDING'],
    reconnect: ['CLIENT_ACTION_REQUIRED'],
    cancel: ['CLIENT_ACTION_REQUIRED', ...BEFORE],
  },
  CONFIGURATION_ERROR: AGAIN,
  SETUP_FAILED: AGAIN,
  READY: { ...AGAIN, fail: ['ERROR'], loseCredentials: ['DISCONNECTED'], disconnect: ['DISCONNECTING'] },
  DISCONNECTING: { disconnected: ['DISCONNECTED'] },
  DISCONNECTED: AGAIN,
  ERROR: AGAIN,
};
/** `ActionState::on`. */
const ACTION = { BUILDING: { finish: ['READY'], fail: ['ERROR'] }, READY: {}, ERROR: {} };
const IDLE = { resume: ['queued'] };
const BUSY = { complete: ['completed'], fail: ['failed'], stop: ['cancelled'] };
/** `AgentStatus::on` (agent_session.rs). */
const SESSION = {
  queued: { ...BUSY, start: ['starting'], run: ['running'] },
  starting: { ...BUSY, run: ['running'] },
  running: BUSY,
  completed: IDLE,
  failed: IDLE,
  cancelled: IDLE,
};
/** `FlowRunState::on` (flow_run.rs). */
const FLOW_RUN = {
  queued: { start: ['running'], fail: ['failed'], stop: ['stopped'] },
  running: { complete: ['completed'], fail: ['failed'], stop: ['stopped'] },
  completed: {},
  failed: {},
  stopped: {},
};
const AT_WORK = { complete: ['completed'], fail: ['failed'], cancel: ['cancelled'] };
/** `JobStatus::on` (job.rs). */
const JOB = { pending: { ...AT_WORK, start: ['active'] }, active: AT_WORK, completed: {}, failed: {}, cancelled: {} };
/** So many changes are remembered (history.rs). */
const REMEMBERED = 10;
/** So often a webhook is tried (webhooks.rs). */
const DELIVERY_TRIES = 8;
/** So often in a row a vendor is asked that gives no answer (outbound.rs). */
const REFRESH_TRIES = 5;
/** So much happens at one moment, at most: a connection is lost, runs are queued, started and over. */
const OF_ONE_MOMENT = 6;
/** A fault makes nothing slower, in milliseconds. */
const SLOWEST = 5;

/**
 * Everything about an exported workspace that should not be, in words. `catalog` has what all workspaces share: records by
 * kind and id, and the ids of planted connections.
 */
export function faultsOf(exported, catalog) {
  const found = [];
  const all = exported.records;
  const byKind = new Map(Object.keys(KINDS).map((kind) => [kind, new Map()]));
  for (const { kind, id, record } of all) {
    if (!byKind.has(kind)) found.push(`a record of the unknown kind ${kind}: ${id}`);
    else if (byKind.get(kind).has(id)) found.push(`two records ${kind} ${id}`);
    else byKind.get(kind).set(id, record);
    if (record.id !== undefined && record.id !== id) found.push(`${kind} ${id} calls itself ${record.id}`);
  }
  const now = exported.at;
  const world = { now, workspace: exported.workspace, of: (kind) => byKind.get(kind), catalog };

  checkWhole(exported, world, (why) => found.push(why));
  for (const { kind, id, record } of all) {
    const say = (why) => found.push(`${kind} ${id} (${record.key ?? record.name ?? ''}): ${why}`);
    checkReferences(record, KINDS[kind] ?? {}, world, say);
    checkDates(record, now, say);
    CHECKS[kind]?.(record, world, say);
  }
  for (const [kind, of] of Object.entries(DISTINCT)) {
    const live = [...byKind.get(kind).values()].filter(({ archivedAt }) => !archivedAt).map(of).filter(Boolean);
    const twice = live.filter((value, at) => live.indexOf(value) !== at);
    if (twice.length) found.push(`two live records of ${kind} are ${twice}`);
  }
  return found;
}

function checkWhole({ workspace, clock, at, records }, world, say) {
  const numbers = records.map(({ seq }) => seq);
  if (numbers.some((seq, place) => place > 0 && seq <= numbers[place - 1])) say(`the order is ${numbers}`);
  const [own, ...more] = world.of('workspace').values();
  if (more.length || records[0].kind !== 'workspace' || own.key !== workspace) say('it has not one workspace, its own');
  if (clock.now !== at) say(`it is ${at}, and its clock stands at ${clock.now}`);
  // Kept with the workspace, so that it lasts.
  if (JSON.stringify(own.clock) !== JSON.stringify(clock)) say(`its clock is kept as ${JSON.stringify(own.clock)}`);
}

function checkReferences(record, references, { of, catalog }, say) {
  for (const [field, told] of Object.entries(references)) {
    const [, optional, where, kind] = /^(\?)?(catalog:|once:)?(.+)$/.exec(told);
    const id = record[field] ?? undefined;
    const elsewhere = where === 'once:' || (where === 'catalog:' && catalog[kind].has(id));
    if (id === undefined ? !optional : !of(kind).has(id) && !elsewhere) say(`its ${field} is ${id}, which is no ${kind}`);
  }
}

function checkDates({ createdAt, updatedAt, archivedAt }, now, say) {
  if (createdAt > now || updatedAt < createdAt || updatedAt > now || archivedAt < createdAt || archivedAt > now) {
    say(`made ${createdAt}, written ${updatedAt}, archived ${archivedAt}, at ${now}`);
  }
}

/** Each change begins where the one before it ended, and is one that the machine knows. */
function checkHistory({ history = [], state, createdAt }, machine, starts, { now }, say) {
  if (!(state in machine)) say(`${state} is no state`);
  const first = history[0]?.from ?? state;
  if (history.length < REMEMBERED && !starts.includes(first)) say(`it began as ${first}`);
  let [from, before] = [first, createdAt];
  for (const { at, cause, ...change } of history) {
    if (change.from !== from) say(`from ${from} it went on as ${change.from}`);
    if (!machine[change.from]?.[cause]?.includes(change.to)) say(`${change.from} + ${cause} led to ${change.to}`);
    if (at < before || at > now) say(`it changed at ${at}, after ${before} and before ${now}`);
    [from, before] = [change.to, at];
  }
  if (from !== state) say(`its history ends with ${from}, and it is ${state}`);
  if (history.length > REMEMBERED) say(`${history.length} changes are remembered`);
}

/** What is due lies ahead; without a date, only somebody moves it. */
const overdue = (due, now) => due && (due.reads || !(due.at > now));

const CHECKS = {
  connection(connection, world, say) {
    // Planted ones are READY from the start.
    const starts = world.catalog.planted.has(connection.id) ? ['READY'] : ['BUILDING'];
    checkHistory(connection, CONNECTION, starts, world, say);
    checkCancels(connection, say);
    checkState(connection, say);
    checkCredentials(connection, say);
    checkGrant(connection, world, say);
    if (!connection.archivedAt) checkDue(connection, world, say);
    const session = world.of('agent-session').get(connection.buildingAgentSession);
    if (session && session.elementId !== connection.id) say(`${session.elementId} was built by its session`);
  },

  action(action, world, say) {
    const { state, errors = [], due, history = [], connection, tenant } = action;
    checkHistory(action, ACTION, history.length || state !== 'READY' ? ['BUILDING'] : ['READY'], world, say);
    if (state === 'BUILDING' && !due) say('it is BUILDING, and nothing is due');
    if (state !== 'BUILDING' && due) say(`it is ${state}, and ${JSON.stringify(due)} is due`);
    if (overdue(due, world.now)) say(`overdue: ${JSON.stringify(due)}`);
    if ((state === 'ERROR') !== errors.length > 0) say(`it is ${state} with the errors ${JSON.stringify(errors)}`);
    const owner = world.of('connection').get(connection)?.tenant;
    if (connection && tenant && owner !== tenant) say(`it is of ${tenant}, and its connection of ${owner}`);
  },

  flow({ connection, tenant }, { of }, say) {
    if (Boolean(connection) !== Boolean(tenant)) say(`it is of the connection ${connection} and of the tenant ${tenant}`);
    const owner = of('connection').get(connection)?.tenant;
    if (connection && owner !== tenant) say(`it is of ${tenant}, and its connection of ${owner}`);
  },

  'flow-run'(run, world, say) {
    const { state, due, errors = [], nodeRuns = [], tenant, connection, flow, startedAt, endedAt } = run;
    checkHistory(run, FLOW_RUN, ['queued'], world, say);
    const over = !['queued', 'running'].includes(state);
    // A queued run waits for its turn.
    if ((state === 'running') !== Boolean(due)) say(`it is ${state}, and ${JSON.stringify(due)} is due`);
    if (overdue(due, world.now)) say(`overdue: ${JSON.stringify(due)}`);
    if ((state === 'failed') !== errors.length > 0) say(`it is ${state} with the errors ${JSON.stringify(errors)}`);
    if (!over && nodeRuns.length > 0) say(`it is ${state}, and nodes have run`);
    if (over !== Boolean(endedAt) || endedAt < startedAt) say(`it is ${state}, of ${startedAt} to ${endedAt}`);
    const [instance, its] = [world.of('flow').get(flow), world.of('connection').get(connection)];
    if (instance && instance.connection !== connection) say(`it is of ${connection}, its flow of ${instance.connection}`);
    if (its && its.tenant !== tenant) say(`it is of ${tenant}, and its connection of ${its.tenant}`);
    const others = [...world.of('flow-run').values()].filter((other) => other.connection === connection);
    const busy = others.filter((other) => other.state === 'running').length;
    if (busy > 1) say(`${busy} runs of its connection go on at once`);
    if (state === 'queued' && busy === 0) say('its turn has come, and it waits');
  },

  'connection-request'(request, { of }, say) {
    const { id, status, error, connection: connectionId } = request;
    const connection = of('connection').get(connectionId);
    if (!['pending', 'success', 'cancelled', 'error'].includes(status)) say(`${status} is no status`);
    if ((status === 'error') !== Boolean(error)) say(`it is ${status} with the error ${JSON.stringify(error)}`);
    if (connection && connection.tenant !== request.tenant) say(`its connection is of ${connection.tenant}`);
    if (!connection && ['pending', 'success'].includes(status)) say(`it is ${status}, and its connection is gone`);
    if (status === 'pending' && connection) {
      const { state, request: own } = connection;
      if (own !== id) say(`it waits for a connection that answers ${own}`);
      if (!['BUILDING', 'CLIENT_ACTION_REQUIRED'].includes(state)) say(`it waits for a connection that is ${state}`);
    }
  },

  'connection-attempt-log'({ status, error, userId, tenantId }, world, say) {
    if (!['success', 'error'].includes(status)) say(`${status} is no status`);
    if ((status === 'error') !== Boolean(error)) say(`it is ${status} with the error ${JSON.stringify(error)}`);
    if (userId !== tenantId) say(`it is of ${userId} and of ${tenantId}`);
  },

  'agent-session'(session, world, say) {
    const { status, due, error, messages, elementType, elementId, history = [] } = session;
    checkHistory({ ...session, state: status }, SESSION, ['queued'], world, say);
    const idle = SESSION[status] === IDLE;
    if (idle && due) say(`it is ${status}, and ${JSON.stringify(due)} is due`);
    if (overdue(due, world.now)) say(`overdue: ${JSON.stringify(due)}`);
    if (status === 'failed' && !error) say('it failed and does not say why');
    if (history.at(-1)?.cause === 'complete' && error) say(`it is done with the error ${JSON.stringify(error)}`);
    if (history.at(-1)?.cause === 'complete' && messages.at(-1).role !== 'assistant') say('it is done and says nothing');
    if (new Set(messages.map(({ id }) => id)).size < messages.length) say('two of its messages have one id');
    const builds = elementType === 'connection' && elementId !== '';
    const connection = world.of('connection').get(elementId);
    if (!idle && builds && !connection?.archivedAt && connection?.state !== 'BUILDING') {
      say(`it is ${status}, and its connection is ${connection?.state}`);
    }
    if (!idle && !builds && !due) say(`it is ${status}, and nothing is due`);
  },

  checkpoint({ elementType, elementId, checkpointNumber, snapshot }, { of }, say) {
    const element = of(elementType)?.get(elementId);
    if (!element) return say(`${elementId} is no ${elementType}`);
    const all = [...of('checkpoint').values()].filter((other) => other.elementId === elementId);
    if (checkpointNumber < 1 || checkpointNumber > all.length) say(`it is number ${checkpointNumber} of ${all.length}`);
    const isLast = checkpointNumber === all.length;
    if (isLast && snapshot.name !== element.name) say(`the last is of ${snapshot.name}, and it is ${element.name}`);
    if (element.connection) say(`it is of what a tenant has at ${element.connection}`);
  },

  job(job, world, say) {
    const { status, due, error, result, work, files = {} } = job;
    checkHistory({ ...job, state: status }, JOB, ['pending'], world, say);
    const over = !['pending', 'active'].includes(status);
    if (over === Boolean(due)) say(`it is ${status}, and ${JSON.stringify(due)} is due`);
    if (overdue(due, world.now)) say(`overdue: ${JSON.stringify(due)}`);
    if ((status === 'failed') !== Boolean(error)) say(`it is ${status} with the error ${JSON.stringify(error)}`);
    const isImport = work !== 'export';
    if (isImport && (status === 'completed') !== Boolean(result)) say(`it is ${status} with ${JSON.stringify(result)}`);
    if (isImport === over && Object.keys(files).length > 0) say(`it is ${status} and holds an archive`);
  },

  grant(grant, { of, catalog }, say) {
    const connectors = [...of('connector').values(), ...catalog.connector.values()];
    if (!connectors.some(({ key }) => key === grant.connectorKey)) say(`${grant.connectorKey} is no connector`);
    const tokens = [grant.accessToken, ...grant.deadTokens];
    if (new Set(tokens).size < tokens.length) say('one of its tokens was given twice');
    if (!grant.accessToken || !grant.account) say('it has no token, or no account');
  },

  'webhook-delivery'(delivery, { now, of }, say) {
    const { state, attempts, nextAttemptAt, payload, createdAt } = delivery;
    const taken = attempts.map(({ status }) => status >= 200 && status < 300);
    if (taken.slice(0, -1).includes(true)) say('it was sent again after it was taken');
    const legal = {
      pending: !taken.includes(true) && attempts.length < DELIVERY_TRIES && nextAttemptAt > now,
      delivered: taken.at(-1) === true && nextAttemptAt === undefined,
      failed: !taken.includes(true) && attempts.length === DELIVERY_TRIES && nextAttemptAt === undefined,
    };
    if (!legal[state]) say(`it is ${state} at ${now}: ${JSON.stringify({ attempts, nextAttemptAt })}`);
    // At once, then after a second, and each time after twice as long.
    const times = [...attempts.map(({ at }) => at), nextAttemptAt].filter(Boolean).map((at) => Date.parse(at));
    times.forEach((at, n) => {
      const late = at - (n === 0 ? Date.parse(createdAt) : times[n - 1] + 1_000 * 2 ** (n - 1));
      // Those of one moment are sent one after the other.
      if (late < 0 || late > SLOWEST * OF_ONE_MOMENT) say(`its try ${n + 1} is ${late} ms late`);
    });
    for (const { status, error } of attempts) {
      if ((status === undefined) === (error === undefined)) say(`a try ended with ${status} and ${error}`);
    }
    const kind = payload.eventType.startsWith('flowRun.') ? 'flow-run' : 'connection';
    if (!of(kind).has(payload.data.id)) say(`it tells of ${payload.data.id}, which is no ${kind}`);
    if (payload.eventType !== delivery.eventType) say(`it is ${delivery.eventType} and says ${payload.eventType}`);
  },
};

/** A cancel leads to where the connection stood before it was connected again, as far as is remembered. */
function checkCancels({ history = [], state, former }, say) {
  if (history.length >= REMEMBERED) return;
  // The vendor may have taken back the credentials meanwhile.
  const same = (stood, now) => stood === now || (stood === 'READY' && now === 'DISCONNECTED');
  let stood = null;
  for (const { from, to, cause } of history) {
    if (['reconnect', 'rebuild'].includes(cause) && from !== 'CLIENT_ACTION_REQUIRED') stood ??= from;
    if (cause === 'cancel' && !same(stood ?? from, to)) say(`a cancel led to ${to}, and it was ${stood}`);
    if (['finish', 'failConfiguration', 'failSetup', 'fail', 'cancel'].includes(cause)) stood = null;
  }
  if (!same(stood, former)) say(`it is ${state}, was ${stood}, and says ${former}`);
}

function checkState({ state, former, ticket, error, errors, credentials, integration, connector }, say) {
  if ((state === 'CLIENT_ACTION_REQUIRED') !== (ticket !== null)) say(`it is ${state} with the ticket ${ticket}`);
  if (state === 'DISCONNECTING') say('DISCONNECTING is over at once');
  if (former !== null) {
    if (!['CLIENT_ACTION_REQUIRED', 'BUILDING'].includes(state)) say(`it is ${state} and was ${former} before`);
    if (!BEFORE.includes(former)) say(`it was ${former} before it was connected again`);
  }
  if (state === 'READY') {
    if (error || errors.length) say(`it is READY and broken: ${JSON.stringify([error, errors])}`);
    if (!credentials) say('it is READY without credentials');
  }
  if (BROKEN.includes(state) && !(error?.message && error.type)) say(`it is ${state} and does not say why`);
  if (BROKEN.includes(state) && state !== 'DISCONNECTED' && !errors.length) say(`it is ${state} without errors`);
  const known = ['READY', 'CLIENT_ACTION_REQUIRED', 'DISCONNECTED'].includes(state);
  if (known && !(integration && connector)) say(`it is ${state}, and of no app`);
}

function checkCredentials({ state, credentials, history = [], ...connection }, say) {
  const { retryAttempts, nextRetryTimestamp, nextCredentialsRefreshAt } = connection;
  const erased = history.findLastIndex(({ cause }) => cause === 'disconnected');
  const given = history.findLastIndex(({ cause }) => ['finish', 'finalize'].includes(cause));
  if (erased > given && credentials) say('its credentials were erased, and there are some');
  if (BROKEN.includes(state) && (retryAttempts || nextRetryTimestamp || nextCredentialsRefreshAt)) {
    say(`it is ${state}, and its credentials are to be refreshed`);
  }
  if (retryAttempts >= REFRESH_TRIES) say(`its vendor was asked ${retryAttempts} times`);
  if (nextRetryTimestamp && !retryAttempts) say('its vendor is asked again, and never was');
}

function checkDue({ state, former, due, credentials, nextRetryTimestamp, nextCredentialsRefreshAt }, { now }, say) {
  if (state === 'BUILDING' && !due) say('it is BUILDING, and nothing is due');
  if (overdue(due, now)) say(`overdue: ${JSON.stringify(due)}`);
  const works = credentials?.refresh_token && (former ?? state) === 'READY';
  const refresh = nextRetryTimestamp ?? nextCredentialsRefreshAt;
  if (works && refresh && refresh <= now) say(`it was to be refreshed at ${refresh}`);
}

/** The tokens of a connection that works were given by its vendor. */
function checkGrant({ state, credentials, connector }, { of, catalog }, say) {
  const { access_token: token, refresh_token: refreshToken } = credentials ?? {};
  if (state !== 'READY' || !token) return;
  const grant = [...of('grant').values()].find((grant) => grant.refreshToken === refreshToken);
  const { key } = of('connector').get(connector) ?? catalog.connector.get(connector) ?? {};
  if (!grant) return say('its vendor knows nothing of it');
  // The vendor's answer to a refresh may have got lost: then the connection has the one before.
  if (![grant.accessToken, ...grant.deadTokens].includes(token)) say('its vendor never gave it its token');
  if (key && grant.connectorKey !== key) say(`its tokens are of ${grant.connectorKey}, and it is of ${key}`);
}

/** What the API shows that the database does not hold, and the other way round. `shown` has lists by kind. */
export function differences(exported, shown) {
  const of = (kind) => exported.records.filter((held) => held.kind === kind).map(({ record }) => record);
  const found = [];
  for (const [kind, view] of Object.entries(VIEWS)) {
    const held = of(kind).map((record) => JSON.stringify(view(record, exported))).sort();
    const seen = shown[kind].map((item) => JSON.stringify(ITEMS[kind]?.(item) ?? view(item, exported))).sort();
    found.push(...held.filter((line) => !seen.includes(line)).map((line) => `${kind} is not shown: ${line}`));
    found.push(...seen.filter((line) => !held.includes(line)).map((line) => `${kind} is not held: ${line}`));
  }
  return found;
}

/** What of a record the API has to show. */
const VIEWS = {
  connection: (connection, { workspace }) => {
    const { id, key, name, state, former, credentials, ticket, archivedAt, error, errors, tenant } = connection;
    const connected = credentials !== null && (former ?? state) === 'READY';
    const page = ticket && Buffer.from(`${workspace}/${id}/${ticket}`).toString('base64url');
    const { integration, connector, updatedAt } = connection;
    return [id, key, name, state, connected, page, archivedAt, error, errors, tenant, integration, connector, updatedAt];
  },
  action: ({ id, key, state, archivedAt, revision, errors = [], integration, connection, updatedAt }) =>
    [id, key, state, archivedAt, revision, errors, integration, connection, updatedAt],
  integration: ({ id, key, name, archivedAt, revision }) => [id, key, name, archivedAt, revision],
  tenant: ({ id, internalId, name }) => [id, internalId, name],
  'agent-session': ({ id, status, prompt, error, updatedAt }) => [id, status, prompt, error ?? undefined, updatedAt],
  'connection-attempt-log': (log) => log,
  'connection-request': ({ id, status, connection }) => [id, status, status === 'success' ? connection : undefined],
  checkpoint: (checkpoint) => checkpoint,
  'webhook-delivery': (delivery) => delivery,
};
/** The same of what the API shows, where that has other names. */
const ITEMS = {
  connection: (connection) => {
    const { id, key, name, state, connected, clientAction, archivedAt, error, errors = [], tenantId } = connection;
    const page = clientAction?.uiUrl?.split('/connect/')[1];
    const { integrationId, connectorId, updatedAt } = connection;
    const app = [integrationId, connectorId, updatedAt];
    return [id, key, name, state, connected, page, archivedAt, error, errors, tenantId, ...app];
  },
  action: ({ id, key, state, archivedAt, revision, errors = [], layer, integrationId, connectionId, updatedAt }) => {
    const integration = layer === 'universal' ? undefined : integrationId;
    return [id, key, state, archivedAt, revision, errors, integration, connectionId, updatedAt];
  },
  'connection-request': ({ requestId, status, resultConnectionId }) => [requestId, status, resultConnectionId],
};
