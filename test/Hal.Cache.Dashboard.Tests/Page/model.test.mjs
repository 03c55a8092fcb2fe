import assert from 'node:assert/strict';
import test from 'node:test';
import {
  EVENTS_MAX, EventLog, FLOW_WINDOW_S, HISTORY_MS, History, NODE, ROUTES_MAX, RouteBook, SAMPLES_MAX, countersIn, flowsOf, gradeOf, inTreeOrder, layoutOf,
  shownOf, stateOf, treeOf,
} from '../../../src/Hal.Cache.Dashboard/wwwroot/model.mjs';

const instance = (name, parent, more = {}) => ({ name, health: 'ready', registered: { state: 'live', registration: { parent, epoch: 1 } }, ...more });

const told = (second, load, epoch = 1) => [{
  name: 'a', registered: { registration: { epoch }, lastHeartbeatAt: new Date(second * 1000).toISOString(), load },
}];

test('Rates are differences of counters over the time between heartbeats', () => {
  const history = new History();
  history.add(told(0, { hitsTotal: 100, missesTotal: 50, evictionsTotal: 5 }));
  history.add(told(2, { hitsTotal: 130, missesTotal: 60, evictionsTotal: 9 }));

  const rates = history.recent('a');

  assert.equal(rates.hitRate, 0.75);
  assert.equal(rates.readsPerSecond, 20);
  assert.equal(rates.evictionsPerSecond, 2);
});

test('A heartbeat that was seen already is no time without reads', () => {
  const history = new History();
  history.add(told(0, { hitsTotal: 0 }));
  history.add(told(2, { hitsTotal: 10 }));
  history.add(told(2, { hitsTotal: 10 }));

  assert.equal(history.steps('a').length, 1);
});

test('No reads are no hit rate', () => {
  const history = new History();
  assert.equal(history.recent('a'), null);
  history.add(told(0, {}));
  history.add(told(2, {}));

  assert.equal(history.recent('a').hitRate, null);
});

test('A restart begins anew, by its epoch and by counters that went down', () => {
  const history = new History();
  history.add(told(0, { hitsTotal: 100 }));
  history.add(told(1, { hitsTotal: 200 }, 2));
  history.add(told(2, { hitsTotal: 10 }, 2));
  history.add(told(3, { hitsTotal: 15 }, 2));

  assert.deepEqual(history.steps('a').map(s => s.hitsTotal), [5]);
});

test('What no heartbeat has told is no count, so that the next is no rate of a whole life', () => {
  const history = new History();
  const [before] = told(0, { hitsTotal: 200 });
  const [registered] = told(1, { hitsTotal: 0 });
  registered.registered.registeredAt = registered.registered.lastHeartbeatAt;
  const [after] = told(2, { hitsTotal: 210 });
  after.registered.registeredAt = registered.registered.registeredAt;
  for (const instance of [before, registered, after]) history.add([instance]);

  assert.deepEqual(history.steps('a').map(s => [s.hitsTotal, s.seconds]), [[10, 2]]);
});

test('An instance whose lease has ended has no rates, and one that stands alone has', () => {
  const history = new History();
  history.add(told(0, { hitsTotal: 0 }));
  history.add(told(2, { hitsTotal: 10 }));
  const ratesIn = state => history.ratesNow({ name: 'a', registered: state && { state } })?.readsPerSecond;

  assert.deepEqual(['live', 'suspect', 'gone', undefined].map(ratesIn), [5, undefined, undefined, 5]);
});

test('A history is bounded in time and number, and ends with its instance', () => {
  const history = new History();
  for (let s = 0; s < 2000; s++) history.add(told(s / 10, { hitsTotal: s }));
  assert.equal(history.steps('a').length, SAMPLES_MAX - 1);
  history.add(told(200 + HISTORY_MS / 1000, { hitsTotal: 3000 }));
  history.add(told(201 + HISTORY_MS / 1000, { hitsTotal: 3000 }));
  assert.equal(history.steps('a').length, 1);
  history.add([]);
  assert.equal(history.steps('a').length, 0);
});

test('Counters of an instance without heartbeats are those of its metrics', () => {
  const metrics = '# TYPE hal_keyspace_hits_total counter\nhal_keyspace_hits_total{instance="local"} 12\nhal_store_evicted_total{instance="local"} 3\nother{instance="local"} 1\n';
  const counters = countersIn(metrics);
  assert.deepEqual([...counters], [['local', { hitsTotal: 12, evictionsTotal: 3 }]]);
  const history = new History();
  history.add([{ name: 'local' }], counters, 1000);
  history.add([{ name: 'local' }], new Map([['local', { hitsTotal: 22, evictionsTotal: 3 }]]), 3000);

  assert.equal(history.recent('local').readsPerSecond, 5);
});

test('States have words and grades', () => {
  const word = (state, health = 'ready') => stateOf({ health, registered: state && { state } });
  assert.deepEqual([word('live'), word('suspect', 'failed'), word('gone', 'failed'), word(undefined), word('live', 'readOnly'), word('live', 'failed')], ['alive', 'late', 'gone', 'ready', 'readOnly', 'failed']);
  assert.deepEqual(['alive', 'ready', 'late', 'readOnly', 'gone', 'failed'].map(gradeOf), ['good', 'good', 'middling', 'middling', 'bad', 'bad']);
});

test('A tree has siblings by name, and at its top who has no parent here', () => {
  const names = nodes => nodes.map(n => (n.children.length > 0 ? [n.instance.name, names(n.children)] : n.instance.name));
  const instances = [instance('c', 'b'), instance('z', 'a'), instance('b', 'a'), instance('a'), instance('lost', 'nobody'), instance('own', 'own')];

  assert.deepEqual(names(treeOf(instances)), [['a', [['b', ['c']], 'z']], 'lost', 'own']);
  assert.deepEqual(inTreeOrder(instances).map(i => i.name), ['a', 'b', 'c', 'z', 'lost', 'own']);
});

test('Boxes lie in columns where there is room, else below each other, and never over each other', () => {
  const top = treeOf([instance('a'), instance('b', 'a'), instance('c', 'a'), instance('d', 'b')]);
  for (const [width, isIndented] of [[1240, false], [380, true]]) {
    const layout = layoutOf(top, width);
    assert.equal(layout.isIndented, isIndented);
    assert.ok(layout.boxes.every(b => b.x >= 0 && b.x + b.width <= width && b.y >= 0 && b.y + NODE.height <= layout.height));
    for (const a of layout.boxes) {
      for (const b of layout.boxes) {
        assert.ok(a === b || a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + NODE.height <= b.y || b.y + NODE.height <= a.y);
      }
    }
  }
});

test('A flow is the bytes of a window over the time that it covers so far', () => {
  const usage = [{ from: 'a', to: 'b', bytes: 3_000_000 }, { from: 'b', to: 'a', bytes: 0 }];
  const rateAt = second => flowsOf(usage, second * 1000).get('a → b').bytesPerSecond;

  assert.equal(rateAt(1500 + 14), 3_000_000 / FLOW_WINDOW_S);
  assert.equal(rateAt(1500), 3_000_000 / 16);
  assert.equal(flowsOf(usage, 0).size, 1);
});

test('Routes are ranked by their mean, and bounded', () => {
  const book = new RouteBook();
  const fetched = (source, ms) => book.add({ instance: 'leaf', keys_added: ['k'], source_instance: source, retrieval_time_ms: ms });
  fetched('root', 10);
  fetched('root', 30);
  fetched(undefined, 25);
  book.add({ instance: 'leaf', keys_added: ['written'] });
  book.add({ instance: 'leaf', keys_evicted: ['k'], retrieval_time_ms: 5 });

  assert.deepEqual(book.slowest(10).map(r => [r.name, r.fetches, r.meanMs, r.longestMs]), [['origin → leaf', 1, 25, 25], ['root → leaf', 2, 20, 30]]);
  for (let i = 0; i < ROUTES_MAX; i++) fetched(`s${i}`, 1);
  assert.equal(book.slowest(2 * ROUTES_MAX).length, ROUTES_MAX);
  assert.equal(book.leftOut, 2);
});

test('Of an event of many keys what is shown is kept, and no more', () => {
  const many = Array.from({ length: 5000 }, (_, i) => `k${i}`);

  const shown = shownOf({ instance: 'leaf', keys_evicted: many, removal_reasons: many.map(() => 'expired'), mass_removal: many });

  assert.deepEqual(shown.removed, { keys: ['k0', 'k1', 'k2'], count: 5000 });
  assert.deepEqual([shown.added.count, shown.reasons, shown.instance], [0, ['expired'], 'leaf']);
  assert.ok(JSON.stringify(shown).length < 200);
});

test('A pause holds what is shown while others come', () => {
  const log = new EventLog();
  for (let i = 0; i < 2 * EVENTS_MAX; i++) log.add(i);
  assert.equal(log.rows.length, EVENTS_MAX);
  assert.equal(log.rows[0], 2 * EVENTS_MAX - 1);
  log.pause(true);
  log.add('new');
  assert.equal(log.rows[0], 2 * EVENTS_MAX - 1);
  assert.equal(log.came, 1);
  log.pause(false);
  assert.equal(log.rows[0], 'new');
  assert.equal(log.isPaused, false);
});
