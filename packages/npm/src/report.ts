import type { Schemas } from './control-client.js'
import type { Workspace } from './workspace.js'

/** Which lines of a report are meant: those of a tenant's calls, and those of calls after the one with this number. */
export interface Wanted {
  tenant?: string
  after?: number
}

/**
 * What a workspace's report says, a line each, for the output of a failed test; empty when there is nothing to say. It never throws,
 * because why the test failed is told beside it.
 */
export async function told(workspace: Workspace, { tenant, after = 0 }: Wanted = {}): Promise<string> {
  let all: Schemas['ReportLine'][]
  try {
    all = await workspace.report()
  } catch (error) {
    return `membrane-mock, the workspace does not report: ${error instanceof Error ? error.message : error}`
  }
  const ofTenant = all.filter((line) => tenant === undefined || line.tenant === tenant)
  const lines = ofTenant.filter((line) => (line.seq ?? Number.POSITIVE_INFINITY) > after)
  if (lines.length === 0) return ''
  const said = lines.map(({ says, nearest }) => {
    return nearest ? `  ${says}; the nearest stub is ${nearest.method} ${nearest.path}` : `  ${says}`
  })
  return ['membrane-mock, what went wrong in calls:', ...said].join('\n')
}

/** The number of the last call that a workspace's report is about; 0 where there is none, and where it does not report. */
export async function lastOf(workspace: Workspace): Promise<number> {
  const all = await workspace.report().catch(() => [])
  return Math.max(0, ...all.map((line) => line.seq ?? 0))
}
