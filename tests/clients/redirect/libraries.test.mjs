// What the redirecting files do to each client library, byte by byte: small programs with the platform's address written into
// their source run with the files as they stand in `src`, and a server of this suite plays the fake. A second one is the host
// that must stay untouched. That `exec --redirect` sets the same variables is a test of `exec.test.mjs`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { HOSTS, Recorder, file, folder, node, offline, printed, python, required, sources } from './lib.mjs';

const HOST = 'api.getmembrane.com';
const PATH = '/connections/c%201/actions/a.b/run?x=1&y=%20z&x=2';
const BODY = '{"input":{"name":"Ünï ☃"}}';

const fake = new Recorder('fake', `https://${HOST}${PATH}`);
const other = new Recorder('other');
const site = mkdtempSync(join(tmpdir(), 'redirect-suite-'));
before(async () => {
  copyFileSync(sources.python, join(site, 'sitecustomize.py'));
  await Promise.all([fake.start(), other.start()]);
});
after(() => {
  rmSync(site, { recursive: true });
  [fake, other].forEach((server) => server.stop());
});

/** Runs a command with the variables that `membrane-mock exec --redirect` sets, and answers what it printed. */
const redirected = (command, args, env) =>
  printed(command, args, {
    cwd: file('.'),
    env: {
      NODE_OPTIONS: `--no-warnings ${offline.NODE_OPTIONS} ${required(sources.node)}`,
      PYTHONPATH: [site, offline.PYTHONPATH].join(delimiter),
      MEMBRANE_MOCK_REDIRECT_TO: fake.url,
      MEMBRANE_MOCK_REDIRECT_HOSTS: HOSTS.join(),
      OTHER: other.url,
      ...env,
    },
  });

const runModule = (source, env) => redirected(node, ['--input-type=module', '--eval', source], env);
const runScript = (source, env) => redirected(node, ['--input-type=commonjs', '--eval', source], env);
const runPython = (source, env) => redirected(python, ['-W', 'error', '-c', source], env);

/** The request that each program makes has arrived at the fake whole, `times` times, and nothing else has. */
function assertArrived(times = 1) {
  const requests = fake.take();
  assert.equal(requests.length, times);
  for (const { method, url, headers, body } of requests) {
    assert.deepEqual({ method, url, body }, { method: 'POST', url: PATH, body: BODY });
    assert.equal(headers.host, fake.netloc);
    assert.equal(headers.authorization, 'Bearer t');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers.origin, undefined);
  }
}

/** The other host has had its one request, under its own name. */
function assertUntouched() {
  const requests = other.take().map(({ method, url, headers }) => [method, url, headers.host]);
  assert.deepEqual(requests, [['GET', '/other?q=1', other.netloc]]);
}

/** The fake has had these requests one after the other, each with the body. */
const assertCame = (urls) => assert.deepEqual(fake.take().map(({ url, body }) => [url, body]), urls.map((url) => [url, BODY]));

/** Names that are redirected, and names that are not. */
const redirects = [...HOSTS, 'API.GetMembrane.COM'];
const others = ['docs.getmembrane.com', 'getmembrane.com', 'api.getmembrane.com.example', 'xapi.integration.app'];

// --- Node --------------------------------------------------------------------------------------------------------

// `post` is what each program sends to the public address.
const JS = `
  const origin = 'https://${HOST}', path = '${PATH}', url = origin + path, hop = origin + '/hop';
  const headers = { authorization: 'Bearer t', 'content-type': 'application/json' };
  const body = ${JSON.stringify(BODY)};
  const post = { method: 'POST', headers, body };
  const other = process.env.OTHER + '/other?q=1';
  const json = async (response) => (await response).json();
  const answer = (request, body) => new Promise((resolve, reject) => {
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.on('data', (part) => (text += part)).on('end', () => resolve(JSON.parse(text)));
    }).end(body);
  });
  const print = (...answers) => console.log(answers.map(({ from }) => from).join());
`;

// Each makes the request of `assertArrived` and then that of `assertUntouched`, and prints who answered.
const modules = {
  'fetch of a string': `print(await json(fetch(url, post)), await json(fetch(other)));`,
  'fetch of a URL': `print(await json(fetch(new URL(url), post)), await json(fetch(new URL(other))));`,
  'fetch of a Request': `print(await json(fetch(new Request(url, post))), await json(fetch(new Request(other))));`,
  'fetch of a stream': `
    const stream = new Blob([body]).stream();
    print(await json(fetch(url, { ...post, body: stream, duplex: 'half' })), await json(fetch(other)));`,
  'https.request of a string': `
    import https from 'node:https'; import http from 'node:http';
    print(await answer(https.request(url, { method: 'POST', headers }), body), await answer(http.get(other)));`,
  'https.request of a URL, by a named import': `
    import { request } from 'https'; import { get } from 'http';
    print(await answer(request(new URL(url), { method: 'POST', headers }), body), await answer(get(new URL(other))));`,
  'https.request of options, without an agent': `
    import https from 'node:https'; import http from 'node:http';
    const options = { hostname: new URL(url).hostname, path, method: 'POST', headers, agent: false };
    print(await answer(https.request(options), body), await answer(http.get(other)));`,
  'https.request with a Host header': `
    import https from 'node:https'; import http from 'node:http';
    const request = https.request(url, { method: 'POST', headers: { ...headers, Host: '${HOST}:443' } });
    print(await answer(request, body), await answer(http.get(other)));`,
  'https.request that expects 100-continue': `
    import https from 'node:https'; import http from 'node:http';
    const request = https.request(url, { method: 'POST', headers: { ...headers, expect: '100-continue' } });
    print(await answer(request, body), await answer(http.get(other)));`,
  'tls.connect, by a named import': `
    import { connect } from 'node:tls'; import http from 'node:http';
    const createConnection = () => connect(443, '${HOST}', { servername: '${HOST}' });
    const request = http.request(url.replace('https', 'http'), { createConnection, method: 'POST', headers });
    print(await answer(request, body), await answer(http.get(other)));`,
  'the http: address': `print(await json(fetch(url.replace('https', 'http'), post)), await json(fetch(other)));`,
  axios: `import axios from 'axios'; print((await axios.post(url, body, { headers })).data, (await axios.get(other)).data);`,
  'axios by fetch': `
    import axios from 'axios';
    const api = axios.create({ adapter: 'fetch' });
    print((await api.post(url, body, { headers })).data, (await api.get(other)).data);`,
  'node-fetch': `import fetch from 'node-fetch'; print(await json(fetch(url, post)), await json(fetch(other)));`,
  // The limits make got listen to the phases of a connection.
  got: `
    import got from 'got';
    const timeout = { connect: 60000, secureConnect: 60000, request: 60000 };
    print(await got.post(url, { headers, body, timeout }).json(), await got(other).json());`,
  'got that offers HTTP/2': `
    import got from 'got';
    print(await got.post(url, { headers, body, http2: true }).json(), await got(other).json());`,
  superagent: `
    import superagent from 'superagent';
    print((await superagent.post(url).set(headers).send(body)).body, (await superagent.get(other)).body);`,
  ...Object.assign({}, ...['undici', 'undici-6'].map((undici) => ({
    [`${undici}'s request`]: `
      import { request } from '${undici}';
      print(await (await request(url, post)).body.json(), await (await request(other)).body.json());`,
    [`${undici}'s fetch, after the global one`]: `
      await fetch('data:,');
      const { fetch: own } = await import('${undici}');
      print(await json(own(url, post)), await json(own(other)));`,
    [`${undici}'s Pool`]: `
      import { Pool, request } from '${undici}';
      const pool = new Pool(origin, { allowH2: true });
      print(await (await pool.request({ path, ...post })).body.json(), await (await request(other)).body.json());
      await pool.close();`,
  }))),
};

/** The source of a function that makes both requests, for another thread or process. */
const elsewhere = `
  const work = async () => print(await json(fetch(url, post)), await json(fetch(other)));
  const source = \`const [url, post, other] = \${JSON.stringify([url, post, other])};
    const json = \${json}; const print = \${print}; (\${work})()\`;`;
const scripts = {
  'https.request': `
    const https = require('https');
    answer(https.request(url, { method: 'POST', headers }), body)
      .then(async (one) => print(one, await answer(require('http').get(other))));`,
  axios: `
    const axios = require('axios');
    axios.post(url, body, { headers }).then(async ({ data }) => print(data, (await axios.get(other)).data));`,
  'node-fetch 2': `
    const fetch = require('node-fetch-2');
    json(fetch(url, post)).then(async (one) => print(one, await json(fetch(other))));`,
  'a worker thread': `${elsewhere}
    new (require('worker_threads').Worker)(source, { eval: true });`,
  'a child process': `${elsewhere}
    require('child_process').spawn(process.execPath, ['-e', source], { stdio: 'inherit' });`,
};
for (const [kind, programs, start] of [['ES module', modules, runModule], ['CommonJS', scripts, runScript]]) {
  for (const [name, source] of Object.entries(programs)) {
    test(`${kind}: ${name}`, async () => {
      assert.equal(await start(JS + source), 'fake,other');
      assertArrived();
      assertUntouched();
    });
  }
}

test('Node: each of the hosts is redirected, in any case, and no other name is', async () => {
  const said = await runModule(`${JS}
    import https from 'node:https';
    for (const host of ${JSON.stringify(redirects)}) print(await json(fetch('https://' + host)), await answer(https.get({ host })));
    const tell = ({ cause }) => console.log(cause.message);
    for (const host of ${JSON.stringify(others)}) await fetch('https://' + host).catch(tell);`);
  assert.deepEqual(said.split('\n'), [...redirects.map(() => 'fake,fake'), ...others.map((host) => `offline: ${host}`)]);
  assert.deepEqual(fake.take().map(({ headers }) => headers.host), Array(2 * redirects.length).fill(fake.netloc));
});

test('Node: a redirect to the public address is followed to the fake, and the program sees that address', async () => {
  const said = await runModule(`${JS}
    import axios from 'axios';
    const one = await fetch(hop, post);
    const two = await axios.post(hop, body, { headers });
    console.log([one.url, two.request.res.responseUrl].join('\\n'));`);
  assert.deepEqual(said.split('\n'), Array(2).fill(`https://${HOST}${PATH}`));
  assertCame(['/hop', PATH, '/hop', PATH]);
});

test('Node: who listens for a secure connection once there is one hears of it', async () => {
  const said = await runModule(`
    import { connect } from 'node:tls';
    const socket = connect(443, '${HOST}', () => console.log('callback'));
    socket.once('connect', () => {
      console.log('connect', socket.encrypted, socket.authorized);
      socket.once('secureConnect', () => socket.end(() => console.log('secureConnect')));
    });`);
  assert.deepEqual(said.split('\n'), ['connect true true', 'callback', 'secureConnect']);
});

test('Node: agents that keep connections alive reuse theirs', async () => {
  const said = await runModule(`${JS}
    import https from 'node:https'; import { HttpsAgent } from 'agentkeepalive';
    for (const agent of [new https.Agent({ keepAlive: true }), new HttpsAgent()]) {
      for (const _ of [1, 2]) {
        const request = https.request(url, { method: 'POST', headers, agent });
        await answer(request, body);
        console.log(request.reusedSocket);
        await new Promise(setImmediate);
      }
      agent.destroy();
    }`);
  assert.equal(said, 'false\ntrue\nfalse\ntrue');
  assertArrived(4);
});

test('Node: a tunnel through a proxy is left for the fake', async (t) => {
  const proxy = createTcpServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.write('HTTP/1.1 200 Connection Established\r\n\r\n'));
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  t.after(() => proxy.close());
  const source = `${JS}
    import https from 'node:https'; import { HttpsProxyAgent } from 'https-proxy-agent';
    const agent = new HttpsProxyAgent(process.env.TUNNEL);
    print(await answer(https.request(url, { method: 'POST', headers, agent }), body));`;
  assert.equal(await runModule(source, { TUNNEL: `http://127.0.0.1:${proxy.address().port}` }), 'fake');
  assertArrived();
});

test('Node: HTTP/2 fails by name, and reaches nobody', async () => {
  const said = await runModule(`
    import http2 from 'node:http2'; import { once } from 'node:events';
    console.log((await once(http2.connect('https://${HOST}'), 'error').catch((error) => [error]))[0].message);`);
  assert.match(said, /exec --redirect: HTTP\/2 to api\.getmembrane\.com can't be redirected/);
  assert.deepEqual(fake.take(), []);
});

test('Node: another https: host still gets TLS', async () => {
  const source = `
    await fetch(process.env.OTHER.replace('http', 'https')).catch(({ cause }) => console.log(cause.code));`;
  assert.match(await runModule(source), /SSL/);
});

test('Node: without the address of a fake, nothing is patched', async () => {
  const source = `
    const { Socket } = require('net'), { ClientRequest } = require('http');
    console.log([require('tls').connect, Socket.prototype.connect, ClientRequest.prototype._storeHeader].join());`;
  const unpatched = await runScript(source, { NODE_OPTIONS: '' });
  assert.equal(await runScript(source, { MEMBRANE_MOCK_REDIRECT_TO: '' }), unpatched);
  assert.notEqual(await runScript(source), unpatched);
});

// --- Python ------------------------------------------------------------------------------------------------------

const PY = `
import json, os
origin, path = 'https://${HOST}', '${PATH}'
url, hop = origin + path, origin + '/hop'
headers = {'Authorization': 'Bearer t', 'Content-Type': 'application/json'}
body = ${JSON.stringify(BODY)}.encode()
other = os.environ['OTHER'] + '/other?q=1'
def show(*answers): print(*(answer['from'] for answer in answers), sep=',')
`;
const pythons = {
  'urllib.request': `
from urllib.request import Request, urlopen
def call(request):
    with urlopen(request) as response: return json.load(response)
show(call(Request(url, body, headers)), call(other))`,
  'http.client': `
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit
def call(connection, *request):
    connection.request(*request)
    answer = json.load(connection.getresponse())
    connection.close()
    return answer
show(call(HTTPSConnection('${HOST}', timeout=60), 'POST', path, body, headers),
     call(HTTPConnection(urlsplit(other).netloc), 'GET', '/other?q=1'))`,
  'http.client through a tunnel': `
from http.client import HTTPSConnection
from urllib.request import urlopen
connection = HTTPSConnection('127.0.0.1', 9)
connection.set_tunnel('${HOST}')
connection.request('POST', path, body, headers)
answer = json.load(connection.getresponse())
connection.close()
with urlopen(other) as response: show(answer, json.load(response))`,
  requests: `
import requests
with requests.Session() as session:
    show(session.post(url, data=body, headers=headers).json(), session.get(other).json())`,
  urllib3: `
import urllib3
with urllib3.PoolManager(timeout=urllib3.Timeout(60)) as pool:
    one, two = pool.request('POST', url, body=body, headers=headers), pool.request('GET', other)
    show(json.loads(one.data), json.loads(two.data))`,
  httpx: `
import httpx
show(httpx.post(url, content=body, headers=headers).json(), httpx.get(other).json())`,
  'httpx, asynchronous': `
import asyncio, httpx
async def main():
    async with httpx.AsyncClient() as client:
        show((await client.post(url, content=body, headers=headers)).json(), (await client.get(other)).json())
asyncio.run(main())`,
  aiohttp: `
import aiohttp, asyncio, yarl
async def main():
    async with aiohttp.ClientSession() as session:
        sent = session.post(yarl.URL(url, encoded=True), data=body, headers=headers)
        async with sent as one, session.get(other) as two: show(await one.json(), await two.json())
asyncio.run(main())`,
  'a child process': `
import subprocess, sys
subprocess.run([sys.executable, '-c', '''
import json, requests, sys
url, headers, body, other = json.loads(sys.argv[1])
one, two = requests.post(url, data=body.encode(), headers=headers), requests.get(other)
print(one.json()['from'], two.json()['from'], sep=',')
''', json.dumps([url, headers, body.decode(), other])], check=True)`,
};
for (const [name, source] of Object.entries(pythons)) {
  test(`Python: ${name}`, async () => {
    assert.equal(await runPython(PY + source), 'fake,other');
    assertArrived();
    assertUntouched();
  });
}

test('Python: each of the hosts is redirected, in any case, and no other name is', async () => {
  const said = await runPython(`${PY}
from urllib.request import URLError, urlopen
import httpx
for host in ${JSON.stringify(redirects)}:
    with urlopen('https://' + host) as response: show(json.load(response), httpx.get('https://' + host).json())
for host in ${JSON.stringify(others)}:
    try: urlopen('https://' + host)
    except URLError as error: print(error.reason.strerror)
    try: httpx.get('https://' + host)
    except httpx.ConnectError as error: print(str(error).split('] ')[-1])`);
  const refused = others.flatMap((host) => Array(2).fill(`offline: ${host}`));
  assert.deepEqual(said.split('\n'), [...redirects.map(() => 'fake,fake'), ...refused]);
  assert.deepEqual(fake.take().map(({ headers }) => headers.host), Array(2 * redirects.length).fill(fake.netloc));
});

test('Python: a redirect to the public address is followed to the fake, and the program sees that address', async () => {
  const said = await runPython(`${PY}
import aiohttp, asyncio, httpx, requests, yarl
print(requests.post(hop, data=body, headers=headers).url)
print(httpx.post(hop, content=body, headers=headers, follow_redirects=True).url)
async def main():
    async with aiohttp.ClientSession(requote_redirect_url=False) as session:
        async with session.post(hop, data=body, headers=headers) as response: print(response.url)
asyncio.run(main())`);
  assert.deepEqual(said.split('\n'), Array(3).fill(`https://${HOST}${PATH}`));
  assertCame(['/hop', PATH, '/hop', PATH, '/hop', PATH]);
});

test('Python: a Host header of the program becomes the one of the fake', async () => {
  const said = await runPython(`${PY}
import aiohttp, asyncio, httpx, requests, yarl
headers['Host'] = '${HOST}:443'
show(requests.post(url, data=body, headers=headers).json(), httpx.post(url, content=body, headers=headers).json())
async def main():
    async with aiohttp.ClientSession() as session:
        async with session.post(yarl.URL(url, encoded=True), data=body, headers=headers) as response: show(await response.json())
asyncio.run(main())`);
  assert.equal(said, 'fake,fake\nfake');
  assertArrived(3);
});

test('Python: another https: host still gets TLS', async () => {
  const said = await runPython(`
import os, requests
try: requests.get(os.environ['OTHER'].replace('http', 'https'))
except requests.exceptions.SSLError: print('SSL')`);
  assert.equal(said, 'SSL');
});

test('Python: the sitecustomize of the environment still runs', async (t) => {
  const own = folder(t);
  writeFileSync(join(own, 'sitecustomize.py'), 'import sys\nsys.argv_seen = __file__\n');
  const source = 'import sys, sitecustomize; print(sys.argv_seen == sitecustomize.__file__, sitecustomize.__file__)';
  const said = await runPython(source, { PYTHONPATH: [site, own].join(delimiter) });
  assert.equal(said, `True ${join(own, 'sitecustomize.py')}`);
});

test('Python: a program that makes no calls loads no library for it', async () => {
  const libraries = ['socket', 'ssl', 'http.client', 'urllib.parse', 'asyncio'];
  const source = `import sys; print([name for name in ${JSON.stringify(libraries)} if name in sys.modules])`;
  assert.equal(await runPython(source, { PYTHONPATH: site }), '[]');
});
