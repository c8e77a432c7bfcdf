// Who may come in: every shape of token that clients send, and every forgery that must not pass.

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import * as sdk from '@membranehq/sdk';
import { World, errorOf, lastStatus, scenario } from './lib/world.mjs';
import { accept } from './lib/shape.mjs';
import { refused } from './lib/failure.mjs';
import { anHourAgo, eddsa, headerOf, hmac, inAnHour, payloadOf, unsigned } from './lib/jwt.mjs';

const rejected = { as: sdk.BadRequestError, status: 401, key: 'not_authenticated' };
const forbidden = { as: sdk.BadRequestError, status: 403, key: 'access_denied' };

/** Whom the server takes the bearer of a token for. */
const whoIs = async (world, token) => accept(sdk.TenantSelfResponse, await world.clientWith(token).self.get());

const isRejected = (world, token) => refused(world.clientWith(token), (client) => client.self.get(), rejected);

/** Something only a manager may do, and that changes nothing. */
const manage = (world) => (client) => client.patch(`/workspaces/${world.key}`, { settings: {} });

// Claims

scenario('the client\'s own token is accepted as it mints it', async (world) => {
  const client = world.clientOf('anna');
  await client.self.get();
  assert.deepEqual(headerOf(client.token), { alg: 'HS256', typ: 'JWT' });
  assert.deepEqual(Object.keys(payloadOf(client.token)), ['id', 'iss', 'exp']);
});

scenario('getToken() is the token that the client sends, and is minted once', async (world) => {
  const client = world.clientOf('anna');
  const token = await client.getToken();
  assert.equal((await whoIs(world, token)).internalId, 'anna');
  await client.self.get();
  assert.equal(await client.getToken(), token);
});

const vocabularies = {
  'workspaceKey and tenantKey': (key) => ({ workspaceKey: key, tenantKey: 'anna' }),
  'iss and id': (key) => ({ iss: key, id: 'anna' }),
  'workspaceKey and id': (key) => ({ workspaceKey: key, id: 'anna' }),
  'iss and tenantKey': (key) => ({ iss: key, tenantKey: 'anna' }),
  'both at once when they agree': (key) => ({ iss: key, workspaceKey: key, id: 'anna', tenantKey: 'anna' }),
};
for (const algorithm of ['HS256', 'HS384', 'HS512']) {
  for (const [which, claims] of Object.entries(vocabularies)) {
    scenario(`a token with ${which}, signed ${algorithm}, is its tenant`, async (world) => {
      const self = await whoIs(world, world.mint(claims(world.key), { algorithm }));
      assert.equal(self.internalId, 'anna');
      assert.equal(self.workspaceKey, world.key);
    });
  }
}

const contradictions = {
  'two different tenants': (key) => ({ workspaceKey: key, id: 'anna', tenantKey: 'ben' }),
  'two different workspaces': (key) => ({ iss: 'another-workspace', workspaceKey: key, tenantKey: 'anna' }),
  'no workspace': () => ({ tenantKey: 'anna' }),
  'a workspace that does not exist': () => ({ workspaceKey: 'no-such-workspace', tenantKey: 'anna' }),
};
for (const [what, claims] of Object.entries(contradictions)) {
  scenario(`a token with ${what} is rejected`, (world) => isRejected(world, world.mint(claims(world.key))));
}

scenario('name and fields of a token are kept with the tenant', async (world) => {
  const claims = { workspaceKey: world.key, tenantKey: 'acme' };
  const self = await whoIs(world, world.mint({ ...claims, name: 'Acme Inc', fields: { plan: 'pro' } }));
  assert.equal(self.name, 'Acme Inc');
  assert.deepEqual(self.fields, { plan: 'pro' });
  assert.equal((await whoIs(world, world.mint(claims))).name, 'Acme Inc');
});

scenario('a token without a tenant reads the workspace, and is told what it lacks elsewhere', async (world) => {
  const client = world.clientWith(world.mint({ workspaceKey: world.key }));
  assert.ok((await client.integrations.find()).items.length > 0);
  await refused(client, () => client.connections.find(), { as: sdk.BadRequestError, status: 400, message: /tenantKey/ });
});

// Managers

for (const isAdmin of [true, 1, '1', 'true']) {
  scenario(`isAdmin: ${JSON.stringify(isAdmin)} makes a manager`, async (world) => {
    await manage(world)(world.clientWith(world.mint({ workspaceKey: world.key, isAdmin })));
  });
}
for (const isAdmin of [false, 0, '0', 'false', undefined]) {
  scenario(`isAdmin: ${JSON.stringify(isAdmin)} does not`, async (world) => {
    const token = world.mint({ workspaceKey: world.key, tenantKey: world.tenantKey, ...(isAdmin === undefined ? {} : { isAdmin }) });
    await refused(world.clientWith(token), manage(world), forbidden);
  });
}

scenario('a manager with a tenant manages, and is that tenant', async (world) => {
  const client = world.clientWith(world.mint({ iss: world.key, id: world.tenantKey, isAdmin: 1 }));
  await manage(world)(client);
  assert.deepEqual((await client.connections.find()).items.map(({ key }) => key).sort(), ['github-dev', 'hubspot-prod']);
});

// Time

scenario('a token without an end is accepted', async (world) => {
  const token = world.mint({ workspaceKey: world.key, tenantKey: 'anna' }, { expiresIn: null });
  assert.equal(payloadOf(token).exp, undefined);
  assert.equal((await whoIs(world, token)).internalId, 'anna');
});

scenario('a token with no iat is accepted', async (world) => {
  const token = jwt.sign({ workspaceKey: world.key, tenantKey: 'anna', exp: inAnHour() }, world.secret, { noTimestamp: true });
  assert.equal((await whoIs(world, token)).internalId, 'anna');
});

// Forgeries

const tenantOf = (world) => ({ workspaceKey: world.key, tenantKey: world.tenantKey });
const forgeries = {
  'signed with another secret': (world) => world.mint(tenantOf(world), { secret: randomBytes(64).toString('hex') }),
  'signed with an empty secret': (world) => hmac(tenantOf(world), ''),
  'signed with the workspace key': (world) => hmac(tenantOf(world), world.key),
  'that says alg none': (world) => unsigned(tenantOf(world)),
  'that says alg NONE': (world) => unsigned(tenantOf(world), 'NONE'),
  'with its signature cut off': (world) => `${world.tenantToken.split('.').slice(0, 2).join('.')}.`,
  'with another payload under a good signature': (world) => {
    const [header, , signature] = world.tenantToken.split('.');
    const claims = Buffer.from(JSON.stringify({ ...tenantOf(world), isAdmin: true })).toString('base64url');
    return `${header}.${claims}.${signature}`;
  },
  'that is a personal token nobody knows': () => 'pat-unknown',
};
for (const [what, forge] of Object.entries(forgeries)) {
  scenario(`a token ${what} is rejected`, (world) => isRejected(world, forge(world)));
}

scenario('another workspace\'s secret does not sign for this one', async (world, t) => {
  const other = await World.fork();
  t.after(() => other.drop());
  await isRejected(world, world.mint(tenantOf(world), { secret: other.secret }));
});

for (const [what, authorization] of Object.entries({ missing: null, 'not a bearer': 'Basic YTpi', 'not a token': 'Bearer a.b.c' })) {
  scenario(`an Authorization header that is ${what} is rejected`, async (world) => {
    const answer = await world.curl('GET', '/connections', { token: null, headers: authorization ? { authorization } : {} });
    assert.equal(answer.status, 401);
    accept(sdk.ErrorDataSchema, answer.body);
    assert.equal(answer.body.key, 'not_authenticated');
  });
}

// Public keys

const pem = (key) => key.export({ type: 'spki', format: 'pem' });
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const withLibrary = (algorithm) => (claims, key) => jwt.sign(claims, key, { algorithm, expiresIn: '5m' });
const families = {
  RS256: { pair: rsa, sign: withLibrary('RS256') },
  RS512: { pair: rsa, sign: withLibrary('RS512') },
  PS256: { pair: rsa, sign: withLibrary('PS256') },
  ES256: { pair: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), sign: withLibrary('ES256') },
  ES384: { pair: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), sign: withLibrary('ES384') },
  EdDSA: { pair: () => generateKeyPairSync('ed25519'), sign: eddsa },
};
const register = (world, ...keys) =>
  world.manager.patch(`/workspaces/${world.key}`, {
    publicKeys: keys.map((key, n) => ({ name: `key ${n}`, publicKey: pem(key) })),
  });

for (const [algorithm, { pair, sign }] of Object.entries(families)) {
  scenario(`an ${algorithm} token is accepted exactly while its public key is registered`, async (world) => {
    const { publicKey, privateKey } = pair();
    const token = sign(tenantOf(world), privateKey);
    await isRejected(world, token);
    const workspace = accept(sdk.Workspace, await register(world, pair().publicKey, publicKey));
    assert.equal(workspace.publicKeys[1].publicKey.trim(), pem(publicKey).trim());
    assert.equal((await whoIs(world, token)).internalId, world.tenantKey);
    await isRejected(world, sign(tenantOf(world), pair().privateKey));
    await register(world);
    await isRejected(world, token);
  });

  scenario(`the registered public key of ${algorithm} is no HMAC secret`, async (world) => {
    const { publicKey } = pair();
    await register(world, publicKey);
    for (const secret of [pem(publicKey), pem(publicKey).trim()]) await isRejected(world, hmac(tenantOf(world), secret));
  });
}

scenario('disableSecretKeyAuth locks the secret out and lets keys in', async (world) => {
  const { publicKey, privateKey } = families.ES256.pair();
  await register(world, publicKey);
  const byKey = families.ES256.sign(tenantOf(world), privateKey);
  await world.manager.patch(`/workspaces/${world.key}`, { settings: { disableSecretKeyAuth: true } });
  await isRejected(world, world.mint(tenantOf(world)));
  await refused(world.manager, manage(world), rejected);
  assert.equal((await whoIs(world, byKey)).internalId, world.tenantKey);
  await world.configure({ settings: { disableSecretKeyAuth: false } });
  await whoIs(world, world.mint(tenantOf(world)));
});

scenario('a new secret holds at once, and the old one no longer', async (world) => {
  const secret = randomBytes(64).toString('hex');
  const workspace = await world.manager.patch(`/workspaces/${world.key}`, { secret });
  accept(sdk.Workspace, workspace);
  assert.ok(!JSON.stringify(workspace).includes(secret), 'no answer holds the secret');
  await isRejected(world, world.mint(tenantOf(world)));
  await whoIs(world, world.mint(tenantOf(world), { secret }));
});

// How the client comes by its token

scenario('an expired token is sent by the client all the same, and rejected', async (world) => {
  const token = world.mint({ ...tenantOf(world), exp: anHourAgo() }, { expiresIn: null });
  await isRejected(world, token);
});

scenario('a supplied text that is no token never leaves the client', async (world) => {
  const client = world.clientWith('no-token');
  const error = await errorOf(client.self.get());
  assert.match(error.message, /valid JWT/);
  assert.equal(lastStatus(client), undefined);
});

for (const [lifetime, fetches] of [[5, 2], [500, 1]]) {
  scenario(`fetchToken is called ${fetches === 1 ? 'once' : 'again'} for two calls with a token of ${lifetime} s`, async (world) => {
    let fetched = 0;
    const client = new sdk.MembraneClient({
      apiUri: world.apiUri,
      fetchToken: async () => {
        fetched += 1;
        return world.mint(tenantOf(world), { expiresIn: lifetime });
      },
    });
    await client.self.get();
    await client.self.get();
    assert.equal(fetched, fetches);
  });
}
