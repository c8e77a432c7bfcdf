// What a page with a client has: a test says what is to be called; the user's click calls it.

/** `Client` is the class of the client, which is made of what the address says. */
export function offerCalls(Client) {
  const { token, apiUri } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const client = new Client({ token, apiUri, uiUri: apiUri });

  window.notes = [];
  window.outcome = { status: 'idle' };

  /** `source` is a function of the client and an argument. */
  window.prepare = (source, argument) => {
    const call = (0, eval)(`(${source})`);
    window.outcome = { status: 'prepared' };
    document.getElementById('start').onclick = async () => {
      const outcome = { status: 'pending' };
      window.outcome = outcome;
      try {
        Object.assign(outcome, { status: 'resolved', value: await call(client, argument) });
      } catch (error) {
        Object.assign(outcome, { status: 'rejected', error: told(error) });
      }
      document.getElementById('outcome').textContent = outcome.status;
    };
  };
}

function told(error) {
  const { message, data, isMembraneError } = error;
  return { class: error.constructor.name, message, data: data && JSON.parse(JSON.stringify(data)), isMembraneError };
}
