// Routes that cannot be visited as every other one is, each with the reason why.

export const NEVER_SUCCEED = [
  // Everything that has a page has a route of its own.
  'GET /embed/{*rest}',
  'GET /isolated-embed/{*rest}',
]

/** They take nothing that could be wrong. */
export const NEVER_FAIL = [
  'GET /',
  'GET /__mock/journal',
  'GET /__mock/metrics',
  'GET /__mock/workspaces',
  'GET /docs-json',
  'GET /llms.txt',
  'GET /logos/{name}',
]
