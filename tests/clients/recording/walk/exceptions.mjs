// Routes that cannot be visited as every other one is, each with the reason why.

/** In the order of the ledger. */
export const NEVER_SUCCEED = [
  // No connector of the fake receives events, so there is no incoming webhook to be read.
  'GET /incoming-webhooks/{id}',
  'GET /incoming-webhooks/{id}/details',
]

/** In the order of the ledger, the control API behind it: they take nothing that could be wrong. */
export const NEVER_FAIL = [
  'GET /logos/{name}',
  'GET /docs-json',
  'GET /',
  'GET /__mock/journal',
  'GET /__mock/metrics',
  'GET /__mock/openapi.json',
  'GET /__mock/workspaces',
]
