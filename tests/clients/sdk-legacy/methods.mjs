// What this suite has called of the client, held against all that the client has. It runs after all files of the suite.

import { readFileSync } from 'node:fs';
import * as sdk from '@integration-app/sdk';
import { judge } from '../methods/judge.mjs';

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const connecting = ['GET /sse/connection-events/x', 'POST /connection-popup'];

judge({
  name: '@integration-app/sdk',
  version: dependencies['@integration-app/sdk'],
  Client: sdk.IntegrationAppClient,
  exported: sdk,
  // Private by its declarations.
  hidden: ['makeApiRequest'],
  notCalled: {},
  inBrowser: {
    'actionInstance().open()': ['legacy.test.mjs', 'client.actionInstance(action).open('],
    'connection().dataSource().openConfiguration()': [
      'legacy.test.mjs',
      "client.connection('github-dev').dataSource('suite').openConfiguration(",
    ],
    'connection().fieldMapping().openConfiguration()': [
      'legacy.test.mjs',
      "client.connection('github-dev').fieldMapping('suite').openConfiguration(",
    ],
    'connection().flow().openEditor()': ['legacy.test.mjs', "client.connection('github-dev').flow('suite').openEditor("],
    'dataSourceInstance().openConfiguration()': [
      'legacy.test.mjs',
      'client.dataSourceInstance(dataSource).openConfiguration(',
    ],
    'fieldMappingInstance().openConfiguration()': [
      'legacy.test.mjs',
      'client.fieldMappingInstance(fieldMapping).openConfiguration(',
    ],
    'flowInstance().openConfiguration()': ['legacy.test.mjs', 'client.flowInstance(flow).openConfiguration('],
    'flowInstance().openEditor()': ['legacy.test.mjs', 'client.flowInstance(flow).openEditor('],
    'flowRun().embedEditor()': ['legacy.test.mjs', 'client.flowRun(run).embedEditor('],
    'flowRun().openEditor()': ['legacy.test.mjs', 'client.flowRun(run).openEditor('],
    'connection().flow().openConfiguration()': [
      'legacy.test.mjs',
      "client.connection('github-dev').flow('suite').openConfiguration(",
    ],
    'connection().openReconnectUI()': ['legacy.test.mjs', "client.connection('github-dev').openReconnectUI()"],
    'flowInstance().embedEditor()': ['legacy.test.mjs', 'client.flowInstance(flow).embedEditor('],
    'integration().open()': ['legacy.test.mjs', "client.integration('github').open("],
    'integration().openNewConnection()': ['legacy.test.mjs', 'client.integration(key).openNewConnection('],
    'open()': ['legacy.test.mjs', 'client.open('],
  },
  fromPage: {
    'connection().reconnect()': connecting,
    'integration().connect()': connecting,
    'integration().createConnection()': connecting,
  },
});
