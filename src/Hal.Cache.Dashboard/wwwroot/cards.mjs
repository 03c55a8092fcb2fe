// A card for each instance: hit rate, reads and evictions of the last minutes as lines.
import { el, fill, nothing, state, svg } from './dom.mjs';
import { HISTORY_MS, gradeOf, isHeard, stateOf } from './model.mjs';
import { bytes, count, figure, milliseconds, percent, rate } from './text.mjs';

export const CARDS_MAX = 200;

const HISTORY_MS_MIN = 60_000;

const [WIDTH, HEIGHT] = [240, 36];

export function drawTotals(place, instances, history, totals) {
  const recent = instances.map(i => history.ratesNow(i)).filter(Boolean);
  const sum = name => recent.reduce((total, rates) => total + rates[name], 0);
  const reads = sum('hits') + sum('misses');
  const alive = instances.filter(i => gradeOf(stateOf(i)) === 'good').length;
  const tiles = [
    ['instances', `${alive} of ${instances.length}`, alive < instances.length ? 'bad' : null],
    ['keys', totals ? count(totals.keys) : '–'],
    ['copies', totals ? `${count(totals.copies)}, ${bytes(totals.copyBytes)}` : '–'],
    ['hit rate', reads > 0 ? percent(sum('hits') / reads) : '–'],
    ['reads', recent.length > 0 ? `${figure(sum('readsPerSecond'))}/s` : '–'],
    ['evictions', recent.length > 0 ? `${figure(sum('evictionsPerSecond'))}/s` : '–'],
    ['from origins', recent.length > 0 ? rate(sum('originBytesPerSecond')) : '–'],
  ];
  fill(place, tiles.map(([name, value, grade]) => el('div', {}, el('dt', {}, name), el('dd', { class: grade ?? null }, value))));
}

export function drawCards(place, instances, history, usage) {
  if (instances.length === 0) return fill(place, nothing('No instance has registered yet.'));
  fill(place, instances.slice(0, CARDS_MAX).map(instance => card(instance, history, usage.get(instance.name))),
    instances.length > CARDS_MAX ? nothing(`${count(instances.length - CARDS_MAX)} more instances are not shown.`) : null);
}

function card(instance, history, usage) {
  const word = stateOf(instance);
  const steps = history.steps(instance.name);
  const rates = history.ratesNow(instance);
  const load = isHeard(instance) ? instance.registered?.load : null;
  const retrieval = usage?.retrieval;
  return el('article', { class: 'card' },
    el('h3', {}, instance.name, ' ', state(word, gradeOf(word))),
    instance.reason ? el('p', { class: 'note' }, instance.reason) : null,
    lineOf('hit rate', rates?.hitRate === null || !rates ? '–' : percent(rates.hitRate), steps, 1,
      s => (s.hitsTotal + s.missesTotal > 0 ? s.hitsTotal / (s.hitsTotal + s.missesTotal) : null)),
    lineOf('reads', rates ? `${figure(rates.readsPerSecond)}/s` : '–', steps, 0, s => (s.hitsTotal + s.missesTotal) / s.seconds),
    lineOf('evictions', rates ? `${figure(rates.evictionsPerSecond)}/s` : '–', steps, 0, s => s.evictionsTotal / s.seconds),
    el('dl', {}, [
      ['to clients', rates && rate(rates.clientBytesPerSecond)],
      ['from origins', rates && rate(rates.originBytesPerSecond)],
      ['clients', load && count(load.clients ?? 0)],
      ['pinned', load && bytes(load.pinnedBytes ?? 0)],
      ['fetches, 5 min', retrieval && count(retrieval.count)],
      ['half / 99% within', retrieval?.count > 0 ? `${milliseconds(retrieval.p50Ms)} / ${milliseconds(retrieval.p99Ms)}` : null],
    ].filter(([, value]) => value).map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))));
}

// Time goes from left to right over the whole history; the line has a hole where there is nothing to tell.
function lineOf(name, now, steps, most, valueOf) {
  const values = steps.map(valueOf);
  const top = most || Math.max(...values, 0) || 1;
  const end = steps.at(-1)?.at ?? 0;
  const span = end - (steps[0]?.at ?? 0) > HISTORY_MS_MIN ? HISTORY_MS : HISTORY_MS_MIN; // shortly after the page was opened there is little to show
  let path = '';
  let isDrawn = false;
  steps.forEach((step, i) => {
    const value = values[i];
    if (value === null) {
      isDrawn = false;
      return;
    }
    const x = at => ((1 - (end - at) / span) * WIDTH).toFixed(1);
    const y = (HEIGHT - 1 - (value / top) * (HEIGHT - 2)).toFixed(1);
    path += `${isDrawn ? 'L' : `M${x(step.at - step.seconds * 1000)} ${y}L`}${x(step.at)} ${y}`;
    isDrawn = true;
  });
  return el('figure', {},
    el('figcaption', {}, el('span', {}, name), el('b', {}, now)),
    svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${name} over at most the last five minutes, now ${now}` },
      svg('path', { class: 'base', d: `M0 ${HEIGHT - 1}H${WIDTH}` }), svg('path', { class: 'values', d: path || null })));
}
