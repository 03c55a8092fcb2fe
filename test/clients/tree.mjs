// Reads every file of a directory through an origin mount and compares each byte with the file:
// node tree.mjs HOST PORT DIRECTORY PREFIX [ioredis|node-redis]
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import Redis from "ioredis";
import { createClient, RESP_TYPES } from "redis";
import { address, done, equal, fail, holds } from "./checks.mjs";

const readersAtOnce = 16;
const [, , , , directory, prefix, name = "ioredis"] = process.argv;

const open = { ioredis: openIoredis, "node-redis": openNodeRedis }[name];
if (!open || !prefix) fail("usage: node tree.mjs HOST PORT DIRECTORY PREFIX [ioredis|node-redis]");

const client = await open();
const entries = await readdir(directory, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile()).map((entry) => relative(directory, join(entry.parentPath, entry.name)));
holds(files.length > 0, `${directory} has files`);

let next = 0;
let bytes = 0;
await Promise.all(Array.from({ length: readersAtOnce }, readSome));
equal(await client.get(`${prefix}no/such/file`), null, "a file that is not there");
await client.close();
console.log(`${name}: ${files.length} files, ${bytes} bytes`);
done(`tree by ${name}`);

async function readSome() {
  while (next < files.length) {
    const index = next++;
    const file = files[index];
    const key = prefix + file;
    const [got, expected] = await Promise.all([client.get(key), readFile(join(directory, file))]);
    holds(got !== null, `${key} is there`);
    equal(got.length, expected.length, `length of ${key}`);
    holds(expected.equals(got), `bytes of ${key}`);
    bytes += expected.length;
    if (index % 50 === 0 && expected.length > 0) await ranges(key, expected);
  }
}

async function ranges(key, expected) {
  const from = expected.length >> 1;
  const to = Math.min(expected.length - 1, from + 1000);
  equal(await client.strlen(key), expected.length, `strlen of ${key}`);
  holds(expected.subarray(from, to + 1).equals(await client.range(key, from, to)), `range ${from}-${to} of ${key}`);
}

async function openIoredis() {
  const redis = new Redis({ ...address(), maxRetriesPerRequest: 0 });
  redis.on("error", (error) => fail(`connection: ${error.message}`));
  return {
    get: (key) => redis.getBuffer(key),
    strlen: (key) => redis.strlen(key),
    range: (key, from, to) => redis.getrangeBuffer(key, from, to),
    close: () => redis.quit(),
  };
}

async function openNodeRedis() {
  const redis = createClient({ socket: { ...address(), reconnectStrategy: false } });
  redis.on("error", (error) => fail(`connection: ${error.message}`));
  await redis.connect();
  const buffers = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  return {
    get: (key) => buffers.get(key),
    strlen: (key) => redis.strLen(key),
    range: (key, from, to) => buffers.getRange(key, from, to),
    close: () => redis.close(),
  };
}
