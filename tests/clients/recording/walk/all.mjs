// The walk, noun by noun. Each noun has workspaces of its own, so that a change of one noun shows in its files alone.

import { walkActing } from './acting.mjs'
import { walkActions } from './actions.mjs'
import { walkAgents } from './agents.mjs'
import { walkAppDataSchemas } from './app-data-schemas.mjs'
import { walkAppEvents } from './app-events.mjs'
import { walkCatalog } from './catalog.mjs'
import { walkCheckpoints } from './checkpoints.mjs'
import { walkConnectedProducts } from './connected-products.mjs'
import { walkConnecting } from './connecting.mjs'
import { walkConnections } from './connections.mjs'
import { walkConnectorFiles } from './connector-files.mjs'
import { walkControl } from './control.mjs'
import { walkDataCollections } from './data-collections.mjs'
import { walkDataLinkTables } from './data-link-tables.mjs'
import { walkDataSources } from './data-sources.mjs'
import { walkExternalEventTypes } from './external-event-types.mjs'
import { walkExternalEvents } from './external-events.mjs'
import { walkFaults } from './faults.mjs'
import { walkFieldMappings } from './field-mappings.mjs'
import { walkFiles } from './files.mjs'
import { walkFlowRuns } from './flow-runs.mjs'
import { walkFlows } from './flows.mjs'
import { walkIntegrations } from './integrations.mjs'
import { walkJobs } from './jobs.mjs'
import { walkJournal } from './journal.mjs'
import { walkLogs } from './logs.mjs'
import { walkOperations } from './operations.mjs'
import { walkOrgWorkspaces } from './org-workspaces.mjs'
import { walkPackages } from './packages.mjs'
import { walkPages } from './pages.mjs'
import { walkRecordFlows } from './record-flows.mjs'
import { walkRefusals } from './refusals.mjs'
import { walkScreens } from './screens.mjs'
import { walkStories } from './stories.mjs'
import { walkTenants } from './tenants.mjs'
import { walkTokens } from './tokens.mjs'
import { walkUpstreams } from './upstreams.mjs'
import { walkVendors } from './vendors.mjs'
import { walkWebhooks } from './webhooks.mjs'

export const WALKS = [
  walkTokens,
  walkTenants,
  walkCatalog,
  walkIntegrations,
  walkConnections,
  walkConnecting,
  walkPages,
  walkVendors,
  walkActions,
  walkActing,
  walkOperations,
  walkLogs,
  walkFlows,
  walkFlowRuns,
  walkAppDataSchemas,
  walkDataCollections,
  walkDataSources,
  walkFieldMappings,
  walkRecordFlows,
  walkDataLinkTables,
  walkAppEvents,
  walkExternalEvents,
  walkExternalEventTypes,
  walkPackages,
  walkScreens,
  walkConnectedProducts,
  walkFiles,
  walkCheckpoints,
  walkConnectorFiles,
  walkOrgWorkspaces,
  walkAgents,
  walkJobs,
  walkUpstreams,
  walkWebhooks,
  walkFaults,
  walkStories,
  walkJournal,
  walkRefusals,
  walkControl,
]
