// A walk through valkey-glide's own API: node valkey-glide.mjs HOST PORT
import { Batch, GlideClient, InfBoundary, ProtocolVersion, Script, TimeUnit } from "@valkey/valkey-glide";
import { address, done, equal, fails, holds } from "./checks.mjs";

for (const protocol of [ProtocolVersion.RESP2, ProtocolVersion.RESP3]) await walk(protocol);
done("valkey-glide");

function open(protocol, more = {}) {
  return GlideClient.createClient({ addresses: [address()], protocol, clientName: "walk", requestTimeout: 20_000, ...more });
}

async function walk(protocol) {
  const client = await open(protocol);
  await client.flushall();
  await basics(client);
  await collections(client);
  await streams(client);
  await batches(client, protocol);
  await scripts(client);
  await blocking(client, protocol);
  if (protocol === ProtocolVersion.RESP3) await channels(client, protocol); // it has channels with RESP3 only
  await reconnects(client);
  client.close();
}

async function basics(client) {
  equal(await client.ping(), "PONG", "ping");
  equal(await client.clientGetName(), "walk", "the name given at connect");
  equal(await client.set("k", "v"), "OK", "set");
  equal(await client.get("k"), "v", "get");
  equal(await client.get("none"), null, "get of a missing key");
  equal(await client.set("k", "w", { conditionalSet: "onlyIfDoesNotExist" }), null, "set nx");
  equal(await client.set("k", "w", { returnOldValue: true, expiry: { type: TimeUnit.Seconds, count: 100 } }), "v", "set get ex");
  holds((await client.ttl("k")) > 90, "ttl");
  equal(await client.incrBy("n", 5), 5, "incrBy");
  equal(await client.incrByFloat("f", 1.5), 1.5, "incrByFloat");
  equal(await client.mset({ a: "1", b: "2" }), "OK", "mset");
  equal(await client.mget(["a", "none", "b"]), ["1", null, "2"], "mget");
  equal(await client.del(["a", "none"]), 1, "del");
  const [cursor, found] = await client.scan("0", { match: "*", count: 1000 });
  equal([cursor, found.length > 2], ["0", true], "scan");
  await fails(() => client.incr("k"), /not an integer/, "incr of a text");
  holds((await client.info()).includes("redis_version"), "info");
  equal(await client.customCommand(["OBJECT", "ENCODING", "n"]), "int", "a custom command");
}

async function collections(client) {
  equal(await client.hset("h", { a: "1", b: "two" }), 2, "hset");
  equal((await client.hgetall("h")).length, 2, "hgetall");
  equal(await client.hmget("h", ["a", "x"]), ["1", null], "hmget");
  equal(await client.hincrBy("h", "a", 2), 3, "hincrBy");
  equal(await client.rpush("l", ["a", "b", "c"]), 3, "rpush");
  equal(await client.lrange("l", 0, -1), ["a", "b", "c"], "lrange");
  equal(await client.lpopCount("l", 2), ["a", "b"], "lpopCount");
  equal(await client.sadd("s", ["1", "2", "3"]), 3, "sadd");
  equal([...(await client.smembers("s"))].sort(), ["1", "2", "3"], "smembers");
  equal(await client.sismember("s", "2"), true, "sismember");
  equal(await client.zadd("z", { a: 1, b: 2.5, c: Infinity }), 3, "zadd");
  equal((await client.zrangeWithScores("z", { start: 0, end: -1 })).map((one) => [one.element, one.score]), [["a", 1], ["b", 2.5], ["c", Infinity]], "zrangeWithScores");
  equal(await client.zcount("z", InfBoundary.NegativeInfinity, { value: 2.5 }), 2, "zcount");
  equal(await client.zscore("z", "b"), 2.5, "zscore");
  equal(await client.geoadd("g", new Map([["Palermo", { longitude: 13.361389, latitude: 38.115556 }], ["Catania", { longitude: 15.087269, latitude: 37.502669 }]])), 2, "geoadd");
  holds(Math.abs((await client.geodist("g", "Palermo", "Catania", { unit: "km" })) - 166.2742) < 0.001, "geodist");
  equal(Boolean(await client.pfadd("p", ["a", "b"])), true, "pfadd");
  equal(await client.pfcount(["p"]), 2, "pfcount");
  equal(await client.setbit("bits", 7, 1), 0, "setbit");
  equal(await client.bitcount("bits"), 1, "bitcount");
}

async function streams(client) {
  equal(await client.xadd("x", [["a", "1"]], { id: "1-1" }), "1-1", "xadd");
  equal(await client.xadd("x", [["b", "2"]], { id: "2-1" }), "2-1", "xadd");
  equal(await client.xlen("x"), 2, "xlen");
  equal(Object.keys(await client.xrange("x", InfBoundary.NegativeInfinity, InfBoundary.PositiveInfinity)), ["1-1", "2-1"], "xrange");
  equal(await client.xgroupCreate("x", "g", "0"), "OK", "xgroupCreate");
  const read = await client.xreadgroup("g", "c", { x: ">" }, { count: 1 });
  equal(Object.keys(read[0].value), ["1-1"], "xreadgroup");
  equal(await client.xack("x", "g", ["1-1"]), 1, "xack");
}

async function batches(client) {
  equal(await client.exec(new Batch(true).set("t1", "1").incr("t1").get("t1"), true), ["OK", 2, "2"], "a transaction");
  equal(await client.exec(new Batch(false).set("t2", "x").get("t2").lpush("t3", ["a"]), true), ["OK", "x", 1], "a pipeline");
  equal(await client.watch(["t1"]), "OK", "watch");
  equal(await client.set("t1", "9"), "OK", "a change of the watched key");
  equal(await client.exec(new Batch(true).get("t1"), true), null, "exec after a watched key changed");
}

async function scripts(client) {
  const script = new Script("return {KEYS[1], ARGV[1], 1}");
  equal(await client.invokeScript(script, { keys: ["e"], args: ["v"] }), ["e", "v", 1], "invokeScript");
  script.release();
  equal(await client.functionLoad("#!lua name=walk\nredis.register_function('twice', function(keys, args) return args[1] * 2 end)", { replace: true }), "walk", "functionLoad");
  equal(await client.fcall("twice", [], ["21"]), 42, "fcall");
}

async function blocked(client) {
  while (!/flags=b/.test(await client.customCommand(["CLIENT", "LIST"])));
}

async function blocking(client, protocol) {
  const other = await open(protocol);
  const popped = other.blpop(["q1", "q2"], 10);
  await blocked(client);
  await client.rpush("q2", ["v"]);
  equal(await popped, ["q2", "v"], "blpop that waited");
  equal(await other.blpop(["q1"], 0.05), null, "blpop that ran out of time");
  other.close();
}

async function channels(client, protocol) {
  const { Exact, Pattern } = GlideClient.PubSubChannelModes ?? { Exact: 0, Pattern: 1 };
  const got = [];
  let wake;
  const listener = await open(protocol, {
    pubsubSubscriptions: {
      channelsAndPatterns: { [Exact]: new Set(["c1"]), [Pattern]: new Set(["p*"]) },
      callback: (message) => {
        got.push(`${message.channel} ${message.message}`);
        wake?.();
      },
    },
  });
  while ((await client.publish("m1", "c1")) !== 1);
  await client.publish("m2", "px");
  while (got.length < 2) await new Promise((resolve) => (wake = resolve));
  equal(got, ["c1 m1", "px m2"], "messages");
  listener.close();
}

async function reconnects(client) {
  const id = await client.clientId();
  await client.customCommand(["CLIENT", "KILL", "ID", String(id), "SKIPME", "no"]).catch(() => {});
  let value = null;
  for (let tries = 0; tries < 50 && value === null; tries++) value = await client.set("after", "1").catch(() => null);
  equal(value, "OK", "a command after the connection was cut");
}
