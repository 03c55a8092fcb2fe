// Who holds a key, and which way it would take to an instance.
import { get, post } from './api.mjs';
import { el, keyElement, nothing, state, table } from './dom.mjs';
import { STATES, gradeOf } from './model.mjs';
import { bytes, count, figure, keyFields, milliseconds } from './text.mjs';

const SUGGESTIONS_MAX = 20;
const SUGGESTION_PAGES_MAX = 5; // each ends after so many keys looked at, with those that begin so or without
const QUERY_CHARS_MAX = 2000; // in an address, of which servers and proxies take some 8000

const LEFT_OUT = {
  isDestination: 'is the destination', suspect: 'is late', gone: 'is gone', otherVersion: 'has another version', noPath: 'no way there',
  excluded: 'excluded', overloaded: 'overloaded', fetchesFromDestination: 'fetches it from the destination',
};

export function searchKeys(form, place) {
  let asked = 0;

  const find = async key => {
    const turn = ++asked;
    try {
      const results = await answer(key, form.elements.destination.value, form.elements.preset.value, choose);
      // All anew: keys that look the same, cut where they are long, are not the same.
      if (turn === asked) place.replaceChildren(...results);
    } catch (failure) {
      if (turn === asked) place.replaceChildren(el('p', { class: 'bad' }, failure.message));
    }
  };

  const choose = key => {
    const { key: text, keyBase64, database } = keyFields(key);
    const isText = text !== undefined && !/[\r\n]/.test(text); // the field would drop line ends
    form.elements.kind.value = isText ? 'text' : 'base64';
    form.elements.key.value = isText ? text : keyBase64 ?? base64Of(text);
    form.elements.database.value = database;
    find(key);
  };

  form.addEventListener('submit', event => {
    event.preventDefault();
    find(keyOf(form));
  });
}

/** The instances that a key may be wanted at. */
export function offerDestinations(select, names) {
  if ([...select.options].map(o => o.value).join(' ') === names.join(' ')) return;
  const chosen = select.value;
  select.replaceChildren(...names.map(name => el('option', { value: name }, name)));
  if (names.includes(chosen)) select.value = chosen;
}

function keyOf({ elements }) {
  const name = elements.kind.value === 'base64' ? 'keyBase64' : 'key';
  const database = Number(elements.database.value);
  return database === 0 && name === 'key' ? elements.key.value : { [name]: elements.key.value, database };
}

const base64Of = text => btoa(Array.from(new TextEncoder().encode(text), b => String.fromCharCode(b)).join(''));

async function locate(key) {
  const query = new URLSearchParams(keyFields(key)).toString();
  if (query.length <= QUERY_CHARS_MAX) return (await get(`v1/content/location?${query}`)).body;
  return (await post('v1/content/locations', { keys: [key] })).body.items[0];
}

async function answer(key, destination, preset, choose) {
  const fields = keyFields(key);
  const location = await locate(key);
  const holders = location.holders ?? [];
  const parts = [el('h3', {}, keyElement(location.key)), el('p', { class: 'note' }, summary(location))];
  parts.push(holders.length > 0 ? holderTable(location) : nothing('No instance holds it, as far as the control plane knows.'));
  if (holders.length === 0) parts.push(...await suggestions(fields, choose));
  if (destination) {
    const routes = await post('v1/routes', { keys: [key], destination, weights: { preset } }).then(a => a.body.items[0], failure => failure);
    parts.push(el('h3', {}, `Ways to ${destination}, ${preset}`), routes instanceof Error ? el('p', { class: 'bad' }, routes.message) : routeTable(routes));
  }
  return parts;
}

function summary({ slot, root, version, sizeBytes, holders, incomplete }) {
  return [
    `slot ${slot}`, root ? `its root is ${root}` : 'no root owns its slot',
    holders?.length > 0 ? `newest version ${versionText(version)} of ${bytes(sizeBytes)}` : null,
    incomplete ? 'the index is being told anew: there may be more holders' : null,
  ].filter(Boolean).join(' · ');
}

const versionText = version => (version === undefined || version === '0' ? 'not told' : version);

function holderTable(location) {
  return table('Holders', [{ text: 'holder' }, { text: 'state' }, { text: 'version', number: true }, { text: 'size', number: true }, { text: '' }],
    location.holders.map(h => [
      h.instance, state(STATES[h.state] ?? h.state, gradeOf(STATES[h.state])), versionText(h.version), bytes(h.sizeBytes),
      h.fetching ? 'on its way' : h.version === location.version ? 'newest' : 'older',
    ]));
}

function routeTable({ candidates }) {
  if (!candidates?.length) return nothing('Nobody could send it.');
  const ms = value => (value === undefined ? '–' : milliseconds(value));
  return table('Ways',
    [{ text: 'rank', number: true }, { text: 'from' }, { text: 'latency', number: true }, { text: 'transfer', number: true }, { text: 'queue', number: true },
      { text: 'money', number: true }, { text: 'money as time', number: true }, { text: 'total', number: true }, { text: '' }],
    candidates.map(c => [
      c.rank ? String(c.rank) : '–', c.hops?.length > 0 ? c.hops.join(' → ') : c.source, ms(c.latencyMs), ms(c.transferMs), ms(c.queueMs),
      c.money === undefined ? '–' : figure(c.money), ms(c.weightedMoneyMs), ms(c.totalMs),
      c.leftOut ? `left out: ${LEFT_OUT[c.leftOut] ?? c.leftOut}` : c.byOrigin ? 'by its origin' : c.fetching ? 'on its way there' : '',
    ]));
}

// Keys that begin as what was typed, for who does not know the whole.
async function suggestions({ key, keyBase64, database }, choose) {
  if (!key && !keyBase64) return [];
  const query = new URLSearchParams({ ...(key === undefined ? { prefixBase64: keyBase64 } : { prefix: key }), database, limit: SUGGESTIONS_MAX });
  if (query.toString().length > QUERY_CHARS_MAX) return [nothing('It is too long to be looked for as the beginning of others.')];
  const { items, more } = await firstOf(query);
  const isFull = items.length >= SUGGESTIONS_MAX;
  return [
    items.length > 0 ? el('p', {}, more && isFull ? `Keys that begin so, the first ${count(items.length)}:` : 'Keys that begin so:') : null,
    el('ul', { class: 'suggestions' }, items.map(item => el('li', {}, el('button', { type: 'button', onclick: () => choose(item.key) }, keyElement(item.key))))),
    more && !isFull ? nothing('Only the first keys were looked at; more may begin so.') : null,
  ].filter(Boolean);
}

// The first keys of as many pages as there may be; one may be empty though others follow.
async function firstOf(query) {
  const items = [];
  for (let pages = 1; ; pages++) {
    const { body } = await get(`v1/content/locations?${query}`);
    items.push(...body.items);
    if (!body.next || items.length >= SUGGESTIONS_MAX || pages === SUGGESTION_PAGES_MAX) return { items: items.slice(0, SUGGESTIONS_MAX), more: Boolean(body.next) };
    query.set('cursor', body.next);
  }
}
