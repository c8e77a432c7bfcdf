// Loaded ahead of each file of the suite: notes what it calls of the client.

import { IntegrationAppClient } from '@integration-app/sdk';
import { record } from '../../methods/record.mjs';

record(IntegrationAppClient);
