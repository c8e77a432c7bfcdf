// Archives of what a workspace defines, as a manager gets and sends them.

import assert from 'node:assert/strict';
import { unzip } from './zip.mjs';

/** What came of the job that a call began. */
async function over({ manager }, { jobId, accessKey }) {
  const job = await manager.get(`/background-jobs/${jobId}:${accessKey}`);
  assert.equal(job.status, 'completed', JSON.stringify(job));
  return job.result;
}

/** The bytes of a workspace's archive. */
export async function exported(world, query = '') {
  const { downloadUrl } = await over(world, await world.manager.get(`/export${query}`));
  return Buffer.from(await (await fetch(downloadUrl)).arrayBuffer());
}

/** Imports an archive, with options in the query or as fields beside it; answers what was done, each list in order. */
export async function imported(world, archive, query = {}, fields = {}) {
  const body = new FormData();
  body.set('file', new Blob([archive]), 'workspace.zip');
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const begun = await world.curl('POST', '/import', { token: world.managerToken, query, body });
  assert.equal(begun.status, 200, JSON.stringify(begun.body));
  const result = await over(world, begun.body);
  for (const list of Object.values(result)) if (Array.isArray(list)) list.sort();
  return result;
}

/** Fails with what differs, file by file, unless two archives are the same bytes. */
export function same(read, wanted) {
  if (read.equals(wanted)) return;
  const [now, before] = [unzip(read), unzip(wanted)];
  assert.deepEqual(Object.keys(now), Object.keys(before));
  for (const path of Object.keys(before)) assert.equal(now[path], before[path], path);
  assert.fail('the files are the same, and the bytes are not');
}
