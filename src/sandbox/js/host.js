// What the client calls: `host(operation, argument)`. An error carries the engine's error record for whoever reports it.
// From the host: `native.call(operation, json)`, a promise of JSON `{value}` or `{error}`.
((native) => {
  const { stringify, parse } = JSON;
  const { defineProperty } = Object;
  const { Error: TheError } = globalThis;
  return {
    host: async (operation, args) => {
      const answer = parse(await native.call(operation, stringify(args ?? {})));
      if (answer.error) {
        const failure = new TheError(answer.error.message);
        defineProperty(failure, 'hostError', { __proto__: null, value: answer.error, configurable: true });
        throw failure;
      }
      return answer.value;
    },
  };
})
