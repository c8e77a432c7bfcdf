import type { Schemas } from './control-client.js'
import type { Workspace } from './workspace.js'

/**
 * What a workspace's report says, a line each, for the output of a failed test; empty when there is nothing to say. Of one tenant
 * it is what that tenant's calls met. It never throws, because why the test failed is told beside it.
 */
export async function told(workspace: Workspace, tenant?: string): Promise<string> {
  let all: Schemas['ReportLine'][]
  try {
    all = await workspace.report()
  } catch (error) {
    return `membrane-mock, the workspace does not report: ${error instanceof Error ? error.message : error}`
  }
  const lines = all.filter((line) => tenant === undefined || line.tenant === tenant)
  if (lines.length === 0) return ''
  const said = lines.map(({ says, nearest }) => {
    return nearest ? `  ${says}; the nearest stub is ${nearest.method} ${nearest.path}` : `  ${says}`
  })
  return ['membrane-mock, what went wrong in calls:', ...said].join('\n')
}
