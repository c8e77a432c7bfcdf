// Loaded ahead of each file of the suite: notes what it calls of the client.

import { MembraneClient } from '@membranehq/sdk';
import { record } from '../../methods/record.mjs';

record(MembraneClient);
