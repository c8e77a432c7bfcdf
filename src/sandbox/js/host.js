// What the clients call: `host(operation, argument)`, from `native.call(operation, json)`, a promise of JSON `{value}` or
// `{error}`. An error carries the engine's error record for whoever reports it; `engineError` makes of such a record what
// the official client throws.
((native) => {
  const { stringify, parse } = JSON;
  const { assign, defineProperty, hasOwn } = Object;
  const { Error: TheError } = globalThis;

  // A record's own field wins over a method of the same name.
  const hide = (target, name, value) => {
    const hidden = { __proto__: null, value, writable: true, configurable: true };
    if (!hasOwn(target, name)) defineProperty(target, name, hidden);
    return target;
  };

  const errorNames = {
    __proto__: null, bad_request: 'BadRequest', connection: 'Connection', configuration: 'Configuration',
    internal: 'Internal', custom_code: 'CustomCode', dependency_error: 'Dependency', concurrency: 'Concurrency',
    action_run: 'ActionRun', action_instance_setup: 'ActionInstanceSetup', unit_run: 'UnitRun',
    flow_run: 'FlowRun', flow_instance_setup: 'FlowInstanceSetup',
    insufficient_credit: 'InsufficientCredits', openrouter_not_configured: 'OpenRouterNotConfigured',
  };
  class ErrorData {}
  class MembraneError extends TheError {
    isMembraneError = true;
    constructor(record) {
      super(record.message);
      this.data = assign(new ErrorData(), record);
      hide(this, 'hostError', record);
    }
  }
  // Errors come after an `await`, when nothing of the snippet is left on the stack: they tell where the call was made.
  const placed = (error, at) => {
    if (at) defineProperty(error, 'stack', { value: `${error}${at}`, writable: true, configurable: true });
    return error;
  };
  const engineError = (record) => {
    const name = record !== null && typeof record === 'object' && typeof record.type === 'string' && errorNames[record.type];
    if (!name) return undefined;
    const error = new (defineProperty(class extends MembraneError {}, 'name', { value: `${name}Error` }))(record);
    // The client overwrites what the server says here.
    if (name === 'Dependency') error.data.data = { workspaceElementReference: undefined };
    return placed(error, record.calledAt);
  };

  const { frames } = native;
  const host = async (operation, args) => {
    const at = frames();
    const { error, value } = parse(await native.call(operation, stringify(args ?? {})));
    if (!error) return value;
    defineProperty(error, 'calledAt', { value: at });
    throw placed(hide(new TheError(error.message), 'hostError', error), at);
  };
  return { host, engineError, hide, placed, frames };
})
