// As much of a browser as this client needs to connect: the form that it submits is posted, a user goes on from there,
// and the event stream is the one way back.

import assert from 'node:assert/strict';
import { goThrough } from '../../sdk/lib/hosted-page.mjs';

class Stream {
  #ended = new AbortController();

  constructor(address) {
    this.open = this.#read(address);
    Stream.latest = this;
  }

  async #read(address) {
    const response = await fetch(address, { signal: this.#ended.signal });
    assert.equal(response.status, 200, address);
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    void this.#hear(response.body.pipeThrough(new TextDecoderStream()));
  }

  async #hear(texts) {
    let text = '';
    try {
      for await (const more of texts) {
        const lines = (text + more).split('\n');
        text = lines.pop();
        for (const line of lines) if (line.startsWith('data: ')) this.onmessage({ data: line.slice(6) });
      }
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
    }
  }

  close() {
    this.#ended.abort();
  }
}

/** Follows redirects as a browser does, but not to the user's own app, whose address is the answer then. */
async function browse(origin, url, init) {
  const response = await fetch(url, { ...init, redirect: 'manual' });
  const location = response.headers.get('location');
  if (response.status < 300 || response.status > 399) return response;
  const next = new URL(location, url);
  if (next.origin !== origin) return new Response(next.href);
  return browse(origin, next, response.status === 307 ? init : undefined);
}

/**
 * Runs a call of the client that connects, as in a browser, and gives what it ended in and what it posted. `user` is
 * how the user goes on after the form, by default through all pages; `end` is where that led to.
 */
export async function inBrowser(call, user = (load, url, init) => goThrough(url, {}, load, init)) {
  const posted = {};
  let fail;
  const failed = new Promise((_, reject) => (fail = reject));
  const element = () => ({
    style: {},
    inside: [],
    appendChild(child) {
      this.inside.push(child);
    },
    removeChild() {},
    submit() {
      const [{ name, value }] = this.inside;
      assert.equal(name, 'payload');
      const url = new URL(this.action);
      posted.query = Object.fromEntries(url.searchParams);
      posted.payload = JSON.parse(value);
      posted.target = this.target;
      const init = { method: this.method, body: new URLSearchParams({ payload: value }) };
      posted.end = Stream.latest.open.then(() => user(browse.bind(undefined, url.origin), this.action, init));
      posted.end.catch(fail);
    },
  });
  const globals = {
    window: { atob, addEventListener() {}, removeEventListener() {}, open: () => ({ closed: false }) },
    document: { createElement: element, body: element() },
    screen: { width: 1280, height: 800 },
    EventSource: Stream,
  };
  Object.assign(globalThis, globals);
  try {
    return { value: await Promise.race([call(), failed]), ...posted, end: await posted.end };
  } finally {
    Stream.latest?.close();
    for (const name of Object.keys(globals)) delete globalThis[name];
  }
}
