import assert from 'node:assert/strict';
import test from 'node:test';
import { KEY_CHARS_MAX, bytes, figure, keyParts, milliseconds, percent } from '../../../src/Hal.Cache.Dashboard/wwwroot/text.mjs';

const said = key => keyParts(key).map(p => (p.escaped ? `[${p.text}]` : p.text)).join('');

test('Figures have the digits that say something', () => {
  assert.deepEqual([0, 0.0312, 0.55, 5.23, 52.4, 5200].map(figure), ['0', '0.03', '0.6', '5.2', '52', '5,200']);
});

test('Sizes have the unit that makes them short', () => {
  assert.deepEqual([0, 999, 1024, 1 << 20, 8 * 2 ** 30].map(bytes), ['0 B', '999 B', '1 KB', '1 MB', '8 GB']);
});

test('All is said of nothing less than all', () => {
  assert.deepEqual([0, 0.5, 0.9999, 1].map(percent), ['0%', '50%', '99.9%', '100%']);
});

test('Times have the unit that makes them short', () => {
  assert.deepEqual([0.5, 40, 1800, 600_000].map(milliseconds), ['0.5 ms', '40 ms', '1.8 s', '10 min']);
});

test('A key that is text is shown as it is', () => {
  assert.equal(said('user:1 <img src=x onerror=alert(1)>'), 'user:1 <img src=x onerror=alert(1)>');
  assert.equal(said('ключ/日本/🙂'), 'ключ/日本/🙂');
});

test('What can not be seen in a key, or turns its direction, is told', () => {
  assert.equal(said('a\u202egnp.exe\n\x1b[31m'), 'a[U+202E]gnp.exe[U+000A][U+001B][31m');
  assert.equal(said(''), '[empty key]');
});

test('A key of bytes says that it is in base64, and one of another database which', () => {
  assert.equal(said({ keyBase64: '//4A' }), '[base64]//4A');
  assert.equal(said({ key: 'a', database: 3 }), '[db 3]a');
});

test('A long key is cut between characters', () => {
  assert.equal(said('🙂'.repeat(KEY_CHARS_MAX)), '🙂'.repeat(KEY_CHARS_MAX));
  assert.equal(said('🙂'.repeat(KEY_CHARS_MAX + 1)), `${'🙂'.repeat(KEY_CHARS_MAX)}…`);
  assert.equal(said('x'.repeat(100_000)), `${'x'.repeat(KEY_CHARS_MAX)}…`);
});
