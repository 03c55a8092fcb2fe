#!/bin/bash
# A walk with redis-cli, and redis-benchmark at its end: bash walk.sh HOST PORT
set -u
host=${1:-127.0.0.1}
port=${2:-6379}
count=0

cli() { redis-cli -h "$host" -p "$port" "$@" 2>&1; }

fail() {
  echo "FAILED after $count checks: $1" >&2
  exit 1
}

# equal EXPECTED ARGUMENTS...: what redis-cli prints for the arguments.
equal() {
  local expected=$1 got
  shift
  got=$(cli "$@")
  count=$((count + 1))
  [ "$got" = "$expected" ] || fail "redis-cli $*: expected '$expected', got '$got'"
}

# has PATTERN ARGUMENTS...: redis-cli prints something that matches.
has() {
  local pattern=$1 got
  shift
  got=$(cli "$@")
  count=$((count + 1))
  grep -qE -- "$pattern" <<<"$got" || fail "redis-cli $*: nothing like '$pattern' in '${got:0:400}'"
}

for protocol in -2 -3; do
  equal OK $protocol FLUSHALL
  equal PONG $protocol PING
  equal OK $protocol SET k v
  equal v $protocol GET k
  equal "" $protocol GET none
  equal 6 $protocol APPEND k value
  equal "alu" $protocol GETRANGE k 2 4
  equal 1 $protocol INCR n
  equal "1.5" $protocol INCRBYFLOAT n 0.5
  equal OK $protocol MSET a 1 b 2
  equal "1"$'\n'$'\n'"2" $protocol MGET a none b
  equal 0 $protocol SETBIT bits 7 1
  equal "0" $protocol BITFIELD field SET u8 0 255
  equal "255" $protocol BITFIELD_RO field GET u8 0
  equal 1 $protocol EXPIRE k 100
  equal 100000 $protocol -n 1 ECHO 100000
  has '^(100|99)$' $protocol TTL k
  has '^string$' $protocol TYPE k
  has "ERR unknown command 'NOSUCH'" $protocol NOSUCH
  has "ERR wrong number of arguments for 'get' command" $protocol GET
  has "ERR value is not an integer or out of range" $protocol INCR k
  has 'redis_version:' $protocol INFO server
  has 'db0:keys=' $protocol INFO keyspace
done

# Input from a pipe, quoting, binary output, repetition, formats.
equal "OK" -x SET piped < <(printf 'a\0b\r\n')
count=$((count + 1))
[ "$(cli --raw GET piped | od -An -tx1 | tr -d ' \n')" = "6100620d0a0a" ] || fail "binary through -x and --raw"
equal '"a\x00b\r\n"' --no-raw GET piped
equal $'1\n2\n3' -r 3 INCR repeated
equal '"v"' --quoted-input --no-raw ECHO '"\x76"'
equal '"1","2"' --csv MGET a b
has '"k"' --json SCAN 0 COUNT 1000 MATCH k

# Its own modes.
for i in $(seq 200); do echo "SET scan:$i $i"; done | cli >/dev/null
count=$((count + 1))
[ "$(cli --scan --pattern 'scan:*' | sort -u | wc -l)" = 200 ] || fail "--scan finds the 200 keys"
for i in $(seq 1000); do printf '*3\r\n$3\r\nSET\r\n$%d\r\nmass:%d\r\n$1\r\nx\r\n' $((5 + ${#i})) "$i"; done > "${TMPDIR:-/tmp}/mass.$$"
has 'errors: 0, replies: 1000' --pipe < "${TMPDIR:-/tmp}/mass.$$"
rm -f "${TMPDIR:-/tmp}/mass.$$"
has 'Biggest string' --bigkeys
has 'Biggest string' --memkeys
equal OK -u "redis://$host:$port/3" SET indb3 1
equal 1 -n 3 EXISTS indb3
equal 0 EXISTS indb3
equal OK FLUSHALL

# The public load generator asks CONFIG GET at its start and must end by itself.
for mode in "-P 1" "-P 16" "-P 16 -d 1024" "-3"; do
  out=$(redis-benchmark -h "$host" -p "$port" -t set,get,incr,mset,ping -n 2000 -c 20 -r 1000 --csv $mode 2>&1) || fail "redis-benchmark $mode: $out"
  for test in '"SET"' '"GET"' '"INCR"' '"MSET' '"PING_INLINE"'; do
    count=$((count + 1))
    grep -q -- "$test" <<<"$out" || fail "redis-benchmark $mode: no $test in '$out'"
  done
  count=$((count + 1))
  ! grep -qiE 'error' <<<"$out" || fail "redis-benchmark $mode: $out"
done
equal OK FLUSHALL
echo "redis-cli: ok $count checks"
