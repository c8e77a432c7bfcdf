'use strict';
// Loaded before Node programs: looking up any name but `localhost` fails, as it does without a network. An address that is
// replaced before it is looked up is not stopped by this.

const dns = require('node:dns');
const { isIP } = require('node:net');

const lookup = dns.lookup;
dns.lookup = function (name, ...given) {
  if (!name || name === 'localhost' || isIP(name)) return lookup.call(this, name, ...given);
  const error = Object.assign(new Error(`offline: ${name}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: name });
  process.nextTick(given.at(-1), error);
};
