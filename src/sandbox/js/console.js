// `console`: lines for the run log, with the formats of `console.log('%s has %d', …)`.
// From the host: `native.log(level, line)` and `native.now()`.
((native) => {
  const { stringify } = JSON;
  const { Error: TheError, String: TheString, Number: TheNumber } = globalThis;

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
      if (mark === '%i') return TheString(parseInt(value, 10));
      if (mark === '%d' || mark === '%f') return TheString(TheNumber(value));
      return show(value);
    });
    return [text, ...values.slice(next).map(show)].join(' ');
  };
  const level = (name) => (...values) => native.log(name, line(values));
  const counts = { __proto__: null }, timers = { __proto__: null };
  const [log, info, warn, error, debug] = ['log', 'info', 'warn', 'error', 'debug'].map(level);
  const timed = (label) => `${label}: ${TheString(native.now() - (timers[label] ?? 0))}ms`;
  return {
    console: {
      log, info, warn, error, debug, trace: debug, table: log, dir: (value) => log(value), dirxml: log,
      group: (...values) => { if (values.length) log(...values); }, groupCollapsed() {}, groupEnd() {},
      time: (label = 'default') => { timers[label] = native.now(); },
      timeLog: (label = 'default', ...rest) => log(timed(label), ...rest),
      timeEnd: (label = 'default') => { log(timed(label)); delete timers[label]; },
      count: (label = 'default') => log(`${label}: ${counts[label] = (counts[label] ?? 0) + 1}`),
      countReset: (label = 'default') => { delete counts[label]; },
      assert: (fine, ...rest) => { if (!fine) error('Assertion failed', ...rest); },
    },
  };
})
