// A walk through node-redis's own API: node node-redis.mjs HOST PORT
import { createClient, RESP_TYPES } from "redis";
import { address, done, equal, fail, fails, holds } from "./checks.mjs";

const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

for (const RESP of [2, 3]) await walk(RESP);
done("node-redis");

async function walk(RESP) {
  const client = createClient({ socket: { ...address(), connectTimeout: 5000, reconnectStrategy: false }, RESP, name: "walk" });
  client.on("error", (error) => fail(`connection: ${error.message}`));
  await client.connect();
  await client.flushAll();
  await connection(client);
  await strings(client);
  await bitmaps(client);
  await keys(client);
  await expiry(client);
  await pipelines(client);
  await server(client);
  await client.close();
}

async function connection(client) {
  equal(await client.ping(), "PONG", "ping");
  equal(await client.echo("text"), "text", "echo");
  equal(await client.clientGetName(), "walk", "the name given at connect");
  const id = await client.clientId();
  const info = await client.clientInfo();
  equal(info.id, id, "client info has the id");
  equal(info.name, "walk", "client info has the name");
  holds((await client.clientList()).some((one) => one.id === id), "client list has the client");
  equal(await client.clientNoEvict(true), "OK", "client no-evict");
  await client.select(1);
  await client.set("in1", "x");
  await client.select(0);
  equal(await client.exists("in1"), 0, "databases are apart");
  await fails(() => client.select(9999), /DB index is out of range/, "select out of range");
}

async function strings(client) {
  const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  equal(await client.set("k", "v"), "OK", "set");
  equal(await client.get("k"), "v", "get");
  equal(await client.get("none"), null, "get of a missing key");
  equal(await client.set("k", "w", { condition: "NX" }), null, "set nx on a present key");
  equal(await client.set("k", "w", { condition: "XX", GET: true }), "v", "set xx get");
  equal(await client.set("k", "x", { expiration: "KEEPTTL" }), "OK", "set keepttl");
  equal(await client.setNX("k", "y"), 0, "setnx");
  equal(await client.getSet("k", "z"), "x", "getset");
  equal(await client.append("k", "123"), 4, "append");
  equal(await client.strLen("k"), 4, "strlen");
  equal(await client.getRange("k", 1, -1), "123", "getrange");
  equal(await client.setRange("k", 6, "end"), 9, "setrange");
  equal(await buffers.get("k"), Buffer.from("z123\0\0end"), "setrange pads with zeros");
  equal(await client.set("bin", binary), "OK", "set of binary");
  equal(await buffers.get("bin"), binary, "get of binary");
  equal(await client.set(binary, "by a binary key"), "OK", "set of a binary key");
  equal(await client.get(binary), "by a binary key", "get of a binary key");
  equal(await client.incr("n"), 1, "incr");
  equal(await client.incrBy("n", 41), 42, "incrby");
  equal(await client.decr("n"), 41, "decr");
  equal(await client.decrBy("n", 50), -9, "decrby");
  equal(Number(await client.incrByFloat("f", 10.5)), 10.5, "incrbyfloat");
  await fails(() => client.incr("k"), /not an integer/, "incr of a text");
  equal(await client.mSet({ a: "1", b: "2" }), "OK", "mset");
  equal(await client.mGet(["a", "none", "b"]), ["1", null, "2"], "mget");
  equal(await client.mSetNX({ a: "x", c: "y" }), 0, "msetnx with one present");
  equal(await client.getDel("a"), "1", "getdel");
  await client.mSet({ s1: "ohmytext", s2: "mynewtext" });
  equal(await client.lcs("s1", "s2"), "mytext", "lcs");
  equal(await client.lcsLen("s1", "s2"), 6, "lcs len");
  const idx = await client.lcsIdx("s1", "s2");
  equal([idx.len, idx.matches.length], [6, 2], "lcs idx");
  const large = Buffer.alloc(3_000_000, "0123456789abc");
  equal(await client.set("large", large), "OK", "set of 3 MB");
  holds(large.equals(await buffers.get("large")), "get of 3 MB");
}

async function bitmaps(client) {
  equal(await client.setBit("bits", 7, 1), 0, "setbit");
  equal(await client.getBit("bits", 7), 1, "getbit");
  equal(await client.bitCount("bits"), 1, "bitcount");
  equal(await client.bitPos("bits", 1), 7, "bitpos");
  await client.mSet({ x: "foobar", y: "abcdef" });
  equal(await client.bitCount("x", { start: 5, end: 30, mode: "BIT" }), 17, "bitcount of a range of bits");
  equal(await client.bitOp("OR", "xy", ["x", "y"]), 6, "bitop");
  equal(await client.get("xy"), "goofev", "bitop or");
  const field = [
    { operation: "INCRBY", encoding: "i5", offset: 100, increment: 1 },
    { operation: "GET", encoding: "u4", offset: 0 },
    { operation: "OVERFLOW", behavior: "FAIL" },
    { operation: "SET", encoding: "u2", offset: 0, value: 3 },
    { operation: "INCRBY", encoding: "u2", offset: 0, increment: 1 },
  ];
  equal(await client.bitField("field", field), [1, 0, 0, null], "bitfield");
  equal(await client.bitFieldRo("field", [{ encoding: "u2", offset: 0 }]), [3], "bitfield_ro");
}

async function keys(client) {
  equal(await client.type("k"), "string", "type");
  equal(await client.rename("k", "k2"), "OK", "rename");
  await fails(() => client.rename("k", "k2"), /no such key/, "rename of a missing key");
  equal(await client.renameNX("k2", "x"), 0, "renamenx to a present key");
  equal(await client.copy("x", "copy"), 1, "copy");
  equal(await client.copy("x", "copy", { REPLACE: true }), 1, "copy replace");
  equal(await client.move("copy", 3), 1, "move");
  equal(await client.exists(["copy", "x", "x"]), 2, "exists counts each");
  equal(await client.touch(["x", "none"]), 1, "touch");
  equal(await client.objectEncoding("n"), "int", "encoding of a number");
  const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const dump = await buffers.dump("x");
  equal(await client.restore("restored", 0, dump), "OK", "restore");
  equal(await client.get("restored"), "foobar", "restored value");
  await fails(() => client.restore("restored", 0, dump), /BUSYKEY/, "restore over a present key");
  equal(await client.del(["restored", "none"]), 1, "del");
  equal(await client.unlink(["xy", "field"]), 2, "unlink");
  equal(await client.swapDb(0, 3), "OK", "swapdb");
  equal(await client.swapDb(3, 0), "OK", "swapdb back");
  await client.flushDb();
  const names = Array.from({ length: 1000 }, (_, i) => `scan:${i}`);
  await client.mSet(names.map((name) => [name, "1"]));
  equal(await client.dbSize(), 1000, "dbsize");
  equal((await client.keys("scan:*")).sort(), [...names].sort(), "keys");
  const found = new Set();
  for await (const batch of client.scanIterator({ MATCH: "scan:*", COUNT: 50 })) batch.forEach((key) => found.add(key));
  equal([...found].sort(), [...names].sort(), "scanIterator");
  holds(names.includes(await client.randomKey()), "randomkey");
}

async function expiry(client) {
  equal(await client.set("e", "v", { expiration: { type: "EX", value: 100 } }), "OK", "set ex");
  holds((await client.ttl("e")) > 90, "ttl");
  holds((await client.pTTL("e")) > 90_000, "pttl");
  equal(await client.persist("e"), 1, "persist");
  equal(await client.ttl("e"), -1, "ttl without expiry");
  equal(await client.expire("e", 100), 1, "expire");
  equal(await client.expire("e", 10, "GT"), 0, "expire gt with less");
  equal(await client.expireAt("e", 4_000_000_000), 1, "expireat");
  equal(await client.expireTime("e"), 4_000_000_000, "expiretime");
  equal(await client.pExpireTime("e"), 4_000_000_000_000, "pexpiretime");
  equal(await client.getEx("e", { type: "PERSIST" }), "v", "getex persist");
  equal(await client.pSetEx("e", 60_000, "w"), "OK", "psetex");
  equal(await client.setEx("e", 60, "x"), "OK", "setex");
  equal(await client.pExpire("e", 1), 1, "pexpire soon");
  const start = Date.now();
  while ((await client.exists("e")) === 1 && Date.now() - start < 5000);
  equal(await client.exists("e"), 0, "the key expires");
}

async function pipelines(client) {
  const replies = await Promise.all(Array.from({ length: 5000 }, (_, i) => client.set(`p:${i}`, String(i))));
  holds(replies.every((reply) => reply === "OK"), "5,000 sets at once");
  const values = await Promise.all(Array.from({ length: 5000 }, (_, i) => client.get(`p:${i}`)));
  holds(values.every((value, i) => value === String(i)), "5,000 gets at once come in order");
  equal(await client.multi().set("m", "1").incr("m").get("m").execAsPipeline(), ["OK", 2, "2"], "execAsPipeline");
}

async function server(client) {
  const info = await client.info();
  for (const field of ["redis_version", "tcp_port", "connected_clients", "used_memory", "total_commands_processed", "role:master"])
    holds(info.includes(field), `info has ${field}`);
  equal(Object.keys(await client.configGet("maxmemory-policy")), ["maxmemory-policy"], "config get");
  equal(await client.configResetStat(), "OK", "config resetstat");
  holds(Array.isArray(await client.time()), "time");
  holds((await client.commandCount()) > 50, "command count");
  const [get] = await client.commandInfo(["GET"]);
  equal([get.name, get.arity, get.firstKeyIndex, get.lastKeyIndex, get.step], ["get", 2, 1, 1, 1], "command info get");
  holds(get.flags.has("readonly") && get.flags.has("fast"), "command info get has its flags");
  holds((await client.commandList()).includes("bitfield"), "command list");
  equal(await client.commandGetKeys(["MSET", "a", "1", "b", "2"]), ["a", "b"], "command getkeys");
  const all = await client.command();
  holds(all.some((one) => one.name === "getex"), "command");
  holds((await client.memoryUsage("p:1")) > 0, "memory usage");
  holds((await client.memoryStats())["total.allocated"] > 0, "memory stats");
  equal((await client.role()).role, "master", "role");
  equal(await client.wait(0, 0), 0, "wait");
  await fails(() => client.sendCommand(["NOSUCH", "a"]), /unknown command 'NOSUCH'/, "an unknown command");
  await fails(() => client.sendCommand(["GET"]), /wrong number of arguments for 'get' command/, "a command without its key");
  equal(await client.sendCommand(["RESET"]), "RESET", "reset");
}
