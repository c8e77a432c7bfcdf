// `console`: lines for the run log. What is more than text is shown by inspect.js, as Node shows it.
// From the host: `native.log(level, line)`, `native.now()` and `native.load(file)`.
((native) => {
  const { String: TheString, Number: TheNumber } = globalThis;
  /** In UTF-16 code units. Longer lines are cut, so that one of them does not use up what a run may write. */
  const LONGEST_LINE = 32 * 1024;

  const isPlain = (value) => {
    const type = typeof value;
    if (type === 'number') return value !== 0 || 1 / value > 0;
    return type === 'string' || type === 'boolean' || value === undefined || value === null;
  };
  const line = (values) => {
    const hasFormat = values.length > 1 && typeof values[0] === 'string' && values[0].includes('%');
    if (!hasFormat && values.every(isPlain)) return values.map((value) => TheString(value)).join(' ');
    return native.load('inspect.js').format(values);
  };
  let indent = '';
  const put = (level, text) => {
    let shown = text;
    if (indent) shown = indent + (shown.includes('\n') ? shown.split('\n').join(`\n${indent}`) : shown);
    const { length } = shown;
    if (length > LONGEST_LINE) shown = `${shown.slice(0, LONGEST_LINE)}… (cut: the line has ${length} characters)`;
    native.log(level, shown);
  };
  const level = (name) => (...values) => put(name, line(values));
  const [log, info, warn, error, debug] = ['log', 'info', 'warn', 'error', 'debug'].map(level);

  const counts = { __proto__: null }, timers = { __proto__: null };
  const timed = (label, rest) => {
    if (timers[label] === undefined) return;
    const ms = native.now() - timers[label];
    log(`${label}: ${ms < 1000 ? `${TheNumber(ms.toFixed(3))}ms` : `${(ms / 1000).toFixed(3)}s`}`, ...rest);
  };
  const group = (...values) => {
    if (values.length) log(...values);
    indent += '  ';
  };
  return {
    console: {
      log, info, warn, error, debug, table: log, dirxml: log, group, groupCollapsed: group,
      groupEnd: () => { indent = indent.slice(2); },
      dir: (value, options) => put('log', native.load('inspect.js').inspect(value, options ?? {})),
      trace: (...values) => put('debug', values.length ? `Trace: ${line(values)}` : 'Trace'),
      time: (label = 'default') => { timers[label] = native.now(); },
      timeLog: (label = 'default', ...rest) => timed(label, rest),
      timeEnd: (label = 'default') => { timed(label, []); delete timers[label]; },
      count: (label = 'default') => log(`${label}: ${counts[label] = (counts[label] ?? 0) + 1}`),
      countReset: (label = 'default') => { delete counts[label]; },
      assert: (fine, ...values) => {
        if (fine) return;
        const [first, ...rest] = values;
        error(...(values.length ? [`Assertion failed: ${TheString(first)}`, ...rest] : ['Assertion failed']));
      },
    },
  };
})
