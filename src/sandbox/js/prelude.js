// Runs before each snippet, in the same fresh context. Takes the host's functions off the global object first, so that a
// snippet cannot reach them, and keeps its own copies of the built-ins that a snippet could replace.
(() => {
  const names = [
    'hostCall', 'hostLog', 'hostSettle', 'hostArguments', 'hostSource', 'hostDigest', 'hostRandom', 'hostNumber', 'hostNow',
  ];
  const { hostCall, hostLog, hostSettle, hostArguments, hostSource, hostDigest, hostRandom, hostNumber, hostNow } = globalThis;
  for (const name of names) delete globalThis[name];
  const { stringify, parse } = JSON;
  const { defineProperty } = Object;
  const TheError = Error, TheString = String, TheFunction = Function;
  // By `Function`: the engine runs what `eval` evaluates at half the speed.
  const load = (file) => TheFunction(`return (${hostSource(file)}\n)`)();

  const native = { source: hostSource, digest: hostDigest, random: hostRandom, now: hostNow };
  load('lazy.js')(native);

  const global = (name, value) => defineProperty(globalThis, name, {
    __proto__: null, value, writable: true, enumerable: false, configurable: true,
  });
  defineProperty(Math, 'random', {
    __proto__: null, value: hostNumber, writable: true, enumerable: false, configurable: true,
  });

  // Stacks begin with what was thrown, as everywhere else; frames that are not the snippet's are left out.
  const { get: framesOf, set: setFrames } = Object.getOwnPropertyDescriptor(TheError.prototype, 'stack');
  const isOwn = (frame) => /\(code\.js:(?!1:(?:[0-9]|[12][0-9]|3[0-9])\))/.test(frame);
  const framesIn = (error) => {
    const frames = framesOf.call(error);
    return typeof frames === 'string' ? frames.split('\n').filter(isOwn) : [];
  };
  defineProperty(TheError.prototype, 'stack', {
    __proto__: null, configurable: true, enumerable: false, set: setFrames,
    get() { return this instanceof TheError ? [TheString(this), ...framesIn(this)].join('\n') : undefined; },
  });
  defineProperty(TheError, 'captureStackTrace', {
    __proto__: null, configurable: true, enumerable: false, writable: true, value: function captureStackTrace() {},
  });

  // What the engine throws as plain text.
  for (const name of ['atob', 'btoa']) {
    const plain = globalThis[name];
    global(name, (text) => {
      try {
        return plain(TheString(text));
      } catch (error) {
        throw new (native.need('DOMException'))(`${name}: ${TheString(error?.message ?? error)}`, 'InvalidCharacterError');
      }
    });
  }
  global('Date', load('dates.js')(Date));

  // Console lines, with the formats of `console.log('%s has %d', …)`.
  const show = (value) => {
    if (typeof value === 'string') return value;
    if (value instanceof TheError) return value.stack;
    if (typeof value === 'function') return `[Function: ${value.name || '(anonymous)'}]`;
    try {
      const text = stringify(value);
      return text === undefined ? TheString(value) : text;
    } catch {
      return TheString(value);
    }
  };
  const line = (values) => {
    if (typeof values[0] !== 'string' || values.length < 2 || !/%[sdifoOjc%]/.test(values[0])) return values.map(show).join(' ');
    let next = 1;
    const text = values[0].replace(/%[sdifoOjc%]/g, (mark) => {
      if (mark === '%%') return '%';
      if (next >= values.length) return mark;
      const value = values[next++];
      if (mark === '%c') return '';
      if (mark === '%d' || mark === '%i' || mark === '%f') {
        const number = mark === '%i' ? parseInt(value, 10) : Number(value);
        return TheString(number);
      }
      return show(value);
    });
    return [text, ...values.slice(next).map(show)].join(' ');
  };
  const level = (name) => (...values) => hostLog(name, line(values));
  const counts = { __proto__: null }, timers = { __proto__: null };
  const [log, info, warn, error, debug] = ['log', 'info', 'warn', 'error', 'debug'].map(level);
  const timed = (label) => `${label}: ${TheString(hostNow() - (timers[label] ?? 0))}ms`;
  global('console', {
    log, info, warn, error, debug, trace: debug, table: log, dir: (value) => log(value), dirxml: log,
    group: (...values) => { if (values.length) log(...values); }, groupCollapsed() {}, groupEnd() {},
    time: (label = 'default') => { timers[label] = hostNow(); },
    timeLog: (label = 'default', ...rest) => log(timed(label), ...rest),
    timeEnd: (label = 'default') => { log(timed(label)); delete timers[label]; },
    count: (label = 'default') => log(`${label}: ${counts[label] = (counts[label] ?? 0) + 1}`),
    countReset: (label = 'default') => { delete counts[label]; },
    assert: (fine, ...rest) => { if (!fine) error('Assertion failed', ...rest); },
  });

  const missing = (name, instead) => global(name, () => { throw new TheError(`${name} is not available in the sandbox; ${instead}`); });
  missing('fetch', 'use `externalApiClient` or `membrane.proxy` for the external app, `membrane` for the API');
  missing('require', 'a snippet is one file and has no modules');

  // A host call. Its error carries the engine's error record for whoever reports it.
  const host = async (operation, args) => {
    const answer = parse(await hostCall(operation, stringify(args ?? {})));
    if (answer.error) {
      const failure = new TheError(answer.error.message);
      defineProperty(failure, 'hostError', { __proto__: null, value: answer.error, configurable: true });
      throw failure;
    }
    return answer.value;
  };

  // Reading an error runs the snippet's own code: getters, proxies. Whatever they do, something is reported.
  const attempt = (read) => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
  const settleError = (thrown) => {
    const isError = attempt(() => thrown !== null && typeof thrown === 'object' && 'message' in thrown);
    const message = attempt(() => {
      if (!isError) return show(thrown);
      const { name } = thrown;
      return name && name !== 'Error' ? `${name}: ${thrown.message}` : TheString(thrown.message);
    });
    const stack = attempt(() => (isError && thrown.stack ? TheString(thrown.stack) : ''));
    const cause = attempt(() => (thrown && thrown.hostError ? stringify(thrown.hostError) : ''));
    hostSettle('thrown', message ?? 'the code threw a value that cannot be shown', stack ?? '', cause ?? '');
  };
  const finish = (value) => {
    const text = stringify(value);
    hostSettle('output', text === undefined ? '' : text);
  };
  const settleLater = async (value) => {
    try {
      finish(await value);
    } catch (error) {
      settleError(error);
    }
  };

  const exported = (module) => {
    const { exports } = module;
    const handler = typeof exports === 'function' ? exports : exports?.default;
    if (typeof handler !== 'function') {
      throw new TheError('the code exports no function; write `module.exports = ({ input, membrane, connection, integration }) => …`');
    }
    return handler;
  };

  // The client's text is evaluated when a snippet first asks for something of it, or by a worker that has nothing else
  // to do.
  let makeClient;
  const warm = () => { makeClient ??= load('client.js'); };
  const client = (record) => {
    let made;
    return () => {
      warm();
      return (made ??= makeClient(host, record));
    };
  };
  global('runSnippet', (snippet) => {
    delete globalThis.runSnippet;
    try {
      const record = parse(hostArguments());
      const make = client(record);
      const args = { ...record, internalApiClient: undefined };
      const lazily = (target, name, read) => defineProperty(target, name, {
        __proto__: null, enumerable: true, configurable: true, get: read,
        set: (value) => defineProperty(target, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true }),
      });
      lazily(globalThis, 'membrane', () => make().membrane);
      for (const name of ['membrane', 'engineApiClient', 'internalApiClient']) lazily(args, name, () => make().membrane);
      for (const name of ['connection', 'integration', 'externalApiClient']) lazily(args, name, () => make()[name]);
      const module = { exports: {} };
      snippet(module, module.exports);
      const value = exported(module)(args);
      const isThenable = value !== null && (typeof value === 'object' || typeof value === 'function') && typeof value.then === 'function';
      if (isThenable) settleLater(value);
      else finish(value);
    } catch (error) {
      settleError(error);
    }
  });
  return warm;
})();
