// Runs before each snippet, in the same fresh context. Takes its tools off the global object first, so that a snippet
// cannot reach them, and keeps its own copies of the built-ins that a snippet could replace.
(() => {
  const { hostCall, hostLog, hostSettle, hostArguments } = globalThis;
  for (const name of ['hostCall', 'hostLog', 'hostSettle', 'hostArguments']) delete globalThis[name];
  const { stringify, parse } = JSON;
  const { defineProperty } = Object;
  const TheError = Error, ThePromise = Promise, TheString = String;

  const show = (value) => {
    if (typeof value === 'string') return value;
    if (value instanceof TheError) return value.stack || TheString(value);
    try {
      const text = stringify(value);
      return text === undefined ? TheString(value) : text;
    } catch {
      return TheString(value);
    }
  };
  const level = (name) => (...values) => hostLog(name, values.map(show).join(' '));
  globalThis.console = {
    log: level('log'), info: level('info'), warn: level('warn'), error: level('error'), debug: level('debug'),
    trace: level('debug'), table: level('log'), dir: level('log'),
    group() {}, groupEnd() {}, time() {}, timeEnd() {}, assert: (fine, ...rest) => { if (!fine) level('error')('Assertion failed', ...rest); },
  };

  // A host call; its error arrives as the client's own errors do.
  const host = async (operation, args) => {
    const reply = parse(await hostCall(operation, stringify(args ?? {})));
    if (reply.error) {
      const error = new TheError(reply.error.message);
      error.isMembraneError = true;
      error.data = reply.error;
      error.type = reply.error.type;
      error.key = reply.error.key;
      defineProperty(error, 'hostError', { value: reply.error, enumerable: false });
      throw error;
    }
    return reply.value;
  };

  const api = (method) => (path, ...rest) => {
    const [query, body] = method === 'GET' || method === 'DELETE' ? rest : [undefined, rest[0]];
    return host('api', { method, path, query, body });
  };
  const [get, post, put, patch, remove] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(api);
  const segment = (text) => TheString(text);
  const selected = (plural, singular, selector) => (operation = '') => {
    if (typeof selector === 'string') return [`/${plural}/${segment(selector)}${operation}`, undefined];
    return [`/${singular}${operation}`, selector];
  };
  const list = (path) => ({
    find: (query) => get(path, query),
    list: (query) => get(path, query),
    findAll: async (query) => {
      const items = [];
      for (let cursor = '0'; cursor; ) {
        const page = await get(path, { ...query, limit: 1000, cursor });
        items.push(...page.items);
        cursor = page.cursor;
      }
      return items;
    },
    create: (data) => post(path, data),
  });
  const element = (plural, singular, selector) => {
    const at = selected(plural, singular, selector);
    const call = (method, operation, body) => {
      const [path, query] = at(operation);
      return host('api', { method, path, query, body });
    };
    return {
      get: () => call('GET'),
      patch: (data) => call('PATCH', '', data),
      put: (data) => call('PUT', '', data),
      archive: () => call('DELETE'),
      restore: () => call('POST', '/restore'),
      run: async (input, options) => {
        const [path, query] = at('/run');
        return host('api', { method: 'POST', path, query: { ...query, ...options }, body: { input } });
      },
    };
  };
  const proxy = (connection) => {
    const call = (method) => (path, body) => host('external', { connection, method, path, body });
    return { get: call('GET'), post: call('POST'), put: call('PUT'), patch: call('PATCH'), delete: call('DELETE') };
  };
  const connectionAt = (selector) => {
    const base = `/connections/${segment(selector)}`;
    return {
      get: (query) => get(base, query),
      patch: (data) => patch(base, data),
      archive: () => remove(base),
      proxy: proxy(selector),
      request: (path, data) => host('external', { connection: selector, method: 'POST', path, body: data }),
      actions: list(`${base}/actions`),
      action: (key) => ({
        get: () => get(`${base}/actions/${segment(key)}`),
        run: (input) => post(`${base}/actions/${segment(key)}/run`, input),
      }),
    };
  };

  const args = parse(hostArguments);
  const current = args.connection && args.connection.id;
  const full = (method) => (path, body) => host('external', { connection: current, method, path, body, full: true });
  const membrane = {
    get, post, put, patch, delete: remove,
    self: { get: () => get('/self'), patch: (data) => patch('/self', data) },
    connections: list('/connections'), connection: connectionAt,
    integrations: list('/integrations'),
    integration: (selector) => ({
      ...element('integrations', 'integration', selector),
      actions: list(`/integrations/${segment(selector)}/actions`),
    }),
    actions: list('/actions'), action: (selector) => element('actions', 'action', selector),
    proxy: { get: full('GET'), post: full('POST'), put: full('PUT'), patch: full('PATCH'), delete: full('DELETE') },
  };
  const external = (method) => async (path, first, second) => {
    const takesBody = method !== 'GET' && method !== 'DELETE';
    const options = (takesBody ? second : first) ?? {};
    return host('external', {
      connection: current, method, path, body: takesBody ? first : undefined,
      query: options.query ?? options.params, headers: options.headers, full: options.returnFullResponse === true,
    });
  };
  const externalApiClient = {
    get: external('GET'), post: external('POST'), put: external('PUT'), patch: external('PATCH'), delete: external('DELETE'),
  };
  const missing = (name, instead) => () => { throw new TheError(`${name} is not available in the sandbox; ${instead}`); };
  const useClient = 'use `externalApiClient` or `membrane.proxy` for the external app';
  globalThis.fetch = missing('fetch', useClient);
  globalThis.require = missing('require', 'a snippet is one file');

  const settleError = (error) => {
    const shown = error instanceof TheError || (error && typeof error === 'object' && 'message' in error);
    hostSettle('error', stringify({
      message: shown ? `${error.name && error.name !== 'Error' ? `${error.name}: ` : ''}${error.message}` : show(error),
      stack: shown && error.stack ? TheString(error.stack) : undefined,
      cause: error && error.hostError,
    }));
  };
  defineProperty(globalThis, 'runSnippet', {
    configurable: true,
    value: (snippet) => {
      delete globalThis.runSnippet;
      const finish = (value) => {
        const text = stringify(value);
        hostSettle('ok', text === undefined ? '' : text);
      };
      try {
        const module = { exports: {} };
        snippet(module, module.exports, membrane);
        let handler = module.exports;
        if (typeof handler !== 'function') handler = handler && handler.default;
        if (typeof handler !== 'function') {
          throw new TheError('the code exports no function; write `module.exports = ({ input, membrane, connection, integration }) => …`');
        }
        const connection = args.connection && { ...args.connection, ...connectionAt(args.connection.id) };
        const integration = args.integration && { ...args.integration };
        const value = handler({
          ...args, membrane, connection, integration, externalApiClient,
          engineApiClient: membrane, internalApiClient: membrane,
        });
        if (value && typeof value.then === 'function') {
          ThePromise.resolve(value).then(finish).catch(settleError);
        } else {
          finish(value);
        }
      } catch (error) {
        settleError(error);
      }
    },
  });
})();
