// Slow routes, as fetches took them, and links by how long they take.
import { el, fill, nothing, table } from './dom.mjs';
import { linkName } from './model.mjs';
import { count, figure, milliseconds, rate } from './text.mjs';

export const ROWS_MAX = 20;

const SAMPLE_BYTES = 1 << 20;

export function drawRoutes(place, book) {
  const rows = book.slowest(ROWS_MAX);
  if (rows.length === 0) return fill(place, nothing('No fetch since this page was opened.'));
  fill(place,
    table('Slowest routes', [{ text: 'route' }, { text: 'fetches', number: true }, { text: 'mean', number: true }, { text: 'longest', number: true }],
      rows.map(r => [r.name, count(r.fetches), milliseconds(r.meanMs), milliseconds(r.longestMs)])),
    book.leftOut > 0 ? el('p', { class: 'note' }, `${count(book.leftOut)} fetches by further routes are not counted.`) : null);
}

export function drawLinks(place, links, flows, more) {
  if (links.length === 0) return fill(place, nothing('No link is known yet.'));
  // Figures of a link that nobody has measured or configured are a default, and tell nothing.
  const told = links.filter(link => link.measured || link.configured);
  const rows = told.map(link => ({ ...link, name: linkName(link.from, link.to), sampleMs: timeOf(link.effective) }))
    .sort((a, b) => b.sampleMs - a.sampleMs || (a.name < b.name ? -1 : 1)).slice(0, ROWS_MAX);
  fill(place,
    table('Slowest links',
      [{ text: 'link' }, { text: '1 MiB', number: true }, { text: 'latency', number: true }, { text: 'rate', number: true }, { text: 'money/GiB', number: true }, { text: 'flows', number: true }],
      rows.map(({ name, effective, sampleMs }) => [
        name, Number.isFinite(sampleMs) ? milliseconds(sampleMs) : '–',
        effective.latencyMs === undefined ? '–' : milliseconds(effective.latencyMs),
        effective.bandwidthBytesPerSecond === undefined ? '–' : rate(effective.bandwidthBytesPerSecond),
        figure(effective.moneyPerGiB ?? 0),
        flows.has(name) ? rate(flows.get(name).bytesPerSecond) : '–',
      ])),
    told.length > rows.length ? el('p', { class: 'note' }, `The slowest ${rows.length} of ${count(told.length)} links.`) : null,
    links.length > told.length ? el('p', { class: 'note' }, `${count(links.length - told.length)} more are neither measured nor configured.`) : null,
    more ? el('p', { class: 'note' }, `Only the first ${count(links.length)} links were looked at.`) : null);
}

function timeOf({ latencyMs, bandwidthBytesPerSecond }) {
  return (latencyMs ?? 0) + (bandwidthBytesPerSecond > 0 ? (SAMPLE_BYTES / bandwidthBytesPerSecond) * 1000 : Infinity);
}
