// A sync of people between a product and the CRMs of its users, both ways, by the legacy client. Each side tells the other
// of what changes, and data link tables say who is who.
// Start: npm ci --prefix tests/clients/sdk-legacy
//        membrane-mock exec -- node --test tests/clients/programs/two-way-sync.test.mjs

import assert from 'node:assert/strict'
import * as sdk from '../sdk-legacy/lib/client.mjs'
import { inBrowser } from '../sdk-legacy/lib/page.mjs'
import { scenario } from '../sdk-legacy/lib/world.mjs'
import { managerOf, tokenOf, userOf } from './lib/caller.mjs'
import { startOwnApp } from './lib/own-app.mjs'

const { BOTH, EXPORT, IMPORT } = sdk.DataLinkDirection

// --- the program: what its developers set up once ----------------------------------------------------------------

const of = (locator) => ({ $var: locator })

const people = { dataSource: { key: 'people' }, fieldMapping: { key: 'people' } }
const written = { ...people, fieldMapping: { key: 'people', input: of('$.input.fields') } }
const id = of('$.input.id')
const ACTIONS = {
  'list-people': { type: 'list-data-records', config: { ...people, cursor: of('$.input.cursor') } },
  'get-person': { type: 'find-data-record-by-id', config: { ...people, id } },
  'create-person': { type: 'create-data-record', config: written },
  'update-person': { type: 'update-data-record', config: { ...written, id } },
  'delete-person': { type: 'delete-data-record', config: { dataSource: people.dataSource, id } },
}

/** Where each CRM has people, and what their fields are called there. */
const CRMS = {
  hubspot: {
    collectionKey: 'contacts',
    importValue: {
      name: { $concat: { values: [of('$.firstname'), of('$.lastname')], delimiter: ' ' } },
      email: of('$.email'),
      phone: of('$.phone'),
    },
    exportValue: {
      firstname: { $firstName: of('$.name') },
      lastname: { $lastName: of('$.name') },
      email: of('$.email'),
      phone: of('$.phone'),
    },
  },
  pipedrive: {
    collectionKey: 'persons',
    importValue: { name: of('$.name'), email: of('$.email'), phone: of('$.phone') },
    exportValue: { name: of('$.name'), email: of('$.email'), phone: of('$.phone') },
  },
}

/** Nodes of a flow that tell the product of records that were made, changed or deleted. */
function tellOf(what) {
  const body = { connectionId: of('$.connection.id'), recordId: of(`$.input.${what}.record.id`) }
  const request = { method: 'POST', uri: `/people/${what}`, body }
  const trigger = { type: `data-record-${what}-trigger`, config: { dataSource: people.dataSource } }
  return {
    [what]: { ...trigger, links: [{ key: `tell-${what}` }] },
    [`tell-${what}`]: { type: 'api-request-to-your-app', config: { request } },
  }
}

async function install({ manager }) {
  await manager.dataLinkTables.create({ key: 'people', name: 'People' })
  for (const [integrationKey, { collectionKey, ...mapping }] of Object.entries(CRMS)) {
    const element = { key: 'people', name: 'People', integrationKey }
    await manager.dataSources.create({ ...element, collectionKey })
    await manager.fieldMappings.create({ ...element, dataSourceKey: 'people', direction: 'both', ...mapping })
  }
  for (const [key, action] of Object.entries(ACTIONS)) await manager.actions.create({ key, name: key, ...action })
  const nodes = { ...tellOf('created'), ...tellOf('updated'), ...tellOf('deleted') }
  await manager.flows.create({ key: 'tell-of-people', name: 'Tell of people', nodes })
}

// --- the program: one user's people, and the CRMs that they are kept in ------------------------------------------

const FIELDS = ['name', 'email', 'phone']

function changed(from, to) {
  const names = FIELDS.filter((name) => from[name] !== to[name])
  return Object.fromEntries(names.map((name) => [name, to[name]]))
}

/** The user's people, and everything that is to hear of a change of them. */
class People {
  #people = new Map()
  #made = 0
  crms = new Map()

  list = () => [...this.#people.values()]
  get = (id) => this.#people.get(id)
  find = (email) => this.list().find((each) => each.email === email)

  /** `origin` is the CRM that a change comes from: it knows already. */
  async add(fields, origin) {
    const person = { id: `person-${++this.#made}`, ...fields }
    this.#people.set(person.id, person)
    await this.#tell(origin, (crm) => crm.create(person))
    return person
  }

  async change(id, fields, origin) {
    const person = { ...this.get(id), ...fields }
    const news = changed(this.get(id), person)
    if (Object.keys(news).length === 0) return
    this.#people.set(id, person)
    await this.#tell(origin, (crm) => crm.update(id, news))
  }

  async remove(id, origin) {
    if (!this.#people.delete(id)) return
    await this.#tell(origin, (crm) => crm.delete(id))
  }

  async #tell(origin, news) {
    for (const crm of this.crms.values()) if (crm !== origin) await crm.take(news)
  }
}

/** One connected CRM of a user. */
class Crm {
  #waiting = []
  isLost = false

  constructor(client, user, connection, own) {
    Object.assign(this, { client, own, connection, at: client.connection(connection.id) })
    const selector = { dataLinkTableKey: 'people', connectionId: connection.id, userId: user, autoCreate: true }
    this.links = client.dataLinkTableInstance(selector)
  }

  async run(key, input) {
    return (await this.at.action(key).run(input)).output
  }

  async link(query) {
    return (await this.links.findLinks(query)).items[0]
  }

  // From the product: what cannot be written while the connection is lost waits for it.

  async take(news) {
    if (this.isLost) this.#waiting.push(news)
    else await news(this)
  }

  async found() {
    this.isLost = false
    for (const news of this.#waiting.splice(0)) await news(this)
  }

  async create({ id: appRecordId, ...fields }) {
    const { id: externalRecordId } = await this.run('create-person', { fields })
    await this.links.createLink({ appRecordId, externalRecordId, direction: BOTH })
  }

  async update(appRecordId, fields) {
    const link = await this.link({ appRecordId, direction: EXPORT })
    await this.run('update-person', { id: link.externalRecordId, fields })
  }

  async delete(appRecordId) {
    const { externalRecordId } = await this.link({ appRecordId, direction: EXPORT })
    await this.run('delete-person', { id: externalRecordId })
    await this.links.deleteLink({ appRecordId, externalRecordId })
  }

  // From the CRM

  /** A record is someone who is linked, someone known by their address, or someone new. */
  async meet(externalRecordId, fields, link) {
    if (link) return this.own.change(link.appRecordId, fields, this)
    const person = this.own.find(fields.email)
    const appRecordId = person?.id ?? (await this.own.add(fields, this)).id
    await this.links.createLink({ appRecordId, externalRecordId, direction: BOTH })
    if (person) await this.own.change(appRecordId, fields, this)
  }

  async lookAt(externalRecordId) {
    const { record } = await this.run('get-person', { id: externalRecordId })
    await this.meet(record.id, record.fields, await this.link({ externalRecordId, direction: IMPORT }))
  }

  async forget(externalRecordId) {
    const link = await this.link({ externalRecordId, direction: IMPORT })
    if (!link) return
    await this.links.deleteLink({ externalRecordId, appRecordId: link.appRecordId })
    await this.own.remove(link.appRecordId, this)
  }

  /** The first time: everybody there is met, and everybody else is brought there. */
  async begin() {
    await this.at.flow('tell-of-people').create()
    const missing = new Set(this.own.list())
    for (let cursor; ; ) {
      const page = await this.run('list-people', { cursor })
      for (const { fields } of page.records) missing.delete(this.own.find(fields.email))
      await Promise.all(page.records.map(({ id, fields }) => this.meet(id, fields)))
      cursor = page.cursor
      if (!cursor) break
    }
    for (const person of missing) await this.create(person)
  }
}

/** The product, whose users' people are kept in step with their CRMs. */
class Product {
  #users = new Map()

  static async start(t, world) {
    const product = new Product()
    product.world = world
    await install(world)
    const handlers = { '/webhook': (event, user) => product.#hear(event, user) }
    for (const [what, take] of Object.entries({ created: 'lookAt', updated: 'lookAt', deleted: 'forget' })) {
      handlers[`/people/${what}`] = ({ connectionId, recordId }, user) =>
        product.of(user).crms.get(connectionId)[take](recordId)
    }
    await startOwnApp(t, world, handlers)
    return product
  }

  of(user) {
    if (!this.#users.has(user)) this.#users.set(user, new People())
    return this.#users.get(user)
  }

  client(user) {
    return this.world.clientWith(tokenOf(this.world, user))
  }

  /** The user goes through the pages of a CRM. */
  async connect(user, integrationKey) {
    const client = this.client(user)
    const { value: connection } = await inBrowser(() => client.integration(integrationKey).connect())
    const crm = new Crm(client, user, connection, this.of(user))
    this.of(user).crms.set(connection.id, crm)
    await crm.begin()
    return crm
  }

  /** The user has done with a CRM, and keeps the people. */
  async disconnect(user, crm) {
    this.of(user).crms.delete(crm.connection.id)
    for (const { appRecordId, externalRecordId } of (await crm.links.findLinks({})).items) {
      await crm.links.deleteLink({ appRecordId, externalRecordId })
    }
    await crm.at.flow('tell-of-people').archive()
    await crm.at.archive()
  }

  async #hear({ eventType, data }, user) {
    const crm = this.of(user).crms.get(data.connection?.id)
    if (eventType === 'connection.disconnected') crm.isLost = true
    if (eventType === 'connection.reconnected') await crm.found()
  }
}

// --- what is to come of it ---------------------------------------------------------------------------------------

const wren = { name: 'Wren Sparrow', email: 'wren@example.com', phone: '+44 1632 960001' }
/** Someone whom the demo's CRMs have as well. */
const ada = { name: 'Ada Okafor', email: 'ada.okafor@example.com', phone: '+44 1632 960002' }

const story = (name, body) =>
  scenario(name, async (world, t) => {
    const product = await Product.start(t, world)
    // As long as it takes until a CRM is asked for what is new.
    const hears = () => world.control('POST', '/clock/advance', { ms: 300_000 })
    await body({ world, product, own: product.of('grace'), hears })
  })

/** What a user of the CRM itself sees and does there. */
const inside = ({ at }, collection = 'contacts') => at.dataCollection(collection)
const emails = (persons) => persons.map(({ email }) => email).sort()

async function everybody(crm, collection) {
  const all = []
  for (let page = {}; ; ) {
    page = await inside(crm, collection).list({ cursor: page.cursor })
    all.push(...page.records)
    if (!page.cursor) return all
  }
}

const linked = async (crm) => (await crm.links.findLinks({ limit: 1000 })).items

/** How often the program has run an action that writes. */
async function writes(world) {
  const { items } = await world.manager.get('action-run-logs', { limit: 1000 })
  return items.filter(({ name }) => /^(create|update|delete)-/.test(name)).length
}

story('at first each side gets who is missing there, and who is in both is one', async ({ product, own }) => {
  await own.add(ada)
  await own.add(wren)

  const crm = await product.connect('grace', 'hubspot')

  const records = await everybody(crm)
  assert.ok(records.length > 20, 'more than two pages')
  assert.deepEqual(emails(own.list()), emails(records.map(({ fields }) => fields)))
  assert.equal(own.list().filter(({ email }) => email === ada.email).length, 1)
  const [made] = records.filter(({ fields }) => fields.email === wren.email)
  assert.deepEqual([made.fields.firstname, made.fields.lastname], ['Wren', 'Sparrow'])
  const links = await linked(crm)
  const pairs = links.map(({ appRecordId, externalRecordId }) => [own.get(appRecordId).email, externalRecordId])
  assert.deepEqual(pairs.sort(), records.map(({ id, fields }) => [fields.email, id]).sort())
})

story('what changes in the CRM comes to the product', async ({ world, product, own, hears }) => {
  const crm = await product.connect('grace', 'hubspot')

  const { id } = await inside(crm).create({ fields: { firstname: 'Wren', lastname: 'Sparrow', email: wren.email } })
  await hears()
  assert.equal(own.find(wren.email).name, wren.name)
  const { appRecordId } = await crm.link({ externalRecordId: id })

  await inside(crm).update({ id, fields: { phone: wren.phone } })
  await hears()
  assert.deepEqual(own.get(appRecordId), { id: appRecordId, ...wren })

  await inside(crm).delete({ id })
  await hears()
  assert.equal(own.get(appRecordId), undefined)
  assert.equal(await crm.link({ externalRecordId: id }), undefined)
  assert.equal(await writes(world), 0)
})

story('what changes in the product comes to the CRM, and does not come back', async ({ world, product, own, hears }) => {
  const crm = await product.connect('grace', 'hubspot')
  const before = own.list().length

  const { id } = await own.add(wren)
  const { externalRecordId } = await crm.link({ appRecordId: id })
  await hears()
  await own.change(id, { name: 'Wren Finch' })
  await hears()

  const { record } = await inside(crm).findById({ id: externalRecordId })
  assert.deepEqual([record.fields.lastname, record.fields.email], ['Finch', wren.email])
  await own.remove(id)
  await hears()
  await assert.rejects(inside(crm).findById({ id: externalRecordId }), ({ data }) => data.key === 'not_found')
  assert.equal(await crm.link({ appRecordId: id }), undefined)
  assert.equal(own.list().length, before)
  assert.equal(await writes(world), 3)
})

story('what both sides change meanwhile is kept of both', async ({ product, own, hears }) => {
  const crm = await product.connect('grace', 'hubspot')
  const { id } = own.find(ada.email)
  const { externalRecordId } = await crm.link({ appRecordId: id })

  await inside(crm).update({ id: externalRecordId, fields: { phone: ada.phone } })
  await own.change(id, { name: 'Ada Lovell' })
  await hears()

  assert.deepEqual(own.get(id), { id, ...ada, name: 'Ada Lovell' })
  const { record } = await inside(crm).findById({ id: externalRecordId })
  assert.deepEqual([record.fields.phone, record.fields.lastname], [ada.phone, 'Lovell'])
})

story('two CRMs of one user get from each other what the product hears', async ({ product, own, hears }) => {
  const [hubspot, pipedrive] = [await product.connect('grace', 'hubspot'), await product.connect('grace', 'pipedrive')]
  const inPipedrive = async (email) => (await inside(pipedrive, 'persons').match({ query: { email } })).record
  assert.deepEqual(
    emails((await everybody(pipedrive, 'persons')).map(({ fields }) => fields)),
    emails((await everybody(hubspot)).map(({ fields }) => fields)),
  )

  const { id } = await inside(hubspot).create({ fields: { firstname: 'Wren', lastname: 'Sparrow', email: wren.email } })
  await hears()
  const there = await inPipedrive(wren.email)
  assert.equal(there.fields.name, wren.name)
  await inside(pipedrive, 'persons').update({ id: there.id, fields: { phone: wren.phone } })
  await hears()
  assert.equal((await inside(hubspot).findById({ id })).record.fields.phone, wren.phone)
  await inside(hubspot).delete({ id })
  await hears()

  assert.equal(await inPipedrive(wren.email), undefined)
  assert.equal(own.find(wren.email), undefined)
})

story('while a connection is lost both sides wait, and nothing is', async ({ world, product, own, hears }) => {
  const crm = await product.connect('grace', 'hubspot')
  const { id } = await inside(crm).create({ fields: { firstname: 'Wren', lastname: 'Sparrow', email: wren.email } })
  await world.control('POST', `/connections/${crm.connection.id}/poke`, { event: 'loseCredentials' })
  await world.settle()
  assert.equal(crm.isLost, true)
  await own.change(own.find(ada.email).id, { phone: ada.phone })
  await hears()
  assert.equal(own.find(wren.email), undefined)

  await inBrowser(() => crm.at.reconnect())
  await world.settle()
  await hears()

  assert.equal(crm.isLost, false)
  assert.equal((await crm.link({ externalRecordId: id })).appRecordId, own.find(wren.email).id)
  const { record } = await inside(crm).match({ query: { email: ada.email } })
  assert.equal(record.fields.phone, ada.phone)
})

story('the user need not wait: a subscription is asked at once', async ({ world, product, own }) => {
  const crm = await product.connect('grace', 'hubspot')
  await inside(crm).create({ fields: { email: wren.email, firstname: 'Wren' } })
  const user = userOf(world, 'grace')
  const { items } = await user.ok('GET', `/external-event-subscriptions?connectionId=${crm.connection.id}`)
  const [created] = items.filter(({ config }) => config.type === 'data-record-created')

  await user.ok('POST', `/external-event-subscriptions/${created.id}/pull-events`, {})
  await world.settle()

  assert.equal(own.find(wren.email).name, 'Wren')
  const [event] = (await user.ok('GET', '/external-event-log-records')).items
  const run = await user.ok('GET', `/flow-runs/${event.launchedFlowRunIds[0]}`)
  assert.deepEqual([event.externalEventSubscriptionId, run.state], [created.id, 'completed'])
})

story('each user has people of their own', async ({ product, own }) => {
  const [mine, theirs] = [await product.connect('grace', 'hubspot'), await product.connect('linus', 'hubspot')]

  await own.add(wren)

  assert.equal(product.of('linus').find(wren.email), undefined)
  assert.equal((await inside(theirs).match({ query: { email: wren.email } })).record, undefined)
  assert.equal((await linked(mine)).length, (await linked(theirs)).length + 1)
  const foreign = product.client('linus').dataLinkTableInstance(await mine.links.getId())
  await assert.rejects(foreign.findLinks({}), ({ data }) => data.key === 'not_found')
})

story('a CRM that is disconnected is told nothing and tells nothing', async ({ world, product, own, hears }) => {
  const crm = await product.connect('grace', 'hubspot')
  const before = own.list()
  await inside(crm).create({ fields: { email: wren.email, firstname: 'Wren' } })

  await product.disconnect('grace', crm)
  await own.add(wren)
  await hears()

  assert.deepEqual(own.list().slice(0, -1), before)
  assert.equal(await writes(world), 0)
  const user = userOf(world, 'grace')
  for (const kind of ['connections', 'flow-instances', 'data-links', 'external-event-subscriptions', 'flow-runs']) {
    assert.deepEqual((await user.ok('GET', `/${kind}`)).items, [], kind)
  }
  await user.refused(404, 'POST', `/connections/${crm.connection.id}/actions/list-people/run`, {})
})

story('one link is undone by its record alone, and what there is not cannot be', async ({ world, product, own }) => {
  const crm = await product.connect('grace', 'hubspot')
  const before = await linked(crm)
  const [first] = before
  const links = `/data-link-table-instances/${await crm.links.getId()}/links`
  const user = userOf(world, 'grace')

  await user.ok('DELETE', links, { appRecordId: first.appRecordId })

  assert.deepEqual(await linked(crm), before.slice(1))
  await user.refused(404, 'DELETE', links, { appRecordId: first.appRecordId })
  await user.refused(400, 'DELETE', links, {})
  await managerOf(world).ok('DELETE', links, { externalRecordId: before[1].externalRecordId, direction: BOTH })
  assert.equal((await linked(crm)).length, own.list().length - 2)
})
