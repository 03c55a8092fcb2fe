"""A walk through redis-py's own API (Debian python3-redis): python3 walk.py HOST PORT"""

import datetime
import sys
import time

import redis

HOST, PORT = sys.argv[1:3] if len(sys.argv) > 2 else ("127.0.0.1", "6379")
BINARY = bytes(range(256))
count = 0


def fail(message):
    print(f"FAILED after {count} checks: {message}", file=sys.stderr)
    sys.exit(1)


def equal(got, expected, what):
    global count
    count += 1
    if got != expected:
        fail(f"{what}: expected {expected!r}, got {got!r}")


def holds(condition, what):
    equal(bool(condition), True, what)


def fails(action, text, what):
    global count
    count += 1
    try:
        got = action()
    except redis.RedisError as error:
        if text not in str(error):
            fail(f"{what}: expected an error with {text!r}, got {error}")
        return
    fail(f"{what}: expected an error with {text!r}, got {got!r}")


def connection(r):
    equal(r.ping(), True, "ping")
    equal(r.echo("text"), b"text", "echo")
    equal(r.client_getname(), "walk", "the name given at connect")
    equal(r.client_info()["name"], "walk", "client info")
    holds(any(one["id"] == str(r.client_id()) for one in r.client_list()), "client list has the client")
    equal(r.client_setname("other"), True, "client setname")
    equal(r.client_kill_filter(_id="999999999"), 0, "client kill of nobody")
    equal(r.client_no_evict("ON"), b"OK", "client no-evict")
    equal(r.client_unpause(), b"OK", "client unpause")
    other = redis.Redis(HOST, int(PORT), db=2)
    other.set("in2", "x")
    equal(r.exists("in2"), 0, "databases are apart")
    other.flushdb()
    fails(lambda: redis.Redis(HOST, int(PORT), db=9999).ping(), "DB index is out of range", "select out of range")


def strings(r):
    equal(r.set("k", "v"), True, "set")
    equal(r.get("k"), b"v", "get")
    equal(r.get("none"), None, "get of a missing key")
    equal(r.set("k", "w", nx=True), None, "set nx on a present key")
    equal(r.set("k", "w", xx=True, get=True), b"v", "set xx get")
    equal(r.set("k", "x", keepttl=True), True, "set keepttl")
    equal(r.setnx("k", "y"), False, "setnx")
    equal(r.getset("k", "z"), b"x", "getset")
    equal(r.append("k", "123"), 4, "append")
    equal(r.strlen("k"), 4, "strlen")
    equal(r.getrange("k", 1, -1), b"123", "getrange")
    equal(r.substr("k", 0, 1), b"z1", "substr")
    equal(r.setrange("k", 6, "end"), 9, "setrange")
    equal(r.get("k"), b"z123\0\0end", "setrange pads with zeros")
    equal(r.set("bin", BINARY), True, "set of binary")
    equal(r.get("bin"), BINARY, "get of binary")
    equal(r.set(BINARY, b"by a binary key"), True, "set of a binary key")
    equal(r.get(BINARY), b"by a binary key", "get of a binary key")
    equal(r.incr("n"), 1, "incr")
    equal(r.incrby("n", 41), 42, "incrby")
    equal(r.decr("n"), 41, "decr")
    equal(r.decrby("n", 50), -9, "decrby")
    equal(r.incrbyfloat("f", 10.5), 10.5, "incrbyfloat")
    equal(r.incrbyfloat("f", 0.1), 10.6, "incrbyfloat again")
    fails(lambda: r.incr("k"), "not an integer", "incr of a text")
    fails(lambda: r.incrby("n", 2**63), "not an integer", "incrby of more than 64 bits")
    equal(r.mset({"a": "1", "b": "2"}), True, "mset")
    equal(r.mget("a", "none", "b"), [b"1", None, b"2"], "mget")
    equal(r.msetnx({"a": "x", "c": "y"}), False, "msetnx with one present")
    equal(r.getdel("a"), b"1", "getdel")
    r.mset({"s1": "ohmytext", "s2": "mynewtext"})
    equal(r.lcs("s1", "s2"), b"mytext", "lcs")
    equal(r.lcs("s1", "s2", len=True), 6, "lcs len")
    equal(r.lcs("s1", "s2", idx=True, minmatchlen=4, withmatchlen=True), [b"matches", [[[4, 7], [5, 8], 4]], b"len", 6], "lcs idx")
    large = b"0123456789abc" * 250_000
    equal(r.set("large", large), True, "set of 3 MB")
    holds(r.get("large") == large, "get of 3 MB")


def bitmaps(r):
    equal(r.setbit("bits", 7, 1), 0, "setbit")
    equal(r.getbit("bits", 7), 1, "getbit")
    equal(r.bitcount("bits"), 1, "bitcount")
    equal(r.bitpos("bits", 1), 7, "bitpos")
    r.mset({"x": "foobar", "y": "abcdef"})
    equal(r.bitcount("x", 5, 30, "BIT"), 17, "bitcount of a range of bits")
    equal(r.bitpos("x", 1, 2, -1, "BYTE"), 17, "bitpos of a range of bytes")
    equal(r.bitop("XOR", "xy", "x", "y"), 6, "bitop")
    equal(r.get("xy"), bytes(a ^ b for a, b in zip(b"foobar", b"abcdef")), "bitop xor")
    field = r.bitfield("field", default_overflow="FAIL").incrby("i5", 100, 1).get("u4", 0).set("u2", 0, 3).incrby("u2", 0, 1)
    equal(field.execute(), [1, 0, 0, None], "bitfield")
    equal(r.execute_command("BITFIELD_RO", "field", "GET", "u2", 0), [3], "bitfield_ro")


def keys(r):
    equal(r.type("k"), b"string", "type")
    equal(r.rename("k", "k2"), True, "rename")
    fails(lambda: r.rename("k", "k2"), "no such key", "rename of a missing key")
    equal(r.renamenx("k2", "x"), False, "renamenx to a present key")
    equal(r.copy("x", "copy"), True, "copy")
    equal(r.copy("x", "copy"), False, "copy to a present key")
    equal(r.copy("x", "copy", replace=True), True, "copy replace")
    equal(r.move("copy", 3), True, "move")
    equal(r.exists("copy", "x", "x"), 2, "exists counts each")
    equal(r.touch("x", "none"), 1, "touch")
    equal(r.object("encoding", "n"), b"int", "encoding of a number")
    dump = r.dump("x")
    equal(r.restore("restored", 0, dump), b"OK", "restore")
    equal(r.restore("restored", 4_000_000_000_000, dump, replace=True, absttl=True), b"OK", "restore absttl")
    equal(r.get("restored"), b"foobar", "restored value")
    equal(r.expiretime("restored"), 4_000_000_000, "restored expiry")
    fails(lambda: r.restore("restored", 0, dump), "BUSYKEY", "restore over a present key")
    fails(lambda: r.restore("broken", 0, b"nonsense"), "payload version or checksum", "restore of nonsense")
    equal(r.delete("restored", "none"), 1, "del")
    equal(r.unlink("xy", "field"), 2, "unlink")
    equal(r.swapdb(0, 3), True, "swapdb")
    equal(r.swapdb(3, 0), True, "swapdb back")
    r.flushdb()
    equal(r.randomkey(), None, "randomkey of nothing")
    names = sorted(b"scan:%d" % i for i in range(1000))
    r.mset({name: 1 for name in names})
    equal(r.dbsize(), 1000, "dbsize")
    equal(sorted(r.keys("scan:*")), names, "keys")
    equal(sorted(set(r.scan_iter(match="scan:*", count=50))), names, "scan_iter")
    equal(list(r.scan_iter(_type="list")), [], "scan_iter of another type")
    holds(r.randomkey() in names, "randomkey")


def expiry(r):
    equal(r.set("e", "v", ex=100), True, "set ex")
    holds(90 < r.ttl("e") <= 100, "ttl")
    holds(90_000 < r.pttl("e") <= 100_000, "pttl")
    equal(r.persist("e"), True, "persist")
    equal(r.ttl("e"), -1, "ttl without expiry")
    equal(r.ttl("none"), -2, "ttl of a missing key")
    equal(r.expire("e", datetime.timedelta(seconds=100)), True, "expire")
    equal(r.expire("e", 10, gt=True), False, "expire gt with less")
    equal(r.expireat("e", 4_000_000_000), True, "expireat")
    equal(r.expiretime("e"), 4_000_000_000, "expiretime")
    equal(r.pexpiretime("e"), 4_000_000_000_000, "pexpiretime")
    equal(r.getex("e", persist=True), b"v", "getex persist")
    equal(r.psetex("e", 60_000, "w"), True, "psetex")
    equal(r.setex("e", 60, "x"), True, "setex")
    equal(r.pexpire("e", 1), True, "pexpire soon")
    start = time.monotonic()
    while r.exists("e") and time.monotonic() - start < 5:
        pass
    equal(r.exists("e"), 0, "the key expires")
    fails(lambda: r.set("e", "v", ex=0), "invalid expire time", "set ex 0")


def pipelines(r):
    pipe = r.pipeline(transaction=False)
    for i in range(5000):
        pipe.set(f"p:{i}", i)
    equal(pipe.execute(), [True] * 5000, "5,000 pipelined sets")
    for i in range(5000):
        pipe.get(f"p:{i}")
    equal(pipe.execute(), [b"%d" % i for i in range(5000)], "5,000 pipelined gets come in order")
    pipe.set("m", "text").incr("m").get("m")
    replies = pipe.execute(raise_on_error=False)
    holds(replies[0] is True and isinstance(replies[1], redis.ResponseError) and replies[2] == b"text", "an error in the middle of a pipeline")


def server(r):
    info = r.info()
    for field in ("redis_version", "tcp_port", "connected_clients", "used_memory", "maxmemory_policy", "total_commands_processed", "role"):
        holds(field in info, f"info has {field}")
    equal(r.info("keyspace")["db0"]["keys"], r.dbsize(), "info keyspace counts the keys")
    equal(list(r.config_get("maxmemory-policy")), ["maxmemory-policy"], "config get")
    fails(lambda: r.config_set("nosuchsetting", 1), "Unknown option", "config set of an unknown setting")
    equal(r.config_resetstat(), True, "config resetstat")
    holds(abs(r.time()[0] - time.time()) < 60, "time")
    holds(r.command_count() > 50, "command count")
    commands = r.command()
    equal([commands["get"][field] for field in ("name", "arity", "first_key_pos", "last_key_pos", "step_count")], ["get", 2, 1, 1, 1], "command")
    equal(r.command_getkeys("MSET", "a", "1", "b", "2"), ["a", "b"], "command getkeys")
    holds(r.memory_usage("p:1") > 0, "memory usage")
    holds(r.memory_stats()["total.allocated"] > 0, "memory stats")
    equal(r.slowlog_reset(), True, "slowlog reset")
    equal(isinstance(r.slowlog_get(), list), True, "slowlog get")
    holds(r.lastsave(), "lastsave")
    equal(r.role()[0], b"master", "role")
    equal(r.wait(0, 0), 0, "wait")
    fails(lambda: r.execute_command("NOSUCH", "a"), "unknown command", "an unknown command")
    fails(lambda: r.execute_command("GET"), "wrong number of arguments for 'get' command", "a command without its key")


def main():
    r = redis.Redis(HOST, int(PORT), client_name="walk", socket_timeout=20)
    r.flushall()
    for part in (connection, strings, bitmaps, keys, expiry, pipelines, server):
        part(r)
    with r.monitor() as monitor:
        r.set("monitored", "1")
        holds(any("monitored" in line["command"] for line in (monitor.next_command() for _ in range(20))), "monitor shows the command")
    equal(r.quit(), True, "quit")
    print(f"redis-py {redis.__version__}: ok {count} checks")


main()
