// What a snippet calls the API with: the surface, the wire format and the errors of `MembraneClient` (@membranehq/sdk
// 0.28.3), written anew over two host operations. One expression, so that the host can evaluate it to a function.
// Methods are not enumerable: `connection` and `integration` are API records that happen to have methods.
((host, args) => {
  // Own copies: a snippet may replace the globals.
  const { stringify, parse } = JSON;
  const { assign, defineProperty, entries, keys, hasOwn, prototype: { toString: tagOf } } = Object;
  const { isArray } = Array;
  const TheError = Error, TheTypeError = TypeError, TheRangeError = RangeError, TheString = String, TheDate = Date;
  const encode = encodeURIComponent, isNotNumber = isNaN, later = globalThis.setTimeout, ThePromise = Promise;

  // A record's own field wins over a method of the same name.
  const hide = (target, name, value) => {
    if (!hasOwn(target, name)) defineProperty(target, name, { value, writable: true, configurable: true });
    return target;
  };
  const lazy = (target, name, get) => {
    if (!hasOwn(target, name)) defineProperty(target, name, { get, configurable: true });
  };
  const hideAll = (target, methods) => {
    for (const name of keys(methods)) hide(target, name, methods[name]);
    return target;
  };
  const isObject = (value) => value !== null && typeof value === 'object';

  // Text on the wire. The client has three ways to encode a query, and then the address parser has its own.
  const percent = (char) => {
    if (char.length === 1 && char >= '\uD800' && char <= '\uDFFF') return '%EF%BF%BD';
    const text = encode(char);
    return text === char ? `%${char.charCodeAt(0).toString(16).toUpperCase()}` : text;
  };
  const escape = (unsafe) => (value) => TheString(value).replace(unsafe, percent);
  const plus = (text) => (value) => text(value).replace(/ /g, '+');
  const strictText = escape(/[^\w.~-]/gu);
  const formText = plus(escape(/[^\w.* -]/gu));
  const paramText = plus(escape(/[^\w.!~*'():$, -]/gu));
  const pathText = escape(/[^!$-;=@-_a-z|~]/gu);
  const searchText = escape(/[^!$-&(-;=?-~]/gu);

  // `find`, `get`: flat, without what is empty (a Date counts as empty, an object is written as its `toString`).
  const isEmpty = (value) => {
    if (value === undefined || value === null || typeof value === 'symbol') return true;
    if (typeof value === 'boolean') return false;
    if (typeof value === 'number') return isNotNumber(value);
    if (typeof value === 'string') return value.trim() === '';
    const tag = value.toString();
    if (tag === '[object Map]' || tag === '[object Set]') return !value.size;
    return typeof value === 'object' && keys(value).length === 0;
  };
  const flatQuery = (query) => entries({ ...query })
    .filter(([, value]) => !isEmpty(value))
    .map(([name, value]) => `${formText(name)}=${formText(value)}`)
    .join('&');

  // Selectors: brackets, null as an empty value. `loose` is the HTTP library's own way: no nulls, `name[]` for lists.
  const nestedQuery = (source, text = strictText, loose = false) => {
    const pairs = [];
    const add = (name, value, above) => {
      if (value instanceof TheDate) value = value.toISOString();
      if (value === undefined || typeof value === 'function' || (loose && value === null)) return;
      if (!isObject(value)) return void pairs.push(`${text(name)}=${text(value ?? '')}`);
      if (above.includes(value)) throw new TheRangeError('Cyclic object value');
      const list = loose && above.length === 1 && isArray(value) && !value.some(isObject);
      for (const key of keys(value)) add(`${name}[${list ? '' : key}]`, value[key], [...above, value]);
    };
    if (isObject(source)) for (const key of keys(source)) add(key, source[key], [source]);
    return pairs.join('&');
  };

  // The address as the HTTP layer sends it: resolved, escaped, without fragment or bare `?`.
  const wirePath = (url, params) => {
    if (/^([a-z][a-z\d+.-]*:)?\/\//i.test(url)) {
      throw new TheError(`${url} is not available in the sandbox; give a path of the API, or use \`externalApiClient\` for an app`);
    }
    const [address] = url.replace(/^\/+|[\t\n\r]|[\0- ]+$/g, '').split('#', 1);
    const [before, ...after] = address.split('?');
    const segments = before.replace(/\\/g, '/').split('/');
    const path = [];
    segments.forEach((segment, index) => {
      const dots = /^(\.|%2e){1,2}$/i.test(segment) ? segment.replace(/%2e/gi, '.').length : 0;
      if (dots === 2) path.pop();
      if (dots === 0) path.push(segment);
      else if (index === segments.length - 1) path.push('');
    });
    const search = [searchText(after.join('?')), nestedQuery(params, paramText, true)].filter((text) => text !== '').join('&');
    return `/${pathText(path.join('/'))}${search && `?${search}`}`;
  };

  // Joins a path to the one of a connection; only the first `?` stays one.
  const joined = (base, path) => {
    if (typeof path !== 'string') throw new TheTypeError(`Url must be a string. Received ${path}`);
    if (path === '') return base;
    const text = `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '').replace(/\/+$/, '/')}`;
    const [first, ...rest] = text.replace(/\/(\?|&|#[^!])/g, '$1').split('?');
    return rest.length ? `${first}?${rest.join('&')}` : first;
  };

  // Errors: an engine error by its `type`, whatever the status; the HTTP library's error for any other answer.
  const errorNames = {
    __proto__: null, bad_request: 'BadRequest', connection: 'Connection', configuration: 'Configuration',
    dependency_error: 'Dependency', flow_run: 'FlowRun', flow_instance_setup: 'FlowInstanceSetup', internal: 'Internal',
    concurrency: 'Concurrency', action_run: 'ActionRun', action_instance_setup: 'ActionInstanceSetup', unit_run: 'UnitRun',
    custom_code: 'CustomCode', insufficient_credit: 'InsufficientCredits', openrouter_not_configured: 'OpenRouterNotConfigured',
  };
  class ErrorData {
    constructor(record) {
      assign(this, record);
    }
  }
  class MembraneError extends TheError {
    constructor(record) {
      super(record.message);
      this.isMembraneError = true;
      this.data = new ErrorData(record);
    }
  }
  const errorKinds = {};
  const engineError = (record) => {
    const name = isObject(record) && typeof record.type === 'string' && errorNames[record.type];
    if (!name) return undefined;
    const Kind = (errorKinds[name] ??= defineProperty(class extends MembraneError {}, 'name', { value: `${name}Error` }));
    const error = hide(new Kind(record), 'hostError', record);
    // The client overwrites what the server says here.
    if (name === 'Dependency') error.data.data = { workspaceElementReference: undefined };
    return error;
  };
  class AxiosError extends TheError {
    constructor(message, code, config, response) {
      super(message);
      defineProperty(this, 'message', { value: message, enumerable: true, writable: true, configurable: true });
      assign(this, { name: 'AxiosError', isAxiosError: true, code, config });
      if (response) assign(this, { response, status: response.status });
    }
    toJSON() {
      const { message, name, stack, config, code, status } = this;
      return { message, name, stack, config, code, status };
    }
  }

  const asJson = (text) => {
    try {
      return parse(text);
    } catch {
      return undefined;
    }
  };
  const bodyOf = (data, headers, config) => {
    const type = headers['content-type'] ?? '';
    let body = data;
    if (isObject(data)) {
      const tag = tagOf.call(data);
      if (/Array\]|Buffer\]|Blob\]/.test(tag) && !isArray(data)) {
        throw new TheError('a binary body is not available in the sandbox; send text or JSON');
      }
      const form = tag === '[object URLSearchParams]';
      if (form) body = TheString(data);
      else if (type.includes('application/x-www-form-urlencoded')) body = nestedQuery(data, formText, true);
      else body = stringify(data);
      headers['content-type'] ??= form ? 'application/x-www-form-urlencoded;charset=utf-8' : 'application/json';
    } else if (type.includes('application/json')) {
      body = typeof data === 'string' && asJson(data) !== undefined ? data.trim() : stringify(data);
    }
    if (!body) return undefined;
    if (typeof body === 'string') return body;
    const message = 'Data after transformation must be a string, an ArrayBuffer, a Buffer, or a Stream';
    throw new AxiosError(message, 'ERR_BAD_REQUEST', config);
  };
  const makeApiRequest = async (method, { url, data, params, headers: given } = {}) => {
    url ??= '';
    if (typeof url !== 'string') throw new TheTypeError('url.startsWith is not a function');
    const headers = {};
    for (const name of keys(given ?? {})) {
      if (given[name] !== undefined && given[name] !== null) headers[name.toLowerCase()] = TheString(given[name]);
    }
    headers['membrane-api-version'] = '2025-10-21';
    const config = { method: method.toLowerCase(), url, params, headers, data };
    const body = bodyOf(data, headers, config);
    if (method[0] === 'P') headers['content-type'] ??= 'application/x-www-form-urlencoded';
    let reply;
    try {
      reply = await host('http', { method, path: wirePath(url, params), headers, body });
    } catch (error) {
      throw engineError(error?.hostError) ?? error;
    }
    const { status, text } = reply;
    const value = asJson(text) ?? (text === 'null' ? null : text);
    if (status >= 200 && status < 300) return value;
    const response = { data: value, status, statusText: reply.statusText ?? '', headers: reply.headers, config };
    const code = status >= 400 && status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE';
    throw engineError(value) ?? new AxiosError(`Request failed with status code ${status}`, code, config, response);
  };
  const get = async (uri, query, options) => {
    if (query) uri += `${uri.includes('?') ? '&' : '?'}${flatQuery(query)}`;
    return makeApiRequest('GET', { ...options, url: uri });
  };
  const sending = (method) => async (uri, data, options) => makeApiRequest(method, { ...options, url: uri, data });
  const [post, put, patch, remove] = ['POST', 'PUT', 'PATCH', 'DELETE'].map(sending);

  // Accessors. A row of a table is `VERB operation`: `+` sends the argument as the body, `!` drops the answer.
  const calls = (target, at, table) => {
    for (const name of keys(table)) {
      hide(target, name, async (data) => {
        const [, method, mark, operation] = /^([A-Z]+)([+!]?) ?(.*)$/.exec(table[name]);
        const answer = await makeApiRequest(method, { url: at(operation), data: mark === '+' ? data : undefined });
        return mark === '!' ? undefined : answer;
      });
    }
    return target;
  };
  const missing = (target, prefix, names, instead) => {
    for (const name of names.split(' ')) {
      hide(target, name, async () => {
        throw new TheError(`${prefix}${name} is not available in the sandbox; ${instead}`);
      });
    }
    return target;
  };
  const noPage = 'it opens a page in a browser, and there is none';
  const noConnect = 'it needs a browser: `membrane.post(\'/connect\', …)` answers a connection whose `clientAction.uiUrl` the user can open';

  const finder = (path) => hide({}, 'find', async (query) => get(path, query));
  const creator = (path) => hide(finder(path), 'create', async (data) => post(path, data));
  const list = (path) => hide(creator(path), 'findAll', async (query) => {
    let items = [];
    for (let cursor = '0'; cursor;) {
      const page = await get(path, { ...query, limit: 1000, cursor });
      items = items.concat(page.items);
      cursor = page.cursor;
    }
    return items;
  });

  const tail = (operation) => (operation ? `/${operation}` : '');
  const edits = { get: 'GET', put: 'PUT+', patch: 'PATCH+' };
  const element = (path, selector, table, target = {}) => {
    const at = (operation) => typeof selector === 'string'
      ? `${path}s/${selector}${tail(operation)}`
      : `${path}${tail(operation)}?${nestedQuery(selector)}`;
    hideAll(target, { getPath: at, getUniqueIdentifier: () => at() });
    return calls(target, at, { ...edits, archive: 'DELETE!', restore: 'POST restore', ...table });
  };
  const instance = (path, selector, table) => {
    let id;
    const getSelector = () => (typeof selector === 'string' ? { id: selector } : selector);
    const at = (operation) => `${path}${tail(operation)}?${nestedQuery(getSelector())}`;
    const target = { getSelector, getPath: at, getUniqueIdentifier: () => at() };
    return calls(hideAll(target, {
      getId: async () => {
        if (!id && selector && typeof selector === 'string') id = selector;
        if (!id) {
          const found = await target.get();
          if (!found) throw new TheError(`Element not found using selector ${stringify(selector)}`);
          id = found.id;
        }
        return id;
      },
      create: async (data) => {
        if (id) throw new TheError('Cannot create: element already exists');
        const made = await post(at(), data);
        id = made.id;
        return made;
      },
    }), at, { ...edits, archive: 'DELETE', delete: 'DELETE', restore: 'POST restore', ...table });
  };
  const switches = (target) => ({
    enable: async () => target.patch({ enabled: true }),
    disable: async () => target.patch({ enabled: false }),
  });

  // What connections and integrations hold: lists and elements of four kinds.
  const levels = { actions: 'actions', flows: 'flows', dataSources: 'data-sources', fieldMappings: 'field-mappings' };
  const ofConnection = (kind, base, selector, query) => {
    const endpoint = `${base}/${levels[kind]}/${selector}`;
    const at = (operation, more) => `${endpoint}${tail(operation)}?${nestedQuery({ ...query, ...more })}`;
    const target = hideAll({}, { get: async (more = {}) => get(at('', more)), getUniqueIdentifier: () => endpoint });
    const runs = kind === 'actions' || kind === 'flows' ? { run: 'POST+ run' } : {};
    if (kind === 'flows') hideAll(target, switches(target));
    if (kind !== 'actions') missing(target, '', 'openConfiguration openEditor', noPage);
    return calls(target, at, { ...edits, create: 'PUT', archive: 'DELETE', reset: 'POST reset', setup: 'POST setup', ...runs });
  };
  const connectionAt = (selector, target = {}) => {
    const base = `/connections/${selector}`;
    const getPath = (path, query) => {
      const search = flatQuery(query);
      return joined(base, path ?? '') + (search && `?${search}`);
    };
    for (const kind of keys(levels)) {
      const path = `${base}/${levels[kind]}`;
      lazy(target, kind, () => hide({}, 'list', async (query) => get(`${path}?${nestedQuery(query ?? {})}`)));
      hide(target, kind.slice(0, -1), (key, query) => ofConnection(kind, base, key, query));
    }
    const through = (send) => async (path, data) => send(joined(`${base}/proxy`, path), data);
    const bare = (send) => async (path) => send(joined(`${base}/proxy`, path));
    lazy(target, 'proxy', () => hideAll({}, {
      get: bare(get), delete: bare(remove), post: through(post), put: through(put), patch: through(patch),
    }));
    hideAll(target, {
      getPath,
      get: async (query = { includeSecrets: false }) => get(base, query),
      request: async (path, data = null) => post(`${base}/api/${path.startsWith('/') ? path.slice(1) : path}`, data),
      operation: (key) => calls({}, (operation) => getPath(`operations/${key}${tail(operation)}`), { get: 'GET', run: 'POST+ run' }),
      dataCollection: (key, parameters) => calls({}, (operation) => getPath(`data/${key}${tail(operation)}`, parameters), {
        get: 'GET', findById: 'POST+ find-by-id', list: 'POST+ list', search: 'POST+ search', match: 'POST+ match',
        create: 'POST+ create', update: 'POST+ update', delete: 'POST+ delete',
      }),
    });
    missing(target, 'connection.', 'reconnect openReconnectUI', noConnect);
    return calls(target, (operation) => base + tail(operation), {
      patch: 'PATCH+', put: 'PUT+', archive: 'DELETE', refreshCredentials: 'POST refresh-credentials',
    });
  };
  const integrationAt = (selector, target = {}) => {
    const base = `/integrations/${selector}`;
    for (const kind of keys(levels)) {
      const path = `${base}/${levels[kind]}`;
      lazy(target, kind, () => hideAll({}, {
        list: async (query) => get(path, query ?? {}),
        create: async (data) => post(path, data),
      }));
      hide(target, kind.slice(0, -1), (key) => calls(
        hide({}, 'getUniqueIdentifier', () => `${path}/${key}`),
        (operation) => `${path}/${key}${tail(operation)}`,
        { ...edits, archive: 'DELETE', reset: 'POST reset' },
      ));
    }
    missing(target, 'integration.', 'connect createConnection openNewConnection openNewConnectionV2', noConnect);
    missing(target, 'integration.', 'open', noPage);
    calls(target, (operation) => base + tail(operation), { setup: 'POST setup', getConnectorSpec: 'GET connector-spec' });
    const { getPath } = element('integration', selector);
    hideAll(target, {
      getOperation: async (key) => get(getPath(`operations/${key}`)),
      getDataCollection: async (key) => get(getPath(`data/${key}`)),
    });
    return element('integration', selector, { getOperations: 'GET operations', getDataCollections: 'GET data' }, target);
  };

  const membrane = {};
  const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const one = (name, make) => hide(membrane, name.slice(0, -1), make);
  const elements = {
    actions: { reset: 'POST reset' }, flows: { reset: 'POST reset' }, screens: {}, packages: {}, customers: {},
    dataSources: { setup: 'POST! setup', reset: 'POST reset' },
    fieldMappings: { setup: 'POST setup', reset: 'POST reset', getAppSchema: 'GET app-schema' },
    dataLinkTables: {}, appEventTypes: {}, appDataSchemas: {}, integrations: {},
  };
  const instances = {
    actionInstances: { setup: 'POST! setup', reset: 'POST! reset', run: 'POST+ run' },
    flowInstances: {}, fieldMappingInstances: {}, dataLinkTableInstances: { createLink: 'POST+ links', deleteLink: 'DELETE+ links' },
    dataSourceInstances: {
      setup: 'POST! setup', reset: 'POST! reset', unifiedFieldsToNative: 'POST+ unified-fields-to-native',
      getCollection: 'GET collection', matchRecord: 'POST+ collection/match', searchRecords: 'POST+ collection/search',
      createRecord: 'POST+ collection/create', updateRecord: 'POST+ collection/update',
    },
    appEventSubscriptions: { subscribe: 'POST subscribe' }, appDataSchemaInstances: { setup: 'POST! setup' },
  };
  // What the tables cannot say.
  const extras = {
    actions: (target) => ({
      run: async (input, options) => {
        const { integrationKey, connectionId, connectionKey } = options || {};
        return makeApiRequest('POST', {
          url: target.getPath('run'), data: { input }, params: { integrationKey, connectionId, connectionKey },
        });
      },
    }),
    fieldMappingInstances: (target) => ({
      setup: async () => post(`/field-mapping-instances/${await target.getId()}/setup`),
      reset: async () => post(`/field-mapping-instances/${await target.getId()}/reset`),
    }),
    dataLinkTableInstances: (target) => ({
      findLinks: async (query) => get(target.getPath('links') + (query && nestedQuery(query) ? `&${nestedQuery(query)}` : '')),
    }),
    dataSourceInstances: (target) => {
      const send = async (operation, data) => post(target.getPath(`collection/${operation}`), data);
      const byId = (data) => (typeof data === 'string' ? { id: data } : data);
      return {
        listRecords: async (data = {}) => send('list', data),
        findRecords: async (data = {}) => send('find', data),
        findRecordById: async (data) => send('find-by-id', byId(data)),
        deleteRecord: async (data) => send('delete', byId(data)),
      };
    },
    flowInstances: (target) => {
      const send = async (operation, data) => post(`/flow-instances/${await target.getId()}/${operation}`, data);
      const startRun = async ({ nodeKey, input } = {}) => post('/flow-runs', { flowInstanceId: await target.getId(), nodeKey, input });
      return {
        ...switches(target), startRun,
        setup: async () => send('setup'),
        reset: async (options) => send('reset', options),
        updateToLatestFlow: async () => send('update-to-latest-flow'),
        run: async (options = {}) => {
          let run = await startRun(options);
          options.onUpdate?.(run);
          for (;;) {
            await new ThePromise((done) => later(done, 1000));
            run = await get(`/flow-runs/${run.id}`);
            options.onUpdate?.(run);
            if (run.state === 'completed') return run;
            if (run.state === 'failed') throw new TheError(`Flow run ${run.id} failed: ${run.errors?.[0]?.message}`);
          }
        },
      };
    },
  };
  for (const name of keys(elements)) {
    const path = kebab(name);
    lazy(membrane, name, () => list(path));
    one(name, (selector) => {
      const target = element(path.slice(0, -1), selector, elements[name]);
      return extras[name] ? hideAll(target, extras[name](target)) : target;
    });
  }
  for (const name of keys(instances)) {
    const path = kebab(name);
    lazy(membrane, name, () => (name === 'flowInstances' ? creator(path) : finder(path)));
    one(name, (selector) => {
      const target = instance(path.slice(0, -1), selector, instances[name]);
      missing(target, '', 'open openConfiguration openEditor embedEditor', noPage);
      return extras[name] ? hideAll(target, extras[name](target)) : target;
    });
  }
  defineProperty(membrane, 'integration', { value: (selector) => integrationAt(selector) });
  lazy(membrane, 'connections', () => creator('connections'));
  lazy(membrane, 'flowRuns', () => creator('flow-runs'));
  lazy(membrane, 'self', () => calls({}, () => 'self', { get: 'GET', patch: 'PATCH+' }));
  hideAll(membrane, {
    get, post, put, patch, delete: remove, makeApiRequest,
    connection: (selector) => connectionAt(selector),
    setCredentials: async (credentials) => patch('/self', { credentials }),
    connectionRequest: async (id, key, payload) => post(`connections/${id}/execute-request`, { key, payload }),
    externalEventSubscriptions: () => finder('external-event-subscriptions'),
    externalEventSubscription: (id) => calls({}, (operation) => `external-event-subscriptions/${id}${tail(operation)}`, {
      get: 'GET', setup: 'POST! setup', subscribe: 'POST! subscribe', unsubscribe: 'POST! unsubscribe',
      resubscribe: 'POST! resubscribe', refreshWebhook: 'POST! refresh-webhook', pullEvents: 'POST! pull-events',
    }),
    flowRun: (id) => {
      const base = `/flow-runs/${id}`;
      const target = calls({}, (operation) => base + tail(operation), { get: 'GET', stop: 'POST! stop', getOutput: 'GET output' });
      missing(target, '', 'openEditor embedEditor', noPage);
      return hideAll(target, {
        // The client forgets the `?` here.
        getNodeRuns: async (node, parameters) => get(`${base}/nodes/${node}/runs/${nestedQuery(parameters)}`),
        getNodeRun: async (node, run) => get(`${base}/nodes/${node}/runs/${run}`),
        getNodeOutputs: async (node, parameters) => get(`${base}/nodes/${node}/outputs?${nestedQuery(parameters)}`),
        getNodeOutput: async (node, output) => get(`${base}/nodes/${node}/output/${output}`),
        repeat: async () => {
          const { state, connectionFlowId, flowInstanceId, startNodeKey, input } = await target.get();
          if (state === 'running') throw engineError({ type: 'bad_request', message: 'Cannot repeat a running flow run.' });
          return post('/flow-runs', { flowInstanceId: connectionFlowId || flowInstanceId, startNodeKey, input });
        },
      });
    },
  });
  missing(membrane, 'membrane.', 'connect', noConnect);
  missing(membrane, 'membrane.', 'open', noPage);
  missing(membrane, 'membrane.', 'getToken getEmbedUri getScreensEmbedUri getScreensPostData', 'calls carry the caller\'s token by themselves');
  missing(membrane, 'membrane.', 'createEventSource', 'read the state again with `get`');
  missing(membrane, 'membrane.', 'retrieveLogs', 'the log of the run holds its calls');
  lazy(membrane, 'ui', () => missing({}, 'membrane.ui.', 'connect connection UNSAFE_agentSession', noConnect));

  // The external app of the run's connection. What the app refuses carries its answer; other errors are the client's.
  const vendorError = (error) => {
    const record = error?.hostError;
    if (!isObject(record)) return error;
    const { message, type, key, data } = record;
    const response = data?.response;
    if (!response) return assign(engineError(record) ?? error, { type, key });
    return hide(assign(new TheError(message), { type, key, status: response.status, data: response.data, response }), 'hostError', record);
  };
  const external = (owner, always) => {
    const method = (name, hasBody) => async (path, ...rest) => {
      const connection = args.connection?.id;
      if (!connection) {
        throw new TheError(`${owner}.${name} has no connection to use; run the code with \`connectionId\` or \`connectionKey\`, or use \`membrane.connection(<id or key>).proxy\``);
      }
      const body = hasBody ? rest[0] : undefined;
      const { query, params, headers, returnFullResponse } = rest[hasBody ? 1 : 0] ?? {};
      const full = always || returnFullResponse === true;
      try {
        return await host('external', { connection, method: name.toUpperCase(), path, query: query ?? params, headers, body, full });
      } catch (error) {
        throw vendorError(error);
      }
    };
    return {
      get: method('get'), delete: method('delete'),
      post: method('post', true), put: method('put', true), patch: method('patch', true),
    };
  };
  hide(membrane, 'proxy', external('membrane.proxy', true));

  const { connection, integration } = args;
  return {
    membrane,
    connection: connection ? connectionAt(connection.id, { ...connection }) : undefined,
    integration: integration ? integrationAt(integration.id, { ...integration }) : undefined,
    externalApiClient: external('externalApiClient', false),
  };
})
