// Tokens that a decent library refuses to make: EdDSA, `alg: none`, a public key used as an HMAC secret.

import { createHmac, sign as signWith } from 'node:crypto';

const encoded = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function assemble(algorithm, claims, signature) {
  const signed = `${encoded({ alg: algorithm, typ: 'JWT' })}.${encoded({ exp: inAnHour(), ...claims })}`;
  return `${signed}.${signature(signed)}`;
}

export const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
export const anHourAgo = () => Math.floor(Date.now() / 1000) - 3600;

export const eddsa = (claims, privateKey) =>
  assemble('EdDSA', claims, (signed) => signWith(null, Buffer.from(signed), privateKey).toString('base64url'));

export const unsigned = (claims, algorithm = 'none') => assemble(algorithm, claims, () => '');

/** HS256 over any text at all, also over the text of a public key. */
export const hmac = (claims, secret) =>
  assemble('HS256', claims, (signed) => createHmac('sha256', secret).update(signed).digest('base64url'));

export const payloadOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
export const headerOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString());
