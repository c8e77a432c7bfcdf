// What the package says of itself is enough for a strict program, and wrong calls are told before they are made.

import { type ConnectionView, type Schemas, type Stub, startMock } from 'membrane-mock'
import { test as nodeTest } from 'membrane-mock/node-test'
import { expect, test as playwrightTest } from 'membrane-mock/playwright'
import { test as vitestTest } from 'membrane-mock/vitest'

type IsAny<T> = 0 extends 1 & T ? true : false
type IsUnknown<T> = unknown extends T ? (IsAny<T> extends true ? false : true) : false
type Told<T> = IsAny<T> extends true ? false : IsUnknown<T> extends true ? false : [T] extends [never] ? false : true
const told = <T>(_: Told<T>) => undefined

export async function forms(): Promise<ConnectionView> {
  await using mock = await startMock({ seed: 'demo' })
  await using workspace = await mock.workspace({ label: 'strict', mock: { account: 'ada@example.com' } })
  const stub: Stub = { request: { method: 'GET', path: '/user' }, respond: { status: 200, json: { login: 'ada' } } }
  await using _stub = await workspace.stub('github', stub)
  await using _fault = await workspace.fault({ on: { operation: 'act' }, fault: 'close' })
  // @ts-expect-error There is no such operation.
  await workspace.fault({ on: { operation: 'acts' }, fault: 'close' })
  // @ts-expect-error There is no such event.
  await workspace.connection('x').poke('explode')
  // @ts-expect-error There is no such unit of time.
  await workspace.clock.advance('1w')
  const { data } = await mock.control.GET('/__mock/workspaces/{key}/clock', { params: { path: { key: workspace.key } } })
  told<typeof data>(true)
  // @ts-expect-error There is no such path.
  await mock.control.GET('/__mock/clock')
  const run = await workspace.tenant('ada').act<{ login: string }>({ connectionKey: 'code', api: { method: 'GET', path: '/user' } })
  run.output.login.toUpperCase()
  return workspace.connection('code').expire()
}

told<Schemas['Workspace']>(true)
told<Schemas['Connection']['state']>(true)
told<Schemas['Entry']>(true)
told<Schemas['Rule']>(true)
told<Schemas['Stub']>(true)
told<Schemas['ReportLine']['kind']>(true)

nodeTest('types', async ({ workspace }) => {
  told<typeof workspace.key>(true)
})
vitestTest('types', async ({ workspace, mock }) => {
  told<typeof workspace>(true)
  told<typeof mock>(true)
})
playwrightTest('types', async ({ page, tenant, connect }) => {
  told<typeof tenant>(true)
  await connect(page, 'github', { account: 'ada@example.com' })
  // @ts-expect-error There is no such choice.
  await connect(page, 'github', { agree: true })
  expect(tenant.key).toBeTruthy()
})
