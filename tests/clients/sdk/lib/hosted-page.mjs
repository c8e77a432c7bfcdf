// A user in front of the hosted pages: opens the address, presses the button that goes on, follows where it leads.

import assert from 'node:assert/strict';

const GOES_ON = /connect|allow|authori[sz]e|approve|agree|accept|continue|grant|submit|sign in|save/i;
const GIVES_UP = /cancel|deny|decline|back|close|reject/i;
const PAGES_AT_MOST = 6;

/**
 * Completes a connect page. `values` fills the fields a user would fill, by name; others get a harmless text. `browse` is
 * what pages are loaded with, `init` what the first one is asked for with.
 */
export async function goThrough(uiUrl, values = {}, browse = fetch, init = undefined) {
  let page = await load(browse, uiUrl, init);
  for (let pages = 0; pages < PAGES_AT_MOST; pages += 1) {
    const form = formThatGoesOn(page);
    if (!form) {
      assert.ok(pages > 0, `no form with a Connect button at ${page.url}:\n${page.html}`);
      return page;
    }
    page = await submit(browse, form, values);
  }
  assert.fail(`still a form to submit after ${PAGES_AT_MOST} pages, at ${page.url}`);
}

async function load(browse, url, init) {
  const response = await browse(url, init);
  const html = await response.text();
  assert.ok(response.ok, `${init?.method ?? 'GET'} ${url} answered ${response.status}:\n${html}`);
  return { url: response.url || url, html };
}

function submit(browse, { method, action, fields }, values) {
  const filled = new URLSearchParams();
  for (const { name, value, typed } of fields) filled.append(name, values[name] ?? (value || (typed ? 'suite-value' : '')));
  if (method === 'GET') {
    const url = new URL(action);
    url.search = filled;
    return load(browse, url);
  }
  return load(browse, action, { method, body: filled });
}

function formThatGoesOn({ html, url }) {
  for (const [, attributes, inner] of html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)) {
    const button = buttons(inner).find(({ text }) => GOES_ON.test(text) && !GIVES_UP.test(text));
    if (!button) continue;
    const form = attributesOf(attributes);
    const pressed = button.attributes;
    const fields = fieldsOf(inner);
    if (pressed.name) fields.push({ name: pressed.name, value: pressed.value ?? '' });
    return {
      method: (pressed.formmethod ?? form.method ?? 'GET').toUpperCase(),
      action: new URL(pressed.formaction ?? form.action ?? '', url).href,
      fields,
    };
  }
  return undefined;
}

function buttons(html) {
  const found = [];
  for (const [, attributes, text] of html.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gis)) {
    const parsed = attributesOf(attributes);
    if ((parsed.type ?? 'submit').toLowerCase() === 'submit') found.push({ attributes: parsed, text: textOf(text) });
  }
  for (const [, attributes] of html.matchAll(/<input\b([^>]*)>/gi)) {
    const parsed = attributesOf(attributes);
    if (parsed.type?.toLowerCase() === 'submit') found.push({ attributes: parsed, text: parsed.value ?? 'Submit' });
  }
  return found;
}

function fieldsOf(html) {
  const fields = [];
  for (const [, attributes] of html.matchAll(/<input\b([^>]*)>/gi)) {
    const { name, value = '', type = 'text', checked } = attributesOf(attributes);
    const kind = type.toLowerCase();
    if (!name || ['submit', 'button', 'reset', 'image', 'file'].includes(kind)) continue;
    if (['checkbox', 'radio'].includes(kind) && checked === undefined) continue;
    fields.push({ name, value, typed: kind !== 'hidden' });
  }
  for (const [, attributes, text] of html.matchAll(/<textarea\b([^>]*)>(.*?)<\/textarea>/gis)) {
    const { name } = attributesOf(attributes);
    if (name) fields.push({ name, value: decode(text), typed: true });
  }
  for (const [, attributes, inner] of html.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gis)) {
    const { name } = attributesOf(attributes);
    const options = [...inner.matchAll(/<option\b([^>]*)>/gi)].map(([, each]) => attributesOf(each));
    const chosen = options.find(({ selected }) => selected !== undefined) ?? options[0];
    if (name) fields.push({ name, value: chosen?.value ?? '' });
  }
  return fields;
}

function attributesOf(text) {
  const attributes = {};
  for (const [, name, double, single, bare] of text.matchAll(/([^\s=/>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/g)) {
    attributes[name.toLowerCase()] = decode(double ?? single ?? bare ?? '');
  }
  return attributes;
}

const textOf = (html) => decode(html.replace(/<[^>]*>/g, ' ')).trim();

function decode(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (_, hex, decimal, name) =>
    name ? named[name.toLowerCase()] : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal)),
  );
}
