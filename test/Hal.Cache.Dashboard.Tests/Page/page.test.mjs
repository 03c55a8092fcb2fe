// The page itself, on a document of the tests' own, with a silo that answers as one of these tests says and a clock that it moves.
import assert from 'node:assert/strict';
import test from 'node:test';
import { holdClock, openDocument } from './document.mjs';

const wwwroot = new URL('../../../src/Hal.Cache.Dashboard/wwwroot/', import.meta.url);
const { place, kept } = openDocument(new URL('index.html', wwwroot), 'http://silo:8080/dashboard/');
const MARKUP = '<img src=x onerror=alert(1)>';

let answers = {};
let send; // an item of the event stream
let breakOff; // that stream
let asked = []; // paths, since a test has emptied it
let stopped = 0; // streams

globalThis.fetch = async (url, options) => {
  const path = new URL(url).pathname + new URL(url).search;
  asked.push(path);
  const found = Object.entries(answers).find(([start]) => path.startsWith(start))?.[1];
  if (found === undefined) throw new TypeError('nobody answers');
  if (typeof found === 'number') return new Response(JSON.stringify({ detail: `refused by ${found}` }), { status: found });
  if (!path.startsWith('/v1/events')) return new Response(JSON.stringify(typeof found === 'function' ? found(options, path) : found));
  return new Response(new ReadableStream({
    start: controller => {
      send = item => controller.enqueue(new TextEncoder().encode(`${JSON.stringify(item)}\n`));
      breakOff = () => controller.close();
      options.signal.addEventListener('abort', () => {
        stopped++;
        controller.error(options.signal.reason);
      }, { once: true });
    },
  }));
};

const info = (name, parent, state, hits) => ({
  name, role: parent ? 'leaf' : 'root', health: state === 'live' ? 'ready' : 'failed', keys: 5, memoryBytes: 10, memoryLimitBytes: 20, diskBytes: 0, diskLimitBytes: 0,
  registered: {
    registration: { name, parent, epoch: 1 }, state, lastHeartbeatAt: new Date(1000 * hits).toISOString(), load: { hitsTotal: hits, missesTotal: 0, clients: 2 },
  },
});

const wholeSilo = {
  '/v1/instances': { instances: [info('leaf', 'root', 'suspect', 1), info('root', undefined, 'live', 1)] },
  '/v1/topology/links': { items: [{ from: 'root', to: 'leaf', configured: { latencyMs: 40, bandwidthBytesPerSecond: 125_000_000 }, effective: { latencyMs: 40, bandwidthBytesPerSecond: 125_000_000 } }] },
  '/v1/analytics/links': { items: [{ from: 'root', to: 'leaf', bytes: 30_000_000 }] },
  '/v1/analytics/usage': { retrieval: { count: 3, p50Ms: 1, p99Ms: 9 } },
  '/v1/content/totals': { keys: 7, copies: 9, copyBytes: 1024 },
  '/v1/content/location?': { key: MARKUP, slot: 1, root: 'root', version: 5, sizeBytes: 10, holders: [{ instance: 'leaf', state: 'live', version: 5, sizeBytes: 10 }] },
  '/v1/content/locations': { items: [] },
  '/v1/routes': { items: [{ key: MARKUP, candidates: [{ source: 'root', rank: 1, hops: ['root', 'leaf'], totalMs: 42, latencyMs: 40 }, { source: 'leaf', leftOut: 'isDestination' }] }] },
  '/v1/scheduler/prestage': { items: [{ job: 'j1', state: 'running', priority: 50, createdAt: '2026-01-01T00:00:00Z', copiesDone: 3, copiesTotal: 4, copiesFailed: 1, instances: [{ instance: 'leaf' }] }] },
  '/v1/events': 'a stream',
};

// Lets what has been answered be drawn, and the clock go on.
async function pass(ms = 0) {
  const settle = async () => {
    for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve));
  };
  await settle();
  tick(ms);
  await settle();
}

const text = id => place(id).textContent;

const tick = holdClock();
answers = wholeSilo;
await import(new URL('main.mjs', wwwroot));

test('The tree, its flows, totals, links and jobs are shown', async () => {
  await pass();

  assert.match(text('tree'), /leaflate/);
  assert.match(text('tree'), /40 ms · 119 MB\/s/);
  assert.match(text('tree'), /↓ [\d.]+ (KB|MB)\/s/);
  assert.match(text('totals'), /instances1 of 2keys7copies9, 1 KB/);
  assert.match(text('links'), /root → leaf/);
  assert.match(text('jobs'), /j1running3 of 4 copies, 1 failed/);
  assert.match(text('instances'), /half \/ 99% within1 ms \/ 9 ms/);
});

test('What lines and places tell the eye is told to screen readers as well', () => {
  assert.match(text('tree'), /leaflatebelow root/);
  assert.match(text('tree'), /root → leaf: 40 ms/);
});

test('A figure of a link that is neither measured nor configured is not told, and what changes leaves the place that is scrolled', async () => {
  const [scrolled] = place('links').childNodes;
  const effective = { latencyMs: 5, bandwidthBytesPerSecond: 10_000_000, moneyPerGiB: 0 };
  const told = async (items, next) => {
    answers = { ...wholeSilo, '/v1/topology/links': { items, next } };
    await pass(2000);
  };

  await told([{ from: 'root', to: 'leaf', configured: { latencyMs: 30 }, measured: { latencyMs: 20 }, effective }]);
  assert.match(text('tree'), /20 ms · –/);
  assert.match(text('links'), /root → leaf–20 ms––/);
  assert.equal(place('links').childNodes[0], scrolled);
  await told([{ from: 'root', to: 'leaf', effective }]);
  assert.match(text('tree'), /root → leaf: not measured/);
  assert.match(text('links'), /1 more are neither measured nor configured/);
  await told([], 'more');
  assert.match(text('tree'), /root → leaf: not looked at/);
  answers = wholeSilo;
});

test('Jobs that are not shown are told', async () => {
  answers = { ...wholeSilo, '/v1/scheduler/prestage': { ...wholeSilo['/v1/scheduler/prestage'], next: 'c' } };

  await pass(2000);

  assert.match(text('jobs'), /Only the newest 1 jobs are shown/);
  answers = wholeSilo;
});

test('A hit rate is there once there are two heartbeats', async () => {
  assert.match(text('instances'), /hit rate–/);
  answers = { ...wholeSilo, '/v1/instances': { instances: [info('root', undefined, 'live', 9)] } };

  await pass(2000);

  assert.match(text('instances'), /hit rate100%reads1\/s/);
});

test('An instance that has died tells no rates, and no fetches once they are asked for again', async () => {
  assert.match(text('instances'), /fetches/);
  assert.match(text('tree'), /100% hits/);
  answers = { ...wholeSilo, '/v1/instances': { instances: [info('root', undefined, 'gone', 9)] } };

  for (let polls = 0; polls < 5; polls++) await pass(2000);

  assert.match(text('instances'), /gonehit rate–reads–evictions–$/);
  assert.match(text('totals'), /hit rate–reads–evictions–from origins–/);
  assert.doesNotMatch(text('tree'), /hits/);
  answers = wholeSilo;
});

test('A key that is markup is a text, in events and in what was found', async () => {
  send({ logId: 'l', position: 1, event: { instance: 'leaf', timestamp: '2026-01-01T00:00:00Z', keys_added: [MARKUP], source_instance: 'root', retrieval_time_ms: 12 } });
  await pass(500);
  assert.match(text('events'), /leaf \+ <img src=x onerror=alert\(1\)> from root in 12 ms/);
  place('search').elements.key.value = MARKUP;
  place('search').elements.kind.value = 'text';
  place('search').elements.destination.value = 'leaf';
  place('search').elements.preset.value = 'balanced';
  place('search').dispatchEvent(new Event('submit', { cancelable: true }));
  await pass();

  assert.match(text('found'), /<img src=x onerror=alert\(1\)>slot 1 · its root is root · newest version 5 of 10 B/);
  assert.match(text('found'), /leafalive510 Bnewest/);
  assert.match(text('found'), /1root → leaf40 ms–––*.*42 ms/);
  assert.match(text('found'), /left out: is the destination/);
});

test('A key that is offered is the one that is looked up, also where another looks the same', async () => {
  const [one, other] = ['a', 'b'].map(end => `${'x'.repeat(200)}${end}`);
  const search = place('search');
  for (const offered of [one, other]) {
    answers = { ...wholeSilo, '/v1/content/location?': { key: 'x', slot: 1, holders: [] }, '/v1/content/locations': { items: [{ key: offered }] } };
    search.elements.key.value = 'x';
    search.dispatchEvent(new Event('submit', { cancelable: true }));
    await pass();
  }

  place('found').all('button')[0].dispatchEvent(new Event('click'));

  assert.equal(search.elements.key.value, other);
  answers = wholeSilo;
});

const look = async key => {
  asked = [];
  Object.assign(place('search').elements.key, { value: key });
  place('search').elements.kind.value = 'text';
  place('search').elements.database.value = 0;
  place('search').dispatchEvent(new Event('submit', { cancelable: true }));
  await pass();
};

test('A key that is offered is looked up with the line ends that the field drops', async () => {
  answers = { ...wholeSilo, '/v1/content/location?': { key: 'x', slot: 1, holders: [] }, '/v1/content/locations': { items: [{ key: 'x\r\ny' }] } };
  await look('x');

  place('found').all('button')[0].dispatchEvent(new Event('click'));
  await pass();

  assert.ok(asked.includes('/v1/content/location?key=x%0D%0Ay&database=0'));
  const { key, kind } = place('search').elements;
  assert.deepEqual([kind.value, Buffer.from(key.value, 'base64').toString()], ['base64', 'x\r\ny']);
  answers = wholeSilo;
});

test('A key that is too long for an address is asked for in a body', async () => {
  const long = 'x'.repeat(20_000);
  answers = { ...wholeSilo, '/v1/content/locations': options => ({ items: JSON.parse(options.body).keys.map(key => ({ key, slot: 77 })) }) };

  await look(long);

  assert.match(text('found'), /x…slot 77 .*too long to be looked for as the beginning of others/);
  assert.ok(asked.every(path => path.length < 200));
  answers = wholeSilo;
});

test('Pages of keys that begin so are followed where they are empty, to a number, and what is not looked at is said', async () => {
  const none = { key: 'x', slot: 1, holders: [] };
  const pages = [{ items: [], next: '1' }, { items: [{ key: 'x1' }], next: '2' }, { items: [{ key: 'x2' }] }];
  answers = { ...wholeSilo, '/v1/content/location?': none, '/v1/content/locations': (_, path) => pages[Number(new URLSearchParams(path.split('?')[1]).get('cursor') ?? 0)] };
  await look('x');
  assert.match(text('found'), /Keys that begin so:x1x2(?!.*Only)/);
  answers = { ...answers, '/v1/content/locations': { items: [], next: '9' } };
  await look('x');

  assert.match(text('found'), /Only the first keys were looked at/);
  assert.equal(asked.filter(path => path.startsWith('/v1/content/locations')).length, 5);
  answers = wholeSilo;
});

test('A gap in the events is told, a pause holds them', async () => {
  send({ logId: 'l', position: 9, notice: { kind: 'fellBehind', message: 'read too slowly', lost: 7 } });
  await pass(500);
  assert.match(text('events'), /7 events are missing: read too slowly/);
  place('pause').dispatchEvent(new Event('click'));
  send({ logId: 'l', position: 10, event: { instance: 'root', timestamp: '2026-01-01T00:00:00Z', keys_evicted: ['later'], removal_reasons: ['expired'] } });
  await pass(500);

  assert.doesNotMatch(text('events'), /later/);
  assert.match(text('events-status'), /held; 1 more came/);
  place('pause').dispatchEvent(new Event('click'));
  assert.match(text('events'), /root − expired later/);
});

test('What the silo refuses is said while the rest goes on', async () => {
  answers = { ...wholeSilo, '/v1/topology/links': 503 };

  await pass(2000);

  assert.match(text('status'), /Not all is known here: refused by 503\./);
  assert.match(text('tree'), /leaflate/);
});

test('A silo that is dead behind a proxy, which answers for it, is lost', async () => {
  answers = { '/': 502 };

  await pass(2000);

  assert.match(text('status'), /Connection lost since .* \(refused by 502\)/);
  answers = wholeSilo;
  await pass(2000);
  assert.equal(text('status'), '');
});

test('What fails in the page itself is said, logged and tried again', async t => {
  const logged = t.mock.method(console, 'error', () => {});
  answers = { ...wholeSilo, '/v1/instances': { instances: null } };

  await pass(2000);

  assert.match(text('status'), /This page has failed since .* trying again every 2 s/);
  assert.equal(logged.mock.callCount(), 1);
  answers = wholeSilo;
  await pass(2000);
  assert.equal(text('status'), '');
});

test('A page that is hidden asks for nothing, and goes on where it was once it is seen', async () => {
  const turn = state => {
    document.visibilityState = state;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  send({ logId: 'l', position: 11, event: { instance: 'root', timestamp: '2026-01-01T00:00:00Z', keys_added: ['before'] } });
  await pass(2000);
  [asked, stopped] = [[], 0];
  turn('hidden');
  await pass();

  assert.equal(stopped, 1);
  for (let i = 0; i < 10; i++) await pass(60_000);
  assert.deepEqual(asked, []);
  turn('visible');
  await pass();
  assert.ok(asked.includes('/v1/events?after=11&log=l'));
  assert.ok(asked.includes('/v1/content/totals'));
  assert.equal(text('events-status'), '');
});

test('Rows of events that are there stay, and new ones come before them', async () => {
  const first = place('events').childNodes[0];
  send({ logId: 'l', position: 12, event: { instance: 'root', timestamp: '2026-01-01T00:00:00Z', keys_added: ['after'] } });

  await pass(500);

  assert.match(place('events').childNodes[0].textContent, /root \+ after/);
  assert.equal(place('events').childNodes[1], first);
});

test('A stream that is refused again and again is said once, and asked for less and less often', async () => {
  answers = { ...wholeSilo, '/v1/events': 503 };
  breakOff();
  await pass(2000);
  const [said] = place('events-status').childNodes;
  asked = [];
  for (let second = 0; second < 62; second += 2) await pass(2000);

  assert.equal(asked.filter(path => path.startsWith('/v1/events')).length, 4);
  assert.equal(place('events-status').childNodes[0], said); // a screen reader tells what is set anew
  assert.match(text('events-status'), /no events: refused by 503/);
  answers = wholeSilo;
  for (let second = 0; second < 32; second += 2) await pass(2000);
  send({ logId: 'l', position: 13, event: { instance: 'root', timestamp: '2026-01-01T00:00:00Z', keys_added: ['again'] } });
  await pass(500);
  assert.equal(text('events-status'), '');
});

test('A lost connection is said, and what is shown stays until it is back', async () => {
  answers = {};
  await pass(2000);

  assert.match(text('status'), /Connection lost since .* trying again every 2 s/);
  assert.match(text('tree'), /leaflate/);
  assert.equal(document.body.className, 'stale');
  answers = wholeSilo;
  await pass(2000);

  assert.equal(text('status'), '');
  assert.equal(document.body.className, '');
});

test('The password is asked for where the silo wants one, and kept for the tab', async () => {
  kept.set('hal-token', 'wrong');
  answers = { '/': 401 };
  breakOff(); // so that the events are refused as well
  await pass(2000);

  assert.equal(place('sign-in').hidden, false);
  assert.equal(place('content').hidden, true);
  assert.match(text('sign-in-problem'), /does not take this password/);
  assert.equal(kept.has('hal-token'), false);
  place('sign-in').elements.token.value = 'right';
  const submit = new Event('submit', { cancelable: true });
  Object.defineProperty(submit, 'target', { value: place('sign-in') });
  place('sign-in').dispatchEvent(submit);

  assert.equal(kept.get('hal-token'), 'right');
  assert.equal(kept.get('reloaded'), '1');
  assert.equal(submit.defaultPrevented, true);
});
