"""Collections, streams, scripts, transactions, blocking calls and channels by redis-py's own API (Debian python3-redis), with its own
parser, then with that of hiredis where it is installed (Debian python3-hiredis): python3 walk-types.py HOST PORT"""

import sys
import threading

import redis
from redis.connection import HIREDIS_AVAILABLE, HiredisParser, PythonParser

HOST, PORT = sys.argv[1:3] if len(sys.argv) > 2 else ("127.0.0.1", "6379")
PARSERS = [PythonParser, HiredisParser] if HIREDIS_AVAILABLE else [PythonParser]
parser = PythonParser
count = 0


def equal(got, expected, what):
    global count
    count += 1
    if got != expected:
        print(f"FAILED after {count} checks: {what}: expected {expected!r}, got {got!r}", file=sys.stderr)
        sys.exit(1)


def fails(action, text, what):
    try:
        got = action()
    except redis.RedisError as error:
        equal(text in str(error), True, f"{what}: {error}")
        return
    equal(got, f"an error with {text!r}", what)


def connect(**more):
    pool = redis.ConnectionPool(host=HOST, port=int(PORT), decode_responses=True, socket_timeout=20, parser_class=parser, **more)
    return redis.Redis(connection_pool=pool)


def collections(r):
    equal(r.hset("h", mapping={"a": 1, "b": "two"}), 2, "hset")
    equal(r.hgetall("h"), {"a": "1", "b": "two"}, "hgetall")
    equal(r.hmget("h", "a", "x"), ["1", None], "hmget")
    equal(r.hincrbyfloat("h", "a", 1.5), 2.5, "hincrbyfloat")
    r.hset("large", mapping={f"f{i}": i for i in range(700)})
    equal(len(dict(r.hscan_iter("large", count=50))), 700, "hscan_iter")
    equal(r.rpush("l", "a", "b", "c"), 3, "rpush")
    equal(r.lrange("l", 0, -1), ["a", "b", "c"], "lrange")
    equal(r.lmove("l", "m", "LEFT", "RIGHT"), "a", "lmove")
    equal(r.lpop("l", 2), ["b", "c"], "lpop with a count")
    equal(r.sadd("s", 1, 2, 3), 3, "sadd")
    equal(r.smembers("s"), {"1", "2", "3"}, "smembers")
    equal(set(r.sscan_iter("s")), {"1", "2", "3"}, "sscan_iter")
    r.sadd("t", 3, 4)
    equal(r.sinter("s", "t"), {"3"}, "sinter")
    equal(r.zadd("z", {"a": 1, "b": 2.5, "c": float("inf")}), 3, "zadd")
    equal(r.zrange("z", 0, -1, withscores=True), [("a", 1.0), ("b", 2.5), ("c", float("inf"))], "zrange")
    equal(r.zincrby("z", 2, "a"), 3.0, "zincrby")
    equal(r.zpopmin("z"), [("b", 2.5)], "zpopmin")
    equal(r.zrangebyscore("z", "(2", "+inf"), ["a", "c"], "zrangebyscore")
    equal(r.geoadd("g", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")), 2, "geoadd")
    equal(r.geodist("g", "Palermo", "Catania", "km"), 166.2742, "geodist")
    equal(r.geosearch("g", longitude=15, latitude=37, radius=200, unit="km", sort="ASC"), ["Catania", "Palermo"], "geosearch")
    equal(r.sort("s", desc=True, start=0, num=2), ["3", "2"], "sort")
    fails(lambda: r.lpush("h", "x"), "wrong kind of value", "lpush on a hash")


def streams(r):
    equal(r.xadd("x", {"a": "1"}, id="1-1"), "1-1", "xadd")
    equal(r.xadd("x", {"b": "2"}, id="2-1"), "2-1", "xadd")
    equal(r.xrange("x"), [("1-1", {"a": "1"}), ("2-1", {"b": "2"})], "xrange")
    equal(r.xgroup_create("x", "g", "0"), True, "xgroup_create")
    equal(r.xreadgroup("g", "c", {"x": ">"}, count=1), [["x", [("1-1", {"a": "1"})]]], "xreadgroup")
    equal(r.xpending("x", "g")["pending"], 1, "xpending")
    equal(r.xclaim("x", "g", "d", 0, ["1-1"]), [("1-1", {"a": "1"})], "xclaim")
    equal(r.xack("x", "g", "1-1"), 1, "xack")
    equal(r.xinfo_stream("x")["length"], 2, "xinfo_stream")
    equal(r.xtrim("x", maxlen=1, approximate=False), 1, "xtrim")


def transactions(r):
    pipe = r.pipeline(transaction=True)
    equal(pipe.set("t1", 1).incr("t1").get("t1").execute(), [True, 2, "2"], "a transaction")
    with r.pipeline() as watcher:
        watcher.watch("t1")
        r.set("t1", "y")
        watcher.multi()
        watcher.get("t1")
        try:
            watcher.execute()
            equal("executed", "refused", "exec after a watched key changed")
        except redis.WatchError:
            equal(True, True, "exec after a watched key changed")
    equal(r.transaction(lambda p: p.multi() or p.incr("t2"), "t2"), [1], "transaction()")
    with r.lock("lock", timeout=10):
        equal(r.exists("lock"), 1, "a lock")
    equal(r.exists("lock"), 0, "a lock that is over")


def scripts(r):
    script = r.register_script("return {KEYS[1], ARGV[1], redis.call('incr', KEYS[1])}")
    equal(script(keys=["n"], args=["v"]), ["n", "v", 1], "a script")
    equal(script(keys=["n"], args=["v"]), ["n", "v", 2], "the same by its digest")
    fails(lambda: r.evalsha("0" * 40, 0), "No matching script", "evalsha of nothing")
    fails(lambda: r.eval("return redis.call('nosuch')", 0), "Unknown Redis command", "an unknown command")


def blocking(r):
    other = connect()
    got = []
    # At a leaf a client counts as blocked from when its command is on its way to the root, so that "$" might come after the entry.
    for wait, wake, expected in (
        (lambda: other.blpop(["q1", "q2"], 10), lambda: r.rpush("q2", "v"), ("q2", "v")),
        (lambda: other.bzpopmin("zq", 10), lambda: r.zadd("zq", {"m": 3}), ("zq", "m", 3.0)),
        (lambda: other.xread({"xq": "0"}, block=10_000), lambda: r.xadd("xq", {"a": "1"}, id="5-1"), [["xq", [("5-1", {"a": "1"})]]]),
    ):
        thread = threading.Thread(target=lambda call=wait: got.append(call()))
        thread.start()
        while not any("b" in one["flags"] for one in r.client_list()):
            pass
        wake()
        thread.join(20)
        equal(got.pop(), expected, "a call that waited")
    equal(other.blpop("q1", 0.05), None, "blpop that ran out of time")


def channels(r):
    listener = r.pubsub(ignore_subscribe_messages=True)
    listener.subscribe("c1")
    listener.psubscribe("p*")
    got = []
    while r.pubsub_numsub("c1")[0][1] == 0 or r.pubsub_numpat() == 0:
        listener.get_message(timeout=0.1)
    r.publish("c1", "m1")
    r.publish("px", "m2")
    while len(got) < 2:
        message = listener.get_message(timeout=10)
        if message:
            got.append((message["type"], message["channel"], message["data"]))
    equal(got, [("message", "c1", "m1"), ("pmessage", "px", "m2")], "messages")
    listener.close()


def reconnects(r):
    victim = connect(retry_on_timeout=True)
    number = victim.client_id()
    equal(r.client_kill_filter(_id=number), 1, "client kill")
    try:
        victim.set("after", 1)
    except redis.ConnectionError:
        pass
    equal(victim.set("after", 1), True, "a command after the connection was cut")


def main():
    global count, parser
    for parser in PARSERS:
        count = 0
        r = connect()
        r.flushall()
        for part in (collections, streams, transactions, scripts, blocking, channels, reconnects):
            part(r)
        print(f"redis-py types, {parser.__name__}: ok {count} checks")


main()
