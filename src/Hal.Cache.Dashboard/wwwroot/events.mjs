// The stream of changes: followed with a place to come back to, shown as a bounded list that can be held.
import { Problem, lines } from './api.mjs';
import { el, fill, keyElement, nothing } from './dom.mjs';
import { EventLog, RouteBook, shownOf } from './model.mjs';
import { clock, count, milliseconds } from './text.mjs';
import { isHidden, shown } from './visible.mjs';

const RETRY_MS = 2000;
const RETRY_MS_MAX = 32_000;
const DRAW_MS = 500;

export function followEvents(place, button, status, onUnauthorized) {
  const log = new EventLog();
  const book = new RouteBook();
  let seen = null; // position and log of the last item
  let drawing = null;
  let newest = null; // the first row that is drawn
  let problem = '';
  let stream = null;

  const draw = () => {
    drawing = null;
    drawRows(place, log.rows, log.rows.indexOf(newest));
    newest = log.rows[0];
    say();
  };
  const say = () => status(log.isPaused ? `held; ${count(log.came)} more came` : problem);
  const drawSoon = () => (drawing ??= setTimeout(draw, DRAW_MS));
  const gap = text => log.add({ gap: text, at: new Date() });

  button.addEventListener('click', () => {
    log.pause(!log.isPaused);
    button.setAttribute('aria-pressed', String(log.isPaused));
    button.textContent = log.isPaused ? 'Go on' : 'Pause';
    draw();
  });

  const take = item => {
    if (item === null) return gap('an event was too long to be shown');
    seen = { after: item.position, log: item.logId };
    if (item.event) {
      book.add(item.event);
      log.add({ event: shownOf(item.event), at: new Date(item.event.timestamp) });
    } else if (item.notice.kind !== 'started') {
      gap(item.notice.lost > 0 ? `${count(item.notice.lost)} events are missing: ${item.notice.message}` : item.notice.message);
    }
  };

  const run = async () => {
    for (let wait = RETRY_MS; ; wait = Math.min(2 * wait, RETRY_MS_MAX)) {
      if (await shown()) wait = RETRY_MS;
      stream = new AbortController();
      try {
        for await (const item of lines(`v1/events${seen ? `?${new URLSearchParams(seen)}` : ''}`, stream)) {
          [wait, problem] = [RETRY_MS, ''];
          take(item);
          drawSoon();
        }
        problem = 'the stream ended; it is asked for again';
      } catch (failure) {
        if (failure.status === 401) return onUnauthorized();
        if (!(failure instanceof Problem)) console.error(failure); // a bug here, which must not end the stream in silence
        problem = `no events: ${failure.message}`;
      }
      if (isHidden()) {
        problem = ''; // stopped here
        continue;
      }
      say();
      await new Promise(resolve => setTimeout(resolve, wait));
    }
  };

  document.addEventListener('visibilitychange', () => isHidden() && stream?.abort());
  draw();
  return { book, run };
}

// New rows go before those that are there, which keep their place under who reads them.
function drawRows(place, rows, come) {
  if (rows.length === 0) return fill(place, nothing('No change since this page was opened.'));
  if (come < 0) return place.replaceChildren(...rows.map(row));
  place.prepend(...rows.slice(0, come).map(row));
  while (place.childNodes.length > rows.length) place.lastChild.remove();
}

function row({ event, gap, at }) {
  const time = el('time', {}, clock(at));
  if (gap) return el('li', { class: 'gap' }, time, ' ', gap);
  const { added, removed } = event;
  const from = added.count > 0 && event.ms > 0 ? ` from ${event.source ?? 'an origin'} in ${milliseconds(event.ms)}` : '';
  return el('li', {}, time, ' ', el('strong', {}, event.instance),
    added.count > 0 ? [el('span', { class: 'added' }, event.modification ? ' changed ' : ' + '), keys(added), from] : null,
    removed.count > 0 ? [el('span', { class: 'removed' }, ` − ${event.reasons.length > 0 ? event.reasons.join(', ') : 'evicted'} `), keys(removed)] : null);
}

function keys(list) {
  const shown = list.keys.flatMap((key, i) => [i > 0 ? ', ' : '', keyElement(key)]);
  return list.count > list.keys.length ? [...shown, ` and ${count(list.count - list.keys.length)} more`] : shown;
}
