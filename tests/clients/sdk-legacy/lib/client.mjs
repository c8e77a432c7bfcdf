// The legacy client, for a suite that installs no packages of its own.

export * from '@integration-app/sdk';
