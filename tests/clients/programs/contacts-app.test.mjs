// A page of contacts that keeps none itself: it shows and edits those of all CRMs that its user has connected, by actions on
// data records that are the same for every CRM. By the legacy client; with React the calls are the same.
// Start: npm ci --prefix tests/clients/sdk-legacy
//        membrane-mock exec -- node --test tests/clients/programs/contacts-app.test.mjs

import assert from 'node:assert/strict'
import * as sdk from '../sdk-legacy/lib/client.mjs'
import { inBrowser } from '../sdk-legacy/lib/page.mjs'
import { scenario } from '../sdk-legacy/lib/world.mjs'
import { tokenOf } from './lib/caller.mjs'

// --- the program: what its developers set up once ----------------------------------------------------------------

const of = (locator) => ({ $var: locator })
const input = (name) => of(`$.input.${name}`)
const text = { type: 'string' }
const object = (properties, required = []) => ({ type: 'object', properties, required })

const contact = object({ email: text, name: text, phone: text })
const dataSource = { key: 'contacts' }
const read = { dataSource, fieldMapping: { key: 'contacts' } }
const write = { dataSource, fieldMapping: { key: 'contacts', input: input('fields') } }

const cursor = input('cursor')
/** One action for each thing that the page does, alike for every CRM. */
const ACTIONS = {
  show: ['list-data-records', { ...read, cursor }, object({ cursor: text })],
  search: ['search-data-record', { ...read, cursor, query: input('query') }, object({ query: text, cursor: text })],
  open: ['find-data-record-by-id', { ...read, id: input('id') }, object({ id: text }, ['id'])],
  add: ['create-data-record', write, object({ fields: contact }, ['fields'])],
  change: ['update-data-record', { ...write, id: input('id') }, object({ id: text, fields: contact }, ['id', 'fields'])],
  remove: ['delete-data-record', { dataSource, id: input('id') }, object({ id: text }, ['id'])],
}

/** Where a CRM has contacts, and under which names. */
const CRMS = {
  hubspot: {
    collectionKey: 'contacts',
    names: { email: 'email', phone: 'phone' },
    name: { $concat: { values: [of('$.firstname'), of('$.lastname')], delimiter: ' ' } },
    parts: { firstname: { $firstName: of('$.name') }, lastname: { $lastName: of('$.name') } },
  },
  pipedrive: { collectionKey: 'persons', names: { email: 'email', phone: 'phone', name: 'name' } },
  salesforce: {
    collectionKey: 'Contact',
    names: { email: 'Email', phone: 'Phone' },
    name: { $concat: { values: [of('$.FirstName'), of('$.LastName')], delimiter: ' ' } },
    parts: { FirstName: { $firstName: of('$.name') }, LastName: { $lastName: of('$.name') } },
  },
}

async function install({ manager }) {
  for (const [integrationKey, { collectionKey, names, name, parts }] of Object.entries(CRMS)) {
    const pairs = Object.entries(names)
    const imported = Object.fromEntries(pairs.map(([ours, theirs]) => [ours, of(`$.${theirs}`)]))
    const exported = Object.fromEntries(pairs.map(([ours, theirs]) => [theirs, of(`$.${ours}`)]))
    const [importValue, exportValue] = [{ ...imported, ...(name && { name }) }, { ...exported, ...parts }]
    const element = { key: 'contacts', name: 'Contacts', integrationKey }
    await manager.dataSources.create({ ...element, collectionKey })
    const mapping = { appSchema: contact, dataSourceKey: 'contacts', direction: 'both', importValue, exportValue }
    await manager.fieldMappings.create({ ...element, ...mapping })
    // Somebody who is there already stays; the words for it are the CRM's own.
    const config = { ...write, query: { [names.email]: input('fields.email') } }
    const ensure = { key: 'ensure-contact', name: 'Ensure contact', type: 'find-or-create-data-record', config }
    await manager.actions.create({ ...ensure, integrationKey, inputSchema: object({ fields: contact }, ['fields']) })
  }
  for (const [verb, [type, config, inputSchema]] of Object.entries(ACTIONS)) {
    await manager.actions.create({ key: `${verb}-contact`, name: `${verb} contact`, type, config, inputSchema })
  }
}

// --- the program: the page ---------------------------------------------------------------------------------------

/** What the page says of a CRM that it cannot show. */
function excuse(error) {
  if (error instanceof sdk.ConnectionError) return 'connect again'
  if (error.data?.key === 'not_found') return 'connect'
  return error.message
}

class Page {
  constructor(client) {
    this.client = client
  }

  async run(crm, verb, given = {}) {
    return (await this.client.connection(crm).action(`${verb}-contact`).run(given)).output
  }

  /** All that an action finds, page after page. */
  async all(crm, verb, given = {}) {
    const records = []
    for (let cursor; ; ) {
      const page = await this.run(crm, verb, { ...given, cursor })
      records.push(...page.records)
      cursor = page.cursor
      if (!cursor) return records
    }
  }

  /** Everybody who is found in any CRM, once for each address, and what is wrong with the CRMs that say nothing. */
  async everybody(verb = 'show', given) {
    const crms = Object.keys(CRMS)
    const asked = await Promise.allSettled(crms.map((crm) => this.all(crm, verb, given)))
    const contacts = new Map()
    const excuses = {}
    for (const [at, { value: records, reason }] of asked.entries()) {
      if (reason) excuses[crms[at]] = excuse(reason)
      for (const { id, fields } of records ?? []) {
        const known = contacts.get(fields.email) ?? { ...fields, ids: {} }
        contacts.set(fields.email, { ...known, ids: { ...known.ids, [crms[at]]: id } })
      }
    }
    return { contacts: [...contacts.values()], excuses }
  }

  search = async (query) => (await this.everybody('search', { query })).contacts

  async connected() {
    const { items } = await this.client.connections.find()
    return items.filter(({ disconnected }) => !disconnected).map(({ integration }) => integration.key)
  }

  connect = (crm) => inBrowser(() => this.client.integration(crm).connect())
  connectAgain = (crm) => inBrowser(() => this.client.connection(crm).reconnect())

  /** The same contact in every CRM; answers its id in each. */
  async add(fields) {
    const made = (await this.connected()).map(async (crm) => [crm, (await this.run(crm, 'ensure', { fields })).id])
    return Object.fromEntries(await Promise.all(made))
  }

  each = (ids, call) => Promise.all(Object.entries(ids).map(([crm, id]) => call(crm, id)))
  change = (ids, fields) => this.each(ids, (crm, id) => this.run(crm, 'change', { id, fields }))
  remove = (ids) => this.each(ids, (crm, id) => this.run(crm, 'remove', { id }))

  /** The form in which a user says which field of a CRM is which of the page's. */
  mapping(crm) {
    return this.client.connection(crm).fieldMapping('contacts')
  }
}

// --- what is to come of it ---------------------------------------------------------------------------------------

const wren = { name: 'Wren Sparrow', email: 'wren@example.com', phone: '+44 1632 960001' }

/** A test with the page of a user who has connected two of the three CRMs. */
const story = (name, body) =>
  scenario(name, async (world) => {
    await install(world)
    const page = new Page(world.clientWith(tokenOf(world, 'grace')))
    await page.connect('hubspot')
    await page.connect('pipedrive')
    await body(page, world)
  })

const byEmail = (contacts, email) => contacts.find((each) => each.email === email)
/** The record as the CRM itself has it. */
const inside = async ({ client }, crm, id) =>
  (await client.connection(crm).dataCollection(CRMS[crm].collectionKey).findById({ id })).record.fields

story('all contacts of all CRMs are shown once, in the same words', async (page) => {
  const { contacts, excuses } = await page.everybody()

  assert.deepEqual(excuses, { salesforce: 'connect' })
  assert.ok(contacts.length > 20, 'more than a page of each')
  assert.equal(new Set(contacts.map(({ email }) => email)).size, contacts.length)
  const ada = byEmail(contacts, 'ada.okafor@example.com')
  assert.equal(ada.name, 'Ada Okafor')
  assert.deepEqual(Object.keys(ada.ids), ['hubspot', 'pipedrive'])
  const opened = await page.run('pipedrive', 'open', { id: ada.ids.pipedrive })
  assert.deepEqual([opened.record.id, opened.record.fields.email], [ada.ids.pipedrive, ada.email])
})

story('a CRM that is connected is in the page', async (page) => {
  const before = (await page.everybody()).contacts

  await page.connect('salesforce')

  const { contacts, excuses } = await page.everybody()
  assert.deepEqual(excuses, {})
  assert.deepEqual((await page.connected()).sort(), Object.keys(CRMS))
  assert.ok(contacts.length >= before.length)
  assert.ok(byEmail(contacts, 'ada.okafor@example.com').ids.salesforce)
})

story('a contact is added to every CRM, found, changed and removed', async (page) => {
  const ids = await page.add(wren)
  assert.deepEqual(Object.keys(ids), ['hubspot', 'pipedrive'])
  assert.deepEqual(await page.search('wren@'), [{ ...wren, ids }])
  assert.equal((await inside(page, 'hubspot', ids.hubspot)).lastname, 'Sparrow')

  await page.change(ids, { name: 'Wren Finch' })

  assert.deepEqual(await page.search('wren@'), [{ ...wren, name: 'Wren Finch', ids }])
  const { id, name, ...others } = await inside(page, 'pipedrive', ids.pipedrive)
  assert.deepEqual([name, others], ['Wren Finch', { email: wren.email, phone: wren.phone }])
  await page.remove(ids)
  assert.deepEqual(await page.search('wren@'), [])
  await assert.rejects(page.run('hubspot', 'open', { id: ids.hubspot }), ({ data }) => data.key === 'not_found')
})

story('who is there already is not added again', async (page) => {
  const { contacts } = await page.everybody()
  const ada = byEmail(contacts, 'ada.okafor@example.com')

  const ids = await page.add({ ...wren, email: ada.email })

  assert.deepEqual(ids, ada.ids)
  assert.deepEqual((await page.everybody()).contacts, contacts)
})

story('who is in one CRM alone is brought to the others', async (page) => {
  const { id } = await page.run('pipedrive', 'add', { fields: wren })
  assert.deepEqual((await page.search('wren@'))[0].ids, { pipedrive: id })

  const ids = await page.add(wren)

  assert.deepEqual([ids.pipedrive, (await page.search('wren@'))[0].ids], [id, ids])
})

story('every run is in the log, with what was written', async (page) => {
  const ids = await page.add(wren)
  const { items } = await page.client.get('action-run-logs', {})
  const run = ['Ensure contact', 'success']
  assert.deepEqual(items.map(({ name, status }) => [name, status]), [run, run])
  const log = items.find(({ integration }) => integration.key === 'hubspot')

  const { details } = await page.client.get(`action-run-logs/${log.id}/details`)

  assert.deepEqual([log.input, log.output.id], [{ fields: wren }, ids.hubspot])
  const fields = { firstname: 'Wren', lastname: 'Sparrow', email: wren.email, phone: wren.phone }
  assert.deepEqual(details.input.fields, fields)
})

const mistakes = {
  'no fields at all': ['add', {}, /"fields"/],
  'a number for a name': ['add', { fields: { ...wren, name: 7 } }, /\$\.fields\.name/],
  'nobody to open': ['open', {}, /"id"/],
  'somebody who is not there': ['open', { id: '999999' }, /999999/],
  'no address where the CRM wants one': ['add', { fields: { name: 'Wren' } }, /"email"/],
}
story('the page says what is wrong with what was filled in', async (page) => {
  for (const [what, [verb, given, message]] of Object.entries(mistakes)) {
    const error = await page.run('hubspot', verb, given).then(() => assert.fail(what), (thrown) => thrown)
    assert.equal(error.constructor, sdk.BadRequestError, `${what}: ${error.message}`)
    assert.match(error.message, message, what)
    const log = await page.client.get(`action-run-logs/${error.data.actionRunId}`)
    assert.deepEqual([log.status, log.input], ['error', given], what)
  }
  assert.deepEqual(await page.search('wren'), [])
})

story('a user maps a field otherwise, for themselves alone', async (page, world) => {
  const other = new Page(world.clientWith(tokenOf(world, 'linus')))
  await other.connect('hubspot')
  const phone = async (one) => (await one.run('hubspot', 'open', { id: '102' })).record.fields.phone
  const [mine, theirs] = [await phone(page), await phone(other)]
  const { fieldsSchema } = await page.client.connection('hubspot').dataCollection('contacts').get()
  assert.ok(fieldsSchema.properties.company, 'the form offers it')

  const { importValue } = await page.mapping('hubspot').get({ autoCreate: true })
  await page.mapping('hubspot').patch({ importValue: { ...importValue, phone: of('$.company') } })

  assert.deepEqual([await phone(page), await phone(other)], ['Northwind Bakery', theirs])
  await page.mapping('hubspot').reset()
  assert.equal(await phone(page), mine)
})

story('a CRM whose connection was lost says so, and the others are shown', async (page, world) => {
  const { id } = await page.client.connection('hubspot').get()
  await world.control('POST', `/connections/${id}/poke`, { event: 'loseCredentials' })

  const { contacts, excuses } = await page.everybody()

  assert.deepEqual(excuses, { hubspot: 'connect again', salesforce: 'connect' })
  assert.deepEqual(await page.connected(), ['pipedrive'])
  assert.ok(contacts.every(({ ids }) => ids.pipedrive && !ids.hubspot))
  await page.connectAgain('hubspot')
  assert.deepEqual((await page.everybody()).excuses, { salesforce: 'connect' })
  assert.equal((await page.client.connection('hubspot').get()).id, id)
})

story('a CRM that is disconnected is out of the page, and nothing of it stays', async (page) => {
  const ids = await page.add(wren)

  await page.client.integration('hubspot').disconnect()

  assert.deepEqual((await page.everybody()).excuses, { hubspot: 'connect', salesforce: 'connect' })
  await page.connect('hubspot')
  assert.deepEqual((await page.search('wren@'))[0].ids, { pipedrive: ids.pipedrive })
})

story('an action that the developers archive is out of every page', async (page, world) => {
  await page.run('hubspot', 'remove', { id: '101' })

  await world.manager.action('remove-contact').archive()

  await assert.rejects(page.run('hubspot', 'remove', { id: '102' }), ({ data }) => data.key === 'not_found')
  const { items } = await page.client.connection('hubspot').actions.list({})
  const keys = items.map(({ key }) => key).filter((key) => key.endsWith('-contact'))
  assert.deepEqual([keys.includes('remove-contact'), keys.includes('show-contact')], [false, true])
})
