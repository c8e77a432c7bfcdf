// What a snippet calls the API with: the surface, the wire format and the errors of `MembraneClient` (@membranehq/sdk
// 0.28.3), written anew over two host operations. One expression, so that the host can evaluate it to a function; it is
// parsed for every run that uses it, so what can be a row of a table is one. Methods are not enumerable: `connection` and
// `integration` are API records that happen to have methods.
(({ host, engineError, hide, placed, frames }, args, proxy, api) => {
  // Own copies: a snippet may replace the globals.
  const { stringify, parse } = JSON;
  const { assign, defineProperty, entries, keys, hasOwn, prototype: { toString: tagOf } } = Object;
  const { isArray } = Array;
  const TheError = Error, TheTypeError = TypeError, ThePromise = Promise, TheString = String, TheDate = Date;
  const encode = encodeURIComponent, later = globalThis.setTimeout;

  // As `hide`: a record's own field wins over a method of the same name.
  const hideAll = (target, methods) => {
    for (const name of keys(methods)) hide(target, name, methods[name]);
    return target;
  };
  const lazy = (target, name, get) => {
    if (!hasOwn(target, name)) defineProperty(target, name, { __proto__: null, get, configurable: true });
  };
  const isObject = (value) => value !== null && typeof value === 'object';

  // Text on the wire: the client encodes queries in three ways, and the address parser escapes what is left.
  const percent = (char) => {
    if (char.length === 1 && char >= '\uD800' && char <= '\uDFFF') return '%EF%BF%BD';
    const text = encode(char);
    return text === char ? `%${char.charCodeAt(0).toString(16).toUpperCase()}` : text;
  };
  const escape = (unsafe) => (value) => TheString(value).replace(unsafe, percent).replace(/ /g, '+');
  const selectorText = escape(/[^\w.~-]/gu);
  const flatText = escape(/[^\w.* -]/gu);
  const paramText = escape(/[^\w.!~*'():$, -]/gu);
  const pathText = escape(/[^!$-;=@-_a-z|~]/gu);
  const searchText = escape(/[^!$-&(-;=?-~]/gu);

  // Filters of lists: without what is empty; a Date counts as empty, other objects are written as text.
  const isEmpty = (value) => value === undefined || value === null || value !== value || typeof value === 'symbol'
    || (typeof value === 'string' && value.trim() === '') || (typeof value === 'object' && keys(value).length === 0);
  const flatQuery = (query) => entries({ ...query })
    .filter(([, value]) => !isEmpty(value))
    .map(([name, value]) => `${flatText(name)}=${flatText(value)}`)
    .join('&');
  // Selectors: brackets, null as an empty value. `loose` is the HTTP library's way: no null, plain lists as `name[]`.
  const nestedQuery = (selector, text = selectorText, loose = false) => {
    const pairs = [];
    const add = (name, value) => {
      if (value instanceof TheDate) value = value.toISOString();
      if (value === undefined || typeof value === 'function' || (loose && value === null)) return;
      if (!isObject(value)) return void pairs.push(`${text(name)}=${text(value ?? '')}`);
      const list = loose && selector[name] === value && isArray(value) && !value.some(isObject);
      for (const key of keys(value)) add(`${name}[${list ? '' : key}]`, value[key]);
    };
    if (isObject(selector)) for (const key of keys(selector)) add(key, selector[key]);
    return pairs.join('&');
  };
  const wirePath = (url, params) => {
    if (/^([a-z][a-z\d+.-]*:)?\/\//i.test(url)) {
      throw new TheError(`${url} is not available in the sandbox; give a path of the API, or use \`externalApiClient\``);
    }
    const [path, ...rest] = url.replace(/^\/+|#.*$|\s+$/gs, '').split('?');
    const queries = [searchText(rest.join('?')), nestedQuery(params, paramText, true)];
    const search = queries.filter((text) => text !== '').join('&');
    return `/${pathText(path)}${search && `?${search}`}`;
  };
  // The path of a connection and what follows it; only the first `?` stays one.
  const joined = (base, path) => {
    if (typeof path !== 'string') throw new TheTypeError(`Url must be a string. Received ${path}`);
    const text = base + (path && `/${path.replace(/^\/+/, '').replace(/\/+$/, '/')}`);
    const [first, ...rest] = text.replace(/\/(\?|&|#[^!])/g, '$1').split('?');
    return rest.length ? `${first}?${rest.join('&')}` : first;
  };

  // Errors: an engine error by its `type`, whatever the status; the HTTP library's error for any other answer.
  class AxiosError extends TheError {
    name = 'AxiosError';
    isAxiosError = true;
    constructor(message, code, config, response) {
      super(message);
      defineProperty(this, 'message', { enumerable: true });
      assign(this, { code, config }, response && { response, status: response.status });
    }
    toJSON() {
      const { message, name, stack, config, code, status } = this;
      return { message, name, stack, config, code, status };
    }
  }

  const isForm = (data) => tagOf.call(data) === '[object URLSearchParams]';
  const valueOf = (text) => {
    try {
      return parse(text);
    } catch {
      return text;
    }
  };
  const request = async (method, { url, data, params, headers: given } = {}) => {
    const at = frames(), headers = {};
    for (const name of keys(given ?? {})) headers[name.toLowerCase()] = TheString(given[name]);
    headers['membrane-api-version'] = '2025-10-21';
    // The caller's token is the host's to add, whatever the snippet says.
    delete headers.authorization;
    const config = { method: method.toLowerCase(), url, params, headers, data };
    let body = data || undefined;
    if (isForm(data)) body = TheString(data);
    else if (isObject(data)) body = stringify(data);
    if (body && typeof body !== 'string') {
      const message = 'Data after transformation must be a string, an ArrayBuffer, a Buffer, or a Stream';
      throw placed(new AxiosError(message, 'ERR_BAD_REQUEST', config), at);
    }
    const formType = 'application/x-www-form-urlencoded';
    if (isForm(data)) headers['content-type'] ??= `${formType};charset=utf-8`;
    else if (isObject(data)) headers['content-type'] ??= 'application/json';
    else if (method[0] === 'P') headers['content-type'] ??= formType;
    let reply;
    try {
      reply = await host('http', { method, path: wirePath(url ?? '', params), headers, body });
    } catch (error) {
      throw engineError(error?.hostError) ?? error;
    }
    const { status } = reply, value = valueOf(reply.text);
    if (status >= 200 && status < 300) return value;
    const response = { data: value, status, statusText: reply.statusText ?? '', headers: reply.headers, config };
    const code = status >= 400 && status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE';
    const known = isObject(value) && engineError(defineProperty(value, 'calledAt', { value: at }));
    if (known) throw known;
    const message = `Request failed with status code ${status}`;
    const error = placed(new AxiosError(message, code, config, response), at);
    // For the run's log, when nobody catches it.
    const exchange = { request: { method, url }, response: { status, data: value, headers: reply.headers } };
    throw hide(error, 'hostError', { type: 'action_run', message, data: exchange });
  };
  const get = async (uri, query, options) => {
    if (query) uri += `${uri.includes('?') ? '&' : '?'}${flatQuery(query)}`;
    return request('GET', { ...options, url: uri });
  };
  const sending = (method) => async (uri, data, options) => request(method, { ...options, url: uri, data });
  const post = sending('POST'), put = sending('PUT'), patch = sending('PATCH'), remove = sending('DELETE');

  // A row of a table is a verb, marks and an operation. Marks say what the argument is: `+` the body, `*` a body that may
  // be left out, `=` a body or an id, `?` a filter, `&` a selector, `$` the rest of the operation, `/` a path that comes
  // before the body. `!` drops the answer; `#` needs the element's id.
  const calls = (target, at, table) => {
    for (const name of keys(table)) {
      hide(target, name, async (first, second) => {
        const [, method, marks, operation] = /^([A-Z]+)(\W*)(.*)$/.exec(table[name]);
        const has = (mark) => marks.includes(mark);
        const data = has('/') ? second : first;
        let url = at(has('$') ? `${operation}/${first}` : operation, has('#') ? await target.getId() : undefined);
        if (has('/')) url = joined(url, first);
        if (has('?')) return get(url, data);
        const more = has('&') ? nestedQuery(data) : '';
        if (more) url += (url.endsWith('?') ? '' : url.includes('?') ? '&' : '?') + more;
        let body = has('+') || has('=') || has('*') ? data : undefined;
        if (has('*')) body ??= {};
        if (has('=') && typeof data === 'string') body = { id: data };
        const answer = await request(method, { url, data: body });
        return has('!') ? undefined : answer;
      });
    }
    return target;
  };
  const missing = (target, names, instead) => {
    for (const name of names.split(' ')) {
      hide(target, name.split('.').pop(), async () => {
        throw new TheError(`${name} is not available in the sandbox; ${instead}`);
      });
    }
    return target;
  };
  const noPage = 'it opens a page in a browser';
  const noConnect = '`membrane.post("/connect", …)` answers a connection whose `clientAction.uiUrl` its user can open';

  const finder = (path) => calls({}, () => path, { find: 'GET?' });
  const creator = (path) => calls(finder(path), () => path, { create: 'POST+' });
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
  const under = (base) => (operation) => base + tail(operation);
  const edits = { get: 'GET', put: 'PUT+', patch: 'PATCH+', archive: 'DELETE' };
  const elementAt = (path, selector) => (operation) => typeof selector === 'string'
    ? `${path}s/${selector}${tail(operation)}`
    : `${path}${tail(operation)}?${nestedQuery(selector)}`;
  const element = (path, selector, table, target = {}) =>
    calls(target, elementAt(path, selector), { ...edits, archive: 'DELETE!', restore: 'POST restore', ...table });
  const instance = (path, selector, table) => {
    let known;
    const target = {};
    const at = (operation, id) => id
      ? `${path}s/${id}/${operation}`
      : `${path}${tail(operation)}?${nestedQuery(typeof selector === 'string' ? { id: selector } : selector)}`;
    hide(target, 'getId', async () => {
      if (typeof selector === 'string') known ||= selector;
      if (!known) {
        const found = await target.get();
        if (!found) throw new TheError(`Element not found using selector ${stringify(selector)}`);
        known = found.id;
      }
      return known;
    });
    hide(target, 'create', async (data) => {
      if (known) throw new TheError('Cannot create: element already exists');
      const made = await post(at(), data);
      known = made.id;
      return made;
    });
    return calls(target, at, { ...edits, delete: 'DELETE', restore: 'POST restore', ...table });
  };
  const switches = (target) => hideAll(target, {
    enable: async () => target.patch({ enabled: true }),
    disable: async () => target.patch({ enabled: false }),
  });

  // What connections and integrations hold: lists and elements of four kinds.
  const kinds = { actions: 'actions', flows: 'flows', dataSources: 'data-sources', fieldMappings: 'field-mappings' };
  const hold = (target, base, lists, make) => {
    for (const kind of keys(kinds)) {
      const path = `${base}/${kinds[kind]}`;
      lazy(target, kind, () => calls({}, () => path, lists));
      hide(target, kind.slice(0, -1), (key, query) => make(kind, `${path}/${key}`, query));
    }
  };
  const ofConnection = (kind, path, query) => {
    const at = (operation) => `${path}${tail(operation)}?${nestedQuery(query)}`;
    const target = calls({}, at, { ...edits, get: 'GET&', create: 'PUT', reset: 'POST reset', setup: 'POST setup' });
    if (kind === 'actions' || kind === 'flows') calls(target, at, { run: 'POST+ run' });
    if (kind === 'flows') switches(target);
    return kind === 'actions' ? target : missing(target, 'openConfiguration openEditor', noPage);
  };
  const connectionAt = (selector, target = {}) => {
    const base = `/connections/${selector}`;
    const getPath = (path, query) => joined(base, path ?? '') + `?${flatQuery(query)}`.replace(/^\?$/, '');
    hold(target, base, { list: 'GET&' }, ofConnection);
    lazy(target, 'proxy', () => calls({}, () => `${base}/proxy`, {
      get: 'GET/', delete: 'DELETE/', post: 'POST/+', put: 'PUT/+', patch: 'PATCH/+',
    }));
    hideAll(target, {
      getPath,
      get: async (query = { includeSecrets: false }) => get(base, query),
      request: async (path, data) => post(`${base}/api/${path.startsWith('/') ? path.slice(1) : path}`, data),
      operation: (key) => calls({}, under(`${base}/operations/${key}`), { get: 'GET', run: 'POST+run' }),
      dataCollection: (key, parameters) => calls({}, (operation) => getPath(`data/${key}${tail(operation)}`, parameters), {
        get: 'GET', findById: 'POST+find-by-id', list: 'POST+list', search: 'POST+search', match: 'POST+match',
        create: 'POST+create', update: 'POST+update', delete: 'POST+delete',
      }),
    });
    missing(target, 'connection.reconnect connection.openReconnectUI', noConnect);
    return calls(target, under(base), { ...edits, refreshCredentials: 'POST refresh-credentials' });
  };
  const integrationAt = (selector, target = {}) => {
    const base = `/integrations/${selector}`;
    const ofIntegration = (kind, path) => calls({}, under(path), { ...edits, reset: 'POST reset' });
    hold(target, base, { list: 'GET?', create: 'POST+' }, ofIntegration);
    calls(target, under(base), { setup: 'POST setup', getConnectorSpec: 'GET connector-spec' });
    missing(target, 'integration.connect integration.createConnection', noConnect);
    missing(target, 'integration.openNewConnection integration.openNewConnectionV2', noConnect);
    missing(target, 'integration.open', noPage);
    return element('integration', selector, {
      getOperations: 'GET operations', getOperation: 'GET$operations',
      getDataCollections: 'GET data', getDataCollection: 'GET$data',
    }, target);
  };

  const membrane = {};
  const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const elements = {
    actions: { reset: 'POST reset' }, flows: { reset: 'POST reset' }, screens: {}, packages: {},
    customers: {}, integrations: {},
    dataSources: { setup: 'POST!setup', reset: 'POST reset' }, dataLinkTables: {}, appEventTypes: {}, appDataSchemas: {},
    fieldMappings: { setup: 'POST setup', reset: 'POST reset', getAppSchema: 'GET app-schema' },
  };
  const instances = {
    actionInstances: { setup: 'POST!setup', reset: 'POST!reset', run: 'POST+run' },
    flowInstances: { setup: 'POST#setup', reset: 'POST#+reset', updateToLatestFlow: 'POST#update-to-latest-flow' },
    fieldMappingInstances: { setup: 'POST#setup', reset: 'POST#reset' },
    dataLinkTableInstances: { findLinks: 'GET&links', createLink: 'POST+links', deleteLink: 'DELETE+links' },
    dataSourceInstances: {
      setup: 'POST!setup', reset: 'POST!reset', getCollection: 'GET collection',
      unifiedFieldsToNative: 'POST+unified-fields-to-native',
      listRecords: 'POST*collection/list', findRecords: 'POST*collection/find', matchRecord: 'POST+collection/match',
      searchRecords: 'POST+collection/search', findRecordById: 'POST=collection/find-by-id',
      createRecord: 'POST+collection/create', updateRecord: 'POST+collection/update',
      deleteRecord: 'POST=collection/delete',
    },
    appEventSubscriptions: { subscribe: 'POST subscribe' }, appDataSchemaInstances: { setup: 'POST!setup' },
  };
  // What the tables cannot say.
  const extras = {
    actions: (target, at) => hide(target, 'run', async (input, options) => {
      const { integrationKey, connectionId, connectionKey } = options || {};
      return request('POST', { url: at('run'), data: { input }, params: { integrationKey, connectionId, connectionKey } });
    }),
    flowInstances: (target) => {
      const startRun = async ({ nodeKey, input } = {}) =>
        post('/flow-runs', { flowInstanceId: await target.getId(), nodeKey, input });
      hide(hide(switches(target), 'startRun', startRun), 'run', async (options = {}) => {
        let run = await startRun(options);
        options.onUpdate?.(run);
        do {
          await new ThePromise((done) => later(done, 1000));
          run = await get(`/flow-runs/${run.id}`);
          options.onUpdate?.(run);
          if (run.state === 'failed') throw new TheError(`Flow run ${run.id} failed: ${run.errors?.[0]?.message}`);
        } while (run.state !== 'completed');
        return run;
      });
    },
  };
  const add = (table, make, lists) => {
    for (const name of keys(table)) {
      const path = kebab(name), single = path.slice(0, -1);
      lazy(membrane, name, () => lists(path));
      hide(membrane, name.slice(0, -1), (selector) => {
        const target = make(single, selector, table[name]);
        extras[name]?.(target, elementAt(single, selector));
        return lists === list ? target : missing(target, 'open openConfiguration openEditor embedEditor', noPage);
      });
    }
  };
  hideAll(membrane, {
    get, post, put, patch, delete: remove, makeApiRequest: request,
    connection: (selector) => connectionAt(selector),
    integration: (selector) => integrationAt(selector),
    setCredentials: async (credentials) => patch('/self', { credentials }),
    connectionRequest: async (id, key, payload) => post(`connections/${id}/execute-request`, { key, payload }),
    externalEventSubscriptions: () => finder('external-event-subscriptions'),
    externalEventSubscription: (id) => calls({}, under(`external-event-subscriptions/${id}`), {
      get: 'GET', setup: 'POST!setup', subscribe: 'POST!subscribe', unsubscribe: 'POST!unsubscribe',
      resubscribe: 'POST!resubscribe', refreshWebhook: 'POST!refresh-webhook', pullEvents: 'POST!pull-events',
    }),
    flowRun: (id) => {
      const at = under(`/flow-runs/${id}`);
      const target = calls({}, at, { get: 'GET', stop: 'POST!stop', getOutput: 'GET output' });
      return hideAll(missing(target, 'openEditor embedEditor', noPage), {
        // The client forgets the `?` here.
        getNodeRuns: async (node, parameters) => get(at(`nodes/${node}/runs/${nestedQuery(parameters)}`)),
        getNodeRun: async (node, run) => get(at(`nodes/${node}/runs/${run}`)),
        getNodeOutputs: async (node, parameters) => get(at(`nodes/${node}/outputs?${nestedQuery(parameters)}`)),
        getNodeOutput: async (node, output) => get(at(`nodes/${node}/output/${output}`)),
        repeat: async () => {
          const { state, connectionFlowId, flowInstanceId, startNodeKey, input } = await target.get();
          if (state === 'running') throw engineError({ type: 'bad_request', message: 'Cannot repeat a running flow run.' });
          return post('/flow-runs', { flowInstanceId: connectionFlowId || flowInstanceId, startNodeKey, input });
        },
      });
    },
  });
  add(elements, element, list);
  add(instances, instance, finder);
  defineProperty(membrane, 'flowInstances', { get: () => creator('flow-instances') });
  lazy(membrane, 'connections', () => creator('connections'));
  lazy(membrane, 'flowRuns', () => creator('flow-runs'));
  lazy(membrane, 'self', () => calls({}, () => 'self', { get: 'GET', patch: 'PATCH+' }));
  lazy(membrane, 'ui', () => missing({}, 'ui.connect ui.connection ui.UNSAFE_agentSession', noConnect));
  missing(membrane, 'membrane.connect', noConnect);
  missing(membrane, 'membrane.open membrane.getEmbedUri membrane.getScreensEmbedUri membrane.getScreensPostData', noPage);
  missing(membrane, 'membrane.getToken', 'calls carry the caller\'s token by themselves');
  missing(membrane, 'membrane.createEventSource', 'read the state again with `get`');
  missing(membrane, 'membrane.retrieveLogs', 'the log of the run has its calls');

  hide(membrane, 'proxy', proxy);
  hide(membrane, 'api', api);

  const { connection, integration } = args;
  return {
    membrane,
    connection: connection ? connectionAt(connection.id, { ...connection }) : undefined,
    integration: integration ? integrationAt(integration.id, { ...integration }) : undefined,
  };
})
