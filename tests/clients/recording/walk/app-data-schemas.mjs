// App data schemas, and the versions that tenants have of them.

import { walkOfTenants } from './of-tenants.mjs'

const TEXT = { type: 'string' }

const KIND = {
  singular: 'app-data-schema',
  plural: 'app-data-schemas',
  instance: 'app-data-schema-instance',
  instances: 'app-data-schema-instances',
  parent: 'appDataSchema',
  one: { key: 'contact', name: 'Contact', schema: { type: 'object', properties: { email: TEXT } }, code: '// a' },
  verbs: ['setup', 'restore'],
}

export async function walkAppDataSchemas(recorder) {
  recorder.begin('app-data-schemas')
  const world = await recorder.world('app-data-schemas')
  await walkOfTenants(world, KIND)
  await world.evidence()
}
