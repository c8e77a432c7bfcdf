export { binary } from './binary.js'
export { type ControlClient, type Schemas, controlClient } from './control-client.js'
export type { components, paths } from './control.js'
export { MembraneMockError } from './error.js'
export { Mock, type MockOptions, type WorkspaceOptions, attachMock, sharedMock, startMock } from './mock.js'
export type { Duration } from './time.js'
export type { TenantClaims } from './token.js'
export {
  type Act,
  Clock,
  type ConnectOptions,
  Connection,
  type ConnectionView,
  type Consent,
  type Expectation,
  Fault,
  type FaultRule,
  Journal,
  type JournalFilter,
  MadeConnection,
  type Run,
  Snapshot,
  type Stub,
  StubHandle,
  Tenant,
  Workspace,
} from './workspace.js'
