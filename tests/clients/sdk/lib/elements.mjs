// A workspace full of elements: some of each kind, at each place where one can stand.

const schema = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', title: 'Name of it: "all"' }, age: { type: 'integer', minimum: 0 } },
};
const formula = { name: { $concat: [{ $var: '$.first' }, ' ', { $var: '$.last' }] }, age: { $var: '$.age' } };
const code = "module.exports = ({ input }) => {\n  // A comment, and a tab:\t.\n  return `Hello ${input.name}`\n}\n";
// Texts and numbers that a careless writer or reader of YAML takes for something else.
const example = {
  texts: ['yes', 'null', '1e3', '2026-01-01', '', ' # no comment ', 'two\n\nlines\n', 'a: b', 'über 🚀'],
  numbers: [0, -1.5, 1e21, 1e-7, 9007199254740991],
  'a: key': [[], {}, null, [{ deep: { deeper: [true] } }]],
};

const packages = { scenarioTemplateId: 'crm' };

/** What a manager makes one of each kind of, beside key, name and description; a package's elements depend on the place. */
export const kinds = {
  actions: {
    type: 'run-javascript',
    config: { code },
    inputSchema: schema,
    outputSchema: schema,
    customOutputSchema: schema,
    outputMapping: formula,
  },
  flows: {
    nodes: {
      begin: { type: 'api-trigger', name: 'Begin', ui: { x: 1.5, y: -2 }, links: [{ key: 'say', filter: { $eq: [1, 1] } }] },
      say: { type: 'run-javascript', config: { code }, onError: 'continue', concurrency: 2, testInput: example },
    },
    enabled: false,
    autoCreateInstances: true,
    parametersSchema: schema,
    parameters: { name: 'null' },
  },
  'data-sources': {
    collectionKey: 'issues',
    collectionParameters: { owner: 'acme', repo: '1e3' },
    udm: 'tickets',
    pullUpdatesIntervalSeconds: 60,
    fullSyncIntervalSeconds: 3600.5,
  },
  'field-mappings': {
    dataSourceKey: 'data-sources-both',
    appSchema: schema,
    direction: 'both',
    defaultImportValue: example,
    importValue: formula,
    exportValue: formula,
    unifiedImportValue: formula,
    frozenImportFields: { name: true },
  },
  'data-link-tables': {},
  'app-event-types': {
    schema,
    example,
    tenantIdFormula: { $var: '$.tenant' },
    subscribeRequest: { uri: 'https://app.example/subscribe', method: 'POST', body: { kind: 'user' } },
  },
  'app-data-schemas': { schema, code },
  'external-event-types': {
    ...{ type: 'webhook', schema, example, parametersSchema: schema },
    ...{ subscribe: code, handle: code, unsubscribe: code, refresh: code },
  },
  packages,
  // Their former name.
  scenarios: packages,
  screens: {
    type: 'integration',
    blocks: [{ type: 'flow', key: 'flows-both' }, { type: 'action', key: 'actions-own', title: 'On: "it"' }],
  },
  'connected-products': { type: 'ai-agent', audience: 'customers', parameters: { agentType: 'support', more: example } },
};

/** Whether integrations have elements of a kind of their own. */
export const isLayered = (kind) =>
  !['app-event-types', 'app-data-schemas', 'screens', 'connected-products'].includes(kind);

/** Connectors of the workspace's own, with all parts that a connector can have. */
export const connectors = [
  {
    ...{ key: 'shop', name: 'Shop', description: 'A shop', categories: ['commerce', 'b2b'], baseUri: 'https://api.shop.example' },
    ...{ type: 'oauth2', sharedOAuthClient: false, parametersSchema: schema, externalAppId: 'github' },
    oauth: {
      ...{ authorizeUri: 'https://shop.example/authorize', tokenUri: 'https://shop.example/token' },
      ...{ scopes: ['read', 'write'], expiresIn: 3600 },
    },
    apply: { kind: 'header', name: 'X-Shop-Key', field: 'access_token', prefix: 'Key ' },
  },
  {
    ...{ key: 'crm', name: 'CRM', type: 'client-credentials', inputSchema: schema },
    apply: { kind: 'basic', username: 'name', password: null },
    dataCollections: [
      {
        ...{ key: 'issues', name: 'Issues', fieldsSchema: schema, parametersSchema: schema, idField: 'number', nameField: 'name' },
        ...{ uri: 'https://crm.example/{id}', ids: { prefix: 'is_' }, pageSize: 7, lacks: ['delete', 'find'] },
        udm: { tickets: { fields: ['title'], extract: formula, parse: formula } },
        events: { created: { type: 'push' }, updated: { type: 'pull', isFullScan: true } },
        records: [{ number: '1', name: 'null', example }],
      },
    ],
    operations: [
      { key: 'greet', name: 'Greet', type: 'run-javascript', inputSchema: schema, outputSchema: schema, config: { code } },
      { key: 'ping', name: 'Ping', config: { request: { method: 'GET', path: '/ping' } }, outputMapping: formula },
    ],
    events: [{ key: 'sold', name: 'Sold', description: 'Something was sold', schema, parametersSchema: schema }],
  },
];

const meta = { owner: 'suite', nested: example };

/** What an integration has beside key, name and connector. */
const about = {
  ...{ description: 'Ours', meta, logoUri: 'https://app.example/logo.png', oAuthCallbackUri: 'https://app.example/callback' },
  optionsConfig: { 'client-credentials': { disabled: true, parameters: { clientId: 'x' } } },
};

/**
 * Makes elements with `post`, which sends a body to a path as a manager and answers what came: an integration for each of
 * these connectors and, of each kind, two universal ones, `both` and `alone`, and the integrations' own of these keys, of
 * which `both` are versions. Answers where everything stands.
 */
export async function fill(post, options = {}) {
  const { of = kinds, connectors: keys = ['github', 'slack', 'shop', 'crm'], own = ['both', 'own'] } = options;
  const { integrations = about, prefix = 'our-' } = options;
  const made = [];
  const add = async (kind, body) => {
    const { id } = await post(`/${kind}`, body);
    made.push({ kind, key: body.key, integrationKey: body.integrationKey, id });
    return id;
  };
  for (const connectorKey of keys) {
    await add('integrations', { key: `${prefix}${connectorKey}`, name: `Our ${connectorKey}`, connectorKey, ...integrations });
  }
  let elements = [];
  for (const [kind, fields] of Object.entries(of)) {
    const more = fields === packages ? { ...fields, elements } : fields;
    const described = (key, at) => {
      const names = { key: `${kind}-${key}`, name: `${key} of ${kind}`, description: 'For all: "yes"' };
      return { ...names, meta, ...more, ...at };
    };
    const ids = [await add(kind, described('both')), await add(kind, described('alone'))];
    elements = [...elements, { type: typeOf(kind), id: ids[0] }];
    for (const connectorKey of isLayered(kind) ? keys : []) {
      const at = { integrationKey: `${prefix}${connectorKey}` };
      for (const key of own) {
        // A version of a flow has its parent's nodes.
        const version = key === 'both' ? { name: 'A version', nodes: undefined } : {};
        await add(kind, { ...described(key, at), ...version });
      }
    }
  }
  return made;
}

/** What an element of a kind is called where its type is named. */
export const typeOf = (kind) => (kind === 'scenarios' ? 'package' : kind.replace(/s$/, ''));
