// A page with the client's browser build.

import { MembraneClient } from '@membranehq/sdk';
import { offerCalls } from './calls.js';

offerCalls(MembraneClient);
