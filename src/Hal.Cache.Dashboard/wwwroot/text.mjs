// Figures and keys as people read them. Nothing here knows of the page.

export const KEY_CHARS_MAX = 160;

// As in the settings, where kb, mb and gb are powers of 1024.
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
const grouped = new Intl.NumberFormat('en');

export function count(n) {
  return grouped.format(Math.round(n));
}

/** 0.05, 0.5, 5.2, 52, 5,200: as many digits as say something. */
export function figure(n) {
  if (n === 0) return '0';
  if (Math.abs(n) < 0.1) return String(Number(n.toPrecision(1)));
  if (Math.abs(n) < 10) return String(Math.round(n * 10) / 10);
  return count(n);
}

export function bytes(n) {
  let unit = 0;
  while (Math.abs(n) >= 1000 && unit < UNITS.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${figure(n)} ${UNITS[unit]}`;
}

export function bytesOf(used, limit) {
  return limit > 0 ? `${bytes(used)} of ${bytes(limit)}` : bytes(used);
}

export function rate(bytesPerSecond) {
  return `${bytes(bytesPerSecond)}/s`;
}

export function percent(ratio) {
  const rounded = Math.round(ratio * 1000) / 10;
  return `${rounded > 99.9 && ratio < 1 ? 99.9 : rounded}%`; // 100% is said of all and nothing less
}

export function milliseconds(ms) {
  if (ms < 1000) return `${figure(ms)} ms`;
  return ms < 120_000 ? `${figure(ms / 1000)} s` : `${count(ms / 60_000)} min`;
}

export function clock(date) {
  const pad = n => String(n).padStart(2, '0');
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** A key of the API, which is a string or an object with key or keyBase64, and a database. */
export function keyFields(key) {
  return typeof key === 'string' ? { key, database: 0 } : { database: 0, ...key };
}

// Control characters, format characters such as those that turn the direction of writing, line ends, what has no meaning, and lone halves.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/** A key in parts; what could not be seen, or would disturb, is an escaped part. */
export function keyParts(key) {
  const { key: text, keyBase64, database } = keyFields(key);
  const parts = [];
  if (database !== 0) parts.push({ escaped: true, text: `db ${database}` });
  if (text === undefined) {
    parts.push({ escaped: true, text: 'base64' }, { escaped: false, text: shortened(keyBase64) });
    return parts;
  }
  if (text === '') parts.push({ escaped: true, text: 'empty key' });
  let plain = '';
  for (const char of shortened(text)) {
    if (!UNSEEN.test(char)) {
      plain += char;
      continue;
    }
    if (plain) parts.push({ escaped: false, text: plain });
    plain = '';
    parts.push({ escaped: true, text: `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}` });
  }
  if (plain) parts.push({ escaped: false, text: plain });
  return parts;
}

function shortened(text) {
  const chars = Array.from(text.slice(0, 2 * KEY_CHARS_MAX + 2));
  return chars.length <= KEY_CHARS_MAX ? text : `${chars.slice(0, KEY_CHARS_MAX).join('')}…`;
}
