// The HTTP API beside the page: JSON, streams of lines, the bearer token.

export const REQUEST_MS_MAX = 10_000;
export const STREAM_SILENCE_MS_MAX = 40_000; // the silo breaks its silence every 15 s
export const LINE_CHARS_MAX = 32 << 20;

const TOKEN = 'hal-token';

/** An answer that is an error; status 0 where there was no answer. */
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// Kept for this tab and no longer; a script of another origin can't read it, and there are no others here.
export const token = {
  get: () => sessionStorage.getItem(TOKEN),
  set: value => sessionStorage.setItem(TOKEN, value),
  clear: () => sessionStorage.removeItem(TOKEN),
};

function headers(more) {
  const secret = token.get();
  // A header carries bytes: those of UTF-8, as the silo reads them.
  const bytes = secret && Array.from(new TextEncoder().encode(secret), b => String.fromCharCode(b)).join('');
  return bytes ? { ...more, Authorization: `Bearer ${bytes}` } : more;
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(new URL(`../${path}`, document.baseURI), { cache: 'no-store', credentials: 'omit', ...options });
  } catch (failure) {
    throw new Problem(0, failure.name === 'TimeoutError' ? `no answer within ${REQUEST_MS_MAX / 1000} s` : 'no connection');
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => null);
  throw new Problem(response.status, problem?.detail ?? problem?.title ?? `HTTP ${response.status}`);
}

/** The answer's body as something reads its text, and the silo's time in milliseconds. */
async function ask(path, options, read = parse) {
  const response = await request(path, { signal: AbortSignal.timeout(REQUEST_MS_MAX), ...options });
  try {
    return { body: read(await response.text()), time: Date.parse(response.headers.get('Date')) || Date.now() };
  } catch {
    throw new Problem(0, 'the answer broke off');
  }
}

export const get = path => ask(path, { headers: headers({ Accept: 'application/json' }) });

export const getText = path => ask(path, { headers: headers({}) }, text => text);

export const post = (path, body) =>
  ask(path, { method: 'POST', headers: headers({ Accept: 'application/json', 'Content-Type': 'application/json' }), body: JSON.stringify(body) });

/** JSON whose versions, which have more digits than a number here, are texts. */
export function parse(json) {
  // A quotation mark inside of a string has a backslash before it, so that no key looks like this.
  return JSON.parse(json.replace(/"version":(\d+)/g, '"version":"$1"'));
}

/** Lines of a stream without end, as JSON; null for one that is too long to be read. Ends where it is stopped, or nothing is heard. */
export async function* lines(path, stop = new AbortController()) {
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), STREAM_SILENCE_MS_MAX);
  };
  heard();
  try {
    const response = await request(path, { headers: headers({ Accept: 'application/x-ndjson' }), signal: stop.signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const cut = lineCutter();
    for (;;) {
      const { value, done } = await reader.read().catch(() => ({ done: true }));
      if (done) return;
      heard();
      for (const line of cut(value)) yield line === null ? null : JSON.parse(line);
    }
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

/** Cuts text that comes in pieces into lines; empty ones are left out, one over the limit is null. */
export function lineCutter(charsMax = LINE_CHARS_MAX) {
  let pieces = [];
  let chars = 0;
  return piece => {
    const complete = [];
    const parts = piece.split('\n');
    for (let i = 0; i < parts.length; i++) {
      chars += parts[i].length;
      if (chars <= charsMax) pieces.push(parts[i]);
      else pieces = [];
      if (i === parts.length - 1) break;
      if (chars > charsMax) complete.push(null);
      else if (chars > 0) complete.push(pieces.join(''));
      pieces = [];
      chars = 0;
    }
    return complete;
  };
}
