// What the client declares of the answers. It exports no schema of an answer, only the two by which it checks a flow
// instance before sending it; the rest are the fields that its type declarations call required.

import * as sdk from '@integration-app/sdk';
import { text, texts } from './accept.mjs';

export { accept, Connection, list, page, texts } from './accept.mjs';

const yesOrNo = (value) => typeof value === 'boolean';
const oneOf = (constants) => (value) => Object.values(constants).includes(value);
const optional = (test) => (value) => value === undefined || test(value);

const state = optional(oneOf(sdk.WorkspaceElementState));
const element = { ...texts('id', 'name', 'key'), state };

export const Customer = texts('id', 'name', 'internalId');
// The engine has dropped the `baseUri` that the declaration still requires.
export const Integration = { ...element, logoUri: text };
// An action that only says what its integrations have to do has no type.
export const Action = { ...element, type: optional(oneOf(sdk.ActionType)) };
export const ActionInstance = { ...texts('id', 'name'), type: oneOf(sdk.ActionType), state };
export const Flow = { ...element, revision: text };
const sent = [sdk.createFlowInstanceSchema, sdk.updateFlowInstanceSchema];
export const FlowInstance = {
  ...texts('id', 'name', 'userId', 'integrationId', 'createdAt', 'updatedAt'),
  enabled: yesOrNo,
  state,
  // What was read may be sent back as it is.
  '': (value) => sent.every((schema) => schema.safeParse(value).success),
};
export const FlowRun = {
  ...texts('id', 'flowInstanceId', 'startNodeKey', 'userId', 'startTime'),
  state: oneOf(sdk.FlowRunState),
};
export const DataSource = element;
export const DataSourceInstance = { ...texts('id', 'name'), state };
export const FieldMapping = element;
export const FieldMappingInstance = { ...texts('id', 'name'), state };
export const Collection = { ...texts('key', 'name'), type: (type) => type === sdk.DataLocationType.collection };
export const DataRecord = { ...texts('id', 'name', 'createdTime'), fields: ({ name }) => text(name) };
export const AppDataSchema = texts('id', 'name', 'key');
export const AppDataSchemaInstance = texts('id');
export const DataLinkTable = element;
export const DataLinkTableInstance = { ...element, ...texts('integrationId', 'userId') };
export const DataLink = {
  ...texts('id', 'dataLinkTableInstanceId', 'externalRecordId', 'appRecordId'),
  direction: oneOf(sdk.DataLinkDirection),
};
export const AppEventType = { ...element, ...texts('revision', 'globalWebhookUri') };
export const AppEventSubscription = { ...element, ...texts('revision', 'appEventTypeId', 'userId', 'webhookUri') };
export const AppEvent = {
  ...texts('id', 'userId', 'appEventTypeId', 'appEventSubscriptionId', 'datetime'),
  event: (event) => event !== undefined,
  launchedFlowRunIds: Array.isArray,
};
