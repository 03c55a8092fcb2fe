// Slow routes, as fetches took them, and links by how long they take.
import { el, fill, nothing, table } from './dom.mjs';
import { knownOf, linkName } from './model.mjs';
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
  const told = links.map(link => ({ name: linkName(link.from, link.to), ...knownOf(link) }))
    .filter(link => [link.latencyMs, link.bandwidthBytesPerSecond, link.moneyPerGiB].some(figure => figure !== undefined));
  // Links whose time is not known come last, by the latency that is.
  const rows = told.map(link => ({ ...link, sampleMs: timeOf(link) }))
    .sort((a, b) => (b.sampleMs ?? -1) - (a.sampleMs ?? -1) || (b.latencyMs ?? -1) - (a.latencyMs ?? -1) || (a.name < b.name ? -1 : 1)).slice(0, ROWS_MAX);
  const or = (value, text) => (value === undefined ? '–' : text(value));
  fill(place,
    table('Slowest links',
      [{ text: 'link' }, { text: '1 MiB', number: true }, { text: 'latency', number: true }, { text: 'rate', number: true }, { text: 'money/GiB', number: true }, { text: 'flows', number: true }],
      rows.map(({ name, sampleMs, latencyMs, bandwidthBytesPerSecond, moneyPerGiB }) => [
        name, or(sampleMs, milliseconds), or(latencyMs, milliseconds), or(bandwidthBytesPerSecond, rate), or(moneyPerGiB, figure),
        flows.has(name) ? rate(flows.get(name).bytesPerSecond) : '–',
      ])),
    told.length > rows.length ? el('p', { class: 'note' }, `The slowest ${rows.length} of ${count(told.length)} links.`) : null,
    links.length > told.length ? el('p', { class: 'note' }, `${count(links.length - told.length)} more are neither measured nor configured.`) : null,
    more ? el('p', { class: 'note' }, `Only the first ${count(links.length)} links were looked at.`) : null);
}

function timeOf({ latencyMs, bandwidthBytesPerSecond }) {
  return latencyMs !== undefined && bandwidthBytesPerSecond > 0 ? latencyMs + (SAMPLE_BYTES / bandwidthBytesPerSecond) * 1000 : undefined;
}
