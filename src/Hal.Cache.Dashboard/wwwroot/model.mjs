// What the page knows: histories of counters, the tree and its layout, flows, routes, events. Nothing here knows of the page.

export const HISTORY_MS = 5 * 60_000;
export const SAMPLES_MAX = 400; // of one instance; more than polls in that time
export const RECENT_MS = 60_000;
export const ROUTES_MAX = 200;
export const EVENTS_MAX = 200;
export const EVENT_KEYS_MAX = 3; // that are shown of one event
export const FLOW_WINDOW_S = 30;
export const USAGE_STEP_S = 15; // a window of the API begins at a multiple of this

const COUNTERS = ['hitsTotal', 'missesTotal', 'evictionsTotal', 'originBytesTotal', 'clientBytesTotal'];
/** What the API's states of an instance are called here. */
export const STATES = { live: 'alive', suspect: 'late', gone: 'gone' };

/** What an instance is, in words: alive, late, gone; or its health where no control plane knows it. */
export function stateOf(instance) {
  const state = instance.registered?.state;
  if (state && state !== 'live') return STATES[state];
  if (instance.health !== 'ready') return instance.health;
  return state ? STATES[state] : 'ready';
}

/** Whether what an instance counts is of now: one whose lease has ended tells nothing more, and keeps what it told last. */
export function isHeard({ registered }) {
  return !registered || registered.state === 'live';
}

/** Whether a state is good, middling or bad, which is its colour. */
export function gradeOf(state) {
  if (state === 'alive' || state === 'ready') return 'good';
  return state === 'gone' || state === 'failed' ? 'bad' : 'middling';
}

/** Counters of every instance over the last minutes, and their rates by differences. */
export class History {
  #samples = new Map();

  /** Takes what the API listed, and where an instance has no heartbeats, its counters by name, read at a time of ours. */
  add(instances, countersOf = new Map(), now = Date.now()) {
    for (const { name, registered } of instances) {
      const counters = registered?.load ?? countersOf.get(name);
      if (!counters) continue;
      if (registered && registered.lastHeartbeatAt === registered.registeredAt) continue; // no heartbeat has told a load yet
      const at = registered ? Date.parse(registered.lastHeartbeatAt) : now;
      const samples = this.#samples.get(name) ?? [];
      this.#samples.set(name, samples);
      if (samples.at(-1)?.at >= at) continue; // nothing new was heard
      samples.push({ at, epoch: registered?.registration.epoch ?? 0, ...Object.fromEntries(COUNTERS.map(c => [c, counters[c] ?? 0])) });
      while (samples.length > SAMPLES_MAX || samples[0].at < at - HISTORY_MS) samples.shift();
    }
    const names = new Set(instances.map(i => i.name));
    for (const name of this.#samples.keys()) if (!names.has(name)) this.#samples.delete(name);
  }

  /** What changed between each two samples; a restart begins anew. */
  steps(name) {
    const samples = this.#samples.get(name) ?? [];
    const steps = [];
    for (let i = 1; i < samples.length; i++) {
      const [a, b] = [samples[i - 1], samples[i]];
      if (a.epoch !== b.epoch || COUNTERS.some(c => b[c] < a[c])) continue;
      const step = { at: b.at, seconds: (b.at - a.at) / 1000 };
      for (const c of COUNTERS) step[c] = b[c] - a[c];
      steps.push(step);
    }
    return steps;
  }

  /** Rates of the last minute; null where there is nothing to tell them by. */
  recent(name) {
    const steps = this.steps(name);
    return ratesOf(steps.filter(s => s.at > steps.at(-1).at - RECENT_MS));
  }

  /** Rates of an instance as it is now; null where it is not heard. */
  ratesNow(instance) {
    return isHeard(instance) ? this.recent(instance.name) : null;
  }
}

/** Rates of steps taken together; the hit rate is null where nothing was read. */
export function ratesOf(steps) {
  if (steps.length === 0) return null;
  const sum = name => steps.reduce((total, step) => total + step[name], 0);
  const seconds = sum('seconds');
  const [hits, misses] = [sum('hitsTotal'), sum('missesTotal')];
  return {
    hits, misses,
    hitRate: hits + misses > 0 ? hits / (hits + misses) : null,
    readsPerSecond: (hits + misses) / seconds,
    evictionsPerSecond: sum('evictionsTotal') / seconds,
    originBytesPerSecond: sum('originBytesTotal') / seconds,
    clientBytesPerSecond: sum('clientBytesTotal') / seconds,
  };
}

/** Instances below their parents, siblings by name; one whose parent is not there is at the top. */
export function treeOf(instances) {
  const nodes = new Map(instances.map(instance => [instance.name, { instance, children: [] }]));
  const top = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.instance.registered?.registration.parent);
    (parent && parent !== node ? parent.children : top).push(node);
  }
  const byName = (a, b) => (a.instance.name < b.instance.name ? -1 : 1);
  for (const node of nodes.values()) node.children.sort(byName);
  return top.sort(byName);
}

/** Instances as the tree has them from the top down. */
export function inTreeOrder(instances) {
  const below = node => [node.instance, ...node.children.flatMap(below)];
  return treeOf(instances).flatMap(below);
}

export const NODE = { width: 230, height: 92, gapX: 200, gapXMin: 150, gapY: 24, indent: 28, labelHeight: 34 };

/** Places of a tree's boxes: in columns where they have room, otherwise one below the other, indented. */
export function layoutOf(top, width) {
  const depth = nodes => nodes.reduce((most, node) => Math.max(most, 1 + depth(node.children)), 0);
  const levels = depth(top);
  const gapX = levels > 1 ? Math.min(NODE.gapX, (width - levels * NODE.width) / (levels - 1)) : NODE.gapX;
  return gapX >= NODE.gapXMin ? columns(top, gapX) : indented(top, width);
}

function columns(top, gapX) {
  const boxes = [];
  let row = 0;
  const place = (node, level, parent) => {
    const box = { node, parent, x: level * (NODE.width + gapX), y: 0, width: NODE.width };
    boxes.push(box);
    const children = node.children.map(child => place(child, level + 1, box));
    box.y = children.length > 0 ? (children[0].y + children.at(-1).y) / 2 : row++ * (NODE.height + NODE.gapY);
    return box;
  };
  for (const node of top) place(node, 0, null);
  return { boxes, gapX, isIndented: false, height: row * (NODE.height + NODE.gapY) - NODE.gapY };
}

function indented(top, width) {
  const boxes = [];
  let y = 0;
  const place = (node, level, parent) => {
    if (parent) y += NODE.labelHeight;
    else if (boxes.length > 0) y += NODE.gapY;
    const x = level * NODE.indent;
    const box = { node, parent, x, y, width: Math.max(NODE.width, Math.min(width - x, 1.5 * NODE.width)) };
    boxes.push(box);
    y += NODE.height;
    for (const child of node.children) place(child, level + 1, box);
  };
  for (const node of top) place(node, 0, null);
  return { boxes, gapX: NODE.indent, isIndented: true, height: y };
}

/** Bytes a second over each link, from the use of the last window, which begins at a step. */
export function flowsOf(usage, serverTime) {
  const seconds = FLOW_WINDOW_S - USAGE_STEP_S + (Math.floor(serverTime / 1000) % USAGE_STEP_S) + 1;
  return new Map(usage.filter(u => u.bytes > 0).map(u => [linkName(u.from, u.to), { from: u.from, to: u.to, bytesPerSecond: u.bytes / seconds }]));
}

/** What is known of a link: figures measured, else configured. A default, which routes are made with, tells nothing. */
export function knownOf({ measured, configured }) {
  return {
    latencyMs: measured?.latencyMs ?? configured?.latencyMs,
    bandwidthBytesPerSecond: measured?.bandwidthBytesPerSecond ?? configured?.bandwidthBytesPerSecond,
    moneyPerGiB: configured?.moneyPerGiB,
  };
}

export function linkName(from, to) {
  return `${from} → ${to}`;
}

/** Fetches by the route that they took, as change events told them. */
export class RouteBook {
  #routes = new Map();
  leftOut = 0;

  add(event) {
    if (!(event.retrieval_time_ms > 0) || !event.keys_added?.length) return;
    const name = linkName(event.source_instance ?? 'origin', event.instance);
    let route = this.#routes.get(name);
    if (!route) {
      if (this.#routes.size >= ROUTES_MAX) {
        this.leftOut++;
        return;
      }
      this.#routes.set(name, route = { name, fetches: 0, totalMs: 0, longestMs: 0 });
    }
    route.fetches++;
    route.totalMs += event.retrieval_time_ms;
    route.longestMs = Math.max(route.longestMs, event.retrieval_time_ms);
  }

  slowest(limit) {
    return [...this.#routes.values()].map(r => ({ ...r, meanMs: r.totalMs / r.fetches })).sort((a, b) => b.meanMs - a.meanMs).slice(0, limit);
  }
}

/** What is shown of an event, which may tell of thousands of keys. */
export function shownOf(event) {
  const some = (keys = []) => ({ keys: keys.slice(0, EVENT_KEYS_MAX), count: keys.length });
  return {
    instance: event.instance, modification: event.modification, source: event.source_instance, ms: event.retrieval_time_ms,
    added: some(event.keys_added), removed: some(event.keys_evicted), reasons: [...new Set(event.removal_reasons)],
  };
}

/** The newest events and gaps, newest first; a pause keeps what is shown while others come. */
export class EventLog {
  #rows = [];
  #shown = null;
  came = 0; // since the pause

  get isPaused() {
    return this.#shown !== null;
  }

  get rows() {
    return this.#shown ?? this.#rows;
  }

  add(row) {
    this.#rows.unshift(row);
    if (this.#rows.length > EVENTS_MAX) this.#rows.length = EVENTS_MAX;
    if (this.isPaused) this.came++;
  }

  pause(wanted) {
    this.#shown = wanted ? [...this.#rows] : null;
    this.came = 0;
  }
}

/** Counters by instance as a Prometheus page has them. */
export function countersIn(metrics) {
  const names = {
    hal_keyspace_hits_total: 'hitsTotal', hal_keyspace_misses_total: 'missesTotal', hal_store_evicted_total: 'evictionsTotal',
    hal_keyspace_origin_bytes_total: 'originBytesTotal', hal_gateway_sent_bytes_total: 'clientBytesTotal',
  };
  const found = new Map();
  for (const [, name, instance, value] of metrics.matchAll(/^(\w+)\{[^}\n]*instance="([^"\n]*)"[^}\n]*\} (\S+)$/gm)) {
    if (!(name in names)) continue;
    if (!found.has(instance)) found.set(instance, {});
    found.get(instance)[names[name]] = Number(value);
  }
  return found;
}
