import assert from 'node:assert/strict';
import test from 'node:test';
import { Problem, get, lineCutter, lines, parse, token } from '../../../src/Hal.Cache.Dashboard/wwwroot/api.mjs';

const kept = new Map();
globalThis.sessionStorage = { getItem: name => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: name => kept.delete(name) };
globalThis.document = { baseURI: 'http://silo:8080/below/dashboard/' };

function answer(respond) {
  const asked = [];
  globalThis.fetch = async (url, options) => {
    asked.push({ url: String(url), ...options });
    return respond();
  };
  return asked;
}

test('The API is asked beside the page, without a token where there is none', async () => {
  token.clear();
  const asked = answer(() => new Response('{"a":1}', { headers: { Date: 'Mon, 02 Mar 2026 00:00:05 GMT' } }));

  const { body, time } = await get('v1/instances');

  assert.deepEqual(body, { a: 1 });
  assert.equal(time, Date.UTC(2026, 2, 2, 0, 0, 5));
  assert.equal(asked[0].url, 'http://silo:8080/below/v1/instances');
  assert.equal('Authorization' in asked[0].headers, false);
});

test('A token goes along as its bytes of UTF-8', async () => {
  token.set('gehéim€');
  const asked = answer(() => new Response('{}'));

  await get('v1/instances');

  const sent = asked[0].headers.Authorization;
  assert.equal(Buffer.from(sent, 'latin1').toString('utf8'), 'Bearer gehéim€');
  assert.doesNotThrow(() => new Headers({ Authorization: sent }));
});

test('A refusal says what the silo said, and silence that there was none', async () => {
  answer(() => new Response('{"status":503,"detail":"there is no control plane here"}', { status: 503 }));
  await assert.rejects(get('v1/topology/links'), failure => failure instanceof Problem && failure.status === 503 && failure.message === 'there is no control plane here');
  answer(() => new Response('<html>', { status: 502 }));
  await assert.rejects(get('v1/topology/links'), failure => failure.status === 502 && failure.message === 'HTTP 502');
  answer(() => {
    throw new TypeError('failed to fetch');
  });
  await assert.rejects(get('v1/topology/links'), failure => failure instanceof Problem && failure.status === 0);
  answer(() => new Response('{"half'));
  await assert.rejects(get('v1/topology/links'), failure => failure instanceof Problem && failure.status === 0);
});

test('Versions keep all of their digits, and keys that look like them stay keys', () => {
  const json = '{"version":9151314442816847873,"holders":[{"version":9151314442816847874}],"key":"\\"version\\":1"}';

  assert.deepEqual(parse(json), { version: '9151314442816847873', holders: [{ version: '9151314442816847874' }], key: '"version":1' });
});

test('Lines are put together from pieces, empty ones left out', () => {
  const cut = lineCutter();

  assert.deepEqual(['{"a"', ':1}\n', '\n\n{"b":2}\n{"c', '":3}', '\n'].flatMap(cut), ['{"a":1}', '{"b":2}', '{"c":3}']);
});

test('A line over the limit is told as such, and the next is read', () => {
  const cut = lineCutter(5);

  assert.deepEqual(['123', '45', '6', '78\n12', '345\n1\n'].flatMap(cut), [null, '12345', '1']);
});

test('A stream that breaks off ends, and its items until then are read', async () => {
  let pulls = 0;
  answer(() => new Response(new ReadableStream({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(new TextEncoder().encode('{"position":1}\n\n{"position":2}\n{"pos'));
      else controller.error(new Error('reset'));
    },
  })));
  const items = [];

  for await (const item of lines('v1/events')) items.push(item.position);

  assert.deepEqual(items, [1, 2]);
});
