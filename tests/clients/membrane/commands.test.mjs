// The commands of `membrane-mock membrane`, as SEED writes them, each in a process of its own and judged by what it has
// done.
// Start: membrane-mock exec -- node --test tests/clients/membrane/commands.test.mjs

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { between, binary, claims, folder, fork, found, keys, nobody, ran, words } from './lib.mjs'

/** Each command with each flag that SEED gives it; the arguments are of this suite. */
const SEED = [
  'status',
  'login',
  'credentials --json',
  'credentials --shell',
  'token --tenantKey ada --manager --expiresIn 24h --json',
  'external-app list --search stripe',
  "connection list --integrationKey github --search 'Git Hub' --limit 5 --cursor 0",
  'connection delete gmail-ada --json',
  "integration list --search 'customer relations' --connectors 1 --externalApps 1 --limit 5 --cursor 0",
  'connect --integrationKey notion --connectionKey notion-ada --name Notes --non-interactive',
  'connect --integrationId 0123456789abcdef01234567',
  'connect --connectorKey notion',
  'connect --connectorId 0123456789abcdef01234567',
  'connect --connectionId 0123456789abcdef01234567',
  "connect --intent 'the wiki of my team'",
  "action list --connectionId 0123456789abcdef01234567 --intent 'open an issue' --limit 3",
  "action list --connectionKey github-ada --intent 'open an issue'",
  'action list --externalAppId 0123456789abcdef01234567',
  'act --id 0123456789abcdef01234567 --connectionId 0123456789abcdef01234567 --input {"name":"Ada"}',
  'act --key greet --integrationKey github --input {"name":"Ada"} --meta {"order":12}',
  'act --api {"method":"GET","path":"/user"} --connectionKey github-ada',
  "act --code 'module.exports = () => 12' --connectionKey github-ada",
  "action create --intent 'greet somebody' --connectionKey github-ada",
  'action create --key greet --name Greet --type run-javascript --config {"code":"module.exports=()=>1"} ' +
    '--inputSchema {"type":"object"} --integrationKey github',
  'action create --key greet --type run-javascript --config {} --integrationId 0123456789abcdef01234567',
  'action create --key greet --type run-javascript --config {} --connectionId 0123456789abcdef01234567',
  'action get 0123456789abcdef01234567 --wait --timeout 5 --json',
  'action update greet --connectionId 0123456789abcdef01234567 --data {"name":"Greet"} --json',
  'action update greet --integrationId 0123456789abcdef01234567 --data {"name":"Greet"} --json',
  'action replace greet --data {"name":"Greet","type":"run-javascript"}',
  'action delete greet --connectionId 0123456789abcdef01234567 --json',
  'action delete greet --integrationId 0123456789abcdef01234567 --json',
  'action-run-log get 0123456789abcdef01234567 --details',
]

const NOUNS = new Set(['external-app', 'connection', 'integration', 'action', 'action-run-log'])
const commandOf = (parameters) => parameters.slice(0, NOUNS.has(parameters[0]) ? 2 : 1).join(' ')
const flagsOf = (parameters) => parameters.filter((word) => /^--[a-zA-Z-]+$/.test(word))

const js = (code) => ({ code: `module.exports = ${code}` })
const inHour = (token) => claims(token).exp - Math.floor(Date.now() / 1000)

// --- session -----------------------------------------------------------------------------------------------------

describe('status', () => {
  test('says who is logged in, and where', async (t) => {
    const world = await fork(t)

    assert.deepEqual(await world.json(['status']), {
      loggedIn: true,
      apiUri: world.apiUri,
      workspaceKey: world.key,
      tenantKey: world.tenantKey,
    })
    const text = await world.text(['status'])
    assert.match(text, /^Logged in\n/)
    assert.ok(text.includes(world.key) && text.includes(world.tenantKey), text)
  })

  test('ends with 1 where there is no server', async (t) => {
    const world = await fork(t)
    const env = { ...world.env, MEMBRANE_API_URI: nobody }

    const text = await world.run(['status'], { env, code: 1 })
    const json = await world.run(['status', '--json'], { env, code: 1 })

    assert.match(text.stdout, /^Not logged in\nno answer from http/)
    assert.equal(JSON.parse(json.stdout).loggedIn, false)
    assert.equal(JSON.parse(json.stdout).apiUri, env.MEMBRANE_API_URI)
  })

  test('ends with 1 where the server does not take the token', async (t) => {
    const world = await fork(t)
    const env = { ...world.env, MEMBRANE_WORKSPACE_SECRET: `not-${world.secret}` }

    const { stdout } = await world.run(['status', '--json'], { env, code: 1 })

    assert.equal(JSON.parse(stdout).loggedIn, false)
    assert.notEqual(JSON.parse(stdout).reason, '')
  })
})

describe('login and logout', () => {
  const fileOf = (home) => join(home, 'credentials.json')

  test('login keeps credentials that only their owner can read, and later commands need nothing else', async (t) => {
    const world = await fork(t)

    await world.text(['login'])

    assert.equal(statSync(world.home).mode & 0o777, 0o700)
    assert.equal(statSync(fileOf(world.home)).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(world.home), ['credentials.json'])
    const options = { env: world.bare }
    assert.equal((await world.json(['status'], options)).workspaceKey, world.key)
    assert.equal((await world.json(['credentials'], options)).workspaceSecret, world.secret)
    assert.equal(claims((await world.json(['token'], options)).token).workspaceKey, world.key)
    await world.json(['connection', 'delete', 'github-dev'], options)
    assert.deepEqual(keys(await world.get('/connections')), ['hubspot-prod'])
  })

  test('login takes a folder by --home, as every other command does', async (t) => {
    const world = await fork(t)
    const home = join(world.folder, 'deep', 'below')

    await world.text(['login', '--home', home, '--json'])

    assert.equal(statSync(home).mode & 0o777, 0o700)
    assert.equal(existsSync(world.home), false)
    const env = { HOME: world.folder }
    assert.equal((await world.json(['status', '--home', home], { env })).workspaceKey, world.key)
    assert.equal((await world.json(['connection', 'list', '--home', home], { env })).items.length, 2)
    assert.equal((await world.json(['credentials', '--home', home], { env })).workspaceKey, world.key)
    assert.equal(claims((await world.json(['token', '--home', home], { env })).token).workspaceKey, world.key)
  })

  test('login without a folder keeps them below HOME', async (t) => {
    const world = await fork(t)
    const { MEMBRANE_HOME, ...env } = world.env

    await world.text(['login'], { env })

    assert.equal(JSON.parse(readFileSync(fileOf(join(world.folder, '.membrane')))).workspaceKey, world.key)
    assert.equal((await world.json(['status'], { env: { HOME: world.folder } })).workspaceKey, world.key)
    await world.text(['logout'], { env: { HOME: world.folder } })
    assert.equal(existsSync(fileOf(join(world.folder, '.membrane'))), false)
  })

  test('login keeps the tenant that is named, wherever another comes from', async (t) => {
    const world = await fork(t)
    const { MEMBRANE_TENANT_KEY, ...env } = world.env

    await world.text(['login', '--tenant', 'ada', '--non-interactive'], { env })
    assert.equal((await world.json(['status'], { env: world.bare })).tenantKey, 'ada')
    await world.text(['login', '--tenantKey', 'bea'])
    assert.equal((await world.json(['status'], { env: world.bare })).tenantKey, 'bea')
    await world.text(['login', '--tenant', 'cleo'])
    assert.equal((await world.json(['status'], { env: world.bare })).tenantKey, 'cleo')
  })

  test('login keeps nothing that the server does not take', async (t) => {
    const world = await fork(t)

    await world.run(['login'], { env: { ...world.env, MEMBRANE_WORKSPACE_SECRET: 'wrong' }, code: 1 })
    await world.run(['login'], { env: { ...world.env, MEMBRANE_API_URI: nobody }, code: 1 })

    assert.equal(existsSync(fileOf(world.home)), false)
  })

  test('a second login takes the place of the first', async (t) => {
    const [world, other] = [await fork(t), await fork(t)]

    await world.text(['login'])
    await other.text(['login'], { env: { ...other.env, MEMBRANE_HOME: world.home } })

    assert.equal((await world.json(['status'], { env: world.bare })).workspaceKey, other.key)
    assert.equal(statSync(fileOf(world.home)).mode & 0o777, 0o600)
  })

  for (const [what, text] of [
    ['another program', '{"accessToken":"of another program"}'],
    ['nobody who writes JSON', 'token: abc\n'],
  ]) {
    test(`a file of ${what} is neither changed, used nor removed`, async (t) => {
      const world = await fork(t)
      mkdirSync(world.home)
      writeFileSync(fileOf(world.home), text)

      const { stderr } = await world.run(['login'], { code: 1 })

      assert.ok(stderr.includes('--home') && stderr.includes(fileOf(world.home)), stderr)
      await world.run(['logout'], { code: 0 })
      assert.equal(readFileSync(fileOf(world.home), 'utf8'), text)
      assert.notEqual((await world.json(['credentials'], { env: world.bare })).workspaceKey, world.key)
    })
  }

  test('logout removes what login kept, and is content when there is nothing', async (t) => {
    const world = await fork(t)
    await world.text(['login'])
    writeFileSync(join(world.home, 'notes.txt'), 'mine')

    await world.text(['logout'], { env: world.bare })
    await world.text(['logout', '--home', world.home], { env: { HOME: world.folder } })

    assert.deepEqual(readdirSync(world.home), ['notes.txt'])
    assert.notEqual((await world.json(['credentials'], { env: world.bare })).workspaceKey, world.key)
  })
})

describe('whose credentials are used', () => {
  test('flags go before the environment, and that before what login kept', async (t) => {
    const [kept, set, given] = [await fork(t), await fork(t), await fork(t)]
    await kept.text(['login'])
    const env = { ...set.env, MEMBRANE_HOME: kept.home }
    const flags = ['--workspaceKey', given.key, '--workspaceSecret', given.secret, '--tenantKey', 'ada']
    const who = async (parameters, options) => {
      const { workspaceKey, tenantKey } = await kept.json(['status', ...parameters], options)
      return [workspaceKey, tenantKey]
    }

    assert.deepEqual(await who([], { env: kept.bare }), [kept.key, kept.tenantKey])
    assert.deepEqual(await who([], { env: { ...kept.bare, MEMBRANE_TENANT_KEY: 'bea' } }), [kept.key, 'bea'])
    assert.deepEqual(await who([], { env }), [set.key, set.tenantKey])
    assert.deepEqual(await who(['--tenantKey', 'ada'], { env }), [set.key, 'ada'])
    assert.deepEqual(await who(flags, { env }), [given.key, 'ada'])
    assert.deepEqual(await who(['--apiUri', given.apiUri, ...flags], { env: kept.bare }), [given.key, 'ada'])
  })

  test('the address of the environment and of a flag goes before the one that was kept', async (t) => {
    const world = await fork(t)
    const proxy = await between(t, world)
    await world.text(['login'])

    await world.text(['status'], { env: { ...world.bare, MEMBRANE_API_URL: proxy.apiUri } })
    assert.equal(proxy.came.length, 1)
    await world.text(['status'], { env: { ...world.bare, MEMBRANE_API_URI: proxy.apiUri } })
    assert.equal(proxy.came.length, 2)
    await world.text(['status', '--apiUri', proxy.apiUri], { env: { ...world.env, MEMBRANE_API_URI: nobody } })
    assert.equal(proxy.came.length, 3)
    await world.text(['status', '--apiUri', `${proxy.apiUri}/`], { env: world.bare })
    assert.equal(proxy.came.at(-1).url, '/self')
  })

  test('the secret that was kept is that of its workspace, also where the workspace is named', async (t) => {
    const [world, other] = [await fork(t), await fork(t)]
    await world.text(['login'])

    assert.equal(
      (await world.json(['status', '--workspaceKey', world.key], { env: world.bare })).workspaceKey,
      world.key,
    )
    const { stdout } = await world.run(['status', '--json', '--workspaceKey', other.key], { env: world.bare, code: 1 })
    assert.equal(JSON.parse(stdout).loggedIn, false)
    assert.match(JSON.parse(stdout).reason, new RegExp(`the secret of workspace \`${other.key}\` is not known`))
  })

  test('credentials and token take the flags and variables that the other commands take', async (t) => {
    const world = await fork(t)
    const flags = ['--apiUri', world.apiUri, '--workspaceKey', world.key, '--workspaceSecret', world.secret]

    const all = await world.json(['credentials', ...flags, '--tenantKey', 'ada'], { env: world.bare })
    assert.deepEqual(all, {
      apiUri: world.apiUri,
      workspaceKey: world.key,
      workspaceSecret: world.secret,
      tenantKey: 'ada',
    })
    const { token } = await world.json(['token', ...flags], { env: world.bare })
    assert.equal(claims(token).workspaceKey, world.key)
    const env = { ...world.bare, MEMBRANE_API_URL: world.apiUri }
    assert.equal((await world.json(['credentials'], { env })).apiUri, world.apiUri)
  })

  test('blank variables count as absent', async (t) => {
    const world = await fork(t)
    await world.text(['login'])
    const blank = {
      MEMBRANE_API_URI: '',
      MEMBRANE_WORKSPACE_KEY: '',
      MEMBRANE_WORKSPACE_SECRET: '',
      MEMBRANE_TENANT_KEY: '',
    }
    const env = { ...world.bare, ...blank, MEMBRANE_TOKEN: '' }

    assert.equal((await world.json(['status'], { env })).workspaceKey, world.key)
    assert.equal((await world.json(['credentials'], { env })).workspaceKey, world.key)
    assert.equal(claims((await world.json(['token'], { env })).token).workspaceKey, world.key)
  })

  test('a blank MEMBRANE_HOME counts as absent', async (t) => {
    const world = await fork(t)

    await world.text(['login'], { env: { ...world.env, MEMBRANE_HOME: '' } })

    assert.ok(existsSync(join(world.folder, '.membrane', 'credentials.json')))
  })

  test('a token without a secret is used as it is, and what it may not do is refused', async (t) => {
    const world = await fork(t)
    const env = { ...world.bare, MEMBRANE_API_URI: world.apiUri, MEMBRANE_TOKEN: world.tenantToken }
    const greet = [
      'action',
      'create',
      '--key',
      'greet',
      '--type',
      'run-javascript',
      '--config',
      '{}',
      '--integrationKey',
      'github',
    ]

    assert.equal((await world.json(['status'], { env })).workspaceKey, world.key)
    const named = { ...env, MEMBRANE_WORKSPACE_KEY: world.key }
    assert.equal((await world.json(['status'], { env: named })).workspaceKey, world.key)
    assert.equal((await world.json(['connection', 'list'], { env })).items.length, 2)
    const { body } = await world.refused(greet, { env })
    const answer = await world.call('POST', '/actions', { key: 'greet' }, world.tenantToken)
    assert.equal(answer.status, 403)
    assert.deepEqual(body, answer.body)
    const manager = { env: { ...env, MEMBRANE_TOKEN: world.managerToken } }
    assert.equal((await world.json(greet, manager)).key, 'greet')
  })

  test('a token with a blank secret beside it is used too', async (t) => {
    const world = await fork(t)
    const env = { ...world.bare, MEMBRANE_API_URI: world.apiUri, MEMBRANE_TOKEN: world.tenantToken }

    const { workspaceKey } = await world.json(['status'], { env: { ...env, MEMBRANE_WORKSPACE_SECRET: '' } })

    assert.equal(workspaceKey, world.key)
  })

  test('a token beside a secret is not used, as in what `exec` exports', async (t) => {
    const [world, other] = [await fork(t), await fork(t)]

    const { workspaceKey } = await world.json(['status'], { env: { ...world.env, MEMBRANE_TOKEN: other.tenantToken } })

    assert.equal(workspaceKey, world.key)
  })
})

describe('credentials and token', () => {
  test('credentials are printed for programs, for shells and for people', async (t) => {
    const world = await fork(t)

    const json = await world.json(['credentials'])
    const shell = await world.text(['credentials', '--shell'])
    const text = await world.text(['credentials'])

    assert.deepEqual(json, {
      apiUri: world.apiUri,
      workspaceKey: world.key,
      workspaceSecret: world.secret,
      tenantKey: world.tenantKey,
    })
    const lines = Object.fromEntries(
      shell
        .trimEnd()
        .split('\n')
        .map((line) => line.split('=')),
    )
    for (const name of [
      'MEMBRANE_API_URI',
      'MEMBRANE_WORKSPACE_KEY',
      'MEMBRANE_WORKSPACE_SECRET',
      'MEMBRANE_TENANT_KEY',
    ]) {
      assert.equal(lines[name], world.env[name])
    }
    for (const value of Object.values(json)) assert.ok(text.includes(value), text)
    assert.deepEqual(await world.json(['status'], { env: { ...world.bare, ...lines } }), await world.json(['status']))
  })

  test('a token acts as the tenant, or as the one that is named, for an hour', async (t) => {
    const world = await fork(t)

    const own = (await world.text(['token'])).trim()
    const { token } = await world.json(['token', '--tenantKey', 'ada'])

    assert.equal((await world.get('/self', own)).internalId, world.tenantKey)
    assert.equal((await world.get('/self', token)).internalId, 'ada')
    assert.ok(inHour(own) > 3500 && inHour(own) <= 3600, `${inHour(own)}`)
    assert.equal((await world.call('POST', '/actions', { key: 'x' }, own)).status, 403)
  })

  test('a token of a manager is good for making actions, and lasts as long as is said', async (t) => {
    const world = await fork(t)

    const short = (await world.text(['token', '--manager', '--expiresIn', '5m'])).trim()
    const { token } = await world.json(['token', '--manager', '--tenantKey', 'ada', '--expiresIn', '24h'])

    assert.equal('tenantKey' in claims(short), false)
    assert.equal(claims(short).isAdmin, true)
    assert.ok(inHour(short) > 200 && inHour(short) <= 300)
    assert.equal(claims(token).tenantKey, 'ada')
    assert.ok(inHour(token) > 86_000 && inHour(token) <= 86_400)
    const body = { key: 'greet', type: 'run-javascript', config: js('() => 1') }
    assert.equal((await world.call('POST', '/actions', body, short)).status, 200)
    await world.run(['token', '--expiresIn', 'soon'], { code: 2 })
  })
})

// --- lists -------------------------------------------------------------------------------------------------------

describe('external-app list', () => {
  test('finds the app whose actions are to be listed', async (t) => {
    const world = await fork(t)

    const { items } = await world.json(['external-app', 'list', '--search', 'hubspot'])

    assert.deepEqual({ items }, await world.get('/external-apps?search=hubspot'))
    const text = await world.text(['external-app', 'list', '--search', 'hubspot'])
    assert.match(text, /^KEY +NAME +ID\n/)
    assert.ok(text.includes(found(items, 'hubspot').id), text)
    const { items: actions } = await world.json(['action', 'list', '--externalAppId', found(items, 'hubspot').id])
    assert.ok(actions.some(({ key }) => key === ''))
  })
})

describe('connection list', () => {
  test('prints what the API answers, and a table of it for people', async (t) => {
    const world = await fork(t)

    const page = await world.json(['connection', 'list'])
    const lines = (await world.text(['connection', 'list'])).trimEnd().split('\n')

    assert.deepEqual(page, await world.get('/connections'))
    assert.match(lines[0], /^KEY +NAME +STATE +ID$/)
    assert.deepEqual(
      lines.slice(1).map((line) => line.split(/ {2,}/)),
      page.items.map(({ key, name, state, id }) => [key, name, state, id]),
    )
  })

  test('filters by integration and by text', async (t) => {
    const world = await fork(t)
    const github = await world.get('/connections/github-dev')

    for (const filter of [
      ['--integrationKey', 'github'],
      ['--integrationId', github.integrationId],
      ['--search', 'GITHUB'],
      ['--search', 'github-dev', '--integrationKey', 'github'],
    ]) {
      assert.deepEqual(keys(await world.json(['connection', 'list', ...filter])), ['github-dev'], filter.join(' '))
    }
    assert.deepEqual((await world.json(['connection', 'list', '--search', 'a&b=c #é'])).items, [])
    assert.equal(await world.text(['connection', 'list', '--search', 'no such']), 'there are none\n')
  })

  test('goes on by the cursor that it names, to a page that has none', async (t) => {
    const world = await fork(t)
    const all = await world.get('/connections')

    const first = await world.json(['connection', 'list', '--limit', '1'])
    const text = await world.text(['connection', 'list', '--limit', '1'])
    const second = await world.json(['connection', 'list', '--limit', '1', '--cursor', first.cursor])

    assert.deepEqual(text.trimEnd().split('\n').at(-1), `there are more: --cursor ${first.cursor}`)
    assert.deepEqual([...first.items, ...second.items], all.items)
    assert.equal('cursor' in second, false)
    assert.ok(!(await world.text(['connection', 'list', '--cursor', first.cursor])).includes('--cursor'))
  })

  test('shows a tenant nothing of another', async (t) => {
    const world = await fork(t)

    assert.deepEqual((await world.json(['connection', 'list', '--tenantKey', 'ada'])).items, [])
  })
})

describe('integration list', () => {
  test('prints what the API answers for each of its flags', async (t) => {
    const world = await fork(t)

    for (const [flags, query] of [
      [[], ''],
      [['--search', 'crm'], '?search=crm'],
      [['--connectors', '1'], '?connectors=1'],
      [['--connectors', '0', '--externalApps', '0'], '?connectors=0&externalApps=0'],
      [['--externalApps', '1', '--search', 'calendar'], '?externalApps=1&search=calendar'],
      [['--limit', '3'], '?limit=3'],
    ]) {
      assert.deepEqual(await world.json(['integration', 'list', ...flags]), await world.get(`/integrations${query}`))
    }
    assert.match(await world.text(['integration', 'list']), /^KEY +NAME +CONNECTOR KEY +ID\n/)
  })

  test('shows candidates of the catalog only where they are asked for', async (t) => {
    const world = await fork(t)
    const has = async (flags, key) => keys(await world.json(['integration', 'list', ...flags])).includes(key)

    assert.equal(await has(['--connectors', '1', '--externalApps', '0'], 'jira'), true)
    assert.equal(await has(['--connectors', '0', '--externalApps', '0'], 'jira'), false)
    assert.equal(await has(['--connectors', '0', '--externalApps', '1'], 'zoom'), true)
    assert.equal(await has(['--connectors', '1', '--externalApps', '0'], 'zoom'), false)
    await world.run(['integration', 'list', '--connectors', 'maybe'], { code: 2 })
  })

  test('goes on by the cursor', async (t) => {
    const world = await fork(t)

    const first = await world.json(['integration', 'list', '--limit', '4'])
    const rest = await world.json(['integration', 'list', '--cursor', first.cursor])

    assert.deepEqual([...keys(first), ...keys(rest)], keys(await world.get('/integrations')))
  })
})

describe('action list', () => {
  test('without a filter lists what every app has, and ignores an intent', async (t) => {
    const world = await fork(t)

    const page = await world.json(['action', 'list'])

    assert.deepEqual(page, await world.get('/actions'))
    assert.deepEqual(await world.json(['action', 'list', '--intent', 'create an issue']), page)
    assert.match(await world.text(['action', 'list']), /^KEY +NAME +LAYER +INTEGRATION KEY +ID\n/)
  })

  test('lists what a connection can run, the best for an intent first', async (t) => {
    const world = await fork(t)
    const { id } = await world.get('/connections/github-dev')

    for (const connection of [
      ['--connectionId', id],
      ['--connectionKey', 'github-dev'],
    ]) {
      const surface = await world.json(['action', 'list', ...connection])
      assert.deepEqual(surface, await world.get('/actions?connectionKey=github-dev'))
      const rank = async (intent) =>
        keys(await world.json(['action', 'list', ...connection, '--intent', intent, '--limit', '1']))
      assert.deepEqual(await rank('create an issue'), ['create-issue'])
      assert.deepEqual(await rank('list my repositories'), ['list-repositories'])
    }
  })

  test('pages, and finds one by its id', async (t) => {
    const world = await fork(t)
    const { items } = await world.get('/actions?connectionKey=github-dev')

    const first = await world.json(['action', 'list', '--connectionKey', 'github-dev', '--limit', '1'])
    const next = await world.json(['action', 'list', '--connectionKey', 'github-dev', '--cursor', first.cursor])
    const one = await world.json(['action', 'list', '--connectionKey', 'github-dev', '--id', items[0].id])

    assert.deepEqual([...keys(first), ...keys(next)], keys({ items }))
    assert.deepEqual(keys(one), [items[0].key])
  })
})

// --- connections -------------------------------------------------------------------------------------------------

describe('connect', () => {
  const PAGE = /http:\/\/\S+/

  test('blocks until the user has gone through the page that it names', async (t) => {
    const world = await fork(t)

    const running = world.start(['connect', '--integrationKey', 'notion', '--connectionKey', 'notes', '--json'])
    const [page] = await running.said(PAGE)
    const before = await world.get('/connections/notes')
    assert.equal(before.state, 'CLIENT_ACTION_REQUIRED')
    assert.equal(page, before.clientAction.uiUrl)
    assert.equal(running.stdout, '')
    await world.control('POST', '/connections/notes/complete', {})
    const { stdout, stderr } = await world.well(running)

    assert.equal(JSON.parse(stdout).state, 'READY')
    assert.deepEqual(JSON.parse(stdout), await world.get('/connections/notes'))
    assert.equal(stderr.split(page).length, 2, 'the page is named once')
  })

  test('says it as text too, and takes the key that it is given', async (t) => {
    const world = await fork(t)

    const running = world.start([
      'connect',
      '--connectorKey',
      'notion',
      '--connectionKey',
      'notes',
      '--name',
      'My notes',
    ])
    await running.said(PAGE)
    await world.control('POST', '/connections/notes/poke', { event: 'authorize' })
    const { stdout } = await world.well(running)

    assert.match(stdout, /^state +READY$/m)
    assert.match(stdout, /^key +notes$/m)
    assert.equal((await world.get('/connections/notes')).name, 'My notes')
  })

  test('waits while a connector is built, and then for the user', async (t) => {
    const world = await fork(t)
    await world.progress({ 'connection.building': 'hold' })
    const proxy = await between(t, world)

    const running = world.start([
      'connect',
      '--intent',
      'connect my Frobnicator',
      '--connectionKey',
      'frob',
      '--apiUri',
      proxy.apiUri,
      '--json',
    ])
    await proxy.calls(2)
    assert.match(proxy.came[1].url, /^\/connections\/\w+\?.*wait=true/)
    assert.equal((await world.get('/connections/frob')).state, 'BUILDING')
    await world.control('POST', '/connections/frob/poke', { event: 'finishBuilding' })
    const [page] = await running.said(PAGE)
    assert.equal(page, (await world.get('/connections/frob')).clientAction.uiUrl)
    // What the user has given is tried out, which is building once more.
    await world.progress({ 'connection.building': 'immediate' })
    await world.control('POST', '/connections/frob/complete', {})
    const { stdout } = await world.well(running)

    assert.equal(JSON.parse(stdout).state, 'READY')
  })

  test('has nothing to wait for where users connect by themselves', async (t) => {
    const world = await fork(t)
    await world.control('PATCH', '', { mock: { autoConnect: true } })

    const connection = await world.json(['connect', '--connectorKey', 'notion'])

    assert.equal(connection.state, 'READY')
    assert.deepEqual(await world.get(`/connections/${connection.id}`), connection)
  })

  test('with --non-interactive answers at once, by whatever the app is named', async (t) => {
    const world = await fork(t)
    const { id, connectorId } = await world.get('/integrations/notion')

    for (const [flag, value] of [
      ['--integrationKey', 'notion'],
      ['--integrationId', id],
      ['--connectorKey', 'notion'],
      ['--connectorId', connectorId],
      ['--intent', 'connect my notion account'],
    ]) {
      const key = `by${flag}`
      const connection = await world.json([
        'connect',
        flag,
        value,
        '--connectionKey',
        key,
        '--name',
        key,
        '--non-interactive',
      ])
      assert.equal(connection.key, key)
      // What is meant by words takes a while to be found.
      assert.equal(connection.state, flag === '--intent' ? 'BUILDING' : 'CLIENT_ACTION_REQUIRED', flag)
      const stored = await world.get(`/connections/${key}?wait=true&timeout=5`)
      assert.equal(stored.id, connection.id)
      assert.equal(stored.name, key)
      assert.equal(stored.integration.key, 'notion')
      assert.equal(stored.clientAction.type, 'connect')
      assert.equal(new URL(stored.clientAction.uiUrl).origin, new URL(world.apiUri).origin)
      if (flag !== '--intent') assert.deepEqual(connection.clientAction, stored.clientAction)
    }
  })

  test('with --non-interactive shows people the page', async (t) => {
    const world = await fork(t)

    const text = await world.text([
      'connect',
      '--connectorKey',
      'notion',
      '--connectionKey',
      'notes',
      '--non-interactive',
    ])

    assert.ok(text.includes((await world.get('/connections/notes')).clientAction.uiUrl), text)
  })

  test('connects a connection again, which keeps its id', async (t) => {
    const world = await fork(t)
    const { id } = await world.get('/connections/github-dev')
    await world.control('POST', '/connections/github-dev/poke', { event: 'loseCredentials' })
    const repos = ['act', '--connectionKey', 'github-dev', '--api', '{"method":"GET","path":"/user/repos"}']
    assert.equal((await world.refused(repos)).body.code, 'CONNECTION_DISCONNECTED')

    const running = world.start(['connect', '--connectionId', id, '--json'])
    await running.said(PAGE)
    await world.control('POST', '/connections/github-dev/complete', {})
    const { stdout } = await world.well(running)

    assert.equal(JSON.parse(stdout).id, id)
    assert.deepEqual(keys(await world.get('/connections')).sort(), ['github-dev', 'hubspot-prod'])
    assert.notEqual((await world.json(repos)).output.length, 0)
  })

  for (const state of ['SETUP_FAILED', 'CONFIGURATION_ERROR', 'ERROR']) {
    test(`ends with 1 when the connection ends in ${state}`, async (t) => {
      const world = await fork(t)
      await world.progress({ 'connection.building': { fail: { state } } })
      const frob = ['connect', '--intent', 'connect my Frobnicator', '--connectionKey', 'frob']

      const { stdout, stderr } = await world.run([...frob, '--json'], { code: 1 })

      assert.deepEqual(JSON.parse(stdout), await world.get('/connections/frob'))
      assert.equal(JSON.parse(stdout).state, state)
      assert.ok(stderr.includes(state), stderr)
    })
  }

  test('ends with 1 when the connection is archived meanwhile', async (t) => {
    const world = await fork(t)
    const proxy = await between(t, world)

    const running = world.start([
      'connect',
      '--connectorKey',
      'notion',
      '--connectionKey',
      'notes',
      '--apiUri',
      proxy.apiUri,
    ])
    await running.said(PAGE)
    assert.equal((await world.call('DELETE', '/connections/notes', undefined, world.tenantToken)).status, 200)
    const looks = proxy.calls(proxy.came.length + 4).then(() => ({ code: 'it goes on looking' }))
    const { code } = await Promise.race([running.ended, looks])

    assert.equal(code, 1)
  })

  test('ends with 1 when the server goes away meanwhile', async (t) => {
    const world = await fork(t)
    const proxy = await between(t, world)

    const running = world.start(['connect', '--connectorKey', 'notion', '--apiUri', proxy.apiUri])
    await running.said(PAGE)
    proxy.close()
    const { code, stdout, stderr } = await running.ended

    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^membrane-mock: no answer from http/m)
  })

  test('is refused where nothing, or nothing known, is to be connected', async (t) => {
    const world = await fork(t)

    const { body } = await world.refused(['connect'])
    assert.deepEqual(body, (await world.call('POST', '/connect', {}, world.tenantToken)).body)
    await world.refused(['connect', '--connectorKey', 'no-such', '--non-interactive'])
    await world.refused(['connect', '--connectionId', '000000000000000000000000'])
    assert.equal((await world.get('/connections')).items.length, 2)
  })
})

describe('connection delete', () => {
  test('archives by key and by id', async (t) => {
    const world = await fork(t)
    const { id } = await world.get('/connections/hubspot-prod')

    const byKey = await world.json(['connection', 'delete', 'github-dev'])
    const text = await world.text(['connection', 'delete', id])

    assert.equal(byKey.key, 'github-dev')
    assert.ok(byKey.archivedAt)
    assert.match(text, /^archivedAt +20/m)
    assert.deepEqual((await world.get('/connections')).items, [])
    assert.equal(
      (
        await world.call(
          'POST',
          '/act',
          { connectionKey: 'github-dev', code: 'module.exports = () => 1' },
          world.tenantToken,
        )
      ).status >= 400,
      true,
    )
  })

  test('is refused for one that is not there', async (t) => {
    const world = await fork(t)

    const { body } = await world.refused(['connection', 'delete', 'no-such'])

    assert.equal(body.key, 'not_found')
    assert.equal((await world.get('/connections')).items.length, 2)
  })

  for (const key of ['ada@example.com', 'a/b', 'a b', 'ü & 日本 %2F', '?x=1#y', '+', 'it\'s "it"', '..a']) {
    test(`takes the key ${JSON.stringify(key)} as it is`, async (t) => {
      const world = await fork(t)
      const made = await world.json([
        'connect',
        '--connectorKey',
        'notion',
        '--connectionKey',
        key,
        '--non-interactive',
      ])
      assert.equal(made.key, key)

      const gone = await world.json(['connection', 'delete', key])

      assert.equal(gone.id, made.id)
      assert.deepEqual(keys(await world.get('/connections')).sort(), ['github-dev', 'hubspot-prod'])
    })
  }

  for (const id of ['', '.', '..', '%2e%2e']) {
    test(`${JSON.stringify(id)} names no connection, action or run, and not what lies above them`, async (t) => {
      const world = await fork(t)
      const proxy = await between(t, world)
      const env = { ...world.env, MEMBRANE_API_URI: proxy.apiUri }

      for (const parameters of [
        ['connection', 'get', id],
        ['connection', 'delete', id],
        ['action', 'get', id],
        ['action', 'delete', id],
        ['action', 'update', id, '--data', '{}'],
        ['action-run-log', 'get', id],
      ]) {
        const { code, stdout } = await world.run(parameters, { env })
        assert.ok(code === 1 || code === 2, `${parameters.join(' ')} ended with ${code}: ${stdout.slice(0, 200)}`)
      }
      for (const { url } of proxy.came) assert.match(url, /^\/(connections|actions|action-run-logs)\/./)
    })
  }

  test('connection get reads by key and by id', async (t) => {
    const world = await fork(t)
    const github = await world.get('/connections/github-dev')

    assert.deepEqual(await world.json(['connection', 'get', 'github-dev']), github)
    assert.deepEqual(await world.json(['connection', 'get', github.id]), github)
  })
})

describe('search', () => {
  test('finds what has a name', async (t) => {
    const world = await fork(t)

    const page = await world.json(['search', 'github', '--elementType', 'integration', '--limit', '5'])

    assert.deepEqual(page, await world.get('/search?q=github&elementType=integration&limit=5'))
    assert.match(
      await world.text(['search', 'github', '--elementType', 'integration']),
      /^ELEMENT TYPE +KEY +NAME +ID\nintegration +github +GitHub /,
    )
  })
})

// --- running -----------------------------------------------------------------------------------------------------

describe('act', () => {
  const ECHO = 'module.exports = ({ input }) => ({ echoed: input })'

  async function logOf(world, { actionRunId }) {
    return world.get(`/action-run-logs/${actionRunId}`)
  }

  test('runs an action by its key, for an integration and through a connection', async (t) => {
    const world = await fork(t)
    const { id, integrationId } = await world.get('/connections/github-dev')
    const input = { title: 'Hello, wörld' }

    for (const scope of [
      ['--integrationKey', 'github'],
      ['--integrationId', integrationId],
      ['--connectionKey', 'github-dev'],
      ['--connectionId', id],
    ]) {
      const ran = await world.json([
        'act',
        '--key',
        'create-issue',
        ...scope,
        '--input',
        JSON.stringify(input),
        '--meta',
        '{"order":12}',
      ])
      assert.equal(ran.output.title, input.title)
      const log = await logOf(world, ran)
      assert.equal(log.status, 'success')
      assert.deepEqual(log.input, input)
      assert.deepEqual(log.meta, { order: 12 })
      assert.equal(log.connection.id, id)
    }
  })

  test('runs an action of the catalog by its id', async (t) => {
    const world = await fork(t)
    const app = found((await world.get('/external-apps?search=hubspot')).items, 'hubspot')
    const { items } = await world.json(['action', 'list', '--externalAppId', app.id])
    const { id } = items.find(({ key, name }) => key === '' && name === 'List contacts')

    const ran = await world.json(['act', '--id', id, '--connectionKey', 'hubspot-prod', '--input', '{}'])

    assert.equal((await logOf(world, ran)).actionId, id)
    const { items: sent } = await world.control('GET', '/upstreams/hubspot/requests')
    assert.equal(sent.length, 1)
  })

  test('sends a request to the app', async (t) => {
    const world = await fork(t)
    const api = {
      method: 'POST',
      path: '/repos/acme/app/issues',
      body: { title: 'By hand' },
      headers: { 'x-own': 'yes' },
      query: { page: '2' },
    }

    const { output, actionRunId } = await world.json([
      'act',
      '--connectionKey',
      'github-dev',
      '--api',
      JSON.stringify(api),
    ])

    assert.equal(output.title, 'By hand')
    const [sent] = (await world.control('GET', '/upstreams/github/requests')).items
    assert.equal(sent.method, 'POST')
    assert.equal(sent.path, '/repos/acme/app/issues?page=2')
    assert.deepEqual(sent.body, api.body)
    const { request } = (await world.get(`/action-run-logs/${actionRunId}/details`)).details
    assert.equal(request.headers['x-own'], 'yes')
  })

  test('runs a snippet with its input', async (t) => {
    const world = await fork(t)

    const ran = await world.json([
      'act',
      '--connectionKey',
      'github-dev',
      '--code',
      ECHO,
      '--input',
      '{"n":[1,"zwei",null]}',
    ])

    assert.deepEqual(ran.output, { echoed: { n: [1, 'zwei', null] } })
    assert.equal((await logOf(world, ran)).status, 'success')
  })

  for (const input of ['null', '0', '-1', 'false', '""', '[]', '"text"']) {
    test(`the input may be ${input}`, async (t) => {
      const world = await fork(t)
      const sent = { connectionKey: 'github-dev', code: ECHO, input: JSON.parse(input) }

      const { output } = await world.json(['act', '--connectionKey', 'github-dev', '--code', ECHO, '--input', input])

      assert.deepEqual(output, (await world.call('POST', '/act', sent, world.tenantToken)).body.output)
    })
  }

  test('shows people the output and the id of the run', async (t) => {
    const world = await fork(t)

    const text = await world.text(['act', '--connectionKey', 'github-dev', '--code', ECHO, '--input', '{"n":1}'])

    const [, output, id] = text.match(/^([^]*)\nrun (\w+)\n$/)
    assert.deepEqual(JSON.parse(output), { echoed: { n: 1 } })
    assert.equal((await world.get(`/action-run-logs/${id}`)).status, 'success')
  })

  test('that fails ends with 1, and says which run it was', async (t) => {
    const world = await fork(t)
    const broken = [
      'act',
      '--connectionKey',
      'github-dev',
      '--code',
      'module.exports = () => { throw new Error("kaputt") }',
    ]

    const { body, stderr } = await world.refused(broken)
    const text = await world.run(broken, { code: 1 })

    assert.ok(body.actionRunId)
    assert.match(stderr, /kaputt/)
    assert.equal((await logOf(world, body)).status, 'error')
    assert.equal(text.stdout, '')
    const [, id] = text.stderr.match(/membrane action-run-log get (\w+) --details/)
    const log = await world.json(['action-run-log', 'get', id, '--details'])
    assert.equal(log.status, 'error')
    assert.match(JSON.stringify(log.error), /kaputt/)
  })

  test('leaves it to the server that there is one thing to run', async (t) => {
    const world = await fork(t)

    const none = await world.refused(['act', '--connectionKey', 'github-dev'])
    const two = await world.refused(['act', '--key', 'create-issue', '--id', '000000000000000000000000'])

    for (const { body } of [none, two]) assert.equal((await logOf(world, body)).status, 'error')
  })
})

describe('action-run-log get', () => {
  test('reads the log of a run, with its exchange on demand', async (t) => {
    const world = await fork(t)
    const { actionRunId } = await world.json([
      'act',
      '--key',
      'create-issue',
      '--connectionKey',
      'github-dev',
      '--input',
      '{"title":"x"}',
    ])

    const plain = await world.json(['action-run-log', 'get', actionRunId])
    const full = await world.json(['action-run-log', 'get', actionRunId, '--details'])

    assert.deepEqual(plain, await world.get(`/action-run-logs/${actionRunId}`))
    assert.equal('details' in plain, false)
    assert.deepEqual(full, await world.get(`/action-run-logs/${actionRunId}/details`))
    assert.equal(full.details.request.method, 'POST')
    assert.equal(full.details.response.status, 201)
    assert.match(await world.text(['action-run-log', 'get', actionRunId]), /^status +success$/m)
    assert.match(await world.text(['action-run-log', 'get', actionRunId, '--details']), /^details +\{"request"/m)
    assert.equal((await world.refused(['action-run-log', 'get', 'no-such'])).body.key, 'not_found')
  })
})

// --- actions -----------------------------------------------------------------------------------------------------

describe('action create', () => {
  const spec = (key, code = '() => 1') => [
    'action',
    'create',
    '--key',
    key,
    '--type',
    'run-javascript',
    '--config',
    JSON.stringify(js(code)),
  ]

  test('makes an action of a specification, where the flags say', async (t) => {
    const world = await fork(t)
    const { id, integrationId } = await world.get('/connections/github-dev')

    for (const [key, flags, layer] of [
      ['everywhere', [], 'universal'],
      ['by-integration-key', ['--integrationKey', 'github'], 'integration'],
      ['by-integration-id', ['--integrationId', integrationId], 'integration'],
      ['by-connection-key', ['--connectionKey', 'github-dev'], 'connection'],
      ['by-connection-id', ['--connectionId', id], 'connection'],
    ]) {
      const made = await world.json([...spec(key), ...flags])
      assert.equal(made.state, 'READY')
      assert.equal(made.layer, layer, key)
      const stored = await world.get(`/actions/${made.id}`)
      assert.deepEqual(stored, made)
      assert.equal(stored.connectionId, layer === 'connection' ? id : undefined)
      assert.equal(stored.integrationId, layer === 'universal' ? undefined : integrationId)
    }
  })

  test('keeps name, description and schema, and the action runs', async (t) => {
    const world = await fork(t)
    const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
    const own = [
      '--name',
      'Greet',
      '--description',
      'Says hello',
      '--inputSchema',
      JSON.stringify(schema),
      '--integrationKey',
      'github',
    ]

    const made = await world.json([...spec('greet', '({ input }) => `Hello, ${input.name}`'), ...own])

    const stored = await world.get(`/actions/${made.id}`)
    assert.equal(stored.name, 'Greet')
    assert.equal(stored.description, 'Says hello')
    assert.deepEqual(stored.inputSchema, schema)
    const run = await world.json(['act', '--key', 'greet', '--integrationKey', 'github', '--input', '{"name":"Ada"}'])
    assert.equal(run.output, 'Hello, Ada')
    assert.match(await world.text([...spec('greet-2'), '--integrationKey', 'github']), /^key +greet-2$/m)
  })

  test('makes an action of words, which is built', async (t) => {
    const world = await fork(t)

    const made = await world.json([
      'action',
      'create',
      '--intent',
      'open a pull request',
      '--connectionKey',
      'github-dev',
      '--key',
      'open-pr',
    ])

    const stored = await world.get(`/actions/${made.id}?wait=true&timeout=5`)
    assert.equal(stored.key, 'open-pr')
    assert.equal(stored.state, 'READY')
    assert.equal(stored.layer, 'connection')
  })

  test('is refused where the key is taken', async (t) => {
    const world = await fork(t)
    await world.make({ key: 'greet', integrationKey: 'github' })

    const { body } = await world.refused([...spec('greet'), '--integrationKey', 'github'])

    assert.equal(body.key, 'already_exists')
  })

  test('takes JSON only', async (t) => {
    const world = await fork(t)

    for (const [flag, value] of [
      ['--config', 'code'],
      ['--config', '[]'],
      ['--inputSchema', '"text"'],
    ]) {
      const { stderr } = await world.run(['action', 'create', '--key', 'greet', flag, value], { code: 2 })
      assert.ok(stderr.includes(flag), stderr)
    }
    assert.equal((await world.call('GET', '/actions/greet')).status, 404)
  })
})

describe('action get', () => {
  const build = (world) =>
    world.json(['action', 'create', '--intent', 'open a pull request', '--integrationKey', 'github'])

  test('reads the whole record', async (t) => {
    const world = await fork(t)
    const { id } = await world.make({ key: 'greet', integrationKey: 'github' })

    assert.deepEqual(await world.json(['action', 'get', id]), await world.get(`/actions/${id}`))
    assert.match(await world.text(['action', 'get', id]), /^config +\{"code":/m)
    assert.equal((await world.refused(['action', 'get', '000000000000000000000000'])).body.key, 'not_found')
  })

  test('answers at once unless it is to wait', async (t) => {
    const world = await fork(t)
    await world.progress({ 'action.building': 'hold' })
    const { id } = await build(world)

    assert.equal((await world.json(['action', 'get', id])).state, 'BUILDING')
    assert.equal((await world.json(['action', 'get', id, '--timeout', '5'])).state, 'BUILDING')
  })

  test('waits until the action is built', async (t) => {
    const world = await fork(t)
    await world.progress({ 'action.building': 'hold' })
    const { id } = await build(world)
    const proxy = await between(t, world)

    const running = world.start(['action', 'get', id, '--wait', '--apiUri', proxy.apiUri, '--json'])
    const [{ url }] = await proxy.calls(1)
    assert.equal((await world.get(`/actions/${id}`)).state, 'BUILDING')
    await world.control('POST', `/actions/${id}/poke`, { event: 'finishBuilding' })
    const { stdout } = await world.well(running)

    const query = new URLSearchParams(url.split('?')[1])
    assert.deepEqual([query.get('wait'), query.get('timeout')], ['true', '30'])
    assert.equal(JSON.parse(stdout).state, 'READY')
    assert.deepEqual(JSON.parse(stdout), await world.get(`/actions/${id}`))
  })

  test('shows what is there when the time is over', async (t) => {
    const world = await fork(t)
    await world.progress({ 'action.building': 'hold' })
    const { id } = await build(world)

    const action = await world.json(['action', 'get', id, '--wait', '--timeout', '1'])

    assert.equal(action.state, 'BUILDING')
    assert.deepEqual(action, await world.get(`/actions/${id}`))
  })

  test('asks more than once where it may wait longer than a call can', async (t) => {
    const world = await fork(t)
    await world.progress({ 'action.building': 'hold' })
    const { id } = await build(world)
    const proxy = await between(t, world, (path) => path.replace(/timeout=\d+/, 'timeout=1'))

    const action = await world.json(['action', 'get', id, '--wait', '--timeout', '75', '--apiUri', proxy.apiUri])

    assert.equal(action.state, 'BUILDING')
    const limits = proxy.came.map(({ url }) => new URLSearchParams(url.split('?')[1]).get('timeout'))
    assert.deepEqual(limits, ['60', '15'])
  })

  test('shows an action that could not be built', async (t) => {
    const world = await fork(t)
    await world.progress({ 'action.building': { fail: {} } })
    const { id } = await build(world)

    const { stdout } = await world.run(['action', 'get', id, '--wait', '--json'])

    assert.equal(JSON.parse(stdout).state, 'ERROR')
    await world.run(['action', 'get', id, '--wait', '--timeout', '0'], { code: 2 })
  })
})

describe('action update, replace and delete', () => {
  /** An action of the integration and one of the connection that have the same key. */
  async function both(world) {
    const { id: connectionId, integrationId } = await world.get('/connections/github-dev')
    const shared = await world.make({ key: 'greet', name: 'Shared', description: 'Says hello', integrationId })
    const own = await world.make({ key: 'greet', name: 'Own', description: 'Says hi', connectionId })
    return { shared, own, connectionId, integrationId }
  }

  const NAME = ['--data', '{"name":"Renamed"}']

  test('update merges: what is not given stays', async (t) => {
    const world = await fork(t)
    const { id, ...before } = await world.make({
      key: 'greet',
      name: 'Greet',
      description: 'Says hello',
      integrationKey: 'github',
    })

    const updated = await world.json(['action', 'update', 'greet', ...NAME])

    const stored = await world.get(`/actions/${id}`)
    assert.deepEqual(stored, updated)
    assert.equal(stored.name, 'Renamed')
    assert.equal(stored.description, 'Says hello')
    assert.deepEqual(stored.config, before.config)
    assert.match(await world.text(['action', 'update', id, '--data', '{"description":null}']), /^name +Renamed$/m)
    assert.equal((await world.get(`/actions/${id}`)).description ?? null, null)
  })

  test('replace clears what is not given', async (t) => {
    const world = await fork(t)
    const { id } = await world.make({
      key: 'greet',
      name: 'Greet',
      description: 'Says hello',
      integrationKey: 'github',
      inputSchema: { type: 'object', required: ['name'] },
    })

    const replaced = await world.json([
      'action',
      'replace',
      'greet',
      '--data',
      JSON.stringify({ name: 'New', type: 'run-javascript', config: js('() => 2') }),
    ])

    const stored = await world.get(`/actions/${id}`)
    assert.deepEqual(stored, replaced)
    assert.equal(stored.id, id)
    assert.equal(stored.name, 'New')
    assert.equal(stored.description, undefined)
    assert.equal(stored.inputSchema.required, undefined)
    assert.equal((await world.json(['act', '--id', id, '--connectionKey', 'github-dev'])).output, 2)
    assert.match(
      await world.text([
        'action',
        'replace',
        id,
        '--data',
        JSON.stringify({ name: 'Newer', type: 'run-javascript', config: js('() => 3') }),
      ]),
      /^name +Newer$/m,
    )
  })

  test('delete archives: it leaves the list and cannot be run', async (t) => {
    const world = await fork(t)
    const { id } = await world.make({ key: 'greet', integrationKey: 'github' })
    const other = await world.make({ key: 'wave', integrationKey: 'github' })

    const gone = await world.json(['action', 'delete', 'greet'])
    const text = await world.text(['action', 'delete', other.id])

    assert.equal(gone.id, id)
    assert.ok(gone.archivedAt)
    assert.match(text, /^archivedAt +20/m)
    const listed = keys(await world.get('/actions?connectionKey=github-dev'))
    assert.equal(listed.includes('greet') || listed.includes('wave'), false)
    await world.refused(['act', '--key', 'greet', '--connectionKey', 'github-dev'])
    assert.equal((await world.call('POST', `/actions/${id}/restore`)).status, 200)
    assert.ok(keys(await world.get('/actions?connectionKey=github-dev')).includes('greet'))
  })

  test('hints say which of two actions is meant', async (t) => {
    const world = await fork(t)
    const { shared, own, connectionId, integrationId } = await both(world)
    const names = async () => [
      (await world.get(`/actions/${shared.id}`)).name,
      (await world.get(`/actions/${own.id}`)).name,
    ]

    await world.json(['action', 'update', 'greet', '--connectionId', connectionId, '--data', '{"name":"Own 2"}'])
    assert.deepEqual(await names(), ['Shared', 'Own 2'])
    await world.json(['action', 'update', 'greet', '--integrationId', integrationId, '--data', '{"name":"Shared 2"}'])
    assert.deepEqual(await names(), ['Shared 2', 'Own 2'])
    const whole = (name) => JSON.stringify({ name, type: 'run-javascript', config: js('() => 2') })
    await world.json(['action', 'replace', 'greet', '--connectionId', connectionId, '--data', whole('Own 3')])
    await world.json(['action', 'replace', 'greet', '--integrationId', integrationId, '--data', whole('Shared 3')])
    assert.deepEqual(await names(), ['Shared 3', 'Own 3'])
    assert.equal((await world.json(['action', 'delete', 'greet', '--connectionId', connectionId])).id, own.id)
    assert.equal('archivedAt' in (await world.get(`/actions/${shared.id}`)), false)
    assert.equal((await world.json(['action', 'delete', 'greet', '--integrationId', integrationId])).id, shared.id)
  })

  test('a key with odd characters is one selector', async (t) => {
    const world = await fork(t)
    const made = await world.make({ key: 'greet/ü ?#%2F&', integrationKey: 'github' })

    assert.equal((await world.json(['action', 'update', made.key, ...NAME])).id, made.id)
    assert.equal((await world.get(`/actions/${made.id}`)).name, 'Renamed')
    assert.equal((await world.json(['action', 'delete', made.key])).id, made.id)
  })

  test('refused and misspelt calls change nothing', async (t) => {
    const world = await fork(t)
    const { id, name } = await world.make({ key: 'greet', integrationKey: 'github' })

    for (const verb of ['update', 'replace']) {
      await world.run(['action', verb, 'greet'], { code: 2 })
      await world.run(['action', verb, 'greet', '--data', '[1]'], { code: 2 })
      await world.run(['action', verb, ...NAME], { code: 2 })
      await world.refused(['action', verb, 'no-such', ...NAME])
    }
    await world.refused(['action', 'delete', 'no-such'])
    await world.refused(['action', 'delete', 'greet', '--connectionId', '000000000000000000000000'])
    assert.equal((await world.get(`/actions/${id}`)).name, name)
  })
})

// --- the program -------------------------------------------------------------------------------------------------

describe('the program', () => {
  test('ends with 2 where arguments are wrong', async (t) => {
    const world = await fork(t)

    for (const line of [
      '',
      'no-such',
      'connection',
      'connection list --no-such',
      'connection list --limit few',
      'connection delete',
      'act --meta 7',
    ]) {
      const { stdout, stderr } = await world.run(line === '' ? [] : words(line), { code: 2 })
      assert.equal(stdout, '', line)
      assert.notEqual(stderr, '', line)
    }
  })

  test('ends with 1 where a call is refused', async (t) => {
    const world = await fork(t)

    const { body } = await world.refused(['connection', 'list', '--limit', '0'])
    const text = await world.run(['connection', 'list', '--limit', '0'], { code: 1 })

    assert.deepEqual(body, (await world.call('GET', '/connections?limit=0', undefined, world.tenantToken)).body)
    assert.equal(text.stdout, '')
    assert.equal(text.stderr, `membrane-mock: ${body.message}\n`)
  })

  test('ends with 1 and a sentence where there is no server', async (t) => {
    const world = await fork(t)
    const env = { ...world.env, MEMBRANE_API_URI: nobody }

    for (const line of [
      'connection list',
      'connection list --json',
      'connect --connectorKey notion',
      'action get x --wait',
    ]) {
      const { stdout, stderr } = await world.run(words(line), { env, code: 1 })
      assert.equal(stdout, '')
      assert.match(stderr, /^membrane-mock: no answer from http:\/\/127\.0\.0\.1:\d+: .+\n$/)
    }
    const { stderr } = await world.run(['connection', 'list', '--apiUri', 'not an address'], { code: 1 })
    assert.match(stderr, /^membrane-mock: .*not an address/)
  })

  test('called by the name `membrane` is this command alone', async (t) => {
    const world = await fork(t)
    const program = join(folder(t), 'membrane')
    symlinkSync(binary, program)

    const { stdout } = await world.run(['connection', 'list', '--json'], { program, code: 0 })
    const none = await world.run([], { program, code: 2 })

    assert.deepEqual(JSON.parse(stdout), await world.get('/connections'))
    assert.match(none.stderr, /action-run-log/)
    await world.run(['serve'], { program, code: 2 })
    await world.run(['exec', '--', 'true'], { program, code: 2 })
  })

  test('called by the name `membrane` calls itself so in its help', async (t) => {
    const world = await fork(t)
    const program = join(folder(t), 'membrane')
    symlinkSync(binary, program)

    const { stdout } = await world.run(['--help'], { program, code: 0 })
    const connect = await world.run(['connect', '--help'], { program, code: 0 })

    assert.match(stdout, /^Usage: membrane <COMMAND>$/m)
    assert.match(connect.stdout, /^Usage: membrane connect \[OPTIONS\]$/m)
  })

  test('tells of each command and flag in its help', async (t) => {
    const world = await fork(t)
    const { stdout } = await world.run(['--help'], { code: 0 })

    for (const line of SEED) {
      const command = commandOf(words(line))
      assert.ok(stdout.includes(`  ${command.split(' ')[0]} `), command)
      const help = await world.run([...command.split(' '), '--help'], { code: 0 })
      for (const flag of flagsOf(words(line))) assert.ok(help.stdout.includes(flag), `${command} ${flag}`)
    }
  })

  test('takes each command as SEED writes it', async (t) => {
    const world = await fork(t)
    const env = { ...world.env, MEMBRANE_API_URI: nobody }

    for (const line of SEED) {
      const command = commandOf(words(line))
      const { code, stderr } = await world.run(words(line), { env })
      assert.equal(code, ['credentials', 'token'].includes(command) ? 0 : 1, `${line}: ${stderr}`)
    }
  })

  test('takes --json everywhere', async (t) => {
    const world = await fork(t)

    for (const command of new Set([
      ...SEED.map((line) => commandOf(words(line))),
      'logout',
      'search',
      'connection get',
    ])) {
      const { stdout } = await world.run([...command.split(' '), '--help'], { code: 0 })
      assert.match(stdout, /--json/, command)
    }
  })
})

test('each command and flag of SEED was run, and did what it is for', () => {
  const missing = []
  for (const line of SEED) {
    const command = commandOf(words(line))
    const runs = ran.filter((parameters) => commandOf(parameters) === command && !parameters.includes('--help'))
    if (runs.length === 0) missing.push(command)
    for (const flag of flagsOf(words(line))) {
      if (!runs.some((parameters) => parameters.includes(flag))) missing.push(`${command} ${flag}`)
    }
  }
  assert.deepEqual([...new Set(missing)], [])
})
