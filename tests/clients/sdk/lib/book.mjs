// An app with records: an address book with people, and with notes that can only be made and read. Its connector is the
// workspace's own, so that nothing depends on what the demo has. Whoever adds it only has to `post`, as every client does.

const text = { type: 'string' };

export const people = {
  key: 'people',
  name: 'People',
  fieldsSchema: {
    type: 'object',
    properties: { id: { type: 'integer' }, name: text, email: text, team: text },
    required: ['name'],
  },
  parametersSchema: { type: 'object', properties: { team: text } },
  ids: 'number',
  pageSize: 2,
  uri: 'https://book.example.com/people/{id}',
  udm: {
    contacts: {
      fields: ['fullName', 'primaryEmail'],
      extract: { fullName: { $var: 'name' }, primaryEmail: { $var: 'email' } },
      parse: { name: { $var: 'fullName' }, email: { $var: 'primaryEmail' } },
    },
  },
  records: [
    { id: 1, name: 'Ada', email: 'ada@book.example.com', team: 'red' },
    { id: 2, name: 'Ben', email: 'ben@book.example.com', team: 'blue' },
    { id: 3, name: 'Cleo', email: 'cleo@book.example.com', team: 'red' },
  ],
};

export const notes = {
  key: 'notes',
  name: 'Notes',
  fieldsSchema: { type: 'object', properties: { title: text } },
  ids: { prefix: 'note_' },
  nameField: 'title',
  lacks: ['search', 'find', 'match', 'update', 'delete'],
};

export const connector = { key: 'book', name: 'Book', type: 'proxy', dataCollections: [people, notes] };

export const connectBook = (tenant, key = 'my-book') =>
  tenant.post('/connections', { integrationKey: 'book', key, name: 'My book' });

/** The app, its integration, and the tenant's connection. */
export async function addBook(manager, tenant) {
  await manager.post('/connectors', connector);
  await manager.post('/integrations', { key: 'book', name: 'Book', connectorKey: 'book' });
  return connectBook(tenant);
}

/** A kind of test whose world has the app, and a connection of the tenant's to it. */
export const withBook = (scenario) => (name, options, body = options) =>
  scenario(name, body === options ? {} : options, async (world, t) => {
    world.book = await addBook(world.manager, world.client);
    await body(world, t);
  });
