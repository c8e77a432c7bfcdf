'use strict';
// This file sends what a Node program says to the platform's public hosts to a local fake server instead.
//
// It is loaded before the program by `NODE_OPTIONS=--require=…/redirect.cjs`, which works alike for CommonJS and ES modules,
// and which worker threads and child processes inherit. It reads two variables:
//
//   MEMBRANE_MOCK_REDIRECT_TO      the address of the fake, such as `http://127.0.0.1:6262`
//   MEMBRANE_MOCK_REDIRECT_HOSTS   the public hosts, separated by commas
//
// Every HTTP client of Node, whatever its API, ends at one of two places: `tls.connect` opens a connection for `https:`, and
// `Socket.connect` one for `http:`. There the address is replaced, so a client needs no patch of its own, and what it
// believes to have called (`response.url`, the target of a redirect) stays the public address. A connection for `https:`
// becomes a plain one, since the fake has no certificate for these hosts.
//
// The `Host` header is written elsewhere, by `http.ClientRequest` and by undici (which is also behind the global `fetch`),
// so it is replaced there. Nothing else of a request is touched, and no other host is.

const { MEMBRANE_MOCK_REDIRECT_TO: to, MEMBRANE_MOCK_REDIRECT_HOSTS: hosts = '' } = process.env;

if (to) {
  const net = require('node:net');
  const tls = require('node:tls');
  const http = require('node:http');

  const fake = new URL(to);
  // An IPv6 address stands in brackets in a URL, and without them in the options of a socket.
  const address = { host: fake.hostname.replace(/^\[|\]$/g, ''), port: Number(fake.port || 80) };
  const redirected = new Set(hosts.toLowerCase().split(',').map((host) => host.trim()).filter(Boolean));

  /** Whether a name is one of the public hosts. */
  const isRedirected = (name) => typeof name === 'string' && redirected.has(name.toLowerCase());

  /** Whether the value of a `Host` header names one of the public hosts. */
  const namesRedirected = (host) => isRedirected(String(host).replace(/:\d*$/, ''));

  // Plain connections. Node calls this method with its own array `[options, callback]`; a program calls it with options or
  // with a port and a host.
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    const [first, second] = given;
    if (Array.isArray(first) && isRedirected(first[0]?.host)) {
      first[0] = { ...first[0], ...address }; // The array stays, since Node has marked it as its own.
    } else if (isRedirected(first?.host)) {
      given[0] = { ...first, ...address };
    } else if (isRedirected(second)) {
      given.splice(0, 2, address.port, address.host);
    }
    return connect.apply(this, given);
  };

  // Encrypted connections, called as (options), (port, options) or (port, host, options), each with an optional callback.
  const connectTls = tls.connect;
  tls.connect = function (...given) {
    const options = Object.assign({}, ...given.filter((part) => part !== null && typeof part === 'object'));
    const host = options.host ?? given.find((part) => typeof part === 'string');
    const name = [options.servername, host].find(isRedirected);
    return name === undefined ? connectTls.apply(this, given) : plain(name, options, given.find((part) => typeof part === 'function'));
  };

  /** Opens a plain connection to the fake that its owner can treat as an encrypted one to the public host `name`. */
  function plain(name, options, onSecure) {
    options.socket?.destroy(); // This is a tunnel through a proxy, which the fake does not need.
    const offered = Array.isArray(options.ALPNProtocols) ? options.ALPNProtocols : [];
    const { timeout, noDelay, keepAlive, keepAliveInitialDelay, highWaterMark, signal } = options;
    const wanted = { timeout, noDelay, keepAlive, keepAliveInitialDelay, highWaterMark, signal };
    const socket = new net.Socket(wanted);
    if (timeout) socket.setTimeout(timeout);
    Object.assign(socket, {
      encrypted: true,
      authorized: true,
      authorizationError: null,
      servername: name,
      alpnProtocol: offered.includes('http/1.1') ? 'http/1.1' : false,
      getCipher: () => ({}),
      getPeerCertificate: () => ({}),
      getProtocol: () => null,
      getSession: () => undefined,
      isSessionReused: () => false,
    });
    if (onSecure) socket.once('secureConnect', onSecure);
    if (offered.includes('h2') && !offered.includes('http/1.1')) {
      return socket.destroy(new Error(`membrane-mock exec --redirect: HTTP/2 to ${name} can't be redirected, since the fake speaks HTTP/1.1 only`));
    }
    // Clients that time the handshake begin at `connect`, so `secureConnect` has to come after all its listeners.
    socket.once('connect', () => process.nextTick(() => socket.emit('secureConnect')));
    return socket.connect({ ...wanted, ...address });
  }

  // The `Host` header of `http.request` and `https.request`, whether the program or Node has set it. Node calls this method
  // when it writes the head of a request. Earlier would be too early: agents take the name for TLS from this header.
  const storeHeader = http.ClientRequest.prototype._storeHeader;
  http.ClientRequest.prototype._storeHeader = function (...given) {
    if (isRedirected(this.host) && namesRedirected(this.getHeader('host'))) this.setHeader('Host', fake.host);
    return storeHeader.apply(this, given);
  };

  // The `Host` header of undici: of the one inside Node, and of any version that the program brings along.
  require('node:diagnostics_channel').subscribe('undici:request:create', ({ request }) => {
    const { host, hostname } = new URL(request.origin);
    if (isRedirected(hostname) && namesRedirected(request.host ?? host)) request.host = fake.host;
  });

  // `import { connect } from 'node:tls'` sees the replacement only after this.
  require('node:module').syncBuiltinESMExports();
}
