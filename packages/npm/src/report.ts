import type { Workspace } from './workspace.js'

/** What a workspace's report says, a line each, for the output of a failed test; empty when there is nothing to say. */
export async function told(workspace: Workspace): Promise<string> {
  const lines = await workspace.report()
  if (lines.length === 0) return ''
  const said = lines.map(({ says, nearest }) => {
    return nearest ? `  ${says}; the nearest stub is ${nearest.method} ${nearest.path}` : `  ${says}`
  })
  return [`membrane-mock, what went wrong in calls:`, ...said].join('\n')
}
