// Collections, streams, scripts, transactions, blocking calls, channels and reconnection by ioredis's own API: node ioredis-types.mjs HOST PORT
import Redis from "ioredis";
import { address, done, equal, fails, holds } from "./checks.mjs";

for (const protocol of [2, 3]) await walk(protocol);
done("ioredis types");

function open(protocol, more = {}) {
  return new Redis({ ...address(), protocol, maxRetriesPerRequest: 2, connectTimeout: 5000, ...more });
}

async function walk(protocol) {
  const redis = open(protocol);
  await redis.flushall();
  await hashes(redis);
  await lists(redis);
  await sets(redis);
  await sortedSets(redis);
  await geo(redis);
  await streams(redis, protocol);
  await transactions(redis, protocol);
  await scripts(redis);
  await blocking(redis, protocol);
  await channels(redis, protocol);
  await reconnects(redis, protocol);
  await redis.quit();
}

async function hashes(redis) {
  equal(await redis.hset("h", { a: 1, b: "two" }), 2, "hset");
  equal(await redis.hget("h", "a"), "1", "hget");
  equal(await redis.hmget("h", "a", "x", "b"), ["1", null, "two"], "hmget");
  equal(await redis.hgetall("h"), { a: "1", b: "two" }, "hgetall is an object");
  equal(await redis.hincrby("h", "a", 4), 5, "hincrby");
  equal(await redis.hsetnx("h", "a", 9), 0, "hsetnx");
  equal((await redis.hkeys("h")).sort(), ["a", "b"], "hkeys");
  equal(await redis.hdel("h", "a", "x"), 1, "hdel");
  equal(await redis.hlen("h"), 1, "hlen");
  const names = Array.from({ length: 700 }, (_, i) => `f${i}`);
  await redis.hset("large", Object.fromEntries(names.map((name) => [name, "v"])));
  const found = [];
  for await (const batch of redis.hscanStream("large", { count: 50 })) found.push(...batch.filter((_, i) => i % 2 === 0));
  equal(found.sort(), [...names].sort(), "hscanStream");
  await fails(() => redis.lpush("h", "x"), /WRONGTYPE/, "lpush on a hash");
}

async function lists(redis) {
  equal(await redis.rpush("l", "a", "b", "c"), 3, "rpush");
  equal(await redis.lpush("l", "z"), 4, "lpush");
  equal(await redis.lrange("l", 0, -1), ["z", "a", "b", "c"], "lrange");
  equal(await redis.lpos("l", "b"), 2, "lpos");
  equal(await redis.linsert("l", "BEFORE", "a", "y"), 5, "linsert");
  equal(await redis.lmove("l", "m", "LEFT", "RIGHT"), "z", "lmove");
  equal(await redis.lpop("l", 2), ["y", "a"], "lpop with a count");
  equal(await redis.lmpop(2, "none", "l", "RIGHT"), ["l", ["c"]], "lmpop");
  equal(await redis.ltrim("l", 5, 6), "OK", "ltrim of all");
  equal(await redis.exists("l"), 0, "an empty list is no key");
}

async function sets(redis) {
  equal(await redis.sadd("s", 1, 2, 3), 3, "sadd");
  equal((await redis.smembers("s")).sort(), ["1", "2", "3"], "smembers");
  equal(await redis.smismember("s", "1", "9"), [1, 0], "smismember");
  await redis.sadd("t", 3, 4);
  equal((await redis.sunion("s", "t")).sort(), ["1", "2", "3", "4"], "sunion");
  equal(await redis.sinter("s", "t"), ["3"], "sinter");
  equal(await redis.sdiffstore("d", "s", "t"), 2, "sdiffstore");
  equal(await redis.sintercard(2, "s", "t"), 1, "sintercard");
  equal((await redis.spop("d", 2)).sort(), ["1", "2"], "spop with a count");
  equal((await redis.sort("s", "DESC", "LIMIT", 0, 2)), ["3", "2"], "sort");
}

async function sortedSets(redis) {
  equal(await redis.zadd("z", 1, "a", 2.5, "b", "+inf", "c"), 3, "zadd");
  equal((await redis.zrange("z", 0, -1, "WITHSCORES")).flat().map((item) => String(item).replace("Infinity", "inf")), ["a", "1", "b", "2.5", "c", "inf"], "zrange with scores");
  equal(String(await redis.zscore("z", "b")), "2.5", "zscore");
  equal(await redis.zadd("z", "GT", "CH", 2, "a"), 1, "zadd gt ch");
  equal(await redis.zrangebyscore("z", "(2", "+inf"), ["b", "c"], "zrangebyscore");
  equal(await redis.zrank("z", "b"), 1, "zrank");
  equal(await redis.zrangestore("zs", "z", 0, 1), 2, "zrangestore");
  equal((await redis.zunion(2, "z", "zs")).sort(), ["a", "b", "c"], "zunion");
  equal(await redis.zcount("z", "-inf", "+inf"), 3, "zcount");
  equal(await redis.zremrangebyrank("z", 0, 0), 1, "zremrangebyrank");
}

async function geo(redis) {
  equal(await redis.geoadd("g", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"), 2, "geoadd");
  equal(await redis.geodist("g", "Palermo", "Catania", "km"), "166.2742", "geodist");
  equal(await redis.geosearch("g", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "ASC"), ["Catania", "Palermo"], "geosearch");
  equal(await redis.pfadd("p", "a", "b", "c"), 1, "pfadd");
  equal(await redis.pfcount("p"), 3, "pfcount");
}

async function streams(redis, protocol) {
  equal(await redis.xadd("x", "1-1", "a", "1"), "1-1", "xadd");
  equal(await redis.xadd("x", "2-1", "b", "2"), "2-1", "xadd");
  equal(await redis.xrange("x", "-", "+"), [["1-1", ["a", "1"]], ["2-1", ["b", "2"]]], "xrange");
  equal(await redis.xgroup("CREATE", "x", "g", "0"), "OK", "xgroup create");
  const read = await redis.xreadgroup("GROUP", "g", "c", "COUNT", 1, "STREAMS", "x", ">");
  equal(protocol === 3 && !Array.isArray(read) ? Object.entries(read) : read, [["x", [["1-1", ["a", "1"]]]]], "xreadgroup");
  equal((await redis.xpending("x", "g"))[0], 1, "xpending");
  equal(await redis.xack("x", "g", "1-1"), 1, "xack");
  const other = open(protocol);
  const waiting = other.xread("BLOCK", 10000, "STREAMS", "x", "2-1"); // at a leaf "$" might be seen at the root after the entry
  while (!/flags=b/.test(await redis.client("LIST")));
  await redis.xadd("x", "3-1", "c", "3");
  const woken = await waiting;
  equal((Array.isArray(woken) ? woken : Object.entries(woken))[0][1], [["3-1", ["c", "3"]]], "xread that waited");
  equal(await redis.xtrim("x", "MAXLEN", 1), 2, "xtrim");
  await other.quit();
}

async function transactions(redis, protocol) {
  equal(await redis.multi().set("t1", "1").incr("t1").get("t1").exec(), [[null, "OK"], [null, 2], [null, "2"]], "multi");
  equal((await redis.multi().set("t1", "x").incr("t1").exec())[1][0].message, "ERR value is not an integer or out of range", "an error within a transaction");
  const other = open(protocol);
  await redis.watch("t1");
  await other.set("t1", "y");
  equal(await redis.multi().get("t1").exec(), null, "exec after a watched key changed");
  await redis.watch("t1");
  equal(await redis.multi().get("t1").exec(), [[null, "y"]], "exec with a watched key as it was");
  const pipeline = redis.pipeline();
  for (let i = 0; i < 1000; i++) pipeline.hset("piped", `f${i}`, i);
  equal((await pipeline.exec()).length, 1000, "a pipeline");
  equal(await redis.hlen("piped"), 1000, "what the pipeline wrote");
  await other.quit();
}

async function scripts(redis) {
  equal(await redis.eval("return {KEYS[1], ARGV[1], 1, redis.call('set', KEYS[1], ARGV[1])}", 1, "e", "v"), ["e", "v", 1, "OK"], "eval");
  redis.defineCommand("addboth", { numberOfKeys: 2, lua: "return redis.call('incrby', KEYS[1], ARGV[1]) + redis.call('incrby', KEYS[2], ARGV[1])" });
  equal(await redis.addboth("n1", "n2", 5), 10, "a command of its own");
  equal(await redis.addboth("n1", "n2", 5), 20, "the same by its digest");
  await fails(() => redis.eval("return redis.call('nosuch')", 0), /Unknown Redis command/, "an unknown command in a script");
  await fails(() => redis.evalsha("0".repeat(40), 0), /NOSCRIPT/, "evalsha of nothing");
  equal(await redis.function("LOAD", "REPLACE", "#!lua name=walk\nredis.register_function('twice', function(keys, args) return args[1] * 2 end)"), "walk", "function load");
  equal(await redis.fcall("twice", 0, 21), 42, "fcall");
}

async function blocking(redis, protocol) {
  const other = open(protocol);
  const popped = other.blpop("q1", "q2", 10);
  while (!/flags=b/.test(await redis.client("LIST")));
  await redis.rpush("q2", "v");
  equal(await popped, ["q2", "v"], "blpop that waited");
  equal(await other.blpop("q1", 0.05), null, "blpop that ran out of time");
  const least = other.bzpopmin("zq", 10);
  while (!/flags=b/.test(await redis.client("LIST")));
  await redis.zadd("zq", 3, "m");
  equal((await least).map(String), ["zq", "m", "3"], "bzpopmin that waited");
  const moved = other.blmove("q3", "q4", "LEFT", "RIGHT", 10);
  while (!/flags=b/.test(await redis.client("LIST")));
  await redis.rpush("q3", "w");
  equal(await moved, "w", "blmove that waited");
  await other.quit();
}

async function channels(redis, protocol) {
  const listener = open(protocol);
  const got = [];
  let wake;
  listener.on("message", (channel, message) => note(channel, message));
  listener.on("pmessage", (pattern, channel, message) => note(pattern, channel, message));
  function note(...parts) {
    got.push(parts.join(" "));
    wake?.();
  }
  async function until(count) {
    while (got.length < count) await new Promise((resolve) => (wake = resolve));
  }

  equal(await listener.subscribe("c1", "c2"), 2, "subscribe");
  equal(await listener.psubscribe("p*"), 3, "psubscribe");
  equal(await redis.publish("c1", "m1"), 1, "publish");
  await redis.publish("px", "m2");
  await until(2);
  equal(got, ["c1 m1", "p* px m2"], "messages");
  equal((await redis.pubsub("CHANNELS")).sort(), ["c1", "c2"], "pubsub channels");
  equal(await listener.unsubscribe("c1", "c2"), 1, "unsubscribe");
  await listener.quit();
}

async function reconnects(redis, protocol) {
  const victim = open(protocol, { retryStrategy: () => 20 });
  await victim.set("before", "1");
  const id = await victim.client("ID");
  const closed = new Promise((resolve) => victim.once("close", resolve));
  equal(await redis.client("KILL", "ID", id), 1, "client kill");
  await closed;
  equal(await victim.get("before"), "1", "a command after the connection was cut");
  holds((await victim.client("ID")) !== id, "it is another connection");
  await victim.quit();
}
