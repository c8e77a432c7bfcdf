// A page with whichever hooks it is told to render: what each gives, as JSON, and its methods, to be called.

import { createRoot } from 'react-dom/client';
import * as react from '@membranehq/react';

const { IntegrationAppConnectionProvider, MembraneProvider, useMembrane } = react;
const { apiUri } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const root = createRoot(document.getElementById('root'));

/** By hook: what it gave last, and what its client has sent. */
const results = {};
const sent = {};

/** What cannot be told in JSON comes last among the arguments. */
const callbacks = {
  useExportFieldsAsCode: (client, [type, id]) => [(fields) => client.put(`/${type}/${id}`, fields)],
};

function watch(client, hook) {
  if (sent[hook]) return;
  sent[hook] = [];
  const request = client.makeApiRequest;
  client.makeApiRequest = (method, options) => {
    sent[hook].push(`${method} /${options.url.replace(/^\//, '')}`);
    return request.call(client, method, options);
  };
}

function Hook({ hook, given, field }) {
  const client = useMembrane();
  watch(client, hook);
  const result = react[hook](...given, ...(callbacks[hook]?.(client, given) ?? []));
  results[hook] = result;
  const { error, [field]: value } = result;
  return <pre data-hook={hook}>{JSON.stringify({ error: error && String(error), value })}</pre>;
}

window.hooks = Object.keys(react).filter((name) => /^use[A-Z]/.test(name));

/** Each row has a hook, its arguments, the name of what it gives, and the token of its client. */
window.render = (rows, connectionId) =>
  root.render(
    <IntegrationAppConnectionProvider connectionId={connectionId}>
      {rows.map(({ token, ...row }) => (
        <MembraneProvider key={row.hook} token={token} apiUri={apiUri} uiUri={apiUri}>
          <Hook {...row} />
        </MembraneProvider>
      ))}
    </IntegrationAppConnectionProvider>,
  );

/** What a hook shows: the ids of a list, or as much of an element as `like` has. */
window.shown = (hook, like) => {
  const { error, value } = JSON.parse(document.querySelector(`[data-hook=${hook}]`)?.textContent ?? '{}');
  if (error || !value) return error;
  if (Array.isArray(like)) return value.map(({ id }) => id);
  return Object.fromEntries(Object.keys(like).map((name) => [name, value[name]]));
};

window.call = (hook, method, given) => results[hook][method](...given);
window.sent = (hook) => sent[hook];

/** The methods of what a hook gave, without those that its accessor has to have and has not. */
window.methods = (hook) => {
  const { accessor, ...result } = results[hook];
  const wanted = { create: 'create', patch: 'put', put: 'put', archive: 'archive' };
  const works = (name) => !(name in wanted) || typeof accessor?.[wanted[name]] === 'function';
  return Object.keys(result).filter((name) => typeof result[name] === 'function' && works(name));
};
