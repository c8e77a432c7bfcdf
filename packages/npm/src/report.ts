import type { Workspace } from './workspace.js'

/**
 * What a workspace's report says, a line each, for the output of a failed test; empty when there is nothing to say. Of one tenant
 * it is what that tenant's calls met.
 */
export async function told(workspace: Workspace, tenant?: string): Promise<string> {
  const lines = (await workspace.report()).filter((line) => tenant === undefined || line.tenant === tenant)
  if (lines.length === 0) return ''
  const said = lines.map(({ says, nearest }) => {
    return nearest ? `  ${says}; the nearest stub is ${nearest.method} ${nearest.path}` : `  ${says}`
  })
  return [`membrane-mock, what went wrong in calls:`, ...said].join('\n')
}
