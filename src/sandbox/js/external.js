// The external app of the run's connection. What the app refuses carries its answer; other errors are the client's. Apart
// from the client of the API: it is small, and mostly all that a snippet needs.
(({ host, engineError, hide, placed }, args) => {
  const { assign, prototype: { toString: tagOf } } = Object;
  const TheError = Error, TheString = String;
  const isForm = (data) => tagOf.call(data) === '[object URLSearchParams]';

  const vendorError = (error) => {
    const record = error?.hostError;
    if (record === null || typeof record !== 'object') return error;
    const { message, type, key, data } = record;
    const response = data?.response;
    if (!response) return assign(engineError(record) ?? error, { type, key });
    const { status, data: answer } = response;
    const thrown = assign(new TheError(message), { type, key, status, data: answer, response });
    return placed(hide(thrown, 'hostError', record), record.calledAt);
  };
  const external = (owner, always) => {
    const method = (name, hasBody) => async (path, ...rest) => {
      const connection = args.connection?.id;
      if (!connection) {
        const instead = 'run the code with a `connectionId` or `connectionKey`, or use `membrane.connection(…).proxy`';
        throw new TheError(`${owner}.${name} has no connection; ${instead}`);
      }
      let body = hasBody ? rest.shift() : undefined;
      let { query, params, headers, returnFullResponse } = rest[0] ?? {};
      if (isForm(body)) {
        headers = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
        body = TheString(body);
      }
      const call = { connection, method: name.toUpperCase(), path, query: query ?? params, headers, body };
      try {
        return await host('external', { ...call, full: always || returnFullResponse === true });
      } catch (error) {
        throw vendorError(error);
      }
    };
    return {
      get: method('get'), delete: method('delete'),
      post: method('post', true), put: method('put', true), patch: method('patch', true),
    };
  };
  /** `membrane.api({ method, path, query, body, headers })`, which gives the body of the answer. */
  const client = external('membrane.api', false);
  const wrong = (why) => new TheError(`membrane.api: ${why}; call it with { method, path, query, body, headers }`);
  const api = async (request) => {
    if (typeof request !== 'object' || request === null) throw wrong(`a request is an object, not ${typeof request}`);
    const { method = 'GET', path, query, params, body, data, headers, ...others } = request;
    for (const other in others) throw wrong(`\`${other}\` is no part of a request`);
    if (typeof path !== 'string' || path === '') throw wrong('`path` is missing, such as `/user`');
    if (headers !== undefined && (typeof headers !== 'object' || headers === null)) throw wrong('`headers` is an object');
    const name = TheString(method).toLowerCase();
    if (!(name in client)) throw new TheError(`membrane.api: the method \`${method}\` is none of GET, POST, PUT, PATCH, DELETE`);
    const options = { query: query ?? params, headers };
    const sent = body ?? data;
    return name === 'get' || name === 'delete' ? client[name](path, options) : client[name](path, sent, options);
  };
  return { externalApiClient: external('externalApiClient', false), proxy: external('membrane.proxy', true), api };
})
