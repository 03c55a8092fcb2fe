// Counts checks, and ends the process at the first one that fails: the walks are programs, not a test framework.
import { isDeepStrictEqual, inspect } from "node:util";

let count = 0;

export function equal(got, expected, what) {
  count++;
  // Buffers and objects without a prototype compare by what they hold.
  if (isDeepStrictEqual(plain(got), plain(expected))) return;
  fail(`${what}: expected ${inspect(expected)}, got ${inspect(got)}`);
}

export function holds(condition, what) {
  count++;
  if (!condition) fail(what);
}

export async function fails(action, pattern, what) {
  count++;
  try {
    const got = await action();
    fail(`${what}: expected an error like ${pattern}, got ${inspect(got)}`);
  } catch (error) {
    if (!pattern.test(error.message)) fail(`${what}: expected an error like ${pattern}, got ${error.message}`);
  }
}

export function done(name) {
  console.log(`${name}: ok ${count} checks`);
}

export function fail(message) {
  console.error(`FAILED after ${count} checks: ${message}`);
  process.exit(1);
}

export function address() {
  const [host = "127.0.0.1", port = "6379"] = process.argv.slice(2);
  return { host, port: Number(port) };
}

function plain(value) {
  if (Buffer.isBuffer(value)) return `buffer:${value.toString("hex")}`;
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}
