// A walk through ioredis's own API: node ioredis.mjs HOST PORT
import Redis from "ioredis";
import { address, done, equal, fails, holds } from "./checks.mjs";

const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

for (const protocol of [2, 3]) await walk(protocol);
done("ioredis");

async function walk(protocol) {
  const redis = new Redis({ ...address(), protocol, connectionName: "walk", maxRetriesPerRequest: 1, connectTimeout: 5000 });
  await redis.flushall();
  await connection(redis);
  await strings(redis);
  await bitmaps(redis);
  await keys(redis);
  await expiry(redis);
  await pipelines(redis);
  await server(redis);
  await monitor(redis);
  equal(await redis.quit(), "OK", "quit");
}

async function connection(redis) {
  equal(await redis.ping(), "PONG", "ping");
  equal(await redis.ping("hello"), "hello", "ping with a message");
  equal(await redis.echo("text"), "text", "echo");
  equal(await redis.client("GETNAME"), "walk", "the name given at connect");
  holds((await redis.client("ID")) > 0, "client id");
  holds(/name=walk/.test(await redis.client("INFO")), "client info names the connection");
  holds(/name=walk/.test(await redis.client("LIST")), "client list names the connection");
  equal(await redis.client("NO-EVICT", "ON"), "OK", "client no-evict");
  equal(await redis.select(1), "OK", "select");
  equal(await redis.select(0), "OK", "select back");
  await fails(() => redis.select(9999), /DB index is out of range/, "select out of range");
  const other = new Redis({ ...address(), db: 2 });
  await other.set("in2", "x");
  equal(await redis.exists("in2"), 0, "databases are apart");
  await other.flushdb();
  other.disconnect();
}

async function strings(redis) {
  equal(await redis.set("k", "v"), "OK", "set");
  equal(await redis.get("k"), "v", "get");
  equal(await redis.get("none"), null, "get of a missing key");
  equal(await redis.set("k", "w", "NX"), null, "set nx on a present key");
  equal(await redis.set("k", "w", "XX", "GET"), "v", "set xx get");
  equal(await redis.set("k", "x", "KEEPTTL"), "OK", "set keepttl");
  equal(await redis.setnx("k", "y"), 0, "setnx");
  equal(await redis.getset("k", "z"), "x", "getset");
  equal(await redis.append("k", "123"), 4, "append");
  equal(await redis.strlen("k"), 4, "strlen");
  equal(await redis.getrange("k", 1, -1), "123", "getrange");
  equal(await redis.setrange("k", 6, "end"), 9, "setrange");
  equal(await redis.getBuffer("k"), Buffer.from("z123\0\0end"), "setrange pads with zeros");
  equal(await redis.set("bin", binary), "OK", "set of binary");
  equal(await redis.getBuffer("bin"), binary, "get of binary");
  equal(await redis.set(binary, "by a binary key"), "OK", "set of a binary key");
  equal(await redis.get(binary), "by a binary key", "get of a binary key");
  equal(await redis.incr("n"), 1, "incr");
  equal(await redis.incrby("n", 41), 42, "incrby");
  equal(await redis.decr("n"), 41, "decr");
  equal(await redis.decrby("n", 50), -9, "decrby");
  equal(await redis.incrbyfloat("f", "10.5"), "10.5", "incrbyfloat");
  equal(await redis.incrbyfloat("f", "0.1"), "10.6", "incrbyfloat again");
  await fails(() => redis.incr("k"), /not an integer/, "incr of a text");
  equal(await redis.mset({ a: "1", b: "2" }), "OK", "mset of an object");
  equal(await redis.mget("a", "none", "b"), ["1", null, "2"], "mget");
  equal(await redis.msetnx("a", "x", "c", "y"), 0, "msetnx with one present");
  equal(await redis.exists("c"), 0, "msetnx sets all or none");
  equal(await redis.getdel("a"), "1", "getdel");
  equal(await redis.get("a"), null, "getdel has deleted");
  await redis.mset("s1", "ohmytext", "s2", "mynewtext");
  equal(await redis.lcs("s1", "s2"), "mytext", "lcs");
  equal(await redis.lcs("s1", "s2", "LEN"), 6, "lcs len");
  const large = Buffer.alloc(3_000_000, "0123456789abc");
  equal(await redis.set("large", large), "OK", "set of 3 MB");
  holds(large.equals(await redis.getBuffer("large")), "get of 3 MB");
  equal(await redis.getrangeBuffer("large", 1_000_000, 1_000_012), large.subarray(1_000_000, 1_000_013), "getrange within 3 MB");
}

async function bitmaps(redis) {
  equal(await redis.setbit("bits", 7, 1), 0, "setbit");
  equal(await redis.getbit("bits", 7), 1, "getbit");
  equal(await redis.bitcount("bits"), 1, "bitcount");
  equal(await redis.bitpos("bits", 1), 7, "bitpos");
  await redis.mset("x", "foobar", "y", "abcdef");
  equal(await redis.bitcount("x", 0, 0), 4, "bitcount of a range");
  equal(await redis.bitcount("x", 5, 30, "BIT"), 17, "bitcount of a range of bits");
  equal(await redis.bitop("AND", "xy", "x", "y"), 6, "bitop");
  equal(await redis.get("xy"), "`bc`ab", "bitop and");
  equal(await redis.bitfield("field", "INCRBY", "i5", 100, 1, "GET", "u4", 0), [1, 0], "bitfield");
  equal(await redis.bitfield("field", "OVERFLOW", "FAIL", "SET", "u2", 0, 3, "INCRBY", "u2", 0, 1), [0, null], "bitfield overflow fail");
  equal(await redis.bitfield_ro("field", "GET", "u2", 0), [3], "bitfield_ro");
}

async function keys(redis) {
  equal(await redis.type("k"), "string", "type");
  equal(await redis.type("none"), "none", "type of a missing key");
  equal(await redis.rename("k", "k2"), "OK", "rename");
  await fails(() => redis.rename("k", "k2"), /no such key/, "rename of a missing key");
  equal(await redis.renamenx("k2", "x"), 0, "renamenx to a present key");
  equal(await redis.copy("x", "copy"), 1, "copy");
  equal(await redis.copy("x", "copy"), 0, "copy to a present key");
  equal(await redis.copy("x", "copy", "REPLACE"), 1, "copy replace");
  equal(await redis.move("copy", 3), 1, "move");
  equal(await redis.exists("copy", "x", "x"), 2, "exists counts each");
  equal(await redis.touch("x", "none"), 1, "touch");
  equal(await redis.object("ENCODING", "n"), "int", "encoding of a number");
  equal(await redis.object("ENCODING", "x"), "embstr", "encoding of a short text");
  equal(await redis.object("ENCODING", "large"), "raw", "encoding of a long text");
  const dump = await redis.dumpBuffer("x");
  equal(await redis.restore("restored", 0, dump), "OK", "restore");
  equal(await redis.get("restored"), "foobar", "restored value");
  await fails(() => redis.restore("restored", 0, dump), /BUSYKEY/, "restore over a present key");
  await fails(() => redis.restore("broken", 0, dump.subarray(0, -1)), /payload version or checksum/, "restore of a broken payload");
  equal(await redis.del("restored", "none"), 1, "del");
  equal(await redis.unlink("xy", "field"), 2, "unlink");
  equal(await redis.swapdb(0, 3), "OK", "swapdb");
  equal(await redis.get("copy"), "foobar", "swapdb brought the other database");
  equal(await redis.swapdb(0, 3), "OK", "swapdb back");
  await redis.flushdb();
  equal(await redis.randomkey(), null, "randomkey of nothing");
  const names = Array.from({ length: 1000 }, (_, i) => `scan:${i}`);
  await redis.mset(names.flatMap((name) => [name, "1"]));
  equal(await redis.dbsize(), 1000, "dbsize");
  equal((await redis.keys("scan:*")).sort(), [...names].sort(), "keys");
  const found = new Set();
  for await (const batch of redis.scanStream({ match: "scan:*", count: 50 })) batch.forEach((key) => found.add(key));
  equal([...found].sort(), [...names].sort(), "scanStream");
  const typed = new Set();
  for await (const batch of redis.scanStream({ type: "list" })) batch.forEach((key) => typed.add(key));
  equal(typed.size, 0, "scanStream of another type");
  holds(names.includes(await redis.randomkey()), "randomkey");
}

async function expiry(redis) {
  equal(await redis.set("e", "v", "EX", 100), "OK", "set ex");
  holds((await redis.ttl("e")) > 90, "ttl");
  holds((await redis.pttl("e")) > 90_000, "pttl");
  equal(await redis.persist("e"), 1, "persist");
  equal(await redis.ttl("e"), -1, "ttl without expiry");
  equal(await redis.ttl("none"), -2, "ttl of a missing key");
  equal(await redis.expire("e", 100), 1, "expire");
  equal(await redis.expire("e", 10, "GT"), 0, "expire gt with less");
  equal(await redis.expire("e", 1000, "GT"), 1, "expire gt with more");
  equal(await redis.expireat("e", 4_000_000_000), 1, "expireat");
  equal(await redis.expiretime("e"), 4_000_000_000, "expiretime");
  equal(await redis.pexpiretime("e"), 4_000_000_000_000, "pexpiretime");
  equal(await redis.getex("e", "PERSIST"), "v", "getex persist");
  equal(await redis.psetex("e", 60_000, "w"), "OK", "psetex");
  equal(await redis.setex("e", 60, "x"), "OK", "setex");
  equal(await redis.pexpire("e", 1), 1, "pexpire soon");
  await gone(redis, "e");
  equal(await redis.expire("none", 10), 0, "expire of a missing key");
  await fails(() => redis.set("e", "v", "EX", 0), /invalid expire time/, "set ex 0");
}

// Asks until the key has expired; five seconds are three orders of magnitude more than it needs.
async function gone(redis, key) {
  const start = Date.now();
  while ((await redis.exists(key)) === 1 && Date.now() - start < 5000);
  equal(await redis.exists(key), 0, `${key} expires`);
}

async function pipelines(redis) {
  const pipeline = redis.pipeline();
  for (let i = 0; i < 5000; i++) pipeline.set(`p:${i}`, i);
  holds((await pipeline.exec()).every(([error, reply]) => error === null && reply === "OK"), "5,000 pipelined sets");
  const replies = await Promise.all(Array.from({ length: 5000 }, (_, i) => redis.get(`p:${i}`)));
  holds(replies.every((reply, i) => reply === String(i)), "5,000 gets at once come in order");
  const mixed = await redis.pipeline().set("m", "text").incr("m").get("m").exec();
  holds(mixed[0][1] === "OK" && /not an integer/.test(mixed[1][0].message) && mixed[2][1] === "text", "an error in the middle of a pipeline");
  const auto = new Redis({ ...address(), enableAutoPipelining: true });
  equal(await Promise.all([auto.get("p:1"), auto.get("p:2"), auto.strlen("p:4999")]), ["1", "2", 4], "auto pipelining");
  await auto.quit();
}

async function server(redis) {
  const info = await redis.info();
  for (const field of ["redis_version", "tcp_port", "connected_clients", "used_memory", "maxmemory_policy", "total_commands_processed", "role:master"])
    holds(info.includes(field), `info has ${field}`);
  holds(/db0:keys=\d+/.test(await redis.info("keyspace")), "info keyspace");
  equal((await redis.config("GET", "maxmemory-policy")).length, 2, "config get");
  const [seconds, micros] = await redis.time();
  holds(Math.abs(Number(seconds) - Date.now() / 1000) < 60 && Number(micros) < 1_000_000, "time");
  holds((await redis.command("COUNT")) > 50, "command count");
  const [get] = await redis.command("INFO", "GET");
  equal([get[0], get[1], get[3], get[4], get[5]], ["get", 2, 1, 1, 1], "command info get");
  equal(await redis.command("GETKEYS", "MSET", "a", "1", "b", "2"), ["a", "b"], "command getkeys");
  equal(await redis.command("INFO", "nosuch"), [null], "command info of an unknown command");
  holds((await redis.memory("USAGE", "p:1")) > 0, "memory usage");
  equal(await redis.slowlog("RESET"), "OK", "slowlog reset");
  holds(Array.isArray(await redis.slowlog("GET")), "slowlog get");
  holds((await redis.lastsave()) > 0, "lastsave");
  equal((await redis.role())[0], "master", "role");
  equal(await redis.wait(0, 0), 0, "wait");
  await fails(() => redis.call("NOSUCH", "a"), /unknown command 'NOSUCH'/, "an unknown command");
  await fails(() => redis.call("GET"), /wrong number of arguments for 'get' command/, "a command without its key");
}

async function monitor(redis) {
  const watcher = await redis.monitor();
  const seen = new Promise((resolve) => watcher.on("monitor", (_, args) => args[1] === "monitored" && resolve(args)));
  await redis.set("monitored", "1");
  equal((await seen).map((text) => text.toLowerCase()), ["set", "monitored", "1"], "monitor shows the command");
  watcher.disconnect();
}
