// The checkpoints of elements, as a manager lists them: those of one element at a time.

import * as sdk from '@membranehq/sdk';
import { kinds, typeOf } from './elements.mjs';
import { accept } from './shape.mjs';

const types = new Set([...Object.keys(kinds).map(typeOf), 'integration', 'connector']);

/** The checkpoints of an element, oldest first, held against the client's schema. */
export const checkpointsOf = async ({ manager }, { id: elementId }, elementType = 'action') =>
  accept(sdk.CheckpointApiResponse.array(), await manager.get('/checkpoints', { elementType, elementId }));

/** Those of all elements that there are, and of nothing else, oldest first; every element is asked for its own. */
export async function everyCheckpoint(world) {
  const { records } = JSON.parse(await world.export());
  const elements = records.filter(({ kind }) => types.has(kind));
  const lists = await Promise.all(elements.map((element) => checkpointsOf(world, element, element.kind)));
  const made = new Map(records.map(({ id, seq }) => [id, seq]));
  return lists.flat().sort((one, other) => made.get(one.id) - made.get(other.id));
}
