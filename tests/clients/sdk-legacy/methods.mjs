// What this suite has called of the client, held against all that the client has. It runs after all files of the suite.

import { readFileSync } from 'node:fs';
import * as sdk from '@integration-app/sdk';
import { judge } from '../methods/judge.mjs';

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const all = (reason, ...methods) => Object.fromEntries(methods.map((method) => [method, reason]));
const each = (accessor, ...methods) => methods.map((method) => `${accessor}.${method}()`);
const connecting = ['GET /sse/connection-events/x', 'POST /connection-popup'];

judge({
  name: '@integration-app/sdk',
  version: dependencies['@integration-app/sdk'],
  Client: sdk.IntegrationAppClient,
  exported: sdk,
  // Private by its declarations.
  hidden: ['makeApiRequest'],
  notCalled: {
    ...all(
      'it opens a page, and no test of the browser suite calls it',
      'actionInstance().open()',
      ...each('connection().dataSource()', 'openConfiguration'),
      ...each('connection().fieldMapping()', 'openConfiguration'),
      ...each('connection().flow()', 'openEditor'),
      ...each('dataSourceInstance()', 'openConfiguration'),
      ...each('fieldMappingInstance()', 'openConfiguration'),
      ...each('flowInstance()', 'openConfiguration', 'openEditor'),
      ...each('flowRun()', 'openEditor', 'embedEditor'),
    ),
  },
  inBrowser: {
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
