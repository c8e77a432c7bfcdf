// The same page with the legacy client.

import { IntegrationAppClient } from '@integration-app/sdk';
import { offerCalls } from './calls.js';

offerCalls(IntegrationAppClient);
