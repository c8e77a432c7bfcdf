// A page as a product built on the React package has it: lists with search and more, one connection, live updates.

import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import {
  MembraneClientProvider,
  MembraneProvider,
  useAction,
  useActions,
  useAppDataSchemaInstance,
  useAppDataSchemaInstances,
  useAppDataSchemas,
  useConnection,
  useConnections,
  useElementsBackgroundSync,
  useFlowInstance,
  useFlowRuns,
  useFlows,
  useIntegrations,
  useMembrane,
} from '@membranehq/react';

const settings = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
window.events = [];

/** What every list hook gives, drawn. */
function List({ title, list, limit, children }) {
  const { items, error, loading, refreshing, loadingMore, refresh, loadMore } = list;
  return (
    <section aria-label={title} aria-busy={loading || refreshing || loadingMore}>
      <h2>{title}</h2>
      {error && <p role="alert">{`${error.constructor.name}: ${error.message}`}</p>}
      {loading && <p role="status">Loading</p>}
      <ul>{items.map((item) => <li key={item.id}>{children ? children(item) : item.key}</li>)}</ul>
      <button type="button" onClick={() => refresh().catch(() => {})}>Refresh</button>
      {limit && <button type="button" onClick={loadMore}>Load more</button>}
    </section>
  );
}

function Integrations() {
  const [search, setSearch] = useState('');
  const limit = Number(settings.limit ?? 5);
  const list = useIntegrations({ search, limit });
  return (
    <>
      <label>Search integrations <input value={search} onChange={(event) => setSearch(event.target.value)} /></label>
      <List title="Integrations" list={list} limit={limit} />
    </>
  );
}

function Connections({ onOpen }) {
  const membrane = useMembrane();
  const [integrationKey, setIntegrationKey] = useState('');
  const list = useConnections({ integrationKey });
  const archive = async (connection) => {
    await membrane.connection(connection.id).archive();
    await list.refresh();
  };
  const connect = async () => {
    await membrane.ui.connect({ integrationKey: 'slack' });
    await list.refresh();
  };
  return (
    <>
      <label>Connections of <input value={integrationKey} onChange={(event) => setIntegrationKey(event.target.value)} /></label>
      <button type="button" onClick={connect}>Connect Slack</button>
      <List title="Connections" list={list}>
        {(connection) => (
          <>
            <span>{connection.key}</span>
            <button type="button" onClick={() => onOpen(connection.id)}>{`Open ${connection.key}`}</button>
            <button type="button" onClick={() => archive(connection)}>{`Archive ${connection.key}`}</button>
          </>
        )}
      </List>
    </>
  );
}

function Actions() {
  const limit = 3;
  const list = useActions({ integrationKey: 'github', limit });
  const { action, error } = useAction({ key: 'list-repositories', integrationKey: 'github' });
  return (
    <>
      <List title="Actions" list={list} limit={limit} />
      <p data-testid="action">{error?.message ?? action?.name}</p>
    </>
  );
}

function Flows() {
  const membrane = useMembrane();
  const flows = useFlows();
  const runs = useFlowRuns();
  const at = { flowKey: 'greet', integrationKey: 'github', autoCreate: true };
  const { flowInstance, error, disable, run } = useFlowInstance(at);
  const [output, setOutput] = useState('');
  const greet = async () => {
    const done = await run({ input: { name: 'Ada' } });
    setOutput(JSON.stringify(await membrane.flowRun(done.id).getOutput()));
    await runs.refresh();
  };
  return (
    <>
      <List title="Flows" list={flows} />
      <p data-testid="instance">{error?.message ?? (flowInstance && `${flowInstance.name}, ${flowInstance.enabled ? 'on' : 'off'}`)}</p>
      <button type="button" onClick={disable}>Switch off</button>
      <button type="button" onClick={greet} disabled={!flowInstance}>Run</button>
      <p data-testid="output">{output}</p>
      <List title="Runs" list={runs}>{({ name, state }) => `${name} ${state}`}</List>
    </>
  );
}

function AppDataSchemas() {
  const schemas = useAppDataSchemas();
  const instances = useAppDataSchemaInstances();
  const { appDataSchemaInstance, error, patch } = useAppDataSchemaInstance({ appDataSchemaKey: 'contact', autoCreate: true });
  const rename = async () => {
    await patch({ name: 'My contact' });
    await instances.refresh();
  };
  return (
    <>
      <List title="Schemas" list={schemas} />
      <p data-testid="own-schema">{error?.message ?? appDataSchemaInstance?.name}</p>
      <button type="button" onClick={rename} disabled={!appDataSchemaInstance}>Rename</button>
      <List title="Own schemas" list={instances}>{({ name }) => name}</List>
    </>
  );
}

function Connection({ id }) {
  const { connection, error, loading, patch, saving, refresh } = useConnection(id);
  return (
    <section aria-label="Connection" aria-busy={loading}>
      {error && <p role="alert">{error.message}</p>}
      {connection && <h2>{connection.name}</h2>}
      {connection && <p role="status">{saving ? 'saving' : connection.state}</p>}
      <button type="button" onClick={() => patch({ name: 'Renamed' })}>Rename</button>
      <button type="button" onClick={() => refresh().catch(() => {})}>Read again</button>
    </section>
  );
}

function Sync() {
  const [open, setOpen] = useState(false);
  useElementsBackgroundSync({
    onOpen: () => setOpen(true),
    onMessage: (event) => window.events.push(event),
    onError: (error) => window.events.push({ type: 'failed', message: error.message }),
  });
  return <p data-testid="sync">{open ? 'live' : 'not live'}</p>;
}

function WithSync() {
  return <MembraneClientProvider client={useMembrane()}><Sync /></MembraneClientProvider>;
}

function Page() {
  const [opened, open] = useState(settings.open);
  const shown = (part) => (settings.parts ?? '').split(',').includes(part);
  return (
    <main>
      <h1>Integrations</h1>
      {shown('integrations') && <Integrations />}
      {shown('connections') && <Connections onOpen={open} />}
      {shown('actions') && <Actions />}
      {shown('flows') && <Flows />}
      {shown('schemas') && <AppDataSchemas />}
      {opened && <Connection id={opened} />}
      {shown('sync') && <WithSync />}
    </main>
  );
}

const credentials = settings.fetchToken ? { fetchToken: async () => settings.token } : { token: settings.token };
createRoot(document.getElementById('root')).render(
  <MembraneProvider {...credentials} apiUri={settings.apiUri} uiUri={settings.apiUri}>
    <Page />
  </MembraneProvider>,
);
