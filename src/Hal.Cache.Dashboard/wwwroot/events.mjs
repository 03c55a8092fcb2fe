// The stream of changes: followed with a place to come back to, shown as a bounded list that can be held.
import { Problem, lines } from './api.mjs';
import { el, fill, keyElement, nothing } from './dom.mjs';
import { EventLog, RouteBook } from './model.mjs';
import { clock, count, milliseconds } from './text.mjs';

const RETRY_MS = 2000;
const DRAW_MS = 500;
const KEYS_SHOWN_MAX = 3;

export function followEvents(place, button, status, onUnauthorized) {
  const log = new EventLog();
  const book = new RouteBook();
  let seen = null; // position and log of the last item
  let drawing = null;

  const draw = () => {
    drawing = null;
    fill(place, log.rows.length > 0 ? log.rows.map(row) : nothing('No change since this page was opened.'));
    if (log.isPaused) status(`held; ${count(log.came)} more came`);
  };
  const drawSoon = () => (drawing ??= setTimeout(draw, DRAW_MS));
  const gap = text => log.add({ gap: text, at: new Date() });

  button.addEventListener('click', () => {
    log.pause(!log.isPaused);
    button.setAttribute('aria-pressed', String(log.isPaused));
    button.textContent = log.isPaused ? 'Go on' : 'Pause';
    status(log.isPaused ? 'held' : '');
    draw();
  });

  const take = item => {
    if (item === null) return gap('an event was too long to be shown');
    seen = { after: item.position, log: item.logId };
    if (item.event) {
      book.add(item.event);
      log.add({ event: item.event, at: new Date(item.event.timestamp) });
    } else if (item.notice.kind !== 'started') {
      gap(item.notice.lost > 0 ? `${count(item.notice.lost)} events are missing: ${item.notice.message}` : item.notice.message);
    }
  };

  const run = async () => {
    for (;;) {
      try {
        for await (const item of lines(`v1/events${seen ? `?${new URLSearchParams(seen)}` : ''}`)) {
          take(item);
          drawSoon();
        }
        if (!log.isPaused) status('the stream ended; it is asked for again');
      } catch (failure) {
        if (!(failure instanceof Problem)) throw failure;
        if (failure.status === 401) return onUnauthorized();
        if (!log.isPaused) status(`no events: ${failure.message}`);
      }
      await new Promise(resolve => setTimeout(resolve, RETRY_MS));
      if (!log.isPaused) status('');
    }
  };

  draw();
  return { book, run };
}

function row({ event, gap, at }) {
  const time = el('time', {}, clock(at));
  if (gap) return el('li', { class: 'gap' }, time, ' ', gap);
  const [added, removed] = [event.keys_added ?? [], event.keys_evicted ?? []];
  const from = added.length > 0 && event.retrieval_time_ms > 0 ? ` from ${event.source_instance ?? 'an origin'} in ${milliseconds(event.retrieval_time_ms)}` : '';
  return el('li', {}, time, ' ', el('strong', {}, event.instance),
    added.length > 0 ? [el('span', { class: 'added' }, event.modification ? ' changed ' : ' + '), keys(added), from] : null,
    removed.length > 0 ? [el('span', { class: 'removed' }, ` − ${reasons(event)} `), keys(removed)] : null);
}

function reasons(event) {
  return event.removal_reasons?.length ? [...new Set(event.removal_reasons)].join(', ') : 'evicted';
}

function keys(list) {
  const shown = list.slice(0, KEYS_SHOWN_MAX).flatMap((key, i) => [i > 0 ? ', ' : '', keyElement(key)]);
  return list.length > KEYS_SHOWN_MAX ? [...shown, ` and ${count(list.length - KEYS_SHOWN_MAX)} more`] : shown;
}
