// Collections, streams, scripts, transactions, blocking calls, channels, tracking and reconnection by node-redis's own API: node node-redis-types.mjs HOST PORT
import { createClient, createClientPool, defineScript, WatchError } from "redis";
import { address, done, equal, fail, fails, holds } from "./checks.mjs";

const addBoth = defineScript({
  SCRIPT: "return redis.call('incrby', KEYS[1], ARGV[1]) + redis.call('incrby', KEYS[2], ARGV[1])",
  NUMBER_OF_KEYS: 2,
  parseCommand(parser, first, second, by) {
    parser.pushKey(first);
    parser.pushKey(second);
    parser.push(String(by));
  },
  transformReply: (reply) => reply,
});

for (const RESP of [2, 3]) await walk(RESP);
done("node-redis types");

async function open(RESP, more = {}) {
  const client = createClient({ socket: { ...address(), connectTimeout: 5000, reconnectStrategy: false }, RESP, scripts: { addBoth }, ...more });
  client.on("error", (error) => fail(`connection: ${error.message}`));
  return client.connect();
}

async function walk(RESP) {
  const client = await open(RESP);
  await client.flushAll();
  await hashes(client);
  await lists(client);
  await sets(client);
  await sortedSets(client);
  await geo(client);
  await streams(client, RESP);
  await transactions(client, RESP);
  await scripts(client);
  await blocking(client, RESP);
  await channels(client, RESP);
  if (RESP === 3) await tracking(client);
  await reconnects(client, RESP);
  await client.close();
}

async function hashes(client) {
  equal(await client.hSet("h", { a: "1", b: "two" }), 2, "hSet");
  equal(await client.hGet("h", "a"), "1", "hGet");
  equal(await client.hmGet("h", ["a", "x", "b"]), ["1", null, "two"], "hmGet");
  equal(await client.hGetAll("h"), { a: "1", b: "two" }, "hGetAll");
  equal(await client.hIncrBy("h", "a", 4), 5, "hIncrBy");
  equal(Number(await client.hIncrByFloat("h", "a", 0.5)), 5.5, "hIncrByFloat");
  equal(await client.hRandFieldCount("h", 5).then((fields) => fields.sort()), ["a", "b"], "hRandFieldCount");
  equal(await client.hDel("h", ["a", "x"]), 1, "hDel");
  const found = [];
  await client.hSet("large", Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`f${i}`, "v"])));
  for await (const batch of client.hScanIterator("large", { COUNT: 50 })) found.push(...batch.map((one) => one.field));
  equal(new Set(found).size, 700, "hScanIterator");
  await fails(() => client.lPush("h", "x"), /WRONGTYPE/, "lPush on a hash");
}

async function lists(client) {
  equal(await client.rPush("l", ["a", "b", "c"]), 3, "rPush");
  equal(await client.lRange("l", 0, -1), ["a", "b", "c"], "lRange");
  equal(await client.lPos("l", "b"), 1, "lPos");
  equal(await client.lMove("l", "m", "LEFT", "RIGHT"), "a", "lMove");
  equal(await client.lPopCount("l", 5), ["b", "c"], "lPopCount");
  equal(await client.lmPop(["none", "m"], "LEFT"), ["m", ["a"]], "lmPop");
}

async function sets(client) {
  equal(await client.sAdd("s", ["1", "2", "3"]), 3, "sAdd");
  equal([...(await client.sMembers("s"))].sort(), ["1", "2", "3"], "sMembers");
  equal((await client.smIsMember("s", ["1", "9"])).map(Number), [1, 0], "smIsMember");
  await client.sAdd("t", ["3", "4"]);
  equal([...(await client.sInter(["s", "t"]))], ["3"], "sInter");
  equal(await client.sUnionStore("u", ["s", "t"]), 4, "sUnionStore");
  equal(await client.sort("s", { DIRECTION: "DESC", LIMIT: { offset: 0, count: 2 } }), ["3", "2"], "sort");
}

async function sortedSets(client) {
  equal(await client.zAdd("z", [{ score: 1, value: "a" }, { score: 2.5, value: "b" }, { score: Infinity, value: "c" }]), 3, "zAdd");
  equal(await client.zRangeWithScores("z", 0, -1), [{ value: "a", score: 1 }, { value: "b", score: 2.5 }, { value: "c", score: Infinity }], "zRangeWithScores");
  equal(await client.zScore("z", "b"), 2.5, "zScore");
  equal(await client.zmScore("z", ["a", "x"]), [1, null], "zmScore");
  equal(await client.zIncrBy("z", 3, "a"), 4, "zIncrBy");
  equal(await client.zRange("z", "(2", "+inf", { BY: "SCORE" }), ["b", "a", "c"], "zRange by score");
  equal(await client.zPopMin("z"), { value: "b", score: 2.5 }, "zPopMin");
  equal(await client.zUnionStore("zu", ["z", "z"]), 2, "zUnionStore");
  equal(await client.zRank("z", "c"), 1, "zRank");
}

async function geo(client) {
  equal(await client.geoAdd("g", [{ longitude: 13.361389, latitude: 38.115556, member: "Palermo" }, { longitude: 15.087269, latitude: 37.502669, member: "Catania" }]), 2, "geoAdd");
  equal(await client.geoDist("g", "Palermo", "Catania", "km"), 166.2742, "geoDist");
  equal(await client.geoSearch("g", { longitude: 15, latitude: 37 }, { radius: 200, unit: "km" }, { SORT: "ASC" }), ["Catania", "Palermo"], "geoSearch");
  equal(Number(await client.pfAdd("p", ["a", "b"])), 1, "pfAdd");
  equal(await client.pfCount("p"), 2, "pfCount");
}

async function blocked(client) {
  while (!(await client.clientList()).some((one) => one.flags === "b"));
}

async function streams(client, RESP) {
  equal(await client.xAdd("x", "1-1", { a: "1" }), "1-1", "xAdd");
  equal(await client.xAdd("x", "2-1", { b: "2" }), "2-1", "xAdd");
  equal((await client.xRange("x", "-", "+")).map((one) => one.id), ["1-1", "2-1"], "xRange");
  equal(await client.xGroupCreate("x", "g", "0"), "OK", "xGroupCreate");
  const read = await client.xReadGroup("g", "c", { key: "x", id: ">" }, { COUNT: 1 });
  equal(read[0].messages[0].id, "1-1", "xReadGroup");
  equal((await client.xPending("x", "g")).pending, 1, "xPending");
  equal(await client.xAck("x", "g", "1-1"), 1, "xAck");
  equal((await client.xInfoStream("x")).length, 2, "xInfoStream");
  equal((await client.xAutoClaim("x", "g", "d", 0, "0")).messages.length, 0, "xAutoClaim");
  const other = await open(RESP);
  const waiting = other.xRead({ key: "x", id: "2-1" }, { BLOCK: 10_000 }); // at a leaf "$" might be seen at the root after the entry
  await blocked(client);
  await client.xAdd("x", "3-1", { c: "3" });
  equal((await waiting)[0].messages[0].id, "3-1", "xRead that waited");
  await other.close();
}

async function transactions(client, RESP) {
  equal(await client.multi().set("t1", "1").incr("t1").get("t1").exec(), ["OK", 2, "2"], "multi");
  const other = await open(RESP);
  await client.watch("t1");
  await other.set("t1", "y");
  try {
    await client.multi().get("t1").exec();
    fail("exec after a watched key changed");
  } catch (error) {
    holds(error instanceof WatchError, "exec after a watched key changed");
  }

  const pool = await createClientPool({ socket: { ...address(), reconnectStrategy: false }, RESP }, { minimum: 1, maximum: 4 }).connect();
  await Promise.all(Array.from({ length: 50 }, () => pool.execute(async (one) => one.incr("pooled"))));
  equal(await pool.get("pooled"), "50", "a pool");
  await pool.close();
  await other.close();
}

async function scripts(client) {
  equal(await client.eval("return {KEYS[1], ARGV[1], 1}", { keys: ["e"], arguments: ["v"] }), ["e", "v", 1], "eval");
  equal(await client.addBoth("n1", "n2", 5), 10, "a script of its own");
  equal(await client.addBoth("n1", "n2", 5), 20, "the same by its digest");
  await fails(() => client.evalSha("0".repeat(40)), /NOSCRIPT/, "evalSha of nothing");
  equal(await client.functionLoad("#!lua name=walk\nredis.register_function('twice', function(keys, args) return args[1] * 2 end)", { REPLACE: true }), "walk", "functionLoad");
  equal(await client.fCall("twice", { arguments: ["21"] }), 42, "fCall");
  holds((await client.functionList()).some((one) => one.library_name === "walk"), "functionList");
}

async function blocking(client, RESP) {
  const other = await open(RESP);
  const popped = other.blPop(["q1", "q2"], 10);
  await blocked(client);
  await client.rPush("q2", "v");
  equal(await popped, { key: "q2", element: "v" }, "blPop that waited");
  equal(await other.blPop("q1", 0.05), null, "blPop that ran out of time");
  const least = other.bzPopMin("zq", 10);
  await blocked(client);
  await client.zAdd("zq", { score: 3, value: "m" });
  equal(await least, { key: "zq", value: "m", score: 3 }, "bzPopMin that waited");
  await other.close();
}

async function channels(client, RESP) {
  const listener = await open(RESP);
  const got = [];
  let wake;
  const note = (message, channel) => {
    got.push(`${channel} ${message}`);
    wake?.();
  };
  await listener.subscribe("c1", note);
  await listener.pSubscribe("p*", note);
  await listener.sSubscribe("shard", note);
  equal(await client.publish("c1", "m1"), 1, "publish");
  await client.publish("px", "m2");
  await client.sPublish("shard", "m3");
  while (got.length < 3) await new Promise((resolve) => (wake = resolve));
  equal(got, ["c1 m1", "px m2", "shard m3"], "messages");
  equal(await client.pubSubChannels(), ["c1"], "pubSubChannels");
  await listener.unsubscribe();
  await listener.pUnsubscribe();
  await listener.sUnsubscribe();
  await listener.close();
}

// The client's own cache lives by invalidation messages.
async function tracking(client) {
  const cached = await open(3, { clientSideCache: { ttl: 0, maxEntries: 100 } });
  await client.set("cached", "1");
  equal(await cached.get("cached"), "1", "a first read");
  equal(await cached.get("cached"), "1", "a cached read");
  await client.set("cached", "2");
  const start = Date.now();
  while ((await cached.get("cached")) !== "2" && Date.now() - start < 10_000) await new Promise(setImmediate);
  equal(await cached.get("cached"), "2", "a read after the invalidation");
  await cached.close();
}

async function reconnects(client, RESP) {
  const victim = createClient({ socket: { ...address(), reconnectStrategy: () => 20 }, RESP });
  victim.on("error", () => {});
  await victim.connect();
  const id = await victim.clientId();
  const again = new Promise((resolve) => victim.once("ready", resolve));
  equal(await client.sendCommand(["CLIENT", "KILL", "ID", String(id)]), 1, "client kill");
  await again;
  equal(await victim.set("after", "1"), "OK", "a command after the connection was cut");
  holds((await victim.clientId()) !== id, "it is another connection");
  await victim.close();
}
