// A product's demo page: what can be connected and what is, and of one connection its actions, flows, data sources, field
// mappings and log.

import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import {
  DataSourceConfig,
  FieldList,
  IntegrationAppProvider,
  IntegrationElementProvider,
  useAction,
  useActions,
  useConnection,
  useConnections,
  useDataSourceInstance,
  useDataSources,
  useFieldMappingInstance,
  useFieldMappings,
  useFlow,
  useFlowRuns,
  useFlows,
  useIntegration,
  useIntegrationApp,
  useIntegrations,
  useMembraneSWR,
} from '@membranehq/react';

const { token, apiUri } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

function Section({ title, children }) {
  return <section aria-label={title}><h2>{title}</h2>{children}</section>;
}

function Items({ items, children }) {
  return <ul>{items.map((item) => <li key={item.id}>{children(item)}</li>)}</ul>;
}

/** A button that shows what its call ended in, when that is an error. */
function Call({ name, call, disabled }) {
  const [failure, setFailure] = useState();
  const press = async () => {
    setFailure(undefined);
    await call().catch((error) => setFailure(error.message));
  };
  return (
    <>
      <button type="button" disabled={disabled} onClick={press}>{name}</button>
      {failure && <p role="alert">{failure}</p>}
    </>
  );
}

function Integrations({ integrations, connections, refresh, onOpen }) {
  const membrane = useIntegrationApp();
  const connected = new Set(connections.map(({ integrationId }) => integrationId));
  const available = integrations.filter(({ id }) => !connected.has(id));
  const [filling, fill] = useState();
  const connect = async ({ key }) => {
    await membrane.integration(key).openNewConnection();
    await refresh();
  };
  const filled = async () => {
    fill(undefined);
    await refresh();
  };
  return (
    <>
      {filling && <Form integrationKey={filling} onDone={filled} />}
      <Section title="Connected">
        <Items items={connections}>
          {({ id, integration }) => <button type="button" onClick={() => onOpen(id)}>{integration.name}</button>}
        </Items>
      </Section>
      <Section title="Available">
        <Items items={available}>
          {(integration) => (
            <>
              <Call name={`Connect ${integration.name}`} call={() => connect(integration)} />
              <button type="button" onClick={() => fill(integration.key)}>{`Fill in ${integration.name}`}</button>
            </>
          )}
        </Items>
      </Section>
    </>
  );
}

/** The page's own form for an integration, from what the integration says of its first way to authenticate. */
function Form({ integrationKey, onDone }) {
  const membrane = useIntegrationApp();
  const { integration } = useIntegration(integrationKey);
  const [parameters, setParameters] = useState({});
  const option = integration?.authOptions?.[0];
  const fields = Object.entries(option?.ui?.schema?.properties ?? {});
  const connect = async () => {
    await membrane.integration(integrationKey).connect({ parameters, authOptionKey: option.key });
    await onDone();
  };
  return (
    <Section title="Form">
      {fields.map(([name, { title }]) => (
        <label key={name}>
          {title} <input onChange={({ target }) => setParameters({ ...parameters, [name]: target.value })} />
        </label>
      ))}
      <Call name="Connect" call={connect} disabled={!option} />
    </Section>
  );
}

function Action({ id, onRun }) {
  const membrane = useIntegrationApp();
  const { action } = useAction(id);
  const [input, setInput] = useState({});
  const [output, setOutput] = useState();
  const run = async () => {
    const result = await membrane.action(id).run(input).finally(onRun);
    setOutput(result.output);
  };
  return (
    <Section title="Action">
      {Object.entries(action?.inputSchema?.properties ?? {}).map(([name, { title }]) => (
        <label key={name}>{title} <input onChange={({ target }) => setInput({ ...input, [name]: target.value })} /></label>
      ))}
      <Call name="Run" call={run} disabled={!action} />
      <pre>{JSON.stringify(output)}</pre>
    </Section>
  );
}

function Flow({ id, connectionId }) {
  const membrane = useIntegrationApp();
  const { flow } = useFlow(id);
  const runs = useFlowRuns({ connectionId });
  const triggers = Object.entries(flow?.nodes ?? {}).filter(([, { type }]) => type.endsWith('trigger'));
  const run = async (nodeKey) => {
    await membrane.connection(connectionId).flow(flow.key).run({ nodeKey, input: { name: 'Ada' } });
    await runs.refresh();
  };
  return (
    <Section title="Flow">
      {triggers.map(([key, { name }]) => <Call key={key} name={`Run ${name}`} call={() => run(key)} />)}
      <button type="button" onClick={runs.refresh}>Look again</button>
      <Items items={runs.items}>{({ startNodeKey, state }) => `${startNodeKey} ${state}`}</Items>
    </Section>
  );
}

/** Where the records of a data source come from, chosen with the package's own form, and the first of them. */
function DataSource({ id, connection }) {
  const membrane = useIntegrationApp();
  const { dataSourceInstance: source, patch } = useDataSourceInstance({
    dataSourceId: id,
    connectionId: connection.id,
    autoCreate: true,
  });
  const [records, setRecords] = useState([]);
  const list = async () => setRecords((await membrane.dataSourceInstance(source.id).listRecords()).records);
  const configure = () => membrane.connection(connection.id).dataSource(source.key).openConfiguration();
  return (
    <Section title="Data source">
      <Call name="List records" call={list} disabled={!source} />
      <Call name="Configure" call={configure} disabled={!source} />
      <IntegrationElementProvider integrationId={connection.integrationId} connectionId={connection.id}>
        <DataSourceConfig value={source} onChange={patch} />
      </IntegrationElementProvider>
      <Items items={records}>{({ name }) => name}</Items>
    </Section>
  );
}

/** Which field of a record becomes which of the product's own, in the package's own form, and what becomes of the first. */
function FieldMapping({ id, connection }) {
  const membrane = useIntegrationApp();
  const ofConnection = { connectionId: connection.id, autoCreate: true };
  const { fieldMappingInstance: mapping, patch } = useFieldMappingInstance({ fieldMappingId: id, ...ofConnection });
  const [output, setOutput] = useState();
  const run = async () => {
    const source = membrane.dataSourceInstance({ dataSourceKey: mapping.dataSourceKey, ...ofConnection });
    const { records: [input] } = await source.listRecords();
    setOutput((await membrane.post(`/field-mappings/${mapping.id}/run`, { input })).output);
  };
  const configure = () => membrane.connection(connection.id).fieldMapping(mapping.key).openConfiguration();
  return (
    <Section title="Field mapping">
      <Call name="Map a record" call={run} disabled={!mapping} />
      <Call name="Configure" call={configure} disabled={!mapping} />
      {mapping && (
        <FieldList
          value={mapping.importValue}
          schema={mapping.appSchema}
          variablesSchema={mapping.dataSourceSchema}
          onChange={(importValue) => patch({ importValue })}
        />
      )}
      <pre>{JSON.stringify(output)}</pre>
    </Section>
  );
}

function Connection({ id, onClose }) {
  const membrane = useIntegrationApp();
  const { connection, archive } = useConnection(id);
  const { actions } = useActions({ connectionId: id });
  const { flows } = useFlows({ connectionId: id });
  const { dataSources } = useDataSources({ connectionId: id });
  const { fieldMappings } = useFieldMappings({ connectionId: id });
  const { data: log, mutate: readLog } = useMembraneSWR(`/action-run-logs?connectionId=${id}`);
  const [opened, open] = useState({});
  const disconnect = async () => {
    await archive();
    await onClose();
  };
  return (
    <>
      <h1>{connection?.name}</h1>
      <Call name="Disconnect" call={disconnect} />
      <Call name="Configure" call={() => membrane.integration(connection.integration.key).open()} />
      <Section title="Actions">
        <Items items={actions}>
          {({ id: action, name }) => <button type="button" onClick={() => open({ action })}>{name}</button>}
        </Items>
      </Section>
      <Section title="Flows">
        <Items items={flows}>
          {({ id: flow, name }) => <button type="button" onClick={() => open({ flow })}>{name}</button>}
        </Items>
      </Section>
      <Section title="Data sources">
        <Items items={dataSources}>
          {({ id: source, name }) => <button type="button" onClick={() => open({ source })}>{name}</button>}
        </Items>
      </Section>
      <Section title="Field mappings">
        <Items items={fieldMappings}>
          {({ id: mapping, name }) => <button type="button" onClick={() => open({ mapping })}>{name}</button>}
        </Items>
      </Section>
      {opened.source && <DataSource id={opened.source} connection={connection} />}
      {opened.mapping && <FieldMapping id={opened.mapping} connection={connection} />}
      {opened.action && <Action id={opened.action} onRun={readLog} />}
      {opened.flow && <Flow id={opened.flow} connectionId={id} />}
      <Section title="Log">
        <Items items={log?.items ?? []}>{({ name, status }) => `${name}: ${status}`}</Items>
      </Section>
    </>
  );
}

function Page() {
  const { integrations, refresh: refreshIntegrations } = useIntegrations();
  const { connections, refresh: refreshConnections } = useConnections();
  const [opened, open] = useState();
  const refresh = () => Promise.all([refreshIntegrations(), refreshConnections()]);
  const close = async () => {
    open(undefined);
    await refresh();
  };
  if (opened) return <Connection id={opened} onClose={close} />;
  return <Integrations integrations={integrations} connections={connections} refresh={refresh} onOpen={open} />;
}

createRoot(document.getElementById('root')).render(
  <IntegrationAppProvider token={token} apiUri={apiUri} uiUri={apiUri}><main><Page /></main></IntegrationAppProvider>,
);
