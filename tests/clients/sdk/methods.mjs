// What this suite has called of the client, held against all that the client has. It runs after all files of the suite.

import { readFileSync } from 'node:fs';
import * as sdk from '@membranehq/sdk';
import { judge } from '../methods/judge.mjs';

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const connecting = ['GET /sse/connection-events/x', 'POST /connect'];

judge({
  name: '@membranehq/sdk',
  version: dependencies['@membranehq/sdk'],
  Client: sdk.MembraneClient,
  exported: sdk,
  // Private by its declarations.
  hidden: ['makeApiRequest', 'mintToken'],
  notCalled: {},
  inBrowser: {
    'actionInstance().open()': ['ui-pages.test.mjs', 'membrane.actionInstance(action).open()'],
    'connect()': ['connect.test.mjs', 'membrane.connect('],
    'connection().openReconnectUI()': ['ui-pages.test.mjs', "membrane.connection('github-dev').openReconnectUI()"],
    'connection().reconnect()': ['connect.test.mjs', "membrane.connection('github-dev').reconnect()"],
    'dataSourceInstance().openConfiguration()': [
      'ui-pages.test.mjs',
      'membrane.dataSourceInstance(dataSource).openConfiguration()',
    ],
    'connection().dataSource().openConfiguration()': [
      'ui-pages.test.mjs',
      "membrane.connection('github-dev').dataSource('suite').openConfiguration()",
    ],
    'connection().fieldMapping().openConfiguration()': [
      'ui-pages.test.mjs',
      "membrane.connection('github-dev').fieldMapping('suite').openConfiguration()",
    ],
    'connection().flow().openConfiguration()': [
      'ui-pages.test.mjs',
      "membrane.connection('github-dev').flow('suite').openConfiguration()",
    ],
    'connection().flow().openEditor()': [
      'ui-pages.test.mjs',
      "membrane.connection('github-dev').flow('suite').openEditor()",
    ],
    'fieldMappingInstance().openConfiguration()': [
      'ui-pages.test.mjs',
      'membrane.fieldMappingInstance(fieldMapping).openConfiguration()',
    ],
    'flowRun().embedEditor()': ['ui-pages.test.mjs', 'membrane.flowRun(run).embedEditor('],
    'flowRun().openEditor()': ['ui-pages.test.mjs', 'membrane.flowRun(run).openEditor()'],
    'flowInstance().embedEditor()': ['ui-pages.test.mjs', 'membrane.flowInstance(flow).embedEditor('],
    'flowInstance().openConfiguration()': ['lib/tour.mjs', 'membrane.flowInstance(flow).openConfiguration()'],
    'flowInstance().openEditor()': ['ui-pages.test.mjs', 'membrane.flowInstance(flow).openEditor()'],
    'integration().connect()': ['connect.test.mjs', "membrane.integration('slack').connect("],
    'integration().open()': ['ui-pages.test.mjs', "membrane.integration('github').open()"],
    'integration().openNewConnection()': ['ui-pages.test.mjs', "membrane.integration('slack').openNewConnection("],
    'integration().openNewConnectionV2()': ['ui-pages.test.mjs', "membrane.integration('slack').openNewConnectionV2("],
    'open()': ['ui-pages.test.mjs', 'membrane.open()'],
    'ui.UNSAFE_agentSession()': ['ui-pages.test.mjs', 'membrane.ui.UNSAFE_agentSession('],
    'ui.connect()': ['ui-connect.test.mjs', 'membrane.ui.connect('],
    'ui.connection()': ['ui-pages.test.mjs', 'membrane.ui.connection('],
  },
  fromPage: {
    'createEventSource()': ['GET /sse/workspace'],
    'connect()': connecting,
    'connection().reconnect()': connecting,
    'integration().connect()': connecting,
    'integration().createConnection()': connecting,
  },
});
